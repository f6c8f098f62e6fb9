"""The only place that runs a solver and reads its status.

HiGHS is asked for a gap of exactly 0 on one thread, so that the same model gives the same answer everywhere. Its
status is read from HiGHS itself, because PuLP calls an answer Optimal that HiGHS only had at its time limit. It runs in
a process of its own, started once: where it crashes or hangs, that is told like anything else that goes wrong.
"""

from __future__ import annotations

import atexit
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pulp

from optimiser.errors import SolverFailed

Status = Literal["optimal", "infeasible", "unbounded", "time limit", "interrupted"]

OPTIONS: Mapping[str, bool | int | float | str] = {
    "output_flag": False,
    # HiGHS takes its thread count once a process: a second one fails without a word.
    "threads": 1,
    "random_seed": 0,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    # Parallel rows and columns: where HiGHS 1.15.1 simplifies by them it loses answers, the best one among them.
    "presolve_rule_off": 1 << 13,
}
TRY_AGAIN = "Try again with a longer time limit; if it stays, report it with the run's LP file."
WRONG_VERSIONS = ("1.14.",)
# What asks HiGHS. Nothing beside the file, or in the working folder, is taken for a library.
PROGRAM = (sys.executable, "-P", str(Path(__file__).with_name("highs.py")))
# A solver looks at the clock between steps only. What takes so much longer than its time limit is taken to hang.
SECONDS_TO_END = 60.0
CANARY_TOLERANCE = 1e-6
LARGEST_ROUNDING = 1e-6
SMALLEST_ROUNDING = 1e-9

_PLAIN: Mapping[str, Status] = {
    "kOptimal": "optimal",
    "kInfeasible": "infeasible",
    "kUnbounded": "unbounded",
    "kTimeLimit": "time limit",
    "kInterrupt": "interrupted",
    "kHighsInterrupt": "interrupted",
}


@dataclass(frozen=True)
class Outcome:
    """What the solver found, and what it proved.

    Attributes
    ----------
    status
        ``optimal`` only where the gap is proved to be 0, but for rounding.
    feasible
        Whether ``values`` holds an answer that obeys every row.
    objective, bound
        The value of the answer, and the value that no answer can beat; NaN where unknown.
    gap
        How far the two are apart, as a share of the objective (or of 1 where that is less); infinite where unknown.
    values
        One number a variable of the model, by name; whole where the variable is whole. Empty without an answer.
    """

    status: Status
    feasible: bool
    objective: float
    bound: float
    gap: float
    seconds: float
    values: Mapping[str, float]


def run(
    model: pulp.LpProblem,
    *,
    time_limit_seconds: float | None = None,
    start: Mapping[str, float] | None = None,
    presolve: bool = True,
) -> Outcome:
    """Solve a model to proved optimality, or say plainly how far it got.

    Parameters
    ----------
    model
        A PuLP model. It is read and left as it was: no values are written into its variables.
    time_limit_seconds
        Stop after so long, and say ``time limit``.
    start
        Values of some variables of a known answer, to start from. It changes how fast, never what.
    presolve
        Whether HiGHS may simplify the model first. It changes how fast, and never what unless HiGHS is at fault.

    Raises
    ------
    SolverFailed
        If HiGHS is a version known to be wrong, fails a canary, crashes, hangs beyond its time limit, or ends without
        an answer or a reason.
    """
    about()
    return _solve(model, time_limit_seconds, start or {}, presolve)


@cache
def about() -> Mapping[str, Any]:
    """Name, version and options of the solver, and the canaries it passed (they run once a process).

    Raises
    ------
    SolverFailed
        If the version is known to be wrong or a canary fails.
    """
    version = installed_version()
    _refuse_wrong_version(version)
    return {
        "name": "HiGHS",
        "version": version,
        "options": dict(OPTIONS),
        "canaries": [_sing(canary) for canary in CANARIES],
    }


