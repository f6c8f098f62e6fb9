"""From which areas a site is within so many minutes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command import optimiser
from made_up_place import CONFIG, write_config, write_place
from shipped import answer

from optimiser.errors import InputError
from optimiser.report.isochrones import isochrones


def asked(folder: Path, more: str = "", **changed: str | None) -> Path:
    write_place(folder / "place", **changed)
    return write_config(folder, "base.yaml", CONFIG + more)


def steps(config: Path, *limits: float) -> list[tuple[float, float, int, float]]:
    found = isochrones(config, "ash", limits) if limits else isochrones(config, "ash")
    return [tuple(row) for row in found.steps.drop(columns="geometry").itertuples(index=False)]


def test_an_area_is_in_the_step_of_its_minutes_whole_and_once(tmp_path: Path):
    """To ash it is 10 minutes from A1, 15 from A2 and 50 from A3, where 1,000, 2,000 and 500 people live."""
    config = asked(tmp_path)
    assert steps(config) == [(0, 15, 2, 3000), (15, 30, 0, 0), (30, 45, 0, 0), (45, 60, 1, 500)]
    assert steps(config, 40, 12) == [(0, 12, 1, 1000), (12, 40, 1, 2000)]
    assert isochrones(config, "Ash Hospital", [40]).further == 1
    first, *_, last = isochrones(config, "ash").steps.geometry
    assert (round(first.area, 6), round(last.area, 6)) == (2, 1)


def test_minutes_are_those_of_the_question_with_its_factor(tmp_path: Path):
    config = asked(tmp_path, "travel: {factor: 2}\n")
    assert [row[2] for row in steps(config)] == [0, 2, 0, 0]


def test_what_cannot_be_drawn_is_refused_with_all_that_is_wrong(tmp_path: Path):
    config = asked(tmp_path)
    (tmp_path / "place" / "boundaries.geojson").unlink()
    with pytest.raises(InputError) as refused:
        isochrones(config, "as", [0, 15])
    for words in ('"as": is no code', 'Did you mean "ash"?', "minutes: 0: is not above 0", "Add boundaries.geojson."):
        assert words in str(refused.value)


def test_the_command_says_how_many_live_there_and_writes_outlines_in_degrees(tmp_path: Path):
    config = str(asked(tmp_path))
    done = optimiser("isochrones", config, "ash", "--geojson", "around.geojson", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "  0 to 15 minutes: 2 areas, 3,000 people" in done.stdout
    features = json.loads((tmp_path / "around.geojson").read_text())["features"]
    assert [one["properties"] for one in features] == [
        {"more_than_minutes": 0.0, "within_minutes": 15.0, "areas": 2, "people": 3000.0},
        {"more_than_minutes": 45.0, "within_minutes": 60.0, "areas": 1, "people": 500.0},
    ]
    again = optimiser("isochrones", config, "ash", "--minutes", "30", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["further"] == 1


def test_a_map_has_lines_around_a_site_where_they_are_asked_for_and_none_else():
    plan = answer("base")
    service = "hyper_acute_stroke"
    assert "stroke-dasharray" not in plan.map(service).svg
    drawn = plan.map(service, isochrones="southend").svg
    assert re.findall(r'stroke-dasharray="\d+ 3" data-within="(\d+)"', drawn) == ["15", "30", "45", "60"]
    assert "Dashed: 15, 30, 45 and 60 minutes" in drawn and "to Southend, whole areas" in drawn
    with pytest.raises(InputError, match=r"nowhere: this is no code of a site"):
        plan.map(service, isochrones="nowhere")
