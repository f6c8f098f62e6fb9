"""Is it so that rules clash as clash.csv says, and would the ways out of ways_out.csv be enough? Tried where few.

A set of rules clashes if no designation meets all of it; it is a smallest one if, for each of its rules, the
designations beside it meet all the others. A way out by one rule is as small as can be if no designation that meets
every other rule is nearer to meeting it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from itertools import chain, combinations, product
from typing import Any, NamedTuple

from optimiser.checker.reading import DUST, Breach, Number, Reader, Row, number, text, word
from optimiser.checker.rules import RELATIONS, RULES, Fact, facts_of, spare_of
from optimiser.checker.run import Run
from optimiser.checker.shared import ALL_STAND, Giving, Limited
from optimiser.checker.tried import MOST_TRIED, OF_LINKS, OF_STAFF, Designated, Trial, staffing

SETS, WAYS = "rules_clash_as_said", "ways_out_are_enough"
CLASH_COLUMNS: Mapping[str, Callable[[str], Any]] = {
    "set": number, "rule": word, "instance": word, "words": word, "without_it": text,
}  # fmt: skip
WAY_COLUMNS: Mapping[str, Callable[[str], Any]] = {"unit": word, "by": number, "gives_way": word, "words": word}
# Ways out are published to six decimals, and said with one decimal, or with six figures.
SIX_DECIMALS, SAID_TO, SAID_OF_ALL = Fraction(1, 10**6), Fraction(1, 20), Fraction(1, 10**5)
NUMBERS = re.compile(r"\d[\d,]*(?:\.\d+)?")
FIGURES = {
    "enough_sites": "at_least_sites",
    "not_too_many_sites": "at_most_sites",
    "every_site_has_enough_patients": "minimum_patients",
    "no_site_has_too_many_patients": "maximum_patients",
    "nobody_travels_too_far": "longest_journey_minutes",
}
LIMITS_OF_TRANSFERS = ("not_too_many_transfers", "not_too_many_repatriations", "not_too_many_ambulance_hours")
SHARE = "enough_patients_within_standard"
OF_VOLUMES = ("every_site_has_enough_patients", "no_site_has_too_many_patients")
OF_JOURNEYS = ("nobody_travels_too_far", SHARE)
OF_STANDARDS = frozenset(("longest_journey_minutes", "share_within_standard"))
# How far these give way is worked out again; of beds, of several rules at once, and of what is fixed, it is not.
WORKED_OUT = (*FIGURES, *LIMITS_OF_TRANSFERS, SHARE, *OF_STAFF)


class Demand(NamedTuple):
    """A rule, and the names that say whose it is: a rota is one demand over all sites, and so is a link."""

    rule: str
    names: tuple[str, ...]


class Confirmed(NamedTuple):
    """How many sets that clash and ways out there are, and how many of each were tried."""

    sets: int
    tried_sets: int
    ways: int
    tried_ways: int

    def __str__(self) -> str:
        """Return what was confirmed, and what was not, as sentences."""
        sets = (
            f"{self.tried_sets} of the {self.sets} sets"
            if self.sets > 1
            else "that set"
            if self.tried_sets
            else "no set"
        )
        ways = f"{self.tried_ways} of {self.ways}" if self.ways else "none, since there are none"
        what = f"Sets of rules that clash, confirmed as smallest: {sets}. Ways out, confirmed as least: {ways}."
        return f"{what} Not checked: that no other sets clash, nor ways out by several rules together or by beds."


def clash_is_as_said(reader: Reader, trial: Trial) -> Iterator[Breach]:
    """Yield whatever is wrong in the two tables."""
    yield from rules_clash_as_said(reader, trial)
    yield from ways_out_are_enough(reader, trial)


def confirmed(reader: Reader, trial: Trial) -> Confirmed:
    """Return how much of the two tables can be tried."""
    sets, ways = _sets(reader), _ways(reader)
    tried = sum(_every_choice(trial, [d for d, _ in rows]) is not None for rows in sets.values())
    return Confirmed(len(sets), tried, len(ways), sum(_least(trial, _demands(row)) is not None for row in ways))


def rules_clash_as_said(reader: Reader, trial: Trial) -> Iterator[Breach]:
    """Where designations are few, none meets all rules of a clash, and those beside a rule meet the others of it."""
    sets = _sets(reader)
    if not sets:
        yield Breach(SETS, "clash.csv", "no row", "", "clash.csv names no rules that clash.")
    for rows in sets.values():
        demands = [demand for demand, _ in rows]
        for demand, row in rows:
            yield from _row_is_sound(trial, demand, row, [one for one in demands if one != demand])
        first = rows[0][1].where
        for designated in _every_choice(trial, demands) or ():
            if _meets(trial, designated, demands):
                found = _said(designated) or "nothing provided anywhere"
                yield Breach(
                    SETS, first, "a clash", found, f"{first}: these rules do not clash, since {found} meets all."
                )
                break


def _row_is_sound(trial: Trial, demand: Demand, row: Row, others: list[Demand]) -> Iterator[Breach]:
    if not _is_known(trial, demand):
        claimed = row.cells["instance"]
        yield Breach(SETS, row.where, claimed, "", f"{row.where}: the config has no such rule as {claimed}.")
        return
    pairs = _read_pairs(trial, row.cells["without_it"])
    if pairs is None:
        claimed = row.cells["without_it"]
        yield Breach(SETS, row.where, claimed, "", f"{row.where}: without_it names what the config does not have.")
    elif all(_is_known(trial, one) for one in others) and not _meets(trial, pairs, others):
        message = (
            f"{row.where}: the designations beside {row.cells['instance']} do not meet the other rules of its set."
        )
        yield Breach(SETS, row.where, row.cells["without_it"], "", message)


def ways_out_are_enough(reader: Reader, trial: Trial) -> Iterator[Breach]:
    """Where designations are few, a way out by one rule is the least that is enough, as said, and none is left out."""
    alone: set[Demand] = set()
    for row in _ways(reader):
        demands = _demands(row)
        alone |= set(demands) if len(demands) == 1 else set()
        for demand in demands:
            if not _is_known(trial, demand):
                name = ".".join((demand.rule, *demand.names))
                yield Breach(WAYS, row.where, name, "", f"{row.where}: the config has no such rule as {name}.")
        least, by = _least(trial, demands), row.cells["by"]
        if by <= 0:
            yield Breach(WAYS, row.where, str(float(by)), "", f"{row.where}: gives way by nothing.")
        if least is not None and (math.isinf(least) or abs(by - least) > SIX_DECIMALS):
            message = f"{row.where}: gives way by {float(by):g}, but it takes {float(least):g}."
            yield Breach(WAYS, f"{row.where} by", f"{float(by):g}", f"{float(least):g}", message)
        if least is not None and not _says(trial, demands[0], by, row.cells["words"]):
            message = f"{row.where}: the words do not say what giving way by {float(by):g} comes to."
            yield Breach(WAYS, f"{row.where} words", row.cells["words"], f"{float(by):g}", message)
    sets = [{demand for demand, _ in rows} for rows in _sets(reader).values()]
    for demand in sorted(set.intersection(*sets) - alone) if sets else ():
        least = _least(trial, [demand])
        if least is not None and not math.isinf(least):
            name = ".".join((demand.rule, *demand.names))
            message = f"ways_out.csv leaves out {name}, which would be enough if it gave way by {float(least):g}."
            yield Breach(WAYS, "ways_out.csv", "no row", name, message)


def _sets(reader: Reader) -> dict[Fraction, list[tuple[Demand, Row]]]:
    found: dict[Fraction, list[tuple[Demand, Row]]] = {}
    for row in reader.table("clash.csv", CLASH_COLUMNS):
        demand = _demand(row.cells["instance"])
        if demand.rule != row.cells["rule"]:
            demand = Demand("", ())  # not known, and said to be so
        found.setdefault(row.cells["set"], []).append((demand, row))
    return found


def _ways(reader: Reader) -> list[Row]:
    return reader.table("ways_out.csv", WAY_COLUMNS)


def _demand(instance: str) -> Demand:
    rule, *names = instance.split(".")
    return Demand(rule, tuple(names))


def _demands(way: Row) -> list[Demand]:
    return [_demand(name) for name in way.cells["gives_way"].split(" ")]


def _is_known(trial: Trial, demand: Demand) -> bool:
    question, names = trial.question, demand.names
    if demand.rule not in RULES or not names:
        return False
    if demand.rule in OF_STAFF:
        *code, team, unit = names if len(names) >= 2 else ("", "", "")
        its_own = [question.services[one].rotas for one in code if one in question.services]
        return (team, unit) in question.rota_units() and all((team, unit) in one for one in its_own or [{}] * len(code))
    service = question.services.get(names[0])
    if service is None:
        return False
    sites = trial.run(frozenset()).candidates
    if demand.rule in OF_LINKS:
        return len(names) == 2 and names[1] in {**service.same_site, **service.in_reach}
    if demand.rule == "fixed_designations_stand":
        return len(names) == 2 and names[1] in service.fixed
    if demand.rule == "beds_are_enough":
        return len(names) == 2 and service.beds is not None and names[1] in service.beds.at
    if demand.rule in FIGURES and FIGURES[demand.rule] not in service.figures:
        return False
    return len(names) == 1 or (len(names) == 2 and names[1] in sites)


def _read_pairs(trial: Trial, cell: str) -> Designated | None:
    """Return (service, site) pairs from ``service at site; service at site``."""
    pairs = [tuple(part.split(" at ")) for part in cell.split("; ")] if cell else []
    sites = trial.run(frozenset()).candidates
    known = all(len(pair) == 2 and pair[0] in trial.question.services and pair[1] in sites for pair in pairs)
    return frozenset((pair[0], pair[1]) for pair in pairs) if known else None


def _said(designated: Designated) -> str:
    return "; ".join(f"{service} at {site}" for service, site in sorted(designated))


def _services_of(trial: Trial, demands: Collection[Demand]) -> set[str]:
    """Return the services on which it rests whether demands are met."""
    services, found = trial.question.services, set[str]()
    for demand in demands:
        if demand.rule not in ("moves_within_limit", "recruitment_within_limit"):
            found.add(demand.names[0])
        if demand.rule in OF_LINKS:
            found.add(demand.names[1])
        if demand.rule == "rota_is_filled":
            rota = services[demand.names[0]].rotas[demand.names[1], demand.names[2]]
            found |= {other for other in (rota.only_without, rota.remote_from) if other}
    firsts = {transfer.first_contact for code in found if (transfer := services[code].transfer)}
    return found | firsts


def _every_choice(trial: Trial, demands: Collection[Demand]) -> list[Designated] | None:
    """Return every choice of sites of the services that demands rest on; None if there are too many."""
    if not all(_is_known(trial, demand) for demand in demands):
        return None
    sites, services = trial.run(frozenset()).candidates, sorted(_services_of(trial, demands))
    if not trial.sites_are_few or 2 ** (len(sites) * len(services)) > MOST_TRIED:
        return None
    every = list(chain.from_iterable(combinations(sites, many) for many in range(len(sites) + 1)))
    joint = product(every, repeat=len(services))
    return [frozenset((code, site) for code, here in zip(services, one, strict=True) for site in here) for one in joint]


def _meets(trial: Trial, designated: Designated, demands: Collection[Demand]) -> bool:
    """Whether designations meet some demands, whatever becomes of all others.

    A rule about journeys asks that everybody has one. Of patients who are shared out, it is enough that they do in one
    of the ways that leaving out other limits comes to.
    """
    by_service: dict[str, list[Demand]] = {}
    for demand in demands:
        if demand.rule not in OF_STAFF:
            by_service.setdefault(demand.names[0], []).append(demand)
    for code, asked in by_service.items():
        if any(demand.rule in OF_JOURNEYS for demand in asked):
            asked.append(Demand("every_area_is_served", (code,)))
        ways = _ways_to_give(trial, designated, code, asked)
        if not any(all(_gap(trial, designated, one, giving) <= DUST for one in asked) for giving in ways):
            return False
    run = trial.run(designated)
    teams = {demand.names[-2:] for demand in demands if demand.rule in OF_STAFF}
    return all(_is_staffed(run, team, unit, demands) for team, unit in teams)


def _ways_to_give(trial: Trial, designated: Designated, code: str, kept: Collection[Demand]) -> Iterator[Giving]:
    """Yield limits to leave out, but for those kept, until every sharing that this comes to has been there.

    All are left out at first. A limit that is kept to all the same would change nothing by standing, so only those that
    are missed are made to stand, one at a time, until there is no sharing.
    """
    limits = [Demand(*limit) for limit in trial.limits(code, designated)]
    waiting = [frozenset[Limited](limits).difference(kept)]
    seen = set(waiting)
    while waiting:
        giving = Giving(left_out=waiting.pop())
        yield giving
        broken = [one for one in limits if _gap(trial, designated, one, giving) > DUST]
        more = {giving.left_out - {one} for one in broken} if giving.left_out.issuperset(broken) else set()
        waiting += more - seen
        seen |= more


def _is_staffed(run: Run, team: str, unit: str, demands: Collection[Demand]) -> bool:
    rotas = {d.names[0] for d in demands if d.rule == "rota_is_filled" and d.names[1:] == (team, unit)}
    held = {d.rule for d in demands if d.rule in OF_STAFF and d.names[-2:] == (team, unit)}
    free = [rule for rule in ("moves_within_limit", "recruitment_within_limit") if rule not in held]
    return staffing(run, team, unit, rotas=rotas, free=free).lacking <= DUST


def _facts(
    trial: Trial,
    designated: Designated,
    demand: Demand,
    giving: Giving = ALL_STAND,
) -> list[Fact]:
    run = trial.run(designated) if demand.rule in OF_LINKS else trial.alone(demand.names[0], designated, giving)
    return [fact for fact in facts_of(demand.rule, run) if _is_of(fact, demand)]


def _is_of(fact: Fact, demand: Demand) -> bool:
    parts = tuple(fact.instance.split("."))
    return (parts[0], parts[-1]) == demand.names if demand.rule in OF_LINKS else parts == demand.names


def _gap(
    trial: Trial,
    designated: Designated,
    demand: Demand,
    giving: Giving = ALL_STAND,
) -> Number:
    """Return by how much designations miss what a demand asks."""
    facts = _facts(trial, designated, demand, giving)
    spares = [spare_of(fact, RELATIONS[demand.rule]) for fact in facts]
    missed: Number = sum((-spare for spare in spares if spare < 0), Fraction(0))
    if demand.rule == SHARE:
        missed = missed * trial.alone(demand.names[0], designated).resident_patients(demand.names[0])
    return missed


def _least(trial: Trial, demands: list[Demand]) -> Number | None:
    """Return the least by which one demand must give way, infinite if never enough; None if not worked out."""
    if len(demands) != 1 or demands[0].rule not in WORKED_OUT or not _is_known(trial, demands[0]):
        return None
    (demand,) = demands
    if demand not in trial.least:
        trial.least[demand] = _worked_out(trial, demand)
    return trial.least[demand]


def _worked_out(trial: Trial, demand: Demand) -> Number | None:
    if demand.rule in OF_VOLUMES:
        service = trial.question.services[demand.names[0]]
        # Kept to in part, a limit may leave journeys as asked for where as far as can be, or not at all, would not.
        if service.managed and not OF_STANDARDS.isdisjoint(service.figures):
            return None
    if demand.rule in OF_STAFF:
        team, unit = demand.names[-2:]
        resting = [code for code, one in trial.question.services.items() if (team, unit) in one.rotas]
        # What one of several rotas must give depends on where the others are the larger.
        if trial.question.teams[team].across or (demand.rule == "rota_is_filled" and len(resting) > 1):
            return None
    tried = trial.designations(but=demand)
    if tried is None:
        return None
    gaps = (_gap_alone(trial, one, demand) for one in tried)
    least = min(gaps, default=math.inf)
    is_part = demand.names[-1] == "people" and not math.isinf(least) and Fraction(least).denominator > 1
    return None if demand.rule in OF_STAFF and is_part else least


def _gap_alone(trial: Trial, designated: Designated, demand: Demand) -> Number:
    """Return by how much designations miss a demand, infinite if they break another rule."""
    if trial.breaks_another_rule(designated, demand):
        return math.inf
    if demand.rule not in OF_STAFF:
        return _gap(trial, designated, demand, Giving(in_part=frozenset({demand})))
    run, (team, unit) = trial.run(designated), demand.names[-2:]
    lacking = staffing(run, team, unit).lacking
    freed = staffing(run, team, unit, free=[demand.rule]).lacking
    return lacking if demand.rule == "rota_is_filled" or freed <= DUST else math.inf


def _says(trial: Trial, demand: Demand, by: Fraction, words: str) -> bool:
    """Whether words say by how much a demand gives way, or to what."""
    figure = FIGURES.get(demand.rule)
    limit = trial.question.services[demand.names[0]].figure(figure) if figure else None
    due = [by] if limit is None else [by, limit + by, limit - by]
    said = [Fraction(found.replace(",", "")) for found in NUMBERS.findall(words)]
    return any(abs(one - other) <= max(SAID_TO, SAID_OF_ALL * other) for one in said for other in due)
