"""Candidates that a config adds to those of a place: what it must say of them, and the rows that they come to.

From here on a site that is added is as if it stood in the tables. Its journeys are those of a table, or are estimated:
then its name says so wherever it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import Fault, did_you_mean, quoted, shown
from optimiser.inputs.config import Config
from optimiser.inputs.config.figures import in_full
from optimiser.inputs.config.settings import BY_ROAD, ESTIMATES, STRAIGHT_LINE, AddedSiteSettings, Settings
from optimiser.inputs.config.writing import own_table
from optimiser.inputs.covers import units_of
from optimiser.inputs.grid import BRITAIN, is_in_britain, on_the_grid
from optimiser.inputs.layers import origin_of
from optimiser.inputs.roads import lacks_a_network, network_of_place, some
from optimiser.inputs.schema import Table, place_table
from optimiser.inputs.tables import UNITS, Place, as_plain_csv
from optimiser.inputs.tables.sheets import read_sheet
from optimiser.journeys.access import access_of
from optimiser.journeys.network import THOUSAND, Network
from optimiser.journeys.straight_line import (
    METRES_A_KM,
    SITES_FITTED,
    Known,
    Line,
    Point,
    errors_held_out,
    line_of,
    median,
    metres_between,
    nine_in_ten_within,
    places_of,
)
from optimiser.problem import ACROSS_SITES, HERE, Added, Unit
from optimiser.problem.decimals import MILLION, PLACES, exactly
from optimiser.problem.words import ESTIMATED, listed

MOST_ADDED = 20
# A site further from every area is a slip of the pen.
FURTHEST_METRES = 100_000
# Kilometres; and one that is so far from every road, further than all else, is one, too.
FURTHEST_FROM_ROADS = 30
# Degrees and metres that are stated together may be so far apart.
METRES_APART = 10
COORDINATES = ["easting_m", "northing_m"]
# A site joins the roads at so many junctions.
JOINED = 3
ENDING = ".csv"
_FORMULA_STARTS = ("=", "+", "-", "@")
_LONGEST = int(place_table("journeys")["minutes"].maximum or 0)


def with_sites_on_the_grid(config: Config) -> Config:
    """Return the config with easting and northing of every site that it adds by latitude and longitude."""
    sites = {code: _on_the_grid(site) for code, site in (config.settings.sites or {}).items()}
    return replace(config, settings=config.settings.model_copy(update={"sites": sites})) if sites else config


def _on_the_grid(site: AddedSiteSettings) -> AddedSiteSettings:
    if site.latitude is None or site.longitude is None or None not in (site.easting_m, site.northing_m):
        return site
    metres = (
        on_the_grid(site.latitude, site.longitude) if is_in_britain(site.latitude, site.longitude) else (None, None)
    )
    return site.model_copy(update=dict(zip(COORDINATES, metres, strict=True)))


# What a config must say of a site ------------------------------------------------------------------------------------


def site_faults(config: Config, faulty: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield where and what a config leaves out of the sites that it adds, and what cannot hold.

    A site of which a line is among the ``faulty`` is passed over: what was wrong there has been set aside.
    """
    settings, sites = config.settings, config.settings.sites or {}
    if len(sites) > MOST_ADDED:
        words = f"adds {len(sites):,} sites, and {MOST_ADDED} are the most. Add them to the place's tables instead."
        yield config.where("sites"), words
        return
    for code, site in sites.items():
        if any(spot[:2] == ("sites", code) and str(origin) in faulty for spot, origin in config.origins.items()):
            continue
        where = config.where("sites", code)
        if missing := dict(_left_out(settings, site)):
            example = "".join(f"\n    {line}" for line in missing.values())
            yield where, f"{code} is added, and nothing says {listed(missing)}. Add, with figures of yours:{example}"
        if code in (HERE, ACROSS_SITES):
            yield where, f"{quoted(code)} is a word of its own in tables. Choose another code."
        if (site.name or "").startswith(_FORMULA_STARTS):
            words = f"name is {quoted(site.name)}; a spreadsheet would run it as a formula. Start it with a letter."
            yield config.where("sites", code, "name"), words
        yield from ((where, words) for words in _misplaced(site))
        yield from _strangers(config, code, site)


