"""Rotas: the arithmetic from cover to people, the smallest legal pattern against an hour-by-hour replay, one vacancy.

The replay below knows nothing of the integer programme: it puts people on a clock of half hours and reads the rules
again from their words. Where all patterns of a small rota can be listed, they are, and the two must agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise, permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimiser.errors import InputError, NotProved, TooLarge
from optimiser.model import solver
from optimiser.problem import Figure
from optimiser.rotas import (
    DAYS,
    Contract,
    Cover,
    Pattern,
    Shape,
    Shift,
    WorkingTime,
    fragile,
    grid,
    need,
    smallest_legal,
)
from optimiser.rotas.programme import build
from optimiser.rotas.weekly import NO_DUTY, written

PAGE = (Path(__file__).parents[2] / "docs" / "rotas.md").read_text(encoding="utf-8")

DAY_SHIFT, NIGHT_SHIFT = Shift("D", "08:00", "20:00"), Shift("N", "20:00", "08:00")
ROUND_THE_CLOCK = Shape("24 hours, 7 days, one seat", (Cover(DAYS, 0, 24),), (DAY_SHIFT, NIGHT_SHIFT))
SIXTEEN_HOURS = Shape(
    "16 hours, 7 days, one seat",
    (Cover(DAYS, 8, 16),),
    (Shift("E", "08:00", "16:00"), Shift("L", "16:00", "24:00", 0)),
)
TWELVE_HOURS = Shape("12 hours, 7 days, one seat", (Cover(DAYS, 8, 12),), (Shift("D", "08:00", "20:00", 0),))
WEEKDAYS = Shape("Mon to Fri, 08:00 to 18:00, one seat", (Cover(DAYS[:5], 8, 10),), (Shift("D", "08:00", "18:00", 0),))
TWO_BY_DAY = Shape(
    "24 hours, 7 days, two seats by day, one by night",
    (Cover(DAYS, 8, 12, people=2), Cover(DAYS, 20, 12)),
    (DAY_SHIFT, NIGHT_SHIFT),
)
MINIMA = [
    (ROUND_THE_CLOCK, 4, 5),
    (SIXTEEN_HOURS, 4, 4),
    (TWELVE_HOURS, 2, 3),
    (WEEKDAYS, 2, 2),
    (TWO_BY_DAY, 6, 7),
]
LAW = WorkingTime()
COVERED_LEAVE = WorkingTime(prospective_cover=True)


@cache
def smallest(shape: Shape, law: WorkingTime = LAW) -> Pattern:
    return smallest_legal(shape, law)


def in_weeks(pattern: Pattern) -> pd.DataFrame:
    """Return a pattern with a row a week and a column a day, blank where nobody starts."""
    return grid(written("", pattern, (), pattern.people)).replace(NO_DUTY, "")


# ---------------------------------------------------------------- the replay

HALF_HOURS = 48  # a day
Weeks = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Facts:
    """What a pattern makes its people do, read off a clock of half hours."""

    mean_hours: float
    most_hours_in_168: float
    least_rest: float
    least_rest_after_nights: float
    long_in_a_row: float
    nights_in_a_row: float
    shifts_in_a_row: float
    weekends: tuple[bool, ...]


def clock_half_hours(time: str) -> int:
    hours, minutes = map(int, time.split(":"))
    assert minutes in (0, 30)
    return 2 * hours + minutes // 30


def spell(shift: Shift) -> tuple[int, int]:
    """Half hours from midnight to the start and to the end of work."""
    start, until = clock_half_hours(shift.start), clock_half_hours(shift.until)
    assert shift.handover_minutes % 30 == 0
    return start, (until if until > start else until + HALF_HOURS) + shift.handover_minutes // 30


def in_a_row(days: list[bool]) -> float:
    """Longest run on a ring."""
    if all(days):
        return np.inf
    longest = run = 0
    for day in days * 2:
        run = run + 1 if day else 0
        longest = max(longest, run)
    return longest


def replay(weeks: Weeks, shifts: dict[str, Shift]) -> Facts:
    """One person's cycle, then the same again, for ever."""
    days = [code for week in weeks for code in week]
    spells = {code: spell(shift) for code, shift in shifts.items()}
    nights = {
        code
        for code, (start, end) in spells.items()
        if sum(t % HALF_HOURS >= 46 or t % HALF_HOURS < 12 for t in range(start, end)) >= 6
    }
    long = {code for code, (start, end) in spells.items() if end - start > 20}
    at_work = np.zeros(len(days) * HALF_HOURS)
    worked = []
    for again in range(3):
        for day, code in enumerate(days):
            if code:
                start, end = spells[code]
                if again == 0:
                    np.add.at(at_work, np.arange(day * HALF_HOURS + start, day * HALF_HOURS + end) % len(at_work), 0.5)
                place = again * len(days) + day
                worked.append((place * HALF_HOURS + start, place * HALF_HOURS + end, place, code))
    rests = [
        ((later[0] - earlier[1]) / 2, earlier[3] in nights and not (later[3] in nights and later[2] == earlier[2] + 1))
        for earlier, later in pairwise(worked)
    ]
    ring = np.concatenate([[0], np.cumsum(np.tile(at_work, 3 if len(weeks) > 1 else 4))])
    weekend = at_work.reshape(len(weeks), 7, HALF_HOURS)[:, 5:].sum(axis=(1, 2)) > 0
    return Facts(
        mean_hours=at_work.sum() / len(weeks),
        most_hours_in_168=float((ring[336:] - ring[:-336]).max()),
        least_rest=min((rest for rest, _ in rests), default=np.inf),
        least_rest_after_nights=min((rest for rest, last in rests if last), default=np.inf),
        long_in_a_row=in_a_row([code in long for code in days]),
        nights_in_a_row=in_a_row([code in nights for code in days]),
        shifts_in_a_row=in_a_row([code != "" for code in days]),
        weekends=tuple(bool(w) for w in weekend),
    )


