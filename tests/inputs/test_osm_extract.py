"""Roads read from an extract of OpenStreetMap, by their tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command import optimiser
from made_up_place import CONFIG, write_config, write_place

from optimiser.errors import InputError
from optimiser.inputs import read_problem
from optimiser.inputs.importing.osm_extract import directions, limit_of, read_extract
from optimiser.inputs.importing.streets import Streets

osmium: Any = pytest.importorskip("osmium")

Way = tuple[Sequence[int], Mapping[str, str]]
# Along a meridian and a parallel near each other: a hundredth of a degree is 0.69 km from west to east here.
AT = {n: (-0.1 + n / 100, 51.5) for n in range(1, 10)} | {n: (-0.1 + (n - 10) / 100, 51.51) for n in range(11, 20)}
ENDS = pd.DataFrame({"easting_m": [530000.0], "northing_m": [180000.0]})
BASE: tuple[Way, ...] = (
    ([1, 2, 3], {"highway": "primary", "ref": "A1;A2", "name": "Great Road", "maxspeed": "30 mph"}),
    ([3, 4], {"highway": "residential", "name": "Hill Lane"}),
)


def extract(path: Path, ways: Sequence[Way], nodes: Mapping[int, Mapping[str, str]] | None = None) -> Path:
    writer = osmium.SimpleWriter(str(path))
    for number, at in AT.items():
        writer.add_node(osmium.osm.mutable.Node(id=number, location=at, tags=(nodes or {}).get(number, {})))
    for number, (refs, tags) in enumerate(ways, 100):
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))
    writer.close()
    return path


def read(folder: Path, *ways: Way, nodes: Mapping[int, Mapping[str, str]] | None = None, classes=None) -> Streets:
    path = folder / "streets.osm.pbf"
    path.unlink(missing_ok=True)
    return read_extract(extract(path, ways, nodes), ENDS, classes)


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


def test_the_command_makes_journeys_of_an_extract_and_a_question_shuts_its_roads(tmp_path: Path):
    """From A1, at node 3, to ash, at node 1, by the A1: 1.38881 km at 38.6 km an hour are 2.2 minutes."""
    x = dict(zip((1, 3, 4), read(tmp_path, *BASE).junctions["easting_m"], strict=True))
    y = dict(zip((1, 3, 4), read(tmp_path, *BASE).junctions["northing_m"], strict=True))
    areas = "area,name,resident,population,easting_m,northing_m\n" + "".join(
        f"{area},{name},{resident},1000,{x[at]},{y[at]}\n"
        for area, name, resident, at in (("A1", "App", "true", 3), ("A2", "Brook", "true", 4), ("A3", "Cr", "false", 4))
    )
    sites = "site,name,role,easting_m,northing_m\n" + "".join(
        f"{site},{site.title()} Hospital,{role},{x[at]},{y[at]}\n"
        for site, role, at in (("ash", "candidate", 1), ("birch", "candidate", 4), ("elm", "neighbour", 4))
    )
    folder = write_place(tmp_path / "place", areas=areas, sites=sites, journeys=None, transfers=None)
    (folder / "boundaries.geojson").unlink()
    done = optimiser("journeys", "place", "--graph", "streets.osm.pbf", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nobody verified them" in done.stdout
    problem = read_problem(write_config(tmp_path, "base.yaml", CONFIG))
    assert problem.journeys.loc["A1", "ash"] == 2.2
    slow = read_problem(write_config(tmp_path, "slow.yaml", CONFIG + "roads: {slow: {Great Road: 2}}\n"))
    assert slow.journeys.loc["A1", "ash"] == pytest.approx(4.4)
