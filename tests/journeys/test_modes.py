"""Journeys by other modes than those of journeys.csv: who goes where by them, who is visited, and what is refused."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from made_up_place import CONFIG, TABLES, write_place, write_question
from road_tables import TABLES as ROADS
from test_pack import accepted, levels, sealed, written

from optimiser.checker import check
from optimiser.errors import InputError
from optimiser.inputs import read_problem
from optimiser.inputs.importing import Wishes, bring_in
from optimiser.inputs.importing.writing import write_into
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.runs import files_of
from optimiser.problem import Problem
from optimiser.problem.parameters import changed
from optimiser.report.isochrones import isochrones
from optimiser.report.rests_on import figures
from optimiser.report.summary import lines
from optimiser.search.planning import solve

# By bus birch is nearer to everybody of the system, and ash to nobody; to elm nobody of A1 goes by bus at all.
BY_BUS = """mode,area,site,minutes
by_bus,A1,ash,60.25
by_bus,A1,birch,20
by_bus,A1,elm,95
by_bus,A2,ash,50
by_bus,A2,birch,32
by_bus,A2,elm,90
by_bus,A3,ash,50
by_bus,A3,birch,50
by_bus,A3,elm,10
by_train,A1,ash,7
by_train,A3,birch,9
"""
ACTIVITY = "    activity: visit\n"
ONE_SITE = CONFIG.replace("    at_least_sites: 1\n", "    at_least_sites: 1\n    at_most_sites: 1\n")


LABS = "    name: Laboratories\n"
WAITS = "dwell_minutes: 0, overhead_minutes: 0, share_transferred: 1, repatriated_share: 0"
MOVED = f"{{name: More, activity: visit, pathway: transfer, transfer: {{first_contact: care, {WAITS}}}}}"


def by(mode: str = "by_bus", setting: str = "travel_by", config: str = ONE_SITE) -> str:
    return config.replace(ACTIVITY, f"{ACTIVITY}    {setting}: {mode}\n")


def asked(folder: Path, config: str, **changed_tables: str | None) -> Problem:
    return read_problem(write_question(folder, config, **{"journeys_by_mode": BY_BUS, **changed_tables}))


def found(plan: Plan, measure: str) -> float:
    return measures.number(plan.measures, measure, "care")


def test_patients_who_go_by_bus_are_taken_where_the_bus_is_quick(tmp_path: Path):
    """One site. By road ash: 10 × 10 + 4.333333 × 15 against 10 × 20.5 + 4.333333 × 12. By bus birch."""
    by_road, by_bus = solve(asked(tmp_path / "road", ONE_SITE)), solve(asked(tmp_path / "bus", by()))
    assert by_road.sites_of("care") == ("ash",)
    assert by_bus.sites_of("care") == ("birch",)
    assert by_bus.proof.objectives[0].value == pytest.approx(10 * 20 + 4.333333 * 32, abs=1e-9)
    assert by_bus.proof.objectives[1].value == 32
    assert list(by_bus.journeys["minutes"]) == [20, 32, 10]
    assert check(files_of(by_bus)).empty
    assert "none is better" in accepted(files_of(by_bus), tmp_path / "run")


def test_every_choice_of_sites_comes_to_what_one_adds_up_by_hand_on_drawn_tables(tmp_path: Path):
    """All minutes and patients drawn; every choice of sites is added up one by one, and the least is the answer."""
    draw = np.random.default_rng(15)
    areas, sites = ("A1", "A2", "A3"), ("ash", "birch", "elm")
    for number in range(12):
        minutes = {(a, s): int(draw.integers(5, 60)) for a in areas for s in sites}
        patients = dict(zip(areas, map(int, draw.integers(1, 30, 3)), strict=True))
        rows = "".join(f"by_bus,{a},{s},{m}\n" for (a, s), m in minutes.items())
        demand = "".join(f"{a},visit,{n}\n" for a, n in patients.items())
        config = by(config=CONFIG.replace("    minimum_patients: {value: 5, source: A book, verified: true}\n", ""))
        tables = {"journeys_by_mode": f"mode,area,site,minutes\n{rows}"}
        tables["demand"] = f"area,activity,patients_per_year\n{demand}"
        problem = asked(tmp_path / str(number), config, **tables)
        totals = {
            chosen: sum(patients[a] * min(minutes[a, s] for s in (*chosen, "elm")) for a in ("A1", "A2"))
            for many in (1, 2)
            for chosen in combinations(("ash", "birch"), many)
        }
        for chosen, total in totals.items():
            plan = evaluate(problem, {(site, "care") for site in chosen} | {("ash", "labs")})
            assert plan.proof.objectives[0].value == total
        assert solve(problem).proof.objectives[0].value == min(totals.values())


def test_visitors_come_by_their_own_mode_to_where_patients_are_and_change_nothing(tmp_path: Path):
    """At ash the 10 of A1 are visited by train in 7 minutes, and nobody reaches the 4.333333 of A2."""
    plan, other = solve(asked(tmp_path, by("by_train", "visitors_travel_by"))), solve(asked(tmp_path / "o", ONE_SITE))
    assert plan.designated == other.designated
    assert found(plan, "visitors_mean_minutes") == 7
    assert found(plan, "patients_out_of_visitors_reach") == pytest.approx(4.333333)
    assert check(files_of(plan)).empty
    assert accepted(files_of(plan), tmp_path / "run")


def test_both_checkers_notice_other_minutes_of_visitors(tmp_path: Path):
    files = files_of(solve(asked(tmp_path, by("by_train", "visitors_travel_by"))))
    true, row = files["measures.csv"], b"visitors_mean_minutes,care,,"
    lie = files | {"measures.csv": true.replace(row + b"7", row + b"8")}
    assert lie != files
    assert any("visitors_mean_minutes" in words for words in check(lie)["message"])
    assert any("visitors_mean_minutes" in words for _, words in levels(written(sealed(lie), tmp_path / "run")))


def test_both_checkers_notice_another_table_of_a_mode(tmp_path: Path):
    files = files_of(solve(asked(tmp_path, by())))
    name = "inputs/journeys_by_mode.csv"
    lie = files | {name: files[name].replace(b"by_bus,A1,birch,20\n", b"by_bus,A1,birch,21\n")}
    assert not check(lie).empty
    assert levels(written(sealed(lie), tmp_path / "run"))


def test_isochrones_are_by_a_mode_where_one_is_asked_for(tmp_path: Path):
    """To birch by bus 20 from A1 (1,000 people), 32 from A2 (2,000) and 50 from A3 (500)."""
    config = write_question(tmp_path, by(), journeys_by_mode=BY_BUS)
    steps = isochrones(config, "birch", mode="by_bus").steps
    assert list(steps["people"]) == [0, 1000, 2000, 500]
    with pytest.raises(InputError, match="is no mode that a service of the question names"):
        isochrones(config, "birch", mode="by_boat")


def test_factors_and_changes_are_of_every_mode_alike(tmp_path: Path):
    told = "travel: {factor: {value: 2, source: A book, verified: true}}\n"
    problem = asked(tmp_path, by(config=ONE_SITE + told))
    assert problem.by_mode["by_bus"].loc["A1", "ash"] == 120.5
    longer = changed(problem, {"journeys.ash.from_everywhere": 5.0, "journey_factor": 1.5})
    assert longer.by_mode["by_bus"].loc["A1", "ash"] == 120.5 * 1.5 + 5
    assert longer.journeys.loc["A1", "ash"] == 20 * 1.5 + 5
    said = "journeys.ash.from_everywhere: {value: +5, reason: A bridge}, journey_factor: {value: x1.5, reason: Snow}"
    plan = solve(asked(tmp_path / "asked", by(config=f"{ONE_SITE}{told}change: {{{said}}}\n")))
    assert plan.problem.by_mode["by_bus"].equals(longer.by_mode["by_bus"])
    assert check(files_of(plan)).empty
    assert accepted(files_of(plan), tmp_path / "run")


def test_a_run_says_who_travels_how_and_that_nobody_verified_it(tmp_path: Path):
    config = by("by_train", "visitors_travel_by", by())
    plan = solve(asked(tmp_path, config))
    words = "By journeys_by_mode.csv patients of Care travel by bus; visitors to Care travel by train."
    assert f"{words} Nobody is taken elsewhere for the sake of visitors." in lines(plan)
    assert "Journeys by bus (no source stated)" in figures(plan)
    sourced = f"{TABLES['columns']}journeys_by_mode,minutes,made_up\n"
    assert "Journeys by bus (no source stated)" not in figures(solve(asked(tmp_path / "s", config, columns=sourced)))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (by("by_buss"), 'there is no mode "by_buss" in journeys_by_mode.csv. Did you mean "by_bus"?'),
        (by("by_train"), "journeys_by_mode.csv has no row by_train, A1, birch and 6 more."),
        (CONFIG.replace(LABS, f"{LABS}    travel_by: by_bus\n"), "travel_by needs to know who the patients are"),
        (
            f"{by()}roads: {{close: [A1]}}\n",
            "it is not known how much longer journeys by bus take then. List under roads.untouched what this does not "
            "touch, such as trains, or a mode brought in as it is then.",
        ),
        (
            f"{by()}roads: {{close: [A1], untouched: [by_buss]}}\n",
            'no table of the place has a mode "by_buss". Did you mean "by_bus"?',
        ),
        (
            f"{by()}travel: {{calibration: {{plus: 1, times: 2, applied: false}}}}\n",
            "travel.calibration is that of journeys.csv",
        ),
        (
            by().replace("  labs:\n", f"  more: {MOVED}\n  labs:\n"),
            "patients of more are transferred",
        ),
    ],
)
def test_what_is_not_known_of_a_mode_is_refused(config: str, words: str, tmp_path: Path):
    with pytest.raises(InputError) as refused:
        asked(tmp_path, config)
    assert words in str(refused.value)


# Homes at west but A2's, which is at middle as birch is; ash lies at east.
ON_ROADS = ROADS | {
    "road_access": "end,junction,km\nA1,west,2\nA2,middle,1\nA3,west,4\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
}


def test_a_mode_that_shut_roads_do_not_touch_stays_as_in_its_table(tmp_path: Path):
    """From west to middle it is 30 minutes by the old road and 10 back on the A1, in place of 10; by bus as ever."""
    shut = "roads: {close: [A1 between Middle and West], untouched: [by_bus]}\n"
    both = by("by_bus", "visitors_travel_by", by())
    plan = solve(asked(tmp_path, f"{both}{shut}", **ON_ROADS))
    usual = asked(tmp_path / "usual", both, **ON_ROADS)
    assert plan.problem.journeys.loc["A1", "birch"] == usual.journeys.loc["A1", "birch"] + 30
    assert plan.problem.by_mode["by_bus"].equals(usual.by_mode["by_bus"])
    assert list(plan.journeys["minutes"]) == [20, 32, 10]
    assert "Journeys by bus are left as they are: the roads do not touch them." in "\n".join(lines(plan))
    files = files_of(plan)
    assert check(files).empty
    assert "none is better" in accepted(files, tmp_path / "run")
    # Neither checker takes a mode for untouched that the config does not call so.
    before, untouched, after = files["config.yaml"].partition(b"untouched")
    lie = files | {"config.yaml": before + untouched + after.replace(b"by_bus", b"by_train", 1)}
    assert "beside roads" in " ".join(check(lie)["message"])
    assert "beside roads" in " ".join(words for _, words in levels(written(sealed(lie), tmp_path / "lie")))


def test_a_pair_that_needs_no_journey_needs_none_by_a_mode(tmp_path: Path):
    lacking = [(a, s) for a in ("A1", "A2", "A3") for s in ("ash", "birch", "elm")]
    lacking = [pair for pair in lacking if pair not in (("A1", "ash"), ("A3", "birch"))]
    allowed = ", ".join(f"[{area}, {site}]" for area, site in lacking)
    problem = asked(tmp_path, f"{by('by_train')}travel: {{allow_missing: [{allowed}]}}\n")
    assert np.isinf(problem.minutes("care")).sum() == 7


def test_a_matrix_comes_in_as_a_mode_beside_those_that_are_there(tmp_path: Path):
    place = write_place(tmp_path / "place", journeys_by_mode=BY_BUS)
    matrix = tmp_path / "peak.csv"
    matrix.write_text("from_id,to_id,travel_time\nA1,ash,14\nA1,birch,30\nA9,ash,1\n")
    brought = bring_in("journeys", matrix, place, Wishes(mode="at_peak"))
    assert brought.adds
    write_into(place, brought.files, replace=True)
    rows = (place / "journeys_by_mode.csv").read_text().splitlines()
    assert rows[-2:] == ["at_peak,A1,ash,14.0", "at_peak,A1,birch,30.0"]
    assert len(rows) == len(BY_BUS.splitlines()) + 2
    assert "peak.csv" in (place / "imported.csv").read_text()


def test_ways_between_sites_come_in_by_mode_too(tmp_path: Path):
    place = write_place(tmp_path / "place")
    matrix = tmp_path / "trains.csv"
    matrix.write_text("from_id,to_id,travel_time\nash,birch,50\nbirch,ash,70\nash,ash,0\n")
    brought = bring_in("transfers", matrix, place, Wishes(mode="by_train"))
    rows = brought.files["transfers_by_mode.csv"].decode().splitlines()
    assert rows == ["mode,from_site,to_site,minutes", "by_train,ash,birch,50.0", "by_train,birch,ash,70.0"]


def test_only_journeys_have_a_mode_and_it_is_a_code(tmp_path: Path):
    place = write_place(tmp_path / "place")
    for table, mode, words in (("demand", "by_bus", "says nothing of demand"), ("journeys", "by bus", "is not a code")):
        with pytest.raises(InputError, match=words):
            bring_in(table, place / "demand.csv", place, Wishes(mode=mode))
