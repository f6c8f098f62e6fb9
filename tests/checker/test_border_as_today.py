"""What the checker makes of a border as it is today: a world solved by hand, lies about it, and worlds drawn.

Two services that count the same 140 residents' visits; a fifth of everybody is pulled, and border.csv says of the rest:

    area  patients  pulled  left  candidates   elm   oak    clinic (elm, oak)           scan (elm alone)
    A          100      20    80         0.6   0     0.2    stay 60, oak 20             stay 80
    B           40       8    32         0.5   0.25  0.25   stay 16, elm 8, oak 8       stay 21.333333, elm 10.666667
    C           50      10    40         0.1   0     0.9    4 come                      4 come       (outside)

    minutes  ash  birch  elm  oak
    A         10     30   60   15
    B         25     20   40   12
    C         50     35   30    5

Both are best at ash. Of the clinic's residents 80 take 10 minutes (A), 8 are pulled to oak in 12 and 16 stay in 25 (B);
those who leave take 15 to oak from A, 12 to oak and 40 to elm from B. That is 800 + 96 + 400 + 300 + 96 + 320 = 2012
minutes. At birch it would be 60 × 30 + 20 × 15 for those of A alone, who are then pulled to oak, and 2,000 in all more.
The longest journey of those who do not leave is 25, which is just as long as one may be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from as_files import shown_if_it_fails, with_files
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from test_checker import sealed
from test_enumeration import worlds
from worlds import small

import optimiser as op
from optimiser.checker import check
from optimiser.errors import NoPlan
from optimiser.explanation.costs import for_whom
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.comparison import affected, tables_of
from optimiser.plan.runs import files_of
from optimiser.problem import HERE, Border, Figure, Objective, Problem, Service, Site, Team
from optimiser.report.answers import Answer, answer
from optimiser.search.enumeration import enumerate_all
from optimiser.search.planning import solve

TABLES = {
    "areas": "area,name,resident,population,population_75_plus\nA,A,true,1000,100\nB,B,true,500,50\nC,C,false,90,9\n",
    "sites": "site,name,role\nash,Ash,candidate\nbirch,Birch,candidate\nelm,Elm,neighbour\noak,Oak,neighbour\n",
    "journeys": "area,site,minutes\nA,ash,10\nA,birch,30\nA,elm,60\nA,oak,15\nB,ash,25\nB,birch,20\nB,elm,40\n"
    "B,oak,12\nC,ash,50\nC,birch,35\nC,elm,30\nC,oak,5\n",
    "demand": "area,activity,patients_per_year\nA,visit,100\nB,visit,40\nC,visit,50\n",
    "border": "area,goes_to,share,share_2018\nA,candidates,0.6,0.5\nA,oak,0.2,0.3\nB,candidates,0.5,\nB,elm,0.25,\n"
    "B,oak,0.25,\nC,candidates,0.1,\nC,oak,0.9,\n",
    "sources": "source,title,verified\nmade_up,Made up,true\n",
    "columns": "table,column,source\njourneys,minutes,made_up\n",
}
CONFIG = """\
title: Where should the clinic be, if as many cross the border as today?
place: place
border: as_today
border_pull: 0.2
services:
  clinic:
    name: Clinic
    activity: visit
    at_least_sites: 1
    at_most_sites: 1
    minimum_patients: 95
    longest_journey_minutes: 25
    standard_minutes: 20
    share_within_standard: 0.75
  scan: {name: Scan, activity: visit, at_least_sites: 1, at_most_sites: 1, neighbours: [elm]}
objectives: [patient_minutes, worst_journey]
"""


def asked(config: str = CONFIG, **changed: str) -> Problem:
    """Return the question, read from files of which some are changed."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "place").mkdir()
        for table, content in {**TABLES, **changed}.items():
            (folder / f"place/{table}.csv").write_text(content, "utf-8")
        (folder / "question.yaml").write_text(config, "utf-8")
        return op.read_problem(folder / "question.yaml")


@cache
def texts(config: str = CONFIG, **changed: str) -> dict[str, str]:
    """Return the files of the run of the best plan as text."""
    return {name: content.decode() for name, content in files_of(solve(asked(config, **changed))).items()}


