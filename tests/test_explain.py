"""Why not this option, or this site; what it costs, for whom; and what each rule costs: against brute force."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from worlds import small, three_doctors, vary

import optimiser as op
from optimiser.arithmetic import lawful, value
from optimiser.errors import InputError, NoPlan
from optimiser.explanation import Overview, WhyNotOption, WhyNotSite, explain, record
from optimiser.explanation.prices import Giving, givings, next_volumes, price_of_rules
from optimiser.explanation.why_not import broken_rules, explain_option, nearest_lawful
from optimiser.planning import evaluate, solve
from optimiser.problem import Figure, Fixed, Objective, Problem

CONFIGS = Path(__file__).parent.parent / "configs"
Designations = frozenset[tuple[str, str]]
# EXPLAIN_ALL=1 draws a thousand options of each config, which takes some minutes.
OPTIONS, OF_THE_CARE_MODEL = (1000, 1000) if "EXPLAIN_ALL" in os.environ else (60, 20)
PRICED = ["base", "what_if/no_volume_floor", *(["care_model"] if "EXPLAIN_ALL" in os.environ else [])]


@cache
def question(name: str) -> Problem:
    return op.read_problem(CONFIGS / f"{name}.yaml")


@cache
def answer(name: str) -> op.Plan:
    return solve(question(name))


def drawn(problem: Problem, rng: np.random.Generator, near: Designations = frozenset()) -> Designations:
    """Draw any designations at all, or some of them changed from others."""
    pairs = list(product(problem.candidates, problem.services))
    if near:
        few = rng.choice(len(pairs), size=int(rng.integers(1, 6)), replace=False)
        return near ^ frozenset(pairs[i] for i in few)
    return frozenset(pair for pair in pairs if rng.random() < 0.5)


def every_one(problem: Problem, within: Designations | None = None) -> list[Designations]:
    """Return every joint designation, or all subsets of some pairs beside those fixed as provided."""
    pairs = [
        (site, code)
        for site, code in product(problem.candidates, problem.services)
        if site not in problem.services[code].fixed
    ]
    always = frozenset(
        (site, code) for code, one in problem.services.items() for site, fixed in one.fixed.items() if fixed.provided
    )
    return [
        always | {pair for pair, bit in zip(pairs, bits, strict=True) if bit}
        for bits in product((False, True), repeat=len(pairs))
    ]


class ByBruteForce:
    """Every lawful designation of a question with what each objective comes to, one by one."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.lawful = [one for one in every_one(problem) if lawful(problem, one)]
        self.values = [tuple(value(problem, one, objective) for objective in problem.objectives) for one in self.lawful]

    def best(self, *, having: tuple[str, str] | None = None, without: tuple[str, str] | None = None):
        kept = [
            values
            for one, values in zip(self.lawful, self.values, strict=True)
            if (having is None or having in one) and (without is None or without not in one)
        ]
        return min(kept, default=None)

    def nearest(self, option: Designations) -> tuple[int, tuple[float, ...]] | None:
        """Return how far the nearest lawful designations are, and what the best of those come to."""
        return min(
            ((len(one ^ option), each) for one, each in zip(self.lawful, self.values, strict=True)), default=None
        )


@cache
def by_force(name: str) -> ByBruteForce:
    return ByBruteForce(narrowed() if name == "care_model" else question(name))


@cache
def narrowed() -> Problem:
    """Return the care model with all but two services held as its best plan has them: few enough to list."""
    problem, best = question("care_model"), answer("care_model").designated
    open_to_decision = ("hyper_acute_stroke", "stroke_thrombolysis")
    services = {
        code: service
        if code in open_to_decision
        else replace(
            service,
            fixed={site: Fixed((site, code) in best, "held, to list the rest") for site in problem.candidates},
        )
        for code, service in problem.services.items()
    }
    return replace(problem, services=services)


def test_every_claim_about_options_of_the_base_config_is_so():
    plan, force, rng = answer("base"), by_force("base"), np.random.default_rng(1)
    for _ in range(OPTIONS):
        option = drawn(plan.problem, rng, plan.designated if rng.random() < 0.5 else frozenset())
        agree(explain_option(plan, option), option, force)


def agree(found: WhyNotOption, option: Designations, force: ByBruteForce) -> None:
    problem, best = force.problem, force.best()
    assert found.broken.empty == lawful(problem, option)
    compare = {">=": np.less, "<=": np.greater, "=": np.not_equal}
    for row in found.broken.itertuples():
        assert compare[row.relation](row.left, row.right)
        assert row.short == pytest.approx(abs(row.left - row.right), abs=1e-9)
    assert tuple(cost.before for cost in found.costs) == best
    assert tuple(cost.after for cost in found.costs) == tuple(value(problem, option, o) for o in problem.objectives)
    if found.broken.empty:
        assert found.nearest is None
        return
    assert found.nearest is not None
    near = found.nearest.plan.designated
    assert lawful(problem, near)
    assert (len(near ^ option), tuple(cost.after for cost in found.nearest.costs)) == force.nearest(option)
    assert {(one.site, one.service) for one in found.nearest.changes} == near ^ option


