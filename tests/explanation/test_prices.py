"""A post is worth what the best plan with it saves."""

from __future__ import annotations

import math

from worlds import small, three_doctors

from optimiser.explanation.price_of_a_post import price_of_a_post
from optimiser.problem import Figure, Team


def test_a_third_doctor_at_ash_saves_200_patient_minutes():
    # Ash has two of the three it needs, so only birch opens: 1000. With one more, both do: 800.
    (row,) = price_of_a_post(small(rotas=three_doctors())).itertuples()
    assert (row.team, row.unit, row.before, row.after, row.saved) == ("doctors", "people", 1000, 800, 200)
    assert row.measured_in == "patient-minutes a year"


def test_a_post_that_is_not_enough_saves_nothing_and_two_do():
    problem = small(rotas=three_doctors(), doctors={"ash": 1, "birch": 3})
    assert price_of_a_post(problem)["saved"].tolist() == [0]
    assert price_of_a_post(problem, posts=2)["saved"].tolist() == [200]


def test_a_post_may_make_a_plan_possible():
    (row,) = price_of_a_post(small(rotas=three_doctors(), at_least_sites=Figure(2))).itertuples()
    assert math.isnan(row.before)
    assert row.after == 800


def test_who_may_recruit_without_limit_has_no_price():
    problem = small(rotas=three_doctors(), team=Team("doctors", "doctors", Figure(0), None))
    assert price_of_a_post(problem).empty
