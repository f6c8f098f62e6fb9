"""Who would provide what: services and sites, closures first, services with patients beside the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from optimiser.plan import Plan
from optimiser.plan.measures import number
from optimiser.problem.words import short
from optimiser.report import screen
from optimiser.report.page.parts import letters_that_tell

# The columns of a question in which patients are seen first elsewhere: as it is asked, and were they taken straight.
BOTH_WAYS = (
    ("as asked (today)", ("minutes", "on the road", "within", "outside")),
    ("were they taken straight there", ("minutes", "within")),
)
WAITS = "Minutes hold the waits that are assumed of those who are taken on; “on the road” is without them."


def matrix(plan: Plan, numbers: pd.DataFrame, straight: Mapping[str, Sequence[str]], halves: int = 2) -> dict[str, Any]:
    """Return who provides what with what it comes to.

    ``straight`` has minutes and the share within the standard of services that are reached by transfer, if their
    patients were taken straight there: then either way has columns of its own.
    """
    problem = plan.problem
    of_services = screen.matrix(plan, numbers)
    rows = [
        {
            "name": problem.services[row.service].name,
            "marks": [{"mark": mark, "words": screen.LEGEND[mark]} for mark in row.marks],
            "figures": _both_ways(plan, row, numbers, straight) if straight else row.figures,
        }
        for row in of_services
    ]
    used = {mark for row in of_services for mark in row.marks}
    meaning = screen.meaning(plan) or [""]
    letters = letters_that_tell(problem)
    names = {site: short(problem.sites[site].name) for site in problem.candidates}
    key = [f"{letters[site]} {name}" for site, name in names.items()] if letters else []
    return {
        "sites": [(letters.get(site, name), name) for site, name in names.items()],
        "groups": BOTH_WAYS if straight else (),
        "heads": [head for _, heads in BOTH_WAYS for head in heads] if straight else screen.HEADINGS,
        # The columns after these are for a screen alone.
        "on_paper": len(BOTH_WAYS[0][1] if straight else screen.HEADINGS),
        "meaning": " ".join([meaning[0], *([WAITS] if straight else [])]),
        "more_meaning": " ".join(meaning[1:]),
        "halves": _halves(rows, halves),
        "legend": [*key, *(f"{mark} {said}" for mark, said in screen.LEGEND.items() if mark in used)],
    }


def _both_ways(
    plan: Plan, row: screen.Provided, numbers: pd.DataFrame, straight: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return the figures of a service and, where patients are taken on to it, those without waits and the other way."""
    minutes, *shares = row.figures
    if row.service not in straight:
        return [minutes, "", *shares, *("" for _, heads in BOTH_WAYS[1:] for _ in heads)]
    road = f"{number(numbers, 'mean_road_minutes', row.service):.2f}"
    if row.service in plan.problem.services_with_today:
        road += f" ({number(plan.today.measures, 'mean_road_minutes', row.service):.2f})"
    return [minutes, road, *shares, *straight[row.service]]


def _halves(rows: Sequence[dict[str, Any]], halves: int) -> list[dict[str, Any]]:
    """Return rows in parts that stand side by side: those with figures, and those without, which need no such columns.

    Where all have figures, or none has, each part has as many rows.
    """
    with_figures, without = ([row for row in rows if any(row["figures"]) is there] for there in (True, False))
    if halves == 1 or not with_figures or not without:
        many = -(-len(rows) // halves)
        return [{"rows": rows[begin : begin + many], "figures": True} for begin in range(0, len(rows), many)]
    return [{"rows": with_figures, "figures": True}, {"rows": without, "figures": False}]
