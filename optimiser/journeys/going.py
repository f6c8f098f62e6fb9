"""What is asked of where patients go, in whichever way they go: straight there, by transfer, or shared out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from optimiser.problem import Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Going(ABC):
    """Where some choices of designations send the patients of one service.

    Every result has one axis for each of ``services``, the choices of that service, and perhaps one of scenarios before
    them. Numbers are exact: patients are whole numbers of ``1 / patient_scale``, as far as nothing else is said.
    """

    problem: Problem

    @property
    @abstractmethod
    def services(self) -> tuple[str, ...]:
        """The services whose choices are the axes of every result; that of the patients comes last."""

    @property
    @abstractmethod
    def unserved(self) -> Ints:
        """Areas that no site takes."""

    @property
    @abstractmethod
    def worst_minutes(self) -> Floats:
        """The longest journey of residents who go by what is designated; infinite where some reach no site."""

    @abstractmethod
    def patient_minutes(self, counted: Bools) -> Floats:
        """Return minutes a year that patients of some areas spend on the way; infinite where some reach no site.

        Whole numbers of ``1 / (patient_scale × minute_scale × share_scale)``.
        """

    @abstractmethod
    def patients_beyond(self, minutes: float) -> Floats:
        """Return resident patients a year (scaled) with a longer journey than ``minutes``."""

    @abstractmethod
    def arriving(self, site: str, counted: Bools | None = None) -> Floats:
        """Return patients a year at a site, from every area or only from those that are ``counted``."""

    def outside(self) -> Floats:
        """Return resident patients a year who are treated at a neighbour, as whole numbers of ``1 / volume_scale``."""
        neighbours = self.problem.services[self.services[-1]].neighbours
        found = [np.rint(self.arriving(site, self.resident) * self.volume_scale) for site in neighbours]
        return np.asarray(sum(found, np.zeros_like(self.unserved, dtype=float)))

    @property
    def patient_scale(self) -> int:
        """What makes every number of patients whole."""
        return self.problem.patient_scale

    @property
    def minute_scale(self) -> float:
        """What makes every journey time whole."""
        return self.problem.minute_scale

    @property
    def resident_patients(self) -> Floats:
        """Resident patients a year (scaled), under every choice."""
        return np.asarray((self.patients * self.resident).sum())

    @property
    def volume_scale(self) -> int:
        """What makes every number of patients at a site whole."""
        return self.problem.patient_scale

    @cached_property
    def patients(self) -> Floats:
        """Patients a year by stream, scaled."""
        return np.asarray(np.rint(self.problem.patients(self.services[-1]) * self.patient_scale))

    @property
    def resident(self) -> Bools:
        """Whether each stream's area is resident."""
        return np.asarray(self.problem.resident)

    @property
    def stays(self) -> Bools:
        """Whether each stream is of residents whose longest journey counts."""
        return np.asarray(self.problem.stays)

    @property
    def areas(self) -> slice:
        """The streams that are one an area."""
        return slice(len(self.problem.areas))


def first_least(minutes: Floats) -> Ints:
    """Return the first column with the least in each row; −1 where all are infinite, or there is none."""
    if not minutes.shape[1]:
        return np.full(len(minutes), -1)
    best = minutes.argmin(axis=1)
    return np.where(np.isfinite(minutes[np.arange(len(minutes)), best]), best, -1)


def goes_to(minutes: Floats, provided: Bools) -> Ints:
    """Return the first open column with the least in each row, by choice: choices × rows; −1 where none is reached.

    ``provided`` says of the first columns, choices × candidates, which are open; the others always are.
    """
    is_open = np.ones((len(provided), minutes.shape[1]), dtype=bool)
    is_open[:, : provided.shape[1]] = provided
    found = [first_least(np.where(is_open, row, np.inf)) for row in minutes]
    return np.array(found, dtype=np.int64).reshape(len(minutes), len(provided)).T


def at(columns: Ints, minutes: Floats) -> Floats:
    """Return each row's minutes in a column of its own; infinite where that is −1."""
    beyond = np.column_stack([minutes, np.full(len(minutes), np.inf)])
    return np.asarray(beyond[np.arange(len(minutes)), columns])
