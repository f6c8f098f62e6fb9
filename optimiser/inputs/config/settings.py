"""The shape of a config: every setting, its range and its meaning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StrictStr,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from optimiser.errors import Fault
from optimiser.inputs.config.figures import (
    AtLeastZero,
    Beds,
    BedsThere,
    Blocking,
    ChangedTo,
    Code,
    Codes,
    Count,
    ExactShare,
    Factor,
    GridMetres,
    Limit,
    Line,
    MinutePlaces,
    Minutes,
    Number,
    Offset,
    OneToAThousand,
    OtherStayDays,
    Patients,
    Rate,
    Sentences,
    Share,
    ShareBelowOne,
    StatedFigure,
    StatedLimit,
    StayDays,
    Strict,
    Trips,
    Within,
    Year,
    as_written,
    in_full,
)
from optimiser.inputs.config.rotas import ContractSettings, RotaSettings, WorkingTimeSettings
from optimiser.inputs.layers import Origin, Spot, origin_of
from optimiser.problem import Figure
from optimiser.problem.decimals import exactly

OBJECTIVES = (
    "patient_minutes",
    "worst_journey",
    "patients_beyond_standard",
    "patients_outside",
    "deprived_patient_minutes",
    "staff_short",
    "changes_from_today",
    "fewest_sites",
    "transfers",
)
INPUTS = "inputs"
STRAIGHT_LINE, BY_ROAD = "straight_line", "roads"
ESTIMATES = (STRAIGHT_LINE, BY_ROAD)
MOST_STAFF = 1_000_000


class AgeGrowthSettings(Strict):
    """Growth by age: the patients of an area grow as its people would."""

    under_65: Rate = Field(description="Growth a year of people under 65, for example 0.004")
    from_65: Rate = Field(description="Growth a year of people aged 65 and over; to 74 where from_75 is stated")
    from_75: Rate | None = Field(None, description="Growth a year of people aged 75 and over, where it differs")


class GrowthSettings(Strict):
    """How demand grows from the year of demand.csv."""

    years: Annotated[Number, AfterValidator(Within(0, 100, whole=True))] = Field(description="Whole years of growth")
    by_age: AgeGrowthSettings | None = Field(
        None, description="Growth by each area's age mix; needs population_65_plus"
    )
    by_activity: dict[Code, Rate] = Field(
        {}, description="Growth a year of an activity, wherever patients live; instead of growth by age"
    )

    @model_validator(mode="after")
    def _states_a_rate(self) -> GrowthSettings:
        if self.by_age is None and not self.by_activity:
            raise ValueError("needs by_age or by_activity. Say how fast demand grows.")
        return self


class AgesSettings(Strict):
    """Of which ages the residents' patients of an activity are now: shares that add up to 1.

    An area's patients are then taken to come from its people of each age at the rate of the whole system.
    """

    under_65: Share = Field(description="Share of the patients who are under 65, for example 0.25")
    from_65: Share = Field(description="Share who are 65 and over; to 74 where from_75 is stated")
    from_75: Share | None = Field(None, description="Share who are 75 and over, where it is known apart")

    @model_validator(mode="after")
    def _add_up(self) -> AgesSettings:
        total = sum(exactly(one.value) for one in (self.under_65, self.from_65, self.from_75) if one)
        if total != 1:
            words = f"has shares that add up to {in_full(float(total))}, not 1"
            raise ValueError(f"{words}. State the share of each age, so that all patients are counted once.")
        return self


class DemandSettings(Strict):
    """Which year's patients are counted."""

    year: Year | None = Field(None, description="The year that demand is grown to, for people to read")
    ages: dict[Code, AgesSettings] | None = Field(
        None,
        description="Of which ages the patients of an activity are; needs population_65_plus. Where people of an age "
        "grow or vary, patients of all others are taken to be of all ages alike",
    )
    growth: GrowthSettings | None = Field(None, description="How demand grows; not at all if not stated")


class CalibrationSettings(Strict):
    """How the place's minutes were made of a routing program's: so many at once, and so many times those.

    Where it is not applied journeys are the program's own: less plus, none below 0, and divided by times.
    """

    plus: AtLeastZero = Field(description="Minutes that every journey was given at once")
    times: Factor = Field(description="What the program's minutes were multiplied by")
    applied: StrictBool = Field(True, description="Whether journeys stay calibrated; false takes them back")


