"""Every table and every column, declared once in two tables beside this: type, unit, range and meaning.

Validation (``frame_schema``) and the data dictionary page (``data_dictionary``) are both made from
``schema_tables.csv``, one row a table, and ``schema_columns.csv``, one row a column. The most that a cell may say is
far above what there is, and small enough for every sum to stay exact.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["code", "text", "choice", "whole", "number", "boolean"]

CODE_PATTERN = r"^[A-Za-z][A-Za-z0-9_]*$"

# An English financial year, from April to March.
_FINANCIAL_YEAR = re.compile(r"(?:FY *)?(\d{4}) ?[-/\u2013] ?(\d{2}|\d{4})", re.ASCII | re.IGNORECASE)

KIND_IN_WORDS: dict[Kind, str] = {
    "code": "code",
    "text": "text",
    "choice": "one of a few words",
    "whole": "whole number",
    "number": "number",
    "boolean": "true or false",
}


def financial_year(text: str) -> int | None:
    """Return the year in which a financial year such as 2024/25 begins; None for any other text."""
    found = _FINANCIAL_YEAR.fullmatch(text.strip())
    if found is None:
        return None
    begins, ends = int(found[1]), found[2]
    return begins if ends == str(begins + 1)[-len(ends) :] else None


@dataclass(frozen=True)
class Column:
    """One column. Where ``required`` is False the column may be left out and its cells may be blank.

    Where ``of_residents`` is True too, its cells may be blank for areas outside alone, if the column is there.
    ``decimals`` is how many decimal places its numbers may have; any number of them if that is None.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    decimals: int | None = None
    of_residents: bool = False

    @property
    def numeric(self) -> bool:
        """Whether the cells are numbers."""
        return self.kind in ("whole", "number")


@dataclass(frozen=True)
class Table:
    """One CSV file. No two rows may have the same ``key``."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = True

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in the order in which they are declared."""
        return tuple(column.name for column in self.columns)

    @property
    def required_names(self) -> tuple[str, ...]:
        """Names of the columns that every file of this table must have."""
        return tuple(column.name for column in self.columns if column.required)

    def __getitem__(self, name: str) -> Column:
        """Return the column of this name; KeyError if there is none."""
        found = {column.name: column for column in self.columns}
        if name not in found:
            raise KeyError(f"{self.name} has no column {name}")
        return found[name]


