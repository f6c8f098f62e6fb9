"""Options from the command line: tables, the folder with every option, and what docs/options.md shows."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import ROOT, optimiser
from shipped import question
from test_cli import tiny  # noqa: F401

import optimiser as op
from optimiser.cli.options import _near_best
from optimiser.model.arithmetic import lawful, value
from optimiser.search import options as search

PAGE = ROOT / "docs/options.md"
ALL = ("--within", "20%", "--front", "patient_minutes,changes_from_today", "--best", "3")


def shown(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def examples() -> list[tuple[str, str]]:
    """Return every command of the page with what the page says it prints."""
    return re.findall(r"```text\n\$ optimiser ([^\n]*)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize(("command", "printed"), examples(), ids=[command for command, _ in examples()])
def test_the_page_shows_what_the_command_prints(command: str, printed: str):
    # An ellipsis on a line of its own leaves lines out.
    found, at = shown(optimiser(*shlex.split(command), cwd=ROOT).stdout), 0
    for number, part in enumerate(re.split(r"^…\n", printed, flags=re.MULTILINE)):
        lines = shown(part)
        places = [n for n in range(at, len(found)) if found[n : n + len(lines)] == lines]
        assert places and (number or places[0] == 0), part
        at = places[0] + len(lines)


def test_the_page_has_examples():
    assert len(examples()) >= 3


def test_a_folder_of_options_holds_every_lawful_one(tiny: Path):  # noqa: F811
    done = optimiser("options", "configs/tiny.yaml", *ALL, "--out", "runs/o", cwd=tiny)
    assert done.returncode == 0, done.stderr
    assert "Folder: runs/o" in done.stdout
    folder, problem = tiny / "runs/o", op.read_problem(tiny / "configs/tiny.yaml")
    record = json.loads((folder / "run.json").read_text())
    for name, digest in record["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {*record["files"], "run.json"}

    values, places, choices = (
        np.load(folder / "values.npy"),
        np.load(folder / "places.npy"),
        pd.read_csv(folder / "choices.csv", keep_default_na=False),
    )
    assert len(values) == len(places) == record["lawful"] == 7
    for row, place in zip(values, places[:, 0], strict=True):
        chosen = choices[place // choices["stride"] % choices["choices"] == choices["choice"]]
        designated = {(site, line.service) for line in chosen.itertuples() for site in line.sites.split()}
        assert lawful(problem, designated)
        assert tuple(row) == tuple(value(problem, designated, objective) for objective in problem.objectives)
    table = pd.read_csv(folder / "options.csv")
    assert list(table["patient_minutes"]) == list(values[:3, 0])
    assert optimiser("options", "configs/tiny.yaml", "--out", "runs/o", cwd=tiny).returncode == 9


def test_a_share_of_five_is_asked_about(tiny: Path):  # noqa: F811
    refused = optimiser("options", "configs/tiny.yaml", "--within", "5", cwd=tiny)
    assert refused.returncode == 3
    assert "5 is 500%. Write 5%, if that is what you mean." in refused.stderr


def test_the_hurdles_of_the_config_come_first_in_its_order(tiny: Path):  # noqa: F811
    names = ["rota_is_filled", "enough_sites"]
    (tiny / "configs/ordered.yaml").write_text(f"based_on: tiny.yaml\nhurdles: [{', '.join(names)}]\n")
    asked, usual = (
        json.loads(optimiser("options", *said, "--json", cwd=tiny).stdout)
        for said in (["configs/ordered.yaml"], ["configs/tiny.yaml", "--hurdles", ",".join(names)])
    )
    assert [row["rule"] for row in asked["hurdles"]][:2] == names
    assert asked == usual
    (tiny / "configs/wrong.yaml").write_text("based_on: tiny.yaml\nhurdles: [rota_is_full]\n")
    refused = optimiser("options", "configs/wrong.yaml", cwd=tiny)
    assert refused.returncode == 3
    assert 'there is no rule "rota_is_full". Did you mean "rota_is_filled"?' in refused.stderr


def test_each_service_of_a_near_best_option_stands_with_its_own_journeys(tiny: Path):  # noqa: F811
    found = json.loads(optimiser("options", "configs/tiny.yaml", *ALL, "--json", cwd=tiny).stdout)
    problem, codes = op.read_problem(tiny / "configs/tiny.yaml"), list(found["best"][0])[2:]
    means = []
    for row in found["near_best"]["plans"]:
        designated = {(site, code) for code in codes if code in row for site in str(row[code]).split()}
        measures = op.evaluate(problem, designated).measures.set_index(["service", "measure", "group"])["value"]
        for code in problem.services_with_patients:
            assert row[f"mean_minutes.{code}"] == pytest.approx(measures[code, "mean_minutes", ""])
        means.append([row[f"mean_minutes.{code}"] for code in problem.services_with_patients])
    worse = [any(one > 1.01 * first for one, first in zip(row, means[0], strict=True)) for row in means]
    assert [row["some_service_worse"] for row in found["near_best"]["plans"]] == worse
    assert True in worse and not worse[0]


def test_what_was_not_looked_at_is_not_said_to_be_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    # Of the 12 that are near the best only the first one is written down: others do have longer journeys.
    monkeypatch.setattr(search, "MOST_WRITTEN_DOWN", 5)
    monkeypatch.setattr(search, "WRITTEN_DOWN_OF_MORE", 1)
    problem = question("base")
    near, listed = op.near_best(problem, within=0.01), op.options(problem)
    _near_best(near, listed.lawful, listed.ranked.provided[0], 2, "within 1%")
    said = capsys.readouterr().out
    assert "In none of the 1 that are written down is any service's own average journey more than 1% longer\n" in said
    assert "than in the first. In the other 11 it may be: they were not looked at.\n" in said
    assert "No others of the 1 that are written down differ from the best in at least 2 designations:" in said


def test_near_in_another_aim_the_first_of_all_is_what_options_are_set_against():
    done = optimiser("options", "configs/base.yaml", "--within-minutes", "1", "--near-in", "worst_journey", cwd=ROOT)
    assert "what differs from the first of all, above" in done.stdout
    assert "Hyper-acute stroke unit: Broomfield (32.30* minutes against 24.64, 34% within 30" in done.stdout
    assert "longer than in\nthe first of all, above.\n" in done.stdout and "are not level" not in done.stdout


def test_one_plan_near_is_told_and_no_shares_of_it():
    done = optimiser("options", "configs/base.yaml", "--within", "0.01%", cwd=ROOT).stdout
    assert (
        "Of the 72 only one, the best, comes near the best, all services taken together,\nwithin 0.01% of all" in done
    )
    assert "How many of the" not in done and "differ from" not in done.split("comes near")[1].split("The best")[0]


def test_the_first_of_all_is_said_not_to_be_near_in_an_aim_in_which_it_is_not():
    asked = ("options", "configs/base.yaml", "--near-in", "worst_journey", "--within")
    beside, among = (optimiser(*asked, share, cwd=ROOT).stdout for share in ("1%", "500%"))
    assert "The first of all, above, is not among them." in beside and "is not among them" not in among
    assert "All of them do. To be near in another aim: --near-in patient_minutes." in among


def test_of_minutes_a_patient_it_is_said_that_a_patient_may_count_at_more_than_one_service():
    """At most 2 × (1,863 × 2 + 336,706) more patient-minutes a year: strokes count at two services."""
    done = optimiser("options", "configs/base.yaml", "--within-minutes", "2", cwd=ROOT).stdout
    assert "within 2 minutes a patient on average (who counts once at each service); 99% of all patient-minutes" in done
    assert "patient minutes at most 7,959,621.03, where the best is 7,278,758.36." in done
    assert pytest.approx(7_959_621.03, abs=0.5) == 7_278_758.36 + 2 * (2 * 1_862.666675 + 336_706)


def test_two_trade_offs_between_two_aims_are_not_said_to_have_won_anything():
    two = optimiser("options", "configs/base.yaml", "--front", "patient_minutes,worst_journey", cwd=ROOT).stdout
    assert "2 trade-offs between patient minutes and worst journey: no option is as good as one of these in all" in two
    assert "Two trade-offs between two aims each score best under half of all weights, whatever their numbers." in two
    assert "weights won" not in two.lower() and "equally" not in two


def test_json_holds_what_the_tables_do(tiny: Path):  # noqa: F811
    found = json.loads(optimiser("options", "configs/tiny.yaml", *ALL, "--json", cwd=tiny).stdout)
    assert (found["listed"], found["lawful"], len(found["best"])) == (64, 7, 3)
    assert sum(row["struck_out"] for row in found["hurdles"]) == 57
    assert found["near_best"]["count"] == len(found["near_best"]["plans"]) == 4
    assert [row["exact"] for row in found["front"]["trade_offs"]] == ["1/2", "1/2"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--hurdles", "enough_site"], 'hurdle "enough_site": there is no such hurdle. Did you mean "enough_sites"?'),
        (["--front", "patient_minute"], 'Did you mean "patient_minutes"?'),
        (["--front", "staff_short,staff_short"], '--front: names "staff_short" more than once. Name each once.'),
        (["--hurdles", "enough_sites,enough_sites"], '--hurdles: names "enough_sites" more than once. Name each once.'),
        (["--within", "a lot"], '"a lot" is not a share. Write 5% or 0.05.'),
        (["--near-in", "patient_minutes"], "--near-in: say how near as well"),
        (["--within", "-5%"], '"-5%" is not a share.'),
        (["--within", "5%", "--within-minutes", "1"], "one of the two"),
        (
            ["--within-minutes", "1", "--near-in", "staff_short"],
            "minutes a patient say how near only in patient_minutes or worst_journey, not in staff_short.",
        ),
        (["--front", "patient_minutes", "--within", "5%", "--near-in", "cost"], 'aim "cost": there is no such aim.'),
    ],
)
def test_what_is_wrong_is_named_with_a_remedy(tiny: Path, words: list[str], says: str):  # noqa: F811
    done = optimiser("options", "configs/tiny.yaml", *words, cwd=tiny)
    assert (done.returncode, done.stdout) == (3, "")
    assert says in done.stderr


def test_no_option_at_all_says_where_to_look(tiny: Path):  # noqa: F811
    config = tiny / "configs/none.yaml"
    config.write_text("based_on: tiny.yaml\nservices: {walk_in: {minimum_patients: 5000}}\n")
    done = optimiser("options", "configs/none.yaml", *ALL, cwd=tiny)
    assert (done.returncode, done.stderr) == (4, "")
    assert "the same 0 would be left" in done.stdout
    assert "No option meets every rule. To see which rules clash: optimiser solve" in done.stdout
