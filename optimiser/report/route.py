"""The way from an area, or a site, to a site: which roads the network takes, beside the minutes that count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimiser.errors import NAMED_ALIKE, Fault, InputError, NotWritten, did_you_mean, quoted, shown
from optimiser.inputs import Question, read_question
from optimiser.inputs.roads import event_of, lacks_a_network, made_of_it, network_of_place, verified
from optimiser.inputs.tables import Place
from optimiser.journeys.network import OPEN, THOUSAND, WAITS, Event, Network, Way
from optimiser.problem.decimals import PLACES, exactly
from optimiser.problem.words import code_called, in_full, listed
from optimiser.report.export.drawing import DRAFT

if TYPE_CHECKING:
    from optimiser.report.export.drawing import Figure

Line = tuple[tuple[float, ...], ...]
TO_THE_ROAD, FROM_THE_ROAD = "to the network", "from the network"
# The last is of turns on to a road and along it, and among the minutes.
COLUMNS = ["road", "from", "to", "km", "minutes", "of which turns"]
DEGREES, METRES = "EPSG:4326", "EPSG:27700"
HONESTY = "The table's minutes count: the network says how much longer a journey is when roads are shut or slow"
NO_MORE = ", and no more."
STRAIGHT = "Lines are straight from junction to junction."
ROUNDED = "Each figure is rounded by itself, so that sums may differ in the last digit."


@dataclass(frozen=True)
class Route:
    """A way on the network, and the minutes of the table.

    ``legs`` has one row a stretch of one road, with the columns of ``COLUMNS``; the first and the last lead to the
    network and from it. ``points`` are the ends of every stretch's links, in metres. ``table`` is which table
    ``minutes`` stand in; they are NaN where it has none. ``event`` says what is out of the ordinary, if anything, and
    ``longer`` by how many minutes the journey is longer for it. ``made_of_it`` says how the table's minutes were worked
    out on the network, where they were, and ``verified`` how much of the network is marked as that. ``usual`` and
    ``usual_points`` are of what is taken without the event, where there is one, and ``shut`` the links that are shut
    then, with their road. ``files`` are the place's, for a map.
    """

    start: str
    end: str
    legs: pd.DataFrame
    points: tuple[Line, ...]
    minutes: float
    table: str
    event: str = ""
    longer: float = 0.0
    made_of_it: str = ""
    verified: str = ""
    usual: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    usual_points: tuple[Line, ...] = ()
    shut: tuple[tuple[str, Line], ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def in_short(self) -> str:
        """From where to where, and the minutes that count, in all where more are added."""
        return f"{self.start} to {self.end}: {_told(self.in_all)}"

    @property
    def on_the_network(self) -> float:
        """The network's own minutes."""
        return float(self.legs["minutes"].sum())

    @property
    def in_all(self) -> float:
        """The minutes that count, with those that the event adds; NaN where the table has none."""
        return float(exactly(self.minutes) + exactly(self.longer)) if self.is_known else float("nan")

    @property
    def is_known(self) -> bool:
        """Whether the table has minutes of the journey."""
        return not pd.isna(self.minutes)

    @property
    def beyond(self) -> str:
        """How many minutes the table has more than the network, or fewer; nothing where it has none."""
        apart = round(self.in_all - self.on_the_network, 1) if self.is_known else 0
        return f"{abs(apart):.1f} minutes {'more' if apart > 0 else 'fewer'}" if apart else ""

    @property
    def map(self) -> Figure:
        """The way on a map of what lies around it."""
        from optimiser.report.export.figures import map_of_way

        return map_of_way(self)

    @property
    def lines(self) -> list[str]:
        """The way in words, beside the minutes that count."""
        counted = f"{self.start} to {self.end}: {_told(self.minutes)} ({self.table})"
        in_all = f", {_told(self.in_all)} in all" if self.is_known else ""
        more = f", and {self.longer:g} more{in_all}: {self.event}" if self.event else ""
        heads = COLUMNS if self.legs[COLUMNS[-1]].any() else COLUMNS[:-1]
        told = self.legs[heads].itertuples(index=False)
        cells = [[*row[:3], *(f"{number:.1f}" for number in row[3:])] for row in told]
        widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
        left = [f"{{:<{width}}}" for width in widths[:3]] + [f"{{:>{width}}}" for width in widths[3:]]
        table = ["  ".join(left).format(*row) for row in (heads, *cells)]
        total = f"The network's own way: {self.legs['km'].sum():.1f} km, {self.on_the_network:.1f} minutes"
        total += f"; the table has {self.beyond}." if self.beyond else "."
        return [f"{counted}{more}.", "", *table, "", f"{total} {ROUNDED}", self.honesty, self.verified]

    @property
    def honesty(self) -> str:
        """What counts, and what the network has to do with it."""
        return f"{HONESTY}. {self.made_of_it}" if self.made_of_it else f"{HONESTY}{NO_MORE}"

    @property
    def record(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "from": self.start,
            "to": self.end,
            "minutes": self.minutes if self.is_known else None,
            "table": self.table,
            "event": self.event,
            "longer": self.longer,
            "made_of_it": self.made_of_it,
            "verified": self.verified,
            "minutes_in_all": self.in_all if self.is_known else None,
            "network": _plain(self.legs).to_dict("records"),
        }

    @property
    def geojson(self) -> str:
        """The way, the usual one and what is shut, in degrees (EPSG:4326): straight lines from junction to junction."""
        import geopandas
        import shapely

        shut = pd.DataFrame({"road": [road for road, _ in self.shut]})
        parts = (("way", self.legs, self.in_all), ("usual way", self.usual, self.minutes), ("shut", shut, None))
        each = [_plain(rows).assign(part=part, minutes_in_all=in_all) for part, rows, in_all in parts if len(rows)]
        frame, said = pd.concat(each), {"table": self.table, "event": self.event, "note": f"{DRAFT} {STRAIGHT}"}
        lines = [*self.points, *self.usual_points, *(line for _, line in self.shut)]
        known = geopandas.GeoDataFrame(
            frame.assign(**said), geometry=[shapely.LineString(points) for points in lines], crs=METRES
        )
        return f"{known.to_crs(DEGREES).to_json(drop_id=True, separators=(',', ':'))}\n"


