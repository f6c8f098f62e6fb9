"""What measures.csv must say, worked out again from journeys, staff and beds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from optimiser.checker.question import Beds
from optimiser.checker.reading import Breach, Number, in_all, same, shown, size
from optimiser.checker.run import LEAVES, MICRO, Piece, Run, Stream, beds_for, share_turned_away
from optimiser.checker.sharing import nearest_beside, past_a_nearer_site
from optimiser.checker.tables import broken_without_exception

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


class Measure(NamedTuple):
    """A published number."""

    value: Number
    unit: str
    better: str


Key = tuple[str, str, str]
Named = tuple[Key, Measure]


def mean(
    weights: Mapping[Stream, int | Fraction],
    minutes: Mapping[Stream, int | Fraction | None],
    add_up: Callable[[Iterable[int | Fraction]], int | Fraction] = sum,
) -> Number | None:
    """Return mean minutes; nothing where there is no weight, infinite where somebody has no journey."""
    total = add_up(weights.values())
    if not total:
        return None
    if any(weight and minutes[stream] is None for stream, weight in weights.items()):
        return math.inf
    return Fraction(add_up(weight * (minutes[stream] or 0) for stream, weight in weights.items())) / (total * MICRO)


def percentile(pieces: list[Piece], percent: int) -> Number:
    """Return the smallest journey time within which at least so many percent of patients lie."""
    reached: Fraction | int = 0
    total = sum(piece.patients for piece in pieces)
    served = sorted((piece.journey.minutes, piece.patients) for piece in pieces if piece.journey.minutes is not None)
    for journey, patients in served:
        reached += patients
        if reached * 100 >= percent * total:
            return Fraction(journey, MICRO)
    return math.inf


def _service_measures(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    """Yield (measure, group, number) for all residents."""
    residents = run.residents_of(service)
    pieces = list(run.pieces_of(service, residents))
    yield from _group_measures(run, service, "", residents)
    for name, percent, counted in (
        ("median_minutes", 50, [piece for _, piece in pieces]),
        ("p95_minutes", 95, [piece for stream, piece in pieces if stream.how != LEAVES]),
    ):
        if any(piece.patients for piece in counted):
            yield name, "", Measure(percentile(counted, percent), MINUTES, "lower")
    total = run.patient_minutes(service, residents)
    yield "patient_minutes", "", Measure(total, "patient-minutes a year", "lower")
    for limit in LIMITS_MINUTES:
        patients = run.patients_within(service, Fraction(limit))
        yield f"patients_within_{limit}", "", Measure(patients, PATIENTS, "higher")
        near = [
            (run.areas[one.area], piece.share * run.people_share(one)) for one, piece in _within(run, service, limit)
        ]
        if "population" in run.inputs.area_columns:
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


def _within(run: Run, service: str, limit: int) -> Iterator[tuple[Stream, Piece]]:
    """Yield the pieces of residents whose journey takes at most so many minutes."""
    for stream, piece in run.pieces_of(service, run.residents_of(service)):
        if piece.journey.minutes is not None and piece.journey.minutes <= limit * MICRO:
            yield stream, piece


def _older_mean(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    if "population_75_plus" in run.inputs.area_columns:
        shares = run.as_patients_go(service)
        older = {one: (run.areas[one.area].over_75 or 0) * share for one, share in shares.items()}
        found = mean(older, run.minutes_spent(service), in_all)
        if found is not None:
            yield "mean_minutes", AGE_GROUP, Measure(found, MINUTES, "lower")


def _group_measures(run: Run, service: str, group: str, streams: list[Stream]) -> Iterator[tuple[str, str, Measure]]:
    patients = run.streams(service)
    found = mean({stream: patients[stream] for stream in streams}, run.minutes_spent(service))
    if found is not None:
        yield "mean_minutes", group, Measure(found, MINUTES, "lower")
    yield "patients", group, Measure(run.patients_in(service, streams), PATIENTS, "neither")
    yield "worst_minutes", group, Measure(run.worst_minutes(service, streams), MINUTES, "lower")


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
    leaving = run.treated_outside(service)
    yield "patients_outside", "", Measure(leaving, PATIENTS, "lower")
    if everybody := run.patients_in(service, run.residents_of(service)):
        yield "share_outside", "", Measure(leaving / everybody, "share of patients", "lower")
    for site in run.candidates + run.neighbours(service):
        everyone = run.patients_from(service, site)
        yield "site_patients", site, Measure(everyone, PATIENTS, "neither")
        others = run.patients_from(service, site, resident=False)
        yield "site_patients_from_outside", site, Measure(others, PATIENTS, "neither")
    if service in run.question.today:
        then = run.arriving_as_today(service, run.neighbours(service))
        for site in run.neighbours(service):
            more = run.patients_from(service, site) - then[site]
            yield "patients_more_than_today", site, Measure(more, PATIENTS, "lower")


def _bed_measures(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    wanted = run.question.services[service].beds
    if wanted is None:
        return
    busy = run.busy_by_site(service)
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
    as_today = sum(beds_for(wanted, load) for load in run.busy_as_today(service))
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
    streams = run.streams(service, straight=True)
    straight = run.straight_to(service, run.sites_of(service))
    patients = {stream: number for stream, number in streams.items() if run.areas[stream.area].resident}
    found = mean(patients, {stream: straight[stream].minutes for stream in patients})
    if found is not None:
        yield "mean_minutes_straight_there", "", Measure(found, MINUTES, "lower")
    yield from _road_minutes(run, service, transfer.value("dwell_minutes") + transfer.value("overhead_minutes"))
    suspected, daily = transfer.value("suspected_per_confirmed"), "transfers a day"
    yield "transfers_per_day", "", Measure(run.transfers_a_year(service) / 365, daily, "lower")
    for (here, there, _), confirmed in run.transferred(service).items():
        yield "transfers_per_day", f"{here} to {there}", Measure(confirmed * suspected / 365, daily, "lower")
    yield "repatriations_per_year", "", Measure(run.repatriations_a_year(service), "repatriations a year", "lower")
    yield "ambulance_hours_per_year", "", Measure(run.ambulance_hours(service), "hours a year", "lower")
    for site in run.candidates + run.neighbours(transfer.first_contact):
        going = run.nearest(service).items()
        left = [stream for stream, journey in going if journey.moves and journey.first_site == site]
        stay = (1 - transfer.value("share_transferred")) * run.patients_in(service, left)
        yield "site_patients_not_transferred", site, Measure(stay, PATIENTS, "neither")


def _road_minutes(run: Run, service: str, waits: Fraction) -> Iterator[tuple[str, str, Measure]]:
    """Yield the mean journey without what those who are taken on wait, at the first site and for the transfer."""
    residents, patients = run.residents_of(service), run.streams(service)
    pieces = [piece for _, piece in run.pieces_of(service, residents)]
    everybody = sum(piece.patients for piece in pieces)
    taken_on = run.transfer(service).value("share_transferred") * sum(p.patients for p in pieces if p.journey.moves)
    found = mean({stream: patients[stream] for stream in residents}, run.minutes_spent(service))
    if found is not None and everybody:
        yield "mean_road_minutes", "", Measure(found - waits * taken_on / everybody, MINUTES, "lower")


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


def _visitor_measures(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    """Yield how long visitors of residents travel, to where a patient is treated, and how many they do not reach.

    Of those who would be taken on from where they were seen first, the rest stay there and are visited there.
    """
    stated = run.question.services[service]
    if stated.visitors_travel_by is None:
        return
    minutes = run.inputs.by_mode[stated.visitors_travel_by]
    share = stated.transfer.value("share_transferred") if stated.transfer else Fraction(1)
    there: Fraction | int = 0
    total: Fraction | int = 0
    beyond: Fraction | int = 0
    for stream, piece in run.pieces_of(service, run.residents_of(service)):
        journey, patients = piece.journey, piece.patients
        visits = [(journey.site, patients)]
        if journey.moves:
            visits = [(journey.site, share * patients), (journey.first_site, (1 - share) * patients)]
        for site, many in visits:
            micro = minutes.get((stream.area, site or ""))
            if micro is None:
                beyond += many
            else:
                there, total = there + many, total + many * micro
    if there:
        yield "visitors_mean_minutes", "", Measure(Fraction(total) / (there * MICRO), MINUTES, "lower")
    out = Fraction(beyond) / run.inputs.patients_scale
    yield "patients_out_of_visitors_reach", "", Measure(out, PATIENTS, "lower")


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
                needed = run.rota_need(code, (team, unit), site)
                if needed is None:
                    continue
                left = max(run.staff(team, unit, site) - 1, Fraction(0))
                short = max(needed - left, Fraction(0))
                yield ("short_with_one_vacancy", code, f"{site} {team} ({unit})"), Measure(short, unit, "lower")


def expected_measures(run: Run, services: Iterable[str] | None = None) -> Iterator[Named]:
    """Yield every published number that there should be, by (measure, service, group).

    Those that are of a service with patients may be asked for of some services alone.
    """
    for service in run.services_with_patients if services is None else services:
        for measure, group, number in _of_patients(run, service):
            yield (measure, service, group), number
    for measure, group, number in _staff_measures(run):
        yield (measure, "", group), number
    yield from _vacancy_measures(run)
    if run.question.today:
        total = sum(run.changes(service) for service in run.question.services)
        yield ("changes_from_today", "", ""), Measure(Fraction(total), "changes", "lower")
    if run.question.exceptions:
        used = Fraction(len(broken_without_exception(run)))
        yield ("exceptions_used", "", ""), Measure(used, "exceptions", "lower")
    for service in run.question.today:
        yield ("changes_from_today", service, ""), Measure(Fraction(run.changes(service)), "changes", "lower")


def _of_patients(run: Run, service: str) -> Iterator[tuple[str, str, Measure]]:
    for of_all in (_service_measures, _site_measures, _transfer_measures, _bed_measures, _backcast_measures):
        yield from of_all(run, service)
    yield from _sharing_measures(run, service)
    yield from _visitor_measures(run, service)
    for group, areas in groups(run).items():
        yield from _group_measures(run, service, group, run.residents_of(service, set(areas)))


MEASURES = frozenset(
    ["mean_minutes", "median_minutes", "p95_minutes", "worst_minutes", "patients", "patient_minutes"]
    + [f"{who}_within_{limit}" for who in ("patients", "people") for limit in LIMITS_MINUTES]
    + [f"people_beyond_{limit}" for limit in LIMITS_MINUTES]
    + [
        "patients_outside",
        "share_outside",
        "patients_beyond_standard",
        "site_patients",
        "site_patients_from_outside",
        "patients_more_than_today",
        "changes_from_today",
    ]
    + ["beds_needed", "beds_available", "occupancy", "blocking", "beds_needed_as_today", "beds_today"]
    + ["beds_beyond_today", "staff_for_beds", "exceptions_used"]
    + ["observed_patients", "backcast_patients", "backcast_error"]
    + ["transfers_per_day", "repatriations_per_year", "ambulance_hours_per_year", "site_patients_not_transferred"]
    + ["patients_past_a_nearer_site", "minutes_past_a_nearer_site"]
    + ["nearest_mean_minutes", "nearest_worst_minutes", "nearest_patient_minutes", "nearest_site_patients"]
    + ["staff_needed", "staff_in_post", "staff_short", "staff_moved", "staff_recruited"]
    + ["short_with_one_vacancy", "staff_posts_funded", "staff_posts_vacant", "staff_short_with_posts_filled"]
    + ["mean_minutes_straight_there", "mean_road_minutes"]
    + ["visitors_mean_minutes", "patients_out_of_visitors_reach"]
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
