"""One file of a place, cell by cell. Nothing here opens anything but a regular file inside the folder."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.errors import NAMED_ALIKE, Fault, TooLarge, did_you_mean, holds_hidden, quoted, shown, some_of
from optimiser.inputs.files import other_format, read_bytes
from optimiser.inputs.schema import Column, Table, financial_year, frame_schema, keeps
from optimiser.inputs.shapes import NUMBER, ROWS_LOOKED_AT, whole_table_mistake

MAX_FILE_BYTES = 512 * 1024**2
MAX_ROWS = 20_000_000
ROWS_AT_A_TIME, ROWS_IN_C_AT_A_TIME = 5_000, 250_000
# More would not go into whole numbers of 64 bits.
MOST_KINDS = 2**62
# Of more, nobody means every one; people's own tables have some dozens.
MOST_COLUMNS = 1_000
FAULTS_PER_KIND = 20
MOST_NAMED = 5
# So many names in place of codes are no slips.
LEAST_NAMES = 3
# The kind of fault that lies between two rows.
ABSENT = "absent"
_NOT_A_NUMBER = {"nan", "na", "n/a", "#n/a", "inf", "+inf", "-inf", "infinity", "-infinity", "null", "none", "-", "?"}
# What routing programs write where there is no way, beside nothing at all and the words above.
_ALL_NINES = re.compile(r"9{4,}(\.0*)?|-1(\.0*)?")
# What statistics write in place of a count too small to publish.
_SUPPRESSED = re.compile(r"\*+|\[?[a-z]\]?|:|\.{2,}|[<≤]=? *\d+|\d+\*|-|suppressed|redacted", re.IGNORECASE)
_COUNTS = ("people", "patients", "patients a year")
_YES_NO = {"true": True, "false": False}
_ALSO_YES_NO = {"1": True, "y": True, "yes": True, "t": True, "0": False, "n": False, "no": False, "f": False}
_FORMULA_STARTS = ("=", "+", "-", "@")
_SAVE_AS_CSV = 'Save it as "CSV UTF-8 (comma delimited)".'


@dataclass
class Texts:
    """A column as written: each distinct text once, and for each row which of them it has.

    ``values`` are what each of the distinct texts is taken for.
    """

    distinct: list[str]
    which: np.ndarray
    values: list[Any] = field(default_factory=list)

    @property
    def first(self) -> np.ndarray:
        """The row in which each distinct text first stands."""
        first = np.empty(len(self.distinct), dtype=np.int64)
        first[self.which[::-1]] = np.arange(len(self.which))[::-1]
        return first

    def rows_of(self, numbers: Collection[int]) -> np.ndarray:
        """Return the rows that have one of these texts."""
        return np.flatnonzero(np.isin(self.which, list(numbers)))


@dataclass
class Sheet:
    """One file while it is being checked, or the rows of it that are a table of their own (``is_part``).

    ``all_differ`` says that no two rows have the same key.
    """

    table: Table
    path: Path
    present: bool = True
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    texts: dict[str, Texts] = field(default_factory=dict)
    found: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    uncounted: dict[str, int] = field(default_factory=dict)
    # All that a fault is about, by its words, where these name the first few of many.
    of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    faulty: dict[str, set[int]] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    passed_over: set[int] = field(default_factory=set)
    folder: Path | None = None
    all_differ: bool = False
    is_part: bool = False
    # Of the bytes that were judged.
    digest: str = ""

    @property
    def again(self) -> str:
        """The command that brings the file into its place once more, in place of what is there."""
        return import_command(self.table.name, self.path, replace=True, into=self.folder)

    def add(self, kind: str, message: str, *, index: int = -2) -> None:
        """Note one fault; index + 2 is its row, and -2 means the file as a whole."""
        self.add_some(kind, [index], lambda _: (index, message))

    def add_alike(self, kind: str, codes: Sequence[str], noun: str, say: Callable[[str], str]) -> None:
        """Note what is wrong with each of some codes alike: one by one or, of many, once with the first few named."""
        if len(codes) <= NAMED_ALIKE:
            for code in codes:
                self.add(kind, say(code))
            return
        words = say(some_of(codes, noun))
        self.of[words] = tuple(codes)
        self.add(kind, words)

    def add_some(self, kind: str, items: Sequence[Any] | np.ndarray, say: Callable[[Any], tuple[int, str]]) -> None:
        """Note one fault an item, in words for the first few and as a count for the rest."""
        found = self.found.setdefault(kind, [])
        room = FAULTS_PER_KIND - len(found)
        found += [say(item) for item in items[:room]]
        self.uncounted[kind] = self.uncounted.get(kind, 0) + len(items[room:])

    def add_cells(self, kind: str, column: str, indexes: Sequence[int], say: Callable[[str], str]) -> None:
        """Note one fault a row, saying what is wrong with the text that the row has in this column."""
        self.faulty.setdefault(column, set()).update(indexes)
        self.add_some(kind, indexes, lambda index: (index, say(self.text_at(column, index))))

    def text_at(self, column: str, index: int) -> str:
        """Return a cell as it was written."""
        texts = self.texts[column]
        return texts.distinct[int(texts.which[int(self.frame.index.searchsorted(index))])]

    def distinct(self, column: str) -> list[Any]:
        """Return the values of a column, each once, in the order in which they first stand there."""
        return list(dict.fromkeys(self.texts[column].values)) if column in self.texts else []

    def is_faulty(self, index: int, *columns: str) -> bool:
        """Whether a fault was noted in one of these cells of a row."""
        return any(index in self.faulty.get(column, ()) for column in columns)

    def sound(self, *columns: str) -> bool:
        """Whether these columns were read and no cell of theirs is faulty."""
        return all(column in self.frame and not self.faulty.get(column) for column in columns)

    def reliable(self, *columns: str) -> bool:
        """Whether codes can be looked up in these columns: they are sound, and empty only where they may be."""
        empty_by_fault = self.table.required or any(self.found.values())
        return self.sound(*columns) and (len(self.frame) > 0 or not empty_by_fault)

    def listed(self) -> list[Fault]:
        """Return the faults in row order, each kind cut short where there are too many to read."""
        path = shown(self.path)
        faults = sorted((index, words, kind) for kind, found in self.found.items() for index, words in found)
        at = {ABSENT: ", after row"}
        some = [
            Fault(f"{path}{at.get(kind, ', row')} {index + 2}" if index >= -1 else path, words, self.of.get(words, ()))
            for index, words, kind in faults
        ]
        more = [
            Fault(path, f"and {count} more like this: {self.found[kind][-1][1]}")
            for kind, count in self.uncounted.items()
            if count
        ]
        return some + more

    def finished(self) -> pd.DataFrame:
        """Return the frame with whole numbers and true/false as such, where no cell is faulty.

        Rows that were passed over are not in it.
        """
        dtypes = {"whole": "int64", "boolean": "bool"}
        if self.passed_over:
            self.frame = self.frame.drop(index=sorted(self.passed_over))
            self.passed_over = set()
        wanted = [c for c in self.table.columns if c.required or c.of_residents]
        sound = [c for c in wanted if c.kind in dtypes and self.sound(c.name)]
        whole = [c for c in sound if c.required or self.frame[c.name].notna().all()]
        return self.frame.astype({c.name: dtypes[c.kind] for c in whole})


def read_sheet(
    folder: Path, table: Table, allow_missing: Collection[tuple[str, str]] = (), *, path: Path | None = None
) -> Sheet:
    """Read one file of a place, noting what is wrong with its text, its header, its cells and its rows.

    The file is that at ``path``, where one stands in for the place's own. What does no harm is taken for what it means,
    and ``taken`` says so in a line each. A journey without minutes is passed over where ``allow_missing`` lists its
    pair.
    """
    sheet = Sheet(table, path or folder / f"{table.name}.csv", folder=folder)
    sheet.frame = _empty_frame(table)
    if not (sheet.path.exists() or sheet.path.is_symlink()):
        sheet.present = False
        if table.required:
            columns = ", ".join(table.required_names)
            sheet.add("file", f"the file is missing. Add it, with the columns {columns}.{_beside(sheet, folder)}")
        return sheet
    text = _read_text(sheet, sheet.path.parent)
    if text is not None:
        _read_cells(sheet, text, allow_missing)
    return sheet


def import_command(table: str, path: Path, *, replace: bool, into: Path | None = None) -> str:
    """Return the command that brings a file into a place, or into that which it lies in."""
    place = shown(into or path.parent)
    words = ["optimiser import", table, shown(path), "--into", place, *(["--replace"] if replace else [])]
    return " ".join(words)


def _save_or_import(sheet: Sheet) -> str:
    return f"{_SAVE_AS_CSV} Or bring it in as it is: {sheet.again}"


def _beside(sheet: Sheet, folder: Path) -> str:
    """Say which file may have been meant, where one of that name but another ending or other letters is there."""
    meant = next((path for path in sorted(folder.iterdir()) if path.stem.lower() == sheet.table.name), None)
    if meant is None:
        return ""
    if meant.suffix.lower() == ".csv":
        return f" {meant.name} is there: call it {sheet.path.name}."
    return f" {meant.name} is there. Bring it in: {import_command(sheet.table.name, meant, replace=False)}"


def _empty_frame(table: Table) -> pd.DataFrame:
    dtypes = {c.name: "float64" if c.numeric else "object" if c.kind == "boolean" else "str" for c in table.columns}
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes.items()})


def _read_text(sheet: Sheet, folder: Path) -> str | None:
    data = read_bytes(sheet.path, MAX_FILE_BYTES, inside=folder)
    if isinstance(data, str):
        sheet.add("file", data)
        return None
    sheet.digest = hashlib.sha256(data).hexdigest()
    if not data.strip():
        columns = ", ".join(sheet.table.required_names)
        sheet.add("file", f"the file is empty. It needs a header row with {columns}, and rows below it.")
        return None
    return _decoded(sheet, data)


def _decoded(sheet: Sheet, data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        sheet.add("file", f"the file is in UTF-16, not UTF-8. {_save_or_import(sheet)}")
        return None
    if other := other_format(data):
        can_come_in = any(word in other for word in ("Excel", "JSON"))
        remedy = _save_or_import(sheet) if can_come_in else _SAVE_AS_CSV
        sheet.add("file", f"this is not a CSV file but {other}. {remedy}")
        return None
    if b"\0" in data:
        sheet.add("file", f"this is not a CSV file: it holds bytes that no text has. {_SAVE_AS_CSV}")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        what = f"byte {error.start + 1} (0x{data[error.start]:02X}) is not UTF-8"
        sheet.add("file", f"{what}, so its letters cannot be told. {_save_or_import(sheet)}", index=row - 2)
        return None


# -- cells -----------------------------------------------------------------------------------------


def _read_cells(sheet: Sheet, text: str, allow_missing: Collection[tuple[str, str]]) -> None:
    plain = '"' not in text and text.count("\r") == text.count("\r\n")
    reader = csv.reader(_lines_of(text) if plain else io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        first = list(islice(reader, ROWS_LOOKED_AT))
        command = sheet.again
        if mistake := whole_table_mistake(sheet.table, header, first, command):
            sheet.add("shape", mistake)
            return
        if len(header) > MOST_COLUMNS:
            words = f"there are {len(header):,} columns, and at most {MOST_COLUMNS:,} are read. Delete those of no use."
            sheet.add("header", words, index=-1)
            return
        known = _check_header(sheet, header)
        columns = _even_columns_of(text, len(header)) if plain and first else None
        if columns:
            kept = np.arange(len(columns[0].which))
        else:
            columns, kept = _columns_of(sheet, chain(first, reader), len(header))
    except csv.Error as error:
        why = f"the row cannot be split into cells ({error}). Look for a quotation mark that is not closed."
        sheet.add("file", why, index=reader.line_num - 2)
        return
    sheet.texts = {name: columns[position] for name, position in known.items()}
    sheet.frame = pd.DataFrame(index=pd.Index(kept))
    if not len(kept) and sheet.table.required:
        sheet.add("file", "there are no rows below the header. Add them.")
    if "minutes" in known:
        _pass_over_allowed(sheet, allow_missing)
    typed = {name: _convert(sheet, sheet.table[name]) for name in known}
    sheet.frame = pd.DataFrame(typed, index=sheet.frame.index, copy=False)
    _check_schema(sheet)


def _lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text one by one, so that no copy of it is made."""
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def _even_columns_of(text: str, width: int) -> list[Texts] | None:
    """Read rows without quotation marks that are all as wide as the header, in C; nothing where any is not."""
    body = text[text.find("\n") + 1 :]
    rows = body.count("\n") + (not body.endswith("\n"))
    as_wide = body[: body.find("\n")].count(",") == width - 1 and body.count(",") == rows * (width - 1)
    if not as_wide or rows > MAX_ROWS:
        return None
    numbers: list[dict[str, int]] = [{} for _ in range(width)]
    parts: list[list[np.ndarray]] = [[] for _ in range(width)]
    reader = pd.read_csv(
        io.BytesIO(body.encode()),
        header=None,
        names=range(width),
        dtype=object,
        keep_default_na=False,
        na_filter=False,
        quoting=csv.QUOTE_NONE,
        skip_blank_lines=False,
        chunksize=ROWS_IN_C_AT_A_TIME,
    )
    try:
        for cells in reader:
            for number, part, (_, column) in zip(numbers, parts, cells.items(), strict=True):
                which, texts = pd.factorize(column.to_numpy())
                part.append(np.array([number.setdefault(text, len(number)) for text in texts], dtype=np.int32)[which])
    except pd.errors.ParserError:
        return None
    # A row may be blank only if its first cell is; and no cell is longer than csv reads.
    longest = max(len(text) for number in numbers for text in number)
    if "" in numbers[0] or longest > csv.field_size_limit():
        return None
    return [Texts(list(number), np.concatenate(part)) for number, part in zip(numbers, parts, strict=True)]


