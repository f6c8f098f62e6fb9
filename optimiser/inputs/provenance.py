"""What a place says of where its tables come from, and what of that can hardly be."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from optimiser.errors import did_you_mean, quoted, shown
from optimiser.inputs.schema import PLACE_TABLES, place_table
from optimiser.inputs.starter import starter_files
from optimiser.inputs.tables import Place, boundary_file
from optimiser.problem.words import listed

BOUNDARIES = "boundaries"
TAKE_OUT = "Take the row out."


def notes(place: Place, folder: Path) -> list[str]:
    """Return rows of columns.csv about no column, and sources of the template's that other tables are credited to."""
    told = place.columns.reindex(columns=["table", "column", "source"])
    sources = place.sources.reindex(columns=["source", "title"])
    return [*_of_no_column(told, folder), *_of_the_template(told, sources, folder)]


def _of_no_column(told: pd.DataFrame, folder: Path) -> Iterator[str]:
    tables = [*(table.name for table in PLACE_TABLES), BOUNDARIES]
    file = shown(folder / "columns.csv")
    for table, rows in told.groupby(told["table"].map(str), sort=False):
        spots = [int(str(index)) + 2 for index in rows.index]
        there = _columns_of(folder, str(table))
        if table not in tables:
            words = f"there is no table {quoted(table)}. {_remedy(str(table), tables)}"
            yield from (f"{file}, row {spot}: {words}" for spot in spots)
        elif there is None:
            where, remedy = (
                (f"rows {listed(map(str, spots))}", "these") if len(spots) > 1 else (f"row {spots[0]}", "it")
            )
            yield f"{file}, {where}: the place has no {_file(str(table))}. Take {remedy} out."
        elif table != BOUNDARIES:
            for spot, column in zip(spots, map(str, rows["column"]), strict=True):
                if column not in there:
                    # A column that a place may have is no slip of the pen.
                    is_known = column in place_table(str(table)).column_names
                    remedy = TAKE_OUT if is_known else _remedy(column, there)
                    yield f"{file}, row {spot}: {table}.csv has no column {quoted(column)}. {remedy}"


def _remedy(name: str, known: list[str]) -> str:
    return did_you_mean(name, known, list_at_most=0) or TAKE_OUT


def _columns_of(folder: Path, table: str) -> list[str] | None:
    """Return the columns that a table's file has, those that nothing reads too; None where there is no such file."""
    if table == BOUNDARIES:
        return None if boundary_file(folder) is None else []
    path = folder / f"{table}.csv"
    if not path.is_file():
        return None
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [name.strip() for name in next(csv.reader(file), [])]


def _of_the_template(told: pd.DataFrame, sources: pd.DataFrame, folder: Path) -> Iterator[str]:
    template = starter_files("template")
    rows = csv.DictReader(template["place/sources.csv"].decode().splitlines())
    theirs = {row["source"]: row["title"] for row in rows}
    for index, source, title in zip(sources.index, sources["source"], sources["title"], strict=True):
        credited = dict.fromkeys(told["table"][told["source"] == source])
        changed = [str(name) for name in credited if _is_other(folder, str(name), template)]
        if theirs.get(str(source)) == title and changed:
            where, files = f"{shown(folder / 'sources.csv')}, row {int(str(index)) + 2}", listed(map(_file, changed))
            words = f"{source} is still the template's source, and columns.csv credits it with {files}, which"
            verb = "is" if len(changed) == 1 else "are"
            yield f"{where}: {words} {verb} not the template's. Say where that comes from."


def _file(table: str) -> str:
    return f"{table}.{'geojson' if table == BOUNDARIES else 'csv'}"


def _is_other(folder: Path, table: str, template: dict[str, bytes]) -> bool:
    path = folder / _file(table)
    return path.is_file() and path.read_bytes().replace(b"\r\n", b"\n") != template.get(f"place/{_file(table)}")
