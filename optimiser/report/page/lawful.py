"""Every way that meets all rules: a strip of them on the first aim on which they differ, and where each service is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from optimiser.model.objectives import UNITS
from optimiser.plan import Plan
from optimiser.problem import Objective, Problem
from optimiser.problem.words import begun, in_round_words, listed, percent, places, short
from optimiser.report import words
from optimiser.search.options import EveryLawful, every_lawful

# So many ways are drawn, a dot each; of more it is only counted in how many a service is at a site.
MOST_DRAWN = 1000
# Of the picture: its width, the ends of its axis, how far dots lie apart, how many stand on each other at most.
ACROSS, LEFT, RIGHT, STEP, HIGHEST = 640, 24, 616, 11, 12
ABOVE, BELOW = 14, 28
# What is counted over patients can be said of one of them.
A_PATIENT = "patient_minutes"


@dataclass(frozen=True)
class Cell:
    """In how many ways a service is at a site: in words, with the length of its bar out of 100."""

    text: str
    length: int
    here: bool


@dataclass(frozen=True)
class Ways:
    """Every way that meets all rules, beside the plan that is the answer."""

    plan: Plan
    found: EveryLawful

    @property
    def problem(self) -> Problem:
        """The question."""
        return self.plan.problem

    @property
    def title(self) -> str:
        """How many ways there are, and where a service is in all of them or in none."""
        count = f"{in_round_words(self.found.count)} of {in_round_words(self.found.listed)} ways"
        meet = "meets" if self.found.count == 1 else "meet"
        return f"{begun(count)} to place all services {meet} every rule"

    @property
    def settled(self) -> list[str]:
        """Which services are somewhere in every way, or in none, though nothing is fixed: a sentence each."""
        shares = self.found.shares[~self.found.shares["fixed"]]
        found = []
        for standing, said in (("core", "In every way that meets the rules"), ("never", "In none")):
            rows = shares[shares["standing"] == standing]
            each = [
                f"{words.lower(self.problem.services[str(code)].name)} at {places(self.problem, at['site'])}"
                for code, at in rows.groupby("service", sort=False)
            ]
            found += [f"{said}: {listed(each)}."] if each else []
        return found or ["Nothing that is open to decision is the same in every way that meets the rules."]

    @cached_property
    def aim(self) -> int:
        """The first aim on which the ways differ; the first where they are alike in all."""
        values = self.found.ranked.values
        differ = [n for n in range(values.shape[1]) if len(values) and np.ptp(values[:, n]) > 0]
        return differ[0] if differ else 0

    @property
    def divisor(self) -> float:
        """By what an aim is divided to be said of one patient; 1 where it is not of patients."""
        objective = self._objective
        if objective.name != A_PATIENT:
            return 1.0
        return float(sum(self.problem.patients(code)[self.problem.resident].sum() for code in self._counted)) or 1.0

    @property
    def axis(self) -> str:
        """What the strip shows."""
        objective = self._objective
        if objective.name != A_PATIENT:
            return f"{begun(words.AIMS[objective.name])} ({UNITS[objective.name]})"
        names = [words.lower(self.problem.services[code].name) for code in self._counted]
        waits = ", waits included" if any(self.problem.services[code].transfer for code in self._counted) else ""
        over = listed(names) if len(names) <= words.MOST_NAMED else f"{len(names)} services"
        return f"Average minutes a patient{waits}, over {over}"

    @property
    def _objective(self) -> Objective:
        return self.found.ranked.aims[self.aim]

    @property
    def _counted(self) -> list[str]:
        """Services whose patients the aim is of."""
        return [c for c in self.problem.services_of(self._objective) if c in self.problem.services_with_patients]

    @property
    def values(self) -> list[float]:
        """What each way comes to on the axis, best first."""
        return [float(value) / self.divisor for value in self.found.ranked.values[:, self.aim]]

    def strip(self) -> dict[str, Any] | None:
        """Return the picture: dots, ticks, and what the page needs to ring a choice; None where ways are too many."""
        values = self.values
        if not values:
            return None
        ticks = _ticks(min(values), max(values))
        low, high = ticks[0], ticks[-1]

        def x(value: float) -> float:
            return LEFT + (RIGHT - LEFT) * (value - low) / (high - low)

        columns = [round((x(value) - LEFT) / STEP) for value in values]
        tallest = max(Counter(columns).values())
        step = STEP * min(1.0, HIGHEST / tallest)
        bottom = ABOVE + step * (tallest - 1) + STEP
        stood: Counter[int] = Counter()
        dots = []
        for column, value in zip(columns, values, strict=True):
            dots.append((round(x(value), 1), round(bottom - step * stood[column] - STEP / 2, 1)))
            stood[column] += 1
        return {
            "dots": dots,
            "answer": self._place_of_answer(),
            "ticks": [(round(x(one), 1), f"{one:,g}") for one in ticks],
            "bottom": round(bottom, 1),
            "width": ACROSS,
            "height": round(bottom + BELOW, 1),
            "axis": self.axis,
            "mostly": words.weights(self.plan).strip() if self._objective.name == A_PATIENT else "",
            "data": {
                "aim": self.aim,
                "divisor": self.divisor,
                "from": [low, LEFT],
                "to": [high, RIGHT],
                "values": values,
                "dots": dots,
                "sites": self._sites(),
            },
        }

    def _place_of_answer(self) -> int | None:
        ranked = self.found.ranked
        return next((n for n in range(len(ranked)) if ranked.designated(n) == self.plan.designated), None)

    def _sites(self) -> list[list[int]]:
        """Return the sites of every service in every way, as a number whose bits are the candidates."""
        bits = 1 << np.arange(len(self.problem.candidates), dtype=np.int64)
        return [[int(one) for one in way @ bits] for way in self.found.ranked.provided.astype(np.int64)]

    def rows(self) -> Iterator[tuple[str, Sequence[Cell]]]:
        """Yield each service with a cell a candidate: in how many ways it is there."""
        shares = self.found.shares.set_index(["service", "site"]).to_dict("index")
        for code, service in self.problem.services.items():
            yield service.name, [self._cell(shares[code, site], code, site) for site in self.problem.candidates]

    def _cell(self, row: Mapping[Hashable, Any], code: str, site: str) -> Cell:
        share, standing = float(row["share"]), row["standing"]
        said = {"core": "in every way", "never": "in none"}.get(standing) or self._some(int(row["plans"]), share)
        fixed = " (fixed)" if row["fixed"] else ""
        return Cell(f"{said}{fixed}", round(100 * share), (site, code) in self.plan.designated)

    def _some(self, plans: int, share: float) -> str:
        if self.found.count <= MOST_DRAWN:
            return f"in {plans} of {self.found.count}"
        return "in under 1%" if share < 0.005 else "in over 99%" if share > 0.995 else f"in {percent(share)}"


def ways(plan: Plan) -> Ways | None:
    """Return every way that meets all rules; None where the question is of those that are not judged one and all."""
    if plan.proof.enumeration is None:
        return None
    found = every_lawful(plan.problem, at_most=MOST_DRAWN)
    return Ways(plan, found) if found.count else None


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers from below the least to above the most, about six of them."""
    wide = max(high - low, 1e-9 * max(1.0, abs(high)), 1e-6) / 5
    power = 10 ** np.floor(np.log10(wide))
    step = float(next(one for one in (power, 2 * power, 5 * power, 10 * power) if one >= wide))
    first, last = int(np.floor(low / step)), int(np.ceil(high / step))
    return [round(number * step, 9) for number in range(first, max(last, first + 1) + 1)]


def shown(found: Ways) -> dict[str, Any]:
    """Return what the template draws."""
    strip = found.strip()
    return {
        "title": found.title,
        "settled": found.settled,
        "strip": strip,
        "sites": [short(found.problem.sites[site].name) for site in found.problem.candidates],
        "rows": list(found.rows()),
        "count": f"{found.found.count:,}",
        "all": f"{found.found.listed:,}",
    }