def _plain(legs: pd.DataFrame) -> pd.DataFrame:
    """Return legs with names of columns that programmes read: none with a space."""
    return legs.rename(columns=lambda name: name.replace(" ", "_"))


def _told(minutes: float) -> str:
    return "no minutes are known" if pd.isna(minutes) else f"{in_full(minutes)} minutes"


def route(config: str | Path, start: str, end: str) -> Route:
    """Return the way from an area or a site to a site, as roads are in a question.

    ``start`` and ``end`` are codes or names, in capital letters or small.

    Raises
    ------
    InputError
        Where they are not known, the place has no network, or the network has no way.
    """
    question = read_question(config)
    place, event = question.place, event_of(question.config.settings.roads)
    sites = dict(zip(place.sites["site"], place.sites["name"], strict=True))
    starts = dict(zip(place.areas["area"], place.areas["name"], strict=True)) | sites
    faults, codes = [], []
    for said, known, table in ((start, starts, "areas.csv and sites.csv"), (end, sites, "sites.csv")):
        codes.append(code_called(said, known) or "")
        if not codes[-1]:
            several = sorted(name for name in known.values() if name.casefold().startswith(said.strip().casefold()))
            hint = (
                f"It may be {listed(several[:NAMED_ALIKE], last_by='or')}. Write all of its name."
                if said.strip() and len(several) > 1
                else did_you_mean(said, [*known, *known.values()], or_else="Give a code or a name that is there.")
            )
            faults.append(Fault(quoted(said), f"is in neither column of codes and names of {table}. {hint}"))
    if absent := lacks_a_network(place):
        words = f"the place has no network of roads. Add {listed(absent)} (docs/roads.md)."
        faults.append(Fault(shown(question.place_folder), words))
    if faults:
        raise InputError(faults)
    return _route(question, event, codes[0], codes[1], {**starts, **sites})


