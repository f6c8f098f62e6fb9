"""From rules and aims, each on a few services, to a diagram of every option that passes all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from optimiser.errors import TooLarge
from optimiser.search.diagram.paths import CLOSING, LARGEST_COUNT, LARGEST_EXACT, TIED, Diagram, Layer, places_of
from optimiser.search.diagram.rows import Bools, Floats, Ints

# Arcs of one layer.
LARGEST_LAYER = 5_000_000


@dataclass(frozen=True, eq=False)
class Table:
    """What depends on the choices of a few services: an array with one axis for each of ``axes``."""

    axes: tuple[int, ...]
    values: np.ndarray

    def at(self, chosen: dict[int, Ints]) -> np.ndarray:
        """Return the values at choices of its services, one each for every row."""
        return np.asarray(self.values[tuple(chosen[axis] for axis in self.axes)])


@dataclass(frozen=True, eq=False)
class AtMost:
    """A rule that adds up over services: its tables come to at most so much together. Never worked out for all."""

    tables: tuple[Table, ...]
    most: float

    def at(self, chosen: dict[int, Ints]) -> Bools:
        """Return whether it holds at choices of its services, one each for every row."""
        return np.asarray(sum(table.at(chosen) for table in self.tables) <= self.most)


@dataclass(frozen=True, eq=False)
class Aim:
    """A number of every option: its tables added up, or the largest of them."""

    tables: tuple[Table, ...]
    largest: bool = False


def build(sizes: Sequence[int], rules: Sequence[Table | AtMost], aims: Sequence[Aim]) -> Diagram:
    """Build the diagram of the options that pass every rule, and what each aim comes to.

    A rule is a table of true and false or, where it adds up over services, a sum.

    Raises
    ------
    TooLarge
        When a layer would hold more than ``LARGEST_LAYER`` arcs.
    """
    tables = [rule for rule in rules if isinstance(rule, Table) and not rule.values.all()]
    left = _left(sizes, tables)
    sums = [
        AtMost(tuple(_narrowed(_restricted(table, left)) for table in rule.tables), rule.most)
        for rule in rules
        if isinstance(rule, AtMost)
    ]
    alike: dict[tuple[int, ...], Table] = {}
    for table in (_narrowed(_restricted(rule, left)) for rule in tables):
        if not table.values.all():
            known = alike.get(table.axes)
            alike[table.axes] = Table(table.axes, table.values & known.values) if known else table
    numbers = [
        Aim(tuple(_narrowed(_restricted(table, left)) for table in aim.tables), aim.largest)
        for aim in (*aims, *_places(sizes))
    ]
    _refuse_inexact([*(one.tables for one in sums), *(aim.tables for aim in numbers if not aim.largest)])
    builder = _Builder(left, list(alike.values()), sums, numbers)
    layers, nodes_before = [], []
    for service in [*builder.order, *([CLOSING] if builder.largest else [])]:
        nodes_before.append(len(builder.states))
        layers.append(builder.closing() if service == CLOSING else builder.layer(service))
    return _without_dead_ends(tuple(sizes), len(aims), layers, nodes_before)


class _Builder:
    """A diagram under way: the states of the last level's nodes, as choices of the services that still matter."""

    def __init__(self, left: list[Ints], rules: list[Table], sums: list[AtMost], numbers: list[Aim]) -> None:
        self.left, self.rules, self.sums, self.numbers = left, rules, sums, numbers
        added_up = [*(one.tables for one in sums), *(aim.tables for aim in numbers)]
        tables = [*rules, *(table for parts in added_up for table in parts)]
        self.order = _order([len(choices) for choices in left], {table.axes for table in tables})
        place = {service: n for n, service in enumerate(self.order)}
        # The place of the service with which all are decided that a table depends on.
        self.closes = {table.axes: max((place[axis] for axis in table.axes), default=0) for table in tables}
        self.place = place
        self.last_use = {s: max((at for axes, at in self.closes.items() if s in axes), default=0) for s in self.order}
        self.bounds = [
            [(self.closes[t.axes], t.values.min(initial=np.inf), t.values.max(initial=-np.inf)) for t in one.tables]
            for one in sums
        ]
        self.largest = [n for n, aim in enumerate(numbers) if aim.largest]
        # A largest number so far is known by its place among all that occur.
        self.occur = {
            n: np.unique(np.concatenate([np.zeros(1), *(t.values.ravel() for t in numbers[n].tables)]))
            for n in self.largest
        }
        self.frontier: list[int] = []
        self.states = np.zeros((1, len(self.largest)), dtype=np.int64)
        # What each sum still has room for.
        self.room = np.array([[one.most for one in sums]])

    def layer(self, service: int) -> Layer:
        """Decide one more service, and move on to the next level."""
        here, choices = self.place[service], self.left[service]
        if len(self.states) * len(choices) > LARGEST_LAYER:
            raise TooLarge(TIED)
        source = np.repeat(np.arange(len(self.states)), len(choices))
        chosen = {service: np.tile(np.arange(len(choices)), len(self.states))}
        chosen |= {other: self.states[source, n] for n, other in enumerate(self.frontier)}
        passes = np.ones(len(source), dtype=bool)
        for rule in self.rules:
            if self.closes[rule.axes] == here:
                passes &= rule.at(chosen)
        room, (least, most) = self.room[source], self._to_come(here)
        for n, one in enumerate(self.sums):
            for table in one.tables:
                if self.closes[table.axes] == here:
                    room[:, n] -= table.at(chosen)
        passes &= (room >= least).all(axis=1)
        # Room beyond all that may come makes no difference, and what is not told apart shares a node.
        room = np.minimum(room, most)[passes]
        source = source[passes]
        chosen = {other: where[passes] for other, where in chosen.items()}
        costs = np.zeros((len(source), len(self.numbers)))
        worst = self.states[source, len(self.frontier) :].copy()
        for n, aim in enumerate(self.numbers):
            for table in aim.tables:
                if self.closes[table.axes] == here and aim.largest:
                    column, code = self.largest.index(n), np.searchsorted(self.occur[n], table.values)
                    np.maximum(worst[:, column], Table(table.axes, code).at(chosen), out=worst[:, column])
                elif self.closes[table.axes] == here:
                    costs[:, n] += table.at(chosen)
        self.frontier = [other for other in (*self.frontier, service) if self.last_use[other] > here]
        states = np.column_stack([*(chosen[other] for other in self.frontier), worst])
        radix = [*(len(self.left[other]) for other in self.frontier), *(len(self.occur[n]) for n in self.largest)]
        rooms = [np.unique(column, return_inverse=True) for column in room.T]
        told_apart = np.column_stack([states, *(code for _, code in rooms)])
        key = _packed(told_apart, [*radix, *(len(known) for known, _ in rooms)])
        _, first, target = np.unique(key, return_index=True, return_inverse=True)
        self.states, self.room = states[first], room[first]
        return Layer(service, source, choices[chosen[service]], target, costs)

    def _to_come(self, here: int) -> tuple[Floats, Floats]:
        """Return the least and the most that services still to be decided can add to each sum."""
        later = [[one for one in each if one[0] > here] for each in self.bounds]
        least = np.array([sum(float(low) for _, low, _ in each) for each in later])
        return least, np.array([sum(float(high) for *_, high in each) for each in later])

    def closing(self) -> Layer:
        """Lead every node to one, and count the largest numbers there."""
        nodes = len(self.states)
        costs = np.zeros((nodes, len(self.numbers)))
        for column, n in enumerate(self.largest):
            costs[:, n] = self.occur[n][self.states[:, column]]
        where = np.arange(nodes)
        return Layer(CLOSING, where, np.zeros_like(where), np.zeros_like(where), costs)


