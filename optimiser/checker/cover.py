"""From cover to people, in exact fractions, minute by minute of the week."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY, WEEK = 24 * 60, 7 * 24 * 60
TERMS = (
    "hours_a_plain_pa", "hours_a_premium_pa", "plain_from_hour", "plain_to_hour", "weeks_a_year", "working_weeks",
    "direct_care_pas",
)  # fmt: skip
"""What turns hours of cover into WTE, besides the days with plain time."""
LAW_NAMES = MappingProxyType(
    {
        "mean_hours": "mean_hours_per_week",
        "hours_in_168": "hours_in_any_168",
        "longest_shift_hours": "longest_shift_hours",
        "rest_hours": "rest_between_shifts_hours",
        "long_day_over_hours": "long_day_over_hours",
        "long_days_in_a_row": "long_days_in_a_row",
        "nights_in_a_row": "nights_in_a_row",
        "rest_after_nights_hours": "rest_after_nights_hours",
        "shifts_in_a_row": "shifts_in_a_row",
        "night_from_hour": "night_from",
        "night_to_hour": "night_to",
        "night_least_hours": "night_hours",
        "weeks_a_year": "weeks_per_year",
        "working_weeks": "working_weeks",
    }
)
"""A config's number of working time, and what the check of patterns calls it."""
WEEKENDS = ("weekends_worked", "weekends_counted")
UNSAID = "The cover asked for"

Stated = tuple[Fraction | None, str, bool]
"""A number with its source and whether that was verified."""


class Block(NamedTuple):
    """So many people at once, for the same hours of some days (``Mon`` to ``Sun``), over midnight where they run on."""

    days: Sequence[str]
    start: Any
    hours: Any
    people: Any
    kind: str = "resident"
    source: str = ""
    verified: bool = False

    def minutes(self) -> list[int]:
        """Return every minute of the week that it covers; one that two of its days cover is there twice."""
        first, length = int(self.start * 60), int(self.hours * 60)
        starts = (DAYS.index(day) * DAY + first for day in self.days if day in DAYS)
        return [(start + minute) % WEEK for start in starts for minute in range(length)]


class Step(NamedTuple):
    """One line of the sum. One that is worked out ``of`` others says ``how``, with a {} for each of them."""

    term: str
    exact: Fraction
    unit: str
    source: str
    verified: bool
    of: tuple[Step, ...] = ()

    def said(self, steps: Sequence[Step]) -> str:
        """Return where it comes from, in words: its source, or the places of those it was worked out of."""
        if not self.of:
            return self.source
        places = (next(n for n, step in enumerate(steps, start=1) if step is one) for one in self.of)
        words = self.source.format(*(f"step {place}" for place in places))
        return words[0].upper() + words[1:]


class KindOfShift(NamedTuple):
    """A kind of shift, as the config states it."""

    start: str
    end: str
    days: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """What a config asks of one rota: its cover, its shifts, and the need that follows, step by step."""

    blocks: tuple[Block, ...]
    shifts: Mapping[str, KindOfShift]
    steps: tuple[Step, ...]
    needed: Mapping[str, Step]
    one_in: Fraction | None = None

    @property
    def has_pattern(self) -> bool:
        """Whether it says how its cover is given: in shifts, or by people on call from home alone."""
        return bool(self.shifts) or not self.resident

    @property
    def resident(self) -> list[Block]:
        """The blocks in which people are in the hospital."""
        return [block for block in self.blocks if block.kind == "resident"]


def overlapping(blocks: Sequence[Block]) -> bool:
    """Whether some minute of the week is covered by two blocks of one kind."""
    for kind in {block.kind for block in blocks}:
        minutes = [minute for block in blocks if block.kind == kind for minute in block.minutes()]
        if len(minutes) > len(set(minutes)):
            return True
    return False


