"""Every lawful joint designation of a question, written down one by one: brute force where a loop would take too long.

A joint designation is a mask of bits, one a service and candidate. Each rule is tried on the choices of the services
that it names, and services that a rule or an objective ties together are joined until none is left: no solver, no
diagram and no search, only lists from which what breaks a rule is struck out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from optimiser.model.arithmetic import ARITHMETIC, every_choice, score
from optimiser.problem import Problem

Pair = tuple[str, str]
Designations = frozenset[Pair]
# Further than any two masks can be apart.
FARTHEST = 65
# Masks that are compared at a time.
AT_ONCE = 4_000_000


@dataclass
class Part:
    """Designations of some services: which choice of each, and what the objectives come to, in whole numbers."""

    choice: dict[str, np.ndarray]
    masks: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.masks)

    def kept(self, rows: np.ndarray) -> Part:
        choice = {code: column[rows] for code, column in self.choice.items()}
        return Part(choice, self.masks[rows], self.values[:, rows])

    def beside(self, other: Part) -> Part:
        """Return every designation of this part with every one of another."""
        choice = {code: np.repeat(column, len(other)) for code, column in self.choice.items()}
        choice |= {code: np.tile(column, len(self)) for code, column in other.choice.items()}
        values = [np.add.outer(*both).ravel() for both in zip(self.values, other.values, strict=True)]
        return Part(choice, np.bitwise_or.outer(self.masks, other.masks).ravel(), np.stack(values))

    def at(self, services: tuple[str, ...], table: np.ndarray) -> np.ndarray:
        return table[tuple(self.choice[code] for code in services)]

    def least(self, rows: np.ndarray) -> tuple[float, ...]:
        """Return what the best of some rows come to, the earlier objectives first."""
        for column in self.values:
            rows = rows[column[rows] == column[rows].min()]
        return tuple(self.values[:, rows[0]])

    def nearest(self, option: int, having: int, without: int) -> tuple[int, tuple[float, ...]] | None:
        """Return how many designations the nearest differ in from an option, and what the best of those come to.

        Of those that have, and have not, some designations; None where there are none.
        """
        least, best = FARTHEST, None
        for first in range(0, len(self), AT_ONCE):
            masks = self.masks[first : first + AT_ONCE]
            apart = np.bitwise_count(masks ^ np.uint64(option))
            if having or without:
                kept = (masks & np.uint64(having | without)) == np.uint64(having)
                apart = np.where(kept, apart, FARTHEST)
            if apart.min() < FARTHEST and apart.min() <= least:
                found = self.least(first + np.flatnonzero(apart == apart.min()))
                best = min(found, best) if best is not None and apart.min() == least else found
                least = int(apart.min())
        return None if best is None else (least, best)


class EveryLawful:
    """Every lawful joint designation, in parts between which no rule and no objective says anything.

    The lawful designations are then those of one part beside those of each other, and distances and objectives add up,
    so that the nearest and best of the whole is that of each part. ``join`` writes the whole list down instead.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.choices = {code: every_choice(problem, code) for code in problem.services}
        self.bit = {pair: 1 << n for n, pair in enumerate(product(problem.services, problem.candidates))}
        self.scores = [score(problem, self.choices, objective) for objective in problem.objectives]
        assert all(one.combine is np.add for one in self.scores)
        self.part = {code: self._alone(code) for code in problem.services}
        for services, passes in sorted(self._rules(), key=lambda one: len(one[0])):
            self._strike_out(services, passes)
        for number, one in enumerate(self.scores):
            for services, table in one.parts:
                self._add(number, services, np.broadcast_to(table, self._shape(services)))

    @property
    def parts(self) -> list[Part]:
        return list({id(one): one for one in self.part.values()}.values())

    @property
    def lawful(self) -> int:
        return prod(map(len, self.parts))

    def join(self) -> None:
        """Write down the whole list: what the parts come to side by side."""
        whole, *others = (Part({}, one.masks, one.values) for one in self.parts)
        for other in others:
            whole = whole.beside(other)
        self.part = dict.fromkeys(self.part, whole)

    def nearest(
        self, option: Designations, *, having: Pair | None = None, without: Pair | None = None
    ) -> tuple[int, tuple[float, ...]] | None:
        """Return how far the nearest lawful designations are from an option, and what the best of them come to.

        Of those that have, or have not, some (site, service); None where there are none.
        """
        wanted, *held = (self.mask(one) for one in (option, {having} - {None}, {without} - {None}))
        found = []
        for part in self.parts:
            bits = self._bits(part)
            near = part.nearest(wanted & bits, held[0] & bits, held[1] & bits)
            if near is None:
                return None
            found.append(near)
        return sum(least for least, _ in found), self._published([best for _, best in found])

    def any_one(self, rng: np.random.Generator) -> Designations:
        """Draw one of them, each as likely as any other."""
        mask = sum(int(part.masks[rng.integers(len(part))]) for part in self.parts)
        return frozenset((site, code) for (code, site), bit in self.bit.items() if mask & bit)

    def best(self, *, having: Pair | None = None, without: Pair | None = None) -> tuple[float, ...] | None:
        """Return what the best of all comes to, or of those that have or have not some (site, service)."""
        held = [self.mask({one} - {None}) for one in (having, without)]
        found = []
        for part in self.parts:
            with_it, not_it = (np.uint64(one & self._bits(part)) for one in held)
            rows = np.flatnonzero((part.masks & (with_it | not_it)) == with_it)
            if not len(rows):
                return None
            found.append(part.least(rows))
        return self._published(found)

    def mask(self, designated: Collection[Pair]) -> int:
        return sum(self.bit[code, site] for site, code in designated)

    def _published(self, found: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
        """Return the sums over parts, in the unit of each objective."""
        totals = [sum(column) for column in zip(*found, strict=True)]
        return tuple(float(one) / of.scale for one, of in zip(totals, self.scores, strict=True))

    def _bits(self, part: Part) -> int:
        codes = [code for code, one in self.part.items() if one is part]
        return sum(self.bit[code, site] for code in codes for site in self.problem.candidates)

    def _alone(self, code: str) -> Part:
        provided = self.choices[code].provided
        bits = np.array([self.bit[code, site] for site in self.problem.candidates], dtype=np.uint64)
        masks = (provided * bits).sum(axis=1, dtype=np.uint64)
        return Part({code: np.arange(len(masks))}, masks, np.zeros((len(self.scores), len(masks))))

    def _rules(self) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
        for rule in ARITHMETIC.values():
            for one in rule(self.problem, self.choices):
                yield one.services, np.broadcast_to(one.passes, self._shape(one.services))

    def _shape(self, services: tuple[str, ...]) -> list[int]:
        return [len(self.choices[code].provided) for code in services]

    def _strike_out(self, services: tuple[str, ...], passes: np.ndarray) -> None:
        still = np.ix_(*(np.unique(self.part[code].choice[code]) for code in services))
        if not passes[still].all():
            part = self._together(services)
            self._replace(part, part.kept(part.at(services, passes)))

    def _add(self, number: int, services: tuple[str, ...], table: np.ndarray) -> None:
        part = self._together(services)
        part.values[number] += part.at(services, table)

    def _together(self, services: tuple[str, ...]) -> Part:
        """Join the parts that some services are in."""
        first, *others = {id(self.part[code]): self.part[code] for code in services}.values()
        joined = first
        for other in others:
            joined = joined.beside(other)
        for old in (first, *others):
            self._replace(old, joined)
        return joined

    def _replace(self, old: Part, new: Part) -> None:
        self.part = {code: new if one is old else one for code, one in self.part.items()}
