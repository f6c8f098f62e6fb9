"""Rules on where patients go, and on how long it may take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pulp

from optimiser.journeys.choices import All, journeys
from optimiser.journeys.nearest import Chains
from optimiser.model import legs
from optimiser.model.rules.rule import Instance, Judged, Names, OneFigure, Part, Rows, Rule
from optimiser.model.variables import Variables, spelt
from optimiser.problem import Objective, Problem, Service
from optimiser.problem.words import PATIENTS, amount

# What names the one row of a service whose patients are shared out.
SHARED_OUT = "shared_out"


class nobody_is_counted_nearer_than_they_are(Rule):
    """Patients reach a site only if it is open: if none of a set is open and neither is one more, none of both is."""

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for service, name, chain, (fewer, site, more) in _links(problem, x):
            none_of_fewer = x.none_of[service, chain.sets[fewer]]
            row = x.none_of[service, chain.sets[more]] >= none_of_fewer - x.designated[site, service]
            yield (*name, spelt(more, chain.sets[more]), site), row


class nobody_passes_an_open_site(Rule):
    """Patients do not go past an open site. Only volumes, offsets and transfers push this way, and switch it on."""

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for service, name, chain, (fewer, site, more) in _links(problem, x):
            rules = problem.services[service]
            if rules.counts_volumes or rules.observed or service in problem.on_a_transfer_pathway:
                names = (*name, spelt(more, chain.sets[more]), site)
                none_of_more = x.none_of[service, chain.sets[more]]
                yield (*names, "open"), none_of_more <= 1 - x.designated[site, service]
                if fewer:
                    yield (*names, "nearer"), none_of_more <= x.none_of[service, chain.sets[fewer]]


def _links(problem: Problem, x: Variables) -> Iterator[tuple[str, Names, Chains, tuple[int, str, int]]]:
    """Yield every step from a set to a bigger one, with its service and what to call it."""
    for service, chain in x.chains.items():
        yield from ((service, (service,), chain, link) for link in chain.links)
    for service, chain in x.first_legs.items():
        transfer = problem.services[service].transfer
        first = transfer.first_contact if transfer else service
        yield from ((first, (first, f"for_{service}"), chain, link) for link in chain.links)


class patients_are_shared_out(Rule):
    """Patients who are shared out go where the set of sites that provide the service sends them, and no other set."""

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for service, each in x.sharings.items():
            yield (service, "one_set"), pulp.lpSum(x.chosen[service, way] for way in each) == 1
            for site in problem.candidates:
                with_it = pulp.lpSum(x.chosen[service, (sites, n)] for sites, n in each if site in sites)
                yield (service, site), with_it == x.designated[site, service]


class every_area_is_served(Judged):
    """Every area has an open site, or a neighbour, that it can reach."""

    # Not a standard and never relaxed, but a reason that people must be told of.
    unit, relation, binds = "areas", "=", False
    quantity, bends = "unserved", "straight"

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for service, chain in x.chains.items():
            if problem.services[service].transfer:
                for name, nowhere in legs.stranded(problem, x, service):
                    yield (service, name), nowhere == 0
                continue
            for index, everywhere in zip(chain.unserved, chain.unserved_sets, strict=True):
                nowhere = x.none_of[service, everywhere] + pulp.LpAffineExpression()
                yield (service, spelt(index, everywhere)), nowhere == 0
        for service in x.sharings:
            nowhere = x.by_sharing(service, [not one.goes.any(axis=1).all() for one in x.sharings[service].values()])
            if len(nowhere):
                yield (service, SHARED_OUT), nowhere <= 0

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for code in problem.services_with_patients:
            going = journeys(problem, choices, code)
            yield self.instance((code,), going.services, going.unserved, 0)

    def said(self, problem: Problem, names: Names) -> str:
        return f"everybody can reach a hospital that provides {problem.services[names[0]].name}"

    def demand(self, names: Names) -> Names:
        return names[:1]


class nobody_travels_too_far(OneFigure):
    """Every resident area has an open site, or a neighbour, within the longest journey allowed."""

    unit, sides_in, relation, rows_give, presumes_journeys = "areas out of reach", "minutes", "<=", False, True
    setting, notch = "longest_journey_minutes", 5.0
    quantity, bends = "worst", "at the longest journey"
    asks = "nobody travels more than {figure} to {service}"
    gives = "allow journeys of up to {new:g} minutes to {service}"
    loosened_to = "allow journeys of up to {new:g} minutes"

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, longest in self.modelled(problem, x):
            if code in x.sharings:
                too_far = x.by_sharing(code, [worst > longest for worst in _worst_journeys(problem, x, code)])
                if len(too_far):
                    yield (code, SHARED_OUT), too_far <= 0
            elif problem.services[code].transfer:
                for name, too_far in legs.out_of_reach(problem, x, code, longest):
                    yield (code, name), too_far <= 0
            elif problem.services[code].observed:
                yield from _nobody_is_drawn_too_far(problem, x, code, longest)
            else:
                yield from _somebody_is_near(problem, x, code, longest)

    def number(self, problem: Problem, choices: All, code: str) -> Part:
        going = journeys(problem, choices, code)
        return going.services, going.worst_minutes

    def demand(self, names: Names) -> Names:
        return names[:1]

    def best_without(self, problem: Problem, names: Names) -> tuple[Problem, float] | None:
        shortest = (Objective("worst_journey", names),)
        return replace(self.without(problem, names), objectives=shortest), self.value(problem.services[names[0]])


def _somebody_is_near(problem: Problem, x: Variables, service: str, longest: float) -> Rows:
    """Where people go to the nearest site, one of those that are near enough must be open: one row a set of them."""
    within = problem.minutes(service)[problem.stays] <= longest
    for sites in sorted({tuple(row) for row in np.unique(within, axis=0).tolist()}):
        near = [site for site, is_near in zip(problem.reachable_sites(service), sites, strict=True) if is_near]
        if all(problem.sites[site].candidate for site in near):
            open_sites = pulp.lpSum(x.designated[site, service] for site in near)
            yield (service, ".".join(near) or "out_of_reach_of_every_site"), open_sites >= 1


def _nobody_is_drawn_too_far(problem: Problem, x: Variables, service: str, longest: float) -> Rows:
    """Where offsets draw people past a nearer site, what counts is the site that they go to: one row a kind of area."""
    stays = np.flatnonzero(problem.stays)
    order = np.argsort(problem.choosing_minutes(service)[stays], axis=1, kind="stable")
    reached = np.isfinite(problem.minutes(service)[stays])
    far = reached & (problem.minutes(service)[stays] > longest)
    _, kinds = np.unique(np.hstack([order, reached, far]), axis=0, return_index=True)
    for area in sorted(kinds[far[kinds].any(axis=1)]):
        only_here = np.zeros(problem.minutes(service).shape)
        only_here[stays[area]] = far[area]
        too_far = x.add_up(service, only_here)
        if too_far.constant or len(too_far):
            yield (service, problem.stream_names[int(stays[area])]), too_far <= 0


class enough_patients_within_standard(OneFigure):
    """At least the stated share of resident patients reach the service within its standard."""

    unit, sides_in, relation, presumes_journeys = PATIENTS, "share of patients", ">=", True
    setting, notch = "share_within_standard", -0.01
    quantity, bends = "share_within_standard", "at the standard"
    asks = "{figure} of patients reach {service} within {standard}"
    gives = "accept {by} more patients a year beyond the standard for {service}"
    loosened_to = "a share of {new:g} within the standard"

    def applies_to(self, service: Service) -> bool:
        return super().applies_to(service) and bool(service.standard_minutes)

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, share in self.modelled(problem, x):
            patients = problem.patients(code) * problem.resident
            beyond = legs.patients_beyond(problem, x, code, patients, _standard(problem, code))
            yield (code,), beyond <= float((1 - share) * patients.sum())

    def number(self, problem: Problem, choices: All, code: str) -> Part:
        going = journeys(problem, choices, code)
        patients = going.resident_patients
        within = patients - going.patients_beyond(_standard(problem, code))
        # A share is a quotient: it is rounded to what a table shows, after the exact sums.
        share = np.where(patients > 0, within, 1.0) / np.where(patients > 0, patients, 1.0)
        return going.services, np.round(share, 12)

    def _words(self, problem: Problem, names: Names, by: float = 0.0) -> dict[str, Any]:
        return {**super()._words(problem, names, by), "standard": amount(_standard(problem, names[0]), "minutes")}


class the_worst_journey_is_the_worst(Rule):
    """The worst journey is no shorter than any resident area's journey."""

    def rows(self, problem: Problem, x: Variables) -> Rows:
        stays = np.flatnonzero(problem.stays)
        for services, worst in x.worst_minutes.items():
            for service in (service for service in services if service in x.counted):
                if service in x.sharings:
                    longest = x.by_sharing(service, _worst_journeys(problem, x, service))
                    yield (*services, service, SHARED_OUT), worst >= longest
                    continue
                if problem.services[service].transfer:
                    for name, journey in legs.worst_journeys(problem, x, service):
                        yield (*services, service, name), worst >= journey
                    continue
                minutes = np.where(np.isfinite(problem.minutes(service)), problem.minutes(service), 0)
                for area in stays:
                    only_here = np.zeros_like(minutes)
                    only_here[area] = minutes[area]
                    code = problem.stream_names[int(area)]
                    yield (*services, service, code), worst >= x.add_up(service, only_here)


def _standard(problem: Problem, service: str) -> float:
    standard = problem.services[service].standard_minutes
    return standard.value if standard else 0.0


def _worst_journeys(problem: Problem, x: Variables, service: str) -> list[float]:
    """Return the longest journey of residents under each sharing."""
    minutes = problem.minutes(service)
    each = x.sharings[service].values()
    return [float(np.where(one.goes, minutes, 0)[problem.stays].max(initial=0.0)) for one in each]
