"""What ``verify.py`` reads and works out, piece by piece: by hand, and in small worlds of every kind of rule.

Each of these notices a change to ``verify.py`` that no other test did (``make mutate``).
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from as_files import with_files
from made_up_place import CONFIG, write_question
from road_tables import TABLES as NETWORK
from test_by_transfer import WITH_SCAN
from test_changing import asked, files_asking
from test_pack import (
    ONE_BED,
    ROOT,
    SCRIPT,
    VERIFY,
    Files,
    _csv,
    accepted,
    levels,
    run_alone,
    sealed,
    tiny,
    verify,
    with_added,
    written,
)
from worlds import as_today, by_transfer, roads, small, three_doctors, two_by_transfer, vary

import optimiser as op
from optimiser.plan.runs import files_of
from optimiser.problem import Beds, Excepted, Figure, Fixed, Link, Objective, Problem, Reach, RotaNeed, Team

# Reading ----------------------------------------------------------------------------------------------------------


def test_a_config_is_read_as_the_program_writes_it():
    text = (
        "'a b': 1\n\"c\": 'it''s'\nd:\n- x\n- e: null\n  f: \"null\"\ng: {}\nh: 1.50\ni: -2\nj: yes and no\nk: true\n"
    )
    assert verify().yaml_of(text) == {
        "a b": 1,
        "c": "it's",
        "d": ["x", {"e": None, "f": "null"}],
        "g": {},
        "h": verify().Fraction(3, 2),
        "i": -2,
        "j": "yes and no",
        "k": True,
    }


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2]",
        "a: {b: 1}",
        "a: &b 1",
        "a: |",
        "a: >",
        "a: '1",
        'a: "1',
        "a: 1\na: 2",
        "- a",
        "a: 1\n   b: 2",
        "? a",
    ],
)
def test_what_the_program_does_not_write_is_refused(text: str):
    with pytest.raises(verify().CannotRead):
        verify().yaml_of(text + "\n")


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e9999", "0x1", "1_000", "٣", "--1", True])
def test_what_is_no_plain_number_is_refused(text: object):
    with pytest.raises(verify().CannotRead):
        verify().number(text)


@pytest.mark.parametrize(("was", "now"), [(b"A1,", b'"A1"z,'), (b"A1,", b'"A1,'), (b"area,", b""), (b"name", b"area")])
def test_a_table_that_is_none_cannot_be_read(was: bytes, now: bytes, tmp_path: Path):
    spoilt = tiny()["inputs/areas.csv"].replace(was, now, 1)
    folder = written(sealed({**tiny(), "inputs/areas.csv": spoilt}), tmp_path / "run")
    with pytest.raises(verify().CannotRead, match=r"areas\.csv"):
        verify().table(folder / "inputs/areas.csv", ["area"])
    shutil.copy(SCRIPT, tmp_path / VERIFY)
    ended = run_alone(tmp_path, folder.name)
    assert ended.returncode == 2 and "areas.csv" in ended.stdout and not ended.stderr


def test_two_straight_pieces_meet_where_they_cross_touch_or_lie_on_each_other_and_not_beside():
    meet = verify().meet
    assert meet((0, 0), (2, 2), (0, 2), (2, 0))
    assert meet((0, 0), (2, 0), (1, 0), (1, 5)) and meet((1, 0), (1, 5), (0, 0), (2, 0))
    assert meet((0, 0), (2, 0), (1, 0), (3, 0)) and meet((0, 0), (0, 2), (0, 1), (0, 3))
    assert not meet((0, 0), (2, 0), (3, 0), (5, 0)) and not meet((0, 0), (0, 2), (0, 3), (0, 5))
    assert not meet((0, 0), (2, 0), (0, 1), (2, 1)) and not meet((0, 0), (2, 2), (3, 0), (2, 1))
    assert not meet((3, 0), (2, 1), (0, 0), (2, 2)) and not meet((0, 0), (1, 0), (2, -1), (2, 1))


def test_the_median_of_an_even_number_is_halfway_between_the_two_in_the_middle():
    assert (verify().mid([9, 1, 4]), verify().mid([8, 1, 4, 2]), verify().mid([5])) == (4, 3, 5)


def test_what_was_not_checked_is_said(tmp_path: Path):
    said = accepted(tiny(), tmp_path / "run")
    for words in ("Whether the inputs are right", "Weekly patterns", "The solver, its trial models", "strikes out was"):
        assert words in said


# Worlds of every kind of rule -------------------------------------------------------------------------------------

DISTRICTS = ["East End", "", "East End", "West"]


def told_apart(problem: Problem) -> Problem:
    """Return the world with people of 75 and districts, as measures tell them apart."""
    return replace(problem, areas=problem.areas.assign(population_75_plus=[30, 9, 20, 0], district=DISTRICTS))


WORLDS: dict[str, Callable[[], Problem]] = {
    "limits": lambda: told_apart(
        small(
            at_least_sites=Figure(1),
            at_most_sites=Figure(1),
            maximum_patients=Figure(65),
            longest_journey_minutes=Figure(30),
            standard_minutes=Figure(15),
            share_within_standard=Figure(0.4),
        )
    ),
    "the worst journey first": lambda: replace(
        small(at_most_sites=Figure(1)),
        objectives=(Objective("worst_journey"), Objective("deprived_patient_minutes"), Objective("changes_from_today")),
    ),
    "few treated outside": lambda: small(
        at_most_sites=Figure(1), at_most_share_outside=Figure(0.5), neighbours_take_at_most={"oak": Figure(30)}
    ),
    "a documented exception": lambda: replace(
        vary(
            small(same_site=(Link("x_ray", "a book"),), at_least_sites=Figure(2)),
            "x_ray",
            at_most_sites=Figure(1),
        ),
        exceptions=(Excepted("clinic", "x_ray", "ash", "a van comes", "minutes", "board"),),
    ),
    "within reach": lambda: replace(
        vary(
            small(in_reach=(Reach("x_ray", Figure(20)),), at_least_sites=Figure(2)),
            "x_ray",
            fixed={"ash": Fixed(False, "no room"), "birch": Fixed(True, "it is there")},
        ),
        transfers=roads({("birch", "ash"): 20.0, ("ash", "birch"): 30.0}),
    ),
    # Oak takes the 30 residents of east, and the 5 from outside besides.
    "as many as a neighbour takes of the residents": lambda: small(
        fixed={"birch": Fixed(False, "closed")}, neighbours_take_at_most={"oak": Figure(30)}
    ),
    "fewest sites": lambda: replace(
        small(standard_minutes=Figure(15)),
        objectives=(
            Objective("fewest_sites"),
            Objective("patients_outside"),
            Objective("patients_beyond_standard"),
            Objective("patient_minutes"),
        ),
    ),
    "beds": lambda: small(**{**ONE_BED, "at_least_sites": Figure(1)} | {"minimum_patients": Figure(0)}),
    "shared out": lambda: told_apart(
        small(managed=True, at_least_sites=Figure(2), minimum_patients=Figure(31), maximum_patients=Figure(34))
    ),
    "the border as today": lambda: told_apart(
        as_today(small(minimum_patients=Figure(10), standard_minutes=Figure(15)))
    ),
    "some drawn over the border": lambda: as_today(small(at_most_sites=Figure(1)), 0.25),
    "a rota": lambda: small(
        rotas=three_doctors(), doctors={"ash": 2, "birch": 5}, team=Team("doctors", "doctors", Figure(1), Figure(1))
    ),
    # One may fall short, the other, of the same team, may not.
    "rotas of which one may fall short": lambda: replace(
        vary(
            small(
                rotas=three_doctors(may_fall_short=True),
                doctors={"ash": 2, "birch": 5},
                team=Team("doctors", "doctors", Figure(2), Figure(0)),
                at_least_sites=Figure(2),
            ),
            "x_ray",
            rotas=(RotaNeed("doctors", "people", Figure(4)),),
            at_least_sites=Figure(1),
        ),
        objectives=(Objective("staff_short"), Objective("patient_minutes")),
    ),
    "posts that are funded and beds that are there today": lambda: small(
        rotas=three_doctors(),
        doctors={"ash": 2, "birch": 4},
        team=Team("doctors", "doctors", Figure(1), Figure(1), posts_funded=Figure(5)),
        beds=Beds(Figure(36.5), Figure(0.2), at={"ash": Figure(9), "birch": Figure(9)}),
        at_least_sites=Figure(2),
    ),
    "limits of which people are no part": lambda: small(
        rotas=three_doctors(),
        doctors={"ash": 1, "birch": 5},
        team=Team("doctors", "doctors", Figure(1.5), Figure(1.5)),
        at_least_sites=Figure(2),
    ),
    "parts of a post": lambda: replace(
        small(
            rotas=(RotaNeed("doctors", "WTE", Figure(2.6)),),
            team=Team("doctors", "doctors", Figure(0.5), Figure(0.25)),
            at_least_sites=Figure(2),
        ),
        staff={("ash", "doctors", "WTE"): 2.25, ("birch", "doctors", "WTE"): 2.7},
    ),
    "transfers": lambda: told_apart(
        by_transfer(
            at_most_sites=Figure(1),
            longest_journey_minutes=Figure(60),
            standard_minutes=Figure(30),
            most_transfers_a_day=Figure(1),
            most_repatriations_a_year=Figure(20),
            most_ambulance_hours=Figure(15),
        )
    ),
    "nobody to take on": lambda: replace(
        by_transfer(at_most_sites=Figure(1)), demand=small().demand.assign(visit=[30.0, 5, 0, 0])
    ),
    "shared out behind the border": lambda: as_today(small(managed=True, maximum_patients=Figure(40))),
    "fewest transfers of two": lambda: replace(
        two_by_transfer(), objectives=(Objective("transfers"), Objective("patient_minutes"))
    ),
}


@cache
def run_of(world: str) -> Files:
    return files_of(op.solve(with_files(WORLDS[world]())))


@pytest.mark.parametrize("world", WORLDS)
def test_a_true_run_of_every_kind_of_rule_is_accepted(world: str, tmp_path: Path):
    assert "none is better" in accepted(run_of(world), tmp_path / "run")
    assert op.check(tmp_path / "run").empty


def lies(files: Files) -> Iterator[tuple[str, Files]]:
    """Yield a run with one cell of a table raised or put in doubt: of each measure's value, rule and column one."""
    for name in ("rules.csv", "measures.csv", "journeys.csv", "staffing.csv"):
        if name not in files:
            continue
        rows = list(csv.DictReader(io.StringIO(files[name].decode())))
        seen = set()
        for number, row in enumerate(rows):
            for column, cell in row.items():
                kind = (row.get("measure") if column == "value" else row.get("rule"), column)
                if kind in seen:
                    continue
                seen.add(kind)
                other = {"true": "false", "false": "true", "": "7", "inf": "7"}.get(cell, f"{cell}_")
                if re.fullmatch(r"-?\d+(\.\d+)?", cell):
                    other = f"{float(cell) + 1:.12g}"
                lie = [dict(one) for one in rows]
                lie[number][column] = other
                yield f"{name}, row {number + 2}, {column}: {cell} is now {other}", {**files, name: _csv(lie)}


