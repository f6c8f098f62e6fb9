"""Compare the optimiser with the textbook model and with spopt on the same slices of the national table.

    python benchmarks/p_median.py                 three slices, ours against both peers (some 30 minutes)
    python benchmarks/p_median.py --quick         one small slice, as a smoke test
    python benchmarks/p_median.py --pmed          OR-Library pmed1 to pmed20, to their known optima
    python benchmarks/p_median.py --alike         larger ones made alike, from 500 to 900 points with 5 and 10 open
    python benchmarks/p_median.py --alike --beside radius     the same, each also asked of an independent model

Every solver runs in a process of its own, from tables in memory to an optimum that it calls proved; reading the tables,
importing packages and starting Python are not counted, for anybody. A peer that is stopped at the time limit gives a
ratio of "at least". Memory is the peak of the whole process, Python and packages included, and of the solver it starts.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from national import SERVICE, SLICES, national_slice, p_median_problem

from optimiser.journeys.roads import journey_minutes
from optimiser.problem import Problem
from optimiser.search.planning import solve

HERE = Path(__file__).resolve()
INSTANCES = Path(os.environ.get("PMED_INSTANCES", HERE.parents[2] / "shared" / "benchmarks" / "pmed"))
QUICK = ((120, 20, 4),)
ALIKE = tuple((points, sites, seed) for seed in (1, 2) for points in range(500, 1_000, 100) for sites in (5, 10))
PEER_SECONDS = 600
# A process has this long to start before its limit begins.
STARTING_SECONDS = 10
SAME_VALUE = 1e-6


@dataclass(frozen=True)
class Result:
    """What one solver did with one problem: value (None if it was stopped), seconds and megabytes."""

    value: float | None
    seconds: float
    megabytes: float | None


def ours(problem: Problem) -> float:
    """Solve by the package's own front door."""
    plan = solve(problem)
    assert plan.proof.outcome == "proved best", plan.proof.outcome
    return plan.proof.objectives[0].value


def textbook(problem: Problem) -> float:
    """Build the model of the textbooks, areas × sites, and solve it with PuLP's own CBC."""
    import pulp

    minutes, patients = problem.minutes(SERVICE), problem.patients(SERVICE)
    areas, sites = (range(n) for n in minutes.shape)
    model = pulp.LpProblem("p_median")
    y = [model.add_variable(f"y_{j}", cat="Binary") for j in sites]
    x = [[model.add_variable(f"x_{i}_{j}", 0) for j in sites] for i in areas]
    model += pulp.lpSum(float(patients[i] * minutes[i, j]) * x[i][j] for i in areas for j in sites)
    for i in areas:
        model += pulp.lpSum(x[i]) == 1
        for j in sites:
            model += x[i][j] <= y[j]
    model += pulp.lpSum(y) == _sites(problem)
    model.solve(pulp.PULP_CBC_CMD(msg=False))
    assert model.sol_status == pulp.LpSolutionOptimal
    return float(pulp.value(model.objective))


def spopt(problem: Problem) -> float:
    """Solve with spopt.locate.PMedian and PuLP's own CBC."""
    import pulp
    from spopt.locate import PMedian

    minutes, patients = problem.minutes(SERVICE).copy(), problem.patients(SERVICE)
    median = PMedian.from_cost_matrix(minutes, patients, p_facilities=_sites(problem))
    median = median.solve(pulp.PULP_CBC_CMD(msg=False))
    assert median.problem.sol_status == pulp.LpSolutionOptimal
    return float(pulp.value(median.problem.objective))


