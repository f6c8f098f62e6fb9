"""Rules on services that patients reach by way of another: transfers, repatriations and the ambulances for both."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pulp

from optimiser.journeys.by_transfer import PARTS_OF_A_TRANSFER, TwoLegs
from optimiser.journeys.choices import All, journeys
from optimiser.model import legs
from optimiser.model.rules.rule import Instance, Names, OneFigure, OneFigureOfTheQuestion, Part, Rows, Rule
from optimiser.model.variables import Variables
from optimiser.problem import Problem
from optimiser.problem.words import amount, no_less

# An instance has a name, though there is only one.
ALL_SERVICES = ("all_services",)


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


class not_too_many_transfers_in_all(OneFigureOfTheQuestion):
    """No more patients a year are transferred to all services together than may be, suspected ones counted."""

    setting, unit, relation, notch = "most_transfers_a_year", "transfers a year", "<=", 365.0
    quantity, bends = "transfers", "straight"

    def is_asked(self, problem: Problem) -> bool:
        return super().is_asked(problem) and bool(problem.reached_by_transfer)

    def rows(self, problem: Problem, x: Variables) -> Rows:
        if self.is_asked(problem):
            counted = (code for code in problem.reached_by_transfer if code in x.counted)
            moved = pulp.lpSum(legs.transfers_a_year(problem, x, code) for code in counted)
            yield ALL_SERVICES, moved <= self.value(problem)

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        if self.is_asked(problem):
            going = (journeys(problem, choices, code) for code in problem.reached_by_transfer)
            parts = [(one.services, one.transfers_a_year()) for one in going if isinstance(one, TwoLegs)]
            most, figure = self.value(problem), self.figure(problem)
            yield self.sum_of(ALL_SERVICES, parts, most, figure, scale=PARTS_OF_A_TRANSFER)

    def said(self, problem: Problem, names: Names) -> str:
        return f"all services together take at most {amount(self.value(problem), self.unit)}"

    def way_out(self, problem: Problem, names: Names, by: float) -> str:
        return f"allow {amount(no_less(by), self.unit, 'more ')} to all services together"
