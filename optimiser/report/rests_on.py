"""The unverified figures that an answer rests on: how many there are, and which."""

from __future__ import annotations

from optimiser.inputs.tables import unverified_activities
from optimiser.plan import Plan
from optimiser.problem import Service
from optimiser.problem.words import is_one

FIGURES_OF_TRANSFERS = (
    "dwell_minutes",
    "overhead_minutes",
    "share_transferred",
    "suspected_per_confirmed",
    "repatriated_share",
)


def how_many(plan: Plan) -> int:
    """Return how many figures are unverified that an answer rests on: of rules, patients, standards and transfers."""
    rules = plan.rules[~plan.rules["verified"].astype(bool)].drop_duplicates(["rule", "right", "source"])
    transfers = [name for code in plan.problem.reached_by_transfer for name in _guesses(plan.problem.services[code])]
    return len(rules) + len(_activities(plan)) + len(_standards(plan)) + len(transfers)


def checked(plan: Plan) -> str:
    """Return what was checked of an answer, and what was not."""
    number = how_many(plan)
    arithmetic = "Arithmetic checked: every number was worked out again, independently, and none differs."
    if not number:
        return f"{arithmetic} No figure that it rests on is marked as unverified."
    return f"{arithmetic} {number} of the figures it rests on {'is' if is_one(number) else 'are'} unverified."


def unverified(plan: Plan) -> list[str]:
    """Return what rests on unverified figures: which rules, whose patients, which standards and transfers."""
    unread = plan.rules[~plan.rules["verified"].astype(bool)]["rule"].unique()
    named = ", ".join(str(rule).replace("_", " ") for rule in unread)
    rules = [f"Rests on unverified figures for these rules: {named} (see rules.csv)."] if named else []
    return [*rules, *_unverified_patients(plan), *_unverified_standards(plan), *_unverified_transfers(plan)]


def _unverified_patients(plan: Plan) -> list[str]:
    """Name the services whose patients come from a source that nobody verified: volumes and minutes rest on them."""
    problem = plan.problem
    by_activity: dict[str, list[str]] = {}
    for code in problem.services_with_patients:
        by_activity.setdefault(str(problem.services[code].activity), []).append(problem.services[code].name)
    names = [name for one in _activities(plan) for name in by_activity[one]]
    return [f"Patients are counted by an unverified source for: {', '.join(names)} (sources.csv)."] if names else []


def _unverified_standards(plan: Plan) -> list[str]:
    """Name the services whose patients beyond a standard are counted by a standard that nobody verified."""
    names = [one.name for one in _standards(plan)]
    return [f"Patients beyond a standard are counted by an unverified one for: {', '.join(names)}."] if names else []


def _unverified_transfers(plan: Plan) -> list[str]:
    lines = []
    for code in plan.problem.reached_by_transfer:
        service = plan.problem.services[code]
        if guesses := ", ".join(name.replace("_", " ") for name in _guesses(service)):
            lines.append(
                f"Transfers to {service.name.lower()} rest on unverified figures: {guesses} (see config.yaml)."
            )
    return lines


def _activities(plan: Plan) -> list[str]:
    problem = plan.problem
    used = dict.fromkeys(str(problem.services[code].activity) for code in problem.services_with_patients)
    return unverified_activities(problem.files, used)


def _standards(plan: Plan) -> list[Service]:
    counted = [plan.problem.services[code] for code in plan.problem.services_with_patients]
    return [one for one in counted if one.standard_minutes and not one.standard_minutes.verified]


def _guesses(service: Service) -> list[str]:
    return [name for name in FIGURES_OF_TRANSFERS if not getattr(service.transfer, name).verified]
