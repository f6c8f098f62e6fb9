"""Who works where, by arithmetic: what rotas need, what is in post, and how far moves and recruits go.

Moves come before recruits, and rotas that may not fall short come before those that may. Sites are taken in code order,
so the same question always gets the same answer.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.problem import Figure, Problem, RotaNeed, Unit

COLUMNS = ["team", "unit", "site", "in_post", "moved_in", "moved_out", "recruited", "staff", "needed", "short"]


@dataclass(frozen=True)
class Needs:
    """What rotas need of one team in one unit: one row a choice of designations, one column a pool of its staff.

    ``firm`` counts only the rotas that may not fall short; ``full`` counts all.
    """

    firm: np.ndarray
    full: np.ndarray
    in_post: np.ndarray
    moves_at_most: float
    recruits_at_most: float

    @property
    def spare(self) -> np.ndarray:
        """Staff above what every rota needs, by choice and site."""
        return np.asarray(np.maximum(0, self.in_post - self.full))

    @property
    def short(self) -> np.ndarray:
        """Staff still missing, by choice, after every move and recruit that is allowed."""
        missing = np.maximum(0, self.full - self.in_post).sum(axis=1)
        moves = np.minimum(self.moves_at_most, self.spare.sum(axis=1))
        return np.asarray(np.maximum(0, missing - moves - self.recruits_at_most))

    @property
    def lawful(self) -> np.ndarray:
        """Whether the rotas that may not fall short can be filled, by choice."""
        missing = np.maximum(0, self.firm - self.in_post).sum(axis=1)
        movable = np.maximum(0, self.in_post - self.firm).sum(axis=1)
        return np.asarray(missing <= np.minimum(self.moves_at_most, movable) + self.recruits_at_most + 1e-9)


def needs(problem: Problem, team: str, unit: Unit, provided: dict[str, np.ndarray]) -> Needs:
    """Work out what rotas need of a team, from ``provided[service]``: choices × candidates, True where designated."""
    choices = len(next(iter(provided.values())))
    pools, limits = problem.pools(team), problem.teams[team]
    firm, full = (np.zeros((choices, len(pools))) for _ in range(2))
    rest_on_it = [code for code, rules in problem.services.items() if any(rota.team == team for rota in rules.rotas)]
    if limits.across_sites and len(rest_on_it) > 1:
        words = "one team across sites counts for one service; what two take at different sites is not added up"
        raise InputError([Fault(f"team {team}", f"{words} ({', '.join(rest_on_it)}). Give each its own team.")])
    for service in provided:
        for rota in problem.services[service].rotas:
            if (rota.team, rota.unit) == (team, unit):
                needed = needed_by(problem, service, rota, provided)
                np.maximum(full, needed, out=full)
                if not rota.may_fall_short:
                    np.maximum(firm, needed, out=firm)
    in_post = np.array([problem.in_post(pool, team, unit) for pool in pools])
    return Needs(firm, full, in_post, _most(limits.moves_at_most, unit), _most(limits.recruits_at_most, unit))


def where_needed(service: str, rota: RotaNeed, provided: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return whether each site needs a rota: choices × candidates."""
    here = provided[service]
    if rota.only_without:
        here = here & ~provided[rota.only_without.service]
    if rota.remote_from:
        here = here & ~provided[rota.remote_from.service].any(axis=1, keepdims=True)
    return here


