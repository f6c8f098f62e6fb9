"""Settings that contradict each other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from optimiser.errors import did_you_mean, quoted
from optimiser.inputs.config.settings import Config, ExceptionSettings, ObjectiveSettings, ServiceSettings
from optimiser.inputs.layers import Spot
from optimiser.problem.words import TOLD, TOLD_MEASURES, listed

# Objectives that rest on no patients.
COUNT_NO_PATIENTS = ("staff_short", "changes_from_today", "fewest_sites")


def contradictions(config: Config, named: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where and what for settings that cannot hold together. ``named`` is the config with its faults in."""
    services, teams = _names(named, "services"), _names(named, "teams")
    travel = config.settings.travel
    if travel.time is not None and travel.time not in _names(named, "travel", "times"):
        hint = did_you_mean(travel.time, list(travel.times or {}), or_else="State one there, or take time out.")
        yield config.where("travel", "time"), f"times has no factor for {quoted(travel.time)}. {hint}"
    for code, service in config.settings.services.items():
        yield from _clashing_numbers(config, code, service)
        yield from _needs_patients(config, code, service)
        yield from _observed_faults(config, code, service)
        yield from _unknown_names(config, ("services", code, "same_site"), service.same_site, services)
        yield from _unknown_names(config, ("services", code, "rotas"), service.rotas, teams, "team")
        yield from _clashing_sites(config, code, service)
        yield from _link_faults(config, code, service, services)
        yield from _rota_faults(config, code, service, services)
        yield from _pathway_faults(config, code, service, services)
        yield from _mode_faults(config, code, service)
    for code, team in config.settings.teams.items():
        if team.across_sites and 0 < team.moves_at_most.value < math.inf:
            words = "nobody moves within one team across sites, so that no limit on moves can count. Take it out"
            yield config.where("teams", code, "moves_at_most"), f"{words}, or say null where a base config states it."
        if team.across_sites:
            yield from _shared_teams(config, code)
            if team.across_sites.travel_by:
                yield from _unknown_by_a_mode(config, ("teams", code, "across_sites", "travel_by"))
    if config.settings.border_pull is not None and config.settings.border != "as_today":
        words = (
            f"nobody is pulled over a border that is {config.settings.border}. Write border: as_today, or take it out."
        )
        yield config.where("border_pull"), words
    if config.settings.most_transfers_a_year and all(
        service.pathway != "transfer" for service in config.settings.services.values()
    ):
        words = "most_transfers_a_year counts those on the transfer pathway, and no service has it. Take it out"
        yield config.where("most_transfers_a_year"), f"{words}, or say null where a base config states it."
    yield from _unknown_names(config, ("today",), config.settings.today, services)
    for number, objective in enumerate(config.settings.objectives):
        yield from _objective_faults(config, number, objective, services)
    yield from _untold(config, services)
    for number, words in exception_faults(config.settings.services, config.settings.exceptions or ()):
        yield config.where("exceptions", number), words


