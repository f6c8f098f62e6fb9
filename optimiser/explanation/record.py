"""An explanation as plain data, for JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from optimiser.model.rules import name_of
from optimiser.plan import Plan
from optimiser.problem.parameters import Parameter


def record(value: Any) -> Any:
    """Return an explanation, or a part of one, as plain data; ``words`` says the same in plain words.

    Numbers that are not finite become null, exact fractions the nearest float, and designations lists by service.
    """
    if isinstance(value, Plan):
        return record(value.designated)
    if isinstance(value, pd.DataFrame):
        return json.loads(value.replace([np.inf, -np.inf], np.nan).to_json(orient="records", double_precision=12))
    if isinstance(value, Parameter):
        return {"name": value.name, "unit": value.unit, "meaning": value.meaning}
    if is_dataclass(value) and not isinstance(value, type):
        parts = {one.name: record(getattr(value, one.name)) for one in fields(value)}
        whom = {"whom": record(value.whom)} if hasattr(value, "whom") else {}
        words = {"words": str(value)} if "words" not in parts and type(value).__str__ is not object.__str__ else {}
        return {**parts, **whom, **words}
    if isinstance(value, Mapping):
        return {_key(key): record(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        by_service: dict[str, list[str]] = {}
        for site, service in sorted(value, key=lambda pair: (pair[1], pair[0])):
            by_service.setdefault(service, []).append(site)
        return by_service
    if isinstance(value, tuple | list):
        return [record(one) for one in value]
    if isinstance(value, Fraction | float):
        return float(value) if np.isfinite(float(value)) else None
    return value


def _key(key: object) -> str:
    return name_of((str(key[0]), tuple(key[1]))) if isinstance(key, tuple) else str(key)
