"""The command line as people use it: exit codes, messages, and nothing half-written."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from html import unescape
from importlib.metadata import version
from pathlib import Path

import pytest
from command import ROOT, in_a_process, optimiser

from optimiser import cli
from optimiser.cli.app import in_brief
from optimiser.explanation.would_change import Change
from optimiser.inputs import read_problem
from optimiser.report.page.outlines import drawing


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the made-up place and its config."""
    shutil.copytree(ROOT / "data/tiny", tmp_path / "data/tiny")
    (tmp_path / "configs").mkdir()
    shutil.copy(ROOT / "configs/tiny.yaml", tmp_path / "configs/tiny.yaml")
    return tmp_path


def test_in_brief_changes_of_every_kind_are_told_in_turn_and_the_others_counted():
    def change(kind: str, what: str, service: str = "") -> Change:
        return Change(kind, what, None, "", None, 0.0, service, None, (), f"By {what} {service}. More of it.")

    then = {"a": frozenset({("a", "clinic")}), "b": frozenset({("b", "clinic"), ("b", "scanner")})}
    turned = [replace(change("parameter", f"journeys.{site}.x"), by=2.0, then=there) for site, there in then.items()]
    assert in_brief(turned, frozenset())[0] == ["By journeys.b.x .", "By journeys.a.x ."]
    journeys = [change("parameter", f"journeys.{site}.from_everywhere") for site in "abcdef"]
    staff = change("parameter", "staff.doctors.people"), change("rule", "rota_is_filled.clinic.doctors.people")
    patients = change("rule", "every_site_has_enough_patients.clinic")
    border = [change("border", "border_pull", service) for service in ("clinic", "scanner")]
    shown, more = in_brief([*border, *journeys, *staff, patients], frozenset())
    each = ("border_pull clinic", "border_pull scanner", "journeys.a.from_everywhere ", "staff.doctors.people ")
    assert shown == [f"By {one}." for one in each] + ["By every_site_has_enough_patients.clinic ."] and more == 6
    assert in_brief(journeys[:2], frozenset()) == (
        ["By journeys.a.from_everywhere .", "By journeys.b.from_everywhere ."],
        0,
    )


def test_solve_check_compare_in_a_row(tiny: Path):
    solved = optimiser("solve", "configs/tiny.yaml", "--out", "runs/a", cwd=tiny)
    assert solved.returncode == 0, solved.stderr
    assert solved.stderr == ""
    assert "in all: of 64 options 7 break no rule, none is better." in solved.stdout
    assert "Arithmetic checked: its tables were worked out a second time" in solved.stdout
    assert "Run folder: runs/a" in solved.stdout
    assert solved.stdout.splitlines()[-1].startswith("Next: optimiser report runs/a")

    checked = optimiser("check", "runs/a", cwd=tiny)
    assert checked.returncode == 0, checked.stderr
    (best,) = (line for line in checked.stdout.splitlines() if line.startswith("That it is best"))
    assert best == (
        "That it is best was tried on all 64 options: 15 have too few sites or too many; of the other 49 none that "
        "keeps every rule is better."
    )

    again = optimiser("solve", "runs/a/config.yaml", "--out", "runs/b", cwd=tiny)
    assert again.returncode == 0, again.stderr
    for name in ("designations.csv", "journeys.csv", "measures.csv", "rules.csv", "staffing.csv"):
        assert (tiny / "runs/a" / name).read_bytes() == (tiny / "runs/b" / name).read_bytes()

    # Nothing differs, so that all rows are left out unless everything is asked for.
    compared, full = (optimiser("compare", "runs/a", "runs/b", *more, cwd=tiny) for more in ((), ("--full",)))
    assert compared.returncode == full.returncode == 0, compared.stderr + full.stderr
    assert "mean minutes" in full.stdout and "mean minutes" not in compared.stdout
    assert "--full" in compared.stdout and "--full" not in full.stdout
    rows = json.loads(optimiser("compare", "runs/a", "runs/b", "--json", cwd=tiny).stdout)
    assert {"service", "measure", "a", "b"} == set(rows["compared"][0])
    # Of each run it says what check says.
    assert [(one["answer"], one["checked"], one["words"]) for one in rows["best"]] == [
        (name, "tried", best) for name in ("a", "b")
    ]
    assert f"- a and b: {best}" in compared.stdout
    assert rows["sentences"] and not rows["openings"]


