"""A head start where the only question is which so many sites make journeys shortest.

With one service, a fixed number of sites and patient minutes as the only thing to make small, a good answer and a bound
that no answer can beat are found by arithmetic alone. Together they show of most sites that every best answer leaves
them shut, or open. The model is then built on the few that are left, and the solver has the last word.

The bound lets each area pay a price for being served and each site collect what it earns above its journeys: the prices
plus the earnings of the best sites never exceed the true minutes (Lagrangian relaxation, subgradient ascent).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimiser.problem import Objective, Problem, Service

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Sites are ruled out only beyond rounding: an equal best answer must survive.
ROUNDING = 1e-9
FEW_SITES = 6
SPARE_STEPS = 6
MOMENTUM = 0.6
FORGOTTEN = 0.05
PATIENCE = 8
ROUNDS = 25
SHORTEST_STEP = 0.01
PROBE_ROUNDS = 60
LARGEST_PROBE = 40_000
IN_CACHE = 50_000
PROBE_FAILURES = 4


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


def start(problem: Problem, service: str, sites: int) -> Start:
    """Find a good answer with so many sites, a bound, and what the two rule out.

    Only for a problem of which ``question`` says so. Sites fixed in the config stay as they are.
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
    search = _Search(costs, number)
    search.run()
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

    def __init__(self, costs: Floats, number: int) -> None:
        self.costs, self.number = costs, number
        self.alive = np.arange(len(costs))
        self.always: set[int] = set()
        self.bound = 0.0
        self.chosen, self.minutes = interchange(costs, greedy(costs, number))
        near = np.partition(costs[self.chosen], min(1, number - 1), axis=0)
        self.prices: Floats = (near[0] + near[min(1, number - 1)]) / 2
        self._tried: set[tuple[int, ...]] = set()

    @property
    def few_are_left(self) -> bool:
        """Whether the solver can as well take it from here."""
        return len(self.alive) - len(self.always) <= FEW_SITES

    @property
    def _too_much(self) -> float:
        """More minutes than any best answer has, even with the rounding of adding up so many prices."""
        return self.minutes + ROUNDING * max(1.0, self.minutes, float(self.prices.sum()))

    def run(self) -> None:
        """Raise the bound, then ask of each site in turn whether opening it could be part of a best answer."""
        self._raise_bound()
        while not self.few_are_left and self.costs.size <= LARGEST_PROBE and self._probe():
            self._raise_bound()

    def _raise_bound(self) -> None:
        step = 1.0
        while step > SHORTEST_STEP and not self.few_are_left:
            ascent = ascend(self.costs, self.number, self.prices, self.minutes, ROUNDS, step)
            self.prices, step = ascent.prices, ascent.step
            self.bound = max(self.bound, ascent.value)
            self._try_answer(ascent.opened)
            self._rule_out(ascent.value, _earned(self.costs, self.prices))

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
        ranked = np.sort(earned)
        last_in = ranked[self.number - 1]
        first_out = ranked[self.number] if len(ranked) > self.number else np.inf
        self.always |= set(self.alive[value - earned + first_out > self._too_much].tolist())
        self._keep((earned <= last_in) | (value + earned - last_in <= self._too_much))

    def _keep(self, kept: Bools) -> None:
        if not kept.all():
            self.costs, self.alive = np.ascontiguousarray(self.costs[kept]), self.alive[kept]

    def _probe(self) -> bool:
        """Drop each site, unlikely ones first, whose opening is shown to cost too much. Whether any was dropped."""
        kept, failures = np.ones(len(self.alive), dtype=bool), 0
        for site in np.argsort(-_earned(self.costs, self.prices), kind="stable"):
            if failures == PROBE_FAILURES:
                break
            if self.alive[site] not in self.chosen:
                kept[site] = not self._costs_too_much(site, kept)
                failures = failures + 1 if kept[site] else 0
        self._keep(kept)
        return not kept.all()

    def _costs_too_much(self, site: int, kept: Bools) -> bool:
        """Whether every answer with this site is worse than the one known."""
        rows = np.concatenate([[site], np.delete(np.nonzero(kept)[0], kept[:site].sum())])
        costs = self.costs[rows]
        ascent = ascend(costs, self.number, self.prices, self.minutes, PROBE_ROUNDS, 0.5, insist=True)
        return ascent.value > self._too_much


