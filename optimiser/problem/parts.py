"""What a question is made of: sites, services, teams, and figures with where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from optimiser.problem.beds import Stays

Unit = Literal["people", "WTE"]
# All candidates together, where it is known who goes to some of them today, but not to which.
HERE = "candidates"
# Where those of an area are, in ``Border.ways``, who go to the nearest hospital of all: no code of a site.
ACROSS = "across the border"
# How a stream's patients go where some go as today: by what is designated, over the border, or away.
STAYS, PULLED, LEAVES = "stays", "pulled", "leaves"


@dataclass(frozen=True)
class Figure:
    """A number with where it comes from. ``verified`` is False unless a source was read that states it."""

    value: float
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Site:
    """A hospital. A neighbour takes the patients who live nearest to it and is never decided on."""

    code: str
    name: str
    candidate: bool


@dataclass(frozen=True)
class Fixed:
    """A designation that is not open to decision, and why."""

    provided: bool
    reason: str
    source: str = ""
    verified: bool = False


class Roster(Protocol):
    """How a rota may give its cover within the law. ``optimiser.rotas`` knows."""

    def table(self) -> pd.DataFrame:
        """Return its weekly pattern as rows of ``rotas.csv``."""

    def at_sites(self, sites: int, people: int) -> Roster:
        """Return how so many people, one team over so many sites, give the cover at each of them."""


@dataclass(frozen=True)
class RotaNeed:
    """What one open site needs of one team for one service, in people or in whole-time equivalents (WTE).

    ``steps`` are those in which ``needed`` was worked out from cover, as rows of ``rota_needs.csv``; ``roster`` is how
    that cover may be given. Both are empty where the need was stated.

    A site that provides the service of ``only_without`` too has no need of this rota; where any site provides that of
    ``remote_from``, no site has. One team across sites needs the sum over its sites, of what each of them asks for
    (``at`` where that is not ``needed``, because of travel), and never less than ``once``.
    """

    team: str
    unit: Unit
    needed: Figure
    may_fall_short: bool = False
    steps: tuple[tuple[object, ...], ...] = ()
    roster: Roster | None = None
    at: Mapping[str, float] = field(default_factory=dict)
    once: Figure | None = None
    only_without: Link | None = None
    remote_from: Link | None = None

    @property
    def rests_on(self) -> tuple[str, ...]:
        """Codes of the services that decide where the rota is needed, besides its own."""
        return tuple(link.service for link in (self.only_without, self.remote_from) if link)


@dataclass(frozen=True)
class Link:
    """A service that the one that names it leans on, and where that is stated."""

    service: str
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Reach:
    """A service that staff bring from another site: one that provides it must be within so many minutes."""

    service: str
    minutes: Figure


@dataclass(frozen=True)
class Excepted:
    """A link that need not hold at one site, with the reason that somebody has written down."""

    service: str
    needs: str
    site: str
    reason: str
    source: str = ""
    by: str = ""


@dataclass(frozen=True)
class Beds:
    """What a service's patients ask of beds, what its sites have, and the staff who grow with beds.

    ``blocking`` is the share of arrivals that may find every bed taken; ``other_share`` the share of arrivals who turn
    out to have something else and stay ``other_days``; ``at`` the beds available by site; ``staff_per_bed`` WTE a bed.
    """

    days: Figure
    blocking: Figure
    other_share: Figure | None = None
    other_days: Figure | None = None
    at: Mapping[str, Figure] = field(default_factory=dict)
    staff_per_bed: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def stays(self) -> Stays:
        """What one patient asks of the beds."""
        others = (self.other_share, self.other_days)
        return Stays(self.days.value, *(figure.value if figure else 0.0 for figure in others))


@dataclass(frozen=True)
class Team:
    """Staff who share a rota. ``None`` means no limit; moves and recruits are counted in each unit apart.

    ``grade`` is that of all its staff, where it is known. ``across_sites`` is whether they are one team over all sites,
    where nobody need move. ``posts_funded`` are the posts that there is money for over all sites, filled or not.
    ``year`` is that in which they were counted, where it is stated.
    """

    code: str
    name: str
    moves_at_most: Figure | None = None
    recruits_at_most: Figure | None = None
    grade: str = ""
    across_sites: bool = False
    posts_funded: Figure | None = None
    year: int | None = None


@dataclass(frozen=True)
class Observed:
    """Where patients really go: each takes the open site with the least minutes plus that site's offset.

    ``offsets`` are in minutes by site, 0 where none is given, and change where patients go, never how long they
    travel. ``counts`` are the patients counted at the sites that provide the service today, in ``period``; empty
    where the offsets were not fitted to anything.
    """

    offsets: Mapping[str, Figure] = field(default_factory=dict)
    period: str = ""
    counts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Transfer:
    """How patients reach a service by way of another: they are seen there first, and some are then taken on.

    ``dwell_minutes`` is spent at the first site, and ``overhead_minutes`` on asking for a crew, waiting for it, loading
    and handing over. The patients a year of a service are confirmed ones; for each of them ``suspected_per_confirmed``
    are taken on. Unless ``to_neighbours``, nobody is taken on to a neighbour: those seen first at one that provides the
    service stay there all the same. ``None`` means no limit.
    """

    first_contact: str
    dwell_minutes: Figure = Figure(0)
    overhead_minutes: Figure = Figure(0)
    share_transferred: Figure = Figure(1)
    suspected_per_confirmed: Figure = Figure(1)
    repatriated_share: Figure = Figure(0)
    most_transfers_a_day: Figure | None = None
    most_repatriations_a_year: Figure | None = None
    most_ambulance_hours: Figure | None = None
    to_neighbours: bool = True


@dataclass(frozen=True)
class Service:
    """A line of care: who needs it, how they reach it, and what it needs to run. ``None`` means no such rule.

    ``managed``: its patients are shared out between sites so that volumes are kept to, and need not go to the nearest.
    ``travel_by`` and ``visitors_travel_by`` are modes of ``Problem.by_mode``: how its patients travel, if not as in
    ``Problem.journeys``, and how those travel who visit them, if that is counted.
    """

    code: str
    name: str
    activity: str | None = None
    neighbours: tuple[str, ...] = ()
    fixed: Mapping[str, Fixed] = field(default_factory=dict)
    at_least_sites: Figure | None = None
    at_most_sites: Figure | None = None
    minimum_patients: Figure | None = None
    maximum_patients: Figure | None = None
    longest_journey_minutes: Figure | None = None
    standard_minutes: Figure | None = None
    share_within_standard: Figure | None = None
    at_most_share_outside: Figure | None = None
    neighbours_take_at_most: Mapping[str, Figure] = field(default_factory=dict)
    same_site: tuple[Link, ...] = ()
    rotas: tuple[RotaNeed, ...] = ()
    in_reach: tuple[Reach, ...] = ()
    by_transfer: tuple[Link, ...] = ()
    beds: Beds | None = None
    stays_local: str = ""
    observed: Observed | None = None
    transfer: Transfer | None = None
    managed: bool = False
    travel_by: str | None = None
    visitors_travel_by: str | None = None

    @property
    def counts_volumes(self) -> bool:
        """Whether some rule depends on how many patients come to a site."""
        outside = self.at_most_share_outside or self.neighbours_take_at_most
        return bool(self.minimum_patients or self.maximum_patients or (self.beds and self.beds.at) or outside)

    @property
    def treated_outside_is_told(self) -> bool:
        """Whether there is a neighbour at all, so that a share treated outside can be told."""
        return bool(self.neighbours)


@dataclass(frozen=True)
class Border:
    """Where an area's patients go today, for the share of them who go there whatever is decided.

    Attributes
    ----------
    shares
        Of each area's patients, the share who go to each place today: one row an area, one column a neighbour, and
        one, ``HERE``, of all candidates together. Of residents only those who go to some place that a service counts
        are looked at, as if they were all; of areas outside the system, those who come to the candidates.
    pull
        Of every area's patients the share who go to the nearest hospital of all instead, as if there were no border.
    """

    shares: pd.DataFrame
    pull: Figure = Figure(0)

    @property
    def ways(self) -> pd.DataFrame:
        """The shares, with one more column: of an area's patients the share who go over the border, as pulled."""
        return self.shares.assign(**{ACROSS: self.pull.value})


