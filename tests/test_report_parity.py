"""The page's own arithmetic against Python's: every subset of every service, and joint choices at random."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from worlds import by_transfer, small, three_doctors, vary

import optimiser as op
from optimiser import arithmetic, measures
from optimiser.plan import Plan
from optimiser.planning import evaluate
from optimiser.problem import Beds, Figure, Fixed, Observed, Problem, Reach
from optimiser.report import affected, question

ROOT = Path(__file__).parent.parent
SCRIPT = (files("optimiser.report") / "page/evaluate.js").read_text(encoding="utf-8")

# Facts of the place, or of beds that are busy: the page shows them for the runs and not for every choice.
NOT_FOLLOWED = {
    *("observed_patients", "backcast_patients", "backcast_error", "beds_available", "beds_today", "beds_beyond_today"),
    *("beds_needed_as_today", "staff_for_beds", "occupancy", "blocking", "exceptions_used"),
}

EVALUATE = """([data, choices, before]) => {
    const asked = readQuestion(data), kept = new Map(), plain = value => Number.isFinite(value) ? value : String(value);
    return choices.map(chosen => {
        const found = evaluate(asked, chosen, before, kept);
        return {
            measures: Array.from(found.measures, ([key, value]) => [key, plain(value)]),
            rules: found.rules.map(rule => [rule.instance, plain(rule.left), plain(rule.right), rule.pass]),
            objectives: found.objectives.map(one => plain(one.value)),
            wholes: found.objectives.map(one => plain(one.whole)),
        };
    });
}"""

Choice = dict[str, list[str]]


def every_subset_and_some_joint_choices(problem: Problem, joint: int) -> list[Choice]:
    """Return every subset of every service with the rest as today, then joint choices at random."""
    draw = random.Random(20_190_731)
    today = {code: [s for s in problem.candidates if (s, code) in problem.today] for code in problem.services}
    subsets = [
        [s for n, s in enumerate(problem.candidates) if mask >> n & 1] for mask in range(2 ** len(problem.candidates))
    ]
    return [
        *({**today, code: subset} for code in problem.services for subset in subsets),
        *({code: draw.choice(subsets) for code in problem.services} for _ in range(joint)),
    ]


def on_the_page(browser: Browser, problem: Problem, choices: list[Choice]) -> list[dict[str, Any]]:
    """Return what the page's script makes of choices."""
    page = browser.new_page()
    page.add_script_tag(content=SCRIPT)
    before = {code: [s for s in problem.candidates if (s, code) in problem.today] for code in problem.services}
    data = json.loads(json.dumps(question.question(problem), allow_nan=False))
    found: list[dict[str, Any]] = page.evaluate(EVALUATE, [data, choices, before])
    page.close()
    return found


def designated(choice: Choice) -> frozenset[tuple[str, str]]:
    return frozenset((site, code) for code, sites in choice.items() for site in sites)


def in_python(plan: Plan, today: Plan) -> Iterator[tuple[str, float]]:
    """Yield every measure that the page also works out."""
    for row in measures.table(plan).to_dict("records"):
        if row["measure"] not in NOT_FOLLOWED:
            yield f"{row['measure']}|{row['service']}|{row['group']}", row["value"]
    for service in plan.problem.services_with_patients:
        for measure, code, group, value in affected.affected(plan, today, service):
            yield f"{measure}|{code}|{group}", value


def number(value: Any) -> float:
    return {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan, "undefined": math.nan}.get(value, value)


def agree(browser: Browser, problem: Problem, joint: int) -> None:
    choices, today = every_subset_and_some_joint_choices(problem, joint), evaluate(problem, problem.today)
    for choice, found in zip(choices, on_the_page(browser, problem, choices), strict=True):
        plan = evaluate(problem, designated(choice))
        for reached, theirs in zip(plan.proof.objectives, found["objectives"], strict=True):
            assert number(theirs) == reached.value, (choice, reached)
        rules = {name: (number(left), number(right), holds) for name, left, right, holds in found["rules"]}
        expected = {
            row["instance"]: (row["left"], row["right"], bool(row["pass"])) for row in plan.rules.to_dict("records")
        }
        assert set(rules) == set(expected), choice
        for name, (left, right, holds) in expected.items():
            assert rules[name][1:] == (right, holds), (choice, name)
            assert rules[name][0] == pytest.approx(left, rel=1e-12, abs=1e-9), (choice, name)
        theirs = {key: number(value) for key, value in found["measures"]}
        mine = dict(in_python(plan, today))
        for key, value in mine.items():
            assert theirs[key] == pytest.approx(value, rel=1e-9, abs=1e-8, nan_ok=True), (choice, key)
        assert {key for key, value in theirs.items() if not math.isnan(value)} <= set(mine), choice


def full() -> Problem:
    """The small world with something of everything that the page works out."""
    areas = small().areas.assign(
        name=["East", "Far", "Mid", "West"],
        district=["North", "", "North", "South"],
        population_75_plus=[30, 5, 20, 10],
    )
    rota = three_doctors(may_fall_short=True)
    problem = small(
        rotas=rota,
        standard_minutes=Figure(15),
        share_within_standard=Figure(0.5),
        minimum_patients=Figure(20),
        longest_journey_minutes=Figure(40),
        beds=Beds(Figure(5), Figure(0.05), at={"ash": Figure(3)}),
        at_most_sites=Figure(1),
    )
    return replace(vary(problem, "x_ray", fixed={"ash": Fixed(True, "it stays")}), areas=areas)


def test_the_small_world_comes_to_the_same(browser: Browser):
    agree(browser, full(), joint=16)


def test_transfers_come_to_the_same(browser: Browser):
    agree(browser, by_transfer(minimum_patients=Figure(30), most_transfers_a_day=Figure(0.05)), joint=30)


def test_offsets_and_reach_come_to_the_same(browser: Browser):
    offset = vary(full(), "clinic", observed=Observed({"birch": Figure(-12.5), "oak": Figure(3)}))
    agree(browser, offset, joint=16)
    agree(browser, vary(by_transfer(), "scanner", in_reach=(Reach("x_ray", Figure(12)),)), joint=16)


def test_without_tables_the_page_works_out_the_same(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(question, "MOST_CANDIDATES_IN_TABLES", 1)
    problem = vary(full(), "clinic", rotas=(), beds=None)
    assert question.question(problem)["not_judged"] == []
    agree(browser, problem, joint=16)


@pytest.mark.parametrize("config", ["base", "what_if/treat_and_transfer"])
def test_five_hundred_joint_choices_come_to_the_same(browser: Browser, config: str):
    """Whole numbers exactly, for all of them; every measure and rule for every subset and some of them."""
    problem = op.read_problem(ROOT / f"configs/{config}.yaml")
    choices = every_subset_and_some_joint_choices(problem, joint=500)
    for choice, found in zip(choices, on_the_page(browser, problem, choices), strict=True):
        exact = [arithmetic.value(problem, designated(choice), objective) for objective in problem.objectives]
        assert [number(one) for one in found["objectives"]] == exact, choice
    agree(browser, problem, joint=5)
