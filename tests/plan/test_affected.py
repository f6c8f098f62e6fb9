"""Answers set against each other: by hand on the small world, by another way on the main question, and as quoted."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from as_files import with_files
from command import optimiser
from shipped import question
from worlds import as_today, by_transfer, small, three_doctors, vary

import optimiser as op
from optimiser.errors import InputError
from optimiser.inputs import designations_of
from optimiser.inputs.config import read_option
from optimiser.plan import affected as frames_of
from optimiser.plan import evaluate
from optimiser.plan.comparison import affected, tables_of
from optimiser.plan.finished import read_tables
from optimiser.plan.measures import number
from optimiser.plan.quotable import of_whom, said_again
from optimiser.plan.runs import write_run
from optimiser.problem import Figure, Problem
from optimiser.problem.words import places_that_agree, whole

ROOT = Path(__file__).parents[2]
BOTH = {("ash", "clinic"), ("birch", "clinic")}
BIRCH = {("birch", "clinic")}


def two(problem: Problem | None = None) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the small world with both clinics, and with the one at birch alone."""
    problem = problem or replace(small(standard_minutes=Figure(20)), areas=known_areas())
    return {name: tables_of(evaluate(problem, open_)) for name, open_ in (("both", BOTH), ("birch", BIRCH))}


def known_areas() -> pd.DataFrame:
    areas = small().areas
    return areas.assign(name=areas.index.str.title(), district=["E", "F", "M", "W"], population_75_plus=[30, 5, 20, 40])


def rows(frame: pd.DataFrame, **where: object) -> pd.DataFrame:
    for column, key in where.items():
        frame = frame[frame[column] == key]
    return frame.reset_index(drop=True)


def test_who_gains_and_loses_by_hand():
    # With ash closed, west (100 people, 10 patients) goes 30 minutes to birch, not 10 to ash. Mid has 20 either way.
    found = affected(two())["gains_and_losses"]
    for minutes in (1, 5, 10):
        row = rows(found, group="", by_more_than_minutes=minutes).iloc[0]
        assert (row["people_longer"], row["patients_longer"], row["people_shorter"]) == (100, 10, 0)
    older = rows(found, group="age 75+", by_more_than_minutes=10).iloc[0]
    assert older["people_longer"] == 40 and np.isnan(older["patients_longer"])


def test_where_nobody_knows_how_many_live_there_patients_are_counted():
    problem = replace(small(standard_minutes=Figure(20)), areas=known_areas().drop(columns=["population", "district"]))
    found = affected(two(problem))
    row = rows(found["gains_and_losses"], group="", by_more_than_minutes=1).iloc[0]
    assert np.isnan(row["people_longer"]) and np.isnan(row["people_shorter"]) and row["patients_longer"] == 10
    of_the_standard = rows(found["cliffs"], answer="birch", is_its_standard=True).iloc[0]
    assert np.isnan(of_the_standard["people_just_inside"]) and of_the_standard["patients_just_inside"] == 20
    said = {row["kind"]: row["sentence"] for row in found["sentences"].to_dict("records")}
    assert said["who"].startswith(
        "Clinic, birch against both: 10 of 60 patients a year live where it takes more than a minute longer"
    )
    assert said["cliff"].startswith(
        "Clinic, birch against both: 20 patients a year would live up to a minute inside the standard of 20"
    )


def test_averages_of_those_who_gain_and_who_lose_stand_apart_beside_those_of_all():
    row = rows(affected(two())["averages"], group="").iloc[0]
    # (10 × 10 + 20 × 20 + 30 × 10) / 60, then (10 × 30 + …) / 60; only west's ten patients are affected.
    assert (row["number"], row["mean_before"], row["mean_after"]) == (60, round(800 / 60, 9), round(1000 / 60, 9))
    assert (row["here"], row["longer"], row["longer_by"], row["shorter"]) == (60, 10, 20, 0)
    assert np.isnan(row["shorter_by"])


def where_some_leave() -> Problem:
    """Return the world of which some leave in any case, where birch is 20 minutes from the middle and ash is 25."""
    problem = replace(as_today(small()), areas=known_areas())
    return replace(problem, journeys=problem.journeys.assign(ash=[40.0, 50, 25, 10]))


