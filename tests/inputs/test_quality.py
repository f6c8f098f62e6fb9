"""How good a table of journeys is: the rules by which a place is read, and which pairs people should look at."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from command import optimiser
from made_up_place import write_place
from test_plausible import at_pace, by_mode, place

from optimiser.errors import InputError
from optimiser.inputs.tables import read_place
from optimiser.inputs.tables.quality import BLANK, SPOT_CHECKS, Quality, quality_of

# Three hospitals by road as the journeys go: 81 minutes from ash to birch or elm, 114.1 from birch to elm.
ROADS = {("ash", "birch"): 81.0, ("ash", "elm"): 81.0, ("birch", "elm"): 114.1}


def transfers(**changed: float) -> str:
    both = {**ROADS, **{(b, a): minutes for (a, b), minutes in ROADS.items()}}
    rows = {f"{a}_{b}": minutes for (a, b), minutes in both.items()} | changed
    return "from_site,to_site,minutes\n" + "".join(f"{pair.replace('_', ',')},{n:g}\n" for pair, n in rows.items())


AROUND = "more than 8 minutes from the median of the 6 areas around"
ALLOWING = "more than 5 minutes from the median of the 6 areas around, allowing for how much further it is"
SHORTER = "longer than by way of another site"


def looked_at(found: Quality, why: str) -> list[tuple[str, pd.DataFrame]]:
    return [(name, odd.rows) for name, odd in found.to_look_at if odd.why == why]


def rows(found: Quality) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(found.spot_checks.decode())))


def test_of_a_plausible_table_people_look_at_edges_and_at_near_middle_and_far(tmp_path: Path):
    """Ten kilometres apart areas at an edge are unlike the six around them, and not for how much further they are."""
    found = quality_of(place(tmp_path, transfers=transfers()))
    assert (found.faults, found.odd, found.not_looked_at) == ((), (), ())
    assert [odd.why for _, odd in found.to_look_at] == [AROUND]
    assert found.counted[0].endswith(
        "journeys.csv: 75 times of 75 pairs, 0 of them missing; 1 to 114.137 minutes, half at most 64.246; "
        "29 to 30 km/h by the straight line, half at most 30."
    )
    looked = [one for one in rows(found) if one["why"] != AROUND]
    assert list(looked[0]) == [*SPOT_CHECKS, *BLANK]
    assert [(one["why"].split(",")[0], one["to"]) for one in looked[:3]] == [
        ("the nearest", "ash"),
        ("half way", "ash"),
        ("the furthest", "ash"),
    ]
    assert {one[name] for one in looked for name in BLANK} == {""}
    far = looked[2]
    assert (far["from"], far["straight_km"], far["minutes"], far["kmh"]) == ("A24", "56.6", "114.137", "29.7")


def test_what_a_place_is_doubted_for_is_said_with_every_pair_of_it(tmp_path: Path):
    odd = {(20, 0, "birch"): 3, (20, 20, "ash"): 400, (30, 0, "birch"): 2}
    folder = place(tmp_path, lambda x, y, site: odd.get((int(x), int(y), site)) or at_pace(x, y, site))
    found = quality_of(folder)
    said = [f"{folder}/{name}.csv: {one.words}." for name, one in found.odd]
    assert tuple(said) == read_place(folder).doubts and len(said) == 2
    fast = [one for one in rows(found) if one["why"] == "faster than 130 km/h by the straight line"]
    assert [(one["from"], one["minutes"]) for one in fast] == [("A10", "3"), ("A15", "2")]
    assert found.not_looked_at[0].startswith("whether ways back take as long")


def test_an_area_unlike_those_around_is_looked_at_with_the_worst_first(tmp_path: Path):
    """In the middle of the square 9 minutes more to ash than by the line, and 12 more to birch; elsewhere 2 more."""
    more = {(20, 20, "ash"): 9, (20, 20, "birch"): 12, (30, 30, "ash"): 2}
    found = quality_of(place(tmp_path, lambda x, y, site: at_pace(x, y, site) + more.get((int(x), int(y), site), 0)))
    ((name, odd),) = looked_at(found, ALLOWING)
    assert name == "journeys"
    assert odd[["area", "site"]].to_numpy().tolist() == [["A12", "birch"], ["A12", "ash"]]
    assert odd["apart"].tolist() == pytest.approx([12, 9], abs=0.01)


def test_a_time_that_is_longer_than_by_way_of_another_site_is_looked_at(tmp_path: Path):
    """From A0, where ash stands, it is a minute to ash and 81 on to birch: 82 in all. By its own time it is 90."""
    long_way = {(0, 0, "birch"): 90.0, (0, 10, "birch"): 82.8}
    found = quality_of(
        place(tmp_path, lambda x, y, s: long_way.get((int(x), int(y), s)) or at_pace(x, y, s), transfers=transfers())
    )
    ((_, odd),) = looked_at(found, SHORTER)
    assert odd[["area", "site", "saved"]].to_numpy().tolist() == [["A0", "birch", 8.0]]
    around = quality_of(place(tmp_path / "roads", transfers=transfers(birch_elm=170.0)))
    assert [(name, one["saved"].tolist()) for name, one in looked_at(around, SHORTER)] == [("transfers", [8.0])]
    back = quality_of(place(tmp_path / "back", transfers=transfers(birch_ash=10.0)))
    assert "much farther than back" in [one.why for _, one in back.odd]


def test_a_table_in_seconds_or_with_rows_missing_or_twice_is_refused_as_when_it_is_read(tmp_path: Path):
    folder = place(tmp_path)
    table = tmp_path / "other.csv"
    lines = (folder / "journeys.csv").read_text().splitlines()
    table.write_text("\n".join([*lines[:-2], lines[3], lines[3]]) + "\n")
    found = quality_of(folder, journeys=table)
    said = "\n".join(found.lines)
    assert "there is no journey from A24 to elm. Add it" in said and "is here again; it is already in row 4." in said
    assert quality_of(folder, journeys=table, allow_missing=[("A24", "elm")]).counted[0].count("2 of them missing")
    table.write_text("".join(f"{line.rsplit(',', 1)[0]},{60 * float(line.rsplit(',', 1)[1])}\n" if n else f"{line}\n"
                             for n, line in enumerate(lines)))  # fmt: skip
    (fault,) = quality_of(folder, journeys=table).faults
    assert str(fault).endswith(f"optimiser import journeys {table} --into {folder} --replace --unit seconds")
    words = quality_of(folder, journeys=table).lines
    assert "Can hardly be: not looked at, because other.csv has faults" in words
    assert "  - speeds of other.csv, and its times beside others: it has faults" in words


def test_without_sound_areas_or_coordinates_it_says_what_is_not_looked_at(tmp_path: Path):
    found = quality_of(write_place(tmp_path / "place"))
    assert found.not_looked_at[-1].startswith("the areas around: it is known where 3 areas are, and 13 to 2,500")
    assert "Can hardly be: nothing, of what was looked at" in found.lines
    with pytest.raises(InputError, match=r"areas\.csv"):
        quality_of(write_place(tmp_path / "bad", areas="area\nA1\n"))


def test_the_areas_that_are_known_to_be_unlike_their_neighbours_and_the_displaced_one_are_found():
    essex = Path(__file__).parents[2] / "data" / "mid-south-essex"
    known = read_place(essex).data_checks.query("check == 'unlike_its_neighbours'")
    found = quality_of(essex)
    ((_, odd),) = looked_at(found, AROUND)
    worst = odd.groupby("area")["apart"].max().round(1)
    # Its origin is known to be displaced, by 5.2 km.
    (displaced,) = read_place(essex).data_checks.query("check == 'displaced_origin'")["about"]
    assert looked_at(found, ALLOWING)[0][1]["area"].tolist()[0] == displaced
    assert worst.to_dict() == dict(zip(known["about"], known["value"].astype(float), strict=True))


def test_the_command_writes_the_pairs_and_ends_as_refused_where_something_is(tmp_path: Path):
    folder = place(tmp_path / "place")
    asked = ("validate", "--journeys", str(folder))
    found = optimiser(*asked, "--spot-checks", "look.csv", "--json", cwd=tmp_path)
    assert found.returncode == 0
    assert len(json.loads(found.stdout)["pairs"]) == len((tmp_path / "look.csv").read_text().splitlines()) - 1 > 9
    (tmp_path / "half.csv").write_text("area,site,minutes\nA1,ash,10\n")
    assert optimiser("validate", "--journeys", str(folder / "journeys.csv"), cwd=tmp_path).returncode == 0
    config = tmp_path / "q.yaml"
    config.write_text("title: T\nplace: place\nservices: {care: {name: Care, activity: visit}}\n")
    refused = optimiser("validate", "q.yaml", "--journeys", "half.csv", cwd=tmp_path)
    assert refused.returncode == 3 and "Refused:\n" in refused.stdout
    assert optimiser("validate", cwd=tmp_path).returncode == 2
    lost = optimiser("validate", "--journeys", "nowhere", cwd=tmp_path)
    assert lost.returncode == 3 and "there is no such file, and no such folder" in lost.stderr


def test_where_a_place_has_a_network_its_journeys_are_set_beside_it_by_district(tmp_path: Path):
    from road_tables import TABLES as ROADS

    access = "end,junction,km\nA1,west,2\nA2,middle,1\nA3,west,4\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
    journeys = "area,site,minutes\nA1,ash,36.2\nA1,birch,23\nA1,elm,23\nA2,ash,21.8\nA2,birch,8.6\nA2,elm,8.6\n" + (
        "A3,ash,41\nA3,birch,27.8\nA3,elm,27.8\n"
    )
    folder = write_place(tmp_path / "place", journeys=journeys, **{**ROADS, "road_access": access})
    found = quality_of(folder)
    assert found.beside_roads[0].startswith("journeys.csv is 5 + 1.2 × minutes on the network")
    assert [one.split(":")[0] for one in found.beside_roads[1:]] == ["All districts, 9 journeys", "West, 6 journeys"]
    assert any(line == "Beside the network of roads:" for line in found.lines)
    (folder / "journeys.csv").write_text(journeys.replace("36.2", "-1"))
    said = quality_of(folder).lines
    head = said.index("Beside the network of roads:")
    assert said[head + 1] == "  - not looked at, because journeys.csv has faults"
    none = "nothing in transfers.csv; the rest not looked at, because journeys.csv has faults"
    assert f"To look at, and it may well be so: {none}" in said
    (folder / "road_speeds.csv").unlink()
    assert quality_of(folder).beside_roads == ()


def test_a_mode_is_judged_by_itself_and_by_its_own_ways_between_sites(tmp_path: Path):
    """By bus 90 minutes from A0 to birch, where it is 1 to ash and 81 on to birch; by train two pairs alone."""
    long_way = {(0, 0, "birch"): 90.0}
    folder = by_mode(
        tmp_path,
        lambda x, y, s: long_way.get((int(x), int(y), s)) or at_pace(x, y, s),
        between="".join(f"by_bus,{row}\n" for row in transfers().splitlines()[1:]),
    )
    with (folder / "journeys_by_mode.csv").open("a") as table:
        table.write("by_train,A1,ash,20\nby_train,A2,ash,300\n")
    found = quality_of(folder)
    by_bus = [(name, odd.rows) for name, odd in found.to_look_at if odd.why == f"by_bus: {SHORTER}"]
    assert [(name, list(some["area"])) for name, some in by_bus] == [("journeys_by_mode", ["A0"])]
    assert any(
        "journeys_by_mode.csv, by_train: 2 times of 75 pairs, 73 of them missing; 20 to 300 minutes" in one
        for one in found.counted
    )
    assert "ways by another site, by_train: transfers_by_mode.csv has none of it" in found.not_looked_at
    assert any(one["why"] == f"by_bus: {SHORTER}" and one["from"] == "A0" for one in rows(found))
    done = optimiser("validate", "--journeys", folder, cwd=tmp_path)
    assert done.returncode == 0 and f"journeys_by_mode.csv: by_bus: 1 time {SHORTER}" in done.stdout


def test_faults_of_a_mode_are_refused_with_those_of_the_other_tables(tmp_path: Path):
    folder = place(tmp_path)
    (folder / "journeys_by_mode.csv").write_text("mode,area,site,minutes\nby_bus,A0,ash,-3\nby_bus,A1,ash,30\n")
    found = quality_of(folder)
    assert [fault.place for fault in found.faults] == [f"{folder}/journeys_by_mode.csv, row 2"]
    assert found.counted[-1].endswith("journeys_by_mode.csv, by_bus: 2 rows.")
    none = "nothing in journeys.csv; the rest not looked at, because journeys_by_mode.csv has faults"
    assert f"Can hardly be: {none}" in found.lines


def test_a_site_that_is_not_where_it_is_said_to_be_is_looked_at(tmp_path: Path):
    """Birch is said to stand 20 km west of where its journeys end."""
    folder = place(tmp_path)
    sites = folder / "sites.csv"
    sites.write_text(sites.read_text().replace("490000", "470000"))
    network = "junction,name,easting_m,northing_m\nhere,Here,490000,250000\n"
    (folder / "road_junctions.csv").write_text(network)
    (folder / "road_access.csv").write_text("end,junction,km\nbirch,here,0.5\nA20,here,0\n")
    (folder / "road_speeds.csv").write_text("class,kmh\naccess,30\n")
    found = quality_of(folder)
    done = optimiser("validate", "--journeys", folder, cwd=tmp_path)
    assert (done.returncode, "nearest to birch by the straight line" in done.stdout) == (0, True)
    ((_, odd),) = [one for one in found.to_look_at if one[1].why == "nearest by the straight line, and not by minutes"]
    assert odd.words.startswith("the 6 areas nearest to birch by the straight line take 43.4 minutes")
    (doubt,) = [one.words for name, one in found.odd if name == "road_access"]
    assert doubt == (
        "1 row shorter than the straight line between its ends, such as row 2, 0.5 km, which is 19.5 km too short; all "
        "are of birch, so look at where that is"
    )
    alone = quality_of(folder, journeys=folder / "journeys.csv")
    assert {name for name, _ in alone.odd} <= {"journeys", "transfers"}
    left_out = "road_access.csv of the place, because one table was named: name the place's folder in place of it"
    assert alone.not_looked_at == (*found.not_looked_at, left_out)
