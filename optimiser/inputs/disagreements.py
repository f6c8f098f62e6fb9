"""What a config names and its place's tables do not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from optimiser.errors import did_you_mean, is_perhaps_a_slip, quoted, shown
from optimiser.inputs.config import Config
from optimiser.inputs.config.figures import in_full
from optimiser.inputs.config.settings import AcrossSettings, GrowthSettings, ServiceSettings, TeamSettings
from optimiser.inputs.covers import units_of
from optimiser.inputs.schema import place_table
from optimiser.inputs.tables import UNITS, Place
from optimiser.model.arithmetic import ARITHMETIC
from optimiser.problem import HERE
from optimiser.problem.beds import DAYS_A_YEAR, MOST_BEDS
from optimiser.problem.growth import AGES
from optimiser.problem.words import listed

MOST_PATIENTS = int(place_table("demand")["patients_per_year"].maximum or 0)
ADD_SITE = "Name one that is there, or add its row to sites.csv, and its journeys."


def _no_such(noun: str, code: str, table: str, known: Iterable[str], remedy: str = ADD_SITE) -> str:
    return f"there is no {noun} {quoted(code)} in {table}.csv. {did_you_mean(code, known, or_else=remedy)}"


def _not_a_candidate(place: Place, site: str) -> str:
    """Say why this site may not be designated, or nothing if it may."""
    if site in place.neighbours and site not in place.candidates:
        return f"{quoted(site)} is a neighbour, and neighbours are never decided on. Take it out."
    return "" if site in place.candidates else _no_such("site", site, "sites", place.candidates)


def _not_a_neighbour(place: Place, site: str) -> str:
    """Say why this site is no neighbour, or nothing if it is one."""
    if site in place.candidates and site not in place.neighbours:
        return f"{quoted(site)} is a candidate, not a neighbour. Take it out."
    return "" if site in place.neighbours else _no_such("site", site, "sites", place.neighbours)


def disagreements(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    """Yield where and what for everything that the config names and the tables do not have."""
    settings = config.settings
    for number, (area, site) in enumerate(settings.travel.allow_missing):
        yield from _unknown_pair(config, place, number, area, site)
    for code, team in settings.teams.items():
        yield from _team_faults(config, place, code, team)
    yield from _misspelt_teams(config, place)
    for code, service in settings.services.items():
        yield from _service_faults(config, place, code, service)
        yield from _rota_faults(config, place, code, service)
        yield from _pathway_faults(config, place, code, service)
        yield from _mode_faults(config, place, code, service)
    for code, sites in settings.today.items():
        for number, site in enumerate(sites):
            if words := _not_a_candidate(place, site):
                yield config.where("today", code, number), words
    for site in settings.closed_sites or ():
        if words := _not_a_candidate(place, site):
            yield config.where("closed_sites", site), words
    for number, one in enumerate(settings.exceptions or ()):
        if words := _not_a_candidate(place, one.site):
            yield config.where("exceptions", number, "site"), words
    yield from _transfer_faults(config, place)
    for code, service in settings.services.items():
        yield from _observed_faults(config, place, code, service)
    counted = place.counting(settings.areas_outside)
    yield from _growth_faults(config, counted)
    yield from _ages_faults(config, counted)
    yield from _size_faults(config, counted)
    yield from _border_faults(config, place)
    yield from _deprivation_faults(config, place)
    yield from _hurdle_faults(config)


def _transfer_faults(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    """Yield each wish for a service in reach where nobody knows how far it is between sites."""
    for code, service in config.settings.services.items() if place.transfers.empty else ():
        for other in service.in_reach or ():
            words = "in_reach needs to know how far it is between sites. Add transfers.csv to the place."
            yield config.where("services", code, "in_reach", other), words


def _unknown_pair(config: Config, place: Place, number: int, area: str, site: str) -> Iterator[tuple[str, str]]:
    where = config.where("travel", "allow_missing", number)
    for noun, code, codes in (
        ("area", area, list(place.areas["area"])),
        ("site", site, [*place.candidates, *place.neighbours]),
    ):
        if code not in codes:
            yield where, _no_such(noun, code, f"{noun}s", codes, "Name one that is there, or add its row.")


def _team_faults(config: Config, place: Place, code: str, team: TeamSettings) -> Iterator[tuple[str, str]]:
    rows = place.staff[place.staff["team"] == code]
    if rows.empty:
        hint = did_you_mean(code, set(place.staff["team"])) or "Add its rows there, or take the team out."
        yield config.where("teams", code), f"there is no team {quoted(code)} in staff.csv. {hint}"
    elif team.year not in set(rows["year"]):
        years = ", ".join(str(year) for year in sorted(set(rows["year"])))
        words = f"staff.csv has no {team.year} for {code}. Years there: {years}."
        yield config.where("teams", code, "year"), words
    if len(grades := place.grades_of(code)) > 1:
        words = f"staff.csv has {code} of the grades {', '.join(grades)}. Give each grade a team of its own there."
        yield config.where("teams", code), words
    if team.across_sites:
        yield from _across_faults(config, place, code, team.across_sites)


def _misspelt_teams(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    """Yield rows of staff.csv whose team looks like one of the config that has no row where and when they are.

    A team with rows at several candidates, or beside the other anywhere, is taken for what it says: a place may have
    more teams than a config asks about.
    """
    here = place.staff[place.staff["site"].isin(place.candidates)]
    at = {str(team): set(zip(rows["site"], rows["year"], strict=True)) for team, rows in here.groupby("team")}
    for team, settings in config.settings.teams.items():
        for other in sorted(at.keys() - config.settings.teams.keys()) if team in at else ():
            together, sites = at[team] & at[other], {site for site, _ in at[other]}
            if together or len(sites) > 1 or not is_perhaps_a_slip(other, team):
                continue
            for index in here.index[(here["team"] == other) & (here["year"] == settings.year)]:
                site = str(here.at[index, "site"])
                words = f"no team of the config is {quoted(other)}, and {site} has no row of {quoted(team)}"
                remedy = f'Did you mean "{team}"? If not, give {site} a row of {team} there too, with 0'
                yield _row_of_staff(config, index), f"{words} in {settings.year}. {remedy}."


def _row_of_staff(config: Config, index: object) -> str:
    return f"{shown(config.place / 'staff.csv')}, row {int(str(index)) + 2}"


def _across_faults(config: Config, place: Place, code: str, across: AcrossSettings) -> Iterator[tuple[str, str]]:
    """Yield a base that is no candidate, and each way to or from it that nobody knows the minutes of."""
    where = config.where("teams", code, "across_sites", "based_at")
    if words := _not_a_candidate(place, across.based_at):
        yield where, words
        return
    table, name = place.transfers, "transfers.csv"
    if across.travel_by is not None:
        table, modes = place.transfers_by_mode, sorted(set(place.transfers_by_mode.get("mode", ())))
        if across.travel_by not in modes:
            remedy = "Add its rows there (optimiser import transfers FILE --mode), or take this out."
            words = _no_such("mode", across.travel_by, "transfers_by_mode", modes, remedy)
            yield config.where("teams", code, "across_sites", "travel_by"), words
            return
        table, name = table[table["mode"] == across.travel_by], f"transfers_by_mode.csv ({across.travel_by})"
    if not {"from_site", "to_site"} <= set(table):
        return
    ways = set(zip(table["from_site"], table["to_site"], strict=True))
    for site in (site for site in place.candidates if site != across.based_at):
        for way in ((across.based_at, site), (site, across.based_at)):
            if way not in ways:
                yield where, f"{name} does not say how far it is from {way[0]} to {way[1]}. Add it there."


def _service_faults(config: Config, place: Place, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    if service.activity is not None and service.activity not in place.activities:
        yield config.where("services", code, "activity"), _no_activity(service.activity, place)
    for site in service.fixed:
        if words := _not_a_candidate(place, site):
            yield config.where("services", code, "fixed", site), words
    for site in (service.beds.at or {}) if service.beds else ():
        if words := _not_a_candidate(place, site):
            yield config.where("services", code, "beds", "at", site), words
    for site in service.neighbours_take_at_most or ():
        if words := _not_a_neighbour(place, site):
            yield config.where("services", code, "neighbours_take_at_most", site), words
    listed = () if isinstance(service.neighbours, str) else service.neighbours
    for number, site in enumerate(listed):
        if words := _not_a_neighbour(place, site):
            yield config.where("services", code, "neighbours", number), words


def _mode_faults(config: Config, place: Place, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield modes that journeys_by_mode.csv does not have, and the first journey that patients lack by one that it has.

    Visitors may lack any: how many patients they do not reach is told.
    """
    for setting in ("travel_by", "visitors_travel_by"):
        mode = getattr(service, setting)
        where = config.where("services", code, setting)
        if mode is not None and mode not in place.modes:
            remedy = "Add its rows there (optimiser import journeys FILE --mode), or take this out."
            yield where, _no_such("mode", mode, "journeys_by_mode", place.modes, remedy)
        elif mode is not None and setting == "travel_by":
            lacking = _without_a_journey(config, place, mode)
            if len(lacking):
                more = f" and {len(lacking) - 1:,} more" if len(lacking) > 1 else ""
                words = f"journeys_by_mode.csv has no row {mode}, {', '.join(lacking[0])}{more}"
                yield where, f"{words}. Add what is missing, or list it under travel.allow_missing."


