"""Every lawful option as a path through layers of services: counted, ranked and listed without touching each one.

Services are decided one after another. Partial options that no rule and no sum still to come can tell apart share a
node, so that a few thousand arcs may stand for any number of options. A worst journey so far is part of what tells them
apart, which makes every number of an option a plain sum along its path. Nothing here knows what a hospital is.

Sums are of whole numbers in floating point, exact as long as they stay below 2^53; counts are exact whole numbers of
any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimiser.errors import TooLarge

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Whole numbers of 64 bits or, where those are too small, of any size.
Counts = NDArray[Any]

# Arcs of one layer, and rows of a list: some gigabytes of memory.
LARGEST_LAYER = 5_000_000
LARGEST_LIST = 60_000_000
# A double holds every whole number up to here exactly, an integer of 64 bits up to here.
LARGEST_EXACT = 2**53
LARGEST_COUNT = 2**62
# Stands for a service in the layer that only counts largest numbers.
CLOSING = -1
REMEDY = "Fix some designations, or leave out rules and aims that tie many services together."
TIED = f"The rules tie too many services together to rank every option. {REMEDY}"


@dataclass(frozen=True, eq=False)
class Table:
    """What depends on the choices of a few services: an array with one axis for each of ``axes``."""

    axes: tuple[int, ...]
    values: np.ndarray

    def at(self, chosen: dict[int, Ints]) -> np.ndarray:
        """Return the values at choices of its services, one each for every row."""
        return np.asarray(self.values[tuple(chosen[axis] for axis in self.axes)])


@dataclass(frozen=True, eq=False)
class Aim:
    """A number of every option: its tables added up, or the largest of them."""

    tables: tuple[Table, ...]
    largest: bool = False


@dataclass(frozen=True, eq=False)
class Layer:
    """The arcs on which one service is decided, sorted by ``source``; ``service`` is ``CLOSING`` where none is.

    ``costs`` is arcs × numbers: the aims in order, then where the option stands in the list of all.
    """

    service: int
    source: Ints
    choice: Ints
    target: Ints
    costs: Floats

    @cached_property
    def starts(self) -> Ints:
        """Where each source's arcs begin, and where the last one's end."""
        return np.searchsorted(self.source, np.arange(self.source[-1] + 2 if len(self.source) else 1))

    def spread(self, nodes: Ints) -> tuple[Ints, Ints]:
        """Return, for rows at these nodes, every arc that leads on: the row and the arc."""
        many = self.starts[nodes + 1] - self.starts[nodes]
        if many.sum() > LARGEST_LIST:
            raise TooLarge(f"There are more than {LARGEST_LIST:,} options in this list. {REMEDY}")
        row = np.repeat(np.arange(len(nodes)), many)
        first = np.cumsum(many) - many
        return row, np.arange(len(row)) - np.repeat(first - self.starts[nodes], many)


@dataclass(frozen=True, eq=False)
class Diagram:
    """Lawful options as paths from the one node of the first level to the one node of the last.

    ``sizes`` has the choices of each service, ``levels`` the nodes of each level, ``aims`` how many numbers come before
    an option's place in the list.
    """

    sizes: tuple[int, ...]
    aims: int
    layers: tuple[Layer, ...]
    levels: tuple[int, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is no lawful option."""
        return not self.levels[0]

    @cached_property
    def _ways_here(self) -> list[Counts]:
        ways = [self._one_way(self.levels[0])]
        for layer, nodes in zip(self.layers, self.levels[1:], strict=True):
            ways.append(_added_at(layer.target, ways[-1][layer.source], nodes))
        return ways

    @cached_property
    def _ways_on(self) -> list[Counts]:
        ways = [self._one_way(self.levels[-1])]
        for layer, nodes in zip(self.layers[::-1], self.levels[-2::-1], strict=True):
            ways.append(_added_at(layer.source, ways[-1][layer.target], nodes))
        return ways[::-1]

    def _one_way(self, nodes: int) -> Counts:
        """Return a count of one for each node, in numbers that can hold the count of all."""
        return np.ones(nodes, dtype=np.int64 if prod(self.sizes) < LARGEST_COUNT else object)

    @cached_property
    def togo(self) -> list[Floats]:
        """What the best way on from each node adds, by level: nodes × numbers, the earlier numbers first."""
        best = [np.zeros((self.levels[-1], self._numbers))]
        for layer in self.layers[::-1]:
            total = layer.costs + best[-1][layer.target]
            arcs = _least(layer.source, total)
            best.append(total[arcs])
        return best[::-1]

    @property
    def _numbers(self) -> int:
        return int(self.layers[0].costs.shape[1])

    def count(self) -> int:
        """Return how many lawful options there are."""
        return int(self._ways_here[-1].sum()) if not self.is_empty else 0

    def chosen(self) -> list[list[int]]:
        """Return how many lawful options take each choice of each service, exactly."""
        found = [[0] * size for size in self.sizes]
        here, on = self._ways_here, self._ways_on
        for level, layer in enumerate(self.layers):
            if layer.service != CLOSING:
                many = here[level][layer.source] * on[level + 1][layer.target]
                by_choice = _added_at(layer.choice, many, self.sizes[layer.service])
                found[layer.service] = [int(number) for number in by_choice]
        return found

    def best(self, options: int) -> Floats:
        """Return the numbers of the best so many options, best first.

        At every level the so many partial options are kept whose best way on is best: no better option can begin
        otherwise, since no two options are equal in every number.
        """
        node, total = np.zeros(self.levels[0], dtype=np.int64), np.zeros((self.levels[0], self._numbers))
        for layer, togo in zip(self.layers, self.togo[1:], strict=True):
            row, arc = layer.spread(node)
            node, total = layer.target[arc], total[row] + layer.costs[arc]
            kept = np.lexsort((total + togo[node]).T[::-1])[:options]
            node, total = node[kept], total[kept]
        return total

    def listed(self) -> Floats:
        """Return the numbers of every lawful option, in no order worth the name."""
        node, total = np.zeros(self.levels[0], dtype=np.int64), np.zeros((self._numbers, self.levels[0]))
        for layer in self.layers:
            row, arc = layer.spread(node)
            node = layer.target[arc]
            total = np.stack([there[row] + more[arc] for there, more in zip(total, layer.costs.T, strict=True)])
        return total.T

    def choices_at(self, places: Floats) -> Ints:
        """Return the choice of every service, rows × services, of options that stand at these places."""
        found = np.zeros((len(places), len(self.sizes)), dtype=np.int64)
        for column, block in enumerate(_blocks(self.sizes)):
            left = places[:, column].astype(np.int64)
            for service in reversed(block):
                left, found[:, service] = np.divmod(left, self.sizes[service])
        return found

    def within(self, most: float) -> Diagram:
        """Return the diagram of those options whose first number is at most so much."""
        node, total = np.zeros(self.levels[0], dtype=np.int64), np.zeros(self.levels[0])
        layers, levels = [], [self.levels[0]]
        if not self.is_empty and self.togo[0][0, 0] > most:
            return Diagram(self.sizes, self.aims, tuple(map(_nothing, self.layers)), (0,) * len(self.levels))
        for layer, togo in zip(self.layers, self.togo[1:], strict=True):
            row, arc = layer.spread(node)
            there, sums = layer.target[arc], total[row] + layer.costs[arc, 0]
            kept = sums + togo[there, 0] <= most
            row, arc, there, sums = row[kept], arc[kept], there[kept], sums[kept]
            if layer is self.layers[-1]:
                sums = np.zeros(len(sums))
            first, number = _alike(there, sums[:, None])
            layers.append(Layer(layer.service, row, layer.choice[arc], number, layer.costs[arc]))
            node, total = there[first], sums[first]
            levels.append(len(node))
        return Diagram(self.sizes, self.aims, tuple(layers), tuple(levels))

    def up_to(self, numbers: Sequence[float]) -> int:
        """Return how many options come before these numbers or equal them, the earlier numbers first."""
        if self.is_empty:
            return 0
        limit, width = np.array(numbers), len(numbers)
        node, total = np.zeros(1, dtype=np.int64), np.zeros((1, width))
        ways = self._one_way(1)
        for layer, togo in zip(self.layers, self.togo[1:], strict=True):
            row, arc = layer.spread(node)
            node, total, ways = layer.target[arc], total[row] + layer.costs[arc, :width], ways[row]
            kept = _at_most(total + togo[node][:, :width], limit)
            node, total, ways = _added_up(node[kept], total[kept], ways[kept])
        return int(ways.sum())

    def front(self, aims: int) -> tuple[Floats, list[int]]:
        """Return every vector of the first so many numbers that none other is as good as in all and better in one.

        Each comes with the other numbers of the first option that has it; the second result says how many have it.
        """
        node, total = np.zeros(self.levels[0], dtype=np.int64), np.zeros((self.levels[0], self._numbers))
        ways = self._one_way(self.levels[0])
        for layer in self.layers:
            row, arc = layer.spread(node)
            node, total, ways = layer.target[arc], total[row] + layer.costs[arc], ways[row]
            order = np.lexsort((*total.T[::-1], node))
            node, total, ways = node[order], total[order], ways[order]
            first, number = _alike_in_order(node, total[:, :aims])
            summed = _added_at(number, ways, len(first))
            kept = undominated(total[first, :aims], node[first])
            node, total, ways = node[first][kept], total[first][kept], summed[kept]
        return total, [int(number) for number in ways]


