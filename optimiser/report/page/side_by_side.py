"""Options side by side: what was measured, best per row, and what people judged."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs.files import read_bytes
from optimiser.plan.comparison import FROM_OUTSIDE, MORE_AT, PLACES_BROKEN, WITHOUT_EXCEPTIONS, compare, tables_of
from optimiser.plan.finished import Run
from optimiser.plan.measures import BANDS
from optimiser.problem import Problem
from optimiser.problem.words import NO_SITE, begun, places, short
from optimiser.report.page.parts import asked_otherwise, letters_that_tell
from optimiser.report.page.tables import FORMS, OF_THOSE_WHO_STAY, Cell, Row, Table, Values, rule_in_words, values_of
from optimiser.report.words import decided, of_those_who_stay

BEST = "● "
HIGHER_IS_BETTER = ("patients_within_", "people_within_")
IN_WORDS = {
    "mean_minutes": "average minutes",
    "mean_road_minutes": "average minutes on the road",
    "mean_minutes_straight_there": "average minutes straight there",
    "median_minutes": "half of patients arrive within, minutes",
    "p95_minutes": "95% of patients arrive within, minutes",
    "worst_minutes": "longest journey, minutes",
    **{f"people_beyond_{band}": f"residents beyond {band} minutes" for band in BANDS},
    "patients_beyond_standard": "patients a year beyond the standard",
    "share_outside": "share of patients treated outside the system",
    "patients_past_a_nearer_site": "patients a year sent past a nearer open site",
    "visitors_mean_minutes": "average minutes of visitors",
    "patients_out_of_visitors_reach": "patients a year whom no visitor reaches",
    "nearest_mean_minutes": "average minutes, everybody to the nearest",
    "transfers_per_day": "transfers a day",
    "repatriations_per_year": "repatriations a year",
    "ambulance_hours_per_year": "crew hours a year",
}
# Measures of which a whole number would hide too much: average minutes as they are said everywhere, and shares.
IN_HUNDREDTHS = (
    *("mean_minutes", "mean_road_minutes", "nearest_mean_minutes", "visitors_mean_minutes"),
    "transfers_per_day",
)
SHARES = ("share_",)
# What is looked at first.
FIRST = (
    "sites",
    "mean_minutes",
    "worst_minutes",
    "people_beyond_30",
    "beds_needed in all",
    "transfers_per_day",
    "short of",
    "changes_from_today",
    "rules broken",
    PLACES_BROKEN,
    WITHOUT_EXCEPTIONS,
)
# What the page cannot work out for another choice.
STAYS = (
    *("documented exceptions", "excepted", MORE_AT),
    WITHOUT_EXCEPTIONS,
)
NEITHER = ("patients at ", "excepted", "breaks ")
JUDGED_COLUMNS = ("criterion", "run", "judgement", "by", "date")
MAX_BYTES = 1024**2


def measured(runs: Sequence[Run]) -> dict[str, Table]:
    """Return every compared measure by run and for the choice on the page, the best of each row marked.

    Three tables, each by service: ``measured``, what is looked at first; ``same``, what of that is alike in all of
    several runs; and ``more``, the rest.
    """
    problem = runs[0].plan.problem
    compared = compare({run.name: tables_of(run.plan) for run in runs})
    values, listed = values_of(runs[0]), decided(problem)
    stay = max(of_those_who_stay(run.plan.problem) for run in runs)
    # Answers to different questions are set side by side, and none is best.
    one_question = not any(asked_otherwise(problem, run) for run in runs[1:])
    first: list[Row] = []
    same: list[Row] = []
    more: list[Row] = []
    for (service, measure), of_runs in zip(compared.index, compared.to_numpy(), strict=True):
        if measure == FROM_OUTSIDE:
            # The page has who comes from outside site by site.
            continue
        row = list(of_runs)
        name = problem.services[service].name if service in problem.services else str(service)
        words = in_words(problem, str(measure))
        words += stay if str(measure).startswith(OF_THOSE_WHO_STAY) else ""
        form = "d2" if str(measure).startswith(IN_HUNDREDTHS) else told_apart(_numbers(row), str(measure))
        follows = _follows(problem, values, service, measure, row, form)
        cells = [*_cells(problem, str(measure), row, form, ranked=one_question), follows]
        at_first = str(measure).startswith(FIRST) and (not service or service in listed)
        alike = len(runs) > 1 and len({cell.text for cell in cells[:-1]}) == 1
        row_of = Row(begun(words), cells, str(service), name or "All services")
        (more if not at_first else same if alike else first).append(row_of)
    heads = ["Measure", *(run.name for run in runs), "Your choice"]
    return {
        "measured": Table(f"Measured, by option{_key(problem)}", heads, first),
        "same": Table("The same in all of them", heads, same),
        "more": Table("More measures", heads, more),
    }


def _key(problem: Problem) -> str:
    """Return which letter stands for which site, where letters do."""
    found = [f"{letter} {short(problem.sites[site].name)}" for site, letter in letters_that_tell(problem).items()]
    return f". Sites: {', '.join(found)}" if found else ""


def _cells(problem: Problem, measure: str, row: Sequence[Any], form: str, *, ranked: bool) -> list[Cell]:
    numbers = _numbers(row)
    known = [one for one in numbers if one is not None]
    if not known:
        return [Cell(sites_in_words(problem, one, letters_that_tell(problem))) for one in row]
    best = max(known) if measure.startswith(HIGHER_IS_BETTER) else min(known)
    marked = ranked and len(set(known)) > 1 and not measure.startswith(NEITHER)
    return [
        Cell("–" if one is None else f"{BEST if marked and one == best else ''}{FORMS[form](one)}") for one in numbers
    ]


def _numbers(row: Sequence[Any]) -> list[float | None]:
    return [float(one) if isinstance(one, (int, float)) and one == one else None for one in row]


def told_apart(values: Iterable[float | None], measure: str = "") -> str:
    """Return the form in which numbers can be told apart: whole, or with two decimals at most; of shares, percentages.

    Shares that are the same to a tenth of a percentage are told with that.
    """
    different = {value for value in values if value is not None}
    forms = ("percent", "percent1") if measure.startswith(SHARES) else ("d0", "d1", "d2")
    apart = (form for form in forms if len({FORMS[form](one) for one in different}) == len(different))
    return next(apart, forms[-1])


def in_words(problem: Problem, measure: str) -> str:
    """Return what a measure is called; of one at a site, of a team or of a rule that is broken, with their names."""
    first, _, rest = measure.partition(" ")
    if measure.startswith("patients at "):
        return f"patients a year at {places(problem, [measure.removeprefix('patients at ')])}"
    if measure.startswith(MORE_AT):
        return f"more patients a year than today at {places(problem, [measure.removeprefix(MORE_AT)])}"
    if measure.startswith("short of "):
        team, _, unit = measure.removeprefix("short of ").partition(" (")
        return f"short of {problem.teams[team].name} ({unit}" if team in problem.teams else measure.replace("_", " ")
    if first == "breaks":
        instance, _, unit = rest.rpartition(" (")
        return f"broken: {rule_in_words(problem, instance)}, by so many {unit.rstrip(')')}"
    if measure.startswith("excepted: without "):
        code = measure.removeprefix("excepted: without ")
        return f"excepted: without {problem.services[code].name if code in problem.services else code}"
    name = measure.removesuffix(" in all")
    return IN_WORDS.get(name, name.replace("_", " ")) + measure.removeprefix(name)


def sites_in_words(problem: Problem, codes: Any, letters: Mapping[str, str]) -> str:
    """Return the sites that a comparison names by code, by their letters where there are any, else by their names."""
    sites = [code.strip() for code in str(codes).split(",")]
    if codes == "none":
        return NO_SITE
    if codes is None or not all(site in problem.sites for site in sites):
        return "–" if codes is None else str(codes)
    return " ".join(letters[site] for site in sites) if letters else places(problem, sites)


def _follows(problem: Problem, values: Values, service: Any, measure: Any, row: Sequence[Any], form: str) -> Cell:
    """Return the cell of the choice on the page, filled in there; until then it is the first run's."""
    first = row[0]
    if measure == "sites":
        return Cell(sites_in_words(problem, first, letters_that_tell(problem)), f"sites|{service}|", "sites")
    if str(measure).startswith(STAYS):
        return Cell("–")
    name, group = str(measure), ""
    for words, renamed in (("patients at ", "site_patients"), ("short of ", "staff_short")):
        if name.startswith(words):
            name, group = renamed, name.removeprefix(words)
    key = f"{name.replace(' ', '_')}|{service}|{group}"
    known = values.get(key, float("nan") if first is None else float(first))
    return Cell(FORMS[form](known), key, form)


