"""Every rule again, from its plain words: both sides worked out from the inputs and the decisions alone.

A rule yields facts. Each is compared with its row of ``rules.csv``: left, right, spare, binding, pass, source.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import wraps
from typing import Any, NamedTuple

from optimiser.checker.across import rota_need, travel_is_verified
from optimiser.checker.beds import beds_for, busy_by_site
from optimiser.checker.reading import Breach, Number, Row, dust, same, shown, size
from optimiser.checker.run import MICRO, Run
from optimiser.checker.stated import Figure

RuleCheck = Callable[[Run], list[Breach]]
RULES: dict[str, RuleCheck] = {}
RELATIONS: dict[str, str] = {}
_FACTS: dict[str, Callable[[Run], Iterator[Fact]]] = {}
PATIENTS = "patients a year"
# No designation that is listed breaks these.
OF_WHAT_IS_FIXED = ("fixed_designations_stand",)


class Fact(NamedTuple):
    """One instance of a rule. ``verified`` is ``None`` where the rule rests on no figure."""

    instance: str
    left: Number
    right: Number
    unit: str
    source: str = ""
    verified: bool | None = None


def rule(relation: str) -> Callable[[Callable[[Run], Iterator[Fact]]], RuleCheck]:
    """Turn the facts of a rule into a check of its rows."""

    def wrap(facts: Callable[[Run], Iterator[Fact]]) -> RuleCheck:
        @wraps(facts)
        def checked(run: Run) -> list[Breach]:
            return list(_compared(run, facts.__name__, relation, list(facts(run))))

        RULES[facts.__name__] = checked
        RELATIONS[facts.__name__], _FACTS[facts.__name__] = relation, facts
        return checked

    return wrap


def facts_of(name: str, run: Run) -> Iterator[Fact]:
    """Yield both sides of every instance of a rule, from the inputs and the decisions alone."""
    return _FACTS[name](run)


def breaks_a_rule(run: Run) -> bool:
    """Whether a run's designations and staff break a rule."""
    facts = ((fact, RELATIONS[name]) for name in RULES for fact in facts_of(name, run))
    return any(spare_of(fact, relation) < -dust(fact.right) for fact, relation in facts)


def spare_of(fact: Fact, relation: str) -> Number:
    """Return by how much a fact holds: below zero, it does not."""
    if fact.left == fact.right:
        return Fraction(0)
    over: Number = fact.left - fact.right
    return {">=": over, "<=": -over, "=": -size(over)}[relation]


def instance_of(row: Row) -> str:
    """Return what a row's instance names, with or without the rule's own name in front."""
    return str(row.cells["instance"]).removeprefix(f"{row.cells['rule']}.")


def _compared(run: Run, name: str, relation: str, facts: list[Fact]) -> Iterator[Breach]:
    rows: dict[str, Row] = {}
    for row in run.rules:
        if row.cells["rule"] == name:
            if instance_of(row) in rows:
                yield Breach(name, row.where, instance_of(row), "", f"{row.where} repeats {instance_of(row)}.")
            rows.setdefault(instance_of(row), row)
    for fact in facts:
        where = f"{name}.{fact.instance}"
        spare = spare_of(fact, relation)
        passes, binding = spare >= -dust(fact.right), size(spare) <= dust(fact.right)
        if not passes and run.result.outcome != "evaluated":
            found = f"{shown(fact.left)} {relation} {shown(fact.right)} {fact.unit}"
            message = f"{where} is broken: {found} does not hold, though run.json says {run.result.outcome}."
            yield Breach(name, where, run.result.outcome, found, message)
        if fact.instance not in rows:
            yield Breach(name, where, "no row", shown(fact.left), f"rules.csv has no row for {where}.")
        else:
            expected = {"relation": relation, "spare": spare, "binding": binding, "pass": passes}
            yield from _differences(name, where, rows.pop(fact.instance), fact, expected)
    for instance, row in rows.items():
        message = f"{row.where}: no such instance of {name} follows from the config and the designations."
        yield Breach(name, row.where, instance, "no such instance", message)


