"""Everything that every plan must obey, in reading order. One rule, one function.

A rule yields named rows and never touches the model: ``(names, row)``. ``@logic`` is what the words mean and is never
relaxed; ``@limit(unit=...)`` is a standard or a resource, which may be relaxed by so many units to explain a clash.
Data switches a rule on: no minimum in the config, no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pulp

from optimiser.journeys.nearest import Chains
from optimiser.model import legs, rotas
from optimiser.model.variables import Variables, spelt
from optimiser.problem import Problem
from optimiser.problem.beds import most_patients

# What names the one row of a service whose patients are shared out.
SHARED_OUT = "shared_out"

Rows = Iterator[tuple[tuple[str, ...], pulp.LpConstraint]]
Rule = Callable[[Problem, Variables], Rows]

RULES: dict[str, Rule] = {}
UNITS: dict[str, str] = {}


def logic(rule: Rule) -> Rule:
    """Register a rule that is never relaxed."""
    RULES[rule.__name__] = rule
    return rule


def limit(*, unit: str) -> Callable[[Rule], Rule]:
    """Register a rule that may be relaxed by so many units, to explain a clash."""

    def register(rule: Rule) -> Rule:
        UNITS[rule.__name__] = unit
        return logic(rule)

    return register


@logic
def nobody_is_counted_nearer_than_they_are(problem: Problem, x: Variables) -> Rows:
    """Patients reach a site only if it is open: if none of a set is open and neither is one more, none of both is."""
    for service, name, chain, (fewer, site, more) in _links(problem, x):
        none_of_fewer = x.none_of[service, chain.sets[fewer]]
        row = x.none_of[service, chain.sets[more]] >= none_of_fewer - x.designated[site, service]
        yield (*name, spelt(more, chain.sets[more]), site), row


@logic
def nobody_passes_an_open_site(problem: Problem, x: Variables) -> Rows:
    """Patients do not go past an open site. Only volumes, offsets and transfers push this way, and switch it on."""
    for service, name, chain, (fewer, site, more) in _links(problem, x):
        rules = problem.services[service]
        if rules.counts_volumes or rules.observed or service in problem.on_a_transfer_pathway:
            names = (*name, spelt(more, chain.sets[more]), site)
            none_of_more = x.none_of[service, chain.sets[more]]
            yield (*names, "open"), none_of_more <= 1 - x.designated[site, service]
            if fewer:
                yield (*names, "nearer"), none_of_more <= x.none_of[service, chain.sets[fewer]]


def _links(problem: Problem, x: Variables) -> Iterator[tuple[str, tuple[str, ...], Chains, tuple[int, str, int]]]:
    """Yield every step from a set to a bigger one, with its service and what to call it."""
    for service, chain in x.chains.items():
        yield from ((service, (service,), chain, link) for link in chain.links)
    for service, chain in x.first_legs.items():
        transfer = problem.services[service].transfer
        first = transfer.first_contact if transfer else service
        yield from ((first, (first, f"for_{service}"), chain, link) for link in chain.links)


@logic
def both_legs_are_counted_together(problem: Problem, x: Variables) -> Rows:
    """Patients pass a shut set on their second leg exactly when their first ended here and the set is shut."""
    for names, both, first, second in legs.products(problem, x):
        yield (*names, "if_both"), both >= first + second - 1
        yield (*names, "only_if_here"), both <= first
        yield (*names, "only_if_shut"), both <= second


@logic
def patients_are_shared_out(problem: Problem, x: Variables) -> Rows:
    """Patients who are shared out go where the set of sites that provide the service sends them, and no other set."""
    for service, each in x.sharings.items():
        yield (service, "one_set"), pulp.lpSum(x.chosen[service, way] for way in each) == 1
        for site in problem.candidates:
            with_it = pulp.lpSum(x.chosen[service, (sites, n)] for sites, n in each if site in sites)
            yield (service, site), with_it == x.designated[site, service]


@logic
def every_area_is_served(problem: Problem, x: Variables) -> Rows:
    """Every area has an open site, or a neighbour, that it can reach."""
    for service, chain in x.chains.items():
        if problem.services[service].transfer:
            for name, nowhere in legs.stranded(problem, x, service):
                yield (service, name), nowhere == 0
            continue
        for index, everywhere in zip(chain.unserved, chain.unserved_sets, strict=True):
            yield (service, spelt(index, everywhere)), x.none_of[service, everywhere] + pulp.LpAffineExpression() == 0
    for service in x.sharings:
        nowhere = x.by_sharing(service, [not one.goes.any(axis=1).all() for one in x.sharings[service].values()])
        if len(nowhere):
            yield (service, SHARED_OUT), nowhere <= 0


@limit(unit="designated")
def fixed_designations_stand(problem: Problem, x: Variables) -> Rows:
    """What is fixed stays as it is fixed."""
    for service, rules in problem.services.items():
        for site, fixed in rules.fixed.items():
            yield (service, site), x.designated[site, service] == int(fixed.provided)


@limit(unit="sites")
def enough_sites(problem: Problem, x: Variables) -> Rows:
    """A service is provided on at least so many sites."""
    for service, rules in problem.services.items():
        if rules.at_least_sites:
            yield (service,), _sites(problem, x, service) >= rules.at_least_sites.value


@limit(unit="sites")
def not_too_many_sites(problem: Problem, x: Variables) -> Rows:
    """A service is provided on at most so many sites."""
    for service, rules in problem.services.items():
        if rules.at_most_sites:
            yield (service,), _sites(problem, x, service) <= rules.at_most_sites.value


@limit(unit="patients a year")
def every_site_has_enough_patients(problem: Problem, x: Variables) -> Rows:
    """A site that provides a service has at least the minimum number of patients."""
    for service, rules in problem.services.items():
        if rules.minimum_patients and service in x.counted:
            arriving = legs.arriving(problem, x, service)
            for site in problem.candidates:
                needed = rules.minimum_patients.value * x.designated[site, service]
                yield (service, site), arriving[site] >= needed


@limit(unit="patients a year")
def no_site_has_too_many_patients(problem: Problem, x: Variables) -> Rows:
    """A site that provides a service has at most the maximum number of patients."""
    for service, rules in problem.services.items():
        if rules.maximum_patients and service in x.counted:
            arriving = legs.arriving(problem, x, service)
            for site in problem.candidates:
                yield (service, site), arriving[site] <= rules.maximum_patients.value


@limit(unit="patients a year")
def beds_are_enough(problem: Problem, x: Variables) -> Rows:
    """A site that provides a service has the beds that its patients need."""
    for service, rules in problem.services.items():
        if rules.beds and service in x.counted:
            arriving = legs.arriving(problem, x, service)
            for site in (site for site in problem.candidates if site in rules.beds.at):
                most = most_patients_in_beds(problem, service, site)
                yield (service, site), arriving[site] <= most * x.designated[site, service]


@limit(unit="areas out of reach")
def nobody_travels_too_far(problem: Problem, x: Variables) -> Rows:
    """Every resident area has an open site, or a neighbour, within the longest journey allowed."""
    resident = problem.areas["resident"].to_numpy()
    for service in x.counted:
        longest = problem.services[service].longest_journey_minutes
        if longest and service in x.sharings:
            too_far = x.by_sharing(service, [worst > longest.value for worst in _worst_journeys(problem, x, service)])
            if len(too_far):
                yield (service, SHARED_OUT), too_far <= 0
        elif longest and problem.services[service].transfer:
            for name, too_far in legs.out_of_reach(problem, x, service, longest.value):
                yield (service, name), too_far <= 0
        elif longest and problem.services[service].observed:
            yield from _nobody_is_drawn_too_far(problem, x, service, longest.value)
        elif longest:
            within = problem.minutes(service)[resident] <= longest.value
            for sites in sorted({tuple(row) for row in np.unique(within, axis=0).tolist()}):
                near = [site for site, is_near in zip(problem.reachable_sites(service), sites, strict=True) if is_near]
                if all(problem.sites[site].candidate for site in near):
                    open_sites = pulp.lpSum(x.designated[site, service] for site in near)
                    yield (service, ".".join(near) or "out_of_reach_of_every_site"), open_sites >= 1


def _nobody_is_drawn_too_far(problem: Problem, x: Variables, service: str, longest: float) -> Rows:
    """Where offsets draw people past a nearer site, what counts is the site that they go to: one row a kind of area."""
    resident = np.flatnonzero(problem.areas["resident"].to_numpy())
    order = np.argsort(problem.choosing_minutes(service)[resident], axis=1, kind="stable")
    reached = np.isfinite(problem.minutes(service)[resident])
    far = reached & (problem.minutes(service)[resident] > longest)
    _, kinds = np.unique(np.hstack([order, reached, far]), axis=0, return_index=True)
    for area in sorted(kinds[far[kinds].any(axis=1)]):
        only_here = np.zeros(problem.minutes(service).shape)
        only_here[resident[area]] = far[area]
        too_far = x.add_up(service, only_here)
        if too_far.constant or len(too_far):
            yield (service, str(problem.areas.index[int(resident[area])])), too_far <= 0


@limit(unit="patients a year")
def enough_patients_within_standard(problem: Problem, x: Variables) -> Rows:
    """At least the stated share of resident patients reach the service within its standard."""
    for service in x.counted:
        rules = problem.services[service]
        if rules.share_within_standard and rules.standard_minutes:
            patients = problem.patients(service) * problem.areas["resident"].to_numpy()
            beyond = legs.patients_beyond(problem, x, service, patients, rules.standard_minutes.value)
            most = (1 - rules.share_within_standard.value) * patients.sum()
            yield (service,), beyond <= float(most)


@limit(unit="transfers a day")
def not_too_many_transfers(problem: Problem, x: Variables) -> Rows:
    """No more patients a day are transferred to a service than the config allows, suspected ones counted."""
    for service in problem.reached_by_transfer:
        transfer = problem.services[service].transfer
        if transfer and transfer.most_transfers_a_day and service in x.chains:
            yield (service,), legs.transfers_a_day(problem, x, service) <= transfer.most_transfers_a_day.value


@limit(unit="repatriations a year")
def not_too_many_repatriations(problem: Problem, x: Variables) -> Rows:
    """No more of a service's patients a year are taken back than the config allows."""
    for service in problem.reached_by_transfer:
        transfer = problem.services[service].transfer
        if transfer and transfer.most_repatriations_a_year and service in x.chains:
            yield (service,), legs.repatriations(problem, x, service) <= transfer.most_repatriations_a_year.value


