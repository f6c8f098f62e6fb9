"""Questions that ship with the project, each read and solved once for all the tests that a process runs.

What is shared is frozen, and its tables are to be left as they are.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from optimiser.inputs import read_problem
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.search.planning import solve

CONFIGS = Path(__file__).parents[1] / "configs"


@cache
def question(name: str) -> Problem:
    """Return the question of ``configs/<name>.yaml``."""
    return read_problem(CONFIGS / f"{name}.yaml")


@cache
def answer(name: str) -> Plan:
    """Return its answer. A question without one is refused each time."""
    return solve(question(name))
