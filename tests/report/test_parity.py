"""The page's own arithmetic against Python's: every subset of every service, and joint choices at random."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shipped
from browser import Browser
from worlds import as_today, by_transfer, small, three_doctors, two_by_transfer, vary

from optimiser.plan import Plan, affected, evaluate, measures
from optimiser.problem import Beds, Figure, Fixed, Link, Observed, Problem, Reach, Team
from optimiser.report.page import packing, question
from optimiser.report.page.outlines import Border, Drawing

ROOT = Path(__file__).parents[2]
SCRIPT = "".join(
    (files("optimiser.report.page") / name).read_text(encoding="utf-8") for name in ("packing.js", "evaluate.js")
)

# Facts of the place, or of beds that are busy: the page shows them for the runs and not for every choice.
NOT_FOLLOWED = {
    *("observed_patients", "backcast_patients", "backcast_error", "beds_available", "beds_today", "beds_beyond_today"),
    *("beds_needed_as_today", "staff_for_beds", "occupancy", "blocking", "exceptions_used", "patients_more_than_today"),
}

# Text goes to the browser and back much faster than what it stands for.
EVALUATE = """text => {
    const [data, choices, before] = JSON.parse(text);
    const asked = readQuestion(data), kept = new Map();
    const was = evaluate({...asked, everybodyToTheNearest: true}, before, null);
    const plain = value => Number.isFinite(value) ? value : String(value);
    return JSON.stringify(choices.map(chosen => {
        const found = evaluate(asked, chosen, was, kept);
        return {
            measures: Array.from(found.measures, ([key, value]) => [key, plain(value)]),
            rules: found.rules.map(rule => [rule.instance, plain(rule.left), plain(rule.right), rule.pass]),
            objectives: found.objectives.map(one => plain(one.value)),
        };
    }));
}"""

Choice = dict[str, list[str]]

# Minutes of them, where drawn worlds with transfers hold the same.
DEEP_ONE = pytest.param("what_if/treat_and_transfer", marks=pytest.mark.deep)


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
    text = json.dumps([question.question(problem), choices, before], allow_nan=False)
    found: list[dict[str, Any]] = json.loads(page.evaluate(EVALUATE, text))
    page.close()
    return found


def test_numbers_are_packed_in_the_fewest_bits_and_read_back(browser: Browser):
    draw = np.random.default_rng(1)
    widths = (1, 2, 7, 8, 9, 13, 16, 17, 24, 25, 32)
    every = [np.append(draw.integers(-1, 2**bits - 1, 100), (-1, 2**bits - 2)).astype(float) for bits in widths]
    every += [np.array([]), np.array([0.0]), np.array([2.0**32 - 1, 5.0]), np.array([2.0**40, 0.25])]
    packed = [packing.packed(values) for values in every]
    assert [one["bits"] for one in packed] == [*widths, 1, 1, 64, 64]
    page = browser.new_page()
    page.add_script_tag(content=SCRIPT)
    found = page.evaluate("every => every.map(one => Array.from(unpacked(one)))", packed)
    page.close()
    for values, one, read in zip(every, packed, found, strict=True):
        assert read == np.where(values < 0, 2 ** one["bits"] - 1, values).tolist()


def test_minutes_are_packed_by_what_their_neighbours_foretell_and_read_back(browser: Browser):
    draw = np.random.default_rng(2)
    far, away = draw.integers(0, 9_000, (60, 1)), draw.integers(0, 9_000, (1, 12))
    roads = (far + away + draw.integers(0, 3, (60, 12))).astype(float)
    some_unknown = np.where(draw.random((60, 12)) < 0.2, -1, roads)
    at_odds = draw.choice([-1.0, 0.0, 2.0**29 - 1], (40, 7))
    every = [roads, some_unknown, at_odds, roads[:1], roads[:, :1], np.full((3, 4), -1.0), np.zeros((2, 2)), roads[:0]]
    packed = [packing.packed_table(values) for values in every]
    # Of roads that are longer by the same almost everywhere a number takes a few bits, not 15.
    assert len(packed[0]["over"]["base64"]) < 0.4 * len(packing.packed(roads)["base64"])
    # What is too large to be foretold in whole numbers of 31 bits is packed one by one.
    assert "over" not in packing.packed_table(np.array([[2.0**29]]))
    page = browser.new_page()
    page.add_script_tag(content=SCRIPT)
    found = page.evaluate("every => every.map(one => Array.from(foretold(one)))", packed)
    page.close()
    for values, one, read in zip(every, packed, found, strict=True):
        assert read == np.where(values < 0, 2 ** one["bits"] - 1, values).ravel().tolist()


def test_codes_names_and_stretches_of_border_are_read_back(browser: Browser):
    codes = [["E01000009", "E01000010", "E01000002", "W01000001"], ["ash", "oak"], ["E1", "E02"], ["7"], []]
    names = ["City 001A", "Else", "Town 2", ""]
    shared = packing.without_what_is_shared(names, ["City", "Town", "Town", None])
    assert shared == ["\t 001A", "Else", "\t 2", ""]
    # A name that begins as those do is no such name.
    assert packing.without_what_is_shared(["\todd", "City 1"], ["City", "City"]) == ["\todd", "City 1"]
    numbers = np.array([0, -1, 1, 5, -300, 2**29, -(2**29)])
    corners = [np.array([[3, 4], [5, 4], [5, 1]]), np.array([[900, 0], [899, 2]])]
    drawn = Drawing(
        9, 9, 1.0, (), (Border(0, 4, corners[0]), Border(2, 3, corners[1]), Border(2, -1, corners[0])), (), {}, ()
    )
    page = browser.new_page()
    page.add_script_tag(content=SCRIPT)
    packed = [[packing.in_order(one) for one in codes], shared, packing.coded(numbers), drawn.stretches]
    found = page.evaluate(
        """([codes, names, numbers, stretches]) => [codes.map(codesOf), withWhatIsShared({names, district: [0, 1, 1, 1],
        districts: ["City", "Town"]}), Array.from(decoded(numbers)), stretchesOf(stretches)]""",
        packed,
    )
    page.close()
    assert found == [codes, names, numbers.tolist(), [[0, 4, "M3 4l2 0 0 -3"], [2, 3, "M900 0l-1 2"]]]


def designated(choice: Choice) -> frozenset[tuple[str, str]]:
    return frozenset((site, code) for code, sites in choice.items() for site in sites)


class InPython:
    """Every measure that the page also works out; those of a service once for each choice that decides them."""

    def __init__(self, today: Plan) -> None:
        self.today = today
        self.kept: dict[tuple[object, ...], dict[str, float]] = {}

    def __call__(self, plan: Plan) -> dict[str, float]:
        services = plan.problem.services_with_patients
        parts = [self._keyed(measures.of_the_whole(plan)), *(self._of_service(plan, code) for code in services)]
        return {key: value for part in parts for key, value in part.items()}

    def _of_service(self, plan: Plan, service: str) -> dict[str, float]:
        transfer = plan.problem.services[service].transfer
        key = (service, plan.sites_of(service), transfer and plan.sites_of(transfer.first_contact))
        if key not in self.kept:
            rows = [
                *measures.of_service(plan, service),
                *affected.of_plans(plan, self.today, service),
                *measures.straight_there(plan, service),
            ]
            self.kept[key] = self._keyed(rows)
        return self.kept[key]

    def _keyed(self, rows: Iterable[tuple[Any, ...]]) -> dict[str, float]:
        return {
            f"{measure}|{service}|{group}": value
            for measure, service, group, value, *_ in rows
            if measure not in NOT_FOLLOWED and not math.isnan(value)
        }


def number(value: Any) -> float:
    return {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan, "undefined": math.nan}.get(value, value)


def agree(browser: Browser, problem: Problem, joint: int) -> None:
    agree_on(browser, problem, every_subset_and_some_joint_choices(problem, joint))


def agree_on(browser: Browser, problem: Problem, choices: list[Choice]) -> None:
    in_python = InPython(evaluate(problem.to_the_nearest(), problem.today))
    for choice, found in zip(choices, on_the_page(browser, problem, choices), strict=True):
        plan = evaluate(problem, designated(choice))
        assert [number(one) for one in found["objectives"]] == [one.value for one in plan.proof.objectives], choice
        rules = {name: (number(left), number(right), holds) for name, left, right, holds in found["rules"]}
        stand = (plan.rules[column].tolist() for column in ("instance", "left", "right", "pass"))
        expected = {name: (left, right, bool(holds)) for name, left, right, holds in zip(*stand, strict=True)}
        assert set(rules) == set(expected), choice
        for name, (left, right, holds) in expected.items():
            assert rules[name][1:] == (right, holds), (choice, name)
            assert math.isclose(rules[name][0], left, rel_tol=1e-12, abs_tol=1e-9), (choice, name)
        theirs = {key: number(value) for key, value in found["measures"]}
        mine = in_python(plan)
        for key, value in mine.items():
            assert math.isclose(theirs[key], value, rel_tol=1e-9, abs_tol=1e-8), (choice, key, theirs[key], value)
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
    problem = vary(problem, "x_ray", fixed={"ash": Fixed(True, "it stays")})
    return replace(problem, areas=areas, at_most_services_a_site=Figure(1))


def test_the_small_world_comes_to_the_same(browser: Browser):
    agree(browser, full(), joint=16)


def by_other_modes(problem: Problem, service: str, *, travel: bool = True) -> Problem:
    """Return the problem with patients of a service who go by bus, and visitors who come by a train that few have."""
    minutes = problem.journeys.iloc[:, ::-1].set_axis(problem.journeys.columns, axis=1)
    train = minutes.where(minutes > 10) + 0.25
    modes = {"visitors_travel_by": "by_train"} | ({"travel_by": "by_bus"} if travel else {})
    return replace(vary(problem, service, **modes), by_mode={"by_bus": minutes * 1.5, "by_train": train})


def test_journeys_by_other_modes_come_to_the_same(browser: Browser):
    agree(browser, by_other_modes(full(), "clinic"), joint=16)
    shared = replace(small(managed=True, standard_minutes=Figure(15), maximum_patients=Figure(32)), areas=full().areas)
    agree(browser, by_other_modes(shared, "clinic"), joint=16)
    moved = by_transfer(minimum_patients=Figure(30), share_transferred=Figure(0.25))
    agree(browser, by_other_modes(moved, moved.reached_by_transfer[0], travel=False), joint=30)


def test_transfers_come_to_the_same(browser: Browser):
    agree(browser, by_transfer(minimum_patients=Figure(30), most_transfers_a_day=Figure(0.05)), joint=30)
    agree(browser, two_by_transfer(36, at_most_sites=None), joint=30)


@pytest.mark.parametrize(
    "limits",
    [
        {"maximum_patients": Figure(32)},
        {"minimum_patients": Figure(31), "beds": Beds(Figure(5), Figure(0.05), at={"ash": Figure(3)})},
        {"minimum_patients": Figure(500)},
    ],
    ids=["at most", "at least", "more than there are"],
)
def test_patients_who_are_shared_out_come_to_the_same(browser: Browser, limits: dict[str, Any]):
    areas = full().areas
    agree(browser, replace(small(managed=True, standard_minutes=Figure(15), **limits), areas=areas), joint=16)


def one_team(**rota: Any) -> Problem:
    team = Team("doctors", "doctors", None, Figure(1), across_sites=True, posts_funded=Figure(7))
    return small(rotas=three_doctors(**rota), team=team)


@pytest.mark.parametrize(
    "problem",
    [
        one_team(at={"birch": 3.5}, once=Figure(5), may_fall_short=True),
        one_team(only_without=Link("x_ray")),
        small(rotas=three_doctors(only_without=Link("x_ray"))),
        small(rotas=three_doctors(remote_from=Link("x_ray"), may_fall_short=True)),
        small(rotas=(*three_doctors(only_without=Link("x_ray")), *three_doctors(may_fall_short=True))),
    ],
    ids=["across sites", "residual, across sites", "residual", "remote", "two rotas of one team"],
)
def test_teams_come_to_the_same(browser: Browser, problem: Problem):
    agree(browser, problem, joint=16)


def test_offsets_and_reach_come_to_the_same(browser: Browser):
    offset = vary(full(), "clinic", observed=Observed({"birch": Figure(-12.5), "oak": Figure(3)}))
    agree(browser, offset, joint=16)
    agree(browser, vary(by_transfer(), "scanner", in_reach=(Reach("x_ray", Figure(12)),)), joint=16)


def test_without_tables_the_page_works_out_the_same(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(question, "MOST_CANDIDATES_IN_TABLES", 1)
    problem = vary(full(), "clinic", rotas=(), beds=None)
    assert question.question(problem)["not_judged"] == []
    agree(browser, problem, joint=16)


@pytest.mark.parametrize("pull", [0, 0.4, 1])
@pytest.mark.parametrize(
    "problem",
    [
        full(),
        vary(full(), "clinic", observed=Observed({"birch": Figure(-12.5), "oak": Figure(3)})),
        by_transfer(minimum_patients=Figure(30), most_transfers_a_day=Figure(0.05)),
        by_transfer(neighbours=()),
        by_transfer(neighbours=("oak",)),
        vary(by_transfer(neighbours=("oak",)), "clinic", neighbours=()),
        replace(small(managed=True, maximum_patients=Figure(32), standard_minutes=Figure(15)), areas=full().areas),
        replace(small(managed=True, minimum_patients=Figure(26)), areas=full().areas),
    ],
    ids=[
        *("something of everything", "offsets", "by transfer", "by transfer, none outside", "by transfer, outside too"),
        *("by transfer, first contact here", "shared out, at most", "shared out, at least"),
    ],
)
def test_patients_who_leave_as_today_come_to_the_same(browser: Browser, problem: Problem, pull: float):
    agree(browser, as_today(problem, pull), joint=16)


def test_without_tables_patients_who_leave_come_to_the_same(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(question, "MOST_CANDIDATES_IN_TABLES", 1)
    agree(browser, as_today(vary(full(), "clinic", rotas=(), beds=None), 0.4), joint=16)


def test_where_nobody_knows_how_many_live_there_nobody_is_counted_but_patients(browser: Browser):
    problem = as_today(small(standard_minutes=Figure(20)))
    unknown = replace(problem, areas=problem.areas.drop(columns="population"))
    agree(browser, unknown, joint=0)
    (found,) = on_the_page(browser, unknown, [{"clinic": ["birch"], "x_ray": []}])
    assert not [key for key, _ in found["measures"] if key.startswith("people")]


def test_both_pathways_come_to_what_a_question_about_each_says(browser: Browser):
    """The page of the care model, by transfer, has the minutes of that model with everybody taken straight there."""
    problem = shipped.question("care_model")
    straight = shipped.question("what_if/care_model_straight_there")
    choices = every_subset_and_some_joint_choices(problem, joint=4)[:: len(problem.services)]
    shown = 0
    for choice, found in zip(choices, on_the_page(browser, problem, choices), strict=True):
        theirs, plan = dict(found["measures"]), evaluate(straight, designated(choice))
        for service in problem.reached_by_transfer:
            for measure, _, group, value, *_ in measures.of_service(plan, service):
                if measure in measures.OF_BOTH_PATHWAYS and not group:
                    on_page = number(theirs[f"{measure}_straight_there|{service}|"])
                    assert math.isclose(on_page, value, rel_tol=1e-9), (choice, service, measure)
                    shown += 1
    assert shown >= len(choices) * 3 * 8


@pytest.mark.parametrize("config", ["base", DEEP_ONE, "what_if/hasus_shared_out"])
def test_five_hundred_joint_choices_come_to_the_same(browser: Browser, config: str):
    """Objectives as whole numbers exactly, every rule and every measure, for all of them."""
    agree(browser, shipped.question(config), joint=500)


@pytest.mark.parametrize(
    ("config", "pull"),
    [
        *product(["base", "what_if/hasus_shared_out"], [0, 0.4, 1]),
        pytest.param("what_if/treat_and_transfer", 0.4, marks=pytest.mark.deep),
    ],
)
def test_leavers_come_to_the_same_wherever_stroke_and_emergency_care_are(browser: Browser, config: str, pull: float):
    """Every subset of sites of the one service with every subset of the other."""
    border = shipped.question("base").border
    assert border
    problem = replace(shipped.question(config), border=replace(border, pull=Figure(pull)))
    subsets = [[s for n, s in enumerate(problem.candidates) if mask >> n & 1] for mask in range(8)]
    today = {code: [s for s in problem.candidates if (s, code) in problem.today] for code in problem.services}
    pairs = product(subsets, subsets)
    agree_on(browser, problem, [{**today, "hyper_acute_stroke": a, "emergency_department": b} for a, b in pairs])
