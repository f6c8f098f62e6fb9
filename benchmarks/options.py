"""Compare how many joint designations are judged a second: ours, a loop in pandas, and lokigi's brute force.

    python benchmarks/options.py                  8 and 10 services listed and ranked, then the two comparisons
    python benchmarks/options.py --quick          small ones, as the tests run it

1. Ours: every joint designation of so many services at three sites, judged by every rule, counted and ranked. Made-up
   places, the size of a real one: 705 areas, rotas that bind and rotas that do not.
2. A loop in pandas: the same question, one joint designation at a time, until the time allowed is up.
3. lokigi: every choice of sites for one service, ranked by patient-minutes. Its requirements are many, so it may live
   in another environment: LOKIGI_PYTHON says which Python has it. Where none does, it is left out, and that is said.

Values must agree, or the benchmark fails.

Seconds are of this process's own work (CPU), so that a busy machine changes ratios little. Reading tables and importing
packages are counted for nobody; working out who goes where is counted for everybody.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.problem import Figure, Problem, RotaNeed, Service, Site, Team
from optimiser.search.enumeration import Every, enumerate_all

SEED = 20_261_124
AREAS = 705
# Sites for the comparison with lokigi: 1,023 choices of at least one.
SITES = 10
SAME_VALUE = 1e-9
PANDAS_SECONDS = 5.0


def made_up(services: int, *, binding: bool, areas: int = AREAS, sites: int = 3) -> Problem:
    """Scatter areas and sites over a square; two services share each team of 13 at the three sites."""
    draw = np.random.default_rng(SEED)
    homes, hospitals = draw.uniform(0, 60, (areas, 1, 2)), draw.uniform(10, 50, (1, sites, 2))
    index = pd.Index([f"a{number:04d}" for number in range(areas)], name="area")
    codes = [f"s{number}" for number in range(sites)]
    activities = [f"activity_{number}" for number in range(services)]
    lines = {
        f"service_{number}": Service(
            f"service_{number}",
            f"Service {number}",
            activity,
            at_least_sites=Figure(1),
            rotas=(RotaNeed(f"team_{number // 2}", "people", Figure(6)),) if binding else (),
        )
        for number, activity in enumerate(activities)
    }
    teams = [f"team_{number}" for number in range((services + 1) // 2)]
    return Problem(
        title=f"{services} services at {sites} sites",
        sites={code: Site(code, code, True) for code in codes},
        services=lines,
        areas=pd.DataFrame({"resident": True, "population": 1_600, "deprivation_decile": 5}, index=index),
        journeys=pd.DataFrame(np.linalg.norm(homes - hospitals, axis=2).round(1), index=index, columns=codes),
        demand=pd.DataFrame(draw.integers(0, 20, (areas, services)).astype(float), index=index, columns=activities),
        teams={team: Team(team, team, recruits_at_most=Figure(0)) for team in teams},
        staff={
            (site, team, "people"): number
            for site, number in zip(codes, (5.0, *[4.0] * (sites - 1)), strict=True)
            for team in teams
        },
        today=frozenset((site, service) for site in codes for service in lines),
    )


def seconds_of(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what some work gives, and the CPU seconds it took."""
    began = time.process_time()
    found = work()
    return found, max(time.process_time() - began, 1e-6)


def one_by_one(problem: Problem, seconds: float) -> tuple[int, dict[frozenset[tuple[str, str]], float]]:
    """Judge joint designations in a loop with pandas for so long: how many, and the minutes of the lawful ones."""
    found, judged, began = {}, 0, time.process_time()
    for designated in joint_designations(problem):
        if time.process_time() - began > seconds:
            break
        judged += 1
        minutes = 0.0
        for code, service in problem.services.items():
            open_sites = [site for site in problem.candidates if (site, code) in designated]
            nearest = problem.journeys[open_sites].min(axis=1)
            minutes += float((nearest * problem.demand[service.activity]).sum())
        rotas = [(site, rota) for site, code in designated for rota in problem.services[code].rotas]
        rows = [(site, rota.team, rota.needed.value) for site, rota in rotas]
        staff = pd.DataFrame(rows, columns=["site", "team", "needed"])
        needed = staff.groupby(["team", "site"])["needed"].max().groupby("team").sum()
        in_post = pd.Series({(team, site): number for (site, team, _), number in problem.staff.items()}, dtype=float)
        if (needed <= in_post.groupby(level=0).sum().reindex(needed.index)).all():
            found[designated] = minutes
    return judged, found


