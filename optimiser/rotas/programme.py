"""The integer programme of a weekly pattern: one row of the pattern a person, each rule a function that yields rows.

The cycle is a ring of days. Person i starts in week i of it, so that in every week each row of the pattern is worked by
somebody, and cover is counted down the columns. A day before the first or after the last is taken round the ring.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pulp

from optimiser.rotas.cover import DAY, DAYS, WEEK, Shape, Shift, shared
from optimiser.rotas.law import WorkingTime, touches_weekend

Rows = Iterator[tuple[tuple[object, ...], pulp.LpConstraint]]


@dataclass(frozen=True, eq=False)
class Cycle:
    """The decisions of a pattern: which shift starts on which day of the cycle, and which weekends have work.

    Attributes
    ----------
    starts
        1 where a shift starts, by (day of the cycle, code). Binary.
    weekend
        At least 1 where a week's weekend has work; nothing else holds it up.
    block
        At least 1 where a shift starts that did not start the day before, by (day, code).
    """

    shape: Shape
    law: WorkingTime
    weeks: int
    model: pulp.LpProblem
    starts: dict[tuple[int, str], pulp.LpVariable]
    weekend: dict[int, pulp.LpVariable]
    block: dict[tuple[int, str], pulp.LpVariable]

    @property
    def days(self) -> range:
        """Days of the cycle."""
        return range(7 * self.weeks)

    @cached_property
    def long(self) -> tuple[Shift, ...]:
        """Shifts that count as long."""
        return tuple(filter(self.law.is_long, self.shape.shifts))

    @cached_property
    def nights(self) -> tuple[Shift, ...]:
        """Shifts that count as nights."""
        return tuple(filter(self.law.is_night, self.shape.shifts))

    def on(self, day: int, shifts: Sequence[Shift]) -> pulp.LpAffineExpression:
        """Return how many of these shifts start on a day, round the ring."""
        return pulp.lpSum(self.starts[day % len(self.days), shift.code] for shift in shifts)

    def over(self, first: int, days: int, shifts: Sequence[Shift]) -> pulp.LpAffineExpression:
        """Return how many of these shifts start on so many days from the first."""
        return pulp.lpSum(self.on(first + i, shifts) for i in range(days))

    def first(self, day: int) -> pulp.LpAffineExpression:
        """Return how early in the order of the shape's shifts a day's shift stands: the first most, none 0."""
        return pulp.lpSum(
            place * self.starts[day, shift.code] for place, shift in enumerate(reversed(self.shape.shifts), start=1)
        )

    @property
    def rostered_minutes(self) -> pulp.LpAffineExpression:
        """Minutes of work in the whole cycle."""
        minutes = {shift.code: shift.minutes for shift in self.shape.shifts}
        return pulp.lpSum(minutes[code] * variable for (_, code), variable in self.starts.items())


def build(shape: Shape, law: WorkingTime, weeks: int) -> Cycle:
    """Build the programme of a cycle of so many weeks, for as many people, without anything to make small."""
    model = pulp.LpProblem("pattern", pulp.LpMinimize)
    keys = [(day, shift.code) for day in range(7 * weeks) for shift in shape.shifts]
    starts = {key: model.add_variable(f"starts.{key[0]}.{key[1]}", cat=pulp.LpBinary) for key in keys}
    weekend = {week: model.add_variable(f"weekend.{week}", 0, 1) for week in range(weeks)}
    block = {key: model.add_variable(f"block.{key[0]}.{key[1]}", cat=pulp.LpBinary) for key in keys}
    for day in range(7 * weeks):
        for shift in shape.shifts:
            if DAYS[day % 7] not in shift.days:
                starts[day, shift.code].upBound = 0
    cycle = Cycle(shape, law, weeks, model, starts, weekend, block)
    for rule in RULES:
        for names, row in rule(cycle):
            model.addConstraint(row, ".".join((rule.__name__, *map(str, names))))
    return cycle


def cover_is_given(x: Cycle) -> Rows:
    """At every minute of the week, at least the people asked for are at work, handovers not counted."""
    for (start, end), people in x.shape.demand.items():
        givers = x.shape.givers(start)
        at_work = pulp.lpSum(x.starts[7 * week + day, s.code] for week in range(x.weeks) for day, s in givers)
        yield (start, end), at_work >= people


def nobody_starts_two_shifts_on_a_day(x: Cycle) -> Rows:
    """On one day a person starts one shift at most."""
    for day in x.days:
        yield (day,), x.on(day, x.shape.shifts) <= 1


def rest_between_shifts_is_long_enough(x: Cycle) -> Rows:
    """From the end of a shift to the start of the next there is the least rest."""
    for day, shift, apart, soon in _too_soon(x, x.shape.shifts, "rest_hours"):
        yield (day, shift.code, apart), x.on(day, [shift]) + x.on(day + apart, soon) <= 1


def rest_after_nights_is_long_enough(x: Cycle) -> Rows:
    """A night that no other night follows on the next day is followed by the longer rest."""
    for day, night, apart, soon in _too_soon(x, x.nights, "rest_after_nights_hours"):
        if apart > 1:
            both = x.on(day, [night]) + x.on(day + apart, soon)
            yield (day, night.code, apart), both - x.on(day + 1, x.nights) <= 1
        elif by_day := [shift for shift in soon if shift not in x.nights]:
            yield (day, night.code, apart), x.on(day, [night]) + x.on(day + 1, by_day) <= 1


def _too_soon(x: Cycle, shifts: Sequence[Shift], rest: str) -> Iterator[tuple[int, Shift, int, list[Shift]]]:
    """Yield (day, shift, days apart, the shifts that would start before its rest is over)."""
    least = x.law.minutes(rest)
    for shift in shifts:
        for apart in range(1, 2 + math.ceil((shift.end_minute + least) / DAY)):
            begins = DAY * apart - shift.end_minute
            soon = [following for following in x.shape.shifts if begins + following.start_minute < least]
            yield from ((day, shift, apart, soon) for day in x.days if soon)


def hours_in_any_168_are_few_enough(x: Cycle) -> Rows:
    """In no 168 hours in a row does anybody work more than the most allowed."""
    shifts = x.shape.shifts
    most = math.floor(x.law.minutes("hours_in_168"))
    # The worst 168 hours start where a shift starts, or end where one ends: at the same time of day, a week on.
    openings = sorted({s.start_minute for s in shifts} | {s.end_minute % DAY for s in shifts})
    for opening in openings:
        window = (opening, opening + WEEK)
        worked = {
            (apart, shift.code): shared(window, (DAY * apart + shift.start_minute, DAY * apart + shift.end_minute))
            for apart in range(-1, 8)
            for shift in shifts
        }
        for day in x.days:
            minutes = pulp.lpSum(
                part * x.starts[(day + apart) % len(x.days), code] for (apart, code), part in worked.items() if part
            )
            yield (day, opening), minutes <= most


def mean_hours_are_few_enough(x: Cycle) -> Rows:
    """On average over the cycle, a week has at most the mean hours allowed."""
    yield (), x.rostered_minutes <= math.floor(x.weeks * x.law.mean_minutes)


def long_days_in_a_row_are_few_enough(x: Cycle) -> Rows:
    """Long shifts, day or night, start on no more days in a row than allowed."""
    yield from _in_a_row(x, x.long, x.law.count("long_days_in_a_row"))


def nights_in_a_row_are_few_enough(x: Cycle) -> Rows:
    """Nights start on no more days in a row than allowed."""
    yield from _in_a_row(x, x.nights, x.law.count("nights_in_a_row"))


def shifts_in_a_row_are_few_enough(x: Cycle) -> Rows:
    """Shifts start on no more days in a row than allowed."""
    yield from _in_a_row(x, x.shape.shifts, x.law.count("shifts_in_a_row"))


def _in_a_row(x: Cycle, shifts: Sequence[Shift], most: int) -> Rows:
    for day in x.days if shifts else ():
        yield (day,), x.over(day, most + 1, shifts) <= most


def weekends_are_few_enough(x: Cycle) -> Rows:
    """Of so many weekends one after the other, no more are worked than allowed."""
    for day in x.days:
        if touching := [shift for shift in x.shape.shifts if touches_weekend(shift, day % 7)]:
            yield ("worked", day), x.weekend[day // 7] >= x.on(day, touching)
    counted, most = x.law.count("weekends_counted"), x.law.count("weekends_worked")
    for week in range(x.weeks):
        yield ("counted", week), pulp.lpSum(x.weekend[(week + i) % x.weeks] for i in range(counted)) <= most


def blocks_are_counted(x: Cycle) -> Rows:
    """A block of a shift begins where the shift did not start the day before. A meaning, not a law."""
    for day in x.days:
        for shift in x.shape.shifts:
            began = pulp.lpSum(x.block[(day - i) % len(x.days), shift.code] for i in range(_longest_block(x, shift)))
            yield ("begins", day, shift.code), x.block[day, shift.code] >= x.on(day, [shift]) - x.on(day - 1, [shift])
            # True of every legal pattern already; without it the fewest blocks take the solver ten times as long.
            yield ("began", day, shift.code), x.on(day, [shift]) <= began


def _longest_block(x: Cycle, shift: Shift) -> int:
    """Return the most days in a row on which a shift can start."""
    most = [x.law.count("shifts_in_a_row")]
    most += [x.law.count("long_days_in_a_row")] if shift in x.long else []
    most += [x.law.count("nights_in_a_row")] if shift in x.nights else []
    return min(most)


def week_1_comes_first(x: Cycle) -> Rows:
    """Of all weeks with which the ring could begin, week 1 has the first shift on its Monday. A meaning, not a law."""
    for week in range(1, x.weeks):
        yield (week,), x.first(0) >= x.first(7 * week)


RULES: tuple[Callable[[Cycle], Rows], ...] = (
    cover_is_given,
    nobody_starts_two_shifts_on_a_day,
    rest_between_shifts_is_long_enough,
    rest_after_nights_is_long_enough,
    hours_in_any_168_are_few_enough,
    mean_hours_are_few_enough,
    long_days_in_a_row_are_few_enough,
    nights_in_a_row_are_few_enough,
    shifts_in_a_row_are_few_enough,
    weekends_are_few_enough,
    blocks_are_counted,
    week_1_comes_first,
)


def least_shifts(shape: Shape) -> tuple[pulp.LpProblem, dict[tuple[int, str], pulp.LpVariable]]:
    """Return the programme of one week's cover alone: how many of each shift start on each day, whoever works them."""
    model = pulp.LpProblem("cover", pulp.LpMinimize)
    keys = [(DAYS.index(day), shift.code) for shift in shape.shifts for day in shift.days]
    starts = {key: model.add_variable(f"starts.{key[0]}.{key[1]}", 0, cat=pulp.LpInteger) for key in keys}
    for (start, _), people in shape.demand.items():
        model += pulp.lpSum(starts[day, shift.code] for day, shift in shape.givers(start)) >= people
    return model, starts
