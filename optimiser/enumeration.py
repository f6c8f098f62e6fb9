"""Every joint designation by plain arithmetic: the proof where that is possible, and what each rule strikes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from optimiser.arithmetic import ARITHMETIC, All, every_choice, score, sites_provided
from optimiser.errors import TooLarge
from optimiser.problem import Objective, Problem

LARGEST_ENUMERATION = 50_000_000
# Journeys for every choice of candidates, held in memory for each service.
LARGEST_TABLE = 20_000_000
MOST_CANDIDATES = 16
CHUNK = 2_000_000
KEPT = 20

# Equal options are settled by fewest changes, then fewest sites, then site order.
TIE_BREAK = Objective("changes_from_today")
TIE_BREAKS = 2

# Rules that say nothing where nobody is transferred, and are not listed there.
TRANSFER_RULES = ("not_too_many_transfers", "not_too_many_repatriations", "not_too_many_ambulance_hours")

Designations = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Option:
    """One joint designation and what each objective comes to, in the config's order."""

    values: tuple[float, ...]
    designated: Designations


@dataclass(frozen=True)
class Enumeration:
    """What listing every joint designation found.

    Attributes
    ----------
    listed, lawful
        How many joint designations agree with what is fixed, and how many of those break no rule.
    struck
        How many each rule struck out, in the rules' order, after those before it.
    ranked
        The best options, best first: every objective in turn, then fewest changes from today, fewest sites, site order.
    equal_best
        How many lawful options equal the best on every objective of the config.
    """

    listed: int
    lawful: int
    struck: dict[str, int]
    ranked: tuple[Option, ...]
    equal_best: int


def size(problem: Problem) -> int:
    """Return how many joint designations agree with what is fixed."""
    open_sites = [
        sum(site not in service.fixed for site in problem.candidates) for service in problem.services.values()
    ]
    return int(2 ** sum(open_sites))


def can_be_listed(problem: Problem) -> bool:
    """Whether every joint designation can be listed within the stated limit."""
    journeys = 2 ** len(problem.candidates) * len(problem.areas)
    few_sites = len(problem.candidates) <= MOST_CANDIDATES
    return few_sites and journeys <= LARGEST_TABLE and size(problem) <= LARGEST_ENUMERATION


def enumerate_all(problem: Problem) -> Enumeration:
    """List every joint designation that agrees with what is fixed, and judge and rank each by arithmetic.

    Raises
    ------
    TooLarge
        When there are more than ``LARGEST_ENUMERATION``.
    """
    if not can_be_listed(problem):
        raise TooLarge(
            f"There are {size(problem):,} joint designations; at most {LARGEST_ENUMERATION:,} are listed. "
            "Fix some designations, or rely on the solver's bound."
        )
    choices = {code: every_choice(problem, code) for code in problem.services}
    listing = _Listing(problem, choices)
    for head in listing.heads():
        listing.judge(head)
    best = tuple(Option(listing.published(values), listing.designated(index)) for values, index in listing.kept)
    return Enumeration(listing.listed, listing.lawful, listing.struck, best, listing.equal_best)


class _Listing:
    """The tensor of all joint choices, one axis a service, walked in chunks along its first axes."""

    def __init__(self, problem: Problem, choices: All) -> None:
        self.problem, self.choices = problem, choices
        self.codes = list(choices)
        self.shape = tuple(len(choices[code].provided) for code in self.codes)
        self.split = next(i for i in range(len(self.shape) + 1) if prod(self.shape[i:]) <= CHUNK)
        self.rules = [
            (name, self._aligned(instance.services, instance.passes))
            for name, rule in ARITHMETIC.items()
            for instance in rule(problem, choices)
        ]
        scores = [score(problem, choices, objective) for objective in (*problem.objectives, TIE_BREAK)]
        scores.append(sites_provided(choices))
        self.scales = [found.scale for found in scores]
        self.scores = [
            (found.combine, [self._aligned(services, part) for services, part in found.parts]) for found in scores
        ]
        self.listed = prod(self.shape)
        self.lawful = 0
        nobody_moves = () if problem.reached_by_transfer else TRANSFER_RULES
        self.struck = dict.fromkeys((name for name in ARITHMETIC if name not in nobody_moves), 0)
        self.kept: list[tuple[tuple[float, ...], int]] = []
        self.best: tuple[float, ...] | None = None
        self.equal_best = 0

    def heads(self) -> Iterator[tuple[int, ...]]:
        return iter(np.ndindex(self.shape[: self.split]))

    def judge(self, head: tuple[int, ...]) -> None:
        """Strike out what breaks a rule within one chunk, and keep the best of the rest."""
        tail = self.shape[self.split :]
        alive = np.ones(tail, dtype=bool)
        left = alive.size
        for name, passes in self.rules:
            alive &= self._chunk(passes, head)
            still = int(np.count_nonzero(alive))
            self.struck[name] += left - still
            left = still
        self.lawful += left
        if left:
            self._keep(np.flatnonzero(alive), head, tail)

    def designated(self, index: int) -> Designations:
        picked = np.unravel_index(index, self.shape)
        return frozenset(
            (site, code)
            for code, i in zip(self.codes, picked, strict=True)
            for site, provided in zip(self.problem.candidates, self.choices[code].provided[i], strict=True)
            if provided
        )

    def published(self, values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(value / scale for value, scale in zip(values[:-TIE_BREAKS], self.scales, strict=False))

    def _keep(self, alive: np.ndarray, head: tuple[int, ...], tail: tuple[int, ...]) -> None:
        first = self._values(0, head, tail)[alive]
        if len(first) > KEPT:
            near = np.flatnonzero(first <= np.partition(first, KEPT)[KEPT])
            alive, first = alive[near], first[near]
        others = [self._values(number, head, tail)[alive] for number in range(1, len(self.scores))]
        columns = np.column_stack([first, *others])
        # Choices stand in site order, so that a stable sort leaves equal options in site order too.
        ranked = np.lexsort(columns.T[::-1])
        objectives = columns[:, :-TIE_BREAKS]
        self._count(objectives, tuple(objectives[ranked[0]].tolist()))
        offset = int(np.ravel_multi_index(head, self.shape[: self.split])) * prod(tail) if head else 0
        found = [(tuple(columns[row].tolist()), offset + int(alive[row])) for row in ranked[:KEPT]]
        self.kept = sorted(self.kept + found)[:KEPT]

    def _count(self, values: np.ndarray, best: tuple[float, ...]) -> None:
        if self.best is None or best < self.best:
            self.best, self.equal_best = best, 0
        self.equal_best += int(np.count_nonzero((values == self.best).all(axis=1)))

    def _values(self, number: int, head: tuple[int, ...], tail: tuple[int, ...]) -> np.ndarray:
        combine, parts = self.scores[number]
        total = np.zeros(tail)
        for part in parts:
            combine(total, self._chunk(part, head), out=total)
        return total.ravel()

    def _aligned(self, services: tuple[str, ...], values: np.ndarray) -> np.ndarray:
        """Give an array one axis a service in the listing's order, of length 1 where it does not depend on it."""
        places = [self.codes.index(code) for code in services]
        lengths = [1] * len(self.codes)
        for place in places:
            lengths[place] = self.shape[place]
        full = np.broadcast_to(values, [self.shape[place] for place in places])
        return full.transpose(np.argsort(places)).reshape(lengths)

    def _chunk(self, aligned: np.ndarray, head: tuple[int, ...]) -> np.ndarray:
        return np.asarray(aligned[tuple(min(i, n - 1) for i, n in zip(head, aligned.shape, strict=False))])
