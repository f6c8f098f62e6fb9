"""Sentences that may be quoted, each made from numbers that stand in a frame and nothing else.

A sentence is a template and the cells that fill it: frame, row, column. So anybody can look every number up again, and
``said_again`` does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from optimiser.model.rules import JUDGED
from optimiser.plan import Plan, measures
from optimiser.plan.affected import THRESHOLDS, Answer, sites_of_both
from optimiser.plan.asked import (
    EXCEPTIONS,
    in_short,
    is_true,
    lacks_who_may_move,
    resident_areas,
    settings_apart,
    who_may_move,
)
from optimiser.problem.words import (
    PATIENTS,
    against,
    amount,
    how_near,
    is_one,
    listed,
    moves,
    one_of,
    percent,
    places_that_agree,
    rule_in_words,
    who_is_counted,
    whole,
    without_sites,
    worked_out,
)

Frames = Mapping[str, pd.DataFrame]

# Kinds of sentences that are said first; the others where everything is asked for.
SAID_FIRST = (
    "rules",
    "short",
    "level",
    "openings",
    "question",
    "areas",
    "demand",
    "average",
    "who",
    "outside",
    "warning",
    "unchanged",
)
# Kinds of sentences about minutes from home to the unit.
OF_MINUTES = ("who", "worst", "warning", "cliff")
WAITS_INCLUDED = "waits included"
# Where some stay where they are seen first, minutes and people are those of whoever is taken on.
OF_MINUTES_ON_THE_WAY = ("who", "worst", "cliff")
OF_THOSE_TAKEN_ON = "by the journeys of the {} of patients who are taken on from where they are seen first"
WHATEVER = "whatever is chosen"
LEAVERS_COUNT = (
    "count in averages, medians, shares of patients and patients beyond a standard, and not in 95th centiles and worst "
    "journeys"
)
# How near average journeys are level where the question does not say.
A_HUNDREDTH = 0.01
NEIGHBOURS_NAMED = 3
NOBODY = (("lives where", "longer"), ("where", "less"))
RULES_NAMED = 3
# Stands behind a rule that an answer breaks.
TODAY_TOO = " (today's sites break this rule, too)"
# Units of which so many in all say how far a rule is from holding.
ADDED_UP = ("WTE", "people", PATIENTS, "beds", "minutes", "sites")
WORTH_SAYING_PATIENTS = 1
# Less shows nowhere; patients that are grown are rounded, and with them what those of an area spend on average.
SHOWN_MINUTES = 0.005
# Fewer of whom nothing changes would be told as none.
WORTH_SAYING_SAME = 0.5
MOVED_ON = ("taken_on", "stay")


@dataclass(frozen=True)
class Cell:
    """Where a number stands: the frame, the row by its keys, and the column."""

    frame: str
    row: tuple[tuple[str, Any], ...]
    column: str

    def value(self, frames: Frames) -> Any:
        """Look the number up."""
        found = frames[self.frame]
        for column, key in self.row:
            found = found[found[column] == key]
        return found[self.column].iloc[0]


@dataclass(frozen=True)
class Sentence:
    """A sentence about one service (none: about all), as a template with the cells that fill it."""

    kind: str
    service: str
    template: str
    cells: tuple[Cell, ...] = ()

    def said(self, frames: Frames) -> str:
        """Fill the template in."""
        return _filled(self.template, [cell.value(frames) for cell in self.cells])


@dataclass(frozen=True)
class Otherwise:
    """What is said of a plan beside the answer to another question, which ``run.json`` holds under ``sentences``.

    ``asked`` is the setting of the config, of every service that has it, that the other question has instead; ``best``
    what is best there, or why that is not known ("no plan", "not known"); ``here`` the plan there. The frames of the
    cells are ``measures`` of the plan, and of ``best`` in the plan's own question (``best_here``) or there
    (``best_there``).
    """

    sentence: Sentence
    asked: Mapping[str, str]
    best: Plan | str
    here: Plan
    frames: Frames = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence.said(self.frames)

    @property
    def record(self) -> dict[str, object]:
        """The sentence with all that it takes to find out whether it is true, as ``run.json`` holds it."""
        cells = self.sentence.cells
        best = None
        if isinstance(self.best, Plan):
            best = {
                "designated": sorted(map(list, self.best.designated)),
                "values": [reached.value for reached in self.best.proof.objectives],
            }
        return {
            "kind": self.sentence.kind,
            "text": str(self),
            "template": self.sentence.template,
            "cells": [
                {"frame": c.frame, "row": dict(c.row), "column": c.column, "value": c.value(self.frames)} for c in cells
            ],
            "asked": dict(self.asked),
            "outcome": self.best.proof.outcome if isinstance(self.best, Plan) else self.best,
            "best": best,
            "this_plan_there": {
                "broken": self.here.broken["instance"].tolist(),
                "values": [reached.value for reached in self.here.proof.objectives],
            },
        }


def mean_minutes_of(plan: Plan) -> pd.DataFrame:
    """Return the mean journeys of residents to each service that somebody needs, as rows of ``measures.csv``."""
    rows = [
        ("mean_minutes", code, "", round(measures.mean_minutes(measures.residents(plan, code)), 9))
        for code in plan.problem.services_with_patients
    ]
    return pd.DataFrame(rows, columns=["measure", "service", "group", "value"]).dropna()


def sentences(base: Answer, other: Answer, frames: Frames, *, name: str, base_name: str) -> pd.DataFrame:
    """Return what may be quoted about an answer against the first: kind, service, sentence, template, cells.

    ``frames`` is what ``affected.between`` returns; ``cells`` lists frame, row and column of every number in order.
    """
    names = dict(zip(base["services"]["service"], base["services"]["name"], strict=True))
    sites = {str(site): str(called) for site, called in sites_of_both(base, other)["name"].items()}
    stated = base["settings"].set_index("setting")["value"].get("a_tie_is_within")
    tie = None if stated is None else float(stated)
    one_question = not in_short(base, other)
    excepted = {"before": but_for(base.get("exceptions")), "after": but_for(other.get("exceptions"))}
    as_today = {"before": _broken_today(base), "after": _broken_today(other)}
    found = [*_rules(frames, {**_teams(other), **names, **sites}, name, base_name, one_question, excepted, as_today)]
    found += _short(frames, _teams(other), name, base_name, one_question)
    found += _level(frames, names, tie) if one_question else []
    found += [*_openings(frames, (base, other), sites, name, base_name)]
    found += _questions(base, other, name, base_name)
    counted = list(frames["averages"]["service"].unique())
    for service in counted:
        if _changes(frames, service):
            called = str(names.get(service, service))
            taken_on, way = (
                _taken_on(base, other, service),
                _by_way_of((base, other), names, service, (base_name, name)),
            )
            said = _about(frames, service, called, (base_name, name), taken_on, way)
            why = _seen_first_elsewhere(frames, (base, other), names, service)
            said = (
                replace(one, template=f"{one.template[:-1]}{why}.") if one.kind == "average" else one for one in said
            )
            found += [_by_itself(one, called, (base, other), (base_name, name)) for one in said]
    same = [str(names.get(service, service)).lower() for service in counted if not _changes(frames, service)]
    of_demand = _demand(frames, names)
    found += [_by_itself(one, str(names[one.service]), (base, other), (base_name, name)) for one in of_demand]
    if same:
        words = f"{name} against {base_name}: journeys to these stay the same: {', '.join(same)}."
        found.append(Sentence("unchanged", "", plain(words)))
    rows = [
        (one.kind, one.service, one.said(frames), one.template, [[c.frame, dict(c.row), c.column] for c in one.cells])
        for one in found
    ]
    return pd.DataFrame(rows, columns=["kind", "service", "sentence", "template", "cells"])


def _by_itself(one: Sentence, service: str, both: Sequence[Answer], names: Sequence[str]) -> Sentence:
    """Return a sentence about a service that says which answers it is of and, of averages, to which question.

    So it stands alone wherever it is quoted.
    """
    of_which = f"{names[1]} against {names[0]}"
    if one.kind == "average":
        asked = [
            f"“{title}”"
            for answer in both[::-1]
            if (title := str(answer["settings"].set_index("setting")["value"].get("title", "")))
        ]
        of_which += f" ({' against '.join(dict.fromkeys(asked))})" if asked else ""
    return replace(one, template=one.template.replace(plain(service), plain(f"{service}, {of_which}"), 1))


def _seen_first_elsewhere(frames: Frames, both: Sequence[Answer], names: Mapping[str, str], service: str) -> str:
    """Return that a service stays where it is and that where its patients are seen first does not; else nothing."""
    moved = set(frames["openings"]["service"])
    firsts = {first for answer in both if (first := _first_contact(answer, service)) in moved}
    if service in moved or not firsts:
        return ""
    where = listed(str(names.get(one, one)).lower() for one in sorted(map(str, firsts)))
    return plain(f"; it stays at the same sites, but not so the {where}, where its patients are seen first")


def _first_contact(answer: Answer, service: str) -> str | None:
    """Return the service at which patients of a service are seen first; None where they go straight to it."""
    stated = answer["settings"].set_index("setting")["value"].get(f"services.{service}.transfer.first_contact")
    return None if stated is None else str(stated)


def _by_way_of(both: Sequence[Answer], names: Mapping[str, str], service: str, called: Sequence[str]) -> str:
    """Return where patients of a service are seen first, under which answers, if they are taken on; else nothing."""
    found: dict[str, list[str]] = {}
    for answer, name in zip(both, called, strict=True):
        first = _first_contact(answer, service)
        if first is not None:
            known = dict(zip(answer["services"]["service"], answer["services"]["name"], strict=True))
            where = str(known.get(first, names.get(first, first))).lower()
            found.setdefault(f"by way of the nearest {where}", []).append(name)
    said = [way if len(under) == len(both) else f"under {listed(under)} {way}" for way, under in found.items()]
    return f", {listed(said)}," if said else ""


def said_again(frames: Frames, template: str, cells: Sequence[Sequence[Any]]) -> str:
    """Fill a template in again from the frames, by the cells that ``sentences`` lists."""
    return _filled(template, [Cell(f, tuple(row.items()), column).value(frames) for f, row, column in cells])


class _Number(float):
    """A number that is told whole as everywhere else, its halves rounded upwards."""

    def __format__(self, how: str) -> str:
        return whole(self) if how == ",.0f" and math.isfinite(self) else super().__format__(how)


def _filled(template: str, values: Sequence[Any]) -> str:
    return template.format(*(_Number(one) if isinstance(one, float) else one for one in values))


def _openings(
    frames: Frames, both: Sequence[Answer], sites: Mapping[str, str], name: str, base_name: str
) -> Iterator[Sentence]:
    what = []
    before, after = (dict(zip(one["services"]["service"], one["services"]["name"], strict=True)) for one in both)
    names = {**after, **before}
    for service, found in frames["openings"].groupby("service", sort=False):
        at = {way: [sites[site] for site in rows["site"]] for way, rows in found.groupby("change")}
        same = found["today"].nunique() == 1 and str(found["today"].iloc[0]) != "true"
        if same and len(at.get("opens", ())) == len(at.get("closes", ())):
            what.append(f"{names[str(service)]} {moves(at['closes'], at['opens'])}")
            continue
        for (change, today), rows in found.groupby(["change", "today"], sort=False):
            there, some = {"true": True, "false": False}.get(str(today)), [sites[site] for site in rows["site"]]
            closes, where_it_closes = (base_name, both[0]) if change == "opens" else (name, both[1])
            kept = _kept_beside(where_it_closes, str(service), rows["site"]) if there else []
            beside = f" ({closes} keeps {listed(names[one].lower() for one in kept)} there)" if kept else ""
            what.append(f"{names[str(service)]} {against(base_name, change == 'opens', there, some)}{beside}")
    shared, one_alone = len(before.keys() & after.keys()), before.keys() != after.keys()
    of_both = f"the {amount(shared, 'services')} that both have {'is' if shared == 1 else 'are each'} at the same sites"
    what = what or [of_both if one_alone else "the same sites provide the same services"]
    for placing, known, other in ((name, after, before), (base_name, before, after)):
        more = len(known.keys() - other.keys())
        what += [f"{placing} has {amount(more, 'services', 'more ')}"] if more else []
    words = "; ".join(what)
    yield Sentence("openings", "", plain(f"{name} against {base_name}: {words}."))


def _kept_beside(answer: Answer, service: str, sites: Collection[str]) -> list[str]:
    """Return the other services of the same patients that an answer has at all of some sites where one closes."""
    settings, rows = answer["settings"].set_index("setting")["value"], answer["designations"]
    counted = {str(code): settings.get(f"services.{code}.activity") for code in answer["services"]["service"]}
    there = rows[is_true(rows["designated"])]
    return [
        code
        for code, activity in counted.items()
        if code != service
        and activity is not None
        and activity == counted.get(service)
        and {*sites} <= {*there["site"][there["service"] == code]}
    ]


def _teams(answer: Answer) -> dict[str, str]:
    """Return what teams are called, by code, as far as the settings of an answer say so."""
    said = answer["settings"].set_index("setting")["value"].items()
    parts = [(str(setting).split("."), str(value)) for setting, value in said]
    return {path[1]: value for path, value in parts if len(path) == 3 and path[0] == "teams" and path[2] == "name"}


def but_for(exceptions: pd.DataFrame | None) -> str:
    """Return that an answer with such exceptions breaks no rule only because of them; nothing where that is not so."""
    rests = exceptions is not None and len(exceptions) and is_true(exceptions["would_have_broken"]).any()
    return " but for exceptions granted in its file" if rests else ""


def _rules(
    frames: Frames,
    known: Mapping[str, str],
    name: str,
    base_name: str,
    one_question: bool,
    excepted: Mapping[str, str],
    as_today: Mapping[str, Collection[str]],
) -> Iterator[Sentence]:
    """Say of each answer that breaks rules which, where and by how much; of the other, if so, that it breaks none.

    Of a rule that today's sites break (``as_today``) that is said, too. Where neither breaks any, that is said of both.
    """
    found, whose = frames["broken"], "this" if one_question else "its"
    if found.empty:
        none = f"{name} breaks no rule of {whose} question{excepted['after']}, nor does {base_name}{excepted['before']}"
        yield Sentence("rules", "", plain(f"{none}."))
    sides = (("after", name, "before", base_name), ("before", base_name, "after", name))
    for ending, called, other_ending, other in sides:
        rows = found[found[f"places_{ending}"] > 0]
        if rows.empty:
            continue
        cells: list[Cell] = []
        said = [
            _breach(frames, row, ending, known, cells) + TODAY_TOO * (row["rule"] in as_today[ending])
            for row in rows.head(RULES_NAMED).to_dict("records")
        ]
        said += ["more rules, which the table names"] if len(rows) > RULES_NAMED else []
        none = "" if found[f"places_{other_ending}"].any() else plain(f"; {other} breaks none{excepted[other_ending]}")
        words = f"{plain(called)} is not permitted by {whose} question's rules: {'; '.join(said)}{none}"
        yield Sentence("rules", "", f"{words}.", tuple(cells))


def _broken_today(answer: Answer) -> set[str]:
    """Return the rules, without sites, that today's sites break in an answer's question, as far as its tables say."""
    if (found := answer.get("broken_today")) is None:
        return set()
    return {without_sites(str(one), answer["sites"]["site"]) for one in found["instance"]}


def _short(
    frames: Frames, teams: Mapping[str, str], name: str, base_name: str, one_question: bool
) -> Iterator[Sentence]:
    """Say of each answer that is short of staff, where its question allows that, of how many and of whom."""
    whose = "this" if one_question else "its"
    for ending, called in (("after", name), ("before", base_name)):
        found, cells = [], list[Cell]()
        for row in frames["short"].to_dict("records"):
            if (many := row[f"short_{ending}"]) > 0:
                cells.append(Cell("short", (("team", row["team"]), ("unit", row["unit"])), f"short_{ending}"))
                of = "WTE " if row["unit"] == "WTE" else "of the " if is_one(many) else ""
                team = plain(teams.get(row["team"], row["team"].replace("_", " ")))
                found.append(f"{{{len(cells) - 1}:,.6g}} {of}{team}")
        if found:
            words = f"{plain(called)} is short of {listed(found)}, which {whose} question allows"
            yield Sentence("short", "", f"{words}.", tuple(cells))


def _breach(frames: Frames, row: Mapping[Any, Any], ending: str, known: Mapping[str, str], cells: list[Cell]) -> str:
    """Return a rule that is broken with the numbers of how much and where, whose cells are added to the others."""
    rule, unit, short = str(row["rule"]), str(row["unit"]), float(row[f"short_{ending}"])
    kind, *names = rule.split(".")
    where = (("rule", rule), ("unit", unit))
    much, at, of_many = math.isfinite(short) and unit in ADDED_UP, "", one_of(unit) if is_one(short) else unit
    number = f"{{{len(cells)}:,{'.0f' if unit == PATIENTS and short >= 1 else '.6g'}}}"
    cells += [Cell("broken", where, f"short_{ending}")] if much else []
    # Those of a team may move between sites, so that where they are lacking says nothing.
    if row["of_sites"] and not (kind == "rota_is_filled" and much):
        at = f", at {{{len(cells)}:,.0f}} {one_of('sites') if is_one(row[f'places_{ending}']) else 'sites'}"
        cells.append(Cell("broken", where, f"places_{ending}"))
    if kind == "rota_is_filled" and much:
        team = plain(known.get(names[-2], names[-2].replace("_", " ")))
        services = listed(known.get(one, one) for one in names[:-2])
        are, in_all = "is" if len(names) == 3 else "are", " in all" * (row[f"places_{ending}"] > 1)
        return f"{plain(services)} {are} short of {team}, by {number} {of_many}{in_all}"
    if (known_rule := JUDGED.get(kind)) and known_rule.against_it:
        sides = [Cell("broken", where, f"{side}_{ending}") for side in ("left", "right")]
        cells[-1:] = sides
        left, right = (f"{{{len(cells) - 2 + side}:,.0f}}" for side in (0, 1))
        here, asked = (is_one(float(side.value(frames))) for side in sides)
        allowed = known_rule.against_it.format(right, are="is" if asked else "are")
        service = plain(known.get(names[0], names[0].replace("_", " ")))
        return f"{service} is on {left} {one_of('sites') if here else 'sites'}, and {allowed}"
    by = f", by {number} {of_many}" if much else ""
    return f"it breaks the rule that {plain(rule_in_words(rule, known))}{at}{by}"


def _level(frames: Frames, names: Mapping[str, str], tie: float | None) -> Iterator[Sentence]:
    """Say of each service that is elsewhere in which average journeys are too near one another to matter."""
    means = frames["averages"][frames["averages"]["group"] == ""]
    for row in means[means["service"].isin(frames["openings"]["service"])].to_dict("records"):
        within = row["mean_before"] * A_HUNDREDTH if tie is None else tie
        if abs(row["change"]) <= within:
            where = (("service", row["service"]), ("group", ""))
            cells = tuple(Cell("averages", where, column) for column in ("mean_before", "mean_after"))
            words = "the two are level, {0:.2f} and {1:.2f} minutes on average"
            away, service = plain(how_near(abs(row["change"]), within)), str(row["service"])
            yield Sentence("level", service, f"{plain(names[service])}: {words}, {away}.", cells)


def _questions(base: Answer, other: Answer, name: str, base_name: str) -> Iterator[Sentence]:
    """Say where the two answer different questions: neither is then better than the other."""
    differ = in_short(base, other, (base_name, name))
    if differ and [*settings_apart(base, other)] == [EXCEPTIONS]:
        words = f"they answer one question but for {differ}, so neither is ranked above the other"
        yield Sentence("question", "", plain(f"{name} and {base_name}: {words}."))
    elif differ:
        words = f"these answer different questions, so neither is ranked above the other. They differ in: {differ}"
        yield Sentence("question", "", plain(f"{name} and {base_name}: {words}."))
    if apart := len(resident_areas(base) ^ resident_areas(other)):
        yield Sentence("areas", "", f"{apart:,} areas are residents in one of the two only, and are not counted here.")


def _demand(frames: Frames, names: Mapping[str, str]) -> Iterator[Sentence]:
    """Say where the two count other numbers of patients: what a site sees then changes for that reason, too."""
    for row in frames["demand"].to_dict("records"):
        if round(row["patients_before"]) != round(row["patients_after"]):
            where = (("service", row["service"]),)
            cells = tuple(Cell("demand", where, column) for column in ("patients_before", "patients_after"))
            averages = "an average that is said to change is over the patients of the first"
            words = f"{{1:,.0f}} patients a year are counted, where the first counts {{0:,.0f}}; {averages}"
            name = str(names.get(str(row["service"]), row["service"]))
            yield Sentence("demand", str(row["service"]), f"{plain(name)}: {words}.", cells)


def _changes(frames: Frames, service: str) -> bool:
    moved = frames["areas"]
    changed = moved[["change", "spent_change"]][moved["service"] == service]
    return bool((changed.abs() >= SHOWN_MINUTES).any(axis=None))


def _of_all(frames: Frames, service: str) -> pd.Series[Any]:
    """Return the averages of all of a service's patients."""
    rows = frames["averages"]
    return rows[(rows["service"] == service) & (rows["group"] == "")].iloc[0]


