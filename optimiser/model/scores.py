"""Every objective by plain arithmetic: parts with one axis a service each, to be added up or compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from optimiser.errors import TooLarge
from optimiser.journeys.by_transfer import LARGEST_EXACT, PARTS_OF_A_TRANSFER, TOO_FINE, TwoLegs
from optimiser.journeys.choices import All, journeys
from optimiser.model.rules.staff import joint_needs
from optimiser.problem import MOST_DEPRIVED_DECILES, Objective, Problem

# Posts that are short are added as whole numbers of this many parts, so that equal really means equal.
PARTS_OF_A_POST = 10**9


@dataclass(frozen=True)
class Score:
    """An objective as parts with one axis a service each, to be added up or, for a worst case, compared.

    Parts are whole numbers of ``1 / scale``.
    """

    parts: tuple[tuple[tuple[str, ...], np.ndarray], ...]
    scale: float = 1
    combine: np.ufunc = np.add


def score(problem: Problem, choices: All, objective: Objective) -> Score:
    """Return an objective by arithmetic."""
    return SCORES[objective.name](problem.seen_by(objective), choices, problem.services_of(objective))


def _counted(problem: Problem, services: Sequence[str]) -> list[str]:
    return [code for code in services if problem.services[code].activity]


def patient_minutes(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Minutes that resident patients spend on the way, in a year."""
    return _minutes(problem, choices, services, problem.resident)


def deprived_patient_minutes(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Minutes that resident patients from the most deprived fifth of areas spend on the way, in a year."""
    deprived = problem.of_areas("deprivation_decile") <= MOST_DEPRIVED_DECILES
    return _minutes(problem, choices, services, problem.resident & deprived)


def _minutes(problem: Problem, choices: All, services: Sequence[str], counted: np.ndarray) -> Score:
    going = [journeys(problem, choices, code) for code in _counted(problem, services)]
    parts = [(one.services, one.patient_minutes(counted)) for one in going]
    floats = [part for _, part in parts if part.dtype.kind == "f"]
    if sum(float(part[np.isfinite(part)].max(initial=0)) for part in floats) >= LARGEST_EXACT:
        raise TooLarge(TOO_FINE)
    # All services of a question are counted in the same parts.
    scales = {one.patient_scale * one.minute_scale for one in going}
    return Score(tuple(parts), max(scales, default=1) * problem.share_scale)


def worst_journey(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """The longest journey from any resident area to any of the services."""
    going = [journeys(problem, choices, code) for code in _counted(problem, services)]
    return Score(tuple((one.services, one.worst_minutes) for one in going), combine=np.maximum)


def patients_beyond_standard(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Resident patients a year whose journey is longer than the service's standard."""
    parts, scales = [], {1}
    for code in _counted(problem, services):
        standard = problem.services[code].standard_minutes
        if standard:
            going = journeys(problem, choices, code)
            parts.append((going.services, going.patients_beyond(standard.value)))
            scales.add(going.patient_scale)
    return Score(tuple(parts), max(scales))


def patients_outside(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Resident patients a year who are treated at a neighbour."""
    going = [journeys(problem, choices, code) for code in _counted(problem, services)]
    scale = max((one.volume_scale for one in going), default=1)
    return Score(tuple((one.services, one.outside() * (scale // one.volume_scale)) for one in going), scale)


def staff_short(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Staff that rotas are short of, where the config lets them fall short."""
    teams = {rota.team for code in services for rota in problem.services[code].rotas}
    parts = []
    for team, unit in problem.team_units:
        if team in teams:
            needs, axes, shape = joint_needs(problem, choices, team, unit)
            parts.append((axes, np.rint(needs.short * PARTS_OF_A_POST).reshape(shape)))
    return Score(tuple(parts), PARTS_OF_A_POST)


def changes_from_today(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Designations that open or close, against today."""
    known = problem.services_with_today
    parts = []
    for code in services:
        if code in known:
            today = np.array([(site, code) in problem.today for site in problem.candidates])
            parts.append(((code,), (choices[code].provided != today).sum(axis=1)))
    return Score(tuple(parts))


def fewest_sites(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Sites that provide a service, added up over the services."""
    return sites_provided({code: choices[code] for code in services})


def transfers(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Transfers a year to services that are reached by transfer, suspected patients counted."""
    listed = (journeys(problem, choices, code) for code in problem.reached_by_transfer if code in services)
    parts = ((going.services, going.transfers_a_year()) for going in listed if isinstance(going, TwoLegs))
    return Score(tuple(parts), PARTS_OF_A_TRANSFER)


def sites_provided(choices: All) -> Score:
    """Designations in all: of equal options, the one that asks for less is the simpler."""
    return Score(tuple(((code,), chosen.provided.sum(axis=1)) for code, chosen in choices.items()))


SCORES: dict[str, Callable[[Problem, All, Sequence[str]], Score]] = {
    function.__name__: function
    for function in (
        patient_minutes,
        deprived_patient_minutes,
        worst_journey,
        patients_beyond_standard,
        patients_outside,
        staff_short,
        changes_from_today,
        fewest_sites,
        transfers,
    )
}


def can_be_counted(problem: Problem) -> list[str]:
    """Return the objectives that the tables of a question have all for, in order: how deprived areas are, or not."""
    residents = problem.areas[problem.resident_areas]
    known = "deprivation_decile" in residents and not residents["deprivation_decile"].isna().any()
    return [name for name in SCORES if known or name != deprived_patient_minutes.__name__]
