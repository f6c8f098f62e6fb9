"""Read a question (a config) or somebody's option, listing every fault at once with its file and line."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StrictStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue, WithJsonSchema
from pydantic_core import CoreSchema

from optimiser.errors import Fault, InputError
from optimiser.layers import BASED_ON, Layers, Origin, Spot, origin_of, read_layers
from optimiser.problem import Figure
from optimiser.rota.cover import DAYS
from optimiser.rota.law import WorkingTime
from optimiser.rota.need import Contract
from optimiser.schema import CODE_PATTERN
from optimiser.wording import did_you_mean, quoted

OBJECTIVES = (
    "patient_minutes",
    "worst_journey",
    "patients_beyond_standard",
    "deprived_patient_minutes",
    "staff_short",
    "changes_from_today",
    "transfers",
)
UNLIMITED = "unlimited"
INPUTS = "inputs"

# -- the shape of a config --------------------------------------------------------------------------


class _Settings(BaseModel):
    """Settings that refuse what they do not know. A setting that is null is not set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_set(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        return {key: value for key, value in said.items() if value is not None or key not in cls.model_fields}


def _a_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {_written(value)}.")
    return value


def _a_number_or_unlimited(value: Any) -> Any:
    return math.inf if value == UNLIMITED else _a_number(value)


def _written(value: Any) -> str:
    if value is None:
        return "blank"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else "a list" if isinstance(value, list) else "settings"


def _no_repeats(codes: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"names {', '.join(map(quoted, twice))} more than once. Name each once.")
    return codes


Number = Annotated[float, BeforeValidator(_a_number)]
Code = Annotated[StrictStr, StringConstraints(pattern=CODE_PATTERN)]
Codes = Annotated[tuple[Code, ...], AfterValidator(_no_repeats)]


class StatedFigure(_Settings):
    """A figure: a bare number, or a value with where it comes from."""

    value: Number = Field(description="The figure")
    source: StrictStr = Field("", description="Where it comes from")
    verified: StrictBool = Field(False, description="Whether the source was read and states the figure")

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, said: Any) -> Any:
        return said if isinstance(said, dict) else {"value": said}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say that a bare number will do too."""
        return {"anyOf": [{"type": "number"}, handler(core)]}

    def figure(self) -> Figure:
        """Return it as the rest of the program knows it."""
        return Figure(self.value, self.source, self.verified)


class StatedLimit(StatedFigure):
    """A limit: a bare number, the word unlimited, or a value with where it comes from."""

    value: Annotated[
        float,
        BeforeValidator(_a_number_or_unlimited),
        WithJsonSchema({"anyOf": [{"type": "number"}, {"const": UNLIMITED}]}),
    ] = Field(description="The limit, or unlimited")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say that a bare number or the word will do too."""
        return {"anyOf": [{"type": "number"}, {"const": UNLIMITED}, handler(core)]}


def _below_one(stated: StatedFigure) -> StatedFigure:
    if stated.value == 1:
        raise ValueError("must be below 1, not 1.")
    return stated


class _Within:
    """Insists that a figure lies in a range, and perhaps that it is whole."""

    def __init__(self, least: float, most: float = math.inf, *, above: bool = False, whole: bool = False) -> None:
        self.least, self.most, self.above, self.whole = least, most, above, whole

    def __call__(self, stated: Any) -> Any:
        value = stated.value if isinstance(stated, StatedFigure) else stated
        if value < self.least or (self.above and value == self.least):
            raise ValueError(f"must be {'above' if self.above else 'at least'} {self.least:g}, not {value:g}.")
        if value > self.most:
            raise ValueError(f"must be at most {self.most:g}, not {value:g}.")
        if self.whole and math.isfinite(value) and value != int(value):
            raise ValueError(f"must be a whole number, not {value:g}.")
        return stated


Count = Annotated[StatedFigure, AfterValidator(_Within(0, whole=True))]
AtLeastZero = Annotated[StatedFigure, AfterValidator(_Within(0))]
AboveZero = Annotated[StatedFigure, AfterValidator(_Within(0, above=True))]
Share = Annotated[StatedFigure, AfterValidator(_Within(0, 1))]
ShareBelowOne = Annotated[StatedFigure, AfterValidator(_Within(0, 1)), AfterValidator(_below_one)]
ShareBetween = Annotated[StatedFigure, AfterValidator(_Within(0, 1, above=True)), AfterValidator(_below_one)]
Offset = Annotated[StatedFigure, AfterValidator(_Within(-1440, 1440))]
Limit = Annotated[StatedLimit, AfterValidator(_Within(0))]


Rate = Annotated[StatedFigure, AfterValidator(_Within(-1, 1, above=True))]


class AgeGrowthSettings(_Settings):
    """Growth by age: the patients of an area grow as its people would."""

    under_65: Rate = Field(description="Growth a year of people under 65, for example 0.004")
    from_65: Rate = Field(description="Growth a year of people aged 65 and over; to 74 where from_75 is stated")
    from_75: Rate | None = Field(None, description="Growth a year of people aged 75 and over, where it differs")


class GrowthSettings(_Settings):
    """How demand grows from the year of demand.csv."""

    years: Annotated[Number, AfterValidator(_Within(0, 100, whole=True))] = Field(description="Whole years of growth")
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


