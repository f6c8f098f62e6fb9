"""A plan in a dozen plain lines, for people."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from optimiser import measures
from optimiser.model.objectives import UNITS
from optimiser.plan import EVALUATED, PROVED, Plan
from optimiser.planning import evaluate
from optimiser.problem import Problem

MOST_FRAGILE_NAMED = 3


def lines(plan: Plan) -> list[str]:
    """Return what was asked, what the answer is, how good it is, what falls short, and what it rests on."""
    numbers = measures.table(plan)
    return [
        plan.problem.title,
        "",
        *_services(plan, numbers),
        "",
        *_standing(plan),
        *_next_best(plan),
        *_short(plan),
        *_fragile(plan, numbers),
        *_changes(plan),
        *_unverified(plan),
        "Draft: not a decision.",
    ]


def sites_in_words(problem: Problem, sites: Sequence[str]) -> str:
    """Return the names of sites as a list in words."""
    names = [problem.sites[site].name for site in sites]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "no site"


def border_line(plan: Plan, closed: Plan) -> list[str]:
    """Return a sentence where the answer would differ if nobody crossed the border, naming the services it decides."""
    problem, swaps = plan.problem, []
    swapped = evaluate(problem, closed.designated)
    for code, service in problem.services.items():
        there = closed.sites_of(code)
        if plan.sites_of(code) != there:
            name, where = service.name.lower(), sites_in_words(problem, there)
            swaps.append(f"{name} would be at {where}{_against(plan, swapped, code)}")
    return [f"The border decides it: if nobody crossed it, {'; '.join(swaps)}."] if swaps else []


def _against(plan: Plan, other: Plan, service: str) -> str:
    """Return the mean journey of another plan against this one's, for a service with patients."""
    theirs, ours = _mean(other, service), _mean(plan, service)
    return f" (with the border open {theirs:.2f} minutes on average against {ours:.2f})" if ours == ours else ""


def _mean(plan: Plan, service: str) -> float:
    """Return the mean journey of residents to a service; NaN where its patients do not count."""
    counted = service in plan.problem.services_with_patients
    return measures.mean_minutes(measures.residents(plan, service)) if counted else float("nan")


def _services(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    width = max(len(service.name) for service in plan.problem.services.values())
    found = []
    for code, service in plan.problem.services.items():
        text = f"{service.name:<{width}}  {sites_in_words(plan.problem, plan.sites_of(code))}"
        if service.activity:
            mean, worst = (measures.number(numbers, name, code) for name in ("mean_minutes", "worst_minutes"))
            within = measures.number(numbers, "patients_within_30", code)
            share = within / measures.number(numbers, "patients", code)
            text += f": {mean:.2f} minutes on average, {worst:.0f} at worst, {share:.0%} of patients within 30"
        elif len(service.fixed) == len(plan.problem.candidates):
            text += " (fixed)"
        found.append(text)
    return found


def _standing(plan: Plan) -> list[str]:
    proof, listing = plan.proof, plan.proof.enumeration
    broken = plan.broken
    if proof.outcome == EVALUATED:
        if broken.empty:
            return ["Evaluated, not optimised. It breaks no rule."]
        return [f"Evaluated, not optimised. It breaks {len(broken)} rules:", *map(_breach, broken.itertuples())]
    if proof.outcome != PROVED:
        return [f"Not proved best: {_how_far(plan)}"]
    if not listing:
        return ["Proved best: the solver closed the gap to 0."]
    ties = f"One of {listing.equal_best} equal best. " if listing.equal_best > 1 else ""
    return [
        f"Proved best. {ties}The solver closed the gap to 0, and a full list of {listing.listed:,} options "
        f"({listing.lawful:,} of them break no rule) agrees."
    ]


def _how_far(plan: Plan) -> str:
    first = next((r for r in plan.proof.objectives if r.bound is not None and r.bound != r.value), None)
    if first is None or first.bound is None or not first.value:
        return "time ran out before the proof was complete."
    share = (first.value - first.bound) / first.value
    return f"the best found is at most {share:.2%} from the best possible ({first.name.replace('_', ' ')})."


def _breach(row: object) -> str:
    rule = getattr(row, "instance", "")
    left, right, unit = (getattr(row, name) for name in ("left", "right", "unit"))
    return f"  - {rule}: {left:,.6g} against {right:,.6g} {unit}"


def _next_best(plan: Plan) -> list[str]:
    listing = plan.proof.enumeration
    if not listing or len(listing.ranked) < 2:
        return []
    best, second = listing.ranked[:2]
    worse = next(
        (
            f"{second.values[i] - best.values[i]:,.1f} more {UNITS[objective.name]}"
            for i, objective in enumerate(plan.problem.objectives)
            if second.values[i] != best.values[i]
        ),
        "equal on every objective",
    )
    return [f"Next best: {_swap(plan, evaluate(plan.problem, second.designated))}: {worse}."]


def _swap(plan: Plan, other: Plan) -> str:
    swaps = []
    for code, service in plan.problem.services.items():
        there = other.sites_of(code)
        if there != plan.sites_of(code):
            mean = _mean(other, code)
            minutes = f", {mean:.2f} minutes on average" if mean == mean else ""
            swaps.append(f"{service.name.lower()} at {sites_in_words(plan.problem, there)}{minutes}")
    return "; ".join(swaps)


def _short(plan: Plan) -> list[str]:
    found = []
    for team, unit in plan.problem.team_units:
        here = plan.staffing[(plan.staffing["team"] == team) & (plan.staffing["unit"] == unit)]
        if (short := here["short"].sum()) > 0:
            found.append(f"Short of {short:g} {'WTE ' if unit == 'WTE' else ''}{plan.problem.teams[team].name}.")
    return found


def _fragile(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return a sentence on the rotas that one vacancy would leave short, naming the first few."""
    found = numbers[(numbers["measure"] == measures.VACANCY) & (numbers["value"] > 0)]
    said = []
    for row in found.head(MOST_FRAGILE_NAMED).itertuples():
        site, team, _ = str(row.group).split(" ")
        unit = "WTE " if row.unit == "WTE" else ""
        service, where = plan.problem.services[str(row.service)].name, plan.problem.sites[site].name
        said.append(f"{service.lower()} at {where} short of {row.value:.4g} {unit}{plan.problem.teams[team].name}")
    more = f"; {len(found) - len(said)} more in measures.csv" if len(found) > len(said) else ""
    return [f"Fragile: one vacancy would leave {', '.join(said)}{more}."] if said else []


def _changes(plan: Plan) -> list[str]:
    problem, changes = plan.problem, []
    known = {service for _, service in problem.today}
    for code in (code for code in problem.services if code in known):
        name = problem.services[code].name.lower()
        opens = [s for s in plan.sites_of(code) if (s, code) not in problem.today]
        closes = [s for s in problem.candidates if (s, code) in problem.today and (s, code) not in plan.designated]
        changes += [f"{name} opens at {sites_in_words(problem, opens)}"] if opens else []
        changes += [f"{name} closes at {sites_in_words(problem, closes)}"] if closes else []
    return [f"Changes from today: {'; '.join(changes) or 'none'}."]


def _unverified(plan: Plan) -> list[str]:
    unverified = plan.rules[~plan.rules["verified"].astype(bool)]["rule"].unique()
    return [f"Rests on unverified figures for: {', '.join(unverified)} (see rules.csv)."] if len(unverified) else []
