"""What an attack on the product found, each fault with its kind: none of it may come back."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import highspy
import pytest
from command import optimiser
from made_up_place import CONFIG, write_question
from shipped import answer, question
from test_pack import run_alone, sealed
from test_web import BEARING, Asking, base_of, client, served
from worlds import two_by_transfer

import optimiser as op
from optimiser.errors import InputError, OptimiserError, SolverFailed
from optimiser.model import highs, solver
from optimiser.plan.runs import files_of, write_files
from optimiser.problem import Problem
from optimiser.web import server

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return op.write_run(answer("tiny"), tmp_path_factory.mktemp("attacked") / "tiny")


# Texts ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["null", "Null", "NULL", "~", "true", "1.0", "<<", "[]"])
def test_a_text_in_quotes_is_a_text_to_both_checkers(text: str, tmp_path: Path):
    problem = op.read_problem(write_question(tmp_path, CONFIG.replace("source: A book", f'source: "{text}"')))
    files = files_of(op.evaluate(problem, problem.today))
    assert text.encode() in files["rules.csv"]
    folder = write_files(files, tmp_path / "run")
    assert op.check(folder).empty
    shutil.copy(ROOT / "optimiser/checker/verify.py", tmp_path)
    assert run_alone(tmp_path, "run").returncode == 0


ESCAPES = {
    "a clipboard": "\x1b]52;c;cm0gLXJmIH4K\x07",
    "a title": "\x1b]0;all is well\x07",
    "a clean screen": "\x1b[2J\x1b[H",
    "a colour by one byte": "\x9b31m",
    "a line written over": "\rall is well",
    "a text turned round": "\u202elleW si lla",
    "no width at all": "a\u200bb",
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
@pytest.mark.parametrize("where", ["question", "outcome", "a file"])
def test_no_run_writes_to_the_terminal_what_cannot_be_seen(escape: str, where: str, tmp_path: Path):
    files = files_of(answer("tiny"))
    if where == "a file":
        record = json.loads(files["run.json"])
        record["files"][f"{escape}.csv"] = "0" * 64
        files["run.json"] = json.dumps(record).encode()
    else:
        files = sealed({**files, "run.json": json.dumps(json.loads(files["run.json"]) | {where: escape}).encode()})
    write_files(files, tmp_path / "run")
    shutil.copy(ROOT / "optimiser/checker/verify.py", tmp_path)
    for done in (optimiser("check", "run", cwd=tmp_path), run_alone(tmp_path, "run")):
        assert done.returncode
        assert all(sign.isprintable() or sign == "\n" for sign in done.stdout + done.stderr)
        spelt_out = f"<U+{ord(next(one for one in escape if not one.isprintable())):04X}>"
        assert where == "outcome" or spelt_out in done.stdout + done.stderr


@pytest.mark.parametrize(
    "name", ["Clinic [/i]", "Clinic [type 1]", "[bold]Clinic[/bold]", "[link=x]Clinic", ":smile: Clinic"]
)
def test_square_brackets_in_a_name_stay_as_they_are(name: str, tmp_path: Path):
    config = CONFIG.replace("name: Care", f"name: {json.dumps(name)}")
    path = write_question(tmp_path, config)
    assert name in optimiser("options", str(path), cwd=tmp_path).stdout
    assert optimiser("solve", str(path), "--out", "r1 [draft]", "--quiet", cwd=tmp_path).returncode == 0
    shutil.copytree(tmp_path / "r1 [draft]", tmp_path / "r1")
    compared = optimiser("compare", "r1", "r1 [draft]", "--full", cwd=tmp_path)
    assert compared.returncode == 0 and "r1 [draft]" in compared.stdout and name in compared.stdout


# Files ----------------------------------------------------------------------------------------------------------------

ENDLESS = "AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT"
GEOPACKAGES = {
    "a layer that is an endless view": (
        "outlines",
        f"CREATE VIEW outlines {ENDLESS} 'A1' AS area, x'00' AS geom FROM n",
    ),
    "an endless list of layers": (
        "gpkg_geometry_columns",
        f"CREATE VIEW gpkg_geometry_columns {ENDLESS} x AS table_name, 'geom' AS column_name, 27700 AS srs_id FROM n",
    ),
    "an endless list of systems": (
        "gpkg_spatial_ref_sys",
        f"CREATE VIEW gpkg_spatial_ref_sys {ENDLESS} 'EPSG' AS organization, 1 AS organization_coordsys_id, x AS srs_id"
        " FROM n",
    ),
    "a cell that is made up and fills memory": (
        "outlines",
        "CREATE TABLE outlines (area TEXT, n INT, geom BLOB AS (zeroblob(900000000)) VIRTUAL)",
    ),
}


@pytest.mark.parametrize("kind", GEOPACKAGES)
def test_a_geopackage_that_works_its_rows_out_is_refused_at_once(kind: str, tmp_path: Path):
    path = write_question(tmp_path, CONFIG)
    (path.parent.parent / "place/boundaries.geojson").unlink()
    file = path.parent.parent / "place/boundaries.gpkg"
    instead, said = GEOPACKAGES[kind]
    made = {
        "outlines": "CREATE TABLE outlines (area TEXT, geom BLOB)",
        "gpkg_geometry_columns": "CREATE TABLE gpkg_geometry_columns (table_name, column_name, srs_id)",
        "gpkg_spatial_ref_sys": "CREATE TABLE gpkg_spatial_ref_sys (srs_id, organization, organization_coordsys_id)",
    }
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA application_id = 0x47504B47")
        for one in (made | {instead: said}).values():
            database.execute(one)
        if instead != "gpkg_geometry_columns":
            database.execute("INSERT INTO gpkg_geometry_columns VALUES ('outlines', 'geom', 27700)")
        if "AS (zeroblob" in said:
            database.execute("INSERT INTO outlines (area, n) VALUES ('A1', 1)")
    with pytest.raises(InputError, match="GeoPackage cannot be read"):
        op.read_problem(path)


NO_FILES: dict[str, Callable[[Path, Path], object]] = {
    "a link out": lambda path, secret: path.symlink_to(secret),
    "a link to itself": lambda path, _: path.symlink_to(path),
    "a link to zeros without end": lambda path, _: path.symlink_to("/dev/zero"),
    "a pipe": lambda path, _: os.mkfifo(path),
    "a folder": lambda path, _: path.mkdir(),
    "20 GB of nothing": lambda path, _: (path.touch(), os.truncate(path, 20 * 2**30)),
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_outlines_that_are_no_file_of_the_place_are_refused(kind: str, tmp_path: Path):
    path = write_question(tmp_path, CONFIG)
    place = path.parent.parent / "place"
    secret = tmp_path / "secret.gpkg"
    secret.write_bytes(b"SQLite format 3\0 the-secret")
    (place / "boundaries.geojson").unlink()
    NO_FILES[kind](place / "boundaries.gpkg", secret)
    with pytest.raises(OptimiserError) as refused:
        op.read_problem(path)
    assert "boundaries.gpkg" in str(refused.value) and "the-secret" not in str(refused.value)


@pytest.mark.parametrize("endless", ["inf", "nan", "1e999", "-inf"])
def test_a_share_of_minutes_without_end_is_refused_in_words(endless: str, tmp_path: Path):
    path = write_question(tmp_path, CONFIG)
    done = optimiser("options", str(path), "--within-minutes", endless, cwd=tmp_path)
    assert done.returncode in (2, 3) and "Traceback" not in done.stderr


def test_without_its_own_sentences_the_checker_still_starts(run: Path):
    words = [sys.executable, "-OO", "-m", "optimiser", "check", str(run)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "is clean" in done.stdout, done.stderr


# The solver -----------------------------------------------------------------------------------------------------------

STATUS = highspy.HighsModelStatus
SAYS = {
    "unbounded": STATUS.kUnbounded,
    "unbounded or infeasible": STATUS.kUnboundedOrInfeasible,
    "infeasible": STATUS.kInfeasible,
    "nothing": STATUS.kNotset,
    "a memory limit": STATUS.kMemoryLimit,
}


def misled(monkeypatch: pytest.MonkeyPatch, **does: Any) -> None:
    """Have HiGHS, for once in this process, do something else in models that are larger than a canary."""
    monkeypatch.setattr(solver, "_ask", lambda asked, _seconds: highs.answer(asked))
    for name, instead in does.items():
        true = getattr(highspy.Highs, name)

        def method(self: Any, *words: Any, true: Any = true, instead: Any = instead) -> Any:
            return instead() if self.getNumCol() > 8 else true(self, *words)

        monkeypatch.setattr(highspy.Highs, name, method)


QUESTIONS: dict[str, Callable[[], Problem]] = {
    "tiny": lambda: question("tiny"),
    "transfers": lambda: two_by_transfer(34),
}


@pytest.mark.parametrize("asked", QUESTIONS)
@pytest.mark.parametrize("said", SAYS.values(), ids=SAYS)
def test_what_a_solver_says_falsely_ends_with_no_answer(said: Any, asked: str, monkeypatch: pytest.MonkeyPatch):
    misled(monkeypatch, getModelStatus=lambda: said)
    with pytest.raises(SolverFailed):
        op.solve(QUESTIONS[asked]())


@pytest.mark.parametrize("asked", QUESTIONS)
@pytest.mark.parametrize("error", [RuntimeError("boom"), MemoryError(), ValueError("not so"), OSError(5, "gone")])
def test_what_a_solver_throws_ends_with_no_answer(error: Exception, asked: str, monkeypatch: pytest.MonkeyPatch):
    def throw() -> None:
        raise error

    misled(monkeypatch, run=throw)
    with pytest.raises(SolverFailed, match="broke off"):
        op.solve(QUESTIONS[asked]())


# What a solver does in a model that is larger than a canary, and how that is told.
CRASHES = {
    "aborts": ("os.abort()", "crashed (signal 6)"),
    "reads what is not its own": ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed (signal 11)"),
    "finds no memory and is killed": ("os.kill(os.getpid(), signal.SIGKILL)", "crashed (signal 9)"),
    "ends": ("os._exit(3)", "crashed (exit code 3)"),
    "ends well": ("os._exit(0)", "crashed (exit code 0)"),
    "ends in the middle of a word": ("os.write(3, b'\\x80\\x05'), os._exit(0)", "crashed (exit code 0)"),
    "prints and ends": ("os.system('echo boom; echo boom >&2'), os._exit(1)", "crashed (exit code 1)"),
    "hangs": ("time.sleep(1_000)", "had no answer 1 seconds after its time was up"),
}
WHICH = """
import os, signal, time
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("highs", {path!r})
highs = module_from_spec(spec)
spec.loader.exec_module(highs)
true = highs.answer
def answer(asked, stopped):
    if len(asked["model"]["cost"]) > 8:
        {does}
    return true(asked, stopped)
