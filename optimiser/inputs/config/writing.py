"""Writing a config back in full, and its JSON Schema."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import (
    BaseModel,
)

from optimiser.inputs.config.figures import UNLIMITED
from optimiser.inputs.config.rotas import RotaSettings
from optimiser.inputs.config.settings import (
    ESTIMATES,
    INPUTS,
    AddedSiteSettings,
    Config,
    ExceptionSettings,
    ObjectiveSettings,
    ServiceSettings,
    Settings,
)
from optimiser.inputs.layers import BASED_ON, CURRENT, SCHEMA


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


def sites_of(resolved: bytes) -> Mapping[str, AddedSiteSettings]:
    """Return the sites that a resolved config adds to those of the place."""
    return _resolved(resolved).sites or {}


def pull_of(resolved: bytes) -> float | None:
    """Return the share whom a resolved config pulls over a border as it is today; None where the border is another."""
    settings = _resolved(resolved)
    pull = settings.border_pull
    return None if settings.border != "as_today" else pull.figure().value if pull else 0.0


def settings_in_full(resolved: bytes) -> dict[str, Any]:
    """Return every setting of a resolved config that is set, as plain data."""
    return dict(_in_full(_resolved(resolved)))


@lru_cache(maxsize=16)
def _resolved(resolved: bytes) -> Settings:
    from ruamel.yaml import YAML

    return Settings.model_validate(YAML(typ="safe", pure=True).load(resolved))


def _written_in_full(settings: Settings) -> str:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    # A text is one line, however long: no reader of ours joins lines.
    yaml.width = 2**31
    buffer = io.StringIO()
    yaml.dump(_in_full(_with_own_tables(settings.with_terms())) | {"place": INPUTS}, buffer)
    return buffer.getvalue()


def _with_own_tables(settings: Settings) -> Settings:
    """Return the settings with the tables of sites that are added by the names under which a run keeps them."""
    if not settings.sites:
        return settings
    sites = {}
    for code, site in settings.sites.items():
        own = [name for name in ("journeys", "transfers") if getattr(site, name) not in ESTIMATES]
        sites[code] = site.model_copy(update={name: f"{INPUTS}/{own_table(name, code)}" for name in own})
    return settings.model_copy(update={"sites": sites})


def own_table(table: str, site: str) -> str:
    """Return the name of the file in which a run keeps a table that a site which is added has of its own."""
    return f"{table}_of_{site}.csv"


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
    form = {"const": CURRENT, "description": "Which form of configs this is; that of today if not stated"}
    schema["properties"] = {BASED_ON: based_on, **schema["properties"], SCHEMA: form}
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
