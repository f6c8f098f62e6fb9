"""What an export holds: tidy tables, each with what it says, the unit and meaning of every column, and safe text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.inputs.schema import KIND_IN_WORDS, PLACE_TABLES, RUN_TABLES, Column, Table
from optimiser.plan.finished import Run
from optimiser.problem import LEAVES, Service
from optimiser.problem.words import in_full
from optimiser.report.counted import counted_today
from optimiser.report.register import register_of

# Control, format (with those that turn the reading direction), surrogate, private and unassigned characters.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# What starts a formula in a spreadsheet, with the wide forms that some of them take for the same.
_FORMULA_STARTS = tuple("=+-@＝＋－＠")

RUN = Column("run", "text", "", "Key of the run: see the table of runs")
_SERVICE = Column("service", "code", "", "Code of the service")

RUNS = Table(
    "runs",
    "The runs in this export: one row each.",
    ("run",),
    (
        RUN,
        Column("question", "text", "", "What was asked"),
        Column("outcome", "text", "", "Proved best, not proved, or evaluated (people chose it)"),
        Column("option", "text", "", "Code of the option that was evaluated; blank for a plan that was found", False),
        Column("option_title", "text", "", "What people call that option", False),
        Column("option_source", "text", "", "Where that option was written down", False),
        Column("option_note", "text", "", "What its note says of it", False),
        Column("date", "text", "", "Day on which the run was made", False),
        Column("folder", "text", "", "Name of its run folder"),
        Column("version", "text", "", "Version of optimiser that made it"),
        Column("is_best", "text", "", "What the independent check made sure of that it is best"),
    ),
)
SERVICES = Table(
    "services",
    "The services, and the figures that their numbers are worked out with: one row a run and service.",
    ("run", "service"),
    (
        RUN,
        _SERVICE,
        Column("name", "text", "", "Name of the service"),
        Column("activity", "code", "", "What its patients need; blank where none are counted", False),
        Column("standard_minutes", "number", "minutes", "Journey time that is aimed for", False),
        Column("share_transferred", "number", "share", "Share of patients who are taken on from elsewhere", False),
        Column("suspected_per_confirmed", "number", "patients", "Patients taken on for each confirmed one", False),
        Column("stay_days", "number", "days", "How long a patient stays in a bed", False),
        Column("other_patients_share", "number", "share", "Share of arrivals with something else", False),
        Column("other_stay_days", "number", "days", "How long those stay in a bed", False),
        Column("blocking", "number", "share", "Share of arrivals that may find every bed taken", False),
    ),
)
TODAY_COUNTED = Table(
    "today_counted",
    "What was counted at the sites of today, beside what this model says of them: one row a run, service and site.",
    ("run", "service", "site"),
    (
        RUN,
        _SERVICE,
        Column("site", "code", "", "Code of the site"),
        Column("period", "text", "", "When it was counted"),
        Column("counted", "number", "patients", "Patients counted in that period"),
        Column("modelled", "number", "patients a year", "Patients a year by this model, with the sites of today"),
        Column("apart", "number", "share of the count", "How many more the model has; fewer below 0", False),
        Column("counted_by", "text", "", "Who counted; blank where sources.csv does not say", False),
    ),
)
ASSUMPTIONS = Table(
    "assumptions",
    "Every figure that an answer rests on, and what it does by itself; those that turn the answer come first.",
    ("run", "id"),
    (
        RUN,
        Column("id", "text", "", "Its number here"),
        Column("reference", "text", "", "Its number on the page of the run, where it has one", False),
        Column("setting", "text", "", "Name of the parameter, or where it stands in the config"),
        Column("what", "text", "", "What it is, in words"),
        Column("value", "text", "as unit says", "What it is now"),
        Column("unit", "text", "", "Unit of the value and of both ends", False),
        Column("low", "text", "as unit says", "How far down it was tried", False),
        Column("high", "text", "as unit says", "How far up it was tried", False),
        Column("range", "text", "", "Where these ends come from", False),
        Column("source", "text", "", "Where the figure comes from", False),
        Column("verified", "boolean", "", "Whether the source was read and states it"),
        Column("at_low", "text", "", "Whether the plan is best and lawful at the low end", False),
        Column("at_high", "text", "", "The same at the high end", False),
        Column("turns", "boolean", "", "Whether another plan is best at an end; blank where that was not tried", False),
        Column("change_at_low", "number", "share", "By how much the plan's first objective changes there", False),
        Column("change_at_high", "number", "share", "The same at the high end", False),
        Column("switches_below", "number", "as unit says", "Next value below at which the order may turn", False),
        Column("switches_above", "number", "as unit says", "Next value above at which the order may turn", False),
        Column("would_change", "text", "", "What is known of a change that would turn the answer", False),
    ),
)
LEAVERS = Table(
    "leavers",
    "Who leaves for a neighbour whatever is designated: one row a run, service, area and neighbour.",
    ("run", "service", "area", "site"),
    (
        RUN,
        _SERVICE,
        Column("area", "code", "", "Code of the area that they leave"),
        Column("site", "code", "", "Code of the neighbour that they leave for"),
        Column("destination", "text", "", "Name of that neighbour"),
        Column("patients_per_year", "number", "patients a year", "How many leave for it"),
        Column("share", "number", "share", "Their share of all patients of the area", False),
    ),
)
DICTIONARY = Table(
    "data_dictionary",
    "Every column of every table: one row each.",
    ("table", "column"),
    (
        Column("table", "text", "", "Name of the table"),
        Column("column", "text", "", "Name of the column"),
        Column("kind", "text", "", "What its cells hold"),
        Column("unit", "text", "", "Unit of its numbers", False),
        Column("meaning", "text", "", "What it says"),
    ),
)
YES_OR_NO = {"true": "yes", "false": "no"}
# As many as measures have.
DECIMALS_OF_SHARES = 9
# Tables of the place that a reader needs beside the answer.
FROM_THE_PLACE = ("areas", "sites", "sources", "columns", "data_checks")


@dataclass(frozen=True)
class Tidy:
    """One long table of all runs, as it is written to a sheet and to a CSV file."""

    table: Table
    frame: pd.DataFrame

    @property
    def name(self) -> str:
        """Name of the table, as in file names."""
        return self.table.name

    @property
    def title(self) -> str:
        """Name of its sheet."""
        return self.name.replace("_", " ").capitalize()


def tidy_tables(runs: Sequence[Run]) -> list[Tidy]:
    """Return every table of an export, those of several runs below one another, the data dictionary last.

    Raises ``InputError`` where two services have the same code but for capitals, which a spreadsheet cannot tell apart.
    """
    for run in runs:
        _refuse_codes_that_differ_in_capitals_only(run)
    tables = [Tidy(RUNS, _runs(runs)), _stacked(SERVICES, [(run.key, _services(run)) for run in runs])]
    tables += _of(RUN_TABLES, [(run.key, run.tables) for run in runs])
    for table, frame_of in ((TODAY_COUNTED, _today_counted), (LEAVERS, leavers), (ASSUMPTIONS, _assumptions)):
        parts = [(run.key, frame) for run in runs if len(frame := frame_of(run))]
        tables += [_stacked(table, parts)] if parts else []
    of_the_place = [table for table in PLACE_TABLES if table.name in FROM_THE_PLACE]
    tables += _of(of_the_place, [(run.key, run.inputs) for run in runs])
    tables.append(Tidy(DICTIONARY, _dictionary([*tables, Tidy(DICTIONARY, pd.DataFrame())])))
    return [replace(one, frame=_plain_frame(one.frame)) for one in tables]


def leavers(run: Run) -> pd.DataFrame:
    """Return who leaves for a neighbour whatever is designated: from where, for where, how many, and which share."""
    journeys, columns = run.tables["journeys"], list(LEAVERS.column_names[1:])
    if "how" not in journeys:
        return pd.DataFrame(columns=columns)
    everybody = journeys.groupby(["service", "area"])["patients_per_year"].transform("sum")
    names = {code: site.name for code, site in run.problem.sites.items()}
    share = (journeys["patients_per_year"] / everybody).where(everybody > 0)
    found = journeys.assign(share=share.round(DECIMALS_OF_SHARES), destination=journeys["site"].map(names))
    return found[found["how"] == LEAVES][columns].reset_index(drop=True)


def _assumptions(run: Run) -> pd.DataFrame:
    """Return the register of assumptions, without what people are to fill in."""
    columns, found = list(ASSUMPTIONS.column_names[1:]), register_of(run)
    if found is None:
        return pd.DataFrame(columns=columns)
    rows = found.rows[columns]
    return rows.assign(verified=rows["verified"].map({True: "true", False: "false"}))


def _today_counted(run: Run) -> pd.DataFrame:
    rows = [
        (
            code,
            site,
            one.period,
            count,
            one.modelled[site],
            one.modelled[site] / count - 1 if count else None,
            one.source,
        )
        for one in counted_today(run.plan)
        for code in one.services
        for site, count in one.counts.items()
    ]
    found = pd.DataFrame(rows, columns=list(TODAY_COUNTED.column_names[1:]))
    numbers = ["counted", "modelled", "apart"]
    return found.assign(**{name: found[name].astype(float).round(DECIMALS_OF_SHARES) for name in numbers})


def plain(text: object) -> str:
    """Return text on one line, with every character that cannot be seen spelt out."""
    line = str(text).replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    if line.isprintable():
        return line
    return "".join(f"<U+{ord(c):04X}>" if unicodedata.category(c) in _HIDDEN else c for c in line)


def csv_bytes(tidy: Tidy) -> bytes:
    """Return a table as CSV. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    frame = tidy.frame.copy()
    for column in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[column]):
            frame[column] = frame[column].map(in_full)
        else:
            frame[column] = frame[column].map(_inert)
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _inert(text: str) -> str:
    return f"'{text}" if text.lstrip().startswith(_FORMULA_STARTS) else text


