"""The solver, the full list and a third, naive way agree on worlds that nobody chose."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from as_files import with_files
from drawing import draws, one_of, perhaps
from hypothesis import given
from hypothesis import strategies as st
from worlds import small, three_doctors, vary

from optimiser.errors import NoPlan, TooLarge
from optimiser.model.arithmetic import value
from optimiser.plan import evaluate
from optimiser.plan.runs import check
from optimiser.problem import (
    HERE,
    Beds,
    Border,
    Excepted,
    Figure,
    Fixed,
    Link,
    Objective,
    Observed,
    Problem,
    Reach,
    RotaNeed,
    Service,
    Site,
    Team,
    Transfer,
)
from optimiser.search.enumeration import can_be_listed, enumerate_all, size
from optimiser.search.planning import solve

OBJECTIVES = (
    "patient_minutes",
    "worst_journey",
    "patients_beyond_standard",
    "deprived_patient_minutes",
    "staff_short",
    "changes_from_today",
    "fewest_sites",
    "transfers",
)

FEW_OR_ANY = st.none() | st.none() | st.integers(1, 3).map(Figure)
SOME_OBJECTIVES = st.lists(st.sampled_from(OBJECTIVES), min_size=1, max_size=4, unique=True)
# Candidates and services of the worlds that are drawn.
SIZES = tuple(product((2, 3, 4), (1, 2, 3, 4)))


def offsets(sites: list[str]) -> st.SearchStrategy[Observed]:
    """Draw offsets for some sites, among them such as tie with journeys or turn their order round."""
    minutes = one_of(-20.0, -9.5, 0.0, 0.5, 10.0).map(Figure)
    return st.dictionaries(st.sampled_from(sites), minutes).map(Observed)


@st.composite
def beds(draw: st.DrawFn, candidates: list[str]) -> Beds:
    """Draw beds that may just be enough: a year's stay and half turned away make sums that come out even."""
    share = draw(one_of(None, 0.3, 0.5))
    return Beds(
        days=Figure(draw(one_of(3.0, 36.5, 365.0))),
        blocking=Figure(draw(one_of(0.01, 0.2, 0.5))),
        other_share=share and Figure(share),
        other_days=share and Figure(draw(one_of(0.0, 1.0, 73.0))),
        at={site: Figure(draw(st.integers(0, 8))) for site in candidates if draw(st.booleans())},
        staff_per_bed={"nurses": Figure(2.9)} if draw(st.booleans()) else {},
    )


@st.composite
def borders(draw: st.DrawFn, areas: list[str], neighbours: list[str]) -> Border:
    """Draw who crosses the border today: everybody known of goes somewhere, and some to a neighbour or nowhere near."""
    places = [*neighbours, HERE]
    shares = {place: [draw(one_of(0.0, 0.1, 0.333333, 0.5)) for _ in areas] for place in places}
    known = [sum(shares[place][row] for place in places) for row in range(len(areas))]
    shares[HERE] = [here if total else 0.5 for here, total in zip(shares[HERE], known, strict=True)]
    return Border(pd.DataFrame(shares, index=pd.Index(areas, name="area")), Figure(draw(one_of(0.0, 0.25, 0.6, 1.0))))


# By what patients travel, and others by which they are visited alone.
BY, TO_VISIT = (None, None, "by_bus"), "by_train"


