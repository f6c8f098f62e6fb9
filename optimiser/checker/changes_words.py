"""The words of what would change the answer, as patterns: what changes, by how much, and what would then be best.

Who ties, which growth is enough and which rules the plan's own sites would break are left to whoever reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from optimiser.checker.clash_words import figures
from optimiser.checker.reading import size
from optimiser.checker.rules import Fact
from optimiser.checker.run import Inputs, Run
from optimiser.checker.sentences import short_name
from optimiser.checker.tried import Designated

NO_PLAN = "no plan would meet every rule"
SINCE = "; the plan's own sites would then break a rule: "
TOO_FEW = "every_site_has_enough_patients"
HUNDREDTH = Fraction(1, 100)
# Objectives of how long people travel.
OF_JOURNEYS = ("patient_minutes", "deprived_patient_minutes", "worst_journey", "patients_beyond_standard")


def of_a_parameter(
    run: Run, change: Mapping[str, Any], then: Designated | None, varied: Inputs, breaks: bool, level: bool
) -> str:
    """Return what is said of a parameter that turns the answer.

    ``breaks``: the plan breaks a rule there; ``level``: it is level with what is then best.
    """
    kind, *names = str(change["what"]).split(".")
    by, more = Fraction(change["by"]), change["to"] > (1 if kind.endswith("_factor") else 0)
    share = f"{re.escape(f'{float(by * 100):.6g}')}%"
    if kind == "staff":
        counted = "" if names[1] == "people" else f" {re.escape(names[1])}"
        team = re.escape(run.question.teams[names[0]].name)
        takes = f"{by_sixes(by)}{counted} fewer (?:of the )?{team} in post, {_left_in_post(run, varied, *names)}"
    elif kind == "journeys":
        minutes = f"{figures(by)} minute{'' if by == 1 else 's'} {'longer' if more else 'shorter'}"
        takes = f"Every journey to {_short(run, names[:1])} {minutes}"
    elif kind == "demand_factor":
        services = (one.name for one in run.question.services.values() if one.activity == names[0])
        takes = f"{share} {'more' if more else 'fewer'} patients for {re.escape(_listed([*services]))}"
    else:
        whose = "Journeys from .+" if names else "Every journey"
        takes = f"{whose} {share} {'longer' if more else 'shorter'}"
    since = f"{re.escape(SINCE)}.+" if breaks and then is not None else ""
    little = r" \(level with this plan\)" if level else ""
    return rf"{takes}: {_best(run, then)}{little}(?:; (?!{re.escape(SINCE[2:])}).*)?{since}\."


def by_sixes(by: Fraction) -> str:
    """Return a number with six figures, without commas."""
    return re.escape(f"{float(by):g}")


def _left_in_post(run: Run, varied: Inputs, team: str, unit: str) -> str:
    here = {site: varied.in_post.get((team, unit, site), Fraction(0)) for site in run.candidates}
    each = [f"{_plain_short(run, site)} {_hundredths(number)}" for site, number in here.items() if number]
    return f"(?:which leaves {re.escape(_listed(each))}|which leaves all sites together .+|shared as they are now)"


def _hundredths(number: Fraction) -> str:
    found = floor(number / HUNDREDTH + Fraction(1, 2))
    return f"{found // 100:,}.{found % 100:02}".rstrip("0").rstrip(".")


def of_the_border(run: Run, change: Mapping[str, Any], then: Designated | None, breaks: bool) -> str:
    """Return what is said of the share of patients beyond which other sites are best for one service."""
    service, share = change["service"], Fraction(change["to"]) * 100
    digits = next((n for n in range(2, 13) if not share or int(share * 10**n)), 12)
    exact, whole = f"{int(share * 10**digits) / 10**digits:g}%", ceil(share)
    percent, more = exact, ""
    if 10 <= whole < 100 and exact != f"{whole}%":
        percent, more = f"{whole}%", re.escape(f" Exactly: more than {exact}.")
    who = "everybody" if share == 100 else f"more than {re.escape(percent)}"
    if then is None:
        best = "no choice of sites would meet every rule"
    else:
        here = "" if breaks else rf" in place of {_short(run, run.sites_of(service))}(?:, by at most [^,]+,)?"
        best = f"{_short(run, _sites(run, then, service))} would be best{here}"
    name = re.escape(run.question.services[service].name)
    return rf"{name}: {best} if {who} (?:went to|chose by) .+\.{more}"


def of_a_rule(run: Run, change: Mapping[str, Any], then: Designated, broken: Sequence[tuple[str, Fact]]) -> str:
    """Return what is said of a rule that gives way; ``broken`` is what the other plan breaks of it."""
    moved = {code for code in run.question.services if _sites(run, then, code) != run.sites_of(code)}
    each = []
    for code in run.question.services:
        words = [*_gains(run, code, change["gained"])] if code in moved and _counts(run, code) else []
        name = f"{re.escape(run.question.services[code].name)}: " if len(moved) > 1 else ""
        each += [f"{name}{', '.join(words)}"] if words else []
    longer = any(g["measure"] == "mean_minutes" and g["after"] > g["before"] for g in change["gained"])
    aims = [one["measure"] for one in change["gained"] if not one["service"]]
    if aims and longer:
        each += ["some journeys get longer, but what counts first is better: .+"]
    elif aims and not each:
        each = [f"{re.escape(aims[0].replace('_', ' '))} .+ in place of .+"]
    told = rf" \({'; '.join(each)}\)" if each else ""
    seen = [_sees(fact) for rule, fact in broken if rule == TOO_FEW]
    takes = f"If .*{'.*'.join(seen)}.*" if seen and len(seen) == len(broken) else ".+"
    return rf"{takes}: {_best(run, then)}{told}\.(?: .*)?"


def _counts(run: Run, code: str) -> bool:
    """Whether some objective that is about journeys is about a service: others' minutes are no gain."""
    aims = (one for one in run.question.objectives if one.name in OF_JOURNEYS)
    return any(code in one.services or not one.services for one in aims)