@limit(unit="hours a year")
def not_too_many_ambulance_hours(problem: Problem, x: Variables) -> Rows:
    """Ambulances spend no more hours a year on a service's transfers and repatriations than the config allows."""
    for service in problem.reached_by_transfer:
        transfer = problem.services[service].transfer
        if transfer and transfer.most_ambulance_hours and service in x.chains:
            yield (service,), legs.ambulance_hours(problem, x, service) <= transfer.most_ambulance_hours.value


@limit(unit="designated")
def services_share_a_site(problem: Problem, x: Variables) -> Rows:
    """A site that provides a service also provides the services it must share a site with."""
    for service, rules in problem.services.items():
        for link in rules.same_site:
            for site in problem.candidates:
                if not problem.is_excepted(service, link.service, site):
                    row = x.designated[site, link.service] >= x.designated[site, service]
                    yield (service, site, link.service), row


@limit(unit="designated")
def services_are_within_reach(problem: Problem, x: Variables) -> Rows:
    """A site that provides a service has those it needs in reach: at a site that is near enough, or at its own."""
    for service, rules in problem.services.items():
        for link in rules.in_reach:
            for site in problem.candidates:
                if not problem.is_excepted(service, link.service, site):
                    near = problem.within_reach(site, link.minutes.value)
                    in_reach = pulp.lpSum(x.designated[other, link.service] for other in near)
                    yield (service, site, link.service), in_reach >= x.designated[site, service]


