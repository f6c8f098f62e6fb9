"""Areas outside of which not all is known: which of them a question counts, what is said of it, and lies about it.

The world is that of ``test_border_as_today`` with nobody pulled, and a second activity. Of C, outside, both are known,
and its people are not; of D, outside, visits alone. Half of the visits of D come to the candidates: 5 a year.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from as_files import save_world, shown_if_it_fails
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from test_border_as_today import CONFIG as VISITS
from test_border_as_today import TABLES, asked, run_with, says, simple_worlds, texts

from optimiser.checker import check
from optimiser.errors import InputError, NoPlan
from optimiser.inputs.assembling import problem_of
from optimiser.inputs.config import draft_config
from optimiser.inputs.tables import look_at_place
from optimiser.plan.finished import run_of
from optimiser.plan.runs import files_of
from optimiser.problem import Problem
from optimiser.problem.words import of_incomers
from optimiser.report.export.geopackage import areas as areas_of
from optimiser.report.page.question import question as page_data
from optimiser.search.planning import solve

PLACE = {
    "areas": TABLES["areas"].replace("C,C,false,90,9", "C,C,false,,") + "D,D,false,,\n",
    "journeys": TABLES["journeys"] + "D,ash,44\nD,birch,33\nD,elm,22\nD,oak,11\n",
    "demand": TABLES["demand"] + "D,visit,10\nA,fall,7\nB,fall,9\nC,fall,20\n",
    "border": TABLES["border"] + "D,candidates,0.5,\n",
}
NO_PULL = VISITS.replace("border_pull: 0.2\n", "")
ALL = NO_PULL.replace("scan: {name: Scan, activity: visit", "scan: {name: Scan, activity: fall")
IN_FULL = ALL.replace("border: as_today\n", "border: as_today\nareas_outside: known_in_full\n")


def rows(config: str, area: str) -> list[str]:
    return [line for line in texts(config, **PLACE)["journeys.csv"].splitlines() if line.split(",")[1] == area]


def test_all_areas_are_counted_and_nobody_of_an_activity_that_is_not_known():
    assert rows(ALL, "D") == [
        "clinic,D,false,ash,44,5,ash,44,0,stays",
        "scan,D,false,ash,44,0,ash,44,0,stays",
    ]
    assert check(run_with(config=ALL, **PLACE)).empty
    unknown = "how many patients there are is not known (demand.csv)."
    assert of_incomers(asked(ALL, **PLACE)) == [f"From 1 of the 2 areas outside nobody is counted for Scan: {unknown}"]


def test_areas_known_in_full_are_counted_and_others_are_as_if_they_were_not_there():
    assert rows(IN_FULL, "C") and not rows(IN_FULL, "D")
    assert check(run_with(config=IN_FULL, **PLACE)).empty
    assert of_incomers(asked(IN_FULL, **PLACE)) == []
    without = {
        "areas": PLACE["areas"].replace("D,D,false,,\n", ""),
        "journeys": PLACE["journeys"].partition("D,")[0],
        "demand": PLACE["demand"].replace("D,visit,10\n", ""),
        "border": PLACE["border"].partition("D,")[0],
    }
    alone = {name: content.decode() for name, content in files_of(solve(asked(ALL, **without))).items()}
    for name in ("designations.csv", "journeys.csv", "measures.csv", "rules.csv", "staffing.csv"):
        assert texts(IN_FULL, **PLACE)[name] == alone[name]


OF_C = "clinic,C,false,ash,50,5,ash,50,0,stays\n"
OF_D = "clinic,D,false,ash,44,5,ash,44,0,stays\n"
SETTING = "areas_outside: known_in_full\n"
LIES = {
    "an area put in": (IN_FULL, {"journeys_are_complete"}, ("journeys.csv", OF_C, OF_C + OF_D)),
    "an area left out": (ALL, {"journeys_are_complete"}, ("journeys.csv", OF_D, "")),
    "one known in full left out": (IN_FULL, {"journeys_are_complete"}, ("journeys.csv", OF_C, "")),
    "known in full, and all are said to count": (
        IN_FULL,
        {"journeys_are_complete", "measures_are_right"},
        ("config.yaml", SETTING, ""),
    ),
    "all, and those known in full are said to count": (
        ALL,
        {"journeys_are_complete", "measures_are_right"},
        ("config.yaml", "areas_outside: all\n", SETTING),
    ),
    "a row that makes an area known in full": (
        IN_FULL,
        {"journeys_are_complete"},
        ("inputs/demand.csv", "D,visit,10\n", "D,visit,10\nD,fall,0\n"),
    ),
    "a row without which an area is not": (
        IN_FULL,
        {"journeys_are_complete", "measures_are_right"},
        ("inputs/demand.csv", "C,fall,20\n", ""),
    ),
    "a way to count that there is not": (IN_FULL, {"config_is_understood"}, ("config.yaml", "known_in_full", "known")),
    "residents of whom patients are not known": (ALL, {"inputs_are_complete"}, ("inputs/demand.csv", "B,fall,9\n", "")),
    "residents whose number is not known": (
        ALL,
        {"inputs_are_complete"},
        ("inputs/areas.csv", "B,B,true,500,50", "B,B,true,,50"),
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_which_areas_count_is_found(lie: str):
    config, expected, edit = LIES[lie]
    assert expected <= says(run_with(edit, config=config, **PLACE))


AGES = "demand: {ages: {visit: {under_65: 0.5, from_65: 0.5}}}\n"
GROWTH = "demand: {growth: {years: 1, by_age: {under_65: 0.01, from_65: 0.02}}}\n"


@pytest.mark.parametrize("said", [AGES, GROWTH], ids=["ages", "growth"])
def test_people_of_unknown_ages_outside_do_not_grow_unless_they_are_left_out(said: str):
    older = "population_65_plus"
    areas = "\n".join(
        f"{line},{more}" for line, more in zip(PLACE["areas"].split(), (older, 300, 100, "", ""), strict=True)
    )
    with pytest.raises(InputError) as refused:
        asked(said + ALL, **PLACE | {"areas": f"{areas}\n"})
    assert {fault.message for fault in refused.value.faults} == {
        f"areas.csv has no {column} for some area outside. Fill it in there, leave such areas out (areas_outside), or "
        f"{'take ages out' if said == AGES else 'state by_activity'}."
        for column in ("population", older)
    }
    without_c = PLACE["demand"].replace("C,fall,20\n", "")
    assert asked(said + IN_FULL, **PLACE | {"areas": f"{areas}\n", "demand": without_c}).areas.index.tolist() == [
        "A",
        "B",
    ]


@pytest.mark.parametrize(("config", "codes"), [(ALL, ["A", "B", "C", "D"]), (IN_FULL, ["A", "B", "C"])])
def test_pages_and_exports_have_the_areas_that_are_counted_and_nobody_where_none_are_known(
    config: str, codes: list[str], tmp_path: Path
):
    for name, content in texts(config, **PLACE).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    run = run_of(tmp_path)
    assert areas_of([run])["area"].tolist() == run.inputs["areas"]["area"].tolist() == codes
    areas = page_data(run.problem)["areas"]
    # Ten bits each hold up to 1,000.
    many, bits = areas["people"]["many"], areas["people"]["bits"]
    held = np.unpackbits(np.frombuffer(b64decode(areas["people"]["base64"]), "u1"))[: many * bits].reshape(many, bits)
    people = (held @ (1 << np.arange(bits)[::-1])).tolist()
    assert bits == 10 and areas["codes"] == codes and people == [1000, 500, 0, 0][: len(codes)]


@st.composite
def half_known_worlds(draw: st.DrawFn) -> tuple[Problem, list[tuple[str, str]], str]:
    """Draw a world with two activities, rows of demand.csv that are not there, and which areas outside are counted."""
    problem = draw(simple_worlds())
    falls = [draw(st.sampled_from([0.0, 3.0, 8.5])) for _ in problem.areas.index]
    problem = replace(
        problem,
        demand=problem.demand.assign(fall=falls),
        services=problem.services | {"scan": replace(problem.services["scan"], activity="fall")},
    )
    outside = problem.areas.index[~problem.areas["resident"]]
    pairs = [(area, activity) for area in outside for activity in ("visit", "fall")]
    return (
        problem,
        [pair for pair in pairs if draw(st.booleans())],
        draw(st.sampled_from(["all", "known_in_full", "known_in_full"])),
    )


def read_without(problem: Problem, missing: list[tuple[str, str]], areas_outside: str) -> Problem:
    """Return the world as it is read from files without some rows of patients, and without people outside."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "world"
        save_world(problem, folder)
        demand = pd.read_csv(folder / "inputs/demand.csv", dtype=str)
        there = [pair not in missing for pair in zip(demand["area"], demand["activity"], strict=True)]
        demand[there].to_csv(folder / "inputs/demand.csv", index=False)
        areas = pd.read_csv(folder / "inputs/areas.csv", dtype=str)
        areas.loc[areas["resident"] == "false", "population"] = ""
        areas.to_csv(folder / "inputs/areas.csv", index=False)
        config = folder / "config.yaml"
        config.write_text(config.read_text("utf-8") + f"areas_outside: {areas_outside}\n", "utf-8")
        read, (place, faults) = draft_config(config).config, look_at_place(folder / "inputs")
        assert read is not None and place is not None and not faults
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return replace(problem_of(read, place), files=files)


@draws(25)
@given(half_known_worlds())
def test_solver_and_checker_agree_on_which_areas_count(world: tuple[Problem, list[tuple[str, str]], str]):
    problem, missing, areas_outside = world
    with shown_if_it_fails(problem):
        found = read_without(*world)
        left_out = {area for area, _ in missing} if areas_outside == "known_in_full" else set()
        assert set(found.areas.index) == set(problem.areas.index) - left_out
        try:
            faults = check(files_of(solve(found)))
        except NoPlan:
            return
        assert faults.empty, "\n".join(faults["message"])
