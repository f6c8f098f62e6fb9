"""What ``verify.py`` reads and works out, piece by piece: by hand, and in small worlds of every kind of rule.

Each of these notices a change to ``verify.py`` that no other test did (``make mutate``).
"""

from __future__ import annotations

import csv
import hashlib
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
from optimiser.model.rules import JUDGED
from optimiser.model.rules.rule import Limit
from optimiser.plan.runs import files_of, files_without_plan
from optimiser.problem import Beds, Excepted, Figure, Fixed, Link, Objective, Observed, Problem, Reach, RotaNeed, Team

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
    "staff who grow with beds": lambda: small(
        beds=Beds(Figure(36.5), Figure(0.2), at={"birch": Figure(9)}, staff_per_bed={"nurses": Figure(1.5)})
    ),
    "patients as they were counted": lambda: small(
        observed=Observed({"birch": Figure(-3)}, "then", {"ash": 26, "birch": 104})
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


# The words of rules -----------------------------------------------------------------------------------------------

ONE_RECRUIT = Team("doctors", "doctors", Figure(1), Figure(2.5))
# Worlds beside those above, so that every rule is asked, in each of its forms.
ASKED: dict[str, Callable[[], Problem]] = {
    **WORLDS,
    "one service a site and a million of patients": lambda: replace(
        small(maximum_patients=Figure(1_234_567), fixed={"ash": Fixed(True, "it stays"), "birch": Fixed(False, "no")}),
        at_most_services_a_site=Figure(1),
    ),
    "two services a site": lambda: replace(small(at_most_sites=Figure(2)), at_most_services_a_site=Figure(2)),
    "one bed": lambda: small(**{**ONE_BED, "at_least_sites": Figure(1)} | {"minimum_patients": Figure(1)}),
    "one transfer in all": lambda: two_by_transfer(
        34, most_transfers_a_day=Figure(1), most_repatriations_a_year=Figure(1), most_ambulance_hours=Figure(1)
    ),
    "a minute": lambda: replace(
        vary(
            small(in_reach=(Reach("x_ray", Figure(1)),), standard_minutes=Figure(1), share_within_standard=Figure(0)),
            "x_ray",
            fixed={"ash": Fixed(True, "it is there"), "birch": Fixed(True, "it is there")},
        ),
        transfers=roads({("birch", "ash"): 20.0, ("ash", "birch"): 30.0}),
    ),
    "one doctor": lambda: small(
        rotas=(RotaNeed("doctors", "people", Figure(1)), RotaNeed("doctors", "WTE", Figure(1))),
        doctors={"ash": 1, "birch": 0},
        team=ONE_RECRUIT,
    ),
    "a rota where another service is not": lambda: vary(
        small(rotas=three_doctors(only_without=Link("x_ray")), team=ONE_RECRUIT), "x_ray", at_most_sites=Figure(1)
    ),
}
# How much a rule may give way by, as it would be found: whole where what it asks is counted.
GIVEN = {"sites": (1,), "services": (1,), "designated": (1,)}
OTHER_AMOUNTS = (1, 2.5, 0.041, 31.26)


def everywhere(problem: Problem) -> op.Plan:
    """Return the plan of which each rule has most to say, lawful or not: every service at every candidate."""
    return op.evaluate(problem, frozenset((site, code) for site in problem.candidates for code in problem.services))


def words_of(problem: Problem, files: Files) -> Iterator[tuple[str, str, list[tuple[float, str]], str]]:
    """Yield of each rule that a run has what it asks, what giving way comes to by some amounts, and in which unit."""
    seen = set()
    for row in csv.DictReader(io.StringIO(files["rules.csv"].decode())):
        rule = JUDGED[row["rule"]]
        names = rule.demand(tuple(row["instance"].split(".")[1:]))
        if (row["rule"], names) in seen:
            continue
        seen.add((row["rule"], names))
        ways, unit = [], rule.unit_of(names)
        if isinstance(rule, Limit):
            # What it would have to give is found in what it compares, if not by its rows.
            unit = rule.sides_in if rule.best_without(problem, names) else unit
            most = rule.gives_at_most(problem, names)
            some = [by for by in GIVEN.get(rule.unit_of(names), OTHER_AMOUNTS) if most is None or by <= most]
            ways = [(by, rule.way_out(problem, names, by) or rule.waived(problem, names)) for by in some]
        yield ".".join((row["rule"], *names)), rule.said(problem, names), ways, unit


def others_than(words: str) -> Iterator[str]:
    """Yield words of which one is another."""
    parts = words.split(" ")
    for n, part in enumerate(parts):
        other = re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), part)
        other = f"{part}x" if other == part else other
        yield " ".join([*parts[:n], other, *parts[n + 1 :]])