def test_what_is_taken_otherwise_than_written_is_said_kept_and_checked(tiny: Path):
    place = tiny / "data/tiny"
    demand = (place / "demand.csv").read_text().replace("A1,", "A1 ,").replace(",visit,20\n", ",visit,20.33333333333\n")
    (place / "demand.csv").write_text(demand)
    transfers = (place / "transfers.csv").read_text()
    (place / "transfers.csv").write_text(f"{transfers}ash,ash,0\n")
    checked = optimiser("validate", "configs/tiny.yaml", "--json", cwd=tiny)
    assert json.loads(checked.stdout)["taken"] == [
        "data/tiny/transfers.csv: passed over 1 of 0 minutes from a site to itself.",
        "data/tiny/demand.csv: 1 cell of area without the space before or after.",
        "data/tiny/demand.csv: 2 cells of patients_per_year rounded to the six decimal places that are counted.",
    ]
    solved = optimiser("solve", "configs/tiny.yaml", "--out", "runs/a", cwd=tiny)
    assert solved.returncode == 0, solved.stderr
    assert "Taken otherwise than written:" in solved.stdout and "nothing differs" in solved.stdout
    assert "A1,visit,20.333333\n" in (tiny / "runs/a/inputs/demand.csv").read_text()
    taken = (tiny / "runs/a/inputs/taken.txt").read_text().splitlines()
    assert [line.replace("data/tiny/", "") for line in json.loads(checked.stdout)["taken"]] == taken
    told = json.loads(optimiser("solve", "configs/tiny.yaml", "--out", "runs/c", "--json", cwd=tiny).stdout)
    assert (told["taken"], told["doubts"]) == (taken, [])
    assert optimiser("report", "runs/a", "--out", "a.html", cwd=tiny).returncode == 0
    page = (tiny / "a.html").read_text()
    assert all(f"Taken otherwise than written: {line}" in unescape(page) for line in taken)
    assert (tiny / "runs/a/inputs/areas.csv").read_bytes() == (place / "areas.csv").read_bytes()
    again = optimiser("solve", "runs/a/config.yaml", "--out", "runs/b", cwd=tiny)
    # What was taken then is true of the tables that the run kept, and is said again, once.
    assert again.returncode == 0 and "Taken otherwise than written:" in again.stdout
    assert (tiny / "runs/b/inputs/taken.txt").read_text().splitlines() == taken


def test_a_table_of_a_journey_planner_comes_in_by_the_command_that_is_named(tiny: Path):
    path = tiny / "data/tiny/journeys.csv"
    (tiny / "data/tiny/README.md").unlink()
    right = path.read_text()
    path.write_text(right.replace("area,site,minutes", "from_id,to_id,travel_time"))
    refused = optimiser("validate", "configs/tiny.yaml", cwd=tiny)
    assert refused.returncode == 3
    (line,) = refused.stderr.splitlines()
    command = line.partition("Bring it in: optimiser ")[2].split()
    brought = optimiser(*command, cwd=tiny)
    assert brought.returncode == 0, brought.stderr
    assert brought.stdout.splitlines()[0] == "Wrote 24 rows to data/tiny/journeys.csv."
    assert optimiser("solve", "configs/tiny.yaml", "--out", "runs/a", cwd=tiny).returncode == 0
    assert (tiny / "runs/a/inputs/imported.csv").read_text() == (tiny / "data/tiny/imported.csv").read_text()
    refused = optimiser(*command[:-1], cwd=tiny)
    assert refused.returncode == 9 and "Write --replace to replace it" in refused.stderr
    assert optimiser("import", "journey", "x.csv", "--into", "p", cwd=tiny).returncode == 3
    assert optimiser(*command, "--column", "area", cwd=tiny).returncode == 2


