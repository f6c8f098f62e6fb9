"""Who goes where when everybody goes to the nearest designated site, for every designation at once.

Nearest means the least of ``Problem.choosing_minutes``: journey minutes, plus the site's offset where a service has
offsets. What is published are the journey minutes.

An area's patients pass its sites in order of journey time and stop at the first that takes them. So where they
end depends only on which *prefix sets* of sites are shut, and areas that share a prefix share everything about it.
``Chains`` holds those sets and the steps between them; every number that adds up over areas (minutes, patients at a
site, people beyond a threshold) is then linear in ``none_of``: 1 where no site of a set is designated, else 0.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optimiser.errors import TooLarge
from optimiser.journeys.by_transfer import second_legs
from optimiser.journeys.going import Bools, Floats, Ints, at, first_least, goes_to
from optimiser.problem import Problem

NO_SET = -1
MOST_TABLE_CANDIDATES = 16
EXACT_KEY_BITS = 62
STEPS_BEYOND = 2


@dataclass(frozen=True, eq=False)
class Chains:
    """The prefix sets of one service and the steps between them.

    A step is a prefix set and the site that comes next. The patients of its areas are at that site exactly when no
    site of the set is designated and that site takes patients: ``none_of[before] - none_of[after]``, where
    ``none_of[after]`` is 0 if ``after`` is -1 (a site that always takes them, or a cut chain).

    Attributes
    ----------
    candidates, sites
        Codes of the sites to decide on, and of every site that could take patients, in the order that settles ties.
    members
        Sets × candidates: is the candidate in the set? Row 0 is the empty set; smaller sets come first.
    before, site, after
        One entry a step: index of the set before, of the site (in ``sites``), of the set after (-1: none).
    area_of, step_of, first
        One entry for each area and position in its chain: the area's index, the step's, and whether it is the
        area's first. The positions of an area stand together, in order.
    unserved
        Indices of the sets that must not be shut as a whole, for then some area would have no site at all.
    cut
        One entry an area: was its chain cut short? Then it counts too little, never too much.
    depth
        One entry an area: the steps kept.
    never, always
        Sites taken as shut and as open throughout. They are in no set.
    """

    candidates: tuple[str, ...]
    sites: tuple[str, ...]
    members: Bools
    before: Ints
    site: Ints
    after: Ints
    area_of: Ints
    step_of: Ints
    first: Bools
    unserved: Ints
    cut: Bools
    depth: Ints
    never: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()

    @cached_property
    def sets(self) -> tuple[frozenset[str], ...]:
        """The prefix sets as site codes, smaller ones first, then in code order; the first is empty."""
        codes = np.array(self.candidates, dtype=object)
        return tuple(frozenset(codes[row]) for row in self.members)

    @cached_property
    def links(self) -> tuple[tuple[int, str, int], ...]:
        """Every (set, site, bigger set) once, for the rows that make ``none_of`` exact."""
        grows = self.after != NO_SET
        triples = zip(self.before[grows], self.site[grows], self.after[grows], strict=True)
        return tuple((int(small), self.sites[site], int(big)) for small, site, big in triples)

    @property
    def unserved_sets(self) -> tuple[frozenset[str], ...]:
        """The sets of which at least one site must be designated, or some area has no site at all."""
        return tuple(self.sets[i] for i in self.unserved)

    def add_up(self, values: Floats) -> Floats:
        """One number a step: the sum of ``values`` (areas × sites) over the areas that share the step."""
        return np.bincount(self.step_of, self._along(values), len(self.site)).astype(float)

    def per_set(self, values: Floats) -> Floats:
        """One number a set: what its ``none_of`` is multiplied by in the measure that ``values`` (areas × sites) give.

        The sum over the sets equals the sum over the steps of ``add_up`` times the step, in fewer terms, and the
        number is exactly 0 where a set changes nothing.
        """
        along = self._along(values)
        growth = along - np.where(self.first, 0.0, np.roll(along, 1))
        total = np.bincount(self.before[self.step_of], growth, len(self.members))
        ends = np.append(self.first[1:], True) & (self.after[self.step_of] != NO_SET)
        left = np.bincount(self.after[self.step_of[ends]], along[ends], len(self.members))
        return (total - left).astype(float)

    def _along(self, values: Floats) -> Floats:
        return values[self.area_of, self.site[self.step_of]]


def chains(
    problem: Problem,
    service: str,
    depth: int | Ints | None = None,
    *,
    never: Collection[str] = (),
    always: Collection[str] = (),
) -> Chains:
    """Chain every area's sites in the order in which patients choose them, up to the first that always takes them.

    For a service that is reached by transfer it is every site of first contact that is chained, by transfer time,
    in place of every area.

    Parameters
    ----------
    problem, service
        The question, and one of its services.
    depth
        Keep at most so many steps, for all areas or one number an area (at least 1). ``None`` keeps all. A measure
        that grows along the chain then counts too little, never too much. Minutes do not grow along it where the
        service has offsets: keep all.
    never, always
        Candidates known to be shut and to be open: the first are skipped, the second end a chain as neighbours do.
    """
    order = _Order.of(problem, service, frozenset(never), frozenset(always))
    return _cut_at(order, depth)


def first_leg_chains(problem: Problem, service: str) -> Chains:
    """Chain every area's sites of first contact in the order in which a service's own patients choose them."""
    transfer = problem.services[service].transfer
    assert transfer is not None
    first, choosing = transfer.first_contact, problem.first_choosing_minutes(service)
    return _cut_at(_Order.by(problem, first, problem.minutes(first), choosing), None)


def first_leg(problem: Problem, service: str, provided: Bools) -> tuple[Floats, Ints]:
    """Return minutes and sites of first contact of a service's own patients, both choices × areas.

    ``provided`` is choices × candidates of first contact. Minutes are infinite and sites −1 where nobody is reached.
    """
    transfer = problem.services[service].transfer
    assert transfer is not None
    minutes, choosing = problem.minutes(transfer.first_contact), problem.first_choosing_minutes(service)
    site = goes_to(choosing, provided)
    return at(site, minutes), site


@dataclass(frozen=True, eq=False)
class _Order:
    """Each area's sites by journey time (ties as in ``sites``), with how long its whole chain is."""

    candidates: tuple[str, ...]
    sites: tuple[str, ...]
    never: frozenset[str]
    always: frozenset[str]
    by_time: Ints
    length: Ints
    closed_by_an_end: Bools
    reaches_all: Bools

    @classmethod
    def of(cls, problem: Problem, service: str, never: frozenset[str], always: frozenset[str]) -> _Order:
        if problem.services[service].transfer:
            minutes = second_legs(problem, service).order
            return cls.by(problem, service, minutes, minutes, never, always)
        return cls.by(problem, service, problem.minutes(service), problem.choosing_minutes(service), never, always)

    @classmethod
    def by(
        cls,
        problem: Problem,
        service: str,
        minutes: Floats,
        choosing: Floats,
        never: frozenset[str] = frozenset(),
        always: frozenset[str] = frozenset(),
    ) -> _Order:
        """Put the sites of a service in order of ``choosing``, as far as ``minutes`` reach."""
        candidates, sites = problem.candidates, problem.reachable_sites(service)
        is_end = np.array([i >= len(candidates) or site in always for i, site in enumerate(sites)], bool)
        usable = np.array([i for i, site in enumerate(sites) if site not in never], int)
        by_time = usable[np.argsort(choosing[:, usable], axis=1, kind="stable")]
        reached = np.isfinite(minutes[:, usable]).sum(axis=1)
        to_end = np.pad(is_end[by_time], ((0, 0), (0, 1)), constant_values=True).argmax(axis=1) + 1
        length, closed = np.minimum(to_end, reached), to_end <= reached
        return cls(candidates, sites, never, always, by_time, length, closed, reached == len(usable))


