"""Questions that ship with the project, each read and solved once for all the tests that a process runs.

What is shared is frozen, and its tables are to be left as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest

from optimiser.errors import Fault
from optimiser.inputs import read_problem
from optimiser.inputs.tables import Place, look_at_place
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.search.planning import solve

CONFIGS = Path(__file__).parents[1] / "configs"
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session", autouse=True)
def places_that_ship() -> Iterator[None]:
    """Have the tables of a place that ships, which no test changes, read once for whatever config asks about it."""

    def look(folder: Path, *, allow_missing: Iterable[tuple[str, str]] = ()) -> tuple[Place | None, list[Fault]]:
        allowed = frozenset(allow_missing)
        if not folder.resolve().is_relative_to(DATA):
            return look_at_place(folder, allow_missing=allowed)
        # Messages name files as seen from the working folder.
        place, faults = look_once(folder, allowed, Path.cwd())
        return place, list(faults)

    @cache
    def look_once(folder: Path, allowed: frozenset[tuple[str, str]], here: Path) -> tuple[Place | None, list[Fault]]:
        return look_at_place(folder, allow_missing=allowed)

    with patch("optimiser.inputs.look_at_place", look):
        yield


@cache
def question(name: str) -> Problem:
    """Return the question of ``configs/<name>.yaml``."""
    return read_problem(CONFIGS / f"{name}.yaml")


@cache
def answer(name: str) -> Plan:
    """Return its answer. A question without one is refused each time."""
    return solve(question(name))
