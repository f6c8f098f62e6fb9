"""Exports: the same bytes each time, numbers that a spreadsheet finds again, and no text that runs."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import geopandas
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shipped
import yaml
from command import optimiser
from hostile import HOSTILE
from made_up_place import CONFIG, write_question

import optimiser as op
from optimiser.errors import CheckFailed, InputError, MissingPackage, NotWritten
from optimiser.plan.affected import one_row_an_area
from optimiser.plan.finished import Run, sound_runs
from optimiser.plan.proof import Written
from optimiser.report.export import export_files, pictures
from optimiser.report.export.contents import DICTIONARY, csv_bytes, tidy_tables
from optimiser.report.export.figures import figures
from optimiser.report.export.geopackage import BRITISH_NATIONAL_GRID, geopackage_bytes, outlines
from optimiser.report.export.recalculation import HEADLINES
from optimiser.report.export.ways import LACKS
from optimiser.report.export.workbook import workbook_bytes
from optimiser.report.register import register_of
from optimiser.report.words import main_service

ROOT = Path(__file__).parents[2]
QUESTIONS = ("tiny", "base", "care_model", "what_if/treat_and_transfer", "what_if/observed_stroke_flows")
FIRST_ROW = 5
KEYS = ("run", "service", "team", "unit", "measure", "group", "resident", "site")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@cache
def run_of(question: str, runs: Path) -> Path:
    """Return the run folder of a question that ships, solved once."""
    return op.write_run(shipped.answer(question), runs / question.replace("/", "_"))


@cache
def read(question: str, runs: Path) -> Run:
    return sound_runs([run_of(question, runs)])[0]


def book_of(found: list[Run]) -> bytes:
    return workbook_bytes(found, tidy_tables(found))


@cache
def book(question: str, runs: Path) -> bytes:
    """Return the workbook of the run of a question that ships, made once."""
    return book_of([read(question, runs)])


def recalculation(workbook: bytes | Path, *, values: bool) -> list[list[object]]:
    """Return the lines of the sheet Recalculation."""
    content = workbook if isinstance(workbook, bytes) else workbook.read_bytes()
    # Read only, it reads no other sheet.
    sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=values, read_only=True)["Recalculation"]
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST_ROW)]


def without_stored_values(workbook: bytes) -> bytes:
    """Return a workbook in which no formula has a value stored beside it, so that whoever opens it works it out."""
    found = io.BytesIO()
    with ZipFile(io.BytesIO(workbook)) as old, ZipFile(found, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"(<f>[^<]*</f>)<v>[^<]*</v>", rb"\1", old.read(name)))
    return found.getvalue()


@cache
def stored(question: str, runs: Path) -> list[list[object]]:
    """Return the lines of the sheet Recalculation of a question that ships, with the values stored in them."""
    return recalculation(book(question, runs), values=True)


def in_libreoffice(workbook: Path) -> Path:
    """Return the workbook as LibreOffice saves it, every formula worked out by LibreOffice itself."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed: apt install libreoffice-calc, or from libreoffice.org")
    target = workbook.parent / "recalculated"
    profile = f"-env:UserInstallation={(workbook.parent / 'profile').as_uri()}"
    words = [program, "--headless", profile, "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(target)]
    subprocess.run([*words, str(workbook)], check=True, capture_output=True, timeout=180)
    return target / workbook.name


# -- the same bytes ---------------------------------------------------------------------------------


@pytest.mark.deep
def test_the_same_runs_give_the_same_bytes_on_another_day(runs: Path, monkeypatch: pytest.MonkeyPatch):
    found = [read("base", runs), read("what_if/treat_and_transfer", runs)]
    first = export_files(found)
    time.sleep(1.1)  # dates in these files go by seconds
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    second = export_files(sound_runs([run.folder for run in found]))
    monkeypatch.undo()
    time.tzset()
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_the_table_of_runs_says_what_the_check_made_sure_of_that_each_is_best(runs: Path):
    (table,) = (one for one in tidy_tables([read("tiny", runs)]) if one.name == "runs")
    assert list(table.frame["is_best"]) == [
        "That it is best was tried on all 64 options: 15 have too few sites or too many; of the other 49 none that "
        "keeps every rule is better."
    ]


def test_names_say_the_runs_date_question_and_key(runs: Path):
    run = read("tiny", runs)
    record = run.record
    renamed = replace(run, folder=Path("2020-01-01_One HASU=2"), record={**record, "date": "2026-11-21"})
    assert renamed.stem == f"2026_11_21_one_hasu_2_{run.contents}"
    assert replace(run, record={**record, "date": "../../x"}).stem == f"tiny_{run.contents}" == run.key
    assert all(name.startswith(f"{run.stem}_") for name in export_files([run]))


def test_the_key_stands_for_what_was_asked_and_answered(runs: Path, tmp_path: Path):
    (again,) = sound_runs(
        [op.write_run(op.solve(op.read_problem(ROOT / "configs/tiny.yaml")), tmp_path / "other name")]
    )
    assert again.contents == read("tiny", runs).contents != read("base", runs).contents
    assert again.key == f"other_name_{again.contents}"


# -- the recalculation ------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
def test_headline_numbers_are_found_again(question: str, runs: Path):
    lines = stored(question, runs)
    assert len(lines) > 10
    assert [line for line in lines if line[7] != 0] == []


def test_every_headline_is_found_again_in_some_question(runs: Path):
    seen = {str(line[2]) for question in QUESTIONS for line in stored(question, runs)}
    assert seen == set(HEADLINES)


LOOKED_AT = ("base", "care_model", "what_if/treat_and_transfer", "what_if/hasus_shared_out")


@pytest.mark.parametrize("question", LOOKED_AT)
def test_libreoffice_recalculates_to_differences_of_exactly_0(question: str, runs: Path, tmp_path: Path):
    (tmp_path / "book.xlsx").write_bytes(without_stored_values(book(question, runs)))
    # What comes back is LibreOffice's own.
    assert {line[6] for line in recalculation(tmp_path / "book.xlsx", values=True)} == {None}
    lines = recalculation(in_libreoffice(tmp_path / "book.xlsx"), values=True)
    formulas = recalculation(tmp_path / "book.xlsx", values=False)
    assert len(lines) == len(formulas) > 40
    assert all(str(line[6]).startswith("=") for line in formulas)
    assert all(isinstance(line[6], int | float) for line in lines)
    assert [line for line in lines if line[7] != 0] == []


def test_a_changed_cell_shows_as_a_difference(runs: Path, tmp_path: Path):
    workbook = openpyxl.load_workbook(io.BytesIO(book("tiny", runs)))
    journeys = workbook["Journeys"]
    header = [cell.value for cell in journeys[FIRST_ROW - 1]]
    journeys.cell(FIRST_ROW, header.index("minutes") + 1).value += 1
    workbook.save(tmp_path / "book.xlsx")
    lines = recalculation(in_libreoffice(tmp_path / "book.xlsx"), values=True)
    off = {str(line[2]) for line in lines if line[7] != 0}
    assert {"mean_minutes", "patient_minutes"} <= off


def test_no_formula_is_longer_than_a_cell_may_hold(runs: Path):
    lines = recalculation(book("care_model", runs), values=False)
    assert max(len(str(line[6])) for line in lines) < 8192


# -- hostile text -----------------------------------------------------------------------------------


def test_there_are_forty_hostile_names():
    assert len(set(HOSTILE)) == 40


def test_hostile_text_in_every_cell_is_text_and_nothing_else(runs: Path):
    run = read("care_model", runs)
    tables = [replace(one, frame=_spoilt(one.frame)) for one in tidy_tables([run])]
    workbook = openpyxl.load_workbook(io.BytesIO(workbook_bytes([run], tables)))
    assert [sheet.title for sheet in workbook][5:] == [one.title for one in tables]
    for sheet in workbook:
        formulas = [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert formulas == [] or sheet.title == "Recalculation"
        assert not sheet._hyperlinks
    assert workbook["Areas"].cell(FIRST_ROW, 3).value == HOSTILE[0]
    assert workbook["Areas"].cell(FIRST_ROW, 3).data_type == "s"


def _spoilt(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts, but for the keys that formulas look for, are hostile."""
    spoilt = frame.copy()
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]) and name not in KEYS:
            spoilt[name] = [
                HOSTILE[row % len(HOSTILE)].replace("\0", "").replace("\7", "") for row in range(len(frame))
            ]
    return spoilt


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose config has hostile text wherever a config takes text, and its place what a place lets through."""
    folder = tmp_path_factory.mktemp("hostile")
    names = iter([*HOSTILE, *HOSTILE])
    settings = yaml.safe_load(CONFIG)
    settings["title"] = next(names)
    settings["teams"]["doctors"]["name"] = next(names)
    care, labs = settings["services"]["care"], settings["services"]["labs"]
    care["name"], labs["name"] = next(names), next(names)
    care["minimum_patients"]["source"] = next(names)
    labs["fixed"]["ash"] |= {"reason": next(names), "source": next(names)}
    care["same_site"] = {"labs": {"source": next(names), "verified": True}}
    config = write_question(folder, yaml.safe_dump(settings, allow_unicode=True))
    let_through = [name for name in HOSTILE if name.isprintable() and name[0] not in "=+-@ " and '"' not in name]
    sites = "site,name,role\n" + "".join(
        f'{code},"{name}",{role}\n'
        for code, name, role in zip(
            ("ash", "birch", "elm"), let_through[2:5], ("candidate", "candidate", "neighbour"), strict=True
        )
    )
    areas = "area,name,resident,population,district,deprivation_decile\n" + "".join(
        f'{code},"{name}",true,1000,"{district}",1\n'
        for code, name, district in zip(("A1", "A2", "A3"), let_through[5:8], let_through[8:11], strict=True)
    )
    (folder / "place/sites.csv").write_text(sites, encoding="utf-8")
    (folder / "place/areas.csv").write_text(areas, encoding="utf-8")
    plan = op.evaluate(op.read_problem(config), {("ash", "care"), ("ash", "labs")})
    return op.write_run(plan, folder / "run =1+1")


def test_hostile_names_go_through_to_every_file_as_text(hostile_run: Path):
    files = export_files(sound_runs([hostile_run]))
    for name, content in files.items():
        if name.endswith(".xlsx"):
            workbook = openpyxl.load_workbook(io.BytesIO(content))
            for sheet in workbook:
                assert not sheet._hyperlinks
                formulas = [c.coordinate for row in sheet.iter_rows() for c in row if c.data_type == "f"]
                assert formulas == [] or sheet.title == "Recalculation"
            assert HOSTILE[0] in [cell.value for row in workbook["Cover"].iter_rows() for cell in row]
        elif name.endswith(".csv"):
            for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))):
                assert [cell for cell in row if cell.lstrip().startswith(tuple("=+@＝＋"))] == []
                assert all(cell.isprintable() for cell in row)
        elif name.endswith(".svg"):
            tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(content).iter()}
            assert tags <= {"svg", "title", "desc", "rect", "path", "circle", "text", "g", "clipPath"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_csv_cell_of_hostile_text_starts_no_formula(name: str, runs: Path):
    measures = next(one for one in tidy_tables([read("tiny", runs)]) if one.name == "measures")
    spoilt = replace(measures, frame=measures.frame.assign(group=name).head(1))
    _, row = csv.reader(io.StringIO(csv_bytes(spoilt).decode("utf-8-sig"), newline=""))
    assert row[3].strip()[0] not in "=+-@＝＋－＠"
    assert row[3].removeprefix("'") == name or row[3] == name


# -- the files --------------------------------------------------------------------------------------


def test_every_column_of_every_csv_is_in_the_data_dictionary(runs: Path):
    found = [read("care_model", runs)]
    stem = found[0].stem
    written = export_files(found, workbook=False)
    files = {name.removeprefix(f"{stem}_"): content for name, content in written.items()}
    rows = list(csv.DictReader(io.StringIO(files[f"{DICTIONARY.name}.csv"].decode("utf-8-sig"))))
    told = {(row["table"], row["column"]) for row in rows}
    assert all(row["meaning"] for row in rows)
    held = {
        (name.removesuffix(".csv"), column)
        for name, content in files.items()
        if name.endswith(".csv") and not name.startswith("figures")
        for column in content.decode("utf-8-sig").splitlines()[0].split(",")
    }
    assert told == held


def test_numbers_in_csv_files_are_those_of_the_run_folder(runs: Path):
    folder = run_of("base", runs)
    written = export_files([read("base", runs)], workbook=False)
    (content,) = (c for n, c in written.items() if n.endswith("_journeys.csv"))
    exported = pd.read_csv(io.BytesIO(content)).drop(columns="run")
    pd.testing.assert_frame_equal(exported, pd.read_csv(folder / "journeys.csv"))


def test_today_as_counted_stands_beside_the_models_and_says_how_far_apart(runs: Path):
    run = read("base", runs)
    tables = {one.name: one.frame for one in tidy_tables([run])}
    rows = tables["today_counted"].query("service == 'hyper_acute_stroke'").set_index("site")
    assert rows["counted"].to_dict() == {"basildon": 557, "broomfield": 555, "southend": 713}
    assert rows["modelled"].round().to_dict() == {"basildon": 799, "broomfield": 416, "southend": 487}
    assert (rows["apart"] * 100).round().to_dict() == {"basildon": 43, "broomfield": -25, "southend": -32}
    assert set(rows["period"]) == {"2018/19"} and rows["counted_by"].str.startswith("King's College London").all()
    cover = openpyxl.load_workbook(io.BytesIO(book("base", runs)))["Cover"]
    said = [str(row[1].value) for row in cover.iter_rows(min_row=4) if row[0].value == "Today, counted"]
    assert "The model is off by +43%, −25% and −32%" in said[0]


def test_assumptions_stand_with_what_they_do_as_in_a_pack(runs: Path):
    run = read("base", runs)
    tables = {one.name: one.frame for one in tidy_tables([run])}
    found = register_of(run)
    assert found
    rows, packed = tables["assumptions"].set_index("id"), found.rows.set_index("id")
    assert list(rows.index) == list(packed.index)
    consultants = rows.query("setting == 'staff.emergency_consultants.WTE'").iloc[0]
    assert (consultants["value"], consultants["unit"], consultants["switches_below"]) == ("25", "WTE", 20)
    assert consultants["verified"] == "true"
    changes = packed["change_at_high"].replace("", None).astype(float)
    assert np.array_equal(rows["change_at_high"], changes, equal_nan=True) and changes.notna().sum() > 10
    sheet = openpyxl.load_workbook(io.BytesIO(book("base", runs)))["Assumptions"]
    assert sheet.max_row == 4 + len(rows)


def test_the_first_table_people_see_has_the_runs_side_by_side_in_words_with_bars(runs: Path):
    base = read("base", runs)
    found = openpyxl.load_workbook(io.BytesIO(book("base", runs)))
    sheet = found["Summary"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST_ROW)]
    assert [cell.value for cell in sheet[FIRST_ROW - 1]] == ["measure", "service", "base"]
    assert ["Sites", "Hyper-acute stroke unit", "Basildon"] in rows
    measures = base.tables["measures"]
    of = measures[(measures["measure"] == "mean_minutes") & (measures["group"] == "")]
    means = {base.problem.services[code].name: value for code, value in zip(of["service"], of["value"], strict=True)}
    assert {service: value for words, service, value in rows if words == "Average minutes"} == means and means
    assert not any("_" in cell for row in rows for cell in row if isinstance(cell, str))
    # Bars of those very rows, by name.
    bars = sheet._charts[0].series[0]
    first, last = (
        rows.index(row) + FIRST_ROW for row in [r for r in rows if r[0] == "Average minutes"][:: len(means) - 1]
    )
    assert (bars.val.numRef.f, bars.cat.strRef.f) == (f"Summary!$C${first}:$C${last}", f"Summary!$B${first}:$B${last}")
    for one in found:
        assert (one.page_setup.orientation, one.page_setup.paperSize) == ("landscape", 9)
        assert one.sheet_properties.pageSetUpPr.fitToPage and one.page_setup.fitToHeight == 0
    assert found["Rules"].tables["table_rules"].ref.startswith(f"A{FIRST_ROW - 1}:")