def _left(sizes: Sequence[int], rules: Sequence[Table]) -> list[Ints]:
    """Return the choices of each service that no rule strikes out by itself, given those left of the others."""
    left, fewer = [np.arange(size) for size in sizes], set(range(len(sizes)))
    while fewer:
        again = [rule for rule in rules if not fewer.isdisjoint(rule.axes)]
        fewer = set()
        for rule in again:
            values = _restricted(rule, left).values
            for n, axis in enumerate(rule.axes):
                passes = values.any(axis=tuple(other for other in range(len(rule.axes)) if other != n))
                if not passes.all():
                    left[axis], values = left[axis][passes], values.compress(passes, axis=n)
                    fewer.add(axis)
    return left


def _restricted(table: Table, left: list[Ints]) -> Table:
    values = table.values
    for n, axis in enumerate(table.axes):
        if len(left[axis]) < values.shape[n]:
            values = values.take(left[axis], axis=n)
    return Table(table.axes, values)


def _narrowed(table: Table) -> Table:
    """Drop the services on which a table does not depend."""
    axes, values = list(table.axes), table.values
    for n in reversed(range(len(axes))):
        first = values.take([0], axis=n) if values.shape[n] else values
        if values.shape[n] and (values == first).all():
            axes.pop(n)
            values = first.squeeze(axis=n)
    return Table(tuple(axes), values)


