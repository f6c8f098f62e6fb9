"""Rules on the residents who are treated at a neighbour, outside the system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from optimiser.journeys.choices import All, journeys
from optimiser.model import legs
from optimiser.model.rules.rule import Instance, Limit, Looser, Names, OneFigure, Rows, relaxed, with_service
from optimiser.model.variables import Variables
from optimiser.problem import Figure, Problem
from optimiser.problem.words import PATIENTS, amount, tenths_or_more

# By how many patients people would raise what a neighbour takes, at a time.
NOTCH = 10.0


class few_enough_are_treated_outside(OneFigure):
    """At most the stated share of resident patients are treated at a neighbour."""

    # In patients, as a share would be no straight line.
    unit, relation = PATIENTS, "<="
    setting, notch, bends = "at_most_share_outside", 0.01, "straight"
    asks = "at most {share} of the residents' patients are treated outside for {service}"
    gives = "accept {by} more patients a year who are treated outside for {service}"
    loosened_to = "a share of {new:g} treated outside"

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, share in self.modelled(problem, x):
            patients = float((problem.patients(code) * problem.resident).sum())
            yield (code,), legs.outside(problem, x, code) <= round(share * patients, 9)

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for code, chosen in choices.items():
            if self.applies_to(chosen.service):
                going, share = journeys(problem, choices, code), self.value(chosen.service)
                outside = going.outside() / going.volume_scale
                # Rounded to what is counted, after the exact sum.
                most = np.round(share * going.resident_patients / going.patient_scale, 9)
                yield self.instance((code,), going.services, outside, most, self.figure(chosen.service))

    def _words(self, problem: Problem, names: Names, by: float = 0.0) -> dict[str, Any]:
        share = f"{100 * self.value(problem.services[names[0]]):g}%"
        return {**super()._words(problem, names, by), "share": share}


class neighbours_are_not_sent_too_many(Limit):
    """A neighbour treats at most the stated number of resident patients."""

    unit, relation, bends = PATIENTS, "<=", "straight"

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, site, most in self._asked(problem):
            if code in x.counted:
                there = legs.arriving(problem, x, code, problem.resident)
                yield (code, site), there[site] <= most.value

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for code, site, most in self._asked(problem):
            going = journeys(problem, choices, code)
            there = going.arriving(site, going.resident)
            yield self.instance((code, site), going.services, there, most.value, most)

    def _asked(self, problem: Problem) -> Iterator[tuple[str, str, Figure]]:
        for code, service in problem.services.items():
            for site, most in service.neighbours_take_at_most.items():
                if service.activity and site in service.neighbours:
                    yield code, site, most

    def stated(self, problem: Problem) -> Iterator[Names]:
        return ((code, site) for code, site, _ in self._asked(problem))

    def without(self, problem: Problem, names: Names) -> Problem:
        stated = problem.services[names[0]].neighbours_take_at_most
        return self._with(problem, names[0], {site: most for site, most in stated.items() if site != names[1]})

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        stated = problem.services[names[0]].neighbours_take_at_most
        here = stated[names[1]].value
        new = here + NOTCH * notches
        words = f"at most {amount(new, PATIENTS)} at {problem.sites[names[1]].name}"
        return self._with(problem, names[0], {**stated, names[1]: relaxed(here, new)}), words

    def said(self, problem: Problem, names: Names) -> str:
        service, site = problem.services[names[0]], problem.sites[names[1]].name
        most = amount(service.neighbours_take_at_most[names[1]].value, PATIENTS)
        return f"{site} treats at most {most} of the residents for {service.name}"

    def way_out(self, problem: Problem, names: Names, by: float) -> str:
        service, site = problem.services[names[0]], problem.sites[names[1]].name
        return f"accept {tenths_or_more(by)} patients a year too many at {site} for {service.name}"

    def _with(self, problem: Problem, code: str, most: Mapping[str, Figure]) -> Problem:
        changed: dict[str, Any] = {"neighbours_take_at_most": most}
        return with_service(problem, code, **changed)
