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

Being on call from home is another duty on the same line: somebody is at every hour, nobody too often, and nobody in two
places at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, product
from types import MappingProxyType
from typing import Any, NamedTuple

from optimiser.checker.cover import DAY, DAYS, WEEK, Asked, Block
from optimiser.checker.reading import Breach, Number, Row, number, same, shown

HOUR = 60
SATURDAY = 5 * DAY
MOST_WEEKS = 260
"""A cycle longer than five years is not a rota."""
PARTS = Block._fields[:4]
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
ONE_IN = re.compile(r"(\d{1,3}) in (\d{1,3})", re.ASCII)
Finding = tuple[str, object, object, str]
"""What a check finds: where, what is claimed or allowed, what was found, and a sentence."""


class Shift(NamedTuple):
    """One shift on the endless line: minutes count from Monday 00:00 of week 1."""

    start: int
    minutes: int
    code: str
    claimed_hours: Fraction

    @property
    def end(self) -> int:
        """The minute at which it is over."""
        return self.start + self.minutes


def _exact(value: object) -> Fraction:
    """Return a number exactly, from a number or its text."""
    if isinstance(value, bool):
        raise ValueError("is not a number")
    return value if isinstance(value, Fraction) else number(str(value))


def _amount(value: object) -> Fraction:
    """Return a number that is not below zero."""
    found = _exact(value)
    if found < 0:
        raise ValueError("is below zero")
    return found


def _whole(value: object) -> int:
    """Return a whole number that is not below zero."""
    found = _amount(value)
    if found.denominator > 1:
        raise ValueError("is not a whole number")
    return int(found)


def _flag(value: object) -> bool:
    """Return a truth, from one or from ``true`` or ``false``."""
    if str(value) not in ("true", "false", "True", "False"):
        raise ValueError("is neither true nor false")
    return str(value).lower() == "true"


def _clock(value: object) -> int:
    """Return the minute of the day that ``HH:MM``, 00:00 to 23:59, names."""
    found = CLOCK.fullmatch(str(value))
    if not found:
        raise ValueError("is not a time from 00:00 to 23:59")
    return int(found[1]) * HOUR + int(found[2])


def _minute_of_day(value: object) -> int:
    """Return the minute of the day of an hour (``8.5``) or a time (``08:30``)."""
    found = Fraction(_clock(value)) if ":" in str(value) else _amount(value) * HOUR
    if found.denominator > 1 or found >= DAY:
        raise ValueError("is not a minute of the day")
    return int(found)


def _share(value: object) -> Fraction:
    """Return a share, from a number or from words such as ``1 in 2``."""
    found = ONE_IN.fullmatch(str(value))
    if found and int(found[2]) == 0:
        raise ValueError("is not a share")
    return Fraction(int(found[1]), int(found[2])) if found else _amount(value)


def _weekday(value: object) -> int:
    """Return the place in the week of ``Mon`` to ``Sun``."""
    if value not in DAYS:
        raise ValueError(f"is none of {', '.join(DAYS)}")
    return DAYS.index(str(value))


LAW: Mapping[str, Callable[[object], Any]] = MappingProxyType(
    {
        "mean_hours_per_week": _amount,
        "hours_in_any_168": _amount,
        "longest_shift_hours": _amount,
        "rest_between_shifts_hours": _amount,
        "long_day_over_hours": _amount,
        "long_days_in_a_row": _whole,
        "long_nights_are_long_days": _flag,
        "nights_in_a_row": _whole,
        "night_from": _minute_of_day,
        "night_to": _minute_of_day,
        "night_hours": _amount,
        "rest_after_nights_hours": _amount,
        "nights_that_need_rest": _whole,
        "weekends_worked": _share,
        "weekends_in_a_row": _whole,
        "shifts_in_a_row": _whole,
        "prospective_cover": _flag,
        "working_weeks": _amount,
        "weeks_per_year": _amount,
    }
)
"""Every number that a law may name. One that it leaves out, or sets to ``None``, asks for nothing."""
READINGS: Mapping[str, object] = MappingProxyType(
    {
        "long_nights_are_long_days": False,
        "night_from": "23:00",
        "night_to": "06:00",
        "night_hours": 3,
        "nights_that_need_rest": 1,
        "prospective_cover": False,
        "weeks_per_year": 52,
    }
)
"""How words are read where the law does not say."""
NEEDS = {"long_days_in_a_row": "long_day_over_hours"}