def test_those_who_leave_in_any_case_count_neither_for_how_many_nor_for_how_much_longer():
    # With birch closed, the east goes 40 minutes to ash in place of 10 and the middle 25 in place of 20. A third of the
    # east's 30 patients leave in any case: (20 × 30 + 20 × 5) / 40, not (30 × 30 + 20 × 5) / 50.
    problem = where_some_leave()
    plans = {name: evaluate(problem, open_) for name, open_ in (("both", BOTH), ("ash", {("ash", "clinic")}))}
    found = affected({name: tables_of(plan) for name, plan in plans.items()})
    row = rows(found["averages"], group="").iloc[0]
    assert (row["number"], row["here"], row["longer"], row["longer_by"]) == (60, 49, 40, 17.5)
    said = found["sentences"].set_index("kind")["sentence"]
    # Before (20 × 10 + 10 × 25 + 20 × 20 + 9 × 10 + 1 × 50) / 60, and 20 × 30 + 20 × 5 more.
    assert said["average"] == (
        "Clinic, ash against both: the average journey of residents' 60 visits a year goes from 16.50 to 28.17 minutes "
        "(+11.67); "
        "the 11 who leave for a neighbour whatever is chosen count in averages, medians, shares of patients and "
        "patients beyond a standard, and not in 95th centiles and worst journeys; of the other 49, 40 need more, by "
        "17.50 minutes on average, nobody needs less, and 9 need as long as before."
    )
    assert said["who"].startswith("Clinic, ash against both: 500 of 600 residents live where it takes more than a")
    measured = {
        (name, group): value for name, _, group, value in frames_of.of_plans(plans["ash"], plans["both"], "clinic")
    }
    assert measured["mean_change_of_those_longer", ""] == pytest.approx(17.5)
    assert measured["mean_change_of_those_longer", "district E"] == 30
    # A third of the east's people aged 75 and over leave, too.
    older = rows(found["averages"], group="age 75+").iloc[0]
    assert older["leave"] > 0 and older["longer_by"] == pytest.approx(
        measured["mean_change_of_those_longer", "age 75+"]
    )


def test_what_neighbours_see_more_than_today_is_measured_and_checked():
    # With both, as today, nobody goes to oak; with ash alone the east's 30 do, and the 5 from outside.
    problem = with_files(small())
    for open_, more in ((BOTH, 0), ({("ash", "clinic")}, 35)):
        plan = evaluate(problem, open_)
        assert number(plan.measures, "patients_more_than_today", "clinic", "oak") == more
        assert op.check(plan).empty
    unknown = evaluate(replace(problem, today=frozenset()), BOTH)
    assert "patients_more_than_today" not in set(unknown.measures["measure"])
    # Those who leave as they do today are no more than today.
    some_leave = evaluate(with_files(where_some_leave()), {("ash", "clinic")})
    assert number(some_leave.measures, "patients_more_than_today", "clinic", "oak") == 0
    assert op.check(some_leave).empty


def test_growth_is_not_taken_for_what_a_site_sees_and_strangers_do_not_open():
    problem = replace(small(), areas=known_areas())
    grown = replace(problem, demand=problem.demand * 1.5)
    fewer = replace(problem, services={"clinic": problem.services["clinic"]})
    answers = {"now": evaluate(problem, BOTH), "grown": evaluate(grown, BOTH), "fewer": evaluate(fewer, BOTH)}
    answers["x-ray"] = evaluate(problem, BOTH | {("ash", "x_ray")})
    found = affected({name: tables_of(plan) for name, plan in answers.items()})
    said = found["sentences"]
    assert said[said["kind"] == "demand"]["sentence"].tolist() == [
        "Clinic, grown against now: 90 patients a year are counted, where the first counts 60; an average that is said "
        "to change is over the patients of the first."
    ]
    # A question without the X-ray room neither opens nor closes it; one that provides it does.
    assert found["openings"][["answer", "service", "site", "change"]].to_numpy().tolist() == [
        ["x-ray", "x_ray", "ash", "opens"]
    ]


