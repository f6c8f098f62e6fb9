"""What each parameter does by itself: as solving the question anew at that value finds it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from shipped import answer

import optimiser as op
from optimiser.errors import NoPlan
from optimiser.problem.parameters import parameters
from optimiser.scenarios import alone
from optimiser.scenarios.alone import effects, ends
from optimiser.scenarios.courses import NotWorkedOut


def test_at_each_end_the_best_is_what_the_solver_finds_there():
    plan = answer("tiny")
    found = effects(plan)
    assert [one.parameter.name for one in found] == list(parameters(plan.problem))
    for one in found:
        assert one.ends
        for there in one.ends:
            varied = one.parameter.apply(plan.problem, there.value)
            try:
                best = op.solve(varied)
            except NoPlan:
                assert there.best is None
                continue
            here = op.evaluate(varied, plan.designated)
            assert (there.least, there.comes_to) == pytest.approx(
                (best.proof.objectives[0].value, here.proof.objectives[0].value)
            )
            assert there.lawful == here.broken.empty
            assert there.is_best == (there.lawful and there.comes_to == pytest.approx(there.least))


def test_one_doctor_fewer_leaves_a_clinic_short_and_ten_percent_fewer_patients_change_nothing():
    found = {one.parameter.name: one for one in effects(answer("tiny"))}
    doctors, visits = found["staff.doctors.people"], found["demand_factor.visit"]
    fewer, more = doctors.ends
    # Of six doctors the plan's two clinics need three each.
    assert (fewer.value, fewer.lawful, fewer.is_best) == (5, False, False)
    assert (more.value, more.is_best, doctors.turns) == (7, True, True)
    assert not visits.turns and visits.changes == pytest.approx((-0.1, 0.1))
    # At 0.7 times as many patients one clinic sees fewer than the 70 that it must.
    assert visits.switching and visits.switching.down == Fraction(7, 10)


def test_the_range_by_convention_is_a_tenth_and_of_whole_numbers_at_least_one():
    problem = answer("tiny").problem
    found = {name: [*ends(one, problem)] for name, one in parameters(problem).items()}
    assert found["minimum_patients.walk_in"] == [63, 77]
    assert found["staff.doctors.people.cedar"] == [0, 2]
    assert found["journey_factor"] == [Fraction(9, 10), Fraction(11, 10)]


def test_what_would_take_too_long_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(alone, "MOST_WORK", 100)
    with pytest.raises(NotWorkedOut, match="too many designations"):
        effects(answer("tiny"))
