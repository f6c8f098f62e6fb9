"""Figures that can hardly be are doubted, and those that cannot be are refused, each kind once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from made_up_place import geojson

from optimiser.errors import InputError
from optimiser.inputs.tables import read_place

Minutes = Callable[[int, int, str], float]
SITES = {"ash": (0, 0), "birch": (40, 0), "elm": (0, 40)}


def kilometres(x: float, y: float, site: str) -> float:
    east, north = SITES[site]
    return float(((x - east) ** 2 + (y - north) ** 2) ** 0.5)


def at_pace(x: float, y: float, site: str) -> float:
    """Return minutes at 60 km/h over twice the straight line, and one more."""
    return round(1 + 2 * kilometres(x, y, site), 3)


def place(folder: Path, minutes: Minutes = at_pace, *, transfers: str = "", moved: bool = False) -> Path:
    """Write 25 areas, ten kilometres apart each way, and three hospitals at three of them, in the middle of England."""
    spots = [(10 * x, 10 * y) for x in range(5) for y in range(5)]
    areas = "area,name,resident,population,easting_m,northing_m\n"
    areas += "".join(f"A{n},A,true,9,{450_000 + 1000 * x},{250_000 + 1000 * y}\n" for n, (x, y) in enumerate(spots))
    sites = "site,name,role,easting_m,northing_m\n" + "".join(
        f"{site},{site},candidate,{450_000 + 1000 * x},{250_000 + 1000 * y}\n" for site, (x, y) in SITES.items()
    )
    journeys = "area,site,minutes\n" + "".join(
        f"A{n},{site},{minutes(x, y, site):g}\n" for n, (x, y) in enumerate(spots) for site in SITES
    )
    demand = "area,activity,patients_per_year\n" + "".join(f"A{n},visit,1\n" for n in range(len(spots)))
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"areas": areas, "sites": sites, "journeys": journeys, "demand": demand, "transfers": transfers}
    for name, text in tables.items():
        if text:
            (folder / f"{name}.csv").write_text(text)
    return folder


def doubts(folder: Path) -> list[str]:
    return [words.removeprefix(f"{folder}/") for words in read_place(folder).doubts]


def refusal(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_place(folder)
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_a_plausible_place_leaves_no_doubt(tmp_path: Path) -> None:
    assert doubts(place(tmp_path)) == []


@pytest.mark.parametrize(
    ("times", "unit", "words"),
    [
        (12, "seconds", "half of the journeys are slower than 2."),
        (60, "seconds", "half of the times are above 3,855 minutes"),
        (1 / 60, "hours", "half of the times are at most 1.07 minutes"),
    ],
)
def test_another_unit_is_told_by_how_fast_journeys_would_be(
    times: float, unit: str, words: str, tmp_path: Path
) -> None:
    (fault,) = refusal(place(tmp_path, lambda x, y, site: at_pace(x, y, site) * times))
    assert words in fault and f"these look like {unit}." in fault and fault.endswith(f"--replace --unit {unit}")


def test_seconds_are_told_without_knowing_where_anything_is(tmp_path: Path) -> None:
    folder = place(tmp_path, lambda x, y, site: 300 + at_pace(x, y, site))
    for name in ("areas", "sites"):
        lines = (folder / f"{name}.csv").read_text().splitlines()
        (folder / f"{name}.csv").write_text("".join(f"{line.rsplit(',', 2)[0]}\n" for line in lines))
    (fault,) = refusal(folder)
    assert "half of the areas are 341 minutes or more from the nearest of all sites: these look like seconds" in fault


def test_a_site_that_is_no_time_away_from_everywhere_is_refused(tmp_path: Path) -> None:
    folder = place(tmp_path, lambda x, y, site: 0 if site == "birch" else at_pace(x, y, site))
    assert refusal(folder) == ["journeys.csv: every time to birch is 0 minutes. Find the times, or leave the site out."]


ODD = {
    "faster than a train": (
        lambda x, y, s: 3 if (x, y, s) == (20, 0, "birch") else at_pace(x, y, s),
        "1 time faster than 130 km/h by the straight line, such as A10 to birch, 20 km in 3 minutes.",
    ),
    "slower than on foot": (
        lambda x, y, s: 900 if (x, y, s) == (20, 0, "ash") else at_pace(x, y, s),
        "1 time slower than 3 km/h by the straight line, such as A10 to ash, 20 km in 900 minutes.",
    ),
    "no time at all": (
        lambda x, y, s: 0 if (x, y, s) == (20, 0, "birch") else at_pace(x, y, s),
        "1 time of 0 minutes between places more than 2 km apart.",
    ),
    "far from those around": (
        lambda x, y, s: 400 if (x, y, s) == (20, 20, "ash") else at_pace(x, y, s),
        "1 journey far from those of the areas around, such as A12 to ash, 400 minutes where around it takes 60.",
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_a_single_odd_journey_is_doubted(case: str, tmp_path: Path) -> None:
    minutes, expected = ODD[case]
    found = doubts(place(tmp_path, minutes))
    assert any(one.startswith(f"journeys.csv: {expected[:60]}") for one in found), found


def test_transfers_much_longer_one_way_are_doubted(tmp_path: Path) -> None:
    transfers = (
        "from_site,to_site,minutes\nash,birch,80\nbirch,ash,40\nash,elm,80\nelm,ash,80\nbirch,elm,99\nelm,birch,90\n"
    )
    assert doubts(place(tmp_path, transfers=transfers)) == [
        "transfers.csv: 1 pair of sites much farther one way than the other, "
        "such as ash to birch, 80 minutes and 40 back."
    ]


def test_hospitals_two_minutes_apart_are_taken_for_what_they_are(tmp_path: Path) -> None:
    codes = list(SITES)
    transfers = "from_site,to_site,minutes\n" + "".join(f"{a},{b},2\n" for a in codes for b in codes if a != b)
    folder = place(tmp_path, transfers=transfers)
    sites = (folder / "sites.csv").read_text().replace("490000", "450100").replace("290000", "250200")
    (folder / "sites.csv").write_text(sites)
    assert not [one for one in doubts(folder) if one.startswith("transfers")]


def outlines(folder: Path, *, turned: bool = False, east: float = 0) -> None:
    """Write a square about each area, in degrees, perhaps turned round or far to the east."""
    import geopandas

    lines = [line.split(",") for line in (folder / "areas.csv").read_text().splitlines()[1:]]
    shapes = [shapely.box(float(e) - 4e3, float(n) - 4e3, float(e) + 4e3, float(n) + 4e3) for *_, e, n in lines]
    degrees = geopandas.GeoSeries(shapes, crs="EPSG:27700").to_crs("EPSG:4326")
    moved = [shapely.transform(one, lambda xy: np.add(xy, [east, 0])[:, :: -1 if turned else 1]) for one in degrees]
    rings = {code[0]: [shapely.get_coordinates(one).tolist()] for code, one in zip(lines, moved, strict=True)}
    (folder / "boundaries.geojson").write_text(json.dumps(json.loads(geojson(rings))))


def test_outlines_turned_round_or_elsewhere_are_refused(tmp_path: Path) -> None:
    folder = place(tmp_path)
    outlines(folder)
    assert doubts(folder) == []
    outlines(folder, turned=True)
    assert [fault.split(":")[1] for fault in refusal(folder)] == [" latitude and longitude look swapped"]
    outlines(folder, east=3)
    assert refusal(folder)[0].startswith(
        "boundaries.geojson: 25 outlines more than 20 km from where areas.csv says, such as that of A0, 20"
    )


def test_one_outline_far_from_its_area_is_doubted(tmp_path: Path) -> None:
    folder = place(tmp_path)
    outlines(folder)
    areas = (folder / "areas.csv").read_text().replace("A7,A,true,9,460000", "A7,A,true,9,560000")
    (folder / "areas.csv").write_text(areas)
    assert (
        "boundaries.geojson: 1 outline more than 20 km from where areas.csv says, such as that of A7, 100 km away."
        in (doubts(folder))
    )


def test_without_eastings_the_outlines_say_where_areas_are(tmp_path: Path) -> None:
    folder = place(tmp_path, lambda x, y, s: 3 if (x, y, s) == (20, 0, "birch") else at_pace(x, y, s))
    outlines(folder)
    lines = (folder / "areas.csv").read_text().splitlines()
    (folder / "areas.csv").write_text("".join(f"{line.rsplit(',', 2)[0]}\n" for line in lines))
    assert any("faster than 130 km/h" in one for one in doubts(folder))


def by_mode(folder: Path, minutes: Minutes, mode: str = "by_bus", *, between: str = "") -> Path:
    """Write the place with journeys by one other mode, and ways between sites by it if there are any."""
    place(folder)
    spots = [(10 * x, 10 * y) for x in range(5) for y in range(5)]
    rows = (f"{mode},A{n},{site},{minutes(x, y, site):g}\n" for n, (x, y) in enumerate(spots) for site in SITES)
    (folder / "journeys_by_mode.csv").write_text(f"mode,area,site,minutes\n{''.join(rows)}")
    if between:
        (folder / "transfers_by_mode.csv").write_text(f"mode,from_site,to_site,minutes\n{between}")
    return folder


def test_times_by_a_mode_are_doubted_by_its_name_as_those_of_journeys_are(tmp_path: Path) -> None:
    """Three minutes for 40 km and, in a table alike but for that, 400 where around it are 60."""
    odd = {(40, 0, "ash"): 3, (20, 20, "ash"): 400}
    folder = by_mode(
        tmp_path,
        lambda x, y, site: odd.get((x, y, site)) or at_pace(x, y, site),
        between="by_bus,ash,birch,20\nby_bus,birch,ash,80\nby_car,birch,ash,80\n",
    )
    assert doubts(folder) == [
        "journeys_by_mode.csv: by_bus: 1 time faster than 130 km/h by the straight line, such as A20 to ash, 40 km in "
        "3 minutes.",
        "journeys_by_mode.csv: by_bus: 1 journey far from those of the areas around, such as A12 to ash, 400 minutes "
        "where around it takes 68.6785.",
        "transfers_by_mode.csv: by_bus: 1 pair of sites much farther one way than the other, such as birch to ash, 80 "
        "minutes and 20 back.",
    ]


def test_a_mode_that_looks_to_be_in_another_unit_is_doubted_and_not_refused_for_who_walks_is_slow(
    tmp_path: Path,
) -> None:
    """Twelve times as long as by car, and no time above a day."""
    (said,) = doubts(by_mode(tmp_path, lambda x, y, site: 12 * at_pace(x, y, site), "on_foot"))
    assert said.startswith(
        "journeys_by_mode.csv: on_foot: half of the journeys are slower than 2.5 km/h by the straight"
    )
    assert said.endswith("these look like seconds. Divide them by 60.")


def test_a_mode_that_has_times_above_a_day_beside_that_is_refused_once(tmp_path: Path) -> None:
    (said,) = refusal(by_mode(tmp_path, lambda x, y, site: 60 * at_pace(x, y, site), "on_foot"))
    words = "half of the times are above 3,855 minutes: these look like seconds. Divide them by 60."
    assert said == f"journeys_by_mode.csv: on_foot: {words}"


def test_times_of_one_site_that_can_hardly_be_are_said_to_be_of_it_with_what_to_look_at(tmp_path: Path) -> None:
    """Birch 200 km off is too near to all, but no speed by the hour, and in other units it is one.

    Of two odd times nothing is said so.
    """
    moved = place(tmp_path / "moved")
    sites = moved / "sites.csv"
    sites.write_text(sites.read_text().replace("490000", "690000"))
    seconds = place(tmp_path / "seconds", lambda x, y, site: at_pace(x, y, site) * (1 if site != "birch" else 12))
    hours = place(tmp_path / "hours", lambda x, y, site: at_pace(x, y, site) / (1 if site != "birch" else 60))
    more = place(tmp_path / "more", lambda x, y, site: at_pace(x, y, site) * (1 if site != "birch" else 60))
    two = place(
        tmp_path / "two", lambda x, y, site: 1 if (x, site) == (20, "birch") and y > 20 else at_pace(x, y, site)
    )
    also = ", and whether its minutes are {}".format
    for folder, unit in ((moved, ""), (hours, also("hours")), (seconds, also("seconds"))):
        (doubt,) = [one for one in doubts(folder) if "by the straight line" in one]
        assert doubt.endswith(f" of them are of birch: look at its easting_m and northing_m in sites.csv{unit}.")
    (fault,) = refusal(more)
    remedy = "look whether its minutes are seconds, and if so divide all 25 of its times by 60."
    assert fault == f"journeys.csv: 22 times are no minutes, or above a day; all of them are of birch: {remedy}"
    by_bus = by_mode(tmp_path / "bus", lambda x, y, site: at_pace(x, y, site) * (1 if site != "birch" else 60))
    assert refusal(by_bus) == [fault.replace("journeys.csv: ", "journeys_by_mode.csv: by_bus: ")]
    assert "of them are of" not in "".join(doubts(two)) and doubts(two)
