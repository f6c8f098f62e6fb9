"""The best plan with each number of sites of a service, all else as asked: what does one more bring?

They are found from few to many, so that each begins with what the one before taught; after so many in a row the next
begins anew, so that other machines can take the rows and find the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from optimiser.errors import Fault, InputError, NoPlan, NotProved, quoted
from optimiser.model.arithmetic import value
from optimiser.plan import Tell, measures, say_nothing
from optimiser.plan.proof import Designations, Reached
from optimiser.problem import Figure, Objective, Problem
from optimiser.search import machines
from optimiser.search.head_start import Learnt
from optimiser.search.planning import solve

NO_PLAN, OUT_OF_TIME = "no plan", "out of time"
IN_A_ROW = 25


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
    cluster: str = "",
    tell: Tell = say_nothing,
) -> Iterator[WithSoMany]:
    """Yield the best plan with each number of sites of a service, fewest first, in place of the numbers that it states.

    ``time_limit_minutes`` is for each; the problem's own limit if not given. ``cluster`` is where one answers that
    finds the same in place of this process, if one does. Raises what ``machines.worked_out`` does.
    """
    every = sorted(set(numbers))
    rows = [tuple(every[at : at + IN_A_ROW]) for at in range(0, len(every), IN_A_ROW)]
    # What the tables were read from is large, and nothing is found by it.
    asked = _Asked(replace(problem, files={}), service, time_limit_minutes)
    if not cluster:
        for row in rows:
            yield from _one_after_another(asked, row, tell)
        return
    found = dict[tuple[int, ...], list[WithSoMany]]()
    for row, its in machines.worked_out(_row, asked, rows, cluster):
        found[row] = its
        tell(f"Found the best with {row[0]} to {row[-1]}")
    yield from (one for row in rows for one in found[row])


@dataclass(frozen=True, eq=False)
class _Asked:
    problem: Problem
    service: str
    time_limit_minutes: float | None


def _row(asked: _Asked, numbers: Sequence[int]) -> list[WithSoMany]:
    return list(_one_after_another(asked, numbers, say_nothing))


def _one_after_another(of: _Asked, numbers: Sequence[int], tell: Tell) -> Iterator[WithSoMany]:
    """Yield the best plan with each number, the first of them begun with nothing."""
    problem, service, learnt = of.problem, of.service, Learnt()
    for number in numbers:
        tell(f"Finding the best with {number}")
        exactly = Figure(float(number))
        asked = replace(problem.services[service], at_least_sites=exactly, at_most_sites=exactly)
        # Each is made of the one before, so that what rests on the tables alone is not worked out again.
        problem = problem.varied(services={**problem.services, service: asked})
        try:
            plan = solve(problem, time_limit_minutes=of.time_limit_minutes, list_all=False, learnt=learnt)
        except (NoPlan, NotProved) as error:
            yield WithSoMany(number, NO_PLAN if isinstance(error, NoPlan) else OUT_OF_TIME)
            continue
        rows = measures.residents(plan, service)
        patients, within = float(rows["patients_per_year"].sum()), float("nan")
        if asked.standard_minutes and patients:
            beyond = value(problem, plan.designated, Objective("patients_beyond_standard", (service,)))
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