def _plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.assign(**{name: frame[name].map(plain) for name in texts})


def _of(tables: Sequence[Table], held: Sequence[tuple[str, Mapping[str, pd.DataFrame]]]) -> Iterator[Tidy]:
    """Yield those of some tables that any run has, from the frames that each run holds by name."""
    for table in tables:
        parts = [(key, frames[table.name]) for key, frames in held if table.name in frames]
        if parts:
            yield _stacked(replace(table, key=("run", *table.key), columns=(RUN, *table.columns)), parts)


def _stacked(table: Table, parts: Sequence[tuple[str, pd.DataFrame]]) -> Tidy:
    """Return one table of the rows of several runs, and a column that says which; without columns that none has."""
    whole = pd.concat([frame.assign(run=key) for key, frame in parts], ignore_index=True)
    present = [column for column in table.columns if column.name in whole]
    frame = whole[[column.name for column in present]].copy()
    for column in present:
        frame[column.name] = pd.to_numeric(frame[column.name]) if column.numeric else frame[column.name].fillna("")
    return Tidy(replace(table, columns=tuple(present)), frame)


def _runs(runs: Sequence[Run]) -> pd.DataFrame:
    rows = [
        (
            run.key,
            run.record["question"],
            run.record["outcome"],
            *((option.code, option.title, option.source, option.note) if (option := run.plan.option) else [""] * 4),
            run.date,
            run.folder.resolve().name,
            run.version,
            str(run.best["words"]) if run.best else "",
        )
        for run in runs
    ]
    return pd.DataFrame(rows, columns=list(RUNS.column_names))


