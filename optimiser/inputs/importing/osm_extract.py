"""An extract of OpenStreetMap (.osm.pbf) as the tables of a network: where a car may drive, by its tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import atan2, cos, degrees, radians
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, needed, shown
from optimiser.inputs.files import read_bytes
from optimiser.inputs.importing.osm_tags import (
    AS_ACCESS,
    FOR_CARS,
    MAY_NOT,
    OF_A_LIMIT,
    ON_BUSINESS,
    PROFILE,
    ROUND,
    SPEEDS,
    Limit,
    Tags,
    directions,
    limit_on,
    said_of_cars,
    shuts,
    word_of,
)
from optimiser.inputs.importing.streets import Streets
from optimiser.inputs.tables.sheets import number_of
from optimiser.journeys.turns import FORBIDDEN

MOST_BYTES = 10_000_000_000
# A block of a header, after its length in four bytes.
BEGINS = b"\n\tOSMHeader"
GRID, DEGREES = "EPSG:27700", "EPSG:4326"
GET = "Download an extract as .osm.pbf, and leave it as it is."
LICENCE = "OpenStreetMap's licence (ODbL) asks that whoever publishes what is made of it names it and its contributors."
# The way round an end may lead past it: so many metres beyond the areas and sites are read too.
BEYOND_M = 20_000
# By how many degrees one turns who turns left or right.
LEAST_TURN = 45
LEAST_ROADS = 3
SIGNALS, LEFT, RIGHT, ROUND_AGAIN = "signals", "left", "right", "back"
ROLES = ("from", "via", "to")
BANS = ("restriction:motorcar", "restriction:motor_vehicle", "restriction:vehicle", "restriction")
OF_SOME_HOURS = ("restriction:conditional", "hour_on", "day_on")
# A node of the file, or one side of a barrier: its number, and beyond 0 which side it is.
Spot = tuple[int, int]


@dataclass(frozen=True)
class _Road:
    """A way of the file that cars may drive: its nodes in order, where they are, and what is said of it."""

    number: int
    nodes: Sequence[int]
    lon: Sequence[float]
    lat: Sequence[float]
    highway: str
    road: str
    name: str
    # The limit of each way that one may drive on it, or None where none is tagged; a way that is not there is shut.
    ways: Mapping[bool, Limit | None]
    is_round: bool

    def beside(self, node: int) -> list[tuple[int, bool]]:
        """Return the nodes before and after one, and whether one drives along the nodes from there to it."""
        at = [n for n, one in enumerate(self.nodes) if one == node]
        before = [(self.nodes[n - 1], True) for n in at if n]
        return before + [(self.nodes[n + 1], False) for n in at if n + 1 < len(self.nodes)]


class _Link(NamedTuple):
    """A road one way between two spots, the bearings in degrees at which it begins and ends, and signals at its end."""

    start: Spot
    end: Spot
    road: str
    name: str
    km: float
    kind: str
    begins: float
    ends: float
    lit: bool
    is_round: bool


class _Turn(NamedTuple):
    """A turn at a spot, from one beside it to another or to any, of what kind, and how that is known."""

    start: Spot
    at: Spot
    end: Spot | None
    kind: str
    how: str


@dataclass(frozen=True)
class _Ban:
    """A turn from some ways to others that is forbidden, or the only one that is not."""

    number: int
    starts: Sequence[int]
    at: int
    ends: Sequence[int]
    only: bool


@dataclass
class _Read:
    """What was read of a file, and how often something was passed over.

    Signals are for which way along the nodes; at what is ``cut`` a road goes on that is not in the file.
    """

    roads: list[_Road] = field(default_factory=list)
    barriers: set[int] = field(default_factory=set)
    signals: dict[int, Collection[bool]] = field(default_factory=dict)
    bans: list[_Ban] = field(default_factory=list)
    cut: set[int] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)


def _speeds(kinds: Mapping[str, tuple[str, Limit | None]]) -> pd.DataFrame:
    """Return ``road_speeds.csv`` for a place that has none, by the kind of road and the limit of each class.

    Speeds in km an hour are those of OSRM's profile for a car, four fifths of a limit; nobody verified them.
    """
    rows: list[tuple[str, float, str, bool]] = [("access", SPEEDS[AS_ACCESS], f"as {AS_ACCESS} in {PROFILE}", False)]
    for kind, (highway, limit) in kinds.items():
        kmh = round(limit.kmh * OF_A_LIMIT, 6) if limit else SPEEDS[highway]
        words = f"{OF_A_LIMIT:g} of the limit of {limit.name}" if limit else f"as {highway}"
        rows.append((kind, kmh, f"{words} in {PROFILE}", False))
    return pd.DataFrame(sorted(rows), columns=["class", "kmh", "meaning", "verified"])


def refuse_what_is_no_extract(path: Path) -> None:
    """Raise ``InputError`` where a file cannot be read, or does not begin as an extract does."""
    begins = read_bytes(path, MOST_BYTES, first=4 + len(BEGINS))
    if isinstance(begins, str):
        raise InputError([Fault(shown(path), begins)])
    if begins[4:] != BEGINS:
        raise InputError([Fault(shown(path), f"is no extract of OpenStreetMap, by how it begins. {GET}")])


def read_extract(
    path: Path, ends: pd.DataFrame, classes: Collection[str] | None, delays: Collection[str] = ()
) -> Streets:
    """Return the roads around some ends as tables.

    A link goes one way. Its road is its ``ref``, its ``name`` or its ``highway``. Its class is that, and behind it the
    limit that is tagged, such as ``primary_30mph`` or ``residential_50``.

    Parameters
    ----------
    path
        The file. Where barriers shut a road, it has an end on either side; ferries and what no car may drive are left
        out, and so are pieces from which one cannot drive to the largest and back.
    ends
        A table with easting_m and northing_m. Roads in the rectangle around them, and 20 km beyond it, are read.
    classes
        The classes that have speeds: where one with its limit has none, the link is of the class without. None: a link
        is of the class with its limit.
    delays
        The kinds of turns that take time. Of ``signals``, ``left`` and ``right`` those that are among them are told.
        To turn ``back``, but at the end of a road, is forbidden where that is none of them, and so is what tags forbid.

    Raises
    ------
    InputError
        Where it is no such file, or has no roads there.
    """
    refuse_what_is_no_extract(path)
    osmium = needed("osmium", "osm")
    try:
        found = _read(osmium, path, _box(ends))
    except (RuntimeError, ValueError) as error:
        raise InputError([Fault(shown(path), f"this extract cannot be read ({error}). {GET}")]) from error
    spots, links, kinds = _links(found, classes)
    if not links:
        raise InputError(
            [Fault(shown(path), "has no roads around the areas and sites. Take the file of where they are.")]
        )
    codes = _in_one_piece(links)
    kept = [link for link in links if link.start in codes and link.end in codes]
    turns = [
        (codes[one.start], codes[one.at], codes[one.end] if one.end else None, one.kind, one.how)
        for one in _turns(found, kept, delays)
        if one.start in codes and one.at in codes and (one.end is None or one.end in codes)
    ]
    found.seen["apart"] = len(spots) - len(codes)
    found.seen["turn"] = sum(kind == FORBIDDEN and start != end for start, _, end, kind, _ in turns)
    return Streets(
        _junctions(spots, codes),
        pd.DataFrame(
            [(codes[u], codes[v], road, name, km, kind, True) for u, v, road, name, km, kind, *_ in kept],
            columns=["from_junction", "to_junction", "road", "name", "km", "class", "one_way"],
        ),
        tuple(_told(found.seen)),
        _speeds({link.kind: kinds[link.kind] for link in kept}),
        pd.DataFrame(turns, columns=["from_junction", "junction", "to_junction", "turn", "how"]),
    )


def _box(ends: pd.DataFrame) -> tuple[float, float, float, float]:
    """Return the rectangle in degrees: west, south, east and north."""
    import geopandas

    low, high = (getattr(ends[["easting_m", "northing_m"]], name)() for name in ("min", "max"))
    (x0, y0), (x1, y1) = low - BEYOND_M, high + BEYOND_M
    corners = geopandas.GeoSeries.from_xy([x0, x0, x1, x1], [y0, y1, y0, y1], crs=GRID).to_crs(DEGREES)
    west, south, east, north = corners.total_bounds
    return west, south, east, north


def _read(osmium: Any, path: Path, box: tuple[float, float, float, float]) -> _Read:
    """Read the roads of a file that are in a box, each whole; in such a file nodes come before ways."""
    found, seen = _Read(), Counter[str]()
    west, south, east, north = box
    wanted = osmium.filter.KeyFilter("highway", "barrier", "route", *FOR_CARS, *BANS, *OF_SOME_HOURS)
    for thing in osmium.FileProcessor(str(path)).with_locations().with_filter(wanted):
        tags = {tag.k: tag.v for tag in thing.tags}
        if thing.is_relation():
            members = [(one.type, one.role, one.ref) for one in thing.members]
            found.bans += _bans(thing.id, tags, members, seen)
            continue
        if thing.is_node():
            if shuts(tags):
                found.barriers.add(thing.id)
            if tags.get("highway") == "traffic_signals":
                way = tags.get("traffic_signals:direction") or tags.get("direction")
                found.signals[thing.id] = {"forward": (True,), "backward": (False,)}.get(way or "", (True, False))
            continue
        nodes = [node for node in thing.nodes if node.location.valid()]
        if not any(west <= node.lon <= east and south <= node.lat <= north for node in nodes):
            continue
        if tags.get("route") == "ferry":
            seen["ferry"] += 1
        if (road := _road(thing, nodes, tags, seen)) is not None:
            found.roads.append(road)
            if len(nodes) < len(thing.nodes):
                seen["cut"] += 1
                found.cut |= {nodes[0].ref, nodes[-1].ref} - {thing.nodes[0].ref, thing.nodes[-1].ref}
    found.seen = seen
    return found


def _road(way: Any, nodes: Sequence[Any], tags: Tags, seen: Counter[str]) -> _Road | None:
    """Return a way of the file as a road, and count what is out of the ordinary; None where no car may drive."""
    highway = tags.get("highway", "")
    if highway not in SPEEDS or tags.get("area") == "yes" or len(nodes) < 2:
        return None
    ways = directions(tags)
    if said_of_cars(tags) in MAY_NOT or tags.get("service") == "emergency_access" or not ways:
        seen["shut"] += 1
        return None
    seen["business"] += said_of_cars(tags) in ON_BUSINESS
    limits = {forth: limit_on(tags, forth) for forth in ways}
    seen["limit"] += "maxspeed" in tags and None in limits.values()
    label = next(filter(None, (word_of(tags.get(key, "")) for key in ("ref", "name"))), highway)
    name = word_of(tags.get("name", "")) if label != word_of(tags.get("name", "")) else ""
    lon, lat = ([getattr(node, axis) for node in nodes] for axis in ("lon", "lat"))
    is_round = tags.get("junction") in ROUND
    return _Road(way.id, [node.ref for node in nodes], lon, lat, highway, label, name, limits, is_round)


def _bans(number: int, tags: Tags, members: Sequence[tuple[str, str, int]], seen: Counter[str]) -> Iterator[_Ban]:
    """Yield what a relation forbids to cars, if anything."""
    said = next((tags[key] for key in BANS if key in tags), "")
    if {*FOR_CARS} & {*tags.get("except", "").split(";")}:
        return
    if {*OF_SOME_HOURS} & {*tags}:
        seen["hours"] += 1
        return
    if not said.startswith(("no_", "only_")):
        return
    starts, vias, ends = ([ref for kind, role, ref in members if role == one and kind == "w"] for one in ROLES)
    nodes = [ref for kind, role, ref in members if role == "via" and kind == "n"]
    if vias or len(nodes) != 1:
        seen["by way of"] += 1
        return
    yield _Ban(number, starts, nodes[0], ends, said.startswith("only_"))


def _links(
    found: _Read, classes: Collection[str] | None
) -> tuple[dict[Spot, tuple[float, float]], list[_Link], dict[str, tuple[str, Limit | None]]]:
    """Return where each spot at the end of a link is, the links, and the kind of road and limit of each class.

    Of several links of one road between two spots the shortest is kept. A road is cut where it begins, ends or meets
    another, and at barriers, on each side of which another spot is.
    """
    met = Counter(node for road in found.roads for node in road.nodes)
    cut = {*found.barriers, *found.signals, *_beside_bans(found)}
    sides, spots = Counter[int](), dict[Spot, tuple[float, float]]()
    kinds, links = dict[str, tuple[str, Limit | None]](), dict[tuple[Spot, Spot, str], _Link]()
    for road in found.roads:
        cuts = [n for n, node in enumerate(road.nodes) if met[node] > 1 or node in cut]
        for first, last in pairwise(sorted({0, *cuts, len(road.nodes) - 1})):
            at: dict[int, Spot] = {}
            for n in (first, last):
                node = road.nodes[n]
                sides[node] += node in found.barriers
                at[n] = (node, sides[node])
                spots[at[n]] = (road.lon[n], road.lat[n])
            km = _km(road, first, last)
            for forth, limit in road.ways.items():
                kind = f"{road.highway}_{limit.name.replace('.', '_')}" if limit else road.highway
                if classes is not None and kind not in classes:
                    kind = road.highway
                kinds[kind] = (road.highway, limit)
                start, end = (first, last) if forth else (last, first)
                lit = forth in found.signals.get(road.nodes[end], ())
                bent = _bearings(road, start, end)
                link = _Link(at[start], at[end], road.road, road.name, km, kind, *bent, lit, road.is_round)
                key = (link.start, link.end, link.road)
                if link.start != link.end and (key not in links or km < links[key].km):
                    links[key] = link
    found.seen["barrier"] += len(found.barriers & set(sides))
    return spots, [links[key] for key in sorted(links)], kinds


def _beside_bans(found: _Read) -> Iterator[int]:
    """Yield the nodes next to those at which a turn is forbidden, so that junctions say on which way one came."""
    roads = {road.number: road for road in found.roads}
    for ban in found.bans:
        for way in (*ban.starts, *ban.ends):
            if way in roads:
                yield from (node for node, _ in roads[way].beside(ban.at))


def _bearings(road: _Road, first: int, last: int) -> tuple[float, float]:
    """Return the bearings in degrees at which one sets out from one node of a road and comes to another."""
    step = 1 if last > first else -1

    def bearing(start: int, end: int) -> float:
        east = (road.lon[end] - road.lon[start]) * cos(radians(road.lat[start]))
        return degrees(atan2(east, road.lat[end] - road.lat[start]))

    return bearing(first, first + step), bearing(last - step, last)


def _turns(found: _Read, links: Sequence[_Link], delays: Collection[str]) -> list[_Turn]:
    """Return the turns that are forbidden, or of a kind that takes time."""
    into: dict[Spot, list[_Link]] = {}
    out: dict[Spot, list[_Link]] = {}
    for link in links:
        out.setdefault(link.start, []).append(link)
        into.setdefault(link.end, []).append(link)
    turns = dict.fromkeys(_forbidden(found, out))
    for at, before in into.items():
        near = len({link.start for link in before} | {link.end for link in out.get(at, ())}) + (at[0] in found.cut)
        for start in before:
            if start.lit and SIGNALS in delays:
                turns[_Turn(start.start, at, None, SIGNALS, "highway=traffic_signals")] = None
            for end in out.get(at, ()):
                kind = _kind_of_turn(start, end, near)
                if kind == ROUND_AGAIN and kind not in delays:
                    kind = FORBIDDEN
                if kind in (FORBIDDEN, *delays):
                    turns.setdefault(_Turn(start.start, at, end.end, kind, "by where it leads"))
    return list(turns)


def _kind_of_turn(start: _Link, end: _Link, near: int) -> str:
    """Return the kind of a turn from one link to another at a spot with so many beside it; straight on is none.

    Only at an end of a road does one turn round for want of another way. A road that bends alone is no turn, nor is
    what one does at roundabouts.
    """
    if start.start == end.end:
        return ROUND_AGAIN if near > 1 else ""
    angle = (end.begins - start.ends + 180) % 360 - 180
    if near < LEAST_ROADS or start.is_round or end.is_round or abs(angle) < LEAST_TURN:
        return ""
    return RIGHT if angle > 0 else LEFT


def _forbidden(found: _Read, out: Mapping[Spot, Sequence[_Link]]) -> Iterator[_Turn]:
    """Yield the turns that may not be made: where one way alone is free, all others."""
    roads = {road.number: road for road in found.roads}

    def beside(ban: _Ban, ways: Sequence[int], arriving: bool) -> set[Spot]:
        near = [(road, *one) for road in map(roads.get, ways) if road for one in road.beside(ban.at)]
        return {(node, 0) for road, node, along in near if (along == arriving) in road.ways}

    for ban in found.bans:
        at, how = (ban.at, 0), f"relation {ban.number}"
        there = {link.end for link in out.get(at, ())}
        meant = there & beside(ban, ban.ends, arriving=False)
        shut = there - meant if ban.only else meant
        starts = sorted(beside(ban, ban.starts, arriving=True))
        yield from (_Turn(start, at, end, FORBIDDEN, how) for start in starts for end in sorted(shut))


def _km(road: _Road, first: int, last: int) -> float:
    from pyproj import Geod

    part = slice(first, last + 1)
    metres = float(Geod(ellps="WGS84").line_length(road.lon[part], road.lat[part]))
    return round(metres / 1000, 6)


def _in_one_piece(links: Sequence[_Link]) -> dict[Spot, str]:
    """Return the codes of the most spots between which one can drive there and back."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    order = sorted({spot for link in links for spot in (link.start, link.end)})
    number = {spot: n for n, spot in enumerate(order)}
    start, end = (
        [number[spot] for spot in spots] for spots in zip(*((one.start, one.end) for one in links), strict=True)
    )
    graph = coo_matrix((np.ones(len(links)), (start, end)), shape=(len(order),) * 2)
    _, piece = connected_components(graph, connection="strong")
    largest = np.flatnonzero(piece == np.bincount(piece).argmax())
    return {order[spot]: f"n{n}" for n, spot in enumerate(largest)}