class DemandSettings(_Settings):
    """Which year's patients are counted."""

    year: Annotated[int, BeforeValidator(_a_number)] | None = Field(
        None, description="The year that demand is grown to, for people to read"
    )
    growth: GrowthSettings | None = Field(None, description="How demand grows; not at all if not stated")


DECIMAL_PLACES = 6


def _to_six_places(stated: StatedFigure) -> StatedFigure:
    if stated.value != round(stated.value, DECIMAL_PLACES):
        raise ValueError(f"is counted to six decimal places at most, not {stated.value!r}. Round it.")
    return stated


Minutes = Annotated[StatedFigure, AfterValidator(_Within(0)), AfterValidator(_to_six_places)]
ExactShare = Annotated[StatedFigure, AfterValidator(_Within(0, 1)), AfterValidator(_to_six_places)]
AtLeastOne = Annotated[StatedFigure, AfterValidator(_Within(1))]


class TravelSettings(_Settings):
    """How journeys are read."""

    factor: AboveZero = Field(
        StatedFigure(value=1.0), description="Every journey time is multiplied by this, for example 1.5 at rush hour"
    )
    allow_missing: tuple[tuple[Code, Code], ...] = Field(
        (), description="Pairs of area and site that need no journey time"
    )
    times: dict[Code, AboveZero] | None = Field(
        None, description="Factors by time of day or way of driving, for example peak; time says which one counts"
    )
    time: Code | None = Field(None, description="Every journey time is multiplied by this one of the times, too")


class TeamSettings(_Settings):
    """Staff who share a rota."""

    name: StrictStr = Field(description="What people call the team")
    year: Annotated[int, BeforeValidator(_a_number)] = Field(description="The year of staff.csv that counts as now")
    moves_at_most: Limit = Field(
        StatedLimit(value=0), description="How many may move between sites; none unless said; may be unlimited"
    )
    recruits_at_most: Limit = Field(
        StatedLimit(value=0), description="How many may be recruited; none unless said; may be unlimited"
    )


class FixedSettings(_Settings):
    """A designation that is not open to decision."""

    provided: StrictBool = Field(description="Whether the site provides the service")
    reason: Annotated[StrictStr, StringConstraints(min_length=1)] = Field(description="Why this is settled")
    source: StrictStr = Field("", description="Where that is stated")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")


class LinkSettings(_Settings):
    """A service that must be on the same site, or that patients are transferred to."""

    source: StrictStr = Field("", description="Where that is stated")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")


class ReachSettings(_Settings):
    """A service whose staff come to the patient from another site, which must be near enough."""

    minutes: AtLeastZero = Field(description="Longest way by transfers.csv from a site that provides it")


class BedsSettings(_Settings):
    """The beds that a service's patients need, and those that its sites have."""

    stay_days: AboveZero = Field(description="Mean stay of a patient, in days")
    other_patients_share: ShareBelowOne | None = Field(
        None, description="Share of arrivals who turn out to have something else, from 0 to below 1"
    )
    other_stay_days: AtLeastZero | None = Field(None, description="Mean stay of those others, in days")
    blocking: ShareBetween = Field(
        StatedFigure(value=0.01), description="Share of arrivals that may find every bed taken, between 0 and 1"
    )
    at: dict[Code, Count] | None = Field(None, description="Beds available at each site; no limit where not said")
    staff_per_bed: dict[Code, AtLeastZero] | None = Field(None, description="WTE of each role that a bed needs")

    @model_validator(mode="after")
    def _others_stay(self) -> BedsSettings:
        if (self.other_patients_share is None) != (self.other_stay_days is None):
            raise ValueError("needs both other_patients_share and other_stay_days, or neither. Say both.")
        return self


class ExceptionSettings(_Settings):
    """A link that need not hold at one site, and why."""

    service: Code = Field(description="The service that leans on another")
    needs: Code = Field(description="The service that it leans on, on its site or in reach")
    site: Code = Field(description="The site where that need not hold")
    reason: Annotated[StrictStr, StringConstraints(min_length=1)] = Field(description="Why it need not hold there")
    source: StrictStr = Field("", description="Where that is written down")
    by: StrictStr = Field("", description="Who says so")


Day = Literal[DAYS]  # type: ignore[valid-type]
Days = Annotated[tuple[Day, ...], Field(min_length=1), AfterValidator(_no_repeats)]


class CoverSettings(_Settings):
    """Hours for which somebody must be there: so many people at once, for the same hours of some days."""

    days: Days = Field(description="Days on which the hours start, of Mon to Sun")
    start_hour: Annotated[Number, AfterValidator(_Within(0, 24))] = Field(
        description="Hour of the day at which they start; 8.5 is 08:30"
    )
    hours: Annotated[Number, AfterValidator(_Within(0, 24, above=True))] = Field(
        description="How many hours from then on; they may run past midnight"
    )
    people: Annotated[Number, AfterValidator(_Within(1, whole=True))] = Field(1, description="People at once")
    kind: Literal["resident", "on_call"] = Field(
        "resident", description="resident: in the hospital; on_call: from home"
    )
    source: StrictStr = Field("", description="Where it is stated that this cover is needed")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")