def _differences(name: str, where: str, row: Row, fact: Fact, expected: dict[str, Any]) -> Iterator[Breach]:
    found = {"left": fact.left, "right": fact.right, "unit": fact.unit, **expected}
    if fact.verified is not None:
        found |= {"source": fact.source, "verified": fact.verified}
    for column, value in found.items():
        claimed = row.cells[column]
        plain = isinstance(value, str | bool)
        if claimed != value if plain else not same(claimed, value):
            message = f"{where}: rules.csv says {column} {shown(claimed)}, but it is {shown(value)}."
            yield Breach(name, f"{row.where} {column}", shown(claimed), shown(value), message)


def _figures(run: Run, name: str) -> Iterator[tuple[str, Figure, Fraction]]:
    """Yield every service that states a figure, with the figure and its value."""
    for code, service in run.question.services.items():
        value = service.figure(name)
        if value is not None:
            yield code, service.figures[name], value


@rule("=")
def fixed_designations_stand(run: Run) -> Iterator[Fact]:
    """A designation that the config fixes is as it is fixed."""
    for code, service in run.question.services.items():
        for site, fixed in service.fixed.items():
            sides = (int(run.designated(code, site)), int(fixed.provided))
            yield Fact(f"{code}.{site}", *sides, "designated", fixed.source, fixed.verified)


@rule(">=")
def enough_sites(run: Run) -> Iterator[Fact]:
    """A service is provided on at least so many sites."""
    for code, figure, value in _figures(run, "at_least_sites"):
        yield Fact(code, len(run.sites_of(code)), value, "sites", *figure[1:])


@rule("<=")
def not_too_many_sites(run: Run) -> Iterator[Fact]:
    """A service is provided on at most so many sites."""
    for code, figure, value in _figures(run, "at_most_sites"):
        yield Fact(code, len(run.sites_of(code)), value, "sites", *figure[1:])


def _volumes(run: Run, name: str) -> Iterator[Fact]:
    for code, figure, value in _figures(run, name):
        for site in run.sites_of(code):
            patients = run.patients_from(code, site, run.areas)
            yield Fact(f"{code}.{site}", patients, value, PATIENTS, *figure[1:])


@rule(">=")
def every_site_has_enough_patients(run: Run) -> Iterator[Fact]:
    """A site that provides a service has at least so many patients a year, from all areas."""
    yield from _volumes(run, "minimum_patients")


@rule("<=")
def no_site_has_too_many_patients(run: Run) -> Iterator[Fact]:
    """A site that provides a service has at most so many patients a year, from all areas."""
    yield from _volumes(run, "maximum_patients")


@rule(">=")
def beds_are_enough(run: Run) -> Iterator[Fact]:
    """A site that provides a service has at least the beds that keep the share turned away as low as asked."""
    for code, service in run.question.services.items():
        if service.beds and code in run.nearest:
            busy = busy_by_site(run, code)
            for site, available in service.beds.at.items():
                if site in busy:
                    needed = Fraction(beds_for(service.beds, busy[site]))
                    yield Fact(f"{code}.{site}", available.value or Fraction(0), needed, "beds", *available[1:])


@rule("<=")
def nobody_travels_too_far(run: Run) -> Iterator[Fact]:
    """No resident area's journey is longer than so many minutes, patients or not."""
    for code, figure, value in _figures(run, "longest_journey_minutes"):
        yield Fact(code, run.worst_minutes(code, run.residents), value, "minutes", *figure[1:])


@rule(">=")
def enough_patients_within_standard(run: Run) -> Iterator[Fact]:
    """A large enough share of resident patients reach the service within its standard."""
    for code, figure, value in _figures(run, "share_within_standard"):
        standard = run.question.services[code].figure("standard_minutes") or Fraction(0)
        patients = run.resident_patients(code)
        # Where there are no patients, none waits beyond the standard.
        share = run.patients_within(code, standard) / patients if patients else Fraction(1)
        yield Fact(code, share, value, "share of patients", *figure[1:])


def _limits(run: Run, name: str) -> Iterator[tuple[str, Figure, Fraction]]:
    """Yield every service by transfer that states a limit, with the figure and its value."""
    for code, service in run.question.services.items():
        if service.transfer is not None and name in service.transfer.figures:
            yield code, service.transfer.figures[name], service.transfer.value(name)


@rule("<=")
def not_too_many_transfers(run: Run) -> Iterator[Fact]:
    """No more patients a day are taken on than may be: of all areas, and suspected ones counted."""
    for code, figure, value in _limits(run, "most_transfers_a_day"):
        yield Fact(code, run.transfers_a_year(code) / 365, value, "transfers a day", *figure[1:])