class TravelSettings(Strict):
    """How journeys are read."""

    factor: Factor = Field(
        StatedFigure(value=1.0), description="Every journey time is multiplied by this, for example 1.5 at rush hour"
    )
    decimals: MinutePlaces | None = Field(
        None,
        description="Decimals of a minute that are kept; if not stated 6, or as many as can be added exactly",
    )
    allow_missing: tuple[tuple[Code, Code], ...] = Field(
        (), description="Pairs of area and site that need no journey time"
    )
    times: dict[Code, Factor] | None = Field(
        None, description="Factors by time of day or way of driving, for example peak; time says which one counts"
    )
    time: Code | None = Field(None, description="Every journey time is multiplied by this one of the times, too")
    calibration: CalibrationSettings | None = Field(
        None, description="The calibration that the place's journeys and transfers hold, which may be taken back"
    )


class RoadsSettings(Strict):
    """What is out of the ordinary on the roads: journeys take as much longer as on the place's network."""

    close: tuple[Line, ...] = Field(
        (), description="Stretches of road that are shut: a road, or a road between two of its junctions"
    )
    slow: dict[Line, OneToAThousand] = Field(
        {}, description="Stretches that are slow, each with how many times its minutes it takes, for example 1.5"
    )
    hour: Annotated[Number, AfterValidator(Within(0, 23.99))] | None = Field(
        None, description="Hour of the day, such as 8.5: roads are as slow as road_hours.csv says of it"
    )
    untouched: tuple[Code, ...] = Field(
        (), description="Modes of travelling that all this does not touch, such as trains: they stay as in their tables"
    )


class AcrossSettings(Strict):
    """One team over all sites: how its travel between them is counted."""

    based_at: Code = Field(description="Candidate where the team is based; ways to the others are counted from there")
    trips_a_week: Trips = Field(description="Trips a week to each other site that needs the team, there and back")
    travel_by: Code | None = Field(
        None, description="Mode of transfers_by_mode.csv by which it travels; as in transfers.csv if not stated"
    )
    in_post: AtLeastZero | None = Field(
        None, description="Staff in post over all sites, where nobody says at which; instead of staff.csv"
    )


class TeamSettings(Strict):
    """Staff who share a rota."""

    name: Line = Field(description="What people call the team")
    year: Year = Field(description="The year of staff.csv that counts as now")
    moves_at_most: Limit = Field(
        StatedLimit(value=0), description="How many may move between sites; none unless said; may be unlimited"
    )
    recruits_at_most: Limit = Field(
        StatedLimit(value=0), description="How many may be recruited; none unless said; may be unlimited"
    )
    across_sites: AcrossSettings | None = Field(
        None, description="One team over all sites; if not stated, each site has its own"
    )
    posts_funded: AtLeastZero | None = Field(
        None, description="Posts that there is money for over all sites, filled or not; compared with the need"
    )

    @property
    def counted_over_all(self) -> float | None:
        """Staff in post over all sites together; None where they are counted at each, in staff.csv."""
        in_post = self.across_sites.in_post if self.across_sites else None
        return None if in_post is None else in_post.value


class FixedSettings(Strict):
    """A designation that is not open to decision."""

    provided: StrictBool = Field(description="Whether the site provides the service")
    reason: Annotated[StrictStr, StringConstraints(min_length=1)] = Field(description="Why this is settled")
    source: StrictStr = Field("", description="Where that is stated")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")


class LinkSettings(Strict):
    """A service that must be on the same site, or that patients are transferred to."""

    source: StrictStr = Field("", description="Where that is stated")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")


class ReachSettings(Strict):
    """A service whose staff come to the patient from another site, which must be near enough."""

    minutes: AtLeastZero = Field(description="Longest way by transfers.csv from a site that provides it")


