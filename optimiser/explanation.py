"""Why there is no plan: the rules that clash, in words, and the cheapest ways out of each unit.

A clash is a smallest set of rules that cannot hold together: drop any one of them and a plan exists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pulp

from optimiser import catchment, solver
from optimiser.beds import beds_needed
from optimiser.decimals import exactly
from optimiser.model import Model, build
from optimiser.model.rules import UNITS, most_patients_in_beds
from optimiser.problem import Figure, Objective, Problem, Service, Transfer

# Not a standard and never relaxed, but a reason that people must be told of.
EVERYBODY = "every_area_is_served"
NAMED = (EVERYBODY, *UNITS)

# Rows of one demand: its rule and the names that say whose it is, so that a rota is one demand over all its sites.
Demand = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class WayOut:
    """How far one rule of a clash would have to give for a plan to exist, if every other rule stays."""

    demand: Demand
    by: float
    unit: str
    words: str


@dataclass(frozen=True)
class Clash:
    """A smallest set of rules that cannot hold together, in words, and the ways out, cheapest first within a unit."""

    demands: Mapping[Demand, str]
    ways_out: tuple[WayOut, ...]

    def __str__(self) -> str:
        """Return the clash as a paragraph."""
        lines = [f"No plan meets every rule. These {len(self.demands)} clash:"]
        if len(self.demands) == 1:
            lines = ["No plan meets every rule. This one cannot be met at all:"]
        lines += [f"  - {words} ({'.'.join((rule, *names))})" for (rule, names), words in self.demands.items()]
        if self.ways_out:
            lines.append("Any one of these would be enough:")
            lines += [f"  - {way.words}" for way in self.ways_out]
        return "\n".join(lines)


def clash(problem: Problem) -> Clash:
    """Find a smallest set of rules that cannot hold together, and the ways out.

    The problem must have no plan. Rules that say what the words mean are never dropped, only standards and resources.
    """
    chains = {code: catchment.chains(problem, code) for code in problem.services_with_patients}
    demands = _demands(build(problem, chains))
    kept = list(demands)
    # Resources give way before standards and those before the question itself, so that what is left reads as a reason.
    for demand in sorted(demands, key=_rank):
        without = [other for other in kept if other != demand]
        left_out = {row for other, rows in demands.items() if other not in without for row in rows}
        if not _possible(build(problem, chains, leave_out=left_out)):
            kept = without
    ways = (_way_out(problem, chains, demand, demands[demand]) for demand in kept)
    found = sorted((way for way in ways if way), key=lambda way: (_rank(way.demand), way.unit, way.by))
    return Clash({demand: _demand_words(problem, demand) for demand in kept}, tuple(found))


def _demands(model: Model) -> dict[Demand, list[str]]:
    rows: dict[Demand, list[str]] = {}
    for row, rule in model.rule_of.items():
        if rule in NAMED:
            rows.setdefault(_demand(rule, tuple(row.split(".")[1:])), []).append(row)
    return rows


def _demand(rule: str, names: tuple[str, ...]) -> Demand:
    """Group the rows of a rule into what people would call one demand."""
    if rule == "rota_is_filled":
        service, _, team, unit = names
        return rule, (service, team, unit)
    if rule in ("services_share_a_site", "services_are_within_reach"):
        return rule, (names[0], names[-1])
    if rule in ("nobody_travels_too_far", EVERYBODY):
        return rule, (names[0],)
    return rule, names


def _rank(demand: Demand) -> int:
    """Return the place of a rule in reading order: the rules of the question first, resources last."""
    return NAMED.index(demand[0])


def _possible(model: Model) -> bool:
    model.programme.setObjective(pulp.LpAffineExpression())
    return solver.run(model.programme).feasible


def _way_out(
    problem: Problem, chains: Mapping[str, catchment.Chains], demand: Demand, rows: Sequence[str]
) -> WayOut | None:
    """Return how little one demand must give for a plan to exist; None if it alone cannot make room."""
    if demand[0] == "nobody_travels_too_far":
        return _least_ceiling(problem, chains, demand)
    if demand[0] not in WAYS_OUT:
        return None
    model = build(problem, chains)
    gives: dict[str, pulp.LpVariable] = {}
    for row in rows:
        constraint = model.programme.get_constraint_by_name(row)
        whose = _gives_once(problem, demand) or row
        if whose not in gives:
            gives[whose] = model.programme.add_variable(f"gives.{len(gives)}", 0)
        constraint.addInPlace(gives[whose], 1 if constraint.sense == pulp.LpConstraintGE else -1)
    model.programme.setObjective(pulp.lpSum(gives.values()))
    outcome = solver.run(model.programme)
    if not outcome.feasible:
        return None
    by = round(outcome.objective, 6)
    return WayOut(demand, by, UNITS[demand[0]], WAYS_OUT[demand[0]](problem, demand[1], by))


def _gives_once(problem: Problem, demand: Demand) -> str:
    """Return a name where all rows of a demand give together: one team's need is the largest of its rows, not a sum."""
    across = demand[0] == "rota_is_filled" and problem.teams[demand[1][1]].across_sites
    return ".".join(demand[1]) if across else ""