def _check_header(sheet: Sheet, header: Sequence[str]) -> dict[str, int]:
    """Return the position of every known column, noting the rest."""
    table = sheet.table
    if len(header) == 1 and re.search(r"[;\t|]", header[0]):
        sheet.add("header", f"the cells are not separated by commas. {_save_or_import(sheet)}", index=-1)
        return {}
    positions: dict[str, int] = {}
    names = [_as_declared(table, name) for name in header]
    if changed := [quoted(written) for written, name in zip(header, names, strict=True) if written != name]:
        sheet.taken.append(f"the column{'s' * (len(changed) > 1)} {', '.join(changed)} by the name that was meant.")
    missing = [name for name in table.required_names if name not in names]
    others, unused = [], [name for name in table.column_names if name not in names]
    for position, name in enumerate(names):
        if name in positions:
            sheet.add("header", f"there are two columns {quoted(name)}. Delete one.", index=-1)
        elif name in table.column_names:
            positions[name] = position
        elif hint := did_you_mean(name, unused, list_at_most=0):
            sheet.add("header", f"{quoted(name)} is not a column of this table. {hint}", index=-1)
        else:
            others.append(quoted(name) if name else "one without a name")
    for name in others if missing else ():
        words = f"{name} is not a column of this table. If it is one that is missing, call it so."
        sheet.add("header", words, index=-1)
    if others and not missing:
        shown_first = f"{', '.join(others[:MOST_NAMED])}{' …' * (len(others) > MOST_NAMED)}"
        sheet.taken.append(f"passed over {number_of(len(others), 'column')} that no table here has: {shown_first}.")
    for name in missing:
        words = f"the column {quoted(name)} is missing ({table[name].meaning}). Add it."
        sheet.add("header", words, index=-1)
    return positions


