"""The rules that a plan breaks, each once with the sites where it does: how many, and in words."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

import pandas as pd

from optimiser.model.rules import JUDGED, LIMITS, demand_of, in_words
from optimiser.model.rules.rule import Names
from optimiser.plan import Plan
from optimiser.plan.equally_near import hangs_on
from optimiser.problem import Problem
from optimiser.problem.words import PATIENTS, amount, amount_told, is_one, listed, places, short, shown

THAT_PROVIDES_IT = " that provides it"
# Of these a site has so many, and a rule asks for others.
COUNTED_AT_A_SITE = (PATIENTS, "people", "WTE", "beds", "services")
BROKEN_COLUMNS = ["rule", "instance", "words", "left", "relation", "right", "unit", "short"]


def stated(problem: Problem, instance: str) -> tuple[str, Names]:
    """Return the rule of an instance, and whose figure or wish it is: the service's, say, whichever the site."""
    rule, *names = instance.split(".")
    every = LIMITS[rule].stated(problem) if rule in LIMITS else ()
    whose = next((one for one in every if set(one) <= set(names)), None)
    return rule, demand_of(rule, tuple(names))[1] if whose is None else whose


def asked(problem: Problem, instance: str) -> str:
    """Return in words what an instance of a rule asks: where it is asked at each site alike, once for all of them."""
    return stated_in_words(problem, stated(problem, instance))


def stated_in_words(problem: Problem, one: tuple[str, Names]) -> str:
    """Return in words what a rule asks, as ``stated`` returns it."""
    rule, whose = one
    if rule in LIMITS and whose in set(LIMITS[rule].stated(problem)):
        return LIMITS[rule].stated_in_words(problem, whose)
    return in_words(problem, one)


def rules_among(problem: Problem, instances: Iterable[str]) -> int:
    """Return of how many rules some instances are: one rule may be broken at several sites."""
    return len({stated(problem, one) for one in instances})


def how_many(plan: Plan) -> str:
    """Return how many rules a plan breaks and, where one is broken more than once, at how many sites or places.

    Staff who may move between sites are lacking at none of them in particular: that is one place.
    """
    problem, every = plan.problem, [str(one) for one in plan.broken["instance"]]
    rules = rules_among(problem, every)
    rows = [*{stated(problem, one) if _may_move(problem, one) else one: one for one in every}.values()]
    at_sites = rules == 1 and all(site_of(problem, one) for one in rows)
    where = amount(len(rows), "sites") if at_sites else f"{len(rows)} places"
    once = " (each team that may move counts once)" if len(rows) < len(every) else ""
    return amount(rules, "rules") + (f", at {where}{once}" if len(rows) > rules else "")


def _may_move(problem: Problem, instance: str) -> bool:
    """Whether an instance of a rule is about staff who may move between sites."""
    rule, *names = instance.split(".")
    teams = [problem.teams[one] for one in names if one in problem.teams] if JUDGED[rule].from_staff else []
    return any(team.moves_at_most is None or team.moves_at_most.value > 0 for team in teams)


def lines(plan: Plan) -> list[str]:
    """Return a line for each rule that a plan breaks: what it asks, and what there is, site by site."""
    broken = broken_rules(plan)
    rules = [stated(plan.problem, str(one)) for one in broken["instance"]]
    return [_line(plan, broken[[one == rule for one in rules]]) for rule in dict.fromkeys(rules)]


def broken_rules(plan: Plan) -> pd.DataFrame:
    """Return the rules that a plan breaks, in words, with both sides, the unit and how far each is from holding."""
    rows = []
    for row in plan.broken.to_dict("records"):
        rule, *names = str(row["instance"]).split(".")
        words = in_words(plan.problem, demand_of(rule, tuple(names)))
        if site := JUDGED[rule].site_of(tuple(names)):
            words += f"; at {plan.problem.pool_name(site)}"
        rows.append((rule, row["instance"], words, row["left"], row["relation"], row["right"], row["unit"]))
    found = pd.DataFrame(rows, columns=BROKEN_COLUMNS[:-1])
    return found.assign(short=-plan.broken["spare"].to_numpy(dtype=float))


def broken_in_words(problem: Problem, broken: pd.DataFrame, *, codes: bool = True) -> list[str]:
    """Return a line for each broken rule, with both sides and perhaps its code in brackets.

    What staff who may move between sites lack is one line: at which of the sites they lack it is anybody's choice.
    """
    lines, alike = list[str](), dict[Hashable, list[Mapping[Hashable, Any]]]()
    for row in broken.to_dict("records"):
        code = str(row["instance"])
        alike.setdefault(stated(problem, code) if _may_move(problem, code) else code, []).append(row)
    for rows in alike.values():
        said = f"{rows[0]['words']}: {_sides(rows[0])}" if len(rows) == 1 else _lacking(problem, rows)
        named = f" ({', '.join(str(row['instance']) for row in rows)})" if codes else ""
        lines.append(f"  - {said}{named}")
    return lines


