"""States of the roads in which a page can be asked: what differs from its question, and how its answer stands there.

The page puts what differs in place and works everything out by the sums that it has, so that it says what Python says
of the question asked there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optimiser.explanation import on_roads
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.problem.words import begun
from optimiser.report.page.packing import packed
from optimiser.report.page.question import designated_at, question
from optimiser.scenarios.settings import AS_THEY_ARE

Path = tuple[str | int, ...]
# Left out of what differs, as most journeys stay as they are.
MINUTES = "minutes"


def shown(plan: Plan, states: Mapping[str, Problem]) -> list[dict[str, Any]]:
    """Return each state of the roads but that as they are, as the template and the page's script need it.

    ``states`` are the plan's question in each of them, by the state in words. Of each: whether the plan is still the
    best there, what changes in words, the best designations there, and what differs of the question.

    Raises
    ------
    NotProved
        Where time ran out before the best plan of some state was proved.
    """
    asked, found = question(plan.problem), []
    standing = on_roads(plan, {state: there for state, there in states.items() if state != AS_THEY_ARE})
    for one in standing.states:
        there = states[one.state]
        found.append(
            {
                "name": one.state,
                "stays": "yes" if one.still_best else "level" if one.is_level else "no",
                "said": after_yes_or_no(standing.said(one)),
                "best": None if one.best is None else designated_at(there, one.best.designated),
                **difference(asked, question(there), plan.problem, there),
            }
        )
    return found


def after_yes_or_no(said: str) -> str:
    """Return what is said of a state without whether the plan is the best there, which has a column of its own."""
    for told in ("yes", "no, but by too little to matter", "no"):
        if said == told or said.startswith(f"{told}; "):
            return begun(said.removeprefix(told).removeprefix("; "))
    return begun(said)


def difference(asked: Any, there: Any, problem: Problem, on: Problem) -> dict[str, Any]:
    """Return what a page must change of one question to have another: values by where they stand, and longer journeys.

    ``longer`` has how far each journey that takes longer lies behind the one before, area by area and site by site in
    order, and by how much, in the unit of the page's minutes. Where that unit is another, all minutes are changed.
    """
    same_unit = problem.minute_scale == on.minute_scale
    changes = [
        [list(path), value]
        for path, value in _changes(asked, there)
        if not (same_unit and path[:1] == (MINUTES,))
    ]  # fmt: skip
    more = _whole(on) - _whole(problem) if same_unit else np.array([])
    at = np.flatnonzero(np.nan_to_num(more))
    return {
        "changes": changes,
        "longer": {"after": packed(np.diff(at, prepend=0)), "more": packed(more[at])} if len(at) else None,
    }


def _whole(problem: Problem) -> np.ndarray:
    """Return minutes in the unit of a page, area by area; NaN where there is no journey."""
    minutes: pd.DataFrame = problem.journeys[list(problem.site_order)]
    return np.rint(np.ravel(minutes.to_numpy(dtype=float)) * problem.minute_scale)


def _changes(one: Any, other: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield where two values of plain data differ, as deep down as they are of one form, and what the other has."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from _changes(one[key], other[key], (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _changes(mine, theirs, (*path, number))
    elif one != other:
        yield path, other
