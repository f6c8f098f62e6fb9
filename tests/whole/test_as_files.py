"""A world that failed is shown whole, and what is saved of it is the world that failed."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from as_files import read_world, save_world, shown_if_it_fails, with_files
from drawing import draws
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_enumeration import worlds
from worlds import small

import optimiser as op
from optimiser.problem import Problem


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(worlds())
def test_a_saved_world_is_read_as_it_was(tmp_path_factory: pytest.TempPathFactory, problem: Problem):
    folder = tmp_path_factory.mktemp("saved")
    save_world(problem, folder / "world")
    before, after = with_files(problem).files, read_world(folder / "world").files
    assert json.loads(before["config.yaml"]) == json.loads(after["config.yaml"])
    for name in before.keys() - {"config.yaml"}:
        one, other = (pd.read_csv(io.BytesIO(files[name])) for files in (before, after))
        order = list(one)
        one, other = (frame[order].sort_values(order, ignore_index=True) for frame in (one, other))
        pd.testing.assert_frame_equal(one, other, check_dtype=False)


def test_a_world_that_fails_is_shown_as_a_config_and_tables_that_can_be_run():
    with pytest.raises(AssertionError, match="nothing is ever right") as caught, shown_if_it_fails(small()):
        raise AssertionError("nothing is ever right")
    (told,) = caught.value.__notes__
    config = Path(re.search(r"optimiser solve (.*)\n", told).group(1))
    assert config.parent.name == "test_a_world_that_fails_is_shown_as_a_config_and_tables_that_can_be_run"
    for name in ("config.yaml", "inputs/areas.csv", "inputs/demand.csv", "inputs/journeys.csv", "inputs/sites.csv"):
        assert f"==> {name}\n{(config.parent / name).read_text('utf-8')}" in told
    assert op.solve(op.read_problem(config)).designated == op.solve(small()).designated


@draws(1)
@given(st.just(small()))
def nothing_is_right(problem: Problem):
    raise AssertionError("nothing is ever right")


def test_a_drawn_test_that_fails_shows_its_world_whole():
    with pytest.raises(AssertionError, match="nothing is ever right") as caught:
        nothing_is_right()
    (told,) = (note for note in caught.value.__notes__ if "optimiser solve" in note)
    assert "==> config.yaml\n" in told and "==> inputs/journeys.csv\n" in told


def test_a_world_that_does_not_fail_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("as_files._kept", lambda: tmp_path)
    with shown_if_it_fails(small()):
        pass
    assert not list(tmp_path.iterdir())
