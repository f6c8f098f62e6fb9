"""Put a config and its place's tables together into one question, listing every fault of both at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from optimiser.config import (
    Config,
    Option,
    ServiceSettings,
    Settings,
    StatedFigure,
    StatedLimit,
    TeamSettings,
    draft_config,
    resolved_yaml,
)
from optimiser.covers import faults as cover_faults
from optimiser.covers import needs_of, units_of
from optimiser.errors import Fault, InputError
from optimiser.layers import Spot
from optimiser.problem import Figure, Fixed, Link, Objective, Problem, Service, Site, Team, Unit
from optimiser.schema import PLACE_TABLES
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
    problem = replace(_problem(config, place), files=_files(config))
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
        yield from _team_faults(config, place, code, team)
    for code, service in settings.services.items():
        yield from _service_faults(config, known, code, service)
        yield from _rota_faults(config, place, code, service)
    for code, sites in settings.today.items():
        for number, site in enumerate(sites):
            if words := known.not_a_candidate(site):
                yield config.where("today", code, number), words
    yield from _deprivation_faults(config, place)


def _unknown_pair(config: Config, known: _Known, number: int, area: str, site: str) -> Iterator[tuple[str, str]]:
    where = config.where("travel", "allow_missing", number)
    for noun, code, codes in (
        ("area", area, known.areas),
        ("site", site, [*known.candidates, *known.neighbours]),
    ):
        if code not in codes:
            yield where, f"there is no {noun} {quoted(code)} in {noun}s.csv. {did_you_mean(code, codes)}".rstrip()


def _team_faults(config: Config, place: Place, code: str, team: TeamSettings) -> Iterator[tuple[str, str]]:
    rows = place.staff[place.staff["team"] == code]
    if rows.empty:
        hint = did_you_mean(code, set(place.staff["team"])) or "Add its rows there, or take the team out."
        yield config.where("teams", code), f"there is no team {quoted(code)} in staff.csv. {hint}"
    elif team.year not in set(rows["year"]):
        years = ", ".join(str(year) for year in sorted(set(rows["year"])))
        words = f"staff.csv has no {team.year} for {code}. Years there: {years}."
        yield config.where("teams", code, "year"), words


def _service_faults(config: Config, known: _Known, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    if service.activity is not None and service.activity not in known.activities:
        hint = did_you_mean(service.activity, known.activities)
        words = f"there is no activity {quoted(service.activity)} in demand.csv. {hint}".rstrip()
        yield config.where("services", code, "activity"), words
    for site in service.fixed:
        if words := known.not_a_candidate(site):
            yield config.where("services", code, "fixed", site), words
    listed = () if isinstance(service.neighbours, str) else service.neighbours
    for number, site in enumerate(listed):
        if words := known.not_a_neighbour(site):
            yield config.where("services", code, "neighbours", number), words


def _rota_faults(config: Config, place: Place, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield each rota that counts staff in a unit in which staff.csv does not count them."""
    for team, rota in service.rotas.items():
        year = config.settings.teams[team].year if team in config.settings.teams else None
        rows = _staff_now(place, team, year)
        for unit in (UNITS[counted] for counted in units_of(rota)):
            blank = rows[rows[unit].isna()]
            for index, row in blank.iterrows():
                at = f"{shown(config.place / 'staff.csv')}, row {int(str(index)) + 2}"
                words = f"the rota needs {unit} of {team}, but {unit} is blank for {row['site']} ({at}). Fill it in"
                other = "wte" if unit == "people" else "people"
                yield config.where("services", code, "rotas", team, unit), f"{words}, or state {other} instead."


