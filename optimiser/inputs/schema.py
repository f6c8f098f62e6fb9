"""Every table and every column, declared once: type, unit, range and meaning.

Validation (``frame_schema``) and the data dictionary page (``data_dictionary``) are both made from this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["code", "text", "choice", "whole", "number", "boolean"]

# The most that a cell may say: far above what there is, and small enough for every sum to stay exact.
MOST_PEOPLE, MOST_PATIENTS, MOST_STAFF = 100_000_000, 1_000_000, 1_000_000
# Patients are counted to so many decimal places.
PATIENT_DECIMALS = 6

CODE_PATTERN = r"^[A-Za-z][A-Za-z0-9_]*$"

KIND_IN_WORDS: dict[Kind, str] = {
    "code": "code",
    "text": "text",
    "choice": "one of a few words",
    "whole": "whole number",
    "number": "number",
    "boolean": "true or false",
}


@dataclass(frozen=True)
class Column:
    """One column. Where ``required`` is False the column may be left out and its cells may be blank.

    ``decimals`` is how many decimal places its numbers may have; any number of them if that is None.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    decimals: int | None = None

    @property
    def numeric(self) -> bool:
        """Whether the cells are numbers."""
        return self.kind in ("whole", "number")


@dataclass(frozen=True)
class Table:
    """One CSV file. No two rows may have the same ``key``."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = True

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in the order in which they are declared."""
        return tuple(column.name for column in self.columns)

    @property
    def required_names(self) -> tuple[str, ...]:
        """Names of the columns that every file of this table must have."""
        return tuple(column.name for column in self.columns if column.required)

    def __getitem__(self, name: str) -> Column:
        """Return the column of this name; KeyError if there is none."""
        return next((c for c in self.columns if c.name == name), None) or _no_such_column(self.name, name)


def _no_such_column(table: str, name: str) -> Column:
    raise KeyError(f"{table} has no column {name}")


def _count(name: str, meaning: str, *, required: bool = False, unit: str = "people") -> Column:
    return Column(name, "whole", unit, meaning, required, 0, MOST_PEOPLE)


_AREA = Column("area", "code", "", "Code of the area (a 2011 LSOA in England)")
_SITE = Column("site", "code", "", "Code of the hospital site")
_EASTING = Column("easting_m", "number", "metres", "Easting on the British National Grid", False, -1e6, 2e6)
_NORTHING = Column("northing_m", "number", "metres", "Northing on the British National Grid", False, -1e6, 2e6)
_MINUTES = Column("minutes", "number", "minutes", "Journey time by road", minimum=0, maximum=1440)
_PATIENTS = Column(
    "patients_per_year", "number", "patients a year", "Patients who need the service in a year", minimum=0
)
_DEMAND = replace(_PATIENTS, maximum=MOST_PATIENTS, decimals=PATIENT_DECIMALS)


def _tenth(name: str, edition: str) -> Column:
    meaning = f"Tenth of England by deprivation ({edition}); 1 is the most deprived"
    return Column(name, "whole", "tenth", meaning, False, 1, 10)


