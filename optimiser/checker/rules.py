"""Every rule again, from its plain words: both sides worked out from the inputs and the decisions alone.

A rule yields facts. Each is compared with its row of ``rules.csv``: left, right, spare, binding, pass, source.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeVar

from optimiser.checker.question import Figure, Question
from optimiser.checker.reading import Breach, Number, Row, dust, same, shown, size
from optimiser.checker.run import MICRO, Run, beds_for

PATIENTS, SHARE = "patients a year", "share of patients"
Whose = Literal["service", "team", "question"]
Kind = Literal["plain", "fixed", "sites", "staff"]
ALL_OF: dict[str, Callable[[Question], list[tuple[str, ...]]]] = {
    "service": lambda question: [(code,) for code in question.services],
    "team": lambda question: list(question.rota_units()),
    "question": lambda _: [()],
}
"""All that a rule may be a rule of, as names: each service, each team and unit of a rota, or the whole question."""


class Fact(NamedTuple):
    """One instance of a rule. One that rests on no figure has no source, and nothing to verify."""

    instance: str
    left: Number
    right: Number
    unit: str
    source: str = ""
    verified: bool = True


class Rule(NamedTuple):
    """A rule: how its sides compare, whose it is, and what kind it is.

    ``fixed`` is no decision at all; ``sites`` asks of a service's sites alone, and is obeyed by all that is tried;
    ``staff`` rests on where staff are sent, which a run decides besides designations; all others are ``plain``. How far
    a rule must give way is its gap, but for what is fixed, links and beds, which give way otherwise.
    """

    relation: str
    of: Whose
    kind: Kind
    gives_by_its_gap: bool
    facts: Callable[..., Iterator[Fact]]

    def spare(self, fact: Fact) -> Number:
        """Return by how much a fact holds: below zero, it does not."""
        return spare_of(fact, self.relation)


RULES: dict[str, Rule] = {}
"""Every rule by name, in reading order."""


Facts = TypeVar("Facts", bound=Callable[..., Iterator[Fact]])


def rule(
    relation: str, of: Whose = "service", kind: Kind = "plain", *, gives_by_its_gap: bool = True
) -> Callable[[Facts], Facts]:
    """Declare a rule by its facts, which are given a run and the names of whose it is."""

    def declared(facts: Facts) -> Facts:
        RULES[facts.__name__] = Rule(relation, of, kind, gives_by_its_gap, facts)
        return facts

    return declared


def facts_of(name: str, run: Run) -> Iterator[Fact]:
    """Yield both sides of every instance of a rule, from the inputs and the decisions alone."""
    for names in ALL_OF[RULES[name].of](run.question):
        yield from RULES[name].facts(run, *names)


def spare_of(fact: Fact, relation: str) -> Number:
    """Return by how much a fact holds: below zero, it does not."""
    if fact.left == fact.right:
        return Fraction(0)
    over: Number = fact.left - fact.right
    return {">=": over, "<=": -over, "=": -size(over)}[relation]


def is_lawful(run: Run) -> bool:
    """Whether a run's designations and staff break no rule, but for dust."""
    every = ((rule, fact) for name, rule in RULES.items() for fact in facts_of(name, run))
    return all(rule.spare(fact) >= -dust(fact.right) for rule, fact in every)


def instance_of(row: Row) -> str:
    """Return what a row's instance names, with or without the rule's own name in front."""
    return str(row.cells["instance"]).removeprefix(f"{row.cells['rule']}.")


def rule_holds(name: str, run: Run) -> Iterator[Breach]:
    """Yield whatever is wrong with a rule and its rows: it is broken, a row is missing, not called for, or not so."""
    rows: dict[str, Row] = {}
    for row in run.rules:
        if row.cells["rule"] == name:
            if instance_of(row) in rows:
                yield Breach(name, row.where, instance_of(row), "", f"{row.where} repeats {instance_of(row)}.")
            rows.setdefault(instance_of(row), row)
    relation = RULES[name].relation
    for fact in facts_of(name, run):
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
    found |= {"source": fact.source, "verified": fact.verified}
    for column, value in found.items():
        claimed = row.cells[column]
        plain = isinstance(value, str | bool)
        if claimed != value if plain else not same(claimed, value):
            message = f"{where}: rules.csv says {column} {shown(claimed)}, but it is {shown(value)}."
            yield Breach(name, f"{row.where} {column}", shown(claimed), shown(value), message)


def every_rule_is_known(run: Run) -> Iterator[Breach]:
    """Every rule that rules.csv names has a check here."""
    for row in run.rules:
        if (name := row.cells["rule"]) not in RULES:
            message = f"{row.where}: no check exists for the rule {name}."
            yield Breach("every_rule_is_known", row.where, name, "", message)


