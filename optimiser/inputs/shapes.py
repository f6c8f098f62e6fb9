"""Whole tables that are not laid out as ours, told apart by their header and first rows, and said in one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from optimiser.errors import closest, quoted
from optimiser.inputs.schema import Table

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
ROWS_LOOKED_AT = 20
# How much of a matrix's body must be numbers or blank.
MOSTLY = 0.8
_LEAST_COLUMNS = 2

# What other programs call where a journey begins, where it ends and how long it takes; longer names of a kind come
# from the same word with something after it, such as travel_time_p50.
ORIGINS = (
    "from_id", "fromid", "from", "from_site", "from_area", "from_postcode", "origin", "origin_id", "originid",
    "source_id", "area", "area_code", "start", "from_lsoa", "origin_lsoa", "lsoa", "home",
)  # fmt: skip
DESTINATIONS = (
    "to_id", "toid", "to", "to_site", "to_postcode", "destination", "destination_id", "destinationid", "dest",
    "dest_id", "target_id", "site", "site_code", "end", "hospital", "provider",
)  # fmt: skip
TIMES = (
    "travel_time", "traveltime", "minutes", "mins", "minute", "duration", "time", "seconds", "hours",
    "total_time", "drive_time", "total_duration",
)  # fmt: skip
# How official statistics name the column of codes of small areas.
OFFICIAL_CODE = re.compile(r"(?:LSOA|MSOA|OA|WD|LAD|DZ|SDZ|SOA|IZ|MSOA|DATAZONE)(?:\d{2}|\d{4})?_?(?:CD|CODE)", re.I)
OFFICIAL_NAME = re.compile(r"(?:LSOA|MSOA|OA|WD|LAD|DZ|SDZ|SOA|IZ|MSOA|DATAZONE)(?:\d{2}|\d{4})?_?(?:NM|NAME)", re.I)


def one_of(names: Sequence[str], known: Sequence[str]) -> str | None:
    """Return the first of a table's column names that is one of the known ones, perhaps with something after it."""
    plain = {re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_"): name for name in names}
    exact = next((plain[one] for one in known if one in plain), None)
    begun = next((name for one in known for low, name in plain.items() if low.startswith(f"{one}_")), None)
    return exact or begun


def whole_table_mistake(table: Table, header: Sequence[str], rows: Sequence[Sequence[str]], command: str) -> str | None:
    """Return one sentence where the table as a whole is laid out otherwise; None where its columns can be judged.

    ``rows`` are the first below the header, and ``command`` is what would bring such a file in.
    """
    names = [name.strip().lower() for name in header]
    if not set(table.required_names) - set(names):
        return None
    asked = ", ".join(table.required_names)
    if names and names[0].startswith("sep="):
        return 'the first line, "sep=", is for Excel alone. Delete it.'
    for number, row in enumerate(rows, start=2):
        if set(table.required_names) <= {cell.strip().lower() for cell in row}:
            return f"row {number} looks like the header. Delete the rows above it."
    if _is_data(header, rows, table):
        return f"the first row holds data, not the names of columns. Put a row above it with {asked}."
    bring = f"Bring it in: {command}"
    if _is_long(table, header):
        listed = ", ".join(name.strip() for name in header[:4])
        return f"the columns are {listed}, as journey planners write them, and here they are {asked}. {bring}"
    if across := _is_wide(table, header, rows):
        shown = ", ".join(map(quoted, across[:2]))
        more = f" and {len(across) - 2} more" if len(across) > 2 else ""
        return f"this is a matrix, with a column for each of {shown}{more}; one row a pair is needed ({asked}). {bring}"
    return None


def _is_data(header: Sequence[str], rows: Sequence[Sequence[str]], table: Table) -> bool:
    """Whether a header is a row like those below it: numbers in the columns of numbers, and no name that is known."""
    known = any(name.strip().lower() in table.column_names for name in header)
    if known or not rows or not any(NUMBER.fullmatch(cell.strip()) for cell in header):
        return False
    alike = all(
        bool(NUMBER.fullmatch(cell.strip())) == bool(NUMBER.fullmatch(rows[0][place].strip()))
        for place, cell in enumerate(header)
        if place < len(rows[0]) and rows[0][place].strip()
    )
    return alike and len(header) <= len(table.columns)


def _is_long(table: Table, header: Sequence[str]) -> bool:
    codes = [name for name in table.key if name in header]
    if "minutes" not in table.column_names or len(codes) == len(table.key):
        return False
    return bool(one_of(header, ORIGINS) and one_of(header, DESTINATIONS) and one_of(header, TIMES))


def _is_wide(table: Table, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the columns of a matrix, or none: they are no names of ours nor like them, and nearly all numbers."""
    ours = [name for name in table.column_names if not table[name].numeric]
    across = [
        (place, name)
        for place, name in enumerate(header)
        if place and name.strip() and name.strip().lower() not in table.column_names and not closest(name, ours)
    ]
    if ("minutes" not in table.column_names and table.name != "demand") or len(across) < _LEAST_COLUMNS or not rows:
        return []
    cells = [row[place].strip() for row in rows for place, _ in across if place < len(row)]
    fit = sum(1 for cell in cells if not cell or NUMBER.fullmatch(cell))
    return [name for _, name in across] if cells and fit >= MOSTLY * len(cells) else []