def radius(problem: Problem) -> float:
    """Solve the radius model (Elloumi 2010: does anybody at all serve this point within so many minutes?) with scipy.

    It shares nothing with ours but the table of minutes, and counts each area once.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    minutes, number = problem.minutes(SERVICE), _sites(problem)
    sites = minutes.shape[1]
    # One column a site and one for each area and distance but its last: nobody is served within it.
    costs, constant = [0.0] * sites, 0.0
    rows, columns, values, at_least = [0] * sites, list(range(sites)), [1.0] * sites, [float(number)]
    for each in minutes:
        # At most so many sites are shut, so that nobody goes further than to the next.
        distances = np.unique(np.sort(each)[: sites - number + 1])
        constant += float(distances[0])
        for step, (near, far) in enumerate(pairwise(distances)):
            there = np.flatnonzero(each == near).tolist()
            column, row = len(costs), len(at_least)
            costs.append(float(far - near))
            entries = [(column, 1.0), *((site, 1.0) for site in there), *([(column - 1, -1.0)] if step else [])]
            rows += [row] * len(entries)
            columns += [one for one, _ in entries]
            values += [one for _, one in entries]
            at_least.append(0.0 if step else 1.0)
    at_most = np.array([float(number), *[np.inf] * (len(at_least) - 1)])
    found = milp(
        np.array(costs),
        integrality=np.arange(len(costs)) < sites,
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(
            csr_array((values, (rows, columns)), shape=(len(at_least), len(costs))), np.array(at_least), at_most
        ),
        options={"mip_rel_gap": 0.0},
    )
    assert found.status == 0, found.message
    return float(found.fun + constant)


SOLVERS: dict[str, Callable[[Problem], float]] = {
    "ours": ours,
    "textbook": textbook,
    "spopt": spopt,
    "radius": radius,
}
PEERS = ("ours", "textbook", "spopt")


def _sites(problem: Problem) -> int:
    number = problem.services[SERVICE].at_most_sites
    assert number is not None
    return int(number.value)


def run_apart(name: str, problem: Problem, limit_seconds: float) -> Result:
    """Run one solver in a process of its own, and end it and whatever it started at the limit."""
    command = [sys.executable, str(HERE), "--child", name]
    with tempfile.TemporaryFile() as question:
        pickle.dump(problem, question)
        question.seek(0)
        with subprocess.Popen(
            command, stdin=question, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            try:
                out, _ = process.communicate(timeout=limit_seconds + STARTING_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                return Result(None, limit_seconds, None)
    if process.returncode:
        raise SystemExit(f"{name} failed on {problem.title}: see the message above.")
    return Result(**json.loads(out.splitlines()[-1]))


def child(name: str) -> None:
    """Be the process that ``run_apart`` starts: solve the problem that comes in, after a small one as a warm-up."""
    warnings.simplefilter("ignore")
    problem = pickle.load(sys.stdin.buffer)
    SOLVERS[name](made_up(areas=30, sites=5, open_sites=2))
    began = time.perf_counter()
    value = SOLVERS[name](problem)
    seconds = time.perf_counter() - began
    print(json.dumps({"value": value, "seconds": seconds, "megabytes": _peak_megabytes()}))


def made_up(*, areas: int, sites: int, open_sites: int) -> Problem:
    """Scatter areas and sites over a square, from a fixed seed."""
    draw = np.random.default_rng(1)
    homes, hospitals = draw.uniform(0, 60, (areas, 1, 2)), draw.uniform(0, 60, (1, sites, 2))
    minutes = np.linalg.norm(homes - hospitals, axis=2).round(1)
    frame = pd.DataFrame(minutes, columns=[f"s{number:02d}" for number in range(sites)])
    return p_median_problem(frame, pd.Series(1.0, index=frame.index), open_sites)


def _peak_megabytes() -> float:
    peaks = (resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    # Linux counts kilobytes, macOS bytes.
    return sum(peaks) / (1024 if sys.platform != "darwin" else 1024**2)


def compare(sizes: tuple[tuple[int, int, int], ...], limit_seconds: float) -> None:
    """Print one row a slice and solver, and insist that all values agree."""
    _print_row("areas x sites, open", "solver", "minutes in all", "seconds", "MB", "ours is faster by")
    for size in sizes:
        problem = national_slice(*size)
        our = run_apart("ours", problem, limit_seconds)
        for name in PEERS:
            result = our if name == "ours" else run_apart(name, problem, limit_seconds)
            _print_row("{:,} x {}, {}".format(*size), name, *_cells(result), _ratio(name, result, our))
            if result.value is not None and abs(result.value - our.value) > SAME_VALUE * our.value:
                raise SystemExit(f"{name} found {result.value}, ours {our.value}: one of them is wrong.")


def _cells(result: Result) -> tuple[str, str, str]:
    if result.value is None:
        return "stopped", f"{result.seconds:.0f}", ""
    return f"{result.value:,.2f}", f"{result.seconds:.3f}", f"{result.megabytes:,.0f}"


def _ratio(name: str, result: Result, our: Result) -> str:
    if name == "ours":
        return ""
    return f"{'at least ' if result.value is None else ''}{result.seconds / our.seconds:,.0f} times"


def _print_row(*cells: str) -> None:
    print("{:<22}{:<10}{:>18}{:>10}{:>8}  {}".format(*cells), flush=True)


def read_pmed(path: Path) -> tuple[nx.Graph[Any], int]:
    """Read an OR-Library p-median file: its graph, and how many sites are to be open."""
    (points, _, sites), *edges = [
        [int(word) for word in line.split()] for line in path.read_text().splitlines() if line
    ]
    roads: nx.Graph[Any] = nx.Graph()
    roads.add_nodes_from(range(1, points + 1))
    for start, end, cost in edges:
        # An edge may stand in the file twice: the last cost counts.
        roads.add_edge(start, end, minutes=cost)
    return roads, sites


def pmed_problem(path: Path) -> Problem:
    """Make a problem of an OR-Library p-median file: every point is an area with one patient, and a candidate."""
    roads, sites = read_pmed(path)
    points = {f"v{point:03d}": point for point in roads}
    minutes = journey_minutes(roads, points, points)
    return p_median_problem(minutes, pd.Series(1.0, index=minutes.index), sites)


def alike_problem(points: int, sites: int, seed: int) -> Problem:
    """Draw a problem as OR-Library's are: roads of 1 to 100 minutes, a fiftieth of the square of the points."""
    draw = np.random.default_rng([seed, points, sites])
    order = draw.permutation(points) + 1
    # First a tree, so that each point can be reached.
    ends = [(int(order[k]), int(order[draw.integers(k)])) for k in range(1, points)]
    while len(ends) < points * points // 50:
        start, end = (int(one) + 1 for one in draw.choice(points, 2, replace=False))
        ends.append((start, end))
    roads: nx.Graph[Any] = nx.Graph()
    roads.add_nodes_from(range(1, points + 1))
    for start, end in ends:
        roads.add_edge(start, end, minutes=int(draw.integers(1, 101)))
    codes = {f"v{point:03d}": point for point in roads}
    minutes = journey_minutes(roads, codes, codes)
    return p_median_problem(minutes, pd.Series(1.0, index=minutes.index), sites)


