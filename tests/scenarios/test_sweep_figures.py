"""What is told of a finished sweep for figures: counts by value that add up, and what turns the answer first."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
import yaml

from optimiser.plan.runs import write_files
from optimiser.scenarios import files_of, run_sweep
from optimiser.scenarios.finished import MOST_STEPS, for_figures

ROOT = Path(__file__).parents[2]


def swept(folder: Path, **said: object) -> Path:
    file = folder / "sweep.yaml"
    config = str(ROOT / "configs/tiny.yaml")
    file.write_text(yaml.safe_dump({"title": "Made up", "config": config, **said}))
    return write_files(files_of(run_sweep(file)), folder / "found")


def test_each_value_is_counted_where_there_are_few(tmp_path: Path):
    floors = [10.0, 70.0, 1000.0]
    told = for_figures(swept(tmp_path, grid={"minimum_patients.walk_in": floors, "demand_factor.visit": [1.0, 1.01]}))
    results = pd.read_csv(tmp_path / "found/results.csv", keep_default_na=False)
    drawn = pd.read_csv(tmp_path / "found/scenarios.csv")
    by_name = {one["name"]: one for one in told["varied"]}
    for step, floor in zip(by_name["minimum_patients.walk_in"]["steps"], floors, strict=True):
        assert (step["low"], step["high"]) == (floor, floor)
        assert step["best"] == results["best"][drawn["minimum_patients.walk_in"] == floor].value_counts().to_dict()
    # Nobody can see a thousand patients at each of their sites: there is no plan then, and it is counted as none.
    assert by_name["minimum_patients.walk_in"]["steps"][2]["best"] == {"": 2}
    assert told["without_a_plan"] == 2
    # The floor decides and one in a hundred patients more does not.
    assert [one["name"] for one in told["varied"]] == ["minimum_patients.walk_in", "demand_factor.visit"]
    assert by_name["demand_factor.visit"]["turns"] == pytest.approx(0)


def test_many_values_lie_in_steps_of_equal_width_that_miss_nobody(tmp_path: Path):
    spread = {"shape": "uniform", "low": 0.5, "high": 1.5, "source": "Made up", "verified": False}
    told = for_figures(swept(tmp_path, draws=60, seed=1, vary={"demand_factor.visit": spread}))
    (varied,) = told["varied"]
    assert len(varied["steps"]) == MOST_STEPS
    assert sum(sum(step["best"].values()) for step in varied["steps"]) == 60
    drawn = pd.read_csv(tmp_path / "found/scenarios.csv")["demand_factor.visit"]
    assert (varied["steps"][0]["low"], varied["steps"][-1]["high"]) == (drawn.min(), drawn.max())
    for step, after in pairwise(varied["steps"]):
        assert step["high"] == after["low"]
        inside = (drawn >= step["low"]) & (drawn < step["high"])
        assert sum(step["best"].values()) == inside.sum()


def test_options_say_where_they_are_and_the_one_that_is_best_most_often_stands_first(tmp_path: Path):
    told = for_figures(swept(tmp_path, grid={"demand_factor.visit": [0.8, 1.0, 1.2]}))
    regret = pd.read_csv(tmp_path / "found/regret.csv").set_index("option")
    assert told["options"][0]["won_share"] == regret["won_share"].max()
    options = pd.read_csv(tmp_path / "found/options.csv")
    for one in told["options"]:
        rows = options[options["option"] == one["option"]]
        assert {(service, site) for service, sites in one["designated"].items() for site in sites} == {
            *zip(rows["service"], rows["site"], strict=True)
        }
