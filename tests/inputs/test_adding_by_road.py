"""Journeys to a site that a config adds, by the place's roads: by hand, and worked out alike by three programs."""

from __future__ import annotations

import io
import random
import shutil
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from drawing import seeds
from test_adding import OAK, TINY, asked, question, refused
from test_pack import accepted, levels, sealed
from test_pack import written as run_in

from optimiser.checker import check
from optimiser.errors import InputError
from optimiser.inputs import read_problem
from optimiser.journeys.network import network_of
from optimiser.plan import Plan
from optimiser.plan.runs import files_of
from optimiser.problem.words import of_changes
from optimiser.report import rests_on
from optimiser.search.planning import solve

# The A1 runs through the tiny place from west to east, a junction every ten kilometres, a kilometre a minute, and each
# area and each site but oak stands at one: as journeys.csv has it. Oak is a kilometre north of the middle.
SPOTS = [*range(57, 66), 69]
JUNCTIONS = "junction,name,easting_m,northing_m\n" + "".join(f"j{n},Junction {n},{n}0000,440000\n" for n in SPOTS)
LINKS = "from_junction,to_junction,road,km,class\n" + "".join(
    f"j{a},j{b},A1,{10 * (b - a)},fast\n" for a, b in pairwise(SPOTS)
)
ENDS = {"A1": 57, "ash": 58, "A2": 59, "birch": 60, "A3": 61, "A4": 62, "cedar": 63, "A5": 64, "X1": 65, "dale": 69}
ACCESS = "end,junction,km\n" + "".join(f"{end},j{n},0\n" for end, n in ENDS.items())
NETWORK = {
    "road_junctions": JUNCTIONS,
    "road_links": LINKS,
    "road_speeds": "class,kmh\naccess,78\nfast,60\n",
    "road_access": ACCESS,
}
BY_ROAD = OAK.replace("440000", "441000").replace("{name", "{journeys: roads, name")
# Between oak and the road, two kilometres long.
RIVER = "water,order,easting_m,northing_m\nRiver,1,621000,440500\nRiver,0,619000,440500\n"


def by_road(tmp_path: Path, more: str = "", **tables: str) -> Plan:
    return solve(asked(tmp_path, f"{{oak: {BY_ROAD}}}", more, **{**NETWORK, **tables}))


def test_it_is_the_way_to_the_road_and_the_road_by_the_line_that_fits_the_journeys_that_are_known(tmp_path: Path):
    """1 km by straight line is 1.3 to the junction, and at 78 km/h a minute: from Dell, which stands there.

    To the junctions beside it is 10.05 km, so 13.065 of way and 10.05 minutes: quicker than 11 by the road. From all
    others it is so many more on the A1. Minutes are whole, as the known ones are.
    """
    plan = by_road(tmp_path)
    problem = plan.problem
    assert problem.journeys["oak"].to_dict() == {"A1": 50, "A2": 30, "A3": 10, "A4": 1, "A5": 20, "X1": 30}
    assert problem.transfers["oak"].drop("oak").to_dict() == {"ash": 40, "birch": 20, "cedar": 10, "dale": 70}
    assert problem.transfers.loc["oak"].drop("oak").to_dict() == {"ash": 40, "birch": 20, "cedar": 10, "dale": 70}
    (one,) = problem.added
    assert (one.at_once, one.a_minute, one.a_km, one.sites, one.median_off) == (0, 1, None, 3, 0)
    said = "Journeys to Oak Hospital are estimated by the network of roads, 0.00 minutes and 1.00 for each on the"
    assert said in of_changes(problem)[1] and problem.sites["oak"].name.endswith("(estimated)")
    assert any("by the network of roads" in figure for figure in rests_on.figures(plan))
    files = files_of(plan)
    assert check(files).empty
    assert "oak added, as config.yaml says; estimated by roads: journeys" in accepted(files, tmp_path / "run")
    # The run asks the same again.
    again = read_problem(run_in(files, tmp_path / "again") / "config.yaml")
    assert again.journeys.equals(problem.journeys) and again.added == problem.added


