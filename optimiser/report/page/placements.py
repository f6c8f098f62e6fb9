"""The ways to place one service, every other where the answer has it: each a row, its figures with bars in the cells.

Where there are few ways, all of them are shown, lawful ones first. Of more there are the answer, the next best, those
level with it, today's and those of the other runs, and beside them those that break fewest rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import floor, inf, isfinite
from typing import Any

import pandas as pd

from optimiser.explanation import broken
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.finished import Run
from optimiser.plan.proof import Designations
from optimiser.problem import Problem, RotaNeed, Service
from optimiser.problem.words import decimals, listed, percent, short, shown, whole
from optimiser.report import words
from optimiser.report.page.question import designated_at

MOST = 12
AT_A_UNIT = "patients a year at a unit"
# Where so many sites are candidates, all of them are named; where so many are, all but one.
FEW, MOST_NAMED = 2, 3
# Of at most so many ways the best are found by judging all.
MOST_JUDGED = 64
LONGEST = 44
# What a rule asks too little or too much of, by the unit of its two sides; other rules are counted.
ASKED = {
    "patients a year": "patients",
    "people": "staff",
    "WTE": "staff",
    "minutes": "minutes",
    "sites": "sites",
    "share of patients": "patients in time",
}
SHORT = {">=": "too few", "<=": "too many"}
LAWFUL = "meets every rule"
# Over the rows where there are too many ways for all to be listed.
SOME = "Some of the choices of sites"


@dataclass(frozen=True)
class Way:
    """One way to place a service: what is designated, and what people call it (the answer, today, a run's name).

    ``named`` is whether it is shown in any case.
    """

    designated: Designations
    sites: tuple[str, ...]
    called: tuple[str, ...]
    named: bool


@dataclass(frozen=True)
class Bar:
    """A cell of a row: its text, the number that its bar stands for, how long that is, and if a rule is broken.

    A bar is at most ``LONGEST``: that is all patients or, of minutes, the longest average of all rows.
    """

    text: str
    number: float | None = None
    bad: bool = False
    minutes: bool = False
    length: float = 0.0


@dataclass(frozen=True)
class Placement:
    """A row: where, what it is called, its cells, the verdict, how many rules it breaks, and these in words.

    ``by`` is by how much it misses them, as a share of what they ask, and ``lacks`` says so of the one that it misses.
    ``not_settled`` is the reference that tells that the number which decides may be another; else nothing.
    """

    way: Way
    name: str
    cells: Sequence[Bar]
    verdict: str
    broken: int
    stopped_by: Sequence[str]
    by: float
    lacks: str
    not_settled: str = ""

    @property
    def lawful(self) -> bool:
        """Whether it breaks no rule."""
        return not self.broken

    @property
    def mean(self) -> float:
        """Average minutes; infinite where somebody reaches no site."""
        return inf if self.cells[0].number is None else self.cells[0].number


def ways(runs: Sequence[Run], service: str, answer: str) -> list[Way]:
    """Return every way to place a service or, where they are many, those with a name, in site order.

    ``answer`` is what the first run is called.
    """
    plan = runs[0].plan
    problem = plan.problem
    standings = [one for one in plan.proof.standings or () if one.service == service]
    along = {
        _sites(problem, service, there): there
        for one in standings
        for there in (*((one.runner_up,) if one.runner_up is not None else ()), *(r.designated for r in one.rivals))
    }
    called: dict[tuple[str, ...], list[str]] = {plan.sites_of(service): [answer]}
    if service in problem.services_with_today:
        called.setdefault(_sites(problem, service, problem.today), []).append("today")
    for run in runs[1:]:
        if run.plan.problem.candidates == problem.candidates and service in run.plan.problem.services:
            called.setdefault(run.plan.sites_of(service), []).append(run.name)
    named = list(dict.fromkeys((*called, *along)))
    every = _every(problem.services[service], problem.candidates) or named
    return [_way(plan, service, one, along, called) for one in every if one or one in called]


def _every(service: Service, candidates: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every choice of sites that what is fixed allows, if they can all be judged; else none."""
    open_sites = sum(site not in service.fixed for site in candidates)
    if 2**open_sites > MOST_JUDGED:
        return []
    may = [(service.fixed[site].provided,) if site in service.fixed else (True, False) for site in candidates]
    return [tuple(site for site, there in zip(candidates, choice, strict=True) if there) for choice in product(*may)]


def _sites(problem: Problem, service: str, designated: Designations) -> tuple[str, ...]:
    return tuple(site for site in problem.candidates if (site, service) in designated)


def _way(
    plan: Plan,
    service: str,
    sites: tuple[str, ...],
    along: Mapping[tuple[str, ...], Designations],
    called: Mapping[tuple[str, ...], list[str]],
) -> Way:
    others = {pair for pair in plan.designated if pair[1] != service}
    there = along.get(sites, frozenset(others | {(site, service) for site in sites}))
    return Way(there, sites, tuple(called.get(sites, ())), sites in called or sites in along)


def data(runs: Sequence[Run], service: str, answer: str) -> dict[str, Any]:
    """Return the ways to place a service as data: what each is called, and the sites of every service that differs."""
    plan, one = runs[0].plan, runs[0].plan.problem.services[service]
    rota, least = _rota(one), one.minimum_patients
    return {
        "heads": heads(plan.problem, service),
        "units_at": units_at(plan.problem, service),
        "floor": least.value if least else None,
        "ceiling": one.maximum_patients.value if one.maximum_patients else None,
        "length": LONGEST,
        "every": bool(_every(one, plan.problem.candidates)),
        "most": MOST,
        "team": [rota.team, rota.unit] if rota else None,
        "staff": _team(plan.problem, rota) if rota else "",
        "ways": [
            {
                "called": list(way.called),
                "named": way.named,
                "sites": list(way.sites),
                "choice": _changes(plan, way.designated),
            }
            for way in ways(runs, service, answer)
        ],
    }


def _changes(plan: Plan, designated: Designations) -> dict[str, list[str]]:
    here, there = designated_at(plan.problem, plan.designated), designated_at(plan.problem, designated)
    return {code: sites for code, sites in there.items() if sites != here[code]}


def heads(problem: Problem, service: str) -> list[str]:
    """Return the headings of the columns."""
    one = problem.services[service]
    rota = _rota(one)
    limits = {"at least": one.minimum_patients, "at most": one.maximum_patients}
    asked = ", ".join(f"{bound} {whole(limit.value)}" for bound, limit in limits.items() if limit)
    seen = f"{AT_A_UNIT}{f' ({asked})' if asked else ''}"
    average = "average minutes, waits included" if one.transfer else "average minutes"
    straight = ["of these on the road", "average if taken straight there"] if one.transfer else []
    return [
        *("at", average, *straight, f"within {words.limit_of(one):g} minutes", "treated outside", seen),
        *([f"{_team(problem, rota)} needed"] if rota else []),
        "",
    ]


def units_at(problem: Problem, service: str) -> int:
    """Return which column is of the patients of units, which takes more room."""
    return next(n for n, head in enumerate(heads(problem, service)) if head.startswith(AT_A_UNIT))


def _team(problem: Problem, rota: RotaNeed) -> str:
    return f"{'' if rota.unit == 'people' else f'{rota.unit} '}{problem.teams[rota.team].name}"


def _rota(service: Service) -> RotaNeed | None:
    return service.rotas[0] if service.rotas else None


def placements(runs: Sequence[Run], service: str, answer: str) -> tuple[str, list[Placement]]:
    """Return a title and the rows of a service that are shown: those that meet every rule first, then by average."""
    every = [_placement(runs[0].plan, service, way) for way in ways(runs, service, answer)]
    # Of those that nobody named, the ones that break fewest rules, and of these the nearest by road.
    rest = sorted((one for one in every if not one.way.named), key=lambda one: (one.broken, one.mean))
    named = sum(one.way.named for one in every)
    left_out = rest[max(0, MOST - named) :]
    found = sorted((one for one in every if one not in left_out), key=lambda one: (not one.lawful, one.mean))
    longest = max((cell.number for row in found for cell in row.cells if cell.minutes and cell.number), default=1.0)
    listed_all = bool(_every(runs[0].plan.problem.services[service], runs[0].plan.problem.candidates))
    title = _title(every, found) if listed_all else SOME
    return title, [replace(row, cells=[_drawn(cell, longest) for cell in row.cells]) for row in found]


def _title(every: Sequence[Placement], shown: Sequence[Placement]) -> str:
    lawful = sum(one.lawful for one in every)
    left = len(every) - len(shown)
    some = f"; {left} not shown that break more or take longer" if left else ""
    return f"{lawful} of {len(every)} choices of sites {'meets' if lawful == 1 else 'meet'} every rule{some}"


def _drawn(cell: Bar, longest: float) -> Bar:
    if cell.number is None:
        return cell
    return replace(cell, length=floor(LONGEST * cell.number / (longest if cell.minutes else 1.0)))


def _placement(plan: Plan, service: str, way: Way) -> Placement:
    problem = plan.problem
    there = plan if way.designated == plan.designated else evaluate(problem, way.designated)
    rows = pd.DataFrame(measures.of_service(there, service), columns=measures.COLUMNS)
    straight = list(measures.straight_there(there, service)) if problem.services[service].transfer else []
    values = {f"{m}|{s}|{g}": v for m, s, g, v, *_ in (*rows.itertuples(index=False), *straight)}
    cells = [*_journeys(problem, service, values), _seen(problem, service, way, values), *_staff(there, service)]
    name = _where(problem, way.sites)
    stopped_by = broken.lines(there)
    by, lacks = broken.by_how_much(there), broken.in_short(there, stopped_by)
    return Placement(way, name, cells, verdict(there.broken), len(there.broken), stopped_by, by, lacks)


def _journeys(problem: Problem, service: str, values: dict[str, float]) -> Iterator[Bar]:
    """Yield average minutes, the share within the standard and that treated outside."""
    of_transfer = ["mean_road_minutes", f"mean_minutes{measures.STRAIGHT_THERE}"]
    for measure in ("mean_minutes", *(of_transfer if problem.services[service].transfer else ())):
        mean = values.get(f"{measure}|{service}|", float("nan"))
        known = isfinite(mean)
        yield Bar(decimals(mean, 2) if known else "no site", mean if known else None, minutes=True)
    for share in (words.share_within(values, service), words.share_outside(values, problem, service)):
        yield Bar(percent(share), share if isfinite(share) else None)


def _where(problem: Problem, sites: Sequence[str]) -> str:
    """Return the names of sites; of all how many they are, of all but one that is not among many the one."""
    others, many = [site for site in problem.candidates if site not in sites], len(problem.candidates)
    if not others and many > FEW:
        return f"all {many} sites"
    if len(others) == 1 and many > MOST_NAMED:
        return f"all but {short(problem.sites[others[0]].name)}"
    return words.where(problem, sites)


def _seen(problem: Problem, service: str, way: Way, values: dict[str, float]) -> Bar:
    """Return the patients a year of the smallest and the largest unit, and whether they are too few or too many."""
    one, seen = problem.services[service], [values[f"site_patients|{service}|{site}"] for site in way.sites]
    if not seen:
        return Bar("–")
    few = one.minimum_patients is not None and min(seen) < one.minimum_patients.value
    many = one.maximum_patients is not None and max(seen) > one.maximum_patients.value
    ends = dict.fromkeys((whole(min(seen)), whole(max(seen))))
    return Bar(" to ".join(ends), bad=few or many)


def _staff(plan: Plan, service: str) -> Iterator[Bar]:
    """Yield how many the first rota of a service needs over all sites, of how many there are."""
    rota = _rota(plan.problem.services[service])
    if rota:
        here = plan.staffing_of(rota.team, rota.unit)
        needed, there = (round(float(here[name].sum()), 2) for name in ("needed", "in_post"))
        yield Bar(f"{shown(needed)} of {shown(there)}", bad=bool(round(float(here["short"].sum()), 6) > 0))


def verdict(rows: pd.DataFrame) -> str:
    """Return which rules are broken in two or three words, by what there is too little or too much of."""
    if rows.empty:
        return LAWFUL
    said = list(zip(rows["relation"], rows["unit"], strict=True))
    found = []
    for relation, words_of in SHORT.items():
        what = dict.fromkeys(ASKED[unit] for one, unit in said if one == relation and unit in ASKED)
        found += [f"{words_of} {listed(what)}"] if what else []
    others = sum(relation not in SHORT or unit not in ASKED for relation, unit in said)
    return listed([*found, *([f"{'other ' if found else ''}rules broken ({others})"] if others else [])])