def _when_they_leave(frames: Frames, service: str, both: Sequence[str]) -> str:
    """Return when patients leave for a neighbour: whatever is chosen, or under which of two answers, if some do."""
    row = _of_all(frames, service)
    if not row["leave"] > 0:
        return ""
    before, after, either = (round(row[one]) for one in ("leave_before", "leave_after", "number"))
    if before == after == either - round(row["here"]):
        return WHATEVER
    some = [one for one, many in zip(both, (before, after), strict=True) if many]
    return plain(f"under {' or '.join(some)}")


def _taken_on(base: Answer, other: Answer, service: str) -> str:
    """Return which share of a service's patients are taken on from where they are seen first, if not all are."""
    shares = set[float]()
    for answer in (base, other):
        share = answer["settings"].set_index("setting")["value"].get(f"services.{service}.transfer.share_transferred")
        shares |= set() if share is None else {float(share)}
    return listed(percent(one) for one in sorted(shares)) if any(one < 1 for one in shares) else ""


def of_whom(answers: Mapping[str, Answer]) -> list[str]:
    """Return whose some measures are, in sentences, where they are not everybody's."""
    found, every = [], list(answers.values())
    if any("how" in one["journeys"] for one in every):
        words = "95th centiles and worst journeys leave those out who leave for a neighbour whatever is chosen"
        found.append(f"{words}.")
        if any("how" not in one["journeys"] for one in every):
            whose = "Not every answer has the border as it is today: with another one nobody leaves whatever is chosen"
            found.append(f"{whose}, so these are not of the same patients.")
        if all("population" in one["areas"] for one in every):
            every_one = all("how" in one["journeys"] for one in every)
            when = "" if every_one else " where the border is as it is today"
            found.append(f"People all count where they live, by the journeys of those who do not leave{when}.")
    services = pd.concat([one["services"] for one in every]).drop_duplicates("service")
    names = dict(zip(services["service"].astype(str), services["name"], strict=True))
    found += [who_is_counted(kinds)] if (kinds := [str(one) for one in services["counted"] if one]) else []
    unknown = pd.concat([one["services"] for one in every]).groupby("service", sort=False)["worked_out"].any()
    found += [worked_out(names[str(code)] for code in unknown.index[unknown])] if unknown.any() else []
    if shared := sorted({code for one in every for code in _shared_out(one["journeys"])}):
        people = "people who live where it takes more or less are counted by area, by the mean minutes of its patients"
        patients = (
            "patients by their own: as many as can stay where they were, and of the others the nearest go nearest"
        )
        found.append(f"{listed(names[code] for code in shared)}: {people}; {patients}.")
    for code, share in as_if_taken_on(answers).items():
        words = f"count all as if taken on, which {share} of those seen first elsewhere are"
        stay = "the others stay there, and are in no row of patients at a hospital"
        found.append(f"{names[code]}: median, 95th centile, worst and people beyond {words}; {stay}.")
    if any(not is_true(one["areas"]["resident"]).all() for one in every):
        known = all("population" in one["areas"] for one in every)
        what = "Minutes, shares and people" if known else "Minutes and shares"
        found.append(f"{what} are those of residents; patients at a hospital are all who go there.")
    if any(_lack_staff_who_may_move(one) for one in every):
        found.append("Staff who may move are counted as one shortage for all sites.")
    return found


