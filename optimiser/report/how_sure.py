"""How sure an answer is: what is proved, by how much it is best and over which sites, and what is level with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from optimiser.explanation import broken
from optimiser.explanation.costs import without_patients
from optimiser.model.objectives import UNITS
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.asked import is_true
from optimiser.plan.proof import (
    AGREES,
    DISAGREES,
    EVALUATED,
    FAILED,
    OUT_OF_TIME,
    PROVED,
    Enumeration,
    SecondOpinion,
    Standing,
)
from optimiser.plan.quotable import Sentence, but_for, mean_minutes_of
from optimiser.problem import Problem
from optimiser.problem.words import (
    amount,
    apart,
    as_told,
    asked_in_words,
    begun,
    how_near,
    hundredths,
    in_round_words,
    listed,
    one_of,
    percent,
    places,
    short,
    whole,
)
from optimiser.report.set_against import swap
from optimiser.report.words import at_what, how_far, others_stay, waits_are_assumed, weights
from optimiser.search.enumeration import can_be_ranked
from optimiser.search.level import MOST_TRIED

# A difference of the share treated outside that is told beside how near another plan comes.
WORTH_SAYING_SHARE = 0.05
NO_OPINION = {
    OUT_OF_TIME: "was not done in time: there is no second opinion. Allow more: --time-limit-minutes.",
    FAILED: "ended without an answer that can be used: there is no second opinion.",
}


def how_sure(plan: Plan, most: int | None = None) -> list[str]:
    """Return what is proved of a plan, and by how much it is best; of one that people chose, the rules it breaks.

    By how much it is best is said of the first ``most`` services, in short, or of all of them.
    """
    proof, listing = plan.proof, plan.proof.enumeration
    if proof.outcome == EVALUATED:
        return _evaluated(plan)
    by_how_much = margins(plan) if most is None else margins_in_short(plan, most)
    if proof.outcome != PROVED:
        return [f"Not proved best: {how_far(plan, 'the best found')}", *by_how_much]
    at = at_what(plan.problem)
    best = f"Proved best ({at})" if len(plan.problem.objectives) > 1 else f"Proved best at {at}"
    how = f"{waits_are_assumed(plan.problem)}{weights(plan)}"
    if not listing:
        return [f"{best}: the solver closed the gap to 0.{how}", *second_opinion(plan), *by_how_much]
    none_better = f"{in_round_words(listing.lawful)} break no rule, none is better"
    if listing.lawful == 1:
        none_better = "this alone breaks no rule"
    return [
        f"{best}{_as_good_as(plan, listing)}: of {in_round_words(listing.listed)} options {none_better}.{how} "
        "The solver's gap is 0, and arithmetic without it finds the same.",
        *second_opinion(plan),
        *by_how_much,
    ]


def second_opinion(plan: Plan) -> list[str]:
    """Return what another solver says of a plan, in a sentence; nothing where none was asked."""
    found, reached = plan.proof.second_opinion, plan.proof.objectives
    if found is None:
        return []
    who = f"A second solver ({found.solver} {found.version}), asked anew without a head start,"
    if found.answer not in (AGREES, DISAGREES):
        return [f"{who} {NO_OPINION.get(found.answer, NO_OPINION[FAILED])}"]
    pairs = [(one, theirs) for one, theirs in zip(reached, found.values, strict=False) if theirs != one.value]
    if found.answer == DISAGREES:
        theirs = [f"{one.name.replace('_', ' ')} {value:.15g}, not {one.value:.15g}" for one, value in pairs]
        return [f"{who} DISAGREES: it finds {listed(theirs) or 'no plan'}. Do not use this answer; please report it."]
    sites = "the same plan" if found.designated == plan.designated else "another plan that is as good"
    apart = max((abs(value - one.value) / max(1.0, abs(one.value)) for one, value in pairs), default=0.0)
    digits = "to the last digit" if not apart else f"but for its rounding, {apart:.0e} of the value"
    return [f"{who} agrees: it finds {sites}, every objective the same {digits}."]


def second_opinion_of_none(opinion: SecondOpinion) -> str:
    """Return what another solver says of a question without a plan, in a sentence."""
    who = f"A second solver ({opinion.solver} {opinion.version}), asked anew,"
    return f"{who} {NO_OPINION.get(opinion.answer, 'agrees: it finds no plan either.')}"


def _as_good_as(plan: Plan, listing: Enumeration) -> str:
    """Return how many options are as good as the plan, and where the first of them differs; nothing where none is."""
    if listing.equal_best < 2:
        return ""
    said, best = f", as good as {amount(listing.equal_best - 1, 'others')}", listing.ranked[0].values
    equal = (one.designated for one in listing.ranked if one.values == best and one.designated != plan.designated)
    first = next(equal, None)
    if first is None:
        return said
    there = {
        code: [site for site in plan.problem.candidates if (site, code) in first] for code in plan.problem.services
    }
    differ = (
        f"{_name(plan, code)} at {places(plan.problem, at)}"
        for code, at in there.items()
        if tuple(at) != plan.sites_of(code)
    )
    return f"{said} ({'the first has' if listing.equal_best > 2 else 'which has'} {listed(differ)})"


def _evaluated(plan: Plan) -> list[str]:
    """Return that an option was only worked out, and by which question and pathway it breaks which rules."""
    who = f"option {plan.option.code}" if plan.option else "it"
    asked = f"Worked out as people wrote it down, not optimised. {asked_in_words(plan.problem)}, {who} breaks"
    if len(plan.broken):
        head = f"{asked} {broken.how_many(plan)}"
        first, *rest = broken.lines(plan)
        return [f"{head}:", *(f"  - {line}" for line in (first, *rest))] if rest else [f"{head}: {first}."]
    return [f"{asked} no rule{but_for(plan.exceptions)}."]


def margins(plan: Plan) -> list[str]:
    """Return by how much the plan is best and over which sites, service by service, in a sentence.

    Then which services have no other lawful sites.
    """
    told, unlike = _told(plan), dict[bool, list[str]]()
    others = others_stay(plan.problem)
    for one in plan.proof.standings or ():
        if one.margin is None:
            unlike.setdefault(_all_were_tried(plan, one.service), []).append(_name(plan, one.service))
    has = {
        True: f"no other lawful sites{others}",
        False: f"no other lawful sites among the {MOST_TRIED} nearest choices, and more were not tried",
    }
    return [
        *(["How near other sites come was not looked for: there are too many to try one by one."] * _is_untried(plan)),
        *_by_how_much(plan, told, [_margin(plan, one) for one in told]),
        *(
            f"{begun(listed(names))} {'has' if len(names) == 1 else 'have'} {has[all]}."
            for all, names in unlike.items()
        ),
    ]


def margins_in_short(plan: Plan, most: int) -> list[str]:
    """Return the same of the first ``most`` services that are not as today or, if all are, of the first with others."""
    moved = {code for _, code in plan.designated ^ plan.problem.today} & plan.problem.services_with_today
    told = [one for one in _told(plan) if one.service in moved] or _told(plan)[:1]
    first, *rest = [_margin(plan, one) for one in told[:most]] or [""]
    more = [f"and {len(told) - most} more: --full"] * (len(told) > most)
    found = [first, *(one.replace(" a patient over ", " over ") for one in rest), *more]
    return _by_how_much(plan, told, found) if told else margins(plan)


def _is_untried(plan: Plan) -> bool:
    return plan.proof.standings is None and plan.proof.outcome != EVALUATED and not can_be_ranked(plan.problem)


def _told(plan: Plan) -> list[Standing]:
    """Return how the services stand that have other lawful sites."""
    return [one for one in plan.proof.standings or () if one.margin is not None]


def _by_how_much(plan: Plan, told: Sequence[Standing], found: Sequence[str]) -> list[str]:
    """Return in a sentence what was found of some services; nothing where there are none."""
    less = " (it may be less where services that share a site move together)"
    held = less if any(_is_held(plan, one.service) for one in told) else ""
    measure = "" if plan.problem.objectives[0].name == "patient_minutes" else " in minutes"
    return [f"By how much{measure}{others_stay(plan.problem)}{held}: {'; '.join(found)}."] if found else []


def _name(plan: Plan, service: str) -> str:
    return plan.problem.services[service].name.lower()


def _all_were_tried(plan: Plan, service: str) -> bool:
    fixed, candidates = plan.problem.services[service].fixed, plan.problem.candidates
    return bool(2 ** sum(site not in fixed for site in candidates) <= MOST_TRIED)


def _margin(plan: Plan, one: Standing) -> str:
    """Return by how much a service is nearer than at the runner-up's sites, and how much of that is on the road."""
    assert one.margin is not None and one.runner_up is not None
    name, there = _name(plan, one.service), _sites_there(plan, one)
    other = evaluate(plan.problem, one.runner_up)
    road = _on_the_road(plan, other, one)
    if one.margin < 0:
        return f"{name} would be {apart(-one.margin)} a patient nearer at {there}{road}, at a cost to what counts first"
    if not one.margin:
        return f"{name} would be as near at {there}"
    first = any(s.transfer and s.transfer.first_contact == one.service for s in plan.problem.services.values())
    own = ", for its own patients" if first else ""
    return f"{name} by {apart(one.margin)} a patient over {there}{road}{own}{_outside(plan, other, one.service)}"