def test_what_can_hardly_be_is_said_with_the_answer(tiny: Path):
    path = tiny / "data/tiny/transfers.csv"
    path.write_text(
        "from_site,to_site,minutes\n"
        + "".join(
            f"{one},{other},{2 if one < other else 40}\n"
            for one in ("ash", "birch", "cedar", "dale")
            for other in ("ash", "birch", "cedar", "dale")
            if one != other
        )
    )
    solved = optimiser("solve", "configs/tiny.yaml", "--out", "runs/a", cwd=tiny)
    assert solved.returncode == 0, solved.stderr
    assert "Doubtful, so check before you use an answer:" in solved.stdout
    doubts = (tiny / "runs/a/inputs/doubts.txt").read_text().splitlines()
    assert any("much farther one way than the other" in doubt for doubt in doubts)
    again = json.loads(optimiser("solve", "configs/tiny.yaml", "--out", "runs/b", "--json", cwd=tiny).stdout)
    assert (again["doubts"], again["taken"]) == (doubts, [])
    assert optimiser("report", "runs/a", "--out", "a.html", cwd=tiny).returncode == 0
    (before,) = re.findall(r'id="before">(.*?)</details>', unescape((tiny / "a.html").read_text()))
    for number, doubt in enumerate(doubts, start=1):
        assert f"R-{number:02}</a> Doubtful, so check before you use this: {doubt}" in before


def test_options_are_compared_with_a_config_and_with_a_run(tiny: Path):
    for name, sites in (("near", "[ash]"), ("far", "[ash, birch]")):
        text = f"option: {name.upper()}\ntitle: {name}\ndesignations: {{walk_in: {sites}, x_ray: [ash]}}\n"
        (tiny / f"{name}.yaml").write_text(text)
    solved = optimiser("solve", "configs/tiny.yaml", "--out", "runs/a", cwd=tiny)
    assert solved.returncode == 0, solved.stderr
    shown = optimiser("compare", "configs/tiny.yaml", "runs/a", "near.yaml", "far.yaml", "--json", cwd=tiny)
    assert shown.returncode == 0, shown.stderr
    rows = json.loads(shown.stdout)["compared"]
    assert {"service", "measure", "a", "NEAR", "FAR"} == set(rows[0])
    best = {one["answer"]: one["checked"] for one in json.loads(shown.stdout)["best"]}
    assert best == {"a": "tried", "NEAR": "not claimed", "FAR": "not claimed"}
    assert not list(tiny.glob("runs/*near*"))
    alone = optimiser("compare", "configs/tiny.yaml", "near.yaml", cwd=tiny)
    assert "mean minutes" in alone.stdout
    assert "Left out" not in alone.stdout
    assert alone.stdout.splitlines()[-1] == "Next: optimiser compare configs/tiny.yaml RUN near.yaml"


def test_a_run_that_fails_its_check_is_told_though_a_sound_one_bears_its_name(tiny: Path):
    for name in ("runs/spoilt/a", "runs/sound/a"):
        assert optimiser("solve", "configs/tiny.yaml", "--out", name, cwd=tiny).returncode == 0
    spoilt = tiny / "runs/spoilt/a/measures.csv"
    spoilt.write_text(spoilt.read_text().replace("mean_minutes,walk_in,,", "mean_minutes,walk_in,,1"))
    done = optimiser("report", "runs/spoilt/a", "runs/sound/a", "--out", "page.html", cwd=tiny)
    assert done.returncode == 6, done.stderr


def test_a_run_is_never_written_over(tiny: Path):
    assert optimiser("solve", "configs/tiny.yaml", "--out", "runs/a", cwd=tiny).returncode == 0
    before = (tiny / "runs/a/run.json").read_bytes()
    second = optimiser("solve", "configs/tiny.yaml", "--out", "runs/a", cwd=tiny)
    assert second.returncode == 9
    assert "exists already" in second.stderr
    assert (tiny / "runs/a/run.json").read_bytes() == before
    for _ in range(2):
        assert optimiser("solve", "configs/tiny.yaml", cwd=tiny).returncode == 0
    assert len(list((tiny / "runs").glob("*_tiny*"))) == 2