def _lacking(problem: Problem, rows: Sequence[Mapping[Hashable, Any]]) -> str:
    """Return what staff who may move between sites lack in all, and where they are for now."""
    words = str(rows[0]["words"]).rpartition("; at ")[0]
    short_of = amount_told(sum(float(row["short"]) for row in rows), str(rows[0]["unit"]))
    there = [f"{short(problem.pool_name(site_of(problem, str(row['instance']))))} {shown(row['left'])}" for row in rows]
    return f"{words}: {short_of} too few in all (here {listed(there)}, and they may move)"


def _sides(row: Mapping[Hashable, Any]) -> str:
    left, right, relation, unit = row["left"], row["right"], str(row["relation"]), str(row["unit"])
    if unit == "designated":
        there = "provided there" if relation == "=" else "there"
        return f"it is {'' if left else 'not '}{there}"
    if unit == "areas":
        return f"{amount(left, unit)} {'has' if is_one(left) else 'have'} none"
    if unit == PATIENTS and isfinite(left) and round(left) != round(right):
        left, right = round(left), round(right)
    bound, verb = {">=": ("at least", "asked for"), "<=": ("at most", "allowed")}[relation]
    asked = amount(right, unit) if not isfinite(left) else shown(right)
    is_or_are = "is" if is_one(right) or unit.startswith("share") else "are"
    return f"{amount(left, unit)}, and {bound} {asked} {is_or_are} {verb}"


def by_how_much(plan: Plan) -> float:
    """Return by how much a plan misses the rules that it breaks, as a share of what each asks, over all of them."""
    rows = plan.broken
    return float((rows["spare"].abs() / rows["right"].abs()).sum())


def in_short(plan: Plan, said: Sequence[str]) -> str:
    """Return what stops a plan as the end of a sentence: too few patients of one unit, or the rules that it breaks.

    ``said`` is what ``lines`` returns.
    """
    if plan.broken.empty:
        return ""
    row, *others = plan.broken.to_dict("records")
    rule, *names = str(row["instance"]).split(".")
    if others or not JUDGED[rule].would_see or row["relation"] != ">=" or row["unit"] != PATIENTS:
        more = f"; and {len(said) - 1} more" if len(said) > 1 else ""
        return f"it breaks {how_many(plan)}: {said[0]}{more}"
    site, asked, sees = short(plan.problem.sites[names[1]].name), row["right"], row["left"]
    sees, asked = (round(sees), round(asked)) if round(sees) != round(asked) else (sees, asked)
    return (
        f"{site} would see {shown(sees)} patients a year, {shown(asked - sees)} short of the {shown(asked)} asked for"
    )


def _line(plan: Plan, rows: pd.DataFrame) -> str:
    problem = plan.problem
    unit, sites = str(rows["unit"].iloc[0]), [site_of(problem, str(one)) for one in rows["instance"]]
    words = asked(problem, str(rows["instance"].iloc[0])).partition("; ")[0].removesuffix(THAT_PROVIDES_IT)
    if all(sites) and unit in COUNTED_AT_A_SITE:
        has = [
            f"{short(problem.pool_name(site))} {'' if number else 'has '}{has_of(left, right, unit)}{come}"
            for number, (site, come, left, right) in enumerate(
                zip(
                    sites,
                    (_who_come(plan, str(one)) for one in rows["instance"]),
                    rows["left"],
                    rows["right"],
                    strict=True,
                )
            )
        ]
        moving = len(rows) > 1 and all(_may_move(problem, str(one)) for one in rows["instance"])
        in_all = f" ({amount(float(rows['short'].sum()), unit)} too few in all)" if moving else ""
        return f"{words}: {', '.join(has)}{in_all}"
    if all(sites) and len(rows) > 1 and unit == "designated":
        return f"{words}: not so at {places(problem, sites)}"
    return "; ".join(one.strip().removeprefix("- ") for one in broken_in_words(problem, rows, codes=False))


def _who_come(plan: Plan, instance: str) -> str:
    """Return how many of the staff whom a site has for a rota are not in post there; nothing where all are."""
    rule, *names = instance.split(".")
    if not JUDGED[rule].from_staff or len(names) != len(("service", "site", "team", "unit")):
        return ""
    _, site, team, unit = names
    every = plan.staffing
    row = every[(every["site"] == site) & (every["team"] == team) & (every["unit"] == unit)].iloc[0]
    told = {"moved there": row["moved_in"], "recruited": row["recruited"]}
    come = listed(f"{shown(number)} {how}" for how, number in told.items() if number)
    return f" ({come})" if come else ""


def has_of(left: float, right: float, unit: str) -> str:
    """Return what a site has of what is asked for: patients as whole numbers, unless that hides that it is short."""
    return shown(round(left) if unit == PATIENTS and round(left) != round(right) else left)


def site_of(problem: Problem, instance: str) -> str:
    """Return the site, or pool of staff, where an instance of a rule is broken; nothing where it is of no one site."""
    rule, *names = instance.split(".")
    return JUDGED[rule].site_of(tuple(names)) or next((name for name in names if name in problem.sites), "")


def hangs_in_words(plan: Plan, who: str = "it") -> list[str]:
    """Return on whose equal journeys it hangs that a plan breaks no rule, a line each; nothing where on none's."""
    ties = hangs_on(plan)
    return [f"That {who} breaks no rule hangs on equal journeys:", *(f"  - {one}." for one in ties)] if ties else []
