"""A second opinion: the same question asked of CBC, which shares no code with HiGHS, and without a head start.

The same objectives are made small in the same order. What the plan that it calls best comes to is worked out by
arithmetic, so that its rounding decides nothing: a plan of its that is better, by however little, refutes ours.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pulp

from optimiser.errors import NoPlan, NotProved, SolverFailed
from optimiser.model import cbc
from optimiser.model.arithmetic import values
from optimiser.model.solver import Outcome
from optimiser.plan import Plan
from optimiser.plan.proof import AGREES, DISAGREES, FAILED, OUT_OF_TIME, Designations, SecondOpinion
from optimiser.problem import Problem
from optimiser.search.planning import REPORT_IT, best_by

# How far its rounding may leave it short of our best, as a share of that.
ROUNDING = 1e-6


def with_second_opinion(plan: Plan, *, time_limit_minutes: float | None = None) -> Plan:
    """Return a plan that is proved best with what CBC says of its question, and in how many seconds.

    It may take as long as the question allows, or as is given, whatever the plan took.

    Raises
    ------
    MissingPackage
        When there is no CBC on this machine.
    """
    began = time.perf_counter()
    found = _ask(plan.problem, [reached.value for reached in plan.proof.objectives], time_limit_minutes)
    seconds = plan.proof.seconds | {"second_opinion": round(time.perf_counter() - began, 3)}
    return replace(plan, proof=replace(plan.proof, second_opinion=found, seconds=seconds))


def second_opinion_of_none(problem: Problem, *, time_limit_minutes: float | None = None) -> SecondOpinion:
    """Return what CBC says of a question of which HiGHS says that no plan meets every rule.

    Raises
    ------
    SolverFailed
        When CBC finds a plan that is lawful by arithmetic.
    """
    found = _ask(problem, None, time_limit_minutes)
    if found.answer == DISAGREES:
        raise SolverFailed(f"The solver found no plan, but {found.solver} {found.version} found one. {REPORT_IT}")
    return found


def _ask(problem: Problem, best: Sequence[float] | None, time_limit_minutes: float | None) -> SecondOpinion:
    """Ask CBC and, where it falls short of what is known to be lawful, once more without simplifying first."""
    minutes = problem.time_limit_minutes if time_limit_minutes is None else time_limit_minutes
    deadline = time.perf_counter() + 60 * minutes
    nothing = SecondOpinion(cbc.NAME, cbc.version(), FAILED)
    found = nothing
    for run in (cbc.run, _without_simplifying):
        try:
            designated = best_by(problem, run, deadline=deadline)
            found = _judged(nothing, problem, designated, best)
        except NoPlan:
            found = replace(nothing, answer=AGREES if best is None else DISAGREES)
        except NotProved:
            return replace(nothing, answer=OUT_OF_TIME)
        except SolverFailed:
            found = nothing
        if found.answer == AGREES:
            break
    return found


def _without_simplifying(model: pulp.LpProblem, **how: Any) -> Outcome:
    return cbc.run(model, **how | {"presolve": False})


def _judged(
    opinion: SecondOpinion, problem: Problem, designated: Designations, best: Sequence[float] | None
) -> SecondOpinion:
    """Return what a plan that CBC calls best says of ours: as good but for rounding, and never better, agrees."""
    reached = values(problem, designated, problem.objectives)
    agrees = best is not None and reached >= tuple(best) and all(map(_is_near, reached, best))
    return replace(opinion, answer=AGREES if agrees else DISAGREES, values=reached, designated=designated)


def _is_near(found: float, best: float) -> bool:
    return abs(found - best) <= ROUNDING * max(1.0, abs(best))
