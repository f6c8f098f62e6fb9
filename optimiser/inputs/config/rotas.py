"""Rotas as a config states them: cover, shifts, contract and working time."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictStr,
    model_validator,
)

from optimiser.inputs.config.figures import (
    AtLeastZero,
    Code,
    Count,
    Days,
    Number,
    StatedFigure,
    Strict,
    Within,
    as_written,
)
from optimiser.problem import Figure
from optimiser.rotas.cover import DAYS
from optimiser.rotas.law import WorkingTime
from optimiser.rotas.need import Contract


class CoverSettings(Strict):
    """Hours for which somebody must be there: so many people at once, for the same hours of some days."""

    days: Days = Field(description="Days on which the hours start, of Mon to Sun")
    start_hour: Annotated[Number, AfterValidator(Within(0, 24))] = Field(
        description="Hour of the day at which they start; 8.5 is 08:30"
    )
    hours: Annotated[Number, AfterValidator(Within(0, 24, above=True))] = Field(
        description="How many hours from then on; they may run past midnight"
    )
    people: Annotated[Number, AfterValidator(Within(1, 1000, whole=True))] = Field(1, description="People at once")
    kind: Literal["resident", "on_call"] = Field(
        "resident", description="resident: in the hospital; on_call: from home"
    )
    source: StrictStr = Field("", description="Where it is stated that this cover is needed")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")


_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def _a_time_of_day(value: Any) -> Any:
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ValueError(f'must be a time of day such as "08:30", from 00:00 to 23:59, not {as_written(value)}.')
    return value


TimeOfDay = Annotated[StrictStr, BeforeValidator(_a_time_of_day)]


class ShiftSettings(Strict):
    """A kind of shift that the weekly pattern may use."""

    start: TimeOfDay = Field(description="Time of day at which work starts")
    end: TimeOfDay = Field(
        description="Time of day at which work ends, handover included; on the next day if not later than start"
    )
    handover_minutes: Annotated[Number, AfterValidator(Within(0, 720, whole=True))] = Field(
        30, description="Minutes of handover at its end: work, but no cover"
    )
    days: Days = Field(DAYS, description="Days on which it may start, of Mon to Sun")


class SaidSettings(Strict):
    """That something is so, and where it is stated."""

    source: StrictStr = Field("", description="Where that is stated")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")


class RotaLinkSettings(SaidSettings):
    """Another service that decides where a rota is needed."""

    service: Code = Field(description="Code of the service")


class RotaSettings(Strict):
    """What a site that provides the service needs of one team."""

    people: Count | None = Field(None, description="People needed at each site")
    wte: AtLeastZero | None = Field(None, description="Whole-time equivalents (WTE) needed at each site")
    may_fall_short: StrictBool = Field(False, description="Whether a shortfall is allowed, and counted")
    cover: tuple[CoverSettings, ...] = Field(
        (), description="Cover that the rota gives; what is needed for it is worked out"
    )
    one_in: Count | None = Field(None, description="On call from home at most 1 in so many")
    shifts: dict[Code, ShiftSettings] = Field({}, description="Kinds of shift, for its weekly pattern")
    consultant_contract: StrictBool | None = Field(
        None, description="false: hours are not turned into WTE, for who works shifts under another contract; else true"
    )
    only_without: RotaLinkSettings | None = Field(
        None, description="The rota is needed only at sites without this service: what is left where it closes"
    )
    remote_from: RotaLinkSettings | None = Field(
        None, description="Where any site provides this service, its rota gives this cover from there, on call"
    )
    shared_on_call: SaidSettings | None = Field(
        None, description="One team across sites is on call for all of them at once, where the standard allows it"
    )

    @model_validator(mode="after")
    def _states_a_need(self) -> RotaSettings:
        if self.people is None and self.wte is None and not self.cover:
            raise ValueError("needs people or wte. Say how many of the team a site needs.")
        if self.consultant_contract is False and self.people is None and self.wte is None:
            raise ValueError(
                "needs people or wte where the consultant contract does not count its hours. Say how many."
            )
        for name in ("one_in", "shifts") if not self.cover else ():
            if getattr(self, name):
                raise ValueError(f"has {name} but no cover to give. Add cover, or take {name} out.")
        return self


def _term(terms: Contract | WorkingTime, name: str, meaning: str) -> Any:
    """Return a setting that is as the terms have it unless somebody states it."""
    term = getattr(terms, name)
    return Field(StatedFigure.of(term) if isinstance(term, Figure) else term, description=meaning)


_CONTRACT, _LAW = Contract(), WorkingTime()
HourOfDay = Annotated[StatedFigure, AfterValidator(Within(0, 24))]
NightHours = Annotated[StatedFigure, AfterValidator(Within(0, 24, above=True))]
PaHours = Annotated[StatedFigure, AfterValidator(Within(0.1, 24))]
Pas = Annotated[StatedFigure, AfterValidator(Within(0.1, 100))]
Weeks = Annotated[StatedFigure, AfterValidator(Within(1, 53))]


class ContractSettings(Strict):
    """Terms that turn hours of cover into whole-time equivalents (WTE). A PA is a programmed activity."""

    hours_a_plain_pa: PaHours = _term(_CONTRACT, "hours_a_plain_pa", "Hours of cover that a PA gives in plain time")
    hours_a_premium_pa: PaHours = _term(
        _CONTRACT, "hours_a_premium_pa", "Hours of cover that a PA gives in premium time"
    )
    plain_from_hour: HourOfDay = _term(_CONTRACT, "plain_from_hour", "Hour at which plain time starts")
    plain_to_hour: HourOfDay = _term(_CONTRACT, "plain_to_hour", "Hour at which plain time ends")
    weeks_a_year: Weeks = _term(_CONTRACT, "weeks_a_year", "Weeks a year that need cover")
    working_weeks: Weeks = _term(_CONTRACT, "working_weeks", "Weeks a year that somebody works, after leave")
    direct_care_pas: Pas = _term(_CONTRACT, "direct_care_pas", "PAs a week that a WTE spends on direct care")
    plain_days: Days = _term(_CONTRACT, "plain_days", "Days with plain time")


class WorkingTimeSettings(Strict):
    """The law that a weekly pattern must not break. Days in a row are those on which shifts start."""

    mean_hours: AtLeastZero = _term(_LAW, "mean_hours", "Most hours a week, on average")
    hours_in_168: AtLeastZero = _term(_LAW, "hours_in_168", "Most hours in any 168 hours")
    longest_shift_hours: AtLeastZero = _term(_LAW, "longest_shift_hours", "Most hours of a shift, handover included")
    rest_hours: AtLeastZero = _term(_LAW, "rest_hours", "Least hours between two shifts")
    long_day_over_hours: AtLeastZero = _term(
        _LAW, "long_day_over_hours", "A shift of more hours is long, by day or by night"
    )
    long_days_in_a_row: Count = _term(_LAW, "long_days_in_a_row", "Most long shifts in a row")
    nights_in_a_row: Count = _term(_LAW, "nights_in_a_row", "Most nights in a row")
    rest_after_nights_hours: AtLeastZero = _term(
        _LAW, "rest_after_nights_hours", "Least hours from the last night in a row to the next shift"
    )
    weekends_worked: Count = _term(_LAW, "weekends_worked", "Most weekends worked among so many one after the other")
    weekends_counted: Count = _term(_LAW, "weekends_counted", "Among how many")
    shifts_in_a_row: Count = _term(_LAW, "shifts_in_a_row", "Most shifts in a row")
    night_from_hour: HourOfDay = _term(_LAW, "night_from_hour", "Hour at which night starts")
    night_to_hour: HourOfDay = _term(_LAW, "night_to_hour", "Hour at which night ends")
    night_least_hours: NightHours = _term(_LAW, "night_least_hours", "A shift with so many hours of night is a night")
    weeks_a_year: Weeks = _term(_LAW, "weeks_a_year", "Weeks a year")
    working_weeks: Weeks = _term(_LAW, "working_weeks", "Weeks a year that somebody works, after leave")
    prospective_cover: StrictBool = _term(
        _LAW, "prospective_cover", "Whether colleagues' leave is covered inside the rota"
    )
