"""From cover to people: consultant contract arithmetic, printed step by step, travel, and what one vacancy does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Literal

import pandas as pd

from optimiser.errors import Fault
from optimiser.problem import Figure
from optimiser.rotas.cover import DAY, DAYS, WEEK, Cover, Span, exact, faulty_days, people_at, refuse, shared

Binding = Literal["hours", "frequency", "floor"]

FULL = "WTE that the hours take"

STEP_COLUMNS = ["step", "term", "exact", "value", "unit", "source", "verified"]

_ADVERT = "NHS advertisement for a consultant post: 10 programmed activities of 4 hours, typically 7.5 of direct care"
_NOT_READ = "General knowledge of the 2003 consultant contract; the text was not read"


@dataclass(frozen=True)
class Contract:
    """Terms that turn hours of cover into whole-time equivalents (WTE). A PA is a programmed activity.

    Plain time lies between two hours of ``plain_days``; all other time is premium.
    """

    hours_a_plain_pa: Figure = Figure(4, _ADVERT, True)
    hours_a_premium_pa: Figure = Figure(3, _NOT_READ, False)
    plain_from_hour: Figure = Figure(7, _NOT_READ, False)
    plain_to_hour: Figure = Figure(19, _NOT_READ, False)
    weeks_a_year: Figure = Figure(52, "Calendar", True)
    working_weeks: Figure = Figure(42, "Common convention for weeks left after leave; not read in a source", False)
    direct_care_pas: Figure = Figure(7.5, _ADVERT, True)
    plain_days: tuple[str, ...] = DAYS[:5]

    def __post_init__(self) -> None:
        refuse(Fault("contract", message) for message in self._faults())

    def _faults(self) -> Iterator[str]:
        yield from faulty_days(self.plain_days)
        for each in fields(self):
            figure = getattr(self, each.name)
            if isinstance(figure, Figure) and figure.value <= 0 and each.name != "plain_from_hour":
                yield f"{each.name} is {figure.value:g}. It must be more than 0."
        if not 0 <= self.plain_from_hour.value < self.plain_to_hour.value <= 24:
            yield "Plain time starts before it ends, between hours 0 and 24."
        if self.working_weeks.value > self.weeks_a_year.value:
            yield "There are more working weeks than weeks in the year."
        if any((60 * exact(figure.value)).denominator > 1 for figure in (self.plain_from_hour, self.plain_to_hour)):
            yield "Plain time starts and ends on a whole minute."

    @property
    def plain_spans(self) -> tuple[Span, ...]:
        """Plain time, in minutes of the week."""
        start, end = (int(60 * exact(figure.value)) for figure in (self.plain_from_hour, self.plain_to_hour))
        return tuple((DAY * DAYS.index(day) + start, DAY * DAYS.index(day) + end) for day in self.plain_days)


@dataclass(frozen=True)
class Need:
    """What one rota needs, and why.

    Attributes
    ----------
    wte
        WTE that the resident hours take. 0 without any: hours worked while on call from home are not invented.
    people
        People who must share the rota: the most of what hours, frequency and the standard's floor ask for.
    binds
        Which of the three ask for that many.
    sums
        The arithmetic, to go on from.
    """

    wte: float
    people: int
    binds: tuple[Binding, ...]
    sums: Sums = field(compare=False, repr=False)

    @property
    def steps(self) -> pd.DataFrame:
        """The arithmetic: step, term, exact (a fraction), value, unit, source, verified."""
        return pd.DataFrame(self.sums.rows(), columns=STEP_COLUMNS)


@dataclass(frozen=True)
class Step:
    """One line of a sum."""

    number: int
    term: str
    exact: Fraction
    unit: str
    source: str
    verified: bool


class Sums:
    """Steps of a sum, in the order in which they are said."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def known(self, term: str) -> Step | None:
        """Return the step that gives a term, if there is one."""
        return next((step for step in self.steps if step.term == term), None)

    def given(self, term: str, value: Fraction, unit: str, source: str, verified: bool) -> Step:
        """Add a step that is given."""
        self.steps.append(Step(len(self.steps) + 1, term, value, unit, source, verified))
        return self.steps[-1]

    def figure(self, term: str, figure: Figure, unit: str) -> Step:
        """Return the step that a figure gives, added unless it was said before."""
        return self.known(term) or self.given(term, exact(figure.value), unit, figure.source, figure.verified)

    def asked(self, term: str, value: Fraction, unit: str, cover: Sequence[Cover], *terms: Figure) -> Step:
        """Add a step that the cover gives, by some terms: verified if the cover and they are."""
        source = "; ".join(dict.fromkeys(block.source for block in cover))
        verified = all(block.verified for block in cover) and all(figure.verified for figure in terms)
        return self.given(term, value, unit, source, verified)

    def worked(self, term: str, value: Fraction, unit: str, how: str, *of: Step) -> Step:
        """Add a step worked out from others, verified if they all are. ``how`` has a {} for each of them."""
        said = how.format(*(f"step {step.number}" for step in of))
        return self.given(term, value, unit, said[0].upper() + said[1:], all(step.verified for step in of))

    def rows(self) -> list[tuple[object, ...]]:
        """Return the steps as rows of ``rota_needs.csv``, without the name of the rota."""
        return [(s.number, s.term, str(s.exact), float(s.exact), s.unit, s.source, s.verified) for s in self.steps]