def test_the_cover_says_what_people_call_an_option(runs: Path, tmp_path: Path):
    problem = read("tiny", runs).problem
    plan = op.evaluate(problem, problem.today, option=Written("O1", "As today", "A letter"))
    (found,) = sound_runs([op.write_run(plan, tmp_path / "option")])
    cover = openpyxl.load_workbook(io.BytesIO(book_of([found])))["Cover"]
    assert "Option O1: As today (A letter; not verified)." in [row[1].value for row in cover.iter_rows()]


def test_the_geopackage_has_areas_sites_and_catchments_on_the_grid(runs: Path, tmp_path: Path):
    run = read("base", runs)
    path = tmp_path / "results.gpkg"
    path.write_bytes(geopackage_bytes([run]))
    assert [name for name, _ in pyogrio.list_layers(path)] == [
        "areas",
        "sites",
        "catchments",
        "layer_styles",
        "leavers",
    ]
    areas, sites, catchments = (geopandas.read_file(path, layer=name) for name in ("areas", "sites", "catchments"))
    assert {str(frame.crs) for frame in (areas, sites, catchments)} == {BRITISH_NATIONAL_GRID}
    journeys, leavers = run.tables["journeys"], pyogrio.read_dataframe(path, layer="leavers")
    leaving = journeys[journeys["how"] == "leaves"].reset_index(drop=True)
    assert len(leaving) and set(leavers["run"]) == {run.key}
    assert list(leavers)[1:] == ["service", "area", "site", "destination", "patients_per_year", "share"]
    same = ["service", "area", "site", "patients_per_year"]
    pd.testing.assert_frame_equal(leavers[same], leaving[same])
    assert set(leavers["destination"][leavers["site"] == "queens_romford"]) == {"Queen's Hospital, Romford"}
    of_their_areas = journeys.groupby(["service", "area"])["patients_per_year"].sum()
    everybody = of_their_areas.loc[list(zip(leavers["service"], leavers["area"], strict=True))].to_numpy()
    # Of an area without patients there is no share.
    assert leavers["share"].isna().tolist() == (everybody == 0).tolist()
    assert np.allclose(leavers["share"].fillna(0) * everybody, leavers["patients_per_year"], atol=1e-5)
    for service, rows in journeys[journeys["how"] != "leaves"].groupby("service"):
        assert areas.set_index("area")[f"{service}_site"].loc[rows["area"]].tolist() == rows["site"].tolist()
        minutes = areas.set_index("area")[f"{service}_minutes"]
        assert minutes.loc[rows["area"]].tolist() == rows["minutes"].tolist()
        whole = catchments[catchments["service"] == service]
        assert np.isclose(whole.area.sum(), areas.area.sum(), rtol=1e-6)
        assert np.isclose(whole["patients_per_year"].sum(), rows["patients_per_year"].sum())
    assert catchments.is_valid.all()
    chosen = run.tables["designations"].query("service == 'hyper_acute_stroke' and designated == 'true'")["site"]
    provides = sites["provides_hyper_acute_stroke"] == "yes"
    assert set(sites["site"][provides]) == set(chosen)
    southend = sites.set_index("site").geometry["southend"]
    assert (southend.x, southend.y) == (586524, 187310)


