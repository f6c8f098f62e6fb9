"""Rows of numbers in groups: which come first, which are alike, and which none other beats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Whole numbers of 64 bits or, where those are too small, of any size.
Counts = NDArray[Any]

# What a whole number of 64 bits with a sign has room for, and a bit to spare.
KEY_BITS = 62
# Minutes have six decimal places.
MILLION = 1_000_000


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


def in_order(columns: Sequence[Floats]) -> list[Floats]:
    """Return columns of whole numbers or minutes with their rows in order, the earlier columns first.

    Where one whole number of 62 bits can hold a row, rows are sorted as such and taken apart again.
    """
    parts = [_as_whole(column) for column in columns]
    bits = [int(whole.max(initial=0)).bit_length() for _, _, whole in parts]
    if sum(bits) > KEY_BITS:
        order = _order(columns)
        return [column[order] for column in columns]
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for (_, _, whole), width in zip(parts, bits, strict=True):
        key <<= width
        key |= whole
    key.sort()
    found = []
    for (low, scale, _), width in zip(reversed(parts), reversed(bits), strict=True):
        found.append(((key & ((1 << width) - 1)) + low) / scale)
        key >>= width
    return found[::-1]


def _as_whole(column: Floats) -> tuple[int, int, Ints]:
    """Return a column as a least whole number, how many go to one, and each row's number above the least."""
    scale = 1 if (column == np.rint(column)).all() else MILLION
    low = int(np.rint(column.min(initial=np.inf) * scale)) if len(column) else 0
    return low, scale, np.rint(column * scale).astype(np.int64) - low


def _order(columns: Sequence[Floats]) -> Ints:
    """Return the order of rows: by the first column cut to some bits, and by every column where that cannot tell."""
    first, rows = columns[0], len(columns[0])
    row_bits = rows.bit_length()
    low = float(first.min())
    width = float(first.max()) - low
    steps = 2 ** (KEY_BITS - row_bits) - 1
    key = ((first - low) * (steps / width if width else 0.0)).astype(np.int64) << row_bits
    key |= np.arange(rows)
    key.sort()
    order = key & ((1 << row_bits) - 1)
    key >>= row_bits
    same = key[1:] == key[:-1]
    unsure = np.flatnonzero(np.concatenate([same, [False]]) | np.concatenate([[False], same]))
    if len(unsure):
        some = order[unsure]
        order[unsure] = some[np.lexsort([column[some] for column in reversed(columns)])]
    return order
