"""Put a config and its place's tables together into one question, listing every fault of both at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from optimiser.arithmetic import ARITHMETIC
from optimiser.backcast import fit, with_offsets
from optimiser.config import (
    AcrossSettings,
    Config,
    ExceptionSettings,
    ObservedSettings,
    Option,
    ServiceSettings,
    Settings,
    StatedFigure,
    StatedLimit,
    TeamSettings,
    TransferSettings,
    TravelSettings,
    draft_config,
    exception_faults,
    resolved_yaml,
    services_of,
    with_exceptions,
)
from optimiser.covers import Ways, needs_of, units_of
from optimiser.covers import faults as cover_faults
from optimiser.decimals import exactly, table_times, times
from optimiser.errors import Fault, InputError
from optimiser.growth import FROM_65, FROM_75, UNDER_65, grown
from optimiser.layers import Spot
from optimiser.problem import (
    ACROSS_SITES,
    Beds,
    Excepted,
    Figure,
    Fixed,
    Growth,
    Link,
    Objective,
    Observed,
    Problem,
    Reach,
    Service,
    Site,
    Team,
    Transfer,
    Unit,
)
from optimiser.schema import PLACE_TABLES, place_table
from optimiser.tables import Place, look_at_place
from optimiser.wording import did_you_mean, quoted, shown

BOUNDARY_FILES = ("boundaries.geojson", "boundaries.gpkg")
UNITS: dict[Unit, str] = {"people": "people", "WTE": "wte"}


@dataclass(frozen=True)
class Question:
    """A problem with what it was read from."""

    problem: Problem
    config: Config
    place_folder: Path
    place: Place


def read_problem(path: str | Path) -> Problem:
    """Read a config and its place's tables. Raises ``InputError`` with every fault of both."""
    return read_question(path).problem


def read_question(path: str | Path) -> Question:
    """Read a config and its place's tables, and keep both. Raises ``InputError`` with every fault of both."""
    draft = draft_config(path)
    if draft.config is None:
        raise InputError(draft.faults)
    config = draft.config
    if not config.place.is_dir():
        words = f"there is no folder {quoted(config.settings.place)} beside this file. Correct the path."
        raise InputError([*draft.faults, Fault(config.where("place"), words)])
    place, table_faults = look_at_place(config.place, allow_missing=config.settings.travel.allow_missing)
    found = [] if place is None else [Fault(where, words) for where, words in _disagreements(config, place)]
    cover = [Fault(where, words) for where, words in cover_faults(config)]
    faults = dict.fromkeys([*draft.faults, *cover, *table_faults, *found])
    if faults or place is None:
        raise InputError(faults)
    problem = _problem(config, place)
    problem = replace(problem, files=_files(_with_offsets_stated(config, problem)))
    return Question(problem, config, config.place, place)


def _files(config: Config) -> dict[str, bytes]:
    """Return the question as a run folder keeps it: the resolved config, and each table as it was read."""
    names = [*(f"{table.name}.csv" for table in PLACE_TABLES), *BOUNDARY_FILES]
    found = (config.place / name for name in names)
    inputs = {f"inputs/{path.name}": path.read_bytes() for path in found if path.is_file()}
    return {"config.yaml": resolved_yaml(config).encode(), **inputs}


# -- what the config names must be in the tables ----------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """The codes that a place's tables have."""

    areas: list[str]
    candidates: list[str]
    neighbours: list[str]
    activities: list[str]

    @classmethod
    def of(cls, place: Place) -> _Known:
        """Return the codes of a place."""
        roles = place.sites.groupby("role")["site"].apply(list)
        return cls(
            list(place.areas["area"]),
            list(roles.get("candidate", [])),
            list(roles.get("neighbour", [])),
            sorted(set(place.demand["activity"])),
        )

    def not_a_candidate(self, site: str) -> str:
        """Say why this site may not be designated, or nothing if it may."""
        if site in self.candidates:
            return ""
        if site in self.neighbours:
            return f"{quoted(site)} is a neighbour, and neighbours are never decided on. Take it out."
        return f"there is no site {quoted(site)} in sites.csv. {did_you_mean(site, self.candidates)}".rstrip()

    def not_a_neighbour(self, site: str) -> str:
        """Say why this site is no neighbour, or nothing if it is one."""
        if site in self.neighbours:
            return ""
        if site in self.candidates:
            return f"{quoted(site)} is a candidate, not a neighbour. Take it out."
        return f"there is no site {quoted(site)} in sites.csv. {did_you_mean(site, self.neighbours)}".rstrip()


