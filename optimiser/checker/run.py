"""A run, parsed: the inputs, the decisions and the claims, and what follows from the first two.

Minutes are whole millionths and patients whole parts of a power of ten, so that every sum is exact and fast.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from optimiser.checker.across import rota_need
from optimiser.checker.question import Beds, ConfigReader, Growth, Question, Transfer, read_question
from optimiser.checker.reading import (
    Number,
    Reader,
    Row,
    UnreadableError,
    amount,
    any_flag,
    any_number,
    decimal,
    flag,
    fraction,
    maybe_amount,
    maybe_decile,
    maybe_flag,
    maybe_number,
    maybe_text,
    number,
    rounded_ratio,
    text,
    whole_numbers,
    word,
)

INPUTS_CHECK = "inputs_are_complete"
ACROSS_SITES = "across_sites"
MICRO = 10**6
# Named in place of a service where no offsets count.
NOBODY = ""
MOST_BEDS = 10**6
OUTCOMES = ("proved best", "not proved", "evaluated")
Converters = Mapping[str, Callable[[str], Any]]
AREA_COLUMNS: Converters = {
    "area": word,
    "resident": any_flag,
    "population": amount,
    "district": text,
    "population_65_plus": maybe_amount,
    "population_75_plus": maybe_amount,
    "deprivation_decile": maybe_decile,
}
OPTIONAL_AREA_COLUMNS = ("district", "population_65_plus", "population_75_plus", "deprivation_decile")
INPUT_COLUMNS: Mapping[str, Converters] = {
    "areas": AREA_COLUMNS,
    "sites": {"site": word, "role": word},
    "journeys": {"area": word, "site": word, "minutes": maybe_amount},
    "demand": {"area": word, "activity": word, "patients_per_year": amount},
    "staff": {"site": word, "team": word, "year": number, "people": maybe_amount, "wte": maybe_amount},
    "transfers": {"from_site": word, "to_site": word, "minutes": amount},
    "activity": {"site": word, "activity": word, "period": word, "count": amount},
}
CLAIM_COLUMNS: Mapping[str, Converters] = {
    "designations": {
        "service": word, "site": word, "designated": flag, "today": maybe_flag, "fixed": flag, "reason": text,
    },
    "journeys": {
        "service": word, "area": word, "resident": flag, "site": text, "minutes": maybe_amount,
        "patients_per_year": decimal, "first_site": text, "first_minutes": maybe_number,
        "transfer_minutes": maybe_number,
    },
    "staffing": {
        "team": word, "unit": word, "site": word, "in_post": number, "moved_in": number, "moved_out": number,
        "recruited": number, "staff": number, "needed": number, "short": number,
    },
    "measures": {
        "measure": word, "service": text, "group": text, "value": any_number, "unit": text, "better": text,
    },
    "rules": {
        "rule": word, "instance": word, "left": any_number, "relation": text, "right": any_number, "unit": text,
        "spare": any_number, "binding": flag, "pass": flag, "source": text, "verified": maybe_flag,
    },
}  # fmt: skip
# Tables that a run has only where a service leans on another across sites.
LINK_COLUMNS: Mapping[str, Converters] = {
    "links": {
        "service": word, "site": word, "needs": word, "kind": word, "provider": maybe_text, "minutes": maybe_number,
        "at_most": maybe_number, "met": maybe_flag, "excepted": flag, "source": text, "verified": flag,
    },
    "exceptions": {
        "service": word, "needs": word, "site": word, "reason": word, "source": text, "by": text,
        "would_have_broken": flag,
    },
}  # fmt: skip
LINK_TABLE_KEYS = {
    "links": ("links_are_right", ("service", "site", "needs", "kind")),
    "exceptions": ("exceptions_are_right", ("service", "needs", "site")),
}
COVER_COLUMNS: Mapping[str, Converters] = {
    "rotas": {
        "rota": word, "week": text, "day": text, "shift": text, "kind": text, "start": text, "end": text, "hours": text,
    },
    "rota_needs": {
        "rota": word, "step": number, "term": text, "exact": fraction, "value": number, "unit": text, "source": text,
        "verified": flag,
    },
}  # fmt: skip
COVER_CHECKS = {"rotas": "rotas_are_those_asked_for", "rota_needs": "rota_needs_are_worked_out"}
CLAIM_KEYS = {
    "designations": ("service", "site"),
    "journeys": ("service", "area", "site"),
    "staffing": ("team", "unit", "site"),
    "measures": ("measure", "service", "group"),
}
KEY_CHECKS = {
    "designations": "designations_are_complete",
    "journeys": "journeys_are_complete",
    "staffing": "staffing_is_complete",
    "measures": "measures_are_right",
}


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


def read_run(reader: Reader) -> Run:
    """Parse every file; what is wrong in them is noted in the reader."""
    before = len(reader.breaches)
    question, config = read_question(reader)
    stop_if_more(reader, before)
    inputs = read_inputs(reader, question)
    cross_check(config, question, inputs)
    stop_if_more(reader, before)
    claims = {name: reader.table(f"{name}.csv", columns) for name, columns in CLAIM_COLUMNS.items()}
    keyed = {name: reader.keyed(claims[name], key, KEY_CHECKS[name]) for name, key in CLAIM_KEYS.items()}
    rotas, needs = read_cover_tables(reader, question)
    result = read_result(reader)
    keyed |= read_links(reader, question)
    return Run(question, inputs, result, rules=claims["rules"], rotas=rotas, rota_needs=needs, **keyed)


def read_cover_tables(reader: Reader, question: Question) -> tuple[list[Row], dict[Any, Row]]:
    """Read the tables that a run has only where some rota states cover; note one that nothing calls for."""
    tables = {}
    for name, expected in (("rotas", question.has_patterns), ("rota_needs", question.states_cover)):
        file = f"{name}.csv"
        if expected:
            tables[name] = reader.table(file, COVER_COLUMNS[name])
        elif file in reader.files:
            message = f"{file} is there, but nothing in the config calls for it."
            reader.note(COVER_CHECKS[name], file, file, "no file", message)
    needs = reader.keyed(tables.get("rota_needs", []), ("rota", "step"), COVER_CHECKS["rota_needs"])
    return tables.get("rotas", []), needs


def read_links(reader: Reader, question: Question) -> dict[str, dict[Any, Row]]:
    """Read the tables of links and exceptions where the config calls for them, and where they are there anyway."""
    found: dict[str, dict[Any, Row]] = {}
    for name, columns in LINK_COLUMNS.items():
        check, key = LINK_TABLE_KEYS[name]
        due = question.leans_across_sites() or f"{name}.csv" in reader.files
        found[name] = reader.keyed(reader.table(f"{name}.csv", columns) if due else [], key, check)
    return found


def stop_if_more(reader: Reader, before: int) -> None:
    """Stop where the question or the inputs are half understood: what follows from them would prove nothing."""
    if len(reader.breaches) > before:
        raise UnreadableError


def read_result(reader: Reader) -> Result:
    """Read ``run.json``."""
    found = reader.json("run.json")
    objectives = found.get("objectives")
    if not isinstance(objectives, list):
        raise reader.give_up("run.json", 'has no list of "objectives"')
    return Result(
        found.get("question"), str(found.get("outcome")), objectives, found.get("format"), found.get("enumeration")
    )


def read_inputs(reader: Reader, question: Question) -> Inputs:
    """Read the place's tables."""
    has_staff = "inputs/staff.csv" in reader.files or bool(question.rota_units())
    in_reach = any(service.in_reach for service in question.services.values())
    by_transfer = any(service.transfer is not None for service in question.services.values())
    across = any(team.across for team in question.teams.values())
    if_there = question.leans_across_sites() and "inputs/transfers.csv" in reader.files
    has_counts = any(service.observed and service.observed.period for service in question.services.values())
    optional = {"staff": has_staff, "transfers": in_reach or by_transfer or across or if_there, "activity": has_counts}
    names = [name for name in INPUT_COLUMNS if optional.get(name, True)]
    tables = {name: input_table(reader, name) for name in names}
    areas = reader.keyed(tables["areas"], ["area"], INPUTS_CHECK)
    sites = reader.keyed(tables["sites"], ["site"], INPUTS_CHECK)
    journeys = reader.keyed(tables["journeys"], ["area", "site"], INPUTS_CHECK)
    demand = reader.keyed(tables["demand"], ["area", "activity"], INPUTS_CHECK)
    transfers = reader.keyed(tables.get("transfers", []), ["from_site", "to_site"], INPUTS_CHECK)
    for row in tables["sites"]:
        if row.cells["role"] not in ("candidate", "neighbour"):
            message = f"{row.where}: the role is neither candidate nor neighbour."
            reader.note(INPUTS_CHECK, row.where, row.cells["role"], "candidate", message)
    numbers, scale = whole_numbers([row.cells["patients_per_year"] for row in demand.values()])
    patients = before = dict(zip(demand, numbers, strict=True))
    people = {code: read_area(row) for code, row in areas.items()}
    if question.growth:
        patients, before, scale = grow(reader, question.growth, people, patients, scale)
    return Inputs(
        areas=people,
        area_columns=reader.columns("inputs/areas.csv"),
        roles={code: row.cells["role"] for code, row in sites.items()},
        minutes=scaled_minutes(journeys, question.factor),
        patients=patients,
        patients_before=before,
        patients_scale=scale,
        in_post=read_staff(reader, tables.get("staff", []), question),
        road=scaled_minutes(transfers, question.factor),
        counts=read_counts(reader, tables.get("activity", [])),
    )


