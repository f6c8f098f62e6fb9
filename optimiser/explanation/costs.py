"""What another plan would cost, exactly, and for whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optimiser.model.staffing import totals
from optimiser.plan import Plan, measures
from optimiser.plan.quotable import WAITS_INCLUDED
from optimiser.problem import Problem
from optimiser.problem.words import (
    against,
    amount,
    amount_told,
    apart,
    as_told,
    is_one,
    listed,
    moves,
    percent,
    places,
    shown,
)

Designations = frozenset[tuple[str, str]]
Floats = NDArray[np.float64]

# A journey is said to be longer or shorter only when it differs by more than so many minutes.
MINUTES_THAT_MATTER = 5.0
# A change of waits that shows in hundredths of a minute.
SHORTEST_WAIT = 0.005
EVERYBODY_THERE = "all residents"
# Units of what is counted one by one: fewer of them, not less.
COUNTED = ("changes", "patients", "people", "transfers")
GROUPED_BY, OLDER, GOING = ("deprivation_decile", "district"), "population_75_plus", "going_75_plus"
WHOM_COLUMNS = [
    *("service", "group", "people", "people_longer", "people_shorter", "areas_longer", "areas_shorter"),
    *("mean_before", "mean_after", "mean_change_of_those_affected"),
]


# Of a service that patients reach by way of another: what is done for them on the way is not counted.
NO_TREATMENT = "these are no minutes to treatment"


@dataclass(frozen=True)
class Cost:
    """What one objective comes to under two plans, in its unit. Less is better of every objective."""

    objective: str
    unit: str
    before: float
    after: float

    @property
    def more(self) -> float:
        """How much more the second plan comes to."""
        return self.after - self.before if self.after != self.before else 0.0

    def __str__(self) -> str:
        """Return the cost in words."""
        name = self.objective.replace("_", " ")
        if not self.more:
            return f"{name}: the same, {amount_told(self.before, self.unit)}"
        if not isfinite(self.more):
            sides = (amount(one, self.unit) for one in (self.after, self.before))
            return f"{name}: {' against '.join(sides)}, for some patients reach no site"
        numbers = f"{_told(self.after, self.before, self.unit)} against {_told(self.before, self.after, self.unit)}"
        less = "fewer" if self.unit.startswith(COUNTED) else "less"
        return f"{name}: {amount_told(abs(self.more), self.unit)} {'more' if self.more > 0 else less} ({numbers})"


def _told(number: float, beside: float, unit: str) -> str:
    """Return a number as it is told beside another that it is set against: with parts where whole ones are the same."""
    told = as_told(number, unit)
    places = next((n for n in range(7) if round(number, n) != round(beside, n)), 6)
    return told if told != as_told(beside, unit) else f"{number:,.{places}f}"


def costs_in_words(before: Plan, after: Plan, found: Collection[Cost], begun: str = "") -> list[str]:
    """Return a line for each service of which another plan changes the mean journey, and one for each objective."""
    means = [f"  - {begun}{words}" for words in means_in_words(before, after)]
    return [*means, *(f"  - {begun}{cost}{_of_whom(before, after, cost)}" for cost in found)]


def _of_whom(before: Plan, after: Plan, cost: Cost) -> str:
    """Return of which staff two plans are short, where people and WTE are added up; else nothing."""
    if cost.objective != "staff_short" or not cost.more:
        return ""
    both = []
    for plan in (after, before):
        short = [(who, many) for who, many in totals(plan.staffing, "short").items() if many]
        named = (f"{_counted(many, unit)} {plan.problem.teams[team].name}" for (team, unit), many in short)
        both.append(listed(named, "nobody"))
    return f": {both[0]} against {both[1]}"


def _counted(many: float, unit: str) -> str:
    return f"{shown(many)} WTE" if unit == "WTE" else f"{shown(many)} of the" if is_one(many) else shown(many)


def means_in_words(before: Plan, after: Plan) -> list[str]:
    """Return by how many minutes a patient the mean journeys of two plans differ, for each service that differs.

    Last, of which services that differ no patients are counted: of those nothing can be longer or shorter.
    """
    lines = []
    for code in before.problem.services_with_patients:
        here, there = (round(measures.mean_minutes(measures.residents(plan, code)), 9) for plan in (before, after))
        if here == there or not (isfinite(here) and isfinite(there)):
            continue
        more = f"{apart(abs(there - here))} a patient {'more' if there > here else 'less'}"
        name = before.problem.services[code].name
        of_it = _waits(before, after, code, there - here)
        sides = f"{_told(there, here, 'minutes')} against {_told(here, there, 'minutes')} on average"
        level = ", which counts as level" if abs(there - here) <= before.problem.level_within(here) else ""
        lines.append(f"{name}: {more} ({sides}{level}){of_it}")
    unseen = [before.problem.services[code].name for code in without_patients(before, after)]
    return [*lines, *([f"no patients of {listed(unseen)} are counted"] if unseen else [])]


def without_patients(before: Plan, after: Plan) -> list[str]:
    """Return the services that two plans have at other sites, and whose patients are not counted."""
    problem = before.problem
    apart = {code for _, code in before.designated ^ after.designated}
    return [code for code in problem.services if code in apart and code not in problem.services_with_patients]


def _waits(before: Plan, after: Plan, service: str, difference: float) -> str:
    """Return how much of a difference of mean journeys is on the road; nothing where nobody waits to be taken on."""
    if before.problem.services[service].transfer is None:
        return ""
    here, there = (measures.mean_road_minutes(plan, service) for plan in (before, after))
    if abs(difference - there + here) < SHORTEST_WAIT:
        return f", all of it on the road; {NO_TREATMENT}"
    waits = f"{difference - there + here:+.2f} of waits that are assumed"
    return f": {there - here:+.2f} on the road and {waits}; {NO_TREATMENT}"


@dataclass(frozen=True)
class Change:
    """One service that opens or closes at one site."""

    site: str
    service: str
    opens: bool


def costs(before: Plan, after: Plan) -> tuple[Cost, ...]:
    """Return what each objective of a question comes to under two plans of it, by exact arithmetic."""
    both = zip(before.proof.objectives, after.proof.objectives, strict=True)
    return tuple(Cost(here.name, here.unit, here.value, there.value) for here, there in both)


def changes(problem: Problem, before: Designations, after: Designations) -> tuple[Change, ...]:
    """Return what opens and closes between two sets of designations, by service and site."""
    return tuple(
        Change(site, code, (site, code) in after)
        for code in problem.services
        for site in problem.candidates
        if ((site, code) in before) != ((site, code) in after)
    )


def changes_in_words(problem: Problem, changed: Collection[Change], against_what: str = "the plan") -> str:
    """Return how an option differs from another as a list in a sentence: what opens, is kept and closes where."""
    found = []
    for code, service in problem.services.items():
        known = code in problem.services_with_today
        of_service = [one for one in changed if one.service == code]
        both = [[problem.sites[one.site].name for one in of_service if one.opens == way] for way in (False, True)]
        not_there = not any(known and (one.site, code) in problem.today for one in of_service)
        if of_service and not_there and len(both[0]) == len(both[1]):
            found.append(f"{service.name} {moves(*both)}")
            continue
        for opens in (True, False):
            here = [one for one in of_service if one.opens == opens]
            for today in (True, False) if known else (None,):
                at = [one.site for one in here if today is None or ((one.site, code) in problem.today) == today]
                if at:
                    names = (problem.sites[site].name for site in at)
                    found.append(f"{service.name} {against(against_what, opens, today, names)}")
    return "; ".join(found) or "nothing changes"


def elsewhere_in_words(plan: Plan, then: Designations) -> str:
    """Return which services other designations have at other sites than a plan, each with all its sites there."""
    problem, at = plan.problem, dict[tuple[str, ...], list[str]]()
    for code, service in problem.services.items():
        there = tuple(site for site in problem.candidates if (site, code) in then)
        if there != plan.sites_of(code):
            at.setdefault(there, []).append(service.name)
    said = [f"{listed(names)} at {places(problem, there)}" for there, names in at.items()]
    return listed(said) if all(len(names) == 1 for names in at.values()) else "; ".join(said)


def for_whom(before: Plan, after: Plan, *, minutes: float = MINUTES_THAT_MATTER) -> pd.DataFrame:
    """Work out who would travel longer and who shorter under another plan.

    Returns
    -------
    pandas.DataFrame
        One row a service whose journeys change and group of residents: all, deprivation fifths, age 75+, districts.
        People and areas whose journey is longer or shorter by more than ``minutes``; mean minutes of patients (of
        people for age 75+) under both plans; and the mean change of those whose journey changes at all.
    """
    rows = [row for code in before.problem.services_with_patients for row in _rows(before, after, code, minutes)]
    return pd.DataFrame(rows, columns=WHOM_COLUMNS)


def whom_in_words(problem: Problem, whom: pd.DataFrame) -> list[str]:
    """Return, for each service whose journeys change, a line on people and one on the groups that lose most.

    Services of which the same is to be said share them.
    """
    alike = dict[tuple[str, ...], list[str]]()
    transfers = {code: one.transfer.share_transferred.value for code, one in problem.services.items() if one.transfer}
    taken_on = {code: percent(share) for code, share in transfers.items() if share < 1}
    waits = dict.fromkeys(transfers, f", {WAITS_INCLUDED}")
    leaving = " (if as many of them leave as of all patients)" * bool(problem.streams.leaves.any())
    for code, rows in whom.groupby("service", sort=False):
        name, every = problem.services[str(code)].name, rows.iloc[0]
        of_all = f" of {every.people:,.0f}" if isfinite(every.people) else ""
        of_areas = f" of {int(problem.resident_areas.sum()):,} areas"
        longer, shorter = (
            f"{f'{round(people):,}{of_all} people' if isfinite(people) else 'people'} in {areas:,.0f}{of_areas}"
            if areas
            else "nobody"
            for people, areas in (
                (every.people_longer, every.areas_longer),
                (every.people_shorter, every.areas_shorter),
            )
        )
        one = not every.areas_longer or (isfinite(every.people_longer) and is_one(round(every.people_longer)))
        live = "lives" if one else "live"
        means = _from_to(every.mean_before, every.mean_after, " minutes")
        share = taken_on.get(str(code), "")
        told = f", on the average of an area's patients, of whom {share} of those seen first elsewhere are taken on"
        lines = [
            f"{longer} {live} where it would take over {MINUTES_THAT_MATTER:g} minutes longer, {shorter} where "
            f"over {MINUTES_THAT_MATTER:g} less{told * bool(share)}; mean journey {means}{waits.get(str(code), '')}."
        ]
        by_group = list(zip(rows["group"], rows["mean_before"], rows["mean_after"], strict=True))
        groups = [
            f"{'people of' if group == measures.AGE_75_PLUS else 'patients of'} {group}"
            f"{leaving * (group == measures.AGE_75_PLUS)} {_from_to(here, there)}"
            for group, here, there in by_group
            if "deprived" in group or group == measures.AGE_75_PLUS
        ]
        districts = (one for one in by_group if one[0].startswith("district "))
        named, here, there = max(districts, key=lambda one: one[2] - one[1], default=("", 0.0, 0.0))
        if there > here:
            groups.append(f"most longer for patients of {named.removeprefix('district ')}, {_from_to(here, there)}")
        lines += [f"  {'; '.join(groups)}{waits.get(str(code), '')}."] if groups else []
        alike.setdefault(tuple(lines), []).append(name)
    return [line for (first, *rest), names in alike.items() for line in (f"{listed(names)}: {first}", *rest)]


def _from_to(before: float, after: float, unit: str = "") -> str:
    if isfinite(after):
        return f"{before:.2f} to {after:.2f}{unit}"
    return f"{before:.2f}{unit} to no end" + (", for some reach no site" if unit else "")


def _rows(before: Plan, after: Plan, service: str, minutes: float) -> Iterator[tuple[object, ...]]:
    here, there = (measures.of_each_stream(measures.residents(plan, service)) for plan in (before, after))
    spent = [frame["minutes_spent"].fillna(np.inf) for frame in (here, there)]
    longer = (spent[1] - spent[0]).fillna(0.0).round(9)  # infinite either way is no change
    if not longer.any():
        return
    columns = [*GROUPED_BY, "patients_per_year", "population", OLDER, GOING]
    frame = here[[one for one in columns if one in here]].assign(before=spent[0], after=spent[1], longer=longer)
    numbers = {name: frame[name].to_numpy(dtype=float) for name in frame.columns if name not in GROUPED_BY}
    numbers.setdefault("population", np.full(len(frame), np.nan))
    places = frame[[one for one in GROUPED_BY if one in frame]].assign(place=np.arange(len(frame)))
    members = {group: one["place"].to_numpy() for group, one in measures.groups(places)}
    for group, rows in {EVERYBODY_THERE: places["place"].to_numpy(), **members}.items():
        of_group = {name: column[rows] for name, column in numbers.items()}
        yield (service, group, *_row(of_group, "patients_per_year", "population", minutes))
    if OLDER in frame:
        yield (service, measures.AGE_75_PLUS, *_row(numbers, GOING, OLDER, minutes))


def _row(numbers: Mapping[str, Floats], weight: str, people: str, minutes: float) -> Iterator[float]:
    longer, number, weights = numbers["longer"], numbers[people], numbers[weight]
    over, under, affected = longer > minutes, longer < -minutes, longer != 0
    # Of nobody the sum is 0, but where it is not known how many there are it is not known either.
    unknown = np.nan if np.isnan(number).any() else 0.0
    sums = (number.sum(), number[over].sum() + unknown, number[under].sum() + unknown)
    yield from map(float, (*sums, over.sum(), under.sum()))
    yield from (_mean(numbers[name], weights) for name in ("before", "after"))
    yield _mean(longer[affected], weights[affected])


def _mean(values: Floats, weights: Floats) -> float:
    counted = weights > 0
    total = float(weights[counted].sum())
    return float(values[counted] @ weights[counted]) / total if total else float("nan")