@pytest.mark.parametrize("world", ASKED)
def test_the_words_of_every_rule_are_known_and_no_others(world: str, tmp_path: Path):
    known_by_its_words(with_files(ASKED[world]()), tmp_path)


@pytest.mark.parametrize("rota", ["people: 1, cover: [{}]", "wte: 1, cover: [{}]"])
def test_the_words_of_a_rota_say_what_its_cover_takes(rota: str, tmp_path: Path):
    config = CONFIG.replace("doctors: {people: 2}", f"doctors: {{{rota.format(NIGHTS)}}}")
    known_by_its_words(op.read_problem(write_question(tmp_path, config, staff=PLENTY)), tmp_path)


def known_by_its_words(problem: Problem, tmp_path: Path) -> None:
    """Make sure that each rule's words are those that the script puts together, and that no others would do."""
    files = files_of(everywhere(problem))
    q, _, staff, _ = verify().question_of(written(files, tmp_path / "run"), verify().Findings())
    for instance, asks, ways, unit in words_of(problem, files):
        said = verify().Said(q, staff, instance)
        assert re.fullmatch(said.asked(), asks), (instance, asks, said.asked())
        assert said.unit() == unit or not ways, instance
        assert [one for one in others_than(asks) if re.fullmatch(said.asked(), one)] == [], said.asked()
        for by, words in ways:
            given = said.given(verify().Fraction(str(by)))
            assert re.fullmatch(given, words), (instance, by, words, given)
            assert [one for one in others_than(words) if re.fullmatch(given, one)] == [], given
            # Of several rules together it is not compared by how much each gives way.
            assert re.fullmatch(said.given(None), words), (instance, words)


def test_the_words_of_all_rules_are_tried():
    tried = {
        instance.split(".")[0]
        for world in ASKED.values()
        for problem in [with_files(world())]
        for instance, *_ in words_of(problem, files_of(everywhere(problem)))
    }
    assert tried == set(verify().SENTENCES) == set(JUDGED)


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


