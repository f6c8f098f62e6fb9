"""Sweeps: equal to brute force on worlds that nobody chose, the same however they are run, faults all at once."""

from __future__ import annotations

import io
import json
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from fractions import Fraction
from itertools import product
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import optimiser
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shipped import question
from test_enumeration import worlds
from worlds import AREAS, small, three_doctors, two_by_transfer

from optimiser import scenarios as sweeps
from optimiser.errors import InputError, NotWritten, TooLarge
from optimiser.model.arithmetic import lawful, value
from optimiser.plan import evaluate
from optimiser.problem import HERE, Border, Figure, Growth, Objective, Problem, Site
from optimiser.problem.growth import patients_after
from optimiser.problem.parameters import changed, parameters
from optimiser.scenarios.draws import scenarios
from optimiser.scenarios.settings import Sweep, SweepSettings
from optimiser.search.enumeration import size
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[2]
LONG_ENOUGH = 120
# How often a sweep is killed in make deep, how a chunk is spoilt, and how often a worker is killed in make deep.
KILLS, DAMAGES, WORKERS_KILLED = 20, ("cut short", "without its mark", "empty", "other values under its mark"), 22


def sweep_of(problem: Problem, values: list[dict[str, float]], best: int = 3) -> Sweep:
    said = SweepSettings(title="Drawn", config="-", scenarios=tuple(values), best_of_base=best)
    return Sweep(said, Path("drawn.yaml"), problem, ())


def found_by(sweep: Sweep, *, one_by_one: bool = False, most_listed: int | None = None) -> sweeps.Finding:
    """Work a sweep out in this process, without keeping anything."""
    work = sweeps.Work(sweep)
    if most_listed is not None:
        work.listed.__dict__["is_listed"] = work.listed.count <= most_listed
    if one_by_one:
        work.__dict__["tables"] = None
    starts = range(0, work.size, work.chunk)
    return sweeps.Finding(work, sweeps.together(work, [work.work_out(start, start + work.chunk) for start in starts]))


def test_a_sweep_of_people_of_an_age_says_that_patients_are_taken_to_be_of_all_ages_alike():
    world = small()
    world = replace(world, areas=world.areas.assign(population_65_plus=[60, 10, 50, 10]))
    said = "Patients of visit are taken to be of all ages alike."
    for name, times in (("people_factor.from_65", 1), ("demand_factor.visit", 0)):
        assert sweeps.lines(found_by(sweep_of(world, [{name: 1.5}]))).count(said) == times
    known = replace(world, ages={"visit": {"under_65": Figure(0.2), "from_65": Figure(0.8)}})
    finding = found_by(sweep_of(known, [{"people_factor.from_65": 1.5}]))
    assert said not in sweeps.lines(finding)
    # By ash and birch: 1.4 times the 30 of east, 27/19 times the 20 of mid and 1.32 times the 10 of west.
    assert float(finding.results.published(finding.results.best_values)[0]) == pytest.approx(420 + 400 * 27 / 19 + 132)


# Against brute force ---------------------------------------------------------------------------------------------


@st.composite
def questions(draw: st.DrawFn, *, growing: bool = False) -> Sweep:
    """Draw a small world and a few scenarios of it; where it is growing, perhaps one whose patients grow over years."""
    problem = draw(worlds().filter(lambda problem: size(problem) <= 64))
    rows = len(problem.areas)
    problem = replace(
        problem,
        areas=problem.areas.assign(
            corridor=[draw(st.sampled_from(["", "A1", "A2"])) for _ in range(rows)],
            population_65_plus=[draw(st.sampled_from([0, 10, 50])) for _ in range(rows)],
            district=[draw(st.sampled_from(["North End", "South"])) for _ in range(rows)],
        ),
    )
    if growing and draw(st.booleans()):
        growth = Growth(1, problem.demand, by_activity={"visit": 0.1, "stay": draw(st.sampled_from([-0.05, 0.2]))})
        demand = patients_after(growth, problem.areas, problem.ages)
        problem = replace(problem, growth=growth, demand=demand)
    one_way = [f"journeys.{site}.from_area.area_0" for site in problem.site_order[:2]]
    one_way += [f"journeys.{problem.site_order[0]}.from_everywhere"]
    one_way += [
        f"journeys.{site}.from_district.{problem.areas['district'].iloc[0]}" for site in problem.site_order[-2:]
    ]
    choices = {
        "journey_factor": [0.5, 1.0, 1.2],
        "journey_factor.": [0.5, 1.0, 1.25, 1.3],
        "journeys.": [-5.0, 0.0, 2.5, 15.0],
        "demand_factor.": [0.5, 1.0, 1.35],
        "people_factor.": [1.0, 1.1],
        "border_pull": [0.0, 0.3, 1.0],
        "staff.": [0, 1, 3, 6],
        "minimum_patients.": [1, 6.5, 20],
        "maximum_patients.": [5, 25],
        "stay_days.": [1, 5],
        "dwell_minutes.": [0, 20],
        "share_transferred.": [0, 0.5],
        "most_transfers_a_year": [0, 2.5, 20],
        "growth_years": [0, 1, 5],
    }
    varied = {
        name: next(values for start, values in reversed(choices.items()) if name.startswith(start))
        for name in parameters(problem, one_way)
        if any(name.startswith(start) for start in choices)
    }
    names = draw(st.lists(st.sampled_from(sorted(varied)), max_size=5, unique=True))
    values = [{name: draw(st.sampled_from(varied[name])) for name in names} for _ in range(draw(st.integers(1, 5)))]
    return sweep_of(problem, [{name: float(one) for name, one in scenario.items()} for scenario in values])


