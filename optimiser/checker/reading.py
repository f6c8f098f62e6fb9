"""Bytes to typed rows. What cannot be read is noted as a breach, never raised as somebody else's error."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.constructor import BaseConstructor
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.parser import Parser

from optimiser.errors import Fault, InputError

Found = TypeVar("Found")
Given = TypeVar("Given")
Other = TypeVar("Other")
Number = Fraction | float
"""An exact number. The one float that ever occurs is infinity."""

PLAIN_NUMBER = re.compile(r"[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][+-]?0*\d{1,3})?", re.ASCII)
WHOLE_OR_FRACTION = re.compile(r"\d{1,60}(/0*[1-9]\d{0,60})?", re.ASCII)
# Nothing sound comes near these limits; what does is meant to keep a reader busy.
MOST_BYTES = 512 * 1024**2
MOST_CONFIG_BYTES = 2 * 1024**2
DEEPEST = 50
LONGEST_NAME = 200
LONGEST_SHOWN = 80
# Numbers are published to nine decimals, so they may be off by half of the last; and by so much of themselves, or of 1,
# because they were added up in binary.
HALF_A_DECIMAL = Fraction(1, 2 * 10**9)
OF_BINARY, OF_ONE = Fraction(1, 10**13), Fraction(1, 10**12)
# What tells whether a limit is kept.
DUST = Fraction(1, 10**9)
# How YAML says nothing.
NOTHING = ("", "~", "null", "Null", "NULL")
# What a folder of a run has, and other folders that a command wrote have not: with a plan, and without.
TELLTALES = ("designations.csv", "journeys.csv", "staffing.csv", "measures.csv", "rules.csv", "clash.csv")


class Breach(NamedTuple):
    """One claim that is not true: which check found it, where it stands, what is claimed and what was found."""

    check: str
    where: str
    claimed: str
    found: str
    message: str


class Row(NamedTuple):
    """One row of a table: where it stands, and its cells by column, already converted."""

    where: str
    cells: Mapping[str, Any]


class Pairs(Mapping[tuple[str, str], Found]):
    """What is known of pairs, of which there may be millions: kept by the first of each pair, in ``of``."""

    def __init__(self, of: Mapping[str, Mapping[str, Found]]) -> None:
        self.of = of

    @classmethod
    def among(cls, known: Mapping[tuple[str, str], Found]) -> Pairs[Found]:
        """Return what is known of pairs in this form; as it is if it is so already."""
        if isinstance(known, Pairs):
            return known
        of: dict[str, dict[str, Found]] = {}
        for (first, second), value in known.items():
            of.setdefault(first, {})[second] = value
        return cls(of)

    def __getitem__(self, pair: tuple[str, str]) -> Found:
        return self.of[pair[0]][pair[1]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((first, second) for first, its in self.of.items() for second in its)

    def __len__(self) -> int:
        return sum(map(len, self.of.values()))

    def each(self, change: Callable[[Found], Other]) -> Pairs[Other]:
        """Return the same pairs with something else known of each, worked out once for what is equal."""
        once = _Once(change)
        return Pairs({first: {second: once[value] for second, value in its.items()} for first, its in self.of.items()})


class UnreadableError(Exception):
    """Something without which nothing further can be checked cannot be read. The breach is already noted."""


def text(cell: str) -> str:
    """Return the cell as it is."""
    return cell


def maybe(kind: Callable[[str], Found]) -> Callable[[str], Found | None]:
    """Return what reads a cell that may be blank."""
    return lambda cell: kind(cell) if cell else None


def any_case(kind: Callable[[str], Found]) -> Callable[[str], Found]:
    """Return what reads a cell in capital or small letters, as spreadsheets write true and false."""
    return lambda cell: kind(cell.lower())


def word(cell: str) -> str:
    """Return the cell, which may not be blank."""
    if not cell.strip():
        raise ValueError("is blank")
    return cell


def flag(cell: str) -> bool:
    """Read ``true`` or ``false``, spelled just so."""
    if cell not in ("true", "false"):
        raise ValueError("is neither true nor false")
    return cell == "true"


@lru_cache(maxsize=1 << 16)
def decimal(cell: str) -> Decimal:
    """Read a number of at most 400 digits either side of the point. NaN and infinity are not numbers."""
    if not PLAIN_NUMBER.fullmatch(cell):
        raise ValueError("is not a number")
    return Decimal(cell)


def amount(cell: str) -> Decimal:
    """Read a number that is not below zero."""
    found = decimal(cell)
    if found < 0:
        raise ValueError("is below zero")
    return found


def number(cell: str) -> Fraction:
    """Read a number exactly."""
    return Fraction(decimal(cell))


def fraction(cell: str) -> Fraction:
    """Read a whole number or a fraction such as ``131/4``."""
    if not WHOLE_OR_FRACTION.fullmatch(cell):
        raise ValueError("is not a whole number or a fraction")
    return Fraction(cell)


def share(cell: str) -> Fraction:
    """Read a share, from 0 to 1."""
    found = number(cell)
    if not 0 <= found <= 1:
        raise ValueError("is not a share, from 0 to 1")
    return found


def one_of(*words: str) -> Callable[[str], str]:
    """Return what reads one of some words."""

    def read(cell: str) -> str:
        if cell not in words:
            raise ValueError(f"is none of {', '.join(words)}")
        return cell

    return read


def tenth(cell: str) -> Fraction:
    """Read a tenth of areas, 1 to 10."""
    found = number(cell)
    if not 1 <= found <= 10:
        raise ValueError("is not between 1 and 10")
    return found


def any_number(cell: str) -> Number:
    """Read a number exactly, or ``inf``: the journey of somebody whom no site serves."""
    return float(cell) if cell in ("inf", "-inf") else number(cell)


def same(claimed: Number, found: Number) -> bool:
    """Whether two numbers agree to nine decimals."""
    if claimed == found or isinstance(claimed, float) or isinstance(found, float):
        return claimed == found
    return size(claimed - found) <= HALF_A_DECIMAL + OF_ONE + OF_BINARY * size(found)


def nearly(claimed: Number, found: Number) -> bool:
    """Whether two numbers agree to a part in a thousand million: sums of many that were each rounded."""
    if isinstance(claimed, float) or isinstance(found, float):
        return claimed == found
    return size(claimed - found) <= dust(found)


def in_all(numbers: Iterable[Fraction | int]) -> Fraction | int:
    """Add up, in pairs: fractions of many denominators grow long, and so only few do."""
    left = list(numbers)
    while len(left) > 1:
        left = [one + other for one, other in zip_longest(left[::2], left[1::2], fillvalue=0)]
    return left[0] if left else 0


def size(value: Number) -> Number:
    """Return a number without its sign."""
    return value if value >= 0 else -value


def dust(value: Number) -> Number:
    """Return how far beyond a limit of this size still counts as at it."""
    return DUST * max(Fraction(1), size(value))


def is_ratio(claimed: Decimal | Fraction, top: int, bottom: int) -> bool:
    """Whether a decimal agrees with a ratio of whole numbers: the quick way for long tables."""
    claimed_top, claimed_bottom = claimed.as_integer_ratio()
    exactly = claimed_top * bottom == top * claimed_bottom
    return exactly or same(Fraction(claimed), Fraction(top, bottom))


def shown(value: object) -> str:
    """Write a value for people: numbers to 12 digits, truth as true and false, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        return _digits(value)
    if isinstance(value, dict):
        return f"a mapping of {len(value)} entries"
    if isinstance(value, list | tuple):
        return f"[{', '.join('…' if isinstance(item, dict | list) else shown(item) for item in value)}]"
    return str(value)


