"""What a file does not say of itself, and the person who brings it in does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Unit = Literal["seconds", "minutes", "hours"]
UNITS: dict[Unit, float] = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0}


@dataclass(frozen=True)
class Wishes:
    """What the person says.

    ``columns`` names the file's column for a column of ours; ``unit`` is that of its times; ``sheet`` a workbook's
    sheet or a GeoPackage's layer; ``activity`` what patients need; ``suppressed`` stands for counts that were not
    published; ``crs`` the coordinate system; ``lookup`` a table of two columns, codes of the file and codes of ours;
    ``mode`` how one travels, where journeys are not those of ``journeys.csv``.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    unit: Unit | None = None
    sheet: str | None = None
    activity: str | None = None
    suppressed: float | None = None
    crs: str | None = None
    lookup: Path | None = None
    mode: str | None = None
