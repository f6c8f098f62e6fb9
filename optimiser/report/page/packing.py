"""Whole numbers and names in few letters, so that a page of a whole country can be sent: packing.js reads them."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

FLOAT_BITS = 64
# So large a number is foretold to within what 31 bits hold.
LARGEST_FORETOLD = 2**29 - 1
# A row is like one of so many before it; columns are put in order by so many rows.
MOST_BACK, MOST_ROWS_LOOKED_AT = 16, 2_000
MOST_DOUBLINGS = 12
# Codes in more stretches, each of other letters, are written as they are.
MOST_STRETCHES = 100
# The name of an area that begins with that of its district begins so instead.
SHARED = "\t"
NUMBERED = re.compile(r"(.*?)(\d{1,9})", re.ASCII)

Data = dict[str, Any]


def packed(values: np.ndarray) -> Data:
    """Return whole numbers as base64 of the fewest bits each that hold them, one after another, and −1 as the largest.

    Others, and such as no 32 bits hold, are floats of 64 bits.
    """
    flat = np.asarray(values, dtype=float).ravel()
    top = flat.max(initial=0)
    bits = int(top + 1).bit_length() if top < np.iinfo("u4").max else FLOAT_BITS
    if bits == FLOAT_BITS:
        held = flat.astype("<f8").tobytes()
    else:
        known = np.where(flat < 0, 2**bits - 1, flat).astype(">u2" if bits <= 16 else ">u4")
        every = np.unpackbits(known.view("u1").reshape(len(flat), known.itemsize), axis=1)
        held = np.packbits(every[:, 8 * known.itemsize - bits :]).tobytes()
    return {"bits": bits, "many": len(flat), "base64": base64.b64encode(held).decode("ascii")}


def packed_table(values: np.ndarray) -> Data:
    """Return a table of whole numbers (−1: unknown) by how far each is from what its neighbours foretell.

    A number is foretold to be above the one in another row by as much as that on its left is: the first miles from two
    areas to two far sites are the same. Which of the rows before that is, and in what order columns stand, is what
    leaves least over. Numbers too large for whole numbers of 31 bits are packed one by one.
    """
    whole = np.asarray(values, dtype=float)
    if whole.max(initial=0) > LARGEST_FORETOLD:
        return packed(whole)
    known = whole.astype(np.int64)
    columns = _most_alike(known)
    back, over = _least_left_over(np.diff(known[:, columns], axis=1, prepend=0))
    bits = int(whole.max(initial=0) + 1).bit_length()
    return {"bits": bits, "rows": len(whole), "columns": columns, "back": packed(back - 1.0), "over": coded(over)}


def _most_alike(known: np.ndarray) -> list[int]:
    """Return columns in an order in which each is, from row to row, as near as can be to the one before it."""
    some = np.diff(known[:: max(1, len(known) // MOST_ROWS_LOOKED_AT)], axis=0).astype(float)
    left, found = list(range(1, known.shape[1])), [0]
    while left:
        apart = np.log2(1 + np.abs(some[:, left] - some[:, found[-1:]])).sum(axis=0)
        found.append(left.pop(int(apart.argmin())))
    return found[: known.shape[1]]


def _least_left_over(left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many rows back that lies by which each row is foretold with least left over, and what is left over."""
    over = np.diff(left, axis=0, prepend=0)
    back, least = np.ones(len(left)), np.log2(1 + np.abs(over)).sum(axis=1)
    for rows in range(2, min(MOST_BACK, len(left) - 1) + 1):
        other = left[rows:] - left[:-rows]
        size = np.log2(1 + np.abs(other)).sum(axis=1)
        nearer = np.flatnonzero(size < least[rows:])
        over[nearer + rows], least[nearer + rows], back[nearer + rows] = other[nearer], size[nearer], rows
    return back, over


def coded(values: np.ndarray | Sequence[int]) -> Data:
    """Return small whole numbers, above 0 and below, in an exponential code of Golomb's kind.

    They are counted 0, −1, 1, −2 …, ``2**order`` is added, and before the binary digits of that stand as many noughts
    as it has more digits than ``order`` and one.
    """
    flat = np.asarray(values).astype(np.int64).ravel()
    folded = np.where(flat < 0, -2 * flat - 1, 2 * flat)
    order = min(range(MOST_DOUBLINGS), key=lambda doublings: int(_lengths(folded, doublings).sum()))
    ends, numbers = np.cumsum(_lengths(folded, order)), folded + 2**order
    digits = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    for place in range(int(numbers.max(initial=0)).bit_length()):
        digits[ends[(numbers >> place) & 1 == 1] - 1 - place] = 1
    held = base64.b64encode(np.packbits(digits).tobytes()).decode("ascii")
    return {"order": order, "many": len(flat), "base64": held}


def _lengths(folded: np.ndarray, order: int) -> np.ndarray:
    """Return how many bits each number takes: its digits with ``2**order`` added, and the noughts before them."""
    digits: np.ndarray = np.frexp((folded + 2**order).astype(float))[1].astype(np.int64)
    return np.asarray(2 * digits - 1 - order)


def in_order(codes: Sequence[str]) -> list[str] | list[Data]:
    """Return codes by how much each is more than the one before, where most are the same letters and a number.

    One part for each stretch of codes with the same letters and as many digits.
    """
    found = [NUMBERED.fullmatch(code) for code in codes]
    stretches = [
        (shape, [int(one[2]) for one in each if one])
        for shape, each in groupby(found, key=lambda one: (one[1], len(one[2])) if one else None)
    ]
    if not codes or None in found or len(stretches) > MOST_STRETCHES:
        return list(codes)
    return [
        {"letters": shape[0], "digits": shape[1], "after": coded(np.diff(numbers, prepend=0))}
        for shape, numbers in stretches
        if shape
    ]


def without_what_is_shared(names: Sequence[str], districts: Sequence[Any]) -> list[str]:
    """Return the names of areas without those of their districts, where they begin with them.

    Where a name happens to begin as those would, all stay as they are.
    """
    if any(name.startswith(SHARED) for name in names):
        return list(names)
    pairs = zip(names, districts, strict=True)
    return [
        SHARED + name[len(one) :] if isinstance(one, str) and one and name.startswith(one) else name
        for name, one in pairs
    ]