def run_with(*edits: tuple[str, str, str], config: str = CONFIG, **changed: str) -> dict[str, bytes]:
    """Return the run, edited and sealed again: somebody lies, but seals the lie properly."""
    found = dict(texts(config, **changed))
    for name, old, new in edits:
        assert found[name].count(old) == 1, f"{old!r} is in {name} {found[name].count(old)} times"
        found[name] = found[name].replace(old, new)
    record = {entry: said for entry, said in json.loads(found.pop("run.json")).items() if entry != "files"}
    return sealed({name: content.encode() for name, content in found.items()}, json.dumps(record))


def says(run: dict[str, bytes]) -> set[str]:
    return set(check(run)["check"])


# -- solved by hand ----------------------------------------------------------------------------------------------------

CLINIC = """\
service,area,resident,site,minutes,patients_per_year,first_site,first_minutes,transfer_minutes,how
clinic,A,true,ash,10,60,ash,10,0,stays
clinic,B,true,ash,25,16,ash,25,0,stays
clinic,C,false,ash,50,4,ash,50,0,stays
clinic,A,true,ash,10,20,ash,10,0,pulled
clinic,B,true,oak,12,8,oak,12,0,pulled
clinic,C,false,oak,5,10,oak,5,0,pulled
clinic,A,true,oak,15,20,oak,15,0,leaves
clinic,B,true,elm,40,8,elm,40,0,leaves
clinic,B,true,oak,12,8,oak,12,0,leaves
"""
SCAN = """\
scan,A,true,ash,10,80,ash,10,0,stays
scan,B,true,ash,25,21.333333,ash,25,0,stays
scan,C,false,ash,50,4,ash,50,0,stays
scan,A,true,ash,10,20,ash,10,0,pulled
scan,B,true,ash,25,8,ash,25,0,pulled
scan,C,false,elm,30,10,elm,30,0,pulled
scan,B,true,elm,40,10.666667,elm,40,0,leaves
"""


def test_who_goes_where_is_as_solved_by_hand_and_the_checker_finds_no_fault():
    assert texts()["journeys.csv"] == CLINIC + SCAN
    found = check(run_with())
    assert found.empty, "\n".join(found["message"])


@pytest.mark.parametrize(
    ("measure", "group", "value"),
    [
        ("patient_minutes", "", 2012),
        ("mean_minutes", "", 2012 / 140),
        ("median_minutes", "", 10),
        ("p95_minutes", "", 25),
        ("worst_minutes", "", 25),
        ("patients", "", 140),
        ("patients_within_30", "", 132),
        ("patients_beyond_standard", "", 24),
        ("people_within_30", "", 1500),
        ("people_beyond_30", "", 0),
        # As patients go: A four fifths in 10 and a fifth in 15, B 16 of 40 in 25, 16 in 12 and 8 in 40.
        ("mean_minutes", "age 75+", (80 * 10 + 20 * 15 + 20 * 25 + 20 * 12 + 10 * 40) / 150),
        ("site_patients", "ash", 100),
        ("site_patients", "oak", 46),
        ("site_patients", "elm", 8),
        ("site_patients_from_outside", "ash", 4),
        ("patients_outside", "", 44),
        ("share_outside", "", 44 / 140),
    ],
)
def test_measures_count_those_who_leave_in_sums_and_not_among_the_worst(measure: str, group: str, value: float):
    found = measures.number(measures.table(solve(asked())), measure, "clinic", group)
    assert found == pytest.approx(value, abs=1e-9)


def test_people_of_an_area_without_patients_cross_the_border_by_its_own_shares_in_every_table():
    # Nobody of B is a patient: of its 50 people a fifth take the nearest of all, 12, and of the others half go by what
    # is designated, 25, a quarter to elm, 40, and a quarter to oak, 12.
    plan = solve(asked(config=CONFIG.replace("minimum_patients: 95", "minimum_patients: 5"), demand=NOBODY_OF_B))
    assert plan.sites_of("clinic") == ("ash",)
    by_hand = (80 * 10 + 20 * 15 + 10 * 12 + 20 * 25 + 10 * 40 + 10 * 12) / 150
    assert measures.number(plan.measures, "mean_minutes", "clinic", "age 75+") == pytest.approx(by_hand, abs=1e-9)
    assert check(files_of(plan)).empty
    other = evaluate(plan.problem, {("birch", "clinic"), ("birch", "scan")})
    frames = (affected({"plan": tables_of(plan), "other": tables_of(other)})["averages"], for_whom(plan, other))
    means, whom = (one[(one["service"] == "clinic") & (one["group"] == "age 75+")].iloc[0] for one in frames)
    after = measures.number(other.measures, "mean_minutes", "clinic", "age 75+")
    for found in (means, whom):
        assert (found["mean_before"], found["mean_after"]) == pytest.approx((by_hand, after), abs=1e-8)


