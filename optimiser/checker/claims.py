"""What a run claims about itself: its files, how it ended, its objectives and its measures."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from optimiser.checker.across import rota_need
from optimiser.checker.beds import beds_for, busy_as_today, busy_by_site, share_turned_away
from optimiser.checker.links import broken_without_exception
from optimiser.checker.question import Beds, Objective
from optimiser.checker.reading import MOST_BYTES, Breach, Number, Reader, same, shown, size
from optimiser.checker.run import MICRO, OUTCOMES, Piece, Run
from optimiser.checker.sharing import nearest_beside, past_a_nearer_site

RUN_FILES = (
    "designations.csv", "journeys.csv", "staffing.csv", "measures.csv", "rules.csv", "config.yaml", "run.json",
    "inputs/areas.csv", "inputs/sites.csv", "inputs/journeys.csv", "inputs/demand.csv",
)  # fmt: skip
# A run in which no plan meets every rule has these in place of the tables of a plan.
NO_PLAN_TABLES = ("clash.csv", "ways_out.csv")
OF_EVERY_RUN = tuple(name for name in RUN_FILES if "/" in name or not name.endswith(".csv"))
# A run has these where its question calls for them.
KNOWN_FILES = (
    *RUN_FILES,
    *(f"{name}.csv" for name in ("links", "exceptions", "rotas", "rota_needs")),
    *(f"inputs/{name}.csv" for name in ("transfers", "staff", "activity")),
    *NO_PLAN_TABLES,
)
# Reports that are made of a run later on stand beside its files.
REPORTS = (".html", ".xlsx", ".gpkg", ".zip")
BOUND_DUST = Fraction(1, 10**6)
MOST_DEPRIVED_DECILES = (1, 2)
LIMITS_MINUTES = (30, 45, 60)
AGE_GROUP = "age 75+"
FIFTHS = {
    1: "deprivation fifth 1 (most deprived)",
    2: "deprivation fifth 2",
    3: "deprivation fifth 3",
    4: "deprivation fifth 4",
    5: "deprivation fifth 5 (least deprived)",
}
PATIENTS, PEOPLE, MINUTES = "patients a year", "people", "minutes"


def files_are_as_listed(reader: Reader) -> Iterator[Breach]:
    """Every file of the run is listed in run.json, is there, and has the SHA-256 that is listed."""
    check = "files_are_as_listed"
    record = reader.json("run.json")
    listed = record.get("files")
    listed = listed if isinstance(listed, dict) else {}
    theirs = {name for name in reader.names if "/" in name or not _stands_beside(name)}
    no_plan = record.get("outcome") == "no plan"
    needed = theirs | set((*OF_EVERY_RUN, *NO_PLAN_TABLES) if no_plan else RUN_FILES)
    for name in sorted((needed | listed.keys()) - {"run.json"}):
        claimed = shown(listed.get(name, ""))
        found = hashlib.sha256(reader.files[name]).hexdigest() if name in reader.files else ""
        if name in reader.names and not found:
            why = f"has more than {MOST_BYTES:,} bytes" if name in listed else "is not listed in run.json"
            yield Breach(check, name, claimed, "not read", f"{name} {why}, so it was not read.")
        elif not found:
            yield Breach(check, name, claimed, "no file", f"{name} is missing from the run.")
        elif claimed != found:
            said = "is not listed in run.json" if not claimed else "is not the file that run.json lists"
            yield Breach(check, name, claimed, found, f"{name} {said}: its SHA-256 is {found}.")


def _stands_beside(name: str) -> bool:
    return name.startswith(".") or name.lower().endswith(REPORTS)


def run_says_how_it_ended(run: Run) -> Iterator[Breach]:
    """run.json states format 1, the question that the config asks, and one of the outcomes there are."""
    result = run.result
    for where, claimed, allowed in (
        ("format", result.format, (1,)),
        ("question", result.question, (run.question.title,)),
        ("outcome", result.outcome, OUTCOMES),
    ):
        if claimed not in allowed or isinstance(claimed, bool):
            message = f"run.json: {where} is {shown(claimed)}, but should be {' or '.join(map(shown, allowed))}."
            yield Breach("run_says_how_it_ended", f"run.json {where}", shown(claimed), shown(allowed[0]), message)


def listed_or_all(run: Run, objective: Objective) -> list[str]:
    """Return the services that an objective covers."""
    return list(objective.services or run.question.services)


def _travelling(run: Run, objective: Objective) -> list[str]:
    return [service for service in listed_or_all(run, objective) if service in run.nearest]


def total_patient_minutes(run: Run, objective: Objective) -> Number:
    """Resident patients' minutes a year, over the services covered."""
    return sum((run.patient_minutes(s, run.residents) for s in _travelling(run, objective)), Fraction(0))