def _declared(what: str) -> list[dict[str, str]]:
    text = Path(__file__).with_name(f"schema_{what}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _column(row: Mapping[str, str]) -> Column:
    least, most, decimals = (int(row[name]) if row[name] else None for name in ("minimum", "maximum", "decimals"))
    required, choices, of = row["required"] == "yes", tuple(row["choices"].split()), row["required"] == "of residents"
    kind = cast("Kind", row["kind"])
    return Column(row["column"], kind, row["unit"], row["meaning"], required, least, most, choices, decimals, of)


def _tables(of: str) -> tuple[Table, ...]:
    columns: dict[str, list[Column]] = {}
    for row in _declared("columns"):
        if row["of"] == of:
            columns.setdefault(row["table"], []).append(_column(row))
    return tuple(
        Table(
            row["table"],
            row["meaning"],
            tuple(row["key"].split()),
            tuple(columns[row["table"]]),
            row["required"] == "yes",
        )
        for row in _declared("tables")
        if row["of"] == of
    )


PLACE_TABLES, RUN_TABLES = _tables("place"), _tables("run")
# The table in which the rows of another stand by mode.
BY_MODE = {"journeys": "journeys_by_mode", "transfers": "transfers_by_mode"}


def place_table(name: str) -> Table:
    """Return the declaration of one of a place's tables; KeyError if there is none of that name."""
    return next(table for table in PLACE_TABLES if table.name == name)


def _follows(pattern: str) -> Any:
    follows = re.compile(pattern).fullmatch

    def each_distinct_text_once(texts: pd.Series[Any]) -> pd.Series[Any]:
        return texts.isin([text for text in texts.unique().tolist() if follows(str(text))])

    return each_distinct_text_once


def _plain(number: float) -> str:
    return f"{int(number):,}" if number == int(number) and abs(number) >= 10_000 else f"{number:g}"


def _tests(column: Column) -> Iterator[tuple[Any, str]]:
    """Yield each test of a column's cells with what to say of a cell that fails it."""
    if column.kind == "code":
        yield (
            _follows(CODE_PATTERN),
            "is not a code. Use letters, digits and _ only, and start with a letter.",
        )
    if column.choices:
        words = " or ".join(column.choices)
        yield lambda cells: cells.isin(column.choices), f"is not allowed here. Write {words}."
    if column.kind == "whole":
        yield lambda cells: cells == cells.round(), "is not a whole number. Write a whole number."
    if column.minimum is not None:
        low = _plain(column.minimum)
        yield lambda cells: cells >= column.minimum, f"is below {low}, the least that it can be. Correct it."
    if column.maximum is not None:
        high = _plain(column.maximum)
        yield lambda cells: cells <= column.maximum, f"is above {high}, the most that it can be. Correct it."
    if column.decimals is not None:
        words = f"has more than {column.decimals} decimal places, the most that are counted. Round it."
        yield lambda cells: cells == _to_decimals(cells, 10**column.decimals), words


def _to_decimals(cells: pd.Series[Any], parts: int) -> pd.Series[Any]:
    """Return numbers rounded to whole parts. Dividing gives the very float that reading such decimals gives."""
    return (cells * parts).round() / parts


def keeps(table: Table, frame: pd.DataFrame) -> bool:
    """Whether every cell of a frame is as declared, as ``frame_schema`` asks; without pandera, slow to load."""
    if set(frame) - set(table.column_names) or set(table.required_names) - set(frame):
        return False
    for column in table.columns:
        if column.name not in frame:
            continue
        known = frame[column.name].dropna()
        if column.required and len(known) < len(frame):
            return False
        if not all(bool(test(known).all()) for test, _ in _tests(column)):
            return False
    return True


@cache
def frame_schema(table: Table) -> Any:
    """Return the pandera schema of one table's frame. Validate with ``lazy=True`` to list every fault."""
    import pandera.pandas as pa

    columns = {
        column.name: pa.Column(
            checks=[pa.Check(test, error=words) for test, words in _tests(column)],
            nullable=not column.required,
            required=column.required,
        )
        for column in table.columns
    }
    return pa.DataFrameSchema(columns, unique=list(table.key), strict=True, name=table.name)


def data_dictionary() -> str:
    """Return the data dictionary: a Markdown page of every table and column."""
    parts = [
        "# Data dictionary",
        "Made from `optimiser/inputs/schema.py`; do not edit by hand.",
        "Every table is a CSV file: UTF-8, a header row, commas between cells, a point in decimals, one fact "
        "a cell. A code has letters, digits and `_` only, and starts with a letter.",
        "## Tables of a place",
        "They live in the place's folder, such as `data/<place>/`. `boundaries.geojson` may lie beside them: one "
        "feature an area, with the property `area`, in degrees of longitude and latitude (EPSG:4326); or "
        "`boundaries.gpkg`, a GeoPackage of the same. "
        "Files in any other form come in by [`optimiser import`](import.md), which keeps "
        "`imported.csv`, a record of what it did; what does no harm is taken for what it means, and said.",
        *(_table_in_words(table, optional=not table.required) for table in PLACE_TABLES),
        "## Tables of a run",
        "They live in the run folder that a command writes.",
        *(_table_in_words(table, optional=not table.required) for table in RUN_TABLES),
    ]
    return "\n\n".join(parts) + "\n"


def _table_in_words(table: Table, *, optional: bool = False) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    may = " May be left out." if optional else ""
    head = f"### {table.name}.csv\n\n{table.meaning}{may} No two rows share {key}."
    rows = "\n".join(
        f"| `{c.name}` | {KIND_IN_WORDS[c.kind]} | {c.unit} | {_range_in_words(c)} "
        f"| {'if there, of residents' if c.of_residents else 'yes' if c.required else 'no'} | {c.meaning} |"
        for c in table.columns
    )
    return f"{head}\n\n| column | kind | unit | range | required | meaning |\n|---|---|---|---|---|---|\n{rows}"


def _range_in_words(column: Column) -> str:
    if column.choices:
        return ", ".join(column.choices)
    low = "" if column.minimum is None else f"{_plain(column.minimum)} or more"
    places = "" if column.decimals is None else f", {column.decimals} decimal places are counted"
    if column.maximum is None:
        return f"{low}{places}"
    return f"{_plain(column.minimum or 0)} to {_plain(column.maximum)}{places}"
