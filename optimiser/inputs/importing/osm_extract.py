"""An extract of OpenStreetMap (.osm.pbf) as the tables of a network: where a car may drive, by its tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, holds_hidden, needed, shown
from optimiser.inputs.files import read_bytes
from optimiser.inputs.importing.streets import Streets
from optimiser.inputs.tables.sheets import number_of

MOST_BYTES = 10_000_000_000
# A block of a header, after its length in four bytes.
BEGINS = b"\n\tOSMHeader"
GRID, DEGREES = "EPSG:27700", "EPSG:4326"
GET = "Download an extract as .osm.pbf, and leave it as it is."
# The way round an end may lead past it: so many metres beyond the areas and sites are read too.
BEYOND_M = 20_000
KMH_IN_A_MILE = 1.609344

# Speeds in km an hour of OSRM's profile for a car (profiles/car.lua of release 26.10): no speed was measured.
SPEEDS = {
    "motorway": 90,
    "motorway_link": 45,
    "trunk": 85,
    "trunk_link": 40,
    "primary": 65,
    "primary_link": 30,
    "secondary": 55,
    "secondary_link": 25,
    "tertiary": 40,
    "tertiary_link": 20,
    "unclassified": 25,
    "residential": 25,
    "living_street": 10,
    "service": 15,
}
# Of a limit that is tagged, that profile drives so much.
OF_A_LIMIT = 0.8
AS_ACCESS = "residential"
PROFILE = "OSRM's profile for a car"

# What is said for cars goes before what is said for all.
FOR_CARS = ("motorcar", "motor_vehicle", "vehicle", "access")
MAY_NOT = {
    *(
        "no",
        "agricultural",
        "forestry",
        "emergency",
        "emergency_vehicle",
        "psv",
        "bus",
        "minibus",
        "taxi",
        "share_taxi",
    ),
    *("hov", "foot", "restricted", "military", "official", "private", "delivery", "permit", "residents"),
}
ON_BUSINESS = {"destination", "customers"}
LETS_CARS_PASS = {
    *("no", "entrance", "cattle_grid", "border_control", "toll_booth", "sally_port", "height_restrictor", "arch"),
    *("gate", "lift_gate", "kerb"),
}
ROUND = {"roundabout", "circular"}
FORTH, BACK, BOTH = {"yes", "true", "1"}, {"-1", "reverse"}, {"no", "false", "0"}
MILES = {"nsl_restricted": 30, "nsl_single": 60, "nsl_dual": 70, "motorway": 70}
LIMIT = re.compile(r"(\d{1,3}(?:\.\d+)?)(?: ?(mph|km/h|kmh|kph))?")

Tags = Mapping[str, str]
# A node of the file, or one side of a barrier: its number, and beyond 0 which side it is.
Spot = tuple[int, int]


@dataclass(frozen=True)
class Limit:
    """A limit of speed as a class names it, such as ``30mph`` or ``50``, and in km an hour."""

    name: str
    kmh: float


@dataclass(frozen=True)
class _Road:
    """A way of the file that cars may drive: its nodes in order, where they are, and what is said of it."""

    nodes: Sequence[int]
    lon: Sequence[float]
    lat: Sequence[float]
    highway: str
    road: str
    name: str
    # The limit of each way that one may drive on it, or None where none is tagged; a way that is not there is shut.
    ways: Mapping[bool, Limit | None]


@dataclass
class _Read:
    """What was read of a file, and how often something was passed over."""

    roads: list[_Road] = field(default_factory=list)
    barriers: set[int] = field(default_factory=set)
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


def limit_of(said: str) -> Limit | None:
    """Return the limit of speed that a tag says: in km an hour, in miles, or as a law of Great Britain's; or None."""
    if said.partition(":")[0] in ("GB", "UK"):
        said = f"{MILES.get(said.partition(':')[2], '')} mph"
    found = LIMIT.fullmatch(said.strip())
    if found is None:
        return None
    number = float(found[1])
    kmh = round(number * KMH_IN_A_MILE, 6) if found[2] == "mph" else number
    return Limit(f"{number:g}{'mph' if found[2] == 'mph' else ''}", kmh) if 5 <= kmh <= 200 else None


