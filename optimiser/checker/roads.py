"""How much longer journeys take when roads are shut or slow, and how long to a site that is added, by the network.

From each site a plain search runs against the direction of travel, from link to link, so that turns take their time;
once on the roads as they are and once as the config says they are. Times are whole thousandths of a minute, what is
longer is told in tenths; both round halves to the even.
"""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from typing import Any, NamedTuple

Cells = Mapping[str, Any]
# From, at and to a junction, or from or to any (None), and the thousandths of a minute; None where it is forbidden.
Turns = Mapping[tuple[str | None, str, str | None], int | None]
A_MINUTE_AN_HOUR, A_SECOND, A_TENTH = 60_000, Fraction(1000, 60), 100
FORBIDDEN = "forbidden"
# A site that is added joins the nearest three, of the twelve nearest, to which no water lies in between.
JOINED, LOOKED_AT = 3, 12
Point = tuple[Fraction, Fraction]


class Way(NamedTuple):
    """A link one way."""

    start: str
    end: str
    called: frozenset[str]
    km: Decimal
    kmh: Decimal
    kind: str


class Backwards(NamedTuple):
    """Links by number, against the direction of travel.

    ``last`` are, by junction, the links into it, each with how long it takes; ``steps`` are, by link, those from which
    one may turn into it, each with how long it and the turn take; ``starts`` is where each begins.
    """

    last: Mapping[str, Sequence[tuple[int, int]]]
    steps: Mapping[int, Sequence[tuple[int, int]]]
    starts: Sequence[str]


def tenths_longer(
    pairs: Collection[tuple[str, str]],
    closed: Collection[str],
    slowed: Mapping[str, Fraction],
    hour: Fraction | None,
    rows: Mapping[str, Sequence[Cells]],
) -> dict[tuple[str, str], int]:
    """Return by how many tenths of a minute each journey is longer; pairs for which it is not are left out.

    ``rows`` are those of every table of the network, by what it has. Raises ``ValueError`` where a stretch is not
    understood, or where there is no way.
    """
    names = {row["junction"]: row["name"].casefold() for row in rows["junctions"]}
    kmh = {row["class"]: row["kmh"] for row in rows["speeds"]}
    ways, turns = list(each_way(rows["links"], kmh)), turns_of(rows)
    shut = {number for stretch in closed for number in stretch_of(stretch, ways, names)}
    slow: dict[int, Fraction] = {}
    for stretch, times in slowed.items():
        for number in stretch_of(stretch, ways, names):
            slow[number] = max(times, slow.get(number, Fraction(1)))
    for number, times in in_an_hour(hour, ways, names, rows["hours"]):
        slow[number] = max(times, slow.get(number, Fraction(1)))
    before = [(way, thousandths(way.km, way.kmh, Fraction(1))) for way in ways]
    after = [
        (way, thousandths(way.km, way.kmh, slow.get(n, Fraction(1)))) for n, way in enumerate(ways) if n not in shut
    ]
    ends = ways_to_the_roads(rows["access"], kmh)
    usual_steps, event_steps = (backwards(roads, turns) for roads in (before, after))
    found: dict[tuple[str, str], int] = {}
    for site in sorted({site for _, site in pairs}):
        open_times, event_times = (times_to(ends[site], steps) for steps in (usual_steps, event_steps))
        for start in (start for start, to in pairs if to == site):
            usual, now = (least(ends[start], times) for times in (open_times, event_times))
            if usual is None or now is None:
                raise ValueError(f"leaves no way from {start} to {site}")
            if tenths := round(Fraction(now - usual, A_TENTH)):
                found[start, site] = tenths
    return found


def ways_to_the_roads(access: Sequence[Cells], kmh: Mapping[str, Decimal]) -> Mapping[str, dict[str, int]]:
    """Return the thousandths of a minute to each junction that an area or a site joins, by its code."""
    ends: dict[str, dict[str, int]] = defaultdict(dict)
    for row in access:
        ends[row["end"]][row["junction"]] = thousandths(row["km"], kmh["access"], Fraction(1))
    return ends


