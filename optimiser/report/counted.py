"""Today as counted: what activity.csv has of the sites that provide a service today, beside what the model says."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from optimiser.plan import Plan, evaluate, measures
from optimiser.problem import worked_out_once
from optimiser.problem.words import begun, change_in_percent, listed, many_of, short, whole


@dataclass(frozen=True)
class Counted:
    """The counts of one activity at the sites of today: by site, in a period, with who counted, and the model's.

    ``verified`` is whether every source of them was read; ``periods`` has all periods of which each site was counted.
    """

    services: tuple[str, ...]
    period: str
    source: str
    verified: bool
    counts: Mapping[str, float]
    modelled: Mapping[str, float]
    periods: Mapping[str, Mapping[str, float]]


def counted_today(plan: Plan) -> tuple[Counted, ...]:
    """Return the counts of every activity that was counted at all sites that provide its services today.

    Of several periods, the one that a service names (``observed``); else that which has fewest years beside those that
    its patients are of, the latest of equals.
    """
    problem = plan.problem
    rows, found = table_of(problem.files, "activity"), dict[tuple[object, ...], Counted]()
    for code in problem.services_with_patients:
        service = problem.services[code]
        today = tuple(site for site in problem.candidates if (site, code) in problem.today)
        periods: dict[str, dict[str, float]] = {}
        for row in rows:
            if row.get("activity") == service.activity and row.get("site") in today:
                periods.setdefault(row["period"], {})[row["site"]] = float(row["count"])
        whole_ones = sorted(period for period, counts in periods.items() if today and len(counts) == len(today))
        if not whole_ones or _some_go_on(plan, code):
            continue
        asked = _years_of_demand(plan, str(service.activity))
        stated = service.observed.period if service.observed else ""
        nearest = min(reversed(whole_ones), key=lambda one: len(_years(one) - asked))
        period = stated if stated in whole_ones else nearest
        key = (service.activity, today)
        same = found.get(key)
        found[key] = Counted(
            (*(same.services if same else ()), code),
            period,
            *_source(problem.files, "activity", "count", str(service.activity)),
            periods[period],
            same.modelled if same else _modelled(plan.today, code, today),
            {one: periods[one] for one in whole_ones},
        )
    return tuple(found.values())


def _some_go_on(plan: Plan, service: str) -> bool:
    """Whether some of a service's patients are seen first today where it is not, and taken on: they count twice."""
    rows = plan.today.journeys_to(service)
    return bool((rows["site"].notna() & (rows["site"] != rows["first_site"])).any())


def in_words(plan: Plan, one: Counted, *, brief: bool = False) -> str:
    """Return the counts as a sentence, beside what the model says, and whose numbers each are: in brief, not whose."""
    problem = plan.problem
    names = listed(problem.services[code].name for code in one.services)
    each = [f"{short(problem.sites[site].name)} {whole(count)}" for site, count in one.counts.items()]
    model = [f"{short(problem.sites[site].name)} {whole(number)}" for site, number in one.modelled.items()]
    by = (
        f", {'counted by' if one.verified else 'as stated by'} {one.source}"
        if one.source
        else ", as activity.csv has them"
    )
    when = f"in {one.period}{by}"
    if brief and one.source and one.verified:
        when = f"counted in {one.period}"
    counted = many_of(problem, one.services[0])
    grown = " with its patients as grown" if problem.growth else ""
    said = f"{names} today: {listed(each)} {counted} {when}; {listed(model)} a year by this model{grown}."
    if brief:
        model = [whole(number) for number in one.modelled.values()]
        said = f"{begun(counted)} today: {listed(each)} {when}; the model: {listed(model)}{grown}."
    # Counts are of today: of patients as grown they tell nothing of the model.
    return said if problem.growth else f"{said}{_apart(plan, one)}"


def _apart(plan: Plan, one: Counted) -> str:
    """Return how far the model is from what was counted, in percent of that, and what follows."""
    off = how_far_off(one)
    if not off:
        exact = all(round(one.modelled[site] - count, 6) == 0 for site, count in one.counts.items())
        agree = " The two agree." if exact else " The two agree to a percent."
        return agree if all(one.counts.values()) else ""
    of_border = f" {said}" if (said := by_the_border(plan, [one])) else ""
    return f" The model is off by {off}: compare an answer with the model's today, not with the count.{of_border}"


