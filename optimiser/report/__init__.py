"""The page: one HTML file that anyone can open from disk, question and print.

``page`` makes it, ``data`` is what it carries, ``write_report`` writes it to a file.
"""

from optimiser.report.build import data, page, write_report
from optimiser.report.run import Run, run_of

__all__ = ["Run", "data", "page", "run_of", "write_report"]
