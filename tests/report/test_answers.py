"""A question answered in full: what the best plan is set against, and what is said where there is none."""

from __future__ import annotations

import json
from dataclasses import replace

from as_files import with_files
from shipped import answer, question
from worlds import by_transfer, small

import optimiser as op
from optimiser import checker
from optimiser.explanation.then_best import best_straight_there
from optimiser.plan.finished import run_of
from optimiser.plan.measures import number
from optimiser.plan.proof import Written
from optimiser.plan.runs import files_of
from optimiser.problem import Figure
from optimiser.problem.parts import Growth
from optimiser.report import cards, words
from optimiser.report.page import build as report
from optimiser.report.page import placements
from optimiser.search.level import with_standings


def test_an_answer_says_that_behind_the_border_no_site_would_have_enough_patients():
    # Of the 65 patients at birch, 5 come from outside: 60 are fewer than 63.
    problem = small(at_most_sites=Figure(1), minimum_patients=Figure(63))
    found = op.answer(problem)
    assert isinstance(found, op.Answer)
    assert found.plan.designated == op.solve(problem).designated
    assert ("birch", "clinic") in found.plan.designated
    (said,) = map(str, found.set_against)
    assert said == "The border matters: if nobody crossed it, no plan would meet every rule."
    assert str(found).splitlines()[0] == problem.title
    assert str(found).endswith(said)


def test_an_answer_with_patients_shared_out_is_set_against_the_nearest():
    # Of 65 patients 35 are nearest to birch and 30 to ash: 31 at each there are only if some are shared out.
    problem = small(managed=True, at_least_sites=Figure(2), minimum_patients=Figure(31))
    found = op.answer(problem)
    assert isinstance(found, op.Answer)
    assert str(found.set_against[0]) == "If nobody were sent past a nearer site, no plan would meet every rule."


def test_where_the_border_changes_nothing_an_answer_is_set_against_nothing():
    found = op.answer(small())
    assert isinstance(found, op.Answer)
    assert found.set_against == ()


def test_where_no_plan_meets_every_rule_the_answer_is_which_rules_clash():
    found = op.answer(small(at_least_sites=Figure(3)))
    assert isinstance(found, op.Clash)
    assert found.names == op.clash(small(at_least_sites=Figure(3))).names == ("enough_sites.clinic",)


def test_what_would_change_an_answer_stands_in_its_run_and_a_spoilt_entry_is_noticed():
    found = op.answer(with_files(small(at_most_sites=Figure(1))))
    assert isinstance(found, op.Answer)
    files = files_of(found.plan, said=found.set_against, would_change=found.would_change.record)
    assert checker.check(files).empty
    record = json.loads(files["run.json"])
    (change,) = (one for one in record["would_change"]["changes"] if one["kind"] == "rule")
    assert change["then"] == {"clinic": ["ash", "birch"]}
    assert (change["kind"], change["what"], change["by"]) == ("rule", "not_too_many_sites.clinic", 1)
    for spoilt in ({**change, "kind": "whim"}, {**change, "more": 1}, {**change, "then": "ash"}):
        said = record | {"would_change": {"changes": [spoilt], "not_worked_out": ""}}
        wrong = checker.check(files | {"run.json": json.dumps(said).encode()})
        assert set(wrong["check"]) == {"the_record_is_sound"}


def test_where_nothing_was_varied_the_quicker_sites_are_named_with_the_rules_that_stop_them():
    # Ash and Birch are best. Ash and Cedar are quicker, as all three are, and break fewer rules than these.
    run = run_of(answer("tiny"))
    _, ways = placements.placements([run], "walk_in", "the answer")
    assert cards.decides(run, ways).startswith(
        "of quicker choices the walk-in clinic at Ash and Cedar is nearest to the rules (13.00 minutes, not 16.00; "
        "100% within 30, not 80%), but it breaks 2"
    )
    *_, last = cards.cards(run, {}, {}, ways)
    perhaps, none = last.lines
    assert (perhaps.lead, none.more) == ("Perhaps what decides:", "Nothing was looked for in this run.")
    # Of what people chose nothing is said to decide.
    chosen = run_of(op.evaluate(run.plan.problem, run.plan.designated))
    assert cards.decides(chosen, ways) == ""


