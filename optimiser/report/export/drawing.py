"""Lines, shapes and words of a figure as SVG: no script, no font of its own, nothing fetched."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import shapely

from optimiser.report.export.contents import plain

INK, QUIET, FAINT, PAPER = "#1d2730", "#4c5a66", "#c9d1d7", "#ffffff"
SITE_COLOURS = ("#12436D", "#F46A25", "#A285D1")
DRAFT = "Draft: not a decision."
DARK = (INK, SITE_COLOURS[0])
# Minutes in five steps of one hue, darkest longest.
FIVE_STEPS = ("#d6ece8", "#a6d2cb", "#63aaa3", "#2b7c78", "#0a4645")
WATER, LAND, ROAD = "#d3e5f1", "#f1efe8", "#6d4c1d"
WIDTH, LEFT = 960, 24
LINE, SMALL_LINE = 20, 16


@dataclass(frozen=True)
class Figure:
    """A picture with the words that stand for it where it cannot be seen."""

    name: str
    title: str
    alt: str
    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


def figure(name: str, title: str, says: str, alt: str, body: Iterable[str], height: int, sources: str) -> Figure:
    """Return a figure: its finding as the title, what is measured below it, the drawing, and its sources."""
    title, says, alt = plain(title), plain(says), plain(alt)
    foot = wrapped(LEFT, height + 14, f"{DRAFT} {plain(sources)}", letters=138, size=12, line=SMALL_LINE)
    tall = height + 14 + SMALL_LINE * len(foot)
    heading = wrapped(LEFT, 38, title, letters=66, size=22, line=26, bold=True)[:2]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}" width="{WIDTH}" height="{tall}" '
        f'role="img" aria-labelledby="{name}-title {name}-desc" font-family="Arial, Helvetica, sans-serif">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(alt)}</desc>',
        f'<rect width="{WIDTH}" height="{tall}" fill="{PAPER}"/>',
        *heading,
        *wrapped(LEFT, 42 + 26 * len(heading), says, letters=125, size=15, line=LINE)[:1],
        *body,
        *foot,
        "</svg>",
    ]
    return Figure(name, title, alt, "\n".join(parts) + "\n")


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 14,
    colour: str = INK,
    bold: bool = False,
    anchor: str = "",
    halo: bool = False,
) -> str:
    """Return words at a place; a halo keeps them readable on a map."""
    style = ' font-weight="bold"' if bold else ""
    style += f' text-anchor="{anchor}"' if anchor else ""
    style += f' stroke="{PAPER}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    shown = escape(plain(words))
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{style}>{shown}</text>'


def wrapped(x: float, y: float, words: str, *, letters: int, size: float, line: int, bold: bool = False) -> list[str]:
    """Return words broken into lines of so many letters."""
    colour = INK if bold else QUIET
    lines = textwrap.wrap(words, letters)
    return [text(x, y + line * n, one, size=size, colour=colour, bold=bold) for n, one in enumerate(lines)]


def marker(x: float, y: float, letter: str, colour: str, *, filled: bool, size: float = 15) -> str:
    """Return the mark of a site: a disc with its letter, filled where it provides the service."""
    fill, ink = (colour if filled else PAPER), (PAPER if filled and colour in DARK else INK)
    ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size + 3:g}" fill="{PAPER}"/>'
    disc = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" fill="{fill}" stroke="{colour}" stroke-width="3.5"/>'
    return ring + disc + text(x, y + size * 0.4, letter, size=size * 1.15, bold=True, anchor="middle", colour=ink)


def square(x: float, y: float) -> str:
    """Return the mark of a hospital outside the system."""
    place = f'x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12"'
    return f'<rect {place} fill="{PAPER}" stroke="{INK}" stroke-width="2"/>'


def rings(shape: shapely.Geometry) -> Iterator[np.ndarray]:
    """Yield the rings of a shape in pixels, one after another."""
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type == "Polygon":
            yield from (shapely.get_coordinates(ring) for ring in (polygon.exterior, *polygon.interiors))


def path(found: Iterable[np.ndarray]) -> str:
    """Write rings as steps from corner to corner on whole tenths of a pixel."""
    return "".join(_ring(np.rint(ring * 10).astype(int)) for ring in found)


def steps_path(points: Sequence[tuple[float, float]]) -> str:
    """Write a line through points, on whole tenths of a pixel."""
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _ring(tenths: np.ndarray) -> str:
    steps = np.diff(tenths, axis=0)
    moved = steps[(steps != 0).any(axis=1)][:-1]
    start = f"M{tenths[0][0] / 10:g},{tenths[0][1] / 10:g}"
    return f"{start}l{' '.join(f'{x / 10:g},{y / 10:g}' for x, y in moved)}z" if len(moved) else ""
