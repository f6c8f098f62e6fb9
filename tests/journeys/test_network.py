"""A network of roads, and how much longer journeys are when some of it is shut or slow."""

from __future__ import annotations

import numpy as np
import pytest
from road_tables import TABLES, frame, frames

from optimiser.journeys.access import access_of
from optimiser.journeys.network import Event, Network, network_of, thousandths_of

SITES = ["ash", "birch"]
A1 = {("west", "middle"), ("middle", "west"), ("middle", "east"), ("east", "middle")}


def network(**changed: str) -> Network:
    return network_of(*frames(**changed))


def pairs(stretch: str) -> set[tuple[str, str]]:
    return {link[:2] for link in network().links_of(stretch)}


def longer(*close: str, **slow: float) -> list[float]:
    """Return the minutes more from home to ash and to birch."""
    event = Event(close, {stretch.replace("_", " "): times for stretch, times in slow.items()})
    return network().longer(["home"], SITES, event).loc["home"].tolist()


def test_a_journey_is_the_way_to_the_road_the_road_and_the_way_from_it():
    """4 + 20 + 2 minutes to ash and 4 + 10 + 1 to birch, and from ash to birch 2 + 10 + 1: the A1 beats the street."""
    found = network().thousandths(["home", "ash"], SITES)
    assert found.to_numpy().tolist() == [[26_000, 15_000], [4_000, 13_000]]


def test_a_link_goes_both_ways_unless_it_is_one_way():
    shut = Event(close=("A1",))
    assert network().thousandths(["ash"], ["birch"], shut).to_numpy().tolist() == [[15_000]]
    assert network().thousandths(["birch"], ["ash"], shut).isna().all(axis=None)


def test_where_a_road_is_shut_one_goes_round_or_there_is_no_way():
    """The old road is 30 minutes for the A1's 20; to middle one comes back from east in 10, or by the street in 12."""
    assert longer("A1 between Middle and East") == [10, 0]
    assert longer("A1 between West and Middle") == [10, 30]
    assert longer("A1") == [10, 32]
    assert longer("A1", "Old Road") == [np.inf, np.inf]


def test_a_slow_road_is_taken_until_another_is_quicker():
    """At 1.2 times the A1 takes 24 minutes; at 1.5 times 30, as long as the old road; at 3 times one goes round."""
    assert longer(A1=1.2) == [4, 2]
    assert longer(A1=1.5) == [10, 5]
    assert longer(A1=3) == [10, 20]


def test_where_several_stretches_slow_a_link_the_slowest_counts_and_what_is_shut_is_shut():
    assert longer(A1=1.1, Middle_Bypass=1.3) == [4, 1]
    assert longer("A1", A1=1.1) == [10, 32]


def test_what_the_event_does_not_touch_is_not_longer():
    assert longer("Old Road") == [0, 0]
    assert longer("One Way Street") == [0, 0]


def test_minutes_that_are_added_are_tenths_halves_to_the_even():
    """0.75 minutes more are 0.8, 0.25 are 0.2, and 0.249 are 0.2."""
    assert [longer(A1_between_West_and_Middle=times)[1] for times in (1.075, 1.025, 1.0249)] == [0.8, 0.2, 0.2]


def test_a_road_is_named_by_its_number_or_name_and_a_stretch_by_two_of_its_junctions():
    assert pairs("A1") == pairs("a1") == pairs("A1 between West and East and Quay") == A1
    assert pairs("Middle Bypass") == pairs("A1 between middle and East") == {("middle", "east"), ("east", "middle")}
    assert pairs("A1 between East and Quay and Middle") == {("middle", "east"), ("east", "middle")}
    assert pairs("B2") == {("west", "east"), ("east", "west")}


def test_from_one_to_another_is_one_way_alone():
    assert pairs("A1 from West to East") == {("west", "middle"), ("middle", "east")}
    assert pairs("A1 from east to west") == {("middle", "west"), ("east", "middle")}
    assert longer("A1 from East to West") == [0, 0]


