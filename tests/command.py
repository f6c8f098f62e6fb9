"""The command line as people use it: in this process, or in one of its own where starting Python is tried too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from unittest.mock import patch

from optimiser.cli import main

ROOT = Path(__file__).parents[1]
Done = subprocess.CompletedProcess[str]


def optimiser(*words: str, cwd: Path, **environment: str) -> Done:
    """Run a command in this process, and return its exit code with all that came out, by libraries too."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with _as_a_process(out, err, words, cwd, environment):
            code = _exit_code()
        said = [_all_of(stream) for stream in (out, err)]
    return subprocess.CompletedProcess(("optimiser", *words), code, *said)


def in_a_process(*words: str, cwd: Path, **environment: str) -> Done:
    """Run a command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "optimiser", *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _exit_code() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Exception:
        traceback.print_exc()
    return 1


@contextmanager
def _as_a_process(
    out: IO[bytes], err: IO[bytes], words: tuple[str, ...], cwd: Path, environment: dict[str, str]
) -> Iterator[None]:
    """Give the process another folder, arguments, environment, signals and streams, and take them back."""
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before, kept = Path.cwd(), [os.dup(1), os.dup(2)]
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    streams = [open(number, "w", encoding="utf-8", closefd=False) for number in (1, 2)]  # noqa: SIM115
    try:
        os.chdir(cwd)
        with (
            patch.dict(os.environ, environment),
            patch.object(sys, "argv", ["optimiser", *words]),
            patch.object(sys, "stdout", streams[0]),
            patch.object(sys, "stderr", streams[1]),
        ):
            yield
            for stream in streams:
                stream.flush()
    finally:
        os.chdir(before)
        for number, descriptor in enumerate(kept, start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        for number, handler in signals.items():
            signal.signal(number, handler)


def _all_of(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode().replace("\r\n", "\n")