def _disagreements(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    """Yield where and what for everything that the config names and the tables do not have."""
    known = _Known.of(place)
    settings = config.settings
    for number, (area, site) in enumerate(settings.travel.allow_missing):
        yield from _unknown_pair(config, known, number, area, site)
    for code, team in settings.teams.items():
        yield from _team_faults(config, known, place, code, team)
    for code, service in settings.services.items():
        yield from _service_faults(config, known, code, service)
        yield from _rota_faults(config, place, code, service)
        yield from _pathway_faults(config, place, code, service)
    for code, sites in settings.today.items():
        for number, site in enumerate(sites):
            if words := known.not_a_candidate(site):
                yield config.where("today", code, number), words
    for number, one in enumerate(settings.exceptions or ()):
        if words := known.not_a_candidate(one.site):
            yield config.where("exceptions", number, "site"), words
    yield from _transfer_faults(config, place)
    for code, service in settings.services.items():
        yield from _observed_faults(config, known, place, code, service)
    yield from _growth_faults(config, known, place)
    yield from _deprivation_faults(config, place)
    yield from _hurdle_faults(config)


def _transfer_faults(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    """Yield each wish for a service in reach where nobody knows how far it is between sites."""
    for code, service in config.settings.services.items() if place.transfers.empty else ():
        for other in service.in_reach or ():
            words = "in_reach needs to know how far it is between sites. Add transfers.csv to the place."
            yield config.where("services", code, "in_reach", other), words


def _unknown_pair(config: Config, known: _Known, number: int, area: str, site: str) -> Iterator[tuple[str, str]]:
    where = config.where("travel", "allow_missing", number)
    for noun, code, codes in (
        ("area", area, known.areas),
        ("site", site, [*known.candidates, *known.neighbours]),
    ):
        if code not in codes:
            yield where, f"there is no {noun} {quoted(code)} in {noun}s.csv. {did_you_mean(code, codes)}".rstrip()


def _team_faults(
    config: Config, known: _Known, place: Place, code: str, team: TeamSettings
) -> Iterator[tuple[str, str]]:
    rows = place.staff[place.staff["team"] == code]
    if rows.empty:
        hint = did_you_mean(code, set(place.staff["team"])) or "Add its rows there, or take the team out."
        yield config.where("teams", code), f"there is no team {quoted(code)} in staff.csv. {hint}"
    elif team.year not in set(rows["year"]):
        years = ", ".join(str(year) for year in sorted(set(rows["year"])))
        words = f"staff.csv has no {team.year} for {code}. Years there: {years}."
        yield config.where("teams", code, "year"), words
    if len(grades := _grades(place, code)) > 1:
        words = f"staff.csv has {code} of the grades {', '.join(grades)}. Give each grade a team of its own there."
        yield config.where("teams", code), words
    if team.across_sites:
        yield from _across_faults(config, known, place, code, team.across_sites)


def _across_faults(
    config: Config, known: _Known, place: Place, code: str, across: AcrossSettings
) -> Iterator[tuple[str, str]]:
    """Yield a base that is no candidate, and each way to or from it that nobody knows the minutes of."""
    where = config.where("teams", code, "across_sites", "based_at")
    if words := known.not_a_candidate(across.based_at):
        yield where, words
        return
    ways = set(zip(place.transfers.get("from_site", ()), place.transfers.get("to_site", ()), strict=True))
    for site in (site for site in known.candidates if site != across.based_at):
        for way in ((across.based_at, site), (site, across.based_at)):
            if way not in ways:
                yield where, f"transfers.csv does not say how far it is from {way[0]} to {way[1]}. Add it there."


def _service_faults(config: Config, known: _Known, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    if service.activity is not None and service.activity not in known.activities:
        hint = did_you_mean(service.activity, known.activities)
        words = f"there is no activity {quoted(service.activity)} in demand.csv. {hint}".rstrip()
        yield config.where("services", code, "activity"), words
    for site in service.fixed:
        if words := known.not_a_candidate(site):
            yield config.where("services", code, "fixed", site), words
    for site in (service.beds.at or {}) if service.beds else ():
        if words := known.not_a_candidate(site):
            yield config.where("services", code, "beds", "at", site), words
    listed = () if isinstance(service.neighbours, str) else service.neighbours
    for number, site in enumerate(listed):
        if words := known.not_a_neighbour(site):
            yield config.where("services", code, "neighbours", number), words


def _rota_faults(config: Config, place: Place, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield each rota that counts staff in a unit in which staff.csv does not count them."""
    for team, rota in service.rotas.items():
        stated = config.settings.teams.get(team)
        if stated and stated.across_sites and stated.across_sites.in_post is not None:
            continue
        rows = _staff_now(place, team, stated.year if stated else None)
        for unit in (UNITS[counted] for counted in units_of(rota)):
            blank = rows[rows[unit].isna()]
            for index, row in blank.iterrows():
                at = f"{shown(config.place / 'staff.csv')}, row {int(str(index)) + 2}"
                words = f"the rota needs {unit} of {team}, but {unit} is blank for {row['site']} ({at}). Fill it in"
                other = "wte" if unit == "people" else "people"
                yield config.where("services", code, "rotas", team, unit), f"{words}, or state {other} instead."


def _observed_faults(
    config: Config, known: _Known, place: Place, code: str, service: ServiceSettings
) -> Iterator[tuple[str, str]]:
    """Yield each site without a count that the service's flows could be fitted to, and each unknown site."""
    if service.observed is None or service.activity is None:
        return
    for site in service.observed.offsets:
        if site not in (*known.candidates, *known.neighbours):
            hint = did_you_mean(site, [*known.candidates, *known.neighbours])
            words = f"there is no site {quoted(site)} in sites.csv. {hint}".rstrip()
            yield config.where("services", code, "observed", "offsets", site), words
    period = service.observed.period
    counts = _counts(place, service.activity, period) if period else {}
    today = config.settings.today.get(code, ()) if period else ()
    if missing := [site for site in today if site in known.candidates and counts.get(site, 0) <= 0]:
        rows = place.activity[place.activity["activity"] == service.activity]
        there = ", ".join(sorted(set(rows["period"]))) or "none"
        words = f"activity.csv counts no {service.activity} at {', '.join(missing)} in {quoted(period or '')}."
        yield config.where("services", code, "observed", "period"), f"{words} Periods there: {there}."


def _growth_faults(config: Config, known: _Known, place: Place) -> Iterator[tuple[str, str]]:
    growth = config.settings.demand.growth if config.settings.demand else None
    for activity in growth.by_activity if growth else ():
        if activity not in known.activities:
            hint = did_you_mean(activity, known.activities)
            words = f"there is no activity {quoted(activity)} in demand.csv. {hint}".rstrip()
            yield config.where("demand", "growth", "by_activity", activity), words
    if growth and growth.by_age:
        older = ["population_65_plus", *(["population_75_plus"] if growth.by_age.from_75 else [])]
        where = config.where("demand", "growth", "by_age")
        for column in older:
            if column not in place.areas or place.areas[column].isna().any():
                yield where, f"areas.csv has no {column} for some area. Fill it in there, or state by_activity."
        if all(column in place.areas for column in older):
            ages = place.areas[["population", *older]]
            if any((ages[more] < ages[fewer]).any() for more, fewer in pairwise(ages.columns)):
                yield where, "areas.csv has more people of an age in some area than people. Correct it there."


def _counts(place: Place, activity: str, period: str) -> dict[str, float]:
    rows = place.activity[(place.activity["activity"] == activity) & (place.activity["period"] == period)]
    return {str(site): float(count) for site, count in zip(rows["site"], rows["count"], strict=True)}


def _pathway_faults(config: Config, place: Place, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield a service that is reached by transfer where nobody knows how long a transfer takes."""
    if service.pathway == "transfer" and place.transfers.empty and len(place.sites) > 1:
        path, columns = shown(config.place / "transfers.csv"), ", ".join(place_table("transfers").required_names)
        words = f"the transfer pathway needs the minutes between every two sites, and {path} has none"
        remedy = f"Add it, with the columns {columns}, or write pathway: direct"
        yield config.where("services", code, "pathway"), f"{words}. {remedy}."


def _deprivation_faults(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    named = [objective.name for objective in config.settings.objectives]
    known = "deprivation_decile" in place.areas
    if "deprived_patient_minutes" in named:
        residents = place.areas[place.areas["resident"]]
        if not known or residents["deprivation_decile"].isna().any():
            where = config.where("objectives", named.index("deprived_patient_minutes"))
            yield where, "areas.csv has no deprivation_decile for some resident area. Fill it in there."


def _hurdle_faults(config: Config) -> Iterator[tuple[str, str]]:
    for number, name in enumerate(config.settings.hurdles):
        if name not in ARITHMETIC:
            hint = did_you_mean(name, list(ARITHMETIC), list_at_most=20)
            yield config.where("hurdles", number), f"there is no rule {quoted(name)}. {hint}"


def _staff_now(place: Place, team: str, year: int | None) -> pd.DataFrame:
    """Return a team's rows of its year at the candidates, with people and wte, blank where unknown."""
    columns = [*place.staff.columns, *(unit for unit in UNITS.values() if unit not in place.staff)]
    staff = place.staff.reindex(columns=columns)
    candidates = place.sites["site"][place.sites["role"] == "candidate"]
    return staff[(staff["team"] == team) & (staff["year"] == year) & staff["site"].isin(candidates)]


# -- the problem ------------------------------------------------------------------------------------


def _problem(config: Config, place: Place) -> Problem:
    settings = config.settings
    listed = place.sites.sort_values("site")
    sites = {
        code: Site(code, name, role == "candidate")
        for code, name, role in zip(listed["site"], listed["name"], listed["role"], strict=True)
    }
    neighbours = tuple(code for code, site in sites.items() if not site.candidate)
    areas = _areas(place)
    growth = _growth(settings, place, areas.index)
    transfers = _transfers(config, place, sites)
    problem = Problem(
        title=settings.title,
        sites=sites,
        services={code: _service(settings, code, neighbours, transfers) for code in settings.services},
        areas=areas,
        journeys=_journeys(place, areas.index, sites, _factor(settings.travel)),
        factors=_factors(settings.travel),
        demand=_grown(growth, areas) if growth else _demand(place, areas.index),
        growth=growth,
        teams={code: _team(code, team, _grades(place, code)) for code, team in settings.teams.items()},
        staff=_staff(config, place),
        today=frozenset((site, code) for code, there in settings.today.items() for site in there),
        nowhere_today=frozenset(code for code, there in settings.today.items() if not there),
        transfers=transfers,
        exceptions=_exceptions(settings.exceptions or ()),
        objectives=tuple(Objective(one.name, one.services) for one in settings.objectives),
        hurdles=settings.hurdles,
        time_limit_minutes=settings.time_limit_minutes,
    )
    problem = problem if settings.border == "open" else problem.behind_its_border()
    fitted: dict[object, dict[str, float]] = {}
    observed = {code: _observed(problem, place, code, one.observed, fitted) for code, one in settings.services.items()}
    services = {code: replace(service, observed=observed[code]) for code, service in problem.services.items()}
    return replace(problem, services=services) if any(observed.values()) else problem


def _areas(place: Place) -> pd.DataFrame:
    """Return the areas by code, with the corridor of each where the place says which."""
    areas = place.areas.set_index("area").sort_index()
    if place.corridors.empty:
        return areas
    return areas.assign(corridor=place.corridors.set_index("area")["corridor"].reindex(areas.index, fill_value=""))


def _observed(
    problem: Problem,
    place: Place,
    code: str,
    settings: ObservedSettings | None,
    fitted: dict[object, dict[str, float]],
) -> Observed | None:
    """Return where patients really go: by the offsets stated or, where none are, by those that fit the counts.

    ``fitted`` keeps what was fitted already, for services that ask for the same.
    """
    activity = problem.services[code].activity
    if settings is None or activity is None:
        return None
    today = [site for site in problem.candidates if (site, code) in problem.today]
    counts = _counts(place, activity, settings.period) if settings.period else {}
    counts = {site: counts[site] for site in today} if counts else {}
    stated = {site: one.figure() for site, one in settings.offsets.items()}
    offsets = {site: replace(one, value=times(one.value, Fraction(1))) for site, one in stated.items()}
    if counts and not offsets:
        held = settings.held_at_zero or ""
        asked = (activity, problem.services[code].neighbours, held, *counts.items())
        fitted[asked] = fitted.get(asked) or fit(problem, code, counts, held_at_zero=held)
        offsets = with_offsets(fitted[asked], settings.period or "")
    return Observed(offsets, settings.period or "", counts)


def _with_offsets_stated(config: Config, problem: Problem) -> Config:
    """Return the config with every fitted offset written out, so that the run can be repeated without a fit."""
    services = {}
    for code, settings in config.settings.services.items():
        service = problem.services[code]
        offsets = {
            site: StatedFigure(value=one.value, source=one.source, verified=one.verified)
            for site, one in (service.observed.offsets if service.observed else {}).items()
        }
        stated = settings.observed and settings.observed.model_copy(update={"offsets": offsets})
        services[code] = settings.model_copy(update={"observed": stated})
    return replace(config, settings=config.settings.model_copy(update={"services": services}))


def _figure(stated: StatedFigure | None) -> Figure | None:
    return None if stated is None else stated.figure()


def _limit(stated: StatedLimit) -> Figure | None:
    return None if np.isinf(stated.value) else stated.figure()


def _grades(place: Place, team: str) -> list[str]:
    """Return every grade that the rows of a team name."""
    rows = place.staff[place.staff["team"] == team]
    return sorted({str(grade) for grade in rows["grade"].dropna() if grade}) if "grade" in rows else []


def _team(code: str, team: TeamSettings, grades: Sequence[str]) -> Team:
    across = team.across_sites is not None
    moves = None if across else _limit(team.moves_at_most)
    return Team(
        code, team.name, moves, _limit(team.recruits_at_most), "".join(grades), across, _figure(team.posts_funded)
    )


def _ways(settings: Settings, team: str, transfers: pd.DataFrame, neighbours: Sequence[str]) -> Ways:
    """Return the minutes there and back between where one team across sites is based and each other candidate."""
    across = settings.teams[team].across_sites if team in settings.teams else None
    if across is None:
        return {}
    others = [str(site) for site in transfers if site not in (*neighbours, across.based_at)]
    minutes = transfers.to_numpy(dtype=float)
    row = {str(site): number for number, site in enumerate(transfers.index)}
    base = row[across.based_at]
    return {site: (float(minutes[base, row[site]]), float(minutes[row[site], base])) for site in others}


def _service(settings: Settings, code: str, all_neighbours: Sequence[str], transfers: pd.DataFrame) -> Service:
    service = settings.services[code]
    listed = {"all": all_neighbours, "none": ()}.get(str(service.neighbours), service.neighbours)
    return Service(
        code=code,
        name=service.name,
        activity=service.activity,
        neighbours=tuple(site for site in all_neighbours if site in listed),
        fixed={site: Fixed(one.provided, one.reason, one.source, one.verified) for site, one in service.fixed.items()},
        at_least_sites=_figure(service.at_least_sites),
        at_most_sites=_figure(service.at_most_sites),
        minimum_patients=_figure(service.minimum_patients),
        maximum_patients=_figure(service.maximum_patients),
        longest_journey_minutes=_figure(service.longest_journey_minutes),
        standard_minutes=_figure(service.standard_minutes),
        share_within_standard=_figure(service.share_within_standard),
        same_site=tuple(Link(other, one.source, one.verified) for other, one in service.same_site.items()),
        rotas=tuple(
            need
            for team in service.rotas
            for need in needs_of(settings, code, team, _ways(settings, team, transfers, all_neighbours))
        ),
        in_reach=tuple(Reach(other, one.minutes.figure()) for other, one in (service.in_reach or {}).items()),
        by_transfer=tuple(Link(other, one.source, one.verified) for other, one in (service.by_transfer or {}).items()),
        beds=_beds(service),
        stays_local=service.stays_local or "",
        transfer=_transfer(service.transfer) if service.pathway == "transfer" else None,
        managed=service.patients_go_to == "managed",
    )


def _transfer(stated: TransferSettings | None) -> Transfer | None:
    if stated is None:
        return None
    return Transfer(
        first_contact=stated.first_contact,
        dwell_minutes=stated.dwell_minutes.figure(),
        overhead_minutes=stated.overhead,
        share_transferred=stated.share_transferred.figure(),
        suspected_per_confirmed=stated.suspected_per_confirmed.figure(),
        repatriated_share=stated.repatriated_share.figure(),
        most_transfers_a_day=_figure(stated.most_transfers_a_day),
        most_repatriations_a_year=_figure(stated.most_repatriations_a_year),
        most_ambulance_hours=_figure(stated.most_ambulance_hours),
        to_neighbours=stated.to_neighbours,
    )


def _beds(service: ServiceSettings) -> Beds | None:
    stated = service.beds
    if stated is None:
        return None
    return Beds(
        days=stated.stay_days.figure(),
        blocking=stated.blocking.figure(),
        other_share=_figure(stated.other_patients_share),
        other_days=_figure(stated.other_stay_days),
        at={site: one.figure() for site, one in (stated.at or {}).items()},
        staff_per_bed={role: one.figure() for role, one in (stated.staff_per_bed or {}).items()},
    )


def _exceptions(stated: Iterable[ExceptionSettings]) -> tuple[Excepted, ...]:
    return tuple(Excepted(one.service, one.needs, one.site, one.reason, one.source, one.by) for one in stated)


def _growth(settings: Settings, place: Place, areas: pd.Index[str]) -> Growth | None:
    stated = settings.demand
    if stated is None or stated.growth is None:
        return None
    by_age, by_activity = stated.growth.by_age, stated.growth.by_activity
    rates = [*by_activity.values(), *([by_age.under_65, by_age.from_65, by_age.from_75] if by_age else [])]
    verified = all(rate.verified for rate in rates if rate is not None)
    ages = {name: getattr(by_age, name) for name in (UNDER_65, FROM_65, FROM_75)} if by_age else {}
    return Growth(
        int(stated.growth.years),
        _demand(place, areas),
        stated.year,
        verified,
        {name: rate.value for name, rate in ages.items() if rate is not None},
        {activity: rate.value for activity, rate in by_activity.items()},
    )


def _grown(growth: Growth, areas: pd.DataFrame) -> pd.DataFrame:
    return grown(growth.before, areas, growth.years, by_age=growth.by_age, by_activity=growth.by_activity)


def _factor(travel: TravelSettings) -> Fraction:
    """Return what every journey time is multiplied by: the factor, and that of the time of day if one is chosen."""
    return math.prod((exactly(one.value) for one in _factors(travel).values()), start=Fraction(1))


def _factors(travel: TravelSettings) -> dict[str, Figure]:
    """Return the factors that count, by the setting that states each; those of 1 change nothing and are left out."""
    chosen = (travel.times or {}).get(travel.time or "")
    stated = {"travel.factor": travel.factor} | ({f"travel.times.{travel.time}": chosen} if chosen else {})
    return {name: one.figure() for name, one in stated.items() if one.value != 1}


def _journeys(place: Place, areas: pd.Index[str], sites: Mapping[str, Site], factor: Fraction) -> pd.DataFrame:
    """Return minutes by area and site, times the factor, to six decimals; NaN where there is no journey."""
    order = sorted(sites, key=lambda code: (not sites[code].candidate, code))
    table = _grid(place.journeys, ("area", areas), ("site", pd.Index(order)), "minutes")
    return table_times(table, factor)


def _transfers(config: Config, place: Place, sites: Mapping[str, Site]) -> pd.DataFrame:
    """Return minutes from site to site, times the factor, to six decimals; empty where there is no table of them."""
    if place.transfers.empty:
        return pd.DataFrame()
    codes = pd.Index(sorted(sites, key=lambda code: (not sites[code].candidate, code)))
    table = _grid(place.transfers, ("from_site", codes), ("to_site", codes), "minutes")
    return table_times(table, _factor(config.settings.travel))


def _demand(place: Place, areas: pd.Index[str]) -> pd.DataFrame:
    activities = pd.Index(sorted(set(place.demand["activity"])))
    return _grid(place.demand, ("area", areas), ("activity", activities), "patients_per_year")


def _grid(
    frame: pd.DataFrame, rows: tuple[str, pd.Index[str]], columns: tuple[str, pd.Index[str]], values: str
) -> pd.DataFrame:
    """Return one column of a long table as a grid; NaN where the table has no such pair."""
    down, across = (codes.get_indexer(pd.Index(frame[name])) for name, codes in (rows, columns))
    cells = np.full((len(rows[1]), len(columns[1])), np.nan)
    inside = (down >= 0) & (across >= 0)
    cells[down[inside], across[inside]] = frame[values].to_numpy(dtype=float)[inside]
    return pd.DataFrame(cells, index=rows[1], columns=columns[1])


def _staff(config: Config, place: Place) -> dict[tuple[str, str, Unit], float]:
    """Return staff in post at the candidates: 0 where a team has no row, absent where its row is blank."""
    candidates = sorted(place.sites["site"][place.sites["role"] == "candidate"])
    staff: dict[tuple[str, str, Unit], float] = {}
    for team, settings in config.settings.teams.items():
        across = settings.across_sites
        if across and across.in_post is not None:
            staff |= {
                (ACROSS_SITES, team, "people"): across.in_post.value,
                (ACROSS_SITES, team, "WTE"): across.in_post.value,
            }
            continue
        rows = _staff_now(place, team, settings.year).set_index("site")
        for unit, column in UNITS.items():
            in_post = rows[column].reindex(candidates, fill_value=0.0)
            staff |= {(site, team, unit): float(n) for site, n in in_post.items() if not np.isnan(n)}  # type: ignore[misc]
    return staff


# -- options ----------------------------------------------------------------------------------------


def designations_of(problem: Problem, option: Option) -> frozenset[tuple[str, str]]:
    """Return the (site, service) pairs that an option designates in this problem.

    Services that it does not name stay as they are today or, where today is not known, as they are fixed; those that
    only the config it was written for has are left out. Raises ``InputError`` for any other service, and for any site,
    that the problem does not have.
    """
    faults = list(_option_faults(problem, option))
    if faults:
        raise InputError(faults)
    asked = {code: sites for code, sites in option.designations.items() if code in problem.services}
    named = {(site, service) for service, sites in asked.items() for site in sites}
    return frozenset(named) | {pair for code in _unnamed(problem, option) for pair in _as_today(problem, code)}


def left_out(problem: Problem, option: Option) -> tuple[str, ...]:
    """Return the services of an option that this problem does not have, but the config it was written for has."""
    unknown = [code for code in option.designations if code not in problem.services]
    known = _services_written_for(option) if unknown else ()
    return tuple(code for code in unknown if code in known)


def _services_written_for(option: Option) -> tuple[str, ...]:
    """Return the services of the config that an option was written for; none where it names no config."""
    if option.settings.written_for is None:
        return ()
    draft = draft_config(option.path.parent / option.settings.written_for)
    if draft.config is None:
        raise InputError([Fault(option.where("written_for"), "this config cannot be read:"), *draft.faults])
    return tuple(draft.config.settings.services)


def with_exceptions_of(problem: Problem, option: Option) -> Problem:
    """Return the question with the documented exceptions of an option beside its own.

    Those of services that only the config it was written for has are left out. Raises ``InputError`` for an exception
    from a link that the question does not have.
    """
    elsewhere = {code for one in option.settings.exceptions for code in (one.service, one.needs)} - set(
        problem.services
    )
    skipped = elsewhere & set(_services_written_for(option)) if elsewhere else set()
    kept = [n for n, one in enumerate(option.settings.exceptions) if not {one.service, one.needs} & skipped]
    stated = tuple(option.settings.exceptions[number] for number in kept)
    if not stated:
        return problem
    resolved = problem.files["config.yaml"]
    found = [(number, words) for number, words in exception_faults(services_of(resolved), stated)]
    found += [
        (
            number,
            f"there is no candidate {quoted(one.site)} here. {did_you_mean(one.site, problem.candidates)}".rstrip(),
        )
        for number, one in enumerate(stated)
        if one.site not in problem.candidates
    ]
    if found:
        raise InputError([Fault(option.where("exceptions", kept[number]), words) for number, words in found])
    files = {**problem.files, "config.yaml": with_exceptions(resolved, stated)}
    return replace(problem, exceptions=(*problem.exceptions, *_exceptions(stated)), files=files)


def _unnamed(problem: Problem, option: Option) -> Iterable[str]:
    return (code for code in problem.services if code not in option.designations)


def _as_today(problem: Problem, service: str) -> set[tuple[str, str]]:
    fixed = problem.services[service].fixed
    today = {pair for pair in problem.today if pair[1] == service}
    return today or {(site, service) for site, one in fixed.items() if one.provided}


def _option_faults(problem: Problem, option: Option) -> Iterator[Fault]:
    elsewhere = left_out(problem, option)
    for service, sites in option.designations.items():
        if service not in (*problem.services, *elsewhere):
            hint = did_you_mean(service, problem.services)
            words = f"there is no service {quoted(service)} in this question. {hint}".rstrip()
            yield Fault(option.where("designations", service), words)
        for number, site in enumerate(sites):
            spot: Spot = ("designations", service, number)
            if site in problem.sites and not problem.sites[site].candidate:
                words = f"{quoted(site)} is a neighbour, and neighbours are never decided on. Take it out."
                yield Fault(option.where(*spot), words)
            elif site not in problem.sites:
                hint = did_you_mean(site, problem.candidates)
                yield Fault(option.where(*spot), f"there is no site {quoted(site)} here. {hint}".rstrip())
    for service in (code for code in _unnamed(problem, option) if code not in problem.nowhere_today):
        if not _as_today(problem, service):
            words = f"it does not say where {service} is, and neither does today in the config. Name its sites."
            yield Fault(option.where("designations"), words)
