"""One team across sites: what travel between them takes, and what each site asks of the team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from optimiser.problem import Figure
from optimiser.rotas.cover import exact
from optimiser.rotas.need import FULL, Contract, Step, Sums


@dataclass(frozen=True)
class Travel:
    """Trips a week from where a team is based to each other site, and the minutes there and back by site."""

    base: str
    trips: Figure
    ways: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class AtSites:
    """What a team's rota takes at each site in WTE, travel included, with the steps of the sum."""

    steps: pd.DataFrame
    base: Fraction
    others: Mapping[str, Fraction]
    verified: bool


def with_travel(steps: pd.DataFrame, contract: Contract, travel: Travel) -> AtSites:
    """Add the steps in which travel is turned into WTE, plain time all of it, to those of a need at one site."""
    sums = Sums.of(steps)
    there = next((step for step in sums.steps if step.term == FULL), None)
    hours = there.exact if there else Fraction(0)
    terms = [
        sums.known("hours a PA in plain time")
        or sums.figure("hours a PA in plain time", contract.hours_a_plain_pa, "hours"),
        sums.known("weeks a year") or sums.figure("weeks a year", contract.weeks_a_year, "weeks"),
        sums.known("weeks worked after leave")
        or sums.figure("weeks worked after leave", contract.working_weeks, "weeks"),
        sums.known("direct-care PAs of a WTE")
        or sums.figure("direct-care PAs of a WTE", contract.direct_care_pas, "PAs a week"),
    ]
    trips = sums.figure("trips a week to each other site", travel.trips, "trips a week")
    takes = {site: _trip(sums, travel, site, trips, terms) for site in travel.ways}
    verified = all(step.verified for step in (*([there] if there else []), *takes.values()))
    return AtSites(sums.table(), hours, {site: hours + step.exact for site, step in takes.items()}, verified)


def _trip(sums: Sums, travel: Travel, site: str, trips: Step, terms: list[Step]) -> Step:
    """Add the steps from minutes between the base and one site to WTE."""
    road = "transfers.csv, times the travel factor"
    out, back = (
        sums.given(f"minutes from {one} to {other}", exact(minutes), "minutes", road, True)
        for (one, other), minutes in zip(((travel.base, site), (site, travel.base)), travel.ways[site], strict=True)
    )
    hours = trips.exact * (out.exact + back.exact) / 60
    week = sums.worked(f"hours of travel to {site}", hours, "hours a week", "{} × ({} + {}) ÷ 60", trips, out, back)
    plain, year, working, direct = terms
    wte = week.exact / plain.exact * year.exact / working.exact / direct.exact
    how = "{} ÷ {} × {} ÷ {} ÷ {}"
    return sums.worked(f"WTE that travel to {site} takes", wte, "WTE", how, week, plain, year, working, direct)