def _route(question: Question, event: Event, start: str, end: str, names: Mapping[str, str]) -> Route:
    place, where = question.place, shown(question.place_folder)
    network = network_of_place(place)
    if off := [f"{names[code]} ({code})" for code in (start, end) if code not in network.ends]:
        raise InputError([Fault(where, f"road_access.csv does not say where {listed(off)} joins the roads. Add it.")])
    way = network.way(start, end, event)
    if way is None:
        words = f"the network has no way from {start} to {end}{f' with {event}' if event else ''}."
        raise InputError([Fault(where, f"{words} Add the links that are missing to road_links.csv, or close less.")])
    table, minutes = _minutes(place, start, end)
    ends = (start, end)
    found = Route(
        f"{names[start]} ({start})",
        f"{names[end]} ({end})",
        _legs(network, place, way, ends, names),
        _lines(network, place, way, ends),
        minutes,
        table,
        made_of_it=made_of_it(question.place_folder, table.removesuffix(".csv")),
        verified=verified(place),
        files=question.problem.files,
    )
    usual = network.way(start, end) if event else None
    if usual is None:
        return found
    return replace(
        found,
        event=str(event),
        longer=float(network.longer([start], [end], event).to_numpy()[0, 0]),
        usual=_legs(network, place, usual, ends, names),
        usual_points=_lines(network, place, usual, ends),
        shut=_shut(network, event),
    )


def _shut(network: Network, event: Event) -> tuple[tuple[str, Line], ...]:
    """Return every link that is shut, by its road: once where it is shut both ways."""
    links = (link for stretch in event.close for link in network.links_of(stretch))
    once = {(frozenset(link[:2]), network.roads.edges[link]["road"]): link for link in links}
    at = {code: (node["easting_m"], node["northing_m"]) for code, node in network.roads.nodes(data=True)}
    return tuple((str(road), (at[u], at[v])) for (_, road), (u, v, _) in once.items())


def _minutes(place: Place, start: str, end: str) -> tuple[str, float]:
    """Return the table in which a journey stands, and its minutes there; NaN where it has none."""
    name, column, to = ("journeys", "area", "site")
    if start in set(place.sites["site"]):
        name, column, to = ("transfers", "from_site", "to_site")
    table = getattr(place, name)
    found = [*table["minutes"][(table[column] == start) & (table[to] == end)]] if len(table) else []
    return f"{name}.csv", float(found[0]) if found else float("nan")


def _stretches(way: Way) -> Iterator[tuple[str, tuple[str, ...], list[Mapping[str, Any]]]]:
    """Yield every stretch of one road, with the junctions that it passes and its links."""
    passed = 0
    for road, links in groupby(way.links, key=lambda link: str(link["road"])):
        some = list(links)
        yield road, way.junctions[passed : passed + len(some) + 1], some
        passed += len(some)


def _legs(network: Network, place: Place, way: Way, ends: tuple[str, str], names: Mapping[str, str]) -> pd.DataFrame:
    access = place.road_access.set_index(["end", "junction"])["km"]
    (start, end), first, last = ends, way.junctions[0], way.junctions[-1]
    there, back = (network.ends[one][at] / THOUSAND for one, at in ((start, first), (end, last)))
    rows = [
        (TO_THE_ROAD, names[start], network.name(first), access[start, first], there, 0.0),
        *(
            (
                road,
                network.name(through[0]),
                network.name(through[-1]),
                round(sum(link["km"] for link in links), PLACES),
                *(sum(link[name] for link in links) / THOUSAND for name in (OPEN, WAITS)),
            )
            for road, through, links in _stretches(way)
        ),
        (FROM_THE_ROAD, network.name(last), names[end], access[end, last], back, 0.0),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _lines(network: Network, place: Place, way: Way, ends: tuple[str, str]) -> tuple[Line, ...]:
    """Return the line of each leg. An end whose coordinates are not known stands where it joins the roads."""
    points = {code: (node["easting_m"], node["northing_m"]) for code, node in network.roads.nodes(data=True)}
    for frame, code in ((place.areas, "area"), (place.sites, "site")):
        known = frame.set_index(code).reindex(columns=["easting_m", "northing_m"]).dropna()
        points |= dict(zip(map(str, known.index), known.itertuples(index=False, name=None), strict=True))
    first, last = way.junctions[0], way.junctions[-1]
    start, end = (points.get(one, points[at]) for one, at in zip(ends, (first, last), strict=True))
    between = (tuple(points[junction] for junction in through) for _, through, _ in _stretches(way))
    return ((start, points[first]), *between, (points[last], end))


def write_new(content: str, path: Path) -> Path:
    """Write what is drawn to a new file. Raises ``NotWritten`` where it cannot be, or there is one already."""
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(content)
    except FileExistsError as error:
        raise NotWritten(f"{path} exists already. Choose another name, or move it away.") from error
    except OSError as error:
        raise NotWritten(f"{path} could not be written: {error.strerror}.") from error
    return path