def test_a_folder_that_cannot_be_written_is_said_so(tiny: Path):
    for name in ("x" * 300, "configs/tiny.yaml/run"):
        refused = optimiser("solve", "configs/tiny.yaml", "--out", name, cwd=tiny)
        assert refused.returncode == 9, refused.stderr
        assert "Traceback" not in refused.stderr


def test_an_option_that_serves_nobody_is_valid_json_and_clean(tiny: Path):
    (tiny / "configs/alone.yaml").write_text("based_on: tiny.yaml\nborder: closed\n")
    (tiny / "option.yaml").write_text("option: NONE\ntitle: None open\ndesignations: {walk_in: []}\n")
    found = optimiser("evaluate", "configs/alone.yaml", "--option", "option.yaml", "--json", cwd=tiny)
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert answer["objectives"][0]["value"] is None
    assert answer["check"] == []


def test_evaluate_lists_the_rules_that_an_option_breaks(tiny: Path):
    (tiny / "option.yaml").write_text("option: ALL\ntitle: All open\ndesignations: {walk_in: [ash, birch, cedar]}\n")
    found = optimiser("evaluate", "configs/tiny.yaml", "--option", "option.yaml", "--json", cwd=tiny)
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert answer["outcome"] == "evaluated"
    assert answer["broken_rules"]
    assert answer["check"] == []


def test_no_plan_names_the_clash_and_the_ways_out(tiny: Path):
    (tiny / "configs/clash.yaml").write_text("based_on: tiny.yaml\nservices: {walk_in: {at_least_sites: 3}}\n")
    refused = optimiser("solve", "configs/clash.yaml", cwd=tiny)
    # That there is none is the answer: under the question's title, where a plan would be told.
    assert (refused.returncode, refused.stderr) == (4, "")
    assert refused.stdout.startswith(f"{read_problem(tiny / 'configs/clash.yaml').title}\n\nNo plan meets every rule.")
    assert "enough_sites.walk_in" in refused.stdout
    assert "This would be enough" in refused.stdout
    (run,) = (tiny / "runs").iterdir()
    assert {"clash.csv", "ways_out.csv", "config.yaml", "run.json"} <= {path.name for path in run.iterdir()}
    confirmed = optimiser("check", str(run), cwd=tiny)
    assert "No plan meets every rule: confirmed independently" in confirmed.stdout
    explained = optimiser("explain", "configs/clash.yaml", cwd=tiny)  # for which the clash is the answer
    assert (explained.returncode, explained.stderr) == (4, "")
    assert "enough_sites.walk_in" in explained.stdout
    nothing = optimiser("explain", "configs/tiny.yaml", "--switching", cwd=tiny)
    assert nothing.returncode == 2
    assert "add --service and --site, or --option FILE" in " ".join(nothing.stderr.split())


def test_a_tampered_run_fails_its_check(tiny: Path):
    optimiser("solve", "configs/tiny.yaml", "--out", "runs/a", cwd=tiny)
    path = tiny / "runs/a/measures.csv"
    path.write_text(path.read_text().replace("mean_minutes,walk_in,,", "mean_minutes,walk_in,,1"))
    failed = optimiser("check", "runs/a", cwd=tiny)
    assert failed.returncode == 6
    assert "measures_are_right" in failed.stderr


SPOILT = {
    "missing pair": ("journeys.csv", lambda text: text.replace(text.splitlines()[1] + "\n", "", 1)),
    "duplicate area": ("areas.csv", lambda text: text + text.splitlines()[1] + "\n"),
    "negative time": ("journeys.csv", lambda text: text.replace(text.splitlines()[1], "A1,ash,-5", 1)),
    "unknown site": ("journeys.csv", lambda text: text.replace(",birch,", ",brich,")),
    "not a number": ("journeys.csv", lambda text: text.replace(text.splitlines()[1], "A1,ash,NaN", 1)),
    "hours for minutes": ("journeys.csv", lambda text: _in_hours(text)),
    "empty file": ("demand.csv", lambda text: ""),
    "wrong encoding": ("areas.csv", lambda text: text.replace("name", "nàme", 1).encode("latin-1")),
    "a VRT named .geojson": (
        "boundaries.geojson",
        lambda text: '<OGRVRTDataSource><OGRVRTLayer name="a"/></OGRVRTDataSource>',
    ),
}


