"""What the tables of a place must say alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from optimiser.errors import NAMED_ALIKE, closest, did_you_mean, quoted
from optimiser.inputs.census import of_two_censuses
from optimiser.inputs.tables.sheets import ABSENT, FAULTS_PER_KIND, Sheet
from optimiser.journeys.turns import FORBIDDEN
from optimiser.problem import HERE
from optimiser.problem.words import begun, listed

# What shares that were rounded to six decimals may be too much by, together.
MOST_ROUNDING = 1e-4
OFFICIAL = re.compile(r"[ENSW]\d{8}")
LEAST_OF_ANOTHER_YEAR = 3
LEAST_CORNERS = 3


def codes_if_sound(sheet: Sheet, column: str) -> list[str] | None:
    """Return the codes in a column, or None where they cannot be relied upon."""
    return sheet.distinct(column) if sheet.sound(column) and len(sheet.frame) else None


def check_together(sheets: dict[str, Sheet], allow_missing: set[tuple[str, str]]) -> None:
    """Note on each sheet what disagrees with another: unknown codes, missing and repeated pairs, impossible sums."""
    areas = codes_if_sound(sheets["areas"], "area")
    sites = codes_if_sound(sheets["sites"], "site")
    junctions = codes_if_sound(sheets["road_junctions"], "junction")
    sources = codes_if_sound(sheets["sources"], "source")
    _check_roles(sheets)
    _check_roads(sheets)
    _check_hours(sheets["road_hours"])
    _check_land(sheets["land"])
    _check_border(sheets)
    _check_residents_are_known(sheets["areas"])
    _check_population_parts(sheets["areas"])
    swapped = {name for name, sheet in sheets.items() if _swapped(sheet, {"area": areas, "site": sites})}
    repaired: dict[tuple[str, str], dict[str, str]] = {}
    for name, column, known, whose in (
        ("journeys", "area", areas, "areas.csv"),
        ("journeys", "site", sites, "sites.csv"),
        ("journeys_by_mode", "area", areas, "areas.csv"),
        ("journeys_by_mode", "site", sites, "sites.csv"),
        ("transfers", "from_site", sites, "sites.csv"),
        ("transfers", "to_site", sites, "sites.csv"),
        ("transfers_by_mode", "from_site", sites, "sites.csv"),
        ("transfers_by_mode", "to_site", sites, "sites.csv"),
        ("demand", "area", areas, "areas.csv"),
        ("corridors", "area", areas, "areas.csv"),
        ("border", "area", areas, "areas.csv"),
        ("staff", "site", sites, "sites.csv"),
        ("activity", "site", sites, "sites.csv"),
        ("road_links", "from_junction", junctions, "road_junctions.csv"),
        ("road_links", "to_junction", junctions, "road_junctions.csv"),
        ("road_links", "class", codes_if_sound(sheets["road_speeds"], "class"), "road_speeds.csv"),
        ("road_turns", "from_junction", junctions, "road_junctions.csv"),
        ("road_turns", "junction", junctions, "road_junctions.csv"),
        ("road_turns", "to_junction", junctions, "road_junctions.csv"),
        ("road_turns", "turn", _kinds_of_turn(sheets["road_delays"]), "road_delays.csv"),
        ("road_hours", "class", codes_if_sound(sheets["road_speeds"], "class"), "road_speeds.csv"),
        ("road_access", "junction", junctions, "road_junctions.csv"),
        ("road_access", "end", [*areas, *sites] if areas and sites else None, "areas.csv or sites.csv"),
        ("road_junctions", "source", sources, "sources.csv"),
        ("road_links", "source", sources, "sources.csv"),
        ("towns", "source", sources, "sources.csv"),
        ("columns", "source", sources, "sources.csv"),
    ):
        if known is not None and name not in swapped:
            repaired[name, column] = _check_known(sheets[name], column, known, whose)
    _check_turns(sheets["road_turns"], sheets["road_links"])
    _check_stretches(sheets)
    if areas and sites and "journeys" not in swapped:
        _check_journeys(sheets["journeys"], areas, sites, repaired, allow_missing)
    if areas and sites:
        _check_transfers(sheets["transfers"], sites, repaired)
    if areas and "demand" not in swapped:
        _check_demand(sheets["demand"], areas, sheets["areas"], repaired)
    _check_staff_counted(sheets["staff"])


def _swapped(sheet: Sheet, known: Mapping[str, Sequence[str] | None]) -> bool:
    """Note once that two columns of codes have each other's name: none of one's is known, all of another's are."""
    codes = [c.name for c in sheet.table.columns if c.kind == "code" and c.name in sheet.frame]
    for column in codes if len(sheet.frame) else ():
        there = set(known.get(column) or ())
        if not there or not there.isdisjoint(sheet.distinct(column)):
            continue
        for other in codes:
            if other != column and there.issuperset(sheet.distinct(other)):
                words = f"the columns {column} and {other} are swapped. Swap their names in the first row."
                sheet.add("swapped", words, index=-1)
                sheet.faulty.setdefault(column, set()).update(sheet.frame.index.tolist())
                sheet.faulty.setdefault(other, set()).update(sheet.frame.index.tolist())
                return True
    return False


