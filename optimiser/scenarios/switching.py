"""What would have to be true: the exact values of a parameter at which one option overtakes another, or a rule breaks.

Between the kinks of their courses two options differ by straight lines, so where they tie, and where a rule is met with
nothing to spare, is worked out, not searched for. Parameters that are whole numbers are tried one by one, since only
those have a meaning; a stay, on which beds depend by no straight line, is halved down to a billionth of a day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType

import pandas as pd

from optimiser.errors import TooLarge
from optimiser.model.arithmetic import can_be_counted, lawful, value, values
from optimiser.model.objectives import UNITS
from optimiser.model.rules import LIMITS
from optimiser.plan import Plan
from optimiser.plan.proof import EVALUATED, Proof
from optimiser.problem import Objective, Problem
from optimiser.problem.decimals import exactly
from optimiser.problem.parameters import BORDER_PULL, PEOPLE, Parameter, ages_told, parameters
from optimiser.problem.words import (
    amount,
    listed,
    names_of,
    of_one_age,
    one_of,
    percent_or_less,
    rule_in_words,
    spoken,
    without_sites,
)
from optimiser.scenarios.courses import Course, Designations, Ends, NotWorkedOut, course_of, roots, spares

MAP_STEPS = 9
# What a plan that another is set beside is called where nobody named it.
OTHER = "the other plan"
HALVED_TO = Fraction(1, 10**9)
HALVED, SHARE, TIMES = "stay_days", "share of patients", "times"
# What a factor multiplies, as it is said where values are told as so much more or less.
ALOUD = (("There are so many times as many ", "More or fewer "), ("so many times as long", "more or less time"))
WAYS = {-1: "down", 1: "up"}
AHEAD = {-1: "{0} is better", 0: "they are equal", 1: "{1} is better"}


@dataclass(frozen=True)
class Standing:
    """How two options stand: the rules each breaks, and which is better: −1 the first, 1 the second, 0 neither."""

    first_breaks: tuple[str, ...]
    second_breaks: tuple[str, ...]
    order: int

    @property
    def outcome(self) -> tuple[bool, bool, int]:
        """Whether each is lawful, and which is better of two that are."""
        both = (not self.first_breaks, not self.second_breaks)
        return (*both, self.order if all(both) else 0)

    def since(self, now: Standing, first: str, second: str, known: Mapping[str, str], stated: Mapping[str, str]) -> str:
        """Say in words what is otherwise than now, with names for the options, and of services and sites by code.

        ``stated`` is what a rule asks, whichever site it is broken at, by its code.
        """
        said = []
        sides = ((first, self.first_breaks, now.first_breaks), (second, self.second_breaks, now.second_breaks))
        rules_of = [[rule for rule in then if rule not in before] for _, then, before in sides]
        new = [listed(rule_in_words(rule, known) for rule in rules) for rules in rules_of]
        asked = [
            listed(dict.fromkeys(stated.get(rule, rule_in_words(rule, known)) for rule in rules)) for rules in rules_of
        ]
        if asked[0] and asked[0] == asked[1]:
            return f"both break the rule that {asked[0]}"
        for (name, then, before), broken in zip(sides, new, strict=True):
            said += [f"{name} breaks the rule that {broken}"] if broken else []
            said += [f"{name} breaks no rule"] if before and not then else []
        if not self.first_breaks and not self.second_breaks:
            ahead = AHEAD[self.order].format(first, second)
            # Of one that is named just before it goes without saying who.
            said.append(
                ahead.removeprefix(f"{second} ") if said and said[-1].startswith(f"{second} breaks no") else ahead
            )
        return " and ".join(said) or "other rules are broken"


@dataclass(frozen=True)
class Stretch:
    """A stretch of a parameter over which two options stand alike."""

    low: Fraction
    high: Fraction
    standing: Standing

    @property
    def is_a_point(self) -> bool:
        """Whether it is one value alone."""
        return self.low == self.high


@dataclass(frozen=True)
class Switching:
    """How two options stand as one parameter varies: stretch by stretch, exactly.

    ``why_not`` says why it was not worked out, if so; there are then no stretches. ``turns_at`` are the nearest values
    at which they stand already as beyond them: a rule that becomes kept is kept where it is just met.
    """

    parameter: Parameter
    current: Fraction
    now: Standing
    stretches: tuple[Stretch, ...]
    why_not: str = ""
    turns_at: tuple[Fraction, ...] = ()

    @cached_property
    def _here(self) -> Stretch | None:
        """The stretch that the current value lies in, or at an end of, that stands as the options do now."""
        around = [one for one in self.stretches if one.low <= self.current <= one.high]
        return next((one for one in around if one.standing.outcome == self.now.outcome), None)

    @property
    def down(self) -> Fraction | None:
        """The nearest value below (or the current one) beyond which they stand otherwise; None for never.

        Of whole numbers it is the first at which they do.
        """
        low = self._here.low if self._here else self.current
        below = [one.high for one in self.stretches if one.high <= low and one is not self._here]
        return max(below) if below else None

    @property
    def up(self) -> Fraction | None:
        """The nearest value above (or the current one) beyond which they stand otherwise; None for never.

        Of whole numbers it is the first at which they do.
        """
        high = self._here.high if self._here else self.current
        above = [one.low for one in self.stretches if one.low >= high and one is not self._here]
        return min(above) if above else None

    def words(
        self,
        first: str,
        second: str,
        known: Mapping[str, str] = MappingProxyType({}),
        stated: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Say it in words, with names for the options, and of services and sites by code. Values are rounded.

        ``stated`` is what a rule asks, whichever site it is broken at, by its code.
        """
        name, unit = self.parameter.name, self.parameter.unit
        is_factor = unit == TIMES
        now = self._value(self.current) if unit == SHARE else amount(float(self.current), unit)
        if self.why_not:
            return f"{name}: not worked out, for {self.why_not}."
        meaning = self.parameter.meaning.partition(". ")[0]
        for told, aloud in ALOUD if is_factor else ():
            meaning = meaning.replace(told, aloud)
        here = f", {now} in this question" if unit == SHARE else f", now {now}"
        head = f"{meaning} ({name}{'' if is_factor else here})"
        low, high = self.stretches[0].low, self.stretches[-1].high
        if self.down is None and self.up is None:
            return f"{head}: never, from {self._value(low)} to {self._value(high)}."
        parts = []
        for at, end, way, towards in ((self.down, low, "below", -1), (self.up, high, "above", 1)):
            if at is None and end == self.current:
                continue
            if at is None:
                tried = self._value(end)
                parts.append(
                    f"nothing turns with up to {tried}" if is_factor else f"nothing turns {WAYS[towards]} to {tried}"
                )
                continue
            beyond = self._beyond(at, towards)
            value = self._value(at)
            already = self.parameter.whole or at in self.turns_at
            said = f"from {value} {WAYS[towards]}" if already else f"{way} {value}"
            if is_factor:
                over = "from" if already else "with over"
                said = f"{over} {value}" if at != 1 else f"with any {self._more(towards > 0)}"
            # Where nobody is pulled over the border, or everybody, two options may stand as they do nowhere else.
            said = f"at {value} alone" if beyond.is_a_point and not self.parameter.whole else said
            parts.append(f"{said} {beyond.standing.since(self.now, first, second, known, stated)}")
        return f"{head}: {'; '.join(parts)}."

    def with_ends(self, standing: Callable[[Fraction], Standing]) -> Switching:
        """Return it with the nearest values at which the options stand already as beyond them."""
        ends = ((at, towards) for at, towards in ((self.down, -1), (self.up, 1)) if at is not None)
        turned = {at for at, to in ends if standing(at).outcome == self._beyond(at, to).standing.outcome}
        return replace(self, turns_at=tuple(sorted(turned)))

    def _value(self, at: Fraction) -> str:
        """Return a value as it is told: a share in percent, rounded down, a factor as so much more or less."""
        if self.parameter.unit == SHARE:
            return percent_or_less(at)
        if self.parameter.unit == TIMES:
            return f"{100 * abs(float(at) - 1):.3g}% {self._more(at > 1)}"
        return f"{float(at):.4g}" if abs(at) < 1000 else f"{float(at):,.0f}"

    def _more(self, more: bool) -> str:
        """Return whether a factor makes more or less, of what is counted or of time."""
        return "more" if more else "less" if self.parameter.name.startswith("journey") else "fewer"

    def _beyond(self, at: Fraction, towards: int) -> Stretch:
        """Return the stretch just beyond a value."""
        rest = [one for one in self.stretches if one is not self._here]
        if towards < 0:
            return next(one for one in reversed(rest) if one.high <= at)
        return next(one for one in rest if one.low >= at)