_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def _a_time_of_day(value: Any) -> Any:
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ValueError(f'must be a time of day such as "08:30", from 00:00 to 23:59, not {_written(value)}.')
    return value


TimeOfDay = Annotated[StrictStr, BeforeValidator(_a_time_of_day)]


class ShiftSettings(_Settings):
    """A kind of shift that the weekly pattern may use."""

    start: TimeOfDay = Field(description="Time of day at which work starts")
    end: TimeOfDay = Field(
        description="Time of day at which work ends, handover included; on the next day if not later than start"
    )
    handover_minutes: Annotated[Number, AfterValidator(_Within(0, whole=True))] = Field(
        30, description="Minutes of handover at its end: work, but no cover"
    )
    days: Days = Field(DAYS, description="Days on which it may start, of Mon to Sun")


class RotaSettings(_Settings):
    """What a site that provides the service needs of one team."""

    people: Count | None = Field(None, description="People needed at each site")
    wte: AtLeastZero | None = Field(None, description="Whole-time equivalents (WTE) needed at each site")
    may_fall_short: StrictBool = Field(False, description="Whether a shortfall is allowed, and counted")
    cover: tuple[CoverSettings, ...] = Field(
        (), description="Cover that the rota gives; what is needed for it is worked out"
    )
    one_in: Count | None = Field(None, description="On call from home at most 1 in so many")
    shifts: dict[Code, ShiftSettings] = Field({}, description="Kinds of shift, for its smallest legal weekly pattern")

    @model_validator(mode="after")
    def _states_a_need(self) -> RotaSettings:
        if self.people is None and self.wte is None and not self.cover:
            raise ValueError("needs people or wte. Say how many of the team a site needs.")
        for name in ("one_in", "shifts") if not self.cover else ():
            if getattr(self, name):
                raise ValueError(f"has {name} but no cover to give. Add cover, or take {name} out.")
        return self


def _stated(figure: Figure) -> StatedFigure:
    return StatedFigure(value=figure.value, source=figure.source, verified=figure.verified)


_CONTRACT, _LAW = Contract(), WorkingTime()
HourOfDay = Annotated[StatedFigure, AfterValidator(_Within(0, 24))]


class ContractSettings(_Settings):
    """Terms that turn hours of cover into whole-time equivalents (WTE). A PA is a programmed activity."""

    hours_a_plain_pa: AboveZero = Field(
        _stated(_CONTRACT.hours_a_plain_pa), description="Hours of cover that a PA gives in plain time"
    )
    hours_a_premium_pa: AboveZero = Field(
        _stated(_CONTRACT.hours_a_premium_pa), description="Hours of cover that a PA gives in premium time"
    )
    plain_from_hour: HourOfDay = Field(
        _stated(_CONTRACT.plain_from_hour), description="Hour at which plain time starts"
    )
    plain_to_hour: HourOfDay = Field(_stated(_CONTRACT.plain_to_hour), description="Hour at which plain time ends")
    weeks_a_year: AboveZero = Field(_stated(_CONTRACT.weeks_a_year), description="Weeks a year that need cover")
    working_weeks: AboveZero = Field(
        _stated(_CONTRACT.working_weeks), description="Weeks a year that somebody works, after leave"
    )
    direct_care_pas: AboveZero = Field(
        _stated(_CONTRACT.direct_care_pas), description="PAs a week that a WTE spends on direct care"
    )
    plain_days: Days = Field(_CONTRACT.plain_days, description="Days with plain time")


class WorkingTimeSettings(_Settings):
    """The law that a weekly pattern must not break. Days in a row are those on which shifts start."""

    mean_hours: AtLeastZero = Field(_stated(_LAW.mean_hours), description="Most hours a week, on average")
    hours_in_168: AtLeastZero = Field(_stated(_LAW.hours_in_168), description="Most hours in any 168 hours")
    longest_shift_hours: AtLeastZero = Field(
        _stated(_LAW.longest_shift_hours), description="Most hours of a shift, handover included"
    )
    rest_hours: AtLeastZero = Field(_stated(_LAW.rest_hours), description="Least hours between two shifts")
    long_day_over_hours: AtLeastZero = Field(
        _stated(_LAW.long_day_over_hours), description="A shift of more hours is long, by day or by night"
    )
    long_days_in_a_row: Count = Field(_stated(_LAW.long_days_in_a_row), description="Most long shifts in a row")
    nights_in_a_row: Count = Field(_stated(_LAW.nights_in_a_row), description="Most nights in a row")
    rest_after_nights_hours: AtLeastZero = Field(
        _stated(_LAW.rest_after_nights_hours), description="Least hours from the last night in a row to the next shift"
    )
    weekends_worked: Count = Field(
        _stated(_LAW.weekends_worked), description="Most weekends worked among so many one after the other"
    )
    weekends_counted: Count = Field(_stated(_LAW.weekends_counted), description="Among how many")
    shifts_in_a_row: Count = Field(_stated(_LAW.shifts_in_a_row), description="Most shifts in a row")
    night_from_hour: HourOfDay = Field(_stated(_LAW.night_from_hour), description="Hour at which night starts")
    night_to_hour: HourOfDay = Field(_stated(_LAW.night_to_hour), description="Hour at which night ends")
    night_least_hours: AboveZero = Field(
        _stated(_LAW.night_least_hours), description="A shift with so many hours of night is a night"
    )
    weeks_a_year: AboveZero = Field(_stated(_LAW.weeks_a_year), description="Weeks a year")
    working_weeks: AboveZero = Field(
        _stated(_LAW.working_weeks), description="Weeks a year that somebody works, after leave"
    )
    prospective_cover: StrictBool = Field(
        _LAW.prospective_cover, description="Whether colleagues' leave is covered inside the rota"
    )