def _as_declared(table: Table, written: str) -> str:
    """Return a column's name as the table has it where only spaces or capitals differ, else as it is written."""
    name = written.strip()
    return name.lower() if name.lower() in table.column_names else name if name in table.column_names else written


def number_of(number: int, noun: str) -> str:
    """Return how many of something there are, in words: 1 row, 2,000 rows."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _pass_over_allowed(sheet: Sheet, allow_missing: Collection[tuple[str, str]]) -> None:
    """Pass over the journeys that have no minutes where the config allows that."""
    texts = sheet.texts
    if not allow_missing or not {"area", "site"} <= set(texts):
        return
    marks = [number for number, text in enumerate(texts["minutes"].distinct) if _is_no_route(text)]
    for row in texts["minutes"].rows_of(marks).tolist():
        pair = tuple(texts[name].distinct[texts[name].which[row]].strip() for name in ("area", "site"))
        if pair in allow_missing:
            sheet.passed_over.add(int(sheet.frame.index[row]))
    if number := len(sheet.passed_over):
        sheet.taken.append(f"{number_of(number, 'journey')} without minutes as none, as travel.allow_missing allows.")


def _is_no_route(text: str) -> bool:
    word = text.strip().lower()
    return not word or word in _NOT_A_NUMBER or bool(_ALL_NINES.fullmatch(word))


def _columns_of(sheet: Sheet, reader: Iterator[list[str]], width: int) -> tuple[list[Texts], np.ndarray]:
    """Read the rows, keeping each distinct text of a column once: fast, and small in memory."""
    numbers: list[dict[str, int]] = [{} for _ in range(width)]
    parts: list[list[np.ndarray]] = [[] for _ in range(width)]
    kept: list[np.ndarray] = []
    first = 0
    while rows := list(islice(reader, ROWS_AT_A_TIME)):
        if first + len(rows) > MAX_ROWS:
            raise TooLarge(f"{shown(sheet.path)} has more than {MAX_ROWS:,} rows; no more are read.")
        even = _evened(sheet, rows, width, first)
        kept.append(np.array([first + n for n, row in enumerate(even) if row], dtype=np.int64))
        for number, part, cells in zip(numbers, parts, zip(*filter(None, even), strict=True), strict=False):
            part.append(np.array([number.setdefault(cell, len(number)) for cell in cells], dtype=np.int32))
        first += len(rows)
    empty = [np.array([], dtype=np.int32)]
    texts = [Texts(list(n), np.concatenate(part or empty)) for n, part in zip(numbers, parts, strict=True)]
    return texts, np.concatenate(kept) if kept else np.array([], dtype=np.int64)


def _evened(sheet: Sheet, rows: list[list[str]], width: int, first: int) -> list[list[str]]:
    """Return the rows as wide as the header, blank rows empty, noting rows that are too long or too short."""
    if all(len(row) == width and row[0] for row in rows):
        return rows
    even: list[list[str]] = []
    for number, row in enumerate(rows):
        if not any(row):
            even.append([])
            continue
        if len(row) < width or any(row[width:]):
            words = f"the row has {len(row)} cells, the header {width}. Put text that holds a comma in quotes."
            sheet.add("length", words, index=first + number)
        even.append((row + [""] * width)[:width])
    return even


def _convert(sheet: Sheet, column: Column) -> pd.Series[Any]:
    """Return a column's values, noting each cell that cannot be read as what the column holds."""
    texts = sheet.texts[column.name]
    values: list[Any] = []
    wrong: dict[str, list[int]] = {}
    otherwise: dict[str, list[int]] = {}
    for number, text in enumerate(texts.distinct):
        kind, value, taken = _value(text, column)
        values.append(value)
        if kind:
            wrong.setdefault(kind, []).append(number)
        for one in taken if not kind else ():
            otherwise.setdefault(one, []).append(number)
    for kind, numbers in wrong.items():
        rows = [row for row in sheet.frame.index[texts.rows_of(numbers)].tolist() if row not in sheet.passed_over]
        sheet.add_cells(f"{column.name} {kind}", column.name, rows, partial(_say, kind, column))
    for kind, numbers in otherwise.items():
        count = len(texts.rows_of(numbers))
        sheet.taken.append(_SAID[kind].format(cells=number_of(count, "cell"), column=column.name))
    texts.values = values
    return cells_of(column, texts, sheet.frame.index)


