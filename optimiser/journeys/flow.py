"""Patients moved between sites at least cost until every site is within its limits, in whole numbers."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optimiser.journeys.going import Bools, Floats

HUB = -1


@dataclass(frozen=True, eq=False)
class Sharing:
    """Where one set of designated sites sends a service's patients.

    Attributes
    ----------
    sites
        Codes of every site that could take patients, in the order that settles ties.
    patients
        Areas × ``sites``: patients a year, as whole numbers of ``1 / problem.patient_scale``.
    goes
        Whether anybody of an area goes to a site; where an area has no patients, whether it is the nearest.
    keeps_to_limits
        Whether there is a way that does. If not, everybody goes to the nearest.
    """

    sites: tuple[str, ...]
    patients: Floats
    goes: Bools
    keeps_to_limits: bool

    @cached_property
    def shares(self) -> Floats:
        """The share of each area's patients who go to each site; where there are none, of its people."""
        total = self.patients.sum(axis=1, keepdims=True)
        return np.where(total > 0, self.patients / np.where(total > 0, total, 1), self.goes)


class Limits(NamedTuple):
    """The fewest and the most patients that a site should have, in whole numbers; ``None`` where there is no most."""

    low: int
    high: int | None

    def inside(self, hard: Limits) -> Limits:
        """Return these limits as far as they do not go against harder ones."""
        low = self.low if hard.high is None else min(self.low, hard.high)
        return Limits(low, None if self.high is None else max(self.high, hard.low))


class Move(NamedTuple):
    """A step of patients of an area from one site to another, or of a site's surplus to the hub and back."""

    here: int
    there: int
    cost: int
    area: int


class Flow:
    """Who goes where, moved step by step. Sites are positions; ``at[area][site]`` is never 0."""

    def __init__(
        self, costs: list[dict[int, int]], patients: list[int], nearest: Sequence[int | None], sites: list[int]
    ) -> None:
        self.costs, self.sites, self.total = costs, sites, sum(patients)
        self.nearest = nearest
        self.at = [
            {} if site is None or not number else {site: number} for site, number in zip(nearest, patients, strict=True)
        ]
        self.volume = dict.fromkeys(sites, 0)
        for here in self.at:
            for site, number in here.items():
                self.volume[site] += number
        self.queues: dict[tuple[int, int], list[tuple[int, int]]] = {}
        # What ``_steps`` has found for a site, until somebody comes or goes there.
        self.moves: dict[int, list[Move]] = {}

    def keep_to(self, limits: Mapping[int, Limits]) -> bool:
        """Move patients at least cost until every site is within its limits, or as near as can be; whether all are."""
        if any(high is not None and low > high for low, high in limits.values()):
            return False
        # Patients above a site's least are counted at a hub, which all sites may give to and take from.
        room = {i: None if high is None else high - low for i, (low, high) in limits.items()}
        above = {i: max(0, self.volume[i] - limits[i].low) for i in self.sites}
        above = {i: number if (most := room[i]) is None else min(number, most) for i, number in above.items()}
        over = {i: self.volume[i] - limits[i].low - above[i] for i in self.sites}
        over[HUB] = sum(above.values()) - self.total + sum(limit.low for limit in limits.values())
        while any(over.values()):
            path = self._cheapest(over, above, room)
            if not path:
                return False
            self._move(path, over, above, room)
        return True

    def sharing(self, sites: tuple[str, ...], *, keeps_to_limits: bool) -> Sharing:
        """Return what has been reached, as tables of areas × ``sites``."""
        patients, goes = np.zeros((len(self.at), len(sites))), np.zeros((len(self.at), len(sites)), dtype=bool)
        for area, (here, nearest) in enumerate(zip(self.at, self.nearest, strict=True)):
            for site, number in here.items():
                patients[area, site] = number
                goes[area, site] = True
            if not here and nearest is not None:
                goes[area, nearest] = True
        return Sharing(sites, patients, goes, keeps_to_limits)

    def _steps(self, here: int, above: Mapping[int, int], room: Mapping[int, int | None]) -> list[Move]:
        """Return every step from a place that somebody may take now: from, to, at what cost, and who."""
        if here == HUB:
            return [Move(HUB, there, 0, HUB) for there in self.sites if above[there]]
        if here not in self.moves:
            found = ((there, self._first(here, there)) for there in self.sites if there != here)
            self.moves[here] = [Move(here, there, *first) for there, first in found if first]
        most = room[here]
        to_hub = [Move(here, HUB, 0, HUB)] if most is None or above[here] < most else []
        return [*to_hub, *self.moves[here]]

    def _first(self, here: int, there: int) -> tuple[int, int] | None:
        """Return the cost and the area of whoever moves most cheaply from one site to another."""
        if (here, there) not in self.queues:
            moving = ((area, self.costs[area]) for area, at in enumerate(self.at) if here in at)
            self.queues[here, there] = [(cost[there] - cost[here], area) for area, cost in moving if there in cost]
            heapq.heapify(self.queues[here, there])
        queue = self.queues[here, there]
        while queue and here not in self.at[queue[0][1]]:
            heapq.heappop(queue)
        return queue[0] if queue else None

    def _cheapest(
        self, over: Mapping[int, int], above: Mapping[int, int], room: Mapping[int, int | None]
    ) -> list[Move]:
        """Return the cheapest way from where there are too many to where there are too few; nothing if there is none.

        No way round is ever cheaper than none, so that going on wherever it has become cheaper comes to an end.
        """
        cost = {place: 0 for place, number in over.items() if number > 0}
        came_by: dict[int, Move] = {}
        cheaper = deque(cost)
        while cheaper:
            here = cheaper.popleft()
            for step in self._steps(here, above, room):
                found = cost[here] + step.cost
                if step.there not in cost or found < cost[step.there]:
                    cost[step.there], came_by[step.there] = found, step
                    if step.there not in cheaper:
                        cheaper.append(step.there)
        ends = [(cost[place], place) for place, number in over.items() if number < 0 and place in cost]
        path: list[Move] = []
        place = min(ends)[1] if ends else None
        while place in came_by:
            path.append(came_by[place])
            place = path[-1].here
        return path[::-1]

    def _move(
        self, path: list[Move], over: dict[int, int], above: dict[int, int], room: Mapping[int, int | None]
    ) -> None:
        start, end = path[0].here, path[-1].there
        number = min(over[start], -over[end], *(self._may_take(step, above, room) for step in path))
        over[start] -= number
        over[end] += number
        for step in path:
            if step.there == HUB:
                above[step.here] += number
            elif step.here == HUB:
                above[step.there] -= number
            else:
                self._send(step, number)

    def _may_take(self, step: Move, above: Mapping[int, int], room: Mapping[int, int | None]) -> int:
        """Return how many may take a step."""
        if step.there == HUB:
            most = room[step.here]
            return self.total if most is None else most - above[step.here]
        return above[step.there] if step.here == HUB else self.at[step.area][step.here]

    def _send(self, step: Move, number: int) -> None:
        """Send so many patients of an area from one site to another."""
        at = self.at[step.area]
        self.moves.pop(step.here, None)
        self.moves.pop(step.there, None)
        at[step.here] -= number
        if not at[step.here]:
            del at[step.here]
        self.volume[step.here] -= number
        self.volume[step.there] += number
        if step.there not in at:
            at[step.there] = 0
            for other, cost in self.costs[step.area].items():
                if (step.there, other) in self.queues:
                    more = (cost - self.costs[step.area][step.there], step.area)
                    heapq.heappush(self.queues[step.there, other], more)
        at[step.there] += number
