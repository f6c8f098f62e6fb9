"""From a network of roads to a place's journeys: on the network of its own tables, or on a street graph."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs.files import is_there
from optimiser.inputs.importing import Brought, beside_others, bring_in, recorded, table_by_mode
from optimiser.inputs.importing.open_roads import read_open_roads
from optimiser.inputs.importing.osm_extract import read_extract
from optimiser.inputs.importing.street_graph import read_street_graph
from optimiser.inputs.importing.streets import Streets
from optimiser.inputs.importing.valhalla import engine_on
from optimiser.inputs.roads import MAKES, MINUTES_ARE, some, unreached
from optimiser.inputs.schema import PLACE_TABLES
from optimiser.inputs.tables import IMPORTED
from optimiser.inputs.tables.plausible import doubts_of_roads, where_things_are
from optimiser.inputs.tables.sheets import Sheet, number_of, read_sheet
from optimiser.inputs.tables.together import check_together
from optimiser.journeys.access import DETOUR, access_of
from optimiser.journeys.calibration import TOO_FEW, calibration_of
from optimiser.journeys.network import ACCESS, BESIDE, TABLES, THOUSAND, network_of
from optimiser.journeys.straight_line import LEAST_KNOWN
from optimiser.problem.words import begun, listed

JOINED = 3
MADE, ENDS = ("journeys", "transfers"), (("area", "site"), ("from_site", "to_site"))
CODES = (("areas", "area"), ("sites", "site"))
CODES_OF = tuple(name for name, _ in CODES)
COORDINATES = ["easting_m", "northing_m"]
FROM_A_GRAPH = ("road_junctions", "road_links", "road_access")
OPEN_ROADS, EXTRACT = ".gpkg", ".pbf"


@dataclass(frozen=True)
class Reading:
    """How minutes on the network become a place's: ``plus + times ×`` them.

    Where there are reference times ``against`` which they are to be read, a line through those is found and says plus
    and times instead, or says how far off the network is and changes nothing where it is not ``applied``.
    """

    plus: float = 0.0
    times: float = 1.0
    against: Path | None = None
    applied: bool = True


@dataclass(frozen=True)
class Travel:
    """How one travels, where it is not by car on the place's roads.

    ``costing`` is Valhalla's word for how, which then works journeys out in place of our own search. ``mode`` is the
    code under which they stand beside those by other modes.
    """

    costing: str | None = None
    mode: str | None = None


@dataclass(frozen=True)
class _Worked:
    """Thousandths of a minute from areas and sites to sites, NaN where there is no way, and what they were made of.

    ``joins_nothing`` are the codes of areas and sites that stand in no row of road_access.csv. ``made_of`` are the
    place's tables beside the source, and ``made`` those of its network that were made, too.
    """

    thousandths: pd.DataFrame
    said: list[str]
    source: Path
    remedy: str
    made_of: Sequence[str] = CODES_OF
    joins_nothing: Sequence[str] = ()
    made: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def journeys_on(
    place: str | Path, *, graph: Path | None = None, reading: Reading | None = None, travel: Travel | None = None
) -> Brought:
    """Return journeys.csv and transfers.csv of a place, worked out on a network of roads, to a tenth of a minute.

    Parameters
    ----------
    place
        The place's folder, with ``areas.csv``, ``sites.csv`` and the tables of a network.
    graph
        A street graph in GraphML, OS Open Roads as a GeoPackage or an extract of OpenStreetMap: junctions, links and
        access are made from it, and written too. The place needs coordinates, and ``road_speeds.csv`` with a speed of
        each kind of road and of ``access``; for all but GraphML there are usual ones, which are written, not verified.
        Valhalla needs an extract, and coordinates alone.
    reading
        How minutes on the network are read; as they are if not stated.
    travel
        How one travels; by car, by our own search, if not stated. By a mode pairs without a way are left out.

    Raises
    ------
    InputError
        Where a table has faults, there is no way from some area or site to some site, or reference times are too few;
        every one is listed.
    MissingPackage
        Where Valhalla, or what reads an extract, is not installed.
    """
    folder, reading, travel = Path(place), reading or Reading(), travel or Travel()
    if not is_there(folder, folder=True):
        raise InputError([Fault(shown(folder), "there is no such folder. Name that of a place.")])
    names = [table_by_mode(one, travel.mode) if travel.mode else one for one in MADE]
    sheets = {table.name: read_sheet(folder, table) for table in PLACE_TABLES}
    check_together(sheets, set())
    worked = _by_valhalla(sheets, graph, travel.costing) if travel.costing else _on_the_network(sheets, graph)
    found, off = worked.thousandths, list(worked.joins_nothing)
    joined = found.drop(index=off).drop(columns=off, errors="ignore")
    lost = [(f"there is no way {pairs}", worked.remedy) for pairs in unreached(joined.isna())]
    if off:
        lost.insert(0, (f"road_access.csv has no row of {some(off)}, so that no way leads there", "Add them there."))
    if lost and not travel.mode:
        raise InputError([Fault(shown(folder), f"{words}. {remedy}") for words, remedy in lost])
    areas = sheets["areas"].finished()
    reading, calibrated = _calibrated(reading, found, folder, areas)
    words = f"{MINUTES_ARE} {reading.plus:g} + {reading.times:g} × those on the network, to a tenth of a minute."
    said = [f"These are of the mode {travel.mode}."] if travel.mode else []
    said += [words, *calibrated, *worked.said, *(f"{begun(words)}: left out." for words, _ in lost)]
    minutes = reading.plus + reading.times * (found / THOUSAND)
    tables, rows, keeps, beside = dict[str, pd.DataFrame](), list[int](), list[bool](), list[str]()
    for table, starts, ends in zip(names, (areas["area"], found.columns), ENDS, strict=True):
        frame = _long(minutes.loc[list(map(str, starts))], *ends)
        rows.append(len(frame))
        if travel.mode:
            frame.insert(0, "mode", travel.mode)
            frame, adds = beside_others(folder, table, frame, beside)
            keeps.append(adds or not sheets[table].present)
        tables[table] = frame
    adds = bool(keeps) and all(keeps)
    tables |= worked.made
    files = {_file(name): frame.to_csv(index=False, lineterminator="\n").encode() for name, frame in tables.items()}
    read = [sheets[name].path for name in worked.made_of if sheets[name].present]
    read += [reading.against] if reading.against else []
    made_of = {path.name: path.read_bytes() for path in read} | {name: files[name] for name in map(_file, worked.made)}
    made_of.pop(worked.source.name, None)
    also = ((table, *one) for table in names for one in made_of.items())
    record = recorded(folder, tables, worked.source, said, also=also, adds=adds)
    return Brought({**files, IMPORTED: record}, (*said, *dict.fromkeys(beside)), rows[0], adds)


def _file(table: str) -> str:
    return f"{table}.csv"


def _ends(sheets: Mapping[str, Sheet]) -> tuple[list[str], list[str]]:
    """Return the codes of areas and sites."""
    areas, sites = (sheets[name].finished()[code] for name, code in CODES)
    return list(map(str, areas)), list(map(str, sites))


def _by_valhalla(sheets: Mapping[str, Sheet], graph: Path | None, costing: str) -> _Worked:
    if graph is None or graph.suffix.lower() != EXTRACT:
        words = "Valhalla reads extracts of OpenStreetMap alone. Name one (.osm.pbf)."
        raise InputError([Fault(shown(graph) if graph else "--graph", words)])
    _refuse(sheets, [name for name, _ in CODES])
    placed, faults = _placed(sheets)
    if faults:
        raise InputError(faults)
    areas, sites = _ends(sheets)
    with engine_on(graph, costing, placed) as (engine, said):
        found = engine.thousandths([*areas, *sites], sites)
        asked = f"{number_of(engine.asked, 'pair')} to which its matrix found no way asked one by one."
    return _Worked(
        found, [*said, *([asked] if engine.asked else [])], graph, "Take an extract that has the roads between."
    )


def _on_the_network(sheets: Mapping[str, Sheet], graph: Path | None) -> _Worked:
    made: Sequence[str] = FROM_A_GRAPH if graph else ()
    usual = graph is not None and graph.suffix.lower() in (OPEN_ROADS, EXTRACT)
    speedless = usual and not sheets["road_speeds"].present
    made = [*made, *(["road_speeds"] if speedless else [])]
    _refuse(sheets, [name for name in ("areas", "sites", *TABLES) if name not in made])
    frames = {name: sheets[name].finished() for name in ("areas", "sites", "road_waters", *TABLES, *BESIDE)}
    said = list[str]()
    if graph:
        tables, done = _tables_of(graph, frames, sheets)
        frames |= tables
        made = [*made, *(["road_turns"] if len(frames["road_turns"]) or sheets["road_turns"].present else [])]
        if speedless:
            said.append("Speeds are usual ones of a routing program and nobody verified them: see road_speeds.csv.")
        said += done
        furthest = frames["road_access"].groupby("end")["km"].min()
        words = f"Each area and site joins the {JOINED} nearest junctions, by a straight line times {DETOUR:g}"
        said.append(f"{words}; the furthest from any is {furthest.idxmax()}, {furthest.max():.1f} km.")
    network = network_of(*(frames[name] for name in (*TABLES, *BESIDE)))
    areas, sites = _ends(sheets)
    found = network.thousandths([*areas, *sites], sites)
    source, remedy = graph or sheets["road_links"].path, "Add links, or other rows of road_access.csv."
    off = [code for code in found.index if code not in network.ends]
    said += [] if graph else _doubts(sheets)
    made_of = [*MAKES, *([*CODES_OF, "road_waters"] if graph else [])]
    return _Worked(found, said, source, remedy, made_of, off, {name: frames[name] for name in made})


def _refuse(sheets: Mapping[str, Sheet], names: Sequence[str]) -> None:
    absent = [sheets[name].path for name in names if not sheets[name].present]
    faults = [Fault(shown(path), "this table of the network is missing. Add it (docs/roads.md).") for path in absent]
    if faults := [*faults, *(fault for name in (*names, *BESIDE) for fault in sheets[name].listed())]:
        raise InputError(dict.fromkeys(faults), _doubts(sheets) if "road_links" in names else ())


def _doubts(sheets: Mapping[str, Sheet]) -> list[str]:
    """Return what of the place's network can hardly be, a sentence each."""
    found = doubts_of_roads(sheets, *where_things_are(sheets, None))
    return [f"{sheet.table.name}.csv: {odd.words}." for sheet, odd in found]


