"""How much longer journeys take when roads are shut or slow, worked out from the tables of the network and the config.

From each site a plain search runs against the direction of travel, once on the roads as they are and once as the config
says they are. Times are whole thousandths of a minute, what is longer is told in tenths; both round halves to the even.
"""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

Cells = Mapping[str, Any]
Steps = Mapping[str, Sequence[tuple[str, int]]]
A_MINUTE_AN_HOUR, A_TENTH = 60_000, 100


class Way(NamedTuple):
    """A link one way."""

    start: str
    end: str
    called: frozenset[str]
    km: Decimal
    kmh: Decimal


def tenths_longer(
    pairs: Collection[tuple[str, str]],
    closed: Collection[str],
    slowed: Mapping[str, Fraction],
    junctions: Sequence[Cells],
    links: Sequence[Cells],
    speeds: Sequence[Cells],
    access: Sequence[Cells],
) -> dict[tuple[str, str], int]:
    """Return by how many tenths of a minute each journey is longer; pairs for which it is not are left out.

    Raises ``ValueError`` where a stretch is not understood, or where there is no way.
    """
    names = {row["junction"]: row["name"].casefold() for row in junctions}
    kmh = {row["class"]: row["kmh"] for row in speeds}
    ways = list(each_way(links, kmh))
    shut = {number for stretch in closed for number in stretch_of(stretch, ways, names)}
    slow: dict[int, Fraction] = {}
    for stretch, times in slowed.items():
        for number in stretch_of(stretch, ways, names):
            slow[number] = max(times, slow.get(number, Fraction(1)))
    before = [(way, thousandths(way.km, way.kmh, Fraction(1))) for way in ways]
    after = [
        (way, thousandths(way.km, way.kmh, slow.get(n, Fraction(1)))) for n, way in enumerate(ways) if n not in shut
    ]
    ends: dict[str, dict[str, int]] = defaultdict(dict)
    for row in access:
        ends[row["end"]][row["junction"]] = thousandths(row["km"], kmh["access"], Fraction(1))
    found: dict[tuple[str, str], int] = {}
    for site in sorted({site for _, site in pairs}):
        open_times, event_times = (times_to(ends[site], roads) for roads in (backwards(before), backwards(after)))
        for start in (start for start, to in pairs if to == site):
            usual, now = (least(ends[start], times) for times in (open_times, event_times))
            if usual is None or now is None:
                raise ValueError(f"leaves no way from {start} to {site}")
            if tenths := round(Fraction(now - usual, A_TENTH)):
                found[start, site] = tenths
    return found


def each_way(links: Sequence[Cells], kmh: Mapping[str, Decimal]) -> Iterator[Way]:
    """Yield every link, once for each way that one may drive."""
    for row in links:
        called = frozenset(name.casefold() for name in (row["road"], row.get("name") or "") if name)
        there, back = row["from_junction"], row["to_junction"]
        yield Way(there, back, called, row["km"], kmh[row["class"]])
        if not row.get("one_way"):
            yield Way(back, there, called, row["km"], kmh[row["class"]])


def thousandths(km: Decimal, kmh: Decimal, times: Fraction) -> int:
    """Return how many thousandths of a minute a way takes."""
    return round(Fraction(km) * A_MINUTE_AN_HOUR * times / Fraction(kmh))


def backwards(roads: Sequence[tuple[Way, int]]) -> Steps:
    """Return, by the end of each way, where it starts and how long it takes."""
    steps: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for way, long in roads:
        steps[way.end].append((way.start, long))
    return steps


def times_to(ends: Mapping[str, int], steps: Steps) -> dict[str, int]:
    """Return how long it takes from each place, by Dijkstra's search from the ends."""
    found: dict[str, int] = {}
    waiting = [(time, place) for place, time in ends.items()]
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
    out, back = times_to({start: 0}, lines), times_to({end: 0}, lines)
    if end not in out:
        raise ValueError(f"has no road through from {start} to {end}")
    found = set()
    for number in own:
        one, other = ways[number].start, ways[number].end
        for first, second in ((one, other), (other, one)) if both else ((one, other),):
            if first in out and second in back and out[first] + length[number] + back[second] == out[end]:
                found.add(number)
    return found