def _least_ceiling(problem: Problem, chains: Mapping[str, catchment.Chains], demand: Demand) -> WayOut | None:
    """Return the shortest longest journey that every other rule leaves possible."""
    (service,) = demand[1]
    free = replace(problem.services[service], longest_journey_minutes=None)
    objective = Objective("worst_journey", (service,))
    varied = replace(problem, services={**problem.services, service: free}, objectives=(objective,))
    outcome = solver.run(build(varied, chains).programme)
    if not outcome.feasible:
        return None
    least = round(outcome.objective, 6)
    by = round(least - _number(problem.services[service].longest_journey_minutes), 6)
    return WayOut(demand, by, "minutes", f"allow journeys of up to {least:g} minutes to {free.name}")


# Words ----------------------------------------------------------------------------------------------------------------

Words = Callable[[Problem, tuple[str, ...]], str]
WordsBy = Callable[[Problem, tuple[str, ...], float], str]


def _service(problem: Problem, names: tuple[str, ...]) -> Service:
    return problem.services[names[0]]


def _transfer(problem: Problem, names: tuple[str, ...]) -> Transfer:
    return _service(problem, names).transfer or Transfer("")


def _number(figure: Figure | None) -> float:
    return figure.value if figure else 0.0


def _value(figure: Figure | None) -> str:
    return f"{_number(figure):,g}"


def _staff(number: float, team: str, unit: str, problem: Problem, more: str = "") -> str:
    return f"{number:,g} {more}{'' if unit == 'people' else unit + ' '}{problem.teams[team].name}"


def _sites(number: float) -> str:
    return f"{number:g} site" if number == 1 else f"{number:g} sites"


def _demand_words(problem: Problem, demand: Demand) -> str:
    rule, names = demand
    return SAYS[rule](problem, names)


def _fixed(problem: Problem, names: tuple[str, ...]) -> str:
    service, site = _service(problem, names), names[1]
    provided = "provided" if service.fixed[site].provided else "not provided"
    return f"{service.name} is fixed as {provided} at {problem.sites[site].name}"


def _rota(problem: Problem, names: tuple[str, ...]) -> str:
    service = _service(problem, names)
    rota = next(r for r in service.rotas if (r.team, r.unit) == names[1:])
    here = sum(problem.in_post(pool, rota.team, rota.unit) for pool in problem.pools(rota.team))
    needs = _staff(rota.needed.value, rota.team, rota.unit, problem)
    once = f" and {rota.once.value:g} in all" if rota.once else ""
    where = "at each site that provides it"
    if rota.only_without:
        where += f" without {problem.services[rota.only_without.service].name}"
    if rota.remote_from:
        where += f" unless {problem.services[rota.remote_from.service].name} is provided somewhere"
    return f"{service.name} needs {needs} {where}{once}; {here:,g} are in post in all"


def _beds(problem: Problem, names: tuple[str, ...]) -> str:
    service, site = _service(problem, names), names[1]
    beds = service.beds
    assert beds is not None
    there = f"{service.name} at {problem.sites[site].name} makes do with {_value(beds.at[site])} beds"
    return f"{there}, which take {most_patients_in_beds(problem, *names):,g} patients a year"


def _more_beds(problem: Problem, names: tuple[str, ...], by: float) -> str:
    service, site = _service(problem, names), names[1]
    beds = service.beds
    assert beds is not None
    patients = most_patients_in_beds(problem, *names) + by
    needed = beds_needed(beds.stays.load(exactly(round(patients, 6))), beds.blocking.value)
    more = f"{needed - beds.at[site].value:g} more beds for {service.name} at {problem.sites[site].name}"
    return f"find {more}, for {by:,.1f} patients a year beyond what its beds can take"


