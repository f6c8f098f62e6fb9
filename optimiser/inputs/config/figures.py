"""Figures as a config states them: numbers with their ranges, and where they come from."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

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
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue, WithJsonSchema
from pydantic_core import CoreSchema

from optimiser.errors import quoted
from optimiser.inputs.layers import Plus
from optimiser.inputs.schema import CODE_PATTERN, financial_year
from optimiser.problem import Figure
from optimiser.problem.beds import MOST_BEDS
from optimiser.rotas.cover import DAYS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Part = TypeVar("_Part", bound="DataclassInstance")

UNLIMITED = "unlimited"
# Far above what any health system has, and far below what a solver can add to 1 and still tell.
LARGEST = 1_000_000_000
LONGEST_SENTENCES = 2000
LONGEST_LINE = 200
A_WEEK = 10_080


class Strict(BaseModel):
    """Settings that refuse what they do not know. A setting that is null is not set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_set(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        return {key: value for key, value in said.items() if value is not None or key not in cls.model_fields}

    def into(self, part: type[_Part], **others: Any) -> _Part:
        """Return a part of a problem, in which every field that is not given here is the setting of its name.

        What is not set, and a limit that is unlimited, is left as the part has it.
        """
        make: Callable[..., _Part] = part
        names = {one.name for one in fields(part)} & type(self).model_fields.keys() - others.keys()
        stated = {name: _as_a_problem_has_it(getattr(self, name)) for name in names}
        return make(**{name: one for name, one in stated.items() if one is not None}, **others)


def a_number(value: Any) -> Any:
    """Return what is a number, and refuse all else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {as_written(value)}.")
    return value


def _a_number_or_unlimited(value: Any) -> Any:
    return math.inf if value == UNLIMITED else a_number(value)


def as_written(value: Any) -> str:
    """Return a value as somebody would write it in a config."""
    if value is None:
        return "blank"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return in_full(value)
    return quoted(value) if isinstance(value, str) else "a list" if isinstance(value, list) else "settings"


def in_full(number: float) -> str:
    """Return a number with every digit that tells: 1440 and 0.000001, but 1e+300."""
    text = f"{number:.15g}"
    return f"{Decimal(text):f}" if 1e-6 <= abs(number) < 1e15 else text


def _one_line(text: str, longest: int = LONGEST_LINE) -> str:
    line = text.strip("\n")
    if "\n" in line:
        raise ValueError("must be one line. Take the line breaks out.")
    if len(line) > longest:
        raise ValueError(f"has {len(line):,} characters, and {longest} are the most. Shorten it.")
    return line


def no_repeats(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return codes of which each is named once, and refuse others."""
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"names {', '.join(map(quoted, twice))} more than once. Name each once.")
    return codes


Number = Annotated[float, BeforeValidator(a_number)]
Code = Annotated[StrictStr, StringConstraints(pattern=CODE_PATTERN)]
Line = Annotated[StrictStr, AfterValidator(_one_line)]
Sentences = Annotated[StrictStr, AfterValidator(partial(_one_line, longest=LONGEST_SENTENCES))]
Codes = Annotated[tuple[Code, ...], AfterValidator(no_repeats)]


class StatedFigure(Strict):
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

    @classmethod
    def of(cls, figure: Figure) -> StatedFigure:
        """Return a figure as a config would state it."""
        return cls(value=figure.value, source=figure.source, verified=figure.verified)

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


def _as_a_problem_has_it(value: Any) -> Any:
    if isinstance(value, StatedFigure):
        return value.figure() if math.isfinite(value.value) else None
    return {name: _as_a_problem_has_it(one) for name, one in value.items()} if isinstance(value, dict) else value


def _below_one(stated: StatedFigure) -> StatedFigure:
    if stated.value == 1:
        raise ValueError("must be below 1, not 1.")
    return stated


class Within:
    """Insists that a figure lies in a range, and perhaps that it is whole."""

    def __init__(self, least: float, most: float = LARGEST, *, above: bool = False, whole: bool = False) -> None:
        self.least, self.most, self.above, self.whole = least, most, above, whole

    def __call__(self, stated: Any) -> Any:
        """Return a figure that lies in the range, and refuse others."""
        value = stated.value if isinstance(stated, StatedFigure) else stated
        if value < self.least or (self.above and value == self.least):
            words = f"{'above' if self.above else 'at least'} {in_full(self.least)}"
            raise ValueError(f"must be {words}, not {in_full(value)}.")
        if math.isfinite(value) and value > self.most:
            raise ValueError(f"must be at most {self.most:,}, not {in_full(value)}.")
        if self.whole and math.isfinite(value) and value != int(value):
            raise ValueError(f"must be a whole number, not {in_full(value)}.")
        return stated