def _in_hours(text: str) -> str:
    head, *rows = text.splitlines()
    return "\n".join([head, *(f"{row.rsplit(',', 1)[0]},{float(row.rsplit(',', 1)[1]) / 60:.4f}" for row in rows), ""])


@pytest.mark.parametrize("kind", SPOILT)
def test_wrong_input_is_refused_with_place_and_remedy_and_nothing_written(tiny: Path, kind: str):
    name, spoil = SPOILT[kind]
    path = tiny / "data/tiny" / name
    spoilt = spoil(path.read_text())
    path.write_bytes(spoilt if isinstance(spoilt, bytes) else spoilt.encode())
    refused = optimiser("solve", "configs/tiny.yaml", "--out", "runs/a", cwd=tiny)
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert name in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tiny / "runs").exists()


def test_a_typo_in_a_key_is_refused_with_its_line_and_a_guess(tiny: Path):
    path = tiny / "configs/typo.yaml"
    path.write_text("based_on: tiny.yaml\nservices:\n  walk_in:\n    minimum_patiens: 5\n")
    refused = optimiser("validate", "configs/typo.yaml", cwd=tiny)
    assert refused.returncode == 3
    assert refused.stderr.startswith('configs/typo.yaml, line 4: "minimum_patiens" is not a setting here.')
    assert 'Did you mean "minimum_patients"?' in refused.stderr


def test_a_program_is_told_every_fault_with_its_file_and_line(tiny: Path):
    path = tiny / "configs/typo.yaml"
    path.write_text("based_on: tiny.yaml\nservces: {}\nservices: {walk_in: {activity: vist}}\n")
    refused = optimiser("validate", "configs/typo.yaml", "--json", cwd=tiny)
    told = json.loads(refused.stdout)
    assert refused.returncode == told["exit_code"] == 3
    assert [(one["file"], one["line"]) for one in told["faults"]] == [
        ("configs/typo.yaml", 2),
        ("configs/typo.yaml", 3),
    ]
    assert told["faults"][0]["message"].endswith('Did you mean "services"?')
    missing = json.loads(optimiser("check", "runs/none", "--json", cwd=tiny).stdout)
    assert missing["error"] == "InputError" and missing["faults"][0]["file"].startswith("runs/none")


