"""A run folder and its inputs as a parsed run; what cannot be relied upon is noted."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, NamedTuple, cast

from optimiser.checker.added import BY_ROAD, ESTIMATED, Estimate, Minutes, Tables, is_where_it_says, with_added
from optimiser.checker.altered import OF_A_CORRIDOR, Changes, inputs_as_changed, question_as_changed
from optimiser.checker.config import ConfigReader, read_question
from optimiser.checker.question import Beds, Growth, Question
from optimiser.checker.reading import (
    Breach,
    Files,
    Found,
    Pairs,
    Reader,
    Row,
    UnreadableError,
    amount,
    any_case,
    any_number,
    brief,
    decimal,
    flag,
    fraction,
    maybe,
    number,
    one_of,
    rounded_ratio,
    share,
    tenth,
    text,
    whole_numbers,
    word,
)
from optimiser.checker.roads import Network, tenths_longer
from optimiser.checker.run import LEAVES, MICRO, PULLED, STAYS, Area, Inputs, Result, Run

INPUTS_CHECK = "inputs_are_complete"
FORMAT = 1
MOST_BEDS = 10**6
# Larger tables of a place are read anew for each run, or they would fill the memory.
MOST_BYTES_KEPT = 10**6
ALL_AGES_ALIKE = {"under_65": Fraction(1), "from_65": Fraction(1)}
Due = Literal["always", "with a plan", "without a plan", "where asked"]


class Table(NamedTuple):
    """A table of a run: its columns, each with what reads a cell, and when it is due.

    No two rows have the same ``key``, or it is said under the name of a ``check``. A table of the place may lack some
    columns, and may have others beside.
    """

    columns: Mapping[str, Callable[[str], Any]]
    key: tuple[str, ...] = ()
    check: str = INPUTS_CHECK
    due: Due = "with a plan"
    may_lack: tuple[str, ...] | None = None


# Tables that a network may have beside its own.
BESIDE = ("turns", "delays", "hours")

AREA = {
    "area": word, "resident": any_case(flag), "population": maybe(amount), "district": text,
    "population_65_plus": maybe(amount), "population_75_plus": maybe(amount), "deprivation_decile": maybe(tenth),
    "easting_m": maybe(decimal), "northing_m": maybe(decimal),
}  # fmt: skip
TABLES: Mapping[str, Table] = {
    "inputs/areas.csv": Table(AREA, ("area",), due="always", may_lack=tuple(AREA)[2:]),
    "inputs/sites.csv": Table(
        {"site": word, "role": word, "name": text, "easting_m": maybe(decimal), "northing_m": maybe(decimal)},
        ("site",), due="always", may_lack=("name", "easting_m", "northing_m"),
    ),
    "inputs/journeys.csv": Table(
        {"area": word, "site": word, "minutes": maybe(amount)}, ("area", "site"), due="always", may_lack=()
    ),
    "inputs/journeys_by_mode.csv": Table(
        {"mode": word, "area": word, "site": word, "minutes": amount}, ("mode", "area", "site"),
        due="where asked", may_lack=(),
    ),
    "inputs/transfers_by_mode.csv": Table(
        {"mode": word, "from_site": word, "to_site": word, "minutes": amount}, ("mode", "from_site", "to_site"),
        due="where asked", may_lack=(),
    ),
    "inputs/demand.csv": Table(
        {"area": word, "activity": word, "patients_per_year": amount}, ("area", "activity"), due="always", may_lack=()
    ),
    "inputs/staff.csv": Table(
        {"site": word, "team": word, "year": number, "people": maybe(amount), "wte": maybe(amount)},
        due="where asked", may_lack=("people", "wte"),
    ),
    "inputs/transfers.csv": Table(
        {"from_site": word, "to_site": word, "minutes": amount}, ("from_site", "to_site"),
        due="where asked", may_lack=(),
    ),
    "inputs/activity.csv": Table(
        {"site": word, "activity": word, "period": word, "count": amount}, ("site", "activity", "period"),
        due="where asked", may_lack=(),
    ),
    "inputs/road_junctions.csv": Table(
        {"junction": word, "name": word, "easting_m": maybe(decimal), "northing_m": maybe(decimal)}, ("junction",),
        due="where asked", may_lack=("easting_m", "northing_m"),
    ),
    "inputs/road_waters.csv": Table(
        {"water": word, "order": number, "easting_m": decimal, "northing_m": decimal}, ("water", "order"),
        due="where asked", may_lack=(),
    ),
    "inputs/road_links.csv": Table(
        {
            "from_junction": word, "to_junction": word, "road": word, "name": text, "km": amount, "class": word,
            "one_way": maybe(any_case(flag)),
        },
        ("from_junction", "to_junction", "road"), due="where asked", may_lack=("name", "one_way"),
    ),
    "inputs/road_speeds.csv": Table({"class": word, "kmh": amount}, ("class",), due="where asked", may_lack=()),
    "inputs/road_turns.csv": Table(
        {"from_junction": text, "junction": word, "to_junction": text, "turn": word},
        ("from_junction", "junction", "to_junction", "turn"),
        due="where asked", may_lack=("from_junction", "to_junction"),
    ),
    "inputs/road_delays.csv": Table({"turn": word, "seconds": amount}, ("turn",), due="where asked", may_lack=()),
    "inputs/road_hours.csv": Table(
        {"class": text, "road": text, "from_hour": amount, "to_hour": amount, "times": amount},
        ("class", "road", "from_hour"), due="where asked", may_lack=("class", "road"),
    ),
    "inputs/road_access.csv": Table(
        {"end": word, "junction": word, "km": amount}, ("end", "junction"), due="where asked", may_lack=()
    ),
    "inputs/border.csv": Table(
        {"area": word, "goes_to": word, "share": share}, ("area", "goes_to"), due="where asked", may_lack=()
    ),
    "inputs/corridors.csv": Table({"area": word, "corridor": text}, ("area",), due="where asked", may_lack=()),
    "designations.csv": Table(
        {
            "service": word, "site": word, "designated": flag, "today": maybe(flag), "fixed": flag, "reason": text,
        },
        ("service", "site"), "designations_are_complete",
    ),
    "journeys.csv": Table(
        {
            "service": word, "area": word, "resident": flag, "site": text, "minutes": maybe(amount),
            "patients_per_year": decimal, "first_site": text, "first_minutes": maybe(number),
            "transfer_minutes": maybe(number),
        },
        ("service", "area", "site"), "journeys_are_complete",
    ),
    "staffing.csv": Table(
        {"team": word, "unit": word, "site": word}
        | dict.fromkeys(("in_post", "moved_in", "moved_out", "recruited", "staff", "needed", "short"), number),
        ("team", "unit", "site"), "staffing_is_complete",
    ),
    "measures.csv": Table(
        {"measure": word, "service": text, "group": text, "value": any_number, "unit": text, "better": text},
        ("measure", "service", "group"), "measures_are_right",
    ),
    "rules.csv": Table(
        {
            "rule": word, "instance": word, "left": any_number, "relation": text, "right": any_number, "unit": text,
            "spare": any_number, "binding": flag, "pass": flag, "source": text, "verified": maybe(flag),
        }
    ),
    "links.csv": Table(
        {
            "service": word, "site": word, "needs": word, "kind": word, "provider": maybe(text),
            "minutes": maybe(number), "at_most": maybe(number), "met": maybe(flag), "excepted": flag, "source": text,
            "verified": flag,
        },
        ("service", "site", "needs", "kind"), "links_are_right", "where asked",
    ),
    "exceptions.csv": Table(
        {
            "service": word, "needs": word, "site": word, "reason": word, "source": text, "by": text,
            "would_have_broken": flag,
        },
        ("service", "needs", "site"), "exceptions_are_right", "where asked",
    ),
    "rotas.csv": Table(
        {"rota": word} | dict.fromkeys(("week", "day", "shift", "kind", "start", "end", "hours"), text),
        check="rotas_are_those_asked_for", due="where asked",
    ),
    "rota_needs.csv": Table(
        {
            "rota": word, "step": number, "term": text, "exact": fraction, "value": number, "unit": text,
            "source": text, "verified": flag,
        },
        ("rota", "step"), "rota_needs_are_worked_out", "where asked",
    ),
    "clash.csv": Table(
        {"set": number, "rule": word, "instance": word, "words": word, "without_it": text}, due="without a plan"
    ),
    "ways_out.csv": Table({"unit": word, "by": number, "gives_way": word, "words": word}, due="without a plan"),
}  # fmt: skip
JOURNEYS = TABLES["journeys.csv"]
JOURNEYS_AS_TODAY = JOURNEYS._replace(
    columns={**JOURNEYS.columns, "how": one_of(STAYS, PULLED, LEAVES)}, key=("service", "area", "how", "site")
)
"""journeys.csv where as many cross the border as today: each row says of which of an area's patients it is."""
CERTIFICATE = "certificate.json"
KNOWN_FILES = ("config.yaml", "run.json", CERTIFICATE, *TABLES)
"""Every file that is read. A run has some of them only where its question calls for them."""


