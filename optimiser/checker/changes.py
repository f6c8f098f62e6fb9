"""What run.json says would change the answer: is what is then best better, and do the words say so?

Where a rule gives way, by so much as is said; where a figure is another (journeys to one site, every journey, patients,
staff), with that; where more patients are pulled over the border, with a little more and a little less of them. What
turns with the journeys of one corridor is not worked out here, nor that no smaller change would turn the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import chain, combinations, compress
from math import isfinite
from typing import Any, NoReturn, cast

from optimiser.checker.altered import OF_A_CORRIDOR, Changes, inputs_as_changed
from optimiser.checker.changes_words import of_a_parameter, of_a_rule, of_the_border
from optimiser.checker.claims import OBJECTIVES
from optimiser.checker.config import ConfigReader
from optimiser.checker.question import Change
from optimiser.checker.reading import Breach, Number, brief, dust, nearly, size
from optimiser.checker.record import are_changes
from optimiser.checker.rules import RULES, Fact, facts_of
from optimiser.checker.run import MICRO, Run
from optimiser.checker.sentences import is_better, mean_of
from optimiser.checker.tried import Designated, Trial

CHECK = "changes_come_to_what_is_said"
MEAN, WITHIN = "mean_minutes", "share_within_standard"
# What other designations are short of rests on where staff would be sent there, which no run says.
OF_STAFF = "staff_short"
RULE, PARAMETER, BORDER = "rule", "parameter", "border"
SIDES = ("before", "after")
OF_A_GAIN = {"measure", "service", "unit", *SIDES}
UNITS = {MEAN: "minutes", WITHIN: "share of patients"}
# What is changed: journeys to one site, every journey or those of a corridor, patients of an activity, staff in all.
KNOWN_FIGURES = re.compile(
    r"journeys\.[^.]+\.from_everywhere|journey_factor(\..+)?|demand_factor\..+|staff\.[^.]+\.[^.]+"
)
# How much more patients are pulled over the border, or less, where it is looked: less where ties and rules lie close.
A_LITTLE = tuple(Fraction(1, 10**n) for n in (4, 3, 5, 6))
# With more sets of sites for a service it is not tried that none is lawful.
MOST_SETS = 32
ALL, A_MILLIONTH = Fraction(1), Fraction(1, 10**6)
# A part of a change, what it is, and what it should be.
NotSo = tuple[str, object, object]


def changes_come_to_what_is_said(run: Run) -> Iterator[Breach]:
    """What is said to be best once something changes is lawful and better there, gains what is said, and is so worded.

    Where a rule gives way it breaks no other; with another figure, or more patients pulled over the border, it breaks
    none, and the plan breaks one or is worse. The smallest change stands first, and none twice.
    """
    said = run.result.record.get("would_change")
    known = all(objective.name in OBJECTIVES for objective in run.question.objectives)
    changes = said["changes"] if said and known and are_changes(said) else []
    for number, change in enumerate(changes, start=1):
        for part, claimed, found in _wrong_in(run, change):
            where, claim, truth = f"run.json change {number}", brief(claimed), brief(found)
            yield Breach(CHECK, where, claim, truth, f"{where}: {part} is {claim}, but should be {truth}.")
    order = [(one["kind"] != BORDER, one["kind"] != BORDER and one["size"]) for one in changes if _is_sound(one)]
    leads_to = {(one["kind"] == RULE, str(one["service"]), str(one["then"])) for one in changes}
    if order != sorted(order) or len(leads_to) < len(changes):
        yield Breach(CHECK, "run.json would_change", "", "", "run.json: changes are not each once, the smallest first.")


def _is_number(said: Any) -> bool:
    return isinstance(said, int | float | Fraction) and not isinstance(said, bool)


def _is_sound(change: Mapping[str, Any]) -> bool:
    """Whether every part of a change is of its kind."""
    numbers = [change["size"], *(change[name] for name in ("by", "to") if change[name] is not None)]
    gains = [one if isinstance(one, dict) and one.keys() == OF_A_GAIN else None for one in change["gained"]]
    return (
        all(isinstance(change[name], str) for name in ("what", "unit", "service"))
        and all(_is_number(one) and isfinite(one) for one in numbers)
        and all(one is not None and all(_is_number(one[side]) for side in SIDES) for one in gains)
    )


def _wrong_in(run: Run, change: Mapping[str, Any]) -> Iterator[NotSo]:
    """Yield what is wrong in a change: which part, what it is, and what it should be."""
    then = None if change["then"] is None else _designated(run, change["then"])
    if not _is_sound(change):
        yield "a part", str(change), "of its kind"
    elif (then is None) != (change["then"] is None):
        yield "then", change["then"], "what this question has"
    else:
        yield from OF_KIND[change["kind"]](run, change, then)


def _not_so(change: Mapping[str, Any], **due: object) -> Iterator[NotSo]:
    """Yield each part of a change that is not as it is due, but for how numbers are rounded."""
    for part, found in due.items():
        told = change[part]
        agree = told == found
        if _is_number(told) and isinstance(found, int | Fraction):
            agree = nearly(told, found) or size(told - found) <= A_MILLIONTH * min(1, size(found))
        if not agree:
            yield part, told, found


def _words_not_so(change: Mapping[str, Any], pattern: str) -> Iterator[NotSo]:
    if not re.fullmatch(pattern, change["words"]):
        yield "words", change["words"], "what the change comes to, in words that there are"


def _turns_not(trial: Trial, plan: Designated, then: Designated | None) -> list[NotSo]:
    """Return what is wrong where other designations are said to be best, or none to be lawful."""
    if then is not None and trial.breaks_a_rule(then):
        return [("then", "breaks a rule", "lawful")]
    better = then is not None and is_better(trial.question, trial.values(then), trial.values(plan))
    return [] if better or trial.breaks_a_rule(plan) else [("then", "no better than the plan", "better")]


# Figures --------------------------------------------------------------------------------------------------------------


class _Refused(Exception):
    """A figure that this question does not have, or that cannot be so."""


class _Refusing:
    """Stands where a config is read, which would note what is wrong: here no config states the change."""

    def note(self, *_: object) -> NoReturn:
        raise _Refused

    def wrong_if(self, wrong: object, *_: object) -> None:
        if wrong:
            raise _Refused


def _wrong_in_a_figure(run: Run, change: Mapping[str, Any], then: Designated | None) -> Iterator[NotSo]:
    """Yield what is wrong where a figure is another: journeys to one site take so many minutes more, say."""
    what, to = change["what"], Fraction(change["to"] or 0)
    kind, *names = what.split(".")
    text = f"{Decimal(to.numerator) / to.denominator:f}"
    text = f"+{text}" if kind == "journeys" and to >= 0 else text
    changes = Changes(cast("ConfigReader", _Refusing()), {what: Change(text, "", "", verified=False)})
    inputs = run.inputs._replace(
        minutes=_of_areas(run, run.inputs.minutes),
        by_mode={mode: _of_areas(run, table) for mode, table in run.inputs.by_mode.items()},
    )
    try:
        if not KNOWN_FIGURES.fullmatch(what):
            raise _Refused
        worked_out = not what.startswith(OF_A_CORRIDOR)
        varied = inputs_as_changed(run.question, inputs, {}, lambda *_: ALL, changes) if worked_out else inputs
    except (_Refused, ValueError):
        yield "to", f"{what} {text}", "what this question has, and can be"
        return
    now, trial, breaks = changes.made[what][0] if worked_out else ALL, Trial(run.question, varied), False
    if worked_out:
        breaks = trial.breaks_a_rule(run.plan)
        yield from _turns_not(trial, run.plan, then)
    here = [micro for (_, site), micro in inputs.minutes.items() if kind == "journeys" and site == names[0]]
    stands, by = Fraction(sum(here), len(here) * MICRO) if here else now, abs(to - now)
    unit = {"journeys": "minutes more", "staff": names[-1] if names else ""}.get(kind, "times")
    yield from _not_so(change, by=by, unit=unit, size=by / stands if stands else ALL, service="", gained=[])
    level = kind == "journeys" and then is not None and not breaks and _all_are_level(trial, run.plan, then)
    yield from _words_not_so(change, of_a_parameter(run, change, then, varied, breaks, level))


def _all_are_level(trial: Trial, plan: Designated, then: Designated) -> bool:
    """Whether the average journeys to each service are as good as alike under two plans."""
    here, there = trial.going(plan), trial.going(then)
    means = ((mean_of(here, code), mean_of(there, code)) for code in here.services_with_patients)
    within = here.question.level_within
    return all(
        now == other or (now is not None and other is not None and size(other - now) <= within(now))
        for now, other in means
    )


def _of_areas(run: Run, table: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Return the journeys from the areas that are counted: with a closed border nobody comes from outside."""
    return {pair: micro for pair, micro in table.items() if pair[0] in run.areas}


