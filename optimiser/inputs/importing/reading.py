"""Any table as a frame of text, or times without codes, as programs write them: CSV, Excel, Parquet and JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, MissingPackage, closest, needed, quoted, shown
from optimiser.inputs.files import other_format, read_bytes
from optimiser.inputs.importing.wishes import Unit, Wishes
from optimiser.inputs.schema import Table
from optimiser.inputs.tables.sheets import number_of

MAX_BYTES = 1024**3
ROWS_LOOKED_AT = 30
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass
class Read:
    """A table as read: cells as text, blank where there is nothing; or a grid of times that names no codes."""

    path: Path
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    grid: np.ndarray | None = None
    unit: Unit | None = None
    said: list[str] = field(default_factory=list)

    def refusal(self, words: str) -> InputError:
        """Return what to raise where the file cannot be taken."""
        return InputError([Fault(shown(self.path), words)])


def read_any(path: Path, table: Table, wishes: Wishes) -> Read:
    """Read a file by what it contains. Raises ``InputError`` where it is none of what is known."""
    read = Read(path)
    data = read_bytes(path, MAX_BYTES)
    if isinstance(data, str):
        raise read.refusal(data)
    ending = path.suffix.lower()
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        _from_workbook(read, data, table, wishes)
    elif data.startswith(b"PAR1"):
        _from_parquet(read, data)
    elif data.lstrip()[:1] == b"{" or ending == ".json":
        _from_json(read, data)
    elif other := other_format(data):
        raise read.refusal(f"this is {other}, which cannot be brought in as a table. Save it as CSV.")
    else:
        _from_text(read, data)
    if read.grid is None and (read.frame.empty or len(read.frame.columns) < 2):
        raise read.refusal("this holds no table of two columns or more. Check that it is the right file and sheet.")
    return read


def _from_text(read: Read, data: bytes) -> None:
    text = _decoded(read, data)
    separator = _separator(text)
    if separator != ",":
        read.said.append(f"cells parted by {SEPARATORS[separator]}.")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise read.refusal(f"the rows cannot be split into cells ({error}). Look for a quotation mark.") from error
    _take_rows(read, rows)
    if separator == ";":
        commas = read.frame.apply(lambda column: column.str.fullmatch(r"[+-]?\d+,\d+")).to_numpy()
        if commas.any():
            read.frame = read.frame.replace(r"^([+-]?\d+),(\d+)$", r"\1.\2", regex=True)
            read.said.append(f"{number_of(int(commas.sum()), 'number')} with a decimal comma as with a point.")


def _decoded(read: Read, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        read.said.append("letters of UTF-16.")
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        read.said.append("letters of Windows (CP1252), since they are not UTF-8.")
        return data.decode("cp1252", errors="replace")


def _separator(text: str) -> str:
    """Return what parts the cells: that which stands most evenly in the first lines."""
    lines = [line for line in text.splitlines()[:ROWS_LOOKED_AT] if line.strip()]
    counts = {one: [line.count(one) for line in lines] for one in SEPARATORS}
    return max(counts, key=lambda one: sum(n == max(counts[one]) for n in counts[one]) if max(counts[one]) else 0)


def _take_rows(read: Read, rows: Sequence[Sequence[Any]]) -> None:
    """Take the first row that is as wide as the table for its header, and those below it that hold anything."""
    wide = max((_filled(row) for row in rows[:ROWS_LOOKED_AT]), default=0)
    at = next((n for n, row in enumerate(rows) if _filled(row) >= max(2, wide - 1)), None)
    if at is None:
        return
    if at:
        read.said.append(f"row {at + 1} as the header; the rows above it passed over.")
    header = [_text(cell).strip() for cell in rows[at]]
    body = [row for row in rows[at + 1 :] if any(row) and any(_text(cell).strip() for cell in row)]
    notes = [row for row in body if wide > 2 and not any(row[1:]) and _text(row[0]).strip()]
    if notes:
        such = f"such as {quoted(_text(notes[0][0]))}"
        read.said.append(f"{number_of(len(notes), 'row')} with one cell alone passed over, {such}.")
    body = [row for row in body if row not in notes] if notes else body
    width = len(header)
    cells = [[_text(cell).strip() for cell in [*row, *[""] * width][:width]] for row in body]
    names = [name or f"unnamed {n + 1}" for n, name in enumerate(header)]
    read.frame = pd.DataFrame(cells, columns=_distinct(names), dtype=str)


def _filled(row: Sequence[Any]) -> int:
    return sum(1 for cell in row if _text(cell).strip())


def _distinct(names: Sequence[str]) -> list[str]:
    return [name if name not in names[:n] else f"{name} ({n + 1})" for n, name in enumerate(names)]


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    return repr(float(cell)).removesuffix(".0") if isinstance(cell, float | np.floating) else str(cell)


def _from_workbook(read: Read, data: bytes, table: Table, wishes: Wishes) -> None:
    openpyxl = needed("openpyxl", "import")
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:  # a damaged or an old workbook fails in many ways, with one remedy
        raise read.refusal(f"this workbook cannot be read ({error}). Save it as .xlsx, or the sheet as CSV.") from error
    names = list(book.sheetnames)
    if wishes.sheet and wishes.sheet not in names:
        raise read.refusal(f"there is no sheet {quoted(wishes.sheet)}. There are {', '.join(map(quoted, names))}.")
    like = closest(table.name, names)
    sheet = wishes.sheet or (names[0] if len(names) == 1 else like)
    if sheet is None:
        listed = ", ".join(map(quoted, names))
        raise read.refusal(f"the workbook has the sheets {listed}. Say which with --sheet.")
    read.said.append(f"sheet {quoted(sheet)}.")
    _take_rows(read, [list(row) for row in book[sheet].iter_rows(values_only=True)])


def _from_parquet(read: Read, data: bytes) -> None:
    needed("pyarrow", "parquet")
    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except Exception as error:  # a damaged file fails in many ways, with one remedy
        raise read.refusal(f"this Parquet file cannot be read ({error}). Write it again, or as CSV.") from error
    if frame.index.name or isinstance(frame.index, pd.MultiIndex):
        frame = frame.reset_index()
    _take_rows(read, [list(map(str, frame.columns)), *frame.astype(object).to_numpy().tolist()])


def _from_json(read: Read, data: bytes) -> None:
    """Take the answer of OSRM's table service or of Valhalla's matrix: seconds, without the codes of either end."""
    try:
        page = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise read.refusal("this is not JSON that can be read. Ask the routing program again.") from error
    page = page if isinstance(page, dict) else {}
    cells = page.get("sources_to_targets", page.get("durations"))
    if isinstance(cells, dict):
        cells = cells.get("durations")
    if not isinstance(cells, list) or not all(isinstance(row, list) for row in cells):
        words = 'this is JSON with neither "durations", as OSRM writes, nor "sources_to_targets", as Valhalla does.'
        raise read.refusal(f"{words} Save it as CSV.")
    try:
        grid = [[np.nan if (one := _time(cell)) is None else float(one) for cell in row] for row in cells]
        read.grid = np.array(grid, dtype=float).reshape(len(grid), -1)
    except (TypeError, ValueError) as error:
        raise read.refusal("its rows are not all of one length, or hold what is no time. Ask for it again.") from error
    read.unit = "seconds"
    name = "Valhalla's matrix" if "sources_to_targets" in page else "OSRM's table"
    read.said.append(f"{name} of {len(grid):,} origins and {read.grid.shape[1]:,} destinations, in seconds.")


def _time(cell: Any) -> Any:
    return cell.get("time") if isinstance(cell, dict) else cell


def plain(name: str) -> str:
    """Return a name in small letters and digits, for comparing."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())


__all__ = ["MissingPackage", "Read", "plain", "read_any"]
