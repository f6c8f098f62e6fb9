"""A queue of jobs, one at a time, each in a process of its own that is ended when it takes too long or is cancelled."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

from optimiser.web.asked import State
from optimiser.web.scenarios import Scenarios
from optimiser.web.work import MEMORY

MOST_WAITING = 5
MOST_REMEMBERED = 50
ENDED: tuple[State, ...] = ("done", "failed", "stopped")
# What a job runs, after the name of this Python.
WORK = ["-c", "from optimiser.web.work import main; raise SystemExit(main())"]
# How libraries complain that they get no memory, where they end the process themselves.
NO_MEMORY = (
    "memoryerror",
    "bad_alloc",
    "allocate memory",
    "memory allocation",
    "failed to map segment",
    "can't start new",
)
# One thread of arithmetic: every further one would set aside memory of its own.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class QueueIsFull(Exception):
    """So many jobs wait already that another would only wait too long."""


@dataclass(frozen=True)
class Limits:
    """What one job may use."""

    seconds: float = 600.0
    memory_gb: float = 4.0

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes."""
        return int(self.memory_gb * 1024**3)


@dataclass
class Job:
    """One thing asked for. ``told`` is the step under way, ``words`` say how it ended.

    ``so_far`` is how much is done ``of`` how much, where that is known.
    """

    kind: str
    name: str
    asked: dict[str, Any]
    id: str = field(default_factory=lambda: token_hex(8))
    state: State = "waiting"
    told: str = "Waiting"
    so_far: int = 0
    of: int = 0
    began: float | None = None
    ended: float | None = None
    words: list[str] = field(default_factory=list)
    scenario: str | None = None
    process: subprocess.Popen[str] | None = None
    killed: bool = False

    @property
    def seconds(self) -> int:
        """How long it has been running, or was."""
        return 0 if self.began is None else int((self.ended or time.monotonic()) - self.began)

    def end(self, state: State, *words: str) -> None:
        """Note how it ended, once."""
        if self.state not in ENDED:
            self.state, self.told, self.words, self.ended = state, "", list(words), time.monotonic()


