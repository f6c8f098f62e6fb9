"""What a config changes of its settings and tables, worked out from the words alone, and what run.json says of it.

Whatever order changes are stated in, they are made in this one, each on top of those before: every journey; those of a
corridor; those from an area, a district or everywhere to one site, by name; years of growth; patients of an activity;
people of an age; the border; staff in all; staff at a site; the figures of services; and the transfers to all of them
together.

``x1.2`` is so many times as much as before, ``+15`` and ``-2`` so much more and less, a number is what it becomes; each
is rounded to six decimals, halves to the even one. So is what is changed, patients and posts; and journeys to the
decimals that are kept. Of all journeys, patients and people a change says how many times as many there are; of those to
one site, how many minutes more they take, which may count at one time of day only.

Staff in all are shared between the sites as they were, in whole people or millionths of a post, by largest remainder;
the first wins where they are equal. The travel of one team between its sites stays what it takes by the tables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from optimiser.checker.config import AGES, ConfigReader
from optimiser.checker.question import NONE, Change, Figure, Growth, Question, Service
from optimiser.checker.reading import Breach, brief, nearly, number, rounded_ratio
from optimiser.checker.run import ACROSS_SITES, MICRO, Inputs, Run

CHECK = "changes_are_those_of_the_config"
ONCE = Fraction(1)
LIMITS = ("minimum_patients", "maximum_patients")
LEGS = ("dwell_minutes", "overhead_minutes", "share_transferred")
OF_A_CORRIDOR = "journey_factor."
ONE_WAY = re.compile(r"journeys\.([^.]+)\.from_(?:(area|district)\.(.+)|everywhere(\.at\..+)?)")
# How many times as many patients an area has, where there are so many times as many people of each age.
Minutes = dict[tuple[str, str], int]
TimesAsMany = Callable[[str, str, Growth], Fraction]


class Changes:
    """What a config changes, and what of it was made so far: by name, what it was and what it became."""

    def __init__(self, config: ConfigReader, stated: Mapping[str, Change]) -> None:
        self.config, self.stated = config, stated
        self.made: dict[str, tuple[Fraction, Fraction]] = {}

    def of(
        self, name: str, was: Fraction, most: int | None = None, *, whole: bool = False, least: Fraction = NONE
    ) -> Fraction | None:
        """Return what something becomes; nothing where the config does not change it."""
        if name not in self.stated:
            return None
        found = self.worked_out(name, was)
        beyond = found < least or (most is not None and found > most) or (whole and found.denominator > 1)
        self.config.wrong_if(beyond, f"change.{name}", self.stated[name].value, "is out of its range")
        self.made[name] = was, found
        return found

    def times(self, name: str) -> Fraction:
        """Return what something is multiplied by."""
        found = self.of(name, ONCE)
        self.config.wrong_if(found == 0, f"change.{name}", self.stated.get(name), "should be above zero")
        return ONCE if found is None else found

    def worked_out(self, name: str, was: Fraction) -> Fraction:
        """Return the value that is meant."""
        said = self.stated[name].value
        try:
            if said[:1] not in ("x", "+", "-"):
                return number(said)
            by = number(said[1:])
        except ValueError:
            self.config.note(f"change.{name}", said, "is neither a number nor such as x1.2, +15 or -2")
            return was
        found = {"x": was * by, "+": was + by, "-": was - by}[said[0]]
        return Fraction(rounded_ratio(found.numerator * MICRO, found.denominator), MICRO)

    def figure(self, name: str, before: Figure | None, most: int | None = None) -> Figure | None:
        """Return a figure as it is changed, with where the change comes from; as it was where it is not."""
        found = None if before is None or before.value is None else self.of(name, before.value, most)
        said = self.stated.get(name)
        return before if found is None or said is None else Figure(found, said.source or said.reason, said.verified)

    def finished(self) -> None:
        """Note what the question has nothing of."""
        for name in self.stated:
            if name not in self.made:
                self.config.note(f"change.{name}", self.stated[name].value, "names nothing that this question has")


def question_as_changed(question: Question, changes: Changes) -> Question:
    """Return the question with other figures of its services, years of growth and share who are pulled."""
    growth = question.growth
    years = changes.of("growth_years", Fraction(growth.years), 100, whole=True) if growth else None
    pull = changes.of("border_pull", question.pull, 1) if question.as_today else None
    return replace(
        question,
        growth=growth if growth is None or years is None else growth._replace(years=int(years)),
        pull=question.pull if pull is None else pull,
        transfers_in_all=changes.figure("most_transfers_a_year", question.transfers_in_all),
        services={code: _service(code, service, changes) for code, service in question.services.items()},
    )


def _service(code: str, service: Service, changes: Changes) -> Service:
    figures, leg, beds = dict(service.figures), service.transfer, service.beds
    for name in LIMITS:
        if service.figure(name) and (figure := changes.figure(f"{name}.{code}", figures[name])):
            figures[name] = figure
    if leg and service.activity is not None:
        legs = {n: changes.figure(f"{n}.{code}", leg.figures[n], 1 if n == LEGS[-1] else None) for n in LEGS}
        leg = leg._replace(figures={**leg.figures, **{n: figure for n, figure in legs.items() if figure}})
    if beds and (days := changes.of(f"stay_days.{code}", beds.days)) is not None:
        changes.config.wrong_if(days == 0, f"change.stay_days.{code}", "0", "should be above zero")
        beds = beds._replace(days=days)
    return replace(service, figures=figures, transfer=leg, beds=beds)


def inputs_as_changed(
    question: Question, inputs: Inputs, corridors: Mapping[str, str], as_many: TimesAsMany, changes: Changes
) -> Inputs:
    """Return the tables with other journeys, patients and staff, and by name what each change was and became."""
    minutes, by_mode, road = _journeys(question, inputs, corridors, changes)
    inputs = _patients(question, inputs, as_many, changes)
    in_post = _staff(question, inputs, changes)
    changes.finished()
    found = inputs._replace(minutes=minutes, by_mode=by_mode, road=road, road_of_teams=inputs.road)
    return found._replace(in_post=in_post, changed=changes.made)


def _journeys(
    question: Question, inputs: Inputs, corridors: Mapping[str, str], changes: Changes
) -> tuple[Minutes, dict[str, Minutes], Minutes]:
    """Return other journeys, those by each mode, and ways between sites; what is changed of the first is of all."""
    minutes, road = dict(inputs.minutes), dict(inputs.road)
    by_mode = {mode: dict(table) for mode, table in inputs.by_mode.items()}

    def stretched(table: Mapping[tuple[str, str], int], by: Fraction) -> dict[tuple[str, str], int]:
        parts = 10**question.minute_places
        top, bottom, each = by.numerator * parts, by.denominator * MICRO, MICRO // parts
        return {pair: rounded_ratio(micro * top, bottom) * each for pair, micro in table.items()}

    everywhere = changes.times("journey_factor")
    if everywhere != 1:
        minutes, road = stretched(minutes, everywhere), stretched(road, everywhere)
        by_mode = {mode: stretched(table, everywhere) for mode, table in by_mode.items()}
    every = [minutes, *by_mode.values()]
    for corridor in sorted({corridors.get(area, "") for area in inputs.areas} - {""}):
        by = changes.times(f"{OF_A_CORRIDOR}{corridor}")
        for table in every if by != 1 else ():
            table |= stretched({pair: n for pair, n in table.items() if corridors.get(pair[0]) == corridor}, by)
    for name in sorted(changes.stated):
        _one_way(name, question, inputs, every, changes)
    return minutes, by_mode, road


def _one_way(name: str, question: Question, inputs: Inputs, tables: Sequence[Minutes], changes: Changes) -> None:
    """Make journeys from an area, a district or everywhere to one site take longer, if a change is about that."""
    found = ONE_WAY.fullmatch(name)
    if found is None:
        return
    site, by, named, at = found.groups()
    where = named or at or ""
    time = next((one for one in question.times if where.endswith(f".at.{one}")), None)
    where = where if time is None else where[: -len(f".at.{time}")]
    called = {code: {"area": code, "district": area.district, None: ""}[by] for code, area in inputs.areas.items()}
    areas = {code for code, name in called.items() if name == where}
    pairs = [(table, pair) for table in tables for pair in table if pair[0] in areas and pair[1] == site]
    if not pairs:
        return
    least = min(table[pair] for table, pair in pairs)
    more = changes.of(name, Fraction(0), least=-Fraction(least, MICRO)) or Fraction(0)
    changes.config.wrong_if(
        changes.stated[name].value[:1] not in ("+", "-"), f"change.{name}", "", "should be a number with its sign"
    )
    each = 10 ** (6 - question.minute_places)
    for table, pair in pairs if time is None or question.times[time] else ():
        table[pair] = max(rounded_ratio(table[pair] + int(more * MICRO), each) * each, 0)


def _patients(question: Question, inputs: Inputs, as_many: TimesAsMany, changes: Changes) -> Inputs:
    counted = {service.activity for service in question.services.values() if service.activity}
    scale = math.lcm(inputs.patients_scale, MICRO)
    finer = {
        name: {key: now * (scale // inputs.patients_scale) for key, now in getattr(inputs, name).items()}
        for name in ("patients", "patients_before")
    }
    patients, each = finer["patients"], scale // MICRO

    def times(now: int, by: Fraction) -> int:
        return rounded_ratio(now * by.numerator * MICRO, by.denominator * scale) * each

    known = len(changes.made)
    for activity in sorted(counted):
        by = changes.times(f"demand_factor.{activity}")
        patients |= {key: times(now, by) for key, now in patients.items() if key[1] == activity and by != 1}
    for age in AGES:
        name = f"people_factor.{age}"
        if name in changes.stated:
            factors = {one: changes.times(name) if one == age else ONCE for one in (*AGES[:2], age)}
            growth = Growth(1, {one: by - 1 for one, by in factors.items()}, {})
            patients = {
                (area, activity): times(now, as_many(area, activity, growth)) if area in inputs.areas else now
                for (area, activity), now in patients.items()
            }
    if len(changes.made) == known:
        return inputs
    before = finer["patients_before"] if question.growth else patients
    return inputs._replace(patients=patients, patients_before=before, patients_scale=scale)


def _staff(question: Question, inputs: Inputs, changes: Changes) -> dict[tuple[str, str, str], Fraction]:
    in_post = dict(inputs.in_post)
    candidates = sorted(site for site, role in inputs.roles.items() if role == "candidate")
    for team, unit in question.rota_units():
        name, across = f"staff.{team}.{unit}", question.teams[team].across
        whole, stated = unit == "people", across.in_post if across else None
        pools = candidates if stated is None else [ACROSS_SITES]
        there = [in_post.get((team, unit, at), Fraction(0)) if stated is None else stated for at in pools]
        if (total := changes.of(name, sum(there, Fraction(0)), whole=whole)) is not None:
            parts = 1 if whole else MICRO
            shared = _shared(int(total * parts), there)
            in_post |= {(team, unit, at): Fraction(n, parts) for at, n in zip(pools, shared, strict=True)}
        for site in candidates if stated is None else ():
            now = in_post.get((team, unit, site), Fraction(0))
            if (found := changes.of(f"{name}.{site}", now, whole=whole)) is not None:
                in_post[team, unit, site] = found
    return in_post


def _shared(total: int, weights: list[Fraction]) -> list[int]:
    """Share a whole number out in proportion to weights; alike where all are nothing."""
    whole = sum(weights)
    due = [total * weight / whole if whole else Fraction(total, len(weights)) for weight in weights]
    found = [math.floor(one) for one in due]
    for place in sorted(range(len(due)), key=lambda n: (found[n] - due[n], n))[: total - sum(found)]:
        found[place] += 1
    return found


def changes_are_those_of_the_config(run: Run) -> Iterator[Breach]:
    """run.json says what the config changes, what each thing was, what it became, why, and where that is stated."""
    yield from changed_as_said(run.question, run.inputs, run.result.record)


def changed_as_said(question: Question, inputs: Inputs, record: Mapping[str, Any]) -> Iterator[Breach]:
    """Yield what run.json says of changes that is not so."""
    said = record.get("changed", [])
    listed = [one if isinstance(one, dict) else {} for one in said] if isinstance(said, list) else []
    each = [str(one.get("name")) for one in listed], list(question.changes)
    if sorted(each[0]) != sorted(each[1]):
        claimed, asked = (brief(", ".join(names)) or "nothing" for names in each)
        message = f"run.json: changed names {claimed}, but the config changes {asked}."
        yield Breach(CHECK, "run.json changed", claimed, asked, message)
        return
    for one in listed:
        name = str(one["name"])
        change, (was, value) = question.changes[name], inputs.changed[name]
        due = {**change._asdict(), "name": name, "was": was, "value": value}
        for key in sorted(due.keys() | one.keys()):
            told, found = one.get(key), due.get(key)
            agree = told == found
            if isinstance(found, Fraction) and isinstance(told, int | Fraction):
                agree = nearly(told, found)
            if key not in due or not agree:
                message = f"run.json: {key} of the change {name} is {brief(told)}, but should be {brief(found)}."
                yield Breach(CHECK, f"run.json changed {name} {key}", brief(told), brief(found), message)
