"""Which stretches of road lie within an outline, such as that of a flood, as a config says them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs import read_question
from optimiser.inputs.importing.outlines import outlines_on_the_globe
from optimiser.inputs.roads import lacks_a_network, network_of_place
from optimiser.journeys.network import Network
from optimiser.problem.words import listed

METRES = "EPSG:27700"


@dataclass(frozen=True)
class Within:
    """The stretches of a place's roads that some outline touches: one row each, as a config says it, and its km.

    ``unsaid`` are those that no words of a config mean alone, for their road runs through by a shorter link.
    """

    outline: str
    stretches: pd.DataFrame
    unsaid: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The stretches in words, and what to write into a config."""
        straight = "by straight lines from junction to junction"
        if self.stretches.empty and not self.unsaid:
            return [f"No road of the place touches {self.outline}, {straight}."]
        rows = self.stretches.itertuples(index=False, name=None)
        said = [f"{self.outline} touches, {straight}:", *(f"  {stretch}, {km:g} km" for stretch, km in rows)]
        said += [
            f"  {one}: no words of a config mean it alone, for its road has a shorter link." for one in self.unsaid
        ]
        stated = json.dumps(self.stretches["stretch"].tolist(), ensure_ascii=False)
        last = [
            "To shut them, less those that lie elsewhere on the map, write in a config:",
            f"roads: {{close: {stated}}}",
        ]
        return [*said, *(last if len(self.stretches) else [])]

    @property
    def record(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"outline": self.outline, "stretches": self.stretches.to_dict("records"), "unsaid": list(self.unsaid)}


def within(config: str | Path, outline: str | Path) -> Within:
    """Return the stretches of road between neighbouring junctions that an outline touches.

    ``outline`` is a file of polygons: GeoJSON, GeoPackage or a shapefile.

    Raises
    ------
    InputError
        Where the file cannot be read or has no polygon, or the place has no network.
    """
    question, path = read_question(config), Path(outline)
    if absent := lacks_a_network(question.place):
        words = f"the place has no network of roads. Add {listed(absent)} (docs/roads.md)."
        raise InputError([Fault(shown(question.place_folder), words)])
    network = network_of_place(question.place)
    rows = sorted(_touched(network, _area_of(path)))
    said = [(stretch, km) for stretch, km, alone in rows if alone]
    unsaid = tuple(stretch for stretch, _, alone in rows if not alone)
    return Within(shown(path), pd.DataFrame(said, columns=["stretch", "km"]), unsaid)


def _area_of(path: Path) -> Any:
    """Return the polygons of a file as one, in metres on the grid."""
    frame = outlines_on_the_globe(path).to_crs(METRES)
    polygons = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])]
    if polygons.empty:
        raise InputError([Fault(shown(path), "it has no polygon. Draw one around what is shut.")])
    return polygons.make_valid().union_all()


def _touched(network: Network, area: Any) -> Iterator[tuple[str, float, bool]]:
    """Yield each stretch that an area touches, both ways of it as one, its km, and whether its words mean it alone."""
    import shapely

    roads, seen = network.roads, set[tuple[str, frozenset[str]]]()
    for start, end, edge in roads.edges(data=True):
        road = str(edge["road"] or edge["name"])
        key = (road, frozenset((start, end)))
        points = [(roads.nodes[one]["easting_m"], roads.nodes[one]["northing_m"]) for one in (start, end)]
        if key in seen or not area.intersects(shapely.LineString(points)):
            continue
        seen.add(key)
        stretch, alone = _said(network, road, start, end)
        yield stretch, float(edge["km"]), alone


def _said(network: Network, road: str, start: str, end: str) -> tuple[str, bool]:
    """Return a stretch in the words of a config, by names of junctions or by codes, and whether they mean it alone."""
    for first, last in ((network.name(start), network.name(end)), (start, end)):
        words = f"{road} between {first} and {last}"
        try:
            links = network.links_of(words)
        except ValueError:
            continue
        if {frozenset(link[:2]) for link in links} == {frozenset((start, end))}:
            return words, True
    return f"{road} between {network.name(start)} and {network.name(end)}", False
