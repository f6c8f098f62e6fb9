"""CBC, a solver of other people's making, asked for a second opinion: it shares no code with HiGHS.

It comes with PuLP as a program of its own, and is handed the model as a file.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pulp
from pulp.apis.coin_api import pulp_cbc_path

from optimiser.errors import MissingPackage, SolverFailed
from optimiser.model.solver import SECONDS_TO_END, Arrays, Outcome, Status

NAME = "CBC"
MISSING = "A second opinion needs CBC, which is not on this machine. Install it: pip install 'pulp<4'"
# No gap, the tolerances that HiGHS is held to, and every better answer counts, by however little.
OPTIONS = {"ratioGap": 0, "allowableGap": 0, "increment": 1e-9, "integerTolerance": 1e-9, "primalTolerance": 1e-9}

_STATUS: Mapping[str, Status] = {
    "Optimal": "optimal",
    "Infeasible": "infeasible",
    "Integer": "infeasible",
    "Unbounded": "unbounded",
    "Stopped": "time limit",
}
_RUNNING: list[subprocess.Popen[bytes]] = []
_FOLDERS: list[str] = []


def run(
    model: pulp.LpProblem,
    *,
    time_limit_seconds: float | None = None,
    start: Mapping[str, float] | None = None,
    presolve: bool = True,
) -> Outcome:
    """Solve a model as ``solver.run`` does, by CBC; a start is passed over, so that nothing is handed on.

    Raises
    ------
    MissingPackage
        If there is no CBC on this machine.
    SolverFailed
        If CBC ends without an answer or a reason.
    """
    began = time.perf_counter()
    folder = tempfile.mkdtemp(prefix="optimiser-cbc-")
    _FOLDERS.append(folder)
    try:
        lp = Arrays.of(model)
        _write(lp, Path(folder, "model.mps"))
        _call(folder, time_limit_seconds, presolve)
        return _read(lp, Path(folder, "answer.txt"), time.perf_counter() - began)
    finally:
        stop()


@cache
def version() -> str:
    """Return which CBC is on this machine, by its own word.

    Raises
    ------
    MissingPackage
        If there is none.
    """
    said = subprocess.run([_program(), "-quit"], capture_output=True, text=True, timeout=60, check=False).stdout
    found = re.search(r"Version:?\s+(\S+)", said)
    return found[1] if found else "unknown"


def stop() -> None:
    """End what CBC has begun in this process, and remove its files."""
    while _RUNNING:
        child = _RUNNING.pop()
        child.kill()
        child.wait()
    while _FOLDERS:
        shutil.rmtree(_FOLDERS.pop(), ignore_errors=True)


def _program() -> str:
    """Return where CBC is: as PuLP brings it, or on the path."""
    found = pulp_cbc_path if os.access(pulp_cbc_path, os.X_OK) else shutil.which("cbc")
    if found is None:
        raise MissingPackage(MISSING)
    return found


def _write(lp: Arrays, path: Path) -> None:
    """Write a model as an MPS file, every number in full and every variable in it, whether anything rests on it or not.

    PuLP's own writer leaves out variables that stand in no row, and CBC then refuses their bounds.
    """
    by_column: list[list[tuple[int, float]]] = [[] for _ in lp.names]
    for row, (begin, end) in enumerate(pairwise(lp.row_start.tolist())):
        for at in range(begin, end):
            by_column[lp.column[at]].append((row, lp.value[at]))
    lines = ["NAME model FREE", "ROWS", " N cost"]
    lines += [f" {kind} r{row}" for row, kind in enumerate(_kinds(lp))]
    lines += ["COLUMNS"]
    for n, whole in enumerate(lp.whole):
        lines += [f" m{n} 'MARKER' 'INTORG'"] if whole else []
        lines += [
            f" x{n} cost {_number(lp.sense * lp.cost[n])}",
            *(f" x{n} r{row} {_number(of)}" for row, of in by_column[n]),
        ]
        lines += [f" n{n} 'MARKER' 'INTEND'"] if whole else []
    right = np.where(np.isfinite(lp.row_lower), lp.row_lower, lp.row_upper)
    lines += ["RHS", *(f" right r{row} {_number(value)}" for row, value in enumerate(right))]
    lines += ["BOUNDS"]
    for n, (least, most) in enumerate(zip(lp.lower, lp.upper, strict=True)):
        lines += [f" LO bound x{n} {_number(least)}" if np.isfinite(least) else f" MI bound x{n}"]
        lines += [f" UP bound x{n} {_number(most)}" if np.isfinite(most) else f" PL bound x{n}"]
    path.write_text("\n".join([*lines, "ENDATA", ""]), encoding="ascii")


def _kinds(lp: Arrays) -> Iterator[str]:
    """Yield of each row whether it is an equation, at most or at least."""
    for least, most in zip(lp.row_lower, lp.row_upper, strict=True):
        yield "E" if least == most else "L" if np.isfinite(most) else "G"


def _number(value: float) -> str:
    return repr(float(value))


def _call(folder: str, time_limit_seconds: float | None, presolve: bool) -> None:
    words = ["model.mps", *(word for name, value in OPTIONS.items() for word in (f"-{name}", str(value)))]
    if time_limit_seconds is not None:
        words += ["-timeMode", "elapsed", "-seconds", f"{time_limit_seconds:.3f}"]
    if not presolve:
        words += ["-presolve", "off", "-preprocess", "off"]
    words += ["-solve", "-printingOptions", "all", "-solution", "answer.txt", "-quit"]
    longest = None if time_limit_seconds is None else time_limit_seconds + SECONDS_TO_END
    quiet = subprocess.DEVNULL
    child = subprocess.Popen([_program(), *words], cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet)
    _RUNNING.append(child)
    try:
        child.wait(timeout=longest)
    except subprocess.TimeoutExpired:
        Path(folder, "answer.txt").write_text("Stopped on time", encoding="utf-8")
    if child.returncode and not Path(folder, "answer.txt").exists():
        raise SolverFailed(f"CBC {version()} ended with exit code {child.returncode} and no answer.")


def _read(lp: Arrays, path: Path, seconds: float) -> Outcome:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    status = _STATUS.get(lines[0].split()[0] if lines and lines[0].split() else "")
    if status is None:
        raise SolverFailed(f"CBC {version()} ended without an answer or a reason.")
    if status != "optimal":
        return Outcome(status, False, math.nan, math.nan, math.inf, seconds, {})
    values = _values(lp, lines[1:])
    total = float(lp.cost @ values) + lp.offset
    return Outcome("optimal", True, total, total, 0.0, seconds, dict(zip(lp.names, values.tolist(), strict=True)))


def _values(lp: Arrays, lines: Sequence[str]) -> np.ndarray:
    """Return a value for every variable of the model: whole where it is whole, 0 where CBC says nothing of it."""
    found = np.zeros(len(lp.names))
    for line in lines:
        # Two stars stand before what breaks a bound by rounding.
        _, name, value, *_ = line.removeprefix("**").split()
        if name.startswith("x"):
            found[int(name[1:])] = float(value)
    return np.where(lp.whole, np.round(found), found)
