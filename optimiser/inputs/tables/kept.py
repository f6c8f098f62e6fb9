"""Large places that were found sound, kept so that the same bytes need not be judged again.

What is kept is addressed by content: by the bytes of every file that was judged, the pairs that might be missing, and
the program that judged. A place with a fault is never kept, and what cannot be relied upon is as if it were not there.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import stat
import tempfile
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.errors import Fault
from optimiser.inputs.boundaries import Outlines
from optimiser.inputs.files import is_there, read_bytes
from optimiser.inputs.schema import PLACE_TABLES
from optimiser.inputs.tables.sheets import MAX_FILE_BYTES, Sheet, Texts, cells_of, read_sheet

# The folder that places are kept in, or OFF; otherwise a folder of this name where a user's caches are.
VARIABLE, OFF, NAME = "OPTIMISER_CACHE", "off", "optimiser"
# Smaller places are read in no time.
LEAST_BYTES = 10 * 1024**2
# Of all that is kept, what was not used for longest goes first.
MOST_BYTES = 512 * 1024**2
ENDING, HASH_BYTES = ".place", 32
# What reading a damaged or a hostile entry may raise.
_BROKEN = (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, MemoryError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Judged:
    """What was found in the files of a place, each by itself and all together.

    ``doubts`` are the files and what can hardly be of each. Of outlines that were kept there is only what was taken.
    """

    sheets: Mapping[str, Sheet]
    outlines: Outlines | None
    doubts: Sequence[tuple[Path, str]]

    @property
    def files(self) -> list[Sheet | Outlines]:
        """Each file of which something may have been taken otherwise than written."""
        return [*self.sheets.values(), *([self.outlines] if self.outlines else [])]

    @property
    def faults(self) -> list[Fault]:
        """Every fault of every file."""
        found = [fault for sheet in self.sheets.values() for fault in sheet.listed()]
        return [*found, *(self.outlines.faults if self.outlines else [])]


def found_before(folder: Path, boundaries: Path | None, allowed: Collection[tuple[str, str]]) -> Judged | None:
    """Return what was found when the same bytes were judged before; None where that is not known."""
    files = [*(folder / f"{table.name}.csv" for table in PLACE_TABLES), *([boundaries] if boundaries else [])]
    there = [path for path in files if is_there(path)]
    home = _home()
    if home is None or not _are_worth_it(there):
        return None
    read = {path.name: read_bytes(path, MAX_FILE_BYTES, inside=folder) for path in there}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in read.items() if isinstance(data, bytes)}
    del read
    if len(digests) < len(there):
        return None
    key = _key(digests, allowed)
    try:
        found = _from_bytes(_own_bytes(home / f"{key}{ENDING}", key), folder, boundaries)
        os.utime(home / f"{key}{ENDING}")
    except _BROKEN:
        return None
    return found


def keep(judged: Judged, allowed: Collection[tuple[str, str]]) -> None:
    """Keep what was found, if it is a large place without a fault, and it can be kept; else do nothing."""
    sheets, outlines = {name: one for name, one in judged.sheets.items() if one.present}, judged.outlines
    home = _home()
    paths = [*(sheet.path for sheet in sheets.values()), *([outlines.path] if outlines else [])]
    if home is None or judged.faults or not _are_worth_it(paths):
        return
    digests = {sheet.path.name: sheet.digest for sheet in sheets.values()}
    digests |= {outlines.path.name: outlines.digest} if outlines else {}
    key = _key(digests, allowed)
    content = _as_bytes(judged)
    with suppress(OSError):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if len(content) <= MOST_BYTES and _is_ours(home.lstat(), stat.S_ISDIR):
            _write(home / f"{key}{ENDING}", _mark(key, content) + content)
            _forget_what_is_too_much(home)


def _are_worth_it(paths: Collection[Path]) -> bool:
    with suppress(OSError):
        return sum(path.stat().st_size for path in paths) >= LEAST_BYTES
    return False


def _key(digests: Mapping[str, str], allowed: Collection[tuple[str, str]]) -> str:
    said = json.dumps([_program(), sorted(digests.items()), sorted(allowed)])
    return hashlib.sha256(said.encode()).hexdigest()


@cache
def _program() -> list[str]:
    """Return what judges: a hash of this program's files, and the versions of what it judges with."""
    import shapely

    root, said = Path(__file__).parents[2], hashlib.sha256()
    for path in sorted(path for ending in ("py", "csv") for path in root.rglob(f"*.{ending}")):
        content = path.read_bytes()
        said.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return [said.hexdigest(), platform.python_version(), np.__version__, pd.__version__, shapely.__version__]


