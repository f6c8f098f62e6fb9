"""A place's tables are read exactly, whatever editor saved them, and nothing but regular files is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import shapely
from made_up_place import TABLES, geojson, square, write_place

from optimiser.errors import InputError, TooLarge
from optimiser.inputs import schema
from optimiser.inputs.tables import read_boundaries, read_place, sheets


def refusal(folder: Path) -> list[str]:
    """Return the faults for which a place is refused, without its folder's name."""
    with pytest.raises(InputError) as caught:
        read_place(folder)
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def refusal_of_change(tmp_path: Path, table: str, old: str, new: str) -> list[str]:
    """Return the faults that appear when one thing is replaced in one table."""
    assert old in TABLES[table]
    return refusal(write_place(tmp_path, **{table: TABLES[table].replace(old, new, 1)}))


def test_a_sound_place_is_read_as_it_stands(tmp_path: Path) -> None:
    place = read_place(write_place(tmp_path))
    assert place.areas["resident"].tolist() == [True, True, False]
    assert place.areas["population"].tolist() == [1000, 2000, 500]
    assert place.areas["district"].tolist() == ["West", "West", ""]
    assert place.areas["deprivation_decile"].isna().tolist() == [False, False, True]
    assert place.journeys["minutes"].tolist()[:3] == [10, 20.5, 40]
    assert place.demand["patients_per_year"][1] == float("4.333333")


def test_optional_tables_and_columns_may_be_left_out(tmp_path: Path) -> None:
    optional = {table.name: None for table in schema.PLACE_TABLES if not table.required}
    place = read_place(write_place(tmp_path, **optional))
    assert place.staff.empty and list(place.staff) == ["site", "team", "grade", "year", "people", "wte"]
    assert "population_75_plus" not in place.areas


def test_of_an_area_outside_neither_people_nor_patients_need_be_known(tmp_path: Path) -> None:
    areas, demand = TABLES["areas"].replace("500", ""), TABLES["demand"].replace("A3,visit,0\n", "")
    place = read_place(write_place(tmp_path, areas=areas, demand=demand))
    assert place.areas["population"].isna().tolist() == [False, False, True]
    assert place.counting("all") is place
    assert place.counting("known_in_full").areas["area"].tolist() == ["A1", "A2"]
    known = read_place(write_place(tmp_path / "known"))
    assert known.counting("known_in_full").areas["area"].tolist() == ["A1", "A2", "A3"]


def test_an_optional_table_with_a_header_alone_is_as_good_as_none(tmp_path: Path) -> None:
    headers = {name: f"{TABLES[name].splitlines()[0]}\n" for name in ("staff", "transfers")}
    place = read_place(write_place(tmp_path, **headers))
    assert place.staff.empty and len(place.areas) == 3


def test_what_spreadsheets_add_does_no_harm(tmp_path: Path) -> None:
    windows = "\ufeff" + TABLES["areas"].replace("true", "TRUE").replace("\n", "\r\n") + ",,,,,\r\n\r\n"
    assert read_place(write_place(tmp_path, areas=windows)).areas["area"].tolist() == ["A1", "A2", "A3"]


def test_a_number_keeps_every_digit_that_a_float_can_hold(tmp_path: Path) -> None:
    place = write_place(tmp_path, journeys=TABLES["journeys"].replace("20.5", "20.300000000000000710542735760100"))
    assert read_place(place).journeys["minutes"][1] == 20.3


@pytest.mark.parametrize("patients", ["999999.999999", "0.1", "0.000001", "450359.962737", "123456.654321", "1e-6"])
def test_patients_may_have_six_decimal_places(patients: str, tmp_path: Path) -> None:
    demand = TABLES["demand"].replace("A1,visit,10", f"A1,visit,{patients}")
    assert read_place(write_place(tmp_path, demand=demand)).demand["patients_per_year"][0] == float(patients)