class Network:
    """The roads as they are, and how long it takes on them in thousandths of a minute."""

    def __init__(self, rows: Mapping[str, Sequence[Cells]]) -> None:
        kmh = {row["class"]: row["kmh"] for row in rows["speeds"]}
        self.rows, self.kmh, self.known = rows, kmh, dict[str, dict[str, int]]()
        self.joined: list[Cells] = []
        self.ends = ways_to_the_roads(rows["access"], kmh)
        self.steps = backwards(
            [(way, thousandths(way.km, way.kmh, Fraction(1))) for way in each_way(rows["links"], kmh)], turns_of(rows)
        )

    def join(self, end: str, here: Point) -> None:
        """Have a site join the roads, and keep the rows that road_access.csv would have of it."""
        waters: dict[str, list[tuple[int, Point]]] = defaultdict(list)
        for row in self.rows["waters"]:
            waters[row["water"]].append((int(row["order"]), at(row)))
        banks = [pair for one in waters.values() for pair in pairwise([point for _, point in sorted(one)])]
        near = sorted((square(here, at(row)), row["junction"], at(row)) for row in self.rows["junctions"])[:LOOKED_AT]
        dry = [one for one in near if not any(touch(here, one[2], *bank) for bank in banks)]
        # Of the straight line times 1.3, the nearest metre.
        metres = {
            code: (isqrt(4 * 169 * apart.numerator // (100 * apart.denominator)) + 1) // 2 for apart, code, _ in dry
        }
        found: list[Cells] = [
            {"end": end, "junction": code, "km": Decimal(one) / 1000} for code, one in [*metres.items()][:JOINED]
        ]
        if not found:
            raise ValueError(f"adds {end}, which reaches no junction")
        self.ends = {**self.ends, **ways_to_the_roads(found, self.kmh)}
        self.joined += found

    def far(self, start: str, end: str) -> int | None:
        """Return how long it takes from one to another; nothing where there is no way."""
        if end not in self.known:
            self.known[end] = times_to(self.ends.get(end, {}), self.steps)
        return least(self.ends.get(start, {}), self.known[end])


def at(row: Cells) -> Point:
    """Return where a point of a table is; ``ValueError`` where it does not say."""
    if row.get("easting_m") is None or row.get("northing_m") is None:
        raise ValueError("estimates journeys by roads, and it is not known where a junction is")
    return Fraction(row["easting_m"]), Fraction(row["northing_m"])


def square(one: Point, other: Point) -> Fraction:
    """Return the square of how far two points are apart."""
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2


def touch(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the straight line from one point to another meets that between two others."""

    def side(p: Point, q: Point, r: Point) -> int:
        turn = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        return (turn > 0) - (turn < 0)

    def within(p: Point, q: Point, r: Point) -> bool:
        return all(min(u, v) <= w <= max(u, v) for u, v, w in zip(p, q, r, strict=True))

    if side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b):
        return True
    lies_on = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(side(*one) == 0 and within(*one) for one in lies_on)


def each_way(links: Sequence[Cells], kmh: Mapping[str, Decimal]) -> Iterator[Way]:
    """Yield every link, once for each way that one may drive."""
    for row in links:
        called = frozenset(name.casefold() for name in (row["road"], row.get("name") or "") if name)
        there, back = row["from_junction"], row["to_junction"]
        how = (called, row["km"], kmh[row["class"]], row["class"])
        yield Way(there, back, *how)
        if not row.get("one_way"):
            yield Way(back, there, *how)


def thousandths(km: Decimal, kmh: Decimal, times: Fraction) -> int:
    """Return how many thousandths of a minute a way takes."""
    return round(Fraction(km) * A_MINUTE_AN_HOUR * times / Fraction(kmh))


def in_an_hour(
    hour: Fraction | None, ways: Sequence[Way], names: Mapping[str, str], rows: Sequence[Cells]
) -> Iterator[tuple[int, Fraction]]:
    """Yield the ways that are slow at an hour, and how many times as long each takes; of one there may be several."""
    for row in rows if hour is not None else ():
        start, end = row["from_hour"], row["to_hour"]
        if (start <= hour < end) if start < end else not end <= hour < start:
            road, kind = row.get("road"), row.get("class")
            some = stretch_of(road, ways, names) if road else {n for n, way in enumerate(ways) if way.kind == kind}
            yield from ((number, Fraction(row["times"])) for number in some)


def turns_of(rows: Mapping[str, Sequence[Cells]]) -> Turns:
    """Return what each turn takes, all that is said of one together. Raises ``ValueError`` where nobody says it."""
    kinds = {row["turn"]: round(Fraction(row["seconds"]) * A_SECOND) for row in rows["delays"]}
    found: dict[tuple[str | None, str, str | None], int | None] = {}
    for row in rows["turns"]:
        turn = (row.get("from_junction") or None, row["junction"], row.get("to_junction") or None)
        if row["turn"] not in (FORBIDDEN, *kinds):
            raise ValueError(f"has turns of the kind {row['turn']}, of which it is not said how long they take")
        before = found.get(turn, 0)
        found[turn] = None if row["turn"] == FORBIDDEN or before is None else before + kinds[row["turn"]]
    return found


def turning(turns: Turns, start: str, at: str, end: str) -> int | None:
    """Return how long it takes to pass a junction; None where that is forbidden."""
    every = [turns.get((a, at, b), 0) for a in (start, None) for b in (end, None)]
    known = [long for long in every if long is not None]
    return sum(known) if len(known) == len(every) else None


def backwards(roads: Sequence[tuple[Way, int]], turns: Turns) -> Backwards:
    """Return the roads for a search against the direction of travel, from link to link."""
    into: dict[str, list[int]] = defaultdict(list)
    for number, (way, _) in enumerate(roads):
        into[way.end].append(number)
    steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, (way, _) in enumerate(roads):
        for other in into[way.start]:
            before, long = roads[other]
            if (turn := turning(turns, before.start, way.start, way.end)) is not None:
                steps[number].append((other, long + turn))
    last = {place: [(number, roads[number][1]) for number in numbers] for place, numbers in into.items()}
    return Backwards(last, steps, [way.start for way, _ in roads])


def times_to(ends: Mapping[str, int], roads: Backwards) -> dict[str, int]:
    """Return how long it takes for those who begin at each junction: who is at an end has only to leave the roads."""
    first = [(time + long, number) for place, time in ends.items() for number, long in roads.last.get(place, ())]
    found = dict(ends)
    for number, time in searched(first, roads.steps).items():
        place = roads.starts[number]
        found[place] = min(time, found.get(place, time))
    return found


def searched(waiting: list[tuple[int, Any]], steps: Mapping[Any, Sequence[tuple[Any, int]]]) -> dict[Any, int]:
    """Return the least time to every place from those that wait with one, by Dijkstra's search."""
    found: dict[Any, int] = {}
    heapq.heapify(waiting)
    while waiting:
        time, place = heapq.heappop(waiting)
        if place not in found:
            found[place] = time
            for other, long in steps.get(place, ()):
                if other not in found:
                    heapq.heappush(waiting, (time + long, other))
    return found


def least(starts: Mapping[str, int], times: Mapping[str, int]) -> int | None:
    """Return the least time from where one joins the roads; nothing where there is no way."""
    return min((access + times[place] for place, access in starts.items() if place in times), default=None)


def stretch_of(words: str, ways: Sequence[Way], names: Mapping[str, str]) -> set[int]:
    """Return the numbers of the ways of a stretch, such as ``A1 between Here and There``, or ``from`` one ``to`` it."""
    parted = re.fullmatch(r"(.*?) (between|from) (.*)", words)
    if parted and words.find(" between ") >= 0 and parted[2] == "from":
        parted = re.fullmatch(r"(.*?) (between) (.*)", words)
    road = (parted[1] if parted else words).strip().casefold()
    own = [number for number, way in enumerate(ways) if road in way.called]
    if not own:
        raise ValueError(f'has no road called "{road}"')
    if parted is None:
        return set(own)
    there = {place for number in own for place in (ways[number].start, ways[number].end)}
    joint = " and " if parted[2] == "between" else " to "
    for cut in re.finditer(f"(?={joint})", parted[3]):
        start, end = (
            meant(said, there, names) for said in (parted[3][: cut.start()], parted[3][cut.start() + len(joint) :])
        )
        if start == end and start is not None:
            raise ValueError(f'names one junction twice in "{words}"')
        if start and end:
            return along(start, end, own, ways, both=parted[2] == "between")
    raise ValueError(f'has no two junctions of which "{words}" speaks')


def meant(said: str, there: Collection[str], names: Mapping[str, str]) -> str | None:
    """Return the only junction that words can mean: of this code or name, or else one that has them from a word on."""
    said = said.strip().casefold()
    just = [place for place in there if said in (place.casefold(), names[place])]
    found = just or [place for place in there if said and re.search(rf"(^| ){re.escape(said)}", names[place])]
    return found[0] if len(found) == 1 else None


def along(start: str, end: str, own: Sequence[int], ways: Sequence[Way], *, both: bool) -> set[int]:
    """Return the ways on the shortest line along a road between two junctions, driven from the first or either way."""
    lines: dict[str, list[tuple[str, int]]] = defaultdict(list)
    length = {number: int(ways[number].km * 10**6) for number in own}
    for number in own:
        way = ways[number]
        lines[way.start].append((way.end, length[number]))
        lines[way.end].append((way.start, length[number]))
    out, back = searched([(0, start)], lines), searched([(0, end)], lines)
    if end not in out:
        raise ValueError(f"has no road through from {start} to {end}")
    found = set()
    for number in own:
        one, other = ways[number].start, ways[number].end
        for first, second in ((one, other), (other, one)) if both else ((one, other),):
            if first in out and second in back and out[first] + length[number] + back[second] == out[end]:
                found.add(number)
    return found
