"""What the independent checker makes of any designations of a question: rules, objectives, journeys, and for whom.

A run is read by the checker once; other designations, and the staffing that an evaluation of them claims, take the
place of its own. All else is worked out by the checker's code alone, from the inputs and the words, in fractions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from optimiser.checker.claims import OBJECTIVES
from optimiser.checker.inputs import KNOWN_FILES, read_run
from optimiser.checker.measures import AGE_GROUP, groups, mean
from optimiser.checker.question import Figure
from optimiser.checker.reading import Number, Reader, Row, read_files
from optimiser.checker.rules import RULES, facts_of
from optimiser.checker.run import MICRO, Area, Run, Stream
from optimiser.plan import Plan
from optimiser.plan.runs import files_of
from optimiser.problem import Problem

EVERYBODY = "all residents"


class CheckersView:
    """The checker's own reading of a question, asked about one option after another."""

    def __init__(self, plan: Plan) -> None:
        reader = Reader(read_files(files_of(plan), KNOWN_FILES))
        self.run = read_run(reader)
        assert not reader.breaches

    def of(self, plan: Plan) -> Run:
        """Return the run as it would be with the designations and the staffing of another plan."""
        designations = {
            key: Row(row.where, {**row.cells, "designated": key[::-1] in plan.designated})
            for key, row in self.run.designations.items()
        }
        staffing = {
            (row["team"], row["unit"], row["site"]): Row("", {str(name): _exact(cell) for name, cell in row.items()})
            for row in plan.staffing.to_dict("records")
        }
        assert staffing.keys() == self.run.staffing.keys()
        return self.run.beside(designations, staffing=staffing)


def _exact(cell: Any) -> Any:
    """Return a claim as the decimal that it is: posts are counted in millionths."""
    return cell if isinstance(cell, str) else Fraction(str(round(cell, 6)))


def broken_rules(run: Run) -> dict[str, tuple[float, str, float, str, float]]:
    """Return both sides, the relation, the unit and by how much it is short, for every rule that is broken."""
    return {
        f"{name}.{fact.instance}": (float(fact.left), rule.relation, float(fact.right), fact.unit, -float(spare))
        for name, rule in RULES.items()
        for fact in facts_of(name, run)
        if (spare := rule.spare(fact)) < 0
    }


def spares(run: Run) -> dict[str, Number]:
    """Return by how much every rule that applies holds, exactly: below zero, it does not."""
    return {f"{name}.{fact.instance}": rule.spare(fact) for name, rule in RULES.items() for fact in facts_of(name, run)}


def objectives(run: Run) -> tuple[float, ...]:
    return tuple(map(float, exact_objectives(run)))


def exact_objectives(run: Run) -> tuple[Number, ...]:
    return tuple(OBJECTIVES[one.name].value(run, one) for one in run.question.objectives)