def test_what_opens_closes_and_where_it_is_worst():
    found = affected(two())
    assert found["openings"][["service", "site", "change"]].to_numpy().tolist() == [["clinic", "ash", "closes"]]
    worst = found["worst_areas"]
    assert worst[["rank", "area", "name", "site_before", "site_after", "change", "as_long"]].to_numpy().tolist() == [
        [1, "west", "West", "ash", "birch", 20.0, 1]
    ]


def test_where_many_journeys_grow_by_as_much_as_the_worst_it_is_said_of_how_many_areas():
    worse = small(neighbours=())
    # Without ash mid goes on 20 minutes more, as west does.
    worse = replace(worse, areas=known_areas(), journeys=worse.journeys.assign(birch=[10.0, 15, 40, 30]))
    plans = [evaluate(worse, {(site, "clinic") for site in sites}) for sites in (("ash", "birch"), ("birch",))]
    said = affected(dict(zip(("both", "birch"), map(tables_of, plans), strict=True)))["sentences"].set_index("kind")
    assert said.loc["worst", "sentence"] == (
        "Clinic, birch against both: no journey grows by more than those of 2 areas, such as Mid: from 20.0 to 40.0 "
        "minutes (+20.0)."
    )


def test_a_group_that_goes_against_the_average_is_warned_of():
    means = pd.DataFrame(
        [
            ("clinic", group, "patients", 9, change)
            for group, change in (("", -6.0), ("A", 11.0), ("B", -11.0), ("C", -13.0), ("D", 9.0))
        ],
        columns=["service", "group", "counted", "number", "change"],
    )
    # The other way, and more than twice as far the same way.
    assert frames_of.warnings(means)["group"].tolist() == ["A", "C"]


def test_cliffs_are_counted_on_either_side_of_a_standard():
    problem = replace(small(standard_minutes=Figure(20)), areas=known_areas())
    journeys = problem.journeys.assign(birch=[20.5, 15.0, 20.0, 21.5])
    found = affected(two(replace(problem, journeys=journeys)))["cliffs"]
    row = rows(found, answer="birch", minutes=20.0).iloc[0]
    # To birch: mid (200 people) exactly 20, east (300) half a minute beyond; west at 21.5 is further.
    assert row["is_its_standard"] and (row["people_just_inside"], row["people_just_beyond"]) == (200, 300)
    assert (row["patients_just_inside"], row["patients_just_beyond"]) == (20, 30)


def test_neighbours_volumes_are_set_side_by_side():
    problem = replace(small(), areas=known_areas())
    answers = {
        name: tables_of(evaluate(problem, open_)) for name, open_ in (("both", BOTH), ("ash", {("ash", "clinic")}))
    }
    oak = rows(affected(answers)["volumes"], site="oak").iloc[0]
    assert oak["neighbour"] and (oak["patients_before"], oak["patients_after"], oak["change"]) == (0, 35, 35)
    # Five of the 35 come from outside, and on the other side nobody would count them.
    assert (oak["residents_before"], oak["residents_after"]) == (0, 30)
    for first, second, there in (("both", "ash", "30 a year go to {}, where 0 do"), ("ash", "both", "")):
        found = affected({name: answers[name] for name in (first, second)})["sentences"].set_index("kind")["sentence"]
        words = f"of residents' patients, {there}" if there else "no residents' patients go to {}, where 30 a year do"
        assert found["neighbour"] == f"Clinic, {second} against {first}: {words.format(oak['name'])} under {first}."


def test_a_group_that_the_mean_hides_is_warned_of():
    problem = replace(small(), areas=known_areas())
    # Nearly everybody lives in the east, where nothing changes.
    demand = problem.demand.assign(visit=[300.0, 5.0, 20.0, 10.0])
    found = affected(two(replace(problem, demand=demand)))
    hidden = found["warnings"]
    assert rows(hidden, group="district W").iloc[0]["change"] == 20
    assert abs(hidden["change_of_all"].iloc[0]) < 2
    # Deprivation fifth 1 is west alone; of the 75 and over, 40 of 90 live there: 20 × 40 / 90 is less than 10.
    assert set(hidden["group"]) == {"district W", "deprivation fifth 1 (most deprived)"}
    said, loud = found["sentences"], "in district W it changes by +20.00 minutes, where the average of all changes by"
    assert any(loud in one for one in said["sentence"])


