"""Rules on the staff whom services need, and on how far moves and recruits go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pulp

from optimiser.journeys.choices import All
from optimiser.model import rotas, staffing
from optimiser.model.rules.rule import Instance, Limit, Looser, Names, Rows, Rule, relaxed, with_service
from optimiser.model.variables import Variables
from optimiser.problem import Figure, Problem, RotaNeed, Unit
from optimiser.problem.words import amount, is_one, no_less, shown


class OfStaff(Limit):
    """A limit on people or WTE of a team, which a plan is held against by who works where."""

    unit, from_staff = "people or WTE", True

    def unit_of(self, names: Names) -> str:
        return names[-1]


class rota_is_filled(OfStaff):
    """A site that provides a service has the staff its rota needs, or is short where that is allowed."""

    relation, sides_in, notch, site_by_site, bends = ">=", "filled", 1.0, True, "with staff"

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for service, rules in problem.services.items():
            for rota in rules.rotas:
                for pool, what, needed in rotas.needs(problem, x, service, rota):
                    who = (pool, rota.team, rota.unit)
                    short = x.short[who] if rota.may_fall_short else 0
                    yield (service, what, rota.team, rota.unit), x.staff[who] + short >= needed

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        """Yield whether a team's rotas that may not fall short can all be filled from those in post and to be had."""
        for team, unit in problem.team_units:
            needs, services, shape = joint_needs(problem, choices, team, unit)
            yield self.instance((team, unit), services, needs.lawful.reshape(shape).astype(int), 1)

    def stands(self, problem: Problem, choices: All, staff: pd.DataFrame) -> Iterator[Instance]:
        there, short = (staffing.at_pools(staff, column) for column in ("staff", "short"))
        sites = {code: np.flatnonzero(chosen.provided[0]) for code, chosen in choices.items()}
        designated = {(problem.candidates[site], code) for code, open_ in sites.items() for site in open_}
        for code, rota, pool, needed in staffing.rotas_needed(problem, designated):
            who, names = (rota.team, rota.unit, pool), (code, pool, rota.team, rota.unit)
            left = there[who] + (short[who] if rota.may_fall_short else 0)
            yield replace(self.instance(names, (), np.array(left), needed, rota.needed), unit=rota.unit)

    def ties(self, problem: Problem) -> Iterator[set[str]]:
        return (set(_deciding(problem, team, unit)) for team, unit in problem.team_units)

    def said(self, problem: Problem, names: Names) -> str:
        service, rota = problem.services[names[0]], _rota(problem, names)
        here = sum(problem.in_post(pool, rota.team, rota.unit) for pool in problem.pools(rota.team))
        needs = _staff(problem, rota.needed.value, names[1:])
        once = f" and {rota.once.value:g} in all" if rota.once else ""
        where = "at each site that provides it"
        if rota.only_without:
            where += f" without {problem.services[rota.only_without.service].name}"
        if rota.remote_from:
            where += f" unless {problem.services[rota.remote_from.service].name} is provided somewhere"
        in_post = f"{shown(here)} {'is' if is_one(here) else 'are'} in post in all"
        return f"{service.name} needs {needs} {where}{once}; {in_post}"

    def way_out(self, problem: Problem, names: Names, by: float) -> str:
        short = _staff(problem, no_less(by), names[1:])
        return f"let the rotas of {problem.services[names[0]].name} be short of {short} in all"

    def it_would_take(self, problem: Problem, names: Names, by: float) -> str:
        most = problem.teams[names[1]].moves_at_most
        where = "" if most is None or problem.teams[names[1]].across_sites else " where they are lacking"
        return f"{_staff(problem, by, names[1:], 'more ')}{where}"

    def is_one_need(self, problem: Problem, names: Names) -> bool:
        return problem.teams[names[1]].across_sites

    def stated(self, problem: Problem) -> Iterator[Names]:
        for code, service in problem.services.items():
            yield from ((code, rota.team, rota.unit) for rota in service.rotas)

    def without(self, problem: Problem, names: Names) -> Problem:
        rota = _rota(problem, names)
        return with_service(
            problem, names[0], rotas=tuple(one for one in problem.services[names[0]].rotas if one != rota)
        )

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        rota = _rota(problem, names)
        needed = max(0.0, rota.needed.value - self.notch * notches)
        fewer = replace(rota, needed=relaxed(rota.needed.value, needed))
        kept = tuple(fewer if one == rota else one for one in problem.services[names[0]].rotas)
        return with_service(problem, names[0], rotas=kept), f"{amount(needed, rota.unit)} at each site"


class staff_add_up(Rule):
    """Staff at a site are those in post, plus those who move in, less those who move out, plus recruits."""

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for team, unit in problem.team_units:
            for site in problem.pools(team):
                others = [other for other in problem.pools(team) if other != site]
                moved_in = pulp.lpSum(x.moved[team, unit, other, site] for other in others)
                moved_out = pulp.lpSum(x.moved[team, unit, site, other] for other in others)
                in_post = problem.in_post(site, team, unit)
                recruited = x.recruited[site, team, unit]
                yield (team, unit, site), x.staff[site, team, unit] == in_post + moved_in - moved_out + recruited


