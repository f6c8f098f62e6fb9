"""Regret, from what every option comes to in every scenario: arrays in, frames out.

The regret of an option in a scenario is what it comes to on the first objective, less the best that any lawful
designation comes to there. It has a meaning only where the option is lawful: so every figure of regret is over those
scenarios alone, and the share of scenarios in which an option is lawful stands beside it. Scenarios in which nothing is
lawful are counted, and count for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
import pandas as pd

P95 = 0.95
NOTHING = -1


@dataclass(frozen=True, eq=False)
class Results:
    """What was found: scenarios × columns, a column a joint designation that some scenario allows, or that is followed.

    ``values`` is the first objective in whole numbers of 1 / ``scale`` (or floats); ``equal_best`` says which columns
    equal the best on every objective, ``best`` which of them is first (−1: nothing is lawful). ``order`` settles equal
    columns: changes from today, sites, number. ``equal_count`` and ``lawful_count`` say by scenario how many of all
    designations equal the best, and are lawful, where there are more than the columns.
    """

    numbers: np.ndarray
    lawful: np.ndarray
    values: np.ndarray
    scale: float
    equal_best: np.ndarray
    best: np.ndarray
    order: np.ndarray
    equal_count: np.ndarray
    lawful_count: np.ndarray

    @cached_property
    def answered(self) -> np.ndarray:
        """Whether some designation is lawful, by scenario."""
        return np.asarray(self.lawful.any(axis=1))

    @cached_property
    def best_values(self) -> np.ndarray:
        """What the best comes to in each scenario, in the values' own numbers; 0 where nothing is lawful."""
        picked = self.values[np.arange(len(self.best)), np.maximum(self.best, 0)]
        return np.where(self.answered, picked, 0)

    @cached_property
    def regrets(self) -> np.ndarray:
        """Regret in the values' own numbers, scenarios × columns; −1 where the option is not lawful."""
        return np.where(self.lawful, self.values - self.best_values[:, None], NOTHING)

    def published(self, values: np.ndarray) -> np.ndarray:
        """Return values as they are published, to nine decimals."""
        return np.round(np.asarray(values, dtype=float) / self.scale, 9)


def table(results: Results) -> pd.DataFrame:
    """Return one row a column: how often it is lawful and best, and its largest, mean and 95th percentile of regret.

    ``p95_regret`` is the least that 95% of the scenarios in which it is lawful do not exceed. ``lawful_share`` is of
    all scenarios, the shares won of those in which something is lawful. NaN where the option is lawful in none.
    """
    found = int(results.answered.sum())
    many = results.lawful.sum(axis=0)
    alone = results.equal_best & (results.equal_count == 1)[:, None]
    rows = []
    for column in range(len(results.numbers)):
        regrets = np.sort(results.regrets[results.lawful[:, column], column])
        largest, p95, mean = _figures(regrets, results)
        worst = int(np.argmax(results.regrets[:, column])) if len(regrets) else NOTHING
        rows.append((int(many[column]), largest, mean, p95, worst))
    frame = pd.DataFrame(
        rows, columns=["lawful_scenarios", "max_regret", "mean_regret", "p95_regret", "worst_scenario"]
    )
    won, won_alone = (shares.sum(axis=0) / max(found, 1) for shares in (results.equal_best, alone))
    share = many / max(len(results.best), 1)
    return frame.assign(lawful_share=share, won_share=won, won_alone_share=won_alone, number=results.numbers)


def _figures(regrets: np.ndarray, results: Results) -> tuple[float, float, float]:
    if not len(regrets):
        return float("nan"), float("nan"), float("nan")
    largest, p95 = results.published(regrets[[-1, ceil(P95 * len(regrets)) - 1]])
    # Whole numbers add up exactly as Python's own, however many there are.
    total = sum(regrets.tolist())
    return float(largest), float(p95), round(total / len(regrets) / results.scale, 9)


def minimax(results: Results) -> int | None:
    """Return the column whose largest regret is least, among those lawful in most scenarios; None where none ever is.

    Most scenarios come first, so that an option does not look safe for being unlawful where things go wrong. Equal
    ones are settled by the sum of regrets, then as equal plans are: fewest changes, fewest sites, site order.
    """
    many = results.lawful.sum(axis=0)
    if not many.any():
        return None
    columns = np.flatnonzero(many == many.max())
    largest = results.regrets[:, columns].max(axis=0)
    columns = columns[largest == largest.min()]
    sums = [sum(np.maximum(results.regrets[:, column], 0).tolist()) for column in columns]
    least = columns[[one == min(sums) for one in sums]]
    return int(min(least, key=lambda column: tuple(results.order[column])))


def value_of_waiting(results: Results) -> float:
    """Return the expected value of perfect information: what deciding once the scenario is known saves on average.

    Every scenario counts alike. It is the least mean regret of any option that is lawful in every scenario in which
    something is; NaN where there is none.
    """
    if not results.answered.any():
        return float("nan")
    always = np.flatnonzero(results.lawful[results.answered].all(axis=0))
    sums = [sum(results.regrets[results.answered, column].tolist()) for column in always]
    return round(min(sums) / int(results.answered.sum()) / results.scale, 9) if sums else float("nan")