@dataclass(frozen=True, eq=False)
class Streams:
    """The patients of an area, parted by where they can go: one entry a stream, those of areas first.

    The first streams are one an area, in the order of the areas. Where everybody goes by what is designated there are
    no others. Arrays are read only.

    Attributes
    ----------
    area
        Position of the stream's area.
    neighbour
        Code of the neighbour that its patients go to, whatever is designated; empty for those who go by that.
    crosses
        Whether those who go by what is designated may take a neighbour too.
    """

    area: np.ndarray
    neighbour: np.ndarray
    crosses: np.ndarray

    @classmethod
    def of(cls, kinds: Sequence[tuple[np.ndarray, str, bool]]) -> Streams:
        """Put streams in order from kinds of them: positions of areas, a neighbour or nothing, and whether they cross.

        Kinds that go by what is designated come one after another, then those who leave, by area.
        """
        area = np.concatenate([areas for areas, _, _ in kinds])
        neighbour = np.concatenate([np.full(len(areas), code, dtype=object) for areas, code, _ in kinds])
        crosses = np.concatenate([np.full(len(areas), over) for areas, _, over in kinds])
        leaves = np.asarray(neighbour != "")
        order = np.argsort(np.where(leaves, area, -1), kind="stable")
        found = cls(area[order], neighbour[order], crosses[order])
        for values in (found.area, found.neighbour, found.crosses):
            values.flags.writeable = False
        return found

    @property
    def how(self) -> np.ndarray:
        """How its patients go: by what is designated here, to the nearest of all, or away whatever is designated."""
        return np.where(self.leaves, LEAVES, np.where(self.crosses, PULLED, STAYS)).astype(object)

    @cached_property
    def leaves(self) -> np.ndarray:
        """Whether its patients leave for a neighbour, whatever is designated. Read only."""
        found = np.asarray(self.neighbour != "")
        found.flags.writeable = False
        return found


