"""A person's own files come into a place as our tables, and every line says what was taken for what."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas
import openpyxl
import pandas as pd
import pytest
import shapely
from command import optimiser
from made_up_place import CONFIG, TABLES, geojson, square, write_config, write_place

from optimiser.errors import InputError, NotWritten
from optimiser.inputs import read_problem
from optimiser.inputs.importing import Wishes, bring_in
from optimiser.inputs.importing.writing import write_into
from optimiser.inputs.tables import read_boundaries, read_place

JOURNEYS = TABLES["journeys"].splitlines()


def brought(table: str, path: Path, place: Path, **wishes: Any) -> tuple[list[str], tuple[str, ...]]:
    """Return the rows of a table that was brought in, and what was said."""
    found = bring_in(table, path, place, Wishes(**wishes))
    (content, *_) = found.files.values()
    return content.decode().splitlines(), found.said


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def long(header: str, of: Mapping[str, str] | None = None, times: float = 1) -> str:
    """Return the made-up place's journeys under other names, and perhaps in another unit."""
    rows = [line.split(",") for line in JOURNEYS[1:]]
    return f"{header}\n" + "".join(f"{(of or {}).get(a, a)},{s},{float(m) * times:g}\n" for a, s, m in rows)


def minutes(rows: list[str]) -> list[float]:
    return [float(row.rsplit(",", 1)[1]) for row in rows[1:]]


LONG = {
    "r5py": ("from_id,to_id,travel_time", 1, {}, "times in minutes, half of them below 20.5."),
    "r5r, with a percentile": ("fromId,toId,travel_time_p50", 1, {}, '"travel_time_p50" as minutes.'),
    "a list of one's own": ("AREA,SITE,MINUTES", 1, {}, '"AREA" as area, "SITE" as site, "MINUTES" as minutes.'),
    "seconds by name": ("origin,destination,duration_seconds", 60, {}, "times in seconds, as minutes."),
    "hours, said": ("home,hospital,time", 1 / 60, {"unit": "hours"}, "times in hours, as minutes."),
    "columns, said": ("a,b,c", 1, {"columns": {"area": "A", "site": "b", "minutes": "c"}}, '"a" as area, "b" as site'),
}


@pytest.mark.parametrize("case", LONG)
def test_a_long_table_comes_in_by_any_names(case: str, tmp_path: Path) -> None:
    header, times, wishes, expected = LONG[case]
    place = write_place(tmp_path / "place")
    rows, said = brought("journeys", written(tmp_path, "t.csv", long(header, times=times)), place, **wishes)
    assert rows[0] == JOURNEYS[0]
    assert minutes(rows) == pytest.approx(minutes(JOURNEYS), abs=0.001)
    assert expected in " ".join(said)


def test_of_several_percentiles_the_median_is_taken(tmp_path: Path) -> None:
    text = "from_id,to_id,travel_time_p25,travel_time_p50,travel_time_p75\nA1,ash,5,10,15\n"
    rows, said = brought("journeys", written(tmp_path, "t.csv", text), tmp_path / "new")
    assert rows == ["area,site,minutes", "A1,ash,10.0"]
    assert 'passed over the columns "travel_time_p25", "travel_time_p75".' in said


