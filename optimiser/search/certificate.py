"""A certificate that no lawful plan has fewer patient minutes: whole numbers that anybody can add up again.

Every area may name a value, what its minutes come to at least. A site that is open takes back what areas' values exceed
the minutes there, and so the values, less what the sites that may be open take back, are never more than the minutes of
any plan (weak duality). Where that is too little for all plans at once they are parted by whether a site is open, again
and again: a search tree, of which each end has values that are enough, or so few sets that each is tried. It is true
of all plans, whatever other rules ask, and proves the best where the best needs no more.

Minutes are counted in the largest unit of which all are whole numbers, values in parts of it: as all plans are whole,
more than one unit less than the best is as good as the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from math import comb, gcd

import numpy as np

from optimiser.plan import Plan
from optimiser.plan.proof import PROVED
from optimiser.problem import Problem
from optimiser.problem.decimals import MILLION
from optimiser.search.bounding import Floats, Ints, ascend, greedy, interchange
from optimiser.search.enumeration import size

FORMAT = 1
CLAIM = "no lawful plan has fewer patient-minutes a year"
# The independent check tries so many designations one by one.
MOST_TRIED = 2_500
# More would take long to find and to add up again.
MOST_COSTS = 600_000
MOST_NODES = 20_000
MOST_NUMBERS = 3_000_000
# Sets of sites that are rather tried than bounded.
MOST_SETS = 20
FINEST, LARGEST = 100_000, 2**60
# Rounds in which values are raised at a time, from steps so long; again while so much of what is left is gained.
ROUNDS, STEP, AGAIN, WORTH_IT = 400, 2.0, 12, 0.1


class _NotClosed(Exception):
    """No certificate is to be had: something is better without the other rules, or it would take too long."""


def certified(plan: Plan) -> Plan:
    """Return a plan with a certificate of its first objective, where there is one and its designations are many."""
    found = certificate_of(plan) if size(plan.problem) > MOST_TRIED else None
    return replace(plan, proof=replace(plan.proof, certificate=found)) if found else plan


def certificate_of(plan: Plan) -> dict[str, object] | None:
    """Return a certificate that no lawful plan is better on the first objective, as plain data, or nothing.

    Only of patient minutes of services that are reached directly. There is none where other rules make the best plan
    worse than the number of sites and what is fixed alone would, nor where it would take too long.
    """
    problem, proof = plan.problem, plan.proof
    first = problem.objectives[0]
    codes = [code for code in first.services or problem.services if problem.services[code].activity]
    reached_directly = not any(problem.services[code].transfer for code in codes)
    if proof.outcome != PROVED or first.name != "patient_minutes" or not codes or not reached_directly:
        return None
    if any(problem.minutes(code).size > MOST_COSTS for code in codes):
        return None
    asked = [_Asked.of(problem, code) for code in codes]
    whole = gcd(*(one.divisor for one in asked)) or 1
    unit = Fraction(whole, MILLION * problem.patient_scale)
    value = [one.value(plan.sites_of(one.service)) for one in asked]
    if Fraction(sum(value), MILLION * problem.patient_scale) != Fraction(repr(proof.objectives[0].value)):
        return None
    try:
        services = [_Tree(one, whole, least // whole).closed() for one, least in zip(asked, value, strict=True)]
    except _NotClosed:
        return None
    return {"format": FORMAT, "claim": CLAIM, "unit": str(unit), "value": sum(value) // whole, "services": services}


@dataclass(frozen=True, eq=False)
class _Asked:
    """What decides the minutes of a service: patients times minutes of each area at each site, as whole numbers.

    ``costs`` are areas × candidates, ``anyway`` what it is at the nearest neighbour; of either -1 where there is none.
    ``always`` is what patients come to whom no candidate can take. ``most`` sites may be open, ``opened`` are and
    ``shut`` are not.
    """

    service: str
    areas: list[str]
    sites: list[str]
    costs: Ints
    anyway: Ints
    always: int
    most: int
    opened: frozenset[int]
    shut: frozenset[int]

    @classmethod
    def of(cls, problem: Problem, code: str) -> _Asked:
        """Read what decides the minutes of a service off a question."""
        rules, number = problem.services[code], len(problem.candidates)
        patients = np.where(problem.resident, problem.patients(code), 0.0)
        counted = np.flatnonzero(patients > 0)
        # Area by area, and of each those first who are pulled over the border: they come last among streams.
        counted = counted[np.lexsort((-counted, problem.streams.area[counted]))]
        minutes = problem.minutes(code)[counted]
        there = np.isfinite(minutes)
        weights = np.rint(patients[counted] * problem.patient_scale).astype(np.int64)
        costs = np.where(there, np.rint(np.where(there, minutes, 0) * MILLION).astype(np.int64) * weights[:, None], -1)
        beyond = np.where(costs[:, number:] < 0, np.iinfo(np.int64).max, costs[:, number:])
        anyway = beyond.min(axis=1, initial=np.iinfo(np.int64).max)
        anyway[anyway == np.iinfo(np.int64).max] = -1
        decided = there[:, :number].any(axis=1)
        fixed = {problem.candidates.index(site): one.provided for site, one in rules.fixed.items()}
        return cls(
            code,
            [_name(problem, int(row)) for row in counted[decided]],
            list(problem.candidates),
            costs[decided, :number],
            anyway[decided],
            int(anyway[~decided].sum()),
            min(number, int(rules.at_most_sites.value)) if rules.at_most_sites else number,
            frozenset(site for site, provided in fixed.items() if provided),
            frozenset(site for site, provided in fixed.items() if not provided),
        )

    @property
    def divisor(self) -> int:
        """The largest whole number of which every cost is a multiple."""
        every = (self.costs[self.costs > 0], self.anyway[self.anyway > 0], np.array([self.always]))
        return gcd(*(int(np.gcd.reduce(each)) for each in every if each.size))

    def value(self, sites: Sequence[str]) -> int:
        """Return what patients come to at the nearest of some open sites; far too much where somebody has none."""
        return _nearest(self.costs[:, [self.sites.index(site) for site in sites]], self.anyway) + self.always


def _nearest(costs: Ints, anyway: Ints) -> int:
    far = np.iinfo(np.int64).max
    every = np.column_stack([costs, anyway])
    least = np.where(every < 0, far, every).min(axis=1)
    return int(least.sum()) if (least < far).all() else far


def _name(problem: Problem, stream: int) -> str:
    """Return what an area's patients are called: by its code, and by their way if they do not go as the others."""
    name = problem.stream_names[stream]
    area = str(problem.areas.index[problem.streams.area[stream]])
    return area if name == area else f"{area} pulled"


