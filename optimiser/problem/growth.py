"""Demand of another year: grown by an activity's own rate, or by age and the age mix of each area.

Exact fractions, rounded to six decimals at the end, so that anybody who does it again gets the same patients.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pandas as pd

from optimiser.problem import decimals
from optimiser.problem.decimals import exactly

UNDER_65, FROM_65, FROM_75 = "under_65", "from_65", "from_75"


def grown(
    demand: pd.DataFrame,
    areas: pd.DataFrame,
    years: int,
    *,
    by_age: Mapping[str, float] | None = None,
    by_activity: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return patients a year after so many years of growth, to six decimals: areas × activities.

    Parameters
    ----------
    demand, areas
        Patients a year now, and the areas' ``population`` and ``population_65_plus`` (and ``population_75_plus`` where
        ``from_75`` grows apart), on the same index.
    by_age
        Shares a year for ``under_65``, ``from_65`` and perhaps ``from_75``: the patients of an area grow as its people
        would at these rates. An area without people keeps its patients.
    by_activity
        Shares a year of the activities that grow by a rate of their own, wherever they live.
    """
    flat = {activity: _after(rate, years) for activity, rate in (by_activity or {}).items()}
    mixed = people_times(areas, {age: _after(rate, years) for age, rate in by_age.items()}) if by_age else None
    columns = {}
    for activity in demand.columns:
        times = [flat[activity]] * len(demand) if activity in flat else mixed
        now = demand[activity].tolist()
        columns[activity] = now if times is None else [decimals.times(n, by) for n, by in zip(now, times, strict=True)]
    return pd.DataFrame(columns, index=demand.index, columns=demand.columns)


def people_times(areas: pd.DataFrame, times: Mapping[str, Fraction]) -> list[Fraction]:
    """Return, by area, how many times as many people there are, from how many times as many of each age; 1 of none."""
    everyone, from_65 = (_exact(areas[name]) for name in ("population", "population_65_plus"))
    from_75 = _exact(areas["population_75_plus"]) if FROM_75 in times else [Fraction(0)] * len(everyone)
    oldest = times.get(FROM_75, Fraction(1))
    return [
        ((p - o) * times[UNDER_65] + (o - v) * times[FROM_65] + v * oldest) / p if p else Fraction(1)
        for p, o, v in zip(everyone, from_65, from_75, strict=True)
    ]


def _exact(column: pd.Series[float]) -> list[Fraction]:
    return [exactly(float(number)) for number in column]


def _after(rate: float, years: int) -> Fraction:
    return (1 + exactly(rate)) ** years