NOBODY_OF_B = "area,activity,patients_per_year\nA,visit,100\nB,visit,0\nC,visit,50\n"
BY_TRANSFER = """\
neighbours: [oak], pathway: transfer, transfer: {first_contact: clinic, dwell_minutes: 5, overhead_minutes: 7}"""
NO_PULL = CONFIG.replace("border_pull: 0.2\n", "")
ALL_PULLED = CONFIG.replace("border_pull: 0.2", "border_pull: 1").replace("    minimum_patients: 95\n", "")
TO_THE_NEAREST = ALL_PULLED.replace("border: as_today\nborder_pull: 1\n", "border: nearest\n")


@pytest.mark.parametrize(
    "config",
    [
        NO_PULL,
        ALL_PULLED,
        CONFIG.replace("0.2\n", "0.333333\n", 1),
        CONFIG.replace("neighbours: [elm]", "neighbours: none"),
        CONFIG.replace("neighbours: [elm]", "patients_go_to: managed, maximum_patients: 160"),
        CONFIG.replace("neighbours: [elm]", BY_TRANSFER),
        CONFIG.replace("border_pull", "demand: {growth: {years: 3, by_activity: {visit: 0.0123}}}\nborder_pull"),
    ],
    ids=["no pull", "all pulled", "a third", "no neighbour", "shared out", "by transfer", "grown"],
)
def test_runs_of_other_such_questions_are_clean(config: str):
    by_road = "from_site,to_site,minutes\n" + "".join(
        f"{one},{other},{10 + len(one + other)}\n" for one, other in product(("ash", "birch", "elm", "oak"), repeat=2)
        if one != other
    )  # fmt: skip
    found = check(files_of(solve(asked(config, transfers=by_road))))
    assert found.empty, "\n".join(found["message"])


def test_with_everybody_pulled_all_is_as_with_the_border_open_to_the_nearest():
    pulled, nearest = (texts(config) for config in (ALL_PULLED, TO_THE_NEAREST))
    for name in ("designations.csv", "measures.csv", "rules.csv", "staffing.csv"):
        assert pulled[name] == nearest[name]
    assert pulled["journeys.csv"].replace(",pulled\n", "\n").replace(",how\n", "\n") == nearest["journeys.csv"]


# -- lies --------------------------------------------------------------------------------------------------------------


def row(old: str, new: str) -> tuple[str, str, str]:
    """Return an edit of one row of journeys.csv."""
    return ("journeys.csv", f"{old}\n", f"{new}\n" if new else "")


def pull(share: str) -> tuple[str, str, str]:
    """Return an edit of the pull."""
    return ("config.yaml", "border_pull:\n  value: 0.2", f"border_pull:\n  value: {share}")


