"""Plan against plan: the same measures side by side, and how each differs from the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from optimiser import measures
from optimiser.plan import Plan

COMPARED = (
    "mean_minutes",
    "median_minutes",
    "p95_minutes",
    "worst_minutes",
    "patients_within_30",
    "patients_within_45",
    "patients_within_60",
    "patients_beyond_standard",
    "patients_past_a_nearer_site",
    "nearest_mean_minutes",
    "beds_needed",
    "transfers_per_day",
    "repatriations_per_year",
    "ambulance_hours_per_year",
)

Tables = Mapping[str, pd.DataFrame]


def compare(plans: Sequence[Plan] | Mapping[str, Tables]) -> pd.DataFrame:
    """Set plans side by side.

    Parameters
    ----------
    plans
        Plans, or the tables of runs by name, as ``runs.read_tables`` gives them. The first is what others differ from.

    Returns
    -------
    pandas.DataFrame
        One row a (service, measure), one column a plan: sites, journeys of residents, patients at each site, staff,
        changes from today, and the rules broken. Values are numbers, but for the sites, which are codes.
    """
    if not isinstance(plans, Mapping):
        plans = {f"{number}. {plan.problem.title}": tables_of(plan) for number, plan in enumerate(plans, start=1)}
    columns = {name: _column(tables) for name, tables in plans.items()}
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    services = [str(service) for service in dict.fromkeys(service for service, _ in rows)]
    order = pd.MultiIndex.from_tuples(
        sorted(rows, key=lambda row: services.index(str(row[0]))), names=["service", "measure"]
    )
    return pd.DataFrame({name: [column.get(row) for row in order] for name, column in columns.items()}, index=order)


def tables_of(plan: Plan) -> dict[str, pd.DataFrame]:
    """Return the tables of a plan that a comparison needs."""
    return {"designations": plan.designations, "measures": measures.table(plan), "rules": plan.rules}


def _column(tables: Tables) -> dict[tuple[str, str], object]:
    found: dict[tuple[str, str], object] = {}
    chosen = tables["designations"]
    by_name = tables["measures"].set_index(["service", "measure", "group"])["value"]
    for service in chosen["service"].unique():
        rows = chosen[(chosen["service"] == service) & _true(chosen["designated"])]
        found[service, "sites"] = ", ".join(rows["site"]) or "none"
        for name in COMPARED:
            if (service, name, "") in by_name.index:
                found[service, name] = by_name[service, name, ""]
        for site in rows["site"]:
            if (service, "site_patients", site) in by_name.index:
                found[service, f"patients at {site}"] = by_name[service, "site_patients", site]
    staff = tables["measures"][tables["measures"]["measure"] == "staff_short"]
    for group, short in zip(staff["group"], staff["value"], strict=True):
        found["", f"short of {group}"] = short
    found["", "changes_from_today"] = by_name.get(("", "changes_from_today", ""), float("nan"))
    if ("", "exceptions_used", "") in by_name.index:
        found["", "exceptions used"] = by_name["", "exceptions_used", ""]
    broken = tables["rules"][~_true(tables["rules"]["pass"])]
    found["", "rules broken"] = len(broken)
    return found


def _true(values: pd.Series) -> pd.Series:
    return values.astype(str).str.lower() == "true"
