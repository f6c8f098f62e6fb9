"""The choices of sites for the service that comes first as a figure: a row each, with bars and what stops it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from optimiser.plan.finished import Run
from optimiser.plan.proof import PROVED
from optimiser.problem.words import listed
from optimiser.report import words
from optimiser.report.export.drawing import FAINT, INK, LEFT, QUIET, WIDTH, Figure, figure, text
from optimiser.report.page.placements import LONGEST, Bar, Placement, heads, placements

TOP, HEAD, ROW, LINE = 122, 66, 12, 16
NAME_LETTERS, HEAD_LETTERS, VERDICT_LETTERS = 40, 13, 20
FIRST_COLUMN, VERDICT = 320, 800
BAR, BEST, LACKS = "#9fb6ca", "#eaf1f8", "#a3161f"


def of_ways(runs: Sequence[Run], sources: str) -> Iterator[Figure]:
    """Yield the choices of sites for the service that comes first in the first run; nothing where nobody is counted."""
    problem = runs[0].problem
    service = words.main_service(problem)
    if service is None:
        return
    answer = "the answer" if runs[0].plan.proof.outcome == PROVED else "this run"
    named = [replace(run, name=name) for run, name in zip(runs, words.as_people_say(runs), strict=True)]
    title, rows = placements(named, service, answer)
    columns = heads(problem, service)
    body = [*_heads(columns)]
    y = TOP + HEAD
    for row in rows:
        drawn, tall = _row(row, y, len(columns), is_answer=row.way.sites == runs[0].plan.sites_of(service))
        body += drawn
        y += tall
    name = problem.services[service].name
    stay = " Every other service is where the first run has it." if len(problem.services) > 1 else ""
    says = f"Minutes and shares are residents', by this model.{stay}"
    alt = f"Table. {'; '.join(_in_words(row, columns) for row in rows)}."
    yield figure(f"options_{service}", f"{name}: {title}", says, alt, body, y + 8, sources)


def _x(number: int, columns: int) -> float:
    """Return where the numbers of a column end; the first is the name's, the last the verdict's."""
    return FIRST_COLUMN + (VERDICT - FIRST_COLUMN - 24) * number / (columns - 2)


def _heads(columns: Sequence[str]) -> Iterator[str]:
    for number, head in enumerate(columns):
        lines = textwrap.wrap(head, HEAD_LETTERS)
        last = number == len(columns) - 1
        x = VERDICT if last else LEFT + 6 if number == 0 else _x(number, len(columns))
        for n, one in enumerate(lines or ["verdict"]):
            y = TOP + HEAD - 10 - 14 * (len(lines or [""]) - 1 - n)
            yield text(x, y, one, size=12, bold=True, colour=QUIET, anchor="" if last or number == 0 else "end")


def _row(row: Placement, top: int, columns: int, *, is_answer: bool) -> tuple[list[str], int]:
    """Return a row, and how tall it is."""
    called = f" ({listed(row.way.called)})" if row.way.called else ""
    name, verdict = textwrap.wrap(row.name + called, NAME_LETTERS), textwrap.wrap(row.verdict, VERDICT_LETTERS)
    tall = ROW + LINE * max(len(name), len(verdict))
    middle, colour = top + tall / 2 + 5, INK if row.lawful else QUIET
    fill = BEST if is_answer else "none"
    drawn = [f'<rect x="{LEFT}" y="{top:.1f}" width="{WIDTH - 2 * LEFT}" height="{tall}" fill="{fill}"/>']
    drawn += [f'<path d="M{LEFT},{top + tall:.1f}H{WIDTH - LEFT}" stroke="{FAINT}"/>']
    for x, lines in ((LEFT + 6, name), (VERDICT, verdict)):
        first = middle - LINE / 2 * (len(lines) - 1)
        drawn += [
            text(x, first + LINE * n, one, size=13, bold=row.lawful, colour=colour) for n, one in enumerate(lines)
        ]
    for number, cell in enumerate(row.cells, start=1):
        drawn += _cell(cell, _x(number, columns), middle, bold=row.lawful, colour=colour)
    return drawn, tall


def _cell(cell: Bar, x: float, y: float, *, bold: bool, colour: str) -> Iterator[str]:
    if cell.number is not None:
        place = f'x="{x - 44 - LONGEST / 2:.1f}" y="{y - 10:.1f}"'
        yield f'<rect {place} width="{cell.length / 2:.1f}" height="10" fill="{BAR}"/>'
    yield text(x, y, cell.text, size=13, bold=bold or cell.bad, colour=LACKS if cell.bad else colour, anchor="end")


def _in_words(row: Placement, columns: Sequence[str]) -> str:
    each = (f"{cell.text} {head}" for cell, head in zip(row.cells, columns[1:], strict=False))
    return f"{row.name}: {', '.join(each)}, {row.verdict}"
