"""A run, parsed: the inputs, the decisions and the claims, and what follows from the first two.

Minutes are whole millionths and patients whole parts of a power of ten, so that every sum is exact and fast.

Beds: with ``a`` beds taken on average if nobody were turned away, the share of arrivals who find all of ``n`` beds
taken is ``(aⁿ/n!) / (a⁰/0! + a¹/1! + … + aⁿ/n!)``, worked out to 60 digits as a ratio of sums and not by recursion;
fractions settle what is closer than 40.

A rota is needed at each site that provides its service, but at no site that provides that of its ``only_without`` too,
and at no site at all while any provides that of its ``remote_from``. One team across sites needs what each of those
sites takes, added up, with its travel there: trips a week, there and back. If it is on call for all of them at once,
the people whom the frequency and the standard ask for are needed once; of people, a part counts as one.

Where the border is as it is today, an area's patients are parted, in whole millionths. First the pulled are taken, the
share ``border_pull`` of them all, who take the nearest site of all. Of the others, residents leave for the neighbours
that their service counts as border.csv shares out all who go there or to the candidates, and whoever is left goes by
what is designated, as all do of whom that says nothing. Of an area outside only the share who go to the candidates
come. Each part is what it adds, rounded, to those before it: neighbours by code, then those who stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from optimiser.checker.cover import Step, stated_step, worked_step
from optimiser.checker.question import Across, Beds, Question, Transfer
from optimiser.checker.reading import Number, Pairs, Row, rounded_ratio

ACROSS_SITES = "across_sites"
MICRO = 10**6
DAYS_A_YEAR = 365
DIGITS = Context(prec=60)
NOBODY, CLOSE = Decimal(10) ** -60, Decimal(10) ** -40
FULL, FREQUENCY = "WTE that the hours take", "people whom the frequency takes"
FLOOR = "people whom the standard asks for"
TRAVEL_TERMS = {
    "hours a PA in plain time": ("hours_a_plain_pa", "hours"),
    "weeks a year": ("weeks_a_year", "weeks"),
    "weeks worked after leave": ("working_weeks", "weeks"),
    "direct-care PAs of a WTE": ("direct_care_pas", "PAs a week"),
}
# Of an area's patients: those who go by what is designated, who take the nearest of all, and who leave for a neighbour.
STAYS, PULLED, LEAVES = "stays", "pulled", "leaves"
# What border.csv calls all candidates together.
CANDIDATES = "candidates"
Found = TypeVar("Found")


class Area(NamedTuple):
    """Where people live. ``decile``, ``district`` and the older people are ``None`` where they are not stated.

    Outside, ``population`` may be 0 because it is not stated.
    """

    resident: bool
    population: Fraction | int
    district: str | None
    over_75: Fraction | int | None
    decile: Fraction | None
    over_65: Fraction | int | None = None


class Stream(NamedTuple):
    """An area's patients or, where the border is as it is today, those of them who go in one of the ways there are."""

    area: str
    how: str = ""
    neighbour: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        return " ".join(part for part in self if part)


class Journey(NamedTuple):
    """Where patients go: no site, and no minutes, if none can take them.

    Patients who are transferred are seen at ``first_site`` after ``first_minutes``, and ``road`` is the way from there.
    """

    site: str | None
    minutes: int | None
    first_site: str | None
    first_minutes: int | None
    road: int | None

    @property
    def moves(self) -> bool:
        """Whether patients are transferred."""
        return self.site is not None and self.site != self.first_site


class Piece(NamedTuple):
    """Some of a stream's patients, who make the same journey: how many (times the scale), and which share of all."""

    journey: Journey
    patients: Fraction | int
    share: Fraction | int = 1


class Inputs(NamedTuple):
    """The tables of the place, as the config changes them.

    ``road_of_teams`` are the ways of a team between its sites, where they are not as ``road``; ``changed`` says by name
    what something was, and what it became; ``added`` what is known of the journeys of each site that the config adds.
    ``by_mode`` are minutes by each mode that a service names, as ``minutes`` are those of ``journeys.csv``, and
    ``road_by_mode`` by each that a team across sites names, as ``road`` are those of ``transfers.csv``.
    """

    areas: Mapping[str, Area]
    area_columns: Collection[str]
    roles: Mapping[str, str]
    minutes: Mapping[tuple[str, str], int]
    patients: Mapping[tuple[str, str], int]
    patients_before: Mapping[tuple[str, str], int]
    patients_scale: int
    in_post: Mapping[tuple[str, str, str], Fraction]
    road: Mapping[tuple[str, str], int]
    counts: Mapping[tuple[str, str, str], Fraction]
    names: Mapping[str, str] = MappingProxyType({})
    border: Mapping[tuple[str, str], int] = MappingProxyType({})
    shares_scale: int = 1
    road_of_teams: Mapping[tuple[str, str], int] | None = None
    changed: Mapping[str, tuple[Fraction, Fraction]] = MappingProxyType({})
    added: Mapping[str, Any] = MappingProxyType({})
    by_mode: Mapping[str, Mapping[tuple[str, str], int]] = MappingProxyType({})
    road_by_mode: Mapping[str, Mapping[tuple[str, str], int]] = MappingProxyType({})


