"""A plugin of pytest (``-p without_presolve``) that has HiGHS simplify nothing, whatever is asked."""

from __future__ import annotations

from optimiser.model import solver

solver.OPTIONS = {**solver.OPTIONS, "presolve": "off"}
