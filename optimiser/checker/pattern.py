"""A cyclic weekly pattern, its cover and the law, read from plain rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, product
from types import MappingProxyType
from typing import Any, NamedTuple

from optimiser.checker.reading import number

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOUR = 60
DAY = 24 * HOUR
WEEK = 7 * DAY
SATURDAY = 5 * DAY
MOST_WEEKS = 260
"""A cycle longer than five years is not a rota."""
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
ONE_IN = re.compile(r"(\d{1,3}) in (\d{1,3})", re.ASCII)
Finding = tuple[str, object, object, str]
"""What a check finds: where, what is claimed or allowed, what was found, and a sentence."""


class Block(NamedTuple):
    """Hours that need cover: on which days (``Mon`` to ``Sun``), from when, for how long, how many people at once.

    ``start`` is an hour (``8``, ``8.5``) or a time (``"08:30"``). A block may run on over midnight and over the
    end of the week; ``hours`` is at most 168.
    """

    days: Iterable[str]
    start: object
    hours: object
    people: object


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
        if len(given) != len(Block._fields):
            message = f"{where} has {len(given)} parts, not {', '.join(Block._fields)}."
            notes.append((OF_COVER, (where, len(given), len(Block._fields), message)))
            continue
        block = Block(*given)
        cells = _converted(OF_COVER, where, block._asdict(), {"days": _weekdays, **convert}, notes)
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
