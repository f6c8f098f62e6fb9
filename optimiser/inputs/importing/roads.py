"""From a network of roads to a place's journeys: on the network of its own tables, or on a street graph."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs.files import is_there
from optimiser.inputs.importing import Brought, bring_in, recorded
from optimiser.inputs.importing.open_roads import read_open_roads
from optimiser.inputs.importing.osm_extract import read_extract
from optimiser.inputs.importing.street_graph import read_street_graph
from optimiser.inputs.importing.streets import Streets
from optimiser.inputs.roads import some, unreached
from optimiser.inputs.schema import PLACE_TABLES
from optimiser.inputs.tables import IMPORTED
from optimiser.inputs.tables.sheets import Sheet, read_sheet
from optimiser.inputs.tables.together import check_together
from optimiser.journeys.access import DETOUR, access_of
from optimiser.journeys.calibration import calibration_of
from optimiser.journeys.network import ACCESS, BESIDE, TABLES, THOUSAND, Network, network_of
from optimiser.journeys.straight_line import LEAST_KNOWN
from optimiser.problem.words import listed

JOINED = 3
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


def journeys_on(place: str | Path, *, graph: Path | None = None, reading: Reading | None = None) -> Brought:
    """Return journeys.csv and transfers.csv of a place, worked out on a network of roads, to a tenth of a minute.

    Parameters
    ----------
    place
        The place's folder, with ``areas.csv``, ``sites.csv`` and the tables of a network.
    graph
        A street graph in GraphML, OS Open Roads as a GeoPackage or an extract of OpenStreetMap: junctions, links and
        access are made from it, and written too. The place needs coordinates, and ``road_speeds.csv`` with a speed of
        each kind of road and of ``access``; for all but GraphML there are usual ones, which are written, not verified.
    reading
        How minutes on the network are read; as they are if not stated.

    Raises
    ------
    InputError
        Where a table has faults, there is no way from some area or site to some site, or reference times are too few;
        every one is listed.
    """
    folder, reading = Path(place), reading or Reading()
    if not is_there(folder, folder=True):
        raise InputError([Fault(shown(folder), "there is no such folder. Name that of a place.")])
    sheets = {table.name: read_sheet(folder, table) for table in PLACE_TABLES}
    check_together(sheets, set())
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
    areas, sites = (list(map(str, frames[name][code])) for name, code in (("areas", "area"), ("sites", "site")))
    found = _on(network, [*areas, *sites], sites, folder)
    reading, calibrated = _calibrated(reading, found, folder, frames["areas"])
    words = f"Minutes are {reading.plus:g} + {reading.times:g} × those on the network, to a tenth of a minute."
    said = [words, *calibrated, *said]
    minutes = reading.plus + reading.times * (found / THOUSAND)
    tables = {
        "journeys": _long(minutes.loc[areas], "area", "site"),
        "transfers": _long(minutes.loc[sites], "from_site", "to_site"),
        **{name: frames[name] for name in made},
    }
    record = recorded(folder, tables, graph or sheets["road_links"].path, said)
    files = {f"{name}.csv": frame.to_csv(index=False, lineterminator="\n").encode() for name, frame in tables.items()}
    return Brought({**files, IMPORTED: record}, tuple(said), len(tables["journeys"]))


def _refuse(sheets: Mapping[str, Sheet], names: Sequence[str]) -> None:
    absent = [sheets[name].path for name in names if not sheets[name].present]
    faults = [Fault(shown(path), "this table of the network is missing. Add it (docs/roads.md).") for path in absent]
    if faults := [*faults, *(fault for name in (*names, *BESIDE) for fault in sheets[name].listed())]:
        raise InputError(dict.fromkeys(faults))


def _tables_of(
    path: Path, frames: Mapping[str, pd.DataFrame], sheets: Mapping[str, Sheet]
) -> tuple[dict[str, pd.DataFrame], Sequence[str]]:
    """Return the tables of a file of roads, whose kinds must have speeds, and what was done."""
    ends, faults = [], []
    for name, code in (("areas", "area"), ("sites", "site")):
        end = frames[name].rename(columns={code: "end"}).reindex(columns=["end", *COORDINATES])
        if lost := list(map(str, end["end"][end[COORDINATES].isna().any(axis=1)])):
            words = f"{some(lost)} have no easting_m and northing_m. Fill them in, so that they join the roads."
            faults.append(Fault(shown(sheets[name].path), words))
        ends.append(end)
    around, stated = pd.concat(ends), sheets["road_speeds"].present
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


def _on(network: Network, starts: list[str], sites: list[str], folder: Path) -> pd.DataFrame:
    """Return thousandths of a minute on the network, or refuse it where there is no way."""
    found = network.thousandths(starts, sites)
    words = "Add links, or rows of road_access.csv."
    if faults := [Fault(shown(folder), f"there is no way {pairs}. {words}") for pairs in unreached(found.isna())]:
        raise InputError(faults)
    return found


def _calibrated(reading: Reading, found: pd.DataFrame, folder: Path, areas: pd.DataFrame) -> tuple[Reading, list[str]]:
    """Return how minutes are read once reference times are known, and what they say of the network."""
    if reading.against is None:
        return reading, []
    brought = bring_in("journeys", reading.against, folder)
    reference = pd.read_csv(io.BytesIO(brought.files["journeys.csv"]), dtype={"area": str, "site": str})
    line = calibration_of(found, reference, areas)
    if line is None:
        words = "its times are too few, or no longer where the network's are, so that no line goes through them."
        raise InputError([Fault(shown(reading.against), f"{words} Give at least {LEAST_KNOWN}, of near and far.")])
    applied = "" if reading.applied else ", which was not applied"
    said = [f"By the times of {reading.against.name} they are {line.words}{applied}.", *line.lines]
    return (replace(reading, plus=line.plus, times=line.times) if reading.applied else reading), said


def _long(minutes: pd.DataFrame, start: str, end: str) -> pd.DataFrame:
    """Return one row a pair, but none from a site to itself."""
    long = minutes.round(1).rename_axis(start).reset_index().melt(start, var_name=end, value_name="minutes")
    return long[long[start] != long[end]].sort_values([start, end], ignore_index=True)
