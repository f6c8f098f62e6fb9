"""Can real people work this rota? Every breach of a cyclic weekly pattern, from the plain words of the rules.

The pattern has as many weeks as people. Each person starts in another week and goes round: in calendar week ``w``
person ``i`` works week ``(w + i) mod N + 1``, and after week N comes week 1. So everybody works the same endless
line of N weeks, and what is lawful all round that line, over the join too, is lawful for each of them; and in every
calendar week each week of the pattern is worked by exactly one person, so that cover is the sum over the weeks.

All is counted in whole minutes. How the words are read:

- A shift belongs to the day it starts on. One that ends no later than it starts ends the next day (24 hours if the
  two are equal). Breaks count as work; clock changes are left out; handing over takes no time.
- Cover: in every minute of a block at least so many people are present. Where blocks overlap, the larger holds.
- Mean hours: over the whole cycle. With prospective cover the same hours are worked in the weeks that leave leaves,
  so the mean counts times ``weeks_per_year / working_weeks``. Hours in any 168 are those of the written pattern.
- Any 168 hours: from any minute. Hours on which two shifts of one person overlap count twice.
- Rest: from the end of a shift to the start of the next, whatever the days.
- Night: a shift with at least ``night_hours`` (3) between ``night_from`` (23:00) and ``night_to`` (06:00). It
  belongs to the night on which most of it falls, so 21:00 on Monday and 00:30 on Tuesday are the same night.
- Long day: a shift of more than ``long_day_over_hours`` that is not a night, unless ``long_nights_are_long_days``.
- In a row: on consecutive days (or nights); a day on which none of that kind starts ends the row.
- Rest after nights: after each row of at least ``nights_that_need_rest`` (1) nights, from the end of its last shift
  to the start of what comes next. A night off ends the row, and so does any shift between two nights.
- Weekend: worked if any minute from Saturday 00:00 to Sunday 24:00 is, so Friday night counts. "1 in 2" holds over
  the cycle; that no two weekends in a row are worked is asked by ``weekends_in_a_row: 1``, not implied.
- Shifts in a row: shifts of every kind that start on consecutive days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from optimiser.checker.pattern import (
    DAY,
    DAYS,
    HOUR,
    MOST_WEEKS,
    OF_COVER,
    OF_LAW,
    OF_ROWS,
    SATURDAY,
    WEEK,
    Finding,
    Pattern,
    clock_of,
    moment,
    read_cover,
    read_law,
    read_rows,
)
from optimiser.checker.reading import Breach, Number, same, shown


def breaches_of_pattern(
    rows: Iterable[Mapping[str, object]],
    cover: Iterable[Sequence[Any]],
    law: Mapping[str, object],
    *,
    people: int | None = None,
) -> list[Breach]:
    """Find everything that is wrong with one rota.

    Parameters
    ----------
    rows
        Its rows of ``rotas.csv``: ``rota``, ``week`` (1 to N), ``day`` (``Mon`` to ``Sun``), ``shift`` (its code),
        ``start`` and ``end`` (``HH:MM``) and ``hours``. A row with neither start nor end is a day off, as is a day
        without a row.
    cover
        What is asked for: blocks of days, start, hours and people, in the order of ``Block``.
    law
        The limits by name, see ``LAW``; hours and counts, as numbers or their text.
    people
        How many people share it, one for each week. Left out, it is the last week that has a row.

    Returns
    -------
    list of Breach
        Each under the name of the check that found it (see ``PATTERN_CHECKS``), in reading order.
    """
    listed = list(rows)
    rota = " and ".join(dict.fromkeys(str(row.get("rota", "")) for row in listed)) or "rota"
    found: list[tuple[str, Finding]] = []
    shifts, weeks = read_rows(listed, people or MOST_WEEKS, found)
    needed = read_cover(cover, found)
    limits = read_law(law, found)
    count = weeks if people is None else people
    if 1 <= count <= MOST_WEEKS:
        pattern = Pattern(count, tuple(sorted(shifts)), needed, limits)
        found += [(check.__name__, finding) for check in _CHECKS for finding in check(pattern)]
    else:
        found.append((OF_ROWS, ("", count, "", f"it has {count} weeks, but a rota has from 1 to {MOST_WEEKS}.")))
    return [_breach(rota, check, *finding) for check, finding in found]


def _breach(rota: str, check: str, where: str, claimed: object, found: object, message: str) -> Breach:
    return Breach(check, f"{rota} {where}".rstrip(), shown(claimed), shown(found), f"{rota}: {message}")


_READING_CHECKS = {
    OF_ROWS: "Every row names one rota, a week, a day, a shift, two times and its hours, and no day off is worked.",
    OF_COVER: "Every block of cover has days, a start, hours and people.",
    OF_LAW: "Every limit of the law is one that the checks know, and a number.",
}


def _in_week(minute: int) -> str:
    return f"{DAYS[minute % WEEK // DAY]} {clock_of(minute)}"


def _hours(minutes: Number) -> str:
    return f"{shown(Fraction(minutes) / HOUR)} hours"


def _stretches(marked: set[int], around: int) -> list[range]:
    """Return every unbroken stretch of marks on a circle; one that goes all the way round has ``around`` places."""
    if len(marked) == around:
        return [range(around)]
    stretches = []
    for first in sorted(place for place in marked if (place - 1) % around not in marked):
        after = first + 1
        while after % around in marked:
            after += 1
        stretches.append(range(first, after))
    return stretches


def hours_are_end_less_start(pattern: Pattern) -> Iterator[Finding]:
    """The hours of a row are its end less its start."""
    for shift in pattern.shifts:
        hours = Fraction(shift.minutes, HOUR)
        if not same(shift.claimed_hours, hours):
            name = pattern.name(shift)
            message = f"{name} says {shown(shift.claimed_hours)} hours, but is {shown(hours)} hours long."
            yield name, shift.claimed_hours, hours, message


def shifts_do_not_overlap(pattern: Pattern) -> Iterator[Finding]:
    """Nobody is on two shifts at once."""
    for before, after, between in pattern.turns:
        if between < 0:
            name, other = pattern.name(after), pattern.name(before)
            ends = moment(before.end % pattern.minutes)
            yield name, "", other, f"{name} starts before {other} is over at {ends}: nobody can work both."


def enough_people_are_present(pattern: Pattern) -> Iterator[Finding]:
    """In every minute of the week as many people are present as the cover asks for."""
    weeks = [pattern.working[first : first + WEEK] for first in range(0, pattern.minutes, WEEK)]
    present = [sum(map(bool, minute)) for minute in zip(*weeks, strict=True)]
    short: dict[tuple[int, int], set[int]] = {}
    for minute, (wanted, there) in enumerate(zip(pattern.needed, present, strict=True)):
        if there < wanted:
            short.setdefault((wanted, there), set()).add(minute)
    stretches = [(s, *key) for key, minutes in short.items() for s in _stretches(minutes, WEEK)]
    for stretch, wanted, there in sorted(stretches, key=lambda found: found[0].start):
        name = "all week" if len(stretch) == WEEK else f"{_in_week(stretch.start)} to {_in_week(stretch.stop)}"
        yield name, wanted, there, f"{name}, every week: {wanted} needed at once, but {there} present."


def mean_hours_are_within_limit(pattern: Pattern) -> Iterator[Finding]:
    """Over the cycle nobody works more hours a week on average than may be, leave covered if it must be."""
    limit = pattern.law.get("mean_hours_per_week")
    mean = Fraction(sum(shift.minutes for shift in pattern.shifts), pattern.people)
    how = "on average"
    if pattern.law["prospective_cover"]:
        year, working = pattern.law["weeks_per_year"], pattern.law["working_weeks"]
        mean, how = mean * year / working, f"on average in {shown(working)} working weeks of {shown(year)}"
    if limit is not None and mean > limit * HOUR:
        yield "mean", limit, mean / HOUR, f"{_hours(mean)} a week {how}; at most {shown(limit)} are allowed."


def hours_in_any_168_are_within_limit(pattern: Pattern) -> Iterator[Finding]:
    """In no 168 hours on end does anybody work more hours than may be."""
    limit = pattern.law.get("hours_in_any_168")
    if limit is None:
        return
    total = list(accumulate([*pattern.working, *pattern.working[:WEEK]], initial=0))
    worked = [total[minute + WEEK] - total[minute] for minute in range(pattern.minutes)]
    most = int(limit * HOUR)
    for stretch in _stretches({m for m, minutes in enumerate(worked) if minutes > most}, pattern.minutes):
        worst = max(stretch, key=lambda minute: worked[minute % pattern.minutes]) % pattern.minutes
        message = f"{_hours(worked[worst])} in the 168 from {moment(worst)}; at most {shown(limit)} are allowed."
        yield moment(worst), limit, Fraction(worked[worst], HOUR), message


def no_shift_is_too_long(pattern: Pattern) -> Iterator[Finding]:
    """No shift is longer than may be."""
    limit = pattern.law.get("longest_shift_hours")
    for shift in pattern.shifts:
        if limit is not None and shift.minutes > limit * HOUR:
            name = pattern.name(shift)
            message = f"{name} is {_hours(shift.minutes)} long; at most {shown(limit)} are allowed."
            yield name, limit, Fraction(shift.minutes, HOUR), message


def rest_between_shifts_is_long_enough(pattern: Pattern) -> Iterator[Finding]:
    """Between any two shifts there is as much rest as must be."""
    limit = pattern.law.get("rest_between_shifts_hours")
    for before, after, between in pattern.turns:
        if limit is not None and 0 <= between < limit * HOUR:
            name, other = pattern.name(after), pattern.name(before)
            message = f"{_hours(between)} of rest between {other} and {name}; at least {shown(limit)} are needed."
            yield name, limit, Fraction(between, HOUR), message


def not_too_many_long_days_in_a_row(pattern: Pattern) -> Iterator[Finding]:
    """Nobody works more long days in a row than may be."""
    over, nights_too = pattern.law.get("long_day_over_hours", 0), pattern.law["long_nights_are_long_days"]
    long = [shift for shift in pattern.shifts if shift.minutes > over * HOUR]
    days = Counter(shift.start // DAY for shift in long if nights_too or pattern.night_of(shift) is None)
    yield from _in_a_row(pattern, days, "long_days_in_a_row", f"shifts of over {shown(over)} hours")


def not_too_many_nights_in_a_row(pattern: Pattern) -> Iterator[Finding]:
    """Nobody works more nights in a row than may be."""
    yield from _in_a_row(pattern, pattern.nights, "nights_in_a_row", "nights")


def not_too_many_shifts_in_a_row(pattern: Pattern) -> Iterator[Finding]:
    """Nobody works more shifts on consecutive days than may be."""
    days = Counter(shift.start // DAY for shift in pattern.shifts)
    yield from _in_a_row(pattern, days, "shifts_in_a_row", "shifts")


def _in_a_row(pattern: Pattern, days: Counter[int], limit_name: str, what: str) -> Iterator[Finding]:
    limit = pattern.law.get(limit_name)
    if limit is None:
        return
    for stretch in _stretches(set(days), pattern.days):
        endless = len(stretch) == pattern.days
        number = sum(days[day % pattern.days] for day in stretch)
        if endless or number > limit:
            first = moment(stretch.start * DAY).rsplit(" ", 1)[0]
            counted = f"{what} on every day without end" if endless else f"{number} {what} in a row"
            message = f"{counted} from {first}; at most {limit} are allowed."
            yield first, limit, "without end" if endless else number, message


def rest_after_nights_is_long_enough(pattern: Pattern) -> Iterator[Finding]:
    """After a row of nights there is as much rest as must be."""
    limit = pattern.law.get("rest_after_nights_hours")
    if limit is None:
        return
    for before, after, between in pattern.turns:
        last, following = pattern.night_of(before), pattern.night_of(after)
        goes_on = last is not None and following is not None and following - last <= 1
        if last is None or goes_on or pattern.nights_until(last) < pattern.law["nights_that_need_rest"]:
            continue
        if 0 <= between < limit * HOUR:
            name, other = pattern.name(after), pattern.name(before)
            message = f"{_hours(between)} of rest after nights, from {other} to {name}; {shown(limit)} are needed."
            yield name, limit, Fraction(between, HOUR), message


def not_too_many_weekends(pattern: Pattern) -> Iterator[Finding]:
    """Over the cycle nobody works at more weekends than may be."""
    limit, worked = pattern.law.get("weekends_worked"), _weekends(pattern)
    if limit is not None and len(worked) > limit * pattern.people:
        weeks = ", ".join(str(week + 1) for week in sorted(worked))
        most = f"{limit.numerator} in {limit.denominator}"
        message = f"the weekends of weeks {weeks} are worked, {len(worked)} in {pattern.people}; at most {most} may be."
        yield "weekends", most, f"{len(worked)} in {pattern.people}", message


def not_too_many_weekends_in_a_row(pattern: Pattern) -> Iterator[Finding]:
    """Nobody works at more weekends in a row than may be, where the law says how many."""
    limit = pattern.law.get("weekends_in_a_row")
    if limit is None:
        return
    for stretch in _stretches(_weekends(pattern), pattern.people):
        endless = len(stretch) == pattern.people
        if endless or len(stretch) > limit:
            found = "without end" if endless else len(stretch)
            message = f"weekends are worked in a row from week {stretch.start + 1}: {found}; at most {limit} may be."
            yield f"week {stretch.start + 1} Sat", limit, found, message


def _weekends(pattern: Pattern) -> set[int]:
    """Return the weeks whose weekend is worked."""
    weeks = ((week, week * WEEK) for week in range(pattern.people))
    return {week for week, first in weeks if any(pattern.working[first + SATURDAY : first + WEEK])}


_CHECKS: tuple[Callable[[Pattern], Iterable[Finding]], ...] = (
    hours_are_end_less_start,
    shifts_do_not_overlap,
    enough_people_are_present,
    mean_hours_are_within_limit,
    hours_in_any_168_are_within_limit,
    no_shift_is_too_long,
    rest_between_shifts_is_long_enough,
    not_too_many_long_days_in_a_row,
    not_too_many_nights_in_a_row,
    rest_after_nights_is_long_enough,
    not_too_many_weekends,
    not_too_many_weekends_in_a_row,
    not_too_many_shifts_in_a_row,
)
PATTERN_CHECKS: Mapping[str, str] = MappingProxyType(
    {**_READING_CHECKS, **{check.__name__: (check.__doc__ or "").splitlines()[0] for check in _CHECKS}}
)
"""Every check of a pattern by name, each with a line that says what it makes sure of."""
