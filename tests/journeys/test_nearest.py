"""Who goes where: the chains say for every designation at once what a plain look at the nearest site says for each."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from worlds import small

from optimiser.errors import TooLarge
from optimiser.journeys import nearest
from optimiser.problem import Problem, Service, Site

CANDIDATES, NEIGHBOURS = ("ash", "birch", "cedar", "elm", "fir"), ("oak", "yew")
TICK = 1e-9


def world(minutes, patients, candidates, resident=None):
    sites = {code: Site(code, code, code in CANDIDATES) for code in minutes.columns}
    neighbours = tuple(code for code in minutes.columns if code in NEIGHBOURS)
    resident = [True] * len(minutes) if resident is None else resident
    return Problem(
        title="Made up",
        sites=sites,
        services={"clinic": Service("clinic", "Clinic", "visit", neighbours=neighbours)},
        areas=pd.DataFrame({"resident": resident, "population": 1}, index=minutes.index),
        journeys=minutes,
        demand=pd.DataFrame({"visit": patients}, index=minutes.index, dtype=float),
    )


@st.composite
def worlds(draw, *, missing: bool = True):
    """Few different times, so that many are equal; some missing; some areas without patients or across the border."""
    candidates = CANDIDATES[: draw(st.integers(1, 5))]
    sites = (*candidates, *NEIGHBOURS[: draw(st.integers(0, 2))])
    areas = draw(st.integers(1, 7))
    times = st.sampled_from([5.0, 10.0, 12.5, 20.0, 31.1] + [np.nan] * missing)
    minutes = draw(st.lists(st.lists(times, min_size=len(sites), max_size=len(sites)), min_size=areas, max_size=areas))
    patients = draw(st.lists(st.sampled_from([0.0, 1.0, 2.5, 40.0]), min_size=areas, max_size=areas))
    resident = draw(st.lists(st.booleans(), min_size=areas, max_size=areas))
    frame = pd.DataFrame(minutes, index=[f"a{i}" for i in range(areas)], columns=list(sites))
    return world(frame, patients, candidates, resident)


def every_designation(problem):
    sites = problem.candidates
    return chain.from_iterable(combinations(sites, n) for n in range(len(sites) + 1))


def looked_up(problem, designated):
    """Each area's site and minutes by looking at one site after the other, in the order that settles ties."""
    found = {}
    for area, row in problem.journeys.iterrows():
        best = (np.inf, None)
        for site in problem.reachable_sites("clinic"):
            takes_patients = site in designated or not problem.sites[site].candidate
            if takes_patients and row[site] < best[0]:
                best = (row[site], site)
        found[area] = best
    return found


def none_of(chains, designated):
    return np.array([float(not members & set(designated)) for members in chains.sets])


def from_steps(chains, values, designated):
    """The sum over the steps: the measure as the model's rules use it."""
    is_shut = none_of(chains, designated)
    after = np.where(chains.after == nearest.NO_SET, 0.0, is_shut[chains.after])
    return chains.add_up(values) @ (is_shut[chains.before] - after)


def patient_minutes(problem):
    minutes = problem.minutes("clinic")
    return np.where(np.isfinite(minutes), minutes, 0.0) * problem.patients("clinic")[:, None]


@draws(150)
@given(worlds())
def test_chains_say_of_every_designation_what_looking_it_up_says(problem):
    chains = nearest.chains(problem, "clinic")
    for designated in every_designation(problem):
        there = looked_up(problem, designated)
        if any(site is None for _, site in there.values()):
            assert none_of(chains, designated)[chains.unserved].any()
            continue
        assert not none_of(chains, designated)[chains.unserved].any()
        patients = problem.patients("clinic")
        expected = sum(there[area][0] * n for area, n in zip(problem.areas.index, patients, strict=True))
        values = patient_minutes(problem)
        assert from_steps(chains, values, designated) == pytest.approx(expected, abs=TICK)
        assert chains.per_set(values) @ none_of(chains, designated) == pytest.approx(expected, abs=TICK)
        for index, site in enumerate(problem.reachable_sites("clinic")):
            arriving = np.zeros_like(values)
            arriving[:, index] = patients
            by_hand = sum(n for area, n in zip(problem.areas.index, patients, strict=True) if there[area][1] == site)
            assert from_steps(chains, arriving, designated) == pytest.approx(by_hand, abs=TICK)


@draws(100)
@given(worlds(), st.integers(1, 4), st.booleans())
def test_a_cut_chain_counts_too_little_and_never_too_much(problem, depth, by_area):
    depths = np.arange(len(problem.areas)) % depth + 1 if by_area else depth
    cut, full = nearest.chains(problem, "clinic", depths), nearest.chains(problem, "clinic")
    values = patient_minutes(problem)
    for designated in every_designation(problem):
        if not none_of(full, designated)[full.unserved].any():
            too_little = from_steps(cut, values, designated)
            assert too_little <= from_steps(full, values, designated) + TICK
            assert cut.per_set(values) @ none_of(cut, designated) == pytest.approx(too_little, abs=TICK)


@draws(100)
@given(worlds(missing=False))
def test_deepening_ends_with_the_exact_patient_minutes_of_an_answer(problem):
    full = nearest.chains(problem, "clinic")
    values = patient_minutes(problem) * problem.areas["resident"].to_numpy()[:, None]
    for designated in every_designation(problem):
        if none_of(full, designated)[full.unserved].any():
            continue
        chains = nearest.chains(problem, "clinic", 1)
        for _ in range(len(problem.areas) + 1):
            depth = nearest.deepen(chains, problem, "clinic", designated)
            if depth is None:
                break
            chains = nearest.chains(problem, "clinic", depth)
        assert depth is None
        exact = from_steps(full, values, designated)
        assert from_steps(chains, values, designated) == pytest.approx(exact, abs=TICK)