def needed_by(problem: Problem, service: str, rota: RotaNeed, provided: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what one rota needs: choices × pools of its team's staff."""
    here = where_needed(service, rota, provided)
    each = here * np.array([rota.at.get(site, rota.needed.value) for site in problem.candidates])
    if not problem.teams[rota.team].across_sites:
        return np.asarray(each)
    together = np.round(each.sum(axis=1, keepdims=True), 9)
    # Nobody is a part of a person, though parts of people add up over sites.
    together = np.ceil(together) if rota.unit == "people" else together
    once = rota.once.value if rota.once else 0.0
    return np.asarray(np.maximum(together, once * here.any(axis=1, keepdims=True)))


def rotas_needed(
    problem: Problem, designated: Collection[tuple[str, str]]
) -> Iterator[tuple[str, RotaNeed, str, float]]:
    """Yield service, rota, pool and need, for each rota that is needed under a set of designations."""
    provided = _chosen(problem, designated)
    for service, rules in problem.services.items():
        for rota in rules.rotas:
            amounts, here = needed_by(problem, service, rota, provided)[0], where_needed(service, rota, provided)[0]
            there = [here.any()] if problem.teams[rota.team].across_sites else here
            for pool, amount, is_needed in zip(problem.pools(rota.team), amounts, there, strict=True):
                if is_needed:
                    yield service, rota, pool, float(amount)


def allocate(problem: Problem, designated: Collection[tuple[str, str]]) -> pd.DataFrame:
    """Return who works where under a set of designations: one row a team, unit and pool, in people or WTE."""
    rows = []
    for team, unit in problem.team_units:
        need = needs(problem, team, unit, _chosen(problem, designated))
        staff, moved, recruited = _shared_out(need)
        for i, site in enumerate(problem.pools(team)):
            short = max(0.0, need.full[0, i] - staff[i])
            rows.append(
                (team, unit, site, need.in_post[i], *moved[:, i], recruited[i], staff[i], need.full[0, i], short)
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def at_pools(staff: pd.DataFrame, column: str) -> dict[tuple[str, str, str], float]:
    """Return a column of staff by team, unit and pool."""
    return dict(zip(zip(staff["team"], staff["unit"], staff["site"], strict=True), staff[column].tolist(), strict=True))


def totals(staff: pd.DataFrame, column: str) -> dict[tuple[str, str], float]:
    """Return a column of staff added up over pools, by team and unit."""
    each: dict[tuple[str, str], list[float]] = {}
    for (team, unit, _), amount in at_pools(staff, column).items():
        each.setdefault((team, unit), []).append(amount)
    return {who: math.fsum(amounts) for who, amounts in each.items()}


def on_no_rota(staff: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Return how many of each team no rota needs, over all pools, by team and unit; below 0 where they are short."""
    needed = totals(staff, "needed")
    return {who: round(there - needed[who], 6) for who, there in totals(staff, "staff").items()}


def number_of_sites(problem: Problem, designated: Collection[tuple[str, str]], service: str, rota: RotaNeed) -> int:
    """Return at how many sites a rota is needed under a set of designations."""
    return int(where_needed(service, rota, _chosen(problem, designated)).sum())


def _chosen(problem: Problem, designated: Collection[tuple[str, str]]) -> dict[str, np.ndarray]:
    return {
        service: np.array([[(site, service) in designated for site in problem.candidates]])
        for service in problem.services
    }


def _shared_out(need: Needs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return staff, moves (in and out) and recruits by candidate, for the first choice of designations."""
    firm, full = need.firm[0], need.full[0]
    staff, moved, recruited = need.in_post.copy(), np.zeros((2, len(firm))), np.zeros(len(firm))

    def move(target: np.ndarray, floor: np.ndarray) -> None:
        nonlocal staff, moved
        wanted, spare = np.maximum(0, target - staff), np.maximum(0, staff - floor)
        total = min(need.moves_at_most - moved[0].sum(), wanted.sum(), spare.sum())
        arriving, leaving = _in_order(wanted, total), _in_order(spare, total)
        staff, moved = staff + arriving - leaving, moved + np.stack([arriving, leaving])

    def recruit(target: np.ndarray) -> None:
        nonlocal staff, recruited
        arriving = _in_order(np.maximum(0, target - staff), need.recruits_at_most - recruited.sum())
        staff, recruited = staff + arriving, recruited + arriving

    move(firm, full)
    recruit(firm)
    move(firm, firm)
    move(full, full)
    recruit(full)
    return staff, moved, recruited


def _in_order(amounts: np.ndarray, total: float) -> np.ndarray:
    """Take ``total`` out of ``amounts``, from the first to the last."""
    before = np.concatenate([[0.0], np.cumsum(amounts)[:-1]])
    return np.clip(total - before, 0, amounts)


def _most(limit: Figure | None, unit: Unit) -> float:
    if limit is None:
        return np.inf
    return float(np.floor(limit.value)) if unit == "people" else limit.value
