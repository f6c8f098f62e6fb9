"""The workbook: a cover, contents, notes, the recalculation, and one sheet a table. No macro, no link, no live text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import pandas as pd

from optimiser.errors import TooLarge, needed
from optimiser.explanation.broken import how_many
from optimiser.plan.finished import Run
from optimiser.plan.proof import PROVED
from optimiser.problem.words import of_ages, of_changes, of_incomers
from optimiser.report.counted import counted_today, in_words
from optimiser.report.export.contents import YES_OR_NO, Tidy, plain
from optimiser.report.export.in_short import DRAWN, sides
from optimiser.report.export.recalculation import DECIMALS, Line, Place, lines
from optimiser.report.how_sure import level
from optimiser.report.summary import beside, option
from optimiser.report.words import as_people_say, by_how_much

HEADER_ROW = 4  # numbered from 1: a title, what the table says, an empty row, the header
MOST_ROWS = 1_048_576
MOST_LETTERS = 32_767

# What is printed is as wide as a page of A4 on its side; 9 is A4 to a spreadsheet.
A4 = 9
COVER, SUMMARY, CONTENTS, NOTES, RECALCULATION = "Cover", "Summary", "Contents", "Notes", "Recalculation"

NOTES_IN_WORDS = (
    "This is a draft, not a decision. It answers the question on the cover under the rules in the sheet Rules, and "
    "nothing else.",
    "Numbers are exact as the run folder has them. An empty cell means that the figure is not known or does not apply; "
    "inf means that somebody reaches no site.",
    "Codes stand for services, sites, teams and areas. Their names are in the sheets Services, Sites and Areas.",
    "Minutes, shares and longest journeys are those of residents. Areas outside the system count in a site's patients "
    "only.",
    "Where the sheet Journeys says how patients go, an area has several rows. Those who leave go to the same neighbour "
    "whatever is designated: they count in means, sums, shares and the time within which half arrive, but not in the "
    "longest journey (worst_minutes) nor in the time within which 95% arrive (p95_minutes), which are of those who "
    "stay. The sheet Leavers says where they go, and which share of their area they are.",
    "Where the sheet Today counted is there, it sets what was counted at today's sites beside what this model says of "
    "them. Every other number of today is the model's.",
    "The sheet Recalculation works the headline numbers out again with formulas of its own. Excel recalculates when "
    "the file is opened for editing; in LibreOffice press Ctrl+Shift+F9.",
    "The run was checked by a program that shares no code with the one that found the answer, before this was written.",
    "Sources and licences of the figures are in the sheet Sources, where the place states them. Figures whose source "
    "was not read are marked not verified.",
)


def workbook_bytes(runs: Sequence[Run], tables: Sequence[Tidy]) -> bytes:
    """Return the workbook of some runs. The same runs give the same bytes.

    Raises
    ------
    MissingPackage
        When XlsxWriter is not installed.
    TooLarge
        When a table has more rows than a sheet may have.
    """
    xlsxwriter = needed("xlsxwriter", "export")
    for one in tables:
        if HEADER_ROW + len(one.frame) > MOST_ROWS:
            raise TooLarge(
                f"The table {one.name} has {len(one.frame):,} rows; a sheet may have {MOST_ROWS:,}. Export fewer runs "
                "at a time, or use the CSV files: --without-workbook."
            )
    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        _write(_Book(book, _formats(book)), runs, tables)
    return target.getvalue()


@dataclass(frozen=True)
class _Book:
    book: Any
    formats: dict[str, Any]

    def sheet(self, name: str, title: str, says: str) -> Any:
        """Return a new sheet with its title and what it says."""
        sheet = self.book.add_worksheet(name)
        self.text(sheet, 0, 0, title, "title")
        self.text(sheet, 1, 0, says)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&LDraft: not a decision&R&A, page &P of &N")
        return sheet

    def text(self, sheet: Any, row: int, column: int, words: str, style: str = "plain") -> None:
        """Write text as text, whatever it looks like."""
        cut = words if len(words) <= MOST_LETTERS else f"{words[: MOST_LETTERS - 1]}…"
        sheet.write_string(row, column, cut, self.formats[style])


def _formats(book: Any) -> dict[str, Any]:
    return {
        "plain": book.add_format({"valign": "top"}),
        "wrapped": book.add_format({"text_wrap": True, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 15}),
        "header": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
        "whole": book.add_format({"num_format": "#,##0", "valign": "top"}),
        "number": book.add_format({"num_format": "#,##0.00", "valign": "top"}),
        "difference": book.add_format({"num_format": "0.000000", "valign": "top"}),
    }


def _write(book: _Book, runs: Sequence[Run], tables: Sequence[Tidy]) -> None:
    first = runs[0]
    made = datetime.fromisoformat(first.date)
    book.book.set_properties({"title": "Results", "subject": plain(first.problem.title)[:255], "created": made})
    found = list(lines({one.name: Place(one, one.title, HEADER_ROW + 1) for one in tables}))
    _cover(book, runs)
    _summary(book, runs)
    _contents(book, tables)
    _notes(book, runs)
    _recalculation(book, found)
    for one in tables:
        _table(book, one)


def _cover(book: _Book, runs: Sequence[Run]) -> None:
    sheet = book.sheet(COVER, "Which hospital should provide which service", "Draft: not a decision.")
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 110)
    row = 3
    for run in runs:
        for name, words in _about(run):
            book.text(sheet, row, 0, name, "header")
            book.text(sheet, row, 1, words, "wrapped")
            row += 1
        row += 1


def _about(run: Run) -> Iterator[tuple[str, str]]:
    designations, problem = run.tables["designations"], run.problem
    yield "Question", plain(problem.title)
    if run.plan.option is not None:
        yield from (("Option", plain(said)) for said in option(run.plan))
    yield "Run", f"{run.key}, made {run.date}"
    yield "Outcome", plain(run.record["outcome"])
    if ages := of_ages(problem):
        yield "Ages", plain(" ".join(ages))
    if changes := of_changes(problem):
        yield "Changed", plain(" ".join(changes))
    if incomers := of_incomers(problem):
        yield "Areas outside", plain(" ".join(incomers))
    yield "Checked", "Every number was recomputed independently from the inputs; no disagreement."
    yield from (("Proved", plain(said)) for said in by_how_much(run.plan) if run.plan.proof.outcome == PROVED)
    yield from (("Level", plain(said)) for said in level(run.plan))
    yield from (("Today, counted", plain(in_words(run.plan, one))) for one in counted_today(run.plan))
    yield "Rules broken", how_many(run.plan) if len(run.plan.broken) else "none"
    for code, service in problem.services.items():
        there = designations["site"][(designations["service"] == code) & (designations["designated"] == "true")]
        names = ", ".join(problem.sites[site].name for site in there) or "no site"
        yield plain(service.name), plain(names)
    yield "Made with", f"optimiser {run.version}"


def _summary(book: _Book, runs: Sequence[Run]) -> None:
    """Write measures down and runs across, in words, with bars of what is asked first."""
    sheet = book.sheet(
        SUMMARY, "The runs side by side", "What is looked at first. Every number is in the other sheets."
    )
    names = as_people_say(runs)
    for column, width in enumerate((42, 34, *(18 for _ in runs))):
        sheet.set_column(column, column, width)
    _header(book, sheet, ("measure", "service", *map(plain, names)))
    rows = sides(runs)
    for number, one in enumerate(rows):
        row = HEADER_ROW + number
        book.text(sheet, row, 0, plain(one.words))
        book.text(sheet, row, 1, plain(one.service))
        whole = all(isinstance(cell, str) or cell % 1 == 0 for cell in one.cells)
        for column, cell in enumerate(one.cells, start=2):
            if isinstance(cell, str):
                book.text(sheet, row, column, plain(cell), "wrapped")
            else:
                sheet.write_number(row, column, cell, book.formats["whole" if whole else "number"])
    for number, (measure, axis) in enumerate(DRAWN.items()):
        at = [HEADER_ROW + n for n, one in enumerate(rows) if one.measure == measure]
        if at:
            chart = _bars(book, names, axis, at[0], at[-1])
            sheet.insert_chart(HEADER_ROW - 1 + 22 * number, 3 + len(runs), chart)


def _bars(book: _Book, names: Sequence[str], axis: str, first: int, last: int) -> Any:
    """Return a native chart of some rows of the summary: services down, a bar for every run."""
    chart = book.book.add_chart({"type": "bar"})
    for number in range(2, 2 + len(names)):
        chart.add_series(
            {
                "name": [SUMMARY, HEADER_ROW - 1, number],
                "categories": [SUMMARY, first, 1, last, 1],
                "values": [SUMMARY, first, number, last, number],
            }
        )
    chart.set_title({"name": axis, "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True})
    chart.set_legend({"position": "bottom"} if len(names) > 1 else {"none": True})
    chart.set_size({"width": 620, "height": 400})
    return chart


def _contents(book: _Book, tables: Sequence[Tidy]) -> None:
    sheet = book.sheet(CONTENTS, "Contents", "Every sheet, and what it holds.")
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 110)
    rows = [
        (SUMMARY, "The runs side by side in words, with bars of what is looked at first."),
        (NOTES, "How to read the numbers, and what to read with the answer."),
        (RECALCULATION, "Headline numbers worked out again by formulas."),
        *((one.title, one.table.meaning) for one in tables),
    ]
    _header(book, sheet, ("sheet", "what it holds"))
    for number, (name, says) in enumerate(rows):
        book.text(sheet, HEADER_ROW + number, 0, name)
        book.text(sheet, HEADER_ROW + number, 1, says, "wrapped")


def _notes(book: _Book, runs: Sequence[Run]) -> None:
    sheet = book.sheet(NOTES, "Notes", "How to read the numbers, and what to read with the answer.")
    sheet.set_column(0, 0, 110)
    _header(book, sheet, ("note",))
    for number, (words, style) in enumerate([*((one, "wrapped") for one in NOTES_IN_WORDS), *_beside(runs)]):
        book.text(sheet, HEADER_ROW + number, 0, words, style)


def _beside(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """Yield headings and lines of what should be read with each answer, and how each is written."""
    for run in runs:
        of = f" ({run.key})" if len(runs) > 1 else ""
        for heading, said in beside(run).items():
            yield f"{heading}{of}", "header"
            yield from ((plain(line), "wrapped") for line in said)


def _recalculation(book: _Book, found: Sequence[Line]) -> None:
    says = (
        "Worked out again by the formulas of this sheet, from the sheets of data. "
        f"Differences to {DECIMALS} decimal places; every one should be 0."
    )
    sheet = book.sheet(RECALCULATION, RECALCULATION, says)
    columns = ("run", "service", "measure", "group", "unit", "published", "worked out again", "difference")
    for number, width in enumerate((14, 24, 26, 34, 26, 18, 18, 14)):
        sheet.set_column(number, number, width)
    _header(book, sheet, columns)
    for number, line in enumerate(found):
        row = HEADER_ROW + number
        for column, words in enumerate((line.run, line.service, line.measure, line.group, line.unit)):
            book.text(sheet, row, column, words)
        number_format, difference = book.formats["number"], book.formats["difference"]
        sheet.write_formula(row, 5, f"={line.published}", number_format, line.published_value)
        sheet.write_formula(row, 6, f"={line.formula}", number_format, line.value)
        sheet.write_formula(row, 7, f"=ROUND(G{row + 1}-F{row + 1},{DECIMALS})", difference, line.difference)
    last = HEADER_ROW + max(len(found), 1)
    total = sum(abs(line.difference) for line in found)
    book.text(sheet, 2, 0, "All differences together", "header")
    sheet.write_formula(2, 7, f"=SUMPRODUCT(ABS(H{HEADER_ROW + 1}:H{last}))", book.formats["difference"], total)


def _table(book: _Book, one: Tidy) -> None:
    sheet = book.sheet(one.title, one.title, one.table.meaning)
    _header(book, sheet, one.table.column_names)
    for number, column in enumerate(one.table.columns):
        cells = one.frame[column.name]
        if column.numeric:
            _numbers(book, sheet, number, cells)
        else:
            for row, text in enumerate(cells):
                if text:
                    words = YES_OR_NO.get(text.lower(), text) if column.kind == "boolean" else text
                    book.text(sheet, HEADER_ROW + row, number, words)
        longest = max((len(str(cell)) for cell in cells.head(200)), default=0)
        sheet.set_column(number, number, min(60, max(10, len(column.name) + 2, longest + 1)))
    if len(one.frame):
        heads = [{"header": name, "header_format": book.formats["header"]} for name in one.table.column_names]
        options = {"name": f"table_{one.name}", "style": "Table Style Light 1", "columns": heads}
        sheet.add_table(HEADER_ROW - 1, 0, HEADER_ROW - 1 + len(one.frame), len(heads) - 1, options)


def _numbers(book: _Book, sheet: Any, column: int, cells: pd.Series[float]) -> None:
    finite = cells[cells.abs() < float("inf")]
    style = book.formats["whole" if (finite % 1 == 0).all() else "number"]
    for row, value in enumerate(cells.tolist()):
        if value != value:
            continue
        if abs(value) == float("inf"):
            book.text(sheet, HEADER_ROW + row, column, "inf")
        else:
            sheet.write_number(HEADER_ROW + row, column, value, style)


def _header(book: _Book, sheet: Any, names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        book.text(sheet, HEADER_ROW - 1, number, name, "header")
    sheet.freeze_panes(HEADER_ROW, 0)
    sheet.repeat_rows(HEADER_ROW - 1)
