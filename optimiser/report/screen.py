"""The summary of a plan that fits a screen: who does what, what it comes to, how sure it is, and what to know."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

import pandas as pd

from optimiser.explanation.costs import NO_TREATMENT
from optimiser.inputs.tables import unverified_activities
from optimiser.plan import Plan, measures
from optimiser.plan.equally_near import EQUAL_JOURNEYS, equally_near
from optimiser.plan.equally_near import in_words as in_words_of_ties
from optimiser.plan.proof import EVALUATED
from optimiser.plan.told import told
from optimiser.problem import Problem, Service
from optimiser.problem.words import (
    first_sentence,
    listed,
    many,
    of_changes,
    percent,
    places,
    short,
    who_is_counted,
    whole,
    worked_out,
)
from optimiser.report import summary
from optimiser.report.against_today import EVERY, by_deprivation, gains_and_losses, room
from optimiser.report.counted import Counted, by_the_border, counted_today, how_far_off, in_words, table_of
from optimiser.report.how_sure import how_sure, level
from optimiser.report.summary_of_staff import moves, where_from
from optimiser.report.summary_of_staff import short as short_of_staff
from optimiser.report.words import (
    answer,
    limit_of,
    lower,
    main_service,
    of_those_who_stay,
    some_stay,
    within_by_patient,
)

# Marks of a site for a service, in the order of the legend.
STAYS, OPENS, CLOSES, SHUT, FIXED, THERE, IDLE, NOTHING = "●", "○", "✕", "□", "■", "◆", "◌", "·"
LEGEND = {
    STAYS: "kept",
    OPENS: "new",
    CLOSES: "not kept",
    SHUT: "not kept, as is fixed",
    FIXED: "fixed there",
    THERE: "is there (today is not stated)",
    IDLE: "nobody is taken there",
    NOTHING: "not there",
}
# Heads services that nobody is counted for and that the plan has where a config says that they are today.
AS_TODAY = "As today, no patients counted"
# Of more candidates no matrix is drawn, but a line a service.
MOST_IN_A_MATRIX = 8
# Rules that keep no service from a site.
ASK_NOTHING_OF_A_SITE = {"every_area_is_served", "enough_sites"}
# So many services whose patients nobody counted are named.
MOST_NAMED = 3
# And where patients of more services are counted, in brief.
FEW_NAMED = 2
HEADINGS = ("minutes", "within", "outside")
# What stands where there is nothing to say: nobody is treated, or no neighbour could treat them.
NONE = "–"
SOME_CHANGES = (
    "Some changes, each by itself, that would turn it; others, to the same sites or to others, may too. "
    "Unless a rule turns it, the new plan is barely better, often level:"
)
SOME_IN_BRIEF = "Some changes, each by itself, that would only just turn it"
# What data_checks.csv calls an area whose minutes differ much from those of the areas about it.
UNLIKE = "unlike_its_neighbours"
# Marks a share within the standard by the journeys of those who are taken on, where not all are.
SOME = "*"


def lines(plan: Plan, changes: Sequence[str] = ()) -> list[str]:
    """Return the summary of a plan; ``changes`` are sentences on what would change the answer.

    What to know before it is repeated stands beside the answer; then come who is worse off, what is gained, and how
    sure the answer is.
    """
    numbers = plan.measures
    return [
        *_asked_and_answered(plan),
        "",
        *(_matrix(plan, numbers, list(plan.problem.services)) if _has_a_matrix(plan) else _rows(plan, numbers)),
        *_shut(plan),
        *_kept_beside(plan),
        *meaning(plan),
        *_nobody_counted(plan),
        *_anywhere(plan),
        *_waits(plan, numbers),
        *_counted(plan, brief=False),
        *not_counted(plan),
        *ties(plan),
        *before_it_is_repeated(plan),
        "",
        *gains_and_losses(plan, EVERY),
        *by_deprivation(plan),
        *_longest(plan),
        *room(plan),
        *how_sure(plan),
        *short_of_staff(plan, again=False),
        *moves(plan),
        *where_from(plan),
        *summary.exceptions_in_short(plan),
        *_headed(_what_would_change(plan), changes),
        "Draft: not a decision.",
    ]


def in_brief(plan: Plan, changes: Sequence[str] = (), more: int = 0) -> list[str]:
    """Return the summary of a plan on a screen: each line is its first sentence, and much is left out.

    Services that no patients are counted for and that are as today are a line. ``more`` is how many changes are left
    out of ``changes``.
    """
    numbers = plan.measures
    as_today = _as_today(plan) if _has_a_matrix(plan) else {}
    folded = {code for codes in as_today.values() for code in codes}
    shown = [code for code in plan.problem.services if code not in folded]
    some = f"{SOME_IN_BRIEF}{f' ({more} more with --full)' if more else ''}:"
    most = MOST_NAMED if len(plan.problem.services_with_patients) <= MOST_NAMED else FEW_NAMED
    sure = how_sure(plan, most)
    return [
        *_asked_and_answered(plan),
        "",
        *(_matrix(plan, numbers, shown) if _has_a_matrix(plan) else _rows(plan, numbers)),
        *(f"{head}: {_where(plan, codes, changes)}." for head, codes in as_today.items() if head != AS_TODAY),
        *_no_patients(plan, as_today.get(AS_TODAY, ()), folded, changes),
        *_shut(plan),
        *_kept_beside(plan),
        *meaning(plan, in_short=True)[:1],
        *map(first_sentence, _waits(plan, numbers, brief=True)),
        *map(first_sentence, _counted(plan, brief=True)),
        *map(first_sentence, not_counted(plan)),
        *ties(plan, needed=True),
        *before_it_is_repeated(plan),
        "",
        *gains_and_losses(plan, most, brief=True),
        *by_deprivation(plan, most),
        *_longest(plan),
        *room(plan, most),
        *(sure if plan.proof.outcome == EVALUATED else map(first_sentence, sure)),
        *short_of_staff(plan, again=False),
        *map(first_sentence, moves(plan)),
        *summary.exceptions_in_short(plan),
        *_headed(some, [_with_fewer_names(plan, one) for one in changes]),
        "Draft: not a decision. The rest, as which figures are unverified, is under --full.",
    ]


def _with_fewer_names(plan: Plan, words: str) -> str:
    """Return words with the first alone of so many services in a row that they would fill a screen."""
    names = sorted((re.escape(one.name) for one in plan.problem.services.values()), key=len, reverse=True)
    one = f"(?:{'|'.join(names)})"

    def fewer(found: re.Match[str]) -> str:
        first, others = found.group(1), re.findall(one, found.group(2))
        return f"{first} and {len(others)} more"

    return re.sub(rf"({one})((?:, {one}){{{MOST_NAMED - 1},}} and {one})", fewer, words)


def _asked_and_answered(plan: Plan) -> list[str]:
    problem = plan.problem
    asked = [*of_changes(problem), *summary.what_was_asked(plan, plan.measures)]
    return [problem.title, *summary.option(plan), *asked, *_answer(plan), *level(plan)]


def before_it_is_repeated(plan: Plan) -> list[str]:
    """Return what to know of a question before anything of it is repeated, under a heading; nothing without any."""
    return _headed("Before this is repeated:", [first_sentence(one["sentence"]) for one in told(plan)])


def _has_a_matrix(plan: Plan) -> bool:
    return len(plan.problem.candidates) <= MOST_IN_A_MATRIX


def _as_today(plan: Plan) -> dict[str, list[str]]:
    """Return services that no patients are counted for, by what is so of them all: fixed, as today or nowhere."""
    found: dict[str, list[str]] = {}
    for code, service in plan.problem.services.items():
        marks = {_mark(plan, service, site) for site in plan.problem.candidates}
        known = code in plan.problem.services_with_today
        if not service.activity and marks <= {STAYS, FIXED, NOTHING} and (known or marks - {NOTHING}):
            head = "Fixed" if STAYS not in marks and FIXED in marks else AS_TODAY if STAYS in marks else "Nowhere"
            found.setdefault(head, []).append(code)
    return found if sum(map(len, found.values())) > 1 else {}


def _where(plan: Plan, codes: Sequence[str], changes: Sequence[str]) -> str:
    """Return where some services are, and which of them a change that is told would move."""
    found = dict[tuple[str, ...], list[str]]()
    for code in codes:
        name = plan.problem.services[code].name
        moves = " (a change below moves it)" if any(name in one for one in changes) else ""
        found.setdefault(plan.sites_of(code), []).append(f"{name}{moves}")
    return "; ".join(
        f"{listed(names)} at {places(plan.problem, at)}" if at else "; ".join(names) for at, names in found.items()
    )


def _answer(plan: Plan) -> list[str]:
    """Return the plan in a sentence; of an option the table says what it is."""
    return [] if plan.option else [answer(plan)]


def _what_would_change(plan: Plan) -> str:
    far = summary.how_far_was_looked(plan)
    found = f"{SOME_CHANGES[:-1]}. Each is the smallest that was found to lead to those sites"
    again = "the checker repeats those of rules and of one site"
    return f"{found} (tried: {far}; {again}):" if far else "What would change it:"


def _longest(plan: Plan) -> list[str]:
    """Return to which services the longest journey of a resident's patient gets longer than with today's sites."""
    problem, found, doubted = plan.problem, list[str](), list[str]()
    for code in (one for one in problem.services_with_patients if one in problem.services_with_today):
        now, then = (measures.number(one.measures, "worst_minutes", code) for one in (plan, plan.today))
        if isfinite(now) and isfinite(then) and round(now) > round(then):
            waits = ", waits included" if problem.services[code].transfer else ""
            found.append(f"{lower(problem.services[code].name)} {whole(now)} minutes{waits} (today {whole(then)})")
            doubted += [lower(problem.services[code].name)] * _is_doubted(plan, code, now)
    which = "" if len(doubted) == len(found) else f" (of the {listed(doubted)})"
    doubt = f", in an area whose minutes are unlike its neighbours'{which}" if doubted else ""
    return [f"The longest journey{of_those_who_stay(problem)} grows: {listed(found)}{doubt}."] if found else []


def _is_doubted(plan: Plan, service: str, longest: float) -> bool:
    """Whether the longest journey is from an area whose minutes the place's own checks doubt."""
    rows = measures.residents(plan, service)
    areas = {*rows.index[rows["minutes"].round(6) == round(longest, 6)]}
    checks = table_of(plan.problem.files, "data_checks")
    return any(one.get("check") == UNLIKE and one.get("about") in areas for one in checks)