def build(sizes: Sequence[int], rules: Sequence[Table], aims: Sequence[Aim]) -> Diagram:
    """Build the diagram of the options that pass every rule (tables of true and false), and what each aim comes to.

    Raises
    ------
    TooLarge
        When a layer would hold more than ``LARGEST_LAYER`` arcs.
    """
    left = _left(sizes, rules)
    alike: dict[tuple[int, ...], Table] = {}
    for table in (_narrowed(_restricted(rule, left)) for rule in rules):
        if not table.values.all():
            known = alike.get(table.axes)
            alike[table.axes] = Table(table.axes, table.values & known.values) if known else table
    numbers = [
        Aim(tuple(_narrowed(_restricted(table, left)) for table in aim.tables), aim.largest)
        for aim in (*aims, *_places(sizes))
    ]
    _refuse_inexact(numbers)
    builder = _Builder(left, list(alike.values()), numbers)
    layers, nodes_before = [], []
    for service in [*builder.order, *([CLOSING] if builder.largest else [])]:
        nodes_before.append(len(builder.states))
        layers.append(builder.closing() if service == CLOSING else builder.layer(service))
    return _without_dead_ends(tuple(sizes), len(aims), layers, nodes_before)


def undominated(points: Floats, groups: Ints | None = None) -> Ints:
    """Return which of some distinct points no other of the same group is as good as in all numbers, and better in one.

    Points stand in order within their groups, the earlier numbers first, and groups in order too.
    """
    groups = np.zeros(len(points), dtype=np.int64) if groups is None else groups
    left, kept = np.arange(len(points)), []
    while len(left):
        # Nothing comes before the first of a group, so nothing left is better than it.
        is_first = np.concatenate([[True], groups[left[1:]] != groups[left[:-1]]])
        pivots = left[is_first]
        kept.append(pivots)
        pivot = points[pivots[np.cumsum(is_first) - 1]]
        left = left[(points[left] < pivot).any(axis=1)]
    return np.sort(np.concatenate(kept)) if kept else left


