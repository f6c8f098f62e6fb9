"""Rules on services that lean on one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pulp

from optimiser.journeys.choices import All
from optimiser.model.rules.rule import Instance, Limit, Looser, Names, Rows, relaxed, with_service
from optimiser.model.variables import Variables
from optimiser.problem import Figure, Problem, Reach
from optimiser.problem.words import amount


class BetweenServices(Limit):
    """A wish of a service for another, at every site that provides it and is not excepted, and ``where`` it must be.

    ``setting`` names both.
    """

    unit, site_by_site, rows_give, binds, bends = "designated", True, False, False, "straight"
    setting: str
    where: str

    def links(self, problem: Problem, code: str) -> tuple[Any, ...]:
        """Return what a service wishes for: each a ``Link`` or a ``Reach``."""
        return tuple(getattr(problem.services[code], self.setting))

    def each(self, problem: Problem) -> Iterator[tuple[str, str, Any]]:
        """Yield a service, a site and a wish that it has there."""
        for code in problem.services:
            for link in self.links(problem, code):
                for site in problem.candidates:
                    if not problem.is_excepted(code, link.service, site):
                        yield code, site, link

    def waived(self, problem: Problem, names: Names) -> str:
        service, other = (problem.services[name].name for name in names)
        return f"let {service} do without {other} {self.where}, as a documented exception"

    def ties(self, problem: Problem) -> Iterator[set[str]]:
        return ({code, link.service} for code, _, link in self.each(problem))

    def stated(self, problem: Problem) -> Iterator[Names]:
        return ((code, link.service) for code in problem.services for link in self.links(problem, code))

    def without(self, problem: Problem, names: Names) -> Problem:
        kept = tuple(link for link in self.links(problem, names[0]) if link.service != names[1])
        return with_service(problem, names[0], **{self.setting: kept})


class services_share_a_site(BetweenServices):
    """A site that provides a service also provides the services it must share a site with."""

    # Two services share a site, or do not: it has no size.
    setting, where, relation = "same_site", "on its site", ">="

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, site, link in self.each(problem):
            yield (code, site, link.service), x.designated[site, link.service] >= x.designated[site, code]

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for code, site, link in self.each(problem):
            column = problem.candidates.index(site)
            has_it, needs_it = (choices[one].provided[:, column].astype(int) for one in (link.service, code))
            figure = Figure(1, link.source, link.verified)
            pair = (code, link.service)
            yield self.instance((code, site, link.service), pair, has_it[None, :], needs_it[:, None], figure)

    def said(self, problem: Problem, names: Names) -> str:
        return f"{problem.services[names[0]].name} shares its site with {problem.services[names[1]].name}"


class services_are_within_reach(BetweenServices):
    """A site that provides a service has those it needs in reach: at a site that is near enough, or at its own."""

    setting, where, sides_in, relation, notch = "in_reach", "in reach", "minutes", "<=", 5.0

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, site, link in self.each(problem):
            near = problem.within_reach(site, link.minutes.value)
            in_reach = pulp.lpSum(x.designated[other, link.service] for other in near)
            yield (code, site, link.service), in_reach >= x.designated[site, code]

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for code, site, link in self.each(problem):
            there = [problem.transfer_minutes(other, site) for other in problem.candidates]
            nearest = np.where(choices[link.service].provided, there, np.inf).min(axis=1)[None, :]
            names, pair, most = (code, site, link.service), (code, link.service), link.minutes
            here = choices[code].provided[:, problem.candidates.index(site)][:, None]
            yield self.instance(names, pair, nearest, most.value, most, applies=here)

    def said(self, problem: Problem, names: Names) -> str:
        service, other = (problem.services[name] for name in names)
        minutes = amount(self._wish(problem, names).minutes.value, "minutes")
        return f"{service.name} has {other.name} within {minutes} of its site"

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        wish = self._wish(problem, names)
        most = wish.minutes.value + self.notch * notches
        wider = replace(wish, minutes=relaxed(wish.minutes.value, most))
        wishes = tuple(wider if one == wish else one for one in self.links(problem, names[0]))
        return with_service(problem, names[0], in_reach=wishes), f"within {most:g} minutes"

    def _wish(self, problem: Problem, names: Names) -> Reach:
        return next(link for link in problem.services[names[0]].in_reach if link.service == names[1])
