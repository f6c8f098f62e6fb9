"""The rows of every rule, word for word, on one world with everything switched on.

Run ``PYTHONPATH=.:tests python tests/model/test_goldens.py`` to write them anew, and read the difference before you
commit it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from worlds import by_transfer, roads, small, three_doctors, vary

from optimiser.journeys import nearest
from optimiser.model import build, expression
from optimiser.model.objectives import OBJECTIVES
from optimiser.model.rules import RULES, transfers
from optimiser.problem import Beds, Figure, Fixed, Link, Objective, Observed, Problem, Reach, RotaNeed, Team

GOLDEN = Path(__file__).parent / "golden"


# Rules with other rows where patients go by offsets.
WITH_OFFSETS = ("nobody_passes_an_open_site", "nobody_travels_too_far")


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
        beds=Beds(Figure(3), Figure(0.01), Figure(0.3), Figure(1), at={"ash": Figure(3), "birch": Figure(2)}),
    ).behind_its_border()
    in_reach = (Reach("clinic", Figure(30)),)
    problem = vary(problem, "x_ray", fixed={"birch": Fixed(True, "the machine is there")}, in_reach=in_reach)
    problem = replace(problem, transfers=roads({("ash", "birch"): 30.0, ("birch", "ash"): 31.0}))
    objectives = tuple(map(Objective, OBJECTIVES))
    return replace(problem, objectives=objectives, at_most_services_a_site=Figure(2))


def with_offsets() -> Problem:
    """Return the same world with birch drawn 25 minutes nearer and no volumes."""
    drawn = Observed({"birch": Figure(-25)})
    return vary(everything(), "clinic", minimum_patients=None, maximum_patients=None, observed=drawn)


# Rules with other rows where patients are shared out.
WITH_SHARING = (
    "every_site_has_enough_patients",
    "no_site_has_too_many_patients",
    "beds_are_enough",
    "nobody_travels_too_far",
    "enough_patients_within_standard",
    "the_worst_journey_is_the_worst",
)


def with_sharing() -> Problem:
    """Return the same world with the clinic's patients shared out; with nothing open nobody is served."""
    return vary(everything(), "clinic", managed=True)


# Rules with other rows where one team works across sites, and where another service decides who needs a rota.
WITH_TEAMS = ("rota_is_filled", "staff_add_up")


def with_teams() -> Problem:
    """Return the same world with doctors in one team, on call once, and nurses where there is no X-ray room."""
    nurses = RotaNeed("nurses", "WTE", Figure(2), only_without=Link("x_ray"), remote_from=Link("x_ray"))
    doctors = RotaNeed("doctors", "people", Figure(1.5), at={"ash": 2.25}, once=Figure(4), only_without=Link("x_ray"))
    teams = {
        "doctors": Team("doctors", "doctors", None, Figure(0), across_sites=True),
        "nurses": Team("nurses", "nurses", Figure(0), Figure(0)),
    }
    return replace(vary(everything(), "clinic", rotas=(doctors, nurses)), teams=teams)


# What says nothing where nobody is transferred is written for a world in which somebody is.
TRANSFERS = {*vars(transfers), "transfers"}


def transferring() -> Problem:
    """Return the world whose scanner is reached by way of the clinic, with its limits switched on."""
    limits = {"most_transfers_a_day": 0.06, "most_repatriations_a_year": 3.2, "most_ambulance_hours": 18}
    problem = by_transfer(**{name: Figure(most) for name, most in limits.items()})
    return replace(problem, most_transfers_a_year=Figure(20))


# What says nothing where nobody may leave is written for a world in which the neighbour takes some.
OUTSIDE = {"few_enough_are_treated_outside", "neighbours_are_not_sent_too_many", "patients_outside"}


def leaving() -> Problem:
    """Return the small world with limits on who is treated at oak."""
    return small(at_most_share_outside=Figure(0.4), neighbours_take_at_most={"oak": Figure(20)})


def world_for(name: str) -> Problem:
    """Return the world that a rule or an objective is written for."""
    if name == "patients_are_shared_out":
        return with_sharing()
    if name in OUTSIDE:
        return leaving()
    return transferring() if name in TRANSFERS else everything()


def rows_of(rule: str, problem: Problem) -> str:
    """Return a rule's rows as text, one paragraph a row."""
    model = build(problem, {code: nearest.chains(problem, code) for code in problem.services_with_patients})
    named = [name for name, of in model.rule_of.items() if of == rule]
    return "\n".join(model.programme.get_constraint_by_name(name).asCplexLpConstraint(name) for name in named)


def objective_text(name: str) -> str:
    """Return an objective as text."""
    problem = world_for(name)
    model = build(problem, {code: nearest.chains(problem, code) for code in problem.services_with_patients})
    return expression(problem, model.x, Objective(name)).asCplexLpAffineExpression(name)


@pytest.mark.parametrize("rule", RULES)
def test_rows_of_a_rule_are_as_written(rule: str):
    assert rows_of(rule, world_for(rule)) == (GOLDEN / f"{rule}.lp").read_text()


@pytest.mark.parametrize("rule", WITH_OFFSETS)
def test_rows_of_a_rule_with_offsets_are_as_written(rule: str):
    assert rows_of(rule, with_offsets()) == (GOLDEN / "with_offsets" / f"{rule}.lp").read_text()


@pytest.mark.parametrize("rule", WITH_SHARING)
def test_rows_of_a_rule_with_patients_shared_out_are_as_written(rule: str):
    assert rows_of(rule, with_sharing()) == (GOLDEN / "with_sharing" / f"{rule}.lp").read_text()


@pytest.mark.parametrize("rule", WITH_TEAMS)
def test_rows_of_a_rule_with_teams_are_as_written(rule: str):
    assert rows_of(rule, with_teams()) == (GOLDEN / "with_teams" / f"{rule}.lp").read_text()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_objective_is_as_written(objective: str):
    assert objective_text(objective) == (GOLDEN / f"objective_{objective}.lp").read_text()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in RULES:
        (GOLDEN / f"{name}.lp").write_text(rows_of(name, world_for(name)))
    (GOLDEN / "with_offsets").mkdir(exist_ok=True)
    for name in WITH_OFFSETS:
        (GOLDEN / "with_offsets" / f"{name}.lp").write_text(rows_of(name, with_offsets()))
    (GOLDEN / "with_sharing").mkdir(exist_ok=True)
    for name in WITH_SHARING:
        (GOLDEN / "with_sharing" / f"{name}.lp").write_text(rows_of(name, with_sharing()))
    (GOLDEN / "with_teams").mkdir(exist_ok=True)
    for name in WITH_TEAMS:
        (GOLDEN / "with_teams" / f"{name}.lp").write_text(rows_of(name, with_teams()))
    for name in OBJECTIVES:
        (GOLDEN / f"objective_{name}.lp").write_text(objective_text(name))
