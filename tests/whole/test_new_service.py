"""A service that nobody has heard of is rows of tables and lines of a config: no code knows its name.

It has everything that a service may have: patients of its own, who are seen first elsewhere and taken on, a rota by a
team of its own, beds with a limit, links of all three kinds, an exception, and an option that moves it.
"""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path

import pytest

import optimiser as op
from optimiser.inputs import with_exceptions_of
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.report import summary
from optimiser.search.enumeration import enumerate_all

ROOT = Path(__file__).parents[2]
NEW = "fever_ward"
CONFIG = """\
based_on: tiny.yaml
title: Where should the fever ward be?
teams:
  fever_nurses: {name: fever nurses, year: 2025, moves_at_most: 2, recruits_at_most: 1}
services:
  fever_ward:
    name: Fever ward
    activity: fever
    pathway: transfer
    transfer:
      first_contact: walk_in
      dwell_minutes: 30
      call_minutes: 5
      crew_minutes: 10
      handover_minutes: 5
      share_transferred: 0.5
      suspected_per_confirmed: 1.25
      repatriated_share: 0.1
      most_transfers_a_day: 1
    at_least_sites: 1
    minimum_patients: 10
    standard_minutes: 60
    same_site: {x_ray: {source: made up}}
    in_reach: {walk_in: {minutes: 60}}
    by_transfer: {x_ray_archive: {}}
    beds: {stay_days: 7.3, blocking: 0.1, at: {ash: 4, birch: 3, cedar: 1}, staff_per_bed: {nurses: 1.5}}
    rotas: {fever_nurses: {people: 3}}
    stays_local: A thermometer
  x_ray_archive: {name: Archive of films}
  x_ray:
    fixed:
      ash: {provided: true, reason: The machine is there}
      birch: {provided: false, reason: There is no room}
      cedar: {provided: true, reason: The machine is there}
today: {fever_ward: [cedar], x_ray_archive: []}
objectives: [{transfers: [fever_ward]}, patient_minutes, changes_from_today]
"""
OPTION = """\
option: WARD_AT_BIRCH
title: The ward at birch, with a van for films
designations: {walk_in: [ash, birch, cedar], x_ray: [ash, cedar], fever_ward: [birch]}
exceptions:
  - {service: fever_ward, needs: x_ray, site: birch, reason: A van takes films to Ash}
"""
ROWS = {
    "demand.csv": "A1,fever,2\nA2,fever,40\nA3,fever,30\nA4,fever,0\nA5,fever,20\nX1,fever,5\n",
    "staff.csv": "ash,fever_nurses,2025,1,\nbirch,fever_nurses,2025,2,\ncedar,fever_nurses,2025,1,\n",
}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the made-up place and its config with a service more; the config's path."""
    shutil.copytree(ROOT / "data/tiny", tmp_path / "data/tiny")
    (tmp_path / "configs").mkdir()
    shutil.copy(ROOT / "configs/tiny.yaml", tmp_path / "configs/tiny.yaml")
    for name, rows in ROWS.items():
        with (tmp_path / "data/tiny" / name).open("a") as table:
            table.write(rows)
    (tmp_path / "configs/fever.yaml").write_text(CONFIG)
    (tmp_path / "configs/ward_at_birch.yaml").write_text(OPTION)
    return tmp_path / "configs/fever.yaml"


def best_one_by_one(problem: Problem) -> tuple[float, ...]:
    """Return the least of what every choice comes to that breaks no rule, each evaluated by itself."""
    fixed = {("ash", "x_ray"), ("cedar", "x_ray")}
    pairs = list(product(problem.candidates, ("walk_in", NEW)))
    plans = (
        op.evaluate(problem, fixed | {pair for pair, bit in zip(pairs, bits, strict=True) if bit})
        for bits in product((False, True), repeat=len(pairs))
    )
    return min(values_of(plan) for plan in plans if plan.broken.empty)


def values_of(plan: Plan) -> tuple[float, ...]:
    return tuple(reached.value for reached in plan.proof.objectives)


def test_it_is_solved_listed_and_checked(copied: Path):
    problem = op.read_problem(copied)
    plan, alone = op.solve(problem), op.solve(problem, list_all=False)
    assert plan.proof.outcome == "proved best"
    assert plan.sites_of(NEW)
    assert values_of(plan) == values_of(alone) == enumerate_all(problem).ranked[0].values
    assert op.check(plan).empty
    told = "\n".join(summary.lines(plan))
    assert "Fever ward" in told and "transfers a day" in told


def test_no_choice_evaluated_by_itself_is_better(copied: Path):
    problem = op.read_problem(copied)
    assert values_of(op.solve(problem)) == best_one_by_one(problem)


def test_an_option_moves_it_with_an_exception(copied: Path):
    problem, option = op.read_problem(copied), op.read_option(copied.parent / "ward_at_birch.yaml")
    problem = with_exceptions_of(problem, option)
    plan = op.evaluate(problem, op.designations_of(problem, option))
    assert plan.sites_of(NEW) == ("birch",)
    assert plan.exceptions["would_have_broken"].tolist() == [True]
    assert op.check(plan).empty
    compared = op.compare([op.solve(problem), plan])
    assert compared.loc[(NEW, "sites")].iloc[1] == "birch"


def test_no_code_knows_its_name():
    code = "".join(path.read_text() for path in (ROOT / "optimiser").rglob("*.py"))
    assert "fever" not in code.lower()
