"""What is killed or finds no room leaves nothing half-written, and an answer does not depend on where it is worked out.

``make test`` tries a few of each, ``make deep`` many.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from command import ROOT

Done = subprocess.CompletedProcess[str]
# What comes of each command, under its final name.
COMMANDS: dict[str, tuple[str, ...]] = {
    "solve": ("solve", "CONFIG", "--out", "OUT", "--quiet"),
    "report": ("report", "RUN", "--out", "OUT"),
    "export": ("export", "RUN", "--out", "OUT", "--quiet"),
    "pack": ("pack", "RUN", "--out", "OUT", "--quiet"),
    "sweep": ("sweep", "SWEEP", "--out", "OUT", "--workers", "1", "--quiet", "--resume"),
}
SWEEP = "title: T\nconfig: {config}\ndraws: 40\nvary: {{journey_factor: {{shape: uniform, low: 0.8, high: 1.2}}}}\n"
LONG_ENOUGH = 120
# How often each command is killed, how large a file may grow, and how many kilobytes a disk has, in make deep.
TIMES, MOST, KILOBYTES = (
    40,
    (0, 1, 50, 300, 1_000, 3_000, 9_000, 30_000, 100_000, 200_000),
    (4, 8, 16, 32, 64, 128, 400),
)
KILLS, SIZES, DISKS = (len(COMMANDS) * many for many in (TIMES, len(MOST), 2 * len(KILOBYTES)))
# A command takes about so long here; what is killed later is often done.
SECONDS = 1.5


class Bench:
    """A place to try commands in: a config, a run of it, a sweep, and what each command comes to undisturbed."""

    def __init__(self, folder: Path, config: str = "tiny.yaml") -> None:
        self.folder, self.tried = folder, 0
        path = ROOT / "configs" / config
        (folder / "sweep.yaml").write_text(SWEEP.format(config=path))
        self.known = {"CONFIG": str(path), "RUN": str(folder / "run"), "SWEEP": str(folder / "sweep.yaml")}
        self.done("solve", folder / "run").check_returncode()
        self.whole = {name: self._whole(name) for name in COMMANDS}

    def _whole(self, name: str) -> dict[str, bytes]:
        out = self.new_out()
        self.done(name, out).check_returncode()
        return files_of(out)

    def new_out(self) -> Path:
        """Return a final name that nothing has, in a folder of its own."""
        self.tried += 1
        parent = self.folder / str(self.tried)
        parent.mkdir()
        return parent / "out"

    def begun(
        self, name: str, out: Path, more: Mapping[str, str] | None = None, through: Sequence[str] = (), **how: Any
    ) -> subprocess.Popen[str]:
        known = self.known | {"OUT": str(out)}
        words = [*through, sys.executable, "-m", "optimiser", *(known.get(word, word) for word in COMMANDS[name])]
        environment = os.environ | {"PYTHONPATH": str(ROOT)} | (more or {})
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
        return subprocess.Popen(words, cwd=self.folder, text=True, env=environment, **pipes)

    def done(self, name: str, out: Path, more: Mapping[str, str] | None = None, **how: Any) -> Done:
        begun = self.begun(name, out, more, **how)
        said = begun.communicate(timeout=LONG_ENOUGH)
        return subprocess.CompletedProcess(begun.args, begun.returncode, *said)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


def files_of(path: Path, but: Sequence[str] = ("seconds",)) -> dict[str, bytes]:
    """Return the files of a folder, or a file, but for some entries of ``run.json``: how many seconds it took."""
    found = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    return {str(one.relative_to(path)): _without(one, but) for one in found}


def _without(path: Path, entries: Sequence[str]) -> bytes:
    if path.name != "run.json":
        return path.read_bytes()
    record = json.loads(path.read_bytes())
    return json.dumps({name: one for name, one in record.items() if name not in entries}).encode()


# Killed ---------------------------------------------------------------------------------------------------------------


def is_writing(out: Path) -> bool:
    return any(out.parent.glob(f"*{out.name}.unfinished*"))


def kill(bench: Bench, name: str, out: Path, draw: random.Random) -> bool:
    """Kill a command while it writes, or at any moment; return whether it was in time."""
    child = bench.begun(name, out)
    if draw.random() < 0.5:
        while child.poll() is None and not is_writing(out):
            time.sleep(0.0002)
        time.sleep(draw.choice((0.0, 0.001, 0.005)) * draw.random())
    else:
        time.sleep(draw.uniform(0, SECONDS))
    child.kill()
    child.communicate(timeout=LONG_ENOUGH)
    return child.returncode == -signal.SIGKILL


def holds_when_killed(bench: Bench, times: int) -> None:
    """Kill each command so many times, one after the other in one folder, and then let it run to its end there."""
    draw, in_time, amid = random.Random(7), 0, 0
    for name in COMMANDS:
        out = bench.new_out()
        for _ in range(times):
            in_time += kill(bench, name, out, draw)
            amid += is_writing(out)
            if out.exists():
                assert files_of(out) == bench.whole[name], f"{name} left something else under its final name"
                out = bench.new_out()
        again = bench.done(name, out)
        assert again.returncode == 0, (name, again.stderr)
        assert files_of(out) == bench.whole[name], f"{name} came to something else when it was run again"
    assert in_time >= times * len(COMMANDS) / 2, "most were done before they were killed"
    assert amid, "none was killed while it wrote"


def test_what_is_killed_leaves_nothing_half_written_and_runs_again(bench: Bench):
    holds_when_killed(bench, 1)


@pytest.mark.deep
def test_what_is_killed_200_times_leaves_nothing_half_written_and_runs_again(bench: Bench):
    holds_when_killed(bench, TIMES)


# Without room ---------------------------------------------------------------------------------------------------------


def holds_without_room(bench: Bench, name: str, out: Path, **how: Any) -> bool:
    """Whether a command was told that there is no room, in one line, and left nothing; or else all was written."""
    done = bench.done(name, out, **how)
    if done.returncode == 0:
        assert files_of(out) == bench.whole[name]
        return False
    assert done.returncode == 9, (name, done.stderr)
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr, done.stderr
    assert not out.exists(), f"{name} left something under its final name"
    assert name == "sweep" or not is_writing(out), f"{name} left what it had begun"
    return True


LIMITED = """
import os, resource, sys

most = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
os.execv(sys.argv[2], sys.argv[2:])
"""


def no_file_beyond(most: int) -> list[str]:
    """Return what runs the words after it with no file allowed to be larger."""
    return [sys.executable, "-c", LIMITED, str(most)]


@pytest.mark.parametrize(("name", "most"), [("solve", 1_000), ("report", 9_000), ("export", 9_000), ("sweep", 500)])
def test_where_no_file_may_grow_it_is_said_in_a_line_and_nothing_is_left(bench: Bench, name: str, most: int):
    assert holds_without_room(bench, name, bench.new_out(), through=no_file_beyond(most))


@pytest.mark.deep
@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_the_largest_file_it_is_said_and_nothing_is_left(bench: Bench, name: str):
    full = [holds_without_room(bench, name, bench.new_out(), through=no_file_beyond(n)) for n in MOST]
    assert any(full)


@pytest.mark.parametrize("name", ["solve", "report"])
def test_an_answer_that_cannot_be_printed_is_told_in_a_line_and_is_whole(bench: Bench, name: str):
    out = bench.new_out()
    with Path("/dev/full").open("w") as full:
        done = bench.done(name, out, stdout=full)
    assert done.returncode == 9
    assert done.stderr == "Not everything could be written: No space left on device. Make room, and try again.\n"
    assert files_of(out) == bench.whole[name]


@contextmanager
def small_disk(where: Path, kilobytes: int) -> Iterator[Path]:
    where.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(where)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


@pytest.mark.deep
@pytest.mark.parametrize("holds_temporary_files", [False, True])
@pytest.mark.parametrize("name", COMMANDS)
def test_on_a_full_disk_it_is_said_in_a_line_and_nothing_is_left(
    bench: Bench, tmp_path: Path, name: str, holds_temporary_files: bool
):
    full = []
    for kilobytes in KILOBYTES:
        with small_disk(tmp_path / str(kilobytes), kilobytes) as disk:
            elsewhere = {"TMPDIR": str(disk)} if holds_temporary_files else {}
            full.append(holds_without_room(bench, name, disk / "out", more=elsewhere))
    assert any(full)


# Elsewhere ------------------------------------------------------------------------------------------------------------

ELSEWHERE = {
    "another hash seed": {"PYTHONHASHSEED": "1"},
    "another hash seed again": {"PYTHONHASHSEED": "4294967295"},
    "no locale": {"LC_ALL": "C"},
    "a locale with commas": {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"},
    "a locale with other letters": {"LC_ALL": "tr_TR.UTF-8"},
    "one thread": {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
    "many threads": {"OMP_NUM_THREADS": "8", "OPENBLAS_NUM_THREADS": "8", "MKL_NUM_THREADS": "8"},
    "another language of messages": {"LANGUAGE": "fr", "LC_MESSAGES": "fr_FR.UTF-8"},
    "not in UTF-8": {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX"},
    "far in the east": {"TZ": "Pacific/Kiritimati"},
    "far in the west": {"TZ": "Etc/GMT+12"},
}


def holds_elsewhere(bench: Bench, name: str, where: str) -> None:
    out = bench.new_out()
    done = bench.done(name, out, ELSEWHERE[where])
    assert done.returncode == 0, done.stderr
    # The date of a run is that of the place where it was made.
    but = ("seconds", "date") if "TZ" in ELSEWHERE[where] else ("seconds",)
    here = {path: _of_bytes(path, content, but) for path, content in bench.whole[name].items()}
    assert files_of(out, but) == here


def _of_bytes(path: str, content: bytes, but: Sequence[str]) -> bytes:
    if not path.endswith("run.json"):
        return content
    return json.dumps({name: one for name, one in json.loads(content).items() if name not in but}).encode()


@pytest.mark.parametrize("where", ["another hash seed", "a locale with commas", "far in the east"])
def test_an_answer_is_the_same_wherever_it_is_worked_out(bench: Bench, where: str):
    holds_elsewhere(bench, "solve", where)


@pytest.mark.deep
@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_each_command_writes_is_the_same_wherever_it_is_run(bench: Bench, name: str, where: str):
    holds_elsewhere(bench, name, where)


@pytest.mark.deep
@pytest.mark.parametrize("where", ELSEWHERE)
def test_the_main_answer_is_the_same_wherever_it_is_worked_out(main_bench: Bench, where: str):
    holds_elsewhere(main_bench, "solve", where)


@pytest.fixture(scope="module")
def main_bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("main"), "base.yaml")
