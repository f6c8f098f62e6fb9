"""A run, parsed: the inputs, the decisions and the claims, and what follows from the first two.

Minutes are whole millionths and patients whole parts of a power of ten, so that every sum is exact and fast.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from optimiser.checker.question import ConfigReader, Question, read_question
from optimiser.checker.reading import (
    Number,
    Reader,
    Row,
    UnreadableError,
    amount,
    any_number,
    decimal,
    flag,
    fraction,
    maybe_amount,
    maybe_decile,
    maybe_flag,
    number,
    rounded_ratio,
    text,
    whole_numbers,
    word,
)

INPUTS_CHECK = "inputs_are_complete"
MICRO = 10**6
OUTCOMES = ("proved best", "not proved", "evaluated")
Converters = Mapping[str, Callable[[str], Any]]
AREA_COLUMNS: Converters = {
    "area": word,
    "resident": flag,
    "population": amount,
    "district": text,
    "population_75_plus": maybe_amount,
    "deprivation_decile": maybe_decile,
}
OPTIONAL_AREA_COLUMNS = ("district", "population_75_plus", "deprivation_decile")
INPUT_COLUMNS: Mapping[str, Converters] = {
    "areas": AREA_COLUMNS,
    "sites": {"site": word, "role": word},
    "journeys": {"area": word, "site": word, "minutes": maybe_amount},
    "demand": {"area": word, "activity": word, "patients_per_year": amount},
    "staff": {"site": word, "team": word, "year": number, "people": maybe_amount, "wte": maybe_amount},
}
CLAIM_COLUMNS: Mapping[str, Converters] = {
    "designations": {
        "service": word, "site": word, "designated": flag, "today": maybe_flag, "fixed": flag, "reason": text,
    },
    "journeys": {
        "service": word, "area": word, "resident": flag, "site": text, "minutes": maybe_amount,
        "patients_per_year": decimal,
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
COVER_COLUMNS: Mapping[str, Converters] = {
    "rotas": {"rota": word, "week": text, "day": text, "shift": text, "start": text, "end": text, "hours": text},
    "rota_needs": {
        "rota": word, "step": number, "term": text, "exact": fraction, "value": number, "unit": text, "source": text,
        "verified": flag,
    },
}  # fmt: skip
COVER_CHECKS = {"rotas": "rotas_are_those_asked_for", "rota_needs": "rota_needs_are_worked_out"}
CLAIM_KEYS = {
    "designations": ("service", "site"),
    "journeys": ("service", "area"),
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
    """Where people live. ``decile``, ``district`` and ``over_75`` are ``None`` where they are not stated."""

    resident: bool
    population: Fraction | int
    district: str | None
    over_75: Fraction | int | None
    decile: Fraction | None


class Journey(NamedTuple):
    """Where an area's patients go: no site, and no minutes, if none can take them."""

    site: str | None
    minutes: int | None


class Inputs(NamedTuple):
    """The tables of the place."""

    areas: Mapping[str, Area]
    area_columns: Collection[str]
    roles: Mapping[str, str]
    minutes: Mapping[tuple[str, str], int]
    patients: Mapping[tuple[str, str], int]
    patients_scale: int
    in_post: Mapping[tuple[str, str, str], Fraction]


class Result(NamedTuple):
    """What ``run.json`` says of how the run ended."""

    question: object
    outcome: str
    objectives: list[Any]
    format: object