def _earned(costs: Floats, prices: Floats) -> Floats:
    """What each site loses (a number of at most 0) by serving every area whose price is above its cost."""
    earned = np.empty(len(costs))
    for rows in _blocks(costs):
        room = costs[rows] - prices
        earned[rows] = np.minimum(room, 0.0, out=room).sum(axis=1)
    return earned


def _blocks(costs: Floats) -> Iterator[slice]:
    """Rows in pieces that stay in a processor's cache: several times faster on a whole country."""
    rows = max(1, IN_CACHE // costs.shape[1])
    return (slice(at, at + rows) for at in range(0, len(costs), rows))


@dataclass(frozen=True, eq=False)
class Ascent:
    """The best bound found and its prices, the best answer met on the way, and the step reached.

    ``shares`` say how often each site was one of those that earn most, later rounds counted for more.
    """

    value: float
    prices: Floats
    opened: Ints
    step: float
    shares: Floats


def ascend(
    costs: Floats, number: int, prices: Floats, target: float, rounds: int, step: float, *, insist: bool = False
) -> Ascent:
    """Move the prices so that the bound rises. With ``insist`` it holds for the answers that open the first site."""
    value, best_prices, idle = -np.inf, prices, 0
    answer, answer_opened = np.inf, np.arange(number)
    direction: Floats = np.zeros_like(prices)
    shares: Floats = np.zeros(len(costs))
    for _ in range(rounds):
        earned = _earned(costs, prices)
        opened = _cheapest(earned, number, insist=insist)
        shares *= 1 - FORGOTTEN
        shares[opened] += FORGOTTEN
        bound = float(prices.sum() + earned[opened].sum())
        near = costs[opened]
        minutes = float(near.min(axis=0).sum())
        if minutes < answer:
            answer, answer_opened = minutes, opened
        idle = 0 if bound > value * (1 + 1e-6) else idle + 1
        if bound > value:
            value, best_prices = bound, prices
        if idle == PATIENCE:
            step, idle = step * 0.6, 0
        direction = 1.0 - (near < prices).sum(axis=0) + MOMENTUM * direction
        length = float(np.square(direction).sum())
        if length == 0.0:
            step = 0.0
        if value > target * (1 + 2 * ROUNDING) or step <= SHORTEST_STEP:
            break
        prices = prices + step * max(target * 1.0002 - bound, 0.0) / length * direction
    return Ascent(value, best_prices, answer_opened, step, shares)


def _cheapest(earned: Floats, number: int, *, insist: bool) -> Ints:
    """The sites of which the bound is made: those that earn most, and the first one if it is insisted on."""
    if not insist:
        return np.argpartition(earned, number - 1)[:number]
    return np.concatenate([[0], 1 + np.argsort(earned[1:], kind="stable")[: number - 1]])


def greedy(costs: Floats, number: int) -> Ints:
    """Open the site that saves most, one at a time; a site's saving only ever falls, so few need a second look."""
    first = int(costs.sum(axis=1).argmin())
    chosen, best = [first], costs[first].copy()
    saving = np.full(len(costs), np.inf)
    saving[first] = -1.0
    while len(chosen) < number:
        looked = np.zeros(len(costs), dtype=bool)
        while not looked[site := int(saving.argmax())]:
            saving[site], looked[site] = np.maximum(best - costs[site], 0.0).sum(), True
        chosen.append(site)
        np.minimum(best, costs[site], out=best)
        saving[site] = -1.0
    return np.array(chosen)


def interchange(costs: Floats, chosen: Ints) -> tuple[Ints, float]:
    """Swap one open site for one shut while that saves minutes, the best swap first."""
    chosen = np.array(chosen)
    areas = np.arange(costs.shape[1])
    while True:
        near = costs[chosen]
        nearest = near.argmin(axis=0)
        first = near[nearest, areas]
        near[nearest, areas] = np.inf
        change = _changes(costs, first, near.min(axis=0), nearest, len(chosen))
        change[chosen] = 0.0
        comes, goes = np.unravel_index(change.argmin(), change.shape)
        if change[comes, goes] >= -ROUNDING * first.sum():
            return chosen, float(first.sum())
        chosen[goes] = comes


def _changes(costs: Floats, first: Floats, second: Floats, nearest: Ints, number: int) -> Floats:
    """Minutes gained or lost when a site (row) comes in and an open one (column) goes."""
    change = np.empty((len(costs), number))
    for site, cost in enumerate(costs):
        kept = np.minimum(cost, first)
        lost = np.minimum(cost, second) - kept
        change[site] = (kept - first).sum() + np.bincount(nearest, lost, number)
    return change