CELLS = {
    "blank": (("journeys", "A1,ash,10", "A1,ash,"), "journeys.csv, row 2: minutes is blank."),
    "nobody knows how many residents": (
        ("areas", "2000", ""),
        "areas.csv, row 3: population is blank. Fill it in (People who live in the area); only areas outside may leave",
    ),
    "infinite": (
        ("journeys", "A1,ash,10", "A1,ash,inf"),
        'journeys.csv, row 2: minutes is "inf", which looks like no way there. If so, delete the row and list its pair '
        "under travel.allow_missing, as [area, site].",
    ),
    "too large": (("journeys", "A1,ash,10", "A1,ash,1e999"), 'journeys.csv, row 2: minutes is "1e999", which is not'),
    "words": (("journeys", "A1,ash,10", "A1,ash,ten"), "Write digits only, with a point for decimals, such as 12.5."),
    "decimal comma": (("journeys", "A1,ash,10", 'A1,ash,"10,5"'), "with a comma in it. Write a decimal point: 10.5."),
    "thousands": (("areas", "2000", '"2,000"'), "which has commas in it. Write 2000."),
    "underscore": (("areas", "2000", "2_000"), 'areas.csv, row 3: population is "2_000", which is not a number.'),
    "other digits": (("areas", "2000", "٢٠٠٠"), "which is not a number."),
    "part of a person": (("areas", "2000", "2000.5"), 'population is "2000.5": it is not a whole number.'),
    "out of range": (("areas", "West,1", "West,11"), 'deprivation_decile is "11": it is above 10, the most'),
    "more than any area has": (
        ("demand", "A1,visit,10", "A1,visit,1e30"),
        'patients_per_year is "1e30": it is above 1,000,000, the most that it can be. Correct it.',
    ),
    "more than live anywhere": (("areas", "2000", "1e30"), 'population is "1e30": it is above 100,000,000, the most'),
    "more than work anywhere": (("staff", "2024,3,", "2024,3,1e30"), 'wte is "1e30": it is above 1,000,000, the most'),
    "no true or false": (("areas", "true", "maybe"), 'areas.csv, row 2: resident is "maybe". Write true or false.'),
    "bad choice": (("sites", "neighbour", "neighbor"), 'is "neighbor": it is not allowed here. Write candidate or'),
    "bad code": (("sites", "ash,Ash", "ash-1,Ash"), "Use letters, digits and _ only, and start with a letter."),
    "perhaps thousands": (
        ("journeys", "A1,ash,10", 'A1,ash,"1,050"'),
        "which has a comma in it. Write 1050, or 1.050 if the comma stands for the decimal point.",
    ),
    "no way there": (
        ("journeys", "A1,ash,10", "A1,ash,99999"),
        'minutes is "99999", which looks like no way there. If so, delete the row and list its pair under',
    ),
    "kept secret": (
        ("demand", "A2,visit,4.333333", "A2,visit,<5"),
        'patients_per_year is "<5", the mark of a count that was not published, since it is small. Decide what stands',
    ),
    "formula": (("sites", "Ash Hospital", "=1+1"), 'name is "=1+1"; a spreadsheet would run it as a formula.'),
    "text that runs backwards": (("sites", "Ash Hospital", "Ash\u202e"), 'name is "Ash<U+202E>", which holds a char'),
    "control character": (("sites", "Ash Hospital", "Ash\x07"), 'name is "Ash<U+0007>", which holds a char'),
    "line break": (("sites", "Ash Hospital", '"Ash\nHospital"'), 'name is "Ash<U+000A>Hospital", which holds a char'),
    "unknown area": (("demand", "A2,visit", "A22,visit"), 'there is no area "A22" in areas.csv. Did you mean "A2"?'),
    "staff not counted": (("staff", "ash,doctors,2024,3,", "ash,doctors,2024,,"), "both people and wte are blank."),
    "transfer to itself": (("transfers", "ash,birch,20", "ash,ash,20"), "this transfer ends where it starts."),
    "missing transfer": (
        ("transfers", "birch,elm,12\n", ""),
        "after row 4: there is no transfer time from birch to",
    ),
    "missing demand": (
        ("demand", "A2,visit,4.333333\n", ""),
        "there is no visit for A2. Add it; where nobody needs it, write 0.",
    ),
    "long row": (("journeys", "A1,ash,10", "A1,ash,10,5"), "row 2: the row has 4 cells, the header 3."),
    "short row": (("journeys", "A1,ash,10", "A1,ash"), "row 2: the row has 2 cells, the header 3."),
    "a year written twice in two ways": (
        ("staff", "ash,doctors,2024,3,", "ash,doctors,2025.0,3,"),
        'row 3: site "ash", team "doctors", year "2025" is here again; it is already in row 2.',
    ),
    "a whole year written with a point": (
        ("staff", "ash,doctors,2025,4", "ash,doctors,2024.0,4"),
        'row 3: site "ash", team "doctors", year "2024.0" is here again; it is already in row 2.',
    ),
    "open quotation": (("sites", "elm,Elm", 'elm,"Elm'), "Look for a quotation mark that is not closed."),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_bad_cell_is_refused_in_plain_words(case: str, tmp_path: Path) -> None:
    (table, old, new), expected = CELLS[case]
    assert expected in "\n".join(refusal_of_change(tmp_path, table, old, new))


def test_a_place_needs_a_candidate_and_a_resident(tmp_path: Path) -> None:
    place = write_place(
        tmp_path,
        sites=TABLES["sites"].replace("candidate", "neighbour"),
        areas=TABLES["areas"].replace("true", "false"),
    )
    assert refusal(place) == [
        "areas.csv: no area is resident, so nobody is counted. Write true where people belong here.",
        "sites.csv: no site is a candidate, so there is nothing to decide. Give the system's own sites that role.",
    ]


def test_headers_are_checked_with_a_guess_at_slips(tmp_path: Path) -> None:
    place = write_place(tmp_path, journeys=TABLES["journeys"].replace("area,site,minutes", "area,site,minute"))
    assert refusal(place) == [
        'journeys.csv, row 1: "minute" is not a column of this table. Did you mean "minutes"?',
        'journeys.csv, row 1: the column "minutes" is missing (Journey time by road). Add it.',
    ]


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    faults = refusal_of_change(tmp_path, "sites", "site,name,role", "site,name,name")
    assert 'sites.csv, row 1: there are two columns "name". Delete one.' in faults


def test_semicolons_are_named_as_the_trouble(tmp_path: Path) -> None:
    place = write_place(tmp_path, sites=TABLES["sites"].replace(",", ";"))
    assert "sites.csv, row 1: the cells are not separated by commas." in refusal(place)[0]


def test_a_missing_required_file_says_which_columns_it_needs(tmp_path: Path) -> None:
    place = write_place(tmp_path, demand=None)
    assert refusal(place) == [
        "demand.csv: the file is missing. Add it, with the columns area, activity, patients_per_year."
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"PK\x03\x04rest", "an Excel workbook or a zip file"),
        (b"SQLite format 3\x00", "a database"),
        ("area,name".encode("utf-16"), "in UTF-16, not UTF-8"),
        (b"area,\x00name\n", "bytes that no text has"),
    ],
)
def test_what_is_no_csv_is_recognised(content: bytes, expected: str, tmp_path: Path) -> None:
    place = write_place(tmp_path)
    (place / "activity.csv").write_bytes(content)
    assert expected in refusal(place)[0]


