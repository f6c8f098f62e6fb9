"""A finished run as it is exported: read back from its folder, and checked before anything of it is passed on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from optimiser import checker
from optimiser.errors import CheckFailed, Fault, InputError, disagreements
from optimiser.inputs import read_problem
from optimiser.inputs.boundaries import read_boundaries
from optimiser.inputs.schema import PLACE_TABLES, RUN_TABLES, Table
from optimiser.plan.runs import read_tables
from optimiser.problem import Problem

if TYPE_CHECKING:
    import geopandas

BRITISH_NATIONAL_GRID = "EPSG:27700"
# Stated in full, so that the same degrees give the same metres whatever grids are installed: Ordnance Survey's seven
# parameters, good to about 5 metres ("A guide to coordinate systems in Great Britain", section 6.6).
TO_THE_GRID = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=push +v_3 +step +proj=cart +ellps=WGS84 "
    "+step +inv +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 "
    "+convention=position_vector +step +inv +proj=cart +ellps=airy +step +proj=pop +v_3 "
    "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
)
CENTIMETRES = 2


@dataclass(frozen=True)
class Finished:
    """One run folder: ``record`` is its run.json, ``tables`` its own tables and ``inputs`` those of its place."""

    folder: Path
    record: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    inputs: Mapping[str, pd.DataFrame]
    problem: Problem

    @cached_property
    def key(self) -> str:
        """``run-`` and six letters that stand for what was asked and answered: equal files have equal keys."""
        listed = json.dumps(self.record["files"], sort_keys=True).encode()
        return f"run-{hashlib.sha256(listed).hexdigest()[:6]}"

    @property
    def date(self) -> str:
        """The day on which the run was made, as year-month-day; empty where the run does not say."""
        stated = self.record.get("date")
        return stated if isinstance(stated, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", stated) else ""

    @property
    def version(self) -> str:
        """The version of optimiser that made it; empty where the run does not say."""
        stated = self.record.get("versions")
        return str(stated.get("optimiser", "")) if isinstance(stated, dict) else ""

    @property
    def stem(self) -> str:
        """How file names begin: date, question and key, such as ``2026-11-21_one-hasu_run-7f3a9c``."""
        name = re.sub(r"^\d{4}-\d{2}-\d{2}_", "", self.folder.resolve().name).lower()
        slug = re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:40].strip("-") or "run"
        return "_".join(part for part in (self.date, slug, self.key) if part)

    @cached_property
    def outlines(self) -> geopandas.GeoDataFrame | None:
        """The outline of every area on the British National Grid, by area code; None where the place has none."""
        path = self.folder / "inputs/boundaries.geojson"
        if not path.is_file():
            return None
        frame = read_boundaries(path).set_index("area")
        to_grid = Transformer.from_pipeline(TO_THE_GRID)

        def metres(degrees: np.ndarray) -> np.ndarray:
            return np.round(np.column_stack(to_grid.transform(degrees[:, 0], degrees[:, 1])), CENTIMETRES)

        frame.geometry = shapely.transform(frame.geometry.to_numpy(), metres)
        return frame.set_crs(BRITISH_NATIONAL_GRID, allow_override=True)


def read_run(folder: str | Path) -> Finished:
    """Read a run folder back and check it.

    Raises
    ------
    InputError
        When it is not a complete run folder.
    CheckFailed
        When the independent check disagrees with it: such a run is not passed on.
    """
    folder = Path(folder)
    _, record = read_tables(folder)
    breaches = checker.check(folder)
    if len(breaches):
        first = breaches.iloc[0]
        words = f"{disagreements(len(breaches))}, first {first.check} ({first.where})."
        raise CheckFailed(f"{folder} is not passed on. {words} See them all: optimiser check {folder}")
    tables = {one.name: _read(folder / f"{one.name}.csv", one) for one in _there(folder, RUN_TABLES)}
    inputs = {
        one.name: _read(folder / f"inputs/{one.name}.csv", one) for one in _there(folder / "inputs", PLACE_TABLES)
    }
    return Finished(folder, record, tables, inputs, read_problem(folder / "config.yaml"))


def read_runs(folders: Sequence[str | Path]) -> list[Finished]:
    """Read several run folders; raises ``InputError`` where two of them hold the same run."""
    runs = [read_run(folder) for folder in folders]
    by_key: dict[str, Finished] = {}
    for run in runs:
        if run.key in by_key:
            raise InputError([Fault(str(run.folder), f"this is the same run as {by_key[run.key].folder}. Give one.")])
        by_key[run.key] = run
    return runs


def _there(folder: Path, tables: Sequence[Table]) -> list[Table]:
    return [table for table in tables if (folder / f"{table.name}.csv").is_file()]


def _read(path: Path, table: Table) -> pd.DataFrame:
    """Read a table as text, and its numbers as numbers: NaN where blank."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    for column in table.columns:
        if column.numeric and column.name in frame:
            frame[column.name] = pd.to_numeric(frame[column.name])
    return frame
