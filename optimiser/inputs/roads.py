"""What a config says of roads, put to the network of its place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, did_you_mean, quoted
from optimiser.inputs.config import Config, Settings
from optimiser.inputs.config.settings import RoadsSettings
from optimiser.inputs.exactness import exact_problem_of
from optimiser.inputs.schema import PLACE_TABLES
from optimiser.inputs.tables import IMPORTED, Place
from optimiser.inputs.tables.sheets import number_of
from optimiser.journeys.network import BESIDE, TABLES, Event, Network, clock, network_of
from optimiser.problem import Figure, Longer, Problem
from optimiser.problem.decimals import exactly
from optimiser.problem.words import listed, spoken

MOST_NAMED = 3
# The tables of a network that minutes on it as it is are worked out on, and how imported.csv begins to say of those.
MAKES = (*TABLES, "road_turns", "road_delays")
MINUTES_ARE = "Minutes are"
ADD_AREAS = "Add them, or write areas_outside: known_in_full if these are areas outside."
ADD_SITES = "Add them."
ADD_LINKS = "Add the links that are missing to road_links.csv."
NO_WAY_ROUND = "Where there is one in the world, add it to road_links.csv; or close less, or slow it."

# Where something stands of what is said of roads, as a fault names it: all of it, or a part by its keys.
Where = Callable[..., str]


def event_of(roads: RoadsSettings | None) -> Event:
    """Return what is said to be out of the ordinary on the roads."""
    if roads is None:
        return Event()
    return Event(roads.close, {stretch: one.value for stretch, one in roads.slow.items()}, roads.hour)


def problem_with_roads(config: Config, place: Place, roads: RoadsSettings, where: Where) -> Problem:
    """Return the question of a config whose roads are as another says, in place of what it says; without files.

    Raises
    ------
    InputError
        For all that the network of the place cannot do, with where it was said.
    """
    asked = replace(config, settings=config.settings.model_copy(update={"roads": roads}))
    if faults := [Fault(*one) for one in road_faults(asked.settings, place, where)]:
        raise InputError(faults)
    return exact_problem_of(asked, place)[1]


def lacks_a_network(place: Place) -> list[str]:
    """Return the files of a network that a place does not have."""
    return [f"{name}.csv" for name in TABLES if getattr(place, name).empty]


def network_of_place(place: Place) -> Network:
    """Return the network that a place's tables describe, which must be there and agree."""
    return network_of(*(getattr(place, name) for name in (*TABLES, *BESIDE)))


def verified(place: Place) -> str:
    """Return how many rows of each table of a network that has figures are marked as verified, in a sentence."""
    network = (table for table in PLACE_TABLES if table.name in (*TABLES, *BESIDE))
    named = (table.name for table in network if "verified" in table.column_names)
    tables = [(name, rows) for name in named if len(rows := getattr(place, name))]
    counts = (
        f"{int(rows.reindex(columns=['verified'])['verified'].eq(True).sum()):,} of {len(rows):,} in {name}.csv"
        for name, rows in tables
    )
    return f"Of the network's rows {listed(counts)} are marked as verified."


def made_of_it(folder: Path, table: str) -> str:
    """Return how the minutes of a table were worked out on the network of its place, as imported.csv has it.

    And which tables of the network are no longer those, if any. Nothing where they are from elsewhere.
    """
    if not (folder / IMPORTED).is_file():
        return ""
    try:
        record = pd.read_csv(folder / IMPORTED, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError):
        return ""
    rows = record.reindex(columns=["table", "file", "sha256", "said"], fill_value="").query("table == @table")
    said = next((words for words in rows["said"] if words.startswith(MINUTES_ARE)), "")
    of = dict(zip(rows["file"], rows["sha256"], strict=True))
    names = [f"{name}.csv" for name in MAKES]
    if not said or "road_links.csv" not in of:
        return ""
    there = [name for name in names if (folder / name).is_file()]
    now = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in there}
    other = [name for name in names if now.get(name) != of.get(name)]
    changed = f" Since then {listed(other)} changed, so that the two may disagree." if other else ""
    return f"{table}.csv was worked out on this network. {said}{changed}"


def touched(roads: RoadsSettings | None, place: Place) -> list[str]:
    """Return in one line which roads a config shuts and slows, by how much, how many links those are, and at what hour.

    Nothing where it says nothing of roads.
    """
    event = event_of(roads)
    if not event:
        return []
    network = network_of_place(place)
    found = [("shut", stretch, network.links_of(stretch)) for stretch in event.close]
    long = "{:g} times as long".format
    found += [(long(times), stretch, network.links_of(stretch)) for stretch, times in event.slow.items()]
    if event.hour is not None:
        found += [(long(one.times), one.words, network.links_in(one)) for one in network.hours if one.at(event.hour)]
    alike = dict[str, list[str]]()
    for how, stretch, links in found:
        # Both ways of one link are that link.
        many = number_of(len({frozenset(link[:2]) for link in links}), "link")
        alike.setdefault(how, []).append(f"{stretch} ({many})")
    when = "whatever the hour" if event.hour is None else f"at {clock(event.hour)}"
    each = (f"{listed(stretches)} {how}" for how, stretches in alike.items())
    return [f"Roads, {when}: {'; '.join(each) or 'none is slower then'}."]


def longer(settings: Settings, place: Place, areas: Iterable[str], sites: Iterable[str]) -> Longer | None:
    """Return how much longer journeys from areas, and from site to site, are for what a config says of roads."""
    event = event_of(settings.roads)
    if not event:
        return None
    network, codes = network_of_place(place), list(sites)
    slow = {stretch: one.figure() for stretch, one in settings.roads.slow.items()} if settings.roads else {}
    slow |= _in_its_hour(place, network, event)
    journeys, transfers = (network.longer(starts, codes, event) for starts in (areas, codes))
    return Longer(str(event), journeys, transfers, slow, verified(place))


