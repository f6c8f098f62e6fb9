"""What of a place its map shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import shapely
from browser import LAPTOP, Browser, Visit, visit
from made_up_place import geojson, write_place
from shipped import answer, question
from worlds import small

import optimiser as op
from optimiser.errors import InputError
from optimiser.inputs.boundaries import AROUND, merged, read_boundaries, window
from optimiser.inputs.tables import read_place
from optimiser.report.page import build as report
from optimiser.report.page.outlines import CLOSE_UP, LARGE, SMALL, Drawing, close_up, drawing
from optimiser.report.surroundings import Label, Room, Surroundings, in_order
from optimiser.report.words import ends_of_steps

ROOT = Path(__file__).parents[2]


def test_a_map_shows_where_residents_live_and_what_is_near_but_not_areas_far_off():
    # West, south, east and north of two areas of residents, one beside them, and one a hundred kilometres away.
    bounds = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [20, 0, 22, 9], [120, 0, 130, 5]], dtype=float)
    resident = np.array([True, True, False, False])
    assert window(bounds, resident).tolist() == [0, 0, 20 + AROUND * 20, 10]
    # All there is, where that is near.
    assert window(bounds[:3], resident[:3]).tolist() == [0, 0, 22, 10]


OVERLAPPING: dict[str, list[list[list[float]]]] = {
    "over one another": [[[0.5, 50], [1.6, 50.1], [1.5, 51], [0.4, 50.9], [0.5, 50]]],
    "the same": [[[0, 50], [1, 50], [1, 51], [0, 51], [0, 50]]],
    "inside": [[[0.2, 50.2], [0.4, 50.2], [0.3, 50.4], [0.2, 50.2]]],
    "with a sliver between": [[[1.00001, 50.3], [2, 50], [2, 51], [0.99999, 50.7], [1.00001, 50.3]]],
}


@pytest.mark.parametrize("how", OVERLAPPING)
def test_outlines_that_overlap_are_drawn_with_the_name_of_their_district(how: str):
    square: list[list[list[float]]] = [[[0, 50], [1, 50], [1, 51], [0, 51], [0, 50]]]
    mid: list[list[list[float]]] = [[[5, 50], [6, 50], [6, 51], [5, 50]]]
    far: list[list[list[float]]] = [[[8, 50], [9, 50], [9, 51], [8, 50]]]
    outlines = geojson({"east": square, "west": OVERLAPPING[how], "mid": mid, "far": far})
    files = {"inputs/boundaries.geojson": outlines.encode()}
    problem = small()
    areas = problem.areas.assign(district=problem.areas.index.map({"east": "Vale", "west": "Vale", "mid": "Hill"}))
    drawn = drawing(replace(problem, areas=areas, files=files))
    assert drawn is not None and all(drawn.areas)
    assert [label.words for label in drawn.labels] == ["Hill", "Vale"]


def test_outlines_become_one_though_they_overlap_or_cross_themselves():
    one, other = shapely.box(0, 0, 4, 4), shapely.box(3, 3, 6, 6)
    assert merged([one, None, other]).area == 16 + 9 - 1
    assert merged([one, shapely.box(4, 0, 5, 4)]).equals(shapely.box(0, 0, 5, 4))
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2), (0, 0)])
    assert not bow_tie.is_valid and merged([one, bow_tie]).equals(one)


# -- what lies around the areas


@pytest.fixture(scope="module")
def essex() -> Drawing:
    found = drawing(question("base"))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def around() -> Surroundings:
    return Surroundings(question("base").files)


def land_of(around: Surroundings) -> shapely.Geometry:
    return shapely.union_all([shapely.Polygon(ring) for ring in around.land])


def test_every_area_lies_on_land_and_the_estuaries_are_water(around: Surroundings):
    land = land_of(around)
    shapes = metres_of(question("base"))
    shapely.prepare(land)
    covered = shapely.area(shapely.intersection(shapes, land)) / shapely.area(shapes)
    assert covered.min() > 0.98
    # The Thames off Canvey and off Gravesend, the Blackwater, the Crouch at Burnham, and the sea off Foulness.
    water = [(580_000, 180_500), (564_500, 174_800), (597_000, 207_500), (595_000, 195_300), (608_000, 190_000)]
    assert not shapely.contains_xy(land, water).any()
    # Gravesend, Sheppey, Colchester, Harlow and Romford are land, though nobody lives there in this question.
    beyond = [(564_900, 173_500), (597_000, 170_500), (599_900, 225_200), (545_800, 210_800), (551_500, 188_500)]
    assert shapely.contains_xy(land, beyond).all()


def metres_of(problem: op.Problem) -> np.ndarray:
    frame = read_boundaries(ROOT / "data/mid-south-essex/boundaries.geojson").set_index("area")
    return np.asarray(frame.loc[list(problem.areas.index)].to_crs("EPSG:27700").geometry.to_numpy(), dtype=object)


def squares(*middles: tuple[int, int], side: int) -> list[list[np.ndarray]]:
    corners = np.array([[0, 0], [0, side], [side, side], [side, 0], [0, 0]]) - side // 2
    return [[corners + middle] for middle in middles]


def test_where_areas_lie_closest_together_they_are_drawn_once_more_if_they_are_too_small():
    """Nine small ones about (510, 310) are within the square from (400, 200) to (525, 325), the first that has them."""
    town = [(500 + 10 * (n % 3), 300 + 10 * (n // 3)) for n in range(9)]
    far = squares((50, 50), (900, 600), (700, 100), side=90)
    assert close_up([*squares(*town, side=4), *far], 700) == (400, 200)
    # Those that can be seen, a map less high than the square, and one without areas have none.
    assert close_up([*squares(*town, side=8), *far], 700) is None
    assert close_up(squares(*town, side=4), CLOSE_UP - 1) is None and close_up([], 700) is None


def test_what_is_drawn_once_more_follows_the_map(
    browser: Browser, essex: Drawing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert essex.close_up is None
    monkeypatch.setattr("optimiser.report.page.outlines.TINY", 100)
    with visit(browser, report.write_report([answer("base")], tmp_path / "page.html").as_uri(), LAPTOP) as seen:
        close = seen.page.locator("#close-up svg")
        assert close.get_attribute("viewBox") == " ".join(
            seen.page.locator("rect.close").get_attribute(one) or "" for one in ("x", "y", "width", "height")
        )
        pictures = []
        for view in ("minutes", "catchments", "difference"):
            seen.page.click(f"[name=view][value={view}]")
            pictures.append(close.screenshot())
        assert len({*pictures}) == 3 and seen.violations() == []
        # A map that is saved has it below, from the same drawing.
        saved = ElementTree.fromstring(seen.page.evaluate("standingAlone(byId('picture'), 'A map')"))
        whole, again = saved.findall("{http://www.w3.org/2000/svg}svg")
        assert again.get("viewBox") == close.get_attribute("viewBox") and float(again.get("y", 0)) > 0
        used = {one.get("href", "")[1:] for one in again.iter("{http://www.w3.org/2000/svg}use")}
        assert used and used <= {one.get("id") for one in whole.iter()}
        assert seen.quiet


def test_the_drawing_has_land_roads_and_the_names_of_towns_in_their_places(essex: Drawing):
    assert essex.land and essex.roads
    towns = {one.words: one for one in essex.labels if one.kind == "town"}
    wanted = {"Chelmsford", "Brentwood", "Grays", "Canvey Island", "Billericay", "Braintree", "Maldon", "Rayleigh"}
    assert wanted <= set(towns) and len(towns) >= 20
    assert {"A12", "A13", "A127", "A130", "M25"} <= {one.words for one in essex.labels if one.kind == "road"}
    # A hospital's name says already which town it is in.
    assert not {"Basildon", "Southend-on-Sea", "Colchester"} & set(towns)
    x, y = (dict(zip(essex.sites, axis, strict=True)) for axis in zip(*essex.sites.values(), strict=True))
    at = {name: one.point or (0, 0) for name, one in towns.items()}
    # Chelmsford lies south of Broomfield Hospital, Billericay north of Basildon's, Rayleigh between it and Southend's.
    assert abs(at["Chelmsford"][0] - x["broomfield"]) < 30 and 30 < at["Chelmsford"][1] - y["broomfield"] < 80
    assert at["Billericay"][1] < y["basildon"] and x["basildon"] < at["Rayleigh"][0] < x["southend"]
    # Grays to Chelmsford is 30.6 km by their coordinates.
    apart = np.hypot(*np.subtract(at["Grays"], at["Chelmsford"])) * essex.metres_a_unit
    assert apart == pytest.approx(np.hypot(561_577 - 570_624, 177_752 - 207_001), abs=2 * essex.metres_a_unit)


def test_no_name_lies_over_another_or_leaves_the_map(essex: Drawing):
    for size, labels in ((SMALL, essex.labels), (LARGE, [one for one in essex.labels if one.large])):
        room = Room((0, 0, essex.width, essex.height), *size)
        assert len(labels) >= 8
        for number, one in enumerate(labels):
            left, top, right, bottom = room.box(one)
            assert left >= 0 and top >= 0 and right <= essex.width and bottom <= essex.height, one.words
            for other in labels[:number]:
                ll, t, r, b = room.box(other)
                assert left >= r or ll >= right or top >= b or t >= bottom, (one.words, other.words)


def test_a_name_that_finds_no_room_is_left_out():
    room = Room((0, 0, 100, 40), letter=10, line=20)
    here = [Label(name, 50, 20, point=(50, 20)) for name in ("abcd", "efgh", "ijkl")]
    # One to the right, one to the left; nothing is left above or below.
    assert [(one.words, one.anchor) for one in in_order(room, here, [])] == [("abcd", "start"), ("efgh", "end")]


def test_without_tables_nothing_is_drawn_around_and_districts_are_named():
    problem = question("base")
    bare = {name: text for name, text in problem.files.items() if not re.search(r"land|towns|road_", name)}
    drawn = drawing(replace(problem, files=bare))
    assert drawn is not None and (drawn.land, drawn.roads) == ("", "")
    assert {one.kind for one in drawn.labels} == {"district"}


def test_land_that_is_not_known_all_around_is_not_drawn():
    problem = question("base")
    island = b"part,order,easting_m,northing_m\n1,0,570000,190000\n1,1,580000,190000\n1,2,580000,200000\n"
    drawn = drawing(replace(problem, files={**problem.files, "inputs/land.csv": island}))
    assert drawn is not None and drawn.land == "" and drawn.roads


def test_towns_and_land_are_validated_like_other_tables(tmp_path: Path):
    at_sea = "town,easting_m,northing_m,inhabitants,source\nFar,900000,200000,5,made_up\n"
    areas = "area,name,resident,population,district,deprivation_decile,easting_m,northing_m\n"
    areas += "A1,Appleby,true,1000,West,1,0,0\nA2,Brook,true,2000,West,5,9000,0\nA3,Crossing,false,500,,,0,9000\n"
    (tmp_path / "far").mkdir()
    folder = write_place(tmp_path / "far", towns=at_sea, areas=areas)
    (folder / "boundaries.geojson").unlink()
    (doubt,) = read_place(folder).doubts
    assert doubt.endswith("towns.csv: 1 town more than 50 km from all areas, such as Far; no map shows them.")
    wrong = "town,easting_m,northing_m,inhabitants,source\n<b>,1,x,-5,nobody\n"
    flat = "part,order,easting_m,northing_m\n1,0,0,0\n1,1,5,5\n"
    with pytest.raises(InputError) as caught:
        read_place(write_place(tmp_path / "wrong", towns=wrong, land=flat))
    said = str(caught.value)
    assert "part 1 has 2 of the 3 corners that an outline needs" in said
    assert 'there is no source "nobody" in sources.csv' in said and said.count("towns.csv, row 2") >= 3


@pytest.mark.parametrize(
    ("standard", "ends"),
    [(20, [10, 20, 45, 60]), (30, [15, 30, 45, 60]), (45, [15, 30, 45, 60]), (90, [30, 45, 60, 90])],
)
def test_steps_of_minutes_end_at_the_standard_and_at_45_and_60(standard: float, ends: list[float]):
    assert ends_of_steps(standard) == ends


def test_a_picture_has_land_roads_and_towns_and_shares_that_add_up():
    svg = answer("base").map("hyper_acute_stroke").svg
    for words in (">Braintree<", ">A127<", ">Maldon<", 'fill="#d3e5f1"', "GeoNames"):
        assert words in svg, words
    shares = [int(one) for one in re.findall(r">(\d+)%<", svg)]
    assert len(shares) == 5 and sum(shares) == 100


def test_a_town_called_like_a_script_is_text_on_the_page_and_in_a_picture():
    plan = answer("base")
    name = "<script>alert(1)</script>"
    towns = f'town,easting_m,northing_m,inhabitants,source\n"{name}",575823,223038,9,\nX\u202ey,580540,190642,8,\n'
    files = {**plan.problem.files, "inputs/towns.csv": towns.encode()}
    named = replace(plan, problem=replace(plan.problem, files=files))
    for drawn in (report.page([named]), named.map("hyper_acute_stroke").svg):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in drawn
        assert name not in drawn and "\u202e" not in drawn


# -- in a browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return op.write_report([answer("base")], tmp_path_factory.mktemp("map") / "page.html")


@pytest.fixture
def seen(browser: Browser, page: Path) -> Iterator[Visit]:
    with visit(browser, page.as_uri()) as one:
        yield one
        assert one.quiet


def legend(seen: Visit) -> list[int]:
    return [int(one.rstrip("%")) for one in seen.page.locator("#legend td").all_text_contents()]


@pytest.mark.parametrize("view", ["minutes", "catchments", "difference"])
def test_shares_in_the_legend_add_up_to_100(seen: Visit, view: str):
    seen.page.click(f"[name=view][value={view}]")
    for sites in (["southend"], ["broomfield"], ["basildon"]):
        for site in sites:
            seen.page.locator(f'.ticks input[data-service="hyper_acute_stroke"][data-site="{site}"]').click()
        shares = legend(seen)
        assert sum(shares) == 100
        if view == "minutes":
            title = seen.page.locator("#map-title").text_content() or ""
            assert title.startswith(f"{shares[0] + shares[1]}% of all patients are within 30 minutes")


def test_an_area_is_told_in_a_sentence_when_pointed_at_or_tapped_or_walked_to(seen: Visit):
    area = seen.page.evaluate("question.areas.names.indexOf('Chelmsford 016A')")
    seen.page.locator("#areas path").nth(area).hover()
    said = seen.page.locator("#area-said").text_content() or ""
    journeys = question("base").journeys.loc[question("base").areas.index[area]]
    assert said == (
        f"Chelmsford 016A: Basildon, {round(journeys['basildon'])} minutes; "
        f"Broomfield, {round(journeys['broomfield'])} minutes with today’s sites."
    )
    seen.page.focus("#walk")
    places = "Array.from(document.querySelectorAll('#areas path'), one => one.getBBox().x + one.getBBox().width / 2)"
    before = seen.page.evaluate(f"{places}[pointedAt]")
    seen.page.keyboard.press("ArrowLeft")
    assert seen.page.locator("#area-said").text_content() != said
    assert seen.page.evaluate(f"{places}[pointedAt]") < before
    seen.page.keyboard.press("ArrowRight")
    assert seen.page.evaluate(f"{places}[pointedAt]") > seen.page.evaluate("0")
    # A tick changes what is said of the area, too.
    seen.page.evaluate("point(question.areas.names.indexOf('Chelmsford 016A'))")
    seen.page.locator('.ticks input[data-service="hyper_acute_stroke"][data-site="broomfield"]').click()
    assert (seen.page.locator("#area-said").text_content() or "").endswith("minutes; the same with today’s sites.")


def test_arrow_keys_reach_most_areas(seen: Visit):
    """From one area, by any keys: all but a few that others hide on every side."""
    reached = seen.page.evaluate(
        """() => { const found = new Set([0]), next = [0];
        while (next.length) { const area = next.pop();
          for (const way of Object.values(WAYS)) { const one = areaBeyond(PAGE.map, area, way);
            if (!found.has(one)) { found.add(one); next.push(one); } } }
        return found.size; }"""
    )
    assert reached > 0.9 * 729


def test_today_the_answer_and_a_choice_stand_beside_each_other_on_one_scale(seen: Visit):
    maps = seen.page.locator("#multiples figure")
    assert maps.locator("figcaption").all_text_contents() == [
        "Today: 92% within 30 minutes",
        "The answer: 75% within 30 minutes",
        # Of 1,863 patients 877 have longer journeys, and those by more than a minute are told.
        "The answer against today: 47% of patients over a minute longer, 0% shorter",
    ]
    seen.page.locator('.ticks input[data-service="hyper_acute_stroke"][data-site="southend"]').click()
    assert maps.count() == 4
    # The choice's small map shows each area as the large one does.
    seen.page.wait_for_function("document.querySelectorAll('#multiples svg').length === 4")
    same = """() => { const large = new Map();
      for (const path of document.querySelectorAll('#areas path')) {
        const name = path.getAttribute('class'); large.set(name, (large.get(name) || '') + path.getAttribute('d')); }
      return Array.from(document.querySelectorAll('#multiples figure:nth-child(3) .areas path'))
        .every(one => large.get(one.getAttribute('class')) === one.getAttribute('d')); }"""
    assert seen.page.evaluate(same)
    # And what changes by it, as the large map of changes shows it.
    assert maps.last.locator("figcaption").inner_text().startswith("Your choice against today: ")
    seen.page.click("[name=view][value=difference]")
    assert seen.page.evaluate(same.replace("nth-child(3)", "nth-child(4)"))


@pytest.mark.parametrize("size", [LAPTOP, (390, 844)], ids=["laptop", "telephone"])
def test_names_on_the_map_can_be_read_and_lie_apart(browser: Browser, page: Path, size: tuple[int, int]):
    with visit(browser, page.as_uri(), size) as seen:
        boxes = seen.page.evaluate(
            """() => { const scale = document.getElementById('picture').getScreenCTM().a;
            return Array.from(document.querySelectorAll('#names text, #marks text:not(.letter)'))
              .filter(one => one.getClientRects().length).map(one => {
                const {x, y, right, bottom} = one.getBoundingClientRect(), size = getComputedStyle(one).fontSize;
                return [one.textContent, parseFloat(size) * scale, x, y, right, bottom]; }); }"""
        )
        assert len(boxes) >= 14
        assert min(size for _, size, *_ in boxes) >= 11
        for number, (name, _, left, top, right, bottom) in enumerate(boxes):
            for other, _, ll, t, r, b in boxes[:number]:
                # Lines of letters have a little air above and below.
                assert left >= r or ll >= right or top + 3 >= b or t + 3 >= bottom, (name, other)
