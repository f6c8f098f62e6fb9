"""Read the outlines of the areas from GeoJSON or GeoPackage.

GDAL is never asked: it opens what a file contains, not what its name says, and follows it to other files.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimiser.errors import NAMED_ALIKE, Fault, InputError, did_you_mean, quoted, shown, some_of
from optimiser.inputs.files import other_format, read_bytes
from optimiser.inputs.shapes import OFFICIAL_CODE

if TYPE_CHECKING:
    import geopandas
    import numpy as np
    from shapely.geometry.base import BaseGeometry

MAX_BYTES = 256 * 1024**2
# Mending an outline that goes over the same corners time and again takes the square of their number, in memory too.
CORNERS_SOON_MENDED, LEAST_DISTINCT = 1_000, 0.9
FAULTS_LISTED = 20
# Of a ring that is closed.
LEAST_CORNERS = 4
LONGITUDE_LATITUDE = "EPSG:4326"
NO_SYSTEM = "it does not say its coordinate system, or none that is published"
_POLYGONS = ("Polygon", "MultiPolygon")
# Of what a map shows: how much of the larger side of where residents live is drawn around it, at most, since areas
# outside may lie far off; and how much of the larger side beyond that where land is known, so that coasts are seen.
AROUND, BEYOND = 0.4, 0.09


@dataclass
class Outlines:
    """The outlines in one file, with every fault found on the way."""

    path: Path
    crs: str = LONGITUDE_LATITUDE
    by_area: dict[str, BaseGeometry] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    not_in_degrees: list[str] = field(default_factory=list)
    # Of the bytes that were judged.
    digest: str = ""

    def add_fault(self, message: str, number: int | None = None) -> None:
        """Note a fault of the file, or of one feature by its number from 1."""
        place = shown(self.path) if number is None else f"{shown(self.path)}, feature {number}"
        self.faults.append(Fault(place, message))

    def add(self, number: int, area: Any, outline: BaseGeometry, *, sound: bool = False) -> None:
        """Keep one outline, noting what is wrong with it, unless it is known to be ``sound``."""
        import shapely

        if isinstance(area, str):
            area = area.strip()
        if not isinstance(area, str) or not area:
            self.add_fault('this feature has no property "area" with the code of its area. Add it.', number)
        elif area in self.by_area:
            self.add_fault(f"the area {quoted(area)} is here a second time. Keep one outline an area.", number)
        elif sound:
            self.by_area[area] = outline
        else:
            if outline.geom_type in _POLYGONS and not outline.is_valid and _is_finite(outline):
                if _goes_round_again(outline):
                    remedy = "Draw it anew in a mapping program."
                    self.add_fault(f"the outline of {quoted(area)} goes over the same corners again. {remedy}", number)
                    return
                outline = _with_area(shapely.make_valid(outline)) or outline
                self.mended.append(area)
            self.by_area[area] = outline
            if wrong := self._wrong(area, outline):
                self.add_fault(f"the outline of {quoted(area)} {wrong}", number)

    def _wrong(self, area: str, outline: BaseGeometry) -> str:
        import shapely

        if outline.geom_type not in _POLYGONS or outline.is_empty:
            return "is no polygon. Keep polygons only."
        if not _is_finite(outline):
            return "has a coordinate that is not a number. Export the areas again."
        west, south, east, north = outline.bounds
        if self.crs == LONGITUDE_LATITUDE and not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            self.not_in_degrees.append(area)
        if not outline.is_valid:
            return f"encloses nothing ({shapely.is_valid_reason(outline)}). Draw it anew in a mapping program."
        return ""

    def compare(self, areas: Collection[str]) -> None:
        """Note every outline without an area and every area without an outline."""
        known = set(areas)
        if len(self.by_area) > 1 and not known & self.by_area.keys():
            ours, theirs = (quoted(next(iter(codes))) for codes in (areas, self.by_area))
            words = f"no outline is of an area in areas.csv, which has codes such as {ours} where this has {theirs}."
            self.add_fault(f"{words} Name the outlines by the same codes.")
            return
        for area in self.by_area:
            if area not in known:
                remedy = did_you_mean(area, known) or "Delete the outline, or add the area."
                self.add_fault(f"there is no area {quoted(area)} in areas.csv. {remedy}")
        lacking = [area for area in areas if area not in self.by_area]
        if len(lacking) > NAMED_ALIKE:
            words = f"there is no outline of {some_of(lacking, 'areas')}. Add them."
            self.faults.append(Fault(shown(self.path), words, tuple(lacking)))
            return
        for area in lacking:
            self.add_fault(f"the area {quoted(area)} has no outline. Add it.")


def _is_finite(outline: BaseGeometry) -> bool:
    import numpy as np
    import shapely

    return bool(np.isfinite(shapely.get_coordinates(outline)).all())


def _goes_round_again(outline: BaseGeometry) -> bool:
    """Whether an outline is long and has many of its corners more than once, so that it would take long to mend."""
    import numpy as np
    import shapely

    corners = shapely.get_coordinates(outline)
    if len(corners) <= CORNERS_SOON_MENDED:
        return False
    return bool(len(np.unique(corners, axis=0)) < LEAST_DISTINCT * len(corners))


def _with_area(outline: BaseGeometry) -> BaseGeometry | None:
    """Return the polygons of a mended outline without the lines and points that mending may leave; None without any."""
    import shapely

    parts = [part for part in shapely.get_parts(outline) if part.geom_type in _POLYGONS]
    flat = [one for part in parts for one in shapely.get_parts(part) if one.area]
    return (flat[0] if len(flat) == 1 else shapely.MultiPolygon(flat)) if flat else None


def read_boundaries(path: str | Path, areas: Iterable[str] | None = None) -> geopandas.GeoDataFrame:
    """Read the outlines: one row an area, with columns area and geometry, in longitude and latitude.

    With ``areas``, insists on one outline for each of them and none besides. Raises ``InputError`` with every
    fault.
    """
    outlines = look_at_boundaries(path, None if areas is None else list(areas))
    if outlines.faults:
        raise InputError(outlines.faults)
    import geopandas

    columns = {"area": list(outlines.by_area)}
    frame = geopandas.GeoDataFrame(columns, geometry=list(outlines.by_area.values()), crs=outlines.crs)
    return frame.to_crs(LONGITUDE_LATITUDE)


def look_at_boundaries(path: str | Path, areas: Collection[str] | None = None) -> Outlines:
    """Return the outlines in a file and their faults, without raising."""
    outlines = Outlines(Path(path))
    data = read_bytes(outlines.path, MAX_BYTES, inside=outlines.path.parent)
    outlines.digest = "" if isinstance(data, str) else hashlib.sha256(data).hexdigest()
    if isinstance(data, str):
        outlines.add_fault(data)
    elif outlines.path.suffix.lower() == ".gpkg":
        _read_geopackage(outlines, data)
    else:
        _read_geojson(outlines, data)
    if outlines.not_in_degrees:
        number, such = len(outlines.not_in_degrees), quoted(outlines.not_in_degrees[0])
        words = (
            f"{number:,} outline{'s' * (number > 1)}, such as that of {such}, not in degrees of longitude and latitude"
        )
        outlines.add_fault(f"{words}. Export them in EPSG:4326, or bring them in: {_import(outlines)} --crs EPSG:27700")
    if outlines.mended:
        listed = f"{', '.join(outlines.mended[:3])}{' …' * (len(outlines.mended) > 3)}"
        outlines.taken.append(f"{len(outlines.mended):,} that crossed themselves, mended by make_valid: {listed}.")
    if areas is not None and outlines.by_area:
        outlines.compare(areas)
    if rest := outlines.faults[FAULTS_LISTED:]:
        outlines.faults = [
            *outlines.faults[:FAULTS_LISTED],
            Fault(shown(outlines.path), f"and {len(rest)} more."),
        ]
    return outlines


def merged(shapes: Iterable[BaseGeometry | None]) -> BaseGeometry:
    """Return outlines as one, without the borders between them, in an order of its own.

    They may overlap, as those that statistical offices make simpler do, or cross themselves, as rounding makes them.
    """
    import numpy as np
    import shapely

    drawn = np.array([one for one in shapes if one is not None], dtype=object)
    crossing = ~shapely.is_valid(drawn)
    drawn[crossing] = shapely.buffer(drawn[crossing], 0)
    whole = shapely.coverage_union_all(drawn) if shapely.coverage_is_valid(drawn) else shapely.union_all(drawn)
    return shapely.normalize(whole)


def _import(outlines: Outlines) -> str:
    return f"optimiser import boundaries {shown(outlines.path)} --into {shown(outlines.path.parent)} --replace"


def _read_geojson(outlines: Outlines, data: bytes) -> None:
    try:
        text = data.decode("utf-8-sig")
        page = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeats)
    except (ValueError, RecursionError):
        what = other_format(data)
        what = "broken JSON" if what == "JSON" else what or "something else"
        outlines.add_fault(f"this is not GeoJSON but {what}. Export the areas again as GeoJSON.")
        return
    features = page.get("features") if isinstance(page, dict) and page.get("type") == "FeatureCollection" else None
    if not isinstance(features, list) or not features:
        outlines.add_fault("this is JSON without a list of features. Export the areas again as GeoJSON.")
        return
    if "crs" in page and not re.search(r"CRS84|4326", json.dumps(page["crs"])):
        words = "the coordinates are not longitude and latitude. Export them in EPSG:4326, or bring them in"
        outlines.add_fault(f"{words}: {_import(outlines)}")
        return
    named = _named_by(outlines, features)
    if named is None:
        return
    sound = _sound_polygons(features)
    for number, feature in enumerate(features, start=1):
        if (outline := sound.get(number)) is None:
            _add_feature(outlines, number, feature, named)
        else:
            outlines.add(number, _area_of(feature, named), outline, sound=True)


def _area_of(feature: dict[str, Any], named: str) -> Any:
    return feature["properties"].get(named) if _has_properties(feature) else None


def _sound_polygons(features: list[Any]) -> dict[int, BaseGeometry]:
    """Return by number from 1 the outlines that are one polygon each in which nothing is wrong, made all at once."""
    import numpy as np
    import shapely

    found = {number: rings for number, feature in enumerate(features, start=1) if (rings := _rings_of(feature))}
    every = [ring for rings in found.values() for ring in rings]
    numbers = list(chain.from_iterable(chain.from_iterable(every)))
    if not found or not {*map(type, numbers)} <= {float, int}:
        return {}
    try:
        corners = np.array(numbers, dtype=float).reshape(-1, 2)
    except OverflowError:
        return {}
    if not np.isfinite(corners).all():
        return {}
    closed: Any = shapely.linearrings(corners, indices=np.repeat(np.arange(len(every)), [len(ring) for ring in every]))
    drawn = shapely.polygons(closed, indices=np.repeat(np.arange(len(found)), [len(its) for its in found.values()]))
    in_degrees = (np.abs(shapely.bounds(drawn)) <= (180, 90, 180, 90)).all(axis=1)
    sound = shapely.is_valid(drawn) & in_degrees
    return {number: one for number, one, good in zip(found, drawn, sound, strict=True) if good}


def _rings_of(feature: Any) -> list[Any] | None:
    """Return the rings of a feature that is one polygon of plain corners; None of any other."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Polygon":
        return None
    rings = geometry.get("coordinates")
    if not isinstance(rings, list) or not rings:
        return None
    plain = all(
        isinstance(ring, list)
        and len(ring) >= LEAST_CORNERS
        and {*map(type, ring)} == {list}
        and {*map(len, ring)} == {2}
        and ring[0] == ring[-1]
        for ring in rings
    )
    return rings if plain else None


