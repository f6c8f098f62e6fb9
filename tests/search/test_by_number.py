"""The best plan with each number of sites is that of each question by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan

import pytest
from test_head_start import question, scattered
from typer.testing import CliRunner
from worlds import small

from optimiser.cli.app import app
from optimiser.errors import InputError, NotWritten
from optimiser.plan import measures
from optimiser.problem import Figure
from optimiser.search import head_start
from optimiser.search.by_number import service_asked, tables, with_each_number
from optimiser.search.planning import solve


@pytest.mark.parametrize("at_once", [False, True], ids=["parted by branches", "left to the solver"])
def test_each_number_has_the_value_that_it_has_by_itself(at_once: bool, monkeypatch: pytest.MonkeyPatch):
    if at_once:
        monkeypatch.setattr(head_start, "LARGEST_BRANCHED", 0)
    minutes, patients = scattered(7, 60, 18, neighbours=1)
    problem = question(minutes, patients, 1)
    found = list(with_each_number(problem, "clinic", [9, 3, 4, 12, 4]))
    assert [one.number for one in found] == [3, 4, 9, 12]
    for one in found:
        alone = solve(question(minutes, patients, one.number))
        assert one.outcome == "proved best" == alone.proof.outcome
        assert one.reached[0].value == one.reached[0].bound == alone.proof.objectives[0].value
        assert len(one.designated) == one.number


def test_what_was_learnt_of_another_question_does_no_harm():
    minutes, patients = scattered(8, 50, 20)
    learnt = head_start.Learnt()
    first, second = question(minutes, patients, 3), question(minutes.iloc[:40] + 5, patients[:40], 5)
    assert solve(first, learnt=learnt).proof.objectives == solve(first).proof.objectives and len(learnt.chosen) == 3
    assert solve(second, learnt=learnt).proof.objectives == solve(second).proof.objectives and len(learnt.chosen) == 5
    assert solve(first, learnt=learnt).proof.objectives == solve(first).proof.objectives


def test_minutes_and_shares_are_those_that_a_run_would_publish():
    problem = small()
    clinic = replace(problem.services["clinic"], standard_minutes=Figure(10.0))
    problem = replace(problem, services={"clinic": clinic})
    for one in with_each_number(problem, "clinic", [1, 2]):
        asked = replace(clinic, at_least_sites=Figure(float(one.number)), at_most_sites=Figure(float(one.number)))
        plan = solve(replace(problem, services={"clinic": asked}))
        patients, beyond = (
            measures.number(plan.measures, name, "clinic") for name in ("patients", "patients_beyond_standard")
        )
        assert one.mean_minutes == pytest.approx(measures.number(plan.measures, "mean_minutes", "clinic"), abs=1e-9)
        assert one.within_standard == pytest.approx(1 - beyond / patients, abs=1e-12)


def test_a_number_with_which_no_plan_meets_every_rule_says_so():
    problem = replace(small(), services={"clinic": replace(small().services["clinic"], minimum_patients=Figure(40))})
    one, two = with_each_number(problem, "clinic", [1, 2])
    assert (one.outcome, two.outcome) == ("proved best", "no plan")
    assert two.designated == frozenset() and two.reached == () and isnan(two.mean_minutes)
    frames = tables("clinic", [one, two])
    assert frames["by_number"]["outcome"].tolist() == ["proved best", "no plan"]
    assert set(frames["by_number_sites"]["sites"]) == {1}


def test_of_which_service_is_asked_where_there_are_several():
    problem = small()
    clinic = problem.services["clinic"]
    both = replace(problem, services={"clinic": clinic, "ward": replace(clinic, code="ward", name="Ward")})
    assert service_asked(problem, "") == "clinic" and service_asked(both, "ward") == "ward"
    for service, words in (("", "say of which service. Name one: clinic, ward"), ("wrad", '"wrad" is none that')):
        with pytest.raises(InputError, match=words):
            service_asked(both, service)


def test_the_command_prints_each_number_and_writes_its_tables(tiny_config, tmp_path):
    asked = ["sites", str(tiny_config), "--service", "walk_in"]
    done = CliRunner().invoke(app, [*asked, "--numbers", "1-2", "--out", str(tmp_path / "found")])
    assert done.exit_code == 0 and "no run that is checked independently" in done.output
    rows = [line.split() for line in done.output.splitlines() if line.strip()[:2] in ("1 ", "2 ")]
    assert [row[:2] for row in rows] == [["1", "18.00"], ["2", "16.00"]] and rows[1][-2:] == ["and", "Ash"]
    assert (tmp_path / "found/by_number.csv").read_text().count("proved best") == 2
    assert (tmp_path / "found/by_number_sites.csv").read_text().startswith("sites,service,site\n1,walk_in,birch\n")
    again = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "found")])
    assert isinstance(again.exception, NotWritten) and not again.stdout
    record = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert [row["outcome"] for row in record["by_number"]] == ["proved best", "proved best", "no plan"]


@pytest.mark.parametrize("numbers", ["4", "2-1", "x", "1-", "-2", "1-99999999999999999999", "1.5"])
def test_numbers_of_sites_that_there_are_not_are_refused(numbers: str, tiny_config):
    done = CliRunner().invoke(app, ["sites", str(tiny_config), "--service", "walk_in", f"--numbers={numbers}"])
    assert isinstance(done.exception, InputError) and "write 3 or 1-3. There are 3 sites." in str(done.exception)


@pytest.fixture
def tiny_config(request: pytest.FixtureRequest):
    return request.config.rootpath / "configs/tiny.yaml"
