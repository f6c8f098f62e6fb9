"""What to know before an answer is repeated, with the numbers of the plan in its sentences."""

from __future__ import annotations

import re

import pandas as pd

from optimiser.inputs import scope, taken_straight
from optimiser.inputs.config import Option
from optimiser.plan import Plan
from optimiser.plan.proof import Written
from optimiser.problem import Problem
from optimiser.problem.words import TOLD, hundredths, percent, whole

NOT_KNOWN = "not known"


def written_down(problem: Problem, option: Option) -> Written:
    """Return an option that somebody wrote down as what is told of it beside a question."""
    said, told = option.settings, (taken_straight(problem, option), scope(problem, option))
    return Written(option.code, option.title, option.source, said.verified, said.note, *told)


def told(plan: Plan) -> list[dict[str, str]]:
    """Return every sentence to know before, its numbers filled in, and its source."""
    found: dict[bool, pd.DataFrame] = {}

    def number(place: re.Match[str]) -> str:
        measure, service, site, today = place.groups()
        is_today = bool(today)
        if is_today and service not in plan.problem.services_with_today:
            return NOT_KNOWN
        if is_today not in found:
            found[is_today] = (plan.today if is_today else plan).measures
        rows = found[is_today]
        row = rows[(rows["measure"] == measure) & (rows["service"] == service) & (rows["group"] == (site or ""))]
        return _said(float(row["value"].iloc[0]), str(row["unit"].iloc[0])) if len(row) else NOT_KNOWN

    # Numbers are put in one by one, so that nothing in the sentence is taken for a format.
    return [{"sentence": TOLD.sub(number, one.sentence), "source": one.source} for one in plan.problem.know_before]


def _said(value: float, unit: str) -> str:
    if unit.startswith("share"):
        return percent(value)
    return hundredths(value) if unit == "minutes" or abs(value) < 10 else whole(value)
