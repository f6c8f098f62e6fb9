"""Every rule and objective by plain arithmetic, for one choice of designations or for all of them at once.

A rule here yields ``Instance``s: its two sides as arrays with one axis a service, so that a joint choice over many
services is judged by broadcasting. Patients and minutes are added as whole numbers of their last decimal place, so sums
are exact and equal really means equal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd

from optimiser import beds, staffing
from optimiser.catchment import first_leg, nearest, subset_table
from optimiser.errors import TooLarge
from optimiser.pathways import LARGEST_EXACT, PARTS_OF_A_TRANSFER, TOO_FINE, TwoLegs
from optimiser.problem import MOST_DEPRIVED_DECILES, Beds, Figure, Objective, Problem, Service, Transfer
from optimiser.sharing import SharedOut

# Posts that are short are added as whole numbers of this many parts, so that equal really means equal.
PARTS_OF_A_POST = 10**9


@dataclass(frozen=True)
class Choices:
    """Some choices of designations for one service, and where that sends everybody.

    ``provided`` is choices × candidates; ``minutes`` (infinite where nobody can be reached) and ``site`` (a position in
    ``problem.reachable_sites``, −1 for none) are choices × areas, and empty for a service whose patients do not count,
    are transferred to it or are shared out: for those see ``journeys``.
    """

    problem: Problem
    service: Service
    provided: np.ndarray
    minutes: np.ndarray
    site: np.ndarray

    @property
    def services(self) -> tuple[str, ...]:
        """The service whose choices are the axis of every result."""
        return (self.service.code,)

    @property
    def unserved(self) -> np.ndarray:
        """Areas that no site takes, by choice."""
        return np.asarray((self.site < 0).sum(axis=1))

    @cached_property
    def patients(self) -> np.ndarray:
        """Patients a year by area, as whole numbers of ``1 / patient_scale``."""
        return np.asarray(np.rint(self.problem.patients(self.service.code) * self.problem.patient_scale))

    @cached_property
    def resident(self) -> np.ndarray:
        """Whether each area is resident."""
        return self.problem.areas["resident"].to_numpy()

    @cached_property
    def scaled_minutes(self) -> np.ndarray:
        """Minutes as whole numbers of ``1 / minute_scale``; 0 where nobody can be reached."""
        scaled = self.minutes * self.problem.minute_scale
        np.rint(scaled, out=scaled)
        if self._lost is not None:
            scaled[self._lost] = 0
        return scaled

    @cached_property
    def _lost(self) -> np.ndarray | None:
        """Which areas reach no site, by choice; nothing where all reach one."""
        reached = np.isfinite(self.minutes)
        return None if reached.all() else ~reached

    def minutes_of(self, counted: np.ndarray) -> np.ndarray:
        """Return patient-minutes a year (scaled) of some areas, by choice; infinite where patients reach no site."""
        patients = self.patients * counted
        total = np.asarray(self.scaled_minutes @ patients)
        return total if self._lost is None else np.where(self._lost @ patients > 0, np.inf, total)

    def arriving(self, site: str) -> np.ndarray:
        """Return patients a year at a site, from every area, by choice."""
        column = self.problem.reachable_sites(self.service.code).index(site)
        return np.asarray(((self.site == column) @ self.patients) / self.problem.patient_scale)

    @property
    def volume_scale(self) -> int:
        """What makes every number of patients at a site whole."""
        return self.problem.patient_scale

    @property
    def worst_minutes(self) -> np.ndarray:
        """The longest journey from any resident area, by choice."""
        return np.asarray(self.minutes[:, self.resident].max(axis=1, initial=0.0))

    def patients_beyond(self, minutes: float) -> np.ndarray:
        """Return resident patients a year (scaled) with a longer journey than ``minutes``, by choice."""
        return np.asarray((self.minutes > minutes) @ (self.patients * self.resident))


All = Mapping[str, Choices]


def every_choice(problem: Problem, service: str) -> Choices:
    """Return every choice of candidates for a service that agrees with what is fixed, in site order."""
    table = subset_table(problem, service)
    provided = (np.arange(len(table.minutes))[:, None] >> np.arange(len(problem.candidates)) & 1).astype(bool)
    fixed = problem.services[service].fixed
    allowed = np.ones(len(provided), dtype=bool)
    for column, site in enumerate(problem.candidates):
        if site in fixed:
            allowed &= provided[:, column] == fixed[site].provided
    # Site order: at the first site where two choices differ, the one that provides the service comes first.
    rows = np.array([row for row in np.lexsort(~provided.T[::-1]) if allowed[row]], dtype=int)
    counted = slice(None) if _one_site_an_area(problem.services[service]) else slice(0)
    minutes, site = table.minutes[rows][:, counted], table.site[rows][:, counted]
    return Choices(problem, problem.services[service], provided[rows], minutes, site)


def one_choice(problem: Problem, service: str, designated: Collection[tuple[str, str]]) -> Choices:
    """Return one choice of candidates for a service, as it stands in ``designated``."""
    chosen = [site for site in problem.candidates if (site, service) in designated]
    provided = np.array([[site in chosen for site in problem.candidates]])
    if not _one_site_an_area(problem.services[service]):
        nothing = np.zeros((1, 0))
        return Choices(problem, problem.services[service], provided, nothing, nothing.astype(int))
    sites = problem.reachable_sites(service)
    site = nearest(problem, service, chosen)
    column = pd.Index(sites).get_indexer(pd.Index(site))
    minutes = np.where(column >= 0, problem.minutes(service)[np.arange(len(column)), column], np.inf)
    return Choices(problem, problem.services[service], provided, minutes[None, :], column[None, :])


def _one_site_an_area(service: Service) -> bool:
    """Whether all patients of an area go to the same site, and straight there."""
    return bool(service.activity and not service.transfer and not service.managed)


def journeys(problem: Problem, choices: All, service: str) -> Choices | TwoLegs | SharedOut:
    """Return where every joint choice sends a service's patients: its own choices, or first contact's as well."""
    transfer = problem.services[service].transfer
    if problem.services[service].managed:
        return SharedOut(problem, service, choices[service].provided)
    if not transfer:
        return choices[service]
    first = choices[transfer.first_contact]
    minutes, site = first.minutes, first.site
    if problem.is_drawn_apart(service):
        minutes, site = first_leg(problem, service, first.provided)
    return TwoLegs(problem, service, minutes, site, choices[service].provided)


def loads_of_beds(going: Choices | TwoLegs | SharedOut, wanted: Beds, site: str) -> list[Fraction]:
    """Return the mean number of beds taken at a site if nobody is turned away, by joint choice in reading order."""
    volumes = np.rint(going.arriving(site) * going.volume_scale).ravel()
    return [wanted.stays.load(Fraction(int(volume), going.volume_scale)) for volume in volumes]


def _beds_needed(going: Choices | TwoLegs | SharedOut, wanted: Beds, site: str) -> np.ndarray:
    loads = loads_of_beds(going, wanted, site)
    needed = {load: beds.beds_needed(load, wanted.blocking.value) for load in set(loads)}
    return np.array([needed[load] for load in loads]).reshape(going.arriving(site).shape)


# Rules ----------------------------------------------------------------------------------------------------------------


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


def _each(problem: Problem, choices: All, setting: str) -> Iterator[tuple[str, Service, Choices, Figure]]:
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
    for code, _, chosen, least in _each(problem, choices, "at_least_sites"):
        sites = chosen.provided.sum(axis=1)
        yield Instance("enough_sites", (code,), (code,), sites, ">=", least.value, "sites", least)


@rule
def not_too_many_sites(problem: Problem, choices: All) -> Iterator[Instance]:
    """A service is provided on at most so many sites."""
    for code, _, chosen, most in _each(problem, choices, "at_most_sites"):
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
    for code, service, chosen, figure in _each(problem, choices, setting):
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
                needed = np.where(here, _beds_needed(going, wanted, site), 0)
                left, name = np.full(needed.shape, available.value), "beds_are_enough"
                yield Instance(name, (code, site), going.services, left, ">=", needed, "beds", available, here)


@rule
def nobody_travels_too_far(problem: Problem, choices: All) -> Iterator[Instance]:
    """Every resident area has an open site, or a neighbour, within the longest journey allowed."""
    for code, service, _, longest in _each(problem, choices, "longest_journey_minutes"):
        if service.activity:
            going = journeys(problem, choices, code)
            worst, most = going.worst_minutes, longest.value
            yield Instance("nobody_travels_too_far", (code,), going.services, worst, "<=", most, "minutes", longest)


@rule
def enough_patients_within_standard(problem: Problem, choices: All) -> Iterator[Instance]:
    """At least the stated share of resident patients reach the service within its standard."""
    for code, service, _, share in _each(problem, choices, "share_within_standard"):
        if service.standard_minutes and service.activity:
            going = journeys(problem, choices, code)
            patients = float((going.patients * going.resident).sum())
            within = patients - going.patients_beyond(service.standard_minutes.value)
            # A share is a quotient: it is rounded to what a table shows, after the exact sums.
            left = np.round(within / patients, 12) if patients else np.ones_like(within)
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
    for code, going, transfer in _transferred(problem, choices):
        most = transfer.most_transfers_a_day
        if most:
            left, name = going.transfers_a_day(), "not_too_many_transfers"
            yield Instance(name, (code,), going.services, left, "<=", most.value, "transfers a day", most)


@rule
def not_too_many_repatriations(problem: Problem, choices: All) -> Iterator[Instance]:
    """No more of a service's patients a year are taken back than the config allows."""
    for code, going, transfer in _transferred(problem, choices):
        most = transfer.most_repatriations_a_year
        if most:
            left, name = going.repatriations(), "not_too_many_repatriations"
            yield Instance(name, (code,), going.services, left, "<=", most.value, "repatriations a year", most)


