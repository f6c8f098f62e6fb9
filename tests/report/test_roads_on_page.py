"""The page asked with roads shut or slow: its sums against Python's, what it says, and what it leaves as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from browser import LAPTOP, Browser, Visit, visit
from command import optimiser
from made_up_place import CONFIG, write_config, write_question
from playwright.sync_api import expect
from road_tables import TABLES
from test_parity import EVALUATE, Choice, InPython, designated, every_subset_and_some_joint_choices, number
from test_web import base_of, served
from worlds import small

from optimiser.inputs import Question, read_question
from optimiser.plan import evaluate
from optimiser.plan.runs import write_run
from optimiser.problem import Figure, Problem
from optimiser.report.page import question
from optimiser.report.page.build import write_report
from optimiser.report.page.roads import after_yes_or_no, shown
from optimiser.scenarios.settings import read_states
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[2]
NEEDED = ("packing.js", "evaluate.js", "roads.js")
SCRIPTS = "".join((files("optimiser.report.page") / name).read_text("utf-8") for name in NEEDED)
IN_STATE = EVALUATE.replace("[data, choices, before] =", "[data, choices, before, state] =").replace(
    "readQuestion(data)", "inState(data, state)"
)
ACCESS = "end,junction,km\nA1,west,2\nA2,west,2\nA3,west,2\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
SWEEP = """title: Shut?
config: base.yaml
roads:
  - {}
  - close: [A1 between West and Middle]
  - slow: {A1: 1.23}
  - close: [One Way Street]
"""
NAMES = [
    "A1 between West and Middle closed",
    "A1 slowed to 1.23 times its minutes",
    "One Way Street closed",
]


def asked(folder: Path, config: str = CONFIG) -> tuple[Question, dict[str, Problem]]:
    """Return the made-up question with a network, and in every state of its roads."""
    found = read_question(write_question(folder, config, **{**TABLES, "road_access": ACCESS}))
    return found, read_states(write_config(folder, "roads.yaml", SWEEP), found)


def agree(browser: Browser, problem: Problem, there: Problem, state: Mapping[str, Any], choices: list[Choice]) -> None:
    """Have the page, asked in a state of the roads, say what Python says of the question there."""
    before = {code: [s for s in problem.candidates if (s, code) in problem.today] for code in problem.services}
    page = browser.new_page()
    page.add_script_tag(content=SCRIPTS)
    text = json.dumps([question.question(problem), choices, before, state], allow_nan=False)
    every = json.loads(page.evaluate(IN_STATE, text))
    page.close()
    in_python = InPython(evaluate(there.to_the_nearest(), there.today))
    for choice, found in zip(choices, every, strict=True):
        plan = evaluate(there, designated(choice))
        assert [number(one) for one in found["objectives"]] == [one.value for one in plan.proof.objectives], choice
        rules = {name: (number(left), number(right), holds) for name, left, right, holds in found["rules"]}
        stand = (plan.rules[column].tolist() for column in ("instance", "left", "right", "pass"))
        for name, left, right, holds in zip(*stand, strict=True):
            assert rules[name] == (pytest.approx(left), right, bool(holds)), (choice, name)
        theirs = {key: number(value) for key, value in found["measures"]}
        mine = in_python(plan)
        assert {key: theirs[key] for key in mine} == pytest.approx(mine, rel=1e-9, abs=1e-8), choice


@pytest.mark.parametrize("scaled", ["", "travel: {factor: 1.5}\n"], ids=["", "with a factor"])
def test_every_choice_in_every_state_comes_to_what_python_says_there(browser: Browser, scaled: str, tmp_path: Path):
    """With 1.23 times the minutes of the A1 they are longer by tenths; a factor of 1.5 makes finer steps of them."""
    found, states = asked(tmp_path, CONFIG + scaled)
    plan = solve(found.problem)
    of_page = shown(plan, states)
    assert [one["name"] for one in of_page] == NAMES
    assert [bool(one["longer"] or one["changes"]) for one in of_page] == [True, True, False]
    for one in of_page:
        choices = every_subset_and_some_joint_choices(found.problem, joint=8)
        agree(browser, found.problem, states[one["name"]], one, choices)


def test_choices_in_essex_come_to_what_python_says_with_the_a127_shut(browser: Browser, tmp_path: Path):
    found = read_question(ROOT / "configs/base.yaml")
    sweep = tmp_path / "shut.yaml"
    sweep.write_text(f"title: Shut?\nconfig: {ROOT / 'configs/base.yaml'}\nroads: [{{close: [A127]}}]\n")
    states = read_states(sweep, found)
    plan = solve(found.problem)
    (one,) = shown(plan, states)
    assert one["stays"] == "no" and len(json.dumps(one)) < 15_000
    choices = every_subset_and_some_joint_choices(found.problem, joint=6)[-12:]
    agree(browser, found.problem, states["A127 closed"], one, choices)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of the made-up question that can be asked in three states."""
    folder = tmp_path_factory.mktemp("roads")
    one_site = CONFIG.replace("    at_least_sites: 1\n", "    at_least_sites: 1\n    at_most_sites: 1\n")
    found, states = asked(folder, one_site)
    return write_report([solve(found.problem)], folder / "page.html", roads=states)


