"""The solver's word is taken only where it is proved, and never from PuLP."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pulp
import pytest
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st

from optimiser.errors import SolverFailed
from optimiser.model import solver

ROOT = Path(__file__).parents[2]


def knapsack(values, weights, room, *, whole=True):
    """Take what is worth most and fits: as a cost to be made small."""
    model = pulp.LpProblem("knapsack")
    take = [
        model.add_variable(f"take_{i}", 0, 1, pulp.LpInteger if whole else "Continuous") for i in range(len(values))
    ]
    model += pulp.lpSum(-value * x for value, x in zip(values, take, strict=True))
    model.addConstraint(pulp.lpSum(weight * x for weight, x in zip(weights, take, strict=True)) <= room, "room")
    return model


def market_split():
    """Split the sales of 40 shops evenly for 4 products: easy to say, hopeless to prove in a second."""
    numbers = [[(i * j * 7919 + i * i * 31 + j * j * j * 17) % 100 for j in range(1, 41)] for i in range(1, 5)]
    model = pulp.LpProblem("market_split")
    goes = [model.add_variable(f"goes_{j}", 0, 1, pulp.LpInteger) for j in range(40)]
    over = [model.add_variable(f"over_{i}", 0) for i in range(4)]
    under = [model.add_variable(f"under_{i}", 0) for i in range(4)]
    model += pulp.lpSum(over) + pulp.lpSum(under) + 1
    for i, row in enumerate(numbers):
        sold = pulp.lpSum(number * x for number, x in zip(row, goes, strict=True))
        model.addConstraint(sold + over[i] - under[i] == sum(row) // 2, f"product_{i}")
    return model


@draws(40)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=7), st.integers(0, 30))
def test_the_best_load_is_the_one_that_trying_them_all_finds(things, room):
    values, weights = zip(*things, strict=True)
    outcome = solver.run(knapsack(values, weights, room))
    loads = (taken for taken in product((0, 1), repeat=len(things)))
    fitting = [taken for taken in loads if sum(w * t for w, t in zip(weights, taken, strict=True)) <= room]
    best = max(sum(v * t for v, t in zip(values, taken, strict=True)) for taken in fitting)
    assert outcome.status == "optimal"
    assert outcome.objective == pytest.approx(-best, abs=1e-6)
    assert outcome.bound == pytest.approx(-best, abs=1e-6)
    assert set(outcome.values.values()) <= {0.0, 1.0}


def test_a_hint_changes_nothing_but_the_way_there():
    model = knapsack([5, 4, 3], [4, 3, 2], 6)
    assert solver.run(model, start={"take_1": 1.0}).objective == solver.run(model).objective == -8


def test_a_fraction_is_allowed_where_nothing_must_be_whole():
    """Of 5 for 4 and 3 for 2 in a room of 3: the second whole, a quarter of the first."""
    outcome = solver.run(knapsack([5, 3], [4, 2], 3, whole=False))
    assert outcome.objective == pytest.approx(-4.25)
    assert outcome.values == pytest.approx({"take_0": 0.25, "take_1": 1.0})


def test_a_stopped_search_is_never_called_optimal():
    outcome = solver.run(market_split(), time_limit_seconds=0.5)
    assert outcome.status == "time limit"
    assert outcome.feasible
    assert outcome.bound < outcome.objective
    assert outcome.gap > 0


def test_a_search_stopped_before_any_answer_has_none():
    outcome = solver.run(market_split(), time_limit_seconds=0.0)
    assert outcome.status == "time limit"
    if not outcome.feasible:
        assert outcome.values == {}
        assert math.isnan(outcome.objective)


def pressed(*, also: int | None = None) -> None:
    """Press Ctrl-C once the search has listened for it for a while, in another thread."""
    before = signal.getsignal(signal.SIGINT)

    def press() -> None:
        for _ in range(6_000):
            if signal.getsignal(signal.SIGINT) is not before:
                break
            time.sleep(0.01)
        # Pressed just as it begins to wait it would be heard only once there is an answer.
        time.sleep(0.5)
        for process in (also, os.getpid()):
            if process is not None:
                os.kill(process, signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()


def test_ctrl_c_ends_the_search_with_the_best_so_far():
    solver.about()
    before = signal.getsignal(signal.SIGINT)
    pressed()
    outcome = solver.run(market_split(), time_limit_seconds=300)
    assert outcome.status == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_during_a_search_is_answered_as_if_there_were_none():
    told, ended = list[object](), list[int]()
    before = signal.signal(signal.SIGINT, lambda number, _: ended.append(number))
    try:
        # A signal that is raised here is answered before the next line, so that nothing has to be timed.
        with solver._stopped_by_ctrl_c(SimpleNamespace(put=told.append)):
            signal.raise_signal(signal.SIGINT)
            assert (told, ended) == ([None], [])
            signal.raise_signal(signal.SIGINT)
            assert (told, ended) == ([None], [signal.SIGINT])
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_at_a_terminal_reaches_both_processes_and_ends_the_search_all_the_same():
    solver.about()
    pressed(also=solver._STARTED[-1].process.pid)
    assert solver.run(market_split(), time_limit_seconds=300).status == "interrupted"


ASKING = """
from test_solver import market_split
from optimiser.model import solver
solver.about()
print(solver._STARTED[-1].process.pid, flush=True)
solver.run(market_split(), time_limit_seconds=60)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to look for a process in")
def test_who_asks_may_be_killed_and_no_search_goes_on():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests", Path(__file__).parent)))}
    with subprocess.Popen([sys.executable, "-c", ASKING], stdout=subprocess.PIPE, text=True, env=environment) as asking:
        searching = int(asking.stdout.readline())
        time.sleep(0.5)
        os.kill(searching, 0)
        asking.kill()
    for _ in range(100):
        time.sleep(0.1)
        with suppress(FileNotFoundError):
            # One that has ended may be there until whoever has the orphans looks.
            if Path(f"/proc/{searching}/stat").read_text().split()[2] != "Z":
                continue
        return
    pytest.fail("it goes on")