def test_every_claim_about_options_of_the_care_model_is_so():
    """All 20 services are drawn; what is nearest is compared where few enough are open to be listed."""
    plan, rng = answer("care_model"), np.random.default_rng(2)
    problem = plan.problem
    best = tuple(value(problem, plan.designated, objective) for objective in problem.objectives)
    for number in range(OF_THE_CARE_MODEL):
        option = drawn(problem, rng, plan.designated if number % 2 else frozenset())
        assert broken_rules(evaluate(problem, option)).empty == lawful(problem, option)
        if number % 20 == 0:
            found = explain_option(plan, option)
            assert tuple(cost.before for cost in found.costs) == best
            assert found.broken.empty or (found.nearest and lawful(problem, found.nearest.plan.designated))
    narrow = narrowed()
    held = solve(narrow)
    for _ in range(OF_THE_CARE_MODEL):
        option = drawn(narrow, rng, held.designated)
        agree(explain_option(held, option), option, by_force("care_model"))


def test_the_solver_and_the_full_list_find_the_same_nearest_plan(monkeypatch: pytest.MonkeyPatch):
    plan, rng = answer("base"), np.random.default_rng(3)
    for _ in range(10):
        option = drawn(plan.problem, rng)
        listed = nearest_lawful(plan.problem, option)
        with monkeypatch.context() as patched:
            patched.setattr("optimiser.explanation.why_not.LISTED_FOR_THE_NEAREST", 0)
            solved = nearest_lawful(plan.problem, option)
        assert listed is not None and solved is not None
        assert len(listed ^ option) == len(solved ^ option)
        assert [value(plan.problem, one, plan.problem.objectives[0]) for one in (listed, solved)] == [
            value(plan.problem, listed, plan.problem.objectives[0])
        ] * 2


@pytest.mark.parametrize("name", ["base", "care_model"])
def test_every_site_of_every_service_is_explained_as_brute_force_has_it(name: str):
    force = by_force(name)
    problem = force.problem
    plan = solve(problem)
    for code, site in product(problem.services, problem.candidates):
        if site in problem.services[code].fixed:
            continue
        found = explain(plan, service=code, site=site)
        assert isinstance(found, WhyNotSite)
        pair = (site, code)
        best = force.best(having=pair) if found.insisted else force.best(without=pair)
        assert found.insisted == (pair not in plan.designated)
        assert (found.best is None) == (best is None)
        assert found.broken.empty == lawful(problem, plan.designated ^ {pair})
        if best is None:
            assert found.clash is not None and found.clash.sets
        else:
            assert tuple(cost.after for cost in found.costs) == best
            assert found.best is not None and (pair in found.best.designated) == found.insisted


def test_basildon_would_cost_200_patient_minutes():
    found = explain(answer("base"), service="hyper_acute_stroke", site="basildon")
    assert isinstance(found, WhyNotSite)
    assert [round(cost.more, 1) for cost in found.costs] == [199.8]
    assert list(found.broken["rule"]) == ["every_site_has_enough_patients"]
    every = found.whom[found.whom["group"] == "all residents"].iloc[0]
    assert round(every["mean_before"], 2) == 22.25
    assert round(every["mean_after"], 2) == 22.36
    assert 0 < every["people_shorter"] < every["people"]


def test_for_whom_adds_up_and_is_what_the_journeys_say():
    found = explain(answer("base"), service="hyper_acute_stroke", site="basildon")
    assert isinstance(found, WhyNotSite) and found.best is not None and found.whom is not None
    before, after = (
        one.journeys[one.journeys["service"] == "hyper_acute_stroke"].set_index("area")
        for one in (found.plan, found.best)
    )
    areas = found.plan.problem.areas[found.plan.problem.areas["resident"]]
    longer = (after["minutes"] - before["minutes"])[areas.index]
    every = found.whom.iloc[0]
    assert every["people_longer"] == areas["population"][longer > 5].sum()
    assert every["areas_shorter"] == (longer < -5).sum()
    districts = found.whom[found.whom["group"].str.startswith("district ")]
    assert districts["people_longer"].sum() == every["people_longer"]
    fifths = found.whom[found.whom["group"].str.startswith("deprivation ")]
    assert fifths["areas_shorter"].sum() == every["areas_shorter"]
    patients = before["patients_per_year"][areas.index]
    assert every["mean_after"] == pytest.approx((after["minutes"][areas.index] * patients).sum() / patients.sum())


