"""At which share of patients who go to the nearest hospital of all the answer turns: exactly, service by service.

A choice of sites for one service is set against every other, with all other services where the plan has them. So what
other services come to is the same for each, and of the objectives only the service's own part decides. Every sum runs
straight with the share, so two choices tie, and a rule is just met, at fractions that are worked out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise, product
from math import ceil

from optimiser.model.arithmetic import lawful, values
from optimiser.model.rules import demand_of, in_words
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.proof import EVALUATED, Proof
from optimiser.problem import Problem
from optimiser.problem.parameters import BORDER_PULL, Parameter, parameters
from optimiser.problem.words import NO_SITE, apart, listed, percent_or_less, places
from optimiser.scenarios.courses import Course, Designations, Ends, NotWorkedOut, course_of, roots, spares

# With more choices of sites for a service its turning value is not worked out.
MOST_CHOICES = 32
EVERYBODY = Fraction(1)


@dataclass(frozen=True)
class Turning:
    """Where the answer to one service turns as more patients go to the nearest hospital of all, all else as it is.

    Attributes
    ----------
    service
        Its code.
    now, value
        The share who go there now, and that beyond which the plan's sites are no longer the best. None: they are, up to
        everybody. At 1, others are best only if everybody goes there.
    best, designated
        The sites that are best just beyond it, and all designations with them; None where no choice meets every rule.
    breaks
        The rules that the plan's own sites break there, in words.
    of_others
        Whether all of these are rules on other services alone, so that it is not these sites that turn.
    why_not
        Why it was not worked out, if so.
    words
        All that in one sentence and, where that has whole percent, rounded up, another with the share rounded down.
    """

    service: str
    now: Fraction
    value: Fraction | None
    best: tuple[str, ...] | None
    designated: Designations | None
    breaks: tuple[str, ...]
    why_not: str
    words: str
    of_others: bool = False

    def __str__(self) -> str:
        """Return the sentence."""
        return self.words


def turning_values(plan: Plan) -> tuple[Turning, ...]:
    """Return the turning value of every service with patients; nothing where the border is not as today."""
    pull = parameters(plan.problem).get(BORDER_PULL)
    return tuple(_turning(plan, code, pull) for code in plan.problem.services_with_patients) if pull else ()


@dataclass(frozen=True)
class _Choice:
    """One choice of sites for a service, with all else as the plan has it, and how what it comes to runs."""

    ends: Ends

    @property
    def designated(self) -> Designations:
        """What it provides where."""
        return self.ends.designated

    @cached_property
    def objectives(self) -> tuple[Course, ...]:
        return tuple(course_of(self.ends, one) for one in self.ends.problems[0].objectives)

    @cached_property
    def spares(self) -> tuple[Course, ...]:
        return tuple(spares(self.ends))

    def broken(self, at: Fraction) -> tuple[str, ...]:
        """Return the instances of rules that it breaks at a share."""
        return tuple(one.name for one in self.spares if one.at(at) < 0)

    def values(self, at: Fraction) -> tuple[Fraction, ...]:
        """Return what it comes to at a share."""
        return tuple(one.at(at) for one in self.objectives)

    def ties_with(self, other: _Choice) -> Iterator[Fraction]:
        """Yield where it may change places with another."""
        for here, there in zip(self.objectives, other.objectives, strict=True):
            kinks = (*here.kinks, *there.kinks)
            yield from (*kinks, *roots(lambda at, a=here, b=there: a.at(at) - b.at(at), kinks))  # type: ignore[misc]

    def is_just_lawful(self) -> Iterator[Fraction]:
        """Yield where a rule may begin or cease to hold."""
        for one in self.spares:
            yield from (*one.kinks, *roots(one.at, one.kinks))


def _turning(plan: Plan, service: str, pull: Parameter) -> Turning:
    now, why_not = pull.current(plan.problem), ""
    found: tuple[Fraction, Designations | None, tuple[str, ...]] | None = None
    try:
        found = _first_turn(plan, service, pull)
    except NotWorkedOut as reason:
        why_not = str(reason)
    if found is None:
        words = _words(plan, service, now, None, None, ())
        if why_not:
            words = f"{plan.problem.services[service].name}: not worked out, for {why_not}."
        return Turning(service, now, None, None, None, (), why_not, words)
    at, designated, broken = found
    breaks = _in_words(plan.problem, broken)
    best = None if designated is None else _sites_of(plan.problem, designated, service)
    lead = ""
    if designated is not None and not breaks and at < EVERYBODY:
        lead = _by_how_much(plan, service, pull.apply(plan.problem, EVERYBODY), designated)
    words = _words(plan, service, now, at, best, breaks, lead)
    of_others = bool(broken) and all(_is_of_another(plan.problem, service, one) for one in broken)
    return Turning(service, now, at, best, designated, breaks, why_not, words, of_others)


def _by_how_much(plan: Plan, service: str, everybody: Problem, best: Designations) -> str:
    """Return by how much the other sites would be nearer to a service at most: if everybody went to the nearest.

    Nothing where they would not be.
    """
    here, there = (
        measures.mean_minutes(measures.residents(evaluate(everybody, one), service)) for one in (plan.designated, best)
    )
    if here <= there:
        return ""
    level = " (level)" if here - there <= everybody.level_within(there) else ""
    return f", by at most {apart(here - there)} a patient{level},"


def _is_of_another(problem: Problem, service: str, instance: str) -> bool:
    """Whether an instance of a rule is about other services and not about this one."""
    names = instance.split(".")[1:]
    return service not in names and any(name in problem.services for name in names)


def _first_turn(
    plan: Plan, service: str, pull: Parameter
) -> tuple[Fraction, Designations | None, tuple[str, ...]] | None:
    """Return the first share beyond which the plan's sites are not best, what then is, and the rules they break."""
    problem, now = plan.problem, pull.current(plan.problem)
    if now == EVERYBODY:
        return None
    every = _choices(plan, service)
    mine, *rest = (_Choice(ends) for ends in Ends.of_each(problem, every, pull))
    others = list(_worked_out(problem, pull, rest))
    cuts = [*mine.is_just_lawful()]
    for one in others:
        cuts += [*one.is_just_lawful(), *mine.ties_with(one)]
    for low, high in pairwise(sorted({now, EVERYBODY, *(at for at in cuts if now < at < EVERYBODY)})):
        middle = (low + high) / 2
        broken = mine.broken(middle)
        better = [one for one in others if not one.broken(middle)]
        if not broken:
            better = [one for one in better if one.values(middle) < mine.values(middle)]
        if better:
            return low, _best_beyond(low, high, better).designated, broken
        if broken:
            return low, None, broken
    return _if_everybody(pull.apply(problem, EVERYBODY), every)


