"""The rows of every rule, word for word, on one world with everything switched on.

Run ``python tests/test_goldens.py`` to write them anew, and read the difference before you commit it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from worlds import by_transfer, small, three_doctors, vary

from optimiser import catchment
from optimiser.model import build, expression
from optimiser.model.objectives import OBJECTIVES
from optimiser.model.rules import RULES
from optimiser.problem import Figure, Fixed, Link, Objective, Problem

GOLDEN = Path(__file__).parent / "golden"


def everything() -> Problem:
    """Return the small world with every rule switched on, behind its border so that somebody must serve it."""
    problem = small(
        rotas=three_doctors(may_fall_short=True),
        at_least_sites=Figure(1),
        at_most_sites=Figure(2),
        minimum_patients=Figure(30),
        maximum_patients=Figure(60),
        longest_journey_minutes=Figure(30),
        standard_minutes=Figure(20),
        share_within_standard=Figure(0.8),
        same_site=(Link("x_ray"),),
    ).behind_its_border()
    problem = vary(problem, "x_ray", fixed={"birch": Fixed(True, "the machine is there")})
    return replace(problem, objectives=tuple(map(Objective, OBJECTIVES)))


# What says nothing where nobody is transferred is written for a world in which somebody is.
TRANSFERS = {"both_legs_are_counted_together", "not_too_many_transfers", "not_too_many_ambulance_hours", "transfers"}


def transferring() -> Problem:
    """Return the world whose scanner is reached by way of the clinic, with its limits switched on."""
    return by_transfer(most_transfers_a_day=Figure(0.06), most_ambulance_hours=Figure(18))


def rows_of(rule: str) -> str:
    """Return a rule's rows as text, one paragraph a row."""
    problem = transferring() if rule in TRANSFERS else everything()
    model = build(problem, {code: catchment.chains(problem, code) for code in problem.services_with_patients})
    named = [name for name, of in model.rule_of.items() if of == rule]
    return "\n".join(model.programme.get_constraint_by_name(name).asCplexLpConstraint(name) for name in named)


def objective_text(name: str) -> str:
    """Return an objective as text."""
    problem = transferring() if name in TRANSFERS else everything()
    model = build(problem, {code: catchment.chains(problem, code) for code in problem.services_with_patients})
    return expression(problem, model.x, Objective(name)).asCplexLpAffineExpression(name)


@pytest.mark.parametrize("rule", RULES)
def test_rows_of_a_rule_are_as_written(rule: str):
    assert rows_of(rule) == (GOLDEN / f"{rule}.lp").read_text()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_objective_is_as_written(objective: str):
    assert objective_text(objective) == (GOLDEN / f"objective_{objective}.lp").read_text()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in RULES:
        (GOLDEN / f"{name}.lp").write_text(rows_of(name))
    for name in OBJECTIVES:
        (GOLDEN / f"objective_{name}.lp").write_text(objective_text(name))
