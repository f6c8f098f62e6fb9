"""Options as designations of a question, and the exceptions that they document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from optimiser.errors import Fault, InputError, did_you_mean, quoted
from optimiser.inputs.config import Option, draft_config, exception_faults, services_of, with_exceptions
from optimiser.inputs.config.settings import ServiceSettings, Settings
from optimiser.inputs.layers import Spot
from optimiser.problem import Excepted, Problem
from optimiser.problem.words import listed

# So many services are named; of more it is told how many they are.
MOST_NAMED = 3


def designations_of(problem: Problem, option: Option) -> frozenset[tuple[str, str]]:
    """Return the (site, service) pairs that an option designates in this problem.

    Services that it does not name stay as they are today or, where today is not known, as they are fixed; those that
    only the config it was written for has are left out. Raises ``InputError`` for any other service, and for any site,
    that the problem does not have.
    """
    faults = list(_option_faults(problem, option))
    if faults:
        raise InputError(faults)
    asked = {code: sites for code, sites in option.designations.items() if code in problem.services}
    named = {(site, service) for service, sites in asked.items() for site in sites}
    return frozenset(named) | {pair for code in _unnamed(problem, option) for pair in _as_today(problem, code)}


def left_out(problem: Problem, option: Option) -> tuple[str, ...]:
    """Return the services of an option that this problem does not have, but the config it was written for has."""
    unknown = [code for code in option.designations if code not in problem.services]
    known = _services_written_for(option) if unknown else {}
    return tuple(code for code in unknown if code in known)


def taken_straight(problem: Problem, option: Option) -> str:
    """Say whose patients are taken straight there, and by transfer in the config that an option was written for."""
    here = [code for code in problem.services_with_patients if code not in problem.reached_by_transfer]
    asked = _written_for(option)
    there = asked.services if asked else {}
    moved = [
        problem.services[code].name.lower()
        for code in here
        if code in there
        and (way := there[code]).pathway == "transfer"
        and _some_are_taken_on(problem, option, code, way)
    ]
    if not asked or not moved:
        return ""
    return (
        f"The option's file was written for the question “{asked.title}”, where patients of {listed(moved)} who are "
        "seen first where there is none are then taken on. Here all are taken straight there: their minutes are not "
        "those of that question."
    )


def scope(problem: Problem, option: Option) -> str:
    """Say what an option says that is left out here, and of which services here it says nothing; or nothing."""
    missing, unnamed = left_out(problem, option), [*_unnamed(problem, option)]
    unnamed = [code for code in unnamed if not problem.services[code].fixed.keys() >= {*problem.candidates}]
    there = _services_written_for(option) if missing else {}
    said = []
    if missing:
        them, names = "it" if len(missing) == 1 else "them", listed(there[code].name.lower() for code in missing)
        said.append(f"What it says of {names} is left out: this question does not have {them}.")
    if unnamed:
        others = f"{len(unnamed)} other services that this question decides"
        if len(unnamed) <= MOST_NAMED:
            others = listed(problem.services[code].name.lower() for code in unnamed)
        they, stay = ("it", "stays") if len(unnamed) == 1 else ("they", "stay")
        said.append(f"It says nothing of {others}: here {they} {stay} as today, and what that breaks is today's.")
    return " ".join(said)


def _some_are_taken_on(problem: Problem, option: Option, service: str, way: ServiceSettings) -> bool:
    """Whether some site where patients are seen first would not have the service itself."""
    first = way.transfer.first_contact if way.transfer else ""
    if not {first, service} <= problem.services.keys():
        return True
    seen, there = (
        {*option.designations.get(code, (site for site, _ in _as_today(problem, code)))} for code in (first, service)
    )
    return bool(seen - there)


def _services_written_for(option: Option) -> dict[str, ServiceSettings]:
    """Return the services of the config that an option was written for; none where it names no config."""
    asked = _written_for(option)
    return asked.services if asked else {}


def _written_for(option: Option) -> Settings | None:
    """Return the config that an option was written for, if it names one."""
    if option.settings.written_for is None:
        return None
    draft = draft_config(option.path.parent / option.settings.written_for)
    if draft.config is None:
        raise InputError([Fault(option.where("written_for"), "this config cannot be read:"), *draft.faults])
    return draft.config.settings


def with_exceptions_of(problem: Problem, option: Option) -> Problem:
    """Return the question with the documented exceptions of an option beside its own.

    Those of services that only the config it was written for has are left out. Raises ``InputError`` for an exception
    from a link that the question does not have.
    """
    elsewhere = {code for one in option.settings.exceptions for code in (one.service, one.needs)} - set(
        problem.services
    )
    skipped = elsewhere & set(_services_written_for(option)) if elsewhere else set()
    kept = [n for n, one in enumerate(option.settings.exceptions) if not {one.service, one.needs} & skipped]
    stated = tuple(option.settings.exceptions[number] for number in kept)
    if not stated:
        return problem
    resolved = problem.files["config.yaml"]
    found = [(number, words) for number, words in exception_faults(services_of(resolved), stated)]
    found += [
        (
            number,
            f"there is no candidate {quoted(one.site)} here. {did_you_mean(one.site, problem.candidates)}".rstrip(),
        )
        for number, one in enumerate(stated)
        if one.site not in problem.candidates
    ]
    if found:
        raise InputError([Fault(option.where("exceptions", kept[number]), words) for number, words in found])
    files = {**problem.files, "config.yaml": with_exceptions(resolved, stated)}
    return replace(problem, exceptions=(*problem.exceptions, *(one.into(Excepted) for one in stated)), files=files)


def _unnamed(problem: Problem, option: Option) -> Iterable[str]:
    return (code for code in problem.services if code not in option.designations)


def _as_today(problem: Problem, service: str) -> set[tuple[str, str]]:
    fixed = problem.services[service].fixed
    today = {pair for pair in problem.today if pair[1] == service}
    return today or {(site, service) for site, one in fixed.items() if one.provided}


def _option_faults(problem: Problem, option: Option) -> Iterator[Fault]:
    elsewhere = left_out(problem, option)
    for service, sites in option.designations.items():
        if service not in (*problem.services, *elsewhere):
            hint = did_you_mean(service, problem.services)
            words = f"there is no service {quoted(service)} in this question. {hint}".rstrip()
            yield Fault(option.where("designations", service), words)
        for number, site in enumerate(sites):
            spot: Spot = ("designations", service, number)
            if site in problem.sites and not problem.sites[site].candidate:
                words = f"{quoted(site)} is a neighbour, and neighbours are never decided on. Take it out."
                yield Fault(option.where(*spot), words)
            elif site not in problem.sites:
                hint = did_you_mean(site, problem.candidates)
                yield Fault(option.where(*spot), f"there is no site {quoted(site)} here. {hint}".rstrip())
    for service in (code for code in _unnamed(problem, option) if code not in problem.nowhere_today):
        if not _as_today(problem, service):
            words = f"it does not say where {service} is, and neither does today in the config. Name its sites."
            yield Fault(option.where("designations"), words)