def need(
    cover: Iterable[Cover],
    contract: Contract,
    *,
    floor_people: Figure | None = None,
    floor_wte: Figure | None = None,
    one_in: Figure | None = None,
    hours_count: bool = True,
) -> Need:
    """Work out how many people a rota needs, from the cover it gives.

    Resident hours take WTE = (plain hours / 4 + premium hours / 3) × 52 / 42 ÷ direct-care PAs a WTE, every number a
    term of the contract. On call from home, nobody is on more often than 1 in so many. The need is the larger of the
    two, and never below the standard's own floor.

    Parameters
    ----------
    cover
        The blocks of one rota's cover.
    floor_people, floor_wte
        What the standard asks for whatever the cover. That in WTE takes no step here: see ``with_wte``.
    one_in
        On call from home at most 1 in so many; people for each seat.
    hours_count
        Whether resident hours take WTE by this contract. Not those of people who work shifts under another.

    Raises
    ------
    InputError
        If there is no cover, or on-call cover and frequency do not go together.
    """
    blocks = tuple(cover)
    resident, on_call = ([b for b in blocks if b.kind == kind] for kind in ("resident", "on_call"))
    refuse(Fault("rota", message) for message in _unfit(blocks, on_call, floor_people or floor_wte, one_in))
    sums = Sums()
    asked: dict[Binding, Step] = {}
    wte = Fraction(0)
    if resident and hours_count:
        full = _whole_time(sums, resident, contract)
        wte = full.exact
        people = Fraction(math.ceil(wte))
        asked["hours"] = sums.worked("people whom the hours take", people, "people", "{}, rounded up", full)
    if one_in is not None:
        asked["frequency"] = _frequency(sums, on_call, one_in)
    if floor_people is not None:
        asked["floor"] = sums.figure("people whom the standard asks for", floor_people, "people")
    if asked:
        binds, most = _binding(asked), Fraction(math.ceil(max(step.exact for step in asked.values())))
        _largest(sums, f"people needed ({' and '.join(binds)})", "people", list(asked.values()), most)
        return Need(float(wte), int(most), binds, sums)
    return Need(0.0, math.ceil(floor_wte.value if floor_wte else 0), ("floor",), sums)


def with_wte(sums: Sums, floor_wte: Figure | None = None) -> Step:
    """Add the steps that end in the WTE needed: what the hours take, or what the standard asks for if that is more.

    Raises
    ------
    InputError
        If neither hours nor a standard ask for any WTE.
    """
    asked = [step] if (step := sums.known(FULL)) else []
    if floor_wte is not None:
        asked.append(sums.figure("WTE that the standard asks for", floor_wte, "WTE"))
    refuse([] if asked else [Fault("rota", "Nobody is resident, so no WTE can be worked out. State people, or wte.")])
    return _largest(sums, "WTE needed", "WTE", asked, max(step.exact for step in asked))


def _largest(sums: Sums, term: str, unit: str, asked: Sequence[Step], most: Fraction) -> Step:
    """Add the last step: the most of all that is asked for."""
    how = f"the largest of {', '.join('{}' for _ in asked)}" if len(asked) > 1 else "{}"
    return sums.worked(term, most, unit, how, *asked)


def _binding(asked: Mapping[Binding, Step]) -> tuple[Binding, ...]:
    most = max(step.exact for step in asked.values())
    return tuple(name for name, step in asked.items() if step.exact == most)


def _unfit(
    cover: Sequence[Cover], on_call: Sequence[Cover], floor: Figure | None, one_in: Figure | None
) -> Iterator[str]:
    if not cover:
        yield "There is no cover to give. Name days, start and hours."
    if on_call and one_in is None and floor is None:
        yield "Cover on call from home needs its frequency. State one_in, or the standard's floor."
    if one_in is not None and not on_call:
        yield "A frequency is stated, but nobody is on call from home. Leave out one_in, or add on-call cover."
    if one_in is not None and one_in.value < 1:
        yield f"one_in is {one_in.value:g}. Nobody is on call more often than 1 in 1."
    if floor is not None and floor.value < 0:
        yield f"The standard's floor is {floor.value:g}. It cannot be less than 0."


def _whole_time(sums: Sums, resident: Sequence[Cover], contract: Contract) -> Step:
    """Add the steps from resident hours to WTE."""
    plain, premium = _hours(resident, contract)
    per_week = "hours a week"
    clock = (contract.plain_from_hour, contract.plain_to_hour)
    first = sums.asked("hours of cover in plain time", plain, per_week, resident, *clock)
    second = sums.asked("hours of cover in premium time", premium, per_week, resident, *clock)
    third = sums.figure("hours a PA in plain time", contract.hours_a_plain_pa, "hours")
    fourth = sums.figure("hours a PA in premium time", contract.hours_a_premium_pa, "hours")
    pas = sums.worked(
        "PAs that the cover takes",
        plain / third.exact + premium / fourth.exact,
        "PAs a week",
        "{} ÷ {} + {} ÷ {}",
        *(first, third, second, fourth),
    )
    year, working, direct = _weeks_and_care(sums, contract)
    wte = pas.exact * year.exact / working.exact / direct.exact
    return sums.worked(FULL, wte, "WTE", "{} × {} ÷ {} ÷ {}", pas, year, working, direct)