# What is said, in this process ------------------------------------------------------------------------------------


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Return how the script ends and what it prints."""
    ended = verify().main(list(words))
    return ended, capsys.readouterr().out


def test_each_level_and_what_was_not_checked_is_printed_and_how_it_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = written(tiny(), tmp_path / "run")
    ended, said = printed(capsys, str(folder))
    question = json.loads(tiny()["run.json"])["question"]
    assert ended == 0 and said.startswith(f"Question: {question}\nOutcome claimed: proved best\n\nV0  ok    ")
    assert said.endswith("\n\nNothing disagrees.\n") and "FAIL" not in said
    inputs = (
        "Whether the inputs are right: a journey time, a count, a source. They are taken as they stand in run/inputs."
    )
    assert "\n\nNOT checked:\n  - " in said and f"\n  - {inputs}\n" in said
    measures = tiny()["measures.csv"].replace(b",minutes,lower", b",hours,lower", 1)
    ended, said = printed(capsys, str(written(sealed({**tiny(), "measures.csv": measures}), folder)))
    assert ended == 1 and "\nV3  FAIL  " in said and "\nV2  ok    " in said and "V3  ok" not in said
    assert said.endswith("\n\n1 disagreements.\n")
    ended, said = printed(capsys, str(tmp_path / "nowhere"))
    assert ended == 2 and said.startswith("--  FAIL  cannot be read: ") and said.endswith("\n\nCANNOT BE READ.\n")


def test_of_very_many_disagreements_the_first_200_are_printed_and_how_many_more_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for many, more in ((200, []), (201, ["    ... and 1 more"]), (350, ["    ... and 150 more"])):

        def fails(_folder: Path, found: object, many: int = many) -> dict[str, str]:
            for n in range(many):
                found.fail("V3", f"number {n}")  # type: ignore[attr-defined]
            return {"question": "one \x1b[2J\nand another", "outcome": "none"}

        monkeypatch.setattr(verify(), "verify", fails)
        ended, said = printed(capsys, "anywhere")
        assert ended == 1 and said.count("FAIL") == 200
        assert [line for line in said.splitlines() if line.startswith("    ...")] == more
        assert said.startswith("Question: one <U+001B>[2J\nand another\nOutcome claimed: none\n")


@pytest.mark.parametrize(("words", "ends"), [(("-h",), 0), (("--help",), 0), (("one", "two"), 2), (("-h", "two"), 2)])
def test_how_to_ask_is_printed(words: tuple[str, ...], ends: int, capsys: pytest.CaptureFixture[str]):
    ended, said = printed(capsys, *words)
    assert ended == ends and said.strip() == verify().__doc__.strip()


def test_of_a_pack_it_is_said_that_what_lies_beside_the_run_was_not_worked_out(tmp_path: Path):
    beside = "Pages, workbook and tables beside run/: they are views of it, of which only the hashes were compared."
    assert beside not in accepted(tiny(), tmp_path / "run")
    files = {f"run/{name}": content for name, content in tiny().items()}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    assert beside in accepted({**files, "SHA256SUMS": sums.encode()}, tmp_path / "pack")


def test_of_a_clash_of_patients_who_are_shared_out_it_is_said_that_it_was_not_tried(tmp_path: Path):
    tried = "That the rules clash was NOT tried: patients are shared out"
    worlds = [
        small(managed=managed, minimum_patients=Figure(36), at_least_sites=Figure(2)) for managed in (False, True)
    ]
    for problem, not_tried in zip(map(with_files, worlds), (False, True), strict=True):
        found = op.clash(problem)
        said = accepted(files_without_plan(problem, found.tables(), found.all_found), tmp_path / "run")
        assert (tried in said) == not_tried and "in the words of what they name" in said


# Patients who are shared out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("least", [10, 20, 25, 31])
@pytest.mark.parametrize("equal", [("ash", "birch"), ("ash", "birch", "oak")], ids=["two sites", "three sites"])
@pytest.mark.parametrize("pull", [None, 0, 0.25])
def test_of_patients_who_cost_as_much_wherever_they_go_the_same_ones_move(
    least: int, equal: tuple[str, ...], pull: float | None, tmp_path: Path
):
    world = small(managed=True, at_least_sites=Figure(2), minimum_patients=Figure(least))
    world.journeys.loc[:, list(equal)] = 20.0
    world = world if pull is None else as_today(world, pull)
    both = frozenset({("ash", "clinic"), ("birch", "clinic")})
    accepted(files_of(op.evaluate(with_files(world), both)), tmp_path / "run")


def test_of_two_who_cost_as_much_to_move_the_one_from_outside_does(tmp_path: Path):
    # Of west and mid 30 go to ash, which should have 32. From east, and from far outside, ash is 10 minutes more.
    world = small(managed=True, at_least_sites=Figure(2), minimum_patients=Figure(32), neighbours=())
    world.journeys.loc["east", ["ash", "birch"]] = 20.0, 10.0
    world.journeys.loc["far", ["ash", "birch"]] = 25.0, 15.0
    both = frozenset({("ash", "clinic"), ("birch", "clinic")})
    files = files_of(op.evaluate(with_files(world), both))
    rows = [tuple(row.values()) for row in csv.DictReader(io.StringIO(files["journeys.csv"].decode()))]
    assert {(row[1], row[3], row[5]) for row in rows if row[1] in ("east", "far")} == {
        ("east", "birch", "30"),
        ("far", "ash", "2"),
        ("far", "birch", "3"),
    }
    accepted(files, tmp_path / "run")


# Sites that a config adds, by hand --------------------------------------------------------------------------------


def added_sites(**has: object) -> object:
    """Return what reads the sites that a config adds, with what it has read."""
    one = object.__new__(verify().AddedSites)
    vars(one).update(has)
    return one


def test_how_far_it_is_by_straight_line_is_known_where_both_ends_are():
    sites = added_sites(areas={"a": [0, 0]}, spots={"s": [3, 4]})
    assert sites.apart("a", "s", False) == 5  # type: ignore[attr-defined]
    for start, end in (("a", "t"), ("b", "s"), ("b", "t")):
        assert sites.apart(start, end, False) is None  # type: ignore[attr-defined]


def test_a_line_rests_on_the_twelve_nearest_sites_and_is_as_far_off_as_nine_in_ten_are():
    """Every kilometre takes a minute, but at the site that is farthest, and for the one journey in ten that is odd."""
    spots = {f"s{n:02d}": [1000 * n, 0] for n in range(12, -1, -1)}
    right = {site: {1000 * n + at[0]: 1_000 * (1000 * n + at[0]) for n in range(1, 11)} for site, at in spots.items()}
    right["s12"] = {far: minutes + 30_000_000 for far, minutes in right["s12"].items()}
    figures = {"at_once": 0, "sites": 12, "a_km": 1, "median_off": 0}
    # Of 120 journeys the 108th in order of how far off they are is nine in ten. Odd ones lie where no line turns.
    for odd, off in ((0, 0), (12, 0), (13, 2)):
        known = {site: dict(journeys) for site, journeys in right.items()}
        middle = [
            (site, far) for site in sorted(known) if site != "s12" for far in known[site] if far in (10_000, 11_000)
        ]
        for site, far in middle[:odd]:
            known[site][far] += 2_000_000
        every = {site: list(journeys.items()) for site, journeys in known.items()}
        sites = added_sites(known=(every, {}), spots=spots, figures={"new": {}})
        assert sites.line("new", [0, 0], False) == ((0, 1000), 0)  # type: ignore[attr-defined]
        assert sites.figures["new"] == {**figures, "nine_in_ten_within": off}, odd  # type: ignore[attr-defined]


def test_what_is_not_estimated_of_a_site_cannot_be_said_to_be(tmp_path: Path):
    oak = "{name: Oak, easting_m: 620000, northing_m: 440000, staff: {doctors: {people: 0}}, fixed: {}, reason: Asked"
    areas, others = ("A1", "A2", "A3", "A4", "A5", "X1"), ("ash", "birch", "cedar", "dale")
    tables = {
        "journeys": "area,site,minutes\n" + "".join(f"{area},oak,20\n" for area in areas),
        "transfers": "from_site,to_site,minutes\n" + "".join(f"{site},oak,20\noak,{site},20\n" for site in others),
    }
    shutil.copytree(ROOT / "data/tiny", tmp_path / "place")
    for name, text in tables.items():
        (tmp_path / f"{name}_of_oak.csv").write_text(text, encoding="utf-8")
    stated = ", ".join(f"{name}: {name}_of_oak.csv" for name in tables)
    config = (ROOT / "configs/tiny.yaml").read_text("utf-8").replace("../data/tiny", "place")
    (tmp_path / "q.yaml").write_text(f"{config}sites:\n  oak: {oak}, {stated}}}\n", encoding="utf-8")
    files = files_of(op.solve(op.read_problem(tmp_path / "q.yaml")))
    said = accepted(files, tmp_path / "run")
    assert "oak added, as config.yaml says\n" in said
    (one,) = json.loads(files["run.json"])["added_sites"]
    known = ("at_once", "a_km", "sites", "median_off", "nine_in_ten_within")
    assert [one[name] for name in known] == [None, None, 0, None, None]
    for name in known:
        lie = json.loads(files["run.json"])
        lie["added_sites"][0][name] = 7
        found = levels(written(sealed({**files, "run.json": json.dumps(lie).encode()}), tmp_path / "run"))
        assert [level for level, words in found if name in words] == ["V1"], name
