"""Every rule by plain arithmetic: two sides and how they must compare, with one axis a service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from optimiser.journeys.by_transfer import TwoLegs
from optimiser.journeys.choices import All, Choices, beds_needed, journeys
from optimiser.model import staffing
from optimiser.problem import Figure, Problem, Service, Transfer


@dataclass(frozen=True)
class Instance:
    """One instance of a rule: two sides and how they must compare, with one axis a service in ``services``."""

    rule: str
    names: tuple[str, ...]
    services: tuple[str, ...]
    left: np.ndarray
    relation: str
    right: np.ndarray | float
    unit: str
    figure: Figure | None = None
    applies: np.ndarray | bool = True

    @property
    def passes(self) -> np.ndarray:
        """Whether the instance holds, or does not apply."""
        compare = {">=": np.greater_equal, "<=": np.less_equal, "=": np.equal}[self.relation]
        return np.asarray(compare(self.left, self.right) | ~np.asarray(self.applies))


Arithmetic = Callable[[Problem, All], Iterator[Instance]]
ARITHMETIC: dict[str, Arithmetic] = {}


def rule(function: Arithmetic) -> Arithmetic:
    """Register the arithmetic of a rule, under the rule's name."""
    ARITHMETIC[function.__name__] = function
    return function


def _each(choices: All, setting: str) -> Iterator[tuple[str, Service, Choices, Figure]]:
    for code, chosen in choices.items():
        figure = getattr(chosen.service, setting)
        if figure:
            yield code, chosen.service, chosen, figure


@rule
def every_area_is_served(problem: Problem, choices: All) -> Iterator[Instance]:
    """Every area has an open site, or a neighbour, that it can reach."""
    for code in problem.services_with_patients:
        going = journeys(problem, choices, code)
        yield Instance("every_area_is_served", (code,), going.services, going.unserved, "=", 0, "areas")


@rule
def fixed_designations_stand(problem: Problem, choices: All) -> Iterator[Instance]:
    """What is fixed stays as it is fixed."""
    for code, chosen in choices.items():
        for site, fixed in chosen.service.fixed.items():
            is_provided = chosen.provided[:, problem.candidates.index(site)].astype(int)
            figure = Figure(int(fixed.provided), fixed.source, fixed.verified)
            names = (code, site)
            yield Instance(
                "fixed_designations_stand", names, (code,), is_provided, "=", figure.value, "designated", figure
            )


@rule
def enough_sites(problem: Problem, choices: All) -> Iterator[Instance]:
    """A service is provided on at least so many sites."""
    for code, _, chosen, least in _each(choices, "at_least_sites"):
        sites = chosen.provided.sum(axis=1)
        yield Instance("enough_sites", (code,), (code,), sites, ">=", least.value, "sites", least)


@rule
def not_too_many_sites(problem: Problem, choices: All) -> Iterator[Instance]:
    """A service is provided on at most so many sites."""
    for code, _, chosen, most in _each(choices, "at_most_sites"):
        sites = chosen.provided.sum(axis=1)
        yield Instance("not_too_many_sites", (code,), (code,), sites, "<=", most.value, "sites", most)


@rule
def every_site_has_enough_patients(problem: Problem, choices: All) -> Iterator[Instance]:
    """A site that provides a service has at least the minimum number of patients."""
    yield from _volumes(problem, choices, "every_site_has_enough_patients", "minimum_patients", ">=")


@rule
def no_site_has_too_many_patients(problem: Problem, choices: All) -> Iterator[Instance]:
    """A site that provides a service has at most the maximum number of patients."""
    yield from _volumes(problem, choices, "no_site_has_too_many_patients", "maximum_patients", "<=")


def _volumes(problem: Problem, choices: All, name: str, setting: str, relation: str) -> Iterator[Instance]:
    for code, service, chosen, figure in _each(choices, setting):
        going = journeys(problem, choices, code)
        for column, site in enumerate(problem.candidates if service.activity else ()):
            yield Instance(
                name,
                (code, site),
                going.services,
                going.arriving(site),
                relation,
                figure.value,
                "patients a year",
                figure,
                chosen.provided[:, column],
            )


@rule
def beds_are_enough(problem: Problem, choices: All) -> Iterator[Instance]:
    """A site that provides a service has the beds that its patients need."""
    for code, chosen in choices.items():
        wanted = chosen.service.beds
        if wanted is None or not wanted.at or not chosen.service.activity:
            continue
        going = journeys(problem, choices, code)
        for column, site in enumerate(problem.candidates):
            if site in wanted.at:
                here, available = chosen.provided[:, column], wanted.at[site]
                needed = np.where(here, beds_needed(going, wanted, site), 0)
                left, name = np.full(needed.shape, available.value), "beds_are_enough"
                yield Instance(name, (code, site), going.services, left, ">=", needed, "beds", available, here)


@rule
def nobody_travels_too_far(problem: Problem, choices: All) -> Iterator[Instance]:
    """Every resident area has an open site, or a neighbour, within the longest journey allowed."""
    for code, service, _, longest in _each(choices, "longest_journey_minutes"):
        if service.activity:
            going = journeys(problem, choices, code)
            worst, most = going.worst_minutes, longest.value
            yield Instance("nobody_travels_too_far", (code,), going.services, worst, "<=", most, "minutes", longest)