@st.composite
def worlds(draw: st.DrawFn, sizes: tuple[tuple[int, int], ...] = SIZES) -> Problem:
    """Draw a world of so many candidates and services, with ties, zero demand and rules that may clash."""
    sites_and_services = draw(one_of(*sizes))
    candidates = [f"site_{i}" for i in range(sites_and_services[0])]
    neighbours = ["edge_0"][: draw(st.integers(0, 1))]
    areas = [f"area_{i}" for i in range(draw(st.integers(1, 6)))]
    codes = [f"service_{i}" for i in range(sites_and_services[1])]
    few = st.integers(0, 3)
    services = {}
    for code in codes:
        maybe = lambda figures: draw(perhaps(figures))  # noqa: E731
        services[code] = Service(
            code,
            code,
            draw(one_of("visit", "stay", None)),
            neighbours=tuple(neighbours),
            fixed={site: Fixed(draw(st.booleans()), "drawn") for site in candidates if draw(st.integers(0, 5)) == 0},
            at_least_sites=maybe(few),
            at_most_sites=maybe(st.integers(1, 4)),
            minimum_patients=maybe(st.integers(1, 12)),
            maximum_patients=maybe(st.integers(10, 60)),
            longest_journey_minutes=maybe(st.integers(20, 60)),
            standard_minutes=Figure(draw(st.integers(10, 40))),
            share_within_standard=maybe(one_of(0.25, 0.5, 0.9)),
            at_most_share_outside=maybe(one_of(0.0, 0.2, 0.6)),
            neighbours_take_at_most={
                site: Figure(draw(st.integers(0, 20))) for site in neighbours if draw(st.booleans())
            },
            same_site=tuple(Link(other) for other in codes if other != code and draw(st.integers(0, 5)) == 0),
            rotas=tuple(
                RotaNeed("team", unit, Figure(draw(st.integers(1, 4))), draw(st.booleans()))
                for unit in ("people", "WTE")
                if draw(st.integers(0, 2)) == 0
            ),
            in_reach=tuple(
                Reach(other, Figure(draw(one_of(0, 10, 20, 30))))
                for other in codes
                if other != code and draw(st.integers(0, 4)) == 0
            ),
            by_transfer=tuple(Link(other) for other in codes if other != code and draw(st.integers(0, 5)) == 0),
            beds=draw(st.none() | beds(candidates)),
            observed=draw(st.none() | offsets([*candidates, *neighbours])),
        )
    links = {(code, link.service): None for code, one in services.items() for link in one.same_site + one.in_reach}
    moving = draw(transfers(services))
    for code, transfer in moving.items():
        services[code] = replace(services[code], transfer=transfer)
    on_a_pathway = {*moving, *(one.first_contact for one in moving.values())}
    for code, one in services.items():
        if one.activity and not one.observed and code not in on_a_pathway and draw(st.booleans()):
            services[code] = replace(one, managed=True)
    rows = len(areas)
    minutes = one_of(5.0, 10.0, 10.5, 20.0, 30.0, 45.0)
    sites = [*candidates, *neighbours]
    roads = [[draw(one_of(0.0, 4.5, 10.0, 25.0)) for _ in sites] for _ in sites]
    resident = [True, *(draw(st.booleans()) for _ in areas[1:])]
    for code, one in services.items():
        if one.activity:
            by = draw(st.sampled_from(BY)) if code not in on_a_pathway else None
            services[code] = replace(one, travel_by=by, visitors_travel_by=draw(st.sampled_from((*BY, TO_VISIT))))
    named = {mode for one in services.values() for mode in (one.travel_by, one.visitors_travel_by) if mode}
    # Visitors may have no way by what they take, and patients have one.
    long = {mode: minutes if mode != TO_VISIT else st.none() | minutes for mode in sorted(named)}
    return Problem(
        title="A drawn world",
        at_most_services_a_site=draw(FEW_OR_ANY),
        most_transfers_a_year=draw(perhaps(one_of(0, 2.5, 10, 25))) if moving else None,
        border=draw(st.none() | borders(areas, neighbours)),
        sites={site: Site(site, site, site in candidates) for site in sites},
        services=services,
        areas=pd.DataFrame(
            {
                "resident": resident,
                "population": [100] * rows,
                "deprivation_decile": [draw(st.integers(1, 10)) for _ in areas],
            },
            index=pd.Index(areas, name="area"),
        ),
        journeys=pd.DataFrame({site: [draw(minutes) for _ in areas] for site in sites}, index=areas),
        by_mode={
            mode: pd.DataFrame({site: [draw(each) for _ in areas] for site in sites}, index=areas, dtype=float)
            for mode, each in long.items()
        },
        demand=pd.DataFrame(
            {name: [draw(one_of(0.0, 1.0, 2.5, 7.333333)) for _ in areas] for name in ("visit", "stay")},
            index=areas,
        ),
        teams={"team": Team("team", "team", Figure(draw(few)), Figure(draw(st.integers(0, 2))))},
        staff={
            (site, "team", unit): float(draw(st.integers(0, 4))) for site in candidates for unit in ("people", "WTE")
        },
        today=frozenset((site, codes[0]) for site in candidates if draw(st.booleans())),
        exceptions=tuple(
            Excepted(*pair, draw(st.sampled_from(candidates)), "drawn")
            for pair in links
            if draw(st.integers(0, 4)) == 0
        ),
        objectives=tuple(map(Objective, draw(SOME_OBJECTIVES))),
        transfers=pd.DataFrame(roads, index=sites, columns=sites),
    )


@st.composite
def transfers(draw: st.DrawFn, services: dict[str, Service]) -> dict[str, Transfer]:
    """Draw which services are reached by transfer, and how: seen first at one that patients go straight to."""
    counted = [code for code, service in services.items() if service.activity]
    moved = [code for code in counted if draw(st.booleans())]
    first = [code for code in counted if code not in moved]
    maybe = lambda figures: draw(perhaps(figures))  # noqa: E731
    figure = lambda *values: Figure(draw(one_of(*values)))  # noqa: E731
    return {
        code: Transfer(
            draw(st.sampled_from(first)),
            dwell_minutes=figure(0, 5, 7.5),
            overhead_minutes=figure(0, 10),
            share_transferred=figure(1, 0.5, 0.25, 0),
            suspected_per_confirmed=figure(1, 1.5),
            repatriated_share=figure(0, 0.4),
            most_transfers_a_day=maybe(one_of(0, 0.01, 0.03)),
            most_repatriations_a_year=maybe(one_of(0, 0.5, 1)),
            most_ambulance_hours=maybe(one_of(0.5, 5, 10)),
            to_neighbours=draw(st.booleans()),
        )
        for code in (moved if first else [])
    }