def alike(beside: str | None, limit_seconds: float) -> None:
    """Solve each drawn problem, proved, beside another method if one is named; CPU seconds of ours, solve alone."""
    ours(made_up(areas=30, sites=5, open_sites=2))
    print(f"{'points':>8}{'open':>6}{'seed':>6}{'minutes':>10}{'CPU seconds':>13}  {beside or ''}")
    for points, sites, seed in ALIKE:
        problem = alike_problem(points, sites, seed)
        began = time.process_time()
        value = ours(problem)
        seconds = time.process_time() - began
        other = run_apart(beside, problem, limit_seconds) if beside else None
        words = (
            "" if other is None else f"{other.seconds:.1f} s" if other.value else f"stopped at {limit_seconds:.0f} s"
        )
        print(f"{points:>8}{sites:>6}{seed:>6}{value:>10,.0f}{seconds:>13.2f}  {words}", flush=True)
        if other and other.value is not None and abs(other.value - value) > SAME_VALUE * value:
            raise SystemExit(f"{beside} found {other.value}, ours {value}: one of them is wrong.")


def pmed(folder: Path, names: list[str] | None = None) -> None:
    """Bring the OR-Library instances to their known optima, proved, and print how long each took."""
    optima = {row["instance"]: int(row["optimum"]) for row in csv.DictReader((folder / "optima.csv").open())}
    ours(made_up(areas=30, sites=5, open_sites=2))
    print(f"{'instance':<10}{'points':>8}{'open':>6}{'optimum':>10}{'CPU s':>10}")
    for name in names or optima:
        problem = pmed_problem(folder / f"{name}.txt")
        began = time.process_time()
        value = ours(problem)
        seconds = time.process_time() - began
        print(f"{name:<10}{len(problem.areas):>8}{_sites(problem):>6}{value:>10,.0f}{seconds:>10.3f}", flush=True)
        if value != optima[name]:
            raise SystemExit(f"{name}: {value} is not the known optimum {optima[name]}.")


def main() -> None:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one small slice only")
    parser.add_argument("--pmed", action="store_true", help="the OR-Library instances instead")
    parser.add_argument("--alike", action="store_true", help="larger instances made alike instead")
    parser.add_argument(
        "--beside", choices=[name for name in SOLVERS if name != "ours"], help="with --alike: and by this"
    )
    parser.add_argument("--instances", type=Path, default=INSTANCES, help="folder of pmed*.txt and optima.csv")
    parser.add_argument("--only", nargs="*", help="names of OR-Library instances, e.g. pmed1")
    parser.add_argument("--limit-seconds", type=float, default=PEER_SECONDS, help="stop a peer after so long")
    parser.add_argument("--child", choices=SOLVERS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child)
    elif args.alike:
        alike(args.beside, args.limit_seconds)
    elif args.pmed:
        pmed(args.instances, args.only)
    else:
        compare(QUICK if args.quick else SLICES, args.limit_seconds)


if __name__ == "__main__":
    main()
