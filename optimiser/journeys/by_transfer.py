"""Services reached by transfer: first contact at the nearest site of one service, then on to the nearest of another.

The first leg is a journey like any other. The second leg depends on where the first ended and on who provides the
service: nobody goes on from a site that provides it. Patients, minutes and shares are added as whole numbers of
their last decimal place, so sums are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optimiser.errors import TooLarge
from optimiser.journeys.going import Bools, Floats, Going, Ints, goes_to
from optimiser.problem import Problem, Transfer, worked_out_once

DAYS_A_YEAR = 365
MINUTES_AN_HOUR = 60
# A double holds every whole number up to here exactly.
LARGEST_EXACT = 2**53
REMEDY = "Give patients, journey times or travel.factor with fewer decimal places."
TOO_FINE = f"Patient-minutes are too large to add exactly. {REMEDY}"
# Transfers a year are published as whole numbers of this many parts, so that equal really means equal.
PARTS_OF_A_TRANSFER = 10**9


@dataclass(frozen=True, eq=False)
class SecondLegs:
    """What lies between every site of first contact and every site that could take a service's patients.

    All arrays are first sites × sites. ``road`` is minutes by road, 0 from a site to itself and infinite where there is
    no journey; ``minutes`` adds dwell and overhead where the patient moves. ``order`` settles who is nearest.
    """

    transfer: Transfer
    first_sites: tuple[str, ...]
    sites: tuple[str, ...]
    road: Floats
    minutes: Floats
    moves: Bools

    @property
    def order(self) -> Floats:
        """Minutes by road, with a site itself before any other; equal ones are settled by the order of the sites."""
        return np.where(self.moves, self.road, -1.0)

    @property
    def share(self) -> Floats:
        """The share of a first site's patients who go on to a site: all who are there already."""
        return np.where(self.moves, self.transfer.share_transferred.value, 1.0)

    @property
    def transfers(self) -> Floats:
        """Transfers a year, suspected patients counted, for one confirmed patient a year at the first site."""
        suspected = self.transfer.share_transferred.value * self.transfer.suspected_per_confirmed.value
        return np.where(self.moves, suspected, 0.0)

    @property
    def repatriations(self) -> Floats:
        """Repatriations a year for one confirmed patient a year at the first site."""
        back_again = self.transfer.share_transferred.value * self.transfer.repatriated_share.value
        return np.where(self.moves, back_again, 0.0)

    @property
    def ambulance_hours(self) -> Floats:
        """Hours a year for one confirmed patient a year at the first site.

        An ambulance goes out and back and spends the overhead on each transfer, and goes out and back on each
        repatriation.
        """
        road = np.where(np.isfinite(self.road), self.road, 0.0)
        there_and_back = 2 * road
        out = self.transfers * (there_and_back + self.transfer.overhead_minutes.value)
        minutes = out + self.repatriations * there_and_back
        return np.where(self.moves, minutes, 0.0) / MINUTES_AN_HOUR


@worked_out_once
def second_legs(problem: Problem, service: str) -> SecondLegs:
    """Return the second legs of a service reached by transfer."""
    transfer = problem.services[service].transfer
    assert transfer is not None
    first, sites = problem.reachable_sites(transfer.first_contact), problem.reachable_sites(service)
    road = problem.transfers.reindex(index=list(first), columns=list(sites)).to_numpy(dtype=float, copy=True)
    moves = np.array([[one != other for other in sites] for one in first], dtype=bool).reshape(road.shape)
    road[np.isnan(road)] = np.inf
    road[~moves] = 0.0
    if not transfer.to_neighbours:
        outside = np.array([not problem.sites[site].candidate for site in sites], dtype=bool)
        road[moves & outside] = np.inf
    waits = transfer.dwell_minutes.value + transfer.overhead_minutes.value
    minutes = np.where(moves, np.round(road + waits, 6), 0.0)
    return SecondLegs(transfer, first, sites, road, minutes, moves)


