"""Turns that take time or may not be made: a graph of roads in which it is known, where that matters, whence one came.

A junction at which no turn is out of the ordinary stays one node. Any other becomes one for who begins there, and one
for each junction from which somebody arrives.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, isnan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx

# The kind of a turn that may not be made, which is in no table of kinds.
FORBIDDEN = "forbidden"
# Whence, at which junction, and whereto; None is from or to anywhere. What it takes is infinite where it is forbidden.
Turn = tuple[Hashable | None, Hashable, Hashable | None]
Turns = Mapping[Turn, float]
Legs = Sequence[tuple[Hashable, float]]


@dataclass(frozen=True)
class Arrival:
    """Somebody at a junction who came from another."""

    before: Hashable
    at: Hashable


def wait_of(turns: Turns, before: Hashable, at: Hashable, after: Hashable) -> float:
    """Return what it takes to pass a junction from one to another: of all that is said of it, together."""
    return sum(turns.get(one, 0) for one in product((before, None), (at,), (after, None)))


def with_turns(
    roads: nx.Graph[Any], destinations: Mapping[str, Legs], turns: Turns, weight: str
) -> tuple[nx.MultiDiGraph[Any], dict[str, Legs]]:
    """Return the graph in which turns take their time, and where destinations join it.

    Nobody who begins or ends at a junction waits for a turn there. Raises ``ValueError`` where a turn takes less than
    nothing, or nobody knows how long.
    """
    import networkx as nx

    if any(isnan(long) or long < 0 for long in turns.values()):
        raise ValueError("Some turns take less than nothing, or nobody knows how long. Give each its minutes.")
    edges = [*roads.edges(data=weight, default=float("nan"))]
    edges += [] if roads.is_directed() else [(v, u, long) for u, v, long in edges]
    apart = {at for _, at, _ in turns}
    arrivals: dict[Hashable, dict[Arrival, None]] = {}
    for u, v, _ in edges:
        if v in apart:
            arrivals.setdefault(v, {})[Arrival(u, v)] = None
    found: nx.MultiDiGraph[Any] = nx.MultiDiGraph()
    found.add_nodes_from(roads)
    for u, v, long in edges:
        end = Arrival(u, v) if v in apart else v
        found.add_edge(u, end, **{weight: long})
        for one in arrivals.get(u, ()):
            if (wait := wait_of(turns, one.before, u, v)) < inf:
                found.add_edge(one, end, **{weight: long + wait})
    joined: dict[str, Legs] = {
        code: [(node, add) for at, add in legs for node in (at, *arrivals.get(at, ()))]
        for code, legs in destinations.items()
    }
    return found, joined
