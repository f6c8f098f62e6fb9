"""Demand of another year, worked out by hand, and journeys at another time of day."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from drawing import seeds
from made_up_place import CONFIG, TABLES, write_question
from worlds import small

import optimiser as op
from optimiser.errors import InputError
from optimiser.problem import Figure
from optimiser.problem.growth import grown
from optimiser.report import summary

AREAS = (
    "area,name,resident,population,district,deprivation_decile,population_65_plus,population_75_plus\n"
    "A1,Appleby,true,1000,West,1,200,100\nA2,Brook,true,2000,West,5,0,0\nA3,Crossing,false,0,,,0,0\n"
)
AGES = "demand: {ages: {visit: {under_65: 0.25, from_65: 0.75}},"
AGES_APART = "demand: {ages: {visit: {under_65: 0.25, from_65: 0.25, from_75: 0.5}},"
BY_AGE = "demand: {year: 2027, growth: {years: 2, by_age: {under_65: 0, from_65: 0.5}}}\nteams:"
OBSERVED = 'activity: visit\n    patients_go_to: observed\n    observed: {period: "2024/25"}\n'


def asked(tmp_path: Path, demand: str, *changes: tuple[str, str], **tables: str) -> op.Problem:
    text = CONFIG.replace("teams:", demand, 1)
    for old, new in changes:
        text = text.replace(old, new)
    return op.read_problem(write_question(tmp_path, text, areas=AREAS, **tables))


def test_patients_grow_as_the_people_of_their_area_would(tmp_path: Path):
    # Of 1000 people 200 are 65 and over: 800 + 200 × 1.5² = 1250, so 10 patients become 12.5. Nobody old, no growth.
    problem = asked(tmp_path, BY_AGE)
    assert problem.demand["visit"].to_dict() == {"A1": 12.5, "A2": 4.333333, "A3": 0}
    assert problem.growth is not None
    assert problem.growth.before["visit"].to_dict() == {"A1": 10, "A2": 4.333333, "A3": 0}


def test_those_from_75_may_grow_apart(tmp_path: Path):
    # 800 + 100 × 1.5² + 100 × 0.9² = 1106.
    problem = asked(tmp_path, BY_AGE.replace("from_65: 0.5", "from_65: 0.5, from_75: -0.1"))
    assert problem.demand["visit"].to_dict() == {"A1": 11.06, "A2": 4.333333, "A3": 0}


def test_an_activity_with_a_rate_of_its_own_does_not_grow_by_age(tmp_path: Path):
    # 4.333333 × 1.1³ = 5.767666223: six decimals are kept.
    demand = "demand: {growth: {years: 3, by_activity: {visit: 0.1}, by_age: {under_65: 9e-1, from_65: 0}}}\nteams:"
    assert asked(tmp_path, demand).demand["visit"].to_dict() == {"A1": 13.31, "A2": 5.767666, "A3": 0}


def test_halves_go_to_the_even_digit():
    # Half as many again of one and of three millionths: 1.5 and 4.5.
    demand = pd.DataFrame({"visit": [1e-6, 3e-6]}, index=["a", "b"])
    later = grown(demand, pd.DataFrame(index=["a", "b"]), 1, by_activity={"visit": 0.5})
    assert later["visit"].tolist() == [2e-6, 4e-6]


def test_patients_of_stated_ages_come_from_the_people_of_their_age(tmp_path: Path):
    # Of 2800 residents under 65 and 200 older, one under 65 is a share of 1/11200 of the patients, one older of 3/800.
    # From A1's 800 and 200 come 1/14 and 3/4, and later 1/14 and 3/4 × 1.5²: 197/92 times as many. A2 has nobody old.
    problem = asked(tmp_path, BY_AGE.replace("demand: {", f"{AGES} "))
    assert problem.demand["visit"].to_dict() == {"A1": 21.413043, "A2": 4.333333, "A3": 0}
    # With as many more of each age it does not matter of which ages patients are: 1.5² everywhere.
    same = BY_AGE.replace("demand: {", f"{AGES} ").replace("under_65: 0,", "under_65: 0.5,")
    assert asked(tmp_path / "same", same).demand["visit"].to_dict() == {"A1": 22.5, "A2": 9.749999, "A3": 0}


@pytest.mark.parametrize(
    ("ages", "rates", "patients"),
    [
        # 1/14 + 1/4 × 1.5² + 1/2 × 0.9², of 1/14 + 3/4.
        (AGES_APART, "from_65: 0.5, from_75: -0.1", 12.647826),
        # Those from 75 grow as all from 65: as if patients were stated in two ages, for A1 has all the old.
        (AGES_APART, "from_65: 0.5", 21.413043),
        # The 3/4 come in equal parts from the 100 of 65 to 74 and the 100 who are older.
        (AGES, "from_65: 0.5, from_75: -0.1", 14.83913),
    ],
)
def test_patients_and_rates_may_each_be_stated_in_two_ages_or_three(
    tmp_path: Path, ages: str, rates: str, patients: float
):
    problem = asked(tmp_path, BY_AGE.replace("demand: {", f"{ages} ").replace("from_65: 0.5", rates))
    assert problem.demand["visit"].to_dict() == {"A1": patients, "A2": 4.333333, "A3": 0}


def test_an_area_outside_grows_at_the_rates_of_residents_and_one_without_such_people_keeps_its_patients():
    areas = pd.DataFrame(
        {"resident": [True, False, True], "population": [100, 30, 10], "population_65_plus": [20, 20, 0]},
        index=["in", "out", "young"],
    )
    demand = pd.DataFrame({"visit": [8.0, 6, 3]}, index=areas.index)
    ages = {"visit": {"under_65": Figure(0), "from_65": Figure(1)}}
    later = grown(demand, areas, 1, by_age={"under_65": 0.9, "from_65": 0.5}, ages=ages)
    assert later["visit"].tolist() == [12, 9, 3]
    # One under 65 of 90 is 1/180, one older of 20 is 1/40: outside 10 × 1/180 and 20 × 1/40, of which the latter grow.
    ages = {"visit": {"under_65": Figure(0.5), "from_65": Figure(0.5)}}
    later = grown(demand, areas, 1, by_age={"under_65": 0, "from_65": 0.5}, ages=ages)
    assert later["visit"].tolist() == [10.117647, 8.7, 3]


@pytest.mark.parametrize("border", ["nearest", "closed"])
@pytest.mark.parametrize("rates", ["under_65: 0.0037, from_65: 0.0219", "under_65: -0.01, from_65: 0.3, from_75: 0.07"])
@pytest.mark.parametrize("ages", ["demand: {", AGES, AGES_APART])
def test_the_checker_grows_the_patients_again(tmp_path: Path, ages: str, rates: str, border: str):
    demand = f"border: {border}\n{ages} growth: {{years: 7, by_age: {{{rates}}}}}}}\nteams:"
    plan = op.solve(asked(tmp_path, demand))
    assert op.check(plan).empty, op.check(plan)["message"].tolist()
    again = op.read_problem(op.write_run(plan, tmp_path / "run") / "config.yaml")
    pd.testing.assert_frame_equal(again.demand, plan.problem.demand)


def test_inputs_stay_as_they_were_read(tmp_path: Path):
    problem = asked(tmp_path, BY_AGE)
    assert problem.files["inputs/demand.csv"].decode() == TABLES["demand"]
    words = summary.lines(op.solve(problem))
    grown_by = "Demand is grown over 2 years to 2027: +17.4% visit; rates not verified."
    assert f"{grown_by} Patients of visit are taken to be of all ages alike." in words


def test_growth_by_age_says_of_which_ages_patients_are_taken_to_be(tmp_path: Path):
    said = " ".join(summary.lines(op.solve(asked(tmp_path, BY_AGE.replace("demand: {", f"{AGES} ")))))
    assert "Patients of visit are taken to be 25% under 65 and 75% aged 65 and over; not verified." in said
    assert "alike" not in said
    own = BY_AGE.replace("growth: {", "growth: {by_activity: {visit: 0.1}, ")
    assert "ages" not in " ".join(summary.lines(op.solve(asked(tmp_path / "own", own))))


def test_ages_of_other_patients_and_of_people_who_are_not_there_are_refused(tmp_path: Path):
    nobody = (
        AREAS.replace("1,200,100", "1,0,0").replace("true,1000", "true,0").replace("2000,West,5,0,0", "9,West,5,9,9")
    )
    config = write_question(
        tmp_path, CONFIG.replace("teams:", BY_AGE.replace("demand: {", f"{AGES} "), 1), areas=nobody
    )
    config.write_text(config.read_text("utf-8").replace("{visit: {u", "{visits: {from_75: 0, u"), "utf-8")
    with pytest.raises(InputError) as refusal:
        op.read_problem(config)
    assert [str(fault).partition("line 3: ")[2] for fault in refusal.value.faults] == [
        'there is no activity "visits" in demand.csv. Did you mean "visit"?',
        "0.25 of the patients are said to be under_65, and nobody who lives here is. "
        "Correct that, or the people in areas.csv.",
        "0.75 of the patients are said to be from_65, and nobody who lives here is. "
        "Correct that, or the people in areas.csv.",
    ]


@seeds(20)
def test_the_checker_grows_drawn_patients_of_drawn_ages_again(tmp_path: Path, seed: int):
    draw = random.Random(seed)
    rows = []
    for area, resident in (("A1", "true"), ("A2", "true"), ("A3", "false")):
        # All in A1 come from some people of each age, so that no share is of nobody.
        each = [draw.choice([0, 1, 7, 333]) + (area == "A1") for _ in range(3)]
        rows.append(f"{area},{area},{resident},{sum(each)},West,1,{sum(each[1:])},{each[2]}\n")
    shares = [draw.randint(0, 500), draw.randint(0, 500)]
    stated = {"under_65": shares[0], "from_65": shares[1], "from_75": 1000 - sum(shares)}
    if draw.random() < 0.5:
        stated = {"under_65": shares[0], "from_65": 1000 - shares[0]}
    ages = ", ".join(f"{age}: {share / 1000}" for age, share in stated.items())
    rates = [f"{age}: {draw.randint(-99, 99) / 1000}" for age in ("under_65", "from_65", "from_75")]
    border, years = draw.choice(["nearest", "closed"]), draw.randint(0, 9)
    growth = f"growth: {{years: {years}, by_age: {{{', '.join(rates[: draw.choice([2, 3])])}}}}}"
    patients = [draw.choice([0.0, 2.5, 10.000001, 33.333333]) for _ in rows]
    text = CONFIG.replace("teams:", f"border: {border}\ndemand: {{ages: {{visit: {{{ages}}}}}, {growth}}}\nteams:", 1)
    tables = {
        "areas": AREAS.split("\n")[0] + "\n" + "".join(rows),
        "demand": "area,activity,patients_per_year\n"
        + "".join(f"A{number},visit,{n:.6f}\n" for number, n in enumerate(patients, start=1)),
    }
    problem = op.read_problem(write_question(tmp_path, text, **tables))
    plan = op.evaluate(problem, problem.today)
    assert op.check(plan).empty, op.check(plan)["message"].tolist()
    pd.testing.assert_frame_equal(
        op.read_problem(op.write_run(plan, tmp_path / "run") / "config.yaml").demand, problem.demand
    )


def test_offsets_are_fitted_to_today_s_patients_not_to_those_of_another_year(tmp_path: Path):
    counted = TABLES["activity"] + "birch,visit,2024/25,5\n"
    flows = ("activity: visit\n", OBSERVED)
    now = asked(tmp_path / "now", "teams:", flows, activity=counted)
    # Appleby's patients grow twentyfold, so that they alone would be more than is counted at ash.
    later = asked(tmp_path / "later", BY_AGE.replace("0.5", "0.99").replace("2,", "9,"), flows, activity=counted)
    assert later.services["care"].observed == now.services["care"].observed
    plan = op.solve(later)
    assert op.check(plan).empty, op.check(plan)["message"].tolist()


def test_a_problem_without_growth_is_its_own_past():
    problem = small()
    assert problem.before_growth() is problem


def test_the_time_of_day_multiplies_on_top_of_the_factor(tmp_path: Path):
    # 20.5 × 1.1 × 1.5 = 33.825.
    travel = "travel: {factor: 1.1, times: {peak: 1.5, off_peak: 1}, time: peak}\nteams:"
    problem = asked(tmp_path, travel)
    assert problem.journeys.at["A1", "birch"] == 33.825
    assert op.check(op.solve(problem)).empty
    unchosen = asked(tmp_path / "unchosen", travel.replace(", time: peak", ""))
    assert unchosen.journeys.at["A1", "birch"] == 22.55
    assert op.check(op.solve(unchosen)).empty
