"""Read a place's tables into frames, listing every fault of every file at once with its row and remedy."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, closest, shown
from optimiser.inputs.boundaries import look_at_boundaries, read_boundaries
from optimiser.inputs.files import is_there
from optimiser.inputs.schema import PLACE_TABLES
from optimiser.inputs.tables.kept import Judged, found_before, keep
from optimiser.inputs.tables.plausible import doubts
from optimiser.inputs.tables.sheets import import_command, read_sheet
from optimiser.inputs.tables.together import check_together, codes_if_sound
from optimiser.problem import Added, Unit
from optimiser.problem.words import in_full

__all__ = [
    "Place",
    "as_plain_csv",
    "boundary_file",
    "look_at_place",
    "read_boundaries",
    "read_place",
    "unverified_activities",
]

COLUMNS, SOURCES = "inputs/columns.csv", "inputs/sources.csv"
IMPORTED = "imported.csv"
BOUNDARY_FILES = ("boundaries.geojson", "boundaries.gpkg")
_ALSO_BOUNDARIES = ("boundaries", "outlines", "boundary", "areas_boundaries")
_OUTLINE_ENDINGS = (".geojson", ".gpkg", ".shp", ".kml", ".topojson")
# What explains a place or made it, and what stands beside a shapefile.
_EXPLAINS = (
    ".md", ".txt", ".py", ".r", ".ipynb", ".yaml", ".yml", ".qmd", ".dbf", ".shx", ".prj", ".cpg", ".sbn",
    ".sbx",
)  # fmt: skip
COUNTED = ("demand", "patients_per_year")
DEMAND = "inputs/demand.csv"
UNITS: dict[Unit, str] = {"people": "people", "WTE": "wte"}

# What a config names. Where these are sound, a config can be compared with a place that has other faults.
_RELIED_UPON = {
    "areas": ("area", "resident"),
    "sites": ("site", "role"),
    "demand": ("activity",),
    "staff": ("site", "team", "year"),
}


@dataclass(frozen=True)
class Place:
    """One health system's tables, as read.

    A frame's index counts the rows of its file from 0: ``index + 2`` is the row that a spreadsheet shows.
    A table that may be left out and is not there is an empty frame; such a column is not in its frame. ``taken`` says
    what was understood otherwise than it is written, in a sentence each, ``not_read`` which files nothing reads, and
    ``doubts`` what can hardly be; ``mended`` has, by file, the tables of which something was understood otherwise.
    ``added`` are the sites that a config adds: they are in the frames, and not in the files.
    """

    areas: pd.DataFrame
    sites: pd.DataFrame
    journeys: pd.DataFrame
    journeys_by_mode: pd.DataFrame
    transfers: pd.DataFrame
    transfers_by_mode: pd.DataFrame
    demand: pd.DataFrame
    corridors: pd.DataFrame
    border: pd.DataFrame
    staff: pd.DataFrame
    activity: pd.DataFrame
    road_junctions: pd.DataFrame
    road_links: pd.DataFrame
    road_speeds: pd.DataFrame
    road_turns: pd.DataFrame
    road_delays: pd.DataFrame
    road_hours: pd.DataFrame
    road_access: pd.DataFrame
    road_waters: pd.DataFrame
    towns: pd.DataFrame
    land: pd.DataFrame
    sources: pd.DataFrame
    columns: pd.DataFrame
    data_checks: pd.DataFrame
    taken: tuple[str, ...] = ()
    not_read: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    mended: Mapping[str, bytes] = field(default_factory=dict)
    added: tuple[Added, ...] = ()

    @cached_property
    def candidates(self) -> list[str]:
        """Codes of the sites that may be given services, in the order of the table."""
        return list(self.sites["site"][self.sites["role"] == "candidate"])

    @cached_property
    def neighbours(self) -> list[str]:
        """Codes of the sites that are never decided on, in the order of the table."""
        return list(self.sites["site"][self.sites["role"] == "neighbour"])

    @cached_property
    def modes(self) -> list[str]:
        """Codes of the modes of which journeys are known besides those of ``journeys``, in order."""
        return sorted(set(self.journeys_by_mode.get("mode", ())))

    @cached_property
    def activities(self) -> list[str]:
        """Codes of what patients need, in order."""
        return sorted(set(self.demand["activity"].tolist()))

    def counting(self, areas_outside: str) -> Place:
        """Return the place with those areas outside that a question counts: ``all``, or those ``known_in_full``.

        Of these ``demand`` has a row for every activity. Tables other than ``areas`` and ``demand`` keep their rows.
        """
        if areas_outside == "all":
            return self
        told = self.demand.groupby("area")["activity"].nunique()
        left_out = ~self.areas["resident"] & (self.areas["area"].map(told).fillna(0) < len(self.activities))
        codes = self.areas["area"][left_out]
        return replace(self, areas=self.areas[~left_out], demand=self.demand[~self.demand["area"].isin(codes)])

    def counts_of(self, activity: str, period: str) -> dict[str, float]:
        """Return what was counted of an activity in a period, by site."""
        rows = self.activity[(self.activity["activity"] == activity) & (self.activity["period"] == period)]
        return {str(site): float(count) for site, count in zip(rows["site"], rows["count"], strict=True)}

    def grades_of(self, team: str) -> list[str]:
        """Return every grade that the rows of a team name."""
        rows = self.staff[self.staff["team"] == team]
        return sorted({str(grade) for grade in rows["grade"].dropna() if grade}) if "grade" in rows else []

    def staff_now(self, team: str, year: int | None) -> pd.DataFrame:
        """Return a team's rows of its year at the candidates, with people and wte, blank where unknown."""
        columns = [*self.staff.columns, *(unit for unit in UNITS.values() if unit not in self.staff)]
        staff = self.staff.reindex(columns=columns)
        return staff[(staff["team"] == team) & (staff["year"] == year) & staff["site"].isin(self.candidates)]


