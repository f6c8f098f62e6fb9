"""The smallest legal weekly pattern: the fewest people for whom one exists, and why no fewer will do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import pandas as pd
import pulp

from optimiser.errors import NotProved, TooLarge
from optimiser.model import solver
from optimiser.rotas.cover import DAYS, Shape
from optimiser.rotas.law import WEEKEND_DAYS, WorkingTime
from optimiser.rotas.programme import Cycle, build, least_shifts

MOST_PEOPLE = 40

PROOF_COLUMNS = ["people", "verdict", "why"]
FOUND, TOO_FEW, NO_PATTERN = "found", "too few", "no pattern"


@dataclass(frozen=True)
class Pattern:
    """A weekly pattern that breaks no rule: person i works week i of it first, then the next, round and round.

    Attributes
    ----------
    weeks
        One row a week of the cycle, one code a day from Monday; blank is a day on which no shift starts.
    proof
        One row for each number of people up to ``people``: people, verdict, why. ``too few`` is arithmetic that holds
        for any rota; ``no pattern`` is the solver's proof for cycles of so many weeks.
    """

    shape: Shape
    law: WorkingTime
    weeks: tuple[tuple[str, ...], ...]
    proof: pd.DataFrame = field(compare=False, repr=False)

    @property
    def people(self) -> int:
        """People who share the pattern, and weeks in its cycle."""
        return len(self.weeks)

    @property
    def mean_hours(self) -> float:
        """Rostered hours a week of each person, on average over the cycle."""
        minutes = {shift.code: shift.minutes for shift in self.shape.shifts} | {"": 0}
        return sum(minutes[code] for week in self.weeks for code in week) / 60 / self.people


def smallest_legal(shape: Shape, law: WorkingTime, *, time_limit_seconds: float = 60.0) -> Pattern:
    """Find the fewest people for whom a weekly pattern gives the cover and breaks no rule, and prove it.

    N people share a cycle of N weeks. Among equally small patterns the one with the fewest rostered hours is taken,
    then with the fewest weekends worked, then with the fewest blocks of the same shift, and then the first in the order
    of the shape's shifts, from Monday of week 1. That settles it: the same question always has the same pattern.

    Parameters
    ----------
    time_limit_seconds
        For each run of the solver.

    Raises
    ------
    InputError
        If a shift is longer than any may be.
    NotProved
        If the solver needs longer than it has.
    TooLarge
        If it would take more than ``MOST_PEOPLE``.
    """
    law.refuse_long_shifts(shape)
    proof: list[tuple[int, str, str]] = []
    reasons = list(_arithmetic(shape, law))
    for people in range(1, MOST_PEOPLE + 1):
        why = next((f"{why}: at least {math.ceil(least)} people." for least, why in reasons if people < least), None)
        weeks = None if why else _settled(build(shape, law, people), time_limit_seconds)
        if weeks:
            proof.append((people, FOUND, "The pattern is the proof."))
            return Pattern(shape, law, weeks, pd.DataFrame(proof, columns=PROOF_COLUMNS))
        none = f"The solver proved that no cycle of {_said(people, 'week')} gives the cover and obeys every rule."
        proof.append((people, TOO_FEW, why) if why else (people, NO_PATTERN, none))
    last = proof[-1][2]
    raise TooLarge(
        f"{shape.name}: no pattern for up to {MOST_PEOPLE} people. {last} Ask for less cover, or ease a rule."
    )


def _arithmetic(shape: Shape, law: WorkingTime) -> Iterator[tuple[Fraction, str]]:
    """Yield numbers of people below which no rota of any kind can be legal, each with the reason in words."""
    model, starts = least_shifts(shape)
    minutes = {shift.code: shift.minutes for shift in shape.shifts}
    rostered = _least(model, pulp.lpSum(minutes[code] * starts[day, code] for day, code in starts))
    yield (
        _shared_out(rostered, law.mean_minutes),
        f"The cover takes at least {_hours(rostered)} rostered hours a week, and nobody may be rostered for more than "
        f"{_hours(law.mean_minutes)} on average",
    )
    worked, counted = law.count("weekends_worked"), law.count("weekends_counted")
    for day in range(7):
        shifts = _least(model, pulp.lpSum(starts[key] for key in starts if key[0] == day))
        takes = f"{DAYS[day]} takes at least {_said(shifts, 'shift')}, each worked by somebody else"
        yield Fraction(shifts), takes
        if day in WEEKEND_DAYS:
            often = f"nobody works more than {_said(worked, 'weekend')} in {counted}"
            yield _shared_out(shifts, Fraction(worked, counted)), f"{takes}, and {often}"


def _least(model: pulp.LpProblem, aim: pulp.LpAffineExpression) -> int:
    model.setObjective(aim)
    outcome = solver.run(model)
    if outcome.status != "optimal":
        raise NotProved(f"The solver could not add up the cover ({outcome.status}).")
    return round(outcome.objective)


def _shared_out(amount: int, each: Fraction) -> Fraction:
    """Return how many people an amount takes of whom each takes so much; more than any rota has if each takes none."""
    if not each:
        return Fraction(MOST_PEOPLE + 1 if amount else 0)
    return amount / each


def _settled(x: Cycle, time_limit_seconds: float) -> tuple[tuple[str, ...], ...] | None:
    """Return the one pattern that every aim in turn leaves, or nothing if there is none at all."""
    values: Mapping[str, float] = {}
    for aim in (x.rostered_minutes, pulp.lpSum(x.weekend.values()), pulp.lpSum(x.block.values())):
        outcome = _smallest(x, aim, values, time_limit_seconds)
        if outcome.status == "infeasible":
            return None
        values = outcome.values
        x.model.addConstraint(aim <= round(outcome.objective))
    for day in x.days:
        values = _day_settled(x, day, values, time_limit_seconds)
    return tuple(tuple(_code(x, values, 7 * week + day) for day in range(7)) for week in range(x.weeks))


def _day_settled(x: Cycle, day: int, values: Mapping[str, float], time_limit_seconds: float) -> Mapping[str, float]:
    """Give a day the earliest shift in the shape's order that it can still have, and fix it."""
    offered = [shift.code for shift in x.shape.shifts if DAYS[day % 7] in shift.days]
    if offered and _code(x, values, day) != offered[0]:
        values = _smallest(x, -x.first(day), values, time_limit_seconds).values
    for shift in x.shape.shifts:
        start = x.starts[day, shift.code]
        start.lowBound = start.upBound = values[start.name]
    return values


def _smallest(
    x: Cycle, aim: pulp.LpAffineExpression, known: Mapping[str, float], time_limit_seconds: float
) -> solver.Outcome:
    """Make an aim as small as possible, from an answer that is known; without one there may be none."""
    x.model.setObjective(aim)
    outcome = solver.run(x.model, time_limit_seconds=time_limit_seconds, start=known)
    if outcome.status == "optimal" or (outcome.status == "infeasible" and not known):
        return outcome
    raise NotProved(
        f"{x.shape.name}, {_said(x.weeks, 'week')}: the solver did not finish in {time_limit_seconds:g} seconds "
        f"({outcome.status}). Allow more time, or offer fewer kinds of shift."
    )


def _code(x: Cycle, values: Mapping[str, float], day: int) -> str:
    codes = [shift.code for shift in x.shape.shifts if values[x.starts[day, shift.code].name] == 1]
    return codes[0] if codes else ""


def _hours(minutes: int | Fraction) -> str:
    return f"{float(minutes) / 60:.4g}"


def _said(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