def needed_for(
    blocks: Sequence[Block],
    terms: Mapping[str, Stated],
    plain_days: Collection[str],
    stated: Mapping[str, Stated],
    *,
    hours_count: bool = True,
) -> tuple[tuple[Step, ...], dict[str, Step]]:
    """Work a need out: every step in order, and by unit the step that it ends in.

    ``stated`` holds what the rota states of ``people``, ``WTE`` and ``one_in``. Where the consultant contract does not
    count hours, presence takes no WTE.
    """
    resident = [block for block in blocks if block.kind == "resident" and hours_count]
    on_call = [block for block in blocks if block.kind == "on_call"]
    steps = _whole_time(resident, terms, plain_days) if resident else []
    full = steps[-1] if steps else None
    asked = {"hours": _up("people whom the hours take", full.exact, "{}, rounded up", full)} if full else {}
    steps += asked.values()
    if "one_in" in stated:
        seats = Step("people on call at once", Fraction(_most_at_once(on_call)), "people", *_origin(on_call))
        often = stated_step("on call at most 1 in", stated["one_in"], "people")
        asked["frequency"] = _up("people whom the frequency takes", seats.exact * often.exact, "{} × {}", seats, often)
        steps += [seats, often, asked["frequency"]]
    if "people" in stated:
        asked["floor"] = stated_step("people whom the standard asks for", stated["people"], "people")
        steps.append(asked["floor"])
    most = max((step.exact for step in asked.values()), default=Fraction(0))
    names = " and ".join(name for name, step in asked.items() if step.exact == most)
    if asked:
        steps.append(_up(f"people needed ({names})", most, _largest(len(asked)), *asked.values()))
    needed = {"people": steps[-1]} if stated.keys() & {"people", "one_in"} else {}
    if "WTE" in stated or ("people" not in stated and resident):
        wte = [full] if full else []
        if "WTE" in stated:
            wte.append(stated_step("WTE that the standard asks for", stated["WTE"], "WTE"))
            steps.append(wte[-1])
        steps.append(worked_step("WTE needed", max(step.exact for step in wte), "WTE", _largest(len(wte)), *wte))
        needed["WTE"] = steps[-1]
    return tuple(steps), needed


def _whole_time(resident: Sequence[Block], terms: Mapping[str, Stated], plain_days: Collection[str]) -> list[Step]:
    """Return the steps from hours of presence to WTE."""
    plain = premium = Fraction(0)
    begins, ends = ((terms[name][0] or Fraction(0)) * 60 for name in ("plain_from_hour", "plain_to_hour"))
    for block in resident:
        for minute in block.minutes():
            if DAYS[minute // DAY] in plain_days and begins <= minute % DAY < ends:
                plain += block.people
            else:
                premium += block.people
    source, verified = _origin(resident)
    # What counts as plain time is a term too.
    origin = source, verified and terms["plain_from_hour"][2] and terms["plain_to_hour"][2]
    hours = [
        Step("hours of cover in plain time", plain / 60, "hours a week", *origin),
        Step("hours of cover in premium time", premium / 60, "hours a week", *origin),
        stated_step("hours a PA in plain time", terms["hours_a_plain_pa"], "hours"),
        stated_step("hours a PA in premium time", terms["hours_a_premium_pa"], "hours"),
    ]
    activities = sum((a.exact / b.exact for a, b in zip(hours[:2], hours[2:], strict=True)), Fraction(0))
    plain_first = (hours[0], hours[2], hours[1], hours[3])
    weekly = worked_step("PAs that the cover takes", activities, "PAs a week", "{} ÷ {} + {} ÷ {}", *plain_first)
    leave = [
        stated_step("weeks a year", terms["weeks_a_year"], "weeks"),
        stated_step("weeks worked after leave", terms["working_weeks"], "weeks"),
        stated_step("direct-care PAs of a WTE", terms["direct_care_pas"], "PAs a week"),
    ]
    year, working, direct = (step.exact for step in leave)
    wte = weekly.exact * year / (working * direct)
    full = worked_step("WTE that the hours take", wte, "WTE", "{} × {} ÷ {} ÷ {}", weekly, *leave)
    return [*hours, weekly, *leave, full]


def _most_at_once(on_call: Sequence[Block]) -> Fraction:
    there: dict[int, Fraction] = {}
    for block in on_call:
        for minute in block.minutes():
            there[minute] = there.get(minute, Fraction(0)) + block.people
    return max(there.values(), default=Fraction(0))


def _origin(blocks: Sequence[Block]) -> tuple[str, bool]:
    """Return every source of some blocks, once each, and whether all were verified."""
    return "; ".join(dict.fromkeys(block.source or UNSAID for block in blocks)), all(b.verified for b in blocks)


def stated_step(term: str, figure: Stated, unit: str) -> Step:
    """Return a step that a figure of the config states."""
    return Step(term, figure[0] or Fraction(0), unit, *figure[1:])


def worked_step(term: str, exact: Fraction, unit: str, how: str, *of: Step) -> Step:
    """Return a step that is worked out of others, verified where all of them are."""
    return Step(term, exact, unit, how, all(step.verified for step in of), of)


def _up(term: str, exact: Fraction, how: str, *of: Step) -> Step:
    return worked_step(term, Fraction(math.ceil(exact)), "people", how, *of)


def _largest(of: int) -> str:
    return f"the largest of {', '.join(['{}'] * of)}" if of > 1 else "{}"