PLACE_TABLES: tuple[Table, ...] = (
    Table(
        "areas",
        "Where people live: one row an area.",
        ("area",),
        (
            _AREA,
            Column("name", "text", "", "Name of the area"),
            Column(
                "resident",
                "boolean",
                "",
                "Whether the area belongs to the system; others only bring patients",
            ),
            _count("population", "People who live in the area", required=True),
            Column("district", "text", "", "Local authority district", False),
            Column("commissioner", "text", "", "The body that buys the area's care", False),
            _count("population_65_plus", "People aged 65 and over"),
            _count("population_75_plus", "People aged 75 and over"),
            _count("population_2019", "People who lived in the area in the middle of 2019"),
            _count("population_75_plus_2019", "People aged 75 and over in the middle of 2019"),
            _tenth("deprivation_decile", "Index of Multiple Deprivation 2019"),
            _tenth("deprivation_decile_2015", "Index of Multiple Deprivation 2015"),
            Column("rural_urban_class", "text", "", "Rural-urban class (2011)", False),
            _EASTING,
            _NORTHING,
            Column(
                "acute_morbidity_ratio",
                "number",
                "England is about 100",
                "Emergency admissions against what age and sex lead one to expect",
                False,
                0,
                10_000,
            ),
        ),
    ),
    Table(
        "sites",
        "The hospitals: one row a site.",
        ("site",),
        (
            _SITE,
            Column("name", "text", "", "Name of the hospital"),
            Column(
                "role",
                "choice",
                "",
                "A candidate may be given services; a neighbour only takes the patients nearest to it",
                choices=("candidate", "neighbour"),
            ),
            Column("postcode", "text", "", "Postcode", False),
            _EASTING,
            _NORTHING,
            Column("letter", "text", "", "Letter that marks the site on maps", False),
            Column("source_code", "text", "", "Code of the site in the source of the journeys", False),
        ),
    ),
    Table(
        "journeys",
        "Minutes by road from every area to every site: one row a pair.",
        ("area", "site"),
        (_AREA, _SITE, _MINUTES),
    ),
    Table(
        "transfers",
        "Minutes by road between every two sites: one row an ordered pair.",
        ("from_site", "to_site"),
        (
            Column("from_site", "code", "", "Code of the site that the patient leaves"),
            Column("to_site", "code", "", "Code of the site that the patient is taken to"),
            _MINUTES,
        ),
        required=False,
    ),
    Table(
        "demand",
        "Patients a year by area and activity: one row a pair, zeros written out.",
        ("area", "activity"),
        (_AREA, Column("activity", "code", "", "What the patients need"), _DEMAND),
    ),
    Table(
        "corridors",
        "The road whose state an area's journeys share: one row an area, none for an area without.",
        ("area",),
        (_AREA, Column("corridor", "code", "", "Code of the road; every journey from the area is slow when it is")),
        required=False,
    ),
    Table(
        "staff",
        "Staff in post: one row a site, team and year.",
        ("site", "team", "year"),
        (
            _SITE,
            Column("team", "code", "", "Staff who share a rota"),
            Column("grade", "code", "", "Grade of a team's staff, the same in all its rows; blank if unknown", False),
            Column("year", "whole", "year", "Year of the count", minimum=1900, maximum=2200),
            Column("people", "whole", "people", "People in post; blank if unknown", False, 0, MOST_STAFF),
            Column(
                "wte", "number", "WTE", "Whole-time equivalents (WTE) in post; blank if unknown", False, 0, MOST_STAFF
            ),
        ),
        required=False,
    ),
    Table(
        "activity",
        "What was counted at the sites: one row a site, activity and period.",
        ("site", "activity", "period"),
        (
            _SITE,
            Column("activity", "code", "", "What was counted"),
            Column("period", "text", "", "Year or years of the count, such as 2018/19"),
            Column("count", "number", "patients", "Patients counted in the period", True, 0, MOST_PEOPLE),
        ),
        required=False,
    ),
    Table(
        "sources",
        "Where the figures come from: one row a source.",
        ("source",),
        (
            Column("source", "text", "", "Short name of the source, used in columns.csv and in configs"),
            Column("title", "text", "", "Title as published"),
            Column("publisher", "text", "", "Who published it", False),
            Column("year", "text", "", "Year or years of publication", False),
            Column("licence", "text", "", "Licence under which it may be used", False),
            Column("verified", "boolean", "", "Whether the source was read and has the figures"),
            Column("note", "text", "", "Anything a reader should know", False),
        ),
        required=False,
    ),
    Table(
        "columns",
        "Where every column of every table comes from: one row a column.",
        ("table", "column", "source"),
        (
            Column("table", "text", "", "Name of the table"),
            Column("column", "text", "", "Name of the column; one row for each source that it draws on"),
            Column("source", "text", "", "Short name of the source"),
            Column("note", "text", "", "How the figure was made from the source", False),
        ),
        required=False,
    ),
    Table(
        "data_checks",
        "What a careful reader should know about the figures: one row a finding.",
        ("check", "about"),
        (
            Column("check", "text", "", "What was looked at"),
            Column("about", "text", "", "The area, site or table that the finding is about"),
            Column("value", "number", "as in unit", "The figure found", False),
            Column("unit", "text", "", "Unit of the value", False),
            Column("note", "text", "", "The finding in words", False),
        ),
        required=False,
    ),
)

