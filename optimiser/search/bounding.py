"""Good answers and bounds for one question: which so many sites make journeys shortest?

Costs are sites × areas: patient minutes. An area pays a price for being served and a site collects what it earns above
its journeys: the prices, less what the best sites earn, never exceed the true minutes (Lagrangian relaxation,
subgradient ascent).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Sites are ruled out only beyond rounding: an equal best answer must survive.
ROUNDING = 1e-9
MOMENTUM = 0.6
FORGOTTEN = 0.05
PATIENCE = 8
SHORTEST_STEP = 0.01
IN_CACHE = 50_000


def too_much(minutes: float, prices: Floats) -> float:
    """More minutes than any best answer has, even with the rounding of adding up so many prices."""
    return minutes + ROUNDING * max(1.0, minutes, float(prices.sum()))


def earned_by(costs: Floats, prices: Floats) -> Floats:
    """What each site loses (a number of at most 0) by serving every area whose price is above its cost."""
    earned = np.empty(len(costs))
    for rows in _blocks(costs):
        room = costs[rows] - prices
        earned[rows] = np.minimum(room, 0.0, out=room).sum(axis=1)
    return earned


def _blocks(costs: Floats) -> Iterator[slice]:
    """Rows in pieces that stay in a processor's cache: several times faster on a whole country."""
    rows = max(1, IN_CACHE // costs.shape[1])
    return (slice(at, at + rows) for at in range(0, len(costs), rows))


@dataclass(frozen=True, eq=False)
class Ascent:
    """The best bound found and its prices, the best answer met on the way, and the step reached.

    ``minutes`` are those of the answer that ``opened`` is. ``shares`` say how often each site was one of those that
    earn most, later rounds counted for more.
    """

    value: float
    prices: Floats
    minutes: float
    opened: Ints
    step: float
    shares: Floats


def ascend(
    costs: Floats, number: int, prices: Floats, target: float, rounds: int, step: float, *, must: int = 0
) -> Ascent:
    """Move the prices so that the bound rises; it holds for the answers that open the first ``must`` sites."""
    value, best_prices, idle = -np.inf, prices, 0
    answer, answer_opened = np.inf, np.arange(number)
    direction: Floats = np.zeros_like(prices)
    shares: Floats = np.zeros(len(costs))
    for _ in range(rounds):
        earned = earned_by(costs, prices)
        opened = _cheapest(earned, number, must)
        shares *= 1 - FORGOTTEN
        shares[opened] += FORGOTTEN
        bound = float(prices.sum() + earned[opened].sum())
        shortest, served = _shortest(costs, opened, prices)
        minutes = float(shortest.sum())
        if minutes < answer:
            answer, answer_opened = minutes, opened
        idle = 0 if bound > value * (1 + 1e-6) else idle + 1
        if bound > value:
            value, best_prices = bound, prices
        if idle == PATIENCE:
            step, idle = step * 0.6, 0
        direction = 1.0 - served + MOMENTUM * direction
        length = float(np.square(direction).sum())
        if length == 0.0:
            step = 0.0
        if value > target * (1 + 2 * ROUNDING) or step <= SHORTEST_STEP:
            break
        prices = prices + step * max(target * 1.0002 - bound, 0.0) / length * direction
    return Ascent(value, best_prices, answer, answer_opened, step, shares)


def _shortest(costs: Floats, opened: Ints, prices: Floats) -> tuple[Floats, NDArray[np.int32]]:
    """What each area costs at the best of some sites, and at how many of these less than its price.

    Row by row, so that nothing large is copied.
    """
    best, below = costs[opened[0]].copy(), np.zeros(costs.shape[1], dtype=np.int32)
    for site in opened:
        np.minimum(best, costs[site], out=best)
        below += costs[site] < prices
    return best, below


def _cheapest(earned: Floats, number: int, must: int) -> Ints:
    """The sites of which the bound is made: the first that must be open, and of the others those that earn most."""
    if must == 0:
        return np.argpartition(earned, number - 1)[:number]
    others = np.argpartition(earned[must:], number - must - 1)[: number - must]
    return np.concatenate([np.arange(must), must + others])


def settled_by(value: float, earned: Floats, number: int, must: int, too_much: float) -> tuple[Bools, Bools]:
    """Which sites may be part of a best answer, and which must be, given a bound and what each site earns in it.

    Those of the first ``must`` sites are taken as open. A site that would make the bound too much by being opened is
    not kept, one that would by being shut must be open.
    """
    kept, needed = np.ones(len(earned), dtype=bool), np.zeros(len(earned), dtype=bool)
    others = earned[must:]
    ranked = np.sort(others)
    last_in = ranked[number - must - 1]
    first_out = ranked[number - must] if len(ranked) > number - must else np.inf
    kept[must:] = (others <= last_in) | (value + others - last_in <= too_much)
    needed[must:] = value - others + first_out > too_much
    return kept, needed


def greedy(costs: Floats, number: int, begun: Sequence[int] = ()) -> Ints:
    """Open the site that saves most, one at a time, beside those that are ``begun`` with.

    A site's saving only ever falls, so few need a second look.
    """
    chosen = list(begun) or [int(costs.sum(axis=1).argmin())]
    best = costs[chosen].min(axis=0)
    saving = np.full(len(costs), np.inf)
    saving[chosen] = -1.0
    while len(chosen) < number:
        looked = np.zeros(len(costs), dtype=bool)
        while not looked[site := int(saving.argmax())]:
            saving[site], looked[site] = np.maximum(best - costs[site], 0.0).sum(), True
        chosen.append(site)
        np.minimum(best, costs[site], out=best)
        saving[site] = -1.0
    return np.array(chosen)


def interchange(costs: Floats, chosen: Ints) -> tuple[Ints, float]:
    """Swap one open site for one shut while that saves minutes, the best swap first."""
    chosen = np.array(chosen)
    areas = np.arange(costs.shape[1])
    while True:
        near = costs[chosen]
        nearest = near.argmin(axis=0)
        first = near[nearest, areas]
        near[nearest, areas] = np.inf
        change = _changes(costs, first, near.min(axis=0), nearest, len(chosen))
        change[chosen] = 0.0
        comes, goes = np.unravel_index(change.argmin(), change.shape)
        if change[comes, goes] >= -ROUNDING * first.sum():
            return chosen, float(first.sum())
        chosen[goes] = comes


def _changes(costs: Floats, first: Floats, second: Floats, nearest: Ints, number: int) -> Floats:
    """Minutes gained or lost when a site (row) comes in and an open one (column) goes.

    Whoever's site goes is as far as the second best, unless what comes in is nearer: of few areas it is.
    """
    change = np.empty((len(costs), number))
    # With one site open there is no second: anybody goes where the site is that comes in.
    second = np.minimum(second, costs.max(axis=0))
    lost = np.bincount(nearest, second - first, number)
    for site, cost in enumerate(costs):
        nearer = np.flatnonzero(cost < second)
        its, was = cost[nearer], first[nearer]
        spared = np.bincount(nearest[nearer], second[nearer] - np.maximum(its, was), number)
        change[site] = np.minimum(its - was, 0.0).sum() + (lost - spared)
    return change
