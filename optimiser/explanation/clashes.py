"""Why there is no plan: the sets of rules that clash, and the cheapest ways out of each unit.

A clash is a smallest set of rules that cannot hold together: leave any one of them out and a plan exists, which is
shown. Clashes and what must give way mirror each other. Every smallest set of rules whose giving way lets a plan exist
(a *correction*) has a rule of every clash, and every smallest set with a rule of every correction is a clash. So
corrections are collected, each with the plan that it lets exist, until each smallest set with a rule of every one is
found to clash: then all clashes are known, and none can be smaller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import pandas as pd
import pulp

from optimiser.explanation.ways_out import WayOut, ways_out
from optimiser.journeys import nearest
from optimiser.journeys.shared_out import every_sharing_without_limits
from optimiser.model import Model, build, solver
from optimiser.model.rules import JUDGED, Demand, demand_of, in_words, name_of, rank
from optimiser.model.rules.journeys import every_area_is_served
from optimiser.model.rules.rule import OneFigure
from optimiser.plan.proof import SecondOpinion
from optimiser.problem import Problem

Designations = frozenset[tuple[str, str]]
Demands = frozenset[Demand]

# Looking for further clashes stops at so many, or after so many models have been solved.
MOST_CLASHES = 20
MOST_ASKED = 600
MOST_OPEN = 300
# Corrections of a first clash have so many sets to try at most: those that come after rarely leave fewer.
MOST_MET = 10 * MOST_OPEN
SHOWN = 3


@dataclass(frozen=True)
class ClashingSet:
    """A smallest set of rules that cannot hold together, in words.

    ``exhibits`` is the proof that it is smallest: for each rule of it, designations that meet all the others.
    """

    demands: Mapping[Demand, str]
    exhibits: Mapping[Demand, Designations]


@dataclass(frozen=True)
class Clash:
    """Why no plan exists: the sets of rules that cannot hold together, and the ways out, cheapest first within a unit.

    ``all_found`` is whether these are all such sets; if not, more exist or may exist. ``second_opinion`` is what
    another solver says of there being no plan, where it was asked.
    """

    sets: tuple[ClashingSet, ...]
    all_found: bool
    ways_out: tuple[WayOut, ...]
    second_opinion: SecondOpinion | None = None

    @property
    def demands(self) -> Mapping[Demand, str]:
        """The rules of the first set, in words."""
        return self.sets[0].demands

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rules of the first set."""
        return tuple(map(name_of, self.demands))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the clash as tables of a run: every rule of every set, with designations that meet the others."""
        rows = [
            (number, demand[0], name_of(demand), words, _said(one.exhibits[demand]))
            for number, one in enumerate(self.sets, start=1)
            for demand, words in one.demands.items()
        ]
        ways = [(way.unit, way.by, " ".join(map(name_of, way.demands)), way.words) for way in self.ways_out]
        return {
            "clash": pd.DataFrame(rows, columns=["set", "rule", "instance", "words", "without_it"]),
            "ways_out": pd.DataFrame(ways, columns=["unit", "by", "gives_way", "words"]),
        }

    def __str__(self) -> str:
        """Return the clash as a paragraph."""
        lines = []
        for number, one in enumerate(self.sets[:SHOWN]):
            also = "These clash as well" if number else f"No plan meets every rule. These {len(one.demands)} clash"
            if len(one.demands) == 1:
                also = "Nor can this one" if number else "No plan meets every rule. This one cannot be met at all"
            lines += [f"{also}:", *(f"  - {words} ({name_of(demand)})" for demand, words in one.demands.items())]
        lines += self._more()
        for together, ways in groupby(self.ways_out, key=lambda way: len(way.demands) > 1):
            said = [f"  - {way.words}" for way in ways]
            alone = "Any one of these would be enough:" if len(said) > 1 else "This would be enough:"
            lines += ["Only together, but then enough:" if together else alone, *said]
        return "\n".join(lines)

    def _more(self) -> list[str]:
        hidden = len(self.sets) - SHOWN
        if not self.all_found:
            known = f" {len(self.sets)} are known." if hidden > 0 else ""
            return [f"There may be more sets that clash.{known}"]
        more = "1 more set clashes" if hidden == 1 else f"{hidden} more sets clash"
        return [f"{more}; there are no others."] if hidden > 0 else []


def clash(problem: Problem) -> Clash:
    """Find the sets of rules that cannot hold together, each proved smallest, and the ways out.

    The problem must have no plan. Rules that say what the words mean are never dropped, only standards and resources.
    """
    chains = {code: nearest.chains(problem, code) for code in problem.services_with_patients}
    model = build(problem, chains, share_out=every_sharing_without_limits)
    rows = rows_of_demands(model)
    search = _Search(model, _with_presumed(problem, rows))
    found = search.run()
    sets = [
        ClashingSet(
            {demand: in_words(problem, demand) for demand in sorted(one, key=_in_reading_order)},
            {demand: search.without(one, demand) for demand in one},
        )
        for one in sorted(found, key=lambda one: (len(one), sorted(map(_in_reading_order, one))))
    ]
    ways = ways_out(problem, chains, rows, found if search.all_found else ())
    return Clash(tuple(sets), search.all_found, tuple(ways))


def _said(designated: Designations) -> str:
    """Return designations as one cell: service at site."""
    return "; ".join(f"{service} at {site}" for site, service in sorted(designated, key=lambda pair: pair[::-1]))


def _in_reading_order(demand: Demand) -> tuple[int, tuple[str, ...]]:
    return rank(demand), demand[1]


def rows_of_demands(model: Model) -> dict[Demand, list[str]]:
    """Return the rows of a model that may be left out, by the demand that they belong to."""
    rows: dict[Demand, list[str]] = {}
    for row, rule in model.rule_of.items():
        if rule in JUDGED:
            rows.setdefault(demand_of(rule, tuple(row.split(".")[1:])), []).append(row)
    return rows


def _with_presumed(problem: Problem, rows: Mapping[Demand, list[str]]) -> dict[Demand, list[str]]:
    """Return the rows that each demand asks for, those that it presumes with them.

    A rule about journeys holds only where everybody has one, and nobody is taken on from where nobody came.
    """
    asked = {demand: list(own) for demand, own in rows.items()}
    everybody = every_area_is_served.__name__
    presuming = [rule for rule in JUDGED.values() if isinstance(rule, OneFigure) and rule.presumes_journeys]
    for code in problem.services_with_patients:
        transfer, served = problem.services[code].transfer, (everybody, (code,))
        first = asked.get((everybody, (transfer.first_contact,)), []) if transfer else []
        if first:
            asked.setdefault(served, []).extend(first)
        for rule in presuming:
            if served in asked and rule.figure(problem.services[code]):
                asked.setdefault((rule.name, (code,)), []).extend(asked[served])
    return asked


@dataclass
class _Search:
    """The search for every clash: what was asked so far, and the corrections found with the plans they let exist."""

    model: Model
    rows: Mapping[Demand, list[str]]
    corrections: dict[Demands, Designations] = field(default_factory=dict)
    asked: int = 0
    all_found: bool = False

    def __post_init__(self) -> None:
        self.every = frozenset(self.rows)
        self.every_row = frozenset(row for rows in self.rows.values() for row in rows)
        self.model.programme.setObjective(pulp.LpAffineExpression())
        self._askable = solver.Askable(self.model.programme)

    def run(self) -> list[Demands]:
        """Return clashes, all of them where they are few."""
        first = self._first()
        for demand in first:
            self._correct(first - {demand})
        found, meets = [first], _meet_all(self.corrections)
        while (untried := [one for one in meets if one not in found]) and self._may_go_on(found, meets):
            tried = min(untried, key=lambda one: (len(one), sorted(map(_in_reading_order, one))))
            correction = self._correct(tried)
            if correction is None:
                found.append(tried)
            else:
                meets = _meeting(meets, correction)
        self.all_found = not untried
        return found

    def without(self, clashing: Demands, demand: Demand) -> Designations:
        """Return designations that meet every rule of a clash but one."""
        return next(plan for correction, plan in self.corrections.items() if correction & clashing == {demand})

    def _may_go_on(self, found: list[Demands], meets: Collection[Demands]) -> bool:
        return len(found) < MOST_CLASHES and self.asked < MOST_ASKED and len(meets) < MOST_OPEN

    def _first(self) -> Demands:
        """Return one clash, by halving: resources give way before standards and those before the question itself."""
        order = sorted(self.every, key=_in_reading_order, reverse=True)
        return frozenset(self._shrunk([], order, False))

    def _shrunk(self, kept: list[Demand], doubtful: list[Demand], kept_is_new: bool) -> list[Demand]:
        """Return the fewest of the doubtful rules that clash with those kept (QuickXplain: Junker 2004)."""
        if kept_is_new and not self._has_plan(kept):
            return []
        if len(doubtful) == 1:
            return doubtful
        half = len(doubtful) // 2
        left, right = doubtful[:half], doubtful[half:]
        needed = self._shrunk([*kept, *left], right, bool(left))
        return self._shrunk([*kept, *needed], left, bool(needed)) + needed

    def _has_plan(self, kept: Iterable[Demand]) -> bool:
        """Whether some plan meets the rules kept."""
        return self._askable.has_answer_without(self._given_up(kept))

    def _plan(self, kept: Iterable[Demand]) -> solver.Outcome | None:
        """Return a plan that meets the rules kept, if there is one."""
        outcome = self._askable.without(self._given_up(kept))
        return outcome if outcome.feasible else None

    def _given_up(self, kept: Iterable[Demand]) -> frozenset[str]:
        self.asked += 1
        return self.every_row - {row for demand in kept for row in self.rows[demand]}

    def _correct(self, kept: Demands) -> Demands | None:
        """Return a smallest set of rules that must give way for those kept to hold; None if they clash."""
        plan = self._plan(kept)
        if plan is None:
            return None
        met = kept | self._met_by(plan)
        for demand in sorted(self.every - met, key=_in_reading_order):
            if demand not in met and (better := self._plan({*met, demand})):
                plan, met = better, met | {demand} | self._met_by(better)
        x = self.model.x.designated
        designated = frozenset(where for where, flag in x.items() if plan.values.get(flag.name, 0.0) > 0.5)
        correction = self.every - met
        self.corrections[correction] = designated
        return correction

    def _met_by(self, plan: solver.Outcome) -> Demands:
        obeyed = self._askable.kept(plan.values)
        return frozenset(demand for demand, rows in self.rows.items() if obeyed.issuperset(rows))


def _meet_all(corrections: Iterable[Demands]) -> set[Demands]:
    """Return the smallest sets that have something of every correction; of the first few where those are too many."""
    meets: set[Demands] = {frozenset()}
    for correction in sorted(corrections, key=len):
        meets = _meeting(meets, correction)
        if len(meets) > MOST_MET:
            break
    return meets


def _meeting(meets: set[Demands], correction: Demands) -> set[Demands]:
    """Return the smallest sets that have something of one correction more (Berge 1989)."""
    stay = {one for one in meets if one & correction}
    # What grows by a rule can hold only such others as have that rule alone of the correction.
    alone = {demand: [one for one in stay if one & correction == {demand}] for demand in correction}
    return stay | {
        one | {demand}
        for one in meets - stay
        for demand in correction
        if not any(other <= one | {demand} for other in alone[demand])
    }