def _limit(run: Run, code: str, name: str) -> Iterator[tuple[Figure, Fraction]]:
    """Yield a figure of a service, or of how its patients are transferred, with its value, where it is stated."""
    service = run.question.services[code]
    figures = {**service.figures, **(service.transfer.figures if service.transfer else {})}
    if name in figures and (value := figures[name].value) is not None:
        yield figures[name], value


@rule("=", kind="fixed", gives_by_its_gap=False)
def fixed_designations_stand(run: Run, code: str) -> Iterator[Fact]:
    """A designation that the config fixes is as it is fixed."""
    for site, fixed in run.question.services[code].fixed.items():
        sides = (int(run.designated(code, site)), int(fixed.provided))
        yield Fact(f"{code}.{site}", *sides, "designated", fixed.source, fixed.verified)


@rule(">=", kind="sites")
def enough_sites(run: Run, code: str) -> Iterator[Fact]:
    """A service is provided on at least so many sites."""
    for figure, value in _limit(run, code, "at_least_sites"):
        yield Fact(code, len(run.sites_of(code)), value, "sites", *figure[1:])


@rule("<=", kind="sites")
def not_too_many_sites(run: Run, code: str) -> Iterator[Fact]:
    """A service is provided on at most so many sites."""
    for figure, value in _limit(run, code, "at_most_sites"):
        yield Fact(code, len(run.sites_of(code)), value, "sites", *figure[1:])


@rule("<=", of="question")
def no_site_provides_too_many(run: Run) -> Iterator[Fact]:
    """A site provides at most so many of the services."""
    limit = run.question.services_a_site
    if limit is None:
        return
    for site in run.candidates:
        provided = sum(run.designated(code, site) for code in run.question.services)
        yield Fact(site, provided, limit.value or Fraction(0), "services", *limit[1:])


def _volumes(run: Run, code: str, name: str) -> Iterator[Fact]:
    for figure, value in _limit(run, code, name):
        for site in run.sites_of(code):
            patients = run.patients_from(code, site)
            yield Fact(f"{code}.{site}", patients, value, PATIENTS, *figure[1:])


@rule(">=")
def every_site_has_enough_patients(run: Run, code: str) -> Iterator[Fact]:
    """A site that provides a service has at least so many patients a year, from all areas."""
    yield from _volumes(run, code, "minimum_patients")


@rule("<=")
def no_site_has_too_many_patients(run: Run, code: str) -> Iterator[Fact]:
    """A site that provides a service has at most so many patients a year, from all areas."""
    yield from _volumes(run, code, "maximum_patients")


@rule(">=", gives_by_its_gap=False)
def beds_are_enough(run: Run, code: str) -> Iterator[Fact]:
    """A site that provides a service has at least the beds that keep the share turned away as low as asked."""
    wanted = run.question.services[code].beds
    if wanted and run.question.services[code].activity is not None:
        busy = run.busy_by_site(code)
        for site, available in ((site, there) for site, there in wanted.at.items() if site in busy):
            needed = Fraction(beds_for(wanted, busy[site]))
            yield Fact(f"{code}.{site}", available.value or Fraction(0), needed, "beds", *available[1:])


@rule("<=")
def nobody_travels_too_far(run: Run, code: str) -> Iterator[Fact]:
    """No resident area's journey is longer than so many minutes, patients or not."""
    for figure, value in _limit(run, code, "longest_journey_minutes"):
        yield Fact(code, run.worst_minutes(code, run.residents_of(code)), value, "minutes", *figure[1:])


@rule(">=")
def enough_patients_within_standard(run: Run, code: str) -> Iterator[Fact]:
    """A large enough share of resident patients reach the service within its standard."""
    for figure, value in _limit(run, code, "share_within_standard"):
        standard = run.question.services[code].figure("standard_minutes") or Fraction(0)
        patients = run.patients_in(code, run.residents_of(code))
        # Where there are no patients, none waits beyond the standard.
        share = run.patients_within(code, standard) / patients if patients else Fraction(1)
        yield Fact(code, share, value, SHARE, *figure[1:])


@rule("<=")
def few_enough_are_treated_outside(run: Run, code: str) -> Iterator[Fact]:
    """No more of the residents' patients are treated at neighbours than the stated share of them all."""
    for figure, share in _limit(run, code, "at_most_share_outside"):
        most = share * run.patients_in(code, run.residents_of(code))
        yield Fact(code, run.treated_outside(code), most, PATIENTS, *figure[1:])


@rule("<=")
def neighbours_are_not_sent_too_many(run: Run, code: str) -> Iterator[Fact]:
    """A neighbour treats no more of the residents' patients than it is said to take."""
    for site, most in run.question.services[code].taken_outside.items():
        if site in run.neighbours(code):
            there = run.patients_from(code, site, resident=True)
            yield Fact(f"{code}.{site}", there, most.value or Fraction(0), PATIENTS, *most[1:])