def test_times_that_cannot_be_minutes_are_not_guessed_at(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    for named, wishes in (("travel_time", None), ("minutes", Wishes(mode="by_bus")), ("minutes", None)):
        path = written(tmp_path, "t.csv", long(f"from_id,to_id,{named}", times=60))
        with pytest.raises(InputError, match=r"half of its times are above 1,230.*--unit seconds"):
            bring_in("journeys", path, place, wishes)


def test_times_of_a_clock_come_in_and_those_that_could_be_two_things_do_not(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    rows = [line.split(",") for line in JOURNEYS[1:]]
    clocks = [f"{a},{s},{int(float(m)) // 60}:{int(float(m)) % 60:02}:{'30' if '.' in m else '00'}" for a, s, m in rows]
    path = written(tmp_path, "t.csv", "\n".join(["home,hospital,time", *clocks]))
    found, said = brought("journeys", path, place)
    assert minutes(found) == minutes(JOURNEYS)
    assert "times written as h:mm:ss." in said and "times in seconds, as minutes." in said
    with pytest.raises(InputError, match="Leave --unit out"):
        bring_in("journeys", path, place, Wishes(unit="minutes"))
    wide = written(tmp_path, "w.csv", "zone,ash,birch,elm\nA1,0:10:00,,0 days 00:40:00\nA2,0:15:20,1:12:00,0:30:00\n")
    found, said = brought("journeys", wide, tmp_path / "new")
    assert sorted(found[1:]) == [*("A1,ash,10.0", "A1,elm,40.0", "A2,ash,15.333", "A2,birch,72.0", "A2,elm,30.0")]
    assert "1 time rounded to 3 decimals of a minute." in said
    two = written(tmp_path, "two.csv", "home,hospital,time\nA1,ash,0:10\nA2,ash,1:15\n")
    with pytest.raises(InputError, match="Write them as h:mm:ss, or as a number of minutes"):
        bring_in("journeys", two, place)


def test_a_matrix_comes_in_whichever_way_it_lies(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    wide = ",zone,ash,birch,elm\n0,A1,10,20.5,40\n1,A2,15,12,30\n2,A3,50,22,8\n"
    turned = "hospital,A1,A2,A3\nash,10,15,50\nbirch,20.5,12,22\nelm,40,30,8\n"
    for text, words in ((wide, "a row for each of 3 areas"), (turned, "a column for each of 3 areas")):
        rows, said = brought("journeys", written(tmp_path, "t.csv", text), place)
        assert sorted(rows[1:]) == sorted(
            f"{area},{site},{float(time)}" for area, site, time in (line.split(",") for line in JOURNEYS[1:])
        )
        assert words in " ".join(said)


def test_a_matrix_between_sites_leaves_out_its_diagonal(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    text = "from,Ash Hospital,birch,elm\nAsh Hospital,0,20,30\nbirch,21,0,12\nelm,31,13,0\n"
    rows, said = brought("transfers", written(tmp_path, "t.csv", text), place)
    assert sorted(rows[1:]) == sorted(f"{line}.0" for line in TABLES["transfers"].splitlines()[1:])
    assert "3 from a site to itself left out." in said
    assert "1 site by name, as sites.csv has them." in said


ROUTED = {
    "OSRM's table": {"code": "Ok", "durations": [[600, 1230, 2400], [900, 720, 1800], [3000, 1320, None]]},
    "Valhalla's matrix": {
        "sources_to_targets": [
            [{"time": 600, "distance": 1}, {"time": 1230}, {"time": 2400}],
            [{"time": 900}, {"time": 720}, {"time": 1800}],
            [{"time": 3000}, {"time": 1320}, {"time": None}],
        ],
        "units": "kilometers",
    },
}


@pytest.mark.parametrize("program", ROUTED)
def test_the_answer_of_a_routing_program_comes_in_by_the_order_of_the_tables(program: str, tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    rows, said = brought("journeys", written(tmp_path, "t.json", json.dumps(ROUTED[program])), place)
    assert dict(line.rsplit(",", 1) for line in rows[1:]) == {
        pair: repr(float(time)) for pair, time in (line.rsplit(",", 1) for line in JOURNEYS[1:]) if pair != "A3,elm"
    }
    assert said[0] == f"{program} of 3 origins and 3 destinations, in seconds."
    assert '1 pair without a way ("") left out, such as A3 to elm' in " ".join(said).replace("blank", '""')


def test_a_grid_of_another_size_than_the_tables_is_refused(tmp_path: Path) -> None:
    page = json.dumps({"durations": [[60, 120], [60, 120]]})
    with pytest.raises(InputError, match=r"it has 2 where areas\.csv has 3, and names none of them"):
        bring_in("journeys", written(tmp_path, "t.json", page), write_place(tmp_path / "place"))


def test_marks_of_no_way_are_left_out_and_counted(tmp_path: Path) -> None:
    text = "area,site,minutes\nA1,ash,9999\nA1,birch,\nA1,elm,NaN\nA2,ash,-1\nA2,birch,99\nA3,ash,null\n"
    rows, said = brought("journeys", written(tmp_path, "t.csv", text), tmp_path / "new")
    assert rows[1:] == ["A2,birch,99.0"]
    assert said[1] == (
        '5 pairs without a way ("-1", "9999", "NaN", "null") left out, such as A1 to ash. '
        "List those of your areas under travel.allow_missing."
    )


def test_a_workbook_a_semicolon_file_and_one_of_windows_come_in(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "About"
    sheet = book.create_sheet("Journeys by car")
    sheet.append(["Made for the board, March"])
    sheet.append([])
    sheet.append(["Zone", "Site", "Mins"])
    sheet.append(["A1", "ash", 12.5])
    sheet.append(["A2", "ash", 7])
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match=r'has the sheets "About", "Journeys by car"\. Say which with --sheet'):
        bring_in("demand", tmp_path / "t.xlsx", tmp_path / "new")
    rows, said = brought(
        "journeys", tmp_path / "t.xlsx", tmp_path / "new", sheet="Journeys by car", columns={"area": "zone"}
    )
    assert rows[1:] == ["A1,ash,12.5", "A2,ash,7.0"]
    assert said[:2] == ('sheet "Journeys by car".', "row 3 as the header; the rows above it passed over.")
    path = written(tmp_path, "t.csv", "area;site;minutes\nA1;Pâquis;12,5\nA2;Pâquis;7\n".encode("cp1252"))
    rows, said = brought("journeys", path, tmp_path / "new")
    assert rows[1:] == ["A1,P_quis,12.5", "A2,P_quis,7.0"]
    assert said[:3] == (
        "letters of Windows (CP1252), since they are not UTF-8.",
        "cells parted by semicolons.",
        "1 number with a decimal comma as with a point.",
    )


def test_a_parquet_file_comes_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"from_id": ["A1", "A2"], "to_id": ["ash", "ash"], "travel_time": [12, None]})
    monkeypatch.setattr("optimiser.inputs.importing.reading.needed", lambda *_: None)
    monkeypatch.setattr(pd, "read_parquet", lambda _: frame)
    rows, _ = brought("journeys", written(tmp_path, "t.parquet", b"PAR1"), tmp_path / "new")
    assert rows[1:] == ["A1,ash,12.0"]


def test_areas_come_by_their_names_and_others_are_left_out(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    text = "lsoa,admissions\nappleby,1.3333333333\nBrook,2\nCrossing,0\nElsewhere,9\n"
    rows, said = brought("demand", written(tmp_path, "t.csv", text), place, activity="visit")
    assert rows[1:] == ["A1,visit,1.333333", "A2,visit,2.0", "A3,visit,0.0"]
    assert said[-3:] == (
        "3 areas by name, as areas.csv has them.",
        'left out 1 area that areas.csv does not have: "Elsewhere"',
        "1 count rounded to 6 decimals.",
    )


def test_a_file_of_other_areas_altogether_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "area,visit\nE01020001,3\nE01020002,3\n")
    with pytest.raises(InputError, match=r'none of its areas is in areas\.csv, which has codes such as "A1"'):
        bring_in("demand", path, write_place(tmp_path / "place"))


def test_a_lookup_puts_codes_of_another_year_right(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    lookup = written(tmp_path, "lookup.csv", "LSOA11CD,LSOA21CD\nE1,A1\nE2,A2\nE3,A2\nE4,A3\n")
    counts = written(tmp_path, "d.csv", "area,count\nE1,1\nE2,2\nE3,3.5\nE4,4\n")
    rows, said = brought("demand", counts, place, lookup=lookup, activity="visit")
    assert rows[1:] == ["A1,visit,1.0", "A2,visit,5.5", "A3,visit,4.0"]
    assert "2 counts of areas that are one here, added up." in said
    times = written(tmp_path, "t.csv", "area,site,minutes\nE1,ash,1\nE2,ash,2\nE3,ash,4\nE4,ash,4\n")
    rows, said = brought("journeys", times, place, lookup=lookup)
    assert rows[1:] == ["A1,ash,1.0", "A2,ash,3.0", "A3,ash,4.0"]
    written(tmp_path, "lookup.csv", "a,b\nE1,A1\nE1,A2\n")
    with pytest.raises(InputError, match="gives a code of the file two codes of the place"):
        bring_in("journeys", times, place, Wishes(lookup=lookup))


def of_lsoas(tmp_path: Path, codes: Sequence[str]) -> Path:
    place = write_place(tmp_path / "place")
    for path in place.glob("*.csv"):
        text = path.read_text()
        for ours, code in zip(("A1", "A2", "A3"), codes, strict=True):
            text = re.sub(rf"\b{ours}\b", code, text)
        path.write_text(text)
    return place


def counts_of(tmp_path: Path, name: str, codes: Sequence[str]) -> Path:
    return written(tmp_path, name, "area,count\n" + "".join(f"{code},1\n" for code in codes))


def test_a_file_of_another_census_is_told_which_codes_it_and_the_place_have_and_what_to_do(tmp_path: Path) -> None:
    old, new = ("E01000001", "E01000002", "E01000003"), ("E01000001", "E01033769", "E01033770")
    counts = {years: counts_of(tmp_path, f"{years}.csv", codes) for years, codes in ((2011, old), (2021, new))}
    what = "Most codes are the same in both. Bring the table in with a lookup of both, as the Office for National "
    what += "Statistics publishes it: code of the file first, then that of the place (--lookup)."
    _, said = brought("demand", counts[2021], place := of_lsoas(tmp_path, old), activity="visit")
    assert f"the file has LSOAs of 2021, such as E01033769, and areas.csv those of 2011. {what}" in said
    # No code of one census is taken for a slip of one of the other.
    assert not any("did " in one for one in said)
    _, said = brought("demand", counts[2011], place, activity="visit")
    assert not any("LSOAs of" in one for one in said)
    place = of_lsoas(tmp_path / "later", new)
    _, said = brought("demand", counts[2011], place, activity="visit")
    assert f"the file has LSOAs of 2011, and areas.csv those of 2021, such as E01033769. {what}" in said
    # A file of all England has every area of the place, and others of which nothing is to be said.
    more = counts_of(tmp_path, "all.csv", (*old, *new[1:]))
    _, said = brought("demand", more, of_lsoas(tmp_path / "a", old), activity="visit")
    assert not any("LSOAs of" in one for one in said)
    with pytest.raises(InputError, match=r"The file has LSOAs of 2021, such as E01033769, and areas.csv those of 2011"):
        bring_in("demand", counts_of(tmp_path, "other.csv", new[1:]), of_lsoas(tmp_path / "b", old))


def test_counts_that_were_not_published_need_somebody_to_say_what_stands_for_them(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", 'area,Attendances\nA1,*\nA2,"1,234"\nA3,<5\n')
    with pytest.raises(InputError, match=r'2 counts not published \("\*", "<5"\)\. Say what stands for each'):
        bring_in("demand", path, tmp_path / "new")
    rows, said = brought("demand", path, tmp_path / "new", suppressed=2.5)
    assert rows[1:] == ["A1,attendances,2.5", "A2,attendances,1234.0", "A3,attendances,2.5"]
    assert said[-2:] == ("1 count with commas between thousands.", '2 counts not published ("*", "<5") as 2.5 each.')


def test_several_columns_of_counts_are_activities_and_one_of_activities_is_kept(tmp_path: Path) -> None:
    wide = written(tmp_path, "w.csv", "area,Stroke,Births\nA1,1,2\n")
    assert brought("demand", wide, tmp_path / "new")[0][1:] == ["A1,stroke,1.0", "A1,births,2.0"]
    tall = written(tmp_path, "l.csv", "area,activity,patients\nA1,stroke,1\nA1,births,2\n")
    assert brought("demand", tall, tmp_path / "new")[0][1:] == ["A1,stroke,1.0", "A1,births,2.0"]


def test_demand_of_another_activity_is_added_and_of_the_same_replaced(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    before = (place / "demand.csv").read_text().splitlines()
    falls = bring_in("demand", written(tmp_path, "f.csv", "area,count\nA1,3\nA2,4\n"), place, Wishes(activity="fall"))
    write_into(place, falls.files, replace=falls.adds)
    added = ["A1,fall,3.0", "A2,fall,4.0"]
    assert (place / "demand.csv").read_text().splitlines() == [*before, *added]
    assert falls.adds and any(said.startswith("what is there stays of ") for said in falls.said)
    again = bring_in("demand", written(tmp_path, "g.csv", "area,count\nA3,5\n"), place, Wishes(activity="fall"))
    assert not again.adds
    write_into(place, again.files, replace=True)
    assert (place / "demand.csv").read_text().splitlines() == [*before, "A3,fall,5.0"]


def test_areas_and_sites_come_by_the_names_that_official_tables_use(tmp_path: Path) -> None:
    text = 'LSOA21CD,LSOA21NM,LAD22NM,Population,IMD decile,FID\nE01000001,City 1A,City,"1,465",9,1\n'
    rows, said = brought("areas", written(tmp_path, "a.csv", text), tmp_path / "new")
    assert rows == [
        "area,name,resident,population,district,deprivation_decile",
        "E01000001,City 1A,true,1465,City,9",
    ]
    assert 'passed over the column "FID".' in said
    assert "resident, which the file does not have, as true in every row." in said
    text = "Hospital_name,Postcode,Easting,Northing\nAsh General,AB1 2CD,1,2\nBirch,EF3 4GH,3,4\n"
    rows, said = brought("sites", written(tmp_path, "s.csv", text), tmp_path / "new")
    assert rows[:2] == [
        "site,name,role,postcode,easting_m,northing_m",
        "AB1_2CD,Ash General,candidate,AB1 2CD,1,2",
    ]


def test_more_about_areas_that_are_there_leaves_all_else_as_it_was(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    before = pd.read_csv(place / "areas.csv", dtype=str, keep_default_na=False)
    first, second, last = before["area"].iloc[[0, 1, -1]]
    text = f"LSOA21CD,Age 75+\n{first},12\n{second},34\nE01999999,5\n"
    found = bring_in("areas", written(tmp_path, "older.csv", text), place)
    assert found.adds  # nothing of what is there is lost
    write_into(place, found.files, replace=found.adds)
    after = pd.read_csv(place / "areas.csv", dtype=str, keep_default_na=False)
    assert after[before.columns].equals(before)
    assert after.set_index("area")["population_75_plus"].loc[[first, second, last]].tolist() == ["12", "34", ""]
    assert 'left out 1 area that areas.csv does not have: "E01999999"' in found.said
    assert "population_75_plus added in areas.csv; every row and every other column there is kept." in found.said


def test_a_column_of_areas_that_is_there_is_replaced_where_the_file_knows_it(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    before = pd.read_csv(place / "areas.csv", dtype=str, keep_default_na=False)
    first = before["area"].iloc[0]
    found = bring_in("areas", written(tmp_path, "n.csv", f"code,name\n{first},Another name\n"), place)
    assert not found.adds
    with pytest.raises(NotWritten, match="--replace"):
        write_into(place, found.files, replace=found.adds)
    write_into(place, found.files, replace=True)
    after = pd.read_csv(place / "areas.csv", dtype=str, keep_default_na=False)
    assert after["name"].tolist() == ["Another name", *before["name"].iloc[1:]]
    assert after["resident"].equals(before["resident"])
    again = f"code,name\n{first},One\n{first},Two\n"
    with pytest.raises(InputError, match="stands there more than once"):
        bring_in("areas", written(tmp_path, "twice.csv", again), place)


def test_more_about_areas_comes_in_where_the_table_there_has_capitals_in_its_header(tmp_path: Path) -> None:
    capitals = TABLES["areas"].replace("area,name,resident", "Area,Name,Resident")
    place = write_place(tmp_path / "place", areas=capitals)
    found = bring_in("areas", written(tmp_path, "older.csv", "code,Age 75+\nA1,12\nA2,34\n"), place)
    write_into(place, found.files, replace=found.adds)
    read = pd.read_csv(place / "areas.csv")
    assert read["population_75_plus"].tolist()[:2] == [12, 34]
    assert read["resident"].tolist() == [True, True, False]


def test_areas_of_elsewhere_altogether_are_another_table(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    rows, _ = brought("areas", written(tmp_path, "a.csv", "code,name\nX1,North\nX2,South\n"), place)
    assert rows == ["area,name,resident", "X1,North,true", "X2,South,true"]


def test_tables_are_not_brought_in_beside_the_place_that_a_question_has(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    text = written(tmp_path, "j.csv", long("area,site,minutes"))
    with pytest.raises(InputError, match=f"Write --into {place}"):
        bring_in("journeys", text, tmp_path)
    assert bring_in("journeys", text, place).rows == len(JOURNEYS) - 1


def test_teams_and_hospitals_of_staff_come_by_name(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    site = pd.read_csv(place / "sites.csv")["name"].iloc[0]
    text = f"Hospital,Team,Year,People,WTE,Grade\n{site},Stroke consultants,2024,4,3.5,consultant\n"
    rows, said = brought("staff", written(tmp_path, "staff.csv", text), place)
    code = pd.read_csv(place / "sites.csv")["site"].iloc[0]
    assert rows[1].startswith(f"{code},stroke_consultants,")
    assert any('such as stroke_consultants of "Stroke consultants"' in line for line in said)


def test_a_matrix_of_hours_and_minutes_is_refused_with_what_would_do(tmp_path: Path) -> None:
    path = written(tmp_path, "m.csv", "code,ash,birch\nA1,0:13,1:05\nA2,0:20,0:31\n")
    with pytest.raises(InputError, match=r'"0:13" could be two things. Write them as h:mm:ss'):
        bring_in("journeys", path, tmp_path / "new")


def test_of_two_columns_of_times_somebody_says_which(tmp_path: Path) -> None:
    text = "Origin,Destination,AM peak (mins),Off peak (mins)\nA1,ash,13,9\nA1,birch,20,15\n"
    path = written(tmp_path, "two.csv", text)
    with pytest.raises(InputError, match=r'"AM peak \(mins\)", "Off peak \(mins\)" may each be its times.*minutes="AM'):
        bring_in("journeys", path, tmp_path / "new")
    rows, _ = brought("journeys", path, tmp_path / "new", columns={"minutes": "Off peak (mins)"})
    assert rows[1:] == ["A1,ash,9.0", "A1,birch,15.0"]


def test_cells_with_a_unit_in_them_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path, "m.csv", "code,ash,birch\nA1,28.4 mins,31 mins\nA2,20 mins,15.5 mins\n")
    with pytest.raises(InputError, match=r'"28\.4 mins" is no number. Leave the unit out'):
        bring_in("journeys", path, tmp_path / "new")


def test_a_column_of_counts_with_commas_is_a_column_of_counts(tmp_path: Path) -> None:
    path = written(tmp_path, "d.csv", 'code,strokes,hips\nA1,3,"1,234"\nA2,4,"2,345"\n')
    rows, _ = brought("demand", path, tmp_path / "new")
    assert "A2,hips,2345.0" in rows and "A1,strokes,3.0" in rows


def test_what_would_be_a_faulty_table_is_refused_before_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "area,site,minutes\nA1,ash,3\nA1,ash,4\n")
    with pytest.raises(InputError, match=r't.csv, as journeys, row 3: area "A1", site "ash" is here again'):
        bring_in("journeys", path, tmp_path / "new")


def of_squares(tmp_path: Path, name: str, column: str, *, crs: str | None = "EPSG:27700") -> Path:
    frame = geopandas.GeoDataFrame(
        {"FID": [1, 2, 3], column: ["A1", "A2", "A3"]},
        geometry=[shapely.box(500_000 + 9e3 * n, 200_000, 509_000 + 9e3 * n, 209_000) for n in range(3)],
        crs=crs,
    )
    frame.to_file(tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize("name", ["b.gpkg", "b.shp", "b.geojson"])
def test_outlines_come_in_from_any_file_and_system(name: str, tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    found = bring_in("boundaries", of_squares(tmp_path, name, "LSOA21CD"), place)
    assert found.said == ("from EPSG:27700 to longitude and latitude.", '"LSOA21CD" as area.')
    write_into(place, found.files, replace=True)
    frame = read_boundaries(place / "boundaries.geojson", ["A1", "A2", "A3"]).to_crs("EPSG:27700")
    assert frame.area.round(-5).tolist() == [81e6, 81e6, 81e6]
    assert read_place(place).taken == ()
    assert [path.name for path in (place / "replaced").iterdir()] == ["boundaries.geojson"]


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_outlines_without_a_system_need_one_said(tmp_path: Path) -> None:
    path = of_squares(tmp_path, "b.gpkg", "area", crs=None)
    with pytest.raises(InputError, match=r"does not say its coordinate system\. Say it, such as --crs EPSG:27700"):
        bring_in("boundaries", path, tmp_path / "new")
    found = bring_in("boundaries", path, tmp_path / "new", Wishes(crs="EPSG:27700"))
    assert found.rows == 3
    path = written(tmp_path, "grid.geojson", geojson({"A1": square(570_000, 190_000)}))
    with pytest.raises(InputError, match="the coordinates are not degrees, as GeoJSON's are unless it says otherwise"):
        bring_in("boundaries", path, tmp_path / "new")


def test_outlines_that_cross_themselves_are_mended_and_parts_of_an_area_put_together(tmp_path: Path) -> None:
    page = json.loads(geojson({"A1": [[[0, 50], [1, 51], [1, 50], [0, 51], [0, 50]]], "A2": square(2, 50)}))
    page["features"].append(json.loads(geojson({"A2": square(3, 50)}))["features"][0])
    found = bring_in("boundaries", written(tmp_path, "b.geojson", json.dumps(page)), tmp_path / "new")
    assert found.rows == 2
    assert found.said == (
        '"area" as area.',
        "1 outline mended by make_valid, since lines crossed: A1.",
        "1 outline put together with another of the same area.",
    )


@pytest.mark.parametrize(("name", "content"), [("b.gpkg", b"<OGRVRTDataSource/>"), ("b.vrt", b"{}"), ("b.shp", b"{}")])
def test_what_only_bears_the_name_of_outlines_is_not_handed_on(name: str, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no GeoJSON, GeoPackage or shapefile, by its name and by how it begins"):
        bring_in("boundaries", written(tmp_path, name, content), tmp_path / "new")


def test_what_was_done_is_kept_beside_the_tables_and_what_was_there_before(tmp_path: Path) -> None:
    place = write_place(tmp_path / "place")
    path = written(tmp_path, "t.csv", long("from_id,to_id,travel_time"))
    found = bring_in("journeys", path, place)
    with pytest.raises(NotWritten, match=r"exists already\. Write --replace"):
        write_into(place, found.files, replace=False)
    for _ in range(2):
        write_into(place, bring_in("journeys", path, place).files, replace=True)
    assert sorted(one.name for one in (place / "replaced").iterdir()) == ["journeys-2.csv", "journeys.csv"]
    record = pd.read_csv(place / "imported.csv")
    assert record["table"].tolist() == ["journeys"] * 2
    assert record["said"].tolist() == list(found.said)
    assert read_place(place).taken == ()


def test_a_time_with_a_comma_is_not_guessed_at(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", 'area,site,minutes\nA1,ash,"59,345"\nA2,ash,12\n')
    with pytest.raises(InputError, match='1 cells of minutes are no numbers: "59,345"'):
        bring_in("journeys", path, tmp_path / "new")


def test_another_table_of_journeys_is_another_place_and_a_question_based_on_the_first_asks_it(tmp_path: Path):
    write_place(tmp_path / "place")
    shutil.copytree(tmp_path / "place", tmp_path / "by_bus")
    (tmp_path / "buses.csv").write_text(TABLES["journeys"].replace("A1,ash,10", "A1,ash,55"))
    done = optimiser("import", "journeys", "buses.csv", "--into", "by_bus", "--replace", cwd=tmp_path)
    assert done.returncode == 0
    base = write_config(tmp_path, "base.yaml", CONFIG)
    other = write_config(tmp_path, "by_bus.yaml", "based_on: base.yaml\ntitle: And by bus?\nplace: ../by_bus\n")
    assert [read_problem(one).journeys.loc["A1", "ash"] for one in (base, other)] == [10, 55]