@dataclass(frozen=True)
class Pattern:
    """The endless line that everybody works, the people needed in each minute of the week, and the law."""

    people: int
    shifts: tuple[Shift, ...]
    needed: Sequence[int]
    law: Mapping[str, Any]

    @property
    def minutes(self) -> int:
        """How long the line is before it begins again."""
        return self.people * WEEK

    @property
    def days(self) -> int:
        """How many days the line has before it begins again."""
        return self.people * 7

    @cached_property
    def working(self) -> list[int]:
        """The shifts that are being worked in each minute of the line: 0 or 1, more where they overlap."""
        working = [0] * self.minutes
        for shift in self.shifts:
            for minute in range(shift.start, shift.end):
                working[minute % self.minutes] += 1
        return working

    @cached_property
    def turns(self) -> list[tuple[Shift, Shift, int]]:
        """Every shift after the one that ended last before it, and the minutes between: below zero, they overlap."""
        laps = [*self.shifts, *(shift._replace(start=shift.start + self.minutes) for shift in self.shifts)]
        last = list(accumulate(laps, _later))
        pairs = list(zip(last, laps[1:], strict=False))[-len(self.shifts) :] if self.shifts else []
        return [(before, after, after.start - before.end) for before, after in pairs]

    @cached_property
    def nights(self) -> Counter[int]:
        """How many night shifts each night has, the night of a day being the one that begins on its evening."""
        found = (self.night_of(shift) for shift in self.shifts)
        return Counter(night % self.days for night in found if night is not None)

    def night_of(self, shift: Shift) -> int | None:
        """Return the night on which most of a night shift falls, or nothing if it is not a night shift."""
        dusk, length = self.law["night_from"], (self.law["night_to"] - self.law["night_from"]) % DAY
        within = {}
        for night in range((shift.start - dusk) // DAY, (shift.end - dusk) // DAY + 1):
            begins = night * DAY + dusk
            within[night] = max(0, min(shift.end, begins + length) - max(shift.start, begins))
        is_night = sum(within.values()) >= self.law["night_hours"] * HOUR
        return max(within, key=lambda night: within[night]) if is_night else None

    def nights_until(self, night: int) -> int:
        """Return how many nights in a row are worked up to and with this one."""
        number = 1
        while number < self.days and (night - number) % self.days in self.nights:
            number += 1
        return number

    def name(self, shift: Shift) -> str:
        """Return a shift's place and code."""
        return f"{moment(shift.start % self.minutes)} {shift.code}"


def _later(one: Shift, other: Shift) -> Shift:
    return other if other.end >= one.end else one


OF_ROWS, OF_COVER, OF_LAW = "every_row_can_be_read", "cover_is_understood", "law_is_understood"
Notes = list[tuple[str, Finding]]


def _converted(
    check: str, where: str, cells: Mapping[str, object], convert: Mapping[str, Callable[[object], Any]], notes: Notes
) -> dict[str, Any] | None:
    """Return the cells converted, or nothing, with a note of each that cannot be."""
    done: dict[str, Any] = {}
    for column, function in convert.items():
        try:
            done[column] = function(cells.get(column, ""))
        except ValueError as error:
            cell = cells.get(column, "")
            notes.append((check, (f"{where} {column}", str(cell), "", f'{where}: the {column} "{cell}" {error}.')))
    return done if len(done) == len(convert) else None


def _code(value: object) -> str:
    if not str(value).strip():
        raise ValueError("is blank")
    return str(value)


def _off(value: object) -> None:
    if str(value) and _exact(value):
        raise ValueError("is not 0, though the row has no times")


def read_rows(rows: Sequence[Mapping[str, object]], most_weeks: int, notes: Notes) -> tuple[list[Shift], int]:
    """Return the shifts, and the last week that is named."""

    def week(value: object) -> int:
        if not 1 <= (found := _whole(value)) <= most_weeks:
            raise ValueError(f"is not from 1 to {most_weeks}")
        return found

    place = {"week": week, "day": _weekday}
    working = {**place, "shift": _code, "start": _clock, "end": _clock, "hours": _amount}
    shifts: list[Shift] = []
    days_off: dict[int, str] = {}
    last = 0
    if len(names := {str(row.get("rota", "")) for row in rows}) > 1:
        notes.append((OF_ROWS, ("", len(names), 1, f"the rows belong to {len(names)} rotas; give one at a time.")))
    for row in rows:
        where = f"week {row.get('week', '')} {row.get('day', '')} {row.get('shift', '')}".strip()
        off = not str(row.get("start", "")) and not str(row.get("end", ""))
        cells = _converted(OF_ROWS, where, row, {**place, "hours": _off} if off else working, notes)
        if cells is None:
            continue
        last = max(last, cells["week"])
        day = (cells["week"] - 1) * 7 + cells["day"]
        if off:
            days_off[day] = where
        else:
            length = (cells["end"] - cells["start"]) % DAY or DAY
            shifts.append(Shift(day * DAY + cells["start"], length, cells["shift"], cells["hours"]))
    for shift in shifts:
        if shift.start // DAY in days_off:
            where = days_off[shift.start // DAY]
            notes.append((OF_ROWS, (where, "off", shift.code, f"{where} is a day off, but {shift.code} is worked.")))
    return shifts, last


def read_cover(cover: Iterable[Sequence[Any]], notes: Notes) -> list[int]:
    """Return the people needed in each minute of a week."""
    convert = {"start": _minute_of_day, "hours": _block_minutes, "people": _whole}
    needed = [0] * WEEK
    for place, given in enumerate(cover, start=1):
        where = f"cover block {place}"
        if len(given) < len(PARTS):
            message = f"{where} has {len(given)} parts, not {', '.join(PARTS)}."
            notes.append((OF_COVER, (where, len(given), len(PARTS), message)))
            continue
        block = dict(zip(PARTS, given, strict=False))
        cells = _converted(OF_COVER, where, block, {"days": _weekdays, **convert}, notes)
        if cells is not None:
            for day, minute in product(cells["days"], range(cells["hours"])):
                at = (day * DAY + cells["start"] + minute) % WEEK
                needed[at] = max(needed[at], cells["people"])
    return needed


def _weekdays(value: Any) -> list[int]:
    if not (days := [_weekday(day) for day in value]):
        raise ValueError("name no day")
    return days


def _block_minutes(value: object) -> int:
    minutes = _amount(value) * HOUR
    if minutes.denominator > 1 or not 0 < minutes <= WEEK:
        raise ValueError("is not a number of whole minutes up to 168 hours")
    return int(minutes)


def read_law(law: Mapping[str, object], notes: Notes) -> dict[str, Any]:
    """Return the limits that are set, converted, and the readings."""
    for name in sorted(law.keys() - LAW.keys()):
        notes.append((OF_LAW, (name, name, "", f"the law names {name}, which no check here knows.")))
    limits: dict[str, Any] = {name: LAW[name](value) for name, value in READINGS.items()}
    for name, value in law.items():
        if name in LAW and value is not None:
            limits |= _converted(OF_LAW, "law", {name: value}, {name: LAW[name]}, notes) or {}
    for name, other in NEEDS.items():
        if name in limits and other not in limits:
            notes.append((OF_LAW, (name, limits.pop(name), "", f"the law sets {name} but not {other}.")))
    if limits["prospective_cover"] and not 0 < limits.get("working_weeks", 0) <= limits["weeks_per_year"]:
        message = "prospective cover needs working_weeks, above 0 and at most weeks_per_year."
        notes.append((OF_LAW, ("working_weeks", limits.pop("working_weeks", ""), limits["weeks_per_year"], message)))
        limits["prospective_cover"] = False
    return limits


def clock_of(minute: int) -> str:
    """Write a minute as the time of its day."""
    return f"{minute % DAY // HOUR:02}:{minute % HOUR:02}"


def moment(minute: int) -> str:
    """Write a minute of the line for people."""
    return f"week {minute // WEEK + 1} {DAYS[minute % WEEK // DAY]} {clock_of(minute)}"


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
    {**_READING_CHECKS, **{check.__name__: (check.__doc__ or "").partition("\n")[0] for check in _CHECKS}}
)
"""Every check of a pattern by name, each with a line that says what it makes sure of."""

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


def _there(duties: Sequence[Stretch], around: int) -> list[int]:
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
    there, wanted = _there(on_call, WEEK), _wanted(asked)
    wrong = [minute for minute in range(WEEK) if there[minute] != wanted[minute]]
    if wrong:
        first = wrong[0]
        at = f"{DAYS[first // DAY]} {first % DAY // 60:02}:{first % 60:02}"
        message = f"{name}: {wanted[first]} must be on call from home on {at}, but {there[first]} are."
        yield Breach("on_call_cover_is_given", f"rotas.csv {name} {at}", str(there[first]), str(wanted[first]), message)


def _nobody_too_often(name: str, on_call: Sequence[Stretch], asked: Asked, weeks: int) -> Iterator[Breach]:
    """Of N people in turn at most N divided by the frequency may be on call in any minute of the week."""
    most = max(_there(on_call, WEEK), default=0)
    if asked.one_in is not None and most * asked.one_in > weeks:
        found, allowed = f"{most} in {weeks}", f"1 in {shown(asked.one_in)}"
        message = f"{name}: everybody is on call {found}; at most {allowed} is allowed."
        yield Breach("nobody_is_on_call_too_often", f"rotas.csv {name}", found, allowed, message)


def _one_place(name: str, on_call: Sequence[Stretch], at_work: Sequence[Stretch], weeks: int) -> Iterator[Breach]:
    line = weeks * WEEK
    called, working = _there(on_call, line), _there(at_work, line)
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
