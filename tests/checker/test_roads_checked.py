"""What an event on the roads adds: as files, refused where it is not understood, and worked out anew by the checker."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from command import optimiser
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from made_up_place import CONFIG, write_question
from road_tables import TABLES

from optimiser.checker import check
from optimiser.checker.roads import tenths_longer
from optimiser.checker.verify import Drive
from optimiser.errors import InputError
from optimiser.inputs import read_problem
from optimiser.journeys.network import Event, Network, network_of
from optimiser.plan import Plan
from optimiser.plan.runs import files_of, write_run
from optimiser.report.rests_on import figures
from optimiser.report.summary import lines
from optimiser.search.planning import solve

ROADS = "roads: {close: [A1 between Middle and East], slow: {A1: {value: 1.5, source: A guess}}}\n"
# Three areas at home, and elm where birch stands.
ACCESS = "end,junction,km\nA1,west,2\nA2,west,2\nA3,west,2\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
PLACE = {**TABLES, "road_access": ACCESS}
TURNED = {
    "road_turns": "from_junction,junction,to_junction,turn\nwest,middle,east,signals\n,middle,east,right\n",
    "road_delays": "turn,seconds\nright,18\nsignals,30\n",
}


def asked(folder: Path, config: str, **changed: str | None) -> Path:
    return write_question(folder, config, **{**PLACE, **changed})


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return solve(read_problem(asked(tmp_path_factory.mktemp("asked"), CONFIG + ROADS)))


@pytest.fixture(scope="module")
def files(answer: Plan) -> dict[str, bytes]:
    return files_of(answer)


def test_minutes_are_those_of_the_table_and_what_the_network_says_is_longer(tmp_path: Path):
    """To ash by the old road 10 more than by the A1, to middle 5 more; all times 1.1.

    From birch one goes back to the west, 15 + 30 minutes in place of 10; to it by the street, 12 in place of 10.
    """
    found = read_problem(asked(tmp_path, f"{CONFIG}{ROADS}travel: {{factor: 1.1}}\n"))
    assert found.journeys.loc["A1"].to_dict() == {"ash": 22, "birch": 28.05, "elm": 49.5}
    assert found.transfers.loc["birch"].fillna(0).to_dict() == {"ash": 61.6, "birch": 0, "elm": 13.2}
    assert found.transfers.loc["ash"].fillna(0).to_dict() == {"ash": 0, "birch": 24.2, "elm": 35.2}


def test_a_run_keeps_the_network_and_can_be_asked_again_and_is_clean(answer: Plan, tmp_path: Path):
    run = write_run(answer, tmp_path / "run")
    assert {path.name for path in (run / "inputs").glob("road_*")} == {f"{name}.csv" for name in TABLES}
    assert check(run).empty
    again = read_problem(run / "config.yaml")
    assert again.journeys.equals(answer.problem.journeys)
    assert files_of(solve(again))["journeys.csv"] == files_of(answer)["journeys.csv"]


def test_what_a_turn_takes_is_no_part_of_a_way_that_does_not_make_it(tmp_path: Path):
    """30 and 18 seconds at middle on the A1: the old road is 9.2 minutes longer."""
    found = solve(read_problem(asked(tmp_path, f"{CONFIG}{ROADS}", **TURNED)))
    assert found.problem.journeys.loc["A1"].to_dict() == {"ash": 19.2, "birch": 25.5, "elm": 45}
    run = write_run(found, tmp_path / "run")
    assert (run / "inputs/road_turns.csv").exists()
    assert check(run).empty


def is_noticed(found: Mapping[str, bytes], name: str, was: str, now: str) -> None:
    """Hold that the checker notices what is written otherwise in one file of a run, by more than that file's hash."""
    assert found[name].count(was.encode()) == 1
    wrong = check({**found, name: found[name].replace(was.encode(), now.encode())})
    assert set(wrong["check"]) - {"files_are_as_listed"}


ANOTHER_TURN = [
    ("inputs/road_delays.csv", "signals,30", "signals,24"),
    ("inputs/road_turns.csv", "west,middle,east,signals", "east,middle,west,signals"),
    ("inputs/road_turns.csv", ",middle,east,right", ",middle,east,forbidden"),
    ("inputs/road_turns.csv", ",middle,east,right", ",middle,east,wrong"),
]