def cells_of(column: Column, texts: Texts, rows: pd.Index[Any]) -> pd.Series[Any]:
    """Return the value of every row of a column."""
    dtype = "float64" if column.numeric else "object" if column.kind == "boolean" else "str"
    cells = pd.Series(texts.values, dtype=dtype).array.take(texts.which)
    return pd.Series(cells, index=rows, name=column.name, copy=False)


_SAID = {
    "space": "{cells} of {column} without the space before or after.",
    "rounded": "{cells} of {column} rounded to the six decimal places that are counted.",
    "yes": "{cells} of {column} for true or false, such as Yes, Y or 1.",
    "year": "{cells} of {column} as the year in which the financial year begins.",
}


def _value(written: str, column: Column) -> tuple[str, Any, tuple[str, ...]]:
    """Return what is wrong with a cell's text, if anything, its value, and how it was taken if not as written."""
    nothing = math.nan if column.numeric else None if column.kind == "boolean" else ""
    text = written.strip()
    space = ("space",) if text != written else ()
    if not text:
        return ("blank" if column.required else ""), nothing, space
    if holds_hidden(text):
        return "hidden", nothing, ()
    if column.numeric:
        kind, value, taken = _number(text, column)
        return kind, value, (*space, *taken)
    if column.kind == "boolean":
        word = text.lower()
        plain, also = _YES_NO.get(word), _ALSO_YES_NO.get(word)
        found = also if plain is None else plain
        return ("boolean" if found is None else ""), found, (*space, *(("yes",) if plain is None else ()))
    return ("formula", nothing, ()) if text.startswith(_FORMULA_STARTS) else ("", text, space)


