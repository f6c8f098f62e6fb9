"""The runs side by side in words, for the first sheet that people look at: measures down, runs across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from optimiser.plan.comparison import compare, tables_of
from optimiser.plan.finished import Run
from optimiser.problem.words import NO_SITE, begun
from optimiser.report.page.side_by_side import FIRST, in_words, sites_in_words
from optimiser.report.page.tables import OF_THOSE_WHO_STAY
from optimiser.report.words import of_those_who_stay

# What is drawn as bars, services down and runs beside each other, with what the axis says.
DRAWN = {"mean_minutes": "Average minutes", "people_beyond_30": "Residents beyond 30 minutes"}


@dataclass(frozen=True)
class Side:
    """One row: the measure by its name and in words, the service, and a number or words for every run."""

    measure: str
    words: str
    service: str
    cells: Sequence[float | str]


def sides(runs: Sequence[Run]) -> list[Side]:
    """Return what is looked at first of some runs, measure by measure."""
    found = list(_sides(runs))
    order = {name: number for number, name in enumerate(dict.fromkeys(one.measure for one in found))}
    first = [next((n for n, begins in enumerate(FIRST) if name.startswith(begins)), len(FIRST)) for name in order]
    return sorted(found, key=lambda one: (first[order[one.measure]], order[one.measure]))


def _sides(runs: Sequence[Run]) -> Iterator[Side]:
    problem = runs[0].problem
    names = {code: one.name for run in reversed(runs) for code, one in run.problem.services.items()}
    stay = max(of_those_who_stay(run.problem) for run in runs)
    compared = compare({str(number): tables_of(run.plan) for number, run in enumerate(runs)})
    for (service, measure), row in zip(compared.index, compared.to_numpy(), strict=True):
        name = str(measure)
        if name.startswith(FIRST):
            words = begun(in_words(problem, name)) + (stay if name.startswith(OF_THOSE_WHO_STAY) else "")
            of = names.get(str(service), "All services")
            yield Side(name, words, of, [_cell(run, one) for run, one in zip(runs, row, strict=True)])


def _cell(run: Run, value: object) -> float | str:
    if isinstance(value, int | float | np.number):
        number = float(value)
        return number if isfinite(number) else NO_SITE if number == float("inf") else "–"
    return sites_in_words(run.problem, value, {})
