"""Demand of another year: grown by an activity's own rate, or by age and who lives in each area.

Where it is stated of which ages the residents' patients of an activity are now, an area's patients are taken to come
from its people of each age at the rate of the whole system: the patients of an age divided by the residents of it.
Where that is not stated, patients are taken to be of all ages alike. Exact fractions, rounded to six decimals at the
end, so that anybody who does it again gets the same patients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

import pandas as pd

from optimiser.problem import decimals
from optimiser.problem.decimals import exactly
from optimiser.problem.parts import Figure, Growth

AGES = UNDER_65, FROM_65, FROM_75 = "under_65", "from_65", "from_75"
Ages = Mapping[str, Mapping[str, Figure]]


def grown(
    demand: pd.DataFrame,
    areas: pd.DataFrame,
    years: int,
    *,
    by_age: Mapping[str, float] | None = None,
    by_activity: Mapping[str, float] | None = None,
    ages: Ages = MappingProxyType({}),
) -> pd.DataFrame:
    """Return patients a year after so many years of growth, to six decimals: areas × activities.

    Parameters
    ----------
    demand, areas
        Patients a year now and, by age, what ``with_people_times`` needs to know of the areas, on the same index.
    by_age
        Shares a year for ``under_65``, ``from_65`` and perhaps ``from_75``: the patients of an area grow as its people
        would at these rates.
    by_activity
        Shares a year of the activities that grow by a rate of their own, wherever they live.
    ages
        By activity, the shares of the residents' patients now who are of each age.
    """
    times = {age: _after(rate, years) for age, rate in (by_age or {}).items()}
    found = with_people_times(demand, areas, times, ages) if times else demand
    flat = {
        activity: decimals.table_times(demand[[activity]], _after(rate, years))[activity]
        for activity, rate in (by_activity or {}).items()
        if activity in demand
    }
    return found.assign(**flat)


def patients_after(growth: Growth, areas: pd.DataFrame, ages: Ages) -> pd.DataFrame:
    """Return patients a year after growth, to six decimals: areas × activities."""
    rates = {"by_age": growth.by_age, "by_activity": growth.by_activity}
    return grown(growth.before, areas, growth.years, **rates, ages=ages)


def with_people_times(
    demand: pd.DataFrame, areas: pd.DataFrame, times: Mapping[str, Fraction], ages: Ages
) -> pd.DataFrame:
    """Return patients a year, to six decimals, if there were so many times as many people of each age.

    Parameters
    ----------
    demand, areas
        Patients a year now, and who is ``resident`` and how many people there are (``population``) and are 65 and over
        (``population_65_plus``), and 75 and over (``population_75_plus``) where ``from_75`` stands apart.
    times
        For ``under_65`` and ``from_65``; and for ``from_75`` where that differs.
    ages
        By activity, the shares of the residents' patients now who are of each age. An area without people whom
        patients come from keeps its patients.
    """
    alike = _patients_times(areas, times, {})
    columns = {}
    for activity, patients in demand.items():
        by_area = _patients_times(areas, times, ages[str(activity)]) if activity in ages else alike
        columns[activity] = [decimals.times(n, by) for n, by in zip(patients.tolist(), by_area, strict=True)]
    return pd.DataFrame(columns, index=demand.index, columns=demand.columns)


def _patients_times(areas: pd.DataFrame, times: Mapping[str, Fraction], shares: Mapping[str, Figure]) -> list[Fraction]:
    """Return, by area, how many times as many patients there are."""
    everyone, from_65 = (_exact(areas[name]) for name in ("population", "population_65_plus"))
    apart = FROM_75 in times or FROM_75 in shares
    from_75 = _exact(areas["population_75_plus"]) if apart else [Fraction(0)] * len(areas)
    people = [(p - o, o - v, v) for p, o, v in zip(everyone, from_65, from_75, strict=True)]
    here = [row for row, resident in zip(people, areas["resident"], strict=True) if resident] if shares else []
    rates = _patients_a_person(here, shares) if shares else [Fraction(1)] * len(AGES)
    factors = [times[UNDER_65], times[FROM_65], times.get(FROM_75, times[FROM_65])]
    found = []
    for row in people:
        now = [rate * number for rate, number in zip(rates, row, strict=True)]
        then = sum((number * by for number, by in zip(now, factors, strict=True)), Fraction(0))
        found.append(then / sum(now) if any(now) else Fraction(1))
    return found


def _patients_a_person(
    residents: Sequence[tuple[Fraction, Fraction, Fraction]], shares: Mapping[str, Figure]
) -> list[Fraction]:
    """Return what share of all patients one person of each age is; 0 where nobody is of that age."""
    young, old, oldest = (sum((row[age] for row in residents), Fraction(0)) for age in range(len(AGES)))
    stated = {age: exactly(share.value) for age, share in shares.items()}
    people = {UNDER_65: young, FROM_65: old, FROM_75: oldest}
    if FROM_75 not in stated:
        people[FROM_65] += people.pop(FROM_75)
    found = {age: stated[age] / number if number else Fraction(0) for age, number in people.items()}
    return [found[UNDER_65], found[FROM_65], found.get(FROM_75, found[FROM_65])]


def _exact(column: pd.Series[float]) -> list[Fraction]:
    return [exactly(float(number)) for number in column]


def _after(rate: float, years: int) -> Fraction:
    return (1 + exactly(rate)) ** years
