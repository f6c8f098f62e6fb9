"""Sums over both legs of a transfer pathway, or the one leg of a direct one, as linear expressions.

A step of first contact's chain is taken (1) or not (0), and so is every set of the second leg's chain. What depends on
both is their product, ``Variables.both``: one for each pair that occurs, exact by ``both_legs_are_counted_together``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np
import pulp

from optimiser.journeys.by_transfer import DAYS_A_YEAR, both_minutes, second_legs
from optimiser.journeys.nearest import NO_SET, Chains
from optimiser.model.variables import Variables, spelt, step_name
from optimiser.problem import Problem, Transfer

Named = Iterator[tuple[str, pulp.LpAffineExpression]]
Product = tuple[tuple[str, ...], pulp.LpVariable, pulp.LpAffineExpression, pulp.LpVariable]


def products(problem: Problem, x: Variables) -> Iterator[Product]:
    """Yield every product: its names, itself, the step of first contact, and the set that is shut."""
    for (service, step, members), both in x.both.items():
        first, second = _first_chain(problem, x, service), x.chains[service]
        names = (service, step_name(first, step), "then", spelt(second.sets.index(members), members))
        yield names, both, taken(problem, x, service, step), x.none_of[service, members]


def taken(problem: Problem, x: Variables, service: str, step: int) -> pulp.LpAffineExpression:
    """Return 1 if a step of first contact is taken, else 0."""
    code = _transfer(problem, service).first_contact
    chain = x.first_leg(service, code)
    expression = pulp.LpAffineExpression() + x.none_of[code, chain.sets[chain.before[step]]]
    if chain.after[step] != NO_SET:
        expression -= x.none_of[code, chain.sets[chain.after[step]]]
    return expression


def add_up(problem: Problem, x: Variables, service: str, values: np.ndarray) -> pulp.LpAffineExpression:
    """Return the sum of ``values[step, site]`` over the steps of first contact and the site that each goes on to."""
    return reduce(
        lambda total, step: total + _of_step(problem, x, service, step, values[step]),
        [int(step) for step in np.flatnonzero(values.any(axis=1))],
        pulp.LpAffineExpression(),
    )


def _of_step(problem: Problem, x: Variables, service: str, step: int, values: np.ndarray) -> pulp.LpAffineExpression:
    """Return ``values`` at the site that a step's patients go on to, or 0 if the step is not taken."""
    first, second = _first_chain(problem, x, service), x.chains[service]
    steps = second_steps(second, int(first.site[step]))
    along = values[second.site[steps]]
    total = pulp.LpAffineExpression()
    for position, by in zip(steps, np.diff(along, prepend=0.0), strict=True):
        if by:
            total += float(by) * _shut(problem, x, service, step, second.sets[second.before[position]])
    if len(steps) and second.after[steps[-1]] != NO_SET and along[-1]:
        total -= float(along[-1]) * _shut(problem, x, service, step, second.sets[second.after[steps[-1]]])
    return total


def second_steps(second: Chains, first_site: int) -> np.ndarray:
    """Return the steps of the second leg from one site of first contact, nearest first."""
    return np.asarray(second.step_of[second.area_of == first_site])


def _shut(problem: Problem, x: Variables, service: str, step: int, members: frozenset[str]) -> pulp.LpAffineExpression:
    """Return 1 if a step of first contact is taken and no site of a set provides the service, else 0."""
    if not members:
        return taken(problem, x, service, step)
    return pulp.LpAffineExpression() + x.both[service, step, members]


def arriving(
    problem: Problem, x: Variables, service: str, counted: np.ndarray | None = None
) -> dict[str, pulp.LpAffineExpression]:
    """Return the patients a year at each site: those carried on to it, and those who were there at once.

    From every area, or only from those that are counted.
    """
    patients = problem.patients(service) if counted is None else problem.patients(service) * counted
    if not problem.services[service].transfer:
        return x.patients_at(service, patients)
    legs = second_legs(problem, service)
    at_step = _at_step(problem, x, service, patients)[:, None] * _by_step(problem, x, service, legs.share)
    found = {}
    for number, site in enumerate(legs.sites):
        only_here = np.zeros_like(at_step)
        only_here[:, number] = at_step[:, number]
        found[site] = add_up(problem, x, service, only_here)
    return found


def patient_minutes(problem: Problem, x: Variables, service: str, weights: np.ndarray) -> pulp.LpAffineExpression:
    """Return the minutes of ``weights`` patients by area: all on the first leg, those transferred on the second."""
    legs, chain = second_legs(problem, service), _first_chain(problem, x, service)
    minutes = _finite(problem.minutes(legs.transfer.first_contact))
    first = chain.add_up(weights[:, None] * minutes)[:, None]
    patients = chain.add_up(np.repeat(weights[:, None], minutes.shape[1], axis=1).astype(float))[:, None]
    share = legs.transfer.share_transferred.value
    values = first + patients * share * _by_step(problem, x, service, _finite(legs.minutes))
    return add_up(problem, x, service, values)


