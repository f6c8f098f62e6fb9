"""Who is on call from home: is somebody at every hour, never too often, and never in two places? From the words alone.

Everybody works the same endless line of N weeks, each starting in another, so that in every calendar week each week of
the pattern is worked by exactly one person. Minutes count from Monday 00:00 of week 1. A duty belongs to the day it
starts on; one that ends no later than it starts ends the next day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from optimiser.checker.cover import DAY, DAYS, WEEK, Asked
from optimiser.checker.pattern import CLOCK, MOST_WEEKS
from optimiser.checker.reading import Breach, Row, same, shown

ON_CALL = "on_call"


class Stretch(NamedTuple):
    """Minutes of the line for which somebody has a duty, and the row that says so."""

    start: int
    minutes: int
    row: Row


def breaches_on_call(name: str, rows: Sequence[Row], asked: Asked, weeks: int) -> Iterator[Breach]:
    """Yield everything that is wrong with being on call in one rota's pattern of so many weeks."""
    if not 1 <= weeks <= MOST_WEEKS:
        return  # said already by those who read the weeks
    on_call = [found for row in rows if row.cells["kind"] == ON_CALL and (found := stretch_of(row, weeks))]
    yield from _hours_are_right(on_call)
    yield from _cover_is_given(name, on_call, asked)
    yield from _nobody_too_often(name, on_call, asked, weeks)
    at_work = [found for row in rows if row.cells["kind"] != ON_CALL and (found := stretch_of(row, weeks))]
    yield from _one_place(name, on_call, at_work, weeks)


def stretch_of(row: Row, weeks: int) -> Stretch | None:
    """Return the minutes of a row's duty; nothing on a day without one, or where the row cannot be read."""
    week, day, times = row.cells["week"], row.cells["day"], [row.cells["start"], row.cells["end"]]
    readable = week.isdecimal() and 1 <= int(week) <= weeks and day in DAYS and all(map(CLOCK.fullmatch, times))
    if not readable:
        return None
    start, end = (60 * int(time[:2]) + int(time[3:]) for time in times)
    first = (int(week) - 1) * WEEK + DAYS.index(day) * DAY + start
    return Stretch(first, (end - start) % DAY or DAY, row)


def _minutes(duties: Sequence[Stretch], around: int) -> list[int]:
    """Return how many of some duties there are in each minute of a ring of minutes."""
    there = [0] * around
    for duty in duties:
        for minute in range(duty.start, duty.start + duty.minutes):
            there[minute % around] += 1
    return there


def _wanted(asked: Asked) -> list[int]:
    """Return how many must be on call in each minute of the week."""
    wanted = [0] * WEEK
    for block in asked.blocks:
        for minute in block.minutes() if block.kind == ON_CALL else ():
            wanted[minute] += int(block.people)
    return wanted


def _hours_are_right(on_call: Sequence[Stretch]) -> Iterator[Breach]:
    for duty in on_call:
        claimed, found = duty.row.cells["hours"], Fraction(duty.minutes, 60)
        try:
            agrees = same(Fraction(claimed), found)
        except (ValueError, ZeroDivisionError):
            agrees = False
        if not agrees:
            message = f"{duty.row.where}: says {claimed} hours on call, but its end less its start is {shown(found)}."
            yield Breach("on_call_cover_is_given", f"{duty.row.where} hours", claimed, shown(found), message)


def _cover_is_given(name: str, on_call: Sequence[Stretch], asked: Asked) -> Iterator[Breach]:
    """At every minute of the week as many are on call as asked, no more and no fewer."""
    there, wanted = _minutes(on_call, WEEK), _wanted(asked)
    wrong = [minute for minute in range(WEEK) if there[minute] != wanted[minute]]
    if wrong:
        first = wrong[0]
        at = f"{DAYS[first // DAY]} {first % DAY // 60:02}:{first % 60:02}"
        message = f"{name}: {wanted[first]} must be on call from home on {at}, but {there[first]} are."
        yield Breach("on_call_cover_is_given", f"rotas.csv {name} {at}", str(there[first]), str(wanted[first]), message)


def _nobody_too_often(name: str, on_call: Sequence[Stretch], asked: Asked, weeks: int) -> Iterator[Breach]:
    """Of N people in turn at most N divided by the frequency may be on call in any minute of the week."""
    most = max(_minutes(on_call, WEEK), default=0)
    if asked.one_in is not None and most * asked.one_in > weeks:
        found, allowed = f"{most} in {weeks}", f"1 in {shown(asked.one_in)}"
        message = f"{name}: everybody is on call {found}; at most {allowed} is allowed."
        yield Breach("nobody_is_on_call_too_often", f"rotas.csv {name}", found, allowed, message)


def _one_place(name: str, on_call: Sequence[Stretch], at_work: Sequence[Stretch], weeks: int) -> Iterator[Breach]:
    line = weeks * WEEK
    called, working = _minutes(on_call, line), _minutes(at_work, line)
    for minute in range(line):
        if called[minute] > 1 or (called[minute] and working[minute]):
            at = f"week {minute // WEEK + 1} {DAYS[minute % WEEK // DAY]} {minute % DAY // 60:02}:{minute % 60:02}"
            twice = "on call twice" if called[minute] > 1 else "on call and at work"
            message = f"{name}: the same person is {twice} in {at}."
            yield Breach("nobody_is_on_call_and_at_work", f"rotas.csv {name} {at}", twice, "one duty", message)
            return


def weeks_of(rows: Sequence[Row]) -> int:
    """Return how many weeks a pattern has: the last that a row names."""
    return max((int(row.cells["week"]) for row in rows if row.cells["week"].isdecimal()), default=0)


ON_CALL_CHECKS: Mapping[str, str] = {
    "on_call_cover_is_given": "In every minute of the week as many are on call from home as the cover asks for.",
    "nobody_is_on_call_too_often": "Nobody is on call from home more often than 1 in so many.",
    "nobody_is_on_call_and_at_work": "Nobody is on call twice at once, or on call while at work.",
}
"""The checks of being on call by name, each with a line that says what it makes sure of."""
