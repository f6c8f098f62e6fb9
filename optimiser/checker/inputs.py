"""A run folder and its inputs as a parsed run; what cannot be relied upon is noted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from optimiser.checker.question import Beds, ConfigReader, Growth, Question, read_question
from optimiser.checker.reading import (
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
from optimiser.checker.run import MICRO, Area, Inputs, Result, Run

INPUTS_CHECK = "inputs_are_complete"
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


def read_run(reader: Reader) -> Run:
    """Parse every file; what is wrong in them is noted in the reader."""
    question, inputs = read_asked(reader)
    claims = {name: reader.table(f"{name}.csv", columns) for name, columns in CLAIM_COLUMNS.items()}
    keyed = {name: reader.keyed(claims[name], key, KEY_CHECKS[name]) for name, key in CLAIM_KEYS.items()}
    rotas, needs = read_cover_tables(reader, question)
    result = read_result(reader)
    keyed |= read_links(reader, question)
    return Run(question, inputs, result, rules=claims["rules"], rotas=rotas, rota_needs=needs, **keyed)


def read_asked(reader: Reader) -> tuple[Question, Inputs]:
    """Read the question and its inputs, or stop where either is half understood."""
    before = len(reader.breaches)
    question, config = read_question(reader)
    stop_if_more(reader, before)
    inputs = read_inputs(reader, question)
    cross_check(config, question, inputs)
    stop_if_more(reader, before)
    return question, inputs


def read_cover_tables(reader: Reader, question: Question) -> tuple[list[Row], dict[Any, Row]]:
    """Read the tables that a run has only where some rota states cover; note one that nothing calls for."""
    tables = {}
    patterns = any(asked.has_pattern for *_, asked in question.covers())
    for name, expected in (("rotas", patterns), ("rota_needs", any(question.covers()))):
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
        found.get("question"),
        str(found.get("outcome")),
        objectives,
        found.get("format"),
        found.get("enumeration"),
        found,
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
