"""Every rule and objective by plain arithmetic, for one choice of designations or for all of them at once.

A rule here yields ``Instance``s: its two sides as arrays with one axis a service, so that a joint choice over many
services is judged by broadcasting. Patients and minutes are added as whole numbers of their last decimal place, so sums
are exact and equal really means equal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from optimiser.journeys.choices import All, Choices, every_choice, journeys, loads_of_beds, one_choice
from optimiser.model.rules import ARITHMETIC
from optimiser.model.rules.rule import Instance
from optimiser.model.scores import SCORES, Score, can_be_counted, score, sites_provided
from optimiser.problem import Objective, Problem

__all__ = [
    "ARITHMETIC",
    "SCORES",
    "All",
    "Choices",
    "Instance",
    "Score",
    "can_be_counted",
    "every_choice",
    "journeys",
    "lawful",
    "loads_of_beds",
    "one_choice",
    "score",
    "sites_provided",
    "value",
    "values",
]


def value(problem: Problem, designated: Collection[tuple[str, str]], objective: Objective) -> float:
    """Return what an objective comes to under one set of designations, exactly."""
    return values(problem, designated, [objective])[0]


def values(
    problem: Problem, designated: Collection[tuple[str, str]], objectives: Sequence[Objective]
) -> tuple[float, ...]:
    """Return what some objectives come to under one set of designations, exactly."""
    choices = {code: one_choice(problem, code, designated) for code in problem.services}
    return tuple(_value(problem, choices, one) for one in objectives)


def _value(problem: Problem, choices: All, objective: Objective) -> float:
    found = score(problem, choices, objective)
    total = 0.0
    for _, part in found.parts:
        total = float(found.combine(total, part.item()))
    return total / found.scale


def lawful(problem: Problem, designated: Collection[tuple[str, str]]) -> bool:
    """Whether a set of designations breaks no rule."""
    choices = {code: one_choice(problem, code, designated) for code in problem.services}
    return all(instance.passes.all() for judge in ARITHMETIC.values() for instance in judge(problem, choices))
