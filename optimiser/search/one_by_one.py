"""Plans found one by one by the solver, where a service has too many choices to tabulate: in order, and trade-offs.

Each answer is worked out again by arithmetic, and what must not come again is excluded by name, so that nothing rests
on how finely the solver can tell two numbers apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pulp

from optimiser.errors import NO_PLAN, NoPlan, NotProved, TooLarge
from optimiser.journeys import nearest
from optimiser.model import build, expression, solver
from optimiser.model.arithmetic import one_choice, score, values
from optimiser.plan.proof import Designations
from optimiser.problem import Objective, Problem
from optimiser.search.diagram import undominated
from optimiser.search.planning import best_but

Found = tuple[Designations, tuple[float, ...]]

MOST_PLANS = 500
# What the solver may take for equal, as a share of a number.
ROUNDING = 1e-7


def in_order(problem: Problem, *, time_limit_minutes: float | None = None) -> Iterator[Found]:
    """Yield every plan, best first in the objectives' order, each solved for with those before it excluded.

    Raises
    ------
    NotProved
        When time ran out before the next best was proved.
    """
    known: list[Designations] = []
    while True:
        try:
            designated = best_but(problem, known, time_limit_minutes=time_limit_minutes)
        except NoPlan:
            return
        known.append(designated)
        yield designated, _values(problem, designated, problem.objectives)


def front(problem: Problem, aims: Sequence[Objective]) -> list[Found]:
    """Find every trade-off between some aims, bounding all but one (ε-constraint), in order of the aims.

    A zone is where every aim must be better than some bound. The best sum of the aims in a zone is a trade-off, which
    splits the zones that hold it: what is better than it must be so in one aim or another. When no zone holds a plan
    there is nothing left to find.

    Raises
    ------
    NoPlan
        When no plan meets every rule.
    """
    aims = tuple(aims)
    search = _Zones(replace(problem, objectives=aims), aims)
    zones = [(math.inf,) * len(aims)]
    while zones:
        zone = zones.pop()
        found = search.best_in(zone)
        if found is not None:
            zones = _split([*zones, zone], found)
    if not search.found:
        raise NoPlan(NO_PLAN)
    order = sorted(search.found)
    kept = undominated(np.array(order))
    return [(search.found[order[n]], order[n]) for n in kept]


class _Zones:
    """The trade-offs found so far, and what no further answer may be."""

    def __init__(self, problem: Problem, aims: tuple[Objective, ...]) -> None:
        self.problem, self.aims = problem, aims
        self.chains = {code: nearest.chains(problem, code) for code in problem.services_with_patients}
        self.steps = [_step(problem, aim) for aim in aims]
        self.found: dict[tuple[float, ...], Designations] = {}
        self.excluded: list[Designations] = []

    def best_in(self, zone: tuple[float, ...]) -> tuple[float, ...] | None:
        """Return what the aims come to under the best plan that is better than the zone's bound in every aim."""
        while True:
            designated = self._solve(zone)
            if designated is None:
                return None
            values = _values(self.problem, designated, self.aims)
            self.found.setdefault(values, designated)
            if all(here < bound for here, bound in zip(values, zone, strict=True)):
                return values
            # As good as the bound within the solver's rounding, and so nothing new.
            self.excluded.append(designated)
            if len(self.excluded) > MOST_PLANS:
                raise TooLarge(f"More than {MOST_PLANS:,} plans are equal in some aim. Fix some designations.")

    def _solve(self, zone: tuple[float, ...]) -> Designations | None:
        model = build(self.problem, self.chains)
        totals = [expression(self.problem, model.x, aim) for aim in self.aims]
        for number, (total, bound) in enumerate(zip(totals, zone, strict=True), start=1):
            if math.isfinite(bound):
                most = _below(bound, self.steps[number - 1])
                model.programme.addConstraint(total <= most, f"aim_{number}_is_within_its_bound")
        for number, designated in enumerate(self.excluded, start=1):
            differs = pulp.lpSum(1 - x if where in designated else x for where, x in model.x.designated.items())
            model.programme.addConstraint(differs >= 1, f"not_these_designations.{number}")
        sizes = [max(1.0, abs(next(iter(self.found))[n])) if self.found else 1.0 for n in range(len(self.aims))]
        model.programme.setObjective(pulp.lpSum(total / size for total, size in zip(totals, sizes, strict=True)))
        outcome = solver.run(model.programme, time_limit_seconds=60 * self.problem.time_limit_minutes)
        if outcome.status == "infeasible":
            return None
        if outcome.status != "optimal":
            raise NotProved("Time ran out before every trade-off was found. Allow more time: time_limit_minutes.")
        chosen = (where for where, x in model.x.designated.items() if outcome.values.get(x.name, 0.0) > 0.5)
        return frozenset(chosen)


def _below(bound: float, step: float) -> float:
    """Return what is less than a bound by half a step, or as good as equal where that is too fine for the solver."""
    room = ROUNDING * max(1.0, abs(bound))
    return bound - step / 2 if step / 2 >= room else bound + room


def _step(problem: Problem, aim: Objective) -> float:
    """Return the least by which two values of an aim can differ; 0 where that is not known."""
    if aim.name == "worst_journey":
        return 1 / problem.minute_scale
    if aim.name == "staff_short":
        return _step_of_staff(problem)
    if aim.name == "transfers":
        return 0.0
    nowhere = {code: one_choice(problem, code, ()) for code in problem.services}
    return 1 / score(problem, nowhere, aim).scale


def _step_of_staff(problem: Problem) -> float:
    """Return the greatest number of which everything that is counted of staff is a multiple."""
    rotas = (
        number
        for service in problem.services.values()
        for rota in service.rotas
        for number in (rota.needed.value, *rota.at.values(), rota.once.value if rota.once else 0.0)
    )
    teams = (
        figure.value
        for team in problem.teams.values()
        for figure in (team.moves_at_most, team.recruits_at_most)
        if figure
    )
    numbers = [Fraction(str(number)) for number in (*problem.staff.values(), *rotas, *teams)]
    together = math.lcm(*(number.denominator for number in numbers))
    return math.gcd(*(int(number * together) for number in numbers)) / together


def _split(zones: list[tuple[float, ...]], found: tuple[float, ...]) -> list[tuple[float, ...]]:
    """Split every zone that holds a trade-off into those where one aim must be better than it."""
    kept, parts = [], []
    for zone in zones:
        if all(here < bound for here, bound in zip(found, zone, strict=True)):
            parts += [(*zone[:n], here, *zone[n + 1 :]) for n, here in enumerate(found)]
        else:
            kept.append(zone)
    for part in dict.fromkeys(parts):
        if not any(_lies_in(part, other) for other in [*kept, *parts] if other != part):
            kept.append(part)
    return kept


def _lies_in(zone: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(here <= bound for here, bound in zip(zone, other, strict=True))


def _values(problem: Problem, designated: Designations, aims: Sequence[Objective]) -> tuple[float, ...]:
    return values(problem, designated, aims)
