"""What would be best once one rule of a clash gives way just so far that a plan exists."""

from __future__ import annotations

from dataclasses import dataclass

from optimiser.errors import TooLarge
from optimiser.explanation.best import best_listed
from optimiser.explanation.prices import MOST_NOTCHES, Giving
from optimiser.model.rules import LIMITS
from optimiser.plan import Plan, evaluate
from optimiser.plan.proof import Option
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
        return _then(way, problem)
    except TooLarge:
        return None


def _then(way: Giving, problem: Problem) -> Then | None:
    notches = 1
    while notches <= MOST_NOTCHES and (looser := way.looser(problem, notches)):
        varied, words = looser
        if best := best_listed(varied):
            return _fewer(way, problem, notches // 2, notches) or _evaluated(words, varied, best)
        notches *= 2
    removed = way.removed(problem)
    best = best_listed(removed)
    return _evaluated("", removed, best) if best else None


def _fewer(way: Giving, problem: Problem, nothing: int, enough: int) -> Then | None:
    """Return the best with fewer notches than were found to be enough, by halving; None where fewer are not."""
    found = None
    while enough - nothing > 1:
        middle = (nothing + enough) // 2
        looser = way.looser(problem, middle)
        best = best_listed(looser[0]) if looser else None
        if looser and best:
            enough, found = middle, _evaluated(looser[1], looser[0], best)
        else:
            nothing = middle
    return found


def _evaluated(words: str, varied: Problem, best: Option) -> Then:
    return Then(words, evaluate(varied, best.designated))
