"""Put what was brought in into the place's folder, each file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from optimiser.errors import NotWritten, shown
from optimiser.inputs.tables import IMPORTED

REPLACED = "replaced"
# How it is said that a table keeps its rows of other parts, such as other modes.
STAYS = "what is there stays of"


def write_into(folder: Path, files: Mapping[str, bytes], *, replace: bool, said: Sequence[str] = ()) -> Path:
    """Write files into a place's folder and return the path of the first; what they replace is kept beside them.

    Raises
    ------
    NotWritten
        When a file is there and ``replace`` was not asked for, or when the folder cannot be written.
    """
    first = next(iter(files))
    if (folder / first).exists() and not replace:
        stays = next((f" With --replace {line}" for line in said if line.startswith(STAYS)), "")
        words = "exists already. Write --replace to replace it; it is kept beside it."
        raise NotWritten(f"{shown(folder / first)} {words}{stays}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            if (folder / name).exists() and name != IMPORTED:
                _keep(folder, name)
            unfinished = folder / f".{name}.unfinished"
            unfinished.write_bytes(content)
            os.replace(unfinished, folder / name)  # noqa: PTH105
    except OSError as error:
        raise NotWritten(f"{shown(folder)} could not be written: {error.strerror or error}.") from error
    return folder / first


def _keep(folder: Path, name: str) -> None:
    """Move a file aside, under a name that is free."""
    aside = folder / REPLACED
    aside.mkdir(exist_ok=True)
    stem, dot, ending = name.partition(".")
    free = (aside / f"{stem}{f'-{n}' if n > 1 else ''}{dot}{ending}" for n in range(1, 10_000))
    (folder / name).rename(next(path for path in free if not path.exists()))
