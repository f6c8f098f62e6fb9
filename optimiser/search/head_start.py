"""A head start where the only question is which so many sites make journeys shortest.

With one service, a fixed number of sites and patient minutes as the only thing to make small, a good answer and a bound
that no answer can beat are found by arithmetic alone. Together they show of most sites that every best answer leaves
them shut, or open. The model is then built on the few that are left, and the solver has the last word.

`bounding` says how good a bound is had, and `branching` how the answers are parted where one bound for all is too low.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimiser.problem import Objective, Problem, Service
from optimiser.search.bounding import (
    SHORTEST_STEP,
    Bools,
    Floats,
    Ints,
    ascend,
    earned_by,
    greedy,
    interchange,
    settled_by,
    too_much,
)
from optimiser.search.branching import branch

FEW_SITES = 6
SPARE_STEPS = 6
ROUNDS = 25
# Where the solver is asked next, a bound is good enough if it lacks less than this share of the answer, and so many
# rounds have left more than that share of what it lacked before.
NEAR_ENOUGH, HARDLY_MORE = 0.0025, 0.75
# How far prices are moved at first: from a guess, and from those of a question with fewer sites.
FIRST_STEP, STEP_ON = 1.0, 0.4
# Sites times areas: of more, each bound takes so long that the solver is better asked at once.
LARGEST_BRANCHED = 1_250_000


@dataclass(frozen=True, eq=False)
class Start:
    """Where to begin.

    Attributes
    ----------
    designated
        The best answer found.
    minutes, bound
        Its patient minutes a year, and the number that no answer can be below.
    never, always
        Sites that every best answer leaves shut, and that every best answer opens.
    depth
        Steps of each area's chain (without the sites that are never open) to begin with.
    """

    designated: frozenset[str]
    minutes: float
    bound: float
    never: frozenset[str]
    always: frozenset[str]
    depth: Ints


@dataclass(eq=False)
class Learnt:
    """What was found with some number of sites, for the same question with as many or more: an answer, and prices.

    Any answer and any prices are right to begin with. Good ones take less time.
    """

    chosen: tuple[int, ...] = ()
    prices: Floats | None = None

    def fits(self, costs: Floats, number: int) -> bool:
        """Whether there is something to begin with."""
        return self.prices is not None and len(self.prices) == costs.shape[1] and 0 < len(self.chosen) <= number


def question(problem: Problem) -> tuple[str, int] | None:
    """The service and the number of sites, if minutes at a fixed number of sites is all that is asked; else None."""
    if len(problem.services) != 1 or problem.objectives != (Objective("patient_minutes"),):
        return None
    if problem.at_most_services_a_site:
        return None
    ((code, service),) = problem.services.items()
    low, high = service.at_least_sites, service.at_most_sites
    if not service.activity or not low or not high or _has_other_rules(service):
        return None
    return (code, int(low.value)) if low.value == high.value == int(low.value) else None


def _has_other_rules(service: Service) -> bool:
    """Whether a service states anything beyond who uses it, what is fixed and on how many sites it is."""
    kept = ("code", "name", "activity", "neighbours", "fixed", "at_least_sites", "at_most_sites", "standard_minutes")
    return service != Service(**{name: getattr(service, name) for name in kept})


def start(problem: Problem, service: str, sites: int, deadline: float = np.inf, learnt: Learnt | None = None) -> Start:
    """Find a good answer with so many sites, a bound, and what the two rule out.

    Only for a problem of which ``question`` says so. Sites fixed in the config stay as they are. After the deadline (as
    ``time.perf_counter`` counts) the answers are parted no further. What was ``learnt`` with fewer sites is where it
    begins, and what is learnt here takes its place.
    """
    candidates = np.array(problem.candidates, dtype=object)
    fixed = problem.services[service].fixed
    opened = [i for i, site in enumerate(candidates) if site in fixed and fixed[site].provided]
    free = np.array([i for i, site in enumerate(candidates) if site not in fixed], dtype=int)
    minutes = problem.minutes(service)
    taken = [*opened, *range(len(candidates), minutes.shape[1])]
    number = sites - len(opened)
    costs = _costs(problem, service, minutes, free, taken)
    if not (costs.size and 0 < number <= len(free)):
        return _nothing_known(frozenset(candidates[opened]), minutes)
    learnt = learnt or Learnt()
    search = _Search(costs, number, deadline, learnt)
    search.run()
    learnt.chosen, learnt.prices = tuple(search.chosen.tolist()), search.prices
    answer = [*opened, *free[search.chosen]]
    if not np.isfinite(minutes[:, [*answer, *taken]].min(axis=1)).all():
        return _nothing_known(frozenset(candidates[answer]), minutes)
    kept = sorted([*taken, *free[search.alive]])
    # Where more sites than these are shut, too few are open.
    most = len(search.alive) - number + 1
    return Start(
        designated=frozenset(candidates[answer]),
        minutes=search.minutes,
        bound=min(search.bound, search.minutes),
        never=frozenset(candidates) - frozenset(candidates[[i for i in kept if i < len(candidates)]]),
        always=frozenset(candidates[[*opened, *free[sorted(search.always)]]]),
        depth=np.minimum(most, _depth(problem, service, minutes[:, kept], np.isin(kept, [*answer, *taken]))),
    )


def _nothing_known(answer: frozenset[str], minutes: Floats) -> Start:
    whole = np.full(len(minutes), minutes.shape[1])
    return Start(answer, np.inf, 0.0, frozenset(), frozenset(), whole)


def _costs(problem: Problem, service: str, minutes: Floats, free: Ints, taken: Sequence[int]) -> Floats:
    """Sites × areas with patients: patient minutes if the area goes there, or to a site that is open anyway."""
    patients = _resident_patients(problem, service)
    counted = patients > 0
    anyway = minutes[counted][:, list(taken)].min(axis=1, initial=np.inf)
    shorter = np.ascontiguousarray(minutes[counted][:, free].T)
    np.minimum(shorter, anyway, out=shorter)
    reached = np.isfinite(shorter)
    if not reached.all():
        shorter[~reached] = 10.0 * shorter[reached].max(initial=1.0)
    return np.multiply(shorter, patients[counted], out=shorter)


def _depth(problem: Problem, service: str, minutes: Floats, is_open: NDArray[np.bool_]) -> Ints:
    """A few steps beyond the site each area goes to in a good answer; one where nobody counts."""
    best = np.where(is_open, minutes, np.inf).min(axis=1)
    depth = (minutes <= best[:, None]).sum(axis=1) + SPARE_STEPS
    return np.where(_resident_patients(problem, service) > 0, depth, 1)


def _resident_patients(problem: Problem, service: str) -> Floats:
    return np.where(problem.resident, problem.patients(service), 0.0)


class _Search:
    """Prices, bound and best answer over the sites not yet ruled out (``alive``: rows of the first costs)."""

    def __init__(self, costs: Floats, number: int, deadline: float, learnt: Learnt) -> None:
        self.costs, self.number, self.deadline = costs, number, deadline
        self.alive = np.arange(len(costs))
        self.always: set[int] = set()
        self.bound = 0.0
        begun = learnt.chosen if learnt.fits(costs, number) else ()
        self.chosen, self.minutes = interchange(costs, greedy(costs, number, begun))
        near = np.partition(costs[self.chosen], min(1, number - 1), axis=0)
        guess: Floats = (near[0] + near[min(1, number - 1)]) / 2
        self.prices = learnt.prices if begun and learnt.prices is not None else guess
        self.step = STEP_ON if begun else FIRST_STEP
        self._tried: set[tuple[int, ...]] = set()

    @property
    def few_are_left(self) -> bool:
        """Whether the solver can as well take it from here."""
        return len(self.alive) - len(self.always) <= FEW_SITES

    def run(self) -> None:
        """Raise the bound, then part the answers by which sites are open until each part is settled."""
        self._raise_bound()
        if not self.few_are_left and self.costs.size <= LARGEST_BRANCHED:
            self._branch()

    def _raise_bound(self) -> None:
        while self.step > SHORTEST_STEP and not self.few_are_left:
            lacked, solver_is_next = self.minutes - self.bound, self.costs.size > LARGEST_BRANCHED
            ascent = ascend(self.costs, self.number, self.prices, self.minutes, ROUNDS, self.step)
            self.prices, self.step = ascent.prices, ascent.step
            self.bound = max(self.bound, ascent.value)
            self._try_answer(ascent.opened)
            self._rule_out(ascent.value, earned_by(self.costs, self.prices))
            lacks = self.minutes - self.bound
            if solver_is_next and HARDLY_MORE * lacked < lacks < NEAR_ENOUGH * self.minutes:
                break

    def _try_answer(self, opened: Ints) -> None:
        """See whether the sites that earn most become a better answer by small improvements."""
        codes = tuple(sorted(self.alive[opened].tolist()))
        if codes not in self._tried:
            self._tried.add(codes)
            chosen, minutes = interchange(self.costs, opened)
            if minutes < self.minutes:
                self.chosen, self.minutes = self.alive[chosen], minutes

    def _rule_out(self, value: float, earned: Floats) -> None:
        """Drop sites that would cost too much to open, and keep for good those that would cost too much to shut."""
        kept, needed = settled_by(value, earned, self.number, 0, too_much(self.minutes, self.prices))
        self.always |= set(self.alive[needed].tolist())
        self._keep(kept)

    def _keep(self, kept: Bools) -> None:
        if not kept.all():
            self.costs, self.alive = np.ascontiguousarray(self.costs[kept]), self.alive[kept]

    def _branch(self) -> None:
        """Keep the sites that some part of the answers leaves open, and for good those that all parts open."""
        found = branch(self.costs, self.number, self.prices, self.minutes, self.deadline)
        if found.opened is not None:
            self.chosen, self.minutes = self.alive[found.opened], found.minutes
        if found.is_whole:
            self.bound = self.minutes
        self.always |= set(self.alive[sorted(found.always)].tolist())
        self._keep(np.isin(np.arange(len(self.alive)), sorted(found.some)))