class Askable:
    """A model that is asked again and again with other rows left out, without being built anew."""

    def __init__(self, model: pulp.LpProblem) -> None:
        about()
        self._lp = Arrays.of(model)
        self._row = {row.name: number for number, row in enumerate(model.constraints())}

    def without(self, rows: Iterable[str]) -> Outcome:
        """Solve the model with some of its rows, by name, left out."""
        return _outcome(self._lp_without(rows), {})

    def has_answer_without(self, rows: Iterable[str]) -> bool:
        """Say whether there is an answer with some rows, by name, left out; sooner than ``without``, which finds it."""
        return _outcome(self._lp_without(rows), {"mip_heuristic_run_feasibility_jump": False}).feasible

    def _lp_without(self, rows: Iterable[str]) -> Arrays:
        at = [self._row[row] for row in rows]
        lower, upper = self._lp.row_lower.copy(), self._lp.row_upper.copy()
        lower[at], upper[at] = -np.inf, np.inf
        return replace(self._lp, row_lower=lower, row_upper=upper)

    def kept(self, values: Mapping[str, float]) -> frozenset[str]:
        """Return the names of the rows that an answer obeys, with room for the solver's rounding."""
        x = np.array([values[name] for name in self._lp.names])
        terms = np.append(self._lp.value * x[self._lp.column], 0.0)
        totals = np.add.reduceat(terms, self._lp.row_start[:-1]) if len(self._row) else np.zeros(0)
        totals = np.where(np.diff(self._lp.row_start) > 0, totals, 0.0)
        room = SMALLEST_ROUNDING * np.maximum(1.0, np.abs(totals))
        obeyed = (totals >= self._lp.row_lower - room) & (totals <= self._lp.row_upper + room)
        return frozenset(row for row, number in self._row.items() if obeyed[number])


def installed_version() -> str:
    """Version of HiGHS in use, by its own word."""
    return _running().version


def _refuse_wrong_version(version: str) -> None:
    if version.startswith(WRONG_VERSIONS):
        raise SolverFailed(
            f"HiGHS {version} gives wrong answers to small models. Install another version: "
            "pip install 'highspy>=1.15.1,!=1.14.*'."
        )


@dataclass(frozen=True)
class Canary:
    """A tiny model with a known best value, which some version of HiGHS got wrong."""

    name: str
    best: float
    build: Callable[[], pulp.LpProblem]


def _sing(canary: Canary) -> dict[str, Any]:
    outcome = _solve(canary.build(), SECONDS_TO_END, {})
    right = outcome.status == "optimal" and math.isclose(outcome.objective, canary.best, abs_tol=CANARY_TOLERANCE)
    if not right:
        raise SolverFailed(
            f"The solver cannot be trusted: canary '{canary.name}' has the best value {canary.best:g}, and HiGHS "
            f"{installed_version()} says {outcome.objective:g} ({outcome.status}). Install another version of highspy."
        )
    return {"name": canary.name, "best": canary.best, "found": outcome.objective}


def _solve(
    model: pulp.LpProblem, time_limit_seconds: float | None, start: Mapping[str, float], presolve: bool = True
) -> Outcome:
    options: dict[str, Any] = {} if time_limit_seconds is None else {"time_limit": float(time_limit_seconds)}
    return _outcome(Arrays.of(model), options | ({} if presolve else {"presolve": "off"}), start)


@dataclass(frozen=True, eq=False)
class Arrays:
    """A PuLP model as the arrays that HiGHS takes in one go; PuLP's own loader goes row by row."""

    names: Sequence[str]
    whole: np.ndarray
    sense: int
    offset: float
    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    row_start: np.ndarray
    column: np.ndarray
    value: np.ndarray

    @classmethod
    def of(cls, model: pulp.LpProblem) -> Arrays:
        """Return a model as arrays, its variables and rows in the model's own order."""
        variables = model.variables()
        position = {id(v): i for i, v in enumerate(variables)}
        objective = model.objective if model.objective is not None else pulp.LpAffineExpression()
        cost = np.zeros(len(variables))
        for variable, value in objective.items():
            cost[position[id(variable)]] = value
        rows = model.constraints()
        column = [position[id(v)] for row in rows for v in row]
        right = np.array([-row.constant for row in rows], dtype=float)
        senses = np.array([row.sense for row in rows], dtype=int)
        return cls(
            names=[v.name for v in variables],
            whole=np.array([v.cat == pulp.LpInteger for v in variables], dtype=bool),
            sense=model.sense,
            offset=float(objective.constant),
            cost=cost,
            lower=np.array([-np.inf if v.lowBound is None else v.lowBound for v in variables], dtype=float),
            upper=np.array([np.inf if v.upBound is None else v.upBound for v in variables], dtype=float),
            row_lower=np.where(senses == pulp.LpConstraintLE, -np.inf, right),
            row_upper=np.where(senses == pulp.LpConstraintGE, np.inf, right),
            row_start=np.cumsum([0, *map(len, rows)], dtype=np.int32),
            column=np.array(column, dtype=np.int32),
            value=np.array([value for row in rows for value in row.values()], dtype=float),
        )