def _lack_staff_who_may_move(answer: Answer) -> bool:
    broken, moving = answer["rules"][~is_true(answer["rules"]["pass"])], who_may_move(answer)
    return any(lacks_who_may_move(instance, moving) for instance in map(str, broken["instance"]))


def _shared_out(journeys: pd.DataFrame) -> set[str]:
    """Return the services of which some area's patients go to more than one site by what is designated."""
    key = ["service", "area", *(["how"] if "how" in journeys else [])]
    stay = measures.who_stay(journeys)
    return set(map(str, stay.loc[stay.duplicated(key), "service"]))


def as_if_taken_on(answers: Mapping[str, Answer]) -> dict[str, str]:
    """Return the services of which some patients are taken on and others stay, by code, with the share who are."""
    every, moved = list(answers.values()), set[str]()
    for one in every:
        rows = one["measures"]
        moved |= set(rows.loc[(rows["measure"] == "transfers_per_day") & (rows["value"].astype(float) > 0), "service"])
    shares = {code: _taken_on(every[0], every[-1], code) for code in sorted(map(str, moved))}
    return {code: share for code, share in shares.items() if share}


def _about(frames: Frames, service: str, name: str, both: Sequence[str], taken_on: str, way: str) -> Iterator[Sentence]:
    waits = _waits(frames, service)
    for one in _each_about(frames, service, name, both, way):
        ends = [WAITS_INCLUDED] if one.kind in OF_MINUTES and waits else []
        ends += [OF_THOSE_TAKEN_ON.format(taken_on)] if one.kind in OF_MINUTES_ON_THE_WAY and waits and taken_on else []
        yield replace(one, template=f"{', '.join([one.template.removesuffix('.'), *ends])}.")


