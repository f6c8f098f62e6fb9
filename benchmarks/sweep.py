"""How many scenarios a second of processor time, against a plain loop over the same ones, printed as a table.

    python benchmarks/sweep.py            100,000 evaluated, 10,000 asked again, on the main question with binding rotas
    python benchmarks/sweep.py --quick    a hundredth of that, for the tests

``evaluated`` is every designation of every service with patients: minutes of all of them. ``asked again`` is the best
of all joint designations under every rule, with every objective, drawing and keeping included. The plain loop varies
the question and works it out by arithmetic, one scenario at a time; its values are compared with those of the tables.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from optimiser import scenarios as sweeps
from optimiser.inputs import read_problem
from optimiser.problem import Problem
from optimiser.problem.parameters import changed, parameters
from optimiser.scenarios.draws import scenarios
from optimiser.scenarios.listing import judged
from optimiser.scenarios.settings import Sweep, SweepSettings

ROOT = Path(__file__).parents[1]
ROADS = ("A12", "A13", "A127", "A130")


def asked(problem: Problem, draws: int, *, staff: bool, decimals: int = 2) -> Sweep:
    """Return the sweep that is timed: journeys by corridor, demand by activity and, if asked for, staff."""
    road = {"shape": "triangular", "low": 0.9, "mode": 1.0, "high": 1.5, "decimals": decimals}
    vary: dict[str, Any] = {f"journey_factor.{name}": road for name in ROADS}
    vary["demand_factor.stroke_admission"] = {"shape": "normal", "low": 0.7, "high": 1.3, "mean": 1.0, "sd": 0.1}
    vary["demand_factor.emergency_attendance"] = {"shape": "uniform", "low": 0.8, "high": 1.2}
    if staff:
        vary["staff.stroke_consultants.people"] = {"shape": "uniform", "low": 6, "high": 18}
        vary["staff.emergency_consultants.WTE"] = {"shape": "uniform", "low": 15, "high": 40, "decimals": 0}
    together = [{"parameters": [f"journey_factor.{name}" for name in ROADS], "share": 0.5}]
    said = SweepSettings(title="Timed", config="-", draws=draws, seed=1, vary=vary, together=together)
    return Sweep(said, Path("timed.yaml"), problem, ())


def evaluated(problem: Problem, draws: int) -> tuple[int, float, float]:
    """Return scenarios, seconds for the minutes of every choice of every service, and seconds to draw them."""
    work = sweeps.Work(asked(problem, draws, staff=False))
    begun = time.process_time()
    drawn = list(scenarios(work.sweep.settings, parameters(problem)))
    between = time.process_time()
    tables = work.tables
    for start in range(0, draws, 10_000):
        choices = tables.choices(drawn[start : start + 10_000])
        for service in problem.services_with_patients:
            choices[service].patient_minutes(problem.resident)
    return draws, time.process_time() - between, between - begun


def asked_again(problem: Problem, draws: int) -> tuple[int, float]:
    """Return scenarios, and seconds to find the best of each and the regret of all."""
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        work, chunks = sweeps.run(asked(problem, draws, staff=True), Path(folder) / "out")
        finding = sweeps.Finding(work, sweeps.together(work, chunks))
        assert finding.minimax is not None
    return draws, time.process_time() - begun


def one_by_one(problem: Problem, draws: int) -> tuple[int, float]:
    """Return scenarios and seconds of the plain loop, once its values are those of the tables."""
    # With more decimals of journeys, the sums pass what the floats of a plain loop add exactly, and it refuses.
    work = sweeps.Work(asked(problem, draws, staff=True, decimals=1))
    drawn = list(scenarios(work.sweep.settings, parameters(problem)))
    begun = time.process_time()
    each = [judged(work.listed, changed(problem, one)) for one in drawn]
    seconds = time.process_time() - begun
    numbers, lawful, values = work.tables.judge(drawn, [])
    for row, (allowed, worth) in enumerate(each):
        assert (lawful[row] == allowed[numbers]).all() and not np.delete(allowed, numbers).any()
        assert np.allclose(values[0][row] / work.tables.scale(0), worth[0][numbers], rtol=1e-12)
    return draws, seconds


def rows(quick: bool) -> Iterator[tuple[str, int, float, str]]:
    """Yield what was done, for how many scenarios, in how long, and a remark."""
    problem = read_problem(ROOT / "configs" / "base.yaml")
    many, some, few = (1_000, 200, 5) if quick else (100_000, 10_000, 100)
    number, seconds, drawing = evaluated(problem, many)
    yield "evaluated", number, seconds, f"and {drawing:.2f} s to draw them"
    yield "asked again", *asked_again(problem, some), "everything included"
    yield "asked again, one by one", *one_by_one(problem, few), "plain loop; equal values"
    observed = read_problem(ROOT / "configs" / "what_if" / "observed_stroke_flows.yaml")
    work = sweeps.Work(asked(observed, few, staff=False, decimals=1))
    begun = time.process_time()
    work.work_out(0, few)
    remark = "offsets: who goes where is worked out in each"
    yield "asked again, observed flows", few, time.process_time() - begun, remark


def print_table(quick: bool) -> None:
    """Print the table; the last column is against the plain loop."""
    found = list(rows(quick))
    plain = next(seconds / number for what, number, seconds, _ in found if what.endswith("one by one"))
    print(f"{'what':<28} {'scenarios':>9} {'seconds':>8} {'a second':>10} {'× plain loop':>12}")
    for what, number, seconds, remark in found:
        rate = number / seconds
        print(f"{what:<28} {number:>9,} {seconds:>8.2f} {rate:>10,.0f} {plain * rate:>12,.0f}  {remark}")


def main() -> None:
    """Run what was asked for."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--quick", action="store_true", help="a hundredth of the scenarios")
    print_table(said.parse_args().quick)


if __name__ == "__main__":
    main()
