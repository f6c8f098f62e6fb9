"""How a rota gives its cover within the law, as it is written down: people, their shifts, and who is on call from home.

A legal pattern for some people stays legal for more: a free week put between two weeks breaks no rule of working time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from optimiser.errors import Fault, InputError, NotProved, TooLarge
from optimiser.rotas.cover import ASKED, DAY, DAYS, WEEK, Cover, Kind, Shape, clock, exact, shared
from optimiser.rotas.law import WorkingTime
from optimiser.rotas.pattern import Pattern, smallest_legal

COLUMNS = ["rota", "week", "day", "shift", "kind", "start", "end", "hours"]
ON_CALL_CODE = "C"
NO_DUTY = "–"

# One person takes Saturday and Sunday together. Days are dealt backwards, so that going round week by week the days
# between two turns are about as many each time, over the end of the cycle too.
_TURNS = (("Sat", "Sun"), ("Fri",), ("Thu",), ("Wed",), ("Tue",), ("Mon",))


@dataclass(frozen=True)
class Duty:
    """A shift, or a stretch on call from home. ``start`` counts from Monday 00:00 of week 1, in minutes."""

    start: int
    minutes: int
    code: str
    kind: Kind

    def clashes(self, other: Duty, cycle: int, apart: int) -> bool:
        """Whether one person cannot do both so many minutes apart, going round a cycle of minutes."""
        span = (self.start - apart, self.start + self.minutes + apart)
        one = (other.start, other.start + other.minutes)
        return any(shared(span, (one[0] + at, one[1] + at)) for at in (-cycle, 0, cycle))


@dataclass(frozen=True)
class Roster:
    """The cover that a rota gives, and the law that its pattern must not break.

    Attributes
    ----------
    name
        What the rota is called: service and team.
    law
        Rules of working time, for its shifts.
    people
        How many the rota needs; its pattern has at least as many weeks.
    shape
        The resident cover and its shifts; None where nobody is resident.
    on_call
        The cover on call from home.
    shared_on_call
        Whether one team over several sites is on call for all of them at once.
    """

    name: str
    law: WorkingTime
    people: int
    shape: Shape | None = None
    on_call: tuple[Cover, ...] = ()
    shared_on_call: bool = False

    def at_sites(self, sites: int, people: int) -> Roster:
        """Return that of one team over so many sites: cover at each, but on call once where that is shared."""
        if not sites:
            return self
        shape = self.shape and replace(self.shape, cover=_times(self.shape.cover, sites))
        on_call = self.on_call if self.shared_on_call else _times(self.on_call, sites)
        return replace(self, people=people, shape=shape, on_call=on_call)

    def smallest(self) -> Pattern | None:
        """Return the smallest legal pattern of the resident cover; None where nobody is resident.

        Raises
        ------
        InputError
            If there is none; the message names the rota and says why.
        NotProved
            If the solver needs longer than it has.
        """
        if self.shape is None:
            return None
        try:
            return replace(_smallest(_without_names(self.shape), self.law), shape=self.shape)
        except TooLarge as error:
            raise InputError([Fault(f"rota {self.name}", str(error).removeprefix(f"{_ANY}: "))]) from error
        except NotProved as error:
            raise NotProved(f"rota {self.name}: {error}") from error

    def table(self) -> pd.DataFrame:
        """Return the weekly pattern that everybody on the rota works: one row a week, day and duty."""
        return _written(self.name, self.smallest(), self.on_call, self.people)


def _times(cover: tuple[Cover, ...], sites: int) -> tuple[Cover, ...]:
    return tuple(replace(block, people=block.people * sites) for block in cover)


_ANY = "the rota"
_smallest = cache(smallest_legal)


def _without_names(shape: Shape) -> Shape:
    """Return a shape that is equal to every other of the same cover and shifts, whatever they are called."""
    return Shape(_ANY, tuple(replace(block, source=ASKED, verified=True) for block in shape.cover), shape.shifts)


def written(name: str, pattern: Pattern | None, on_call: Sequence[Cover], people: int) -> pd.DataFrame:
    """Return a rota's pattern for at least so many people, as rows of ``rotas.csv``: one a week, day and duty.

    Resident cover is given as in ``pattern``, its weeks spread evenly among free ones. Days on call go round, each to
    the next person who is not at work then, nor in the hours before and after that the law keeps between shifts if
    anybody is free for so long. There are more people than asked for if it takes them.
    """
    people = max(people, pattern.people if pattern else 1)
    rest = int(pattern.law.minutes("rest_hours")) if pattern else 0
    while True:
        duties = list(_resident(pattern, people)) if pattern else []
        if all(_dealt(duties, turn, people, (rest, 0)) for turn in _dealing(on_call, people)):
            return _table(name, duties, people)
        people += 1


_written = cache(written)


def grid(table: pd.DataFrame) -> pd.DataFrame:
    """Return one rota's rows of ``rotas.csv`` as people read them: a row a week, a column a day, ``–`` where free."""
    codes = table["shift"].replace("", NO_DUTY).groupby([table["week"], table["day"]], sort=False).agg(" ".join)
    return codes.unstack("day")[list(DAYS)].rename_axis(columns=None)


