"""At each switching value two options tie or a rule is just met, and to either side they stand as is said."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from test_enumeration import worlds
from worlds import by_transfer, small, three_doctors, vary

import optimiser as op
from optimiser.arithmetic import lawful, value
from optimiser.decimals import exactly
from optimiser.errors import TooLarge
from optimiser.explanation.switching import Switching, switching, switching_map, trades
from optimiser.parameters import Parameter, parameters
from optimiser.problem import Figure, Objective, Observed, Problem

CONFIGS = Path(__file__).parent.parent / "configs"
Designations = frozenset[tuple[str, str]]
PERCENT = Fraction(1, 100)


@cache
def base() -> op.Plan:
    return op.solve(op.read_problem(CONFIGS / "base.yaml"))


def with_unit_at(site: str) -> Designations:
    """Return the best plan of the base config with its one hyper-acute unit elsewhere."""
    return frozenset(pair for pair in base().designated if pair[1] != "hyper_acute_stroke") | {
        (site, "hyper_acute_stroke")
    }


def outcome(problem: Problem, parameter: Parameter, at: Fraction, pair: tuple[Designations, Designations]):
    """Say by putting the value into the question whether each option is lawful, and which is better of two that are."""
    varied = parameter.apply(problem, at)
    both = tuple(lawful(varied, one) for one in pair)
    here, there = (tuple(value(varied, one, objective) for objective in varied.objectives) for one in pair)
    return (*both, ((here > there) - (here < there)) if all(both) else 0)


def check(problem: Problem, found: Switching, pair: tuple[Designations, Designations]) -> int:
    """Check every stretch in its middle and 1% (or less, where it is shorter) from each of its ends."""
    parameter, checked = found.parameter, 0
    for one in found.stretches:
        if parameter.whole:
            points = {one.low, one.high}
        else:
            near = min(PERCENT * max(abs(one.low), abs(one.high)), (one.high - one.low) / 3)
            # Sums of many patients are exact in few decimals only.
            points = {round(at, 2) for at in ((one.low + one.high) / 2, one.low + near, one.high - near)}
            points = {at for at in points if one.low < at < one.high}
        for at in points:
            assert outcome(problem, parameter, at, pair) == one.standing.outcome, (parameter.name, float(at))
            checked += 1
    return checked


@pytest.mark.parametrize("other", ["basildon", "broomfield"])
def test_every_stretch_of_the_base_config_is_as_putting_the_value_in_has_it(other: str):
    problem, pair = base().problem, (base().designated, with_unit_at(other))
    found = switching(problem, *pair)
    assert len(found) == len(parameters(problem))
    assert not any(one.why_not for one in found)
    assert sum(check(problem, one, pair) for one in found) > 50


def minutes_if_the_a13_took(factor: Fraction, designated: Designations) -> Fraction:
    problem = base().problem
    journeys = op.evaluate(problem, designated).journeys
    rows = journeys[journeys["resident"]]
    corridor = problem.areas["corridor"].reindex(rows["area"]).to_numpy()
    return sum(
        (
            exactly(minutes) * exactly(patients) * (factor if road == "A13" else 1)
            for minutes, patients, road in zip(rows["minutes"], rows["patients_per_year"], corridor, strict=True)
        ),
        Fraction(0),
    )


def test_what_would_have_to_be_true_for_basildon_to_win():
    problem, pair = base().problem, (base().designated, with_unit_at("basildon"))
    found = {one.parameter.name: one for one in switching(problem, *pair)}
    # Every journey by the same factor keeps the order; by corridor it does not.
    assert (found["journey_factor"].down, found["journey_factor"].up) == (None, None)
    up = found["journey_factor.A13"].up
    assert up is not None
    parameter = parameters(problem)["journey_factor.A13"]
    for factor, ahead in ((1 - PERCENT, -1), (1 + PERCENT, 1)):
        assert outcome(problem, parameter, round(up * factor, 2), pair) == (True, True, ahead)
    # At the switching value itself they tie to the last digit, added up here in fractions.
    here, there = (minutes_if_the_a13_took(up, one) for one in pair)
    assert here == there
    # Southend sees 1,148.33 patients a year: with a floor above that it could not have the unit.
    assert float(found["minimum_patients.hyper_acute_stroke"].up or 0) == pytest.approx(1148.333335)
    assert "Basildon is better" in found["journey_factor.A13"].words("Southend", "Basildon")


def test_three_departments_win_with_five_more_consultants():
    problem = base().problem
    three = base().designated | {("broomfield", "emergency_department")}
    name = "staff.emergency_consultants.WTE"
    (found,) = switching(problem, base().designated, three, [parameters(problem)[name]])
    assert (found.down, found.up) == (20, 30)
    assert found.words("two", "three") == (
        f"{name} (now 25 WTE): below 20 two breaks rota_is_filled.emergency_consultants.WTE; "
        "above 30 three breaks no rule and three is better."
    )


def test_a_rule_met_with_nothing_to_spare_switches_at_the_present_value():
    problem = small(rotas=three_doctors(), minimum_patients=Figure(65))
    birch: Designations = frozenset({("birch", "clinic")})
    name = "minimum_patients.clinic"
    (found,) = switching(problem, birch, frozenset(), [parameters(problem)[name]])
    assert (found.down, found.up, found.current) == (None, 65, 65)


def test_longest_journeys_and_standards_switch_where_an_area_crosses_them():
    ash, birch = (frozenset({(site, "clinic")}) for site in ("ash", "birch"))
    problem = small(longest_journey_minutes=Figure(30), standard_minutes=Figure(24))
    problem = replace(problem, objectives=(Objective("patients_beyond_standard"), Objective("worst_journey")))
    (found,) = switching(problem, ash, birch, [parameters(problem)["journey_factor"]])
    # Longest: 25 minutes with ash (east to oak), 30 with birch (west); 30 is allowed.
    assert found.up == 1
    # Above 1 birch breaks the rule, above 30 / 25 ash as well.
    assert [one.low for one in found.stretches if one.low >= 1] == [1, Fraction(6, 5)]
    assert check(problem, found, (ash, birch))


def test_waits_on_a_pathway_switch_where_minutes_tie():
    problem = by_transfer(longest_journey_minutes=Figure(60))
    pair = tuple(problem.today | {(site, "scanner")} for site in ("ash", "birch"))
    for name in ("dwell_minutes.scanner", "overhead_minutes.scanner", "share_transferred.scanner"):
        (found,) = switching(problem, pair[0], pair[1], [parameters(problem)[name]])
        assert check(problem, found, (pair[0], pair[1])), name


def test_a_two_way_map_is_exact_in_every_row():
    problem, pair = base().problem, (base().designated, with_unit_at("basildon"))
    known = parameters(problem)
    across, down = known["journey_factor.A13"], known["minimum_patients.hyper_acute_stroke"]
    table = switching_map(problem, *pair, across, down)
    # From 0 to 1,800 in eight steps, which do not fall on 600, and 600.
    assert table[down.name].nunique() == 10
    for row in table.sample(5, random_state=1).itertuples(index=False):
        varied = down.apply(problem, Fraction(row[0]))
        at = round(Fraction((row[1] + row[2]) / 2), 2)
        assert outcome(varied, across, at, pair) == tuple(row[3:])


def test_a_weight_at_which_two_options_tie():
    problem, pair = base().problem, (base().designated, with_unit_at("basildon"))
    found = {one.objective: one for one in trades(problem, *pair)}
    deprived = found["deprived_patient_minutes"]
    assert deprived.worth is not None
    sums = [
        value(problem, one, Objective("patient_minutes"))
        + float(deprived.worth) * value(problem, one, Objective("deprived_patient_minutes"))
        for one in pair
    ]
    assert sums[0] == pytest.approx(sums[1], rel=1e-12)
    assert found["changes_from_today"].worth is None
    assert "never" in found["changes_from_today"].words()


def test_flows_that_change_are_said_not_to_be_worked_out():
    problem = small(observed=Observed({"ash": Figure(25)}))
    both: Designations = frozenset({("ash", "clinic"), ("birch", "clinic")})
    (found,) = switching(problem, both, both - {("ash", "clinic")}, [parameters(problem)["journey_factor"]])
    assert found.why_not == "where patients go changes with it"
    assert "not worked out" in found.words("both", "birch")


@settings(max_examples=60, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(worlds(), st.data())
def test_every_stretch_of_drawn_worlds_is_as_putting_the_value_in_has_it(problem: Problem, data: st.DataObject):
    pairs = [(site, code) for site in problem.candidates for code in problem.services]
    pair = tuple(frozenset(one for one in pairs if data.draw(st.booleans())) for _ in range(2))
    known = list(parameters(problem).values())
    assume(known)
    chosen = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique_by=lambda one: one.name))
    for found in switching(problem, pair[0], pair[1], chosen):
        try:
            check(problem, found, (pair[0], pair[1]))
        except TooLarge:
            continue  # a middle with more decimals than sums are exact in


def test_random_pairs_of_the_base_config():
    problem, rng = base().problem, np.random.default_rng(6)
    known = list(parameters(problem).values())
    pairs = [(site, code) for site in problem.candidates for code in problem.services]
    checked = 0
    for _ in range(6):
        few = [rng.choice(len(pairs), size=int(rng.integers(1, 4)), replace=False) for _ in range(2)]
        pair = tuple(base().designated ^ frozenset(pairs[i] for i in one) for one in few)
        chosen = [known[i] for i in rng.choice(len(known), size=3, replace=False)]
        for found in switching(problem, pair[0], pair[1], chosen):
            checked += check(problem, found, (pair[0], pair[1])) if not found.why_not else 0
    assert checked > 20


def test_a_parameter_nobody_asks_about_is_left_alone():
    problem = vary(small(), "clinic", minimum_patients=None)
    assert "minimum_patients.clinic" not in {
        one.parameter.name for one in switching(problem, problem.today, frozenset())
    }