@pytest.mark.parametrize(
    ("stretch", "words"),
    [
        ("A11", r'no road of road_links.csv is called "A11". Did you mean "A1"\?'),
        (" between West and East", "no road of road_links.csv is called"),
        ("A1 between West", '"A1 … West" names one end'),
        (
            "A1 between West and Nowhere",
            'no junction of A1 is called "Nowhere". There are: A1 / B2 East and Quay; A1 / B2 W',
        ),
        ("A1 between A1 and East", '"A1" may be A1 / B2 East and Quay or A1 Middle or A1 / B2 West. Write more of its'),
        ("A1 between West and Est", 'no junction of A1 is called "Est"'),
        ("A1 between middle and A1 Middle", '"middle and A1 Middle" names A1 Middle twice. Write two junctions of A1.'),
        ("One Way Street between east and west", 'no junction of One Way Street is called "west"'),
    ],
)
def test_a_stretch_that_is_not_understood_is_refused_with_what_there_is(stretch: str, words: str):
    with pytest.raises(ValueError, match=words):
        network().links_of(stretch)


def test_a_road_that_does_not_run_through_is_refused():
    broken = TABLES["road_links"].replace("middle,east,A1,", "middle,east,A3,")
    broken += "middle,east,B2,,1,fast,\n"
    with pytest.raises(ValueError, match="A1 does not run through from A1 Middle to A1 / B2 East"):
        network(road_links=broken.replace("east,middle,One Way Street", "east,east,A1")).links_of(
            "A1 between Middle and East"
        )


def test_of_two_lines_of_one_length_both_are_the_stretch():
    """The A1 splits round a town, 10 km either side; which of them is meant nobody knows."""
    split = TABLES["road_links"] + "middle,south,A1,,4,fast,\nsouth,east,A1,,6,fast,\n"
    junctions = TABLES["road_junctions"] + "south,South,0,0\n"
    found = network(road_links=split, road_junctions=junctions).links_of("A1 from Middle to East")
    assert {link[:2] for link in found} == {("middle", "east"), ("middle", "south"), ("south", "east")}


def test_the_way_is_told_link_by_link_and_turns_where_a_road_is_shut():
    ways = [network().way("home", "ash", event) for event in (None, Event(close=("A1",)))]
    assert [way and way.junctions for way in ways] == [("west", "middle", "east"), ("west", "east")]
    assert [[link["name"] for link in way.links] for way in ways if way] == [["", "Middle Bypass"], ["Old Road"]]
    assert network().way("home", "ash", Event(close=("A1", "B2"))) is None


def test_of_what_joins_no_junction_nothing_is_known():
    found = network().longer(["home", "island"], ["ash", "elm"], Event(close=("A1",)))
    assert found.isna().to_numpy().tolist() == [[False, True], [True, True]]


def test_times_are_whole_thousandths_of_a_minute_halves_to_the_even():
    """At 60 km/h a kilometre takes a minute, so that half a metre is half a thousandth."""
    assert [thousandths_of(km, 60) for km in (1, 0.0005, 0.0015, 0.0016)] == [1000, 0, 2, 2]


PLACES = frame("junction,easting_m,northing_m\na,0,0\nb,3000,0\nc,9000,0\n")
HOME = frame("end,easting_m,northing_m\nhome,1000,0\n")
RIVER = frame("water,order,easting_m,northing_m\nRiver,0,2000,-5000\nRiver,1,2000,5000\n")
ROUND_ABOUT = frame("water,order,easting_m,northing_m\nRiver,0,2000,-5000\nRiver,10,2000,5000\nRiver,9,20000,0\n")
NO_WATER = RIVER.iloc[:0]


def joined(waters, **limits) -> list[tuple[str, float]]:
    found = access_of(HOME, PLACES, waters, **limits)
    return list(zip(found["junction"], found["km"], strict=True))


def test_one_joins_the_nearest_junctions_by_a_straight_line_times_1_3():
    assert joined(NO_WATER, nearest=2) == [("a", 1.3), ("b", 2.6)]
    assert joined(NO_WATER, nearest=9) == [("a", 1.3), ("b", 2.6), ("c", 10.4)]


def test_junctions_that_are_far_off_are_left_out():
    assert joined(NO_WATER, nearest=9, within_km=2) == [("a", 1.3), ("b", 2.6)]
    assert joined(NO_WATER, nearest=9, within_km=0.1, within_times=1.9) == [("a", 1.3)]
    assert joined(NO_WATER, nearest=9, within_km=0.1, within_times=8) == [("a", 1.3), ("b", 2.6), ("c", 10.4)]


def test_nobody_joins_a_junction_over_a_water():
    assert joined(RIVER, nearest=9) == [("a", 1.3)]


def test_a_water_is_drawn_in_the_order_of_its_points():
    """From south to north it goes round by the east, where nobody lives."""
    assert joined(ROUND_ABOUT, nearest=2) == [("a", 1.3), ("b", 2.6)]