def _placed(sheets: Mapping[str, Sheet]) -> tuple[pd.DataFrame, list[Fault]]:
    """Return where areas and sites are, as ends, and a fault where that is not said of some."""
    ends, faults = [], []
    for name, code in CODES:
        end = sheets[name].finished().rename(columns={code: "end"}).reindex(columns=["end", *COORDINATES])
        if lost := list(map(str, end["end"][end[COORDINATES].isna().any(axis=1)])):
            words = f"{some(lost)} have no easting_m and northing_m. Fill them in, so that they join the roads."
            faults.append(Fault(shown(sheets[name].path), words))
        ends.append(end)
    return pd.concat(ends), faults


def _tables_of(
    path: Path, frames: Mapping[str, pd.DataFrame], sheets: Mapping[str, Sheet]
) -> tuple[dict[str, pd.DataFrame], Sequence[str]]:
    """Return the tables of a file of roads, whose kinds must have speeds, and what was done."""
    around, faults = _placed(sheets)
    stated = sheets["road_speeds"].present
    known = {*frames["road_speeds"]["class"]} if stated else None
    if path.suffix.lower() in (OPEN_ROADS, EXTRACT) and faults:
        raise InputError(faults)
    streets = _streets_of(path, around, known, {*frames["road_delays"]["turn"]})
    speeds = frames["road_speeds"] if stated or streets.speeds is None else streets.speeds
    if unknown := sorted({*streets.links["class"], ACCESS} - {*speeds["class"]}):
        words = f"it has no speed of {listed(unknown)}. Add a row of each."
        faults.append(Fault(shown(sheets["road_speeds"].path), words))
    if faults:
        raise InputError(faults)
    access = access_of(around, streets.junctions, frames["road_waters"], nearest=JOINED)
    made = dict(zip(FROM_A_GRAPH, (streets.junctions, streets.links, access), strict=True))
    # Those of the place are of other junctions.
    turns = frames["road_turns"].iloc[:0] if streets.turns is None else streets.turns
    return {"road_speeds": speeds, "road_turns": turns, **made}, streets.said


