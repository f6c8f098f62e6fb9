"""Services reached by transfer: solved by hand, drawn at random, read from a config, and checked by other code.

The world is ``worlds.by_transfer()``, where everything is worked out by hand. With the scanner at birch alone, those
who are seen at ash go on: 30 patients, half of them, in 20 + 10 minutes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from as_files import with_files
from drawing import draws
from forgotten import nothing_is_forgotten
from hypothesis import assume, given
from hypothesis import strategies as st
from made_up_place import CONFIG, TABLES, write_question
from test_checker import BROKEN_THERE, sealed
from test_enumeration import naive_best, transfers, worlds
from worlds import by_transfer, two_by_transfer, vary

import optimiser as op
from optimiser.checker import check
from optimiser.errors import InputError, NoPlan
from optimiser.explanation import clash
from optimiser.explanation.prices import givings
from optimiser.journeys.by_transfer import second_legs
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.runs import files_of, files_without_plan
from optimiser.problem import Beds, Figure, Fixed, Observed, Problem, Transfer
from optimiser.report import summary
from optimiser.search.enumeration import enumerate_all
from optimiser.search.planning import solve

TODAY = frozenset({("ash", "clinic"), ("birch", "clinic")})
AT_BIRCH, AT_ASH = TODAY | {("birch", "scanner")}, TODAY | {("ash", "scanner")}
LIMITS = {
    "most_transfers_a_day": Figure(0.055, "agreed", True),
    "most_repatriations_a_year": Figure(3.25, "agreed", True),
    "most_ambulance_hours": Figure(12, "agreed", True),
}


# -- a run folder of a problem that was made in Python -----------------------------------------------------------------


def breaches(plan: Plan) -> pd.DataFrame:
    """Return what the checker finds wrong with a plan's run."""
    return check(files_of(replace(plan, problem=with_files(plan.problem))))


# -- solved by hand ----------------------------------------------------------------------------------------------------


def number(plan: Plan, name: str, group: str = "") -> float:
    return measures.number(measures.table(plan), name, "scanner", group)


def test_who_goes_where_and_in_how_many_minutes():
    journeys = evaluate(by_transfer(), AT_BIRCH).journeys.query("service == 'scanner'").set_index("area")
    assert journeys["first_site"].to_dict() == {"east": "birch", "far": "birch", "mid": "ash", "west": "ash"}
    assert set(journeys["site"]) == {"birch"}
    assert journeys["first_minutes"].to_dict() == {"east": 10, "far": 15, "mid": 20, "west": 10}
    assert journeys["transfer_minutes"].to_dict() == {"east": 0, "far": 0, "mid": 10, "west": 10}
    assert journeys["minutes"].to_dict() == {"east": 10, "far": 15, "mid": 50, "west": 40}


def test_a_direct_journey_is_first_contact_itself():
    journeys = evaluate(by_transfer(), AT_BIRCH).journeys.query("service == 'clinic'")
    assert (journeys["first_site"] == journeys["site"]).all()
    assert (journeys["first_minutes"] == journeys["minutes"]).all()
    assert (journeys["transfer_minutes"] == 0).all()


@pytest.mark.parametrize(
    ("designated", "expected"),
    [
        (AT_BIRCH, {"patient_minutes": 1250, "worst_minutes": 50, "ambulance_hours_per_year": 11.9375}),
        (AT_ASH, {"patient_minutes": 1325, "worst_minutes": 45, "ambulance_hours_per_year": 18.15625}),
        (AT_BIRCH, {"repatriations_per_year": 3, "transfers_per_day": 0.051369863, "mean_minutes": 20.833333333}),
        (AT_ASH, {"repatriations_per_year": 3.5, "transfers_per_day": 0.059931507}),
        (AT_BIRCH | AT_ASH, {"patient_minutes": 800, "transfers_per_day": 0, "ambulance_hours_per_year": 0}),
        # Of 60 residents 30 are at birch within 30 minutes; the others take 40 and 50, whether they stay or not.
        (AT_BIRCH, {"patients_within_30": 30, "patients_within_45": 40, "median_minutes": 10, "p95_minutes": 50}),
    ],
)
def test_measures_are_as_worked_out_by_hand(designated: frozenset[tuple[str, str]], expected: dict[str, float]):
    plan = evaluate(by_transfer(), designated)
    assert {name: number(plan, name) for name in expected} == expected


