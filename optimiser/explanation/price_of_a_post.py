"""What one more post buys: the question asked again, exactly, with one more to recruit."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from optimiser.errors import NoPlan
from optimiser.problem import Figure, Problem
from optimiser.search.planning import solve

COLUMNS = ["team", "unit", "objective", "before", "after", "saved", "measured_in"]


def price_of_a_post(problem: Problem, *, posts: float = 1.0) -> pd.DataFrame:
    """Work out what ``posts`` more of each team would change, one team at a time, by solving again to proved optimum.

    Returns
    -------
    pandas.DataFrame
        One row a team, unit and objective: what it comes to before and after, and how much is saved, in
        ``measured_in``. ``before`` is NaN where no plan meets every rule without the post, ``after`` where none does
        with it. A team that may recruit without limit has no rows: a post more changes nothing.
    """
    before, rows = _reached(problem), []
    for team, unit in problem.team_units:
        limit = problem.teams[team].recruits_at_most
        if limit is not None:
            more = replace(problem.teams[team], recruits_at_most=Figure(limit.value + posts, "One more post"))
            after = _reached(replace(problem, teams={**problem.teams, team: more}))
            for number, objective in enumerate(problem.objectives):
                here, there = (found[number][0] if found else float("nan") for found in (before, after))
                measured_in = (before or after or [(0.0, "")] * (number + 1))[number][1]
                rows.append((team, unit, objective.name, here, there, here - there, measured_in))
    return pd.DataFrame(rows, columns=COLUMNS)


def _reached(problem: Problem) -> list[tuple[float, str]]:
    try:
        return [(reached.value, reached.unit) for reached in solve(problem).proof.objectives]
    except NoPlan:
        return []
