"""The page: one HTML file that anyone can open from disk, question and print.

``page`` makes it, ``data`` is what it carries, ``write_report`` writes it to a file.
"""

from optimiser.plan.finished import Run, has_no_plan, run_of, without_plan_of
from optimiser.report.page.build import data, page, write_report
from optimiser.report.page.no_plan import page_without_plan

__all__ = ["Run", "data", "has_no_plan", "page", "page_without_plan", "run_of", "without_plan_of", "write_report"]
