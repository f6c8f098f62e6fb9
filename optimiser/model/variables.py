"""The decisions of a plan, under the names that people argue about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pulp

from optimiser.journeys.flow import Sharing
from optimiser.journeys.nearest import NO_SET, Chains, first_leg_chains
from optimiser.journeys.shared_out import Way
from optimiser.problem import Problem, Unit

# Sets of more sites than this are named by number: a solver's LP file has no room for longer names.
LONGEST_SPELT_OUT_SET = 6
NOWHERE = "nowhere"


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
    sharings, chosen
        For a service whose patients are shared out, who goes where by set of sites that provide it and number; and by
        (service, set of sites and number) 1 where just that set does, and patients go so. Binary.
    """

    chains: Mapping[str, Chains]
    sharings: Mapping[str, Mapping[Way, Sharing]] = field(default_factory=dict)
    designated: dict[tuple[str, str], pulp.LpVariable] = field(default_factory=dict)
    none_of: dict[tuple[str, frozenset[str]], pulp.LpVariable | float] = field(default_factory=dict)
    staff: dict[tuple[str, str, Unit], pulp.LpVariable] = field(default_factory=dict)
    moved: dict[tuple[str, Unit, str, str], pulp.LpVariable] = field(default_factory=dict)
    recruited: dict[tuple[str, str, Unit], pulp.LpVariable] = field(default_factory=dict)
    short: dict[tuple[str, str, Unit], pulp.LpVariable] = field(default_factory=dict)
    worst_minutes: dict[tuple[str, ...], pulp.LpVariable] = field(default_factory=dict)
    first_legs: dict[str, Chains] = field(default_factory=dict)
    both: dict[tuple[str, int, frozenset[str]], pulp.LpVariable] = field(default_factory=dict)
    chosen: dict[tuple[str, Way], pulp.LpVariable] = field(default_factory=dict)

    @property
    def counted(self) -> tuple[str, ...]:
        """Codes of the services whose patients' journeys are modelled."""
        return (*self.chains, *self.sharings)

    def first_leg(self, service: str, first_contact: str) -> Chains:
        """Return the chains by which patients of a service reached by transfer choose where to be seen first."""
        return self.first_legs.get(service, self.chains[first_contact])

    def add_up(self, service: str, values: np.ndarray) -> pulp.LpAffineExpression:
        """Return the sum over areas of ``values[area, the site that the area goes to]``, areas × reachable sites.

        Where an area's patients are shared out, its values are averaged over them.
        """
        if service in self.sharings:
            return self.by_sharing(service, [(one.shares * values).sum() for one in self.sharings[service].values()])
        chains = self.chains[service]
        by_set = chains.per_set(values)
        terms = [(self.none_of[service, chains.sets[i]], float(by_set[i])) for i in np.flatnonzero(by_set) if i]
        return pulp.LpAffineExpression(terms, constant=float(by_set[0]))

    def patients_at(self, service: str, patients: np.ndarray) -> dict[str, pulp.LpAffineExpression]:
        """Return the patients a year who go to each reachable site, from ``patients`` a year by area."""
        if service in self.sharings:
            return self._shared_at(service, patients)
        chains = self.chains[service]
        by_step = chains.add_up(np.repeat(patients[:, None], len(chains.sites), axis=1))
        arriving = {site: pulp.LpAffineExpression() for site in chains.sites}
        for before, site, after, number in zip(chains.before, chains.site, chains.after, by_step, strict=True):
            here = arriving[chains.sites[site]]
            here += float(number) * self.none_of[service, chains.sets[before]]
            if after >= 0:
                here -= float(number) * self.none_of[service, chains.sets[after]]
        return arriving

    def by_sharing(self, service: str, values: Sequence[float]) -> pulp.LpAffineExpression:
        """Return the one of ``values``, one a sharing, that belongs to the sites of the plan."""
        found = zip(self.sharings[service], values, strict=True)
        return pulp.LpAffineExpression({self.chosen[service, way]: float(value) for way, value in found if value})

    def _shared_at(self, service: str, patients: np.ndarray) -> dict[str, pulp.LpAffineExpression]:
        """Return ``patients_at`` where patients are shared out."""
        each = list(self.sharings[service].values())
        arriving = np.array([patients @ one.shares for one in each])
        return {site: self.by_sharing(service, at) for site, at in zip(each[0].sites, arriving.T, strict=True)}


def declare(
    problem: Problem,
    chains: Mapping[str, Chains],
    sharings: Mapping[str, Mapping[Way, Sharing]],
    model: pulp.LpProblem,
) -> Variables:
    """Declare every decision that the problem leaves open, in ``model``."""
    chains = {code: chain for code, chain in chains.items() if code not in sharings}
    x = Variables(chains, sharings)
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
    for service, each in sharings.items():
        for index, (sites, number) in enumerate(each):
            name = ".".join(("chosen", service, spelt(index, sites), *([f"way_{number}"] if number else [])))
            x.chosen[service, (sites, number)] = model.add_variable(name, cat=pulp.LpBinary)
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
    if transfer is None or service not in x.chains or not problem.is_drawn_apart(service):
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
    if not members:
        return NOWHERE
    return ".".join(sorted(members)) if len(members) <= LONGEST_SPELT_OUT_SET else f"set_{index}"


def step_name(chain: Chains, step: int) -> str:
    """Return a name for a step of a chain: the sites that are passed, then the site that is reached."""
    before = int(chain.before[step])
    passed = [spelt(before, chain.sets[before])] if chain.sets[before] else []
    return ".".join([*passed, chain.sites[chain.site[step]]])
