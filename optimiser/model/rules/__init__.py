"""Everything that every plan must obey, in reading order: one object a rule, of which all that follows is asked.

To add one: write it in the file that it belongs to, and put it in its place below. ``docs/adding.md`` has the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from optimiser.journeys.choices import All
from optimiser.model.rules import journeys, links, outside, sites, staff, transfers, volumes
from optimiser.model.rules.rule import Instance, Judged, Limit, Names, Rule
from optimiser.problem import Problem

RULES: dict[str, Rule] = {
    one.name: one
    for one in (
        journeys.nobody_is_counted_nearer_than_they_are(),
        journeys.nobody_passes_an_open_site(),
        transfers.both_legs_are_counted_together(),
        journeys.patients_are_shared_out(),
        journeys.every_area_is_served(),
        sites.fixed_designations_stand(),
        sites.enough_sites(),
        sites.not_too_many_sites(),
        sites.no_site_provides_too_many(),
        volumes.every_site_has_enough_patients(),
        volumes.no_site_has_too_many_patients(),
        volumes.beds_are_enough(),
        journeys.nobody_travels_too_far(),
        journeys.enough_patients_within_standard(),
        outside.few_enough_are_treated_outside(),
        outside.neighbours_are_not_sent_too_many(),
        transfers.not_too_many_transfers(),
        transfers.not_too_many_repatriations(),
        transfers.not_too_many_ambulance_hours(),
        transfers.not_too_many_transfers_in_all(),
        links.services_share_a_site(),
        links.services_are_within_reach(),
        staff.rota_is_filled(),
        staff.staff_add_up(),
        staff.moves_within_limit(),
        staff.recruitment_within_limit(),
        journeys.the_worst_journey_is_the_worst(),
    )
}
# Those that a plan may break, those that may give way, and those that designations alone decide.
JUDGED = {name: rule for name, rule in RULES.items() if isinstance(rule, Judged)}
LIMITS = {name: rule for name, rule in RULES.items() if isinstance(rule, Limit)}
ARITHMETIC: dict[str, Callable[[Problem, All], Iterator[Instance]]] = {
    name: rule.instances for name, rule in JUDGED.items() if rule.by_arithmetic
}

# What people would call one demand: a rule and whose it is. A rota is one over all its sites, though each has a row.
Demand = tuple[str, Names]


def demand_of(rule: str, names: Names) -> Demand:
    """Return the demand of one row or instance of a rule."""
    return rule, JUDGED[rule].demand(names)


def name_of(demand: Demand) -> str:
    """Return the name of a demand: its rule and whose it is."""
    return ".".join((demand[0], *demand[1]))


def rank(demand: Demand) -> int:
    """Return the place of a rule in reading order: the rules of the question first, resources last."""
    return list(RULES).index(demand[0])


def in_words(problem: Problem, demand: Demand) -> str:
    """Return what a demand asks, in words."""
    return JUDGED[demand[0]].said(problem, demand[1])


def unit_of(demand: Demand) -> str:
    """Return the unit in which a demand can give way: of staff, people and WTE are two."""
    return JUDGED[demand[0]].unit_of(demand[1])
