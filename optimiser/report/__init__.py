"""The page: one HTML file that anyone can open from disk, question and print.

``page`` makes it, ``data`` is what it carries, ``write_report`` writes it to a file.
"""

from optimiser.plan.finished import Run, run_of
from optimiser.report.page.build import data, page, write_report
from optimiser.report.page.no_plan import PageWithoutPlan, has_no_plan

__all__ = ["PageWithoutPlan", "Run", "data", "has_no_plan", "page", "run_of", "write_report"]
