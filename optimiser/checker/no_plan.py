"""Is it true that no plan meets every rule? Where designations are few, each is tried, from the words of the rules.

A run that says so has no plan to check. What is checked is that every designation that agrees with what is fixed and
with the numbers of sites breaks some rule, staff shared out as well as they can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, combinations, product
from math import floor, prod

from optimiser.checker.inputs import read_asked
from optimiser.checker.reading import Breach, Reader, Row
from optimiser.checker.rules import RELATIONS, RULES, facts_of, spare_of
from optimiser.checker.run import Inputs, Result, Run
from optimiser.checker.stated import Question, Service

NO_PLAN = "no plan"
MOST_TRIED = 300
CHECK = "no_plan_meets_every_rule"
# Judged below, since there is no table of staff to judge them by.
OF_STAFF = ("rota_is_filled", "moves_within_limit", "recruitment_within_limit")


def says_no_plan(reader: Reader) -> bool:
    """Whether a run says that no plan meets every rule."""
    return "run.json" in reader.files and reader.json("run.json").get("outcome") == NO_PLAN


def no_plan_meets_every_rule(reader: Reader) -> Iterator[Breach]:
    """Where a run says that no plan meets every rule, every designation breaks one, if they are few enough to try."""
    run = _run(reader)
    said = reader.json("run.json").get("question")
    if said != run.question.title:
        yield Breach(CHECK, "run.json", str(said), run.question.title, "run.json does not ask the config's question.")
    for designated in _tried(run) or ():
        one = _with(run.question, run.inputs, designated)
        if _can_be_staffed(one) and not _breaks_a_rule(one):
            found = "; ".join(f"{service} at {site}" for service, site in sorted(designated))
            yield Breach(CHECK, "run.json", NO_PLAN, found, f"These designations break no rule: {found}.")
            return


def in_words(reader: Reader) -> str:
    """Return what was confirmed of a run that says that no plan meets every rule, as a sentence."""
    run = _run(reader)
    tried = _tried(run)
    if tried is None:
        return "That no plan meets every rule is the solver's word: there are too many designations, or flows, to try."
    return f"No plan meets every rule: confirmed independently, by trying {len(tried):,} designations."


def _run(reader: Reader) -> Run:
    return _with(*read_asked(reader), frozenset())


def _with(question: Question, inputs: Inputs, designated: frozenset[tuple[str, str]]) -> Run:
    """Return a run that claims nothing but its designations."""
    rows = {pair: Row("tried", {"designated": True}) for pair in designated}
    return Run(question, inputs, Result(question.title, NO_PLAN, [], 1), rows, {}, {}, {}, [], {}, {})


def _tried(run: Run) -> list[frozenset[tuple[str, str]]] | None:
    """Return every designation that agrees with what is fixed and the numbers of sites; None if not to be tried."""
    if any(service.managed for service in run.question.services.values()):
        return None
    choices = {code: _choices(run, service) for code, service in run.question.services.items()}
    if prod(map(len, choices.values())) > MOST_TRIED:
        return None
    return [
        frozenset((code, site) for code, sites in zip(choices, joint, strict=True) for site in sites)
        for joint in product(*choices.values())
    ]


def _choices(run: Run, service: Service) -> list[tuple[str, ...]]:
    sites = run.candidates
    least, most = service.figure("at_least_sites"), service.figure("at_most_sites")
    every = chain.from_iterable(combinations(sites, number) for number in range(len(sites) + 1))
    return [
        chosen
        for chosen in every
        if (least is None or len(chosen) >= least)
        and (most is None or len(chosen) <= most)
        and all((site in chosen) == fixed.provided for site, fixed in service.fixed.items())
    ]


def _breaks_a_rule(run: Run) -> bool:
    return any(
        spare_of(fact, RELATIONS[name]) < 0 for name in RULES if name not in OF_STAFF for fact in facts_of(name, run)
    )


def _can_be_staffed(run: Run) -> bool:
    """Whether those in post, moved and recruited as far as they may be, fill every rota that may not fall short."""
    return all(_team_is_enough(run, run.question, team, unit) for team, unit in run.question.rota_units())


def _team_is_enough(run: Run, question: Question, team: str, unit: str) -> bool:
    missing = spare = Fraction(0)
    for site in run.candidates:
        needs = [
            rota.needed.value or Fraction(0)
            for code, service in question.services.items()
            for key, rota in service.rotas.items()
            if key == (team, unit) and run.designated(code, site) and not rota.may_fall_short
        ]
        left = run.in_post(team, unit, site) - max(needs, default=Fraction(0))
        missing, spare = missing + max(Fraction(0), -left), spare + max(Fraction(0), left)
    moves, recruits = (
        None if limit.value is None else Fraction(floor(limit.value)) if unit == "people" else limit.value
        for limit in (question.teams[team].moves, question.teams[team].recruits)
    )
    return recruits is None or missing <= (spare if moves is None else min(spare, moves)) + recruits
