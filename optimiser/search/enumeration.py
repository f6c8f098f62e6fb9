"""Every joint designation by plain arithmetic: the proof where that is possible, and what each rule strikes out.

Rules and sums depend on a few services each, so the joint designations are counted, ranked and listed as paths of a
``diagram`` rather than one by one: exact, without the solver, and far beyond what could be written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from optimiser.errors import TooLarge
from optimiser.model.arithmetic import ARITHMETIC, All, Instance, Score, every_choice, score, sites_provided
from optimiser.model.rules import JUDGED
from optimiser.plan.proof import Designations, Enumeration, Option
from optimiser.problem import Objective, Problem
from optimiser.problem.decimals import exactly
from optimiser.search.diagram import Aim, AtMost, Diagram, Floats, Ints, Table, build, in_order

LARGEST_ENUMERATION = 50_000_000
# Journeys for every choice of candidates, held in memory for each service.
LARGEST_TABLE = 20_000_000
MOST_CANDIDATES = 16
KEPT = 20

# Equal options are settled by fewest changes, then fewest sites, then site order.
TIE_BREAK = Objective("changes_from_today")
TIE_BREAKS = 2

# What is at least so much is, with the sign turned, at most so much.
SIGNS = {"<=": (1,), ">=": (-1,), "=": (1, -1)}


def size(problem: Problem) -> int:
    """Return how many joint designations agree with what is fixed."""
    open_sites = [
        sum(site not in service.fixed for site in problem.candidates) for service in problem.services.values()
    ]
    return int(2 ** sum(open_sites))


def can_be_listed(problem: Problem) -> bool:
    """Whether there are few enough joint designations to write every one of them down."""
    return can_be_ranked(problem) and size(problem) <= LARGEST_ENUMERATION


def can_be_ranked(problem: Problem) -> bool:
    """Whether every choice of every service, and of those that a rule ties together, can be held in memory."""
    candidates = len(problem.candidates)
    if candidates > MOST_CANDIDATES or 2**candidates * len(problem.resident) > LARGEST_TABLE:
        return False
    choices = {
        code: 2 ** sum(site not in service.fixed for site in problem.candidates)
        for code, service in problem.services.items()
    }
    return all(prod(choices[code] for code in tied) <= LARGEST_TABLE for tied in tied_together(problem))


def tied_together(problem: Problem) -> Iterator[set[str]]:
    """Yield the services that stand together in one instance of a rule or in one sum."""
    for code, service in problem.services.items():
        if service.transfer:
            yield {code, service.transfer.first_contact}
    for rule in JUDGED.values():
        yield from rule.ties(problem)


def enumerate_all(problem: Problem, *, keep: int = KEPT) -> Enumeration:
    """Judge and rank every joint designation that agrees with what is fixed, by arithmetic.

    Raises
    ------
    TooLarge
        When a service has too many choices, or the rules tie too many services together.
    """
    if not can_be_ranked(problem):
        raise TooLarge(
            f"There are {size(problem):,} joint designations of {len(problem.candidates)} candidates, too many "
            "to judge by arithmetic. Fix some designations, or rely on the solver's bound."
        )
    every = Every.of(problem)
    return Enumeration(every.listed, every.lawful, every.struck(), every.best(keep), every.equal_to_the_best)


@dataclass(frozen=True, eq=False)
class Every:
    """Every joint designation of a problem that agrees with what is fixed, and what ``aims`` come to under each.

    ``rules`` has every rule as tables of which choices pass, or as sums over services; ``counted`` each aim, changes
    from today and sites as tables of numbers; ``diagram`` the joint designations that pass all rules.
    """

    problem: Problem
    choices: All
    aims: tuple[Objective, ...]
    scores: tuple[Score, ...]
    counted: tuple[Aim, ...]
    rules: Mapping[str, Sequence[Table | AtMost]]
    diagram: Diagram

    @classmethod
    def of(cls, problem: Problem, aims: Sequence[Objective] = ()) -> Every:
        """Work out every choice of every service, and put those that break no rule in one diagram.

        ``aims`` are those of the config if none are given; equal options are always settled in the same order.
        """
        aims = tuple(aims) or problem.objectives
        choices = {code: every_choice(problem, code) for code in problem.services}
        scores = tuple(score(problem, choices, aim) for aim in (*aims, TIE_BREAK))
        counted = tuple(_aim(choices, one) for one in (*scores, sites_provided(choices)))
        rules = {
            name: [part for one in rule(problem, choices) for part in judged(choices, one)]
            for name, rule in ARITHMETIC.items()
        }
        every_rule = [table for tables in rules.values() for table in tables]
        return cls(problem, choices, aims, scores, counted, rules, build(_sizes(choices), every_rule, counted))

    @property
    def listed(self) -> int:
        """How many joint designations agree with what is fixed."""
        return prod(_sizes(self.choices))

    @cached_property
    def lawful(self) -> int:
        """How many break no rule."""
        return self.diagram.count()

    @cached_property
    def equal_to_the_best(self) -> int:
        """How many lawful options equal the best on every aim."""
        best = self.diagram.best(1)
        return self.diagram.up_to(best[0, : len(self.aims)].tolist()) if len(best) else 0

    def struck(self, order: Sequence[str] = ()) -> dict[str, int]:
        """Return how many each rule strikes out after those before it: first those of ``order``, then the others."""
        names = [name for name in dict.fromkeys((*order, *ARITHMETIC)) if JUDGED[name].is_asked(self.problem)]
        so_far: list[Table | AtMost] = []
        left, found = self.listed, {}
        for name in names:
            so_far += self.rules[name]
            still = build(_sizes(self.choices), so_far, ()).count() if self.rules[name] else left
            found[name], left = left - still, still
        return found

    def best(self, options: int) -> tuple[Option, ...]:
        """Return the best so many options, best first."""
        return tuple(self.option(row) for row in self.diagram.best(options))

    def all_in_order(self) -> tuple[Floats, Ints]:
        """Return every lawful option, best first: what the aims come to, and its place in the list of all.

        Raises
        ------
        TooLarge
            When there are more than ``LARGEST_ENUMERATION``.
        """
        if self.lawful > LARGEST_ENUMERATION:
            raise TooLarge(f"{self.lawful:,} options break no rule; at most {LARGEST_ENUMERATION:,} are written down.")
        columns: list[Floats] = []
        filled = 0
        for numbers in self.diagram.listed():
            columns = columns or [np.empty(self.lawful) for _ in numbers.T]
            for column, here in zip(columns, numbers.T, strict=True):
                column[filled : filled + len(numbers)] = here
            filled += len(numbers)
        aims = len(self.aims)
        if not columns:
            return np.zeros((0, aims)), np.zeros((0, 1), dtype=np.int64)
        columns = in_order(columns)
        scales = [found.scale for found in self.scores]
        values = [column / scale for column, scale in zip(columns[:aims], scales, strict=False)]
        return np.column_stack(values), np.column_stack(columns[aims + TIE_BREAKS :]).astype(np.int64)

    def option(self, numbers: Floats) -> Option:
        """Return the option of which the diagram gives these numbers."""
        return Option(self.published(numbers), self.designated(numbers[len(self.aims) + TIE_BREAKS :]))

    def published(self, numbers: Floats) -> tuple[float, ...]:
        """Return what each aim comes to, in its own unit, from the whole numbers of the diagram."""
        return tuple(
            float(number) / one.scale for number, one in zip(numbers[: len(self.aims)], self.scores, strict=False)
        )

    def designated(self, place: Floats) -> Designations:
        """Return the designations that stand at a place in the list of all."""
        pairs = np.argwhere(self._provided_at(place[None, :])[0])
        services = list(self.choices)
        return frozenset((self.problem.candidates[site], services[code]) for code, site in pairs)

    def provided(self, numbers: Floats) -> np.ndarray:
        """Return who provides what in options of which the diagram gives these numbers: options × services × sites."""
        return self._provided_at(numbers[:, len(self.aims) + TIE_BREAKS :])

    def _provided_at(self, places: Floats) -> np.ndarray:
        picked = self.diagram.choices_at(places).T
        chosen = zip(self.choices.values(), picked, strict=True)
        return np.stack([one.provided[here] for one, here in chosen], axis=1)


def _sizes(choices: All) -> tuple[int, ...]:
    return tuple(len(chosen.provided) for chosen in choices.values())


def _aim(choices: All, found: Score) -> Aim:
    return Aim(tuple(_table(choices, *part) for part in found.parts), found.combine is np.maximum)


def judged(choices: All, one: Instance) -> Iterator[Table | AtMost]:
    """Yield an instance of a rule as the diagram takes it: what adds up over services is never worked out for all."""
    if not one.adds_up:
        yield _table(choices, one.services, one.passes)
    for sign in SIGNS[one.relation] if one.adds_up else ():
        tables = tuple(_table(choices, services, sign * values.astype(float)) for services, values in one.parts)
        yield AtMost(tables, sign * float(exactly(float(one.right)) * one.scale))


def _table(choices: All, services: Sequence[str], values: np.ndarray) -> Table:
    axes = tuple(list(choices).index(code) for code in services)
    return Table(axes, np.broadcast_to(values, [len(choices[code].provided) for code in services]))
