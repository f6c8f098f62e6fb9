"""The ``optimiser`` command, also as ``python -m optimiser``. It answers Ctrl-C before anything heavy is loaded."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import NoReturn

# A command makes much that it keeps, and little that only the collector could free: it need not look as often.
COLLECT_AFTER = 50_000
# What ends or removes that which a process has begun and not finished.
BEGUN = (("optimiser.plan.runs", "remove_unfinished"), ("optimiser.model.cbc", "stop"))


def main() -> NoReturn:
    """Run the command line, ready to be stopped while it still loads."""
    answer_signals()
    gc.set_threshold(COLLECT_AFTER)
    from optimiser.cli import main as run

    run()


def answer_signals() -> None:
    """End in good order when somebody presses Ctrl-C, and when asked to end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def _stop(number: int, _frame: object) -> NoReturn:
    """End at once and leave nothing half-written. An exception would not do: libraries swallow it while they load."""
    for module, name in BEGUN:
        # A module that is only half loaded has begun nothing.
        end = getattr(sys.modules.get(module), name, None)
        if end:
            end()
    sys.stdout.flush()
    under_way = getattr(sys.modules.get("optimiser.scenarios.running"), "UNDER_WAY", [])[-1:]
    kept = "".join(f" What was worked out is kept: go on with --out {folder} --resume." for folder in under_way)
    os.write(2, f"Stopped. Nothing was left half-written.{kept}\n".encode())
    os._exit(128 + number)


if __name__ == "__main__":
    main()
