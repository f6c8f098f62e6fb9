"""Who has as short a journey to another open site as to that where they are counted: ties go to the first by code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.problem.words import listed, short, shown, whole

WORTH_SAYING_PATIENTS = 0.5
BY_CODE = ", and count at the first site by its code, which is arbitrary"
EQUAL_JOURNEYS = "Equal journeys all count at the first site by its code: always the same, but arbitrary."


@dataclass(frozen=True)
class EquallyNear:
    """How many of those counted at a site, who are ``of_all``, have as short a journey to others that provide it.

    ``floor`` is how many patients it must see, if that is asked; ``fitted`` whether minutes count with the offsets that
    fit where patients really go.
    """

    site: str
    patients: float
    of_all: float
    others: tuple[str, ...]
    floor: float | None = None
    fitted: bool = False

    @property
    def are_needed(self) -> bool:
        """Whether without them their site would see fewer patients than are asked for."""
        return self.floor is not None and self.of_all - self.patients < self.floor <= self.of_all


def equally_near(plan: Plan, service: str) -> tuple[EquallyNear, ...]:
    """Return those of a service by the site that they are counted at, were everybody to go to the nearest.

    Nothing of a service that is reached by transfer: there the first leg decides.
    """
    problem = plan.problem
    if not problem.services[service].activity or problem.services[service].transfer:
        return ()
    reachable, open_sites = problem.reachable_sites(service), plan.sites_of(service)
    columns = [reachable.index(site) for site in open_sites]
    outside = [n for n, site in enumerate(reachable) if site not in problem.candidates]
    if len(columns) < 2:
        return ()
    choosing, patients = problem.choosing_minutes(service), problem.patients(service)
    here = choosing[:, columns]
    least, neighbour = here.min(axis=1), choosing[:, outside].min(axis=1, initial=np.inf)
    stays = np.isfinite(least) & (least <= neighbour)
    alike = (here == least[:, None]) & stays[:, None]
    first, is_tied = alike.argmax(axis=1), alike.sum(axis=1) > 1
    found, asked = [], problem.services[service].minimum_patients
    fitted = problem.services[service].observed is not None
    for n, site in enumerate(open_sites):
        at_it = stays & (first == n)
        tied = at_it & is_tied
        number = float(patients[tied].sum())
        if number >= WORTH_SAYING_PATIENTS:
            others = tuple(other for m, other in enumerate(open_sites) if m != n and alike[tied, m].any())
            found.append(
                EquallyNear(site, number, float(patients[at_it].sum()), others, asked.value if asked else None, fitted)
            )
    return tuple(found)


def in_words(problem: Problem, found: tuple[EquallyNear, ...], why: str = "") -> str:
    """Return in words how many are counted where although others are as near, and why; nothing where there are none."""
    said = []
    for one in found:
        others = " or ".join(short(problem.sites[other].name) for other in one.others)
        some = f"{whole(one.patients)} of {short(problem.sites[one.site].name)}'s {whole(one.of_all)}"
        without = (
            f", and without them it would see fewer than the {shown(one.floor or 0)} asked for"
            if one.are_needed
            else ""
        )
        have = "has" if whole(one.patients) == "1" else "have"
        near = "as few minutes, with the offset of each," if one.fitted else "as short a journey"
        said.append(f"{some} {have} {near} to {others}{why}{without}")
    return listed(said)


def hangs_on(plan: Plan) -> list[str]:
    """Return on whose equal journeys it hangs that a plan breaks no rule, in words; nothing of one that breaks one."""
    return [] if len(plan.broken) else tied(plan, plan.problem.services, lambda one: one.are_needed)


def tied(plan: Plan, services: Iterable[str], are_told: Callable[[EquallyNear], bool]) -> list[str]:
    """Return for each service who is counted at a site although another is as near, in words, where that is told."""
    found = (tuple(filter(are_told, equally_near(plan, code))) for code in services)
    return [in_words(plan.problem, ties, BY_CODE) for ties in found if ties]
