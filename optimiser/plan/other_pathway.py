"""The other pathway: what journeys come to if patients who are transferred went straight to the service instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from optimiser.plan import Plan, measures
from optimiser.problem import Problem

# What is shown of both pathways, under these names and with this ending.
COMPARED = (
    *("mean_minutes", "median_minutes", "p95_minutes", "worst_minutes"),
    *(f"people_within_{band}" for band in measures.BANDS),
    *("patients_within_30", "patients_beyond_standard"),
)
GROUPS = ("", measures.AGE_75_PLUS)
ENDING = "_straight_there"


def straight_there(plan: Plan, service: str) -> Iterator[tuple[str, str, str, float]]:
    """Yield (measure, service, group, value) of the other pathway; nothing for a service that patients go straight to.

    The same measures as of a question that has the service on the direct pathway, with an ending to their names.
    """
    if plan.problem.services[service].transfer is None:
        return
    direct = replace(plan, problem=_direct(plan.problem, service))
    for name, code, group, value, *_ in measures.of_service(direct, service):
        if name in COMPARED and group in GROUPS:
            yield f"{name}{ENDING}", code, group, round(value, 9)


def _direct(problem: Problem, service: str) -> Problem:
    direct = replace(problem.services[service], transfer=None, observed=None, beds=None)
    return replace(problem, services={**problem.services, service: direct})
