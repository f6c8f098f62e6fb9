"""Plans and options side by side: what is shown, and that it is what the plans say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from made_up_place import write_config, write_question
from shipped import question
from worlds import by_transfer, small, three_doctors

from optimiser.cli import runs
from optimiser.errors import InputError
from optimiser.inputs import designations_of, read_problem, with_exceptions_of
from optimiser.inputs.config import read_option
from optimiser.plan import Plan, evaluate, measures, quotable
from optimiser.plan.asked import COLUMNS, _flat, differing, in_short
from optimiser.plan.comparison import PLACES_BROKEN, affected, compare, tables_of
from optimiser.problem import Excepted, Figure, Link, Problem, Site
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[2]
BOTH = frozenset({("ash", "clinic"), ("birch", "clinic")})
ONE = frozenset({("basildon", "hyper_acute_stroke"), ("basildon", "emergency_department")})
STROKE_WARDS = frozenset({("basildon", "acute_stroke"), ("broomfield", "emergency_department")})
AT_BIRCH = frozenset({("birch", "clinic")})


def test_people_beyond_are_those_who_are_not_within():
    # With birch alone: east 10, mid 20 and west 30 minutes; with neither, 25, 40 and 50 to oak. East has 300 people.
    compared = compare([evaluate(small(), AT_BIRCH), evaluate(small(), frozenset())])
    first, second = compared.columns
    beyond = {minutes: compared.loc[("clinic", f"people_beyond_{minutes}")] for minutes in measures.BANDS}
    assert {minutes: (row[first], row[second]) for minutes, row in beyond.items()} == {
        30: (0, 300),
        45: (0, 100),
        60: (0, 0),
    }


def test_every_broken_rule_is_named_with_how_far_it_is_from_holding():
    # Ash sees 30 patients and birch 35; three doctors each, where ash has 2 and birch 4, and nobody may move.
    world = small(minimum_patients=Figure(33), rotas=three_doctors())
    compared = compare([evaluate(world, BOTH), evaluate(world, AT_BIRCH)])
    both, birch = compared.columns
    assert compared.loc[("", "rules broken"), both] == compared.loc[("", PLACES_BROKEN), both] == 2
    few = ("", "breaks every_site_has_enough_patients.clinic.ash (patients a year)")
    short = ("", "breaks rota_is_filled.clinic.ash.doctors.people (people)")
    assert (compared.loc[few, both], compared.loc[short, both]) == (3, 1)
    assert compared.loc[("", "rules broken"), birch] == 0
    assert compared[birch].isna()[few] and compared[birch].isna()[short]
    assert compared.loc[("", "short of doctors (people)"), both] == 1


def test_staff_who_may_move_are_lacking_at_one_place_as_evaluate_counts_them():
    option = read_option(ROOT / "configs" / "options" / "q0_2016.yaml")
    problem = question("base")
    q0 = evaluate(problem, designations_of(problem, option))
    compared = compare({"q0": q0})["q0"]
    # Broomfield and Southend have too few patients; of strokes and of emergencies consultants are lacking, who move.
    assert (compared["", "rules broken"], compared["", PLACES_BROKEN]) == (3, 4)
    words = "Staff who may move are counted as one shortage for all sites."
    assert words in quotable.of_whom({"q0": tables_of(q0)})
    assert words not in quotable.of_whom({"one": tables_of(evaluate(problem, ONE | STROKE_WARDS))})


def test_how_many_come_from_outside_stands_above_how_many_each_site_sees():
    """The far 5 go to birch where it is open, as does everybody; they are no residents."""
    compared = compare({"birch": evaluate(small(), AT_BIRCH)})["birch"]["clinic"]
    assert compared["patients from outside"] == 5
    assert compared["patients at birch"] == 65
    rows = list(compared.index)
    assert rows.index("patients from outside") + 1 == rows.index("patients at birch")


def test_transfers_are_added_up_over_services():
    world = by_transfer()
    services = {**world.services, "camera": replace(world.services["scanner"], code="camera", name="Camera")}
    world = replace(world, services=services)
    plan = evaluate(world, BOTH | {("birch", "scanner"), ("birch", "camera")})
    (column,) = (compared := compare([plan])).columns
    one = compared.loc[("scanner", "transfers_per_day"), column]
    assert compared.loc[("", "transfers_per_day in all"), column] == pytest.approx(2 * one) == pytest.approx(37.5 / 365)


def test_where_some_stay_where_they_are_seen_first_that_is_said_beside_minutes():
    def asked(share: str) -> dict[str, pd.DataFrame]:
        return {"settings": pd.DataFrame([("services.scan.transfer.share_transferred", share)], columns=COLUMNS)}

    assert quotable._taken_on(asked("0.25"), asked("1"), "scan") == "25% and 100%"
    assert quotable._taken_on(asked("0.25"), asked("0.25"), "scan") == "25%"
    assert quotable._taken_on(asked("1"), asked("1"), "scan") == quotable._taken_on(asked("1"), asked("1"), "x") == ""


def test_an_answer_that_rests_on_exceptions_breaks_no_rule_but_for_them():
    for used, said in ((True, " but for exceptions granted in its file"), (False, "")):
        assert quotable.but_for(pd.DataFrame({"would_have_broken": [used]})) == said
    assert quotable.but_for(None) == ""


def test_exceptions_are_grouped_by_matter():
    link = (Link("x_ray"),)
    world = small(same_site=link)
    excused = tuple(Excepted("clinic", "x_ray", site, "A van comes") for site in ("ash", "birch"))
    plans = [evaluate(world, BOTH), evaluate(replace(world, exceptions=excused), BOTH)]
    without, with_them = (compared := compare(plans)).columns
    # One rule, at two sites.
    assert compared.loc[("", "rules broken"), without] == 1
    assert compared.loc[("", PLACES_BROKEN), without] == 2
    assert compared.loc[("", "rules broken"), with_them] == 0
    assert compared.loc[("", "documented exceptions"), with_them] == 1
    assert compared.loc[("", "excepted: without x_ray"), with_them] == 2


def fourth_site(problem: Problem) -> Problem:
    """Return the small world with one candidate more, a minute from everybody."""
    sites = {**problem.sites, "cedar": Site("cedar", "Cedar Hospital", candidate=True)}
    return replace(problem, sites=sites, journeys=problem.journeys.assign(cedar=1.0))


def said(answers: dict[str, Plan], kind: str) -> list[str]:
    found = affected({name: tables_of(plan) for name, plan in answers.items()})["sentences"]
    return list(found[found["kind"] == kind]["sentence"])


def test_a_site_that_only_one_of_two_answers_knows_has_its_name_and_is_not_taken_to_be_outside():
    answers = {"three": evaluate(small(), AT_BIRCH), "four": evaluate(fourth_site(small()), {("cedar", "clinic")})}
    for first, second in (("three", "four"), ("four", "three")):
        frames = affected({name: tables_of(answers[name]) for name in (first, second)})
        sentences = " ".join(frames["sentences"]["sentence"])
        assert "Cedar Hospital" in sentences and "nan" not in sentences and "cedar" not in sentences
        assert not frames["volumes"].set_index("site")["neighbour"]["cedar"]
        assert frames["volumes"]["name"].notna().all()


def test_answers_about_different_places_are_refused_and_those_that_share_some_areas_say_so():
    problem = small()
    elsewhere = problem.areas.rename(index=lambda code: f"{code}-2")
    other = replace(
        problem, areas=elsewhere, **{n: getattr(problem, n).set_axis(elsewhere.index) for n in ("journeys", "demand")}
    )
    here, there = (tables_of(evaluate(one, AT_BIRCH)) for one in (problem, other))
    for work in (affected, compare):
        with pytest.raises(InputError, match=r"there: this is of another place than here: of \d resident areas"):
            work({"here": here, "there": there})
    first = next(iter(elsewhere.index))
    some = elsewhere.rename(index={first: first.removesuffix("-2")})
    half = replace(problem, areas=some, **{n: getattr(problem, n).set_axis(some.index) for n in ("journeys", "demand")})
    (sentence,) = said({"here": evaluate(problem, AT_BIRCH), "half": evaluate(half, AT_BIRCH)}, "areas")
    residents = int(problem.areas["resident"].sum())
    assert sentence.startswith(f"{2 * (residents - 1)} areas are residents in one of the two only")


def test_answers_to_different_questions_are_not_ranked_and_the_settings_that_differ_are_named(tmp_path: Path):
    write_question(tmp_path)
    text = "based_on: base.yaml\nservices:\n  care:\n    at_least_sites: {value: 2, source: Another book}\n"
    path = write_config(tmp_path, "two.yaml", text)
    at_ash = frozenset({("ash", "care"), ("ash", "labs")})
    one, two = (evaluate(read_problem(each), at_ash) for each in (path.with_name("base.yaml"), path))
    (sentence,) = said({"one": one, "two": two}, "question")
    assert sentence == (
        "two and one: these answer different questions, so neither is ranked above the other. "
        "They differ in: at least sites of Care (one: 1; two: 2)."
    )
    assert said({"one": one, "again": evaluate(one.problem, one.designated)}, "question") == []


def test_of_many_settings_objectives_and_links_are_named_first():
    answers = [tables_of(evaluate(one, one.today)) for one in (question("base"), question("care_model"))]
    told = in_short(answers[0], answers[1], ("base", "care_model"))
    assert told.startswith(
        "14 services that care_model alone decides, whether patients of Hyper-acute stroke unit are taken on by "
        "transfer, whether rotas of Hyper-acute stroke unit and Full emergency department may fall short, the "
        "objectives, what must be at the same site as Full emergency department and Hyper-acute stroke unit and what "
        "must be in reach of Hyper-acute stroke unit and Full emergency department. "
    )


def of_option(config: str, name: str) -> dict[str, pd.DataFrame]:
    option = read_option(ROOT / "configs" / "options" / f"{name}.yaml")
    problem = with_exceptions_of(question(config), option)
    return tables_of(evaluate(problem, designations_of(problem, option)))


def test_two_options_of_one_question_that_are_let_off_other_rules_are_not_said_to_be_of_different_questions():
    answers = {name: of_option("care_model", name) for name in ("q0_2016", "alt_hasu_southend")}
    told = affected(answers)["sentences"].query("kind == 'question'")["sentence"].tolist()
    assert told == [
        "alt_hasu_southend and q0_2016: they answer one question but for which rules each is let off (q0_2016: none; "
        "alt_hasu_southend: at 2 places), so neither is ranked above the other."
    ]


def test_why_journeys_change_to_a_service_that_stays_where_it_is_is_said():
    answers = {name: of_option("care_model", name) for name in ("q0_2016", "seh_bas_2016")}
    found = affected(answers)
    averages = found["sentences"].query("kind == 'average'").set_index("service")["sentence"]
    why = "; it stays at the same sites, but not so the full emergency department, where its patients are seen first."
    assert {code for code, one in averages.items() if one.endswith(why)} == {
        "emergency_general_surgery",
        "emergency_orthopaedics",
    }
    assert not {"emergency_general_surgery", "emergency_orthopaedics"} & set(found["openings"]["service"])


def test_every_row_of_minutes_with_waits_in_it_says_so(capsys: pytest.CaptureFixture[str]):
    plan = evaluate(by_transfer(standard_minutes=Figure(30)), BOTH | {("birch", "scanner")})
    runs._print_table(compare([plan]), {}, {})
    rows = [line for line in capsys.readouterr().out.partition("scanner")[2].splitlines() if "all services" not in line]
    with_waits = [line for line in rows if "waits included" in line]
    for words in ("mean minutes", "median minutes", "95th centile", "worst minutes", "people beyond 30"):
        assert any(words in line for line in with_waits), words
    assert any("patients beyond standard, waits included" in line for line in with_waits)
    assert not any("road" in line or "straight there" in line for line in with_waits)


def test_what_is_there_today_is_kept_not_opened():
    today = replace(small(), today=frozenset({("ash", "clinic")}))
    answers = {"birch": evaluate(today, AT_BIRCH), "ash": evaluate(today, {("ash", "clinic")})}
    assert said(answers, "openings") == [
        "ash against birch: Clinic is kept at Ash, where birch closes it; "
        "Clinic does not open at Birch, where birch opens it."
    ]
    unknown = {name: replace(plan, problem=replace(plan.problem, today=frozenset())) for name, plan in answers.items()}
    assert said(unknown, "openings") == ["ash against birch: Clinic moves from Birch to Ash."]


def test_a_setting_that_only_one_states_is_told_by_what_both_have():
    def asked(*settings: tuple[str, str], more: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
        services = [("care", "Care"), ("labs", "Laboratories"), *((one, one.title()) for one in more)]
        names = pd.DataFrame(services, columns=["service", "name"])
        return {"settings": pd.DataFrame(settings, columns=COLUMNS), "services": names}

    none, one = asked(("services.care.same_site", "none")), asked(("services.care.same_site.labs", "yes"))
    assert differing(none, one) == ["same site of Care (none; Laboratories)"]
    assert differing(one, none) == ["same site of Care (Laboratories; none)"]
    # Nothing listed is nothing stated, but of today; who asks of roads keeps tables for that, and both may.
    access, delays, shut = ("inputs/road_access.csv", "1"), ("inputs/road_delays.csv", "2"), ("roads.close", "A1")
    assert differing(asked(), asked(("roads.slow", "none"), ("today.care", "none"))) == [
        "today: Care (not stated; none)"
    ]
    assert differing(asked(), asked(shut, access)) == ["roads: close (not stated; A1)"]
    assert differing(asked(shut, access), asked(shut, access, delays)) == ["the table road_delays.csv"]
    # What only comes from somewhere is there all the same; yes and no are words, and codes are names.
    link = {"labs": {"source": "A book", "verified": False}}
    config = {"services": {"care": {"same_site": link, "managed": True}}, "list": [{"a": ["care"]}, "b"]}
    found = dict(_flat(config))
    assert found["services.care.same_site.labs"] == found["services.care.managed"] == "yes"
    assert found["list"] == "a: care and b"
    assert differing(asked(("list", "a: care and b")), asked(("list", "b"))) == ["list (a: Care and b; b)"]
    many = [(f"services.theatre.setting_{number}", "1") for number in range(9)]
    two = asked(("services.care.rotas.x.may_fall_short", "yes"), *many, more=("theatre",))
    assert in_short(one, two, ("base", "two")) == (
        "1 service that two alone decides, whether rotas of Care may fall short and what must be at the same site as "
        "Care. 11 settings differ in all: --csv writes each to settings.csv"
    )


def test_services_that_one_answer_alone_has_are_not_said_to_be_at_the_same_sites():
    world = by_transfer()
    alone = {code: one for code, one in world.services.items() if code != "scanner"}
    fewer = replace(world, services=alone)
    answers = {"few": evaluate(fewer, BOTH), "more": evaluate(world, BOTH | {("birch", "scanner")})}
    both = f"the {len(alone)} service{'s' if len(alone) > 1 else ''} that both have"
    (sentence,) = said(answers, "openings")
    assert sentence.startswith(f"more against few: {both} ") and sentence.endswith("; more has 1 more service.")
    (sentence,) = said(dict(reversed(answers.items())), "openings")
    assert sentence.endswith("; more has 1 more service.")


def test_the_table_tells_shares_in_percent_and_no_parts_of_many_patients():
    told = [
        ("share_outside", 0.1, "10%"),
        ("patients_beyond_standard", 472.65, "473"),
        ("patients at ash", 3.25, "3.25"),
    ]
    for name, value, words in (*told, ("mean_minutes", 24.635, "24.64"), ("sites", "ash", "ash"), ("", None, "–")):
        assert runs._cell(value, name) == words
    assert runs._row_in_words("p95_minutes", {}) == "95th centile, minutes"


def test_on_a_screen_a_broken_rule_is_a_row_whichever_its_sites_and_nothing_is_said_twice():
    """Each of both is a doctor short of three and some see too few of 33: one row a rule, with its sum."""
    world = small(rotas=three_doctors(), minimum_patients=Figure(33))
    answers = {
        "both": tables_of(evaluate(world, BOTH)),
        "birch": tables_of(evaluate(world, frozenset({("birch", "clinic")}))),
    }
    compared = compare(answers)
    rows = runs._one_row_a_rule(compared, answers).loc[""]
    few = [name for name in compared.loc[""].index if name.startswith("breaks every_site_has_enough_patients.clinic.")]
    folded = "breaks every_site_has_enough_patients.clinic (patients a year)"
    assert rows.loc[folded, "both"] == compared.loc[""].loc[few, "both"].sum()
    rota = "breaks rota_is_filled.clinic.doctors.people (people)"
    assert rows.loc[rota, "both"] == 1 and "short of doctors (people)" in compared.loc[""].index
    assert not {"short of doctors (people)", "places where rules would be broken if no exception were granted"} & {
        *rows.index
    }
    assert runs._row_in_words(rota, {"clinic": "Clinic"}) == "Clinic: short of doctors, people"
    said = "patients a year too few: every site has enough patients (Clinic)"
    assert runs._row_in_words(folded, {"clinic": "Clinic"}) == said


def test_that_an_area_shared_out_counts_as_one_is_told_beside_who_needs_more():
    shared = solve(small(managed=True, maximum_patients=Figure(33)))
    split = shared.journeys[shared.journeys.duplicated(["service", "area"])]
    told = quotable.of_whom({"here": tables_of(shared), "there": tables_of(shared)})
    assert told[0] == "Patients are counted as visits: who comes twice is counted twice."
    assert len(split) and told[1].startswith("Clinic: people who live where it takes more or less are counted by area,")
    assert quotable.of_whom({"here": tables_of(solve(small()))}) == [
        told[0],
        "Minutes, shares and people are those of residents; patients at a hospital are all who go there.",
    ]


def test_patients_whom_nobody_counted_by_area_are_told_in_notes_and_in_every_sentence_on_averages():
    problem = question("base")
    answers = {name: tables_of(evaluate(problem, open_)) for name, open_ in (("today", problem.today), ("one", ONE))}
    assert quotable.of_whom(answers)[2:4] == [
        "Patients are counted as stroke admissions and emergency attendances: who comes twice is counted twice.",
        "Patients of Full emergency department are by area worked out or assumed, not counted (unverified).",
    ]
    averages = affected(answers)["sentences"].query("kind == 'average'").set_index("service")["sentence"]
    assert " of residents' 1,863 stroke admissions a year goes from " in averages["hyper_acute_stroke"]
    assert (
        " of residents' 336,706 emergency attendances a year (by area worked out or assumed, not counted) goes from "
        in averages["emergency_department"]
    )
