"""What run.json says would change the answer, where a rule gives way: is what is then best better, and by so much?

What turns with a parameter or with the border is not worked out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optimiser.checker.claims import OBJECTIVES
from optimiser.checker.reading import Breach, Number, brief, nearly
from optimiser.checker.record import are_changes
from optimiser.checker.rules import RULES
from optimiser.checker.run import Run
from optimiser.checker.sentences import broken_by, is_better, mean_of
from optimiser.checker.tried import Designated, Trial

CHECK = "changes_come_to_what_is_said"
MEAN, WITHIN = "mean_minutes", "share_within_standard"
# What other designations are short of rests on where staff would be sent there, which no run says.
OF_STAFF = "staff_short"


def changes_come_to_what_is_said(run: Run) -> Iterator[Breach]:
    """What is said to be best once a rule gives way breaks no other today, is better, and gains what is said."""
    said = run.result.record.get("would_change")
    known = all(objective.name in OBJECTIVES for objective in run.question.objectives)
    changes = said["changes"] if said and known and are_changes(said) else []
    by_rules = [(number, one) for number, one in enumerate(changes, start=1) if one["kind"] == "rule"]
    trial = Trial(run.question, run.inputs) if by_rules else None
    for number, change in by_rules:
        for part, claimed, found in _wrong_in(run, trial, change) if trial else ():
            where, claim, truth = f"run.json change {number}", brief(claimed), brief(found)
            yield Breach(CHECK, where, claim, truth, f"{where}: {part} is {claim}, but should be {truth}.")


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