_SERVICE = Column("service", "code", "", "Code of the service")
_TODAY = Column("today", "boolean", "", "Whether the site provides the service today; blank if unknown", False)
_VERIFIED = Column("verified", "boolean", "", "Whether the source was read and states the figure")


def _staff(name: str, meaning: str) -> Column:
    return Column(name, "number", "people or WTE", meaning, minimum=0)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

RUN_TABLES: tuple[Table, ...] = (
    Table(
        "designations",
        "Which candidate provides which service: one row a pair.",
        ("service", "site"),
        (
            _SERVICE,
            _SITE,
            Column("designated", "boolean", "", "Whether the plan has the site provide the service"),
            _TODAY,
            Column("fixed", "boolean", "", "Whether this was settled beforehand"),
            Column("reason", "text", "", "Why it was settled beforehand", False),
        ),
    ),
    Table(
        "journeys",
        "Where each area's patients go: one row a service, area and site. An area has several only where patients are "
        "shared out.",
        ("service", "area", "site"),
        (
            _SERVICE,
            _AREA,
            Column("resident", "boolean", "", "Whether the area belongs to the health system"),
            Column("site", "code", "", "Code of the site that they go to"),
            _MINUTES,
            _PATIENTS,
            Column("first_site", "code", "", "Code of the site where they are seen first: the same, if it is direct"),
            Column("first_minutes", "number", "minutes", "Journey time to the first site", minimum=0, maximum=1440),
            Column("transfer_minutes", "number", "minutes", "Minutes by road of a transfer; 0 if none", minimum=0),
        ),
    ),
    Table(
        "staffing",
        "Staff at each site under the plan: one row a team, unit and site. One team across sites has one row, at "
        "`across_sites`.",
        ("team", "unit", "site"),
        (
            Column("team", "code", "", "Staff who share a rota"),
            Column("unit", "choice", "", "What is counted", choices=("people", "WTE")),
            _SITE,
            _staff("in_post", "Staff in post before the plan"),
            _staff("moved_in", "Staff who come from another site"),
            _staff("moved_out", "Staff who go to another site"),
            _staff("recruited", "Staff who are newly recruited"),
            _staff("staff", "In post, plus moved in, less moved out, plus recruited"),
            _staff("needed", "What the services at the site need"),
            _staff("short", "How far the staff fall short of the need"),
        ),
    ),
    Table(
        "measures",
        "Every published number about the plan: one row a measure, service and group.",
        ("measure", "service", "group"),
        (
            Column("measure", "text", "", "What is measured"),
            Column("service", "code", "", "Code of the service; blank for the whole plan", False),
            Column("group", "text", "", "Site, district or group of people; blank for all", False),
            Column("value", "number", "as in unit", "The number"),
            Column("unit", "text", "", "Unit of the value"),
            Column("better", "choice", "", "Which way is better", choices=("lower", "higher", "neither")),
        ),
    ),
    Table(
        "rules",
        "Every rule, case by case: whether it holds, and with how much to spare.",
        ("rule", "instance"),
        (
            Column("rule", "text", "", "The rule, a name that reads as a sentence"),
            Column("instance", "text", "", "The case: rule, service, site and so on, joined with dots"),
            Column("left", "number", "as in unit", "What the plan has"),
            Column("relation", "choice", "", "How left must compare with right", choices=(">=", "<=", "=")),
            Column("right", "number", "as in unit", "What the rule asks"),
            Column("unit", "text", "", "Unit of left and right"),
            Column("spare", "number", "as in unit", "How far the rule is from being broken; below 0: broken"),
            Column("binding", "boolean", "", "Whether nothing is to spare"),
            Column("pass", "boolean", "", "Whether the rule holds"),
            Column("source", "text", "", "Where the rule's figure comes from", False),
            _VERIFIED,
        ),
    ),
    Table(
        "links",
        "What each designation leans on: one row a link. Only where a service may lean on another site.",
        ("service", "site", "needs", "kind"),
        (
            _SERVICE,
            _SITE,
            Column("needs", "code", "", "Code of the service that it leans on"),
            Column("kind", "choice", "", "How it leans on it", choices=("same_site", "in_reach", "by_transfer")),
            Column("provider", "code", "", "Code of the nearest candidate that provides it; blank if none does", False),
            Column("minutes", "number", "minutes", "Way from the provider; by_transfer: to it", False, minimum=0),
            Column("at_most", "number", "minutes", "Longest way that counts as in reach", False, minimum=0),
            Column("met", "boolean", "", "Whether the link holds; blank where nothing is asked", False),
            Column("excepted", "boolean", "", "Whether a documented exception says it need not hold"),
            Column("source", "text", "", "Where the link is stated", False),
            _VERIFIED,
        ),
        required=False,
    ),
    Table(
        "rotas",
        "The weekly pattern of each rota that says how it gives cover, in shifts or on call from home: one row a week, "
        "day and duty. Everybody works week 1, then week 2 and so on, and starts in a week of their own.",
        ("rota", "week", "day", "start"),
        (
            Column("rota", "text", "", "Service and team, joined with a dot"),
            Column("week", "whole", "week of the cycle", "From 1 to as many as share the rota", minimum=1),
            Column("day", "choice", "", "Day on which the duty starts", choices=_DAYS),
            Column("shift", "code", "", "Code of the shift, C on call from home; blank on a day without a duty", False),
            Column("kind", "choice", "", "Blank on a day without a duty", False, choices=("resident", "on_call")),
            Column("start", "text", "", "Time of day at which the duty starts", False),
            Column("end", "text", "", "Time of day at which it ends; on the next day if not later than start", False),
            Column("hours", "number", "hours", "Hours of the shift, handover included, or of being on call", minimum=0),
        ),
        required=False,
    ),
    Table(
        "rota_needs",
        "How the need of each rota was worked out from the cover it gives: one row a step. Only where the config asks "
        "for cover.",
        ("rota", "step"),
        (
            Column("rota", "text", "", "Service and team, joined with a dot"),
            Column("step", "whole", "step", "Number of the step", minimum=1),
            Column("term", "text", "", "What the step gives"),
            Column("exact", "text", "", "Its value as a whole number or a fraction"),
            Column("value", "number", "as in unit", "Its value"),
            Column("unit", "text", "", "Unit of the value"),
            Column("source", "text", "", "Where it comes from, or the steps it was worked out from", False),
            _VERIFIED,
        ),
        required=False,
    ),
    Table(
        "exceptions",
        "Every documented exception: one row each. Only where a service may lean on another site.",
        ("service", "needs", "site"),
        (
            _SERVICE,
            Column("needs", "code", "", "Code of the service that it leans on"),
            Column("site", "code", "", "Code of the site where that need not hold"),
            Column("reason", "text", "", "Why it need not hold there"),
            Column("source", "text", "", "Where that is written down", False),
            Column("by", "text", "", "Who says so", False),
            Column("would_have_broken", "boolean", "", "Whether the plan would break the rule without it"),
        ),
        required=False,
    ),
)


