"""What run.json says would change the answer: is what is then best better?

Where a rule gives way, by so much as is said; where journeys to one site take so many minutes more or less, with those.
What turns with another parameter or with the border is not worked out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from optimiser.checker.claims import OBJECTIVES
from optimiser.checker.reading import Breach, Number, brief, nearly
from optimiser.checker.record import are_changes
from optimiser.checker.rules import RULES
from optimiser.checker.run import MICRO, Run
from optimiser.checker.sentences import broken_by, is_better, mean_of
from optimiser.checker.tried import Designated, Trial

CHECK = "changes_come_to_what_is_said"
MEAN, WITHIN = "mean_minutes", "share_within_standard"
# What other designations are short of rests on where staff would be sent there, which no run says.
OF_STAFF = "staff_short"
TO_ONE_SITE = re.compile(r"journeys\.([^.]+)\.from_everywhere")


def changes_come_to_what_is_said(run: Run) -> Iterator[Breach]:
    """What is said to be best once a rule gives way breaks no other today, is better, and gains what is said.

    With other journeys to one site it breaks none, and the plan breaks one or is worse.
    """
    said = run.result.record.get("would_change")
    known = all(objective.name in OBJECTIVES for objective in run.question.objectives)
    changes = said["changes"] if said and known and are_changes(said) else []
    by_rules = [(number, one) for number, one in enumerate(changes, start=1) if one["kind"] == "rule"]
    trial = Trial.of(run) if by_rules else None
    for number, change in by_rules:
        for wrong in _wrong_in(run, trial, change) if trial else ():
            yield _breach(number, *wrong)
    for number, change in enumerate(changes, start=1):
        site = TO_ONE_SITE.fullmatch(str(change["what"])) if change["kind"] == "parameter" else None
        for wrong in _wrong_to_one_site(run, site[1], change) if site else ():
            yield _breach(number, *wrong)


def _breach(number: int, part: str, claimed: object, found: object) -> Breach:
    where, claim, truth = f"run.json change {number}", brief(claimed), brief(found)
    return Breach(CHECK, where, claim, truth, f"{where}: {part} is {claim}, but should be {truth}.")


def _wrong_to_one_site(run: Run, site: str, change: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    """Yield what is wrong where journeys to one site take so many minutes more: nothing may take less than none."""
    then, more = None if change["then"] is None else _designated(run, change["then"]), change["to"]
    by_mode = run.inputs.by_mode
    every = [run.inputs.minutes, *by_mode.values()]
    here = [table[pair] for table in every for pair in table if pair[1] == site]
    a_number = isinstance(more, int | Fraction) and not isinstance(more, bool)
    if not (here and a_number) or min(here) + more * MICRO < 0:
        yield "to" if here else "what", more if here else change["what"], "minutes that journeys can take"
        return
    if (then is None) != (change["then"] is None):
        yield "then", change["then"], "what this question has"
        return

    def longer(table: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        return {pair: micro + (int(more * MICRO) if pair[1] == site else 0) for pair, micro in table.items()}

    modes = {mode: longer(table) for mode, table in by_mode.items()}
    trial = Trial(run.question, run.inputs._replace(minutes=longer(run.inputs.minutes), by_mode=modes))
    plan = frozenset((code, site) for code in run.question.services for site in run.sites_of(code))
    if then is not None and trial.breaks_a_rule(then):
        yield "then", "breaks a rule", "lawful"
    elif not trial.breaks_a_rule(plan) and not (
        then is not None and is_better(run.question, trial.values(then), trial.values(plan))
    ):
        yield "then", "no better than the plan", "better"


def _wrong_in(run: Run, trial: Trial, change: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    """Yield what is wrong in a change: which part, what it is, and what it should be."""
    rule, then = str(change["what"]).split(".")[0], _designated(run, change["then"])
    if then is None or rule not in RULES:
        yield "then" if then is None else "what", change["then" if then is None else "what"], "what this question has"
        return
    plan = frozenset((code, site) for code in run.question.services for site in run.sites_of(code))
    both = {"before": trial.going(plan), "after": trial.going(then)}
    broken = sorted({one.split(".")[0] for one in broken_by(both["after"])})
    if broken != ([] if RULES[rule].kind == "staff" else [rule]):
        yield "what", rule, " ".join(broken) or "a rule on staff"
    if not is_better(run.question, trial.values(then), trial.values(plan)):
        yield "then", "no better than the plan", "better"
    for gain in (one for one in change["gained"] if one.get("measure") != OF_STAFF):
        for side, there in both.items():
            claimed, due = gain.get(side), _numbers(there, gain.get("measure"), gain.get("service"))
            if isinstance(claimed, str | bool | None) or not any(nearly(claimed, one) for one in due):
                yield f"{gain.get('measure')} {side}", claimed, due[0] if due else "a measure that is known"


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
