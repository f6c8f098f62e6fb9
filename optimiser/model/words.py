"""Rules in the words of people: what each asks, and what giving way would mean."""

from __future__ import annotations

from collections.abc import Callable

from optimiser.model.rules import UNITS, most_patients_in_beds
from optimiser.problem import Figure, Problem, Service
from optimiser.problem.beds import beds_needed
from optimiser.problem.decimals import exactly
from optimiser.problem.words import amount, is_one, shown

# Not a standard and never relaxed, but a reason that people must be told of.
EVERYBODY = "every_area_is_served"
NAMED = (EVERYBODY, *UNITS)

# Rows of one demand: its rule and the names that say whose it is, so that a rota is one demand over all its sites.
Demand = tuple[str, tuple[str, ...]]


def demand_of(rule: str, names: tuple[str, ...]) -> Demand:
    """Return what people would call one demand, for one row of a rule."""
    if rule == "rota_is_filled":
        service, _, team, unit = names
        return rule, (service, team, unit)
    if rule in ("services_share_a_site", "services_are_within_reach"):
        return rule, (names[0], names[-1])
    if rule in ("nobody_travels_too_far", EVERYBODY):
        return rule, (names[0],)
    return rule, names


def rank(demand: Demand) -> int:
    """Return the place of a rule in reading order: the rules of the question first, resources last."""
    return NAMED.index(demand[0])


def name_of(demand: Demand) -> str:
    """Return the name of a demand: its rule and whose it is."""
    return ".".join((demand[0], *demand[1]))


def in_words(problem: Problem, demand: Demand) -> str:
    """Return what a demand asks, in words."""
    return SAYS[demand[0]](problem, demand[1])


def unit_of(demand: Demand) -> str:
    """Return the unit in which a demand can give way: of staff, people and WTE are two."""
    unit = UNITS.get(demand[0], "areas")
    return demand[1][-1] if unit == "people or WTE" else unit


Words = Callable[[Problem, tuple[str, ...]], str]
WordsBy = Callable[[Problem, tuple[str, ...], float], str]


def _service(problem: Problem, names: tuple[str, ...]) -> Service:
    return problem.services[names[0]]


def number_of(figure: Figure | None) -> float:
    """Return the value of a figure; 0 where there is none."""
    return figure.value if figure else 0.0


def _staff(number: float, team: str, unit: str, problem: Problem, more: str = "") -> str:
    who, name = "" if unit == "people" else f"{unit} ", problem.teams[team].name
    # Teams are named in the plural.
    return f"{shown(number)} {more}{who}of the {name}" if is_one(number) else f"{shown(number)} {more}{who}{name}"


def _at_most(problem: Problem, names: tuple[str, ...], figure: Figure | None, of_one: str, of_many: str) -> str:
    number = number_of(figure)
    return f"at most {_staff(number, names[0], names[1], problem)} {of_one if is_one(number) else of_many}"


def _fixed(problem: Problem, names: tuple[str, ...]) -> str:
    service, site = _service(problem, names), names[1]
    provided = "provided" if service.fixed[site].provided else "not provided"
    return f"{service.name} is fixed as {provided} at {problem.sites[site].name}"


def _rota(problem: Problem, names: tuple[str, ...]) -> str:
    service = _service(problem, names)
    rota = next(r for r in service.rotas if (r.team, r.unit) == names[1:])
    here = sum(problem.in_post(pool, rota.team, rota.unit) for pool in problem.pools(rota.team))
    needs = _staff(rota.needed.value, rota.team, rota.unit, problem)
    once = f" and {rota.once.value:g} in all" if rota.once else ""
    where = "at each site that provides it"
    if rota.only_without:
        where += f" without {problem.services[rota.only_without.service].name}"
    if rota.remote_from:
        where += f" unless {problem.services[rota.remote_from.service].name} is provided somewhere"
    return f"{service.name} needs {needs} {where}{once}; {shown(here)} {'is' if is_one(here) else 'are'} in post in all"


def _beds(problem: Problem, names: tuple[str, ...]) -> str:
    service, site = _service(problem, names), names[1]
    beds = service.beds
    assert beds is not None
    there = f"{service.name} at {problem.sites[site].name} makes do with {amount(beds.at[site].value, 'beds')}"
    take = "takes" if is_one(beds.at[site].value) else "take"
    return f"{there}, which {take} {amount(most_patients_in_beds(problem, *names), 'patients a year')}"


def _more_beds(problem: Problem, names: tuple[str, ...], by: float) -> str:
    service, site = _service(problem, names), names[1]
    beds = service.beds
    assert beds is not None
    patients = most_patients_in_beds(problem, *names) + by
    needed = beds_needed(beds.stays.load(exactly(round(patients, 6))), beds.blocking.value)
    more = amount(needed - beds.at[site].value, "beds", "more ")
    there = f"{service.name} at {problem.sites[site].name}"
    return f"find {more} for {there}, for {by:,.1f} patients a year beyond what its beds can take"