def test_the_version_is_said(tmp_path: Path):
    said = optimiser("--version", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (0, f"optimiser {version('hospital-service-optimiser')}\n")


def test_usage_faults_end_with_two(tmp_path: Path):
    assert optimiser("solve", cwd=tmp_path).returncode == 2
    assert optimiser("sovle", cwd=tmp_path).returncode == 2
    assert optimiser("compare", "one", cwd=tmp_path).returncode == 2
    assert optimiser("compare", "one.yaml", cwd=tmp_path).returncode == 2
    refused = optimiser("compare", "a_run", "option.yaml", cwd=tmp_path)
    assert refused.returncode == 2 and "option.yaml is evaluated by a question: name its config first" in refused.stderr
    assert optimiser("solve", "nowhere.yaml", cwd=tmp_path).returncode == 3


COMMANDS = (
    *("validate configs/tiny.yaml", "solve configs/tiny.yaml --out runs/a", "check runs/a", "explain runs/a"),
    *("evaluate configs/tiny.yaml --option option.yaml --out runs/b", "compare runs/a runs/b"),
    *("options configs/tiny.yaml", "report runs/a", "export runs/a --out exported", "sweep sweep.yaml"),
    *("init mine", "rules", "schema", "doctor", "--help"),
)


@pytest.mark.deep
def test_every_command_answers_in_a_process_of_its_own_too(tiny: Path):
    (tiny / "option.yaml").write_text(
        "option: ONE\ntitle: One open\ndesignations: {walk_in: [ash], x_ray: [ash]}\nnote: So.\n"
    )
    (tiny / "sweep.yaml").write_text("title: T\nconfig: configs/tiny.yaml\ngrid: {journey_factor: [1, 1.1]}\n")
    for words in COMMANDS:
        done = in_a_process(*words.split(), cwd=tiny)
        assert (done.returncode, done.stderr) == (0, ""), f"{words}: {done.stderr}"
        assert done.stdout, words
        assert ("Note of the option: So." in done.stdout) is words.startswith("evaluate"), words


def test_help_starts_with_an_example_and_imports_nothing_heavy(tmp_path: Path):
    found = optimiser("--help", cwd=tmp_path)
    assert found.returncode == 0
    assert "Example:" in found.stdout
    heavy = {"pandas", "numpy", "pulp", "highspy", "geopandas", "pydantic"}
    code = f"""
import sys
sys.argv = ["optimiser", "--help"]
from optimiser.cli import main
try:
    main()
except SystemExit:
    print(sorted({heavy!r} & set(sys.modules)))
"""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    loaded = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert loaded.stdout.splitlines()[-1] == "[]"


def test_init_writes_a_place_that_solves(tmp_path: Path):
    assert optimiser("init", "mine", cwd=tmp_path).returncode == 0
    assert "mine.yaml" in (tmp_path / "mine/README.md").read_text()
    assert optimiser("validate", "mine/mine.yaml", cwd=tmp_path).returncode == 0
    # The run is named after the folder.
    assert "_mine\n" in optimiser("solve", "mine/mine.yaml", cwd=tmp_path).stdout
    assert optimiser("init", "mine", cwd=tmp_path).returncode == 9


def test_a_place_of_files_alone_gets_its_question_from_init(tmp_path: Path):
    files = {
        "areas": "LSOA21CD,LSOA21NM,Total population,Aged 65+\nE01034001,Wyre 1A,900,200\nE01034002,Wyre 1B,800,100\n",
        "sites": "Hospital name,Postcode\nAsh,WY1 1AA\nBirch,WY2 2BB\n",
        "journeys": "LSOA name,Ash,Birch\nWyre 1A,5,20\nWyre 1B,30,10\n",
        "demand": "LSOA21CD,Stroke admissions\nE01034001,30\nE01034002,20\n",
    }
    for table, text in files.items():
        (tmp_path / f"{table}.csv").write_text(text)
        brought = optimiser("import", table, f"{table}.csv", "--into", "wyre/place", cwd=tmp_path)
        assert brought.returncode == 0, brought.stderr
    assert brought.stdout.splitlines()[-1] == "Next: optimiser init wyre"
    assert "population_65_plus" in (tmp_path / "wyre/place/areas.csv").read_text()
    written = optimiser("init", "wyre", cwd=tmp_path)
    assert written.stdout.splitlines()[-1] == "Next: optimiser validate wyre/wyre.yaml", written.stderr
    solved = optimiser("solve", "wyre/wyre.yaml", "--out", "run", cwd=tmp_path)
    assert solved.returncode == 0 and "Stroke admissions at Ash and Birch." in solved.stdout, solved.stderr
    assert optimiser("init", "wyre", cwd=tmp_path).returncode == 9


def test_init_says_how_it_is_used(tmp_path: Path):
    for words in ("init", "init mine --icb Devon --england", "init mine --all-units"):
        assert optimiser(*words.split(), cwd=tmp_path).returncode == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("said_of_it", "answered"),
    [
        ("border: closed", "5 areas, 3 candidates, 0 neighbours, 2 services, 5 boundaries."),
        ("areas_outside: known_in_full", "Left out: 1 area outside of which not every activity is"),
        ("areas_outside: all", "From 1 of the 1 areas outside nobody is counted for Walk-in clinic: how"),
    ],
    ids=["closed", "known in full", "all"],
)
def test_areas_outside_may_be_known_in_part_or_not_be_counted(said_of_it: str, answered: str, tmp_path: Path):
    assert optimiser("init", "mine", cwd=tmp_path).returncode == 0
    config, demand = tmp_path / "mine/mine.yaml", tmp_path / "mine/place/demand.csv"
    config.write_text(config.read_text("utf-8").replace("border: nearest", said_of_it), "utf-8")
    rows = demand.read_text("utf-8").splitlines(keepends=True)
    demand.write_text("".join(row for row in rows if not row.startswith("X1,")), "utf-8")
    done = optimiser("validate", "mine/mine.yaml", cwd=tmp_path)
    assert done.returncode == 0 and answered in done.stdout, done.stdout + done.stderr
    assert drawing(read_problem(tmp_path / "mine/mine.yaml")) is not None


