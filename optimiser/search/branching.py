"""Part the answers by which sites are open, and bound each part, until every part is settled.

Where few sites are to be open the bound for all answers at once stays below the best answer, however its prices are
moved. Of the answers that open a certain site, and of those that leave it shut, it is higher. So a part of the answers
that may hold the best is parted again; one of which the bound is too much is left out; and what is left in the end are
the best answers, every equal one among them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from optimiser.search.bounding import ROUNDING, Floats, Ints, ascend, earned_by, interchange, settled_by, too_much

ROUNDS, STEP, NEXT_STEP = 30, 0.8, 0.3
# A part is bounded again before it is parted where so few of its sites are left.
WORTH_IT = 0.7
# Whether it comes to an end is judged by what share of the answers the first parts have settled.
FIRST_PARTS, MOST_PARTS = 40, 3_000
# Many answers that are equal are the solver's to choose from.
MOST_EQUAL = 5


@dataclass(frozen=True)
class Branches:
    """What is left of the answers.

    Attributes
    ----------
    some, always
        Rows of the costs: the sites that any answer left opens, and those that every one opens.
    is_whole
        Whether every part was settled, so that no answer is better than the best one known.
    minutes, opened
        The best answer, and its rows if it is better than the one known before.
    """

    some: frozenset[int]
    always: frozenset[int]
    is_whole: bool
    minutes: float
    opened: Ints | None


@dataclass(frozen=True, eq=False)
class _Part:
    """The answers that open the first ``must`` of these rows, and others of them only."""

    rows: Ints
    must: int
    prices: Floats
    share: float


def branch(costs: Floats, number: int, prices: Floats, minutes: float, deadline: float) -> Branches:
    """Settle which sites the best answers open, as far as that comes to an end before the deadline.

    ``minutes`` are those of a known answer with so many sites, ``prices`` those of a bound for all answers.
    """
    tree = _Tree(costs, number, minutes, deadline)
    waiting = [_Part(np.arange(len(costs)), 0, prices, 1.0)]
    while waiting and tree.comes_to_an_end:
        waiting += tree.parts_of(waiting.pop())
    for part in waiting:
        tree.leave(part.rows, part.must)
    always = tree.always if tree.always is not None else frozenset()
    return Branches(frozenset(tree.some), always, not waiting, tree.minutes, tree.opened)


class _Tree:
    """The parts looked at so far, and what they left."""

    def __init__(self, costs: Floats, number: int, minutes: float, deadline: float) -> None:
        self.costs, self.number, self.minutes, self.deadline = costs, number, minutes, deadline
        self.opened: Ints | None = None
        self.some: set[int] = set()
        self.always: frozenset[int] | None = None
        self._parts, self._equal, self._settled = 0, 0, 0.0

    @property
    def comes_to_an_end(self) -> bool:
        """Whether so many parts are likely to do, in time."""
        likely = self._parts < FIRST_PARTS or self._parts <= MOST_PARTS * self._settled
        return likely and self._equal <= MOST_EQUAL and time.perf_counter() < self.deadline

    def leave(self, rows: Ints, must: int) -> None:
        """Note that what is left may open any of these rows, and opens the first ``must``."""
        self.some |= set(rows.tolist())
        opened = frozenset(rows[:must].tolist())
        self.always = opened if self.always is None else self.always & opened

    def parts_of(self, part: _Part) -> list[_Part]:
        """Settle a part, or return the two that it falls into; that which is to be looked at first comes last."""
        rows, must, prices, step = part.rows, part.must, part.prices, STEP
        while must < self.number < len(rows):
            self._parts += 1
            costs, before = self.costs[rows], len(rows)
            found = ascend(costs, self.number, prices, self.minutes, ROUNDS, step, must=must)
            self._improve(rows[found.opened], found.minutes)
            prices, step = found.prices, NEXT_STEP
            most = too_much(self.minutes, prices)
            if found.value > most:
                self._settled += part.share
                return []
            kept, needed = settled_by(found.value, earned_by(costs, prices), self.number, must, most)
            needed[:must] = True
            order = np.concatenate([np.flatnonzero(needed), np.flatnonzero(kept & ~needed)])
            rows, shares, must = rows[order], found.shares[order], int(needed.sum())
            if len(rows) > WORTH_IT * before and must < self.number < len(rows):
                # Of this site the bound is most of two minds: either way it rises.
                site = must + int(np.abs(shares[must:] - 0.5).argmin())
                others = np.delete(rows, site)
                opened = np.insert(others, must, rows[site])
                return [
                    replace(part, rows=others, must=must, prices=prices, share=part.share / 2),
                    replace(part, rows=opened, must=must + 1, prices=prices, share=part.share / 2),
                ]
        self._settled += part.share
        self._try(rows[: self.number])
        return []

    def _try(self, rows: Ints) -> None:
        """Note an answer if it is as good as the best one known."""
        minutes = float(self.costs[rows].min(axis=0).sum())
        self._improve(rows, minutes)
        if minutes <= self.minutes + ROUNDING * max(1.0, self.minutes):
            self._equal += 1
            self.leave(rows, self.number)

    def _improve(self, rows: Ints, minutes: float) -> None:
        """Take an answer that is better than the best one known, and what small improvements make of it."""
        if minutes < self.minutes:
            self.opened, self.minutes = interchange(self.costs, rows)
