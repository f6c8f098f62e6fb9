"""Turns that take time or may not be made."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import pairwise, product
from typing import Any

import networkx as nx
import numpy as np
import pytest
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from road_tables import TABLES, frames
from test_roads import INFINITE, Ends, quickest_roads, worlds

from optimiser.journeys.network import Event, Network, network_of
from optimiser.journeys.roads import journey_minutes, way
from optimiser.journeys.turns import Turn, Turns

FORBIDDEN = float("inf")


def crossing() -> nx.DiGraph:
    """South to north by the middle in 2 + 3 minutes, to east in 2 + 4, and from north and east back."""
    roads = nx.DiGraph()
    for start, end, minutes in (("south", "middle", 2), ("middle", "north", 3), ("middle", "east", 4)):
        roads.add_edge(start, end, minutes=minutes)
        roads.add_edge(end, start, minutes=minutes)
    return roads


def minutes(turns: Turns, start: str = "south", end: str = "east") -> float:
    return float(journey_minutes(crossing(), {"E1": start}, {"ash": end}, turns=turns).to_numpy()[0, 0])


def test_a_turn_takes_its_time_and_every_row_that_fits_counts():
    assert minutes({("south", "middle", "east"): 1.5}) == 7.5
    assert minutes({(None, "middle", None): 1, ("south", "middle", None): 0.25, (None, "middle", "east"): 0.5}) == 7.75
    assert minutes({("south", "middle", "north"): 9, ("north", "middle", "east"): 9}) == 6


def test_who_begins_or_ends_at_a_junction_does_not_wait_there():
    waits: Turns = {(None, node, None): 5 for node in crossing()}
    assert minutes(waits) == 11
    assert minutes(waits, "middle") == 4
    assert minutes(waits, "south", "middle") == 2
    assert minutes(waits, "middle", "middle") == 0


def test_a_forbidden_turn_is_driven_round_by_turning_back_unless_that_is_forbidden_too():
    """North and back are 3 + 3 minutes more. With nobody turning round there is no way from south to east."""
    left: dict[Turn, float] = {("south", "middle", "east"): FORBIDDEN}
    assert minutes(left) == 12
    assert way(crossing(), "south", "east", turns=left) == ["south", "middle", "north", "middle", "east"]
    assert np.isnan(minutes({**left, ("middle", "north", "middle"): FORBIDDEN}))
    assert way(crossing(), "south", "east", turns={(None, "middle", "east"): FORBIDDEN}) is None


def test_roads_without_a_direction_may_have_turns():
    roads = nx.Graph(crossing())
    found = journey_minutes(roads, {"E1": "east"}, {"ash": "south"}, turns={("east", "middle", "south"): 1})
    assert found.loc["E1", "ash"] == 7


@pytest.mark.parametrize("takes", [-1, float("nan")])
def test_a_turn_that_takes_less_than_nothing_or_nobody_knows_how_long_is_refused(takes: float):
    with pytest.raises(ValueError, match="Some turns take less than nothing"):
        minutes({("south", "middle", "east"): takes})


@st.composite
def worlds_with_turns(draw: st.DrawFn) -> tuple[Any, Ends, Ends, Any]:
    roads, areas, sites = draw(worlds())
    node = st.sampled_from([None, 0, 1, 2, 3])
    takes = st.sampled_from([FORBIDDEN, 0.0, 0.1, 0.7, 2.2, 4.75])
    turns = draw(st.dictionaries(st.tuples(node, st.integers(0, 4), node), takes, max_size=8))
    return roads, areas, sites, turns


def together(turns: Turns, before: Hashable, at: Hashable, after: Hashable) -> float:
    return sum(turns.get(one, 0) for one in product((before, None), (at,), (after, None)))


def by_networkx(roads: Any, area: Mapping[Hashable, float], site: Mapping[Hashable, float], turns: Turns) -> float:
    """Return the minutes that networkx finds back from the site on its own graph of which road follows which."""
    quickest = quickest_roads(roads)
    follows = nx.line_graph(nx.DiGraph(list(quickest)))
    follows.add_nodes_from(quickest)
    backwards: nx.DiGraph = nx.DiGraph()
    for road, after in follows.edges:
        wait = together(turns, road[0], after[0], after[1])
        if wait < FORBIDDEN:
            backwards.add_edge(after, road, minutes=quickest[after] + wait)
    for road in follows:
        if road[1] in site:
            backwards.add_edge("site", road, minutes=site[road[1]])
    backwards.add_node("site")
    found = nx.single_source_dijkstra_path_length(backwards, "site", weight="minutes")
    best = min((site[node] + add for node, add in area.items() if node in site), default=INFINITE)
    begun = [(found[road] + quickest[road]) + area[road[0]] for road in follows if road in found and road[0] in area]
    return min([best, *begun])


def by_trying_all(roads: Any, area: Mapping[Hashable, float], site: Mapping[Hashable, float], turns: Turns) -> float:
    """Return the least of all ways that drive no road twice."""
    quickest, found = quickest_roads(roads), [INFINITE]

    def go_on(passed: list[Hashable], so_far: float, driven: frozenset) -> None:
        *before, node = passed
        found.append(so_far + site.get(node, INFINITE))
        for road in quickest:
            if road[0] == node and road not in driven and so_far < min(found):
                wait = together(turns, before[-1], node, road[1]) if before else 0
                go_on([*passed, road[1]], so_far + wait + quickest[road], driven | {road})

    for node, add in area.items():
        go_on([node], add, frozenset())
    return min(found)


@draws(60)
@given(worlds_with_turns())
def test_minutes_are_those_of_networkx_and_of_trying_every_way(world):
    """To the last digit of networkx; ways that are tried are added up in another order."""
    roads, areas, sites, turns = world
    found = journey_minutes(roads, areas, sites, turns=turns).fillna(INFINITE)
    for area, site in product(areas, sites):
        assert found.loc[area, site] == by_networkx(roads, areas[area], sites[site], turns)
        assert found.loc[area, site] == pytest.approx(by_trying_all(roads, areas[area], sites[site], turns), abs=1e-9)


@draws(60)
@given(worlds_with_turns())
def test_the_way_takes_the_minutes_that_are_told(world):
    roads, areas, sites, turns = world
    found, quickest = journey_minutes(roads, areas, sites, turns=turns), quickest_roads(roads)
    for area, site in product(areas, sites):
        passed = way(roads, areas[area], sites[site], turns=turns)
        if passed is None:
            assert np.isnan(found.loc[area, site])
            continue
        total = areas[area][passed[0]] + sites[site][passed[-1]]
        total += sum(quickest[pair] for pair in pairwise(passed))
        total += sum(together(turns, *three) for three in zip(passed, passed[1:], passed[2:], strict=False))
        assert total == pytest.approx(found.loc[area, site], abs=1e-9)


# On a place's network -------------------------------------------------------------------------------------------------

TURNS = "from_junction,junction,to_junction,turn\nwest,middle,,signals\n,middle,east,right\n"
DELAYS = "turn,seconds\nright,12\nsignals,20\n"


def network(turns: str = TURNS, delays: str = DELAYS) -> Network:
    return network_of(*frames(road_turns=turns, road_delays=delays))


def test_rows_of_one_turn_count_together_each_to_a_thousandth_of_a_minute():
    """From home to ash past the signals and to the right: 20 and 12 seconds, 333 and 200 thousandths of a minute."""
    assert network().thousandths(["home"], ["ash", "birch"]).to_numpy().tolist() == [[26_533, 15_000]]
    twice = network(TURNS + "west,middle,east,right\n").thousandths(["home"], ["ash"])
    assert twice.to_numpy().tolist() == [[26_733]]


def test_who_may_not_turn_takes_the_old_road():
    found = network("junction,turn\nmiddle,forbidden\n")
    assert found.thousandths(["home"], ["ash", "birch"]).to_numpy().tolist() == [[36_000, 15_000]]


def test_turns_are_as_long_in_an_event_and_a_way_has_them_among_its_links():
    """The A1 at 1.2 times 10 minutes, twice, and the turns."""
    event = Event(slow={"A1": 1.2})
    assert network().longer(["home"], ["ash", "birch"], event).loc["home"].tolist() == [4, 2]
    found = network().way("home", "ash", event)
    assert found is not None
    assert found.junctions == ("west", "middle", "east")
    assert [link["thousandths"] for link in found.links] == [12_000, 12_533]
    assert "road_turns" not in TABLES
