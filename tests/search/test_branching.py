"""Parting the answers: what is left holds every best answer, and where it comes to an end nothing else."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from test_head_start import question, scattered

from optimiser.search import branching, head_start
from optimiser.search.bounding import greedy, interchange
from optimiser.search.branching import branch
from optimiser.search.planning import solve

NEVER = float("inf")


def costs_of(seed, sites, areas, largest):
    """Whole minutes with no sense in them, so that many answers are equal and one bound for all is far too low."""
    return np.random.default_rng(seed).integers(1, largest, (sites, areas)).astype(float)


def every_best(costs, number):
    values = {one: costs[list(one)].min(axis=0).sum() for one in combinations(range(len(costs)), number)}
    best = min(values.values())
    return best, [frozenset(one) for one, value in values.items() if value == best]


def parted(costs, number, deadline=NEVER):
    _, minutes = interchange(costs, greedy(costs, number))
    return branch(costs, number, costs.mean(axis=0), minutes, deadline), minutes


@draws(60)
@given(st.integers(0, 10**6), st.integers(3, 12), st.integers(2, 25), st.integers(1, 5), st.integers(2, 40))
def test_every_best_answer_is_left(seed, sites, areas, number, largest):
    costs, number = costs_of(seed, sites, areas, largest), min(number, sites)
    found, known = parted(costs, number)
    best, answers = every_best(costs, number)
    assert found.some >= frozenset().union(*answers)
    assert found.always <= frozenset.intersection(*answers)
    assert best <= found.minutes <= known
    if found.is_whole:
        assert found.minutes == best
        assert (found.opened is None) == (known == best)


def test_where_it_comes_to_an_end_only_best_answers_are_left():
    costs = costs_of(5, 24, 60, 100)
    found, _ = parted(costs, 3)
    best, answers = every_best(costs, 3)
    assert found.is_whole
    assert found.minutes == best
    assert found.some == frozenset().union(*answers)


def test_a_better_answer_than_the_one_known_is_found_on_the_way():
    costs = costs_of(8, 14, 30, 50)
    best, answers = every_best(costs, 3)
    found = branch(costs, 3, costs.mean(axis=0), costs.max(axis=0).sum(), NEVER)
    assert found.minutes == best
    assert frozenset(found.opened.tolist()) in answers


@pytest.mark.parametrize("why", ["no time", "too many parts", "too many equal answers"])
def test_where_it_is_given_up_nothing_that_was_not_looked_at_is_left_out(why, monkeypatch):
    deadline = time.perf_counter() - 1 if why == "no time" else NEVER
    if why == "too many parts":
        monkeypatch.setattr(branching, "FIRST_PARTS", 3)
        monkeypatch.setattr(branching, "MOST_PARTS", 1)
    costs = costs_of(11, 12, 30, 60) if why != "too many equal answers" else np.ones((12, 3))
    found, _ = parted(costs, 4, deadline)
    _, answers = every_best(costs, 4)
    assert not found.is_whole
    assert found.some >= frozenset().union(*answers)
    assert found.always <= frozenset.intersection(*answers)


def test_where_one_bound_for_all_is_too_low_the_answers_are_parted_until_the_best_is_proved(monkeypatch):
    minutes, patients = scattered(4, 60, 60)
    # Roads with no sense in them: the bound for all answers at once stays well below the best.
    minutes[:] = costs_of(4, 60, 60, 100)
    problem = question(minutes, patients, 4)
    found = head_start.start(problem, "clinic", 4)
    assert solve(problem).proof.objectives[0].value == found.minutes
    assert found.bound == found.minutes
    assert len(found.never) == 56
    monkeypatch.setattr(head_start, "LARGEST_BRANCHED", 0)
    alone = head_start.start(problem, "clinic", 4)
    assert alone.bound < 0.97 * alone.minutes
    assert len(alone.never) < 30


def test_when_time_runs_out_the_answer_that_the_search_began_with_is_given():
    minutes, patients = scattered(6, 150, 150)
    minutes[:] = costs_of(6, 150, 150, 100)
    problem = question(minutes, patients, 12)
    known = head_start.start(problem, "clinic", 12, deadline=0.0)
    plan = solve(problem, time_limit_minutes=0.5 / 60)
    assert plan.proof.outcome == "not proved"
    assert plan.proof.objectives[0].value <= known.minutes
    assert plan.proof.objectives[0].bound is None or plan.proof.objectives[0].bound < known.minutes
