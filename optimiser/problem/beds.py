"""Beds by the Erlang loss formula: how many a load of patients needs, and how many patients so many beds can take.

Patients arrive at random and are turned away when every bed is taken. ``load`` is the mean number of beds that would be
taken if nobody were ever turned away: arrivals a day times days of stay. Floats decide; where one lies so near the
target that rounding could decide, fractions do, so that the answer is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TypeVar

from optimiser.problem.decimals import exactly

Real = TypeVar("Real", float, Fraction)

DAYS_A_YEAR = 365
# The most beds that are counted, with everybody at one site.
MOST_BEDS = 100_000
# Numbers of patients that are worked out one by one.
FEW = 64
# Far above what a float of the recursion is off by, far below what one bed more or less changes.
NEAR = 1e-9


@dataclass(frozen=True)
class Stays:
    """What one patient of a service asks of its beds.

    Some of those who arrive turn out to have something else: ``other_share`` of all arrivals, who stay ``other_days``.
    """

    days: float
    other_share: float = 0.0
    other_days: float = 0.0

    @property
    def days_a_patient(self) -> Fraction:
        """Bed days for one patient of the service, with those for the others who arrive beside them."""
        share = exactly(self.other_share)
        return exactly(self.days) + exactly(self.other_days) * share / (1 - share)

    def load(self, patients: Fraction) -> Fraction:
        """Return the mean number of beds taken, from patients of the service a year, if nobody is turned away."""
        return patients * self.days_a_patient / DAYS_A_YEAR


def erlang_loss(beds: int, load: Real) -> Real:
    """Return the share of arrivals who find every bed taken, by the recursion that never overflows."""
    share = load**0
    for number in range(1, beds + 1):
        share = load * share / (number + load * share)
    return share


def enough(beds: int, load: Fraction, blocking: float) -> bool:
    """Whether at most the share ``blocking`` of arrivals finds every bed taken; nobody needs none."""
    return not load or _at_most(beds, load, erlang_loss(beds, float(load)), blocking)


def beds_needed(load: Fraction, blocking: float) -> int:
    """Return the smallest number of beds that turns away at most the share ``blocking`` of arrivals."""
    beds, share, beds_taken = 0, 1.0, float(load)
    while load and not _at_most(beds, load, share, blocking):
        beds += 1
        share = beds_taken * share / (beds + beds_taken * share)
    return beds


def beds_needed_by(volumes: Sequence[int], stays: Stays, blocking: float, *, scale: int) -> list[int]:
    """Return the beds that patients need, by how many they are a year: rising numbers of 1 / ``scale``."""
    needed: list[int] = []
    limit = -1.0
    for volume in volumes:
        # Few are worked out one by one; of many, most need as many beds as the one before.
        if volume > limit:
            needed.append(beds_needed(stays.load(Fraction(volume, scale)), blocking))
            limit = most_patients(needed[-1], stays, blocking, scale=scale) * scale if len(volumes) > FEW else -1.0
        else:
            needed.append(needed[-1])
    return needed


def most_patients(beds: int, stays: Stays, blocking: float, *, scale: int = 1) -> float:
    """Return the most patients of the service a year, in steps of ``1 / scale``, for whom so many beds are enough."""
    # Those who are not turned away cannot fill more than every bed.
    load = Fraction(beds) / (1 - exactly(blocking))
    low, high = 0, floor(load * DAYS_A_YEAR / stays.days_a_patient * scale) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if enough(beds, stays.load(Fraction(middle, scale)), blocking):
            low = middle
        else:
            high = middle
    return low / scale


def staff_for_beds(beds: int, per_bed: Mapping[str, float]) -> dict[str, float]:
    """Return the staff (WTE) that grow with beds, by role, from WTE a bed."""
    return {role: float(beds * exactly(wte)) for role, wte in per_bed.items()}


def _at_most(beds: int, load: Fraction, share: float, blocking: float) -> bool:
    if abs(share - blocking) > NEAR * blocking:
        return share < blocking
    return erlang_loss(beds, load) <= exactly(blocking)
