"""What would be best once one rule of a clash gives way just so far that a plan exists."""

from __future__ import annotations

from dataclasses import dataclass

from optimiser.errors import TooLarge
from optimiser.explanation.best import best_listed
from optimiser.explanation.prices import Giving, fewest_that
from optimiser.model.rules import LIMITS
from optimiser.plan import Plan, evaluate
from optimiser.problem import Problem
from optimiser.search.enumeration import can_be_ranked


@dataclass(frozen=True)
class Then:
    """What a rule would ask instead, in words (nothing where it is left out), and the best plan of that question."""

    asked: str
    plan: Plan


def then_best(problem: Problem, rule: str, names: tuple[str, ...]) -> Then | None:
    """Return the best plan once a rule is by the fewest notches looser, or left out where no notch is enough.

    None where the rule cannot give way, not every designation can be judged by arithmetic, or there is no plan either.
    """
    if rule not in LIMITS or names not in set(LIMITS[rule].stated(problem)) or not can_be_ranked(problem):
        return None
    way = Giving(LIMITS[rule], names, "")
    try:
        fewest = fewest_that(problem, way, lambda looser: best_listed(looser) is not None)
        varied, words = (way.looser(problem, fewest) if fewest else None) or (way.removed(problem), "")
        best = best_listed(varied)
    except TooLarge:
        return None
    return Then(words, evaluate(varied, best.designated)) if best else None
