"""Whether a plan is still the best as roads are shut or slow, in a world solved by hand and by the commands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from command import optimiser
from made_up_place import CONFIG, write_config, write_question
from road_tables import TABLES
from worlds import by_transfer, small

from optimiser.errors import InputError
from optimiser.explanation.on_roads import on_roads
from optimiser.inputs import read_question
from optimiser.plan import evaluate
from optimiser.problem import Figure, Problem
from optimiser.scenarios.settings import read_states
from optimiser.search.planning import solve

ACCESS = "end,junction,km\nA1,west,2\nA2,west,2\nA3,west,2\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
SWEEP = "title: Shut?\nconfig: base.yaml\nroads: [{close: [A1 between West and Middle]}, {slow: {A1: 1.2}}]\n"


def longer(problem: Problem, area: str, site: str, minutes: float) -> Problem:
    journeys = problem.journeys.copy()
    journeys.loc[journeys.index == area, site] += minutes
    return replace(problem, journeys=journeys)


def test_another_plan_is_best_where_the_way_to_this_one_is_long_enough():
    """By birch 1000 patient-minutes, by ash 1250. With 20 more from the east to birch those 30 go to oak, in 25.

    Then birch comes to 300 + 400 + 750 = 1450, 7.5 minutes more for each of 60; with 5 more it comes to 1150.
    """
    world = small(at_least_sites=Figure(1), at_most_sites=Figure(1))
    plan = solve(world)
    assert [site for site, code in plan.designated if code == "clinic"] == ["birch"]
    found = on_roads(plan, {"a little": longer(world, "east", "birch", 5), "shut": longer(world, "east", "birch", 20)})
    little, shut = found.states
    assert (little.still_best, little.best) == (True, little.kept)
    assert little.minutes_more == {"clinic": pytest.approx(2.5)}
    assert (shut.still_best, shut.minutes_more) == (False, {"clinic": pytest.approx(7.5)})
    assert shut.best is not None and shut.best.designated == {("ash", "clinic")}
    assert [one.more for one in shut.costs] == [-200]
    assert found.in_short == (
        "the best in 1 of 2 states of the roads that were tried; not with shut (best there: Clinic at Ash); as if "
        "each held all year, and how often it comes is not known"
    )
    said = str(found).splitlines()
    assert said[:2] == [
        "Of 2 states of the roads, the plan is the best in 1:",
        "  - a little: yes; average journeys with its sites: +2.50 minutes for Clinic",
    ]
    assert "no; average journeys with its sites: +7.50 minutes for Clinic; best there: Clinic at Ash; " in said[2]


def test_of_a_service_by_transfer_minutes_on_the_road_stand_apart_from_waits_where_fewer_are_taken_on():
    """With ash further from mid its 20, of 60, are seen first at birch, as near as ash was, where the scanner is.

    Half of them were taken on from ash, in 20 minutes of waits and 10 of road: 15 minutes less each, 5 of them by road.
    """
    plan = evaluate(by_transfer(), frozenset({("ash", "clinic"), ("birch", "clinic"), ("birch", "scanner")}))
    found = on_roads(plan, {"further": longer(plan.problem, "mid", "ash", 1)})
    (further,) = found.states
    assert further.minutes_more["scanner"] == pytest.approx(-15 * 20 / 60)
    assert further.road_minutes_more["scanner"] == pytest.approx(-5 * 20 / 60)
    assert "-5.00 minutes for Scanner (-1.67 on the road; the rest is waits, as more or fewer are taken on)" in str(
        found
    )


def test_a_plan_that_breaks_a_rule_there_or_where_no_plan_is_lawful_is_not_the_best():
    """With birch 20 minutes further 20 patients a year are left there (east's 30 and the far's 5 go to oak)."""
    world = small(at_least_sites=Figure(1), minimum_patients=Figure(25))
    plan = solve(world)
    shut = longer(longer(world, "east", "birch", 20), "far", "birch", 20)
    none = longer(longer(shut, "mid", "ash", 25), "mid", "birch", 25)
    broken, lost = on_roads(plan, {"shut": shut, "more": none}).states
    assert len(broken.kept.broken)
    assert (broken.still_best, lost.still_best, lost.best) == (False, False, None)


def test_both_commands_say_so_of_a_run_that_keeps_no_network(tmp_path: Path):
    write_question(tmp_path, CONFIG, **{**TABLES, "road_access": ACCESS})
    sweep = write_config(tmp_path, "sweep.yaml", SWEEP)
    config, run = tmp_path / "configs/base.yaml", tmp_path / "run"
    assert optimiser("solve", str(config), "--out", str(run), cwd=tmp_path).returncode == 0
    assert not (run / "inputs/road_access.csv").exists()
    found = optimiser("explain", str(run), "--roads", str(sweep), "--json", cwd=tmp_path)
    states = json.loads(found.stdout)["roads"]["states"]
    assert [one["state"] for one in states] == [
        "A1 between West and Middle closed",
        "A1 slowed to 1.2 times its minutes",
    ]
    compared = optimiser("compare", str(config), str(run), "--roads", str(sweep), "--csv", "tables", cwd=tmp_path)
    best = [one["still_best"] for one in states]
    assert f"\n- run: the best in {sum(best)} of 2 states of the roads" in compared.stdout
    rows = (tmp_path / "tables/roads.csv").read_text().splitlines()
    assert rows[1:] == [f"run,{one['state']},{str(one['still_best']).lower()}" for one in states]


def test_a_sweep_that_says_nothing_of_roads_is_refused(tmp_path: Path):
    config = write_question(tmp_path)
    sweep = write_config(tmp_path, "sweep.yaml", "title: T\nconfig: base.yaml\ngrid: {journey_factor: [1]}\n")
    with pytest.raises(InputError, match="it says nothing of roads"):
        read_states(sweep, read_question(config))
