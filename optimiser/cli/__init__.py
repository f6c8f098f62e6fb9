"""The command line: a skin. Each command calls one public function, prints to stdout, and ends with what to do next.

Exit codes: 0 done and proved; 1 our bug; 2 wrong usage; 3 input refused; 4 no plan meets every rule; 5 answered, not
proved or without the second opinion asked for; 6 check failed; 7 solver failed; 8 over a size limit; 9 could not
write; 130 and 143 stopped.
"""

# Heavy packages are imported inside commands, so that --help answers at once.
from __future__ import annotations

import errno
import json
import os
import re
import sys
from importlib.metadata import version
from typing import Annotated, Any, NoReturn

import typer

from optimiser.cli.about import doctor, rules, schema
from optimiser.cli.app import app
from optimiser.cli.explanations import explain, sweep
from optimiser.cli.files import export, pack, report, serve
from optimiser.cli.importing import import_
from optimiser.cli.options import options
from optimiser.cli.questions import evaluate, init, sites, solve, validate
from optimiser.cli.roads import isochrones, journeys, roads, route
from optimiser.cli.runs import check, compare, rotas
from optimiser.errors import DISTRIBUTION, CheckFailed, Fault, InputError, NoPlan, NotWritten, OptimiserError, visible

# Commands stand in the help in this order.
for command in (
    *(init, import_, journeys, validate, solve, evaluate, options, sites, explain, check, compare, rotas, sweep),
    *(route, roads, isochrones, report, export, pack, serve, rules, schema, doctor),
):
    app.command(command.__name__.rstrip("_"))(command)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"optimiser {version(DISTRIBUTION)}")
        raise typer.Exit


@app.callback()
def _command(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is, and no more.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """Decide which hospital should provide which specialist service, and let anyone check the answer.

    Example:  optimiser solve configs/base.yaml
    """


# A disk is full, a quota or the largest size of a file is reached.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# So Python says that no folder for temporary files takes any.
NOWHERE = "No usable temporary directory"
# The root of click's own errors, wherever this version of typer keeps it.
_CLICK_EXCEPTION: Any = typer.BadParameter.mro()[2]


def main() -> NoReturn:
    """Run the command line and exit with a code that says how it went."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except OptimiserError as error:
        typer.echo(visible(str(error), but="\n"), err=True)
        # Of these two the command has printed what there is to say.
        if "--json" in sys.argv and not isinstance(error, CheckFailed | NoPlan):
            typer.echo(json.dumps(_record(error), indent=2))
        sys.exit(error.exit_code)
    except _CLICK_EXCEPTION as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in NO_ROOM and NOWHERE not in str(error):
            raise
        _without_room(error)
    except SystemExit as end:
        # Click ends so when whoever reads the output has read enough, such as `head`.
        sys.exit(0 if isinstance(end.__context__, BrokenPipeError) else end.code)


def _without_room(error: OSError) -> NoReturn:
    """Say in one line that the disk, or what the output goes to, takes no more."""
    # What is left to print would be tried again at the end, and fail with many lines.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    where = f": {error.filename}" if error.filename else ""
    os.write(2, f"Not everything could be written{where}: {error.strerror}. Make room, and try again.\n".encode())
    sys.exit(NotWritten.exit_code)


def _record(error: OptimiserError) -> dict[str, object]:
    """Return what went wrong for a program: the kind, the words and, of input that was refused, every fault."""
    found = {"error": type(error).__name__, "exit_code": error.exit_code, "message": str(error), "faults": []}
    if isinstance(error, InputError):
        found |= {"faults": [_placed(fault) for fault in error.faults], "doubts": list(error.doubts)}
    return found


def _placed(fault: Fault) -> dict[str, object]:
    found = re.fullmatch(r"(?P<file>.*?),? (?P<what>line|row) (?P<number>\d+)(?P<rest>.*)", fault.place)
    where = {"file": found["file"], found["what"]: int(found["number"])} if found else {"file": fault.place}
    every = {"of": list(fault.of)} if fault.of else {}
    return {"place": fault.place, **where, "message": fault.message, **every}
