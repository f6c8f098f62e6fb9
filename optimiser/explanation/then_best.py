"""What would be best in a question close by: once a rule of a clash gives way, or if patients went straight there."""

from __future__ import annotations

from dataclasses import dataclass, replace

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


def best_straight_there(problem: Problem) -> Plan | None:
    """Return the best plan if all who are seen first elsewhere and taken on were taken straight to the service.

    None where nobody is taken on, no plan meets every rule then, or it cannot be found by arithmetic.
    """
    if not problem.reached_by_transfer or not can_be_ranked(problem):
        return None
    direct = {code: replace(service, transfer=None) for code, service in problem.services.items()}
    varied = replace(problem, services=direct)
    try:
        best = best_listed(varied)
    except TooLarge:
        return None
    return evaluate(varied, best.designated) if best else None
