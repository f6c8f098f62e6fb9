"""What ``run.json`` must hold before anything is made of a run: every entry there, and of the right kind."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from optimiser.errors import Fault, InputError

LONGEST_SHOWN = 60
# What each kind of fault that can occur here wishes for, in words.
WISHES = {
    "missing": "there",
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a group of entries",
    "tuple_type": "a pair of codes",
    "model_type": "a group of entries",
    "too_long": "a pair of codes",
    "greater_than_equal": "0 or more",
    "literal_error": "one of {expected}",
    "value_error": "{error}",
    "json_invalid": "JSON",
}


def _a_date(said: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", said, re.ASCII) and date.fromisoformat(said):
            return said
    except ValueError:
        pass
    raise ValueError("a date, such as 2026-11-21")


def _a_number(said: float) -> float:
    if math.isnan(said):
        raise ValueError("a number")
    return said


Day = Annotated[str, AfterValidator(_a_date)]
Number = Annotated[float, AfterValidator(_a_number)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, AfterValidator(_a_number), Field(ge=0)]


class _Strict(BaseModel):
    # Entries that nobody reads may stand beside these.
    model_config = ConfigDict(strict=True, frozen=True)


class _Reached(_Strict):
    name: str
    services: list[str]
    value: Number
    bound: Number | None
    unit: str


class _Option(_Strict):
    values: list[Number]
    designated: list[tuple[str, str]]


class _Listing(_Strict):
    listed: Count
    struck_out_by: dict[str, Count]
    lawful: Count
    best: list[_Option]


class _Record(_Strict):
    format: Literal[1]
    date: Day
    question: str
    outcome: Literal["proved best", "not proved", "evaluated"]
    objectives: list[_Reached]
    ties: Count | None
    enumeration: _Listing | None
    solver: dict[str, Any]
    versions: dict[str, str]
    files: dict[str, str]
    seconds: dict[str, Seconds]


def read_record(path: Path) -> Mapping[str, Any]:
    """Read the ``run.json`` of a run that has a plan.

    Raises
    ------
    InputError
        When an entry is missing or of the wrong kind: every such entry, each with what it should be.
    """
    try:
        content = path.read_text(encoding="utf-8")
        found = json.loads(content)
        _Record.model_validate_json(content)
    except ValidationError as error:
        raise InputError(Fault(str(path), _in_words(one)) for one in error.errors(include_url=False)) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError([Fault(str(path), f"this run cannot be read: {error}. Solve it again.")]) from error
    if found.get("ties") is None and found.get("enumeration") is not None:
        raise InputError([Fault(str(path), "ties is not there, though options are listed. Solve it again.")])
    return dict(found)


def _in_words(error: Any) -> str:
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"]) or "the record"
    wish = WISHES.get(error["type"], "something else").format(**error.get("ctx", {}))
    shown = "" if error["type"] == "missing" else f", not {json.dumps(error['input'], default=str)[:LONGEST_SHOWN]}"
    return f"{place} should be {wish}{shown}. Solve it again."
