"""Faults of settings in plain words, and what is left of a config without the faulty ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import (
    ValidationError,
)

from optimiser.errors import Fault, closest, did_you_mean, quoted
from optimiser.inputs.config.figures import Strict, as_written
from optimiser.inputs.layers import BASED_ON, SCHEMA, Layers, Origin, Spot, origin_of

# What people look for under a name that is no setting, by the settings under which they do, and where it is said.
ELSEWHERE = {
    ("closed_services", "closed_services"): "One service is closed with services: {SERVICE: {fixed: {SITE: …}}}, as "
    "docs/change.md shows; a whole site with closed_sites.",
    ("teams", "in_post"): "Who is in post stands in staff.csv; ask otherwise with change: {staff.TEAM.people.SITE: …}.",
    ("sites", "postcode"): "Say where it is by latitude and longitude.",
    ("sites", "role"): "A site that is added is a candidate: take it out.",
    ("travel", "corridors"): "Ask with change: {journeys.SITE.from_district.DISTRICT: +15}, or roads: {slow: …}.",
}
_AnySettings = TypeVar("_AnySettings", bound=Strict)


def settings_of(layers: Layers, shape: type[_AnySettings]) -> tuple[_AnySettings | None, list[Fault]]:
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
            found = [one for one in error.errors(include_url=False) if not _repeats_another(one)]
            # What fails only once faulty settings are set aside would puzzle the reader.
            faults += [_fault(one, origins, shape) for one in found] if attempt == 0 else []
            set_aside = [_set_aside(said, one) for one in reversed(found)]
            if not all(set_aside):
                return None, faults
    return None, faults


def _repeats_another(error: Any) -> bool:
    """Whether an error only says again that entries are faulty: the list has some, or was no list where it might be."""
    if error["type"] == "too_short":
        return len(error["input"]) > 0
    is_branch = str(error["loc"][-1]).startswith("literal[") if error["loc"] else False
    return error["type"] == "literal_error" and is_branch and isinstance(error["input"], list)


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


def _fault(error: Any, origins: Mapping[Spot, Origin], shape: type[Strict]) -> Fault:
    loc = tuple(error["loc"])
    names = [part for part in loc if isinstance(part, str) and part != "[key]"]
    name = names[-1] if names else "the file"
    return Fault(str(origin_of(origins, loc)), _words(error, name, loc, origins, shape))


def _words(error: Any, name: str, loc: tuple[Any, ...], origins: Mapping[Spot, Origin], shape: type[Strict]) -> str:
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    subject = quoted(_last_written(name, loc, origins))
    if kind == "extra_forbidden":
        known = [*_known_settings(shape, loc[:-1]), *([BASED_ON, SCHEMA] if len(loc) == 1 else [])]
        hint = ELSEWHERE.get((str(loc[0]), name)) or did_you_mean(name, known, list_at_most=20)
        return f"{quoted(name)} is not a setting here. {hint}".rstrip()
    if kind == "too_long" or (kind == "missing" and isinstance(loc[-1], int)):
        return f"{subject} must hold pairs such as [area, site]. Correct it."
    if kind == "too_short":
        return f"{subject} needs at least one entry. Add one."
    if kind == "string_too_short":
        return f"{subject} is empty. Fill it in."
    if kind == "missing":
        meaning = _meaning(shape, loc)
        meant = _meant(loc, origins)
        also = f" Did you mean {quoted(meant)}?" if meant else ""
        return f"{quoted(name)} is missing from {_inside(loc)}. Add it{f' ({meaning})' if meaning else ''}.{also}"
    if kind == "value_error":
        return f"{subject}{_under(loc, origins, shape)} {context['error']}"
    if kind == "literal_error":
        allowed = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        hint = did_you_mean(str(value), allowed, list_at_most=20)
        return f"{as_written(value)} is not known under {subject}. {hint}"
    if "[key]" in loc or kind == "string_pattern_mismatch":
        return f"{as_written(value)} is not a code. Use letters, digits and _ only, and start with a letter."
    if value is None:
        return f"{subject} is blank, and there is nothing to take away. Fill it in, or delete the line."
    needed = _needed(shape, loc) if kind == "model_type" else []
    which = f" ({', '.join(needed)})" if needed else ""
    return f"{subject} must be {_expected(kind)}{which}, not {as_written(value)}."


def _meant(loc: tuple[Any, ...], origins: Mapping[Spot, Origin]) -> str | None:
    """Return the entry of a config below that one of this config, which is new and incomplete, may stand for."""
    *above, name = loc[:-1] or ("",)
    beside = [spot for spot in origins if len(spot) == len(loc) - 1 and spot[:-1] == tuple(above)]
    here = origins[loc[:-1]].path if loc[:-1] in origins else None
    return closest(str(name), [str(spot[-1]) for spot in beside if origins[spot].path != here]) if here else None


def _needed(shape: type[Strict], loc: Sequence[Any]) -> list[str]:
    model = _model_at(shape, loc)
    return [name for name, one in model.model_fields.items() if one.is_required()] if model else []


def _last_written(name: str, loc: tuple[Any, ...], origins: Mapping[Spot, Origin]) -> str:
    """Return the name that was written: for the value inside a bare figure, that of the figure."""
    written = [part for n, part in enumerate(loc) if isinstance(part, str) and loc[: n + 1] in origins]
    return written[-1] if written else name


def _under(loc: tuple[Any, ...], origins: Mapping[Spot, Origin], shape: type[Strict]) -> str:
    """Return under which settings a name stands that is no setting, such as that of a road in ``roads: slow``."""
    written = max((loc[:n] for n in range(len(loc) + 1) if loc[:n] in origins), key=len, default=())
    is_name = (
        len(written) == 3 and isinstance(written[2], str) and written[2] not in _known_settings(shape, written[:2])
    )
    return f" under {written[0]}: {written[1]}" if is_name else ""


def _expected(kind: str) -> str:
    return {
        "string_type": "text",
        "bool_type": "true or false",
        "tuple_type": "a list, such as [one, another]",
        "dict_type": "settings, one a line below it",
        "model_type": "settings, one a line below it",
        "missing": "complete",
        "int_from_float": "a whole number",
    }.get(kind, "something else")


def _inside(loc: tuple[Any, ...]) -> str:
    names = [str(part) for part in loc[:-1]]
    return quoted(".".join(names)) if names else "the config"


def _model_at(shape: type[Strict], loc: Sequence[Any]) -> type[Strict] | None:
    """Return the settings that an error's place lies in."""
    model: type[Strict] | None = shape
    for part in loc:
        if model is not None and part in model.model_fields:
            found = list(_models_in(model.model_fields[part].annotation))
            model = found[0] if found else None
    return model


def _models_in(annotation: Any) -> Iterator[type[Strict]]:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _known_settings(shape: type[Strict], loc: Sequence[Any]) -> list[str]:
    model = _model_at(shape, loc)
    return list(model.model_fields) if model else []


def meaning_of(shape: type[Strict], spot: Sequence[Any]) -> str:
    """Return what the setting at a spot means, as its description says it, or that of the nearest around it."""
    for length in range(len(spot), 0, -1):
        model = _model_at(shape, spot[: length - 1])
        field = model.model_fields.get(spot[length - 1]) if model else None
        if field:
            return field.description or ""
    return ""


def _meaning(shape: type[Strict], loc: Sequence[Any]) -> str:
    model = _model_at(shape, loc[:-1])
    field = model.model_fields.get(loc[-1]) if model else None
    return (field.description or "").lower() if field else ""
