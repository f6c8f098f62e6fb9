"""Sites that a config adds: the same as tables edited by hand, estimated exactly, told with doubt, and checked."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import shutil
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import geopandas
import pytest
from command import optimiser
from drawing import seeds
from hostile import HOSTILE
from pandas.testing import assert_frame_equal
from ruamel.yaml import YAML

from optimiser.checker import check
from optimiser.checker.added import grid_of
from optimiser.errors import InputError
from optimiser.inputs import read_question
from optimiser.inputs.grid import on_the_grid
from optimiser.journeys import straight_line
from optimiser.plan import Plan, evaluate
from optimiser.plan.finished import run_of
from optimiser.plan.runs import files_of, write_run
from optimiser.problem import Problem
from optimiser.problem.words import of_changes
from optimiser.report import rests_on, screen, summary
from optimiser.report.export import export_files
from optimiser.report.page.build import page
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[2]
TINY = ROOT / "data" / "tiny"
Files = dict[str, bytes]

# A made-up fourth site, between birch and cedar: 50, 30, 10, 0, 20 and 30 km from the areas of the tiny place.
OAK = "{name: Oak Hospital, easting_m: 620000, northing_m: 440000, "
OAK += "staff: {doctors: {people: 3}}, fixed: {}, reason: Asked}"


def question(tmp_path: Path, added: str, more: str = "", **tables: str | None) -> Path:
    """Write a copy of the tiny place, with some tables changed, and its question with sites added."""
    folder = tmp_path / "place"
    shutil.copytree(TINY, folder, dirs_exist_ok=True)
    for name, text in tables.items():
        path = folder / f"{name}.csv"
        path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    config = (ROOT / "configs" / "tiny.yaml").read_text("utf-8").replace("../data/tiny", "place")
    path = tmp_path / "q.yaml"
    path.write_text(f"{config}sites: {added}\n{more}", encoding="utf-8")
    return path


def asked(tmp_path: Path, added: str, more: str = "", **tables: str | None) -> Problem:
    return read_question(question(tmp_path, added, more, **tables)).problem


def refused(tmp_path: Path, added: str, more: str = "", **tables: str | None) -> list[str]:
    with pytest.raises(InputError) as error:
        read_question(question(tmp_path, added, more, **tables))
    return [one.message for one in error.value.faults]


def table(name: str) -> str:
    return (TINY / f"{name}.csv").read_text("utf-8")


# By hand --------------------------------------------------------------------------------------------------------------


def test_a_site_is_added_in_three_lines_and_its_journeys_lie_on_the_line_that_fits(tmp_path: Path):
    # In the tiny place one drives a kilometre a minute: every journey lies on the line, and none is off it.
    problem = asked(tmp_path, f"{{oak: {OAK}}}")
    assert problem.journeys["oak"].to_dict() == {"A1": 50, "A2": 30, "A3": 10, "A4": 0, "A5": 20, "X1": 30}
    assert problem.transfers.loc["oak"].drop("oak").to_dict() == {"ash": 40, "birch": 20, "cedar": 10, "dale": 70}
    assert problem.transfers["oak"].drop("oak").to_dict() == {"ash": 40, "birch": 20, "cedar": 10, "dale": 70}
    assert problem.staff["oak", "doctors", "people"] == 3
    assert problem.candidates == ("ash", "birch", "cedar", "oak") or list(problem.candidates)[-1] == "oak"
    (one,) = problem.added
    assert (one.at_once, one.a_km, one.sites, one.median_off, one.nine_in_ten_within) == (0, 1, 3, 0, 0)
    assert one.estimated == ("journeys", "transfers")
    plan = solve(problem)
    assert check(files_of(plan)).empty


def test_the_line_is_tukeys_by_hand():
    # Of the nearest third, 1, 2, 3 km in 5, 6, 9 minutes, the medians are 2 km and 6; of the furthest 12 km and 15.
    known = [(1, 5), (2, 6), (3, 9), (5, 8), (6, 10), (7, 12), (10, 15), (12, 14), (20, 60)]
    micro = [(km * 1000, minutes * 10**6) for km, minutes in known]
    line = straight_line.line_of(micro)
    assert line is not None
    # 9 minutes over 10 km. What is left of each: 4.1, 4.2, 6.3, 3.5, 4.6, 5.7, 6, 3.2, 42; the fifth of nine is 4.6.
    assert line.a_metre == Fraction(9 * 10**6, 10_000)
    assert line.at_once == Fraction(46, 10) * 10**6
    assert line.minutes(1000, 0) == 6 and line.minutes(1000, 1) == Fraction(11, 2)
    # Of two halves the even one: 4.6 + 0.9 is 5.5, so 6; and 4.6 + 0.9 × 2.1111 … lies elsewhere.
    assert line.minutes(3222, 0) == 7
    assert straight_line.line_of(micro[:8]) is None
    assert straight_line.line_of([(one, 10**6) for one, _ in micro]) is None
    assert straight_line.line_of([(5000, minutes) for _, minutes in micro]) is None


def test_a_distance_is_the_nearest_whole_metre_even_of_points_with_decimals():
    assert straight_line.metres_between((0, 0), (3000, 4000)) == 5000
    assert straight_line.metres_between((0, 0), (1, 1)) == 1
    assert straight_line.metres_between((0, 0), (Fraction(3, 2), 2)) == 3  # 2.5
    assert straight_line.metres_between((0, 0), (Fraction("1.4"), 0)) == 1
    assert straight_line.metres_between((0, 0), (Fraction("1.5"), 0)) == 2


def test_minutes_have_as_many_decimals_as_those_that_are_known():
    assert straight_line.places_of([(1, 5_000_000), (2, 60_000_000)]) == 0
    assert straight_line.places_of([(1, 5_100_000), (2, 60_000_000)]) == 1
    assert straight_line.places_of([(1, 5_000_001)]) == 6


def test_degrees_come_to_metres_by_two_formulae_as_a_third_has_them():
    draw = random.Random(7)
    for _ in range(60):
        latitude, longitude = draw.uniform(49.9, 60.8), draw.uniform(-8, 1.7)
        metres = on_the_grid(latitude, longitude)
        theirs = geopandas.GeoSeries.from_xy([longitude], [latitude], crs=4326).to_crs(27700)[0]
        # Programs that have the finer grids of the Ordnance Survey differ by a few metres.
        assert metres == pytest.approx((theirs.x, theirs.y), abs=6)
        assert grid_of(latitude, longitude) == pytest.approx(metres, abs=0.6)


def test_a_site_may_be_placed_by_latitude_and_longitude_which_the_checker_turns_to_metres_by_itself(tmp_path: Path):
    # Caister Water Tower, the Ordnance Survey's own example: 651410, 313177.
    assert on_the_grid(52.657977, 1.716074) == pytest.approx((651410, 313177), abs=5)
    oak = OAK.replace("easting_m: 620000, northing_m: 440000", "latitude: 53.81, longitude: 1.34")
    problem = asked(tmp_path, f"{{oak: {oak}}}")
    assert problem.added[0].grid == on_the_grid(53.81, 1.34) == pytest.approx((620000, 440000), abs=2000)
    files = files_of(evaluate(problem, problem.today))
    assert check(files).empty
    assert "config_is_understood" in lied(files, "config.yaml", "latitude: 53.81", "latitude: 53.8")
    assert "config_is_understood" in lied(files, "config.yaml", "latitude: 53.81", "latitude: 91")


# As edited by hand ----------------------------------------------------------------------------------------------------


def nearest_metre(one: tuple[int, int], other: tuple[int, int]) -> int:
    getcontext().prec = 50
    square = Decimal((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2)
    return int(square.sqrt().quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def drawn_place(draw: random.Random) -> dict[str, Any]:
    """Draw a place of which one drives at about a kilometre a minute, with a site that its tables lack."""
    areas = {f"A{n}": (draw.randrange(60_000), draw.randrange(60_000)) for n in range(draw.randint(4, 6))}
    codes = ["ash", "birch", "cedar", "dale"][: draw.randint(3, 4)]
    sites = {code: (draw.randrange(60_000), draw.randrange(60_000)) for code in [*codes, "elm"]}
    new = {"oak": (draw.randrange(60_000), draw.randrange(60_000)), "pine": (draw.randrange(60_000), 9000)}
    new = dict(list(new.items())[: draw.randint(1, 2)])
    places = draw.choice([0, 1, 2])

    def minutes(one: tuple[int, int], other: tuple[int, int]) -> Decimal:
        found = 5 + Decimal(nearest_metre(one, other)) / 1000 + Decimal(draw.randint(-300, 300)) / 100
        return round(max(found, Decimal(0)), places)

    return {
        "areas": areas,
        "sites": sites,
        "new": new,
        "journeys": {(a, s): minutes(areas[a], sites[s]) for a in areas for s in sites},
        "transfers": {(a, b): minutes(sites[a], sites[b]) for a in sites for b in sites if a != b},
        "demand": {area: draw.randint(0, 60) for area in areas},
        "staff": {code: draw.randint(0, 4) for code in [*codes, *new]},
        "fixed": {code: draw.choice([None, None, True, False]) for code in new},
        "beds": {code: draw.randint(1, 6) for code in [*codes, *new]},
        "has_transfers": draw.random() < 0.7,
        "minimum": draw.randint(0, 50),
    }


def files_by_config(place: Mapping[str, Any]) -> dict[str, str]:
    """Return the place's tables without the new sites, and a config that adds them."""
    settings = settings_of(place, list(place["sites"]))
    settings["sites"] = {
        code: {
            "name": code.title(),
            "easting_m": at[0],
            "northing_m": at[1],
            "staff": {"doctors": {"people": place["staff"][code]}},
            "fixed": {} if place["fixed"][code] is None else {"x_ray": place["fixed"][code]},
            "beds": {"walk_in": place["beds"][code]},
            "reason": "Asked",
            "source": "A letter",
            "verified": True,
        }
        for code, at in place["new"].items()
    }
    return tables_of(place, place["sites"], place["journeys"], place["transfers"]) | written(settings)