@dataclass(frozen=True)
class Run:
    """A parsed run. Claims are rows by key; what follows from inputs and decisions is worked out here."""

    question: Question
    inputs: Inputs
    result: Result
    designations: Mapping[tuple[str, str], Row]
    journeys: Mapping[tuple[str, str], Row]
    staffing: Mapping[tuple[str, str, str], Row]
    measures: Mapping[tuple[str, str, str], Row]
    rules: list[Row]
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
        return {service: self._nearest(service) for service in self.services_with_patients}

    def _nearest(self, service: str) -> dict[str, Journey]:
        # Candidates before neighbours, each by code: among equal minutes the first of these is taken.
        open_sites = self.sites_of(service) + self.neighbours(service)
        minutes, found = self.inputs.minutes, {}
        for area in self.areas:
            options = [(minutes[area, s], n) for n, s in enumerate(open_sites) if (area, s) in minutes]
            least, place = min(options, default=(None, None))
            found[area] = Journey(None if place is None else open_sites[place], least)
        return found

    def patients(self, service: str, area: str) -> int:
        """Return an area's patients a year, times ``inputs.patients_scale``."""
        return self.inputs.patients.get((area, self.question.services[service].activity or ""), 0)

    def patients_from(self, service: str, site: str, areas: Iterable[str]) -> Fraction:
        """Return how many patients a year arrive at a site from some areas."""
        going = self.nearest[service]
        total = sum(self.patients(service, area) for area in areas if going[area].site == site)
        return Fraction(total, self.inputs.patients_scale)

    def worst_minutes(self, service: str, areas: Iterable[str]) -> Number:
        """Return the longest journey from some areas, patients or not; infinite if somebody has none."""
        minutes = [self.nearest[service][area].minutes for area in areas]
        known = [m for m in minutes if m is not None]
        return Fraction(max(known, default=0), MICRO) if len(known) == len(minutes) else math.inf

    def patient_minutes(self, service: str, areas: Iterable[str]) -> Number:
        """Return patients times minutes over some areas; infinite if a patient has no journey."""
        total = 0
        for area in areas:
            patients, minutes = self.patients(service, area), self.nearest[service][area].minutes
            if minutes is None and patients:
                return math.inf
            total += patients * (minutes or 0)
        return Fraction(total, MICRO * self.inputs.patients_scale)

    def patients_within(self, service: str, limit: Fraction) -> Fraction:
        """Return how many resident patients have a journey of at most so many minutes."""
        limit_micro, going = limit * MICRO, self.nearest[service]
        within = [(area, going[area].minutes) for area in self.residents]
        total = sum(self.patients(service, area) for area, m in within if m is not None and m <= limit_micro)
        return Fraction(total, self.inputs.patients_scale)

    def resident_patients(self, service: str, areas: Iterable[str] | None = None) -> Fraction:
        """Return the patients a year of some resident areas, or of all."""
        chosen = self.residents if areas is None else areas
        return Fraction(sum(self.patients(service, area) for area in chosen), self.inputs.patients_scale)

    def patients_beyond_standard(self, service: str) -> Fraction:
        """Return the resident patients whose journey is longer than the standard, or who have none."""
        standard = self.question.services[service].figure("standard_minutes") or Fraction(0)
        return self.resident_patients(service) - self.patients_within(service, standard)

    def in_post(self, team: str, unit: str, site: str) -> Fraction:
        """Return the staff in post in the team's year; nobody where the table has no figure."""
        return self.inputs.in_post.get((team, unit, site), Fraction(0))

    def moving(self, team: str, unit: str, site: str, column: str) -> Fraction:
        """Return a decision of the staffing table, ``moved_in``, ``moved_out`` or ``recruited``."""
        row = self.staffing.get((team, unit, site))
        return Fraction(row.cells[column]) if row else Fraction(0)

    def total_moving(self, team: str, unit: str, column: str) -> Fraction:
        """Return a decision of the staffing table over all candidates."""
        return sum((self.moving(team, unit, site, column) for site in self.candidates), Fraction(0))

    def staff(self, team: str, unit: str, site: str) -> Fraction:
        """Return in post + moved in − moved out + recruited."""
        moved = self.moving(team, unit, site, "moved_in") - self.moving(team, unit, site, "moved_out")
        return self.in_post(team, unit, site) + moved + self.moving(team, unit, site, "recruited")

    def needed(self, team: str, unit: str, site: str, services: Collection[str] | None = None) -> Fraction:
        """Return the largest need among the services designated there, of those listed or of all."""
        needs = [
            service.rotas[team, unit].needed.value or Fraction(0)
            for code, service in self.question.services.items()
            if (team, unit) in service.rotas and self.designated(code, site) and (not services or code in services)
        ]
        return max(needs, default=Fraction(0))

    def short(self, team: str, unit: str, site: str, services: Collection[str] | None = None) -> Fraction:
        """Return how many more are needed than there are."""
        return max(Fraction(0), self.needed(team, unit, site, services) - self.staff(team, unit, site))

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
    return Run(question, inputs, result, rules=claims["rules"], rotas=rotas, rota_needs=needs, **keyed)