def _waits(frames: Frames, service: str) -> bool:
    """Whether the minutes of a service hold what somebody waits to be taken on."""
    row = _of_all(frames, service)
    return any(row[f"road_{when}"] != row[f"mean_{when}"] for when in ("before", "after"))


def _each_about(frames: Frames, service: str, name: str, both: Sequence[str], way: str) -> Iterator[Sentence]:
    yield from _means(frames, service, name, both, way)
    yield from _outside(frames, service, name)
    yield from _longer(frames, service, name, both)
    yield from _worst(frames, service, name)
    yield from _neighbours(frames, service, name, both[0])
    yield from _warnings(frames, service, name)
    yield from _cliffs(frames, service, name)


def _means(frames: Frames, service: str, name: str, both: Sequence[str], way: str) -> Iterator[Sentence]:
    """Say how mean journeys change, for how many, and how many of them stay where they are seen first."""

    def cell(column: str) -> Cell:
        return Cell("averages", (("service", service), ("group", "")), column)

    cells: list[Cell] = []

    def number(found: Cell, form: str) -> str:
        cells.append(found)
        return f"{{{len(cells) - 1}:{form}}}"

    of_it = frames["taken_on"][frames["taken_on"]["service"] == service]
    stay = bool((of_it[["stay_before", "stay_after"]] > 0).any(axis=None))
    before, after = (float(cell(column).value(frames)) for column in ("mean_before", "mean_after"))
    exact = f".{places_that_agree(before, after)}f"
    what = (
        "journey" if not _waits(frames, service) else f"time from home to {'where they stay' if stay else 'the unit'}"
    )
    by_way = plain(way) if _waits(frames, service) else ""
    all_of = f"the average {what}{by_way} of residents' {number(cell('number'), ',.0f')} {_counted(frames, service)}"
    means = [number(cell("mean_before"), exact), number(cell("mean_after"), exact)]
    words = [f"{all_of} goes from {means[0]} to {means[1]} minutes ({number(cell('change'), f'+{exact}')})"]
    words += [
        part for one in zip(both, ("before", "after"), strict=True) for part in _moved_on(frames, service, *one, number)
    ]
    whose = "of all" if stay else "of them"
    if when := _when_they_leave(frames, service, both):
        leave = number(cell("leave"), ",.0f")
        of = "" if when == WHATEVER else when.replace("under", " of", 1)
        told = "" if when == WHATEVER else ", and whether they need more or less there is not said"
        words.append(f"the {leave} who leave for a neighbour {when} {LEAVERS_COUNT}{of}{told}")
        whose = f"of the other {number(cell('here'), ',.0f')}"
    ways = []
    for way, more, sign in (("longer", "more", 1), ("shorter", "less", -1)):
        if cell(way).value(frames) > 0:
            many, by = number(cell(way), ",.0f"), number(cell(f"{way}_by"), ".2f")
            staying = ", all of whom stay where they are seen first" * (stay and not _moves(frames, service, sign))
            ways.append(f"{many} need {more}, by {by} minutes on average{staying}")
        else:
            ways.append(f"nobody needs {more}")
    moves_some = any(cell(way).value(frames) > 0 for way in ("longer", "shorter"))
    if moves_some and cell("same").value(frames) >= WORTH_SAYING_SAME:
        ways.append(f"{number(cell('same'), ',.0f')} need as long as before")
    words.append(f"{whose}, {', '.join(ways[:-1])}, and {ways[-1]}")
    if _waits(frames, service):
        road = [number(cell("road_before"), ".2f"), number(cell("road_after"), ".2f")]
        on_road = f"on the road alone it takes {road[0]} and then {road[1]} minutes on average"
        words.append(f"{on_road}, and the rest is waits that are assumed")
    if all(math.isfinite(one.value(frames)) for one in cells):
        yield Sentence("average", service, f"{plain(name)}: {'; '.join(words)}.", tuple(cells))


