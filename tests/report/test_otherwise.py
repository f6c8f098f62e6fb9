"""What is said of a plan beside the answer to another question: by hand, and with all that it takes to check it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shipped import answer
from worlds import small

import optimiser as op
from optimiser.model import solver
from optimiser.plan import Plan
from optimiser.plan.quotable import Otherwise, mean_minutes_of, said_again
from optimiser.plan.runs import files_of, write_files
from optimiser.problem import Figure, Problem
from optimiser.report import set_against
from optimiser.report.page.build import page
from optimiser.search import enumeration


def near_oak(**rules: object) -> Problem:
    """Return the small world with one clinic at most, where oak across the border is 5 minutes from the east.

    Patient-minutes of residents with the clinic at ash 10×10 + 20×20 + 30×5 = 650, at birch 10×30 + 20×20 + 30×5 = 850;
    behind the border ash 10×10 + 20×20 + 30×40 = 1700 and birch 10×30 + 20×20 + 30×10 = 1000.
    """
    problem = small(at_most_sites=Figure(1), at_least_sites=Figure(1), **rules)
    problem.journeys.loc["east", "oak"] = 5.0
    return problem


@pytest.fixture
def decided() -> tuple[Plan, Otherwise]:
    plan = op.solve(near_oak())
    (said,) = set_against.across_the_border(plan)
    return plan, said


def test_the_border_decides_where_the_clinic_is(decided: tuple[Plan, Otherwise]) -> None:
    plan, said = decided
    assert plan.sites_of("clinic") == ("ash",)
    assert str(said) == (
        "If nobody crossed the border: clinic at Birch would be best. "
        "With the border open, clinic at Birch would take 14.17 minutes on average, where the plan takes 10.83."
    )


def test_what_is_said_can_be_found_out_again_from_the_record(decided: tuple[Plan, Otherwise]) -> None:
    plan, said = decided
    record = json.loads(files_of(plan, said=[said])["run.json"])["sentences"][0]
    assert record["kind"] == "border" and record["asked"] == {"border": "closed"}
    assert record["text"] == str(said) == record["template"].format(*(cell["value"] for cell in record["cells"]))
    assert record["outcome"] == "proved best"
    assert record["best"] == {"designated": [["birch", "clinic"]], "values": [1000]}
    assert record["this_plan_there"] == {"broken": [], "values": [1700]}
    best = op.evaluate(plan.problem, {tuple(pair) for pair in record["best"]["designated"]})
    frames = {"measures": mean_minutes_of(plan), "best_here": mean_minutes_of(best)}
    cells = [(cell["frame"], cell["row"], cell["column"]) for cell in record["cells"]]
    assert said_again(frames, record["template"], cells) == record["text"]


def test_the_page_says_what_stands_in_the_run(tmp_path: Path) -> None:
    plan = answer("base")
    (said,) = set_against.across_the_border(plan)
    files = files_of(plan, said=[said])
    other = files["run.json"].replace(b"If nobody crossed the border", b"If anybody crossed the border")
    pages = [
        page([write_files(files | {"run.json": record}, tmp_path / name)])
        for name, record in {"true": files["run.json"], "false": other}.items()
    ]
    assert str(said) in pages[0] and str(said) not in pages[1]
    assert "If anybody crossed the border" in pages[1] and "worded as no sentence is" in pages[1]


def test_nothing_is_said_where_the_border_decides_nothing() -> None:
    plan = op.solve(small(at_most_sites=Figure(1), at_least_sites=Figure(1)))
    assert set_against.across_the_border(plan) == []
    assert "sentences" not in json.loads(files_of(plan)["run.json"])


def test_a_question_that_the_border_alone_makes_possible_says_so() -> None:
    # The five patients from across the border make 65 at birch.
    plan = op.solve(small(at_most_sites=Figure(1), minimum_patients=Figure(61)))
    (said,) = set_against.across_the_border(plan)
    assert str(said) == "The border matters: if nobody crossed it, no plan would meet every rule."
    assert (said.record["outcome"], said.record["best"]) == ("no plan", None)
    there = said.record["this_plan_there"]
    assert there == {"broken": ["every_site_has_enough_patients.clinic.birch"], "values": [1000]}


def test_everybody_at_the_nearest_is_set_against_sharing_out() -> None:
    # With 30 a site at most both are needed, and mid's 20 go to ash: as near as birch.
    plan = op.solve(small(managed=True, maximum_patients=Figure(40)))
    (said,) = set_against.to_the_nearest(plan)
    assert str(said) == "If nobody were sent past a nearer site, the same plan would be best."
    assert said.record["asked"] == {"patients_go_to": "nearest"} and said.record["cells"] == []
    assert set_against.to_the_nearest(op.solve(small())) == []


def test_of_another_question_whose_best_plan_was_not_proved_only_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = op.solve(small(managed=True, maximum_patients=Figure(40)))
    honest = solver.run

    def in_no_time(*args: Any, **options: Any) -> solver.Outcome:
        return replace(honest(*args, **options), status="time limit")

    monkeypatch.setattr(solver, "run", in_no_time)
    monkeypatch.setattr(enumeration, "MOST_CANDIDATES", 1)
    (said,) = set_against.to_the_nearest(plan)
    assert str(said) == (
        "What would be best if nobody were sent past a nearer site could not be found out: "
        "Time ran out before the best plan was proved. Allow more time: --time-limit-minutes."
    )
    assert (said.record["outcome"], said.record["best"]) == ("not known", None)


def test_the_border_of_a_config_is_the_border_that_is_asked_of(tmp_path: Path) -> None:
    # The setting that the record names asks the very question whose answer it states.
    root = Path(__file__).parents[2]
    plan = answer("base")
    (said,) = set_against.across_the_border(plan)
    (tmp_path / "closed.yaml").write_text(f"based_on: {root}/configs/base.yaml\nborder: closed\n")
    closed = op.solve(op.read_problem(tmp_path / "closed.yaml"))
    best = said.record["best"]
    assert isinstance(best, dict)
    assert sorted(map(list, closed.designated)) == best["designated"]
    assert [reached.value for reached in closed.proof.objectives] == best["values"]
