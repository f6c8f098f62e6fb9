"""What a rota must give, and the shifts to give it with. Times are whole minutes; a week starts on Monday at 00:00."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Literal

from optimiser.errors import Fault, InputError

Kind = Literal["resident", "on_call"]
Span = tuple[int, int]

ASKED = "The cover asked for"

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY = 24 * 60
WEEK = 7 * DAY

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Cover:
    """So many people at once, for the same hours of some days of the week.

    Several blocks make one rota's cover; where they overlap, their people add up.

    Attributes
    ----------
    days
        Days on which the hours start, of ``DAYS``.
    start_hour
        Hour of the day, 0 to 24; 8.5 is 08:30.
    hours
        Hours from then on, at most 24; they may run past midnight.
    people
        People at once.
    kind
        ``resident`` is in the hospital; ``on_call`` is from home.
    source, verified
        Where it is stated that this cover is needed, and whether that was read.
    """

    days: tuple[str, ...]
    start_hour: float
    hours: float
    people: int = 1
    kind: Kind = "resident"
    source: str = ASKED
    verified: bool = True

    def __post_init__(self) -> None:
        refuse(Fault("cover", message) for message in self._faults())

    def _faults(self) -> Iterator[str]:
        yield from faulty_days(self.days)
        if not 0 <= self.start_hour < 24:
            yield f"start_hour is {self.start_hour:g}. It is an hour of the day, from 0 to less than 24."
        if not 0 < self.hours <= 24:
            yield f"hours is {self.hours:g}. A day has more than 0 and at most 24; list more days for more."
        if self.people < 1 or self.people != int(self.people):
            yield f"people is {self.people:g}. It is a whole number of people at once, at least 1."
        if any((exact(value) * 60).denominator > 1 for value in (self.start_hour, self.hours)):
            yield f"{self.hours:g} hours from {self.start_hour:g} do not start and end on a whole minute."

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Minutes of the week from start to end, one pair a day; the last may run past the end of the week."""
        start, minutes = (int(exact(hours) * 60) for hours in (self.start_hour, self.hours))
        return tuple((at + start, at + start + minutes) for at in (DAY * DAYS.index(day) for day in self.days))


@dataclass(frozen=True)
class Shift:
    """A kind of shift: it gives cover from ``start`` to ``until``, and its people stay on to hand over.

    Attributes
    ----------
    code
        What stands in the pattern, such as ``N``.
    start, until
        Times of day as ``HH:MM``. ``until`` is on the next day where it is not later than ``start``.
    handover_minutes
        Work after ``until``, beside those who take over. 0 where nobody does.
    days
        Days on which the shift may start.
    """

    code: str
    start: str
    until: str
    handover_minutes: int = 30
    days: tuple[str, ...] = DAYS

    def __post_init__(self) -> None:
        refuse(Fault(f"shift {self.code}", message) for message in self._faults())

    def _faults(self) -> Iterator[str]:
        yield from faulty_days(self.days)
        if not _CODE.fullmatch(self.code):
            yield f'"{self.code}" is not a code: a letter, then letters, digits or _.'
        times = {"start": self.start, "until": self.until}
        wrong = [name for name, time in times.items() if not _CLOCK.fullmatch(time)]
        yield from (f'{name} is "{times[name]}". Write a time of day as HH:MM.' for name in wrong)
        if self.handover_minutes < 0:
            yield f"handover_minutes is {self.handover_minutes}. It cannot be less than 0."
        elif not wrong and self.minutes > DAY:
            yield f"It lasts {self.minutes / 60:g} hours. No shift is longer than a day."

    @cached_property
    def start_minute(self) -> int:
        """Minutes from midnight to the start."""
        return _minutes(self.start) % DAY

    @cached_property
    def cover_minutes(self) -> int:
        """Minutes of cover, without the handover."""
        return (_minutes(self.until) - self.start_minute - 1) % DAY + 1

    @property
    def minutes(self) -> int:
        """Minutes of work, with the handover."""
        return self.cover_minutes + self.handover_minutes

    @property
    def end_minute(self) -> int:
        """Minutes from midnight of the day of the start to the end of work; more than a day's if it passes midnight."""
        return self.start_minute + self.minutes

    @property
    def end(self) -> str:
        """Time of day at which work ends, as ``HH:MM``."""
        return clock(self.end_minute)


