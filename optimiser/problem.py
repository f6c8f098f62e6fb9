"""One question, frozen and keyed by code.

Nothing here reads a file, builds a model or solves. A variant of a question is made with ``dataclasses.replace``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from optimiser.errors import TooLarge

Unit = Literal["people", "WTE"]

# Deciles 1 and 2 of the Indices of Deprivation: the most deprived fifth of areas.
MOST_DEPRIVED_DECILES = 2


@dataclass(frozen=True)
class Figure:
    """A number with where it comes from. ``verified`` is False unless a source was read that states it."""

    value: float
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Site:
    """A hospital. A neighbour takes the patients who live nearest to it and is never decided on."""

    code: str
    name: str
    candidate: bool


@dataclass(frozen=True)
class Fixed:
    """A designation that is not open to decision, and why."""

    provided: bool
    reason: str
    source: str = ""
    verified: bool = False


class Roster(Protocol):
    """How a rota may give its cover within the law. ``optimiser.rota`` knows."""

    def table(self) -> pd.DataFrame:
        """Return its smallest legal pattern as rows of ``rotas.csv``."""


@dataclass(frozen=True)
class RotaNeed:
    """What one open site needs of one team for one service, in people or in whole-time equivalents (WTE).

    ``steps`` are those in which ``needed`` was worked out from cover, as rows of ``rota_needs.csv``; ``roster`` is how
    that cover may be given. Both are empty where the need was stated.
    """

    team: str
    unit: Unit
    needed: Figure
    may_fall_short: bool = False
    steps: tuple[tuple[object, ...], ...] = ()
    roster: Roster | None = None


@dataclass(frozen=True)
class Link:
    """A service that must be on the same site as the one that names it."""

    service: str
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Team:
    """Staff who share a rota. ``None`` means no limit; moves and recruits are counted in each unit apart."""

    code: str
    name: str
    moves_at_most: Figure | None = None
    recruits_at_most: Figure | None = None


@dataclass(frozen=True)
class Service:
    """A line of care: who needs it, how they reach it, and what it needs to run. ``None`` means no such rule."""

    code: str
    name: str
    activity: str | None = None
    neighbours: tuple[str, ...] = ()
    fixed: Mapping[str, Fixed] = field(default_factory=dict)
    at_least_sites: Figure | None = None
    at_most_sites: Figure | None = None
    minimum_patients: Figure | None = None
    maximum_patients: Figure | None = None
    longest_journey_minutes: Figure | None = None
    standard_minutes: Figure | None = None
    share_within_standard: Figure | None = None
    same_site: tuple[Link, ...] = ()
    rotas: tuple[RotaNeed, ...] = ()


@dataclass(frozen=True)
class Objective:
    """Something to make as small as possible: a function of ``model.objectives``, over some services (all if empty)."""

    name: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """One question.

    Attributes
    ----------
    areas
        One row an area (index: area code) with at least ``resident`` (bool) and ``population`` (people), and where
        known ``name``, ``district``, ``population_75_plus``, ``deprivation_decile`` (1 is the most deprived tenth).
    journeys
        Minutes by road, one row an area, one column a site in ``site_order``. NaN: no journey (allowed pairs only).
    demand
        Patients a year, one row an area, one column an activity.
    staff
        In post, keyed by (site, team, unit).
    today
        The (site, service) pairs provided today.
    files
        The resolved config and the place's tables as they were read, by name in a run folder: what a reviewer needs to
        ask the same question again. Empty for a problem that was made in Python.
    """

    title: str
    sites: Mapping[str, Site]
    services: Mapping[str, Service]
    areas: pd.DataFrame
    journeys: pd.DataFrame
    demand: pd.DataFrame
    teams: Mapping[str, Team] = field(default_factory=dict)
    staff: Mapping[tuple[str, str, Unit], float] = field(default_factory=dict)
    today: frozenset[tuple[str, str]] = frozenset()
    objectives: tuple[Objective, ...] = (Objective("patient_minutes"),)
    time_limit_minutes: float = 10.0
    files: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """Codes of the sites that may be given services, in code order."""
        return tuple(sorted(code for code, site in self.sites.items() if site.candidate))

    @cached_property
    def site_order(self) -> tuple[str, ...]:
        """Candidates before neighbours, each by code: the order in which equal journey times are settled."""
        return tuple(sorted(self.sites, key=lambda code: (not self.sites[code].candidate, code)))

    @cached_property
    def services_with_patients(self) -> tuple[str, ...]:
        """Codes of the services whose patients' journeys count."""
        return tuple(code for code, service in self.services.items() if service.activity)

    @cached_property
    def team_units(self) -> tuple[tuple[str, Unit], ...]:
        """Each (team, unit) that some service's rota counts, in config order."""
        rotas = (rota for service in self.services.values() for rota in service.rotas)
        return tuple(dict.fromkeys((rota.team, rota.unit) for rota in rotas))

    def services_of(self, objective: Objective) -> tuple[str, ...]:
        """Codes of the services that an objective covers: those it lists, else all."""
        return objective.services or tuple(self.services)

    def behind_its_border(self) -> Problem:
        """Return the same question with nobody crossing the border; the problem itself if nobody does."""
        resident = self.areas["resident"]
        if resident.all() and not any(service.neighbours for service in self.services.values()):
            return self
        return replace(
            self,
            sites={code: site for code, site in self.sites.items() if site.candidate},
            services={code: replace(service, neighbours=()) for code, service in self.services.items()},
            areas=self.areas[resident],
            journeys=self.journeys.loc[resident, list(self.candidates)],
            demand=self.demand[resident],
        )

    def reachable_sites(self, service: str) -> tuple[str, ...]:
        """Every site that could take patients of this service, in the order that settles ties."""
        neighbours = set(self.services[service].neighbours)
        return tuple(s for s in self.site_order if self.sites[s].candidate or s in neighbours)

    def minutes(self, service: str) -> np.ndarray:
        """Journey minutes for a service: areas × ``reachable_sites``; infinite where there is no journey. Read only."""
        if service not in self._minutes:
            found = self.journeys[list(self.reachable_sites(service))].to_numpy(dtype=float, copy=True)
            found[np.isnan(found)] = np.inf
            found.flags.writeable = False
            self._minutes[service] = found
        return self._minutes[service]

    @cached_property
    def _minutes(self) -> dict[str, np.ndarray]:
        return {}

    @cached_property
    def patient_scale(self) -> int:
        """The power of ten that makes every number of patients whole."""
        return _scale(self.demand.to_numpy(dtype=float))

    @cached_property
    def minute_scale(self) -> int:
        """The power of ten that makes every journey time whole."""
        return _scale(self.journeys.to_numpy(dtype=float))

    def patients(self, service: str) -> np.ndarray:
        """Patients a year for a service, one number an area, residents or not."""
        activity = self.services[service].activity
        if activity is None:
            return np.zeros(len(self.areas))
        return self.demand[activity].to_numpy(dtype=float)


def _scale(values: np.ndarray) -> int:
    values = values[np.isfinite(values)]
    for places in range(7):
        scaled = values * 10**places
        if np.all(np.abs(scaled - np.rint(scaled)) <= 1e-12 + 4e-15 * scaled):
            return int(10**places)
    raise TooLarge("Journey times and patients are counted to six decimal places at most. Round the tables.")
