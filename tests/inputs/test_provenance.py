"""What is said of where patients come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import optimiser
from made_up_place import CONFIG, TABLES, write_question
from shipped import answer

from optimiser.inputs import read_question
from optimiser.inputs.provenance import notes
from optimiser.inputs.starter import starter_files
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


def test_rows_of_columns_about_no_column_are_noted_with_what_was_meant(tmp_path: Path):
    rows = "journeys,minutse,made_up\njourneis,minutes,made_up\nborder,share,made_up\nareas,spare,made_up\n"
    rows += "boundaries,area,made_up\nborder,area,made_up\nareas,population_75_plus,made_up\n"
    areas = TABLES["areas"].replace("decile\n", "decile,spare\n").replace(",1\n", ",1,a\n").replace(",5\n", ",5,b\n")
    areas = areas.replace("500,,\n", "500,,,c\n")
    path = write_question(tmp_path, CONFIG, areas=areas, columns=f"{TABLES['columns']}{rows}")
    (tmp_path / "place/boundaries.geojson").unlink()
    question = read_question(path)
    assert [one.partition("columns.csv, ")[2] for one in notes(question.place, question.place_folder)] == [
        'row 3: journeys.csv has no column "minutse". Did you mean "minutes"?',
        'row 4: there is no table "journeis". Did you mean "journeys"?',
        "rows 5 and 8: the place has no border.csv. Take these out.",
        # No slip of "population".
        'row 9: areas.csv has no column "population_75_plus". Take the row out.',
        "row 7: the place has no boundaries.geojson. Take it out.",
    ]
    done = optimiser("validate", str(path), cwd=tmp_path)
    assert done.returncode == 0 and 'journeys.csv has no column "minutse"' in done.stdout


def test_a_source_of_the_template_that_is_credited_with_other_tables_is_noted(tmp_path: Path):
    for name, content in starter_files("devon").items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    question = read_question(tmp_path / "devon.yaml")
    assert notes(question.place, question.place_folder) == []
    staff = tmp_path / "place/staff.csv"
    staff.write_bytes(staff.read_bytes().replace(b",3,", b",4,", 1))
    (one,) = notes(read_question(tmp_path / "devon.yaml").place, question.place_folder)
    assert (
        "sources.csv, row 2: made_up is still the template's source, and columns.csv credits it with staff.csv" in one
    )
    outlines = tmp_path / "place/boundaries.geojson"
    outlines.write_text(outlines.read_text() + "\n")
    (one,) = notes(read_question(tmp_path / "devon.yaml").place, question.place_folder)
    assert "credits it with boundaries.geojson and staff.csv, which are not the template's" in one


def test_nothing_is_noted_of_a_place_that_says_nothing_of_sources(tmp_path: Path):
    question = read_question(write_question(tmp_path, CONFIG, columns=None, sources=None))
    assert notes(question.place, question.place_folder) == []


@pytest.mark.parametrize("name", ["base", "tiny"])
def test_places_that_ship_say_of_every_column_that_is_there_where_it_comes_from(name: str):
    question = read_question(ROOT / f"configs/{name}.yaml")
    assert notes(question.place, question.place_folder) == []
