"""What each parameter does by itself: the answer at both ends of a range about its value, all else as it is.

No range of a parameter is stated in a question. So each is looked at a tenth either way, which is a convention and no
evidence: whole numbers at least one either way, and what is 0 now up to a tenth of how far it is looked at elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from optimiser.errors import TooLarge
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.problem.parameters import MOST, MOST_OF_ALL, PARTS_OF_A_WTE, Parameter, parameters
from optimiser.scenarios.courses import Designations, NotWorkedOut
from optimiser.scenarios.listing import Joint, best_of, joint, judged
from optimiser.scenarios.switching import Switching, switching

A_TENTH = Fraction(1, 10)
# Journeys of every choice of sites, over all services and both ends of every parameter: some seconds' work.
MOST_WORK = 40_000_000


@dataclass(frozen=True)
class There:
    """How a plan stands at one value of a parameter.

    ``lawful`` is whether it meets every rule, ``is_best`` whether no lawful designation is better, ``comes_to`` its
    first objective. ``best`` is what is best there, None where nothing is lawful, and ``least`` what that comes to.
    """

    value: Fraction
    lawful: bool
    is_best: bool
    comes_to: float
    best: Designations | None
    least: float


@dataclass(frozen=True)
class Effect:
    """What one parameter does by itself.

    ``ends`` are the ends of its range that differ from its value, lower first; ``switching`` is how the plan stands
    beside the next best as it varies further, None where no next best is known.
    """

    parameter: Parameter
    now: There
    ends: tuple[There, ...]
    switching: Switching | None

    @property
    def turns(self) -> bool:
        """Whether the plan ceases (or begins) to be best or to be lawful at an end."""
        return any((one.lawful, one.is_best) != (self.now.lawful, self.now.is_best) for one in self.ends)

    @property
    def changes(self) -> tuple[float, ...]:
        """By which share of what it comes to now the plan's first objective changes, by end."""
        return tuple(one.comes_to / self.now.comes_to - 1 if self.now.comes_to else 0.0 for one in self.ends)


def effects(plan: Plan) -> tuple[Effect, ...]:
    """Work out what each parameter of a plan's question does by itself, in the order of ``parameters``.

    Raises
    ------
    NotWorkedOut
        When designations or journeys are too many to judge at every end, or the plan goes against what is fixed.
    """
    problem = plan.problem
    known = [one for one in parameters(problem).values() if not one.idle]
    listed = _listed(problem, len(known))
    number = listed.number(plan.designated)
    if number is None:
        raise NotWorkedOut("the plan goes against what is fixed")
    ranked = plan.proof.enumeration.ranked if plan.proof.enumeration else ()
    second = next((one.designated for one in ranked if one.designated != plan.designated), None)
    found = switching(problem, plan.designated, second, known) if second is not None else [None] * len(known)
    now = _there(listed, problem, number, Fraction(0))
    return tuple(
        Effect(one, now, tuple(_there(listed, one.apply(problem, at), number, at) for at in ends(one, problem)), beside)
        for one, beside in zip(known, found, strict=True)
    )


def ends(parameter: Parameter, problem: Problem) -> Iterator[Fraction]:
    """Yield both ends of the conventional range of a parameter, lower first, but for one that is its value."""
    now = parameter.current(problem)
    step = now * A_TENTH or (parameter.high - parameter.low) * A_TENTH
    step = max(Fraction(1), Fraction(-(-step // 1))) if parameter.whole else step
    most = Fraction(MOST.get(parameter.unit, MOST_OF_ALL))
    for at in (max(parameter.least, now - step), min(most, now + step)):
        # No more decimals are counted.
        at = Fraction(round(at * PARTS_OF_A_WTE), PARTS_OF_A_WTE)
        if at != now and not parameter.refuses(at):
            yield at


def _listed(problem: Problem, number: int) -> Joint:
    choices = 2 ** len(problem.candidates) * len(problem.areas) * max(1, len(problem.services_with_patients))
    try:
        listed = joint(problem)
    except TooLarge as why:
        raise NotWorkedOut("there are too many designations to judge at every end") from why
    if not listed.is_listed or 2 * number * max(choices, listed.count) > MOST_WORK:
        raise NotWorkedOut("there are too many designations to judge at every end")
    return listed


def _there(listed: Joint, problem: Problem, number: int, at: Fraction) -> There:
    lawful, values = judged(listed, problem)
    rows = [one[None, :] for one in values]
    best, equal = best_of(lawful[None, :], rows, listed.tie_breaks(np.arange(listed.count)))
    first = int(best[0])
    some = first >= 0
    return There(
        at,
        bool(lawful[number]),
        bool(equal[0, number]),
        float(values[0][number]),
        listed.designated(first) if some else None,
        float(values[0][first]) if some else float("nan"),
    )