def _is_held(plan: Plan, service: str) -> bool:
    """Whether a service with patients keeps it from other sites, since one of the two shares its site with the other.

    A margin leaves that service where it is, so that it may be larger than if both moved.
    """
    problem, every = plan.problem, set(plan.problem.candidates)
    shares = {link.service for link in problem.services[service].same_site}
    return any(
        (code in shares and {*plan.sites_of(code)} != every)
        or (service in {link.service for link in problem.services[code].same_site} and plan.sites_of(code))
        for code in problem.services_with_patients
    )


def _sites_there(plan: Plan, one: Standing) -> str:
    """Return where the runner-up has a service, and which services without patients would move with it."""
    problem, there = plan.problem, one.runner_up or frozenset()
    at = places(problem, (site for site in problem.candidates if (site, one.service) in there))
    moved = {code for _, code in there ^ plan.designated} - {one.service}
    along = listed(_name(plan, code) for code in problem.services if code in moved)
    return f"{at}, with {along} changed, too" if along else at


def _on_the_road(plan: Plan, other: Plan, one: Standing) -> str:
    """Return how much of a margin is on the road, where those who are taken on wait by assumption; else nothing."""
    if not plan.problem.services[one.service].transfer:
        return ""
    both = [measures.mean_road_minutes(of, one.service) for of in (plan, other)]
    road, margin = both[1] - both[0], one.margin or 0.0
    if round(road - margin, 6) == 0:
        return ", all of it on the road: assumed waits are the same"
    less = "less" if road < 0 < margin else "more" if margin < 0 < road else ""
    said = f"{apart(abs(road))} {less} on the road".replace("  ", " ")
    return f" ({said}; the rest is waits that are assumed)"


