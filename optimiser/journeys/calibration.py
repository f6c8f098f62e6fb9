"""How minutes on a network are read as minutes that people take: so many at once, and so many times the network's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimiser.journeys.straight_line import line_of
from optimiser.problem.decimals import MILLION
from optimiser.problem.words import amount

THOUSAND = 1000
# Written so that it can be said again by hand: hundredths of a minute at once, thousandths of the network's.
PLUS_PLACES, TIMES_PLACES = 2, 3
EVERYWHERE = "All districts"
TOO_FEW = "times are too few, or no longer where the network's are, so that no line goes through them"


@dataclass(frozen=True)
class Calibration:
    """Minutes are ``plus + times × minutes on the network``.

    ``off`` has a row of all the reference times, and one of each district: how many times, and of the minutes by which
    they are off the line, without regard to sign, the median and the 90th percentile; ``longer`` is the median with it.
    """

    plus: float
    times: float
    off: pd.DataFrame

    @property
    def words(self) -> str:
        """The line, as a calibration is written."""
        return f"{self.plus:g} + {self.times:g} × minutes on the network"

    @property
    def lines(self) -> Iterator[str]:
        """How near the line comes, of all times and of each district, a sentence each."""
        for name, row in self.off.iterrows():
            within = f"half within {row['median']:.2f} minutes of it, nine in ten within {row['90%']:.2f}"
            middle = f"in the middle {abs(row['longer']):.2f} {'longer' if round(row['longer'], 2) >= 0 else 'shorter'}"
            yield f"{name}, {amount(int(row['pairs']), 'journeys')}: {within}; {middle}."


def calibration_of(on_the_network: pd.DataFrame, reference: pd.DataFrame, areas: pd.DataFrame) -> Calibration | None:
    """Return the line by which reference times follow from a network, or None where they are too few for one.

    It is Tukey's resistant line (``straight_line.line_of``), which a few odd times do not bend.

    Parameters
    ----------
    on_the_network
        Thousandths of a minute on the network: areas × sites. Pairs without a way are left out.
    reference
        Times that are believed, with ``area``, ``site`` and ``minutes``.
    areas
        The areas, with their ``district`` if that is known: errors are told by district, too.
    """
    rows = on_the_network.index.get_indexer(pd.Index(reference["area"]))
    columns = on_the_network.columns.get_indexer(pd.Index(reference["site"]))
    found = on_the_network.to_numpy(dtype=float)[rows, columns]
    known = (rows >= 0) & (columns >= 0) & ~np.isnan(found)
    minutes = reference["minutes"].to_numpy(dtype=float)[known]
    thousandths, millionths = found[known].astype(int), np.rint(minutes * MILLION).astype(int)
    line = line_of(list(zip(thousandths.tolist(), millionths.tolist(), strict=True)))
    if line is None:
        return None
    plus = round(float(line.at_once / MILLION), PLUS_PLACES)
    times = round(float(line.a_metre * THOUSAND / MILLION), TIMES_PLACES)
    off = pd.Series(minutes - plus - times * thousandths / THOUSAND)
    districts = areas.set_index("area").reindex(columns=["district"])["district"].replace("", None)
    of_district = pd.Series(reference["area"].to_numpy()[known]).map(districts)
    parts = [(EVERYWHERE, off), *((str(name), one) for name, one in off.groupby(of_district, sort=True))]
    rows_off = [(len(one), one.abs().median(), one.abs().quantile(0.9), one.median()) for _, one in parts]
    return Calibration(
        plus, times, pd.DataFrame(rows_off, [name for name, _ in parts], ["pairs", "median", "90%", "longer"])
    )