class BedsSettings(Strict):
    """The beds that a service's patients need, and those that its sites have."""

    stay_days: StayDays = Field(description="Mean stay of a patient, in days")
    other_patients_share: ShareBelowOne | None = Field(
        None, description="Share of arrivals who turn out to have something else, from 0 to below 1"
    )
    other_stay_days: OtherStayDays | None = Field(None, description="Mean stay of those others, in days")
    blocking: Blocking = Field(
        StatedFigure(value=0.01),
        description="Share of arrivals that may find every bed taken, from 0.000001 to 0.999999",
    )
    at: dict[Code, Beds] | None = Field(None, description="Beds available at each site; no limit where not said")
    staff_per_bed: dict[Code, AtLeastZero] | None = Field(None, description="WTE of each role that a bed needs")

    @model_validator(mode="after")
    def _others_stay(self) -> BedsSettings:
        if (self.other_patients_share is None) != (self.other_stay_days is None):
            raise ValueError("needs both other_patients_share and other_stay_days, or neither. Say both.")
        return self


class ExceptionSettings(Strict):
    """A link that need not hold at one site, and why."""

    service: Code = Field(description="The service that leans on another")
    needs: Code = Field(description="The service that it leans on, on its site or in reach")
    site: Code = Field(description="The site where that need not hold")
    reason: Annotated[StrictStr, StringConstraints(min_length=1)] = Field(description="Why it need not hold there")
    source: StrictStr = Field("", description="Where that is written down")
    by: StrictStr = Field("", description="Who says so")


class ObservedSettings(Strict):
    """Where patients really go: fitted to counts, or stated."""

    period: StrictStr | None = Field(None, description="Period of activity.csv whose counts show where patients go")
    total: Literal["scaled"] = Field(
        "scaled", description="scaled: the counts are scaled to the patients whom the model sends to the same sites"
    )
    held_at_zero: Code | None = Field(
        None, description="Site whose offset is 0 in the fit; if not stated, the one with which the fit is closest"
    )
    offsets: dict[Code, Offset] = Field(
        {}, description="Minutes added to each site when patients choose; fitted to the period's counts if not stated"
    )


def _way_to_go(value: Any) -> Any:
    if value not in ("nearest", "managed", "observed"):
        raise ValueError(f"is {as_written(value)}. Write nearest, managed or observed.")
    return value


def _neighbours(value: Any) -> Any:
    if value in ("all", "none"):
        return value
    if isinstance(value, list):
        return value
    such_as = value if isinstance(value, str) else "one, another"
    raise ValueError(f"is {as_written(value)}. Write all, none, or a list of sites such as [{such_as}].")


class TransferSettings(Strict):
    """How patients reach a service by way of another: seen there first, then taken on."""

    first_contact: Code = Field(description="The service at whose nearest site patients are seen first")
    dwell_minutes: Minutes = Field(description="Time at the first site before a transfer is asked for")
    overhead_minutes: Minutes | None = Field(
        None, description="Time to ask for a crew, wait for it, load and hand over; or state the next three"
    )
    call_minutes: Minutes | None = Field(None, description="Time to ask for a transfer and have it accepted")
    crew_minutes: Minutes | None = Field(None, description="Time to wait for a crew and load")
    handover_minutes: Minutes | None = Field(None, description="Time to hand over where patients are taken on to")
    share_transferred: ExactShare = Field(
        StatedFigure(value=1.0), description="Share of patients at a site without the service who are taken on, 0 to 1"
    )
    suspected_per_confirmed: OneToAThousand = Field(
        StatedFigure(value=1.0), description="Patients taken on for each one who turns out to have the condition"
    )
    repatriated_share: Share = Field(
        StatedFigure(value=0.0), description="Share of patients taken on who are later taken back, 0 to 1"
    )
    most_transfers_a_day: AtLeastZero | None = Field(None, description="Most transfers a day, suspected ones counted")
    most_repatriations_a_year: AtLeastZero | None = Field(None, description="Most patients a year who are taken back")
    most_ambulance_hours: AtLeastZero | None = Field(
        None, description="Most hours a year that ambulances may spend on transfers and repatriations"
    )
    to_neighbours: StrictBool = Field(
        True,
        description="Whether patients may be taken on to a neighbour; those seen first at one stay anyhow",
    )

    @model_validator(mode="after")
    def _states_overhead_once(self) -> TransferSettings:
        parts = (self.call_minutes, self.crew_minutes, self.handover_minutes)
        if (self.overhead_minutes is None) == (None in parts) or (None in parts and any(parts)):
            raise ValueError("needs either overhead_minutes, or call_minutes, crew_minutes and handover_minutes.")
        return self

    @property
    def overhead(self) -> Figure:
        """The overhead, or its three parts together: verified if all of them are."""
        if self.overhead_minutes is not None:
            return self.overhead_minutes.figure()
        stated = {"call": self.call_minutes, "crew": self.crew_minutes, "handover": self.handover_minutes}
        parts = {name: one.figure() for name, one in stated.items() if one is not None}
        source = "; ".join(f"{name} {one.value:g}: {one.source or 'no source stated'}" for name, one in parts.items())
        total = sum((Decimal(repr(one.value)) for one in parts.values()), Decimal(0))
        return Figure(float(total), source, all(one.verified for one in parts.values()))