def _untold(config: Config, services: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what stands in braces in a sentence to know before, and is no number of a run."""
    known = list(services)
    for number, one in enumerate(config.settings.know_before or ()):
        where = config.where("know_before", number)
        for measure, service, *_ in TOLD.findall(one.sentence):
            if measure not in TOLD_MEASURES:
                hint = did_you_mean(measure, TOLD_MEASURES, list_at_most=20)
                yield where, f"there is no measure {quoted(measure)} that a sentence may tell. {hint}"
            if service not in known:
                yield where, _no_such("service", service, known)
        if left := re.search(r"\{[^}]*\}?|\}", TOLD.sub("", one.sentence)):
            words = "is no number of a run. Write {mean_minutes of SERVICE}, for example, or take the brace out"
            yield where, f"{quoted(left.group())} {words}."


def _names(named: Any, *spot: str) -> list[str]:
    """Return the names somewhere in a config with its faults in; none where something else stands there."""
    for key in spot:
        named = named.get(key) if isinstance(named, Mapping) else None
    return list(named) if isinstance(named, Mapping) else []


def _clashing_numbers(config: Config, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    for least, most in (("at_least_sites", "at_most_sites"), ("minimum_patients", "maximum_patients")):
        low, high = getattr(service, least), getattr(service, most)
        if low is not None and high is not None and low.value > high.value:
            other = config.where("services", code, most)
            words = f"{least} is {low.value:g} but {most} is {high.value:g} ({other}). Change one of them."
            yield config.where("services", code, least), words
    fixed = [site for site, one in config.settings.fixed_at(code).items() if one.provided]
    if service.at_most_sites is not None and len(fixed) > service.at_most_sites.value:
        lines = ", ".join(_where_fixed(config, code, site) for site in fixed)
        allowed = f"at_most_sites is {service.at_most_sites.value:g}"
        sites = "1 site is" if len(fixed) == 1 else f"{len(fixed)} sites are"
        words = f"{allowed} but {sites} fixed as provided ({lines}). Change one of them."
        yield config.where("services", code, "at_most_sites"), words


def _needs_patients(config: Config, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    if service.share_within_standard is not None and service.standard_minutes is None:
        words = "share_within_standard needs standard_minutes. Say how many minutes count as near enough."
        yield config.where("services", code, "share_within_standard"), words
    names: tuple[str, ...] = (
        "minimum_patients",
        "maximum_patients",
        "longest_journey_minutes",
        "standard_minutes",
        "beds",
    )
    names += ("at_most_share_outside", "neighbours_take_at_most")
    for name in names if service.activity is None else ():
        if getattr(service, name) is not None:
            words = f"{name} needs to know who the patients are. Set activity for {code}, or delete this."
            yield config.where("services", code, name), words


def _observed_faults(config: Config, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    where, observed = config.where("services", code, "patients_go_to"), service.observed
    if service.patients_go_to == "managed" and service.activity is None:
        yield where, f"managed needs to know who the patients are. Set activity for {code}, or delete this."
    if service.patients_go_to != "observed":
        if observed is not None:
            words = f"observed means nothing while patients_go_to is {service.patients_go_to}. Write observed there"
            yield config.where("services", code, "observed"), f"{words}, or delete this."
        return
    if service.activity is None:
        yield where, f"observed needs to know who the patients are. Set activity for {code}, or delete this."
    if observed is None or not (observed.period or observed.offsets):
        words = "observed needs counts or offsets. Add observed with a period of activity.csv, or with offsets."
        yield where, words
    elif observed.period and not config.settings.today.get(code):
        words = f"the counts belong to the sites that provide {code} today. Say under today which those are"
        yield config.where("services", code, "observed", "period"), f"{words}, or state offsets without a period."
    elif observed.held_at_zero and observed.held_at_zero not in config.settings.today.get(code, ()):
        words = f"{observed.held_at_zero} does not provide {code} today, so nothing is fitted there."
        yield config.where("services", code, "observed", "held_at_zero"), f"{words} Name one that does."


def _clashing_sites(config: Config, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield the sites where a fixed service needs another beside it that is fixed as not there."""
    if code in service.same_site:
        yield config.where("services", code, "same_site", code), f"{code} cannot be linked to itself. Delete it."
    here = config.settings.fixed_at(code)
    for other in (one for one in service.same_site if one in config.settings.services):
        beside = config.settings.fixed_at(other)
        for site in here:
            if here[site].provided and site in beside and not beside[site].provided:
                there, link = _where_fixed(config, other, site), config.where("services", code, "same_site", other)
                words = f"{code} is fixed at {site} and needs {other} beside it ({link}), which is fixed as not there"
                yield _where_fixed(config, code, site), f"{words} ({there}). Change one of them."


def _where_fixed(config: Config, service: str, site: str) -> str:
    """Return where it is written that a service is fixed at a site, which may be one that is added."""
    stated = site in config.settings.services[service].fixed
    spot = ("services", service, "fixed", site) if stated else ("sites", site, "fixed", service)
    return config.where(*spot)


def _link_faults(
    config: Config, code: str, service: ServiceSettings, services: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield links across sites to services that do not exist, to itself, and of two kinds at once."""
    kinds = {"same_site": service.same_site, "in_reach": service.in_reach, "by_transfer": service.by_transfer}
    named: dict[str, str] = {}
    for kind, links in kinds.items():
        for other in links or () if kind != "same_site" else ():
            where = config.where("services", code, kind, other)
            if other not in services:
                yield where, _no_such("service", other, services)
            if other == code:
                yield where, f"{code} cannot be linked to itself. Delete it."
            if other in named:
                yield where, f"{other} is under {named[other]} already. Keep one of the two."
        named = dict.fromkeys(links or (), kind) | named


def _rota_faults(
    config: Config, code: str, service: ServiceSettings, services: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield rotas that rest on services that do not exist or on their own, and those that share what they cannot."""
    for team, rota in service.rotas.items():
        spot = ("services", code, "rotas", team)
        for name in ("only_without", "remote_from"):
            link = getattr(rota, name)
            if link and link.service not in services:
                yield config.where(*spot, name), _no_such("service", link.service, services, "here")
            elif link and link.service == code:
                yield config.where(*spot, name), f"{code} cannot do without its own rota. Name another service."
        on_call = [block.kind == "on_call" for block in rota.cover]
        if rota.remote_from and not (on_call and all(on_call)):
            words = "only cover on call from home can be given from another site. State such cover alone"
            yield config.where(*spot, "remote_from"), f"{words}, or take remote_from out."
        across = config.settings.teams.get(team) and config.settings.teams[team].across_sites
        counts_people = rota.people or rota.one_in
        if across and across.in_post and counts_people and across.in_post.value != int(across.in_post.value):
            words = f"a rota of {code} counts people, and {across.in_post.value:g} are not whole. Round it"
            yield config.where("teams", team, "across_sites", "in_post"), f"{words}, or let the rota count wte alone."
        if rota.shared_on_call and not (across and any(on_call) and (rota.one_in or rota.people)):
            words = "sharing needs one team across sites, cover on call from home, and one_in or people"
            yield config.where(*spot, "shared_on_call"), f"{words}. State them, or take shared_on_call out."


def _shared_teams(config: Config, team: str) -> Iterator[tuple[str, str]]:
    """Yield the rotas of one team across sites after its first: what they take at different sites is not added up."""
    first, *others = [code for code, service in config.settings.services.items() if team in service.rotas] or [""]
    for code in others:
        words = f"one team across sites counts for one service so far, and {team} has a rota of {first} already"
        yield config.where("services", code, "rotas", team), f"{words}. Name a team of its own here."


def exception_faults(
    services: Mapping[str, ServiceSettings], exceptions: Sequence[ExceptionSettings]
) -> Iterator[tuple[int, str]]:
    """Yield the number and the fault of each exception from a link that is not there, or that is listed twice."""
    named = [(one.service, one.needs, one.site) for one in exceptions]
    for number, one in enumerate(exceptions):
        service = services.get(one.service)
        links = [*service.same_site, *(service.in_reach or {})] if service else []
        if service is None:
            yield number, _no_such("service", one.service, services)
        elif one.needs not in links:
            hint = did_you_mean(one.needs, links, list_at_most=20)
            words = f"{one.service} does not need {quoted(one.needs)} on its site or in reach: nothing to except"
            yield number, f"{words}. {hint}".rstrip()
        if named[number] in named[:number]:
            yield number, f"{one.service} without {one.needs} at {one.site} is listed twice. Keep one."


def _pathway_faults(
    config: Config, code: str, service: ServiceSettings, services: Sequence[str]
) -> Iterator[tuple[str, str]]:
    where, transfer = config.where("services", code, "pathway"), service.transfer
    if service.pathway == "transfer" and transfer is None:
        yield where, f"{code} has the transfer pathway but no transfer. Say there how patients are transferred."
    if service.pathway is None and transfer is not None:
        words = f"{code} states transfer but no pathway. Write pathway: transfer, or pathway: direct to keep it aside."
        yield config.where("services", code, "transfer"), words
    if transfer is None or service.pathway != "transfer":
        return
    if service.activity is None:
        yield where, f"the transfer pathway needs to know who the patients are. Set activity for {code}."
    if service.patients_go_to == "managed":
        words = "patients are shared out only where they go straight to a service, so far"
        yield where, f"{words}. Write patients_go_to: nearest or observed for {code}."
    at, name = config.where("services", code, "transfer", "first_contact"), transfer.first_contact
    first = config.settings.services.get(name)
    if name not in services:
        yield at, _no_such("service", name, services)
    elif name == code or (first and first.pathway == "transfer"):
        yield at, f"{name} is reached by transfer itself. Name a service that patients go straight to."
    elif first and first.activity is None:
        yield at, f"{name} has no activity, so nobody goes there first. Set it, or name another service."
    elif first and first.patients_go_to == "managed":
        words = "shared out, which is not counted where patients are seen first, so far"
        yield at, f"the patients of {name} are {words}. Write patients_go_to: nearest or observed for {name}."


def _mode_faults(config: Config, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield modes of travelling where nobody travels, and beside what says nothing of journeys by other modes."""
    stated = [name for name in ("travel_by", "visitors_travel_by") if getattr(service, name)]
    for name in stated:
        where = config.where("services", code, name)
        if service.activity is None:
            yield where, f"{name} needs to know who the patients are. Set activity for {code}, or delete this."
        yield from _unknown_by_a_mode(config, ("services", code, name))
    seen_first = [
        other
        for other, one in config.settings.services.items()
        if one.pathway == "transfer" and one.transfer and one.transfer.first_contact == code
    ]
    if "travel_by" in stated and (service.pathway == "transfer" or seen_first):
        whose = code if service.pathway == "transfer" else listed(seen_first)
        words = f"patients of {whose} are transferred, and both their ways are those of journeys.csv and transfers.csv"
        yield config.where("services", code, "travel_by"), f"{words}, so far. Take it out, or write pathway: direct."


def _unknown_by_a_mode(config: Config, spot: Spot) -> Iterator[tuple[str, str]]:
    """Yield what cannot be asked beside a mode, as the tables of modes do not know it."""
    where, calibration = config.where(*spot), config.settings.travel.calibration
    if calibration and not calibration.applied:
        words = "travel.calibration is that of journeys.csv, and cannot be taken back from journeys by a mode"
        yield where, f"{words}. Take one of the two out."
    if config.settings.sites:
        words = f"of the sites that are added ({listed(config.settings.sites)}) no journey by a mode is known"
        yield where, f"{words}. Take one of the two out, or add them to the place's tables."


def _unknown_names(
    config: Config, spot: Spot, names: Iterable[str], known: Sequence[str], noun: str = "service"
) -> Iterator[tuple[str, str]]:
    return ((config.where(*spot, name), _no_such(noun, name, known)) for name in names if name not in known)


def _no_such(noun: str, name: str, known: Iterable[str], where: str = "in this config") -> str:
    hint = did_you_mean(name, known, or_else=f"Name one that is there, or add it under {noun}s.")
    return f"there is no {noun} {quoted(name)} {where}. {hint}"


def _objective_faults(
    config: Config, number: int, objective: ObjectiveSettings, services: Sequence[str]
) -> Iterator[tuple[str, str]]:
    where = config.where("objectives", number)
    earlier = [(one.name, one.services) for one in config.settings.objectives[:number]]
    if (objective.name, objective.services) in earlier:
        yield where, f"{objective.name} is listed twice. Keep the first."
    for name in objective.services:
        service = config.settings.services.get(name)
        if name not in services:
            yield where, _no_such("service", name, services)
        elif service and service.activity is None and objective.name not in COUNT_NO_PATIENTS:
            yield where, f"{objective.name} counts patients, but {name} has no activity. Set it, or leave it out."
        elif service and objective.name == "transfers" and service.pathway != "transfer":
            yield where, f"transfers counts those on the transfer pathway, and {name} is not. Leave it out."
        elif service and objective.name == "patients_beyond_standard" and service.standard_minutes is None:
            yield where, f"{objective.name} needs standard_minutes, which {name} does not have. Set it there."
