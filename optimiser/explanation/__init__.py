"""Why, why not, and what it would take: the rules that clash, what an option or a site costs, and what rules cost."""

from optimiser.explanation.clashes import Clash, ClashingSet, clash
from optimiser.explanation.costs import Change, Cost
from optimiser.explanation.on_roads import InState, OnRoads, on_roads
from optimiser.explanation.overview import Overview, explain
from optimiser.explanation.prices import price_of_rules
from optimiser.explanation.record import record
from optimiser.explanation.ways_out import WayOut
from optimiser.explanation.why_not import WhyNotOption, WhyNotSite
from optimiser.explanation.would_change import (
    NOT_PROVED_BEST,
    SINCE,
    TOO_FINE,
    WouldChange,
    looked_for,
    why_not_worked_out,
    would_change,
)
from optimiser.scenarios.maps import TwoWayMap, two_way_map
from optimiser.scenarios.switching import WhatWouldHaveToBeTrue, switching, switching_map, what_would_have_to_be_true

__all__ = [
    "NOT_PROVED_BEST",
    "SINCE",
    "TOO_FINE",
    "Change",
    "Clash",
    "ClashingSet",
    "Cost",
    "InState",
    "OnRoads",
    "Overview",
    "TwoWayMap",
    "WayOut",
    "WhatWouldHaveToBeTrue",
    "WhyNotOption",
    "WhyNotSite",
    "WouldChange",
    "clash",
    "explain",
    "looked_for",
    "on_roads",
    "price_of_rules",
    "record",
    "switching",
    "switching_map",
    "two_way_map",
    "what_would_have_to_be_true",
    "why_not_worked_out",
    "would_change",
]
