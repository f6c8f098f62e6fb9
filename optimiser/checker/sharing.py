"""Patients who are shared out, again from the words: complete, within the limits, and no way round that is shorter.

journeys.csv says who goes where. That no other way within the limits is better is seen without searching for one:
if there were, some patients could be moved round a ring of sites, or from a site with more than its least to one with
less than its most, for fewer minutes. So it is enough to look at the cheapest move from every site to every other.

Of sites of which no table says who goes where, patients are shared out here: from everybody at the nearest they are
moved round such rings until none is better. Better is, in this order: fewer patients beyond limits that stand; fewer
beyond limits that give way in part; then what settles every sharing. Each of these grows the faster the further one
goes, so where no ring is better no way is.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from operator import add
from typing import NamedTuple

from optimiser.checker.reading import Breach, Number, nearly, shown
from optimiser.checker.run import LEAVES, MICRO, PULLED, Run, Stream, beds_for, busy_beds

# Minutes, minutes of residents, and number of the stream times place of the site: each counts before the next.
# Streams are numbered by area; of one area, those who go by what is designated come before those who are pulled.
Cost = tuple[int, ...]
NOTHING: Cost = (0, 0, 0)
# Surplus of any site, where it may be given up or taken on.
ANYWHERE = ""
MOST_SITES = 8

MINIMUM, MAXIMUM, BEDS = "every_site_has_enough_patients", "no_site_has_too_many_patients", "beds_are_enough"
FIGURES = {MINIMUM: "minimum_patients", MAXIMUM: "maximum_patients"}
# A rule with the service and the site whose it is.
Limited = tuple[str, tuple[str, ...]]
Way = tuple[str, str]


class Giving(NamedTuple):
    """Limits that give way: left out, as if nobody had stated them, or in part, kept to as far as others leave room."""

    left_out: frozenset[Limited] = frozenset()
    in_part: frozenset[Limited] = frozenset()

    def among(self, limits: Collection[Limited]) -> Giving:
        """Return those of some limits that give way."""
        return Giving(self.left_out.intersection(limits), self.in_part.intersection(limits))


ALL_STAND = Giving()


class Bound(NamedTuple):
    """How many patients a site should have at most, or at least; and whether that stands or gives way in part."""

    number: Fraction
    at_most: bool
    stands: bool

    def missed(self, volume: Fraction) -> Fraction:
        """Return how many patients too many, or too few, there are."""
        return max(Fraction(0), volume - self.number if self.at_most else self.number - volume)


class Limits(NamedTuple):
    """The fewest and the most patients that a site should have; ``None`` where there is no most."""

    least: Fraction
    most: Fraction | None


class Move(NamedTuple):
    """What it costs to move one patient from one site to another, and whose it would be."""

    cost: Cost
    whose: Stream | None = None


class Beside(NamedTuple):
    """What the plan's sites come to when everybody goes to the nearest: residents' minutes, and patients at each."""

    mean: Number | None
    worst: Number
    total: Number
    at: Mapping[str, Fraction]


def shared_out(run: Run) -> list[str]:
    """Return the services whose patients are shared out."""
    return [service for service in run.services_with_patients if run.question.services[service].managed]


def open_sites(run: Run, service: str) -> list[str]:
    """Return the sites that take a service's patients: candidates before neighbours, each by code."""
    return run.sites_of(service) + run.neighbours(service)


def limits_of(run: Run, service: str) -> dict[str, Limits]:
    """Return the limits of every open site; a neighbour has none."""
    found: dict[str, Limits] = {}
    for site, bounds in _bounds(run, service, ALL_STAND).items():
        mosts = [bound.number for bound in bounds if bound.at_most]
        leasts = [bound.number for bound in bounds if not bound.at_most]
        found[site] = Limits(max(leasts, default=Fraction(0)), min(mosts, default=None))
    return found


def limits_at(run: Run, service: str) -> list[Limited]:
    """Return the limits of patients at the sites that provide a service: the rule, and the names of whose it is."""
    stated = run.question.services[service]
    found: list[Limited] = []
    for site in run.sites_of(service):
        found += [(rule, (service, site)) for rule, figure in FIGURES.items() if figure in stated.figures]
        found += [(BEDS, (service, site))] if stated.beds and site in stated.beds.at else []
    return found