def test_layers_come_with_a_style_names_in_words_and_the_change_from_today(runs: Path, tmp_path: Path):
    run, path = read("base", runs), tmp_path / "results.gpkg"
    path.write_bytes(geopackage_bytes([run]))
    styled = pyogrio.read_dataframe(path, layer="layer_styles").set_index("f_table_name")
    columns = {name: set(pyogrio.read_info(path, layer=name)["fields"]) for name in styled.index}
    assert styled["useAsDefault"].all() and set(columns) == {"areas", "sites", "catchments"}
    drawn = {name: ET.fromstring(text) for name, text in styled["styleQML"].items()}
    for name in ("areas", "sites"):
        aliases = {one.get("field"): one.get("name") for one in drawn[name].iter("alias")}
        assert {drawn[name].find("renderer-v2").get("attr"), *aliases} <= columns[name] and aliases
    assert aliases["provides_acute_stroke"] == "Acute stroke unit: is provided here"
    ranges = [(one.get("lower"), one.get("upper"), one.get("label")) for one in drawn["areas"].iter("range")]
    assert ranges[1:3] == [("15", "30", "15 to 30"), ("30", "45", "30 to 45")] and len(ranges) == 5
    areas = geopandas.read_file(path, layer="areas").set_index("area")
    today = one_row_an_area(run.before, "hyper_acute_stroke").set_index("area")["minutes"]
    was = areas["hyper_acute_stroke_minutes"] - areas["hyper_acute_stroke_change"]
    assert np.allclose(was, today.loc[was.index]) and (areas["hyper_acute_stroke_change"] > 10).any()