def _outside(plan: Plan, other: Plan, service: str) -> str:
    """Return which share of a service's patients neighbours would treat with the runner-up, where that differs much."""
    both = (measures.treated_outside(of, service) for of in (plan, other))
    shares = [there / everybody for there, everybody in both if everybody]
    if len(shares) < 2 or abs(shares[1] - shares[0]) < WORTH_SAYING_SHARE:
        return ""
    now, then = (percent(share) for share in shares)
    said = f", where {then} of residents' patients would be treated outside the system and not {now}"
    return f"{said}{_why_outside(plan, other, service) if shares[1] > shares[0] else ''}"


def _why_outside(plan: Plan, other: Plan, service: str) -> str:
    """Return where most of those would be treated who are outside with another plan, and why they would be there."""
    problem, both = plan.problem, []
    for one in (other, plan):
        rows = measures.residents(one, service)
        rows = rows[rows["site"].notna() & ~rows["site"].isin(problem.candidates)]
        both.append(rows.groupby(["first_site", "site"])["patients_per_year"].sum())
    more = both[0].sub(both[1], fill_value=0.0)
    first, last = map(str, more.index[int(more.to_numpy().argmax())])
    number, there = whole(float(more.max())), short(problem.sites[last].name)
    if first in problem.candidates:
        seen = short(problem.sites[first].name)
        return (
            f", since from {seen} {there} is nearer: {number} a year who are seen first there would be taken on to it"
        )
    return f", since {there} would then be the nearest for {number} more a year"


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
    away = how_near(max(abs(mean - means[0]) for mean in means), one.within)
    close = f"{listed(f'{mean:.2f}' for mean in means)} minutes on average, {away}"
    close = f"{means[0]:.2f} minutes on average, whichever it is" if len(set(means)) == 1 else close
    name, idle = problem.services[one.service].name, _rests_on_nobody(plan, one)
    apart_at = {
        site for rival in one.rivals for site, code in rival.designated ^ plan.designated if code == one.service
    }
    if idle and not better and len(set(means)) == 1 and apart_at <= {*plan.idle_sites(one.service)}:
        at = places(problem, [site for site in problem.candidates if site in apart_at])
        same = f"with or without {at} it is the same for patients, {means[0]:.2f} minutes on average"
        return f"{name}: {same}, for {idle[0]}."
    found = f"{name} at {here}, or level with it at {', or at '.join(there)} ({close})"
    alike = "the same for patients, as they are taken here, on every measure compared"
    return f"{found}; {'; '.join([*(better or [alike]), *idle])}."


