"""Why not this option, or this site? The rules it breaks, what it would cost and whom, and what is nearest to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite

import pandas as pd

from optimiser.errors import NO_PLAN, NoPlan, TooLarge
from optimiser.explanation.best import best_listed, best_option, best_plan
from optimiser.explanation.broken import broken_in_words, broken_rules, hangs_in_words, how_many, rules_among
from optimiser.explanation.clashes import Clash, clash
from optimiser.explanation.costs import (
    Change,
    Cost,
    Designations,
    changes,
    changes_in_words,
    costs,
    costs_in_words,
    for_whom,
    whom_in_words,
)
from optimiser.explanation.prices import givings, just_looser, that_matter
from optimiser.plan import Plan, evaluate, exceptions_in_words
from optimiser.plan.quotable import but_for
from optimiser.problem import Fixed, Objective, Problem
from optimiser.problem.words import (
    PATIENTS,
    amount,
    amount_told,
    asked_in_words,
    begun,
    listed,
    within,
)
from optimiser.search.enumeration import Every, can_be_ranked

# So many lawful plans that are as near to an option are all named.
MOST_AS_NEAR = 3
# What is missing of these is said as one amount.
SIZED = (PATIENTS, "people", "WTE", "minutes", "beds", "sites")


@dataclass(frozen=True)
class Nearest:
    """The lawful plan with the fewest changes from an option; of those, the best.

    ``as_near`` is how many lawful plans have as few changes, it among them; None where they were not counted.
    ``others`` are the changes of the others, best first, where they are few enough to be named.
    """

    plan: Plan
    changes: tuple[Change, ...]
    costs: tuple[Cost, ...]
    as_near: int | None = None
    others: tuple[tuple[Change, ...], ...] = ()

    @property
    def in_words(self) -> str:
        """What would have to change."""
        return changes_in_words(self.plan.problem, self.changes, "the option")

    def told(self, who: str) -> str:
        """Return that it is the nearest to something, what it changes, and what else would be as near."""
        fewest = amount(len(self.changes), "changes")
        if self.as_near == 1:
            return f"The nearest lawful plan to {who} takes {fewest}: {self.in_words}."
        if self.as_near is None:
            said = f"No lawful plan is nearer to {who} than one that takes {fewest}, and others may be as near"
            return f"{said}: {self.in_words}."
        said = (
            f"{self.as_near:,} lawful plans are nearest to {who}, with {fewest} each. The best of them: {self.in_words}"
        )
        rest = [changes_in_words(self.plan.problem, one, "the option") for one in self.others]
        named = [f"{'The other' if len(rest) == 1 else f'Number {n}'}: {one}." for n, one in enumerate(rest, start=2)]
        return " ".join([f"{said}.", *named])


@dataclass(frozen=True)
class WhyNotOption:
    """Why an option is not the plan.

    ``broken`` has the rules that it breaks, one row each; empty if it breaks none. ``costs`` compare it with the plan,
    lawful or not. ``nearest`` is the nearest lawful plan if it breaks a rule; None where no plan meets every rule.
    ``unexcepted`` is the best option without any exception, where the plan rests on some; None where there is none.
    ``called`` is what people call the option.
    """

    plan: Plan
    option: Plan
    broken: pd.DataFrame
    costs: tuple[Cost, ...]
    nearest: Nearest | None
    unexcepted: Designations | None = None
    called: str = ""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the option opens and closes against the plan."""
        return changes(self.plan.problem, self.plan.designated, self.option.designated)

    @cached_property
    def whom(self) -> pd.DataFrame:
        """Who would travel longer and who shorter than under the plan."""
        return for_whom(self.plan, self.option)

    @property
    def named(self) -> str:
        """What the option is called within a sentence."""
        return f"option {self.called}" if self.called else "this option"

    def __str__(self) -> str:
        """Return the answer as a paragraph."""
        problem, broken, who = self.plan.problem, len(self.broken), begun(self.named)
        if not self.changes:
            return f"{who} is the plan itself."
        lines = []
        if problem.exceptions:
            lines.append(self._with_exceptions())
        lines.append(f"{who} against the plan: {changes_in_words(problem, self.changes)}.")
        asked = asked_in_words(problem)
        if broken:
            lines.append(f"{asked}, {within(who)} breaks {how_many(self.option)}:")
            lines += broken_in_words(problem, self.broken)
        else:
            lines.append(f"{asked}, {within(who)} breaks no rule{but_for(self.option.exceptions)}.")
            lines += hangs_in_words(self.option, within(who))
        lines += [f"Against the plan {within(who)} comes to:", *costs_in_words(self.plan, self.option, self.costs)]
        lines += whom_in_words(problem, self.whom)
        if self.nearest:
            lines.append(self.nearest.told(within(who)))
            lines += costs_in_words(self.plan, self.nearest.plan, self.nearest.costs, "against the plan, ")
        return "\n".join([*lines, *hangs_in_words(self.plan, "the plan")])

    def _with_exceptions(self) -> str:
        """Say that every plan may do what the option is let off, and whether the plan would be best without that."""
        stated = self.plan.exceptions
        used = stated[stated["would_have_broken"].astype(bool)]
        fair = f"To be fair, every plan may here use what is excepted ({exceptions_in_words(stated)})"
        if used.empty:
            return f"{fair}. The plan uses none of that, so it is best without them, too."
        best = f"{fair}. The plan below is the best then, and rests on {exceptions_in_words(used)}"
        if self.unexcepted is None:
            return f"{best}; without any, no plan meets every rule."
        problem = self.plan.problem
        apart = changes(problem, self.unexcepted, self.plan.designated)
        other = f"the best without any, which is that of `solve`{self._today(self.unexcepted)}"
        told = changes_in_words(problem, apart, "that one")
        return f"{best}{self._today(self.plan.designated)}. Against {other}: {told}."

    def _today(self, designated: Designations) -> str:
        """Return how many changes from today some designations make, in brackets, where today is known."""
        known = self.plan.problem.services_with_today
        made = [pair for pair in designated ^ self.plan.problem.today if pair[1] in known]
        return f" ({amount(len(made), 'changes')} from today)" if known else ""