@dataclass
class _Tree:
    """The search tree of one service: what is asked in whole units, the least that is to be shown, and its nodes."""

    asked: _Asked
    whole: int
    least: int
    nodes: list[dict[str, object]] = field(default_factory=list)
    values: list[Ints] = field(default_factory=list)

    def __post_init__(self) -> None:
        asked = self.asked
        self.reached = asked.costs >= 0
        self.costs = np.where(self.reached, asked.costs // self.whole, 0)
        self.anyway = np.where(asked.anyway >= 0, asked.anyway // self.whole, -1)
        self.always = asked.always // self.whole
        largest = int(self.costs.max(axis=1, initial=1).sum()) + 1
        self.parts = max(1, min(FINEST, LARGEST // (largest * (asked.most + 1))))
        # Where nobody can go is too far for any good answer.
        self.rough = np.where(self.reached, self.costs, 10 * self.costs.max(initial=1)).astype(float).T.copy()
        beside = self.anyway >= 0
        self.rough[:, beside] = np.minimum(self.rough[:, beside], self.anyway[beside])
        self.taken: list[Ints] = []

    def closed(self) -> dict[str, object]:
        """Return the tree with every end closed, as plain data."""
        asked = self.asked
        self._refuse_if_better()
        waiting = [(self._new(), asked.opened, asked.shut, self._first_prices())]
        while waiting:
            waiting += reversed(list(self._settled(*waiting.pop())))
        return {
            "service": asked.service,
            "least": self.least,
            "parts": self.parts,
            "areas": asked.areas,
            "values": [one.tolist() for one in self.values],
            "nodes": self.nodes,
        }

    def _new(self) -> int:
        if len(self.nodes) >= MOST_NODES:
            raise _NotClosed
        self.nodes.append({})
        return len(self.nodes) - 1

    def _free(self, opened: frozenset[int], shut: frozenset[int]) -> list[int]:
        return [site for site in range(len(self.asked.sites)) if site not in opened and site not in shut]

    def _refuse_if_better(self) -> None:
        """Raise if some sites are better than the plan: then no certificate can be."""
        opened, free = sorted(self.asked.opened), self._free(self.asked.opened, self.asked.shut)
        number = self.asked.most - len(opened)
        if not 0 < number <= len(free):
            return
        costs = self.rough[free]
        if opened:
            costs = np.minimum(costs, self.rough[opened].min(axis=0))
        chosen, _ = interchange(costs, greedy(costs, number))
        self._try([*opened, *(free[one] for one in chosen)])

    def _try(self, sites: Sequence[int]) -> None:
        far = np.iinfo(np.int64).max
        if (found := _nearest(self.asked.costs[:, list(sites)], self.asked.anyway)) < far and (
            found // self.whole + self.always < self.least
        ):
            raise _NotClosed

    def _first_prices(self) -> Floats:
        near = np.sort(self.rough, axis=0)
        return np.asarray(near[: min(2, len(near))].mean(axis=0)) * 1.5

    def _settled(
        self, node: int, opened: frozenset[int], shut: frozenset[int], prices: Floats
    ) -> Iterator[tuple[int, frozenset[int], frozenset[int], Floats]]:
        """Close one node, or part its plans and yield what is left of them to be closed."""
        free, number = self._free(opened, shut), self.asked.most - len(opened)
        if comb(len(free), min(number, len(free))) <= MOST_SETS:
            self._try_all(node, opened, free, number)
            return
        prices, shares = self._raised(opened, free, number, prices)
        index = self._keep(prices)
        if self._closes(index, opened, free, number):
            self.nodes[node] = {"values": index}
            return
        must = [one for one in free if self._closes(index, opened, [site for site in free if site != one], number)]
        never = [
            one
            for one in free
            if one not in must
            and self._closes(index, opened | {one}, [site for site in free if site != one], number - 1)
        ]
        if must or never:
            names = {"open": [self.asked.sites[one] for one in must], "shut": [self.asked.sites[one] for one in never]}
            then = self._new()
            self.nodes[node] = {"values": index, **names, "then": then}
            yield then, opened | {*must}, shut | {*never}, prices
            return
        self.values.pop()
        self.taken.pop()
        # What the bound is of two minds about: either way it rises.
        site = free[int(np.abs(shares - 0.5).argmin())]
        either = {"shut": self._new(), "open": self._new()}
        self.nodes[node] = {"site": self.asked.sites[site], **either}
        yield either["shut"], opened, shut | {site}, prices
        yield either["open"], opened | {site}, shut, prices

    def _try_all(self, node: int, opened: frozenset[int], free: Sequence[int], number: int) -> None:
        sets = list(combinations(free, min(number, len(free))))
        for chosen in sets:
            self._try([*sorted(opened), *chosen])
        self.nodes[node] = {"tried": len(sets)}

    def _raised(
        self, opened: frozenset[int], free: Sequence[int], number: int, prices: Floats
    ) -> tuple[Floats, Floats]:
        """Return prices that show as much as possible of plans with these sites open, and how often each other was."""
        costs = self.rough[list(free)]
        most = np.full(costs.shape[1], np.inf)
        if opened:
            most = self.rough[sorted(opened)].min(axis=0)
            costs = np.minimum(costs, most)
        # As much more than one unit less as rounding may take.
        target = float(self.least - self.always) - 0.99
        found = ascend(costs, number, np.minimum(prices, most), target, ROUNDS, STEP)
        for _ in range(AGAIN):
            again = ascend(costs, number, found.prices, target, ROUNDS, STEP)
            gained, found = again.value - found.value, max(again, found, key=lambda one: one.value)
            if found.value > target or gained < WORTH_IT * (target - found.value):
                break
        beside = self.anyway >= 0
        most = np.where(beside, np.minimum(most, self.anyway), most)
        return np.minimum(found.prices, most), found.shares

    def _keep(self, prices: Floats) -> int:
        """Keep prices as values in whole parts, and what each site takes back of them; return their place."""
        if len(self.values) * len(self.asked.areas) > MOST_NUMBERS:
            raise _NotClosed
        values = np.maximum(np.floor(prices * self.parts), 0).astype(np.int64)
        room = np.where(self.reached, values[:, None] - self.parts * self.costs, 0)
        beside = np.where(self.anyway >= 0, values - self.parts * self.anyway, 0)
        self.values.append(values)
        self.taken.append(np.append(np.maximum(room, 0).sum(axis=0), np.maximum(beside, 0).sum()))
        return len(self.values) - 1

    def _closes(self, index: int, opened: frozenset[int], free: Sequence[int], number: int) -> bool:
        """Whether values show that plans with some sites open, and others of those free, are no better."""
        taken = self.taken[index]
        rest = np.sort(taken[list(free)])[::-1][: max(0, number)]
        back = int(taken[-1]) + int(taken[sorted(opened)].sum()) + int(rest.sum())
        shown = int(self.values[index].sum()) - back + self.parts * self.always
        return shown > self.parts * (self.least - 1)
