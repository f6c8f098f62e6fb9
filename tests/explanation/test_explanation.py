"""A clash is a smallest set of rules, and each way out is just enough."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import small, three_doctors, vary

from optimiser.explanation import clash
from optimiser.problem import Figure, Fixed, Link, Problem, Team
from optimiser.search.planning import solve


def clashing(problem: Problem) -> dict[str, str]:
    return {".".join((rule, *names)): words for (rule, names), words in clash(problem).demands.items()}


def ways(problem: Problem) -> dict[str, float]:
    return {way.demand[0]: way.by for way in clash(problem).ways_out}


def test_a_rule_that_nothing_could_meet_stands_alone():
    problem = small(longest_journey_minutes=Figure(9))
    assert set(clashing(problem)) == {"nobody_travels_too_far.clinic"}
    assert "This one cannot be met at all" in str(clash(problem))
    # With both open the worst is 20 minutes: mid, from either.
    assert [way.words for way in clash(problem).ways_out] == ["allow journeys of up to 20 minutes to Clinic"]


def test_two_sites_and_three_doctors_at_each_and_no_moves():
    problem = small(rotas=three_doctors(), at_least_sites=Figure(2))
    assert set(clashing(problem)) == {
        "enough_sites.clinic",
        "rota_is_filled.clinic.doctors.people",
        "moves_within_limit.doctors.people",
        "recruitment_within_limit.doctors.people",
    }
    assert ways(problem) == {
        "enough_sites": 1,
        "rota_is_filled": 1,
        "moves_within_limit": 1,
        "recruitment_within_limit": 1,
    }


def test_each_way_out_is_enough_and_no_more():
    problem = small(rotas=three_doctors(), at_least_sites=Figure(2), doctors={"ash": 1, "birch": 3})
    assert ways(problem)["recruitment_within_limit"] == 2
    for recruits, possible in ((1, False), (2, True)):
        team = Team("doctors", "doctors", Figure(0), Figure(recruits))
        varied = replace(problem, teams={"doctors": team})
        if possible:
            assert solve(varied).sites_of("clinic") == ("ash", "birch")
        else:
            assert ways(varied)["recruitment_within_limit"] == 1


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (
            small(minimum_patients=Figure(33), at_least_sites=Figure(2)),
            {"enough_sites.clinic", "every_site_has_enough_patients.clinic.ash"},
        ),
        (
            small(maximum_patients=Figure(20), at_least_sites=Figure(1)),
            {
                "enough_sites.clinic",
                "no_site_has_too_many_patients.clinic.ash",
                "no_site_has_too_many_patients.clinic.birch",
            },
        ),
        (
            vary(small(same_site=(Link("x_ray"),), at_least_sites=Figure(1)), "x_ray", at_most_sites=Figure(0)),
            {"enough_sites.clinic", "not_too_many_sites.x_ray", "services_share_a_site.clinic.x_ray"},
        ),
        (
            small(fixed={"ash": Fixed(False, ""), "birch": Fixed(False, "")}, at_least_sites=Figure(1)),
            {"enough_sites.clinic", "fixed_designations_stand.clinic.ash", "fixed_designations_stand.clinic.birch"},
        ),
    ],
)
def test_only_what_clashes_is_named(problem: Problem, expected: set[str]):
    assert set(clashing(problem)) == expected
    assert "No plan meets every rule." in str(clash(problem))


def test_an_area_that_reaches_nothing_is_named():
    shut = small(fixed={"ash": Fixed(False, ""), "birch": Fixed(False, "")}).behind_its_border()
    assert set(clashing(shut)) == {
        "every_area_is_served.clinic",
        "fixed_designations_stand.clinic.ash",
        "fixed_designations_stand.clinic.birch",
    }