# The border -----------------------------------------------------------------------------------------------------------


def _wrong_at_the_border(run: Run, change: Mapping[str, Any], then: Designated | None) -> Iterator[NotSo]:
    """Yield what is wrong where one service's sites are others once more patients are pulled over the border."""
    plan, service, at, now = run.plan, change["service"], Fraction(change["to"] or 0), run.question.pull
    if not run.question.as_today or service not in run.services_with_patients or not now <= at <= 1:
        yield "service", service, "one whose patients cross the border as today, with a share from now to 1"
        return
    unit = "share of patients"
    yield from _not_so(change, what="border_pull", by=at - now, size=at - now, unit=unit, gained=[])
    if then is not None and {code for code, _ in then ^ plan} != {service}:
        yield "then", change["then"], "other sites of this service alone"
        return

    def wrong_by(little: Fraction) -> tuple[list[NotSo], bool]:
        """Return what is wrong a little beyond and a little before, and whether the plan breaks a rule beyond."""
        beyond, before = (
            Trial(replace(run.question, pull=share), run.inputs) for share in (min(at + little, ALL), at - little)
        )
        wrong = _turns_not(beyond, plan, then)
        if then is None and any(not beyond.breaks_a_rule(one) for one in _sets_of_sites(run, service)):
            wrong.append(("then", "no plan", "a lawful one"))
        if at - little > now and not _turns_not(before, plan, then):
            wrong.append(("to", at, "where the answer turns first"))
        return wrong, beyond.breaks_a_rule(plan)

    wrong, breaks = first = wrong_by(A_LITTLE[0])
    if wrong:
        wrong, breaks = next((one for one in map(wrong_by, A_LITTLE[1:]) if not one[0]), first)
    yield from wrong
    yield from _words_not_so(change, of_the_border(run, change, then, breaks))


