"""The real question: published numbers, known refusals, and every config and option that ships."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from shipped import answer as solved
from shipped import question

import optimiser as op
from optimiser.errors import NoPlan
from optimiser.plan import Plan, measures
from optimiser.report import set_against, summary
from optimiser.search import planning

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(path for path in (ROOT / "configs").rglob("*.yaml") if not {"options", "sweeps"} & {*path.parts})
OPTIONS = sorted((ROOT / "configs/options").glob("*.yaml"))
REFUSED = {"three_hasus", "three_emergency_departments", "stroke_beds_2019"}
HASU = "hyper_acute_stroke"


def mean(plan: Plan, service: str = HASU) -> float:
    return round(measures.number(measures.table(plan), "mean_minutes", service), 2)


@cache
def clash_of(name: str) -> op.Clash:
    problem = question(f"what_if/{name}")
    with pytest.raises(NoPlan):
        planning.solve(problem)
    return op.clash(problem)


@pytest.mark.parametrize("code", ["tt_nov2017", "dmbc_jul2018"])
def test_treat_and_transfer_to_basildon_moves_four_stroke_patients_a_day_and_is_the_best(code: str):
    # Trusts expected 2 to 3 confirmed a day from Broomfield and Southend; 14, 25 and 50 a day are of all specialties.
    plan = solved("what_if/treat_and_transfer")
    option = op.read_option(ROOT / f"configs/options/{code}.yaml")
    evaluated = op.evaluate(plan.problem, op.designations_of(plan.problem, option))
    assert evaluated.designated == plan.designated
    assert plan.proof.outcome == "proved best"
    numbers = measures.table(plan)
    of_all, confirmed = measures.number(numbers, "transfers_per_day", HASU), 1 / 1.428571
    assert (round(of_all, 2), round(of_all * confirmed, 2)) == (3.53, 2.47)
    assert round(measures.number(numbers, "transfers_per_day", HASU, "broomfield to basildon"), 2) == 1.63
    assert round(measures.number(numbers, "ambulance_hours_per_year", HASU)) == 2189
    assert mean(plan) == 81.11
    assert mean(plan, "emergency_department") == 18.53


@pytest.mark.parametrize(
    ("name", "sites", "minutes"),
    [
        ("one_hasu_no_neighbours", ("basildon",), 24.50),
        ("two_hasus_no_neighbours", ("basildon", "broomfield"), 20.46),
        ("three_hasus_no_neighbours", ("basildon", "broomfield", "southend"), 17.33),
        ("one_hasu", ("basildon",), 24.64),
        ("border_nearest", ("southend",), 22.25),
        ("without_the_royal_london", ("basildon",), 24.15),
    ],
)
def test_published_means_come_out_to_the_digit(name: str, sites: tuple[str, ...], minutes: float):
    plan = solved(f"what_if/{name}")
    assert plan.sites_of(HASU) == sites
    assert mean(plan) == minutes
    assert plan.proof.outcome == "proved best"


def test_as_today_basildon_beats_southend_by_1_6_minutes_and_to_the_nearest_southend_by_a_tenth():
    for name, ours, theirs, minutes in (
        ("base", "basildon", "southend", (24.64, 26.25)),
        ("what_if/border_nearest", "southend", "basildon", (22.25, 22.36)),
    ):
        plan = solved(name)
        other = op.evaluate(plan.problem, (plan.designated - {(ours, HASU)}) | {(theirs, HASU)})
        assert (mean(plan), mean(other)) == minutes


def test_if_everybody_went_to_the_nearest_the_border_would_decide_it():
    plan = solved("what_if/border_nearest")
    line = str(*set_against.border_line(plan, op.solve(plan.problem.behind_its_border())))
    assert line.startswith("If nobody crossed the border: hyper-acute stroke unit at Broomfield and Southend; ")


def test_three_hyper_acute_units_are_refused_by_name_and_two_are_possible():
    clash = clash_of("three_hasus")
    assert {rule for rule, _ in clash.demands} == {"enough_sites", "rota_is_filled", "recruitment_within_limit"}
    assert "Hyper-acute stroke unit needs 6 stroke consultants at each site" in str(clash)
    assert "ask for 2 sites for Hyper-acute stroke unit" in str(clash)
    assert "recruit 5 more stroke consultants" in str(clash)
    assert len(solved("what_if/no_volume_floor").sites_of(HASU)) == 2


def test_three_full_emergency_departments_are_five_consultants_short():
    clash = clash_of("three_emergency_departments")
    assert "be short of 5 WTE emergency medicine consultants" in str(clash)
    plan = solved("what_if/emergency_rotas_may_fall_short")
    assert plan.sites_of("emergency_department") == ("basildon", "broomfield", "southend")
    assert plan.staffing.query("team == 'emergency_consultants'")["short"].sum() == 5
    assert any(line.startswith("Short of 5 WTE emergency medicine consultants: 1 at") for line in summary.lines(plan))


def test_fixed_services_stay_where_they_are_in_every_plan():
    for name in ("base", "what_if/no_neighbours", "what_if/peak_hour"):
        plan = solved(name)
        found = [plan.sites_of(service) for service in ("cardiothoracic", "radiotherapy", "burns_and_plastics")]
        assert found == [("basildon",), ("southend",), ("broomfield",)]


def test_one_and_a_half_times_the_minutes_is_one_and_a_half_times_the_mean():
    here, there = (measures.table(solved(name)) for name in ("base", "what_if/peak_hour"))
    assert solved("base").designated == solved("what_if/peak_hour").designated
    slower = measures.number(there, "mean_minutes", HASU)
    assert slower == pytest.approx(1.5 * measures.number(here, "mean_minutes", HASU))


def test_before_they_were_calibrated_journeys_are_shorter_and_have_the_answer_that_the_docs_say():
    here, there = (solved(name) for name in ("base", "what_if/uncalibrated"))
    assert here.designated == there.designated
    minutes = (here.problem.journeys - 5.8) / 1.074
    assert (there.problem.journeys - minutes).abs().max(axis=None) <= 0.5 / 10**there.problem.minute_places + 1e-9
    said = []
    for plan in (there, here):
        table = measures.table(plan)
        mean, within, patients = (
            measures.number(table, name, HASU) for name in ("mean_minutes", "patients_within_30", "patients")
        )
        said += [f"{mean:.1f} minutes", f"{within / patients:.0%}"]
    page = " ".join((Path(__file__).parents[2] / "docs/roads.md").read_text(encoding="utf-8").split())
    where, now, before, was = said[0], said[1], said[2].removesuffix(" minutes"), said[3]
    assert (
        f"now at {where} on average in place of {before}, and {now} of patients within 30 minutes in place of {was}"
        in page
    )


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_that_ships_is_solved_proved_and_checked_or_refused(path: Path):
    name = str(path.relative_to(ROOT / "configs").with_suffix(""))
    if path.stem in REFUSED:
        assert clash_of(path.stem).ways_out
        return
    plan = solved(name)
    assert plan.proof.outcome == "proved best"
    assert plan.broken.empty
    assert op.check(plan).empty


@pytest.mark.parametrize("path", OPTIONS, ids=lambda path: path.stem)
def test_every_option_that_ships_is_evaluated_and_checked(path: Path):
    problem = question("base")
    option = op.read_option(path)
    plan = op.evaluate(problem, op.designations_of(problem, option))
    assert plan.proof.outcome == "evaluated"
    for service, sites in option.designations.items():
        assert service not in problem.services or plan.sites_of(service) == tuple(sorted(sites))
    assert op.check(plan).empty


def test_the_july_2018_decision_breaks_the_rotas_of_three_emergency_departments():
    problem = question("base")
    option = op.read_option(ROOT / "configs/options/dmbc_jul2018.yaml")
    plan = op.evaluate(problem, op.designations_of(problem, option))
    assert set(plan.broken["rule"]) == {"rota_is_filled"}
    assert plan.staffing["short"].sum() == 5


def test_a_service_provided_nowhere_behind_the_border_is_infinitely_far_and_checked():
    problem = question("what_if/no_neighbours")
    plan = op.evaluate(problem, {pair for pair in problem.today if pair[1] != HASU})
    assert plan.proof.objectives[0].value == float("inf")
    assert mean(plan) == float("inf")
    assert "every_area_is_served" in set(plan.broken["rule"])
    assert op.check(plan).empty


def test_plans_are_compared_on_the_same_measures():
    compared = op.compare([solved("base"), solved("what_if/one_hasu")])
    first, second = compared.columns
    assert compared.loc[(HASU, "sites"), first] == "basildon"
    assert compared.loc[(HASU, "mean_minutes"), second] == pytest.approx(24.6350, abs=1e-4)