def joint_designations(problem: Problem) -> Iterator[frozenset[tuple[str, str]]]:
    """Yield every way to provide every service on at least one site."""
    sites = problem.candidates
    subsets = [subset for size in range(1, len(sites) + 1) for subset in itertools.combinations(sites, size)]
    for chosen in itertools.product(subsets, repeat=len(problem.services)):
        yield frozenset((site, code) for code, sites in zip(problem.services, chosen, strict=True) for site in sites)


def listed_and_ranked(sizes: tuple[int, ...]) -> None:
    """Print how long it takes to judge, count and rank every joint designation, and to write every lawful one down."""
    print_row("services", "rotas", "options", "lawful", "counted and 20 best", "every lawful one ranked")
    enumerate_all(made_up(2, binding=True))
    for size, binding in itertools.product(sizes, (False, True)):
        problem = made_up(size, binding=binding)
        found, seconds = seconds_of(lambda problem=problem: enumerate_all(problem))
        in_full = "more than 50 million"
        if found.lawful <= 50_000_000:
            (values, _), longer = seconds_of(lambda problem=problem: Every.of(problem).all_in_order())
            assert len(values) == found.lawful and values[0, 0] == found.ranked[0].values[0]
            in_full = f"{longer:.3f} s"
        rotas = "bind" if binding else "none"
        print_row(str(size), rotas, f"{7**size:,}", f"{found.lawful:,}", f"{seconds:.3f} s", in_full)


def against_pandas(size: int, seconds: float) -> None:
    """Print options judged a second, by ours and by a loop in pandas, on one question; values must agree."""
    problem = made_up(size, binding=True)
    found, ours = seconds_of(lambda: enumerate_all(problem, keep=1))
    (judged, minutes), theirs = seconds_of(lambda: one_by_one(problem, seconds))
    ranked, _ = Every.of(problem).all_in_order()
    lawful = set(ranked[:, 0])
    for one in minutes.values():
        if round(one, 6) not in lawful:
            raise SystemExit(f"pandas finds {one} minutes where ours has no such option: one of them is wrong.")
    rates = found.listed / ours, judged / theirs
    print_row("", "", "options judged", "seconds", "a second", "ours against it")
    print_row("ours", "", f"{found.listed:,}", f"{ours:.3f}", f"{rates[0]:,.0f}", "")
    print_row("pandas", "", f"{judged:,}", f"{theirs:.3f}", f"{rates[1]:,.0f}", f"{rates[0] / rates[1]:,.0f} times")


def against_lokigi(sites: int) -> None:
    """Print options judged a second, by ours and by lokigi's brute force, for one service; every value must agree."""
    python = os.environ.get("LOKIGI_PYTHON") or (sys.executable if importlib.util.find_spec("lokigi") else "")
    if not python:
        print("lokigi is left out: it is not installed here. Set LOKIGI_PYTHON to a Python that has it.")
        return
    problem = made_up(1, binding=False, sites=sites)
    (values, _), ours = seconds_of(lambda: Every.of(problem).all_in_order())
    table = problem.journeys.assign(patients=problem.demand["activity_0"]).to_csv()
    child = [python, str(Path(__file__).with_name("lokigi_child.py"))]
    found = json.loads(subprocess.run(child, input=table, capture_output=True, text=True, check=True).stdout)
    theirs = np.sort(found["values"])
    if len(theirs) != len(values) or not np.allclose(theirs, values[:, 0], rtol=SAME_VALUE):
        raise SystemExit("lokigi and ours do not agree on every value: one of them is wrong.")
    rates = len(values) / ours, len(theirs) / found["seconds"]
    print_row("ours", "", f"{len(values):,}", f"{ours:.3f}", f"{rates[0]:,.0f}", "")
    print_row(
        "lokigi",
        "",
        f"{len(theirs):,}",
        f"{found['seconds']:.3f}",
        f"{rates[1]:,.0f}",
        f"{rates[0] / rates[1]:,.0f} times",
    )


def print_row(*cells: str) -> None:
    """Print one row of a table."""
    print("{:<10}{:<8}{:>16}{:>14}{:>22}{:>26}".format(*cells), flush=True)


def main() -> None:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small questions only")
    arguments = parser.parse_args()
    listed_and_ranked((3,) if arguments.quick else (8, 10))
    against_pandas(2 if arguments.quick else 6, 0.5 if arguments.quick else PANDAS_SECONDS)
    against_lokigi(4 if arguments.quick else SITES)


if __name__ == "__main__":
    main()
