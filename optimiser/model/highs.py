"""HiGHS in a process of its own: a model comes in, what HiGHS says of it goes out, again and again.

``solver`` starts this file and asks it, so that a solver that crashes or hangs ends a process that nobody waits for. It
imports nothing of the package, and starts in the time that numpy takes. It ends when the one who asked is gone.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any

import highspy
import numpy as np

Asked = Mapping[str, Any]


class Silent(highspy.Highs):  # type: ignore[misc]
    """HiGHS, silent from the start: as callbacks are set some versions print who they are."""

    def enableCallbacks(self) -> None:  # noqa: N802, the name is highspy's
        """Set callbacks without a word."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()


def answer(asked: Asked, stopped: threading.Event | None = None) -> dict[str, Any]:
    """Return what HiGHS says of a model, or how it ``failed``, which says nothing of the question.

    Parameters
    ----------
    asked
        Its ``options``, the ``model`` as the arrays of ``solver.Arrays``, and a ``start``: which columns, and their
        values.
    stopped
        Set when the search is to end with the best so far.
    """
    try:
        highs = _loaded(asked)
        if stopped:

            def look(event: Any) -> None:
                if stopped.is_set():
                    event.interrupt()

            highs.cbMipInterrupt += look
            highs.cbSimplexInterrupt += look
        highs.run()
        return _said(highs)
    except Exception as error:
        return {"failed": f"broke off ({type(error).__name__}: {error}".rstrip(": ") + ")"}


def version() -> str:
    """Return which HiGHS this is, by its own word."""
    return str(Silent().version())


def _loaded(asked: Asked) -> Any:
    highs = Silent()
    for name, value in asked["options"].items():
        _ok(highs.setOptionValue(name, value), f"option {name}")
    lp = asked["model"]
    status = highs.passModel(
        len(lp["cost"]),
        len(lp["row_lower"]),
        len(lp["value"]),
        int(highspy.MatrixFormat.kRowwise),
        lp["sense"],
        lp["offset"],
        lp["cost"],
        lp["lower"],
        lp["upper"],
        lp["row_lower"],
        lp["row_upper"],
        lp["row_start"],
        lp["column"],
        lp["value"],
        lp["whole"].astype(np.int32),
    )
    _ok(status, "the model")
    at, values = asked["start"]
    if len(at):
        highs.setSolution(len(at), at, values)
    return highs


def _ok(status: Any, what: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise ValueError(f"it refused {what}")


def _said(highs: Any) -> dict[str, Any]:
    status, info = highs.getModelStatus(), highs.getInfo()
    return {
        "status": status.name,
        "in_words": highs.modelStatusToString(status),
        "feasible": info.primal_solution_status == highspy.kSolutionStatusFeasible,
        "objective": float(info.objective_function_value),
        "bound": float(info.mip_dual_bound),
        "values": np.array(highs.getSolution().col_value, dtype=float),
    }


def main() -> None:
    """Answer whatever is asked on standard input, until nobody can ask any more."""
    # Whoever presses Ctrl-C means the one who asks, who then says so.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nothing that a library prints may come between answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    waiting: queue.Queue[Asked] = queue.Queue()
    stopped = threading.Event()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, waiting, stopped), daemon=True).start()
    said: Any = version()
    while True:
        pickle.dump(said, out, pickle.HIGHEST_PROTOCOL)
        out.flush()
        said = answer(waiting.get(), stopped)


def _listen(asking: IO[bytes], waiting: queue.Queue[Asked], stopped: threading.Event) -> None:
    """Hand on what is asked, or with None that the best so far is; and end this process with the one who asks."""
    try:
        while True:
            asked = pickle.load(asking)
            if asked is None:
                stopped.set()
                continue
            # A wish to stop that came too late was for the answer before.
            stopped.clear()
            waiting.put(asked)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