def test_outlines_lie_where_gdals_own_conversion_puts_them(runs: Path):
    run = read("base", runs)
    ours = outlines(run)
    assert ours is not None
    theirs = geopandas.read_file(run.folder / "inputs/boundaries.geojson").set_index("area").to_crs(27700)
    # With Ordnance Survey's grid installed GDAL is better by some metres; without it the two are the same.
    assert ours.geometry.centroid.distance(theirs.geometry.centroid).max() < 6


def test_a_place_without_outlines_has_points_and_curves_and_no_map(runs: Path, tmp_path: Path):
    run = read("tiny", runs)
    bare = shutil.copytree(run.folder, tmp_path / "bare")
    (bare / "inputs/boundaries.geojson").unlink()
    found = [replace(run, folder=bare)]
    path = tmp_path / "results.gpkg"
    path.write_bytes(geopackage_bytes(found))
    assert pyogrio.list_layers(path).tolist() == [["areas", "Point"], ["sites", "Point"], ["layer_styles", None]]
    assert [one.name for one in figures(found)] == [
        *("districts_walk_in", "volumes_walk_in", "curve_walk_in", "options_walk_in")
    ]


def test_a_plan_that_reaches_nobody_is_said_so(tmp_path: Path):
    plan = op.evaluate(shipped.question("tiny").behind_its_border(), [("ash", "x_ray")])
    files = {
        **plan.problem.files,
        "config.yaml": plan.problem.files["config.yaml"].replace(b"border: nearest", b"border: closed"),
    }
    (run,) = sound_runs([op.write_run(replace(plan, problem=replace(plan.problem, files=files)), tmp_path / "none")])
    drawn, *_ = figures([run])
    assert drawn.title == "Walk-in clinic at no site: somebody reaches no site"
    lines = recalculation(book_of([run]), values=True)
    assert {str(line[2]) for line in lines} >= {"patients", "patients_within_30", "staff_needed"}
    assert [line for line in lines if line[7] != 0] == []


