"""Journeys that nobody measured, from a line fitted to those that are known: so much at once, and so much a kilometre.

Distances are whole metres and minutes whole millionths, so that whoever fits the line again finds the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from optimiser.problem.decimals import MILLION, PLACES

# Of so many sites, the nearest to where a journey leads, the journeys are fitted.
SITES_FITTED = 12
# Three in each third.
LEAST_KNOWN = 9
NINE_IN_TEN = Fraction(9, 10)
METRES_A_KM = 1000

# East and north in metres, as the decimals that they were written as.
Point = tuple[Fraction | int, Fraction | int]
# A journey: its metres, and its minutes in millionths.
Known = tuple[int, int]


@dataclass(frozen=True)
class Line:
    """Minutes of a journey: ``at_once``, and ``a_metre`` for each metre of the straight line; both in millionths."""

    at_once: Fraction
    a_metre: Fraction

    def minutes(self, metres: int, places: int) -> Fraction:
        """Return minutes rounded to so many decimals, halves to the even one; never below 0."""
        return max(
            Fraction(round((self.at_once + self.a_metre * metres) * 10**places / MILLION), 10**places), Fraction(0)
        )


def metres_between(one: Point, other: Point) -> int:
    """Return the straight line between two points of a grid in metres, to the nearest metre."""
    east, north = one[0] - other[0], one[1] - other[1]
    return (math.isqrt(math.floor(4 * (east * east + north * north))) + 1) // 2


def line_of(known: Sequence[Known]) -> Line | None:
    """Return the line through known journeys, none where they are too few or no longer the further they lead.

    Tukey's resistant line: of the nearest third and of the furthest third the median distance and the median minutes
    make its slope, and what is left of minutes is the median of all. A few odd journeys do not bend it.
    """
    ordered, third = sorted(known), len(known) // 3
    if len(known) < LEAST_KNOWN:
        return None
    near, far = (
        [median(sorted(column)) for column in zip(*some, strict=True)] for some in (ordered[:third], ordered[-third:])
    )
    if far[0] <= near[0] or far[1] <= near[1]:
        return None
    slope = (far[1] - near[1]) / (far[0] - near[0])
    left = sorted(minutes * slope.denominator - slope.numerator * metres for metres, minutes in known)
    return Line(median(left) / slope.denominator, slope)


def places_of(known: Iterable[Known]) -> int:
    """Return with how many decimals every one of the known minutes can be written."""
    minutes = {one for _, one in known}
    return next(places for places in range(PLACES + 1) if all(one * 10**places % MILLION == 0 for one in minutes))


def errors_held_out(known: Mapping[str, Sequence[Known]], places: int) -> list[Fraction]:
    """Return by how many minutes each known journey is off by the line through those to all other sites, in order.

    None where some site's line cannot be fitted so.
    """
    found = []
    for held, journeys in known.items():
        line = line_of([one for site, some in known.items() if site != held for one in some])
        if line is None:
            return []
        found += [abs(line.minutes(metres, places) - Fraction(minutes, MILLION)) for metres, minutes in journeys]
    return sorted(found)


def median(ordered: Sequence[Fraction] | Sequence[int]) -> Fraction:
    """Return the middle of numbers in order, or what lies between the two in the middle."""
    return Fraction(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def nine_in_ten_within(ordered: Sequence[Fraction]) -> Fraction:
    """Return the least of numbers in order that nine in ten of them are not above."""
    return ordered[math.ceil(NINE_IN_TEN * len(ordered)) - 1]
