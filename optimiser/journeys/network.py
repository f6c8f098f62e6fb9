"""A place's own network of roads, what shuts or slows some of it, and how many minutes that adds to a journey.

Times of links and of access are whole thousandths of a minute, so that every order of adding them gives the same, and
what an event adds is told in tenths. A network says how much longer a journey takes than it did, not how long it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimiser.errors import closest, did_you_mean, quoted
from optimiser.journeys.roads import journey_minutes, way
from optimiser.journeys.turns import FORBIDDEN, Turn, wait_of
from optimiser.problem.decimals import MILLION, exactly
from optimiser.problem.words import listed

if TYPE_CHECKING:
    import networkx as nx

THOUSAND = 1000
ACCESS = "access"
OPEN, WAITS = "thousandths", "waits"
# A link one way: the junctions at its ends, and which of the links between them.
Link = tuple[str, str, int]
# How a stretch begins, what parts its ends, and whether it is meant one way.
STRETCHES = ((" between ", " and ", False), (" from ", " to ", True))
TABLES = ("road_junctions", "road_links", "road_speeds", "road_access")
# Tables that a network may have beside them.
BESIDE = ("road_turns", "road_delays", "road_hours")
MOST_NAMED = 12


@dataclass(frozen=True)
class Event:
    """What is out of the ordinary on the roads: stretches that are shut, by how much others are slow, and the hour.

    A stretch is a road ("A1"), both ways of it between two junctions ("A1 between Here and There"), or one way of it
    ("A1 from Here to There"). Where several stretches slow a link, the slowest counts.
    With an ``hour`` of the day, so do those that the network has of it.
    """

    close: tuple[str, ...] = ()
    slow: Mapping[str, float] = field(default_factory=dict)
    hour: float | None = None

    def __bool__(self) -> bool:
        """Whether anything is out of the ordinary."""
        return bool(self.close or self.slow) or self.hour is not None

    def __str__(self) -> str:
        """Return the event in words."""
        shut = [f"{listed(self.close)} closed"] if self.close else []
        alike: dict[float, list[str]] = {}
        for stretch, times in self.slow.items():
            alike.setdefault(times, []).append(stretch)
        slow = (
            f"{listed(stretches)} slowed to {times:g} times {'its' if len(stretches) == 1 else 'their'} minutes"
            for times, stretches in alike.items()
        )
        at = [] if self.hour is None else [f"all roads as at {clock(self.hour)}"]
        return "; ".join([*at, *shut, *slow])


def clock(hour: float) -> str:
    """Return an hour of the day as a clock shows it: 8.5 as 08:30."""
    return f"{int(hour):02}:{round(hour % 1 * 60):02}"


@dataclass(frozen=True)
class Hours:
    """How many times as long a class of roads, or a stretch, takes from an hour of the day until before another."""

    kind: str | None
    stretch: str | None
    start: float
    end: float
    times: float

    def at(self, hour: float) -> bool:
        """Whether that is so at an hour."""
        if self.start < self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end

    @property
    def words(self) -> str:
        """Which roads they are of."""
        return self.stretch or f"class {self.kind}"


@dataclass(frozen=True)
class Way:
    """A way on a network: the junctions that it passes, and of each link between two its road, name, km and so on."""

    junctions: tuple[str, ...]
    links: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Network:
    """Roads as a networkx graph, and how areas and sites join them.

    Each edge of ``roads`` goes one way and has ``road``, ``name``, ``kind``, ``km``, ``kmh`` and ``thousandths`` of a
    minute.
    ``ends`` are, by area or site, the thousandths of a minute to each junction that it joins. ``turns`` are those that
    it takes to pass a junction from one to another, infinitely many where that is forbidden.
    """

    roads: nx.MultiDiGraph[str]
    ends: Mapping[str, Mapping[str, int]]
    turns: Mapping[Turn, float] = field(default_factory=dict)
    hours: tuple[Hours, ...] = ()

    def thousandths(self, areas: Iterable[str], sites: Iterable[str], event: Event | None = None) -> pd.DataFrame:
        """Return thousandths of a minute from each area, or site, to each site; NaN where there is no way.

        Of an area or a site that joins no junction, nothing is known. Raises ``ValueError`` as ``links_of`` does.
        """
        rows, columns = list(areas), list(sites)
        known, reached = ([code for code in codes if self.ends.get(code)] for codes in (rows, columns))
        roads = self._as_in(event) if event else self.roads
        ends = [{code: self.ends[code] for code in codes} for codes in (known, reached)]
        found = journey_minutes(roads, *ends, weight=OPEN, turns=self.turns)
        return found.reindex(index=rows, columns=columns)

    def longer(self, areas: Iterable[str], sites: Iterable[str], event: Event) -> pd.DataFrame:
        """Return how many minutes longer each journey takes in an event, to a tenth of a minute, halves to the even.

        Never below 0; 0 where the way taken is not touched, or another is as quick; infinite where no way is left, and
        NaN where the network has none in the first place.
        """
        before = self.thousandths(areas, sites)
        after = self.thousandths(areas, sites, event)
        tenths = ((after - before) / (THOUSAND / 10)).round() / 10
        return tenths.where(after.notna() | before.isna(), np.inf)

    def way(self, start: str, end: str, event: Event | None = None) -> Way | None:
        """Return the quickest way from an area or a site to a site; ``None`` where there is none.

        What it takes to turn into a link is among the link's own thousandths, and its ``waits`` by themselves.
        """
        roads = self._as_in(event) if event else self.roads
        passed = way(roads, self.ends[start], self.ends[end], weight=OPEN, turns=self.turns)
        if passed is None:
            return None
        junctions = tuple(map(str, passed))
        links = []
        for before, start, end in zip((None, *junctions), junctions, junctions[1:], strict=False):
            link = self._quickest(roads, start, end)
            wait = 0 if before is None else wait_of(self.turns, before, start, end)
            links.append({**link, OPEN: link[OPEN] + wait, WAITS: wait})
        return Way(junctions, tuple(links))

    def _quickest(self, roads: nx.MultiDiGraph[str], start: str, end: str) -> Mapping[str, Any]:
        between = (edge for _, to, edge in roads.edges(start, data=True) if to == end)
        return min(between, key=lambda edge: (edge[OPEN], edge["road"]))

    def _as_in(self, event: Event) -> nx.MultiDiGraph[str]:
        """Return the roads as they are in an event."""
        shut = {link for stretch in event.close for link in self.links_of(stretch)}
        roads = self.roads.copy()
        slow = [(self.links_of(stretch), times) for stretch, times in event.slow.items()]
        if event.hour is not None:
            slow += [(self.links_in(one), one.times) for one in self.hours if one.at(event.hour)]
        for links, times in slow:
            for link in links:
                edge = roads.edges[link]
                slowed = thousandths_of(edge["km"], edge["kmh"], exactly(times))
                edge[OPEN] = max(edge[OPEN], slowed)
        for link in shut:
            roads.remove_edge(*link)
        return roads

    def links_in(self, hours: Hours) -> list[Link]:
        """Return the links of which some hours are. Raises ``ValueError`` as ``links_of`` does."""
        if hours.stretch:
            return self.links_of(hours.stretch)
        edges = self.roads.edges(keys=True, data=True)
        return [(u, v, key) for u, v, key, edge in edges if edge["kind"] == hours.kind]

    def links_of(self, stretch: str) -> list[Link]:
        """Return the links of a stretch of road, each the one way or the other.

        Raises
        ------
        ValueError
            Where no road or junction is called so, or several junctions are, or the road does not run through from one
            to the other; the message says which there are.
        """
        opening = next((one for one in STRETCHES if one[0] in stretch), None)
        road, _, between = stretch.partition(opening[0]) if opening else (stretch, "", "")
        links = [
            (u, v, key)
            for u, v, key, edge in self.roads.edges(keys=True, data=True)
            if road.strip().casefold() in (edge["road"].casefold(), edge["name"].casefold())
        ]
        if not links or not road.strip():
            called = {edge[name] for *_, edge in self.roads.edges(data=True) for name in ("road", "name")} - {""}
            hint = did_you_mean(road, called, or_else="They are in its columns road and name.")
            raise ValueError(f"no road of road_links.csv is called {quoted(road)}. {hint}")
        if opening is None:
            return links
        pairs = self._along(road, links, between, opening[1])
        pairs |= set() if opening[2] else {(v, u) for u, v in pairs}
        return [link for link in links if link[:2] in pairs]

    def _along(self, road: str, links: list[Link], between: str, parting: str) -> set[tuple[str, str]]:
        """Return the ends of every step of the shortest way along a road from one of its junctions to another."""
        on_it = {junction for link in links for junction in link[:2]}
        words = between.split(parting)
        splits = [(parting.join(words[:n]), parting.join(words[n:])) for n in range(1, len(words))]
        if not splits:
            raise ValueError(f"{quoted(road + ' … ' + between)} names one end. Write both, with{parting}between them.")
        found = [[self._junctions(on_it, one) for one in split] for split in splits]
        sound = [ends for ends in found if all(len(one) == 1 for one in ends)]
        if not sound:
            raise ValueError(self._no_junction(road, on_it, splits[0], found[0]))
        (start,), (end,) = sound[0]
        if start == end:
            raise ValueError(f"{quoted(between)} names {self.name(start)} twice. Write two junctions of {road}.")
        import networkx as nx

        # Whole millimetres, so that ways of one length are level.
        steps = [(u, v, round(self.roads.edges[u, v, key]["km"] * MILLION)) for u, v, key in links]
        ways: nx.MultiGraph[str] = nx.MultiGraph()
        ways.add_weighted_edges_from(steps)
        there, back = (nx.single_source_dijkstra_path_length(ways, one) for one in (start, end))
        if end not in there:
            raise ValueError(
                f"{road} does not run through from {self.name(start)} to {self.name(end)} in road_links.csv."
            )
        steps += [(v, u, length) for u, v, length in steps]
        return {(u, v) for u, v, length in steps if u in there and there[u] + length + back[v] == there[end]}

    def _junctions(self, among: Iterable[str], said: str) -> list[str]:
        """Return the junctions that words can mean: that of this code or name, or else those whose name holds them.

        Words begin where a word of the name does: Est is no part of West.
        """
        words = said.strip().casefold()
        names = {code: self.name(code).casefold() for code in sorted(among)}
        exact = [code for code, name in names.items() if words in (code.casefold(), name)]
        return exact or [code for code, name in names.items() if words and f" {words}" in f" {name}"]

    def _no_junction(self, road: str, on_it: Iterable[str], said: tuple[str, str], found: list[list[str]]) -> str:
        unclear, meant = next((words, codes) for words, codes in zip(said, found, strict=True) if len(codes) != 1)
        if meant:
            return f"{quoted(unclear)} may be {' or '.join(map(self.name, meant))}. Write more of its name."
        there = sorted(map(self.name, on_it))
        more = f" and {len(there) - MOST_NAMED} more" if len(there) > MOST_NAMED else ""
        parts = {" ".join(words[n:]) for name in there for words in [name.split()] for n in range(len(words))}
        guess = closest(unclear, parts)
        hint = f" Did you mean {quoted(guess)}?" if guess else ""
        words = f"no junction of {road} is called {quoted(unclear)}.{hint}"
        return f"{words} There are: {'; '.join(there[:MOST_NAMED])}{more}."

    def name(self, junction: str) -> str:
        """Return what people call a junction."""
        return str(self.roads.nodes[junction]["name"])


def network_of(
    junctions: pd.DataFrame,
    links: pd.DataFrame,
    speeds: pd.DataFrame,
    access: pd.DataFrame,
    turns: pd.DataFrame | None = None,
    delays: pd.DataFrame | None = None,
    hours: pd.DataFrame | None = None,
) -> Network:
    """Return the network that plain tables describe, which must agree.

    The columns are those of ``road_junctions.csv``, ``road_links.csv``, ``road_speeds.csv`` and ``road_access.csv``,
    of ``road_turns.csv`` and ``road_delays.csv`` where some turn is forbidden or takes time, and of ``road_hours.csv``.
    """
    import networkx as nx

    kmh = dict(zip(speeds["class"], map(float, speeds["kmh"]), strict=True))
    roads: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for row in junctions.to_dict("records"):
        roads.add_node(str(row["junction"]), name=row["name"], easting_m=row["easting_m"], northing_m=row["northing_m"])
    one_way = links["one_way"] if "one_way" in links else [False] * len(links)
    names = links["name"].fillna("") if "name" in links else [""] * len(links)
    columns = (links[name] for name in ("from_junction", "to_junction", "road", "km", "class"))
    for start, end, road, km, kind, name, only_one in zip(*columns, names, one_way, strict=True):
        said = {"road": road, "name": name, "kind": kind, "km": float(km), "kmh": kmh[kind]}
        time = thousandths_of(said["km"], said["kmh"])
        roads.add_edge(start, end, **said, thousandths=time)
        if pd.isna(only_one) or not only_one:
            roads.add_edge(end, start, **said, thousandths=time)
    ends: dict[str, dict[str, int]] = {}
    for one, junction, km in zip(access["end"], access["junction"], access["km"], strict=True):
        ends.setdefault(one, {})[junction] = thousandths_of(float(km), kmh[ACCESS])
    return Network(roads, ends, _turns_of(turns, delays), _hours_of(hours))


def _turns_of(turns: pd.DataFrame | None, delays: pd.DataFrame | None) -> dict[Turn, float]:
    """Return the thousandths of a minute that each turn takes, of several rows of one turn together."""
    if turns is None or turns.empty:
        return {}
    kinds = () if delays is None else zip(delays["turn"], delays["seconds"], strict=True)
    long: dict[str, float] = {kind: round(exactly(float(seconds)) * THOUSAND / 60) for kind, seconds in kinds}
    long[FORBIDDEN] = float("inf")
    found: dict[Turn, float] = {}
    rows = turns.reindex(columns=["from_junction", "junction", "to_junction", "turn"])
    for before, at, after, kind in rows.itertuples(index=False, name=None):
        turn = (_or_any(before), at, _or_any(after))
        found[turn] = found.get(turn, 0) + long[kind]
    return found


def _hours_of(hours: pd.DataFrame | None) -> tuple[Hours, ...]:
    if hours is None or hours.empty:
        return ()
    rows = hours.reindex(columns=["class", "road", "from_hour", "to_hour", "times"])
    return tuple(
        Hours(_or_any(kind), _or_any(road), *map(float, numbers))
        for kind, road, *numbers in rows.itertuples(index=False, name=None)
    )


def _or_any(junction: Any) -> str | None:
    return None if pd.isna(junction) or junction == "" else str(junction)


def thousandths_of(km: float, kmh: float, times: Fraction = Fraction(1)) -> int:
    """Return the thousandths of a minute that so many kilometres take at a speed, halves to the even."""
    return round(exactly(km) * 60 * THOUSAND * times / exactly(kmh))