def _number(text: str, column: Column) -> tuple[str, float, tuple[str, ...]]:
    if column.unit == "year" and (begins := financial_year(text)) is not None:
        return "", float(begins), ("year",)
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        return "number", math.nan, ()
    if column.decimals is not None:
        rounded = round(value * 10**column.decimals) / 10**column.decimals
        return "", rounded, (("rounded",) if rounded != value else ())
    return "", value, ()


def _say(kind: str, column: Column, text: str) -> str:
    name, cell = column.name, quoted(text)
    if kind == "number":
        return f"{name} is {cell}, {_why_no_number(text.strip(), column)}"
    if kind == "blank" and column.name == "minutes":
        return f"minutes is blank. Fill it in; if there is no way, {_NO_ROUTE}"
    return {
        "blank": f"{name} is blank. Fill it in ({column.meaning}).",
        "hidden": f"{name} is {cell}, which holds a character that cannot be seen. Type it again.",
        "boolean": f"{name} is {cell}. Write true or false.",
        "formula": f"{name} is {cell}; a spreadsheet would run it as a formula. Start it with a letter.",
    }[kind]


_NO_ROUTE = "delete the row and list its pair under travel.allow_missing, as [area, site]."


def _why_no_number(text: str, column: Column) -> str:
    if column.name == "minutes" and _is_no_route(text):
        return f"which looks like no way there. If so, {_NO_ROUTE}"
    if column.unit in _COUNTS and _SUPPRESSED.fullmatch(text):
        return (
            "the mark of a count that was not published, since it is small. Decide what stands for it, say 2.5 for 1 "
            "to 4, and say so in columns.csv; optimiser import writes it in with --suppressed 2.5."
        )
    if text.lower() in _NOT_A_NUMBER:
        return "which is not a number. Find the figure; if it is not known, the row cannot be used."
    if re.fullmatch(r"[+-]?\d{1,3},\d{3}", text) and column.kind == "number":
        one, other = text.replace(",", ""), text.replace(",", ".")
        return f"which has a comma in it. Write {one}, or {other} if the comma stands for the decimal point."
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return f"which has commas in it. Write {text.replace(',', '')}."
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return f"with a comma in it. Write a decimal point: {text.replace(',', '.')}."
    return "which is not a number. Write digits only, with a point for decimals, such as 12.5."