def _check_roles(sheets: dict[str, Sheet]) -> None:
    sites, areas = sheets["sites"], sheets["areas"]
    if sites.sound("role") and len(sites.frame) and "candidate" not in set(sites.frame["role"]):
        words = "no site is a candidate, so there is nothing to decide. Give the system's own sites that role."
        sites.add("roles", words)
    if areas.sound("resident") and len(areas.frame) and True not in set(areas.frame["resident"]):
        areas.add("residents", "no area is resident, so nobody is counted. Write true where people belong here.")


def _check_roads(sheets: dict[str, Sheet]) -> None:
    """Note that no speed is known of the way to a junction, and codes that are both an area's and a site's."""
    speeds, access = sheets["road_speeds"], sheets["road_access"]
    if access.present and speeds.sound("class") and len(speeds.frame) and "access" not in set(speeds.frame["class"]):
        speeds.add("access", "the class access is missing: how fast one drives to a junction. Add its row.")
    both = set(codes_if_sound(sheets["areas"], "area") or ()) & set(codes_if_sound(sheets["sites"], "site") or ())
    for index in access.frame.index[access.frame["end"].isin(both)] if both and "end" in access.frame else ():
        access.add("both", "is an area and a site, so that nobody knows which is meant. Rename one.", index=int(index))


def _check_hours(hours: Sheet) -> None:
    """Note hours that are of no roads, or of a class and of a road at once, and that begin when they end."""
    if not hours.present or not hours.sound("from_hour", "to_hour"):
        return
    said = hours.frame.reindex(columns=["class", "road"]).map(lambda cell: bool(pd.notna(cell) and str(cell).strip()))
    for index in hours.frame.index[said["class"] == said["road"]]:
        words = "both class and road are filled in" if said["class"][index] else "neither class nor road is filled in"
        hours.add("of which", f"{words}. Fill in one of them.", index=int(index))
    for index in hours.frame.index[hours.frame["from_hour"] == hours.frame["to_hour"]]:
        hours.add("no time", "it begins when it ends. Write 0 and 24 for all day.", index=int(index))


def _check_turns(turns: Sheet, links: Sheet) -> None:
    """Note turns from a junction, or to one, to which no link leads: they would forbid and delay nobody.

    Of a junction whose link has a fault at its other end, that is not known.
    """
    ends = ("from_junction", "to_junction")
    if not turns.present or not {*ends} <= {*links.frame}:
        return
    before, after, unclear = dict[str, set[str]](), dict[str, set[str]](), set[str]()
    for index, start, end, one_way in links.frame.reindex(columns=[*ends, "one_way"]).itertuples(name=None):
        if wrong := [links.is_faulty(index, one) for one in ends] if links.is_faulty(index, *ends) else []:
            if all(wrong):
                return
            unclear.add(start if wrong[1] else end)
        for one, other in ((start, end), *([] if one_way is True else [(end, start)])):
            after.setdefault(one, set()).add(other)
            before.setdefault(other, set()).add(one)
    sides = (
        ("from_junction", before, "from {0} to {1}. One comes there from"),
        ("to_junction", after, "from {1} to {0}. One goes on to"),
    )
    for column, around, words in sides:
        for index, at, code in turns.frame.reindex(columns=["junction", column]).itertuples(name=None):
            there = sorted(around.get(at, ()))
            unknown = turns.is_faulty(index, column, "junction") or not unclear.isdisjoint((at, code))
            if not pd.isna(code) and code not in ("", *there) and not unknown:
                told = f"no link of road_links.csv leads {words.format(code, at)}"
                told = f"{told} {listed(there[:NAMED_ALIKE], 'nowhere')}. Correct the row, or take it out."
                turns.add("no turn", told, index=int(index))


