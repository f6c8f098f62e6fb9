"""Plans and options side by side: what is shown, and that it is what the plans say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import by_transfer, small, three_doctors

from optimiser.plan import evaluate, measures
from optimiser.plan.comparison import compare
from optimiser.problem import Excepted, Figure, Link

BOTH = frozenset({("ash", "clinic"), ("birch", "clinic")})
AT_BIRCH = frozenset({("birch", "clinic")})


def test_people_beyond_are_those_who_are_not_within():
    # With birch alone: east 10, mid 20 and west 30 minutes; with neither, 25, 40 and 50 to oak. East has 300 people.
    compared = compare([evaluate(small(), AT_BIRCH), evaluate(small(), frozenset())])
    first, second = compared.columns
    beyond = {minutes: compared.loc[("clinic", f"people_beyond_{minutes}")] for minutes in measures.BANDS}
    assert {minutes: (row[first], row[second]) for minutes, row in beyond.items()} == {
        30: (0, 300),
        45: (0, 100),
        60: (0, 0),
    }


def test_every_broken_rule_is_named_with_how_far_it_is_from_holding():
    # Ash sees 30 patients and birch 35; three doctors each, where ash has 2 and birch 4, and nobody may move.
    world = small(minimum_patients=Figure(33), rotas=three_doctors())
    compared = compare([evaluate(world, BOTH), evaluate(world, AT_BIRCH)])
    both, birch = compared.columns
    assert compared.loc[("", "rules broken"), both] == 2
    few = ("", "breaks every_site_has_enough_patients.clinic.ash (patients a year)")
    short = ("", "breaks rota_is_filled.clinic.ash.doctors.people (people)")
    assert (compared.loc[few, both], compared.loc[short, both]) == (3, 1)
    assert compared.loc[("", "rules broken"), birch] == 0
    assert compared[birch].isna()[few] and compared[birch].isna()[short]
    assert compared.loc[("", "short of doctors (people)"), both] == 1


def test_transfers_are_added_up_over_services():
    world = by_transfer()
    services = {**world.services, "camera": replace(world.services["scanner"], code="camera", name="Camera")}
    world = replace(world, services=services)
    plan = evaluate(world, BOTH | {("birch", "scanner"), ("birch", "camera")})
    (column,) = (compared := compare([plan])).columns
    one = compared.loc[("scanner", "transfers_per_day"), column]
    assert compared.loc[("", "transfers_per_day in all"), column] == pytest.approx(2 * one) == pytest.approx(37.5 / 365)


def test_exceptions_are_grouped_by_matter():
    link = (Link("x_ray"),)
    world = small(same_site=link)
    excused = tuple(Excepted("clinic", "x_ray", site, "A van comes") for site in ("ash", "birch"))
    plans = [evaluate(world, BOTH), evaluate(replace(world, exceptions=excused), BOTH)]
    without, with_them = (compared := compare(plans)).columns
    assert compared.loc[("", "rules broken"), without] == 2
    assert compared.loc[("", "rules broken"), with_them] == 0
    assert compared.loc[("", "documented exceptions"), with_them] == 1
    assert compared.loc[("", "excepted: without x_ray"), with_them] == 2
