"""Decide which hospital should provide which specialist service, and let anyone check the answer.

>>> import optimiser as op
>>> plan = op.solve("configs/base.yaml")
>>> op.check(plan)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimiser.explanation import Clash, clash, explain
    from optimiser.explanation.price_of_a_post import price_of_a_post
    from optimiser.explanation.solving import solve
    from optimiser.inputs import designations_of, read_problem
    from optimiser.inputs.config import read_option
    from optimiser.inputs.frames import place_from, question
    from optimiser.plan import Plan, evaluate
    from optimiser.plan.comparison import compare
    from optimiser.plan.runs import check, write_run
    from optimiser.problem import Problem
    from optimiser.problem.parameters import changed
    from optimiser.report.answers import Answer, answer
    from optimiser.report.export import write_export
    from optimiser.report.page.build import write_report
    from optimiser.scenarios import run_sweep
    from optimiser.search.options import Front, NearBest, Options, Ranked, aims_of, different, front, near_best, options
    from optimiser.search.weights import effective_weights, weights_won

# Each name is imported when first used, so that `optimiser --help` does not wait for pandas.
_HOMES = {
    "Answer": "report.answers",
    "answer": "report.answers",
    "Front": "search.options",
    "NearBest": "search.options",
    "Options": "search.options",
    "Ranked": "search.options",
    "aims_of": "search.options",
    "Plan": "plan",
    "Problem": "problem",
    "changed": "problem.parameters",
    "check": "plan.runs",
    "Clash": "explanation",
    "clash": "explanation",
    "compare": "plan.comparison",
    "designations_of": "inputs",
    "different": "search.options",
    "effective_weights": "search.weights",
    "evaluate": "plan",
    "explain": "explanation",
    "front": "search.options",
    "near_best": "search.options",
    "options": "search.options",
    "place_from": "inputs.frames",
    "price_of_a_post": "explanation.price_of_a_post",
    "question": "inputs.frames",
    "read_option": "inputs.config",
    "read_problem": "inputs",
    "run_sweep": "scenarios",
    "solve": "explanation.solving",
    "weights_won": "search.weights",
    "write_report": "report.page.build",
    "write_export": "report.export",
    "write_run": "plan.runs",
}

__all__ = [
    "Answer",
    "Clash",
    "Front",
    "NearBest",
    "Options",
    "Plan",
    "Problem",
    "Ranked",
    "aims_of",
    "answer",
    "changed",
    "check",
    "clash",
    "compare",
    "designations_of",
    "different",
    "effective_weights",
    "evaluate",
    "explain",
    "front",
    "near_best",
    "options",
    "place_from",
    "price_of_a_post",
    "question",
    "read_option",
    "read_problem",
    "run_sweep",
    "solve",
    "weights_won",
    "write_export",
    "write_report",
    "write_run",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"optimiser.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'optimiser' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
