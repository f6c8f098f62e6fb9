"""Questions that ship, each read and solved once for all the tests that a process runs, and runs, each checked once.

What is shared is frozen, and its tables are to be left as they are. What is not as before is read and checked anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from optimiser import checker
from optimiser.errors import Fault
from optimiser.inputs import read_problem
from optimiser.inputs.tables import Place, look_at_place
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.search.planning import solve

CONFIGS = Path(__file__).parents[1] / "configs"


# Folders with more in them than this are not compared with others.
MOST_BYTES = 50_000_000


def contents_of(folder: Path) -> frozenset[tuple[str, bytes]] | None:
    """Return name and digest of every file of a folder; None where there is more in it than plain files of a place."""
    every = [one for one in folder.rglob("*") if not one.is_dir() or one.is_symlink()]
    if not folder.is_dir() or any(one.is_symlink() or not one.is_file() for one in every):
        return None
    if sum(one.stat().st_size for one in every) > MOST_BYTES:
        return None
    return digests((str(one.relative_to(folder)), one.read_bytes()) for one in every)


def digests(files: Iterable[tuple[str, bytes]]) -> frozenset[tuple[str, bytes]]:
    """Return name and digest of every file."""
    return frozenset((name, sha256(content).digest()) for name, content in files)


@pytest.fixture(scope="session", autouse=True)
def places_are_read_once() -> Iterator[None]:
    """Have the tables of a place without a fault read once, whatever their folder and whatever asks about them."""
    known: dict[tuple[object, ...], Place] = {}

    def look(
        folder: Path, *, allow_missing: Iterable[tuple[str, str]] = (), anew: bool = True
    ) -> tuple[Place | None, list[Fault]]:
        allowed = frozenset(allow_missing)
        contents = contents_of(folder)
        if (place := known.get((contents, allowed))) and contents is not None:
            return place, []
        place, faults = look_at_place(folder, allow_missing=allowed, anew=anew)
        if place and not faults and contents is not None:
            known[contents, allowed] = place
        return place, faults

    with patch("optimiser.inputs.look_at_place", look):
        yield


@pytest.fixture(scope="session", autouse=True)
def runs_are_checked_once() -> Iterator[None]:
    """Have a run's files checked once for all the pages and exports that are made of the same bytes."""
    known: dict[object, checker.Examined] = {}

    def examine(run: Path | Mapping[str, bytes]) -> checker.Examined:
        found = contents_of(run) if isinstance(run, Path) else digests(run.items())
        if found is None or found not in known:
            examined = examine_anew(run)
            if found is None:
                return examined
            known[found] = examined
        return known[found]

    examine_anew = checker.examined
    with patch("optimiser.plan.finished.checker", SimpleNamespace(**{**vars(checker), "examined": examine})):
        yield


@cache
def question(name: str) -> Problem:
    """Return the question of ``configs/<name>.yaml``."""
    return read_problem(CONFIGS / f"{name}.yaml")


@cache
def answer(name: str) -> Plan:
    """Return its answer. A question without one is refused each time."""
    return solve(question(name))
