"""Roads read from an extract of OpenStreetMap, by their tags."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command import optimiser
from made_up_place import CONFIG, write_config, write_place

from optimiser.errors import InputError
from optimiser.inputs import read_problem
from optimiser.inputs.importing.osm_extract import read_extract
from optimiser.inputs.importing.osm_tags import directions, limit_of
from optimiser.inputs.importing.roads import journeys_on
from optimiser.inputs.importing.streets import Streets

osmium: Any = pytest.importorskip("osmium")

Way = tuple[Sequence[int], Mapping[str, str]]
Ban = tuple[Sequence[tuple[str, int, str]], Mapping[str, str]]
# Along a meridian and a parallel near each other: a hundredth of a degree is 0.69 km from west to east here.
AT = (
    {n: (-0.1 + n / 100, 51.5) for n in range(1, 10)}
    | {n: (-0.1 + (n - 10) / 100, 51.51) for n in range(11, 20)}
    | {24: (-0.06, 51.49)}
)
ENDS = pd.DataFrame({"easting_m": [530000.0], "northing_m": [180000.0]})
BASE: tuple[Way, ...] = (
    ([1, 2, 3], {"highway": "primary", "ref": "A1;A2", "name": "Great Road", "maxspeed": "30 mph"}),
    ([3, 4], {"highway": "residential", "name": "Hill Lane"}),
)


def extract(
    path: Path, ways: Sequence[Way], nodes: Mapping[int, Mapping[str, str]] | None = None, bans: Sequence[Ban] = ()
) -> Path:
    writer = osmium.SimpleWriter(str(path))
    for number, at in AT.items():
        writer.add_node(osmium.osm.mutable.Node(id=number, location=at, tags=(nodes or {}).get(number, {})))
    for number, (refs, tags) in enumerate(ways, 100):
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))
    for number, (members, tags) in enumerate(bans, 900):
        writer.add_relation(osmium.osm.mutable.Relation(id=number, members=members, tags=tags))
    writer.close()
    return path


def read(
    folder: Path,
    *ways: Way,
    nodes: Mapping[int, Mapping[str, str]] | None = None,
    bans: Sequence[Ban] = (),
    classes: Collection[str] | None = None,
    delays: Collection[str] = (),
) -> Streets:
    path = folder / "streets.osm.pbf"
    path.unlink(missing_ok=True)
    return read_extract(extract(path, ways, nodes, bans), ENDS, classes, delays)


def links(streets: Streets) -> set[tuple[str, str, str, str]]:
    """Return where each link begins and ends, by the numbers of nodes, its road and its class."""
    name = dict(zip(streets.junctions["junction"], streets.junctions["name"], strict=True))
    rows = streets.links
    assert rows["one_way"].all()
    starts, ends = (rows[column].map(name) for column in ("from_junction", "to_junction"))
    return set(zip(starts, ends, rows["road"], rows["class"], strict=True))


def test_a_road_is_a_link_each_way_from_junction_to_junction_with_its_number_its_limit_and_its_length(tmp_path: Path):
    """Node 2 is no junction: the A1 goes on by 0.02 degrees of a parallel, whose radius is 3,978.65 km on WGS84."""
    found = read(tmp_path, *BASE)
    assert links(found) == {
        ("1", "3", "A1", "primary_30mph"),
        ("3", "1", "A1", "primary_30mph"),
        ("3", "4", "Hill Lane", "residential"),
        ("4", "3", "Hill Lane", "residential"),
    }
    long = found.links[found.links["road"] == "A1"]
    assert long["km"].tolist() == [1.38881, 1.38881]
    assert set(long["name"]) == {"Great Road"}
    west, middle, _ = found.junctions["easting_m"]
    # The grid's own scale is 0.9998 there.
    assert middle - west == pytest.approx(1388.81 * 0.9998, abs=0.5)


def test_speeds_are_usual_ones_of_a_limit_or_of_the_kind_of_road_and_nobody_verified_them(tmp_path: Path):
    """0.8 of 30 miles an hour; a residential road without a limit at 25 km/h."""
    speeds = read(tmp_path, *BASE).speeds
    assert speeds is not None
    assert dict(zip(speeds["class"], speeds["kmh"], strict=True)) == {
        "access": 25,
        "primary_30mph": 38.624256,
        "residential": 25,
    }
    assert not speeds["verified"].any()


def test_where_speeds_are_stated_a_limit_counts_where_its_class_has_one(tmp_path: Path):
    assert {kind for *_, kind in links(read(tmp_path, *BASE, classes={"primary", "residential"}))} == {
        "primary",
        "residential",
    }
    assert "primary_30mph" in {kind for *_, kind in links(read(tmp_path, *BASE, classes={"primary_30mph"}))}


ROUND = ([3, 13, 14, 4], {"highway": "residential"})


@pytest.mark.parametrize(
    ("tags", "ways"),
    [
        ({}, {("4", "14"), ("14", "4")}),
        ({"oneway": "yes"}, {("4", "14")}),
        ({"oneway": "-1"}, {("14", "4")}),
        ({"junction": "roundabout"}, {("4", "14")}),
        ({"junction": "roundabout", "oneway": "no"}, {("4", "14"), ("14", "4")}),
        ({"oneway": "yes", "oneway:motor_vehicle": "no"}, {("4", "14"), ("14", "4")}),
        ({"access": "private"}, set()),
        ({"access": "no", "motor_vehicle": "yes"}, {("4", "14"), ("14", "4")}),
        ({"vehicle": "yes", "motorcar": "no"}, set()),
        ({"motor_vehicle": "destination"}, {("4", "14"), ("14", "4")}),
        ({"oneway": "reversible"}, set()),
        ({"highway": "footway"}, set()),
        ({"highway": "construction"}, set()),
        ({"area": "yes"}, set()),
        ({"service": "emergency_access"}, set()),
        ({"route": "ferry", "highway": ""}, set()),
    ],
)
def test_one_drives_where_and_which_way_the_tags_say(tmp_path: Path, tags: Mapping[str, str], ways: set):
    """From 4 to 14, with other roads all round so that one can drive back."""
    around = (*BASE, ([4, 15], {"highway": "tertiary"}), ([15, 14], {"highway": "tertiary"}))
    asked = ([4, 5, 14], {"highway": "tertiary", "name": "Asked Road", **tags})
    found = links(read(tmp_path, *around, asked))
    assert {(start, end) for start, end, road, _ in found if road == "Asked Road"} == ways


def test_motorways_go_one_way_unless_tagged_otherwise():
    assert directions({"highway": "motorway"}) == (True,)
    assert directions({"highway": "motorway", "oneway": "no"}) == (True, False)
    assert directions({"highway": "motorway_link"}) == (True, False)


@pytest.mark.parametrize(
    ("said", "name", "kmh"),
    [
        ("50", "50", 50),
        ("30 mph", "30mph", 48.28032),
        ("20mph", "20mph", 32.18688),
        ("90 km/h", "90", 90),
        ("7.5", "7.5", 7.5),
        ("GB:nsl_single", "60mph", 96.56064),
        ("GB:motorway", "70mph", 112.65408),
    ],
)
def test_a_limit_is_in_km_an_hour_or_in_miles(said: str, name: str, kmh: float):
    found = limit_of(said)
    assert found is not None
    assert (found.name, found.kmh) == (name, kmh)


@pytest.mark.parametrize("said", ["", "none", "walk", "signals", "10 knots", "GB:zone", "0", "999", "50;30"])
def test_what_is_no_limit_is_not_taken_for_one(said: str):
    assert limit_of(said) is None


def test_each_way_of_a_road_has_its_own_limit(tmp_path: Path):
    limits = {"highway": "primary", "maxspeed:forward": "50", "maxspeed:backward": "30 mph"}
    assert links(read(tmp_path, ([1, 2], limits))) == {
        ("1", "2", "primary", "primary_50"),
        ("2", "1", "primary", "primary_30mph"),
    }


@pytest.mark.parametrize(
    ("node", "open_"),
    [
        ({"barrier": "bollard"}, False),
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "access": "no"}, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, True),
        ({"barrier": "bollard", "bollard": "rising"}, True),
        ({"barrier": "lift_gate", "access": "private"}, False),
    ],
)
def test_a_barrier_shuts_a_road_unless_cars_may_pass_it(tmp_path: Path, node: Mapping[str, str], open_: bool):
    """The ring from 3 by 13 and 14 to 4 has the barrier at 13, which is no junction: it ends on either side of it."""
    found = read(tmp_path, *BASE, ROUND, nodes={13: node})
    there = {(start, end) for start, end, *_ in links(found)}
    assert (("3", "4") in {(start, end) for start, end, road, _ in links(found) if road == "residential"}) == open_
    assert (("3", "13") in there) != open_
    assert (list(found.junctions["name"]).count("13") == 2) != open_
    assert any("1 barrier at which a road is shut" in words for words in found.said) != open_


def test_what_one_cannot_drive_to_and_back_is_left_out_and_said(tmp_path: Path):
    apart = ([11, 12], {"highway": "residential"})
    trap = ([4, 9], {"highway": "residential", "oneway": "yes"})
    ferry = ([1, 11], {"route": "ferry"})
    path = ([2, 12], {"highway": "residential", "access": "no"})
    found = read(tmp_path, *BASE, apart, trap, ferry, path)
    assert set(found.junctions["name"]) == {"1", "3", "4"}
    for words in ("3 junctions left out, for one", "1 ferry route left out.", "1 road left out, for no car", "(ODbL)"):
        assert any(words in said for said in found.said), words


def test_a_ring_that_meets_nothing_else_and_the_longer_of_two_ways_are_no_links(tmp_path: Path):
    longer = ([3, 14, 4], {"highway": "residential", "name": "Hill Lane"})
    found = read(tmp_path, *BASE, longer, ([4, 15, 16, 4], {"highway": "residential"}))
    assert links(found) == links(read(tmp_path, *BASE))
    assert found.links["km"].max() < 1.4


# Four roads meet at 4: from 3 in the west, to 5 in the east, to 14 in the north and to 24 in the south.
CROSS: tuple[Way, ...] = tuple(
    ([*some], {"highway": "residential", "name": name})
    for some, name in (((3, 4), "West"), ((4, 5), "East"), ((4, 14), "North"), ((4, 24), "South"))
)
WEST, EAST, NORTH, SOUTH = range(100, 104)


def ban(start: int, end: int, **tags: str) -> Ban:
    return [("w", start, "from"), ("n", 4, "via"), ("w", end, "to")], {"type": "restriction", **tags}


def turns(streets: Streets) -> set[tuple[str, str, str, str]]:
    """Return from where, past which node and whereto each turn is, and its kind; none where one may not turn round."""
    return {row for row in all_turns(streets) if row[0] != row[2] or row[3] != "forbidden"}


def all_turns(streets: Streets) -> set[tuple[str, str, str, str]]:
    name = dict(zip(streets.junctions["junction"], streets.junctions["name"], strict=True))
    assert streets.turns is not None
    rows = streets.turns[["from_junction", "junction", "to_junction"]].map(lambda code: name.get(code, ""))
    return {(*row, kind) for row, kind in zip(rows.itertuples(index=False), streets.turns["turn"], strict=True)}


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        (ban(WEST, NORTH, restriction="no_left_turn"), {"14"}),
        (ban(WEST, NORTH, restriction="only_left_turn"), {"5", "24"}),
        (ban(WEST, NORTH, **{"restriction:motorcar": "no_left_turn"}), {"14"}),
        (ban(WEST, NORTH, restriction="no_left_turn", **{"except": "psv;motorcar"}), set()),
        (ban(WEST, NORTH, restriction="no_left_turn", **{"except": "bicycle"}), {"14"}),
        (ban(WEST, NORTH, **{"restriction:hgv": "no_left_turn"}), set()),
        (ban(WEST, NORTH, **{"restriction:conditional": "no_left_turn @ (07:00-09:00)"}), set()),
        (ban(WEST, NORTH, restriction="no_left_turn", hour_on="7", hour_off="9"), set()),
        (ban(WEST, 999, restriction="no_left_turn"), set()),
        (ban(WEST, 999, restriction="only_left_turn"), {"5", "14", "24"}),
    ],
)
def test_who_comes_from_the_west_may_not_turn_where_a_relation_forbids_it(tmp_path: Path, said: Ban, ends: set):
    found = read(tmp_path, *CROSS, bans=[said])
    assert turns(found) == {("3", "4", end, "forbidden") for end in ends}
    assert any(f"{len(ends)} turn" in words and "may not be made" in words for words in found.said) == bool(ends)
    timed = {"hour_on", "restriction:conditional"} & {*said[1]}
    assert any("1 turn forbidden at some hours alone" in words for words in found.said) == bool(timed)


def test_nobody_turns_round_but_at_the_end_of_a_road_unless_that_takes_time(tmp_path: Path):
    """Roads end at 3, 5, 14 and 24, and at none of them where the file has no more of the road."""
    back = {(node, "4", node, "forbidden") for node in ("3", "5", "14", "24")}
    assert all_turns(read(tmp_path, *CROSS)) == back
    timed = all_turns(read(tmp_path, *CROSS, delays={"back"}))
    assert timed == {(node, "4", node, "back") for node in ("3", "5", "14", "24")}
    (west, tags), *others = CROSS
    cut = read(tmp_path, ([999, *west], tags), *others)
    assert all_turns(cut) == {*back, ("4", "3", "4", "forbidden")}
    assert "1 road of which the file has a part alone." in cut.said


def test_a_ban_by_way_of_a_road_is_left_out_and_said(tmp_path: Path):
    by_way = [("w", WEST, "from"), ("w", NORTH, "via"), ("w", EAST, "to")], {"restriction": "no_u_turn"}
    found = read(tmp_path, *CROSS, bans=[by_way])
    assert turns(found) == set()
    assert "1 forbidden turn by way of a road left out." in found.said


def test_a_ban_counts_for_the_one_of_two_roads_between_the_same_junctions_that_it_names(tmp_path: Path):
    """A second road from 3 comes to 4 by 13: the first is cut beside 4, so that one knows by which one came."""
    besides = ([3, 13, 4], {"highway": "residential", "name": "Besides"})
    found = read(tmp_path, *CROSS, besides, bans=[ban(104, NORTH, restriction="no_right_turn")])
    assert turns(found) == {("13", "4", "14", "forbidden")}
    assert ("3", "4", "West", "residential") in links(found)


def test_turns_to_the_left_and_to_the_right_and_back_are_told_where_they_take_time(tmp_path: Path):
    """Straight on is no turn, and at an end of a road one turns round for want of another way."""
    on = ([3, 2], {"highway": "residential"}), ([5, 6], {"highway": "residential"})
    found = turns(read(tmp_path, *CROSS, *on, delays={"left", "right", "back"}))
    assert {row for row in found if row[0] == "3" and row[1] == "4"} == {
        ("3", "4", "14", "left"),
        ("3", "4", "24", "right"),
        ("3", "4", "3", "back"),
    }
    assert {row[1] for row in found if row[3] == "back"} == {"3", "4", "5"}
    assert {row[3] for row in turns(read(tmp_path, *CROSS, delays={"right"}))} == {"right"}


def test_a_roundabout_and_a_road_that_bends_are_no_turns(tmp_path: Path):
    ring = ([4, 5, 15, 14, 4], {"highway": "residential", "junction": "roundabout"})
    arms = ([3, 4], {"highway": "residential"}), ([14, 13], {"highway": "residential"})
    bend = ([5, 6, 16, 15], {"highway": "residential"})
    found = turns(
        read(tmp_path, ring, *arms, bend, nodes={6: {"highway": "traffic_signals"}}, delays={"left", "right"})
    )
    assert found == set()


@pytest.mark.parametrize(
    ("way", "starts"), [(None, {"3", "5"}), ("forward", {"3"}), ("backward", {"5"}), ("both", {"3", "5"})]
)
def test_signals_take_time_of_those_for_whom_they_are(tmp_path: Path, way: str | None, starts: set):
    """The road leads from 3 past the signals at 4 to 5."""
    said = {"highway": "traffic_signals"} | ({"traffic_signals:direction": way} if way else {})
    road = ([3, 4, 5], {"highway": "residential"})
    found = read(tmp_path, road, nodes={4: said}, delays={"signals"})
    assert turns(found) == {(start, "4", "", "signals") for start in starts}
    assert turns(read(tmp_path, road, nodes={4: said})) == set()


def test_what_is_no_extract_or_has_no_roads_there_is_refused(tmp_path: Path):
    words = tmp_path / "words.osm.pbf"
    words.write_text("no extract at all")
    with pytest.raises(InputError, match="is no extract of OpenStreetMap, by how it begins"):
        read_extract(words, ENDS, None)
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(extract(tmp_path / "whole.osm.pbf", BASE).read_bytes()[:-20])
    with pytest.raises(InputError, match="this extract cannot be read"):
        read_extract(cut, ENDS, None)
    with pytest.raises(InputError, match="has no roads around the areas and sites"):
        read_extract(tmp_path / "whole.osm.pbf", ENDS + 100_000, None)
    with pytest.raises(InputError, match="there is no such file"):
        read_extract(tmp_path / "nowhere.osm.pbf", ENDS, None)


def place_along(folder: Path, streets: Streets, nodes: Mapping[str, str], **tables: str) -> Path:
    """Write the made-up place with its areas and sites at nodes of the streets."""
    areas, sites = ({one: at for one, at in nodes.items() if one.islower() == low} for low in (False, True))
    at = streets.junctions.set_index("name")[["easting_m", "northing_m"]].astype(str).agg(",".join, axis=1)
    rows = "".join(f"{one},{one}ford,{str(one != 'A3').lower()},1000,{at[node]}\n" for one, node in areas.items())
    role = {"elm": "neighbour"}
    there = "".join(f"{one},{one.title()},{role.get(one, 'candidate')},{at[node]}\n" for one, node in sites.items())
    place = write_place(
        folder / "place",
        areas=f"area,name,resident,population,easting_m,northing_m\n{rows}",
        sites=f"site,name,role,easting_m,northing_m\n{there}",
        journeys=None,
        transfers=None,
        **tables,
    )
    (place / "boundaries.geojson").unlink()
    return place


def test_the_command_makes_journeys_of_an_extract_and_a_question_shuts_its_roads(tmp_path: Path):
    """From A1, at node 3, to ash, at node 1, by the A1: 1.38881 km at 38.6 km an hour are 2.2 minutes."""
    nodes = {"A1": "3", "A2": "4", "A3": "4", "ash": "1", "birch": "4", "elm": "4"}
    place_along(tmp_path, read(tmp_path, *BASE), nodes)
    done = optimiser("journeys", "place", "--graph", "streets.osm.pbf", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nobody verified them" in done.stdout
    turned = (tmp_path / "place/road_turns.csv").read_text().splitlines()
    assert turned[1:] == ["n0,n1,n0,forbidden,by where it leads", "n2,n1,n2,forbidden,by where it leads"]
    problem = read_problem(write_config(tmp_path, "base.yaml", CONFIG))
    assert problem.journeys.loc["A1", "ash"] == 2.2
    slow = read_problem(write_config(tmp_path, "slow.yaml", CONFIG + "roads: {slow: {Great Road: 2}}\n"))
    assert slow.journeys.loc["A1", "ash"] == pytest.approx(4.4)


def test_turns_of_an_extract_are_written_and_those_of_the_place_before_are_not_kept(tmp_path: Path):
    """From A1, at 2, to ash, at 5, past the signals at 4: 24 seconds. The other ways take half a minute more."""
    lit = {"highway": "traffic_signals"}
    road = ([2, 3, 4, 5], {"highway": "residential", "name": "Long Road"})
    plain = read(tmp_path, road, nodes={4: lit})
    nodes, graph = {"A1": "2", "A2": "4", "A3": "2", "ash": "5", "birch": "4", "elm": "5"}, tmp_path / "streets.osm.pbf"
    folder = place_along(tmp_path, plain, nodes, road_delays="turn,seconds\nsignals,24\n")
    made = journeys_on(folder, graph=graph).files
    kinds = [line.split(",")[3] for line in made["road_turns.csv"].decode().splitlines()]
    assert sorted(kinds) == ["forbidden"] * 2 + ["signals"] * 2 + ["turn"]
    without = journeys_on(place_along(tmp_path / "other", plain, nodes), graph=graph).files

    def minutes(files: Mapping[str, bytes]) -> float:
        rows = pd.read_csv(io.BytesIO(files["journeys.csv"])).set_index(["area", "site"])["minutes"]
        return float(rows["A1", "ash"])

    assert minutes(made) - minutes(without) == pytest.approx(0.4)
    stale = "from_junction,junction,to_junction,turn\n,n0,,forbidden\n"
    for name, text in (("road_turns", stale), ("road_junctions", "junction,name,easting_m,northing_m\nn0,N,0,0\n")):
        (folder / f"{name}.csv").write_text(text)
    (folder / "road_delays.csv").unlink()
    again = journeys_on(folder, graph=graph).files
    assert again["road_turns.csv"] == without["road_turns.csv"] != made["road_turns.csv"]
    assert again["journeys.csv"] == without["journeys.csv"]
