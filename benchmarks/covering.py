"""Compare the optimiser with spopt on the other classics: p-center, maximal covering and set covering.

    python benchmarks/covering.py                 a slice of the national table, 1,000 areas x 50 sites (some minutes)
    python benchmarks/covering.py --quick         a small one, as a smoke test

Of p-center and maximal covering ten sites (three in the small one) are to be open; of maximal covering the standard is
30 minutes; of set covering the furthest that anybody needs go with every site open, rounded up, is the limit. Both are
warmed up, go from tables in memory to an optimum that they call proved, and must find the same value. CPU seconds,
those of the solvers that they start included.
"""

from __future__ import annotations

import argparse
import resource
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from national import SERVICE, national_slice

from optimiser.problem import Figure, Objective, Problem
from optimiser.search.planning import solve

SIZE, QUICK = (1_000, 50, 10), (60, 8, 3)
STANDARD = 30.0
SAME_VALUE = 1e-6


def limit(problem: Problem) -> float:
    """Return the whole minutes within which everybody reaches some site, if all are open."""
    return float(np.ceil(problem.minutes(SERVICE).min(axis=1).max()))


def asked(kind: str, problem: Problem) -> Problem:
    """Return the question that a classic asks of the same areas and sites."""
    service = problem.services[SERVICE]
    if kind == "p-center":
        return replace(problem, objectives=(Objective("worst_journey"),))
    if kind == "maximal covering":
        covered = replace(service, standard_minutes=Figure(STANDARD))
        return replace(problem, services={SERVICE: covered}, objectives=(Objective("patients_beyond_standard"),))
    reached = replace(service, at_least_sites=None, at_most_sites=None, longest_journey_minutes=Figure(limit(problem)))
    return replace(problem, services={SERVICE: reached}, objectives=(Objective("fewest_sites"),))


def ours(kind: str, problem: Problem) -> float:
    """Solve by the package's own front door."""
    plan = solve(asked(kind, problem))
    assert plan.proof.outcome == "proved best", plan.proof.outcome
    return plan.proof.objectives[0].value


def spopt(kind: str, problem: Problem) -> float:
    """Solve with the class of spopt.locate that is of this name, and PuLP's own CBC."""
    import pulp
    from spopt.locate import LSCP, MCLP, PCenter

    minutes, patients = problem.minutes(SERVICE).copy(), problem.patients(SERVICE).copy()
    number = problem.services[SERVICE].at_most_sites
    assert number is not None
    cbc = pulp.PULP_CBC_CMD(msg=False)
    if kind == "p-center":
        found = PCenter.from_cost_matrix(minutes, p_facilities=int(number.value)).solve(cbc)
    elif kind == "maximal covering":
        found = MCLP.from_cost_matrix(minutes, patients, STANDARD, p_facilities=int(number.value)).solve(cbc)
    else:
        found = LSCP.from_cost_matrix(minutes, limit(problem)).solve(cbc)
    assert found.problem.sol_status == pulp.LpSolutionOptimal
    value = float(pulp.value(found.problem.objective))
    return float(patients.sum()) - value if kind == "maximal covering" else value


def timed(solver: Callable[[str, Problem], float], kind: str, problem: Problem) -> tuple[float, float]:
    """Return the value that a solver finds and its CPU seconds, after a small question as a warm-up."""
    solver(kind, national_slice(*QUICK))
    before = _cpu_seconds()
    value = solver(kind, problem)
    return value, _cpu_seconds() - before


def _cpu_seconds() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Read the command line and print one row a classic."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small slice only")
    size = QUICK if parser.parse_args().quick else SIZE
    warnings.simplefilter("ignore")
    problem = national_slice(*size)
    print("{:<20}{:>14}{:>10}{:>10}  {}".format("", "value", "ours, s", "spopt, s", "ours is faster by"))
    for kind in ("p-center", "maximal covering", "set covering"):
        (our, seconds), (theirs, longer) = (timed(solver, kind, problem) for solver in (ours, spopt))
        if abs(our - theirs) > SAME_VALUE * max(1.0, our):
            raise SystemExit(f"{kind}: spopt found {theirs}, ours {our}: one of them is wrong.")
        print(f"{kind:<20}{our:>14,.6g}{seconds:>10.3f}{longer:>10.2f}  {longer / seconds:,.1f} times", flush=True)


if __name__ == "__main__":
    main()