@pytest.mark.parametrize(("name", "was", "now"), ANOTHER_TURN)
def test_the_checker_finds_that_a_turn_is_another(tmp_path: Path, name: str, was: str, now: str):
    found = files_of(solve(read_problem(asked(tmp_path, f"{CONFIG}{ROADS}", **TURNED))))
    is_noticed(found, name, was, now)


HOURS = (
    "class,road,from_hour,to_hour,times,source,verified\nfast,,7,9.5,1.25,A count,true\n"
    ",A1 from Middle to East,8,9,1.5,,\n,Old Road,22,6,2,,\n"
)


@pytest.mark.parametrize(
    ("hour", "longer"),
    [(7, [5, 2.5]), (8.5, [7.5, 2.5]), (9, [5, 2.5]), (9.5, [0, 0]), (23, [0, 0]), (3, [0, 0]), (12, [0, 0])],
)
def test_at_an_hour_of_the_day_roads_are_as_slow_as_their_table_says(tmp_path: Path, hour: float, longer: list[float]):
    """The A1 by 1.25 from 7 until half past 9, the way to east by 1.5 from 8 to 9: the slower counts."""
    found = read_problem(asked(tmp_path, f"{CONFIG}roads: {{hour: {hour}}}\n", road_hours=HOURS))
    assert found.longer is not None
    assert found.longer.journeys.loc["A1", ["ash", "birch"]].tolist() == longer


def test_an_hour_goes_with_what_is_shut_and_slow_and_is_said_with_what_nobody_verified(tmp_path: Path):
    """With the A1 shut beyond middle one takes the old road, 30 minutes for 20 and twice as long at night."""
    said = f"{CONFIG}roads: {{close: [A1 from Middle to East], slow: {{B2: 1.5}}, hour: 23.5}}\n"
    config = asked(tmp_path, said, road_hours=HOURS)
    told = "A1 from Middle to East (1 link) shut; B2 (1 link) 1.5 times as long; Old Road (1 link) 2 times as long"
    assert f"\nRoads, at 23:30: {told}.\n" in optimiser("validate", str(config), cwd=tmp_path).stdout
    plan = solve(read_problem(config))
    assert plan.problem.longer is not None
    assert plan.problem.longer.journeys.loc["A1", "ash"] == 40
    words = "all roads as at 23:30; A1 from Middle to East closed; B2 slowed to 1.5 times its minutes"
    assert words in "\n".join(lines(plan))
    assert "Old Road at 23:30 takes 2 times as long (no source stated)" in figures(plan)
    run = write_run(plan, tmp_path / "run")
    assert check(run).empty
    assert read_problem(run / "config.yaml").journeys.equals(plan.problem.journeys)
    at_half_past_eight = solve(read_problem(asked(tmp_path, f"{CONFIG}roads: {{hour: 8.5}}\n", road_hours=HOURS)))
    of_roads = [one for one in figures(at_half_past_eight) if "at 08:30" in one]
    assert of_roads == ["A1 from Middle to East at 08:30 takes 1.5 times as long (no source stated)"]


ANOTHER_HOUR = [
    ("inputs/road_hours.csv", "fast,,7,9.5", "fast,,9,9.5"),
    ("inputs/road_hours.csv", "8,9,1.5", "8,9,1.4"),
    ("inputs/road_hours.csv", "A1 from Middle to East", "A1 from East to Middle"),
    ("inputs/road_hours.csv", "A1 from Middle to East", "A9"),
    ("config.yaml", "hour: 8.5", "hour: 7.5"),
    ("config.yaml", "hour: 8.5", "close: []"),
]


@pytest.mark.parametrize(("name", "was", "now"), ANOTHER_HOUR)
def test_the_checker_finds_that_an_hour_is_another(tmp_path: Path, name: str, was: str, now: str):
    found = files_of(solve(read_problem(asked(tmp_path, f"{CONFIG}roads: {{hour: 8.5}}\n", road_hours=HOURS))))
    is_noticed(found, name, was, now)