def _left_out(settings: Settings, site: AddedSiteSettings) -> Iterator[tuple[str, str]]:
    """Yield what is not said of a site, and how to say it."""
    if not site.name:
        yield "its name", "name: The name of the hospital"
    if site.journeys in ESTIMATES and not _stated(site.latitude, site.longitude, site.easting_m, site.northing_m):
        yield "where it is", "latitude: 51.5\n    longitude: 0.5"
    needed = {team: [unit for unit in units if not _has(site, team, unit)] for team, units in _needed(settings).items()}
    if lacking := {team: units for team, units in needed.items() if units}:
        each = (f"{team}: {{{', '.join(f'{UNITS[unit]}: 0' for unit in units)}}}" for team, units in lacking.items())
        said = (f"{team} ({' and '.join(units)})" for team, units in lacking.items())
        yield f"its staff of {listed(said)}", f"staff: {{{', '.join(each)}}}"
    if site.fixed is None:
        everywhere = [f"{code}: false" for code, service in settings.services.items() if service.fixed]
        yield "which services are settled there", f"fixed: {{{', '.join(everywhere)}}}"
    counted = [code for code, one in settings.services.items() if one.beds and one.beds.at and code not in site.beds]
    if counted:
        yield f"its beds of {listed(counted)}", f"beds: {{{', '.join(f'{code}: 0' for code in counted)}}}"
    if not site.reason:
        yield "why it is added", "reason: Why it is asked about"


def _stated(*figures: float | None) -> bool:
    return any(one is not None for one in figures)


def _has(site: AddedSiteSettings, team: str, unit: Unit) -> bool:
    return team in site.staff and getattr(site.staff[team], UNITS[unit]) is not None


def _needed(settings: Settings) -> dict[str, list[Unit]]:
    """Return the units that rotas need by team, of teams whose staff are counted at sites."""
    found: dict[str, list[Unit]] = {}
    for service in settings.services.values():
        for team, rota in service.rotas.items():
            if team in settings.teams and settings.teams[team].counted_over_all is None:
                found.setdefault(team, []).extend(unit for unit in units_of(rota) if unit not in found.get(team, ()))
    return found


def _misplaced(site: AddedSiteSettings) -> Iterator[str]:
    """Yield what is wrong with where a site is said to be."""
    degrees, metres = (site.latitude, site.longitude), (site.easting_m, site.northing_m)
    for names, pair in ((("latitude", "longitude"), degrees), (COORDINATES, metres)):
        if _stated(*pair) and None in pair:
            yield f"states one of {listed(names)}. State both."
    if site.latitude is None or site.longitude is None:
        return
    if not is_in_britain(site.latitude, site.longitude):
        if is_in_britain(site.longitude, site.latitude):
            yield f"latitude and longitude are swapped. Write latitude: {in_full(site.longitude)}."
        else:
            south, north, west, east = BRITAIN
            words = f"lies outside Great Britain (latitude {south:g} to {north:g}, longitude {west:g} to {east:g})"
            yield f"{words}. Correct it, or state easting_m and northing_m on the grid that the place has."
    elif site.easting_m is not None and site.northing_m is not None:
        apart = metres_between(
            _exact(on_the_grid(site.latitude, site.longitude)), _exact((site.easting_m, site.northing_m))
        )
        if apart > METRES_APART:
            yield f"is {apart:,} m from where it is by latitude and longitude. State the one or the other."


def _strangers(config: Config, code: str, site: AddedSiteSettings) -> Iterator[tuple[str, str]]:
    """Yield services and teams that are not there, have nothing to state, or are stated twice."""
    settings = config.settings
    teams, services = list(settings.teams), list(settings.services)
    for setting, known, noun in (
        ("staff", teams, "team"),
        ("fixed", services, "service"),
        ("beds", services, "service"),
    ):
        for name in getattr(site, setting) or ():
            where = config.where("sites", code, setting, name)
            if name not in known:
                yield where, f"there is no {noun} {quoted(name)} in this config. {did_you_mean(name, known)}".rstrip()
            elif setting == "staff" and settings.teams[name].counted_over_all is not None:
                yield where, f"the staff of {name} are stated over all sites (teams.{name}.across_sites). Take it out."
            elif setting == "fixed" and code in settings.services[name].fixed:
                yield where, f"{name} is fixed at {code} twice, here and under services. Take one of them out."
            elif setting == "beds":
                yield from ((where, words) for words in _beds_wrong(settings, name, code))


