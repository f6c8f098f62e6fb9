"""Patients shared out anew, for sites of which no run says who goes where: moved round rings until none is better.

Everybody starts at the nearest. A ring leads from site to site, and somebody of each moves on to the next; where it
leads by way of ``ANYWHERE``, one site has a patient more after it, and another one less. Better is, in this order:
fewer patients beyond limits that stand; fewer beyond limits that give way in part; then what settles every sharing.
Each of these grows the faster the further one goes, so where no ring is better no way is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import NamedTuple

from optimiser.checker.reading import Row
from optimiser.checker.run import Run
from optimiser.checker.sharing import ANYWHERE, NOTHING, Cost, Move, beds_take, better_ring, cheapest_moves, open_sites

MINIMUM, MAXIMUM, BEDS = "every_site_has_enough_patients", "no_site_has_too_many_patients", "beds_are_enough"
# A rule with the service and the site whose it is.
Limited = tuple[str, tuple[str, ...]]
Where = Mapping[str, dict[str, Fraction]]


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


def limits_at(run: Run, service: str) -> list[Limited]:
    """Return the limits of patients at the sites that provide a service: the rule, and the names of whose it is."""
    stated = run.question.services[service]
    found: list[Limited] = []
    for site in run.sites_of(service):
        found += [(MINIMUM, (service, site))] if "minimum_patients" in stated.figures else []
        found += [(MAXIMUM, (service, site))] if "maximum_patients" in stated.figures else []
        found += [(BEDS, (service, site))] if stated.beds and site in stated.beds.at else []
    return found


def shared_out_anew(run: Run, service: str, giving: Giving) -> dict[tuple[str, str, str], Row]:
    """Return the rows of journeys.csv that the words ask for where some limits give way.

    Where no way keeps to the limits that stand, everybody goes to the nearest.
    """
    nearest = {area: journey.site or "" for area, journey in run.nearest[service].items()}
    everybody = {area: Fraction(run.patients(service, area), run.inputs.patients_scale) for area in nearest}
    to_the_nearest = {area: {site: everybody[area]} for area, site in nearest.items()}
    at = {area: {site: everybody[area]} for area, site in nearest.items() if everybody[area]}
    bounds = _bounds(run, service, giving)
    if all(map(all, at.values())) and _moved_until_best(run, service, at, bounds):
        return _rows(service, to_the_nearest | at)
    return _rows(service, to_the_nearest)


def _rows(service: str, at: Where) -> dict[tuple[str, str, str], Row]:
    return {
        (service, area, site): Row("shared out anew", {"site": site, "patients_per_year": number})
        for area, here in at.items()
        for site, number in here.items()
    }


def _bounds(run: Run, service: str, giving: Giving) -> dict[str, list[Bound]]:
    stated = run.question.services[service]
    found: dict[str, list[Bound]] = {site: [] for site in open_sites(run, service)}
    for limit in (one for one in limits_at(run, service) if one not in giving.left_out):
        rule, (_, site) = limit
        asked = {
            MINIMUM: stated.figure("minimum_patients"),
            MAXIMUM: stated.figure("maximum_patients"),
            BEDS: beds_take(run, service, site),
        }
        found[site].append(Bound(asked[rule] or Fraction(0), rule != MINIMUM, limit not in giving.in_part))
    return found


def _moved_until_best(run: Run, service: str, at: Where, bounds: Mapping[str, list[Bound]]) -> bool:
    """Move patients until no ring is better; whether all limits that stand are kept then."""
    volumes = {site: sum((places.get(site, Fraction(0)) for places in at.values()), Fraction(0)) for site in bounds}
    cheapest: dict[tuple[str, str], Move] = {}
    changed = set(bounds)
    while True:
        there_now = [(area, site) for area, places in at.items() for site in places if site in changed]
        cheapest = {way: move for way, move in cheapest.items() if way[0] not in changed}
        cheapest |= cheapest_moves(run, service, there_now)
        moves = {way: Move((0, 0, *move.cost), move.area) for way, move in cheapest.items()}
        room = {way: at[move.area][way[0]] for way, move in cheapest.items()}
        for site, each in bounds.items():
            for way, more in (((site, ANYWHERE), True), ((ANYWHERE, site), False)):
                cost, most = _one_more(volumes[site], each, more)
                moves[way] = Move(cost, "")
                if most is not None:
                    room[way] = most
        ring = better_ring(moves, (0, 0, *NOTHING))
        if not ring:
            return not any(one.stands and one.missed(volumes[site]) for site, each in bounds.items() for one in each)
        number = min(room[way] for way in ring if way in room)
        for here, there in ring:
            _move(at, volumes, number, here, there, moves[here, there].area)
        changed = {place for way in ring for place in way}


def _move(at: Where, volumes: dict[str, Fraction], number: Fraction, here: str, there: str, area: str) -> None:
    """Move so many patients of an area, or count them as more at a site or as fewer."""
    if not area:
        site, more = (here, number) if there == ANYWHERE else (there, -number)
        volumes[site] += more
        return
    at[area][there] = at[area].get(there, Fraction(0)) + number
    at[area][here] -= number
    if not at[area][here]:
        del at[area][here]


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