@rule
def not_too_many_ambulance_hours(problem: Problem, choices: All) -> Iterator[Instance]:
    """Ambulances spend no more hours a year on a service's transfers and repatriations than the config allows."""
    for code, going, transfer in _transferred(problem, choices):
        most = transfer.most_ambulance_hours
        if most:
            left, name = going.ambulance_hours(), "not_too_many_ambulance_hours"
            yield Instance(name, (code,), going.services, left, "<=", most.value, "hours a year", most)


def _transferred(problem: Problem, choices: All) -> Iterator[tuple[str, TwoLegs, Transfer]]:
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
        needs, services, shape = _joint_needs(problem, choices, team, unit)
        filled = needs.lawful.reshape(shape).astype(int)
        yield Instance("rota_is_filled", (team, unit), services, filled, ">=", 1, "filled")


def _joint_needs(
    problem: Problem, choices: All, team: str, unit: str
) -> tuple[staffing.Needs, tuple[str, ...], tuple[int, ...]]:
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


# Objectives -----------------------------------------------------------------------------------------------------------


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
    return _minutes(problem, choices, services, problem.areas["resident"].to_numpy())


def deprived_patient_minutes(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Minutes that resident patients from the most deprived fifth of areas spend on the way, in a year."""
    deprived = (problem.areas["deprivation_decile"] <= MOST_DEPRIVED_DECILES).to_numpy()
    return _minutes(problem, choices, services, problem.areas["resident"].to_numpy() & deprived)


def _minutes(problem: Problem, choices: All, services: Sequence[str], counted: np.ndarray) -> Score:
    parts = [_minutes_of(journeys(problem, choices, code), counted) for code in _counted(problem, services)]
    if sum(float(part[np.isfinite(part)].max(initial=0)) for _, part in parts) >= LARGEST_EXACT:
        raise TooLarge(TOO_FINE)
    return Score(tuple(parts), problem.patient_scale * problem.minute_scale * problem.share_scale)


def _minutes_of(going: Choices | TwoLegs | SharedOut, counted: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the axes and the minutes of one service's patients, as whole numbers of their last decimal place."""
    if isinstance(going, TwoLegs):
        return going.services, going.patient_minutes(counted)
    return going.services, np.asarray(going.minutes_of(counted) * going.problem.share_scale)


def worst_journey(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """The longest journey from any resident area to any of the services."""
    going = [journeys(problem, choices, code) for code in _counted(problem, services)]
    return Score(tuple((one.services, one.worst_minutes) for one in going), combine=np.maximum)


def patients_beyond_standard(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Resident patients a year whose journey is longer than the service's standard."""
    parts = []
    for code in _counted(problem, services):
        standard = problem.services[code].standard_minutes
        if standard:
            going = journeys(problem, choices, code)
            parts.append((going.services, going.patients_beyond(standard.value)))
    return Score(tuple(parts), problem.patient_scale)


def staff_short(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Staff that rotas are short of, where the config lets them fall short."""
    teams = {rota.team for code in services for rota in problem.services[code].rotas}
    parts = []
    for team, unit in problem.team_units:
        if team in teams:
            needs, axes, shape = _joint_needs(problem, choices, team, unit)
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


def transfers(problem: Problem, choices: All, services: Sequence[str]) -> Score:
    """Transfers a year to services that are reached by transfer, suspected patients counted."""
    listed = [going for code, going, _ in _transferred(problem, choices) if code in services]
    return Score(tuple((going.services, going.transfers_a_year()) for going in listed), PARTS_OF_A_TRANSFER)


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
        staff_short,
        changes_from_today,
        transfers,
    )
}


def value(problem: Problem, designated: Collection[tuple[str, str]], objective: Objective) -> float:
    """Return what an objective comes to under one set of designations, exactly."""
    choices = {code: one_choice(problem, code, designated) for code in problem.services}
    found = score(problem, choices, objective)
    total = 0.0
    for _, part in found.parts:
        total = float(found.combine(total, part.item()))
    return total / found.scale


def lawful(problem: Problem, designated: Collection[tuple[str, str]]) -> bool:
    """Whether a set of designations breaks no rule."""
    choices = {code: one_choice(problem, code, designated) for code in problem.services}
    return all(instance.passes.all() for judge in ARITHMETIC.values() for instance in judge(problem, choices))
