"""How what an option comes to runs with one parameter: exact lines, with kinks where one line gives way to another.

Where an option's patients go does not change with a parameter here, so minutes, patients and staff are straight lines
in it, each known from two values at which the tables are exact. What is made of thresholds has a kink where a line
crosses one. Everything is a fraction; nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from optimiser.model import staffing
from optimiser.model.arithmetic import ARITHMETIC, All, Instance, journeys, one_choice, score
from optimiser.model.rules import JUDGED
from optimiser.model.rules.volumes import most_patients_in_beds
from optimiser.plan import Plan
from optimiser.plan.proof import EVALUATED, Proof
from optimiser.problem import LEAVES, PULLED, STAYS, Objective, Problem
from optimiser.problem.decimals import exactly
from optimiser.problem.parameters import BORDER_PULL, Parameter

Designations = frozenset[tuple[str, str]]
FINEST = 10**9
# Objectives that are sums, and so straight lines. Those with kinks have a course of their own below.
SUMS = (
    "patient_minutes",
    "deprived_patient_minutes",
    "patients_outside",
    "changes_from_today",
    "fewest_sites",
    "transfers",
)
KINKED = ("worst_journey", "patients_beyond_standard", "staff_short")


class NotWorkedOut(ValueError):
    """A parameter changes where an option's patients go, or leaves somebody without a site: it has no exact course."""


@dataclass(frozen=True)
class Line:
    """A straight line: ``start + slope × parameter``."""

    start: Fraction
    slope: Fraction

    def __call__(self, at: Fraction) -> Fraction:
        """Return its value."""
        return self.start + self.slope * at

    def reaches(self, level: Fraction) -> list[Fraction]:
        """Return where it reaches a level: nowhere if it is flat."""
        return [(level - self.start) / self.slope] if self.slope else []


@dataclass(frozen=True)
class Course:
    """A number that depends on a parameter: between its kinks a straight line, worked out exactly by ``at``."""

    name: str
    at: Callable[[Fraction], Fraction]
    kinks: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class Ends:
    """An option at two values of a parameter at which every table is exact."""

    designated: Designations
    parameter: Parameter
    values: tuple[Fraction, Fraction]
    problems: tuple[Problem, Problem]

    @classmethod
    def of_each(cls, problem: Problem, options: Iterable[Designations], parameter: Parameter) -> list[Ends]:
        """Take a question as it stands and with the parameter at the far end of its range, for each of some options.

        Of the share who go to the nearest of all both ends are taken, between which every stream only grows or shrinks.
        """
        if any(service.managed for service in problem.services.values()):
            raise NotWorkedOut("patients are shared out between sites by a programme of their own")
        here = parameter.current(problem)
        there = parameter.high if parameter.high != here else parameter.low
        values, first = (here, there), problem
        if parameter.name == BORDER_PULL:
            values = parameter.low, parameter.high
            first = parameter.apply(problem, values[0])
        problems = first, parameter.apply(problem, values[1])
        found = [cls(designated, parameter, values, problems) for designated in options]
        if parameter.name != BORDER_PULL and any(service.observed for service in problem.services.values()):
            for ends in found:
                ends._all_go_where_they_went()
        return found

    def _all_go_where_they_went(self) -> None:
        """Make sure that nobody goes elsewhere: who does not at either end of the range does not between."""
        ends = [self.parameter.apply(self.problems[0], at) for at in (self.parameter.low, self.parameter.high)]
        frames = [Plan(one, self.designated, Proof(EVALUATED, ())).journeys for one in (self.problems[0], *ends)]
        if any(not one[column].equals(frames[0][column]) for one in frames for column in ("site", "first_site")):
            raise NotWorkedOut("where patients go changes with it")

    def line(self, here: Fraction, there: Fraction) -> Line:
        """Return the line through a number at both values."""
        slope = (there - here) / (self.values[1] - self.values[0])
        return Line(here - slope * self.values[0], slope)

    @cached_property
    def choices(self) -> tuple[All, All]:
        """The option's choice of sites for each service, in both questions."""
        here, there = (
            {code: one_choice(problem, code, self.designated) for code in problem.services} for problem in self.problems
        )
        return here, there

    @cached_property
    def streams(self) -> Mapping[str, list[tuple[Line, Line, bool, str]]]:
        """Each service's streams: their minutes, their patients, whether of residents, and how they go."""
        frames = [Plan(problem, self.designated, Proof(EVALUATED, ())).journeys for problem in self.problems]
        if self.parameter.name == BORDER_PULL:
            frames = _of_the_same_streams(*frames)
        found: dict[str, list[tuple[Line, Line, bool, str]]] = {code: [] for code in self.problems[0].services}
        known: dict[tuple[float, float], Line] = {}
        columns = ("minutes", "patients_per_year")
        pairs = [zip(frames[0][one].tolist(), frames[1][one].tolist(), strict=True) for one in columns]
        how = frames[0]["how"] if "how" in frames[0] else [STAYS] * len(frames[0])
        for code, resident, goes, *both in zip(frames[0]["service"], frames[0]["resident"], how, *pairs, strict=True):
            lines = [known.setdefault(pair, self._through(pair)) for pair in both]
            found[code].append((lines[0], lines[1], bool(resident), goes))
        return found

    def _through(self, pair: tuple[float, float]) -> Line:
        if not np.isfinite(pair).all():
            raise NotWorkedOut("somebody reaches no site")
        return self.line(exactly(pair[0]), exactly(pair[1]))

    def residents(self, services: Iterable[str]) -> list[tuple[Line, Line]]:
        """Return minutes and patients of the resident streams of some services."""
        return [(minutes, patients) for code in services for minutes, patients, here, _ in self.streams[code] if here]

    def longest(self, services: Iterable[str]) -> Course:
        """Return the longest journey of the residents who do not leave, to some services."""
        by_way: dict[str, list[Line]] = {STAYS: [], PULLED: []}
        for minutes, _, here, how in (one for code in services for one in self.streams[code]):
            if here and how != LEAVES:
                by_way[how].append(minutes)
        longest = _longest([*by_way[STAYS], *by_way[PULLED]])
        if self.parameter.name != BORDER_PULL:
            return longest
        # Where nobody is pulled over the border, or everybody is, the others' journeys are nobody's.
        alone = {0: _longest(by_way[STAYS]), 1: _longest(by_way[PULLED])}
        return Course(longest.name, lambda at: alone[int(at)].at(at) if at in alone else longest.at(at), longest.kinks)


