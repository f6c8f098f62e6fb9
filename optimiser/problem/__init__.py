"""One question, frozen and keyed by code.

Nothing here reads a file, builds a model or solves. A variant of a question is made with ``dataclasses.replace`` or, to
keep what was worked out of what is not varied, with ``Problem.varied``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np
import pandas as pd

from optimiser.errors import TooLarge
from optimiser.problem import decimals
from optimiser.problem.decimals import MILLION, exactly
from optimiser.problem.parts import (
    ACROSS,
    HERE,
    LEAVES,
    PULLED,
    STAYS,
    Added,
    Beds,
    Border,
    Calibrated,
    Changed,
    Excepted,
    Figure,
    Fixed,
    Growth,
    KnowBefore,
    Link,
    Longer,
    Objective,
    Observed,
    Reach,
    Roster,
    RotaNeed,
    Service,
    Site,
    Streams,
    Team,
    Transfer,
    Unit,
)

__all__ = [
    "ACROSS",
    "ACROSS_SITES",
    "HERE",
    "LEAVES",
    "MOST_DEPRIVED_DECILES",
    "PULLED",
    "STAYS",
    "Added",
    "Beds",
    "Border",
    "Calibrated",
    "Changed",
    "Excepted",
    "Figure",
    "Fixed",
    "Growth",
    "KnowBefore",
    "Link",
    "Longer",
    "Objective",
    "Observed",
    "Problem",
    "Reach",
    "Roster",
    "RotaNeed",
    "Service",
    "Site",
    "Streams",
    "Team",
    "Transfer",
    "Unit",
    "worked_out_once",
]

# Deciles 1 and 2 of the Indices of Deprivation: the most deprived fifth of areas.
MOST_DEPRIVED_DECILES = 2
# Of a mean journey, what is too little to matter where a question does not say.
TIE = 0.01
# Where the staff of one team across sites are counted, instead of at a site.
ACROSS_SITES = "across_sites"


class _Keeps(Protocol):
    """What keeps what was worked out of it."""

    @property
    def _worked_out(self) -> dict[object, Any]: ...


_Of = TypeVar("_Of", bound=_Keeps)
_Asked = ParamSpec("_Asked")
_Found = TypeVar("_Found")


def worked_out_once(
    work: Callable[Concatenate[_Of, _Asked], _Found],
) -> Callable[Concatenate[_Of, _Asked], _Found]:
    """Have something worked out of a question or plan only once, and kept with it: ``cached_property`` with arguments.

    Whoever is given what was kept must leave it as it is.
    """

    @wraps(work)
    def look_up(of: _Of, /, *asked: _Asked.args, **named: _Asked.kwargs) -> _Found:
        key = (work.__module__, work.__qualname__, asked, tuple(sorted(named.items())))
        if key not in of._worked_out:
            of._worked_out[key] = work(of, *asked, **named)
        found: _Found = of._worked_out[key]
        return found

    return look_up


@dataclass(frozen=True, repr=False)
class Problem:
    """One question.

    Attributes
    ----------
    areas
        One row an area (index: area code) with at least ``resident`` (bool), and where known ``population`` (people),
        ``name``, ``district``, ``population_75_plus``, ``deprivation_decile`` (1 is the most deprived tenth),
        ``corridor`` (the road whose state its journeys share; blank for none).
    journeys
        Minutes by road, one row an area, one column a site in ``site_order``. NaN: no journey (allowed pairs only).
    by_mode
        Minutes by each other mode that a service names, as ``journeys`` has them by road.
    demand
        Patients a year, one row an area, one column an activity; grown already where ``growth`` says so.
    ages
        By activity, the shares of the residents' patients now who are ``under_65``, ``from_65`` and perhaps
        ``from_75``. Patients of others are taken to be of all ages alike.
    staff
        In post, keyed by (site, team, unit).
    today
        The (site, service) pairs provided today.
    nowhere_today
        Services known to be provided at no candidate today.
    transfers
        Minutes by road from site (index) to site (column); empty where the place has no such table.
    at_most_services_a_site
        How many of the services a candidate provides at most. ``None`` means no limit.
    most_transfers_a_year
        How many patients a year are transferred at most, over all services together. ``None`` means no limit.
    exceptions
        Links that need not hold at some site, with reasons.
    hurdles
        Rules by which options are struck out first, in this order. They change what each strikes out, never what is
        left.
    factors
        What every journey time was multiplied by, by the setting that states it; those of 1 are left out.
    uncalibrated
        The calibration of the place's journeys that was taken back, before the factors; ``None`` if none was.
    longer
        By how much journeys are longer, before the factors, for what is out of the ordinary on the roads; ``None`` if
        nothing is.
    times_of_day
        The times of day or ways of driving that the question knows, and whether it is asked at them.
    minute_places
        How many decimals of a minute are kept, after the factors.
    border
        Who crosses the border today, whatever is designated. ``None``: everybody goes by what is designated.
    uncounted
        By activity, of how many areas outside it is not known how many patients there are: nobody is counted there.
    a_tie_is_within
        Minutes a patient that are too few to matter. ``None``: a hundredth of the average journey to a service.
    know_before
        What to know before an answer is repeated.
    added
        Candidates that a config adds to those of the place's tables: they are in all the above.
    closed
        By candidate, why it provides nothing in this question: that is fixed of every service.
    changed
        What a config changed of its settings and tables, in the order in which it was changed: it is in all the above.
    files
        The resolved config and the place's tables as they were understood, by name in a run folder: what a reviewer
        needs to ask the same question again. Empty for a problem that was made in Python.
    """

    title: str
    sites: Mapping[str, Site]
    services: Mapping[str, Service]
    areas: pd.DataFrame
    journeys: pd.DataFrame
    demand: pd.DataFrame
    teams: Mapping[str, Team] = field(default_factory=dict)
    staff: Mapping[tuple[str, str, Unit], float] = field(default_factory=dict)
    today: frozenset[tuple[str, str]] = frozenset()
    nowhere_today: frozenset[str] = frozenset()
    at_most_services_a_site: Figure | None = None
    most_transfers_a_year: Figure | None = None
    exceptions: tuple[Excepted, ...] = ()
    objectives: tuple[Objective, ...] = (Objective("patient_minutes"),)
    hurdles: tuple[str, ...] = ()
    time_limit_minutes: float = 10.0
    transfers: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_mode: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    growth: Growth | None = None
    ages: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict)
    factors: Mapping[str, Figure] = field(default_factory=dict)
    uncalibrated: Calibrated | None = None
    longer: Longer | None = None
    times_of_day: Mapping[str, bool] = field(default_factory=dict)
    minute_places: int = decimals.PLACES
    border: Border | None = None
    uncounted: Mapping[str, int] = field(default_factory=dict)
    a_tie_is_within: Figure | None = None
    know_before: tuple[KnowBefore, ...] = ()
    added: tuple[Added, ...] = ()
    closed: Mapping[str, Fixed] = field(default_factory=dict)
    changed: tuple[Changed, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    def level_within(self, minutes: float) -> float:
        """Return by how many minutes a patient a service's average journey may differ from this one and be level."""
        return self.a_tie_is_within.value if self.a_tie_is_within else TIE * minutes

    def __repr__(self) -> str:
        """Return what is asked, of how many areas, and which services and candidates there are."""
        areas = f"{len(self.areas):,} areas, {int(self.areas['resident'].sum()):,} of them resident"
        services, candidates = ", ".join(self.services), ", ".join(self.candidates)
        return f"{self.title}\n  {areas}\n  services: {services}\n  candidates: {candidates}"

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """Codes of the sites that may be given services, in code order."""
        return tuple(sorted(code for code, site in self.sites.items() if site.candidate))

    @cached_property
    def site_order(self) -> tuple[str, ...]:
        """Candidates before neighbours, each by code: the order in which equal journey times are settled."""
        return tuple(sorted(self.sites, key=lambda code: (not self.sites[code].candidate, code)))

    @cached_property
    def services_with_patients(self) -> tuple[str, ...]:
        """Codes of the services whose patients' journeys count."""
        return tuple(code for code, service in self.services.items() if service.activity)

    @cached_property
    def reached_by_transfer(self) -> tuple[str, ...]:
        """Codes of the services that patients reach by way of another, in config order."""
        return tuple(code for code in self.services_with_patients if self.services[code].transfer)

    @cached_property
    def on_a_transfer_pathway(self) -> frozenset[str]:
        """Codes of the services reached by transfer and of those where their patients are seen first."""
        first = (leg.first_contact for code in self.reached_by_transfer if (leg := self.services[code].transfer))
        return frozenset((*self.reached_by_transfer, *first))

    @cached_property
    def team_units(self) -> tuple[tuple[str, Unit], ...]:
        """Each (team, unit) that some service's rota counts, in config order."""
        rotas = (rota for service in self.services.values() for rota in service.rotas)
        return tuple(dict.fromkeys((rota.team, rota.unit) for rota in rotas))

    def pools(self, team: str) -> tuple[str, ...]:
        """Return where a team's staff are counted: at each candidate or, for one team across sites, all together."""
        return (ACROSS_SITES,) if self.teams[team].across_sites else self.candidates

    def pool_name(self, pool: str) -> str:
        """Return what people call a site, or all of them as one team has them."""
        return "all sites together" if pool == ACROSS_SITES else self.sites[pool].name

    def in_post(self, pool: str, team: str, unit: Unit) -> float:
        """Return a team's staff in post at a site, or at all of them together."""
        if pool != ACROSS_SITES:
            return self.staff.get((pool, team, unit), 0.0)
        return round(sum(n for (_, other, counted), n in self.staff.items() if (other, counted) == (team, unit)), 9)

    @cached_property
    def services_with_today(self) -> frozenset[str]:
        """Codes of the services of which it is known where they are today."""
        return frozenset(service for _, service in self.today) | self.nowhere_today

    @cached_property
    def has_tables_of_links(self) -> bool:
        """Whether some service leans on another across sites, or need not: then a run says how every link stands."""
        linked = any(service.in_reach or service.by_transfer for service in self.services.values())
        return linked or bool(self.exceptions)

    @cached_property
    def _excepted(self) -> frozenset[tuple[str, str, str]]:
        return frozenset((one.service, one.needs, one.site) for one in self.exceptions)

    def is_excepted(self, service: str, needs: str, site: str) -> bool:
        """Whether a service at a site need not keep to its link with another."""
        return (service, needs, site) in self._excepted

    def transfer_minutes(self, from_site: str, to_site: str) -> float:
        """Return the minutes by road between two sites: 0 from a site to itself, infinite where it is not known."""
        if from_site == to_site:
            return 0.0
        minutes = self._roads.get(to_site, {}).get(from_site, np.nan)
        return np.inf if np.isnan(minutes) else float(minutes)

    @cached_property
    def _roads(self) -> Mapping[Any, Mapping[str, float]]:
        return self.kept("roads", (self.transfers,), lambda: self.transfers.astype(float).to_dict())

    def within_reach(self, site: str, minutes: float) -> tuple[str, ...]:
        """Return the candidates, a site itself included, whose staff reach it within so many minutes."""
        return tuple(other for other in self.candidates if self.transfer_minutes(other, site) <= minutes)

    def varied(self, **parts: Any) -> Problem:
        """Return the question with other parts; what was ``kept`` of those that it has too is not worked out again."""
        found = replace(self, **parts)
        found._kept.update(self._kept)
        return found

    @cached_property
    def _kept(self) -> dict[object, tuple[tuple[object, ...], Any]]:
        return {}

    def kept(self, key: object, of: tuple[object, ...], work: Callable[[], _Found]) -> _Found:
        """Return what is worked out ``of`` some objects, once for a question and variants that have these very ones.

        ``key`` says what is worked out, with all else that it rests on. It must be left as it is.
        """
        known = self._kept.get(key)
        if known is None or any(one is not other for one, other in zip(known[0], of, strict=True)):
            known = self._kept[key] = of, work()
        found: _Found = known[1]
        return found

    def seen_by(self, objective: Objective) -> Problem:
        """Return the problem as an objective counts it: where it says since when, with that in place of today."""
        if objective.since is None:
            return self
        return replace(self, today=objective.since, nowhere_today=frozenset(self.services))

    def services_of(self, objective: Objective) -> tuple[str, ...]:
        """Codes of the services that an objective covers: those it lists, else all."""
        return objective.services or tuple(self.services)

    def behind_its_border(self) -> Problem:
        """Return the same question with nobody crossing the border; the problem itself if nobody can."""
        if not self._somebody_can_cross:
            return self
        resident, here = self.areas["resident"], list(self.candidates)
        return replace(
            self,
            border=None,
            uncounted={},
            sites={code: site for code, site in self.sites.items() if site.candidate},
            services={code: replace(service, neighbours=()) for code, service in self.services.items()},
            areas=self.areas[resident],
            journeys=self.journeys.loc[resident, list(self.candidates)],
            by_mode={mode: table.loc[resident, list(self.candidates)] for mode, table in self.by_mode.items()},
            demand=self.demand[resident],
            transfers=self.transfers.reindex(index=here, columns=here) if len(self.transfers) else self.transfers,
            growth=self.growth and replace(self.growth, before=self.growth.before[resident]),
        )

    @cached_property
    def _somebody_can_cross(self) -> bool:
        if not self.resident_areas.all():
            return True
        counted = {site for code in self.services_with_patients for site in self.counted_at(code)}
        if np.isin(self.streams.neighbour, list(counted)).any():
            return True
        return bool(self.streams.crosses.any()) and any(service.neighbours for service in self.services.values())

    def to_the_nearest(self) -> Problem:
        """Return the same question with nobody shared out; the problem itself if nobody is."""
        if not any(service.managed for service in self.services.values()):
            return self
        return replace(
            self, services={code: replace(service, managed=False) for code, service in self.services.items()}
        )

    def reachable_sites(self, service: str) -> tuple[str, ...]:
        """Every site that could take patients of this service, in the order that settles ties."""
        neighbours = set(self.services[service].neighbours)
        return tuple(s for s in self.site_order if self.sites[s].candidate or s in neighbours)

    @cached_property
    def streams(self) -> Streams:
        """The streams of patients: one an area where everybody goes by what is designated. Read only.

        Where some go as today, first those who go by what is designated, then (only where some are pulled over the
        border) those who take the nearest hospital of all, then those who leave, by area and neighbour.
        """
        return self.kept("streams", (self.areas, self.border, self.sites), self._streams)

    def _streams(self) -> Streams:
        every = np.arange(len(self.areas))
        if self.border is None or self.border.pull.value == 1:
            return Streams.of([(every, "", True)])
        goes_abroad = [
            (np.flatnonzero(self.resident_areas & (self.border.shares[site].to_numpy(dtype=float) > 0)), site, False)
            for site in self.site_order
            if site in self.border.shares
        ]
        pulled = [(every, "", True)] if self.border.pull.value else []
        return Streams.of([(every, "", False), *pulled, *goes_abroad])

    def of_areas(self, column: str) -> np.ndarray:
        """Return what is known of each stream's area."""
        return np.asarray(self.areas[column].to_numpy()[self.streams.area])

    @cached_property
    def stream_names(self) -> tuple[str, ...]:
        """A name for each stream, as within the name of a row: its area's code, and how it goes if not as the first."""
        codes, streams = self.areas.index.to_numpy(dtype=object), self.streams
        second = np.arange(len(streams.area)) >= len(codes)
        ends = np.where(streams.leaves, ".for." + streams.neighbour, np.where(second, ".across_the_border", ""))
        return tuple(map(str, codes[streams.area] + ends))

    @worked_out_once
    def minutes(self, service: str) -> np.ndarray:
        """Journey minutes for a service: streams × ``reachable_sites``. Read only.

        Infinite where there is no journey, and at sites that a stream's patients do not go to.
        """
        sites, journeys = self.reachable_sites(service), self.journeys_to(service)
        key = ("minutes", sites, self.services[service].travel_by)
        return self.kept(key, (journeys, self.streams), lambda: self._minutes_to(sites, journeys))

    def journeys_to(self, service: str) -> pd.DataFrame:
        """Return the minutes by which a service's patients travel: areas × ``site_order``."""
        mode = self.services[service].travel_by
        return self.journeys if mode is None else self.by_mode[mode]

    def _minutes_to(self, sites: tuple[str, ...], journeys: pd.DataFrame) -> np.ndarray:
        found = journeys[list(sites)].to_numpy(dtype=float, copy=True)
        found[np.isnan(found)] = np.inf
        if self.border is not None:
            goes = self.kept(("goes", sites), (self.streams,), lambda: self._goes_to(sites))
            found = np.where(goes, found[self.streams.area], np.inf)
        found.flags.writeable = False
        return found

    def _goes_to(self, sites: tuple[str, ...]) -> np.ndarray:
        """Return which of some sites, candidates first, each stream's patients may go to: streams × sites."""
        streams, candidates = self.streams, len(self.candidates)
        # Whoever leaves for a neighbour that is not counted here is nobody, and may go anywhere here.
        here = ~np.isin(streams.neighbour, list(sites[candidates:]))
        outside = np.arange(len(sites)) >= candidates
        goes = (here & streams.crosses)[:, None] | (here[:, None] & ~outside)
        return np.asarray(goes | (streams.neighbour[:, None] == np.array(sites, dtype=object)))

    def choosing_minutes(self, service: str) -> np.ndarray:
        """Return what patients go by when they take the open site with the least of it: streams × ``reachable_sites``.

        Journey minutes; where the service has offsets, those added, in whole millionths of a minute so that equal
        really means equal. Infinite where there is no journey. Read only.
        """
        return self._choosing(service, service)

    def first_choosing_minutes(self, service: str) -> np.ndarray:
        """Return what patients of a service reached by transfer go by when they choose where to be seen first.

        Streams × the reachable sites of first contact. Their own offsets where the service has some, as patients of one
        kind may be drawn otherwise than all who come; else those of first contact.
        """
        transfer = self.services[service].transfer
        assert transfer is not None
        return self._choosing(
            transfer.first_contact, service if self.is_drawn_apart(service) else transfer.first_contact
        )

    def is_drawn_apart(self, service: str) -> bool:
        """Whether patients of a service reached by transfer choose first contact by offsets of their own."""
        observed = self.services[service].observed
        return bool(self.services[service].transfer and observed and observed.offsets)

    @worked_out_once
    def _choosing(self, to: str, drawn_as: str) -> np.ndarray:
        """Minutes to the sites of one service plus the offsets of another, or of its own."""
        observed = self.services[drawn_as].observed
        if observed is None:
            return self.minutes(to)
        offsets = tuple(observed.offsets.get(site, Figure(0)).value for site in self.reachable_sites(to))
        minutes = self.minutes(to)

        def millionths() -> np.ndarray:
            found: np.ndarray = np.rint(minutes * MILLION) + np.rint(np.array(offsets) * MILLION)
            found.flags.writeable = False
            return found

        return self.kept(("choosing", to, offsets), (minutes,), millionths)

    @cached_property
    def _worked_out(self) -> dict[object, Any]:
        return {}

    @cached_property
    def patient_scale(self) -> int:
        """The power of ten that makes every number of patients whole, and every limit that they are shared out by."""
        managed = [service for service in self.services.values() if service.managed]
        figures = [figure for one in managed for figure in (one.minimum_patients, one.maximum_patients) if figure]
        # How many patients so many beds can take is no round number: it is counted to the last decimal place there is.
        finest = [1 / MILLION] if any(one.beds and one.beds.at for one in managed) else []
        limits = np.array([*(figure.value for figure in figures), *finest])
        if self.border is not None:
            return MILLION
        return _scale(np.concatenate([np.ravel(self.demand.to_numpy(dtype=float)), limits]))

    @cached_property
    def minute_scale(self) -> float:
        """What makes every journey time whole, and no larger than need be; transfers and waits included."""
        legs = [leg for code in self.reached_by_transfer if (leg := self.services[code].transfer)]
        waits = tuple(figure.value for leg in legs for figure in (leg.dwell_minutes, leg.overhead_minutes))
        roads, tables = [self.transfers] if legs else [], (self.journeys, *self.by_mode.values())

        def finest() -> float:
            times = np.concatenate([np.ravel(np.asarray(one, dtype=float)) for one in (*tables, *roads, waits)])
            times = times[np.isfinite(times)]
            places = _scale(times)
            # A factor makes decimal places, not finer steps: 0.1 minute × 1.25 still moves in steps of 0.125.
            step = int(np.gcd.reduce(np.rint(times * places).astype(np.int64), initial=0)) or 1
            return places / step

        return self.kept(("minute scale", waits, *self.by_mode), (*tables, self.transfers), finest)

    @cached_property
    def share_scale(self) -> int:
        """What makes every share of patients who are transferred whole, and no larger than need be."""
        legs = [self.services[code].transfer for code in self.reached_by_transfer]
        shares = np.array([leg.share_transferred.value for leg in legs if leg], dtype=float)
        places = _scale(shares)
        return places // int(np.gcd.reduce(np.rint(shares * places).astype(np.int64), initial=places))

    @cached_property
    def resident_areas(self) -> np.ndarray:
        """Whether each area is resident. Read only."""
        found = self.areas["resident"].to_numpy(dtype=bool, copy=True)
        found.flags.writeable = False
        return found

    @cached_property
    def resident(self) -> np.ndarray:
        """Whether each stream's area is resident. Read only."""
        found = np.asarray(self.resident_areas[self.streams.area])
        found.flags.writeable = False
        return found

    @cached_property
    def stays(self) -> np.ndarray:
        """Whether each stream is of residents who go by what is designated: whose longest journey counts. Read only."""
        found = np.asarray(self.resident & ~self.streams.leaves)
        found.flags.writeable = False
        return found

    @worked_out_once
    def patients(self, service: str) -> np.ndarray:
        """Patients a year for a service, one number a stream, residents or not. Read only."""
        activity = self.services[service].activity
        if activity is None:
            return np.zeros(len(self.streams.area))
        of_areas = self.demand[activity].to_numpy(dtype=float)
        if self.border is None:
            return of_areas
        border, neighbours = self.border, self.counted_at(service)
        key = ("patients", neighbours, of_areas.tobytes())
        return self.kept(key, (border, self.streams), lambda: self._parted(of_areas, border, neighbours))

    def counted_at(self, code: str) -> tuple[str, ...]:
        """Return the neighbours that a service's patients may leave for: those of first contact too, if it has one."""
        service = self.services[code]
        first = self.services[service.transfer.first_contact] if service.transfer else service
        return tuple(site for site in service.neighbours if site in first.neighbours)

    def _parted(self, patients: np.ndarray, border: Border, neighbours: tuple[str, ...]) -> np.ndarray:
        """Return patients by stream, in millionths that add up, from patients by area."""
        whole = np.rint(patients * MILLION)
        pulled = np.rint(decimals.table_times(pd.DataFrame(patients), exactly(border.pull.value))[0] * MILLION)
        left = whole - pulled.to_numpy()
        known = [site for site in self.site_order if site in border.shares and site in neighbours] + [HERE]
        shares = np.rint(border.shares[known].fillna(0.0).to_numpy(dtype=float) * MILLION)
        shares[~self.resident_areas, :-1] = 0
        total = np.where(self.resident_areas, shares.sum(axis=1), float(MILLION))
        # Those of whom nothing is known go by what is designated.
        shares[total == 0, -1] = total[total == 0] = 1
        goes = dict(zip(known, decimals.parts(left, shares, total).T, strict=True))
        streams, found = self.streams, np.zeros(len(self.streams.area))
        for site, number in goes.items():
            mine = ~streams.leaves & ~streams.crosses if site == HERE else streams.neighbour == site
            found[mine] = number[streams.area[mine]]
        over = ~streams.leaves & streams.crosses
        found[over] = pulled.to_numpy()[streams.area[over]]
        found /= MILLION
        found.flags.writeable = False
        return found

    def before_growth(self) -> Problem:
        """Return the same question with the patients of today; the problem itself if they were not grown."""
        return self if self.growth is None else replace(self, demand=self.growth.before, growth=None)


def _scale(values: np.ndarray) -> int:
    values = values[np.isfinite(values)]
    for places in range(7):
        scaled = values * 10**places
        if np.all(np.abs(scaled - np.rint(scaled)) <= 1e-12 + 4e-15 * scaled):
            return int(10**places)
    raise TooLarge("Journey times and patients are counted to six decimal places at most. Round the tables.")