def by_the_border(plan: Plan, found: Sequence[Counted]) -> str:
    """Return in a sentence who crosses the border by shares that are not of these activities, where some do.

    Beside it, how far the model would be off if nobody did: at one site the border may hide what the model is off
    by, at another add to it.
    """
    if plan.problem.border is None or not found:
        return ""
    inside, each = _if_nobody_crossed(plan), []
    for one in found:
        code = one.services[0]
        every, out = (measures.number(plan.today.measures, name, code) for name in ("patients", "patients_outside"))
        come = sum(one.modelled.values()) - (every - out)
        leave = f"{whole(out)} of {whole(every)} residents' {many_of(plan.problem, code)} are treated outside"
        off = how_far_off(replace(one, modelled=_modelled(inside, code, one.modelled)))
        apart = f"the model would be off by {off}" if off else "the model would agree"
        kept = ", offsets kept as they are" if plan.problem.services[code].observed else ""
        each.append(f"{leave} and {whole(come)} come in; if nobody crossed it{kept}, {apart}")
    return f"The border's shares are the same for every activity: {'; '.join(each)}."


@worked_out_once
def _if_nobody_crossed(plan: Plan) -> Plan:
    """Return how it is with today's sites if nobody crossed the border."""
    return evaluate(plan.problem.behind_its_border(), plan.designated).today


def _modelled(today: Plan, service: str, sites: Iterable[str]) -> dict[str, float]:
    """Return what the model says that some sites see of a service today."""
    rows = measures.of_service(today, service)
    table = {site: value for name, _, site, value, *_ in rows if name == "site_patients"}
    return {site: table[site] for site in sites}


def how_far_off(one: Counted) -> str:
    """Return how far the model is from what was counted, in percent of that; nothing where the two agree."""
    if not all(one.counts.values()):
        return ""
    off = [change_in_percent(one.modelled[site] / count - 1) for site, count in one.counts.items()]
    return "" if set(off) == {"0%"} else listed(off)


def table_of(files: Mapping[str, bytes], table: str) -> list[dict[str, str]]:
    """Return the rows of a table of the place; none where it is not there."""
    return list(csv.DictReader(io.StringIO(files.get(f"inputs/{table}.csv", b"").decode("utf-8-sig"))))


def sources_of(files: Mapping[str, bytes], table: str, column: str, activity: str) -> Iterator[dict[str, str]]:
    """Yield the sources of a column's rows of an activity, as rows of sources.csv; of every activity with ``""``."""
    known = {row["source"]: row for row in table_of(files, "sources")}
    for row in table_of(files, "columns"):
        words = set(re.findall(r"\w+", row.get("note") or ""))
        if (row.get("table"), row.get("column")) == (table, column) and (
            not activity or activity in words or not words
        ):
            yield from (known[one] for one in re.split(r"[\s;,]+", row.get("source") or "") if one in known)


def _source(files: Mapping[str, bytes], table: str, column: str, activity: str) -> tuple[str, bool]:
    """Return who published what a column has of an activity, in words, and whether every one of them was read."""
    sources = list(sources_of(files, table, column, activity))
    publishers = (one.get("publisher") or one.get("title") or "" for one in sources)
    return listed(dict.fromkeys(publishers)), all(one.get("verified") == "true" for one in sources)


def titles_of_demand(files: Mapping[str, bytes], activity: str) -> str:
    """Return the titles of the sources of an activity's patients, as a list in words."""
    sources = sources_of(files, "demand", "patients_per_year", activity)
    return listed(dict.fromkeys(one.get("title") or one.get("publisher") or "" for one in sources))


def _years(words: str) -> set[int]:
    """Return the years that words speak of, first to last; of a year such as 2018/19, both."""
    found = {int(year) for year in re.findall(r"\b(?:19|20)\d\d\b", words)}
    found |= {int(year[:2] + end) for year, end in re.findall(r"\b((?:19|20)\d\d)/(\d\d)\b", words)}
    return set(range(min(found), max(found) + 1)) if found else set()


def _years_of_demand(plan: Plan, activity: str) -> set[int]:
    """Return the years that an activity's patients are of: those in the titles of its sources, else their years."""
    sources = list(sources_of(plan.problem.files, "demand", "patients_per_year", activity))
    titles = _years(" ".join(one.get("title") or "" for one in sources))
    return titles or _years(" ".join(one.get("year") or "" for one in sources))
