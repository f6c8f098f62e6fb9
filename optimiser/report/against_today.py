"""An answer against today's sites: who is worse off, what is gained, what opens and closes, and whom neighbours see."""

from __future__ import annotations

from math import isfinite

import pandas as pd

from optimiser.model.rules import LIMITS, demand_of, in_words
from optimiser.plan import Plan, measures
from optimiser.plan.affected import against
from optimiser.problem import Problem
from optimiser.problem.words import listed, percent, sites_in_words, whole

# So many services are named on a screen.
MOST_NAMED = 3
SHORTEST_SAID_MINUTES = 0.05
WORTH_SAYING_PATIENTS = 0.5


def gains_and_losses(plan: Plan, most: int = MOST_NAMED) -> list[str]:
    """Return who is worse off than with today's sites, and what is gained, a line each; nothing where today is unknown.

    Of many services the first ``most`` are named.
    """
    problem = plan.problem
    known = [code for code in problem.services_with_patients if code in problem.services_with_today]
    if not known:
        return []
    moved = {code: against(plan, plan.today, code) for code in known}
    longer = [said for code, means in moved.items() if (said := _moved(problem, code, means, "longer"))]
    shorter = [said for code, means in moved.items() if (said := _moved(problem, code, means, "shorter"))]
    worse = _numbered(longer, most) if longer else "nobody, by the length of journeys"
    nearer = f"Shorter journeys: {_numbered(shorter, most)}" if shorter else "Nobody's journey is shorter"
    met = _met(plan)
    rules = f"it meets what today's sites do not: {_numbered(met, most)}" if met else "nothing that a rule asks"
    return [f"Worse off than with today's sites: {worse}.", f"Gained: {rules}. {nearer}."]


def _numbered(said: list[str], most: int) -> str:
    """Return some of what is said, numbered where it is more than one thing."""
    if len(said) == 1:
        return said[0]
    shown = [f"({number}) {one}" for number, one in enumerate(said[:most], start=1)]
    return "; ".join([*shown, *([f"and {len(said) - most} more: --full"] if len(said) > most else [])])


def _moved(problem: Problem, service: str, means: pd.DataFrame, way: str) -> str:
    """Return how many patients have a longer journey to a service (or shorter), by how much, and where it is most."""
    every = means[means["group"] == ""].iloc[0]
    number, by = float(every[way]), float(every[f"{way}_by"])
    if not number or by < SHORTEST_SAID_MINUTES:
        return ""
    name, waits = problem.services[service].name, ", assumed waits included" if _waits(every) else ""
    of_all = f"{whole(number)} of {whole(every['number'])} patients a year ({percent(number / every['number'])})"
    if not isfinite(by):
        return f"{name}, {of_all}, of whom some reach no site"
    said = f"{name}, {of_all}, by {by:.1f} minutes on average{waits}"
    return f"{said}{_hit_hardest(means)}" if way == "longer" else said


def _waits(every: pd.Series) -> bool:
    """Whether mean minutes hold what somebody waits to be taken on."""
    return any(every[f"road_{when}"] != every[f"mean_{when}"] for when in ("before", "after"))


def _hit_hardest(means: pd.DataFrame) -> str:
    """Return the district, or else the deprivation fifth, whose mean journey grows most; nothing where none does."""
    for kind in ("district ", "deprivation fifth "):
        here = means[means["group"].str.startswith(kind) & (means["change"] > 0)]
        if len(here):
            worst = here.sort_values("change", kind="stable").iloc[-1]
            name = str(worst["group"]).removeprefix("district ")
            return f"; hardest hit {name}, whose average grows by {worst['change']:.1f}"
    return ""


def _met(plan: Plan) -> list[str]:
    """Return what rules ask, in words, that today's sites break and the plan meets."""
    before, still = (
        dict.fromkeys(_asked(plan.problem, str(instance)) for instance in one.broken["instance"])
        for one in (plan.today, plan)
    )
    return [words.replace("; ", ", ") for words in before if words not in still]


def _asked(problem: Problem, instance: str) -> str:
    """Return in words what an instance of a rule asks: where it is asked at each site alike, once for all of them."""
    rule, *names = instance.split(".")
    stated = LIMITS[rule].stated(problem) if rule in LIMITS else ()
    whose = next((one for one in stated if set(one) <= set(names)), None)
    if whose is not None:
        return LIMITS[rule].stated_in_words(problem, whose)
    return in_words(problem, demand_of(rule, tuple(names)))


def neighbours(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return how many more patients than with today's sites neighbours treat, by service, where today is stated."""
    rows = numbers[numbers["measure"] == measures.MORE_THAN_TODAY]
    if rows.empty:
        return []
    said = []
    for code, here in rows.groupby("service", sort=False):
        other = here[here["value"].abs() >= WORTH_SAYING_PATIENTS]
        if len(other):
            each = (f"{plan.problem.sites[str(row.group)].name} {row.value:+,.0f}" for row in other.itertuples())
            said.append(f"{plan.problem.services[str(code)].name}: {listed(each)}")
    if not said:
        return ["No neighbouring hospital treats more patients than with today's sites, or fewer."]
    return [f"Neighbouring hospitals treat more patients a year than with today's sites, or fewer. {'; '.join(said)}."]


def changes(plan: Plan) -> list[str]:
    """Return which services open and close where against today, and what would stay where one closes."""
    problem, found = plan.problem, []
    known = problem.services_with_today
    if not known:
        return ["Today is not stated, so changes are not counted."]
    for code in (code for code in problem.services if code in known):
        name = problem.services[code].name.lower()
        opens = [s for s in plan.sites_of(code) if (s, code) not in problem.today]
        closes = [s for s in problem.candidates if (s, code) in problem.today and (s, code) not in plan.designated]
        found += [f"{name} opens at {sites_in_words(problem, opens)}"] if opens else []
        found += [f"{name} closes at {sites_in_words(problem, closes)}"] if closes else []
    unknown = [service.name.lower() for code, service in problem.services.items() if code not in known]
    but = f" Where {listed(unknown)} {'is' if len(unknown) == 1 else 'are'} today is not stated." if unknown else ""
    return [f"Changes from today: {'; '.join(found) or 'none'}.{but}", *_stays_local(plan)]


def _stays_local(plan: Plan) -> list[str]:
    """Return, for every service that closes somewhere, what its source says would stay; no rule makes it so."""
    problem, lines = plan.problem, []
    for code, service in problem.services.items():
        closes = [s for s in problem.candidates if (s, code) in problem.today and (s, code) not in plan.designated]
        if closes and service.stays_local:
            where = sites_in_words(problem, closes)
            said = f"What stays, by its source and by no rule here: {service.stays_local}"
            lines.append(f"{service.name} closes at {where}. {said}")
    return lines