def naive_best(problem: Problem) -> tuple[float, ...] | None:
    """Evaluate every joint designation one by one through the published rules of its plan."""
    pairs = list(product(problem.candidates, problem.services))
    best = None
    for bits in product((False, True), repeat=len(pairs)):
        plan = evaluate(problem, {pair for pair, bit in zip(pairs, bits, strict=True) if bit})
        if plan.broken.empty:
            found = tuple(reached.value for reached in plan.proof.objectives)
            best = found if best is None or found < best else best
    return best


@draws(120)
@given(worlds())
def test_solver_and_full_list_agree(problem: Problem):
    listing = enumerate_all(problem)
    try:
        alone = solve(problem, list_all=False)
    except NoPlan:
        assert listing.lawful == 0
        return
    found = tuple(reached.value for reached in alone.proof.objectives)
    assert found == listing.ranked[0].values
    assert alone.designated == listing.ranked[0].designated
    assert alone.broken.empty
    assert evaluate(problem, listing.ranked[0].designated).broken.empty


@draws(15)
@given(worlds().filter(lambda problem: len(problem.candidates) * len(problem.services) <= 6))
def test_full_list_and_one_by_one_evaluation_agree(problem: Problem):
    listing = enumerate_all(problem)
    naive = naive_best(problem)
    assert (listing.ranked[0].values if listing.ranked else None) == naive


@draws(60)
@given(worlds().filter(lambda problem: problem.services_with_patients), st.data())
def test_the_checker_agrees_with_plans_of_drawn_worlds(problem: Problem, data: st.DataObject):
    problem = with_files(problem)
    pairs = list(product(problem.candidates, problem.services))
    chosen = evaluate(problem, {pair for pair in pairs if data.draw(st.booleans())})
    found = check(chosen)
    assert found.empty, "\n".join(found["message"])
    if enumerate_all(problem).lawful:
        found = check(solve(problem))
        assert found.empty, "\n".join(found["message"])


def test_every_joint_designation_is_either_lawful_or_struck_out_by_one_rule():
    listing = enumerate_all(small(rotas=three_doctors(), minimum_patients=Figure(33)))
    assert listing.listed == 16
    assert listing.lawful + sum(listing.struck.values()) == listing.listed
    # Four ways to open the clinic times four for X-ray. Too few patients at ash strikes both of those with ash.
    assert listing.struck["every_site_has_enough_patients"] == 8
    assert listing.lawful == 8


def test_ranking_lists_the_best_first():
    values = [option.values[0] for option in enumerate_all(small()).ranked]
    assert values == sorted(values)
    assert values[0] == 800
    assert values[-1] == 2050


def test_far_more_options_than_could_be_listed_are_counted_and_ranked():
    problem = small(minimum_patients=Figure(33))
    extra = {f"extra_{i:02}": Service(f"extra_{i:02}", "Extra") for i in range(40)}
    many = replace(problem, services={**extra, **problem.services})
    few, found = enumerate_all(problem), enumerate_all(many)
    assert found.listed == size(many) == few.listed * 4**40
    assert found.lawful == few.lawful * 4**40
    assert found.struck == {name: number * 4**40 for name, number in few.struck.items()}
    # Equal patients' minutes and changes: fewest sites come first, so the extra services are nowhere.
    assert found.ranked[0] == few.ranked[0]
    assert found.equal_best == few.equal_best * 4**40
    assert not can_be_listed(many)


def test_too_many_candidates_are_refused_by_number():
    problem = small()
    sites = {f"site_{i:02}": Site(f"site_{i:02}", "Site", True) for i in range(17)}
    journeys = pd.DataFrame({site: [10.0] * 4 for site in sites}, index=problem.areas.index)
    with pytest.raises(TooLarge, match="17,179,869,184 joint designations of 17 candidates"):
        enumerate_all(
            replace(
                problem,
                sites=sites,
                journeys=journeys,
                today=frozenset(),
                services={code: replace(service, neighbours=()) for code, service in problem.services.items()},
            )
        )
    assert size(vary(problem, "x_ray", fixed={"ash": Fixed(True, "")})) == 8


def test_sums_are_exact():
    problem = small()
    thirds = problem.demand.assign(visit=[0.333333, 0.1, 0.2, 0.666667])
    exact = value(
        replace(problem, demand=thirds), {("ash", "clinic"), ("birch", "clinic")}, Objective("patient_minutes")
    )
    assert exact == 0.333333 * 10 + 0.2 * 20 + 0.666667 * 10 == 14.0
    assert np.isfinite(exact)
