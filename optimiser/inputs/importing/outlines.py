"""Outlines of areas in any file and coordinate system that GDAL reads, as our GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimiser.errors import Fault, InputError, quoted, shown
from optimiser.inputs.files import read_bytes
from optimiser.inputs.importing.codes import Known, translated
from optimiser.inputs.importing.reading import MAX_BYTES, plain
from optimiser.inputs.importing.wishes import Wishes
from optimiser.inputs.shapes import OFFICIAL_CODE, OFFICIAL_NAME
from optimiser.inputs.tables.sheets import number_of

if TYPE_CHECKING:
    import geopandas

LONGITUDE_LATITUDE = "EPSG:4326"
DECIMALS = 6
# What a file begins with. GDAL opens what a file contains, and may follow it to others: only these are handed to it.
_BEGINS = {
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".geojson": (b"{",),
    ".json": (b"{",),
    ".topojson": (b"{",),
    ".zip": (b"PK\x03\x04",),
    ".parquet": (b"PAR1",),
}
# What these hold are degrees where nothing is said of it.
_DEGREES_UNLESS_SAID = (".geojson", ".json", ".topojson")


def outlines_in(path: Path, known: Known, wishes: Wishes) -> tuple[bytes, int, list[str]]:
    """Return outlines as GeoJSON in longitude and latitude, how many there are, and what was done."""
    import geopandas
    import shapely

    said: list[str] = []
    frame = _read(path, wishes)
    frame = _on_the_globe(path, frame, wishes, said)
    by = _code_column(path, frame, known, wishes)
    said.append(f"{quoted(by)} as area.")
    polygons = frame.geom_type.isin(["Polygon", "MultiPolygon", "GeometryCollection"])
    if left := int((~polygons).sum()):
        said.append(f"{number_of(left, 'feature')} left out, for want of a polygon.")
    frame = frame[polygons]
    crossing = ~frame.geometry.is_valid
    if crossing.any():
        some = ", ".join(map(str, frame.loc[crossing, by].head(3)))
        said.append(f"{number_of(int(crossing.sum()), 'outline')} mended by make_valid, since lines crossed: {some}.")
    frame.geometry = shapely.make_valid(shapely.set_precision(shapely.make_valid(frame.geometry.values), 10**-DECIMALS))
    codes = translated(frame[by].astype(str).str.strip(), known.areas, known, said)
    frame = frame.assign(area=frame[by].astype(str).str.strip().map(codes)).dropna(subset=["area"])
    together = geopandas.GeoDataFrame(frame[["area", "geometry"]], geometry="geometry", crs=LONGITUDE_LATITUDE)
    if more := int(together["area"].duplicated().sum()):
        said.append(f"{number_of(more, 'outline')} put together with another of the same area.")
        together = together.dissolve("area", sort=False, as_index=False)
    together.geometry = [_polygons(one) for one in together.geometry]
    page = json.loads(together.to_json(drop_id=True, to_wgs84=False))
    page.pop("crs", None)
    return json.dumps(page, separators=(",", ":")).encode() + b"\n", len(together), said


def outlines_on_the_globe(path: Path, wishes: Wishes) -> geopandas.GeoDataFrame:
    """Return what a file draws, in longitude and latitude. Raises ``InputError`` where it cannot be read."""
    return _on_the_globe(path, _read(path, wishes), wishes, [])


def _polygons(outline: Any) -> Any:
    """Return an outline without the points and lines that mending may leave."""
    import shapely

    parts = [one for part in shapely.get_parts(outline) for one in shapely.get_parts(part) if one.area]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _refusal(path: Path, words: str) -> InputError:
    return InputError([Fault(shown(path), words)])


def _read(path: Path, wishes: Wishes) -> geopandas.GeoDataFrame:
    import geopandas
    import pyogrio

    data = read_bytes(path, MAX_BYTES)
    if isinstance(data, str):
        raise _refusal(path, data)
    begins = _BEGINS.get(path.suffix.lower())
    if begins is None or not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(begins):
        words = "this is no GeoJSON, GeoPackage or shapefile, by its name and by how it begins"
        raise _refusal(path, f"{words}. Export the outlines as one of them.")
    try:
        if path.suffix.lower() == ".parquet":
            return geopandas.read_parquet(path)
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        if wishes.sheet is None and len(layers) > 1:
            raise _refusal(path, f"it has the layers {', '.join(map(quoted, layers))}. Say which with --sheet.")
        return geopandas.read_file(path, layer=wishes.sheet or layers[0])
    except InputError:
        raise
    except Exception as error:  # damaged files fail in many ways, with one remedy
        raise _refusal(path, f"the outlines cannot be read ({error}). Export them again.") from error


def _on_the_globe(path: Path, frame: Any, wishes: Wishes, said: list[str]) -> Any:
    """Return the outlines in longitude and latitude, from the system that the file or the person states."""
    if frame.empty or frame.geometry.isna().all() or frame.geometry.is_empty.all():
        raise _refusal(path, "it draws nothing, so that it has no polygon. Draw one, or export the outlines again.")
    try:
        if wishes.crs:
            frame = frame.set_crs(wishes.crs, allow_override=True)
        elif frame.crs is None:
            words = "the file does not say its coordinate system. Say it, such as --crs EPSG:27700"
            raise _refusal(path, f"{words} for the British National Grid.")
        west, south, east, north = frame.total_bounds
        if frame.crs.is_geographic and not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            said_so = path.suffix.lower() not in _DEGREES_UNLESS_SAID
            why = "though the file says so" if said_so else "as GeoJSON's are unless it says otherwise"
            words = f"the coordinates are not degrees, {why}. Say what they are, such as"
            raise _refusal(path, f"{words} --crs EPSG:27700 for the British National Grid.")
        code = frame.crs.to_epsg()
        if code != 4326:
            said.append(f"from {f'EPSG:{code}' if code else frame.crs.name} to longitude and latitude.")
        return frame.to_crs(LONGITUDE_LATITUDE)
    except InputError:
        raise
    except Exception as error:  # unknown and unfit systems fail in many ways, with one remedy
        raise _refusal(
            path, f"the coordinate system cannot be used ({error}). State one such as EPSG:27700."
        ) from error


def _code_column(path: Path, frame: Any, known: Known, wishes: Wishes) -> str:
    """Return the column with the codes: the one asked for, that with most of the place's codes, or an official one."""
    names = [str(name) for name in frame.columns if name != frame.geometry.name]
    if asked := wishes.columns.get("area"):
        found = next((name for name in names if plain(name) == plain(asked)), None)
        if found is None:
            raise _refusal(path, f"there is no column {quoted(asked)}. There are {', '.join(map(quoted, names))}.")
        return found
    scores = {name: len(known.areas.found(frame[name].astype(str).str.strip())) for name in names}
    if scores and max(scores.values()):
        return max(scores, key=lambda name: scores[name])
    official = [*filter(OFFICIAL_CODE.fullmatch, names), *filter(OFFICIAL_NAME.fullmatch, names)]
    if "area" in names or official:
        return "area" if "area" in names else official[0]
    listed = ", ".join(map(quoted, names[:8])) or "none"
    raise _refusal(
        path, f"no column is known to have the codes of areas; there are {listed}. Say it: --column area=THEIRS."
    )