def switching(
    problem: Problem, first: Designations, second: Designations, chosen: Iterable[Parameter] | None = None
) -> tuple[Switching, ...]:
    """Work out at which values of each parameter, one at a time, two options change places or a rule breaks.

    ``chosen`` are ``problem.parameters`` of the question; all of them if not given. Each is looked at over its range.
    """
    every = parameters(problem).values() if chosen is None else chosen
    return tuple(_switching(problem, first, second, parameter) for parameter in every)


def switching_map(
    problem: Problem, first: Designations, second: Designations, across: Parameter, down: Parameter
) -> pd.DataFrame:
    """Return a two-way map: for stated values of one parameter, the exact stretches of the other.

    Returns
    -------
    pandas.DataFrame
        One row a value of ``down`` (its range in equal steps, and its current value) and a stretch of ``across``: from
        and to, whether each option is lawful, and which is better (-1 the first, 1 the second).
    """
    step = (down.high - down.low) / (MAP_STEPS - 1)
    values = {down.low + number * step for number in range(MAP_STEPS)} | {down.current(problem)}
    rows = []
    for at in sorted({Fraction(int(one)) for one in values} if down.whole else values):
        stretches = _switching(down.apply(problem, at), first, second, across).stretches
        rows += [(float(at), float(one.low), float(one.high), *one.standing.outcome) for one in stretches]
    columns = [down.name, f"{across.name} from", "to", "first_is_lawful", "second_is_lawful", "better"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class Trade:
    """How much of the first objective one unit of another would have to be worth for two options to tie.

    ``leading`` is the first objective, ``first_unit`` its unit; ``worth`` is None where no weight makes them tie: one
    option is no worse on both.
    """

    objective: str
    unit: str
    leading: str
    first_unit: str
    worth: Fraction | None

    def words(self) -> str:
        """Say it in words."""
        name = self.objective.replace("_", " ")
        if self.worth is None:
            return f"A weight of {name}: never, whatever it counts for beside {self.leading.replace('_', ' ')}."
        worth = amount(float(self.worth), self.first_unit)
        return f"A weight of {name}: the two are as good where one {one_of(self.unit)} of it counts as {worth}."


def trades(problem: Problem, first: Designations, second: Designations) -> tuple[Trade, ...]:
    """Return, for every other objective that can be counted, the weight at which two options tie, exactly.

    Not of one that comes to nothing under both.
    None where flows are managed: who goes where then depends on what is counted.
    """
    if any(service.managed for service in problem.services.values()):
        return ()
    leading = problem.objectives[0]
    known = [one for one in can_be_counted(problem) if one != leading.name]
    found = []
    for name in known:
        if not any(value(problem, one, Objective(name)) for one in (first, second)):
            continue
        differ = [_differ(problem, first, second, one) for one in (leading, Objective(name))]
        opposed = differ[0] * differ[1] < 0
        worth = -differ[0] / differ[1] if opposed else None
        found.append(Trade(name, UNITS[name], leading.name, UNITS[leading.name], worth))
    return tuple(found)


@dataclass(frozen=True)
class WhatWouldHaveToBeTrue:
    """What would have to be true for another option to overtake the plan, one parameter and one weight at a time.

    ``called`` is what the other is called within a sentence.
    """

    plan: Plan
    other: Plan
    switching: tuple[Switching, ...]
    trades: tuple[Trade, ...]
    called: str

    def __str__(self) -> str:
        """Return the switching values as a paragraph: first what would turn the order, then what never does."""
        worked_out = [one for one in self.switching if not one.why_not]
        known = names_of(self.plan.problem)
        said = [(one.down is None and one.up is None, self._told(one, known)) for one in worked_out]
        said += [(one.worth is None, one.words()) for one in self.trades]
        lines = [
            f"What would have to be true for the plan and {self.called} to change places, or for one to break a rule."
        ]
        lines += [
            "Between these two alone, and the first turn each way: where neither overtakes, a third may be better."
        ]
        lines += ["Each alone, all else as it is; values are rounded, and in full with --json:"]
        lines += [f"  - {words}" for never, words in said if not never]
        never_do = [f"  - {words}" for never, words in said if never]
        lines += ["These turn nothing, each within its range:", *never_do] if never_do else []
        for why in dict.fromkeys(one.why_not for one in self.switching if one.why_not):
            names = ", ".join(one.parameter.name for one in self.switching if one.why_not == why)
            lines.append(f"Not worked out, for {why}: {names}.")
        lines += ages_told(self.plan.problem, [one.parameter.name for one in worked_out])
        return "\n".join(lines)

    def _told(self, one: Switching, known: Mapping[str, str]) -> str:
        """Return one parameter in words, with what it rests on where the number of people of an age varies."""
        words = one.words("the plan", self.called, known, self._stated(one, known))
        never = one.down is None and one.up is None
        alike = [] if never or not one.parameter.name.startswith(PEOPLE) else of_one_age(self.plan.problem)
        assumed = f", if patients of {listed(map(spoken, alike))} are of all ages alike, which is assumed"
        return f"{words.removesuffix('.')}{assumed if alike else ''}."

    def _stated(self, one: Switching, known: Mapping[str, str]) -> dict[str, str]:
        """Return what the rules that are broken ask, by code; with their figures, where no figure of them varies."""
        problem = self.plan.problem
        figures = {
            ".".join((rule.name, *names)): rule.stated_in_words(problem, names)
            for rule in LIMITS.values()
            for names in rule.stated(problem)
            if one.parameter.unit in (TIMES, SHARE)
        }
        standings = [stretch.standing for stretch in one.stretches]
        broken = {rule for each in standings for rule in (*each.first_breaks, *each.second_breaks)}
        asked = {rule: without_sites(rule, problem.sites) for rule in broken}
        return {rule: figures.get(code, rule_in_words(code, known)) for rule, code in asked.items()}


def what_would_have_to_be_true(plan: Plan, other: Plan, *, called: str = OTHER) -> WhatWouldHaveToBeTrue:
    """Work out every switching value between a plan and another: parameters over their ranges, and weights.

    ``called`` is what the other is called within a sentence.
    """
    pair = plan.designated, other.designated
    return WhatWouldHaveToBeTrue(plan, other, switching(plan.problem, *pair), trades(plan.problem, *pair), called)


def _differ(problem: Problem, first: Designations, second: Designations, objective: Objective) -> Fraction:
    here, there = (value(problem, one, objective) for one in (first, second))
    return Fraction(0) if here == there else exactly(here) - exactly(there)


# One parameter --------------------------------------------------------------------------------------------------------


def _switching(problem: Problem, first: Designations, second: Designations, parameter: Parameter) -> Switching:
    current = parameter.current(problem)
    pair = (frozenset(first), frozenset(second))
    try:
        if parameter.whole or parameter.name.startswith(HALVED):
            standing = _applied(problem, *pair, parameter)
            steps = _whole_steps(parameter) if parameter.whole else _halved(standing, parameter, current)
            found = Switching(parameter, current, standing(current), _merged(_each(steps, standing)))
            return found.with_ends(standing)
        runs = _Runs.of(problem, *pair, parameter)
        found = Switching(parameter, current, runs.standing(current), _merged(runs.stretches(parameter)))
        return found.with_ends(runs.standing)
    except (NotWorkedOut, TooLarge) as reason:
        return Switching(parameter, current, Standing((), (), 0), (), str(reason))


def _applied(
    problem: Problem, first: Designations, second: Designations, parameter: Parameter
) -> Callable[[Fraction], Standing]:
    """Return how two options stand at a value, by putting it into the question."""

    def standing(at: Fraction) -> Standing:
        varied = parameter.apply(problem, at)
        broken = [() if lawful(varied, one) else _broken_by(varied, one) for one in (first, second)]
        here, there = (values(varied, one, varied.objectives) for one in (first, second))
        return Standing(broken[0], broken[1], (here > there) - (here < there))

    return standing


def _broken_by(problem: Problem, designated: Designations) -> tuple[str, ...]:
    return tuple(Plan(problem, designated, Proof(EVALUATED, ())).broken["instance"])


def _whole_steps(parameter: Parameter) -> list[tuple[Fraction, Fraction]]:
    whole = range(int(-(-parameter.low // 1)), int(parameter.high // 1) + 1)
    return [(Fraction(one), Fraction(one)) for one in whole]


def _halved(
    standing: Callable[[Fraction], Standing], parameter: Parameter, current: Fraction
) -> list[tuple[Fraction, Fraction]]:
    """Return stretches cut where what stands changes for good, found by halving between what is now and each end."""
    cuts = []
    for end in (parameter.low, parameter.high):
        same, other = current, end
        if standing(end).outcome == standing(current).outcome:
            continue
        while abs(other - same) > HALVED_TO:
            middle = (same + other) / 2
            if standing(middle).outcome == standing(current).outcome:
                same = middle
            else:
                other = middle
        cuts.append(same)
    edges = sorted({parameter.low, *cuts, parameter.high})
    return list(pairwise(edges))


def _each(steps: Iterable[tuple[Fraction, Fraction]], standing: Callable[[Fraction], Standing]) -> Iterator[Stretch]:
    for low, high in steps:
        yield Stretch(low, high, standing((low + high) / 2))


def _merged(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Join neighbouring stretches that stand alike."""
    found: list[Stretch] = []
    for one in stretches:
        if found and found[-1].standing.outcome == one.standing.outcome:
            found[-1] = Stretch(found[-1].low, one.high, found[-1].standing)
        else:
            found.append(one)
    return tuple(found)


@dataclass(frozen=True)
class _Runs:
    """The courses of two options: what each objective comes to, and what each rule has to spare."""

    objectives: tuple[tuple[Course, Course], ...]
    spares: tuple[tuple[Course, ...], tuple[Course, ...]]

    @classmethod
    def of(cls, problem: Problem, first: Designations, second: Designations, parameter: Parameter) -> _Runs:
        ends = Ends.of_each(problem, (first, second), parameter)
        objectives = tuple((course_of(ends[0], one), course_of(ends[1], one)) for one in problem.objectives)
        return cls(objectives, (tuple(spares(ends[0])), tuple(spares(ends[1]))))

    def standing(self, at: Fraction) -> Standing:
        """Return how the options stand at a value."""
        broken = [tuple(one.name for one in courses if one.at(at) < 0) for courses in self.spares]
        differences = (here.at(at) - there.at(at) for here, there in self.objectives)
        order = next((one for one in differences if one), Fraction(0))
        return Standing(broken[0], broken[1], (order > 0) - (order < 0))

    def stretches(self, parameter: Parameter) -> Iterator[Stretch]:
        """Yield stretches over a parameter's range, cut wherever a course may cross another or a rule may break."""
        low, high = parameter.low, parameter.high
        inside = sorted({low, high, *(one for one in self._cuts() if low < one < high)})
        ends = ([(low, low)], [(high, high)]) if parameter.name == BORDER_PULL else ([], [])
        return _each([*ends[0], *pairwise(inside), *ends[1]], self.standing)

    def _cuts(self) -> Iterator[Fraction]:
        for here, there in self.objectives:
            kinks = (*here.kinks, *there.kinks)
            yield from _crossings(here, there, kinks)
        for courses in self.spares:
            for one in courses:
                yield from one.kinks
                yield from roots(one.at, one.kinks)


def _crossings(here: Course, there: Course, kinks: Sequence[Fraction]) -> Iterator[Fraction]:
    yield from kinks
    yield from roots(lambda at: here.at(at) - there.at(at), kinks)