def _cut_at(order: _Order, depth: int | Ints | None) -> Chains:
    """Keep ``depth`` steps of every chain and give equal prefixes one number."""
    # An area that some site cannot be reached from could be left without any: its chain is never cut.
    may_cut = order.closed_by_an_end | order.reaches_all
    kept = order.length if depth is None else np.where(may_cut, np.minimum(order.length, depth), order.length)
    cut = kept < order.length
    runs_out = ~cut & ~order.closed_by_an_end
    by_time = order.by_time[:, : int(kept.max(initial=0))]
    area_of, position = np.nonzero(np.arange(by_time.shape[1]) < kept[:, None])
    areas = np.concatenate([area_of, np.nonzero(runs_out)[0], [0]])
    codes, members = _sets(by_time, areas, np.concatenate([position, kept[runs_out], [0]]), len(order.candidates))

    before, unserved = codes[: len(area_of)], codes[len(area_of) : -1]
    is_last = position == kept[area_of] - 1
    after = np.where(is_last, NO_SET, np.roll(before, -1))
    after[is_last & runs_out[area_of]] = unserved[kept[runs_out] > 0]
    step_of, steps = _numbered(before, by_time[area_of, position], after, len(order.sites))
    return Chains(
        candidates=order.candidates,
        sites=order.sites,
        members=members,
        before=steps[0],
        site=steps[1],
        after=steps[2],
        area_of=area_of,
        step_of=step_of,
        first=position == 0,
        unserved=np.unique(unserved),
        cut=cut,
        depth=kept,
        never=order.never,
        always=order.always,
    )