def worst_journey(run: Run, objective: Objective) -> Number:
    """The longest journey of any resident area to any service covered, in minutes."""
    return max((run.worst_minutes(s, run.residents) for s in _travelling(run, objective)), default=Fraction(0))


def patients_beyond_standard(run: Run, objective: Objective) -> Number:
    """Resident patients a year beyond the standard of the services covered that state one."""
    stated = [s for s in _travelling(run, objective) if "standard_minutes" in run.question.services[s].figures]
    return sum((run.patients_beyond_standard(s) for s in stated), Fraction(0))


def deprived_patient_minutes(run: Run, objective: Objective) -> Number:
    """Patient minutes a year of resident areas in deprivation deciles 1 and 2."""
    deprived = [area for area in run.residents if run.areas[area].decile in MOST_DEPRIVED_DECILES]
    return sum((run.patient_minutes(s, deprived) for s in _travelling(run, objective)), Fraction(0))


def staff_short(run: Run, objective: Objective) -> Number:
    """What the teams that the rotas of the services covered use are short of, all their needs counted."""
    teams = {team for service in listed_or_all(run, objective) for team, _ in run.question.services[service].rotas}
    units = [key for key in run.question.rota_units() if key[0] in teams]
    return sum((run.short(*key, site) for key in units for site in run.pools(key[0])), Fraction(0))


def changes_from_today(run: Run, objective: Objective) -> Number:
    """Designations that differ from today, over the services covered whose today is known."""
    return Fraction(sum(run.changes(service) for service in listed_or_all(run, objective)))


def transfers(run: Run, objective: Objective) -> Number:
    """Transfers a year to the services covered, suspected patients counted."""
    moved = [s for s in _travelling(run, objective) if run.question.services[s].transfer is not None]
    return sum((run.transfers_a_year(service) for service in moved), Fraction(0))


OBJECTIVES: dict[str, Callable[[Run, Objective], Number]] = {
    "patient_minutes": total_patient_minutes,
    "worst_journey": worst_journey,
    "patients_beyond_standard": patients_beyond_standard,
    "deprived_patient_minutes": deprived_patient_minutes,
    "staff_short": staff_short,
    "changes_from_today": changes_from_today,
    "transfers": transfers,
}


def _stated_objectives(run: Run) -> Iterator[tuple[str, Objective, dict[str, Any]]]:
    for n, (objective, stated) in enumerate(zip(run.question.objectives, run.result.objectives, strict=False), 1):
        if isinstance(stated, dict) and stated.get("name") == objective.name:
            yield f"run.json objective {n} ({objective.name})", objective, stated


def objectives_are_as_asked(run: Run) -> Iterator[Breach]:
    """run.json states the config's objectives, in order, for the services that the config lists."""
    check, asked, stated = "objectives_are_as_asked", run.question.objectives, run.result.objectives
    names = [item.get("name") if isinstance(item, dict) else None for item in stated]
    expected = [objective.name for objective in asked]
    if names != expected:
        claimed, found = ", ".join(map(shown, names)), ", ".join(expected)
        yield Breach(check, "run.json", claimed, found, f"run.json: objectives are {claimed}; the config asks {found}.")
    for where, objective, item in _stated_objectives(run):
        allowed = [list(objective.services)] if objective.services else [[], list(run.question.services)]
        if item.get("services") not in allowed:
            claimed, found = shown(item.get("services")), shown(allowed[0])
            yield Breach(check, where, claimed, found, f"{where}: covers {claimed}, but the config says {found}.")
        if objective.name not in OBJECTIVES:
            yield Breach(check, where, objective.name, "", f"{where}: no check exists for it.")
        if objective.name == "deprived_patient_minutes" and "deprivation_decile" not in run.inputs.area_columns:
            yield Breach(check, where, "", "", f"{where}: inputs/areas.csv has no deprivation_decile.")


