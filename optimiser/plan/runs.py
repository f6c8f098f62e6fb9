"""Run folders: the unit of exchange. Written beside their place under another name, and renamed when complete."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser import checker
from optimiser.errors import DISTRIBUTION, NotWritten
from optimiser.plan import Plan
from optimiser.plan.proof import SecondOpinion, Standing, Written
from optimiser.plan.quotable import Otherwise
from optimiser.plan.told import told
from optimiser.problem import Added, Problem
from optimiser.problem.words import in_full

FORMAT = 1
NO_PLAN, NO_PLAN_TABLE, WAYS_OUT_TABLE = "no plan", "clash.csv", "ways_out.csv"
LIBRARIES = ("highspy", "numpy", "pandas", "pulp")
UNFINISHED: list[Path] = []
TABLES = ("designations", "journeys", "staffing", "measures", "rules")
# Written only where the question has something to say in them.
TABLES_OF_LINKS = ("links", "exceptions")
# Only where some rota asks for cover.
COVER_TABLES = ("rotas", "rota_needs")


def files_of(
    plan: Plan, said: Sequence[Otherwise] = (), would_change: Mapping[str, object] | None = None
) -> dict[str, bytes]:
    """Return a plan's run folder as file names and contents: its tables, the config, its inputs and ``run.json``.

    ``said`` is said of it beside other questions, and ``would_change`` what would alter it, as plain data.
    """
    frames = {
        "designations": plan.designations,
        "journeys": plan.journeys,
        "staffing": plan.staffing,
        "measures": plan.measures,
        "rules": plan.rules,
    } | {name: frame for name in COVER_TABLES if (frame := getattr(plan, name)) is not None}
    if plan.problem.has_tables_of_links:
        frames |= {"links": plan.links, "exceptions": plan.exceptions}
    files = {f"{name}.csv": _csv(frame) for name, frame in frames.items()} | dict(plan.problem.files)
    if plan.proof.certificate:
        files["certificate.json"] = json.dumps(plan.proof.certificate, separators=(",", ":")).encode() + b"\n"
    record = _record(plan, files, said, would_change)
    files["run.json"] = json.dumps(record, indent=2, ensure_ascii=False).encode() + b"\n"
    return files


def files_without_plan(
    problem: Problem,
    tables: Mapping[str, pd.DataFrame],
    all_found: bool,
    second_opinion: SecondOpinion | None = None,
) -> dict[str, bytes]:
    """Return the run folder of a question that has no plan: why, as tables, the config and its inputs, ``run.json``."""
    files = {f"{name}.csv": _csv(frame) for name, frame in tables.items()} | dict(problem.files)
    said = {
        "format": FORMAT,
        "date": f"{date.today():%Y-%m-%d}",
        "question": problem.title,
        "outcome": NO_PLAN,
        "every_clash_is_known": all_found,
        **_changed(problem),
        **_second(second_opinion),
        "versions": versions(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    files["run.json"] = json.dumps(said, indent=2, ensure_ascii=False).encode() + b"\n"
    return files


def check(run: Plan | str | Path) -> pd.DataFrame:
    """Recompute a plan, or a run folder, from its own inputs by code that shares nothing with the model.

    Returns
    -------
    pandas.DataFrame
        One row a disagreement: check, where, claimed, found, message. Empty means clean.
    """
    return checker.check(files_of(run) if isinstance(run, Plan) else Path(run))


def write_run(plan: Plan, folder: str | Path) -> Path:
    """Write a plan's run folder. An existing folder is never written over.

    Raises
    ------
    NotWritten
        When the folder exists or cannot be written; nothing half-written is left.
    """
    return write_files(files_of(plan), Path(folder))


def write_files(files: Mapping[str, bytes | np.ndarray], folder: Path) -> Path:
    """Write files under a new folder, all or none; an array becomes a file that NumPy reads."""
    try:
        if folder.exists():
            raise NotWritten(f"{folder} exists already. Choose another name, or move it away.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.unfinished-", dir=folder.parent))
        UNFINISHED.append(unfinished)
        unfinished.chmod(0o755)
        for name, content in files.items():
            target = unfinished / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                np.save(target, content)
        unfinished.rename(folder)
    except (OSError, ValueError) as error:
        if isinstance(error, NotWritten):
            raise
        raise NotWritten(f"{folder} could not be written: {getattr(error, 'strerror', None) or error}.") from error
    finally:
        remove_unfinished()
    return folder


def write_file(content: bytes, target: Path) -> Path:
    """Write a new file, whole or not at all. An existing file is never written over.

    Raises
    ------
    NotWritten
        When there is a file of that name already, or it cannot be written; nothing half-written is left.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.unfinished-", dir=target.parent))
        UNFINISHED.append(unfinished)
        (unfinished / target.name).write_bytes(content)
        if target.exists():
            raise NotWritten(f"{target} exists already. Choose another name with --out, or move it away.")
        (unfinished / target.name).rename(target)
    except OSError as error:
        if isinstance(error, NotWritten):
            raise
        raise NotWritten(f"{target} could not be written: {error.strerror}.") from error
    finally:
        remove_unfinished()
    return target


def remove_unfinished() -> None:
    """Remove whatever this process has begun to write and not finished."""
    while UNFINISHED:
        shutil.rmtree(UNFINISHED.pop(), ignore_errors=True)