def breaches(facts: Facts, law: WorkingTime) -> list[str]:
    share = law.working_weeks.value / law.weeks_a_year.value if law.prospective_cover else 1
    worked = facts.weekends * (1 + int(law.weekends_counted.value))
    windows = [sum(worked[i : i + int(law.weekends_counted.value)]) for i in range(len(facts.weekends))]
    lawful = {
        "mean": facts.mean_hours <= law.mean_hours.value * share + 1e-9,
        "168": facts.most_hours_in_168 <= law.hours_in_168.value,
        "rest": facts.least_rest >= law.rest_hours.value,
        "rest after nights": facts.least_rest_after_nights >= law.rest_after_nights_hours.value,
        "long": facts.long_in_a_row <= law.long_days_in_a_row.value,
        "nights": facts.nights_in_a_row <= law.nights_in_a_row.value,
        "shifts": facts.shifts_in_a_row <= law.shifts_in_a_row.value,
        "weekends": max(windows) <= law.weekends_worked.value,
    }
    return [rule for rule, kept in lawful.items() if not kept]


def people_by_half_hour(pattern: Pattern) -> np.ndarray:
    """Put every person on the clock for a whole cycle: person i starts in week i."""
    people, shifts = pattern.people, {s.code: spell(s) for s in pattern.shape.shifts}
    clock = np.zeros(people * 7 * HALF_HOURS, dtype=int)
    for person in range(people):
        for week in range(people):
            for day, code in enumerate(pattern.weeks[(person + week) % people]):
                if code:
                    start, end = shifts[code]
                    at = (7 * week + day) * HALF_HOURS
                    clock[np.arange(at + start, at + end) % len(clock)] += 1
    return clock.reshape(people, 7, HALF_HOURS)


