"""The map: outlines of the areas on the British National Grid, as SVG paths on a grid of whole units.

Outlines that share a border in degrees still share it after simplifying and rounding. ``borders`` holds each stretch of
border once, with the area on either side, so that the outline of any group of areas is the stretches whose two sides
differ: catchments can be redrawn on the page without any geometry.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.lib.stride_tricks import sliding_window_view

from optimiser.errors import InputError
from optimiser.inputs.boundaries import merged, read_boundaries, window
from optimiser.problem import Problem
from optimiser.problem.words import short
from optimiser.report.page.packing import coded
from optimiser.report.surroundings import Label, Road, Room, Surroundings, Town, in_order

GRID = "EPSG:27700"
ACROSS, MARGIN = 1000, 24
# Outlines are simplified by so much, or by so many units of the map where that is more: what is finer nobody can see.
METRES_SIMPLER, UNITS_SIMPLER = 40, 0.4
# How wide a letter and how high a line of a name is, on a screen, and on paper or a telephone.
SMALL, LARGE = (12, 24), (16.5, 34)
OUTSIDE = -1
# Where areas lie closest together a square of so many units is drawn once more, larger, if half of them are smaller.
# It begins at one of so many places to its side.
CLOSE_UP, STEPS, TINY = 125, 5, 6
BOUNDARIES = ("inputs/boundaries.geojson", "inputs/boundaries.gpkg")

Points = np.ndarray


@dataclass(frozen=True)
class Border:
    """One stretch of border: the areas on either side (−1: nothing) and its corners, in units of the map."""

    one: int
    other: int
    corners: Points

    @property
    def path(self) -> str:
        """The stretch as a path."""
        return _path(self.corners, closed=False)


@dataclass(frozen=True)
class Drawing:
    """What a map of a place is drawn from, in units of which ``width`` go across it.

    ``areas`` is one path an area, in the order of the problem's areas, empty where there are only ``points``, one an
    area. ``sites`` is where each site lies, for those on the map. ``labels`` are names of towns and roads, or of
    districts where the place has no towns. ``land`` is one path, empty where land is not known all around, and
    ``roads`` another. ``towns`` are names with the number of the area that each lies in, -1 where that is none.
    ``named`` are the sites whose names have room. ``close_up`` is the left and the top of what is drawn once more,
    larger; None where no areas are too small to be seen.
    """

    width: int
    height: int
    metres_a_unit: float
    areas: tuple[str, ...]
    borders: tuple[Border, ...]
    points: tuple[tuple[int, int], ...]
    sites: dict[str, tuple[int, int]]
    labels: tuple[Label, ...]
    land: str = ""
    roads: str = ""
    towns: tuple[tuple[str, int], ...] = ()
    named: frozenset[str] = frozenset()
    close_up: tuple[int, int] | None = None

    def around(self, member: Sequence[Any]) -> str:
        """Return the path of every border whose two sides belong to different groups; None: to no group."""
        return "".join(b.path for b in self.borders if b.other != OUTSIDE and member[b.one] != member[b.other])

    @property
    def stretches(self) -> dict[str, Any]:
        """Every border between two areas as data, one after another: its sides, where it begins, and its steps."""
        within = [one for one in self.borders if one.other != OUTSIDE]
        sides = np.array([(one.one, one.other) for one in within]).reshape(-1, 2)
        starts = np.array([one.corners[0] for one in within]).reshape(-1, 2)
        steps = [np.diff(one.corners, axis=0) for one in within]
        return {
            "one": coded(np.diff(sides[:, 0], prepend=0)),
            "beyond": coded(sides[:, 1] - sides[:, 0]),
            "start": coded(np.diff(starts, axis=0, prepend=0)),
            "many": coded([len(one) for one in steps]),
            "steps": coded(np.concatenate(steps) if steps else np.array([])),
        }

    @property
    def edge(self) -> str:
        """The path around all areas: coast, or the border of what is known."""
        return "".join(border.path for border in self.borders if border.other == OUTSIDE)

    @property
    def scale_bar(self) -> tuple[int, float]:
        """Kilometres of a round number, about a sixth of the width, and how many units they take."""
        wanted = self.width * self.metres_a_unit / 1000 / 6
        kilometres = max((n for n in (1, 2, 5, 10, 20, 50, 100, 200) if n <= wanted), default=1)
        return kilometres, round(kilometres * 1000 / self.metres_a_unit, 1)


def drawing(problem: Problem) -> Drawing | None:
    """Return the map of a problem that was read from a place, or None where it has neither outlines nor coordinates."""
    shapes = _shapes(problem)
    centres = _coordinates(problem, "inputs/areas.csv", "area")
    if shapes is None and (centres is None or not set(problem.areas.index) <= set(centres.index)):
        return None
    if shapes is not None:
        bounds = shapely.bounds(shapes)
    else:
        assert centres is not None
        points = centres.loc[problem.areas.index].to_numpy(float)
        bounds = np.hstack([points, points])
    surroundings = Surroundings(problem.files)
    frame = window(bounds, problem.resident_areas)
    known = surroundings.around(frame)
    west, south, east, north = surroundings.beyond(frame)
    scale = max(east - west, 1.0) / (ACROSS - 2 * MARGIN * (not known))
    edge = 0 if known else MARGIN
    if shapes is not None and scale * UNITS_SIMPLER > METRES_SIMPLER:
        shapes = np.asarray(shapely.coverage_simplify(shapes, scale * UNITS_SIMPLER), dtype=object)
    height = int(np.ceil((north - south) / scale)) + 2 * edge

    def units(metres: Points) -> Points:
        return np.asarray(np.rint((metres - [west, north]) / scale * [1, -1] + edge))

    sites = _coordinates(problem, "inputs/sites.csv", "site")
    located = {} if sites is None else dict(zip(sites.index, sites.to_numpy(float), strict=True))
    located |= {one.site: np.array(one.grid) for one in problem.added if one.grid}
    placed = {}
    for code, (x, y) in zip(located, units(np.array(list(located.values()))), strict=True) if located else ():
        if code in problem.sites and 0 < x < ACROSS and 0 < y < height:
            placed[str(code)] = (int(x), int(y))
    lived_in: Any = shapely.points(points) if shapes is None else shapes
    around: dict[str, Any] = {
        "towns": tuple(surroundings.areas_of_towns(lived_in)),
        "land": "".join(_path(units(ring).astype(int)) for ring in surroundings.land) if known else "",
        "roads": "".join(
            _path(line.astype(int), closed=False) for road in surroundings.roads for line in units(road.lines)
        ),
    }
    named = _named_sites(problem, placed, height)
    districts = _districts(problem, shapes, units) if shapes is not None else []
    labels = tuple(
        _labels(
            problem,
            surroundings.towns_of(lived_in[problem.resident_areas]),
            surroundings.roads,
            units,
            placed,
            named,
            districts,
            height,
        )
    )
    if shapes is None:
        dots = tuple((int(x), int(y)) for x, y in units(points))
        return Drawing(ACROSS, height, scale, (), (), dots, placed, labels, **around, named=named)
    rings = [_rings(shapely.transform(shape, units)) for shape in shapes]
    paths = tuple("".join(_path(ring) for ring in one) for one in rings)
    around |= {"named": named, "close_up": close_up([*compress(rings, problem.resident_areas)], height)}
    return Drawing(ACROSS, height, scale, paths, tuple(_borders(rings)), (), placed, labels, **around)


def close_up(rings: Sequence[Sequence[Points]], height: int) -> tuple[int, int] | None:
    """Return the left and the top of the square with most areas in it; None where half of these can be told apart."""
    ends = np.array([[ring.min(axis=0), ring.max(axis=0)] for ring in (np.concatenate(one) for one in rings if one)])
    if not len(ends) or height < CLOSE_UP:
        return None
    middles, sides = ends.mean(axis=1), np.sqrt(np.prod(ends[:, 1] - ends[:, 0], axis=1))
    step = CLOSE_UP // STEPS
    edges = [np.arange(0, across + 1, step) for across in (ACROSS, height)]
    here, *_ = np.histogram2d(middles[:, 0], middles[:, 1], bins=edges)
    many = sliding_window_view(here, (STEPS, STEPS)).sum(axis=(2, 3))
    corner = step * np.array(np.unravel_index(int(many.argmax()), many.shape))
    inside = ((middles >= corner) & (middles < corner + CLOSE_UP)).all(axis=1)
    left, top = map(int, corner)
    return (left, top) if np.median(sides[inside]) < TINY else None


def _shapes(problem: Problem) -> Points | None:
    """Return the outline of every area in metres, simplified alike on both sides of a border."""
    name = next((name for name in BOUNDARIES if name in problem.files), None)
    if name is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(problem.files[name])
        try:
            frame = read_boundaries(path).set_index("area")
        except InputError:
            return None
    if not problem.areas.index.isin(frame.index).all():
        return None
    frame = frame.loc[list(problem.areas.index)]
    britain = frame.total_bounds[0] > -9 and frame.total_bounds[2] < 3 and 49 < frame.total_bounds[1] < 61.5
    shapes = frame.to_crs(GRID if britain else frame.estimate_utm_crs()).geometry.to_numpy()
    return np.asarray(shapely.coverage_simplify(shapes, METRES_SIMPLER), dtype=object)


def _coordinates(problem: Problem, file: str, index: str) -> pd.DataFrame | None:
    if file not in problem.files:
        return None
    frame = pd.read_csv(io.BytesIO(problem.files[file]))
    if not {"easting_m", "northing_m"} <= set(frame.columns):
        return None
    return frame.set_index(index)[["easting_m", "northing_m"]].dropna()


def _rings(shape: Any) -> list[Points]:
    polygons = shapely.get_parts(shape)
    rings = [ring for one in polygons for ring in (one.exterior, *one.interiors)]
    found = (shapely.get_coordinates(ring).astype(int) for ring in rings)
    kept = (ring[np.append(True, (np.diff(ring, axis=0) != 0).any(axis=1))] for ring in found)
    return [ring for ring in kept if len(ring) > 3]


def _path(points: Points, *, closed: bool = True) -> str:
    """Write a line as steps from corner to corner, which take fewer letters than places."""
    steps = np.diff(points[:-1] if closed else points, axis=0)
    moves = " ".join(map(str, steps.ravel().tolist())).replace(" -", "-")
    return f"M{points[0][0]} {points[0][1]}l{moves}{'z' if closed else ''}"


def _borders(rings: Sequence[Sequence[Points]]) -> Iterator[Border]:
    """Yield every stretch of border between the same two areas once, from the side of the first of them."""
    sides: dict[tuple[tuple[int, int], tuple[int, int]], int] = {}
    for area, own in enumerate(rings):
        for ring in own:
            corners = [tuple(map(int, corner)) for corner in ring]
            for step in pairwise(corners):
                sides[step] = area  # type: ignore[index]
    for area, own in enumerate(rings):
        for ring in own:
            corners = [tuple(map(int, corner)) for corner in ring]
            beyond = [sides.get((b, a), OUTSIDE) for a, b in pairwise(corners)]  # type: ignore[arg-type]
            breaks = [0, *(n for n in range(1, len(beyond)) if beyond[n] != beyond[n - 1]), len(beyond)]
            for start, end in pairwise(breaks):
                other = beyond[start]
                if other == OUTSIDE or area < other:
                    yield Border(area, other, ring[start : end + 1])


def _districts(problem: Problem, shapes: Points, units: Any) -> list[Label]:
    """Return the name of each residents' district in the middle of its largest part."""
    if "district" not in problem.areas:
        return []
    districts = problem.areas["district"].where(problem.areas["resident"]).to_numpy(object)
    found = []
    for name in sorted({one for one in districts if isinstance(one, str) and one}):
        largest = max(shapely.get_parts(merged(shapes[districts == name])), key=lambda part: part.area)
        ((x, y),) = units(shapely.get_coordinates(shapely.maximum_inscribed_circle(largest, tolerance=200))[:1])
        found.append(Label(name, x, y, kind="district"))
    return found


