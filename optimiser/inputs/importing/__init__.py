"""Bring a person's own table or outlines into a place, in our form, and say what was taken for what."""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from optimiser.errors import Fault, InputError, did_you_mean, shown
from optimiser.inputs.importing.codes import Known
from optimiser.inputs.importing.outlines import outlines_in
from optimiser.inputs.importing.pairs import demand_in, pairs_in
from optimiser.inputs.importing.reading import read_any
from optimiser.inputs.importing.rows import rows_in
from optimiser.inputs.importing.wishes import Wishes
from optimiser.inputs.schema import PLACE_TABLES, Table, place_table
from optimiser.inputs.tables import IMPORTED, boundary_file
from optimiser.inputs.tables.sheets import read_sheet
from optimiser.problem.words import listed

__all__ = ["BOUNDARIES", "Brought", "Wishes", "bring_in", "recorded"]

BOUNDARIES = "boundaries"
RECORD = ("table", "file", "sha256", "said")
_NOTHING_THERE = pd.DataFrame({"activity": []})


@dataclass(frozen=True)
class Brought:
    """What was brought in: the place's files to write, by name, and what was done to make them, a sentence each.

    ``adds`` where a table that is there keeps every row that it has, and only gets more.
    """

    files: dict[str, bytes]
    said: tuple[str, ...]
    rows: int
    adds: bool = False


def bring_in(table: str, file: str | Path, place: str | Path, wishes: Wishes | None = None) -> Brought:
    """Read a table or outlines in whatever form they are, and return what the place would have of them.

    Parameters
    ----------
    table
        The place's table that it becomes, such as ``journeys``, or ``boundaries``.
    file
        CSV, Excel, Parquet, OSRM's or Valhalla's JSON; for boundaries GeoJSON, GeoPackage or a shapefile.
    place
        The place's folder. Where it has areas and sites, their codes and names are looked up, and others left out.
    wishes
        What the file does not say itself.

    Raises
    ------
    InputError
        Where the file cannot be read, does not say enough, or would become a table with faults.
    """
    path, folder, wishes = Path(file), Path(place), wishes or Wishes()
    names = [*(one.name for one in PLACE_TABLES), BOUNDARIES]
    if table not in names:
        raise InputError(
            [Fault(table, f"there is no such table of a place. {did_you_mean(table, names, list_at_most=20)}")]
        )
    _refuse_the_folder_above(folder)
    known, there, again = Known.of(folder, wishes.lookup), _NOTHING_THERE, False
    has_more = False
    if table == BOUNDARIES:
        content, rows, said = outlines_in(path, known, wishes)
        name = "boundaries.geojson"
        beside = boundary_file(folder)
        if beside and beside.name != name:
            said.append(f"{beside.name} is not read any more: {name} is.")
    else:
        frame, said = _table_in(place_table(table), path, known, wishes)
        before, again = _with_more(place_table(table), folder, known, frame, said)
        frame, has_more = (frame, False) if before is None else (before, not again)
        _refuse_faults(place_table(table), _csv(frame), path)
        if table == "demand":
            there, again = _of_other_activities(folder, frame)
        if len(there):
            said.append(f"kept what was there of {listed(sorted(set(there['activity'])))}.")
            if not again:
                new = listed(sorted(set(frame["activity"])))
                said.append(f"{new}: not there before. A service counts them by activity: CODE in the question.")
        name, rows, content = f"{table}.csv", len(frame), _csv(pd.concat([there, frame]) if len(there) else frame)
    adds = has_more or (bool(len(there)) and not again)
    record = recorded(folder, [table], path, said, adds=adds)
    return Brought({name: content, IMPORTED: record}, tuple(said), rows, adds)


def _of_other_activities(folder: Path, brought: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Return the rows of the place's demand that are of other activities, and whether it has some of the same."""
    try:
        before = pd.read_csv(folder / "demand.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError):  # none is there, or none that can be read
        return _NOTHING_THERE, False
    if list(before.columns) != list(brought.columns):
        return _NOTHING_THERE, False
    same = before["activity"].isin(brought["activity"])
    return before[~same], bool(same.any())


def _with_more(
    table: Table, folder: Path, known: Known, brought: pd.DataFrame, said: list[str]
) -> tuple[pd.DataFrame | None, bool]:
    """Return the place's areas or sites with what is brought of them, and whether that replaces a column.

    Every row that is there stays, and every column: who is a resident, and whatever else the file does not know. None
    where the file has none of those that are there: then it is another table.
    """
    kind, key = known.kinds.get(table.name), table.key[0]
    if kind is None or not set(kind.codes) & set(brought[key]):
        return None, False
    before = pd.read_csv(folder / f"{table.name}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    brought, rows = brought.set_index(key), before[key].str.strip()
    columns = [name for name in table.column_names if name in brought]
    again = [name for name in columns if name in before]
    for name in columns:
        cells = rows.map(brought[name]).fillna("")
        before[name] = cells if name not in before else cells.where(cells != "", before[name])
    added = [name for name in columns if name not in again]
    words = [f"{', '.join(names)} {what}" for names, what in ((added, "added"), (again, "replaced")) if names]
    said.append(f"{' and '.join(words)} in {table.name}.csv; every row and every other column there is kept.")
    return before, bool(again)


def _refuse_the_folder_above(folder: Path) -> None:
    """Refuse the folder of a question, whose place lies in a folder of its own: what is brought there nobody reads."""
    below = folder / "place"
    if any((below / f"{name}.csv").is_file() and not (folder / f"{name}.csv").is_file() for name in ("areas", "sites")):
        words = f"the place lies in {shown(below)}, and nothing reads tables beside it. Write --into {shown(below)}."
        raise InputError([Fault(shown(folder), words)])


def _table_in(table: Table, path: Path, known: Known, wishes: Wishes) -> tuple[pd.DataFrame, list[str]]:
    read = read_any(path, table, wishes)
    if "minutes" in table.column_names:
        return pairs_in(table, read, known, wishes)
    return demand_in(read, known, wishes) if table.name == "demand" else rows_in(table, read, known, wishes)


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _refuse_faults(table: Table, content: bytes, path: Path) -> None:
    """Refuse what would become a table with faults, before anything is written."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{table.name}.csv").write_bytes(content)
        faults = read_sheet(Path(folder), table).listed()
    if faults:
        raise InputError(
            Fault(f"{shown(path)}, as {table.name}{one.place.partition(f'{table.name}.csv')[2]}", one.message)
            for one in faults
        )


def recorded(folder: Path, tables: Collection[str], path: Path, said: Sequence[str], *, adds: bool = False) -> bytes:
    """Return the place's record of what was brought in, with this at its end in place of the same tables' before.

    Where this only ``adds`` rows, what was said of the tables before still holds and stays.
    """
    before = folder / IMPORTED
    rows = list(csv.DictReader(io.StringIO(before.read_text(encoding="utf-8")))) if before.is_file() else []
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    rows = [row for row in rows if adds or row.get("table") not in tables]
    rows += [dict(zip(RECORD, (one, path.name, digest, words), strict=True)) for one in tables for words in said]
    text = io.StringIO()
    writer = csv.DictWriter(text, RECORD, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