def legend(table: pd.DataFrame) -> list[str]:
    """Return what the codes of one rota's rows mean, a line each: ``N 20:00 to 08:30``."""
    kinds = table[table["shift"] != ""].drop_duplicates(["shift", "kind", "start", "end"])
    home = {"resident": "", "on_call": ", on call from home"}
    return [f"{row.shift} {row.start} to {row.end}{home[str(row.kind)]}" for row in kinds.itertuples()]


def drawn(table: pd.DataFrame) -> list[str]:
    """Return one rota's rows as lines of text: its name and people, its grid, and what its codes mean."""
    people = int(table["week"].max())
    each = "Everybody works week 1, then week 2 and so on, round and round, and starts in a week of their own."
    heading = (
        f"{table['rota'].iloc[0]}: {people} people. {each}" if people > 1 else f"{table['rota'].iloc[0]}: 1 person."
    )
    return [heading, *grid(table).to_string().splitlines(), *legend(table), *_free_weeks(table)]


def _free_weeks(table: pd.DataFrame) -> list[str]:
    """Say what weeks without a shift are: the pattern has the cover asked for and nothing else of anybody's work."""
    free = int((table.assign(worked=table["shift"] != "").groupby("week")["worked"].sum() == 0).sum())
    weeks = "1 week has" if free == 1 else f"{free} weeks have"
    return [f"{weeks} no shift: time for clinics, wards and leave. A lawful way to give the cover, no job plan."] * (
        free > 0
    )


def _resident(pattern: Pattern, people: int) -> Iterator[Duty]:
    shifts = {shift.code: shift for shift in pattern.shape.shifts}
    for number, codes in enumerate(pattern.weeks):
        week = number * people // pattern.people
        for day, code in enumerate(codes):
            if code:
                start = week * WEEK + day * DAY + shifts[code].start_minute
                yield Duty(start, shifts[code].minutes, code, "resident")


@dataclass(frozen=True)
class _Turn:
    """What one person on call takes together, and the week of the cycle in which it should stand."""

    duties: tuple[Duty, ...]
    week: int


def _dealing(on_call: Sequence[Cover], people: int) -> Iterator[_Turn]:
    """Yield the turns on call of a week, for each person who is on call at once."""
    seats = max((block.people for block in on_call), default=0)
    for seat in range(seats):
        found = [duties for days in _TURNS if (duties := tuple(_on_call_duties(on_call, days, seat)))]
        for number, duties in enumerate(found):
            week = number * people // len(found) if people >= len(found) else number
            yield _Turn(duties, week + seat * max(1, people // seats))


def _on_call_duties(on_call: Sequence[Cover], days: Sequence[str], seat: int) -> Iterator[Duty]:
    for block in on_call:
        for day in (day for day in days if day in block.days and seat < block.people):
            start = DAY * DAYS.index(day) + int(exact(block.start_hour) * 60)
            yield Duty(start, int(exact(block.hours) * 60), ON_CALL_CODE, "on_call")


def _dealt(duties: list[Duty], turn: _Turn, people: int, rests: Sequence[int]) -> bool:
    """Give a turn to the first person, from its own week on, who is free for all of it; False if nobody is."""
    for apart in rests:
        for week in range(turn.week, turn.week + people):
            at = week % people * WEEK
            wanted = [replace(duty, start=duty.start + at) for duty in turn.duties]
            at_work = [duty for duty in duties if duty.kind == "resident"]
            if not (_clash(wanted, duties, people, 0) or _clash(wanted, at_work, people, apart)):
                duties.extend(wanted)
                return True
    return False


def _clash(wanted: Sequence[Duty], duties: Sequence[Duty], people: int, apart: int) -> bool:
    return any(one.clashes(other, people * WEEK, apart) for one in wanted for other in duties)


def _table(name: str, duties: Sequence[Duty], people: int) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for place in range(7 * people):
        here = sorted((d for d in duties if d.start // DAY == place), key=lambda duty: (duty.start, duty.kind))
        for duty in here:
            times = (clock(duty.start), clock(duty.start + duty.minutes), duty.minutes / 60)
            rows.append((name, place // 7 + 1, DAYS[place % 7], duty.code, duty.kind, *times))
        if not here:
            rows.append((name, place // 7 + 1, DAYS[place % 7], "", "", "", "", 0.0))
    return pd.DataFrame(rows, columns=COLUMNS)