@pytest.mark.parametrize("question", ["tiny", "base"])
def test_figures_state_their_finding_and_need_nothing_from_elsewhere(question: str, runs: Path):
    run = read(question, runs)
    found, services, chosen = figures([run]), run.problem.services_with_patients, run.plan.designated
    other = [code for code in services if any(code == one for _, one in chosen ^ run.problem.today)]
    changes = [f"{kind}_{service}" for service in other for kind in ("change", "districts", "volumes")]
    maps, curves = ([f"{kind}_{service}" for service in services] for kind in ("map", "curve"))
    options = [f"options_{main_service(run.problem)}"]
    assert [one.name for one in found] == [*maps, *changes, *curves, *options] and changes
    for one in found:
        root = ET.fromstring(one.svg)
        assert root.find("{*}title").text == one.title
        assert root.find("{*}desc").text == one.alt
        assert len(one.title.split()) <= 20
        assert " ".join(one.text or "" for one in root.iterfind(".//{*}text")).count("Draft: not a decision.") == 1
        if one.name not in changes:
            assert "within 30 minutes" in one.alt or "15 or less" in one.alt
        assert "http" not in one.svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert len(one.svg) < 200_000


def test_figures_of_what_changes_say_what_the_run_has(runs: Path):
    run = read("base", runs)
    drawn = {one.name: one for one in figures([run])}
    asked = drawn["volumes_hyper_acute_stroke"]
    assert asked.title.endswith("would see 1,702 patients a year; at least 600 are asked for")
    assert "Broomfield, 416 today and 0; Southend, 487 today and 0" in asked.alt
    of_districts = drawn["districts_hyper_acute_stroke"]
    assert of_districts.title.endswith("lengthen most for Braintree, from 26.5 to 39.9 minutes on average")
    shares = [int(one) for one in re.findall(r", (\d+)%", drawn["change_hyper_acute_stroke"].alt)]
    assert sum(shares) == 100 and drawn["change_hyper_acute_stroke"].title.endswith(
        f"for {sum(shares[3:])}% of patients"
    )