# Sources of rota rules are said not to be checked, and a team's limit of nothing has none.
UNCHECKED = ("source:", "verified:")


@pytest.mark.parametrize("world", WORLDS)
def test_no_cell_of_a_run_can_be_another(world: str, tmp_path: Path):
    for what, files in lies(run_of(world)):
        if not any(word in what for word in UNCHECKED):
            assert levels(written(sealed(files), tmp_path / "run")), what


def test_a_run_that_is_not_best_first_by_its_worst_journey_is_refused(tmp_path: Path):
    problem = with_files(WORLDS["the worst journey first"]())
    best = op.solve(problem)
    # From west it is 30 minutes to birch; with ash alone nobody is further than east from oak, 25.
    other = op.evaluate(problem, frozenset({("birch", "clinic")}))
    files, record = files_of(other), json.loads(files_of(best)["run.json"])
    said = json.loads(files["run.json"]) | {"outcome": "proved best", "solver": record["solver"], "ties": 1}
    for one in said["objectives"]:
        one["bound"] = one["value"]
    files["run.json"] = json.dumps(said).encode()
    assert "V4" in {level for level, _ in levels(written(sealed(files), tmp_path / "run"))}


# Growth, and calibration ------------------------------------------------------------------------------------------

BY_AGE = {
    "growth": {"years": 2, "by_age": {"under_65": 0.1, "from_65": 0.3, "from_75": 0.5}},
    "ages": {"visit": {"under_65": 0.2, "from_65": 0.3, "from_75": 0.5}},
    "year": 2027,
}