def _without_a_journey(config: Config, place: Place, mode: str) -> list[tuple[str, str]]:
    """Return the pairs of an area that is counted and a site without a journey by a mode that need one."""
    counted = place.counting(config.settings.areas_outside).areas["area"]
    areas, sites = pd.Index(counted), pd.Index(place.sites["site"])
    rows, allowed = place.journeys_by_mode, config.settings.travel.allow_missing
    rows = rows[rows["mode"] == mode]
    there = np.zeros((len(areas), len(sites)), dtype=bool)
    down = areas.get_indexer(pd.Index([*rows["area"], *(area for area, _ in allowed)]))
    across = sites.get_indexer(pd.Index([*rows["site"], *(site for _, site in allowed)]))
    both = (down >= 0) & (across >= 0)
    there[down[both], across[both]] = True
    return [(str(areas[row]), str(sites[column])) for row, column in np.argwhere(~there).tolist()]


def _no_activity(activity: str, place: Place) -> str:
    remedy = "Name one that is there, or add its rows there, one for every resident area."
    return _no_such("activity", activity, "demand", place.activities, remedy)


def _rota_faults(config: Config, place: Place, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield each rota that counts staff in a unit in which staff.csv does not count them."""
    for team, rota in service.rotas.items():
        stated = config.settings.teams.get(team)
        if stated and stated.counted_over_all is not None:
            continue
        rows = place.staff_now(team, stated.year if stated else None)
        for unit in (UNITS[counted] for counted in units_of(rota)):
            blank = rows[rows[unit].isna()]
            for index, row in blank.iterrows():
                at = _row_of_staff(config, index)
                words = f"the rota needs {unit} of {team}, but {unit} is blank for {row['site']} ({at}). Fill it in"
                other = "wte" if unit == "people" else "people"
                yield config.where("services", code, "rotas", team, unit), f"{words}, or state {other} instead."


def nobody_in_post(config: Config, place: Place) -> Iterator[str]:
    """Yield, of each team that a rota needs, the candidates of which staff.csv has no row: nobody is counted there."""
    settings = config.settings
    needed = dict.fromkeys(team for service in settings.services.values() for team in service.rotas)
    for team in (team for team in needed if team in settings.teams):
        year = settings.teams[team].year
        rows = place.staff_now(team, year)
        lacking = [site for site in place.candidates if site not in set(rows["site"])]
        if rows.empty or not lacking or settings.teams[team].counted_over_all is not None:
            continue
        what = f"no row of {team} at {listed(lacking)}{f' in {year}' if year else ''}"
        yield f"staff.csv: it has {what}, so nobody is counted there."


def _observed_faults(config: Config, place: Place, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield each site without a count that the service's flows could be fitted to, and each unknown site."""
    if service.observed is None or service.activity is None:
        return
    for site in service.observed.offsets:
        if site not in (*place.candidates, *place.neighbours):
            words = _no_such("site", site, "sites", [*place.candidates, *place.neighbours])
            yield config.where("services", code, "observed", "offsets", site), words
    period = service.observed.period if set(place_table("activity").required_names) <= set(place.activity) else None
    counts = place.counts_of(service.activity, period) if period else {}
    today = config.settings.today.get(code, ()) if period else ()
    if missing := [site for site in today if site in place.candidates and counts.get(site, 0) <= 0]:
        rows = place.activity[place.activity["activity"] == service.activity]
        there = ", ".join(sorted(set(rows["period"]))) or "none"
        words = f"activity.csv counts no {service.activity} at {', '.join(missing)} in {quoted(period or '')}."
        yield config.where("services", code, "observed", "period"), f"{words} Periods there: {there}."


def _growth_faults(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    growth = config.settings.demand.growth if config.settings.demand else None
    for activity in growth.by_activity if growth else ():
        if activity not in place.activities:
            yield config.where("demand", "growth", "by_activity", activity), _no_activity(activity, place)
    if growth and growth.by_age:
        where = config.where("demand", "growth", "by_age")
        for words in _unknown_people(place, growth.by_age.from_75 is not None, "state by_activity"):
            yield where, words


def _ages_faults(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    """Yield shares of patients by age that stand for nothing in demand.csv, or for people whom nobody counted."""
    ages = (config.settings.demand and config.settings.demand.ages) or {}
    from_75 = any(shares.from_75 is not None for shares in ages.values())
    unknown = list(_unknown_people(place, from_75, "take ages out")) if ages else []
    yield from ((config.where("demand", "ages"), words) for words in unknown)
    for activity, shares in ages.items():
        where = config.where("demand", "ages", activity)
        if activity not in place.activities:
            yield where, _no_activity(activity, place)
        for age, number in {} if unknown else _residents_by_age(place, shares.from_75 is not None).items():
            share = getattr(shares, age)
            if share.value and not number:
                words = f"{in_full(share.value)} of the patients are said to be {age}, and nobody who lives here is"
                yield where, f"{words}. Correct that, or the people in areas.csv."


def _residents_by_age(place: Place, from_75: bool) -> dict[str, float]:
    names = ["population", "population_65_plus", *(["population_75_plus"] if from_75 else [])]
    people = [float(place.areas.loc[place.areas["resident"], name].sum()) for name in names]
    return {age: one - older for age, one, older in zip(AGES, people, [*people[1:], 0.0], strict=False)}


def _unknown_people(place: Place, from_75: bool, instead: str) -> Iterator[str]:
    """Yield what areas.csv does not say, or not soundly, of how many people are of which age."""
    columns = ["population", "population_65_plus", *(["population_75_plus"] if from_75 else [])]
    for column in columns:
        blank = place.areas[column].isna() if column in place.areas else pd.Series(True, index=place.areas.index)
        if blank.any():
            outside = not (blank & place.areas["resident"]).any()
            which, fewer = ("area outside", ", leave such areas out (areas_outside)") if outside else ("area", "")
            yield f"areas.csv has no {column} for some {which}. Fill it in there{fewer}, or {instead}."
    if set(columns) <= set(place.areas):
        ages = place.areas[columns]
        if any((ages[more] < ages[fewer]).any() for more, fewer in pairwise(ages.columns)):
            yield "areas.csv has more people of an age in some area than people. Correct it there."


def _border_faults(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    """Yield a border as it is today of which too little is known, and people who leave without a journey."""
    if config.settings.border != "as_today":
        return
    where, path = config.where("border"), shown(config.place / "border.csv")
    if place.border.empty:
        columns = ", ".join(place_table("border").required_names)
        words = f"nothing says who crosses the border today: {path} has no rows. Add it, with the columns {columns}"
        yield where, f"{words}, or write border: nearest."
        return
    going = place.border[place.border["share"] > 0]
    residents = set(place.areas["area"][place.areas["resident"]].tolist())
    for area in sorted(residents - set(going["area"].tolist())):
        yield where, f"{path} does not say where the people of {area} go today. Add its rows."
    leaving = going[going["area"].isin(residents) & (going["goes_to"] != HERE)]
    pairs = set(zip(leaving["area"].tolist(), leaving["goes_to"].tolist(), strict=True))
    there = place.journeys[place.journeys["site"].isin(leaving["goes_to"])]
    for area, site in sorted(pairs - set(zip(there["area"].tolist(), there["site"].tolist(), strict=True))):
        yield where, f"people of {area} go to {site} today, and there is no journey. Add it to journeys.csv."


def _size_faults(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    """Yield growth to more patients than an area may have, and stays that would take more beds than are counted."""
    demand = place.demand.reindex(columns=["activity", "patients_per_year"])
    sound = demand[demand["patients_per_year"].between(0, MOST_PATIENTS)]
    patients = sound.groupby("activity")["patients_per_year"]
    largest, total = ({str(code): float(n) for code, n in each.items()} for each in (patients.max(), patients.sum()))
    growth = config.settings.demand.growth if config.settings.demand else None
    for activity, most in largest.items() if growth else ():
        if most * _at_most_times(growth, activity) > MOST_PATIENTS:
            words = f"{activity} could grow to more than {MOST_PATIENTS:,} patients a year in an area, the most"
            yield config.where("demand", "growth"), f"{words} that are counted. State fewer years, or a lower rate."
    for code, service in config.settings.services.items():
        beds, everybody = service.beds, total.get(service.activity or "", 0.0)
        if beds is None:
            continue
        share, days = (one.value if one else 0.0 for one in (beds.other_patients_share, beds.other_stay_days))
        arriving = everybody * _at_most_times(growth, service.activity or "") / DAYS_A_YEAR
        needed = arriving * (beds.stay_days.value + days * share / (1 - share))
        if needed > MOST_BEDS:
            words = f"with everybody at one site {needed:,.0f} beds would be taken, and {MOST_BEDS:,} are the most"
            yield config.where("services", code, "beds", "stay_days"), f"{words} that are counted. Shorten the stay."


def _at_most_times(growth: GrowthSettings | None, activity: str) -> float:
    """Return how many times as many patients of an activity there may be after growth, in any area."""
    if growth is None:
        return 1.0
    ages = (growth.by_age.under_65, growth.by_age.from_65, growth.by_age.from_75) if growth.by_age else ()
    rates = [growth.by_activity[activity]] if activity in growth.by_activity else [one for one in ages if one]
    return max([(1 + one.value) ** growth.years for one in rates], default=1.0)


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