def test_no_way_to_a_junction_crosses_a_water_and_roads_that_are_slow_are_slow_to_it_too(tmp_path: Path):
    """Round the river it is 10.05 km to the junctions beside, 13.065 km of way and 10.05 minutes, told in full."""
    plan = by_road(tmp_path, "roads: {slow: {A1 between Junction 57 and Junction 60: 2}}\n", road_waters=RIVER)
    minutes = plan.problem.journeys["oak"].to_dict()
    assert minutes == {"A1": 50 + 30, "A2": 30 + 10, "A3": 10, "A4": 20, "A5": 20, "X1": 30}
    files = files_of(plan)
    assert check(files).empty
    assert "roads shut or slow, as config.yaml says" in accepted(files, tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "was", "now", "level"),
    [
        ("inputs/road_waters.csv", "River,1,621000", "River,1,619001", "V3"),
        ("inputs/road_junctions.csv", "j61,Junction 61,610000", "j61,Junction 61,600000", "V3"),
        ("inputs/road_speeds.csv", "fast,60", "fast,59", "V1"),
        ("config.yaml", "easting_m: 620000", "easting_m: 621000", "V3"),
        ("run.json", '"a_minute": 1.0', '"a_minute": 1.1', "V1"),
    ],
)
def test_another_network_place_or_line_is_found_by_the_checker_and_by_verify(
    name: str, was: str, now: str, level: str, tmp_path: Path
):
    files = dict(files_of(by_road(tmp_path, road_waters=RIVER)))
    assert was in files[name].decode()
    files[name] = files[name].replace(was.encode(), now.encode())
    files = sealed(files)
    assert not check(files).empty
    assert level in [at for at, _ in levels(run_in(files, tmp_path / "run"))]


def test_what_a_network_cannot_do_is_refused_in_words(tmp_path: Path):
    (bare,) = refused(tmp_path / "bare", f"{{oak: {BY_ROAD}}}")
    assert "the place has no network of roads. Add road_junctions.csv, road_links.csv, road_speeds.csv and" in bare
    lost = {**NETWORK, "road_access": ACCESS.replace("A2,j59,0\n", "")}
    (area,) = refused(tmp_path / "area", f"{{oak: {BY_ROAD}}}", **lost)
    assert "the network has no way between it and A2. Add where they join the roads (road_access.csv)" in area
    both = BY_ROAD.replace("journeys: roads", "journeys: roads, transfers: straight_line")
    (means,) = refused(tmp_path / "both", f"{{oak: {both}}}", **NETWORK)
    assert means == "journeys are by roads and transfers by straight_line. Write one of them for both."
    wet = RIVER + "".join(f"Ring,{n},{620000 + x},{441000 + y}\n" for n, (x, y) in enumerate(RING))
    (island,) = refused(tmp_path / "island", f"{{oak: {BY_ROAD}}}", **NETWORK, road_waters=wet)
    assert "it reaches no junction but over a water. Write straight_line, or name a table." in island


RING = [(-100, -100), (100, -100), (100, 100), (-100, 100), (-100, -100)]


@seeds(8)
def test_on_drawn_roads_with_waters_and_one_ways_three_programs_come_to_the_same(
    seed: int, tmp_path_factory: pytest.TempPathFactory
):
    draw = random.Random(seed)
    folder = tmp_path_factory.mktemp("drawn")
    tables = drawn_network(draw)
    sites = {f"new_{n}": drawn_site(draw) for n in range(draw.randint(1, 2))}
    said = "{" + ", ".join(f"{code}: {site}" for code, site in sites.items()) + "}"
    more = draw.choice(["", f"roads: {{slow: {{B{draw.randint(0, 2)}: 1.5}}}}\n"])
    config = question(folder, said, more, **tables)
    config.write_text(config.read_text("utf-8").replace("minimum_patients: 70", "minimum_patients: 1"), "utf-8")
    try:
        problem = read_problem(config)
    except InputError as refusal:
        # Waters all round it, or roads far off.
        assert "reaches no junction" in str(refusal) or "from the nearest junction" in str(refusal)
        return
    files = files_of(solve(problem))
    assert check(files).empty
    assert "estimated by roads: journeys, transfers" in accepted(files, folder / "run")
    shutil.rmtree(folder)