def _check_stretches(sheets: Mapping[str, Sheet]) -> None:
    """Note hours of roads that the network does not have."""
    hours = sheets["road_hours"]
    if not hours.present or "road" not in hours.frame:
        return
    # Takes a while to import.
    from optimiser.journeys.network import TABLES, network_of

    tables = [sheets[name] for name in TABLES]
    if any(not one.present or one.listed() for one in (hours, *tables)):
        return
    network = network_of(*(one.finished() for one in tables))
    for index, road in zip(hours.frame.index, hours.frame["road"], strict=True):
        if not pd.isna(road) and str(road).strip():
            try:
                network.links_of(str(road))
            except ValueError as fault:
                hours.add("no road", str(fault), index=int(index))


def _kinds_of_turn(delays: Sheet) -> list[str] | None:
    """Return what a turn may be, or None where that cannot be relied upon."""
    kinds = codes_if_sound(delays, "turn") if delays.present else []
    return None if kinds is None else [*kinds, FORBIDDEN]


def _check_land(land: Sheet) -> None:
    """Note pieces of land that enclose nothing."""
    if not land.present or not land.sound("part"):
        return
    for part, rows in land.frame.groupby("part"):
        if len(rows) < LEAST_CORNERS:
            words = f"part {part:g} has {len(rows)} of the {LEAST_CORNERS} corners that an outline needs. Add them."
            land.add("corners", words, index=int(rows.index[0]))


def _check_border(sheets: dict[str, Sheet]) -> None:
    """Note destinations that are neither a neighbour nor all candidates together, and shares of more than everybody."""
    border, sites = sheets["border"], sheets["sites"]
    if not (border.present and {"area", "goes_to", "share"} <= set(border.frame)) or not sites.sound("site", "role"):
        return
    roles = dict(zip(sites.frame["site"], sites.frame["role"], strict=True))
    own = [code for code, role in roles.items() if role == "candidate"]
    if known := [HERE, *(code for code in roles if code not in own)]:
        _check_known(border, "goes_to", [*known, *own], "sites.csv")
    for index in border.frame.index[border.frame["goes_to"].isin(own)]:
        words = f"is a candidate, and who goes to which of them is decided on. Add the shares up, and write {HERE}."
        border.add("goes to a candidate", words, index=int(index))
    if border.sound("area", "share"):
        total = border.frame.groupby("area")["share"].sum()
        for area in total.index[total > 1 + MOST_ROUNDING]:
            words = f"the shares of {area} add up to {total[area]:g}, more than everybody. Correct them."
            border.add("more than everybody", words, index=int(border.frame.index[border.frame["area"] == area][0]))


def _check_residents_are_known(sheet: Sheet) -> None:
    """Note each cell that is blank where only areas outside may leave it so."""
    for column in sheet.table.columns if "resident" in sheet.frame else ():
        if column.of_residents and column.name in sheet.frame:
            blank = sheet.frame[column.name].isna() & sheet.frame["resident"].eq(True)
            words = f"{column.name} is blank. Fill it in ({column.meaning}); only areas outside may leave it so."
            for index in sheet.frame.index[blank]:
                if not sheet.is_faulty(index, column.name):
                    sheet.add(f"{column.name} blank", words, index=int(index))