def _bounds(run: Run, service: str, giving: Giving) -> dict[str, list[Bound]]:
    """Return what the limits that are not left out ask of every open site."""
    stated = run.question.services[service]
    found: dict[str, list[Bound]] = {site: [] for site in open_sites(run, service)}
    for limit in (one for one in limits_at(run, service) if one not in giving.left_out):
        rule, (_, site) = limit
        asked = _beds_take(run, service, site) if rule == BEDS else stated.figure(FIGURES[rule])
        found[site].append(Bound(asked or Fraction(0), rule != MINIMUM, limit not in giving.in_part))
    return found


def _beds_take(run: Run, service: str, site: str) -> Fraction | None:
    """Return the most patients, to the millionth, whom a site's beds can take; nothing where it has no such limit."""
    beds = run.question.services[service].beds
    if beds is None or site not in beds.at:
        return None
    there = beds.at[site].value or Fraction(0)
    everybody = run.patients_in(service, run.streams(service))
    low, high = 0, int(everybody * MICRO) + 1
    while high - low > 1:
        middle = (low + high) // 2
        fits = beds_for(beds, busy_beds(beds, Fraction(middle, MICRO))) <= there
        low, high = (middle, high) if fits else (low, middle)
    return Fraction(low, MICRO)


def keeps_to(volumes: Mapping[str, Fraction], limits: Mapping[str, Limits]) -> bool:
    """Whether every site has as many patients as it should."""
    return all(
        one.least <= volumes[site] and (one.most is None or volumes[site] <= one.most) for site, one in limits.items()
    )


def volumes_of(run: Run, service: str) -> dict[str, Fraction]:
    """Return the patients a year at every open site."""
    return {site: run.patients_from(service, site) for site in open_sites(run, service)}


def patients_are_shared_out_in_full(run: Run) -> Iterator[Breach]:
    """Where patients are shared out, an area's rows add up to its patients, each at an open site within its reach."""
    check = "patients_are_shared_out_in_full"
    for service in shared_out(run):
        if len(run.candidates) > MOST_SITES:
            where, found = f"config.yaml services.{service}", f"at most {MOST_SITES}"
            message = f"{where}: patients are shared out, which is checked for at most {MOST_SITES} candidates."
            yield Breach(check, where, shown(len(run.candidates)), found, message)
        for stream, pieces in run.pieces(service).items():
            where, everybody = f"journeys.csv {service} {stream.name}", Fraction(run.streams(service)[stream])
            total = Fraction(sum(piece.patients for piece in pieces))
            if pieces and not nearly(total / run.inputs.patients_scale, everybody / run.inputs.patients_scale):
                claimed, found = (shown(number / run.inputs.patients_scale) for number in (total, everybody))
                yield Breach(check, where, claimed, found, f"{where}: {claimed} are shared out, but there are {found}.")
            for piece in pieces:
                site = piece.journey.site
                if site is not None and (site not in run.may_go(service, stream) or piece.journey.minutes is None):
                    message = f"{where}: {site} is not open, or cannot be reached."
                    yield Breach(check, where, site, "an open site within reach", message)
                if len(pieces) > 1 and piece.patients <= 0:
                    message = f"{where}: nobody goes to {site}, so there should be no row."
                    yield Breach(check, f"{where} {site}", shown(piece.patients), "somebody", message)
                if not everybody and site != run.nearest(service)[stream].site:
                    nearest = run.nearest(service)[stream].site or ""
                    message = (
                        f"{where}: nobody is shared out, so {nearest or 'no site'} should stand there, the nearest."
                    )
                    yield Breach(check, where, site or "", nearest, message)


