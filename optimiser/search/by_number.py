"""The best plan with each number of sites of a service, all else as asked: what does one more bring?

They are found from few to many, so that each begins with what the one before taught.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd

from optimiser.errors import Fault, InputError, NoPlan, NotProved, quoted
from optimiser.model.arithmetic import value
from optimiser.plan import Tell, measures, say_nothing
from optimiser.plan.proof import Designations, Reached
from optimiser.problem import Figure, Objective, Problem
from optimiser.search.head_start import Learnt
from optimiser.search.planning import solve

NO_PLAN, OUT_OF_TIME = "no plan", "out of time"


@dataclass(frozen=True)
class WithSoMany:
    """The best plan with so many sites of a service.

    Attributes
    ----------
    number
        How many sites.
    outcome
        "proved best" or "not proved"; "no plan" where none meets every rule, "out of time" where none was found.
    designated, reached
        The plan, and what each objective came to with the bound that it cannot be below; empty where there is none.
    mean_minutes, within_standard
        Residents' average journey in minutes, and the share of them within the service's standard; NaN where it has
        none, or there is no plan.
    """

    number: int
    outcome: str
    designated: Designations = frozenset()
    reached: tuple[Reached, ...] = ()
    mean_minutes: float = float("nan")
    within_standard: float = float("nan")


def with_each_number(
    problem: Problem,
    service: str,
    numbers: Iterable[int],
    *,
    time_limit_minutes: float | None = None,
    tell: Tell = say_nothing,
) -> Iterator[WithSoMany]:
    """Yield the best plan with each number of sites of a service, fewest first, in place of the numbers that it states.

    ``time_limit_minutes`` is for each; the problem's own limit if not given.
    """
    learnt = Learnt()
    for number in sorted(set(numbers)):
        tell(f"Finding the best with {number}")
        exactly = Figure(float(number))
        asked = replace(problem.services[service], at_least_sites=exactly, at_most_sites=exactly)
        varied = problem.varied(services={**problem.services, service: asked})
        try:
            plan = solve(varied, time_limit_minutes=time_limit_minutes, list_all=False, learnt=learnt)
        except (NoPlan, NotProved) as error:
            yield WithSoMany(number, NO_PLAN if isinstance(error, NoPlan) else OUT_OF_TIME)
            continue
        rows = measures.residents(plan, service)
        patients, within = float(rows["patients_per_year"].sum()), float("nan")
        if asked.standard_minutes and patients:
            beyond = value(varied, plan.designated, Objective("patients_beyond_standard", (service,)))
            within = 1 - beyond / patients
        proof, mean = plan.proof, measures.mean_minutes(rows)
        yield WithSoMany(number, proof.outcome, plan.designated, proof.objectives, mean, within)


def service_asked(problem: Problem, service: str) -> str:
    """Return the service that is meant: the one named, or the only one with patients that is not fixed everywhere."""
    open_ones = [
        code
        for code in problem.services_with_patients
        if any(site not in problem.services[code].fixed for site in problem.candidates)
    ]
    if service in open_ones or (not service and len(open_ones) == 1):
        return service or open_ones[0]
    what = (
        f"{quoted(service)} is none that has patients and may be at other sites" if service else "say of which service"
    )
    raise InputError([Fault("--service", f"{what}. Name one: {', '.join(open_ones) or 'there is none'}.")])


def tables(service: str, found: Iterable[WithSoMany]) -> dict[str, pd.DataFrame]:
    """Return what was found as two tables: a row for each number, and one for each of its designations."""
    found = list(found)
    rows = [
        {
            "service": service,
            "sites": one.number,
            "outcome": one.outcome,
            "mean_minutes": one.mean_minutes,
            "within_standard": one.within_standard,
            **{f"{reached.name}{suffix}": number for reached in one.reached for suffix, number in _numbers(reached)},
        }
        for one in found
    ]
    designated = [(one.number, code, site) for one in found for site, code in sorted(one.designated, key=_by_service)]
    return {
        "by_number": pd.DataFrame(rows),
        "by_number_sites": pd.DataFrame(designated, columns=["sites", "service", "site"]),
    }


def _numbers(reached: Reached) -> Iterator[tuple[str, float | None]]:
    yield "", reached.value
    yield "_bound", reached.bound


def _by_service(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[::-1]
