"""A plan in a dozen plain lines, for people."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimiser.explanation import NOT_PROVED_BEST, TOO_FINE, looked_for, why_not_worked_out
from optimiser.explanation.broken import broken_in_words, broken_rules
from optimiser.journeys.shared_out import sharing
from optimiser.plan import Plan, matters, measures
from optimiser.plan.finished import Run
from optimiser.problem import Problem
from optimiser.problem.growth import patients_after
from optimiser.problem.words import (
    amount,
    listed,
    of_ages,
    of_changes,
    of_incomers,
    places,
    sites_in_words,
    spoken,
    whole,
)
from optimiser.report.against_today import changes, neighbours
from optimiser.report.how_sure import how_sure, level, margins, next_best
from optimiser.report.rests_on import stand_ins, unverified
from optimiser.report.summary_of_staff import cover_from_elsewhere, fragile, moves, rotas, short, where_from
from optimiser.report.words import some_stay, within_by_patient

EQUAL_WAYS = "Where ways to share them out are equal, codes of areas and sites decide: always the same, but arbitrary."


def lines(plan: Plan) -> list[str]:
    """Return what was asked, what the answer is, how good it is, what falls short, and what it rests on."""
    numbers = plan.measures
    asked = [plan.problem.title, *option(plan), *of_changes(plan.problem), ""]
    return [*asked, *services(plan, numbers), "", *notes(plan, numbers), "Draft: not a decision."]


def notes(plan: Plan, numbers: pd.DataFrame, *, standing: bool = True) -> list[str]:
    """Return how good a plan is (``standing``), what falls short and what it rests on, in sentences."""
    return [
        *what_was_asked(plan, numbers),
        *(how_sure(plan) if standing else ()),
        *next_best(plan),
        *moves(plan),
        *where_from(plan),
        *short(plan),
        *_beds(plan, numbers),
        *exceptions(plan),
        *cover_from_elsewhere(plan),
        *rotas(plan),
        *fragile(plan, numbers),
        *changes(plan),
        *neighbours(plan, numbers),
        *unverified(plan),
        *stand_ins(plan),
    ]


def what_was_asked(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return how patients and journeys are counted where that is not plain, in sentences."""
    return [
        *of_incomers(plan.problem),
        *_growth(plan.problem),
        *_factors(plan.problem),
        *_longer(plan.problem),
        *_modes(plan.problem),
        *_observed(plan, numbers),
        *_shared_out(plan, numbers),
    ]


def option(plan: Plan, *, coded: bool = True) -> list[str]:
    """Return what people call the option that was evaluated, with its code or not, and their note."""
    if plan.option is None:
        return []
    source = plan.option.source or "no source stated"
    unverified = "" if plan.option.verified else "; not verified"
    called = f"Option {plan.option.code}: " if coded else ""
    return [f"{called}{plan.option.title} ({source}{unverified}).", *plan.option.to_know]


def beside(run: Run) -> dict[str, list[str]]:
    """Return what should be read with an answer, by heading, as its run folder has it; no heading without lines.

    What people call the option, how near others come, what would change it, and what to know before repeating it.
    """
    would_change = run.record.get("would_change") or {"changes": [], "not_worked_out": ""}
    far = how_far_was_looked(run.plan)
    known = [f"{one['sentence']} Source: {one['source']}." for one in run.record.get("know_before", ())]
    found = {
        "The option": option(run.plan),
        "How near others come": [*level(run.plan), *margins(run.plan)],
        "What would change it": [
            *(one["words"] for one in would_change["changes"]),
            *([f"Each alone; looked for: {far}."] if would_change["changes"] and far else []),
            *left_out(would_change["not_worked_out"]),
        ],
        "What to know before repeating it": known,
    }
    return {heading: said for heading, said in found.items() if said}


def how_far_was_looked(plan: Plan) -> str:
    """Return how far was looked for what would change an answer; nothing where that was not looked for at all."""
    return "" if why_not_worked_out(plan) else looked_for(plan.problem)


def left_out(why: str, run: str = "RUN") -> list[str]:
    """Return that what would change an answer was not all worked out, with the reason and what to run instead.

    Nothing where it was worked out; ``run`` is the folder of the run, as people would type it.
    """
    if not why:
        return []
    if why.startswith(TOO_FINE):
        return [f"Not tried, since {why}."]
    said = f"Which rule or figure would change it was not worked out: {why}."
    if why == NOT_PROVED_BEST:
        return [f"{said} Allow more time: --time-limit-minutes."]
    one = f"at which value of a figure another site would be as good: optimiser explain {run} --service SERVICE"
    return [said, f"To ask about one: what rules cost: optimiser explain {run}; {one} --site SITE --switching."]