def test_patients_grow_by_age_by_the_share_that_each_area_has_of_each_age(tmp_path: Path):
    world = small()
    ages = {"population_65_plus": [90, 9, 60, 20], "population_75_plus": [30, 4, 10, 10]}
    here = asked(files_asking(replace(world, areas=world.areas.assign(**ages)), demand=BY_AGE), tmp_path / "asked")
    files = files_of(op.solve(here))
    rows = {row["area"]: row for row in csv.DictReader(io.StringIO(files["journeys.csv"].decode()))}
    # West has 80 of 430 under 65, 10 of 120 from 65 and 10 of 50 from 75, of whom each is sick as often as the next.
    weights = [0.2 * 80 / 430, 0.3 * 10 / 120, 0.5 * 10 / 50]
    grown = sum(w * r**2 for w, r in zip(weights, (1.1, 1.3, 1.5), strict=True)) / sum(weights)
    assert float(rows["west"]["patients_per_year"]) == pytest.approx(10 * grown, abs=1e-6)
    accepted(files, tmp_path / "run")


def test_a_calibration_of_which_nothing_more_is_said_is_in_the_minutes_already(tmp_path: Path):
    path = write_question(tmp_path, CONFIG + "travel: {calibration: {plus: 5.8, times: 1.074}}\n")
    files = files_of(op.solve(op.read_problem(path)))
    accepted(files, tmp_path / "run")
    config = files["config.yaml"].decode()
    kept = "\n".join(line for line in config.splitlines() if "applied:" not in line) + "\n"
    accepted(sealed({**files, "config.yaml": kept.encode()}), tmp_path / "again")


