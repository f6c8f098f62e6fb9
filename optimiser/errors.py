"""Everything that can go wrong, as one small tree. Each is also the builtin a Python user would expect.

OptimiserError
├── InputError (ValueError)      a table or a config was refused; carries every fault found      exit 3
├── NoPlan (ValueError)          no plan meets every rule; carries the rules that clash           exit 4
├── NotProved (RuntimeError)     an answer was found but not proved best                          exit 5
├── CheckFailed (AssertionError) the independent check disagrees                                  exit 6
├── SolverFailed (RuntimeError)  the solver is missing, untrustworthy or gave up                  exit 7
├── TooLarge (ValueError)        the question is over a stated size limit                         exit 8
└── NotWritten (OSError)         a result could not be written                                    exit 9
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with the input: where, what and what to do, as a sentence that can stand alone."""

    place: str
    message: str

    def __str__(self) -> str:
        """Return ``place: message``."""
        return f"{self.place}: {self.message}"


class OptimiserError(Exception):
    """The root of every error that this package raises on purpose."""

    exit_code = 1


class InputError(OptimiserError, ValueError):
    """The input was refused. ``faults`` holds every fault found, in reading order."""

    exit_code = 3

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class NoPlan(OptimiserError, ValueError):
    """No plan meets every rule. ``clash`` names a minimal set of rules that cannot hold together."""

    exit_code = 4

    def __init__(self, message: str, clash: Iterable[str] = ()) -> None:
        self.clash = tuple(clash)
        super().__init__(message)


class NotProved(OptimiserError, RuntimeError):
    """An answer was found but not proved best within the time allowed."""

    exit_code = 5


class CheckFailed(OptimiserError, AssertionError):
    """The independent check does not agree with what the plan claims."""

    exit_code = 6


class SolverFailed(OptimiserError, RuntimeError):
    """The solver is missing, untrustworthy or gave up without an answer."""

    exit_code = 7


class TooLarge(OptimiserError, ValueError):
    """The question is over a stated size limit."""

    exit_code = 8


class NotWritten(OptimiserError, OSError):
    """A result could not be written. Nothing half-written is left behind."""

    exit_code = 9
