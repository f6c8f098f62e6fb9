"""Rows of numbers in groups: which come first, which are alike, and which none other beats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Whole numbers of 64 bits or, where those are too small, of any size.
Counts = NDArray[Any]


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


def least(group: Ints, numbers: Floats) -> Ints:
    """Return the row of each group whose numbers come first, the earlier numbers first. Groups stand in order."""
    rows = np.arange(len(group))
    for column in numbers.T:
        starts = np.flatnonzero(np.diff(group[rows], prepend=-1))
        least = np.minimum.reduceat(column[rows], starts) if len(rows) else column
        rows = rows[column[rows] == least[group[rows]]]
    return rows


def at_most(numbers: Floats, limit: Floats) -> Bools:
    """Whether rows come before the limit or equal it, the earlier numbers first."""
    found, equal = np.zeros(len(numbers), dtype=bool), np.ones(len(numbers), dtype=bool)
    for column, most in zip(numbers.T, limit, strict=True):
        found |= equal & (column < most)
        equal &= column == most
    return found | equal


def alike_in_order(group: Ints, numbers: Floats) -> tuple[Ints, Ints]:
    """Return the first row of each kind, and the kind of each row, where rows of a kind stand together."""
    differs = (numbers[1:] != numbers[:-1]).any(axis=1) | (group[1:] != group[:-1])
    is_first = np.concatenate([np.ones(min(1, len(group)), dtype=bool), differs])
    return np.flatnonzero(is_first), np.cumsum(is_first) - 1


def alike(group: Ints, numbers: Floats) -> tuple[Ints, Ints]:
    """Return a row of each kind, and the kind of each row: alike are those of one group with the same numbers."""
    order = np.lexsort((*numbers.T[::-1], group))
    first, kind = alike_in_order(group[order], numbers[order])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = kind
    return order[first], number


def added_up(node: Ints, total: Floats, ways: Counts) -> tuple[Ints, Floats, Counts]:
    """Merge rows that are alike, and add their ways up."""
    first, kind = alike(node, total)
    return node[first], total[first], added_at(kind, ways, len(first))


def added_at(where: Ints, ways: Counts, places: int) -> Counts:
    """Add counts up by the place that each belongs to."""
    found = np.zeros(places, dtype=ways.dtype)
    np.add.at(found, where, ways)
    return found