class ObservedSettings(_Settings):
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
    if value == "managed":
        raise ValueError('is "managed", which is not available yet. Write nearest or observed.')
    if value not in ("nearest", "observed"):
        raise ValueError(f"is {_written(value)}. Write nearest or observed.")
    return value


def _neighbours(value: Any) -> Any:
    if value in ("all", "none"):
        return value
    if isinstance(value, str):
        raise ValueError(f"is {quoted(value)}. Write all, none, or a list of sites such as [{value}].")
    return value


class TransferSettings(_Settings):
    """How patients reach a service by way of another: seen there first, then taken on."""

    first_contact: Code = Field(description="The service at whose nearest site patients are seen first")
    dwell_minutes: Minutes = Field(description="Time at the first site before a transfer is asked for")
    overhead_minutes: Minutes = Field(description="Time to ask for a crew, wait for it, load and hand over")
    share_transferred: ExactShare = Field(
        StatedFigure(value=1.0), description="Share of patients at a site without the service who are taken on, 0 to 1"
    )
    suspected_per_confirmed: AtLeastOne = Field(
        StatedFigure(value=1.0), description="Patients taken on for each one who turns out to have the condition"
    )
    repatriated_share: Share = Field(
        StatedFigure(value=0.0), description="Share of patients taken on who are later taken back, 0 to 1"
    )
    most_transfers_a_day: AtLeastZero | None = Field(None, description="Most transfers a day, suspected ones counted")
    most_ambulance_hours: AtLeastZero | None = Field(
        None, description="Most hours a year that ambulances may spend on transfers and repatriations"
    )


class ServiceSettings(_Settings):
    """A line of care: who needs it, how they reach it, and what it needs to run."""

    name: StrictStr = Field(description="What people call the service")
    activity: Code | None = Field(None, description="The activity of demand.csv that counts its patients")
    patients_go_to: Annotated[Literal["nearest", "observed"], BeforeValidator(_way_to_go)] = Field(
        "nearest", description="nearest: the nearest site that provides it; observed: as today's counts show"
    )
    observed: ObservedSettings | None = Field(None, description="What shows where patients go, where they are observed")
    neighbours: Annotated[tuple[Code, ...] | Literal["all", "none"], BeforeValidator(_neighbours)] = Field(
        "all", description="Neighbours that provide the service: all, none or a list of sites"
    )
    fixed: dict[Code, FixedSettings] = Field({}, description="Sites where it is settled beforehand")
    at_least_sites: Count | None = Field(None, description="Fewest sites that may provide it")
    at_most_sites: Count | None = Field(None, description="Most sites that may provide it")
    minimum_patients: AtLeastZero | None = Field(None, description="Fewest patients a year at a site that provides it")
    maximum_patients: AtLeastZero | None = Field(None, description="Most patients a year at a site that provides it")
    longest_journey_minutes: AtLeastZero | None = Field(None, description="Longest journey of any resident area")
    standard_minutes: AtLeastZero | None = Field(None, description="Journey time that counts as near enough")
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
    transfer: TransferSettings | None = Field(None, description="How patients are transferred, for pathway: transfer")


