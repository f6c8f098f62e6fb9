"""Open regular files only, within a size limit, and recognise what is not text."""

from __future__ import annotations

import stat
from pathlib import Path

from optimiser.errors import TooLarge, shown

_OTHER_FORMATS = {
    b"PK\x03\x04": "an Excel workbook or a zip file",
    b"SQLite format 3": "a database (GeoPackage or SQLite)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
    b"<": "XML or a web page",
    b"{": "JSON",
}
IS_A_RUN = "this is a run folder. What it was asked is its config.yaml: name that."


def read_bytes(path: Path, limit: int, *, inside: Path | None = None, first: int | None = None) -> bytes | str:
    """Return the bytes of a regular file, or a sentence that says why it was not read.

    ``inside`` refuses links that lead out of that folder; ``first`` reads no more than so many bytes. Raises
    ``TooLarge`` over ``limit`` bytes.
    """
    try:
        real = path.resolve(strict=True)
        status = real.stat()
        if not stat.S_ISREG(status.st_mode):
            return IS_A_RUN if _is_a_run(real) else "this is not a file. Put a file here."
        if inside is not None and not real.is_relative_to(inside.resolve()):
            return "this leads out of the folder. Put the file itself here."
        with real.open("rb") as file:
            data = file.read(first) if status.st_size <= limit else b""
    except FileNotFoundError:
        return "there is no such file. Correct the name, or add the file."
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        return f"the file cannot be opened ({why}). Check that you may read it."
    if status.st_size > limit:
        raise TooLarge(f"{shown(path)} has {status.st_size:,} bytes; at most {limit:,} are read.")
    return data


def _is_a_run(path: Path) -> bool:
    return all((path / name).is_file() for name in ("run.json", "config.yaml"))


def is_there(path: Path, *, folder: bool = False) -> bool:
    """Whether there is something at a path, or a folder; a path that no file could have leads nowhere."""
    try:
        return path.is_dir() if folder else path.exists()
    except (OSError, RuntimeError, ValueError):
        return False


def other_format(data: bytes) -> str | None:
    """Return in words what these bytes hold when their beginning gives them away as no CSV and no YAML."""
    head = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((what for start, what in _OTHER_FORMATS.items() if head.startswith(start)), None)