def no_sharing_is_shorter(run: Run) -> Iterator[Breach]:
    """Where patients are shared out, no other way within the limits takes fewer minutes; ties are settled as stated."""
    check = "no_sharing_is_shorter"
    for service in shared_out(run):
        volumes, limits = volumes_of(run, service), limits_of(run, service)
        ring = _shorter_way_round(run, service, volumes, limits) if keeps_to(volumes, limits) else []
        if ring:
            steps = ", ".join(f"{whose.name} from {here} to {there}" for here, there, whose in ring if whose)
            message = f"journeys.csv {service}: moving patients of {steps} is better, and within the limits."
            yield Breach(check, f"journeys.csv {service}", "the best way", steps, message)


def _shorter_way_round(
    run: Run, service: str, volumes: Mapping[str, Fraction], limits: Mapping[str, Limits]
) -> list[tuple[str, str, Stream | None]]:
    """Return the moves (from, to, whose) of a ring that makes things better; none if there is no such ring."""
    every = run.pieces_of(service, run.streams(service))
    going = [(stream, piece.journey.site) for stream, piece in every if piece.patients]
    moves = _cheapest_moves(run, service, going, _numbered(run, service))
    for site, (least, most) in limits.items():
        if most is None or volumes[site] < most:
            moves[site, ANYWHERE] = Move(NOTHING)
        if volumes[site] > least:
            moves[ANYWHERE, site] = Move(NOTHING)
    return [(here, there, moves[here, there].whose) for here, there in _better_ring(moves, NOTHING)]


def _better_ring(moves: Mapping[Way, Move], nothing: Cost) -> list[Way]:
    """Return moves that lead round and together cost less than nothing; none if no ring does."""
    cost = {ANYWHERE: nothing} | {place: nothing for way in moves for place in way}
    came_from: dict[str, str] = {}
    last = ANYWHERE
    for _ in cost:
        is_cheaper = False
        for (here, there), move in moves.items():
            found = tuple(map(add, cost[here], move.cost))
            if found < cost[there]:
                cost[there], came_from[there], last, is_cheaper = found, here, there, True
        if not is_cheaper:
            return []
    # Whoever is still better off after as many rounds as there are places was led there by a ring.
    for _ in cost:
        last = came_from[last]
    ring = [(came_from[last], last)]
    while ring[-1][0] != last:
        ring.append((came_from[ring[-1][0]], ring[-1][0]))
    return ring[::-1]


def _numbered(run: Run, service: str) -> dict[Stream, int]:
    """Return the number of every stream that may be moved: by area, and of one area those who are pulled last."""
    moving = (stream for stream in run.streams(service) if stream.how != LEAVES)
    in_order = sorted(moving, key=lambda stream: (stream.area, stream.how == PULLED))
    return {stream: n for n, stream in enumerate(in_order, start=1)}


def _cheapest_moves(
    run: Run, service: str, going: Iterable[tuple[Stream, str | None]], number: Mapping[Stream, int]
) -> dict[Way, Move]:
    """Return the cheapest move from each open site to each other, of patients by stream and where they are now."""
    minutes = run.minutes_to(service)
    every_site = run.candidates + run.neighbours(service)
    place = {site: number for number, site in enumerate(every_site, start=1)}
    open_to: dict[tuple[str, str], list[str]] = {}
    found: dict[Way, Move] = {}
    for stream, here in going:
        area, kind = stream.area, (stream.how, stream.neighbour)
        if kind not in open_to:
            open_to[kind] = run.may_go(service, stream)
        there = open_to[kind]
        if here is None or here not in there or (area, here) not in minutes:
            continue
        for site in there:
            if site != here and (area, site) in minutes:
                more, least = minutes[area, site] - minutes[area, here], found.get((here, site))
                if least and more > least.cost[0]:
                    continue
                residents = more if run.areas[area].resident else 0
                cost = (more, residents, number[stream] * (place[site] - place[here]))
                if least is None or cost < least.cost:
                    found[here, site] = Move(cost, stream)
    return found


