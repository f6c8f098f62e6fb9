"""The audit pack: the same bytes whenever made, checked with nothing installed, and no lie gets past ``verify.py``."""

from __future__ import annotations

import ast
import csv
import hashlib
import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import pytest
from as_files import with_files
from command import optimiser
from drawing import draws
from hypothesis import assume, given
from made_up_place import CONFIG, write_question
from road_tables import TABLES as NETWORK
from shipped import answer, question
from test_changing import GROWTH, asked, can_be_made, everything, files_asking
from test_enumeration import worlds
from test_roads_checked import ACCESS, ANOTHER_HOUR, ANOTHER_TURN, HOURS, ROADS, TURNED
from test_sweep import questions
from worlds import as_today, by_transfer, small, three_doctors, two_by_transfer

import optimiser as op
from optimiser import checker
from optimiser.errors import CheckFailed, NoPlan, NotWritten
from optimiser.explanation import clash
from optimiser.plan import runs
from optimiser.plan.finished import run_of
from optimiser.plan.runs import files_of, files_without_plan, write_files
from optimiser.problem import Beds, Figure, Problem
from optimiser.problem.parameters import parameters
from optimiser.report import pack
from optimiser.report.pack import CONTENTS, OUTPUT, SUMS, VERIFY, pack_files, write_pack, zipped
from optimiser.report.page.parts import references
from optimiser.scenarios import alone
from optimiser.scenarios.settings import Sweep

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "optimiser/checker/verify.py"
WHAT_IFS = sorted(f"what_if/{path.stem}" for path in (ROOT / "configs/what_if").glob("*.yaml"))
OPTIONS = sorted((ROOT / "configs/options").glob("*.yaml"))
Files = dict[str, bytes]


