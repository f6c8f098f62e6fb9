"""What a rule is: one object with its sentence, its rows, its two sides by arithmetic, its words and what it costs.

Three kinds. A ``Rule`` says what the model's own words mean: no plan can break it. A ``Judged`` rule can be broken, and
people are told of it. A ``Limit`` is a standard or a resource, which may give way by so many units. Most limits are
``OneFigure`` of a service, or ``OneFigureOfTheQuestion``. Data switches a rule on: no figure in the question, no rows.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pulp

from optimiser.journeys.choices import All
from optimiser.model.variables import Variables
from optimiser.problem import Figure, Problem, Service
from optimiser.problem.words import PATIENTS, amount, is_one, no_less, tenths_or_more

Names = tuple[str, ...]
Rows = Iterator[tuple[Names, pulp.LpConstraint]]
# What depends on the choices of some services: an array with one axis for each.
Part = tuple[Names, np.ndarray]
# The question with a rule looser, and what that is in words.
Looser = tuple[Problem, str]


@dataclass(frozen=True)
class Instance:
    """One instance of a rule: two sides and how they must compare, with one axis a service in ``services``.

    A rule that adds up over services has several ``parts``, and their sum is the left side. Whoever asks for ``left``
    or ``passes`` gets it for every joint choice: only of one option, or of few services. ``parts`` are whole numbers of
    1 / ``scale``, so that fractions add up exactly in whatever order.
    """

    rule: str
    names: Names
    parts: tuple[Part, ...]
    relation: str
    right: np.ndarray | float
    unit: str
    figure: Figure | None = None
    applies: np.ndarray | bool = True
    scale: int = 1

    @property
    def adds_up(self) -> bool:
        """Whether the left side is a sum over services, too large to work out for every joint choice of them."""
        return len(self.parts) > 1

    @cached_property
    def services(self) -> Names:
        """The services that decide it, in the order of the axes."""
        return tuple(dict.fromkeys(code for services, _ in self.parts for code in services))

    @cached_property
    def left(self) -> np.ndarray:
        """The left side, by joint choice."""
        if not self.adds_up:
            return self.parts[0][1] / self.scale if self.scale > 1 else self.parts[0][1]
        return np.asarray(sum(self._spread(*part) for part in self.parts) / self.scale)

    def _spread(self, axes: Names, values: np.ndarray) -> np.ndarray:
        """Return a part with one axis for each of all services that decide it."""
        own = [code for code in self.services if code in axes]
        sizes = dict(zip(axes, values.shape, strict=True))
        turned = values.transpose([axes.index(code) for code in own])
        return turned.reshape([sizes.get(code, 1) for code in self.services])

    @property
    def passes(self) -> np.ndarray:
        """Whether the instance holds, or does not apply."""
        compare = {">=": np.greater_equal, "<=": np.less_equal, "=": np.equal}[self.relation]
        return np.asarray(compare(self.left, self.right) | ~np.asarray(self.applies))


class Rule(ABC):
    """A sentence that is true or false of a plan. Its name is that sentence, its docstring says it in plain words."""

    @property
    def name(self) -> str:
        """Return the name of the rule."""
        return type(self).__name__

    @abstractmethod
    def rows(self, problem: Problem, x: Variables) -> Rows:
        """Yield the rule's rows and their names, and touch nothing."""