def test_those_who_stay_are_counted_where_they_stay():
    plan = evaluate(by_transfer(), AT_ASH)
    assert number(plan, "site_patients", "ash") == 30 + 17.5
    assert number(plan, "site_patients_from_outside", "ash") == 2.5
    assert number(plan, "site_patients_not_transferred", "birch") == 17.5
    assert number(plan, "transfers_per_day", "birch to ash") == number(plan, "transfers_per_day")


def test_a_neighbour_with_the_service_keeps_its_patients_and_takes_others():
    # Oak has a scanner now, and nobody else has: all go there, from ash in 20 + 20 minutes and from birch in 20 + 30.
    world = by_transfer(neighbours=("oak",))
    journeys = evaluate(world, TODAY).journeys.query("service == 'scanner'").set_index("area")
    assert journeys["minutes"].to_dict() == {"east": 60, "far": 65, "mid": 60, "west": 50}
    # With the clinic shut everybody is seen at oak, and stays.
    shut = vary(world, "clinic", fixed={})
    there = evaluate(shut, set()).journeys.query("service == 'scanner'")
    assert set(there["first_site"]) == set(there["site"]) == {"oak"}
    # Behind the border there is no oak, so somebody must have a scanner.
    with pytest.raises(NoPlan):
        solve(vary(world.behind_its_border(), "scanner", at_most_sites=Figure(0)))


def test_equal_transfers_go_to_a_candidate_then_by_code():
    # Everywhere is 10 minutes from ash. Birch is a candidate, oak a neighbour.
    world = by_transfer(neighbours=("oak",))
    world = replace(world, transfers=world.transfers.replace({15.0: 10.0, 20.0: 10.0}))
    site = evaluate(world, AT_BIRCH).journeys.query("service == 'scanner'").set_index("area")["site"]
    assert site["west"] == "birch"


def test_a_site_with_the_service_keeps_its_patients_even_where_others_are_no_minutes_away():
    world = by_transfer(dwell_minutes=Figure(0), overhead_minutes=Figure(0))
    world = replace(world, transfers=world.transfers * 0)
    assert number(evaluate(world, AT_BIRCH | AT_ASH), "transfers_per_day") == 0
    assert number(evaluate(world, AT_BIRCH), "transfers_per_day") > 0


def test_volume_rules_count_those_who_arrive():
    # At ash arrive 47.5, at birch 50, with both 30 and 35.
    for least, most, expected in ((48, 60, {"birch"}), (40, 49, {"ash"}), (0, 40, {"ash", "birch"})):
        world = by_transfer(minimum_patients=Figure(least), maximum_patients=Figure(most))
        assert set(solve(world).sites_of("scanner")) == expected


def test_standards_look_at_those_who_are_transferred():
    one = {"at_most_sites": Figure(1), "standard_minutes": Figure(40)}
    # Within 40 minutes: at birch east and west, 40 of 60; at ash west and mid, 30 of 60 (east takes 45).
    assert solve(by_transfer(**one, share_within_standard=Figure(0.6))).sites_of("scanner") == ("birch",)
    assert solve(by_transfer(at_most_sites=Figure(1), longest_journey_minutes=Figure(45))).sites_of("scanner") == (
        "ash",
    )
    with pytest.raises(NoPlan):
        solve(by_transfer(**one, share_within_standard=Figure(0.7)))
    with pytest.raises(NoPlan):
        solve(by_transfer(at_most_sites=Figure(1), longest_journey_minutes=Figure(44.9)))


def stay(beds: dict[str, float]) -> Beds:
    """Return beds for stays of a hundredth of a year, so that a hundred patients a year fill one; a third is lost."""
    return Beds(Figure(3.65), Figure(0.33), at={site: Figure(n) for site, n in beds.items()})