class ServiceSettings(Strict):
    """A line of care: who needs it, how they reach it, and what it needs to run."""

    name: Line = Field(description="What people call the service")
    activity: Code | None = Field(
        None, description="The activity of demand.csv that counts its patients; nobody's if not stated"
    )
    patients_go_to: Annotated[Literal["nearest", "managed", "observed"], BeforeValidator(_way_to_go)] = Field(
        "nearest",
        description="nearest: the nearest site that provides it; managed: shared out so that no site has too few or "
        "too many; observed: as today's counts show",
    )
    observed: ObservedSettings | None = Field(None, description="What shows where patients go, where they are observed")
    neighbours: Annotated[tuple[Code, ...] | Literal["all", "none"], BeforeValidator(_neighbours)] = Field(
        "all", description="Neighbours that provide it: all of them unless said, none, or a list of sites"
    )
    travel_by: Code | None = Field(
        None, description="Mode of journeys_by_mode.csv by which its patients travel; as in journeys.csv if not stated"
    )
    visitors_travel_by: Code | None = Field(
        None, description="Mode of journeys_by_mode.csv by which its patients are visited; not looked at if not stated"
    )
    fixed: dict[Code, FixedSettings] = Field({}, description="Sites where it is settled beforehand")
    at_least_sites: Count | None = Field(None, description="Fewest sites that may provide it")
    at_most_sites: Count | None = Field(None, description="Most sites that may provide it")
    minimum_patients: Patients | None = Field(None, description="Fewest patients a year at a site that provides it")
    maximum_patients: Patients | None = Field(None, description="Most patients a year at a site that provides it")
    longest_journey_minutes: AtLeastZero | None = Field(None, description="Longest journey of any resident area")
    standard_minutes: AtLeastZero | None = Field(None, description="Journey time that counts as near enough")
    at_most_share_outside: Share | None = Field(
        None, description="Most of the residents' patients, as a share, who may be treated at neighbours"
    )
    neighbours_take_at_most: dict[Code, Patients] | None = Field(
        None, description="Most residents a year whom each neighbour named may be sent; of others, no limit"
    )
    share_within_standard: Share | None = Field(
        None, description="Least share of resident patients within standard_minutes, from 0 to 1"
    )
    same_site: dict[Code, LinkSettings] = Field({}, description="Services that must be on the same site")
    rotas: dict[Code, RotaSettings] = Field({}, description="What a site needs of each team")
    in_reach: dict[Code, ReachSettings] | None = Field(
        None, description="Services whose staff must be able to come from a site that is near enough, or from its own"
    )
    by_transfer: dict[Code, LinkSettings] | None = Field(
        None, description="Services that its patients may be transferred to: nothing is asked, every run lists them"
    )
    beds: BedsSettings | None = Field(None, description="Beds that its patients need, and that sites have")
    stays_local: StrictStr | None = Field(None, description="What stays at a site where the service closes, in words")
    pathway: Literal["direct", "transfer"] | None = Field(
        None, description="direct: straight to a site that provides it, unless said; transfer: seen elsewhere first"
    )
    transfer: TransferSettings | None = Field(
        None, description="How patients are transferred, for pathway: transfer; kept aside while that says direct"
    )

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes of journeys_by_mode.csv that it names."""
        return tuple(mode for mode in (self.travel_by, self.visitors_travel_by) if mode)


class ObjectiveSettings(Strict):
    """Something to make as small as possible, over some services or all of them."""

    name: Literal[OBJECTIVES] = Field(description="What to make small")  # type: ignore[valid-type]
    services: Codes = Field((), description="Over which services; all of them if none is named")

    @model_validator(mode="before")
    @classmethod
    def _name_or_name_and_services(cls, said: Any) -> Any:
        if isinstance(said, str):
            return {"name": said}
        if isinstance(said, dict) and len(said) == 1 and not set(said) & {"name", "services"}:
            (name, services), *_ = said.items()
            return {"name": name, "services": services}
        if not isinstance(said, dict | ObjectiveSettings):
            raise ValueError(f"holds {as_written(said)}. Write the name of something to make small, in its place.")
        return said

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say how an objective is written: its name, or its name with a list of services."""
        handler(core)
        meaning = cls.model_fields["services"].description
        services = {"type": "array", "items": {"type": "string"}, "description": meaning}
        named = {"type": "object", "properties": dict.fromkeys(OBJECTIVES, services), "maxProperties": 1}
        return {"anyOf": [{"enum": list(OBJECTIVES)}, named | {"additionalProperties": False}]}