def test_the_rule_that_decides_is_said_with_by_how_much_it_is_missed():
    """Of 65 patients at Birch alone; ash and birch together are quicker, but see 30 and 35."""
    for least, lacks in (
        (31, "Ash would see 30 patients a year, 1 short of the 31 asked for"),
        (30.4, "Ash would see "),
    ):
        found = op.answer(with_files(small(minimum_patients=Figure(least))))
        assert isinstance(found, op.Answer)
        run = replace(run_of(found.plan), record={"would_change": found.would_change.record})
        _, ways = placements.placements([run], "clinic", "the answer")
        said = cards.decides(run, ways)
        assert f", but {lacks}" in said
        assert ("0.4 short of the 30.4 asked for" in said) == (least == 30.4)
        first, *others = (line for line in cards.cards(run, {}, {}, ways)[-1].lines)
        assert first.lead == "Were a unit of 30 patients accepted:"
        assert first.more.startswith("clinic at Ash and Birch. Enough for that: ") and not any(
            "saw" in line.more for line in others
        )


def test_of_many_services_that_close_the_first_is_told_with_its_patients_and_how_many_more():
    """In the care model all that is decided leaves Southend: of strokes and of emergencies it is told who loses."""
    problem = question("care_model")
    kept = {pair for pair in problem.today if pair[0] != "southend" or "southend" in problem.services[pair[1]].fixed}
    run = run_of(op.evaluate(problem, kept))
    loses = next(one for one in cards.cards(run, {}, {}) if one.heading == "Who loses?")
    (emergency,) = (line.more for line in loses.lines if line.lead == "And")
    assert emergency.startswith("full emergency department, ")
    assert " of 336,706 emergency attendances a year (" in emergency
    # Of others to how many journeys grow, and apart from them those that close whose patients nobody counts.
    closing = {code for _, code in problem.today - kept}
    with_patients = closing.intersection(problem.services_with_patients)
    assert len(closing) > len(with_patients) > 4
    minutes = [
        {code: number(one.measures, "mean_minutes", code) for code in with_patients}
        for one in (run.plan, run.plan.today)
    ]
    assert all(now > before for now, before in zip(*(one.values() for one in minutes), strict=True))
    (further,) = (line.more for line in loses.lines if line.lead == "Longer, too:")
    assert further == (
        f"journeys to {len(with_patients) - 2} more services; {len(closing) - len(with_patients)} more close of which "
        "no patients are counted."
    )


def test_of_patients_as_grown_no_count_of_today_is_said_to_be_more_or_fewer():
    plan = answer("base")
    grown = replace(plan, problem=replace(plan.problem, growth=Growth(years=1, before=plan.problem.demand)))
    counted, not_counted = ([*cards.where_it_closes(one, "hyper_acute_stroke")] for one in (plan, grown))
    assert ([line.lead for line in counted], not_counted) == (["Where it closes"], [])


def test_a_warning_stands_beside_how_sure_an_answer_is():
    plan = answer("tiny")
    told = [{"sentence": "Warning, nearness says little.", "source": ""}, {"sentence": "It is small.", "source": ""}]
    *_, sure, _ = cards.cards(replace(run_of(plan), record={"know_before": told}), {}, {})
    assert [line.more for line in sure.lines if line.caution and line.more.startswith(("Warning", "It is"))] == [
        "Warning, nearness says little."
    ]