def _check_schema(sheet: Sheet) -> None:
    """Look at each value once, and say what pandera finds with every row that has the value."""
    some = np.unique(np.concatenate([*(texts.first for texts in sheet.texts.values()), np.array([], dtype=np.int64)]))
    if not keeps(sheet.table, sheet.frame.iloc[some]):
        _judge(sheet, sheet.frame.iloc[some])
    if set(sheet.table.key) <= set(sheet.frame):
        _add_duplicates(sheet)


def _judge(sheet: Sheet, frame: pd.DataFrame) -> None:
    import pandera.errors

    try:
        frame_schema(sheet.table).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        _add_failures(sheet, error.failure_cases)


def _add_failures(sheet: Sheet, failures: pd.DataFrame) -> None:
    cells = failures[failures["schema_context"] == "Column"]
    for (column, words), found in cells.groupby(["column", "check"], sort=False):
        name = str(column)
        texts = sheet.texts[name]
        at = sheet.frame.index.get_indexer(pd.Index([i for i in found["index"] if i is not None]))
        numbers = set(texts.which[at].tolist())
        if not sheet.table[name].required:
            numbers -= {n for n in numbers if pd.isna(texts.values[n]) or texts.values[n] == ""}
        such_rows = sheet.frame.index[texts.rows_of(numbers)].tolist()
        rows = [i for i in such_rows if i not in sheet.passed_over and not sheet.is_faulty(i, name)]
        if sheet.table[name].kind == "code" and (such := _mostly_names(sheet, name, rows)):
            _add_names_for_codes(sheet, name, rows, such)
            continue
        sheet.add_cells(f"{name} {words}", name, rows, partial(_say_failure, name, str(words)))


