"""Managed flows: who goes where when patients are shared out between sites so that each has as many as it should.

Of all ways to send patients to the designated candidates and to the neighbours that keep to the service's limits, the
one with the fewest minutes of all patients is taken: at each designated candidate at least ``minimum_patients``, at
most ``maximum_patients``, and no more than its beds can take. An area's patients may be split. Equal ways are settled
by the fewest minutes of residents, then by the least sum, over patients, of the number of their area (by code, from
1) times the place of their site (candidates before neighbours, each by code, from 1). Where some go as today, those of
an area who go by what is designated and those who are pulled over the border have numbers of their own, in that order.

Where no way keeps to the limits everybody goes to the nearest, and the rules about volumes say which limits break.

This is a transportation problem with few sites: patients are moved from site to site along shortest ways, one step at a
time (successive shortest paths), in whole numbers of the last decimal place, so that the result is exact.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

import numpy as np

from optimiser.errors import NoPlan, TooLarge
from optimiser.journeys.flow import Flow, Limits, Sharing
from optimiser.journeys.going import Bools, Floats, Going, Ints
from optimiser.problem import Problem, worked_out_once
from optimiser.problem.beds import most_patients

# Patients are shared out once for every set of candidates.
MOST_CANDIDATES = 8
LARGEST_TABLE = 5_000_000
MOST_EXPLAINED = 2_000
# What a limit is named by: the setting that states it, and the site that it holds for.
Named = tuple[str, str]
MINIMUM, MAXIMUM, BEDS = LIMITS_OF_A_SITE = "minimum_patients", "maximum_patients", "beds"


def sharing(
    problem: Problem,
    service: str,
    designated: Collection[str],
    *,
    leave_out: Collection[Named] = (),
    giving: Collection[Named] = (),
) -> Sharing:
    """Share out the patients of a service between some designated candidates and its neighbours.

    Parameters
    ----------
    problem, service, designated
        The question, one of its services, and the candidates that provide it.
    leave_out
        Limits, by setting and site, that do not count.
    giving
        Such limits that are kept to only as far as the others leave room.

    Raises
    ------
    TooLarge
        When there are more than ``MOST_CANDIDATES`` candidates.
    """
    sites = frozenset(designated)
    if len(problem.candidates) > MOST_CANDIDATES:
        raise TooLarge(_too_many(problem, service))
    limits = set(product(LIMITS_OF_A_SITE, sites))
    without, last = frozenset(limits.intersection(leave_out)), frozenset(limits.intersection(giving))
    return _shared(problem, service, sites, without, last)


# A set of designated candidates, and the number of one of its sharings: 0 is the one that the words give.
Way = tuple[frozenset[str], int]


def every_sharing(problem: Problem, service: str) -> dict[Way, Sharing]:
    """Share out the patients of a service for every set of candidates, smaller sets first.

    Raises
    ------
    TooLarge
        When there are too many sets.
    """
    candidates = problem.candidates
    cells = 2 ** len(candidates) * len(problem.resident) * len(problem.reachable_sites(service))
    if len(candidates) > MOST_CANDIDATES or cells > LARGEST_TABLE:
        raise TooLarge(_too_many(problem, service))
    return {
        (frozenset(chosen), 0): sharing(problem, service, chosen)
        for size in range(len(candidates) + 1)
        for chosen in combinations(candidates, size)
    }


def every_sharing_without_limits(problem: Problem, service: str, *, in_part: bool = False) -> dict[Way, Sharing]:
    """Share out the patients for every set of candidates, also by the limits that stand where others are left out.

    Each set of limits is left out that comes to a sharing of its own: a limit stands in the way of another sharing only
    where it is just kept to, or where there is no sharing. With ``in_part`` each such set is also kept to as far as the
    limits that stand leave room.

    Raises
    ------
    NoPlan
        When there are too many: it is then not found out which rules clash.
    """
    found: dict[Way, Sharing] = {}
    cells = len(problem.resident) * len(problem.reachable_sites(service))
    most = min(MOST_EXPLAINED, 4 * LARGEST_TABLE // max(1, cells))
    for sites, _ in every_sharing(problem, service):
        number = 0
        waiting, seen = [frozenset[Named]()], {frozenset[Named]()}
        while waiting:
            dropped = waiting.pop(0)
            shared = sharing(problem, service, sites, leave_out=dropped)
            as_far_as_can_be = [sharing(problem, service, sites, giving=dropped)] if in_part and dropped else []
            for one in (shared, *as_far_as_can_be):
                if one.keeps_to_limits or not dropped:
                    found[sites, number] = one
                    number += 1
            in_the_way = (
                dropped | {limit} for limit in _in_the_way(problem, service, sites, shared) if limit not in dropped
            )
            new = [more for more in in_the_way if more not in seen]
            waiting += new
            seen.update(new)
            if len(found) + len(waiting) > most:
                raise NoPlan(
                    f"No plan meets every rule. Which rules clash is not found out where {service} is shared out in so "
                    "many ways. Write patients_go_to: nearest, or name fewer candidates or limits, and ask again."
                )
    return found


def _in_the_way(problem: Problem, service: str, sites: Collection[str], shared: Sharing) -> list[Named]:
    """Return the limits that stand in the way of other sharings of some sites: those that are just kept to, or all."""
    if problem.patients(service)[~shared.goes.any(axis=1)].any():
        # Whoever reaches no site is not shared out, whichever limits are left out.
        return []
    volumes = dict(zip(shared.sites, shared.patients.sum(axis=0), strict=True))
    stated = problem.services[service]
    found = []
    for site in sorted(sites):
        beds = stated.beds
        for setting, there in (
            (MINIMUM, stated.minimum_patients),
            (MAXIMUM, stated.maximum_patients),
            (BEDS, beds and beds.at.get(site)),
        ):
            others = {(other, site) for other in LIMITS_OF_A_SITE if other != setting}
            limit = _limits(problem, service, site, others)
            if there and (
                not shared.keeps_to_limits or volumes[site] == (limit.low if setting == MINIMUM else limit.high)
            ):
                found.append((setting, site))
    return found


def _too_many(problem: Problem, service: str) -> str:
    here = f"{len(problem.candidates)} candidates with {len(problem.areas):,} areas have too many"
    most = f"{MOST_CANDIDATES} candidates and a table of {LARGEST_TABLE:,} numbers are the most"
    return (
        f"{service}: patients are shared out once for every set of candidates, and {here}; {most}. "
        "Write patients_go_to: nearest, or name fewer candidates."
    )


@dataclass(frozen=True, eq=False)
class SharedOut(Going):
    """Where patients who are shared out go, for some choices of designations: ``provided`` is choices × candidates."""

    service: str
    provided: Bools

    @property
    def services(self) -> tuple[str]:
        """The service whose choices are the axis of every result."""
        return (self.service,)

    @cached_property
    def each(self) -> list[Sharing]:
        """Who goes where under each choice."""
        chosen = ([s for s, there in zip(self.problem.candidates, row, strict=True) if there] for row in self.provided)
        return [sharing(self.problem, self.service, sites) for sites in chosen]

    @cached_property
    def unserved(self) -> Ints:
        """Areas that no site takes, by choice."""
        return np.array([int((~one.goes[self.areas].any(axis=1)).sum()) for one in self.each], dtype=np.int64)

    @cached_property
    def scaled_minutes(self) -> Floats:
        """Minutes, streams × reachable sites, as whole numbers of ``1 / minute_scale``; 0 where there is no journey."""
        minutes = self.problem.minutes(self.service)
        return np.asarray(np.rint(np.where(np.isfinite(minutes), minutes, 0) * self.problem.minute_scale))

    def patient_minutes(self, counted: Bools) -> Floats:
        """Return minutes a year that patients of some areas spend on the way, by choice."""
        needing = (self.patients > 0) & counted
        return np.array(
            [
                np.inf
                if (needing & ~one.goes.any(axis=1)).any()
                else float((one.patients[counted] * self.scaled_minutes[counted]).sum()) * self.problem.share_scale
                for one in self.each
            ]
        )

    def arriving(self, site: str, counted: Bools | None = None) -> Floats:
        """Return patients a year at a site, from every area or only from those that are counted, by choice."""
        column = self.problem.reachable_sites(self.service).index(site)
        streams = slice(None) if counted is None else counted
        return np.array([one.patients[streams, column].sum() for one in self.each]) / self.problem.patient_scale

    @property
    def worst_minutes(self) -> Floats:
        """The longest journey of anybody from any resident area, by choice."""
        minutes = self.problem.minutes(self.service)[self.stays]
        goes = (one.goes[self.stays] for one in self.each)
        return np.array(
            [np.where(here, minutes, 0).max(initial=0.0) if here.any(axis=1).all() else np.inf for here in goes]
        )

    def patients_beyond(self, minutes: float) -> Floats:
        """Return resident patients a year (scaled) with a longer journey than ``minutes``, by choice."""
        late = (self.problem.minutes(self.service) > minutes) & self.resident[:, None]
        lost = (self.patients[self.resident & ~one.goes.any(axis=1)].sum() for one in self.each)
        return np.array([(one.patients * late).sum() + gone for one, gone in zip(self.each, lost, strict=True)])


# -- one sharing -----------------------------------------------------------------------------------


@worked_out_once
def _shared(
    problem: Problem, service: str, designated: frozenset[str], leave_out: frozenset[Named], giving: frozenset[Named]
) -> Sharing:
    sites, costs = problem.reachable_sites(service), _costs(problem, service)
    is_open = [i for i, site in enumerate(sites) if site in designated or not problem.sites[site].candidate]
    patients = [int(number) for number in np.rint(problem.patients(service) * problem.patient_scale)]
    nearest = [min((i for i in is_open if i in row), key=row.__getitem__, default=None) for row in costs]
    flow = Flow(costs, patients, nearest, is_open)
    everybody = flow.sharing(sites, keeps_to_limits=False)
    if any(at is None and number for at, number in zip(nearest, patients, strict=True)):
        return everybody
    hard = {i: _limits(problem, service, sites[i], leave_out | giving) for i in is_open}
    if not flow.keep_to(hard):
        return everybody
    if giving:
        wished = {i: _limits(problem, service, sites[i], leave_out).inside(hard[i]) for i in is_open}
        flow.keep_to(wished)
    return flow.sharing(sites, keeps_to_limits=True)


def _limits(problem: Problem, service: str, site: str, without: Collection[Named]) -> Limits:
    """Return the limits of an open site, but for those that do not count; a neighbour has none."""
    if not problem.sites[site].candidate:
        return Limits(0, None)
    stated, scale = problem.services[service], problem.patient_scale
    low, highs = 0, []
    if stated.minimum_patients and (MINIMUM, site) not in without:
        low = int(np.rint(stated.minimum_patients.value * scale))
    if stated.maximum_patients and (MAXIMUM, site) not in without:
        highs.append(int(np.rint(stated.maximum_patients.value * scale)))
    beds = stated.beds
    if beds and site in beds.at and (BEDS, site) not in without:
        taken = most_patients(int(beds.at[site].value), beds.stays, beds.blocking.value, scale=scale)
        highs.append(int(np.rint(taken * scale)))
    return Limits(low, min(highs, default=None))


@worked_out_once
def _costs(problem: Problem, service: str) -> list[dict[int, int]]:
    """Return, for each stream, what a patient's way to each site costs; nothing where there is no journey.

    One whole number stands for minutes, then for minutes of residents, then for the number of the stream times the
    place of the site: each counts for more than all the later ones could come to along any way from site to site.
    """
    minutes = problem.minutes(service)
    reached = np.isfinite(minutes)
    scaled = np.rint(np.where(reached, minutes, 0) * problem.minute_scale).astype(np.int64).tolist()
    # Whoever leaves has one way to go, so that no number is needed.
    rank = {code: n for n, code in enumerate(sorted(problem.areas.index))}
    codes = [rank[code] for code in problem.areas.index[problem.streams.area]]
    moving = np.flatnonzero(~problem.streams.leaves).tolist()
    number = {stream: n for n, stream in enumerate(sorted(moving, key=lambda one: (codes[one], one)), start=1)}
    streams = zip(range(len(codes)), problem.resident, scaled, reached.tolist(), strict=True)
    sites = minutes.shape[1]
    least = 2 * sites * len(number) * sites + 1
    most = 2 * sites * (least + 1) * (max(map(max, scaled), default=0) + 1) if sites else 1
    return [
        {
            i: time * most + bool(resident) * time * least + number.get(stream, 0) * (i + 1)
            for i, (time, known_time) in enumerate(zip(times, there, strict=True))
            if known_time
        }
        for stream, resident, times, there in streams
    ]
