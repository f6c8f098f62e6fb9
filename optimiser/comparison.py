"""Plan against plan: the same measures side by side, and how each differs from the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from optimiser import measures
from optimiser.plan import Plan, matters

COMPARED = (
    "mean_minutes",
    "mean_minutes_straight_there",
    "median_minutes",
    "p95_minutes",
    "worst_minutes",
    "people_beyond_30",
    "people_beyond_45",
    "people_beyond_60",
    "patients_beyond_standard",
    "beds_needed",
    "transfers_per_day",
    "repatriations_per_year",
    "ambulance_hours_per_year",
)

# Summed over the services that publish them.
IN_ALL = ("transfers_per_day", "repatriations_per_year", "ambulance_hours_per_year", "beds_needed")

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
        One row a (service, measure), one column a plan: sites, journeys of residents, patients at each site, transfers,
        beds, staff, changes from today, documented exceptions, and every rule broken, with by how much. Values are
        numbers, but for the sites, which are codes.
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
    return {
        "designations": plan.designations,
        "measures": measures.table(plan),
        "rules": plan.rules,
        "exceptions": plan.exceptions,
    }


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
    return found | _in_all(tables) | _excepted(tables) | _broken(tables)


def _in_all(tables: Tables) -> dict[tuple[str, str], object]:
    """Return what is counted over all services: transfers, beds, staff and changes."""
    numbers = tables["measures"]
    whole = numbers[numbers["group"] == ""]
    totals = whole[whole["measure"].isin(IN_ALL)].groupby("measure")["value"].sum()
    found: dict[tuple[str, str], object] = {("", f"{name} in all"): totals[name] for name in IN_ALL if name in totals}
    short = numbers[numbers["measure"] == "staff_short"]
    found |= {("", f"short of {team}"): n for team, n in zip(short["group"], short["value"], strict=True)}
    changes = whole[(whole["measure"] == "changes_from_today") & (whole["service"] == "")]["value"]
    found["", "changes_from_today"] = next(iter(changes), float("nan"))
    return found


def _excepted(tables: Tables) -> dict[tuple[str, str], object]:
    """Return how many matters are excepted, and for each what is gone without and at how many designations."""
    listed = tables.get("exceptions")
    if listed is None or listed.empty:
        return {}
    used = listed[_true(listed["would_have_broken"])]
    found: dict[tuple[str, str], object] = {("", "documented exceptions"): float(len(matters(used)))}
    return found | {("", f"excepted: without {needs}"): float(len(rows)) for (needs, _), rows in matters(used)}


def _broken(tables: Tables) -> dict[tuple[str, str], object]:
    """Return how many rules are broken, and each of them with how far it is from holding."""
    broken = tables["rules"][~_true(tables["rules"]["pass"])]
    found: dict[tuple[str, str], object] = {("", "rules broken"): len(broken)}
    for row in broken.to_dict("records"):
        found["", f"breaks {row['instance']} ({row['unit']})"] = -float(row["spare"])
    return found


def _true(values: pd.Series) -> pd.Series:
    return values.astype(str).str.lower() == "true"