def _choices(plan: Plan, service: str) -> list[Designations]:
    """Return every choice of sites for a service that agrees with what is fixed, the plan's first, then as ties go."""
    problem, fixed = plan.problem, plan.problem.services[service].fixed
    free = [site for site in problem.candidates if site not in fixed]
    if 2 ** len(free) > MOST_CHOICES:
        raise NotWorkedOut(f"there are {2 ** len(free):,} choices of its sites")
    rest = {pair for pair in plan.designated if pair[1] != service}
    rest |= {(site, service) for site, one in fixed.items() if one.provided}
    chosen = [
        frozenset(rest | {(site, service) for site, there in zip(free, bits, strict=True) if there})
        for bits in product((True, False), repeat=len(free))
    ]
    known = service in problem.services_with_today
    today = {pair for pair in problem.today if pair[1] == service}

    def order(one: Designations) -> tuple[bool, int, int]:
        here = {pair for pair in one if pair[1] == service}
        return one != plan.designated, len(here ^ today) if known else 0, len(here)

    return sorted(chosen, key=order)


def _worked_out(problem: Problem, pull: Parameter, every: Iterable[_Choice]) -> Iterator[_Choice]:
    """Yield choices with how they run; not those by which somebody reaches no site, which are lawful for nobody."""
    for choice in every:
        try:
            assert choice.objectives and choice.spares is not None
            yield choice
        except NotWorkedOut:
            if lawful(pull.apply(problem, Fraction(1, 2)), choice.designated):
                raise


def _best_beyond(low: Fraction, high: Fraction, better: Sequence[_Choice]) -> _Choice:
    """Return the best of some choices that are lawful between two shares, just beyond the lower."""
    ties = (at for one, other in combinations(better, 2) for at in one.ties_with(other))
    first = min((at for at in ties if low < at < high), default=high)
    return min(better, key=lambda one: one.values((low + first) / 2))


def _if_everybody(
    problem: Problem, every: Sequence[Designations]
) -> tuple[Fraction, Designations | None, tuple[str, ...]] | None:
    """Return what is best if everybody goes to the nearest of all, where that is not the first of some choices."""
    reached = {one: values(problem, one, problem.objectives) for one in every if lawful(problem, one)}
    best = min(reached, key=lambda one: reached[one], default=None)
    if best == every[0] or (best and every[0] in reached and reached[best] == reached[every[0]]):
        return None
    broken = () if every[0] in reached else tuple(Plan(problem, every[0], Proof(EVALUATED, ())).broken["instance"])
    return EVERYBODY, best, broken


def _in_words(problem: Problem, instances: Iterable[str]) -> tuple[str, ...]:
    demands = (demand_of(rule, tuple(names)) for rule, *names in (one.split(".") for one in instances))
    return tuple(in_words(problem, one) for one in dict.fromkeys(demands))


def _sites_of(problem: Problem, designated: Designations, service: str) -> tuple[str, ...]:
    return tuple(site for site in problem.candidates if (site, service) in designated)


# How those go who are pulled over the border: by minutes or, where those who stay do, with the offsets that fit.
GOES = "went to the nearest hospital of all"
BY_OFFSETS = "chose by journey time and the offsets of this question alone, here or across the border"
# Shares from here on are said in whole percent, and what they are exactly in a sentence of its own.
SAID_WHOLE = 10


def _words(
    plan: Plan,
    service: str,
    now: Fraction,
    at: Fraction | None,
    best: tuple[str, ...] | None,
    breaks: Sequence[str],
    lead: str = "",
) -> str:
    problem = plan.problem
    here = places(problem, plan.sites_of(service))
    begins = f"{problem.services[service].name}: "
    by_choice, exactly = BY_OFFSETS if problem.services[service].observed else GOES, ""
    if at is None:
        stays = "would stay best" if here != NO_SITE else "would stay the best choice"
        return f"{begins}{here} {stays} even if everybody {by_choice}."
    if at == EVERYBODY:
        goes = f"everybody {by_choice}"
    else:
        here_now = f" (in this question {percent_or_less(now)} do)" if now else ""
        share, whole = percent_or_less(at), ceil(100 * at)
        if SAID_WHOLE <= whole < 100 and share != f"{whole}%":
            share, exactly = f"{whole}%", f" Exactly: more than {share}."
        goes = f"more than {share} {by_choice}{here_now}, and only the rest crossed the border as today"
    since = f"{here} would then break a rule: {listed(breaks)}" if breaks else ""
    if best is None:
        return f"{begins}no choice of sites would meet every rule if {goes}{f'; {since}' if since else ''}.{exactly}"
    then = f"{places(problem, best)} would be best{'' if breaks else f' in place of {here}'}{lead}"
    return f"{begins}{then} if {goes}{f'; {since}' if since else ''}.{exactly}"
