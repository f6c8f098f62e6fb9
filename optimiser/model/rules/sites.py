"""Rules on how many sites a service is provided on, and on what is fixed."""

from __future__ import annotations

from collections.abc import Iterator

import pulp

from optimiser.journeys.choices import All
from optimiser.model.rules.rule import (
    Instance,
    Limit,
    Looser,
    Names,
    OneFigure,
    OneFigureOfTheQuestion,
    Part,
    Rows,
    with_service,
)
from optimiser.model.variables import Variables
from optimiser.problem import Figure, Problem
from optimiser.problem.words import amount


class fixed_designations_stand(Limit):
    """What is fixed stays as it is fixed."""

    # A designation is as it is fixed, or not: it has no size.
    unit, relation, rows_give, binds = "designated", "=", False, False
    is_gain = False
    quantity, bends = "provided", "straight"

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, site in self.stated(problem):
            yield (code, site), x.designated[site, code] == int(problem.services[code].fixed[site].provided)

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for code, chosen in choices.items():
            for site, fixed in chosen.service.fixed.items():
                there = chosen.provided[:, problem.candidates.index(site)].astype(int)
                figure = Figure(int(fixed.provided), fixed.source, fixed.verified)
                yield self.instance((code, site), (code,), there, figure.value, figure)

    def said(self, problem: Problem, names: Names) -> str:
        service, site = problem.services[names[0]], names[1]
        provided = "provided" if service.fixed[site].provided else "not provided"
        return f"{service.name} is fixed as {provided} at {problem.sites[site].name}"

    def stated(self, problem: Problem) -> Iterator[Names]:
        return ((code, site) for code, service in problem.services.items() for site in service.fixed)

    def waived(self, problem: Problem, names: Names) -> str:
        service, site = problem.services[names[0]], names[1]
        stands = "there" if service.fixed[site].provided else "not there"
        return f"decide anew on {service.name} at {problem.sites[site].name}, which is fixed as {stands}"

    def without(self, problem: Problem, names: Names) -> Problem:
        fixed = problem.services[names[0]].fixed
        return with_service(problem, names[0], fixed={site: one for site, one in fixed.items() if site != names[1]})


class NumberOfSites(OneFigure):
    """A limit on the number of sites that provide a service."""

    unit, of_patients = "sites", False
    quantity, bends = "sites", "straight"

    def expression(self, problem: Problem, x: Variables, code: str) -> pulp.LpAffineExpression:
        return pulp.lpSum(x.designated[site, code] for site in problem.candidates)

    def number(self, problem: Problem, choices: All, code: str) -> Part:
        return (code,), choices[code].provided.sum(axis=1)


class enough_sites(NumberOfSites):
    """A service is provided on at least so many sites."""

    setting, relation, notch = "at_least_sites", ">=", -1
    against_it = "at least {} {are} asked for"
    asks = "{service} on at least {figure}"
    gives = "ask for {new_figure} for {service}"

    def gives_at_most(self, problem: Problem, names: Names) -> float:
        # Nobody would ask for no site at all.
        return max(0.0, self.value(problem.services[names[0]]) - 1)

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        most = int(self.gives_at_most(problem, names))
        return super().looser(problem, names, min(notches, most)) if most else None


class not_too_many_sites(NumberOfSites):
    """A service is provided on at most so many sites."""

    setting, relation, notch = "at_most_sites", "<=", 1
    is_gain = False
    against_it = "at most {} {are} allowed"
    asks = "{service} on at most {figure}"
    gives = "allow {new_figure} for {service}"


class no_site_provides_too_many(OneFigureOfTheQuestion):
    """A site provides at most so many of the services."""

    setting, unit, relation, notch = "at_most_services_a_site", "services", "<=", 1.0
    is_gain = False
    quantity, bends = "services", "straight"
    loosened_to = "{new} at a site"

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for site in problem.candidates if self.is_asked(problem) else ():
            provided = pulp.lpSum(x.designated[site, code] for code in problem.services)
            yield (site,), provided <= self.value(problem)

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for column, site in enumerate(problem.candidates if self.is_asked(problem) else ()):
            parts = [((code,), chosen.provided[:, column].astype(int)) for code, chosen in choices.items()]
            yield self.sum_of((site,), parts, self.value(problem), self.figure(problem))

    def said(self, problem: Problem, names: Names) -> str:
        return f"{problem.sites[names[0]].name} provides at most {amount(self.value(problem), self.unit)}"

    def stated_in_words(self, problem: Problem, names: Names) -> str:
        return f"a site provides at most {amount(self.value(problem), self.unit)}"

    def way_out(self, problem: Problem, names: Names, by: float) -> str:
        return f"allow {amount(self.value(problem) + by, self.unit)} at {problem.sites[names[0]].name}"
