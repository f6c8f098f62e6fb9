"""Is it true that no plan meets every rule, that rules clash as clash.csv says, and that the ways out are enough?

A run that says so has no plan to check. Where designations are few each is tried, from the words of the rules: every
one that agrees with what is fixed and with the numbers of sites breaks some rule, staff shared out as well as can be.
A set of rules clashes if no designation meets all of it; it is a smallest one if, for each of its rules, the
designations beside it meet all the others. A way out by one rule is as small as can be if no designation that meets
every other rule is nearer to meeting it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from fractions import Fraction
from itertools import chain, combinations, product
from typing import NamedTuple

from optimiser.checker.added import added_as_said
from optimiser.checker.altered import changed_as_said
from optimiser.checker.clash_words import GIVEN, says_what_gives, says_what_is_asked, unit_of
from optimiser.checker.inputs import read_asked, rows_of
from optimiser.checker.reading import DUST, Breach, Number, Reader, Row
from optimiser.checker.record import PERHAPS, WITHOUT_PLAN, entries_fit
from optimiser.checker.rules import RULES, SHARE
from optimiser.checker.run import Run
from optimiser.checker.sharing import ALL_STAND, MAXIMUM, MINIMUM, Giving, Limited
from optimiser.checker.tried import MOST_TRIED, Demand, Designated, Trial, demands_of, staffing

SETS, WAYS = "rules_clash_as_said", "ways_out_are_enough"
# Ways out are published to six decimals.
SIX_DECIMALS = Fraction(1, 10**6)
OF_JOURNEYS = ("nobody_travels_too_far", "enough_patients_within_standard")
OF_STANDARDS = frozenset(("longest_journey_minutes", "share_within_standard"))


NO_PLAN = "no plan"
CHECK = "no_plan_meets_every_rule"


class Confirmed(NamedTuple):
    """How many sets that clash and ways out there are, how many of each were tried, and of how many ways not and why.

    ``too_many_ways`` leave too many designations to try without their rule, ``ways_of_staff`` rest on staff in such a
    way that what one designation lacks does not say what a rule must give.
    """

    sets: int
    tried_sets: int
    ways: int
    tried_ways: int
    too_many_ways: int
    ways_of_staff: int

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
        rest = "Not checked: that no other sets clash, nor ways out by several rules together or by beds."
        return " ".join([what, *self._not_tried(), rest])

    def _not_tried(self) -> Iterator[str]:
        """Yield, where sets or ways out by one rule could not be tried, how many and why."""
        why = (
            (self.sets - self.tried_sets, "set", "sets", "whose services could be designated in more than {:,} ways"),
            (self.too_many_ways, "way out", "ways out", "without whose rule there are more than {:,} designations"),
            (self.ways_of_staff, "way out", "ways out", "by staff whom rotas or sites share, or by part of a person"),
        )
        said = [f"{n} {one if n == 1 else more}, {reason.format(MOST_TRIED)}" for n, one, more, reason in why if n]
        if said:
            yield f"Not tried: {'; '.join(said)}."


def confirmed(reader: Reader, trial: Trial) -> Confirmed:
    """Return how much of the two tables can be tried."""
    sets, ways = _sets(reader), _ways(reader)
    tried = sum(_meeting(trial, [d for d, _ in rows]) is not None for rows in sets.values())
    alone = [one for row in ways if _gives_alone(trial, one := _demands(row))]
    not_tried = [demand for (demand,) in alone if _least(trial, [demand]) is None]
    too_many = sum(trial.designations(but=demand) is None for demand in not_tried)
    return Confirmed(len(sets), tried, len(ways), len(alone) - len(not_tried), too_many, len(not_tried) - too_many)


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
        for designated in (_meeting(trial, demands) or [])[:1]:
            found = _said(designated) or "nothing provided anywhere"
            yield Breach(SETS, first, "a clash", found, f"{first}: these rules do not clash, since {found} meets all.")


def _row_is_sound(trial: Trial, demand: Demand, row: Row, others: list[Demand]) -> Iterator[Breach]:
    if demand not in trial.demands:
        claimed = row.cells["instance"]
        yield Breach(SETS, row.where, claimed, "", f"{row.where}: the config has no such rule as {claimed}.")
        return
    if not says_what_is_asked(trial, demand, words := row.cells["words"]):
        message = f"{row.where}: the words are not what {demand} asks."
        yield Breach(SETS, f"{row.where} words", words, str(demand), message)
    pairs = _read_pairs(trial, row.cells["without_it"])
    if pairs is None:
        claimed = row.cells["without_it"]
        yield Breach(SETS, row.where, claimed, "", f"{row.where}: without_it names what the config does not have.")
    elif trial.sharings_are_few and all(one in trial.demands for one in others) and not _meets(trial, pairs, others):
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
            if demand not in trial.demands:
                claimed = str(demand)
                yield Breach(WAYS, row.where, claimed, "", f"{row.where}: the config has no such rule as {claimed}.")
        least, by = _least(trial, demands), row.cells["by"]
        if by <= 0:
            yield Breach(WAYS, row.where, str(float(by)), "", f"{row.where}: gives way by nothing.")
        if least is not None and (math.isinf(least) or abs(by - least) > SIX_DECIMALS):
            message = f"{row.where}: gives way by {float(by):g}, but it takes {float(least):g}."
            yield Breach(WAYS, f"{row.where} by", f"{float(by):g}", f"{float(least):g}", message)
        yield from _way_is_said(trial, demands, by, row)
    sets = [{demand for demand, _ in rows} for rows in _sets(reader).values()]
    for demand in sorted(set.intersection(*sets) - alone) if sets else ():
        least = _least(trial, [demand])
        if least is not None and not math.isinf(least):
            message = f"ways_out.csv leaves out {demand}, which would be enough if it gave way by {float(least):g}."
            yield Breach(WAYS, "ways_out.csv", "no row", str(demand), message)


def _sets(reader: Reader) -> dict[Fraction, list[tuple[Demand, Row]]]:
    found: dict[Fraction, list[tuple[Demand, Row]]] = {}
    for row in rows_of(reader, "clash.csv"):
        demand = _demand(row.cells["instance"])
        if demand.rule != row.cells["rule"]:
            demand = Demand("", ())  # not known, and said to be so
        found.setdefault(row.cells["set"], []).append((demand, row))
    return found


def _ways(reader: Reader) -> list[Row]:
    return rows_of(reader, "ways_out.csv")


def _demand(instance: str) -> Demand:
    rule, *names = instance.split(".")
    return Demand(rule, tuple(names))


def _demands(way: Row) -> list[Demand]:
    return [_demand(name) for name in way.cells["gives_way"].split(" ")]


def _read_pairs(trial: Trial, cell: str) -> Designated | None:
    """Return (service, site) pairs from ``service at site; service at site``."""
    pairs = [tuple(part.split(" at ")) for part in cell.split("; ")] if cell else []
    sites = trial.candidates
    known = all(len(pair) == 2 and pair[0] in trial.question.services and pair[1] in sites for pair in pairs)
    return frozenset((pair[0], pair[1]) for pair in pairs) if known else None


def _said(designated: Designated) -> str:
    return "; ".join(f"{service} at {site}" for service, site in sorted(designated))


def _meeting(trial: Trial, demands: Collection[Demand]) -> list[Designated] | None:
    """Return every choice of sites that meets all demands, of the services on which they rest; None if not tried.

    Those are the services that are looked at in any such choice: of others it cannot matter where they are.
    """
    if not trial.sites_are_few or not all(demand in trial.demands for demand in demands):
        return None
    sites, services = trial.candidates, set[str]()
    every = list(chain.from_iterable(combinations(sites, many) for many in range(len(sites) + 1)))

    def meeting() -> list[Designated]:
        joint = product(*([[(code, site) for site in here] for here in every] for code in sorted(services)))
        return [one for pairs in joint if _meets(trial, one := frozenset(chain(*pairs)), demands)]

    while 2 ** (len(sites) * len(services)) <= MOST_TRIED:
        found, looked_at = trial.looking(meeting)
        if looked_at <= services:
            return found
        services |= looked_at
    return None


def _meets(trial: Trial, designated: Designated, demands: Collection[Demand]) -> bool:
    """Whether designations meet some demands, whatever becomes of all others.

    A rule about journeys asks that everybody has one. Of patients who are shared out, it is enough that they do in one
    of the ways that leaving out other limits comes to.
    """
    by_whose: dict[str, list[Demand]] = {}
    for demand in (one for one in demands if RULES[one.rule].kind != "staff"):
        by_whose.setdefault("".join(demand.whose), []).append(demand)
    for code, asked in by_whose.items():
        if any(demand.rule in OF_JOURNEYS for demand in asked):
            asked.append(Demand("every_area_is_served", (code,)))
        ways = _ways_to_give(trial, designated, code, asked)
        if not any(all(_gap(trial, designated, one, giving) <= DUST for one in asked) for giving in ways):
            return False
    run = trial.run(designated)
    teams = {demand.names[-2:] for demand in demands if RULES[demand.rule].kind == "staff"}
    return all(_is_staffed(run, team, unit, demands) for team, unit in teams)


def _ways_to_give(trial: Trial, designated: Designated, code: str, kept: Collection[Demand]) -> Iterator[Giving]:
    """Yield limits to leave out, but for those kept, until every sharing that this comes to has been there.

    All are left out at first. A limit that is kept to all the same would change nothing by standing, so only those that
    are missed are made to stand, one at a time, until there is no sharing.
    """
    limits = trial.limits(code, designated)
    waiting = [frozenset[Limited](limits).difference(kept)]
    seen = set(waiting)
    while waiting:
        giving = Giving(left_out=waiting.pop())
        yield giving
        missed = [one for one in limits if _gap(trial, designated, one, giving) > DUST]
        more = {giving.left_out - {one} for one in missed} if giving.left_out.issuperset(missed) else set()
        waiting += more - seen
        seen |= more


def _is_staffed(run: Run, team: str, unit: str, demands: Collection[Demand]) -> bool:
    here = [demand for demand in demands if demand.names[-2:] == (team, unit)]
    rotas = {demand.names[0] for demand in here if demand.rule == "rota_is_filled"}
    free = {name for name, rule in RULES.items() if rule.kind == "staff"} - {demand.rule for demand in here}
    return staffing(run, team, unit, rotas=rotas, free=free).lacking <= DUST


def _gap(trial: Trial, designated: Designated, demand: Demand, giving: Giving = ALL_STAND) -> Number:
    """Return by how much designations miss what a demand asks."""

    def missed(run: Run) -> Number:
        rule = RULES[demand.rule]
        facts = [fact for fact in rule.facts(run, *demand.whose) if demand in demands_of(demand.rule, fact)]
        spares = [rule.spare(fact) for fact in facts]
        share = facts and facts[0].unit == SHARE
        everybody = run.patients_in(demand.names[0], run.residents_of(demand.names[0])) if share else 1
        return sum((-spare * everybody for spare in spares if spare < 0), Fraction(0))

    return trial.kept(("gap", demand), designated, missed, giving)


def _least(trial: Trial, demands: list[Demand]) -> Number | None:
    """Return the least by which one demand must give way, infinite if never enough; None if not worked out."""
    if not _gives_alone(trial, demands):
        return None
    (demand,) = demands
    if demand not in trial.least:
        trial.least[demand] = _worked_out(trial, demand)
    return trial.least[demand]


def _gives_alone(trial: Trial, demands: list[Demand]) -> bool:
    return len(demands) == 1 and demands[0] in trial.demands and RULES[demands[0].rule].gives_by_its_gap


def _worked_out(trial: Trial, demand: Demand) -> Number | None:
    service = trial.question.services.get(demand.names[0])
    if (
        service
        and service.managed
        and demand.rule in (MINIMUM, MAXIMUM)
        and not OF_STANDARDS.isdisjoint(service.figures)
    ):
        # Kept to in part, a limit may leave journeys as asked for where as far as can be, or not at all, would not.
        return None
    of_staff = RULES[demand.rule].kind == "staff"
    if of_staff:
        team, unit = demand.names[-2:]
        resting = [code for code, one in trial.question.services.items() if (team, unit) in one.rotas]
        # What one of several rotas must give depends on where the others are the larger.
        if trial.question.teams[team].across or (demand.rule == "rota_is_filled" and len(resting) > 1):
            return None
    tried = trial.designations(but=demand)
    if tried is None:
        return None
    least = min((_gap_alone(trial, one, demand) for one in tried), default=math.inf)
    is_part = demand.names[-1] == "people" and not math.isinf(least) and Fraction(least).denominator > 1
    return None if of_staff and is_part else least


def _gap_alone(trial: Trial, designated: Designated, demand: Demand) -> Number:
    """Return by how much designations miss a demand, infinite if they break another rule."""
    if trial.breaks_a_rule(designated, demand):
        return math.inf
    if RULES[demand.rule].kind != "staff":
        gap = _gap(trial, designated, demand, trial.giving_way(designated, demand))
        # To ask for no site at all is no way out.
        none_left = demand.rule == "enough_sites" and 0 < trial.demands[demand].right <= gap
        return math.inf if none_left else gap
    team, unit = demand.names[-2:]
    freed = staffing(trial.run(designated), team, unit, free=[demand.rule]).lacking
    lacking = trial.staffing(designated, team, unit).lacking
    return lacking if demand.rule == "rota_is_filled" or freed <= DUST else math.inf


def _way_is_said(trial: Trial, demands: list[Demand], by: Fraction, row: Row) -> Iterator[Breach]:
    """Yield what is wrong with the unit and the words of a way out."""
    if not all(demand in trial.demands and demand.rule in GIVEN for demand in demands):
        return  # said elsewhere, or nothing that may give way
    words, unit = row.cells["words"], row.cells["unit"]
    if units := sorted({unit_of(demand) for demand in demands} - {unit}):
        message = f"{row.where}: the unit is {unit}, but what gives way is counted in {units[0]}."
        yield Breach(WAYS, f"{row.where} unit", unit, units[0], message)
    if not says_what_gives(trial, demands, by, words):
        message = f"{row.where}: the words do not say what giving way by {float(by):g} comes to."
        yield Breach(WAYS, f"{row.where} words", words, f"{float(by):g}", message)


def says_no_plan(reader: Reader) -> bool:
    """Whether a run says that no plan meets every rule."""
    return "run.json" in reader.files and reader.json("run.json").get("outcome") == NO_PLAN


def no_plan_meets_every_rule(reader: Reader) -> Iterator[Breach]:
    """Where a run says that no plan meets every rule, every designation breaks one, if they are few enough to try."""
    question, inputs = read_asked(reader)
    trial = Trial(question, inputs)
    record, title = reader.json("run.json"), trial.question.title
    yield from entries_fit(record, {n: one for n, one in WITHOUT_PLAN.items() if n in record or n not in PERHAPS})
    if record.get("question") != title:
        message = "run.json does not ask the config's question."
        yield Breach(CHECK, "run.json", str(record.get("question")), title, message)
    for designated in trial.lawful(trial.designations() or []):
        found = _said(designated)
        yield Breach(CHECK, "run.json", NO_PLAN, found, f"These designations break no rule: {found}.")
        break
    yield from changed_as_said(question, inputs, record)
    yield from added_as_said(question, inputs.added, record)
    yield from rules_clash_as_said(reader, trial)
    yield from ways_out_are_enough(reader, trial)


def in_words(reader: Reader) -> str:
    """Return what was confirmed of a run that says that no plan meets every rule, as a sentence."""
    trial = Trial(*read_asked(reader))
    tried = trial.designations()
    if tried is None:
        words = "That no plan meets every rule is the solver's word: there are too many designations, or flows, to try."
        return f"{words} So are the rules that clash and the ways out."
    ways = f"{len(tried):,} way{'' if len(tried) == 1 else 's'} to place services"
    all_that = "all that keep to what is fixed and to how many sites are asked for"
    return (
        f"No plan meets every rule: confirmed independently, by trying {ways}, {all_that}. {confirmed(reader, trial)}"
    )


CLASH_CHECKS = (rules_clash_as_said, ways_out_are_enough)
