"""A question in many scenarios: the best plan in each, regret of every option, and the plan that is never far off."""

from optimiser.scenarios.regret import Results, minimax, table, value_of_waiting
from optimiser.scenarios.running import Work, forget, run, together, unfinished
from optimiser.scenarios.settings import Sweep, read_sweep
from optimiser.scenarios.writing import Finding, files_of, lines, run_sweep, summary

__all__ = [
    "Finding",
    "Results",
    "Sweep",
    "Work",
    "files_of",
    "forget",
    "lines",
    "minimax",
    "read_sweep",
    "run",
    "run_sweep",
    "summary",
    "table",
    "together",
    "unfinished",
    "value_of_waiting",
]