def test_an_hour_without_a_table_is_refused(tmp_path: Path):
    assert "the place has no road_hours.csv (docs/roads.md). Add it" in faults(tmp_path, "roads: {hour: 8}\n")
    assert '"hour" must be at most 23.99, not 24' in faults(tmp_path, "roads: {hour: 24}\n", road_hours=HOURS)


@pytest.mark.parametrize("said", ["", "roads: {}\n", "roads: {close: [], slow: {}}\n"])
def test_where_nothing_is_said_of_roads_nothing_is_longer(tmp_path: Path, said: str):
    problem = read_problem(asked(tmp_path, CONFIG + said))
    assert problem.journeys.loc["A1"].tolist() == [10, 20.5, 40]
    assert problem.longer is None
    # Three of its tables are for maps.
    for_maps = {f"inputs/road_{name}.csv" for name in ("junctions", "links", "speeds")}
    assert {name for name in problem.files if name.startswith("inputs/road_")} <= for_maps or said
    assert check(files_of(solve(problem))).empty


def test_a_run_says_how_much_longer_journeys_are_and_that_nobody_verified_it(answer: Plan):
    said = "\n".join(lines(answer))
    assert (
        "A1 between Middle and East closed; A1 slowed to 1.5 times its minutes. Of 2 resident areas journeys are "
        "longer to Ash Hospital from 2, by 10.0 on average and 10 at most; to Birch Hospital from 2, by 5.0 on "
    ) in said
    assert "0 of 4 in road_links.csv and 0 of 3 in road_speeds.csv are marked as verified." in said


def test_which_roads_are_slow_by_what_source_is_among_the_unverified_figures(tmp_path: Path):
    guess, read = "{value: 1.5, source: A guess}", "{value: 2, source: A paper, verified: true}"
    said = f"roads: {{slow: {{A1: {guess}, B2: {guess}, One Way Street: {read}}}}}\ntravel: {{factor: 1.1}}\n"
    found = figures(solve(read_problem(asked(tmp_path, CONFIG + said))))
    assert [one for one in found if "times as long" in one] == [
        "Every journey takes 1.1 times as long (no source stated)",
        "A1 and B2 take 1.5 times as long (A guess)",
    ]


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [
        ("inputs/road_links.csv", "west,east,B2,Old Road,15", "west,east,B2,Old Road,14"),
        ("inputs/road_links.csv", "middle,east,A1,Middle Bypass,10", "middle,east,A1,Middle Bypass,9"),
        ("inputs/road_speeds.csv", "slow,30", "slow,29"),
        ("inputs/road_access.csv", "A1,west,2", "A1,east,2"),
        ("config.yaml", "value: 1.5", "value: 1.4"),
        ("config.yaml", "- A1 between Middle and East", "- A1"),
        ("config.yaml", "- A1 between Middle and East", "- A2"),
    ],
)
def test_the_checker_finds_that_a_network_or_an_event_is_another(
    files: dict[str, bytes], name: str, was: str, now: str
):
    text = files[name].decode()
    assert text.count(was) == 1
    found = check({**files, name: text.replace(was, now).encode()})
    assert set(found["check"]) - {"files_are_as_listed"}


def test_the_checker_finds_minutes_that_are_not_longer(files: dict[str, bytes], tmp_path: Path):
    open_roads = files_of(solve(read_problem(asked(tmp_path, CONFIG))))
    found = check({**files, "journeys.csv": open_roads["journeys.csv"]})
    assert set(found["check"]) == {
        "files_are_as_listed",
        "first_contact_is_at_the_nearest_site",
        "minutes_are_the_tables",
    }


def faults(folder: Path, said: str, **changed: str | None) -> str:
    with pytest.raises(InputError) as refused:
        read_problem(asked(folder, CONFIG + said, **changed))
    return "\n".join(map(str, refused.value.faults))