class OfATeam(OfStaff):
    """A limit that is one figure of a team, in each of its units. Arithmetic shares moves and recruits out within it.

    ``column`` of the table of who works where is what it limits.
    """

    relation, notch, by_arithmetic = "<=", 1.0, False
    setting: str
    column: str
    done: tuple[str, str]

    def figure(self, problem: Problem, team: str) -> Figure | None:
        """Return the figure of a team, if it has one."""
        figure: Figure | None = getattr(problem.teams[team], self.setting)
        return figure

    def value(self, problem: Problem, team: str) -> float:
        """Return the value of a team's figure; 0 where it has none."""
        figure = self.figure(problem, team)
        return figure.value if figure else 0.0

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        return iter(())

    def stands(self, problem: Problem, choices: All, staff: pd.DataFrame) -> Iterator[Instance]:
        totals = staffing.totals(staff, self.column)
        for team, unit in self.stated(problem):
            figure, left = self.figure(problem, team), np.array(totals[team, unit])
            yield replace(self.instance((team, unit), (), left, self.value(problem, team), figure), unit=unit)

    def said(self, problem: Problem, names: Names) -> str:
        number = self.value(problem, names[0])
        return f"at most {_staff(problem, number, names)} {self.done[0 if is_one(number) else 1]}"

    def stated(self, problem: Problem) -> Iterator[tuple[str, Unit]]:
        return ((team, unit) for team, unit in problem.team_units if self.figure(problem, team))

    def without(self, problem: Problem, names: Names) -> Problem:
        return self._with_figure(problem, names[0], None)

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        value, by = self.value(problem, names[0]), self.notch * notches
        return self._with_figure(problem, names[0], relaxed(value, value + by)), self.way_out(problem, names, by)

    def _with_figure(self, problem: Problem, team: str, figure: Figure | None) -> Problem:
        changed: dict[str, Any] = {self.setting: figure}
        return problem.varied(teams={**problem.teams, team: replace(problem.teams[team], **changed)})


class moves_within_limit(OfATeam):
    """No more staff of a team move between sites than the config allows."""

    setting, column, done = "moves_at_most", "moved_in", ("moves between sites", "move between sites")
    is_gain = False

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for team, unit in self.stated(problem):
            moves = [moved for (mover, counted, *_), moved in x.moved.items() if (mover, counted) == (team, unit)]
            if moves:
                yield (team, unit), pulp.lpSum(moves) <= self.value(problem, team)

    def way_out(self, problem: Problem, names: Names, by: float) -> str:
        return f"let {_staff(problem, no_less(by), names, 'more ')} move between sites"


class recruitment_within_limit(OfATeam):
    """No more staff of a team are recruited than the config allows."""

    setting, column, done = "recruits_at_most", "recruited", ("is recruited", "are recruited")
    is_gain = False

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for team, unit in self.stated(problem):
            recruits = pulp.lpSum(x.recruited[site, team, unit] for site in problem.pools(team))
            yield (team, unit), recruits <= self.value(problem, team)

    def way_out(self, problem: Problem, names: Names, by: float) -> str:
        return f"recruit {_staff(problem, no_less(by), names, 'more ')}"


def joint_needs(problem: Problem, choices: All, team: str, unit: Unit) -> tuple[staffing.Needs, Names, tuple[int, ...]]:
    """Return what rotas need of a team, the services that decide it, and how many choices each of those has."""
    services = _deciding(problem, team, unit)
    shape = tuple(len(choices[code].provided) for code in services)
    index = np.indices(shape).reshape(len(shape), -1)
    provided = {code: choices[code].provided[rows] for code, rows in zip(services, index, strict=True)}
    return staffing.needs(problem, team, unit, provided), services, shape


def _deciding(problem: Problem, team: str, unit: Unit) -> Names:
    """Return the services that decide what is needed of a team: those with its rotas, and those that these rest on."""
    rotas_of = {
        code: [rota for rota in service.rotas if (rota.team, rota.unit) == (team, unit)]
        for code, service in problem.services.items()
    }
    beside = {other for own in rotas_of.values() for rota in own for other in rota.rests_on}
    return tuple(code for code, own in rotas_of.items() if own or code in beside)


def _rota(problem: Problem, names: Names) -> RotaNeed:
    return next(rota for rota in problem.services[names[0]].rotas if (rota.team, rota.unit) == names[1:])


def _staff(problem: Problem, number: float, who: Names, more: str = "") -> str:
    name, counted = problem.teams[who[0]].name, "" if who[1] == "people" else f"{who[1]} "
    # Teams are named in the plural.
    return f"{shown(number)} {more}{counted}{'of the ' if is_one(number) else ''}{name}"