def input_table(reader: Reader, name: str) -> list[Row]:
    """Read one table of the place; other columns than those checked may stand beside them."""
    optional = OPTIONAL_AREA_COLUMNS if name == "areas" else ()
    return reader.table(f"inputs/{name}.csv", INPUT_COLUMNS[name], optional=optional)


def whole_if_whole(value: Decimal) -> Fraction | int:
    """Return the number as a whole one where it is: whole numbers add up faster."""
    found = Fraction(value)
    return found.numerator if found.denominator == 1 else found


def read_area(row: Row) -> Area:
    """Return one area."""
    cells = row.cells
    over_65, over_75 = cells.get("population_65_plus"), cells.get("population_75_plus")
    return Area(
        resident=cells["resident"],
        population=whole_if_whole(cells["population"]),
        district=cells.get("district") or None,
        over_75=None if over_75 is None else whole_if_whole(over_75),
        decile=cells.get("deprivation_decile"),
        over_65=None if over_65 is None else whole_if_whole(over_65),
    )


def grow(
    reader: Reader, growth: Growth, areas: Mapping[str, Area], patients: Mapping[tuple[str, str], int], scale: int
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int], int]:
    """Return patients after growth and before it, over one scale; grown ones are rounded to six decimals."""
    common = math.lcm(scale, MICRO)
    grown = {}
    for (area, activity), now in patients.items():
        if activity in growth.by_activity:
            times = (1 + growth.by_activity[activity]) ** growth.years
        elif growth.by_age and area in areas:
            times = times_as_many(reader, growth, area, areas[area])
        else:
            grown[area, activity] = now * (common // scale)
            continue
        micro = rounded_ratio(now * MICRO * times.numerator, scale * times.denominator)
        grown[area, activity] = micro * (common // MICRO)
    return grown, {key: now * (common // scale) for key, now in patients.items()}, common


def times_as_many(reader: Reader, growth: Growth, code: str, area: Area) -> Fraction:
    """Return how many times as many people an area will have, by the growth of each age; 1 where nobody lives."""
    oldest = area.over_75 if "from_75" in growth.by_age else 0
    if area.over_65 is None or oldest is None or not 0 <= oldest <= area.over_65 <= area.population:
        message = f"inputs/areas.csv does not say how many people of {code} are of which age, so it cannot grow by age."
        reader.note(INPUTS_CHECK, f"inputs/areas.csv {code}", area.over_65, None, message)
        return Fraction(1)
    if not area.population:
        return Fraction(1)
    younger, older = area.population - area.over_65, area.over_65 - oldest
    each = {"under_65": younger, "from_65": older, "from_75": oldest}
    total = sum((each[age] * (1 + rate) ** growth.years for age, rate in growth.by_age.items()), Fraction(0))
    return total / area.population


def scaled_minutes(journeys: Mapping[tuple[str, str], Row], factor: Fraction) -> dict[tuple[str, str], int]:
    """Return table minutes × factor in millionths of a minute: rounded to 6 decimals, halves to even."""
    known = {pair: row.cells["minutes"] for pair, row in journeys.items() if row.cells["minutes"] is not None}
    column, scale = whole_numbers(list(known.values()))
    top, bottom = factor.numerator * MICRO, factor.denominator * scale
    return {pair: rounded_ratio(minutes * top, bottom) for pair, minutes in zip(known, column, strict=True)}


def read_staff(reader: Reader, rows: list[Row], question: Question) -> dict[tuple[str, str, str], Fraction]:
    """Return staff in post by team, unit and site, in each team's year."""
    current = [r for r in rows if r.cells["team"] in question.teams]
    current = [r for r in current if r.cells["year"] == question.teams[r.cells["team"]].year]
    keyed = reader.keyed(current, ["team", "site"], INPUTS_CHECK)
    return {
        (team, unit, site): Fraction(row.cells[column])
        for (team, site), row in keyed.items()
        for column, unit in (("people", "people"), ("wte", "WTE"))
        if row.cells[column] is not None
    }


def read_counts(reader: Reader, rows: list[Row]) -> dict[tuple[str, str, str], Fraction]:
    """Return what was counted by site, activity and period."""
    keyed = reader.keyed(rows, ["site", "activity", "period"], INPUTS_CHECK)
    return {(site, activity, period): Fraction(row.cells["count"]) for (site, activity, period), row in keyed.items()}


def _most_beds_taken(beds: Beds, activity: str | None, inputs: Inputs) -> Fraction:
    """Return how many beds are taken if everybody comes to one site."""
    everybody = sum(number for (_, what), number in inputs.patients.items() if what == activity)
    days = beds.days + beds.other_days * beds.other_share / (1 - beds.other_share)
    return Fraction(everybody, inputs.patients_scale) * days / 365


def cross_check(config: ConfigReader, question: Question, inputs: Inputs) -> None:
    """Note every site and activity of the config that stands for nothing in the tables."""
    candidates = {site for site, role in inputs.roles.items() if role == "candidate"}
    activities = {activity for _, activity in inputs.patients}
    if question.growth:
        config.known(question.growth.by_activity, activities, "demand.growth.by_activity")
    for code, service in question.services.items():
        config.known(service.fixed, candidates, f"services.{code}.fixed")
        config.known(question.today.get(code, ()), candidates, f"today.{code}")
        config.known(service.beds.at if service.beds else (), candidates, f"services.{code}.beds.at")
        config.known([service.activity] if service.activity else [], activities, f"services.{code}.activity")
        config.known({site for named, _, site in question.exceptions if named == code}, candidates, "exceptions")
        if service.beds and _most_beds_taken(service.beds, service.activity, inputs) > MOST_BEDS:
            config.note(f"services.{code}.beds", "", f"comes to more than {MOST_BEDS:,} beds, which no check counts")
        if not isinstance(service.neighbours, str):
            neighbours = set(inputs.roles) - candidates
            config.known(service.neighbours, neighbours, f"services.{code}.neighbours")
        if service.observed:
            config.known(service.observed.offsets, inputs.roles, f"services.{code}.observed.offsets")
            key = (service.activity or "", service.observed.period)
            for site in sorted(question.today.get(code, ())) if service.observed.period else ():
                if not inputs.counts.get((site, *key)):
                    config.note(f"services.{code}.observed.period", key[1], f"has no count in activity.csv at {site}")
