"""The cheapest ways out of a clash: how little must give way, within each unit, for a plan to exist."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pulp

from optimiser.journeys import nearest
from optimiser.journeys.shared_out import every_sharing_without_limits
from optimiser.model import Model, build, solver
from optimiser.model.rules import LIMITS, Demand, rank, unit_of
from optimiser.problem import Problem
from optimiser.problem.words import listed

Chains = Mapping[str, nearest.Chains]
Rows = Mapping[Demand, Sequence[str]]


@dataclass(frozen=True)
class WayOut:
    """How far rules of one unit would have to give for a plan to exist, if every other rule stays.

    ``gives`` has each rule that gives way and by how much, in ``unit``; mostly it is one.
    """

    gives: Mapping[Demand, float]
    unit: str
    words: str

    @property
    def demands(self) -> tuple[Demand, ...]:
        """The rules that give way."""
        return tuple(self.gives)

    @property
    def demand(self) -> Demand:
        """The first of the rules that give way."""
        return self.demands[0]

    @property
    def by(self) -> float:
        """By how much they give way in all."""
        return round(sum(self.gives.values()), 6)


def ways_out(problem: Problem, chains: Chains, rows: Rows, clashes: Sequence[frozenset[Demand]]) -> list[WayOut]:
    """Return the ways out by one rule, and where no rule of a unit is enough alone, by the cheapest several of it.

    ``clashes`` are all sets that clash, or none where not all are known: one rule is enough only if it is in each.
    """
    relevant = set[Demand]().union(*clashes) if clashes else set(rows)
    shared = relevant.intersection(*clashes)
    model = build(problem, chains, share_out=partial(every_sharing_without_limits, in_part=True))
    alone = [way for demand in sorted(shared) if (way := _alone(model, problem, chains, demand, rows.get(demand, ())))]
    units = {unit_of(demand) for demand in relevant if _rows_give(demand)} - {way.unit for way in alone}
    together = (_together(model, problem, _of(unit, relevant, rows)) for unit in sorted(units))
    alone.sort(key=lambda way: (rank(way.demand), way.unit, way.by, way.demand))
    doing_without = (_without(problem, chains, demand) for demand in sorted(shared)) if clashes else ()
    return [*alone, *(way for way in doing_without if way), *(way for way in together if way)]


def _of(unit: str, relevant: set[Demand], rows: Rows) -> Rows:
    """Return the rules of one unit that can give way by so much, with their rows."""
    return {one: rows[one] for one in rows if one in relevant and _rows_give(one) and unit_of(one) == unit}


def _rows_give(demand: Demand) -> bool:
    return demand[0] in LIMITS and LIMITS[demand[0]].rows_give


def _alone(model: Model, problem: Problem, chains: Chains, demand: Demand, rows: Sequence[str]) -> WayOut | None:
    """Return how little one demand must give for a plan to exist; None if it alone cannot make room."""
    if _rows_give(demand):
        return _together(model, problem, {demand: rows})
    rule, names = demand
    asked = LIMITS[rule].best_without(problem, names) if rule in LIMITS else None
    outcome = solver.run(build(asked[0], chains).programme) if asked else None
    if not (asked and outcome and outcome.feasible):
        return None
    by = round(round(outcome.objective, 6) - asked[1], 6)
    return WayOut({demand: by}, LIMITS[rule].sides_in, LIMITS[rule].way_out(problem, names, by))


def _without(problem: Problem, chains: Chains, demand: Demand) -> WayOut | None:
    """Return what doing without one demand would mean; None if that makes no room, or it gives way by so much."""
    rule, names = demand
    words = LIMITS[rule].waived(problem, names) if rule in LIMITS else ""
    if not (words and solver.run(build(LIMITS[rule].without(problem, names), chains).programme).feasible):
        return None
    return WayOut({demand: 1.0}, unit_of(demand), words)


def _together(model: Model, problem: Problem, rows: Rows) -> WayOut | None:
    """Return how little some demands must give in all for a plan to exist; None if they cannot make room."""
    programme = _copied(model.programme, {name for _, name in _each(rows)})
    slack: dict[Demand, list[pulp.LpVariable]] = {}
    for number, (demand, row) in enumerate(_each(rows)):
        limit, names = LIMITS[demand[0]], demand[1]
        constraint = programme.get_constraint_by_name(row)
        if demand not in slack or not limit.is_one_need(problem, names):
            gives = programme.add_variable(f"gives.{number}", 0, limit.gives_at_most(problem, names))
            slack.setdefault(demand, []).append(gives)
        constraint.addInPlace(slack[demand][-1], 1 if constraint.sense == pulp.LpConstraintGE else -1)
    programme.setObjective(pulp.lpSum(one for each in slack.values() for one in each))
    outcome = solver.run(programme)
    if not outcome.feasible:
        return None
    given = {demand: round(sum(outcome.values[one.name] for one in each), 6) for demand, each in slack.items()}
    given = {demand: by for demand, by in given.items() if by > 0}
    words = [LIMITS[rule].way_out(problem, names, by) for (rule, names), by in given.items()]
    return WayOut(given, unit_of(next(iter(given))), listed(words)) if given else None


def _copied(programme: pulp.LpProblem, rows: Collection[str]) -> pulp.LpProblem:
    """Return a programme of the same rows, of which some may be changed and leave the first as it is."""
    found = pulp.LpProblem(programme.name, programme.sense)
    for row in programme.constraints():
        found.addConstraint(row.copy() if row.name in rows else row, row.name)
    return found


def _each(rows: Rows) -> Iterator[tuple[Demand, str]]:
    for demand, names in rows.items():
        for name in names:
            yield demand, name
