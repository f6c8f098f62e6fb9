"""The decisions of a plan, under the names that people argue about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pulp

from optimiser.catchment import NO_SET, Chains, first_leg_chains
from optimiser.problem import Problem, Unit

# Sets of more sites than this are named by number: a solver's LP file has no room for longer names.
LONGEST_SPELT_OUT_SET = 6


@dataclass(frozen=True)
class Variables:
    """Every decision, keyed by code.

    Attributes
    ----------
    designated
        1 where (site, service) is provided. Binary.
    none_of
        1 where no site of (service, set of sites) is designated; the number 1 for the empty set. Continuous, 0 to 1.
    staff, moved, recruited, short
        People or WTE by (pool, team, unit), a pool being a site or a team's sites together; ``moved`` by (team, unit,
        from, to).
    worst_minutes
        The longest journey by group of services, where an objective asks for it.
    first_legs
        For a service reached by transfer whose patients go by offsets of their own, the chains by which they choose
        where to be seen first. Others choose by the chains of first contact.
    both
        For a service reached by transfer, by (service, step of first contact's chain, set of sites): 1 where that
        step is taken and no site of the set provides the service. Continuous, 0 to 1.
    """

    chains: Mapping[str, Chains]
    designated: dict[tuple[str, str], pulp.LpVariable] = field(default_factory=dict)
    none_of: dict[tuple[str, frozenset[str]], pulp.LpVariable | float] = field(default_factory=dict)
    staff: dict[tuple[str, str, Unit], pulp.LpVariable] = field(default_factory=dict)
    moved: dict[tuple[str, Unit, str, str], pulp.LpVariable] = field(default_factory=dict)
    recruited: dict[tuple[str, str, Unit], pulp.LpVariable] = field(default_factory=dict)
    short: dict[tuple[str, str, Unit], pulp.LpVariable] = field(default_factory=dict)
    worst_minutes: dict[tuple[str, ...], pulp.LpVariable] = field(default_factory=dict)
    first_legs: dict[str, Chains] = field(default_factory=dict)
    both: dict[tuple[str, int, frozenset[str]], pulp.LpVariable] = field(default_factory=dict)

    def first_leg(self, service: str, first_contact: str) -> Chains:
        """Return the chains by which patients of a service reached by transfer choose where to be seen first."""
        return self.first_legs.get(service, self.chains[first_contact])

    def add_up(self, service: str, values: np.ndarray) -> pulp.LpAffineExpression:
        """Return the sum over areas of ``values[area, the site that the area goes to]``, areas × reachable sites."""
        chains = self.chains[service]
        by_set = chains.per_set(values)
        terms = [(self.none_of[service, chains.sets[i]], float(by_set[i])) for i in np.flatnonzero(by_set) if i]
        return pulp.LpAffineExpression(terms, constant=float(by_set[0]))

    def patients_at(self, service: str, patients: np.ndarray) -> dict[str, pulp.LpAffineExpression]:
        """Return the patients a year who go to each reachable site, from ``patients`` a year by area."""
        chains = self.chains[service]
        by_step = chains.add_up(np.repeat(patients[:, None], len(chains.sites), axis=1))
        arriving = {site: pulp.LpAffineExpression() for site in chains.sites}
        for before, site, after, number in zip(chains.before, chains.site, chains.after, by_step, strict=True):
            here = arriving[chains.sites[site]]
            here += float(number) * self.none_of[service, chains.sets[before]]
            if after >= 0:
                here -= float(number) * self.none_of[service, chains.sets[after]]
        return arriving


def declare(problem: Problem, chains: Mapping[str, Chains], model: pulp.LpProblem) -> Variables:
    """Declare every decision that the problem leaves open, in ``model``."""
    x = Variables(chains)
    for service in problem.services:
        for site in problem.candidates:
            x.designated[site, service] = model.add_variable(f"designated.{service}.{site}", cat=pulp.LpBinary)
    for service, chain in chains.items():
        for site in chain.never:
            x.designated[site, service].upBound = 0
        for site in chain.always:
            x.designated[site, service].lowBound = 1
        for index, members in enumerate(chain.sets):
            name = f"none_of.{service}.{spelt(index, members)}"
            x.none_of[service, members] = model.add_variable(name, 0, 1) if members else 1.0
    for service in problem.reached_by_transfer:
        _declare_own_first_leg(problem, x, model, service)
        _declare_both_legs(problem, x, model, service)
    for team, unit in problem.team_units:
        _declare_staff(problem, x, model, team, unit)
    for objective in problem.objectives:
        if objective.name == "worst_journey":
            services = problem.services_of(objective)
            x.worst_minutes[services] = model.add_variable(".".join(("worst_minutes", *objective.services)), 0)
    return x


def _declare_own_first_leg(problem: Problem, x: Variables, model: pulp.LpProblem, service: str) -> None:
    """Declare the sets of first contact that only a service's own patients pass."""
    transfer = problem.services[service].transfer
    if transfer is None or service not in x.chains or not problem.services[service].observed:
        return
    x.first_legs[service] = chain = first_leg_chains(problem, service)
    for index, members in enumerate(chain.sets):
        if (transfer.first_contact, members) not in x.none_of:
            name = f"none_of.{transfer.first_contact}.for_{service}.{spelt(index, members)}"
            x.none_of[transfer.first_contact, members] = model.add_variable(name, 0, 1)


def _declare_both_legs(problem: Problem, x: Variables, model: pulp.LpProblem, service: str) -> None:
    """Declare one product for each pair of a step of first contact and a set of the second leg that occurs."""
    transfer = problem.services[service].transfer
    if transfer is None or service not in x.chains:
        return
    first, second = x.first_leg(service, transfer.first_contact), x.chains[service]
    for step, site in enumerate(first.site):
        steps = second.step_of[second.area_of == site]
        used = [*second.before[steps], *second.after[steps]]
        for index in sorted({int(number) for number in used if number != NO_SET and second.sets[number]}):
            members = second.sets[index]
            name = f"both.{service}.{step_name(first, step)}.then.{spelt(index, members)}"
            x.both[service, step, members] = model.add_variable(name, 0, 1)


def _declare_staff(problem: Problem, x: Variables, model: pulp.LpProblem, team: str, unit: Unit) -> None:
    counted = pulp.LpInteger if unit == "people" else pulp.LpContinuous
    pools = problem.pools(team)
    for site in pools:
        where = f"{team}.{unit}.{site}"
        x.staff[site, team, unit] = model.add_variable(f"staff.{where}", 0, cat=counted)
        x.recruited[site, team, unit] = model.add_variable(f"recruited.{where}", 0, cat=counted)
        if _may_fall_short(problem, team, unit):
            x.short[site, team, unit] = model.add_variable(f"short.{where}", 0, cat=counted)
        for other in pools:
            if other != site:
                x.moved[team, unit, site, other] = model.add_variable(f"moved.{where}.{other}", 0, cat=counted)


def _may_fall_short(problem: Problem, team: str, unit: Unit) -> bool:
    rotas = (rota for service in problem.services.values() for rota in service.rotas)
    return any(rota.may_fall_short for rota in rotas if (rota.team, rota.unit) == (team, unit))


def spelt(index: int, members: frozenset[str]) -> str:
    """Return a name for a set of sites: its members, or its number where they are many."""
    return ".".join(sorted(members)) if len(members) <= LONGEST_SPELT_OUT_SET else f"set_{index}"


def step_name(chain: Chains, step: int) -> str:
    """Return a name for a step of a chain: the sites that are passed, then the site that is reached."""
    before = int(chain.before[step])
    passed = [spelt(before, chain.sets[before])] if chain.sets[before] else []
    return ".".join([*passed, chain.sites[chain.site[step]]])