def _named_by(outlines: Outlines, features: list[Any]) -> str | None:
    """Return the property that has the codes of the areas; note once that there is none."""
    properties = [one["properties"] for one in features if isinstance(one, dict) and _has_properties(one)]
    names = list(dict.fromkeys(str(name) for one in properties for name in one))
    return _code_column(outlines, names) if names else "area"


def _has_properties(feature: dict[str, Any]) -> bool:
    return isinstance(feature.get("properties"), dict)


def _code_column(outlines: Outlines, names: list[str]) -> str | None:
    """Return which of some names is that of the areas' codes: ours, or that of official statistics; or note it."""
    if "area" in names:
        return "area"
    if official := [name for name in names if OFFICIAL_CODE.fullmatch(name)]:
        outlines.taken.append(f'{quoted(official[0])} as "area", the codes of the areas.')
        return official[0]
    listed = ", ".join(map(quoted, names[:8]))
    outlines.add_fault(f'no feature has "area", the code of its area; they have {listed}. Rename the right one.')
    return None


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a number")


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _add_feature(outlines: Outlines, number: int, feature: Any, named: str) -> None:
    from shapely.geometry import shape

    parts = feature if isinstance(feature, dict) else {}
    geometry = parts.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        outlines.add_fault("this feature is no polygon. Keep polygons only.", number)
        return
    try:
        outline = shape(geometry)
    except Exception:  # whatever shapely makes of hostile coordinates, the remedy is the same
        outlines.add_fault("the coordinates cannot be read. Export the areas again.", number)
        return
    outlines.add(number, _area_of(feature, named), outline)


