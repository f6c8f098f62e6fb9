"""What lies around a place, for its map: what is land, and towns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely

from optimiser.inputs.boundaries import BEYOND, window
from optimiser.inputs.england.national import shipped_table
from optimiser.inputs.grid import transformer

Box = tuple[float, float, float, float]

# West, south, east and north in metres of what is land, too, but of no area of England or Wales: Scotland (Galloway,
# and what lies north of it), the Isle of Man, and France.
LAND_ELSEWHERE: tuple[Box, ...] = (
    (150_000, 530_000, 290_000, 700_000),
    (0, 552_000, 700_000, 1_300_000),
    (210_000, 460_000, 252_000, 510_000),
    (652_000, -100_000, 800_000, 150_000),
)
# How many corners at most a frame is wide: what is smaller than that is not seen.
ACROSS = 2000
# Land is known so many metres further than what is drawn, and its outlines come from areas whose middles are so near.
FURTHER, MIDDLES = 1_000, 40_000
LEAST_SQUARE_METRES = 100_000


def metres(degrees: np.ndarray) -> np.ndarray:
    """Return longitudes and latitudes as whole metres on the British National Grid."""
    return np.asarray(np.rint(np.column_stack(transformer().transform(degrees[:, 0], degrees[:, 1]))))


def box_around(outlines: np.ndarray, resident: np.ndarray) -> Box:
    """Return west, south, east and north of all that a map of some areas in metres may show."""
    frame = window(shapely.bounds(outlines), resident)
    room = BEYOND * max(frame[2] - frame[0], frame[3] - frame[1]) + FURTHER
    west, south, east, north = map(float, np.rint([*(frame[:2] - room), *(frame[2:] + room)]))
    return west, south, east, north


def land(features: Iterable[Mapping[str, Any]], box: Box, *, simpler: float = 0) -> pd.DataFrame:
    """Return ``land.csv``: what is land within a box, largest part first, one row a corner.

    From the published outlines of areas, which end at the coast, joined; ``simpler`` is how many metres a corner may be
    off. No row where the box holds land of which no outline is known: it would be taken for water.
    """
    columns = ["part", "order", "easting_m", "northing_m"]
    if any(_meet(box, one) for one in LAND_ELSEWHERE):
        return pd.DataFrame(columns=columns)
    west, south, east, north = box
    there = [
        shapely.geometry.shape(one["geometry"])
        for one in features
        if west - MIDDLES < one["properties"]["BNG_E"] < east + MIDDLES
        and south - MIDDLES < one["properties"]["BNG_N"] < north + MIDDLES
    ]
    joined = shapely.union_all([shapely.make_valid(shapely.transform(one, metres)) for one in there])
    seen = shapely.intersection(shapely.simplify(joined, simpler) if simpler else joined, shapely.box(*box))
    parts = [one for one in shapely.get_parts(seen) if one.area >= LEAST_SQUARE_METRES]
    # From the same corner on, whatever else was joined.
    outer = (shapely.normalize(one.exterior) for one in sorted(parts, key=lambda one: -one.area))
    rings = (np.rint(shapely.get_coordinates(one)) for one in outer)
    rows = [
        (part, order, int(x), int(y))
        for part, ring in enumerate(rings, start=1)
        for order, (x, y) in enumerate(ring[:-1])
    ]
    return pd.DataFrame(rows, columns=columns)


def towns(box: Box) -> pd.DataFrame:
    """Return ``towns.csv``: the towns of England and Wales within a box, in order of their names."""
    every = shipped_table("towns.csv")
    places = every[["easting_m", "northing_m"]].astype(int)
    west, south, east, north = box
    inside = places["easting_m"].between(west, east, inclusive="neither")
    inside &= places["northing_m"].between(south, north, inclusive="neither")
    return every[inside].assign(source="geonames_towns")


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
