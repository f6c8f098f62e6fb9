"""Today's flows reproduced: one offset in minutes a site, fitted to what was really counted there.

Patients of an area all go to the site with the least minutes plus offset, so that an error remains: areas are not
divided. What is made as small as possible is the largest relative error of any site, between the patients that the
model sends there and those counted, scaled to the same total. Of equal fits the one with the smallest offsets in sum
is taken, then the first in site order, so that the same question always gets the same offsets.

Every search is over whole tenths of a minute and exact: along one site's offset, areas change over at known values, and
all of them are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from optimiser.journeys.going import Floats, Ints
from optimiser.journeys.nearest import nearest
from optimiser.problem import Figure, Problem
from optimiser.problem.decimals import MILLION

STEPS_A_MINUTE = 10
STEP = MILLION // STEPS_A_MINUTE
# Two free offsets are searched together over all values; of more, each pair this far either side of where it stands.
MOST_SITES_IN_FULL = 3
WINDOW = 5 * STEPS_A_MINUTE
BATCH = 64
NOWHERE = 2**60

# The largest relative error, the offsets' sum without signs, and the offsets themselves: smaller is better.
Score = tuple[float, int, tuple[int, ...]]


def fit(problem: Problem, service: str, counts: Mapping[str, float], *, held_at_zero: str = "") -> dict[str, float]:
    """Return the offset in minutes of each site counted.

    Parameters
    ----------
    problem, service
        The question, and one of its services. Offsets that it has already are not looked at.
    counts
        Patients counted at the candidates that provide the service today; each above 0.
    held_at_zero
        The site whose offset is 0, like the neighbours'; if not given, the one with which the fit is closest. Counts
        at these sites cannot tell how far they all are, together, from the neighbours: one of them must be held.
    """
    search = _Fit.of(problem.before_growth(), service, counts)
    sites = sorted(counts)
    held = [sites.index(held_at_zero)] if held_at_zero else range(len(sites))
    _, _, best = min(search.best(site) for site in held)
    return {site: steps / STEPS_A_MINUTE for site, steps in zip(sites, best, strict=True)}


def backcast(problem: Problem, service: str) -> pd.DataFrame:
    """Return, by site that provides a service today, the patients counted and those that the model sends there.

    Columns ``observed_patients`` (scaled to the model's total at these sites), ``backcast_patients`` (with today's
    designations and demand before any growth) and ``backcast_error``, a share of the first. Empty where there is
    nothing to compare with.
    """
    problem = problem.before_growth()
    observed = problem.services[service].observed
    counts = pd.Series(dict(observed.counts) if observed else {}, dtype=float).sort_index()
    goes_to = nearest(problem, service, list(counts.index))
    patients = pd.Series(problem.patients(service), index=goes_to.index)
    arriving = patients.groupby(goes_to).sum().reindex(counts.index, fill_value=0.0).astype(float)
    scaled = counts * (arriving.sum() / counts.sum()) if len(counts) else counts
    columns = {"observed_patients": scaled, "backcast_patients": arriving}
    return pd.DataFrame(columns | {"backcast_error": (arriving - scaled).abs() / scaled})


def with_offsets(offsets: Mapping[str, float], period: str) -> dict[str, Figure]:
    """Return fitted offsets as figures that say what they are."""
    source = f"Fitted to the counts of {period} in activity.csv; the site at 0 is what the others are measured against"
    return {site: Figure(minutes + 0.0, source) for site, minutes in offsets.items()}


@dataclass(frozen=True, eq=False)
class _Fit:
    """Offsets in steps of a tenth of a minute.

    ``minutes`` are areas × sites, in millionths: the sites counted, then the nearest neighbour, so that of equal sums
    the first is taken.
    """

    minutes: Ints
    patients: Floats
    counts: Floats
    reach: int

    @classmethod
    def of(cls, problem: Problem, service: str, counts: Mapping[str, float]) -> _Fit:
        reachable = problem.reachable_sites(service)
        counted_at = problem.minutes(service)[:, [reachable.index(site) for site in sorted(counts)]]
        outside = problem.minutes(service)[:, len(problem.candidates) :]
        found = np.column_stack([counted_at, outside.min(axis=1, initial=np.inf)])
        known = np.isfinite(found)
        minutes = np.where(known, np.rint(np.where(known, found, 0) * MILLION), NOWHERE).astype(np.int64)
        served = known.any(axis=1)
        patients = np.rint(problem.patients(service) * problem.patient_scale)[served]
        counted = np.array([counts[site] for site in sorted(counts)], dtype=float)
        return cls(minutes[served], patients, counted, _reach(minutes[served]))

    def best(self, held: int) -> Score:
        """Return the best offsets found with one held at 0: no other value of one or of two of them does better."""
        offsets: tuple[int, ...] = (0,) * len(self.counts)
        free = [site for site in range(len(offsets)) if site != held]
        score = self.score(offsets)
        while True:
            before = score
            for site in free:
                score = min(score, self.along(np.array([score[2]], dtype=np.int64), site))
            if score < before:
                continue
            for one, other in combinations(free, 2):
                score = min(score, self.across(score[2], one, other))
            if score == before or len(offsets) <= MOST_SITES_IN_FULL:
                return score

    def across(self, offsets: tuple[int, ...], one: int, other: int) -> Score:
        """Return the best score with two offsets moved together."""
        low, high = -self.reach, self.reach
        if len(offsets) > MOST_SITES_IN_FULL:
            low, high = max(low, offsets[one] - WINDOW), min(high, offsets[one] + WINDOW)
        moved = np.tile(np.array(offsets, dtype=np.int64), (high - low + 1, 1))
        moved[:, one] = np.arange(low, high + 1)
        return min(self.along(moved[i : i + BATCH], other) for i in range(0, len(moved), BATCH))

    def along(self, offsets: Ints, site: int) -> Score:
        """Return the best score of any of some offsets (one row each) with one site's moved and the others left."""
        last, elsewhere = self._leaves(offsets, site)
        steps = np.arange(-self.reach, self.reach + 1)
        # An area is with the site up to its last step, and from the next one on with its best other site.
        row = np.arange(len(offsets))[:, None] * (len(steps) + 1)
        place = row + np.clip(last + self.reach + 1, 0, len(steps))
        patients = np.broadcast_to(self.patients, place.shape)
        arriving = np.empty((len(self.counts), len(offsets), len(steps)))
        for other in range(len(self.counts)):
            moves = elsewhere == other if other != site else np.ones_like(elsewhere, dtype=bool)
            came = np.bincount(place[moves], patients[moves], len(offsets) * (len(steps) + 1))
            arriving[other] = came.reshape(len(offsets), -1)[:, :-1].cumsum(axis=1)
        arriving[site] = self.patients.sum() - arriving[site]
        errors = self._errors(arriving)
        least = float(errors.min())
        rows, places = np.nonzero(errors == least)
        moved = offsets[rows]
        moved[:, site] = steps[places]
        return min((least, sum(map(abs, each)), tuple(each)) for each in moved.tolist())

    def score(self, offsets: tuple[int, ...]) -> Score:
        """Return how good some offsets are."""
        goes_to = self._keys(np.array([offsets], dtype=np.int64))[0].argmin(axis=1)
        arriving = np.bincount(goes_to, self.patients, self.minutes.shape[1])[: len(self.counts)].astype(float)
        return float(self._errors(arriving[:, None, None]).item()), sum(map(abs, offsets)), offsets

    def _errors(self, arriving: Floats) -> Floats:
        """Return the largest relative error of any site, from ``arriving``: sites × offsets × steps."""
        total = arriving.sum(axis=0)
        due = self.counts[:, None, None] * total
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = np.abs(arriving * self.counts.sum() - due) / due
        worst = np.where(total > 0, errors.max(axis=0), np.inf)
        return np.asarray(np.round(worst, 12), dtype=float)

    def _keys(self, offsets: Ints) -> Ints:
        """Return what patients go by: offsets (one row each) × areas × sites."""
        added = np.zeros((len(offsets), 1, self.minutes.shape[1]), dtype=np.int64)
        added[:, 0, : offsets.shape[1]] = STEP * offsets
        return np.where(self.minutes == NOWHERE, NOWHERE, self.minutes + added)

    def _leaves(self, offsets: Ints, site: int) -> tuple[Ints, Ints]:
        """Return, by area, the last step of a site's offset at which it goes there, and where it goes after that."""
        keys = self._keys(offsets)
        keys[:, :, site] = NOWHERE
        elsewhere = keys.argmin(axis=2)
        there, own = keys.min(axis=2), self.minutes[:, site]
        # At an equal sum the first of the two takes the area, so the other one's last step is below that.
        last = (there - own - (elsewhere < site)) // STEP
        return np.where(own == NOWHERE, -NOWHERE, np.where(there == NOWHERE, NOWHERE, last)), elsewhere


def _reach(minutes: Ints) -> int:
    """Return how many steps away an offset is looked for: the furthest that two sites are apart for any area."""
    furthest = np.where(minutes == NOWHERE, -1, minutes).max(axis=1, initial=0)
    return int((furthest - minutes.min(axis=1, initial=NOWHERE)).max(initial=0)) // STEP + 1
