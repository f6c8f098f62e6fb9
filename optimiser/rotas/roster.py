"""How a rota may give its cover within the law, worked out once however often it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from optimiser.errors import Fault, InputError, NotProved, TooLarge
from optimiser.rotas.cover import ASKED, Cover, Shape
from optimiser.rotas.law import WorkingTime
from optimiser.rotas.pattern import Pattern, smallest_legal
from optimiser.rotas.weekly import written


@dataclass(frozen=True)
class Roster:
    """The cover that a rota gives, and the law that its pattern must not break.

    Attributes
    ----------
    name
        What the rota is called: service and team.
    law
        Rules of working time, for its shifts.
    people
        How many the rota needs; its pattern has at least as many weeks.
    shape
        The resident cover and its shifts; None where nobody is resident.
    on_call
        The cover on call from home.
    shared_on_call
        Whether one team over several sites is on call for all of them at once.
    """

    name: str
    law: WorkingTime
    people: int
    shape: Shape | None = None
    on_call: tuple[Cover, ...] = ()
    shared_on_call: bool = False

    def at_sites(self, sites: int, people: int) -> Roster:
        """Return that of one team over so many sites: cover at each, but on call once where that is shared."""
        if not sites:
            return self
        shape = self.shape and replace(self.shape, cover=_times(self.shape.cover, sites))
        on_call = self.on_call if self.shared_on_call else _times(self.on_call, sites)
        return replace(self, people=people, shape=shape, on_call=on_call)

    def smallest(self) -> Pattern | None:
        """Return the smallest legal pattern of the resident cover; None where nobody is resident.

        Raises
        ------
        InputError
            If there is none; the message names the rota and says why.
        NotProved
            If the solver needs longer than it has.
        """
        if self.shape is None:
            return None
        try:
            return replace(_smallest(_without_names(self.shape), self.law), shape=self.shape)
        except TooLarge as error:
            raise InputError([Fault(f"rota {self.name}", str(error).removeprefix(f"{_ANY}: "))]) from error
        except NotProved as error:
            raise NotProved(f"rota {self.name}: {error}") from error

    def table(self) -> pd.DataFrame:
        """Return the weekly pattern that everybody on the rota works: one row a week, day and duty."""
        return written(self.name, self.smallest(), self.on_call, self.people)


def _times(cover: tuple[Cover, ...], sites: int) -> tuple[Cover, ...]:
    return tuple(replace(block, people=block.people * sites) for block in cover)


_ANY = "the rota"
_smallest = cache(smallest_legal)


def _without_names(shape: Shape) -> Shape:
    """Return a shape that is equal to every other of the same cover and shifts, whatever they are called."""
    return Shape(_ANY, tuple(replace(block, source=ASKED, verified=True) for block in shape.cover), shape.shifts)
