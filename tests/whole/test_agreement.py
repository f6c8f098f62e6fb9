"""What must be said in several places is said in all: rules, arithmetic, checks, goldens, measures, commands."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import test_goldens
import test_rules
from conftest import CORE
from test_words import where_everything_is_one
from worlds import small, three_doctors, vary

from optimiser.checker import CHECKS, RULE_CHECKS
from optimiser.cli import app
from optimiser.explanation import SAYS
from optimiser.explanation.prices import WITHOUT_NOTCHES, givings
from optimiser.inputs.config import OBJECTIVES as CONFIG_OBJECTIVES
from optimiser.inputs.schema import RUN_TABLES
from optimiser.journeys import nearest
from optimiser.model import build
from optimiser.model.arithmetic import ARITHMETIC, SCORES
from optimiser.model.objectives import OBJECTIVES
from optimiser.model.objectives import UNITS as OBJECTIVE_UNITS
from optimiser.model.rules import RULES, UNITS
from optimiser.plan.measures import JOURNEY_MEASURES, table
from optimiser.plan.runs import COVER_TABLES, TABLES, TABLES_OF_LINKS, files_of
from optimiser.problem import Excepted, Figure, Reach
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[2]

# What a word means is a rule of the model alone: a finished plan has no rows for it to be judged by.
MEANINGS = {
    "both_legs_are_counted_together",
    "nobody_is_counted_nearer_than_they_are",
    "nobody_passes_an_open_site",
    "patients_are_shared_out",
    "staff_add_up",
    "the_worst_journey_is_the_worst",
}
# Limits on staff bind moves and recruits, which arithmetic shares out within them.
LIMITS_ON_STAFF = {"moves_within_limit", "recruitment_within_limit"}


def test_every_rule_has_its_arithmetic_and_its_independent_check():
    assert set(RULES) - MEANINGS - LIMITS_ON_STAFF == set(ARITHMETIC)
    assert set(RULES) - MEANINGS == set(RULE_CHECKS)
    assert set(RULE_CHECKS) <= set(CHECKS)


def test_every_rule_has_words_a_unit_or_none_and_a_hand_solved_world():
    assert set(UNITS) | {"every_area_is_served"} == set(SAYS)
    for name, rule in RULES.items():
        assert rule.__doc__ and rule.__doc__.endswith("."), name
        assert hasattr(test_rules, f"test_{name}"), f"{name} has no hand-solved world in test_rules.py"


def test_every_rule_that_can_give_way_has_a_price():
    # At 1 no smaller minimum would let more options through; at 31 it would.
    problem = vary(where_everything_is_one(), "clinic", minimum_patients=Figure(31))
    ways = list(givings(problem))
    assert {way.rule for way in ways} == set(UNITS)
    assert {way.rule for way in ways if not way.notches} == set(WITHOUT_NOTCHES)
    for way in ways:
        left = {(one.rule, one.names) for one in givings(way.removed(problem))}
        assert (way.rule, way.names) not in left, f"{way.rule} is not removed"
        if way.notches:
            looser = way.notches(1)[0](problem)
            assert (looser.services, looser.teams) != (problem.services, problem.teams), f"{way.rule} does not give"


def test_every_rule_has_a_golden_and_yields_rows_in_it():
    for name in RULES:
        assert (test_goldens.GOLDEN / f"{name}.lp").read_text(), name
    written = {path.stem for path in test_goldens.GOLDEN.glob("*.lp")}
    assert written == set(RULES) | {f"objective_{name}" for name in OBJECTIVES}


def test_no_setting_no_rows():
    bare = small(standard_minutes=None)
    model = build(bare, {"clinic": nearest.chains(bare, "clinic")})
    assert set(model.rule_of.values()) == {"nobody_is_counted_nearer_than_they_are"}


def test_every_objective_is_known_to_model_arithmetic_and_config():
    assert set(OBJECTIVES) == set(OBJECTIVE_UNITS) == set(SCORES) == set(CONFIG_OBJECTIVES)


def test_every_published_rule_row_is_checked_under_its_own_name():
    plan = solve(small(rotas=three_doctors(), at_least_sites=Figure(1), maximum_patients=Figure(70)))
    assert set(plan.rules["rule"]) <= set(RULE_CHECKS)
    assert plan.rules["instance"].is_unique


def test_tables_of_a_run_are_those_of_the_data_dictionary():
    plan = solve(small(rotas=three_doctors()))
    files = files_of(plan)
    described = {one.name: [column.name for column in one.columns] for one in RUN_TABLES}
    assert set(described) == {*TABLES, *TABLES_OF_LINKS, *COVER_TABLES}
    assert {one.name for one in RUN_TABLES if one.required} == set(TABLES)
    assert not {f"{name}.csv" for name in TABLES_OF_LINKS} & set(files)
    linked = replace(plan.problem, exceptions=(Excepted("clinic", "x_ray", "ash", "a van comes"),))
    files |= files_of(solve(vary(linked, "clinic", in_reach=(Reach("x_ray", Figure(0)),))))
    described = {name: columns for name, columns in described.items() if name not in COVER_TABLES}
    for name, columns in described.items():
        assert files[f"{name}.csv"].decode().splitlines()[0].split(",") == columns


def test_measures_by_name_are_published():
    assert set(JOURNEY_MEASURES) <= set(table(solve(small()))["measure"])


@pytest.mark.parametrize("folder", ["optimiser", "tests", "configs", "data", "docs", "benchmarks"])
def test_nothing_names_a_machine_or_a_registry(folder: str):
    words = re.compile(r"/work/|/root/|pypi\.org|files\.pythonhosted|debian\.org|npmjs")
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in {".py", ".md", ".yaml", ".csv", ".toml", ".svg"} and path.name != Path(__file__).name:
            assert not words.search(path.read_text(encoding="utf-8")), path


def test_no_place_is_named_in_the_package():
    places = re.compile(
        r"basildon|broomfield|southend|chelmsford|essex|hyper_acute|emergency_department", re.IGNORECASE
    )
    for path in (ROOT / "optimiser").rglob("*.py"):
        assert not places.search(path.read_text()), path


def test_every_command_starts_its_help_with_what_it_does_and_gives_an_example():
    for command in app.registered_commands:
        assert "Example:" in (command.callback.__doc__ or ""), command.callback


def test_the_core_tests_are_there():
    assert set(CORE) <= {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