def _read_geopackage(outlines: Outlines, data: bytes) -> None:
    import pyproj

    if not data.startswith(b"SQLite format 3\0") or data[68:72] not in (b"GPKG", b"GP10", b"GP11"):
        outlines.add_fault("this is not a GeoPackage, whatever its name says. Export the areas again.")
        return
    try:
        rows = _geopackage_rows(outlines, data)
        for number, (area, cell) in enumerate(rows, start=1):
            outlines.add(number, area, _from_geopackage(cell))
        if rows:
            pyproj.CRS.from_user_input(outlines.crs)
    except Exception as error:  # a damaged database fails in many ways, with one remedy
        remedy = "Export the areas again."
        if str(error) == NO_SYSTEM:
            remedy = f"State it, or bring them in: {_import(outlines)} --crs EPSG:27700"
        outlines.add_fault(f"the GeoPackage cannot be read ({error}). {remedy}")


def _geopackage_rows(outlines: Outlines, data: bytes) -> list[tuple[Any, bytes]]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(data)
        database.execute("PRAGMA trusted_schema = OFF")
        # No cell is larger than the file that holds it.
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, len(data))
        _refuse_views(database, "gpkg_geometry_columns", "gpkg_spatial_ref_sys")
        layers = database.execute("SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns").fetchall()
        if len(layers) != 1:
            raise LookupError(f"it has {len(layers)} layers; one is needed")
        outlines.crs = _system_of(database, int(layers[0][2]))
        _refuse_views(database, str(layers[0][0]))
        table, column = (str(name).replace('"', '""') for name in layers[0][:2])
        names = [str(row[1]) for row in database.execute(f'PRAGMA table_info("{table}")')]
        named = _code_column(outlines, [name for name in names if name != layers[0][1]])
        if named is None:
            return []
        code = named.replace('"', '""')
        return database.execute(f'SELECT "{code}", "{column}" FROM "{table}"').fetchall()