def drawn_site(draw: random.Random) -> str:
    where = f"easting_m: {draw.randint(560, 700)}000, northing_m: {draw.randint(430, 450)}000"
    name = f"Site {draw.randint(0, 10**9)}"
    return f"{{name: {name}, {where}, journeys: roads, staff: {{doctors: {{people: 3}}}}, fixed: {{}}, reason: Asked}}"


def drawn_network(draw: random.Random) -> dict[str, str]:
    """Return a network that joins all of the tiny place, and journeys that follow it more or less."""
    at = {f"n{n}": (draw.randint(560, 700) * 1000, draw.randint(425, 455) * 1000) for n in range(14)}
    tree = nx.random_labeled_tree(len(at), seed=draw.randint(0, 10**6))
    pairs = [*tree.edges, *(draw.sample(range(len(at)), 2) for _ in range(8))]
    one_way = ["false"] * len(tree.edges) + [draw.choice(["true", "false"]) for _ in range(8)]
    links = [
        f"n{a},n{b},B{draw.randint(0, 2)} {n},B{draw.randint(0, 2)},{draw.randint(2000, 40000) / 1000},fast,{only}"
        for n, ((a, b), only) in enumerate(zip(pairs, one_way, strict=True))
    ]
    links += [f"n0,n1,B{n},,30,fast,false" for n in range(3)]
    access = sorted({(end, f"n{draw.randint(0, 13)}") for end in ENDS for _ in range(2)})
    steps = [tuple(pair) for pair in pairs] + [
        (b, a) for (a, b), only in zip(pairs, one_way, strict=True) if only == "false"
    ]
    turns = sorted(
        {
            f"{draw.choice(['', *(f'n{a}' for a, b in steps if b == n)])},n{n},"
            f"{draw.choice(['', *(f'n{b}' for a, b in steps if a == n)])},{draw.choice(['left', 'signals'])}"
            for n in (draw.randint(0, 13) for _ in range(9))
        }
    )
    waters = [f"W{n},{m},{draw.randint(560, 700)}500,{draw.randint(425, 455)}500" for n in range(2) for m in range(3)]
    tables = {
        "road_junctions": ["junction,name,easting_m,northing_m", *(f"{c},{c},{e},{n}" for c, (e, n) in at.items())],
        "road_links": ["from_junction,to_junction,road,name,km,class,one_way", *links],
        "road_speeds": ["class,kmh", "access,40", f"fast,{draw.randint(50, 90)}"],
        "road_access": ["end,junction,km", *(f"{e},{j},{draw.randint(0, 3000) / 1000}" for e, j in access)],
        "road_turns": ["from_junction,junction,to_junction,turn", *turns],
        "road_delays": ["turn,seconds", *(f"{kind},{draw.randint(0, 900) / 10}" for kind in ("left", "signals"))],
        "road_waters": ["water,order,easting_m,northing_m", *waters],
    }
    texts = {name: "".join(f"{line}\n" for line in lines) for name, lines in tables.items()}
    frames = [pd.read_csv(io.StringIO(texts[name])) for name in list(tables)[:6]]
    areas = [str(one) for one in pd.read_csv(TINY / "areas.csv")["area"]]
    found = network_of(*frames).thousandths(areas, ["ash", "birch", "cedar", "dale"]) / 1000
    rows = (f"{a},{s},{round(5 + 1.1 * found.loc[a, s] + draw.random() * 4, 1)}" for a in areas for s in found)
    return {**texts, "journeys": "area,site,minutes\n" + "".join(f"{row}\n" for row in rows)}


def test_a_site_far_from_every_road_is_a_slip_of_the_pen(tmp_path: Path):
    # 30 km as roads lead is as far as may be; the factor of a straight line is 1.3.
    near, far = (BY_ROAD.replace("441000", str(440_000 + north)) for north in (23_000, 23_100))
    for oak, wrong in ((near, False), (far, True)):
        place = tmp_path / str(wrong)
        place.mkdir()
        if not wrong:
            solve(asked(place, f"{{oak: {oak}}}", **NETWORK))
            continue
        with pytest.raises(InputError, match=r"it is 30\.0 km from the nearest junction of the network"):
            asked(place, f"{{oak: {oak}}}", **NETWORK)
