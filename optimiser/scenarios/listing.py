"""Every joint designation of a question, and what one scenario makes of each by plain arithmetic."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from optimiser.errors import TooLarge
from optimiser.model.arithmetic import ARITHMETIC, All, every_choice, score, sites_provided
from optimiser.problem import Problem
from optimiser.search.enumeration import TIE_BREAK, can_be_ranked, size

# Judged one by one in every scenario; more of them as paths of a diagram.
MOST_JOINT = 65_536
# A whole number of 64 bits says which one.
MOST_NUMBERED = 2**62

Designations = frozenset[tuple[str, str]]
Picks = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Joint:
    """Every joint designation that agrees with what is fixed, numbered in the order in which equal ones are settled."""

    problem: Problem
    choices: All

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Codes of the services, in order."""
        return tuple(self.choices)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """How many choices each service has."""
        return tuple(len(chosen.provided) for chosen in self.choices.values())

    @property
    def count(self) -> int:
        """How many joint designations there are."""
        return prod(self.shape)

    @cached_property
    def is_listed(self) -> bool:
        """Whether they are few enough to judge every one of them in every scenario."""
        return self.count <= MOST_JOINT

    @cached_property
    def picks(self) -> Picks:
        """By service: which of its choices each joint designation takes."""
        return self.picked(np.arange(self.count))

    def picked(self, numbers: np.ndarray) -> Picks:
        """Return by service which of its choices some joint designations take."""
        return dict(zip(self.codes, np.unravel_index(numbers, self.shape), strict=True))

    def tie_breaks(self, numbers: np.ndarray) -> np.ndarray:
        """Return changes from today and sites, by joint designation: what settles equal ones, before their number."""
        picks = self.picked(numbers)
        both = score(self.problem, self.choices, TIE_BREAK), sites_provided(self.choices)
        found = [sum((self.spread(*part, picks) for part in one.parts), np.zeros(len(numbers))) for one in both]
        return np.column_stack(found)

    def spread(self, services: Sequence[str], values: np.ndarray, picks: Picks | None = None) -> np.ndarray:
        """Return values with one axis a service as one value a joint designation, of all or of ``picks``.

        An axis of scenarios in front of those of services stays where it is.
        """
        before = values.shape[: values.ndim - len(services)]
        full = np.broadcast_to(values, [*before, *(self.shape[self.codes.index(code)] for code in services)])
        picks = self.picks if picks is None else picks
        every: tuple[Any, ...] = (..., *(picks[code] for code in services))
        return np.asarray(full[every])

    def designated(self, number: int) -> Designations:
        """Return the (site, service) pairs of a joint designation."""
        picks = self.picked(np.array([number]))
        return frozenset(
            (site, code)
            for code, chosen in self.choices.items()
            for site, provided in zip(self.problem.candidates, chosen.provided[picks[code][0]], strict=True)
            if provided
        )

    def number(self, designated: Collection[tuple[str, str]]) -> int | None:
        """Return the number of some designations; None where they go against what is fixed."""
        picked = []
        for code, chosen in self.choices.items():
            wanted = np.array([(site, code) in designated for site in self.problem.candidates])
            rows = np.flatnonzero((chosen.provided == wanted).all(axis=1))
            if not len(rows):
                return None
            picked.append(int(rows[0]))
        return int(np.ravel_multi_index(picked, self.shape))


def joint(problem: Problem) -> Joint:
    """Return every joint designation. Raises ``TooLarge`` where they cannot all be judged."""
    if not can_be_ranked(problem) or size(problem) >= MOST_NUMBERED:
        raise TooLarge(
            f"A sweep judges every joint designation in every scenario; here {len(problem.candidates)} candidates have "
            f"{size(problem):,}. Fix what is not in doubt, or ask about fewer services."
        )
    return Joint(problem, {code: every_choice(problem, code) for code in problem.services})


def judged(listed: Joint, problem: Problem) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return which joint designations are lawful in a variant of the question, and what each objective comes to."""
    choices = {code: every_choice(problem, code) for code in problem.services}
    lawful = np.ones(listed.count, dtype=bool)
    for rule in ARITHMETIC.values():
        for instance in rule(problem, choices):
            lawful &= listed.spread(instance.services, instance.passes)
    values = []
    for objective in problem.objectives:
        found, total = score(problem, choices, objective), np.zeros(listed.count)
        for part in found.parts:
            found.combine(total, listed.spread(*part), out=total)
        values.append(total / found.scale)
    return lawful, values


def best_of(lawful: np.ndarray, values: Sequence[np.ndarray], tie_breaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the best column of each scenario, −1 where none is lawful, and which columns equal it on every objective.

    ``lawful`` and each of ``values`` are scenarios × columns; ``tie_breaks`` is columns × breaks.
    """
    equal = lawful
    for found in values:
        equal = equal & (found == _least(found, equal))
    settled = equal
    for breaks in tie_breaks.T:
        row = np.broadcast_to(breaks, settled.shape)
        settled = settled & (row == _least(row, settled))
    return np.where(lawful.any(axis=1), settled.argmax(axis=1), -1), equal


def _least(found: np.ndarray, among: np.ndarray) -> np.ndarray:
    top = np.iinfo(np.int64).max if found.dtype.kind == "i" else np.inf
    return np.asarray(np.where(among, found, top).min(axis=1, initial=top))[:, None]
