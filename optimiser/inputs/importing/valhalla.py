"""Journeys by Valhalla, a router that others keep, on the tiles that it builds of an extract of OpenStreetMap."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from math import isqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, needed, shown
from optimiser.inputs.importing.osm_extract import DEGREES, GRID, LICENCE, refuse_what_is_no_extract
from optimiser.journeys.network import THOUSAND

# How one travels, in Valhalla's words.
COSTINGS = ("auto", "bicycle", "bus", "pedestrian", "taxi")
# What it is not told, for nobody has it here: without these it builds tiles of the extract alone.
ABSENT = ("tile_extract", "admin", "timezone", "traffic_extract", "landmarks", "transit_dir")
# No journey is refused for its length: an extract is no longer than it is.
MOST_M = 10_000_000.0
# How it says that there is no way. Whatever else it says is a fault.
NO_WAY = ("No path could be found", "unconnected regions")
SECONDS_A_MINUTE = 60


@dataclass
class Engine:
    """Valhalla with tiles of an extract, for one way of travelling.

    ``at`` has the longitude and latitude of each end, ``asked`` how many pairs were asked one by one.
    """

    actor: Any
    version: str
    costing: str
    most_pairs: int
    at: Mapping[str, dict[str, float]]
    asked: int = field(default=0, init=False)

    def thousandths(self, starts: Sequence[str], ends: Sequence[str]) -> pd.DataFrame:
        """Return thousandths of a minute between ends; NaN where there is no way.

        They are asked in blocks. Valhalla's matrix gives up on some pairs to which its route finds a way, so that those
        are asked again, one by one.
        """
        found, side = np.full((len(starts), len(ends)), np.nan), isqrt(self.most_pairs)
        for first, last in product(range(0, len(starts), side), range(0, len(ends), side)):
            block = self._block(starts[first : first + side], ends[last : last + side])
            found[first : first + side, last : last + side] = block
        for row, column in np.argwhere(np.isnan(found)).tolist():
            self.asked += 1
            trip = self._answer("route", {"locations": [self.at[starts[row]], self.at[ends[column]]]})
            found[row, column] = trip["trip"]["summary"]["time"] if trip else np.nan
        return pd.DataFrame(found * (THOUSAND / SECONDS_A_MINUTE), index=list(starts), columns=list(ends))

    def off_road_km(self) -> pd.Series[float]:
        """Return how far each end is from the road at which its journeys begin, NaN where there is none near it."""
        from pyproj import Geod

        by_line, codes, far = Geod(ellps="WGS84"), list(self.at), list[float]()
        for code in codes:
            here = self.at[code]
            near = (self._answer("locate", {"locations": [here]}) or [{}])[0].get("edges") or ()
            roads = [(edge["correlated_lon"], edge["correlated_lat"]) for edge in near]
            metres = [by_line.inv(here["lon"], here["lat"], *road)[2] for road in roads]
            far.append(min(metres, default=np.nan) / 1000)
        return pd.Series(far, index=codes)

    def _block(self, starts: Sequence[str], ends: Sequence[str]) -> np.ndarray:
        asked = {"sources": [self.at[code] for code in starts], "targets": [self.at[code] for code in ends]}
        rows = (self._answer("matrix", asked) or {}).get("sources_to_targets")
        nothing = np.full((len(starts), len(ends)), np.nan)
        return np.array([[cell["time"] for cell in row] for row in rows], dtype=float) if rows else nothing

    def _answer(self, action: str, asked: Mapping[str, Any]) -> Any:
        """Return what Valhalla answers, or None where it says that there is no way."""
        try:
            return getattr(self.actor, action)({**asked, "costing": self.costing})
        except RuntimeError as error:
            if any(words in str(error) for words in NO_WAY):
                return None
            raise InputError([Fault(f"Valhalla {self.version}", f"refused a question: {error}.")]) from error


@contextmanager
def engine_on(extract: Path, costing: str, ends: pd.DataFrame) -> Iterator[tuple[Engine, list[str]]]:
    """Build Valhalla's tiles of an extract, for as long as this lasts; give it, and what is said of it.

    Parameters
    ----------
    extract
        The file (``.osm.pbf``).
    costing
        How one travels, one of ``COSTINGS``.
    ends
        Whence and whither one may ask: end, easting_m and northing_m.

    Raises
    ------
    InputError
        Where it is no such file, tiles cannot be built of it, or some end has no road near it.
    """
    refuse_what_is_no_extract(extract)
    package = needed("valhalla", "valhalla")
    with TemporaryDirectory() as folder:
        actor, settings = actor_on(package, extract, Path(folder))
        most = settings["service_limits"][costing]["max_matrix_location_pairs"]
        engine = Engine(actor, package.__version__, costing, most, _in_degrees(ends))
        far = engine.off_road_km()
        if lost := list(far.index[far.isna()]):
            words = (
                "has no road near it that one may use so. Take an extract that reaches there, or correct where it is."
            )
            raise InputError([Fault(shown(extract), f"{code} {words}") for code in lost])
        yield engine, list(_said(engine, far))


def _said(engine: Engine, far: pd.Series[float]) -> Iterator[str]:
    yield f"By Valhalla {engine.version}, costing {engine.costing} with its own settings, at no hour in particular."
    yield "It knows no borders, so it takes everybody to drive on the right, and no timetable, queue or bus stop."
    words = "Journeys begin and end at the nearest road that one may use so, and the way there is not counted"
    yield f"{words}; the furthest from any is {far.idxmax()}, {far.max():.1f} km."
    yield LICENCE


def actor_on(package: Any, extract: Path, folder: Path) -> tuple[Any, dict[str, Any]]:
    """Return Valhalla on tiles that it builds in a folder, and its settings."""
    tiles, packed, config = folder / "tiles", folder / "none.tar", folder / "valhalla.json"
    tiles.mkdir()
    packed.touch()
    settings = package.get_config(tile_extract=str(packed), tile_dir=str(tiles), verbose=False)
    settings["mjolnir"] |= dict.fromkeys(ABSENT, "")
    for costing in COSTINGS:
        settings["service_limits"][costing] |= {"max_matrix_distance": MOST_M, "max_distance": MOST_M}
    config.write_text(json.dumps(settings))
    program = Path(package.__file__).parent / "bin" / "valhalla_build_tiles"
    done = subprocess.run([str(program), "-c", str(config), str(extract.resolve())], check=False, capture_output=True)
    if done.returncode:
        last = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-1:]
        raise InputError([Fault(shown(extract), f"Valhalla can build no tiles of it ({''.join(last)}).")])
    return package.Actor(str(config)), settings


def _in_degrees(ends: pd.DataFrame) -> dict[str, dict[str, float]]:
    import geopandas

    at = geopandas.GeoSeries.from_xy(ends["easting_m"], ends["northing_m"], crs=GRID).to_crs(DEGREES)
    places = ({"lon": round(lon, 6), "lat": round(lat, 6)} for lon, lat in zip(at.x, at.y, strict=True))
    return dict(zip(map(str, ends["end"]), places, strict=True))