class _Builder:
    """A diagram under way: the states of the last level's nodes, as choices of the services that still matter."""

    def __init__(self, left: list[Ints], rules: list[Table], numbers: list[Aim]) -> None:
        self.left, self.rules, self.numbers = left, rules, numbers
        tables = [*rules, *(table for aim in numbers for table in aim.tables)]
        self.order = _order([len(choices) for choices in left], {table.axes for table in tables})
        self.place = {service: n for n, service in enumerate(self.order)}
        self.last_use = {s: max((self._closes(t.axes) for t in tables if s in t.axes), default=0) for s in self.order}
        self.largest = [n for n, aim in enumerate(numbers) if aim.largest]
        # A largest number so far is known by its place among all that occur.
        self.occur = {
            n: np.unique(np.concatenate([np.zeros(1), *(t.values.ravel() for t in numbers[n].tables)]))
            for n in self.largest
        }
        self.frontier: list[int] = []
        self.states = np.zeros((1, len(self.largest)), dtype=np.int64)

    def _closes(self, axes: tuple[int, ...]) -> int:
        return max((self.place[axis] for axis in axes), default=0)

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
            if self._closes(rule.axes) == here:
                passes &= rule.at(chosen)
        source = source[passes]
        chosen = {other: where[passes] for other, where in chosen.items()}
        costs = np.zeros((len(source), len(self.numbers)))
        worst = self.states[source, len(self.frontier) :].copy()
        for n, aim in enumerate(self.numbers):
            for table in aim.tables:
                if self._closes(table.axes) == here and aim.largest:
                    column, code = self.largest.index(n), np.searchsorted(self.occur[n], table.values)
                    np.maximum(worst[:, column], Table(table.axes, code).at(chosen), out=worst[:, column])
                elif self._closes(table.axes) == here:
                    costs[:, n] += table.at(chosen)
        self.frontier = [other for other in (*self.frontier, service) if self.last_use[other] > here]
        states = np.column_stack([*(chosen[other] for other in self.frontier), worst])
        radix = [*(len(self.left[other]) for other in self.frontier), *(len(self.occur[n]) for n in self.largest)]
        _, first, target = np.unique(_packed(states, radix), return_index=True, return_inverse=True)
        self.states = states[first]
        return Layer(service, source, choices[chosen[service]], target, costs)

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
    left = [np.arange(size) for size in sizes]
    before = -1
    while before != (before := sum(map(len, left))):
        for rule in rules:
            for n, axis in enumerate(rule.axes):
                others = tuple(other for other in range(len(rule.axes)) if other != n)
                left[axis] = left[axis][_restricted(rule, left).values.any(axis=others)]
    return left