def _sets_of_sites(run: Run, service: str) -> Iterator[Designated]:
    """Yield the plan with each set of sites for a service; nothing where those are many."""
    fixed = run.question.services[service].fixed
    free = [site for site in run.candidates if site not in fixed]
    if 2 ** len(free) > MOST_SETS:
        return
    kept = {(code, site) for code, site in run.plan if code != service or site in fixed}
    for chosen in chain.from_iterable(combinations(free, many) for many in range(len(free) + 1)):
        yield frozenset(kept | {(service, site) for site in chosen})


# Rules ----------------------------------------------------------------------------------------------------------------


def _wrong_in_a_rule(run: Run, change: Mapping[str, Any], then: Designated | None) -> Iterator[NotSo]:
    """Yield what is wrong where a rule gives way."""
    rule, *names = change["what"].split(".")
    if then is None or rule not in RULES:
        yield "then" if then is None else "what", change["then" if then is None else "what"], "what this question has"
        return
    trial, plan = Trial.of(run), run.plan
    sides = {"before": trial.going(plan), "after": trial.going(then)}
    broken = list(_broken_by(sides["after"]))
    is_of_staff = RULES[rule].kind == "staff"
    whose = [one.instance.split(".") for _, one in broken]
    if {name for name, _ in broken} != (set() if is_of_staff else {rule}):
        yield "what", rule, " ".join(sorted({name for name, _ in broken})) or "a rule on staff"
        return
    if broken and not any(names in (one, one[:1] + one[2:]) for one in whose):
        yield "what", change["what"], f"{rule} of {broken[0][1].instance}"
    # What the other plan lacks of staff is what gives way, so it does not count against it.
    counts = [not (is_of_staff and one.name == OF_STAFF) for one in run.question.objectives]
    question = replace(run.question, objectives=tuple(compress(run.question.objectives, counts)))
    if not is_better(question, *([*compress(trial.values(one), counts)] for one in (then, plan))):
        yield "then", "no better than the plan", "better"
    yield from _not_so(change, service="", to=None)
    if broken and change["by"] is not None:
        by = sum(-RULES[rule].spare(one) for _, one in broken)
        asked = sum(size(one.right) for _, one in broken)
        yield from _not_so(change, by=by, unit=broken[0][1].unit, size=by / asked if asked else ALL)
    yield from _gains_not_so(sides, change["gained"])
    if all(isfinite(gain[side]) for gain in change["gained"] for side in SIDES):
        yield from _words_not_so(change, of_a_rule(run, change, then, broken))


