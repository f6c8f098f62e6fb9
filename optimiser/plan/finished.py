"""What a page is made of: plans, with what is known of the run that each came from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser import checker
from optimiser.errors import Fault, InputError
from optimiser.inputs import read_problem
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.proof import Enumeration, Option, Proof, Reached
from optimiser.plan.runs import files_of, read_tables


@dataclass(frozen=True)
class Run:
    """A plan under a name, what the independent check found against it, and its record (``run.json``).

    A plan that rests on no config cannot be checked from its files: then nothing is known against it, nor for it.
    """

    name: str
    plan: Plan
    breaches: pd.DataFrame
    record: Mapping[str, Any]
    is_checked: bool = True

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Every measure of the plan."""
        return measures.table(self.plan)

    @cached_property
    def before(self) -> Plan:
        """What the plan is compared with: today, and for services of which that is not known the plan itself.

        Nobody is shared out today: everybody goes to the nearest, or where they are known to go.
        """
        problem = self.plan.problem.to_the_nearest()
        known = problem.services_with_today
        unknown = {(site, code) for site, code in self.plan.designated if code not in known}
        return evaluate(problem, problem.today | unknown)


def run_of(run: Plan | str | Path, name: str = "") -> Run:
    """Return a plan, or a run folder, as something to make a page of. It is checked first.

    Raises
    ------
    InputError
        When it is not a complete run folder, or its inputs cannot be read.
    """
    if isinstance(run, Plan):
        files = files_of(run)
        is_checked = "config.yaml" in files
        breaches = checker.check(files) if is_checked else pd.DataFrame(columns=["check", "where", "message"])
        return Run(name or run.problem.title, run, breaches, json.loads(files["run.json"]), is_checked)
    folder = Path(run)
    tables, record = read_tables(folder)
    problem = read_problem(folder / "config.yaml")
    try:
        plan = Plan(problem, _designated(tables["designations"]), _proof(record), _patterns(tables))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            [Fault(str(folder), f"this run cannot be read: run.json lacks {error}. Solve it again.")]
        ) from error
    return Run(name or folder.resolve().name, plan, checker.check(folder), record)


def runs_of(runs: Sequence[Plan | str | Path | Run]) -> list[Run]:
    """Return runs, each under a name of its own."""
    found = [run if isinstance(run, Run) else run_of(run) for run in runs]
    names = [run.name for run in found]
    return [
        replace(run, name=f"{run.name} ({number})") if names.count(run.name) > 1 else run
        for number, run in enumerate(found, start=1)
    ]


def _designated(designations: pd.DataFrame) -> frozenset[tuple[str, str]]:
    chosen = designations[designations["designated"].isin([True, "true"])]
    return frozenset(zip(chosen["site"].astype(str), chosen["service"].astype(str), strict=True))


def _patterns(tables: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, ...]:
    rotas = tables.get("rotas")
    return () if rotas is None or rotas.empty else tuple(part for _, part in rotas.groupby("rota", sort=False))


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
    return Proof(record["outcome"], reached, listed or None, record["solver"], record["seconds"])