def share_out(run: Run, service: str, giving: Giving = ALL_STAND) -> dict[tuple[Stream, str], Fraction]:
    """Return the patients a year by stream and site as the words share them out where some limits give way.

    Where no way keeps to the limits that stand, everybody goes to the nearest; whoever reaches no site is left out.
    """
    patients = run.streams(service)
    nearest = {stream: journey.site for stream, journey in run.nearest(service).items() if patients[stream]}
    everybody = {stream: run.patients_in(service, [stream]) for stream in nearest}
    at = {stream: {site: everybody[stream]} for stream, site in nearest.items() if site is not None}
    if len(at) < len(nearest) or not _is_moved_until_best(run, service, at, _bounds(run, service, giving)):
        at = {stream: {site: everybody[stream]} for stream, site in nearest.items() if site is not None}
    return {(stream, site): number for stream, places in at.items() for site, number in places.items()}


def _is_moved_until_best(
    run: Run, service: str, at: Mapping[Stream, dict[str, Fraction]], bounds: Mapping[str, list[Bound]]
) -> bool:
    """Move patients until no ring is better; whether all limits that stand are kept then."""
    volumes, number_of = dict.fromkeys(bounds, Fraction(0)), _numbered(run, service)
    for places in at.values():
        for site, patients in places.items():
            volumes[site] += patients
    cheapest: dict[Way, Move] = {}
    changed = set(bounds)
    while True:
        going = [(stream, site) for stream, places in at.items() for site in places if site in changed]
        cheapest = {way: move for way, move in cheapest.items() if way[0] not in changed}
        cheapest |= _cheapest_moves(run, service, going, number_of)
        moves = {way: Move((0, 0, *move.cost), move.whose) for way, move in cheapest.items()}
        room = {way: at[move.whose][way[0]] for way, move in cheapest.items() if move.whose}
        for site, each in bounds.items():
            for way, more in (((site, ANYWHERE), True), ((ANYWHERE, site), False)):
                cost, most = _one_more(volumes[site], each, more)
                moves[way] = Move(cost)
                if most is not None:
                    room[way] = most
        ring = _better_ring(moves, (0, 0, *NOTHING))
        if not ring:
            return not any(one.stands and one.missed(volumes[site]) for site, each in bounds.items() for one in each)
        number = min(room[way] for way in ring if way in room)
        for here, there in ring:
            _move(at, volumes, number, here, there, moves[here, there].whose)
        changed = {place for way in ring for place in way}


def _one_more(volume: Fraction, bounds: list[Bound], more: bool) -> tuple[Cost, Fraction | None]:
    """Return what a patient more at a site costs, or one less, and for how many that is so; nothing if for any."""
    cost, rooms = [0, 0], []
    for bound in bounds:
        beyond, further = (volume - bound.number) * (1 if bound.at_most else -1), more == bound.at_most
        if further:
            cost[not bound.stands] += beyond >= 0
        else:
            cost[not bound.stands] -= beyond > 0
        if further != (beyond >= 0) and beyond:
            rooms.append(abs(beyond))
    return (*cost, *NOTHING), min(rooms, default=None)


def _move(
    at: Mapping[Stream, dict[str, Fraction]],
    volumes: dict[str, Fraction],
    number: Fraction,
    here: str,
    there: str,
    whose: Stream | None,
) -> None:
    """Move so many patients of a stream, or count them as more at a site or as fewer."""
    if not whose:
        site, more = (here, number) if there == ANYWHERE else (there, -number)
        volumes[site] += more
        return
    at[whose][there] = at[whose].get(there, Fraction(0)) + number
    at[whose][here] -= number
    if not at[whose][here]:
        del at[whose][here]


def without_a_sharing_everybody_goes_to_the_nearest(run: Run) -> Iterator[Breach]:
    """Where patients are shared out past a limit, no way keeps to all limits, and everybody goes to the nearest."""
    check = "without_a_sharing_everybody_goes_to_the_nearest"
    for service in shared_out(run) if len(run.candidates) <= MOST_SITES else ():
        where, limits = f"journeys.csv {service}", limits_of(run, service)
        if keeps_to(volumes_of(run, service), limits):
            continue
        patients = run.streams(service)
        served = all(journey.site or not patients[one] for one, journey in run.nearest(service).items())
        if served and not _asks_too_much(run, service, limits):
            message = f"{where}: a limit of patients is broken, though they could be shared out within all limits."
            yield Breach(check, where, "no sharing", "a sharing", message)
        for stream, piece in run.pieces_of(service, patients):
            nearest, whose = run.nearest(service)[stream].site, f"{where} {stream.name}"
            if piece.journey.site != nearest:
                message = f"{whose}: goes to {piece.journey.site}, but no sharing is possible, so to {nearest}."
                yield Breach(check, whose, piece.journey.site or "", nearest or "", message)


