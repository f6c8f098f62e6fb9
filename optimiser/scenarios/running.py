"""Running a sweep: in chunks, over processes, resumable, with the same result however it is run."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import threading
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from optimiser.errors import Fault, InputError, NotWritten, TooLarge
from optimiser.inputs import designations_of
from optimiser.problem.parameters import Parameter, changed
from optimiser.scenarios import cluster as elsewhere
from optimiser.scenarios import unlisted
from optimiser.scenarios.draws import scenarios
from optimiser.scenarios.listing import Joint, best_of, joint, judged
from optimiser.scenarios.regret import Results
from optimiser.scenarios.settings import ROADS, Sweep
from optimiser.scenarios.tables import Tables, can_be_tabled

FORMAT = 1
CHUNK_OF_TABLES, CHUNK_ONE_BY_ONE = 500, 25
MOST_CELLS = 400_000_000
HEADER = "sweep.json"
SPAWNING = get_context("spawn")
# Where the result of a sweep that this process is working out will stand.
UNDER_WAY: list[Path] = []

Tell = Callable[[str], None]
Count = Callable[[int, int], None]
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Work:
    """A sweep with all that a chunk of it needs.

    ``followed`` are the numbers of ``follow`` where another machine found them: files that options name are not here.
    """

    sweep: Sweep
    followed: tuple[int, ...] | None = None

    @cached_property
    def listed(self) -> Joint:
        """Every joint designation of the question."""
        return joint(self.sweep.problem)

    @cached_property
    def known(self) -> dict[str, Parameter]:
        """The question's parameters."""
        return self.sweep.parameters()

    @cached_property
    def size(self) -> int:
        """How many scenarios there are."""
        return self.sweep.settings.size

    @cached_property
    def places(self) -> dict[str, int]:
        """How many decimal places the values of each varied parameter have at most."""
        settings, known = self.sweep.settings, self.known
        found = {ROADS: 0} if settings.roads else {}
        found |= {name: _most_places(values) for name, values in settings.grid.items()}
        for one in settings.scenarios:
            for name, value in one.items():
                found[name] = max(found.get(name, 0), _most_places([value]))
        for name, spread in settings.vary.items():
            drawn = 0 if known[name].whole else spread.decimals
            found[name] = max(drawn, _most_places([spread.low, spread.high]))
        return found

    @cached_property
    def tables(self) -> Tables | None:
        """What scenarios are read off, where that is exact; None where each is worked out by itself."""
        can_be = self.listed.is_listed and can_be_tabled(self.listed, self.places)
        return Tables(self.listed, self.places) if can_be else None

    @property
    def way(self) -> str:
        """How scenarios are worked out, as ``run.json`` says it."""
        return "from tables" if self.tables else "one by one" if self.listed.is_listed else "as paths of a diagram"

    @property
    def chunk(self) -> int:
        """How many scenarios are worked out at a time."""
        return CHUNK_OF_TABLES if self.tables else CHUNK_ONE_BY_ONE

    @cached_property
    def named(self) -> dict[str, int | None]:
        """The options to follow by code: which joint designation each is; None where it goes against what is fixed."""
        problem = self.sweep.problem
        return {option.code: self.listed.number(designations_of(problem, option)) for option in self.sweep.options}

    @cached_property
    def best_of_base(self) -> list[int]:
        """The best of the question as it stands, best first."""
        return unlisted.best_numbers(self.listed, self.sweep.problem, self.sweep.settings.best_of_base)

    @cached_property
    def follow(self) -> list[int]:
        """Numbers of the joint designations whose values are kept in every scenario."""
        if self.followed is not None:
            return [*self.followed]
        followed = {*(number for number in self.named.values() if number is not None), *self.best_of_base}
        # One at least, so that no table is without columns where nothing is lawful anywhere.
        return sorted(followed) or [0]

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that the result depends on."""
        said = hashlib.sha256(json.dumps([FORMAT, self.sweep.settings.model_dump()], sort_keys=True).encode())
        for name, content in sorted(self.sweep.problem.files.items()):
            said.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
        for option in self.sweep.options:
            said.update(option.settings.model_dump_json().encode())
        return said.hexdigest()

    def work_out(self, start: int, stop: int) -> Arrays:
        """Work out some scenarios: which designations they keep, which are lawful, and what they come to."""
        drawn = list(scenarios(self.sweep.settings, self.known, start, stop))
        if not self.listed.is_listed:
            varied = (changed(self.sweep.problem, one, self.known) for one in drawn)
            return unlisted.work_out(self.listed, varied)
        if self.tables:
            numbers, lawful, values = self.tables.judge(drawn, self.follow)
        else:
            each = [judged(self.listed, changed(self.sweep.problem, one, self.known)) for one in drawn]
            lawful = np.stack([one[0] for one in each])
            numbers = np.union1d(np.flatnonzero(lawful.any(axis=0)), np.array(self.follow, dtype=int))
            lawful = lawful[:, numbers]
            objectives = range(len(self.sweep.problem.objectives))
            values = [np.stack([one[1][number][numbers] for one in each]) for number in objectives]
        best, equal = best_of(lawful, values, self.listed.tie_breaks(numbers))
        found = {"numbers": numbers, "lawful": lawful, "equal": equal}
        found["best"] = np.where(best >= 0, numbers[best], -1)
        return found | {f"values_{number}": one for number, one in enumerate(values)}


def _most_places(values: Sequence[float]) -> int:
    return max(next(n for n in range(18) if value == round(value, n)) for value in values)


def run(
    sweep: Sweep,
    folder: Path,
    *,
    workers: int = 1,
    cluster: str = "",
    resume: bool = False,
    tell: Tell | None = None,
    count: Count | None = None,
) -> tuple[Work, list[Arrays]]:
    """Work out every chunk of a sweep, keeping each in a folder beside the result as soon as it is complete.

    Parameters
    ----------
    sweep, folder
        The sweep, and where its result will stand; chunks are kept in ``<folder>.unfinished`` until then.
    workers
        Processes to share the chunks between. The result does not depend on it.
    cluster
        Where a cluster answers that works the chunks out in their place, if one does. Nor does it depend on that.
    resume
        Go on from what is kept there. Otherwise there must be nothing.
    tell, count
        Who is told how it goes, in words and as scenarios done of all.

    Raises
    ------
    InputError
        When what is kept is of another sweep, or something is kept and ``resume`` was not asked for; or when no cluster
        answers that has the versions that are here.
    NotWritten
        When a chunk could not be written, or a worker was ended from outside; what was kept stays.
    """
    tell, count = tell or (lambda _line: None), count or (lambda _done, _of: None)
    work = Work(sweep)
    kept = unfinished(folder)
    _prepare(work, folder, kept, resume)
    starts = range(0, work.size, work.chunk)
    paths = {start: kept / f"chunk_{start:07d}.npz" for start in starts}
    waiting = {start: path for start, path in paths.items() if _read(work, path) is None}
    begun, already = time.monotonic(), len(starts) - len(waiting)
    count(min(work.size, already * work.chunk), work.size)
    UNDER_WAY.append(folder)
    try:
        for done, _ in enumerate(_worked_out(work, folder, waiting, workers, cluster), start=1):
            count(min(work.size, (already + done) * work.chunk), work.size)
            tell(_progress(work, already + done, done, len(waiting), time.monotonic() - begun))
    except TooLarge:
        # It would be too large again: there is nothing to go on with.
        forget(folder)
        raise
    finally:
        UNDER_WAY.remove(folder)
    chunks = [found for start in starts if (found := _read(work, paths[start])) is not None]
    if len(chunks) < len(starts):
        raise NotWritten(f"{kept} lost some of what was kept there. Run the sweep again with --resume.")
    return work, chunks


def together(work: Work, chunks: Sequence[Arrays]) -> Results:
    """Put chunks together, in order. A designation that a chunk did not keep is lawful in none of its scenarios."""
    if not work.listed.is_listed:
        return unlisted.together(work.listed, work.follow, chunks)
    numbers = np.unique(np.concatenate([chunk["numbers"] for chunk in chunks]))
    if work.size * len(numbers) > MOST_CELLS:
        raise TooLarge(f"{work.size:,} scenarios of {len(numbers):,} designations are too many to keep. Run fewer.")
    kind = chunks[0]["values_0"].dtype
    lawful, equal = (np.zeros((work.size, len(numbers)), dtype=bool) for _ in range(2))
    values = np.zeros((work.size, len(numbers)), dtype=kind)
    best, row = np.full(work.size, -1), 0
    for chunk in chunks:
        rows, columns = slice(row, row + len(chunk["lawful"])), np.searchsorted(numbers, chunk["numbers"])
        lawful[rows, columns], equal[rows, columns] = chunk["lawful"], chunk["equal"]
        values[rows, columns] = chunk["values_0"]
        best[rows] = np.where(chunk["best"] >= 0, np.searchsorted(numbers, chunk["best"]), -1)
        row += len(chunk["lawful"])
    order = np.column_stack([work.listed.tie_breaks(numbers), numbers])
    scale = work.tables.scale(0) if work.tables else 1
    many = equal.sum(axis=1), lawful.sum(axis=1)
    return Results(numbers, lawful, values, scale, equal, best, order, *many)


def unfinished(folder: Path) -> Path:
    """Return where the chunks of a sweep are kept until it is complete."""
    return folder.with_name(f"{folder.name}.unfinished")


def _prepare(work: Work, folder: Path, kept: Path, resume: bool) -> None:
    if folder.exists():
        raise NotWritten(f"{folder} exists already. Choose another name with --out, or move it away.")
    if kept.exists() and not resume:
        words = "an earlier sweep was stopped here. Go on with --resume, or delete this folder."
        raise InputError([Fault(str(kept), words)])
    header = kept / HEADER
    if any(kept.glob("chunk_*")) and _fingerprint_in(header) != work.fingerprint:
        words = "what was kept here is of another sweep, or its question has changed since. Delete this folder."
        raise InputError([Fault(str(kept), words)])
    try:
        kept.mkdir(parents=True, exist_ok=True)
        _write(header, json.dumps({"format": FORMAT, "sweep": work.fingerprint}).encode())
    except OSError as error:
        raise NotWritten(f"{kept} could not be written: {error.strerror}.") from error


def _fingerprint_in(header: Path) -> str:
    try:
        return str(json.loads(header.read_bytes())["sweep"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _worked_out(work: Work, folder: Path, waiting: Mapping[int, Path], workers: int, address: str) -> Iterator[None]:
    """Work out chunks and keep each under its path; yield as often as one is kept."""
    if address and waiting:
        for start, found in elsewhere.worked_out(work, waiting, address):
            _keep(work, waiting[start], found)
            yield
        return
    asked = ((start, start + work.chunk, path) for start, path in waiting.items())
    if workers <= 1 or len(waiting) <= 1:
        for start, stop, path in asked:
            _keep(work, path, work.work_out(start, stop))
            yield
        return
    # A pipe to each: where all share one, everybody waits for ever once somebody is killed while writing to it.
    crew: dict[Connection, BaseProcess] = {}
    try:
        for _ in range(min(workers, len(waiting))):
            ours, theirs = SPAWNING.Pipe()
            crew[ours] = SPAWNING.Process(target=_serve, args=(theirs, os.getpid()), daemon=True)
            crew[ours].start()
            theirs.close()
        for ours in crew:
            ours.send(work.sweep)
            ours.send(next(asked))
        busy = set(crew)
        while busy:
            for ours in busy.intersection(wait(busy)):
                if failed := ours.recv():
                    raise failed
                yield
                if more := next(asked, None):
                    ours.send(more)
                else:
                    busy.remove(ours)
    except (EOFError, ConnectionError):
        raise NotWritten(_how_it_ended(crew[ours], folder)) from None
    finally:
        for process in crew.values():
            process.kill()
            process.join()


def _how_it_ended(process: BaseProcess, folder: Path) -> str:
    process.join()
    code = process.exitcode or 0
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return (
        f"A worker of this sweep ended before its time ({how}), most often because memory ran out. What was worked out "
        f"is kept: go on with --out {folder} --resume, and fewer --workers if it ends again."
    )


def _serve(asked: Connection, parent: int) -> None:
    """Work out and keep what is asked for, until nobody asks or the process that started this one has ended."""
    # Whoever presses Ctrl-C means the whole sweep: the process that started this one sees to that.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    with suppress(EOFError, ConnectionError):
        work = Work(asked.recv())
        while True:
            start, stop, path = asked.recv()
            failed: Exception | None = None
            try:
                _keep(work, path, work.work_out(start, stop))
            except Exception as error:
                error.add_note(traceback.format_exc())
                failed = error
            asked.send(failed)


def _keep(work: Work, path: Path, found: Arrays) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **found)  # type: ignore[arg-type]
    try:
        _write(path, _mark(work, path, buffer.getvalue()) + buffer.getvalue())
    except OSError as error:
        raise NotWritten(f"{path} could not be written: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it: it is there in full, or not at all."""
    begun = path.with_name(f".{path.name}.{os.getpid()}")
    begun.write_bytes(content)
    begun.replace(path)


def _mark(work: Work, path: Path, content: bytes) -> bytes:
    """Return what a chunk begins with: a hash of its content, its place and its sweep."""
    return hashlib.sha256(f"{work.fingerprint} {path.name}".encode() + content).digest()


def _read(work: Work, path: Path) -> Arrays | None:
    """Return a chunk that is kept; None where it is not there, or is not as it was written for this sweep."""
    try:
        kept_bytes = path.read_bytes()
        mark, content = kept_bytes[:32], kept_bytes[32:]
        if mark != _mark(work, path, content):
            return None
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def forget(folder: Path) -> None:
    """Remove the chunks that were kept for a result that is now complete."""
    shutil.rmtree(unfinished(folder), ignore_errors=True)


def _progress(work: Work, chunks: int, done: int, waiting: int, seconds: float) -> str:
    left = seconds / done * (waiting - done)
    so_far = min(work.size, chunks * work.chunk)
    when = f"{left / 60:.0f} minutes" if left > 90 else f"{left:.0f} seconds"
    return f"{so_far:,} of {work.size:,} scenarios, about {when} left"