def _services(run: Run) -> pd.DataFrame:
    rows = [
        (code, service.name, service.activity or "", *_figures(service))
        for code, service in run.problem.services.items()
    ]
    return pd.DataFrame(rows, columns=list(SERVICES.column_names[1:]))


def _figures(service: Service) -> Iterator[float]:
    transfer, beds = service.transfer, service.beds
    for figure in (
        service.standard_minutes,
        transfer and transfer.share_transferred,
        transfer and transfer.suspected_per_confirmed,
        beds and beds.days,
        beds and beds.other_share,
        beds and beds.other_days,
        beds and beds.blocking,
    ):
        yield figure.value if figure else float("nan")


def _dictionary(tables: Sequence[Tidy]) -> pd.DataFrame:
    rows = [
        (one.name, column.name, KIND_IN_WORDS[column.kind], column.unit, column.meaning)
        for one in tables
        for column in one.table.columns
    ]
    return pd.DataFrame(rows, columns=list(DICTIONARY.column_names))


def _refuse_codes_that_differ_in_capitals_only(run: Run) -> None:
    seen: dict[str, str] = {}
    for code in (*run.problem.services, *run.problem.sites, *run.problem.teams):
        if seen.setdefault(code.lower(), code) != code:
            words = (
                f'"{code}" and "{seen[code.lower()]}" differ in capitals only, which a spreadsheet takes for the same.'
            )
            raise InputError([Fault(str(run.folder), f"{words} Rename one in the place and ask again.")])