def files_by_hand(place: Mapping[str, Any]) -> dict[str, str]:
    """Return tables in which the new sites stand, with minutes worked out by hand, and a config without them."""
    sites, journeys, transfers = dict(place["sites"]), dict(place["journeys"]), dict(place["transfers"])
    candidates = [code for code in sites if code != "elm"]
    known = sorted(
        (nearest_metre(place["areas"][area], sites[site]), Fraction(minutes))
        for (area, site), minutes in place["journeys"].items()
        if site in candidates
    )
    third = len(known) // 3
    (near_m, near), (far_m, far) = (
        [median(map(Fraction, column)) for column in zip(*some, strict=True)]
        for some in (known[:third], known[-third:])
    )
    slope = (far - near) / (far_m - near_m)
    start = median(minutes - slope * metres for metres, minutes in known)
    texts = [
        f"{m:f}".rstrip("0").rstrip(".") if "." in f"{m:f}" else f"{m:f}"
        for (_, s), m in journeys.items()
        if s in candidates
    ]
    places = max(len(text.partition(".")[2]) for text in texts)

    def minutes(one: tuple[int, int], other: tuple[int, int]) -> Decimal:
        whole = round((start + slope * nearest_metre(one, other)) * 10**places)
        return max(Decimal(whole) / 10**places, Decimal(0))

    for code, at in place["new"].items():
        journeys |= {(area, code): minutes(there, at) for area, there in place["areas"].items()}
        transfers |= {
            pair: minutes(there, at) for other, there in sites.items() for pair in ((other, code), (code, other))
        }
        sites[code] = at
    settings = settings_of(place, list(sites))
    for code in place["new"]:
        if place["fixed"][code] is not None:
            why = {"provided": place["fixed"][code], "reason": "Asked", "source": "A letter", "verified": True}
            settings["services"]["x_ray"].setdefault("fixed", {})[code] = why
    return tables_of(place, sites, journeys, transfers) | written(settings)