def _number(value: object) -> Number | None:
    return value if isinstance(value, Fraction | int | float) and not isinstance(value, bool) else None


def objective_values_are_right(run: Run) -> Iterator[Breach]:
    """Every objective's value is what the inputs and the decisions make it."""
    for where, objective, item in _stated_objectives(run):
        if objective.name not in OBJECTIVES:
            continue
        claimed, found = _number(item.get("value")), OBJECTIVES[objective.name](run, objective)
        if claimed is None or not same(claimed, found):
            message = f"{where}: value is {shown(item.get('value'))}, but the plan's own is {shown(found)}."
            yield Breach("objective_values_are_right", where, shown(item.get("value")), shown(found), message)


def bounds_are_honest(run: Run) -> Iterator[Breach]:
    """No bound lies above its value, and what is proved best has the bound equal to the value."""
    proved = run.result.outcome == "proved best"
    for where, _, item in _stated_objectives(run):
        value, bound = _number(item.get("value")), _number(item.get("bound"))
        may_be_absent = not proved and item.get("bound") is None
        if value is None or may_be_absent:
            continue
        if bound is None or (bound > value and not same(bound, value)) or (proved and not _meets(bound, value)):
            wish = "equal to the value, as it is proved best" if proved else "at most the value"
            message = f"{where}: bound {shown(item.get('bound'))} should be {wish}, {shown(value)}."
            yield Breach("bounds_are_honest", where, shown(item.get("bound")), shown(value), message)


def _meets(bound: Number, value: Number) -> bool:
    if isinstance(bound, float) or isinstance(value, float):
        return False  # the only float is infinity, and nothing is proved about that
    return size(value - bound) <= BOUND_DUST * max(Fraction(1), size(value))


def the_ranking_starts_with_the_plan(run: Run) -> Iterator[Breach]:
    """The options that run.json ranks stand best first, and what is proved best is the first of them."""
    check, stated = "the_ranking_starts_with_the_plan", run.result.enumeration
    if stated is None or (isinstance(stated, dict) and "best" not in stated):
        return
    options = _options(stated["best"] if isinstance(stated, dict) else None, len(run.question.objectives))
    if options is None:
        message = "run.json: enumeration does not list options, each with its values and designations."
        yield Breach(check, "run.json enumeration", "", "", message)
        return
    for n, ((better, _), (worse, _)) in enumerate(pairwise(options), start=2):
        if _is_before(worse, better):
            where, claimed, found = f"run.json enumeration {n}", shown(list(worse)), shown(list(better))
            message = f"{where}: {claimed} is better than {found}, which is ranked before it."
            yield Breach(check, where, claimed, found, message)
    if run.result.outcome == "proved best":
        yield from _first_is_the_plan(run, options[:1])


Ranked = tuple[tuple[Number, ...], frozenset[tuple[str, str]]]


def _options(best: object, width: int) -> list[Ranked] | None:
    """Return the values and the (site, service) pairs of every option, or nothing where one cannot be read."""
    found: list[Ranked] = []
    for option in best if isinstance(best, list) else [None]:
        stated = option if isinstance(option, dict) else {}
        values, pairs = stated.get("values"), stated.get("designated")
        if not isinstance(values, list) or not isinstance(pairs, list) or len(values) != width:
            return None
        numbers = [number for number in map(_number, values) if number is not None]
        if len(numbers) < width or not all(_is_pair(pair) for pair in pairs):
            return None
        found.append((tuple(numbers), frozenset((site, service) for site, service in pairs)))
    return found


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(code, str) for code in pair)


def _is_before(one: tuple[Number, ...], other: tuple[Number, ...]) -> bool:
    different = (a < b for a, b in zip(one, other, strict=True) if not same(a, b))
    return next(different, False)