def _headed(head: str, each: Sequence[str]) -> list[str]:
    found = [f"- {line}" for line in each]
    return [head, *found] if found else []


def _mark(plan: Plan, service: Service, site: str) -> str:
    here, problem = (site, service.code) in plan.designated, plan.problem
    if here and site in plan.idle_sites(service.code):
        return IDLE
    if service.code not in problem.services_with_today:
        return (FIXED if site in service.fixed else THERE) if here else NOTHING
    today = (site, service.code) in problem.today
    if here != today:
        return OPENS if here else SHUT if site in service.fixed else CLOSES
    return (FIXED if site in service.fixed else STAYS) if here else NOTHING


def _matrix(plan: Plan, numbers: pd.DataFrame, codes: Sequence[str]) -> list[str]:
    """Return who provides some services, a row each and a column a site, with what it comes to."""
    problem = plan.problem
    sites = [short(problem.sites[site].name) for site in problem.candidates]
    marks = {code: [_mark(plan, problem.services[code], site) for site in problem.candidates] for code in codes}
    rows = ([problem.services[code].name, *marks[code], *_with_the_road(plan, numbers, code)] for code in codes)
    table = [["", *sites, *HEADINGS], *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    used = {mark for row in marks.values() for mark in row}
    found = ["  ".join(_cell(n, cell, widths[n], len(sites)) for n, cell in enumerate(row)).rstrip() for row in table]
    key = {mark: f"{mark} {words}" for mark, words in LEGEND.items() if mark in used}
    key |= {STAYS: f"{key[STAYS]}{_as_it_was(plan)}"} if STAYS in key else {}
    return [*found, "   ".join(key.values())]


def _with_the_road(plan: Plan, numbers: pd.DataFrame, service: str) -> list[str]:
    """Return the figures of a service with, beside minutes that hold assumed waits, how many are on the road."""
    minutes, *others = figures_of(plan, numbers, service)
    road = measures.number(numbers, "mean_road_minutes", service)
    if summary.on_the_road(numbers, service):
        now, *today = minutes.split(" ", 1)
        minutes = " ".join([f"{now}, road {road:.2f}", *today])
    return [minutes, *others]


def _as_it_was(plan: Plan) -> str:
    """Return of which services a kept unit, as it is today, falls short of what this question asks of it."""
    problem, short_of = plan.problem, dict[str, None]()
    for instance in (*plan.today.broken["instance"], *plan.today.left_short["instance"]):
        _, *names = str(instance).split(".")
        short_of |= {
            code: None
            for code in names
            if code in problem.services_with_today and any(site in names for site in plan.sites_of(code))
        }
    names = [problem.services[code].name for code in problem.services if code in short_of]
    said = listed(names) if len(names) <= FEW_NAMED else f"{len(names)} services"
    fall = "falls" if len(names) == 1 else "fall"
    return f" (as it is today, {said} {fall} short of what is asked)" if names else ""


def _shut(plan: Plan) -> Iterator[str]:
    """Yield why services are fixed not to be kept where they are today; of whole sites that are shut that is said."""
    problem, found = plan.problem, dict[tuple[str, str], list[str]]()
    for code, service in problem.services.items():
        for site in problem.candidates:
            if _mark(plan, service, site) == SHUT:
                found.setdefault((site, service.fixed[site].reason), []).append(code)
    for (site, reason), codes in found.items():
        if len(codes) == 1 or not all(site in one.fixed for one in problem.services.values()):
            names = listed(problem.services[code].name for code in codes)
            kept = "is not kept" if len(codes) == 1 else "are not kept"
            yield f"{names} {kept} at {short(problem.sites[site].name)}, as is fixed: {reason.rstrip('.')}."


def _kept_beside(plan: Plan) -> Iterator[str]:
    """Yield where a service is not kept but another of the same patients is: no unit closes there outright."""
    problem, marks = plan.problem, {CLOSES, SHUT}
    for code, service in problem.services.items():
        gone = [site for site in problem.candidates if _mark(plan, service, site) in marks]
        for other in problem.services.values() if service.activity else ():
            keeps = all(_mark(plan, other, site) in {STAYS, FIXED} for site in gone)
            if gone and other is not service and other.activity == service.activity and keeps:
                keep = "keeps" if len(gone) == 1 else "keep"
                there = f"at {places(problem, at)}" if (at := plan.sites_of(code)) else "nowhere"
                kept = f"{places(problem, gone)} {keep} the {lower(other.name)}"
                yield f"{kept}; the {lower(service.name)}, for the same patients, is {there}."


@dataclass(frozen=True)
class Provided:
    """A row of the matrix: the service, its mark at every candidate, and its figures under ``HEADINGS``."""

    service: str
    marks: tuple[str, ...]
    figures: tuple[str, ...]


def matrix(plan: Plan, numbers: pd.DataFrame) -> list[Provided]:
    """Return who provides what, a row a service: those that close somewhere first, then those that open, fixed last."""
    found = [
        Provided(
            code,
            tuple(_mark(plan, one, site) for site in plan.problem.candidates),
            tuple(figures_of(plan, numbers, code)),
        )
        for code, one in plan.problem.services.items()
    ]
    gone = {CLOSES, SHUT}
    return sorted(found, key=lambda row: (gone.isdisjoint(row.marks), OPENS not in row.marks, FIXED in row.marks))


def _cell(column: int, text: str, width: int, sites: int) -> str:
    return text.center(width) if 0 < column <= sites else text.ljust(width) if column == 0 else text.rjust(width)


def _rows(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return who provides what where candidates are too many for a matrix: how many sites, which open, which close."""
    found = []
    for code, service in plan.problem.services.items():
        marks = {site: _mark(plan, service, site) for site in plan.problem.candidates}
        parts = [f"{service.name}: {len(plan.sites_of(code))} of {len(marks)} sites"]
        for mark in (OPENS, CLOSES, SHUT):
            at = [site for site, one in marks.items() if one == mark]
            parts += [f"{LEGEND[mark]} at {places(plan.problem, at[:MOST_IN_A_MATRIX])}"] if at else []
            parts[-1] += f" and {len(at) - MOST_IN_A_MATRIX} more" if len(at) > MOST_IN_A_MATRIX else ""
        figures = [f"{head} {one}" for head, one in zip(HEADINGS, figures_of(plan, numbers, code), strict=True) if one]
        found.append("; ".join([*parts, *figures]))
    return found


def figures_of(plan: Plan, numbers: pd.DataFrame, service: str) -> list[str]:
    """Return minutes on average, the share within the standard and that treated outside, each with today's."""
    if not plan.problem.services[service].activity:
        return [""] * len(HEADINGS)
    now = _three(plan, service, numbers)
    if service not in plan.problem.services_with_today:
        return now
    today = _three(plan.today, service, plan.today.measures)
    return [
        one if (one, before) == (NONE, NONE) else f"{one} ({before})" for one, before in zip(now, today, strict=True)
    ]


def _three(plan: Plan, service: str, numbers: pd.DataFrame) -> list[str]:
    def of(name: str) -> float:
        return measures.number(numbers, name, service)

    patients = of("patients")
    if not patients:
        return ["nobody", NONE, NONE]
    beyond = of("patients_beyond_standard")
    within = (patients - beyond if isfinite(beyond) else of("patients_within_30")) / patients
    mean, some = of("mean_minutes"), ""
    if some_stay(plan, service):
        within, some = within_by_patient(plan, service, limit_of(plan.problem.services[service])), SOME
    outside = percent(of("share_outside")) if plan.problem.services[service].treated_outside_is_told else NONE
    return [f"{mean:.2f}" if isfinite(mean) else "no site", f"{percent(within)}{some}", outside]


def meaning(plan: Plan, *, in_short: bool = False) -> list[str]:
    """Return what the figures beside the matrix are, in sentences; the first of them may be had in short."""
    counted = [plan.problem.services[code] for code in plan.problem.services_with_patients]
    if not counted:
        return []
    limits = {limit_of(one) for one in counted}
    within = f"{limits.pop():g} minutes" if len(limits) == 1 else "the standard, 30 minutes where there is none"
    the_system, question = ("", "") if in_short else (" the system", ", under this question and")
    figures = f"Residents' average minutes, share within {within}, share treated outside{the_system}."
    today = f" In brackets: today's sites{question or ','} by this model."
    some = {
        percent(one.transfer.share_transferred.value): None
        for one in counted
        if one.transfer and any(some_stay(of, one.code) for of in (plan, plan.today))
    }
    star = (
        f" {SOME} Only {listed(some)} of those who are seen first elsewhere are taken on; the others count as seen "
        "there (in the CSV tables all count as if taken on)."
    )
    return [
        figures + today * bool(plan.problem.services_with_today) + star * bool(some),
        who_is_counted(many(str(one.activity)) for one in counted),
        *_nobody_outside(counted),
        *_counted_twice(counted),
    ]


def _nobody_counted(plan: Plan, but_for: Collection[str] = ()) -> Iterator[str]:
    """Say for which services that are decided no patients are counted: nobody is worse or better off by them."""
    problem = plan.problem
    names = [
        service.name
        for code, service in problem.services.items()
        if code not in (*problem.services_with_patients, *but_for) and set(problem.candidates) - set(service.fixed)
    ]
    if names:
        told = "Of these nobody is among those who are worse or better off, wherever they are"
        yield f"No patients are counted for {listed(names)}. {told}."


def _no_patients(plan: Plan, codes: Sequence[str], folded: Collection[str], changes: Sequence[str]) -> Iterator[str]:
    """Say in one line which services no patients are counted for: those as today, where, and the others."""
    others = map(first_sentence, _nobody_counted(plan, folded))
    as_today = f"{AS_TODAY}: {_where(plan, codes, changes)}." if codes else ""
    if said := " ".join(filter(None, (as_today, *others))):
        yield said.replace(". No patients are counted for ", ". Nor are any for ") if codes else said


def _anywhere(plan: Plan) -> Iterator[str]:
    """Say which services are at every site since no rule asks anything of one but that it reaches everybody."""
    problem, asks = plan.problem, dict[str, set[str]]()
    for instance in map(str, plan.rules["instance"]):
        rule, *whose = instance.split(".")
        asks.setdefault(whose[0] if whose else "", set()).add(rule)
    names = [
        problem.services[code].name
        for code in problem.services_with_patients
        if len(plan.sites_of(code)) == len(problem.candidates) > 1
        and asks.get(code, set()) <= ASK_NOTHING_OF_A_SITE
        and set(problem.candidates) - set(problem.services[code].fixed)
    ]
    if names and not problem.at_most_services_a_site:
        asked = "no rule here asks for patients, staff or another service at a site that has it"
        yield f"{listed(names)} at every site: {asked}."


def _nobody_outside(counted: Sequence[Service]) -> Iterator[str]:
    """Say what a dash under "outside" means, where it stands."""
    names = [one.name for one in counted if not one.treated_outside_is_told]
    if names and len(names) < len(counted):
        yield f"{NONE} No hospital outside is stated for {listed(names)}: nobody can be treated there."


def _counted_twice(services: Sequence[Service]) -> Iterator[str]:
    """Say which services count the same patients, each with the journeys to its own sites."""
    by_activity: dict[str, list[str]] = {}
    for one in services:
        by_activity.setdefault(str(one.activity), []).append(one.name)
    for names in by_activity.values():
        if len(names) > 1:
            yield f"{listed(names)} count the same patients, each by the journey to its own sites."


def _waits(plan: Plan, numbers: pd.DataFrame, *, brief: bool = False) -> Iterator[str]:
    for code in plan.problem.reached_by_transfer:
        if said := summary.on_the_road(numbers, code):
            name, waits = plan.problem.services[code].name, _what_waits_are(plan.problem, code)
            # In brief the row has how many are on the road.
            said = f" of the minutes {said.rpartition(' and ')[2]}" if brief else said.removeprefix(",")
            yield f"{name}:{said}{waits}"


def _what_waits_are(problem: Problem, service: str) -> str:
    """Return what the waits of a service are made of, and that nothing is counted of what is done meanwhile."""
    transfer = problem.services[service].transfer
    assert transfer is not None
    parts = {"at the first hospital": transfer.dwell_minutes.value, "for the transfer": transfer.overhead_minutes.value}
    each = " and ".join(f"{minutes:g} {where}" for where, minutes in parts.items() if minutes)
    meanwhile = f"What the first hospital does meanwhile is not counted: {NO_TREATMENT}."
    return f" ({each}, of all taken on). {meanwhile}"


def _counted(plan: Plan, brief: bool) -> Iterator[str]:
    """Say what was counted today of the service that comes first."""
    first = main_service(plan.problem)
    return (in_words(plan, one, brief=brief) for one in counted_today(plan) if first in one.services)


def not_counted(plan: Plan) -> list[str]:
    """Return which services' patients nobody counted by area, and how far the model is from what was counted there.

    How far it is off is said of services that do not come first: of that one it stands beside its counts.
    """
    problem = plan.problem
    activities = {code: str(problem.services[code].activity) for code in problem.services_with_patients}
    unverified = unverified_activities(problem.files, dict.fromkeys(activities.values()))
    codes = [code for code, activity in activities.items() if activity in unverified]
    if not codes:
        return []
    names = [problem.services[code].name for code in codes[:MOST_NAMED]]
    more = len(codes) - len(names)
    said = worked_out([*names, *([f"{more} more"] if more else [])])
    main = main_service(problem)
    off = {
        f"{listed(problem.services[code].name for code in one.services)} by {how_far}": one
        for one in counted_today(plan)
        if main not in one.services and {*one.services} & {*codes} and (how_far := how_far_off(one))
    }
    apart = f" The model is off today's counts: {'; '.join(off)}. {by_the_border(plan, [*off.values()])}" if off else ""
    each = [
        f"{whole(sum(one.modelled.values()))} by the model, {whole(sum(one.counts.values()))} counted"
        + _all_here(plan, one)
        + (f" ({listed(problem.services[code].name for code in one.services)})" if len(off) > 1 else "")
        for one in off.values()
    ]
    in_all = f"; with today's sites in all {'; '.join(each)}." if each else "."
    return [f"{said.rstrip('.')}{in_all}{apart}"]


def _all_here(plan: Plan, one: Counted) -> str:
    """Return that all who were counted at some sites are taken to be residents' patients, where they are as many."""
    residents = measures.number(plan.today.measures, "patients", one.services[0])
    return ", all taken to be residents'" * (round(residents) == round(sum(one.counts.values())))


def ties(plan: Plan, *, needed: bool = False) -> list[str]:
    """Return how many are counted at a site although others are as near, of services whose sites must see so many.

    ``needed``: only of a service of which some site would see too few without them.
    """
    problem, found = plan.problem, []
    for code, service in problem.services.items():
        if not (service.minimum_patients or service.maximum_patients or service.managed):
            continue
        today = {one.site: one for one in equally_near(plan.today, code)} if code in problem.services_with_today else {}
        now = {one.site: one for one in equally_near(plan.at_the_nearest, code)}
        shared = ", were nobody shared out," if service.managed else ""
        parts = {f"here{shared}": now, "with today's sites": today if today != now else {}}
        each = [f"{when} {in_words_of_ties(problem, tuple(ones.values()))}" for when, ones in parts.items() if ones]
        if each and (not needed or any(one.are_needed for one in now.values())):
            found.append(f"{service.name}: {'; '.join(each)}. {EQUAL_JOURNEYS}")
    return found


def rest(plan: Plan) -> list[str]:
    """Return what the summary on a screen leaves out."""
    numbers, broken = plan.measures, plan.broken["instance"]
    codes = [f"The rules broken, as rules.csv names them: {', '.join(broken)}."] if len(broken) else []
    known = [f"{one['sentence']}{' (' + one['source'] + ')' if one['source'] else ''}" for one in told(plan)]
    counted = [in_words(plan, one) for one in counted_today(plan)]
    notes = summary.notes(plan, numbers, standing=False)
    return [*summary.services(plan, numbers), "", *counted, *codes, *notes, *known]