def files_due(*, with_plan: bool) -> list[str]:
    """Return the names of the files that every run has, with a plan or without."""
    due = ("always", "with a plan" if with_plan else "without a plan")
    return ["config.yaml", "run.json", *(name for name, table in TABLES.items() if table.due in due)]


def rows_of(reader: Reader, name: str, table: Table | None = None) -> list[Row]:
    """Read the rows of a table, which is as ``TABLES`` says where nothing else is given."""
    if name.startswith("inputs/") and (table is None or table is TABLES.get(name)):
        return list(_of_place(reader, name, _rows))
    table = table or TABLES[name]
    return reader.table(name, table.columns, optional=table.may_lack)


def minutes_in(reader: Reader, name: str) -> Pairs[Decimal | None]:
    """Read journeys or transfers: the minutes of each pair, to be left as they are."""
    return _of_place(reader, name, _minutes)


def _rows(reader: Reader, name: str) -> tuple[Row, ...]:
    return tuple(reader.table(name, TABLES[name].columns, optional=TABLES[name].may_lack))


def _minutes(reader: Reader, name: str) -> Pairs[Decimal | None]:
    return reader.pairs(name, TABLES[name].columns, TABLES[name].check)


def _of_place(reader: Reader, name: str, read: Callable[[Reader, str], Found]) -> Found:
    """Read a table of the place, once for all runs of it unless it is large."""
    reader.read.add(name)
    content = reader.files.get(name, b"")
    if not 0 < len(content) <= MOST_BYTES_KEPT:
        return read(reader, name)
    found, breaches = _read_alone(read, name, content)
    reader.breaches.extend(breaches)
    if found is None:
        raise UnreadableError(name)
    return found  # type: ignore[no-any-return]