# -- where it is kept ------------------------------------------------------------------------------


def _home() -> Path | None:
    """Return the folder of what is kept; None where nothing is to be, or where nobody could tell whose it is."""
    said = os.environ.get(VARIABLE, "")
    if said.lower() == OFF or not hasattr(os, "geteuid"):
        return None
    if said:
        return Path(said) / "places"
    users = Path(os.environ.get("XDG_CACHE_HOME", ""))
    with suppress(RuntimeError):
        return (users if users.is_absolute() else Path.home() / ".cache") / NAME / "places"
    return None


def _is_ours(status: os.stat_result, is_kind: Any) -> bool:
    """Whether a file or a folder is this user's, and nobody else may read or write it."""
    return bool(is_kind(status.st_mode)) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _own_bytes(path: Path, key: str) -> bytes:
    """Return what was kept under a key. Raises ``OSError`` or ``ValueError`` where it is not this user's, or not so."""
    if not _is_ours(path.parent.lstat(), stat.S_ISDIR):
        raise ValueError("somebody else may have written here")
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        if not _is_ours(status, stat.S_ISREG) or status.st_size > MOST_BYTES + HASH_BYTES:
            raise ValueError("somebody else may have written this")
        data = file.read()
    content = data[HASH_BYTES:]
    if data[:HASH_BYTES] != _mark(key, content):
        raise ValueError("this is not as it was written")
    return content


def _mark(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + content).digest()


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, under another name, and rename it: it is there in full or not."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        begun = Path(file.name)
        try:
            file.write(content)
        except OSError:
            begun.unlink()
            raise
    begun.replace(path)


def _forget_what_is_too_much(home: Path) -> None:
    sizes = {path: path.lstat() for path in home.iterdir()}
    total = 0
    for path, status in sorted(sizes.items(), key=lambda one: one[1].st_mtime_ns, reverse=True):
        total += status.st_size
        if total > MOST_BYTES + HASH_BYTES:
            path.unlink()


# -- what is kept ----------------------------------------------------------------------------------


def _as_bytes(judged: Judged) -> bytes:
    """Return what was found as arrays and a page of JSON: each distinct value of a column once, and who has which."""
    arrays: dict[str, np.ndarray] = {}
    said: dict[str, Any] = {"outlines": judged.outlines.taken if judged.outlines else []}
    said["doubts"] = [(path.name, words) for path, words in judged.doubts]
    for name, sheet in judged.sheets.items():
        if not sheet.present:
            continue
        rows = sheet.frame.index.to_numpy()
        if not np.array_equal(rows, np.arange(len(rows))):
            arrays[f"{name}/rows"] = rows
        for column, texts in sheet.texts.items():
            arrays[f"{name}/{column}"] = texts.which.astype(np.min_scalar_type(len(texts.values)))
        columns = {column: texts.values for column, texts in sheet.texts.items()}
        said[name] = {"rows": len(rows), "columns": columns, "taken": sheet.taken}
        said[name]["passed_over"] = sorted(sheet.passed_over)
    page = io.BytesIO()
    np.savez(page, said=np.frombuffer(json.dumps(said).encode(), dtype=np.uint8), **arrays)  # type: ignore[arg-type]
    return page.getvalue()


def _from_bytes(content: bytes, folder: Path, boundaries: Path | None) -> Judged:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        said = json.loads(arrays["said"].tobytes())
        sheets = dict(_sheets(arrays, said, folder))
    outlines = Outlines(boundaries, taken=said["outlines"]) if boundaries else None
    return Judged(sheets, outlines, [(folder / name, words) for name, words in said["doubts"]])


def _sheets(arrays: Any, said: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, Sheet]]:
    for table in PLACE_TABLES:
        if table.name not in said:
            yield table.name, read_sheet(folder, table)
            continue
        of = said[table.name]
        sheet = Sheet(table, folder / f"{table.name}.csv", folder=folder, taken=of["taken"])
        sheet.passed_over = {*of["passed_over"]}
        sheet.texts = {
            name: Texts([], arrays[f"{table.name}/{name}"], values) for name, values in of["columns"].items()
        }
        rows = pd.Index(arrays.get(f"{table.name}/rows", np.arange(of["rows"])))
        typed = {name: cells_of(table[name], texts, rows) for name, texts in sheet.texts.items()}
        sheet.frame = pd.DataFrame(typed, index=rows, copy=False)
        yield table.name, sheet