Count = Annotated[StatedFigure, AfterValidator(Within(0, whole=True))]
AtLeastZero = Annotated[StatedFigure, AfterValidator(Within(0))]
Factor = Annotated[StatedFigure, AfterValidator(Within(0.01, 10))]
Share = Annotated[StatedFigure, AfterValidator(Within(0, 1))]
ShareBelowOne = Annotated[StatedFigure, AfterValidator(Within(0, 1)), AfterValidator(_below_one)]
Blocking = Annotated[StatedFigure, AfterValidator(Within(0.000001, 0.999999))]
Offset = Annotated[StatedFigure, AfterValidator(Within(-1440, 1440))]
Limit = Annotated[StatedLimit, AfterValidator(Within(0))]
Rate = Annotated[StatedFigure, AfterValidator(Within(-1, 1, above=True))]


DECIMAL_PLACES = 6


def _to_six_places(stated: StatedFigure) -> StatedFigure:
    if stated.value != round(stated.value, DECIMAL_PLACES):
        raise ValueError(f"is counted to six decimal places at most, not {stated.value!r}. Round it.")
    return stated


Patients = Annotated[StatedFigure, AfterValidator(Within(0)), AfterValidator(_to_six_places)]
Minutes = Annotated[StatedFigure, AfterValidator(Within(0, A_WEEK)), AfterValidator(_to_six_places)]
ExactShare = Annotated[StatedFigure, AfterValidator(Within(0, 1)), AfterValidator(_to_six_places)]
OneToAThousand = Annotated[StatedFigure, AfterValidator(Within(1, 1000))]
Beds = Annotated[StatedFigure, AfterValidator(Within(0, MOST_BEDS, whole=True))]
BedsThere = Annotated[StatedLimit, AfterValidator(Within(0, MOST_BEDS, whole=True))]
StayDays = Annotated[StatedFigure, AfterValidator(Within(0.001, 10_000))]
OtherStayDays = Annotated[StatedFigure, AfterValidator(Within(0, 10_000))]
GridMetres = Annotated[Number, AfterValidator(Within(-1_000_000, 2_000_000))]
Trips = Annotated[StatedFigure, AfterValidator(Within(0, 1000))]


def _a_year(value: Any) -> Any:
    """Return a year as a number; a financial year such as 2024/25 is the year in which it begins."""
    begins = financial_year(value) if isinstance(value, str) else None
    if begins is None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError(
            f"must be a whole number such as 2025, or a financial year such as 2024/25, not {as_written(value)}."
        )
    return _IN_RANGE(value if begins is None else begins)


def _places(value: Any) -> Any:
    """Return how many decimals are kept."""
    return Within(0, DECIMAL_PLACES, whole=True)(a_number(value))


_IN_RANGE = Within(1900, 2200, whole=True)
# One validator, before pydantic makes it whole: validators that run before run last first, and a year too large for
# that is refused in the same words.
Year = Annotated[int, BeforeValidator(_a_year)]
MinutePlaces = Annotated[int, BeforeValidator(_places)]

# So many times as much (x1.2), or so many more or fewer (+15, -2); a plain number is how many.
_RELATIVE = re.compile(r"([x×+\-−])\s*(\d{1,9}(?:\.\d{1,6})?)", re.ASCII)
_SIGNS = {"×": "x", "−": "-"}


def _a_change(value: Any) -> Any:
    """Return what something is changed to: a number, or how it is changed, in one way of writing."""
    if isinstance(value, Plus) or (isinstance(value, int | float) and not isinstance(value, bool) and value < 0):
        value = f"{'+' if value >= 0 else '-'}{in_full(abs(value))}"
    if isinstance(value, str) and (found := _RELATIVE.fullmatch(value.strip())):
        return f"{_SIGNS.get(found[1], found[1])}{in_full(float(found[2]))}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number such as 7, or such as x1.2, +15 or -2, not {as_written(value)}.")
    return Within(0)(float(value))


ChangedTo = Annotated[
    float | str,
    BeforeValidator(_a_change),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[x+-]"}]}),
]

Day = Literal[DAYS]  # type: ignore[valid-type]
Days = Annotated[tuple[Day, ...], Field(min_length=1), AfterValidator(no_repeats)]