def _digits(value: Fraction) -> str:
    if abs(value) < 10**200:
        return f"{float(value):.12g}"
    # Beyond floating point, and perhaps beyond the digits that Python writes out.
    return f"{Decimal(value.numerator) / Decimal(value.denominator):.12g}"


def brief(value: object) -> str:
    """Write the beginning of a value for people, however long it is."""
    words = shown(value)
    return words if len(words) <= LONGEST_SHOWN else f"{words[:LONGEST_SHOWN]}…"


def whole_numbers(column: Sequence[Decimal]) -> tuple[list[int], int]:
    """Write decimals as whole numbers over one common power of ten, which is returned with them."""
    ratios = [value.as_integer_ratio() for value in column]
    places = max((-_exponent(value) for value in column), default=0)
    scale = 10 ** max(0, places)
    return [top * scale // bottom for top, bottom in ratios], scale


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # `decimal` lets no NaN or infinity through
    return exponent


def rounded_ratio(top: int, bottom: int) -> int:
    """Divide and round to the nearest whole number, halves to the even one."""
    quotient, rest = divmod(top, bottom)
    return quotient + (2 * rest > bottom or (2 * rest == bottom and quotient % 2 == 1))


class Files(NamedTuple):
    """What a run consists of: the contents that may be read, by relative name, and the names of all that is there."""

    contents: Mapping[str, bytes]
    names: Collection[str]


def read_files(run: Path | Mapping[str, bytes], known: Iterable[str] = ()) -> Files:
    """Return the files of a run that ``run.json`` lists or that are known by name, from a folder or from memory."""
    if isinstance(run, Mapping):
        contents = {str(name): bytes(content) for name, content in run.items()}
        return Files({name: content for name, content in contents.items() if len(content) <= MOST_BYTES}, contents)
    folder = Path(run)
    if not folder.is_dir():
        raise InputError([Fault(str(run), "there is no such run folder. Name the folder that a run was written to.")])
    try:
        present = set(_names_in(folder))
        if not _may_be_a_run(present):
            words = "this is not a run folder. Name one that `optimiser solve` or `optimiser evaluate` wrote."
            raise InputError([Fault(str(run), words)])
        contents = _read_of(folder, {"run.json"} & present)
        listed = _listed(contents.get("run.json", b""))
        present |= {name for name in listed - present if _is_inside(folder, name)}
        contents |= _read_of(folder, (listed | set(known)) & present)
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError([Fault(str(run), f"the run folder cannot be read ({error}).")]) from error
    return Files(contents, present)


def _may_be_a_run(names: Collection[str]) -> bool:
    """Whether a folder has run.json, and a table that only a run has: sweeps and lists of options have neither."""
    return "run.json" in names and any(name in names for name in TELLTALES)


def _names_in(folder: Path) -> Iterator[str]:
    """Yield the files of the folder itself and of its inputs. A link could lead outside, so links do not count."""
    inputs = folder / "inputs"
    for path in (*folder.iterdir(), *([] if inputs.is_symlink() else inputs.rglob("*"))):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix()


def _is_inside(folder: Path, name: str) -> bool:
    parts = PurePosixPath(name).parts
    if ".." in parts or name.startswith("/") or "\0" in name or len(name) > LONGEST_NAME:
        return False
    steps = [folder.joinpath(*parts[: n + 1]) for n in range(len(parts))]
    return bool(steps) and steps[-1].is_file() and not any(step.is_symlink() for step in steps)


def _read_of(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    sizes = {name: (folder / name).stat().st_size for name in sorted(names)}
    return {name: (folder / name).read_bytes() for name, length in sizes.items() if length <= MOST_BYTES}


def _listed(content: bytes) -> set[str]:
    try:
        files = json.loads(content.decode("utf-8-sig")).get("files", {})
        return set(files) if isinstance(files, dict) else set()
    except (ValueError, AttributeError, RecursionError):
        return set()  # whoever reads run.json in earnest says what is wrong with it


class Reader:
    """The files of one run, and the breaches noted while reading them."""

    def __init__(self, found: Files) -> None:
        self.files = found.contents
        self.names = found.names
        self.breaches: list[Breach] = []
        self.read = set[str]()

    def note(self, check: str, where: str, claimed: object, found: object, message: str) -> None:
        """Note a breach."""
        self.breaches.append(Breach(check, where, shown(claimed), shown(found), message))

    def give_up(self, name: str, message: str) -> UnreadableError:
        """Note that a file cannot be read, and return what to raise."""
        self.note("files_can_be_read", name, None, None, f"{name} {message}, so nothing in it can be checked.")
        return UnreadableError(name)

    def _there(self, name: str) -> None:
        """Give up where a file is not there to be read."""
        self.read.add(name)
        if name not in self.files:
            there = name in self.names
            raise self.give_up(name, f"has more than {MOST_BYTES:,} bytes" if there else "is missing")

    def decoded(self, name: str) -> str:
        """Return a file's text, or give up."""
        self._there(name)
        try:
            return self.files[name].decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self.give_up(name, "is not UTF-8 text") from None

    def table(
        self, name: str, columns: Mapping[str, Callable[[str], Any]], *, optional: Iterable[str] | None = None
    ) -> list[Row]:
        """Read a CSV table; a row with a cell that cannot be read is noted and left out.

        ``optional`` names columns that may be absent, and lets other columns be present; without it the
        columns must be exactly those of ``columns``. Such tables come from elsewhere, so that blank rows and
        blank cells at the end of a row are passed over in them.
        """
        header, lines = self._lines(name)
        numbered = list(enumerate(lines, start=2))
        if optional is not None:
            numbered = [(n, _trimmed(line, len(header))) for n, line in numbered if any(map(str.strip, line))]
        wanted = self._wanted(name, header, columns, optional)
        rows = (self._row(f"{name} row {n}", line, len(header), wanted) for n, line in numbered)
        return [row for row in rows if row is not None]

    def pairs(self, name: str, columns: Mapping[str, Callable[[str], Any]], check: str) -> Pairs[Any]:
        """Read a CSV table of three columns, two that are a key and what it says of that, a row at a time.

        It reads and notes what ``table``, with no column that may be absent, and ``keyed`` do, in less time and memory.
        """
        before, (first, second, _) = len(self.breaches), columns
        self._there(name)
        lines = csv.reader(io.TextIOWrapper(io.BytesIO(self.files[name]), "utf-8-sig", newline=""), strict=True)
        found: dict[str, dict[str, Any]] = {}
        repeated = set()
        try:
            header = next(lines)
            wanted = self._wanted(name, header, columns, ())
            (at_first, _, firsts), (at_second, _, seconds), (at, _, values) = wanted
            for n, line in enumerate(lines, start=2):
                try:
                    if len(line) != len(header):
                        raise ValueError
                    one, other, value = firsts[line[at_first]], seconds[line[at_second]], values[line[at]]
                except ValueError:
                    trimmed = _trimmed(line, len(header)) if any(map(str.strip, line)) else None
                    row = self._row(f"{name} row {n}", trimmed, len(header), wanted) if trimmed is not None else None
                    if row is None:
                        continue
                    one, other, value = (row.cells[column] for column in columns)
                its = found.setdefault(one, {})
                if other in its:
                    repeated.add((one, other))
                else:
                    its[other] = value
        except (csv.Error, StopIteration, UnicodeDecodeError) as error:
            del self.breaches[before:]
            no_text = isinstance(error, UnicodeDecodeError)
            raise self.give_up(name, "is not UTF-8 text" if no_text else "is empty or not a CSV table") from None
        if repeated:
            # Seldom: read anew as rows, which know where they stand.
            rows = Reader(Files(self.files, self.names)).table(name, columns, optional=())
            again = (row for row in rows if (row.cells[first], row.cells[second]) in repeated)
            self.keyed(again, (first, second), check)
        return Pairs(found)

    def _wanted(
        self,
        name: str,
        header: Sequence[str],
        columns: Mapping[str, Callable[[str], Any]],
        optional: Iterable[str] | None,
    ) -> list[tuple[int, str, _Once[str, Any]]]:
        """Return where each column stands, and what reads its cells, or give up. Cells repeat: each is read once."""
        required = [column for column in columns if column not in (optional or ())]
        absent = [column for column in required if column not in header]
        if absent or len(set(header)) < len(header) or (optional is None and len(header) > len(columns)):
            raise self.give_up(name, f"should have the columns {', '.join(columns)} but has {', '.join(header)}")
        return [(header.index(column), column, _Once(read)) for column, read in columns.items() if column in header]

    def columns(self, name: str) -> list[str]:
        """Return the header of a table."""
        return self._lines(name)[0]

    def _lines(self, name: str) -> tuple[list[str], list[list[str]]]:
        try:
            header, *lines = csv.reader(io.StringIO(self.decoded(name), newline=""), strict=True)
        except (csv.Error, ValueError):
            raise self.give_up(name, "is empty or not a CSV table") from None
        return header, lines

    def _row(
        self, where: str, line: list[str], width: int, wanted: list[tuple[int, str, _Once[str, Any]]]
    ) -> Row | None:
        if len(line) != width:
            self.note("files_can_be_read", where, len(line), width, f"{where} has {len(line)} cells, not {width}.")
            return None
        cells: dict[str, Any] = {}
        for place, column, known in wanted:
            try:
                cells[column] = known[line[place]]
            except ValueError as error:
                message = f'{where}: the {column} "{line[place]}" {error}.'
                self.note("files_can_be_read", f"{where} {column}", line[place], None, message)
        return Row(where, cells) if len(cells) == len(wanted) else None

    def keyed(self, rows: Iterable[Row], key: Sequence[str], check: str) -> dict[Any, Row]:
        """Return rows by their key columns; a second row with the same key is noted."""
        found: dict[Any, Row] = {}
        for row in rows:
            cells = row.cells
            code = cells[key[0]] if len(key) == 1 else tuple([cells[column] for column in key])
            if code in found:
                label = code if isinstance(code, str) else ", ".join(map(shown, code))
                self.note(check, row.where, label, None, f"{row.where} repeats {label}: {found[code].where} has it.")
            else:
                found[code] = row
        return found

    def json(self, name: str) -> dict[str, Any]:
        """Read a JSON object with exact numbers; a key written twice is refused."""
        try:
            found = json.loads(
                self.decoded(name),
                parse_float=number,
                parse_constant=_infinity,
                object_pairs_hook=_without_repeats,
            )
        except (ValueError, RecursionError) as error:
            raise self.give_up(name, f"is not JSON that can be trusted ({brief(str(error))})") from None
        if not isinstance(found, dict):
            raise self.give_up(name, "does not hold a JSON object")
        return found

    def yaml(self, name: str) -> Any:
        """Read YAML with every scalar left as its text, so that decimals stay exact."""
        content = self.decoded(name)
        if len(self.files[name]) > MOST_CONFIG_BYTES:
            raise self.give_up(name, f"has more than {MOST_CONFIG_BYTES:,} bytes")
        try:
            return _plain_yaml(content)
        except Exception as error:  # ruamel meets some broken files with bare TypeError or AttributeError
            first_line = (str(error).splitlines() or [""])[0]
            raise self.give_up(name, f"is not YAML that can be trusted ({brief(first_line)})") from None


class _Once(dict[Given, Other]):
    """What comes of something, worked out when it is first looked up."""

    def __init__(self, work: Callable[[Given], Other]) -> None:
        super().__init__()
        self.work = work

    def __missing__(self, given: Given) -> Other:
        self[given] = found = self.work(given)
        return found


def _trimmed(line: list[str], width: int) -> list[str]:
    return line if len(line) <= width or any(line[width:]) else line[:width]


class _PlainParser(Parser):
    """Refuses YAML that says more than is written as it is read: aliases repeat, and repeated repeats never end."""

    depth = 0

    def get_event(self) -> Any:
        """Return the next event, once it is known to be harmless."""
        event = super().get_event()
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise ValueError("it has an anchor or an alias")
        self.depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if self.depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        return event


class _PlainTexts(BaseConstructor):
    """Leaves every scalar as its text, but for what says nothing: in quotes that is a text like any other."""

    def construct_scalar(self, node: Any) -> Any:
        """Return a scalar's text, or None where it is written as nothing."""
        return None if not node.style and node.value in NOTHING else super().construct_scalar(node)


@lru_cache(maxsize=4)
def _plain_yaml(content: str) -> Any:
    """Return what YAML says, to be left as it is: runs of one question share its config."""
    reader = YAML(typ="base", pure=True)
    reader.Parser, reader.Constructor = _PlainParser, _PlainTexts
    found = reader.load(content)
    _refuse_long_names(found)
    return found


def _refuse_long_names(node: object) -> None:
    if isinstance(node, dict):
        if any(isinstance(key, str) and len(key) > LONGEST_NAME for key in node):
            raise ValueError(f"it has a name of more than {LONGEST_NAME} letters")
        node = list(node.values())
    for item in node if isinstance(node, list) else ():
        _refuse_long_names(item)


def _infinity(constant: str) -> float:
    if constant == "NaN":
        raise ValueError("it holds NaN")
    return -math.inf if constant.startswith("-") else math.inf


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it holds one key twice")
    return found