def _rests_on_nobody(plan: Plan, one: Standing) -> list[str]:
    """Return that a tie rests on nobody being taken to a site of one of the plans, and why; nothing where all see some.

    Whoever is taken on stays where they are seen first if the service is there: so first contact decides.
    """
    problem, code = plan.problem, one.service
    every = [plan, *(evaluate(problem, rival.designated) for rival in one.rivals)]
    idle = {site: each for each in every for site in each.idle_sites(code)}
    if not idle:
        return []
    said = f"nobody is taken to {places(problem, [s for s in problem.candidates if s in idle])}"
    transfer = problem.services[code].transfer
    first = transfer.first_contact if transfer else ""
    if first and all((site, first) not in each.designated for site, each in idle.items()):
        seen = f"{problem.services[first].name.lower()} is at {places(problem, plan.sites_of(first))}"
        said += f", since nobody is seen first there ({seen})"
    return [said]


def level_in_short(record: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return which plans are level with that of a run, from its ``run.json`` and tables: a sentence a service."""
    names = {str(one["site"]): short(str(one["name"])) for one in tables["sites"].to_dict("records")}
    services = dict(zip(tables["services"]["service"], tables["services"]["name"], strict=True))
    chosen, found = tables["designations"], []
    for one in record.get("standings") or ():
        if not one["level"]:
            continue
        here = chosen[(chosen["service"] == one["service"]) & is_true(chosen["designated"])]
        means = [one["level"][0]["figures"]["mean_minutes"][0]]
        went = tables["journeys"]
        taken = went[(went["service"] == one["service"]) & (went["patients_per_year"].astype(float) > 0)]["site"]
        idle = [names[site] for site in here["site"] if site not in {*taken}]
        nobody = f" (nobody is taken to {listed(idle)})" if idle else ""
        places_there = [f"{listed(names[site] for site in here['site'])}{nobody}"]
        for rival in one["level"]:
            means.append(rival["figures"]["mean_minutes"][1])
            places_there.append(listed(names[site] for site, code in rival["designated"] if code == one["service"]))
        each = [f"{there} {mean:.2f}" for there, mean in zip(places_there, means, strict=True)]
        if len(set(means)) == 1:
            each = [*places_there[:-1], f"{places_there[-1]}, {means[0]:.2f} whichever it is"]
        found.append(f"{services[one['service']]}, minutes on average: {' or, level with it, '.join(each)}.")
    return found


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


def next_best(plan: Plan) -> list[str]:
    """Return what is best after the plan over all services, and how much more it comes to, in a sentence."""
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
    there = Sentence("next best", "", *swap(plan, other, means)).said({"best_there": means})
    several = len(listing.ranked) > 2 and listing.ranked[2].values == second.values
    unseen = listed(plan.problem.services[code].name for code in without_patients(plan, other))
    why = f", but no patients of {unseen} are counted" if unseen else ""
    return [f"Next best{', one of several as good' if several else ''}: {there}: {worse}{why}."]


def _more_of(number: float, unit: str) -> str:
    """Return how much more of a unit, as it is told everywhere, and one of it as one."""
    told = as_told(number, unit)
    return f"1 more {one_of(unit)}" if told == "1" else f"{told} more {unit}"