def brute_force(
    sweep: Sweep, designations: list[frozenset[Any]]
) -> tuple[list[list[bool]], list[list[tuple[float, ...]]]]:
    """Return what is lawful and every objective, by scenario and designation, each worked out by itself."""
    allowed, worth = [], []
    for scenario in sweep.settings.scenarios:
        problem = changed(sweep.problem, scenario)
        allowed.append([lawful(problem, one) for one in designations])
        worth.append([tuple(value(problem, one, aim) for aim in problem.objectives) for one in designations])
    return allowed, worth


@draws(80)
@given(questions(growing=True))
def test_regret_minimax_and_shares_are_those_of_brute_force(sweep: Sweep):
    finding = found_by(sweep)
    results, listed = finding.results, finding.work.listed
    every = [listed.designated(number) for number in range(listed.count)]
    allowed, worth = brute_force(sweep, every)
    answered = [k for k, row in enumerate(allowed) if any(row)]
    assert results.answered.tolist() == [k in answered for k in range(len(allowed))]
    firsts = {k: [worth[k][n][0] for n in range(len(every))] for k in answered}
    best = {k: min(firsts[k][n] for n in range(len(every)) if allowed[k][n]) for k in answered}
    top = {k: min(worth[k][n] for n in range(len(every)) if allowed[k][n]) for k in answered}
    # Nothing is left out that any scenario allows.
    assert {n for k in answered for n, good in enumerate(allowed[k]) if good} <= set(results.numbers.tolist())
    regrets = {n: [firsts[k][n] - best[k] for k in answered if allowed[k][n]] for n in range(len(every))}
    frame = sweeps.table(results).set_index("number")
    for number, row in frame.iterrows():
        mine = sorted(regrets[int(str(number))])
        assert row["lawful_scenarios"] == len(mine)
        won = sum(allowed[k][int(str(number))] and worth[k][int(str(number))] == top[k] for k in answered)
        assert row["won_share"] == pytest.approx(won / max(len(answered), 1))
        if mine:
            assert row["max_regret"] == pytest.approx(mine[-1], abs=1e-7)
            assert row["mean_regret"] == pytest.approx(sum(mine) / len(mine), abs=1e-7)
            assert row["p95_regret"] == pytest.approx(mine[-(-95 * len(mine) // 100) - 1], abs=1e-7)
    chosen = sweeps.minimax(results)
    assert (chosen is None) == (not answered)
    if chosen is not None:
        most = max(map(len, regrets.values()))
        least = min(max(found) for found in regrets.values() if len(found) == most)
        number = int(results.numbers[chosen])
        assert len(regrets[number]) == most and max(regrets[number]) == pytest.approx(least, abs=1e-7)
    always = [sum(found) / len(found) for found in regrets.values() if answered and len(found) == len(answered)]
    waiting = sweeps.value_of_waiting(results)
    assert waiting == pytest.approx(min(always), abs=1e-7) if always else np.isnan(waiting)
    for k in answered:
        number = int(results.numbers[results.best[k]])
        assert allowed[k][number] and worth[k][number] == top[k]
    # As for a question too large to list, by paths of a diagram.
    by_paths = found_by(sweep, most_listed=0)
    assert by_paths.work.way == "as paths of a diagram"
    for name in ("regret", "by_scenario", "options"):
        assert_frame_equal(getattr(by_paths, name), getattr(finding, name), check_dtype=False, rtol=1e-12, atol=1e-7)
    same = by_paths.minimax is None if chosen is None else number_of(by_paths) == number_of(finding)
    assert same and by_paths.value_of_waiting == pytest.approx(waiting, abs=1e-7, nan_ok=True)


def number_of(finding: sweeps.Finding) -> int:
    """Return the number of the joint designation whose largest regret is least."""
    return int(finding.results.numbers[finding.minimax])


@draws(40)
@given(questions().filter(lambda sweep: sweeps.Work(sweep).tables is not None))
def test_tables_give_what_one_by_one_gives(sweep: Sweep):
    from_tables, one_by_one = found_by(sweep), found_by(sweep, one_by_one=True)
    quick, slow = (one.regret.drop(columns="worst_scenario") for one in (from_tables, one_by_one))
    assert_frame_equal(quick, slow, rtol=0, atol=1e-7)
    assert from_tables.results.numbers.tolist() == one_by_one.results.numbers.tolist()
    assert from_tables.results.best.tolist() == one_by_one.results.best.tolist()


def test_sums_of_tables_are_exact_to_the_last_digit():
    problem = replace(small(), demand=small().demand.assign(visit=[0.333333, 0.1, 0.2, 0.666667]))
    problem = replace(problem, areas=problem.areas.assign(corridor=["A1", "", "A2", ""]))
    one = {"journey_factor": 1.37, "journey_factor.A1": 0.83, "demand_factor.visit": 1.07}
    finding = found_by(sweep_of(problem, [one]))
    results, listed = finding.results, finding.work.listed
    varied = changed(problem, one)
    both = listed.number({("ash", "clinic"), ("birch", "clinic")})
    column = results.numbers.tolist().index(both)
    by_hand = sum(
        Fraction(repr(patients)) * Fraction(repr(min(minutes)))
        for patients, minutes in zip(
            varied.demand["visit"][varied.areas["resident"]].tolist(),
            varied.journeys[varied.areas["resident"]].to_numpy().tolist(),
            strict=True,
        )
    )
    assert Fraction(int(results.values[0, column]), int(results.scale)) == by_hand


def test_a_plan_of_a_scenario_is_what_the_sweep_says_it_is():
    problem = small(rotas=three_doctors(), minimum_patients=Figure(33))
    sweep = sweep_of(problem, [{"demand_factor.visit": 1.2}, {"staff.doctors.people": 12}, {}])
    finding = found_by(sweep)
    for number, scenario in enumerate(sweep.settings.scenarios):
        varied = changed(problem, scenario)
        for column, designation in enumerate(finding.results.numbers):
            plan = evaluate(varied, finding.work.listed.designated(int(designation)))
            assert plan.broken.empty == finding.results.lawful[number, column]


# The share who go to the nearest of all -------------------------------------------------------------------------------

PULLS = [0.0, 0.25, 0.5, 0.937844, 1.0]


@st.composite
def questions_of_leavers(draw: st.DrawFn) -> Sweep:
    """Draw a small world of which some leave as today, and scenarios in which more of them go to the nearest of all."""
    sweep = draw(questions())
    problem = leaving(draw, sweep.problem)
    pull = st.sampled_from(PULLS)
    said = [{**one, "border_pull": draw(pull)} for one in sweep.settings.scenarios]
    return sweep_of(problem, [*said, {"border_pull": draw(pull)}])


def leaving(draw: st.DrawFn, problem: Problem) -> Problem:
    """Return a world with an edge that some of its patients go to today, and some come from."""
    share = st.sampled_from([0.0, 0.1, 0.333333, 0.5, 1.0])
    if "edge_0" not in problem.sites:
        near = {"edge_0": [draw(st.sampled_from([5.0, 20.0, 30.0])) for _ in problem.areas.index]}
        problem = replace(
            problem,
            sites={**problem.sites, "edge_0": Site("edge_0", "edge_0", False)},
            journeys=problem.journeys.assign(**near),
            by_mode={mode: table.assign(**near) for mode, table in problem.by_mode.items()},
            services={code: replace(one, neighbours=("edge_0",)) for code, one in problem.services.items()},
        )
        roads = problem.transfers.reindex(index=list(problem.sites), columns=list(problem.sites)).fillna(10.0)
        problem = replace(problem, transfers=roads)
    shares = pd.DataFrame({place: [draw(share) for _ in problem.areas.index] for place in ("edge_0", HERE)})
    shares = shares.set_axis(problem.areas.index)
    return replace(problem, border=Border(shares, Figure(draw(st.sampled_from([0.0, 0.3, 1.0])))))


@draws(40)
@given(questions_of_leavers())
def test_a_sweep_of_who_goes_to_the_nearest_of_all_is_brute_force(sweep: Sweep):
    finding = found_by(sweep)
    results, listed = finding.results, finding.work.listed
    assert finding.work.way == "one by one"
    allowed, worth = brute_force(sweep, [listed.designated(number) for number in range(listed.count)])
    for scenario, (good, values) in enumerate(zip(allowed, worth, strict=True)):
        assert results.answered[scenario] == any(good)
        assert {n for n, one in enumerate(good) if one} <= set(results.numbers.tolist())
        for column, number in enumerate(results.numbers.tolist()):
            assert results.lawful[scenario, column] == good[number]
            assert results.values[scenario, column] / results.scale == values[number][0]
        if any(good):
            best = min(value for value, one in zip(values, good, strict=True) if one)
            assert values[int(results.numbers[results.best[scenario]])] == best
    by_paths = found_by(sweep, most_listed=0)
    assert_frame_equal(by_paths.by_scenario, finding.by_scenario, check_dtype=False, rtol=1e-12, atol=1e-7)


def test_at_none_and_at_all_a_sweep_has_the_longest_journeys_of_whom_there_are():
    # Half of east's 30 go to oak today. Were all to go to the nearest of all, oak would be nearer to them than ash.
    shares = pd.DataFrame({"oak": [0.5, 0, 0, 0], HERE: [0.5, 0, 1, 1]}, index=pd.Index(AREAS, name="area"))
    problem = replace(small(), border=Border(shares), objectives=(Objective("worst_journey"),))
    sweep = sweep_of(problem, [{"border_pull": one} for one in (0.0, 0.5, 1.0)])
    finding = found_by(sweep)
    ash = finding.results.numbers.tolist().index(finding.work.listed.number({("ash", "clinic")}))
    assert finding.results.values[:, ash].tolist() == [40, 40, 25]


def test_a_sweep_that_leaves_the_share_as_it_stands_is_read_off_tables():
    shares = pd.DataFrame({"oak": [0.5, 0, 0, 0], HERE: [0.5, 0, 1, 1]}, index=pd.Index(AREAS, name="area"))
    problem = replace(small(), border=Border(shares, Figure(0.25)))
    values = [{"demand_factor.visit": 1.25}, {"journey_factor": 1.5}, {}]
    quick, slow = (found_by(sweep_of(problem, values), one_by_one=one) for one in (False, True))
    assert (quick.work.way, slow.work.way) == ("from tables", "one by one")
    assert_frame_equal(quick.by_scenario, slow.by_scenario, check_dtype=False, rtol=0, atol=1e-7)


# By hand ---------------------------------------------------------------------------------------------------------


def test_regret_by_hand():
    # Patient-minutes of residents: both 800, birch 1000, ash 1250 (see worlds.small). Each clinic needs three doctors:
    # six are enough for both; with five only one can open, and then birch is best.
    problem = small(doctors={"ash": 3, "birch": 3}, rotas=three_doctors(), at_least_sites=Figure(1))
    problem = replace(
        problem, teams={"doctors": replace(problem.teams["doctors"], moves_at_most=None)}, objectives=(AIM,)
    )
    sweep = sweep_of(problem, [{}, {"staff.doctors.people": 5}], best=2)
    finding = found_by(sweep)
    frame = sweeps.table(finding.results).set_index("number")
    listed = finding.work.listed
    no_x_ray = {sites: listed.number({(site, "clinic") for site in sites}) for sites in (("ash", "birch"), ("birch",))}
    both, birch = (frame.loc[no_x_ray[sites]] for sites in (("ash", "birch"), ("birch",)))
    assert (both["lawful_share"], both["max_regret"]) == (0.5, 0)
    assert (birch["lawful_share"], birch["max_regret"], birch["mean_regret"]) == (1.0, 200, 100)
    # Lawful in both scenarios beats never being sorry where one may stand at all.
    assert finding.work.listed.designated(int(finding.results.numbers[finding.minimax])) == {("birch", "clinic")}
    assert finding.value_of_waiting == 100


def test_a_cap_on_all_transfers_is_held_in_every_scenario_by_what_moves_there():
    # At most 36 a year (see worlds.two_by_transfer): both at birch. If nobody moves to the theatre, 21.875 at most move
    # wherever the scanner is; with twice the patients 67.5 at least; and at most 37 are enough but for both at ash.
    problem = two_by_transfer(36)
    values = [{}, {"share_transferred.theatre": 0.0}, {"demand_factor.visit": 2.0}, {"most_transfers_a_year": 37.0}]
    for most_listed in (None, 0):
        finding = found_by(sweep_of(problem, values), most_listed=most_listed)
        # The X-ray room is at neither site, at either or at both.
        assert finding.by_scenario["lawful_designations"].tolist() == [4 * 1, 4 * 4, 0, 4 * 3]
        assert finding.results.answered.tolist() == [True, True, False, True]


def test_where_nothing_is_lawful_an_option_is_not_either():
    problem = replace(small(rotas=three_doctors(), at_least_sites=Figure(1)), objectives=(AIM,))
    sweep = sweep_of(problem, [{}, {"staff.doctors.people": 0}], best=1)
    for most_listed in (None, 0):
        finding = found_by(sweep, most_listed=most_listed)
        assert finding.results.answered.tolist() == [True, False]
        row = finding.regret.iloc[0]
        assert (row["lawful_share"], row["won_share"]) == (0.5, 1)
        said = "\n".join(sweeps.lines(finding))
        assert "Best, alone or with others, of the 1 scenario that has a plan:" in said
        assert "it is lawful in 50.0% of all scenarios" in said


AIM = Objective("patient_minutes")


# Draws -----------------------------------------------------------------------------------------------------------


def drawn(problem: Problem, number: int, **said: Any) -> list[dict[str, float]]:
    settings_ = SweepSettings(title="Drawn", config="-", draws=number, **said)
    return list(scenarios(settings_, parameters(problem)))


def test_a_scenario_depends_on_the_seed_and_its_number_alone():
    vary = {"journey_factor": {"shape": "uniform", "low": 0.8, "high": 1.5, "decimals": 4}}
    many = drawn(small(), 50, vary=vary, seed=7)
    settings_ = SweepSettings(title="Drawn", config="-", draws=50, vary=vary, seed=7)
    assert list(scenarios(settings_, parameters(small()), 20, 30)) == many[20:30]
    assert drawn(small(), 50, vary=vary, seed=8) != many
    # As first drawn: neither a new numpy nor another machine may change it.
    assert [one["journey_factor"] for one in many[:3]] == FIRST_DRAWS


FIRST_DRAWS = [1.4105, 1.3828, 1.4651]


def test_shapes_have_the_means_that_they_state():
    shapes = {
        "uniform": ({"low": 0.5, "high": 1.5}, 1.0),
        "triangular": ({"low": 0.9, "mode": 1.0, "high": 1.7}, 1.2),
        "normal": ({"low": 0.5, "high": 1.5, "mean": 1.0, "sd": 0.3}, 1.0),
    }
    for shape, (said, mean) in shapes.items():
        vary = {"journey_factor": {"shape": shape, "decimals": 5, **said}}
        found = np.array([one["journey_factor"] for one in drawn(small(), 4000, vary=vary)])
        assert said["low"] <= found.min() and found.max() <= said["high"]
        assert abs(found.mean() - mean) < 0.02, shape


def test_what_moves_together_is_correlated_by_its_share():
    spread = {"shape": "normal", "low": 0.1, "high": 1.9, "mean": 1.0, "sd": 0.1, "decimals": 6}
    vary = {"journey_factor": spread, "demand_factor.visit": spread}
    for share in (0.0, 0.4, 1.0):
        both = [{"parameters": list(vary), "share": share}]
        found = pd.DataFrame(drawn(small(), 4000, vary=vary, together=both))
        assert abs(found.corr().iloc[0, 1] - share) < 0.04
        assert abs(found["journey_factor"].std() - 0.1) < 0.005


def test_a_grid_is_every_combination_in_order():
    said = SweepSettings(title="G", config="-", grid={"journey_factor": [1, 2], "demand_factor.visit": [1, 1.5, 2]})
    found = list(scenarios(said, parameters(small())))
    assert [tuple(one.values()) for one in found] == list(product((1, 2), (1, 1.5, 2)))
    assert list(scenarios(said, parameters(small()), 2, 5)) == found[2:5]


# The command -----------------------------------------------------------------------------------------------------


def written(folder: Path, text: str) -> Path:
    path = folder / "sweep.yaml"
    path.write_text(text)
    return path


def tiny(folder: Path, draws: int = 60) -> Path:
    spread = "{shape: uniform, low: 0.5, high: 2}"
    return written(
        folder,
        f"title: Tiny\nconfig: {ROOT}/configs/tiny.yaml\ndraws: {draws}\nseed: 3\nvary:\n  journey_factor: {spread}\n"
        f"  demand_factor.visit: {spread}\n",
    )


def test_every_fault_is_listed_at_once(tmp_path: Path):
    path = written(
        tmp_path,
        "title: Faulty\nconfig: nowhere.yaml\noptions: [none.yaml]\ndraws: 10\nsede: 3\nvary:\n"
        "  journey_factor: {shape: triangular, low: 2, high: 1}\n",
    )
    with pytest.raises(InputError) as refused:
        sweeps.read_sweep(path)
    said = str(refused.value)
    assert '"sede" is not a setting here. Did you mean "seed"?' in said
    assert "low 2 above high 1" in said and "nowhere.yaml" in said and "none.yaml" in said
    path = written(
        tmp_path,
        f"title: Faulty\nconfig: {ROOT}/configs/base.yaml\ndraws: 10\nvary:\n"
        "  journey_factor.A1277: {shape: uniform, low: 1, high: 2}\n"
        "  journey_factor: {shape: uniform, low: 0, high: 2}\n"
        "together: [{parameters: [journey_factor, journey_factor.A12], share: 0.5}]\n",
    )
    with pytest.raises(InputError) as refused:
        sweeps.read_sweep(path)
    said = str(refused.value)
    assert 'line 5: there is no parameter "journey_factor.A1277" of this question. Did you mean' in said
    assert "line 6: journey_factor is a factor and must be above 0, not 0." in said
    assert 'line 7: "journey_factor.A12" is not under vary.' in said


@pytest.mark.parametrize("more", ["", "grid: {journey_factor: [1]}\ndraws: 5\n", "draws: 5\n"])
def test_scenarios_are_stated_in_one_way(tmp_path: Path, more: str):
    path = written(tmp_path, f"title: T\nconfig: {ROOT}/configs/tiny.yaml\n{more}")
    with pytest.raises(InputError, match=r"State one of grid, scenarios, or draws|draws needs vary"):
        sweeps.read_sweep(path)


def result_of(folder: Path) -> str:
    return str(json.loads((folder / "run.json").read_text())["result"])


def run_all(path: Path, folder: Path, **how: Any) -> str:
    asked = sweeps.read_sweep(path)
    work, chunks = sweeps.run(asked, folder, **how)
    files = sweeps.files_of(sweeps.Finding(work, sweeps.together(work, chunks)))
    sweeps.forget(folder)
    return str(json.loads(files["run.json"])["result"])


def test_the_result_does_not_depend_on_the_number_of_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tiny(tmp_path)
    monkeypatch.setattr("optimiser.scenarios.running.CHUNK_OF_TABLES", 25)
    alone = run_all(path, tmp_path / "a")
    assert run_all(path, tmp_path / "b", workers=2) == alone
    monkeypatch.setattr("optimiser.scenarios.running.CHUNK_OF_TABLES", 7)
    assert run_all(path, tmp_path / "c") == alone


# In small chunks, so that there is much to interrupt; what is asked is read anew, or was read before.
SLOWLY = """
import json, pickle, sys
from pathlib import Path
from optimiser import scenarios as sweeps
from optimiser.scenarios import running

running.CHUNK_OF_TABLES = 5
print("begun", flush=True)
path = Path(sys.argv[1])
asked = pickle.loads(path.read_bytes()) if path.suffix == ".read" else sweeps.read_sweep(path)
work, chunks = sweeps.run(asked, Path(sys.argv[2]), resume=True)
files = sweeps.files_of(sweeps.Finding(work, sweeps.together(work, chunks)))
print(json.loads(files["run.json"])["result"])
"""


def slowly(path: Path, folder: Path) -> subprocess.Popen[str]:
    """Begin a sweep in a process of its own, and return once that has loaded what it needs."""
    begun = subprocess.Popen([sys.executable, "-c", SLOWLY, str(path), str(folder)], stdout=subprocess.PIPE, text=True)
    assert begun.stdout and begun.stdout.readline() == "begun\n"
    return begun


def chunks_of(folder: Path) -> int:
    return len(list(sweeps.unfinished(folder).glob("chunk_*")))


@pytest.mark.deep
def test_a_sweep_killed_at_random_twenty_times_and_resumed_gives_the_same_result(tmp_path: Path):
    path, read = tiny(tmp_path, draws=3000), tmp_path / "sweep.read"
    read.write_bytes(pickle.dumps(sweeps.read_sweep(path)))
    whole, _ = slowly(path, tmp_path / "whole").communicate(timeout=LONG_ENOUGH)
    generator, folder = random.Random(1), tmp_path / "killed"
    for number in range(KILLS):
        before = chunks_of(folder)
        child = slowly(read if number % 2 else path, folder)
        # Every other time while it works, else at any time: while it reads, draws, or puts chunks together.
        while number % 2 and chunks_of(folder) == before and child.poll() is None:
            time.sleep(0.005)
        time.sleep(generator.uniform(0, 0.04 if number % 2 else 0.4))
        child.kill()
        child.communicate(timeout=LONG_ENOUGH)
        assert child.returncode == -signal.SIGKILL, "the sweep was done before it could be killed twenty times"
    assert 10 <= chunks_of(folder) < 600
    again, _ = slowly(path, folder).communicate(timeout=LONG_ENOUGH)
    assert again == whole


@pytest.mark.parametrize("times", [4, pytest.param(WORKERS_KILLED, marks=pytest.mark.deep)])
def test_a_worker_that_is_killed_is_told_in_one_line_and_the_sweep_goes_on_without_loss(times: int, tmp_path: Path):
    path, folder = tiny(tmp_path, draws=16_000 + 1_000 * times), tmp_path / "out"
    asked, told = sweeps.read_sweep(path), list[str]()

    def kill_one(line: str = "") -> None:
        """Kill the first or the second worker; once before any has begun, then after one, two, … chunks are kept."""
        workers = active_children()
        while not workers:
            time.sleep(0.01)
            workers = active_children()
        workers[len(told) % len(workers)].kill()
        told.append(line)

    said = (
        "A worker of this sweep ended before its time (signal 9), most often because memory ran out. What was worked "
        f"out is kept: go on with --out {folder} --resume, and fewer --workers if it ends again."
    )
    threading.Thread(target=kill_one, daemon=True).start()
    with pytest.raises(NotWritten) as ended:
        sweeps.run(asked, folder, workers=2)
    assert str(ended.value) == said
    for _ in range(times - 1):
        before = chunks_of(folder)
        with pytest.raises(NotWritten) as ended:
            sweeps.run(asked, folder, workers=2, resume=True, tell=kill_one)
        assert str(ended.value) == said and chunks_of(folder) > before
        assert not active_children()
    assert run_all(path, folder, workers=2, resume=True) == run_all(path, tmp_path / "whole")


def test_what_was_kept_of_another_sweep_is_refused_and_a_broken_chunk_is_worked_out_again(tmp_path: Path):
    path, folder = tiny(tmp_path), tmp_path / "a"
    asked = sweeps.read_sweep(path)
    sweeps.run(asked, folder)
    kept = next(iter(sweeps.unfinished(folder).glob("chunk_*")))
    before = kept.read_bytes()
    with pytest.raises(InputError, match="--resume"):
        sweeps.run(asked, folder)
    with np.load(io.BytesIO(before[32:])) as chunk:
        other_values = io.BytesIO()
        np.savez(other_values, **{**chunk, "values_0": chunk["values_0"] + 1})
    damages = (before[:-40], before[32:], b"", before[:32] + other_values.getvalue())
    for _, damaged in zip(DAMAGES, damages, strict=True):
        kept.write_bytes(damaged)
        sweeps.run(asked, folder, resume=True)
        assert kept.read_bytes() == before
    other = sweeps.read_sweep(tiny(tmp_path, draws=61))
    with pytest.raises(InputError, match="of another sweep"):
        sweeps.run(other, folder, resume=True)
    folder.mkdir()
    with pytest.raises(NotWritten, match="exists already"):
        sweeps.run(asked, folder, resume=True)


def test_how_many_scenarios_are_done_is_counted_from_none_to_all_and_goes_on_where_it_was_stopped(tmp_path: Path):
    asked = sweeps.read_sweep(tiny(tmp_path, draws=1200))
    counted: list[tuple[int, int]] = []
    sweeps.run(asked, tmp_path / "out", count=lambda done, of: counted.append((done, of)))
    assert counted == [(0, 1200), (500, 1200), (1000, 1200), (1200, 1200)]
    (sweeps.unfinished(tmp_path / "out") / "chunk_0000500.npz").unlink()
    counted.clear()
    sweeps.run(asked, tmp_path / "out", resume=True, count=lambda done, of: counted.append((done, of)))
    assert counted == [(1000, 1200), (1200, 1200)]


def test_the_command_writes_a_folder_whose_hash_is_that_of_its_tables(tmp_path: Path):
    path = tiny(tmp_path)
    command = ("sweep", str(path), "--out", str(tmp_path / "out"))
    done = optimiser(*command, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "60 scenarios" in done.stdout and "Least largest regret" in done.stdout
    assert done.stderr == "" and not list(tmp_path.glob("*.unfinished"))
    folder = tmp_path / "out"
    record = json.loads((folder / "run.json").read_text())
    assert record["result"] == run_all(path, tmp_path / "again")
    drawn_values = pd.read_csv(folder / "scenarios.csv")
    assert list(drawn_values) == ["scenario", "journey_factor", "demand_factor.visit"] and len(drawn_values) == 60
    results, regret = pd.read_csv(folder / "results.csv"), pd.read_csv(folder / "regret.csv")
    for option, row in regret.set_index("option").iterrows():
        allowed = results[f"lawful {option}"].astype(str) == "True"
        lost = (results[f"value {option}"] - results["best_value"])[allowed | (results[f"lawful {option}"] == True)]  # noqa: E712
        assert lost.max() == pytest.approx(row["max_regret"], abs=1e-6)
    again = optimiser(*command, cwd=ROOT)
    assert again.returncode == 9 and "exists already" in again.stderr


def test_a_sweep_that_is_stopped_says_how_to_go_on(tmp_path: Path):
    path, out = tiny(tmp_path, draws=200_000), tmp_path / "out"
    command = [sys.executable, "-m", "optimiser", "sweep", str(path), "--out", str(out), "--workers", "2"]
    begun = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    until = time.monotonic() + 60
    while not chunks_of(out) and time.monotonic() < until:
        time.sleep(0.05)
    begun.terminate()
    _, said = begun.communicate(timeout=30)
    assert begun.returncode == 143
    assert (
        said
        == f"Stopped. Nothing was left half-written. What was worked out is kept: go on with --out {out} --resume.\n"
    )
    assert chunks_of(out) and not out.exists()


def test_resume_says_what_it_needs(tmp_path: Path):
    refused = optimiser("sweep", str(tiny(tmp_path)), "--resume", cwd=ROOT)
    assert refused.returncode == 2 and "--out" in refused.stderr


def test_what_is_too_fine_to_add_exactly_is_refused_and_leaves_nothing(tmp_path: Path):
    spread = "{shape: uniform, low: 0.5, high: 2, decimals: 3}"
    path = written(
        tmp_path,
        f"title: T\nconfig: {ROOT}/configs/what_if/observed_stroke_flows.yaml\ndraws: 30\n"
        f"vary: {{journey_factor.A12: {spread}, journey_factor.A13: {spread}}}\n",
    )
    with pytest.raises(TooLarge, match="fewer decimal"):
        sweeps.run(sweeps.read_sweep(path), tmp_path / "out")
    assert list(tmp_path.iterdir()) == [path]


def test_the_care_model_is_swept_though_nobody_could_list_it():
    problem = question("what_if/care_model_fully_staffed")
    values = [{}, {"staff.emergency_consultants.WTE": 30.0}, {"journey_factor.A13": 1.5, "journey_factor.A12": 0.9}]
    finding = found_by(sweep_of(problem, values))
    results, listed = finding.results, finding.work.listed
    assert finding.work.way == "as paths of a diagram" and listed.count == 8**17
    plans = [solve(changed(problem, one), list_all=False) for one in values]
    assert results.best_values.tolist() == [plan.proof.objectives[0].value for plan in plans]
    assert [listed.designated(int(n)) for n in results.numbers[results.best]] == [plan.designated for plan in plans]
    for column, number in enumerate(results.numbers):
        for row, one in enumerate(values):
            varied, designated = changed(problem, one), listed.designated(int(number))
            assert results.lawful[row, column] == lawful(varied, designated)
            assert results.values[row, column] == value(varied, designated, problem.objectives[0])
    # With another service provided elsewhere the largest regret is no smaller, however many are moved.
    best, rng = finding.minimax, np.random.default_rng(4)
    assert best is not None
    least, firsts = results.regrets[:, best].max(), results.best_values
    around, lawful_ones = listed.designated(int(results.numbers[best])), 0
    pairs = [(site, code) for code, one in problem.services.items() for site in problem.candidates if not one.fixed]
    for _ in range(300):
        few = rng.choice(len(pairs), size=int(rng.integers(1, 4)), replace=False)
        other = around ^ frozenset(pairs[n] for n in few)
        if all(lawful(changed(problem, one), other) for one in values):
            lawful_ones += 1
            regrets = [value(changed(problem, one), other, problem.objectives[0]) for one in values] - firsts
            assert regrets.max() >= least
    assert lawful_ones > 20


def test_too_many_candidates_are_refused_by_number():
    problem = small()
    site = problem.sites["ash"]
    many = {f"site_{n:02}": replace(site, code=f"site_{n:02}") for n in range(17)}
    journeys = problem.journeys.assign(**dict.fromkeys(many, problem.journeys["ash"]))
    with pytest.raises(TooLarge, match="19 candidates"):
        found_by(sweep_of(replace(problem, sites={**problem.sites, **many}, journeys=journeys), [{}]))


def test_sweeps_that_ship_are_sound_and_say_which_ranges_nobody_stated():
    paths = sorted((ROOT / "configs" / "sweeps").glob("*.yaml"))
    assert paths
    for path in paths:
        asked = sweeps.read_sweep(path)
        assert all(spread.source for spread in asked.settings.vary.values()), path
        ways = ("one by one",) if asked.settings.roads else ("from tables", "as paths of a diagram")
        assert sweeps.Work(asked).way in ways, path


def test_the_page_shows_what_the_sweep_that_it_names_finds():
    page = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
    shown = page.split("```text\n")[1].split("\n```")[0]
    finding = found_by(sweeps.read_sweep(ROOT / "configs" / "sweeps" / "journeys_and_demand.yaml"))
    assert "\n".join(sweeps.lines(finding)) == shown
