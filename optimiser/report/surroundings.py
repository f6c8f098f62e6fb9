"""What maps show around the areas, where the place has it: land and water, towns, main roads, and room for names.

All is in metres on the British National Grid, as the tables are. What a table does not have is not drawn.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
import shapely

from optimiser.inputs.boundaries import BEYOND

ON_THE_GRID = ["easting_m", "northing_m"]
# Land that ends so many metres within a frame is known up to there: its corners were made fewer.
AS_FAR = 500
# A road is drawn that can be driven at such a speed for so long.
FAST_KMH, FAST_KM = 80, 5
# Of how many towns and roads room is looked for, and how many towns come before roads.
MOST_NAMED, FIRST_NAMED = 80, 12
# How many towns elsewhere are named at most, and how many lines of free room each needs around it.
MOST_ELSEWHERE, APART = 10, 2.5
# So near to where residents live a town is among them, in metres: by outlines, and by the middles of areas.
NEAR_OUTLINE, NEAR_MIDDLE = 300, 3_000
# The sides of its point on which a name may stand: by how much it is moved, and which of its ends stands there.
SIDES = ((1, "start"), (-1, "end"), (0, "middle"))

Points = np.ndarray
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Town:
    """A town, in metres, and how many people live there."""

    name: str
    x: float
    y: float
    inhabitants: float


@dataclass(frozen=True)
class Road:
    """A road, as the straight lines between its junctions: links × 2 ends × 2 metres."""

    name: str
    lines: Points


@dataclass(frozen=True)
class Surroundings:
    """What lies around: ``land`` as closed outlines, ``towns`` from the most people, ``roads`` from the longest."""

    files: Mapping[str, bytes]

    @cached_property
    def land(self) -> list[Points]:
        """The outline of each piece of land, closed."""
        corners = self._table("land", [], ["part", "order", *ON_THE_GRID])
        parts = (rows.sort_values("order")[ON_THE_GRID].to_numpy(float) for _, rows in corners.groupby("part"))
        return [np.vstack([ring, ring[:1]]) for ring in parts if len(ring) > 2]

    @cached_property
    def towns(self) -> list[Town]:
        """Towns, from that of the most people."""
        rows = self._table("towns", ["town"], [*ON_THE_GRID, "inhabitants"]).sort_values(
            "inhabitants", ascending=False, kind="stable"
        )
        return [
            Town(str(name), *numbers)
            for name, *numbers in zip(
                rows["town"], *(rows[name] for name in (*ON_THE_GRID, "inhabitants")), strict=True
            )
        ]

    @cached_property
    def roads(self) -> list[Road]:
        """Roads that are fast for long enough, from the one that is fast for longest."""
        links = self._table("road_links", ["from_junction", "to_junction", "road", "class"], ["km"])
        junctions = self._table("road_junctions", ["junction"], ON_THE_GRID)
        speeds = self._table("road_speeds", ["class"], ["kmh"])
        at = junctions.drop_duplicates("junction").set_index("junction")[ON_THE_GRID]
        links = links[links["from_junction"].isin(at.index) & links["to_junction"].isin(at.index)]
        fast = links["class"].map(speeds.drop_duplicates("class").set_index("class")["kmh"]) >= FAST_KMH
        of_road = (links["km"] * fast).groupby(links["road"]).sum().sort_values(ascending=False, kind="stable")
        found = []
        for name in of_road.index[of_road >= FAST_KM]:
            own = links[links["road"] == name]
            ends = [at.loc[own[end]].to_numpy(float) for end in ("from_junction", "to_junction")]
            found.append(Road(str(name), np.stack(ends, axis=1)))
        return found

    def towns_of(self, residents: Points) -> Iterator[tuple[Town, bool]]:
        """Yield every town and whether residents live there, by their areas' outlines or middles."""
        if not self.towns:
            return
        near = NEAR_MIDDLE if shapely.get_type_id(residents[:1]).tolist() == [0] else NEAR_OUTLINE
        tree = shapely.STRtree(residents)
        where = shapely.points([(town.x, town.y) for town in self.towns])
        among = set(tree.query(where, predicate="dwithin", distance=near)[0].tolist())
        yield from ((town, number in among) for number, town in enumerate(self.towns))

    def areas_of_towns(self, areas: Points) -> Iterator[tuple[str, int]]:
        """Yield the name of every town and which of some areas it lies in or by; -1 where it is in none of them."""
        tree = shapely.STRtree(areas)
        near = NEAR_MIDDLE if shapely.get_type_id(areas[:1]).tolist() == [0] else NEAR_OUTLINE
        for town in self.towns:
            point = shapely.Point(town.x, town.y)
            found = tree.query(point, predicate="dwithin", distance=near)
            yield town.name, int(min(found, key=lambda one: shapely.distance(areas[one], point), default=-1))

    def around(self, frame: Points) -> bool:
        """Return whether land is known all around a frame, so that what is no land in it is water."""
        low, high = frame[:2] - self.bounds[:2], self.bounds[2:] - frame[2:]
        return bool(self.land) and bool(min(*low, *high) >= -AS_FAR)

    def beyond(self, frame: Points) -> Points:
        """Return a frame grown on every side, as far as land is known; as it is where it is not known all around."""
        if not self.around(frame):
            return frame
        room = BEYOND * max(frame[2] - frame[0], frame[3] - frame[1])
        return np.array(
            [*np.maximum(frame[:2] - room, self.bounds[:2]), *np.minimum(frame[2:] + room, self.bounds[2:])]
        )

    @cached_property
    def bounds(self) -> Points:
        """West, south, east and north of the land that is known."""
        corners = np.vstack([*self.land, np.zeros((int(not self.land), 2))])
        return np.array([*corners.min(axis=0), *corners.max(axis=0)])

    def _table(self, name: str, texts: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
        """Return the rows of a table whose numbers are all there; none where the place has no such table."""
        content = self.files.get(f"inputs/{name}.csv", b"-")
        frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False).reindex(columns=[*texts, *numbers])
        frame[list(numbers)] = (
            frame[list(numbers)].apply(pd.to_numeric, errors="coerce").replace([np.inf, -np.inf], np.nan)
        )
        return frame.dropna()