def _counted(frames: Frames, service: str) -> str:
    """Return what the patients of a service are counted as, a year, and that nobody counted them by area, if so."""
    row = frames["demand"].set_index("service").loc[service]
    by_area = " (by area worked out or assumed, not counted)" if row["worked_out"] else ""
    return f"{plain(row['counted'])} a year{by_area}"


def _moves(frames: Frames, service: str, sign: int) -> bool:
    """Whether some of those who are taken on, or seen first at the unit, need more minutes, or fewer if so signed.

    Where the two answers take other shares on, they are not told apart from those who stay.
    """
    moved = frames["areas"][frames["areas"]["service"] == service]
    return bool(((sign * moved["change"] > 0) | (moved["taken_on"] == 1)).any())


def _moved_on(
    frames: Frames, service: str, name: str, ending: str, number: Callable[[Cell, str], str]
) -> Iterator[str]:
    """Say how many are taken on from where they are seen first under an answer, where others stay there."""
    found = frames["taken_on"]
    row = found[found["service"] == service]
    if (row[f"stay_{ending}"] > 0).any():
        many, stay = (number(Cell("taken_on", (("service", service),), f"{w}_{ending}"), ",.0f") for w in MOVED_ON)
        yield f"under {plain(name)}, {many} are taken on from where they are seen first, and {stay} stay there"


