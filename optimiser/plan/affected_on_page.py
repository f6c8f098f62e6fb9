"""Who is affected: how residents' journeys to a service change between two plans, overall and by group.

Names and meanings are those of ``affectedMeasures`` in ``page/evaluate.js``, which works the same out on the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from optimiser.plan import Plan
from optimiser.plan.affected import AGE_75_PLUS, OLDER, areas, grouped, mean, split_areas_together

# Minutes longer or shorter that people notice.
FAR = 10
FIRST = ("", AGE_75_PLUS)

Row = tuple[str, str, str, float]


def affected(plan: Plan, before: Plan, service: str) -> Iterator[Row]:
    """Yield (measure, service, group, value) of the journeys of ``plan`` against those of ``before``.

    People count residents, and means are of patients, or of people for those aged 75 or over, in minutes.
    ``mean_change_of_those_longer`` is over those whose journey gets longer, and NaN where nobody's does.
    ``patients_redirected`` are those of every area who arrive first at another site than before.
    """
    moved = areas(_tables(before, service), _tables(plan, service))
    groups = sorted(grouped(moved), key=lambda found: FIRST.index(found[1]) if found[1] in FIRST else len(FIRST))
    for _, group, counted, members in groups:
        older = counted == OLDER
        yield from _rows(service, group, members, "people_75_plus" if older else "people", older)
    yield "patients_redirected", service, "", _redirected(plan, before, service)


def one_row_an_area(plan: Plan, service: str) -> pd.DataFrame:
    """Return area, resident, minutes (infinite where no site is reached) and site, that of most patients, by area."""
    rows = _journeys(plan, service)
    named = rows.rename(columns={"patients_per_year": "patients"}).fillna({"site": "", "minutes": float("inf")})
    found = split_areas_together(
        named.assign(spent=named["minutes"])[["service", "area", "patients", "site", "minutes", "spent"]]
    )
    return found.join(plan.problem.areas["resident"], on="area")


def _rows(service: str, group: str, members: pd.DataFrame, people: str, older: bool) -> Iterator[Row]:
    change, number = members["spent_change"], members[people]
    weight = number if older else members["patients"]
    longer = change > 0
    yield "people", service, group, float(number.sum())
    yield "people_longer", service, group, float(number[longer].sum())
    yield "people_more_than_10_longer", service, group, float(number[change > FAR].sum())
    yield "people_more_than_10_shorter", service, group, float(number[change < -FAR].sum())
    yield "mean_change", service, group, mean(change, weight)
    yield "mean_change_of_those_longer", service, group, mean(change[longer], weight[longer])


def _redirected(plan: Plan, before: Plan, service: str) -> float:
    arriving = [
        _journeys(one, service).fillna({"first_site": ""}).groupby(["area", "first_site"])["patients_per_year"].sum()
        for one in (plan, before)
    ]
    both = pd.concat(arriving, axis=1).fillna(0.0)
    return float((both.iloc[:, 0] - both.min(axis=1)).sum())


def _journeys(plan: Plan, service: str) -> pd.DataFrame:
    return plan.journeys[plan.journeys["service"] == service]


def _tables(plan: Plan, service: str) -> Mapping[str, pd.DataFrame]:
    transfer = plan.problem.services[service].transfer
    share = transfer.share_transferred.value if transfer else 1.0
    return {
        "journeys": _journeys(plan, service),
        "areas": plan.problem.areas.rename_axis("area").reset_index(),
        "services": pd.DataFrame({"service": [service], "share_transferred": [share]}),
    }