class Judged(Rule):
    """A rule that a plan may break.

    Attributes
    ----------
    unit, sides_in
        In what its rows may be loosened, and in what both its sides are counted where that is something else.
    relation
        How its left side compares with its right.
    site_by_site
        Whether its rows are one for each site (their second name), though people would call them one demand.
    binds
        Whether a plan that meets it with nothing to spare is worth telling of: not what is true of every plan, or
        is not open to decision.
    presumes_journeys
        Whether it holds only where everybody has a journey.
    by_arithmetic
        Whether designations alone decide it.
    from_staff
        Whether a plan is held against it by who works where.
    quantity
        What a page works out as its left side without a table: a name in ``evaluate.js``.
    is_gain
        Whether to keep to it is a gain to somebody: not so of what an answer is made of, and not what it is for.
    would_see, once_kept
        How many patients a site would see that should not, of those two numbers; and what is so once it is kept to at
        every site, of a service and a figure. Said of rules on the patients of a site.
    against_it
        What is said after the number of sites that a service is on, where it should be on others: of the number asked.
    bends
        How what it has to spare runs as a parameter varies: "straight" if both its sides are lines, else a name in
        ``scenarios.courses``. Of a rule that does not say, no value at which it breaks is worked out.
    """

    unit: str
    sides_in = ""
    relation: str
    site_by_site = False
    binds = True
    presumes_journeys = False
    by_arithmetic = True
    from_staff = False
    quantity = ""
    is_gain = True
    would_see = ""
    once_kept = ""
    against_it = ""
    bends: str | None = None

    @abstractmethod
    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        """Yield the rule's instances by plain arithmetic, for one choice of designations or for all of them at once."""

    @abstractmethod
    def said(self, problem: Problem, names: Names) -> str:
        """Return what a demand asks, in words."""

    def demand(self, names: Names) -> Names:
        """Return whose one demand is, for the names of one row or instance."""
        return (names[0], *names[2:]) if self.site_by_site else names

    def site_of(self, names: Names) -> str:
        """Return the site, or pool of staff, of a row or instance whose demand is of all sites; else nothing."""
        return names[1] if self.demand(names) != names and self.site_by_site else ""

    def unit_of(self, names: Names) -> str:
        """Return the unit in which a demand can give way."""
        return self.unit

    def is_asked(self, problem: Problem) -> bool:
        """Whether a list of what each rule strikes out has this one, even if it strikes out nothing."""
        return True

    def ties(self, problem: Problem) -> Iterator[set[str]]:
        """Yield the services that stand together in one instance, beside those whose patients are transferred."""
        return iter(())

    def stands(self, problem: Problem, choices: All, staff: pd.DataFrame) -> Iterator[Instance]:
        """Yield the instances that apply to a plan: its one choice, and its table of who works where."""
        return (one for one in self.instances(problem, choices) if np.all(one.applies))

    def instance(
        self,
        names: Names,
        services: Names,
        left: np.ndarray,
        right: np.ndarray | float,
        figure: Figure | None = None,
        *,
        applies: np.ndarray | bool = True,
    ) -> Instance:
        """Return an instance of the rule on the choices of some services."""
        unit = self.sides_in or self.unit
        return Instance(self.name, names, ((services, left),), self.relation, right, unit, figure, applies)

    def sum_of(
        self, names: Names, parts: Sequence[Part], right: float, figure: Figure | None = None, *, scale: int = 1
    ) -> Instance:
        """Return an instance whose left side adds up over services: what is open stays apart, the rest is one number.

        So it has the same parts however many patients there are: whoever compares scenarios can put them side by side.
        """
        vary = [(axes, values) for axes, values in parts if values.size > 1]
        known = sum(values.item() for _, values in parts if values.size == 1)
        parts = (((), np.array(known)), *vary)
        unit = self.sides_in or self.unit
        return Instance(self.name, names, parts, self.relation, right, unit, figure, scale=scale)


class Limit(Judged):
    """A standard or a resource, which may give way: by so many units to explain a clash, by notches to tell its price.

    ``rows_give`` is whether a row loosened by so many of ``unit`` still means something.
    """

    rows_give = True

    @abstractmethod
    def stated(self, problem: Problem) -> Iterator[Names]:
        """Yield the names of each figure or wish that the question states."""

    @abstractmethod
    def without(self, problem: Problem, names: Names) -> Problem:
        """Return the question without what it states."""

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        """Return the question with what it states so many notches looser; nothing where what is asked has no size."""
        return None

    def stated_in_words(self, problem: Problem, names: Names) -> str:
        """Return what the question states, in words."""
        return self.said(problem, names)

    def way_out(self, problem: Problem, names: Names, by: float) -> str:
        """Return what giving way by so many units would mean, in words."""
        return ""

    def it_would_take(self, problem: Problem, names: Names, by: float) -> str:
        """Return in words what a plan that breaks it by so much would need to be lawful; mostly there are none."""
        return ""

    def waived(self, problem: Problem, names: Names) -> str:
        """Return what doing without it altogether would mean, in words; nothing where it gives way by so much."""
        return ""

    def gives_at_most(self, problem: Problem, names: Names) -> float | None:
        """Return by how much it may give way and still ask for something; nothing where there is no such end."""
        return None

    def is_one_need(self, problem: Problem, names: Names) -> bool:
        """Whether the rows of a demand are one need, the largest of them, and give way as one."""
        return False

    def best_without(self, problem: Problem, names: Names) -> tuple[Problem, float] | None:
        """Return the question whose best value is the least figure that leaves a plan, and the figure; mostly neither.

        For a rule whose rows do not give, though its figure can.
        """
        return None


