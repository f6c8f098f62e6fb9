"""The network that ships with Mid and South Essex: what it rests on, how well it fits, and what a shut road changes."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import shipped

from optimiser.inputs import read_problem
from optimiser.inputs.config import draft_config
from optimiser.inputs.grid import transformer
from optimiser.inputs.roads import network_of_place
from optimiser.inputs.tables import Place, read_place
from optimiser.journeys.network import Event, Network

ROOT = Path(__file__).parents[2]
ESSEX = ROOT / "data" / "mid-south-essex"
SHUT = "A127 between Fairglen and Rayleigh Weir"
CANDIDATES = ["basildon", "broomfield", "southend"]


@cache
def place() -> Place:
    return read_place(ESSEX)


@cache
def network() -> Network:
    return network_of_place(place())


def script(path: Path) -> ModuleType:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def rebuild() -> ModuleType:
    return script(ESSEX / "rebuild_roads.py")


def test_what_was_placed_by_knowledge_or_worked_out_is_not_verified():
    junctions, links = place().road_junctions, place().road_links
    assert (len(junctions), len(links)) == (150, 244)
    by_source = {name: set(rows["verified"]) for name, rows in junctions.groupby("source")}
    assert by_source["road_knowledge"] == {False}
    assert set(junctions["how"][~junctions["verified"].astype(bool)]) == {
        "placed by knowledge, within about 500 m",
        "estimated from centres of streets, within 600 m",
    }
    assert set(links["how"][links["verified"].astype(bool)]) == {"measured along the carriageway"}
    verified = place().sources.set_index("source")["verified"]
    assert not verified[["road_knowledge", "derived_road_lengths", "derived_road_speeds", "derived_road_access"]].any()


def test_no_point_is_held_more_finely_than_a_fact_may_be_where_no_licence_was_read():
    measured = place().road_junctions.query("source == 'highways_network_2020'")
    assert len(measured) == 42
    assert (measured[["easting_m", "northing_m"]] % 100 == 0).all(axis=None)


def test_links_are_no_shorter_than_a_straight_line_and_not_much_longer():
    """Coordinates are to 100 m, and some to 500 m, so that a short link may look shorter than it is."""
    at = place().road_junctions.set_index("junction")[["easting_m", "northing_m"]].to_numpy(dtype=float)
    number = {code: n for n, code in enumerate(place().road_junctions["junction"])}
    ends = (place().road_links[name].map(number).to_numpy() for name in ("from_junction", "to_junction"))
    straight = np.linalg.norm(np.subtract(*(at[end] for end in ends)), axis=1) / 1000
    longer = place().road_links["km"].to_numpy(dtype=float)
    assert (longer > straight - 0.2).all()
    # The rest stand for a road past a place that has no junction of its own.
    assert (longer < 1.35 * straight + 0.2).mean() > 0.9


def test_areas_and_sites_join_the_network_as_their_coordinates_say():
    made = rebuild().access().reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_csv(ESSEX / "road_access.csv"), made)
    joined = set(made["end"])
    known_in_full = place().counting("known_in_full")
    assert joined == set(known_in_full.areas["area"]) | set(place().sites["site"])


def test_minutes_are_as_near_to_the_table_as_the_docs_say_and_no_speed_a_little_higher_or_lower_is_nearer():
    fit = rebuild().Fit()
    errors = rebuild().how_well(fit)
    near, everywhere = (errors.loc[name] for name in ("the candidates", "all sites"))
    assert (near["median"] <= 0.91, near["90%"] <= 2.31) == (True, True)
    assert (everywhere["median"] <= 1.1, round(everywhere["90%"], 1) <= 3.1) == (True, True)
    assert round(fit.constant(fit.off()), 2) == 7.16
    speeds = dict(zip(fit.speeds["class"], fit.speeds["kmh"].astype(int), strict=True))
    best = fit.badness(fit.off(speeds))
    assert min(fit.badness(fit.off(other)) for other in fit.neighbours(speeds, 1)) >= best - 1e-9


def test_a_shut_road_makes_longer_exactly_the_journeys_whose_way_it_was():
    """Area by area: of those whose quickest way runs over the link, and of no other, unless another is as quick."""
    shut, event = network().links_of(SHUT), Event(close=(SHUT,))
    pairs = {link[:2] for link in shut}
    assert pairs == {("a127_fairglen", "rayleigh_weir"), ("rayleigh_weir", "a127_fairglen")}
    areas = place().counting("known_in_full").areas["area"].tolist()
    longer = network().longer(areas, CANDIDATES, event)
    before, after = (network().thousandths(areas, CANDIDATES, one) for one in (None, event))
    for area in areas:
        way = network().way(area, "basildon")
        assert way is not None
        over_it = bool(pairs & set(zip(way.junctions, way.junctions[1:], strict=False)))
        assert over_it == (after.loc[area, "basildon"] > before.loc[area, "basildon"]), area
        assert over_it or longer.loc[area, "basildon"] == 0, area
    more = longer["basildon"][longer["basildon"] > 0]
    assert (len(more), round(more.mean(), 1), more.max()) == (148, 3.6, 4.6)
    assert longer.loc["E01015814"].tolist() == [4.6, 3.1, 0]
    assert (longer >= 0).all(axis=None)


def test_minutes_in_an_event_are_the_tables_and_what_is_longer_and_the_rest_is_as_it_was():
    usual, shut = shipped.question("base"), read_problem(ROOT / "configs/what_if/a127_closed.yaml")
    assert shut.longer is not None
    areas = list(usual.areas.index)
    longer = network().longer(areas, list(usual.journeys.columns), Event(close=(SHUT,)))
    assert np.allclose(shut.journeys - usual.journeys, longer, rtol=0, atol=1e-9)
    touched = (longer > 0).any(axis=1)
    assert shut.journeys[~touched].equals(usual.journeys[~touched])
    assert shut.demand.equals(usual.demand)
    there = [float(one.transfers.loc["southend", "basildon"]) for one in (usual, shut)]
    assert round(there[1] - there[0], 6) == 4.6


def test_a_whole_days_traffic_slows_every_a_road_and_motorway_once_by_what_its_figures_come_to():
    """Minutes a mile at a speed in miles an hour, and how many seconds of them are delay, as published."""
    published = {"local A": (25.4, 43.2), "strategic": (59.0, 9.4), "Southend": (19, 76)}
    made = {name: round(3600 / mph / (3600 / mph - delay), 1) for name, (mph, delay) in published.items()}
    assert made == {"local A": 1.4, "strategic": 1.2, "Southend": 1.7}
    config = draft_config(ROOT / "configs/what_if/whole_day_traffic.yaml").config
    assert config is not None and config.settings.roads is not None
    slow = config.settings.roads.slow
    assert {one.value for one in slow.values()} == set(made.values()) and not any(one.verified for one in slow.values())
    slowed = [link for stretch in slow for link in network().links_of(stretch)]
    numbered = [link for link in network().roads.edges(keys=True) if network().roads.edges[link]["road"][0] in "AM"]
    numbered = [link for link in numbered if network().roads.edges[link]["road"][1].isdigit()]
    assert sorted(slowed) == sorted(numbered)


def longer(*shut: str) -> pd.DataFrame:
    areas = place().counting("known_in_full").areas["area"]
    return network().longer(areas, [*CANDIDATES, "darent_valley"], Event(shut))


@pytest.mark.parametrize(
    "shut", [("Dartford Crossing", "Blackwall Tunnel"), ("A130 between Sadlers Farm and Waterside Farm",)]
)
def test_where_the_network_has_no_way_round_it_says_so(shut: tuple[str, ...]):
    assert np.isinf(longer(*shut).to_numpy()).any()


def test_with_the_crossing_shut_everybody_goes_round_by_london_and_to_the_candidates_nobodys_way_is_longer():
    """From M25 J30 by Dagenham and 34 km of the A102 to M25 J2; who joins at J31 goes the 1.66 km to J30 twice."""
    shut = longer("Dartford Crossing")
    assert (shut[CANDIDATES] == 0).all(axis=None)
    assert (shut["darent_valley"].median(), shut["darent_valley"].max()) == (39.3, 41.2)
    assert (longer("Blackwall Tunnel") == 0).all(axis=None)


def test_the_way_round_by_london_is_as_long_as_by_the_points_that_its_source_states():
    transform = transformer().transform
    tunnel, sands = transform(-0.00306, 51.50444), transform(0.025, 51.475)
    junctions = place().road_junctions.set_index("junction")[["easting_m", "northing_m"]].astype(float)
    links = place().road_links.query("road == 'A102'")
    assert set(links["from_junction"]) == {"dagenham", "mile_end"} and not links["verified"].any()
    for link in links.itertuples():
        start, end = (junctions.loc[code].to_numpy() for code in (link.from_junction, link.to_junction))
        stops = [start, np.array(tunnel), np.array(sands), end]
        straight = sum(np.linalg.norm(one - other) for one, other in pairwise(stops)) / 1000
        assert link.km == round(straight * 1.12, 2)


@pytest.mark.deep
def test_the_tables_in_the_docs_are_what_the_network_comes_to(capsys: pytest.CaptureFixture[str]):
    assert script(ROOT / "docs/roads.py").main(["--check"]) == 0, capsys.readouterr().out


def test_the_table_follows_from_the_network_by_the_line_that_the_docs_say():
    from optimiser.inputs.tables.quality import quality_of

    said = quality_of(ESSEX).beside_roads
    assert said[0].startswith("journeys.csv is 7.66 + 0.99 × minutes on the network")
    assert said[1].startswith("All districts, 8,019 journeys: half within 1.06 minutes of it")
    page = (ROOT / "docs/roads.md").read_text(encoding="utf-8")
    assert "7.66 + 0.99 × minutes on the network, off by\n1.06 minutes in the median" in page
