"""The question that a run answers: what its ``config.yaml`` asks, as the checks use it. ``config`` reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from optimiser.checker.cover import Asked
from optimiser.checker.reading import Number, rounded_ratio

NONE, A_HUNDREDTH = Fraction(0), Fraction(1, 100)


class Figure(NamedTuple):
    """A number of the config, or ``None`` for unlimited, with where it comes from."""

    value: Fraction | None
    source: str = ""
    verified: bool = False


class Fixed(NamedTuple):
    """A designation that is not open to decision, and why."""

    provided: bool
    reason: str
    source: str
    verified: bool


class Link(NamedTuple):
    """Where the wish for a service on the same site comes from, or the word of another service."""

    source: str
    verified: bool
    service: str = ""


class Beds(NamedTuple):
    """What patients ask of beds, what sites have by site, and the WTE of each role that a bed needs."""

    days: Fraction
    blocking: Fraction
    other_share: Fraction
    other_days: Fraction
    at: Mapping[str, Figure]
    staff_per_bed: Mapping[str, Fraction]


class Excepted(NamedTuple):
    """Why a link need not hold at a site, and who says so."""

    reason: str
    source: str
    by: str


class Change(NamedTuple):
    """What something is changed to, or how, as it is written; why, and where that is stated."""

    value: str
    reason: str
    source: str
    verified: bool


class AddedSite(NamedTuple):
    """A candidate that is in no table of the place: what a table would say of it, and why it is added."""

    name: str
    latitude: Fraction | None
    longitude: Fraction | None
    easting_m: Fraction | None
    northing_m: Fraction | None
    journeys: str
    transfers: str
    staff: Mapping[str, Mapping[str, Fraction | None]]
    fixed: Mapping[str, bool]
    beds: Mapping[str, Figure]
    reason: str
    source: str
    verified: bool


class Rota(NamedTuple):
    """What a site that provides a service needs of a team in a unit, and the services where it does not."""

    needed: Figure
    may_fall_short: bool
    only_without: str | None = None
    remote_from: str | None = None
    shared_on_call: bool = False
    sharing_is_verified: bool = True


class Across(NamedTuple):
    """One team over all sites: where it is based, its trips to each other site, and its staff where they are stated."""

    base: str
    trips: Figure
    in_post: Fraction | None
    travel_by: str | None = None


class Observed(NamedTuple):
    """Minutes that patients add to each site when they choose, and the period whose counts they are compared with."""

    offsets: Mapping[str, Fraction]
    period: str

    def micro(self, site: str) -> int:
        """Return the millionths of a minute that patients add to a site."""
        offset = self.offsets.get(site, NONE)
        return rounded_ratio(offset.numerator * 10**6, offset.denominator)


class Growth(NamedTuple):
    """Growth of demand: over how many years, and shares a year by age or by activity."""

    years: int
    by_age: Mapping[str, Fraction]
    by_activity: Mapping[str, Fraction]


class Team(NamedTuple):
    """The year whose staff count, and how many may move and be recruited."""

    year: Fraction | None
    moves: Figure
    recruits: Figure
    across: Across | None = None
    posts: Figure | None = None
    name: str = ""


class Transfer(NamedTuple):
    """Where patients are seen first, and the figures of how they are taken on; limits that are not set are absent."""

    first_contact: str
    figures: Mapping[str, Figure]
    to_neighbours: bool = True

    def value(self, name: str) -> Fraction:
        """Return the value of a figure that is always known."""
        return self.figures[name].value or NONE


class Objective(NamedTuple):
    """An objective's name and the services it lists; no service listed means all."""

    name: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """A service as the config states it. A figure that is not stated is not in ``figures``."""

    activity: str | None
    neighbours: str | tuple[str, ...]
    fixed: Mapping[str, Fixed]
    figures: Mapping[str, Figure]
    same_site: Mapping[str, Link]
    rotas: Mapping[tuple[str, str], Rota]
    in_reach: Mapping[str, Figure]
    by_transfer: Mapping[str, Link]
    beds: Beds | None
    observed: Observed | None = None
    transfer: Transfer | None = None
    covers: Mapping[str, Asked] = field(default_factory=dict)
    managed: bool = False
    name: str = ""
    taken_outside: Mapping[str, Figure] = field(default_factory=dict)
    travel_by: str | None = None
    visitors_travel_by: str | None = None

    def figure(self, name: str) -> Fraction | None:
        """Return the value of a figure, or nothing if the config does not state it."""
        return self.figures[name].value if name in self.figures else None


@dataclass(frozen=True)
class Question:
    """The whole config."""

    title: str
    border: str
    pull: Fraction
    factor: Fraction
    minute_places: int
    allow_missing: frozenset[tuple[str, str]]
    teams: Mapping[str, Team]
    services: Mapping[str, Service]
    today: Mapping[str, frozenset[str]]
    objectives: tuple[Objective, ...]
    exceptions: Mapping[tuple[str, str, str], Excepted]
    growth: Growth | None
    ages: Mapping[str, Mapping[str, Fraction]]
    law: Mapping[str, object]
    whole_law: bool
    terms: Mapping[str, Figure]
    services_a_site: Figure | None
    transfers_in_all: Figure | None = None
    a_tie_is_within: Figure | None = None
    know_before: tuple[Mapping[str, str], ...] = ()
    known_in_full: bool = False
    shut_roads: tuple[str, ...] = ()
    less: Fraction = NONE
    taken_back: bool = False
    slow_roads: Mapping[str, Fraction] = field(default_factory=dict)
    hour: Fraction | None = None
    untouched: frozenset[str] = frozenset()
    changes: Mapping[str, Change] = field(default_factory=dict)
    times: Mapping[str, bool] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    sites: Mapping[str, AddedSite] = field(default_factory=dict)

    @property
    def border_open(self) -> bool:
        """Whether anybody may cross the border."""
        return self.border != "closed"

    @property
    def as_today(self) -> bool:
        """Whether as many cross the border as do today, whatever is designated."""
        return self.border == "as_today"

    def level_within(self, minutes: Number) -> Number:
        """Return by how many minutes a patient a service's average journey may differ from this one and be level."""
        stated = self.a_tie_is_within
        return A_HUNDREDTH * Fraction(minutes) if stated is None or stated.value is None else stated.value

    def leans_across_sites(self) -> bool:
        """Whether a service may lean on another at another site, or need not at all: then links.csv is due."""
        across = any(service.in_reach or service.by_transfer for service in self.services.values())
        return across or bool(self.exceptions)

    def covers(self) -> Iterator[tuple[str, str, Asked]]:
        """Yield every rota that states its cover: its service, its team, and what is asked."""
        for code, service in self.services.items():
            yield from ((code, team, asked) for team, asked in service.covers.items())

    def rota_units(self) -> list[tuple[str, str]]:
        """Return every (team, unit) that some service's rota needs, in reading order."""
        return list(dict.fromkeys(key for service in self.services.values() for key in service.rotas))
