"""What somebody with a notebook does: ask by a path, look at a plan, draw it, and make a place out of frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pytest
import shapely
from shipped import answer

import optimiser as op
from optimiser.errors import InputError

NOTEBOOK = Path(__file__).parents[2] / "docs/notebook.ipynb"
STROKE = "hyper_acute_stroke"

JOURNEYS = pd.DataFrame({"area": ["A", "A", "B", "B"], "site": ["x", "y"] * 2, "minutes": [10, 30, 40, 20.0]})
DEMAND = pd.DataFrame({"area": ["A", "B"], "activity": "visit", "patients_per_year": [100, 50]})
SITES = pd.DataFrame({"site": ["x", "y"], "name": ["X hospital", "Y hospital"], "role": "candidate"})
AREAS = pd.DataFrame({"area": ["A", "B"], "name": ["Ay", "Bee"], "resident": True, "population": [1000, 500]})
ONE_CLINIC = {
    "title": "Where?",
    "services": {"clinic": {"name": "Clinic", "activity": "visit", "neighbours": "none", "at_most_sites": 1}},
}


def test_the_public_names_are_all_that_is_listed():
    assert dir(op) == sorted(op.__all__)


def test_a_plan_shows_its_summary_as_text_and_in_a_notebook():
    plan = answer("base")
    shown = repr(plan)
    assert shown.splitlines() == [
        plan.problem.title,
        "  hyper_acute_stroke: basildon",
        "  acute_stroke: basildon, broomfield, southend",
        "  emergency_department: basildon, broomfield",
        "  cardiothoracic: basildon",
        "  radiotherapy: southend",
        "  burns_and_plastics: broomfield",
        "  proved best",
    ]
    assert plan._repr_html_().startswith("<pre>Where should hyper-acute stroke")
    assert "<script" not in plan._repr_html_()


def test_a_question_is_shown_in_four_lines():
    assert repr(answer("base").problem).splitlines()[1:] == [
        "  729 areas, 705 of them resident",
        "  services: hyper_acute_stroke, acute_stroke, emergency_department, cardiothoracic, radiotherapy, "
        "burns_and_plastics",
        "  candidates: basildon, broomfield, southend",
    ]


def test_measures_of_services_stand_side_by_side():
    wide = answer("base").measures_by_service
    assert wide.loc[STROKE, "mean_minutes"] == pytest.approx(24.635, abs=1e-3)
    assert list(wide.index) == ["hyper_acute_stroke", "acute_stroke", "emergency_department", *wide.index[3:]]


def test_areas_are_a_frame_that_can_be_drawn():
    plan = answer("base")
    areas = plan.areas()
    assert isinstance(areas, geopandas.GeoDataFrame)
    assert areas.crs == "EPSG:27700"
    journeys = plan.journeys_to(STROKE).query("how == 'stays'").set_index("area")["minutes"]
    assert (areas.set_index("area")[f"{STROKE}_minutes"] == journeys.reindex(areas["area"].to_numpy())).all()


def test_a_map_shows_itself():
    drawn = answer("base").map(STROKE)
    assert drawn._repr_svg_() == drawn.svg
    assert drawn.svg.startswith("<svg")
    assert "Basildon" in drawn.title


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(InputError, match="no service with patients"):
        answer("base").map("radiotherapy")
    plan = op.solve(op.question(ONE_CLINIC, op.place_from(journeys=JOURNEYS, demand=DEMAND, sites=SITES, areas=AREAS)))
    with pytest.raises(InputError, match="no outlines"):
        plan.map("clinic")


def test_without_a_frame_of_areas_those_of_the_others_are_residents():
    problem = op.question(ONE_CLINIC, op.place_from(journeys=JOURNEYS, demand=DEMAND, sites=SITES))
    assert set(problem.areas.index) == set(JOURNEYS["area"]) | set(DEMAND["area"])
    assert problem.areas["resident"].all()
    op.solve(problem)


def test_a_place_is_made_of_frames_and_asked_without_a_file():
    """One clinic: at x 100 x 10 + 50 x 40 = 3000 minutes, at y 100 x 30 + 50 x 20 = 4000; so at x, 20 on average."""
    outlines = geopandas.GeoDataFrame(
        {"area": ["A", "B"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs="EPSG:4326"
    ).to_crs("EPSG:3857")
    place = op.place_from(journeys=JOURNEYS, demand=DEMAND, sites=SITES, areas=AREAS, boundaries=outlines)
    plan = op.solve(op.question(ONE_CLINIC, place))
    assert plan.sites_of("clinic") == ("x",)
    assert plan.measures_by_service.loc["clinic", "mean_minutes"] == 20
    assert op.check(plan).empty
    assert plan.areas().geometry.notna().all()
    assert "Clinic" in plan.map("clinic").title


def test_faults_of_frames_and_settings_are_all_said_and_name_no_folder():
    with pytest.raises(InputError) as refused:
        op.place_from(journeys=JOURNEYS.assign(minutes=[10, -30, 40, -20]), demand=DEMAND, sites=SITES, areas=AREAS)
    assert [one.place for one in refused.value.faults][-2:] == ["journeys.csv, row 3", "journeys.csv, row 5"]
    place = op.place_from(journeys=JOURNEYS, demand=DEMAND, sites=SITES, areas=AREAS)
    asked = {"title": "Where?", "services": {"clinic": {"name": "Clinic", "activity": "vist"}}}
    with pytest.raises(InputError, match=r'^config.yaml, line \d+: there is no activity "vist".*Did you mean "visit"'):
        op.question(asked, place)
    with pytest.raises(InputError, match=r'^sits: a place has no such table. Did you mean "sites"\?$'):
        op.place_from(sits=SITES)


def test_plans_are_compared_under_names_of_ones_own():
    plan = answer("base")
    beside = op.compare({"one unit": plan, "today": plan.today})
    assert list(beside.columns) == ["one unit", "today"]
    assert beside.loc[(STROKE, "sites"), "one unit"] == "basildon"


def test_a_path_is_taken_where_a_question_is(tmp_path, monkeypatch):
    monkeypatch.chdir(NOTEBOOK.parents[1])
    plan = op.evaluate("configs/tiny.yaml", set())
    assert plan.designated == frozenset()
    with pytest.raises(InputError, match="there is no such file"):
        op.solve(tmp_path / "none.yaml")


def test_the_notebook_of_the_docs_runs(monkeypatch):
    monkeypatch.chdir(NOTEBOOK.parent)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), str(NOTEBOOK), "exec"), names)
    assert names["plan"].sites_of(STROKE) == ("basildon",)
