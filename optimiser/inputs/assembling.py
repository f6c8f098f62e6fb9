"""From a sound config and its place's tables to a problem."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd

from optimiser.inputs.changing import with_changes
from optimiser.inputs.config import Config, Settings
from optimiser.inputs.config.figures import StatedFigure
from optimiser.inputs.config.settings import ObservedSettings, TeamSettings, TravelSettings
from optimiser.inputs.covers import Ways, needs_of
from optimiser.inputs.tables import UNITS, Place
from optimiser.journeys.observed import fit, with_offsets
from optimiser.problem import (
    ACROSS_SITES,
    HERE,
    Beds,
    Border,
    Calibrated,
    Excepted,
    Figure,
    Fixed,
    Growth,
    KnowBefore,
    Link,
    Longer,
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
from optimiser.problem.decimals import PLACES, exactly, table_times, times
from optimiser.problem.growth import AGES, patients_after

# Minutes from site to site by the mode of a team across sites; those of transfers.csv under None.
Between = Mapping[str | None, pd.DataFrame]


def problem_of(config: Config, place: Place) -> Problem:
    """Return the problem that a config and its tables state, which must agree; without files.

    Offsets are fitted before anything is changed. Raises ``InputError`` for changes of what there is not.
    """
    settings = config.settings
    place = place.counting(settings.areas_outside)
    listed = place.sites.sort_values("site")
    sites = {
        code: Site(code, name, role == "candidate")
        for code, name, role in zip(listed["site"], listed["name"], listed["role"], strict=True)
    }
    neighbours = tuple(code for code, site in sites.items() if not site.candidate)
    areas = _areas(place)
    growth, ages = _growth(settings, place, areas.index), _ages(settings)
    longer = _longer(settings, place, areas.index, sites)
    transfers = _transfers(config, place, sites, longer)
    between = _between(settings, place, sites, transfers)
    problem = settings.into(
        Problem,
        sites=sites,
        services={code: _service(settings, code, neighbours, between) for code in settings.services},
        areas=areas,
        journeys=_journeys(place, areas.index, sites, settings.travel, longer),
        by_mode=_by_mode(settings, place, areas.index, sites),
        longer=longer,
        factors=_factors(settings.travel),
        uncalibrated=_taken_back(settings.travel),
        times_of_day={name: name == settings.travel.time for name in settings.travel.times or ()},
        minute_places=_places(settings.travel),
        demand=patients_after(growth, areas, ages) if growth else _demand(place, areas.index),
        growth=growth,
        ages=ages,
        teams={code: _team(code, team, place.grades_of(code)) for code, team in settings.teams.items()},
        staff=_staff(config, place),
        added=place.added,
        closed=_closed(settings),
        today=frozenset((site, code) for code, there in settings.today.items() for site in there),
        nowhere_today=frozenset(code for code, there in settings.today.items() if not there),
        transfers=transfers,
        border=_border(settings, place, areas.index, neighbours),
        uncounted=_uncounted(place),
        exceptions=tuple(one.into(Excepted) for one in settings.exceptions or ()),
        know_before=tuple(
            one.into(KnowBefore) for one in settings.know_before or () if one.border in (None, settings.border)
        ),
        objectives=tuple(one.into(Objective) for one in settings.objectives),
    )
    problem = problem.behind_its_border() if settings.border == "closed" else problem
    fitted: dict[object, dict[str, float]] = {}
    observed = {code: _observed(problem, place, code, one.observed, fitted) for code, one in settings.services.items()}
    services = {code: replace(service, observed=observed[code]) for code, service in problem.services.items()}
    return with_changes(config, replace(problem, services=services) if any(observed.values()) else problem)


def _border(settings: Settings, place: Place, areas: pd.Index[str], neighbours: Sequence[str]) -> Border | None:
    """Return who crosses the border whatever is designated, where the config asks for it as it is today."""
    if settings.border != "as_today":
        return None
    columns = pd.Index([*neighbours, HERE])
    shares = _grid(place.border, ("area", areas), ("goes_to", columns), "share").fillna(0.0)
    return Border(shares, settings.border_pull.figure() if settings.border_pull else Figure(0))


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
    counts = place.counts_of(activity, settings.period) if settings.period else {}
    counts = {site: counts[site] for site in today} if counts else {}
    stated = {site: one.figure() for site, one in settings.offsets.items()}
    offsets = {site: replace(one, value=times(one.value, Fraction(1))) for site, one in stated.items()}
    if counts and not offsets:
        held = settings.held_at_zero or ""
        service = problem.services[code]
        asked = (activity, service.neighbours, service.travel_by, held, *counts.items())
        fitted[asked] = fitted.get(asked) or fit(problem, code, counts, held_at_zero=held)
        offsets = with_offsets(fitted[asked], settings.period or "")
    return Observed(offsets, settings.period or "", counts)


def with_offsets_stated(config: Config, problem: Problem) -> Config:
    """Return the config with every fitted offset written out, so that the run can be repeated without a fit."""
    services = {}
    for code, settings in config.settings.services.items():
        service = problem.services[code]
        fitted = service.observed.offsets if service.observed else {}
        offsets = {site: StatedFigure.of(one) for site, one in fitted.items()}
        stated = settings.observed and settings.observed.model_copy(update={"offsets": offsets})
        services[code] = settings.model_copy(update={"observed": stated})
    return replace(config, settings=config.settings.model_copy(update={"services": services}))


def _team(code: str, team: TeamSettings, grades: Sequence[str]) -> Team:
    across = team.across_sites is not None
    # One team across sites has nobody to move.
    unmoved = {"moves_at_most": None} if across else {}
    return team.into(Team, code=code, grade="".join(grades), across_sites=across, **unmoved)


def _ways(settings: Settings, team: str, between: Between, neighbours: Sequence[str]) -> Ways:
    """Return the minutes there and back between where one team across sites is based and each other candidate."""
    across = settings.teams[team].across_sites if team in settings.teams else None
    if across is None:
        return {}
    transfers = between[across.travel_by]
    others = [str(site) for site in transfers if site not in (*neighbours, across.based_at)]
    minutes = transfers.to_numpy(dtype=float)
    row = {str(site): number for number, site in enumerate(transfers.index)}
    base = row[across.based_at]
    return {site: (float(minutes[base, row[site]]), float(minutes[row[site], base])) for site in others}


def _closed(settings: Settings) -> dict[str, Fixed]:
    """Return by site that nothing is provided there, and why, where the config closes it."""
    return {site: one.into(Fixed, provided=False) for site, one in (settings.closed_sites or {}).items()}


def _service(settings: Settings, code: str, all_neighbours: Sequence[str], between: Between) -> Service:
    service = settings.services[code]
    listed = {"all": all_neighbours, "none": ()}.get(str(service.neighbours), service.neighbours)
    transfer = service.transfer if service.pathway == "transfer" else None
    return service.into(
        Service,
        code=code,
        neighbours=tuple(site for site in all_neighbours if site in listed),
        fixed={site: one.into(Fixed) for site, one in settings.fixed_at(code).items()} | _closed(settings),
        neighbours_take_at_most={site: one.figure() for site, one in (service.neighbours_take_at_most or {}).items()},
        same_site=tuple(one.into(Link, service=other) for other, one in service.same_site.items()),
        rotas=tuple(
            need
            for team in service.rotas
            for need in needs_of(settings, code, team, _ways(settings, team, between, all_neighbours))
        ),
        in_reach=tuple(one.into(Reach, service=other) for other, one in (service.in_reach or {}).items()),
        by_transfer=tuple(one.into(Link, service=other) for other, one in (service.by_transfer or {}).items()),
        beds=_beds(settings, code),
        observed=None,
        transfer=transfer.into(Transfer, overhead_minutes=transfer.overhead) if transfer else None,
        managed=service.patients_go_to == "managed",
    )


def _beds(settings: Settings, code: str) -> Beds | None:
    stated = settings.services[code].beds
    if stated is None:
        return None
    share, days = (one and one.figure() for one in (stated.other_patients_share, stated.other_stay_days))
    at = {site: one.figure() for site, one in (stated.at or {}).items()} | settings.beds_added(code)
    return stated.into(Beds, days=stated.stay_days.figure(), other_share=share, other_days=days, at=at)


def _growth(settings: Settings, place: Place, areas: pd.Index[str]) -> Growth | None:
    stated = settings.demand
    if stated is None or stated.growth is None:
        return None
    by_age, by_activity = stated.growth.by_age, stated.growth.by_activity
    rates = [*by_activity.values(), *([by_age.under_65, by_age.from_65, by_age.from_75] if by_age else [])]
    verified = all(rate.verified for rate in rates if rate is not None)
    ages = {name: getattr(by_age, name) for name in AGES} if by_age else {}
    return Growth(
        int(stated.growth.years),
        _demand(place, areas),
        stated.year,
        verified,
        {name: rate.value for name, rate in ages.items() if rate is not None},
        {activity: rate.value for activity, rate in by_activity.items()},
    )


def _ages(settings: Settings) -> dict[str, dict[str, Figure]]:
    """Return of which ages patients are, by activity, where the config states it."""
    stated = (settings.demand and settings.demand.ages) or {}
    return {
        activity: {age: share.figure() for age in AGES if (share := getattr(shares, age))}
        for activity, shares in stated.items()
    }


def _factor(travel: TravelSettings) -> Fraction:
    """Return what every journey time is multiplied by: the factor, that of the time of day, and of no calibration."""
    back = _taken_back(travel)
    start = 1 / exactly(back.times.value) if back else Fraction(1)
    return math.prod((exactly(one.value) for one in _factors(travel).values()), start=start)


def _taken_back(travel: TravelSettings) -> Calibrated | None:
    """Return the calibration that is not applied."""
    stated = travel.calibration
    return Calibrated(stated.plus.figure(), stated.times.figure()) if stated and not stated.applied else None


def _factors(travel: TravelSettings) -> dict[str, Figure]:
    """Return the factors that count, by the setting that states each; those of 1 change nothing and are left out."""
    chosen = (travel.times or {}).get(travel.time or "")
    stated = {"travel.factor": travel.factor} | ({f"travel.times.{travel.time}": chosen} if chosen else {})
    return {name: one.figure() for name, one in stated.items() if one.value != 1}


def _places(travel: TravelSettings) -> int:
    return PLACES if travel.decimals is None else travel.decimals


def _longer(settings: Settings, place: Place, areas: pd.Index[str], sites: Mapping[str, Site]) -> Longer | None:
    """Return how much longer journeys are for what the config says of roads."""
    if settings.roads is None:
        return None
    # A graph of roads takes a while to import, and few questions ask for one.
    from optimiser.inputs.roads import longer

    return longer(settings, place, areas, _order(sites))


def _order(sites: Mapping[str, Site]) -> list[str]:
    return sorted(sites, key=lambda code: (not sites[code].candidate, code))


def _lengthened(table: pd.DataFrame, more: pd.DataFrame | None) -> pd.DataFrame:
    if more is None:
        return table
    from optimiser.inputs.roads import lengthened

    return lengthened(table, more)


def _as_read(table: pd.DataFrame, more: pd.DataFrame | None, travel: TravelSettings) -> pd.DataFrame:
    """Return minutes of a table as they count: longer by so many, uncalibrated where asked, times the factor."""
    table = _lengthened(table, more)
    if back := _taken_back(travel):
        table = table.map(lambda one: max(float(exactly(one) - exactly(back.plus.value)), 0.0), na_action="ignore")
    return table_times(table, _factor(travel), _places(travel))


def _journeys(
    place: Place, areas: pd.Index[str], sites: Mapping[str, Site], travel: TravelSettings, longer: Longer | None
) -> pd.DataFrame:
    """Return minutes by area and site, times the factor, to the decimals kept; NaN where there is no journey."""
    table = _grid(place.journeys, ("area", areas), ("site", pd.Index(_order(sites))), "minutes")
    return _as_read(table, longer.journeys if longer else None, travel)


def _by_mode(
    settings: Settings, place: Place, areas: pd.Index[str], sites: Mapping[str, Site]
) -> dict[str, pd.DataFrame]:
    """Return the same by each mode that a service names, in order."""
    named = {mode for one in settings.services.values() for mode in one.modes}
    found = {}
    for mode in sorted(named & set(place.modes)):
        rows = place.journeys_by_mode[place.journeys_by_mode["mode"] == mode]
        table = _grid(rows, ("area", areas), ("site", pd.Index(_order(sites))), "minutes")
        found[mode] = _as_read(table, None, settings.travel)
    return found


def _transfers(config: Config, place: Place, sites: Mapping[str, Site], longer: Longer | None = None) -> pd.DataFrame:
    """Return minutes from site to site, times the factor, to the decimals kept; empty where there is no table."""
    if place.transfers.empty:
        return pd.DataFrame()
    codes = pd.Index(_order(sites))
    table = _grid(place.transfers, ("from_site", codes), ("to_site", codes), "minutes")
    return _as_read(table, longer.transfers if longer else None, config.settings.travel)


def _between(settings: Settings, place: Place, sites: Mapping[str, Site], transfers: pd.DataFrame) -> Between:
    """Return minutes from site to site by the mode by which a team across sites travels, and by none that it names."""
    found: dict[str | None, pd.DataFrame] = {None: transfers}
    codes, table = pd.Index(_order(sites)), place.transfers_by_mode
    for mode in {one.across_sites.travel_by for one in settings.teams.values() if one.across_sites} - {None}:
        rows = table[table["mode"] == mode]
        grid = _grid(rows, ("from_site", codes), ("to_site", codes), "minutes")
        found[mode] = _as_read(grid, None, settings.travel)
    return found


def _demand(place: Place, areas: pd.Index[str]) -> pd.DataFrame:
    """Return patients a year by area and activity; nobody of an area outside where the table has no row."""
    activities = pd.Index(place.activities)
    return _grid(place.demand, ("area", areas), ("activity", activities), "patients_per_year").fillna(0.0)


def _uncounted(place: Place) -> dict[str, int]:
    """Return of how many areas outside the table does not say how many patients there are, by activity."""
    outside = place.areas["area"][~place.areas["resident"]]
    told = place.demand[place.demand["area"].isin(outside)].groupby("activity")["area"].nunique()
    missing = {activity: len(outside) - int(told.get(activity, 0)) for activity in place.activities}
    return {activity: number for activity, number in missing.items() if number}


def _grid(
    frame: pd.DataFrame, rows: tuple[str, pd.Index[str]], columns: tuple[str, pd.Index[str]], values: str
) -> pd.DataFrame:
    """Return one column of a long table as a grid; NaN where the table has no such pair."""
    down, across = (codes.get_indexer(pd.Index(frame[name])) for name, codes in (rows, columns))
    cells = np.full(len(rows[1]) * len(columns[1]), np.nan)
    at = down * len(columns[1]) + across
    inside = (down >= 0) & (across >= 0)
    known = frame[values].to_numpy(dtype=float)
    # Millions of rows are not copied but where some are left out.
    cells[at if inside.all() else at[inside]] = known if inside.all() else known[inside]
    return pd.DataFrame(cells.reshape(len(rows[1]), -1), index=rows[1], columns=columns[1])


def _staff(config: Config, place: Place) -> dict[tuple[str, str, Unit], float]:
    """Return staff in post at the candidates: 0 where a team has no row, absent where its row is blank."""
    candidates = sorted(place.candidates)
    staff: dict[tuple[str, str, Unit], float] = {}
    for team, settings in config.settings.teams.items():
        if (over_all := settings.counted_over_all) is not None:
            staff |= {(ACROSS_SITES, team, "people"): over_all, (ACROSS_SITES, team, "WTE"): over_all}
            continue
        rows = place.staff_now(team, settings.year).set_index("site")
        for unit, column in UNITS.items():
            in_post = rows[column].reindex(candidates, fill_value=0.0)
            staff |= {(site, team, unit): float(n) for site, n in in_post.items() if not np.isnan(n)}  # type: ignore[misc]
    return staff
