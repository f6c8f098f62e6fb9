"""Journeys by Valhalla: what it is asked and what is made of its answers; of the real one, where it is installed."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import sys
from collections.abc import Mapping, Sequence
from email.message import Message
from pathlib import Path
from types import ModuleType
from typing import Any

import geopandas
import pytest
from command import optimiser
from made_up_place import CONFIG, write_config
from test_journeys_on_roads import AREAS, SITES, place
from test_osm_extract import AT, BASE, extract

from optimiser.errors import InputError, MissingPackage, extras, installing
from optimiser.inputs import read_problem
from optimiser.inputs.importing import Brought, valhalla
from optimiser.inputs.importing.osm_extract import DEGREES, GRID
from optimiser.inputs.importing.roads import Travel, journeys_on
from optimiser.inputs.importing.writing import write_into

NETWORK = ("road_junctions", "road_links", "road_speeds", "road_access")
IS_THERE = importlib.util.find_spec("valhalla") is not None
MOST_PAIRS = 4


def without_a_network(folder: Path, **tables: str | None) -> Path:
    made = place(folder, **{"areas": AREAS, "sites": SITES, **dict.fromkeys(NETWORK), **tables})
    (made / "boundaries.geojson").unlink()
    return made


def rows(brought: Brought, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(brought.files[name].decode())))


class Engine:
    """Valhalla's answers as it writes them: a second for each 10 metres, and no way to what is too far west.

    Its matrix gives up on whatever lies to the west, as the real one does on some pairs, and its route does not.
    """

    asked: list[int]

    def __init__(self, config: str):
        settings = json.loads(Path(config).read_text())
        assert settings["mjolnir"]["admin"] == "" and settings["service_limits"]["bicycle"]["max_distance"] > 1e6
        Engine.asked = []

    def matrix(self, asked: Mapping[str, Any]) -> Any:
        Engine.asked.append(len(asked["sources"]) * len(asked["targets"]))
        if Engine.asked[-1] > MOST_PAIRS:
            raise RuntimeError(f"Exceeded max locations: {MOST_PAIRS}.000000")
        cells = [[self.seconds(start, end) for end in asked["targets"]] for start in asked["sources"]]
        shown = [[{"time": None if one is None or one < 0 else one} for one in row] for row in cells]
        return {"sources_to_targets": shown}

    def route(self, asked: Mapping[str, Any]) -> Any:
        Engine.asked.append(1)
        seconds = self.seconds(*asked["locations"])
        if seconds is None:
            raise RuntimeError("No path could be found for input")
        return {"trip": {"summary": {"time": abs(seconds)}}}

    def locate(self, asked: Mapping[str, Any]) -> Any:
        (here,) = asked["locations"]
        return [
            {"edges": [{"correlated_lon": here["lon"], "correlated_lat": here["lat"]}] if here["lon"] < 0 else None}
        ]

    @staticmethod
    def seconds(start: Mapping[str, float], end: Mapping[str, float]) -> int | None:
        """It is 69.4 km a degree from west to east here."""
        if end["lon"] < Engine.nowhere:
            return None
        return round((end["lon"] - start["lon"]) * 6940)

    nowhere = -9.0


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put a package in Valhalla's place, whose program builds nothing, and return an extract of two streets."""
    program = tmp_path / "package" / "bin" / "valhalla_build_tiles"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('osm' not in sys.argv[3])\n")
    program.chmod(0o755)
    limits = {costing: {"max_matrix_location_pairs": MOST_PAIRS} for costing in valhalla.COSTINGS}
    package: Any = ModuleType("valhalla")
    package.__file__, package.__version__ = str(program.parent.parent / "__init__.py"), "9.9"
    package.Actor = Engine
    package.get_config = lambda **_: {"mjolnir": {}, "service_limits": limits}
    monkeypatch.setitem(sys.modules, "valhalla", package)
    monkeypatch.setattr(Engine, "nowhere", -9.0)
    return extract(tmp_path / "streets.osm.pbf", BASE)


def made(folder: Path, graph: Path | None, costing: str = "bicycle", mode: str | None = None) -> Brought:
    return journeys_on(folder, graph=graph, travel=Travel(costing, mode))


def test_minutes_are_its_seconds_and_what_its_matrix_gives_up_on_is_asked_as_a_route(stub: Path, tmp_path: Path):
    """By the stub 3,500 m are 350 s, 5.8 minutes. To the west, as from ash to birch, 3,000 m, no matrix finds a way."""
    found = made(without_a_network(tmp_path), stub)
    minutes = {(row["area"], row["site"]): float(row["minutes"]) for row in rows(found, "journeys.csv")}
    back = {(row["from_site"], row["to_site"]): float(row["minutes"]) for row in rows(found, "transfers.csv")}
    assert minutes["A1", "ash"] == pytest.approx(350 / 60, abs=0.1)
    assert minutes["A1", "birch"] == pytest.approx(50 / 60, abs=0.1)
    assert back["ash", "birch"] == back["birch", "ash"] == pytest.approx(300 / 60, abs=0.1)
    assert set(found.files) == {"journeys.csv", "transfers.csv", "imported.csv"}
    assert max(Engine.asked) <= MOST_PAIRS and len(minutes) == 9
    assert "2 pairs to which its matrix found no way asked one by one." in found.said