@limit(unit="people or WTE")
def rota_is_filled(problem: Problem, x: Variables) -> Rows:
    """A site that provides a service has the staff its rota needs, or is short where that is allowed."""
    for service, rules in problem.services.items():
        for rota in rules.rotas:
            for pool, what, needed in rotas.needs(problem, x, service, rota):
                who = (pool, rota.team, rota.unit)
                short = x.short[who] if rota.may_fall_short else 0
                yield (service, what, rota.team, rota.unit), x.staff[who] + short >= needed


@logic
def staff_add_up(problem: Problem, x: Variables) -> Rows:
    """Staff at a site are those in post, plus those who move in, less those who move out, plus recruits."""
    for team, unit in problem.team_units:
        for site in problem.pools(team):
            others = [other for other in problem.pools(team) if other != site]
            moved_in = pulp.lpSum(x.moved[team, unit, other, site] for other in others)
            moved_out = pulp.lpSum(x.moved[team, unit, site, other] for other in others)
            in_post = problem.in_post(site, team, unit)
            recruited = x.recruited[site, team, unit]
            yield (team, unit, site), x.staff[site, team, unit] == in_post + moved_in - moved_out + recruited


@limit(unit="people or WTE")
def moves_within_limit(problem: Problem, x: Variables) -> Rows:
    """No more staff of a team move between sites than the config allows."""
    for team, unit in problem.team_units:
        most = problem.teams[team].moves_at_most
        moves = [moved for (mover, counted, *_), moved in x.moved.items() if (mover, counted) == (team, unit)]
        if most and moves:
            yield (team, unit), pulp.lpSum(moves) <= most.value


