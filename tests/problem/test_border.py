"""Who can cross the border, and the same question with nobody crossing it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import as_today, small

from optimiser.problem import Problem


def of_residents(problem: Problem) -> Problem:
    """Return a world in which every area is resident."""
    return replace(problem, areas=problem.areas.assign(resident=True))


def with_nobody_leaving(problem: Problem) -> Problem:
    """Return a world that nobody leaves today, though all may be pulled out of it."""
    assert problem.border is not None
    return replace(problem, border=replace(problem.border, shares=problem.border.shares.assign(oak=0.0)))


@pytest.mark.parametrize(
    "problem",
    [
        of_residents(small(neighbours=())),
        of_residents(as_today(small(neighbours=()))),
        of_residents(as_today(small(neighbours=()), pull=1)),
        with_nobody_leaving(of_residents(as_today(small()))),
    ],
    ids=["nowhere to go", "nowhere to go today", "nowhere to be pulled", "nobody leaves today"],
)
def test_a_question_in_which_nobody_can_cross_is_its_own_behind_the_border(problem: Problem):
    assert problem.behind_its_border() is problem


@pytest.mark.parametrize(
    "problem",
    [
        small(neighbours=()),
        of_residents(small()),
        of_residents(as_today(small())),
        with_nobody_leaving(as_today(small())),
        with_nobody_leaving(of_residents(as_today(small(), pull=0.1))),
        of_residents(as_today(small(), pull=1)),
    ],
    ids=["from outside", "to the nearest", "as today", "from outside today", "pulled", "all pulled"],
)
def test_where_somebody_can_cross_the_question_is_another_behind_the_border(problem: Problem):
    closed = problem.behind_its_border()
    assert closed.border is None
    assert list(closed.sites) == ["ash", "birch"]
    assert closed.areas["resident"].all()
    assert closed.behind_its_border() is closed