def _outside(frames: Frames, service: str, name: str) -> Iterator[Sentence]:
    found = frames["outside"][frames["outside"]["service"] == service]
    # What is the same to a hundredth is not said.
    if (found["share_before"].round(2) != found["share_after"].round(2)).any():
        cells = tuple(Cell("outside", (("service", service),), f"share_{when}") for when in ("before", "after"))
        words = "{1:.0%} of residents' patients are treated outside the system, where it was {0:.0%}"
        yield Sentence("outside", service, f"{plain(name)}: {words}.", cells)


def _who(frames: Frames) -> str:
    """Return who is counted where journeys change: people or, where nobody knows how many live there, patients."""
    return "people" if frames["areas"]["people"].notna().all() else "patients"


def _longer(frames: Frames, service: str, name: str, both: Sequence[str]) -> Iterator[Sentence]:
    who, when = _who(frames), _when_they_leave(frames, service, both)
    # All people count where they live, by the journeys of those who do not leave.
    name = name if when in ("", WHATEVER) else f"{name}, by the journeys of those who do not leave {when}"
    in_words = "residents" if who == "people" else "patients a year"

    def cells(minutes: int) -> tuple[Cell, ...]:
        row = (("service", service), ("group", ""), ("by_more_than_minutes", minutes))
        return tuple(Cell("gains_and_losses", row, f"{who}_{way}") for way in ("longer", "shorter"))

    one, some, many = THRESHOLDS
    each = (*cells(one), *cells(some), *cells(many))
    everybody = " of {6:,.0f}"
    if who == "people":
        row = (("service", service), ("group", ""), ("by_more_than_minutes", one))
        each = (*each, Cell("gains_and_losses", row, "people"))
    else:
        each = (*each, Cell("averages", (("service", service), ("group", "")), "here"))
    longer, shorter = (f"nobody {where} it takes more than a minute {way}" for where, way in NOBODY)
    if each[0].value(frames):
        beyond = f"{{2:,.0f}} more than {some}, {{4:,.0f}} more than {many}"
        longer = f"{{0:,.0f}}{everybody} {in_words} live where it takes more than a minute longer ({beyond})"
    if each[1].value(frames):
        beyond = f"{{3:,.0f}} more than {some}, {{5:,.0f}} more than {many}"
        of_all = "" if each[0].value(frames) else f"{everybody} {in_words}"
        shorter = f"{{1:,.0f}}{of_all} where it takes more than a minute less ({beyond})"
    yield Sentence("who", service, f"{plain(name)}: {longer}, and {shorter}.", each)