def _of_the_same_streams(*frames: pd.DataFrame) -> list[pd.DataFrame]:
    """Return journeys of the same streams, in one order: nobody is in a stream that a frame does not have."""
    keyed = []
    for one in frames:
        where = one["site"].where(one["how"] == LEAVES, "")
        keyed.append(one.set_index([one["service"], one["area"], one["how"], where]))
    every = keyed[0].index.union(keyed[1].index)
    here, there = (one.reindex(every) for one in keyed)
    known = [one.assign(patients_per_year=one["patients_per_year"].fillna(0.0)) for one in (here, there)]
    return [one.where(one["service"].notna(), other) for one, other in zip(known, reversed(known), strict=True)]


# Objectives -----------------------------------------------------------------------------------------------------------


def course_of(ends: Ends, objective: Objective) -> Course:
    """Return how an objective runs with the parameter."""
    problem = ends.problems[0]
    counted = [code for code in problem.services_of(objective) if problem.services[code].activity]
    if objective.name == "worst_journey":
        return replace(ends.longest(counted), name="worst_journey")
    if objective.name == "patients_beyond_standard":
        return _beyond(ends, counted)
    if objective.name == "staff_short":
        services = set(problem.services_of(objective))
        teams = {rota.team for code in services for rota in problem.services[code].rotas}
        parts = [_short(ends, team, unit) for team, unit in problem.team_units if team in teams]
        return _sum("staff_short", parts)
    if objective.name not in SUMS:
        raise NotWorkedOut(f"{objective.name} is not known to run straight with it")
    return Course(objective.name, ends.line(*(_exact(ends, number, objective) for number in (0, 1))))


def _exact(ends: Ends, number: int, objective: Objective) -> Fraction:
    found = score(ends.problems[number], ends.choices[number], objective)
    total = sum((_whole(part.item()) for _, part in found.parts), Fraction(0))
    return total / Fraction(found.scale).limit_denominator(FINEST)


def _whole(number: float) -> Fraction:
    if not np.isfinite(number):
        raise NotWorkedOut("somebody reaches no site")
    return exactly(number)


