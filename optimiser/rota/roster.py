"""A rota's smallest legal pattern, found once however often it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from optimiser.errors import Fault, InputError, NotProved, TooLarge
from optimiser.rota.cover import ASKED, Shape
from optimiser.rota.law import WorkingTime
from optimiser.rota.pattern import Pattern, smallest_legal


@dataclass(frozen=True)
class Roster:
    """The cover that a rota gives, its shifts, and the law that its pattern must not break."""

    shape: Shape
    law: WorkingTime

    def pattern(self) -> Pattern:
        """Return the smallest legal pattern.

        Raises
        ------
        InputError
            If there is none; the message names the rota and says why.
        NotProved
            If the solver needs longer than it has.
        """
        name = self.shape.name
        try:
            return replace(_smallest(_without_names(self.shape), self.law), shape=self.shape)
        except TooLarge as error:
            raise InputError([Fault(f"rota {name}", str(error).removeprefix(f"{_ANY}: "))]) from error
        except NotProved as error:
            raise NotProved(f"rota {name}: {error}") from error

    def table(self) -> pd.DataFrame:
        """Return the smallest legal pattern, one row a week and day."""
        return self.pattern().table()


_ANY = "the rota"
_smallest = cache(smallest_legal)


def _without_names(shape: Shape) -> Shape:
    """Return a shape that is equal to every other of the same cover and shifts, whatever they are called."""
    return Shape(_ANY, tuple(replace(block, source=ASKED, verified=True) for block in shape.cover), shape.shifts)