def test_transferred_patients_are_shared_as_measures_share_them():
    answers = {
        name: tables_of(evaluate(by_transfer(), BOTH | {(site, "scanner") for site in sites}))
        for name, sites in (("both", ("ash", "birch")), ("birch", ("birch",)))
    }
    row = rows(affected(answers)["averages"], service="scanner", group="").iloc[0]
    # Patient-minutes 800 and 1250, of 60 patients (see worlds.by_transfer).
    assert (row["mean_before"], row["mean_after"]) == (round(800 / 60, 9), round(1250 / 60, 9))


def test_where_some_stay_where_they_are_seen_first_how_many_do_is_said_with_the_average():
    # Of 60 patients the 30 of ash are seen first there; with the scanner at birch alone a quarter of them are taken on.
    world = by_transfer()
    scanner = world.services["scanner"]
    assert scanner.transfer is not None
    quarter = replace(scanner, transfer=replace(scanner.transfer, share_transferred=Figure(0.25)))
    world = replace(world, services={**world.services, "scanner": quarter}, areas=known_areas())
    answers = {
        name: tables_of(evaluate(world, BOTH | {(site, "scanner") for site in sites}))
        for name, sites in (("both", ("ash", "birch")), ("birch", ("birch",)))
    }
    for one in answers.values():
        stated = pd.DataFrame({"setting": ["services.scanner.transfer.share_transferred"], "value": ["0.25"]})
        one["settings"] = stated
    found = affected(answers)
    row = rows(found["taken_on"], service="scanner").iloc[0]
    journeys = answers["birch"]["journeys"]
    here = journeys[journeys["resident"] & (journeys["service"] == "scanner")]
    elsewhere = here["patients_per_year"][here["site"] != here["first_site"]].sum()
    assert elsewhere > 0 and row["taken_on_before"] == row["stay_before"] == 0
    assert (row["taken_on_after"], row["stay_after"]) == (elsewhere / 4, 3 * elsewhere / 4)
    said = rows(found["sentences"], service="scanner").set_index("kind")["sentence"]
    assert said["average"].startswith(
        "Scanner, birch against both: the average time from home to where they stay of residents' "
    )
    stay = f"under birch, {whole(elsewhere / 4)} are taken on from where they are seen first, and "
    assert f"{stay}{whole(3 * elsewhere / 4)} stay there" in said["average"]
    assert said["who"].count("by the journeys of") == 1


def test_a_rule_on_the_number_of_sites_is_said_in_its_own_words():
    world = replace(small(at_most_sites=Figure(1)), areas=known_areas())
    answers = {name: tables_of(evaluate(world, open_)) for name, open_ in (("birch", BIRCH), ("both", BOTH))}
    said = affected(answers)["sentences"].set_index("kind")["sentence"]
    assert said["rules"] == (
        "both is not permitted by this question's rules: Clinic is on 2 sites, and at most 1 is allowed; "
        "birch breaks none."
    )


def test_an_area_that_is_split_counts_once_with_its_mean():
    answers = two()
    split = answers["birch"]["journeys"].copy()
    west = split[split["area"] == "west"].index[0]
    half = split.loc[[west]].assign(patients_per_year=5.0)
    nearer = half.assign(site="ash", first_site="ash", minutes=10.0, first_minutes=10.0)
    answers["birch"]["journeys"] = pd.concat([split.drop(index=west), half, nearer], ignore_index=True)
    moved = rows(frames_of.areas(answers["both"], answers["birch"]), area="west").iloc[0]
    assert (moved["patients"], moved["minutes_after"], moved["change"]) == (10, 20, 10)


def test_those_who_leave_in_any_case_count_in_means_alone():
    # Ten of the east's 30 and one of west's 10 go to oak whatever is designated, for 25 and 50 minutes.
    problem = as_today(replace(small(), areas=known_areas()))
    answers = {name: tables_of(evaluate(problem, open_)) for name, open_ in (("both", BOTH), ("birch", BIRCH))}
    found = affected(answers)
    row = rows(found["averages"], group="").iloc[0]
    # 20 × 10 + 10 × 25 of the east, 20 × 20, and west's 1 × 50 with 9 × 10, or 9 × 30 where ash is closed.
    assert (row["mean_before"], row["mean_after"]) == (990 / 60, 1170 / 60)
    west = rows(found["gains_and_losses"], group="", by_more_than_minutes=10).iloc[0]
    assert (west["people_longer"], west["patients_longer"]) == (100, 9)
    east = rows(found["areas"], area="east").iloc[0]
    assert (east["patients"], east["patients_here"], east["site_after"], east["change"]) == (30, 20, "birch", 0)


