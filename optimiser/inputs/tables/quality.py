"""How good a table of journeys is: what is refused, what can hardly be, and which pairs people should look at."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs.boundaries import look_at_boundaries
from optimiser.inputs.schema import BY_MODE, PLACE_TABLES
from optimiser.inputs.tables import as_plain_csv, boundary_file
from optimiser.inputs.tables.plausible import (
    LEAST_KM,
    MOST_COMPARED,
    NEIGHBOURS,
    Odd,
    Points,
    doubts_of_roads,
    odd_times,
    of_mode,
    parts_by_mode,
    times_apart,
    unlike_neighbours,
    where_things_are,
)
from optimiser.inputs.tables.sheets import Sheet, number_of, read_sheet
from optimiser.inputs.tables.together import check_together
from optimiser.journeys.calibration import TOO_FEW, calibration_of
from optimiser.journeys.network import BESIDE, TABLES, network_of
from optimiser.journeys.straight_line import line_of
from optimiser.problem.decimals import MILLION
from optimiser.problem.words import amount, listed

# So many minutes from the median of the areas around are looked at, so many where their distance is allowed for, and
# more than so many saved by way of another site.
UNLIKE_MINUTES, UNLIKE_BEYOND, SAVED_MINUTES = 8.0, 5.0, 0.5
# So much longer than the quickest areas those take that are nearest to where a site is said to be, before that is
# looked at. Of the three hospitals of the place that ships moved by 5 km or more it finds each, and none as they are.
NEAR_TIMES, NEAR_MINUTES = 1.3, 3.0
MOST_SAID, MOST_OF_A_KIND = 5, 20
SPOT_CHECKS = ("why", "from", "from_name", "to", "to_name", "straight_km", "minutes", "kmh")
# For people to fill in.
BLANK = ("minutes_you_know", "who_says")
# The tables of a network of which it is looked at whether rows are shorter than the straight line.
OF_ROADS = ("road_links", "road_access")
ENDS = {"journeys": ("area", "site"), "transfers": ("from_site", "to_site")}


@dataclass(frozen=True)
class Quality:
    """What was found of a place's journeys and transfers, and of those by mode.

    Attributes
    ----------
    counted
        What each table has, in a sentence.
    faults
        What is refused, as when the place is read.
    odd
        What can hardly be, and is said of every question about the place, by the name of its table.
    to_look_at
        What may well be so, and is looked at here alone.
    beside_roads
        How the table's minutes follow from the place's network of roads, if it has one, by district, or why that was
        not looked at; a sentence each.
    not_looked_at
        What could not be looked at, and why, a sentence each without its stop.
    judged, faulty
        The tables whose times were looked at, and those that have faults, so that nothing else of them was.
    pairs
        One row a pair that people should look at, with why; the last columns are blank, for what they know.
    """

    counted: tuple[str, ...]
    faults: tuple[Fault, ...]
    odd: tuple[tuple[str, Odd], ...]
    to_look_at: tuple[tuple[str, Odd], ...]
    beside_roads: tuple[str, ...]
    not_looked_at: tuple[str, ...]
    judged: tuple[str, ...]
    faulty: tuple[str, ...]
    pairs: pd.DataFrame

    @property
    def spot_checks(self) -> bytes:
        """The pairs as a CSV file."""
        return as_plain_csv(self.pairs)

    @property
    def record(self) -> dict[str, object]:
        """What was found, as plain data."""
        return {
            "counted": list(self.counted),
            "faults": list(map(str, self.faults)),
            "odd": [_as_data(*one) for one in self.odd],
            "to_look_at": [_as_data(*one) for one in self.to_look_at],
            "beside_roads": list(self.beside_roads),
            "not_looked_at": list(self.not_looked_at),
            "pairs": json.loads(self.pairs.to_json(orient="records")),
        }

    @property
    def lines(self) -> list[str]:
        """What was found, in words."""
        parts = (
            ("Refused", [str(fault) for fault in self.faults], "nothing"),
            ("Can hardly be", [f"{name}.csv: {odd.words}" for name, odd in self.odd], self._none),
            (
                "To look at, and it may well be so",
                [f"{name}.csv: {odd.words}" for name, odd in self.to_look_at],
                self._none,
            ),
            *([("Beside the network of roads", self.beside_roads, "")] if self.beside_roads else []),
            ("Not looked at", self.not_looked_at, "nothing"),
        )
        said = (
            [f"{head}:{'' if found else f' {none}'}", *(f"  - {one}" for one in found)] for head, found, none in parts
        )
        return [*self.counted, *chain.from_iterable(said)]

    @property
    def _none(self) -> str:
        """What is said where nothing was found: of what, and what was not looked at."""
        if not self.faulty:
            return "nothing, of what was looked at" if self.not_looked_at else "nothing"
        because = _because(self.faulty)
        return f"nothing in {listed(self.judged)}; the rest {because}" if self.judged else because


def _because(faulty: Sequence[str]) -> str:
    return f"not looked at, because {listed(faulty)} {'has' if len(faulty) == 1 else 'have'} faults"


def _as_data(table: str, odd: Odd) -> dict[str, object]:
    return {"table": table, "why": odd.why, "rows": len(odd.rows), "words": odd.words}


def quality_of(
    folder: str | Path, *, journeys: str | Path | None = None, allow_missing: Iterable[tuple[str, str]] = ()
) -> Quality:
    """Return how good the journeys and transfers of a place are.

    Parameters
    ----------
    folder
        The place. Of it areas.csv and sites.csv must be sound.
    journeys
        A table to judge in place of its journeys.csv, with the same columns.
    allow_missing
        The (area, site) pairs that need no journey.

    Raises
    ------
    InputError
        Where areas or sites have faults themselves.
    """
    folder, allowed = Path(folder), set(allow_missing)
    instead = {"journeys": Path(journeys)} if journeys else {}
    sheets = {one.name: read_sheet(folder, one, allowed, path=instead.get(one.name)) for one in PLACE_TABLES}
    check_together(sheets, allowed)
    if faults := [fault for name in ("areas", "sites") for fault in sheets[name].listed()]:
        raise InputError(faults)
    file = boundary_file(folder)
    outlines = look_at_boundaries(file, sheets["areas"].frame["area"].tolist()) if file else None
    areas, sites = where_things_are(sheets, outlines)
    points = {"journeys": (areas, sites), "transfers": (sites, sites)}
    said = chain(odd_times(sheets, areas, sites), doubts_of_roads(sheets, areas, sites))
    odd = [(sheet.table.name, found) for sheet, found in said]
    faults = [fault for name in ENDS for fault in sheets[name].listed()]
    # What has no certain minutes cannot be set beside others.
    times = {
        name: times_apart(sheets[name], *zip(ENDS[name], points[name], strict=True))
        for name in ENDS
        if sheets[name].present and _has_minutes(sheets[name])
    }
    look = list(_to_look_at(times, sheets, areas))
    both = {"journeys": (areas.codes, sites.codes), "transfers": (sites.codes, sites.codes)}
    counted = [
        f"{shown(sheets[name].path)}: {_counted(sheets[name], times.get(name), *both[name])}"
        for name in ENDS
        if sheets[name].present
    ]
    parts = {} if journeys else {name: parts_by_mode(sheets, name) for name in ENDS}
    by_mode = dict[tuple[str, str], pd.DataFrame]()
    for name, of_modes in parts.items():
        path = shown(sheets[BY_MODE[name]].path)
        for mode, part in of_modes.items():
            if part.sound("minutes"):
                by_mode[mode, name] = times_apart(part, *zip(ENDS[name], points[name], strict=True))
            counted.append(f"{path}, {mode}: {_counted(part, by_mode.get((mode, name)), *both[name])}")
    for mode in sorted({mode for mode, _ in by_mode}):
        some = {name: by_mode[mode, name] for name in ENDS if (mode, name) in by_mode}
        found = _to_look_at(some, sheets, areas)
        look += [(BY_MODE[name], of_mode(mode, one)) for name, one in found]
    faults += [fault for name in BY_MODE.values() for fault in sheets[name].listed() if not journeys]
    odd = [one for one in odd if not journeys or one[0] in ENDS]
    there = [name for name in (*ENDS, *(() if journeys else BY_MODE.values())) if sheets[name].present]
    faulty = [name for name in there if not _has_minutes(sheets[name])]
    return Quality(
        tuple(counted),
        tuple(faults),
        tuple(odd),
        tuple(look),
        tuple(_beside_roads(sheets)),
        (*_not_looked_at(faulty, sheets, areas, by_mode), *(_left_to_the_folder(sheets) if journeys else ())),
        tuple(sheets[name].path.name for name in there if name not in faulty),
        tuple(sheets[name].path.name for name in faulty),
        _spot_checks([*odd, *look], times, sheets),
    )


def _has_minutes(sheet: Sheet) -> bool:
    """Whether every time of a table is one that can be set beside others."""
    return sheet.sound(*sheet.table.key, "minutes") and not {"unit", "zeros"} & sheet.found.keys()


def _counted(sheet: Sheet, times: pd.DataFrame | None, starts: Collection[str], ends: Collection[str]) -> str:
    """Return how many times a table has, of how many pairs, how long they are and how fast by the straight line."""
    if times is None or times.empty:
        return f"{amount(len(sheet.frame), 'rows')}."
    pairs = len(starts) * len(ends) - len({*starts} & {*ends})
    known = times[times[ENDS[sheet.table.name][0]].isin(starts) & times[ENDS[sheet.table.name][1]].isin(ends)]
    minutes = known["minutes"]
    many = f"{len(known):,} times of {amount(pairs, 'pairs')}, {pairs - len(known):,} of them missing"
    long = f"{minutes.min():g} to {minutes.max():g} minutes, half at most {minutes.median():g}"
    speeds = known["kmh"][known["km"] > LEAST_KM]
    fast = f"{speeds.min():.0f} to {speeds.max():.0f} km/h by the straight line, half at most {speeds.median():.0f}"
    return f"{many}; {long}; {fast if len(speeds) else 'where these are is not known'}."


def _to_look_at(
    times: Mapping[str, pd.DataFrame], sheets: Mapping[str, Sheet], areas: Points
) -> Iterator[tuple[str, Odd]]:
    if "journeys" in times:
        yield from (("journeys", odd) for odd in _unlike(times["journeys"], sheets, areas))
        yield from (("journeys", odd) for odd in _elsewhere(times["journeys"]))
    if "transfers" in times:
        yield from ((name, odd) for name in times for odd in _quicker_by_another(name, times[name], times["transfers"]))


def _elsewhere(journeys: pd.DataFrame) -> Iterator[Odd]:
    """Yield the sites to which the areas nearest by straight line take much longer than those that are quickest."""
    for site, rows in journeys[journeys["km"].notna()].groupby("site", sort=True):
        nearest, quickest = (rows.nsmallest(NEIGHBOURS, column) for column in ("km", "minutes"))
        near, quick = nearest["minutes"].median(), quickest["minutes"].median()
        if len(rows) > 2 * NEIGHBOURS and near > max(NEAR_TIMES * quick, quick + NEAR_MINUTES):
            why = "nearest by the straight line, and not by minutes"
            words = (
                f"the {NEIGHBOURS} areas nearest to {site} by the straight line take {near:.1f} minutes in the median"
            )
            look = "look at its easting_m and northing_m in sites.csv"
            yield Odd(why, nearest, f"{words}, and the {NEIGHBOURS} quickest {quick:.1f}: {look}")


def _unlike(journeys: pd.DataFrame, sheets: Mapping[str, Sheet], areas: Points) -> Iterator[Odd]:
    """Yield residents' journeys to candidates far from the median of the residents around.

    Once by their minutes, and once by what these are beyond a line through all of them by their straight kilometres.
    """
    residents = sheets["areas"].frame["area"][sheets["areas"].frame["resident"].astype(bool)]
    candidates = sheets["sites"].frame["site"][sheets["sites"].frame["role"] == "candidate"]
    some = journeys[journeys["area"].isin(residents) & journeys["site"].isin(candidates)]
    points, names = Points(residents.tolist(), areas.of(residents.tolist())), _names(sheets["areas"], "area")
    median = f"from the median of the {NEIGHBOURS} areas around"
    yield from _beyond(unlike_neighbours(some, points), "minutes", UNLIKE_MINUTES, median, names)
    placed = some[some["km"].notna()]
    metres, millionths = (
        (placed[name] * scale).round().astype(int) for name, scale in (("km", 1000), ("minutes", MILLION))
    )
    if line := line_of(list(zip(metres.tolist(), millionths.tolist(), strict=True))):
        beyond = placed.assign(beyond=placed["minutes"] - placed["km"] * float(line.a_metre * 1000 / MILLION))
        beside = unlike_neighbours(beyond, points, values="beyond")
        yield from _beyond(beside, "beyond", UNLIKE_BEYOND, f"{median}, allowing for how much further it is", names)


def _beyond(beside: pd.DataFrame, values: str, most: float, what: str, names: Mapping[str, str]) -> Iterator[Odd]:
    apart = (beside[values] - beside["around"]).abs()
    far = beside.assign(apart=apart)[apart > most].sort_values("apart", ascending=False, kind="stable")
    if len(far):
        worst = far.groupby("area", sort=False)["apart"].max()
        which = [f"{names[str(area)]} ({minutes:.1f})" for area, minutes in worst.head(MOST_SAID).items()]
        more = f", and {len(worst) - MOST_SAID:,} more" if len(worst) > MOST_SAID else ""
        why = f"more than {most:g} minutes {what}"
        yield Odd(why, far, f"{amount(len(worst), 'areas')} {why}, to some candidate: {listed(which)}{more}")


def _quicker_by_another(name: str, times: pd.DataFrame, transfers: pd.DataFrame) -> Iterator[Odd]:
    """Yield times that are longer than those by way of another site: a way there is, so the shortest is no longer."""
    start, end = ENDS[name]
    sites = sorted({*transfers["from_site"], *transfers["to_site"]})
    roads = transfers.pivot(index="from_site", columns="to_site", values="minutes").reindex(index=sites, columns=sites)
    grid = times.pivot(index=start, columns=end, values="minutes").reindex(columns=sites)
    first, second = (np.nan_to_num(one.to_numpy(float), nan=np.inf) for one in (grid, roads))
    by_another = np.full(first.shape, np.inf)
    for number in range(len(sites)):
        by_another = np.minimum(by_another, first[:, [number]] + second[number])
    row, column = grid.index.get_indexer(pd.Index(times[start])), grid.columns.get_indexer(pd.Index(times[end]))
    saved = np.where(column >= 0, times["minutes"].to_numpy(float) - by_another[row, column], 0)
    some = times.assign(saved=saved)[saved > SAVED_MINUTES].sort_values("saved", ascending=False, kind="stable")
    if len(some):
        worst = some.iloc[0]
        such = f"such as {worst[start]} to {worst[end]}, {worst['saved']:.1f} minutes longer than by way of another"
        why = "longer than by way of another site"
        yield Odd(why, some, f"{number_of(len(some), 'time')} {why}, {such}")


def _not_looked_at(
    faulty: Collection[str],
    sheets: Mapping[str, Sheet],
    areas: Points,
    by_mode: Collection[tuple[str, str]],
) -> Iterator[str]:
    """Yield what could not be looked at, and why."""
    for name in faulty:
        yield f"speeds of {sheets[name].path.name}, and its times beside others: it has faults"
    if not sheets["transfers"].present:
        yield "whether ways back take as long, and ways by another site less: there is no transfers.csv"
    for mode in sorted(mode for mode, name in by_mode if name == "journeys" and (mode, "transfers") not in by_mode):
        yield f"ways by another site, {mode}: transfers_by_mode.csv has none of it"
    known, places = int((~np.isnan(areas.km).any(axis=1)).sum()), 2 * NEIGHBOURS + 1
    if not known:
        yield "speeds, and the areas around: it is not known where areas are"
    elif not places <= known <= MOST_COMPARED:
        yield f"the areas around: it is known where {known:,} areas are, and {places} to {MOST_COMPARED:,} are compared"


def _left_to_the_folder(sheets: Mapping[str, Sheet]) -> Iterator[str]:
    """Yield which tables of the place are looked at where its folder is named, and not beside one table alone."""
    if there := [sheets[name].path.name for name in (*BY_MODE.values(), *OF_ROADS) if sheets[name].present]:
        yield f"{listed(there)} of the place, because one table was named: name the place's folder in place of it"


def _beside_roads(sheets: Mapping[str, Sheet]) -> Iterator[str]:
    """Yield the line by which journeys follow from the network, and how near to it they are, by district.

    Or why that was not looked at, where there is a network.
    """
    if not all(sheets[name].present for name in (*TABLES, "journeys")):
        return
    faulty = [sheets[one] for one in (*TABLES, *BESIDE) if sheets[one].listed()]
    if faulty := [*faulty, *([] if _has_minutes(sheets["journeys"]) else [sheets["journeys"]])]:
        yield _because([sheet.path.name for sheet in faulty])
        return
    network = network_of(*(sheets[name].finished() for name in (*TABLES, *BESIDE)))
    areas, sites, journeys = (sheets[name].finished() for name in ("areas", "sites", "journeys"))
    found = network.thousandths(areas["area"].astype(str), sites["site"].astype(str))
    line = calibration_of(found, journeys, areas)
    if line is None:
        yield f"not looked at, because the {TOO_FEW}"
        return
    yield f"journeys.csv is {line.words}, by a line that a few odd journeys do not bend"
    yield from (one.removesuffix(".") for one in line.lines)


def _names(sheet: Sheet, key: str) -> dict[str, str]:
    return dict(zip(sheet.frame[key], sheet.frame["name"], strict=True))


def _spot_checks(
    found: Iterable[tuple[str, Odd]], times: Mapping[str, pd.DataFrame], sheets: Mapping[str, Sheet]
) -> pd.DataFrame:
    """Return the pairs to look at: the worst of every kind, and of every site the nearest, the middle and the furthest.

    Those are there so that people look at what nothing is wrong with, too.
    """
    rows = [(name, odd.why, pair) for name, odd in found for _, pair in odd.rows.head(MOST_OF_A_KIND).iterrows()]
    if "journeys" in times:
        ordered = times["journeys"].sort_values(["minutes", "area"], kind="stable")
        for _, of_site in ordered.groupby("site", sort=True):
            spots = {"the nearest": 0, "half way": len(of_site) // 2, "the furthest": len(of_site) - 1}
            rows += [("journeys", f"{word}, of all to this site", of_site.iloc[spot]) for word, spot in spots.items()]
    names = {**_names(sheets["areas"], "area"), **_names(sheets["sites"], "site")}
    made = []
    for name, why, pair in rows:
        start, end = (str(pair[column]) for column in ENDS[name.removesuffix("_by_mode")])
        known = times.get(name)
        apart = known.loc[[pair.name]].iloc[0] if known is not None and pair.name in known.index else pair
        km, kmh = (float(apart.get(column, np.nan)) for column in ("km", "kmh"))
        numbers = (round(km, 1), float(pair["minutes"]), round(kmh, 1) if np.isfinite(kmh) else np.nan)
        made.append((why, start, names.get(start, ""), end, names.get(end, ""), *numbers, "", ""))
    return pd.DataFrame(made, columns=[*SPOT_CHECKS, *BLANK])
