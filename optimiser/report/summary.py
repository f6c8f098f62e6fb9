"""A plan in a dozen plain lines, for people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optimiser.errors import NoPlan, NotProved, SolverFailed
from optimiser.inputs.tables import unverified_activities
from optimiser.journeys.shared_out import sharing
from optimiser.model.objectives import UNITS
from optimiser.plan import Plan, evaluate, matters, measures
from optimiser.plan.finished import Run
from optimiser.plan.proof import EVALUATED, PROVED, Standing
from optimiser.plan.quotable import Cell, Otherwise, Sentence, mean_minutes_of, plain
from optimiser.problem import Problem
from optimiser.problem.words import (
    amount,
    apart,
    begun,
    hundredths,
    listed,
    of_ages,
    of_incomers,
    percent,
    places,
    sites_in_words,
    whole,
)
from optimiser.report.summary_of_staff import cover_from_elsewhere, fragile, moves, rotas, short
from optimiser.report.words import how_far
from optimiser.search.enumeration import can_be_listed
from optimiser.search.planning import solve

# What the config of another question says instead.
BEHIND_THE_BORDER, TO_THE_NEAREST = {"border": "closed"}, {"patients_go_to": "nearest"}
FIGURES_OF_TRANSFERS = (
    "dwell_minutes",
    "overhead_minutes",
    "share_transferred",
    "suspected_per_confirmed",
    "repatriated_share",
)


def lines(plan: Plan) -> list[str]:
    """Return what was asked, what the answer is, how good it is, what falls short, and what it rests on."""
    numbers = plan.measures
    asked = [plan.problem.title, *option(plan), ""]
    return [*asked, *services(plan, numbers), "", *notes(plan, numbers), "Draft: not a decision."]


def notes(plan: Plan, numbers: pd.DataFrame, *, standing: bool = True) -> list[str]:
    """Return how good a plan is (``standing``), what falls short and what it rests on, in sentences."""
    return [
        *what_was_asked(plan, numbers),
        *(how_sure(plan) if standing else ()),
        *_next_best(plan),
        *moves(plan),
        *short(plan),
        *_beds(plan, numbers),
        *exceptions(plan),
        *cover_from_elsewhere(plan),
        *rotas(plan),
        *fragile(plan, numbers),
        *_changes(plan),
        *_unverified(plan),
    ]


def what_was_asked(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return how patients and journeys are counted where that is not plain, in sentences."""
    return [
        *of_incomers(plan.problem),
        *_growth(plan.problem),
        *_factors(plan.problem),
        *_observed(plan, numbers),
        *_shared_out(plan, numbers),
    ]


def to_the_nearest(plan: Plan) -> list[Otherwise]:
    """Return a sentence on the best plan if everybody went to the nearest; nothing where everybody does."""
    other = plan.problem.to_the_nearest()
    if other is plan.problem:
        return []
    none = "If everybody went to the nearest, no plan would meet every rule."
    unknown = "What would be best if everybody went to the nearest could not be found out: "
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
    problem, swaps, cells = plan.problem, [], list[Cell]()
    here = evaluate(closed.problem, plan.designated)
    if _as_good(here, evaluate(closed.problem, closed.designated)):
        return []
    frames = {"measures": mean_minutes_of(plan), "best_here": mean_minutes_of(evaluate(problem, closed.designated))}
    for code, service in problem.services.items():
        there = closed.sites_of(code)
        if plan.sites_of(code) != there:
            against = ""
            if code in set(frames["measures"]["service"]):
                numbers = f"{{{len(cells)}:.2f}} minutes on average against {{{len(cells) + 1}:.2f}}"
                against = f" (with {'as many crossing as today' if problem.border else 'the border open'} {numbers})"
                cells += [_mean(frame, code) for frame in ("best_here", "measures")]
            where = plain(f"{service.name.lower()} would be at {sites_in_words(problem, there)}")
            swaps.append(f"{where}{against}")
    said = Sentence("border", "", f"The border decides it: if nobody crossed it, {'; '.join(swaps)}.", tuple(cells))
    return [Otherwise(said, BEHIND_THE_BORDER, closed, here, frames)] if swaps else []


def _mean(frame: str, service: str) -> Cell:
    """Return where the mean journey of residents to a service stands."""
    return Cell(frame, (("measure", "mean_minutes"), ("service", service), ("group", "")), "value")