def test_every_fault_of_an_event_is_listed_at_once_with_its_line(tmp_path: Path):
    """Also beside faults of tables that are none of the network's, and of no hours; not where a link has one."""
    said = "roads:\n  close: [A1 between West and Est, M1]\n  slow: {A9: 2, A1: 0.5}\n  hour: 8\n"
    every = faults(tmp_path, said, activity="site,activity,period,count\nash,visit,2024/25,nine\n").splitlines()
    found = [line.partition("base.yaml, ")[2] for line in every if "base.yaml" in line]
    first = CONFIG.count("\n") + 2
    assert [(line.partition(":")[0], line.partition(": ")[2][:40]) for line in found] == [
        (f"line {first + 1}", '"A1" under roads: slow must be at least '),
        (f"line {first + 2}", "the place has no road_hours.csv (docs/ro"),
        (f"line {first}", 'no junction of A1 is called "Est". Did y'),
        (f"line {first}", 'no road of road_links.csv is called "M1"'),
        (f"line {first + 1}", 'no road of road_links.csv is called "A9"'),
    ]
    assert len(every) == len(found) + 1
    waits = faults(tmp_path, said, road_links=TABLES["road_links"].replace("10,fast", "far,fast"))
    assert "names of stretches are looked at once the tables of the network are mended." in waits
    assert "M1" not in waits


def test_a_place_without_a_network_is_told_what_to_add(tmp_path: Path):
    found = faults(tmp_path, ROADS, road_links=None, road_access=None)
    assert "the place has no network of roads. Add road_links.csv and road_access.csv" in found


def test_an_area_or_a_site_that_joins_no_road_is_refused(tmp_path: Path):
    access = ACCESS.replace("A2,west,2\n", "").replace("elm,middle,0.5\n", "")
    found = faults(tmp_path, ROADS, road_access=access)
    assert "road_access.csv does not say where areas join the roads: A2. Add them, or write areas_outside" in found
    assert "road_access.csv does not say where sites join the roads: elm. Add them." in found


def test_where_no_way_is_left_the_question_is_refused_in_words(tmp_path: Path):
    found = faults(tmp_path, "roads: {close: [A1 from West to East, B2 from West to East]}\n")
    words = "with A1 from West to East and B2 from West to East closed the network has no way left from A1, A2"
    assert f"{words}, A3 and 2 more to ash. Where there is one in the world, add it to road_links.csv" in found
    assert f"{words} and A3 to birch and elm. Where there is one" in found


def test_where_there_is_no_way_in_the_first_place_the_question_is_refused_in_words(tmp_path: Path):
    links = TABLES["road_links"].replace("west,middle,A1,,10,fast,false\n", "").replace("west,east,B2", "east,west,B2")
    links = links.replace("Old Road,15,slow,", "Old Road,15,slow,true")
    found = faults(tmp_path, ROADS, road_links=links)
    assert "the network has no way from A1, A2 and A3 to ash, birch and elm. Add the links that are missing" in found


@pytest.mark.parametrize(
    ("table", "was", "now", "words"),
    [
        ("road_links", "east,middle,One", "east,midle,One", 'there is no junction "midle" in road_junctions.csv'),
        ("road_links", ",6,slow", ",6,slo", 'there is no class "slo" in road_speeds.csv'),
        ("road_access", "A2,west", "A2,wst", 'there is no junction "wst" in road_junctions.csv'),
        ("road_access", "A2,west", "A7,west", 'there is no end "A7" in areas.csv or sites.csv'),
        (
            "road_speeds",
            "access,30\n",
            "",
            "the class access is missing: how fast one drives to a junction. Add its row",
        ),
        ("road_speeds", "slow,30", "slow,0", "is below 1, the least that it can be"),
        ("road_turns", "west,middle", "wst,middle", 'there is no junction "wst" in road_junctions.csv'),
        ("road_turns", "east,signals", "east,signal", 'there is no turn "signal" in road_delays.csv'),
        ("road_delays", "right,18", "right,-1", "is below 0, the least that it can be"),
        ("road_hours", "fast,,7", "fats,,7", 'there is no class "fats" in road_speeds.csv'),
        ("road_hours", "fast,,7", "fast,A1,7", "both class and road are filled in. Fill in one of them."),
        ("road_hours", "fast,,7", ",,7", "neither class nor road is filled in. Fill in one of them."),
        ("road_hours", "22,6", "6,6", "it begins when it ends. Write 0 and 24 for all day."),
        ("road_hours", "9.5,1.25", "9.5,0.9", "is below 1, the least that it can be"),
        ("road_hours", "Old Road", "Elder Road", 'row 4: no road of road_links.csv is called "Elder Road"'),
        ("road_links", "fast,false", "fast,perhaps", "one_way"),
        (
            "road_turns",
            ",middle,east,right",
            ",middle,middle,right",
            "row 3: no link of road_links.csv leads from middle to middle. One goes on to east and west.",
        ),
    ],
)
def test_a_network_that_does_not_fit_together_is_refused_with_row_and_remedy(
    tmp_path: Path, table: str, was: str, now: str, words: str
):
    tables = {**PLACE, **TURNED, "road_hours": HOURS}
    found = faults(tmp_path, "", **{**tables, table: tables[table].replace(was, now, 1)})
    assert words in found
    assert f"{table}.csv" in found