def whom(before: Run, after: Run, minutes: int) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return people and areas with journeys longer and shorter by more than so many minutes, and means, by group."""
    return {
        (code, group): row
        for code in before.services_with_patients
        for group, row in _by_group(before, after, code, minutes)
    }


def _by_group(before: Run, after: Run, code: str, minutes: int) -> Iterator[tuple[str, tuple[float, ...]]]:
    spent = [run.minutes_spent(code) for run in (before, after)]
    residents = before.residents_of(code)
    if all(spent[0][one] == spent[1][one] for one in residents):
        return
    patients = {one: before.streams(code)[one] for one in residents}
    people = {one: 0 if one.how == "leaves" else before.areas[one.area].population for one in residents}
    for group, areas in {EVERYBODY: before.residents, **groups(before)}.items():
        yield group, _row(before.residents_of(code, set(areas)), spent, patients, people, minutes)
    if "population_75_plus" in before.inputs.area_columns:
        older = {one: (before.areas[one.area].over_75 or 0) if people[one] else 0 for one in residents}
        shares = before.as_patients_go(code)
        weights = {one: (before.areas[one.area].over_75 or 0) * share for one, share in shares.items()}
        yield AGE_GROUP, _row(residents, spent, weights, older, minutes)


def _row(
    members: list[Stream],
    spent: list[Mapping[Stream, Fraction | int | None]],
    weights: Mapping[Stream, Fraction | int],
    people: Mapping[Stream, Fraction | int],
    minutes: int,
) -> tuple[float, ...]:
    change = {area: _change(spent[0][area], spent[1][area]) for area in members}
    longer = [area for area in members if change[area] > minutes * MICRO]
    shorter = [area for area in members if change[area] < -minutes * MICRO]
    numbers = [sum(people[area] for area in some) for some in (members, longer, shorter)]
    means = [mean({area: weights[area] for area in members}, one) for one in spent]
    affected = [area for area in members if change[area] and weights[area]]
    total = sum(weights[area] for area in affected)
    by = (
        sum(float(weights[area]) * float(change[area]) for area in affected) / float(total * MICRO) if total else np.nan
    )
    return (*map(float, numbers), len(longer), len(shorter), *(np.nan if m is None else float(m) for m in means), by)


def _change(before: Fraction | int | None, after: Fraction | int | None) -> Fraction | int | float:
    """Return how much longer a journey is: without end where there is none any more, nothing where there never was."""
    if before is None or after is None:
        return (math.inf if after is None else 0) - (math.inf if before is None else 0) if before != after else 0
    return after - before


# What may vary --------------------------------------------------------------------------------------------------------


def varied(run: Run, problem: Problem, parameter: str, value: Fraction) -> Run:
    """Return the run with one parameter of the question at any fraction, from the words of what the parameter means.

    Nothing is rounded, where a table would keep six decimals. ``problem`` tells corridors, and staff, who are as an
    evaluation of the question with that value has them.
    """
    kind, *names = parameter.split(".")
    inputs, services = run.inputs, run.question.services
    if kind == "journey_factor":
        roads = {} if names else {pair: minutes * value for pair, minutes in inputs.road.items()}
        here = problem.areas["corridor"].to_dict() if names else {}
        minutes = {
            (area, site): taken * value if not names or here.get(area) in names else taken
            for (area, site), taken in inputs.minutes.items()
        }
        return replace(run, inputs=inputs._replace(minutes=minutes, road=roads or inputs.road))
    if kind in ("demand_factor", "people_factor"):
        factor = {"demand_factor": _of_activity, "people_factor": _of_age}[kind]
        patients = {key: n * factor(run, key, names[0], value) for key, n in inputs.patients.items()}
        return replace(run, inputs=inputs._replace(patients=patients))
    if kind == "staff":
        stated = {(team, unit, site): Fraction(str(n)) for (site, team, unit), n in problem.staff.items()}
        return replace(run, inputs=inputs._replace(in_post={**dict(inputs.in_post), **dict(stated)}))
    if kind == "border_pull":
        return replace(run, question=replace(run.question, pull=value))
    (code,) = names
    service = services[code]
    if kind in ("minimum_patients", "maximum_patients"):
        changed = replace(service, figures=_with(service.figures, kind, value))
    elif kind == "stay_days":
        changed = replace(service, beds=service.beds and service.beds._replace(days=value))
    else:
        assert service.transfer is not None
        changed = replace(
            service, transfer=service.transfer._replace(figures=_with(service.transfer.figures, kind, value))
        )
    return replace(run, question=replace(run.question, services={**services, code: changed}))


def _with(figures: Mapping[str, Figure], name: str, value: Fraction) -> dict[str, Figure]:
    # Where a service has no patients the config that the checker reads says nothing of their number.
    return {**figures, name: figures[name]._replace(value=value)} if name in figures else dict(figures)


def _of_activity(run: Run, key: tuple[str, str], activity: str, value: Fraction) -> Fraction:
    return value if key[1] == activity else Fraction(1)


def _of_age(run: Run, key: tuple[str, str], age: str, value: Fraction) -> Fraction:
    """Return how many times as many patients there are in an area, all alike or by the shares of each age."""
    shares = run.question.ages.get(key[1], {})
    names = ["under_65", "from_65", "from_75"] if "from_75" in {age, *shares} else ["under_65", "from_65"]
    here = dict(zip(names, _people(run.inputs.areas[key[0]], len(names)), strict=True))
    if shares:
        residents = [_people(area, len(names)) for area in run.inputs.areas.values() if area.resident]
        there = dict(zip(names, map(sum, zip(*residents, strict=True)), strict=True))
        if "from_75" in names and "from_75" not in shares:
            there = {**there, **dict.fromkeys(names[1:], there["from_65"] + there["from_75"])}
        shares = {"from_75": shares["from_65"], **shares}
        here = {one: people * shares[one] / (there[one] or 1) for one, people in here.items()}
    total = Fraction(sum(here.values()))
    of_it = here[age] + (here.get("from_75", 0) if age == "from_65" else 0)
    return 1 + of_it * (value - 1) / total if total else Fraction(1)


def _people(area: Area, ages: int) -> list[Fraction]:
    """Return how many people are under 65, and 65 and over, these perhaps apart by whether they are 75."""
    older, oldest = Fraction(area.over_65 or 0), Fraction(area.over_75 or 0)
    return [area.population - older, *([older] if ages == 2 else [older - oldest, oldest])]