@lru_cache(maxsize=16)
def _read_alone(read: Callable[[Reader, str], Any], name: str, content: bytes) -> tuple[Any, tuple[Breach, ...]]:
    """Return what a table of the place says, to be left as it is, and what is wrong; nothing if it cannot be read."""
    reader = Reader(Files({name: content}, [name]))
    try:
        found = read(reader, name)
    except UnreadableError:
        found = None
    return found, tuple(reader.breaches)


def keyed(reader: Reader, name: str, table: Table | None = None) -> dict[Any, Row]:
    """Read the rows of a table by their key."""
    table = table or TABLES[name]
    return reader.keyed(rows_of(reader, name, table), table.key, table.check)


def read_run(reader: Reader) -> Run:
    """Parse every file; what is wrong in them is noted in the reader."""
    question, inputs = read_asked(reader)
    claims = {name: keyed(reader, f"{name}.csv") for name in ("designations", "staffing", "measures")}
    claims["journeys"] = keyed(reader, "journeys.csv", JOURNEYS_AS_TODAY if question.as_today else JOURNEYS)
    rules = rows_of(reader, "rules.csv")
    patterns = any(asked.has_pattern for *_, asked in question.covers())
    rotas = rows_of(reader, "rotas.csv") if _is_due(reader, "rotas.csv", patterns) else []
    needs = keyed(reader, "rota_needs.csv") if _is_due(reader, "rota_needs.csv", any(question.covers())) else {}
    result = read_result(reader)
    due = [name for name in ("links", "exceptions") if question.leans_across_sites() or f"{name}.csv" in reader.files]
    claims |= {name: keyed(reader, f"{name}.csv") for name in due}
    certificate = reader.json(CERTIFICATE) if CERTIFICATE in reader.files else None
    return Run(question, inputs, result, rules=rules, rotas=rotas, rota_needs=needs, certificate=certificate, **claims)


