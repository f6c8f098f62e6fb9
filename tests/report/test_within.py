"""Which stretches of road an outline touches, said so that a config can shut them."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import pytest
import shapely
from command import optimiser
from made_up_place import CONFIG, write_config, write_question
from road_tables import TABLES

from optimiser.errors import InputError
from optimiser.inputs import read_question
from optimiser.inputs.roads import network_of_place
from optimiser.report.within import Within, within

ACCESS = "end,junction,km\nA1,west,2\nA2,west,2\nA3,west,2\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
# All roads lie on one line from west to east: middle is 12 km east, east 22 km.
NEAR_EAST, NEAR_WEST, NORTH = (20_000, -100, 21_000, 100), (3_000, -100, 4_000, 100), (0, 5_000, 9_000, 6_000)


def touched(folder: Path, box: tuple[int, int, int, int], **changed: str) -> tuple[Within, Path]:
    config = write_question(folder, CONFIG, **{**TABLES, "road_access": ACCESS, **changed})
    outline = folder / "flood.gpkg"
    geopandas.GeoSeries([shapely.box(*box)], crs="EPSG:27700").to_file(outline)
    return within(config, outline), config


def test_what_is_listed_shuts_in_a_config_what_the_outline_touches_and_no_other_road(tmp_path: Path):
    """Near east run the A1 to middle, One Way Street back and the old road to west; not the A1 from west to middle."""
    found, config = touched(tmp_path, NEAR_EAST)
    assert sorted(found.stretches.itertuples(index=False, name=None)) == [
        ("A1 between A1 / B2 East and Quay and A1 Middle", 10.0),
        ("B2 between A1 / B2 East and Quay and A1 / B2 West", 15.0),
        ("One Way Street between A1 / B2 East and Quay and A1 Middle", 6.0),
    ]
    network = network_of_place(read_question(config).place)
    links = {link[:2] for one in found.stretches["stretch"] for link in network.links_of(one)}
    assert links == {("middle", "east"), ("east", "middle"), ("east", "west"), ("west", "east")}


def test_near_west_the_a1_and_the_old_road_are_touched_and_north_of_them_none(tmp_path: Path):
    found, _ = touched(tmp_path, NEAR_WEST)
    assert len(found.stretches) == 2
    nothing, _ = touched(tmp_path / "north", NORTH)
    # All of them lie on one line, 5 km south.
    assert (nothing.km, nothing.record["km"]) == (pytest.approx(5), 5)
    (told,) = nothing.lines
    assert told.startswith("No road of the place touches ") and told.endswith(", is 5.0 km away.")


def test_a_link_beside_which_its_road_has_a_shorter_one_is_told_and_not_written_down(tmp_path: Path):
    """A second A1 from west to east, 30 km: by the words of its ends the one by middle is meant, 20 km."""
    links = TABLES["road_links"] + "west,east,A1,,30,fast,\n"
    found, _ = touched(tmp_path, NEAR_WEST, road_links=links)
    assert len(found.unsaid) == 1 and found.unsaid[0].startswith("A1 between ")
    assert not set(found.unsaid) & set(found.stretches["stretch"])


def test_what_the_command_prints_can_be_pasted(tmp_path: Path):
    _, config = touched(tmp_path, NEAR_WEST)
    done = optimiser("roads", str(config), "--within", "flood.gpkg", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    stated = next(line for line in done.stdout.splitlines() if line.startswith("roads: "))
    shut = write_config(tmp_path, "shut.yaml", f"{CONFIG}{stated}\n")
    # West is cut off altogether, and said to be.
    refused = optimiser("validate", str(shut), cwd=tmp_path)
    assert refused.returncode == 3 and "the network has no way left" in refused.stderr
    told = json.loads(optimiser("roads", str(config), "--within", "flood.gpkg", "--json", cwd=tmp_path).stdout)
    assert len(told["stretches"]) == 2


def test_coordinates_that_are_swapped_or_no_degrees_are_told_with_what_to_do(tmp_path: Path):
    """In degrees the roads lie by 49.8 north and 7 west. The same square in metres is known by --crs alone."""
    _, config = touched(tmp_path, NEAR_EAST)
    square = geopandas.GeoSeries([shapely.box(*NEAR_EAST)], crs="EPSG:27700")
    drawn = tmp_path / "drawn.geojson"
    degrees = square.to_crs("EPSG:4326")
    turned = shapely.transform(degrees.array[0], lambda points: points[:, ::-1])
    for shape, words in (
        (square.array[0], "not degrees, as GeoJSON's are unless it says otherwise. Say what they are, such as --crs"),
        (turned, "latitude and longitude look swapped"),
    ):
        drawn.write_text(shapely.to_geojson(shape))
        with pytest.raises(InputError, match=words):
            within(config, drawn)
    drawn.write_text(shapely.to_geojson(square.array[0]))
    assert len(within(config, drawn, crs="EPSG:27700").stretches) == 3
    drawn.write_text(shapely.to_geojson(shapely.box(-3, 50, -2, 51)))
    assert within(config, drawn).lines[0].endswith("km away. Is it drawn where you meant?")
    # Where the grid ends.
    drawn.write_text(shapely.to_geojson(shapely.box(-97, -1, -96, 1)))
    with pytest.raises(InputError, match="in another part of the world"):
        within(config, drawn)


def test_no_polygon_no_outline_and_no_network_are_refused_in_words(tmp_path: Path):
    _, config = touched(tmp_path, NEAR_WEST)
    point = tmp_path / "point.geojson"
    point.write_text(geopandas.GeoSeries([shapely.Point(0, 51)], crs="EPSG:4326").to_json())
    empty = tmp_path / "empty.geojson"
    empty.write_text('{"type": "FeatureCollection", "features": []}')
    for outline, words in (
        (point, "it has no polygon"),
        (empty, "it draws nothing, so that it has no polygon"),
        (config, "this is no GeoJSON"),
        (tmp_path / "no.gpkg", "no.gpkg"),
    ):
        with pytest.raises(InputError, match=words):
            within(config, outline)
    with pytest.raises(InputError, match="the place has no network of roads"):
        within(write_question(tmp_path / "bare", CONFIG), tmp_path / "flood.gpkg")
