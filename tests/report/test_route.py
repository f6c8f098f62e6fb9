"""The way behind a journey: its roads, beside the minutes that count."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command import optimiser
from made_up_place import CONFIG, write_question
from made_up_place import TABLES as PLACE
from road_tables import TABLES
from shipped import CONFIGS

from optimiser.errors import InputError
from optimiser.inputs.importing.roads import journeys_on
from optimiser.inputs.importing.writing import write_into
from optimiser.report.route import HONESTY, NO_MORE, ROUNDED, Route, route

ACCESS = "end,junction,km\nA1,west,2\nA2,west,2\nA3,west,2\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
ONE_WAY = "from_junction,to_junction,road,km,class,one_way\nwest,middle,A1,10,fast,true\n"
SHUT = "roads: {close: [A1 between Middle and East]}\n"
A1 = "A1 / B2 West"


def asked(folder: Path, config: str = CONFIG, **changed: str | None) -> Path:
    return write_question(folder, config, **{**TABLES, "road_access": ACCESS, **changed})


def legs(found: Route) -> list[tuple[object, ...]]:
    """Return the rows without what is taken at turns, which is nothing here."""
    assert not found.legs["of which turns"].any()
    return [row[:-1] for row in found.legs.itertuples(index=False, name=None)]


def test_a_way_is_told_road_by_road_with_the_tables_minutes_beside_it(tmp_path: Path):
    """Two links of the A1 are one line; the table says 10 minutes, and the network's own way is 4 + 20 + 2."""
    found = route(asked(tmp_path), "A1", "ash")
    assert legs(found) == [
        ("to the network", "Appleby", A1, 2, 4),
        ("A1", A1, "A1 / B2 East and Quay", 20, 20),
        ("from the network", "A1 / B2 East and Quay", "Ash Hospital", 1, 2),
    ]
    assert found.lines == [
        "Appleby (A1) to Ash Hospital (ash): 10 minutes (journeys.csv).",
        "",
        "road              from                   to                       km  minutes",
        "to the network    Appleby                A1 / B2 West            2.0      4.0",
        "A1                A1 / B2 West           A1 / B2 East and Quay  20.0     20.0",
        "from the network  A1 / B2 East and Quay  Ash Hospital            1.0      2.0",
        "",
        f"The network's own way: 23.0 km, 26.0 minutes; the table has 16.0 minutes fewer. {ROUNDED}",
        f"{HONESTY}{NO_MORE}",
        "Of the network's rows 0 of 3 in road_junctions.csv, 0 of 4 in road_links.csv and 0 of 3 in road_speeds.csv "
        "are marked as verified.",
    ]


def test_in_an_event_the_way_goes_round_and_says_how_much_longer_it_is(tmp_path: Path):
    found = route(asked(tmp_path, CONFIG + SHUT), "A1", "ash")
    assert [leg[0] for leg in legs(found)] == ["to the network", "B2", "from the network"]
    assert found.lines[0] == (
        "Appleby (A1) to Ash Hospital (ash): 10 minutes (journeys.csv), and 10 more, 20 minutes in all: A1 between "
        "Middle and East closed."
    )


def test_a_table_that_the_network_made_is_said_to_be_that_until_the_network_is_another(tmp_path: Path):
    delays = {"road_delays": "turn,seconds,verified\nsignals,30,true\nright,9,\n"}
    config = asked(tmp_path, **delays)
    write_into(tmp_path / "place", journeys_on(tmp_path / "place").files, replace=True)
    found = route(config, "A1", "ash")
    said = "Minutes are 0 + 1 × those on the network, to a tenth of a minute."
    made = f"journeys.csv was worked out on this network. {said}"
    assert (found.minutes, found.lines[-2]) == (26, f"{HONESTY}. {made}")
    assert "0 of 3 in road_speeds.csv and 1 of 2 in road_delays.csv are marked as verified." in found.lines[-1]
    with (tmp_path / "place" / "road_delays.csv").open("a") as table:
        table.write("left,3,\n")
    assert (
        route(config, "A1", "ash")
        .lines[-2]
        .endswith(f"{made} Since then road_delays.csv changed, so that the two may disagree.")
    )
    for record in ("", "table,said\njourneys,Minutes are mine\n", f'table,said\njourneys,"{"x" * 200_000}\n'):
        (tmp_path / "place" / "imported.csv").write_text(record)
        assert route(config, "A1", "ash").lines[-2] == f"{HONESTY}{NO_MORE}"


def test_what_turns_take_stands_beside_the_minutes_that_they_are_among(tmp_path: Path):
    """Half a minute at middle, on the A1 all along: 20.5 of it, and 26.5 in all."""
    turns = {"road_delays": "turn,seconds\nsignals,30\n", "road_turns": "junction,turn\nmiddle,signals\n"}
    found = route(asked(tmp_path, **turns), "A1", "ash")
    assert found.legs[["minutes", "of which turns"]].to_numpy().tolist() == [[4, 0], [20.5, 0.5], [2, 0]]
    assert [line.split()[-2:] for line in found.lines[2:6]] == [
        ["which", "turns"],
        ["4.0", "0.0"],
        ["20.5", "0.5"],
        ["2.0", "0.0"],
    ]
    assert "26.5 minutes" in found.lines[7]