def test_a_ticked_road_moves_what_is_said_and_what_is_best_and_back(browser: Browser, page: Path):
    """By ash 165 patient-minutes. The A1 shut is 10 minutes more to ash and 20 to birch by the old road and back."""
    with visit(browser, page.as_uri(), LAPTOP) as seen:
        said = seen.page.locator("#said")
        before, title = said.inner_text(), seen.page.locator("h1").inner_text()
        assert seen.page.locator("[name=road]").count() == 4
        seen.page.get_by_role("radio", name=NAMES[0]).check()
        assert said.inner_text().startswith(f"With {NAMES[0]}: Your choice is the answer.")
        assert "the answer is still the best" in seen.page.locator("#road-said").inner_text()
        assert seen.page.locator("h1").inner_text().startswith(f"With {NAMES[0]}, not the answer to what was asked")
        assert f"With {NAMES[0]}" in seen.page.locator("#map-title").inner_text()
        assert seen.page.url.endswith("road=0")
        seen.page.get_by_role("radio", name="as they are").check()
        assert (said.inner_text(), seen.page.locator("h1").inner_text()) == (before, title)
        assert "#" not in seen.page.url
        assert seen.quiet


def test_an_address_opens_with_its_road_and_what_is_chosen_stays_on_it(browser: Browser, page: Path):
    with visit(browser, page.as_uri(), LAPTOP) as seen:
        seen.page.get_by_role("radio", name=NAMES[1]).check()
        seen.page.locator(".ticks input[data-site=birch][data-service=care]").check()
        address, words = seen.page.url, seen.page.locator("#said").inner_text()
        assert words.startswith(f"With {NAMES[1]}: Care at Ash")
    with visit(browser, address, LAPTOP) as seen:
        assert seen.page.get_by_role("radio", name=NAMES[1]).is_checked()
        assert seen.page.locator("#said").inner_text() == words
        assert seen.quiet


def longer(problem: Problem, area: str, site: str, minutes: float) -> Problem:
    journeys = problem.journeys.copy()
    journeys.loc[journeys.index == area, site] += minutes
    return replace(problem, journeys=journeys)


def lines_around(seen: Visit, site: str) -> list[str | None]:
    seen.page.get_by_label("Lines around").select_option(site)
    return [path.get_attribute("data-within") for path in seen.page.locator("#isochrones path").all()]


def test_lines_around_a_site_are_where_minutes_end_and_follow_the_roads(browser: Browser, page: Path):
    """To ash 10 from A1, 15 from A2 and 50 from A3, each beside the one before; with the A1 shut 20, 25 and 60."""
    with visit(browser, page.as_uri(), LAPTOP) as seen:
        assert lines_around(seen, "ash") == ["15", "30", "45"]
        assert "where 15, 30 and 45 minutes to Ash end" in seen.page.locator("#around-said").inner_text()
        seen.page.get_by_role("radio", name=NAMES[0]).check()
        assert lines_around(seen, "ash") == ["30", "45"]
        assert lines_around(seen, "") == []
        assert seen.quiet and seen.violations() == []


def test_without_javascript_the_table_says_in_which_states_the_answer_is_the_best(page: Path):
    text = page.read_text("utf-8")
    assert "The answer is still the best in 3 of 3 states of the roads" in text


def test_where_the_answer_is_level_with_the_best_the_page_says_so_and_not_no(tmp_path: Path):
    """By birch 1000 patient-minutes, by ash 1250; with 8.5 more from the east to birch 1255: 5 seconds each."""
    world = small(at_least_sites=Figure(1), at_most_sites=Figure(1))
    plan = solve(world)
    states = {"slow": longer(world, "east", "birch", 8.5), "shut": longer(world, "east", "birch", 20)}
    level, no = shown(plan, states)
    assert (level["stays"], no["stays"]) == ("level", "no")
    assert level["said"].startswith(
        "Average journeys with its sites: +4.25 minutes for Clinic; best there: Clinic at Ash"
    )
    text = write_report([plan], tmp_path / "page.html", roads=states).read_text("utf-8")
    assert "The answer is still the best in 0 of 2 states of the roads, and level with the best in 1 more</p>" in text


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ("yes", ""),
        ("yes; average journeys", "Average journeys"),
        ("no, but by too little to matter; best there: Clinic", "Best there: Clinic"),
        ("no; it breaks a rule there", "It breaks a rule there"),
        ("no plan meets every rule", "No plan meets every rule"),
    ],
)
def test_whether_it_is_the_best_is_said_in_one_column_alone(said: str, after: str):
    assert after_yes_or_no(said) == after


def test_a_page_that_was_not_asked_for_roads_has_none(tmp_path: Path):
    found, _ = asked(tmp_path)
    text = write_report([solve(found.problem)], tmp_path / "page.html").read_text("utf-8")
    assert 'id="roads"' not in text and 'href="#roads"' not in text


def test_a_served_page_is_asked_by_its_roads_and_refuses_scenarios_that_would_be_without(
    browser: Browser, tmp_path: Path
):
    found, _ = asked(tmp_path)
    run = write_run(solve(found.problem), tmp_path / "run")
    with (
        served(run, tmp_path, "--roads", str(tmp_path / "configs/roads.yaml")) as (_, address),
        visit(browser, address, allowed=base_of(address)[0]) as seen,
    ):
        seen.page.get_by_role("radio", name=NAMES[0]).check()
        seen.page.get_by_label("Name", exact=True).fill("With it shut")
        seen.page.get_by_label("Reason").fill("To see")
        seen.page.get_by_role("button", name="Keep this choice").click()
        words = f"This page has {NAMES[0]}, and the program asks with roads as they are."
        expect(seen.page.locator("#work-said")).to_contain_text(words)
        assert seen.quiet


def test_the_command_takes_the_states_of_a_sweep(tmp_path: Path):
    asked(tmp_path)
    assert optimiser("solve", "configs/base.yaml", "--out", "run", cwd=tmp_path).returncode == 0
    said = optimiser("report", "run", "--out", "page.html", "--roads", "configs/roads.yaml", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert NAMES[0] in (tmp_path / "page.html").read_text("utf-8")