def _worst(frames: Frames, service: str, name: str) -> Iterator[Sentence]:
    worst = frames["worst_areas"]
    if (worst["service"] == service).any():
        row = (("service", service), ("rank", 1))
        columns = ("name", "minutes_before", "minutes_after", "change")
        cells = tuple(Cell("worst_areas", row, column) for column in columns)
        before, after = (float(one.value(frames)) for one in cells[1:3])
        exact = f".{places_that_agree(before, after, least=1)}f"
        grows = f"from {{1:{exact}}} to {{2:{exact}}} minutes ({{3:+{exact}}})"
        words = f"nobody's journey grows by more than that of {{0}}: {grows}"
        as_long = Cell("worst_areas", row, "as_long")
        if as_long.value(frames) > 1:
            cells = (*cells, as_long)
            words = f"no journey grows by more than those of {{4:,.0f}} areas, such as {{0}}: {grows}"
        yield Sentence("worst", service, f"{plain(name)}: {words}.", cells)


def _neighbours(frames: Frames, service: str, name: str, base_name: str) -> Iterator[Sentence]:
    """Say of neighbours that treat more or fewer of the residents' patients: nobody else is counted on both sides."""
    found = frames["volumes"]
    here = found[(found["service"] == service) & found["neighbour"].astype(bool)]
    change = (here["residents_after"] - here["residents_before"]).abs()
    by_size = here.reindex(change.sort_values(ascending=False, kind="stable").index)
    for site in by_size[change.reindex(by_size.index) >= WORTH_SAYING_PATIENTS]["site"].head(NEIGHBOURS_NAMED):
        row = (("service", service), ("site", site))
        cells = tuple(Cell("volumes", row, column) for column in ("name", "residents_before", "residents_after"))
        words = f"of residents' patients, {{2:,.0f}} a year go to {{0}}, where {{1:,.0f}} do under {plain(base_name)}"
        if round(cells[2].value(frames)) == 0:
            cells, words = (
                cells[:2],
                f"no residents' patients go to {{0}}, where {{1:,.0f}} a year do under {plain(base_name)}",
            )
        yield Sentence("neighbour", service, f"{plain(name)}: {words}.", cells)


