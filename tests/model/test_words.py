"""Sentences read well for one of a thing, for many, and where there is none or no end of it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from forgotten import nothing_is_forgotten
from worlds import by_transfer, small, three_doctors, vary

from optimiser.explanation import clash, explain
from optimiser.explanation.broken import broken_in_words, broken_rules
from optimiser.explanation.costs import Cost, whom_in_words
from optimiser.explanation.overview import Overview, Rival
from optimiser.explanation.prices import givings, prices_in_words
from optimiser.model import objectives
from optimiser.model.rules import JUDGED, LIMITS
from optimiser.plan import evaluate
from optimiser.plan.proof import Enumeration, Option
from optimiser.problem import Beds, Figure, Fixed, Link, Problem, Reach, RotaNeed, Team
from optimiser.problem.parameters import parameters
from optimiser.problem.words import OF_ONE, amount, amount_told, many
from optimiser.scenarios.switching import Trade, switching
from optimiser.search.planning import solve

# Units that are said alike of one and of many.
NO_PLURAL = ("WTE", "designated", "filled", "share", "times")
SLIPS = re.compile(rf"(?<![\d.,])1 (more )?({'|'.join(OF_ONE)}|are|have|clash|doctors|stroke consultants)\b")


def where_everything_is_one() -> Problem:
    """Return a world in which every figure is 1, and every rule is stated."""
    one = Figure(1)
    limits = dict.fromkeys(("most_transfers_a_day", "most_repatriations_a_year", "most_ambulance_hours"), one)
    problem = by_transfer(**limits, same_site=(Link("x_ray"),), in_reach=(Reach("x_ray", one),))
    counted = ("at_least_sites", "at_most_sites", "minimum_patients", "maximum_patients", "longest_journey_minutes")
    rotas = (RotaNeed("doctors", "people", one), RotaNeed("doctors", "WTE", one))
    problem = vary(
        problem,
        "clinic",
        **dict.fromkeys((*counted, "standard_minutes", "share_within_standard"), one),
        at_most_share_outside=one,
        neighbours_take_at_most={"oak": one},
        rotas=rotas,
        beds=Beds(Figure(1), Figure(0.5), at={"ash": one, "birch": one}),
    )
    staff = {("ash", "doctors", unit): 1.0 for unit in ("people", "WTE")}
    teams = {"doctors": Team("doctors", "doctors", one, one)}
    return replace(problem, teams=teams, staff=staff, at_most_services_a_site=one, most_transfers_a_year=one)


def names_of_every_rule(problem: Problem) -> set[tuple[str, tuple[str, ...]]]:
    return {(way.rule.name, way.names) for way in givings(problem)} | {("every_area_is_served", ("clinic",))}


BY_SITE = ("every_site_has_enough_patients", "no_site_has_too_many_patients")


def test_every_rule_is_said_in_the_singular_of_one():
    problem = where_everything_is_one()
    said = names_of_every_rule(problem)
    said = {(rule, (*names, "ash") if rule in BY_SITE else names) for rule, names in said}
    assert {rule for rule, _ in said} == set(JUDGED)
    for rule, names in said:
        names = names or ("ash",)  # what the whole question states is said of each site
        words = [JUDGED[rule].said(problem, names)]
        words += [LIMITS[rule].way_out(problem, names, 1)] if rule in LIMITS else []
        assert not [one for one in words if SLIPS.search(one)], words
    for way in givings(problem):
        words = [way.words, *(found[1] for number in (1, 2) if (found := way.looser(problem, number)))]
        assert not [one for one in words if SLIPS.search(one)], words
    recruits = LIMITS["recruitment_within_limit"]
    assert recruits.said(problem, ("doctors", "WTE")) == "at most 1 WTE of the doctors is recruited"
    assert recruits.way_out(problem, ("doctors", "people"), 1) == "recruit 1 more of the doctors"


def test_every_unit_has_a_word_for_one():
    units = [*objectives.UNITS.values(), *(limit.unit for limit in LIMITS.values())]
    units += [one.unit for one in parameters(where_everything_is_one()).values() if one.unit != "days"]
    unknown = {unit for unit in units if unit.split(" ")[0] not in {*OF_ONE, *NO_PLURAL}}
    nothing_is_forgotten(unknown, "A rule, step 2, unit", "optimiser/problem/words.py, OF_ONE")
    assert amount(1, "patients a year") == "1 patient a year"
    assert [amount(1, unit) for unit in ("years", "neighbours", "candidates", "boundaries")] == [
        *("1 year", "1 neighbour", "1 candidate", "1 boundary")
    ]
    assert amount(0.99999999, "minutes") == "1 minute"
    assert amount(1.5, "changes", "more ") == "1.5 more changes"


def test_costs_read_well():
    assert str(Cost("changes_from_today", "changes", 11, 12)) == "changes from today: 1 change more (12 against 11)"
    assert str(Cost("changes_from_today", "changes", 11, 9)) == "changes from today: 2 changes fewer (9 against 11)"
    assert str(Cost("changes_from_today", "changes", 1, 1)) == "changes from today: the same, 1 change"
    assert str(Cost("worst_journey", "minutes", 60.5, 59.5)) == (
        "worst journey: 1.00 minutes less (59.50 against 60.50)"
    )
    assert str(Cost("patient_minutes", "patient-minutes a year", 60, np.inf)) == (
        "patient minutes: without end against 60 patient-minutes a year, for some patients reach no site"
    )


def test_what_rules_cost_reads_well():
    columns = ["rule", "names", "words", "step", "given", "objective", "saved", "measured_in"]

    def said(*saved: float) -> list[str]:
        rows = [("a", str(n), f"rule {n}", "removed", "", "changes", one, "changes") for n, one in enumerate(saved)]
        return prices_in_words(pd.DataFrame(rows, columns=columns))

    assert said(1, 0)[1:] == [
        "      without it: saves 1 change",
        "  1 other rule, dropped alone, changes nothing: the best plan is as good.",
    ]
    assert said(0) == ["  1 rule, dropped alone, changes nothing: the best plan is as good."]
    assert said(0, 0) == ["  2 rules, each dropped alone, change nothing: the best plan is as good."]
    assert len(said(2)) == 2
    assert said() == ["  No rule could give way."]


def test_one_person_in_one_area():
    row = ("clinic", "all residents", 100, 1, 2, 1, 1, 10.0, 12.5, 2.5)
    columns = ["service", "group", "people", "people_longer", "people_shorter", "areas_longer", "areas_shorter"]
    whom = pd.DataFrame([row], columns=[*columns, "mean_before", "mean_after", "mean_change_of_those_affected"])
    assert whom_in_words(small(), whom) == [
        "Clinic: 1 of 100 people in 1 of 3 areas lives where it would take over 5 minutes longer, 2 of 100 people in 1 "
        "of 3 areas where over 5 less; mean journey 10.00 to 12.50 minutes."
    ]
    # What is the same of two services is said once.
    (said,) = whom_in_words(small(), pd.concat([whom, whom.assign(service="x_ray")]))
    assert said.startswith("Clinic and X-ray room: 1 of 100 people")
    assert whom_in_words(small(), whom.assign(mean_after=np.inf))[0].endswith(
        "mean journey 10.00 minutes to no end, for some reach no site."
    )


def test_of_a_service_that_takes_some_on_it_is_said_whose_minutes_decide_who_needs_more():
    row = ("scanner", "all residents", 100, 1, 2, 1, 1, 10.0, 12.5, 2.5)
    columns = ["service", "group", "people", "people_longer", "people_shorter", "areas_longer", "areas_shorter"]
    whom = pd.DataFrame([row], columns=[*columns, "mean_before", "mean_after", "mean_change_of_those_affected"])
    assert whom_in_words(by_transfer(), whom)[0].endswith(
        "over 5 less, on the average of an area's patients, of whom 50% of those seen first elsewhere are taken on; "
        "mean journey 10.00 to 12.50 minutes, waits included."
    )


def test_rivals_that_are_cut_in_a_tie_say_how_many_are_as_near():
    def heading(*values: float, lawful: int = 0) -> str:
        plan = evaluate(small(), {("ash", "clinic")})
        ranked = tuple(Option((one,), plan.designated) for one in values)
        listing = Enumeration(lawful or len(ranked), lawful or len(ranked), {}, ranked, 1)
        rivals = tuple(Rival(place, plan.designated, (), ()) for place in range(2, min(len(ranked), 6) + 1))
        plan = replace(plan, proof=replace(plan.proof, enumeration=listing))
        return Overview(plan, pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), rivals)._rivals_are()

    assert heading(1, 2, 3, 4, 5, 6, 7) == heading(1, 2, 2, 2) == "Nearest rivals:"
    assert heading(1, 2) == "The only rival:"
    assert heading(1, *[2] * 14, 3) == "Nearest rivals; 14 are equally near, and 5 of them are shown:"
    assert heading(1, *[2] * 9, lawful=99) == "Nearest rivals; at least 9 are equally near, and 5 of them are shown:"
    tied = heading(1, 2, 3, 4, 4, 4, 4, 5)
    assert tied == "Nearest rivals; from place 4 on, 4 are equally near, and 3 of them are shown:"


@pytest.mark.parametrize(
    ("problem", "sides"),
    [
        (vary(small(), "clinic", at_most_sites=Figure(1)), "2 sites, and at most 1 is allowed"),
        (vary(small(), "clinic", minimum_patients=Figure(31)), "30 patients a year, and at least 31 are asked for"),
        (small(rotas=three_doctors()), "2 people, and at least 3 are asked for"),
        (small(fixed={"ash": Fixed(False, "shut")}), "it is provided there"),
        (small(same_site=(Link("x_ray"),)), "it is not there"),
        (small(in_reach=(Reach("x_ray", Figure(30)),)), "without end, and at most 30 minutes are allowed"),
        (small(standard_minutes=Figure(1), share_within_standard=Figure(0.5)), "a share of 0, and at least 0.5 is"),
    ],
)
def test_both_sides_of_a_broken_rule_are_said(problem: Problem, sides: str):
    told = broken_in_words(problem, broken_rules(evaluate(problem, {("ash", "clinic"), ("birch", "clinic")})))
    assert any(sides in line for line in told), told
    assert not any(SLIPS.search(line) for line in told)


def test_an_option_next_to_the_plan_is_one_designation_away():
    problem = small(at_most_sites=Figure(1))
    told = str(explain(solve(problem), option={("ash", "clinic"), ("birch", "clinic")}))
    assert ", where everybody goes straight to the unit, this option breaks 1 rule:" in told
    # At ash alone there are 1250 patient-minutes, at birch alone 1000: both are lawful, and one change away.
    assert (
        "2 lawful plans are nearest to this option, with 1 change each. The best of them: Clinic closes at Ash. "
        "The other: Clinic closes at Birch."
    ) in told
    fixed = vary(problem, "clinic", fixed={"birch": Fixed(True, "stays")})
    told = str(explain(solve(fixed), option={("ash", "clinic"), ("birch", "clinic")}, called="BOTH"))
    assert "The nearest lawful plan to option BOTH takes 1 change: Clinic closes at Ash." in told
    assert "Option BOTH against the plan: Clinic is kept at Ash, where the plan closes it." in told
    assert (
        "By the question “Where should the clinic be?”, where everybody goes straight to the unit, option BOTH" in told
    )


def test_patient_minutes_are_told_whole_and_minutes_with_two_decimals_in_every_explanation():
    assert amount_told(4426.57, "patient-minutes a year") == "4,427 patient-minutes a year"
    assert amount_told(0.4, "patient-minutes a year") == "0.4 patient-minutes a year"
    assert (amount_told(1, "changes"), amount_told(2.5, "minutes")) == ("1 change", "2.50 minutes")
    assert str(Cost("patient_minutes", "patient-minutes a year", 1000.2, 1000.4)).endswith(
        "0.2 patient-minutes a year more (1,000.4 against 1,000.2)"
    )


def test_a_question_with_few_options_says_what_rivals_there_are():
    only = small(fixed={"ash": Fixed(True, "stays"), "birch": Fixed(True, "stays")})
    only = vary(only, "x_ray", at_most_sites=Figure(0))
    assert "There is no rival: no other option meets every rule." in str(explain(solve(only)))
    two = vary(only, "clinic", fixed={"ash": Fixed(True, "stays")})
    assert "The only rival:" in str(explain(solve(two)))


def test_one_way_out_is_said_as_one():
    told = str(clash(small(longest_journey_minutes=Figure(9))))
    assert "This would be enough:" in told


def test_what_would_have_to_be_true_is_said_of_one():
    problem = small(minimum_patients=Figure(1))
    (found,) = switching(problem, problem.today, frozenset(), [parameters(problem)["minimum_patients.clinic"]])
    assert "(minimum_patients.clinic, now 1 patient a year)" in found.words("both", "neither")
    (found,) = switching(problem, problem.today, frozenset(), [parameters(problem)["journey_factor"]])
    assert "takes more or less time (journey_factor):" in found.words("both", "neither")
    assert (
        Trade("worst_journey", "minutes", "patient_minutes", "patient-minutes a year", None)
        .words()
        .startswith("A weight of")
    )


def test_what_an_activity_counts_is_said_of_many():
    assert [
        many(one) for one in ("stroke_admission", "carotid_endarterectomy", "stay", "emergency_crash", "births")
    ] == [
        "stroke admissions",
        "carotid endarterectomies",
        "stays",
        "emergency crashes",
        "births",
    ]
    assert many("hearing_loss") == "hearing losses"