@limit(unit="people or WTE")
def recruitment_within_limit(problem: Problem, x: Variables) -> Rows:
    """No more staff of a team are recruited than the config allows."""
    for team, unit in problem.team_units:
        most = problem.teams[team].recruits_at_most
        if most:
            recruits = pulp.lpSum(x.recruited[site, team, unit] for site in problem.pools(team))
            yield (team, unit), recruits <= most.value


@logic
def the_worst_journey_is_the_worst(problem: Problem, x: Variables) -> Rows:
    """The worst journey is no shorter than any resident area's journey."""
    resident = np.flatnonzero(problem.areas["resident"].to_numpy())
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
            for area in resident:
                only_here = np.zeros_like(minutes)
                only_here[area] = minutes[area]
                code = str(problem.areas.index[int(area)])
                yield (*services, service, code), worst >= x.add_up(service, only_here)


def most_patients_in_beds(problem: Problem, service: str, site: str) -> float:
    """Return the most patients a year whom the beds that a site has for a service can take."""
    beds = problem.services[service].beds
    assert beds is not None
    scale = problem.patient_scale * problem.share_scale
    return most_patients(int(beds.at[site].value), beds.stays, beds.blocking.value, scale=scale)


def _worst_journeys(problem: Problem, x: Variables, service: str) -> list[float]:
    """Return the longest journey of residents under each sharing."""
    resident, minutes = problem.areas["resident"].to_numpy(), problem.minutes(service)
    each = x.sharings[service].values()
    return [float(np.where(one.goes, minutes, 0)[resident].max(initial=0.0)) for one in each]


def _sites(problem: Problem, x: Variables, service: str) -> pulp.LpAffineExpression:
    return pulp.lpSum(x.designated[site, service] for site in problem.candidates)