@cache
def verify() -> ModuleType:
    """Return the script, read as a module of its own: nothing of the package knows it."""
    spec = importlib.util.spec_from_file_location("verify_alone", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def levels(folder: Path) -> list[tuple[str, str]]:
    """Return what the script finds wrong, level and words; ``--`` where it cannot read."""
    found = verify().Findings()
    try:
        verify().verify(folder, found)
    except verify().CannotRead as why:
        found.fail("--", str(why))
    return found.failed


def run_alone(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a pack as a reviewer would: isolated, without site packages."""
    command = [sys.executable, "-I", "-S", VERIFY, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=300)


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return write_files(files, folder)


def sealed(files: Files) -> Files:
    """Return a run's files with every hash made good."""
    record = json.loads(files["run.json"])
    record["files"] = {n: hashlib.sha256(c).hexdigest() for n, c in sorted(files.items()) if n != "run.json"}
    return files | {"run.json": json.dumps(record).encode()}


@cache
def tiny() -> Files:
    return files_of(answer("tiny"))


@cache
def without_a_plan() -> Files:
    problem = with_files(small(at_least_sites=Figure(2), rotas=three_doctors(), doctors={"ash": 2, "birch": 3}))
    found = clash(problem)
    return files_without_plan(problem, found.tables(), found.all_found)


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tiny(), tmp_path_factory.mktemp("runs") / "tiny")


@pytest.fixture(scope="module")
def tiny_pack(tiny_run: Path) -> Files:
    return pack_files(tiny_run)


# The pack -------------------------------------------------------------------------------------------------------------


def test_the_checker_that_is_packed_imports_nothing_but_what_comes_with_python():
    tree = ast.parse(SCRIPT.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names
    assert not imported & {"importlib", "subprocess", "socket", "urllib", "ctypes", "os"}
    # Python 3.9 understands every line.
    ast.parse(SCRIPT.read_text(), feature_version=(3, 9))


def test_an_older_python_is_told_in_a_line_which_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "version_info", (3, 8, 18))
    with pytest.raises(SystemExit) as ended:
        run_path(str(SCRIPT))
    said = capsys.readouterr().out
    assert ended.value.code == 2 and said.startswith("CANNOT BE READ: this needs Python 3.9") and said.count("\n") == 1


def test_an_unpacked_pack_is_accepted_by_a_python_with_nothing_installed(tiny_pack: Files, tmp_path: Path):
    ended = run_alone(written(tiny_pack, tmp_path / "pack"))
    assert ended.returncode == 0 and not ended.stderr
    assert ended.stdout.encode() == tiny_pack[OUTPUT]
    assert "all 64 designations tried" in ended.stdout and "Nothing disagrees." in ended.stdout
    assert "NOT checked:" in ended.stdout and "Pages, workbook and tables beside run/" in ended.stdout


def test_every_assumption_stands_in_the_register_once_with_the_pages_number_and_its_effect(
    tiny_run: Path, tiny_pack: Files
):
    rows = list(csv.DictReader(io.StringIO(tiny_pack["assumptions.csv"].decode())))
    assert [row["id"] for row in rows] == [f"A{n:03}" for n in range(1, len(rows) + 1)]
    assert len({row["setting"] for row in rows}) == len(rows)
    assert {*parameters(answer("tiny").problem), "services.walk_in.standard_minutes"} <= {
        row["setting"] for row in rows
    }
    cited = [one for one in references(run_of(tiny_run)) if one.about]
    assert sorted(" ".join(row["reference"] for row in rows).split()) == [one.number for one in cited]
    by_name = {row["setting"]: row for row in rows}
    assert by_name["minimum_patients.walk_in"]["reference"] == next(
        one.number for one in cited if "70 patients" in one.sentence
    )
    # What turns the answer within a tenth stands first; of six doctors the plan can spare none.
    turns = [row["turns"] for row in rows]
    assert turns == sorted(turns, key=["true", "false", ""].index) and turns[0] == "true"
    assert by_name["staff.doctors.people"]["at_low"].startswith("the plan breaks a rule, and Walk-in clinic at Birch")
    visits = by_name["demand_factor.visit"]
    assert [visits[name] for name in ("change_at_low", "change_at_high", "switches_below")] == ["-0.1", "0.1", "0.7"]


def test_what_a_decision_is_asked_about_is_filled_from_the_run_or_said_to_be_left(tiny_run: Path, tiny_pack: Files):
    said = tiny_pack["decision.html"].decode()
    parts = said.split("<h2>")[1:]
    assert len(parts) == 4
    assert re.findall(r'<th scope="row">(\d)\.', parts[0]) == ["1", "2", "3", "4", "5"]
    states = re.findall(r"</th><td>(.*?)</td>", said)
    assert len(states) == said.count('<th scope="row">') and {*states} == {
        *("from the run", "in part", "not shown by this", "yours to write")
    }
    # Nobody's choice, no money and no engagement is in any run.
    assert states[:2] == ["yours to write", "not shown by this"]
    assert "No money is counted" in said and "of 64 options" in said
    # Whatever it names is in the pack.
    assert {*re.findall('href="(.*?)"', said)} <= {*tiny_pack}
    rows = {
        (row["measure"], row["service"], row["group"]): row
        for row in csv.DictReader(io.StringIO(tiny_pack["monitor.csv"].decode()))
    }
    for row in run_of(tiny_run).measures.fillna("").to_dict("records"):
        if watched := rows.pop((row["measure"], row["service"], row["group"]), None):
            assert float(watched["value_by_model"]) == row["value"]
            if row["measure"] == "patients":
                assert watched["would_turn_the_answer"].endswith("breaks a rule, below 0.7 (times; now 1).")
            if row["measure"] == "site_patients" and row["group"] in ("ash", "birch"):
                assert watched["asked_for"] == "at least 70 patients a year"
            if row["measure"] == "staff_in_post":
                assert watched["would_turn_the_answer"].endswith("breaks a rule, at 5 and below (people; now 6).")
    assert not rows


def test_a_pack_says_why_no_effects_are_in_its_register(tiny_run: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(alone, "MOST_WORK", 100)
    files = pack_files(tiny_run, workbook=False)
    assert b"was not worked out: there are too many designations" in files["00_START_HERE.html"]
    assert b"recruits_at_most" in files["assumptions.csv"] and b"the plan is best" not in files["assumptions.csv"]


def test_the_same_run_gives_the_same_zip_byte_for_byte(tiny_run: Path, tiny_pack: Files, tmp_path: Path):
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    write_pack(tiny_run, first)
    write_pack(shutil.copytree(tiny_run, tmp_path / "elsewhere" / "tiny"), second)
    assert first.read_bytes() == second.read_bytes() == zipped(tiny_pack)
    entries = ZipFile(first).infolist()
    assert {one.date_time for one in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {one.external_attr >> 16 for one in entries} == {0o100644}
    assert [one.filename for one in entries[:-2]] == sorted(one.filename for one in entries[:-2])


def test_a_pack_holds_what_it_says_and_says_what_it_holds(tiny_pack: Files):
    beside = {name for name in tiny_pack if not name.startswith("run/")} - {pack.START, SUMS}
    assert beside <= CONTENTS.keys()
    assert beside >= CONTENTS.keys() - {"clash.csv", "ways_out.csv", "transfers.csv", "backcast.csv", "rotas.csv"} - {
        "would_change.csv",  # nothing was asked of it here
        "data_checks.csv",
    }
    assert {name.removeprefix("run/") for name in tiny_pack if name.startswith("run/")} == tiny().keys()
    listed = dict(reversed(line.split("  ")) for line in tiny_pack[SUMS].decode().splitlines())
    assert listed == {n: hashlib.sha256(c).hexdigest() for n, c in tiny_pack.items() if n not in (SUMS, OUTPUT)}
    start = tiny_pack[pack.START].decode()
    assert "Where to run the walk-in clinic of a made-up place" in start and "Draft: not a decision." in start
    assert "all 64 designations tried" in start and "NOT checked:" in start
    assert "<script" not in start and "http" not in start.replace("http-equiv", "")


def test_assumptions_stand_with_their_sources_and_those_that_nobody_verified_before_others_of_no_effect(
    tiny_pack: Files,
):
    rows = list(csv.DictReader(io.StringIO(tiny_pack["assumptions.csv"].decode())))
    without = [row for row in rows if not row["turns"] and not row["would_change"]]
    assert all(one["verified"] <= other["verified"] for one, other in pairwise(without))
    by_setting = {row["setting"]: row for row in rows}
    assert by_setting["minimum_patients.walk_in"]["value"] == "70"


def test_the_best_designations_of_a_pack_are_those_of_the_run(tiny_pack: Files):
    rows = list(csv.DictReader(io.StringIO(tiny_pack["near_best.csv"].decode())))
    assert [(row["rank"], row["patient_minutes"], row["walk_in"]) for row in rows[:2]] == [
        ("1", "3200", "ash birch"),
        ("2", "3600", "birch"),
    ]


def test_a_run_without_a_plan_is_packed_with_its_clash(tmp_path: Path):
    files = pack_files(written(without_a_plan(), tmp_path / "run"))
    assert {"clash.csv", "ways_out.csv"} <= files.keys() and "report.html" not in files
    assert "No plan meets every rule." in files[pack.START].decode()
    assert "clashes tried" in files[OUTPUT].decode()


def test_a_run_that_is_not_true_is_not_packed_and_nothing_is_left_behind(tmp_path: Path):
    folder = written(
        sealed(tiny() | {"measures.csv": tiny()["measures.csv"].replace(b",3200,", b",3199,")}), tmp_path / "r"
    )
    with pytest.raises(CheckFailed):
        write_pack(folder, tmp_path / "pack.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_pack_that_its_own_checker_refuses_is_not_written(tiny_run: Path, tmp_path: Path, monkeypatch: Any):
    monkeypatch.setattr(pack, "_sums", lambda _files: b"0" * 64 + b"  no_such_file.csv\n")
    with pytest.raises(CheckFailed, match="its checker disagrees"):
        write_pack(tiny_run, tmp_path / "pack.zip")
    assert not list(tmp_path.iterdir())


def test_a_pack_is_never_written_over_a_file_or_by_halves(tmp_path: Path, monkeypatch: Any):
    target = tmp_path / "pack.zip"
    target.write_text("mine")
    with pytest.raises(NotWritten, match="exists already"):
        runs.write_file(b"pack", target)
    assert target.read_text() == "mine"

    def full_disk(self: Path, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(NotWritten, match="No space left"):
        runs.write_file(b"pack", tmp_path / "other.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["pack.zip"]


def test_the_command_packs_a_run_and_says_how_to_check_it(tiny_run: Path, tmp_path: Path):
    done = optimiser("pack", str(tiny_run), "--out", "tiny.zip", cwd=tmp_path)
    assert done.returncode == 0 and "python verify.py" in done.stdout
    again = optimiser("pack", str(tiny_run), "--out", "tiny.zip", cwd=tmp_path)
    assert again.returncode == 9 and "exists already" in again.stderr


# What is true is accepted ---------------------------------------------------------------------------------------------


def accepted(files: Mapping[str, bytes], folder: Path) -> str:
    """Return what the script says of a run that it accepts."""
    found = verify().Findings()
    verify().verify(written(files, folder), found)
    assert not found.failed
    return "\n".join(text for _, text in found.done) + "\n".join(found.not_checked)


@pytest.mark.parametrize(
    "name",
    ["tiny", "base", "what_if/one_hasu_no_neighbours", "what_if/three_hasus_shared_out_no_neighbours"],
)
def test_the_best_of_a_question_that_ships_is_the_best_without_us(name: str, tmp_path: Path):
    said = accepted(files_of(answer(name)), tmp_path / "run")
    assert "none is better" in said and "NOT tried" not in said


def test_an_option_that_people_wrote_down_is_worked_out_alike(tmp_path: Path):
    problem = question("base")
    option = op.read_option(ROOT / "configs/options/dmbc_jul2018.yaml")
    plan = op.evaluate(problem, op.designations_of(problem, option))
    assert "does not claim to be best" in accepted(files_of(plan), tmp_path / "run")


@pytest.mark.parametrize("name", ["base", "what_if/treat_and_transfer"])
@pytest.mark.parametrize("only", [set(), {("basildon", "hyper_acute_stroke")}, {("basildon", "emergency_department")}])
def test_an_option_by_which_some_reach_nothing_is_worked_out_alike(
    name: str, only: set[tuple[str, str]], tmp_path: Path
):
    files = files_of(op.evaluate(question(name), frozenset(only)))
    assert b",,," in files["journeys.csv"] and b",inf," in files["measures.csv"]
    assert "does not claim to be best" in accepted(files, tmp_path / "run")


@pytest.mark.deep
@pytest.mark.parametrize("name", ["care_model", *WHAT_IFS])
def test_every_question_that_ships_is_answered_alike(name: str, tmp_path: Path):
    problem = question(name)
    try:
        said = accepted(files_of(answer(name)), tmp_path / "run")
        assert "none is better" in said
    except NoPlan:
        found = clash(problem)
        said = accepted(files_without_plan(problem, found.tables(), found.all_found), tmp_path / "run")
        assert "no designation meets every rule" in said
    assert "NOT tried" not in said
    if name == "care_model":
        proof = (ROOT / "docs/how_we_prove_it.md").read_text("utf-8")
        assert "by 77 branches" in said and "77 such branches" in proof
        assert "by 1,978 more branches" in said and "1,978 more confirm" in proof


def test_as_many_lies_are_told_as_the_documents_say():
    proof = (ROOT / "docs/how_we_prove_it.md").read_text("utf-8")
    assert f"{len(HASHED) + len(CHANGED)} lies, {len(CHANGED)} of them about what-ifs" in proof


@pytest.mark.deep
@pytest.mark.parametrize("config", ["base", "care_model"])
@pytest.mark.parametrize("path", OPTIONS, ids=lambda path: path.stem)
def test_every_option_that_ships_is_worked_out_alike(config: str, path: Path, tmp_path: Path):
    problem = question(config)
    plan = op.evaluate(problem, op.designations_of(problem, op.read_option(path)))
    assert "does not claim to be best" in accepted(files_of(plan), tmp_path / "run")


def test_a_cap_on_all_transfers_is_asked_of_the_plan_of_every_other_and_of_a_clash(tmp_path: Path):
    # The least is 33.75, with both at birch; each other way to put them moves more.
    problem = with_files(two_by_transfer(34))
    files = files_of(op.solve(problem))
    said = accepted(files, tmp_path / "run")
    assert "none is better" in said and "4 of 64 are lawful" in said
    config = files["config.yaml"]
    assert config.count(b'"most_transfers_a_year": 34') == 1
    tighter = sealed(
        files | {"config.yaml": config.replace(b'"most_transfers_a_year": 34', b'"most_transfers_a_year": 33')}
    )
    name = "not_too_many_transfers_in_all.all_services"
    found = levels(written(tighter, tmp_path / "tighter"))
    assert ("V2", f"{name} is broken: 33.75 <= 33 transfers a year does not hold") in found
    clashing = with_files(two_by_transfer(30))
    told = clash(clashing)
    assert name in str(told)
    stuck = files_without_plan(clashing, told.tables(), told.all_found)
    assert "no designation meets every rule" in accepted(stuck, tmp_path / "stuck")


ONE_BED: dict[str, Any] = {
    "beds": Beds(Figure(36.5), Figure(0.2), at={"birch": Figure(1)}),
    "at_least_sites": Figure(2),
}
# One bed takes a load of a quarter, 2.5 patients: of whole patients 2, of shared-out or parted ones 2.5.
BEDS = {
    "whole patients": (lambda: small(**ONE_BED), "which takes 2 patients a year"),
    "shared out": (
        lambda: small(managed=True, minimum_patients=Figure(3), **ONE_BED),
        "which takes 2.5 patients a year",
    ),
    "half taken on": (lambda: by_transfer(**ONE_BED), "which takes 2.5 patients a year"),
    "parted at the border": (lambda: as_today(small(**ONE_BED)), "which takes 2.5 patients a year"),
}


@pytest.mark.parametrize("name", BEDS)
def test_what_beds_take_is_said_as_finely_as_patients_are_counted_and_both_readers_know(name: str, tmp_path: Path):
    world, words = BEDS[name]
    problem = with_files(world())
    told = clash(problem)
    assert words in str(told)
    files = files_without_plan(problem, told.tables(), told.all_found)
    assert checker.check(files).empty
    accepted(files, tmp_path / "run")


def test_where_first_contact_is_today_may_be_unknown(tmp_path: Path):
    world = by_transfer(beds=Beds(Figure(36.5), Figure(0.2)), at_most_sites=Figure(1))
    problem = with_files(replace(world, today=frozenset({("ash", "scanner")})))
    files = files_of(op.solve(problem))
    rows = list(csv.DictReader(io.StringIO(files["measures.csv"].decode())))
    assert "beds_needed_as_today" in {row["measure"] for row in rows if row["service"] == "scanner"}
    assert checker.check(files).empty
    accepted(files, tmp_path / "run")


def test_where_there_are_no_patients_none_waits_beyond_the_standard(tmp_path: Path):
    world = small(share_within_standard=Figure(0.5), standard_minutes=Figure(1))
    problem = with_files(replace(world, demand=world.demand * 0))
    files = files_of(op.solve(problem))
    rows = csv.DictReader(io.StringIO(files["rules.csv"].decode()))
    row = next(row for row in rows if row["rule"] == "enough_patients_within_standard")
    assert (row["left"], row["pass"]) == ("1", "true")
    assert checker.check(files).empty
    accepted(files, tmp_path / "run")


@draws(15)
@given(worlds())
def test_drawn_worlds_are_answered_alike(problem: Problem):
    problem = with_files(problem)
    try:
        files = files_of(op.solve(problem))
    except NoPlan:
        return
    with TemporaryDirectory() as folder:
        assert not levels(written(files, Path(folder) / "run"))


# What-ifs -------------------------------------------------------------------------------------------------------------

# Every kind of what-if of a config at once: roads, a time of day, a site that is closed, and changes.
WHAT_IF = """\
roads: {close: [A1 between Middle and East], slow: {A1: 1.4}}
travel: {times: {peak: 1.1, night: 0.9}, time: peak}
closed_sites: {birch: {reason: The roof leaks}}
change:
  staff.doctors.people.ash: {value: +2, reason: Two posts more, source: A letter, verified: true}
  demand_factor.visit: {value: x1.5, reason: Asked as a what-if}
  journeys.ash.from_district.West: {value: +3, reason: A closed bridge}
  journeys.ash.from_area.A2.at.peak: {value: -1.5, reason: A bus lane}
  journeys.ash.from_area.A1.at.night: {value: -5, reason: Nobody is about}
  journeys.elm.from_everywhere: {value: +1, reason: Its gate is slow}
  minimum_patients.care: {value: 6, reason: A new book}
"""


@cache
def what_if() -> Files:
    with TemporaryDirectory() as folder:
        tables = {**NETWORK, "road_access": ACCESS}
        path = write_question(Path(folder), CONFIG + WHAT_IF, **tables)
        return files_of(op.solve(op.read_problem(path)))


def test_a_pack_of_a_what_if_is_accepted_with_every_change_made_again_by_a_python_with_nothing_installed(
    tmp_path: Path,
):
    files = pack_files(written(what_if(), tmp_path / "run"))
    assert {f"run/inputs/{table}.csv" for table in NETWORK} <= files.keys()
    ended = run_alone(written(files, tmp_path / "pack"))
    assert ended.returncode == 0 and "Nothing disagrees." in ended.stdout
    for said in (
        "roads shut or slow, as config.yaml says: 9 journeys are longer on them, by 10 minutes at most",
        "closed, as config.yaml says: birch",
        "staff.doctors.people.ash from 4 to 6",
        "journeys.ash.from_area.A2.at.peak from 0 to -1.5",
        "journeys.elm.from_everywhere from 0 to 1",
    ):
        assert said in ended.stdout
    # From A2 to ash by hand: 15 of the table and 10 more on the roads, times 1.1, then 3 more and 1.5 less.
    rows = csv.DictReader(io.StringIO(what_if()["journeys.csv"].decode()))
    assert [row["minutes"] for row in rows if row["area"] == "A2"] == ["29"]


@pytest.mark.parametrize("name", ["seven_stroke_consultants_at_broomfield", "a127_closed"])
def test_a_what_if_of_the_main_question_that_changes_it_is_worked_out_alike(name: str, tmp_path: Path):
    said = accepted(files_of(answer(f"what_if/{name}")), tmp_path / "run")
    assert "as config.yaml says" in said and "none is better" in said and "NOT tried" not in said


@pytest.mark.parametrize(
    ("roads", "others"), [(ROADS, ANOTHER_TURN), ("roads: {hour: 8.5}\n", ANOTHER_HOUR)], ids=["turns", "hours"]
)
def test_turns_and_hours_are_read_alike_and_others_are_found(
    tmp_path: Path, roads: str, others: list[tuple[str, str, str]]
):
    tables = {**NETWORK, "road_access": ACCESS, **TURNED, "road_hours": HOURS}
    files = files_of(op.solve(op.read_problem(write_question(tmp_path, CONFIG + roads, **tables))))
    accepted(files, tmp_path / "run")
    for number, (name, was, now) in enumerate(others):
        lie = sealed({**files, name: files[name].replace(was.encode(), now.encode())})
        assert levels(written(lie, tmp_path / str(number)))


def test_a_calibration_that_is_taken_back_is_taken_back_alike_and_one_that_is_not_is_found(tmp_path: Path):
    travel = "travel: {calibration: {plus: 5.8, times: 1.074, applied: false}, factor: 1.5}\n"
    config = tmp_path / "uncalibrated.yaml"
    config.write_text(f"based_on: {ROOT / 'configs/tiny.yaml'}\n{travel}")
    files = files_of(op.solve(op.read_problem(config)))
    accepted(files, tmp_path / "run")
    lie = sealed({**files, "config.yaml": files["config.yaml"].replace(b"applied: false", b"applied: true")})
    assert levels(written(lie, tmp_path / "lie"))


def test_whatever_a_config_can_change_is_changed_alike(tmp_path: Path):
    whole = asked(files_asking(everything(), demand=GROWTH), tmp_path / "whole")
    for number, (name, parameter) in enumerate(parameters(whole).items()):
        value = float(parameter.low + (parameter.high - parameter.low) / 2)
        here = asked(files_asking(everything(), {name: value}, demand=GROWTH), tmp_path / str(number))
        said = accepted(files_of(op.evaluate(here, here.today)), tmp_path / "run")
        assert f"changed, as config.yaml says: {name} from " in said


def test_changes_are_made_in_one_order_each_on_top_of_those_before(tmp_path: Path):
    change = {
        "staff.doctors.people.ash": "+1",
        "staff.doctors.people": "x2",
        "people_factor.from_75": 1.3,
        "people_factor.from_65": 1.1,
        "demand_factor.visit": "x1.25",
        "growth_years": "+3",
        "journey_factor.A1": 1.333333,
        "journey_factor": "x0.7",
        "minimum_patients.clinic": "-1.5",
    }
    here = asked(files_asking(everything(), change, demand=GROWTH), tmp_path / "asked")
    said = accepted(files_of(op.evaluate(here, here.today)), tmp_path / "run")
    assert "staff.doctors.people.ash from 4 to 5" in said and "growth_years from 2 to 5" in said


@draws(15)
@given(questions())
def test_drawn_changes_are_made_alike(sweep: Sweep):
    values = dict(sweep.settings.scenarios[0])
    with TemporaryDirectory() as folder:
        base = asked(files_asking(sweep.problem), Path(folder) / "base")
        stated = {name: values[name] for name in parameters(base, values) if name in values}
        assume(can_be_made(base, stated))
        signed = {name: f"{value:+g}" if name.startswith("journeys.") else value for name, value in stated.items()}
        here = asked(files_asking(sweep.problem, signed), Path(folder) / "asked")
        try:
            files = files_of(op.solve(here))
        except NoPlan:
            return
        assert not levels(written(files, Path(folder) / "run"))


def test_the_travel_of_one_team_stays_what_the_tables_make_it(tmp_path: Path):
    path = tmp_path / "team.yaml"
    path.write_text(
        f"based_on: {ROOT / 'configs/what_if/one_stroke_team.yaml'}\n"
        "change:\n"
        "  staff.stroke_consultants.people: {value: +2, reason: asked}\n"
        "  journey_factor: {value: 1.5, reason: asked}\n"
    )
    problem = op.read_problem(path)
    plan = op.evaluate(problem, {("basildon", code) for code in problem.services})
    assert "staff.stroke_consultants.people from 13 to 15" in accepted(files_of(plan), tmp_path / "run")


# What is false is refused ---------------------------------------------------------------------------------------------

Lie = Callable[[Files], object]


def cell(table: str, column: str, to: str, **match: str) -> Lie:
    """Return what sets a cell of the first row that matches."""

    def change(files: Files) -> None:
        rows = list(csv.DictReader(io.StringIO(files[table].decode())))
        row = next(row for row in rows if all(row[k] == v for k, v in match.items()))
        assert row[column] != to
        row[column] = to
        files[table] = _csv(rows)

    return change


def dropped(table: str, number: int = 0) -> Lie:
    def change(files: Files) -> None:
        rows = list(csv.DictReader(io.StringIO(files[table].decode())))
        del rows[number]
        files[table] = _csv(rows)

    return change


def added(table: str, **cells: str) -> Lie:
    def change(files: Files) -> None:
        rows = list(csv.DictReader(io.StringIO(files[table].decode())))
        files[table] = _csv([*rows, rows[-1] | cells])

    return change


def recorded(change_of: Callable[[dict[str, Any]], object]) -> Lie:
    def change(files: Files) -> None:
        record = json.loads(files["run.json"])
        change_of(record)
        files["run.json"] = json.dumps(record).encode()

    return change


def setting(old: str, new: str) -> Lie:
    def change(files: Files) -> None:
        config = files["config.yaml"].decode()
        assert old in config
        files["config.yaml"] = config.replace(old, new, 1).encode()

    return change


def one_change(record: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a record says of a change."""
    found: dict[str, Any] = next(one for one in record["changed"] if one["name"] == name)
    return found


def _csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


HASHED: dict[str, tuple[str, Lie]] = {
    "a designation has no row": ("V1", dropped("designations.csv")),
    "a designation stands two times": ("--", added("designations.csv")),
    "a designation is neither true nor false": ("V1", cell("designations.csv", "designated", "yes", site="ash")),
    "today is otherwise than the config says": ("V1", cell("designations.csv", "today", "false", service="walk_in")),
    "a decision is called fixed": ("V1", cell("designations.csv", "fixed", "true", service="walk_in")),
    "a reason is invented": ("V1", cell("designations.csv", "reason", "as agreed", service="walk_in")),
    "another question is stated": ("V1", recorded(lambda r: r.update(question="Another?"))),
    "an input has no journey": ("V1", dropped("inputs/journeys.csv", 3)),
    "an input has no patients of a resident area": ("--", dropped("inputs/demand.csv")),
    "an input has fewer than no patients": ("--", cell("inputs/demand.csv", "patients_per_year", "-1", area="A1")),
    "an input has patients that are no number": (
        "--",
        cell("inputs/demand.csv", "patients_per_year", "NaN", area="A1"),
    ),
    "an area stands two times": ("--", added("inputs/areas.csv")),
    "a site is of no role": ("--", cell("inputs/sites.csv", "role", "ours", site="ash")),
    "a rule has no row": ("V2", dropped("rules.csv", 3)),
    "a rule is invented": ("V2", added("rules.csv", rule="all_is_well", instance="all_is_well.x")),
    "a rule of the config is struck": ("V2", setting("at_least_sites", "at_most_sites")),
    "a rule is softened in the config alone": ("V2", setting("value: 70", "value: 60")),
    "what a plan has is changed": ("V2", cell("rules.csv", "left", "101", rule="every_site_has_enough_patients")),
    "what a rule asks is changed": ("V2", cell("rules.csv", "right", "60", rule="every_site_has_enough_patients")),
    "a relation is turned round": ("V2", cell("rules.csv", "relation", "<=", rule="enough_sites")),
    "what is to spare is changed": ("V2", cell("rules.csv", "spare", "31", rule="every_site_has_enough_patients")),
    "a binding rule is called loose": ("V2", cell("rules.csv", "binding", "false", rule="not_too_many_sites")),
    "a rule that holds is called broken": ("V2", cell("rules.csv", "pass", "false", rule="enough_sites")),
    "a rule is in another unit": ("V2", cell("rules.csv", "unit", "people", rule="enough_sites")),
    "a rule is from another source": ("V2", cell("rules.csv", "source", "the law", rule="enough_sites")),
    "a rule that rests on no figure has a source": (
        "V2",
        cell("rules.csv", "source", "the law", rule="every_area_is_served"),
    ),
    "an unverified rule is called verified": ("V2", cell("rules.csv", "verified", "true", rule="enough_sites")),
    "minutes of a journey are changed": ("V3", cell("journeys.csv", "minutes", "9", area="A1")),
    "minutes of an input are changed": ("V3", cell("inputs/journeys.csv", "minutes", "9", area="A2", site="ash")),
    "an area goes to another site": ("V3", cell("journeys.csv", "site", "birch", area="A1")),
    "patients of an area are changed": ("V3", cell("journeys.csv", "patients_per_year", "21", area="A1")),
    "patients are seen first elsewhere": ("V3", cell("journeys.csv", "first_site", "birch", area="A1")),
    "a way by transfer is invented": ("V3", cell("journeys.csv", "transfer_minutes", "5", area="A1")),
    "a resident is called none": ("V3", cell("journeys.csv", "resident", "false", area="A1")),
    "an area has no journey": ("V3", dropped("journeys.csv")),
    "a journey is invented": ("V3", added("journeys.csv", area="A9")),
    "somebody in post is invented": ("V3", cell("staffing.csv", "in_post", "4", site="ash")),
    "somebody moves who does not": ("V3", cell("staffing.csv", "moved_in", "1", site="ash")),
    "a recruit is invented": ("V3", cell("staffing.csv", "recruited", "1", site="birch")),
    "a shortfall is hidden": ("V3", cell("staffing.csv", "short", "1", site="ash")),
    "fewer staff are needed": ("V3", cell("staffing.csv", "needed", "2", site="birch")),
    "a team has no row": ("V3", dropped("staffing.csv", 2)),
    "staff are at a site that is none": ("V3", added("staffing.csv", site="elm")),
    "a mean is a ninth decimal off": ("V3", cell("measures.csv", "value", "16.000000001", measure="mean_minutes")),
    "a published number has no row": ("V3", dropped("measures.csv", 4)),
    "a published number is invented": ("V3", added("measures.csv", measure="lives_saved")),
    "a published number is in another unit": ("V3", cell("measures.csv", "unit", "hours", measure="mean_minutes")),
    "the better way is turned round": ("V3", cell("measures.csv", "better", "higher", measure="mean_minutes")),
    "the objective comes to less": ("V3", recorded(lambda r: r["objectives"][0].update(value=3199.0, bound=3199.0))),
    "the objective is another": ("V3", recorded(lambda r: r["objectives"][0].update(name="patients_outside"))),
    "the objective is in another unit": ("V3", recorded(lambda r: r["objectives"][0].update(unit="minutes"))),
    "the objective is of fewer services": ("V3", recorded(lambda r: r["objectives"][0].update(services=["x_ray"]))),
    "the bound is below the value": ("V4", recorded(lambda r: r["objectives"][0].update(bound=3100.0))),
    "the bound is above the value": ("V4", recorded(lambda r: r["objectives"][0].update(bound=3300.0))),
    "there is no bound": ("V4", recorded(lambda r: r["objectives"][0].update(bound=None))),
    "the list is left out": ("V5", recorded(lambda r: r.update(enumeration=None))),
    "the second best is left out": ("V5", recorded(lambda r: r["enumeration"]["best"].pop(1))),
    "the list is cut short": ("V5", recorded(lambda r: r["enumeration"]["best"].pop())),
    "equal options change places": (
        "V5",
        recorded(lambda r: r["enumeration"].update(best=[r["enumeration"]["best"][n] for n in (0, 2, 1, 3, 4, 5, 6)])),
    ),
    "an option of the list comes to less": (
        "V5",
        recorded(lambda r: r["enumeration"]["best"][1].update(values=[3201.0])),
    ),
    "an option of the list breaks a rule": (
        "V5",
        recorded(lambda r: r["enumeration"]["best"][6].update(designated=[["ash", "walk_in"]])),
    ),
    "fewer designations are lawful": (
        "V5",
        recorded(lambda r: r["enumeration"].update(lawful=8, listed=65)),
    ),
    "what is struck out does not add up": (
        "V5",
        recorded(lambda r: r["enumeration"]["struck_out_by"].update(rota_is_filled=5)),
    ),
    "a rule that nobody asks for strikes out": (
        "V5",
        recorded(lambda r: r["enumeration"]["struck_out_by"].update(nobody_travels_too_far=4, rota_is_filled=0)),
    ),
    "an equal plan is hidden": ("V5", recorded(lambda r: r.update(ties=2))),
    "an outcome is invented": ("--", recorded(lambda r: r.update(outcome="approved"))),
    "a number stands twice in the record": (
        "--",
        lambda files: files.update({"run.json": files["run.json"].replace(b'"ties"', b'"ties": 1, "ties"', 1)}),
    ),
    "a setting is not understood": ("--", setting("title:", "endorsed_by: all\ntitle:")),
}


CLOSED = "closed_sites:\n  birch:\n    reason: The roof leaks\n    source: ''\n    verified: false\n"
CHANGED: dict[str, tuple[str, str, Lie]] = {
    "a change is of another value in the config alone": (
        "V1",
        "run.json: staff.doctors.people.ash is changed from 4 to 6, not from 4 to 7",
        setting("value: '+2'", "value: '+3'"),
    ),
    "a change is of another value in the config and the record": (
        "V3",
        "staffing.csv: in_post of doctors (people) at ash is 6, not 7",
        lambda files: [
            setting("value: '+2'", "value: '+3'")(files),
            recorded(lambda r: one_change(r, "staff.doctors.people.ash").update(value=7))(files),
        ],
    ),
    "a change is left out of the record": (
        "V1",
        "other things are changed than config.yaml does: demand_factor.visit",
        recorded(lambda r: r["changed"].remove(one_change(r, "demand_factor.visit"))),
    ),
    "a change is left out of the config and the record": (
        "V3",
        "patients_per_year of care, A1 to ash is 15, not 10",
        lambda files: [
            setting("demand_factor.visit:\n    value: x1.5", "demand_factor.visit:\n    value: x1")(files),
            recorded(lambda r: one_change(r, "demand_factor.visit").update(value=1))(files),
        ],
    ),
    "nothing is said of what is changed": (
        "V1",
        "other things are changed than config.yaml does",
        recorded(lambda r: r.pop("changed")),
    ),
    "it was more before": (
        "V1",
        "is changed from 5 to 6, not from 4 to 6",
        recorded(lambda r: one_change(r, "staff.doctors.people.ash").update(was=5)),
    ),
    "the reason is another": (
        "V1",
        "reason of the change minimum_patients.care is 'The law'",
        recorded(lambda r: one_change(r, "minimum_patients.care").update(reason="The law")),
    ),
    "a change that nobody verified is called verified": (
        "V1",
        "verified of the change demand_factor.visit",
        recorded(lambda r: one_change(r, "demand_factor.visit").update(verified=True)),
    ),
    "a rule that was changed has its old source": (
        "V2",
        "source of every_site_has_enough_patients.care.ash is 'A book', not 'A new book'",
        cell("rules.csv", "source", "A book", rule="every_site_has_enough_patients"),
    ),
    "a change names what is not there": (
        "--",
        "config.yaml changes demand_factor.visits, which this question has not",
        lambda files: [
            setting("demand_factor.visit:", "demand_factor.visits:")(files),
            recorded(lambda r: one_change(r, "demand_factor.visit").update(name="demand_factor.visits"))(files),
        ],
    ),
    "minutes of an event are lowered in the journeys": (
        "V3",
        "minutes of care, A1 to ash is 24, not 25",
        cell("journeys.csv", "minutes", "24", area="A1"),
    ),
    "minutes of an event are lowered in the config": (
        "V3",
        "minutes of care, A1 to ash is 25, not ",
        setting("  close:\n  - A1 between Middle and East\n", ""),
    ),
    "a slow road is slower": (
        "V3",
        "minutes of care, A3 to elm is 14.2, not ",
        setting("A1:\n      value: 1.4", "A1:\n      value: 1.9"),
    ),
    "the way round is shorter in the tables": (
        "V3",
        "minutes of care, A1 to ash is 25, not ",
        cell("inputs/road_links.csv", "km", "12", road="B2"),
    ),
    "a stretch is closed that the network has not": (
        "--",
        "A9 between Middle and East is no road",
        setting("A1 between", "A9 between"),
    ),
    "the network is not there": ("--", "road_links.csv", lambda files: files.pop("inputs/road_links.csv")),
    "a site that is closed is open": ("V1", "fixed of care at birch is 'true', not 'false'", setting(CLOSED, "")),
    "a site that is closed is designated": (
        "V2",
        "fixed_designations_stand.care.birch is broken",
        cell("designations.csv", "designated", "true", service="care", site="birch"),
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_lie_about_a_what_if_is_refused_by_name_though_every_hash_was_made_good(name: str, tmp_path: Path):
    level, words, lie = CHANGED[name]
    files = dict(what_if())
    lie(files)
    found = levels(written(sealed(files), tmp_path / "run"))
    assert [said for at, said in found if at == level and words in said], found


# Sites that a config adds ---------------------------------------------------------------------------------------------

ADDED = """\
sites:
  oak:
    {name: Oak Hospital, latitude: 53.81, longitude: 1.34, staff: {doctors: {people: 3, wte: 2.5}},
     fixed: {x_ray: true}, reason: Asked}
  pine:
    {name: Pine, easting_m: 600500, northing_m: 441000, journeys: pine.csv, staff: {doctors: {people: 1}},
     fixed: {}, reason: Asked}
"""


@cache
def with_added() -> Files:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "place"
        shutil.copytree(ROOT / "data" / "tiny", place)
        journeys = (place / "journeys.csv").read_text("utf-8").replace("A3,ash,30", "A3,ash,33")
        (place / "journeys.csv").write_text(journeys, encoding="utf-8")
        rows = "".join(f"{area},pine,{n}\n" for n, area in enumerate(("A1", "A2", "A3", "A4", "A5", "X1"), 11))
        (Path(folder) / "pine.csv").write_text(f"area,site,minutes\n{rows}", encoding="utf-8")
        config = (ROOT / "configs" / "tiny.yaml").read_text("utf-8").replace("../data/tiny", "place")
        (Path(folder) / "q.yaml").write_text(config + ADDED, encoding="utf-8")
        return files_of(op.solve(op.read_problem(Path(folder) / "q.yaml")))


def test_a_pack_with_sites_that_are_added_is_accepted_and_their_journeys_are_worked_out_again(tmp_path: Path):
    files = pack_files(written(with_added(), tmp_path / "run"))
    ended = run_alone(written(files, tmp_path / "pack"))
    assert ended.returncode == 0 and "Nothing disagrees." in ended.stdout
    assert "oak added, as config.yaml says; estimated by straight line: journeys, transfers" in ended.stdout
    assert "pine added, as config.yaml says; estimated by straight line: transfers" in ended.stdout
    assert "Whether easting and northing of oak are those of its latitude and longitude." in ended.stdout
    minutes = {tuple(row[:2]): row[2] for row in json.loads(files["instance.json"])["minutes"]}
    assert minutes["A1", "pine"] == 11_000_000 and minutes["A4", "oak"] <= 4_000_000
    by_name = {row["setting"]: row for row in csv.DictReader(io.StringIO(files["assumptions.csv"].decode()))}
    oak = by_name["sites.oak.journeys"]
    assert oak["value"] == "straight_line" and oak["source"].startswith("fitted to the journeys that the place knows")
    assert oak["reference"]


def one_site(record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = record["added_sites"][0]
    return found


SITES: dict[str, tuple[str, str, Lie]] = {
    "a site is elsewhere": (
        "V2",
        "every_site_has_enough_patients.walk_in.oak",
        setting("    easting_m: 6", "    easting_m: 5"),
    ),
    "an estimate is called better": (
        "V1",
        "median_off of the site oak",
        recorded(lambda r: one_site(r).update(median_off=0.25)),
    ),
    "an estimate is called a table": (
        "V1",
        "estimated of the site oak",
        recorded(lambda r: one_site(r).update(estimated=[])),
    ),
    "a line is steeper": ("V1", "a_km of the site oak", recorded(lambda r: one_site(r).update(a_km=2))),
    "a site is left out of the record": ("V1", "other sites are added", recorded(lambda r: r["added_sites"].pop())),
    "a reason is another": ("V1", "reason of the site oak", recorded(lambda r: one_site(r).update(reason="The law"))),
    "known journeys are altered": (
        "V1",
        "a_km of the site oak",
        cell("inputs/journeys.csv", "minutes", "1", area="A1", site="cedar"),
    ),
    "its staff are more": (
        "V3",
        "in_post of doctors (people) at oak is 3, not 9",
        setting("people: 3\n        wte", "people: 9\n        wte"),
    ),
    "what is fixed there is not": (
        "V1",
        "fixed of x_ray at oak is 'true', not 'false'",
        setting("      x_ray: true\n", ""),
    ),
    "it is there already": ("--", "adds ash, which sites.csv has", setting("  oak:\n", "  ash:\n")),
    "its table is of another": (
        "--",
        "journeys_of_pine.csv has a row of another site",
        cell("inputs/journeys_of_pine.csv", "site", "ash", area="A1"),
    ),
}


@pytest.mark.parametrize("name", SITES)
def test_a_lie_about_a_site_that_is_added_is_refused_by_name(name: str, tmp_path: Path):
    level, words, lie = SITES[name]
    files = dict(with_added())
    lie(files)
    found = levels(written(sealed(files), tmp_path / "run"))
    assert [said for at, said in found if at == level and words in said], found


@pytest.mark.parametrize("name", HASHED)
def test_a_lie_is_refused_though_every_hash_was_made_good(name: str, tmp_path: Path):
    level, change = HASHED[name]
    files = dict(tiny())
    change(files)
    # A record that has an entry twice loses it by being read, and lists no hash that changed.
    found = levels(written(files if level == "--" and "twice" in name else sealed(files), tmp_path / "run"))
    assert level in {at for at, _ in found}, found


def test_a_change_without_its_hash_is_refused(tmp_path: Path):
    folder = written(tiny() | {"measures.csv": tiny()["measures.csv"] + b" "}, tmp_path / "run")
    assert levels(folder) == [("V0", "measures.csv is not the file that run.json lists: its SHA-256 differs")]


def test_a_file_more_or_less_and_a_link_are_refused(tmp_path: Path):
    more = written(tiny() | {"inputs/letter.csv": b"endorsed\n"}, tmp_path / "more")
    assert [at for at, _ in levels(more)] == ["V0"]
    less = written({name: content for name, content in tiny().items() if name != "staffing.csv"}, tmp_path / "less")
    assert [at for at, _ in levels(less)] == ["V0"]
    linked = written(tiny(), tmp_path / "linked")
    (linked / "rules.csv").unlink()
    (linked / "rules.csv").symlink_to(more / "rules.csv")
    assert ("V0", "rules.csv is a link or no ordinary file") in levels(linked)


def test_a_table_of_a_pack_that_is_not_its_runs_is_refused(tiny_pack: Files, tmp_path: Path):
    files = tiny_pack | {"rules.csv": tiny_pack["rules.csv"].replace(b"70", b"60")}
    files[SUMS] = pack._sums({name: content for name, content in files.items() if name not in (SUMS, OUTPUT)})
    ended = run_alone(written(files, tmp_path / "pack"))
    assert ended.returncode == 1 and "rules.csv is not the run's" in ended.stdout


def test_a_path_that_leads_out_of_a_pack_is_refused(tiny_pack: Files, tmp_path: Path):
    files = tiny_pack | {SUMS: tiny_pack[SUMS] + b"0" * 64 + b"  ../secret\n"}
    ended = run_alone(written(files, tmp_path / "pack"))
    assert ended.returncode == 2 and "SHA256SUMS" in ended.stdout


def test_what_is_no_run_cannot_be_read(tmp_path: Path):
    shutil.copy(SCRIPT, tmp_path / VERIFY)
    assert run_alone(tmp_path).returncode == 2
    assert run_alone(tmp_path, "no_such_folder").returncode == 2


def worse(**how: object) -> Files:
    """Return a run of the second best plan of the made-up place that claims to be proved best."""
    best = answer("tiny")
    second = op.evaluate(best.problem, frozenset({("ash", "x_ray"), ("birch", "walk_in"), ("birch", "x_ray")}))
    files, true = files_of(second), json.loads(tiny()["run.json"])
    record = json.loads(files["run.json"])
    record.update({"outcome": "proved best", "solver": true["solver"], "ties": 1, "enumeration": None, **how})
    for one in record["objectives"]:
        one["bound"] = one["value"]
    return sealed(files | {"run.json": json.dumps(record).encode()})


def test_a_worse_plan_that_claims_to_be_best_is_refused_with_a_better_one_named(tmp_path: Path):
    found = levels(written(worse(), tmp_path / "run"))
    assert ("V4", "a better designation breaks no rule: walk_in at ash, birch") in found


def test_a_worse_plan_at_the_head_of_its_own_list_is_refused(tmp_path: Path):
    listing = json.loads(tiny()["run.json"])["enumeration"]
    listing["best"] = listing["best"][1:]
    found = levels(written(worse(enumeration=listing), tmp_path / "run"))
    assert "V4" in {at for at, _ in found}


CLASHES: dict[str, Lie] = {
    "a rule of a clash is left out": dropped("clash.csv"),
    "a rule is added to a clash": added("clash.csv", rule="not_too_many_sites", instance="not_too_many_sites.clinic"),
    "the plan without a rule is none": cell("clash.csv", "without_it", "", rule="enough_sites"),
}


@pytest.mark.parametrize("name", ["a rule of a clash is left out", "the plan without a rule is none"])
def test_a_false_clash_is_refused(name: str, tmp_path: Path):
    assert not levels(written(without_a_plan(), tmp_path / "true"))
    files = dict(without_a_plan())
    if name == "the plan without a rule is none":
        # With no site at all every rota is filled, so what stands beside a rota's own rule is what is broken.
        rows = list(csv.DictReader(io.StringIO(files["clash.csv"].decode())))
        for row in rows:
            row["without_it"] = ""
        files["clash.csv"] = _csv(rows)
    else:
        CLASHES[name](files)
    found = levels(written(sealed(files), tmp_path / "run"))
    assert "V6" in {at for at, _ in found}, found


FALSE_WORDS = {
    "what a limit allows": ("clash.csv", "at most 0 doctors are recruited", "at most 100 doctors are recruited"),
    "which way a limit goes": ("clash.csv", "on at least 2 sites", "on at most 2 sites"),
    "what a rota needs": ("clash.csv", "Clinic needs 3", "Clinic needs 4"),
    "what a way out is": ("ways_out.csv", "ask for 1 site for Clinic", "close Birch"),
    "how far a way out goes": ("ways_out.csv", "recruit 1 more of", "recruit 9 more of"),
    "the unit of a way out": ("ways_out.csv", "people,1,rec", "WTE,1,rec"),
}


@pytest.mark.parametrize("what", FALSE_WORDS)
def test_false_words_of_a_clash_are_refused(what: str, tmp_path: Path):
    name, old, new = FALSE_WORDS[what]
    content = without_a_plan()[name].decode()
    assert content.count(old) == 1
    files = sealed(without_a_plan() | {name: content.replace(old, new).encode()})
    assert {level for level, _ in levels(written(files, tmp_path / "run"))} == {"V6"}


def test_a_question_that_has_a_plan_is_not_believed_to_have_none(tmp_path: Path):
    config = json.loads(without_a_plan()["config.yaml"])
    config["services"]["clinic"]["at_least_sites"] = 1
    files = sealed(without_a_plan() | {"config.yaml": json.dumps(config).encode()})
    found = levels(written(files, tmp_path / "run"))
    assert ("V6", "some designation meets every rule, though run.json says that none does") in found
