"""Who would provide what, as a table of services and sites: closures first, in two halves side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from optimiser.plan import Plan
from optimiser.problem.words import short
from optimiser.report import screen


def matrix(plan: Plan, numbers: pd.DataFrame, straight: Mapping[str, Sequence[str]], halves: int = 2) -> dict[str, Any]:
    """Return who provides what with what it comes to; ``straight`` has the figures of services' other pathway."""
    problem = plan.problem
    of_services = screen.matrix(plan, numbers)
    rows = [
        {
            "name": problem.services[row.service].name,
            "way": "by transfer" if problem.services[row.service].transfer else "",
            "straight": straight.get(row.service, []),
            "marks": [{"mark": mark, "words": screen.LEGEND[mark]} for mark in row.marks],
            "figures": row.figures,
        }
        for row in of_services
    ]
    used = {mark for row in of_services for mark in row.marks}
    many = -(-len(rows) // halves)
    return {
        "sites": [short(problem.sites[site].name) for site in problem.candidates],
        "heads": screen.HEADINGS,
        "meaning": " ".join(screen.meaning(plan)),
        "halves": [rows[begin : begin + many] for begin in range(0, len(rows), many)],
        "legend": [f"{mark} {said}" for mark, said in screen.LEGEND.items() if mark in used],
    }
