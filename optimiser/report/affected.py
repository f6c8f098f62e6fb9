"""Who is affected: how residents' journeys to a service change between two plans, overall and by group.

Names and meanings are those of ``affectedMeasures`` in ``page/evaluate.js``, which works the same out on the page.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optimiser import measures
from optimiser.plan import Plan

# Minutes longer or shorter that people notice.
FAR = 10

Row = tuple[str, str, str, float]


def affected(plan: Plan, before: Plan, service: str) -> Iterator[Row]:
    """Yield (measure, service, group, value) of the journeys of ``plan`` against those of ``before``.

    People count residents, and means are of patients, or of people for those aged 75 or over, in minutes.
    ``mean_change_of_those_longer`` is over those whose journey gets longer, and NaN where nobody's does.
    ``patients_redirected`` are those of every area who arrive first at another site than before.
    """
    journeys = measures.residents(plan, service)
    then = measures.residents(before, service)["minutes_spent"].fillna(np.inf)
    now = journeys["minutes_spent"].fillna(np.inf)
    with np.errstate(invalid="ignore"):
        change = np.round(np.where(now == then, 0.0, now - then), 9)
    journeys = journeys.assign(change=np.where(np.isnan(change), np.inf, change))
    yield from _rows(service, "", journeys)
    first, was = (
        one.journeys[one.journeys["service"] == service]["first_site"].fillna("").to_numpy() for one in (plan, before)
    )
    patients = plan.journeys[plan.journeys["service"] == service]["patients_per_year"].to_numpy(float)
    yield "patients_redirected", service, "", float(patients[first != was].sum())
    if "population_75_plus" in journeys:
        older = journeys["population_75_plus"]
        yield from _rows(service, measures.AGE_75_PLUS, journeys.assign(population=older, patients_per_year=older))
    for group, members in measures.groups(journeys):
        yield from _rows(service, group, members)


def _rows(service: str, group: str, journeys: pd.DataFrame) -> Iterator[Row]:
    change, people = journeys["change"], journeys["population"]
    longer = journeys[change > 0]
    yield "people", service, group, float(people.sum())
    yield "people_longer", service, group, float(longer["population"].sum())
    yield "people_more_than_10_longer", service, group, float(people[change > FAR].sum())
    yield "people_more_than_10_shorter", service, group, float(people[change < -FAR].sum())
    yield "mean_change", service, group, _mean(journeys)
    yield "mean_change_of_those_longer", service, group, _mean(longer)


def _mean(journeys: pd.DataFrame) -> float:
    patients = journeys["patients_per_year"]
    counted = patients > 0
    total = float(patients.sum())
    return float((journeys["change"][counted] * patients[counted]).sum() / total) if total else float("nan")
