"""Whether a plan is still the best where roads are shut or slow: in each of some states of the roads, asked anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose, isfinite

from optimiser.explanation.best import best_option
from optimiser.explanation.broken import lines
from optimiser.explanation.costs import Cost, costs, elsewhere_in_words, means_in_words
from optimiser.plan import Plan, evaluate
from optimiser.plan.measures import number
from optimiser.problem import Problem
from optimiser.problem.words import amount, listed

# Sums that differ by a smaller share are equal.
ROUNDING = 1e-9


@dataclass(frozen=True)
class InState:
    """How the designations of a plan stand in one state of the roads.

    Attributes
    ----------
    state
        The state in words.
    still_best
        Whether no plan is better there, and they break no rule there.
    kept, best
        The same designations there, and the best plan there; ``None`` where no plan meets every rule.
    minutes_more
        By how many minutes the average journey of residents is longer with them than it was, by service.
    road_minutes_more
        The same of the minutes on the road alone, of services that some wait to be taken on to.
    """

    state: str
    still_best: bool
    kept: Plan
    best: Plan | None
    minutes_more: Mapping[str, float]
    road_minutes_more: Mapping[str, float]

    @property
    def is_level(self) -> bool:
        """Whether what is best there is better by too little to matter, service by service, and these break no rule."""
        if self.still_best or self.best is None or len(self.kept.broken):
            return False
        problem = self.kept.problem
        means = (
            [number(plan.measures, "mean_minutes", code) for plan in (self.kept, self.best)]
            for code in problem.services_with_patients
        )
        return all(here == there or abs(there - here) <= problem.level_within(here) for here, there in means)

    @property
    def costs(self) -> tuple[Cost, ...]:
        """What each objective comes to, with these designations and with the best there."""
        return costs(self.kept, self.best) if self.best and not self.still_best else ()


@dataclass(frozen=True)
class OnRoads:
    """How a plan stands in each of some states of the roads."""

    plan: Plan
    states: tuple[InState, ...]

    @property
    def in_short(self) -> str:
        """In how many of the states it is the best plan, and in which it is not."""
        if all(len(one.kept.broken) for one in self.states):
            return f"it breaks a rule whatever the roads, in each of {amount(len(self.states), 'states')}"
        best_instead: dict[str, list[str]] = {}
        for one in self.states:
            if not one.still_best:
                there = elsewhere_in_words(self.plan, one.best.designated) if one.best else ""
                instead = f"best there: {there}" if there else "no plan meets every rule there"
                best_instead.setdefault(instead, []).append(f"{one.state}{' (level)' if one.is_level else ''}")
        lost = sum(map(len, best_instead.values()))
        those = "".join(f"; not with {' or '.join(states)} ({instead})" for instead, states in best_instead.items())
        every = amount(len(self.states), "states")
        best = f"the best in {len(self.states) - lost} of {every} of the roads that were tried"
        often = "; as if each held all year, and how often it comes is not known" if lost else ""
        return f"{best}{self._open}{those}{often}"

    @property
    def _open(self) -> str:
        """Say that one of the states is the roads as they are; nothing where none is, or it is the only one."""
        as_they_are = self.plan.problem.journeys
        known = len(self.states) > 1 and any(one.kept.problem.journeys.equals(as_they_are) for one in self.states)
        return " (the roads as they are among them)" if known else ""

    def __str__(self) -> str:
        """Return how it stands in each, a line each."""
        best = sum(one.still_best for one in self.states)
        level = sum(one.is_level for one in self.states)
        but = f", and level with the best in {level} more" if level else ""
        head = f"Of {amount(len(self.states), 'states')} of the roads, the plan is the best in {best or 'none'}{but}:"
        return "\n".join([head, *(f"  - {one.state}: {self.said(one)}" for one in self.states)])

    def said(self, one: InState) -> str:
        """Return how the plan stands in one of the states: whether it is the best there, and what changes."""
        if one.best is None:
            return "no plan meets every rule"
        services = self.plan.problem.services
        told = {code: more for code, more in one.minutes_more.items() if isfinite(more) and round(more, 2)}
        longer = [
            f"{more:+.2f} minutes for {services[code].name}{self._by_road(one, code)}" for code, more in told.items()
        ]
        journeys = [f"average journeys with its sites: {listed(longer)}"] if longer else []
        if one.still_best:
            return "; ".join(["yes", *journeys])
        broken = ["it breaks a rule there"] if len(one.kept.broken) else []
        better = f"best there: {elsewhere_in_words(self.plan, one.best.designated)}{self._not_lawful_yet(one.best)}"
        differs = [*means_in_words(one.kept, one.best), *[str(cost) for cost in one.costs if cost.more][:1]]
        no = "no, but by too little to matter" if one.is_level else "no"
        return "; ".join([no, *broken, *journeys, better, *differs])

    def _by_road(self, one: InState, service: str) -> str:
        """Return how much of it is on the road, where as patients go elsewhere more of them or fewer wait."""
        by_road = one.road_minutes_more.get(service, float("nan"))
        apart = isfinite(by_road) and round(by_road - one.minutes_more[service], 2)
        return f" ({by_road:+.2f} on the road; the rest is waits, as more or fewer are taken on)" if apart else ""

    def _not_lawful_yet(self, best: Plan) -> str:
        """Return in brackets which rules of the question itself a state's best plan breaks; nothing where none."""
        broken = lines(evaluate(self.plan.problem, best.designated))
        return f" (which breaks a rule as this question stands: {'; '.join(broken)})" if broken else ""


def on_roads(plan: Plan, states: Mapping[str, Problem]) -> OnRoads:
    """Return how a plan stands in states of the roads, each its question asked there, by the state in words.

    Raises ``NotProved`` where time ran out before the best plan of some state was proved.
    """
    return OnRoads(plan, tuple(_in_state(plan, state, problem) for state, problem in states.items()))


def _in_state(plan: Plan, state: str, problem: Problem) -> InState:
    found, kept = best_option(problem), evaluate(problem, plan.designated)
    reached = [one.value for one in kept.proof.objectives]
    still_best = (
        found is not None
        and kept.broken.empty
        and all(isclose(here, best, rel_tol=ROUNDING) for here, best in zip(reached, found.values, strict=True))
    )
    more, by_road = (
        {
            code: number(kept.measures, name, code) - number(plan.measures, name, code)
            for code in problem.services_with_patients
        }
        for name in ("mean_minutes", "mean_road_minutes")
    )
    best = None if found is None else kept if still_best else evaluate(problem, found.designated)
    return InState(state, still_best, kept, best, more, by_road)
