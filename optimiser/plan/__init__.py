"""The optimiser's answer: designations, journeys, staffing, and the proof."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, did_you_mean
from optimiser.inputs import Asked, problem_asked
from optimiser.journeys.by_transfer import TwoLegs, both_minutes
from optimiser.journeys.nearest import nearest
from optimiser.journeys.shared_out import sharing
from optimiser.model.arithmetic import Instance, journeys, one_choice, values
from optimiser.model.objectives import UNITS
from optimiser.model.rules import JUDGED
from optimiser.model.staffing import allocate, at_pools, number_of_sites, rotas_needed
from optimiser.plan.proof import EVALUATED, Designations, Proof, Reached, Written
from optimiser.problem import Figure, Link, Problem, Reach, Roster, worked_out_once
from optimiser.problem.words import amount

if TYPE_CHECKING:
    import geopandas

# Called with a line of plain words as each step begins.
Tell = Callable[[str], None]

SAME_SITE, IN_REACH, BY_TRANSFER = "same_site", "in_reach", "by_transfer"
JOURNEY_COLUMNS = [
    *("service", "area", "resident", "site", "minutes", "patients_per_year"),
    *("first_site", "first_minutes", "transfer_minutes"),
]


class Looks(Protocol):
    """How a plan looks to people."""

    def html(self, plan: Plan) -> str:
        """Return it as a notebook shows it."""

    def areas(self, plan: Plan) -> geopandas.GeoDataFrame:
        """Return its areas with what it comes to in each."""

    def drawn(self, plan: Plan, service: str, isochrones: str = "") -> Any:
        """Return a picture of one service, perhaps with lines around a site."""


@dataclass(frozen=True, repr=False)
class Plan:
    """An answer to a problem. Its frames are the tables of a run folder, in the same words and units.

    ``patterns`` are the weekly patterns of rotas that say how cover may be given, where they are needed; ``option`` is
    what people wrote down, where that was evaluated.
    """

    problem: Problem
    designated: Designations
    proof: Proof
    patterns: tuple[pd.DataFrame, ...] = field(default=(), compare=False, repr=False)
    option: Written | None = field(default=None, compare=False)

    @cached_property
    def designations(self) -> pd.DataFrame:
        """One row a service and candidate: is it designated, was it today, is it fixed and why."""
        known = self.problem.services_with_today
        rows = []
        for code, service in self.problem.services.items():
            for site in self.problem.candidates:
                fixed = service.fixed.get(site)
                today = (site, code) in self.problem.today if code in known else None
                designated = (site, code) in self.designated
                rows.append((code, site, designated, today, fixed is not None, fixed.reason if fixed else ""))
        return pd.DataFrame(rows, columns=["service", "site", "designated", "today", "fixed", "reason"])

    @cached_property
    def journeys(self) -> pd.DataFrame:
        """One row a service, area and site that its patients go to: in how many minutes, and how many a year.

        An area has more than one row only for a service whose patients are shared out, or where some go as today:
        ``how`` then says which of them a row is of.
        """
        found = [self.journeys_to(code) for code in self.problem.services_with_patients]
        columns = [*JOURNEY_COLUMNS, *(["how"] if self.problem.border else [])]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)

    @cached_property
    def _worked_out(self) -> dict[object, Any]:
        """What was worked out of this plan already; see ``worked_out_once``."""
        return {}

    @cached_property
    def staffing(self) -> pd.DataFrame:
        """One row a team, unit and candidate: in post, moved, recruited, needed and short, in people or WTE."""
        return allocate(self.problem, self.designated)

    def staffing_of(self, team: str, unit: str) -> pd.DataFrame:
        """Return the rows of ``staffing`` of a team, counted in a unit: one a candidate."""
        return self.staffing[(self.staffing["team"] == team) & (self.staffing["unit"] == unit)]

    @cached_property
    def links(self) -> pd.DataFrame:
        """One row a designation and a service that it leans on: how, from which site, in how many minutes.

        Where patients are transferred nothing is asked, so ``met`` is blank; minutes then run from the site, not to it.
        """
        rows = [
            (code, site, link.service, kind, *self._nearest_provider(code, site, kind, link))
            for code, service in self.problem.services.items()
            for site in self.sites_of(code)
            for kind, links in (
                (SAME_SITE, service.same_site),
                (IN_REACH, service.in_reach),
                (BY_TRANSFER, service.by_transfer),
            )
            for link in links
        ]
        columns = ["service", "site", "needs", "kind", "provider", "minutes", "at_most", "met", "excepted"]
        return pd.DataFrame(rows, columns=[*columns, "source", "verified"])

    @cached_property
    def exceptions(self) -> pd.DataFrame:
        """One row a documented exception, in the config's order: whether the plan would break the rule without it."""
        unmet = self.links[self.links["met"].astype(object).eq(False)]
        broken = set(zip(unmet["service"], unmet["needs"], unmet["site"], strict=True))
        rows = [
            (one.service, one.needs, one.site, one.reason, one.source, one.by, pair in broken)
            for one in self.problem.exceptions
            for pair in [(one.service, one.needs, one.site)]
        ]
        columns = ["service", "needs", "site", "reason", "source", "by", "would_have_broken"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def rules(self) -> pd.DataFrame:
        """One row an instance of a rule: left, right, spare, whether it binds and whether it holds."""
        choices = {code: one_choice(self.problem, code, self.designated) for code in self.problem.services}
        found = [one for rule in JUDGED.values() for one in rule.stands(self.problem, choices, self.staffing)]
        # The limits of one team stand together, in the order of the teams.
        teams: list[tuple[str, ...]] = list(self.problem.team_units)
        found.sort(key=lambda one: teams.index(one.names) if one.names in teams else -1)
        columns = ["rule", "instance", "left", "relation", "right", "unit", "spare", "binding", "pass"]
        return pd.DataFrame(map(_row, found), columns=[*columns, "source", "verified"])

    @cached_property
    def left_short(self) -> pd.DataFrame:
        """Rotas with fewer staff than they need, where they may: instance (of ``rules``), site, staff, needed, unit."""
        staff = at_pools(self.staffing, "staff")
        rows = []
        for service, rota, pool, needed in rotas_needed(self.problem, self.designated):
            there = staff[rota.team, rota.unit, pool]
            if rota.may_fall_short and there < needed:
                instance = ".".join(("rota_is_filled", service, pool, rota.team, rota.unit))
                rows.append((instance, pool, there, needed, rota.unit))
        return pd.DataFrame(rows, columns=["instance", "site", "staff", "needed", "unit"])

    @cached_property
    def rotas(self) -> pd.DataFrame | None:
        """One row a week, day and duty of each weekly pattern; None where no rota says how it gives cover."""
        if not any(rota.roster for service in self.problem.services.values() for rota in service.rotas):
            return None
        columns = ["rota", "week", "day", "shift", "kind", "start", "end", "hours"]
        return pd.concat(self.patterns, ignore_index=True) if self.patterns else pd.DataFrame(columns=columns)

    @cached_property
    def rota_needs(self) -> pd.DataFrame | None:
        """One row a step in which a need was worked out from cover; None where none was."""
        steps = {
            f"{code}.{rota.team}": rota.steps
            for code, service in self.problem.services.items()
            for rota in service.rotas
            if rota.steps
        }
        rows = [(name, *step) for name, taken in steps.items() for step in taken]
        columns = ["rota", "step", "term", "exact", "value", "unit", "source", "verified"]
        return pd.DataFrame(rows, columns=columns) if rows else None

    @cached_property
    def today(self) -> Plan:
        """What the same question comes to as things are today; services of which that is not known are as here.

        Nobody is shared out today: everybody goes to the nearest, or where they are known to go.
        """
        problem = self.problem.to_the_nearest()
        unknown = {(site, code) for site, code in self.designated if code not in problem.services_with_today}
        designated = problem.today | unknown
        is_today = (problem is self.problem, designated, EVALUATED) == (True, self.designated, self.proof.outcome)
        return self if is_today else _evaluated(problem, designated)

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Every measure, as ``measures.table`` works them out."""
        from optimiser.plan.measures import table

        return table(self)

    @cached_property
    def measures_by_service(self) -> pd.DataFrame:
        """The measures of whole services: one row a service, one column a measure; units as in ``measures``."""
        found = self.measures
        whole = found[(found["group"] == "") & (found["service"] != "")]
        wide = whole.pivot(index="service", columns="measure", values="value")
        services = [code for code in self.problem.services if code in wide.index]
        return wide.loc[services, list(dict.fromkeys(whole["measure"]))].rename_axis(columns=None)

    def areas(self) -> geopandas.GeoDataFrame:
        """Return one row an area: its outline, who lives there, and minutes and site of every service.

        In metres (EPSG:27700). Where the place has no outlines, points; where it has no coordinates either, no shapes.
        """
        return self._looks.areas(self)

    def map(self, service: str, *, isochrones: str = "") -> Any:
        """Return the map of minutes to a service, which a notebook shows; its ``svg`` is text to be saved.

        ``isochrones`` is the code of a site, around which it then has lines of 15, 30, 45 and 60 minutes. Raises
        ``InputError`` where the service has no patients, there is no such site, or the place has no outlines.
        """
        return self._looks.drawn(self, service, isochrones)

    def __repr__(self) -> str:
        """Return what was asked, which sites each service has, and how sure that is."""
        services = (f"  {code}: {', '.join(self.sites_of(code)) or 'none'}" for code in self.problem.services)
        return "\n".join([self.problem.title, *services, f"  {self.proof.outcome}"])

    def _repr_html_(self) -> str:
        return self._looks.html(self)

    @property
    def _looks(self) -> Looks:
        """What the room of reports says of it, which stands above this one: loaded when somebody looks."""
        found: Looks = import_module("optimiser.report.notebook").LOOKS
        return found

    @cached_property
    def at_the_nearest(self) -> Plan:
        """The same designations if nobody were shared out and everybody went to the nearest; itself if nobody is."""
        problem = self.problem.to_the_nearest()
        return self if problem is self.problem else replace(self, problem=problem)

    @property
    def broken(self) -> pd.DataFrame:
        """The rules that the plan breaks."""
        return self.rules[~self.rules["pass"].astype(bool)]

    def sites_of(self, service: str) -> tuple[str, ...]:
        """Return the candidates that provide a service, in code order."""
        return tuple(site for site in self.problem.candidates if (site, service) in self.designated)

    @worked_out_once
    def idle_sites(self, service: str) -> tuple[str, ...]:
        """Return the sites that provide a service whose patients are counted, and to which nobody is taken."""
        if service not in self.problem.services_with_patients:
            return ()
        rows = self.journeys_to(service)
        taken = set(rows["site"][rows["patients_per_year"] > 0].tolist())
        return tuple(site for site in self.sites_of(service) if site not in taken)

    def _nearest_provider(self, service: str, site: str, kind: str, link: Link | Reach) -> tuple[object, ...]:
        """Return provider, minutes, at_most, met, excepted, source and verified of a link of a service at a site."""
        minutes = self.problem.transfer_minutes
        way = {
            other: minutes(site, other) if kind == BY_TRANSFER else minutes(other, site)
            for other in self.sites_of(link.service)
        }
        provider = min(way, key=lambda other: (way[other], other != site, other), default=None)
        taken = way[provider] if provider is not None else np.inf
        figure = link.minutes if isinstance(link, Reach) else None
        at_most = figure.value if figure else 0.0
        met = None if kind == BY_TRANSFER else provider == site if kind == SAME_SITE else taken <= at_most
        said: Figure | Link = link.minutes if isinstance(link, Reach) else link
        return (
            provider if np.isfinite(taken) else None,
            taken if np.isfinite(taken) else np.nan,
            at_most if figure else np.nan,
            met,
            kind != BY_TRANSFER and self.problem.is_excepted(service, link.service, site),
            said.source,
            said.verified,
        )

    @worked_out_once
    def journeys_to(self, service: str) -> pd.DataFrame:
        """Return the rows of ``journeys`` of one service."""
        of = self.problem.services[service]
        work_out = self._two_legs if of.transfer else self._shared_out if of.managed else self._to_the_nearest
        stream, site, minutes, patients, first_site, first_minutes, road = work_out(service)
        streams = self.problem.streams
        found = pd.DataFrame(
            {
                "service": service,
                "area": self.problem.areas.index[streams.area[stream]],
                "resident": self.problem.resident[stream],
                "site": site,
                "minutes": minutes,
                "patients_per_year": patients,
                "first_site": first_site,
                "first_minutes": first_minutes,
                "transfer_minutes": road,
            }
        )
        if self.problem.border is None:
            return found
        # Nobody leaves for a neighbour that takes none of this service's patients.
        counted = ~streams.leaves | np.isin(streams.neighbour, self.problem.counted_at(service))
        chosen = np.flatnonzero(counted[stream])
        return found.assign(how=streams.how[stream]).take(chosen).reset_index(drop=True)

    def _to_the_nearest(self, service: str) -> tuple[np.ndarray, ...]:
        site = nearest(self.problem, service, self.sites_of(service))
        column = pd.Index(self.problem.reachable_sites(service)).get_indexer(pd.Index(site))
        area = np.arange(len(column))
        minutes = np.where(column >= 0, self.problem.minutes(service)[area, column], np.nan)
        return area, *_one_leg(site.to_numpy(), minutes, self.problem.patients(service))

    def _shared_out(self, service: str) -> tuple[np.ndarray, ...]:
        shared = sharing(self.problem, service, self.sites_of(service))
        # An area that no site takes has a row all the same.
        goes = np.column_stack([shared.goes, ~shared.goes.any(axis=1)])
        area, column = np.nonzero(goes)
        minutes = np.column_stack([self.problem.minutes(service), np.full(len(goes), np.nan)])[area, column]
        parts = np.column_stack([shared.patients, np.zeros(len(goes))])[area, column] / self.problem.patient_scale
        patients = np.where(goes.sum(axis=1)[area] > 1, parts, self.problem.patients(service)[area])
        return area, *_one_leg(_codes(shared.sites, column), minutes, patients)

    def _two_legs(self, service: str) -> tuple[np.ndarray, ...]:
        choices = {code: one_choice(self.problem, code, self.designated) for code in self.problem.services}
        going = journeys(self.problem, choices, service)
        assert isinstance(going, TwoLegs)
        legs, first, minutes = going.legs, going.first_site[0], going.first_minutes[0]
        known = first >= 0
        last = np.where(known, np.append(going.goes_on_to[0], -1)[first], -1)
        served, second = last >= 0, np.append(going.second_minutes[0], np.inf)[first]
        road = np.where(served, np.pad(legs.road, ((0, 1), (0, 1)))[first, last], np.nan)
        both = np.where(served, both_minutes(np.where(known, minutes, 0), second), np.nan)
        first_minutes = np.where(known, minutes, np.nan)
        patients, first_site = self.problem.patients(service), _codes(legs.first_sites, first)
        return np.arange(len(first)), _codes(legs.sites, last), both, patients, first_site, first_minutes, road


def matters(exceptions: pd.DataFrame) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    """Return documented exceptions by matter: going without one service for one reason, at whichever sites."""
    grouped = exceptions.groupby(["needs", "reason"], sort=False)
    return [((str(needs), str(reason)), rows) for (needs, reason), rows in grouped]


def exceptions_in_words(exceptions: pd.DataFrame) -> str:
    """Return how many documented exceptions these are, by matter, and at how many places: a service at a site each."""
    number, at = len(matters(exceptions)), len(exceptions)
    return f"{amount(number, 'exceptions')}{f', at {at} places' if at > number else ''}"


def _codes(sites: tuple[str, ...], positions: np.ndarray) -> np.ndarray:
    """Return the code at each position; nothing at −1."""
    return np.asarray(np.array([*sites, None], dtype=object)[positions])


def _one_leg(site: np.ndarray, minutes: np.ndarray, patients: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the journeys of those who go straight there, as those of both legs are."""
    return site, minutes, patients, site, minutes, np.where(np.isnan(minutes), np.nan, 0.0)


def _row(one: Instance) -> tuple[object, ...]:
    left, right = (round(float(np.asarray(side).item()), 12) for side in (one.left, one.right))
    spare = {">=": left - right, "<=": right - left, "=": -abs(left - right)}[one.relation]
    spare = round(spare, 9) + 0.0  # no minus zero
    source, verified = (one.figure.source, one.figure.verified) if one.figure else ("", True)
    instance = ".".join((one.rule, *one.names))
    return (one.rule, instance, left, one.relation, right, one.unit, spare, spare == 0, spare >= 0, source, verified)


def evaluate(problem: Asked, designated: Collection[tuple[str, str]], *, option: Written | None = None) -> Plan:
    """Work out what a set of (site, service) designations comes to, and which rules it breaks. Nothing is optimised.

    ``option`` says what they are called and where they were written down.

    Raises
    ------
    InputError
        Where a pair is none of a candidate and a service of the question.
    """
    problem = problem_asked(problem)
    chosen = _pairs_of(problem, designated)
    reached = tuple(
        Reached(objective.name, objective.services, found, None, UNITS[objective.name])
        for objective, found in zip(problem.objectives, values(problem, chosen, problem.objectives), strict=True)
    )
    return Plan(problem, chosen, Proof(EVALUATED, reached), patterns_of(problem, chosen), option)


def _pairs_of(problem: Problem, designated: Collection[tuple[str, str]]) -> Designations:
    """Return (site, service) pairs, once each is known to be one."""
    faults = []
    for one in designated:
        site, service = one if isinstance(one, tuple) and len(one) == 2 else (None, None)
        if site in problem.candidates and service in problem.services:
            continue
        if service in problem.candidates and site in problem.services:
            remedy = f"Write the site first: {(service, site)!r}."
        elif site is None:
            remedy = "Give pairs of a site and a service, such as those that designations_of returns."
        elif site in problem.candidates:
            remedy = did_you_mean(str(service), problem.services)
        else:
            remedy = did_you_mean(str(site), problem.candidates)
        faults.append(Fault("designated", f"{one!r} is no candidate and service of this question. {remedy}".rstrip()))
    if faults:
        raise InputError(faults)
    return frozenset(designated)


@worked_out_once
def _evaluated(problem: Problem, designated: Designations) -> Plan:
    return evaluate(problem, designated)


def patterns_of(problem: Problem, designated: Designations, tell: Tell | None = None) -> tuple[pd.DataFrame, ...]:
    """Return the weekly pattern of each rota that says how it may give its cover and is needed."""
    people: dict[tuple[str, str], float] = {}
    rosters: dict[tuple[str, str], Roster] = {}
    for code, rota, _, needed in rotas_needed(problem, designated):
        people[code, rota.team] = max(needed, people.get((code, rota.team), 0))
        if rota.roster:
            rosters[code, rota.team] = rota.roster
            if problem.teams[rota.team].across_sites:
                sites = number_of_sites(problem, designated, code, rota)
                rosters[code, rota.team] = rota.roster.at_sites(sites, math.ceil(people[code, rota.team]))
    if rosters and tell:
        tell("Writing the weekly patterns of rotas")
    return tuple(roster.table() for roster in rosters.values())


def say_nothing(_line: str) -> None:
    """Show no progress."""
