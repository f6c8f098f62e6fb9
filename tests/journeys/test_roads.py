"""Minutes on a graph of roads."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from optimiser.journeys.roads import journey_minutes


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


def test_roads_without_a_direction_go_both_ways():
    roads = one_way_street().to_undirected()
    minutes = journey_minutes(roads, {"E1": "home", "E2": "hospital"}, {"ash": "hospital", "birch": "home"})
    assert minutes.to_numpy().tolist() == [[9, 0], [0, 9]]


def test_codes_that_are_not_on_the_graph_are_named():
    with pytest.raises(ValueError, match="E2, birch"):
        journey_minutes(one_way_street(), {"E1": "home", "E2": "moon"}, {"birch": "mars"})