@dataclass(frozen=True)
class Judgement:
    """A row that people judged: what, one entry a run, and by whom and when."""

    what: str
    cells: Sequence[str]
    by: str


def judged(path: Path | None, runs: Sequence[Run]) -> list[Judgement]:
    """Return what people wrote down about runs in a CSV file: criterion, run, judgement, by, date.

    Raises
    ------
    InputError
        When the file cannot be read, lacks a column, or names a run that is not on the page.
    """
    if path is None:
        return []
    data = read_bytes(path, MAX_BYTES)
    if isinstance(data, str):
        raise InputError([Fault(shown(path), data)])
    try:
        frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError([Fault(shown(path), f"this is no CSV table: {error}")]) from error
    missing = [column for column in JUDGED_COLUMNS if column not in frame]
    if missing:
        raise InputError([Fault(shown(path), f"there is no column {', '.join(missing)}. Add it.")])
    names = [run.name for run in runs]
    # A run may be named as its folder or as the page names it.
    folders = {run.folder.resolve().name: run.name for run in runs}
    frame["run"] = [folders.get(run, run) for run in frame["run"]]
    faults = [
        Fault(f"{shown(path)}, row {number}", f'there is no run "{run}" on this page. Known here: {", ".join(names)}.')
        for number, run in enumerate(frame["run"], start=2)
        if run not in names
    ]
    if faults:
        raise InputError(faults)
    rows = []
    for (what, by, date), group in frame.groupby(["criterion", "by", "date"], sort=False):
        said = dict(zip(group["run"], group["judgement"], strict=True))
        rows.append(Judgement(str(what), [said.get(name, "–") for name in names], f"{by}, {date}".strip(", ")))
    return rows