def test_the_figure_of_options_has_every_choice_of_sites_with_what_stops_it(runs: Path):
    *_, options = figures([read("base", runs)])
    assert options.title == "Hyper-acute stroke unit: 3 of 7 choices of sites meet every rule"
    first, *_, last = options.alt.removeprefix("Table. ").split("; ")
    assert first == (
        "Basildon: 24.64 average minutes, 75% within 30 minutes, 10% treated outside, 1,702 patients a year at a "
        "unit (at least 600, at most 2,000), 6 of 13 stroke consultants needed, meets every rule"
    )
    assert last.startswith("Broomfield and Southend: 22.26 ") and last.endswith("too few patients.")
    drawn = ET.fromstring(options.svg).findall(".//{*}text")
    words = [one.text for one in drawn]
    assert words.count("meets every rule") == 3 and "Basildon (the answer)" in words
    # What is too little is marked: of three pairs and of today's three units patients, of these three staff as well.
    assert [one.text for one in drawn if one.get("fill") == LACKS] == [
        *("416 to 799", "18 of 13", "416 to 1,286", "487 to 1,215", "518 to 1,184")
    ]


def test_a_browser_draws_png(runs: Path):
    if pictures.browser() is None:
        pytest.skip("no Edge, Chrome or Chromium is installed: apt install chromium")
    (curve,) = (one for one in figures([read("tiny", runs)]) if one.name.startswith("curve"))
    (picture,) = pictures.png_bytes([curve])
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20]) == 2 * 960