def test_between_questions_a_journey_changes_where_only_those_who_leave_have_another():
    to_the_nearest = replace(small(), areas=known_areas())
    some_leave = as_today(to_the_nearest)
    services = pd.DataFrame({"setting": ["border"], "value": ["nearest"]})
    asked = {"nearest": services, "as today": services.assign(value="as_today")}
    answers = {
        name: {**tables_of(evaluate(one, BOTH)), "settings": asked[name]}
        for name, one in (("nearest", to_the_nearest), ("as today", some_leave))
    }
    said = affected(answers)["sentences"].set_index("kind")["sentence"]
    assert "unchanged" not in said.index
    assert said["average"] == (
        "Clinic, as today against nearest: the average journey of residents' 60 visits a year goes from 13.33 to 16.50 "
        "minutes (+3.17); "
        "the 11 who leave for a neighbour under as today count in averages, medians, shares of patients and "
        "patients beyond a standard, and not in 95th centiles and worst journeys of as today, and whether "
        "they need more or less there is not said; of the other 49, nobody needs more, and nobody needs less."
    )
    assert said["who"].startswith(
        "Clinic, as today against nearest, by the journeys of those who do not leave under as today: nobody lives "
        "where it takes more than a minute longer"
    )


def test_no_more_patients_are_said_to_need_less_than_those_whose_own_minutes_fall():
    # Ten of the east's 30 and one of west's 10 go to oak as today, and to the nearest, birch and ash, otherwise: it is
    # they alone whose journey is shorter, and of those who stay nobody's is.
    to_the_nearest = replace(small(), areas=known_areas())
    for before, after in ((as_today(to_the_nearest), to_the_nearest), (to_the_nearest, as_today(to_the_nearest))):
        answers = {name: tables_of(evaluate(one, BOTH)) for name, one in (("one", before), ("two", after))}
        row = rows(affected(answers)["averages"], group="").iloc[0]
        assert (row["here"], row["longer"], row["shorter"]) == (49, 0, 0)
        assert sorted((row["leave_before"], row["leave_after"])) == [0, 11]
    # With birch closed, too, the 20 of the east who stay and the middle's 20 need more, and still nobody needs less.
    some_leave = replace(where_some_leave(), areas=known_areas())
    nearest = replace(some_leave, border=small().border)
    frames = {"as today": tables_of(evaluate(some_leave, BOTH)), "nearest": tables_of(evaluate(nearest, BIRCH))}
    row = rows(affected(frames)["averages"], group="").iloc[0]
    own = frame_of_each_patient(frames)
    assert row["shorter"] <= own[own["change"] < 0]["patients"].sum()


def frame_of_each_patient(frames: dict[str, dict[str, pd.DataFrame]]) -> pd.DataFrame:
    """Return how many patients stay as today, and by how much their own journey changes to the nearest."""
    before, after = (one["journeys"][one["journeys"]["resident"]] for one in frames.values())
    stay = before[before["how"] != "leaves"].merge(after[["area", "minutes"]], on="area", suffixes=("", "_after"))
    return stay.assign(patients=stay["patients_per_year"], change=stay["minutes_after"] - stay["minutes"])


def test_differences_in_brackets_are_those_of_the_numbers_beside_them():
    for before, after in ((24.635, 22.252), (18.4038, 16.8866), (10.0, 20.0), (24.635, 26.2535), (0.005, 0.014)):
        places = places_that_agree(before, after)
        here, there, apart = (Decimal(f"{one:.{places}f}") for one in (before, after, after - before))
        assert there - here == apart
    # As frames have it: the difference is that of two decimals, not of what a computer makes of them.
    for before, after, change in ((47.7, 71.55, 23.85), (20.9, 31.35, 10.45), (0.3, 0.45, 0.15)):
        places = places_that_agree(before, after, least=1)
        here, there, apart = (Decimal(f"{one:.{places}f}") for one in (before, after, change))
        assert there - here == apart


