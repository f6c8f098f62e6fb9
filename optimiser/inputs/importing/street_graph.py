"""A street graph, as OSMnx saves it in GraphML, as the tables of a network."""

from __future__ import annotations

import ast
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs.files import read_bytes
from optimiser.inputs.importing.streets import Streets

if TYPE_CHECKING:
    import networkx as nx

MOST_BYTES = 1_000_000_000
GRID = "EPSG:27700"
SAVE = "Save it by OSMnx (save_graphml)."


def read_street_graph(path: Path) -> Streets:
    """Return the roads of a street graph as tables, coordinates on the British National Grid.

    A link goes one way, as an edge does. Its class is its ``highway``; its road is its ``ref``, its ``name``, or that.
    Of several between two junctions with one road the shortest is kept. Raises ``InputError``.
    """
    import geopandas
    import networkx as nx

    data = read_bytes(path, MOST_BYTES)
    if isinstance(data, str):
        raise InputError([Fault(shown(path), data)])
    try:
        graph = nx.read_graphml(io.BytesIO(data))
    # What is wrong with XML, networkx and Python say in many ways.
    except Exception as error:
        raise InputError([Fault(shown(path), f"is not GraphML. {SAVE}")]) from error
    if faults := [Fault(shown(path), f"{words} {SAVE}") for words in _faults(graph)]:
        raise InputError(faults)
    points = [(float(node["x"]), float(node["y"])) for _, node in graph.nodes(data=True)]
    at = geopandas.GeoSeries.from_xy(*zip(*points, strict=True), crs=graph.graph["crs"]).to_crs(GRID)
    codes = {node: f"n{number}" for number, node in enumerate(graph)}
    junctions = pd.DataFrame({"junction": list(codes.values()), "name": list(map(str, codes))})
    junctions = junctions.assign(easting_m=at.x.round(1).to_numpy(), northing_m=at.y.round(1).to_numpy())
    rows = [
        (codes[u], codes[v], _road(edge), round(float(edge["length"]) / 1000, 6), _first(edge, "highway"), True)
        for u, v, edge in graph.edges(data=True)
    ]
    key = ["from_junction", "to_junction", "road"]
    links = pd.DataFrame(rows, columns=[*key, "km", "class", "one_way"])
    return Streets(junctions, links.sort_values([*key, "km"]).drop_duplicates(key, ignore_index=True))


def _faults(graph: nx.Graph[Any]) -> Iterator[str]:
    if not graph.number_of_edges():
        yield "has no edges."
    if "crs" not in graph.graph:
        yield "does not say in which coordinates it is (crs)."
    if lost := sum(not all(_is_number(node.get(name)) for name in "xy") for _, node in graph.nodes(data=True)):
        yield f"has {lost:,} nodes without x and y."
    lengths = [edge.get("length") for *_, edge in graph.edges(data=True)]
    if lost := sum(not _is_number(one) or str(one).startswith("-") for one in lengths):
        yield f"has {lost:,} edges without a length in metres."
    if lost := sum(not _first(edge, "highway") for *_, edge in graph.edges(data=True)):
        yield f"has {lost:,} edges without a kind of highway."


def _road(edge: dict[str, Any]) -> str:
    return next(filter(None, (_first(edge, name) for name in ("ref", "name", "highway"))))


def _first(edge: dict[str, Any], name: str) -> str:
    """Return what is said of an edge, or the first of several: OSMnx writes those as a list."""
    text = str(edge.get(name) or "")
    try:
        found = ast.literal_eval(text) if text.startswith("[") else text
    except (ValueError, SyntaxError):
        found = text
    return str(found[0]) if isinstance(found, list) and found else str(found)


def _is_number(said: Any) -> bool:
    try:
        return math.isfinite(float(said))
    except (TypeError, ValueError):
        return False