# Rotas ------------------------------------------------------------------------------------------------------------

OFFICE = "{days: [Mon, Tue, Wed, Thu, Fri], start_hour: 8, hours: 10}"
NIGHTS = "{days: [Mon, Tue, Wed, Thu, Fri, Sat, Sun], start_hour: 22, hours: 10, people: 2}"
ON_CALL = "{days: [Mon, Wed, Sun], start_hour: 18, hours: 14, kind: on_call}"
TWO = "{days: [Sat, Thu], start_hour: 20, hours: 10, kind: on_call, people: 2}"
PLENTY = "site,team,year,people,wte\nash,doctors,2025,30,30\nbirch,doctors,2025,30,30\n"
ONE_TEAM = "across_sites: {based_at: birch, trips_a_week: 3}, moves_at_most: unlimited"


@pytest.mark.parametrize(
    "rota",
    [
        f"cover: [{OFFICE}, {NIGHTS}]",
        f"people: 1, cover: [{NIGHTS}]",
        f"one_in: 6, cover: [{OFFICE}, {ON_CALL}]",
        f"one_in: 6, cover: [{ON_CALL}, {TWO}]",
        f"wte: 1, consultant_contract: false, cover: [{OFFICE}]",
        "people: 2, only_without: {service: labs}",
        f"one_in: 4, remote_from: {{service: labs}}, cover: [{ON_CALL}]",
    ],
)
@pytest.mark.parametrize("contract", ["", "contract: {weeks_a_year: 50, working_weeks: 40, plain_from_hour: 8}\n"])
def test_what_a_rota_needs_is_worked_out_alike(rota: str, contract: str, tmp_path: Path):
    config = CONFIG.replace("doctors: {people: 2}", f"doctors: {{{rota}}}") + contract
    problem = op.read_problem(write_question(tmp_path, config, staff=PLENTY))
    for designated in (problem.today | {("ash", "labs")}, {("birch", "care"), ("ash", "labs"), ("birch", "labs")}):
        accepted(files_of(op.evaluate(problem, frozenset(designated))), tmp_path / "run")


@pytest.mark.parametrize(
    "rota",
    [
        f"cover: [{OFFICE}]",
        "people: 2",
        f"people: 1, cover: [{NIGHTS}]",
        f"one_in: 4, cover: [{ON_CALL}], shared_on_call: {{source: A book}}",
    ],
)
def test_what_one_team_needs_over_its_sites_is_worked_out_alike(rota: str, tmp_path: Path):
    config = CONFIG.replace("moves_at_most: unlimited", ONE_TEAM).replace("people: 2}", f"{rota}}}")
    problem = op.read_problem(write_question(tmp_path, config, staff=PLENTY))
    for designated in (problem.today | {("ash", "labs")}, {("ash", "care"), ("ash", "labs")}):
        accepted(files_of(op.evaluate(problem, frozenset(designated))), tmp_path / "run")