def _first_is_the_plan(run: Run, first: list[Ranked]) -> Iterator[Breach]:
    check, where = "the_ranking_starts_with_the_plan", "run.json enumeration 1"
    values, pairs = first[0] if first else ((), frozenset())
    plan = {(site, service) for service in run.question.services for site in run.sites_of(service)}
    if pairs != plan:
        claimed, found = (", ".join(sorted(map(" ".join, these))) for these in (pairs, plan))
        message = f"{where}: the first option designates {claimed or 'nothing'}, but the plan {found or 'nothing'}."
        yield Breach(check, where, claimed, found, message)
    reached = [_number(item.get("value")) if isinstance(item, dict) else None for item in run.result.objectives]
    agree = len(values) == len(reached) and all(
        b is not None and same(a, b) for a, b in zip(values, reached, strict=True)
    )
    if not agree:
        claimed, found = shown(list(values)), shown(reached)
        message = f"{where}: the first option's values are {claimed}, but the plan's are {found}."
        yield Breach(check, f"{where} values", claimed, found, message)


class Measure(NamedTuple):
    """A published number."""

    value: Number
    unit: str
    better: str


Key = tuple[str, str, str]
Named = tuple[Key, Measure]


def mean(weights: Mapping[str, int | Fraction], minutes: Mapping[str, int | Fraction | None]) -> Number | None:
    """Return mean minutes; nothing where there is no weight, infinite where somebody has no journey."""
    total = sum(weights.values())
    if not total:
        return None
    if any(weight and minutes[area] is None for area, weight in weights.items()):
        return math.inf
    return Fraction(sum(weight * (minutes[area] or 0) for area, weight in weights.items())) / (total * MICRO)


def percentile(pieces: list[Piece], percent: int) -> Number:
    """Return the smallest journey time within which at least so many percent of patients lie."""
    reached, total = Fraction(0), sum(piece.patients for piece in pieces)
    served = sorted((piece.journey.minutes, piece.patients) for piece in pieces if piece.journey.minutes is not None)
    for journey, patients in served:
        reached += patients
        if reached * 100 >= percent * total:
            return Fraction(journey, MICRO)
    return math.inf


