"""Rules on services that patients reach by way of another: transfers, repatriations and the ambulances for both."""

from __future__ import annotations

import numpy as np
import pulp

from optimiser.journeys.by_transfer import TwoLegs
from optimiser.journeys.choices import All, journeys
from optimiser.model import legs
from optimiser.model.rules.rule import OneFigure, Part, Rows, Rule
from optimiser.model.variables import Variables
from optimiser.problem import Problem


class both_legs_are_counted_together(Rule):
    """Patients pass a shut set on their second leg exactly when their first ended here and the set is shut."""

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for names, both, first, second in legs.products(problem, x):
            yield (*names, "if_both"), both >= first + second - 1
            yield (*names, "only_if_here"), both <= first
            yield (*names, "only_if_shut"), both <= second


class OfTransfers(OneFigure):
    """A limit on what it takes to carry a service's patients on to it."""

    part, relation, bends = "transfer", "<=", "straight"

    def is_asked(self, problem: Problem) -> bool:
        return bool(problem.reached_by_transfer)

    def number(self, problem: Problem, choices: All, code: str) -> Part:
        going = journeys(problem, choices, code)
        assert isinstance(going, TwoLegs)
        return going.services, self.each(going)

    def each(self, going: TwoLegs) -> np.ndarray:
        """Return what is limited, by joint choice."""
        raise NotImplementedError


class not_too_many_transfers(OfTransfers):
    """No more patients a day are transferred to a service than the config allows, suspected ones counted."""

    setting, unit, notch = "most_transfers_a_day", "transfers a day", 1.0
    asks = "{service} takes at most {figure}"
    gives = "allow {more} to {service}"

    def expression(self, problem: Problem, x: Variables, code: str) -> pulp.LpAffineExpression:
        return legs.transfers_a_day(problem, x, code)

    def each(self, going: TwoLegs) -> np.ndarray:
        return going.transfers_a_day()


class not_too_many_repatriations(OfTransfers):
    """No more of a service's patients a year are taken back than the config allows."""

    setting, unit, notch = "most_repatriations_a_year", "repatriations a year", 52.0
    asks = "at most {patients} {is_or_are} taken back from {service}"
    gives = "allow {more} from {service}"

    def expression(self, problem: Problem, x: Variables, code: str) -> pulp.LpAffineExpression:
        return legs.repatriations(problem, x, code)

    def each(self, going: TwoLegs) -> np.ndarray:
        return going.repatriations()


class not_too_many_ambulance_hours(OfTransfers):
    """Ambulances spend no more hours a year on a service's transfers and repatriations than the config allows."""

    setting, unit, notch = "most_ambulance_hours", "hours a year", 365.0
    asks = "ambulances spend at most {figure} on transfers to {service}"
    gives = "allow {by} more ambulance hours a year for transfers to {service}"

    def expression(self, problem: Problem, x: Variables, code: str) -> pulp.LpAffineExpression:
        return legs.ambulance_hours(problem, x, code)

    def each(self, going: TwoLegs) -> np.ndarray:
        return going.ambulance_hours()
