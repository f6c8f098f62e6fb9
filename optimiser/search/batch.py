"""The options of many questions, each found as it would be by itself, here or by the machines of a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from optimiser.errors import NoPlan, NotProved, TooLarge
from optimiser.plan import Tell, say_nothing
from optimiser.plan.runs import csv_files
from optimiser.problem import Problem
from optimiser.search import machines, weights
from optimiser.search.option_files import Found, files_of
from optimiser.search.options import BEST, front, near_best, options

LISTED, NONE = "listed", "no option meets every rule"
# The table of all questions.
QUESTIONS = "questions"


@dataclass(frozen=True)
class Sought:
    """What is looked for among the options of a question, as ``options``, ``near_best`` and ``front`` take it."""

    best: int = BEST
    hurdles: tuple[str, ...] | None = None
    within: float | None = None
    within_minutes: float | None = None
    near_in: str | None = None
    apart: int = 1
    aims: tuple[str, ...] = ()

    def among(self, problem: Problem, tell: Tell = say_nothing) -> Found:
        """Find it, and raise what these raise; where no option meets every rule nothing more is looked for."""
        tell("Judging every option")
        found = Found(problem, options(problem, best=self.best, hurdles=self.hurdles))
        if (self.within is not None or self.within_minutes is not None) and found.options.lawful:
            tell("Finding what is nearly as good")
            how_near = {"within": self.within, "within_minutes": self.within_minutes}
            found = replace(found, near=near_best(problem, **how_near, apart=self.apart, by=self.near_in))
        if self.aims and found.options.lawful:
            tell("Finding every trade-off")
            traded = front(problem, self.aims)
            few = len(traded.ranked.aims) <= weights.MOST_AIMS
            found = replace(found, front=traded, won=weights.weights_won(traded) if few else None)
        return found


@dataclass(frozen=True)
class Answered:
    """What came of one question: in a word or, where its options could not be listed, why; and its folder's files."""

    outcome: str
    files: Mapping[str, bytes | np.ndarray]

    @property
    def record(self) -> dict[str, Any]:
        """What its ``run.json`` says; nothing where its options could not be listed."""
        content = self.files.get("run.json")
        return json.loads(content) if isinstance(content, bytes) else {}


def of_each(
    problems: Sequence[Problem], sought: Sought, *, cluster: str = "", tell: Tell = say_nothing
) -> list[Answered]:
    """Return what came of each question, in their order; one whose options are too many to list keeps back no other.

    ``cluster`` is where one answers that finds the same in place of this process, if one does. Raises what
    ``machines.worked_out`` does, and what is asked of every question alike and is not there.
    """
    found, shared = dict[int, Answered](), (sought, tuple(problems))
    for number, one in machines.worked_out(_of_one, shared, range(len(problems)), cluster):
        found[number] = one
        tell(f"Listed the options of {len(found)} of {len(problems)} questions")
    return [found[number] for number in range(len(problems))]


def _of_one(shared: tuple[Sought, tuple[Problem, ...]], number: int) -> Answered:
    sought, problems = shared
    try:
        found = sought.among(problems[number])
    except (NoPlan, NotProved, TooLarge) as error:
        return Answered(str(error), {})
    return Answered(LISTED if found.options.lawful else NONE, files_of(found))


def rows(names: Sequence[str], problems: Sequence[Problem], found: Sequence[Answered]) -> list[dict[str, Any]]:
    """Return a row for each question: its name and title, its outcome, how many options, and what the best comes to."""
    each = []
    for name, problem, one in zip(names, problems, found, strict=True):
        said = one.record
        near = {"near_best": said["near_best"]["count"]} if "near_best" in said else {}
        best = {aim: said["best"][0][aim] for aim in said["objectives"]} if said.get("best") else {}
        counts = {"listed": said.get("listed"), "lawful": said.get("lawful")} | near
        each.append({"name": name, "question": problem.title, "outcome": one.outcome, **counts, "best": best})
    return each


def files_of_all(rows: Sequence[Mapping[str, Any]], found: Sequence[Answered]) -> dict[str, bytes | np.ndarray]:
    """Return a table of all questions, and the folder of each under its name."""
    # Numbers of options may be too large for a column of numbers.
    counts = [{name: str(one) for name, one in row.items() if name != "best" and one is not None} for row in rows]
    table = pd.DataFrame([said | row["best"] for said, row in zip(counts, rows, strict=True)])
    of_each = ((row["name"], one.files) for row, one in zip(rows, found, strict=True))
    return {
        **csv_files({QUESTIONS: table}),
        **{f"{name}/{file}": content for name, files in of_each for file, content in files.items()},
    }
