"""What a rota needs, and where: at each site that provides its service, unless the config says that it need not.

A rota is needed at no site that provides the service of its ``only_without`` too, and at no site at all while any
provides that of its ``remote_from``. One team across sites needs what each of those sites takes, added up, with its
travel there: trips a week, there and back. If it is on call for all of them at once, the people whom the frequency and
the standard ask for are needed once; of people, a part counts as one.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from optimiser.checker.cover import Stated, Step

if TYPE_CHECKING:
    from optimiser.checker.run import Run

MICRO = 10**6
FULL, FREQUENCY = "WTE that the hours take", "people whom the frequency takes"
FLOOR = "people whom the standard asks for"
TERMS = {
    "hours a PA in plain time": ("hours_a_plain_pa", "hours"),
    "weeks a year": ("weeks_a_year", "weeks"),
    "weeks worked after leave": ("working_weeks", "weeks"),
    "direct-care PAs of a WTE": ("direct_care_pas", "PAs a week"),
}


def sites_in_need(run: Run, service: str, key: tuple[str, str]) -> list[str]:
    """Return the sites that need a service's rota."""
    rota = run.question.services[service].rotas[key]
    if rota.remote_from and run.sites_of(rota.remote_from):
        return []
    beside = run.sites_of(rota.only_without) if rota.only_without else []
    return [site for site in run.sites_of(service) if site not in beside]


def rota_need(run: Run, service: str, key: tuple[str, str], pool: str) -> Fraction | None:
    """Return what one rota needs of a site's staff, or of one team's over all sites; nothing where it is not needed."""
    sites, rota = sites_in_need(run, service, key), run.question.services[service].rotas[key]
    stated = rota.needed.value or Fraction(0)
    if run.question.teams[key[0]].across is None:
        return stated if pool in sites else None
    if not sites:
        return None
    asked = run.question.services[service].covers.get(key[0])
    if asked is None:
        return stated * len(sites)
    worked = {step.term: step.exact for step in asked.steps}
    hours, travel = worked.get(FULL, Fraction(0)), travel_by_site(run, service, key[0])
    takes = [hours + travel.get(site, Fraction(0)) for site in sites]
    if key[1] == "WTE":
        return sum((max(wte, stated) for wte in takes), Fraction(0))
    if not rota.shared_on_call:
        return sum((max(Fraction(math.ceil(wte)), stated) for wte in takes), Fraction(0))
    once = max(worked.get(FREQUENCY, Fraction(0)), worked.get(FLOOR, Fraction(0)))
    return max(Fraction(math.ceil(sum(takes))), Fraction(math.ceil(once)))


def travel_steps(run: Run, service: str, team: str) -> list[Step]:
    """Return the steps from trips a week and minutes to WTE, with any term that the cover did not need."""
    across, asked = run.question.teams[team].across, run.question.services[service].covers[team]
    if across is None:
        return []
    known = {step.term: step for step in asked.steps}
    new: list[Step] = []
    terms = []
    for term, (name, unit) in TERMS.items():
        step = known.get(term) or _stated(term, run.question.terms[name], unit)
        new += [] if term in known else [step]
        terms.append(step)
    trips = Step(
        "trips a week to each other site", across.trips.value or Fraction(0), "trips a week", *across.trips[1:]
    )
    new.append(trips)
    plain, year, working, direct = terms
    for site in run.candidates:
        if site == across.base:
            continue
        ways = [
            Step(f"minutes from {one} to {other}", _minutes(run, one, other), "minutes", _ROAD, True)
            for one, other in ((across.base, site), (site, across.base))
        ]
        hours = trips.exact * (ways[0].exact + ways[1].exact) / 60
        week = _worked(f"hours of travel to {site}", hours, "hours a week", "{} × ({} + {}) ÷ 60", trips, *ways)
        wte = hours / plain.exact * year.exact / (working.exact * direct.exact)
        how = "{} ÷ {} × {} ÷ {} ÷ {}"
        new += [*ways, week, _worked(_takes(site), wte, "WTE", how, week, plain, year, working, direct)]
    return new


_ROAD = "transfers.csv, times the travel factor"


def _takes(site: str) -> str:
    return f"WTE that travel to {site} takes"


def travel_by_site(run: Run, service: str, team: str) -> dict[str, Fraction]:
    """Return the WTE that travel to each site takes; none to the base."""
    found = {step.term: step.exact for step in travel_steps(run, service, team)}
    return {site: found[_takes(site)] for site in run.candidates if _takes(site) in found}


def travel_is_verified(run: Run, service: str, team: str) -> bool:
    """Whether what hours and travel of one team across sites take rests on verified terms alone."""
    asked = run.question.services[service].covers.get(team)
    if asked is None or run.question.teams[team].across is None:
        return True
    steps = [*asked.steps, *travel_steps(run, service, team)]
    return all(step.verified for step in steps if step.term == FULL or step.term.startswith("WTE that travel"))


def _minutes(run: Run, one: str, other: str) -> Fraction:
    return Fraction(run.transfer_minutes(one, other) or 0, MICRO)


def _stated(term: str, figure: Stated, unit: str) -> Step:
    return Step(term, figure[0] or Fraction(0), unit, *figure[1:])


def _worked(term: str, exact: Fraction, unit: str, how: str, *of: Step) -> Step:
    return Step(term, exact, unit, how, all(step.verified for step in of), of)