def read_place(folder: str | Path, *, allow_missing: Iterable[tuple[str, str]] = ()) -> Place:
    """Read and check every table of a place.

    ``allow_missing`` lists the (area, site) pairs that need no journey. Raises ``InputError`` with every fault
    of every file, and ``TooLarge`` for a file over the limits.
    """
    place, faults = look_at_place(folder, allow_missing=allow_missing)
    if faults or place is None:
        raise InputError(faults)
    return place


def look_at_place(
    folder: str | Path, *, allow_missing: Iterable[tuple[str, str]] = (), anew: bool = True
) -> tuple[Place | None, list[Fault]]:
    """Return the place and its faults. Where the codes themselves cannot be relied upon, the place is None.

    Unless it is to be judged ``anew``, what was found sound before is not judged again.
    """
    folder = Path(folder)
    if not is_there(folder, folder=True):
        return None, [Fault(shown(folder), "there is no such folder. Correct the place in the config.")]
    allowed = set(allow_missing)
    boundaries = boundary_file(folder)
    judged = None if anew else found_before(folder, boundaries, allowed)
    if judged is None:
        judged = _judge(folder, boundaries, allowed)
        if not anew:
            keep(judged, allowed)
    sheets, faults = judged.sheets, judged.faults
    taken = [f"{shown(one.path)}: {words}" for one in judged.files for words in one.taken]
    doubtful = tuple(f"{shown(path)}: {words}" for path, words in judged.doubts)
    not_read = tuple(f"{shown(path)}: this file is not read. {remedy}" for path, remedy in unread(folder))
    if not all(sheets[name].reliable(*columns) for name, columns in _RELIED_UPON.items()):
        return None, faults
    frames: dict[str, Any] = {name: sheet.finished() for name, sheet in sheets.items()}
    mended = {f"{name}.csv": as_plain_csv(frames[name]) for name, sheet in sheets.items() if sheet.taken}
    return Place(**frames, taken=tuple(taken), not_read=not_read, doubts=doubtful, mended=mended), faults


def _judge(folder: Path, boundaries: Path | None, allowed: set[tuple[str, str]]) -> Judged:
    sheets = {table.name: read_sheet(folder, table, allowed) for table in PLACE_TABLES}
    check_together(sheets, allowed)
    outlines = look_at_boundaries(boundaries, codes_if_sound(sheets["areas"], "area")) if boundaries else None
    return Judged(sheets, outlines, list(doubts(sheets, outlines)))


def boundary_file(folder: Path) -> Path | None:
    """Return the file of outlines in a place's folder, or None if it has none."""
    paths = (folder / name for name in BOUNDARY_FILES)
    return next((path for path in paths if path.is_symlink() or path.exists()), None)


def unread(folder: Path) -> list[tuple[Path, str]]:
    """Return the files of a place's folder that nothing reads, each with what was perhaps meant.

    Folders, hidden files, and those that explain or make a place (.md, .txt, .py) are left alone.
    """
    tables = [table.name for table in PLACE_TABLES]
    outlines = boundary_file(folder)
    read = {f"{name}.csv" for name in tables} | {IMPORTED} | ({outlines.name} if outlines else set())
    found = []
    for path in sorted(folder.iterdir()):
        ending = path.suffix.lower()
        if path.name in read or path.name.startswith(".") or ending in _EXPLAINS or path.is_dir():
            continue
        meant = closest(path.stem, [*tables, *_ALSO_BOUNDARIES])
        meant = "boundaries" if meant in _ALSO_BOUNDARIES or ending in _OUTLINE_ENDINGS else meant
        found.append((path, _remedy(path, meant, outlines)))
    return found


def _remedy(path: Path, meant: str | None, outlines: Path | None) -> str:
    if meant is None:
        return "Tables of a place are named in the data dictionary."
    there = outlines if meant == "boundaries" else path.with_name(f"{meant}.csv")
    if there and there.exists():
        return f"{there.name} is."
    if meant == "boundaries" and path.suffix.lower() in (".json", ".geojson"):
        return "Call it boundaries.geojson."
    if meant != "boundaries" and path.suffix.lower() == ".csv":
        return f"Call it {meant}.csv."
    return f"Bring it in: {import_command(meant, path, replace=False)}"


def as_plain_csv(frame: pd.DataFrame) -> bytes:
    """Return a frame as a table in our plain form."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(frame.columns)
    lines.writerows(zip(*([_as_text(cell) for cell in column] for _, column in frame.items()), strict=True))
    return text.getvalue().encode()


def _as_text(cell: object) -> str:
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return in_full(cell)
    return "" if cell is None else str(cell)


def unverified_activities(files: Mapping[str, bytes], activities: Iterable[str]) -> list[str]:
    """Return the activities whose patients come from a source that nobody verified, in order.

    ``columns.csv`` names the source of every column; where a column has several, the note of each says of which rows
    it is, by activity. Of tables without a source nobody verified any; of a question without tables nothing is known.
    """
    verified = {row["source"]: row.get("verified", "") == "true" for row in _rows(files, SOURCES)}
    of_demand = [row for row in _rows(files, COLUMNS) if (row.get("table"), row.get("column")) == COUNTED]
    if not of_demand:
        return [*activities] if DEMAND in files else []
    doubtful = [row for row in of_demand if not verified.get(row.get("source", ""), True)]
    named = [set(re.findall(r"\w+", row.get("note") or "")) for row in doubtful]
    return [one for one in activities if any(one in words or len(of_demand) == 1 for words in named)]


def _rows(files: Mapping[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files.get(name, b"").decode("utf-8-sig"))))
