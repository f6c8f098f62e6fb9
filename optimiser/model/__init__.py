"""The model: variables, rules and objectives, put together by ``build``. Nothing here solves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import pulp

from optimiser.journeys.flow import Sharing
from optimiser.journeys.nearest import Chains
from optimiser.journeys.shared_out import Way, every_sharing
from optimiser.model.objectives import OBJECTIVES
from optimiser.model.rules import RULES
from optimiser.model.variables import Variables, declare
from optimiser.problem import Objective, Problem

__all__ = ["Model", "build", "expression"]


@dataclass(frozen=True)
class Model:
    """A linear programme, its variables, and which rule each of its rows came from."""

    programme: pulp.LpProblem
    x: Variables
    rule_of: dict[str, str] = field(default_factory=dict)


def build(
    problem: Problem,
    chains: Mapping[str, Chains],
    *,
    leave_out: Collection[str] = (),
    share_out: Callable[[Problem, str], Mapping[Way, Sharing]] = every_sharing,
) -> Model:
    """Build the model of a problem: every rule's rows, each named after its rule, and the first objective.

    ``leave_out`` names rows that are not wanted, to find out which of them stand in the way. ``share_out`` gives the
    ways in which a service's patients may be shared out: to explain a clash, more than those by all limits.
    """
    programme = pulp.LpProblem("plan", pulp.LpMinimize)
    managed = (code for code in problem.services_with_patients if problem.services[code].managed)
    sharings = {code: share_out(problem, code) for code in managed}
    model = Model(programme, declare(problem, chains, sharings, programme))
    for name, rule in RULES.items():
        for names, row in rule.rows(problem, model.x):
            row_name = ".".join((name, *names))
            if row_name in leave_out:
                continue
            model.rule_of[row_name] = name
            programme.addConstraint(row, row_name)
    programme.setObjective(expression(problem, model.x, problem.objectives[0]))
    return model


def expression(problem: Problem, x: Variables, objective: Objective) -> pulp.LpAffineExpression:
    """Return what an objective measures, as a linear expression."""
    return OBJECTIVES[objective.name](problem.seen_by(objective), x, problem.services_of(objective))