def _check_population_parts(sheet: Sheet) -> None:
    frame = sheet.frame
    pairs = (
        ("population_65_plus", "population"),
        ("population_75_plus", "population"),
        ("population_75_plus", "population_65_plus"),
        ("population_75_plus_2019", "population_2019"),
    )
    for part, total in pairs:
        if part in frame and total in frame and sheet.sound(part, total):
            for index in frame.index[frame[part] > frame[total]]:
                sheet.add(part, f"{part} is more than {total}. Correct one of them.", index=int(index))


def _check_known(sheet: Sheet, column: str, known: Sequence[str], whose: str) -> dict[str, str]:
    """Note codes that are not in ``known``; return for each the known one that was probably meant."""
    if column not in sheet.frame or not len(sheet.frame):
        return {}
    if {*sheet.distinct(column)} <= {*known, ""}:
        return {}
    codes = sheet.frame[column]
    bad = codes[~codes.isin(known) & (codes != "")]
    bad = bad[[not sheet.is_faulty(index, column) for index in bad.index]]
    official = [code for code in dict.fromkeys(bad) if OFFICIAL.fullmatch(code)]
    if len(official) >= LEAST_OF_ANOTHER_YEAR:
        censuses = of_two_censuses(codes, known, whose)
        _add_of_another_year(sheet, column, official, whose, censuses)
        sheet.faulty.setdefault(column, set()).update(bad.index.tolist())
        return {}
    distinct = list(dict.fromkeys(bad))[:FAULTS_PER_KIND]

    def say(text: str) -> str:
        remedy = did_you_mean(text, known) if text in distinct else ""
        remedy = remedy or "Correct it, or add it there."
        return f"there is no {_noun(column)} {quoted(text)} in {whose}. {remedy}"

    sheet.add_cells(f"unknown {column}", column, bad.index.tolist(), say)
    return {text: guess for text in distinct if (guess := closest(text, known))}


def _add_of_another_year(sheet: Sheet, column: str, codes: Sequence[str], whose: str, censuses: str) -> None:
    """Note once that official codes are not those of the place: they change with every census, and are never slips."""
    again = sheet.again
    change = (
        "Official codes change with a census, as those of 2011 and 2021 do: bring the table in with a lookup of both"
    )
    words = f"{len(codes):,} codes of {column} are not in {whose}, such as {quoted(codes[0])}"
    words = f"{words}. {begun(censuses) or change}, or leave its rows out: {again} --lookup FILE"
    sheet.add(f"other {column}", words)


def _noun(column: str) -> str:
    return column.removeprefix("from_").removeprefix("to_")


def _present_pairs(
    sheet: Sheet,
    rows: tuple[str, Sequence[str]],
    columns: tuple[str, Sequence[str]],
    repaired: dict[tuple[str, str], dict[str, str]],
) -> np.ndarray | None:
    """Return which pairs of two columns' codes the table has; None if it cannot tell."""
    if not sheet.present or rows[0] not in sheet.frame or columns[0] not in sheet.frame or not len(sheet.frame):
        return None
    if any(len(sheet.faulty.get(column, ())) >= len(sheet.frame) for column, _ in (rows, columns)):
        return None
    name = sheet.table.name
    across = []
    for column, codes in (rows, columns):
        meant, texts = repaired.get((name, column), {}), sheet.texts[column]
        across.append(
            pd.Index(codes).get_indexer(pd.Index([meant.get(code, code) for code in texts.values]))[texts.which]
        )
    both = (across[0] >= 0) & (across[1] >= 0)
    grid = np.zeros((len(rows[1]), len(columns[1])), dtype=bool)
    grid[across[0][both], across[1][both]] = True
    return grid


def _last_row_of(sheet: Sheet, column: str, code: str) -> int:
    """Return the index of the row after which a missing one of this code belongs: the last row that has the code."""
    rows = sheet.frame.index[sheet.frame[column] == code]
    return int(rows[-1]) if len(rows) else -2


def _add_missing(sheet: Sheet, column: str, pairs: Sequence[tuple[str, str]], say: Callable[[str, str], str]) -> None:
    sheet.add_some(ABSENT, pairs, lambda pair: (_last_row_of(sheet, column, pair[0]), say(*pair)))


