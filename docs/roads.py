"""Write the tables of docs/roads.md: how well the network fits, and whether the main answer stands if a road does not.

python docs/roads.py            writes them
python docs/roads.py --check    says whether they are out of date
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from optimiser.explanation.on_roads import InState, on_roads
from optimiser.inputs import read_question
from optimiser.inputs.config.figures import StatedFigure
from optimiser.inputs.config.settings import RoadsSettings
from optimiser.inputs.roads import event_of, problem_with_roads
from optimiser.plan import Plan
from optimiser.problem.words import listed, short
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[1]
PAGE, CONFIG = ROOT / "docs/roads.md", ROOT / "configs/base.yaml"
BEGIN = "<!-- Made by `python docs/roads.py` ({}); do not edit by hand. -->"
END = "<!-- The end of what is made ({}). -->"
# What is slowed, and what is shut: a stretch of it where the network has no other way to some hospital outside.
CORRIDORS = {
    "A12": "A12 between Webbs Farm and Boreham",
    "A13": "A13",
    "A120": "A120",
    "A127": "A127",
    "A129": "A129",
    "A130": "A130 between Fairglen and Howe Green",
    "A131": "A131 between Little Waltham and Great Leighs",
    "A132": "A132",
    "A414": "A414 between Sandon and Heybridge",
    "A282": "A282",
    "M25": "M25 between Brook Street and Mar Dyke",
}
TIMES = (1.1, 1.25, 1.5, 2.0)
SERVICES = {"hyper_acute_stroke": "stroke", "emergency_department": "emergency"}


def cell(one: InState, usual: Plan) -> str:
    """Return whether the answer stands, and how many minutes longer the journeys of the usual one are on average."""
    more = ", ".join(f"{one.minutes_more[code]:+.2f}" for code in SERVICES)
    if one.still_best or one.best is None:
        return f"stays ({more})" if one.still_best else "no plan"
    sites, best = usual.problem.sites, one.best
    moved = [
        f"{words} at {listed(short(sites[site].name) for site in best.sites_of(code))}"
        for code, words in SERVICES.items()
        if best.sites_of(code) != usual.sites_of(code)
    ]
    return f"**turns**: {'; '.join(moved) or 'other services'} ({more})"


@cache
def standing() -> tuple[Plan, dict[str, tuple[InState, ...]]]:
    """Return the main answer, and by road how it stands with that slower, and shut."""
    question = read_question(CONFIG)
    usual, found = solve(question.problem), {}
    for road, stretch in CORRIDORS.items():
        slow = [RoadsSettings(slow={road: StatedFigure(value=times)}) for times in TIMES]
        states = {
            str(event_of(one)): problem_with_roads(question.config, question.place, one, lambda *_, road=road: road)
            for one in (*slow, RoadsSettings(close=(stretch,)))
        }
        found[road] = on_roads(usual, states).states
    return usual, found


def robustness() -> Iterator[Sequence[str]]:
    """Yield the rows of the table of corridors."""
    usual, found = standing()
    yield ("road", *(f"{times - 1:.0%} slower" for times in TIMES), "shut", "what is shut")
    for road, stretch in CORRIDORS.items():
        what = "all of it" if stretch == road else stretch.removeprefix(f"{road} ")
        yield (road, *(cell(one, usual) for one in found[road]), what)


def survivors() -> Iterator[Sequence[str]]:
    """Yield which answers are the best in how many states of that table, the one that is in most of them first."""
    usual, found = standing()
    states = [one for some in found.values() for one in some]
    best = Counter(
        tuple(best.sites_of(code) for code in SERVICES)
        for one in states
        if (best := usual if one.still_best else one.best)
    )
    yield (*(f"{words} at" for words in SERVICES.values()), f"is the best in so many of {len(states)}")
    for sites, often in best.most_common():
        yield (*(listed(short(usual.problem.sites[site].name) for site in some) for some in sites), str(often))


def rebuilding() -> ModuleType:
    """Return the script that says how well the network fits."""
    spec = spec_from_file_location("rebuild_roads", ROOT / "data/mid-south-essex/rebuild_roads.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fit() -> Iterator[Sequence[str]]:
    """Yield the rows of the table of errors."""
    rebuild = rebuilding()
    found = rebuild.how_well(rebuild.Fit())
    yield "journeys", "median", "nine in ten below"
    for name, row in found.iterrows():
        yield str(name), f"{row['median']:.2f}", f"{row['90%']:.2f}"


TABLES = {"how well it fits": fit, "main roads": robustness, "which answer survives": survivors}


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a table, the first its head."""
    head, *others = rows
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *others))


def page(text: str, tables: Mapping[str, str]) -> str:
    """Return a page with its tables made anew."""
    for name, made in tables.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, rest = text.split(begin)
        text = f"{before}{begin}\n\n{made}\n\n{end}{rest.split(end)[1]}"
    return text


def main(words: Sequence[str]) -> int:
    """Write or check the page; return the exit code."""
    text = PAGE.read_text(encoding="utf-8")
    made = page(text, {name: table(list(rows())) for name, rows in TABLES.items()})
    if "--check" in words:
        print("docs/roads.md is current." if made == text else "Out of date. Run: python docs/roads.py")
        return int(made != text)
    PAGE.write_text(made, encoding="utf-8", newline="\n")
    print("Wrote docs/roads.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