def _restricted(table: Table, left: list[Ints]) -> Table:
    return Table(table.axes, table.values[np.ix_(*(left[axis] for axis in table.axes))])


def _narrowed(table: Table) -> Table:
    """Drop the services on which a table does not depend."""
    axes, values = list(table.axes), table.values
    for n in reversed(range(len(axes))):
        first = values.take([0], axis=n) if values.shape[n] else values
        if values.shape[n] and (values == first).all():
            axes.pop(n)
            values = first.squeeze(axis=n)
    return Table(tuple(axes), values)


def _blocks(sizes: Sequence[int]) -> list[list[int]]:
    """Return the services in blocks of at most 2^53 joint choices each, whose place in the list one number holds."""
    blocks: list[list[int]] = [[]]
    for service, size in enumerate(sizes):
        if prod(sizes[other] for other in blocks[-1]) * size > LARGEST_EXACT:
            blocks.append([])
        blocks[-1].append(service)
    return blocks


def _places(sizes: Sequence[int]) -> list[Aim]:
    """Return where an option stands in the list of all, as one sum or, past 2^53 options, several."""
    found = []
    for block in _blocks(sizes):
        strides = [prod(sizes[later] for later in block[n + 1 :]) for n in range(len(block))]
        places = (np.arange(sizes[s], dtype=float) * stride for s, stride in zip(block, strides, strict=True))
        found.append(Aim(tuple(Table((s,), place) for s, place in zip(block, places, strict=True))))
    return found


def _refuse_inexact(numbers: Sequence[Aim]) -> None:
    for aim in numbers:
        most = sum(float(np.abs(t.values[np.isfinite(t.values)]).max(initial=0)) for t in aim.tables)
        if not aim.largest and most >= LARGEST_EXACT:
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


def _nothing(layer: Layer) -> Layer:
    none = np.zeros(0, dtype=np.int64)
    return Layer(layer.service, none, none, none, np.zeros((0, layer.costs.shape[1])))


def _least(group: Ints, numbers: Floats) -> Ints:
    """Return the row of each group whose numbers come first, the earlier numbers first. Groups stand in order."""
    rows = np.arange(len(group))
    for column in numbers.T:
        starts = np.flatnonzero(np.diff(group[rows], prepend=-1))
        least = np.minimum.reduceat(column[rows], starts) if len(rows) else column
        rows = rows[column[rows] == least[group[rows]]]
    return rows


def _at_most(numbers: Floats, limit: Floats) -> Bools:
    """Whether rows come before the limit or equal it, the earlier numbers first."""
    found, equal = np.zeros(len(numbers), dtype=bool), np.ones(len(numbers), dtype=bool)
    for column, most in zip(numbers.T, limit, strict=True):
        found |= equal & (column < most)
        equal &= column == most
    return found | equal


def _alike_in_order(group: Ints, numbers: Floats) -> tuple[Ints, Ints]:
    """Return the first row of each kind, and the kind of each row, where rows of a kind stand together."""
    differs = (numbers[1:] != numbers[:-1]).any(axis=1) | (group[1:] != group[:-1])
    is_first = np.concatenate([np.ones(min(1, len(group)), dtype=bool), differs])
    return np.flatnonzero(is_first), np.cumsum(is_first) - 1


def _alike(group: Ints, numbers: Floats) -> tuple[Ints, Ints]:
    """Return a row of each kind, and the kind of each row: alike are those of one group with the same numbers."""
    order = np.lexsort((*numbers.T[::-1], group))
    first, kind = _alike_in_order(group[order], numbers[order])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = kind
    return order[first], number


def _added_up(node: Ints, total: Floats, ways: Counts) -> tuple[Ints, Floats, Counts]:
    """Merge rows that are alike, and add their ways up."""
    first, kind = _alike(node, total)
    return node[first], total[first], _added_at(kind, ways, len(first))


def _added_at(where: Ints, ways: Counts, places: int) -> Counts:
    """Add counts up by the place that each belongs to."""
    found = np.zeros(places, dtype=ways.dtype)
    np.add.at(found, where, ways)
    return found