@dataclass
class _Running:
    """HiGHS in a process of its own, and what to know of it.

    ``by`` is the process that started it: one that was copied from that cannot ask it too. ``late`` is whether it was
    ended because it took too long.
    """

    process: subprocess.Popen[bytes]
    by: int = field(default_factory=os.getpid)
    version: str = ""
    late: bool = False

    def put(self, asked: object) -> None:
        """Ask something, or with None for the best so far."""
        with suppress(OSError):  # it has ended; how it did is told where its answer is looked for
            pickle.dump(asked, self.process.stdin, pickle.HIGHEST_PROTOCOL)  # type: ignore[arg-type]
            self.process.stdin.flush()  # type: ignore[union-attr]

    def get(self) -> Any:
        """Wait for what it says; raises EOFError once it has ended."""
        return pickle.load(self.process.stdout)  # type: ignore[arg-type]

    def end(self, *, late: bool = False) -> None:
        """End it, whatever it does."""
        self.late |= late
        self.process.kill()


_IN_TURN = threading.RLock()
_STARTED: list[_Running] = []


def _running() -> _Running:
    """Return HiGHS in a process of its own, and start that where there is none."""
    with _IN_TURN:
        if not (_STARTED and _STARTED[-1].by == os.getpid()):
            quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
            try:
                started = _Running(subprocess.Popen(PROGRAM, stdin=pipe, stdout=pipe, stderr=quiet))
            except OSError as error:
                raise SolverFailed(f"HiGHS could not be started: {error.strerror}. {TRY_AGAIN}") from error
            _STARTED[:] = [started]
            with _told_how_it_ends(started, SECONDS_TO_END):
                started.version = started.get()
        return _STARTED[-1]


@atexit.register
def stop() -> None:
    """End the process that HiGHS runs in, if this one has started it."""
    while _STARTED:
        started = _STARTED.pop()
        if started.by == os.getpid():
            started.end()
            started.process.communicate()


@contextmanager
def _told_how_it_ends(started: _Running, longest: float | None) -> Iterator[None]:
    """Have a solver that ends without an answer told as such, and one that takes longer than it may ended."""
    watch = threading.Timer(longest or 0.0, started.end, kwargs={"late": True})
    watch.daemon = True
    if longest is not None:
        watch.start()
    try:
        yield
    except (EOFError, pickle.UnpicklingError):
        with suppress(subprocess.TimeoutExpired):
            started.process.wait(timeout=5)
        code = started.process.poll() or 0
        stop()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        crashed = f"crashed ({how}), by a fault of its own or because memory ran out"
        hung = f"had no answer {SECONDS_TO_END:g} seconds after its time was up, and was ended"
        raise SolverFailed(f"HiGHS {hung if started.late else crashed}. {TRY_AGAIN}") from None
    except BaseException:
        # What it may still say would be taken for the answer to what is asked next.
        stop()
        raise
    finally:
        watch.cancel()


def _ask(asked: Mapping[str, Any], time_limit_seconds: float | None) -> Mapping[str, Any]:
    """Return what HiGHS says."""
    longest = None if time_limit_seconds is None else time_limit_seconds + SECONDS_TO_END
    with _IN_TURN:
        started = _running()
        with _told_how_it_ends(started, longest):
            started.put(asked)
            with _stopped_by_ctrl_c(started):
                return dict(started.get())


