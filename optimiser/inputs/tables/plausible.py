"""Figures that each may be, and together can hardly be: speeds, units, outliers, and things far from where they are.

What is sure is a fault. The rest is a doubt, which ``optimiser validate`` and the summary of a run say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from optimiser.errors import shown
from optimiser.inputs.tables.sheets import Sheet, import_command, number_of

if TYPE_CHECKING:
    from optimiser.inputs.boundaries import Outlines

SLOWEST_KMH, FASTEST_KMH = 3.0, 130.0
# Below so many kilometres a straight line says little of a speed.
LEAST_KM = 2.0
# Half of all areas this many minutes from the nearest of all sites: no health system has that.
MOST_TO_NEAREST = 180.0
HALF_A_MINUTE_IS_HOURS, THREE_MINUTES_ARE_HOURS = 1.0, 3.0
FAR_KM = 20.0
# So far west, south, east or north of all areas is off the map.
FAR_FROM_ALL_KM = 50.0
NEIGHBOURS = 6
MOST_COMPARED = 2_500
# How unlike its neighbours' a journey is before it is doubted.
TIMES_AS_LONG, MINUTES_APART = 3.0, 30.0
ASYMMETRIC_TIMES, ASYMMETRIC_MINUTES = 1.5, 15.0
MINUTES_AN_HOUR = 60


@dataclass(frozen=True)
class _Points:
    """Where the areas or the sites are, in kilometres on the British National Grid: one row each, NaN if unknown."""

    codes: list[str]
    km: np.ndarray

    def of(self, codes: pd.Series[str]) -> np.ndarray:
        """Return where each of some codes is."""
        if not self.codes:
            return np.full((len(codes), 2), np.nan)
        at = pd.Index(self.codes).get_indexer(pd.Index(codes))
        return np.where((at >= 0)[:, None], self.km[at], np.nan)


def doubts(sheets: Mapping[str, Sheet], outlines: Outlines | None) -> Iterator[str]:
    """Yield what of a place can hardly be, a sentence each; note on the sheets and outlines what cannot."""
    areas, sites = (_points(sheets[name], key) for name, key in (("areas", "area"), ("sites", "site")))
    if outlines and outlines.by_area and not outlines.faults:
        drawn = _drawn(outlines)
        yield from _far_outlines(areas, drawn, outlines)
        areas = drawn if np.isnan(areas.km).all() else areas
    yield from _minutes(sheets["journeys"], ("area", areas), ("site", sites))
    yield from _minutes(sheets["transfers"], ("from_site", sites), ("to_site", sites))
    yield from _asymmetric(sheets["transfers"])
    yield from _far_towns(sheets["towns"], areas)


def _points(sheet: Sheet, key: str) -> _Points:
    columns = ["easting_m", "northing_m"]
    if not sheet.sound(key) or not len(sheet.frame) or sheet.frame[key].duplicated().any():
        return _Points([], np.empty((0, 2)))
    codes = sheet.frame[key].astype(str).tolist()
    known = sheet.sound(*columns)
    return _Points(codes, sheet.frame[columns].to_numpy(float) / 1000 if known else np.full((len(codes), 2), np.nan))


def _drawn(outlines: Outlines) -> _Points:
    """Return the middles of the outlines on the grid."""
    import geopandas
    import shapely

    shapes = geopandas.GeoSeries(list(outlines.by_area.values()), crs=outlines.crs)
    middles = shapely.centroid(shapes.values)
    on_the_grid = geopandas.GeoSeries(middles, crs=outlines.crs).to_crs("EPSG:27700")
    return _Points(list(outlines.by_area), shapely.get_coordinates(on_the_grid.values) / 1000)


def _far_outlines(areas: _Points, drawn: _Points, outlines: Outlines) -> Iterator[str]:
    """Note outlines that are all elsewhere than their areas; yield single ones."""
    there = areas.of(pd.Series(drawn.codes))
    apart = np.hypot(*(drawn.km - there).T)
    apart[np.isinf(drawn.km).any(axis=1)] = np.inf
    known = ~np.isnan(there).any(axis=1)
    far = known & (apart > FAR_KM)
    if not far.any():
        return
    worst = int(np.flatnonzero(far)[0])
    such = f"such as that of {drawn.codes[worst]}"
    such += f", {apart[worst]:,.0f} km away" if np.isfinite(apart[worst]) else ""
    if far.sum() > known.sum() / 2:
        if _are_swapped(there, outlines):
            words = "latitude and longitude look swapped: turned round, the outlines lie where areas.csv says"
            outlines.add_fault(f"{words}. Write longitude first, or bring the outlines in again.")
        else:
            words = f"{number_of(int(far.sum()), 'outline')} more than {FAR_KM:g} km from where areas.csv says, {such}"
            outlines.add_fault(f"{words}. Check which coordinate system they are in, and easting_m and northing_m.")
        return
    words = f"{number_of(int(far.sum()), 'outline')} more than {FAR_KM:g} km from where areas.csv says, {such}"
    yield f"{shown(outlines.path)}: {words}."


def _far_towns(sheet: Sheet, areas: _Points) -> Iterator[str]:
    """Yield towns so far from all areas that no map shows them."""
    if not sheet.present or not sheet.sound("easting_m", "northing_m") or np.isnan(areas.km).all() or not areas.codes:
        return
    towns = sheet.frame[["easting_m", "northing_m"]].to_numpy(float) / 1000
    low, high = np.nanmin(areas.km, axis=0) - FAR_FROM_ALL_KM, np.nanmax(areas.km, axis=0) + FAR_FROM_ALL_KM
    far = ((towns < low) | (towns > high)).any(axis=1)
    if far.any():
        words = f"{number_of(int(far.sum()), 'town')} more than {FAR_FROM_ALL_KM:g} km from all areas"
        yield f"{shown(sheet.path)}: {words}, such as {sheet.frame['town'][far].iloc[0]}; no map shows them."


def _are_swapped(there: np.ndarray, outlines: Outlines) -> bool:
    import geopandas
    import shapely

    middles = shapely.get_coordinates(shapely.centroid(list(outlines.by_area.values())))
    if (np.abs(middles[:, 0]) > 90).any():
        return False
    turned = geopandas.GeoSeries(shapely.points(middles[:, ::-1]), crs=outlines.crs).to_crs("EPSG:27700")
    apart = np.hypot(*(shapely.get_coordinates(turned.values) / 1000 - there).T)
    return bool(np.nanmedian(apart) < FAR_KM)


def _minutes(sheet: Sheet, start: tuple[str, _Points], end: tuple[str, _Points]) -> Iterator[str]:
    """Note times that are no minutes; yield speeds and single cells that can hardly be."""
    if not sheet.present or not sheet.sound(start[0], end[0]) or "minutes" not in sheet.frame:
        return
    frame = sheet.frame[(sheet.frame[start[0]] != sheet.frame[end[0]]) & sheet.frame["minutes"].notna()]
    if frame.empty:
        return
    minutes = frame["minutes"].to_numpy(float)
    km = np.hypot(*(start[1].of(frame[start[0]]) - end[1].of(frame[end[0]])).T)
    some = km > LEAST_KM
    with np.errstate(divide="ignore"):
        speeds = km[some] / (minutes[some] / MINUTES_AN_HOUR)
    if _are_other_units(sheet, frame, start[0], speeds) or _is_all_zeros(sheet, frame, end[0]):
        return
    if not sheet.sound("minutes"):
        return
    for wrong, words in ((speeds > FASTEST_KMH, "faster than"), (speeds < SLOWEST_KMH, "slower than")):
        if wrong.any():
            row = frame[some][wrong].iloc[0]
            limit = FASTEST_KMH if "faster" in words else SLOWEST_KMH
            length = km[some][wrong][0]
            such = f"such as {row[start[0]]} to {row[end[0]]}, {length:,.0f} km in {row['minutes']:g} minutes"
            said = f"{number_of(int(wrong.sum()), 'time')} {words} {limit:g} km/h by the straight line"
            yield f"{shown(sheet.path)}: {said}, {such}."
    if zeros := int((minutes[some] == 0).sum()) if some.any() else 0:
        words = f"{number_of(zeros, 'time')} of 0 minutes between places more than {LEAST_KM:g} km apart"
        yield f"{shown(sheet.path)}: {words}."
    if sheet.table.name == "journeys":
        yield from _unlike_neighbours(sheet, frame, start[1])


def _are_other_units(sheet: Sheet, frame: pd.DataFrame, start: str, speeds: np.ndarray) -> bool:
    """Note once that the times are in another unit, by how fast they would be or how long they are."""
    minutes = frame["minutes"]
    middle, speed = float(minutes.median()), float(np.median(speeds)) if len(speeds) else np.nan
    again = import_command(sheet.table.name, sheet.path, replace=True)
    nearest = float(minutes.groupby(frame[start]).min().median())
    hours = THREE_MINUTES_ARE_HOURS if sheet.table.name == "journeys" else HALF_A_MINUTE_IS_HOURS
    unit = words = ""
    if not middle:
        sheet.add("zeros", "half of the times are 0 minutes. Write how long each takes.")
        return True
    if middle > 1000:
        unit, words = "seconds", f"half of the times are above {middle:,.0f} minutes"
    elif speed < SLOWEST_KMH and speed * MINUTES_AN_HOUR <= FASTEST_KMH * 2:
        unit, words = "seconds", f"half of the journeys are slower than {speed:.2g} km/h by the straight line"
    elif sheet.table.name == "journeys" and nearest > MOST_TO_NEAREST:
        unit, words = "seconds", f"half of the areas are {nearest:,.0f} minutes or more from the nearest of all sites"
    elif middle < hours and not speed <= FASTEST_KMH:
        unit, words = "hours", f"half of the times are at most {middle:.3g} minutes"
    if unit:
        for kind in [kind for kind in sheet.found if kind.startswith("minutes is above")]:
            # Each is too much for a minute because of that.
            del sheet.found[kind], sheet.uncounted[kind]
        remedy = "Divide them by 60" if unit == "seconds" else "Multiply them by 60"
        sheet.add("unit", f"{words}: these look like {unit}. {remedy}, or: {again} --unit {unit}")
    return bool(unit)


def _is_all_zeros(sheet: Sheet, frame: pd.DataFrame, end: str) -> bool:
    """Note each site to which every journey takes no time at all."""
    longest = frame.groupby(end, sort=False)["minutes"].agg(["max", "size"])
    nothing = longest.index[(longest["max"] == 0) & (longest["size"] > 1)].tolist()
    for site in nothing:
        sheet.add("zeros", f"every time to {site} is 0 minutes. Find the times, or leave the site out.")
    return bool(nothing)


def _unlike_neighbours(sheet: Sheet, frame: pd.DataFrame, areas: _Points) -> Iterator[str]:
    """Yield journeys far longer or shorter than those of the areas around to the same site."""
    known = np.flatnonzero(~np.isnan(areas.km).any(axis=1))
    if not 2 * NEIGHBOURS < len(known) <= MOST_COMPARED:
        return
    codes, km = [areas.codes[n] for n in known], areas.km[known]
    grid = frame.pivot(index="area", columns="site", values="minutes").reindex(codes)
    apart = np.linalg.norm(km[:, None] - km[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    around = np.argpartition(apart, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    cells = grid.to_numpy(float)
    typical = np.median(np.nan_to_num(cells, nan=0.0)[around], axis=1)
    near = np.take_along_axis(apart, around, axis=1).max(axis=1)[:, None]
    # What lies between neighbours takes a while, too, at the pace of a slow road.
    slack = MINUTES_APART + 2 * near
    longer = (cells > TIMES_AS_LONG * typical) & (cells - typical > slack)
    shorter = (cells < typical / TIMES_AS_LONG) & (typical - cells > slack)
    rows, columns = np.nonzero((longer | shorter) & (typical > 0))
    if len(rows):
        row, column = int(rows[0]), int(columns[0])
        such = f"such as {codes[row]} to {grid.columns[column]}, {cells[row, column]:g} minutes where around it takes"
        words = f"{number_of(len(rows), 'journey')} far from those of the areas around"
        yield f"{shown(sheet.path)}: {words}, {such} {typical[row, column]:g}."


def _asymmetric(sheet: Sheet) -> Iterator[str]:
    if not sheet.present or not sheet.sound("from_site", "to_site", "minutes") or sheet.frame.empty:
        return
    there = sheet.frame.set_index(["from_site", "to_site"])["minutes"]
    if there.index.has_duplicates:
        return
    back = there.swaplevel().reindex(there.index)
    unlike = (there > ASYMMETRIC_TIMES * back) & (there - back > ASYMMETRIC_MINUTES)
    if unlike.any():
        (one, other), minutes = unlike.index[unlike][0], float(there[unlike].iloc[0])
        such = f"such as {one} to {other}, {minutes:g} minutes and {float(back[unlike].iloc[0]):g} back"
        words = f"{number_of(int(unlike.sum()), 'pair')} of sites much farther one way than the other"
        yield f"{shown(sheet.path)}: {words}, {such}."