def _reach(problem: Problem, names: tuple[str, ...]) -> str:
    service, other = (problem.services[name] for name in names)
    link = next(link for link in service.in_reach if link.service == other.code)
    return f"{service.name} has {other.name} within {amount(link.minutes.value, 'minutes')} of its site"


def _asks(words: str, setting: str, unit: str) -> Words:
    """Return a sentence about one figure of a service or of its pathway; ``site`` is the rule's, if it has one."""

    def said(problem: Problem, names: tuple[str, ...]) -> str:
        service = _service(problem, names)
        number = number_of(getattr(service.transfer if hasattr(service.transfer, setting) else service, setting))
        site = problem.sites[names[1]].name if len(names) > 1 else ""
        is_or_are = "is" if is_one(number) else "are"
        return words.format(service=service.name, site=site, figure=amount(number, unit), is_or_are=is_or_are)

    return said


PATIENTS = "patients a year"
SAYS: dict[str, Words] = {
    EVERYBODY: lambda p, n: f"every area has a site, or a neighbour, that it can reach for {_service(p, n).name}",
    "fixed_designations_stand": _fixed,
    "enough_sites": _asks("{service} on at least {figure}", "at_least_sites", "sites"),
    "not_too_many_sites": _asks("{service} on at most {figure}", "at_most_sites", "sites"),
    "every_site_has_enough_patients": _asks("{service} at {site} has at least {figure}", "minimum_patients", PATIENTS),
    "no_site_has_too_many_patients": _asks("{service} at {site} has at most {figure}", "maximum_patients", PATIENTS),
    "beds_are_enough": _beds,
    "services_are_within_reach": _reach,
    "nobody_travels_too_far": _asks(
        "nobody travels more than {figure} to {service}", "longest_journey_minutes", "minutes"
    ),
    "enough_patients_within_standard": lambda p, n: (
        f"a share of {shown(number_of(_service(p, n).share_within_standard))} of patients reach {_service(p, n).name} "
        f"within {amount(number_of(_service(p, n).standard_minutes), 'minutes')}"
    ),
    "not_too_many_transfers": _asks("{service} takes at most {figure}", "most_transfers_a_day", "transfers a day"),
    "not_too_many_repatriations": _asks(
        "at most {figure} {is_or_are} taken back from {service}", "most_repatriations_a_year", PATIENTS
    ),
    "not_too_many_ambulance_hours": _asks(
        "ambulances spend at most {figure} on transfers to {service}", "most_ambulance_hours", "hours a year"
    ),
    "services_share_a_site": lambda p, n: f"{_service(p, n).name} shares its site with {p.services[n[1]].name}",
    "rota_is_filled": _rota,
    "moves_within_limit": lambda p, n: _at_most(
        p, n, p.teams[n[0]].moves_at_most, "moves between sites", "move between sites"
    ),
    "recruitment_within_limit": lambda p, n: _at_most(
        p, n, p.teams[n[0]].recruits_at_most, "is recruited", "are recruited"
    ),
}

WAYS_OUT: dict[str, WordsBy] = {
    "enough_sites": lambda p, n, by: (
        f"ask for {amount(number_of(_service(p, n).at_least_sites) - by, 'sites')} for {_service(p, n).name}"
    ),
    "not_too_many_sites": lambda p, n, by: (
        f"allow {amount(number_of(_service(p, n).at_most_sites) + by, 'sites')} for {_service(p, n).name}"
    ),
    "every_site_has_enough_patients": lambda p, n, by: (
        f"accept {by:,.1f} patients a year too few at {p.sites[n[1]].name} for {_service(p, n).name}"
    ),
    "no_site_has_too_many_patients": lambda p, n, by: (
        f"accept {by:,.1f} patients a year too many at {p.sites[n[1]].name} for {_service(p, n).name}"
    ),
    "beds_are_enough": _more_beds,
    "enough_patients_within_standard": lambda p, n, by: (
        f"accept {by:,.1f} more patients a year beyond the standard for {_service(p, n).name}"
    ),
    "not_too_many_transfers": lambda p, n, by: (
        f"allow {amount(by, 'transfers a day', 'more ')} to {_service(p, n).name}"
    ),
    "not_too_many_repatriations": lambda p, n, by: (
        f"allow {amount(by, 'repatriations a year', 'more ')} from {_service(p, n).name}"
    ),
    "not_too_many_ambulance_hours": lambda p, n, by: (
        f"allow {by:,.1f} more ambulance hours a year for transfers to {_service(p, n).name}"
    ),
    "rota_is_filled": lambda p, n, by: (
        f"let the rotas of {_service(p, n).name} be short of {_staff(by, n[1], n[2], p)} in all"
    ),
    "moves_within_limit": lambda p, n, by: f"let {_staff(by, n[0], n[1], p, 'more ')} move between sites",
    "recruitment_within_limit": lambda p, n, by: f"recruit {_staff(by, n[0], n[1], p, 'more ')}",
}
