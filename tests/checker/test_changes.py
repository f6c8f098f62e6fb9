"""What run.json says would change the answer: what is true is found true, and every lie of a rule is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from as_files import with_files
from shipped import answer
from test_turning import one_clinic
from worlds import small, three_doctors

from optimiser import checker
from optimiser.checker.changes import changes_come_to_what_is_said
from optimiser.explanation import would_change
from optimiser.plan.runs import files_of
from optimiser.problem import Figure, Objective, Problem
from optimiser.search.planning import solve

CHECK = changes_come_to_what_is_said.__name__
WORLDS: dict[str, Callable[[], Problem]] = {
    "a site": lambda: small(at_most_sites=Figure(1)),
    "patients": lambda: small(minimum_patients=Figure(32.5), standard_minutes=Figure(15)),
    "a doctor": lambda: small(rotas=three_doctors()),
    # With staff short first: what the other plan lacks is what gives way, and does not count against it.
    "a doctor who may lack": lambda: replace(
        small(rotas=three_doctors(may_fall_short=True)),
        objectives=(Objective("staff_short"), Objective("patient_minutes")),
    ),
}
ONE_SITE: dict[str, Callable[[], Problem]] = {
    "one site": lambda: small(at_least_sites=Figure(1), at_most_sites=Figure(1)),
    "the border": one_clinic,
}


@cache
def files(world: str) -> dict[str, bytes]:
    """Return the files of a solved world, with what would change its answer."""
    plan = solve(with_files((WORLDS | ONE_SITE)[world]()))
    return files_of(plan, would_change=would_change(plan).record)


def found_in(run: dict[str, bytes], lie: Callable[[dict[str, Any]], object], kind: str = "rule") -> set[str]:
    """Return the names of the checks that notice a lie told of the first change of a kind in a run."""
    record = json.loads(run["run.json"])
    lie(first_of(record, kind))
    return set(checker.check(run | {"run.json": json.dumps(record).encode()})["check"])


def first_of(record: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(one for one in record["would_change"]["changes"] if one["kind"] == kind)


@pytest.mark.parametrize("world", WORLDS)
def test_what_would_change_an_answer_is_found_true(world: str):
    record = json.loads(files(world)["run.json"])
    assert first_of(record, "rule")
    assert checker.check(files(world)).empty


@pytest.mark.parametrize("name", ["base", "what_if/border_nearest"])
def test_what_would_change_what_ships_is_found_true(name: str):
    plan = answer(name)
    assert checker.check(files_of(plan, would_change=would_change(plan).record)).empty


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another plan": lambda change: change.update(then={"clinic": ["ash"]}),
    "the plan itself": lambda change: change.update(then={"clinic": ["birch"]}),
    "a site that is not": lambda change: change["then"].update(clinic=["oak"]),
    "no designations": lambda change: change.update(then=None),
    "another rule": lambda change: change.update(what="enough_sites.clinic"),
    "no rule": lambda change: change.update(what="whim.clinic"),
    "a longer journey before": lambda change: change["gained"][0].update(before=17.0),
    "a shorter journey after": lambda change: change["gained"][0].update(after=13.0),
    "fewer minutes in all": lambda change: change["gained"][-1].update(after=799),
    "a number that is none": lambda change: change["gained"][-1].update(after="800"),
    "another measure": lambda change: change["gained"][0].update(measure="best_minutes"),
    "another service": lambda change: change["gained"][0].update(service="x_ray"),
    "a gain left out": lambda change: change["gained"].pop(0),
    "hours for minutes": lambda change: change["gained"][0].update(unit="hours"),
    "a word beside": lambda change: change["gained"][0].update(more="x"),
    "a value that a rule has not": lambda change: change.update(to=1),
    "sites in words that are not then": lambda change: swap(change, "Ash and Birch would", "Ash would"),
    "minutes in words that are not then": lambda change: swap(change, "(13.33", "(3.33"),
    "no words": lambda change: change.update(words=""),
}


def swap(change: dict[str, Any], was: str, now: str) -> None:
    """Have a change say something else in its words."""
    assert was in change["words"]
    change["words"] = change["words"].replace(was, now, 1)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_a_rule_that_gives_way_is_noticed(world: str, lie: str):
    assert found_in(files(world), LIES[lie]) == {CHECK}


OF_ONE_SITE: dict[str, Callable[[dict[str, Any]], object]] = {
    "too few minutes": lambda change: change.update(to=4),
    "more than can be taken off": lambda change: change.update(to=-11),
    "no number": lambda change: change.update(to="5"),
    "a site that is not": lambda change: change.update(what="journeys.elm.from_everywhere"),
    "the plan itself": lambda change: change.update(then={"clinic": ["birch"]}),
    "more sites than are allowed": lambda change: change.update(then={"clinic": ["ash", "birch"]}),
    "no plan": lambda change: change.update(then=None),
    "no designations": lambda change: change.update(then={"clinic": "ash"}),
    "another amount": lambda change: change.update(by=50),
    "hours": lambda change: change.update(unit="hours"),
    "another share of what is now": lambda change: change.update(size=0.1),
    "a service": lambda change: change.update(service="clinic"),
    "something gained": lambda change: change.update(gained=[{}]),
    "other minutes in words": lambda change: swap(change, " 5 minutes", " 15 minutes"),
    "shorter for longer": lambda change: swap(change, "longer", "shorter"),
    "another site in words": lambda change: swap(change, "Clinic at Ash", "Clinic at Birch"),
    "a rule that is not broken": lambda change: swap(
        change, "best.", "best; the plan's own sites would then break a rule: Clinic has at least 2 sites."
    ),
    "a kind of another": lambda change: change.update(kind="border"),
    "a figure that cannot be changed": lambda change: change.update(what="journeys.birch.from_area.west"),
}


@pytest.mark.parametrize("lie", OF_ONE_SITE)
def test_a_lie_about_journeys_to_one_site_is_noticed(lie: str):
    run = files("one site")
    first = first_of(json.loads(run["run.json"]), "parameter")
    assert (first["what"], first["to"]) == ("journeys.birch.from_everywhere", 5)
    assert found_in(run, lambda change: None) == set()
    assert found_in(run, OF_ONE_SITE[lie], "parameter") == {CHECK}


OF_FIGURES: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "too few patients": ("patients", lambda change: change.update(to=1.01, by=0.01)),
    "patients in words": ("patients", lambda change: swap(change, "9% more", "1% more")),
    "fewer patients for more": ("patients", lambda change: swap(change, "more", "fewer")),
    "a limit that one has": ("patients", lambda change: change.update(what="minimum_patients.clinic")),
    "too many staff": ("a doctor", lambda change: change.update(to=5, by=1)),
    "half a person": ("a doctor", lambda change: change.update(to=2.5, by=3.5)),
    "staff in words": ("a doctor", lambda change: swap(change, "3 fewer", "1 fewer")),
    "who is left in post": ("a doctor", lambda change: swap(change, "Birch 2", "Birch 1")),
    "a team that is not": ("a doctor", lambda change: change.update(what="staff.nurses.people")),
    "why the plan goes": ("a doctor", lambda change: change.update(words=change["words"].partition(";")[0] + ".")),
}


@pytest.mark.parametrize("lie", OF_FIGURES)
def test_a_lie_about_patients_or_staff_is_noticed(lie: str):
    world, told = OF_FIGURES[lie]
    assert found_in(files(world), told, "parameter") == {CHECK}


OF_THE_BORDER: dict[str, Callable[[dict[str, Any]], object]] = {
    "too few who are pulled": lambda change: change.update(to=0.02, by=0.02, size=0.02),
    "more than are needed": lambda change: change.update(to=0.5, by=0.5, size=0.5),
    "more than all": lambda change: change.update(to=1.5),
    "another amount": lambda change: change.update(by=0.5),
    "another share": lambda change: change.update(size=0.5),
    "another figure": lambda change: change.update(what="border_pushes"),
    "patients": lambda change: change.update(unit="patients a year"),
    "another service": lambda change: change.update(service="x_ray"),
    "the plan itself": lambda change: change.update(then={"clinic": ["ash"]}),
    "other sites of another": lambda change: change.update(then={"clinic": ["birch"], "x_ray": ["ash"]}),
    "no plan": lambda change: change.update(then=None),
    "the share in words": lambda change: swap(change, "7.4%", "74%"),
    "sites in words": lambda change: swap(change, "Birch would", "Ash would"),
}


@pytest.mark.parametrize("lie", OF_THE_BORDER)
def test_a_lie_about_the_border_is_noticed(lie: str):
    assert found_in(files("the border"), lambda change: None, "border") == set()
    assert found_in(files("the border"), OF_THE_BORDER[lie], "border") == {CHECK}


def test_changes_stand_once_each_the_smallest_first():
    record = json.loads(files("patients")["run.json"])
    changes = record["would_change"]["changes"]
    for lie in (changes[::-1], [*changes, changes[-1]]):
        record["would_change"]["changes"] = lie
        found = checker.check(files("patients") | {"run.json": json.dumps(record).encode()})
        assert list(found["check"]) == [CHECK]


def test_a_share_within_the_standard_is_worked_out():
    def lie(change: dict[str, Any]) -> None:
        assert change["gained"][1]["measure"] == "share_within_standard"
        change["gained"][1]["after"] = 0.99

    assert found_in(files("patients"), lie) == {CHECK}
