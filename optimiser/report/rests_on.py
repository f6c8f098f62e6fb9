"""The unverified figures that an answer rests on: how many there are, and which, each with its source."""

from __future__ import annotations

import csv
import io
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimiser.explanation import broken
from optimiser.inputs.tables import unverified_activities
from optimiser.model.rules import RULES
from optimiser.plan import Plan
from optimiser.problem import Figure
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


@dataclass(frozen=True)
class Resting:
    """A figure that an answer rests on: in words, by which names its setting is found, and if it was verified."""

    words: str
    about: About
    verified: bool = False


def how_many(plan: Plan) -> int:
    """Return how many unverified figures an answer rests on: of rules, staff, patients, standards and transfers."""
    return len(figures(plan))


def not_checked(plan: Plan) -> str:
    """Return how many of the figures that an answer rests on nobody checked against a source; nothing if all were."""
    number, every = how_many(plan), len([*_every(plan)])
    has = "has" if is_one(number) else "have"
    return f"Of the {every} figures that go into it {number} {has} no checked source." if number else ""


def checked(plan: Plan, best: Mapping[str, Any] | None = None, *, in_short: bool = False) -> str:
    """Return what was checked of an answer, and what was not; ``best`` as ``checker.examined`` has it."""
    number = how_many(plan)
    arithmetic = "Arithmetic checked: every number of its tables was worked out again, independently, and none differs."
    if in_short:
        arithmetic = "Arithmetic checked: its tables were worked out a second time, and nothing differs."
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
    rests = "figures it rests on" if in_short and not is_one(number) else "of the figures it rests on"
    return f"{arithmetic} {number} {rests} {'is' if is_one(number) else 'are'} unverified."


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
    return [(one.words, one.about) for one in _every(plan) if not one.verified]


def _every(plan: Plan) -> Iterator[Resting]:
    """Yield every figure that an answer rests on but those of tables, of which patients and the border alone count."""
    yield from _of_rules(plan)
    yield from _of_moves(plan)
    yield from _of_patients(plan)
    yield from _of_the_border(plan)
    yield from _of_standards(plan)
    yield from _of_transfers(plan)
    yield from _of_journeys(plan)
    yield from _of_changes(plan)
    yield from _of_added_sites(plan)


def _of_rules(plan: Plan) -> Iterator[Resting]:
    """Yield what rules ask: what is asked at several sites is one figure, verified if it is so at each of them.

    A rule that rests on no figure, such as that everybody reaches a site, has no source and is none.
    """
    found = dict[object, list[dict[Hashable, Any]]]()
    for row in plan.rules.to_dict("records"):
        if row["source"] or not row["verified"]:
            found.setdefault(broken.stated(plan.problem, str(row["instance"])), []).append(row)
    for rows in found.values():
        row = next((one for one in rows if not one["verified"]), rows[0])
        instance = str(row["instance"])
        words = f"{broken.asked(plan.problem, instance)} ({row['source'] or NO_SOURCE})"
        yield Resting(words, setting_of(plan, instance), bool(row["verified"]))


def setting_of(plan: Plan, instance: str) -> About:
    """Return by which names the setting of an instance of a rule is found: its own, and its services and teams."""
    rule, *names = instance.split(".")
    setting = getattr(RULES[rule], "setting", ROTAS)
    return frozenset(
        {setting, *(name for name in names if name in plan.problem.services or name in plan.problem.teams)}
    )


def _of_moves(plan: Plan) -> Iterator[Resting]:
    """Yield whose moves between sites an answer rests on though nobody said how many may move."""
    teams = dict.fromkeys(team for team, _ in moved(plan) if plan.problem.teams[team].moves_at_most is None)
    without_limit = f"may move between sites without limit ({NO_SOURCE})"
    for team in teams:
        words = f"{begun(plan.problem.teams[team].name)} {without_limit}"
        yield Resting(words, frozenset({"moves_at_most", team}))


def _of_patients(plan: Plan) -> Iterator[Resting]:
    """Yield whose patients volumes and minutes rest on: verified where every source of theirs is."""
    problem = plan.problem
    by_activity: dict[str, list[str]] = {}
    for code in problem.services_with_patients:
        by_activity.setdefault(str(problem.services[code].activity), []).append(problem.services[code].name)
    unverified = {*unverified_activities(problem.files, dict.fromkeys(by_activity))}
    for one, names in by_activity.items():
        words = f"Patients of {listed(names)}, by area ({titles_of_demand(problem.files, one) or NO_SOURCE})"
        yield Resting(words, frozenset({"demand_factor", one}), one not in unverified)


