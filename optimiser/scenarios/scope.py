"""Which questions can be read off tables: those that say nothing which tables do not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from optimiser.model.rules import ARITHMETIC, JUDGED
from optimiser.problem import Service
from optimiser.scenarios.listing import Joint

PLACES = 6
OVERALL, CORRIDOR = "journey_factor", "journey_factor."
DEMAND = ("demand_factor.", "people_factor.", "growth_years")

# What these say does not depend on how long journeys take or on how many patients there are.
STILL_OBJECTIVES = {"staff_short", "changes_from_today"}
MOVING_OBJECTIVES = {
    "patient_minutes",
    "deprived_patient_minutes",
    "worst_journey",
    "patients_beyond_standard",
}
# A service that says more than this is worked out scenario by scenario.
KNOWN_OF_A_SERVICE = {
    *("code", "name", "activity", "neighbours", "fixed", "at_least_sites", "at_most_sites", "minimum_patients"),
    *("maximum_patients", "longest_journey_minutes", "standard_minutes", "share_within_standard", "same_site"),
    *("rotas", "in_reach", "by_transfer", "beds", "stays_local"),
}


def can_be_tabled(listed: Joint, places: Mapping[str, int]) -> bool:
    """Whether every scenario can be read off tables, if each named parameter has at most so many decimal places."""
    problem = listed.problem
    known = all(_says_no_more(service) for service in problem.services.values())
    named = {objective.name for objective in problem.objectives}
    untabled = (rule for name, rule in ARITHMETIC.items() if not JUDGED[name].tabled)
    decimals = places_of(problem.journeys.to_numpy(dtype=float)) + factor_places(places)
    return (
        known
        and named <= STILL_OBJECTIVES | MOVING_OBJECTIVES
        and not any(one for rule in untabled for one in rule(problem, listed.choices))
        and decimals <= PLACES
    )


def _says_no_more(service: Service) -> bool:
    bare = Service(service.code, service.name)
    return all(
        getattr(service, f.name) == getattr(bare, f.name) for f in fields(service) if f.name not in KNOWN_OF_A_SERVICE
    )


def factor_places(places: Mapping[str, int]) -> int:
    """Return how many decimal places the product of both journey factors has at most."""
    corridor = max((n for name, n in places.items() if name.startswith(CORRIDOR)), default=0)
    return places.get(OVERALL, 0) + corridor


def places_of(values: np.ndarray) -> int:
    """Return how many decimal places some numbers have; more than ``PLACES`` where they have more."""
    finite = values[np.isfinite(values)]
    return next(
        (n for n in range(PLACES + 1) if np.all(np.abs(finite * 10**n - np.rint(finite * 10**n)) <= 1e-9)), PLACES + 1
    )