@dataclass(frozen=True)
class WhyNotSite:
    """Why a service is not at a site, or why it is at one.

    ``insisted`` is whether the question is put with the service at the site, or without it where the plan has it there.
    ``broken`` has the rules that the plan would break with that alone changed. ``best`` is the best plan that has it
    so; where no plan that has meets every rule it is None, and ``clash`` says why. ``nearest`` is the lawful plan that
    has it so with fewest changes from the plan. ``forbidden`` is one that has it so and is better than the plan, but
    breaks a rule, where the other way is not as good once that rule gives way as much: of those that are best once one
    rule gives way as little as helps, that which misses it by least;
    ``misses`` has what it breaks. None where there is none, or too many options to judge one by one.
    """

    plan: Plan
    service: str
    site: str
    insisted: bool
    fixed: Fixed | None
    broken: pd.DataFrame
    best: Plan | None
    costs: tuple[Cost, ...]
    nearest: Nearest | None
    clash: Clash | None
    forbidden: Plan | None
    misses: pd.DataFrame

    @cached_property
    def whom(self) -> pd.DataFrame | None:
        """Who would travel longer and who shorter than under the plan; None where no plan has it so."""
        return None if self.best is None else for_whom(self.plan, self.best)

    @property
    def question(self) -> str:
        """The question in words."""
        name, where = self.plan.problem.services[self.service].name, self.plan.problem.sites[self.site].name
        return f"Why {'not ' if self.insisted else ''}{name} at {where}?"

    @property
    def _with_it(self) -> str:
        return "with it there" if self.insisted else "without it there"

    @property
    def named(self) -> str:
        """What the best plan that has it so is called within a sentence."""
        return f"the best plan {self._with_it}"

    def __str__(self) -> str:
        """Return the answer as a paragraph."""
        with_it = self._with_it
        lines = [self.question]
        if self.fixed:
            lines.append(f"It is fixed: {self.fixed.reason}. What follows lifts that.")
        if len(self.broken):
            lines += [f"The plan as it stands, {with_it} and nothing else changed, breaks:"]
            lines += broken_in_words(self.plan.problem, self.broken)
        else:
            lines.append(f"The plan as it stands, {with_it} and nothing else changed, breaks no rule.")
        if self.best is None:
            why = str(self.clash).replace(NO_PLAN, f"No plan {with_it} meets every rule.", 1)
            supposed = [] if self.fixed else [f"Below, it is put {with_it} as if that were fixed."]
            return "\n".join([*lines, *self._forbidden(with_it), *supposed, why])
        lines.append(f"The best plan {with_it}: {self._changed(self.best)}.")
        lines += costs_in_words(self.plan, self.best, self.costs)
        lines += whom_in_words(self.plan.problem, self.whom if self.whom is not None else pd.DataFrame())
        if self.nearest and self.nearest.plan.designated != self.best.designated:
            among = f", one of {self.nearest.as_near:,} as near" if (self.nearest.as_near or 1) > 1 else ""
            departs = f"The lawful plan {with_it} that departs least from the plan{among}"
            lines.append(f"{departs}: {self._changed(self.nearest.plan)}.")
            lines += costs_in_words(self.plan, self.nearest.plan, self.nearest.costs)
        return "\n".join([*lines, *self._forbidden(with_it), *hangs_in_words(self.plan, "the plan")])

    def _forbidden(self, with_it: str) -> list[str]:
        """Say what would be better than the plan, were it not for a rule, and how much is missing."""
        if self.forbidden is None:
            return []
        short = self.misses.groupby("unit", sort=False)["short"].sum()
        by = listed(amount_told(many, str(unit)) for unit, many in short.items() if isfinite(many) and unit in SIZED)
        rule = amount(rules_among(self.plan.problem, self.misses["instance"]), "rules")
        better = f"{begun(with_it)}, this would be better than the plan, but breaks {rule}{f', by {by}' if by else ''}"
        found = costs(self.plan, self.forbidden)
        lines = [f"{better}: {self._changed(self.forbidden)}.", *broken_in_words(self.plan.problem, self.misses)]
        return [*lines, *costs_in_words(self.plan, self.forbidden, found)]

    def _changed(self, other: Plan) -> str:
        return changes_in_words(self.plan.problem, changes(self.plan.problem, self.plan.designated, other.designated))


