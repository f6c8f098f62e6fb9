"""What a file of roads becomes, whichever kind of file it is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Streets:
    """The roads of a file, as the tables of a place's network, and what was done to make them, a sentence each.

    ``junctions`` and ``links`` are ``road_junctions.csv`` and ``road_links.csv``; ``speeds`` is ``road_speeds.csv`` for
    a place that has none, or None where nothing is known of usual ones; ``turns`` is ``road_turns.csv``, or None where
    the file knows of none.
    """

    junctions: pd.DataFrame
    links: pd.DataFrame
    said: tuple[str, ...] = ()
    speeds: pd.DataFrame | None = None
    turns: pd.DataFrame | None = None