def read_cover_tables(reader: Reader, question: Question) -> tuple[list[Row], dict[Any, Row]]:
    """Read the tables that a run has only where some rota states cover, or shifts; note one that nothing calls for."""
    tables = {}
    for name, expected in (("rotas", question.names_shifts), ("rota_needs", question.states_cover)):
        file = f"{name}.csv"
        if expected:
            tables[name] = reader.table(file, COVER_COLUMNS[name])
        elif file in reader.files:
            message = f"{file} is there, but nothing in the config calls for it."
            reader.note(COVER_CHECKS[name], file, file, "no file", message)
    needs = reader.keyed(tables.get("rota_needs", []), ("rota", "step"), COVER_CHECKS["rota_needs"])
    return tables.get("rotas", []), needs


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
    return Result(found.get("question"), str(found.get("outcome")), objectives, found.get("format"))


def read_inputs(reader: Reader, question: Question) -> Inputs:
    """Read the place's tables."""
    has_staff = "inputs/staff.csv" in reader.files or bool(question.rota_units())
    names = [name for name in INPUT_COLUMNS if name != "staff" or has_staff]
    tables = {name: input_table(reader, name) for name in names}
    areas = reader.keyed(tables["areas"], ["area"], INPUTS_CHECK)
    sites = reader.keyed(tables["sites"], ["site"], INPUTS_CHECK)
    journeys = reader.keyed(tables["journeys"], ["area", "site"], INPUTS_CHECK)
    demand = reader.keyed(tables["demand"], ["area", "activity"], INPUTS_CHECK)
    for row in tables["sites"]:
        if row.cells["role"] not in ("candidate", "neighbour"):
            message = f"{row.where}: the role is neither candidate nor neighbour."
            reader.note(INPUTS_CHECK, row.where, row.cells["role"], "candidate", message)
    patients, scale = whole_numbers([row.cells["patients_per_year"] for row in demand.values()])
    return Inputs(
        areas={code: read_area(row) for code, row in areas.items()},
        area_columns=reader.columns("inputs/areas.csv"),
        roles={code: row.cells["role"] for code, row in sites.items()},
        minutes=scaled_minutes(journeys, question.factor),
        patients=dict(zip(demand, patients, strict=True)),
        patients_scale=scale,
        in_post=read_staff(reader, tables.get("staff", []), question),
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
    over_75 = cells.get("population_75_plus")
    return Area(
        resident=cells["resident"],
        population=whole_if_whole(cells["population"]),
        district=cells.get("district") or None,
        over_75=None if over_75 is None else whole_if_whole(over_75),
        decile=cells.get("deprivation_decile"),
    )


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


def cross_check(config: ConfigReader, question: Question, inputs: Inputs) -> None:
    """Note every site and activity of the config that stands for nothing in the tables."""
    candidates = {site for site, role in inputs.roles.items() if role == "candidate"}
    activities = {activity for _, activity in inputs.patients}
    for code, service in question.services.items():
        config.known(service.fixed, candidates, f"services.{code}.fixed")
        config.known(question.today.get(code, ()), candidates, f"today.{code}")
        config.known([service.activity] if service.activity else [], activities, f"services.{code}.activity")
        if not isinstance(service.neighbours, str):
            neighbours = set(inputs.roles) - candidates
            config.known(service.neighbours, neighbours, f"services.{code}.neighbours")