def test_many_faults_of_one_kind_are_cut_short_and_counted(tmp_path: Path) -> None:
    rows = "".join(f"A{n},Area,true,-1,,\n" for n in range(1, 51))
    faults = refusal(write_place(tmp_path, areas=TABLES["areas"].split("\n")[0] + "\n" + rows))
    negative = [fault for fault in faults if "population" in fault]
    assert len(negative) == sheets.FAULTS_PER_KIND + 1
    assert negative[-1].startswith("areas.csv: and 30 more like this: ")


def test_a_site_to_which_nobody_travels_is_said_once(tmp_path: Path) -> None:
    journeys = "\n".join(line for line in TABLES["journeys"].split("\n") if ",birch," not in line)
    assert refusal(write_place(tmp_path, journeys=journeys)) == [
        "journeys.csv: there is no journey from any area to birch. Add them."
    ]


def test_many_areas_of_which_all_is_missing_are_said_in_one_line_a_table_with_all_of_them_for_programs(tmp_path: Path):
    codes = [f"B{number:02}" for number in range(20)]
    areas = "".join(TABLES["areas"].split("\n")[1].replace("A1", code, 1) + "\n" for code in codes)
    place = write_place(tmp_path, areas=TABLES["areas"].rstrip("\n") + "\n" + areas)
    with pytest.raises(InputError) as refused:
        read_place(place)
    named = "20 areas (B00, B01, B02, B03, B04 and 15 more; all with --json)"
    of_tables = {Path(fault.place).name: fault for fault in refused.value.faults}
    assert len(refused.value.faults) == len(of_tables) == 3
    assert of_tables["journeys.csv"].message == f"there is no journey from {named} to any site. Add them."
    assert of_tables["demand.csv"].message.startswith(f"there is nothing of {named}. Add ")
    assert of_tables["boundaries.geojson"].message == f"there is no outline of {named}. Add them."
    assert [list(fault.of) for fault in refused.value.faults] == [codes] * 3


