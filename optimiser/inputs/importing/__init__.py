"""Bring a person's own table or outlines into a place, in our form, and say what was taken for what."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from optimiser.errors import Fault, InputError, did_you_mean, quoted, shown
from optimiser.inputs.importing.codes import Known
from optimiser.inputs.importing.outlines import outlines_in
from optimiser.inputs.importing.pairs import demand_in, pairs_in
from optimiser.inputs.importing.reading import read_any
from optimiser.inputs.importing.rows import rows_in
from optimiser.inputs.importing.wishes import Wishes
from optimiser.inputs.importing.writing import STAYS
from optimiser.inputs.schema import BY_MODE, CODE_PATTERN, PLACE_TABLES, Table, place_table
from optimiser.inputs.tables import IMPORTED, boundary_file
from optimiser.inputs.tables.sheets import read_sheet
from optimiser.problem.words import listed

__all__ = ["BOUNDARIES", "Brought", "Wishes", "beside_others", "bring_in", "recorded", "table_by_mode"]

BOUNDARIES = "boundaries"
# Tables that come in part by part: the column that tells the parts, and how a question has one.
PARTED = {
    "demand": ("activity", "A service counts them by activity"),
    "journeys_by_mode": ("mode", "Patients of a service go so by travel_by, and visitors by visitors_travel_by"),
    "transfers_by_mode": ("mode", "A team across sites travels so by travel_by"),
}
RECORD = ("table", "file", "sha256", "said")
WORKED_OUT = "Worked out on this, too."


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
    form = place_table(table) if table != BOUNDARIES else None
    if wishes.mode is not None:
        table = table_by_mode(table, wishes.mode)
    _refuse_the_folder_above(folder)
    known, adds = Known.of(folder, wishes.lookup), False
    if table == BOUNDARIES:
        content, rows, said = outlines_in(path, known, wishes)
        name = "boundaries.geojson"
        beside = boundary_file(folder)
        if beside and beside.name != name:
            said.append(f"{beside.name} is not read any more: {name} is.")
    else:
        frame, said = _table_in(form or place_table(table), path, known, wishes)
        if wishes.mode is not None:
            frame.insert(0, "mode", wishes.mode)
        if table in known.kinds:
            frame, adds = _with_more(place_table(table), _as_written(folder, table), frame, said)
        _refuse_faults(place_table(table), _csv(frame), path)
        rows = len(frame)
        if table in PARTED:
            frame, adds = beside_others(folder, table, frame, said)
        name, content = f"{table}.csv", _csv(frame)
    record = recorded(folder, [table], path, said, adds=adds)
    return Brought({name: content, IMPORTED: record}, tuple(said), rows, adds)


def _as_written(folder: Path, table: str) -> pd.DataFrame | None:
    """Return a table of the place as text, columns by their names in small letters; None if none can be read."""
    try:
        there = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError):
        return None
    return there.rename(columns=lambda name: str(name).strip().lower())


def table_by_mode(table: str, mode: str) -> str:
    """Return the table that journeys or transfers by a mode become; refuse other tables, and what is no code."""
    if table not in BY_MODE:
        words = f"is how one travels, which says nothing of {table}. Write {' or '.join(BY_MODE)}, or take it out."
        raise InputError([Fault("--mode", words)])
    if not re.fullmatch(CODE_PATTERN, mode):
        words = f"{quoted(mode)} is not a code. Use letters, digits and _ only, and start with a letter."
        raise InputError([Fault("--mode", words)])
    return BY_MODE[table]


def beside_others(folder: Path, table: str, brought: pd.DataFrame, said: list[str]) -> tuple[pd.DataFrame, bool]:
    """Return a table with what the place has of other parts, and whether nothing of it is replaced.

    It is one of ``PARTED``, such as demand with its activities.
    """
    (column, asked), there = PARTED[table], _as_written(folder, table)
    if there is None or list(there.columns) != list(brought.columns):
        return brought, False
    same = there[column].isin(brought[column])
    if same.all():
        return brought, False
    said.append(f"{STAYS} {listed(sorted(set(there[column][~same])))}.")
    if not same.any():
        new = listed(sorted(set(brought[column])))
        said.append(f"{new}: not there before. {asked}: CODE in the question.")
    return pd.concat([there[~same], brought]), not same.any()


def _with_more(
    table: Table, there: pd.DataFrame | None, brought: pd.DataFrame, said: list[str]
) -> tuple[pd.DataFrame, bool]:
    """Return the place's areas or sites with what is brought of them, and whether nothing of them is replaced.

    Every row that is there stays, and every column: who is a resident, and whatever else the file does not know. Where
    the file has none of those that are there, it is another table.
    """
    key = table.key[0]
    rows = None if there is None or key not in there else there[key].str.strip()
    if there is None or rows is None or not rows.isin(brought[key]).any():
        return brought, False
    brought = brought.set_index(key)
    columns = [name for name in table.column_names if name in brought]
    again = [name for name in columns if name in there]
    for name in columns:
        cells = rows.map(brought[name]).fillna("")
        there[name] = cells if name not in there else cells.where(cells != "", there[name])
    added = [name for name in columns if name not in again]
    words = [f"{', '.join(names)} {what}" for names, what in ((added, "added"), (again, "replaced")) if names]
    said.append(f"{' and '.join(words)} in {table.name}.csv; every row and every other column there is kept.")
    return there, not again


def _refuse_the_folder_above(folder: Path) -> None:
    """Refuse the folder of a question, whose place lies in a folder of its own: what is brought there nobody reads."""
    below = folder / "place"
    if any((below / f"{name}.csv").is_file() and not (folder / f"{name}.csv").is_file() for name in ("areas", "sites")):
        words = f"the place lies in {shown(below)}, and nothing reads tables beside it. Write --into {shown(below)}."
        raise InputError([Fault(shown(folder), words)])


def _table_in(table: Table, path: Path, known: Known, wishes: Wishes) -> tuple[pd.DataFrame, list[str]]:
    read = read_any(path, table, wishes)
    if table.name in BY_MODE:
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


def recorded(
    folder: Path,
    tables: Collection[str],
    path: Path,
    said: Sequence[str],
    *,
    also: Iterable[tuple[str, str, bytes]] = (),
    adds: bool = False,
) -> bytes:
    """Return the place's record of what was brought in, with this at its end in place of the same tables' before.

    ``also`` are the other files that a table was worked out on: the table, the file's name and its content. Where this
    only ``adds`` rows, what was said of the tables before still holds and stays.
    """
    before = folder / IMPORTED
    rows = list(csv.DictReader(io.StringIO(before.read_text(encoding="utf-8")))) if before.is_file() else []
    with path.open("rb") as whole:
        digest = hashlib.file_digest(whole, "sha256").hexdigest()
    rows = [row for row in rows if adds or row.get("table") not in tables]
    new = [(one, path.name, digest, words) for one in tables for words in said]
    new += [(one, name, hashlib.sha256(content).hexdigest(), WORKED_OUT) for one, name, content in also]
    rows += [dict(zip(RECORD, one, strict=True)) for one in new]
    text = io.StringIO()
    writer = csv.DictWriter(text, RECORD, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