def _sets(by_time: Ints, areas: Ints, sizes: Ints, candidates: int) -> tuple[Ints, Bools]:
    """Number the sets of each area's first so many sites: the number of each, and sets × candidates."""
    codes, distinct = pd.factorize(_running_keys(by_time, candidates)[areas, sizes])
    # Any area and size where a set occurs will do to read its members off.
    example = np.empty(len(distinct), dtype=np.int64)
    example[codes] = np.arange(len(codes))
    row, column = np.nonzero(np.arange(by_time.shape[1]) < sizes[example][:, None])
    members = np.zeros((len(distinct), candidates), dtype=bool)
    members[row, by_time[areas[example][row], column]] = True
    rank, members = _in_order(members)
    return rank[codes], members


def _running_keys(by_time: Ints, candidates: int) -> NDArray[np.uint64]:
    """Areas × (sizes from 0): a number for the set of an area's first so many sites; equal sets, equal numbers."""
    keys = np.zeros(max(candidates, int(by_time.max(initial=0)) + 1), dtype=np.uint64)
    if candidates <= EXACT_KEY_BITS:
        keys[:candidates] = np.uint64(1) << np.arange(candidates, dtype=np.uint64)
    else:
        # Sums of random numbers of 63 bits: that two of 100,000 sets share one is less likely than one in 10^9.
        keys[:candidates] = np.random.default_rng(20_190_731).integers(1, 2**63, candidates, dtype=np.uint64)
    running = np.zeros((len(by_time), by_time.shape[1] + 1), dtype=np.uint64)
    np.cumsum(keys[by_time], axis=1, out=running[:, 1:])
    return running


def _in_order(members: Bools) -> tuple[Ints, Bools]:
    """Sort the sets by size, then in code order; also where each one went."""
    packed = np.packbits(members, axis=1)
    by = np.lexsort((*(255 - packed.T[::-1]), members.sum(axis=1)))
    rank = np.empty(len(by), dtype=np.int64)
    rank[by] = np.arange(len(by))
    return rank, members[by]


def _numbered(before: Ints, site: Ints, after: Ints, sites: int) -> tuple[Ints, Ints]:
    """Give equal steps one number, in order of set, then site: the step of each entry, and the steps."""
    labels = 2 * (before * sites + site) + (after != NO_SET)
    codes, distinct = pd.factorize(labels)
    by = np.argsort(distinct)
    rank = np.empty(len(by), dtype=np.int64)
    rank[by] = np.arange(len(by))
    example = np.empty(len(by), dtype=np.int64)
    step_of = rank[codes]
    example[step_of] = np.arange(len(step_of))
    return step_of, np.stack([before[example], site[example], after[example]])