AS_MANY, ROWS = "as_many_cross_the_border_as_today", "journeys_are_complete"
NEAREST, FIRST = "everyone_goes_to_the_nearest_site", "first_contact_is_at_the_nearest_site"
WITHIN = "enough_patients_within_standard.clinic"
A_LEAVES, B_LEAVES = "clinic,A,true,oak,15,20,oak,15,0,leaves", "clinic,B,true,oak,12,8,oak,12,0,leaves"
B_STAYS, B_PULLED = "clinic,B,true,ash,25,16,ash,25,0,stays", "clinic,B,true,oak,12,8,oak,12,0,pulled"
SCANNED, COMES = "scan,A,true,ash,10,20,ash,10,0,pulled", "clinic,C,false,ash,50,4,ash,50,0,stays"
LIES: dict[str, tuple[set[str], list[tuple[str, str, str]]]] = {
    "fewer leave": ({AS_MANY}, [row(A_LEAVES, A_LEAVES.replace(",20,", ",19,"))]),
    "more stay": ({AS_MANY}, [row(B_STAYS, B_STAYS.replace(",16,", ",17,"))]),
    "fewer are pulled": ({AS_MANY}, [row(B_PULLED, B_PULLED.replace(",8,", ",7,"))]),
    "more come in than their share": ({AS_MANY}, [row(COMES, COMES.replace(",4,", ",50,"))]),
    "a leaver sent elsewhere": ({ROWS}, [row(A_LEAVES, "clinic,A,true,elm,60,20,elm,60,0,leaves")]),
    "a leaver kept at home": ({ROWS}, [row(A_LEAVES, "clinic,A,true,ash,10,20,ash,10,0,leaves")]),
    "a leaver left out": ({ROWS}, [row(B_LEAVES, "")]),
    "a leaver twice": ({ROWS}, [row(B_LEAVES, f"{B_LEAVES}\n{B_LEAVES}")]),
    "a leaver of a service that does not count the neighbour": (
        {ROWS},
        [row(SCANNED, f"{SCANNED}\nscan{A_LEAVES[6:]}")],
    ),
    "one from outside who leaves": ({ROWS}, [row(COMES, COMES.replace("stays", "leaves"))]),
    "a leaver in less time": (
        {"minutes_are_the_tables", FIRST},
        [row(A_LEAVES, A_LEAVES.replace("15", "14"))],
    ),
    "one who stays sent to a neighbour": (
        {NEAREST, FIRST},
        [row(B_STAYS, "clinic,B,true,oak,12,16,oak,12,0,stays")],
    ),
    "one who is pulled kept at home": (
        {NEAREST, FIRST},
        [row(B_PULLED, "clinic,B,true,ash,25,8,ash,25,0,pulled")],
    ),
    "those who stay called pulled": (
        {ROWS, AS_MANY, NEAREST, FIRST},
        [row(B_STAYS, B_STAYS.replace("stays", "pulled"))],
    ),
    "a way to go that there is not": (
        {"files_can_be_read", ROWS},
        [row(B_STAYS, B_STAYS.replace("stays", "remains"))],
    ),
    "a resident called one from outside": (
        {"patients_are_the_tables"},
        [row(A_LEAVES, A_LEAVES.replace("true", "false"))],
    ),
    "the worst journey one of a leaver": (
        {"measures_are_right"},
        [("measures.csv", "worst_minutes,clinic,,25,", "worst_minutes,clinic,,40,")],
    ),
    "the 95th patient one of the leavers": (
        {"measures_are_right"},
        [("measures.csv", "p95_minutes,clinic,,25,", "p95_minutes,clinic,,40,")],
    ),
    "a sum without the leavers": (
        {"measures_are_right"},
        [("measures.csv", "patient_minutes,clinic,,2012,", "patient_minutes,clinic,,1296,")],
    ),
    "people who live where patients leave": (
        {"measures_are_right"},
        [("measures.csv", "people_within_30,clinic,,1500,", "people_within_30,clinic,,1475,")],
    ),
    "a ceiling that a leaver breaks": (
        {"nobody_travels_too_far"},
        [("rules.csv", "nobody_travels_too_far.clinic,25,", "nobody_travels_too_far.clinic,40,")],
    ),
    "a standard that leavers do not count in": (
        {"enough_patients_within_standard"},
        [("rules.csv", f"{WITHIN},0.828571428571,", f"{WITHIN},0.8461538461,")],
    ),
    "another share in border.csv": (
        {AS_MANY, "measures_are_right", "objective_values_are_right"},
        [("inputs/border.csv", "A,oak,0.2,", "A,oak,0.3,")],
    ),
    "a share of more than all": ({"files_can_be_read"}, [("inputs/border.csv", "A,oak,0.2,", "A,oak,1.2,")]),
    "shares of more than all": ({"inputs_are_complete"}, [("inputs/border.csv", "C,oak,0.9,", "C,oak,0.91,")]),
    "a share of an unknown area": ({"inputs_are_complete"}, [("inputs/border.csv", "C,oak,0.9,", "D,oak,0.9,")]),
    "a share of one candidate": ({"inputs_are_complete"}, [("inputs/border.csv", "C,oak,0.9,", "C,ash,0.9,")]),
    "a share twice": ({"inputs_are_complete"}, [("inputs/border.csv", "C,oak,0.9,", "C,candidates,0.1,")]),
    "people of whom nothing is known": (
        {"inputs_are_complete", AS_MANY, ROWS},
        [("inputs/border.csv", "A,candidates,0.6,0.5\nA,oak,0.2,0.3\n", "")],
    ),
    "people who go where there is no journey": (
        {"inputs_are_complete"},
        [("inputs/border.csv", "A,oak,0.2,", "A,elm,0.2,"), ("inputs/journeys.csv", "A,elm,60", "A,elm,")],
    ),
    "a column of border.csv left out": (
        {"files_can_be_read"},
        [("inputs/border.csv", "area,goes_to,share,", "area,goes_to,part,")],
    ),
    "another pull": ({AS_MANY, "measures_are_right"}, [pull("0.1")]),
    "rows of those pulled where nobody is": (
        {AS_MANY, ROWS},
        [pull("0")],
    ),
    "a pull that is no share": ({"config_is_understood"}, [("config.yaml", "value: 0.2", "value: 1.2")]),
    "a pull over another border": ({"config_is_understood"}, [("config.yaml", "border: as_today", "border: nearest")]),
    "a border that there is not": ({"config_is_understood"}, [("config.yaml", "border: as_today", "border: open")]),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_who_crosses_the_border_is_found_under_its_own_name(lie: str):
    expected, edits = LIES[lie]
    found = says(run_with(*edits))
    assert expected <= found
    if all(name == "journeys.csv" for name, *_ in edits):
        assert found == expected


def test_nobody_is_pulled_where_the_pull_is_none():
    old = "clinic,A,true,oak,15,25,oak,15,0,leaves\n"
    pulled = "clinic,A,true,ash,10,0,ash,10,0,pulled\n"
    assert check(run_with(config=NO_PULL)).empty
    assert says(run_with(("journeys.csv", old, pulled + old), config=NO_PULL)) == {ROWS}


def test_a_run_without_the_table_or_the_column_cannot_be_checked():
    files = run_with()
    without = {name: content for name, content in files.items() if name not in ("run.json", "inputs/border.csv")}
    record = json.loads(files["run.json"])
    del record["files"]
    assert "files_can_be_read" in says(sealed(without, json.dumps(record)))
    nearest = texts(TO_THE_NEAREST)
    head = nearest["journeys.csv"].splitlines()[0] + "\n"
    assert says(run_with(("journeys.csv", head, head.replace("\n", ",how\n")), config=TO_THE_NEAREST)) == {
        "files_can_be_read"
    }


@pytest.mark.parametrize(
    ("lie", "change"),
    [
        ("objective_values_are_right", lambda record: record["objectives"][0].update(value=2012.0)),
        ("few_designations_are_all_tried", lambda record: record["enumeration"]["best"][1]["values"].reverse()),
        ("few_designations_are_all_tried", lambda record: record["enumeration"].update(lawful=3)),
    ],
)
def test_a_lie_about_what_plans_come_to_is_found(lie: str, change: Callable[[Any], None]):
    files = run_with()
    record = json.loads(files.pop("run.json"))
    change(record)
    del record["files"]
    assert lie in says(sealed(files, json.dumps(record)))


# -- drawn -------------------------------------------------------------------------------------------------------------

SHARES = st.sampled_from([0.0, 0.0, 0.1, 0.25, 0.333333, 0.5])
PULLS = st.sampled_from([0.0, 0.0, 0.25, 0.333333, 0.5, 1.0])


def with_border(draw: st.DrawFn, problem: Problem) -> Problem:
    """Return a world with shares of those who cross its border, at most half of whom go to each neighbour."""
    rows = {}
    for area in problem.areas.index:
        abroad = {site: draw(SHARES) for site in problem.sites if site not in problem.candidates}
        left = round(max(0.0, 1 - sum(abroad.values())), 6)
        rows[area] = {**abroad, HERE: draw(st.sampled_from([left, round(left / 2, 6)])) if left else 0.0}
        if not any(rows[area].values()):
            rows[area][HERE] = 0.5
    shares = pd.DataFrame.from_dict(rows, orient="index").rename_axis("area")
    return replace(problem, border=Border(shares, Figure(draw(PULLS))))


@st.composite
def simple_worlds(draw: st.DrawFn) -> Problem:
    """Draw a world of two services that patients go straight to, with limits that may clash, and an open border."""
    candidates, neighbours = ["ash", "birch", "cedar"][: draw(st.integers(2, 3))], ["oak", "pine"]
    areas = [f"area_{n}" for n in range(draw(st.integers(2, 5)))]
    sites, minutes = [*candidates, *neighbours], st.sampled_from([5.0, 10.0, 10.5, 20.0, 30.0, 45.0])
    maybe = lambda figures: draw(st.none() | figures.map(Figure))  # noqa: E731
    problem = Problem(
        title="A drawn world",
        sites={site: Site(site, site, site in candidates) for site in sites},
        services={
            code: Service(
                code,
                code,
                "visit",
                neighbours=draw(st.sampled_from([("oak", "pine"), ("oak", "pine"), ("pine",), ()])),
                minimum_patients=maybe(st.integers(1, 12)),
                maximum_patients=maybe(st.integers(10, 60)),
                longest_journey_minutes=maybe(st.sampled_from([10.5, 20, 30])),
                standard_minutes=Figure(20),
                share_within_standard=maybe(st.sampled_from([0.25, 0.5, 0.9])),
                at_least_sites=Figure(1),
            )
            for code in ("clinic", "scan")
        },
        areas=pd.DataFrame(
            {
                "resident": [True, *(draw(st.sampled_from([True, True, False])) for _ in areas[1:])],
                "population": [draw(st.sampled_from([0, 100, 333])) for _ in areas],
                "deprivation_decile": [draw(st.integers(1, 10)) for _ in areas],
            },
            index=pd.Index(areas, name="area"),
        ),
        journeys=pd.DataFrame({site: [draw(minutes) for _ in areas] for site in sites}, index=areas),
        demand=pd.DataFrame({"visit": [draw(st.sampled_from([0.0, 1.0, 12.5, 7.333333])) for _ in areas]}, index=areas),
        teams={"team": Team("team", "team", Figure(0), Figure(0))},
        staff={(site, "team", unit): 0.0 for site in candidates for unit in ("people", "WTE")},
        today=frozenset({("ash", "clinic")}),
        objectives=tuple(
            map(Objective, draw(st.permutations(["patient_minutes", "worst_journey", "patients_beyond_standard"])))
        ),
    )
    return with_border(draw, problem)


def micro(number: float | Fraction) -> Fraction:
    """Return a number to the millionth, halves to the even one."""
    return Fraction(round(Fraction(str(number)) * 10**6 if isinstance(number, float) else number * 10**6), 10**6)


def parts(problem: Problem, code: str) -> Iterator[tuple[str, bool, bool, Fraction, list[str]]]:
    """Yield, from the words, area, resident, whether they leave, how many, and where they may go whatever is open."""
    border, service = problem.border, problem.services[code]
    assert border is not None
    pull = Fraction(str(border.pull.value))
    for area, resident in problem.areas["resident"].items():
        everybody = micro(float(problem.demand.loc[area, "visit"]))
        share = {place: Fraction(str(border.shares.loc[area, place])) for place in border.shares}
        pulled = micro(everybody * pull)
        if pull:
            yield str(area), resident, False, pulled, [*problem.candidates, *sorted(service.neighbours)]
        if pull == 1:
            continue
        left = everybody - pulled
        if not resident:
            yield str(area), resident, False, micro(left * share[HERE]), [*problem.candidates]
            continue
        total = sum((share[place] for place in (*service.neighbours, HERE)), Fraction(0))
        gone = so_far = Fraction(0)
        for site in sorted(service.neighbours):
            so_far += share[site]
            upto = micro(left * so_far / total) if total else Fraction(0)
            yield str(area), resident, True, upto - gone, [site]
            gone = upto
        yield str(area), resident, False, left - gone, [*problem.candidates]


def by_force(problem: Problem) -> tuple[Fraction, ...] | None:
    """Return the best values of all lawful designations, tried one by one in plain Python; nothing if there is none."""
    best: dict[str, list[tuple[Fraction, Fraction, Fraction]]] = {}
    chosen = [set(some) for n in range(1, 9) for some in combinations(problem.candidates, n)]
    for code in problem.services:
        found = (_comes_to(problem, code, sites) for sites in chosen)
        best[code] = [values for values in found if values is not None]
    order = [("patient_minutes", "worst_journey", "patients_beyond_standard").index(o.name) for o in problem.objectives]
    every = [(one[0] + other[0], max(one[1], other[1]), one[2] + other[2]) for one, other in product(*best.values())]
    return min((tuple(values[n] for n in order) for values in every), default=None)


def _comes_to(problem: Problem, code: str, sites: set[str]) -> tuple[Fraction, Fraction, Fraction] | None:
    """Return minutes, the worst journey and patients beyond the standard, or nothing where a rule is broken."""
    service = problem.services[code]
    spent = worst = beyond = everybody = Fraction(0)
    volume = dict.fromkeys(sites, Fraction(0))
    for area, resident, leaves, patients, may in parts(problem, code):
        open_sites = [site for site in may if site in sites or site not in problem.candidates]
        minutes, _, site = min((Fraction(str(problem.journeys.loc[area, s])), n, s) for n, s in enumerate(open_sites))
        if site in volume:
            volume[site] += patients
        if resident:
            everybody, spent = everybody + patients, spent + patients * minutes
            beyond += patients if minutes > 20 else 0
            worst = worst if leaves else max(worst, minutes)
    least = service.minimum_patients.value if service.minimum_patients else 0
    most = service.maximum_patients.value if service.maximum_patients else inf
    longest = service.longest_journey_minutes.value if service.longest_journey_minutes else inf
    share = Fraction(str(service.share_within_standard.value)) if service.share_within_standard else Fraction(0)
    lawful = all(least <= number <= most for number in volume.values()) and worst <= longest
    return (spent, worst, beyond) if lawful and everybody - beyond >= share * everybody else None


def values_of(plan: Plan) -> tuple[float, ...]:
    return tuple(reached.value for reached in plan.proof.objectives)


@draws(40)
@given(simple_worlds())
def test_solver_list_brute_force_and_checker_agree_on_who_crosses_the_border(problem: Problem):
    problem = with_files(problem)
    with shown_if_it_fails(problem):
        best, listing = by_force(problem), enumerate_all(problem)
        if best is None:
            assert listing.lawful == 0
            with pytest.raises(NoPlan):
                solve(problem, list_all=False)
            return
        expected = pytest.approx(tuple(map(float, best)), abs=1e-9)
        alone = solve(problem, list_all=False)
        assert values_of(alone) == listing.ranked[0].values == expected
        found = answer(problem)
        assert isinstance(found, Answer) and values_of(found.plan) == expected
        for run in (files_of(alone), files_of(found.plan, said=found.set_against)):
            faults = check(run)
            assert faults.empty, "\n".join(faults["message"])


@st.composite
def any_worlds(draw: st.DrawFn) -> Problem:
    """Draw a world with transfers, beds, offsets, staff and patients shared out, two neighbours, and an open border."""
    problem = draw(worlds(((2, 1), (2, 2), (3, 2))).filter(lambda one: one.services_with_patients))
    sites = [*problem.candidates, "edge_0", "edge_1"]
    minutes, roads = st.sampled_from([5.0, 10.0, 20.0, 45.0]), st.sampled_from([0.0, 4.5, 25.0])
    near = {site: [draw(minutes) for _ in problem.areas.index] for site in sites if site not in problem.journeys}
    way = [[draw(roads) for _ in sites] for _ in sites]
    some = st.sampled_from([("edge_0", "edge_1"), ("edge_0", "edge_1"), ("edge_1",), ()])
    problem = replace(
        problem,
        sites={site: Site(site, site, site in problem.candidates) for site in sites},
        journeys=problem.journeys.assign(**near)[sites],
        by_mode={mode: table.assign(**near)[sites] for mode, table in problem.by_mode.items()},
        transfers=pd.DataFrame(way, index=sites, columns=sites),
        services={code: replace(one, neighbours=draw(some)) for code, one in problem.services.items()},
    )
    return with_border(draw, problem)


@draws(40)
@given(any_worlds(), st.data())
def test_solver_list_and_checker_agree_whatever_else_is_asked(problem: Problem, data: st.DataObject):
    problem = with_files(problem)
    with shown_if_it_fails(problem):
        pairs = list(product(problem.candidates, problem.services))
        faults = check(files_of(evaluate(problem, {pair for pair in pairs if data.draw(st.booleans())})))
        assert faults.empty, "\n".join(faults["message"])
        listing = enumerate_all(problem)
        if not listing.lawful:
            with pytest.raises(NoPlan):
                solve(problem, list_all=False)
            return
        assert values_of(solve(problem, list_all=False)) == listing.ranked[0].values
        found = answer(problem)
        assert isinstance(found, Answer)
        faults = check(files_of(found.plan, said=found.set_against))
        assert faults.empty, "\n".join(faults["message"])


def test_a_border_as_today_is_checked_where_no_service_has_patients():
    world = small()
    world = replace(world, services={"x_ray": world.services["x_ray"]}, objectives=(Objective("changes_from_today"),))
    shares = pd.DataFrame({HERE: [1.0] * len(world.areas)}, index=world.areas.index)
    plan = evaluate(with_files(replace(world, border=Border(shares))), {("ash", "x_ray")})
    assert check(files_of(plan)).empty