highs.answer = answer
highs.main()
"""


@pytest.fixture
def breaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Have the process that HiGHS runs in do something else."""

    def start(does: str) -> None:
        program = tmp_path / "highs.py"
        program.write_text(WHICH.format(path=highs.__file__, does=does))
        monkeypatch.setattr(solver, "PROGRAM", (sys.executable, "-P", str(program)))
        solver.stop()

    solver.about.cache_clear()
    yield start
    solver.stop()


@pytest.mark.parametrize("asked", QUESTIONS)
@pytest.mark.parametrize(("does", "told"), CRASHES.values(), ids=CRASHES)
def test_what_a_solver_crashes_by_ends_with_no_answer(
    does: str, told: str, asked: str, breaking: Any, monkeypatch: pytest.MonkeyPatch
):
    breaking(does)
    solver.about()
    monkeypatch.setattr(solver, "SECONDS_TO_END", 1.0)
    with pytest.raises(SolverFailed, match=f"HiGHS {re.escape(told)}"):
        op.solve(QUESTIONS[asked](), time_limit_minutes=0.01)


@pytest.mark.parametrize("does", ["os.abort()", "time.sleep(1_000)"])
def test_what_a_solver_ends_by_is_told_in_one_line_with_exit_code_7(
    does: str, breaking: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    breaking(does)
    solver.about()
    monkeypatch.setattr(solver, "SECONDS_TO_END", 1.0)
    config = str(ROOT / "configs" / "tiny.yaml")
    done = optimiser("solve", config, "--quiet", "--time-limit-minutes", "0.01", "--out", "run", cwd=tmp_path)
    assert done.returncode == 7 and done.stdout == ""
    assert done.stderr.startswith("HiGHS ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_what_a_solver_crashed_by_is_no_matter_to_the_next_question(breaking: Any, monkeypatch: pytest.MonkeyPatch):
    true = solver.PROGRAM
    breaking("os.abort()")
    with pytest.raises(SolverFailed):
        op.solve(question("tiny"))
    monkeypatch.setattr(solver, "PROGRAM", true)
    assert op.solve(question("tiny")).designated == answer("tiny").designated


def test_what_a_solver_cannot_start_by_is_told(breaking: Any):
    breaking("this is no Python")
    with pytest.raises(SolverFailed, match=r"crashed \(exit code 1\)"):
        op.solve(question("tiny"))


# The server -----------------------------------------------------------------------------------------------------------

SOUND = {
    "format": 1,
    "name": "Sound",
    "reason": "r",
    "kind": "evaluate",
    "made": "2026-01-01 00:00:00",
    "outcome": "evaluated",
    "words": [],
}
DAMAGED_RECORDS = {
    "nested deep": "[" * 3_000 + "]" * 3_000,
    "words that are none": json.dumps(SOUND | {"words": None}),
    "words that are a number": json.dumps(SOUND | {"words": 7}),
    "no name": json.dumps({name: one for name, one in SOUND.items() if name != "name"}),
    "a name that is a list": json.dumps(SOUND | {"name": ["a"]}),
    "cut short": json.dumps(SOUND)[:40],
    "no object": "[1, 2]",
    "no text": "\x00\x01",
    "empty": "",
    "nothing": "null",
    "a format in words": json.dumps(SOUND | {"format": "1"}),
    "a day that is a number": json.dumps(SOUND | {"made": 20260101}),
}
DAMAGED_RUNS = (
    "measures.csv",
    "config.yaml",
    "run.json",
    "inputs/areas.csv",
    "designations.csv",
    "inputs/journeys.csv",
)


def shown(asking: Asking) -> list[dict[str, Any]]:
    """Return the scenarios that are listed, once the page was asked for."""
    assert asking.get("/", headers=BEARING).status_code == 200
    state = asking.get("/api/state", headers=BEARING)
    assert state.status_code == 200
    scenarios: list[dict[str, Any]] = state.json()["scenarios"]
    return scenarios


def scenario(folder: Path, run: Path, id: str, record: str) -> Path:
    made = folder / "scenarios" / id
    shutil.copytree(run, made / "run")
    (made / "scenario.json").write_text(record, encoding="utf-8")
    return made


@pytest.mark.parametrize("record", DAMAGED_RECORDS.values(), ids=DAMAGED_RECORDS)
def test_a_scenario_with_a_damaged_record_is_left_out_and_said(record: str, run: Path, tmp_path: Path):
    scenario(tmp_path, run, "good", json.dumps(SOUND))
    scenario(tmp_path, run, "bad", record)
    with client(run, tmp_path) as asking:
        found = {one["id"]: one for one in shown(asking)}
        assert found["bad"]["outcome"] == "damaged" and not found["bad"]["has_a_page"]
        assert found["good"]["has_a_page"]
        assert asking.get("/scenarios/bad", headers=BEARING).status_code == 404
        renamed = asking.post("/api/scenarios/bad/name", headers=BEARING, json={"name": "Other"})
        assert renamed.status_code == 404


@pytest.mark.parametrize("name", DAMAGED_RUNS)
@pytest.mark.parametrize(
    "how",
    [
        "gone",
        "cut",
        *(pytest.param(how, marks=pytest.mark.deep) for how in ("a pipe", "a folder", "brackets", "zeros")),
    ],
)
def test_a_scenario_with_a_damaged_run_is_left_out_and_said(name: str, how: str, run: Path, tmp_path: Path):
    broken = scenario(tmp_path, run, "bad", json.dumps(SOUND)) / "run" / name
    content = broken.read_bytes()
    broken.unlink()
    if how == "cut":
        broken.write_bytes(content[: len(content) // 2])
    elif how == "a pipe":
        os.mkfifo(broken)
    elif how == "a folder":
        broken.mkdir()
    elif how != "gone":
        broken.write_bytes((b"[" if how == "brackets" else b"\0") * 100_000)
    with client(run, tmp_path) as asking:
        (found,) = shown(asking)
        assert not found["has_a_page"]
        if name != "run.json" or how in ("cut", "brackets", "zeros"):  # without one it is no run, and never had a page
            assert found["outcome"] == "damaged"
        assert asking.get("/scenarios/bad", headers=BEARING).status_code == 404


def test_a_record_that_is_a_pipe_is_no_scenario(run: Path, tmp_path: Path):
    made = scenario(tmp_path, run, "bad", "")
    (made / "scenario.json").unlink()
    os.mkfifo(made / "scenario.json")
    with client(run, tmp_path) as asking:
        assert shown(asking) == []


def test_where_the_run_that_is_served_is_gone_that_is_said(run: Path, tmp_path: Path):
    moved = shutil.copytree(run, tmp_path / "moved")
    with client(moved, tmp_path) as asking:
        shutil.rmtree(moved)
        reply = asking.get("/", headers=BEARING)
        assert reply.status_code == 404 and "damaged or gone" in reply.json()["detail"]


def test_connections_that_say_nothing_are_closed_and_others_are_served(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert server.HEADER_SECONDS <= 10
    with served(run, tmp_path) as (_, address):
        base, _token = base_of(address)
        port = int(base.rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        for number, one in enumerate(silent):
            one.sendall(b"GET / HTTP/1.1\r\nHost:" if number % 2 else b"")
            one.settimeout(server.HEADER_SECONDS + 60)
        assert all(one.recv(1) == b"" for one in silent)
        for one in silent:
            one.close()
