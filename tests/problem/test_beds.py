"""Beds by the Erlang loss formula: the figures that the evidence states, and the exact edge of what is enough."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import pytest
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st

from optimiser.checker import run as checked
from optimiser.checker.question import Beds as StatedBeds
from optimiser.problem.beds import Stays, beds_needed, enough, erlang_loss, most_patients, staff_for_beds

# Strokes of 2021/22 at three hospitals; three days each, and 30% of arrivals turn out to be something else, for a day.
VOLUMES = (601, 669, 646)
STROKES = Stays(3, 0.3, 1)


def load(patients: float) -> Fraction:
    return STROKES.load(Fraction(patients))


def test_three_units_need_38_beds_and_one_needs_28_to_turn_away_one_in_a_hundred():
    assert [round(float(load(n)), 1) for n in VOLUMES] == [5.6, 6.3, 6.1]
    assert round(float(load(sum(VOLUMES))), 1) == 18.0
    assert [beds_needed(load(n), 0.01) for n in VOLUMES] == [12, 13, 13]
    assert beds_needed(load(sum(VOLUMES)), 0.01) == 28


def test_averages_would_miss_all_of_that():
    # Beds at 85% occupancy: 6.6 + 7.4 + 7.1 = 21.1 apart and 21.2 together.
    apart = [round(float(load(n)) / 0.85, 1) for n in VOLUMES]
    assert apart == [6.6, 7.4, 7.1]
    assert round(sum(apart), 1) == 21.1
    assert round(float(load(sum(VOLUMES))) / 0.85, 1) == 21.2


def test_twenty_beds_need_the_staff_that_the_college_says():
    per_bed = {"nurses": 2.9, "pt": 0.73 / 5, "ot": 0.68 / 5, "slt": 0.34 / 5, "psychology": 0.2 / 5, "diet": 0.15 / 5}
    expected = {"nurses": 58.0, "pt": 2.92, "ot": 2.72, "slt": 1.36, "psychology": 0.8, "diet": 0.6}
    assert staff_for_beds(20, per_bed) == pytest.approx(expected)


def test_the_loss_is_what_the_formula_says():
    # One bed and a load of one: half find it taken. Two beds: 1/2 / (1 + 1 + 1/2) = 1/5.
    assert erlang_loss(0, Fraction(3)) == 1
    assert erlang_loss(1, Fraction(1)) == Fraction(1, 2)
    assert erlang_loss(2, Fraction(1)) == Fraction(1, 5)
    sums = sum(Fraction(7, 2) ** k / factorial(k) for k in range(10))
    assert erlang_loss(9, Fraction(7, 2)) == Fraction(7, 2) ** 9 / factorial(9) / sums


def test_nobody_needs_no_bed_and_no_bed_takes_nobody():
    assert beds_needed(Fraction(0), 0.01) == 0
    assert most_patients(0, STROKES, 0.01) == 0


def test_a_share_that_is_exactly_allowed_is_allowed():
    # 365 days' stay: the load is the number of patients. One bed turns away exactly half of one, a fifth of a quarter.
    assert beds_needed(Fraction(1), 0.5) == 1
    assert beds_needed(Fraction(1), 0.2) == 2
    assert beds_needed(Fraction(1, 4), 0.2) == 1
    assert most_patients(1, Stays(365), 0.5, scale=10**6) == 1
    assert most_patients(1, Stays(365), 0.2, scale=10**6) == 0.25


@draws(200)
@given(
    beds=st.integers(0, 40),
    days=st.sampled_from([0.5, 3.0, 36.5, 365.0]),
    share=st.sampled_from([0.0, 0.3, 0.5]),
    blocking=st.sampled_from([0.001, 0.01, 0.2, 0.5]),
    scale=st.sampled_from([1, 10, 10**6]),
)
def test_the_most_patients_are_the_last_for_whom_so_many_beds_are_enough(
    beds: int, days: float, share: float, blocking: float, scale: int
):
    stays = Stays(days, share, 1.0)
    most = round(most_patients(beds, stays, blocking, scale=scale) * scale)
    here, beyond = (stays.load(Fraction(number, scale)) for number in (most, most + 1))
    assert enough(beds, here, blocking) and not enough(beds, beyond, blocking)
    assert beds_needed(here, blocking) <= beds < beds_needed(beyond, blocking)


@draws(200)
@given(
    patients=st.sampled_from([0, 1, 2.5, 7.333333, 601, 1916.25]) | st.integers(0, 3000),
    days=st.sampled_from([0.5, 3.0, 36.5]),
    share=st.sampled_from([0.0, 0.3, 0.5]),
    blocking=st.sampled_from([0.001, 0.01, 0.2, 0.5]),
)
def test_the_checker_s_sums_and_the_recursion_agree(patients: float, days: float, share: float, blocking: float):
    exactly = [Fraction(repr(value)) for value in (days, blocking, share, 1.0)]
    stated = StatedBeds._make([*exactly, {}, {}])
    number = Fraction(repr(patients))
    busy = Stays(days, share, 1.0).load(number)
    assert checked.busy_beds(stated, number) == busy
    needed = beds_needed(busy, blocking)
    assert checked.beds_for(stated, busy) == needed
    if busy:
        assert float(checked.share_turned_away(needed, busy)) == pytest.approx(erlang_loss(needed, float(busy)))