@draws(60)
@given(worlds(), st.data())
def test_sites_known_shut_or_open_change_nothing_where_they_are(problem, data):
    known = {site: data.draw(st.sampled_from("nao"), label=site) for site in problem.candidates}
    never = {site for site, kind in known.items() if kind == "n"}
    always = {site for site, kind in known.items() if kind == "a"}
    full = nearest.chains(problem, "clinic")
    less = nearest.chains(problem, "clinic", never=never, always=always)
    assert not set().union(*less.sets) & (never | always)
    for designated in every_designation(problem):
        if always <= set(designated) and not never & set(designated):
            left_out = none_of(full, designated)[full.unserved].any()
            assert left_out == none_of(less, designated)[less.unserved].any()
            if not left_out:
                values = patient_minutes(problem)
                expected = from_steps(full, values, designated)
                assert from_steps(less, values, designated) == pytest.approx(expected, abs=TICK)


@draws(60)
@given(worlds())
def test_nearest_and_the_subset_table_agree_with_looking_it_up(problem):
    table = nearest.subset_table(problem, "clinic")
    for designated in every_designation(problem):
        there = looked_up(problem, designated)
        found = nearest.nearest(problem, "clinic", designated)
        assert [site if isinstance(site, str) else None for site in found] == [site for _, site in there.values()]
        row = sum(1 << problem.candidates.index(site) for site in designated)
        sites = [None if i < 0 else table.sites[i] for i in table.site[row]]
        assert sites == [site for _, site in there.values()]
        assert table.minutes[row].tolist() == [minutes for minutes, _ in there.values()]


@draws(30)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_areas_changes_no_set_and_no_link(problem, random):
    order = list(problem.areas.index)
    random.shuffle(order)
    shuffled = replace(
        problem, areas=problem.areas.loc[order], journeys=problem.journeys.loc[order], demand=problem.demand.loc[order]
    )
    one, other = nearest.chains(problem, "clinic"), nearest.chains(shuffled, "clinic")
    assert one.sets == other.sets
    assert one.links == other.links


def test_the_small_world_has_the_sets_that_a_look_at_its_table_gives():
    """West and mid pass ash, birch, oak; east and far pass birch, then oak: east never hears of ash."""
    chains = nearest.chains(small(), "clinic")
    sets = (frozenset(), frozenset({"ash"}), frozenset({"birch"}), frozenset({"ash", "birch"}))
    assert chains.sets == sets
    assert chains.links == ((0, "ash", 1), (0, "birch", 2), (1, "birch", 3))
    assert chains.unserved_sets == ()


def test_equal_times_go_to_a_candidate_before_a_neighbour_and_then_by_code():
    minutes = pd.DataFrame({"birch": [10.0], "ash": [10.0], "oak": [10.0]}, index=["a0"])
    problem = world(minutes, [1.0], ("ash", "birch"))
    assert nearest.nearest(problem, "clinic", {"ash", "birch"})["a0"] == "ash"
    assert nearest.nearest(problem, "clinic", {"birch"})["a0"] == "birch"
    assert nearest.nearest(problem, "clinic", set())["a0"] == "oak"


def test_equal_times_cost_exactly_nothing_more():
    minutes = pd.DataFrame({"ash": [10.1, 10.1], "birch": [10.1, 10.1], "cedar": [30.3, 20.2]}, index=["a0", "a1"])
    problem = world(minutes, [0.1, 0.2], ("ash", "birch", "cedar"))
    chains = nearest.chains(problem, "clinic")
    by_set = dict(zip(chains.sets, chains.per_set(patient_minutes(problem)), strict=True))
    assert by_set[frozenset({"ash"})] == 0.0


def test_an_area_that_reaches_nothing_can_never_be_served():
    minutes = pd.DataFrame({"ash": [10.0, np.nan]}, index=["a0", "a1"])
    chains = nearest.chains(world(minutes, [1.0, 1.0], ("ash",)), "clinic", 1)
    assert frozenset() in chains.unserved_sets


def test_prefixes_of_more_sites_than_bits_are_told_apart():
    """With 70 candidates on a line, an area's sets are stretches of the line: they can be listed by hand."""
    sites = [f"s{i:02d}" for i in range(70)]
    homes = np.arange(70)[:, None] + 0.25
    minutes = pd.DataFrame(np.abs(homes - np.arange(70)), columns=sites, index=[f"a{i:02d}" for i in range(70)])
    problem = replace(
        world(minutes, 1.0, tuple(sites)), sites={code: Site(code, code, candidate=True) for code in sites}
    )
    chains = nearest.chains(problem, "clinic")
    stretches = {frozenset()}
    for row in minutes.to_numpy():
        order = np.argsort(row, kind="stable")
        stretches |= {frozenset(sites[i] for i in order[:n]) for n in range(1, 71)}
    assert set(chains.sets) == stretches
    assert len(chains.sets) == len(stretches)


def test_a_table_of_too_many_subsets_is_refused():
    sites = [f"s{i:02d}" for i in range(17)]
    minutes = pd.DataFrame(1.0, columns=sites, index=["a0"])
    problem = replace(
        world(minutes, 1.0, tuple(sites)), sites={code: Site(code, code, candidate=True) for code in sites}
    )
    with pytest.raises(TooLarge, match="17 candidates"):
        nearest.subset_table(problem, "clinic")