def _junctions(spots: Mapping[Spot, tuple[float, float]], codes: Mapping[Spot, str]) -> pd.DataFrame:
    import geopandas

    lon, lat = zip(*(spots[spot] for spot in codes), strict=True)
    at = geopandas.GeoSeries.from_xy(lon, lat, crs=DEGREES).to_crs(GRID)
    junctions = pd.DataFrame({"junction": list(codes.values()), "name": [str(node) for node, _ in codes]})
    return junctions.assign(easting_m=at.x.round(1).to_numpy(), northing_m=at.y.round(1).to_numpy())


def _told(seen: Counter[str]) -> Iterator[str]:
    """Yield what was done with a file, a sentence each."""
    yield f"OpenStreetMap within {BEYOND_M // 1000} km of the rectangle around areas and sites."
    yield LICENCE
    for what, noun, words in (
        ("shut", "road", "left out, for no car may drive there by the tags."),
        ("ferry", "ferry route", "left out."),
        ("barrier", "barrier", "at which a road is shut to cars."),
        ("business", "road", "for those with business there alone, taken as open to all."),
        ("limit", "road", "with a limit of speed that is not understood, taken as without one."),
        ("cut", "road", "of which the file has a part alone."),
        ("apart", "junction", "left out, for one cannot drive from the others to them and back."),
        ("turn", "turn", "that may not be made, beside turning round where a road goes on."),
        ("hours", "turn", "forbidden at some hours alone, taken as free."),
        ("by way of", "forbidden turn", "by way of a road left out."),
    ):
        if seen[what]:
            yield f"{number_of(seen[what], noun)} {words}"
