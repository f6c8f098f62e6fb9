"""Numbers taken as the decimals that they were written as, so that anybody who does it again gets the same digits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

MILLION = 1_000_000
PLACES = 6


def exactly(number: float | Fraction) -> Fraction:
    """Return a number as the decimal that it was written as."""
    return number if isinstance(number, Fraction) else Fraction(Decimal(repr(float(number))))


def times(number: float, factor: Fraction, places: int = PLACES) -> float:
    """Return a number times a factor, rounded to so many decimals, halves to the even one; NaN stays."""
    if np.isnan(number):
        return number
    return float(Fraction(round(exactly(number) * factor * 10**places), 10**places))


def table_times(table: pd.DataFrame, factor: Fraction, places: int = PLACES) -> pd.DataFrame:
    """Return every number of a table times a factor, rounded to so many decimals, halves to the even one; NaN stays."""
    values = table.to_numpy(dtype=float)
    scaled = _in_whole_numbers(values, factor, places)
    if scaled is None:
        distinct, which = np.unique(values, return_inverse=True)
        scaled = np.array([times(number, factor, places) for number in distinct.tolist()])[which].reshape(values.shape)
    return pd.DataFrame(scaled, index=table.index, columns=table.columns)


def table_plus(table: pd.DataFrame, more: Fraction, places: int = PLACES) -> pd.DataFrame:
    """Return every number of a table and so much more, none below 0, rounded as ``table_times`` does; NaN stays.

    What is added has six decimals at most, and so has the table.
    """
    values = table.to_numpy(dtype=float)
    millionths = np.rint(np.where(np.isnan(values), 0.0, values) * MILLION).astype(np.int64) + int(more * MILLION)
    found = pd.DataFrame(np.where(np.isnan(values), np.nan, np.maximum(millionths, 0) / MILLION))
    return table_times(found.set_axis(table.index).set_axis(table.columns, axis=1), Fraction(1), places)


def _in_whole_numbers(values: np.ndarray, factor: Fraction, places: int) -> np.ndarray | None:
    """Do the same with 64-bit whole numbers, all at once; None where the values or the factor are too fine for that."""
    known = np.where(np.isnan(values), 0.0, values)
    millionths = np.rint(known * MILLION)
    bottom = factor.denominator * 10 ** (PLACES - places)
    largest = float(np.abs(millionths).max(initial=0)) * max(abs(factor.numerator), bottom)
    if not (largest < 2**61 and np.array_equal(millionths / MILLION, known)):
        return None
    whole = millionths.astype(np.int64) * factor.numerator
    if bottom > 1:
        whole, left = np.divmod(whole, bottom)
        twice = 2 * left
        whole += (twice > bottom) | ((twice == bottom) & (whole % 2 == 1))
    if np.abs(whole).max(initial=0) >= 2**53:
        return None
    return np.where(np.isnan(values), np.nan, whole / 10**places)


def parts(numbers: np.ndarray, shares: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return each number's parts in whole numbers, none below 0, that add up to no more than it: rows × parts.

    Numbers are whole, one a row; so are ``shares`` (rows × parts) and what they are shares of, ``totals``. What is
    rounded, halves to the even, is the sum of a part and all those before it.
    """
    whole = numbers.astype(np.int64)[:, None] * np.cumsum(shares.astype(np.int64), axis=1)
    of = totals.astype(np.int64)[:, None]
    found, left = np.divmod(whole, of)
    found += (2 * left > of) | ((2 * left == of) & (found % 2 == 1))
    return np.asarray(np.diff(found, axis=1, prepend=0).astype(float))