@dataclass(frozen=True)
class Shape:
    """A rota in outline: the resident cover it must give, and the kinds of shift it may be given with."""

    name: str
    cover: tuple[Cover, ...]
    shifts: tuple[Shift, ...]

    def __post_init__(self) -> None:
        refuse(Fault(f"rota {self.name}", message) for message in self._faults())

    def _faults(self) -> Iterator[str]:
        codes = [shift.code for shift in self.shifts]
        yield from (f"Two shifts have the code {code}." for code in sorted({c for c in codes if codes.count(c) > 1}))
        if not self.cover or any(block.kind != "resident" for block in self.cover):
            yield "A weekly pattern gives resident cover. For people on call from home, use need()."
        bare = {start: people for (start, _), people in self.demand.items() if not self.givers(start)}
        handed_over = {start: over for start in bare if (over := self._handing_over(start))}
        if handed_over:
            first = min(handed_over)
            codes = sorted(set().union(*handed_over.values()))
            longest = max(shift.handover_minutes for shift in self.shifts if shift.code in codes)
            yield (
                f"the last {longest} minutes of {', '.join(codes)} are handover, not cover, and nobody else covers "
                f"them, such as from {DAYS[first // DAY]} {clock(first)}. Let the shifts overlap by that, or write "
                "handover_minutes: 0."
            )
        for start, people in bare.items():
            if start not in handed_over:
                yield f"No shift covers {DAYS[start // DAY]} {clock(start)}, when {people} must be there. Add one."

    def _handing_over(self, minute: int) -> set[str]:
        """Return the codes of the shifts that are handing over at a minute of the week."""
        return {
            shift.code
            for shift in self.shifts
            for day in map(DAYS.index, shift.days)
            if shift.cover_minutes <= (minute - DAY * day - shift.start_minute) % WEEK < shift.minutes
        }

    @cached_property
    def demand(self) -> dict[Span, int]:
        """People needed at once, by stretch of the week in which neither they nor the shifts at work change."""
        edges = {0, WEEK} | {t % WEEK for block in self.cover for span in block.spans for t in span}
        for shift in self.shifts:
            for day in range(7):
                start = DAY * day + shift.start_minute
                edges |= {start % WEEK, (start + shift.cover_minutes) % WEEK}
        times = sorted(edges)
        stretches = pairwise(times)
        found = {(start, end): people_at(self.cover, start) for start, end in stretches}
        return {stretch: people for stretch, people in found.items() if people}

    def givers(self, minute: int) -> list[tuple[int, Shift]]:
        """Return the (day of the week, shift) pairs that give cover at a minute of the week."""
        return [
            (day, shift)
            for shift in self.shifts
            for day in map(DAYS.index, shift.days)
            if (minute - DAY * day - shift.start_minute) % WEEK < shift.cover_minutes
        ]


def people_at(cover: Iterable[Cover], minute: int) -> int:
    """Return how many people the cover asks for at a minute of the week."""
    return sum(block.people for block in cover for start, end in block.spans if (minute - start) % WEEK < end - start)


def shared(one: Span, other: Span) -> int:
    """Return the minutes that two spans have in common; negative spans and overlaps count as none."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def exact(value: float) -> Fraction:
    """Return the number that was written, without the rounding of its float: 0.1 is 1/10."""
    return Fraction(str(value))


def clock(minute: int) -> str:
    """Return the time of day of a minute, as ``HH:MM``."""
    return f"{minute % DAY // 60:02d}:{minute % 60:02d}"


def faulty_days(days: tuple[str, ...]) -> Iterator[str]:
    """Say what is wrong with a list of days, if anything is."""
    unknown = [day for day in days if day not in DAYS]
    if unknown:
        yield f"{', '.join(map(str, unknown))}: not a day. The days are {', '.join(DAYS)}."
    if not days or len(set(days)) < len(days):
        yield "Name at least one day, and each day once."


def refuse(faults: Iterable[Fault]) -> None:
    """Raise ``InputError`` with every fault, if there are any."""
    found = list(faults)
    if found:
        raise InputError(found)


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")
    return 60 * int(hours) + int(minutes)
