"""Everything that a plan may be asked to make as small as possible. One objective, one function.

Each returns a linear expression over some services. ``UNITS`` gives the unit that its value is published in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pulp

from optimiser.model import legs
from optimiser.model.variables import Variables
from optimiser.problem import MOST_DEPRIVED_DECILES, Problem

Function = Callable[[Problem, Variables, Sequence[str]], pulp.LpAffineExpression]

OBJECTIVES: dict[str, Function] = {}
UNITS: dict[str, str] = {}


def objective(*, unit: str) -> Callable[[Function], Function]:
    """Register an objective and the unit of its value."""

    def register(function: Function) -> Function:
        OBJECTIVES[function.__name__] = function
        UNITS[function.__name__] = unit
        return function

    return register


@objective(unit="patient-minutes a year")
def patient_minutes(problem: Problem, x: Variables, services: Sequence[str]) -> pulp.LpAffineExpression:
    """Minutes that resident patients spend on the way, in a year."""
    return _minutes_of(problem, x, services, problem.resident)


@objective(unit="patient-minutes a year")
def deprived_patient_minutes(problem: Problem, x: Variables, services: Sequence[str]) -> pulp.LpAffineExpression:
    """Minutes that resident patients from the most deprived fifth of areas spend on the way, in a year."""
    deprived = problem.resident & (problem.of_areas("deprivation_decile") <= MOST_DEPRIVED_DECILES)
    return _minutes_of(problem, x, services, deprived)


@objective(unit="minutes")
def worst_journey(problem: Problem, x: Variables, services: Sequence[str]) -> pulp.LpAffineExpression:
    """The longest journey from any resident area to any of the services."""
    return pulp.LpAffineExpression(x.worst_minutes[tuple(services)])


@objective(unit="patients a year")
def patients_beyond_standard(problem: Problem, x: Variables, services: Sequence[str]) -> pulp.LpAffineExpression:
    """Resident patients a year whose journey is longer than the service's standard."""
    beyond = []
    for service in services:
        standard = problem.services[service].standard_minutes
        if standard and service in x.counted:
            patients = problem.patients(service) * problem.resident
            beyond.append(legs.patients_beyond(problem, x, service, patients, standard.value))
    return pulp.lpSum(beyond)


@objective(unit="patients a year")
def patients_outside(problem: Problem, x: Variables, services: Sequence[str]) -> pulp.LpAffineExpression:
    """Resident patients a year who are treated at a neighbour."""
    return pulp.lpSum(legs.outside(problem, x, service) for service in services if service in x.counted)


@objective(unit="people or WTE")
def staff_short(problem: Problem, x: Variables, services: Sequence[str]) -> pulp.LpAffineExpression:
    """Staff that rotas are short of, where the config lets them fall short."""
    teams = {rota.team for service in services for rota in problem.services[service].rotas}
    return pulp.lpSum(short for (_, team, _), short in x.short.items() if team in teams)


@objective(unit="changes")
def changes_from_today(problem: Problem, x: Variables, services: Sequence[str]) -> pulp.LpAffineExpression:
    """Designations that open or close, against today."""
    known = problem.services_with_today
    changes = []
    for service in services:
        for site in problem.candidates if service in known else ():
            provided = x.designated[site, service]
            changes.append(1 - provided if (site, service) in problem.today else provided)
    return pulp.lpSum(changes)


@objective(unit="sites")
def fewest_sites(problem: Problem, x: Variables, services: Sequence[str]) -> pulp.LpAffineExpression:
    """Sites that provide a service, added up over the services."""
    return pulp.lpSum(x.designated[site, service] for service in services for site in problem.candidates)


@objective(unit="transfers a year")
def transfers(problem: Problem, x: Variables, services: Sequence[str]) -> pulp.LpAffineExpression:
    """Transfers a year to services that are reached by transfer, suspected patients counted."""
    listed = (service for service in services if service in problem.reached_by_transfer and service in x.chains)
    return pulp.lpSum(legs.transfers_a_year(problem, x, service) for service in listed)


def _minutes_of(
    problem: Problem, x: Variables, services: Sequence[str], counted: np.ndarray
) -> pulp.LpAffineExpression:
    minutes_of = []
    for service in services:
        if service in x.chains and problem.services[service].transfer:
            minutes_of.append(legs.patient_minutes(problem, x, service, problem.patients(service) * counted))
        elif service in x.counted:
            minutes = problem.minutes(service)
            patients = problem.patients(service) * counted
            minutes_of.append(x.add_up(service, patients[:, None] * np.where(np.isfinite(minutes), minutes, 0)))
    return pulp.lpSum(minutes_of)
