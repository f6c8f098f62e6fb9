"""What a place's own tables say of where its figures come from."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping

COLUMNS, SOURCES = "inputs/columns.csv", "inputs/sources.csv"
COUNTED = ("demand", "patients_per_year")


def unverified_activities(files: Mapping[str, bytes], activities: Iterable[str]) -> list[str]:
    """Return the activities whose patients come from a source that nobody verified, in order.

    ``columns.csv`` names the source of every column; where a column has several, the note of each says of which rows
    it is, by activity. Nothing is known of a place without these tables.
    """
    verified = {row["source"]: row.get("verified", "") == "true" for row in _rows(files, SOURCES)}
    of_demand = [row for row in _rows(files, COLUMNS) if (row.get("table"), row.get("column")) == COUNTED]
    doubtful = [row for row in of_demand if not verified.get(row.get("source", ""), True)]
    named = [set(re.findall(r"\w+", row.get("note") or "")) for row in doubtful]
    return [one for one in activities if any(one in words or len(of_demand) == 1 for words in named)]


def _rows(files: Mapping[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files.get(name, b"").decode("utf-8-sig"))))