def read_asked(reader: Reader) -> tuple[Question, Inputs]:
    """Read the question and its inputs, or stop where either is half understood."""
    before = len(reader.breaches)
    question, config = read_question(reader)
    stop_if_more(reader, before)
    changes = Changes(config, question.changes)
    question = question_as_changed(question, changes)
    inputs = read_inputs(reader, question)
    if question.changes:
        inputs = _changed(reader, question, inputs, changes)
    cross_check(config, question, inputs)
    stop_if_more(reader, before)
    return question, inputs


def _changed(reader: Reader, question: Question, inputs: Inputs, changes: Changes) -> Inputs:
    """Return the inputs as the config changes them."""
    asked = any(name.startswith(OF_A_CORRIDOR) for name in question.changes)
    rows = keyed(reader, "inputs/corridors.csv") if asked else {}
    corridors = {area: row.cells["corridor"] for area, row in rows.items()}
    a_person = {activity: patients_a_person(shares, inputs.areas) for activity, shares in question.ages.items()}

    def as_many(area: str, activity: str, growth: Growth) -> Fraction:
        return times_as_many(reader, growth, area, inputs.areas[area], a_person.get(activity, ALL_AGES_ALIKE))

    return inputs_as_changed(question, inputs, corridors, as_many, changes)


def _is_due(reader: Reader, name: str, asked: bool) -> bool:
    """Whether a table of rotas is called for; one that is there though nothing calls for it is noted."""
    if not asked and name in reader.files:
        message = f"{name} is there, but nothing in the config calls for it."
        reader.note(TABLES[name].check, name, name, "no file", message)
    return asked


def stop_if_more(reader: Reader, before: int) -> None:
    """Stop where the question or the inputs are half understood: what follows from them would prove nothing."""
    if len(reader.breaches) > before:
        raise UnreadableError