def _warnings(frames: Frames, service: str, name: str) -> Iterator[Sentence]:
    found = frames["warnings"]
    for group in found["group"][found["service"] == service]:
        row = (("service", service), ("group", group))
        cells = tuple(Cell("warnings", row, column) for column in ("change_of_all", "change"))
        words = f"in {plain(group)} it changes by {{1:+.2f}} minutes, where the average of all changes by {{0:+.2f}}"
        yield Sentence("warning", service, f"{plain(name)}: {words}.", cells)


def _cliffs(frames: Frames, service: str, name: str) -> Iterator[Sentence]:
    found, who = frames["cliffs"], _who(frames)
    in_words = "people" if who == "people" else "patients a year"
    for minutes in found[(found["service"] == service) & found["is_its_standard"]]["minutes"]:
        row = (("service", service), ("minutes", minutes))
        columns = ("minutes", f"{who}_just_inside", f"{who}_just_beyond")
        cells = tuple(Cell("cliffs", row, column) for column in columns)
        words = f"{{1:,.0f}} {in_words} would live up to a minute inside the standard of {{0:g}} minutes, "
        words += "{2:,.0f} up to a minute beyond"
        yield Sentence("cliff", service, f"{plain(name)}: {words}.", cells)


def plain(words: object) -> str:
    """Return words that stand for themselves in a template."""
    return str(words).replace("{", "{{").replace("}", "}}")
