"""Patients who are shared out: by hand, against every way there is, and against a linear programme of another kind."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pulp
import pytest
import shipped
from as_files import with_files
from drawing import draws, one_of, perhaps
from hypothesis import given
from hypothesis import strategies as st
from worlds import small, vary

import optimiser as op
from optimiser import checker
from optimiser.checker.sharing import SHARING_CHECKS
from optimiser.errors import NoPlan, TooLarge
from optimiser.explanation import clash
from optimiser.journeys import shared_out
from optimiser.model import solver
from optimiser.model.rules import Demand
from optimiser.plan import evaluate, measures
from optimiser.plan.runs import check, files_of
from optimiser.problem import Beds, Figure, Problem, Service, Site
from optimiser.problem.beds import most_patients
from optimiser.report import set_against, summary
from optimiser.search.planning import solve

BOTH = {("ash", "clinic"), ("birch", "clinic")}


def going(problem: Problem, designated: set[tuple[str, str]]) -> dict[Any, float]:
    """Return patients a year by area and site."""
    journeys = evaluate(problem, designated).journeys
    return journeys.set_index(["area", "site"])["patients_per_year"].to_dict()


# By hand --------------------------------------------------------------------------------------------------------------


def test_without_a_limit_that_binds_everybody_goes_to_the_nearest():
    for limits in ({}, {"minimum_patients": Figure(30), "maximum_patients": Figure(35)}):
        world = small(managed=True, **limits)
        assert evaluate(world, BOTH).journeys.equals(evaluate(small(), BOTH).journeys)


def test_whoever_adds_least_passes_on():
    # At most 34 at birch: one must leave its 35. East could go to oak for 15 minutes more or ash for 30; far, from
    # outside, to oak for 5 more. So one of far goes, and residents' minutes stay as they were.
    world = small(managed=True, maximum_patients=Figure(34))
    assert going(world, BOTH) == {
        ("east", "birch"): 30, ("far", "birch"): 4, ("far", "oak"): 1, ("mid", "ash"): 20, ("west", "ash"): 10,
    }  # fmt: skip
    assert evaluate(world, BOTH).proof.objectives[0].value == 800


def test_a_full_site_hands_on_what_it_is_handed():
    # At most 20 at each. Ash has 10 too many, birch 15. Mid may go from ash to birch for nothing, and east on from
    # there to oak for 15; mid straight to oak costs 20. So 10 of mid go to birch, and all of far and 20 of east to oak.
    world = small(managed=True, maximum_patients=Figure(20))
    assert going(world, BOTH) == {
        ("east", "birch"): 10, ("east", "oak"): 20, ("far", "oak"): 5,
        ("mid", "ash"): 10, ("mid", "birch"): 10, ("west", "ash"): 10,
    }  # fmt: skip
    plan = evaluate(world, BOTH)
    assert plan.proof.objectives[0].value == 10 * 10 + 10 * 20 + 10 * 20 + 10 * 10 + 20 * 25
    numbers = measures.table(plan)
    # 20 of east travel 25 and not 10, 5 of far 20 and not 15; those of mid at birch pass no site that is nearer.
    assert measures.number(numbers, "patients_past_a_nearer_site", "clinic") == 25
    assert measures.number(numbers, "patients_past_a_nearer_site", "clinic", "oak") == 25
    assert measures.number(numbers, "patients_past_a_nearer_site", "clinic", "birch") == 0
    assert measures.number(numbers, "minutes_past_a_nearer_site", "clinic") == 20 * 15 + 5 * 5
    # Two thirds of east's 300 people go with its patients to oak, 25 minutes away; all 600 travel at most 30.
    assert measures.number(numbers, "people_within_30", "clinic") == 600
    assert measures.number(numbers, "worst_minutes", "clinic") == 25
    # 30 patients within 10 and 20 minutes each... half of 60 residents are there after 20 minutes.
    assert measures.number(numbers, "median_minutes", "clinic") == 20
    assert measures.number(numbers, "mean_minutes", "clinic") == pytest.approx(1100 / 60)
    assert measures.number(numbers, "nearest_mean_minutes", "clinic") == pytest.approx(800 / 60)
    assert measures.number(numbers, "nearest_worst_minutes", "clinic") == 20
    assert measures.number(numbers, "nearest_patient_minutes", "clinic") == 800
    assert measures.number(numbers, "nearest_site_patients", "clinic", "birch") == 35


def test_people_are_divided_as_patients_are():
    # East's 30 patients stand for 300 people, and a third of them stay at birch.
    plan = evaluate(small(managed=True, maximum_patients=Figure(20)), BOTH)
    east = measures.residents(plan, "clinic").loc["east"].set_index("site")
    assert east["population"].to_dict() == pytest.approx({"birch": 100, "oak": 200})


def test_an_area_without_patients_has_one_row_at_its_nearest_site():
    world = small(managed=True, maximum_patients=Figure(20))
    world = replace(world, demand=world.demand.assign(visit=[30.0, 5, 20, 0]))
    assert going(world, BOTH)["west", "ash"] == 0
    assert [area for area, _ in going(world, BOTH)].count("west") == 1


def test_equal_minutes_are_settled_by_residents_then_by_area_and_site():
    # Far, from outside, is moved a minute nearer to oak than east is: now either may leave birch for oak at 15 more.
    world = small(managed=True, maximum_patients=Figure(34))
    journeys = world.journeys.copy()
    journeys.loc["far"] = [50, 10, 25]
    assert going(replace(world, journeys=journeys), BOTH)["far", "oak"] == 1
    # Were far to belong to the system too, the first area by code would go on: east.
    resident = world.areas.assign(resident=True)
    assert going(replace(world, journeys=journeys, areas=resident), BOTH)["east", "oak"] == 1


def test_beds_are_a_most_too_to_the_last_decimal_place():
    beds = Beds(Figure(3.65), Figure(0.2), at={"birch": Figure(1)})
    world = small(managed=True, beds=beds)
    most = most_patients(1, beds.stays, 0.2, scale=10**6)
    assert 24 < most < 26  # a hundredth of a year each: a quarter of a bed taken turns away a fifth of arrivals
    birch = sum(patients for (_, site), patients in going(world, BOTH).items() if site == "birch")
    assert birch == pytest.approx(most, abs=1e-9)
    plan = evaluate(world, BOTH)
    assert plan.broken.empty
    assert measures.number(measures.table(plan), "beds_needed", "clinic", "birch") == 1
    assert check(evaluate(with_files(world), BOTH)).empty


def test_where_no_way_keeps_to_the_limits_everybody_goes_to_the_nearest_and_the_rules_say_so():
    # 65 patients cannot give two sites 33 each.
    plan = evaluate(small(managed=True, minimum_patients=Figure(33)), BOTH)
    assert plan.journeys.equals(evaluate(small(), BOTH).journeys)
    assert list(plan.broken["instance"]) == ["every_site_has_enough_patients.clinic.ash"]
    assert any("no way to share out patients keeps to its limits" in line for line in summary.lines(plan))
    assert check(evaluate(with_files(plan.problem), BOTH)).empty


def test_a_clash_knows_that_patients_could_be_shared_out_otherwise():
    # Sixty residents behind the border cannot give two sites 31 each, though ash alone has its 30 by distance: all
    # three rules are needed for the clash. Either minimum could give way by 2, for then the other gets its 31.
    world = small(managed=True, minimum_patients=Figure(31), at_least_sites=Figure(2)).behind_its_border()
    with pytest.raises(NoPlan):
        solve(world)
    found = clash(world)
    assert set(found.demands) == {
        ("enough_sites", ("clinic",)),
        ("every_site_has_enough_patients", ("clinic", "ash")),
        ("every_site_has_enough_patients", ("clinic", "birch")),
    }
    ways = {way.demand: way.by for way in found.ways_out}
    assert ways == {
        ("enough_sites", ("clinic",)): 1,
        ("every_site_has_enough_patients", ("clinic", "ash")): 2,
        ("every_site_has_enough_patients", ("clinic", "birch")): 2,
    }


def test_a_clash_with_a_standard_is_about_those_who_are_sent_on():
    # With 32 at ash two of east's travel 40 minutes, so that 58 of 60 are within 30; with 30 at ash all are.
    world = small(
        managed=True,
        minimum_patients=Figure(32),
        at_least_sites=Figure(2),
        standard_minutes=Figure(30),
        share_within_standard=Figure(0.99),
    )
    found = clash(world)
    assert ("every_site_has_enough_patients", ("clinic", "ash")) in found.demands
    assert ("enough_patients_within_standard", ("clinic",)) in found.demands
    ways = {way.demand: way.by for way in found.ways_out}
    assert ways["enough_patients_within_standard", ("clinic",)] == pytest.approx(2 - 0.01 * 60)


def test_a_rule_may_hold_because_a_limit_beside_it_stands():
    # Birch has 35 and may have 34. East is the cheapest to send on, 30 minutes further to ash; then somebody travels
    # 40, which is too far. But ash has its 34 already: so far goes instead, 45 minutes further to oak, and counts for
    # volumes only. Two sites, the most at birch and the longest journey hold together, though not by themselves.
    world = small(managed=True, maximum_patients=Figure(34), longest_journey_minutes=Figure(35))
    world = replace(
        world, journeys=world.journeys.assign(oak=60.0), demand=world.demand.assign(visit=[30.0, 5, 24, 10])
    )
    assert going(world, BOTH)["far", "oak"] == 1
    world = vary(world, "clinic", at_least_sites=Figure(2))
    (one,) = clash(vary(world, "x_ray", at_least_sites=Figure(2), at_most_sites=Figure(1))).sets
    assert set(one.demands) == {("enough_sites", ("x_ray",)), ("not_too_many_sites", ("x_ray",))}


def test_the_longest_journey_is_that_of_anybody_sent_on():
    world = small(managed=True, minimum_patients=Figure(32), longest_journey_minutes=Figure(30))
    plan = evaluate(world, BOTH)
    assert list(plan.broken["instance"]) == ["nobody_travels_too_far.clinic"]
    assert plan.broken["left"].iloc[0] == 40


def test_too_many_candidates_are_refused_in_plain_words():
    codes = [f"site_{i}" for i in range(9)]
    world = replace(
        small(managed=True, neighbours=()),
        sites={code: Site(code, code, True) for code in codes},
        journeys=pd.DataFrame(10.0, index=small().areas.index, columns=codes),
        today=frozenset(),
    )
    for ask in (lambda: solve(world), lambda: evaluate(world, {("site_0", "clinic")})):
        with pytest.raises(TooLarge, match="clinic: patients are shared out once for every set of candidates, and 9"):
            ask()


# Against every way there is, and against a linear programme -----------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn, *, most_areas: int = 6, whole: bool = False) -> Problem:
    """Draw a world of one service, with limits that may bind, ties, areas out of reach and areas from outside."""
    candidates = [f"site_{i}" for i in range(draw(st.integers(1, 3)))]
    sites = [*candidates, *["edge"][: draw(st.integers(0, 1))]]
    areas = [f"area_{i}" for i in range(draw(st.integers(1, most_areas)))]
    maybe = lambda figures: draw(perhaps(figures))  # noqa: E731
    minutes = st.sampled_from([5.0, 10.0, 10.5, 20.0, 30.0, 30.0] + ([] if draw(st.booleans()) else [float("nan")]))
    patients = st.integers(0, 3) if whole else one_of(0.0, 1.0, 2.5, 7.333333, 4.25)
    limits = st.integers(1, 9) if whole else one_of(1, 2.5, 6, 6.125, 9, 14.5)
    beds = {site: Figure(draw(st.integers(0, 3))) for site in candidates if draw(st.integers(0, 4)) == 0}
    service = Service(
        "care",
        "Care",
        "visit",
        neighbours=tuple(site for site in sites if site not in candidates),
        minimum_patients=maybe(limits),
        maximum_patients=maybe(limits),
        beds=Beds(Figure(73), Figure(0.2), at=beds) if beds and not whole else None,
        managed=True,
    )
    return Problem(
        title="A drawn world",
        sites={site: Site(site, site, site in candidates) for site in sites},
        services={"care": service},
        areas=pd.DataFrame(
            {"resident": [True, *(draw(st.booleans()) for _ in areas[1:])], "population": 100},
            index=pd.Index(areas, name="area"),
        ),
        journeys=pd.DataFrame({site: [draw(minutes) for _ in areas] for site in sites}, index=areas),
        demand=pd.DataFrame({"visit": [float(draw(patients)) for _ in areas]}, index=areas),
        today=frozenset((site, "care") for site in candidates),
    )


def subsets(problem: Problem) -> list[tuple[str, ...]]:
    every = range(len(problem.candidates) + 1)
    return [chosen for size in every for chosen in combinations(problem.candidates, size)]


def highs_in_words(problem: Problem, sites: tuple[str, ...], site: str) -> float:
    """Return the most patients whom a site may have, by the words of the config."""
    service = problem.services["care"]
    most = service.maximum_patients.value if service.maximum_patients else np.inf
    if service.beds and site in service.beds.at:
        beds = service.beds
        most = min(most, most_patients(int(beds.at[site].value), beds.stays, beds.blocking.value, scale=10**6))
    return most


def least_minutes(problem: Problem, sites: tuple[str, ...]) -> float | None:
    """Return the fewest minutes of all patients, by a linear programme with a decision an area and site."""
    taking = [*sites, *problem.services["care"].neighbours]
    model = pulp.LpProblem("sharing")
    x = {
        (area, site): model.add_variable(f"x.{area}.{site}", 0)
        for area in problem.areas.index
        for site in taking
        if np.isfinite(problem.journeys.loc[area, site])
    }
    model += pulp.lpSum(float(problem.journeys.loc[pair]) * one for pair, one in x.items())
    for area in problem.areas.index:
        here = pulp.lpSum(one for (other, _), one in x.items() if other == area)
        model += pulp.LpConstraint(here + 0, pulp.LpConstraintEQ, rhs=float(problem.demand.loc[area, "visit"]))
    least = problem.services["care"].minimum_patients
    for site in sites:
        there = pulp.lpSum(one for (_, other), one in x.items() if other == site)
        most = highs_in_words(problem, sites, site)
        model += pulp.LpConstraint(there + 0, pulp.LpConstraintGE, rhs=least.value if least else 0.0)
        if np.isfinite(most):
            model += pulp.LpConstraint(there + 0, pulp.LpConstraintLE, rhs=most)
    outcome = solver.run(model)
    return outcome.objective if outcome.feasible else None


@draws(150)
@given(worlds())
def test_a_linear_programme_finds_the_same_minutes_and_the_same_sets_impossible(problem: Problem):
    minutes = np.nan_to_num(problem.minutes("care"), posinf=0)
    for sites in subsets(problem):
        shared, fewest = shared_out.sharing(problem, "care", sites), least_minutes(problem, sites)
        assert shared.keeps_to_limits == (fewest is not None)
        total = float((shared.patients * minutes).sum()) / problem.patient_scale
        if fewest is not None:
            assert total == pytest.approx(fewest, abs=1e-6)
            assert np.array_equal(shared.patients.sum(axis=1), np.rint(problem.demand["visit"] * problem.patient_scale))


def ways_to_divide(patients: int, sites: list[int]) -> list[dict[int, int]]:
    """Return every way to divide so many patients over some sites."""
    if not sites:
        return [{}] if not patients else []
    first, *rest = sites
    return [{first: n} | other for n in range(patients + 1) for other in ways_to_divide(patients - n, rest)]


@draws(120)
@given(worlds(most_areas=3, whole=True))
def test_of_every_way_to_share_out_whole_patients_none_comes_before_it(problem: Problem):
    scaled = np.nan_to_num(problem.minutes("care"), posinf=0) * 2
    codes, service = problem.reachable_sites("care"), problem.services["care"]
    least, most = service.minimum_patients, service.maximum_patients
    resident = problem.areas["resident"].to_numpy()

    def cost(way: tuple[dict[int, int], ...]) -> tuple[int, int, int]:
        moved = [(area, site, n) for area, at in enumerate(way) for site, n in at.items()]
        return (
            int(sum(scaled[area, site] * n for area, site, n in moved)),
            int(sum(scaled[area, site] * n for area, site, n in moved if resident[area])),
            sum((area + 1) * (site + 1) * n for area, site, n in moved),
        )

    for chosen in subsets(problem):
        taking = [i for i, site in enumerate(codes) if site in chosen or not problem.sites[site].candidate]
        each = [
            ways_to_divide(int(problem.demand["visit"].iloc[area]), [i for i in taking if scaled[area, i]])
            for area in range(len(problem.areas))
        ]

        def lawful(way: tuple[dict[int, int], ...], chosen: tuple[str, ...] = chosen) -> bool:
            volumes = [sum(at.get(codes.index(site), 0) for at in way) for site in chosen]
            return all((not least or v >= least.value) and (not most or v <= most.value) for v in volumes)

        best = min((cost(way) for way in product(*each) if lawful(way)), default=None)
        shared = shared_out.sharing(problem, "care", chosen)
        assert shared.keeps_to_limits == (best is not None)
        if best is not None:
            found = tuple({i: int(n) for i, n in enumerate(row) if n} for row in shared.patients)
            assert lawful(found) and cost(found) == best


@draws(30)
@given(worlds())
def test_the_checker_agrees_with_every_set_of_sites(problem: Problem):
    problem = with_files(problem)
    for sites in subsets(problem):
        plan = evaluate(problem, {(site, "care") for site in sites})
        if "every_area_is_served" not in set(plan.broken["rule"]):
            # The config that goes with a drawn world does not list the journeys that nobody can make.
            found = check(plan).query("check != 'inputs_are_complete'")
            assert found.empty, "\n".join(found["message"])


@draws(40)
@given(worlds())
def test_a_way_out_of_a_clash_is_wide_enough_and_no_wider(problem: Problem):
    problem = vary(problem, "care", at_least_sites=Figure(len(problem.candidates)), beds=None)
    try:
        solve(problem, list_all=False)
    except NoPlan:
        found = clash(problem)
    else:
        return
    for way in found.ways_out:
        if way.unit == "patients a year":
            assert _possible(problem, way.demands, way.by + 1e-6)
            assert not _possible(problem, way.demands, way.by - 1e-4)


def _possible(problem: Problem, demands: Collection[Demand], by: float) -> bool:
    """Whether all candidates can be open if some limits give way by so many patients in all."""
    taking = [*problem.candidates, *problem.services["care"].neighbours]
    service, model = problem.services["care"], pulp.LpProblem("possible")
    x = {
        (area, site): model.add_variable(f"x.{area}.{site}", 0)
        for area in problem.areas.index
        for site in taking
        if np.isfinite(problem.journeys.loc[area, site])
    }
    for area in problem.areas.index:
        here = pulp.lpSum(one for (other, _), one in x.items() if other == area)
        model += pulp.LpConstraint(here + 0, pulp.LpConstraintEQ, rhs=float(problem.demand.loc[area, "visit"]))
    gives = {demand: model.add_variable(f"gives.{n}", 0) for n, demand in enumerate(demands)}
    for site in problem.candidates:
        there = pulp.lpSum(one for (_, other), one in x.items() if other == site)
        low = service.minimum_patients.value if service.minimum_patients else 0.0
        high = service.maximum_patients.value if service.maximum_patients else 1e6
        short = gives.get(("every_site_has_enough_patients", ("care", site)), 0)
        over = gives.get(("no_site_has_too_many_patients", ("care", site)), 0)
        model += pulp.LpConstraint(there + short + 0, pulp.LpConstraintGE, rhs=low)
        model += pulp.LpConstraint(there - over + 0, pulp.LpConstraintLE, rhs=high)
    model += pulp.LpConstraint(pulp.lpSum(gives.values()) + 0, pulp.LpConstraintLE, rhs=by)
    return solver.run(model).feasible


def test_results_are_exact_in_whole_numbers_of_the_last_decimal_place():
    world = small(managed=True, maximum_patients=Figure(33.333333))
    shared = shared_out.sharing(world, "clinic", ("ash", "birch"))
    assert world.patient_scale == 10**6
    assert Fraction(int(shared.patients[:, 1].sum()), 10**6) == Fraction("33.333333")
    assert op.solve(world).proof.outcome == "proved best"


# What the checker sees ------------------------------------------------------------------------------------------------

HEAD = "service,area,resident,site,minutes,patients_per_year,first_site,first_minutes,transfer_minutes"
AT_MOST_20 = """\
clinic,east,true,birch,10,10,birch,10,0
clinic,east,true,oak,25,20,oak,25,0
clinic,far,false,oak,20,5,oak,20,0
clinic,mid,true,ash,20,10,ash,20,0
clinic,mid,true,birch,20,10,birch,20,0
clinic,west,true,ash,10,10,ash,10,0
"""
TO_THE_NEAREST = """\
clinic,east,true,birch,10,30,birch,10,0
clinic,far,false,birch,15,5,birch,15,0
clinic,mid,true,ash,20,20,ash,20,0
clinic,west,true,ash,10,10,ash,10,0
"""


def run_with(problem: Problem, journeys: str) -> dict[str, bytes]:
    """Return the run of both sites open with other journeys, listed in run.json as if nothing had happened."""
    files = files_of(evaluate(with_files(problem), BOTH))
    files["journeys.csv"] = f"{HEAD}\n{journeys}".encode()
    record = json.loads(files["run.json"])
    record["files"]["journeys.csv"] = hashlib.sha256(files["journeys.csv"]).hexdigest()
    return files | {"run.json": json.dumps(record).encode()}


def found_by(problem: Problem, journeys: str) -> set[str]:
    """Return the checks about sharing, and about rows, that find something."""
    about = {*(one.__name__ for one in SHARING_CHECKS), "journeys_are_complete"}
    return set(checker.check(run_with(problem, journeys))["check"]) & about


def test_the_checker_finds_nothing_wrong_with_what_was_solved_by_hand():
    assert checker.check(run_with(small(managed=True, maximum_patients=Figure(20)), AT_MOST_20)).empty


def test_the_checker_tries_every_designation_and_shares_patients_out_at_each():
    """Either site alone has all 65, more than the 34 that it may have; both may be open, with any X-ray rooms."""
    limits = {"minimum_patients": Figure(31), "maximum_patients": Figure(34)}
    files = files_of(solve(with_files(small(managed=True, neighbours=(), **limits))))
    record = json.loads(files["run.json"])
    assert checker.check(files).empty
    assert (record["ties"], record["enumeration"]["lawful"]) == (4, 4)
    # A list of three adds up as well.
    record["ties"], listed = 3, record["enumeration"]
    listed["struck_out_by"]["no_site_has_too_many_patients"] += 1
    listed.update(lawful=3, best=listed["best"][:3])
    found = checker.check(files | {"run.json": json.dumps(record).encode()})
    assert set(found["check"]) == {"few_designations_are_all_tried"}


SPOILED = {
    "a dearer way": (
        # Ten of mid straight to oak, 20 minutes further, in place of east by way of birch, 15 minutes further.
        "no_sharing_is_shorter",
        AT_MOST_20.replace("mid,true,birch,20,10,birch,20,0", "mid,true,oak,40,10,oak,40,0")
        .replace("east,true,birch,10,10", "east,true,birch,10,20")
        .replace("east,true,oak,25,20", "east,true,oak,25,10"),
    ),
    "more minutes of all for fewer of residents": (
        # One of far goes 35 minutes further to ash, where a resident made room: nobody would be better off.
        "no_sharing_is_shorter",
        AT_MOST_20.replace("far,false,oak,20,5,", "far,false,oak,20,4,").replace(
            "clinic,mid,true,ash,20,10,ash,20,0\nclinic,mid,true,birch,20,10,",
            "clinic,far,false,ash,50,1,ash,50,0\nclinic,mid,true,ash,20,9,ash,20,0\nclinic,mid,true,oak,40,1,oak,40,0\n"
            "clinic,mid,true,birch,20,10,",
        ),
    ),
    "somebody lost": ("patients_are_shared_out_in_full", AT_MOST_20.replace("oak,25,20,", "oak,25,19,")),
    "somebody counted twice": ("patients_are_shared_out_in_full", AT_MOST_20.replace("oak,25,20,", "oak,25,21,")),
    "a row for nobody": (
        "patients_are_shared_out_in_full",
        AT_MOST_20 + "clinic,west,true,birch,30,0,birch,30,0\n",
    ),
    "a row of fewer than nobody": (
        "patients_are_shared_out_in_full",
        AT_MOST_20.replace("ash,10,10,ash,10,0", "ash,10,11,ash,10,0") + "clinic,west,true,birch,30,-1,birch,30,0\n",
    ),
    "a site that there is not": (
        "patients_are_shared_out_in_full",
        AT_MOST_20.replace("far,false,oak,20,5,oak,20,0", "far,false,elm,20,5,elm,20,0"),
    ),
    "no row": ("journeys_are_complete", AT_MOST_20.replace("clinic,far,false,oak,20,5,oak,20,0\n", "")),
    "the nearest, though a sharing exists": ("without_a_sharing_everybody_goes_to_the_nearest", TO_THE_NEAREST),
    "one too many at a site, though a sharing exists": (
        "without_a_sharing_everybody_goes_to_the_nearest",
        AT_MOST_20.replace("birch,10,10,", "birch,10,11,").replace("oak,25,20,", "oak,25,19,"),
    ),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_a_spoiled_sharing_is_found_under_the_name_of_what_it_breaks(fault: str):
    expected, journeys = SPOILED[fault]
    assert expected in found_by(small(managed=True, maximum_patients=Figure(20)), journeys)


def test_every_check_of_sharing_is_broken_above():
    assert {one.__name__ for one in SHARING_CHECKS} <= {expected for expected, _ in SPOILED.values()}


def test_a_tie_settled_the_other_way_is_found():
    # Far and east could each go on to oak for 15 minutes more, and far is no resident: publishing east is a breach.
    world = small(managed=True, maximum_patients=Figure(34))
    journeys = world.journeys.copy()
    journeys.loc["far"] = [50, 10, 25]
    east = (
        "clinic,east,true,birch,10,29,birch,10,0\nclinic,east,true,oak,25,1,oak,25,0\n"
        "clinic,far,false,birch,10,5,birch,10,0\n"
        "clinic,mid,true,ash,20,20,ash,20,0\nclinic,west,true,ash,10,10,ash,10,0\n"
    )
    assert found_by(replace(world, journeys=journeys), east) == {"no_sharing_is_shorter"}


def test_where_no_sharing_is_possible_only_the_nearest_may_stand_there():
    impossible = small(managed=True, minimum_patients=Figure(33))
    assert found_by(impossible, TO_THE_NEAREST) == set()
    moved = TO_THE_NEAREST.replace("birch,10,30,birch,10,0", "ash,40,30,ash,40,0")
    assert found_by(impossible, moved) == {"without_a_sharing_everybody_goes_to_the_nearest"}


def test_an_area_without_patients_stands_at_its_nearest_site():
    world = small(managed=True)
    world = replace(world, demand=world.demand.assign(visit=[30.0, 5, 20, 0]))
    right = TO_THE_NEAREST.replace("ash,10,10,", "ash,10,0,")
    assert found_by(world, right) == set()
    wrong = right.replace("west,true,ash,10,0,ash,10,0", "west,true,birch,30,0,birch,30,0")
    assert found_by(world, wrong) == {"patients_are_shared_out_in_full"}


def test_a_split_area_is_a_breach_where_everybody_goes_to_the_nearest():
    assert "journeys_are_complete" in found_by(small(maximum_patients=Figure(40)), AT_MOST_20)


# What the pages say ---------------------------------------------------------------------------------------------------

HASU = "hyper_acute_stroke"
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/managed.md").read_text(encoding="utf-8")


def question(name: str) -> Problem:
    return shipped.question(f"what_if/{name}")


def answer(name: str) -> op.Plan:
    return shipped.answer(f"what_if/{name}")


def number(plan: op.Plan, name: str, group: str = "") -> float:
    return measures.number(measures.table(plan), name, HASU, group)


@cache
def shared_out_to_the_nearest() -> op.Plan:
    """Return the answer of the shared-out question with the border open to everybody."""
    return solve(replace(question("hasus_shared_out"), border=None))


ROW = re.compile(r"^\| ([A-Z][a-z, A-Z]+) \| (as today|nearest) \| at (least|most) ([\d,]+) \| (.+) \|$", re.MULTILINE)


@pytest.mark.parametrize("row", ROW.findall(PAGE), ids=lambda row: " ".join(row[:4]))
def test_the_page_on_managed_flows_states_what_comes_out(row: tuple[str, str, str, str, str]):
    sites, border, which, limit, stated = row[0].lower().split(", "), *row[1:3], float(row[3].replace(",", "")), row[4]
    plan = answer({"least": "hasus_shared_out", "most": "one_hasu_of_at_most_1000"}[which])
    plan = shared_out_to_the_nearest() if (border, which) == ("nearest", "least") else plan
    assert (plan.problem.border is None) == (border == "nearest")
    service = plan.problem.services[HASU]
    figure = service.minimum_patients if which == "least" else service.maximum_patients
    assert figure is not None and figure.value == limit
    others = {pair for pair in plan.designated if pair[1] != HASU}
    there = evaluate(plan.problem, others | {(site, HASU) for site in sites})
    past = number(there, "patients_past_a_nearer_site")
    volumes = [
        " / ".join(f"{number(there, name, site):,.0f}" for site in sites)
        for name in ("site_patients", "nearest_site_patients")
    ]
    found = [
        f"{number(there, 'mean_minutes'):.2f}",
        f"{number(there, 'nearest_mean_minutes'):.2f}",
        f"{past:.1f}",
        f"{number(there, 'minutes_past_a_nearer_site') / past:.1f}",
        *volumes,
    ]
    assert stated.split(" | ") == found


def test_the_page_on_managed_flows_has_every_row():
    assert len(ROW.findall(PAGE)) == 10


def test_sharing_out_makes_two_units_best_and_says_what_the_nearest_makes_best():
    plan = answer("hasus_shared_out")
    assert plan.sites_of(HASU) == ("basildon", "southend")
    assert plan.proof.outcome == "proved best"
    assert round(number(plan, "mean_minutes"), 2) == 21.67
    assert round(number(plan, "patients_past_a_nearer_site")) == 80
    page = " ".join(PAGE.split())
    assert "two units are best, at Basildon and Southend: 21.67 minutes on average" in page
    assert "The price is 80 patients a year who pass a nearer unit, for two minutes each." in page
    gained = number(plan, "site_patients", "southend") - number(plan, "nearest_site_patients", "southend")
    equally_near = gained - number(plan, "patients_past_a_nearer_site")
    assert f"Southend gains {gained:.0f} patients, but the other {equally_near:.0f} have both" in page
    nearest = op.solve(plan.problem.to_the_nearest())
    assert nearest.sites_of(HASU) == ("basildon",)
    (line,) = set_against.nearest_line(plan, nearest)
    assert str(line).endswith("hyper-acute stroke unit at Basildon University Hospital, 24.64 minutes on average.")
    lines = " ".join(summary.lines(plan))
    assert "79.9 a year are sent past a nearer open site, 1.9 minutes further on average" in lines
    assert "has at least 600 patients a year: 487 patients a year, and at least 600 are asked for" in lines


def test_with_the_border_open_to_everybody_the_same_two_units_are_best_for_65_patients():
    plan = shared_out_to_the_nearest()
    assert plan.sites_of(HASU) == ("basildon", "southend")
    assert round(number(plan, "mean_minutes"), 2) == 19.30
    assert round(number(plan, "patients_past_a_nearer_site")) == 65
    assert op.solve(plan.problem.to_the_nearest()).sites_of(HASU) == ("southend",)


def test_three_units_of_600_are_more_than_stay_and_call_patients_back_over_an_open_border():
    plan = answer("hasus_shared_out")
    three = {(site, HASU) for site in plan.problem.candidates}
    there = evaluate(plan.problem, three)
    broken = set(there.broken["instance"])
    assert {f"every_site_has_enough_patients.{HASU}.{site}" for site in ("broomfield", "southend")} <= broken
    assert number(there, "patients_past_a_nearer_site") == 0
    here = sum(number(there, "site_patients", site) for site in there.sites_of(HASU))
    assert here < 3 * 600
    assert f"{here:,.0f} patients a year stay or come, and three need 1,800" in PAGE
    there = evaluate(shared_out_to_the_nearest().problem, three)
    more = (number(there, "site_patients", s) - number(there, "nearest_site_patients", s) for s in there.sites_of(HASU))
    assert f"see {sum(more):.0f} more between them" in PAGE


def test_a_maximum_of_1500_binds_nowhere_and_three_units_behind_the_border_see_600_each():
    one = evaluate(question("hasus_shared_out"), {("basildon", HASU)})
    assert f"one unit sees all\n  {number(one, 'site_patients', 'basildon'):,.0f}." in PAGE
    loose = vary(question("one_hasu_of_at_most_1000"), HASU, maximum_patients=Figure(1500))
    for site in loose.candidates:
        assert number(evaluate(loose, {(site, HASU)}), "patients_past_a_nearer_site") == 0
    assert round(number(evaluate(loose, {("basildon", HASU)}), "site_patients", "basildon")) == 1461
    three = answer("three_hasus_shared_out_no_neighbours")
    assert [round(number(three, "site_patients", site)) for site in three.problem.candidates] == [663, 600, 600]
    assert (round(number(three, "mean_minutes"), 2), round(number(three, "nearest_mean_minutes"), 2)) == (17.72, 17.33)
    assert answer("one_hasu_of_at_most_1000").sites_of(HASU) == ("southend",)