def test_a_turn_against_a_one_way_street_and_one_by_no_street_are_refused_and_no_other(tmp_path: Path):
    """The A1 leads from west to middle, and not back; from east to middle one may drive, and to west by nothing."""
    links = "from_junction,to_junction,road,km,class,one_way\nwest,middle,A1,10,fast,true\nmiddle,east,A1,10,fast,\n"
    turns = "from_junction,junction,to_junction,turn\neast,middle,west,right\nwest,east,,signals\n"
    sound = "west,middle,east,right\n,east,middle,right\neast,middle,,right\n"
    found = faults(tmp_path, "", **{**PLACE, **TURNED, "road_links": links, "road_turns": turns + sound})
    assert [line.partition("road_turns.csv, ")[2] for line in found.splitlines()] == [
        f"row {row}: no link of road_links.csv leads {words}. Correct the row, or take it out."
        for row, words in (
            (2, "from middle to west. One goes on to east"),
            (3, "from west to east. One comes there from middle"),
        )
    ]
    # Where a link from east ends is not known, so nothing is said of turns from there or there.
    links += "east,midle,A1,1,fast,\n"
    (of_links, of_turns) = faults(
        tmp_path, "", **{**PLACE, **TURNED, "road_links": links, "road_turns": turns}
    ).splitlines()
    assert '"midle"' in of_links and of_turns.partition(", ")[2].startswith(
        "row 2: no link of road_links.csv leads from middle to"
    )


def test_a_kind_of_turn_without_a_table_of_delays_is_refused(tmp_path: Path):
    found = faults(tmp_path, "", road_turns=TURNED["road_turns"])
    assert 'there is no turn "signals" in road_delays.csv' in found


def test_a_code_of_an_area_and_a_site_is_refused_where_one_joins_the_roads(tmp_path: Path):
    sites = "site,name,role\nash,Ash Hospital,candidate\nA1,Birch Hospital,candidate\nelm,Elm Hospital,neighbour\n"
    found = faults(tmp_path, "", sites=sites)
    assert "is an area and a site, so that nobody knows which is meant. Rename one." in found


ROAD_NAMES = ["A1", "A2", "Mill Lane"]
KM = st.decimals(min_value=0, max_value=20, places=2).map(lambda km: Decimal(f"{km:f}"))


@st.composite
def events(draw: st.DrawFn):
    """A few junctions, links on three roads, areas and sites, and stretches that may or may not be there."""
    junctions = [f"j{n}" for n in range(draw(st.integers(2, 5)))]
    among = st.sampled_from(junctions)
    links = {}
    for start, end, road in draw(
        st.lists(st.tuples(among, among, st.sampled_from(ROAD_NAMES)), min_size=1, max_size=10)
    ):
        name = draw(st.sampled_from(["", "", "Long Hill"]))
        kind = draw(st.sampled_from(["fast", "slow"]))
        links[start, end, road] = (start, end, road, name, draw(KM), kind, draw(st.booleans()))
    ends = [
        (end, junction, draw(KM)) for end in ("E1", "E2", "s1", "s2") for junction in draw(st.sets(among, min_size=1))
    ]
    named = st.sampled_from(
        [
            f"{road}{rest}"
            for road in (*ROAD_NAMES, "long hill")
            for rest in ("", " between J0 and j1", " from Old j1 to j0")
        ]
    )
    close = draw(st.lists(named, max_size=2, unique=True))
    slow = draw(st.dictionaries(named, st.sampled_from([1, 1.005, 1.1, 1.25, 3]), max_size=2))
    side, kinds = st.sampled_from(["", *junctions]), st.sampled_from(["signals", "right", "right", "forbidden"])
    turns = draw(st.lists(st.tuples(side, among, side, kinds), max_size=6, unique=True))
    some = st.sampled_from([("fast", ""), ("slow", ""), ("", "A1"), ("", "long hill"), ("", "A2 from J0 to j1")])
    at, times = st.sampled_from(["0", "6.5", "8", "22.25"]), st.sampled_from(["1", "1.2", "1.75"])
    rows = draw(st.lists(st.tuples(some, at, at, times), max_size=3, unique_by=lambda row: row[:2]))
    hours = [(*which, start, end, by) for which, start, end, by in rows if start != end]
    hour = draw(st.sampled_from([None, "0", "7.25", "8", "23"])) if hours else None
    return junctions, list(links.values()), ends, close, slow, turns, hours, hour