def test_beds_count_those_who_arrive_by_either_way():
    # One bed turns away 0.5 / 1.5 of birch's 50 patients, which is too many, and 0.475 / 1.475 of ash's 47.5.
    at_birch, at_ash = (evaluate(by_transfer(beds=stay({})), where) for where in (AT_BIRCH, AT_ASH))
    assert number(at_birch, "beds_needed", "birch") == 2
    assert number(at_ash, "beds_needed", "ash") == 1
    plan = solve(by_transfer(beds=stay({"ash": 1, "birch": 1}), at_most_sites=Figure(1)))
    assert plan.sites_of("scanner") == ("ash",)
    assert breaches(plan).empty
    assert solve(by_transfer(beds=stay({"ash": 1, "birch": 2}), at_most_sites=Figure(1))).sites_of("scanner") == (
        "birch",
    )
    with pytest.raises(NoPlan):
        solve(by_transfer(beds=stay({"ash": 0, "birch": 1}), at_most_sites=Figure(1)))


def test_beds_as_today_are_those_of_today_s_first_contact_and_sites():
    # Today the clinic is at both and the scanner at birch: 50 patients. With both at ash alone all 65 are there.
    world = by_transfer(beds=stay({}), neighbours=("oak",))
    world = replace(vary(world, "clinic", fixed={}), today=world.today | {("birch", "scanner")})
    plan = evaluate(world, {("ash", "clinic"), ("ash", "scanner")})
    assert number(plan, "beds_needed_as_today") == 2
    assert breaches(plan).empty


DRAWN = Observed({"birch": Figure(-15)})


def test_patients_of_one_kind_may_be_drawn_to_another_first_contact_than_all_who_come():
    # To birch it is 15 minutes nearer than it is: mid, 20 minutes from both, is seen there too. Ash has west's 10 left.
    plan = evaluate(by_transfer(observed=DRAWN), AT_BIRCH)
    journeys = plan.journeys.set_index(["service", "area"])
    assert journeys.loc[("scanner", "mid"), ["first_site", "minutes"]].tolist() == ["birch", 20]
    assert journeys.loc[("clinic", "mid"), "site"] == "ash"
    assert number(plan, "transfers_per_day") == pytest.approx(10 * 0.5 * 1.25 / 365)
    # West 10 × (10 + 15), mid 20 × 20, east 30 × 10.
    assert number(plan, "patient_minutes") == 950
    assert breaches(plan).empty
    best = solve(by_transfer(observed=DRAWN, at_most_sites=Figure(1)))
    assert best.sites_of("scanner") == ("birch",)
    assert best.proof.objectives[0].value == 800 + 950


def test_patients_of_one_kind_who_are_drawn_nowhere_go_with_all_who_come():
    # The scanner has no offset of its own: its patients are seen where the clinic's are, mid at birch in 20 minutes.
    world = vary(by_transfer(observed=Observed()), "clinic", observed=DRAWN)
    plan = evaluate(world, AT_BIRCH)
    assert set(plan.journeys.query("area == 'mid'")["first_site"]) == {"birch"}
    assert number(plan, "patient_minutes") == 950
    assert breaches(plan).empty


def test_where_first_contact_is_drawn_so_are_those_who_are_taken_on():
    plan = evaluate(vary(by_transfer(), "clinic", observed=DRAWN), AT_BIRCH)
    assert set(plan.journeys.query("area == 'mid'")["first_site"]) == {"birch"}
    assert number(plan, "patient_minutes") == 950
    assert breaches(plan).empty