def _places(sizes: Sequence[int]) -> list[Aim]:
    """Return where an option stands in the list of all, as one sum or, past 2^53 options, several."""
    found: list[list[Table]] = []
    for service, (number, stride) in enumerate(places_of(sizes)):
        if number == len(found):
            found.append([])
        found[-1].append(Table((service,), np.arange(sizes[service], dtype=float) * stride))
    return [Aim(tuple(tables)) for tables in found]


def _refuse_inexact(added_up: Sequence[Sequence[Table]]) -> None:
    for tables in added_up:
        most = sum(float(np.abs(t.values[np.isfinite(t.values)]).max(initial=0)) for t in tables)
        if most >= LARGEST_EXACT:
            raise TooLarge("Sums are too large to add exactly. Give patients and journey times with fewer decimals.")


def _order(sizes: list[int], scopes: set[tuple[int, ...]]) -> list[int]:
    """Return the services in an order that leaves few of them open at once, as far as looking one step ahead shows."""
    order: list[int] = []
    left = list(range(len(sizes)))
    while left:

        def open_after(service: int) -> float:
            decided = {*order, service}
            still = {a for axes in scopes if not decided.issuperset(axes) for a in axes if a in decided}
            return float(sum(np.log(max(1, sizes[other])) for other in still))

        order.append(min(left, key=open_after))
        left.remove(order[-1])
    return order


def _packed(states: Ints, radix: list[int]) -> Ints:
    if prod(radix) >= LARGEST_COUNT:
        raise TooLarge(TIED)
    key = np.zeros(len(states), dtype=np.int64)
    for column, size in enumerate(radix):
        key = key * size + states[:, column]
    return key


def _without_dead_ends(sizes: tuple[int, ...], aims: int, layers: list[Layer], nodes_before: list[int]) -> Diagram:
    """Drop what leads to no lawful option."""
    kept, levels = [], [min(1, len(layers[-1].source))]
    alive = np.ones(1, dtype=bool)
    for layer, nodes in zip(reversed(layers), reversed(nodes_before), strict=True):
        arcs = alive[layer.target]
        sources, source = np.unique(layer.source[arcs], return_inverse=True)
        target = (np.cumsum(alive) - 1)[layer.target[arcs]]
        kept.append(Layer(layer.service, source, layer.choice[arcs], target, layer.costs[arcs]))
        levels.append(len(sources))
        alive = np.isin(np.arange(nodes), sources)
    return Diagram(sizes, aims, tuple(kept[::-1]), tuple(levels[::-1]))