def _reach(problem: Problem, names: tuple[str, ...]) -> str:
    service, other = (problem.services[name] for name in names)
    link = next(link for link in service.in_reach if link.service == other.code)
    return f"{service.name} has {other.name} within {_value(link.minutes)} minutes of its site"


SAYS: dict[str, Words] = {
    EVERYBODY: lambda p, n: f"every area has a site, or a neighbour, that it can reach for {_service(p, n).name}",
    "fixed_designations_stand": _fixed,
    "enough_sites": lambda p, n: f"{_service(p, n).name} on at least {_sites(_number(_service(p, n).at_least_sites))}",
    "not_too_many_sites": lambda p, n: (
        f"{_service(p, n).name} on at most {_sites(_number(_service(p, n).at_most_sites))}"
    ),
    "every_site_has_enough_patients": lambda p, n: (
        f"{_service(p, n).name} at {p.sites[n[1]].name} has at least "
        f"{_value(_service(p, n).minimum_patients)} patients a year"
    ),
    "no_site_has_too_many_patients": lambda p, n: (
        f"{_service(p, n).name} at {p.sites[n[1]].name} has at most "
        f"{_value(_service(p, n).maximum_patients)} patients a year"
    ),
    "beds_are_enough": _beds,
    "services_are_within_reach": _reach,
    "nobody_travels_too_far": lambda p, n: (
        f"nobody travels more than {_value(_service(p, n).longest_journey_minutes)} minutes to {_service(p, n).name}"
    ),
    "enough_patients_within_standard": lambda p, n: (
        f"a share of {_value(_service(p, n).share_within_standard)} of patients reach {_service(p, n).name} "
        f"within {_value(_service(p, n).standard_minutes)} minutes"
    ),
    "not_too_many_transfers": lambda p, n: (
        f"{_service(p, n).name} takes at most {_value(_transfer(p, n).most_transfers_a_day)} transfers a day"
    ),
    "not_too_many_ambulance_hours": lambda p, n: (
        f"ambulances spend at most {_value(_transfer(p, n).most_ambulance_hours)} hours a year "
        f"on transfers to {_service(p, n).name}"
    ),
    "services_share_a_site": lambda p, n: f"{_service(p, n).name} shares its site with {p.services[n[1]].name}",
    "rota_is_filled": _rota,
    "moves_within_limit": lambda p, n: (
        f"at most {_staff(_number(p.teams[n[0]].moves_at_most), n[0], n[1], p)} move between sites"
    ),
    "recruitment_within_limit": lambda p, n: (
        f"at most {_staff(_number(p.teams[n[0]].recruits_at_most), n[0], n[1], p)} are recruited"
    ),
}

WAYS_OUT: dict[str, WordsBy] = {
    "enough_sites": lambda p, n, by: (
        f"ask for {_sites(_number(_service(p, n).at_least_sites) - by)} for {_service(p, n).name}"
    ),
    "not_too_many_sites": lambda p, n, by: (
        f"allow {_sites(_number(_service(p, n).at_most_sites) + by)} for {_service(p, n).name}"
    ),
    "every_site_has_enough_patients": lambda p, n, by: (
        f"accept {by:,.1f} patients a year too few at {p.sites[n[1]].name} for {_service(p, n).name}"
    ),
    "no_site_has_too_many_patients": lambda p, n, by: (
        f"accept {by:,.1f} patients a year too many at {p.sites[n[1]].name} for {_service(p, n).name}"
    ),
    "beds_are_enough": _more_beds,
    "enough_patients_within_standard": lambda p, n, by: (
        f"accept {by:,.1f} more patients a year beyond the standard for {_service(p, n).name}"
    ),
    "not_too_many_transfers": lambda p, n, by: f"allow {by:,.4g} more transfers a day to {_service(p, n).name}",
    "not_too_many_ambulance_hours": lambda p, n, by: (
        f"allow {by:,.1f} more ambulance hours a year for transfers to {_service(p, n).name}"
    ),
    "rota_is_filled": lambda p, n, by: (
        f"let the rotas of {_service(p, n).name} be short of {_staff(by, n[1], n[2], p)} in all"
    ),
    "moves_within_limit": lambda p, n, by: f"let {_staff(by, n[0], n[1], p, 'more ')} move between sites",
    "recruitment_within_limit": lambda p, n, by: f"recruit {_staff(by, n[0], n[1], p, 'more ')}",
}
