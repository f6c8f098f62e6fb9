"""What would change the answer: by hand, and asked again for every change that is said."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from importlib import import_module

import pandas as pd
import pytest
from as_files import with_files
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from shipped import answer
from test_enumeration import worlds
from test_sweep import leaving
from worlds import AREAS, roads, small, three_doctors

from optimiser import checker
from optimiser.checker.changes import changes_come_to_what_is_said
from optimiser.explanation import looked_for, would_change
from optimiser.explanation.best import best_listed
from optimiser.explanation.would_change import STEPS, Change, _by_parameter, _gains, _turns_by_trying, _why_not_here
from optimiser.model.arithmetic import lawful, value
from optimiser.plan import Plan, evaluate
from optimiser.plan.equally_near import equally_near, in_words
from optimiser.plan.runs import files_of
from optimiser.problem import HERE, Border, Figure, Fixed, Problem, Reach, Service
from optimiser.problem.parameters import MORE, parameters
from optimiser.report.summary import left_out
from optimiser.search.planning import solve

# The name of the module is that of its function, too.
MODULE = import_module("optimiser.explanation.would_change")
BOTH = frozenset({("ash", "clinic"), ("birch", "clinic")})
HASU = "hyper_acute_stroke"


def said_of(problem: Problem) -> list[str]:
    return [str(one) for one in would_change(solve(problem)).changes]


# By hand: patient-minutes of residents are 800 with both clinics, 1000 with birch alone (see worlds.small) ------------


def test_a_third_doctor_at_ash_opens_it_and_three_fewer_close_birch():
    problem = small(rotas=three_doctors())
    # Ash has two of three and birch four. With three of six left one is at ash and two at birch, so none can open.
    assert said_of(problem) == [
        "With 1 more of the doctors where they are lacking: Clinic at Ash and Birch would be best (13.33 "
        "minutes on average in place of 16.67).",
        "3 fewer doctors in post, which leaves Ash 1 and Birch 2: Clinic at no site would be best; the plan's "
        "own sites would then break a rule: Clinic needs 3 doctors at each site that provides it.",
    ]
    doctor, fewer = would_change(solve(problem)).changes
    assert (doctor.kind, doctor.by, doctor.unit, doctor.to) == ("rule", 1, "people", None)
    # One of the three that a rota at ash needs.
    assert doctor.size == pytest.approx(1 / 3)
    assert [(one.measure, one.before, one.after) for one in doctor.gained] == [
        ("mean_minutes", 1000 / 60, 800 / 60),
        ("patient_minutes", 1000, 800),
    ]
    assert (fewer.kind, fewer.what, fewer.by, fewer.to) == ("parameter", "staff.doctors.people", 3, 3)
    assert fewer.size == 0.5


def test_patients_that_a_site_lacks_are_said_at_that_site():
    problem = small(minimum_patients=Figure(32.5), standard_minutes=Figure(20))
    # Ash sees 30 of 32.5, birch alone 65. All 60 are within 20 minutes of both; of birch alone 50, 83.3%.
    first = would_change(solve(problem)).changes[0]
    assert (first.what, first.by, first.unit) == ("every_site_has_enough_patients.clinic", 2.5, "patients a year")
    assert str(first) == (
        "If the clinic at Ash, beside Birch, saw 32.5 patients a year, and not 30: Clinic at Ash and Birch would be "
        "best (13.33 minutes on average in place of 16.67, 100% within 20 minutes in place of 83%). Enough for that: "
        "8.34% more patients for Clinic, in every area alike (fewer may turn it to other sites); 22 of Ash's 33 have "
        "as short a journey to Birch, and count at the first site by its code, which is arbitrary, and without them it "
        "would see fewer than the 32.5 asked for."
    )
    # 30 × 1.0834 = 32.502, and 30 × 1.0833 = 32.499.
    more = parameters(problem)["demand_factor.visit"]
    assert [lawful(more.apply(problem, Fraction(one)), BOTH) for one in ("1.0833", "1.0834")] == [False, True]


def test_sites_that_lack_patients_together_are_said_in_one_clause():
    # Ash sees 30 and birch 35: 36 for both takes a fifth more.
    first = would_change(solve(small(minimum_patients=Figure(36)))).changes[0]
    assert str(first).startswith(
        "If every clinic saw 36 patients a year, and not 30 at Ash and 35 at Birch: Clinic at Ash"
    )
    enough = ". Enough for that: 20% more patients for Clinic, in every area alike (fewer may turn it to other sites);"
    assert f"{enough} 24 of Ash's 36 have" in str(first)


def test_no_growth_is_said_to_be_enough_that_breaks_another_rule():
    # Ash sees 30 of 32.5. With a twelfth more patients the scans, all at birch, are 70 in place of 65.
    def beside_scans(most: float) -> Problem:
        problem, fixed = (
            small(minimum_patients=Figure(32.5)),
            {"ash": Fixed(False, "none"), "birch": Fixed(True, "there")},
        )
        scans = Service("scan", "Scan", "visit", maximum_patients=Figure(most), fixed=fixed)
        return replace(problem, services={**problem.services, "scan": scans})

    for most, is_enough in ((71, True), (66, False)):
        (both,) = (one for one in said_of(beside_scans(most)) if "saw 32.5 patients a year, and not 30" in one)
        assert ("Enough for that" in both) == is_enough


def test_sites_that_would_see_too_few_are_named_in_one_clause():
    # With a fifth fewer ash has 24 of 30, and birch 28 of 35.
    plan = solve(small(minimum_patients=Figure(30)))
    fewer = parameters(plan.problem)["demand_factor.visit"].apply(plan.problem, Fraction("0.8"))
    assert _why_not_here(plan, fewer) == (
        "; the plan's own sites would then break a rule: Clinic has at least 30 patients a year at each site "
        "(24 at Ash and 28 at Birch)"
    )


def test_an_answer_that_is_worse_on_some_numbers_says_why_it_would_be_best():
    (two,) = (str(one) for one in would_change(answer("what_if/treat_and_transfer")).changes if "2 sites" in str(one))
    assert two.endswith(
        "(21.38 minutes on average in place of 18.53, 89% within 30 minutes in place of 92%; some journeys get longer, "
        "but what counts first is better: staff short 0 in place of 5)."
    )


def test_where_ties_hold_a_site_above_the_fewest_that_is_asked_for_that_is_said():
    # Of Ash's 30 patients 20 have as short a journey to Birch.
    for least, needed in ((10, False), (10.5, True), (30, True), (30.5, False)):
        problem = small(minimum_patients=Figure(least))
        (one,) = (one for one in equally_near(evaluate(problem, BOTH), "clinic") if one.site == "ash")
        assert one.are_needed == needed
        words = f"and without them it would see fewer than the {least:g} asked for"
        assert (words in in_words(problem, (one,))) == needed


def test_a_share_that_stays_the_same_is_not_said_and_one_of_a_team_is_said_to_be_one():
    problem = small(minimum_patients=Figure(32.5), standard_minutes=Figure(30))
    assert (
        "Clinic at Ash and Birch would be best (13.33 minutes on average in place of 16.67). E" in said_of(problem)[0]
    )
    # Birch has three doctors and ash none: one fewer, and nowhere are three.
    doctors = small(rotas=three_doctors(), doctors={"ash": 0, "birch": 3})
    fewer = "1 fewer of the doctors in post, which leaves Birch 2: Clinic at no site would be best; the plan's"
    assert said_of(doctors)[0].startswith(fewer)


def test_a_service_is_not_said_to_turn_by_a_rule_on_another():
    plan = answer("what_if/incomers_from_everywhere")
    turning = [one.service for one in would_change(plan).changes if one.kind == "border"]
    assert turning == ["hyper_acute_stroke"]


def test_how_far_is_looked_is_said():
    assert looked_for(small(rotas=three_doctors())) == (
        "journeys in steps of 5% and patients in steps of 1%, from 0.5 to 2 times what they are; journeys to one site "
        "by whole minutes, up to 30 longer and 10 shorter; staff one by one, down to none"
    )


def test_longer_journeys_to_one_site_turn_it_into_another():
    # With birch alone 1000 + 60t where it is t minutes longer there; with ash alone 1250, for oak is nearer to
    # 30 of the 60. So birch is best up to 4 1/6; and ash from 8 1/3 minutes shorter on, with 1250 - 30t.
    found = would_change(solve(small(at_least_sites=Figure(1), at_most_sites=Figure(1))), most=9)
    (birch,) = (one for one in found.changes if one.what.startswith("journeys."))
    assert (birch.what, birch.to, birch.unit) == ("journeys.birch.from_everywhere", 5, "minutes more")
    # Of 75 minutes from four areas, 5 each.
    assert birch.size == pytest.approx(5 / (75 / 4))
    assert str(birch) == "Every journey to Birch 5 minutes longer: Clinic at Ash would be best."


def test_shorter_journeys_to_one_site_turn_it_into_another():
    problem = small(at_least_sites=Figure(1), at_most_sites=Figure(1))
    shorter = parameters(problem, ["journeys.ash.from_everywhere"])["journeys.ash.from_everywhere"]
    ((value, best),) = _turns_by_trying(solve(problem), shorter, Fraction(-10))
    assert (value, best and best.designated) == (-9, {("ash", "clinic")})
    assert not [*_turns_by_trying(solve(problem), shorter, Fraction(30))]


def test_where_a_minute_more_leads_to_others_again_that_is_told_too():
    """Two minutes to Southend less make it best alone; with three, Basildon sees enough beside it, and both are."""
    changes = would_change(answer("base")).changes
    shorter = {one.to: one.then for one in changes if one.what == "journeys.southend.from_everywhere"}
    sites = {minutes: {site for site, code in then or () if code == HASU} for minutes, then in shorter.items()}
    assert sites == {-2.0: {"southend"}, -3.0: {"basildon", "southend"}}


def test_a_rule_that_has_words_of_its_own_is_said_in_them():
    assert said_of(small(at_most_sites=Figure(1)))[-1:] == [
        "Allow 2 sites for Clinic: Clinic at Ash and Birch would be best (13.33 minutes on average in place of 16.67)."
    ]


def test_of_a_service_without_patients_no_gain_is_said():
    nobody = small(standard_minutes=Figure(20))
    nobody = replace(nobody, demand=nobody.demand * 0)
    at_ash, at_birch = (evaluate(nobody, {(site, "clinic")}) for site in ("ash", "birch"))
    assert [one.service for one in _gains(at_ash, at_birch)] == []


def test_a_rule_that_is_missed_without_end_is_said_without_an_amount():
    # X-ray is in reach of ash alone, so that birch breaks what is asked by no number of minutes.
    reach = (Reach("x_ray", Figure(5)),)
    problem = small(in_reach=reach, at_least_sites=Figure(1))
    at_ash = {"ash": Fixed(True, "there"), "birch": Fixed(False, "none")}
    services = {**problem.services, "x_ray": replace(problem.services["x_ray"], fixed=at_ash)}
    here = replace(problem, services=services, transfers=roads({("ash", "ash"): 0.0, ("birch", "birch"): 0.0}))
    assert any("Clinic at Ash and Birch would be best" in one for one in said_of(here))


def test_where_no_plan_is_left_it_is_said():
    # From the middle it takes 20 minutes to either site: 25 are allowed, so a quarter longer is just lawful.
    assert said_of(small(longest_journey_minutes=Figure(25))) == [
        "Every journey 30% longer: no plan would meet every rule."
    ]


def test_a_corridor_or_the_border_turns_one_site_into_another():
    problem = small(at_least_sites=Figure(1), at_most_sites=Figure(1))
    # West on a road that takes f times as long, and 40 minutes to birch: there 400f + 700, with ash 100f + 1150.
    journeys = problem.journeys.assign(birch=[10.0, 15, 20, 40])
    by_road = replace(problem, journeys=journeys, areas=problem.areas.assign(corridor=["", "", "", "A1"]))
    plan = solve(by_road)
    (road,) = _by_parameter(plan, parameters(by_road)["journey_factor.A1"])
    second = would_change(plan).changes[-1]
    assert str(road) == "Journeys from the areas that stand for the A1 55% longer: Clinic at Ash would be best."
    assert (road.kind, road.what, road.to) == ("parameter", "journey_factor.A1", 1.55)
    assert second.what == "not_too_many_sites.clinic"
    shares = pd.DataFrame({"oak": [0.8, 0, 0, 0], HERE: [0.2, 0, 1, 1]}, index=pd.Index(AREAS, name="area"))
    (border,) = (
        one
        for one in would_change(solve(replace(problem, border=Border(shares))), most=9).changes
        if one.kind == "border"
    )
    assert (border.service, border.then) == ("clinic", {("birch", "clinic")})
    assert border.by == border.to == pytest.approx(2 / 27)
    assert "if more than 7.4% went to the nearest hospital of all" in str(border)


def test_only_the_smallest_change_to_each_answer_is_said_and_no_more_than_are_wanted():
    plan = answer("base")
    every = would_change(plan, most=99).changes
    turning = [one for one in every if one.kind == "border"]
    others = list(every[len(turning) :])
    assert list(every[: len(turning)]) == turning
    assert [one.service for one in turning] == ["hyper_acute_stroke", "emergency_department"]
    assert [one.size for one in others] == sorted(one.size for one in others)
    assert len({(one.kind == "rule", one.then) for one in others}) == len(others)
    # Of rules and of parameters by turns, so that neither crowds out the other.
    first = [next(one for one in others if one.kind == kind) for kind in ("rule", "parameter")]
    assert list(would_change(plan, most=2).changes) == [*turning, *sorted(first, key=lambda one: one.size)]


def test_what_would_change_a_whole_care_model_is_worked_out_and_each_change_turns_it():
    plan = answer("care_model")
    found = would_change(plan)
    by_what = {one.what: str(one) for one in found.changes}
    assert [one.kind for one in found.changes].count("rule") == 5
    assert "staff.paediatrics_consultants.WTE" in by_what
    for one in found.changes:
        asked_again(plan, one)
    # Services that go to the same sites are said together, and an average that does not change is not said.
    both = "Hyper-acute stroke unit and Thrombolysis on arrival at Basildon and Broomfield would be"
    assert both in by_what["every_site_has_enough_patients.hyper_acute_stroke"]
    # What is gained where it does not count is no gain: of these sites fewer changes alone decide.
    assert by_what["not_too_many_sites.emergency_general_surgery"].endswith(
        " would be best (changes from today 7 in place of 11; nobody would be taken to Southend for Emergency general "
        "surgery with a stay)."
    )
    lacks = "; the plan's own sites would then lack 0.25 WTE of the paediatrics consultants (at Broomfield)."
    assert by_what["staff.paediatrics_consultants.WTE"].endswith(lacks)
    # What is left out is said by what people call it.
    assert found.not_worked_out.startswith("it cannot be worked out exactly: other journeys from the districts of ")
    assert left_out(found.not_worked_out) == [f"Not tried, since {found.not_worked_out}."]


def test_what_is_not_worked_out_is_said(monkeypatch: pytest.MonkeyPatch):
    managed = small(minimum_patients=Figure(33))
    managed = replace(
        managed, services={**managed.services, "clinic": replace(managed.services["clinic"], managed=True)}
    )
    assert "shared out" in would_change(solve(managed)).not_worked_out
    monkeypatch.setattr(MODULE, "MOST_WORK", 10)
    assert "would take too long" in would_change(solve(small())).not_worked_out
    found = would_change(evaluate(small(), {("ash", "clinic")}))
    assert (found.changes, found.not_worked_out) == ((), "the plan is not proved best")
    assert found.record == {"changes": [], "not_worked_out": "the plan is not proved best"}


# Asked again ----------------------------------------------------------------------------------------------------------


def asked_again(plan: Plan, change: Change) -> None:
    """Ask the question with a change made, and with a little less of it."""
    problem = plan.problem
    if change.kind == "parameter":
        assert change.to is not None
        parameter = parameters(problem, [change.what])[change.what]
        best = best_listed(parameter.apply(problem, Fraction(str(change.to))))
        assert (best.designated if best else None) == change.then
        now = float(parameter.current(problem))
        less = Fraction(str(change.to)) + STEPS[change.what.split(".")[0]] * (1 if now > change.to else -1)
        varied = parameter.apply(problem, less)
        nearer = best_listed(varied)
        if parameter.unit == MORE:
            # By a minute less the plan is best, or another than is best there.
            assert (nearer.designated if nearer else None) != change.then
            return
        assert nearer is not None and lawful(varied, plan.designated)
        assert nearer.values == tuple(value(varied, plan.designated, one) for one in problem.objectives)
    if change.kind == "rule":
        then = evaluate(problem, change.then or frozenset())
        values = [tuple(reached.value for reached in one.proof.objectives) for one in (then, plan)]
        assert values[0] < values[1]
        broken = {str(rule) for rule in then.broken["rule"]}
        rule = change.what.split(".")[0]
        of_staff = {"recruitment_within_limit", "moves_within_limit"}
        assert broken == ({"rota_is_filled"} if rule in of_staff else {rule})
        if change.by is not None:
            assert -then.broken["spare"].sum() == pytest.approx(change.by, abs=1e-6)


def test_what_is_said_of_what_ships_is_so_when_it_is_asked_again():
    plan = answer("base")
    found = would_change(plan, most=99)
    assert found.not_worked_out == ""
    assert {one.kind for one in found.changes} >= {"rule", "parameter"}
    for change in found.changes:
        asked_again(plan, change)


@draws(80)
@given(worlds(), st.data())
def test_what_is_said_of_drawn_worlds_is_so_when_it_is_asked_again(problem: Problem, data: st.DataObject):
    managed = {code: replace(one, managed=False) for code, one in problem.services.items()}
    problem = replace(
        problem, services=managed, areas=problem.areas.assign(corridor=["A1", *[""] * (len(problem.areas) - 1)])
    )
    problem = leaving(data.draw, problem) if data.draw(st.booleans()) else problem
    best = best_listed(problem)
    if best is None:
        return
    plan = solve(with_files(problem))
    found = would_change(plan, most=99)
    for change in found.changes:
        asked_again(plan, change)
    # Nor does the checker find any of it untrue.
    disagreements = checker.check(files_of(plan, would_change=found.record))
    assert changes_come_to_what_is_said.__name__ not in set(disagreements["check"]), disagreements.to_dict("records")