def _beds_wrong(settings: Settings, service: str, code: str) -> Iterator[str]:
    beds = settings.services[service].beds
    if beds is None:
        yield f"no beds of {service} are counted (services.{service}.beds). Take it out."
    elif code in (beds.at or {}):
        yield f"beds of {service} at {code} are stated twice, here and under services. Take one of them out."


# The rows that it comes to ------------------------------------------------------------------------------------------


def with_sites(config: Config, place: Place) -> tuple[Place, list[Fault]]:
    """Return the place with the sites that its config adds, and what the tables do not allow of them.

    A site of which something is wrong is added all the same, so that all else that names it can be looked at.
    """
    faults = []
    sites = config.settings.sites or {}
    for code in list(sites)[:MOST_ADDED]:
        if code in set(place.sites["site"]):
            words = f"{quoted(code)} is in sites.csv already. Choose another code, or take it out here."
            faults.append(Fault(config.where("sites", code), words))
            continue
        if other := _of_that_name(sites[code].name, place.sites):
            words = f"{quoted(sites[code].name)} is the name of {other}, too. Give each a name of its own."
            faults.append(Fault(config.where("sites", code, "name"), words))
        one = _Site(config, place, code)
        place = one.added()
        faults += one.faults
    return place, faults


def _of_that_name(name: str | None, sites: pd.DataFrame) -> str | None:
    """Return the site that has a name already; nobody could tell two of one name apart in any output."""
    names = {str(said).removesuffix(ESTIMATED).casefold(): str(code) for code, said in sites[["site", "name"]].values}
    return names.get(name.strip().casefold()) if name else None