def _asks_too_much(run: Run, service: str, limits: Mapping[str, Limits]) -> bool:
    """Whether some group of sites must have more patients than can reach it, or may have fewer than can reach no other.

    For patients who all go somewhere this is the only way in which limits can be impossible (Hall, Hoffman).
    """
    reach: dict[frozenset[str], Fraction] = {}
    for stream in run.streams(service):
        there = (site for site in run.may_go(service, stream) if (stream.area, site) in run.minutes_to(service))
        within = frozenset(there)
        reach[within] = reach.get(within, Fraction(0)) + run.patients_in(service, [stream])
    if any(most is not None and least > most for least, most in limits.values()):
        return True
    return any(_group_asks_too_much(group, limits, reach) for group in _groups(run.sites_of(service)))


def _groups(sites: Collection[str]) -> Iterator[frozenset[str]]:
    for size in range(1, len(sites) + 1):
        yield from map(frozenset, combinations(sites, size))


def _group_asks_too_much(
    group: frozenset[str], limits: Mapping[str, Limits], reach: Mapping[frozenset[str], Fraction]
) -> bool:
    could_come = sum((patients for within, patients in reach.items() if within & group), Fraction(0))
    must_come = sum((patients for within, patients in reach.items() if within and within <= group), Fraction(0))
    mosts = [limits[site].most for site in group]
    takes = math.inf if None in mosts else sum((most for most in mosts if most is not None), Fraction(0))
    return could_come < sum(limits[site].least for site in group) or must_come > takes


def past_a_nearer_site(run: Run, service: str) -> dict[str, tuple[Fraction, Fraction]]:
    """Return patients a year at each site who passed a nearer open one, and the patient-minutes that this adds."""
    found = {site: (Fraction(0), Fraction(0)) for site in run.candidates + run.neighbours(service)}
    for stream, piece in run.pieces_of(service, run.streams(service)):
        nearest, minutes = run.nearest(service)[stream].minutes, piece.journey.minutes
        if piece.journey.site in found and nearest is not None and minutes is not None and minutes > nearest:
            patients = Fraction(piece.patients) / run.inputs.patients_scale
            before = found[piece.journey.site]
            more = patients * Fraction(minutes - nearest, MICRO)
            found[piece.journey.site] = (before[0] + patients, before[1] + more)
    return found


def nearest_beside(run: Run, service: str) -> Beside:
    """Return what the plan's sites come to if nobody is shared out."""
    going, scale, patients = run.nearest(service), run.inputs.patients_scale, run.streams(service)
    residents = run.residents_of(service)
    everybody = sum(patients[stream] for stream in residents)
    known = [going[stream].minutes for stream in residents if stream.how != LEAVES]
    worst = math.inf if None in known else Fraction(max((m or 0 for m in known), default=0), MICRO)
    lost = any(going[stream].minutes is None and patients[stream] for stream in residents)
    minutes = sum(patients[stream] * (going[stream].minutes or 0) for stream in residents)
    total: Number = math.inf if lost else Fraction(minutes, MICRO * scale)
    mean: Number | None = None
    if everybody:
        mean = math.inf if lost else Fraction(minutes, MICRO * everybody)
    at = dict.fromkeys(run.candidates + run.neighbours(service), 0)
    for stream, journey in going.items():
        if journey.site is not None:
            at[journey.site] += patients[stream]
    return Beside(mean, worst, total, {site: Fraction(number, scale) for site, number in at.items()})


SHARING_CHECKS = (
    patients_are_shared_out_in_full,
    no_sharing_is_shorter,
    without_a_sharing_everybody_goes_to_the_nearest,
)