def _in_its_hour(place: Place, network: Network, event: Event) -> dict[str, Figure]:
    """Return how many times as long roads take at the hour of an event, with where that comes from."""
    if event.hour is None:
        return {}
    rows = place.road_hours.reindex(columns=["source", "verified"])
    rows = rows.assign(source=rows["source"].fillna(""), verified=rows["verified"].eq(True))
    return {
        f"{one.words} at {clock(event.hour)}": Figure(one.times, str(source), bool(verified))
        for one, source, verified in zip(network.hours, rows["source"], rows["verified"], strict=True)
        if one.at(event.hour)
    }


def lengthened(minutes: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return journey times with the minutes that are added to each, as decimals are added; NaN stays."""
    cells, added = minutes.to_numpy(dtype=float).copy(), more.to_numpy(dtype=float)
    for spot in zip(*np.nonzero((added != 0) & ~np.isnan(cells) & np.isfinite(added)), strict=True):
        cells[spot] = float(exactly(cells[spot]) + exactly(added[spot]))
    return pd.DataFrame(cells, index=minutes.index, columns=minutes.columns)


def road_faults(
    settings: Settings, place: Place, where: Where, of_tables: Sequence[Fault] = ()
) -> Iterator[tuple[str, str]]:
    """Yield where and what for everything that settings say of roads and the network of their place cannot do.

    ``of_tables`` are the faults of the place's tables: what rests on those of the network waits until they are mended.
    """
    event = event_of(settings.roads)
    if not event:
        return
    off = list(_off_the_roads(settings, place, where))
    yield from off
    if absent := lacks_a_network(place):
        words = f"the place has no network of roads. Add {listed(absent)} (docs/roads.md), or take roads out."
        yield where(), words
        return
    no_hours = event.hour is not None and place.road_hours.empty
    if no_hours:
        yield where("hour"), "the place has no road_hours.csv (docs/roads.md). Add it, or take hour out."
    if any(f"{name}.csv" in one.place for one in of_tables for name in (*TABLES, *BESIDE)):
        yield where(), "names of stretches are looked at once the tables of the network are mended."
        return
    network, wrong = network_of_place(place), False
    said: list[tuple[str, str | int, str]] = [("close", number, one) for number, one in enumerate(event.close)]
    for setting, spot, stretch in (*said, *(("slow", one, one) for one in event.slow)):
        try:
            network.links_of(stretch)
        except ValueError as fault:
            wrong = True
            yield where(setting, spot), str(fault)
    if not (wrong or off or no_hours or of_tables):
        lost = _not_on_the_network(settings, place, network) or _without_a_way(settings, place, network, event)
        yield from ((where(), words) for words in lost)


def _off_the_roads(settings: Settings, place: Place, where: Where) -> Iterator[tuple[str, str]]:
    """Yield what is amiss of modes that do not go by these roads."""
    untouched = settings.roads.untouched if settings.roads else ()
    known = {*place.modes, *place.transfers_by_mode.get("mode", ())}
    for number, mode in enumerate(untouched):
        if mode not in known:
            hint = did_you_mean(mode, known, or_else="Take it out.")
            yield where("untouched", number), f"no table of the place has a mode {quoted(mode)}. {hint}"
    if modes := sorted(settings.modes - {*untouched}):
        words = f"it is not known how much longer journeys {listed(map(spoken, modes))} take then"
        told = "List under roads.untouched what this does not touch, such as trains, or a mode brought in as it is then"
        yield where(), f"{words}. {told}. Or take roads out, or travel_by and visitors_travel_by of services and teams."


def _codes(settings: Settings, place: Place) -> tuple[list[str], list[str]]:
    """Return the areas that are counted, and the sites."""
    areas = place.counting(settings.areas_outside).areas
    return list(map(str, areas["area"])), list(map(str, place.sites["site"]))


def _not_on_the_network(settings: Settings, place: Place, network: Network) -> list[str]:
    found = []
    for noun, codes, remedy in zip(("areas", "sites"), _codes(settings, place), (ADD_AREAS, ADD_SITES), strict=True):
        if off := [one for one in codes if one not in network.ends]:
            found.append(f"road_access.csv does not say where {noun} join the roads: {some(off)}. {remedy}")
    return found


def _without_a_way(settings: Settings, place: Place, network: Network, event: Event) -> list[str]:
    areas, sites = _codes(settings, place)
    more, found = network.longer([*areas, *sites], sites, event), []
    for words, lost, remedy in (
        ("the network has no way", more.isna(), ADD_LINKS),
        (f"with {event} the network has no way left", more == np.inf, NO_WAY_ROUND),
    ):
        found += [f"{words} {pairs}. {remedy}" for pairs in unreached(lost)]
    return found


def unreached(lost: pd.DataFrame) -> Iterator[str]:
    """Yield the pairs of a table that are true, as ``from … to …``, alike columns together; none of one with itself."""
    from_where: dict[tuple[str, ...], list[str]] = {}
    for site in lost.columns:
        off = tuple(str(code) for code in lost.index[lost[site]] if code != site)
        from_where.setdefault(off, []).append(str(site))
    yield from (f"from {some(off)} to {some(to)}" for off, to in from_where.items() if off)


def some(codes: Sequence[str]) -> str:
    """Return the first few codes, and how many more there are."""
    more = len(codes) - MOST_NAMED
    return listed([*codes[:MOST_NAMED], *([f"{more:,} more"] if more > 0 else [])])