def _longest(lines: Sequence[Line]) -> Course:
    """Return the largest of some lines: it bends where the steeper overtakes (the upper hull of the lines)."""
    steepest: dict[Fraction, Fraction] = {}
    for one in lines:
        steepest[one.slope] = max(one.start, steepest.get(one.slope, one.start))
    hull: list[Line] = []
    for slope in sorted(steepest):
        line = Line(steepest[slope], slope)
        while len(hull) > 1 and _crossing(hull[-2], line) <= _crossing(hull[-2], hull[-1]):
            hull.pop()
        hull.append(line)
    kinks = tuple(_crossing(*pair) for pair in pairwise(hull))
    return Course("longest journey", lambda at: max((line(at) for line in hull), default=Fraction(0)), kinks)


def _crossing(one: Line, other: Line) -> Fraction:
    return (one.start - other.start) / (other.slope - one.slope)


def _sum(name: str, parts: Sequence[Course]) -> Course:
    kinks = tuple(kink for part in parts for kink in part.kinks)
    return Course(name, lambda at: sum((part.at(at) for part in parts), Fraction(0)), kinks)


def _within(ends: Ends, code: str) -> Course:
    """Return the resident patients within a service's standard."""
    standard = ends.problems[0].services[code].standard_minutes
    assert standard is not None
    level, areas = exactly(standard.value), ends.residents([code])
    kinks = {kink for minutes, _ in areas for kink in minutes.reaches(level)}

    def within(at: Fraction) -> Fraction:
        return sum((patients(at) for minutes, patients in areas if minutes(at) <= level), Fraction(0))

    return Course(code, within, tuple(kinks))


def _beyond(ends: Ends, services: Sequence[str]) -> Course:
    services = [code for code in services if ends.problems[0].services[code].standard_minutes]
    inside = [_within(ends, code) for code in services]
    every = [patients for _, patients in ends.residents(services)]
    kinks = tuple(kink for part in inside for kink in part.kinks)

    def beyond(at: Fraction) -> Fraction:
        return sum((one(at) for one in every), Fraction(0)) - sum((part.at(at) for part in inside), Fraction(0))

    return Course("patients_beyond_standard", beyond, kinks)


# Rules: what is spare, below 0 where the rule is broken ---------------------------------------------------------------


def spares(ends: Ends) -> Iterator[Course]:
    """Yield, for every instance of a rule that applies to the option, how far it is from being broken."""
    for name, rule in ARITHMETIC.items():
        both = (rule(problem, choices) for problem, choices in zip(ends.problems, ends.choices, strict=True))
        for here, there in zip(*both, strict=True):
            if np.all(here.applies):
                course = _course_of(ends, JUDGED[name].bends, here, there)
                yield replace(course, name=".".join((name, *here.names)))


def _course_of(ends: Ends, bends: str | None, here: Instance, there: Instance) -> Course:
    if bends == "straight":
        return Course("", _line_of(ends, here, there))
    if bends is None:
        raise NotWorkedOut(f"{here.rule} does not say how it runs with it")
    return BENDS[bends](ends, here)


def _line_of(ends: Ends, here: Instance, there: Instance) -> Line:
    """Return what an instance has to spare, as a straight line; below 0 where there is no number to compare."""
    sides = [[float(np.asarray(side).item()) for side in (one.left, one.right)] for one in (here, there)]
    if not np.isfinite(sides).all():
        return Line(Fraction(-1), Fraction(0))
    return ends.line(*(_spare(here.relation, exactly(one), exactly(other)) for one, other in sides))


def _spare(relation: str, left: Fraction, right: Fraction) -> Fraction:
    return {">=": left - right, "<=": right - left, "=": -abs(left - right)}[relation]


def _limit_of(one: Instance) -> Fraction:
    return exactly(float(np.asarray(one.right).item()))


def _below_the_ceiling(ends: Ends, one: Instance) -> Course:
    limit = _limit_of(one)
    longest = ends.longest(one.names)
    return Course("", lambda at: limit - longest.at(at), longest.kinks)


def _enough_within(ends: Ends, one: Instance) -> Course:
    (code,) = one.names
    least, inside, every = _limit_of(one), _within(ends, code), [patients for _, patients in ends.residents([code])]
    return Course(
        "", lambda at: inside.at(at) - least * sum((patients(at) for patients in every), Fraction(0)), inside.kinks
    )


