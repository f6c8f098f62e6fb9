"""What is said of where patients come from."""

from __future__ import annotations

from pathlib import Path

from shipped import answer

from optimiser.inputs.tables import unverified_activities
from optimiser.report import summary

ROOT = Path(__file__).parents[2]
SOURCES = b"source,verified\ncounted,true\nguessed,false\n"


def test_activities_of_an_unverified_source_are_named():
    two = b"table,column,source,note\ndemand,patients_per_year,counted,Rows of visit\n"
    two += b"demand,patients_per_year,guessed,Rows of birth and of fracture\n"
    files = {"inputs/sources.csv": SOURCES, "inputs/columns.csv": two}
    assert unverified_activities(files, ["birth", "visit", "fracture"]) == ["birth", "fracture"]
    one = {**files, "inputs/columns.csv": b"table,column,source\ndemand,patients_per_year,guessed\n"}
    assert unverified_activities(one, ["birth"]) == ["birth"]
    assert unverified_activities({}, ["birth"]) == []


def test_the_main_questions_summary_names_the_departments_patients_and_not_strokes():
    lines = summary.lines(answer("base"))
    (head,) = (n for n, line in enumerate(lines) if line.startswith("It rests on 9 unverified figures:"))
    named = lines[head + 1 : head + 10]
    assert all(line.startswith("- ") for line in named) and not lines[head + 10].startswith("- ")
    (patients,) = (line for line in named if line.startswith("- Patients of "))
    assert patients.startswith("- Patients of Full emergency department, by area (")
    assert any(line.startswith("- Acute stroke unit: 30 minutes count as near enough (The hyper") for line in named)