def _pairs_without(grid: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> list[tuple[str, str]]:
    return [(rows[i], columns[j]) for i, j in np.argwhere(~grid).tolist()]


def _check_journeys(
    sheet: Sheet,
    areas: Sequence[str],
    sites: Sequence[str],
    repaired: dict[tuple[str, str], dict[str, str]],
    allow_missing: set[tuple[str, str]],
) -> None:
    grid = _present_pairs(sheet, ("area", areas), ("site", sites), repaired)
    if grid is None:
        return
    site_at, area_at = ({code: n for n, code in enumerate(codes)} for codes in (sites, areas))
    for area, site in allow_missing:
        if area in area_at and site in site_at:
            grid[area_at[area], site_at[site]] = True
    no_site, no_area = ~grid.any(axis=1), ~grid.any(axis=0)
    lacking = [areas[position] for position in np.flatnonzero(no_site).tolist()]
    sheet.add_alike("whole area", lacking, "areas", lambda a: f"there is no journey from {a} to any site. Add them.")
    lacking = [sites[position] for position in np.flatnonzero(no_area).tolist()]
    sheet.add_alike("whole site", lacking, "sites", lambda s: f"there is no journey from any area to {s}. Add them.")
    grid[no_site] = True
    grid[:, no_area] = True
    remedy = "Add it, or list the pair under travel.allow_missing."
    pairs = _pairs_without(grid, areas, sites)
    _add_missing(sheet, "area", pairs, lambda a, s: f"there is no journey from {a} to {s}. {remedy}")


def _check_transfers(sheet: Sheet, sites: Sequence[str], repaired: dict[tuple[str, str], dict[str, str]]) -> None:
    grid = _present_pairs(sheet, ("from_site", sites), ("to_site", sites), repaired)
    if grid is None:
        return
    np.fill_diagonal(grid, True)
    pairs = _pairs_without(grid, sites, sites)
    _add_missing(sheet, "from_site", pairs, lambda a, b: f"there is no transfer time from {a} to {b}. Add it.")
    to_itself = sheet.frame["from_site"] == sheet.frame["to_site"]
    nothing = to_itself & (sheet.frame["minutes"] == 0) if "minutes" in sheet.frame else to_itself & False
    if nothing.any():
        sheet.passed_over.update(sheet.frame.index[nothing].tolist())
        sheet.taken.append(f"passed over {int(nothing.sum()):,} of 0 minutes from a site to itself.")
    for index in sheet.frame.index[to_itself & ~nothing]:
        sheet.add("itself", "this transfer ends where it starts. Delete the row.", index=int(index))


def _check_demand(
    sheet: Sheet, codes: Sequence[str], areas: Sheet, repaired: dict[tuple[str, str], dict[str, str]]
) -> None:
    """Note each resident area without a row of some activity. Of an area outside it need not be known."""
    if not areas.sound("resident"):
        return
    resident = set(areas.frame["area"][areas.frame["resident"].eq(True)].tolist())
    residents = [code for code in codes if code in resident]
    if "activity" not in sheet.frame:
        return
    activities = [code for code in sheet.distinct("activity") if code]
    grid = _present_pairs(sheet, ("area", residents), ("activity", activities), repaired)
    if grid is not None:
        nothing = np.flatnonzero(~grid.any(axis=1)).tolist()
        if len(nothing) > NAMED_ALIKE:
            add = f"Add {listed(activities)}; where nobody needs it, write 0."
            lacking = [residents[n] for n in nothing]
            sheet.add_alike("whole area", lacking, "areas", lambda a: f"there is nothing of {a}. {add}")
            grid[nothing] = True
        pairs = _pairs_without(grid, residents, activities)
        words = "there is no {1} for {0}. Add it; where nobody needs it, write 0."
        _add_missing(sheet, "area", pairs, words.format)


def _check_staff_counted(sheet: Sheet) -> None:
    counts = sheet.frame.reindex(columns=["people", "wte"])
    for index in counts.index[counts.isna().all(axis=1)]:
        if not sheet.is_faulty(index, "people", "wte"):
            words = "both people and wte are blank. Fill in one of them: 0 where there is nobody."
            sheet.add("uncounted", words, index=int(index))
