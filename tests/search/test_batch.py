"""The options of many questions at once: each as it is by itself, whoever finds it, and none keeps back another."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from command import ROOT, optimiser
from shipped import question
from test_head_start import question as made_up
from test_head_start import scattered

from optimiser.cli.options import _told_apart
from optimiser.errors import InputError
from optimiser.problem import Figure
from optimiser.search import batch
from optimiser.search.option_files import files_of

SOUGHT = batch.Sought(best=3, within=0.1, aims=("patient_minutes", "worst_journey"))


def test_a_question_among_others_has_the_folder_that_it_has_by_itself_and_none_keeps_back_another():
    minutes, patients = scattered(7, 60, 18)
    tiny, too_large = question("tiny"), made_up(minutes, patients, 1)
    clinic = replace(tiny.services["walk_in"], at_least_sites=Figure(99.0))
    none = tiny.varied(services={**tiny.services, "walk_in": clinic})
    found = batch.of_each((too_large, tiny, none), SOUGHT)
    rows = batch.rows(("large", "tiny", "none"), (too_large, tiny, none), found)
    files = batch.files_of_all(rows, found)

    alone = files_of(SOUGHT.among(tiny))
    assert {"front.csv", "near_best.csv", "values.npy"} <= {*alone}
    assert {name: as_bytes(one) for name, one in alone.items()} == {
        name.removeprefix("tiny/"): as_bytes(one) for name, one in files.items() if name.startswith("tiny/")
    }
    assert not any(name.startswith("large/") for name in files)
    assert json.loads(files["none/run.json"])["lawful"] == 0

    large, listed, hopeless = csv.DictReader(files["questions.csv"].decode().splitlines())
    assert "too many" in large["outcome"] and large["listed"] == ""
    assert (listed["outcome"], listed["listed"], listed["lawful"]) == ("listed", "64", "7")
    assert float(listed["patient_minutes"]) == json.loads(alone["run.json"])["best"][0]["patient_minutes"] == 3200
    assert (hopeless["outcome"], hopeless["lawful"], hopeless["patient_minutes"]) == (batch.NONE, "0", "")


def as_bytes(content):
    return content if isinstance(content, bytes) else content.tobytes()


def test_the_command_has_a_row_and_a_folder_for_each_question(tmp_path: Path):
    (tmp_path / "again.yaml").write_text(f"based_on: {ROOT}/configs/tiny.yaml\ntitle: The same, asked again\n")
    both = [str(ROOT / "configs/tiny.yaml"), "again.yaml"]
    done = optimiser("options", *both, "--quiet", "--out", "found", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()[1:3]] == [
        [name, "64", "7", "patient", "minutes", "3,200"] for name in ("tiny", "again")
    ]
    assert {one.name for one in (tmp_path / "found").iterdir()} == {"questions.csv", "tiny", "again"}


def test_configs_of_one_name_are_told_apart_by_their_folders(tmp_path: Path):
    assert _told_apart([tmp_path / "a/place.yaml", tmp_path / "b/place.yaml"]) == ["a_place", "b_place"]
    assert _told_apart([tmp_path / "a/one.yaml", tmp_path / "b/two.yaml"]) == ["one", "two"]
    with pytest.raises(InputError, match=r'more than one is called "a_place"'):
        _told_apart([tmp_path / "a/place.yaml", tmp_path / "c/a/place.yaml"])


def test_what_is_wrong_with_any_question_is_told_at_once_and_one_alone_is_not_shared(tmp_path: Path):
    done = optimiser("options", "a.yaml", "b.yaml", cwd=tmp_path)
    assert done.returncode == 3 and "a.yaml" in done.stderr and "b.yaml" in done.stderr
    refused = optimiser("options", "a.yaml", "--cluster", "tcp://127.0.0.1:9", cwd=tmp_path)
    assert refused.returncode == 3 and "shares several questions between machines" in refused.stderr
