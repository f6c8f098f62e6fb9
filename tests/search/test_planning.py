"""Honest answers: what a limit, a contradiction or a cut chain may and may not change."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from drawing import draws
from hypothesis import given
from test_enumeration import worlds
from worlds import small

from optimiser.errors import NoPlan, NotProved, SolverFailed
from optimiser.model import build, solver
from optimiser.model.arithmetic import value
from optimiser.plan import evaluate
from optimiser.problem import Figure, Objective, Problem, Service, Site
from optimiser.search import planning
from optimiser.search.enumeration import can_be_listed, enumerate_all
from optimiser.search.planning import solve


def wide(sites: int, areas: int, **rules: object) -> Problem:
    """Return a world of many candidates on a plane, with patients drawn from a fixed seed."""
    draw = np.random.default_rng(7)
    codes, names = [f"s{i:02}" for i in range(sites)], [f"a{i:03}" for i in range(areas)]
    homes, places = draw.random((areas, 1, 2)), draw.random((1, sites, 2))
    minutes = np.rint(600 * np.hypot(*np.moveaxis(homes - places, 2, 0))) / 10 + 5
    return Problem(
        title="A wide world",
        sites={code: Site(code, code, True) for code in codes},
        services={"care": Service("care", "Care", "visit", **rules)},
        areas=pd.DataFrame({"resident": True, "population": 100}, index=names),
        journeys=pd.DataFrame(minutes, index=names, columns=codes),
        demand=pd.DataFrame({"visit": np.rint(draw.random(areas) * 20)}, index=names),
    )


@draws(40)
@given(worlds())
def test_cut_chains_change_nothing(problem: Problem):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "MOST_CANDIDATES_IN_FULL", 1)
        patch.setattr(planning, "SHORT_CHAIN", 1)
        try:
            found = solve(problem, list_all=False)
        except NoPlan:
            assert enumerate_all(problem).lawful == 0
            return
    assert tuple(reached.value for reached in found.proof.objectives) == enumerate_all(problem).ranked[0].values


@pytest.mark.parametrize("sites", [2, 3])
def test_who_is_beyond_a_standard_is_counted_though_chains_end_there(sites: int):
    number = Figure(sites)
    problem = wide(20, 60, at_least_sites=number, at_most_sites=number, standard_minutes=Figure(20))
    plan = solve(replace(problem, objectives=(Objective("patients_beyond_standard"),)))
    minutes, patients = problem.journeys.to_numpy(), problem.demand["visit"].to_numpy()
    every = [minutes[:, list(chosen)].min(axis=1) for chosen in combinations(range(20), sites)]
    assert plan.proof.outcome == "proved best"
    assert plan.proof.objectives[0].value == min(patients[nearest > 20].sum() for nearest in every) > 0


def test_the_fewest_sites_reach_everybody_where_there_are_too_many_to_list():
    minutes = wide(20, 60).journeys.to_numpy()
    furthest = float(minutes.min(axis=1).max())
    problem = wide(20, 60, longest_journey_minutes=Figure(furthest))
    plan = solve(replace(problem, objectives=(Objective("fewest_sites"),)))
    near = minutes <= furthest
    enough = (
        number
        for number in range(21)
        if any(near[:, list(chosen)].any(axis=1).all() for chosen in combinations(range(20), number))
    )
    assert plan.proof.outcome == "proved best"
    assert plan.proof.objectives[0].value == next(enough) > 1


def test_a_head_start_and_full_chains_reach_the_same_minutes(monkeypatch: pytest.MonkeyPatch):
    problem = wide(24, 120, at_least_sites=Figure(5), at_most_sites=Figure(5))
    quick = solve(problem)
    monkeypatch.setattr(planning, "MOST_CANDIDATES_IN_FULL", 24)
    slow = solve(problem)
    assert quick.proof.outcome == slow.proof.outcome == "proved best"
    assert quick.proof.objectives[0].value == slow.proof.objectives[0].value
    assert len(quick.sites_of("care")) == 5


def test_a_place_too_large_to_list_is_proved_by_the_solver_alone():
    plan = solve(wide(30, 60, at_most_sites=Figure(4), longest_journey_minutes=Figure(40)))
    assert plan.proof.enumeration is None
    assert plan.proof.outcome == "proved best"
    assert plan.broken.empty


def test_a_place_whose_journeys_would_fill_the_memory_is_not_listed():
    assert can_be_listed(wide(16, 300))
    assert not can_be_listed(wide(16, 3_000))


def test_a_time_limit_is_never_called_proved():
    problem = wide(60, 300, minimum_patients=Figure(150), maximum_patients=Figure(420))
    try:
        plan = solve(problem, time_limit_minutes=0.01)
    except NotProved as error:
        assert "Time ran out before any plan was found" in str(error)
        return
    (reached,) = plan.proof.objectives
    assert plan.proof.outcome == "not proved"
    assert reached.bound is not None and reached.bound < reached.value
    assert plan.broken.empty


def test_an_optimum_that_arithmetic_contradicts_is_refused(monkeypatch: pytest.MonkeyPatch):
    honest = solver.run

    def flattering(*args: object, **options: object) -> solver.Outcome:
        outcome = honest(*args, **options)
        return replace(outcome, objective=outcome.objective - 1)

    monkeypatch.setattr(solver, "run", flattering)
    with pytest.raises(SolverFailed, match="arithmetic as 800"):
        solve(small())


def test_a_lost_plan_is_refused(monkeypatch: pytest.MonkeyPatch):
    honest = solver.run
    monkeypatch.setattr(solver, "run", lambda *a, **b: replace(honest(*a, **b), status="infeasible", feasible=False))
    with pytest.raises(SolverFailed, match="the full list of options holds one"):
        solve(small())


def test_a_worse_answer_is_caught_by_the_full_list(monkeypatch: pytest.MonkeyPatch):
    honest = build

    def hobbled(problem: Problem, chains: object, **options: object):
        model = honest(problem, chains, **options)
        model.programme.addConstraint(model.x.designated["ash", "clinic"] == 0, "hobble")
        return model

    monkeypatch.setattr(planning, "build", hobbled)
    with pytest.raises(SolverFailed, match="full list"):
        solve(small())


def test_evaluating_the_best_gives_what_solving_gave():
    plan = solve(small())
    again = evaluate(plan.problem, plan.designated)
    assert [r.value for r in again.proof.objectives] == [r.value for r in plan.proof.objectives]
    assert again.journeys.equals(plan.journeys)
    assert again.proof.objectives[0].bound is None


def test_objectives_are_taken_in_order():
    # One site: birch is best by minutes, ash by its worst journey.
    one = small(at_most_sites=Figure(1))
    for order, best in (
        (("patient_minutes", "worst_journey"), "birch"),
        (("worst_journey", "patient_minutes"), "ash"),
        (("changes_from_today", "worst_journey"), "ash"),
    ):
        plan = solve(replace(one, objectives=tuple(map(Objective, order))))
        assert plan.sites_of("clinic") == (best,)
        found = [value(plan.problem, plan.designated, objective) for objective in plan.problem.objectives]
        assert found == [reached.value for reached in plan.proof.objectives]


def test_resorting_the_tables_changes_nothing():
    problem = small(minimum_patients=Figure(30))
    shuffled = replace(
        problem,
        areas=problem.areas.iloc[::-1],
        journeys=problem.journeys.iloc[::-1],
        demand=problem.demand.iloc[::-1],
        sites=dict(reversed(problem.sites.items())),
    )
    assert solve(problem).designated == solve(shuffled).designated
    assert solve(problem).proof.objectives == solve(shuffled).proof.objectives


def test_a_proved_plan_is_kept_when_time_runs_out_later(monkeypatch: pytest.MonkeyPatch):
    honest, calls = solver.run, []

    def late(*args: object, **options: object) -> solver.Outcome:
        calls.append(1)
        outcome = honest(*args, **options)
        late_now = len(calls) > 1
        return replace(outcome, status="time limit", feasible=False, values={}) if late_now else outcome

    monkeypatch.setattr(solver, "run", late)
    objectives = (Objective("patient_minutes"), Objective("worst_journey"))
    plan = solve(replace(small(at_most_sites=Figure(1)), objectives=objectives), list_all=False)
    assert plan.sites_of("clinic") == ("birch",)
    assert plan.proof.outcome == "not proved"
    assert plan.proof.objectives[0].bound == 1000


def test_an_unlawful_answer_is_never_returned_when_time_runs_out(monkeypatch: pytest.MonkeyPatch):
    honest = solver.run

    def hasty(*args: object, **options: object) -> solver.Outcome:
        outcome = honest(*args, **options)
        values = {name: 0.0 if name.startswith("designated") else number for name, number in outcome.values.items()}
        return replace(outcome, status="time limit", values=values)

    monkeypatch.setattr(solver, "run", hasty)
    with pytest.raises(NotProved):
        solve(small(at_least_sites=Figure(1)), list_all=False)


@pytest.mark.parametrize("factor", [0.85, 1.15, 1.25, 1.33, 1.3333, 1.75])
def test_a_travel_factor_does_not_make_sums_too_fine(factor: float):
    problem = small()
    many = replace(problem, demand=problem.demand * 10_000 + 0.000001, journeys=(problem.journeys * factor).round(6))
    assert solve(many).proof.outcome == "proved best"
    assert many.minute_scale <= 10