def test_without_a_browser_png_says_what_to_do(runs: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pictures, "browser", lambda: None)
    with pytest.raises(NotWritten, match="Install one, or leave out --png"):
        list(pictures.png_bytes(figures([read("tiny", runs)])))


# -- what is refused --------------------------------------------------------------------------------


def test_a_run_that_fails_its_check_is_not_passed_on(runs: Path, tmp_path: Path):
    spoilt = shutil.copytree(run_of("tiny", runs), tmp_path / "spoilt")
    measures = spoilt / "measures.csv"
    measures.write_text(measures.read_text().replace("mean_minutes,walk_in,,", "mean_minutes,walk_in,,1"))
    with pytest.raises(CheckFailed, match="not passed on"):
        op.write_export([spoilt], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_same_run_twice_is_refused(runs: Path, tmp_path: Path):
    again = shutil.copytree(run_of("tiny", runs), tmp_path / "again")
    with pytest.raises(InputError, match="same run"):
        sound_runs([run_of("tiny", runs), again])


def test_codes_that_differ_in_capitals_only_are_refused(runs: Path):
    run = read("tiny", runs)
    services = {**run.problem.services, "Walk_in": run.problem.services["walk_in"]}
    with pytest.raises(InputError, match="differ in capitals only"):
        tidy_tables([replace(run, plan=replace(run.plan, problem=replace(run.problem, services=services)))])


def test_without_xlsxwriter_it_says_how_to_get_it(runs: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(MissingPackage, match=r"pip install 'xlsxwriter<4,>=3.2'"):
        book_of([read("tiny", runs)])
    assert not any(name.endswith(".xlsx") for name in export_files([read("tiny", runs)], workbook=False))


def test_export_from_the_command_line(runs: Path, tmp_path: Path):
    folder = run_of("tiny", runs)
    done = optimiser("export", str(folder), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "exports").iterdir()
    assert made.name == read("tiny", runs).stem
    assert "results.xlsx" in done.stdout and "Next: open the workbook" in done.stdout
    again = optimiser("export", str(folder), "--out", str(made), cwd=tmp_path)
    assert again.returncode == 9
    assert "exists already" in again.stderr
    assert optimiser("export", "nowhere", cwd=tmp_path).returncode == 3