def _broken_by(run: Run) -> Iterator[tuple[str, Fact]]:
    """Yield what designations break of each rule, but of those about staff: a lawful plan has its staff."""
    for name, rule in RULES.items():
        broken = (fact for fact in facts_of(name, run) if rule.spare(fact) < -dust(fact.right))
        yield from ((name, fact) for fact in broken if rule.kind != "staff")


def _gains_not_so(sides: Mapping[str, Run], gained: list[Mapping[str, Any]]) -> Iterator[NotSo]:
    """Yield what is wrong in what is gained: all that differs is there, with its unit, and as it is on either side."""
    here, there = sides.values()
    told = [(gain["measure"], gain["service"]) for gain in gained]
    for code in here.services_with_patients:
        if here.sites_of(code) != there.sites_of(code):
            due = [name for name in UNITS if all(_numbers(run, name, code) for run in (here, there))]
            yield from (("gained", "nothing", f"{name} of {code}") for name in due if (name, code) not in told)
    for objective in here.question.objectives:
        both = [OBJECTIVES[objective.name].value(run, objective) for run in (here, there)]
        if objective.name != OF_STAFF and not nearly(*both) and (objective.name, "") not in told:
            yield "gained", "nothing", objective.name
    for gain in gained:
        aim = OBJECTIVES.get(gain["measure"])
        unit = UNITS.get(gain["measure"], aim.unit if aim else "")
        if gain["unit"] != unit:
            yield f"{gain['measure']} unit", gain["unit"], unit
        for side, run in sides.items() if gain["measure"] != OF_STAFF else ():
            numbers = _numbers(run, gain["measure"], gain["service"])
            if not any(nearly(gain[side], one) for one in numbers):
                yield f"{gain['measure']} {side}", gain[side], numbers[0] if numbers else "a measure that is known"


def _designated(run: Run, then: Any) -> Designated | None:
    """Return designations, if all are candidates that this question has, with its services."""
    lists = then.values() if isinstance(then, dict) else [None]
    if not all(isinstance(sites, list) for sites in lists):
        return None
    pairs = [(code, site) for code, sites in then.items() for site in sites]
    known = {(code, site) for code in run.question.services for site in run.candidates}
    return frozenset(pairs) if all(pair in known for pair in pairs) else None


def _numbers(run: Run, measure: object, service: object) -> list[Number]:
    """Return what a measure of a service is under some designations, or what objectives of its name come to."""
    if service in run.question.services and measure == MEAN:
        found = mean_of(run, str(service))
        return [] if found is None else [found]
    if service in run.question.services and measure == WITHIN:
        standard = run.question.services[str(service)].figure("standard_minutes")
        patients = run.patients_in(str(service), run.residents_of(str(service)))
        return [run.patients_within(str(service), standard) / patients] if standard and patients else []
    named = [one for one in run.question.objectives if one.name == measure]
    return [OBJECTIVES[one.name].value(run, one) for one in named] if service == "" else []


OF_KIND: Mapping[str, Callable[[Run, Mapping[str, Any], Designated | None], Iterator[NotSo]]] = {
    RULE: _wrong_in_a_rule,
    PARAMETER: _wrong_in_a_figure,
    BORDER: _wrong_at_the_border,
}
