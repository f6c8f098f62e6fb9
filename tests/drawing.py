"""Tests of drawn worlds: of the same worlds each time they are run, or of as many fresh ones as one likes.

    @draws(120)
    @given(worlds())
    def test_solver_and_full_list_agree(problem): ...

    @seeds(40)
    def test_solver_list_and_evaluation_agree_whatever_the_team(seed): ...

``make test`` draws what it drew before, however busy the machine is. ``make explore WORLDS=5000`` draws 5,000 others in
each of them; what it finds it makes as small as it can, prints whole, and tries first when it is run again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache, lru_cache, wraps
from typing import Any

import pytest
from as_files import shown_if_it_fails
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st

from optimiser.problem import Figure, Problem

Test = Callable[..., None]

WORLDS = int(os.environ.get("WORLDS") or 0)
# The processes that a run is shared out to are to draw the same.
FIRST_SEED = int(os.environ.setdefault("FIRST_SEED", str(random.SystemRandom().randrange(2**32)))) if WORLDS else 0

settings.register_profile(
    "same",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.register_profile(
    "explore",
    settings.get_profile("same"),
    derandomize=False,
    database=settings.get_profile("default").database,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
settings.load_profile("explore" if WORLDS else "same")


def draws(worlds: int) -> Callable[[Test], Test]:
    """Have a test that is ``given`` worlds draw so many; where it explores, as many as were asked for."""

    def decorated(test: Any) -> Test:
        inner = test.hypothesis.inner_test

        @wraps(inner)
        def counted(*args: Any, **kwargs: Any) -> None:
            note(kwargs)
            with ExitStack() as shown:
                for drawn in kwargs.values():
                    # A sweep is of a world.
                    world = getattr(drawn, "problem", drawn)
                    if isinstance(world, Problem):
                        shown.enter_context(shown_if_it_fails(world))
                inner(*args, **kwargs)
            test.agreed += 1

        test.agreed = 0
        test.hypothesis.inner_test = counted
        return pytest.mark.drawn(settings(max_examples=WORLDS or worlds)(test))

    return decorated


def seeds(worlds: int) -> Callable[[Test], Test]:
    """Have a test that draws from a seed do so from the first so many; where it explores, from fresh ones."""
    some = range(FIRST_SEED, FIRST_SEED + (WORLDS or worlds))

    def decorated(test: Test) -> Test:
        return pytest.mark.drawn(pytest.mark.parametrize("seed", some)(test))

    return decorated


def agreed(test: Any, passed: bool) -> int:
    """Return in how many worlds a test that was run just now held."""
    return getattr(test, "agreed", int(passed))


@lru_cache(typed=True)
def one_of(*values: Any) -> st.SearchStrategy[Any]:
    """Draw one of some values. A strategy made anew for each draw is checked anew, which takes longer than drawing."""
    return st.sampled_from(values)


@cache
def perhaps(figures: st.SearchStrategy[float]) -> st.SearchStrategy[Figure | None]:
    """Draw a figure, or none."""
    return st.none() | figures.map(Figure)