@pytest.mark.parametrize("name", PRICED)
def test_the_price_of_each_rule_is_what_solving_without_it_gives(name: str):
    plan = answer(name)
    prices = price_of_rules(plan)
    before = tuple(reached.value for reached in plan.proof.objectives)
    every = {(way.rule, ".".join(way.names)): way for way in givings(plan.problem)}
    assert set(zip(prices["rule"], prices["names"], strict=True)) == set(every)
    rng = np.random.default_rng(5)
    keys = list(every)
    asked = keys if len(keys) < 30 else [keys[i] for i in rng.choice(len(keys), 20, replace=False)]
    for rule, names in asked:
        way = every[rule, names]
        rows = prices[(prices["rule"] == rule) & (prices["names"] == names)]
        removed = rows[rows["step"] == "removed"]
        assert tuple(removed["before"]) == before
        assert tuple(removed["after"]) == tuple(r.value for r in solve(way.removed(plan.problem)).proof.objectives)
        for step, first in (("one notch", 1), ("the first that saves", 2)):
            stepped = rows[rows["step"] == step]
            if len(stepped):
                fewest = next(n for n in range(first, 65) if first == 1 or reached(way, n, plan) != before)
                assert tuple(stepped["after"]) == reached(way, fewest, plan)
            elif way.notches:
                assert reached(way, first, plan) == before or set(rows["step"]) == {"one notch", "removed"}


def reached(way: Giving, notches: int, plan: op.Plan) -> tuple[float, ...]:
    assert way.notches
    return tuple(one.value for one in solve(way.notches(notches)[0](plan.problem)).proof.objectives)


def test_the_next_volume_is_the_first_that_changes_anything():
    problem = question("base")
    volume, *_ = next_volumes(problem, "hyper_acute_stroke", "minimum_patients")

    def possible(minimum: float) -> int:
        varied = vary(problem, "hyper_acute_stroke", minimum_patients=Figure(minimum))
        return solve(varied).proof.enumeration.lawful

    assert possible(volume + 0.01) == possible(600) < possible(volume)


def test_a_third_doctor_is_worth_what_the_price_of_a_post_says():
    prices = price_of_rules(solve(small(rotas=three_doctors())))
    post = prices[(prices["rule"] == "recruitment_within_limit") & (prices["step"] == "one notch")]
    assert post["saved"].tolist() == op.price_of_a_post(small(rotas=three_doctors()))["saved"].tolist() == [200]
    rota = prices[(prices["rule"] == "rota_is_filled") & (prices["step"] == "one notch")]
    assert rota["saved"].tolist() == [200]


def test_a_site_that_no_rule_leaves_room_for_gets_its_clash():
    plan = solve(small(maximum_patients=Figure(40), minimum_patients=Figure(31)))
    found = explain(plan, service="clinic", site="ash")
    assert isinstance(found, WhyNotSite)
    # Ash alone sees 30, with birch open as well it still does.
    assert found.best is None and found.clash is not None
    assert ("fixed_designations_stand", ("clinic", "ash")) in found.clash.demands
    assert "No plan with it there meets every rule." in str(found)


def test_changes_from_the_option_and_from_today_are_two_things():
    problem = replace(small(), objectives=(Objective("changes_from_today"),))
    nowhere: Designations = frozenset()
    near = nearest_lawful(vary(problem, "clinic", at_least_sites=Figure(1)), nowhere)
    assert near is not None and len(near) == 1
    since = Objective("changes_from_today", since=nowhere)
    assert value(problem, problem.today, since) == 2
    assert value(problem, problem.today, Objective("changes_from_today")) == 0


def test_what_is_asked_for_must_be_there():
    plan = answer("base")
    with pytest.raises(InputError, match=r'no candidate "basildn".*Did you mean "basildon"'):
        explain(plan, service="hyper_acute_stroke", site="basildn")
    with pytest.raises(InputError, match="say which candidate"):
        explain(plan, service="hyper_acute_stroke")
    with pytest.raises(ValueError, match="proved best"):
        explain(evaluate(plan.problem, plan.designated))


def test_an_explanation_is_plain_data_and_words():
    plan = answer("base")
    for found in (
        explain(plan),
        explain(plan, service="hyper_acute_stroke", site="broomfield"),
        explain(plan, option=plan.problem.today),
    ):
        data = record(found)
        assert json.loads(json.dumps(data, allow_nan=False)) == data
        assert data["words"] == str(found)


def test_the_overview_names_what_binds_and_the_rivals():
    found = explain(answer("base"))
    assert isinstance(found, Overview)
    assert "rota_is_filled.hyper_acute_stroke.southend.stroke_consultants.people" in set(found.binding["instance"])
    assert found.rivals[0].place == 2
    assert round(found.rivals[0].costs[0].more, 1) == 199.8


def test_a_question_with_no_plan_is_not_explained_by_a_plan():
    with pytest.raises(NoPlan):
        solve(question("what_if/three_emergency_departments"))