def test_an_import_that_is_not_complete_and_a_run_in_place_of_its_config_are_told_so(tmp_path: Path):
    place = tmp_path / "mine/place"
    place.mkdir(parents=True)
    shutil.copy(ROOT / "data/tiny/areas.csv", place)
    done = optimiser("init", "mine", cwd=tmp_path)
    assert done.returncode == 3
    assert "sites.csv, journeys.csv and demand.csv are not there yet, and a question needs them." in done.stderr
    for name in ("run.json", "config.yaml"):
        (place / name).write_text("{}")
    asked = optimiser("solve", "mine/place", cwd=tmp_path)
    assert (asked.returncode, "What it was asked is its config.yaml" in asked.stderr) == (3, True)


def test_whoever_reads_no_further_ends_a_command_in_good_order(monkeypatch: pytest.MonkeyPatch):
    def stopped(**_: object) -> None:
        try:
            raise BrokenPipeError
        except BrokenPipeError:
            sys.exit(1)  # as click does

    monkeypatch.setattr(cli, "app", stopped)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0


def test_rules_schema_and_doctor_speak_json(tmp_path: Path):
    rules = json.loads(optimiser("rules", "--json", cwd=tmp_path).stdout)
    assert {"rule", "words", "unit", "may_be_relaxed"} == set(rules[0])
    assert "properties" in json.loads(optimiser("schema", cwd=tmp_path).stdout)
    doctor = json.loads(optimiser("doctor", "--json", cwd=tmp_path).stdout)
    assert len(doctor["solver"]["canaries"]) == 5


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_while_libraries_still_load_ends_without_a_traceback(tmp_path: Path, stop: signal.Signals, code: int):
    # In place of the first library that the command line loads: one that takes its time, and says that it has begun.
    (tmp_path / "typer.py").write_text("import time\nprint('loading', flush=True)\ntime.sleep(60)\n")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    words = [sys.executable, "-m", "optimiser", "rules"]
    running = subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout and running.stdout.readline().strip() == b"loading"
    running.send_signal(stop)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (code, b"Stopped. Nothing was left half-written.\n")


def test_a_stop_while_a_module_is_half_loaded_ends_in_good_order(tmp_path: Path):
    half = "import sys, types\nsys.modules['optimiser.plan.runs'] = sys.modules['optimiser.scenarios.running'] = "
    code = f"{half}types.ModuleType('half')\nfrom optimiser.__main__ import _stop\n_stop(15, None)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (143, "Stopped. Nothing was left half-written.\n")


@pytest.mark.parametrize("after", [0.5, 0.8, 1.1])
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_leaves_nothing_that_looks_finished(tiny: Path, stop: signal.Signals, code: int, after: float):
    words = [sys.executable, "-m", "optimiser", "solve", "configs/tiny.yaml", "--out", "runs/a"]
    running = subprocess.Popen(
        words, cwd=tiny, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(after)
    running.send_signal(stop)
    running.communicate(timeout=60)
    finished = (tiny / "runs/a").exists()
    # Ended before our first line or after our last, Python itself says so with the signal's number below zero.
    assert running.returncode in (code, -stop, *((0,) if finished else ()))
    assert finished or not list(tiny.glob("runs/*"))