def settings_of(place: Mapping[str, Any], sites: list[str]) -> dict[str, Any]:
    beds = {"stay_days": 5, "at": {code: n for code, n in place["beds"].items() if code in sites}}
    walk_in = {"name": "Clinic", "activity": "visit", "at_least_sites": 1, "minimum_patients": place["minimum"]}
    walk_in |= {"beds": beds, "rotas": {"doctors": {"people": 2, "may_fall_short": True}}, "same_site": {"x_ray": {}}}
    known = [code for code in place["sites"] if code != "elm"]
    return {
        "title": "Where should the clinic be?",
        "place": "place",
        "teams": {"doctors": {"name": "doctors", "year": 2025, "moves_at_most": 1}},
        "services": {"walk_in": walk_in, "x_ray": {"name": "X-ray", "at_least_sites": 1}},
        "today": {"walk_in": known, "x_ray": known[:1]},
    }


def tables_of(place: Mapping[str, Any], sites: Any, journeys: Any, transfers: Any) -> dict[str, str]:
    role = {code: "neighbour" if code == "elm" else "candidate" for code in sites}
    areas = [f"{code},{code},true,100,{east},{north}" for code, (east, north) in place["areas"].items()]
    marked = {code: f"{code.title()}{' (estimated)' if code in place['new'] else ''}" for code in sites}
    found = {
        "areas": ["area,name,resident,population,easting_m,northing_m", *areas],
        "sites": ["site,name,role,easting_m,northing_m"]
        + [f"{code},{marked[code]},{role[code]},{east},{north}" for code, (east, north) in sites.items()],
        "journeys": ["area,site,minutes", *(f"{a},{s},{n:f}" for (a, s), n in journeys.items())],
        "demand": ["area,activity,patients_per_year", *(f"{a},visit,{n}" for a, n in place["demand"].items())],
        "staff": ["site,team,year,people"]
        + [f"{code},doctors,2025,{place['staff'][code]}" for code in sites if code != "elm"],
    }
    if place["has_transfers"]:
        found["transfers"] = ["from_site,to_site,minutes", *(f"{a},{b},{n:f}" for (a, b), n in transfers.items())]
    return {f"place/{name}.csv": "".join(f"{line}\n" for line in lines) for name, lines in found.items()}