class Jobs:
    """Jobs in the order in which they were asked for."""

    def __init__(self, limits: Limits, scenarios: Scenarios) -> None:
        """Start with nothing to do."""
        self.limits, self.scenarios = limits, scenarios
        self._jobs: list[Job] = []
        self._change = threading.Condition()
        self._closed = False
        threading.Thread(target=self._work, daemon=True, name="jobs").start()

    def add(self, kind: str, name: str, asked: dict[str, Any]) -> Job:
        """Put a job at the end of the queue; raises ``QueueIsFull``."""
        job = Job(kind, name, asked)
        with self._change:
            if sum(one.state == "waiting" for one in self._jobs) >= MOST_WAITING:
                raise QueueIsFull
            self._jobs.append(job)
            self._forget()
            self._change.notify_all()
        return job

    def all(self) -> list[Job]:
        """Return every job, newest first."""
        with self._change:
            return self._jobs[::-1]

    def get(self, id: str) -> Job | None:
        """Return the job of this id, or None."""
        return next((job for job in self.all() if job.id == id), None)

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return any(job.state not in ENDED for job in self.all())

    def cancel(self, job: Job) -> None:
        """Stop a job, or take it out of the queue; one that has ended stays as it is."""
        with self._change:
            job.end("stopped", "Stopped. Nothing was kept.")
            job.killed |= _end(job.process)
            self._change.notify_all()

    def wait(self, job: Job, seconds: float) -> Job:
        """Return a job once it has ended, or after so many seconds."""
        with self._change:
            self._change.wait_for(lambda: job.state in ENDED, timeout=seconds)
        return job

    def close(self) -> None:
        """Stop whatever runs or waits, and take no more."""
        self._closed = True
        for job in self.all():
            self.cancel(job)
            if job.process and job.killed:
                job.process.wait(timeout=5)
                self._tidy(job)

    def _forget(self) -> None:
        old = [job for job in self._jobs if job.state in ENDED][: max(0, len(self._jobs) - MOST_REMEMBERED)]
        self._jobs = [job for job in self._jobs if job not in old]

    def _work(self) -> None:
        while not self._closed:
            with self._change:
                job = next((one for one in self._jobs if one.state == "waiting"), None)
                if job is None:
                    self._change.wait(timeout=1)
                    continue
                job.state, job.told, job.began = "running", "Starting", time.monotonic()
            try:
                self._run(job)
            except Exception as error:  # a queue that dies would leave every later job waiting for ever
                job.end("failed", f"This could not be started: {error}.")
            self._tidy(job)
            with self._change:
                self._change.notify_all()

    def _tidy(self, job: Job) -> None:
        """Remove what a job left half-written; one that was stopped a moment too late was done."""
        folder = job.asked.get("folder")
        if folder and self.scenarios.sweep_up(folder) and job.killed:
            job.state, job.scenario = "done", Path(folder).name
            job.words = ["It was done a moment before it could be stopped, and was kept."]

    def _run(self, job: Job) -> None:
        asked = job.asked | {"kind": job.kind, "name": job.name, "seconds": self.limits.seconds}
        asked["memory_bytes"] = self.limits.memory_bytes
        with tempfile.TemporaryFile("w+") as complaints, _started(complaints) as process:
            with self._change:
                job.process = process
                if job.state == "stopped":
                    job.killed = _end(process)
            late = threading.Timer(self.limits.seconds, self._too_late, [job])
            late.start()
            try:
                _put(process, asked)
                for line in process.stdout or ():
                    self._hear(job, line)
                process.wait()
            finally:
                late.cancel()
                _end(process)
            complaints.seek(0)
            job.end("failed", *_how_it_died(process.returncode, complaints.read(), self.limits))

    def _hear(self, job: Job, line: str) -> None:
        said = json.loads(line)
        if "told" in said and job.state == "running":
            job.told = said["told"]
        elif "so_far" in said:
            job.so_far, job.of = said["so_far"], said["of"]
        elif "failed" in said:
            job.end(
                "failed", *(_out_of_memory(self.limits) if said["failed"] == MEMORY else said["failed"].splitlines())
            )
        elif "done" in said:
            job.scenario = said["done"].get("scenario")
            job.end("done", *said["done"]["words"])

    def _too_late(self, job: Job) -> None:
        with self._change:
            job.end(
                "failed",
                f"This took longer than the {self.limits.seconds / 60:g} minutes that it may take, and was stopped. "
                "Nothing was kept. Allow more with --minutes-a-job, or ask for less.",
            )
            job.killed |= _end(job.process)


def _started(complaints: IO[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *WORK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
        encoding="utf-8",
        env=os.environ | ONE_THREAD,
        start_new_session=True,
    )


def _put(process: subprocess.Popen[str], asked: dict[str, Any]) -> None:
    try:
        if process.stdin:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.close()
    except OSError:
        pass  # it ended before it listened; how it ended says why


def _end(process: subprocess.Popen[str] | None) -> bool:
    """End a process and all that it started; return whether it still ran."""
    if process is None or process.poll() is not None:
        return False
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    return True


def _out_of_memory(limits: Limits) -> list[str]:
    return [
        f"This needed more than the {limits.memory_gb:g} GB of memory that it may use, and was stopped. Nothing was "
        "kept. Allow more with --memory-gb, or ask for less."
    ]


def _how_it_died(code: int, complaints: str, limits: Limits) -> list[str]:
    """Return why a job ended without a word: a library that finds no memory may end the process on the spot."""
    last = complaints.strip().splitlines()[-1:]
    if any(sign in complaints.lower() for sign in NO_MEMORY):
        return _out_of_memory(limits)
    if code < 0:
        why = f"most often because it needed more than the {limits.memory_gb:g} GB that it may use"
        return [f"The system ended this (signal {-code}), {why}. Nothing was kept. Allow more with --memory-gb."]
    return ["This ended by a fault of the program. Please report it with the question.", *(line[:300] for line in last)]
