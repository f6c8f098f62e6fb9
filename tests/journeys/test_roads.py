"""Minutes on a graph of roads."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import pairwise, permutations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st

from optimiser.journeys import roads as module
from optimiser.journeys.roads import journey_minutes, way

INFINITE = float("inf")


def one_way_street() -> nx.DiGraph:
    """Home to hospital in 4 + 5 minutes; back only the long way round, in 20; the island has no road."""
    roads = nx.DiGraph()
    roads.add_edge("home", "bridge", minutes=4)
    roads.add_edge("bridge", "hospital", minutes=5)
    roads.add_edge("hospital", "home", minutes=20)
    roads.add_node("island")
    return roads


def test_minutes_are_those_of_the_way_there_and_not_of_the_way_back():
    minutes = journey_minutes(one_way_street(), {"E1": "home"}, {"ash": "hospital"})
    assert minutes.loc["E1", "ash"] == 9


def test_there_is_no_journey_where_there_is_no_road():
    minutes = journey_minutes(one_way_street(), {"E1": "home", "E2": "island"}, {"ash": "hospital"})
    assert np.isnan(minutes.loc["E2", "ash"])
    assert way(one_way_street(), "island", "hospital") is None


def test_roads_without_a_direction_go_both_ways():
    roads = one_way_street().to_undirected()
    minutes = journey_minutes(roads, {"E1": "home", "E2": "hospital"}, {"ash": "hospital", "birch": "home"})
    assert minutes.to_numpy().tolist() == [[9, 0], [0, 9]]


def test_codes_that_are_not_on_the_graph_are_named():
    with pytest.raises(ValueError, match="E2, E3, birch"):
        nowhere: dict[str, Any] = {"E1": "home", "E2": "moon", "E3": {}}
        journey_minutes(one_way_street(), nowhere, {"birch": "mars"})
    with pytest.raises(ValueError, match="destination"):
        way(one_way_street(), "home", {"bridge": 1, "mars": 2})


def test_one_joins_the_roads_where_that_is_quickest_and_a_hospital_has_several_gates():
    """From E1 the walk to the bridge takes 3 and saves 4; the second gate, at home, is 20 + 1 from E2."""
    origins: dict[str, Any] = {"E1": {"home": 0, "bridge": 3}, "E2": {"hospital": 0}}
    gates: dict[str, Any] = {"front": {"hospital": 0.5}, "both": {"hospital": 30, "home": 1}}
    minutes = journey_minutes(one_way_street(), origins, gates)
    assert minutes.to_numpy().tolist() == [[8.5, 1], [0.5, 21]]
    assert way(one_way_street(), origins["E1"], gates["front"]) == ["bridge", "hospital"]
    assert way(one_way_street(), origins["E2"], gates["both"]) == ["hospital", "home"]


def test_no_way_runs_through_an_area_or_a_hospital():
    """The hospital joins both banks of the river, and there is no other bridge."""
    banks = nx.Graph()
    banks.add_nodes_from(["north", "south"])
    sites: dict[str, Any] = {"ash": {"north": 1, "south": 1}, "birch": {"south": 1}}
    origins: dict[str, Any] = {"E1": {"north": 1}}
    minutes = journey_minutes(banks, origins, sites)
    assert minutes.loc["E1", "ash"] == 2
    assert np.isnan(minutes.loc["E1", "birch"])


@pytest.mark.parametrize("minutes", [-1, float("nan"), None])
def test_roads_whose_minutes_are_not_known_are_refused(minutes: float | None):
    roads = nx.Graph()
    roads.add_edge("home", "hospital", **({} if minutes is None else {"minutes": minutes}))
    with pytest.raises(ValueError, match="below 0 or not known"):
        journey_minutes(roads, {"E1": "home"}, {"ash": "hospital"})


Ends = dict[str, dict[Hashable, float]]
TIMES = st.sampled_from([0.0, 0.1, 0.2, 0.7, 1.1, 3.3, 5.0, 8.25])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Any, Ends, Ends]:
    """A few junctions with roads that go one way or both, doubled or shut, and who joins them where."""
    roads = draw(st.sampled_from([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]))()
    nodes = st.integers(0, draw(st.integers(0, 5)))
    roads.add_nodes_from(range(6))
    for start, end, minutes in draw(st.lists(st.tuples(nodes, nodes, TIMES), max_size=14)):
        roads.add_edge(start, end, minutes=minutes)
    shut = [edge for edge in list(roads.edges) if draw(st.integers(0, 4)) == 0]
    roads.remove_edges_from(shut)
    legs = st.dictionaries(st.integers(0, 5), TIMES, min_size=1, max_size=3)
    areas, sites = (draw(st.lists(legs, min_size=1, max_size=3)) for _ in range(2))
    return roads, dict(zip("ABC", areas, strict=False)), dict(zip("xyz", sites, strict=False))


def quickest_roads(roads: Any) -> dict[tuple[Hashable, Hashable], float]:
    """Return the minutes from each junction to the next, by the quickest road."""
    found: dict[tuple[Hashable, Hashable], float] = {}
    for start, end, minutes in roads.edges(data="minutes"):
        for pair in {(start, end)} if roads.is_directed() else {(start, end), (end, start)}:
            found[pair] = min(minutes, found.get(pair, INFINITE))
    return found


def by_networkx(roads: Any, area: Mapping[Hashable, float], site: Mapping[Hashable, float]) -> float:
    """Return the minutes that networkx finds back from the site, and then the way to the roads."""
    backwards = nx.DiGraph((v, u, {"minutes": minutes}) for (u, v), minutes in quickest_roads(roads).items())
    backwards.add_nodes_from(roads)
    backwards.add_edges_from(("site", node, {"minutes": minutes}) for node, minutes in site.items())
    found = nx.single_source_dijkstra_path_length(backwards, "site", weight="minutes")
    return min(found.get(node, INFINITE) + minutes for node, minutes in area.items())


def by_trying_all(roads: Any, area: Mapping[Hashable, float], site: Mapping[Hashable, float]) -> float:
    """Return the least of all ways that pass no junction twice, added up from the site."""
    quickest, best = quickest_roads(roads), INFINITE
    for number in range(1, len(roads) + 1):
        for passed in permutations(roads, number):
            if passed[0] in area and passed[-1] in site:
                minutes = site[passed[-1]]
                for start, end in reversed(list(pairwise(passed))):
                    minutes += quickest.get((start, end), INFINITE)
                best = min(best, minutes + area[passed[0]])
    return best


@draws(40)
@given(worlds())
def test_minutes_are_those_of_networkx_and_of_trying_every_way_to_the_last_digit(world):
    roads, areas, sites = world
    minutes = journey_minutes(roads, areas, sites).fillna(INFINITE)
    for area in areas:
        for site in sites:
            found = by_networkx(roads, areas[area], sites[site])
            assert minutes.loc[area, site] == found == by_trying_all(roads, areas[area], sites[site])


@draws(60)
@given(worlds())
def test_the_way_takes_the_minutes_that_are_told(world):
    roads, areas, sites = world
    minutes, quickest = journey_minutes(roads, areas, sites), quickest_roads(roads)
    for area, legs in areas.items():
        for site, gates in sites.items():
            passed = way(roads, legs, gates)
            if passed is None:
                assert np.isnan(minutes.loc[area, site])
                continue
            total = gates[passed[-1]]
            for pair in reversed(list(pairwise(passed))):
                total += quickest[pair]
            assert total + legs[passed[0]] == pytest.approx(minutes.loc[area, site], abs=1e-12)


def test_many_sites_are_searched_for_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch):
    roads = nx.grid_2d_graph(4, 4)
    nx.set_edge_attributes(roads, {edge: n + 0.3 for n, edge in enumerate(roads.edges)}, "minutes")
    ends = {f"E{n}": node for n, node in enumerate(roads)}
    at_once = journey_minutes(roads, ends, ends)
    monkeypatch.setattr(module, "MOST_AT_ONCE", 1)
    assert journey_minutes(roads, ends, ends).equals(at_once)
