"""Minutes from every area to every site, worked out on a graph of roads, and the way behind each.

Sites are few and areas many: one search back from each site finds the way from every area. The search is scipy's, on
the arrays of the graph; its minutes are those that networkx finds, to the last digit.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from optimiser.journeys.turns import Arrival, Legs, Turns, with_turns

if TYPE_CHECKING:
    # Slow to load, and few questions are of roads.
    import networkx as nx
    from scipy.sparse import csr_matrix

# Where somebody or something joins the roads: a node, or several with the minutes to each.
End = Hashable | Mapping[Any, float]
# How many distances are held at once: 160 MB of them.
MOST_AT_ONCE = 20_000_000


def journey_minutes(
    roads: nx.Graph[Any],
    origins: Mapping[str, End],
    destinations: Mapping[str, End],
    *,
    weight: str = "minutes",
    turns: Turns | None = None,
) -> pd.DataFrame:
    """Shortest minutes from each origin to each destination; missing where there is no way.

    Parameters
    ----------
    roads
        A graph whose edges have ``minutes``; directed if some roads go one way only. Between two points joined by
        several roads of a multigraph, the quickest counts.
    origins, destinations
        Node of the graph by code, of areas and of sites, or several nodes with the minutes to or from each. They become
        the rows and columns of the answer, and no way runs through them.
    weight
        What an edge calls its minutes, which may be in any unit.
    turns
        What it takes to pass a node, by the node before it, the node and the node after it, in that unit; infinite
        where that is forbidden. None for the node before or after is any. All that fit are added up. Who begins or
        ends at a node does not pass it.

    Raises
    ------
    ValueError
        If a code's node is not in the graph; the message names every such code. If minutes are below 0 or not known.
    """
    search = _Search(roads, _legs(destinations), weight, turns)
    joined = _joined(origins)
    search.refuse_lost(origins, joined)
    nodes = search.numbers(joined.nodes)
    first = np.cumsum([0, *joined.many])[:-1]
    # One row a site, as the search finds them.
    found = np.empty((len(destinations), len(origins)))
    at_once = max(1, MOST_AT_ONCE // max(1, len(search.number)))
    for start in range(0, len(destinations) if origins else 0, at_once):
        sites = slice(start, start + at_once)
        ways = search.distances(sites, nodes)
        ways += joined.minutes
        found[sites] = ways if len(nodes) == len(origins) else np.minimum.reduceat(ways, first, axis=1)
    found[np.isinf(found)] = np.nan
    return pd.DataFrame(found.T, list(origins), list(destinations))


def way(
    roads: nx.Graph[Any], origin: End, destination: End, *, weight: str = "minutes", turns: Turns | None = None
) -> list[Hashable] | None:
    """Return the nodes of a shortest way from where an origin joins the roads to where a destination does.

    ``None`` where there is no way. Raises ``ValueError`` as ``journey_minutes`` does.
    """
    starts = _legs({"origin": origin})["origin"]
    search = _Search(roads, _legs({"destination": destination}), weight, turns)
    search.refuse_lost({"origin": origin}, _joined({"origin": origin}))
    distances, after = search.distances_and_next()
    reached, start = min((distances[search.number[node]] + add, search.number[node]) for node, add in starts)
    if np.isinf(reached):
        return None
    passed = [start]
    while (following := int(after[passed[-1]])) >= 0:
        passed.append(following)
    names = list(search.number)
    nodes = [names[number] for number in passed if number < len(names)]
    return [node.at if isinstance(node, Arrival) else node for node in nodes]


class _Joined(NamedTuple):
    """Where ends join the roads, one after another: the nodes, the minutes to each, and how many each end has."""

    nodes: list[Hashable]
    minutes: np.ndarray
    many: list[int]


def _joined(ends: Mapping[str, End]) -> _Joined:
    # A list for each of many that join at one node would keep Python's collector busy for seconds.
    if not any(issubclass(kind, Mapping) for kind in set(map(type, ends.values()))):
        return _Joined(list(ends.values()), np.zeros(len(ends)), [1] * len(ends))
    legs = _legs(ends).values()
    minutes = np.array([add for one in legs for _, add in one], dtype=float)
    return _Joined([node for one in legs for node, _ in one], minutes, list(map(len, legs)))


def _legs(ends: Mapping[str, End]) -> dict[str, Legs]:
    # Asked once a type, for there may be many ends.
    several = {kind: issubclass(kind, Mapping) for kind in set(map(type, ends.values()))}
    return {code: [*end.items()] if several[type(end)] else [(end, 0.0)] for code, end in ends.items()}  # type: ignore[union-attr]


class _Search:
    """The arrays of a graph turned round, with each destination as a node from which ways start."""

    def __init__(
        self, roads: nx.Graph[Any], destinations: Mapping[str, Legs], weight: str, turns: Turns | None
    ) -> None:
        if turns:
            roads, destinations = with_turns(roads, destinations, turns, weight)
        self.roads, self.destinations, self.weight = roads, destinations, weight
        self.number = {node: number for number, node in enumerate(self.roads)}

    def refuse_lost(self, origins: Mapping[str, End], joined: _Joined) -> None:
        """Refuse those that join the roads nowhere, or at what is no node of them."""
        nodes = iter(joined.nodes)
        known = ([node in self.number for node in islice(nodes, many)] for many in joined.many)
        lost = [code for code, there in zip(origins, known, strict=True) if not (there and all(there))]
        for code, legs in self.destinations.items():
            lost += [] if legs and all(node in self.number for node, _ in legs) else [code]
        if lost:
            raise ValueError(f"These are not on the road graph: {', '.join(lost)}. Give each a node that is.")

    def numbers(self, nodes: Iterable[Hashable]) -> np.ndarray:
        """Return the numbers of nodes."""
        return np.fromiter(map(self.number.__getitem__, nodes), dtype=np.int64)

    @cached_property
    def backwards(self) -> tuple[csr_matrix, np.ndarray]:
        """The graph turned round, numbered so that neighbours lie together, and the new number of each node."""
        from scipy.sparse import coo_matrix, csr_matrix
        from scipy.sparse.csgraph import reverse_cuthill_mckee

        start, end, minutes = self._edges()
        if np.isnan(minutes).any() or (minutes < 0).any():
            raise ValueError("Some roads have minutes that are below 0 or not known. Give each its minutes.")
        # Of several roads between two points the quickest stands first, and the others are left out.
        order = np.lexsort((minutes, end, start))
        start, end, minutes = start[order], end[order], minutes[order]
        quickest = np.append(True, (np.diff(start) != 0) | (np.diff(end) != 0))[: len(order)]
        size = (len(self.number) + len(self.destinations),) * 2
        kept = coo_matrix((minutes[quickest], (end[quickest], start[quickest])), shape=size)
        together = reverse_cuthill_mckee(kept.tocsr())
        now = np.empty_like(together)
        now[together] = np.arange(len(together), dtype=now.dtype)
        return csr_matrix((kept.data, (now[kept.row], now[kept.col])), shape=kept.shape), now

    def _edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return where each road starts and ends and its minutes, both ways of it where it has no direction."""
        # By what networkx keeps of each node, which is quicker than edge by edge, and has both ways of such a road.
        near = [there for _, there in self.roads.adjacency()]
        many = list(map(len, near))
        nodes: Iterable[Any] = chain.from_iterable(near)
        edges: Iterable[Any] = (edge for there in near for edge in there.values())
        if self.roads.is_multigraph():
            many = [sum(map(len, there.values())) for there in near]
            nodes = (node for there in near for node, every in there.items() for _ in every)
            edges = (edge for there in near for every in there.values() for edge in every.values())
        start, end = np.repeat(np.arange(len(near)), many), self.numbers(nodes)
        minutes = np.fromiter((edge.get(self.weight, np.nan) for edge in edges), dtype=float, count=len(end))
        legs = [(node, add) for one in self.destinations.values() for node, add in one]
        sites = np.repeat(np.arange(len(self.destinations)), [len(one) for one in self.destinations.values()])
        added = np.array([add for _, add in legs], dtype=float)
        gates = (self.numbers(node for node, _ in legs), sites + len(self.number), added)
        start, end, minutes = map(np.concatenate, zip((start, end, minutes), gates, strict=True))
        return start, end, minutes

    def distances(self, destinations: slice, nodes: np.ndarray) -> np.ndarray:
        """Return the least minutes to some of the destinations from some nodes: destinations × nodes."""
        from scipy.sparse.csgraph import dijkstra

        graph, now = self.backwards
        sites = range(len(self.number), len(now))[destinations]
        return np.asarray(np.take(dijkstra(graph, indices=now[list(sites)]), now[nodes], axis=1))

    def distances_and_next(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the least minutes to the only destination from every node, and the node after each on its way."""
        from scipy.sparse.csgraph import dijkstra

        graph, now = self.backwards
        distances, after = dijkstra(graph, indices=now[-1], return_predecessors=True)
        before = np.append(np.argsort(now), -1)
        return distances[now], before[np.where(after < 0, -1, after)][now]
