"""The unverified figures that an answer rests on: how many there are, and which, each with its source."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from optimiser.explanation import broken
from optimiser.inputs.tables import unverified_activities
from optimiser.model.rules import RULES
from optimiser.plan import Plan
from optimiser.problem import Figure, Service
from optimiser.problem.words import (
    NOT_PUBLISHED,
    amount,
    begun,
    by_what,
    estimate_of,
    how_far_off,
    in_round_words,
    is_one,
    listed,
    spoken,
)
from optimiser.report.counted import sources_of, titles_of_demand
from optimiser.report.summary_of_staff import moved

FIGURES_OF_TRANSFERS = (
    "dwell_minutes",
    "overhead_minutes",
    "share_transferred",
    "suspected_per_confirmed",
    "repatriated_share",
)
FIGURES_OF_RULES = ("minimum_patients", "maximum_patients", "most_transfers_a_year")
NO_SOURCE = "no source stated"
ROTAS, FACTOR_OF_JOURNEYS = "rotas", frozenset({"travel", "factor"})
# Names that lead to a setting, or to a parameter: none of another figure has them all.
About = frozenset[str]


def how_many(plan: Plan) -> int:
    """Return how many unverified figures an answer rests on: of rules, staff, patients, standards and transfers."""
    return len(figures(plan))


def not_checked(plan: Plan) -> str:
    """Return how many of the figures that an answer rests on nobody checked against a source; nothing if all were."""
    number = how_many(plan)
    return f"The figures it rests on were not: {number} unverified." if number else ""


def checked(plan: Plan, best: Mapping[str, Any] | None = None) -> str:
    """Return what was checked of an answer, and what was not; ``best`` as ``checker.examined`` has it."""
    number = how_many(plan)
    arithmetic = "Arithmetic checked: every number of its tables was worked out again, independently, and none differs."
    if best and best["checked"] == "NOT checked":
        listing = plan.proof.enumeration
        many = f"{in_round_words(listing.listed)} options" if listing else "the options"
        word = (
            "the solver's word, and that of a list of them all that is made without it"
            if listing
            else "the solver's word"
        )
        arithmetic += f" That it is best was not tried again: {many} are too many for that, so it is {word}."
    if not number:
        return f"{arithmetic} No figure that it rests on is marked as unverified."
    return f"{arithmetic} {number} of the figures it rests on {'is' if is_one(number) else 'are'} unverified."


def unverified(plan: Plan) -> list[str]:
    """Return the unverified figures that an answer rests on, a line each, and how many there are."""
    found = figures(plan)
    number = len(found)
    head = f"It rests on {number} unverified {'figure' if is_one(number) else 'figures'}:"
    return [head, *(f"- {one}" for one in found)] if found else []


def stand_ins(plan: Plan) -> list[str]:
    """Return what stands for counts that were not published, as imported.csv of the place has it, a line each."""
    rows = csv.DictReader(io.StringIO(plan.problem.files.get("inputs/imported.csv", b"").decode("utf-8-sig")))
    return [
        f"In {row['table']}.csv: {row['said'].rstrip('.')} (from {row['file']}), a stand-in that nobody verified."
        for row in rows
        if NOT_PUBLISHED in (row.get("said") or "")
    ]


def figures(plan: Plan) -> list[str]:
    """Return every unverified figure that an answer rests on, in words with its value, and its source in brackets."""
    return [words for words, _ in figures_and_settings(plan)]


def figures_and_settings(plan: Plan) -> list[tuple[str, About]]:
    """Return every unverified figure that an answer rests on in words, with the names of the setting that states it."""
    return [
        *_of_rules(plan),
        *_of_moves(plan),
        *_of_patients(plan),
        *_of_the_border(plan),
        *_of_standards(plan),
        *_of_transfers(plan),
        *_of_journeys(plan),
        *_of_changes(plan),
        *_of_added_sites(plan),
    ]


def _of_rules(plan: Plan) -> list[tuple[str, About]]:
    """Return what rules ask by figures that nobody verified: what is asked at several sites is one figure."""
    rows = plan.rules[~plan.rules["verified"].astype(bool)].to_dict("records")
    found = {broken.stated(plan.problem, str(row["instance"])): row for row in reversed(rows)}
    return [
        (f"{broken.asked(plan.problem, instance)} ({row['source'] or NO_SOURCE})", setting_of(plan, instance))
        for row in reversed(found.values())
        for instance in (str(row["instance"]),)
    ]


def setting_of(plan: Plan, instance: str) -> About:
    """Return by which names the setting of an instance of a rule is found: its own, and its services and teams."""
    rule, *names = instance.split(".")
    setting = getattr(RULES[rule], "setting", ROTAS)
    return frozenset(
        {setting, *(name for name in names if name in plan.problem.services or name in plan.problem.teams)}
    )


def _of_moves(plan: Plan) -> list[tuple[str, About]]:
    """Return whose moves between sites an answer rests on though nobody said how many may move."""
    teams = dict.fromkeys(team for team, _ in moved(plan) if plan.problem.teams[team].moves_at_most is None)
    without_limit = f"may move between sites without limit ({NO_SOURCE})"
    return [
        (f"{begun(plan.problem.teams[team].name)} {without_limit}", frozenset({"moves_at_most", team}))
        for team in teams
    ]


def _of_patients(plan: Plan) -> list[tuple[str, About]]:
    """Return whose patients come from a source that nobody verified: volumes and minutes rest on them."""
    problem = plan.problem
    by_activity: dict[str, list[str]] = {}
    for code in problem.services_with_patients:
        by_activity.setdefault(str(problem.services[code].activity), []).append(problem.services[code].name)
    return [
        (
            f"Patients of {listed(by_activity[one])}, by area ({titles_of_demand(problem.files, one) or NO_SOURCE})",
            frozenset({"demand_factor", one}),
        )
        for one in unverified_activities(problem.files, dict.fromkeys(by_activity))
    ]


def _of_the_border(plan: Plan) -> list[tuple[str, About]]:
    """Return who crosses the border as today, where a column that says so has a source that nobody verified."""
    files = plan.problem.files
    sources = [one for column in ("goes_to", "share") for one in sources_of(files, "border", column, "")]
    doubtful = dict.fromkeys(one.get("title") or NO_SOURCE for one in sources if one.get("verified") != "true")
    if plan.problem.border is None or not doubtful:
        return []
    return [(f"Who crosses the border, and to which hospital ({listed(doubtful)})", frozenset({"border"}))]


def _of_standards(plan: Plan) -> list[tuple[str, About]]:
    """Return the standards that nobody verified, by which patients within reach are counted."""
    found = []
    for code in plan.problem.services_with_patients:
        standard = plan.problem.services[code].standard_minutes
        if standard and not standard.verified:
            name, minutes = plan.problem.services[code].name, amount(standard.value, "minutes")
            words = f"{name}: {minutes} count as near enough ({standard.source or NO_SOURCE})"
            found.append((words, frozenset({"standard_minutes", code})))
    return found


def _of_transfers(plan: Plan) -> list[tuple[str, About]]:
    services = (plan.problem.services[code] for code in plan.problem.reached_by_transfer)
    return [
        (f"Transfers to {one.name}: {words}", frozenset({name, one.code}))
        for one in services
        for name, words in _guesses(one)
    ]


def _of_journeys(plan: Plan) -> list[tuple[str, About]]:
    """Return how many times as long journeys take, all or those on some roads, by figures that nobody verified."""
    problem, on_roads = plan.problem, dict[Figure, list[str]]()
    for stretch, one in problem.longer.slow.items() if problem.longer else ():
        on_roads.setdefault(one, []).append(stretch)
    takes = [(one, "Every journey takes", FACTOR_OF_JOURNEYS) for one in problem.factors.values()]
    takes += [
        (one, f"{listed(some)} {'takes' if len(some) == 1 else 'take'}", frozenset({"slow", *some}))
        for one, some in on_roads.items()
    ]
    said = [
        (f"{words} {one.value:g} times as long ({one.source or NO_SOURCE})", about)
        for one, words, about in takes
        if not one.verified
    ]
    if (back := problem.uncalibrated) and not back.verified:
        why = back.plus.source or back.times.source or NO_SOURCE
        said.append((f"Journeys were calibrated as {back.words}, which is taken back ({why})", FACTOR_OF_JOURNEYS))
    sources = [*sources_of(problem.files, "journeys_by_mode", "minutes", "")]
    doubtful = dict.fromkeys(one.get("title") or NO_SOURCE for one in sources if one.get("verified") != "true")
    if doubtful or not sources:
        said += [
            (f"Journeys {spoken(mode)} ({listed(doubtful or [NO_SOURCE])})", frozenset({"travel_by", mode}))
            for mode in problem.by_mode
        ]
    return said


def _of_changes(plan: Plan) -> list[tuple[str, About]]:
    """Return what the config changed and nobody verified, but for figures that are told above."""
    told = (*FIGURES_OF_RULES, *FIGURES_OF_TRANSFERS)
    return [
        (f"{one.words} ({one.source or NO_SOURCE})", frozenset({"change", one.name}))
        for one in plan.problem.changed
        if not one.verified and one.name.split(".")[0] not in told
    ]


def _of_added_sites(plan: Plan) -> list[tuple[str, About]]:
    """Return what nobody verified of the sites that the config adds: what is said of them, and what is estimated."""
    found = []
    for one in plan.problem.added:
        name, about = plan.problem.sites[one.site].name, frozenset({"sites", one.site})
        stated = f"{name}: its staff and services as stated ({one.source or NO_SOURCE})"
        found += [] if one.verified else [(stated, about)]
        if one.estimated:
            estimated = f"{begun(estimate_of(one))} {name} {by_what(one)} ({how_far_off(one)})"
            found.append((estimated, about | {*one.estimated}))
    return found


def _guesses(service: Service) -> list[tuple[str, str]]:
    stated = ((name, getattr(service.transfer, name)) for name in FIGURES_OF_TRANSFERS)
    return [
        (name, f"{name.replace('_', ' ')} {one.value:g} ({one.source or NO_SOURCE})")
        for name, one in stated
        if not one.verified
    ]
