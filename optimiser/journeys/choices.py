"""Choices of sites for one service, with where everybody goes under each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from optimiser.journeys.by_transfer import TwoLegs
from optimiser.journeys.going import Bools, Floats, Going, Ints, at
from optimiser.journeys.nearest import first_leg, nearest_columns, subset_table
from optimiser.journeys.shared_out import SharedOut
from optimiser.problem import Beds, Problem, Service, beds


@dataclass(frozen=True, eq=False)
class Choices(Going):
    """Some choices of designations for one service, and where that sends everybody.

    ``provided`` is choices × candidates; ``minutes`` (infinite where nobody can be reached) and ``site`` (a position in
    ``problem.reachable_sites``, −1 for none) are choices × areas, and empty for a service whose patients do not count,
    are transferred to it or are shared out: for those see ``journeys``.
    """

    service: Service
    provided: Bools
    minutes: Floats
    site: Ints

    @property
    def services(self) -> tuple[str, ...]:
        """The service whose choices are the axis of every result."""
        return (self.service.code,)

    @property
    def unserved(self) -> Ints:
        """Areas that no site takes, by choice."""
        return np.asarray((self.site[:, self.areas] < 0).sum(axis=1))

    @cached_property
    def scaled_minutes(self) -> Floats:
        """Minutes as whole numbers of ``1 / minute_scale``; 0 where nobody can be reached."""
        scaled = self.minutes * self.problem.minute_scale
        np.rint(scaled, out=scaled)
        if self._lost is not None:
            scaled[self._lost] = 0
        return scaled

    @cached_property
    def _lost(self) -> Bools | None:
        """Which areas reach no site, by choice; nothing where all reach one."""
        reached = np.isfinite(self.minutes)
        return None if reached.all() else ~reached

    def patient_minutes(self, counted: Bools) -> Floats:
        """Return minutes a year that patients of some areas spend on the way, by choice."""
        patients = self.patients * counted
        total = np.asarray(self.scaled_minutes @ patients) * self.problem.share_scale
        return total if self._lost is None else np.where(self._lost @ patients > 0, np.inf, total)

    def arriving(self, site: str, counted: Bools | None = None) -> Floats:
        """Return patients a year at a site, from every area or only from those that are counted, by choice."""
        column = self.problem.reachable_sites(self.service.code).index(site)
        patients = self.patients if counted is None else self.patients * counted
        return np.asarray(((self.site == column) @ patients) / self.problem.patient_scale)

    @cached_property
    def both_legs(self) -> list[Any]:
        """The last choices of first contact that these were put together with, and both legs then; empty before."""
        return []

    @property
    def worst_minutes(self) -> Floats:
        """The longest journey from any resident area, by choice."""
        return np.asarray(self.minutes[:, self.stays].max(axis=1, initial=0.0))

    def patients_beyond(self, minutes: float) -> Floats:
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
    site = nearest_columns(problem, service, chosen)
    minutes = at(site, problem.minutes(service))
    return Choices(problem, problem.services[service], provided, minutes[None, :], site[None, :])


def _one_site_an_area(service: Service) -> bool:
    """Whether all patients of an area go to the same site, and straight there."""
    return bool(service.activity and not service.transfer and not service.managed)


def journeys(problem: Problem, choices: All, service: str) -> Going:
    """Return where every joint choice sends a service's patients: its own choices, or first contact's as well."""
    transfer, own = problem.services[service].transfer, choices[service]
    if problem.services[service].managed:
        return SharedOut(problem, service, own.provided)
    if not transfer:
        return own
    first = choices[transfer.first_contact]

    if not own.both_legs or own.both_legs[0] is not first or own.both_legs[1].problem is not problem:
        apart = problem.is_drawn_apart(service)
        leg = first_leg(problem, service, first.provided) if apart else (first.minutes, first.site)
        own.both_legs[:] = first, TwoLegs(problem, service, *leg, own.provided)
    return own.both_legs[1]  # type: ignore[no-any-return]


def loads_of_beds(going: Going, wanted: Beds, site: str) -> list[Fraction]:
    """Return the mean number of beds taken at a site if nobody is turned away, by joint choice in reading order."""
    volumes = np.rint(going.arriving(site) * going.volume_scale).ravel()
    return [wanted.stays.load(Fraction(int(volume), going.volume_scale)) for volume in volumes]


def beds_needed(going: Going, wanted: Beds, site: str) -> Floats:
    """Return the beds that patients at a site need, by joint choice."""
    patients = going.arriving(site)
    volumes, which = np.unique(np.rint(patients * going.volume_scale).astype(np.int64), return_inverse=True)
    needed = beds.beds_needed_by(volumes.tolist(), wanted.stays, wanted.blocking.value, scale=going.volume_scale)
    return np.array(needed)[which].reshape(patients.shape)
