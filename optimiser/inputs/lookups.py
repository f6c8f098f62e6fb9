"""What a place's tables say of one team or one activity."""

from __future__ import annotations

import pandas as pd

from optimiser.inputs.tables import Place
from optimiser.problem import Unit

UNITS: dict[Unit, str] = {"people": "people", "WTE": "wte"}


def counts_of(place: Place, activity: str, period: str) -> dict[str, float]:
    """Return what was counted of an activity in a period, by site."""
    rows = place.activity[(place.activity["activity"] == activity) & (place.activity["period"] == period)]
    return {str(site): float(count) for site, count in zip(rows["site"], rows["count"], strict=True)}


def grades_of(place: Place, team: str) -> list[str]:
    """Return every grade that the rows of a team name."""
    rows = place.staff[place.staff["team"] == team]
    return sorted({str(grade) for grade in rows["grade"].dropna() if grade}) if "grade" in rows else []


def staff_now(place: Place, team: str, year: int | None) -> pd.DataFrame:
    """Return a team's rows of its year at the candidates, with people and wte, blank where unknown."""
    columns = [*place.staff.columns, *(unit for unit in UNITS.values() if unit not in place.staff)]
    staff = place.staff.reindex(columns=columns)
    candidates = place.sites["site"][place.sites["role"] == "candidate"]
    return staff[(staff["team"] == team) & (staff["year"] == year) & staff["site"].isin(candidates)]
