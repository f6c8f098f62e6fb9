"""The head start: what it rules out is in no best answer, and its bound is below every answer."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from drawing import draws, seeds
from hypothesis import given
from hypothesis import strategies as st

from optimiser.problem import Figure, Fixed, Objective, Problem, Service, Site
from optimiser.search import head_start
from optimiser.search.planning import solve


def question(minutes, patients, sites, **rules):
    """So many sites, and nothing else, with a neighbour wherever a column's name starts with n."""
    neighbours = tuple(code for code in minutes.columns if code.startswith("n"))
    number = Figure(float(sites))
    rules = {"at_least_sites": number, "at_most_sites": number} | rules
    return Problem(
        title="Made up",
        sites={code: Site(code, code, code not in neighbours) for code in minutes.columns},
        services={"clinic": Service("clinic", "Clinic", "visit", neighbours=neighbours, **rules)},
        areas=pd.DataFrame({"resident": True, "population": 1}, index=minutes.index),
        journeys=minutes,
        demand=pd.DataFrame({"visit": patients}, index=minutes.index, dtype=float),
    )


def scattered(seed, areas, sites, neighbours=0):
    draw = np.random.default_rng(seed)
    homes, hospitals = draw.uniform(0, 40, (areas, 1, 2)), draw.uniform(0, 40, (1, sites + neighbours, 2))
    codes = [f"s{i:02d}" for i in range(sites)] + [f"n{i}" for i in range(neighbours)]
    minutes = np.linalg.norm(homes - hospitals, axis=2).round()
    return pd.DataFrame(minutes, index=[f"a{i:03d}" for i in range(areas)], columns=codes), draw.integers(0, 9, areas)


def best_answers(problem, sites):
    """Every best choice, by trying them all."""
    minutes, patients = problem.minutes("clinic"), problem.patients("clinic")
    fixed = problem.services["clinic"].fixed
    outside = range(len(problem.candidates), minutes.shape[1])
    found = {}
    for chosen in combinations(range(len(problem.candidates)), sites):
        names = frozenset(problem.candidates[i] for i in chosen)
        if all((site in names) == is_fixed.provided for site, is_fixed in fixed.items()):
            found[names] = minutes[:, [*chosen, *outside]].min(axis=1) @ patients
    best = min(found.values())
    return best, [names for names, value in found.items() if value == best]


@draws(60)
@given(
    st.integers(0, 10**6), st.integers(3, 30), st.integers(2, 9), st.integers(1, 8), st.integers(0, 2), st.booleans()
)
def test_what_is_ruled_out_is_in_no_best_answer(seed, areas, candidates, sites, neighbours, fix_some):
    minutes, patients = scattered(seed, areas, candidates, neighbours)
    sites = min(sites, candidates)
    fixed = {"s00": Fixed(provided=True, reason="built"), "s01": Fixed(provided=False, reason="sold")}
    problem = question(minutes, patients, sites, fixed=fixed if fix_some and sites < candidates else {})
    found = head_start.start(problem, "clinic", sites)
    best, answers = best_answers(problem, sites)
    assert found.bound <= best + 1e-6
    assert found.minutes >= best - 1e-6
    for answer in answers:
        assert found.always <= answer
        assert not found.never & answer


@seeds(6)
def test_solving_with_the_head_start_gives_the_value_that_trying_them_all_gives(seed):
    minutes, patients = scattered(seed, 60, 18, neighbours=seed % 3)
    problem = question(minutes, patients, 4)
    assert head_start.question(problem) == ("clinic", 4)
    plan = solve(problem)
    assert plan.proof.outcome == "proved best"
    assert plan.proof.objectives[0].value == best_answers(problem, 4)[0]


def test_an_area_without_patients_still_gets_a_site_it_can_reach():
    """Without a12's missing roads the best two would be the middle ones; only s17 can be reached from it."""
    minutes, patients = scattered(3, 13, 18)
    patients[12] = 0
    minutes.loc["a012"] = np.nan
    minutes.loc["a012", "s17"] = 30.0
    plan = solve(question(minutes, patients, 2))
    assert "s17" in plan.sites_of("clinic")


def test_only_a_question_about_minutes_at_a_number_of_sites_gets_a_head_start():
    minutes, patients = scattered(1, 10, 5)
    asked = question(minutes, patients, 2)
    service = asked.services["clinic"]
    assert head_start.question(asked) == ("clinic", 2)
    other_rules = [
        {"at_least_sites": None},
        {"at_most_sites": Figure(3)},
        {"minimum_patients": Figure(5)},
        {"longest_journey_minutes": Figure(50)},
        {"activity": None},
    ]
    for rules in other_rules:
        assert head_start.question(replace(asked, services={"clinic": replace(service, **rules)})) is None
    assert (
        head_start.question(replace(asked, objectives=(Objective("patient_minutes"), Objective("worst_journey"))))
        is None
    )
    assert head_start.question(replace(asked, services={**asked.services, "x_ray": Service("x_ray", "X-ray")})) is None