class OneFigure(Limit):
    """A limit that is one figure of a service, or of its pathway.

    Attributes
    ----------
    setting, part
        Where a service has the figure: under which name, and in which of its parts if not in itself.
    of_patients
        Whether it says nothing of a service whose patients are not counted.
    notch
        By how much people would give way at a time.
    asks, gives, loosened_to
        What it asks, what giving way means and, if that is said otherwise, what a notch makes of it: sentences with
        the words of ``_words`` in them.
    """

    setting: str
    part = ""
    of_patients = True
    notch: float
    asks = ""
    gives = ""
    loosened_to = ""

    def figure(self, service: Service) -> Figure | None:
        """Return the figure of a service, if it has one."""
        return getattr(getattr(service, self.part) if self.part else service, self.setting, None)

    def value(self, service: Service) -> float:
        """Return the value of a service's figure; 0 where it has none."""
        figure = self.figure(service)
        return figure.value if figure else 0.0

    def applies_to(self, service: Service) -> bool:
        """Whether a service is asked for something."""
        return bool(self.figure(service) and (service.activity or not self.of_patients))

    def modelled(self, problem: Problem, x: Variables) -> Iterator[tuple[str, float]]:
        """Yield the services that have rows, each with its figure's value."""
        for code, service in problem.services.items():
            if self.applies_to(service) and (code in x.counted or not self.of_patients):
                yield code, self.value(service)

    def rows(self, problem: Problem, x: Variables) -> Rows:
        for code, value in self.modelled(problem, x):
            yield (code,), compared(self.expression(problem, x, code), self.relation, value)

    def instances(self, problem: Problem, choices: All) -> Iterator[Instance]:
        for code, chosen in choices.items():
            if self.applies_to(chosen.service):
                figure = self.figure(chosen.service)
                yield self.instance((code,), *self.number(problem, choices, code), self.value(chosen.service), figure)

    def expression(self, problem: Problem, x: Variables, code: str) -> pulp.LpAffineExpression:
        """Return the left side for a service, as a linear expression."""
        raise NotImplementedError

    def number(self, problem: Problem, choices: All, code: str) -> Part:
        """Return the left side for a service, by arithmetic."""
        raise NotImplementedError

    def stated(self, problem: Problem) -> Iterator[Names]:
        return ((code,) for code, service in problem.services.items() if self.applies_to(service))

    def without(self, problem: Problem, names: Names) -> Problem:
        return self.with_figure(problem, names[0], None)

    def with_figure(self, problem: Problem, code: str, figure: Figure | None) -> Problem:
        """Return the question with another figure for a service, or none."""
        if self.part:
            part = replace(getattr(problem.services[code], self.part), **{self.setting: figure})
            return with_service(problem, code, **{self.part: part})
        return with_service(problem, code, **{self.setting: figure})

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        value = self.value(problem.services[names[0]])
        new = round(max(0.0, value + self.notch * notches), 9)
        words = self.loosened_to.format(new=new) or self.way_out(problem, names, abs(new - value))
        return self.with_figure(problem, names[0], relaxed(value, new)), words

    def said(self, problem: Problem, names: Names) -> str:
        return self.asks.format(**self._words(problem, names))

    def way_out(self, problem: Problem, names: Names, by: float) -> str:
        return self.gives.format(**self._words(problem, names, by))

    def _words(self, problem: Problem, names: Names, by: float = 0.0) -> dict[str, Any]:
        """Return the words that a sentence may use: whose figure, how much, and how much more or less."""
        service = problem.services[names[0]]
        number, unit = self.value(service), self.sides_in or self.unit
        enough = no_less(by)
        new = round(number + (enough if self.relation == "<=" else -enough), 6)
        return {
            "service": service.name,
            "site": problem.sites[names[1]].name if len(names) > 1 else "",
            "figure": amount(number, unit),
            "patients": amount(number, PATIENTS),
            "is_or_are": "is" if is_one(number) else "are",
            "by": tenths_or_more(by),
            "more": amount(enough, self.unit, "more "),
            "new": new,
            "new_figure": amount(new, unit),
        }


class OneFigureOfTheQuestion(Limit):
    """A limit that is one figure of the whole question, nobody's own: over all services, or alike for all sites.

    ``setting`` is where the question has the figure, ``notch`` by how much people would give way at a time. What a
    notch makes of it is ``loosened_to``, a sentence with ``new`` in it, if that is said otherwise than its way out.
    """

    setting: str
    notch: float
    loosened_to = ""

    def figure(self, problem: Problem) -> Figure | None:
        """Return the figure, if the question has one."""
        return getattr(problem, self.setting)  # type: ignore[no-any-return]

    def value(self, problem: Problem) -> float:
        """Return the value of the figure; endless where there is none."""
        figure = self.figure(problem)
        return figure.value if figure else np.inf

    def is_asked(self, problem: Problem) -> bool:
        return bool(self.figure(problem))

    def stated(self, problem: Problem) -> Iterator[Names]:
        return iter([()] if self.is_asked(problem) else [])

    def without(self, problem: Problem, names: Names) -> Problem:
        return self.with_figure(problem, None)

    def with_figure(self, problem: Problem, figure: Figure | None) -> Problem:
        """Return the question with another figure, or none."""
        changed: dict[str, Any] = {self.setting: figure}
        return problem.varied(**changed)

    def looser(self, problem: Problem, names: Names, notches: int) -> Looser | None:
        value = self.value(problem)
        new = round(value + self.notch * notches, 9)
        words = self.loosened_to.format(new=amount(new, self.unit)) or self.way_out(problem, names, new - value)
        return self.with_figure(problem, relaxed(value, new)), words


def compared(left: pulp.LpAffineExpression, relation: str, right: Any) -> pulp.LpConstraint:
    """Return a row."""
    return {">=": operator.ge, "<=": operator.le, "=": operator.eq}[relation](left, right)


def with_service(problem: Problem, code: str, **changed: Any) -> Problem:
    """Return the question with something else said of one service."""
    return problem.varied(services={**problem.services, code: replace(problem.services[code], **changed)})


def relaxed(value: float, to: float) -> Figure:
    """Return a figure of which something was given up."""
    return Figure(to, f"Relaxed from {value:g}", verified=False)
