"""Offsets fitted to counts: the closest there are, the same every time, and stated in the run that used them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from made_up_place import CONFIG, TABLES, write_question
from shipped import answer, question
from worlds import small, vary

import optimiser as op
from optimiser.errors import NoPlan
from optimiser.journeys.observed import backcast, fit, with_offsets
from optimiser.plan import measures
from optimiser.problem import Figure, Observed, Problem
from optimiser.report import summary

ROOT = Path(__file__).parents[2]
HASU, ED = "hyper_acute_stroke", "emergency_department"
STROKES = {"basildon": 557.0, "broomfield": 555.0, "southend": 713.0}
ATTENDANCES = {"basildon": 143193.0, "broomfield": 96926.0, "southend": 96587.0}


def fitted(problem: Problem, service: str, counts: Mapping[str, float], **how: str) -> Problem:
    found = with_offsets(fit(problem, service, counts, **how), "then")
    return vary(problem, service, observed=Observed(found, "then", counts))


def error(problem: Problem, service: str, offsets: Mapping[str, float], counts: Mapping[str, float]) -> float:
    """Return the largest relative error the slow way: through the journeys of a plan."""
    drawn = Observed({site: Figure(minutes) for site, minutes in offsets.items()}, "then", counts)
    return float(backcast(vary(problem, service, observed=drawn), service)["backcast_error"].max())


def test_counts_decide_what_minutes_leave_open():
    # With the nearest, ash has 30 and birch 35. Counted alike, mid (equally far) and east cannot be split; 30 to 35 is
    # nearest to equal, so nothing is added. Counted 10 to 55, mid goes to birch as soon as a tenth of a minute says so.
    world = small(neighbours=())
    assert fit(world, "clinic", {"ash": 30, "birch": 35}) == {"ash": 0, "birch": 0}
    assert fit(world, "clinic", {"ash": 10, "birch": 55}) == {"ash": 0, "birch": -0.1}
    assert fit(world, "clinic", {"ash": 10, "birch": 55}, held_at_zero="birch") == {"ash": 0.1, "birch": 0}


def test_patients_are_compared_with_the_counts_scaled_to_their_own_total():
    # 65 patients, counted as 26 and 104: 13 and 52 are due, 10 and 55 come out.
    found = backcast(fitted(small(neighbours=()), "clinic", {"ash": 26, "birch": 104}), "clinic")
    assert found["observed_patients"].to_dict() == {"ash": 13, "birch": 52}
    assert found["backcast_patients"].to_dict() == {"ash": 10, "birch": 55}
    assert found["backcast_error"].to_dict() == pytest.approx({"ash": 3 / 13, "birch": 3 / 52})


def test_patients_who_cross_the_border_are_nobody_s():
    # Oak drawn 30 minutes nearer takes all but west; ash's 10 are then all that the counts are compared with.
    drawn = Observed({"oak": Figure(-30)}, "then", {"ash": 10, "birch": 0.001})
    found = backcast(small(observed=drawn), "clinic")
    assert found["backcast_patients"].to_dict() == {"ash": 10, "birch": 0}


@draws(25)
@given(st.data())
def test_no_other_offsets_fit_better(data: st.DataObject):
    world = small(neighbours=data.draw(st.sampled_from([(), ("oak",)])))
    # Journeys to a few tenths of a minute, so that every offset that matters can be tried.
    minutes = st.sampled_from([5.0, 5.1, 5.2, 5.35, 5.5])
    journeys = world.journeys.map(lambda _: data.draw(minutes))
    patients = world.demand.map(lambda _: data.draw(st.sampled_from([1.0, 2.5, 7.333333])))
    world = replace(world, journeys=journeys, demand=patients)
    counts = {"ash": data.draw(st.sampled_from([5.0, 10.0])), "birch": data.draw(st.sampled_from([3.0, 10.0, 30.0]))}
    found = fit(world, "clinic", counts)
    best = error(world, "clinic", found, counts)
    assert 0.0 in found.values()
    for held, other in product(counts, np.arange(-6, 7) / 10):
        (moved,) = set(counts) - {held}
        another = error(world, "clinic", {held: 0.0, moved: float(other)}, counts)
        assert np.isnan(another) or best <= another + 1e-12  # no error where everybody crosses the border


def test_the_fit_does_not_depend_on_the_order_of_anything():
    world = question("base").behind_its_border()
    shuffled = replace(
        world, areas=world.areas[::-1], journeys=world.journeys[::-1], demand=world.demand[::-1], sites=dict(
            reversed(world.sites.items())
        )
    )  # fmt: skip
    assert fit(shuffled, HASU, dict(reversed(STROKES.items()))) == fit(world, HASU, STROKES)


@pytest.mark.parametrize(
    ("service", "counts", "nearest", "shares"),
    [
        (HASU, STROKES, (0.47, 0.26, 0.27), (0.31, 0.30, 0.39)),
        (ED, ATTENDANCES, (0.49, 0.28, 0.23), (0.43, 0.29, 0.28)),
    ],
)
def test_the_nearest_site_is_not_where_patients_went(service, counts, nearest, shares):
    # Of all who stay inside a closed border. Emergency attendances by area are derived, strokes are admissions.
    world = question("base").behind_its_border()
    alone = backcast(vary(world, service, observed=Observed({}, "then", counts)), service)
    assert tuple(round(x, 2) for x in alone["backcast_patients"] / alone["backcast_patients"].sum()) == nearest
    closest = backcast(fitted(world, service, counts), service)
    assert tuple(round(x, 2) for x in closest["backcast_patients"] / closest["backcast_patients"].sum()) == shares
    assert closest["backcast_error"].max() < 0.0133 < alone["backcast_error"].max()


def test_behind_the_border_883_479_and_500_strokes_become_576_564_and_723():
    world = question("base").behind_its_border()
    alone = backcast(vary(world, HASU, observed=Observed({}, "then", STROKES)), HASU)
    assert alone["backcast_patients"].round().tolist() == [883, 479, 500]
    found = backcast(fitted(world, HASU, STROKES), HASU)
    assert found["backcast_patients"].round().tolist() == [576, 564, 723]
    assert found["observed_patients"].round().tolist() == [568, 566, 728]


def test_offsets_and_a_border_as_today_settle_the_answer_whichever_site_is_held_at_zero():
    plan = answer("what_if/observed_stroke_flows")
    observed = plan.problem.services[HASU].observed
    assert observed is not None and plan.sites_of(HASU) == ("basildon",)
    assert backcast(plan.problem, HASU)["backcast_error"].max() == pytest.approx(0.0398, abs=1e-4)
    # Nobody who goes by offsets may cross the border, so that only their differences matter.
    held = {site: Figure(one.value - observed.offsets["basildon"].value) for site, one in observed.offsets.items()}
    other = vary(plan.problem, HASU, observed=replace(observed, offsets=held))
    assert op.evaluate(other, plan.designated).journeys.equals(plan.journeys)
    assert op.check(plan).empty


OBSERVED = CONFIG.replace(
    "activity: visit\n", 'activity: visit\n    patients_go_to: observed\n    observed: {period: "2024/25"}\n'
)
COUNTED = TABLES["activity"] + "birch,visit,2024/25,5\n"


def test_a_run_states_the_offsets_it_used_and_can_be_repeated_from_them(tmp_path: Path):
    plan = op.solve(op.read_problem(write_question(tmp_path, OBSERVED, activity=COUNTED)))
    assert op.check(plan).empty
    written = op.write_run(plan, tmp_path / "run")
    again = op.read_problem(written / "config.yaml")
    assert again.services["care"].observed == plan.problem.services["care"].observed
    assert again.files["config.yaml"] == plan.problem.files["config.yaml"]
    assert op.solve(again).designated == plan.designated


@pytest.mark.parametrize("offsets", ["{ash: -8.5}", "{ash: 3, birch: -8.5}", "{elm: -22}", "{ash: 0, elm: 9.123456}"])
@pytest.mark.parametrize("border", ["nearest", "closed"])
def test_offsets_stated_by_hand_are_taken_as_they_are_and_checked(tmp_path: Path, offsets: str, border: str):
    config = OBSERVED.replace('{period: "2024/25"}', f"{{offsets: {offsets}}}") + f"border: {border}\n"
    problem = op.read_problem(write_question(tmp_path, config))
    plans = [op.solve(problem), op.evaluate(problem, {("ash", "care"), ("birch", "care"), ("ash", "labs")})]
    for plan in plans:
        assert op.check(plan).empty, op.check(plan)["message"].tolist()
        assert "backcast_error" not in set(measures.table(plan)["measure"])


def test_the_summary_says_how_well_today_comes_out(tmp_path: Path):
    plan = op.solve(op.read_problem(write_question(tmp_path, OBSERVED, activity=COUNTED)))
    scaled = "today's counts of 2024/25, scaled to as many patients as are counted here, come out within"
    assert any(scaled in line for line in summary.lines(plan))
    assert not any("offsets" in line for line in summary.lines(op.solve(small())))


@draws(15)
@given(st.data())
def test_the_checker_sends_everybody_where_solver_list_and_evaluation_send_them(tmp_path_factory, data: st.DataObject):
    minutes = st.sampled_from(["5", "9.5", "10", "20", "20.5"])
    rows = [f"{a},{s},{data.draw(minutes)}\n" for a in ("A1", "A2", "A3") for s in ("ash", "birch", "elm")]
    drawn = {site: data.draw(st.sampled_from([-10.5, -0.5, 0, 0.5, 10])) for site in ("ash", "birch", "elm")}
    limit = data.draw(st.sampled_from(["", "    longest_journey_minutes: 20\n", "    maximum_patients: 12\n"]))
    stated = (
        f"    patients_go_to: observed\n    observed: {{offsets: {json.dumps(drawn)}}}\n    standard_minutes: 9.5\n"
    )
    asked = CONFIG.replace("visit\n", f"visit\n{stated}{limit}").replace("minimum_patients: {value: 5", "x: {value: 5")
    asked = "".join(line for line in asked.splitlines(keepends=True) if "    x: " not in line)
    asked += f"border: {data.draw(st.sampled_from(['nearest', 'closed']))}\n"
    folder = tmp_path_factory.mktemp("drawn")
    problem = op.read_problem(write_question(folder, asked, journeys="area,site,minutes\n" + "".join(rows)))
    chosen = {("ash", "labs"), *data.draw(st.sets(st.sampled_from([("ash", "care"), ("birch", "care")]), min_size=1))}
    plans = [op.evaluate(problem, chosen)]
    with suppress(NoPlan):
        plans.append(op.solve(problem))
    for plan in plans:
        assert op.check(plan).empty, op.check(plan)["message"].tolist()
