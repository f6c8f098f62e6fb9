"""A run, parsed: the inputs, the decisions and the claims, and what follows from the first two.

Minutes are whole millionths and patients whole parts of a power of ten, so that every sum is exact and fast.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from optimiser.checker.across import rota_need
from optimiser.checker.reading import (
    Number,
    Row,
    rounded_ratio,
)
from optimiser.checker.stated import Question, Transfer

ACROSS_SITES = "across_sites"
MICRO = 10**6
# Named in place of a service where no offsets count.
NOBODY = ""


class Area(NamedTuple):
    """Where people live. ``decile``, ``district`` and the older people are ``None`` where they are not stated."""

    resident: bool
    population: Fraction | int
    district: str | None
    over_75: Fraction | int | None
    decile: Fraction | None
    over_65: Fraction | int | None = None


class Journey(NamedTuple):
    """Where an area's patients go: no site, and no minutes, if none can take them.

    Patients who are transferred are seen at ``first_site`` after ``first_minutes``, and ``road`` is the way from there.
    """

    site: str | None
    minutes: int | None
    first_site: str | None
    first_minutes: int | None
    road: int | None

    @property
    def moves(self) -> bool:
        """Whether patients are transferred."""
        return self.site is not None and self.site != self.first_site


class Piece(NamedTuple):
    """Some of an area's patients, who make the same journey: how many (times the scale), and which share of all."""

    journey: Journey
    patients: Fraction | int
    share: Fraction | int = 1


class Inputs(NamedTuple):
    """The tables of the place."""

    areas: Mapping[str, Area]
    area_columns: Collection[str]
    roles: Mapping[str, str]
    minutes: Mapping[tuple[str, str], int]
    patients: Mapping[tuple[str, str], int]
    patients_before: Mapping[tuple[str, str], int]
    patients_scale: int
    in_post: Mapping[tuple[str, str, str], Fraction]
    road: Mapping[tuple[str, str], int]
    counts: Mapping[tuple[str, str, str], Fraction]