def explain_option(plan: Plan, designated: Collection[tuple[str, str]], *, called: str = "") -> WhyNotOption:
    """Say why an option is not the plan: the rules it breaks, what it costs, for whom, and what is nearest to it.

    ``called`` is what people call it.
    """
    problem = plan.problem
    option = evaluate(problem, designated)
    broken = broken_rules(option)
    nearest = _nearest(plan, problem, option.designated) if len(broken) else None
    rests = len(plan.exceptions) and bool(plan.exceptions["would_have_broken"].any())
    alone = best_option(replace(problem, exceptions=())) if rests else None
    unexcepted = alone.designated if alone else None
    return WhyNotOption(plan, option, broken, costs(plan, option), nearest, unexcepted, called)


def explain_site(plan: Plan, service: str, site: str) -> WhyNotSite:
    """Say why a service is not at a site (or why it is), by insisting on the other way and solving again."""
    problem, pair = plan.problem, (site, service)
    insisted = pair not in plan.designated
    varied = fixing(problem, service, site, insisted)
    swapped = evaluate(varied, plan.designated ^ {pair})
    found: tuple[Cost, ...] = ()
    best, nearest, why = None, None, None
    try:
        best = evaluate(problem, best_plan(varied).designated)
        found = costs(plan, best)
        nearest = _nearest(plan, varied, plan.designated)
    except NoPlan:
        why = clash(varied)
    fixed = problem.services[service].fixed.get(site)
    forbidden = _better_but_forbidden(plan, varied, service, site)
    misses = broken_rules(forbidden or plan)
    broken = broken_rules(swapped)
    return WhyNotSite(plan, service, site, insisted, fixed, broken, best, found, nearest, why, forbidden, misses)


def _better_but_forbidden(plan: Plan, varied: Problem, service: str, site: str) -> Plan | None:
    """Return what misses one rule of a question by least, of its kind, and would be better than the plan.

    Only what gains by the service being, or not being, at the site: once the rule gives way as much, the plan's way
    there would not be as good.
    """
    as_planned = (site, service) in plan.designated
    before, found = tuple(reached.value for reached in plan.proof.objectives), list[tuple[float, Plan]]()
    try:
        if not can_be_ranked(varied):
            return None
        for way in that_matter(varied, givings(varied), before):
            looser = just_looser(varied, way, before)[0]
            best, other = best_listed(looser), best_listed(fixing(looser, service, site, as_planned))
            if best is None or (other and other.values <= best.values):
                continue
            then = evaluate(plan.problem, best.designated)
            if len(then.broken):
                found.append((_missed(then), then))
    except TooLarge:
        return None
    return min(found, key=lambda one: one[0])[1] if found else None


def _missed(plan: Plan) -> float:
    """Return by how much a plan misses rules, as a share of what they ask; whole where that has no size."""
    broken = plan.broken
    asked, short = broken["right"].abs().sum(), -broken["spare"].sum()
    return float(short / asked) if asked and isfinite(short) else 1.0


def fixing(problem: Problem, service: str, site: str, provided: bool) -> Problem:
    """Return the question with one designation insisted on."""
    rules = problem.services[service]
    fixed = {**rules.fixed, site: Fixed(provided, "Insisted on, to see what it would cost")}
    return replace(problem, services={**problem.services, service: replace(rules, fixed=fixed)})


def nearest_lawful(problem: Problem, designated: Designations) -> Designations | None:
    """Return the lawful designations with fewest changes from some; of those, the best. None where none is lawful."""
    found = best_option(_fewest_changes(problem, designated))
    return found.designated if found else None


def _fewest_changes(problem: Problem, designated: Designations) -> Problem:
    """Return the question with fewest changes from some designations as what counts first."""
    since = Objective("changes_from_today", since=designated)
    return replace(problem, objectives=(since, *problem.objectives))


def _as_near(problem: Problem, designated: Designations) -> tuple[int, list[Designations]] | None:
    """Return how many lawful designations have fewest changes from some, and the best of them; None if not known."""
    varied = _fewest_changes(problem, designated)
    try:
        if not can_be_ranked(varied):
            return None
        number = Every.of(varied, varied.objectives[:1]).equal_to_the_best
        ranked = Every.of(varied).best(MOST_AS_NEAR) if 1 < number <= MOST_AS_NEAR else ()
    except TooLarge:
        return None
    return number, [one.designated for one in ranked[:number]]


def _nearest(plan: Plan, problem: Problem, designated: Designations) -> Nearest | None:
    found = nearest_lawful(problem, designated)
    if found is None:
        return None
    near = evaluate(plan.problem, found)
    changed = changes(plan.problem, designated, found)
    number, ranked = _as_near(problem, designated) or (None, [])
    others = tuple(changes(plan.problem, designated, one) for one in ranked if one != found)
    return Nearest(near, changed, costs(plan, near), number, others)
