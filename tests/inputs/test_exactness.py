"""No limit of exact sums is met only at solve: decimals that are too many are rounded and said, or refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_place import CONFIG, TABLES, write_config, write_question

from optimiser.checker import check
from optimiser.errors import InputError
from optimiser.inputs import Question, exactness, read_question
from optimiser.plan.runs import files_of
from optimiser.problem.decimals import table_times
from optimiser.search import planning

FINE = TABLES["journeys"].replace("A1,ash,10", "A1,ash,10.123456789").replace("20.5", "20.654321")
MANY = TABLES["demand"].replace("A1,visit,10", "A1,visit,200000.000001")
WITHOUT_STAFF = CONFIG.replace("    rotas:\n      doctors: {people: 2}\n", "")


def asked(root: Path, travel: str = "", *, demand: str = MANY) -> Question:
    config = f"{WITHOUT_STAFF}travel: {{{travel}}}\n" if travel else WITHOUT_STAFF
    return read_question(write_question(root, config, journeys=FINE, demand=demand))


def test_as_many_decimals_are_kept_as_can_be_added_and_that_is_said(tmp_path: Path) -> None:
    question = asked(tmp_path)
    assert [words.partition("journeys.csv: ")[2] for words in question.taken] == [
        "journey times rounded to 3 decimals of a minute; with more, sums over so many patients would not be exact "
        "(travel.decimals)."
    ]
    assert question.problem.journeys.loc["A1"].tolist() == [10.123, 20.654, 40]
    assert "decimals: 3" in question.problem.files["config.yaml"].decode()


def test_what_was_rounded_is_solved_listed_and_checked(tmp_path: Path) -> None:
    plan = planning.solve(asked(tmp_path).problem)
    assert plan.proof.enumeration is not None
    files = files_of(plan)
    assert not len(check(files))
    config = files["config.yaml"].replace(b"decimals: 3", b"decimals: 4")
    assert "minutes_are_the_tables" in set(check({**files, "config.yaml": config})["check"])


def test_a_factor_of_six_decimals_works(tmp_path: Path) -> None:
    problem = asked(tmp_path, "factor: 1.333333").problem
    assert problem.journeys.loc["A1"].tolist() == [13.5, 27.54, 53.33]
    assert not len(check(files_of(planning.solve(problem))))


def test_few_patients_keep_six_decimals(tmp_path: Path) -> None:
    question = asked(tmp_path, demand=TABLES["demand"])
    assert question.taken == ()
    assert question.problem.journeys.loc["A1"].tolist() == [10.123457, 20.654321, 40]
    assert "decimals" not in question.problem.files["config.yaml"].decode()


def test_stated_decimals_that_are_too_many_are_refused_with_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 18: with 4 decimals sums of .* too large to be exact\. Write 3\."):
        asked(tmp_path, "decimals: 4")
    assert asked(tmp_path / "fewer", "decimals: 1").problem.journeys.loc["A1"].tolist() == [10.1, 20.7, 40]


@pytest.mark.parametrize("decimals", ["7", "-1", "1.5", "many"])
def test_decimals_are_a_whole_number_up_to_six(decimals: str, tmp_path: Path) -> None:
    path = write_config(tmp_path, "base.yaml", f"{CONFIG}travel: {{decimals: {decimals}}}\n")
    with pytest.raises(InputError, match='line 20: "decimals" must be'):
        read_question(path)


def test_patients_too_many_for_whole_minutes_are_refused_with_the_decimals_that_would_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exactness, "LARGEST_EXACT", 2**40)
    with pytest.raises(InputError, match=r"place/demand\.csv: sums .*whole minutes\. Round patients_per_year to 5 dec"):
        asked(tmp_path)


@pytest.mark.parametrize("places", range(7))
def test_rounding_to_fewer_places_is_that_of_exact_fractions(places: int) -> None:
    rng = np.random.default_rng(places)
    values = np.concatenate([rng.integers(0, 10**8, 40) / 10**6, [0.5, 1.5, 2.5, 0.25, 0.125, np.nan, 1 / 3]])
    for factor in (Fraction(1), Fraction(1333333, 10**6), Fraction(1, 4)):
        found = table_times(pd.DataFrame(values), factor, places)[0].to_numpy()
        expected = [
            np.nan if np.isnan(one) else round(Fraction(repr(float(one))) * factor * 10**places) / 10**places
            for one in values
        ]
        assert np.array_equal(found, expected, equal_nan=True)
