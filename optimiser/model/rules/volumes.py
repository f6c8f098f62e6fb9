"""Rules on how many patients come to a site that provides a service, and on the beds that they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil, floor
from typing import Any

import numpy as np

from optimiser.journeys.choices import All, beds_needed, every_choice, journeys
from optimiser.model import legs
from optimiser.model.rules.rule import Instance, Limit, Looser, Names, OneFigure, Rows, compared, relaxed, with_service
from optimiser.model.variables import Variables
from optimiser.problem import Beds, Problem, beds
from optimiser.problem.decimals import exactly
from optimiser.problem.words import PATIENTS, amount, is_one, no_less, short, tenths_or_more

# With more candidates the sites of a service are not listed to find the next volume that changes anything.
MOST_CANDIDATES_LISTED = 8
MOST_VOLUMES = 64


class PatientsAtASite(OneFigure):
    """A limit on the patients of each site that provides a service. Its notches are volumes that change something."""

    unit = PATIENTS
    quantity, bends = "arriving", "straight"
    at_each_site: str

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, value in self.modelled(problem, x):
            arriving = legs.arriving(problem, x, code)
            for site in problem.candidates:
                # Nobody comes to a site that does not provide it, so that only a minimum must be asked where it is.
                asked = value * x.designated[site, code] if self.relation == ">=" else value
                yield (code, site), compared(arriving[site], self.relation, asked)

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for code, chosen in choices.items():
            if self.applies_to(chosen.service):
                going, figure = journeys(problem, choices, code), self.figure(chosen.service)
                for column, site in enumerate(problem.candidates):
                    left, here = going.arriving(site), chosen.provided[:, column]
                    value = self.value(chosen.service)
                    yield self.instance((code, site), going.services, left, value, figure, applies=here)

    def stated_in_words(self, problem: Problem, names: Names) -> str:
        return self.at_each_site.format(**self._words(problem, names))

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        volumes = self.next_volumes(problem, names[0])
        if not volumes:
            return None
        volume = volumes[min(notches, len(volumes)) - 1]
        figure = relaxed(self.value(problem.services[names[0]]), volume)
        # Whole patients, rounded so that as many are let through.
        told = (floor(volume) if self.relation == ">=" else ceil(volume)) or volume
        words = self.loosened_to.format(new_figure=amount(told, PATIENTS))
        return self.with_figure(problem, names[0], figure), words

    def next_volumes(self, problem: Problem, code: str) -> tuple[float, ...]:
        """Return the numbers of patients, nearest first, at which the figure would let more options through.

        Where a service has too many candidates to list its sites they are one patient apart, and may not be those.
        """
        here, down = self.value(problem.services[code]), self.relation == ">="
        if len(problem.candidates) > MOST_CANDIDATES_LISTED:
            return tuple(here + (-by if down else by) for by in range(1, MOST_VOLUMES + 1) if by < here or not down)
        choices = {one: every_choice(problem, one) for one in problem.services}
        hardest: Any = np.inf if down else -np.inf
        for one in self.instances(problem, choices):
            if one.names[0] == code:
                volume = np.where(one.applies, one.left, np.inf if down else -np.inf)
                hardest = np.minimum(hardest, volume) if down else np.maximum(hardest, volume)
        found = np.unique(hardest)
        beyond = found[(found < here) if down else (found > here) & np.isfinite(found)]
        return tuple((beyond[::-1] if down else beyond).tolist())


class every_site_has_enough_patients(PatientsAtASite):
    """A site that provides a service has at least the minimum number of patients."""

    setting, relation = "minimum_patients", ">="
    asks = "{service} at {site} has at least {figure}"
    at_each_site = "{service} has at least {figure} at each site"
    gives = "accept {by} patients a year too few at {site} for {service}"
    loosened_to = "at least {new_figure}"
    would_see = "{} of the {} patients a year that are asked for"
    once_kept = "every {service} would see at least {figure}"


class no_site_has_too_many_patients(PatientsAtASite):
    """A site that provides a service has at most the maximum number of patients."""

    setting, relation = "maximum_patients", "<="
    asks = "{service} at {site} has at most {figure}"
    at_each_site = "{service} has at most {figure} at each site"
    gives = "accept {by} patients a year too many at {site} for {service}"
    loosened_to = "at most {new_figure}"
    would_see = "{} patients a year where {} are allowed"

    def it_would_take(self, problem: Problem, names: Names, by: float) -> str:
        return f"room for {amount(no_less(by), PATIENTS, 'more ')} at {short(problem.sites[names[1]].name)}"


class beds_are_enough(Limit):
    """A site that provides a service has the beds that its patients need."""

    unit, sides_in, relation, bends = PATIENTS, "beds", ">=", "with beds"

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, service in problem.services.items():
            if service.beds and code in x.counted:
                arriving = legs.arriving(problem, x, code)
                for site in (site for site in problem.candidates if site in service.beds.at):
                    most = most_patients_in_beds(problem, code, site)
                    yield (code, site), arriving[site] <= most * x.designated[site, code]

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for code, chosen in choices.items():
            wanted = chosen.service.beds
            if wanted is None or not wanted.at or not chosen.service.activity:
                continue
            going = journeys(problem, choices, code)
            for column, site in enumerate(problem.candidates):
                if site in wanted.at:
                    here, there = chosen.provided[:, column], wanted.at[site]
                    needed = np.where(here, beds_needed(going, wanted, site), 0)
                    left = np.full(needed.shape, there.value)
                    yield self.instance((code, site), going.services, left, needed, there, applies=here)

    def said(self, problem: Problem, names: Names) -> str:
        there = _beds(problem, names[0]).at[names[1]].value
        where = f"{problem.services[names[0]].name} at {problem.sites[names[1]].name}"
        take = f"{'takes' if is_one(there) else 'take'} {amount(most_patients_in_beds(problem, *names), PATIENTS)}"
        return f"{where} makes do with {amount(there, 'beds')}, which {take}"

    def way_out(self, problem: Problem, names: Names, by: float) -> str:
        wanted, patients = _beds(problem, names[0]), most_patients_in_beds(problem, *names) + by
        needed = beds.beds_needed(wanted.stays.load(exactly(round(patients, 6))), wanted.blocking.value)
        more = amount(needed - wanted.at[names[1]].value, "beds", "more ")
        where = f"{problem.services[names[0]].name} at {problem.sites[names[1]].name}"
        return f"find {more} for {where}, for {tenths_or_more(by)} patients a year beyond what its beds can take"

    def stated(self, problem: Problem) -> Iterator[Names]:
        for code, service in problem.services.items():
            yield from ((code, site) for site in (service.beds.at if service.beds else ()))

    def without(self, problem: Problem, names: Names) -> Problem:
        wanted = _beds(problem, names[0])
        rest = {site: there for site, there in wanted.at.items() if site != names[1]}
        return with_service(problem, names[0], beds=replace(wanted, at=rest))

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        (code, site), wanted = names, _beds(problem, names[0])
        there = wanted.at[site].value
        varied = replace(wanted, at={**wanted.at, site: relaxed(there, there + notches)})
        words = f"{amount(notches, 'beds', 'more ')} at {problem.sites[site].name}"
        return with_service(problem, code, beds=varied), words


def most_patients_in_beds(problem: Problem, service: str, site: str) -> float:
    """Return the most patients a year whom the beds that a site has for a service can take."""
    wanted, scale = _beds(problem, service), problem.patient_scale * problem.share_scale
    return beds.most_patients(int(wanted.at[site].value), wanted.stays, wanted.blocking.value, scale=scale)


def _beds(problem: Problem, service: str) -> Beds:
    wanted = problem.services[service].beds
    assert wanted is not None
    return wanted
