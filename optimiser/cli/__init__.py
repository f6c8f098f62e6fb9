"""The command line: a skin. Each command calls one public function, prints to stdout, and ends with what to do next.

Exit codes: 0 done and proved; 1 our bug; 2 wrong usage; 3 input refused; 4 no plan meets every rule; 5 answered, not
proved; 6 check failed; 7 solver failed; 8 over a size limit; 9 could not write; 130 and 143 stopped.
"""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

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
from optimiser.__main__ import answer_signals
from optimiser.cli.app import app
from optimiser.errors import OptimiserError

# The root of click's own errors, wherever this version of typer keeps it.
_CLICK_EXCEPTION: Any = typer.BadParameter.mro()[2]


def main() -> NoReturn:
    """Run the command line and exit with a code that says how it went."""
    answer_signals()
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


__all__ = ["about", "app", "explanations", "files", "main", "options", "outputs", "questions", "runs", "sweeping"]
