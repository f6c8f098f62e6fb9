"""A run that cannot be relied upon is refused in plain words before anything is made of it: no fault is a traceback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from as_files import with_files
from typer.testing import CliRunner
from worlds import small, three_doctors

import optimiser as op
from optimiser.cli.app import app
from optimiser.errors import InputError
from optimiser.explanation import clash
from optimiser.plan.finished import read_tables, run_of
from optimiser.plan.runs import files_without_plan, write_files, write_run
from optimiser.problem import Figure


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    problem = with_files(small(rotas=three_doctors()))
    return write_run(op.solve(problem), tmp_path_factory.mktemp("solved") / "run")


@pytest.fixture(scope="module")
def without_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    problem = with_files(small(rotas=three_doctors(), at_least_sites=Figure(2)))
    found = clash(problem)
    files = files_without_plan(problem, found.tables(), found.all_found)
    return write_files(files, tmp_path_factory.mktemp("none") / "run")


def altered(run: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return a copy of a run whose run.json was changed."""
    target = shutil.copytree(run, folder / "altered")
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    change(record)
    (target / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return target


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    'ties should be a whole number, not "x"': lambda r: r.update(ties="x"),
    "ties should be a whole number, not 1.5": lambda r: r.update(ties=1.5),
    "ties should be 0 or more, not -1": lambda r: r.update(ties=-1),
    "ties is not there, though options are listed": lambda r: r.update(ties=None),
    "date should be a date, such as 2026-11-21": lambda r: r.update(date="1999-13-45"),
    "seconds.solver should be 0 or more": lambda r: r["seconds"].update(solver=-1),
    "seconds should be a group of entries, not 3": lambda r: r.update(seconds=3),
    "enumeration should be there": lambda r: r.pop("enumeration"),
    "enumeration.lawful should be a whole number": lambda r: r["enumeration"].update(lawful="many"),
    "enumeration.best.1.values.1 should be a number": lambda r: r["enumeration"]["best"][0].update(values=["x"]),
    "enumeration.best.1.designated.1 should be a pair": lambda r: r["enumeration"]["best"][0].update(designated=["a"]),
    "objectives.1.bound should be a number, not true": lambda r: r["objectives"][0].update(bound=True),
    "objectives.1.services should be a list": lambda r: r["objectives"][0].update(services="all"),
    "outcome should be one of": lambda r: r.update(outcome="best"),
    "format should be one of 1": lambda r: r.update(format=0),
    "this run is of format 2, and this optimiser reads format 1. Install": lambda r: r.update(format=2, ties="x"),
    "solver should be a group of entries": lambda r: r.update(solver=[]),
    "would_change.changes.1.words should be text": lambda r: r.update(
        would_change={"changes": [{"words": 3}], "not_worked_out": ""}
    ),
    "know_before.1.source should be there": lambda r: r.update(know_before=[{"sentence": "Mind."}]),
}


def test_a_true_run_is_read(solved: Path) -> None:
    assert {"designations", "areas"} <= set(read_tables(solved)[0])


@pytest.mark.parametrize("words", WRONG)
def test_an_entry_of_the_wrong_kind_is_named(words: str, solved: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_tables(altered(solved, tmp_path, WRONG[words]))
    (fault,) = refused.value.faults
    assert fault.place.endswith("run.json")
    assert fault.message.startswith(words)


def test_every_fault_is_said_at_once(solved: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        run_of(altered(solved, tmp_path, lambda r: r.update(ties="x", date="now", seconds=-1)))
    assert len(refused.value.faults) == 3


@pytest.mark.parametrize("content", ["", "[]", "7", '{"a', "[" * 5_000, '"\\ud800"'])
def test_what_is_no_record_at_all_is_refused(content: str, solved: Path, tmp_path: Path) -> None:
    run = altered(solved, tmp_path, lambda r: None)
    (run / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError):
        read_tables(run)


def test_a_column_left_out_and_a_word_for_a_number_are_refused(solved: Path, tmp_path: Path) -> None:
    run = altered(solved, tmp_path, lambda r: None)
    measures, rules = run / "measures.csv", run / "rules.csv"
    measures.write_text(measures.read_text().replace("\nmean_minutes,clinic,,", "\nmean_minutes,clinic,,x", 1))
    rules.write_text(rules.read_text().replace(",spare,", ",left_over,", 1))
    with pytest.raises(InputError) as refused:
        read_tables(run)
    assert [fault.message.split(" ")[1] for fault in refused.value.faults] == ["value", "column"]


@pytest.mark.parametrize("command", [["export"], ["compare"], ["rotas"], ["serve"]])
def test_of_a_question_without_a_plan_there_is_nothing_to_compare(
    command: list[str], without_plan: Path, solved: Path
) -> None:
    found = CliRunner().invoke(app, [*command, str(without_plan), *([str(solved)] if command == ["compare"] else [])])
    assert isinstance(found.exception, InputError)
    assert "no plan meets every rule here" in str(found.exception)
    assert f"optimiser explain {without_plan}" in str(found.exception)


def test_what_is_not_a_run_is_not_checked(solved: Path, tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    (tmp_path / "list/run.json").write_text('{"format": 1, "listed": 3}')
    for folder in (tmp_path, tmp_path / "list", solved / "inputs"):
        with pytest.raises(InputError, match="not a run folder"):
            op.check(folder)