@dataclass(frozen=True)
class Growth:
    """Demand that was grown over some years, to ``year`` where that is stated.

    ``before`` is what it was: patients a year, one row an area, one column an activity. ``verified`` is whether every
    rate is. ``by_age`` and ``by_activity`` are the rates, as shares a year.
    """

    years: int
    before: pd.DataFrame
    year: int | None = None
    verified: bool = False
    by_age: Mapping[str, float] = field(default_factory=dict)
    by_activity: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Longer:
    """Minutes that journeys take longer than their table says, because of what is out of the ordinary on the roads.

    ``journeys`` has one row an area and ``transfers`` one a site, each one column a site. ``words`` say what is out of
    the ordinary, and ``slow`` how many times its minutes each stretch takes that is slow. ``verified`` says how much of
    the network is marked as that.
    """

    words: str
    journeys: pd.DataFrame
    transfers: pd.DataFrame
    slow: Mapping[str, Figure] = field(default_factory=dict)
    verified: str = ""


@dataclass(frozen=True)
class Calibrated:
    """How a place's minutes were made of a routing program's: ``plus`` at once, and so many ``times`` the program's."""

    plus: Figure
    times: Figure

    @property
    def words(self) -> str:
        """The calibration, as it is written."""
        return f"{self.plus.value:g} + {self.times.value:g} × a routing program's minutes"

    @property
    def verified(self) -> bool:
        """Whether both figures are."""
        return self.plus.verified and self.times.verified


@dataclass(frozen=True)
class Changed:
    """A parameter that a config has at another value than its settings and tables make it, and why.

    ``was`` is what it was before; ``words`` say what holds now, as a sentence without its stop.
    """

    name: str
    was: float
    value: float
    words: str
    reason: str
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Added:
    """A candidate that a config adds to those of the place's tables, why, and how its journeys are known.

    ``estimated`` says of which tables its minutes are estimated, ``journeys`` and ``transfers``: ``at_once`` minutes
    and ``a_km`` for each kilometre of a straight line, or ``a_minute`` for each on the network of roads, fitted to so
    many ``sites``. ``median_off`` and
    ``nine_in_ten_within`` are minutes by which that is off at those sites, each held out of the fit; ``None`` where
    there are too few. ``grid`` are its easting and northing in metres, where they are known.
    """

    site: str
    reason: str
    source: str = ""
    verified: bool = False
    estimated: tuple[str, ...] = ()
    at_once: float | None = None
    a_km: float | None = None
    a_minute: float | None = None
    sites: int = 0
    median_off: float | None = None
    nine_in_ten_within: float | None = None
    grid: tuple[float, float] | None = None


@dataclass(frozen=True)
class KnowBefore:
    """What to know before an answer is repeated, and where that is stated.

    ``{mean_minutes of SERVICE}`` in the sentence stands for that measure of a plan, with ``at SITE`` behind it for one
    of a site, and ``today`` for that of today's designations.
    """

    sentence: str
    source: str = ""


@dataclass(frozen=True)
class Objective:
    """Something to make as small as possible: a function of ``model.objectives``, over some services (all if empty).

    ``since`` are designations as (site, service) from which changes are counted, in place of today's.
    """

    name: str
    services: tuple[str, ...] = ()
    since: frozenset[tuple[str, str]] | None = None