def _service_measures(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    """Yield (measure, group, number) for all residents."""
    pieces = [piece for _, piece in run.pieces_of(service, run.residents)]
    yield from _group_measures(run, service, "", run.residents)
    if any(piece.patients for piece in pieces):
        yield "median_minutes", "", Measure(percentile(pieces, 50), MINUTES, "lower")
        yield "p95_minutes", "", Measure(percentile(pieces, 95), MINUTES, "lower")
    total = run.patient_minutes(service, run.residents)
    yield "patient_minutes", "", Measure(total, "patient-minutes a year", "lower")
    for limit in LIMITS_MINUTES:
        patients = run.patients_within(service, Fraction(limit))
        yield f"patients_within_{limit}", "", Measure(patients, PATIENTS, "higher")
        near = [(run.areas[area], piece.share) for area, piece in _within(run, service, limit)]
        people = Fraction(sum(area.population * share for area, share in near))
        yield f"people_within_{limit}", "", Measure(people, PEOPLE, "higher")
        left = Fraction(sum(run.areas[area].population for area in run.residents)) - people
        yield f"people_beyond_{limit}", "", Measure(left, PEOPLE, "lower")
        if "population_75_plus" in run.inputs.area_columns:
            older = Fraction(sum((area.over_75 or 0) * share for area, share in near))
            yield f"people_within_{limit}", AGE_GROUP, Measure(older, PEOPLE, "higher")
    if "standard_minutes" in run.question.services[service].figures:
        yield "patients_beyond_standard", "", Measure(run.patients_beyond_standard(service), PATIENTS, "lower")
    yield from _older_mean(run, service)


def _within(run: Run, service: str, limit: int) -> Iterator[tuple[str, Piece]]:
    """Yield the pieces of resident areas whose journey takes at most so many minutes."""
    for area, piece in run.pieces_of(service, run.residents):
        if piece.journey.minutes is not None and piece.journey.minutes <= limit * MICRO:
            yield area, piece


def _older_mean(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    minutes = {area: run.minutes_spent(service, area) for area in run.residents}
    if "population_75_plus" in run.inputs.area_columns:
        found = mean({area: run.areas[area].over_75 or 0 for area in run.residents}, minutes)
        if found is not None:
            yield "mean_minutes", AGE_GROUP, Measure(found, MINUTES, "lower")


def _group_measures(run: Run, service: str, group: str, areas: list[str]) -> Iterator[tuple[str, str, Measure]]:
    minutes = {area: run.minutes_spent(service, area) for area in areas}
    found = mean({area: run.patients(service, area) for area in areas}, minutes)
    if found is not None:
        yield "mean_minutes", group, Measure(found, MINUTES, "lower")
    yield "patients", group, Measure(run.resident_patients(service, areas), PATIENTS, "neither")
    yield "worst_minutes", group, Measure(run.worst_minutes(service, areas), MINUTES, "lower")


def groups(run: Run) -> dict[str, list[str]]:
    """Return the resident areas of every deprivation fifth and district that has any."""
    found: dict[str, list[str]] = {}
    for code in run.residents:
        area = run.areas[code]
        fifth = None if area.decile is None else FIFTHS.get(math.ceil(area.decile / 2))
        for group in (fifth, f"district {area.district}" if area.district else None):
            if group:
                found.setdefault(group, []).append(code)
    return found


def _site_measures(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    outside = [code for code, area in run.areas.items() if not area.resident]
    for site in run.candidates + run.neighbours(service):
        everyone = run.patients_from(service, site, run.areas)
        yield "site_patients", site, Measure(everyone, PATIENTS, "neither")
        others = run.patients_from(service, site, outside)
        yield "site_patients_from_outside", site, Measure(others, PATIENTS, "neither")


def _bed_measures(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    wanted = run.question.services[service].beds
    if wanted is None:
        return
    busy = busy_by_site(run, service)
    needed = {site: beds_for(wanted, load) for site, load in busy.items()}
    stated = {site: int(figure.value or 0) for site, figure in wanted.at.items() if site in busy}
    full: list[tuple[int, Fraction]] = []
    for site, load in busy.items():
        yield "beds_needed", site, Measure(Fraction(needed[site]), "beds", "lower")
        if site in stated:
            yield "beds_available", site, Measure(Fraction(stated[site]), "beds", "neither")
        full.append((stated.get(site, needed[site]), load))
        yield from _how_full(site, full[-1:])
    total = sum(needed.values())
    yield "beds_needed", "", Measure(Fraction(total), "beds", "lower")
    if busy and stated.keys() == busy.keys():
        yield "beds_available", "", Measure(Fraction(sum(stated.values())), "beds", "neither")
    yield from _how_full("", full)
    yield from _bed_test(run, service, wanted, total)
    for role, each in wanted.staff_per_bed.items():
        yield "staff_for_beds", role, Measure(total * each, "WTE", "neither")


def _how_full(group: str, full: list[tuple[int, Fraction]]) -> Iterator[tuple[str, str, Measure]]:
    """Yield the share of beds taken and the share of arrivals turned away, over some sites' beds and loads."""
    arriving = sum((load for _, load in full), Fraction(0))
    lost = sum((load * share_turned_away(beds, load) for beds, load in full), Fraction(0))
    beds = sum(beds for beds, _ in full)
    if beds:
        yield "occupancy", group, Measure((arriving - lost) / beds, "share of beds", "neither")
    if arriving:
        yield "blocking", group, Measure(lost / arriving, "share of arrivals", "lower")


def _bed_test(run: Run, service: str, wanted: Beds, total: int) -> Iterator[tuple[str, str, Measure]]:
    today = run.question.today.get(service)
    if today is None:
        return
    sites = [site for site in run.candidates if site in today]
    as_today = sum(beds_for(wanted, load) for load in busy_as_today(run, service, sites))
    yield "beds_needed_as_today", "", Measure(Fraction(as_today), "beds", "neither")
    if sites and all(site in wanted.at for site in sites):
        there = sum((wanted.at[site].value or Fraction(0) for site in sites), Fraction(0))
        yield "beds_today", "", Measure(there, "beds", "neither")
        yield "beds_beyond_today", "", Measure(total - there, "beds", "neither")


def _backcast_measures(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    """Yield what was counted, scaled to the model's total at these sites, and what the offsets make of it."""
    counted, came = run.counted(service), run.came_back(service)
    total, modelled = sum(counted.values(), Fraction(0)), sum(came.values(), Fraction(0))
    for site, count in counted.items():
        due = count * modelled / total
        yield "observed_patients", site, Measure(due, PATIENTS, "neither")
        yield "backcast_patients", site, Measure(came[site], PATIENTS, "neither")
        if due:
            yield "backcast_error", site, Measure(size(came[site] - due) / due, "share of patients", "lower")


def _transfer_measures(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    transfer = run.question.services[service].transfer
    if transfer is None:
        return
    straight = run.straight_there(service)
    patients = {area: run.patients(service, area) for area in run.residents}
    found = mean(patients, {area: straight[area].minutes for area in run.residents})
    if found is not None:
        yield "mean_minutes_straight_there", "", Measure(found, MINUTES, "lower")
    suspected, daily = transfer.value("suspected_per_confirmed"), "transfers a day"
    yield "transfers_per_day", "", Measure(run.transfers_a_year(service) / 365, daily, "lower")
    for (here, there, _), confirmed in run.transferred(service).items():
        yield "transfers_per_day", f"{here} to {there}", Measure(confirmed * suspected / 365, daily, "lower")
    repatriated = sum(run.transferred(service).values(), Fraction(0)) * transfer.value("repatriated_share")
    yield "repatriations_per_year", "", Measure(repatriated, "repatriations a year", "lower")
    yield "ambulance_hours_per_year", "", Measure(run.ambulance_hours(service), "hours a year", "lower")
    for site in run.candidates + run.neighbours(transfer.first_contact):
        left = [area for area, journey in run.nearest[service].items() if journey.moves and journey.first_site == site]
        seen = Fraction(sum(run.patients(service, area) for area in left), run.inputs.patients_scale)
        stay = (1 - transfer.value("share_transferred")) * seen
        yield "site_patients_not_transferred", site, Measure(stay, PATIENTS, "neither")


def _sharing_measures(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    """Yield who is sent past a nearer open site, how much further, and what the nearest would come to."""
    if not run.question.services[service].managed:
        return
    past = past_a_nearer_site(run, service)
    for name, unit, each in (
        ("patients_past_a_nearer_site", PATIENTS, {site: patients for site, (patients, _) in past.items()}),
        ("minutes_past_a_nearer_site", "patient-minutes a year", {site: m for site, (_, m) in past.items()}),
    ):
        yield name, "", Measure(sum(each.values(), Fraction(0)), unit, "lower")
        for site, value in each.items():
            yield name, site, Measure(value, unit, "lower")
    beside = nearest_beside(run, service)
    if beside.mean is not None:
        yield "nearest_mean_minutes", "", Measure(beside.mean, MINUTES, "lower")
    yield "nearest_worst_minutes", "", Measure(beside.worst, MINUTES, "lower")
    yield "nearest_patient_minutes", "", Measure(beside.total, "patient-minutes a year", "lower")
    for site, patients in beside.at.items():
        yield "nearest_site_patients", site, Measure(patients, PATIENTS, "neither")


def _staff_measures(run: Run) -> Iterator[tuple[str, str, Measure]]:
    for team, unit in run.question.rota_units():
        for measure, better, amounts in (
            ("staff_needed", "neither", [run.needed(team, unit, site) for site in run.pools(team)]),
            ("staff_in_post", "neither", [run.in_post(team, unit, site) for site in run.pools(team)]),
            ("staff_short", "lower", [run.short(team, unit, site) for site in run.pools(team)]),
            ("staff_moved", "lower", [run.total_moving(team, unit, "moved_in")]),
            ("staff_recruited", "lower", [run.total_moving(team, unit, "recruited")]),
        ):
            yield measure, f"{team} ({unit})", Measure(sum(amounts, Fraction(0)), unit, better)
        yield from _post_measures(run, team, unit)


def _post_measures(run: Run, team: str, unit: str) -> Iterator[tuple[str, str, Measure]]:
    """Yield the posts funded, those that nobody fills, and what would be short if somebody filled each."""
    stated = run.question.teams[team].posts
    if stated is not None:
        posts, group = stated.value or Fraction(0), f"{team} ({unit})"
        there = sum((run.in_post(team, unit, pool) for pool in run.pools(team)), Fraction(0))
        needed = sum((run.needed(team, unit, pool) for pool in run.pools(team)), Fraction(0))
        yield "staff_posts_funded", group, Measure(posts, unit, "neither")
        yield "staff_posts_vacant", group, Measure(max(posts - there, Fraction(0)), unit, "lower")
        yield "staff_short_with_posts_filled", group, Measure(max(needed - posts, Fraction(0)), unit, "lower")


def _vacancy_measures(run: Run) -> Iterator[Named]:
    """Yield what every rota is short of once one of its staff has left; where nobody is, nobody can leave."""
    for code, service in run.question.services.items():
        for team, unit in service.rotas:
            for site in run.pools(team):
                needed = rota_need(run, code, (team, unit), site)
                if needed is None:
                    continue
                left = max(run.staff(team, unit, site) - 1, Fraction(0))
                short = max(needed - left, Fraction(0))
                yield ("short_with_one_vacancy", code, f"{site} {team} ({unit})"), Measure(short, unit, "lower")


def expected_measures(run: Run) -> Iterator[Named]:
    """Yield every published number that there should be, by (measure, service, group)."""
    for service in run.services_with_patients:
        found = [*_service_measures(run, service), *_site_measures(run, service), *_transfer_measures(run, service)]
        found += [*_bed_measures(run, service), *_backcast_measures(run, service), *_sharing_measures(run, service)]
        for group, areas in groups(run).items():
            found += _group_measures(run, service, group, areas)
        for measure, group, number in found:
            yield (measure, service, group), number
    for measure, group, number in _staff_measures(run):
        yield (measure, "", group), number
    yield from _vacancy_measures(run)
    total = sum(run.changes(service) for service in run.question.services)
    yield ("changes_from_today", "", ""), Measure(Fraction(total), "changes", "lower")
    if run.question.exceptions:
        used = Fraction(len(broken_without_exception(run)))
        yield ("exceptions_used", "", ""), Measure(used, "exceptions", "lower")
    for service in run.question.today:
        yield ("changes_from_today", service, ""), Measure(Fraction(run.changes(service)), "changes", "lower")


MEASURES = frozenset(
    ["mean_minutes", "median_minutes", "p95_minutes", "worst_minutes", "patients", "patient_minutes"]
    + [f"{who}_within_{limit}" for who in ("patients", "people") for limit in LIMITS_MINUTES]
    + [f"people_beyond_{limit}" for limit in LIMITS_MINUTES]
    + ["patients_beyond_standard", "site_patients", "site_patients_from_outside", "changes_from_today"]
    + ["beds_needed", "beds_available", "occupancy", "blocking", "beds_needed_as_today", "beds_today"]
    + ["beds_beyond_today", "staff_for_beds", "exceptions_used"]
    + ["observed_patients", "backcast_patients", "backcast_error"]
    + ["transfers_per_day", "repatriations_per_year", "ambulance_hours_per_year", "site_patients_not_transferred"]
    + ["patients_past_a_nearer_site", "minutes_past_a_nearer_site"]
    + ["nearest_mean_minutes", "nearest_worst_minutes", "nearest_patient_minutes", "nearest_site_patients"]
    + ["staff_needed", "staff_in_post", "staff_short", "staff_moved", "staff_recruited"]
    + ["short_with_one_vacancy", "staff_posts_funded", "staff_posts_vacant", "staff_short_with_posts_filled"]
    + ["mean_minutes_straight_there"]
)


def measures_are_right(run: Run) -> Iterator[Breach]:
    """Every published number is there, with its unit, and is what the inputs and the decisions make it."""
    check, stated = "measures_are_right", dict(run.measures)
    for key, expected in expected_measures(run):
        name = ", ".join(part for part in key if part)
        row = stated.pop(key, None)
        if row is None:
            found = shown(expected.value)
            yield Breach(check, f"measures.csv {name}", "no row", found, f"measures.csv has no row for {name}.")
            continue
        for column, value in expected._asdict().items():
            claimed = row.cells[column]
            if claimed != value if isinstance(value, str) else not same(claimed, value):
                message = f"{row.where}: {column} of {name} is {shown(claimed)}, but should be {shown(value)}."
                yield Breach(check, f"{row.where} {column}", shown(claimed), shown(value), message)
    for key, row in stated.items():
        known = key[0] in MEASURES
        why = "nothing calls for this row" if known else f"no check exists for the measure {key[0]}"
        yield Breach(check, row.where, ", ".join(part for part in key if part), "", f"{row.where}: {why}.")


CLAIM_CHECKS: Iterable[Callable[[Run], Iterator[Breach]]] = (
    run_says_how_it_ended,
    objectives_are_as_asked,
    objective_values_are_right,
    bounds_are_honest,
    the_ranking_starts_with_the_plan,
    measures_are_right,
)
