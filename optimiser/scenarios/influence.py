"""Which of the parameters that vary move the answer, alone and with others: Sobol indices, where a sweep asks for them.

A figure of a sweep, such as whether the answer is another, differs between scenarios. The first-order index of a
parameter is the share of that variance that goes with the parameter alone; the total-order index is the share that it
has any part in. Where the two differ, it matters together with others. First-order indices of all parameters come to
at most 1, and to less where parameters matter together; total-order ones come to at least 1.

They are estimates, from as many draws as were asked for: those of Saltelli and others (2010) and Jansen (1999), as
SciPy has them. What each could be stands beside it: 95% of the estimates from as many draws, drawn again from these.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optimiser.scenarios.regret import Results

INFLUENCE = "sobol.csv"
RESAMPLES, CONFIDENCE = 500, (2.5, 97.5)
ANSWER, BROKEN, BEST = "another plan is best", "the answer breaks a rule", "best value"
COLUMNS = ["of", "parameter", "first_order", "first_low", "first_high", "total_order", "total_low", "total_high"]


def influence(results: Results, parameters: list[str], answer: int | None) -> pd.DataFrame:
    """Return one row a figure and parameter: its indices, and between which values each is in 95% of resamples.

    ``answer`` is the number of the designation that is best as the question stands, if any is. The figures are whether
    another is best, or none; whether it breaks a rule (each 0 or 1 in every scenario); and what the best comes to. A
    figure that is the same in every scenario has no row, nor has the last where some scenario has no plan.
    """
    rows = []
    for of, values in _figures(results, answer):
        if np.ptp(values) == 0:
            continue
        by_draw = values.reshape(-1, len(parameters) + 2)
        found = _indices(by_draw)
        drawn = np.random.Generator(np.random.Philox(key=len(by_draw))).integers
        again = [_indices(by_draw[drawn(0, len(by_draw), len(by_draw))]) for _ in range(RESAMPLES)]
        low, high = np.percentile(again, CONFIDENCE, axis=0)
        for n, parameter in enumerate(parameters):
            cells = [one[order, n] for order in (0, 1) for one in (found, low, high)]
            rows.append((of, parameter, *(round(float(cell), 6) for cell in cells)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _figures(results: Results, answer: int | None) -> Iterator[tuple[str, np.ndarray]]:
    if answer is not None:
        column = int(np.searchsorted(results.numbers, answer))
        yield ANSWER, 1.0 - results.equal_best[:, column]
        yield BROKEN, 1.0 - results.lawful[:, column]
    if results.answered.all():
        yield BEST, results.published(results.best_values)


def _indices(by_draw: np.ndarray) -> np.ndarray:
    """Return first-order and total-order indices, by parameter, from the scenarios of every draw, in their order."""
    from scipy.stats import sobol_indices  # loaded where it is asked for: it takes longer than most sweeps

    func = {"f_A": by_draw[:, 0], "f_B": by_draw[:, -1], "f_AB": by_draw[:, 1:-1].T[:, None, :]}
    found = sobol_indices(func=func, n=len(by_draw))
    return np.stack([found.first_order, found.total_order])
