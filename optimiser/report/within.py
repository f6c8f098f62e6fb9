"""Which stretches of road lie within an outline, such as that of a flood, as a config says them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs import read_question
from optimiser.inputs.importing import Wishes
from optimiser.inputs.importing.outlines import outlines_on_the_globe
from optimiser.inputs.roads import lacks_a_network, network_of_place
from optimiser.journeys.network import Network
from optimiser.problem.words import listed

METRES, METRES_A_KM = "EPSG:27700", 1000
# So far from every road an outline is perhaps not where it was meant to be.
FAR_KM = 20.0


@dataclass(frozen=True)
class Within:
    """The stretches of a place's roads that some outline touches: one row each, as a config says it, and its km.

    ``unsaid`` are those that no words of a config mean alone, for their road runs through by a shorter link.
    ``nearest`` is the road nearest to the outlines, and ``km`` how far off it is by a straight line.
    """

    outline: str
    stretches: pd.DataFrame
    unsaid: tuple[str, ...] = ()
    nearest: str = ""
    km: float = 0.0

    @property
    def lines(self) -> list[str]:
        """The stretches in words, and what to write into a config."""
        straight = "by straight lines from junction to junction"
        if self.stretches.empty and not self.unsaid:
            near = f"the nearest, {self.nearest}, is {self.km:,.1f} km away"
            doubt = " Is it drawn where you meant?" if self.km > FAR_KM else ""
            return [f"No road of the place touches {self.outline}, {straight}: {near}.{doubt}"]
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
        return {
            "outline": self.outline,
            "stretches": self.stretches.to_dict("records"),
            "unsaid": list(self.unsaid),
            "nearest": self.nearest,
            "km": round(self.km, 1),
        }


def within(config: str | Path, outline: str | Path, *, crs: str | None = None, layer: str | None = None) -> Within:
    """Return the stretches of road between neighbouring junctions that an outline touches.

    ``outline`` is a file of polygons: GeoJSON, GeoPackage or a shapefile. ``crs`` is its coordinate system, where it
    does not say that itself, and ``layer`` which of its layers is meant, where it has several.

    Raises
    ------
    InputError
        Where the file cannot be read or has no polygon, lies where it does by swapped coordinates alone, or the place
        has no network.
    """
    import shapely

    question, path = read_question(config), Path(outline)
    if absent := lacks_a_network(question.place):
        words = f"the place has no network of roads. Add {listed(absent)} (docs/roads.md)."
        raise InputError([Fault(shown(question.place_folder), words)])
    network = network_of_place(question.place)
    links = list(_links(network))
    lines = [line for *_, line in links]
    area = _area_of(path, Wishes(crs=crs, sheet=layer), shapely.box(*shapely.total_bounds(lines)))
    rows = sorted((*_said(network, *link), km) for *link, km, line in links if area.intersects(line))
    table = pd.DataFrame([(said, km) for said, alone, km in rows if alone], columns=["stretch", "km"])
    apart = shapely.distance(lines, area) / METRES_A_KM
    nearest = int(np.argmin(apart))
    unsaid = tuple(said for said, alone, _ in rows if not alone)
    return Within(shown(path), table, unsaid, links[nearest][0], float(apart[nearest]))


def _area_of(path: Path, wishes: Wishes, roads: Any) -> Any:
    """Return the polygons of a file as one, in metres on the grid.

    Refused are those that lie by the ``roads`` only where latitude and longitude are swapped.
    """
    import geopandas
    import shapely

    frame = outlines_on_the_globe(path, wishes)
    polygons = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])]
    if polygons.empty:
        raise InputError([Fault(shown(path), "it has no polygon. Draw one around what is shut.")])
    around = geopandas.GeoSeries([roads], crs=METRES).to_crs(polygons.crs).array[0]
    turned = shapely.transform(polygons.geometry.values, lambda points: points[:, ::-1])
    if not polygons.intersects(around).any() and shapely.intersects(turned, around).any():
        words = "latitude and longitude look swapped: turned round, it lies where the place's roads are"
        raise InputError([Fault(shown(path), f"{words}. Write longitude first.")])
    on_the_grid = polygons.to_crs(METRES)
    if not np.isfinite(on_the_grid.total_bounds).all():
        raise InputError([Fault(shown(path), "it lies in another part of the world. Correct its coordinates.")])
    return on_the_grid.make_valid().union_all()


def _links(network: Network) -> Iterator[tuple[str, str, str, float, Any]]:
    """Yield each link, both ways of it as one: its road, its ends, its km and the straight line between them."""
    import shapely

    roads, seen = network.roads, set[tuple[str, frozenset[str]]]()
    for start, end, edge in roads.edges(data=True):
        road = str(edge["road"] or edge["name"])
        if (key := (road, frozenset((start, end)))) not in seen:
            seen.add(key)
            points = [(roads.nodes[one]["easting_m"], roads.nodes[one]["northing_m"]) for one in (start, end)]
            yield road, start, end, float(edge["km"]), shapely.LineString(points)


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
