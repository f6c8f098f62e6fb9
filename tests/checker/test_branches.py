"""Where designations are too many to try one by one, branches settle them: six clinics of two sites each, 4,096."""

from __future__ import annotations

from dataclasses import replace

import pytest
from as_files import with_files
from worlds import small

import optimiser as op
from optimiser import checker
from optimiser.checker import branches
from optimiser.checker.inputs import KNOWN_FILES, read_run
from optimiser.checker.reading import Reader, read_files
from optimiser.plan.runs import files_of
from optimiser.problem import Figure, Problem, Service
from optimiser.search.planning import solve

NOT_CHECKED = {"claimed": True, "checked": "NOT checked", "tried": 0, "words": "NOT checked."}


def six_clinics(**rules: object) -> Problem:
    """Return the small world with six clinics of the same patients."""
    one = small().services["clinic"]
    codes = [f"clinic_{n}" for n in range(1, 7)]
    services: dict[str, Service] = {code: replace(one, code=code, name=code.title(), **rules) for code in codes}
    today = frozenset((site, code) for site in ("ash", "birch") for code in codes)
    return with_files(replace(small(), services=services, today=today))


def test_many_designations_are_settled_by_branches():
    files = files_of(op.solve(six_clinics()))
    best = checker.said_of_best(files)
    assert best["checked"] == "tried by branches" and best["tried"] == 4_096
    assert "settle all 4,096 options" in str(best["words"])


def test_a_better_plan_than_the_one_called_the_best_is_found_and_named():
    problem = six_clinics()
    # Ash alone takes 1,250 patient-minutes, ash and birch together 800.
    best = frozenset((site, code) for site in ("ash", "birch") for code in problem.services)
    files = files_of(op.evaluate(problem, best - {("birch", "clinic_3")}))
    reader = Reader(read_files(files, KNOWN_FILES))
    assert branches.tried_by_branches(read_run(reader), reader, NOT_CHECKED) is None
    (breach,) = reader.breaches
    assert breach.check == "tried_by_branches" and breach.found == "clinic_3 at ash, birch"
    assert "a better designation breaks no rule: clinic_3 at ash, birch" in breach.message


def test_what_rules_forbid_is_not_better():
    problem = six_clinics(minimum_patients=Figure(40))
    # With both open, each sees 30 and 35: one site must do.
    best = checker.said_of_best(files_of(op.solve(problem)))
    assert best["checked"] == "tried by branches"


@pytest.mark.parametrize("limit", ["MOST_WORK", "MOST_BRANCHES"])
def test_what_would_take_too_long_is_said_to_be_unchecked(limit: str, monkeypatch: pytest.MonkeyPatch):
    files = files_of(op.solve(six_clinics()))
    monkeypatch.setattr(branches, limit, 0)
    assert checker.check(files).empty
    best = checker.said_of_best(files)
    assert best["checked"] == "NOT checked" and "the solver's word, and that of a list of them all" in str(
        best["words"]
    )
    without = checker.said_of_best(files_of(solve(six_clinics(), list_all=False)))
    assert without["checked"] == "NOT checked" and str(without["words"]).endswith("It is the solver's word.")