def test_pairs_allowed_to_be_missing_may_be(tmp_path: Path) -> None:
    place = write_place(tmp_path, journeys=TABLES["journeys"].replace("A3,ash,50\n", ""))
    assert len(read_place(place, allow_missing=[("A3", "ash")]).journeys) == 8
    assert refusal(place) == [
        "journeys.csv, after row 9: there is no journey from A3 to ash. "
        "Add it, or list the pair under travel.allow_missing."
    ]


def test_seconds_for_minutes_are_noticed(tmp_path: Path) -> None:
    rows = "".join(f"A{a},{s},1200\n" for a in "123" for s in ("ash", "birch", "elm"))
    assert "these look like seconds" in refusal(write_place(tmp_path, journeys="area,site,minutes\n" + rows))[0]


def test_a_part_of_the_people_cannot_be_more_than_all(tmp_path: Path) -> None:
    areas = "area,name,resident,population,population_75_plus\nA1,a,true,9,10\nA2,b,true,9,1\nA3,c,true,9,1\n"
    assert refusal(write_place(tmp_path, areas=areas)) == [
        "areas.csv, row 2: population_75_plus is more than population. Correct one of them."
    ]


def test_a_file_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_FILE_BYTES", 20)
    with pytest.raises(TooLarge, match=r"areas\.csv has \d+ bytes; at most 20 are read"):
        read_place(write_place(tmp_path))


def test_more_rows_than_the_limit_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 5)
    with pytest.raises(TooLarge, match="more than 5 rows"):
        read_place(write_place(tmp_path))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(TABLES["activity"])
    place = write_place(tmp_path / "place")
    (place / "activity.csv").unlink()
    (place / "activity.csv").symlink_to(secret)
    assert refusal(place) == ["activity.csv: this leads out of the folder. Put the file itself here."]


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    place = write_place(tmp_path, staff=None)
    (place / "staff.csv").mkdir()
    assert refusal(place) == ["staff.csv: this is not a file. Put a file here."]


# -- boundaries