# Sites and staff that a config adds -------------------------------------------------------------------------------


def test_staff_that_become_more_in_all_are_shared_out_by_largest_remainder(tmp_path: Path):
    # Of 2 and 4 as many as 5 are 1.67 and 3.33: 2 and 3.
    change = {"staff.doctors.people": 5}
    here = asked(files_asking(small(rotas=three_doctors()), change), tmp_path / "asked")
    files = files_of(op.solve(here))
    rows = csv.DictReader(io.StringIO(files["staffing.csv"].decode()))
    assert [row["in_post"] for row in rows] == ["2", "3"]
    accepted(files, tmp_path / "run")


def test_what_is_fixed_elsewhere_stays_fixed_beside_a_site_that_is_added(tmp_path: Path):
    shutil.copytree(ROOT / "data/tiny", tmp_path / "place")
    config = (ROOT / "configs/tiny.yaml").read_text("utf-8").replace("../data/tiny", "place")
    assert config.count("  x_ray:\n") == 1
    fixed = "  x_ray:\n    fixed: {birch: {provided: true, reason: It is there}}\n"
    oak = "{name: Oak, easting_m: 620000, northing_m: 440000, staff: {doctors: {people: 0}}, fixed: {x_ray: true}"
    added = f"sites:\n  oak: {oak}, reason: Asked}}\n"
    path = tmp_path / "q.yaml"
    path.write_text(config.replace("  x_ray:\n", fixed) + added, encoding="utf-8")
    files = files_of(op.solve(op.read_problem(path)))
    assert b"x_ray,birch,true,false,true,It is there" in files["designations.csv"]
    accepted(files, tmp_path / "run")


def test_of_a_site_that_is_added_it_is_said_that_its_degrees_were_not_checked(tmp_path: Path):
    said = accepted(with_added(), tmp_path / "run")
    assert said.count("Whether easting and northing of oak are those of its latitude and longitude.") == 1
    assert "of pine are those" not in said


def test_a_share_that_is_not_stated_is_all_before_it_is_changed(tmp_path: Path):
    world = by_transfer(at_most_sites=Figure(1), share_transferred=Figure(1))
    files = files_asking(world, {"share_transferred.scanner": "x0.5"})
    config = files["config.yaml"].decode()
    files["config.yaml"] = re.sub(r'"share_transferred": (1|\{[^}]*\}),? ?', "", config, count=1).encode()
    assert files["config.yaml"].decode().count("share_transferred") == 1
    here = asked(files, tmp_path / "asked")
    said = accepted(files_of(op.solve(here)), tmp_path / "run")
    assert "share_transferred.scanner from 1 to 0.5" in said


def test_staff_of_an_added_site_are_counted_in_each_unit(tmp_path: Path):
    shutil.copytree(ROOT / "data/tiny", tmp_path / "place")
    path = tmp_path / "place/staff.csv"
    header, *rows = path.read_text("utf-8").splitlines()
    assert header == "site,team,year,people,wte"
    path.write_text("\n".join([header, *(f"{row.rsplit(',', 1)[0]},2.5" for row in rows), ""]), encoding="utf-8")
    config = (ROOT / "configs/tiny.yaml").read_text("utf-8").replace("../data/tiny", "place")
    config = re.sub(r"people: \{?[^\n]*3[^\n]*", "wte: 2", config, count=1)
    where = "easting_m: 620000, northing_m: 440000"
    added = (
        f"sites:\n  oak: {{name: Oak, {where}, staff: {{doctors: {{people: 3, wte: 2.25}}}}, fixed: {{}}, reason: A}}\n"
    )
    (tmp_path / "q.yaml").write_text(config + added, encoding="utf-8")
    problem = op.read_problem(tmp_path / "q.yaml")
    files = files_of(op.evaluate(problem, problem.today | {("oak", "walk_in")}))
    assert b"doctors,WTE,oak,2.25," in files["staffing.csv"]
    accepted(files, tmp_path / "run")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("overhead_minutes: 10", "call_minutes: 1.5, crew_minutes: 6, handover_minutes: 2.5, to_neighbours: false"),
        # Who is taken on was seen first where patients of the first contact go, by its offsets.
        (
            "    patients_go_to: nearest\n",
            "    patients_go_to: observed\n    observed: {offsets: {birch: -8, ash: 9}}\n",
        ),
    ],
    ids=["waits in parts", "a first contact by offsets"],
)
def test_whoever_is_taken_on_is_worked_out_alike(was: str, now: str, tmp_path: Path):
    config = WITH_SCAN
    if was not in config:
        config, was = config.replace("    activity: visit\n", f"    activity: visit\n{now}", 1), now
    problem = op.read_problem(write_question(tmp_path, config.replace(was, now)))
    both = {("ash", "care"), ("birch", "care"), ("ash", "scan"), ("ash", "labs")}
    accepted(files_of(op.evaluate(problem, both)), tmp_path / "run")