@rule("<=")
def not_too_many_repatriations(run: Run) -> Iterator[Fact]:
    """No more patients a year are taken back than may be: of all areas, confirmed ones."""
    for code, figure, value in _limits(run, "most_repatriations_a_year"):
        moved = sum(run.transferred(code).values(), Fraction(0))
        back = moved * run.transfer(code).value("repatriated_share")
        yield Fact(code, back, value, "repatriations a year", *figure[1:])


@rule("<=")
def not_too_many_ambulance_hours(run: Run) -> Iterator[Fact]:
    """Ambulances spend no more hours a year than they may: both ways, on transfers and on repatriations."""
    for code, figure, value in _limits(run, "most_ambulance_hours"):
        yield Fact(code, run.ambulance_hours(code), value, "hours a year", *figure[1:])


@rule(">=")
def services_share_a_site(run: Run) -> Iterator[Fact]:
    """A site that provides a service also provides the one it must share a site with."""
    for code, service in run.question.services.items():
        for other, link in service.same_site.items():
            for site in (s for s in run.candidates if (code, other, s) not in run.question.exceptions):
                sides = (int(run.designated(other, site)), int(run.designated(code, site)))
                yield Fact(f"{code}.{site}.{other}", *sides, "designated", link.source, link.verified)


@rule("<=")
def services_are_within_reach(run: Run) -> Iterator[Fact]:
    """A site that provides a service is near enough to one, perhaps itself, that provides what must be in reach."""
    for code, service in run.question.services.items():
        for other, limit in service.in_reach.items():
            for site in (s for s in run.sites_of(code) if (code, other, s) not in run.question.exceptions):
                ways = [run.transfer_minutes(there, site) for there in run.sites_of(other)]
                known = [way for way in ways if way is not None]
                nearest = Fraction(min(known), MICRO) if known else math.inf
                yield Fact(f"{code}.{site}.{other}", nearest, limit.value or Fraction(0), "minutes", *limit[1:])


@rule("=")
def every_area_is_served(run: Run) -> Iterator[Fact]:
    """Every area has a site that takes its patients."""
    for code in run.services_with_patients:
        unserved = sum(journey.site is None for journey in run.nearest[code].values())
        yield Fact(code, unserved, 0, "areas")


@rule(">=")
def rota_is_filled(run: Run) -> Iterator[Fact]:
    """A site that provides a service has the staff its rota needs, or counts the shortfall it may have."""
    for code, service in run.question.services.items():
        for (team, unit), rota in service.rotas.items():
            for site in run.pools(team):
                needed = rota_need(run, code, (team, unit), site)
                if needed is not None:
                    counted = run.short(team, unit, site) if rota.may_fall_short else Fraction(0)
                    staff = run.staff(team, unit, site) + counted
                    shared = unit == "people" and not rota.sharing_is_verified
                    verified = rota.needed.verified and travel_is_verified(run, code, team) and not shared
                    origin = rota.needed.source, verified
                    yield Fact(f"{code}.{site}.{team}.{unit}", staff, needed, unit, *origin)


@rule("<=")
def moves_within_limit(run: Run) -> Iterator[Fact]:
    """No more of a team move between sites than may."""
    for team, unit in run.question.rota_units():
        limit = run.question.teams[team].moves
        if limit.value is not None:
            moved = run.total_moving(team, unit, "moved_in")
            yield Fact(f"{team}.{unit}", moved, limit.value, unit, *limit[1:])


@rule("<=")
def recruitment_within_limit(run: Run) -> Iterator[Fact]:
    """No more are recruited to a team than may be."""
    for team, unit in run.question.rota_units():
        limit = run.question.teams[team].recruits
        if limit.value is not None:
            recruited = run.total_moving(team, unit, "recruited")
            yield Fact(f"{team}.{unit}", recruited, limit.value, unit, *limit[1:])


def every_rule_is_known(run: Run) -> list[Breach]:
    """Every rule that rules.csv names has a check here."""
    return [
        Breach(
            "every_rule_is_known", row.where, row.cells["rule"], "",
            f"{row.where}: no check exists for the rule {row.cells['rule']}.",
        )
        for row in run.rules
        if row.cells["rule"] not in RULES
    ]  # fmt: skip
