"""Numbers taken as the decimals that they were written as, so that anybody who does it again gets the same digits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

MILLION = 1_000_000


def exactly(number: float | Fraction) -> Fraction:
    """Return a number as the decimal that it was written as."""
    return number if isinstance(number, Fraction) else Fraction(Decimal(repr(float(number))))


def times(number: float, factor: Fraction) -> float:
    """Return a number times a factor, rounded to six decimals, halves to the even one; NaN stays."""
    if np.isnan(number):
        return number
    return float(Fraction(round(exactly(number) * factor * MILLION), MILLION))


def table_times(table: pd.DataFrame, factor: Fraction) -> pd.DataFrame:
    """Return every number of a table times a factor, rounded to six decimals, halves to the even one."""
    distinct, which = np.unique(table.to_numpy(dtype=float), return_inverse=True)
    scaled = np.array([times(number, factor) for number in distinct.tolist()])
    return pd.DataFrame(scaled[which].reshape(table.shape), index=table.index, columns=table.columns)