class Result(NamedTuple):
    """What ``run.json`` says of how the run ended."""

    question: object
    outcome: str
    objectives: list[Any]
    format: object
    enumeration: object = None
    record: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Run:
    """A parsed run. Claims are rows by key; what follows from inputs and decisions is worked out here."""

    question: Question
    inputs: Inputs
    result: Result
    designations: Mapping[tuple[str, str], Row]
    journeys: Mapping[tuple[str, ...], Row] = field(default_factory=dict)
    staffing: Mapping[tuple[str, str, str], Row] = field(default_factory=dict)
    measures: Mapping[tuple[str, str, str], Row] = field(default_factory=dict)
    rules: list[Row] = field(default_factory=list)
    links: Mapping[tuple[str, str, str, str], Row] = field(default_factory=dict)
    exceptions: Mapping[tuple[str, str, str], Row] = field(default_factory=dict)
    rotas: list[Row] = field(default_factory=list)
    rota_needs: Mapping[tuple[str, Fraction], Row] = field(default_factory=dict)
    certificate: Any = None

    # What rests on the question, the inputs and where services are is worked out once for all runs of them.

    @cached_property
    def _kept(self) -> dict[Any, Any]:
        return {}

    def once(self, key: str, work: Callable[[], Found]) -> Found:
        """Return what is worked out once for this run, and for no other."""
        return self._once(key, work, self._own)

    @cached_property
    def _own(self) -> dict[Any, Any]:
        return {}

    def _once(self, key: Any, work: Callable[[], Found], kept: dict[Any, Any] | None = None) -> Found:
        known = self._kept if kept is None else kept
        if key not in known:
            known[key] = work()
        found: Found = known[key]
        return found

    def beside(
        self,
        designations: Mapping[tuple[str, str], Row],
        *,
        shared_out: Mapping[str, dict[Stream, list[Piece]]] | None = None,
        **claims: Any,
    ) -> Run:
        """Return a run of the same question and inputs with other designations, and no claim but those given.

        ``shared_out`` says who goes where of services whose patients are shared out, in place of a journeys.csv.
        """
        found = Run(self.question, self.inputs, self.result, designations, **claims)
        vars(found)["_kept"] = self._kept
        if shared_out is not None:
            vars(found)["_shared_out"] = shared_out
        return found

    # The place --------------------------------------------------------------------------------------------------------

    @cached_property
    def areas(self) -> dict[str, Area]:
        """The areas that exist in this question: all, or with a closed border the resident ones."""
        every, is_open = self.inputs.areas, self.question.border_open
        return self._once("areas", lambda: {code: area for code, area in every.items() if area.resident or is_open})

    @cached_property
    def residents(self) -> list[str]:
        """Codes of the resident areas."""
        return self._once("residents", lambda: [code for code, area in self.areas.items() if area.resident])

    def _sites(self, role: str) -> list[str]:
        return self._once(role, lambda: sorted(site for site, its in self.inputs.roles.items() if its == role))

    @cached_property
    def candidates(self) -> list[str]:
        """Codes of the sites that may be given services."""
        return self._sites("candidate")

    @cached_property
    def services_with_patients(self) -> list[str]:
        """Codes of the services that name an activity."""
        return [code for code, service in self.question.services.items() if service.activity is not None]

    def neighbours(self, service: str) -> list[str]:
        """Return the neighbours that take patients of a service."""
        listed = self.question.services[service].neighbours
        if not self.question.border_open or listed == "none":
            return []
        every = self._sites("neighbour")
        return every if listed == "all" else [site for site in every if site in listed]

    def treated_outside(self, service: str) -> Fraction:
        """Return the residents' patients a year whom neighbours treat."""
        there = (self.patients_from(service, site, resident=True) for site in self.neighbours(service))
        return sum(there, Fraction(0))

    def designated(self, service: str, site: str) -> bool:
        """Whether the plan gives a service to a site."""
        row = self.designations.get((service, site))
        return row is not None and bool(row.cells["designated"])

    def sites_of(self, service: str) -> list[str]:
        """Return the candidates that the plan gives a service to."""
        return [site for site in self.candidates if self.designated(service, site)]

    @property
    def plan(self) -> frozenset[tuple[str, str]]:
        """Every service with every site that the plan gives it to."""
        return frozenset((code, site) for code in self.question.services for site in self.sites_of(code))

    def changes(self, service: str) -> int:
        """Return how many candidates provide a service now and not today, or today and not now."""
        if service not in self.question.today:
            return 0
        today = self.question.today[service]
        return sum(self.designated(service, site) != (site in today) for site in self.candidates)

    def transfer(self, service: str) -> Transfer:
        """Return how a service's patients are transferred."""
        transfer = self.question.services[service].transfer
        assert transfer is not None
        return transfer

    def transfer_minutes(self, from_site: str, to_site: str) -> int | None:
        """Return millionths of a minute by road between two sites: none from a site to itself, nothing if unknown."""
        return 0 if from_site == to_site else self.inputs.road.get((from_site, to_site))

    # Whose journeys they are ------------------------------------------------------------------------------------------

    def streams(self, service: str, *, before: bool = False, straight: bool = False) -> dict[Stream, int]:
        """Return the patients a year of every stream, times ``inputs.patients_scale``: all of an area, or some.

        ``before`` asks for those before growth; ``straight`` for those there were if all went straight to the service.
        """
        activity, counted = self.question.services[service].activity or "", self._left_for(service, straight)
        patients = self.inputs.patients_before if before else self.inputs.patients
        return self._once(
            ("streams", activity, counted, before),
            lambda: dict(part for a in self.areas for part in self._parted(a, patients.get((a, activity), 0), counted)),
        )

    def _left_for(self, service: str, straight: bool = False) -> tuple[str, ...]:
        """Return the neighbours for which patients leave today: those that take them, where they are seen first too."""
        if not self.question.as_today:
            return ()
        transfer = None if straight else self.question.services[service].transfer

        def counted() -> tuple[str, ...]:
            first = self.neighbours(transfer.first_contact if transfer else service)
            return tuple(n for n in self.neighbours(service) if n in first)

        return self._once(("left for", service, transfer is None), counted)

    def _parted(self, area: str, patients: int, neighbours: Iterable[str]) -> Iterator[tuple[Stream, int]]:
        """Yield an area's streams with the patients of each."""
        if not self.question.as_today:
            yield Stream(area), patients
            return
        scale, pull, shares = self.inputs.patients_scale, self.question.pull, self.inputs.border
        micro = rounded_ratio(patients * MICRO, scale)
        pulled = rounded_ratio(micro * pull.numerator, pull.denominator)
        if pull:
            yield Stream(area, PULLED), pulled * (scale // MICRO)
        if pull == 1:
            return
        here, left, reached, so_far = shares.get((area, CANDIDATES), 0), micro - pulled, 0, 0
        if not self.areas[area].resident:
            yield Stream(area, STAYS), rounded_ratio(left * here, self.inputs.shares_scale) * (scale // MICRO)
            return
        goes = [(neighbour, shares[area, neighbour]) for neighbour in neighbours if shares.get((area, neighbour))]
        everybody = here + sum(share for _, share in goes)
        for neighbour, share in goes:
            so_far += share
            before, reached = reached, rounded_ratio(left * so_far, everybody)
            yield Stream(area, LEAVES, neighbour), (reached - before) * (scale // MICRO)
        yield Stream(area, STAYS), (left - reached) * (scale // MICRO)

    def residents_of(self, service: str, areas: Collection[str] | None = None) -> list[Stream]:
        """Return the streams of residents, of all areas or of some."""
        every = self._once(
            ("residents of", self._left_for(service)),
            lambda: [stream for stream in self.streams(service) if self.areas[stream.area].resident],
        )
        return every if areas is None else [stream for stream in every if stream.area in areas]

    def people_share(self, stream: Stream) -> Fraction | int:
        """Return the share of an area's people who count as a stream's: none of those who leave."""
        if stream.how == LEAVES:
            return 0
        pull = self.question.pull
        if not stream.how or pull == 0:
            return int(stream.how != PULLED)
        return pull if stream.how == PULLED else 1 - pull

    def as_patients_go(self, service: str) -> dict[Stream, Fraction]:
        """Return for each stream of residents the share of its area's people who go that way, if as its patients do.

        Where an area has no patients they cross the border by the area's own shares.
        """
        residents, patients, pull = self.residents_of(service), self.streams(service), self.question.pull
        everybody: dict[str, int] = {}
        left_for: dict[str, int] = {}
        for stream in residents:
            everybody[stream.area] = everybody.get(stream.area, 0) + patients[stream]
            left_for[stream.area] = left_for.get(stream.area, 0) + self.inputs.border.get(
                (stream.area, stream.neighbour), 0
            )

        def own(stream: Stream) -> Fraction:
            if not stream.how or stream.how == PULLED:
                return Fraction(pull if stream.how else 1)
            here = self.inputs.border.get((stream.area, CANDIDATES), 0)
            goes = here if stream.how == STAYS else self.inputs.border.get((stream.area, stream.neighbour), 0)
            every = here + left_for[stream.area]
            return (1 - pull) * (Fraction(goes, every) if every else Fraction(stream.how == STAYS))

        return {
            one: Fraction(patients[one], everybody[one.area]) if everybody[one.area] else own(one) for one in residents
        }

    def may_go(self, service: str, stream: Stream) -> list[str]:
        """Return the sites open to a service's patients that a stream's may take, candidates first, each by code."""
        return self._within([*self.sites_of(service), *self.neighbours(service)], stream)

    def _within(self, open_sites: Collection[str], stream: Stream) -> list[str]:
        if stream.how == LEAVES:
            return [site for site in open_sites if site == stream.neighbour]
        return [site for site in open_sites if stream.how != STAYS or self.inputs.roles[site] == "candidate"]

    # Who goes where ---------------------------------------------------------------------------------------------------

    def nearest(self, service: str) -> dict[Stream, Journey]:
        """Return every stream's journey: the least minutes, a candidate before a neighbour, then by code."""
        return self.nearest_if(service, *self._open(service))

    def _open(self, service: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        transfer = self.question.services[service].transfer
        first = self.sites_of(transfer.first_contact) if transfer else ()
        return tuple(self.sites_of(service)), tuple(first)

    def nearest_if(
        self, service: str, sites: Collection[str], first_sites: Collection[str] = ()
    ) -> dict[Stream, Journey]:
        """Return every stream's journey with these candidates open for a service, and these for first contact."""
        if self.question.services[service].transfer is None:
            return self.straight_to(service, sites, service)
        key = ("by transfer", service, tuple(sorted(sites)), tuple(sorted(first_sites)))
        return self._once(key, lambda: self._by_transfer(service, sorted(first_sites), sorted(sites)))

    def straight_to(
        self, service: str, sites: Iterable[str], drawn_as: str | None = None, *, by: str | None = None
    ) -> dict[Stream, Journey]:
        """Return every stream's journey straight to a service: by minutes, plus a service's offsets if one is named.

        The streams are those of the service, if everybody goes straight there, or of another ``by`` whose patients it
        is that go.
        """
        # Candidates before neighbours, each by code: among equals the first of these is taken.
        open_sites = [*sorted(sites), *self.neighbours(service)]
        observed = self.question.services[drawn_as].observed if drawn_as else None
        added = [observed.micro(site) for site in open_sites] if observed else [0] * len(open_sites)
        mode = self.question.services[service].travel_by
        key = (tuple(open_sites), tuple(added), mode, self._left_for(by or service, straight=by is None))
        streams = self.streams(by or service, straight=by is None)
        return self._once(key, lambda: self._straight(open_sites, added, streams, mode))

    def minutes_to(self, service: str) -> Mapping[tuple[str, str], int]:
        """Return millionths of a minute from area to site, by the mode by which a service's patients travel."""
        mode = self.question.services[service].travel_by
        return self.inputs.minutes if mode is None else self.inputs.by_mode[mode]

    def _straight(
        self,
        open_sites: list[str],
        added: list[int],
        streams: Collection[Stream],
        mode: str | None,
    ) -> dict[Stream, Journey]:
        from_areas, found = self._from_areas(mode), {}
        alike: dict[tuple[str, str], list[tuple[str, int]]] = {}
        for stream in streams:
            kind, there = (stream.how, stream.neighbour), from_areas.get(stream.area, {})
            if kind not in alike:
                within = set(self._within(open_sites, stream))
                alike[kind] = [pair for pair in zip(open_sites, added, strict=True) if pair[0] in within]
            site: str | None = None
            soonest: float = math.inf
            for one, more in alike[kind]:
                if one in there and there[one] + more < soonest:
                    site, soonest = one, there[one] + more
            least = None if site is None else there[site]
            found[stream] = Journey(site, least, site, least, None if site is None else 0)
        return found

    def _from_areas(self, mode: str | None) -> Mapping[str, Mapping[str, int]]:
        """Return the minutes from each area to each site, by a mode or, with none, by journeys.csv."""
        minutes = self.inputs.minutes if mode is None else self.inputs.by_mode[mode]
        return self._once(("from areas", mode), lambda: Pairs.among(minutes).of)

    def _by_transfer(self, service: str, firsts: list[str], sites: list[str]) -> dict[Stream, Journey]:
        """Take everybody to first contact, and from there to the nearest site by road that provides the service.

        Patients with offsets of their own choose first contact by those; others as all who come there do.
        """
        transfer, road = self.transfer(service), self.inputs.road
        open_sites = [*sites, *self.neighbours(service)]
        drawn_as = service if self.question.services[service].observed else transfer.first_contact
        waits = (transfer.value("dwell_minutes") + transfer.value("overhead_minutes")) * MICRO
        takers = open_sites if transfer.to_neighbours else sites
        onward: dict[str | None, tuple[str | None, int | None]] = {None: (None, None)}
        for seen in [*firsts, *self.neighbours(transfer.first_contact)]:
            least, place = min(
                ((road[seen, s], n) for n, s in enumerate(takers) if (seen, s) in road), default=(None, None)
            )
            onward[seen] = (seen, 0) if seen in open_sites else (None if place is None else takers[place], least)
        found: dict[Stream, Journey] = {}
        for stream, first in self.straight_to(transfer.first_contact, firsts, drawn_as, by=service).items():
            site, way = onward[first.site]
            second = 0 if site == first.site else round(waits) + (way or 0)
            minutes = None if site is None or first.minutes is None else first.minutes + second
            found[stream] = Journey(site, minutes, first.site, first.minutes, way)
        return found

    def pieces(self, service: str) -> dict[Stream, list[Piece]]:
        """Return who goes where, by stream: all of it to the nearest, or shared out as journeys.csv says."""
        if self.question.services[service].managed:
            return self._shared_out[service]
        patients = self.streams(service)
        return self._once(
            ("pieces", service, *self._open(service)),
            lambda: {stream: [Piece(one, patients[stream])] for stream, one in self.nearest(service).items()},
        )

    def stream_of(self, row: Row) -> Stream:
        """Return the stream that a row of journeys.csv is about."""
        how = row.cells.get("how", "")
        return Stream(row.cells["area"], how, row.cells["site"] if how == LEAVES else "")

    @cached_property
    def rows_called_for(self) -> list[tuple[str, Stream, Row, list[Piece]]]:
        """Every row of journeys.csv that is called for, with its service and stream, and all who are of that."""
        pieces = {service: self.pieces(service) for service in self.services_with_patients}
        rows = ((row.cells["service"], self.stream_of(row), row) for row in self.journeys.values())
        return [
            (service, stream, row, pieces[service][stream])
            for service, stream, row in rows
            if stream in pieces.get(service, ())
        ]

    @cached_property
    def _shared_out(self) -> dict[str, dict[Stream, list[Piece]]]:
        managed = [code for code in self.services_with_patients if self.question.services[code].managed]
        rows: dict[str, dict[Stream, list[Row]]] = {code: {one: [] for one in self.streams(code)} for code in managed}
        for row in self.journeys.values():
            code, stream = row.cells["service"], self.stream_of(row)
            if code in rows and stream in rows[code]:
                rows[code][stream].append(row)
        return {
            code: {stream: [self.piece(code, stream, row, len(here)) for row in here] for stream, here in each.items()}
            for code, each in rows.items()
        }

    def piece(self, service: str, stream: Stream, row: Row, rows: int) -> Piece:
        """Return the patients whom a row of journeys.csv is about, where their stream has so many rows."""
        everybody, site = self.streams(service)[stream], row.cells["site"] or None
        minutes = self.minutes_to(service).get((stream.area, site)) if site else None
        patients = everybody if rows == 1 else Fraction(row.cells["patients_per_year"]) * self.inputs.patients_scale
        share = Fraction(patients, everybody) if everybody else 1
        return Piece(Journey(site, minutes, site, minutes, None if minutes is None else 0), patients, share)

    def pieces_of(self, service: str, streams: Iterable[Stream]) -> Iterator[tuple[Stream, Piece]]:
        """Yield every piece of some streams, with its stream."""
        pieces = self.pieces(service)
        return ((stream, piece) for stream in streams for piece in pieces[stream])

    # Sums over who goes where -----------------------------------------------------------------------------------------

    def patients_in(self, service: str, streams: Iterable[Stream]) -> Fraction:
        """Return the patients a year of some streams."""
        patients = self.streams(service)
        return Fraction(sum(patients[stream] for stream in streams), self.inputs.patients_scale)

    def patients_from(self, service: str, site: str, *, resident: bool | None = None) -> Fraction:
        """Return how many patients a year arrive at a site, of all areas, or of resident ones, or of the others."""
        managed = self.question.services[service].managed
        key = ("arriving", service, *self._open(service))
        arriving = self._once(key, lambda: self._arriving(service), self._own if managed else None)
        # Those who were there at once, and those who were carried on to it.
        groups = [arriving.get((site, one), (0, 0)) for one in ((True, False) if resident is None else (resident,))]
        there, carried = (sum(numbers) for numbers in zip(*groups, strict=True))
        share = self.transfer(service).value("share_transferred") if carried else 0
        return Fraction(there + share * carried) / self.inputs.patients_scale

    def _arriving(self, service: str) -> dict[tuple[str | None, bool], list[Fraction | int]]:
        found: dict[tuple[str | None, bool], list[Fraction | int]] = {}
        for stream, pieces in self.pieces(service).items():
            resident = self.areas[stream.area].resident
            for journey, patients, _ in pieces:
                found.setdefault((journey.site, resident), [0, 0])[journey.moves] += patients
        return found

    def minutes_spent(self, service: str) -> dict[Stream, Fraction | int | None]:
        """Return what each stream's patients spend on the way on average, in millionths of a minute."""
        transfer = self.question.services[service].transfer
        moved, managed = transfer.value("share_transferred") if transfer else 1, self.question.services[service].managed

        def spent(pieces: list[Piece]) -> Fraction | int | None:
            total: Fraction | int = 0
            for journey, _, share in pieces:
                if journey.minutes is None or journey.first_minutes is None:
                    return None
                second = journey.minutes - journey.first_minutes
                each = journey.first_minutes + (moved * second if journey.moves and second else second)
                total += each if share == 1 else share * each
            return total

        def of_all() -> dict[Stream, Fraction | int | None]:
            if transfer is None and not managed:
                return {stream: journey.minutes for stream, journey in self.nearest(service).items()}
            return {stream: spent(pieces) for stream, pieces in self.pieces(service).items()}

        return self._once(("spent", service, *self._open(service)), of_all, self._own if managed else None)

    def worst_minutes(self, service: str, streams: Iterable[Stream]) -> Number:
        """Return the longest journey of some streams, patients or not; infinite if somebody has none.

        Nothing that is designated changes the journeys of those who leave, so they do not count.
        """
        staying = (stream for stream in streams if stream.how != LEAVES)
        minutes = [piece.journey.minutes for _, piece in self.pieces_of(service, staying)]
        known = [m for m in minutes if m is not None]
        return Fraction(max(known, default=0), MICRO) if len(known) == len(minutes) else math.inf

    def patient_minutes(self, service: str, streams: Iterable[Stream]) -> Number:
        """Return patients times minutes over some streams; infinite if a patient has no journey."""
        total: Fraction | int = 0
        spent, numbers = self.minutes_spent(service), self.streams(service)
        for stream in streams:
            patients, minutes = numbers[stream], spent[stream]
            if minutes is None and patients:
                return math.inf
            total += patients * (minutes or 0)
        return Fraction(total) / (MICRO * self.inputs.patients_scale)

    def patients_within(self, service: str, limit: Fraction) -> Fraction:
        """Return how many resident patients have a journey of at most so many minutes."""
        limit_micro = math.floor(limit * MICRO)
        within = (piece for _, piece in self.pieces_of(service, self.residents_of(service)))
        near = (piece.patients for piece in within if (m := piece.journey.minutes) is not None and m <= limit_micro)
        return Fraction(sum(near)) / self.inputs.patients_scale

    def patients_beyond_standard(self, service: str) -> Fraction:
        """Return the resident patients whose journey is longer than the standard, or who have none."""
        standard = self.question.services[service].figure("standard_minutes") or Fraction(0)
        return self.patients_in(service, self.residents_of(service)) - self.patients_within(service, standard)

    def transferred(self, service: str) -> dict[tuple[str, str, int], Fraction]:
        """Return confirmed patients a year who are transferred, from all areas, by (from, to, road)."""
        share, patients = self.transfer(service).value("share_transferred"), self.streams(service)
        found: dict[tuple[str, str, int], int] = {}
        for stream, journey in self.nearest(service).items():
            if journey.moves:
                way = (journey.first_site or "", journey.site or "", journey.road or 0)
                found[way] = found.get(way, 0) + patients[stream]
        return {way: share * Fraction(number, self.inputs.patients_scale) for way, number in found.items()}

    def transfers_a_year(self, service: str) -> Fraction:
        """Return how many patients are taken on in a year, suspected ones counted."""
        suspected = self.transfer(service).value("suspected_per_confirmed")
        return suspected * sum(self.transferred(service).values(), Fraction(0))

    def repatriations_a_year(self, service: str) -> Fraction:
        """Return how many patients are taken back in a year."""
        back = self.transfer(service).value("repatriated_share")
        return back * sum(self.transferred(service).values(), Fraction(0))

    def ambulance_hours(self, service: str) -> Fraction:
        """Return an ambulance's hours a year: out and back and overhead a transfer, out and back a repatriation."""
        transfer, minutes = self.transfer(service), Fraction(0)
        for (_, _, road), confirmed in self.transferred(service).items():
            out_and_back = Fraction(2 * road, MICRO)
            each = transfer.value("suspected_per_confirmed") * (out_and_back + transfer.value("overhead_minutes"))
            minutes += confirmed * (each + transfer.value("repatriated_share") * out_and_back)
        return minutes / 60

    def counted(self, service: str) -> dict[str, Fraction]:
        """Return the patients counted at the sites that provide a service today, where a period is stated."""
        stated = self.question.services[service]
        if stated.observed is None or not stated.observed.period:
            return {}
        key = (stated.activity or "", stated.observed.period)
        today = sorted(self.question.today.get(service, ()))
        return {site: self.inputs.counts.get((site, *key), Fraction(0)) for site in today}

    def came_back(self, service: str) -> dict[str, Fraction]:
        """Return the patients whom the offsets send to each of those sites, with today's designations and demand."""
        total, patients = dict.fromkeys(self.counted(service), 0), self.streams(service, before=True)
        for stream, journey in self.straight_to(service, total, service, by=service).items():
            if journey.site in total:
                total[journey.site] += patients[stream]
        return {site: Fraction(patients, self.inputs.patients_scale) for site, patients in total.items()}

    # Beds -------------------------------------------------------------------------------------------------------------

    def busy_by_site(self, service: str) -> dict[str, Fraction]:
        """Return the beds taken on average at each candidate that the plan gives a service to."""
        wanted = self.question.services[service].beds
        assert wanted is not None
        return {site: busy_beds(wanted, self.patients_from(service, site)) for site in self.sites_of(service)}

    def busy_as_today(self, service: str) -> list[Fraction]:
        """Return the beds taken on average at each of today's candidates, were a service at those."""
        wanted = self.question.services[service].beds
        assert wanted is not None
        chosen = [site for site in self.candidates if site in self.question.today[service]]
        return [busy_beds(wanted, number) for number in self.arriving_as_today(service, chosen).values()]

    def arriving_as_today(self, service: str, sites: Iterable[str]) -> dict[str, Fraction]:
        """Return the patients a year who would arrive at some sites, were a service where it is today.

        Where patients are seen first elsewhere, that is as it is today too, if the config says how that is. Nobody is
        shared out.
        """
        today, transfer = self.question.today, self.question.services[service].transfer
        first = transfer.first_contact if transfer else service
        chosen = [site for site in self.candidates if site in today[service]]
        seen = [site for site in self.candidates if site in today[first]] if first in today else self.sites_of(first)
        # Those who go there at once, and those who are carried on to it.
        patients: dict[str, list[int]] = {site: [0, 0] for site in sites}
        streams = self.streams(service)
        for stream, journey in self.nearest_if(service, chosen, seen).items():
            if journey.site in patients:
                patients[journey.site][journey.moves] += streams[stream]
        share = transfer.value("share_transferred") if transfer else Fraction(1)
        scale = self.inputs.patients_scale
        return {site: Fraction(there + share * carried) / scale for site, (there, carried) in patients.items()}

    # Staff ------------------------------------------------------------------------------------------------------------

    def pools(self, team: str) -> list[str]:
        """Return where a team's staff are counted: at each candidate or, for one team across sites, all together."""
        stated = self.question.teams.get(team)
        return [ACROSS_SITES] if stated and stated.across else self.candidates

    def in_post(self, team: str, unit: str, site: str) -> Fraction:
        """Return the staff in post in the team's year; nobody where the table has no figure."""
        if site != ACROSS_SITES:
            return self.inputs.in_post.get((team, unit, site), Fraction(0))
        across = self.question.teams[team].across
        if across and across.in_post is not None:
            return self.inputs.in_post.get((team, unit, site), across.in_post)
        return sum((self.inputs.in_post.get((team, unit, one), Fraction(0)) for one in self.candidates), Fraction(0))

    def moving(self, team: str, unit: str, site: str, column: str) -> Fraction:
        """Return a decision of the staffing table, ``moved_in``, ``moved_out`` or ``recruited``."""
        row = self.staffing.get((team, unit, site))
        return Fraction(row.cells[column]) if row else Fraction(0)

    def total_moving(self, team: str, unit: str, column: str) -> Fraction:
        """Return a decision of the staffing table over all candidates."""
        return sum((self.moving(team, unit, site, column) for site in self.pools(team)), Fraction(0))

    def staff(self, team: str, unit: str, site: str) -> Fraction:
        """Return in post + moved in − moved out + recruited."""
        moved = self.moving(team, unit, site, "moved_in") - self.moving(team, unit, site, "moved_out")
        return self.in_post(team, unit, site) + moved + self.moving(team, unit, site, "recruited")

    def needs(self, team: str, unit: str, pool: str) -> Iterator[tuple[str, Fraction]]:
        """Yield every service whose rota needs staff of a pool, with what it needs."""
        for code, service in self.question.services.items():
            need = self.rota_need(code, (team, unit), pool) if (team, unit) in service.rotas else None
            if need is not None:
                yield code, need

    def needed(self, team: str, unit: str, pool: str) -> Fraction:
        """Return the largest need among the rotas of services there, where they are needed."""
        return max((need for _, need in self.needs(team, unit, pool)), default=Fraction(0))

    def short(self, team: str, unit: str, site: str) -> Fraction:
        """Return how many more are needed than there are."""
        return max(Fraction(0), self.needed(team, unit, site) - self.staff(team, unit, site))

    def sites_in_need(self, service: str, key: tuple[str, str]) -> list[str]:
        """Return the sites that need a service's rota."""
        rota = self.question.services[service].rotas[key]
        if rota.remote_from and self.sites_of(rota.remote_from):
            return []
        beside = self.sites_of(rota.only_without) if rota.only_without else []
        return [site for site in self.sites_of(service) if site not in beside]

    def rota_need(self, service: str, key: tuple[str, str], pool: str) -> Fraction | None:
        """Return what a rota needs of a site's staff, or one team's over all sites; nothing where it is not needed."""
        sites, rota = self.sites_in_need(service, key), self.question.services[service].rotas[key]
        stated = rota.needed.value or Fraction(0)
        if self.question.teams[key[0]].across is None:
            return stated if pool in sites else None
        if not sites:
            return None
        asked = self.question.services[service].covers.get(key[0])
        if asked is None:
            return stated * len(sites)
        worked = {step.term: step.exact for step in asked.steps}
        travel = {step.term: step.exact for step in self.travel_steps(service, key[0])}
        hours = worked.get(FULL, Fraction(0))
        takes = [hours + travel.get(_takes(site), Fraction(0)) for site in sites]
        if key[1] == "WTE":
            return sum((max(wte, stated) for wte in takes), Fraction(0))
        if not rota.shared_on_call:
            return sum((max(Fraction(math.ceil(wte)), stated) for wte in takes), Fraction(0))
        once = max(worked.get(FREQUENCY, Fraction(0)), worked.get(FLOOR, Fraction(0)))
        return max(Fraction(math.ceil(sum(takes))), Fraction(math.ceil(once)))

    def travel_steps(self, service: str, team: str) -> list[Step]:
        """Return the steps from trips a week and minutes to WTE, with any term that the cover did not need."""
        across, asked = self.question.teams[team].across, self.question.services[service].covers[team]
        if across is None:
            return []
        known = {step.term: step for step in asked.steps}
        new = {
            term: stated_step(term, self.question.terms[name], unit)
            for term, (name, unit) in TRAVEL_TERMS.items()
            if term not in known
        }
        plain, year, working, direct = ({**known, **new}[term] for term in TRAVEL_TERMS)
        trips = stated_step("trips a week to each other site", across.trips, "trips a week")
        found = [*new.values(), trips]
        for site in self.candidates:
            if site != across.base:
                ways = [self._way(one, other, across) for one, other in ((across.base, site), (site, across.base))]
                hours = trips.exact * (ways[0].exact + ways[1].exact) / 60
                term = f"hours of travel to {site}"
                week = worked_step(term, hours, "hours a week", "{} × ({} + {}) ÷ 60", trips, *ways)
                wte = hours / plain.exact * year.exact / (working.exact * direct.exact)
                how = "{} ÷ {} × {} ÷ {} ÷ {}"
                found += [*ways, week, worked_step(_takes(site), wte, "WTE", how, week, plain, year, working, direct)]
        return found

    def _way(self, one: str, other: str, across: Across) -> Step:
        of_teams = self.inputs.road if self.inputs.road_of_teams is None else self.inputs.road_of_teams
        table = "transfers.csv"
        if across.travel_by:
            of_teams, table = self.inputs.road_by_mode[across.travel_by], f"transfers_by_mode.csv ({across.travel_by})"
        minutes = Fraction(of_teams.get((one, other), 0), MICRO)
        return Step(f"minutes from {one} to {other}", minutes, "minutes", f"{table}, times the travel factor", True)

    def travel_is_verified(self, service: str, team: str) -> bool:
        """Whether what hours and travel of one team across sites take rests on verified terms alone."""
        asked = self.question.services[service].covers.get(team)
        if asked is None or self.question.teams[team].across is None:
            return True
        steps = [*asked.steps, *self.travel_steps(service, team)]
        return all(step.verified for step in steps if step.term == FULL or step.term.startswith("WTE that travel"))


def _takes(site: str) -> str:
    return f"WTE that travel to {site} takes"


def busy_beds(wanted: Beds, patients: Fraction) -> Fraction:
    """Return the beds taken on average by so many patients a year and by the others who arrive with them."""
    others = patients * wanted.other_share / (1 - wanted.other_share)
    return (patients * wanted.days + others * wanted.other_days) / DAYS_A_YEAR


def turned_away(busy: Fraction) -> Iterator[Decimal]:
    """Yield the share of arrivals who find every bed taken, with no bed, one bed, two beds and so on, without end."""
    load = DIGITS.divide(Decimal(busy.numerator), Decimal(busy.denominator))
    term = total = Decimal(1)
    number = 0
    while True:
        yield DIGITS.divide(term, total)
        number += 1
        term = DIGITS.divide(DIGITS.multiply(term, load), Decimal(number))
        total = DIGITS.add(total, term)


def share_turned_away(beds: int, busy: Fraction) -> Fraction:
    """Return the share of arrivals who find all of so many beds taken; nobody is turned away where nobody comes."""
    # Beyond the beds that are taken, the shares only fall.
    shares = enumerate(turned_away(busy)) if busy else iter([(beds, Decimal(0))])
    return Fraction(next(share for number, share in shares if number == beds or (number > busy and share < NOBODY)))


def beds_for(wanted: Beds, busy: Fraction) -> int:
    """Return the fewest beds that turn away no larger share than the config allows."""
    allowed = DIGITS.divide(Decimal(wanted.blocking.numerator), Decimal(wanted.blocking.denominator))
    enough = (
        beds
        for beds, share in enumerate(turned_away(busy))
        if (_exactly(beds, busy) <= wanted.blocking if abs(share - allowed) <= CLOSE else share < allowed)
    )
    return next(enough) if busy else 0


def _exactly(beds: int, busy: Fraction) -> Fraction:
    term = total = Fraction(1)
    for number in range(1, beds + 1):
        term = term * busy / number
        total += term
    return term / total
