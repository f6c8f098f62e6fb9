"""Every way in which the words share out patients while some limits are left out: brute force, of another kind.

The sharing by some limits is found by a network simplex of another library than the project's own, in whole numbers;
what limits ask, who goes to the nearest, and what follows for each rule is written here again from the words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations

import networkx as nx
import numpy as np

from optimiser.model.rules import Demand
from optimiser.problem import Problem
from optimiser.problem.beds import beds_needed, most_patients

ENOUGH, NOT_TOO_MANY, BEDS = "every_site_has_enough_patients", "no_site_has_too_many_patients", "beds_are_enough"
SERVED, TOO_FAR, WITHIN = "every_area_is_served", "nobody_travels_too_far", "enough_patients_within_standard"
FEW_OUTSIDE, FEW_THERE = "few_enough_are_treated_outside", "neighbours_are_not_sent_too_many"
# What an area that no site takes is sent to.
NOWHERE = -1


@dataclass(frozen=True)
class Sent:
    """Where some sites and limits send everybody: whole parts of a patient by area and site (a position)."""

    sites: frozenset[str]
    patients: tuple[dict[int, int], ...]


class EverySharing:
    """Every sharing of one service's patients that some sites and some of the limits of patients give."""

    def __init__(self, problem: Problem, service: str) -> None:
        self.problem, self.code, self.service = problem, service, problem.services[service]
        self.codes, self.scale = problem.reachable_sites(service), problem.patient_scale
        self.minutes = np.rint(problem.minutes(service) * problem.minute_scale)
        self.patients = [round(number) for number in problem.patients(service) * self.scale]
        self.resident = problem.resident
        # Streams of patients by number, those who leave whatever is designated left out.
        moving = np.flatnonzero(~problem.streams.leaves).tolist()
        codes = problem.areas.index[problem.streams.area]
        self.numbers = {one: n for n, one in enumerate(sorted(moving, key=lambda one: (codes[one], one)), start=1)}

    @property
    def limits(self) -> list[Demand]:
        stated, beds = self.service, self.service.beds
        found: list[Demand] = [
            (ENOUGH, (self.code, site)) for site in self.problem.candidates if stated.minimum_patients
        ]
        found += [(NOT_TOO_MANY, (self.code, site)) for site in self.problem.candidates if stated.maximum_patients]
        return found + [(BEDS, (self.code, site)) for site in self.problem.candidates if beds and site in beds.at]

    def each(self) -> Iterator[Sent]:
        """Yield the sharings of every set of candidates by every set of its limits, each once."""
        for sites in map(frozenset, _subsets(self.problem.candidates)):
            here, known = [one for one in self.limits if one[1][1] in sites], {}
            nearest = self._to_the_nearest(sites)
            yield nearest
            if any(NOWHERE in at and at[NOWHERE] for at in nearest.patients):
                continue
            for stand in _subsets(here):
                low, high = self._asked(sites, stand)
                key = tuple((low[site], high[site]) for site in sorted(sites))
                if key not in known:
                    known[key] = shared = self._shared(sites, low, high)
                    if shared:
                        yield shared

    def broken(self, sent: Sent) -> dict[Demand, bool]:
        """Return, for every rule that rests on where patients go, whether it is broken."""
        stated = self.service
        found: dict[Demand, bool] = {}
        for rule, (code, site) in self.limits:
            column = self.codes.index(site)
            there = Fraction(sum(one.get(column, 0) for one in sent.patients), self.scale)
            found[rule, (code, site)] = site in sent.sites and self._is_missed(rule, site, there)
        found[SERVED, (self.code,)] = any(NOWHERE in one for one in sent.patients)
        residents = [(area, one) for area, one in enumerate(sent.patients) if self.resident[area]]
        if stated.longest_journey_minutes:
            most = stated.longest_journey_minutes.value * self.problem.minute_scale
            staying = [(area, one) for area, one in residents if area in self.numbers]
            found[TOO_FAR, (self.code,)] = any(self._is_beyond(area, i, most) for area, one in staying for i in one)
        if stated.share_within_standard and stated.standard_minutes:
            most = stated.standard_minutes.value * self.problem.minute_scale
            going = [(n, self._is_beyond(area, i, most)) for area, one in residents for i, n in one.items()]
            everybody, late = sum(n for n, _ in going), sum(n for n, is_late in going if is_late)
            share = round(1 - late / everybody, 12) if everybody else 1.0
            found[WITHIN, (self.code,)] = share < stated.share_within_standard.value
        return found | self._outside([one for _, one in residents])

    def _outside(self, residents: list[dict[int, int]]) -> dict[Demand, bool]:
        """Return, for every rule on who is treated at a neighbour, whether it is broken."""
        stated, found = self.service, dict[Demand, bool]()
        at = {site: Fraction(sum(one.get(i, 0) for one in residents), self.scale) for i, site in enumerate(self.codes)}
        if stated.at_most_share_outside:
            every = Fraction(sum(n for one in residents for n in one.values()), self.scale)
            most = Fraction(str(stated.at_most_share_outside.value)) * every
            found[FEW_OUTSIDE, (self.code,)] = sum(at[site] for site in stated.neighbours) > most
        for site, taken in stated.neighbours_take_at_most.items():
            if site in stated.neighbours:
                found[FEW_THERE, (self.code, site)] = at[site] > Fraction(str(taken.value))
        return found

    def _is_missed(self, rule: str, site: str, there: Fraction) -> bool:
        stated, beds = self.service, self.service.beds
        if rule == ENOUGH:
            return there < Fraction(str(stated.minimum_patients.value))
        if rule == NOT_TOO_MANY:
            return there > Fraction(str(stated.maximum_patients.value))
        return beds_needed(beds.stays.load(there), beds.blocking.value) > beds.at[site].value

    def _is_beyond(self, area: int, site: int, most: float) -> bool:
        return site == NOWHERE or self.minutes[area, site] > most

    def _open(self, sites: Collection[str]) -> list[int]:
        return [i for i, site in enumerate(self.codes) if site in sites or not self.problem.sites[site].candidate]

    def _to_the_nearest(self, sites: frozenset[str]) -> Sent:
        return Sent(sites, tuple({self._nearest(sites, area): n} for area, n in enumerate(self.patients)))

    def _nearest(self, sites: frozenset[str], area: int) -> int:
        there = [(self.minutes[area, i], i) for i in self._open(sites) if np.isfinite(self.minutes[area, i])]
        return min(there)[1] if there else NOWHERE

    def _asked(self, sites: frozenset[str], stand: Collection[Demand]) -> tuple[dict[str, int], dict[str, int]]:
        """Return the fewest and the most whole parts of a patient that the limits that stand allow at each site."""
        low, high, stated = (
            dict.fromkeys(sorted(sites), 0),
            dict.fromkeys(sorted(sites), sum(self.patients)),
            self.service,
        )
        for rule, (_, site) in stand:
            if rule == ENOUGH:
                low[site] = round(stated.minimum_patients.value * self.scale)
            elif rule == NOT_TOO_MANY:
                high[site] = min(high[site], round(stated.maximum_patients.value * self.scale))
            else:
                beds = stated.beds
                most = most_patients(int(beds.at[site].value), beds.stays, beds.blocking.value, scale=self.scale)
                high[site] = min(high[site], round(most * self.scale))
        return low, high

    def _shared(self, sites: frozenset[str], low: dict[str, int], high: dict[str, int]) -> Sent | None:
        """Return the way within limits with the fewest minutes, ties settled by the words; nothing if there is none."""
        if any(low[site] > high[site] for site in sites):
            return None
        graph, everybody, demand = nx.DiGraph(), sum(self.patients), {}
        for area, number in enumerate(self.patients):
            graph.add_node(("area", area), demand=-number)
            for i in self._open(sites):
                if np.isfinite(self.minutes[area, i]):
                    graph.add_edge(("area", area), ("site", i), weight=self._cost(area, i))
        for i in self._open(sites):
            least, most = low.get(self.codes[i], 0), high.get(self.codes[i], everybody)
            demand[i] = least
            graph.add_node(("site", i), demand=least)
            graph.add_edge(("site", i), "all", capacity=most - least, weight=0)
        graph.add_node("all", demand=everybody - sum(demand.values()))
        try:
            _, flow = nx.network_simplex(graph)
        except nx.NetworkXUnfeasible:
            return None
        went = [{i: n for (_, i), n in flow["area", area].items() if n} for area in range(len(self.patients))]
        nearest = (self._nearest(sites, area) for area in range(len(self.patients)))
        return Sent(sites, tuple(at or {near: 0} for at, near in zip(went, nearest, strict=True)))

    def _cost(self, area: int, site: int) -> int:
        """Return minutes, then minutes of residents, then area times place, each before all that comes after it."""
        minutes, more = int(self.minutes[area, site]), 10**6 * (sum(self.patients) + 1)
        number = self.numbers.get(area, 0)
        return minutes * more**2 + minutes * bool(self.resident[area]) * more + number * (site + 1)


def _subsets(items: Collection) -> Iterator[tuple]:
    return chain.from_iterable(combinations(items, size) for size in range(len(items) + 1))