def refuse_newer(reader: Reader) -> None:
    """Give up on a run of a newer format: what it says may not mean what is known here."""
    stated = reader.json("run.json").get("format") if "run.json" in reader.files else None
    if isinstance(stated, int) and stated > FORMAT:
        words = f"is of format {brief(stated)}, and this checker knows format {FORMAT}"
        raise reader.give_up("run.json", f"{words}; a newer optimiser can check it")


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
    services, there = question.services.values(), reader.files
    across = any(team.across for team in question.teams.values())
    by_road = across or any(service.in_reach or service.transfer for service in services)
    has_road = by_road or (question.leans_across_sites() and "inputs/transfers.csv" in there)
    has_staff = "inputs/staff.csv" in there or bool(question.rota_units())
    has_counts = any(service.observed and service.observed.period for service in services)
    areas, sites = keyed(reader, "inputs/areas.csv"), keyed(reader, "inputs/sites.csv")
    journeys: Minutes = minutes_in(reader, "inputs/journeys.csv")
    demand = keyed(reader, "inputs/demand.csv")
    modes = {mode for service in services for mode in (service.travel_by, service.visitors_travel_by) if mode}
    of_modes = keyed(reader, "inputs/journeys_by_mode.csv") if modes else {}
    of_teams = {team.across.travel_by for team in question.teams.values() if team.across and team.across.travel_by}
    staff = rows_of(reader, "inputs/staff.csv") if has_staff else []
    transfers: Minutes = minutes_in(reader, "inputs/transfers.csv") if has_road else {}
    counts = keyed(reader, "inputs/activity.csv") if has_counts else {}
    for row in sites.values():
        if row.cells["role"] not in ("candidate", "neighbour"):
            message = f"{row.where}: the role is neither candidate nor neighbour."
            reader.note(INPUTS_CHECK, row.where, row.cells["role"], "candidate", message)
    border = keyed(reader, "inputs/border.csv") if question.as_today else {}
    tables, added, joined = _with_added(reader, question, Tables(areas, sites, journeys, transfers, staff))
    areas, sites, journeys, transfers, staff = tables
    if question.known_in_full:
        left_out = known_in_part(areas, demand)
        of_modes = {key: row for key, row in of_modes.items() if key[1] not in left_out}
        areas = {code: row for code, row in areas.items() if code not in left_out}
        journeys = Pairs({code: its for code, its in Pairs.among(journeys).of.items() if code not in left_out})
        demand, border = (
            {key: row for key, row in table.items() if key[0] not in left_out} for table in (demand, border)
        )
    shares_scale = math.lcm(*(row.cells["share"].denominator for row in border.values()))
    numbers, scale = whole_numbers([row.cells["patients_per_year"] for row in demand.values()])
    if question.as_today and scale < MICRO:
        # An area's patients are parted in whole millionths.
        numbers, scale = [number * (MICRO // scale) for number in numbers], MICRO
    patients = before = dict(zip(demand, numbers, strict=True))
    people = {code: read_area(row) for code, row in areas.items()}
    residents = {code: row.cells for code, row in areas.items() if row.cells["resident"]}
    for code in (code for code, cells in residents.items() if cells.get("population", 0) is None):
        message = f"inputs/areas.csv does not say how many people live in {code}, and they are residents."
        reader.note(INPUTS_CHECK, f"inputs/areas.csv {code}", None, "people", message)
    if question.growth:
        a_person = {activity: patients_a_person(shares, people) for activity, shares in question.ages.items()}
        patients, before, scale = grow(reader, question.growth, people, a_person, patients, scale)
    longer = read_longer(reader, question, [*journeys, *transfers], joined)
    return Inputs(
        areas=people,
        area_columns=reader.columns("inputs/areas.csv"),
        roles={code: row.cells["role"] for code, row in sites.items()},
        minutes=scaled_minutes(journeys, question, longer),
        patients=patients,
        patients_before=before,
        patients_scale=scale,
        in_post=read_staff(reader, staff, question),
        road=scaled_minutes(transfers, question, longer),
        counts={key: Fraction(row.cells["count"]) for key, row in counts.items()},
        names={code: row.cells.get("name", "") for code, row in sites.items()},
        border={pair: int(row.cells["share"] * shares_scale) for pair, row in border.items()},
        shares_scale=shares_scale,
        added=added,
        by_mode=_by_mode(of_modes, modes, question),
        road_by_mode=_by_mode(keyed(reader, "inputs/transfers_by_mode.csv") if of_teams else {}, of_teams, question),
    )


def _by_mode(
    rows: Mapping[tuple[str, str, str], Row], modes: Collection[str], question: Question
) -> dict[str, Pairs[int]]:
    """Return minutes by each mode as they count."""
    of = {
        mode: {key[1:]: row.cells["minutes"] for key, row in rows.items() if key[0] == mode} for mode in sorted(modes)
    }
    return {mode: scaled_minutes(minutes, question, {}) for mode, minutes in of.items()}


def _with_added(
    reader: Reader, question: Question, tables: Tables
) -> tuple[Tables, dict[str, Estimate], Sequence[Mapping[str, Any]]]:
    """Return the tables with the sites that the config adds, how they are known, and where they join the roads.

    Gives up where the words cannot be followed.
    """
    if not question.sites:
        return tables, {}, ()
    asked = bool(tables.transfers)
    if not asked and "inputs/transfers.csv" in reader.files:
        tables = tables._replace(transfers=minutes_in(reader, "inputs/transfers.csv"))
    own = {
        (code, name): _own_table(reader, code, name)
        for code, site in question.sites.items()
        for name in ("journeys", *(["transfers"] if tables.transfers else []))
        if getattr(site, name) not in ESTIMATED
    }
    by_road = any(BY_ROAD in (site.journeys, site.transfers) for site in question.sites.values())
    try:
        roads = Network(read_roads(reader)) if by_road else None
        found, added = with_added(question, tables, own, roads)
    except ValueError as error:
        raise reader.give_up("config.yaml", str(error)) from None
    return found if asked else found._replace(transfers={}), added, roads.joined if roads else ()


def read_roads(reader: Reader) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of every table of the network, by what it has; waters and turns may be none."""
    may_be = [name for name in ("waters", *BESIDE) if f"inputs/road_{name}.csv" in reader.files]
    names = ["junctions", "links", "speeds", "access", *may_be]
    found = {name: [row.cells for row in rows_of(reader, f"inputs/road_{name}.csv")] for name in names}
    return {name: [] for name in ("waters", *BESIDE)} | found


def _own_table(reader: Reader, code: str, name: str) -> dict[tuple[str, str], Decimal | None]:
    """Return the minutes of a table that a site has of its own, of which each row must be about it."""
    file = f"inputs/{name}_of_{code}.csv"
    rows = keyed(reader, file, TABLES[f"inputs/{name}.csv"])
    for key, row in rows.items():
        if code not in key[-1 if name == "journeys" else 0 :]:
            reader.note(INPUTS_CHECK, row.where, ", ".join(key), code, f"{row.where} is not about {code}.")
    return {key: row.cells["minutes"] for key, row in rows.items()}


def known_in_part(areas: Mapping[str, Row], demand: Collection[tuple[str, str]]) -> set[str]:
    """Return the areas outside of which demand.csv has no row for some activity that it has of any area."""
    activities = {activity for _, activity in demand}
    outside = [code for code, row in areas.items() if not row.cells["resident"]]
    return {code for code in outside if any((code, activity) not in demand for activity in activities)}


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
        population=whole_if_whole(cells.get("population") or Decimal(0)),
        district=cells.get("district") or None,
        over_75=None if over_75 is None else whole_if_whole(over_75),
        decile=cells.get("deprivation_decile"),
        over_65=None if over_65 is None else whole_if_whole(over_65),
    )


def grow(
    reader: Reader,
    growth: Growth,
    areas: Mapping[str, Area],
    a_person: Mapping[str, Mapping[str, Fraction]],
    patients: Mapping[tuple[str, str], int],
    scale: int,
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int], int]:
    """Return patients after growth and before it, over one scale; grown ones are rounded to six decimals."""
    common = math.lcm(scale, MICRO)
    grown = {}
    for (area, activity), now in patients.items():
        if activity in growth.by_activity:
            times = (1 + growth.by_activity[activity]) ** growth.years
        elif growth.by_age and area in areas:
            times = times_as_many(reader, growth, area, areas[area], a_person.get(activity, ALL_AGES_ALIKE))
        else:
            grown[area, activity] = now * (common // scale)
            continue
        micro = rounded_ratio(now * MICRO * times.numerator, scale * times.denominator)
        grown[area, activity] = micro * (common // MICRO)
    return grown, {key: now * (common // scale) for key, now in patients.items()}, common


def patients_a_person(shares: Mapping[str, Fraction], areas: Mapping[str, Area]) -> dict[str, Fraction]:
    """Return which share of the residents' patients one resident of each age is, from the share of that age."""
    residents = [area for area in areas.values() if area.resident]
    everybody, older = sum(area.population for area in residents), sum(area.over_65 or 0 for area in residents)
    oldest = sum(area.over_75 or 0 for area in residents) if "from_75" in shares else 0
    people = {"under_65": everybody - older, "from_65": older - oldest, "from_75": oldest}
    return {age: share / people[age] if people[age] else Fraction(0) for age, share in shares.items()}


def times_as_many(reader: Reader, growth: Growth, code: str, area: Area, a_person: Mapping[str, Fraction]) -> Fraction:
    """Return how many times as many patients an area will have, by the growth of each age; 1 where none come from."""
    oldest = area.over_75 if "from_75" in {*growth.by_age, *a_person} else 0
    if area.over_65 is None or oldest is None or not 0 <= oldest <= area.over_65 <= area.population:
        message = f"inputs/areas.csv does not say how many people of {code} are of which age, so it cannot grow by age."
        reader.note(INPUTS_CHECK, f"inputs/areas.csv {code}", area.over_65, None, message)
        return Fraction(1)
    each = {"under_65": area.population - area.over_65, "from_65": area.over_65 - oldest, "from_75": oldest}
    now = then = Fraction(0)
    for age, people in each.items():
        # Those from 75 are as all from 65 where nothing is said of them apart.
        rate, share = (said.get(age, said.get("from_65", Fraction(0))) for said in (growth.by_age, a_person))
        now += people * share
        then += people * share * (1 + rate) ** growth.years
    return then / now if now else Fraction(1)


def read_longer(
    reader: Reader,
    question: Question,
    pairs: Collection[tuple[str, str]],
    joined: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, str], int]:
    """Return by how many tenths of a minute journeys are longer for what the config says of roads.

    ``joined`` are the rows that sites which the config adds would have in road_access.csv.
    """
    if not (question.shut_roads or question.slow_roads or question.hour is not None):
        return {}
    roads = read_roads(reader)
    roads["access"] += joined
    try:
        return tenths_longer(pairs, question.shut_roads, question.slow_roads, question.hour, roads)
    except ValueError as error:
        raise reader.give_up("inputs/road_links.csv", str(error)) from None


def scaled_minutes(journeys: Minutes, question: Question, longer: Mapping[tuple[str, str], int]) -> Pairs[int]:
    """Return (table minutes + what is longer − what a calibration added) × factor in millionths of a minute.

    None is below 0. They are rounded to the decimals kept, halves to even.
    """
    every = Pairs.among(journeys)
    different = {minutes for its in every.of.values() for minutes in its.values()}
    if None in different:
        every = Pairs({one: {to: n for to, n in its.items() if n is not None} for one, its in every.of.items()})
    known = cast("Pairs[Decimal]", every)
    stated = [minutes for minutes in different if minutes is not None]
    column, scale = whole_numbers(stated)
    whole = dict(zip(stated, column, strict=True))
    factor, parts = question.factor, 10**question.minute_places
    less, parts_of_it = 10 * scale * question.less.numerator, question.less.denominator
    top, bottom, each = factor.numerator * parts, factor.denominator * scale * parts_of_it, MICRO // parts

    def micro(minutes: Decimal, tenths_longer: int = 0) -> int:
        tenths = max((10 * whole[minutes] + tenths_longer * scale) * parts_of_it - less, 0)
        found: int = rounded_ratio(tenths * top, 10 * bottom) * each
        return found

    if not longer:
        return known.each(micro)
    return Pairs.among({pair: micro(minutes, longer.get(pair, 0)) for pair, minutes in known.items()})


def read_staff(reader: Reader, rows: list[Row], question: Question) -> dict[tuple[str, str, str], Fraction]:
    """Return staff in post by team, unit and site, in each team's year."""
    current = [r for r in rows if r.cells["team"] in question.teams]
    current = [r for r in current if r.cells["year"] == question.teams[r.cells["team"]].year]
    keyed = reader.keyed(current, ["team", "site"], INPUTS_CHECK)
    return {
        (team, unit, site): Fraction(row.cells[column])
        for (team, site), row in keyed.items()
        for column, unit in (("people", "people"), ("wte", "WTE"))
        if row.cells.get(column) is not None
    }


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
    config.known(question.ages, activities, "demand.ages")
    config.known(question.closed, candidates, "closed_sites")
    for code, added in question.sites.items():
        for name in ("journeys", "transfers"):
            stated = getattr(added, name)
            strange = stated not in (*ESTIMATED, f"inputs/{name}_of_{code}.csv")
            config.wrong_if(strange, f"sites.{code}.{name}", stated, "is not the table that a run has of it")
        elsewhere = not is_where_it_says(added)
        config.wrong_if(elsewhere, f"sites.{code}", "", "is elsewhere by its metres than by its degrees")
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
