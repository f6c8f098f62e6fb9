"""The figures of an export: a map and a curve of journey times for each service. Titles state the finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from optimiser.inputs.boundaries import merged
from optimiser.plan.affected import one_row_an_area
from optimiser.plan.finished import Run
from optimiser.plan.measures import BANDS, who_stay
from optimiser.problem.words import NO_SITE, begun, in_full, listed, percent, short, whole
from optimiser.report.export.drawing import (
    FAINT,
    INK,
    LAND,
    PAPER,
    QUIET,
    ROAD,
    SITE_COLOURS,
    WATER,
    Figure,
    figure,
    marker,
    path,
    rings,
    square,
    steps_path,
    text,
)
from optimiser.report.export.geopackage import outlines
from optimiser.report.export.groups import of_districts, of_volumes
from optimiser.report.export.styles import steps_of
from optimiser.report.export.ways import of_ways
from optimiser.report.isochrones import LIMITS
from optimiser.report.surroundings import Label, Room, Surroundings, in_order
from optimiser.report.words import ends_of_steps, main_service

if TYPE_CHECKING:
    from optimiser.report.route import Route

TOP, MAP_WIDTH, MAP_HEIGHT, MAP_LEFT, PANEL = 124, 580, 700, 24, 640
USUAL_STANDARD = 30
# A map of a way has so much room around its middle as a share of its length, and of this many metres at least.
ROOM, LEAST_METRES = 0.6, 2_000.0
# So many roads are listed beside it, each with so many letters.
MOST_LEGS, LONGEST = 22, 30
# Steps of the change from today, as the page has them, and their colours.
CHANGES = (
    (-np.inf, -10.0, "over 10 shorter"),
    (-10.0, -1.0, "1 to 10 shorter"),
    (-1.0, 1.0, "within 1 minute"),
    (1.0, 10.0, "1 to 10 longer"),
    (10.0, np.inf, "over 10 longer"),
)
FIVE_CHANGES = ("#12436d", "#8fb3d3", "#dcdcdc", "#f5ae86", "#c14a08")
ROOM_FOR_WORDS = 24
CURVE_LEFT, CURVE_RIGHT, CURVE_HEIGHT = 80, 780, 420
LINE_STYLES = ("", "9 5", "3 4", "12 4 3 4")


def figures(runs: Sequence[Run]) -> list[Figure]:
    """Return every figure of some runs.

    A map a run and service where there are outlines; of services with other journeys than today one of the change, the
    districts and the patients at each site; a curve a service; and the choices of sites for the first service.
    """
    found = [drawing for run in runs for drawing in (*_maps(run, several=len(runs) > 1), *_changes(run, len(runs) > 1))]
    services = dict.fromkeys(service for run in runs for service in run.problem.services_with_patients)
    found += [_curve(service, [run for run in runs if service in run.problem.services]) for service in services]
    first = main_service(runs[0].problem)
    return [*found, *(of_ways(runs, _sources(runs[0], first)) if first else ())]


@dataclass(frozen=True)
class View:
    """One run and one of its services, as a figure shows them."""

    run: Run
    service: str

    @cached_property
    def journeys(self) -> pd.DataFrame:
        """Journeys of the resident areas."""
        journeys = self.run.tables["journeys"]
        return journeys[(journeys["service"] == self.service) & (journeys["resident"] == "true")]

    @cached_property
    def sites(self) -> pd.DataFrame:
        """The hospitals by code, and whether each is designated."""
        chosen = self.run.tables["designations"]
        chosen = chosen[(chosen["service"] == self.service) & (chosen["designated"] == "true")]
        sites = self.run.inputs["sites"].set_index("site")
        return sites.assign(designated=sites.index.isin(chosen["site"]))

    @property
    def name(self) -> str:
        """Name of the service."""
        return self.run.problem.services[self.service].name

    @property
    def measured(self) -> str:
        """What the steps are of."""
        return "Minutes, and share of patients"

    @property
    def where(self) -> str:
        """Names of the designated sites in words."""
        return listed(map(_short, self.sites["name"][self.sites["designated"]]), NO_SITE)

    @property
    def patients(self) -> float:
        """Resident patients a year."""
        return float(self.journeys["patients_per_year"].sum())

    @property
    def mean(self) -> float:
        """Mean minutes as published; NaN where they are not."""
        measures = self.run.tables["measures"]
        rows = measures[(measures["measure"] == "mean_minutes") & (measures["service"] == self.service)]
        return float(rows["value"][rows["group"] == ""].max())

    @property
    def standard(self) -> float:
        """The journey time that is aimed for, or what is usual where none is stated."""
        stated = self.run.problem.services[self.service].standard_minutes
        return stated.value if stated else USUAL_STANDARD

    def share_within(self, low: float, high: float) -> float:
        """Return the share of patients whose journey is longer than ``low`` and at most ``high`` minutes."""
        minutes = self.journeys["minutes"].fillna(np.inf)
        near = (minutes > low) & (minutes <= high)
        return float(self.journeys["patients_per_year"][near].sum()) / self.patients if self.patients else 0.0

    @cached_property
    def classes(self) -> list[tuple[float, float, str, str]]:
        """Five steps of minutes: from, to, colour and label. One ends at the standard."""
        return steps_of(ends_of_steps(self.standard))

    @cached_property
    def shares(self) -> list[int]:
        """Share of patients in each step, in whole percent that add up to 100."""
        (least, *_), *_ = self.classes
        parts = [self.share_within(least, high) for _, high, *_ in self.classes]
        told = [int(np.floor(100 * share + 0.5)) for share in parts]
        return [now - before for before, now in pairwise([0, *told])]

    @property
    def destinations(self) -> list[tuple[str, float]]:
        """Hospitals and the resident patients who go there, most first; those with few of them together."""
        taken = self.journeys.groupby("site")["patients_per_year"].sum().sort_values(ascending=False, kind="stable")
        many = taken[taken >= 0.05 * self.patients].head(6)
        few = float(taken.sum() - many.sum())
        rest = [(f"{len(taken) - len(many)} others", few)] if few else []
        return [(self.site_name(str(site)), float(number)) for site, number in many.items()] + rest

    def site_name(self, code: str) -> str:
        """Return the short name of a site; "nowhere" for no site."""
        return _short(str(self.sites["name"][code])) if code in self.sites.index else "nowhere"


@dataclass(frozen=True)
class Changed(View):
    """The same with how many minutes longer than today journeys are, in place of minutes."""

    @cached_property
    def journeys(self) -> pd.DataFrame:
        """Journeys of the resident areas; minutes are those by which an area's are longer than today's.

        Those who leave in any case go as they do today.
        """
        journeys = super().journeys
        stay = journeys.index.isin(who_stay(journeys).index)
        each = (one_row_an_area(plan, self.service) for plan in (self.run.plan, self.run.before))
        now, before = (one.set_index("area")["minutes"].reindex(pd.Index(journeys["area"])).to_numpy() for one in each)
        # Also of those who reach no site, today or now.
        same = (now == before) | ~stay
        return journeys.assign(minutes=np.where(same, 0.0, now - np.where(same, 0.0, before)))

    @property
    def measured(self) -> str:
        """What the steps are of."""
        return "Change from today, share of patients"

    @cached_property
    def classes(self) -> list[tuple[float, float, str, str]]:
        """Five steps of change: from, to, colour and label."""
        return [(low, high, colour, label) for (low, high, label), colour in zip(CHANGES, FIVE_CHANGES, strict=True)]


def _changes(run: Run, several: bool) -> Iterator[Figure]:
    """Yield what changes from today in the services of which anything does: a map, districts, patients at each site."""
    known = set(run.problem.services_with_today)
    for service in run.problem.services_with_patients:
        if service in known and Changed(run, service).journeys["minutes"].any():
            name = f"{service}" + (f"_{run.key}" if several else "")
            if outlines(run) is not None:
                yield _map_of_change(run, service, f"change_{name}")
            yield from of_districts(run, service, f"districts_{name}", _sources(run, service))
            yield of_volumes(run, service, f"volumes_{name}", _sources(run, service))


def _map_of_change(run: Run, service: str, name: str) -> Figure:
    view = Changed(run, service)
    longer = sum(view.shares[3:])
    shares = "; ".join(f"{label}, {share}%" for (*_, label), share in zip(view.classes, view.shares, strict=True))
    says = (
        f"Minutes longer or shorter than with today's sites, by this model; {whole(view.patients)} residents' patients."
    )
    title = f"{view.name} at {view.where}: over 1 minute longer than today for {longer}% of patients"
    alt = f"Map of areas, blue where journeys get shorter, orange where longer. Share of patients by minutes: {shares}."
    return _map(view, name, title, says, alt)


def _short(name: str) -> str:
    """Return the short name of a site; the whole of one that says where it is."""
    return name if "," in name else short(name)


# -- the map ----------------------------------------------------------------------------------------


def _maps(run: Run, *, several: bool) -> Iterator[Figure]:
    if outlines(run) is None:
        return
    for service in run.problem.services_with_patients:
        name = f"map_{service}" + (f"_{run.key}" if several else "")
        yield map_of(run, service, name)


def map_of(run: Run, service: str, name: str, title: str = "", *, isochrones: str = "") -> Figure:
    """Return the map of a run that has outlines: minutes to a service, under what it finds or under another title.

    ``isochrones`` is the code of a site around which lines are drawn, for each of 15, 30, 45 and 60 minutes.
    """
    view = View(run, service)
    shares = "; ".join(f"{label}, {share}%" for (*_, label), share in zip(view.classes, view.shares, strict=True))
    going = "; ".join(f"{site}, {whole(patients)}" for site, patients in view.destinations)
    areas = view.journeys["area"].nunique()
    alt = (
        f"Map of {areas} areas in five shades, darkest where the journey is longest. Share of all patients by "
        f"minutes: {shares}. Residents' patients a year by site: {going}."
    )
    says = f"{whole(view.patients)} residents' patients a year from {areas:,} areas."
    if len(who_stay(view.journeys)) < len(view.journeys):
        says = f"Colours: minutes by road of those who stay. Shares: all {says}"
    else:
        says = f"Minutes by road to the site that patients go to; {says}"
    mean = f"{view.mean:.1f} minutes on average" if np.isfinite(view.mean) else "somebody reaches no site"
    return _map(view, name, title or f"{view.name} at {view.where}: {mean}", says, alt, isochrones)


def _map(view: View, name: str, title: str, says: str, alt: str, isochrones: str = "") -> Figure:
    """Return a map of a run that has outlines, in the steps of a view, perhaps with lines around a site."""
    run, service = view.run, view.service
    staying = who_stay(view.journeys)
    # Where an area's patients are split, the site of most of them.
    by_size = staying.sort_values("patients_per_year", ascending=False, kind="stable")
    journeys = by_size.drop_duplicates("area").sort_index()
    found = outlines(run)
    assert found is not None
    shapes = found.geometry.reindex(pd.Index(journeys["area"]))
    around = Surroundings(run.problem.files)
    on_paper = _Paper(around.beyond(shapes.total_bounds))
    drawn = pd.Series(on_paper.shapes(shapes.to_numpy()), index=journeys.index)
    residents = [one for one in shapes.to_numpy() if one is not None]
    beneath, above = _land(around, on_paper), _roads(around, on_paper)
    lines = _isochrones(view, journeys, drawn, isochrones) if isochrones else ()
    marked = dict(_marked(view, on_paper))
    going_to = {str(site): merged(drawn[going.index]) for site, going in journeys.groupby("site")}
    catchments = list(_named_catchments(view, going_to))
    names = _names(around, on_paper, np.array(residents, dtype=object), list(marked.values()), catchments)
    framed = on_paper.framed(name, [*beneath, *_areas(view, journeys, drawn, going_to.values()), *above, *lines])
    body = [*framed, *names, *_marks(view, marked)]
    body += [text(one.x, one.y, one.words, size=13, anchor="middle", halo=True) for one in catchments]
    body += [*_scale_bar(on_paper), *_panel(view)]
    if isochrones:
        ends = f"Dashed: {listed([f'{limit:g}' for limit in LIMITS])} minutes"
        body += [text(PANEL, TOP + MAP_HEIGHT - 60, ends, size=13)]
        body += [text(PANEL, TOP + MAP_HEIGHT - 43, f"to {view.site_name(isochrones)}, whole areas", size=13)]
    return figure(name, title, says, alt, body, TOP + MAP_HEIGHT, _sources(run, service, with_map=True))


def map_of_way(found: Route) -> Figure:
    """Return a map of a way on the network with what is shut and, dashed, the usual way: straight lines all."""
    corners = np.array([point for line in (*found.points, *found.usual_points) for point in line])
    low, high = corners.min(axis=0), corners.max(axis=0)
    reach = ROOM * max(float((high - low).max()), LEAST_METRES)
    middle, half = (low + high) / 2, reach * np.array([1, MAP_HEIGHT / MAP_WIDTH])
    around, on_paper = Surroundings(found.files), _Paper(np.array([*(middle - half), *(middle + half)]))
    ends = on_paper.pixels(np.array([found.points[0][0], found.points[-1][-1]])).tolist()
    names = [name.rpartition(" (")[0] for name in (found.start, found.end)]
    # A name reaches into the map, away from the nearer edge.
    sides = ["start" if x < MAP_LEFT + MAP_WIDTH / 2 else "end" for x, _ in ends]
    each = zip(names, ends, sides, strict=True)
    marked = [Label(name, x, y + 22, side, point=(x, y)) for name, (x, y), side in each]
    drawn = [*_land(around, on_paper), *_roads(around, on_paper)]
    for lines, style in (
        ([line for _, line in found.shut], f'stroke="{SITE_COLOURS[1]}" stroke-width="9"'),
        (found.usual_points, f'stroke="{INK}" stroke-width="2" stroke-dasharray="7 6"'),
        (found.points, f'stroke="{SITE_COLOURS[0]}" stroke-width="5"'),
    ):
        pixels = (on_paper.pixels(np.array(line)) for line in lines)
        steps = "".join(steps_path([tuple(one) for one in line]) for line in pixels)
        joined = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'
        drawn += [f'<path d="{steps}" {joined} {style}/>'] if lines else []
    body = [*on_paper.framed("way", drawn), *_names(around, on_paper, np.asarray(shapely.points(corners)), marked, ())]
    for label, (x, y) in zip(marked, ends, strict=True):
        body += [square(x, y), text(label.x, label.y, label.words, bold=True, anchor=label.anchor, halo=True)]
    legs = [*found.legs[["road", "minutes"]].itertuples(index=False, name=None)]
    shown = ((road if len(road) < LONGEST else f"{road[:LONGEST]}…", minutes) for road, minutes in legs[:MOST_LEGS])
    rows = [(road, f"{minutes:.1f}") for road, minutes in shown]
    rows += [(f"and {len(legs) - MOST_LEGS:,} more", "")] if len(legs) > MOST_LEGS else []
    body += [text(PANEL, TOP + 20, "Minutes on the network, road by road", size=15, bold=True)]
    in_all = [("on the network in all", f"{found.on_the_network:.1f}")]
    in_all += [(f"the table's, which count{', in all' * bool(found.longer)}", in_full(found.in_all))] * found.is_known
    for number, (words, minutes) in enumerate([*rows, *in_all], start=2):
        is_sum = number > len(rows) + 1
        body += [
            text(PANEL, TOP + 24 * number, words, bold=is_sum),
            text(PANEL + 280, TOP + 24 * number, minutes, anchor="end", bold=is_sum),
        ]
    alt = f"Map of the way from {found.start} to {found.end}: {listed(road for road, _ in rows)}."
    straight = "straight lines from junction to junction, not as roads bend"
    usual = ["dashed: the usual way"] if found.event else []
    says = f"{begun('; '.join([*usual, *(['orange: what is shut'] if found.shut else []), straight]))}."
    apart = f"The table has {found.beyond} than the network. " if found.beyond else ""
    foot = f"{f'{begun(found.event)}. ' if found.event else ''}{apart}{found.honesty} {found.verified}"
    return figure("way", found.in_short, says, alt, [*body, *_scale_bar(on_paper)], TOP + MAP_HEIGHT, foot)


@dataclass(frozen=True)
class _Paper:
    """The part of the country that is drawn, and how many metres a pixel stands for."""

    bounds: np.ndarray

    @cached_property
    def metres_a_pixel(self) -> float:
        west, south, east, north = self.bounds
        return float(max((east - west) / MAP_WIDTH, (north - south) / MAP_HEIGHT, 1e-9))

    def pixels(self, metres: np.ndarray) -> np.ndarray:
        west, _, _, north = self.bounds
        from_corner = np.column_stack([metres[:, 0] - west, north - metres[:, 1]])
        return np.asarray(from_corner / self.metres_a_pixel + [MAP_LEFT, TOP])

    def shapes(self, outlines: np.ndarray) -> np.ndarray:
        """Return outlines in pixels, corners on whole tenths, so that neighbours still share them."""
        return np.asarray(shapely.transform(outlines, lambda corners: np.round(self.pixels(corners), 1)))

    def holds(self, x: float, y: float) -> bool:
        (right, bottom) = self.corner
        return MAP_LEFT < x < right and TOP < y < bottom

    @property
    def corner(self) -> tuple[float, float]:
        """Right and bottom of what is drawn."""
        _, south, east, _ = self.bounds
        ((right, bottom),) = self.pixels(np.array([[east, south]]))
        return float(right), float(bottom)

    def framed(self, name: str, body: Sequence[str]) -> list[str]:
        """Return parts of a drawing cut off at its edge."""
        right, bottom = self.corner
        place = f'x="{MAP_LEFT}" y="{TOP}" width="{right - MAP_LEFT:.1f}" height="{bottom - TOP:.1f}"'
        cut = f'<clipPath id="{name}-frame"><rect {place}/></clipPath><g clip-path="url(#{name}-frame)">'
        return [cut, *body, "</g>"]


def _land(around: Surroundings, paper: _Paper) -> Iterator[str]:
    """Yield water and land, where land is known all around."""
    if around.around(paper.bounds):
        right, bottom = paper.corner
        yield f'<path d="M{MAP_LEFT},{TOP}H{right:.1f}V{bottom:.1f}H{MAP_LEFT}z" fill="{WATER}"/>'
        yield f'<path d="{path(paper.pixels(ring) for ring in around.land)}" fill="{LAND}"/>'


def _roads(around: Surroundings, paper: _Paper) -> Iterator[str]:
    """Yield the main roads, on white."""
    lines = [steps_path([tuple(one) for one in paper.pixels(line)]) for road in around.roads for line in road.lines]
    for colour, wide in ((PAPER, 3.2), (ROAD, 1.5)) if lines else ():
        style = f'fill="none" stroke="{colour}" stroke-width="{wide}" stroke-linecap="round"'
        yield f'<path d="{"".join(lines)}" {style}/>'


def _names(
    around: Surroundings,
    paper: _Paper,
    residents: np.ndarray,
    marked: Sequence[Label],
    catchments: Sequence[Label],
) -> Iterator[str]:
    """Yield the names of towns and roads for which there is room beside those of sites and catchments."""
    room = Room((MAP_LEFT, TOP, *paper.corner), letter=6.6, line=14)
    room.taken += [room.box(one) for one in (*marked, *catchments)]
    room.taken += [(x - 18, y - 18, x + 18, y + 18) for x, y in (one.point for one in marked if one.point)]
    hospitals = tuple(mark.words for mark in marked)
    towns = []
    for town, inside in around.towns_of(residents):
        ((x, y),) = paper.pixels(np.array([[town.x, town.y]])).tolist()
        if paper.holds(x, y) and not town.name.startswith(hospitals):
            towns.append(Label(town.name, x, y, inside=inside, point=(x, y)))
    roads = [(road.name, np.stack([paper.pixels(line) for line in road.lines])) for road in around.roads]
    for one in in_order(room, towns, roads if towns else []):
        colour = INK if one.point else ROAD
        if one.point:
            yield f'<circle cx="{one.point[0]:.1f}" cy="{one.point[1]:.1f}" r="2" fill="{INK}"/>'
        yield text(one.x, one.y, one.words, size=12, colour=colour, bold=not one.point, anchor=one.anchor, halo=True)


def _areas(view: View, journeys: pd.DataFrame, drawn: pd.Series, catchments: Iterable[BaseGeometry]) -> Iterator[str]:
    minutes = journeys["minutes"].fillna(np.inf)
    for low, high, colour, _ in view.classes:
        members = drawn[(minutes > low) & (minutes <= high)]
        if len(members):
            # A hair of the same colour closes the seams that browsers leave between neighbours.
            hair = f'stroke="{colour}" stroke-width=".4"'
            whole = path(rings(merged(members)))
            yield f'<path fill="{colour}" {hair} fill-rule="evenodd" d="{whole}"/>'
    line = f'fill="none" stroke="{INK}" stroke-width="1.7" stroke-linejoin="round"'
    for shape in catchments:
        yield f'<path {line} d="{path(rings(shape))}"/>'


def _isochrones(view: View, journeys: pd.DataFrame, drawn: pd.Series, site: str) -> Iterator[str]:
    """Yield lines around the areas within each limit of a site, further apart the further off they are."""
    minutes = view.run.problem.journeys_to(view.service)[site].reindex(pd.Index(journeys["area"])).to_numpy()
    for number, limit in enumerate(LIMITS, start=1):
        if len(members := drawn[minutes <= limit]):
            line = f'fill="none" stroke="{INK}" stroke-width="1.6" stroke-dasharray="{2 * number} 3"'
            yield f'<path {line} data-within="{limit:g}" d="{path(rings(merged(members)))}"/>'


def _named_catchments(view: View, catchments: Mapping[str, BaseGeometry]) -> Iterator[Label]:
    for site, shape in catchments.items():
        for part in shapely.get_parts(shape):
            # A line from the middle of the widest part to its edge.
            radius = shapely.maximum_inscribed_circle(part)
            if radius.length > ROOM_FOR_WORDS:
                x, y = shapely.get_coordinates(radius)[0]
                yield Label(f"to {view.site_name(site)}", float(x), float(y))


def _marked(view: View, paper: _Paper) -> Iterator[tuple[str, Label]]:
    """Yield the name of each site on the map below its mark: candidates, and neighbours that patients go to."""
    sites, taking = view.sites, set(view.journeys["site"])
    if "easting_m" not in sites:
        return
    for code, row in sites.iterrows():
        ((x, y),) = paper.pixels(np.array([[row["easting_m"], row["northing_m"]]], dtype=float)).tolist()
        candidate = row["role"] == "candidate"
        if not paper.holds(x, y) or not (candidate or code in taking):
            continue
        outer = not candidate and x < MAP_LEFT + 80
        left, anchor = (MAP_LEFT, "start") if outer else (x, "middle")
        below = y + (33 if candidate else 22)
        yield str(code), Label(_short(str(row["name"])), left, below, anchor, point=(x, y))


def _marks(view: View, marked: Mapping[str, Label]) -> Iterator[str]:
    sites = view.sites
    candidates = sorted(sites.index[sites["role"] == "candidate"])
    for code, label in marked.items():
        row, (x, y) = sites.loc[code], label.point or (label.x, label.y)
        if code in candidates:
            letter = str(row.get("letter", "") or str(row["name"])[:1])
            yield marker(x, y, letter, _colour(candidates.index(code)), filled=bool(row["designated"]))
        else:
            yield square(x, y)
        bold = code in candidates
        yield text(label.x, label.y, label.words, size=14 if bold else 13, bold=bold, anchor=label.anchor, halo=True)


def _colour(number: int) -> str:
    return SITE_COLOURS[number] if number < len(SITE_COLOURS) else INK


def _scale_bar(paper: _Paper) -> Iterator[str]:
    km = next((km for km in (1, 2, 5, 10, 20, 50, 100) if 60 <= km * 1000 / paper.metres_a_pixel <= 160), 10)
    length, x, y = km * 1000 / paper.metres_a_pixel, PANEL, TOP + MAP_HEIGHT - 20
    yield f'<path d="M{x},{y - 5}v5h{length:.1f}v-5" fill="none" stroke="{INK}" stroke-width="1.5"/>'
    yield text(x + length / 2, y + 16, f"{km} km", size=13, anchor="middle")


def _panel(view: View) -> Iterator[str]:
    top = TOP + 20
    yield text(PANEL, top, view.measured, size=15, bold=True)
    for number, ((_, _, colour, label), share) in enumerate(zip(view.classes, view.shares, strict=True)):
        yield from _bar(top + 14 + 30 * number, label, share, colour)
    top += 210
    yield text(PANEL, top, "Residents' patients a year by site", size=15, bold=True)
    most = max((patients for _, patients in view.destinations), default=1) or 1
    for number, (site, patients) in enumerate(view.destinations):
        y, length = top + 14 + 30 * number, patients / most * 100
        yield text(PANEL, y + 16, site if len(site) < 19 else f"{site[:17].rstrip(' ,')}…")
        yield f'<rect x="{PANEL + 140}" y="{y}" width="{length:.1f}" height="22" fill="{QUIET}"/>'
        yield text(PANEL + 148 + length, y + 16, f"{whole(patients)}")
    top += 250
    yield text(PANEL, top, "Marks", size=15, bold=True)
    yield marker(PANEL + 16, top + 28, "A", INK, filled=True, size=11)
    yield text(PANEL + 42, top + 33, "provides the service")
    yield marker(PANEL + 16, top + 62, "B", INK, filled=False, size=11)
    yield text(PANEL + 42, top + 67, "could, and does not")
    yield square(PANEL + 16, top + 96)
    yield text(PANEL + 42, top + 101, "hospital outside the system")
    yield f'<path d="M{PANEL + 2},{top + 128}h28" stroke="{INK}" stroke-width="2"/>'
    yield text(PANEL + 42, top + 133, "beyond it people go elsewhere")


def _bar(y: float, label: str, share: int, colour: str) -> Iterator[str]:
    frame = f'stroke="{QUIET}" stroke-width=".6"'
    yield f'<rect x="{PANEL}" y="{y}" width="30" height="22" fill="{colour}" {frame}/>'
    yield text(PANEL + 40, y + 16, label)
    yield f'<rect x="{PANEL + 140}" y="{y}" width="{share * 1.2:.1f}" height="22" fill="{colour}" {frame}/>'
    yield text(PANEL + 148 + share * 1.2, y + 16, f"{share}%")


# -- the curve --------------------------------------------------------------------------------------


def _curve(service: str, runs: Sequence[Run]) -> Figure:
    views = [View(run, service) for run in runs]
    first = views[0]
    each = (f"{percent(view.share_within(-1, first.standard))} at {view.where}" for view in views)
    within = ", ".join(list(dict.fromkeys(each))[:3])
    title = f"{first.name}: patients within {first.standard:g} minutes, {within}"
    says = "Share of resident patients whose journey takes at most so many minutes by road."
    alt = "; ".join(
        f"{view.where}: " + ", ".join(f"{percent(view.share_within(-1, band))} within {band} minutes" for band in BANDS)
        for view in views
    )
    longest = max(*BANDS, *(float(np.nanmax(view.journeys["minutes"].fillna(0), initial=0)) for view in views))
    end = int(np.ceil(longest / 10) * 10)
    body = [*_axes(end, first.standard)]
    for number, view in enumerate(views):
        body += _line(view, end, number)
    return figure(
        f"curve_{service}", title, says, f"Curve. {alt}.", body, TOP + CURVE_HEIGHT + 60, _sources(first.run, service)
    )


def _axes(end: int, standard: float) -> Iterator[str]:
    bottom = TOP + CURVE_HEIGHT
    for share in range(0, 101, 20):
        y = bottom - share / 100 * CURVE_HEIGHT
        yield f'<path d="M{CURVE_LEFT},{y:.1f}H{CURVE_RIGHT}" stroke="{FAINT}" stroke-width="1"/>'
        yield text(CURVE_LEFT - 10, y + 5, f"{share}%", anchor="end", colour=QUIET)
    for minutes in range(0, end + 1, 10):
        yield text(_x(minutes, end), bottom + 22, str(minutes), anchor="middle", colour=QUIET)
    for mark in sorted({*map(float, BANDS), standard}):
        if mark <= end:
            dashes = "" if mark == standard else ' stroke-dasharray="2 4"'
            x = _x(mark, end)
            yield f'<path d="M{x:.1f},{TOP}V{bottom}" stroke="{QUIET}" stroke-width="1"{dashes}/>'
    yield text((CURVE_LEFT + CURVE_RIGHT) / 2, bottom + 46, "minutes by road", anchor="middle", colour=QUIET)


def _line(view: View, end: int, number: int) -> list[str]:
    patients = view.journeys.groupby("minutes")["patients_per_year"].sum().sort_index()
    total, points = view.patients or 1.0, [(_x(0, end), float(TOP + CURVE_HEIGHT))]
    for minutes, reached in zip(patients.index, patients.cumsum(), strict=True):
        x, y = _x(float(minutes), end), TOP + CURVE_HEIGHT * (1 - reached / total)
        points += [(x, points[-1][1]), (x, y)]
    points.append((_x(end, end), points[-1][1]))
    colour, dashes = _colour(number), LINE_STYLES[number % len(LINE_STYLES)]
    style = f' stroke-dasharray="{dashes}"' if dashes else ""
    name = view.where if len(view.where) < 22 else view.run.key
    return [
        f'<path d="{steps_path(points)}" fill="none" stroke="{colour}" stroke-width="2.5"{style}/>',
        f'<rect x="{CURVE_RIGHT + 8}" y="{TOP + 4 + 24 * number}" width="18" height="5" fill="{colour}"/>',
        text(CURVE_RIGHT + 32, TOP + 12 + 24 * number, name, size=13),
    ]


def _x(minutes: float, end: int) -> float:
    return CURVE_LEFT + minutes / end * (CURVE_RIGHT - CURVE_LEFT)


def _sources(run: Run, service: str, *, with_map: bool = False) -> str:
    """Return the sources of what a figure of a service shows, with their licences, as the place states them."""
    of, sources = run.inputs.get("columns"), run.inputs.get("sources")
    shown = [
        ("journeys", "minutes"),
        ("demand", "patients_per_year"),
        *([("boundaries", "geometry"), ("towns", "town")] if with_map else []),
    ]
    activity = run.problem.services[service].activity
    named = []
    if of is not None and sources is not None:
        of = of.assign(rows=of["note"].str.extract(r"^Rows of ([a-z_]+)", expand=False) if "note" in of else None)
        concerns = of["rows"].isna() | (of["rows"] == activity)
        named = [
            source
            for table, column in shown
            for source in of["source"][(of["table"] == table) & (of["column"] == column) & concerns]
        ]
    if not named or sources is None:
        return f"Source: the tables of this run ({run.key}), which name no source."
    rows = sources.set_index("source").reindex(pd.Index(dict.fromkeys(named))).fillna("")
    cited = [
        f"{row['title']}, {row.get('publisher', '')} ({row.get('licence', '') or 'no licence stated'})"
        for _, row in rows.iterrows()
    ]
    return f"Sources: {'; '.join(cited)}. {run.key}."