def test_it_is_recorded_by_which_version_and_costing_of_which_file_and_what_that_leaves_out(stub: Path, tmp_path: Path):
    folder = without_a_network(tmp_path)
    write_into(folder, made(folder, stub, mode="by_bicycle").files, replace=False)
    record = list(csv.DictReader(io.StringIO((folder / "imported.csv").read_text(encoding="utf-8"))))
    said = [row["said"] for row in record if row["table"] == "journeys_by_mode"]
    assert said[0] == "These are of the mode by_bicycle."
    assert "By Valhalla 9.9, costing bicycle with its own settings, at no hour in particular." in said
    assert {row["file"] for row in record} == {"streets.osm.pbf", "areas.csv", "sites.csv"}
    assert len(record[0]["sha256"]) == 64
    assert any("the furthest from any is" in one for one in said)


def test_modes_stand_beside_each_other_and_one_that_is_there_is_replaced_on_demand(stub: Path, tmp_path: Path):
    folder = without_a_network(tmp_path)
    for costing, mode in (("bicycle", "by_bicycle"), ("pedestrian", "on_foot")):
        brought = made(folder, stub, costing, mode)
        write_into(folder, brought.files, replace=brought.adds)
    table = (folder / "journeys_by_mode.csv").read_text().splitlines()
    assert [sum(row.startswith(mode) for row in table) for mode in ("by_bicycle", "on_foot")] == [9, 9]
    assert len((folder / "transfers_by_mode.csv").read_text().splitlines()) == 1 + 2 * 6
    assert not made(folder, stub, "bicycle", "on_foot").adds
    assert "By Valhalla 9.9, costing pedestrian" in (folder / "imported.csv").read_text()