def _labels(
    problem: Problem,
    towns: Iterable[tuple[Town, bool]],
    roads: Sequence[Road],
    units: Any,
    sites: Mapping[str, tuple[int, int]],
    named: Collection[str],
    districts: Sequence[Label],
    height: int,
) -> Iterator[Label]:
    """Yield the names for which there is room beside sites' marks and names: of towns and roads, or else districts."""
    small, large = (Room((0, 0, ACROSS, height), *size) for size in (SMALL, LARGE))
    for room in (small, large):
        for code, (left, top) in sites.items():
            room.taken += [(left - 30, top - 30, left + 30, top + 30)]
            room.taken += [room.box(_of_site(problem, code, left, top))] if code in named else []
    hospitals = tuple(short(problem.sites[code].name) for code in sites)
    found = []
    for town, inside in towns:
        x, y = map(float, units(np.array([town.x, town.y])))
        if 0 < x < ACROSS and 0 < y < height and not town.name.startswith(hospitals):
            found.append(Label(town.name, x, y, inside=inside, point=(x, y)))
    if found:
        for label in in_order(small, found, [(road.name, units(road.lines)) for road in roads]):
            yield replace(label, large=label.kind == "town" and large.take(label))
    else:
        yield from (one for one in districts if small.take(one))


def _named_sites(problem: Problem, sites: Mapping[str, tuple[int, int]], height: int) -> frozenset[str]:
    """Return the sites whose names are written: candidates, and neighbours whose name covers no other and no mark."""
    room = Room((0, 0, ACROSS, height), *SMALL)
    marks = {code: (left - 9, top - 9, left + 9, top + 9) for code, (left, top) in sites.items()}
    found = [code for code in sites if problem.sites[code].candidate]
    names = [room.box(_of_site(problem, code, *sites[code])) for code in found]
    for code in sites:
        room.taken = [*names, *(mark for other, mark in marks.items() if other != code)]
        if code not in found and room.take(label := _of_site(problem, code, *sites[code])):
            names.append(room.box(label))
            found.append(code)
    return frozenset(found)


def _of_site(problem: Problem, code: str, x: int, y: int) -> Label:
    """Return the name of a site as the page writes it below its mark."""
    site = problem.sites[code]
    below = y + (52 if site.candidate else 32)
    name = short(site.name)
    end = "middle" if site.candidate else end_at_mark(name, x)
    return Label(name, x + {"start": -12, "middle": 0, "end": 12}[end], below, end)


def end_at_mark(name: str, x: int) -> str:
    """Return which end of a neighbour's name stands at its mark, so that it stays on the map, written large as well."""
    half = len(name) * LARGE[0] / 2
    return "start" if x < half else "end" if x > ACROSS - half else "middle"
