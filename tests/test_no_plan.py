"""A question that has no plan leaves a run that says why, and that anybody can check."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from as_files import with_files
from worlds import small, three_doctors

import optimiser as op
from optimiser import checker
from optimiser.arithmetic import lawful
from optimiser.explanation import clash
from optimiser.problem import Figure, Problem
from optimiser.runs import files_without_plan, write_files

CONFIGS = Path(__file__).parent.parent / "configs"


def files_of(problem: Problem) -> dict[str, bytes]:
    found = clash(problem)
    return files_without_plan(problem, found.tables(), found.all_found)


@pytest.mark.parametrize("name", ["three_emergency_departments", "three_hasus"])
def test_that_no_plan_exists_is_confirmed_by_trying_every_designation(name: str, tmp_path: Path):
    problem = op.read_problem(CONFIGS / f"what_if/{name}.yaml")
    folder = write_files(files_of(problem), tmp_path / "run")
    assert checker.check(folder).empty
    assert "confirmed independently, by trying 49 designations" in checker.said_of_no_plan(folder)
    assert json.loads((folder / "run.json").read_text())["outcome"] == "no plan"
    # What is left out of the first set lets designations through that the question as it stands does not.
    rows = pd.read_csv(folder / "clash.csv")
    assert set(rows["rule"]) == {"enough_sites", "rota_is_filled", "recruitment_within_limit"}
    for cell in rows["without_it"]:
        pairs = (pair.split(" at ") for pair in cell.split("; "))
        assert not lawful(problem, {(site, service) for service, site in pairs})
    assert (pd.read_csv(folder / "ways_out.csv")["by"] > 0).all()


def test_a_run_that_says_so_where_a_plan_exists_is_found_out():
    impossible = with_files(small(rotas=three_doctors(), at_least_sites=Figure(2)))
    possible = with_files(small(rotas=three_doctors(), at_least_sites=Figure(1)))
    honest = files_of(impossible)
    assert checker.check(honest).empty
    found = clash(impossible)
    wrong = files_without_plan(replace(impossible, files=possible.files), found.tables(), True)
    (breach,) = checker.check(wrong).itertuples()
    assert breach.check == "no_plan_meets_every_rule"
    assert "These designations break no rule: clinic at birch" in breach.message


def test_what_cannot_be_tried_is_said_not_to_have_been(monkeypatch: pytest.MonkeyPatch):
    files = files_of(with_files(small(rotas=three_doctors(), at_least_sites=Figure(2))))
    monkeypatch.setattr("optimiser.checker.tried.MOST_TRIED", 1)
    assert checker.check(files).empty
    assert "the solver's word" in checker.said_of_no_plan(files)


def test_another_question_or_a_missing_table_is_a_breach():
    files = files_of(with_files(small(rotas=three_doctors(), at_least_sites=Figure(2))))
    record = json.loads(files["run.json"])
    files["run.json"] = json.dumps(record | {"question": "Another"}).encode()
    assert set(checker.check(files)["check"]) == {"no_plan_meets_every_rule"}
    del files["clash.csv"]
    assert "files_are_as_listed" in set(checker.check(files)["check"])
