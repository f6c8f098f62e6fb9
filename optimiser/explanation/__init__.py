"""Why there is no plan: the rules that clash, in words, and the cheapest ways out of each unit."""

from optimiser.explanation.clashes import Clash, ClashingSet, clash
from optimiser.explanation.ways_out import WayOut
from optimiser.explanation.words import EVERYBODY, SAYS, WAYS_OUT

__all__ = ["EVERYBODY", "SAYS", "WAYS_OUT", "Clash", "ClashingSet", "WayOut", "clash"]
