"""A finished run, read back from its folder and checked before anything is made of it."""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml.error import YAMLError

from optimiser import checker
from optimiser.errors import CheckFailed, Fault, InputError, disagreements, quoted
from optimiser.inputs import read_problem
from optimiser.inputs.adding import with_rows
from optimiser.inputs.config import pull_of, services_of, sites_of
from optimiser.inputs.schema import PLACE_TABLES, RUN_TABLES, Table, place_table
from optimiser.plan import Plan
from optimiser.plan.affected import of_services
from optimiser.plan.asked import designated_in, refuse_other_places, settings_of
from optimiser.plan.proof import (
    EVALUATED,
    Designations,
    Enumeration,
    Option,
    Proof,
    Reached,
    Rival,
    SecondOpinion,
    Standing,
    Written,
)
from optimiser.plan.runs import FORMAT, NO_PLAN_TABLE, TABLES, WAYS_OUT_TABLE, files_of, write_files
from optimiser.problem import Border, Figure, Problem
from optimiser.problem.words import ESTIMATED, of_inputs

# What a run was asked about.
ASKED_ABOUT = ("inputs/areas.csv", "inputs/sites.csv", "config.yaml")
LONGEST_SHOWN = 60
# What each kind of fault that can occur here wishes for, in words.
WISHES = {
    "missing": "there",
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a group of entries",
    "tuple_type": "a pair of codes",
    "model_type": "a group of entries",
    "too_long": "a pair of codes",
    "greater_than_equal": "0 or more",
    "literal_error": "one of {expected}",
    "value_error": "{error}",
    "json_invalid": "JSON",
}