def _deprivation_faults(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    named = [objective.name for objective in config.settings.objectives]
    known = "deprivation_decile" in place.areas
    if "deprived_patient_minutes" in named:
        residents = place.areas[place.areas["resident"]]
        if not known or residents["deprivation_decile"].isna().any():
            where = config.where("objectives", named.index("deprived_patient_minutes"))
            yield where, "areas.csv has no deprivation_decile for some resident area. Fill it in there."


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
    areas = place.areas.set_index("area").sort_index()
    problem = Problem(
        title=settings.title,
        sites=sites,
        services={code: _service(settings, code, neighbours) for code in settings.services},
        areas=areas,
        journeys=_journeys(place, areas.index, sites, settings.travel.factor.value),
        demand=_demand(place, areas.index),
        teams={code: _team(code, team) for code, team in settings.teams.items()},
        staff=_staff(config, place),
        today=frozenset((site, code) for code, there in settings.today.items() for site in there),
        objectives=tuple(Objective(one.name, one.services) for one in settings.objectives),
        time_limit_minutes=settings.time_limit_minutes,
    )
    return problem if settings.border == "open" else problem.behind_its_border()


def _figure(stated: StatedFigure | None) -> Figure | None:
    return None if stated is None else stated.figure()


def _limit(stated: StatedLimit) -> Figure | None:
    return None if np.isinf(stated.value) else stated.figure()


def _team(code: str, team: TeamSettings) -> Team:
    return Team(code, team.name, _limit(team.moves_at_most), _limit(team.recruits_at_most))


def _service(settings: Settings, code: str, all_neighbours: Sequence[str]) -> Service:
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
        rotas=tuple(need for team in service.rotas for need in needs_of(settings, code, team)),
    )


def _journeys(place: Place, areas: pd.Index[str], sites: Mapping[str, Site], factor: float) -> pd.DataFrame:
    """Return minutes by area and site, times the factor, to six decimals; NaN where there is no journey."""
    order = sorted(sites, key=lambda code: (not sites[code].candidate, code))
    table = _grid(place.journeys, ("area", areas), ("site", pd.Index(order)), "minutes")
    distinct, which = np.unique(table.to_numpy(), return_inverse=True)
    scaled = np.array([_scaled(minutes, factor) for minutes in distinct.tolist()])
    return pd.DataFrame(scaled[which].reshape(table.shape), index=table.index, columns=table.columns)


def _scaled(minutes: float, factor: float) -> float:
    if np.isnan(minutes):
        return minutes
    exact = Decimal(repr(minutes)) * Decimal(repr(factor))
    return float(exact.quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN))


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
        rows = _staff_now(place, team, settings.year).set_index("site")
        for unit, column in UNITS.items():
            in_post = rows[column].reindex(candidates, fill_value=0.0)
            staff |= {(site, team, unit): float(n) for site, n in in_post.items() if not np.isnan(n)}  # type: ignore[misc]
    return staff


# -- options ----------------------------------------------------------------------------------------


def designations_of(problem: Problem, option: Option) -> frozenset[tuple[str, str]]:
    """Return the (site, service) pairs that an option designates in this problem.

    Services that it does not name stay as they are today or, where today is not known, as they are fixed. Raises
    ``InputError`` for services and sites that the problem does not have.
    """
    faults = list(_option_faults(problem, option))
    if faults:
        raise InputError(faults)
    named = {(site, service) for service, sites in option.designations.items() for site in sites}
    return frozenset(named) | {pair for code in _unnamed(problem, option) for pair in _as_today(problem, code)}


def _unnamed(problem: Problem, option: Option) -> Iterable[str]:
    return (code for code in problem.services if code not in option.designations)


def _as_today(problem: Problem, service: str) -> set[tuple[str, str]]:
    fixed = problem.services[service].fixed
    today = {pair for pair in problem.today if pair[1] == service}
    return today or {(site, service) for site, one in fixed.items() if one.provided}


def _option_faults(problem: Problem, option: Option) -> Iterator[Fault]:
    for service, sites in option.designations.items():
        if service not in problem.services:
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
    for service in _unnamed(problem, option):
        if not _as_today(problem, service):
            words = f"it does not say where {service} is, and neither does today in the config. Name its sites."
            yield Fault(option.where("designations"), words)