def _sees(fact: Fact) -> str:
    """Return how many patients a site would see that sees too few, where all of what is broken is so."""
    left = Fraction(fact.left)
    return figures(Fraction(round(left)) if round(left) != round(fact.right) else left)


def _gains(run: Run, code: str, gained: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is told of the journeys to a service: their mean, and how many are within the standard."""
    for gain in (one for one in gained if one["service"] == code):
        before, after = Fraction(gain["before"]), Fraction(gain["after"])
        if gain["measure"] == "mean_minutes":
            now, later = (re.escape(f"{float(one):.2f}") for one in (before, after))
            level = ", which counts as level" if size(after - before) <= run.question.level_within(before) else ""
            waits = ", waits included" if run.question.services[code].transfer else ""
            if now != later:
                yield f"{later} minutes on average in place of {now}{waits}{level}"
        else:
            now, later = (f"{floor(100 * one + Fraction(1, 2))}%" for one in (before, after))
            standard = run.question.services[code].figure("standard_minutes") or Fraction(0)
            if now != later:
                minutes = f"minute{'' if standard == 1 else 's'}"
                yield f"{later} within {figures(standard)} {minutes} in place of {now}"


def _best(run: Run, then: Designated | None) -> str:
    """Return what would then be best: which services are at other sites than in the plan, each with all its sites."""
    if then is None:
        return NO_PLAN
    at: dict[tuple[str, ...], list[str]] = {}
    for code, service in run.question.services.items():
        there = tuple(_sites(run, then, code))
        if there != tuple(run.sites_of(code)):
            at.setdefault(there, []).append(service.name)
    said = [f"{re.escape(_listed(names))} at {_short(run, there)}" for there, names in at.items()]
    alone = all(len(names) == 1 for names in at.values())
    return f"{_listed(said) if alone else '; '.join(said)} would be best"


def _sites(run: Run, designated: Designated, service: str) -> list[str]:
    return [site for site in run.candidates if (service, site) in designated]


def _short(run: Run, sites: Sequence[str]) -> str:
    return re.escape(_listed([_plain_short(run, site) for site in sites]))


def _plain_short(run: Run, site: str) -> str:
    return short_name(run.inputs.names[site])


def _listed(names: Sequence[str]) -> str:
    *first, last = names or ["no site"]
    return f"{', '.join(first)} and {last}" if first else last
