"""What is said of a plan beside the answer to another question: everybody at the nearest, or nobody across the border.

``run.json`` holds each sentence with all that it takes to find out whether it is true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from optimiser.errors import NoPlan, NotProved, SolverFailed
from optimiser.model.rules import JUDGED
from optimiser.plan import Plan, evaluate
from optimiser.plan.proof import PROVED
from optimiser.plan.quotable import Cell, Otherwise, Sentence, mean_minutes_of, plain
from optimiser.problem import Problem
from optimiser.problem.words import PATIENTS, names_of, places, rule_in_words, sites_in_words
from optimiser.search.enumeration import can_be_listed
from optimiser.search.planning import solve

# What the config of another question says instead.
BEHIND_THE_BORDER, TO_THE_NEAREST = {"border": "closed"}, {"patients_go_to": "nearest"}


def to_the_nearest(plan: Plan) -> list[Otherwise]:
    """Return a sentence on the best plan if everybody went to the nearest; nothing where everybody does."""
    other = plan.problem.to_the_nearest()
    if other is plan.problem:
        return []
    none = "If nobody were sent past a nearer site, no plan would meet every rule."
    unknown = "What would be best if nobody were sent past a nearer site could not be found out: "
    found = _best(plan, other, Sentence("nearest", "", none), unknown, TO_THE_NEAREST)
    return nearest_line(plan, found) if isinstance(found, Plan) else [found]


def across_the_border(plan: Plan) -> list[Otherwise]:
    """Return a sentence where the border decides the answer, by asking again behind it; nothing where there is none."""
    closed = plan.problem.behind_its_border()
    if closed is plan.problem or not can_be_listed(plan.problem):
        return []
    none = "The border matters: if nobody crossed it, no plan would meet every rule."
    unknown = "What the border decides could not be found out: "
    found = _best(plan, closed, Sentence("border", "", none), unknown, BEHIND_THE_BORDER)
    return border_line(plan, found) if isinstance(found, Plan) else [found]


def _best(plan: Plan, other: Problem, none: Sentence, unknown: str, asked: Mapping[str, str]) -> Plan | Otherwise:
    """Return the best plan of another question or, where there is none or it is not known, what is said of that."""
    here = evaluate(other, plan.designated)
    try:
        best = solve(other)
        if best.proof.outcome != PROVED:
            raise NotProved("Time ran out before the best plan was proved. Allow more time: --time-limit-minutes.")
        return best
    except NoPlan:
        return Otherwise(none, asked, "no plan", here)
    except (NotProved, SolverFailed) as error:
        return Otherwise(Sentence(none.kind, "", plain(f"{unknown}{error}")), asked, "not known", here)


def border_line(plan: Plan, closed: Plan) -> list[Otherwise]:
    """Return a sentence where the answer would differ if nobody crossed the border, naming the services it decides."""
    problem, cells = plan.problem, list[Cell]()
    here = evaluate(closed.problem, plan.designated)
    if _as_good(here, evaluate(closed.problem, closed.designated)):
        return []
    there_as_here = evaluate(problem, closed.designated)
    frames = {"measures": mean_minutes_of(plan), "best_here": mean_minutes_of(there_as_here)}
    moved = [code for code in problem.services if plan.sites_of(code) != closed.sites_of(code)]
    if not moved:
        return []
    best = "; ".join(plain(f"{_name(problem, code)} at {places(problem, closed.sites_of(code))}") for code in moved)
    if broken := _broken(there_as_here, cells):
        frames["rules_here"] = there_as_here.rules
    else:
        counted = set(frames["measures"]["service"])
        broken = _would_take(there_as_here, [code for code in moved if code in counted], cells)
    here_instead = (
        f" {'As people cross today' if problem.border else 'With the border open'}, {broken}." if broken else ""
    )
    # Where they are fitted, other offsets would fit behind a closed border.
    kept = (
        ", offsets kept as they are"
        if any(problem.services[one].observed for one in problem.services_with_patients)
        else ""
    )
    words = f"If nobody crossed the border{kept}: {best} would be best.{here_instead}"
    return [Otherwise(Sentence("border", "", words, tuple(cells)), BEHIND_THE_BORDER, closed, here, frames)]


def _name(problem: Problem, service: str) -> str:
    return problem.services[service].name.lower()


def _would_take(there: Plan, services: Sequence[str], cells: list[Cell]) -> str:
    """Return what journeys to some services would come to there, as a template; adds where its numbers stand."""
    found = []
    for code in services:
        means = f"{{{len(cells)}:.2f}} minutes on average, where the plan takes {{{len(cells) + 1}:.2f}}"
        at = f"{_name(there.problem, code)} at {places(there.problem, there.sites_of(code))}"
        found.append(f"{plain(at)} would take {means}")
        cells += [_mean(frame, code) for frame in ("best_here", "measures")]
    return "; ".join(found)


def _broken(plan: Plan, cells: list[Cell]) -> str:
    """Return the rules that a plan breaks, by what is where alone, as a template; adds where its numbers stand."""
    found, known = [], names_of(plan.problem)
    of_staff = [name for name, rule in JUDGED.items() if rule.from_staff]
    broken = plan.broken[~plan.broken["rule"].isin(of_staff)]
    for instance, unit in sorted(zip(broken["instance"], broken["unit"], strict=True)):
        rule, *names = instance.split(".")
        numbers = [f"{{{len(cells) + side}:,.0f}}" for side in (0, 1)]
        if unit == PATIENTS:
            cells += [Cell("rules_here", (("instance", instance),), side) for side in ("left", "right")]
        if would_see := JUDGED[rule].would_see:
            others = [site for site in plan.sites_of(names[0]) if site not in names]
            beside = f", beside {places(plan.problem, others)}," if others else ""
            there = plain(f"{_name(plan.problem, names[0])} at {places(plan.problem, names[1:])}{beside}")
            found.append(f"{there} would see {would_see.format(*numbers)}")
        else:
            more = f"{numbers[0]} against {numbers[1]} {PATIENTS}" if unit == PATIENTS else ""
            words = rule_in_words(plain(instance), {code: plain(name) for code, name in known.items()}, more)
            found.append(f"that breaks the rule that {words}")
    return "; ".join(found)


def _mean(frame: str, service: str) -> Cell:
    """Return where the mean journey of residents to a service stands."""
    return Cell(frame, (("measure", "mean_minutes"), ("service", service), ("group", "")), "value")


def nearest_line(plan: Plan, nearest: Plan) -> list[Otherwise]:
    """Return a sentence on the best plan if everybody went to the nearest, which ``nearest`` is."""
    here = evaluate(nearest.problem, plan.designated)
    words, cells, means = "the same plan would be best", tuple[Cell, ...](), mean_minutes_of(nearest)
    if not _as_good(here, nearest):
        there, cells = swap(plan, nearest, means)
        words = f"the best plan would differ: {there}"
    said = Sentence("nearest", "", f"If nobody were sent past a nearer site, {words}.", cells)
    return [Otherwise(said, TO_THE_NEAREST, nearest, here, {"best_there": means})]


def _as_good(plan: Plan, best: Plan) -> bool:
    """Whether a plan breaks no rule and comes to what the best one of the same question does."""
    values = [[reached.value for reached in one.proof.objectives] for one in (plan, best)]
    return plan.broken.empty and values[0] == values[1]


def swap(plan: Plan, other: Plan, means: pd.DataFrame) -> tuple[str, tuple[Cell, ...]]:
    """Return where another plan has what this one has elsewhere, as a template, and where its numbers stand."""
    swaps, cells = [], list[Cell]()
    for code, service in plan.problem.services.items():
        there = other.sites_of(code)
        if there != plan.sites_of(code):
            minutes = ""
            if code in set(means["service"]):
                minutes = f", {{{len(cells)}:.2f}} minutes on average"
                cells.append(_mean("best_there", code))
            swaps.append(plain(f"{service.name.lower()} at {sites_in_words(plan.problem, there)}") + minutes)
    return "; ".join(swaps), tuple(cells)
