"""Layers of arcs, and what can be asked of the paths along them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from optimiser.errors import TooLarge
from optimiser.search.diagram.rows import (
    Counts,
    Floats,
    Ints,
    added_at,
    added_up,
    alike,
    alike_in_order,
    at_most,
    least,
    undominated,
)

# Options in one list: some gigabytes of memory.
LARGEST_LIST = 60_000_000
# A double holds every whole number up to here exactly, an integer of 64 bits up to here.
LARGEST_EXACT = 2**53
LARGEST_COUNT = 2**62
# Options that are added up at a time.
CHUNK = 2_000_000
# Stands for a service in the layer that only counts largest numbers.
CLOSING = -1
REMEDY = "Fix some designations, or leave out rules and aims that tie many services together."
TIED = f"The rules tie too many services together to rank every option. {REMEDY}"


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
            ways.append(added_at(layer.target, ways[-1][layer.source], nodes))
        return ways

    @cached_property
    def _ways_on(self) -> list[Counts]:
        ways = [self._one_way(self.levels[-1])]
        for layer, nodes in zip(self.layers[::-1], self.levels[-2::-1], strict=True):
            ways.append(added_at(layer.source, ways[-1][layer.target], nodes))
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
            arcs = least(layer.source, total)
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
                by_choice = added_at(layer.choice, many, self.sizes[layer.service])
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

    def listed(self, options_at_once: int = CHUNK) -> Iterator[Floats]:
        """Yield the numbers of every lawful option, in no order worth the name, about so many at a time."""
        nodes = np.zeros(self.levels[0], dtype=np.int64)
        yield from self._listed(0, nodes, np.zeros((self.levels[0], self._numbers)), options_at_once)

    def _listed(self, level: int, node: Ints, total: Floats, options_at_once: int) -> Iterator[Floats]:
        ways = self._ways_on[level][node]
        if level == len(self.layers):
            yield total
            return
        layer = self.layers[level]
        for rows in np.split(np.arange(len(node)), np.flatnonzero(np.diff(np.cumsum(ways) // options_at_once)) + 1):
            row, arc = layer.spread(node[rows])
            more = np.stack([there[row] + here[arc] for there, here in zip(total[rows].T, layer.costs.T, strict=True)])
            yield from self._listed(level + 1, layer.target[arc], more.T, options_at_once)

    def choices_at(self, places: Floats) -> Ints:
        """Return the choice of every service, rows × services, of options that stand at these places."""
        found = np.zeros((len(places), len(self.sizes)), dtype=np.int64)
        for column, block in enumerate(blocks(self.sizes)):
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
            first, number = alike(there, sums[:, None])
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
            kept = at_most(total + togo[node][:, :width], limit)
            node, total, ways = added_up(node[kept], total[kept], ways[kept])
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
            first, number = alike_in_order(node, total[:, :aims])
            summed = added_at(number, ways, len(first))
            kept = undominated(total[first, :aims], node[first])
            node, total, ways = node[first][kept], total[first][kept], summed[kept]
        return total, [int(number) for number in ways]

    def first_of_each(self, services: Collection[int]) -> Floats:
        """Return, for each joint choice of some services that a lawful option takes, the first option's numbers.

        Raises
        ------
        TooLarge
            When there are more than ``LARGEST_LIST`` joint choices of them.
        """
        node, total = np.zeros(self.levels[0], dtype=np.int64), np.zeros((self.levels[0], self._numbers))
        chosen = np.zeros(len(node), dtype=np.int64)
        if prod(self.sizes[service] for service in services) >= LARGEST_COUNT:
            raise TooLarge(TIED)
        for layer in self.layers:
            row, arc = layer.spread(node)
            node, total, chosen = layer.target[arc], total[row] + layer.costs[arc], chosen[row]
            if layer.service in services:
                chosen = chosen * self.sizes[layer.service] + layer.choice[arc]
            order = np.lexsort((*total.T[::-1], chosen, node))
            same = (np.diff(node[order], prepend=-1) == 0) & (np.diff(chosen[order], prepend=-1) == 0)
            node, total, chosen = (rows[order[~same]] for rows in (node, total, chosen))
        return total


def blocks(sizes: Sequence[int]) -> list[list[int]]:
    """Return the services in blocks of at most 2^53 joint choices each, whose place in the list one number holds."""
    blocks: list[list[int]] = [[]]
    for service, size in enumerate(sizes):
        if prod(sizes[other] for other in blocks[-1]) * size > LARGEST_EXACT:
            blocks.append([])
        blocks[-1].append(service)
    return blocks


def places_of(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return for each service which number holds its choice in an option's place, and how far apart two choices are."""
    return [
        (number, prod(sizes[later] for later in block if later > service))
        for number, block in enumerate(blocks(sizes))
        for service in block
    ]


def _nothing(layer: Layer) -> Layer:
    none = np.zeros(0, dtype=np.int64)
    return Layer(layer.service, none, none, none, np.zeros((0, layer.costs.shape[1])))