@rule("<=")
def not_too_many_transfers(run: Run, code: str) -> Iterator[Fact]:
    """No more patients a day are taken on than may be: of all areas, and suspected ones counted."""
    for figure, value in _limit(run, code, "most_transfers_a_day"):
        yield Fact(code, run.transfers_a_year(code) / 365, value, "transfers a day", *figure[1:])


@rule("<=")
def not_too_many_repatriations(run: Run, code: str) -> Iterator[Fact]:
    """No more patients a year are taken back than may be: of all areas, confirmed ones."""
    for figure, value in _limit(run, code, "most_repatriations_a_year"):
        yield Fact(code, run.repatriations_a_year(code), value, "repatriations a year", *figure[1:])


@rule("<=")
def not_too_many_ambulance_hours(run: Run, code: str) -> Iterator[Fact]:
    """Ambulances spend no more hours a year than they may: both ways, on transfers and on repatriations."""
    for figure, value in _limit(run, code, "most_ambulance_hours"):
        yield Fact(code, run.ambulance_hours(code), value, "hours a year", *figure[1:])


@rule("<=", of="question")
def not_too_many_transfers_in_all(run: Run) -> Iterator[Fact]:
    """No more patients a year are taken on to all services together than may be: of all areas, suspected ones too."""
    limit = run.question.transfers_in_all
    moved = [code for code, service in run.question.services.items() if service.transfer]
    if limit is not None and limit.value is not None and moved:
        taken_on = sum((run.transfers_a_year(code) for code in moved), Fraction(0))
        yield Fact("all_services", taken_on, limit.value, "transfers a year", *limit[1:])


@rule(">=", gives_by_its_gap=False)
def services_share_a_site(run: Run, code: str) -> Iterator[Fact]:
    """A site that provides a service also provides the one it must share a site with."""
    for other, link in run.question.services[code].same_site.items():
        for site in (s for s in run.candidates if (code, other, s) not in run.question.exceptions):
            sides = (int(run.designated(other, site)), int(run.designated(code, site)))
            yield Fact(f"{code}.{site}.{other}", *sides, "designated", link.source, link.verified)


@rule("<=", gives_by_its_gap=False)
def services_are_within_reach(run: Run, code: str) -> Iterator[Fact]:
    """A site that provides a service is near enough to one, perhaps itself, that provides what must be in reach."""
    for other, limit in run.question.services[code].in_reach.items():
        for site in (s for s in run.sites_of(code) if (code, other, s) not in run.question.exceptions):
            ways = [run.transfer_minutes(there, site) for there in run.sites_of(other)]
            known = [way for way in ways if way is not None]
            nearest = Fraction(min(known), MICRO) if known else math.inf
            yield Fact(f"{code}.{site}.{other}", nearest, limit.value or Fraction(0), "minutes", *limit[1:])


@rule("=", gives_by_its_gap=False)
def every_area_is_served(run: Run, code: str) -> Iterator[Fact]:
    """Every area has a site that takes its patients."""
    if run.question.services[code].activity is not None:
        unserved = {stream.area for stream, journey in run.nearest(code).items() if journey.site is None}
        yield Fact(code, len(unserved), 0, "areas")


@rule(">=", kind="staff")
def rota_is_filled(run: Run, code: str) -> Iterator[Fact]:
    """A site that provides a service has the staff its rota needs, or counts the shortfall it may have."""
    for (team, unit), rota in run.question.services[code].rotas.items():
        for site in run.pools(team):
            needed = run.rota_need(code, (team, unit), site)
            if needed is not None:
                counted = run.short(team, unit, site) if rota.may_fall_short else Fraction(0)
                staff = run.staff(team, unit, site) + counted
                shared = unit == "people" and not rota.sharing_is_verified
                verified = rota.needed.verified and run.travel_is_verified(code, team) and not shared
                yield Fact(f"{code}.{site}.{team}.{unit}", staff, needed, unit, rota.needed.source, verified)


def _moved(run: Run, team: str, unit: str, limit: Figure, column: str) -> Iterator[Fact]:
    if limit.value is not None:
        yield Fact(f"{team}.{unit}", run.total_moving(team, unit, column), limit.value, unit, *limit[1:])


@rule("<=", of="team", kind="staff")
def moves_within_limit(run: Run, team: str, unit: str) -> Iterator[Fact]:
    """No more of a team move between sites than may."""
    yield from _moved(run, team, unit, run.question.teams[team].moves, "moved_in")


@rule("<=", of="team", kind="staff")
def recruitment_within_limit(run: Run, team: str, unit: str) -> Iterator[Fact]:
    """No more are recruited to a team than may be."""
    yield from _moved(run, team, unit, run.question.teams[team].recruits, "recruited")