class ObjectiveSettings(_Settings):
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
        return said

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say how an objective is written: its name, or its name with a list of services."""
        handler(core)
        services = {"type": "array", "items": {"type": "string"}}
        named = {"type": "object", "properties": dict.fromkeys(OBJECTIVES, services), "maxProperties": 1}
        return {"anyOf": [{"enum": list(OBJECTIVES)}, named | {"additionalProperties": False}]}


class Settings(_Settings):
    """A question put to the optimiser."""

    title: StrictStr = Field(description="The question in one line")
    place: StrictStr = Field(description="Folder of the place's tables, from the folder of this file")
    border: Literal["open", "closed"] = Field(
        "open", description="open: neighbours take patients and outside areas bring theirs; closed: nobody crosses"
    )
    travel: TravelSettings = Field(TravelSettings(), description="How journeys are read")
    demand: DemandSettings | None = Field(
        None, description="Which year's patients are counted; demand.csv's if not stated"
    )
    teams: dict[Code, TeamSettings] = Field({}, description="Teams of staff who share a rota")
    services: Annotated[dict[Code, ServiceSettings], Field(min_length=1)] = Field(
        description="The services to decide on"
    )
    today: dict[Code, Codes] = Field({}, description="Sites that provide each service today")
    objectives: Annotated[tuple[ObjectiveSettings, ...], Field(min_length=1)] = Field(
        (ObjectiveSettings(name="patient_minutes"),), description="What to make small, the most important first"
    )
    exceptions: tuple[ExceptionSettings, ...] | None = Field(
        None, description="Links that need not hold at some site, each with its reason; every run lists them"
    )
    time_limit_minutes: Annotated[Number, AfterValidator(_Within(0, above=True))] = Field(
        10.0, description="Minutes after which the search stops and says how good its answer is"
    )
    contract: ContractSettings | None = Field(None, description="Terms that turn cover into WTE")
    working_time: WorkingTimeSettings | None = Field(None, description="The law that weekly patterns must not break")

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


class OptionSettings(_Settings):
    """Designations that somebody has written down."""

    option: Code = Field(description="Code of the option")
    title: StrictStr = Field(description="The option in one line")
    designations: Annotated[dict[Code, Codes], Field(min_length=1)] = Field(
        description="Sites that provide each service; services not named stay as they are today"
    )
    source: StrictStr = Field("", description="Where it was written down")
    verified: StrictBool = Field(False, description="Whether the source was read and says this")
    note: StrictStr = Field("", description="Anything a reader should know")
    exceptions: tuple[ExceptionSettings, ...] = Field(
        (), description="Links that need not hold at some site under this option, each with its reason"
    )


# -- what reading gives -----------------------------------------------------------------------------


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
    def designations(self) -> Mapping[str, tuple[str, ...]]:
        """Sites that provide each service that the option names."""
        return self.settings.designations

    def where(self, *spot: str | int) -> str:
        """Return the file and line in which something was written."""
        return str(origin_of(self.origins, spot))


@dataclass(frozen=True)
class Draft:
    """A config that may have faults. ``config`` is what is left without the faulty settings, if that can stand."""

    config: Config | None
    faults: tuple[Fault, ...]


def read_config(path: str | Path) -> Config:
    """Read a config and all that it is based on. Raises ``InputError`` with every fault of every file."""
    draft = draft_config(path)
    if draft.faults or draft.config is None:
        raise InputError(draft.faults)
    return draft.config


def draft_config(path: str | Path) -> Draft:
    """Read a config and all that it is based on; return its faults beside what can be used all the same."""
    path = Path(path)
    layers = read_layers(path)
    settings, faults = _settings_of(layers, Settings)
    if settings is None:
        return Draft(None, tuple(faults))
    origins = layers.origins()
    place = origins["place",].path.parent / settings.place
    config = Config(settings, path, place, origins)
    named = layers.said.plain() if layers.said else {}
    faults += [Fault(where, words) for where, words in _contradictions(config, named)]
    return Draft(config, tuple(dict.fromkeys(faults)))


def read_option(path: str | Path) -> Option:
    """Read an option. Raises ``InputError`` with every fault."""
    path = Path(path)
    layers = read_layers(path)
    settings, faults = _settings_of(layers, OptionSettings)
    if faults or settings is None:
        raise InputError(faults)
    return Option(settings, path, layers.origins())


# -- faults in plain words --------------------------------------------------------------------------

_AnySettings = TypeVar("_AnySettings", bound=_Settings)


def _settings_of(layers: Layers, shape: type[_AnySettings]) -> tuple[_AnySettings | None, list[Fault]]:
    """Return the settings without those that are faulty, or None if they cannot stand so, and every fault."""
    faults = list(layers.faults)
    if layers.said is None:
        return None, faults
    said = layers.said.plain()
    origins = layers.origins()
    for attempt in range(10):
        try:
            return shape.model_validate(said), faults
        except ValidationError as error:
            found = error.errors(include_url=False)
            # What fails only once faulty settings are set aside would puzzle the reader.
            faults += [_fault(one, origins, shape) for one in found] if attempt == 0 else []
            set_aside = [_set_aside(said, one) for one in reversed(found)]
            if not all(set_aside):
                return None, faults
    return None, faults


def _set_aside(said: Any, error: Any) -> bool:
    """Take the faulty setting out of what was said; False if nothing would be left."""
    spot = _real_spot(said, error["loc"])
    if error["type"] == "missing" and len(spot) < len(error["loc"]):
        spot = spot[: len(error["loc"]) - 1]
    if not spot:
        return False
    *parents, last = spot
    for key in parents:
        said = said[key]
    if isinstance(said, list) and isinstance(last, int):
        if last < len(said):
            del said[last]
    elif isinstance(said, dict):
        said.pop(last, None)
    return True


def _real_spot(said: Any, loc: Sequence[Any]) -> Spot:
    """Return the part of an error's place that exists in what was said."""
    spot: list[str | int] = []
    for key in loc:
        inside = isinstance(said, dict) and key in said
        if inside or (isinstance(said, list) and isinstance(key, int) and key < len(said)):
            said = said[key]
            spot.append(key)
    return tuple(spot)


def _fault(error: Any, origins: Mapping[Spot, Origin], shape: type[_Settings]) -> Fault:
    loc = tuple(error["loc"])
    names = [part for part in loc if isinstance(part, str) and part != "[key]"]
    name = names[-1] if names else "the file"
    return Fault(str(origin_of(origins, loc)), _words(error, name, loc, origins, shape))


