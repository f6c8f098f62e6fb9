"""A place and a question from what a notebook holds: frames and settings, without a file of one's own.

What is given is read by the same readers as files are, so that the same faults are found and said.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd
from ruamel.yaml import YAML

from optimiser.errors import Fault, InputError, did_you_mean, shown
from optimiser.inputs import read_problem
from optimiser.inputs.schema import PLACE_TABLES
from optimiser.inputs.tables import read_place
from optimiser.problem import Problem

if TYPE_CHECKING:
    import geopandas

Found = TypeVar("Found")


@dataclass(frozen=True, repr=False)
class TablesOfAPlace:
    """A place that was put together from frames: its files by name."""

    files: Mapping[str, bytes]

    def __repr__(self) -> str:
        """Return the names of its files."""
        return f"{type(self).__name__}: {', '.join(self.files)}"


def place_from(*, boundaries: geopandas.GeoDataFrame | None = None, **tables: pd.DataFrame) -> TablesOfAPlace:
    """Put a place together from frames.

    Parameters
    ----------
    tables
        Frames by the names of a place's tables: ``sites``, ``areas``, ``journeys``, ``demand``, and those that may be
        left out; with the columns that ``docs/data_dictionary.md`` has for each. Without ``areas``, those of journeys
        and demand are all of residents, named by their codes.
    boundaries
        Outlines of the areas, with a column ``area``, in any stated coordinate system.

    Raises
    ------
    InputError
        With every fault of every table, as of a folder of files.
    """
    known = [table.name for table in PLACE_TABLES]
    if unknown := [name for name in tables if name not in known]:
        raise InputError(Fault(name, f"a place has no such table. {did_you_mean(name, known)}") for name in unknown)
    if "areas" not in tables:
        told = [
            frame["area"] for name in ("journeys", "demand") if "area" in (frame := tables.get(name, pd.DataFrame()))
        ]
        codes = list(dict.fromkeys(code for column in told for code in column))
        tables["areas"] = pd.DataFrame({"area": codes, "name": codes, "resident": True})
    files = {f"{name}.csv": frame.to_csv(index=False).encode() for name, frame in tables.items()}
    if boundaries is not None:
        outlines = boundaries[["area", boundaries.geometry.name]].to_crs("EPSG:4326")
        files["boundaries.geojson"] = outlines.to_json().encode()
    place = TablesOfAPlace(files)
    with tempfile.TemporaryDirectory() as folder:
        _write(place, Path(folder))
        _asked_without_files(folder, read_place)
    return place


def question(settings: Mapping[str, Any], place: TablesOfAPlace) -> Problem:
    """Return the question that settings ask of a place.

    Parameters
    ----------
    settings
        What a config states (``docs/config.md``), but for its place.
    place
        As ``place_from`` returns it.

    Raises
    ------
    InputError
        With every fault of the settings, and of what they ask of the place.
    """
    page = io.BytesIO()
    YAML(typ="safe").dump({**settings, "place": "place"}, page)
    with tempfile.TemporaryDirectory() as folder:
        _write(place, Path(folder, "place"))
        Path(folder, "config.yaml").write_bytes(page.getvalue())
        return _asked_without_files(folder, lambda inside: read_problem(Path(inside, "config.yaml")))


def _write(place: TablesOfAPlace, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in place.files.items():
        (folder / name).write_bytes(content)


def _asked_without_files(folder: str, read: Callable[[str], Found]) -> Found:
    """Read what was written for a moment, and leave its folder out of what is said of it."""
    try:
        return read(folder)
    except InputError as error:
        inside = f"{shown(Path(folder))}/"
        raise InputError(
            Fault(one.place.replace(inside, ""), _about_a_frame(one.message, inside)) for one in error.faults
        ) from None


def _about_a_frame(message: str, inside: str) -> str:
    """Return what is said of a file of a frame, without the file: what is not there cannot be brought in again."""
    said, command, rest = message.partition("optimiser import ")
    if not command or inside.rstrip("/") not in rest:
        return message
    for also in (" Bring it in: ", ", or: ", " Or bring it in as it is: "):
        said = said.removesuffix(also)
    return f"{said.rstrip('.')}. Put the frame so, or save it as CSV and bring it in with “optimiser import”."
