"""What a config says of roads, put to the network of its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from optimiser.inputs.config import Config, Settings
from optimiser.inputs.tables import Place
from optimiser.journeys.network import TABLES, Event, Network, network_of
from optimiser.problem import Longer
from optimiser.problem.decimals import exactly
from optimiser.problem.words import listed

MOST_NAMED = 3
ADD_AREAS = "Add them, or write areas_outside: known_in_full if these are areas outside."
ADD_SITES = "Add them."
ADD_LINKS = "Add the links that are missing to road_links.csv."
NO_WAY_ROUND = "It has main roads alone, so that there may be one: add it to road_links.csv, close less, or slow it."


def event_of(settings: Settings) -> Event:
    """Return what a config says is out of the ordinary on the roads."""
    if settings.roads is None:
        return Event()
    return Event(settings.roads.close, {stretch: one.value for stretch, one in settings.roads.slow.items()})


def network_of_place(place: Place) -> Network:
    """Return the network that a place's tables describe, which must be there and agree."""
    return network_of(place.road_junctions, place.road_links, place.road_speeds, place.road_access)


def longer(settings: Settings, place: Place, areas: Iterable[str], sites: Iterable[str]) -> Longer | None:
    """Return how much longer journeys from areas, and from site to site, are for what a config says of roads."""
    event = event_of(settings)
    if not event:
        return None
    network, codes = network_of_place(place), list(sites)
    return Longer(str(event), network.longer(areas, codes, event), network.longer(codes, codes, event))


def lengthened(minutes: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return journey times with the minutes that are added to each, as decimals are added; NaN stays."""
    cells, added = minutes.to_numpy(dtype=float).copy(), more.to_numpy(dtype=float)
    for spot in zip(*np.nonzero((added != 0) & ~np.isnan(cells) & np.isfinite(added)), strict=True):
        cells[spot] = float(exactly(cells[spot]) + exactly(added[spot]))
    return pd.DataFrame(cells, index=minutes.index, columns=minutes.columns)


def road_faults(config: Config, place: Place) -> Iterator[tuple[str, str]]:
    """Yield where and what for everything that a config says of roads and the network of its place cannot do."""
    event = event_of(config.settings)
    if not event:
        return
    if absent := [f"{name}.csv" for name in TABLES if getattr(place, name).empty]:
        words = f"the place has no network of roads. Add {listed(absent)} (docs/roads.md), or take roads out."
        yield config.where("roads"), words
        return
    network, wrong = network_of_place(place), False
    said: list[tuple[str, str | int, str]] = [("close", number, one) for number, one in enumerate(event.close)]
    for setting, spot, stretch in (*said, *(("slow", one, one) for one in event.slow)):
        try:
            network.links_of(stretch)
        except ValueError as fault:
            wrong = True
            yield config.where("roads", setting, spot), str(fault)
    if not wrong:
        off = _not_on_the_network(config, place, network) or _without_a_way(config, place, network, event)
        yield from ((config.where("roads"), words) for words in off)


def _codes(config: Config, place: Place) -> tuple[list[str], list[str]]:
    """Return the areas that are counted, and the sites."""
    areas = place.counting(config.settings.areas_outside).areas
    return list(map(str, areas["area"])), list(map(str, place.sites["site"]))


def _not_on_the_network(config: Config, place: Place, network: Network) -> list[str]:
    found = []
    for noun, codes, remedy in zip(("areas", "sites"), _codes(config, place), (ADD_AREAS, ADD_SITES), strict=True):
        if off := [one for one in codes if one not in network.ends]:
            found.append(f"road_access.csv does not say where {noun} join the roads: {some(off)}. {remedy}")
    return found


def _without_a_way(config: Config, place: Place, network: Network, event: Event) -> list[str]:
    areas, sites = _codes(config, place)
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
