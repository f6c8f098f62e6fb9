"""The best plan of a question or, where there is none, which rules clash and what would be enough."""

from __future__ import annotations

from optimiser.errors import NoPlan
from optimiser.explanation.clashes import Clash, clash
from optimiser.inputs import Asked, problem_asked
from optimiser.plan import Plan, Tell, say_nothing
from optimiser.problem import Problem
from optimiser.search import planning


def solve(
    problem: Asked, *, time_limit_minutes: float | None = None, list_all: bool = True, tell: Tell = say_nothing
) -> Plan:
    """Find the best plan and prove it.

    Parameters
    ----------
    problem
        The question, or the path of the config that asks it.
    time_limit_minutes
        Stop after so long and return what was found, with outcome "not proved". The problem's own limit if not given.
    list_all
        Also judge every joint designation without the solver, where arithmetic can: a second proof, and the ranking.
    tell
        Called with a line of plain words as each step begins.

    Raises
    ------
    NoPlan
        When no plan meets every rule; the message says which rules clash, and what would be enough.
    NotProved
        When time ran out before any plan was found.
    SolverFailed
        When the solver cannot be trusted: wrong version, failed canary, or an answer that the full list contradicts.
    """
    found = best_or_clash(problem_asked(problem), time_limit_minutes=time_limit_minutes, list_all=list_all, tell=tell)
    if isinstance(found, Clash):
        raise NoPlan(str(found), found.names)
    return found


def best_or_clash(
    problem: Problem, *, time_limit_minutes: float | None = None, list_all: bool = True, tell: Tell = say_nothing
) -> Plan | Clash:
    """Find the best plan and prove it, or find out which rules clash where no plan meets every rule.

    Parameters, and errors but for ``NoPlan``, are those of ``solve``.
    """
    try:
        return planning.solve(problem, time_limit_minutes=time_limit_minutes, list_all=list_all, tell=tell)
    except NoPlan:
        tell("Finding out which rules clash")
        return clash(problem)
