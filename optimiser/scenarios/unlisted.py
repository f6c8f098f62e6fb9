"""Scenarios of a question with too many joint designations to list: exact over all of them all the same.

In each scenario rules and sums are small tables over the choices of a few services, and lawful designations are paths
of a diagram, as in ``optimiser options``. The tables are kept, so that any designation can be looked up in any
scenario. Designations with the same choices of the services on which regret and the rules that change depend do equally
well everywhere, so one of each kind stands for all, and of those that is the first in the order that settles equals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from optimiser.errors import TooLarge
from optimiser.problem import Problem
from optimiser.scenarios.listing import Joint, Picks
from optimiser.scenarios.regret import Results
from optimiser.search.diagram import AtMost, Table, build
from optimiser.search.enumeration import TIE_BREAKS, Every

# Kinds of designations that regret is worked out for, and numbers looked up at a time.
MOST_KINDS = 5_000_000
CELLS = 4_000_000
# Sums that differ by less may be equal; what is kept is compared again, digit by digit.
ROUNDING = 1e-9

Arrays = dict[str, np.ndarray]


def work_out(listed: Joint, scenarios: Iterable[Problem]) -> Arrays:
    """Work out some scenarios: the best designation of each (−1: none is lawful), how many equal it, and its tables."""
    rows = [_scenario(listed, Every.of(problem)) for problem in scenarios]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def best_numbers(listed: Joint, problem: Problem, options: int) -> list[int]:
    """Return the numbers of the best designations of a question, best first."""
    return [int(number) for number in _best(listed, Every.of(problem), options)]


def _scenario(listed: Joint, every: Every) -> Arrays:
    best = _best(listed, every, 1)
    found: Arrays = {
        "best": best[0] if len(best) else np.array(-1),
        "equal": np.array(every.equal_to_the_best),
        "lawful": np.array(every.lawful),
        "passes": np.packbits(_in_a_row(_rules(every)).astype(bool)),
        "sums": _in_a_row([table for one in _sums(every) for table in one.tables]),
        "most": np.array([one.most for one in _sums(every)]),
        "scales": np.array([one.scale for one in every.scores[: len(every.aims)]], dtype=float),
    }
    return found | {f"values_{n}": _in_a_row(aim.tables) for n, aim in enumerate(every.counted[: len(every.aims)])}


def _best(listed: Joint, every: Every, options: int) -> np.ndarray:
    places = every.diagram.best(options)[:, len(every.aims) + TIE_BREAKS :]
    return _numbers(listed, every.diagram.choices_at(places).T)


def _numbers(listed: Joint, picks: Iterable[np.ndarray]) -> np.ndarray:
    """Return which designations pick these choices, an array a service."""
    return np.asarray(np.ravel_multi_index(tuple(picks), listed.shape), dtype=np.int64)


def _rules(every: Every) -> list[Table]:
    return [one for parts in every.rules.values() for one in parts if isinstance(one, Table)]


def _sums(every: Every) -> list[AtMost]:
    return [one for parts in every.rules.values() for one in parts if isinstance(one, AtMost)]


def _in_a_row(tables: Sequence[Table]) -> np.ndarray:
    return np.concatenate([np.zeros(0), *(table.values.ravel() for table in tables)])


@dataclass(frozen=True, eq=False)
class Stacked:
    """One table of a question in every scenario: scenarios × its entries, with one axis a service."""

    axes: tuple[int, ...]
    shape: tuple[int, ...]
    values: np.ndarray

    @cached_property
    def matters(self) -> set[int]:
        """The services on whose choices it depends, in some scenario."""
        full = self.values.reshape(-1, *self.shape)
        return {axis for n, axis in enumerate(self.axes) if (full != full.take([0], axis=n + 1)).any()}

    @property
    def changes(self) -> bool:
        """Whether it is not the same in every scenario."""
        return bool((self.values != self.values[:1]).any())

    def at(self, picks: Sequence[np.ndarray]) -> np.ndarray:
        """Return scenarios × designations, each of which picks one choice of every service."""
        if not self.axes:
            return np.broadcast_to(self.values, (len(self.values), len(picks[0])))
        return np.asarray(self.values[:, np.ravel_multi_index(tuple(picks[axis] for axis in self.axes), self.shape)])


@dataclass(frozen=True, eq=False)
class StackedSum:
    """A rule that adds up over services, in every scenario: its tables come to at most so much together."""

    tables: tuple[Stacked, ...]
    most: np.ndarray

    @property
    def changes(self) -> bool:
        """Whether it is not the same in every scenario."""
        return bool((self.most != self.most[:1]).any()) or any(table.changes for table in self.tables)

    def at(self, picks: Sequence[np.ndarray]) -> np.ndarray:
        """Return in which scenarios it holds for which designations."""
        return np.asarray(sum(table.at(picks) for table in self.tables) <= self.most[:, None])

    def loosest(self, some: np.ndarray) -> AtMost:
        """Return a sum that holds wherever it does in some of the scenarios; the same sum if they are alike in it."""
        least = (Table(one.axes, one.values[some].min(axis=0).reshape(one.shape)) for one in self.tables)
        return AtMost(tuple(least), float(self.most[some].max()))


@dataclass(frozen=True, eq=False)
class Kept:
    """Every table of every scenario, from which any designation is looked up."""

    every: Every
    rules: tuple[Stacked, ...]
    sums: tuple[StackedSum, ...]
    aims: tuple[tuple[Stacked, ...], ...]
    scales: np.ndarray

    @classmethod
    def of(cls, problem: Problem, whole: Mapping[str, np.ndarray]) -> Kept:
        """Take the rows of all scenarios apart again: the question as it stands says where each table is."""
        every = Every.of(problem)
        tables = _rules(every)
        passes = np.unpackbits(whole["passes"], axis=1, count=sum(table.values.size for table in tables)).astype(bool)
        aims = tuple(
            tuple(_apart(aim.tables, whole[f"values_{n}"])) for n, aim in enumerate(every.counted[: len(every.aims)])
        )
        added_up = _sums(every)
        parts = _apart([table for one in added_up for table in one.tables], whole["sums"])
        sums = tuple(
            StackedSum(tuple(islice(parts, len(one.tables))), most)
            for one, most in zip(added_up, whole["most"].T, strict=True)
        )
        return cls(every, tuple(_apart(tables, passes)), sums, aims, whole["scales"])

    def lawful(self, picks: Sequence[np.ndarray]) -> np.ndarray:
        """Return which designations break no rule: scenarios × designations."""
        found = np.ones((len(self.scales), len(picks[0])), dtype=bool)
        for table in self.rules:
            found &= table.at(picks)
        for one in self.sums:
            found &= one.at(picks)
        return found

    def values(self, aim: int, picks: Sequence[np.ndarray]) -> np.ndarray:
        """Return what one objective comes to: scenarios × designations."""
        total = np.zeros((len(self.scales), len(picks[0])))
        combine = np.maximum if self.every.counted[aim].largest else np.add
        for table in self.aims[aim]:
            combine(total, table.at(picks), out=total)
        return np.asarray(total / self.scales[:, aim, None])

    def kinds(self, some: np.ndarray) -> list[np.ndarray]:
        """Return the choices of one designation of each kind that some of the scenarios may allow, by service."""
        of_regret = (table for table in self.aims[0])
        changing = (table for table in self.rules if table.changes)
        added_up = (table for one in self.sums if one.changes for table in one.tables)
        matter = {axis for table in (*of_regret, *changing, *added_up) for axis in table.matters}
        rules = [Table(table.axes, table.values[some].any(axis=0).reshape(table.shape)) for table in self.rules]
        breaks = self.every.counted[len(self.aims) :]
        sums = [one.loosest(some) for one in self.sums]
        diagram = build(self.every.diagram.sizes, [*rules, *sums], breaks)
        found = diagram.first_of_each(matter)
        if len(found) > MOST_KINDS:
            raise TooLarge(
                f"Regret would have to be worked out for {len(found):,} kinds of plans; at most {MOST_KINDS:,} are. "
                "Vary fewer things, or fix what is not in doubt."
            )
        return list(diagram.choices_at(found[:, len(breaks) :]).T)


def _apart(tables: Sequence[Table], rows: np.ndarray) -> Iterator[Stacked]:
    if sum(table.values.size for table in tables) != rows.shape[1]:
        raise ValueError("a scenario has other rules than the question as it stands")
    start = 0
    for table in tables:
        yield Stacked(table.axes, table.values.shape, rows[:, start : start + table.values.size])
        start += table.values.size


def together(listed: Joint, follow: Sequence[int], chunks: Sequence[Arrays]) -> Results:
    """Put chunks together, for every option that is followed, ever best, or never far off."""
    whole = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
    kept, answered = Kept.of(listed.problem, whole), whole["best"] >= 0
    winners = np.unique(whole["best"][answered])
    numbers = np.unique(np.concatenate([np.array(follow, dtype=np.int64), winners]))
    if answered.any():
        numbers = np.union1d(numbers, _never_far_off(listed, kept, whole["best"], answered))
    picks = _picks(listed, numbers)
    lawful, values = kept.lawful(picks), [kept.values(n, picks) for n in range(len(kept.aims))]
    best = np.where(answered, np.searchsorted(numbers, whole["best"]), -1)
    rows, equal = np.arange(len(best)), lawful.copy()
    for found in values:
        equal &= found == found[rows, best][:, None]
    order = np.column_stack([listed.tie_breaks(numbers), numbers])
    return Results(numbers, lawful, values[0], 1, equal, best, order, whole["equal"], whole["lawful"])


def _picks(listed: Joint, numbers: np.ndarray) -> list[np.ndarray]:
    picks: Picks = listed.picked(numbers)
    return [picks[code] for code in listed.codes]


def _never_far_off(listed: Joint, kept: Kept, best: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Return numbers among which are the plan whose largest regret is least and the one whose mean regret is."""
    every, chosen = kept.kinds(answered), _picks(listed, best[answered])
    least = kept.values(0, chosen)[np.flatnonzero(answered), np.arange(answered.sum())]
    many, largest, sums = (np.zeros(len(every[0])) for _ in range(3))
    step = max(1, CELLS // len(best))
    for start in range(0, len(every[0]), step):
        picks = [one[start : start + step] for one in every]
        allowed = kept.lawful(picks)[answered]
        regret = np.where(allowed, kept.values(0, picks)[answered] - least[:, None], 0)
        many[start : start + step] = allowed.sum(axis=0)
        largest[start : start + step], sums[start : start + step] = regret.max(axis=0), regret.sum(axis=0)
    found = many == many.max()
    found &= largest == largest[found].min()
    found = _least(sums, found) | _least(sums, many == answered.sum())
    return _numbers(listed, (one[found] for one in every))


def _least(sums: np.ndarray, among: np.ndarray) -> np.ndarray:
    least = sums[among].min(initial=np.inf)
    return np.asarray(among & (sums <= least + ROUNDING * max(1.0, abs(least))))
