"""Sobol indices of a sweep: those of functions solved by hand, of scenarios that differ in one parameter at a time."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import yaml

from optimiser.errors import InputError
from optimiser.plan.runs import write_files
from optimiser.scenarios import files_of, lines, read_sweep, run_sweep
from optimiser.scenarios.draws import scenarios
from optimiser.scenarios.influence import ANSWER, BEST, BROKEN, influence
from optimiser.scenarios.regret import Results
from optimiser.scenarios.settings import Spread, SweepSettings

ROOT = Path(__file__).parents[2]
HALF_AS_MANY = {"shape": "uniform", "low": 0.5, "high": 1.5}
A_TENTH = {"shape": "uniform", "low": 0.9, "high": 1.1}


PUBLISHED = {"first": [0.3138, 0.4424, 0], "total": [0.5574, 0.4424, 0.2436]}


def drawn(count: int, high: float, draws: int, seed: int = 1) -> np.ndarray:
    """Return so many parameters, each uniform from -high to high, of all scenarios for Sobol indices."""
    vary = {f"p{n}": Spread(shape="uniform", low=-high, high=high, decimals=6) for n in range(count)}
    said = SweepSettings(title="By hand", config="-", draws=draws, seed=seed, sobol=True, vary=vary)
    known = cast(Any, dict.fromkeys(vary, SimpleNamespace(whole=False)))
    return np.array([list(one.values()) for one in scenarios(said, known)])


def found_of(worth: np.ndarray, is_best: np.ndarray, count: int) -> pd.DataFrame:
    """Return the indices of a sweep with one designation, number 7, that comes to so much in each scenario."""
    ones = np.ones(len(worth), dtype=int)
    results = Results(
        numbers=np.array([7]),
        lawful=np.ones((len(worth), 1), dtype=bool),
        values=worth[:, None],
        scale=1,
        equal_best=is_best[:, None],
        best=0 * ones,
        order=np.array([[0, 0, 7]]),
        equal_count=ones,
        lawful_count=ones,
    )
    return influence(results, [f"p{n}" for n in range(count)], 7)


def swept(folder: Path, **said: object) -> Path:
    file = folder / "sweep.yaml"
    config = str(ROOT / "configs/tiny.yaml")
    file.write_text(yaml.safe_dump({"title": "Made up", "config": config, **said}))
    return file


def test_a_draw_is_two_scenarios_and_one_between_for_each_parameter():
    # A, then A with one parameter as in B, for each in turn, then B.
    for first, second, third, last in drawn(2, 1.0, 16).reshape(16, 4, 2):
        assert (second[0], second[1]) == (last[0], first[1])
        assert (third[0], third[1]) == (first[0], last[1])
        assert first[0] != last[0] and first[1] != last[1]


def test_of_a_sum_each_parameter_has_its_share_alone_and_with_others():
    # Variances of 3a + b are as 9 to 1.
    values = drawn(2, 1.0, 4096)
    found = found_of(3 * values[:, 0] + values[:, 1], values[:, 0] > 0, 2).set_index(["of", "parameter"])
    for order in ("first_order", "total_order"):
        assert found.loc[BEST, order].to_numpy() == pytest.approx([0.9, 0.1], abs=0.05)
    # Whether a is above 0 is a's alone, and no rule breaks.
    assert found.loc[ANSWER, "total_order"].to_numpy() == pytest.approx([1, 0], abs=0.05)
    assert BROKEN not in found.index.get_level_values("of")


def test_what_matters_together_alone_is_nobodys_alone():
    # Whether two signs are the same says nothing of either sign.
    values = drawn(2, 1.0, 4096)
    found = found_of(values[:, 0], values[:, 0] * values[:, 1] > 0, 2).set_index(["of", "parameter"]).loc[ANSWER]
    assert found["first_order"].to_numpy() == pytest.approx([0, 0], abs=0.05)
    assert found["total_order"].to_numpy() == pytest.approx([1, 1], abs=0.05)


def ishigami(draws: int, seed: int) -> pd.DataFrame:
    x, y, z = drawn(3, np.pi, draws, seed).T
    found = found_of(np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x), x > 4, 3)
    return found[found["of"] == BEST]


def test_the_indices_of_ishigamis_function_are_those_that_were_published():
    # Of sin x + 7 sin² y + 0.1 z⁴ sin x: Saltelli and others, 2008.
    found = ishigami(8192, 1)
    for order, due in PUBLISHED.items():
        assert found[f"{order}_order"].to_numpy() == pytest.approx(due, abs=0.05)


def test_the_range_of_an_index_holds_it_as_often_as_is_said():
    held = []
    for seed in range(20):
        found = ishigami(512, seed)
        for order, due in PUBLISHED.items():
            held += list((found[f"{order}_low"] <= due) & (due <= found[f"{order}_high"]))
    assert 0.88 <= np.mean(held) <= 0.99


def test_a_sweep_says_which_parameter_moves_the_answer_and_writes_it(tmp_path: Path):
    still = {"shape": "uniform", "low": 1, "high": 1}
    file = swept(tmp_path, draws=64, sobol=True, vary={"demand_factor.visit": HALF_AS_MANY, "journey_factor": still})
    finding = run_sweep(file)
    assert len(finding.scenarios) == 64 * 4
    files = files_of(finding)
    folder = write_files(files, tmp_path / "found")
    found = pd.read_csv(folder / "sobol.csv").set_index(["of", "parameter"])
    # The site with fewest patients has 100, and needs 70; nothing else varies at all.
    assert found.loc[(BROKEN, "demand_factor.visit"), "total_order"] > 0.9
    assert (found.xs("journey_factor", level="parameter").filter(like="order") == 0).all(axis=None)
    said = "\n".join(lines(finding))
    assert f"What moves whether {BROKEN}:\n  " in said and "Shares of the variance" in said
    assert files == files_of(run_sweep(file))
    assert "sobol.csv" not in files_of(run_sweep(swept(tmp_path, grid={"demand_factor.visit": [1.0]})))


def test_where_nothing_moves_the_answer_that_is_said(tmp_path: Path):
    still = {"shape": "uniform", "low": 1, "high": 1}
    file = swept(tmp_path, draws=16, sobol=True, vary={"demand_factor.visit": still, "journey_factor": still})
    finding = run_sweep(file)
    assert "there is nothing to share out" in "\n".join(lines(finding))
    assert b"of,parameter,first_order" in files_of(finding)["sobol.csv"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"draws": 100, "vary": {"journey_factor": A_TENTH, "demand_factor.visit": A_TENTH}}, "a power of 2"),
        ({"draws": 8, "vary": {"journey_factor": A_TENTH, "demand_factor.visit": A_TENTH}}, "16 or more"),
        ({"grid": {"journey_factor": [1.0, 2.0]}}, "sobol needs draws"),
        ({"draws": 16, "vary": {"journey_factor": A_TENTH}}, "nothing to tell apart"),
        (
            {
                "draws": 16,
                "vary": {"journey_factor": A_TENTH, "demand_factor.visit": A_TENTH},
                "together": [{"parameters": ["journey_factor", "demand_factor.visit"], "share": 0.5}],
            },
            "Take out together, or sobol",
        ),
    ],
)
def test_what_cannot_be_told_apart_is_refused_in_words(said: dict[str, object], words: str, tmp_path: Path):
    with pytest.raises(InputError, match=words):
        read_sweep(swept(tmp_path, sobol=True, **said))
