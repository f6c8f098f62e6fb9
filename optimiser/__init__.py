"""Decide which hospital should provide which specialist service, and let anyone check the answer.

>>> import optimiser as op
>>> plan = op.solve(op.read_problem("configs/base.yaml"))
>>> op.check(plan)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimiser.comparison import compare
    from optimiser.config import read_option
    from optimiser.explanation import Clash, clash, explain
    from optimiser.plan import Plan
    from optimiser.planning import evaluate, solve
    from optimiser.prices import price_of_a_post
    from optimiser.problem import Problem
    from optimiser.reading import designations_of, read_problem
    from optimiser.runs import check, write_run

# Each name is imported when first used, so that `optimiser --help` does not wait for pandas.
_HOMES = {
    "Plan": "plan",
    "Problem": "problem",
    "check": "runs",
    "Clash": "explanation",
    "clash": "explanation",
    "compare": "comparison",
    "designations_of": "reading",
    "evaluate": "planning",
    "explain": "explanation",
    "price_of_a_post": "prices",
    "read_option": "config",
    "read_problem": "reading",
    "solve": "planning",
    "write_run": "runs",
}

__all__ = [
    "Clash",
    "Plan",
    "Problem",
    "check",
    "clash",
    "compare",
    "designations_of",
    "evaluate",
    "explain",
    "price_of_a_post",
    "read_option",
    "read_problem",
    "solve",
    "write_run",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"optimiser.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'optimiser' has no attribute {name!r}")