class ChangeSettings(Strict):
    """Something that is otherwise than the settings and the place's tables have it, and why."""

    value: ChangedTo = Field(
        description="What it is changed to: a number, such as 7; or how: x1.2 (so many times), +15 or -2 (so many more)"
    )
    reason: Line = Field(description="Why it is changed")
    source: StrictStr = Field("", description="Where that is stated")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")

    @model_validator(mode="before")
    @classmethod
    def _with_a_reason(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            raise ValueError(f"needs a reason. Write {{value: {as_written(said)}, reason: Why it is changed}}.")
        return said


class ClosedSettings(Strict):
    """A candidate that provides nothing in this question, whatever else is fixed there, and why."""

    reason: Line = Field(description="Why it is closed")
    source: StrictStr = Field("", description="Where that is stated")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")


class AddedStaffSettings(Strict):
    """Who of a team is in post at a site that is added, in the units of staff.csv."""

    people: Annotated[Number, AfterValidator(Within(0, MOST_STAFF, whole=True))] | None = Field(
        None, description="People in post"
    )
    wte: Annotated[Number, AfterValidator(Within(0, MOST_STAFF))] | None = Field(
        None, description="Whole-time equivalents (WTE) in post"
    )


class AddedSiteSettings(Strict):
    """A candidate that the place's tables do not have: what they would say of it, and why it is added."""

    name: Line | None = Field(None, description="Name of the hospital; must be stated")
    latitude: Annotated[Number, AfterValidator(Within(-90, 90))] | None = Field(
        None, description="Degrees north, in Great Britain; with longitude, or else easting_m and northing_m"
    )
    longitude: Annotated[Number, AfterValidator(Within(-180, 180))] | None = Field(
        None, description="Degrees east, below 0 west of Greenwich"
    )
    easting_m: GridMetres | None = Field(None, description="Easting on the grid that the place's tables have")
    northing_m: GridMetres | None = Field(None, description="Northing on the same grid")
    journeys: Line = Field(
        STRAIGHT_LINE,
        description="straight_line: estimated by the line that fits the place's own journeys; roads: by the place's "
        "network of roads, with the line that fits those; or a table with the columns of journeys.csv, as a path from "
        "the folder of this file",
    )
    transfers: Line = Field(
        STRAIGHT_LINE,
        description="The same of ways between sites, where the place has transfers.csv; roads if journeys are by roads "
        "and nothing is said",
    )
    staff: dict[Code, AddedStaffSettings] = Field(
        {}, description="Who is in post there, by team; must be stated for every team that a rota needs"
    )
    fixed: dict[Code, StrictBool] | None = Field(
        None, description="Services that are settled there, each true or false, {} if none is; must be stated"
    )
    beds: dict[Code, BedsThere] = Field(
        {}, description="Beds available there, by service, or unlimited; must be stated where other sites have a number"
    )
    reason: Line | None = Field(None, description="Why it is added; must be stated")
    source: StrictStr = Field("", description="Where that is stated")
    verified: StrictBool = Field(False, description="Whether the source was read and states it; never of estimates")

    @model_validator(mode="before")
    @classmethod
    def _ways_are_as_journeys(cls, said: Any) -> Any:
        by_road = isinstance(said, dict) and said.get("journeys") == BY_ROAD and said.get("transfers") is None
        return {**said, "transfers": BY_ROAD} if by_road else said

    @property
    def why(self) -> str:
        """The reason, which whoever states none is asked for."""
        return self.reason or "no reason stated"


class KnowBeforeSettings(Strict):
    """What to know before an answer is repeated."""

    sentence: Sentences = Field(
        description="What to know; {mean_minutes of SERVICE} stands for that number of the run, as do other measures"
    )
    source: StrictStr = Field("", description="Where that is stated")
    border: Literal["nearest", "as_today", "closed"] | None = Field(
        None, description="The border for which it holds; shown with every other one, too, if not stated"
    )


def _border_in_todays_words(said: Any) -> Any:
    if said == "open":
        raise ValueError("is called nearest now. Write border: nearest, or as_today where border.csv says who crosses.")
    return said


class Settings(Strict):
    """A question put to the optimiser."""

    title: Line = Field(description="The question in one line")
    place: StrictStr = Field(description="Folder of the place's tables, from the folder of this file")
    border: Annotated[Literal["nearest", "as_today", "closed"], BeforeValidator(_border_in_todays_words)] = Field(
        "nearest",
        description="nearest: everybody goes to the nearest hospital of all, inside or outside; as_today: as many "
        "cross as do today, to the same neighbours, whatever is designated; closed: nobody crosses",
    )
    areas_outside: Literal["all", "known_in_full"] = Field(
        "all",
        description="Which areas outside the system are counted. all: every one, with nobody where demand.csv has no "
        "row; known_in_full: those of which demand.csv has a row for every activity",
    )
    border_pull: Share | None = Field(
        None,
        description="With border: as_today, the share of every area's patients who go to the nearest hospital of all "
        "instead, from 0 (as today) to 1 (as with border: nearest)",
    )
    travel: TravelSettings = Field(TravelSettings(), description="How journeys are read")
    roads: RoadsSettings | None = Field(
        None, description="Roads that are shut or slow; all are as journeys.csv has them if not stated"
    )
    demand: DemandSettings | None = Field(
        None, description="Which year's patients are counted; demand.csv's if not stated"
    )
    teams: dict[Code, TeamSettings] = Field({}, description="Teams of staff who share a rota")
    services: Annotated[dict[Code, ServiceSettings], Field(min_length=1)] = Field(
        description="The services to decide on"
    )
    today: dict[Code, Codes] = Field(
        {}, description="Sites that provide each service today; not known of one not named"
    )
    objectives: Annotated[tuple[ObjectiveSettings, ...], Field(min_length=1)] = Field(
        (ObjectiveSettings(name="patient_minutes"),), description="What to make small, the most important first"
    )
    hurdles: Codes = Field((), description="Rules that strike options out first, in this order; the others follow")
    at_most_services_a_site: Count | None = Field(
        None, description="Most of the services that a candidate may provide, those fixed there counted"
    )
    most_transfers_a_year: AtLeastZero | None = Field(
        None, description="Most transfers a year to all services together, suspected ones counted"
    )
    exceptions: tuple[ExceptionSettings, ...] | None = Field(
        None, description="Links that need not hold at some site, each with its reason; every run lists them"
    )
    sites: dict[Code, AddedSiteSettings] | None = Field(
        None, description="Candidates that the place's tables do not have, to ask what they would change"
    )
    closed_sites: dict[Code, ClosedSettings] | None = Field(
        None, description="Candidates that provide nothing in this question, for a while perhaps, each with its reason"
    )
    change: dict[StrictStr, ChangeSettings] | None = Field(
        None,
        description="What is otherwise than the place's tables and all other settings have it, by the names that "
        "sweeps know",
    )
    a_tie_is_within: AtLeastZero | None = Field(
        None,
        description="Minutes a patient that are too few to matter: plans whose average journeys to a service are no "
        "further apart are level; 1% of its average journey if not stated",
    )
    know_before: tuple[KnowBeforeSettings, ...] | None = Field(
        None,
        description="What to know before the answer is repeated; every run shows it, or those of its border",
    )
    time_limit_minutes: Annotated[Number, AfterValidator(Within(0, above=True))] = Field(
        10.0, description="Minutes after which the search stops and says how good its answer is"
    )
    contract: ContractSettings | None = Field(
        None, description="Terms that turn cover into WTE; as below if not stated"
    )
    working_time: WorkingTimeSettings | None = Field(
        None, description="The law that weekly patterns must not break; as below if not stated"
    )

    def fixed_at(self, service: str) -> dict[str, FixedSettings]:
        """Return by site what is settled of a service beforehand, at sites that are added too."""
        added = {
            site: FixedSettings(provided=one.fixed[service], reason=one.why, source=one.source, verified=one.verified)
            for site, one in (self.sites or {}).items()
            if one.fixed and service in one.fixed
        }
        return {**self.services[service].fixed, **added}

    def beds_added(self, service: str) -> dict[str, Figure]:
        """Return how many beds of a service there are at sites that are added; none of where there is no limit."""
        stated = {site: one.beds[service] for site, one in (self.sites or {}).items() if service in one.beds}
        return {site: one.figure() for site, one in stated.items() if math.isfinite(one.value)}

    @property
    def modes(self) -> set[str]:
        """The modes that patients, visitors and teams across sites travel by, where they are named."""
        teams = {one.across_sites.travel_by for one in self.teams.values() if one.across_sites}
        return {mode for mode in teams if mode} | {mode for one in self.services.values() for mode in one.modes}

    @property
    def states_cover(self) -> bool:
        """Whether some rota's need is worked out from cover."""
        return any(rota.cover for service in self.services.values() for rota in service.rotas.values())

    def with_terms(self) -> Settings:
        """Return the settings with contract and working time in full, where some rota states cover."""
        if not self.states_cover:
            return self
        terms = {
            "contract": self.contract or ContractSettings(),
            "working_time": self.working_time or WorkingTimeSettings(),
        }
        return self.model_copy(update=terms)


class OptionSettings(Strict):
    """Designations that somebody has written down."""

    option: Code = Field(description="Code of the option")
    title: Line = Field(description="The option in one line")
    designations: Annotated[dict[Code, Codes], Field(min_length=1)] = Field(
        description="Sites that provide each service; services not named stay as they are today"
    )
    written_for: StrictStr | None = Field(
        None, description="Config that has every service named here; a smaller question leaves out those it lacks"
    )
    source: StrictStr = Field("", description="Where it was written down")
    verified: StrictBool = Field(False, description="Whether the source was read and says this")
    note: StrictStr = Field("", description="Anything a reader should know")
    exceptions: tuple[ExceptionSettings, ...] = Field(
        (), description="Links that need not hold at some site under this option, each with its reason"
    )


# -- what reading gives ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Config:
    """A question as read: its settings, the place's folder, and where every setting was written."""

    settings: Settings
    path: Path
    place: Path
    origins: Mapping[Spot, Origin]

    def where(self, *spot: str | int) -> str:
        """Return the file and line in which a setting was written, such as ``configs/base.yaml, line 7``."""
        return str(origin_of(self.origins, spot))


@dataclass(frozen=True)
class Option:
    """Designations that somebody has written down, as read."""

    settings: OptionSettings
    path: Path
    origins: Mapping[Spot, Origin]

    @property
    def code(self) -> str:
        """Code of the option."""
        return self.settings.option

    @property
    def title(self) -> str:
        """The option in one line."""
        return self.settings.title

    @property
    def source(self) -> str:
        """Where it was written down, as stated."""
        return self.settings.source

    @property
    def designations(self) -> Mapping[str, tuple[str, ...]]:
        """Sites that provide each service that the option names."""
        return self.settings.designations

    def where(self, *spot: str | int) -> str:
        """Return the file and line in which something was written."""
        return str(origin_of(self.origins, spot))


@dataclass(frozen=True)
class Draft:
    """A config that may have faults. ``config`` is what is left without the faulty settings, if that can stand.

    ``taken`` says what was understood otherwise than it is written.
    """

    config: Config | None
    faults: tuple[Fault, ...]
    taken: tuple[str, ...] = ()