@rule
def enough_patients_within_standard(problem: Problem, choices: All) -> Iterator[Instance]:
    """At least the stated share of resident patients reach the service within its standard."""
    for code, service, _, share in _each(choices, "share_within_standard"):
        if service.standard_minutes and service.activity:
            going = journeys(problem, choices, code)
            patients = going.resident_patients
            within = patients - going.patients_beyond(service.standard_minutes.value)
            # A share is a quotient: it is rounded to what a table shows, after the exact sums.
            left = np.round(np.where(patients > 0, within, 1.0) / np.where(patients > 0, patients, 1.0), 12)
            yield Instance(
                "enough_patients_within_standard",
                (code,),
                going.services,
                left,
                ">=",
                share.value,
                "share of patients",
                share,
            )


@rule
def not_too_many_transfers(problem: Problem, choices: All) -> Iterator[Instance]:
    """No more patients a day are transferred to a service than the config allows, suspected ones counted."""
    for code, going, transfer in transferred(problem, choices):
        most = transfer.most_transfers_a_day
        if most:
            left, name = going.transfers_a_day(), "not_too_many_transfers"
            yield Instance(name, (code,), going.services, left, "<=", most.value, "transfers a day", most)


@rule
def not_too_many_repatriations(problem: Problem, choices: All) -> Iterator[Instance]:
    """No more of a service's patients a year are taken back than the config allows."""
    for code, going, transfer in transferred(problem, choices):
        most = transfer.most_repatriations_a_year
        if most:
            left, name = going.repatriations(), "not_too_many_repatriations"
            yield Instance(name, (code,), going.services, left, "<=", most.value, "repatriations a year", most)


@rule
def not_too_many_ambulance_hours(problem: Problem, choices: All) -> Iterator[Instance]:
    """Ambulances spend no more hours a year on a service's transfers and repatriations than the config allows."""
    for code, going, transfer in transferred(problem, choices):
        most = transfer.most_ambulance_hours
        if most:
            left, name = going.ambulance_hours(), "not_too_many_ambulance_hours"
            yield Instance(name, (code,), going.services, left, "<=", most.value, "hours a year", most)


def transferred(problem: Problem, choices: All) -> Iterator[tuple[str, TwoLegs, Transfer]]:
    """Yield each service that is reached by transfer, its journeys and how its patients are taken on."""
    for code in problem.reached_by_transfer:
        going = journeys(problem, choices, code)
        if isinstance(going, TwoLegs):
            yield code, going, going.legs.transfer


@rule
def services_share_a_site(problem: Problem, choices: All) -> Iterator[Instance]:
    """A site that provides a service also provides the services it must share a site with."""
    for code, chosen in choices.items():
        for link in chosen.service.same_site:
            other = choices[link.service]
            figure = Figure(1, link.source, link.verified)
            for column, site in enumerate(problem.candidates):
                if problem.is_excepted(code, link.service, site):
                    continue
                needs_it = chosen.provided[:, column].astype(int)
                has_it = other.provided[:, column].astype(int)
                yield Instance(
                    "services_share_a_site",
                    (code, site, link.service),
                    (code, link.service),
                    has_it[None, :],
                    ">=",
                    needs_it[:, None],
                    "designated",
                    figure,
                )


@rule
def services_are_within_reach(problem: Problem, choices: All) -> Iterator[Instance]:
    """A site that provides a service has those it needs in reach: at a site that is near enough, or at its own."""
    for code, chosen in choices.items():
        for link in chosen.service.in_reach:
            for column, site in enumerate(problem.candidates):
                if problem.is_excepted(code, link.service, site):
                    continue
                there = [problem.transfer_minutes(other, site) for other in problem.candidates]
                nearest = np.where(choices[link.service].provided, there, np.inf).min(axis=1)
                yield Instance(
                    "services_are_within_reach",
                    (code, site, link.service),
                    (code, link.service),
                    nearest[None, :],
                    "<=",
                    link.minutes.value,
                    "minutes",
                    link.minutes,
                    chosen.provided[:, column][:, None],
                )


@rule
def rota_is_filled(problem: Problem, choices: All) -> Iterator[Instance]:
    """The rotas that may not fall short can all be filled from those in post, moves and recruits."""
    for team, unit in problem.team_units:
        needs, services, shape = joint_needs(problem, choices, team, unit)
        filled = needs.lawful.reshape(shape).astype(int)
        yield Instance("rota_is_filled", (team, unit), services, filled, ">=", 1, "filled")


def joint_needs(
    problem: Problem, choices: All, team: str, unit: str
) -> tuple[staffing.Needs, tuple[str, ...], tuple[int, ...]]:
    """Return what rotas need of a team, the services that decide it, and how many choices each of those has."""
    counted = {
        code: [rota for rota in chosen.service.rotas if (rota.team, rota.unit) == (team, unit)]
        for code, chosen in choices.items()
    }
    beside = {other for rotas in counted.values() for rota in rotas for other in rota.rests_on}
    services = tuple(code for code, rotas in counted.items() if rotas or code in beside)
    shape = tuple(len(choices[code].provided) for code in services)
    index = np.indices(shape).reshape(len(shape), -1)
    provided = {code: choices[code].provided[rows] for code, rows in zip(services, index, strict=True)}
    return staffing.needs(problem, team, unit, provided), services, shape  # type: ignore[arg-type]