def test_those_who_leave_are_counted_where_a_sentence_says_and_nowhere_else():
    # Ten of the east's 30 and one of west's 10 go to oak whatever is designated, for 25 and 50 minutes.
    problem = as_today(replace(small(standard_minutes=Figure(20)), areas=known_areas()))
    plan = evaluate(problem, BOTH)
    # Of the 60 only the 11 who leave are more than 20 minutes on the way.
    assert number(plan.measures, "patients_beyond_standard", "clinic") == 11
    everybody = problem.areas["population"][problem.areas["resident"]].sum()
    both = [number(plan.measures, f"people_{way}_30", "clinic") for way in ("within", "beyond")]
    assert sum(both) == everybody
    said = affected({"both": tables_of(plan), "birch": tables_of(evaluate(problem, BIRCH))})["sentences"]
    average = said.set_index("kind")["sentence"]["average"]
    assert "and patients beyond a standard, and not in 95th centiles and worst journeys;" in average
    (whose,) = (one for one in of_whom({"both": tables_of(plan)}) if one.startswith("People"))
    assert whose == "People all count where they live, by the journeys of those who do not leave."


def test_of_people_of_75_and_over_as_many_leave_as_of_the_patients_of_their_area():
    # A third of the east's 30 and a tenth of the west's 40 leave, and with ash closed the others of the west need more.
    problem = as_today(replace(small(), areas=known_areas()))
    found = affected(two(problem))["averages"]
    row = rows(found, group="age 75+").iloc[0]
    assert (row["number"], row["leave"], row["leave_before"], row["leave_after"]) == (90, 14, 14, 14)
    assert (row["here"], row["longer"], row["shorter"], row["same"]) == (76, 36, 0, 40)
    for _, one in found.iterrows():
        assert one["here"] + one["leave"] == pytest.approx(one["number"])
        assert one["longer"] + one["shorter"] + one["same"] == pytest.approx(one["here"])


def test_an_answer_that_breaks_rules_is_said_first_not_to_be_permitted_and_by_how_much():
    # Three doctors each, where ash has 2 and birch 4: one short, wherever it is.
    world = small(rotas=three_doctors(), minimum_patients=Figure(33))
    answers = {name: tables_of(evaluate(world, open_)) for name, open_ in (("birch", BIRCH), ("both", BOTH))}
    breach = (
        "both is not permitted by this question's rules: it breaks the rule that every site has enough patients "
        "(Clinic), at 1 site, by 3 patients a year; Clinic is short of doctors, by 1 person; "
        "birch breaks none."
    )
    for some in (answers, dict(reversed(answers.items()))):
        found = affected(some)
        first = found["sentences"].iloc[0]
        assert (first["kind"], first["sentence"]) == ("rules", breach)
        name = first["answer"]
        of_answer = {frame: one[one["answer"] == name] for frame, one in found.items()}
        assert said_again(of_answer, first["template"], first["cells"]) == breach
    neither = affected({"one": answers["birch"], "two": answers["birch"]})
    (kept,) = neither["sentences"].query("kind == 'rules'")["sentence"]
    assert kept == "two breaks no rule of this question, nor does one." and neither["broken"].empty


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return of_two_sites("base", tmp_path_factory.mktemp("runs"))


def of_two_sites(name: str, folder: Path) -> dict[str, Path]:
    """Write two runs of a question, with the stroke unit at Southend and at Basildon."""
    problem = question(name)
    services = ("hyper_acute_stroke", "acute_stroke", "emergency_department")
    elsewhere = {pair for pair in problem.today if pair[1] not in services}
    everywhere = {(site, code) for site in problem.candidates for code in services[1:]}
    return {
        site: write_run(evaluate(problem, elsewhere | everywhere | {(site, services[0])}), folder / site)
        for site in ("southend", "basildon")
    }