def written(settings: Mapping[str, Any]) -> dict[str, str]:
    text = io.StringIO()
    YAML(typ="safe").dump(dict(settings), text)
    return {"q.yaml": text.getvalue()}


def read(files: Mapping[str, str], folder: Path) -> Problem:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return read_question(folder / "q.yaml").problem


@seeds(25)
def test_a_site_that_a_config_adds_is_what_tables_edited_by_hand_make_it_and_solver_list_and_checker_agree(
    seed: int, tmp_path_factory: pytest.TempPathFactory
):
    place = drawn_place(random.Random(seed))
    folder = tmp_path_factory.mktemp("drawn")
    by_hand, by_config = read(files_by_hand(place), folder / "hand"), read(files_by_config(place), folder / "config")
    assert {one.site: one.grid for one in by_config.added} == {
        code: tuple(map(float, at)) for code, at in place["new"].items()
    }
    assert_frame_equal(by_hand.journeys, by_config.journeys)
    assert_frame_equal(by_hand.transfers, by_config.transfers)
    for name in ("staff", "services", "sites", "today", "teams", "candidates", "objectives"):
        assert getattr(by_hand, name) == getattr(by_config, name)
    plans = [solved(problem) for problem in (by_hand, by_config)]
    if plans[0] is None or plans[1] is None:
        assert plans == [None, None]
        return
    assert values(plans[0]) == values(plans[1])
    # Every option was listed and none is better: what the solver found is the first of the list.
    assert plans[1].proof.enumeration is not None
    assert plans[1].proof.enumeration.ranked[0].values == pytest.approx(values(plans[1]))
    files = files_of(plans[1])
    assert check(files).empty
    assert not [one for one in files if one.endswith(".csv") and one.startswith("inputs/") and b"oak" in files[one]]


def values(plan: Plan) -> tuple[float, ...]:
    return tuple(one.value for one in plan.proof.objectives)


def solved(problem: Problem) -> Plan | None:
    from optimiser.errors import NoPlan

    try:
        return solve(problem)
    except NoPlan:
        return None


# A table of its own ---------------------------------------------------------------------------------------------------

OWN_JOURNEYS = "area,site,minutes\n" + "".join(
    f"{a},oak,{n}.5\n" for n, a in enumerate(["A1", "A2", "A3", "A4", "A5", "X1"], 1)
)
OWN_TRANSFERS = "from_site,to_site,minutes\n" + "".join(
    f"oak,{s},7\n{s},oak,8\n" for s in ("ash", "birch", "cedar", "dale")
)
BY_TABLE = OAK.replace("{name", "{journeys: oak/to_oak.csv, transfers: oak/ways.csv, name")


def with_tables(tmp_path: Path, journeys: str = OWN_JOURNEYS, transfers: str = OWN_TRANSFERS) -> None:
    (tmp_path / "oak").mkdir(exist_ok=True)
    (tmp_path / "oak" / "to_oak.csv").write_text(journeys, encoding="utf-8")
    (tmp_path / "oak" / "ways.csv").write_text(transfers, encoding="utf-8")


