"""Every published number, from a plan's tables alone. One measure, one function.

A measure of journeys takes the resident areas' journeys to one service and returns one number, or NaN where it has no
meaning. ``BY_GROUP`` says which are also published for groups of areas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from optimiser.plan import Plan

Better = Literal["lower", "higher", "neither"]
Row = tuple[str, str, str, float, str, Better]

COLUMNS = ["measure", "service", "group", "value", "unit", "better"]
BANDS = (30, 45, 60)
AGE_75_PLUS = "age 75+"
VACANCY = "short_with_one_vacancy"


@dataclass(frozen=True)
class Measure:
    """A number about journeys: how it is worked out, its unit, and whether lower is better."""

    of: Callable[[pd.DataFrame], float]
    unit: str
    better: Better
    by_group: bool = False


JOURNEY_MEASURES: dict[str, Measure] = {}


def measure(
    *, unit: str, better: Better, by_group: bool = False
) -> Callable[[Callable[[pd.DataFrame], float]], Callable[[pd.DataFrame], float]]:
    """Register a measure of journeys under its function's name."""

    def register(function: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
        JOURNEY_MEASURES[function.__name__] = Measure(function, unit, better, by_group)
        return function

    return register


@measure(unit="minutes", better="lower", by_group=True)
def mean_minutes(journeys: pd.DataFrame) -> float:
    """Mean journey of a patient."""
    return _mean(journeys["minutes"], journeys["patients_per_year"])


@measure(unit="minutes", better="lower")
def median_minutes(journeys: pd.DataFrame) -> float:
    """The shortest time within which half of patients arrive."""
    return _reached_by(journeys, 0.5)


@measure(unit="minutes", better="lower")
def p95_minutes(journeys: pd.DataFrame) -> float:
    """The shortest time within which 95% of patients arrive."""
    return _reached_by(journeys, 0.95)


@measure(unit="minutes", better="lower", by_group=True)
def worst_minutes(journeys: pd.DataFrame) -> float:
    """The longest journey from any area, patients or not: people live there."""
    return float(journeys["minutes"].max())


@measure(unit="patients a year", better="neither", by_group=True)
def patients(journeys: pd.DataFrame) -> float:
    """Patients a year."""
    return float(journeys["patients_per_year"].sum())


@measure(unit="patient-minutes a year", better="lower")
def patient_minutes(journeys: pd.DataFrame) -> float:
    """Minutes that patients spend on the way, in a year."""
    return float((journeys["patients_per_year"] * journeys["minutes"].fillna(0)).sum())


def table(plan: Plan) -> pd.DataFrame:
    """Return every measure of a plan: measure, service, group, value, unit, and whether lower or higher is better."""
    rows: list[Row] = []
    for service in plan.problem.services_with_patients:
        rows += _journey_rows(plan, service)
        rows += _site_rows(plan, service)
    rows += _staff_rows(plan)
    rows += _vacancy_rows(plan)
    rows += _change_rows(plan)
    found = pd.DataFrame(rows, columns=COLUMNS)
    found["value"] = found["value"].astype(float).round(9)
    return found[found["value"].notna()].reset_index(drop=True)


def number(measures: pd.DataFrame, name: str, service: str = "", group: str = "") -> float:
    """Return one value out of a table of measures; NaN if it is not there."""
    found = measures[(measures["measure"] == name) & (measures["service"] == service) & (measures["group"] == group)][
        "value"
    ]
    return float(found.iloc[0]) if len(found) else float("nan")


def residents(plan: Plan, service: str) -> pd.DataFrame:
    """Return the resident areas' journeys to a service, with what is known of each area beside them."""
    journeys = plan.journeys[plan.journeys["service"] == service].set_index("area")
    return journeys.join(plan.problem.areas.drop(columns="resident"))[journeys["resident"]]


def groups(journeys: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the groups of areas that measures are published for: fifths by deprivation, then districts."""
    if "deprivation_decile" in journeys:
        ends = {1: " (most deprived)", 5: " (least deprived)"}
        for fifth, members in journeys.groupby(np.ceil(journeys["deprivation_decile"] / 2).astype(int)):
            yield f"deprivation fifth {fifth}{ends.get(int(str(fifth)), '')}", members
    if "district" in journeys:
        for district, members in journeys.groupby("district"):
            yield f"district {district}", members


def _journey_rows(plan: Plan, service: str) -> Iterator[Row]:
    journeys = residents(plan, service)
    for name, found in JOURNEY_MEASURES.items():
        yield name, service, "", found.of(journeys), found.unit, found.better
    yield from _band_rows(service, journeys)
    standard = plan.problem.services[service].standard_minutes
    if standard:
        beyond = journeys["patients_per_year"][~(journeys["minutes"] <= standard.value)].sum()
        yield "patients_beyond_standard", service, "", float(beyond), "patients a year", "lower"
    for group, members in groups(journeys):
        for name, found in JOURNEY_MEASURES.items():
            if found.by_group:
                yield name, service, group, found.of(members), found.unit, found.better


def _band_rows(service: str, journeys: pd.DataFrame) -> Iterator[Row]:
    for minutes in BANDS:
        near = journeys[journeys["minutes"] <= minutes]
        patients_near = float(near["patients_per_year"].sum())
        yield f"patients_within_{minutes}", service, "", patients_near, "patients a year", "higher"
        yield f"people_within_{minutes}", service, "", float(near["population"].sum()), "people", "higher"
        if "population_75_plus" in journeys:
            older = float(near["population_75_plus"].sum())
            yield f"people_within_{minutes}", service, AGE_75_PLUS, older, "people", "higher"
    if "population_75_plus" in journeys:
        older_mean = _mean(journeys["minutes"], journeys["population_75_plus"])
        yield "mean_minutes", service, AGE_75_PLUS, older_mean, "minutes", "lower"


def _site_rows(plan: Plan, service: str) -> Iterator[Row]:
    journeys = plan.journeys[plan.journeys["service"] == service]
    arriving = journeys.groupby("site")["patients_per_year"].sum()
    outside = journeys[~journeys["resident"]].groupby("site")["patients_per_year"].sum()
    for site in plan.problem.reachable_sites(service):
        yield "site_patients", service, site, float(arriving.get(site, 0)), "patients a year", "neither"
        from_outside = float(outside.get(site, 0))
        yield "site_patients_from_outside", service, site, from_outside, "patients a year", "neither"


def _staff_rows(plan: Plan) -> Iterator[Row]:
    totals = plan.staffing.groupby(["team", "unit"], sort=False).sum(numeric_only=True)
    published: tuple[tuple[str, str, Better], ...] = (
        ("staff_needed", "needed", "neither"),
        ("staff_in_post", "in_post", "neither"),
        ("staff_short", "short", "lower"),
        ("staff_moved", "moved_in", "lower"),
        ("staff_recruited", "recruited", "lower"),
    )
    for team, unit in plan.problem.team_units:
        for name, column, better in published:
            yield name, "", f"{team} ({unit})", float(totals[column][team, unit]), unit, better


def _vacancy_rows(plan: Plan) -> Iterator[Row]:
    """Yield what each rota would be short of if one person left; nobody can leave where nobody is."""
    staff = plan.staffing.set_index(["team", "unit", "site"])["staff"]
    for code, service in plan.problem.services.items():
        for rota in service.rotas:
            for site in plan.sites_of(code):
                left = max(0.0, float(staff[rota.team, rota.unit, site]) - 1)
                short = max(0.0, rota.needed.value - left)
                yield VACANCY, code, f"{site} {rota.team} ({rota.unit})", short, rota.unit, "lower"


def _change_rows(plan: Plan) -> Iterator[Row]:
    known = plan.designations[plan.designations["today"].notna()]
    changed = known["designated"] != known["today"].astype(bool)
    yield "changes_from_today", "", "", float(changed.sum()), "changes", "lower"
    for service, changes in changed.groupby(known["service"], sort=False):
        yield "changes_from_today", str(service), "", float(changes.sum()), "changes", "lower"


def _mean(minutes: pd.Series[float], weight: pd.Series[float]) -> float:
    times, weights = minutes.to_numpy(dtype=float), weight.to_numpy(dtype=float)
    served = ~np.isnan(times)
    total = weights[served].sum()
    return float(times[served] @ weights[served] / total) if total else float("nan")


def _reached_by(journeys: pd.DataFrame, share: float) -> float:
    """Return the shortest time within which a share of all patients arrive; NaN if that share never does."""
    minutes = journeys["minutes"].fillna(np.inf)
    arrived = journeys["patients_per_year"].groupby(minutes).sum().cumsum()
    total = journeys["patients_per_year"].sum()
    # Sums of decimals carry an error in the last place, which must not push the answer one area further.
    enough = arrived >= share * total * (1 - 1e-12)
    found = float(arrived.index[enough][0]) if total else float("nan")
    return found if np.isfinite(found) else float("nan")