def place_table(name: str) -> Table:
    """Return the declaration of one of a place's tables; KeyError if there is none of that name."""
    return next(table for table in PLACE_TABLES if table.name == name)


def _follows(pattern: str) -> Any:
    def each_distinct_text_once(texts: pd.Series[Any]) -> pd.Series[Any]:
        good = [text for text in texts.unique() if re.fullmatch(pattern, str(text))]
        return texts.isin(good)

    return each_distinct_text_once


def _plain(number: float) -> str:
    return f"{int(number):,}" if number == int(number) and abs(number) >= 10_000 else f"{number:g}"


def _tests(column: Column) -> Iterator[tuple[Any, str]]:
    """Yield each test of a column's cells with what to say of a cell that fails it."""
    if column.kind == "code":
        yield (
            _follows(CODE_PATTERN),
            "is not a code. Use letters, digits and _ only, and start with a letter.",
        )
    if column.choices:
        words = " or ".join(column.choices)
        yield lambda cells: cells.isin(column.choices), f"is not allowed here. Write {words}."
    if column.kind == "whole":
        yield lambda cells: cells == cells.round(), "is not a whole number. Write a whole number."
    if column.minimum is not None:
        low = _plain(column.minimum)
        yield lambda cells: cells >= column.minimum, f"is below {low}, the least that it can be. Correct it."
    if column.maximum is not None:
        high = _plain(column.maximum)
        yield lambda cells: cells <= column.maximum, f"is above {high}, the most that it can be. Correct it."
    if column.decimals is not None:
        words = f"has more than {column.decimals} decimal places, the most that are counted. Round it."
        yield lambda cells: cells == _to_decimals(cells, 10**column.decimals), words


