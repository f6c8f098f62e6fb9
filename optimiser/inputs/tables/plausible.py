"""Figures that each may be, and together can hardly be: speeds, units, outliers, and things far from where they are.

What is sure is a fault. The rest is a doubt, which ``optimiser validate`` and the summary of a run say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from optimiser.inputs.boundaries import LONGITUDE_LATITUDE
from optimiser.inputs.grid import is_in_britain, on_the_grid
from optimiser.inputs.schema import BY_MODE
from optimiser.inputs.tables.sheets import Sheet, number_of

if TYPE_CHECKING:
    from pathlib import Path

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
# How the kind of fault begins that a time above a day is.
ABOVE = "minutes is above"
# Where a junction is may be rounded to 100 m, and a kilometre on the grid is not quite one on the ground.
ROUNDED_KM, ROUNDED = 0.1, 0.01
# So many of the times that can hardly be are of one site, and so many of the site's are such: then it is the site's.
MOSTLY, A_QUARTER = 0.8, 0.25
# Fewer times above a day are each told by itself, for one alone may stand for no way there.
SEVERAL = 3


@dataclass(frozen=True)
class Odd:
    """Times of one table that can hardly be, for one reason: their rows, and a sentence about them without its stop.

    ``why`` is the reason of a single one.
    """

    why: str
    rows: pd.DataFrame
    words: str


@dataclass(frozen=True)
class Points:
    """Where the areas or the sites are, in kilometres on the British National Grid: one row each, NaN if unknown."""

    codes: list[str]
    km: np.ndarray

    def of(self, codes: Sequence[str]) -> np.ndarray:
        """Return where each of some codes is."""
        if not self.codes:
            return np.full((len(codes), 2), np.nan)
        at = pd.Index(self.codes).get_indexer(pd.Index(codes))
        return np.where((at >= 0)[:, None], self.km[at], np.nan)


def doubts(sheets: Mapping[str, Sheet], outlines: Outlines | None) -> Iterator[tuple[Path, str]]:
    """Yield what of a place can hardly be, by file, a sentence each; note on sheets and outlines what cannot."""
    areas, sites = where_things_are(sheets, outlines)
    if outlines and outlines.by_area and not outlines.faults:
        yield from _far_outlines(_points(sheets["areas"], "area"), _drawn(outlines), outlines)
    for sheet, odd in odd_times(sheets, areas, sites):
        yield sheet.path, f"{odd.words}."
    yield from _far_towns(sheets["towns"], areas)
    yield from ((sheet.path, f"{odd.words}.") for sheet, odd in doubts_of_roads(sheets, areas, sites))


def doubts_of_roads(sheets: Mapping[str, Sheet], areas: Points, sites: Points) -> Iterator[tuple[Sheet, Odd]]:
    """Yield what of a network can hardly be: links, and ways to a junction, shorter than the straight line.

    Rows that are faulty are left out, so that the others are told at once with those faults.
    """
    junctions = _points(sheets["road_junctions"], "junction")
    # A code of an area and a site is a fault, and nobody knows which is meant.
    of_areas = {*areas.codes}
    apart = [number for number, code in enumerate(sites.codes) if code not in of_areas]
    ends = Points([*areas.codes, *(sites.codes[one] for one in apart)], np.concatenate([areas.km, sites.km[apart]]))
    for name, first, last, known in (
        ("road_links", "from_junction", "to_junction", junctions),
        ("road_access", "end", "junction", ends),
    ):
        sheet = sheets[name]
        if not sheet.present or not {first, last, "km"} <= {*sheet.frame} or sheet.frame.empty:
            continue
        straight = np.hypot(*(known.of(sheet.frame[first].tolist()) - junctions.of(sheet.frame[last].tolist())).T)
        rows = sheet.frame.assign(more=straight - sheet.frame["km"])
        faulty = set().union(*(sheet.faulty.get(column, ()) for column in (first, last, "km")))
        rows = rows.drop(index=[*faulty], errors="ignore")
        short = rows[rows["more"] > rows["km"] * ROUNDED + ROUNDED_KM].sort_values(
            "more", ascending=False, kind="stable"
        )
        if len(short):
            worst, of = short.iloc[0], short[first].unique()
            such = f"such as row {short.index[0] + 2}, {worst['km']:g} km, which is {worst['more']:.1f} km too short"
            whose = f"; all are of {of[0]}, so look at where that is" if name == "road_access" and len(of) == 1 else ""
            why = "shorter than the straight line"
            words = f"{number_of(len(short), 'row')} {why} between its ends, {such}{whose}"
            yield sheet, Odd(why, short.iloc[:0], words)


def where_things_are(sheets: Mapping[str, Sheet], outlines: Outlines | None) -> tuple[Points, Points]:
    """Return where areas and sites are: of areas the middles of their outlines, where their table does not say."""
    areas, sites = (_points(sheets[name], key) for name, key in (("areas", "area"), ("sites", "site")))
    if outlines and outlines.by_area and not outlines.faults and np.isnan(areas.km).all():
        areas = _drawn(outlines)
    return areas, sites


def odd_times(sheets: Mapping[str, Sheet], areas: Points, sites: Points) -> Iterator[tuple[Sheet, Odd]]:
    """Yield the times that can hardly be, each with its table; note on the sheets those that cannot.

    Of a mode another unit is noted only where some time is above a day: who walks is slow, and far from everything.
    """
    journeys, transfers = sheets["journeys"], sheets["transfers"]
    yield from ((journeys, odd) for odd in _minutes(journeys, ("area", areas), ("site", sites)))
    yield from ((transfers, odd) for odd in _minutes(transfers, ("from_site", sites), ("to_site", sites)))
    yield from ((transfers, odd) for odd in _asymmetric(transfers))
    for name, by_mode in BY_MODE.items():
        start, end = (
            (("area", areas), ("site", sites)) if name == "journeys" else (("from_site", sites), ("to_site", sites))
        )
        for mode, part in parts_by_mode(sheets, name).items():
            odd = [*_minutes(part, start, end), *(_asymmetric(part) if name == "transfers" else ())]
            sure = [words for found in part.found.values() for _, words in found]
            if sure and part.faulty.get("minutes"):
                # Some are more than a day, because of that.
                _refuse_once(sheets[by_mode], f"{mode}: {sure[0].removesuffix('.')}.")
            else:
                odd += [Odd("", part.frame.iloc[:0], words.removesuffix(".")) for words in sure]
            yield from ((sheets[by_mode], of_mode(mode, one)) for one in odd)


def _refuse_once(sheet: Sheet, words: str) -> None:
    """Note that times are in another unit, in place of each that is too much for a minute because of that."""
    for kind in [kind for kind in sheet.found if kind.startswith(ABOVE)]:
        del sheet.found[kind], sheet.uncounted[kind]
    sheet.add("unit", words)


def of_mode(mode: str, odd: Odd) -> Odd:
    """Return what is odd with the mode named."""
    return replace(odd, why=f"{mode}: {odd.why}", words=f"{mode}: {odd.words}")


def parts_by_mode(sheets: Mapping[str, Sheet], name: str) -> dict[str, Sheet]:
    """Return the rows of journeys or transfers by each mode, as a table of their own; none where codes have faults."""
    whole, table = sheets[BY_MODE[name]], sheets[name].table
    if not whole.present or not whole.sound("mode", *table.key) or "minutes" not in whole.frame:
        return {}
    parts, modes = {}, whole.frame["mode"].to_numpy()
    for mode in sorted(whole.distinct("mode")):
        rows = modes == mode
        texts = {
            column: replace(whole.texts[column], which=whole.texts[column].which[rows])
            for column in (*table.key, "minutes")
        }
        part = Sheet(table, whole.path, frame=whole.frame[rows], texts=texts, all_differ=whole.all_differ, is_part=True)
        part.faulty = {column: faulty & {*part.frame.index} for column, faulty in whole.faulty.items()}
        parts[str(mode)] = part
    return parts


def _points(sheet: Sheet, key: str) -> Points:
    columns = ["easting_m", "northing_m"]
    if not sheet.sound(key) or not len(sheet.frame) or sheet.frame[key].duplicated().any():
        return Points([], np.empty((0, 2)))
    codes = sheet.frame[key].astype(str).tolist()
    known = sheet.sound(*columns)
    return Points(codes, sheet.frame[columns].to_numpy(float) / 1000 if known else np.full((len(codes), 2), np.nan))


def _drawn(outlines: Outlines) -> Points:
    """Return the middles of the outlines on the grid."""
    import shapely

    codes, middles = list(outlines.by_area), shapely.centroid(list(outlines.by_area.values()))
    degrees = shapely.get_coordinates(middles).tolist()
    if outlines.crs == LONGITUDE_LATITUDE and all(is_in_britain(north, east) for east, north in degrees):
        # Within some metres, and kilometres are what is asked.
        return Points(codes, np.array([on_the_grid(north, east) for east, north in degrees]).reshape(-1, 2) / 1000)
    # Takes a while to import.
    import geopandas

    on_it = geopandas.GeoSeries(middles, crs=outlines.crs).to_crs("EPSG:27700")
    return Points(codes, shapely.get_coordinates(on_it.values) / 1000)


def _far_outlines(areas: Points, drawn: Points, outlines: Outlines) -> Iterator[tuple[Path, str]]:
    """Note outlines that are all elsewhere than their areas; yield single ones."""
    there = areas.of(drawn.codes)
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
    yield outlines.path, f"{words}."


def _far_towns(sheet: Sheet, areas: Points) -> Iterator[tuple[Path, str]]:
    """Yield towns so far from all areas that no map shows them."""
    if not sheet.present or not sheet.sound("easting_m", "northing_m") or np.isnan(areas.km).all() or not areas.codes:
        return
    towns = sheet.frame[["easting_m", "northing_m"]].to_numpy(float) / 1000
    low, high = np.nanmin(areas.km, axis=0) - FAR_FROM_ALL_KM, np.nanmax(areas.km, axis=0) + FAR_FROM_ALL_KM
    far = ((towns < low) | (towns > high)).any(axis=1)
    if far.any():
        words = f"{number_of(int(far.sum()), 'town')} more than {FAR_FROM_ALL_KM:g} km from all areas"
        yield sheet.path, f"{words}, such as {sheet.frame['town'][far].iloc[0]}; no map shows them."


def _are_swapped(there: np.ndarray, outlines: Outlines) -> bool:
    import geopandas
    import shapely

    middles = shapely.get_coordinates(shapely.centroid(list(outlines.by_area.values())))
    if (np.abs(middles[:, 0]) > 90).any():
        return False
    turned = geopandas.GeoSeries(shapely.points(middles[:, ::-1]), crs=outlines.crs).to_crs("EPSG:27700")
    apart = np.hypot(*(shapely.get_coordinates(turned.values) / 1000 - there).T)
    return bool(np.nanmedian(apart) < FAR_KM)


def times_apart(sheet: Sheet, start: tuple[str, Points], end: tuple[str, Points]) -> pd.DataFrame:
    """Return the times of a table between two places, with straight kilometres and the km/h by those, NaN if unknown.

    Of a pair that is there again the first row. No rows where codes cannot be relied upon.
    """
    if not sheet.present or not sheet.sound(start[0], end[0]) or "minutes" not in sheet.frame:
        return pd.DataFrame(columns=["km", "kmh"])
    if sheet.frame.empty:
        return sheet.frame.assign(km=0.0, kmh=0.0)
    keep = sheet.frame["minutes"].notna().to_numpy(copy=True)
    if {*sheet.distinct(start[0])} & {*sheet.distinct(end[0])}:
        keep &= (sheet.frame[start[0]] != sheet.frame[end[0]]).to_numpy()
    if not sheet.all_differ:
        keep[keep] = ~sheet.frame[keep].duplicated([start[0], end[0]]).to_numpy()
    frame = sheet.frame if keep.all() else sheet.frame[keep]
    km_from, km_to = (
        places.of(sheet.texts[column].values)[sheet.texts[column].which[keep]] for column, places in (start, end)
    )
    km = np.hypot(km_from[:, 0] - km_to[:, 0], km_from[:, 1] - km_to[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        return frame.assign(km=km, kmh=km / (frame["minutes"].to_numpy(float) / MINUTES_AN_HOUR))


def _minutes(sheet: Sheet, start: tuple[str, Points], end: tuple[str, Points]) -> Iterator[Odd]:
    """Note times that are no minutes; yield speeds and single cells that can hardly be."""
    frame = times_apart(sheet, start, end)
    if frame.empty:
        return
    far = frame[frame["km"] > LEAST_KM]
    speeds = far["kmh"].to_numpy(float)
    if _are_other_units(sheet, frame, start[0], speeds) or _is_all_zeros(sheet, frame, end[0]):
        return
    if not sheet.sound("minutes"):
        _are_too_long_of_one_site(sheet)
        return
    for wrong, words, limit in (
        (far[speeds > FASTEST_KMH].sort_values("kmh", ascending=False, kind="stable"), "faster than", FASTEST_KMH),
        (far[speeds < SLOWEST_KMH].sort_values("kmh", kind="stable"), "slower than", SLOWEST_KMH),
    ):
        if len(wrong):
            row = wrong.loc[wrong.index.min()]
            such = f"such as {row[start[0]]} to {row[end[0]]}, {row['km']:,.0f} km in {row['minutes']:g} minutes"
            why = f"{words} {limit:g} km/h by the straight line"
            unit = ("seconds", MINUTES_AN_HOUR) if limit == SLOWEST_KMH else ("hours", 1 / MINUTES_AN_HOUR)
            of_one = _of_one_site(wrong, far, "at its easting_m and northing_m in sites.csv", unit)
            yield Odd(why, wrong, f"{number_of(len(wrong), 'time')} {why}, {such}{of_one}")
    if len(zeros := far[far["minutes"] == 0]):
        why = f"0 minutes between places more than {LEAST_KM:g} km apart"
        yield Odd(why, zeros, f"{number_of(len(zeros), 'time')} of {why}")
    if sheet.table.name == "journeys":
        yield from _far_from_neighbours(frame, start[1])


def _of_one_site(wrong: pd.DataFrame, known: pd.DataFrame, look: str, unit: tuple[str, float] | None = None) -> str:
    """Return that most of the times that can hardly be are of one site, if they are, and what then to look at.

    ``{all}`` in that stands for how many times are known of it. ``unit`` is another that they may be in, with what
    speeds are then multiplied by: it is named where the site's own are then more like those of the others.
    """
    columns = [one for one in ("site", "from_site", "to_site") if one in wrong]
    counts, all_of = (pd.concat([frame[one] for one in columns]).value_counts() for frame in (wrong, known))
    if (
        counts.empty
        or len(all_of) < 2
        or counts.iloc[0] < max(MOSTLY * len(wrong), A_QUARTER * all_of[counts.index[0]])
    ):
        return ""
    many = "all" if counts.iloc[0] == len(wrong) else f"{counts.iloc[0]:,}"
    site = counts.index[0]
    if unit:
        own = (known[columns] == site).any(axis=1)
        apart = np.log(known["kmh"][own].median() / known["kmh"][~own].median())
        look += f", and whether its minutes are {unit[0]}" if abs(apart + np.log(unit[1])) < abs(apart) else ""
    return f"; {many} of them are of {site}: look {look.format(all=f'{all_of[site]:,}')}"


def _are_too_long_of_one_site(sheet: Sheet) -> None:
    """Note once that the times above a day are of one site, in place of each of them."""
    wrong = sheet.frame.loc[sorted(sheet.faulty.get("minutes", ()))]
    look = "whether its minutes are seconds, and if so divide all {all} of its times by 60"
    of_one = _of_one_site(wrong, sheet.frame, look) if len(wrong) >= SEVERAL else ""
    if of_one and (wrong["minutes"] > (sheet.table["minutes"].maximum or 0)).any():
        _refuse_once(sheet, f"{number_of(len(wrong), 'time')} are no minutes, or above a day{of_one}.")


def _are_other_units(sheet: Sheet, frame: pd.DataFrame, start: str, speeds: np.ndarray) -> bool:
    """Note once that the times are in another unit, by how fast they would be or how long they are."""
    minutes = frame["minutes"]
    middle, speed = float(minutes.median()), float(np.median(speeds)) if len(speeds) else np.nan
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
        remedy = "Divide them by 60" if unit == "seconds" else "Multiply them by 60"
        # What is brought in once more becomes the whole table.
        command = "" if sheet.is_part else f", or: {sheet.again} --unit {unit}"
        _refuse_once(sheet, f"{words}: these look like {unit}. {remedy}{command}")
    return bool(unit)


def _is_all_zeros(sheet: Sheet, frame: pd.DataFrame, end: str) -> bool:
    """Note each site to which every journey takes no time at all."""
    longest = frame.groupby(end, sort=False)["minutes"].agg(["max", "size"])
    nothing = longest.index[(longest["max"] == 0) & (longest["size"] > 1)].tolist()
    for site in nothing:
        sheet.add("zeros", f"every time to {site} is 0 minutes. Find the times, or leave the site out.")
    return bool(nothing)


def unlike_neighbours(frame: pd.DataFrame, areas: Points, *, values: str = "minutes") -> pd.DataFrame:
    """Return journeys beside those of the areas around to the same site, by row of their table.

    ``around`` is the median of the values of the six nearest areas, of those that have any, and ``near_km`` how far the
    furthest of the six is. No rows where areas are too few or too many to compare.
    """
    known = np.flatnonzero(~np.isnan(areas.km).any(axis=1))
    if not 2 * NEIGHBOURS < len(known) <= MOST_COMPARED:
        return frame.iloc[:0].assign(around=0.0, near_km=0.0)
    codes, km = [areas.codes[n] for n in known], areas.km[known]
    grid = frame.pivot(index="area", columns="site", values=values).reindex(codes)
    apart = np.linalg.norm(km[:, None] - km[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = np.argpartition(apart, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    cells = grid.to_numpy(float)[nearest]
    nobody = np.isnan(cells).all(axis=1)
    around = np.nanmedian(np.where(nobody[:, None], 0.0, cells), axis=1)
    around[nobody] = np.nan
    near = np.take_along_axis(apart, nearest, axis=1).max(axis=1)
    row, column = grid.index.get_indexer(pd.Index(frame["area"])), grid.columns.get_indexer(pd.Index(frame["site"]))
    return frame.assign(around=around[row, column], near_km=near[row])[row >= 0]


def _far_from_neighbours(frame: pd.DataFrame, areas: Points) -> Iterator[Odd]:
    """Yield journeys far longer or shorter than those of the areas around to the same site."""
    beside = unlike_neighbours(frame, areas)
    minutes, around = (beside[name].to_numpy(float) for name in ("minutes", "around"))
    # What lies between neighbours takes a while, too, at the pace of a slow road.
    slack = MINUTES_APART + 2 * beside["near_km"].to_numpy(float)
    longer = (minutes > TIMES_AS_LONG * around) & (minutes - around > slack)
    shorter = (minutes < around / TIMES_AS_LONG) & (around - minutes > slack)
    far = beside[(longer | shorter) & (around > 0)]
    if len(far):
        row = far.iloc[0]
        such = f"such as {row['area']} to {row['site']}, {row['minutes']:g} minutes where around it takes"
        words = f"{number_of(len(far), 'journey')} far from those of the areas around"
        yield Odd("far from those of the areas around", far, f"{words}, {such} {row['around']:g}")


def _asymmetric(sheet: Sheet) -> Iterator[Odd]:
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
        yield Odd("much farther than back", sheet.frame[unlike.to_numpy()], f"{words}, {such}")