def next_free(parent: Path, name: str) -> Path:
    """Return ``parent/name``, or with -2, -3 … after it where that exists."""
    candidates = [parent / name, *(parent / f"{name}-{number}" for number in range(2, 10_000))]
    return next(candidate for candidate in candidates if not candidate.exists())


def next_free_file(parent: Path, name: str, ending: str) -> Path:
    """Return ``parent/name`` with the ending, or with -2, -3 … before it where that exists."""
    return next(
        path
        for number in range(1, 10_000)
        if not (path := parent / f"{name}{f'-{number}' if number > 1 else ''}{ending}").exists()
    )


def versions() -> dict[str, str]:
    """Return the versions of Python and of every library that an answer rests on."""
    ours = {"python": platform.python_version(), "optimiser": _version(DISTRIBUTION)}
    return ours | {name: _version(name) for name in LIBRARIES}


def csv_files(frames: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Return frames as CSV files by name, written as those of a run folder; lists in a cell are JSON."""
    return {f"{name}.csv": _csv(_with_lists_as_json(frame)) for name, frame in frames.items()}


def _with_lists_as_json(frame: pd.DataFrame) -> pd.DataFrame:
    listed = [name for name in frame.columns if frame[name].map(lambda cell: isinstance(cell, list)).any()]
    return frame.assign(**{name: frame[name].map(lambda cell: json.dumps(cell, default=str)) for name in listed})


def _csv(frame: pd.DataFrame) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(frame.columns)
    lines.writerows(zip(*(_cells(column) for _, column in frame.items()), strict=True))
    return text.getvalue().encode()


def _cells(column: pd.Series[Any]) -> list[Any]:
    cells = column.tolist()
    if column.dtype in (bool, object) and any(cell in (True, False) for cell in cells):
        return [{True: "true", False: "false"}.get(cell, "") for cell in cells]
    if pd.api.types.is_float_dtype(column):
        return list(map(in_full, cells))
    return ["" if pd.isna(cell) else cell for cell in cells] if column.hasnans else cells


NOT_ALWAYS_SAID = ("note", "pathway", "scope")


def _option(written: Written) -> dict[str, object]:
    """Return an option as ``run.json`` has it: no note, nor a word on pathway or scope, where there is none."""
    return {name: one for name, one in asdict(written).items() if name not in NOT_ALWAYS_SAID or one}


def _record(
    plan: Plan, files: Mapping[str, bytes], said: Sequence[Otherwise], would_change: Mapping[str, object] | None
) -> dict[str, object]:
    proof, listing = plan.proof, plan.proof.enumeration
    return {
        "format": FORMAT,
        "date": f"{date.today():%Y-%m-%d}",
        "question": plan.problem.title,
        "outcome": proof.outcome,
        **({"option": _option(plan.option)} if plan.option else {}),
        "objectives": [
            {
                "name": reached.name,
                "services": list(reached.services),
                "value": reached.value,
                "bound": reached.bound,
                "unit": reached.unit,
            }
            for reached in proof.objectives
        ],
        "ties": listing.equal_best if listing else None,
        "enumeration": listing
        and {
            "listed": listing.listed,
            "struck_out_by": listing.struck,
            "lawful": listing.lawful,
            "best": [
                {"values": list(option.values), "designated": sorted(map(list, option.designated))}
                for option in listing.ranked
            ],
        },
        **({} if proof.standings is None else {"standings": [_standing(one) for one in proof.standings]}),
        **_changed(plan.problem),
        **({"know_before": told(plan)} if plan.problem.know_before else {}),
        **({"sentences": [one.record for one in said]} if said else {}),
        **({"would_change": would_change} if would_change else {}),
        "solver": proof.solver,
        **_second(proof.second_opinion),
        "versions": versions(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        "seconds": proof.seconds,
    }


def _second(opinion: SecondOpinion | None) -> dict[str, object]:
    return {"second_opinion": opinion.record} if opinion else {}


def _changed(problem: Problem) -> dict[str, object]:
    """Return the entries of sites that the config added and of what it changed; none where it did not."""
    names = ("name", "was", "value", "reason", "source", "verified")
    each = [{name: getattr(one, name) for name in names} for one in problem.changed]
    added = [_added(one) for one in problem.added]
    return {**({"added_sites": added} if added else {}), **({"changed": each} if each else {})}


def _added(one: Added) -> dict[str, object]:
    """Return what is said of a site that the config adds, without where it is."""
    left_out = ("grid", *(["a_minute"] if one.a_minute is None else []))
    return {name: value for name, value in asdict(one).items() if name not in left_out} | {
        "estimated": list(one.estimated)
    }


def _standing(one: Standing) -> dict[str, object]:
    level = [
        {"designated": sorted(map(list, rival.designated)), "figures": {n: list(f) for n, f in rival.figures.items()}}
        for rival in one.rivals
    ]
    runner_up = None if one.runner_up is None else sorted(map(list, one.runner_up))
    how_far = {"service": one.service, "within": one.within, "margin": one.margin}
    return {**how_far, "runner_up": runner_up, "level": level}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


__all__ = ["check", "files_of", "next_free", "versions", "write_files", "write_run"]