def _refuse_views(database: sqlite3.Connection, *names: str) -> None:
    """Refuse what only looks like a table: a view works out its rows anew, and may have them without end."""
    for name in names:
        found = database.execute(
            "SELECT type, sql FROM sqlite_master WHERE name = ? COLLATE NOCASE", (name,)
        ).fetchall()
        if any(kind != "table" or str(sql).upper().startswith("CREATE VIRTUAL") for kind, sql in found):
            raise LookupError(f"{name} is a view, not a table")


def _system_of(database: sqlite3.Connection, number: int) -> str:
    """Return the coordinate system that a layer names, by its number among those that the file describes."""
    if number <= 0:
        raise LookupError(NO_SYSTEM)
    described = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'gpkg_spatial_ref_sys'").fetchone()
    if described and described[0]:
        asked = "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?"
        organization, code = database.execute(asked, (number,)).fetchone() or ("EPSG", number)
        if str(organization).upper() in ("EPSG", "ESRI"):
            return f"{str(organization).upper()}:{int(code)}"
        raise LookupError(NO_SYSTEM)
    return f"EPSG:{number}"


def _from_geopackage(cell: bytes) -> BaseGeometry:
    """Return a GeoPackage cell's geometry: a header of 8 bytes, perhaps a bounding box, then plain WKB."""
    import shapely

    box_bytes = (0, 32, 48, 48, 64)[(cell[3] >> 1) & 7]
    return shapely.from_wkb(cell[8 + box_bytes :])


def window(bounds: np.ndarray, resident: np.ndarray) -> np.ndarray:
    """Return west, south, east and north of what is drawn: where residents live, and what lies around it."""
    import numpy as np

    (west, south), (east, north) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    near, far = bounds[resident, :2].min(axis=0), bounds[resident, 2:].max(axis=0)
    room = AROUND * (far - near).max()
    return np.array([*np.maximum(near - room, (west, south)), *np.minimum(far + room, (east, north))])