def deepen(
    cut_chains: Chains, problem: Problem, service: str, designated: Collection[str], *, at_most: Ints | None = None
) -> Ints | None:
    """How many steps each area's chain must have for these designations; ``None`` if patient minutes are exact.

    A cut chain counts too few minutes for the areas whose patients go further than it reaches. Those are cut a few
    steps beyond the site they go to, and the others left as they are. Only resident patients are looked at, since
    only they count in patient minutes. What stands further along a chain than ``at_most`` steps counts for nothing.
    """
    sites = cut_chains.sites
    usable = [i for i, site in enumerate(sites) if site not in cut_chains.never]
    shut = set(problem.candidates) - set(designated) - cut_chains.always
    minutes = problem.minutes(service)[:, usable]
    open_minutes = np.where([sites[i] in shut for i in usable], np.inf, minutes)
    goes_to = open_minutes.argmin(axis=1)
    best = open_minutes[np.arange(len(minutes)), goes_to][:, None]
    passed = (minutes < best) | ((minutes == best) & (np.arange(len(usable)) < goes_to[:, None]))
    needed = passed.sum(axis=1) + 1
    if at_most is not None:
        needed = np.minimum(needed, at_most)
    counted = problem.resident & (problem.patients(service) > 0)
    short = cut_chains.cut & counted & (needed > cut_chains.depth)
    if not short.any():
        return None
    return np.where(short, needed + STEPS_BEYOND, cut_chains.depth)


def nearest(problem: Problem, service: str, designated: Collection[str]) -> pd.Series[Any]:
    """The site each stream's patients go to: the nearest that is designated or a neighbour.

    One site code a stream; missing where no such site can be reached.
    """
    codes = np.array([*problem.reachable_sites(service), None], dtype=object)
    return pd.Series(codes[nearest_columns(problem, service, designated)], index=problem.stream_names, dtype=object)


def nearest_columns(problem: Problem, service: str, designated: Collection[str]) -> Ints:
    """The same as positions in ``reachable_sites``, one a stream; −1 where no such site can be reached."""
    sites = problem.reachable_sites(service)
    shut = np.array([site in problem.candidates and site not in designated for site in sites], dtype=bool)
    return first_least(np.where(shut, np.inf, problem.choosing_minutes(service)))


@dataclass(frozen=True, eq=False)
class SubsetTable:
    """Who goes where under every subset of the candidates.

    Row i has candidate j designated exactly when bit j of i is set. ``minutes`` (subsets × areas) is infinite and
    ``site`` (an index into ``sites``) is -1 where an area can reach no site.
    """

    candidates: tuple[str, ...]
    sites: tuple[str, ...]
    minutes: Floats
    site: NDArray[np.int16]


def subset_table(problem: Problem, service: str) -> SubsetTable:
    """Work out every area's site and minutes under every subset of at most 16 candidates."""
    candidates, sites = problem.candidates, problem.reachable_sites(service)
    if len(candidates) > MOST_TABLE_CANDIDATES:
        raise TooLarge(
            f"{service}: {len(candidates)} candidates have too many subsets to list; at most "
            f"{MOST_TABLE_CANDIDATES} can be. Fix some designations, or solve without listing."
        )
    journeys, taken = problem.choosing_minutes(service), problem.minutes(service)
    return problem.kept(
        ("subsets", sites), (journeys, taken), lambda: _subset_table(candidates, sites, journeys, taken)
    )


def _subset_table(candidates: tuple[str, ...], sites: tuple[str, ...], journeys: Floats, taken: Floats) -> SubsetTable:
    """Work it out from what patients go by, and the minutes that it takes them."""
    minutes = np.empty((1 << len(candidates), len(journeys)))
    site = np.empty(minutes.shape, dtype=np.int16)
    minutes[0], site[0] = _nearest_neighbour(journeys, len(candidates))
    for j in range(len(candidates)):
        old, new = slice(0, 1 << j), slice(1 << j, 2 << j)
        own = journeys[:, j]
        tie = (own == minutes[old]) & (site[old] >= len(candidates))
        wins = (own < minutes[old]) | tie
        minutes[new] = np.where(wins, own, minutes[old])
        site[new] = np.where(wins, j, site[old])
    if journeys is not taken:
        minutes = at(site.astype(np.int64), taken)
    return SubsetTable(candidates, sites, minutes, site)


def _nearest_neighbour(journeys: Floats, candidates: int) -> tuple[Floats, Ints]:
    """The nearest neighbour of each area, with nothing designated."""
    best = first_least(journeys[:, candidates:])
    return at(best, journeys[:, candidates:]), np.where(best < 0, -1, best + candidates)