def test_nobody_need_be_taken_on_to_a_neighbour():
    # From ash it is 20 minutes to oak, which has a scanner, and from birch 30; where nobody may go there, nobody can.
    world = by_transfer(neighbours=("oak",), to_neighbours=False)
    assert set(evaluate(by_transfer(neighbours=("oak",)), TODAY).journeys.query("service == 'scanner'")["site"]) == {
        "oak"
    }
    nowhere = evaluate(world, TODAY)
    assert nowhere.broken["rule"].tolist() == ["every_area_is_served"]
    # Patients who are taken nowhere never arrive: their minutes have no end, as where they cannot go straight anywhere.
    assert [reached.value for reached in nowhere.proof.objectives] == [float("inf")]
    assert breaches(evaluate(world, TODAY)).empty
    assert solve(world).sites_of("scanner") == ("ash", "birch")
    # Those who are seen first at oak stay there.
    shut = evaluate(vary(world, "clinic", fixed={}), {("birch", "clinic"), ("birch", "scanner")})
    assert set(shut.journeys.query("service == 'scanner'")["site"]) == {"birch"}
    outside = evaluate(vary(world, "clinic", fixed={}), set())
    assert set(outside.journeys.query("service == 'scanner'")["site"]) == {"oak"}
    # With five minutes between ash and oak, ash's patients go to birch all the same.
    near = replace(world, transfers=world.transfers.replace({20.0: 5.0}))
    plan = evaluate(near, AT_BIRCH)
    assert set(plan.journeys.query("service == 'scanner'")["site"]) == {"birch"}
    assert breaches(plan).empty


def test_the_other_pathway_is_shown_beside_it():
    # Straight to birch: west 10 × 30, mid 20 × 20, east 30 × 10, over 60 residents.
    assert number(evaluate(by_transfer(), AT_BIRCH), "mean_minutes_straight_there") == pytest.approx(1000 / 60)


def test_a_clash_is_told_in_words():
    found = clash(by_transfer(at_most_sites=Figure(1), most_transfers_a_day=Figure(0.05)))
    told = str(found)
    assert "Scanner takes at most 0.05 transfers a day (not_too_many_transfers.scanner)" in told
    # 18.75 a year are 0.05137 a day. Whoever allows what is said, rounded up, allows enough.
    (more,) = (way for way in found.ways_out if way.demand == ("not_too_many_transfers", ("scanner",)))
    assert more.by == pytest.approx(18.75 / 365 - 0.05, abs=1e-6)
    assert "allow 0.01 more transfers a day to Scanner" in told
    told = str(clash(by_transfer(at_most_sites=Figure(1), most_repatriations_a_year=Figure(2))))
    assert "at most 2 patients a year are taken back from Scanner (not_too_many_repatriations.scanner)" in told
    assert "allow 1 more repatriation a year from Scanner" in told
    told = str(clash(by_transfer(at_most_sites=Figure(1), most_ambulance_hours=Figure(10))))
    assert "ambulances spend at most 10 hours a year on transfers to Scanner" in told
    assert "allow 1.94 more ambulance hours a year for transfers to Scanner" in told


def test_a_clash_of_all_transfers_is_told_in_words_and_the_checker_finds_the_same_way_out():
    problem = with_files(two_by_transfer(30))
    found = clash(problem)
    told = str(found)
    assert "all services together take at most 30 transfers a year (not_too_many_transfers_in_all.all_services)" in told
    # With both at birch 33.75 move.
    (more,) = (way for way in found.ways_out if way.demand == ("not_too_many_transfers_in_all", ("all_services",)))
    assert more.by == pytest.approx(3.75)
    assert "allow 3.75 more transfers a year to all services together" in told
    faults = check(files_without_plan(problem, found.tables(), found.all_found))
    assert faults.empty, "\n".join(faults["message"])


def test_a_price_of_the_cap_on_all_transfers_is_told():
    problem = two_by_transfer(36, at_most_sites=None)
    price = next(one for one in givings(problem) if one.rule.name == "not_too_many_transfers_in_all")
    assert price.words == "all services together take at most 36 transfers a year"
    looser = price.looser(problem, 1)
    assert looser and looser[0].most_transfers_a_year == Figure(401, "Relaxed from 36", False)
    assert looser[1] == "allow 365 more transfers a year to all services together"