def _words(error: Any, name: str, loc: tuple[Any, ...], origins: Mapping[Spot, Origin], shape: type[_Settings]) -> str:
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    subject = quoted(_last_written(name, loc, origins))
    if kind == "extra_forbidden":
        known = [*_known_settings(shape, loc[:-1]), *([BASED_ON] if len(loc) == 1 else [])]
        hint = did_you_mean(name, known, list_at_most=20)
        return f"{quoted(name)} is not a setting here. {hint}".rstrip()
    if kind == "missing":
        meaning = _meaning(shape, loc)
        return f"{quoted(name)} is missing from {_inside(loc)}. Add it{f' ({meaning})' if meaning else ''}."
    if kind == "value_error":
        return f"{subject} {context['error']}"
    if kind == "literal_error":
        allowed = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        hint = did_you_mean(str(value), allowed, list_at_most=20)
        return f"{_written(value)} is not known under {subject}. {hint}"
    if "[key]" in loc or kind == "string_pattern_mismatch":
        return f"{_written(value)} is not a code. Use letters, digits and _ only, and start with a letter."
    if value is None:
        return f"{subject} is blank, and there is nothing to take away. Fill it in, or delete the line."
    return f"{subject} must be {_expected(kind)}, not {_written(value)}."


def _last_written(name: str, loc: tuple[Any, ...], origins: Mapping[Spot, Origin]) -> str:
    """Return the name that was written: for the value inside a bare figure, that of the figure."""
    written = [part for n, part in enumerate(loc) if isinstance(part, str) and loc[: n + 1] in origins]
    return written[-1] if written else name


def _expected(kind: str) -> str:
    return {
        "string_type": "text",
        "string_too_short": "filled in",
        "bool_type": "true or false",
        "tuple_type": "a list, such as [one, another]",
        "dict_type": "settings, one a line below it",
        "model_type": "settings, one a line below it",
        "too_short": "filled in with at least one",
        "too_long": "a pair [area, site]",
        "missing": "complete",
        "int_from_float": "a whole number",
    }.get(kind, "something else")


def _inside(loc: tuple[Any, ...]) -> str:
    names = [str(part) for part in loc[:-1]]
    return quoted(".".join(names)) if names else "the config"


def _model_at(shape: type[_Settings], loc: Sequence[Any]) -> type[_Settings] | None:
    """Return the settings that an error's place lies in."""
    model: type[_Settings] | None = shape
    for part in loc:
        if model is not None and part in model.model_fields:
            found = list(_models_in(model.model_fields[part].annotation))
            model = found[0] if found else None
    return model


def _models_in(annotation: Any) -> Iterator[type[_Settings]]:
    if isinstance(annotation, type) and issubclass(annotation, _Settings):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _known_settings(shape: type[_Settings], loc: Sequence[Any]) -> list[str]:
    model = _model_at(shape, loc)
    return list(model.model_fields) if model else []


def _meaning(shape: type[_Settings], loc: Sequence[Any]) -> str:
    model = _model_at(shape, loc[:-1])
    field = model.model_fields.get(loc[-1]) if model else None
    return (field.description or "").lower() if field else ""


# -- settings that contradict each other ------------------------------------------------------------