def both_minutes(first: Floats, second: Floats | float) -> Floats:
    """Return both legs' minutes together, to the six decimal places that journeys are counted in."""
    return np.asarray(np.round(first + second, 6))


@dataclass(frozen=True, eq=False)
class TwoLegs(Going):
    """Where both legs send everybody, for every joint choice: first contact's choices × the service's own.

    ``first_minutes`` (infinite where nobody can be reached) and ``first_site`` (a position in the sites of first
    contact, −1 for none) are first contact's choices × areas; ``provided`` is the service's choices × candidates.
    """

    service: str
    first_minutes: Floats
    first_site: Ints
    provided: Bools

    @cached_property
    def legs(self) -> SecondLegs:
        """The second legs."""
        return second_legs(self.problem, self.service)

    @property
    def services(self) -> tuple[str, str]:
        """The two services whose choices are the axes of every result."""
        return self.legs.transfer.first_contact, self.service

    @cached_property
    def goes_on_to(self) -> Ints:
        """Position of the site that each first site's patients end at: the service's choices × first sites."""
        return goes_to(self.legs.order, self.provided)

    @cached_property
    def second_minutes(self) -> Floats:
        """Minutes of the second leg, infinite where there is none to be had: the service's choices × first sites."""
        return self._picked(self.legs.minutes, np.inf)

    @cached_property
    def unserved(self) -> Ints:
        """Areas that no site takes, by joint choice."""
        nowhere = (self.first_site[:, self.areas] < 0).sum(axis=1)[:, None]
        one_an_area = np.zeros(len(self.resident))
        one_an_area[self.areas] = 1
        stranded = self._at_first(one_an_area) @ (self.goes_on_to < 0).T
        return np.asarray(nowhere + stranded)

    @cached_property
    def worst_minutes(self) -> Floats:
        """The longest journey over both legs from any resident area, by joint choice."""
        worst = np.zeros((len(self.first_site), len(self.provided)))
        for number, second in enumerate(self.second_minutes.T):
            here = np.asarray((self.first_site == number) & self.stays)
            anybody = np.asarray(here.any(axis=1))[:, None]
            longest = np.asarray(np.where(here, self.first_minutes, 0.0).max(axis=1, initial=0.0))[:, None]
            np.maximum(worst, np.where(anybody, both_minutes(longest, second), 0.0), out=worst)
        lost = np.asarray(np.asarray((self.first_site < 0) & self.stays).any(axis=1))
        return np.where(lost[:, None], np.inf, worst)

    def patients_beyond(self, minutes: float) -> Floats:
        """Return resident patients a year (scaled) whose two legs take longer than ``minutes``, by joint choice."""
        weight = self.patients * self.resident
        beyond = np.zeros((len(self.first_site), len(self.provided)))
        beyond += ((self.first_site < 0) @ weight)[:, None]
        for number, seconds in enumerate(self.second_minutes.T):
            here = self.first_site == number
            first = np.where(here, self.first_minutes, 0.0)
            for second in np.unique(seconds):
                late = here & (both_minutes(first, second) > minutes)
                beyond[:, seconds == second] += (late @ weight)[:, None]
        return beyond

    def patient_minutes(self, counted: Bools) -> Floats:
        """Return minutes that patients of some areas spend on both legs, as whole numbers of their last place.

        Infinite where some of these patients reach no site. Only the share of patients who are transferred spend the
        second leg. Whole numbers of ``1 / (patient_scale × minute_scale × share_scale)``, by joint choice.
        """
        scale, weight = self.problem.minute_scale, self.patients * counted
        first = np.rint(np.where(self.first_site >= 0, self.first_minutes, 0.0) * scale) * self.problem.share_scale
        served, there = self.goes_on_to >= 0, self._at_first(weight)
        second = np.rint(np.where(served, self.second_minutes, 0.0) * scale) * self._scaled_share
        total = self._at_first(weight, first) @ served.T + there @ second.T
        if total.max(initial=0) >= LARGEST_EXACT:
            raise TooLarge(TOO_FINE)
        lost = ((self.first_site < 0) @ weight)[:, None] + there @ ~served.T
        return np.where(lost > 0, np.inf, total)

    @property
    def volume_scale(self) -> int:
        """What makes every number of patients at a site whole."""
        return self.problem.patient_scale * self.problem.share_scale

    def arriving(self, site: str, counted: Bools | None = None) -> Floats:
        """Return patients a year at a site, by joint choice: those carried on, and those who stay.

        From every area, or only from those that are counted.
        """
        if site not in self.legs.sites:
            return np.zeros((len(self.first_site), len(self.provided)))
        here = self.goes_on_to == self.legs.sites.index(site)
        patients = self.patients if counted is None else self.patients * counted
        total = self._at_first(patients) @ np.where(here, self._scaled_share_of_all, 0).T
        return np.asarray(total / self.volume_scale)

    def transfers_a_year(self) -> Floats:
        """Return transfers a year, suspected patients counted, as whole numbers of 1 / ``PARTS_OF_A_TRANSFER``."""
        suspected = self.legs.transfer.suspected_per_confirmed.value
        moved = self._at_first(self.patients) @ np.where(self._moved, self._scaled_share, 0).T
        parts = moved * (suspected * PARTS_OF_A_TRANSFER / self.volume_scale)
        return np.asarray(np.rint(parts))

    def transfers_a_day(self) -> Floats:
        """Return transfers a day, suspected patients counted, by joint choice."""
        return np.asarray(np.round(self.transfers_a_year() / PARTS_OF_A_TRANSFER / DAYS_A_YEAR, 12))

    def repatriations(self) -> Floats:
        """Return how many patients a year are taken back, by joint choice."""
        return self._over_moves(self.legs.repatriations)

    def ambulance_hours(self) -> Floats:
        """Return the hours a year that ambulances spend on transfers and repatriations, by joint choice."""
        return self._over_moves(self.legs.ambulance_hours)

    def _over_moves(self, each: Floats) -> Floats:
        """Return the sum over patients who are taken on of ``each`` (first sites × sites), by joint choice."""
        moved = np.where(self._moved, self._picked(each, 0.0), 0.0)
        return np.asarray(np.round(self._at_first(self.patients) @ moved.T / self.problem.patient_scale, 9))

    @property
    def _moved(self) -> Bools:
        return np.asarray(self._picked(self.legs.moves.astype(float), 0.0) > 0)

    @property
    def _scaled_share(self) -> float:
        return float(np.rint(self.legs.transfer.share_transferred.value * self.problem.share_scale))

    @property
    def _scaled_share_of_all(self) -> Floats:
        return np.where(self._moved, self._scaled_share, float(self.problem.share_scale))

    def _picked(self, values: Floats, otherwise: float) -> Floats:
        """Return ``values`` (first sites × sites) where each first site's patients go on to."""
        if not values.shape[1]:
            return np.full(self.goes_on_to.shape, otherwise)
        picked = values[np.arange(len(values))[None, :], self.goes_on_to]
        return np.where(self.goes_on_to >= 0, picked, otherwise)

    def _at_first(self, weight: Floats, values: Floats | None = None) -> Floats:
        """Return the sum of ``weight``, or of weight times ``values``, over the areas at each first site."""
        choices, sites = len(self.first_site), len(self.legs.first_sites)
        each = np.broadcast_to(weight if values is None else weight * values, self.first_site.shape)
        found = np.bincount(self._bins, each.ravel(), choices * (sites + 1))
        return np.asarray(found.reshape(choices, sites + 1)[:, 1:])

    @cached_property
    def _bins(self) -> Ints:
        """A number for each choice and first site, nowhere before the others, in the order of ``first_site``."""
        by_choice = np.arange(len(self.first_site))[:, None] * (len(self.legs.first_sites) + 1)
        return np.asarray((by_choice + self.first_site + 1).ravel())
