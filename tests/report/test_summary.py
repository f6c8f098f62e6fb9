"""What the summary of a plan says, sentence by sentence, on worlds where the truth is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path

import pandas as pd
import pytest
from as_files import with_files
from made_up_place import CONFIG, write_config, write_question
from shipped import answer, question
from worlds import as_today, by_transfer, small, three_doctors, vary

import optimiser as op
from optimiser.checker import check as check_files
from optimiser.cli.app import in_brief
from optimiser.errors import InputError, NoPlan
from optimiser.explanation import clash, would_change
from optimiser.model.objectives import UNITS
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.comparison import affected, tables_of
from optimiser.plan.finished import run_of
from optimiser.plan.proof import Rival, Written
from optimiser.plan.runs import files_of
from optimiser.plan.told import told
from optimiser.problem import Figure, Fixed, Link, Objective, Problem, Team
from optimiser.report import answers, how_sure, rests_on, screen, summary, words
from optimiser.report.counted import Counted, by_the_border, counted_today, in_words
from optimiser.report.page import side_by_side, tables
from optimiser.report.summary_of_staff import _others_could_go, where_from
from optimiser.search.level import with_standings
from optimiser.search.planning import solve

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
        "Scanner, birch against both: the average time from home to where they stay of residents' 60 visits a year "
        "goes from 13.33 to 20.83 minutes (+7.50); under birch, 15 are taken on from where they are seen first, and 15 "
        "stay there; of all, 15 need more, by 30.00 minutes on average, nobody needs less, and 45 need as long as "
        "before; on the road alone it takes 13.33 and then 15.83 minutes on average, and the rest is waits that are "
        "assumed."
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


def solved(problem: Problem) -> Plan:
    return with_standings(solve(problem))


def test_plans_that_differ_by_too_little_are_level_and_it_is_told_which_is_better_on_what():
    # One clinic: birch 1000 / 60 minutes, ash 1250 / 60; 4.1666 minutes apart.
    world = small(at_most_sites=Figure(1), at_least_sites=Figure(1), standard_minutes=Figure(25))
    (apart,) = solved(world).proof.standings or ()
    assert (apart.service, apart.rivals, apart.margin) == ("clinic", (), pytest.approx(250 / 60))
    assert apart.within == pytest.approx(1000 / 60 / 100)
    (near,) = (plan := solved(replace(world, a_tie_is_within=Figure(5)))).proof.standings or ()
    assert [rival.designated for rival in near.rivals] == [frozenset({("ash", "clinic")})]
    # With birch: nobody beyond 30, but west's 10 beyond 25 minutes; with ash: east's 30 go to oak in 25.
    assert near.rivals[0].figures["share_outside"] == (0, 0.5)
    assert how_sure.level(plan) == [
        "Clinic at Birch, or level with it at Ash (16.67 and 20.83 minutes on average, 4.2 minutes a patient apart, "
        "where up to about 5.0 minutes is taken as level); "
        "better at Ash: longest journey in minutes (25 against 30), patients beyond 25 minutes (0 against 10); "
        "better at Birch: treated outside (0% against 50%)."
    ]
    assert screen.lines(plan)[1:3] == [
        "Clinic at Birch (16.67 minutes on average) or, level with it, at Ash (20.83); X-ray room at no site.",
        how_sure.level(plan)[0],
    ]


def test_how_far_the_best_leads_is_told_in_seconds_or_minutes():
    assert how_sure.margins(solved(small(at_most_sites=Figure(1), at_least_sites=Figure(1)))) == [
        "By how much, every other service where it is: clinic by 4.2 minutes a patient over Ash, where "
        "50% of residents' patients would be treated outside the system and not 0%, since Oak would then be the "
        "nearest for 30 more a year."
    ]
    journeys = small().journeys.assign(ash=small().journeys["birch"] + 0.1)
    near = replace(small(at_most_sites=Figure(1), at_least_sites=Figure(1)), journeys=journeys)
    assert "by 6 seconds a patient" in how_sure.margins(solved(near))[0]


def test_a_tie_is_judged_service_by_service():
    """A second service with a hundred times the patients does not drown the first, and none else moves with it."""
    world = small(at_most_sites=Figure(1), at_least_sites=Figure(1))
    many = world.demand.assign(call=world.demand["visit"] * 100)
    calls = replace(world.services["clinic"], code="calls", name="Calls", activity="call")
    world = replace(world, demand=many, services={**world.services, "calls": calls}, a_tie_is_within=Figure(5))
    standings = {one.service: one for one in solved(world).proof.standings or ()}
    assert set(standings) == {"clinic", "calls"}
    for one in standings.values():
        assert one.margin == pytest.approx(250 / 60)
        (rival,) = one.rivals
        assert {pair for pair in rival.designated if pair[1] != one.service} == {
            ("birch", other) for other in standings if other != one.service
        }


def test_services_without_patients_move_along_with_one_that_needs_them():
    world = small(at_most_sites=Figure(1), at_least_sites=Figure(1), same_site=(Link("x_ray"),))
    world = replace(vary(world, "x_ray", at_most_sites=Figure(1)), a_tie_is_within=Figure(5))
    ((rival,),) = [one.rivals for one in solved(world).proof.standings or ()]
    assert rival.designated == {("ash", "clinic"), ("ash", "x_ray")}


def test_ties_stand_in_the_run_and_are_checked(tmp_path: Path):
    world = with_files(small(at_most_sites=Figure(1), at_least_sites=Figure(1)))
    plan = solved(world)
    assert op.check(plan).empty
    assert run_of(op.write_run(plan, tmp_path / "run")).plan.proof.standings == plan.proof.standings
    (one,) = plan.proof.standings or ()
    wrong = {
        "margin": replace(one, margin=9.0),
        "runner_up": replace(one, runner_up=BOTH),
        "within": replace(one, within=9.0),
        "level": replace(
            one, rivals=(Rival(frozenset({("ash", "clinic")}), {"mean_minutes": (1000 / 60, 1250 / 60)}),)
        ),
    }
    for part, said in wrong.items():
        found = op.check(replace(plan, proof=replace(plan.proof, standings=(said,))))
        assert set(found["check"]) == {"standings_are_so"}, part
        assert any(where.endswith(part) for where in found["where"]), part


def asked(tmp_path: Path, sentence: str) -> Path:
    write_question(tmp_path, CONFIG.replace("minimum_patients: {value: 5", "minimum_patients: {value: 4"))
    text = f"based_on: base.yaml\nknow_before:\n  - {{sentence: '{sentence}', source: A report}}\n"
    return write_config(tmp_path, "known.yaml", text)


def test_what_to_know_has_the_numbers_of_the_run_and_nothing_else(tmp_path: Path):
    sentence = "It takes {mean_minutes of care} minutes, {mean_minutes of care today} today. {patients of care} come."
    problem = op.read_problem(asked(tmp_path, sentence))
    plan = evaluate(problem, {("ash", "care"), ("ash", "labs")})
    assert op.check(plan).empty
    assert told(plan) == [
        # (10 × 10 + 4.333333 × 15) / 14.333333, and today Brook's go 12 minutes to Birch.
        {"sentence": "It takes 11.51 minutes, 10.6 today. 14 come.", "source": "A report"},
    ]
    assert "- It takes 11.51 minutes, 10.6 today." in screen.lines(plan)
    files = files_of(plan)
    files["run.json"] = files["run.json"].replace(b"11.51", b"12.51")
    assert set(check_files(files)["check"]) == {"what_to_know_is_so"}


def test_what_to_know_of_one_border_is_told_with_that_alone(tmp_path: Path):
    write_question(tmp_path)
    told_with = {}
    for border in ("nearest", "closed"):
        known = "know_before:\n  - {sentence: A share., border: closed}\n  - {sentence: All.}\n"
        path = write_config(tmp_path, f"{border}.yaml", f"based_on: base.yaml\nborder: {border}\n{known}")
        problem = op.read_problem(path)
        plan = evaluate(problem, {("ash", "care"), ("ash", "labs")})
        told_with[border] = [one["sentence"] for one in told(plan)]
        assert "what_to_know_is_so" not in set(op.check(plan)["check"])
    assert told_with == {"nearest": ["All."], "closed": ["A share.", "All."]}


@pytest.mark.parametrize(
    ("sentence", "refused"),
    [
        (
            "{mean_minuts of care}",
            'there is no measure "mean_minuts" that a sentence may tell. Did you mean "mean_minutes"',
        ),
        ("{mean_minutes of caer}", 'there is no service "caer" in this config. Did you mean "care"'),
        ("{0.__class__}", '"{0.__class__}" is no number of a run. Write {mean_minutes of SERVICE}'),
        ("{mean_minutes of care!r}", "is no number of a run"),
        ("half a brace {", '"{" is no number of a run'),
    ],
)
def test_a_place_that_holds_no_number_of_the_run_is_refused(tmp_path: Path, sentence: str, refused: str):
    with pytest.raises(InputError) as raised:
        op.read_problem(asked(tmp_path, sentence))
    assert refused in str(raised.value) and "known.yaml, line 3" in str(raised.value)


def test_what_was_counted_today_stands_beside_what_the_model_says(tmp_path: Path):
    counts = "site,activity,period,count\nash,visit,2023/24,9\nbirch,visit,2023/24,5\nash,visit,2024/25,8\n"
    problem = op.read_problem(write_question(tmp_path, activity=counts))
    (one,) = counted_today(plan := evaluate(problem, {("ash", "care"), ("ash", "labs")}))
    # 2024/25 has no count at Birch. Appleby is nearer to Ash, Brook to Birch.
    assert (one.period, dict(one.counts)) == ("2023/24", {"ash": 9, "birch": 5})
    assert dict(one.modelled) == {"ash": 10, "birch": 4.333333}
    said = "Ash 9 and Birch 5 visits in 2023/24, as activity.csv has them; Ash 10 and Birch 4 a year by this model."
    off = "The model is off by +11% and −13%: compare an answer with the model's today, not with the count."
    assert in_words(plan, one) == f"Care today: {said} {off}"
    assert in_words(plan, one) in screen.lines(plan)


def test_how_far_the_model_would_be_off_if_nobody_crossed_the_border_is_said_and_not_guessed():
    # Of the east's 30 a third leaves and of the west's 10 a tenth; of the far's 5 half come in: see worlds.as_today.
    # All 60 went to Birch if nobody crossed: against 50 counted that is 20% more, not less as a part of 3% would be.
    here = evaluate(as_today(replace(small(), today=AT_BIRCH)), AT_BIRCH)
    one = Counted(("clinic",), "2023/24", "", True, {"birch": 50}, {"birch": 51.5}, {})
    assert by_the_border(here, [one]) == (
        "The border's shares are the same for every activity: 11 of 60 residents' visits are treated outside and 3 "
        "come in; if nobody crossed it, the model would be off by +20%."
    )
    assert by_the_border(here, [replace(one, counts={"birch": 60})]).endswith(
        "if nobody crossed it, the model would agree."
    )
    assert by_the_border(evaluate(small(), AT_BIRCH), [one]) == "" == by_the_border(here, [])


def test_it_is_said_between_which_sites_staff_move_and_what_is_left():
    # Birch needs three doctors and has two: one comes from ash, which keeps one.
    plan = evaluate(
        small(rotas=three_doctors(), doctors={"ash": 2, "birch": 2}, team=Team("doctors", "doctors", None, Figure(0))),
        AT_BIRCH,
    )
    (line,) = where_from(plan)
    # All that are to spare, of several sites or of one, leaves nothing arbitrary: nobody else could go.
    assert line == "By these moves there are doctors at Ash from 2 to 1 and Birch from 2 to 3."
    assert line in screen.lines(plan)
    assert where_from(evaluate(small(), AT_BIRCH)) == []


@pytest.mark.parametrize(
    ("in_post", "by_order"),
    [((3, 4, 4), True), ((3, 7, 0), False), ((0, 3, 3), False)],
    ids=["either may go", "one has any", "all must go"],
)
def test_from_where_staff_come_is_arbitrary_only_where_others_could_go(in_post: tuple[int, ...], by_order: bool):
    """Ash needs six; what the others have, on no rota, may move."""
    here = pd.DataFrame({"in_post": map(float, in_post), "needed": [6.0, 0, 0]})
    assert _others_could_go(here, 6.0 - in_post[0]) is by_order


def test_of_the_main_question_one_team_could_come_from_elsewhere_and_the_other_not():
    """Broomfield and Southend have stroke consultants to spare; of emergency consultants only Southend does."""
    (line,) = where_from(answer("base"))
    assert "From which sites stroke consultants come, of those with some to spare, is by the order of their" in line


def test_services_that_are_decided_and_whose_patients_nobody_counts_are_named():
    said = [line for line in screen.lines(answer("care_model")) if line.startswith("No patients are counted for")]
    assert len(said) == 1 and "Thrombolysis on arrival" in said[0] and "Complex renal care" in said[0]
    # Radiotherapy is fixed everywhere, and nothing about it is decided.
    assert "Radiotherapy" not in said[0]
    (near,) = how_sure.next_best(answer("care_model"))
    assert near.endswith("but no patients of Complex renal care are counted.")


def test_by_how_much_the_longest_journey_grows_is_told_on_the_screen():
    plan, worst = answer("base"), ("worst_minutes", "hyper_acute_stroke")
    now, then = (measures.number(one.measures, *worst) for one in (plan, plan.today))
    said = (
        f"The longest journey (of those who do not leave the system) grows: hyper-acute stroke unit {now:.0f} minutes "
        f"(today {then:.0f}), "
        "in an area whose minutes are unlike its neighbours'."
    )
    assert (round(now), round(then)) == (69, 48) and said in screen.lines(plan)


def test_the_matrix_marks_what_stays_opens_closes_and_is_fixed():
    world = vary(small(), "x_ray", fixed={"ash": Fixed(True, "It stands there")})
    world = replace(world, today=frozenset({("ash", "clinic"), ("ash", "x_ray")}))
    lines = screen.lines(evaluate(world, AT_BIRCH | {("ash", "x_ray")}))
    assert lines[1:7] == [
        "Clinic at Birch; X-ray room at Ash.",
        "",
        "            Ash  Birch        minutes       within   outside",
        "Clinic       ✕     ○    16.67 (20.83)  100% (100%)  0% (50%)",
        "X-ray room   ■     ·",
        "○ new   ✕ not kept   ■ fixed there   · not there",
    ]


def test_why_a_service_is_not_kept_where_it_is_today_is_said():
    world = vary(small(), "clinic", fixed={"ash": Fixed(False, "Its roof leaks.")})
    lines = screen.lines(evaluate(world, AT_BIRCH))
    assert any(line.startswith("Clinic is not kept at Ash, as is fixed: Its roof leaks.") for line in lines)
    assert not any("as is fixed:" in line for line in screen.lines(evaluate(small(), AT_BIRCH)))


def test_a_service_that_would_then_be_nowhere_is_said_in_the_first_sentence():
    world = replace(small(), today=small().today | {("ash", "x_ray")})
    shut = vary(world, "x_ray", fixed={site: Fixed(False, "Flood.") for site in world.candidates})
    said = "Clinic at Birch. X-ray room would then be provided nowhere."
    assert words.answer(evaluate(shut, AT_BIRCH)) == said
    assert "nowhere" not in words.answer(evaluate(world, AT_BIRCH | {("ash", "x_ray")}))
    several = {
        f"theatre_{n}": replace(shut.services["x_ray"], code=f"theatre_{n}", name=f"Theatre {n}") for n in "4213"
    }
    more = replace(shut, services={**shut.services, **several}, today=shut.today | {("ash", code) for code in several})
    said = words.answer(evaluate(more, AT_BIRCH))
    assert said.endswith("X-ray room, theatre 4, theatre 2, theatre 1 and theatre 3 would then be provided nowhere.")


def test_where_no_neighbour_could_treat_anybody_no_share_outside_is_said_and_shared_patients_are():
    lines = screen.lines(evaluate(small(neighbours=()), AT_BIRCH))
    assert lines[4].split()[-1] == "–"
    both = vary(small(), "x_ray", activity="visit")
    (said,) = (line for line in screen.lines(evaluate(both, BOTH)) if "same patients" in line)
    assert said == "Clinic and X-ray room count the same patients, each by the journey to its own sites."
    assert not any("same patients" in line for line in screen.lines(evaluate(small(), BOTH)))


def test_what_is_level_with_a_run_is_read_off_its_record():
    sites = pd.DataFrame({"site": ["ash", "birch"], "name": ["Ash Hospital", "Birch Hospital"]})
    services = pd.DataFrame({"service": ["clinic", "x_ray"], "name": ["Clinic", "X-ray room"]})
    chosen = pd.DataFrame({"service": ["clinic"] * 2, "site": ["ash", "birch"], "designated": ["true", "false"]})
    went = pd.DataFrame({"service": ["clinic"], "site": ["ash"], "patients_per_year": ["30"]})
    run = {"sites": sites, "services": services, "designations": chosen, "journeys": went}
    rival = {"designated": [["birch", "clinic"], ["ash", "x_ray"]], "figures": {"mean_minutes": [13.33, 13.4]}}
    standings = [{"service": "clinic", "level": [rival]}, {"service": "x_ray", "level": []}]
    assert how_sure.level_in_short({"standings": standings}, run) == [
        "Clinic, minutes on average: Ash 13.33 or, level with it, Birch 13.40."
    ]
    nobody = run | {"journeys": went.assign(patients_per_year="0")}
    (said,) = how_sure.level_in_short({"standings": standings}, nobody)
    assert said.startswith("Clinic, minutes on average: Ash (nobody is taken to Ash) 13.33 or, level with it,")
    assert how_sure.level_in_short({}, run) == []


def test_who_stays_where_they_are_seen_first_counts_as_near_as_that():
    # With the scanner at birch half of the 30 seen first at ash, 10 or 20 minutes away, go on and take 40 or 50; the 30
    # of the east are at birch in 10. So 45 of 60 are within 30 minutes.
    there = frozenset({("ash", "clinic"), ("birch", "clinic"), ("birch", "scanner")})
    lines = screen.lines(evaluate(by_transfer(), there))
    assert [line for line in lines if line.startswith("Scanner ") and "75%*" in line]
    assert [line for line in lines if " * Only 50% of those who are seen first elsewhere are taken on;" in line]
    nobody = screen.lines(evaluate(by_transfer(), there | {("ash", "scanner")}))
    assert not any("*" in line for line in nobody)


def test_the_service_that_has_most_of_the_minutes_is_named():
    # To clinics at both sites it takes 10 * 30 + 20 * 20 + 10 * 10 minutes, to an X-ray room at ash 40 * 30 + 20 * 20
    # + 10 * 10: 68% of all of them.
    both = vary(small(), "x_ray", activity="visit")
    assert words.weights(evaluate(both, BOTH | {("ash", "x_ray")})) == " Of these minutes 68% are those of X-ray room."
    assert words.weights(evaluate(small(), BOTH)) == ""


def test_a_site_to_which_nobody_is_taken_is_marked_and_said():
    # From everywhere birch is nearer.
    world = replace(small(), journeys=small().journeys.assign(birch=5.0))
    lines = screen.lines(plan := evaluate(world, BOTH))
    assert lines[4].split()[:3] == ["Clinic", "◌", "●"]
    assert "● kept   ◌ nobody is taken there   · not there" in lines
    assert any("Ash and Birch (nobody is taken to Ash)" in line for line in summary.lines(plan))


def test_at_what_an_answer_is_best_is_said_in_order():
    assert set(words.AIMS) == set(UNITS)
    two = replace(small(), objectives=(Objective("staff_short"), Objective("patient_minutes")))
    assert words.aims(two) == (
        "Best at: first fewest staff short, then fewest minutes of travel for residents' patients in all."
    )
    assert words.aims(small()) == "Best at: fewest minutes of travel for residents' patients in all."


def test_of_answers_as_good_the_first_other_is_named():
    # Nobody's journeys count to the x-ray room, at ash or at birch.
    world = vary(small(), "x_ray", at_least_sites=Figure(1), at_most_sites=Figure(1))
    (said, *_) = how_sure.how_sure(solve(world))
    assert said.startswith("Proved best at ") and ", as good as 1 other (which has x-ray room at Birch): of " in said


def test_staff_whom_no_rota_needs_are_not_called_spare():
    assert [tables.spare_or_short(spare) for spare in (2.0, -1.5, 0.0, float("nan"))] == [
        *("2 spare", "1.5 short", "just enough"),
        "not needed",
    ]
    world = small(rotas=three_doctors(), team=Team("doctors", "doctors", None, Figure(0)))
    table = tables.rotas(run_of(evaluate(world, AT_BIRCH)))
    assert table is not None
    assert [row.cells[-1].text for row in table.rows] == ["not needed", "1 spare"]


def test_answers_to_different_questions_are_not_marked_as_best(tmp_path: Path):
    path = write_question(tmp_path)
    other = write_config(tmp_path, "other.yaml", "based_on: base.yaml\nservices: {care: {minimum_patients: 4}}\n")
    one, two = (op.read_problem(each) for each in (path, other))
    plans = [evaluate(one, {(site, "care"), ("ash", "labs")}) for site in ("ash", "birch")]
    elsewhere = replace(plans[1], problem=two)
    for runs, marked in ((plans, True), ([plans[0], elsewhere], False)):
        found = side_by_side.measured([run_of(plan, str(number)) for number, plan in enumerate(runs)])
        cells = [cell.text for table in found.values() for row in table.rows for cell in row.cells]
        assert any(text.startswith(side_by_side.BEST) for text in cells) is marked
        # What is alike in both is folded away.
        alike = [
            len({cell.text for cell in row.cells[:-1]}) == 1 for row in (*found["measured"].rows, *found["same"].rows)
        ]
        assert alike == [False] * len(found["measured"].rows) + [True] * len(found["same"].rows) and any(alike)


@pytest.mark.parametrize("world", [small(), small(managed=True, maximum_patients=Figure(40)), by_transfer()])
def test_every_kind_of_question_has_a_summary_that_fits_a_screen(world: Problem):
    for today in (world.today, frozenset()):
        lines = screen.lines(solved(replace(world, today=today)))
        assert len(lines) < 25 and not any("nan" in line.split() for line in lines)


def test_what_the_check_could_not_try_is_told_where_it_is_said_to_be_proved():
    plan = answer("care_model")
    said = rests_on.checked(plan, {"checked": "NOT checked"})
    words = "That it is best was not tried again: 2.25 quadrillion options are too many for that, so it is the solver's"
    assert f"none differs. {words} word, and that of a list of them all that is made without it. " in said
    assert rests_on.checked(plan, {"checked": "tried"}) == rests_on.checked(plan)


def test_the_pages_rules_tell_a_rota_that_is_short_as_it_may_be_by_the_staff_who_are_there():
    plan = solve(small(rotas=three_doctors(may_fall_short=True), at_least_sites=Figure(2)))
    rows = [[cell.text for cell in row.cells] for row in tables.rules(run_of(plan)).rows]
    assert ["2", "at least 3", "people", "short, as it may be", "– (not verified)"] in rows


def test_where_it_was_not_worked_out_what_would_change_an_answer_it_is_said_what_to_run_instead():
    said, instead = summary.left_out("it would take too long", "runs/mine")
    assert said == "Which rule or figure would change it was not worked out: it would take too long."
    assert "optimiser explain runs/mine; " in instead
    assert instead.endswith("optimiser explain runs/mine --service SERVICE --site SITE --switching.")
    (unproved,) = summary.left_out(would_change(evaluate(small(), AT_BIRCH)).not_worked_out)
    assert unproved.endswith("Allow more time: --time-limit-minutes.")
    assert summary.left_out("") == []


def test_a_tie_that_rests_on_nobody_being_taken_to_a_site_says_so():
    (line,) = (
        one for one in how_sure.level(with_standings(answer("care_model"))) if one.startswith("Emergency orthopaedics")
    )
    assert line == (
        "Emergency orthopaedics: with or without Southend it is the same for patients, 21.63 minutes on average, for "
        "nobody is taken to Southend, since nobody is seen first there "
        "(full emergency department is at Basildon and Broomfield)."
    )
    said = words.answer(answer("care_model"))
    assert said.endswith(" Of 20 services 8 change sites and 1 keeps one in name only.")


def test_why_more_would_be_treated_outside_is_said():
    # By transfer Romford is nearer to Broomfield than Southend is.
    (line,) = (one for one in how_sure.margins(with_standings(answer("what_if/treat_and_transfer"))) if "31%" in one)
    assert "and not 10%, since from Broomfield Queen's, Romford is nearer: 390 a year who are seen first there" in line


def test_patients_who_were_not_counted_by_area_are_told_on_the_screen_with_how_far_the_model_is_off():
    assert screen.not_counted(answer("base")) == [
        "Patients of Full emergency department are by area worked out or assumed, not counted (unverified); with "
        "today's sites in all 306,214 by the model, 336,706 counted, all taken to be residents'. The model is "
        "off today's counts: Full emergency department by +3%, −15% and −21%. The border's shares are "
        "the same for every activity: 35,010 of 336,706 residents' emergency attendances are treated outside and "
        "4,518 come in; if nobody crossed it, the model would be off by +15%, −3% and −18%."
    ]
    (many,) = screen.not_counted(answer("care_model"))
    assert "Full emergency department, Acute medical take, Emergency general surgery with a stay and 5 more are" in many
    assert screen.not_counted(evaluate(small(), BOTH)) == []


def test_who_is_counted_at_one_of_two_sites_that_are_as_near_is_told_where_volumes_matter():
    # The middle's 20 have 20 minutes to both, and ash comes first.
    told = (
        "Clinic: here 20 of Ash's 30 have as short a journey to Birch, and without them it would see fewer than the 30 "
        "asked for. Equal journeys all count at the first site"
    )
    (line,) = screen.ties(evaluate(small(minimum_patients=Figure(30)), BOTH))
    assert line.startswith(told)
    (line,) = screen.ties(evaluate(small(minimum_patients=Figure(30)), AT_BIRCH))
    assert line.startswith("Clinic: with today's sites 20 of Ash's 30 have")
    (line,) = screen.ties(evaluate(small(managed=True, maximum_patients=Figure(40)), BOTH))
    assert line.startswith("Clinic: here, were nobody shared out, 20 of Ash's 30 have")
    assert screen.ties(evaluate(small(), BOTH)) == []


def test_what_stands_for_counts_that_were_not_published_is_told_in_full():
    imported = (
        b'table,file,sha256,said\ndemand,t.csv,0,"2 counts not published (""*"") as 2.5 each."\ndemand,t.csv,0,x.\n'
    )
    problem = replace(with_files(small()), files={**with_files(small()).files, "inputs/imported.csv": imported})
    said = 'In demand.csv: 2 counts not published ("*") as 2.5 each (from t.csv), a stand-in that nobody verified.'
    assert said in screen.rest(evaluate(problem, BOTH))
    assert rests_on.stand_ins(evaluate(small(), BOTH)) == []


@pytest.mark.parametrize("name", ["base", "care_model"])
def test_in_brief_every_word_is_said_in_full_in_the_same_order(name: str):
    full, brief = screen.lines(answer(name)), screen.in_brief(answer(name))
    assert len("".join(brief)) < 0.7 * len("".join(full))
    begun, kinds = iter(full), ("Fixed: ", "As today, no ", "Nowhere: ", "Stroke admissions today: ", "● kept")
    for line in (one for one in brief if not one.startswith((*kinds, "Draft: not a decision. "))):
        if line.startswith("Gained:"):
            # What each of today's sites has is said of how many of them keep to the rule.
            line = line.partition(" (")[0]
        line = re.sub(r";? and \d+ more(: --full)?", "", line)
        words = line.replace(" counted in ", " in ").replace(",", "").split()
        assert any(_in_order(words, one.replace(",", "").replace(";", "").split()) for one in begun), line


def test_in_brief_services_without_patients_that_are_as_today_are_a_line_each_way():
    lines = screen.in_brief(answer("care_model"))
    folded = [line for line in lines if line.startswith(("Fixed: ", "As today, no ", "Nowhere: "))]
    assert folded == [
        "Fixed: Cardiothoracic surgery at Basildon; Radiotherapy at Southend; Burns and plastic surgery at Broomfield.",
        "Nowhere: Selective emergency department; Specialist emergency centre.",
        "As today, no patients counted: Interventional radiology at all hours and Complex respiratory care at "
        "Basildon, Broomfield and Southend; Complex cardiac care at Basildon. Nor are any for Thrombolysis on "
        "arrival and Complex renal care.",
    ]
    named = "Vascular hub, Complex renal care, Critical care, Acute medical take and Complex cardiac care at Southend"
    moved = screen.in_brief(answer("care_model"), [f"{named} would be best."])
    assert any("; Complex cardiac care (a change below moves it) at Basildon." in line for line in moved)
    assert "- Vascular hub and 4 more at Southend would be best." in moved
    # Those that change stay rows, and that nobody is counted for them is said there, and once.
    assert not any(line.startswith("No patients are counted for") for line in lines)
    rows = screen.lines(answer("care_model"))
    assert sum(any(mark in line for mark in "●■") for line in rows) > sum("●" in line for line in lines)
    # One alone is a row: a line would save nothing.
    world = evaluate(
        vary(small(), "x_ray", fixed={"ash": Fixed(True, "It stands there")}), AT_BIRCH | {("ash", "x_ray")}
    )
    assert not any(line.startswith("Fixed: ") for line in screen.in_brief(world))


def test_the_main_answer_fits_a_screen_of_60_rows_of_120_characters():
    found = answers.answer(question("base"))
    assert isinstance(found, answers.Answer)
    changes, more = in_brief(found.would_change.changes, found.plan.designated)
    brief = screen.in_brief(found.plan, changes, more + len(found.set_against))
    # Beside it stand what was checked, where the run is, and what comes next.
    assert sum(ceil(max(len(line), 1) / 120) for line in brief) + 3 <= 60
    assert "Some changes, each by itself, that would only just turn it (7 more with --full):" in brief
    assert "With 5 more WTE emergency medicine consultants: " in " ".join(changes)
    kept = "● kept (as it is today, Hyper-acute stroke unit and Full emergency department fall short of what is asked)"
    assert f"{kept}   ✕ not kept" in brief
    # No stroke unit closes outright, which the crosses alone would not say.
    kept = "Broomfield and Southend keep the acute stroke unit; the hyper-acute stroke unit, for the same patients, is"
    assert f"{kept} at Basildon." in brief
    # By the model fewer than half are worse off, but more than two in three were counted where it is lost.
    (worse,) = (one for one in brief if one.startswith("Worse off"))
    assert f"(47%; counted in 2018/19: {100 * (555 + 713) / (557 + 555 + 713):.0f}%)" in worse
    assert f"(23%; counted in 2017/18: {100 * 96_587 / 336_706:.0f}%)" in worse


def test_how_journeys_change_for_the_most_and_the_least_deprived_is_told():
    """Worked out from the table of groups, which the check works out again."""
    plan = answer("base")
    groups = measures.table(plan).query("measure == 'mean_minutes' and service == 'emergency_department'")
    today = measures.table(plan.today).query("measure == 'mean_minutes' and service == 'emergency_department'")
    by = [
        float(groups[groups["group"] == one]["value"].iloc[0] - today[today["group"] == one]["value"].iloc[0])
        for one in ("deprivation fifth 1 (most deprived)", "deprivation fifth 5 (least deprived)")
    ]
    (line,) = (one for one in screen.lines(plan) if one.startswith("Average minutes change"))
    assert line.endswith(f"full emergency department {by[0]:+.1f} and {by[1]:+.1f} (2015 index: +5.6 and +2.3).")
    assert round(by[0], 1) == 5.6
    # Of strokes another index does not bear it out: as worked out from the tables alone, 6.04 and 6.06.
    assert "hyper-acute stroke unit +5.1 and +6.3 (2015 index: +6.0 and +6.1); full" in line
    # Where today is not stated there is nothing to tell.
    unknown = evaluate(replace(small(), today=frozenset()), AT_BIRCH)
    assert not any(one.startswith("Average minutes change") for one in screen.lines(unknown))


def _in_order(words: Sequence[str], among: Sequence[str]) -> bool:
    """Whether words stand among others in the same order, punctuation at their ends apart."""
    each = iter(one.rstrip(".;") for one in among)
    return all(word.rstrip(".;") in each for word in words)


def test_in_brief_a_count_that_nobody_read_again_still_says_whose_it_is():
    full, *_ = counted_today(answer("base"))
    said = in_words(answer("base"), replace(full, verified=False), brief=True)
    assert f"in 2018/19, as stated by {full.source};" in said
    assert " Southend 713 counted in 2018/19; the model: 799, 416 and 487." in in_words(
        answer("base"), full, brief=True
    )