def patients_beyond(
    problem: Problem, x: Variables, service: str, weights: np.ndarray, minutes: float
) -> pulp.LpAffineExpression:
    """Return how many of ``weights`` patients by area have a longer journey, over both legs, than ``minutes``."""
    if not problem.services[service].transfer:
        return x.add_up(service, weights[:, None] * (problem.minutes(service) > minutes))
    return add_up(problem, x, service, _over(problem, x, service, weights, minutes))


def out_of_reach(problem: Problem, x: Variables, service: str, minutes: float) -> Named:
    """Yield each step of first contact that may leave residents too far away, with 1 where it does."""
    stays = problem.stays.astype(float)
    too_far = _over(problem, x, service, stays, minutes) > 0
    chain = _first_chain(problem, x, service)
    for step in np.flatnonzero(too_far.any(axis=1)):
        yield step_name(chain, int(step)), _of_step(problem, x, service, int(step), too_far[step].astype(float))


def stranded(problem: Problem, x: Variables, service: str) -> Named:
    """Yield each step of first contact from which there may be nowhere to go, with 1 where that is so."""
    first, second = _first_chain(problem, x, service), x.chains[service]
    for step, site in enumerate(first.site):
        steps = second_steps(second, int(site))
        if not len(steps):
            yield step_name(first, step), taken(problem, x, service, step)
        elif second.after[steps[-1]] != NO_SET:
            everywhere = second.sets[second.after[steps[-1]]]
            yield step_name(first, step), _shut(problem, x, service, step, everywhere)


def worst_journeys(problem: Problem, x: Variables, service: str) -> Named:
    """Yield each step of first contact with the longest journey of its residents over both legs, 0 if not taken."""
    legs, chain = second_legs(problem, service), _first_chain(problem, x, service)
    minutes = _finite(problem.minutes(legs.transfer.first_contact))
    along = np.where(problem.stays[chain.area_of], minutes[chain.area_of, chain.site[chain.step_of]], -np.inf)
    longest = np.full(len(chain.site), -np.inf)
    np.maximum.at(longest, chain.step_of, along)
    for step in np.flatnonzero(np.isfinite(longest)):
        both = both_minutes(longest[step], _finite(legs.minutes)[chain.site[step]])
        yield step_name(chain, int(step)), _of_step(problem, x, service, int(step), both)


def transfers_a_year(problem: Problem, x: Variables, service: str) -> pulp.LpAffineExpression:
    """Return the transfers a year to a service, suspected patients counted."""
    return _over_moves(problem, x, service, second_legs(problem, service).transfers)


def transfers_a_day(problem: Problem, x: Variables, service: str) -> pulp.LpAffineExpression:
    """Return the transfers a day to a service, suspected patients counted."""
    return _over_moves(problem, x, service, second_legs(problem, service).transfers / DAYS_A_YEAR)


def repatriations(problem: Problem, x: Variables, service: str) -> pulp.LpAffineExpression:
    """Return how many patients a year of a service are taken back."""
    return _over_moves(problem, x, service, second_legs(problem, service).repatriations)


def ambulance_hours(problem: Problem, x: Variables, service: str) -> pulp.LpAffineExpression:
    """Return the hours a year that ambulances spend on transfers to a service and repatriations from it."""
    return _over_moves(problem, x, service, second_legs(problem, service).ambulance_hours)


def _over_moves(problem: Problem, x: Variables, service: str, each: np.ndarray) -> pulp.LpAffineExpression:
    patients = _at_step(problem, x, service, problem.patients(service))[:, None]
    return add_up(problem, x, service, patients * _by_step(problem, x, service, each))


def _over(problem: Problem, x: Variables, service: str, weights: np.ndarray, minutes: float) -> np.ndarray:
    """Return steps × sites: the sum of ``weights`` over the areas of a step whose legs take longer than ``minutes``."""
    legs, chain = second_legs(problem, service), _first_chain(problem, x, service)
    first = problem.minutes(legs.transfer.first_contact)
    columns = [
        chain.add_up(weights[:, None] * (both_minutes(first, legs.minutes[:, number][None, :]) > minutes))
        for number in range(len(legs.sites))
    ]
    return np.column_stack([*columns, np.zeros((len(chain.site), 0))])


def outside(problem: Problem, x: Variables, service: str) -> pulp.LpAffineExpression:
    """Return the resident patients a year who are treated at a neighbour."""
    there = arriving(problem, x, service, problem.resident)
    return pulp.lpSum(there[site] for site in problem.services[service].neighbours)


def _at_step(problem: Problem, x: Variables, service: str, patients: np.ndarray) -> np.ndarray:
    chain = _first_chain(problem, x, service)
    return chain.add_up(np.repeat(patients[:, None], len(chain.sites), axis=1))


def _by_step(problem: Problem, x: Variables, service: str, values: np.ndarray) -> np.ndarray:
    """Return ``values`` (first sites × sites) with one row a step of first contact."""
    return np.asarray(values[_first_chain(problem, x, service).site])


def _first_chain(problem: Problem, x: Variables, service: str) -> Chains:
    return x.first_leg(service, _transfer(problem, service).first_contact)


def _transfer(problem: Problem, service: str) -> Transfer:
    transfer = problem.services[service].transfer
    assert transfer is not None
    return transfer


def _finite(minutes: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(minutes), minutes, 0.0)
