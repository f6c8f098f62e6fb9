"""A question on journeys as they were before a calibration: worked out, said, and checked."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from made_up_place import CONFIG, write_question
from road_tables import TABLES as ROADS

from optimiser.checker import check
from optimiser.errors import InputError
from optimiser.inputs import read_problem
from optimiser.plan.runs import files_of
from optimiser.problem import Problem
from optimiser.report.rests_on import figures
from optimiser.report.summary import lines
from optimiser.search.planning import solve

BOOK = "source: A book, verified: true"


def travel(plus: float = 5.8, times: float = 1.074, *, applied: str = "false", more: str = "", said: str = BOOK) -> str:
    figures = f"plus: {{value: {plus}, {said}}}, times: {{value: {times}, {said}}}"
    return f"{CONFIG}travel: {{calibration: {{{figures}, applied: {applied}}}{more}}}\n"


def asked(folder: Path, config: str, **changed: str | None) -> Problem:
    return read_problem(write_question(folder, config, **changed))


def whole(minutes: str, factor: Fraction = Fraction(1), less: str = "5.8", times: str = "1.074") -> float:
    exact = max(Fraction(minutes) - Fraction(less), Fraction(0)) * factor / Fraction(times)
    return float(Fraction(round(exact * 10**6), 10**6))


def test_journeys_and_transfers_are_less_what_was_added_and_divided_by_what_they_were_multiplied_by(tmp_path: Path):
    found = asked(tmp_path, travel())
    assert found.journeys.loc["A1"].to_dict() == {"ash": whole("10"), "birch": whole("20.5"), "elm": whole("40")}
    assert found.journeys.loc["A1", "ash"] == 3.910615
    assert found.transfers.loc["ash", "birch"] == whole("20")
    assert list(found.journeys.rank().to_numpy().ravel()) == list(
        asked(tmp_path / "as_it_is", CONFIG).journeys.rank().to_numpy().ravel()
    )


def test_it_comes_before_the_factor_and_nothing_is_below_0(tmp_path: Path):
    found = asked(tmp_path, travel(9, 1.25, more=", factor: 2"))
    assert found.journeys.loc["A3", "elm"] == 0
    assert found.journeys.loc["A1", "ash"] == whole("10", Fraction(2), "9", "1.25") == 1.6


def test_it_comes_after_what_roads_make_longer(tmp_path: Path):
    """To ash by the A1 20 minutes more."""
    access = "end,junction,km\nA1,west,2\nA2,west,2\nA3,west,2\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
    config = f"{travel()}roads: {{close: [A1 between Middle and East]}}\n"
    found = asked(tmp_path, config, **{**ROADS, "road_access": access})
    assert found.journeys.loc["A1", "ash"] == whole("20")
    assert check(files_of(solve(found))).empty


def test_where_it_is_applied_nothing_changes(tmp_path: Path):
    found = asked(tmp_path, travel(applied="true"))
    assert found.journeys.loc["A1", "ash"] == 10
    assert found.uncalibrated is None
    assert check(files_of(solve(found))).empty


def test_a_run_says_so_and_is_clean_and_one_whose_config_says_otherwise_is_not(tmp_path: Path):
    plan = solve(asked(tmp_path, travel(said="source: A guess")))
    words = (
        "The calibration of journey times is not applied: they are less 5.8 minutes, none below 0, and divided by 1.074"
    )
    assert any(line.startswith(words) for line in lines(plan))
    guess = "Journeys were calibrated as 5.8 + 1.074 × a routing program's minutes, which is taken back (A guess)"
    assert guess in figures(plan)
    assert guess not in figures(solve(asked(tmp_path / "read", travel())))
    files = files_of(plan)
    assert check(files).empty
    for was, now in ((b"applied: false", b"applied: true"), (b"5.8", b"5.9"), (b"1.074", b"1.075")):
        assert was in files["config.yaml"]
        lie = check({**files, "config.yaml": files["config.yaml"].replace(was, now)})
        assert any(message.startswith("journeys.csv row") for message in lie["message"]), now


@pytest.mark.parametrize(("plus", "times", "words"), [(-1, 1, "plus"), (5, 0, "times"), (5, 11, "times")])
def test_figures_that_no_calibration_has_are_refused(tmp_path: Path, plus: float, times: float, words: str):
    with pytest.raises(InputError, match=rf'"{words}" must be at (least|most)'):
        asked(tmp_path, travel(plus, times))
