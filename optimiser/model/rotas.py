"""What a rota needs of each pool of staff, as linear expressions of where services are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pulp

from optimiser.errors import TooLarge
from optimiser.model.variables import Variables
from optimiser.problem import ACROSS_SITES, Problem, RotaNeed

# One team's rota that is not needed at every site of its service has a row for each set of sites.
MOST_SITES_IN_SETS = 12

Need = tuple[str, str, pulp.LpAffineExpression]


def needs(problem: Problem, x: Variables, service: str, rota: RotaNeed) -> Iterator[Need]:
    """Yield pool, a name for the row and a need that the pool's staff must reach; the largest of a pool's counts."""
    if not problem.teams[rota.team].across_sites:
        for site in problem.candidates:
            yield site, site, _needed_at(x, service, rota, site) * _amount(rota, site)
        return
    if rota.once:
        for site in problem.candidates:
            yield ACROSS_SITES, f"once_for_{site}", _needed_at(x, service, rota, site) * rota.once.value
    for name, sites in _sets(problem, rota):
        together = (_needed_at(x, service, rota, site) * _amount(rota, site) for site in sites)
        yield ACROSS_SITES, name, pulp.lpSum(together)


def _amount(rota: RotaNeed, site: str) -> float:
    return rota.at.get(site, rota.needed.value)


def _needed_at(x: Variables, service: str, rota: RotaNeed, site: str) -> pulp.LpAffineExpression:
    """Return 1 where a site needs the rota, and 0 or less where it does not."""
    needed = pulp.LpAffineExpression(x.designated[site, service])
    if rota.only_without:
        needed -= x.designated[site, rota.only_without.service]
    if rota.remote_from:
        other = rota.remote_from.service
        needed -= pulp.lpSum(variable for (_, code), variable in x.designated.items() if code == other)
    return needed


def _sets(problem: Problem, rota: RotaNeed) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield sets of sites whose needs add up: all of them or, where one may count for less than 0, every set."""
    if not rota.rests_on:
        yield ACROSS_SITES, problem.candidates
        return
    if len(problem.candidates) > MOST_SITES_IN_SETS:
        raise TooLarge(
            f"{rota.team} is one team across {len(problem.candidates)} sites with a rota that not all of its "
            f"service's sites need; at most {MOST_SITES_IN_SETS} are taken in."
        )
    for number in range(1, len(problem.candidates) + 1):
        for sites in combinations(problem.candidates, number):
            yield "_and_".join(sites), sites