def test_tenths_of_transfers_over_services_add_up_to_a_cap_exactly():
    # Twelve services of which a tenth, two tenths or seven tenths move: as floats these do not add up to a whole.
    world = two_by_transfer(at_most_sites=None)
    theatre = world.services["theatre"]
    assert theatre.transfer
    shares = (0.1, 0.2, 0.7) * 4
    many = {
        f"theatre_{n:02}": replace(
            theatre,
            code=f"theatre_{n:02}",
            transfer=replace(theatre.transfer, share_transferred=Figure(share)),
            fixed={"ash": Fixed(False, "no room")},
        )
        for n, share in enumerate(shares)
    }
    services = {**{code: world.services[code] for code in ("clinic", "x_ray")}, **many}
    # Each is at birch, and ash's 30 patients move: 30 × (0.1 + 0.2 + 0.7) × 4 = 120. The X-ray room may be anywhere.
    for most, lawful in ((120, 4), (119.999999, 0)):
        capped = replace(world, services=services, today=frozenset(), most_transfers_a_year=Figure(most))
        assert enumerate_all(capped).lawful == lawful


def test_the_summary_says_how_many_are_transferred_and_on_what_that_rests():
    lines = summary.lines(evaluate(by_transfer(), AT_BIRCH))
    counted = "0.1 transfers a day (suspected patients counted)"
    assert any(line.startswith("Scanner") and line.endswith(counted) for line in lines)
    assert any(line.startswith("- Transfers to Scanner: dwell minutes ") for line in lines)


def test_second_legs_are_a_table_of_first_sites_and_sites():
    legs = second_legs(by_transfer(), "scanner")
    assert (legs.first_sites, legs.sites) == (("ash", "birch", "oak"), ("ash", "birch"))
    assert legs.minutes.tolist() == [[0, 30], [35, 0], [40, 50]]


# -- the independent check ---------------------------------------------------------------------------------------------

LIMITED = replace(by_transfer(at_most_sites=Figure(1), **LIMITS), most_transfers_a_year=Figure(18.875, "agreed", True))


def run_of(plan: Plan) -> dict[str, str]:
    return {
        name: content.decode() for name, content in files_of(replace(plan, problem=with_files(plan.problem))).items()
    }


def found_in(run: Mapping[str, str]) -> set[str]:
    """Seal a run again and return the names of the checks that find something."""
    record = json.loads(run["run.json"])
    record.pop("files")
    return set(check(sealed({name: text.encode() for name, text in run.items()}, json.dumps(record)))["check"])


def test_a_true_run_has_no_breach():
    for designated in (AT_BIRCH, AT_ASH, AT_BIRCH | AT_ASH):
        found = breaches(evaluate(LIMITED, designated))
        assert found.empty, "\n".join(found["message"])
    assert found_in(run_of(solve(LIMITED))) == set()


RULES = {
    "not_too_many_transfers": ("0.055", "0.05"),
    "not_too_many_repatriations": ("3.25", "2.75"),
    "not_too_many_transfers_in_all": ("18.875", "18.625"),
    "not_too_many_ambulance_hours": ('"value": 12', '"value": 11'),
}


def test_every_limit_on_transfers_is_broken_here():
    nothing_is_forgotten(BROKEN_THERE - set(RULES), "A rule, step 4", "tests/journeys/test_by_transfer.py, RULES")
    assert set(RULES) == BROKEN_THERE


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_limit_is_reported_under_its_own_name(rule: str):
    run = run_of(solve(LIMITED))
    old, new = RULES[rule]
    assert run["config.yaml"].count(old) == 1
    run["config.yaml"] = run["config.yaml"].replace(old, new)
    # Every option that is listed breaks it, too.
    assert found_in(run) == {rule, "listed_options_are_lawful"}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("column", ["left", "relation", "right", "unit", "spare", "binding", "pass", "source"])