def _free_beds(ends: Ends, one: Instance) -> Course:
    """Return how many more patients the beds of a site could take."""
    code, site = one.names
    both = zip(ends.problems, ends.choices, strict=True)
    patients = [exactly(float(journeys(problem, chosen, code).arriving(site).item())) for problem, chosen in both]
    most = exactly(float(most_patients_in_beds(ends.problems[0], code, site)))
    return Course("", ends.line(*(most - number for number in patients)))


def _staff_left(ends: Ends, one: Instance) -> Course:
    staff = _staff(ends, *one.names)
    return Course("", lambda at: staff.left(staff.firm, at), staff.kinks(staff.firm))


# How a rule bends, by what its object says of it.
BENDS: Mapping[str, Callable[[Ends, Instance], Course]] = {
    "at the longest journey": _below_the_ceiling,
    "at the standard": _enough_within,
    "with beds": _free_beds,
    "with staff": _staff_left,
}


# Staff ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Staff:
    """One team's needs by site, those in post as lines, and the limits."""

    firm: list[Fraction]
    full: list[Fraction]
    in_post: list[Line]
    moves: Fraction | None
    recruits: Fraction | None

    def missing(self, needs: Sequence[Fraction], at: Fraction) -> Fraction:
        return sum(
            (max(Fraction(0), need - here(at)) for need, here in zip(needs, self.in_post, strict=True)), Fraction(0)
        )

    def spare(self, needs: Sequence[Fraction], at: Fraction) -> Fraction:
        return sum(
            (max(Fraction(0), here(at) - need) for need, here in zip(needs, self.in_post, strict=True)), Fraction(0)
        )

    def left(self, needs: Sequence[Fraction], at: Fraction) -> Fraction:
        """Return what moves and recruits can bring beyond what is missing; below 0 where some stay missing."""
        movable = self.spare(needs, at)
        movable = movable if self.moves is None else min(movable, self.moves)
        # With no limit on recruits nobody stays missing.
        return Fraction(0) if self.recruits is None else movable + self.recruits - self.missing(needs, at)

    def kinks(self, needs: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """Return where a site has just enough, or just as many can be spared as may move."""
        first = sorted({kink for need, here in zip(needs, self.in_post, strict=True) for kink in here.reaches(need)})
        if self.moves is None:
            return tuple(first)
        moves = self.moves
        return tuple(sorted({*first, *roots(lambda at: self.spare(needs, at) - moves, first)}))


def _staff(ends: Ends, team: str, unit: Any) -> _Staff:
    provided = {code: one.provided for code, one in ends.choices[0].items()}
    needs = staffing.needs(ends.problems[0], team, unit, provided)
    in_post = [
        ends.line(*(exactly(problem.in_post(pool, team, unit)) for problem in ends.problems))
        for pool in ends.problems[0].pools(team)
    ]
    limits = [None if np.isinf(one) else exactly(float(one)) for one in (needs.moves_at_most, needs.recruits_at_most)]
    firm, full = ([exactly(float(one)) for one in row[0]] for row in (needs.firm, needs.full))
    return _Staff(firm, full, in_post, limits[0], limits[1])


def _short(ends: Ends, team: str, unit: Any) -> Course:
    staff = _staff(ends, team, unit)
    bends = staff.kinks(staff.full)
    kinks = {*bends, *roots(lambda at: staff.left(staff.full, at), bends)}
    return Course(team, lambda at: max(Fraction(0), -staff.left(staff.full, at)), tuple(kinks))


def roots(of: Callable[[Fraction], Fraction], kinks: Sequence[Fraction]) -> Iterator[Fraction]:
    """Yield where a course is 0, piece by piece between its kinks; nothing for a piece that is 0 throughout."""
    inner = sorted(set(kinks))
    edges = [None, *inner, None]
    for low, high in pairwise(edges):
        if low is None and high is None:
            first, second = Fraction(0), Fraction(1)
        elif low is None or high is None:
            edge, way = (high, -1) if low is None else (low, 1)
            assert edge is not None
            first, second = edge + way, edge + 2 * way
        else:
            first, second = low + (high - low) / 3, low + 2 * (high - low) / 3
        here, there = of(first), of(second)
        if here != there:
            root = first - here * (second - first) / (there - here)
            if (low is None or root >= low) and (high is None or root <= high):
                yield root