def _contradictions(config: Config, named: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where and what for settings that cannot hold together. ``named`` is the config with its faults in."""
    services, teams = list(named.get("services") or {}), list(named.get("teams") or {})
    travel = config.settings.travel
    if travel.time is not None and travel.time not in (travel.times or {}):
        hint = did_you_mean(travel.time, list(travel.times or {}))
        yield config.where("travel", "time"), f"times has no factor for {quoted(travel.time)}. {hint}".rstrip()
    for code, service in config.settings.services.items():
        yield from _clashing_numbers(config, code, service)
        yield from _needs_patients(config, code, service)
        yield from _observed_faults(config, code, service)
        yield from _unknown_names(config, ("services", code, "same_site"), service.same_site, services, "service")
        yield from _unknown_names(config, ("services", code, "rotas"), service.rotas, teams, "team")
        yield from _clashing_sites(config, code, service)
        yield from _link_faults(config, code, service, services)
        yield from _pathway_faults(config, code, service, services)
    yield from _unknown_names(config, ("today",), config.settings.today, services, "service")
    for number, objective in enumerate(config.settings.objectives):
        yield from _objective_faults(config, number, objective, services)
    for number, words in exception_faults(config.settings.services, config.settings.exceptions or ()):
        yield config.where("exceptions", number), words


def _clashing_numbers(config: Config, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    for least, most in (("at_least_sites", "at_most_sites"), ("minimum_patients", "maximum_patients")):
        low, high = getattr(service, least), getattr(service, most)
        if low is not None and high is not None and low.value > high.value:
            other = config.where("services", code, most)
            words = f"{least} is {low.value:g} but {most} is {high.value:g} ({other}). Change one of them."
            yield config.where("services", code, least), words
    fixed = [site for site, one in service.fixed.items() if one.provided]
    if service.at_most_sites is not None and len(fixed) > service.at_most_sites.value:
        lines = ", ".join(config.where("services", code, "fixed", site) for site in fixed)
        allowed = f"at_most_sites is {service.at_most_sites.value:g}"
        sites = "1 site is" if len(fixed) == 1 else f"{len(fixed)} sites are"
        words = f"{allowed} but {sites} fixed as provided ({lines}). Change one of them."
        yield config.where("services", code, "at_most_sites"), words


def _needs_patients(config: Config, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    if service.share_within_standard is not None and service.standard_minutes is None:
        words = "share_within_standard needs standard_minutes. Say how many minutes count as near enough."
        yield config.where("services", code, "share_within_standard"), words
    names = ("minimum_patients", "maximum_patients", "longest_journey_minutes", "standard_minutes", "beds")
    for name in names if service.activity is None else ():
        if getattr(service, name) is not None:
            words = f"{name} needs to know who the patients are. Set activity for {code}, or delete this."
            yield config.where("services", code, name), words


def _observed_faults(config: Config, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    where, observed = config.where("services", code, "patients_go_to"), service.observed
    if service.patients_go_to != "observed":
        if observed is not None:
            words = f"observed means nothing while patients_go_to is {service.patients_go_to}. Write observed there"
            yield config.where("services", code, "observed"), f"{words}, or delete this."
        return
    if service.activity is None:
        yield where, f"observed needs to know who the patients are. Set activity for {code}, or delete this."
    if observed is None or not (observed.period or observed.offsets):
        words = "observed needs counts or offsets. Add observed with a period of activity.csv, or with offsets."
        yield where, words
    elif observed.period and not config.settings.today.get(code):
        words = f"the counts belong to the sites that provide {code} today. Say under today which those are"
        yield config.where("services", code, "observed", "period"), f"{words}, or state offsets without a period."
    elif observed.held_at_zero and observed.held_at_zero not in config.settings.today.get(code, ()):
        words = f"{observed.held_at_zero} does not provide {code} today, so nothing is fitted there."
        yield config.where("services", code, "observed", "held_at_zero"), f"{words} Name one that does."


def _clashing_sites(config: Config, code: str, service: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield the sites where a fixed service needs another beside it that is fixed as not there."""
    if code in service.same_site:
        yield config.where("services", code, "same_site", code), f"{code} cannot be linked to itself. Delete it."
    for other in service.same_site:
        linked = config.settings.services.get(other)
        for site in service.fixed if linked else ():
            beside = linked.fixed.get(site) if linked else None
            if service.fixed[site].provided and beside is not None and not beside.provided:
                there = config.where("services", other, "fixed", site)
                link = config.where("services", code, "same_site", other)
                words = f"{code} is fixed at {site} and needs {other} beside it ({link}), which is fixed as not there"
                yield config.where("services", code, "fixed", site), f"{words} ({there}). Change one of them."


def _link_faults(
    config: Config, code: str, service: ServiceSettings, services: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield links across sites to services that do not exist, to itself, and of two kinds at once."""
    kinds: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("same_site", service.same_site),
        ("in_reach", service.in_reach or {}),
        ("by_transfer", service.by_transfer or {}),
    )
    for number, (kind, links) in enumerate(kinds):
        for other in links if kind != "same_site" else ():
            where = config.where("services", code, kind, other)
            before = [earlier for earlier, found in kinds[:number] if other in found]
            if other not in services:
                hint = did_you_mean(other, services)
                yield where, f"there is no service {quoted(other)} in this config. {hint}".rstrip()
            if other == code:
                yield where, f"{code} cannot be linked to itself. Delete it."
            if before:
                yield where, f"{other} is under {before[0]} already. Keep one of the two."


def exception_faults(
    services: Mapping[str, ServiceSettings], exceptions: Sequence[ExceptionSettings]
) -> Iterator[tuple[int, str]]:
    """Yield the number and the fault of each exception from a link that is not there, or that is listed twice."""
    listed = [(one.service, one.needs, one.site) for one in exceptions]
    for number, one in enumerate(exceptions):
        service = services.get(one.service)
        links = [*service.same_site, *(service.in_reach or {})] if service else []
        if service is None:
            hint = did_you_mean(one.service, services)
            yield number, f"there is no service {quoted(one.service)} in this config. {hint}".rstrip()
        elif one.needs not in links:
            hint = did_you_mean(one.needs, links, list_at_most=20)
            words = f"{one.service} does not need {quoted(one.needs)} on its site or in reach: nothing to except"
            yield number, f"{words}. {hint}".rstrip()
        if listed[number] in listed[:number]:
            yield number, f"{one.service} without {one.needs} at {one.site} is listed twice. Keep one."


def _pathway_faults(
    config: Config, code: str, service: ServiceSettings, services: Sequence[str]
) -> Iterator[tuple[str, str]]:
    where, transfer = config.where("services", code, "pathway"), service.transfer
    if service.pathway == "transfer" and transfer is None:
        yield where, f"{code} has the transfer pathway but no transfer. Say there how patients are transferred."
    if service.pathway != "transfer" and transfer is not None:
        words = f"{code} states transfer but not pathway: transfer. Write both, or take away transfer."
        yield config.where("services", code, "transfer"), words
    if transfer is None or service.pathway != "transfer":
        return
    if service.activity is None:
        yield where, f"the transfer pathway needs to know who the patients are. Set activity for {code}."
    if service.beds is not None:
        yield where, f"beds are counted only where patients go straight to {code}, so far. Take away one of the two."
    if service.patients_go_to != "nearest":
        yield where, f"patients are transferred to the nearest site. Write patients_go_to: nearest for {code}."
    at, name = config.where("services", code, "transfer", "first_contact"), transfer.first_contact
    first = config.settings.services.get(name)
    if name not in services:
        yield at, f"there is no service {quoted(name)} in this config. {did_you_mean(name, services)}".rstrip()
    elif name == code or (first and first.pathway == "transfer"):
        yield at, f"{name} is reached by transfer itself. Name a service that patients go straight to."
    elif first and first.activity is None:
        yield at, f"{name} has no activity, so nobody goes there first. Set it, or name another service."
    elif first and first.patients_go_to != "nearest":
        yield at, f"first contact is at the nearest site. Write patients_go_to: nearest for {name}."


def _unknown_names(
    config: Config, spot: Spot, names: Mapping[str, Any], known: Sequence[str], noun: str
) -> Iterator[tuple[str, str]]:
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            yield config.where(*spot, name), f"there is no {noun} {quoted(name)} in this config. {hint}".rstrip()


def _objective_faults(
    config: Config, number: int, objective: ObjectiveSettings, services: Sequence[str]
) -> Iterator[tuple[str, str]]:
    where = config.where("objectives", number)
    earlier = [(one.name, one.services) for one in config.settings.objectives[:number]]
    if (objective.name, objective.services) in earlier:
        yield where, f"{objective.name} is listed twice. Keep the first."
    for name in objective.services:
        service = config.settings.services.get(name)
        if name not in services:
            hint = did_you_mean(name, services)
            yield where, f"there is no service {quoted(name)} in this config. {hint}".rstrip()
        elif service and service.activity is None and objective.name not in ("staff_short", "changes_from_today"):
            yield where, f"{objective.name} counts patients, but {name} has no activity. Set it, or leave it out."
        elif service and objective.name == "transfers" and service.pathway != "transfer":
            yield where, f"transfers counts those on the transfer pathway, and {name} is not. Leave it out."
        elif service and objective.name == "patients_beyond_standard" and service.standard_minutes is None:
            yield where, f"{objective.name} needs standard_minutes, which {name} does not have. Set it there."


# -- writing a config back, and its schema ----------------------------------------------------------


def resolved_yaml(config: Config) -> str:
    """Return the config in full, based on nothing, for a run folder whose ``inputs`` hold the place's tables."""
    return _written_in_full(config.settings)


def with_exceptions(resolved: bytes, exceptions: Sequence[ExceptionSettings]) -> bytes:
    """Return a resolved config with more documented exceptions."""
    settings = _resolved(resolved)
    together = (*(settings.exceptions or ()), *exceptions)
    return _written_in_full(settings.model_copy(update={"exceptions": together})).encode()


def services_of(resolved: bytes) -> Mapping[str, ServiceSettings]:
    """Return the services of a resolved config."""
    return _resolved(resolved).services


def _resolved(resolved: bytes) -> Settings:
    from ruamel.yaml import YAML

    return Settings.model_validate(YAML(typ="safe", pure=True).load(resolved))


def _written_in_full(settings: Settings) -> str:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 1000
    buffer = io.StringIO()
    yaml.dump(_in_full(settings.with_terms()) | {"place": INPUTS}, buffer)
    return buffer.getvalue()


def _in_full(value: Any) -> Any:
    """Return settings as plain data in the order of their declaration, leaving out what is not set."""
    if isinstance(value, ObjectiveSettings):
        return {value.name: list(value.services)} if value.services else value.name
    if isinstance(value, BaseModel):
        pairs = {name: getattr(value, name) for name in type(value).model_fields}
        unsaid = ("cover", "shifts") if isinstance(value, RotaSettings) else ()
        return {n: _in_full(one) for n, one in pairs.items() if one is not None and (one or n not in unsaid)}
    if isinstance(value, dict):
        return {name: _in_full(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_in_full(one) for one in value]
    if isinstance(value, float):
        return UNLIMITED if math.isinf(value) else int(value) if value.is_integer() else value
    return value


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a config, for editors that complete and check while one types.

    Nothing is required and everything may be null, because a config says only what it changes.
    """
    schema = _eased(Settings.model_json_schema())
    based_on = {"type": "string", "description": "The config that this one changes, from the folder of this file"}
    schema["properties"] = {BASED_ON: based_on, **schema["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _eased(part: Any) -> Any:
    if isinstance(part, list):
        return [_eased(one) for one in part]
    if not isinstance(part, dict):
        return part
    eased = {key: _eased(one) for key, one in part.items() if key not in ("required", "title", "default")}
    if isinstance(part.get("properties"), dict):
        eased["properties"] = {name: _or_null(_eased(one)) for name, one in part["properties"].items()}
    if isinstance(part.get("patternProperties"), dict):
        eased["patternProperties"] = {name: _or_null(_eased(one)) for name, one in part["patternProperties"].items()}
    if isinstance(part.get("additionalProperties"), dict):
        eased["additionalProperties"] = _or_null(_eased(part["additionalProperties"]))
    return eased


def _or_null(schema: Any) -> Any:
    branches = schema.get("anyOf", [])
    if {"type": "null"} in branches:
        return schema
    described = {"description": schema["description"]} if "description" in schema else {}
    return {"anyOf": [{k: v for k, v in schema.items() if k != "description"}, {"type": "null"}], **described}
