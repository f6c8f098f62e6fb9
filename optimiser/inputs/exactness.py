"""How many decimals of a minute can be kept so that every sum of patients times minutes is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs.assembling import problem_of
from optimiser.inputs.config import Config
from optimiser.inputs.tables import Place
from optimiser.journeys.by_transfer import LARGEST_EXACT
from optimiser.problem import Problem
from optimiser.problem.decimals import PLACES


def exact_problem_of(config: Config, place: Place) -> tuple[Config, Problem, str]:
    """Return the problem with as many decimals of a minute as can be added exactly, and what was rounded for that.

    The config that is returned states the decimals where they are fewer than six and nobody stated any, so that
    whoever repeats the run keeps the same.

    Raises
    ------
    InputError
        Where the stated decimals are too many, or patients have too many for any.
    """
    problem, stated = problem_of(config, place), config.settings.travel.decimals
    if (largest := _largest_sum(problem)) < LARGEST_EXACT:
        return config, problem, ""
    kept = PLACES if stated is None else stated
    fewer = kept - int(np.ceil(np.log10(largest / LARGEST_EXACT)))
    for places in range(min(kept - 1, fewer + 1), -1, -1):
        changed = _with_decimals(config, places)
        problem = problem_of(changed, place)
        if _largest_sum(problem) >= LARGEST_EXACT:
            continue
        if stated is not None:
            words = f"with {stated} decimals sums of patients times minutes are too large to be exact. Write {places}."
            raise InputError([Fault(config.where("travel", "decimals"), words)])
        words = f"journey times rounded to {places} decimal{'s' * (places != 1)} of a minute"
        why = "with more, sums over so many patients would not be exact (travel.decimals)"
        return changed, problem, f"{shown(config.place / 'journeys.csv')}: {words}; {why}."
    words = _too_fine_patients(problem)
    if config.settings.change:
        words = f"{words[:-1]}, or change patients and shares by rounder numbers."
        raise InputError([Fault(config.where("change"), words)])
    raise InputError([Fault(shown(config.place / "demand.csv"), words)])


def _with_decimals(config: Config, places: int) -> Config:
    travel = config.settings.travel.model_copy(update={"decimals": places})
    return replace(config, settings=config.settings.model_copy(update={"travel": travel}))


def _largest_sum(problem: Problem) -> float:
    """Return the most that patients times minutes can come to over all services, in the parts that are added."""
    minutes = sum(_patient_minutes(problem, code) for code in problem.services_with_patients)
    return float(minutes * problem.patient_scale * problem.minute_scale * problem.share_scale)


def _patient_minutes(problem: Problem, code: str) -> float:
    """Return the minutes a year of a service if everybody went as far as anybody can."""
    times = problem.minutes(code)
    longest = np.where(np.isfinite(times), times, 0.0).max(axis=1, initial=0.0)
    transfer = problem.services[code].transfer
    if transfer:
        roads = problem.transfers.to_numpy(dtype=float)
        waits = transfer.dwell_minutes.value + transfer.overhead_minutes.value
        longest = longest + waits + float(np.nanmax(roads, initial=0.0))
    return float(problem.patients(code) @ longest)


def _too_fine_patients(problem: Problem) -> str:
    places = int(np.floor(np.log10(problem.patient_scale * LARGEST_EXACT / _largest_sum(problem))))
    words = "sums of patients times minutes are too large to be exact, even in whole minutes"
    if places >= 0:
        return f"{words}. Round patients_per_year to {places} decimal{'s' * (places != 1)}."
    return f"{words} and whole patients. Ask of fewer areas or services at once."
