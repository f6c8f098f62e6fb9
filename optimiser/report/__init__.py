"""The page: one HTML file that anyone can open from disk, question and print.

``page`` makes it, ``data`` is what it carries, ``write_report`` writes it to a file.
"""

from optimiser.plan.finished import Run, alone_without_plan, run_of, without_plan_of
from optimiser.report.page.build import data, page, write_report

__all__ = ["Run", "alone_without_plan", "data", "page", "run_of", "without_plan_of", "write_report"]
