"""Journeys and transfers of a place, worked out on its network of roads or on a street graph."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import networkx as nx
import pytest
from command import optimiser
from made_up_place import CONFIG, TABLES, write_config, write_place
from road_tables import TABLES as ROADS

from optimiser.errors import DOUBTFUL, InputError
from optimiser.inputs import read_problem
from optimiser.inputs.importing.roads import Reading, journeys_on

ACCESS = "end,junction,km\nA1,west,2\nA2,middle,1\nA3,west,4\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
# Half a kilometre east of the graph's first node, and a site at its last.
AREAS = (
    "area,name,resident,population,easting_m,northing_m\n"
    "A1,Appleby,true,1000,530500,180000\nA2,Brook,true,2000,531000,180000\nA3,Crossing,false,500,530500,180000\n"
)
SITES = (
    "site,name,role,easting_m,northing_m\nash,Ash Hospital,candidate,534000,180000\n"
    "birch,Birch Hospital,candidate,531000,180000\nelm,Elm Hospital,neighbour,534000,180000\n"
)
SPEEDS = "class,kmh\naccess,30\nprimary,60\nresidential,30\n"
MINUTES = {("A1", "ash"): 26, ("A1", "birch"): 15, ("A2", "ash"): 14, ("A2", "birch"): 3, ("A3", "elm"): 19}


def place(folder: Path, **changed: str | None) -> Path:
    alone = dict.fromkeys(("journeys", "transfers"))
    return write_place(folder / "place", **{**alone, **ROADS, "road_access": ACCESS, **changed})


def streets(path: Path) -> Path:
    """Three nodes a kilometre and two apart along a line; the A1 both ways to the second, then home alone is one way.

    As OSMnx writes them: nodes in degrees, lengths in metres, and a list as text.
    """
    graph = nx.MultiDiGraph(crs="epsg:27700")
    for node, x in (("11", 530000), ("22", 531000), ("33", 533000)):
        graph.add_node(node, x=float(x), y=180000.0)
    for u, v in (("11", "22"), ("22", "11")):
        graph.add_edge(u, v, length=1000.0, highway="primary", ref="A1")
    graph.add_edge("22", "33", length=2500.0, highway="['residential', 'service']", name="Hill Lane")
    graph.add_edge("22", "33", length=2000.0, highway="residential", name="Hill Lane")
    graph.add_edge("33", "22", length=2000.0, highway="residential", name="Hill Lane")
    nx.write_graphml(graph, path)
    return path


def pairs(content: bytes) -> dict[tuple[str, str], float]:
    lines = [line.split(",") for line in content.decode().splitlines()[1:]]
    return {(start, end): float(minutes) for start, end, minutes in lines}


def test_minutes_are_those_of_the_way_to_the_road_of_the_road_and_from_it(tmp_path: Path):
    """From home to ash 4 + 20 + 2; from A2, at middle, 2 + 10 + 2; from A3 8 + 10 + 1."""
    made = journeys_on(place(tmp_path))
    found = pairs(made.files["journeys.csv"])
    assert {pair: found[pair] for pair in MINUTES} == MINUTES
    assert pairs(made.files["transfers.csv"])["ash", "birch"] == 13
    assert set(made.files) == {"journeys.csv", "transfers.csv", "imported.csv"}


def test_a_calibration_is_applied_and_recorded_with_every_file_that_it_was_worked_out_on(tmp_path: Path):
    turns = {"road_turns": "junction,turn\nmiddle,signals\n", "road_delays": "turn,seconds\nsignals,0\n"}
    folder = place(tmp_path, **turns)
    made = journeys_on(folder, reading=Reading(5.8, 1.074))
    assert pairs(made.files["journeys.csv"])["A2", "ash"] == 20.8
    record = made.files["imported.csv"].decode().splitlines()
    names = [f"{name}.csv" for name in (*ROADS, *turns)]
    files = [(name, hashlib.sha256((folder / name).read_bytes()).hexdigest()) for name in names]
    assert {tuple(line.split(",")[:3]) for line in record[1:]} == {
        (table, *one) for table in ("journeys", "transfers") for one in files
    }
    # One Way Street has 6 km where 10 lie between its ends, and the Old Road 15 where 20 do.
    (doubt,) = [one for one in made.said if "straight line" in one]
    assert doubt == (
        "road_links.csv: 2 rows shorter than the straight line between its ends, such as row 4, 15 km, "
        "which is 5.0 km too short."
    )
    assert "Minutes are 5.8 + 1.074 × those on the network, to a tenth of a minute." in record[1]


def test_the_command_makes_a_place_that_can_be_asked_and_keeps_what_it_replaces(tmp_path: Path):
    folder = place(tmp_path)
    done = optimiser("journeys", "place", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_problem(write_config(tmp_path, "base.yaml", CONFIG)).journeys.loc["A1", "ash"] == 26
    assert optimiser("journeys", "place", cwd=tmp_path).returncode == 9
    assert optimiser("journeys", "place", "--plus", "1", "--replace", cwd=tmp_path).returncode == 0
    assert (folder / "replaced" / "journeys.csv").is_file()


def test_a_street_graph_becomes_the_places_network_and_its_journeys(tmp_path: Path):
    """It is 0.65 km from A1 to 22, 2 km of Hill Lane at 30 km/h, and 1.3 km from 33 to ash: 1.3 + 4 + 2.6 minutes.

    With the lane at half its speed it is quicker by the way on which ash joins 22 itself, 3.9 km: 1.3 + 7.8 minutes.
    """
    absent = dict.fromkeys(("road_junctions", "road_links", "road_access"))
    folder = place(tmp_path, areas=AREAS, sites=SITES, road_speeds=SPEEDS, **absent)
    (folder / "boundaries.geojson").unlink()
    made = journeys_on(folder, graph=streets(tmp_path / "streets.graphml"))
    assert pairs(made.files["journeys.csv"])["A1", "ash"] == 1.3 + 4 + 2.6
    record = csv.DictReader(io.StringIO(made.files["imported.csv"].decode()))
    of = {row["file"]: row["sha256"] for row in record if row["table"] == "journeys"}
    ours = {"areas.csv", "sites.csv", "road_speeds.csv"}
    assert {*of} == {"streets.graphml", "road_junctions.csv", "road_links.csv", "road_access.csv", *ours}
    assert of["road_links.csv"] == hashlib.sha256(made.files["road_links.csv"]).hexdigest()
    assert made.files["road_links.csv"].decode().splitlines() == [
        "from_junction,to_junction,road,km,class,one_way",
        "n0,n1,A1,1.0,primary,True",
        "n1,n0,A1,1.0,primary,True",
        "n1,n2,Hill Lane,2.0,residential,True",
        "n2,n1,Hill Lane,2.0,residential,True",
    ]
    assert "the furthest from any is" in made.said[1]
    assert optimiser("journeys", "place", "--graph", "streets.graphml", cwd=tmp_path).returncode == 0
    event = CONFIG + "roads: {close: [A1], slow: {Hill Lane: 2}}\n"
    problem = read_problem(write_config(tmp_path, "base.yaml", event))
    assert problem.journeys.loc["A1"].to_dict() == pytest.approx({"ash": 9.1, "birch": 1.3, "elm": 9.1})


def test_turns_of_the_place_are_none_of_a_street_graph_that_has_none(tmp_path: Path):
    """Its junctions are others, though their codes are the same."""
    turns = "junction,turn\nn1,forbidden\n"
    junctions = "junction,name,easting_m,northing_m\nn1,Old,0,0\n"
    tables = {"road_junctions": junctions, "road_links": None, "road_access": None, "road_turns": turns}
    folder = place(tmp_path, areas=AREAS, sites=SITES, road_speeds=SPEEDS, **tables)
    made = journeys_on(folder, graph=streets(tmp_path / "streets.graphml"))
    assert pairs(made.files["journeys.csv"])["A1", "ash"] == 1.3 + 4 + 2.6
    assert made.files["road_turns.csv"] == b"junction,turn\n"


def refused(folder: Path, graph: Path | None = None) -> str:
    with pytest.raises(InputError) as fault:
        journeys_on(folder, graph=graph)
    return str(fault.value)


def test_every_table_that_is_missing_or_faulty_is_listed(tmp_path: Path):
    found = refused(
        place(tmp_path, road_links=None, road_speeds="class,kmh\nfast,60\n", sites=TABLES["sites"] + ",,\n")
    )
    assert "road_links.csv: this table of the network is missing. Add it (docs/roads.md)." in found
    assert "the class access is missing" in found
    assert "there is no such folder" in refused(tmp_path / "nowhere")


def test_links_that_are_too_short_are_told_with_the_faults_of_turns_and_not_after_them(tmp_path: Path):
    """The A1 has 4 km where 10 lie between its ends."""
    links = ROADS["road_links"].replace("west,middle,A1,,10", "west,middle,A1,,4")
    turns = "from_junction,junction,to_junction,turn\neast,west,middle,forbidden\neast,west,nowhere,forbidden\n"
    journeys = {"journeys": TABLES["journeys"], "transfers": TABLES["transfers"]}
    folder = place(tmp_path, road_links=links, road_turns=turns, **journeys)
    with pytest.raises(InputError) as asked:
        read_problem(write_config(tmp_path, "base.yaml", CONFIG))
    for found in (refused(folder), str(asked.value)):
        assert 'there is no junction "nowhere" in road_junctions.csv' in found
        doubt = (
            "3 rows shorter than the straight line between its ends, such as row 5, 4 km, which is 6.0 km too short."
        )
        assert f"road_links.csv: {doubt}" in found.partition(f"\n{DOUBTFUL}\n")[2]


def test_where_there_is_no_way_it_says_from_where_to_where(tmp_path: Path):
    links = ROADS["road_links"].replace("west,middle,A1,,10,fast,false", "west,middle,A1,,10,fast,true")
    found = refused(
        place(
            tmp_path,
            road_links=links.replace("west,east,B2,Old Road,15,slow,\n", ""),
            road_access=ACCESS.replace("A3,west,4\n", ""),
        )
    )
    assert [line.partition(": ")[2] for line in found.splitlines()] == [
        "road_access.csv has no row of A3, so that no way leads there. Add them there.",
    ]


EMPTY = "<graphml xmlns='http://graphml.graphdrawing.org/xmlns'><graph edgedefault='directed'/></graphml>"


@pytest.mark.parametrize(("content", "words"), [("<graphml", "is not GraphML. Save it"), (EMPTY, "has no edges.")])
def test_what_is_no_street_graph_is_refused(tmp_path: Path, content: str, words: str):
    path = tmp_path / "streets.graphml"
    path.write_text(content)
    assert words in refused(place(tmp_path), path)


def test_a_street_graph_that_lacks_something_is_refused_with_all_that_it_lacks(tmp_path: Path):
    graph = nx.MultiDiGraph()
    graph.add_edge("1", "2", length=-5.0, highway="primary")
    graph.add_edge("2", "1", length="far")
    nx.write_graphml(graph, tmp_path / "streets.graphml")
    found = refused(place(tmp_path), tmp_path / "streets.graphml")
    for words in ("(crs)", "2 nodes without x and y", "2 edges without a length", "1 edges without a kind of highway"):
        assert words in found


def test_kinds_of_highway_without_a_speed_and_ends_without_coordinates_are_listed(tmp_path: Path):
    path = streets(tmp_path / "streets.graphml")
    found = refused(place(tmp_path, road_speeds="class,kmh\naccess,30\nprimary,60\n"), path)
    assert "it has no speed of residential. Add a row of each." in found
    assert "A1, A2 and A3 have no easting_m and northing_m. Fill them in, so that they join the roads." in found
    assert "ash, birch and elm have no easting_m" in found
    assert "there is no such file" in refused(place(tmp_path), tmp_path / "nowhere.graphml")


LINKS = (
    ("a", "b", "A1", "Great Road", "A Road", "Dual Carriageway", 1000.0),
    ("b", "c", None, "Hill Lane", "Local Road", "Single Carriageway", 2000.0),
    ("c", "b", None, "Hill Lane", "Local Road", "Single Carriageway", 2500.0),
    ("a", "c", None, None, "Local Access Road", "Guided Busway", 100.0),
    ("c", "far", "A1", "Great Road", "A Road", "Dual Carriageway", 9000.0),
    ("b", "b", None, None, "Minor Road", "Roundabout", 60.0),
)
POINTS = {"a": 530000, "b": 531000, "c": 533000, "z_away": 900000}
ABSENT = dict.fromkeys(("road_junctions", "road_links", "road_access"))
OPEN = "class,kmh\naccess,30\na_road,60\na_road_dual_carriageway,120\nlocal_road,30\n"


def open_roads(path: Path, *, crs: str = "EPSG:27700", **renamed: str) -> Path:
    """The A1 and Hill Lane between three nodes, in the layers and columns of OS Open Roads."""
    import geopandas
    import shapely

    at = {name: shapely.Point(x, 180000) for name, x in POINTS.items()}
    nodes = {"id": list(at), "form_of_road_node": ["junction"] * len(at)}
    geopandas.GeoDataFrame(nodes, geometry=list(at.values()), crs=crs).to_file(path, layer="road_node", driver="GPKG")
    ends = [shapely.LineString([at.get(one, (540000, 180000)) for one in link[:2]]) for link in LINKS]
    start, end, number, name, function, form, length = (list(column) for column in zip(*LINKS, strict=True))
    columns = {
        "id": [f"l{n}" for n in range(len(LINKS))],
        "road_classification": ["Unclassified"] * len(LINKS),
        "road_function": function,
        "form_of_way": form,
        "road_classification_number": number,
        "name_1": name,
        "length": length,
        "start_node": start,
        "end_node": end,
    }
    named = {renamed.get(column, column): cells for column, cells in columns.items()}
    geopandas.GeoDataFrame(named, geometry=ends, crs=crs).to_file(path, layer="road_link", driver="GPKG")
    return path


def test_os_open_roads_becomes_the_places_network_each_link_at_its_functions_speed_or_at_its_forms(tmp_path: Path):
    """From A1 to ash as by the street graph, and from ash to birch, at b, back by the same lane, 2 km of it."""
    folder = place(tmp_path, areas=AREAS, sites=SITES, road_speeds=OPEN, **ABSENT)
    made = journeys_on(folder, graph=open_roads(tmp_path / "oproad_gb.gpkg"))
    assert pairs(made.files["journeys.csv"])["A1", "ash"] == 1.3 + 4 + 2.6
    assert pairs(made.files["transfers.csv"])["ash", "birch"] == 2.6 + 4
    assert made.files["road_links.csv"].decode().splitlines() == [
        "from_junction,to_junction,road,name,km,class,one_way",
        "n0,n1,A1,Great Road,1.0,a_road_dual_carriageway,False",
        "n1,n2,Hill Lane,,2.0,local_road,False",
        "n2,n1,Hill Lane,,2.5,local_road,False",
    ]
    for words in ("1 links left out, for they lead out", "1 links left out, for they are for buses", "each goes both"):
        assert any(words in said for said in made.said), words
    assert "road_speeds.csv" not in made.files
    plain = OPEN.replace("a_road_dual_carriageway,120\n", "")
    (folder / "road_speeds.csv").write_text(plain)
    again = journeys_on(folder, graph=tmp_path / "oproad_gb.gpkg")
    assert b"n0,n1,A1,Great Road,1.0,a_road,False" in again.files["road_links.csv"]


def test_os_open_roads_without_speeds_takes_usual_ones_which_are_written_as_not_verified(tmp_path: Path):
    """0.65 km at 48, the lane at 48 and 1.3 km at 48 km/h."""
    folder = place(tmp_path, areas=AREAS, sites=SITES, road_speeds=None, **ABSENT)
    (folder / "boundaries.geojson").unlink()
    open_roads(tmp_path / "oproad_gb.gpkg")
    done = optimiser("journeys", "place", "--graph", "oproad_gb.gpkg", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nobody verified them" in done.stdout
    speeds = (folder / "road_speeds.csv").read_text().splitlines()
    assert speeds[0] == "class,kmh,meaning,verified"
    assert "access,48,as residential in Routino's profile for a car,False" in speeds
    assert all(line.endswith(",False") for line in speeds[1:])
    problem = read_problem(write_config(tmp_path, "base.yaml", CONFIG + "roads: {slow: {Hill Lane: 2}}\n"))
    assert problem.longer is not None
    assert pairs((folder / "journeys.csv").read_bytes())["A1", "ash"] == round((0.65 + 2 + 1.3) / 48 * 60, 1)
    assert refused(folder, tmp_path / "nowhere.gpkg").count("there is no such file") == 1


def test_what_is_not_os_open_roads_is_refused_with_all_that_it_lacks(tmp_path: Path):
    folder = place(tmp_path, areas=AREAS, sites=SITES, road_speeds=OPEN, **ABSENT)
    (tmp_path / "words.gpkg").write_text("no database at all")
    assert "is no GeoPackage, by how it begins. Download OS Open Roads" in refused(folder, tmp_path / "words.gpkg")
    other = open_roads(tmp_path / "other.gpkg", crs="EPSG:3857", form_of_way="form", length="metres")
    found = refused(folder, other)
    assert "the layer road_link has no column length and form_of_way." in found
    assert "the layer road_link is not on the British National Grid (EPSG:27700)" in found
    assert "the layer road_node is not on the British National Grid" in found
    elsewhere = open_roads(tmp_path / "elsewhere.gpkg")
    (folder / "areas.csv").write_text(AREAS.replace(",5", ",1"))
    (folder / "sites.csv").write_text(SITES.replace(",5", ",1"))
    assert "has no roads around the areas and sites." in refused(folder, elsewhere)
    import pyogrio

    nodes = pyogrio.read_dataframe(elsewhere, layer="road_node")
    nodes.to_file(tmp_path / "nodes.gpkg", layer="road_node", driver="GPKG")
    assert "has no layer road_link." in refused(folder, tmp_path / "nodes.gpkg")


# 5 minutes and 1.2 times those on the network of the tables.
TIMES = "Area,Site,Minutes\nA1,ash,36.2\nA1,birch,23\nA1,elm,23\nA2,ash,21.8\nA2,birch,8.6\nA2,elm,8.6\n" + (
    "A3,ash,41\nA3,birch,27.8\nA3,elm,27.8\n"
)


def test_reference_times_say_the_calibration_which_is_applied_or_not_and_recorded_with_its_errors(tmp_path: Path):
    folder = place(tmp_path)
    (tmp_path / "known.csv").write_text(TIMES)
    done = optimiser("journeys", "place", "--against", "known.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Minutes are 5 + 1.2 × those on the network" in done.stdout
    assert "West, 6 journeys: half within 0.00 minutes of it" in done.stdout
    assert pairs((folder / "journeys.csv").read_bytes())["A1", "ash"] == 36.2
    assert pairs((folder / "transfers.csv").read_bytes())["ash", "birch"] == 5 + 1.2 * 13
    record = (folder / "imported.csv").read_text(encoding="utf-8")
    assert "By the times of known.csv they are 5 + 1.2 × minutes on the network." in record
    assert f"journeys,known.csv,{hashlib.sha256(TIMES.encode()).hexdigest()}," in record
    plain = ("--against", "known.csv", "--uncalibrated", "--replace")
    assert optimiser("journeys", "place", *plain, cwd=tmp_path).returncode == 0
    assert pairs((folder / "journeys.csv").read_bytes())["A1", "ash"] == 26
    record = (folder / "imported.csv").read_text(encoding="utf-8")
    assert (
        "Minutes are 0 + 1 × those" in record and "5 + 1.2 × minutes on the network, which was not applied." in record
    )


def test_a_calibration_is_refused_where_times_are_too_few_and_where_it_is_said_twice(tmp_path: Path):
    folder = place(tmp_path)
    (tmp_path / "known.csv").write_text("\n".join(TIMES.splitlines()[:5]))
    with pytest.raises(InputError, match=r"known\.csv: its times are too few.*Give at least 9, of near and far"):
        journeys_on(folder, reading=Reading(against=tmp_path / "known.csv"))
    twice = optimiser("journeys", "place", "--against", "known.csv", "--plus", "5", cwd=tmp_path)
    assert twice.returncode == 2 and "Leave those out" in twice.stderr
    alone = optimiser("journeys", "place", "--uncalibrated", cwd=tmp_path)
    assert alone.returncode == 2 and "name the times to set the network beside" in alone.stderr