def _to_decimals(cells: pd.Series[Any], parts: int) -> pd.Series[Any]:
    """Return numbers rounded to whole parts. Dividing gives the very float that reading such decimals gives."""
    return (cells * parts).round() / parts


@cache
def frame_schema(table: Table) -> Any:
    """Return the pandera schema of one table's frame. Validate with ``lazy=True`` to list every fault."""
    import pandera.pandas as pa

    columns = {
        column.name: pa.Column(
            checks=[pa.Check(test, error=words) for test, words in _tests(column)],
            nullable=not column.required,
            required=column.required,
        )
        for column in table.columns
    }
    return pa.DataFrameSchema(columns, unique=list(table.key), strict=True, name=table.name)


def data_dictionary() -> str:
    """Return the data dictionary: a Markdown page of every table and column."""
    parts = [
        "# Data dictionary",
        "Made from `optimiser/inputs/schema.py`; do not edit by hand.",
        "Every table is a CSV file: UTF-8, a header row, commas between cells, a point in decimals, one fact "
        "a cell. A code has letters, digits and `_` only, and starts with a letter.",
        "## Tables of a place",
        "They live in `data/<place>/`. `boundaries.geojson` may lie beside them: one feature an area, "
        "with the property `area`, in degrees of longitude and latitude (EPSG:4326).",
        *(_table_in_words(table, optional=not table.required) for table in PLACE_TABLES),
        "## Tables of a run",
        "They live in the run folder that a command writes.",
        *(_table_in_words(table, optional=not table.required) for table in RUN_TABLES),
    ]
    return "\n\n".join(parts) + "\n"


def _table_in_words(table: Table, *, optional: bool = False) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    may = " May be left out." if optional else ""
    head = f"### {table.name}.csv\n\n{table.meaning}{may} No two rows share {key}."
    rows = "\n".join(
        f"| `{c.name}` | {KIND_IN_WORDS[c.kind]} | {c.unit} | {_range_in_words(c)} "
        f"| {'yes' if c.required else 'no'} | {c.meaning} |"
        for c in table.columns
    )
    return f"{head}\n\n| column | kind | unit | range | required | meaning |\n|---|---|---|---|---|---|\n{rows}"


def _range_in_words(column: Column) -> str:
    if column.choices:
        return ", ".join(column.choices)
    low = "" if column.minimum is None else f"{_plain(column.minimum)} or more"
    places = "" if column.decimals is None else f", {column.decimals} decimal places at most"
    if column.maximum is None:
        return f"{low}{places}"
    return f"{_plain(column.minimum or 0)} to {_plain(column.maximum)}{places}"
