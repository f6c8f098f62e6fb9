"""Demand of another year, worked out by hand, and journeys at another time of day."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from made_up_place import CONFIG, TABLES, write_question
from worlds import small

import optimiser as op
from optimiser.problem.growth import grown
from optimiser.report import summary

AREAS = (
    "area,name,resident,population,district,deprivation_decile,population_65_plus,population_75_plus\n"
    "A1,Appleby,true,1000,West,1,200,100\nA2,Brook,true,2000,West,5,0,0\nA3,Crossing,false,0,,,0,0\n"
)
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


@pytest.mark.parametrize("border", ["nearest", "closed"])
@pytest.mark.parametrize("rates", ["under_65: 0.0037, from_65: 0.0219", "under_65: -0.01, from_65: 0.3, from_75: 0.07"])
def test_the_checker_grows_the_patients_again(tmp_path: Path, rates: str, border: str):
    demand = f"border: {border}\ndemand: {{growth: {{years: 7, by_age: {{{rates}}}}}}}\nteams:"
    plan = op.solve(asked(tmp_path, demand))
    assert op.check(plan).empty, op.check(plan)["message"].tolist()
    again = op.read_problem(op.write_run(plan, tmp_path / "run") / "config.yaml")
    pd.testing.assert_frame_equal(again.demand, plan.problem.demand)


def test_inputs_stay_as_they_were_read(tmp_path: Path):
    problem = asked(tmp_path, BY_AGE)
    assert problem.files["inputs/demand.csv"].decode() == TABLES["demand"]
    words = summary.lines(op.solve(problem))
    assert any("Demand is grown over 2 years to 2027: +17.4% visit" in line for line in words)


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