# Roads ------------------------------------------------------------------------------------------------------------

# A1 is two kilometres of way from west and nine from middle, A2 and A3 are at west alone.
TWO_GATES = (
    "end,junction,km\nA1,west,2\nA1,middle,9\nA2,west,2\nA3,west,2\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
)


@pytest.mark.parametrize(
    ("roads", "longer"),
    [
        # By west and the old road it is 34 minutes in place of 24, by middle 18 + 10: four more.
        ("close: [A1 between West and Middle]", {"A1": 4, "A2": 10}),
        ("slow: {A1 between B2 West and Middle: 1.5}", {"A1": 4, "A2": 5}),
        ("slow: {A1 from Middle to Quay: 1.5}", {"A1": 5, "A2": 5}),
        ("close: [Old Road]", {"A1": 0, "A2": 0}),
    ],
)
def test_roads_are_named_by_a_part_of_a_junctions_name_and_joined_where_it_is_quickest(
    roads: str, longer: dict[str, float], tmp_path: Path
):
    tables = {**NETWORK, "road_access": TWO_GATES}
    path = write_question(tmp_path, f"{CONFIG}roads: {{{roads}}}\n", **tables)
    problem = op.read_problem(path)
    table = {"A1": 10, "A2": 15}
    assert {area: problem.journeys.loc[area, "ash"] - table[area] for area in longer} == longer
    said = accepted(files_of(op.solve(problem)), tmp_path / "run")
    assert "roads shut or slow, as config.yaml says" in said


TURNS = {
    "road_delays": "turn,seconds\nsignals,60\n",
    "road_turns": "from_junction,junction,to_junction,turn\nnorth,middle,east,signals\n",
}


def test_what_a_turn_takes_counts_on_the_way_that_makes_it_alone(tmp_path: Path):
    for name, text in TURNS.items():
        (tmp_path / f"{name}.csv").write_text(text)
    drive = verify().Drive(
        tmp_path, [("west", "middle", 10_000), ("north", "middle", 10_000), ("middle", "east", 5_000)]
    )
    assert drive.to({"east": 0}) == {"east": 0, "middle": 5_000, "west": 15_000, "north": 16_000}


@pytest.mark.parametrize(("hour", "longer"), [(7, 15), (8, 15), (9, 0), (6, 0)])
def test_an_hour_that_ends_is_no_longer_slow(hour: float, longer: int, tmp_path: Path):
    for name, text in {**NETWORK, "road_hours": "class,road,from_hour,to_hour,times\nslow,,7,9,1.5\n"}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    said = {"hour": verify().Fraction(hour), "close": ["A1"]}
    roads = verify().Roads(tmp_path, said, {"home", "ash"}, {})
    # With the A1 shut it is 15 km by the old road: 10 minutes more than by the A1, and as it is slow half of 30 more.
    assert roads.more("home", "ash") == 10 + longer


def test_where_no_way_is_left_a_run_cannot_be_read(tmp_path: Path):
    for name, text in NETWORK.items():
        (tmp_path / f"{name}.csv").write_text(text)
    roads = verify().Roads(tmp_path, {"close": ["A1", "Old Road"]}, {"home", "ash"}, {})
    with pytest.raises(verify().CannotRead, match="no way is left from home to ash"):
        roads.more("home", "ash")