@dataclass(frozen=True)
class Label:
    """A name on a map: where it stands, which end of it stands there, and whether there is room for it large, too.

    ``point`` is what it names, where that is a point, and ``inside`` whether that lies among the areas of residents.
    """

    words: str
    x: float
    y: float
    anchor: str = "middle"
    kind: str = "town"
    large: bool = False
    inside: bool = True
    point: tuple[float, float] | None = None


@dataclass
class Room:
    """What is free of a drawing from left and top to right and bottom; how wide a letter and how high a line is."""

    frame: Box
    letter: float
    line: float
    taken: list[Box] = field(default_factory=list)

    def box(self, label: Label) -> Box:
        """Return what a name covers."""
        wide = len(label.words) * self.letter
        left = label.x - {"start": 0, "middle": wide / 2, "end": wide}[label.anchor]
        return left, label.y - 0.8 * self.line, left + wide, label.y + 0.3 * self.line

    def take(self, label: Label) -> bool:
        """Take the room of a name, if it is free, and say whether it was."""
        box = self.box(label)
        left, top, right, bottom = self.frame
        if box[0] < left or box[1] < top or box[2] > right or box[3] > bottom:
            return False
        if _is_over(box, self.taken, 0.18 * self.line if label.inside else APART * self.line):
            return False
        self.taken.append(box)
        return True

    def beside(self, label: Label) -> Label | None:
        """Return a name to the right, to the left, above or below its point, where there is room; None if nowhere."""
        for side, anchor in SIDES:
            rows = (0.35, 0.9, -0.2) if side else (-0.6, 1.2)
            for row in rows:
                moved = replace(label, x=label.x + side * self.line / 2, y=label.y + row * self.line, anchor=anchor)
                if self.take(moved):
                    return moved
        return None


def _is_over(box: Box, taken: Iterable[Box], apart: float) -> bool:
    """Return whether a box lies over one of some others, or nearer to it than so many units."""
    left, top, right, bottom = box[0] - apart, box[1] - apart, box[2] + apart, box[3] + apart
    return any(left < r and ll < right and top < b and t < bottom for ll, t, r, b in taken)


def named(room: Room, towns: Iterable[Label], roads: Iterable[tuple[str, Points]]) -> Iterator[Label]:
    """Yield the names for which there is room: towns in order, then each road once, where it is nearest to the middle.

    A road's lines are links × 2 ends × 2 units.
    """
    elsewhere = 0
    for town in towns:
        if (town.inside or elsewhere < MOST_ELSEWHERE) and (found := room.beside(town)):
            elsewhere += not found.inside
            yield found
    for name, lines in roads:
        places = np.vstack([lines[:, 0] + part * (lines[:, 1] - lines[:, 0]) for part in (0.5, 0.3, 0.7)])
        far = np.hypot(*(places - np.array(room.frame).reshape(2, 2).mean(axis=0)).T)
        for x, y in places[np.argsort(far, kind="stable")].tolist():
            label = Label(name, x, y + 0.35 * room.line, kind="road")
            if room.take(label):
                yield label
                break


def in_order(room: Room, towns: Sequence[Label], roads: Sequence[tuple[str, Points]]) -> Iterator[Label]:
    """Yield the names for which there is room: of the first towns where residents live, of roads, and of all the rest.

    What is taken already stands in ``room``.
    """
    some = sorted(towns, key=lambda one: not one.inside)[:MOST_NAMED]
    yield from named(room, some[:FIRST_NAMED], roads[:MOST_NAMED])
    yield from named(room, some[FIRST_NAMED:], ())
