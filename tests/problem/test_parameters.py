"""What may vary in a question: each parameter moves what it says, exactly, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from shipped import question
from worlds import ROADS, by_transfer, small, three_doctors, vary

from optimiser.journeys.nearest import subset_table
from optimiser.model.arithmetic import value
from optimiser.problem import ACROSS_SITES, HERE, Beds, Border, Figure, Growth, Objective, Problem, Team
from optimiser.problem.parameters import CALLED, KINDS, changed, corridors, like_it, parameters, shared_out
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[2]
MINUTES = Objective("patient_minutes", ("clinic",))


def everything() -> Problem:
    """Return a world in which every kind of parameter has something to vary."""
    problem = by_transfer()
    problem = vary(problem, "clinic", minimum_patients=Figure(5), maximum_patients=Figure(90), rotas=three_doctors())
    problem = vary(problem, "clinic", beds=Beds(Figure(3.5), Figure(0.01)))
    areas = problem.areas.assign(
        corridor=["A1", "", "A1", "A2"], population_65_plus=[60, 10, 50, 10], population_75_plus=[30, 5, 0, 0]
    )
    growth = Growth(2, problem.demand, 2027, by_activity={"visit": 0.1})
    shares = pd.DataFrame({"oak": [0.5, 0, 0, 0], HERE: [0.5, 0, 1, 1]}, index=areas.index)
    border, most = Border(shares, Figure(1)), Figure(40)
    files = {"config.yaml": b"x"}
    return replace(problem, areas=areas, growth=growth, border=border, most_transfers_a_year=most, files=files)


def test_every_kind_has_a_docstring_and_yields_something_here():
    problem = everything()
    for name, kind in KINDS.items():
        assert kind.__doc__ and kind.__doc__.splitlines()[0].endswith("."), name
        assert list(kind(problem)), name


@pytest.mark.parametrize(
    ("called", "meant"),
    [
        ("in_post", ["staff.doctors.people", "staff.doctors.people.ash", "staff.doctors.people.birch"]),
        ("in_post.birch", ["staff.doctors.people.birch"]),
        ("corridors", ["journey_factor", "journey_factor.A1", "journey_factor.A2"]),
        ("roads.A2", ["journey_factor.A2"]),
        ("demand", ["demand_factor.visit"]),
        ("beds.clinic", ["stay_days.clinic"]),
        ("most_transfers_a_day.scanner", ["most_transfers_a_year"]),
        ("patients.clinic", ["maximum_patients.clinic", "minimum_patients.clinic"]),
        ("weather", sorted(parameters(everything()))),
    ],
)
def test_a_name_that_people_and_tables_use_leads_to_those_that_there_are(called: str, meant: list[str]):
    assert sorted(like_it(everything(), called)) == meant


def test_what_people_call_a_kind_leads_to_a_kind_that_there_is():
    assert {name.split(".")[0] for name in parameters(everything())} >= set(CALLED)


@pytest.mark.parametrize("name", list(parameters(everything())))
def test_a_parameter_takes_the_value_it_is_given_and_forgets_the_files(name: str):
    problem = everything()
    parameter = parameters(problem)[name]
    assert parameter.low <= parameter.current(problem) <= parameter.high
    other = parameter.low + (parameter.high - parameter.low) / 4
    other = Fraction(int(other) + 1) if parameter.whole else other
    found = parameter.apply(problem, other)
    assert found.files == {} and problem.files
    if parameter.unit != "times":
        assert parameter.current(found) == other
    same = parameter.apply(problem, parameter.current(problem))
    moved = [f.name for f in fields(Problem) if f.name not in ("files", "services", "teams") and differ(f.name, found)]
    assert len(moved) <= 2
    assert not [name for name in ("journeys", "transfers", "areas", "staff") if differ(name, same)]


def differ(name: str, found: Problem) -> bool:
    before, after = getattr(everything(), name), getattr(found, name)
    if isinstance(before, pd.DataFrame):
        return not before.equals(after)
    if isinstance(before, Growth):
        return before.years != after.years
    if isinstance(before, Border):
        return before.pull.value != after.pull.value
    return bool(before != after)


def test_a_journey_factor_stretches_every_journey_and_every_way_between_sites():
    found = changed(everything(), {"journey_factor": 1.25})
    assert found.journeys["ash"].tolist() == [50.0, 62.5, 25.0, 12.5]
    assert found.transfers["ash"]["birch"] == 1.25 * ROADS["ash"]["birch"]


@pytest.mark.parametrize("name", list(parameters(everything(), ["journeys.elm.from_everywhere"])))
def test_what_was_worked_out_of_a_question_is_never_taken_for_that_of_a_variant(name: str):
    problem = everything()
    known = problem.site_order, problem.services_with_patients

    def of(one: Problem) -> list[list[float]]:
        minutes = [
            part.ravel().tolist() for code in known[1] for part in (one.minutes(code), one.choosing_minutes(code))
        ]
        roads = [one.transfer_minutes(here, there) for here in known[0] for there in known[0]]
        tables = [subset_table(one, code).minutes.ravel().tolist() for code in known[1]]
        patients = [one.patients(code).tolist() for code in known[1]]
        return [*minutes, *tables, *patients, roads, [one.minute_scale]]

    of(problem)
    parameter = parameters(problem, [name])[name]
    for at in (parameter.low, parameter.high):
        varied = parameter.apply(problem, at)
        afresh = Problem(**{one.name: getattr(varied, one.name) for one in fields(Problem)})
        assert of(varied) == of(afresh)


def test_a_corridor_stretches_the_journeys_of_its_own_areas_alone():
    problem = everything()
    found = changed(problem, {"journey_factor.A1": Fraction(3, 2)})
    assert corridors(problem) == ("A1", "A2")
    # East and mid are on A1; far is on none and west on A2.
    assert found.journeys["birch"].tolist() == [15.0, 15.0, 30.0, 30.0]
    assert found.transfers.equals(problem.transfers)
    # West 10 × 10, mid 20 × 30, east 30 × 15.
    assert value(found, {("ash", "clinic"), ("birch", "clinic")}, MINUTES) == 100 + 600 + 450


def test_the_share_who_go_to_the_nearest_of_all_leave_and_come_as_if_there_were_no_border():
    problem = replace(everything(), growth=None)
    today = changed(problem, {"border_pull": 0})
    # Of east's 30 half leave for oak, 25 minutes away. All others stay; none of far's 5 come to ash or birch.
    assert value(today, {("ash", "clinic"), ("birch", "clinic")}, MINUTES) == 10 * 10 + 20 * 20 + 15 * 10 + 15 * 25
    assert "border_pull" not in parameters(replace(problem, border=None))
    half, every = (changed(problem, {"border_pull": share}) for share in (0.5, 1))
    assert value(half, {("ash", "clinic")}, MINUTES) == 100 + 400 + 15 * 25 + 7.5 * 25 + 7.5 * 40
    assert value(every, {("ash", "clinic")}, MINUTES) == 100 + 400 + 30 * 25
    assert (len(half.streams.area), len(every.streams.area)) == (4 + 4 + 1, 4)


def test_demand_grows_by_activity_by_age_and_by_years():
    problem = everything()
    assert changed(problem, {"demand_factor.visit": 1.1}).demand["visit"].tolist() == [33.0, 5.5, 22.0, 11.0]
    # East has 60 of its 300 people aged 65 and over: twice as many make 360, 1.2 times as many people and patients.
    older = changed(problem, {"people_factor.from_65": 2}).demand["visit"]
    assert older["east"] == 36.0
    assert changed(problem, {"people_factor.from_75": 2}).demand["visit"].tolist() == [33.0, 5.5, 20.0, 10.0]
    assert changed(problem, {"growth_years": 1}).demand["visit"].tolist() == [33.0, 5.5, 22.0, 11.0]
    assert changed(problem, {"growth_years": 0}).demand.equals(problem.demand)
    assert changed(problem, {"growth_years": 3}).growth.year == 2028
    # Factors come on top of growth, in whatever order they are named.
    both = changed(problem, {"demand_factor.visit": 2, "growth_years": 1})
    assert both.demand["visit"].tolist() == [66.0, 11.0, 44.0, 22.0]


def test_patients_of_stated_ages_follow_the_people_of_their_age():
    problem = replace(everything(), ages={"visit": {"under_65": Figure(0.2), "from_65": Figure(0.8)}})
    # Of 480 residents under 65 one is 1/2400 of the patients, of 120 older ones 1/150: a tenth and 4/10 come from east.
    # Twice as many of the older make that 9/5; in the same way 35/19 in mid and 41/25 in west. Far is as old as east.
    assert changed(problem, {"people_factor.from_65": 2}).demand["visit"].tolist() == [54, 9, 36.842105, 16.4]
    assert changed(problem, {"people_factor.under_65": 2}).demand["visit"].tolist() == [36, 6, 23.157895, 13.6]
    # Only in east and far are some 75 and over, half of the older.
    assert changed(problem, {"people_factor.from_75": 2}).demand["visit"].tolist() == [42, 7, 20, 10]
    apart = {"under_65": Figure(0.2), "from_65": Figure(0), "from_75": Figure(0.8)}
    problem = replace(problem, ages={"visit": apart})
    # Of 30 residents who are 75, one is 2/75 of the patients: of east's a tenth and 8/10, of far's 1/60 and 2/15.
    assert changed(problem, {"people_factor.from_65": 2}).demand["visit"].tolist() == [56.666667, 9.444444, 20, 10]


def test_growth_by_age_over_other_years_follows_the_ages_of_patients():
    growth = Growth(0, everything().demand, by_age={"under_65": 0, "from_65": 1})
    problem = replace(everything(), growth=growth, ages={"visit": {"under_65": Figure(0.2), "from_65": Figure(0.8)}})
    assert changed(problem, {"growth_years": 1}).demand["visit"].tolist() == [54, 9, 36.842105, 16.4]


def test_what_varies_with_people_of_an_age_says_of_which_ages_patients_are():
    problem = everything()
    said = parameters(problem)["people_factor.from_65"].meaning
    assert said.endswith("in proportion. Patients of visit are taken to be of all ages alike")
    known = replace(problem, ages={"visit": {"under_65": Figure(0.2), "from_65": Figure(0.8)}})
    assert "alike" not in parameters(known)["people_factor.from_65"].meaning


def test_staff_of_a_team_are_shared_as_they_are_now_and_a_site_has_what_is_said():
    problem = everything()
    name = "staff.doctors.people"
    assert parameters(problem)[name].current(problem) == 6
    # 2 and 4 now; 7 would be 2⅓ and 4⅔.
    assert changed(problem, {name: 7}).staff["birch", "doctors", "people"] == 5
    assert changed(problem, {f"{name}.ash": 0}).staff == {
        **problem.staff,
        ("ash", "doctors", "people"): 0.0,
    }


def test_staff_of_one_team_who_are_known_over_all_sites_alone_vary_over_all_sites_alone():
    world = small(rotas=three_doctors(), team=Team("doctors", "doctors", None, Figure(0), across_sites=True))
    world = replace(world, staff={(ACROSS_SITES, "doctors", "people"): 6.0})
    known = parameters(world)
    assert [name for name in known if name.startswith("staff.")] == ["staff.doctors.people"]
    assert known["staff.doctors.people"].current(world) == 6
    # Six are enough for three at each site, five are not.
    assert solve(world).sites_of("clinic") == ("ash", "birch")
    assert solve(changed(world, {"staff.doctors.people": 5})).sites_of("clinic") == ("birch",)


def test_sharing_out_adds_up_and_the_first_wins_a_tie():
    assert shared_out(7, [Fraction(1), Fraction(1)]) == [4, 3]
    assert shared_out(3, [Fraction(0), Fraction(0)]) == [2, 1]
    assert shared_out(10, [Fraction(5), Fraction(4), Fraction(4)]) == [4, 3, 3]


def test_rules_and_pathways_vary_by_service():
    problem = everything()
    found = changed(
        problem,
        {
            "minimum_patients.clinic": 12,
            "dwell_minutes.scanner": 7.5,
            "share_transferred.scanner": 0.25,
            "stay_days.clinic": 4,
        },
    )
    clinic, leg = found.services["clinic"], found.services["scanner"].transfer
    assert clinic.minimum_patients and clinic.minimum_patients.value == 12 and not clinic.minimum_patients.verified
    assert leg and (leg.dwell_minutes.value, leg.share_transferred.value) == (7.5, 0.25)
    assert clinic.beds and clinic.beds.days.value == 4


def test_an_unknown_parameter_is_refused_by_name():
    with pytest.raises(KeyError, match=r"journey_factor\.A9"):
        changed(everything(), {"journey_factor.A9": 2})


def test_a_question_has_only_what_it_says():
    names = set(parameters(replace(small(), growth=None)))
    assert names == {"journey_factor", "demand_factor.visit"}


def test_the_main_question_has_its_four_roads():
    problem = question("base")
    assert corridors(problem) == ("A12", "A127", "A13", "A130")
    slower = changed(problem, {"journey_factor.A127": 1.2})
    here = problem.areas["corridor"] == "A127"
    assert slower.journeys[~here].equals(problem.journeys[~here])
    assert (slower.journeys[here] > problem.journeys[here]).all(axis=None)
