"""Numbers and lists in the words of people."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

PATIENTS = "patients a year"


def shown(number: float) -> str:
    """Return a number with six figures, and all before the point of larger ones."""
    return f"{number:,.0f}" if abs(number) >= 1e6 else f"{number:,.6g}"


# The first word of a unit, of many and of one.
OF_ONE = {
    "areas": "area",
    "beds": "bed",
    "changes": "change",
    "designations": "designation",
    "hours": "hour",
    "minutes": "minute",
    "patient-minutes": "patient-minute",
    "patients": "patient",
    "people": "person",
    "repatriations": "repatriation",
    "rules": "rule",
    "services": "service",
    "sites": "site",
    "transfers": "transfer",
}


def amount(number: float, unit: str, more: str = "") -> str:
    """Return a number with its unit, of one or of many, and perhaps a word between them."""
    if not isfinite(number):
        return "without end"
    if unit == "share of patients":
        return f"a share of {shown(number)}"
    return f"{shown(number)} {more}{one_of(unit) if is_one(number) else unit}"


def one_of(unit: str) -> str:
    """Return the word for one of what a unit counts."""
    first, *rest = unit.split(" ")
    return " ".join((OF_ONE.get(first, first), *rest))


def is_one(number: float) -> bool:
    """Whether a number is shown as 1, and what it counts is said in the singular."""
    return shown(number) == "1"


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
