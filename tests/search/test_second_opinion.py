"""Another solver is asked the same, knows nothing of the first, and refutes it where it can."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pulp
import pytest
from as_files import with_files
from command import ROOT, in_a_process, optimiser
from drawing import draws
from hypothesis import given
from test_enumeration import worlds
from test_planning import wide
from test_solver import knapsack, market_split
from worlds import small

from optimiser import checker
from optimiser.checker import verify
from optimiser.errors import MissingPackage, NoPlan, SolverFailed
from optimiser.explanation import clash
from optimiser.model import cbc, solver
from optimiser.plan import Plan, evaluate
from optimiser.plan.finished import run_of
from optimiser.plan.proof import PROVED, Proof, SecondOpinion
from optimiser.plan.runs import files_of, files_without_plan, write_files
from optimiser.problem import Figure, Problem
from optimiser.report.how_sure import second_opinion, second_opinion_of_none
from optimiser.search import planning
from optimiser.search.second_opinion import second_opinion_of_none as asked_of_none
from optimiser.search.second_opinion import with_second_opinion


@pytest.mark.parametrize("canary", solver.CANARIES, ids=lambda one: one.name)
def test_it_gets_the_trial_models_right(canary: solver.Canary):
    assert cbc.run(canary.build()).objective == pytest.approx(canary.best, abs=1e-9)


def test_it_says_what_the_solver_says_of_small_models():
    assert cbc.run(knapsack([5, 4, 3], [4, 3, 2], 6)).values == {"take_0": 1, "take_1": 0, "take_2": 1}
    assert cbc.run(knapsack([5, 3], [4, 2], 3, whole=False)).objective == pytest.approx(-4.25)
    most = pulp.LpProblem("most", pulp.LpMaximize)
    most += most.add_variable("x", 0, 2.5, pulp.LpInteger)
    assert cbc.run(most).objective == solver.run(most).objective == 2
    assert cbc.run(market_split(), time_limit_seconds=0.5).status == "time limit"


@pytest.mark.parametrize(("at_most", "status"), [(-1, "infeasible"), (None, "unbounded"), (2, "optimal")])
def test_a_variable_that_nothing_rests_on_is_no_fault(at_most: int | None, status: str):
    model = pulp.LpProblem("model")
    model.add_variable("idle", 2, 3)
    x = model.add_variable("x", 0, None, pulp.LpInteger)
    model += -x
    model.addConstraint(x >= 1, "at_least")
    if at_most is not None:
        model.addConstraint(x <= at_most, "at_most")
    assert cbc.run(model).status == status


def test_it_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cbc.run(knapsack([1], [1], 1))
    assert not list(tmp_path.iterdir())


def test_it_agrees_on_the_small_world_and_both_checkers_know(tmp_path: Path):
    """Both sites open are 800 minutes, as solved by hand; see ``small``."""
    plan = with_second_opinion(planning.solve(with_files(small())))
    found = plan.proof.second_opinion
    assert found and (found.solver, found.answer, found.values[0]) == ("CBC", "agrees", 800)
    assert plan.proof.seconds["second_opinion"] > 0
    files = files_of(plan)
    assert json.loads(files["run.json"])["second_opinion"] == found.record
    assert checker.check(files).empty
    run = write_files(files, tmp_path / "run")
    said = verify.Findings()
    verify.verify(run, said)
    assert not said.failed
    assert any("another solver (CBC) is said to agree" in text for _, text in said.done)
    assert run_of(run).plan.proof.second_opinion == found
    (words,) = second_opinion(plan)
    assert words.endswith("agrees: it finds the same plan, every objective the same to the last digit.")


def not_the_best() -> Plan:
    """Say of one site that it is proved best, where both are better by 200 minutes."""
    problem = with_files(small())
    worse = evaluate(problem, frozenset({("birch", "clinic")}))
    (first, *_) = worse.proof.objectives
    return replace(worse, proof=Proof(PROVED, (replace(first, bound=first.value),), None, dict(solver.about())))


def test_a_better_plan_of_its_refutes_what_is_called_best(tmp_path: Path):
    plan = with_second_opinion(not_the_best())
    (words,) = second_opinion(plan)
    assert "DISAGREES: it finds patient minutes 800, not 1000. Do not use this answer" in words
    files = files_of(plan)
    assert "the_second_opinion_agrees" in set(checker.check(files)["check"])
    said = verify.Findings()
    verify.verify(write_files(files, tmp_path / "run"), said)
    assert any("another solver disagrees" in text for _, text in said.failed)


def test_what_it_is_said_to_have_found_is_worked_out_again_by_both_checkers(tmp_path: Path):
    plan = with_second_opinion(not_the_best())
    assert plan.proof.second_opinion
    lie = replace(plan.proof.second_opinion, answer="agrees", values=(1000.0,))
    files = files_of(replace(plan, proof=replace(plan.proof, second_opinion=lie)))
    assert "the_second_opinion_agrees" in set(checker.check(files)["check"])
    said = verify.Findings()
    verify.verify(write_files(files, tmp_path / "run"), said)
    assert any("what another solver found comes to 800" in text for _, text in said.failed)


def test_time_that_runs_out_is_no_opinion():
    problem = wide(40, 120, at_least_sites=Figure(6), at_most_sites=Figure(6))
    plan = with_second_opinion(planning.solve(problem), time_limit_minutes=0.001)
    assert plan.proof.second_opinion == SecondOpinion("CBC", cbc.version(), "out of time")
    assert "there is no second opinion" in second_opinion(plan)[0]


def test_it_finds_no_plan_either_and_refutes_that_there_is_none(tmp_path: Path):
    problem = with_files(small(longest_journey_minutes=Figure(15)))
    found = asked_of_none(problem)
    assert found == SecondOpinion("CBC", cbc.version(), "agrees")
    assert second_opinion_of_none(found).endswith("agrees: it finds no plan either.")
    told = clash(problem)
    files = files_without_plan(problem, told.tables(), told.all_found, found)
    assert checker.check(files).empty
    lie = files_without_plan(problem, told.tables(), told.all_found, replace(found, answer="DISAGREES"))
    assert set(checker.check(lie)["check"]) == {"the_record_is_sound"}
    with pytest.raises(SolverFailed, match="found no plan, but CBC"):
        asked_of_none(with_files(small()))


def test_the_command_says_that_it_agrees_and_ends_well(tmp_path: Path):
    command = ("solve", "configs/tiny.yaml", "--second-opinion", "--out", str(tmp_path / "run"))
    done = optimiser(*command, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "A second solver (CBC" in done.stdout and "agrees" in done.stdout
    again = optimiser(*command[:-1], str(tmp_path / "json"), "--json", cwd=ROOT)
    assert json.loads(again.stdout)["second_opinion"]["answer"] == "agrees"


def test_without_it_one_line_says_what_to_install_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cbc, "pulp_cbc_path", str(tmp_path / "cbc"))
    cbc.version.cache_clear()
    with pytest.raises(MissingPackage, match="pip install"):
        cbc.run(knapsack([1], [1], 1))
    out = tmp_path / "run"
    done = optimiser("solve", "configs/tiny.yaml", "--second-opinion", "--out", str(out), cwd=ROOT, PATH="")
    cbc.version.cache_clear()
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "pip install" in done.stderr
    assert not out.exists()


def agrees(problem: Problem) -> None:
    try:
        plan = planning.solve(problem)
    except NoPlan:
        assert asked_of_none(problem).answer == "agrees"
        return
    found = with_second_opinion(plan).proof.second_opinion
    assert found and found.answer == "agrees"


@draws(4)
@given(worlds())
def test_it_agrees_on_some_drawn_worlds(problem: Problem):
    agrees(problem)


@pytest.mark.deep
@draws(200)
@given(worlds())
def test_it_agrees_on_200_drawn_worlds(problem: Problem):
    agrees(problem)


@pytest.mark.deep
def test_the_solver_alone_is_as_right_without_presolve():
    files = ("model/test_rules.py", "model/test_solver.py", "search/test_enumeration.py", "search/test_planning.py")
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "without_presolve"]
    done = subprocess.run(
        [*command, *(f"tests/{one}" for one in files)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.deep
def test_it_agrees_on_every_question_that_ships(tmp_path: Path):
    configs = [*sorted((ROOT / "configs").glob("*.yaml")), *sorted((ROOT / "configs" / "what_if").glob("*.yaml"))]
    for number, config in enumerate(configs):
        done = in_a_process("solve", str(config), "--second-opinion", "--out", str(tmp_path / str(number)), cwd=ROOT)
        assert done.returncode in (0, 4) and " agrees: " in done.stdout, (config, done.stdout[-2000:], done.stderr)