def test_run_folders_alone_give_what_plans_give_and_what_another_way_gives(folders: dict[str, Path]):
    answers = {name: read_tables(folder)[0] for name, folder in folders.items()}
    found = affected(answers)
    # The other way: straight from the tables of the place, with pandas and nothing of ours.
    place = ROOT / "data" / "mid-south-essex"
    areas = pd.read_csv(place / "areas.csv").query("resident").set_index("area")
    minutes = pd.read_csv(place / "journeys.csv").pivot(index="area", columns="site", values="minutes")
    before, after = (minutes.loc[areas.index, site] for site in ("southend", "basildon"))
    change = (after - before).round(6)
    strokes = pd.read_csv(place / "demand.csv").query("activity == 'stroke_admission'").set_index("area")
    patients = strokes["patients_per_year"].loc[areas.index]
    # Those who leave go where they go today with either: nobody's journey changes but that of the others.
    shares = pd.read_csv(place / "border.csv").pivot(index="area", columns="goes_to", values="share").loc[areas.index]
    staying = patients * shares["candidates"].fillna(0) / shares.sum(axis=1)
    for limit in (1, 5, 10):
        row = rows(found["gains_and_losses"], service="hyper_acute_stroke", group="", by_more_than_minutes=limit)
        assert row["people_longer"][0] == areas["population"][change > limit].sum()
        assert row["people_shorter"][0] == areas["population"][change < -limit].sum()
        assert row["patients_longer"][0] == pytest.approx(staying[change > limit].sum())
        assert row["patients_shorter"][0] == pytest.approx(staying[change < -limit].sum())
    average = rows(found["averages"], service="hyper_acute_stroke", group="district Southend-on-Sea").iloc[0]
    here = areas["district"] == "Southend-on-Sea"
    assert average["change"] == pytest.approx((change * staying)[here].sum() / patients[here].sum())
    assert average["number"] == pytest.approx(patients[here].sum())
    worst = rows(found["worst_areas"], service="hyper_acute_stroke")
    assert worst["change"].tolist() == change.sort_values(ascending=False).head(10).tolist()
    near = (after > 29) & (after <= 30)
    cliff = rows(found["cliffs"], answer="basildon", service="hyper_acute_stroke", minutes=30.0).iloc[0]
    assert cliff["people_just_inside"] == areas["population"][near].sum()
    assert cliff["patients_just_inside"] == pytest.approx(staying[near].sum())


@pytest.mark.parametrize(
    ("name", "also"),
    [("base", set()), ("what_if/border_nearest", {"level", "neighbour", "outside"})],
    ids=["base", "nearest"],
)
def test_every_sentence_can_be_said_again_from_its_cells(name: str, also: set[str], tmp_path: Path):
    found = affected({site: read_tables(folder)[0] for site, folder in of_two_sites(name, tmp_path).items()})
    of_other = {name: rows(frame, answer="basildon") for name, frame in found.items()}
    said = found["sentences"]
    # As many leave wherever the unit is, with the border as today: that is not said.
    assert {"rules", "openings", "average", "who", "worst", "warning", "cliff", "unchanged"} | also == set(said["kind"])
    for _, one in said.iterrows():
        cells = json.loads(json.dumps(one["cells"]))
        assert said_again(of_other, one["template"], cells) == one["sentence"]
        assert len(cells) or one["kind"] in ("openings", "unchanged")
    # A number changed in a frame changes the sentence that quotes it.
    other = {**of_other, "averages": of_other["averages"].assign(mean_after=99.0)}
    average = said[said["kind"] == "average"].iloc[0]
    assert "to 99.00" in said_again(other, average["template"], average["cells"])


def test_a_folder_without_its_inputs_is_refused(folders: dict[str, Path], tmp_path: Path):
    for path in folders["basildon"].glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"inputs/areas\.csv"):
        read_tables(tmp_path)


def test_the_command_takes_runs_and_options_and_writes_tables(folders: dict[str, Path], tmp_path: Path):
    words = ["configs/base.yaml", str(folders["southend"]), str(folders["basildon"]), "configs/options/q0_2016.yaml"]
    done = optimiser("compare", *words, "--csv", str(tmp_path / "tables"), cwd=ROOT)
    said = done.stdout
    assert done.returncode == 0, done.stderr
    assert "basildon against southend, in sentences that may be quoted:" in said
    assert "Q0_2016 against southend" in said
    tables = {path.stem: pd.read_csv(path) for path in (tmp_path / "tables").glob("*.csv")}
    assert set(tables["averages"]["answer"]) == {"basildon", "Q0_2016"}
    assert set(tables["cliffs"]["answer"]) == {"southend", "basildon", "Q0_2016"}
    asked = optimiser("compare", *words, "--json", cwd=ROOT)
    assert asked.returncode == 0, asked.stderr
    assert set(json.loads(asked.stdout)) == set(tables)