@draws(150)
@given(events())
def test_the_checker_works_out_the_same_minutes_or_neither_does(world):
    junctions, links, ends, close, slow, turns, hours, hour = world
    names = {code: f"{'Old' if number % 2 else 'New'} {code.upper()}" for number, code in enumerate(junctions)}
    kmh = {"access": Decimal(31), "fast": Decimal(97), "slow": Decimal("40.5")}
    columns = ("from_junction", "to_junction", "road", "name", "km", "class", "one_way")
    of_turns = ("from_junction", "junction", "to_junction", "turn")
    tables: dict[str, list[dict]] = {
        "junctions": [
            {"junction": code, "name": name, "easting_m": 0, "northing_m": 0} for code, name in names.items()
        ],
        "links": [dict(zip(columns, link, strict=True)) for link in links],
        "speeds": [{"class": kind, "kmh": speed} for kind, speed in kmh.items()],
        "access": [dict(zip(("end", "junction", "km"), one, strict=True)) for one in ends],
        "turns": [dict(zip(of_turns, one, strict=True)) for one in turns],
        "delays": [{"turn": "signals", "seconds": Decimal(20)}, {"turn": "right", "seconds": Decimal("7.5")}],
    }
    tables["hours"] = [
        {"class": kind, "road": road, "from_hour": Decimal(start), "to_hour": Decimal(end), "times": Decimal(times)}
        for kind, road, start, end, times in hours
    ]
    pairs = [(start, site) for start in ("E1", "E2", "s1", "s2") for site in ("s1", "s2")]
    network = network_of(*(pd.DataFrame(table) for table in tables.values()))
    by_hand_of_verify(network, tables)
    try:
        more = network.longer(["E1", "E2", "s1", "s2"], ["s1", "s2"], Event(tuple(close), slow, hour and float(hour)))
        ours = None if not np.isfinite(more.to_numpy()).all() else more
    except ValueError:
        ours = None
    try:
        slowed = {stretch: Fraction(str(times)) for stretch, times in slow.items()}
        theirs = tenths_longer(pairs, close, slowed, None if hour is None else Fraction(hour), tables)
    except ValueError:
        assert ours is None
        return
    assert ours is not None
    assert (ours >= 0).all(axis=None)
    for start, site in pairs:
        assert ours.loc[start, site] == theirs.get((start, site), 0) / 10


def by_hand_of_verify(network: Network, tables: dict[str, list[dict]]) -> None:
    """Hold the times on a network beside those that ``verify.py`` finds of its tables."""
    links = [(u, v, edge["thousandths"]) for u, v, edge in network.roads.edges(data=True)]
    with TemporaryDirectory() as folder:
        for name in ("turns", "delays") if tables["turns"] else ():
            pd.DataFrame(tables[name]).to_csv(Path(folder) / f"road_{name}.csv", index=False)
        drive = Drive(Path(folder), links)
    for site in ("s1", "s2"):
        found, theirs = network.thousandths(["E1", "E2", "s1", "s2"], [site])[site], drive.to(network.ends[site])
        for start, long in found.items():
            ways = [add + theirs[place] for place, add in network.ends[str(start)].items() if place in theirs]
            assert long == min(ways) if ways else np.isnan(long)