def test_by_which_pathway_patients_get_there_is_said_with_the_waits_and_what_the_other_would_mean():
    """To the scanner at birch, with clinics at both: the 30 seen first at ash are taken on, half of them."""
    there = frozenset({("ash", "clinic"), ("birch", "clinic"), ("birch", "scanner")})
    plan = op.evaluate(by_transfer(), there)
    # Of 60 patients 15 are taken on: 1250 / 60 minutes. Straight to birch it takes 1000 / 60.
    assert cards.pathway(plan) == (
        "patients of the scanner are seen first at the nearest clinic, then taken on where need be."
    )
    assert (
        cards.if_straight(plan, None)
        == "16.67 minutes on average to the scanner, not 20.83 (15.83 of them on the road)."
    )
    lines = cards.cards(run_of(plan), {"patients|scanner|": 60.0, "patients|clinic|": 60.0}, {})[0].lines
    assert [line.more for line in lines if line.lead == "Waiting:"] == [
        "15 of 60 visits are seen first at Ash, and wait an assumed 20 minutes; care meanwhile is not counted."
    ]
    nearest = op.evaluate(small(), frozenset({("ash", "clinic")}))
    assert cards.pathway(nearest) == cards.if_straight(nearest, None) == ""


def test_the_care_model_answered_with_everybody_taken_straight_there_is_the_question_that_ships():
    plan, straight = answer("care_model"), best_straight_there(question("care_model"))
    assert straight is not None and straight.broken.empty
    assert straight.designated == answer("what_if/care_model_straight_there").designated == plan.designated
    said = cards.if_straight(plan, straight)
    assert said.startswith("the same sites would be best; 24.64 minutes on average to the hyper-acute stroke unit, ")
    assert best_straight_there(question("base")) is None
    # Where it would be another it is said which.
    other = op.evaluate(straight.problem, plan.designated - {("southend", "obstetrics")})
    elsewhere = "consultant-led obstetrics at Basildon and Broomfield would be best; "
    assert cards.if_straight(plan, other).startswith(elsewhere)


def test_what_closes_in_a_care_model_is_counted_named_on_paper_and_told_from_what_stays_in_name_only():
    closing = cards.closes(answer("care_model"))
    assert closing is not None
    idle = "Kept in name only, as nobody would be taken there: emergency orthopaedics at Southend."
    assert closing.more == f"3 of 15 services at Broomfield and 8 of 15 services at Southend. {idle}"
    # Obstetrics and paediatrics are both stated to need surgery and critical care, in reach or by transfer.
    plan = answer("care_model")
    safe = cards.cards(run_of(plan), {"patients|hyper_acute_stroke|": 1863.0}, {})[0].lines
    assert [line.more for line in safe if line.lead == "Southend keeps"] == [
        "inpatient paediatrics and consultant-led obstetrics without what they need: emergency general surgery with a "
        "stay, critical care and 3 more."
    ]
    # To stay where nobody would be taken is neither a change nor a staying.
    tail = " Of 20 services 8 change sites and 1 keeps one in name only."
    assert words.answer(plan).endswith(tail)
    assert (
        "3 of 15 services at Broomfield (hyper-acute stroke unit, thrombolysis on arrival and vascular" in closing.paper
    )
    # A plan that leaves out a site to which nobody is taken is not level with it in any way that a patient would see.
    assert "orthopaedics" not in words.answer(with_standings(answer("care_model")))


def test_what_is_proved_is_said_and_what_is_not():
    *_, sure, _ = cards.cards(run_of(answer("tiny")), {}, {})
    first, not_proved, *_ = sure.lines
    assert first.lead == "Proved best under these rules by one measure:"
    assert first.more == "fewest minutes of travel for residents' patients in all."
    assert not_proved.lead == "Not proved:" and not_proved.caution


def test_an_option_written_for_another_pathway_says_so_in_its_run_and_on_its_page():
    tiny = question("tiny")
    said = "The option was written for another question. Here patients are taken straight there."
    plan = op.evaluate(tiny, tiny.today, option=Written("A", "As it is", "a paper", True, pathway=said))
    files = files_of(plan)
    record = json.loads(files["run.json"])
    assert record["option"]["pathway"] == said and checker.check(files).empty
    assert f'<p class="note">{said}</p>' in report.page([plan])
    spoilt = record | {"option": {**record["option"], "pathway": 3}}
    found = checker.check(files | {"run.json": json.dumps(spoilt).encode()})
    assert set(found["check"]) == {"the_record_is_sound"}
    without = op.evaluate(tiny, tiny.today, option=Written("A", "As it is", "a paper", True))
    assert "pathway" not in json.loads(files_of(without)["run.json"])["option"]