def read_extract(path: Path, ends: pd.DataFrame, classes: Collection[str] | None) -> Streets:
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

    Raises
    ------
    InputError
        Where it is no such file, or has no roads there.
    """
    begins = read_bytes(path, MOST_BYTES, first=4 + len(BEGINS))
    if isinstance(begins, str):
        raise InputError([Fault(shown(path), begins)])
    if begins[4:] != BEGINS:
        raise InputError([Fault(shown(path), f"is no extract of OpenStreetMap, by how it begins. {GET}")])
    osmium = needed("osmium", "osm")
    try:
        found = _read(osmium, path, _box(ends))
    except (RuntimeError, ValueError) as error:
        raise InputError([Fault(shown(path), f"this extract cannot be read ({error}). {GET}")]) from error
    spots, links, kinds = _links(found, classes)
    if links.empty:
        raise InputError(
            [Fault(shown(path), "has no roads around the areas and sites. Take the file of where they are.")]
        )
    junctions, links, apart = _in_one_piece(spots, links)
    said = (*_told(found.seen), *([apart] if apart else []))
    return Streets(junctions, links, said, _speeds({kind: kinds[kind] for kind in links["class"].unique()}))


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
    wanted = osmium.filter.KeyFilter("highway", "barrier", "route", *FOR_CARS)
    for thing in osmium.FileProcessor(str(path)).with_locations().with_filter(wanted):
        if thing.is_relation():
            continue
        tags = {tag.k: tag.v for tag in thing.tags}
        if thing.is_node():
            if _shuts(tags):
                found.barriers.add(thing.id)
            continue
        nodes = [node for node in thing.nodes if node.location.valid()]
        if not any(west <= node.lon <= east and south <= node.lat <= north for node in nodes):
            continue
        if tags.get("route") == "ferry":
            seen["ferry"] += 1
        if (road := _road(thing.nodes, nodes, tags, seen)) is not None:
            found.roads.append(road)
    found.seen = seen
    return found


def _road(all_nodes: Any, nodes: Sequence[Any], tags: Tags, seen: Counter[str]) -> _Road | None:
    """Return a way of the file as a road, and count what is out of the ordinary; None where no car may drive."""
    highway = tags.get("highway", "")
    if highway not in SPEEDS or tags.get("area") == "yes" or len(nodes) < 2:
        return None
    ways = directions(tags)
    if said_of_cars(tags) in MAY_NOT or tags.get("service") == "emergency_access" or not ways:
        seen["shut"] += 1
        return None
    seen["business"] += said_of_cars(tags) in ON_BUSINESS
    seen["cut"] += len(nodes) < len(all_nodes)
    limits = {forth: _limit(tags, forth) for forth in ways}
    seen["limit"] += "maxspeed" in tags and None in limits.values()
    label = next(filter(None, (_word(tags.get(key, "")) for key in ("ref", "name"))), highway)
    name = _word(tags.get("name", "")) if label != _word(tags.get("name", "")) else ""
    lon, lat = ([getattr(node, axis) for node in nodes] for axis in ("lon", "lat"))
    return _Road([node.ref for node in nodes], lon, lat, highway, label, name, limits)


def said_of_cars(tags: Tags) -> str | None:
    """Return what is said of who may pass, by what goes before all else for a car."""
    return next((tags[key].split(";")[0].strip() for key in FOR_CARS if key in tags), None)


def directions(tags: Tags) -> tuple[bool, ...]:
    """Return the ways that one may drive a road: along its nodes (True), against them (False), both or neither."""
    said = next((tags[key] for key in ("oneway:motorcar", "oneway:motor_vehicle", "oneway") if key in tags), "")
    if said == "reversible":
        return ()
    if said in BACK:
        return (False,)
    implied = tags.get("junction") in ROUND or tags.get("highway") == "motorway"
    return (True,) if said in FORTH or (implied and said not in BOTH) else (True, False)


def _limit(tags: Tags, forth: bool) -> Limit | None:
    said = tags.get(f"maxspeed:{'forward' if forth else 'backward'}") or tags.get("maxspeed", "")
    return limit_of(said)


def _shuts(tags: Tags) -> bool:
    """Whether a node keeps cars from passing it, by what is said of them or by what stands there."""
    said = said_of_cars(tags)
    if said is not None:
        return said in MAY_NOT
    return tags.get("barrier", "no") not in LETS_CARS_PASS and tags.get("bollard") != "rising"


def _word(said: str) -> str:
    """Return the first of several words of a tag, as a table may hold it."""
    return " ".join("".join(one for one in said.split(";")[0] if not holds_hidden(one)).split())


def _links(
    found: _Read, classes: Collection[str] | None
) -> tuple[dict[Spot, tuple[float, float]], pd.DataFrame, dict[str, tuple[str, Limit | None]]]:
    """Return where each spot at the end of a link is, one row a link one way, and the kind and limit of each class.

    Of links with one key the shortest is kept. A road is cut where it begins, ends or meets another, and at barriers,
    on each side of which another spot is.
    """
    met = Counter(node for road in found.roads for node in road.nodes)
    sides, spots, rows = Counter[int](), dict[Spot, tuple[float, float]](), []
    kinds: dict[str, tuple[str, Limit | None]] = {}
    for road in found.roads:
        cuts = [n for n, node in enumerate(road.nodes) if met[node] > 1 or node in found.barriers]
        for first, last in pairwise(sorted({0, *cuts, len(road.nodes) - 1})):
            pair = []
            for n in (first, last):
                node = road.nodes[n]
                sides[node] += node in found.barriers
                pair.append((node, sides[node]))
                spots[pair[-1]] = (road.lon[n], road.lat[n])
            km = _km(road, first, last)
            for forth, limit in road.ways.items():
                start, end = pair if forth else pair[::-1]
                kind = f"{road.highway}_{limit.name.replace('.', '_')}" if limit else road.highway
                if classes is not None and kind not in classes:
                    kind = road.highway
                kinds[kind] = (road.highway, limit)
                if start != end:
                    rows.append((start, end, road.road, road.name, km, kind, True))
    found.seen["barrier"] += len(found.barriers & set(sides))
    key = ["from_junction", "to_junction", "road"]
    links = pd.DataFrame(rows, columns=[*key, "name", "km", "class", "one_way"])
    return spots, links.sort_values([*key, "km"]).drop_duplicates(key, ignore_index=True), kinds


def _km(road: _Road, first: int, last: int) -> float:
    from pyproj import Geod

    part = slice(first, last + 1)
    metres = float(Geod(ellps="WGS84").line_length(road.lon[part], road.lat[part]))
    return round(metres / 1000, 6)


def _in_one_piece(
    spots: Mapping[Spot, tuple[float, float]], links: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return the junctions and links between which one can drive there and back, and how many others there are."""
    import geopandas
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    order = sorted(spots)
    number = {spot: n for n, spot in enumerate(order)}
    start, end = (links[name].map(number).to_numpy() for name in ("from_junction", "to_junction"))
    graph = coo_matrix((np.ones(len(links)), (start, end)), shape=(len(order),) * 2)
    _, piece = connected_components(graph, connection="strong")
    largest = piece == np.bincount(piece).argmax()
    codes = {spot: f"n{n}" for n, spot in enumerate(spot for spot, kept in zip(order, largest, strict=True) if kept)}
    lon, lat = zip(*(spots[spot] for spot in codes), strict=True)
    at = geopandas.GeoSeries.from_xy(lon, lat, crs=DEGREES).to_crs(GRID)
    junctions = pd.DataFrame({"junction": list(codes.values()), "name": [str(node) for node, _ in codes]})
    junctions = junctions.assign(easting_m=at.x.round(1).to_numpy(), northing_m=at.y.round(1).to_numpy())
    links = links[largest[start] & largest[end]].reset_index(drop=True)
    links = links.assign(**{name: links[name].map(codes) for name in ("from_junction", "to_junction")})
    apart = len(order) - len(codes)
    words = "left out, for one cannot drive from the others to them and back"
    return junctions, links, f"{number_of(apart, 'junction')} {words}." if apart else ""


def _told(seen: Counter[str]) -> Iterator[str]:
    """Yield what was done with a file, a sentence each."""
    yield f"OpenStreetMap within {BEYOND_M // 1000} km of the rectangle around areas and sites."
    yield "Its licence (ODbL) asks that whoever publishes what is made of it names OpenStreetMap and its contributors."
    for what, noun, words in (
        ("shut", "road", "left out, for no car may drive there by the tags."),
        ("ferry", "ferry route", "left out."),
        ("barrier", "barrier", "at which a road is shut to cars."),
        ("business", "road", "for those with business there alone, taken as open to all."),
        ("limit", "road", "with a limit of speed that is not understood, taken as without one."),
        ("cut", "road", "of which the file has a part alone."),
    ):
        if seen[what]:
            yield f"{number_of(seen[what], noun)} {words}"