def test_a_map_draws_the_way_and_what_is_shut_and_dashed_the_usual_one(tmp_path: Path):
    """From home to west, along the old road or by middle, and on to the hospital; names are text alone."""
    areas = PLACE["areas"].replace("Appleby", "Apple <b> & Co")
    usual, shut = (
        ElementTree.fromstring(route(asked(tmp_path / name, CONFIG + roads, areas=areas), "A1", "ash").map.svg)
        for name, roads in (("usual", ""), ("shut", SHUT))
    )
    lines = [drawn.findall(".//*[@stroke-linejoin='round'][@fill='none']") for drawn in (usual, shut)]
    ways = [[(line.get("stroke-dasharray"), line.get("d", "").count("L")) for line in some] for some in lines]
    assert ways == [[(None, 4)], [(None, 1), ("7 6", 4), (None, 3)]]
    said = " ".join(" ".join(shut.itertext()).split())
    assert "Apple <b> & Co (A1) to Ash Hospital (ash): 20 minutes" in said
    assert "orange: what is shut" in said and "orange" not in "".join(usual.itertext())
    assert "A1 between Middle and East closed. The table has 16.0 minutes fewer than the network." in said
    assert "B2 30.0 from the network 2.0 on the network in all 36.0 the table's, which count, in all 20" in said


def test_geojson_has_the_way_the_usual_one_and_what_is_shut_with_what_they_come_to(tmp_path: Path):
    features = json.loads(route(asked(tmp_path, CONFIG + SHUT), "A1", "ash").geojson)["features"]
    said = [one["properties"] for one in features]
    roads = ["to the network", "B2", "from the network", "to the network", "A1", "from the network", "A1"]
    parts = [("way", 20)] * 3 + [("usual way", 10)] * 3 + [("shut", None)]
    assert [(one["road"], (one["part"], one["minutes_in_all"])) for one in said] == [*zip(roads, parts, strict=True)]
    assert {one["event"] for one in said} == {"A1 between Middle and East closed"}
    assert all(one["note"].startswith("Draft: not a decision.") and " " not in "".join(one) for one in said)


def test_names_will_do_and_from_a_site_it_is_a_transfer(tmp_path: Path):
    found = route(asked(tmp_path), "birch hospital", "ASH")
    assert (found.minutes, found.table, found.record["from"]) == (21, "transfers.csv", "Birch Hospital (birch)")
    assert [leg[0] for leg in legs(found)] == ["to the network", "A1", "from the network"]


def test_where_the_table_has_no_minutes_it_says_so(tmp_path: Path):
    found = route(asked(tmp_path, transfers=None), "birch", "ash")
    assert found.lines[0] == "Birch Hospital (birch) to Ash Hospital (ash): no minutes are known (transfers.csv)."
    assert found.in_short.endswith("(ash): no minutes are known")


def test_where_both_join_at_one_junction_no_road_is_taken(tmp_path: Path):
    found = route(asked(tmp_path), "elm", "birch")
    assert legs(found) == [
        ("to the network", "Elm Hospital", "A1 Middle", 0.5, 1),
        ("from the network", "A1 Middle", "Birch Hospital", 0.5, 1),
    ]


@pytest.mark.parametrize(
    ("start", "end", "changed", "words"),
    [
        ("A9", "as", {}, ['"A9": is in neither column', '"as": is in neither column', 'Did you mean "ash"?']),
        ("ash", "A1", {}, ['"A1": is in neither column of codes and names of sites.csv']),
        ("B", "ash", {}, ['"B": is in neither column', "It may be Birch Hospital or Brook. Write all of its name."]),
        ("A1", "ash", {"road_links": None}, ["has no network of roads. Add road_links.csv (docs/roads.md)."]),
        (
            "A1",
            "ash",
            {"road_access": ACCESS.replace("A1,west,2\n", "")},
            ["does not say where Appleby (A1) joins the roads"],
        ),
        ("birch", "ash", {"road_links": ONE_WAY}, ["the network has no way from birch to ash. Add the links that are"]),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(
    tmp_path: Path, start: str, end: str, changed: dict[str, str | None], words: list[str]
):
    with pytest.raises(InputError) as refused:
        route(asked(tmp_path, **changed), start, end)
    for one in words:
        assert one in str(refused.value)


def test_the_command_prints_the_way_and_writes_it_as_lines_to_a_new_file(tmp_path: Path):
    config = str(CONFIGS / "base.yaml")
    to = ("southend", "--geojson", "way.geojson", "--map", "way.svg")
    done = optimiser("route", config, "Castle Point 001A", *to, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "98 of 150 in road_junctions.csv, 42 of 244 in road_links.csv and 0 of 10 in road_speeds.csv" in done.stdout
    assert "Wrote way.geojson: straight lines from junction to junction." in done.stdout
    assert "Wrote way.svg: the way on a map." in done.stdout and "A127" in (tmp_path / "way.svg").read_text()
    features = json.loads((tmp_path / "way.geojson").read_text())["features"]
    assert [one["properties"]["road"] for one in features] == ["to the network", "A127", "from the network"]
    (west, south), *_, (east, north) = [point for one in features for point in one["geometry"]["coordinates"]]
    assert (round(west, 2), round(south, 2), round(east, 2), round(north, 2)) == (0.55, 51.57, 0.69, 51.55)
    again = optimiser("route", config, "E01021513", "southend", "--geojson", "way.geojson", "--json", cwd=tmp_path)
    assert again.returncode == 9
    assert "way.geojson exists already" in again.stderr
    record = json.loads(optimiser("route", config, "E01021513", "southend", "--json", cwd=tmp_path).stdout)
    assert (record["minutes"], record["longer"], len(record["network"])) == (19.8, 0, 3)


def test_an_end_without_coordinates_is_drawn_where_it_joins_the_roads(tmp_path: Path):
    found = route(asked(tmp_path), "A1", "ash")
    assert found.points == (
        ((2000, 0), (2000, 0)),
        ((2000, 0), (12000, 0), (22000, 0)),
        ((22000, 0), (22000, 0)),
    )