def wanted(shape: Shape) -> np.ndarray:
    asked = np.zeros((7, HALF_HOURS), dtype=int)
    for block in shape.cover:
        for day in block.days:
            for half in range(int(2 * block.start_hour), int(2 * (block.start_hour + block.hours))):
                asked[(DAYS.index(day) + half // HALF_HOURS) % 7, half % HALF_HOURS] += block.people
    return asked


# ---------------------------------------------------------------- (a) from cover to people


@pytest.mark.parametrize(
    ("start", "hours", "exact", "wte", "people"),
    [
        # 55 plain and 57 premium hours: (55/4 + 57/3) × 52/42 ÷ 7.5.
        (8, 16, Fraction(131, 4) * Fraction(52, 42) / Fraction(15, 2), 5.4, 6),
        # 55 plain and 29 premium.
        (8, 12, (Fraction(55, 4) + Fraction(29, 3)) * Fraction(52, 42) / Fraction(15, 2), 3.9, 4),
        # 60 plain and 108 premium.
        (0, 24, 51 * Fraction(52, 42) / Fraction(15, 2), 8.4, 9),
    ],
)
def test_one_consultant_present(start: int, hours: int, exact: Fraction, wte: float, people: int):
    found = need([Cover(DAYS, start, hours)], Contract())
    assert found.wte == float(exact)
    assert round(found.wte, 1) == wte
    assert (found.people, found.binds) == (people, ("hours",))
    step = found.steps.set_index("term").loc["WTE that the hours take"]
    assert step["exact"] == str(exact)
    assert not step["verified"]


def test_ten_consultants_are_roughly_two_present_for_sixteen_hours():
    assert 10 < need([Cover(DAYS, 8, 16, people=2)], Contract()).wte < 11


def test_on_call_from_home_frequency_binds_and_hours_are_not_invented():
    on_call = [Cover(DAYS, 0, 24, kind="on_call")]
    six, eight = (need(on_call, Contract(), one_in=Figure(n)) for n in (6, 8))
    assert (six.people, 3 * six.people, six.binds, six.wte) == (6, 18, ("frequency",), 0)
    assert eight.people == 8


def test_stroke_consultants_six_a_site_by_the_standard_whatever_the_cover():
    on_call = [Cover(DAYS, 0, 24, kind="on_call")]
    found = need(on_call, Contract(), floor_people=Figure(6, "the standard", True))
    assert (found.people, 3 * found.people, found.binds) == (6, 18, ("floor",))


def test_the_largest_binds_and_all_that_reach_it_are_named():
    day, night = Cover(DAYS, 8, 16), Cover(DAYS, 0, 8, kind="on_call")
    assert need([day, night], Contract(), one_in=Figure(5)).binds == ("hours",)
    assert need([day, night], Contract(), one_in=Figure(6)).binds == ("hours", "frequency")
    assert need([day, night], Contract(), one_in=Figure(6), floor_people=Figure(10)).people == 10


def test_two_on_call_at_once_need_twice_as_many():
    seats = [Cover(DAYS, 18, 14, kind="on_call"), Cover(("Sat", "Sun"), 8, 24, kind="on_call")]
    # Saturday at 18:00 both are on.
    assert need(seats, Contract(), one_in=Figure(6)).people == 12


def test_a_block_past_midnight_and_past_sunday_falls_into_the_right_time():
    # Sunday 20:00 to Monday 08:00: 11 premium hours and, from 07:00, one plain.
    steps = need([Cover(("Sun",), 20, 12)], Contract()).steps.set_index("term")["value"]
    assert steps["hours of cover in plain time"] == 1
    assert steps["hours of cover in premium time"] == 11


def test_every_step_can_be_worked_out_again_from_those_it_names():
    steps = need([Cover(DAYS, 8, 16)], Contract(), floor_people=Figure(4, "a college", True)).steps
    value = dict(zip(steps["step"], map(Fraction, steps["exact"]), strict=True))
    assert value[5] == value[1] / value[3] + value[2] / value[4]
    assert value[9] == value[5] * value[6] / value[7] / value[8]
    assert list(steps["step"]) == list(range(1, len(steps) + 1))
    assert (steps["value"] == [float(v) for v in value.values()]).all()
    assert steps.iloc[-1]["term"] == "people needed (hours)"
    assert steps.iloc[-1]["source"] == "The largest of step 10, step 11"


def test_every_term_is_a_parameter():
    cheap = Contract(direct_care_pas=Figure(10), working_weeks=Figure(52), hours_a_premium_pa=Figure(4))
    assert need([Cover(DAYS, 0, 24)], cheap).wte == 168 / 4 / 10


@pytest.mark.parametrize(
    ("cover", "options", "says"),
    [
        ([], {}, "no cover"),
        ([Cover(DAYS, 0, 24, kind="on_call")], {}, "State one_in"),
        ([Cover(DAYS, 0, 24)], {"one_in": Figure(6)}, "nobody is on call"),
        ([Cover(DAYS, 0, 24, kind="on_call")], {"one_in": Figure(0)}, "more often than 1 in 1"),
    ],
)
def test_cover_and_frequency_must_go_together(cover: list[Cover], options: dict[str, Figure], says: str):
    with pytest.raises(InputError, match=says):
        need(cover, Contract(), **options)


def test_all_faults_of_a_block_are_said_at_once():
    with pytest.raises(InputError) as refused:
        Cover(("Mon", "Moon"), 24, 25, people=0)
    assert len(refused.value.faults) == 4
    with pytest.raises(InputError, match="whole minute"):
        Cover(("Mon",), 8, 0.001)
    with pytest.raises(InputError) as refused:
        Contract(working_weeks=Figure(60), direct_care_pas=Figure(0), plain_days=())
    assert len(refused.value.faults) == 3


# ---------------------------------------------------------------- (b) the smallest legal pattern


@pytest.mark.parametrize(("shape", "without", "with_leave"), MINIMA, ids=lambda value: getattr(value, "name", None))
def test_minima_of_five_shapes_obey_every_rule_on_the_clock(shape: Shape, without: int, with_leave: int):
    for law, people in ((LAW, without), (COVERED_LEAVE, with_leave)):
        pattern = smallest(shape, law)
        assert pattern.people == people
        assert breaches(replay(pattern.weeks, {s.code: s for s in shape.shifts}), law) == []
        assert (people_by_half_hour(pattern) >= wanted(shape)).all()
        assert list(pattern.proof["people"]) == list(range(1, people + 1))
        assert list(pattern.proof["verdict"]) == ["too few"] * (people - 1) + ["found"]


def test_handovers_overlap_by_half_an_hour():
    clock = people_by_half_hour(smallest(ROUND_THE_CLOCK))
    at_eight, at_twenty = clock[:, :, 16], clock[:, :, 40]
    assert (at_eight == 2).all() and (at_twenty == 2).all()
    assert clock.sum() / 2 == 4 * 175


def exact_covers(shape: Shape, people: int) -> list[Weeks]:
    """Every way to give each shift of the week to one row, nobody starting two on a day."""
    codes = [s.code for s in shape.shifts]
    ways = [dict(zip(rows, codes, strict=True)) for rows in permutations(range(people), len(codes))]
    return [tuple(tuple(day.get(row, "") for day in week) for row in range(people)) for week in product(ways, repeat=7)]


def test_sixteen_hours_have_no_pattern_for_three_whoever_works_when():
    # List who has the two shifts of Saturday and of Sunday: whatever the week is like, two people work every weekend,
    # and of three weekends in a ring two are neighbours. More shifts than these would not make it fewer.
    for saturday, sunday in product(permutations(range(3), 2), repeat=2):
        worked = {*saturday, *sunday}
        assert any(row in worked and (row + 1) % 3 in worked for row in range(3))
    assert not has_pattern(SIXTEEN_HOURS, LAW, 3)


def test_twelve_hours_with_leave_have_no_pattern_for_two_by_listing_them_all():
    assert all(breaches(facts, COVERED_LEAVE) for facts in twelve_hours_for_two())
    assert not has_pattern(TWELVE_HOURS, COVERED_LEAVE, 2)


def test_weekdays_have_no_pattern_for_one_by_listing():
    shifts = {s.code: s for s in WEEKDAYS.shifts}
    weeks = [(("D",) * 5 + weekend,) for weekend in product(["", "D"], repeat=2)]
    assert all("mean" in breaches(replay(each, shifts), LAW) for each in weeks)


def test_round_the_clock_has_no_pattern_for_three_or_fewer():
    # By hours for all: 175 among three is 58.3 each, whoever works when. By listing too for two.
    shifts = {s.code: s for s in ROUND_THE_CLOCK.shifts}
    assert all("mean" in breaches(replay(weeks, shifts), LAW) for weeks in exact_covers(ROUND_THE_CLOCK, 2))
    # Three would not do even with any number of hours: two people work each weekend, and only one of three may.
    unlimited = replace(LAW, mean_hours=Figure(168))
    assert not any(has_pattern(ROUND_THE_CLOCK, law, n) for law in (LAW, unlimited) for n in (1, 2, 3))


def all_patterns(shape: Shape, people: int) -> list[Weeks]:
    """Every pattern that gives the cover, seats filled beyond it too, for shifts with one seat each."""
    options = []
    for day in DAYS:
        codes = [s.code for s in shape.shifts if day in s.days]
        every = product(["", *codes], repeat=people)
        options.append([rows for rows in every if set(codes) <= set(rows)])
    return [tuple(zip(*days, strict=True)) for days in product(*options)]


DAYS_ONLY_LAWS = [
    replace(LAW, **{name: Figure(value) for name, value in changes.items()})
    for changes in (
        {},
        {"mean_hours": 42},
        {"mean_hours": 41.9},
        {"hours_in_168": 48},
        {"hours_in_168": 47},
        {"hours_in_168": 36},
        {"rest_hours": 12},
        {"rest_hours": 13},
        {"long_days_in_a_row": 3},
        {"long_days_in_a_row": 2},
        {"long_days_in_a_row": 1},
        {"shifts_in_a_row": 2},
        {"shifts_in_a_row": 1},
        {"weekends_worked": 0},
        {"weekends_worked": 2},
        {"weekends_worked": 1, "weekends_counted": 3},
        {"weekends_worked": 2, "weekends_counted": 3, "shifts_in_a_row": 2},
    )
]


@pytest.mark.parametrize("law", DAYS_ONLY_LAWS, ids=range(len(DAYS_ONLY_LAWS)))
def test_programme_agrees_with_every_pattern_of_twelve_hours_for_two(law: WorkingTime):
    legal = any(not breaches(facts, law) for facts in twelve_hours_for_two())
    assert has_pattern(TWELVE_HOURS, law, 2) == legal


@cache
def twelve_hours_for_two() -> list[Facts]:
    patterns = all_patterns(TWELVE_HOURS, 2)
    assert len(patterns) == 3**7
    return [replay(weeks, {s.code: s for s in TWELVE_HOURS.shifts}) for weeks in patterns]


# Day and night from Friday to Sunday: 12 ways a day for three people.
LONG_WEEKEND = Shape(
    "weekend",
    (Cover(DAYS[4:], 8, 24),),
    tuple(replace(shift, days=DAYS[4:]) for shift in (DAY_SHIFT, NIGHT_SHIFT)),
)
NIGHT_LAWS = [
    replace(LAW, **{name: Figure(value) for name, value in changes.items()})
    for changes in (
        {},
        {"weekends_worked": 2},
        {"weekends_worked": 2, "weekends_counted": 3},
        {"weekends_worked": 2, "nights_in_a_row": 1},
        {"weekends_worked": 2, "nights_in_a_row": 1, "rest_after_nights_hours": 11},
        {"weekends_worked": 2, "nights_in_a_row": 2},
        {"weekends_worked": 2, "nights_in_a_row": 2, "rest_after_nights_hours": 24},
        {"weekends_worked": 2, "rest_after_nights_hours": 96},
        {"weekends_worked": 2, "rest_after_nights_hours": 150},
        {"weekends_worked": 2, "long_days_in_a_row": 2},
        {"weekends_worked": 2, "long_days_in_a_row": 1},
        {"weekends_worked": 2, "hours_in_168": 37},
        {"weekends_worked": 2, "hours_in_168": 25},
        {"weekends_worked": 2, "hours_in_168": 37, "nights_in_a_row": 1},
        {"weekends_worked": 2, "rest_hours": 24},
        {"weekends_worked": 2, "mean_hours": 25},
        {"weekends_worked": 2, "mean_hours": 24.9},
    )
]


@pytest.mark.parametrize("law", NIGHT_LAWS, ids=range(len(NIGHT_LAWS)))
def test_programme_agrees_with_every_pattern_of_a_weekend_for_three(law: WorkingTime):
    legal = any(not breaches(facts, law) for facts in weekends_for_three())
    assert has_pattern(LONG_WEEKEND, law, 3) == legal


@cache
def weekends_for_three() -> list[Facts]:
    patterns = all_patterns(LONG_WEEKEND, 3)
    assert len(patterns) == 12**3
    return [replay(weeks, {s.code: s for s in LONG_WEEKEND.shifts}) for weeks in patterns]


def has_pattern(shape: Shape, law: WorkingTime, people: int) -> bool:
    outcome = solver.run(build(shape, law, people).model)
    assert outcome.status in ("optimal", "infeasible")
    return outcome.status == "optimal"


def test_both_readings_are_seen_among_the_laws():
    for laws, facts in ((DAYS_ONLY_LAWS, twelve_hours_for_two()), (NIGHT_LAWS, weekends_for_three())):
        assert {any(not breaches(f, law) for f in facts) for law in laws} == {True, False}


def test_where_arithmetic_is_silent_the_solver_proves_that_there_is_none():
    # Never two days in a row: Saturday and Sunday fall to two people, and each may work 1 weekend in 2. So four.
    law = replace(LAW, shifts_in_a_row=Figure(1))
    proof = smallest(TWELVE_HOURS, law).proof
    assert list(proof["verdict"]) == ["too few", "no pattern", "no pattern", "found"]
    assert proof["why"].iloc[2] == "The solver proved that no cycle of 3 weeks gives the cover and obeys every rule."


def test_the_same_question_has_the_same_pattern_and_ties_go_to_the_first_in_order():
    first, second = (smallest_legal(TWELVE_HOURS, COVERED_LEAVE) for _ in range(2))
    assert first == second
    # Seven days in as few blocks as may be (two), one weekend worked, and as early as may be from Monday of week 1.
    assert first.weeks == (
        ("D", "D", "D", "D", "", "", ""),
        ("", "", "", "", "D", "D", "D"),
        ("", "", "", "", "", "", ""),
    )


def best_by_listing(shape: Shape, law: WorkingTime, people: int) -> Weeks:
    """The tie-break in its own words, over every pattern there is."""
    shifts = {s.code: s for s in shape.shifts}
    order = [s.code for s in shape.shifts] + [""]

    def key(weeks: Weeks) -> tuple[object, ...]:
        facts, days = replay(weeks, shifts), [code for week in weeks for code in week]
        blocks = sum(code != "" and code != days[i - 1] for i, code in enumerate(days))
        return facts.mean_hours, sum(facts.weekends), blocks, [order.index(code) for code in days]

    return min((w for w in all_patterns(shape, people) if not breaches(replay(w, shifts), law)), key=key)


def test_ties_are_settled_as_they_are_by_listing():
    assert smallest(TWELVE_HOURS).weeks == best_by_listing(TWELVE_HOURS, LAW, 2)
    lax = replace(LAW, weekends_worked=Figure(2))
    assert smallest(LONG_WEEKEND, lax).people == 2
    assert smallest(LONG_WEEKEND, lax).weeks == best_by_listing(LONG_WEEKEND, lax, 2)
    three = NIGHT_LAWS[9]
    assert smallest(LONG_WEEKEND, three).weeks == best_by_listing(
        LONG_WEEKEND, three, smallest(LONG_WEEKEND, three).people
    )


def test_nobody_starts_two_shifts_on_a_day():
    # Day and night of Wednesday alone: every other rule would let one person work both.
    shifts = tuple(replace(shift, days=("Wed",)) for shift in (DAY_SHIFT, NIGHT_SHIFT))
    assert smallest(Shape("wednesday", (Cover(("Wed",), 8, 24),), shifts)).people == 2


def test_a_friday_night_is_weekend_work():
    # Seen on the clock: nobody works on Saturday but the one who started on Friday.
    friday = Shape("friday night", (Cover(("Fri",), 20, 12),), (replace(NIGHT_SHIFT, handover_minutes=0),))
    assert smallest(friday).people == 2
    thursday = Shape("thursday night", (Cover(("Thu",), 20, 12),), (replace(NIGHT_SHIFT, handover_minutes=0),))
    assert smallest(thursday).people == 1


def test_table_has_one_row_a_week_and_day():
    pattern = smallest(ROUND_THE_CLOCK)
    table = written("24 hours", pattern, (), pattern.people)
    assert list(table.columns) == ["rota", "week", "day", "shift", "kind", "start", "end", "hours"]
    assert len(table) == 28
    assert tuple(table["day"][:7]) == DAYS
    night = table[table["shift"] == "N"].iloc[0]
    assert (night["start"], night["end"], night["hours"]) == ("20:00", "08:30", 12.5)
    off = table[table["shift"] == ""].iloc[0]
    assert (off["start"], off["end"], off["hours"]) == ("", "", 0)
    assert table["hours"].sum() / 4 == pattern.mean_hours == 43.75
    assert tuple(map(tuple, in_weeks(pattern).to_numpy())) == pattern.weeks


def test_shifts_that_cannot_do_are_refused():
    with pytest.raises(InputError, match=r"13\.5 hours"):
        smallest_legal(Shape("x", (Cover(DAYS, 8, 12),), (Shift("D", "08:00", "21:00"),)), LAW)
    with pytest.raises(InputError, match="handover, not cover, and nobody else covers them, such as from Mon 20:00"):
        Shape("x", (Cover(DAYS, 8, 16),), (Shift("D", "08:00", "20:00"),))
    with pytest.raises(InputError, match="use need"):
        Shape("x", (Cover(DAYS, 8, 12, kind="on_call"),), (DAY_SHIFT,))
    with pytest.raises(InputError) as refused:
        Shift("1", "8:00", "25:00", -1, ("Monday",))
    assert len(refused.value.faults) == 5
    with pytest.raises(InputError, match="whole numbers"):
        WorkingTime(nights_in_a_row=Figure(3.5))


def test_no_weekend_at_all_leaves_nobody_for_one():
    with pytest.raises(TooLarge):
        smallest_legal(TWELVE_HOURS, replace(LAW, weekends_worked=Figure(0)))


def test_out_of_time_is_said():
    with pytest.raises(NotProved, match="did not finish"):
        smallest_legal(TWO_BY_DAY, COVERED_LEAVE, time_limit_seconds=1e-9)


# ---------------------------------------------------------------- (c) one vacancy


def test_a_rota_with_just_enough_breaks_with_one_vacancy():
    table = fragile({"ash": 6, "birch": 6, "cedar": 5.4, "oak": 6}, {"ash": 6, "birch": 7, "cedar": 6.3})
    assert list(table["rota"][table["fragile"]]) == ["ash", "cedar", "oak"]
    assert list(table["short"]) == [1, 0, 0.1, 6]
    assert list(table["short_today"]) == [0, 0, 0, 6]


# ---------------------------------------------------------------- what docs/rotas.md says


def markdown(frame: pd.DataFrame) -> str:
    rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def sum_page() -> str:
    steps = need([Cover(DAYS, 8, 16)], Contract(), floor_people=Figure(4, "Made up for this page", False)).steps
    steps["value"] = [f"{value:.4g}" for value in steps["value"]]
    steps["verified"] = steps["verified"].map({True: "yes", False: "no"})
    return markdown(steps)


def presence_page() -> str:
    shapes = {"16 hours": (8, 16), "12 hours": (8, 12), "24 hours": (0, 24)}
    rows = []
    for name, (start, hours) in shapes.items():
        found = need([Cover(DAYS, start, hours)], Contract())
        rows.append((f"{name}, 7 days", f"{found.wte:.2f}", found.people))
    return markdown(pd.DataFrame(rows, columns=["one consultant present", "WTE", "whole people"]))


def minima_page() -> str:
    rows = []
    for shape, *_ in MINIMA:
        one, other = smallest(shape), smallest(shape, COVERED_LEAVE)
        shifts = ", ".join(f"{s.code} {s.start} to {s.end}" for s in shape.shifts)
        hours = f"{one.mean_hours * one.people:g}"
        rows.append(
            (shape.name, shifts, hours, one.people, f"{one.mean_hours:g}", other.people, f"{other.mean_hours:g}")
        )
    columns = ["cover", "shifts", "hours a week", "fewest people", "hours each", "fewest with leave", "hours each "]
    return markdown(pd.DataFrame(rows, columns=columns)).replace("hours each  |", "hours each |")


def proof_page(shape: Shape, law: WorkingTime) -> str:
    return markdown(smallest(shape, law).proof)


def grid_page(shape: Shape, law: WorkingTime) -> str:
    return markdown(in_weeks(smallest(shape, law)).reset_index()).replace("|  |", "| |").replace("|  |", "| |")


def law_page() -> str:
    table = LAW.table()
    table["value"] = [f"{value:g}" for value in table["value"]]
    table["verified"] = table["verified"].map({True: "yes", False: "no"})
    return markdown(table)


PARTS = {
    "sum": sum_page,
    "presence": presence_page,
    "minima": minima_page,
    "pattern for four": lambda: grid_page(ROUND_THE_CLOCK, LAW),
    "pattern for five": lambda: grid_page(ROUND_THE_CLOCK, COVERED_LEAVE),
    "proof": lambda: proof_page(ROUND_THE_CLOCK, LAW),
    "proof of sixteen hours": lambda: proof_page(SIXTEEN_HOURS, LAW),
    "law": law_page,
}


@pytest.mark.parametrize("part", PARTS)
def test_the_page_says_what_the_code_does(part: str):
    assert PARTS[part]() in PAGE
