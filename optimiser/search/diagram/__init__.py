"""Every lawful option as a path through layers of services: counted, ranked and listed without touching each one.

Services are decided one after another. Partial options that no rule and no sum still to come can tell apart share a
node, so that a few thousand arcs may stand for any number of options. A worst journey so far is part of what tells them
apart, which makes every number of an option a plain sum along its path. Nothing here knows what a hospital is.

Sums are of whole numbers in floating point, exact as long as they stay below 2^53; counts are exact whole numbers of
any size.
"""

from __future__ import annotations

from optimiser.search.diagram.build import Aim, AtMost, Table, build
from optimiser.search.diagram.paths import Diagram, places_of
from optimiser.search.diagram.rows import Floats, Ints, in_order, undominated

__all__ = ["Aim", "AtMost", "Diagram", "Floats", "Ints", "Table", "build", "in_order", "places_of", "undominated"]
