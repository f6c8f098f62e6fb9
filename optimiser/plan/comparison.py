"""Plan against plan: the same measures side by side, and how each differs from the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from optimiser.plan import Plan, matters
from optimiser.plan.affected import asked_about, between
from optimiser.plan.asked import is_true, lacks_who_may_move, refuse_other_places, settings_apart, who_may_move
from optimiser.plan.measures import MORE_THAN_TODAY
from optimiser.plan.quotable import sentences
from optimiser.problem.words import without_sites

COMPARED = (
    "mean_minutes",
    "mean_road_minutes",
    "mean_minutes_straight_there",
    "median_minutes",
    "p95_minutes",
    "worst_minutes",
    "people_beyond_30",
    "people_beyond_45",
    "people_beyond_60",
    "patients_beyond_standard",
    "share_outside",
    "visitors_mean_minutes",
    "patients_out_of_visitors_reach",
    "patients_past_a_nearer_site",
    "nearest_mean_minutes",
    "beds_needed",
    "transfers_per_day",
    "repatriations_per_year",
    "ambulance_hours_per_year",
)

FROM_OUTSIDE = "patients from outside"
PLACES_BROKEN = "places where rules are broken"
WITHOUT_EXCEPTIONS = "places where rules would be broken if no exception were granted"
# How rows on neighbours begin; they are left out where no answer has more or fewer.
MORE_AT = "patients more than with today's sites at "

# Summed over the services that publish them.
IN_ALL = ("transfers_per_day", "repatriations_per_year", "ambulance_hours_per_year", "beds_needed")

Tables = Mapping[str, pd.DataFrame]


def compare(plans: Sequence[Plan] | Mapping[str, Plan] | Mapping[str, Tables]) -> pd.DataFrame:
    """Set plans side by side.

    Parameters
    ----------
    plans
        Plans, plans by name, or the tables of runs by name, as ``finished.read_tables`` gives them. The first is what
        others differ from.

    Returns
    -------
    pandas.DataFrame
        One row a (service, measure), one column a plan: sites, journeys of residents, patients at each site, transfers,
        beds, staff, changes from today, documented exceptions, and every rule broken, with by how much. Values are
        numbers, but for the sites, which are codes.

    Raises
    ------
    InputError
        When they are of different places.
    """
    if not isinstance(plans, Mapping):
        plans = {f"{number}. {plan.problem.title}": plan for number, plan in enumerate(plans, start=1)}
    answers = {name: tables_of(one) if isinstance(one, Plan) else one for name, one in plans.items()}
    refuse_other_places(answers)
    columns = {name: _column(tables) for name, tables in answers.items()}
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    rows = {
        row: None for row in rows if not row[1].startswith(MORE_AT) or any(one.get(row) for one in columns.values())
    }
    services = [str(service) for service in dict.fromkeys(service for service, _ in rows)]
    order = pd.MultiIndex.from_tuples(
        sorted(rows, key=lambda row: services.index(str(row[0]))), names=["service", "measure"]
    )
    return pd.DataFrame({name: [column.get(row) for row in order] for name, column in columns.items()}, index=order)


def affected(answers: Mapping[str, Tables]) -> dict[str, pd.DataFrame]:
    """Return who gains and who loses under each answer against the first, and what may be quoted about it.

    Parameters
    ----------
    answers
        Tables by name, as ``tables_of`` and ``runs.read_tables`` give them; the first is what others are set against.

    Returns
    -------
    dict
        Every frame of ``affected.between``, and ``sentences``, by name; the first column says which answer a row is of.
        ``cliffs`` and ``volumes`` have the first answer too.
    """
    refuse_other_places(answers)
    (base_name, base), *others = answers.items()
    found: dict[str, list[pd.DataFrame]] = {}
    for name, answer in [(base_name, base), *others]:
        frames = between(base, answer)
        if name == base_name:
            frames = {kept: frames[kept] for kept in ("cliffs",)}
        else:
            apart = settings_apart(base, answer, (base_name, name)).items()
            frames["settings"] = pd.DataFrame(apart, columns=["setting", "in_words"])
            frames["sentences"] = sentences(base, answer, frames, name=name, base_name=base_name)
        for frame_name, frame in frames.items():
            found.setdefault(frame_name, []).append(frame.assign(answer=name)[["answer", *frame.columns]])
    return {name: pd.concat(frames, ignore_index=True) for name, frames in found.items()}


def tables_of(plan: Plan) -> dict[str, pd.DataFrame]:
    """Return the tables of a plan that a comparison needs."""
    return {
        "designations": plan.designations,
        "journeys": plan.journeys,
        "measures": plan.measures,
        "rules": plan.rules,
        "exceptions": plan.exceptions,
        **asked_about(plan.problem),
        **broken_today(plan),
    }


def broken_today(plan: Plan) -> dict[str, pd.DataFrame]:
    """Return the rules that today's sites break in a plan's question, by the name of that table of a comparison.

    Nothing of today's sites themselves, and where it is not stated of some service where it is today.
    """
    known = plan.problem.services_with_today >= {*plan.problem.services}
    return {"broken_today": plan.today.broken[["instance"]]} if known and plan.designated != plan.problem.today else {}


def _column(tables: Tables) -> dict[tuple[str, str], object]:
    found: dict[tuple[str, str], object] = {}
    chosen, sites = tables["designations"], tables["sites"]
    outside = {*sites["site"][sites["neighbour"].astype(bool)]}
    by_name = tables["measures"].set_index(["service", "measure", "group"])["value"]
    for service in chosen["service"].unique():
        rows = chosen[(chosen["service"] == service) & is_true(chosen["designated"])]
        found[service, "sites"] = ", ".join(rows["site"]) or "none"
        reached = {group for code, name, group in by_name.index if (code, name) == (service, "site_patients")}
        # Where no neighbour could take anybody, nobody is treated outside for another reason than where some could.
        nowhere = not reached & outside
        for name in COMPARED:
            if (service, name, "") in by_name.index and not (nowhere and name == "share_outside"):
                found[service, name] = by_name[service, name, ""]
        come = [(service, "site_patients_from_outside", site) for site in rows["site"]]
        if any(one in by_name.index for one in come):
            found[service, FROM_OUTSIDE] = float(sum(by_name.get(one, 0.0) for one in come))
        for site in rows["site"]:
            if (service, "site_patients", site) in by_name.index:
                found[service, f"patients at {site}"] = by_name[service, "site_patients", site]
    more = tables["measures"][tables["measures"]["measure"] == MORE_THAN_TODAY]
    for row in more.to_dict("records"):
        found[row["service"], f"{MORE_AT}{row['group']}"] = row["value"]
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
    used = listed[is_true(listed["would_have_broken"])]
    found: dict[tuple[str, str], object] = {("", "documented exceptions"): float(len(matters(used)))}
    return found | {("", f"excepted: without {needs}"): float(len(rows)) for (needs, _), rows in matters(used)}


def _broken(tables: Tables) -> dict[tuple[str, str], object]:
    """Return how many rules are broken and in how many places, and each of these with how far it is from holding.

    Staff who may move between sites are lacking at none of them in particular: that is one place.
    """
    broken = tables["rules"][~is_true(tables["rules"]["pass"])]
    listed = tables.get("exceptions")
    excepted = 0 if listed is None or listed.empty else int(is_true(listed["would_have_broken"]).sum())
    sites, moving = tables["sites"]["site"], who_may_move(tables)
    rules = {instance: without_sites(instance, sites) for instance in map(str, broken["instance"])}
    where = {rule if lacks_who_may_move(instance, moving) else instance for instance, rule in rules.items()}
    found: dict[tuple[str, str], object] = {
        ("", "rules broken"): len({*rules.values()}),
        ("", PLACES_BROKEN): len(where),
    }
    found["", WITHOUT_EXCEPTIONS] = len(where) + excepted
    for row in broken.to_dict("records"):
        found["", f"breaks {row['instance']} ({row['unit']})"] = -float(row["spare"])
    return found