def test_without_a_way_journeys_are_refused_and_those_by_a_mode_are_left_out_and_told(
    stub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """No way leads to birch, the only site to the west."""
    folder = without_a_network(tmp_path)
    monkeypatch.setattr(Engine, "nowhere", -0.1)
    with pytest.raises(InputError, match=r"there is no way from A1, A2, A3 and 2 more to birch|to birch"):
        made(folder, stub)
    found = made(folder, stub, mode="by_bicycle")
    assert {row["site"] for row in rows(found, "journeys_by_mode.csv")} == {"ash", "elm"}
    assert any(
        one.startswith("There is no way from A1, A2, A3") and one.endswith("birch: left out.") for one in found.said
    )


def test_an_end_without_a_road_near_it_is_refused_by_its_code(stub: Path, tmp_path: Path):
    east = AREAS.replace("A3,Crossing,false,500,530500", "A3,Crossing,false,500,630500")
    with pytest.raises(InputError, match="A3 has no road near it that one may use so"):
        made(without_a_network(tmp_path, areas=east), stub)


def test_what_it_cannot_be_asked_of_is_refused_in_words(stub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = without_a_network(tmp_path)
    streets = tmp_path / "streets.graphml"
    streets.write_text("<graphml/>")
    empty = tmp_path / "empty.osm.pbf"
    empty.write_bytes(b"nothing of the kind")
    for graph, words in (
        (None, "Valhalla reads extracts of OpenStreetMap alone"),
        (streets, "Valhalla reads extracts of OpenStreetMap alone"),
        (empty, "is no extract of OpenStreetMap"),
        (tmp_path / "nowhere.osm.pbf", "nowhere.osm.pbf"),
    ):
        with pytest.raises(InputError, match=words):
            made(folder, graph)
    other = stub.rename(tmp_path / "other.pbf")
    with pytest.raises(InputError, match="Valhalla can build no tiles of it"):
        made(folder, other)
    monkeypatch.setattr(Engine, "matrix", lambda *_: (_ for _ in ()).throw(RuntimeError("Out of cheese")))
    with pytest.raises(InputError, match=r"Valhalla 9.9: refused a question: Out of cheese\."):
        made(folder, other.rename(stub))


def test_where_it_is_not_installed_it_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "valhalla", None)
    with pytest.raises(MissingPackage, match=re.escape(installing("valhalla"))):
        made(without_a_network(tmp_path), extract(tmp_path / "streets.osm.pbf", BASE))


def test_what_to_install_is_what_the_extra_brings_here_wherever_this_program_came_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    about = Message()
    for line in (
        "kept==3; python_version >= '3' and extra == 'router'",
        "old<2; python_version < '3' and extra == 'router'",
    ):
        about["Requires-Dist"] = line
    about["Requires-Dist"] = "pandas>=2"
    about["Provides-Extra"] = "router"
    monkeypatch.setattr("importlib.metadata.metadata", lambda _: about)
    assert {extra: [one.name for one in brought] for extra, brought in extras().items()} == {"router": ["kept"]}
    assert installing("router") == "pip install 'kept==3'"
    monkeypatch.chdir(tmp_path)
    assert installing("other") == f"pip install -e '{Path(__file__).parents[2]}[other]'"


def test_a_mode_is_made_of_the_places_own_roads_too(tmp_path: Path):
    folder = place(tmp_path)
    done = optimiser("journeys", "place", "--mode", "at_peak", "--times", "1.5", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "at_peak,A1,ash,39.0" in (folder / "journeys_by_mode.csv").read_text()
    assert not (folder / "journeys.csv").exists()
    refused = optimiser("journeys", "place", "--mode", "at_peak", "--graph", "streets.graphml", cwd=tmp_path)
    assert refused.returncode == 2 and "would become the place's" in " ".join(refused.stderr.split())


# None is skipped, for a skip in CI is a failure: `make valhalla` runs those of the real one.
if IS_THERE:
    STREETS: Sequence[Any] = (
        ([*range(1, 10)], {"highway": "residential", "name": "Long Street", "maxspeed": "50"}),
        ([*range(11, 20)], {"highway": "residential", "name": "One Way Street", "maxspeed": "50", "oneway": "yes"}),
        ([1, 11], {"highway": "residential", "maxspeed": "50"}),
        ([9, 19], {"highway": "residential", "maxspeed": "50"}),
    )

    def at_the_ends(folder: Path) -> Path:
        """A1 and birch where One Way Street begins, A2 and ash where it ends, A3 and elm in the middle."""
        lon, lat = zip(*(AT[node] for node in (11, 19, 15)), strict=True)
        spots = geopandas.GeoSeries.from_xy(lon, lat, crs=DEGREES).to_crs(GRID)
        first, last, middle = (f"{spot.x:.1f},{spot.y:.1f}" for spot in spots)
        areas = "area,name,resident,population,easting_m,northing_m\n"
        areas += f"A1,Appleby,true,1000,{first}\nA2,Brook,true,2000,{last}\nA3,Crossing,false,500,{middle}\n"
        sites = "site,name,role,easting_m,northing_m\n"
        sites += f"ash,Ash,candidate,{last}\nbirch,Birch,candidate,{first}\nelm,Elm,neighbour,{middle}\n"
        return without_a_network(folder, areas=areas, sites=sites)

    def minutes_by(folder: Path, costing: str) -> dict[tuple[str, str], float]:
        found = rows(made(folder, extract(folder / f"{costing}.osm.pbf", STREETS), costing), "journeys.csv")
        return {(row["area"], row["site"]): float(row["minutes"]) for row in found}

    def test_the_real_one_sends_cars_round_a_one_way_street_and_lets_people_walk_it(tmp_path: Path):
        """It is 5.55 km along either street and 1.11 km between them. On foot, at 5.1 km/h, 65.3 minutes either way."""
        folder = at_the_ends(tmp_path)
        by_car, on_foot = (minutes_by(folder, costing) for costing in ("auto", "pedestrian"))
        assert on_foot["A1", "ash"] == pytest.approx(65.3, abs=1.5)
        assert on_foot["A2", "birch"] == pytest.approx(on_foot["A1", "ash"], abs=0.5)
        assert by_car["A2", "birch"] / by_car["A1", "ash"] == pytest.approx((5.55 + 2.22) / 5.55, rel=0.1)
        assert by_car["A1", "birch"] == 0

    def test_a_place_whose_modes_the_real_one_made_can_be_asked(tmp_path: Path):
        folder = at_the_ends(tmp_path)
        extract(tmp_path / "streets.osm.pbf", STREETS)
        for costing, mode in (("auto", ()), ("bicycle", ("--mode", "by_bicycle"))):
            said = ("--graph", "streets.osm.pbf", "--valhalla", costing, *mode)
            done = optimiser("journeys", "place", *said, cwd=tmp_path)
            assert (done.returncode, done.stderr) == (0, "")
        config = CONFIG.replace("    activity: visit\n", "    activity: visit\n    travel_by: by_bicycle\n")
        problem = read_problem(write_config(tmp_path, "base.yaml", config))
        assert 0 < problem.journeys.loc["A1", "ash"] < problem.by_mode["by_bicycle"].loc["A1", "ash"]
        assert optimiser("validate", "--journeys", folder, cwd=tmp_path).returncode == 0

else:

    def test_a_command_without_it_ends_with_one_plain_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        without_a_network(tmp_path)
        extract(tmp_path / "streets.osm.pbf", BASE)
        said = ("journeys", "place", "--graph", "streets.osm.pbf", "--valhalla", "bicycle", "--mode", "by_bicycle")
        done = optimiser(*said, cwd=tmp_path)
        assert done.returncode == 2
        install = installing("valhalla")
        assert done.stderr == f"This needs valhalla, which is not installed. Install it: {install}\n"