def test_every_cell_of_a_limit_is_checked(rule: str, column: str):
    run = run_of(solve(LIMITED))
    header, *lines = run["rules.csv"].splitlines()
    old = next(line for line in lines if line.startswith(rule))
    cells = dict(zip(header.split(","), old.split(","), strict=True))
    lies = {"unit": "furlongs", "relation": "<", "binding": "true", "pass": "false", "source": "made up"}
    cells[column] = lies.get(column, "7")
    assert found_in(run | {"rules.csv": run["rules.csv"].replace(old, ",".join(cells.values()))}) == {rule}
    assert found_in(run | {"rules.csv": run["rules.csv"].replace(old + "\n", "")}) == {rule}


LIES = {
    "an earlier arrival": ("journeys.csv", ",west,true,birch,40,", ",west,true,birch,39,", "minutes_are_the_tables"),
    "nobody moved": ("journeys.csv", "10,ash,10,10", "10,birch,10,10", "first_contact_is_at_the_nearest_site"),
    "a shorter way": ("journeys.csv", "10,ash,10,10", "10,ash,10,9", "first_contact_is_at_the_nearest_site"),
    "fewer transfers": ("measures.csv", "transfers_per_day,scanner,,0.05", "transfers_per_day,scanner,,0.04", ""),
    "an ambulance that does not come back": ("measures.csv", "11.9375", "6", ""),
    "nobody taken back": ("measures.csv", "repatriations_per_year,scanner,,3", "repatriations_per_year,scanner,,0", ""),
    "nobody left behind": ("measures.csv", "not_transferred,scanner,ash,15", "not_transferred,scanner,ash,0", ""),
    "another pair": ("measures.csv", "ash to birch", "birch to ash", ""),
    "no way by road": ("inputs/transfers.csv", "oak,ash,20.0\n", "", "inputs_are_complete"),
    "a way from nowhere": ("inputs/transfers.csv", "oak,ash", "elm,ash,3\noak,ash", "inputs_are_complete"),
    "more than all": ("config.yaml", 'transferred": 0.5', 'transferred": 1.5', "config_is_understood"),
    "first contact nowhere": ("config.yaml", 'contact": "clinic"', 'contact": "spa"', "config_is_understood"),
    "first contact with itself": ("config.yaml", 'contact": "clinic"', 'contact": "scanner"', "config_is_understood"),
    "a way that no check knows": ("config.yaml", 'way": "transfer"', 'way": "tunnel"', "config_is_understood"),
    "a transfer without a pathway": ("config.yaml", 'way": "transfer"', 'way": null', "config_is_understood"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(lie: str):
    name, old, new, expected = LIES[lie]
    run = run_of(solve(LIMITED))
    assert run[name].count(old) == 1, run[name]
    assert found_in(run | {name: run[name].replace(old, new)}) == {expected or "measures_are_right"}


# -- worlds that nobody chose ------------------------------------------------------------------------------------------


@st.composite
def worlds_with_transfers(draw: st.DrawFn) -> Problem:
    """Draw a world with few rules in which the last service is reached by way of the first."""
    problem = draw(worlds())
    first, *others = problem.services
    assume(others)
    # A config that shares out patients on a transfer pathway is refused.
    plain = {"transfer": None, "managed": False, "travel_by": None}
    services = {code: replace(one, **plain) for code, one in problem.services.items()}
    services[first] = replace(services[first], activity="visit")
    for code in others:
        services[code] = replace(services[code], activity=draw(st.sampled_from(["visit", "stay"])))
    moved = draw(transfers({first: services[first]} | {code: services[code] for code in others}))
    moved = {code: one for code, one in moved.items() if code != first}
    moved[others[-1]] = Transfer(first, Figure(5), Figure(10), Figure(draw(st.sampled_from([1, 0.5]))), Figure(1.5))
    moved = {code: replace(one, first_contact=first) for code, one in moved.items()}
    for code, transfer in moved.items():
        services[code] = replace(services[code], transfer=transfer)
    if draw(st.booleans()):
        bare = {"share_within_standard": None, "longest_journey_minutes": None, "minimum_patients": None, "rotas": ()}
        services = {code: replace(service, **bare) for code, service in services.items()}
    if draw(st.booleans()):
        # More clinics than scanners, so that somebody is moved.
        everywhere = {site: Fixed(True, "drawn") for site in problem.candidates}
        services[first] = replace(services[first], fixed=everywhere, at_most_sites=None)
        services[others[-1]] = replace(services[others[-1]], at_least_sites=None, at_most_sites=Figure(1))
    # A config says once for a team whether its rota may fall short, in people and in WTE alike.
    services = {
        code: replace(one, rotas=tuple(replace(rota, may_fall_short=one.rotas[0].may_fall_short) for rota in one.rotas))
        for code, one in services.items()
    }
    return replace(problem, services=services)


@draws(40)
@given(worlds_with_transfers())
def test_solver_full_list_and_checker_agree(problem: Problem):
    listing = enumerate_all(problem)
    try:
        plan = solve(problem, list_all=False)
    except NoPlan:
        assert listing.lawful == 0
        plan = evaluate(problem, problem.today)
        if not plan.broken.query("rule == 'every_area_is_served'").empty:
            return
    else:
        assert tuple(reached.value for reached in plan.proof.objectives) == listing.ranked[0].values
        assert plan.broken.empty
    found = breaches(plan)
    assert found.empty, "\n".join(found["message"])


@draws(8)
@given(worlds_with_transfers().filter(lambda problem: len(problem.candidates) * len(problem.services) <= 6))
def test_full_list_and_one_by_one_evaluation_agree(problem: Problem):
    listing = enumerate_all(problem)
    assert (listing.ranked[0].values if listing.ranked else None) == naive_best(problem)


# -- read from a config ------------------------------------------------------------------------------------------------

SCAN = """\
  scan:
    name: Scan
    activity: visit
    pathway: transfer
    transfer: {first_contact: care, dwell_minutes: 5, overhead_minutes: 10}
"""
WITH_SCAN = CONFIG.replace("today:", f"{SCAN}today:").replace(
    "place: ../place", "place: ../place\ntravel: {factor: 1.5}"
)


def test_a_config_says_how_patients_are_transferred(tmp_path: Path):
    problem = op.read_problem(write_question(tmp_path, WITH_SCAN))
    assert problem.services["scan"].transfer == Transfer("care", Figure(5), Figure(10))
    # The factor is on the road alone: 20 × 1.5 from ash to birch.
    assert problem.transfers.loc["ash", "birch"] == 30
    plan = op.evaluate(problem, {("ash", "care"), ("birch", "care"), ("ash", "scan"), ("ash", "labs")})
    journeys = plan.journeys.query("service == 'scan'").set_index("area")
    assert journeys.loc["A2", ["first_site", "site"]].tolist() == ["birch", "elm"]
    assert journeys.loc["A2", "minutes"] == 1.5 * 12 + 5 + 10 + 1.5 * 12
    found = op.check(plan)
    assert found.empty, "\n".join(found["message"])


def test_overhead_may_be_stated_in_parts(tmp_path: Path):
    parts = "call_minutes: {value: 1.5, source: A log, verified: true}, crew_minutes: 6, handover_minutes: 2.5"
    text = WITH_SCAN.replace("overhead_minutes: 10", parts + ", to_neighbours: false")
    problem = op.read_problem(write_question(tmp_path, text))
    transfer = problem.services["scan"].transfer
    assert transfer and transfer.overhead_minutes == Figure(
        10, "call 1.5: A log; crew 6: no source stated; handover 2.5: no source stated"
    )
    assert not transfer.to_neighbours
    both = {("ash", "care"), ("birch", "care"), ("ash", "scan"), ("ash", "labs")}
    for plan in (op.solve(problem), op.evaluate(problem, both)):
        found = op.check(plan)
        assert found.empty, "\n".join(found["message"])


def test_a_cap_on_all_transfers_is_read_with_its_source_and_refused_where_nobody_is_transferred(tmp_path: Path):
    capped = WITH_SCAN + "most_transfers_a_year: {value: 5000, source: agreed, verified: true}\n"
    assert op.read_problem(write_question(tmp_path, capped)).most_transfers_a_year == Figure(5000, "agreed", True)
    with pytest.raises(InputError) as refused:
        op.read_problem(write_question(tmp_path, capped.replace("pathway: transfer", "pathway: direct")))
    assert "most_transfers_a_year counts those on the transfer pathway, and no service has it." in str(refused.value)
    with pytest.raises(InputError) as refused:
        op.read_problem(write_question(tmp_path, capped.replace("5000", "-1")))
    assert '"most_transfers_a_year" must be at least 0' in str(refused.value)


def test_a_pathway_may_be_kept_aside(tmp_path: Path):
    problem = op.read_problem(write_question(tmp_path, WITH_SCAN.replace("pathway: transfer", "pathway: direct")))
    assert problem.services["scan"].transfer is None
    assert op.check(op.solve(problem)).empty


FAULTS = {
    "no transfer": (
        ("    transfer: {first_contact: care, dwell_minutes: 5, overhead_minutes: 10}\n", ""),
        "scan has the transfer pathway but no transfer.",
    ),
    "no pathway": (("    pathway: transfer\n", ""), "scan states transfer but no pathway. Write pathway: transfer"),
    "no such service": (
        ("first_contact: care", "first_contact: cara"),
        'there is no service "cara" in this config. Did',
    ),
    "itself": (("first_contact: care", "first_contact: scan"), "scan is reached by transfer itself."),
    "nobody goes there": (("first_contact: care", "first_contact: labs"), "labs has no activity, so nobody goes there"),
    "no patients": (
        ("    activity: visit\n    pathway", "    pathway"),
        "needs to know who the patients are. Set activity",
    ),
    "no dwell": (("dwell_minutes: 5, ", ""), '"dwell_minutes" is missing'),
    "a slip": (
        ("dwell_minutes", "dwel_minutes"),
        '"dwel_minutes" is not a setting here. Did you mean "dwell_minutes"?',
    ),
    "more than all": (
        ("minutes: 10}", "minutes: 10, share_transferred: 1.1}"),
        '"share_transferred" must be at most 1',
    ),
    "fewer than confirmed": (("minutes: 10}", "minutes: 10, suspected_per_confirmed: 0.7}"), "must be at least 1"),
    "overhead twice": (
        ("overhead_minutes: 10}", "overhead_minutes: 10, call_minutes: 1}"),
        "needs either overhead_minutes, or call_minutes, crew_minutes and handover_minutes.",
    ),
    "part of the overhead": (
        ("overhead_minutes: 10}", "call_minutes: 1, crew_minutes: 2}"),
        "needs either overhead_minutes, or call_minutes, crew_minutes and handover_minutes.",
    ),
    "too fine": (("dwell_minutes: 5", "dwell_minutes: 5.1234567"), "is counted to six decimal places at most"),
    "objective": (("objectives: [", "objectives: [{transfers: [care]}, "), "transfers counts those on the transfer"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_meant_is_refused_with_a_remedy(fault: str, tmp_path: Path):
    (old, new), words = FAULTS[fault]
    assert WITH_SCAN.count(old) == 1
    with pytest.raises(InputError) as refused:
        op.read_problem(write_question(tmp_path, WITH_SCAN.replace(old, new)))
    assert words in str(refused.value)


def test_transfers_are_needed_where_somebody_is_transferred(tmp_path: Path):
    with pytest.raises(
        InputError, match=r"line \d+: the transfer pathway needs .* has none\. Add it, with the columns from"
    ):
        op.read_problem(write_question(tmp_path / "none", WITH_SCAN, transfers=None))
    short = TABLES["transfers"].replace("birch,elm,12\n", "")
    with pytest.raises(InputError, match="there is no transfer time from birch to elm"):
        op.read_problem(write_question(tmp_path / "short", WITH_SCAN, transfers=short))
    op.read_problem(write_question(tmp_path / "direct", CONFIG, transfers=None))
