"""Every published number, from a plan's tables alone. One measure, one function.

A measure of journeys takes the resident areas' journeys to one service and returns one number, or NaN where it has no
meaning. ``BY_GROUP`` says which are also published for groups of areas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimiser.journeys.by_transfer import DAYS_A_YEAR, MINUTES_AN_HOUR
from optimiser.journeys.observed import backcast
from optimiser.model import staffing
from optimiser.model.arithmetic import journeys, loads_of_beds, one_choice
from optimiser.plan import Plan
from optimiser.plan.proof import Designations
from optimiser.problem import ACROSS, HERE, LEAVES, PULLED, STAYS, Beds, Problem, beds, worked_out_once

Better = Literal["lower", "higher", "neither"]
Row = tuple[str, str, str, float, str, Better]

COLUMNS = ["measure", "service", "group", "value", "unit", "better"]
BANDS = (30, 45, 60)
AGE_75_PLUS = "age 75+"
VACANCY = "short_with_one_vacancy"
MORE_THAN_TODAY = "patients_more_than_today"
# What is shown of both pathways to a service by transfer, of the other one with this ending.
OF_BOTH_PATHWAYS = (
    *("mean_minutes", "median_minutes", "p95_minutes", "worst_minutes"),
    *(f"people_within_{band}" for band in BANDS),
    *("patients_within_30", "patients_beyond_standard"),
)
STRAIGHT_THERE = "_straight_there"


@dataclass(frozen=True)
class Measure:
    """A number about journeys: how it is worked out, its unit, and whether lower is better."""

    of: Callable[[pd.DataFrame], float]
    unit: str
    better: Better
    by_group: bool = False


JOURNEY_MEASURES: dict[str, Measure] = {}


def measure(
    *, unit: str, better: Better, by_group: bool = False
) -> Callable[[Callable[[pd.DataFrame], float]], Callable[[pd.DataFrame], float]]:
    """Register a measure of journeys under its function's name."""

    def register(function: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
        JOURNEY_MEASURES[function.__name__] = Measure(function, unit, better, by_group)
        return function

    return register


@measure(unit="minutes", better="lower", by_group=True)
def mean_minutes(journeys: pd.DataFrame) -> float:
    """Mean journey of a patient; at ages 75+ of people, of whom as many leave an area as of its patients."""
    return mean(journeys["minutes_spent"], journeys["patients_per_year"])


@measure(unit="minutes", better="lower")
def median_minutes(journeys: pd.DataFrame) -> float:
    """The shortest time within which half of patients arrive."""
    return _reached_by(journeys, 0.5, np.ones(len(journeys), dtype=bool))


@measure(unit="minutes", better="lower")
def p95_minutes(journeys: pd.DataFrame) -> float:
    """The shortest time within which 95% of patients arrive; of those who leave whatever is designated, nobody."""
    return _reached_by(journeys, 0.95, stays(journeys))


@measure(unit="minutes", better="lower", by_group=True)
def worst_minutes(journeys: pd.DataFrame) -> float:
    """The longest journey from any area, patients or not: people live there. Nobody's who leaves in any case."""
    times = _times(journeys["minutes"])[stays(journeys)]
    return float(times.max()) if times.size else np.nan


@measure(unit="patients a year", better="neither", by_group=True)
def patients(journeys: pd.DataFrame) -> float:
    """Patients a year."""
    return _sum(journeys["patients_per_year"])


@measure(unit="patient-minutes a year", better="lower")
def patient_minutes(journeys: pd.DataFrame) -> float:
    """Minutes that patients spend on the way, in a year."""
    return _total(journeys["minutes_spent"], journeys["patients_per_year"])


def table(plan: Plan) -> pd.DataFrame:
    """Return every measure of a plan: measure, service, group, value, unit, and whether lower or higher is better."""
    of_each = (row for service in plan.problem.services_with_patients for row in of_service(plan, service))
    found = pd.DataFrame([*of_each, *of_the_whole(plan)], columns=COLUMNS)
    found["value"] = found["value"].astype(float).round(9)
    return found[found["value"].notna()].reset_index(drop=True)


@worked_out_once
def of_service(plan: Plan, service: str) -> tuple[Row, ...]:
    """Return the measures of a service with patients; they rest on where it is and where patients are seen first."""
    return (
        *_journey_rows(plan, service),
        *_site_rows(plan, service),
        *_more_than_today_rows(plan, service),
        *_bed_rows(plan, service),
        *_backcast_rows(plan, service),
        *_transfer_rows(plan, service),
        *_managed_rows(plan, service),
        *_visitor_rows(plan, service),
    )


def of_the_whole(plan: Plan) -> Iterator[Row]:
    """Yield the measures of staff, changes and exceptions."""
    yield from _staff_rows(plan)
    yield from _vacancy_rows(plan)
    yield from _change_rows(plan)
    yield from _exception_rows(plan)


def number(measures: pd.DataFrame, name: str, service: str = "", group: str = "") -> float:
    """Return one value out of a table of measures; NaN if it is not there."""
    found = measures[(measures["measure"] == name) & (measures["service"] == service) & (measures["group"] == group)][
        "value"
    ]
    return float(found.iloc[0]) if len(found) else float("nan")


@worked_out_once
def residents(plan: Plan, service: str) -> pd.DataFrame:
    """Return the resident areas' journeys to a service, with what is known of each area beside them.

    ``minutes_spent`` is the mean of an area's patients, some of whom may stay where they were seen first. People stand
    at the rows of those who do not leave; ``going_75_plus`` are those of that age as ``as_patients_go`` has them.
    """
    journeys, border = _with_shares(plan, service), plan.problem.border
    journeys = journeys[journeys["resident"]]
    shares = as_patients_go(journeys, border.ways if border else None).to_numpy()
    found = journeys.set_index("area").join(plan.problem.areas.drop(columns="resident"))
    older = "population_75_plus"
    if older in found:
        found = found.assign(**{older: found[older].fillna(0)})
        found["going_75_plus"] = found[older] * shares
    found = _by_share(found) if plan.problem.services[service].managed else found
    return found if border is None else _people_of(found, border.pull.value)


def as_patients_go(rows: pd.DataFrame, ways: pd.DataFrame | None) -> pd.Series[float]:
    """Return for each row of journeys the share of its area's people who go that way, if they go as its patients do.

    Where an area has no patients they cross the border by its own shares (``ways``, as ``Border.ways`` has them).
    """
    of = [rows["service"], rows["area"]]
    patients = rows["patients_per_year"]
    total = patients.groupby(of).transform("sum")
    shares = (patients / total).where(total > 0, 1.0)
    nobody = rows[total <= 0]
    if ways is None or "how" not in rows or nobody.empty:
        return shares
    by = {STAYS: HERE, PULLED: ACROSS}
    way = [by.get(how, site) for how, site in zip(nobody["how"], nobody["site"], strict=True)]
    cells = pd.MultiIndex.from_arrays([nobody["area"], way])
    known = pd.Series(ways.stack().reindex(cells).fillna(0.0).to_numpy(dtype=float), nobody.index)
    pulled = nobody["how"] == PULLED
    own = known.where(~pulled, 0.0)
    every = own.groupby([nobody["service"], nobody["area"]]).transform("sum")
    # Those of whom nothing is known go by what is designated.
    own = (own / every).where(every > 0, (nobody["how"] == STAYS).astype(float))
    pull = float(ways[ACROSS].iloc[0])
    shares[nobody.index] = (own * (1 - pull)).where(~pulled, pull)
    return shares


def of_each_stream(journeys: pd.DataFrame) -> pd.DataFrame:
    """Return residents' journeys (``residents``) with one row a stream, though its patients be shared out over sites.

    Minutes are the mean of its patients, and people are added up.
    """
    of = [journeys.index.to_numpy()]
    if "how" in journeys:
        of += [journeys["how"].to_numpy(), journeys["site"].where(journeys["how"] == LEAVES, "").to_numpy()]
    streams = journeys.groupby(of, sort=False, dropna=False)
    if streams.ngroups == len(journeys):
        return journeys
    patients = journeys["patients_per_year"]
    weight = patients.where(streams["patients_per_year"].transform("sum") > 0, 1.0)
    times = journeys["minutes_spent"].fillna(np.inf).where(weight > 0, 0.0) * weight
    sums = journeys.assign(times=times, weight=weight).groupby(of, sort=False, dropna=False)
    summed = ("patients_per_year", "population", "population_75_plus", "going_75_plus")
    found = streams.first().assign(
        minutes_spent=sums["times"].sum() / sums["weight"].sum(),
        **{name: streams[name].sum() for name in summed if name in journeys},
    )
    return found.reset_index(level=[*range(1, len(of))], drop=True)


def _by_share(journeys: pd.DataFrame) -> pd.DataFrame:
    """Return journeys with the people of an area divided over its rows as its patients are."""
    patients = journeys["patients_per_year"]
    of = [journeys.index, *([journeys["how"]] if "how" in journeys else [])]
    total = patients.groupby(of).transform("sum")
    return _times_people(journeys, (patients / total).where(total > 0, 1.0))


def _people_of(journeys: pd.DataFrame, pull: float) -> pd.DataFrame:
    """Return journeys with an area's people at the rows of those who go by what is designated, and none that leave."""
    return _times_people(journeys, journeys["how"].map({STAYS: 1 - pull, PULLED: pull, LEAVES: 0.0}))


def _times_people(journeys: pd.DataFrame, share: pd.Series[float]) -> pd.DataFrame:
    people = [column for column in ("population", "population_75_plus") if column in journeys]
    return journeys.assign(**{column: journeys[column] * share for column in people})


def who_stay(journeys: pd.DataFrame) -> pd.DataFrame:
    """Return the journeys without those of patients who leave whatever is designated."""
    return journeys[stays(journeys)] if "how" in journeys else journeys


def stays(journeys: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return for each of the journeys whether ``who_stay`` has it."""
    return journeys["how"].to_numpy() != LEAVES if "how" in journeys else np.ones(len(journeys), dtype=bool)


def groups(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the groups of areas that numbers are published for: fifths by deprivation, then districts.

    The fifth of an area is the half of its ``deprivation_decile``, rounded up, where it does not stand in ``fifth``.
    """
    if "fifth" in rows or "deprivation_decile" in rows:
        fifths = rows["fifth"] if "fifth" in rows else np.ceil(rows["deprivation_decile"] / 2)
        ends = {1: " (most deprived)", 5: " (least deprived)"}
        for fifth, members in rows.groupby(fifths):
            number = int(float(str(fifth)))
            yield f"deprivation fifth {number}{ends.get(number, '')}", members
    if "district" in rows:
        found = {name: members for name, members in rows.groupby("district", sort=False) if isinstance(name, str)}
        yield from ((f"district {name}", found[name]) for name in sorted(found) if name)


def _journey_rows(plan: Plan, service: str) -> Iterator[Row]:
    journeys = residents(plan, service)
    for name, found in JOURNEY_MEASURES.items():
        yield name, service, "", found.of(journeys), found.unit, found.better
    yield from _band_rows(service, journeys)
    standard = plan.problem.services[service].standard_minutes
    if standard:
        beyond = ~(journeys["minutes"].to_numpy() <= standard.value)
        beyond_it = _sum(journeys["patients_per_year"], beyond)
        yield "patients_beyond_standard", service, "", beyond_it, "patients a year", "lower"
    counted = ["minutes", "minutes_spent", "patients_per_year", "deprivation_decile", "district", "how"]
    for group, members in groups(journeys[[column for column in counted if column in journeys]]):
        for name, found in JOURNEY_MEASURES.items():
            if found.by_group:
                yield name, service, group, found.of(members), found.unit, found.better


def _band_rows(service: str, journeys: pd.DataFrame) -> Iterator[Row]:
    times = journeys["minutes"].to_numpy()
    for minutes in BANDS:
        near = times <= minutes
        patients_near = _sum(journeys["patients_per_year"], near)
        yield f"patients_within_{minutes}", service, "", patients_near, "patients a year", "higher"
        if "population" in journeys:
            people_near, everybody = _sum(journeys["population"], near), _sum(journeys["population"])
            yield f"people_within_{minutes}", service, "", people_near, "people", "higher"
            yield f"people_beyond_{minutes}", service, "", everybody - people_near, "people", "lower"
        if "population_75_plus" in journeys:
            older = _sum(journeys["population_75_plus"], near)
            yield f"people_within_{minutes}", service, AGE_75_PLUS, older, "people", "higher"
    if "population_75_plus" in journeys:
        older_mean = mean(journeys["minutes_spent"], journeys["going_75_plus"])
        yield "mean_minutes", service, AGE_75_PLUS, older_mean, "minutes", "lower"


def treated_outside(plan: Plan, service: str) -> tuple[float, float]:
    """Return how many of the residents' patients a year neighbours treat, and how many there are."""
    journeys = _with_shares(plan, service)
    at_home = journeys[journeys["resident"]]
    there = at_home[at_home["site"].isin(plan.problem.services[service].neighbours)]
    return float(there["patients_arriving"].sum()), float(at_home["patients_per_year"].sum())


def _site_rows(plan: Plan, service: str) -> Iterator[Row]:
    journeys = _with_shares(plan, service)
    leaving, everybody = treated_outside(plan, service)
    yield "patients_outside", service, "", leaving, "patients a year", "lower"
    if everybody:
        yield "share_outside", service, "", leaving / everybody, "share of patients", "lower"
    arriving = journeys.groupby("site")["patients_arriving"].sum()
    outside = journeys[~journeys["resident"]].groupby("site")["patients_arriving"].sum()
    for site in plan.problem.reachable_sites(service):
        yield "site_patients", service, site, float(arriving.get(site, 0)), "patients a year", "neither"
        from_outside = float(outside.get(site, 0))
        yield "site_patients_from_outside", service, site, from_outside, "patients a year", "neither"


def _more_than_today_rows(plan: Plan, service: str) -> Iterator[Row]:
    """Yield how many more patients than with today's sites each neighbour treats, where today is stated."""
    problem = plan.problem
    if service not in problem.services_with_today:
        return
    now, then = (_with_shares(one, service).groupby("site")["patients_arriving"].sum() for one in (plan, plan.today))
    for site in problem.reachable_sites(service):
        if site not in problem.candidates:
            more = float(now.get(site, 0)) - float(then.get(site, 0))
            yield MORE_THAN_TODAY, service, site, more, "patients a year", "lower"


def _bed_rows(plan: Plan, service: str) -> Iterator[Row]:
    wanted = plan.problem.services[service].beds
    if wanted is None:
        return
    loads = _loads(plan.problem, wanted, service, plan.designated)
    needed = {site: beds.beds_needed(load, wanted.blocking.value) for site, load in loads.items()}
    # Where it is not known how many beds there are, a site is taken to have as many as it needs.
    there = {site: int(wanted.at[site].value) if site in wanted.at else needed[site] for site in loads}
    for site, load in loads.items():
        yield "beds_needed", service, site, needed[site], "beds", "lower"
        if site in wanted.at:
            yield "beds_available", service, site, there[site], "beds", "neither"
        yield from _busy_rows(service, site, [(there[site], load)])
    yield "beds_needed", service, "", sum(needed.values()), "beds", "lower"
    if loads and all(site in wanted.at for site in loads):
        yield "beds_available", service, "", sum(there.values()), "beds", "neither"
    yield from _busy_rows(service, "", [(there[site], load) for site, load in loads.items()])
    yield from _bed_test_rows(plan, wanted, service, sum(needed.values()))
    per_bed = {role: figure.value for role, figure in wanted.staff_per_bed.items()}
    for role, wte in beds.staff_for_beds(sum(needed.values()), per_bed).items():
        yield "staff_for_beds", service, role, wte, "WTE", "neither"


def _loads(problem: Problem, wanted: Beds, service: str, designated: Designations) -> dict[str, Fraction]:
    """Return the mean number of beds that patients ask for at each site that provides the service."""
    transfer = problem.services[service].transfer
    codes = (service, transfer.first_contact) if transfer else (service,)
    going = journeys(problem, {code: one_choice(problem, code, designated) for code in codes}, service)
    sites = (site for site in problem.candidates if (site, service) in designated)
    return {site: loads_of_beds(going, wanted, site)[0] for site in sites}


def _busy_rows(service: str, group: str, beds_and_loads: Sequence[tuple[int, Fraction]]) -> Iterator[Row]:
    """Yield how full the beds are on average, and how many of those who arrive find none."""
    turned_away = sum(beds.erlang_loss(there, float(load)) * float(load) for there, load in beds_and_loads)
    there = sum(there for there, _ in beds_and_loads)
    asked = float(sum(load for _, load in beds_and_loads))
    if there:
        yield "occupancy", service, group, (asked - turned_away) / there, "share of beds", "neither"
    if asked:
        yield "blocking", service, group, turned_away / asked, "share of arrivals", "lower"


def _as_today(plan: Plan, service: str) -> Designations:
    """Return the designations with a service, and where its patients are seen first, as today if that is known."""
    transfer, problem = plan.problem.services[service].transfer, plan.problem
    moved = {service, transfer.first_contact if transfer else service} & problem.services_with_today
    kept = {pair for pair in plan.designated if pair[1] not in moved}
    return frozenset(kept | {pair for pair in problem.today if pair[1] in moved})


def _bed_test_rows(plan: Plan, wanted: Beds, service: str, needed: int) -> Iterator[Row]:
    """Yield today's beds, and how many the plan needs beyond them: the NHS bed test asks about any that would close."""
    problem = plan.problem
    if service not in problem.services_with_today:
        return
    today = [site for site in problem.candidates if (site, service) in problem.today]
    as_today = _loads(problem.to_the_nearest(), wanted, service, _as_today(plan, service)).values()
    needed_as_today = sum(beds.beds_needed(load, wanted.blocking.value) for load in as_today)
    yield "beds_needed_as_today", service, "", needed_as_today, "beds", "neither"
    if today and all(site in wanted.at for site in today):
        there = sum(int(wanted.at[site].value) for site in today)
        yield "beds_today", service, "", there, "beds", "neither"
        yield "beds_beyond_today", service, "", needed - there, "beds", "neither"


def _exception_rows(plan: Plan) -> Iterator[Row]:
    if plan.problem.exceptions:
        used = float(plan.exceptions["would_have_broken"].sum())
        yield "exceptions_used", "", "", used, "exceptions", "lower"


def _backcast_rows(plan: Plan, service: str) -> Iterator[Row]:
    published: tuple[tuple[str, str, Better], ...] = (
        ("observed_patients", "patients a year", "neither"),
        ("backcast_patients", "patients a year", "neither"),
        ("backcast_error", "share of patients", "lower"),
    )
    if plan.problem.services[service].observed is None:
        return
    for site, found in backcast(plan.problem, service).iterrows():
        for name, unit, better in published:
            yield name, service, str(site), float(found[name]), unit, better


@worked_out_once
def _with_shares(plan: Plan, service: str) -> pd.DataFrame:
    """Return every area's journey to a service, with the minutes its patients spend on average and how many arrive."""
    journeys = plan.journeys_to(service)
    transfer = plan.problem.services[service].transfer
    minutes, patients = journeys["minutes"], journeys["patients_per_year"]
    if transfer is None:
        return journeys.assign(minutes_spent=minutes, patients_arriving=patients)
    share, moved = transfer.share_transferred.value, journeys["site"] != journeys["first_site"]
    spent = journeys["first_minutes"] + share * (minutes - journeys["first_minutes"])
    return journeys.assign(
        minutes_spent=minutes.where(~moved, spent), patients_arriving=patients.where(~moved, share * patients)
    )


def mean_road_minutes(plan: Plan, service: str) -> float:
    """Return the mean journey of residents without what those who are taken on wait."""
    journeys = _with_shares(plan, service)
    at_home = journeys[journeys["resident"]]
    going_on = at_home["transfer_minutes"] * (at_home["patients_arriving"] / at_home["patients_per_year"]).fillna(0.0)
    by_road = at_home["first_minutes"] + going_on.where(at_home["site"] != at_home["first_site"], 0.0)
    return mean(by_road, at_home["patients_per_year"])


def _transfer_rows(plan: Plan, service: str) -> Iterator[Row]:
    transfer = plan.problem.services[service].transfer
    if transfer is None:
        return
    straight = mean_minutes(residents(_direct(plan, service), service))
    yield f"mean_minutes{STRAIGHT_THERE}", service, "", straight, "minutes", "lower"
    yield "mean_road_minutes", service, "", mean_road_minutes(plan, service), "minutes", "lower"
    journeys = _with_shares(plan, service)
    moved = journeys[journeys["site"].notna() & (journeys["site"] != journeys["first_site"])]
    confirmed, road = moved["patients_arriving"], moved["transfer_minutes"]
    suspected = confirmed * transfer.suspected_per_confirmed.value
    repatriated = confirmed * transfer.repatriated_share.value
    minutes = suspected * (2 * road + transfer.overhead_minutes.value) + repatriated * 2 * road
    yield "transfers_per_day", service, "", float(suspected.sum()) / DAYS_A_YEAR, "transfers a day", "lower"
    for pair, number in suspected.groupby(moved["first_site"] + " to " + moved["site"]).sum().items():
        yield "transfers_per_day", service, str(pair), float(number) / DAYS_A_YEAR, "transfers a day", "lower"
    yield "repatriations_per_year", service, "", float(repatriated.sum()), "repatriations a year", "lower"
    hours = float(minutes.sum()) / MINUTES_AN_HOUR
    yield "ambulance_hours_per_year", service, "", hours, "hours a year", "lower"
    staying = (moved["patients_per_year"] - confirmed).groupby(moved["first_site"]).sum()
    for site in plan.problem.reachable_sites(transfer.first_contact):
        stay = float(staying.get(site, 0))
        yield "site_patients_not_transferred", service, site, stay, "patients a year", "neither"


def _visitor_rows(plan: Plan, service: str) -> Iterator[Row]:
    """Yield how long visitors travel from a resident patient's home to where the patient is, by the mode they take."""
    mode = plan.problem.services[service].visitors_travel_by
    if mode is None:
        return
    rows = _with_shares(plan, service)
    rows = rows[rows["resident"]]
    everybody = rows["patients_per_year"]
    arriving = rows["patients_arriving"].where(rows["site"].notna(), everybody)
    treated = pd.Series(arriving.to_numpy(), [rows["area"], rows["site"]])
    if "first_site" in rows:
        # Those who are not taken on are visited where they were seen first.
        left = (everybody - arriving).to_numpy()
        treated = pd.concat([treated, pd.Series(left, [rows["area"], rows["first_site"]])])
    minutes = plan.problem.by_mode[mode].stack().reindex(treated.index).to_numpy(dtype=float)
    reached, many = np.isfinite(minutes), treated.to_numpy(dtype=float)
    total = float(many[reached].sum())
    average = float((many * np.where(reached, minutes, 0.0)).sum()) / total if total else np.nan
    yield "visitors_mean_minutes", service, "", average, "minutes", "lower"
    beyond = float(many[~reached].sum())
    yield "patients_out_of_visitors_reach", service, "", beyond, "patients a year", "lower"


def _managed_rows(plan: Plan, service: str) -> Iterator[Row]:
    """Yield how many patients are sent past a nearer open site, and what the same sites come to with the nearest."""
    if not plan.problem.services[service].managed:
        return
    to_the_nearest = plan.at_the_nearest
    going, nearest = (who_stay(_with_shares(one, service)) for one in (plan, to_the_nearest))
    whose = ["area", *(["how"] if "how" in going else [])]
    beyond = going["minutes"] - going[whose].join(nearest.set_index(whose)["minutes"], on=whose)["minutes"]
    past = going.assign(minutes_beyond=beyond * going["patients_per_year"])[beyond > 0]
    numbers = (
        ("patients_past_a_nearer_site", "patients_per_year", "patients a year"),
        ("minutes_past_a_nearer_site", "minutes_beyond", "patient-minutes a year"),
    )
    for name, column, unit in numbers:
        yield name, service, "", float(past[column].sum()), unit, "lower"
        by_site = past.groupby("site")[column].sum()
        for site in plan.problem.reachable_sites(service):
            yield name, service, site, float(by_site.get(site, 0)), unit, "lower"
    beside = ("mean_minutes", "worst_minutes", "patient_minutes", "site_patients")
    for row in (*_journey_rows(to_the_nearest, service), *_site_rows(to_the_nearest, service)):
        name, _, group, value, unit, better = row
        if name in beside and (name == "site_patients" or not group):
            yield f"nearest_{name}", service, group, value, unit, better


def straight_there(plan: Plan, service: str) -> Iterator[tuple[str, str, str, float]]:
    """Yield (measure, service, group, value) of the other pathway; nothing for a service that patients go straight to.

    It is what journeys come to if patients who are transferred went straight to the service instead: the same measures
    as of a question that has the service on the direct pathway, with an ending to their names.
    """
    if plan.problem.services[service].transfer is None:
        return
    for name, code, group, value, *_ in of_service(_direct(plan, service), service):
        if name in OF_BOTH_PATHWAYS and group in ("", AGE_75_PLUS):
            yield f"{name}{STRAIGHT_THERE}", code, group, round(value, 9)


@worked_out_once
def _direct(plan: Plan, service: str) -> Plan:
    direct = replace(plan.problem.services[service], transfer=None, observed=None, beds=None)
    return replace(plan, problem=plan.problem.varied(services={**plan.problem.services, service: direct}))


def _staff_rows(plan: Plan) -> Iterator[Row]:
    published: tuple[tuple[str, str, Better], ...] = (
        ("staff_needed", "needed", "neither"),
        ("staff_in_post", "in_post", "neither"),
        ("staff_short", "short", "lower"),
        ("staff_moved", "moved_in", "lower"),
        ("staff_recruited", "recruited", "lower"),
    )
    totals = {column: staffing.totals(plan.staffing, column) for _, column, _ in published}
    for team, unit in plan.problem.team_units:
        for name, column, better in published:
            yield name, "", f"{team} ({unit})", float(totals[column][team, unit]), unit, better
        if posts := plan.problem.teams[team].posts_funded:
            in_post, needed = (float(totals[column][team, unit]) for column in ("in_post", "needed"))
            filled, vacant, short = posts.value, max(0.0, posts.value - in_post), max(0.0, needed - posts.value)
            yield "staff_posts_funded", "", f"{team} ({unit})", filled, unit, "neither"
            yield "staff_posts_vacant", "", f"{team} ({unit})", vacant, unit, "lower"
            yield "staff_short_with_posts_filled", "", f"{team} ({unit})", short, unit, "lower"


def _vacancy_rows(plan: Plan) -> Iterator[Row]:
    """Yield what each rota would be short of if one person left; nobody can leave where nobody is."""
    staff = staffing.at_pools(plan.staffing, "staff")
    for code, rota, pool, needed in staffing.rotas_needed(plan.problem, plan.designated):
        left = max(0.0, staff[rota.team, rota.unit, pool] - 1)
        yield VACANCY, code, f"{pool} {rota.team} ({rota.unit})", max(0.0, needed - left), rota.unit, "lower"


def _change_rows(plan: Plan) -> Iterator[Row]:
    differs = plan.designated ^ plan.problem.today
    changed = {
        code: sum((site, code) in differs for site in plan.problem.candidates)
        for code in plan.problem.services
        if code in plan.problem.services_with_today
    }
    if changed:
        yield "changes_from_today", "", "", float(sum(changed.values())), "changes", "lower"
    for service, changes in changed.items():
        yield "changes_from_today", service, "", float(changes), "changes", "lower"


def mean(minutes: pd.Series[float], weight: pd.Series[float]) -> float:
    """Return the mean minutes of those who count; NaN where nobody does."""
    total = _sum(weight)
    return _total(minutes, weight) / total if total else float("nan")


def _total(minutes: pd.Series[float], weight: pd.Series[float]) -> float:
    """Return minutes times weight; infinite where somebody reaches no site at all."""
    weights = weight.to_numpy(dtype=float)
    counted = weights > 0
    return float(_times(minutes)[counted] @ weights[counted])


# A group of areas is small, and a sum over a column is many times quicker over its array.
def _sum(column: pd.Series[float], chosen: npt.NDArray[np.bool_] | None = None) -> float:
    """Return the sum of what is known of a column, or of those chosen."""
    known = column.to_numpy(dtype=float)
    return float(np.nansum(known if chosen is None else known[chosen]))


def _times(minutes: pd.Series[float]) -> npt.NDArray[np.float64]:
    """Return minutes, without end where no site is reached."""
    times = minutes.to_numpy(dtype=float)
    return np.where(np.isnan(times), np.inf, times)


def _reached_by(journeys: pd.DataFrame, share: float, whose: npt.NDArray[np.bool_]) -> float:
    """Return the shortest time within which a share of all patients arrive; NaN if that share never does."""
    times, patients = _times(journeys["minutes"])[whose], journeys["patients_per_year"].to_numpy(dtype=float)[whose]
    order = np.argsort(times, kind="stable")
    arrived, total = patients[order].cumsum(), patients.sum()
    # Sums of decimals carry an error in the last place, which must not push the answer one area further.
    first = int(np.searchsorted(arrived, share * total * (1 - 1e-12)))
    return float(times[order][first]) if total else float("nan")