def boundary_faults(path: Path, areas: list[str] | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_boundaries(path, areas)
    return str(caught.value)


def test_boundaries_are_read_one_outline_an_area(tmp_path: Path) -> None:
    frame = read_boundaries(write_place(tmp_path) / "boundaries.geojson", ["A1", "A2", "A3"])
    assert frame["area"].tolist() == ["A1", "A2", "A3"]
    assert frame.crs == "EPSG:4326"
    assert shapely.area(frame.geometry.values).tolist() == [1, 1, 1]


BAD_BOUNDARIES = {
    "an area twice": (geojson({"A1": square(0, 50)}).replace("[{", "[").replace("[", "[", 1), "broken JSON"),
    "metres": (geojson({"A1": square(570000, 190000)}), "not in degrees of longitude"),
    "three points": (geojson({"A1": [[[0, 0], [1, 1], [0, 0]]]}), "encloses nothing"),
    "a line there and back": (geojson({"A1": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}), "encloses nothing"),
    "a key twice": (geojson({"A1": square(0, 50)}).replace("{", '{"type":"FeatureCollection",', 1), "broken JSON"),
    "NaN": (geojson({"A1": square(float("nan"), 50)}), "this is not GeoJSON but broken JSON"),
    "no polygons": (
        '{"type":"FeatureCollection","features":[{"geometry":{"type":"Point"}}]}',
        "feature 1: this feature is",
    ),
    "no list": ('{"type":"Polygon"}', "this is JSON without a list of features"),
    "deep nesting": ("[" * 100_000, "this is not GeoJSON"),
    "hostile coordinates": (
        '{"type":"FeatureCollection","features":[{"geometry":{"type":"Polygon","coordinates":"x"}}]}',
        "the coordinates cannot be read",
    ),
    "other coordinates": (
        geojson({"A1": square(0, 50)}).replace('"features"', '"crs":{"properties":{"name":"EPSG:27700"}},"features"'),
        "not longitude and latitude",
    ),
}


@pytest.mark.parametrize("case", BAD_BOUNDARIES)
def test_bad_boundaries_are_refused(case: str, tmp_path: Path) -> None:
    page, expected = BAD_BOUNDARIES[case]
    path = tmp_path / "boundaries.geojson"
    path.write_text(page)
    assert expected in boundary_faults(path)


def test_boundaries_and_areas_must_match_one_to_one(tmp_path: Path) -> None:
    path = tmp_path / "boundaries.geojson"
    path.write_text(geojson({"A1": square(0, 50), "A22": square(1, 50)}))
    faults = boundary_faults(path, ["A1", "A2"])
    assert 'there is no area "A22" in areas.csv. Did you mean "A2"?' in faults
    assert 'the area "A2" has no outline. Add it.' in faults


def geopackage(path: Path, application: bytes = b"GPKG") -> Path:
    """Write a GeoPackage of one square area."""
    cell = b"GP\x00\x01" + (4326).to_bytes(4, "little") + shapely.to_wkb(shapely.box(0, 50, 1, 51))
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA application_id = {int.from_bytes(application, 'big')}")
        database.execute("CREATE TABLE gpkg_geometry_columns (table_name, column_name, srs_id)")
        database.execute("INSERT INTO gpkg_geometry_columns VALUES ('areas', 'geom', 4326)")
        database.execute("CREATE TABLE areas (area, geom)")
        database.execute("INSERT INTO areas VALUES ('A1', ?)", (cell,))
    database.close()
    return path


def test_a_geopackage_is_read_without_gdal(tmp_path: Path) -> None:
    frame = read_boundaries(geopackage(tmp_path / "b.gpkg"), ["A1"])
    assert shapely.area(frame.geometry.values).tolist() == [1]


def test_what_only_bears_the_name_of_a_geopackage_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vrt.gpkg").write_text("<OGRVRTDataSource/>")
    assert "this is not a GeoPackage" in boundary_faults(tmp_path / "vrt.gpkg")
    assert "this is not a GeoPackage" in boundary_faults(geopackage(tmp_path / "other.gpkg", b"ABCD"))


# -- the declarations


@pytest.mark.parametrize("table", [*schema.PLACE_TABLES, *schema.RUN_TABLES], ids=lambda table: table.name)
def test_every_table_is_declared_in_full(table: schema.Table) -> None:
    assert set(table.key) <= set(table.column_names)
    assert len(set(table.column_names)) == len(table.columns)
    assert all(column.meaning for column in table.columns)
    assert all(column.unit for column in table.columns if column.numeric)


def test_the_data_dictionary_names_every_column_of_every_table() -> None:
    page = schema.data_dictionary()
    for table in (*schema.PLACE_TABLES, *schema.RUN_TABLES):
        assert f"### {table.name}.csv" in page
        assert all(f"| `{column.name}` |" in page for column in table.columns)


def test_frames_that_were_read_pass_the_schema_they_are_declared_by(tmp_path: Path) -> None:
    place = read_place(write_place(tmp_path))
    for table in schema.PLACE_TABLES:
        schema.frame_schema(table).validate(getattr(place, table.name), lazy=True)


# -- what does no harm is taken for what it means, and said once


def taken(folder: Path, **allowed: list[tuple[str, str]]) -> list[str]:
    """Return what was understood otherwise than it is written, without the folder's name."""
    place = read_place(folder, **allowed)
    return [words.removeprefix(f"{folder}/") for words in (*place.taken, *place.not_read)]


HARMLESS = {
    "thirds of patients": (
        {"demand": TABLES["demand"].replace("4.333333", "4.33333333333").replace("visit,10", "visit,9.66666666667")},
        ["demand.csv: 2 cells of patients_per_year rounded to the six decimal places that are counted."],
    ),
    "columns of one's own, and an index": (
        {"sites": ",site,name,role,my notes\n0,ash,Ash,candidate,x\n1,birch,Birch,candidate,\n2,elm,Elm,neighbour,\n"},
        ['sites.csv: passed over 2 columns that no table here has: one without a name, "my notes".'],
    ),
    "a diagonal of zeros": (
        {"transfers": TABLES["transfers"] + "ash,ash,0\nbirch,birch,0.0\nelm,elm,0\n"},
        ["transfers.csv: passed over 3 of 0 minutes from a site to itself."],
    ),
    "yes and no": (
        {"areas": TABLES["areas"].replace("true", "Y").replace("false", "0")},
        ["areas.csv: 3 cells of resident for true or false, such as Yes, Y or 1."],
    ),
    "spaces beside codes": (
        {"demand": TABLES["demand"].replace("A1,visit", "A1 , visit").replace("A2", "\u00a0A2")},
        [
            "demand.csv: 2 cells of area without the space before or after.",
            "demand.csv: 1 cell of activity without the space before or after.",
        ],
    ),
    "capitals in names of columns": (
        {"journeys": TABLES["journeys"].replace("area,site,minutes", "Area, SITE,minutes")},
        ['journeys.csv: the columns "Area", " SITE" by the name that was meant.'],
    ),
    "a financial year": (
        {"staff": TABLES["staff"].replace("2024", "2024/25")},
        ["staff.csv: 1 cell of year as the year in which the financial year begins."],
    ),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_does_no_harm_is_taken_for_what_it_means_and_said_once(case: str, tmp_path: Path) -> None:
    tables, expected = HARMLESS[case]
    place = write_place(tmp_path, **tables)
    assert taken(place) == expected
    for name, content in read_place(place).mended.items():
        assert list(tables) == [name.removesuffix(".csv")]
        again = write_place(tmp_path / "again", **{name.removesuffix(".csv"): content.decode()})
        assert taken(again) == []
        left, right = (getattr(read_place(one), name.removesuffix(".csv")) for one in (place, again))
        assert left.reset_index(drop=True).equals(right)


def test_a_journey_without_minutes_is_none_where_its_pair_may_be_missing(tmp_path: Path) -> None:
    journeys = TABLES["journeys"].replace("A3,ash,50", "A3,ash,").replace("A3,birch,22", "A3,birch,9999.0")
    place, pairs = write_place(tmp_path, journeys=journeys), [("A3", "ash"), ("A3", "birch")]
    assert taken(place, allow_missing=pairs) == [
        "journeys.csv: 2 journeys without minutes as none, as travel.allow_missing allows."
    ]
    assert len(read_place(place, allow_missing=pairs).journeys) == 7
    assert [words.split(": ")[1][:17] for words in refusal(place)] == ["minutes is blank.", 'minutes is "9999.']


def test_outlines_that_cross_themselves_are_mended(tmp_path: Path) -> None:
    place = write_place(tmp_path)
    bow_tie = [[[0, 50], [1, 51], [1, 50], [0, 51], [0, 50]]]
    outlines = {"A1": bow_tie, "A2": square(1, 50), "A3": square(2, 50)}
    (place / "boundaries.geojson").write_text(geojson(outlines))
    assert taken(place) == ["boundaries.geojson: 1 that crossed themselves, mended by make_valid: A1."]
    assert shapely.area(read_boundaries(place / "boundaries.geojson").geometry.values).tolist() == [0.5, 1, 1]


def test_outlines_may_be_named_as_official_statistics_name_them(tmp_path: Path) -> None:
    place = write_place(tmp_path)
    page = (place / "boundaries.geojson").read_text()
    (place / "boundaries.geojson").write_text(page.replace('"area"', '"lsoa21cd"'))
    assert taken(place) == ['boundaries.geojson: "lsoa21cd" as "area", the codes of the areas.']
    (place / "boundaries.geojson").write_text(page.replace('"area"', '"zone"'))
    assert refusal(place) == [
        'boundaries.geojson: no feature has "area", the code of its area; they have "zone". Rename the right one.'
    ]


def test_outlines_of_other_areas_altogether_are_said_once(tmp_path: Path) -> None:
    place = write_place(tmp_path)
    others = {f"E0102{n}": square(n, 50) for n in range(6)}
    (place / "boundaries.geojson").write_text(geojson(others))
    assert [words.partition(", which")[0] for words in refusal(place)] == [
        "boundaries.geojson: no outline is of an area in areas.csv"
    ]


@pytest.mark.parametrize("number", [0, -1])
def test_a_geopackage_that_does_not_say_its_system_is_refused(number: int, tmp_path: Path) -> None:
    path = geopackage(tmp_path / "b.gpkg")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (number,))
    database.close()
    assert "does not say its coordinate system" in boundary_faults(path)


def test_a_geopackage_without_codes_is_not_read_as_the_word(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "b.gpkg")
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE areas RENAME COLUMN area TO zone")
    database.close()
    assert 'no feature has "area", the code of its area; they have "zone"' in boundary_faults(path)


def test_a_geopackage_will_do_where_there_is_no_geojson(tmp_path: Path) -> None:
    place = write_place(tmp_path)
    (place / "boundaries.geojson").unlink()
    geopackage(place / "boundaries.gpkg")
    assert refusal(place) == [
        'boundaries.gpkg: the area "A2" has no outline. Add it.',
        'boundaries.gpkg: the area "A3" has no outline. Add it.',
    ]


UNREAD = {
    "outlines.json": "boundaries.geojson is.",
    "Journeys.CSV": "journeys.csv is.",
    "transfer.csv": "transfers.csv is.",
    "corridor.csv": "Call it corridors.csv.",
    "border.xlsx": "Bring it in: optimiser import border {folder}/border.xlsx --into {folder}",
    "my_workings.csv": "Tables of a place are named in the data dictionary.",
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_file_that_is_not_read_is_named_with_what_was_meant(name: str, tmp_path: Path) -> None:
    place = write_place(tmp_path)
    (place / name).write_text("x")
    (place / "README.md").write_text("What all this is")
    assert taken(place) == [f"{name}: this file is not read. {UNREAD[name].format(folder=place)}"]


def test_outlines_under_another_name_are_told_what_to_be_called(tmp_path: Path) -> None:
    place = write_place(tmp_path)
    (place / "boundaries.geojson").rename(place / "Boundaries.json")
    assert taken(place) == ["Boundaries.json: this file is not read. Call it boundaries.geojson."]


def test_a_workbook_in_place_of_a_table_is_told_how_to_come_in(tmp_path: Path) -> None:
    place = write_place(tmp_path, demand=None)
    (place / "demand.xlsx").write_bytes(b"PK")
    (fault,) = refusal(place)
    assert fault.endswith(
        f"demand.xlsx is there. Bring it in: optimiser import demand {place}/demand.xlsx --into {place}"
    )


WHOLE_TABLES = {
    "swapped": (
        "demand",
        TABLES["demand"].replace("area,activity", "activity,area"),
        "the columns area and activity are",
    ),
    "without a header": (
        "journeys",
        TABLES["journeys"].split("\n", 1)[1],
        "the first row holds data, not the names of",
    ),
    "titled": (
        "transfers",
        "Between sites,,\n,,\n" + TABLES["transfers"],
        "row 3 looks like the header. Delete the rows",
    ),
    "for Excel alone": ("staff", "sep=,\n" + TABLES["staff"], 'the first line, "sep=", is for Excel alone. Delete it.'),
    "of a journey planner": (
        "journeys",
        TABLES["journeys"].replace("area,site,minutes", "fromId,toId,travel_time_p50"),
        "the columns are fromId, toId, travel_time_p50, as journey planners write them, and here they are area, site",
    ),
    "wide": (
        "journeys",
        "zone,ash,birch,elm\nA1,10,20.5,40\nA2,15,12,30\nA3,50,22,\n",
        'this is a matrix, with a column for each of "ash", "birch" and 1 more; one row a pair is needed (area, site, ',
    ),
}


@pytest.mark.parametrize("case", WHOLE_TABLES)
def test_a_mistake_of_a_whole_table_is_said_once(case: str, tmp_path: Path) -> None:
    table, text, expected = WHOLE_TABLES[case]
    faults = refusal(write_place(tmp_path, **{table: text}))
    assert len(faults) == 1
    assert expected in faults[0]


def test_names_in_place_of_codes_are_said_once(tmp_path: Path) -> None:
    demand = TABLES["demand"].replace("A1,", "West 001A,").replace("A2,", "West 001B,").replace("A3,", "West 002A,")
    (fault,) = refusal(write_place(tmp_path, demand=demand))
    assert fault.startswith('demand.csv: area holds names, not codes, such as "West 001A".')
    assert fault.endswith(f"optimiser import demand {tmp_path}/demand.csv --into {tmp_path} --replace")


def test_official_codes_of_another_census_are_said_once_and_never_taken_for_slips(tmp_path: Path) -> None:
    def coded(text: str, first: int) -> str:
        return (
            text.replace("A1,", f"E0100{first}1,").replace("A2,", f"E0100{first}2,").replace("A3,", f"E0100{first}3,")
        )

    tables = {name: coded(TABLES[name], 200) for name in ("areas", "journeys")}
    place = write_place(tmp_path, **tables, demand=coded(TABLES["demand"], 350))
    (place / "boundaries.geojson").unlink()
    assert refusal(place) == [
        'demand.csv: 3 codes of area are not in areas.csv, such as "E01003501". Official codes change with a census, '
        "as those of 2011 and 2021 do: bring the table in with a lookup of both, or leave its rows out: "
        f"optimiser import demand {place}/demand.csv --into {place} --replace --lookup FILE"
    ]


def test_outlines_in_metres_are_said_once(tmp_path: Path) -> None:
    path = tmp_path / "boundaries.geojson"
    path.write_text(geojson({f"A{n}": square(570_000 + n, 190_000) for n in range(3)}))
    assert boundary_faults(path).endswith(
        '3 outlines, such as that of "A0", not in degrees of longitude and latitude. Export them in EPSG:4326, '
        f"or bring them in: optimiser import boundaries {path} --into {tmp_path} --replace --crs EPSG:27700"
    )
