"""Small made-up worlds, solved by hand, and how to vary them.

Patients a year and minutes to each site of the world ``small()``:

    area   patients   ash  birch   oak (neighbour)
    west         10    10     30    50
    mid          20    20     20    40    equally far from ash and birch: ash comes first
    east         30    40     10    25
    far           5    50     15    20    lies across the border: it counts for volumes only

    open          patient-minutes of residents                 ash  birch  oak
    ash, birch    10×10 + 20×20 + 30×10 =  800                  30     35    0
    birch         10×30 + 20×20 + 30×10 = 1000                   0     65    0
    ash           10×10 + 20×20 + 30×25 = 1250                  30      0   35
    neither       10×50 + 20×40 + 30×25 = 2050                   0      0   65
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from optimiser.problem import HERE, Border, Figure, Fixed, Problem, RotaNeed, Service, Site, Team, Transfer

AREAS = ["east", "far", "mid", "west"]


def small(*, doctors: dict[str, float] | None = None, team: Team | None = None, **rules: Any) -> Problem:
    """Return the small world, with rules for its one service with patients, ``clinic``."""
    areas = pd.DataFrame(
        {
            "resident": [True, False, True, True],
            "population": [300, 50, 200, 100],
            "deprivation_decile": [5, 1, 9, 2],
        },
        index=pd.Index(AREAS, name="area"),
    )
    journeys = pd.DataFrame(
        {"ash": [40.0, 50, 20, 10], "birch": [10.0, 15, 20, 30], "oak": [25.0, 20, 40, 50]}, index=areas.index
    )
    demand = pd.DataFrame({"visit": [30.0, 5, 20, 10]}, index=areas.index)
    rules = {"neighbours": ("oak",)} | rules
    return Problem(
        title="Where should the clinic be?",
        sites={code: Site(code, code.title(), code != "oak") for code in ("ash", "birch", "oak")},
        services={
            "clinic": Service("clinic", "Clinic", "visit", **rules),
            "x_ray": Service("x_ray", "X-ray room"),
        },
        areas=areas,
        journeys=journeys,
        demand=demand,
        teams={"doctors": team or Team("doctors", "doctors", Figure(0), Figure(0))},
        staff={(site, "doctors", "people"): float(n) for site, n in (doctors or {"ash": 2, "birch": 4}).items()},
        today=frozenset({("ash", "clinic"), ("birch", "clinic")}),
    )


def three_doctors(**rota: Any) -> tuple[RotaNeed, ...]:
    """Return a rota of three doctors at each open site."""
    return (RotaNeed("doctors", "people", Figure(3), **rota),)


def roads(minutes: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Return minutes from site (index) to site (column)."""
    return pd.Series(minutes).unstack()


def vary(problem: Problem, service: str, **rules: Any) -> Problem:
    """Return the problem with other rules for one of its services."""
    services = dict(problem.services)
    services[service] = replace(services[service], **rules)
    return replace(problem, services=services)


def as_today(problem: Problem, pull: float = 0) -> Problem:
    """Return a small world whose patients cross the border as today, but for a share of them.

    A third of the east's (10 of 30) and a tenth of the west's (1 of 10) leave for oak, of whom shares of 0.1 and 0.3 go
    elsewhere and are left out; of the far's, half (2.5 of 5) come.
    """
    shares = pd.DataFrame({"oak": [0.3, 0.5, 0.0, 0.07], HERE: [0.6, 0.5, 1.0, 0.63]}, index=problem.areas.index)
    return replace(problem, border=Border(shares, Figure(pull)))


# By road between the sites of the world ``by_transfer()``.
ROADS = {
    "ash": {"ash": 0, "birch": 15, "oak": 20},
    "birch": {"ash": 10, "birch": 0, "oak": 30},
    "oak": {"ash": 20, "birch": 30, "oak": 0},
}


def by_transfer(**rules: Any) -> Problem:
    """Return the small world with a scanner that patients reach by way of the clinic, which is at ash and birch.

    Half of those who are seen where there is no scanner are taken on, after 5 minutes there and with 15 of overhead.
    For each who is confirmed 1.25 are suspected, and a fifth go back. Oak has a clinic and no scanner. Seen first, in
    minutes: west 10 and mid 20 at ash (30 patients), east 10 and far 15 at birch (35 patients, 5 from outside).

    scanner     second leg               patient-minutes of residents       worst          transfers a year
    both        nobody needs it          800                                20             0
    birch       ash to birch 20 + 10     800 + 15 × 30 = 1250               mid 20 + 30    15 × 1.25 = 18.75
    ash         birch to ash 20 + 15     800 + 15 × 35 = 1325               east 10 + 35   17.5 × 1.25 = 21.875

    scanner     arrive       stay where they are   ambulance hours a year
    birch       35 + 15      15 at ash             (18.75 × (20 + 15) + 3 × 20) / 60 = 11.9375
    ash         30 + 17.5    17.5 at birch         (21.875 × (30 + 15) + 3.5 × 30) / 60 = 18.15625
    """
    fixed = {site: Fixed(True, "it stays") for site in ("ash", "birch")}
    problem = small(fixed=fixed)
    roads = pd.DataFrame(ROADS, dtype=float)
    transfer = {name: rules.pop(name) for name in list(rules) if name in Transfer.__dataclass_fields__}
    how = Transfer("clinic", Figure(5), Figure(15), Figure(0.5), Figure(1.25), Figure(0.2))
    scanner = Service("scanner", "Scanner", "visit", transfer=replace(how, **transfer), **rules)
    return replace(problem, services={**problem.services, "scanner": scanner}, transfers=roads)


def two_by_transfer(most: float | None = None, **rules: Any) -> Problem:
    """Return the same world with a theatre like the scanner, of whose patients only those who are confirmed move.

    No more than ``most`` a year are transferred to both together. Each is on one site, unless ``rules`` say otherwise.

    transfers a year       theatre at birch         theatre at ash
    scanner at birch       18.75  + 15 = 33.75      18.75  + 17.5 = 36.25
    scanner at ash         21.875 + 15 = 36.875     21.875 + 17.5 = 39.375
    """
    world = by_transfer(**({"at_least_sites": Figure(1), "at_most_sites": Figure(1)} | rules))
    scanner = world.services["scanner"]
    assert scanner.transfer
    confirmed = replace(scanner.transfer, suspected_per_confirmed=Figure(1))
    theatre = replace(scanner, code="theatre", name="Theatre", transfer=confirmed)
    services = {**world.services, "theatre": theatre}
    return replace(world, services=services, most_transfers_a_year=None if most is None else Figure(most))