@contextmanager
def _stopped_by_ctrl_c(started: _Running) -> Iterator[None]:
    """Let Ctrl-C end the search in good order, with the best answer so far; a second one ends the program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.getsignal(signal.SIGINT)

    def press(*_: object) -> None:
        signal.signal(signal.SIGINT, previous)
        started.put(None)

    signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _outcome(lp: Arrays, options: Mapping[str, Any], start: Mapping[str, float] | None = None) -> Outcome:
    """Ask HiGHS, and make sure of what it says as far as that can be done without it."""
    began = time.perf_counter()
    said = _said_of(lp, options, start or {})
    status = _status(said, lp, options)
    stopped = status in ("time limit", "interrupted")
    feasible = status == "optimal" or (stopped and said["feasible"])
    objective = said["objective"] if len(lp.cost) else lp.offset
    objective = objective if feasible else math.nan
    bound = objective if status == "optimal" else math.nan
    if lp.whole.any() and (stopped or feasible):
        bound = said["bound"]
    gap = _gap(objective, bound)
    if status == "optimal" and gap > LARGEST_ROUNDING:
        raise SolverFailed(f"HiGHS calls {objective} optimal, but proves only {bound}. Do not use this answer.")
    values = _values(said["values"], lp) if feasible else {}
    return Outcome(status, feasible, objective, bound, gap, time.perf_counter() - began, values)


def _said_of(lp: Arrays, options: Mapping[str, Any], start: Mapping[str, float]) -> Mapping[str, Any]:
    at = [i for i, name in enumerate(lp.names) if name in start]
    values = np.array([start[lp.names[i]] for i in at], dtype=float)
    model = {name: array for name, array in vars(lp).items() if name != "names"}
    asked = {"options": {**OPTIONS, **options}, "model": model, "start": (np.array(at, dtype=np.int32), values)}
    said = _ask(asked, options.get("time_limit"))
    if "failed" in said:
        raise SolverFailed(f"HiGHS {installed_version()} {said['failed']}. {TRY_AGAIN}")
    return said


def _status(said: Mapping[str, Any], lp: Arrays, options: Mapping[str, Any]) -> Status:
    if said["status"] == "kModelEmpty":
        return "optimal" if np.all(lp.row_lower <= 0) and np.all(lp.row_upper >= 0) else "infeasible"
    if said["status"] == "kUnboundedOrInfeasible" and lp.cost.any():
        # Without anything to make small no model is unbounded: it then either has an answer or a clash.
        without = replace(lp, cost=np.zeros(len(lp.cost)))
        status = _status(_said_of(without, options, {}), without, options)
        return "unbounded" if status == "optimal" else status
    if said["status"] == "kUnboundedOrInfeasible":
        return "infeasible"
    if said["status"] not in _PLAIN:
        raise SolverFailed(f"HiGHS ended with '{said['in_words']}' and no answer. {TRY_AGAIN}")
    return _PLAIN[said["status"]]


def _values(found: np.ndarray, lp: Arrays) -> dict[str, float]:
    values = np.where(lp.whole, np.round(found), found) if len(found) else found
    return dict(zip(lp.names, values.tolist(), strict=True))


def _gap(objective: float, bound: float) -> float:
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return math.inf
    return abs(objective - bound) / max(abs(objective), 1.0)


def _model(
    columns: Mapping[str, tuple[float, float | None, float | None, str]],
    rows: Sequence[tuple[Mapping[str, float], int, float]],
) -> pulp.LpProblem:
    """A model of columns (cost, lower, upper, category) and rows (coefficients, sense, right side)."""
    model = pulp.LpProblem("canary")
    x = {name: model.add_variable(name, low, high, cat) for name, (_, low, high, cat) in columns.items()}
    model += pulp.lpSum(cost * x[name] for name, (cost, *_) in columns.items())
    for coefficients, sense, right in rows:
        expression = pulp.LpAffineExpression({x[name]: value for name, value in coefficients.items()})
        model += pulp.LpConstraint(expression, sense, rhs=right)
    return model


_REAL, _WHOLE = pulp.LpContinuous, pulp.LpInteger
_AT_LEAST, _AT_MOST, _EQUAL = pulp.LpConstraintGE, pulp.LpConstraintLE, pulp.LpConstraintEQ

CANARIES: Sequence[Canary] = (
    Canary(
        "whole and continuous share a demand",
        28.2,
        lambda: _model(
            {"x": (1, 0, 20, _WHOLE), "y": (2, 8, 20, _REAL)},
            [({"x": 1, "y": 1}, _AT_LEAST, 20.1)],
        ),
    ),
    Canary(
        "continuous is cheaper than whole",
        9.0,
        lambda: _model(
            {"x": (2, 0, 10, _REAL), "z": (3, 0, 10, _WHOLE)},
            [({"x": 1, "z": 1}, _AT_LEAST, 4.5)],
        ),
    ),
    Canary(
        "a dear switch stays off",
        20.0,
        lambda: _model(
            {"a": (0, 0, None, _REAL), "b": (2, 0, None, _REAL), "y": (99_999, 0, 1, _WHOLE)},
            [({"a": 1, "b": 1}, _EQUAL, 10), ({"a": 1, "y": -100}, _AT_MOST, 0)],
        ),
    ),
    Canary(
        "an equation ties whole to continuous",
        64.0,
        lambda: _model(
            {"x": (1, 0, 4, _REAL), "y": (4, -1, 1, _REAL), "z": (9, 0, None, _WHOLE)},
            [
                ({"x": 1, "y": 1}, _AT_MOST, 5),
                ({"x": 1, "z": 1}, _AT_LEAST, 10),
                ({"z": 1, "y": -1}, _EQUAL, 7.5),
            ],
        ),
    ),
    Canary(
        "rows become parallel",
        1.0,
        lambda: _model(
            {"d": (0, 0, 1, _WHOLE), "k": (1, 0, 1, _REAL), "m": (0, 0, 1, _REAL), "n": (0, 0, 1, _REAL)},
            [
                ({"n": 1, "d": 1}, _AT_LEAST, 1),
                ({"m": 1, "n": -1}, _AT_LEAST, 0),
                ({"m": 1, "d": 1}, _AT_LEAST, 1),
                ({"m": 1, "n": -1}, _AT_MOST, 0),
                ({"m": 1, "d": 1}, _AT_MOST, 1),
                ({"k": 1, "m": -1}, _AT_MOST, 0),
                ({"n": -2, "d": -1}, _AT_MOST, -2),
                ({"n": 1, "m": 1, "k": -1}, _AT_MOST, 1),
            ],
        ),
    ),
)