def option(plan: Plan) -> list[str]:
    """Return what people call the option that was evaluated, and where they wrote it down."""
    if plan.option is None:
        return []
    source = plan.option.source or "no source stated"
    return [
        f"Option {plan.option.code}: {plan.option.title} ({source}{'' if plan.option.verified else '; not verified'})"
    ]


def beside(run: Run) -> dict[str, list[str]]:
    """Return what should be read with an answer, by heading, as its run folder has it; no heading without lines.

    What people call the option, how near others come, what would change it, and what to know before repeating it.
    """
    changes = run.record.get("would_change") or {"changes": [], "not_worked_out": ""}
    left_out = [f"Not worked out: {changes['not_worked_out']}."] if changes["not_worked_out"] else []
    known = [f"{one['sentence']} Source: {one['source']}." for one in run.record.get("know_before", ())]
    found = {
        "The option": option(run.plan),
        "How near others come": [*level(run.plan), *margins(run.plan)],
        "What would change it": [*(one["words"] for one in changes["changes"]), *left_out],
        "What to know before repeating it": known,
    }
    return {heading: said for heading, said in found.items() if said}


def services(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return where each service is and what its journeys come to, a line each."""
    width = max(len(service.name) for service in plan.problem.services.values())
    found = []
    for code, service in plan.problem.services.items():
        text = f"{service.name:<{width}}  {sites_in_words(plan.problem, plan.sites_of(code))}"
        if service.activity:
            mean, worst = (measures.number(numbers, name, code) for name in ("mean_minutes", "worst_minutes"))
            within = measures.number(numbers, "patients_within_30", code)
            patients = measures.number(numbers, "patients", code)
            if np.isfinite(mean):
                whose = " for those who stay" if plan.problem.border else ""
                text += (
                    f": {mean:.2f} minutes on average, {worst:.0f} at worst{whose}, {within / patients:.0%} within 30"
                )
                text += on_the_road(numbers, code)
            else:
                text += ": somebody reaches no site" if patients else ": nobody needs it"
            if service.transfer:
                text += f", {measures.number(numbers, 'transfers_per_day', code):.1f} transfers a day"
        elif len(service.fixed) == len(plan.problem.candidates):
            text += " (fixed)"
        found.append(text)
    return found


def on_the_road(numbers: pd.DataFrame, service: str) -> str:
    """Return how much of an average journey is on the road, where the rest is waiting to be taken on."""
    mean, road = (measures.number(numbers, name, service) for name in ("mean_minutes", "mean_road_minutes"))
    waits = np.isfinite(road) and np.isfinite(mean) and mean != road
    return f", of the average {road:.2f} on the road and {mean - road:.2f} of waiting that is assumed" if waits else ""


def how_sure(plan: Plan) -> list[str]:
    """Return what is proved of a plan, and by how much it is best; of one that people chose, the rules it breaks."""
    proof, listing = plan.proof, plan.proof.enumeration
    broken = plan.broken
    if proof.outcome == EVALUATED:
        if broken.empty:
            excepted = plan.problem.exceptions and plan.exceptions["would_have_broken"].astype(bool).any()
            return [
                f"Evaluated, not optimised. It breaks no rule{' but for documented exceptions' if excepted else ''}."
            ]
        return [
            f"Evaluated, not optimised. It breaks {amount(len(broken), 'rules')}:",
            *map(_breach, broken.itertuples()),
        ]
    if proof.outcome != PROVED:
        return [f"Not proved best: {how_far(plan, 'the best found')}"]
    if not listing:
        return ["Proved best: the solver closed the gap to 0.", *margins(plan)]
    ties = f"One of {listing.equal_best} equal best. " if listing.equal_best > 1 else ""
    return [
        f"Proved best. {ties}The solver closed the gap to 0. Arithmetic without it counts all {listing.listed:,} "
        f"options and finds the same best: {listing.lawful:,} of them break no rule.",
        *margins(plan),
    ]


def margins(plan: Plan) -> list[str]:
    """Return by how much the plan is best, service by service, in a sentence."""
    found, alone = list[str](), list[str]()
    for one in plan.proof.standings or ():
        name = plan.problem.services[one.service].name.lower()
        if one.margin is None:
            alone.append(name)
        elif one.margin < 0:
            found.append(f"{name} could be {apart(-one.margin)} a patient nearer, at a cost to what comes first")
        else:
            found.append(f"{name} by {apart(one.margin)} a patient" if one.margin else f"{name} by nothing")
    said = [f"By how much, every other service where it is: {'; '.join(found)}."] if found else []
    none = "no other lawful sites, every other service where it is"
    return [*said, *([f"{begun(listed(alone))} {'has' if len(alone) == 1 else 'have'} {none}."] if alone else [])]


def level(plan: Plan) -> list[str]:
    """Return which plans are level with this one, a sentence or two a service, and on what each of them is better."""
    return [_level_in_words(plan, one) for one in plan.proof.standings or () if one.rivals]


def _level_in_words(plan: Plan, one: Standing) -> str:
    problem, here = plan.problem, places(plan.problem, plan.sites_of(one.service))
    means, there, better = [one.rivals[0].figures["mean_minutes"][0]], list[str](), list[str]()
    for rival in one.rivals:
        at = places(problem, (site for site in problem.candidates if (site, one.service) in rival.designated))
        there.append(at)
        means.append(rival.figures["mean_minutes"][1])
        for winner, loser, mine in ((at, here, 1), (here, at, 0)):
            if words := _better_on(problem, one.service, rival.figures, mine):
                against_which = f" than at {loser}" if len(one.rivals) > 1 else ""
                better.append(f"better at {winner}{against_which}: {words}")
    away = apart(max(abs(mean - means[0]) for mean in means))
    close = f"{listed(f'{mean:.2f}' for mean in means)} minutes on average, {away} a patient apart"
    close = f"{means[0]:.2f} minutes on average, whichever it is" if len(set(means)) == 1 else close
    found = f"{problem.services[one.service].name} at {here}, or level with it at {', or at '.join(there)} ({close})"
    return f"{found}; {'; '.join(better) or 'the same for patients on every measure compared'}."


def _better_on(problem: Problem, service: str, figures: Mapping[str, tuple[float, float]], mine: int) -> str:
    """Return on which measures the one of two plans is better, with both numbers."""
    standard = problem.services[service].standard_minutes
    within = (
        ("patients_beyond_standard", f"patients beyond {standard.value:g} minutes", whole, 1)
        if standard
        else ("patients_within_30", "patients within 30 minutes", whole, -1)
    )
    compared = (
        ("worst_minutes", "longest journey in minutes", hundredths, 1),
        within,
        ("share_outside", "treated outside", percent, 1),
    )
    found = []
    for name, words, said, sign in compared:
        own, other = figures.get(name, (0.0, 0.0))[mine], figures.get(name, (0.0, 0.0))[1 - mine]
        if said(own) != said(other) and sign * own < sign * other:
            found.append(f"{words} ({said(own)} against {said(other)})")
    return ", ".join(found)


def _growth(problem: Problem) -> list[str]:
    """Return by how much demand was grown and, if by age, of which ages patients are taken to be; nothing if not."""
    growth = problem.growth
    if growth is None:
        return []
    used = dict.fromkeys(s.activity for s in problem.services.values() if s.activity)
    more = (f"{_more(problem, activity):+.1%} {activity}" for activity in used)
    to, rates = f" to {growth.year}" if growth.year else "", "" if growth.verified else "; rates not verified"
    grown = f"Demand is grown over {amount(growth.years, 'years')}{to}: {', '.join(more)}{rates}."
    return [" ".join([grown, *of_ages(problem)]), ""]


def _factors(problem: Problem) -> list[str]:
    """Return a sentence for each factor that made every journey longer or shorter."""
    return [
        f"Every journey time is multiplied by {one.value:g} ({name}), which is "
        f"{'verified' if one.verified else 'not verified'}."
        for name, one in problem.factors.items()
    ]


def _more(problem: Problem, activity: str) -> float:
    before = float(problem.growth.before[activity].sum()) if problem.growth else 0.0
    return float(problem.demand[activity].sum()) / before - 1 if before else 0.0


def _observed(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return, for each service whose patients go where they really go, the offsets and how well they fit."""
    found = []
    for service in plan.problem.services.values():
        if service.observed:
            offsets = {site: one.value for site, one in service.observed.offsets.items() if site in plan.problem.sites}
            drawn = ", ".join(f"{plan.problem.sites[site].name} {minutes:+g}" for site, minutes in offsets.items())
            text = f"{service.name}: patients choose by minutes plus offsets ({drawn or 'all 0'}), not by minutes alone"
            found.append(f"{text}{_backcast(plan, service.code, numbers)}.")
    return [*found, ""] if found else []


def _backcast(plan: Plan, service: str, numbers: pd.DataFrame) -> str:
    """Return how far today's counts are reproduced at worst; nothing where there are none."""
    errors = numbers[(numbers["measure"] == "backcast_error") & (numbers["service"] == service)]
    if errors.empty:
        return "; compared with no count"
    worst = errors.sort_values("value", kind="stable").iloc[-1]
    observed, site = plan.problem.services[service].observed, plan.problem.sites[str(worst["group"])].name
    period = observed.period if observed else ""
    return f"; today's counts of {period} come out within {worst['value']:.1%} (worst at {site})"


def _shared_out(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return who of those who are shared out passes a nearer open site, and what the nearest would come to."""
    found = []
    for code, service in plan.problem.services.items():
        if not service.managed:
            continue
        if not sharing(plan.problem, code, plan.sites_of(code)).keeps_to_limits:
            text = "no way to share out patients keeps to its limits, so that everybody goes to the nearest"
            found.append(f"{service.name}: with these sites {text}.")
            continue
        past, extra = (measures.number(numbers, f"{what}_past_a_nearer_site", code) for what in ("patients", "minutes"))
        sent = "nobody is sent past a nearer open site"
        if past:
            sent = f"{past:,.1f} a year are sent past a nearer open site, {extra / past:.1f} minutes further on average"
        found.append(f"{service.name}: patients are shared out within its limits, and {sent}.")
        if past:
            found.append(_with_the_nearest(plan, code, numbers))
    return [*found, ""] if found else []


def _with_the_nearest(plan: Plan, service: str, numbers: pd.DataFrame) -> str:
    """Return what the same sites come to for a service when everybody goes to the nearest, and what that breaks."""
    problem, mean = plan.problem, measures.number(numbers, "nearest_mean_minutes", service)
    at = (
        f"{problem.sites[site].name} {measures.number(numbers, 'nearest_site_patients', service, site):,.0f}"
        for site in plan.sites_of(service)
    )
    text = f"Were everybody to go to the nearest of the same sites: {mean:.2f} minutes on average; {', '.join(at)}"
    already = set(plan.broken["instance"])
    broken = [row for row in plan.at_the_nearest.broken.itertuples() if str(row.instance).split(".")[1] == service]
    new = [f"{row.instance}: {row.left:,.6g} against {row.right:,.6g}" for row in broken if row.instance not in already]
    return f"{text} patients. That breaks {'; '.join(new) or 'no rule'}."


def nearest_line(plan: Plan, nearest: Plan) -> list[Otherwise]:
    """Return a sentence on the best plan if everybody went to the nearest, which ``nearest`` is."""
    here = evaluate(nearest.problem, plan.designated)
    words, cells, means = "the same plan would be best", tuple[Cell, ...](), mean_minutes_of(nearest)
    if not _as_good(here, nearest):
        swap, cells = _swap(plan, nearest, means)
        words = f"the best plan would differ: {swap}"
    said = Sentence("nearest", "", f"If everybody went to the nearest, {words}.", cells)
    return [Otherwise(said, TO_THE_NEAREST, nearest, here, {"best_there": means})]


def _as_good(plan: Plan, best: Plan) -> bool:
    """Whether a plan breaks no rule and comes to what the best one of the same question does."""
    values = [[reached.value for reached in one.proof.objectives] for one in (plan, best)]
    return plan.broken.empty and values[0] == values[1]


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
            _more_of(second.values[i] - best.values[i], UNITS[objective.name])
            for i, objective in enumerate(plan.problem.objectives)
            if second.values[i] != best.values[i]
        ),
        "equal on every objective",
    )
    other = evaluate(plan.problem, second.designated)
    means = mean_minutes_of(other)
    swap = Sentence("next best", "", *_swap(plan, other, means)).said({"best_there": means})
    return [f"Next best: {swap}: {worse}."]


def _more_of(number: float, unit: str) -> str:
    """Return how much more of a unit, a whole number as such and one of it as one."""
    if number != round(number):
        return f"{number:,.1f} more {unit}"
    return f"1 more {unit.removesuffix('s')}" if number == 1 and " " not in unit else f"{number:,.0f} more {unit}"


def _swap(plan: Plan, other: Plan, means: pd.DataFrame) -> tuple[str, tuple[Cell, ...]]:
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


def _changes(plan: Plan) -> list[str]:
    problem, changes = plan.problem, []
    known = problem.services_with_today
    if not known:
        return ["Today is not stated, so changes are not counted."]
    for code in (code for code in problem.services if code in known):
        name = problem.services[code].name.lower()
        opens = [s for s in plan.sites_of(code) if (s, code) not in problem.today]
        closes = [s for s in problem.candidates if (s, code) in problem.today and (s, code) not in plan.designated]
        changes += [f"{name} opens at {sites_in_words(problem, opens)}"] if opens else []
        changes += [f"{name} closes at {sites_in_words(problem, closes)}"] if closes else []
    unknown = [service.name.lower() for code, service in problem.services.items() if code not in known]
    but = f" Where {listed(unknown)} {'is' if len(unknown) == 1 else 'are'} today is not stated." if unknown else ""
    return [f"Changes from today: {'; '.join(changes) or 'none'}.{but}", *_stays_local(plan)]


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


def _beds(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    lines = []
    for code, service in plan.problem.services.items():
        sites = plan.sites_of(code)
        if service.beds and sites:
            each = [measures.number(numbers, "beds_needed", code, site) for site in sites]
            total = measures.number(numbers, "beds_needed", code)
            as_today = measures.number(numbers, "beds_needed_as_today", code)
            parts = f" ({' + '.join(f'{n:.0f}' for n in each)})" if len(each) > 1 else ""
            today = f"; on today's sites they would need {as_today:.0f}" if as_today == as_today else ""
            there = measures.number(numbers, "beds_today", code)
            today += f", and {there:.0f} are there" if there == there else ""
            lines.append(f"Beds: the patients of {service.name} need {total:.0f}{parts}{today}.")
    return lines


def exceptions(plan: Plan) -> list[str]:
    """Return how many documented exceptions there are, and which of them the plan makes use of."""
    problem = plan.problem
    if not problem.exceptions:
        return []
    without = plan.exceptions[plan.exceptions["would_have_broken"].astype(bool)]
    used, broken = matters(without), len(without)
    return [
        f"Documented exceptions: {amount(len(matters(plan.exceptions)), 'matters')} in "
        f"{amount(len(plan.exceptions), 'rows')}, of which {broken} would otherwise break a rule.",
        *(
            f"  {number}. Without {problem.services[needs].name.lower()} on its site or in reach: "
            f"{_who_goes_without(problem, rows)}. {reason}."
            for number, ((needs, reason), rows) in enumerate(used, start=1)
        ),
    ]


def _who_goes_without(problem: Problem, rows: pd.DataFrame) -> str:
    """Return the services of one matter with the sites where they go without, in words."""
    where = {str(code): list(there["site"]) for code, there in rows.groupby("service", sort=False)}
    return "; ".join(
        f"{problem.services[code].name.lower()} at {sites_in_words(problem, sites)}" for code, sites in where.items()
    )


def _unverified(plan: Plan) -> list[str]:
    unverified = plan.rules[~plan.rules["verified"].astype(bool)]["rule"].unique()
    named = ", ".join(str(rule).replace("_", " ") for rule in unverified)
    rules = [f"Rests on unverified figures for these rules: {named} (see rules.csv)."] if named else []
    return [*rules, *_unverified_patients(plan), *_unverified_standards(plan), *_unverified_transfers(plan)]


def _unverified_patients(plan: Plan) -> list[str]:
    """Name the services whose patients come from a source that nobody verified: volumes and minutes rest on them."""
    problem = plan.problem
    by_activity: dict[str, list[str]] = {}
    for code in problem.services_with_patients:
        by_activity.setdefault(str(problem.services[code].activity), []).append(problem.services[code].name)
    names = [name for one in unverified_activities(problem.files, by_activity) for name in by_activity[one]]
    return [f"Patients are counted by an unverified source for: {', '.join(names)} (sources.csv)."] if names else []


def _unverified_standards(plan: Plan) -> list[str]:
    """Name the services whose patients beyond a standard are counted by a standard that nobody verified."""
    counted = [plan.problem.services[code] for code in plan.problem.services_with_patients]
    names = [one.name for one in counted if one.standard_minutes and not one.standard_minutes.verified]
    return [f"Patients beyond a standard are counted by an unverified one for: {', '.join(names)}."] if names else []


def _unverified_transfers(plan: Plan) -> list[str]:
    lines = []
    for code in plan.problem.reached_by_transfer:
        service = plan.problem.services[code]
        stated = {name: getattr(service.transfer, name) for name in FIGURES_OF_TRANSFERS}
        guesses = ", ".join(name.replace("_", " ") for name, figure in stated.items() if not figure.verified)
        if guesses:
            lines.append(
                f"Transfers to {service.name.lower()} rest on unverified figures: {guesses} (see config.yaml)."
            )
    return lines
