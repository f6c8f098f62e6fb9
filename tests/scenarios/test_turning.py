"""At which share of patients who go to the nearest of all the answer to a service turns: by hand and by brute force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pandas as pd
import pytest
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from shipped import answer
from test_enumeration import worlds
from test_sweep import leaving
from worlds import AREAS, small

from optimiser.model.arithmetic import lawful, value
from optimiser.plan import Plan, evaluate
from optimiser.problem import HERE, Border, Figure, Objective, Problem
from optimiser.problem.decimals import exactly
from optimiser.problem.parameters import parameters
from optimiser.scenarios.turning import Turning, turning_values
from optimiser.search.enumeration import enumerate_all
from optimiser.search.planning import solve

Designations = frozenset[tuple[str, str]]
HUNDREDTH = Fraction(1, 100)
# What rounding each stream's patients to six decimals may come to, in minutes or patients a year.
DUST = 1e-3


def at(problem: Problem, share: Fraction) -> Problem:
    return parameters(problem)["border_pull"].apply(problem, share)


def choices(problem: Problem, designated: Designations, service: str) -> Iterator[Designations]:
    """Yield all that have other sites for a service, or the same, and agree with what is fixed."""
    rest = frozenset(pair for pair in designated if pair[1] != service)
    for bits in product((False, True), repeat=len(problem.candidates)):
        chosen = frozenset((site, service) for site, bit in zip(problem.candidates, bits, strict=True) if bit)
        fixed = problem.services[service].fixed
        if all(one.provided == ((site, service) in chosen) for site, one in fixed.items()):
            yield rest | chosen


def values(problem: Problem, designated: Designations) -> tuple[float, ...]:
    return tuple(value(problem, designated, one) for one in problem.objectives)


def is_worse(here: tuple[float, ...], there: tuple[float, ...]) -> bool:
    """Whether the first comes to more than the second on the first objective on which they differ by more than dust."""
    return next((one > other for one, other in zip(here, there, strict=True) if abs(one - other) > DUST), False)


def by_service(plan: Plan) -> dict[str, Turning]:
    return {one.service: one for one in turning_values(plan)}


# By hand --------------------------------------------------------------------------------------------------------------


def one_clinic(pull: float = 0, **rules: Figure) -> Problem:
    """Return the small world with one clinic, where 80% of the east's patients go to oak whatever is decided.

    Minutes of residents with the clinic at ash: west 10 × 10 + mid 20 × 20 + east 24 × 25 (oak) + 6 × 40 = 1340; at
    birch 10 × 30 + 20 × 20 + 24 × 25 + 6 × 10 = 1360. If all go to the nearest of all, ash 100 + 400 + 30 × 25 = 1250,
    birch 300 + 400 + 30 × 10 = 1000: birch is ahead once 20 × (1 − p) < 250 × p, beyond 2 / 27.
    """
    shares = pd.DataFrame({"oak": [0.8, 0, 0, 0], HERE: [0.2, 0, 1, 1]}, index=pd.Index(AREAS, name="area"))
    problem = small(at_least_sites=Figure(1), at_most_sites=Figure(1), **rules)
    return replace(problem, border=Border(shares, Figure(pull)))


def test_where_one_site_overtakes_another_by_hand():
    found = by_service(solve(one_clinic()))["clinic"]
    assert (found.now, found.value, found.best) == (0, Fraction(2, 27), ("birch",))
    assert found.designated == {("birch", "clinic")}
    # 2 / 27 is 7.407…%: rounded down, so that "if more" stays true.
    assert str(found) == (
        "Clinic: Birch would be best in place of Ash, by at most 4.2 minutes a patient, if more than 7.4% went to the "
        "nearest hospital of all, and only the rest crossed the border as today."
    )


def test_of_a_share_that_is_there_already_only_what_is_above_counts():
    found = by_service(solve(one_clinic(pull=0.05)))["clinic"]
    assert found.value == Fraction(2, 27) and str(found).endswith(
        "of all (in this question 5% do), and only the rest crossed the border as today."
    )
    beyond = by_service(solve(one_clinic(pull=0.5)))["clinic"]
    assert (beyond.value, beyond.best, beyond.now) == (None, None, Fraction(1, 2))
    assert str(beyond) == ("Clinic: Birch would stay best even if everybody went to the nearest hospital of all.")


def test_a_rule_that_the_plan_comes_to_break_turns_it():
    # Ash sees west 10, mid 20 and 6 from the east; pulled, those 6 and more go to oak: 36 - 6p.
    found = by_service(solve(one_clinic(minimum_patients=Figure(35.8))))["clinic"]
    # Birch sees as many, and of the pulled 65: it stays lawful.
    assert (found.value, found.best) == (Fraction(1, 30), ("birch",))
    assert found.breaks == ("Clinic at Ash has at least 35.8 patients a year",)
    assert str(found) == (
        "Clinic: Birch would be best if more than 3.33% went to the nearest hospital of all, and only the rest crossed "
        "the border as today; Ash would then break a rule: Clinic at Ash has at least "
        "35.8 patients a year."
    )


def test_where_no_choice_of_sites_is_left_it_is_said():
    found = by_service(solve(one_clinic(minimum_patients=Figure(35.8), maximum_patients=Figure(36))))["clinic"]
    # Birch sees 36 and of the others 29 more as all go to the nearest: too many from the start.
    assert (found.value, found.best, found.designated) == (Fraction(1, 30), None, None)
    assert "no choice of sites would meet every rule if more than 3.33% went to" in str(found)


def test_at_everybody_alone_another_may_be_best():
    # East takes 40 minutes to ash, too far, unless all of them go to oak, 25 minutes away; birch is 30 from the west.
    shares = pd.DataFrame({HERE: [1.0, 1, 1, 1]}, index=pd.Index(AREAS, name="area"))
    few = small(at_least_sites=Figure(1), at_most_sites=Figure(1), longest_journey_minutes=Figure(30))
    problem = replace(few, border=Border(shares), objectives=(Objective("worst_journey"),))
    found = by_service(solve(problem))["clinic"]
    assert (found.value, found.best) == (1, ("ash",))
    assert "Ash would be best in place of Birch if everybody went to the nearest hospital of all" in str(found)


def test_without_a_border_as_today_nothing_turns():
    assert turning_values(solve(small())) == ()


def test_shared_out_patients_are_said_not_to_be_worked_out():
    problem = one_clinic()
    managed = {code: replace(one, managed=code == "clinic") for code, one in problem.services.items()}
    found = by_service(solve(replace(problem, services=managed)))["clinic"]
    assert found.value is None and found.why_not
    assert str(found).startswith("Clinic: not worked out, for patients are shared out")


# By brute force -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "share", "best"),
    [
        ("hyper_acute_stroke", 0.938, ("southend",)),
        ("acute_stroke", None, None),
        ("emergency_department", 0.699, ("basildon", "southend")),
    ],
)
def test_what_ships_turns_where_every_choice_of_sites_says_so(
    service: str, share: float | None, best: tuple[str, ...] | None
):
    plan = answer("base")
    found = by_service(plan)[service]
    assert found.best == best
    assert found.value is None if share is None else float(found.value or 0) == pytest.approx(share, abs=5e-4)
    near = Fraction(1, 10_000)
    turns = [found.value] if found.value is not None else []
    shares = [Fraction(0), Fraction(1, 2), *(one - near for one in turns), *(one + near for one in turns), Fraction(1)]
    for one in shares:
        problem = at(plan.problem, round(one, 6))
        every = [other for other in choices(problem, plan.designated, service) if lawful(problem, other)]
        first = min(every, key=lambda other: values(problem, other))
        beyond = found.value is not None and one > found.value
        assert first == (found.designated if beyond else plan.designated), float(one)
    for one in turns:
        # At the value itself both come to the same, here by the line through its two ends.
        both = [
            [exactly(values(at(plan.problem, end), option)[0]) for end in (Fraction(0), Fraction(1))]
            for option in (plan.designated, found.designated or frozenset())
        ]
        assert float(both[0][0] * (1 - one) + both[0][1] * one) == pytest.approx(
            float(both[1][0] * (1 - one) + both[1][1] * one), rel=1e-12
        )


@draws(60)
@given(worlds(), st.data())
def test_what_turns_in_drawn_worlds_is_what_brute_force_finds(problem: Problem, data: st.DataObject):
    managed = {code: replace(one, managed=False) for code, one in problem.services.items()}
    problem = leaving(data.draw, replace(problem, services=managed))
    ranked = enumerate_all(problem).ranked
    if not ranked:
        return
    plan = evaluate(problem, ranked[0].designated)
    for service, found in by_service(plan).items():
        assert not found.why_not
        turn = Fraction(2) if found.value is None else found.value
        for one in sorted({found.now, turn + HUNDREDTH, turn - HUNDREDTH, *(Fraction(n, 8) for n in range(9))}):
            if found.now <= one <= 1 and abs(one - turn) >= HUNDREDTH and one < turn:
                then = at(problem, round(one, 6))
                assert lawful(then, plan.designated)
                mine = values(then, plan.designated)
                every = [other for other in choices(then, plan.designated, service) if lawful(then, other)]
                assert not any(is_worse(mine, values(then, other)) for other in every)
        if turn <= 1:
            then = at(problem, min(Fraction(1), round(turn + Fraction(1, 10_000), 6)) if turn < 1 else Fraction(1))
            every = [other for other in choices(then, plan.designated, service) if lawful(then, other)]
            assert bool(every) == (found.designated is not None)
            assert bool(found.breaks) == (plan.designated not in every)
            if found.designated:
                assert found.designated in every
                assert not any(is_worse(values(then, found.designated), values(then, other)) for other in every)