def _streets_of(path: Path, ends: pd.DataFrame, classes: Collection[str] | None, delays: Collection[str]) -> Streets:
    kind = path.suffix.lower()
    if kind == OPEN_ROADS:
        return read_open_roads(path, ends, classes)
    return read_extract(path, ends, classes, delays) if kind == EXTRACT else read_street_graph(path)


def _calibrated(reading: Reading, found: pd.DataFrame, folder: Path, areas: pd.DataFrame) -> tuple[Reading, list[str]]:
    """Return how minutes are read once reference times are known, and what they say of the network."""
    if reading.against is None:
        return reading, []
    brought = bring_in("journeys", reading.against, folder)
    reference = pd.read_csv(io.BytesIO(brought.files["journeys.csv"]), dtype={"area": str, "site": str})
    line = calibration_of(found, reference, areas)
    if line is None:
        words = f"its {TOO_FEW}. Give at least {LEAST_KNOWN}, of near and far."
        raise InputError([Fault(shown(reading.against), words)])
    applied = "" if reading.applied else ", which was not applied"
    said = [f"By the times of {reading.against.name} they are {line.words}{applied}.", *line.lines]
    return (replace(reading, plus=line.plus, times=line.times) if reading.applied else reading), said


def _long(minutes: pd.DataFrame, start: str, end: str) -> pd.DataFrame:
    """Return one row a pair that has a way, but none from a site to itself."""
    long = minutes.round(1).rename_axis(start).reset_index().melt(start, var_name=end, value_name="minutes")
    long = long[(long[start] != long[end]) & long["minutes"].notna()]
    return long.sort_values([start, end], ignore_index=True)
