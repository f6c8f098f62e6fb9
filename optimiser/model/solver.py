"""The only place that runs a solver and reads its status.

HiGHS is asked for a gap of exactly 0 on one thread, so that the same model gives the same answer everywhere. Its
status is read from HiGHS itself, because PuLP calls an answer Optimal that HiGHS only had at its time limit.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import highspy
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
        If HiGHS is a version known to be wrong, fails a canary, or ends without an answer or a reason.
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
        began = time.perf_counter()
        highs, lp = self._loaded_without(rows)
        _run(highs)
        return _outcome(highs, lp, _status(highs, lp), time.perf_counter() - began)

    def has_answer_without(self, rows: Iterable[str]) -> bool:
        """Say whether there is an answer with some rows, by name, left out; sooner than ``without``, which finds it."""
        highs, lp = self._loaded_without(rows)
        _ok(highs.setOptionValue("mip_heuristic_run_feasibility_jump", False), "option feasibility jump")
        _run(highs)
        return _outcome(highs, lp, _status(highs, lp), 0.0).feasible

    def _loaded_without(self, rows: Iterable[str]) -> tuple[Any, Arrays]:
        at = [self._row[row] for row in rows]
        lower, upper = self._lp.row_lower.copy(), self._lp.row_upper.copy()
        lower[at], upper[at] = -np.inf, np.inf
        lp = replace(self._lp, row_lower=lower, row_upper=upper)
        return _loaded(lp, None), lp

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
    """Version of HiGHS in use."""
    return str(_Highs().version())


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
    outcome = _solve(canary.build(), None, {})
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
    began = time.perf_counter()
    lp = Arrays.of(model)
    highs = _loaded(lp, time_limit_seconds)
    if not presolve:
        _ok(highs.setOptionValue("presolve", "off"), "option presolve")
    if start:
        _hint(highs, lp, start)
    _run(highs)
    status = _status(highs, lp)
    return _outcome(highs, lp, status, time.perf_counter() - began)


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


class _Highs(highspy.Highs):  # type: ignore[misc]
    """HiGHS, silent from the start: as callbacks are set some versions print who they are, where JSON may be due."""

    def enableCallbacks(self) -> None:  # noqa: N802, the name is highspy's
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()


def _loaded(lp: Arrays, time_limit_seconds: float | None) -> Any:
    highs = _Highs()
    for name, value in OPTIONS.items():
        _ok(highs.setOptionValue(name, value), f"option {name}")
    if time_limit_seconds is not None:
        _ok(highs.setOptionValue("time_limit", float(time_limit_seconds)), "option time_limit")
    status = highs.passModel(
        len(lp.cost),
        len(lp.row_lower),
        len(lp.value),
        int(highspy.MatrixFormat.kRowwise),
        lp.sense,
        lp.offset,
        lp.cost,
        lp.lower,
        lp.upper,
        lp.row_lower,
        lp.row_upper,
        lp.row_start,
        lp.column,
        lp.value,
        lp.whole.astype(np.int32),
    )
    _ok(status, "the model")
    return highs


def _ok(status: Any, what: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise SolverFailed(f"HiGHS {installed_version()} refused {what}. Please report this with the run's LP file.")


def _hint(highs: Any, lp: Arrays, start: Mapping[str, float]) -> None:
    at = [i for i, name in enumerate(lp.names) if name in start]
    values = np.array([start[lp.names[i]] for i in at], dtype=float)
    highs.setSolution(len(at), np.array(at, dtype=np.int32), values)


@contextmanager
def _stopped_by_ctrl_c(highs: Any) -> Iterator[None]:
    """Let Ctrl-C end the search in good order, with the best answer so far; a second one ends the program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = threading.Event()
    previous = signal.getsignal(signal.SIGINT)

    def press(*_: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, previous)

    def look(event: Any) -> None:
        if pressed.is_set():
            event.interrupt()

    signal.signal(signal.SIGINT, press)
    highs.cbMipInterrupt += look
    highs.cbSimplexInterrupt += look
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _run(highs: Any) -> None:
    """Have HiGHS search, until it ends or somebody presses Ctrl-C. What it throws says nothing of the question."""
    try:
        with _stopped_by_ctrl_c(highs):
            highs.run()
    except Exception as error:
        told = f"{type(error).__name__}: {error}".rstrip(": ")
        raise SolverFailed(f"HiGHS {installed_version()} broke off ({told}). {TRY_AGAIN}") from error


def _status(highs: Any, lp: Arrays) -> Status:
    found = highs.getModelStatus()
    if found.name == "kModelEmpty":
        return "optimal" if np.all(lp.row_lower <= 0) and np.all(lp.row_upper >= 0) else "infeasible"
    if found.name == "kUnboundedOrInfeasible":
        return _which(highs, lp)
    if found.name not in _PLAIN:
        raise SolverFailed(f"HiGHS ended with '{highs.modelStatusToString(found)}' and no answer. {TRY_AGAIN}")
    return _PLAIN[found.name]


def _which(highs: Any, lp: Arrays) -> Status:
    """Without anything to make small no model is unbounded: it then either has an answer or a clash."""
    highs.changeColsCost(len(lp.cost), np.arange(len(lp.cost), dtype=np.int32), np.zeros(len(lp.cost)))
    highs.run()
    if highs.getModelStatus().name == "kUnboundedOrInfeasible":
        return "infeasible"
    status = _status(highs, lp)
    return "unbounded" if status == "optimal" else status


def _outcome(highs: Any, lp: Arrays, status: Status, seconds: float) -> Outcome:
    info = highs.getInfo()
    stopped = status in ("time limit", "interrupted")
    feasible = status == "optimal" or (stopped and info.primal_solution_status == highspy.kSolutionStatusFeasible)
    objective = float(info.objective_function_value) if len(lp.cost) else lp.offset
    objective = objective if feasible else math.nan
    bound = objective if status == "optimal" else math.nan
    if lp.whole.any() and (stopped or feasible):
        bound = float(info.mip_dual_bound)
    gap = _gap(objective, bound)
    if status == "optimal" and gap > LARGEST_ROUNDING:
        raise SolverFailed(f"HiGHS calls {objective} optimal, but proves only {bound}. Do not use this answer.")
    return Outcome(status, feasible, objective, bound, gap, seconds, _values(highs, lp) if feasible else {})


def _values(highs: Any, lp: Arrays) -> dict[str, float]:
    values = np.array(highs.getSolution().col_value, dtype=float)
    values = np.where(lp.whole, np.round(values), values) if len(values) else values
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