def services(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return where each service is and what its journeys come to, a line each."""
    width = max(len(service.name) for service in plan.problem.services.values())
    found = []
    for code, service in plan.problem.services.items():
        text = f"{service.name:<{width}}  {sites_in_words(plan.problem, plan.sites_of(code))}"
        if idle := plan.idle_sites(code):
            text += f" (nobody is taken to {sites_in_words(plan.problem, idle)})"
        if service.activity:
            mean, worst = (measures.number(numbers, name, code) for name in ("mean_minutes", "worst_minutes"))
            patients = measures.number(numbers, "patients", code)
            within = measures.number(numbers, "patients_within_30", code) / patients if patients else 0.0
            within = within_by_patient(plan, code, 30.0) if some_stay(plan, code) else within
            if np.isfinite(mean):
                whose = " for those who stay" if plan.problem.border else ""
                text += f": {mean:.2f} minutes on average, {worst:.0f} at worst{whose}, {within:.0%} within 30"
                text += on_the_road(numbers, code)
            else:
                text += ": somebody reaches no site" if patients else ": nobody needs it"
            if service.transfer:
                text += f", {measures.number(numbers, 'transfers_per_day', code):.1f} transfers a day"
                text += " (suspected patients counted)" if service.transfer.suspected_per_confirmed.value > 1 else ""
        elif len(service.fixed) == len(plan.problem.candidates):
            text += " (fixed)"
        found.append(text)
    return found


def on_the_road(numbers: pd.DataFrame, service: str) -> str:
    """Return how much of an average journey is on the road, where the rest is waiting to be taken on."""
    mean, road = (measures.number(numbers, name, service) for name in ("mean_minutes", "mean_road_minutes"))
    waits = np.isfinite(road) and np.isfinite(mean) and mean != road
    return (
        f", of the {mean:.2f} minutes {road:.2f} are on the road and {mean - road:.2f} assumed waits" if waits else ""
    )


def _growth(problem: Problem) -> list[str]:
    """Return by how much demand was grown and, if by age, of which ages patients are taken to be; nothing if not."""
    growth = problem.growth
    if growth is None:
        return []
    used = dict.fromkeys(s.activity for s in problem.services.values() if s.activity)
    more = (f"{_more(problem, activity):+.1%} {spoken(activity)}" for activity in used)
    to, rates = f" to {growth.year}" if growth.year else "", "" if growth.verified else "; rates not verified"
    grown = f"Demand is grown over {amount(growth.years, 'years')}{to}: {', '.join(more)}{rates}."
    return [" ".join([grown, *of_ages(problem)])]


def _factors(problem: Problem) -> list[str]:
    """Return a sentence for each factor that made every journey longer or shorter."""
    return [
        f"Every journey time is multiplied by {one.value:g} ({name}), which is "
        f"{'verified' if one.verified else 'not verified'}."
        for name, one in problem.factors.items()
    ] + _uncalibrated(problem)


def _uncalibrated(problem: Problem) -> list[str]:
    """Return that the calibration of the place's journeys was taken back; nothing where it was not."""
    if (back := problem.uncalibrated) is None:
        return []
    verified = "verified" if back.verified else "not verified"
    words = f"less {back.plus.value:g} minutes, none below 0, and divided by {back.times.value:g}"
    return [f"The calibration of journey times is not applied: they are {words}, which is {verified}."]


def _longer(problem: Problem) -> list[str]:
    """Return how much longer journeys are for what is out of the ordinary on the roads; nothing where nothing is."""
    if problem.longer is None:
        return []
    residents = problem.areas.index[problem.areas["resident"].astype(bool)]
    more = problem.longer.journeys.loc[residents, list(problem.candidates)]
    found = [
        f"{problem.sites[site].name} from {len(some)}, by {some.mean():.1f} on average and {some.max():g} at most"
        for site, some in ((site, more[site][more[site] > 0]) for site in problem.candidates)
        if len(some)
    ]
    areas = f"to {'; to '.join(found)}" if found else "to no candidate"
    how = "Worked out as the difference on the place's network of roads, before any queue on what others take then."
    words = f"{problem.longer.words}. Of {len(more):,} resident areas journeys are longer {areas}"
    modes = listed(map(spoken, sorted(problem.by_mode)))
    untouched = f" Journeys {modes} are left as they are: the roads do not touch them." if modes else ""
    return [f"{words}.{untouched} {how} {problem.longer.verified}"]


def _modes(problem: Problem) -> list[str]:
    """Return by which modes patients and their visitors travel, where that is not as in the table of all journeys."""
    said = [
        f"{who} {service.name} travel {spoken(mode)}"
        for service in problem.services.values()
        for who, mode in (("patients of", service.travel_by), ("visitors to", service.visitors_travel_by))
        if mode
    ]
    elsewhere = " Nobody is taken elsewhere for the sake of visitors." if "visitors" in "".join(said) else ""
    return [f"By journeys_by_mode.csv {'; '.join(said)}.{elsewhere}"] if said else []


def _more(problem: Problem, activity: str) -> float:
    """Return by which share growth alone made patients more: what a config changed besides is told apart."""
    if problem.growth is None:
        return 0.0
    before = float(problem.growth.before[activity].sum())
    after = patients_after(problem.growth, problem.areas, problem.ages) if problem.changed else problem.demand
    return float(after[activity].sum()) / before - 1 if before else 0.0


def _observed(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return, for each service whose patients go where they really go, the offsets and how well they fit."""
    found = []
    for service in plan.problem.services.values():
        if service.observed:
            offsets = {site: one.value for site, one in service.observed.offsets.items() if site in plan.problem.sites}
            drawn = ", ".join(f"{plan.problem.sites[site].name} {minutes:+g}" for site, minutes in offsets.items())
            text = f"{service.name}: patients choose by minutes plus offsets ({drawn or 'all 0'}), not by minutes alone"
            found.append(f"{text}{_backcast(plan, service.code, numbers)}.")
    return found


def _backcast(plan: Plan, service: str, numbers: pd.DataFrame) -> str:
    """Return how far today's counts are reproduced at worst; nothing where there are none."""
    errors = numbers[(numbers["measure"] == "backcast_error") & (numbers["service"] == service)]
    if errors.empty:
        return "; compared with no count"
    worst = errors.sort_values("value", kind="stable").iloc[-1]
    observed, site = plan.problem.services[service].observed, plan.problem.sites[str(worst["group"])].name
    period = observed.period if observed else ""
    scaled = f"; today's counts of {period}, scaled to as many patients as are counted here,"
    return f"{scaled} come out within {worst['value']:.1%} (worst at {site})"


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
        found.append(f"{service.name}: patients are shared out within its limits, and {sent}. {EQUAL_WAYS}")
        if past:
            found.append(_with_the_nearest(plan, code, numbers))
    return found


def _with_the_nearest(plan: Plan, service: str, numbers: pd.DataFrame) -> str:
    """Return what the same sites come to for a service when everybody goes to the nearest, and what that breaks."""
    problem, mean = plan.problem, measures.number(numbers, "nearest_mean_minutes", service)
    at = (
        f"{problem.sites[site].name} {whole(measures.number(numbers, 'nearest_site_patients', service, site))}"
        for site in plan.sites_of(service)
    )
    text = f"Were everybody to go to the nearest of the same sites: {mean:.2f} minutes on average; {', '.join(at)}"
    broken = broken_rules(plan.at_the_nearest)
    already = set(plan.broken["instance"])
    ours = [one for one in broken["instance"] if one.split(".")[1] == service and one not in already]
    new = broken[broken["instance"].isin(ours)]
    rules = "; ".join(line.removeprefix("  - ") for line in broken_in_words(plan.problem, new, codes=False))
    return f"{text} patients. {f'That breaks a rule: {rules}' if rules else 'That breaks no rule'}."


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
    """Return which documented exceptions the plan makes use of, a line each with its reason, and how many there are."""
    if not plan.problem.exceptions:
        return []
    return [
        _how_many_exceptions(plan, ":" if _used(plan) else "."),
        *(f"  {number}. {_in_words(plan, one)}. {one[0][1]}." for number, one in enumerate(_used(plan), start=1)),
    ]


def exceptions_in_short(plan: Plan) -> list[str]:
    """Return which documented exceptions the plan makes use of, in one sentence; nothing where there are none."""
    if not plan.problem.exceptions:
        return []
    used = "; ".join(f"({number}) {_in_words(plan, one)}" for number, one in enumerate(_used(plan), start=1))
    return [_how_many_exceptions(plan, f": {used}." if used else ".")]


def _used(plan: Plan) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    return matters(plan.exceptions[plan.exceptions["would_have_broken"].astype(bool)])


def _how_many_exceptions(plan: Plan, more: str) -> str:
    every, used = len(matters(plan.exceptions)), len(_used(plan))
    places = int(plan.exceptions["would_have_broken"].sum())
    said = amount(used, "exceptions") if used else "no exception"
    said += f" of {every}" if every != used else ""
    said += f", at {places} places" if places > used else ""
    granted = f", {'each ' if used > 1 else ''}with its reason and whose it is in exceptions.csv" if used else ""
    return f"It rests on {said}{granted}{more}"


def _in_words(plan: Plan, matter: tuple[tuple[str, str], pd.DataFrame]) -> str:
    (needs, _), rows = matter
    without = plan.problem.services[needs].name.lower()
    return f"{_who_goes_without(plan.problem, rows)} would do without {without} where the rule asks for it"


def _who_goes_without(problem: Problem, rows: pd.DataFrame) -> str:
    """Return the services of one matter with the sites where they go without, in words."""
    where = {str(code): list(there["site"]) for code, there in rows.groupby("service", sort=False)}
    return listed(f"{problem.services[code].name.lower()} at {places(problem, sites)}" for code, sites in where.items())