def _of_the_border(plan: Plan) -> Iterator[Resting]:
    """Yield who crosses the border as today, which is verified where every source of the columns that say so is."""
    files = plan.problem.files
    sources = [one for column in ("goes_to", "share") for one in sources_of(files, "border", column, "")]
    doubtful = dict.fromkeys(one.get("title") or NO_SOURCE for one in sources if one.get("verified") != "true")
    if plan.problem.border is not None:
        words = f"Who crosses the border, and to which hospital ({listed(doubtful)})"
        yield Resting(words, frozenset({"border"}), not doubtful)


def _of_standards(plan: Plan) -> Iterator[Resting]:
    """Yield the standards by which patients within reach are counted."""
    for code in plan.problem.services_with_patients:
        standard = plan.problem.services[code].standard_minutes
        if standard:
            name, minutes = plan.problem.services[code].name, amount(standard.value, "minutes")
            words = f"{name}: {minutes} count as near enough ({standard.source or NO_SOURCE})"
            yield Resting(words, frozenset({"standard_minutes", code}), standard.verified)


def _of_transfers(plan: Plan) -> Iterator[Resting]:
    for code in plan.problem.reached_by_transfer:
        service = plan.problem.services[code]
        for name, figure in ((name, getattr(service.transfer, name)) for name in FIGURES_OF_TRANSFERS):
            if figure.verified and not figure.source:
                continue  # nobody stated it: all are taken on, say
            said = f"{name.replace('_', ' ')} {figure.value:g} ({figure.source or NO_SOURCE})"
            yield Resting(f"Transfers to {service.name}: {said}", frozenset({name, code}), figure.verified)


def _of_journeys(plan: Plan) -> Iterator[Resting]:
    """Yield how many times as long journeys take, all or those on some roads."""
    problem, on_roads = plan.problem, dict[Figure, list[str]]()
    for stretch, one in problem.longer.slow.items() if problem.longer else ():
        on_roads.setdefault(one, []).append(stretch)
    takes = [(one, "Every journey takes", FACTOR_OF_JOURNEYS) for one in problem.factors.values()]
    takes += [
        (one, f"{listed(some)} {'takes' if len(some) == 1 else 'take'}", frozenset({"slow", *some}))
        for one, some in on_roads.items()
    ]
    for one, words, about in takes:
        yield Resting(f"{words} {one.value:g} times as long ({one.source or NO_SOURCE})", about, one.verified)
    if back := problem.uncalibrated:
        why = back.plus.source or back.times.source or NO_SOURCE
        words = f"Journeys were calibrated as {back.words}, which is taken back ({why})"
        yield Resting(words, FACTOR_OF_JOURNEYS, back.verified)
    sources = [*sources_of(problem.files, "journeys_by_mode", "minutes", "")]
    titles = listed(dict.fromkeys(one.get("title") or NO_SOURCE for one in sources), NO_SOURCE)
    read = bool(sources) and all(one.get("verified") == "true" for one in sources)
    for mode in problem.by_mode:
        yield Resting(f"Journeys {spoken(mode)} ({titles})", frozenset({"travel_by", mode}), read)


def _of_changes(plan: Plan) -> Iterator[Resting]:
    """Yield what the config changed, but for figures that are told above."""
    told = (*FIGURES_OF_RULES, *FIGURES_OF_TRANSFERS)
    for one in plan.problem.changed:
        if one.name.split(".")[0] not in told:
            words = f"{one.words} ({one.source or NO_SOURCE})"
            yield Resting(words, frozenset({"change", one.name}), one.verified)


def _of_added_sites(plan: Plan) -> Iterator[Resting]:
    """Yield the sites that the config adds: what is said of them, and what is estimated."""
    for one in plan.problem.added:
        name, about = plan.problem.sites[one.site].name, frozenset({"sites", one.site})
        stated = f"{name}: its staff and services as stated ({one.source or NO_SOURCE})"
        yield Resting(stated, about, one.verified)
        if one.estimated:
            estimated = f"{begun(estimate_of(one))} {name} {by_what(one)} ({how_far_off(one)})"
            yield Resting(estimated, about | {*one.estimated})