def _weeks_and_care(sums: Sums, contract: Contract) -> tuple[Step, Step, Step]:
    """Return the steps that turn PAs a week, all year round, into WTE."""
    return (
        sums.figure("weeks a year", contract.weeks_a_year, "weeks"),
        sums.figure("weeks worked after leave", contract.working_weeks, "weeks"),
        sums.figure("direct-care PAs of a WTE", contract.direct_care_pas, "PAs a week"),
    )


def _hours(resident: Sequence[Cover], contract: Contract) -> tuple[Fraction, Fraction]:
    """Return the person-hours a week in plain and in premium time."""
    total = plain = 0
    for block in resident:
        for start, end in block.spans:
            total += block.people * (end - start)
            for at in (0, -WEEK):
                span = (start + at, end + at)
                plain += block.people * sum(shared(span, window) for window in contract.plain_spans)
    return Fraction(plain, 60), Fraction(total - plain, 60)


def _frequency(sums: Sums, on_call: Sequence[Cover], one_in: Figure) -> Step:
    """Add the steps from on-call seats and frequency to people."""
    starts = [start % WEEK for block in on_call for start, _ in block.spans]
    seats = Fraction(max(people_at(on_call, start) for start in starts))
    at_once = sums.asked("people on call at once", seats, "people", on_call)
    often = sums.figure("on call at most 1 in", one_in, "people")
    people = Fraction(math.ceil(seats * often.exact))
    return sums.worked("people whom the frequency takes", people, "people", "{} × {}", at_once, often)


# -- one team across sites ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Travel:
    """Trips a week from where a team is based to each other site, and the minutes there and back by site.

    ``table`` is the one that says so.
    """

    base: str
    trips: Figure
    ways: Mapping[str, tuple[float, float]]
    table: str = "transfers.csv"


@dataclass(frozen=True)
class AtSites:
    """What a team's rota takes at each site in WTE, travel included."""

    base: Fraction
    others: Mapping[str, Fraction]
    verified: bool


def with_travel(sums: Sums, contract: Contract, travel: Travel) -> AtSites:
    """Add the steps in which travel is turned into WTE, plain time all of it, to those of a need at one site."""
    there = sums.known(FULL)
    hours = there.exact if there else Fraction(0)
    plain = sums.figure("hours a PA in plain time", contract.hours_a_plain_pa, "hours")
    terms = [plain, *_weeks_and_care(sums, contract)]
    trips = sums.figure("trips a week to each other site", travel.trips, "trips a week")
    takes = {site: _trip(sums, travel, site, trips, terms) for site in travel.ways}
    verified = all(step.verified for step in (*([there] if there else []), *takes.values()))
    return AtSites(hours, {site: hours + step.exact for site, step in takes.items()}, verified)


def _trip(sums: Sums, travel: Travel, site: str, trips: Step, terms: list[Step]) -> Step:
    """Add the steps from minutes between the base and one site to WTE."""
    road = f"{travel.table}, times the travel factor"
    out, back = (
        sums.given(f"minutes from {one} to {other}", exact(minutes), "minutes", road, True)
        for (one, other), minutes in zip(((travel.base, site), (site, travel.base)), travel.ways[site], strict=True)
    )
    hours = trips.exact * (out.exact + back.exact) / 60
    week = sums.worked(f"hours of travel to {site}", hours, "hours a week", "{} × ({} + {}) ÷ 60", trips, out, back)
    plain, year, working, direct = terms
    wte = week.exact / plain.exact * year.exact / working.exact / direct.exact
    how = "{} ÷ {} × {} ÷ {} ÷ {}"
    return sums.worked(f"WTE that travel to {site} takes", wte, "WTE", how, week, plain, year, working, direct)


# -- one vacancy -------------------------------------------------------------------------------------


def fragile(needed: Mapping[str, float], staff: Mapping[str, float]) -> pd.DataFrame:
    """Try one vacancy on every rota: which fall below their need?

    Parameters
    ----------
    needed, staff
        People (or WTE) by rota. A rota without staff has 0.

    Returns
    -------
    DataFrame
        One row a rota, in the order of ``needed``: rota, needed, staff, with_one_vacancy, short (by how many it is then
        below its need), short_today (without any vacancy), fragile (true if short).
    """
    rows = []
    for rota, least in needed.items():
        here = staff.get(rota, 0)
        left = max(Fraction(0), exact(here) - 1)
        short, today = (float(max(Fraction(0), exact(least) - has)) for has in (left, exact(here)))
        rows.append((rota, float(least), float(here), float(left), short, today, short > 0))
    columns = ["rota", "needed", "staff", "with_one_vacancy", "short", "short_today", "fragile"]
    return pd.DataFrame(rows, columns=columns)
