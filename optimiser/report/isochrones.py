"""How far one comes: the areas from which a site is within so many minutes, by the minutes that count in a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, did_you_mean, quoted, shown
from optimiser.inputs import read_question
from optimiser.inputs.boundaries import LONGITUDE_LATITUDE, merged, read_boundaries
from optimiser.inputs.roads import event_of
from optimiser.inputs.tables import boundary_file
from optimiser.problem.words import amount, code_called, listed, spoken

if TYPE_CHECKING:
    import geopandas

LIMITS = (15.0, 30.0, 45.0, 60.0)


@dataclass(frozen=True)
class Isochrones:
    """The areas around a site, a row for each step of minutes.

    ``steps`` has ``more_than_minutes``, ``within_minutes``, how many ``areas`` and ``people``, and as its geometry
    their outlines as one, in degrees (EPSG:4326). An area is in a step whole: minutes are of where its people live.
    ``further`` is how many areas are beyond the last, and ``without`` those from which nobody reaches the site.
    """

    site: str
    steps: geopandas.GeoDataFrame
    further: int
    without: int
    event: str = ""

    @property
    def lines(self) -> list[str]:
        """The steps in words."""
        rows = (
            f"  {low:g} to {high:g} minutes: {amount(areas, 'areas')}, {amount(round(people), 'people')}"
            for low, high, areas, people in self.steps.drop(columns="geometry").itertuples(index=False)
        )
        more = [f"  further: {amount(self.further, 'areas')}"] if self.further else []
        none = [f"  no way known: {amount(self.without, 'areas')}"] if self.without else []
        return [f"To {self.site}{f', with {self.event}' if self.event else ''}:", *rows, *more, *none]

    @property
    def record(self) -> dict[str, Any]:
        """The same as plain data, without outlines."""
        steps = self.steps.drop(columns="geometry").to_dict("records")
        return {
            "site": self.site, "event": self.event, "steps": steps, "further": self.further, "without": self.without
        }  # fmt: skip

    @property
    def geojson(self) -> str:
        """The steps as GeoJSON, none for one without areas."""
        there = self.steps[self.steps["areas"] > 0]
        return f"{there.to_json(drop_id=True, separators=(',', ':'))}\n"


def isochrones(
    config: str | Path, site: str, limits: Sequence[float] = LIMITS, *, mode: str | None = None
) -> Isochrones:
    """Return the areas within so many minutes of a site, as journeys are in a question: its factors, its roads.

    ``site`` is a code or a name; ``limits`` are minutes, in any order; ``mode`` is one that a service of the question
    names, in place of the journeys of all. Raises ``InputError`` where the site or the mode is not known, a limit is
    not above 0, or the place has no outlines.
    """
    question = read_question(config)
    problem, place = question.problem, question.place_folder
    names = {code: one.name for code, one in problem.sites.items()}
    code, file = code_called(site, names), boundary_file(place)
    faults = []
    if not code:
        hint = did_you_mean(site, [*names, *names.values()], or_else="Give a code or a name that is there.")
        faults.append(Fault(quoted(site), f"is no code and no name of a site. {hint}"))
    if wrong := [f"{one:g}" for one in limits if not 0 < one < np.inf]:
        faults.append(Fault("minutes", f"{listed(wrong)}: is not above 0. Give minutes such as 15."))
    if mode is not None and mode not in problem.by_mode:
        hint = did_you_mean(mode, problem.by_mode, or_else="Name one under travel_by of a service.")
        faults.append(Fault(quoted(mode), f"is no mode that a service of the question names. {hint}"))
    if file is None:
        faults.append(Fault(shown(place), "the place has no outlines to draw. Add boundaries.geojson."))
    if faults or file is None or not code:
        raise InputError(faults)
    outlines = read_boundaries(file).set_index("area").geometry.reindex(problem.areas.index)
    minutes = (problem.journeys if mode is None else problem.by_mode[mode])[code]
    ends = [0.0, *sorted({float(one) for one in limits})]
    return Isochrones(
        f"{names[code]} ({code}){'' if mode is None else f' {spoken(mode)}'}",
        steps_of(minutes, ends, outlines, problem.areas["population"]),
        int((minutes > ends[-1]).sum()),
        int(minutes.isna().sum()),
        str(event_of(question.config.settings.roads)),
    )


def steps_of(
    minutes: pd.Series, ends: Sequence[float], outlines: pd.Series, people: pd.Series
) -> geopandas.GeoDataFrame:
    """Return a row for each step of minutes between ends: which it is, how many areas and people, and their outline."""
    import geopandas

    rows, shapes = [], []
    for low, high in pairwise(ends):
        # One who lives there has no minutes to go, and is in the first.
        here = (minutes <= high) & ((minutes > low) | (low == 0))
        rows.append((low, high, int(here.sum()), float(people[here].sum())))
        shapes.append(merged(outlines[here].dropna()) if outlines[here].notna().any() else None)
    columns = ["more_than_minutes", "within_minutes", "areas", "people"]
    return geopandas.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=shapes, crs=LONGITUDE_LATITUDE)