def test_outside_the_main_thread_it_solves_all_the_same():
    found = []
    thread = threading.Thread(target=lambda: found.append(solver.run(knapsack([1], [1], 1)).status))
    thread.start()
    thread.join(timeout=60)
    assert found == ["optimal"]


@pytest.mark.parametrize("category", ["Continuous", "Integer"])
@pytest.mark.parametrize(("at_most", "status"), [(-1, "infeasible"), (None, "unbounded")])
def test_a_clash_is_told_from_a_model_without_a_floor(category, at_most, status):
    model = pulp.LpProblem("model")
    x = model.add_variable("x", 0, None, category)
    model += -x
    model.addConstraint(x >= 1, "at_least")
    if at_most is not None:
        model.addConstraint(x <= at_most, "at_most")
    outcome = solver.run(model)
    assert outcome.status == status
    assert not outcome.feasible


def test_a_model_without_variables_is_its_constant():
    model = pulp.LpProblem("nothing")
    model += pulp.LpAffineExpression(constant=3.0)
    assert solver.run(model).objective == 3.0
    model.addConstraint(pulp.LpConstraint(pulp.LpAffineExpression(), pulp.LpConstraintGE, "never", 1))
    assert solver.run(model).status == "infeasible"


def test_nothing_is_printed(capfd):
    solver.run(knapsack([5, 4, 3], [4, 3, 2], 6))
    assert capfd.readouterr() == ("", "")


def test_not_even_who_solves_is_printed_when_a_process_first_asks():
    # From 1.16 HiGHS says so, once a process.
    command = [sys.executable, "-c", "from optimiser.model import solver; solver.about()"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_model_is_left_as_it_was():
    model = knapsack([5, 4, 3], [4, 3, 2], 6)
    solver.run(model)
    assert all(variable.varValue is None for variable in model.variables())


def test_all_five_canaries_sing_and_are_told_of():
    about = solver.about()
    assert about["name"] == "HiGHS"
    assert [canary["best"] for canary in about["canaries"]] == [28.2, 9.0, 20.0, 64.0, 1.0]


def test_a_canary_that_does_not_sing_is_named(monkeypatch):
    wrong = replace(solver.CANARIES[0], best=28.3)
    monkeypatch.setattr(solver, "CANARIES", (wrong,))
    solver.about.cache_clear()
    with pytest.raises(SolverFailed, match=r"canary 'whole and continuous share a demand'.*Install another version"):
        solver.run(knapsack([1], [1], 1))
    solver.about.cache_clear()


def test_a_version_known_to_be_wrong_is_refused(monkeypatch):
    monkeypatch.setattr(solver, "installed_version", lambda: "1.14.0")
    solver.about.cache_clear()
    with pytest.raises(SolverFailed, match=r"HiGHS 1\.14\.0 gives wrong answers"):
        solver.run(knapsack([1], [1], 1))
    solver.about.cache_clear()