def test_nobody_reaching_any_site_is_infinite_and_spoils_no_other_number():
    problem = replace(vary(small(), "clinic", neighbours=()), areas=known_areas())
    answers = {"both": tables_of(evaluate(problem, BOTH)), "none": tables_of(evaluate(problem, set()))}
    found = affected(answers)
    assert rows(found["averages"], group="").iloc[0]["change"] == np.inf
    assert "average" not in set(found["sentences"]["kind"])


def test_the_page_shows_what_the_comparison_that_it_names_says():
    page = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    header, *shown = page.split("```text\n")[1].split("\n```")[0].splitlines()
    problem, answers = question("base"), {}
    for name in ("alt_hasu_southend", "dmbc_jul2018"):
        option = read_option(ROOT / "configs" / "options" / f"{name}.yaml")
        answers[option.code] = tables_of(evaluate(problem, designations_of(problem, option)))
    quoted = "in sentences that may be quoted with what to know of each option, above:"
    assert header == f"DMBC_JUL2018 against ALT_HASU_SOUTHEND, {quoted}"
    assert shown == [f"- {sentence}" for sentence in affected(answers)["sentences"]["sentence"]]


def test_an_answer_that_is_short_of_staff_as_it_may_be_is_said_to_be():
    world = small(rotas=three_doctors(may_fall_short=True))
    plans = {name: evaluate(world, {(site, "clinic") for site in name.split("_")}) for name in ("birch", "ash_birch")}
    found = affected({name: tables_of(plan) for name, plan in plans.items()})
    assert found["short"][["team", "unit", "short_before", "short_after"]].to_numpy().tolist() == [
        ["doctors", "people", 0.0, 1.0]
    ]
    (said,) = found["sentences"].query("kind == 'short'")["sentence"]
    assert said == "ash_birch is short of 1 of the doctors, which this question allows."
    # A rota that may not fall short is a broken rule, and told as one.
    strict = small(rotas=three_doctors())
    plans = {name: evaluate(strict, plan.designated) for name, plan in plans.items()}
    assert affected({name: tables_of(plan) for name, plan in plans.items()})["short"].empty


def test_patients_of_an_area_that_is_split_need_more_or_less_each_by_their_own_journey():
    # At birch alone everybody of the west has 30 minutes; shared out 4 of its 10 go to ash, for 10, and the rest as
    # before.
    answers = two()
    shared = answers["both"]["journeys"].copy()
    west = shared[shared["area"] == "west"].index[0]
    some = shared.loc[[west]].assign(patients_per_year=4.0)
    others = some.assign(patients_per_year=6.0, site="birch", first_site="birch", minutes=30.0, first_minutes=30.0)
    answers["both"]["journeys"] = pd.concat([shared.drop(index=west), some, others], ignore_index=True)
    found = affected({"birch": answers["birch"], "both": answers["both"]})
    row = rows(found["averages"], group="").iloc[0]
    assert (row["longer"], row["shorter"], row["shorter_by"]) == (0, 4, 20)
    by_more = rows(found["gains_and_losses"], group="", by_more_than_minutes=10).iloc[0]
    # People live in areas: the west's mean journey is 22 minutes, 8 fewer.
    assert (by_more["patients_shorter"], by_more["people_shorter"]) == (4, 0)
    assert "own_changes" not in found["areas"]


def test_of_two_sharings_as_many_as_can_stay_where_they_are():
    ash, birch, oak = ("ash", 10.0), ("birch", 30.0), ("oak", 50.0)
    half = [(*ash, 0.5), (*birch, 0.5)]
    assert sorted(frames_of.own_changes(half, [(*ash, 0.25), (*birch, 0.25), (*oak, 0.5)])) == [
        (0.0, 0.25),
        (0.0, 0.25),
        (20.0, 0.25),
        (40.0, 0.25),
    ]
    assert sorted(frames_of.own_changes([(*ash, 1.0)], half)) == [(0.0, 0.5), (20.0, 0.5)]