def _mostly_names(sheet: Sheet, name: str, rows: Sequence[int]) -> str:
    """Return one of the texts that are no codes, where most of a column's are none; nothing where they are slips."""
    texts = list(dict.fromkeys(sheet.text_at(name, index) for index in rows))
    mostly = len(texts) >= LEAST_NAMES and 2 * len(texts) > len(sheet.texts[name].distinct)
    return texts[0] if mostly else ""


def _add_names_for_codes(sheet: Sheet, name: str, rows: Sequence[int], such: str) -> None:
    command = sheet.again
    words = f"{name} holds names, not codes, such as {quoted(such)}. Codes have letters, digits and _ only, and start"
    sheet.add(f"{name} names", f"{words} with a letter. Bring the table in, with codes made of its names: {command}")
    sheet.faulty.setdefault(name, set()).update(rows)


def _say_failure(name: str, words: str, text: str) -> str:
    if name == "minutes" and _is_no_route(text):
        return f"minutes is {quoted(text)}, which looks like no way there. If so, {_NO_ROUTE}"
    return f"{name} is {quoted(text)}: it {words}"


def _add_duplicates(sheet: Sheet) -> None:
    """Note each row whose key stands in an earlier one; of rows with a faulty key nothing is known."""
    key, kinds = sheet.table.key, 1
    same = np.zeros(len(sheet.frame), dtype=np.int64)
    for name in key:
        codes, values = pd.factorize(np.array(sheet.texts[name].values, dtype=object), use_na_sentinel=False)
        if kinds * len(values) > MOST_KINDS:
            same, kinds = pd.factorize(same)[0].astype(np.int64), len(same)
        same, kinds = same * len(values) + codes[sheet.texts[name].which], kinds * len(values)
    sheet.all_differ = len(pd.unique(same)) == len(same)
    if sheet.all_differ:
        return
    index = sheet.frame.index.to_numpy()
    faulty = set().union(*(sheet.faulty.get(name, set()) for name in key))
    sound = ~np.isin(index, list(faulty))
    again = np.flatnonzero(sound)[pd.Series(same[sound]).duplicated().to_numpy()]

    def say(row: int) -> tuple[int, str]:
        what = ", ".join(f"{name} {quoted(sheet.text_at(name, int(index[row])))}" for name in key)
        first = int(index[np.flatnonzero(sound & (same == same[row]))[0]])
        words = f"{what} is here again; it is already in row {first + 2}. Delete one of the two."
        return int(index[row]), words

    sheet.add_some("duplicate", again, say)