class Result(NamedTuple):
    """What ``run.json`` says of how the run ended."""

    question: object
    outcome: str
    objectives: list[Any]
    format: object
    enumeration: object = None
    record: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Run:
    """A parsed run. Claims are rows by key; what follows from inputs and decisions is worked out here."""

    question: Question
    inputs: Inputs
    result: Result
    designations: Mapping[tuple[str, str], Row]
    journeys: Mapping[tuple[str, str, str], Row]
    staffing: Mapping[tuple[str, str, str], Row]
    measures: Mapping[tuple[str, str, str], Row]
    rules: list[Row]
    links: Mapping[tuple[str, str, str, str], Row]
    exceptions: Mapping[tuple[str, str, str], Row]
    rotas: list[Row] = field(default_factory=list)
    rota_needs: Mapping[tuple[str, Fraction], Row] = field(default_factory=dict)

    @cached_property
    def areas(self) -> dict[str, Area]:
        """The areas that exist in this question: all, or with a closed border the resident ones."""
        areas = self.inputs.areas.items()
        return {code: area for code, area in areas if area.resident or self.question.border_open}

    @cached_property
    def residents(self) -> list[str]:
        """Codes of the resident areas."""
        return [code for code, area in self.areas.items() if area.resident]

    @cached_property
    def candidates(self) -> list[str]:
        """Codes of the sites that may be given services."""
        return sorted(site for site, role in self.inputs.roles.items() if role == "candidate")

    @cached_property
    def services_with_patients(self) -> list[str]:
        """Codes of the services that name an activity."""
        return [code for code, service in self.question.services.items() if service.activity is not None]

    def neighbours(self, service: str) -> list[str]:
        """Return the neighbours that take patients of a service."""
        listed = self.question.services[service].neighbours
        if not self.question.border_open or listed == "none":
            return []
        every = sorted(site for site, role in self.inputs.roles.items() if role == "neighbour")
        return every if listed == "all" else [site for site in every if site in listed]

    def designated(self, service: str, site: str) -> bool:
        """Whether the plan gives a service to a site."""
        row = self.designations.get((service, site))
        return row is not None and bool(row.cells["designated"])

    def sites_of(self, service: str) -> list[str]:
        """Return the candidates that the plan gives a service to."""
        return [site for site in self.candidates if self.designated(service, site)]

    @cached_property
    def nearest(self) -> dict[str, dict[str, Journey]]:
        """Every service's journeys: the least minutes, a candidate before a neighbour, then by code."""
        straight = [s for s in self.services_with_patients if self.question.services[s].transfer is None]
        found = {service: self.nearest_of(service, self.sites_of(service)) for service in straight}
        for service in self.services_with_patients:
            if service not in found:
                first = self.transfer(service).first_contact
                found[service] = self.by_transfer_if(service, self.sites_of(first), self.sites_of(service))
        return {service: found[service] for service in self.services_with_patients}

    @cached_property
    def pieces(self) -> dict[str, dict[str, list[Piece]]]:
        """Who goes where, by service and area: all of an area to the nearest, or shared out as journeys.csv says."""
        found: dict[str, dict[str, list[Piece]]] = {}
        for service in self.services_with_patients:
            if self.question.services[service].managed:
                found[service] = self._shared_out(service)
            else:
                going = self.nearest[service].items()
                found[service] = {area: [Piece(journey, self.patients(service, area))] for area, journey in going}
        return found

    def _shared_out(self, service: str) -> dict[str, list[Piece]]:
        rows: dict[str, list[Row]] = {area: [] for area in self.areas}
        for (code, area, _), row in self.journeys.items():
            if code == service and area in rows:
                rows[area].append(row)
        found: dict[str, list[Piece]] = {}
        for area, here in rows.items():
            everybody = self.patients(service, area)
            found[area] = []
            for row in here:
                site, number = row.cells["site"] or None, row.cells["patients_per_year"]
                minutes = self.inputs.minutes.get((area, site)) if site else None
                patients = everybody if len(here) == 1 else Fraction(number) * self.inputs.patients_scale
                share = Fraction(patients, everybody) if everybody else 1
                journey = Journey(site, minutes, site, minutes, None if minutes is None else 0)
                found[area].append(Piece(journey, patients, share))
        return found

    def journey_of(self, service: str, area: str, row: Row) -> Journey:
        """Return the journey that a row of journeys.csv is about: to the nearest, or to the row's own site."""
        if not self.question.services[service].managed:
            return self.nearest[service][area]
        pieces = (piece.journey for piece in self.pieces[service][area])
        return next(journey for journey in pieces if (journey.site or "") == row.cells["site"])

    def pieces_of(self, service: str, areas: Iterable[str]) -> Iterator[tuple[str, Piece]]:
        """Yield every piece of some areas, with its area."""
        for area in areas:
            for piece in self.pieces[service][area]:
                yield area, piece

    def by_transfer_if(self, service: str, first_sites: Iterable[str], sites: Iterable[str]) -> dict[str, Journey]:
        """Take everybody to first contact, and from there to the nearest site by road that provides the service.

        With these candidates open for first contact and for the service. Patients with offsets of their own choose
        first contact by those; others as all who come there do.
        """
        transfer = self.transfer(service)
        firsts, open_sites = sorted(first_sites), [*sorted(sites), *self.neighbours(service)]
        drawn_as = service if self.question.services[service].observed else transfer.first_contact
        straight = self.nearest_of(transfer.first_contact, firsts, drawn_as)
        waits = (transfer.value("dwell_minutes") + transfer.value("overhead_minutes")) * MICRO
        onward: dict[str | None, tuple[str | None, int | None]] = {None: (None, None)}
        takers = open_sites if transfer.to_neighbours else sorted(sites)
        for seen in [*firsts, *self.neighbours(transfer.first_contact)]:
            ways = [(self.inputs.road[seen, s], n) for n, s in enumerate(takers) if (seen, s) in self.inputs.road]
            least, place = min(ways, default=(None, None))
            onward[seen] = (None if place is None else open_sites[place], least)
            if seen in open_sites:
                onward[seen] = (seen, 0)
        found: dict[str, Journey] = {}
        for area, first in straight.items():
            site, way = onward[first.site]
            second = 0 if site == first.site else round(waits) + (way or 0)
            minutes = None if site is None or first.minutes is None else first.minutes + second
            found[area] = Journey(site, minutes, first.site, first.minutes, way)
        return found

    def transfer(self, service: str) -> Transfer:
        """Return how a service's patients are transferred."""
        transfer = self.question.services[service].transfer
        assert transfer is not None
        return transfer

    def share_moved(self, service: str, journey: Journey) -> Fraction | int:
        """Return the share of an area's patients who reach the site that its journey ends at."""
        return self.transfer(service).value("share_transferred") if journey.moves else 1

    def minutes_spent(self, service: str, area: str) -> Fraction | int | None:
        """Return what an area's patients spend on the way on average, in millionths of a minute."""
        total: Fraction | int = 0
        for piece in self.pieces[service][area]:
            minutes = self._minutes_of(service, piece.journey)
            if minutes is None:
                return None
            total += piece.share * minutes
        return total

    def _minutes_of(self, service: str, journey: Journey) -> Fraction | int | None:
        if journey.minutes is None or journey.first_minutes is None:
            return None
        second = journey.minutes - journey.first_minutes
        return journey.first_minutes + (self.share_moved(service, journey) * second if second else 0)

    def transferred(self, service: str) -> dict[tuple[str, str, int], Fraction]:
        """Return confirmed patients a year who are transferred, from all areas, by (from, to, road)."""
        share = self.transfer(service).value("share_transferred")
        found: dict[tuple[str, str, int], Fraction] = {}
        for area, journey in self.nearest[service].items():
            if journey.moves:
                way = (journey.first_site or "", journey.site or "", journey.road or 0)
                patients = Fraction(self.patients(service, area), self.inputs.patients_scale)
                found[way] = found.get(way, Fraction(0)) + share * patients
        return found

    def transfers_a_year(self, service: str) -> Fraction:
        """Return how many patients are taken on in a year, suspected ones counted."""
        suspected = self.transfer(service).value("suspected_per_confirmed")
        return suspected * sum(self.transferred(service).values(), Fraction(0))

    def ambulance_hours(self, service: str) -> Fraction:
        """Return an ambulance's hours a year: out and back and overhead a transfer, out and back a repatriation."""
        transfer, minutes = self.transfer(service), Fraction(0)
        for (_, _, road), confirmed in self.transferred(service).items():
            out_and_back = Fraction(2 * road, MICRO)
            each = transfer.value("suspected_per_confirmed") * (out_and_back + transfer.value("overhead_minutes"))
            minutes += confirmed * (each + transfer.value("repatriated_share") * out_and_back)
        return minutes / 60

    def nearest_of(self, service: str, sites: Iterable[str], drawn_as: str | None = None) -> dict[str, Journey]:
        """Return every area's journey with these candidates open: by minutes, plus offsets where there are any.

        The offsets are the service's own, or those of the service that is named.
        """
        # Candidates before neighbours, each by code: among equals the first of these is taken.
        open_sites = [*sorted(sites), *self.neighbours(service)]
        minutes, found = self.inputs.minutes, {}
        added = [self._offset(service if drawn_as is None else drawn_as, site) for site in open_sites]
        asked = (tuple(open_sites), tuple(added))
        if asked in self._nearest_of:
            return self._nearest_of[asked]
        for area in self.areas:
            options = [(minutes[area, s] + added[n], n) for n, s in enumerate(open_sites) if (area, s) in minutes]
            _, place = min(options, default=(None, None))
            site = None if place is None else open_sites[place]
            least = None if site is None else minutes[area, site]
            found[area] = Journey(site, least, site, least, None if site is None else 0)
        return self._nearest_of.setdefault(asked, found)

    @cached_property
    def _nearest_of(self) -> dict[tuple[tuple[str, ...], tuple[int, ...]], dict[str, Journey]]:
        """Journeys that were worked out already: many services are at the same sites."""
        return {}

    def straight_there(self, service: str) -> dict[str, Journey]:
        """Return every area's journey if its patients went straight to the nearest site that provides a service."""
        return self.nearest_of(service, self.sites_of(service), NOBODY)

    def transfer_minutes(self, from_site: str, to_site: str) -> int | None:
        """Return millionths of a minute by road between two sites: none from a site to itself, nothing if unknown."""
        return 0 if from_site == to_site else self.inputs.road.get((from_site, to_site))

    def _offset(self, service: str, site: str) -> int:
        """Return the millionths of a minute that patients add to a site when they choose."""
        stated = self.question.services.get(service)
        observed = stated.observed if stated else None
        offset = observed.offsets.get(site, Fraction(0)) if observed else Fraction(0)
        return rounded_ratio(offset.numerator * MICRO, offset.denominator)

    def counted(self, service: str) -> dict[str, Fraction]:
        """Return the patients counted at the sites that provide a service today, where a period is stated."""
        stated = self.question.services[service]
        if stated.observed is None or not stated.observed.period:
            return {}
        key = (stated.activity or "", stated.observed.period)
        today = sorted(self.question.today.get(service, ()))
        return {site: self.inputs.counts.get((site, *key), Fraction(0)) for site in today}

    def came_back(self, service: str) -> dict[str, Fraction]:
        """Return the patients whom the offsets send to each of those sites, with today's designations and demand."""
        sites, activity = self.counted(service), self.question.services[service].activity or ""
        going = self.nearest_of(service, sites)
        total = dict.fromkeys(sites, 0)
        for area in self.areas:
            site = going[area].site
            if site in total:
                total[site] += self.inputs.patients_before.get((area, activity), 0)
        return {site: Fraction(patients, self.inputs.patients_scale) for site, patients in total.items()}

    def patients(self, service: str, area: str) -> int:
        """Return an area's patients a year, times ``inputs.patients_scale``."""
        return self.inputs.patients.get((area, self.question.services[service].activity or ""), 0)

    def patients_from(self, service: str, site: str, areas: Iterable[str]) -> Fraction:
        """Return how many patients a year arrive at a site from some areas."""
        arriving = [piece for _, piece in self.pieces_of(service, areas) if piece.journey.site == site]
        there = sum(piece.patients for piece in arriving if not piece.journey.moves)
        carried = sum(piece.patients for piece in arriving if piece.journey.moves)
        share = self.transfer(service).value("share_transferred") if carried else 0
        return Fraction(there + share * carried) / self.inputs.patients_scale

    def worst_minutes(self, service: str, areas: Iterable[str]) -> Number:
        """Return the longest journey from some areas, patients or not; infinite if somebody has none."""
        minutes = [piece.journey.minutes for _, piece in self.pieces_of(service, areas)]
        known = [m for m in minutes if m is not None]
        return Fraction(max(known, default=0), MICRO) if len(known) == len(minutes) else math.inf

    def patient_minutes(self, service: str, areas: Iterable[str]) -> Number:
        """Return patients times minutes over some areas; infinite if a patient has no journey."""
        total: Fraction | int = 0
        for area in areas:
            patients, minutes = self.patients(service, area), self.minutes_spent(service, area)
            if minutes is None and patients:
                return math.inf
            total += patients * (minutes or 0)
        return Fraction(total) / (MICRO * self.inputs.patients_scale)

    def patients_within(self, service: str, limit: Fraction) -> Fraction:
        """Return how many resident patients have a journey of at most so many minutes."""
        limit_micro = limit * MICRO
        within = (piece for _, piece in self.pieces_of(service, self.residents))
        near = (piece.patients for piece in within if (m := piece.journey.minutes) is not None and m <= limit_micro)
        return Fraction(sum(near)) / self.inputs.patients_scale

    def resident_patients(self, service: str, areas: Iterable[str] | None = None) -> Fraction:
        """Return the patients a year of some resident areas, or of all."""
        chosen = self.residents if areas is None else areas
        return Fraction(sum(self.patients(service, area) for area in chosen), self.inputs.patients_scale)

    def patients_beyond_standard(self, service: str) -> Fraction:
        """Return the resident patients whose journey is longer than the standard, or who have none."""
        standard = self.question.services[service].figure("standard_minutes") or Fraction(0)
        return self.resident_patients(service) - self.patients_within(service, standard)

    def pools(self, team: str) -> list[str]:
        """Return where a team's staff are counted: at each candidate or, for one team across sites, all together."""
        stated = self.question.teams.get(team)
        return [ACROSS_SITES] if stated and stated.across else self.candidates

    def in_post(self, team: str, unit: str, site: str) -> Fraction:
        """Return the staff in post in the team's year; nobody where the table has no figure."""
        if site != ACROSS_SITES:
            return self.inputs.in_post.get((team, unit, site), Fraction(0))
        across = self.question.teams[team].across
        if across and across.in_post is not None:
            return across.in_post
        return sum((self.inputs.in_post.get((team, unit, one), Fraction(0)) for one in self.candidates), Fraction(0))

    def moving(self, team: str, unit: str, site: str, column: str) -> Fraction:
        """Return a decision of the staffing table, ``moved_in``, ``moved_out`` or ``recruited``."""
        row = self.staffing.get((team, unit, site))
        return Fraction(row.cells[column]) if row else Fraction(0)

    def total_moving(self, team: str, unit: str, column: str) -> Fraction:
        """Return a decision of the staffing table over all candidates."""
        return sum((self.moving(team, unit, site, column) for site in self.pools(team)), Fraction(0))

    def staff(self, team: str, unit: str, site: str) -> Fraction:
        """Return in post + moved in − moved out + recruited."""
        moved = self.moving(team, unit, site, "moved_in") - self.moving(team, unit, site, "moved_out")
        return self.in_post(team, unit, site) + moved + self.moving(team, unit, site, "recruited")

    def needed(self, team: str, unit: str, site: str) -> Fraction:
        """Return the largest need among the rotas of services there, where they are needed."""
        needs = [
            rota_need(self, code, (team, unit), site)
            for code, service in self.question.services.items()
            if (team, unit) in service.rotas
        ]
        return max((need for need in needs if need is not None), default=Fraction(0))

    def short(self, team: str, unit: str, site: str) -> Fraction:
        """Return how many more are needed than there are."""
        return max(Fraction(0), self.needed(team, unit, site) - self.staff(team, unit, site))

    def changes(self, service: str) -> int:
        """Return how many candidates provide a service now and not today, or today and not now."""
        if service not in self.question.today:
            return 0
        today = self.question.today[service]
        return sum(self.designated(service, site) != (site in today) for site in self.candidates)