@dataclass(frozen=True)
class Run:
    """A plan under a name, what the independent check found against it, and its record (``run.json``).

    A plan that rests on no config cannot be checked from its files: then nothing is known against it, nor for it.
    ``folder`` and ``tables`` are those that it was read from, text as text and blank numbers as NaN. ``best`` is what
    the check made sure of that the plan is best (``checker.said_of_best``); None where it is not sound, or not checked.
    """

    name: str
    plan: Plan
    breaches: pd.DataFrame
    record: Mapping[str, Any]
    is_checked: bool = True
    folder: Path = Path()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    best: Mapping[str, Any] | None = None

    @property
    def problem(self) -> Problem:
        """The question that the plan answers."""
        return self.plan.problem

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Every measure of the plan."""
        return self.plan.measures

    @cached_property
    def inputs(self) -> dict[str, pd.DataFrame]:
        """The tables of its place, by name; of the areas those that the question counts."""
        files = {table: self.problem.files.get(f"inputs/{table.name}.csv") for table in PLACE_TABLES}
        found = {table.name: _frame(io.BytesIO(content), table)[0] for table, content in files.items() if content}
        if "areas" in found:
            counted = found["areas"][found["areas"]["area"].isin(self.problem.areas.index)]
            numbers = [one.name for one in place_table("areas").columns if one.kind == "whole" and one.name in counted]
            found["areas"] = counted.astype({name: "int64" for name in numbers if counted[name].notna().all()})
        if "sites" in found and "config.yaml" in self.problem.files:
            found["sites"] = _with_added(found["sites"], self.problem.files["config.yaml"], self.record)
        return found

    @cached_property
    def said_of_inputs(self) -> dict[str, list[str]]:
        """What was said of its tables when they were first read (``of_inputs``)."""
        return of_inputs(self.problem.files)

    @cached_property
    def before(self) -> Plan:
        """What the plan is compared with: today, and for services of which that is not known the plan itself."""
        return self.plan.today

    @cached_property
    def contents(self) -> str:
        """Six letters that stand for what was asked and answered: equal files have equal ones."""
        listed = json.dumps(self.record["files"], sort_keys=True).encode()
        return hashlib.sha256(listed).hexdigest()[:6]

    @property
    def key(self) -> str:
        """What people call it and what it holds, such as ``base_d5461b``: the name of its folder, or of its option."""
        folder = re.sub(r"^\d{4}-\d{2}-\d{2}_", "", self.folder.resolve().name)
        name = self.plan.option.code if self.plan.option else folder
        slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40].strip("_")
        # A name of a column begins with a letter.
        slug = slug if slug[:1].isalpha() else f"run_{slug}".strip("_")
        return f"{slug}_{self.contents}"

    @property
    def date(self) -> str:
        """The day on which the run was made, as year-month-day; empty where what is stated is none."""
        stated = str(self.record["date"])
        return stated if re.fullmatch(r"\d{4}-\d{2}-\d{2}", stated) else ""

    @property
    def version(self) -> str:
        """The version of optimiser that made it; empty where the run does not say."""
        return str(self.record["versions"].get("optimiser", ""))

    @property
    def stem(self) -> str:
        """How file names begin: day and key, such as ``2026_11_21_one_hasu_7f3a9c``."""
        return "_".join(part for part in (self.date.replace("-", "_"), self.key) if part)


def run_of(run: Plan | str | Path, name: str = "", *, only_if_sound: bool = False) -> Run:
    """Return a plan, or a run folder, as something to make a page or an export of. It is checked first.

    Raises
    ------
    InputError
        When it is not a complete run folder, or its inputs cannot be read.
    CheckFailed
        When the independent check disagrees with a folder that is to be passed on ``only_if_sound``.
    """
    if isinstance(run, Plan):
        files = files_of(run)
        is_checked = "config.yaml" in files
        examined = checker.examined(files) if is_checked else checker.Examined((), None)
        breaches, record = checker.as_table(examined.breaches), json.loads(files["run.json"])
        return Run(name or run.problem.title, run, breaches, record, is_checked, best=examined.best)
    folder = Path(run)
    tables, record = read_tables(folder)
    found, best, _ = checker.examined(folder)
    if only_if_sound and found:
        first = found[0]
        words = f"{disagreements(len(found))}, first {first.check} ({first.where})."
        raise CheckFailed(f"{folder} is not passed on. {words} See them all: optimiser check {folder}")
    rotas = tables.get("rotas")
    patterns = () if rotas is None else tuple(part for _, part in rotas.groupby("rota", sort=False))
    option = Written(**record["option"]) if "option" in record else None
    plan = Plan(read_problem(folder / "config.yaml"), designated_in(tables), _proof(record), patterns, option)
    breaches = checker.as_table(found)
    return Run(name or folder.resolve().name, plan, breaches, record, folder=folder, tables=tables, best=best)


@contextmanager
def written(plan: Plan) -> Iterator[Run]:
    """Yield a plan as a run with a folder, which is gone afterwards. Nobody has checked it."""
    with tempfile.TemporaryDirectory() as parent:
        folder = write_files(files_of(plan), Path(parent) / "plan")
        tables, record = read_tables(folder)
        yield Run(plan.problem.title, plan, pd.DataFrame(), record, False, folder, tables)


def runs_of(runs: Sequence[Source]) -> list[Run]:
    """Return runs, each under a name of its own. Raises ``InputError`` for one in which no plan meets every rule."""
    read = (run.folder if isinstance(run, WithoutPlan) else run for run in runs)
    found = [run if isinstance(run, Run) else run_of(run) for run in read]
    names = [run.name for run in found]
    named = [
        replace(run, name=f"{run.name} ({number})") if names.count(run.name) > 1 else run
        for number, run in enumerate(found, start=1)
    ]
    _refuse_other_places(named)
    return named


def sound_runs(folders: Sequence[str | Path]) -> list[Run]:
    """Return run folders with which the check agrees; raises ``InputError`` where two of them hold the same run."""
    found: dict[str, Run] = {}
    for run in (run_of(folder, only_if_sound=True) for folder in folders):
        if same := found.get(run.contents):
            raise InputError([Fault(str(run.folder), f"this is the same run as {same.folder}. Give one.")])
        found[run.contents] = run
    _refuse_other_places(list(found.values()))
    return list(found.values())


def _refuse_other_places(runs: Sequence[Run]) -> None:
    refuse_other_places({run.name: {"areas": run.problem.areas.rename_axis("area").reset_index()} for run in runs})


@dataclass(frozen=True)
class WithoutPlan:
    """A finished run in which no plan meets every rule, and what the independent check found.

    ``clash`` and ``ways_out`` are its tables, all text. ``confirmed`` is what the check confirmed, as sentences.
    """

    folder: Path
    name: str
    problem: Problem
    record: Mapping[str, Any]
    clash: pd.DataFrame
    ways_out: pd.DataFrame
    breaches: pd.DataFrame
    confirmed: str


# What may be shown or passed on: a plan, a run folder, or a run that was read.
Source = Plan | str | Path | Run | WithoutPlan


def has_no_plan(folder: str | Path) -> bool:
    """Whether a run says that no plan meets every rule."""
    return (Path(folder) / NO_PLAN_TABLE).is_file()


def without_plan_of(folder: str | Path, name: str = "") -> WithoutPlan:
    """Read a run in which no plan meets every rule, and check it. Raises ``InputError`` when it cannot be read."""
    folder = Path(folder)
    found, best, _ = checker.examined(folder)
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        clash, ways = (
            pd.read_csv(folder / table, dtype=str, keep_default_na=False) for table in (NO_PLAN_TABLE, WAYS_OUT_TABLE)
        )
    except (OSError, ValueError) as error:
        raise InputError([Fault(str(folder), f"this run cannot be read: {error}")]) from error
    problem, confirmed = read_problem(folder / "config.yaml"), str(best["words"]) if best else ""
    breaches, called = checker.as_table(found), name or folder.resolve().name
    return WithoutPlan(folder, called, problem, record, clash, ways, breaches, confirmed)


def alone_without_plan(runs: Sequence[Source]) -> WithoutPlan | None:
    """Return the one run that there is, if no plan meets every rule there; such a run is set beside no other."""
    if len(runs) != 1:
        return None
    (one,) = runs
    if isinstance(one, (str, Path)):
        return without_plan_of(one) if has_no_plan(one) else None
    return one if isinstance(one, WithoutPlan) else None


def evaluated_in(folder: str | Path) -> tuple[Designations | None, Written | None]:
    """Return the (site, service) pairs of a run that evaluated an option, and what people wrote down of that.

    None of both if the run did something else.
    """
    if has_no_plan(folder):
        return None, None
    tables, record = read_tables(folder)
    if record["outcome"] != EVALUATED:
        return None, None
    return designated_in(tables), Written(**record["option"]) if "option" in record else None


def _proof(record: Mapping[str, Any]) -> Proof:
    reached = tuple(
        Reached(one["name"], tuple(one["services"]), one["value"], one["bound"], one["unit"])
        for one in record["objectives"]
    )
    listing = record["enumeration"]
    listed = listing and Enumeration(
        listing["listed"],
        listing["lawful"],
        listing["struck_out_by"],
        tuple(Option(tuple(o["values"]), frozenset(map(tuple, o["designated"]))) for o in listing["best"]),
        record["ties"],
    )
    standings = tuple(
        Standing(
            one["service"],
            one["within"],
            one["margin"],
            tuple(
                Rival(frozenset(map(tuple, o["designated"])), {name: tuple(two) for name, two in o["figures"].items()})
                for o in one["level"]
            ),
            None if one["runner_up"] is None else frozenset(map(tuple, one["runner_up"])),
        )
        for one in record.get("standings") or ()
    )
    known = standings if "standings" in record else None
    second = SecondOpinion.of(record["second_opinion"]) if "second_opinion" in record else None
    solver, seconds = record["solver"], record["seconds"]
    return Proof(record["outcome"], reached, listed or None, solver, seconds, known, second_opinion=second)


# The tables ----------------------------------------------------------------------------------------------------------


def read_tables(folder: str | Path) -> tuple[dict[str, pd.DataFrame], Mapping[str, Any]]:
    """Read a run folder back: its tables by name, and ``run.json``.

    With them come ``areas``, ``sites`` and ``services``: what its inputs and its config say of those.

    Raises
    ------
    InputError
        When it is not a complete run folder, ``run.json`` has a fault, or no plan meets every rule there.
    """
    folder = Path(folder)
    _refuse_links(folder)
    if has_no_plan(folder):
        see = f"There is nothing to show or compare; see why: optimiser explain {folder}"
        raise InputError([Fault(str(folder), f"no plan meets every rule here. {see}")])
    if not folder.is_dir():
        raise InputError([Fault(str(folder), "there is no such folder. Give one that `optimiser solve` wrote.")])
    needed = ("run.json", *(f"{name}.csv" for name in TABLES), *ASKED_ABOUT)
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        hint = "Give the folder that `optimiser solve` or `optimiser evaluate` wrote."
        raise InputError([Fault(str(folder), f"this is not a complete run: {', '.join(missing)} is missing. {hint}")])
    record = read_record(folder / "run.json")
    tables: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    try:
        for table in RUN_TABLES:
            if (path := folder / f"{table.name}.csv").is_file():
                tables[table.name], wrong = _frame(path, table)
                faults += wrong
        tables |= _asked_about(folder, record)
    except (RecursionError, YAMLError) as error:
        words = "this cannot be read as YAML. Solve the question again."
        raise InputError([Fault(str(folder / "config.yaml"), words)]) from error
    except (ValueError, KeyError, OSError) as error:
        raise InputError([Fault(str(folder), f"this run cannot be read: {error}")]) from error
    if faults:
        raise InputError(faults)
    return tables, record


def _refuse_links(folder: Path) -> None:
    """Refuse a folder with links, pipes and the like in it, before any is opened: they may lead anywhere."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or not (path.is_file() or path.is_dir())]
    words = "this is a link or no ordinary file. Put the file itself here."
    if found:
        raise InputError([Fault(str(path), words) for path in found])


