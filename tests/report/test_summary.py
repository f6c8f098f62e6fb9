"""What the summary of a plan says, sentence by sentence, on worlds where the truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from as_files import with_files
from made_up_place import write_question
from worlds import by_transfer, small, vary

import optimiser as op
from optimiser.errors import NoPlan
from optimiser.explanation import clash
from optimiser.plan import evaluate, measures
from optimiser.plan.comparison import affected, tables_of
from optimiser.plan.finished import run_of
from optimiser.plan.proof import Written
from optimiser.problem import Figure, Fixed, Link
from optimiser.report import summary

BOTH = frozenset({("ash", "clinic"), ("birch", "clinic")})
AT_BIRCH = frozenset({("birch", "clinic")})


def test_changes_are_not_counted_where_today_is_not_stated():
    plan = evaluate(replace(small(), today=frozenset()), AT_BIRCH)
    lines = summary.lines(plan)
    assert "Today is not stated, so changes are not counted." in lines
    assert not any("Changes from today" in line for line in lines)
    assert "changes_from_today" not in set(measures.table(plan)["measure"])


def test_services_of_which_today_is_not_stated_are_named():
    (line,) = [line for line in summary.lines(evaluate(small(), BOTH)) if line.startswith("Changes from today")]
    assert line == "Changes from today: none. Where x-ray room is today is not stated."


def test_road_minutes_stand_apart_from_waits():
    # Scanner at birch: 800 patient-minutes to first contact, and 15 of ash's 30 go on: 10 by road, 20 of waiting.
    plan = evaluate(with_files(by_transfer()), BOTH | {("birch", "scanner")})
    numbers = measures.table(plan)
    assert measures.number(numbers, "mean_minutes", "scanner") == pytest.approx(1250 / 60)
    assert measures.number(numbers, "mean_road_minutes", "scanner") == pytest.approx(950 / 60)
    assert op.check(plan).empty
    assert "mean_road_minutes" not in set(numbers[numbers["service"] == "clinic"]["measure"])


def test_waits_are_told_apart_in_the_sentences_that_may_be_quoted():
    problem = by_transfer()
    plans = {"both": evaluate(problem, BOTH | {("birch", "scanner"), ("ash", "scanner")})}
    plans["birch"] = evaluate(problem, BOTH | {("birch", "scanner")})
    said = affected({name: tables_of(plan) for name, plan in plans.items()})["sentences"].set_index("kind")["sentence"]
    assert said["average"] == (
        "Scanner: the average time from home to the unit of all 60 patients a year goes from 13.33 to 20.83 minutes "
        "(+7.50); that of the 30 who live where it changes from 16.67 to 31.67 (+15.00); on the road alone all take "
        "13.33 and then 15.83, and the rest is waiting that is assumed."
    )
    assert said["worst"].endswith("to 50.0 minutes (+30.0), waits included.")


def test_an_evaluated_option_keeps_its_name_and_source(tmp_path: Path):
    problem = op.read_problem(write_question(tmp_path))
    written = Written("OPT1", "The first option", "Minutes of a meeting", verified=False)
    plan = evaluate(problem, {("ash", "care"), ("ash", "labs")}, option=written)
    assert op.check(plan).empty
    assert run_of(op.write_run(plan, tmp_path / "run")).plan.option == written
    assert any(line.startswith("Option OPT1: The first option (Minutes of a meeting") for line in summary.lines(plan))


def test_whoever_follows_a_way_out_gets_a_plan():
    # Both must be open, where ash has 30 patients and birch 35.
    nearly = small(minimum_patients=Figure(30.04), at_least_sites=Figure(2))
    assert "accept 0.04 patients a year too few at Ash for Clinic" in [way.words for way in clash(nearly).ways_out]


def test_what_is_fixed_and_what_is_linked_may_be_the_way_out():
    fixed = vary(small(at_most_sites=Figure(0)), "clinic", fixed={"ash": Fixed(True, "It stands there")})
    assert "decide anew on Clinic at Ash, which is fixed as there" in [way.words for way in clash(fixed).ways_out]
    linked = small(at_least_sites=Figure(1), same_site=(Link("x_ray"),))
    linked = vary(linked, "x_ray", at_most_sites=Figure(0))
    words = [way.words for way in clash(linked).ways_out]
    assert "let Clinic do without X-ray room on its site, as a documented exception" in words


def test_the_exception_says_which_rules_clash():
    world = small(minimum_patients=Figure(36), at_least_sites=Figure(2))
    with pytest.raises(NoPlan) as raised:
        op.solve(world)
    assert str(raised.value) == str(clash(world))
    assert "Clinic on at least 2 sites (enough_sites.clinic)" in str(raised.value)
    with pytest.raises(NoPlan, match=r"optimiser\.clash"):
        op.near_best(world, within=0.1)