@dataclass
class _Site:
    """A site while it is being added."""

    config: Config
    place: Place
    code: str

    def __post_init__(self) -> None:
        settings = self.config.settings.sites or {}
        self.said, self.faults = settings[self.code], list[Fault]()
        metres = (self.said.easting_m, self.said.northing_m)
        self.grid = None if metres[0] is None or metres[1] is None else (metres[0], metres[1])
        self.kept: dict[str, bytes] = {}
        self.read: list[Path] = []

    def fault(self, setting: str, words: str) -> None:
        self.faults.append(Fault(self.config.where("sites", self.code, setting), words))

    def added(self) -> Place:
        """Return the place with this site in its tables."""
        said, place = self.said, self.place
        due = ["journeys", *([] if place.transfers.empty else ["transfers"])]
        estimated = tuple(table for table in due if getattr(said, table) in ESTIMATES)
        ways = {getattr(said, table) for table in estimated}
        if len(ways) > 1:
            words = f"journeys are by {said.journeys} and transfers by {said.transfers}. Write one of them for both."
            self.fault("transfers", words)
        frames: dict[str, Any] = {"sites": with_rows(place.sites, [self._row_of_sites(bool(estimated))])}
        frames["staff"] = with_rows(place.staff, list(self._rows_of_staff()))
        made = Added(self.code, said.why, said.source, said.verified, estimated, grid=self.grid)
        if BY_ROAD in ways and self.grid:
            frames["road_access"] = self._joined(self.grid)
        network = network_of_place(replace(place, **frames)) if "road_access" in frames and not self.faults else None
        fitted = None
        if self.grid and (ways == {STRAIGHT_LINE} or network):
            fitted = _Fitted.to(self.grid, place, network)
            made = replace(made, **fitted.record())
        for table in due:
            rows = self._estimated(table, fitted, network) if table in estimated else self._read(table)
            frames[table] = with_rows(getattr(place, table), rows)
        read = tuple(f"{shown(path)}: " for path in self.read)
        not_read = tuple(one for one in place.not_read if not one.startswith(read))
        kept = {**place.mended, **self.kept}
        return replace(place, **frames, mended=kept, not_read=not_read, added=(*place.added, made))

    def _row_of_sites(self, estimated: bool) -> dict[str, Any]:
        name = f"{self.said.name or self.code}{ESTIMATED if estimated else ''}"
        on_it = dict(zip(COORDINATES, self.grid, strict=True)) if self.grid else {}
        return {"site": self.code, "name": name, "role": "candidate", **on_it}

    def _rows_of_staff(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of its staff, with nobody where a count is asked for elsewhere."""
        needed = {team: [UNITS[unit] for unit in units] for team, units in _needed(self.config.settings).items()}
        for team, staff in self.said.staff.items():
            if team in self.config.settings.teams:
                counted = dict.fromkeys(needed.get(team, ()), 0.0)
                counted |= {name: one for name in UNITS.values() if (one := getattr(staff, name)) is not None}
                yield {"site": self.code, "team": team, "year": self.config.settings.teams[team].year, **counted}

    # Estimated

    def _joined(self, grid: tuple[float, float]) -> pd.DataFrame:
        """Return where all join the roads, and this site at the junctions that it reaches."""
        place = self.place
        if absent := lacks_a_network(place):
            words = (
                f"the place has no network of roads. Add {listed(absent)} (docs/roads.md), or write {STRAIGHT_LINE}."
            )
            self.fault("journeys" if self.said.journeys == BY_ROAD else "transfers", words)
            return place.road_access
        ends = pd.DataFrame([{"end": self.code, **dict(zip(COORDINATES, grid, strict=True))}])
        rows = access_of(ends, place.road_junctions, place.road_waters, nearest=JOINED)
        if rows.empty:
            self.fault("journeys", f"it reaches no junction but over a water. Write {STRAIGHT_LINE}, or name a table.")
        elif (far := rows["km"].min()) > FURTHEST_FROM_ROADS and far > place.road_access["km"].max():
            words = f"it is {far:.1f} km from the nearest junction of the network, further than all else"
            self.fault("journeys", f"{words}. Correct where it is, or write {STRAIGHT_LINE}, or name a table.")
        return with_rows(place.road_access, _records(rows))

    def _estimated(self, table: str, fitted: _Fitted | None, network: Network | None) -> list[dict[str, Any]]:
        if self.grid is None:
            if table == "transfers" and self.said.journeys not in ESTIMATES:
                words = "ways to the other sites are estimated, and nothing says where it is"
                self.fault("transfers", f"{words}. State easting_m and northing_m, or name a table (transfers).")
            return []
        if fitted is None:
            return []
        if fitted.line is None:
            words = f"the place's own journeys to candidates do not show how fast one drives. {NOT_FITTED}"
            self.fault(table, words)
            return []
        ends = _points(self.place.areas, "area") if table == "journeys" else _points(self.place.sites, "site")
        self._look_at(table, ends)
        if network:
            far = self._by_road(table, network)
        else:
            metres = {code: metres_between(point, _exact(self.grid)) for code, point in ends.items()}
            far = {(code, self.code): one for code, one in metres.items()}
            far |= {(self.code, code): one for code, one in metres.items()} if table == "transfers" else {}
        minutes = {pair: fitted.line.minutes(one, fitted.places) for pair, one in far.items()}
        if long := list(dict.fromkeys(pair[pair[0] == self.code] for pair, one in minutes.items() if one > _LONGEST)):
            self.fault(table, f"more than {_LONGEST:,} minutes are estimated from {some(long)}. Correct where it is.")
            return []
        start, end = place_table(table).key
        return [{start: a, end: b, "minutes": float(one)} for (a, b), one in minutes.items()]

    def _by_road(self, table: str, network: Network) -> dict[tuple[str, str], int]:
        """Return the thousandths of a minute on the network of every journey that is due and has a way."""
        if table == "journeys":
            counted = self.place.counting(self.config.settings.areas_outside).areas["area"]
            ends = list(map(str, self.place.areas["area"]))
            due = {(str(area), self.code) for area in counted} - set(self.config.settings.travel.allow_missing)
            found = _on_the_network(network, ends, [self.code])
        else:
            sites = [code for code in map(str, self.place.sites["site"]) if code != self.code]
            found = _on_the_network(network, sites, [self.code]) | _on_the_network(network, [self.code], sites)
            due = {pair for code in sites for pair in ((code, self.code), (self.code, code))}
        if lost := [pair[pair[0] == self.code] for pair in sorted(due - found.keys())]:
            words = f"the network has no way between it and {some(list(dict.fromkeys(lost)))}. Add where they join the"
            remedy = (
                "or name a table" if table == "transfers" else "write areas_outside: known_in_full, or name a table"
            )
            self.fault(table, f"{words} roads (road_access.csv), {remedy}.")
        return found

    def _look_at(self, table: str, ends: Mapping[str, Point]) -> None:
        """Note what has no coordinates though a journey is due, and a site that is nowhere near."""
        if table == "transfers":
            added = {one.site for one in self.place.added}
            if lost := [str(code) for code in self.place.sites["site"] if code not in ends and code not in added]:
                words = f"sites.csv has no easting_m and northing_m of {some(lost)}. Fill them in, or name a table."
                self.fault(table, words)
            return
        travel, counted = self.config.settings.travel, self.place.counting(self.config.settings.areas_outside).areas
        due = [str(code) for code in counted["area"] if (code, self.code) not in travel.allow_missing]
        if lost := [code for code in due if code not in ends]:
            words = f"areas.csv has no easting_m and northing_m of {some(lost)}, so that no journey can be estimated"
            remedy = "Fill them in, write areas_outside: known_in_full if that leaves them out, or name a table"
            self.fault(table, f"{words}. {remedy}.")
        residents = set(counted["area"][counted["resident"]]) & ends.keys()
        nearest = min((metres_between(ends[code], _exact(self.grid or (0, 0))) for code in residents), default=0)
        if nearest > FURTHEST_METRES:
            words = f"the nearest resident area is {nearest / METRES_A_KM:,.0f} km away. Correct where it is"
            self.fault(table, f"{words}: easting_m before northing_m, or latitude and longitude.")

    # From a table

    def _read(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of this site of a table beside the config, and keep them for whoever asks again."""
        written = getattr(self.said, table)
        if not written.endswith(ENDING) or Path(written).is_absolute():
            words = f"{table} is {quoted(written)}. Write {STRAIGHT_LINE}, {BY_ROAD}, or the path of a table"
            self.fault(table, f"{words} from the folder of this file, such as {self.code}{ENDING}.")
            return []
        sheet = read_sheet(self._folder(table, written), _named(place_table(table), written.removesuffix(ENDING)))
        self.faults += sheet.listed()
        self.read.append(sheet.path)
        frame = sheet.finished()
        if self.faults or frame.empty:
            return []
        frame = frame[(frame[list(place_table(table).key)] == self.code).any(axis=1)]
        self._complete(table, frame)
        self.kept[own_table(table, self.code)] = as_plain_csv(frame)
        return _records(frame)

    def _folder(self, table: str, written: str) -> Path:
        """Return the folder in which a table is looked for: that of the config, or else that of the place."""
        beside = origin_of(self.config.origins, ("sites", self.code, table)).path.parent
        return (
            self.config.place if not (beside / written).exists() and (self.config.place / written).exists() else beside
        )

    def _complete(self, table: str, frame: pd.DataFrame) -> None:
        """Note pairs that are missing from a table, and codes that nothing has."""
        columns = place_table(table).key
        found = set(zip(*(frame[column] for column in columns), strict=True))
        areas, sites = (list(map(str, codes)) for codes in (self.place.areas["area"], self.place.sites["site"]))
        if table == "journeys":
            known, allowed = {(area, self.code) for area in areas}, set(self.config.settings.travel.allow_missing)
            counted = self.place.counting(self.config.settings.areas_outside).areas["area"]
            due = {(str(area), self.code) for area in counted} - allowed
        else:
            due = known = {pair for site in sites for pair in ((site, self.code), (self.code, site))}
        for pairs, words in (
            (due - found, "has no row from {}. Add it."),
            (found - known, "has a row from {}, which the place has not. Delete it."),
        ):
            if pairs:
                each = [" to ".join(pair) for pair in sorted(pairs)]
                self.fault(table, f"{getattr(self.said, table)} {words.format(some(each))}")


NOT_FITTED = (
    "Fill in easting_m and northing_m of areas.csv and sites.csv, so that nine journeys and more are known, of which "
    "those that lead further take longer, or name a table."
)


@dataclass(frozen=True)
class _Fitted:
    """The line that fits a place's journeys to its candidates nearest to a point, and how far it is off.

    Journeys are known by how far they lead: metres by straight line or, on a network, thousandths of a minute.
    """

    known: Mapping[str, Sequence[Known]]
    line: Line | None
    on_roads: bool

    @classmethod
    def to(cls, grid: tuple[float, float], place: Place, network: Network | None) -> _Fitted:
        """Fit the journeys to the candidates of a place's tables that are nearest to a point."""
        here, ends = _exact(grid), _points(place.areas, "area")
        added = {one.site for one in place.added}
        sites = {
            code: at
            for code, at in _points(place.sites, "site").items()
            if code in place.candidates and code not in added
        }
        rows = place.journeys[place.journeys["site"].isin(sites)]
        if network:
            far = _on_the_network(network, list(dict.fromkeys(map(str, rows["area"]))), list(sites))
        else:
            rows = rows[rows["area"].isin(ends)]
            pairs = zip(rows["area"], rows["site"], strict=True)
            far = {(area, site): metres_between(ends[area], sites[site]) for area, site in pairs}
        near = sorted(set(rows["site"]), key=lambda code: (metres_between(sites[code], here), code))[:SITES_FITTED]
        known: dict[str, list[Known]] = {code: [] for code in near}
        for area, site, minutes in zip(rows["area"], rows["site"], rows["minutes"], strict=True):
            if site in known and (area, site) in far:
                known[site].append((far[area, site], round(exactly(minutes) * MILLION)))
        return cls(known, line_of([one for some in known.values() for one in some]), network is not None)

    @property
    def places(self) -> int:
        return places_of(one for some in self.known.values() for one in some)

    def record(self) -> dict[str, Any]:
        """Return the line and its errors in minutes, with six decimals."""
        if self.line is None:
            return {}
        errors = errors_held_out(self.known, self.places)
        off = {"median_off": median(errors), "nine_in_ten_within": nine_in_ten_within(errors)} if errors else {}
        each = self.line.a_metre / MILLION
        slope = {"a_minute": each * THOUSAND} if self.on_roads else {"a_km": each * METRES_A_KM}
        figures = {"at_once": self.line.at_once / MILLION, **slope, **off}
        return {name: round(float(one), PLACES) for name, one in figures.items()} | {"sites": len(self.known)}


def _on_the_network(network: Network, starts: Sequence[str], ends: Sequence[str]) -> dict[tuple[str, str], int]:
    """Return the thousandths of a minute from some to others of those between which there is a way."""
    found = network.thousandths(starts, ends).to_numpy(dtype=float)
    return {
        (start, end): round(found[row, column])
        for row, start in enumerate(starts)
        for column, end in enumerate(ends)
        if start != end and not math.isnan(found[row, column])
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def _exact(point: Sequence[float]) -> Point:
    """Return a point with the decimals that it was written with, in whole numbers where they are."""
    east, north = (one.numerator if one.denominator == 1 else one for one in map(exactly, point))
    return east, north


def _points(frame: pd.DataFrame, key: str) -> dict[str, Point]:
    """Return where each area or site is, of those of which it is known."""
    known = frame.reindex(columns=[key, *COORDINATES]).dropna()
    return {str(code): _exact(point) for code, *point in known.itertuples(index=False, name=None)}


def _named(table: Table, name: str) -> Table:
    return replace(table, name=name)


def with_rows(frame: pd.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a frame with more rows, blank where they say nothing."""
    if not rows:
        return frame
    blank = {name: math.nan if pd.api.types.is_numeric_dtype(cells) else "" for name, cells in frame.items()}
    more = pd.DataFrame([{**blank, **{name: one for name, one in row.items() if one is not None}} for row in rows])
    more.index += frame.index.max() + 1 if len(frame) else 0
    return pd.concat([frame, more]) if len(frame) else more
