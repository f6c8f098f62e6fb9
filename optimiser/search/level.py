"""Plans that are level with the best, service by service, and by how much it is best where none is.

A service is looked at on its own average journey, not on the sum over services, in which one with many patients drowns
the others: among lawful plans that leave every other service with patients where it is. Services without patients may
move with it, as few as can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from optimiser.errors import TooLarge
from optimiser.model.arithmetic import every_choice, lawful, one_choice, score
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.proof import EVALUATED, Designations, Rival, Standing
from optimiser.problem import Fixed, Objective
from optimiser.search.enumeration import Every, can_be_ranked

# So many choices of a service are tried, nearest first, and so many level ones are named.
MOST_TRIED, MOST_LEVEL = 64, 8
TOLD = ("mean_minutes", "worst_minutes", "patients_within_30", "patients_beyond_standard", "share_outside")


def with_standings(plan: Plan) -> Plan:
    """Return the plan with how it stands against others, service by service, in its proof; itself if that is known.

    Nothing is worked out for a plan that people chose, nor where there are too many candidates to try.
    """
    if plan.proof.standings is not None or plan.proof.outcome == EVALUATED or not can_be_ranked(plan.problem):
        return plan
    found = (_standing(plan, code) for code in plan.problem.services_with_patients)
    return replace(plan, proof=replace(plan.proof, standings=tuple(one for one in found if one)))


def _standing(plan: Plan, service: str) -> Standing | None:
    """Return how a plan stands in one service; nothing where that is settled, or nobody is counted there."""
    problem = plan.problem
    if all(site in problem.services[service].fixed for site in problem.candidates):
        return None
    means, choices = _means(plan, service)
    here = one_choice(problem, service, plan.designated).provided[0]
    own = float(means[(choices == here).all(axis=1)][0])
    if not np.isfinite(own):
        return None
    within = problem.level_within(own)
    others = np.flatnonzero(np.isfinite(means) & (choices != here).any(axis=1))
    nearest = others[np.argsort(np.abs(means[others] - own), kind="stable")][:MOST_TRIED]
    margin, runner_up, rivals = None, None, list[Rival]()
    for number in nearest:
        apart = float(means[number]) - own
        if margin is not None and abs(apart) > within:
            break
        found = _with_it_there(plan, service, choices[number])
        if found is not None:
            margin, runner_up = (apart, found) if margin is None else (margin, runner_up)
            rivals += [_rival(plan, service, found)] if abs(apart) <= within else []
    return Standing(service, within, margin, tuple(rivals[:MOST_LEVEL]), runner_up)


def _means(plan: Plan, service: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean journey under each choice for a service, all others as they are, and the choices."""
    problem = plan.problem
    choices = {code: one_choice(problem, code, plan.designated) for code in problem.services}
    choices[service] = every_choice(problem, service)
    found = score(problem, choices, Objective("patient_minutes", (service,)))
    total = sum((np.asarray(part, dtype=float).reshape(-1) for _, part in found.parts), np.zeros(1)) / found.scale
    patients = float(problem.patients(service)[problem.resident].sum())
    provided = choices[service].provided
    return np.broadcast_to(total / patients if patients else np.inf, len(provided)), provided


def _with_it_there(plan: Plan, service: str, provided: np.ndarray) -> Designations | None:
    """Return the lawful plan nearest to this one with a service at these sites; nothing where there is none."""
    problem = plan.problem
    there = {(site, service) for site, is_there in zip(problem.candidates, provided, strict=True) if is_there}
    found = frozenset({pair for pair in plan.designated if pair[1] != service} | there)
    if lawful(problem, found):
        return found
    moving = [code for code, one in problem.services.items() if not one.activity and _is_open(plan, code)]
    if not moving:
        return None
    held = {
        code: one if code in moving else replace(one, fixed=dict(_as_in(plan, code, found)))
        for code, one in problem.services.items()
    }
    fewest = Objective("changes_from_today", since=plan.designated)
    try:
        first = Every.of(problem.varied(services=held), [fewest]).best(1)
    except TooLarge:
        return None
    return first[0].designated if first else None


def _is_open(plan: Plan, service: str) -> bool:
    return any(site not in plan.problem.services[service].fixed for site in plan.problem.candidates)


def _as_in(plan: Plan, service: str, designated: Designations) -> Iterator[tuple[str, Fixed]]:
    for site in plan.problem.candidates:
        yield site, Fixed((site, service) in designated, "held where it is")


def _rival(plan: Plan, service: str, designated: Designations) -> Rival:
    """Return a plan that is level, with what both come to in the service."""
    both = []
    for one in (plan, evaluate(plan.problem, designated)):
        rows = measures.of_service(one, service)
        both.append({name: round(value, 9) for name, _, group, value, *_ in rows if name in TOLD and not group})
    figures = {
        name: (both[0][name], both[1][name]) for name in TOLD if all(np.isfinite(b.get(name, np.nan)) for b in both)
    }
    return Rival(designated, figures)
