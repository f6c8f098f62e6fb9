"""The best option of a question asked anew, as fast as it can be had exactly."""

from __future__ import annotations

from optimiser.errors import NoPlan, NotProved, TooLarge
from optimiser.plan import Plan
from optimiser.plan.proof import PROVED, Option
from optimiser.problem import Problem
from optimiser.search.enumeration import Every, can_be_ranked
from optimiser.search.planning import solve


def best_option(problem: Problem) -> Option | None:
    """Return the best option and what each objective comes to under it; None where no plan meets every rule.

    By arithmetic alone where every joint designation can be judged so, and else by the solver: the same either way.
    """
    try:
        if can_be_ranked(problem):
            return best_listed(problem)
    except TooLarge:
        pass  # rules tie too many services together for tables
    try:
        plan = best_plan(problem, list_all=False)
    except NoPlan:
        return None
    return Option(tuple(reached.value for reached in plan.proof.objectives), plan.designated)


def best_listed(problem: Problem) -> Option | None:
    """Return the same by arithmetic alone. Raises ``TooLarge`` where that cannot be."""
    first = Every.of(problem).best(1)
    return first[0] if first else None


def best_plan(problem: Problem, *, list_all: bool = True) -> Plan:
    """Solve a question, and refuse a plan that is not proved best: what is said to cost so much must cost so much.

    Raises
    ------
    NoPlan
        When no plan meets every rule.
    NotProved
        When time ran out first.
    """
    plan = solve(problem, list_all=list_all)
    if plan.proof.outcome != PROVED:
        raise NotProved("Time ran out before the best plan was proved. Allow more time: time_limit_minutes.")
    return plan
