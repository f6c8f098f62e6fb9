"""The command line: a skin. Each command calls one public function, prints to stdout, and ends with what to do next.

Exit codes: 0 done and proved; 1 our bug; 2 wrong usage; 3 input refused; 4 no plan meets every rule; 5 answered, not
proved; 6 check failed; 7 solver failed; 8 over a size limit; 9 could not write; 130 and 143 stopped.
"""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import os
import signal
import sys
from typing import Any, NoReturn

import typer

# Commands stand in the help in the order in which they are imported here.
from optimiser.cli import questions

# isort: split
from optimiser.cli import options

# isort: split
from optimiser.cli import explanations

# isort: split
from optimiser.cli import runs

# isort: split
from optimiser.cli import sweeping

# isort: split
from optimiser.cli import outputs

# isort: split
from optimiser.cli import files

# isort: split
from optimiser.cli import about

# isort: split
from optimiser.cli.app import app
from optimiser.errors import OptimiserError

# The root of click's own errors, wherever this version of typer keeps it.
_CLICK_EXCEPTION: Any = typer.BadParameter.mro()[2]


def main() -> NoReturn:
    """Run the command line and exit with a code that says how it went."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except OptimiserError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except _CLICK_EXCEPTION as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _stop(number: int, _frame: object) -> NoReturn:
    """End at once and leave nothing half-written. An exception would not do: libraries swallow it while they load."""
    if "optimiser.runs" in sys.modules:
        sys.modules["optimiser.runs"].remove_unfinished()
    sys.stdout.flush()
    sweeps = sys.modules.get("optimiser.sweep.running")
    under_way = sweeps.UNDER_WAY[-1:] if sweeps else []
    kept = "".join(f" What was worked out is kept: go on with --out {folder} --resume." for folder in under_way)
    os.write(2, f"Stopped. Nothing was left half-written.{kept}\n".encode())
    os._exit(128 + number)


__all__ = ["about", "app", "explanations", "files", "main", "options", "outputs", "questions", "runs", "sweeping"]