def test_journeys_may_come_from_a_table_beside_the_config_which_the_run_keeps(tmp_path: Path):
    with_tables(tmp_path)
    path = question(tmp_path, f"{{oak: {BY_TABLE}}}")
    problem = read_question(path).problem
    plan = evaluate(problem, problem.today | {("oak", "walk_in"), ("oak", "x_ray")})
    assert problem.journeys["oak"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    assert (problem.transfers.at["oak", "ash"], problem.transfers.at["ash", "oak"]) == (7, 8)
    assert problem.sites["oak"].name == "Oak Hospital" and problem.added[0].estimated == ()
    assert not any("estimated" in one for one in [*of_changes(problem), *rests_on.figures(plan)])
    files = files_of(plan)
    assert files["inputs/journeys_of_oak.csv"].startswith(b"area,site,minutes\nA1,oak,1.5\n")
    assert check(files).empty
    folder = write_run(plan, tmp_path / "run")
    again = read_question(folder / "config.yaml")
    assert_frame_equal(again.problem.journeys, problem.journeys)
    assert not [one for one in again.taken if "not read" in one]
    assert "minutes_are_the_tables" in lied(
        files, "inputs/journeys_of_oak.csv", "A3,oak,3.5", "A3,oak,0.5", designated="oak"
    )


def test_a_table_that_lacks_an_area_or_has_another_site_or_leads_elsewhere_is_refused(tmp_path: Path):
    with_tables(tmp_path, journeys=OWN_JOURNEYS.replace("A4,oak,4.5\n", "").replace("X1,oak", "X9,oak"))
    said = refused(tmp_path, f"{{oak: {BY_TABLE}}}")
    assert said == [
        "oak/to_oak.csv has no row from A4 to oak and X1 to oak. Add it.",
        "oak/to_oak.csv has a row from X9 to oak, which the place has not. Delete it.",
    ]
    with_tables(tmp_path, journeys=OWN_JOURNEYS.replace("1.5", "soon"), transfers="from_site,to_site\noak,ash\n")
    said = refused(tmp_path, f"{{oak: {BY_TABLE}}}")
    assert any("minutes is" in one and '"soon"' in one for one in said)
    assert any('the column "minutes" is missing' in one for one in said)
    for elsewhere in ("../oak.csv", "/etc/passwd", "oak/none.csv", "oak", "https://example.invalid/a.csv"):
        (tmp_path.parent / "oak.csv").write_text(OWN_JOURNEYS, encoding="utf-8")
        said = refused(tmp_path, f"{{oak: {BY_TABLE.replace('oak/to_oak.csv', elsewhere)}}}")
        assert said and all(one.endswith((".", "minutes.")) for one in said)


# What is asked for, and what is refused -------------------------------------------------------------------------------


def test_all_that_a_site_leaves_out_is_asked_for_at_once_with_an_example_that_works(tmp_path: Path):
    beds = "services: {walk_in: {beds: {stay_days: 2, at: {ash: 10}}}}\n"
    base = question(tmp_path, "{}")
    path = tmp_path / "more.yaml"
    path.write_text(f"based_on: {base.name}\n{beds}sites:\n  oak:\n    verified: false\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_question(path)
    (said,) = [one.message for one in error.value.faults]
    first, *example = said.split("\n")
    assert first == (
        "oak is added, and nothing says its name, where it is, its staff of doctors (people), "
        "which services are settled there, its beds of walk_in and why it is added. Add, with figures of yours:"
    )
    lines = "\n".join(example).replace("51.5", "53.85").replace("0.5", "1.0")
    path.write_text(f"based_on: {base.name}\n{beds}sites:\n  oak:\n{lines}\n", encoding="utf-8")
    read_question(path)


@pytest.mark.parametrize(
    ("change", "words"),
    {
        "an id that is there": (
            "oak: -> ash:",
            '"ash" is in sites.csv already. Choose another code, or take it out here.',
        ),
        "a neighbour's id": ("oak: -> dale:", '"dale" is in sites.csv already.'),
        "a word of tables": ("oak: -> candidates:", '"candidates" is a word of its own in tables.'),
        "another word of tables": ("oak: -> across_sites:", '"across_sites" is a word of its own in tables.'),
        "an id that is a formula": ("oak: -> '=1+1':", '"=1+1" is not a code.'),
        "a name that is there": ("Oak Hospital -> ash hospital", '"ash hospital" is the name of ash, too. Give each'),
        "a name that is a formula": ("Oak Hospital -> '=1+1'", "a spreadsheet would run it as a formula"),
        "one coordinate": (", northing_m: 440000 -> ", "states one of easting_m and northing_m. State both."),
        "no coordinates": ("easting_m: 620000, northing_m: 440000, -> ", "nothing says where it is."),
        "metres swapped": (
            "620000, northing_m: 440000 -> 440000, northing_m: 620000",
            "the nearest resident area is 222 km away.",
        ),
        "degrees swapped": (
            "easting_m: 620000, northing_m: 440000 -> latitude: 0.37, longitude: 51.512",
            "latitude and longitude are swapped. Write latitude: 51.512.",
        ),
        "in France": (
            "easting_m: 620000, northing_m: 440000 -> latitude: 47.5, longitude: 2.1",
            "lies outside Great Britain (latitude 49 to 61.5, longitude -9 to 2.5). Correct it",
        ),
        "not on the globe": (
            "easting_m: 620000, northing_m: 440000 -> latitude: 95, longitude: 2.1",
            '"latitude" must be at most 90, not 95.',
        ),
        "two places": (
            "northing_m: 440000 -> northing_m: 440000, latitude: 53.8, longitude: 1.3",
            "m from where it is by latitude and longitude. State the one or the other.",
        ),
        "off the grid": ("620000 -> 620000000", '"easting_m" must be at most 2,000,000, not 620000000.'),
        "an unknown service": (
            "fixed: {} -> fixed: {walkin: true}",
            'no service "walkin" in this config. Did you mean "walk_in"?',
        ),
        "an unknown team": ("doctors: -> doctor:", 'no team "doctor" in this config. Did you mean "doctors"?'),
        "part of a person": ("people: 3 -> people: 2.5", '"people" must be a whole number, not 2.5.'),
        "fewer than nobody": ("people: 3 -> people: -1", '"people" must be at least 0, not -1.'),
        "no staff": ("people: 3 -> wte: 3", "nothing says its staff of doctors (people)."),
        "beds that nobody counts": (
            "fixed: {} -> fixed: {}, beds: {x_ray: 4}",
            "no beds of x_ray are counted (services.x_ray.beds).",
        ),
        "a service that is settled without a word": (
            "fixed: {} -> fixed: {x_ray: perhaps}",
            '"x_ray" must be true or false',
        ),
        "no reason": (", reason: Asked -> ", "why it is added."),
        "a setting that is not known": ("reason: -> minutes: 4, reason:", '"minutes" is not a setting here.'),
        "a way of going that is not known": (
            "reason: -> journeys: by_air, reason:",
            'journeys is "by_air". Write straight_line, roads, or the path',
        ),
    }.items(),
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_wrong_with_a_site_is_refused_with_a_remedy(change: str, words: tuple[str, str], tmp_path: Path):
    old, new = words[0].split(" -> ")
    sites = f"{{oak: {OAK}}}"
    assert old in sites
    said = refused(tmp_path, sites.replace(old, new, 1))
    assert any(words[1] in one for one in said), said
    assert all(one.count("\n") == 0 or "Add, with figures of yours" in one for one in said)


def test_five_thousand_sites_and_a_list_are_refused_at_once(tmp_path: Path):
    many = ", ".join(f"s{n}: {{name: A}}" for n in range(5000))
    said = refused(tmp_path, f"{{{many}}}")
    assert "adds 5,000 sites, and 20 are the most. Add them to the place's tables instead." in said and len(said) < 30
    assert any("must be settings" in one for one in refused(tmp_path, f"[{OAK}]"))


def test_faults_of_several_sites_are_all_told_at_once_and_none_is_laid_to_the_tables(tmp_path: Path):
    elm = OAK.replace("easting_m: 620000, northing_m: 440000", "latitude: 1.34, longitude: 53.8")
    fir = OAK.replace("reason: Asked", "reason: Asked, journeys: nowhere.csv")
    yew = OAK.replace("fixed: {}", "fixed: {xray: true}").replace("Oak", "Yew")
    said = refused(tmp_path, f"{{oak: {OAK}, elm: {elm}, fir: {fir}, yew: {yew}}}")
    starts = (
        *("latitude and longitude are swapped", 'there is no service "xray"', '"Oak Hospital" is the name of oak, too'),
        *('"Oak Hospital" is the name of elm, too', "the file is missing"),
    )
    assert len(said) == len(starts) and all(any(one.startswith(start) for one in said) for start in starts), said


def test_what_is_stated_twice_or_cannot_hold_together_is_refused(tmp_path: Path):
    path = question(tmp_path, f"{{oak: {OAK.replace('fixed: {}', 'fixed: {x_ray: true, walk_in: true}')}}}")
    text = path.read_text("utf-8")
    more = "fixed: {ash: {provided: true, reason: So}, cedar: {provided: true, reason: So}}"
    path.write_text(text.replace("at_most_sites: 2", f"at_most_sites: 2\n    {more}"), encoding="utf-8")
    with pytest.raises(InputError, match="at_most_sites is 2 but 3 sites are fixed as provided"):
        read_question(path)
    twice = more.replace("ash", "oak")
    path.write_text(text.replace("at_most_sites: 2", f"at_most_sites: 2\n    {twice}"), encoding="utf-8")
    with pytest.raises(InputError, match="x_ray is fixed at oak twice, here and under services"):
        read_question(path)
    path.write_text(text.replace("x_ray: true", "x_ray: false"), encoding="utf-8")
    with pytest.raises(InputError, match="walk_in is fixed at oak and needs x_ray beside it"):
        read_question(path)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_or_shown_as_text(name: str, tmp_path: Path):
    sites = json.dumps(
        {
            "oak": {
                "name": name,
                "easting_m": 620000,
                "northing_m": 440000,
                "staff": {"doctors": {"people": 3}},
                "fixed": {},
                "reason": name,
            }
        }
    )
    try:
        problem = asked(tmp_path, sites)
    except InputError as error:
        assert all(one.message.strip() for one in error.faults)
        return
    run = run_of(write_run(evaluate(problem, problem.today), tmp_path / "run"))
    assert not run.breaches.shape[0]
    # Of a name without markup a page could hold nothing else than text.
    if "<" in name or "&" in name:
        html = page([run])
        assert "<script>alert(1)" not in html and "<img src=x" not in html and "<svg/onload" not in html


def test_without_coordinates_in_the_tables_a_table_is_asked_for(tmp_path: Path):
    bare = "\n".join(line.rsplit(",", 2)[0] for line in table("areas").splitlines()) + "\n"
    said = refused(tmp_path, f"{{oak: {OAK}}}", areas=bare)
    assert all("Fill in easting_m and northing_m of areas.csv and sites.csv" in one for one in said) and len(said) == 1
    holes = table("areas").replace("650000,440000", ",")
    said = refused(tmp_path, f"{{oak: {OAK}}}", areas=holes)
    assert said == [
        "areas.csv has no easting_m and northing_m of X1, so that no journey can be estimated. Fill them in, write "
        "areas_outside: known_in_full if that leaves them out, or name a table."
    ]
    allowed = asked(tmp_path, f"{{oak: {OAK}}}", "travel: {allow_missing: [[X1, oak]]}\n", areas=holes)
    assert allowed.journeys["oak"].isna().sum() == 1
    with_tables(tmp_path)
    assert asked(tmp_path, f"{{oak: {BY_TABLE}}}", areas=bare).journeys.at["A1", "oak"] == 1.5


def test_a_place_without_outlines_and_with_two_sites_tells_that_nobody_knows_how_far_off_it_is(tmp_path: Path):
    (tmp_path / "place").mkdir()
    one = {
        "sites": "\n".join(line for line in table("sites").splitlines() if not line.startswith(("birch", "cedar")))
        + "\n"
    }
    places = [f"A{n},Area {n},true,100,{570000 + 1000 * n * n},440000" for n in range(10)]
    one["areas"] = "\n".join(["area,name,resident,population,easting_m,northing_m", *places]) + "\n"
    minutes = {"ash": 580000, "dale": 690000}
    rows = [f"A{n},{s},{abs(at - 570000 - 1000 * n * n) // 1000}" for n in range(10) for s, at in minutes.items()]
    one["journeys"] = "\n".join(["area,site,minutes", *rows]) + "\n"
    one["demand"] = "\n".join(["area,activity,patients_per_year", *(f"A{n},visit,10" for n in range(10))]) + "\n"
    one |= {"transfers": None, "activity": None, "staff": "site,team,year,people\nash,doctors,2025,3\n"}  # type: ignore[dict-item]
    path = question(tmp_path, f"{{oak: {OAK}}}", **one)
    (tmp_path / "place" / "boundaries.geojson").unlink()
    path.write_text(
        path.read_text("utf-8").replace("[ash, birch, cedar]", "[ash]").replace("[ash, cedar]", "[ash]"),
        encoding="utf-8",
    )
    plan = solve(read_question(path).problem)
    (added,) = plan.problem.added
    assert (added.median_off, added.sites, added.estimated) == (None, 1, ("journeys",))
    assert "how far off that is cannot be told from the known journeys to 1 site" in of_changes(plan.problem)[1]
    run = run_of(write_run(plan, tmp_path / "run"))
    assert not len(run.breaches) and "Oak (estimated)" in page([run])


def test_a_site_that_joins_no_road_is_refused_where_roads_are_shut(tmp_path: Path):
    path = tmp_path / "q.yaml"
    staff = "staff: {stroke_consultants: {people: 0}, emergency_consultants: {wte: 0}}"
    path.write_text(
        f"based_on: {ROOT / 'configs' / 'what_if' / 'a127_closed.yaml'}\n"
        f"sites: {{oak: {{name: Oak, latitude: 51.512, longitude: 0.37, {staff}, fixed: {{}}, reason: Asked}}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="does not say where sites join the roads: oak"):
        read_question(path)


# What people are told, and what is checked ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    oak = OAK.replace("fixed: {}", "fixed: {x_ray: true}").replace("reason: Asked", "reason: Asked, source: A letter")
    journeys = table("journeys").replace("A3,ash,30", "A3,ash,33").replace("A5,birch,40", "A5,birch,45")
    return solve(asked(tmp_path_factory.mktemp("run"), f"{{oak: {oak}}}", journeys=journeys))


def test_everybody_is_told_that_journeys_are_estimated_and_how_far_off_that_is(plan: Plan, tmp_path: Path):
    name = "Oak Hospital (estimated)"
    assert plan.problem.sites["oak"].name == name
    added, estimated = of_changes(plan.problem)
    assert (
        added == f"Added: {name} is a candidate here, and is in no table of the place. "
        "Reason: Asked (A letter; not verified)."
    )
    assert estimated.startswith("Journeys to Oak Hospital are estimated by straight line, ")
    assert "against the known journeys to 3 sites, each site's from those to the others, " in estimated
    assert estimated.endswith("; not verified.")
    for lines in (summary.lines(plan), screen.lines(plan)):
        assert added in lines and estimated in lines
    unverified = "\n".join(rests_on.figures(plan))
    assert (
        f"Journeys to {name} by straight line" in unverified
        and f"{name}: its staff and services as stated" in unverified
    )
    folder = write_run(plan, tmp_path / "run")
    run = run_of(folder)
    assert not len(run.breaches)
    html = page([run])
    assert "Journeys to Oak Hospital are estimated by straight line" in html and "Oak (estimated)" in html
    exported = export_files([run], workbook=False)
    sites = next(content for file, content in exported.items() if file.endswith("_sites.csv")).decode("utf-8-sig")
    row = next(row for row in csv.DictReader(sites.splitlines()) if row["site"] == "oak")
    assert (row["name"], row["easting_m"]) == (name, "620000")


def test_a_run_keeps_the_places_own_tables_and_the_words_and_can_be_asked_again(plan: Plan, tmp_path: Path):
    files = files_of(plan)
    assert files["inputs/sites.csv"] == (TINY / "sites.csv").read_bytes()
    assert b"oak" not in files["inputs/journeys.csv"] + files["inputs/staff.csv"] + files["inputs/transfers.csv"]
    folder = write_run(plan, tmp_path / "run")
    again = solve(read_question(folder / "config.yaml").problem)
    assert again.problem.files["config.yaml"] == files["config.yaml"]
    assert values(again) == values(plan) and again.designated == plan.designated
    record = json.loads(files["run.json"])
    assert record["added_sites"][0]["estimated"] == ["journeys", "transfers"] and record["added_sites"][0]["sites"] == 3


def lied(files: Mapping[str, bytes], name: str, old: str, new: str, designated: str = "") -> set[str]:
    """Return which checks a run fails of which one thing is altered and whose hashes are made right again."""
    if designated:
        assert f",{designated}," in files["journeys.csv"].decode()
    files = dict(files) | {name: files[name].replace(old.encode(), new.encode(), 1)}
    record = json.loads(files["run.json"])
    record["files"] = {one: hashlib.sha256(text).hexdigest() for one, text in files.items() if one != "run.json"}
    return set(check(files | {"run.json": json.dumps(record).encode()})["check"])


def test_a_run_whose_sites_were_tampered_with_is_caught(plan: Plan):
    files, ours = files_of(plan), "added_sites_are_those_of_the_config"
    assert check(files).empty
    assert lied(files, "run.json", '"median_off": ', '"median_off": 1') == {ours}
    assert lied(files, "run.json", '"a_km": ', '"a_km": 1') == {ours}
    assert lied(files, "run.json", '"sites": 3', '"sites": 4') == {ours}
    assert lied(files, "run.json", '"verified": false,\n      "estimated"', '"verified": true,\n      "estimated"') == {
        ours
    }
    assert lied(files, "run.json", '"site": "oak"', '"site": "elm"') == {ours}
    assert lied(files, "run.json", '"added_sites"', '"sites_added"') >= {ours, "the_record_is_sound"}
    assert "minutes_are_the_tables" in lied(files, "config.yaml", "easting_m: 620000", "easting_m: 625000", "oak")
    assert "minutes_are_the_tables" in lied(files, "inputs/journeys.csv", "A5,birch,45", "A5,birch,99") | lied(
        files, "inputs/sites.csv", "580000", "560000"
    )
    assert "staff_in_post_is_the_tables" in lied(files, "config.yaml", "people: 3\n    fixed", "people: 4\n    fixed")
    assert "fixed_designations_stand" in lied(files, "config.yaml", "      x_ray: true\n", "      x_ray: false\n")
    assert "config_is_understood" in lied(files, "config.yaml", "x_ray: true\n", "x_rays: true\n")
    assert "files_can_be_read" in lied(files, "config.yaml", "journeys: straight_line", "journeys: oak.csv")
    assert "files_can_be_read" in lied(files, "config.yaml", "  oak:\n    name", "  ash:\n    name")


def test_the_commands_know_a_site_that_is_added(tmp_path: Path):
    path = question(tmp_path, f"{{oak: {OAK}}}")
    done = optimiser("validate", path.name, cwd=tmp_path)
    assert done.returncode == 0 and "4 candidates" in done.stdout and "Added: Oak Hospital (estimated)" in done.stdout
    for words in (
        ("options", path.name, "--out", "options"),
        ("explain", path.name),
        ("solve", path.name, "--out", "run"),
    ):
        done = optimiser(*words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    done = optimiser("solve", str(ROOT / "configs" / "tiny.yaml"), "--out", "base", cwd=tmp_path)
    done = optimiser("compare", "base", "run", cwd=tmp_path)
    assert "They differ in: the site oak that is added (base: not stated; run: Oak Hospital)" in done.stdout.replace(
        "\n", " "
    )
    (tmp_path / "sweep.yaml").write_text(
        "title: A\nconfig: q.yaml\ngrid: {staff.doctors.people.oak: [0, 3]}\n", encoding="utf-8"
    )
    done = optimiser("sweep", "sweep.yaml", "--out", "sweep", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    closed = question(tmp_path / "closed", f"{{oak: {OAK}}}", "closed_sites: {oak: {reason: A flood}}\n")
    assert ("oak", "walk_in") not in solve(read_question(closed).problem).designated