def _with_added(sites: pd.DataFrame, config: bytes, record: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table of sites with those that a resolved config adds, named as they are shown."""
    guessed = {one["site"] for one in record.get("added_sites", ()) if one["estimated"]}
    rows = [
        {"site": code, "name": f"{one.name}{ESTIMATED if code in guessed else ''}", "role": "candidate"}
        | {"easting_m": one.easting_m, "northing_m": one.northing_m}
        for code, one in sites_of(config).items()
    ]
    return with_rows(sites, [{name: cell for name, cell in row.items() if name in sites} for row in rows])


def _frame(source: Path | io.BytesIO, table: Table) -> tuple[pd.DataFrame, list[Fault]]:
    """Read a table as text and its numbers as numbers, NaN where blank; and say what keeps it from being read so."""
    frame, faults = pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig"), []
    for column in table.columns:
        if column.name not in frame and not column.required:
            continue
        if column.name not in frame:
            faults.append(Fault(str(source), f"the column {column.name} is missing. Solve it again."))
        elif column.numeric:
            cells = frame[column.name]
            frame[column.name] = pd.to_numeric(cells, errors="coerce")
            wrong = frame[column.name].isna() & (cells.str.strip() != "")
            for row in wrong[wrong].index[:1]:
                words = f"the {column.name} {quoted(cells[row])} is not a number."
                faults.append(Fault(f"{source} row {row + 2}", words))
    return frame, faults


def _asked_about(folder: Path, record: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return what a run's question says, as ``affected.asked_about`` does; ``ValueError`` where it cannot be read."""
    areas, sites = (_frame(folder / f"inputs/{name}.csv", place_table(name))[0] for name in ("areas", "sites"))
    names = ["config.yaml", *(f"inputs/{table.name}.csv" for table in PLACE_TABLES)]
    files = {name: path.read_bytes() for name in names if (path := folder / name).is_file()}
    sites = _with_added(sites, files["config.yaml"], record)
    services = services_of(files["config.yaml"])
    shares = {
        code: one.transfer.share_transferred.value
        for code, one in services.items()
        if one.transfer and one.pathway == "transfer"
    }
    return {
        "areas": areas,
        "sites": sites[["site", "name"]].assign(neighbour=sites["role"] == "neighbour"),
        "services": of_services(services, shares, files),
        "settings": settings_of(files),
        **_border(folder, files["config.yaml"]),
    }


def _border(folder: Path, config: bytes) -> dict[str, pd.DataFrame]:
    """Return which share of each area's patients goes which way, where the border is as it is today."""
    pull = pull_of(config)
    if pull is None:
        return {}
    table = _frame(folder / "inputs/border.csv", place_table("border"))[0]
    shares = table.pivot(index="area", columns="goes_to", values="share").fillna(0.0)
    return {"border": Border(shares, Figure(pull)).ways}


# The record ----------------------------------------------------------------------------------------------------------


def _a_date(said: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", said, re.ASCII) and date.fromisoformat(said):
            return said
    except ValueError:
        pass
    raise ValueError("a date, such as 2026-11-21")


def _a_number(said: float) -> float:
    if math.isnan(said):
        raise ValueError("a number")
    return said


Day = Annotated[str, AfterValidator(_a_date)]
Number = Annotated[float, AfterValidator(_a_number)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, AfterValidator(_a_number), Field(ge=0)]


class _Strict(BaseModel):
    # Entries that nobody reads may stand beside these.
    model_config = ConfigDict(strict=True, frozen=True)


class _Reached(_Strict):
    name: str
    services: list[str]
    value: Number
    bound: Number | None
    unit: str


class _Option(_Strict):
    values: list[Number]
    designated: list[tuple[str, str]]


class _Listing(_Strict):
    listed: Count
    struck_out_by: dict[str, Count]
    lawful: Count
    best: list[_Option]


class _Rival(_Strict):
    designated: list[tuple[str, str]]
    figures: dict[str, tuple[Number, Number]]


class _Standing(_Strict):
    service: str
    within: Number
    margin: Number | None
    runner_up: list[tuple[str, str]] | None
    level: list[_Rival]


class _Known(_Strict):
    sentence: str
    source: str


class _Change(_Strict):
    words: str


class _WouldChange(_Strict):
    changes: list[_Change]
    not_worked_out: str


class _Sentence(_Strict):
    kind: str
    text: str


class _Written(_Strict):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    code: str
    title: str
    source: str
    verified: bool
    note: str = ""
    pathway: str = ""
    scope: str = ""


class _Changed(_Strict):
    name: str
    was: float
    value: float
    reason: str
    source: str
    verified: bool


class _AddedSite(_Strict):
    site: str
    reason: str
    source: str
    verified: bool
    estimated: list[str]


class _SecondOpinion(_Strict):
    solver: str
    version: str
    answer: str
    values: list[float]
    designated: list[tuple[str, str]]


class _Record(_Strict):
    format: Literal[1]
    date: Day
    question: str
    outcome: Literal["proved best", "not proved", "evaluated"]
    option: _Written | None = None
    objectives: list[_Reached]
    ties: Count | None
    enumeration: _Listing | None
    added_sites: list[_AddedSite] = []
    changed: list[_Changed] = []
    standings: list[_Standing] = []
    know_before: list[_Known] = []
    sentences: list[_Sentence] = []
    would_change: _WouldChange | None = None
    solver: dict[str, Any]
    second_opinion: _SecondOpinion | None = None
    versions: dict[str, str]
    files: dict[str, str]
    seconds: dict[str, Seconds]


def read_record(path: Path) -> Mapping[str, Any]:
    """Read the ``run.json`` of a run that has a plan.

    Raises
    ------
    InputError
        When an entry is missing or of the wrong kind: every such entry, each with what it should be.
    """
    try:
        content = path.read_text(encoding="utf-8")
        found = json.loads(content)
        _Record.model_validate_json(content)
    except ValidationError as error:
        stated = found.get("format") if isinstance(found, dict) else None
        if isinstance(stated, int) and stated > FORMAT:
            words = (
                f"this run is of format {stated}, and this optimiser reads format {FORMAT}. Install a newer optimiser"
            )
            raise InputError([Fault(str(path), f"{words}, or solve its config.yaml again.")]) from None
        raise InputError(Fault(str(path), _in_words(one)) for one in error.errors(include_url=False)) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError([Fault(str(path), f"this run cannot be read: {error}. Solve it again.")]) from error
    if found.get("ties") is None and found.get("enumeration") is not None:
        raise InputError([Fault(str(path), "ties is not there, though options are listed. Solve it again.")])
    return dict(found)


def _in_words(error: Any) -> str:
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"]) or "the record"
    wish = WISHES.get(error["type"], "something else").format(**error.get("ctx", {}))
    shown = "" if error["type"] == "missing" else f", not {json.dumps(error['input'], default=str)[:LONGEST_SHOWN]}"
    return f"{place} should be {wish}{shown}. Solve it again."
