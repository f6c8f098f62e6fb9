"""Journeys, transfers and demand: one fact a pair, from long tables, matrices and grids without codes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from optimiser.errors import quoted
from optimiser.inputs.importing.codes import Kind, Known, as_code, translated
from optimiser.inputs.importing.reading import Read, plain
from optimiser.inputs.importing.wishes import UNITS, Unit, Wishes
from optimiser.inputs.schema import Table
from optimiser.inputs.shapes import DESTINATIONS, NUMBER, OFFICIAL_CODE, OFFICIAL_NAME, ORIGINS, TIMES, one_of
from optimiser.inputs.tables.sheets import number_of
from optimiser.problem.words import NOT_PUBLISHED

# Decimals of a minute that are kept: a thousandth is a sixteenth of a second.
DECIMALS = 3
COUNT_DECIMALS = 6
# A middle above which minutes are not believed unless somebody says so.
MOST_BELIEVED, A_DAY = 200, 1440
# How many rows tell what a column holds.
ROWS_JUDGED = 1000
# Hours, minutes and seconds, as spreadsheets and databases write a time; two parts could be either.
CLOCK = re.compile(r"(?:(\d+) days? )?(\d{1,3}):([0-5]?\d):([0-5]?\d(?:\.0*)?)")
ALL_NINES = re.compile(r"9{4,}(\.0*)?|-1(\.0*)?")
NOTHING = {"", "nan", "na", "n/a", "#n/a", "null", "none", "inf", "infinity", "-", "<na>"}
SUPPRESSED = re.compile(r"\*+|\[?[a-z]\]?|:|\.{2,}|[<≤]=? *\d+|\d+\*|-|suppressed|redacted", re.IGNORECASE)
_COUNTS = (
    "patients_per_year", "patients", "admissions", "attendances", "demand", "count", "number", "activity", "visits",
)  # fmt: skip


def pairs_in(table: Table, read: Read, known: Known, wishes: Wishes) -> tuple[pd.DataFrame, list[str]]:
    """Return journeys or transfers in our form, and what was done."""
    start, end = table.key
    _without_clocks(read, wishes)
    kinds = [known.areas if name == "area" else known.sites for name in table.key]
    long, said = _long(read, kinds, table, wishes)
    column = str(long.attrs.get("column", ""))
    codes = [translated(long[side], kind, known, said) for side, kind in zip(("start", "end"), kinds, strict=True)]
    long = long.assign(start=long["start"].map(codes[0]), end=long["end"].map(codes[1])).dropna(subset=["start", "end"])
    texts = long["value"]
    none = texts.str.lower().isin(NOTHING) | texts.str.fullmatch(ALL_NINES)
    if none.any():
        marks = ", ".join(sorted({quoted(one) if one else "blank" for one in texts[none]})[:4])
        first = long.loc[none].iloc[0]
        words = f"{number_of(int(none.sum()), 'pair')} without a way ({marks}) left out"
        words = f"{words}, such as {first['start']} to {first['end']}."
        said.append(f"{words} List those of your areas under travel.allow_missing." if start == "area" else words)
        long, texts = long[~none], texts[~none]
    values = _numbers(texts, read, "minutes")
    unit = wishes.unit or read.unit or _unit(read, values, column, said)
    if unit != "minutes":
        said.append(f"times in {unit}, as minutes.")
    minutes = (values * UNITS[unit]).round(DECIMALS)
    if rounded := int((minutes != values * UNITS[unit]).sum()):
        said.append(f"{number_of(rounded, 'time')} rounded to {DECIMALS} decimals of a minute.")
    frame = pd.DataFrame({start: long["start"], end: long["end"], "minutes": minutes})
    if table.name == "transfers":
        itself = frame[start] == frame[end]
        if itself.any():
            said.append(f"{int(itself.sum()):,} from a site to itself left out.")
        frame = frame[~itself]
    if known.lookup:
        frame = _means(frame, [start, end], said)
    again = frame.duplicated()
    if again.any():
        said.append(f"{number_of(int(again.sum()), 'row')} left out that say the same again.")
    return frame[~again].reset_index(drop=True), said


def _without_clocks(read: Read, wishes: Wishes) -> None:
    """Take columns of times such as 0:23:45 as seconds."""
    clocks = {}
    for name, cells in read.frame.items():
        there = ~cells.str.lower().isin(NOTHING)
        if there.any() and cells[there].str.fullmatch(CLOCK).all():
            clocks[str(name)] = cells.where(~there, cells[there].map(_seconds))
    if not clocks:
        return
    if wishes.unit not in (None, "seconds"):
        raise read.refusal("its times are hours, minutes and seconds, such as 0:23:45. Leave --unit out.")
    read.frame, read.unit = read.frame.assign(**clocks), "seconds"
    read.said.append("times written as h:mm:ss.")


def _seconds(clock: str) -> str:
    found = CLOCK.fullmatch(clock)
    assert found is not None
    days, hours, minutes, seconds = (int(float(part or 0)) for part in found.groups())
    return str(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _means(frame: pd.DataFrame, key: list[str], said: list[str]) -> pd.DataFrame:
    """Return the mean of the times of areas that a lookup puts together."""
    several = frame.duplicated(key, keep=False)
    if several.any():
        said.append(f"{number_of(int(several.sum()), 'time')} of areas that are one here, as their mean.")
        frame = frame.groupby(key, sort=False)["minutes"].mean().round(DECIMALS).reset_index()
    return frame


def _long(read: Read, kinds: Sequence[Kind], table: Table, wishes: Wishes) -> tuple[pd.DataFrame, list[str]]:
    """Return start, end and value, as text, a row a pair."""
    said = list(read.said)
    if read.grid is not None:
        return _of_grid(read, kinds, said), said
    frame, names = read.frame, list(read.frame.columns)
    asked = {ours: _asked(read, theirs) for ours, theirs in wishes.columns.items()}
    begin = asked.get(table.key[0]) or one_of(names, ORIGINS)
    finish = asked.get(table.key[1]) or one_of([name for name in names if name != begin], DESTINATIONS)
    value = asked.get("minutes") or _times_column([name for name in names if name not in (begin, finish)], said)
    if begin and finish and value:
        said.append(
            f"{quoted(begin)} as {table.key[0]}, {quoted(finish)} as {table.key[1]}, {quoted(value)} as minutes."
        )
        others = [name for name in names if name not in (begin, finish, value)]
        _say_left(others, said)
        long = frame[[begin, finish, value]].set_axis(["start", "end", "value"], axis=1)
        long.attrs["column"] = value
        return long, said
    times = [name for name in names if name not in (begin, finish) and _is_numbers(frame[name])]
    if begin and finish and len(times) > 1:
        words = f"{_listed(times)} may each be its times. Say which are: --column minutes={quoted(times[0])}"
        raise read.refusal(f"{words}.")
    return _of_matrix(read, kinds, table, asked, said), said


def _asked(read: Read, name: str) -> str:
    """Return a column of the file by the name that somebody typed."""
    found = next((one for one in read.frame.columns if plain(one) == plain(name)), None)
    if found is None:
        raise read.refusal(f"there is no column {quoted(name)}. There are {_listed(list(read.frame.columns))}.")
    return str(found)


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(map(quoted, names[:8]))}{' …' * (len(names) > 8)}"


def _times_column(names: Sequence[str], said: list[str]) -> str | None:
    middle = next((name for name in names if re.search(r"p_?50$|median$", name, re.IGNORECASE)), None)
    found = one_of(names, TIMES)
    several = [name for name in names if re.search(r"p_?\d{1,2}$", name)]
    if middle and len(several) > 1:
        said.append(f"the median {quoted(middle)} of {_listed(several)}.")
    return middle if middle and found and plain(found) not in map(plain, TIMES) else found


def _say_left(names: Sequence[str], said: list[str]) -> None:
    if names:
        said.append(f"passed over the column{'s' * (len(names) > 1)} {_listed(names)}.")


def _of_grid(read: Read, kinds: Sequence[Kind], said: list[str]) -> pd.DataFrame:
    """Name the rows and columns of a grid in the order of the place's tables, which must be as many."""
    assert read.grid is not None
    for kind, number in zip(kinds, read.grid.shape, strict=True):
        if len(kind.codes) != number:
            words = f"it has {number:,} where {kind.noun}s.csv has {len(kind.codes):,}, and names none of them"
            raise read.refusal(f"{words}. Ask for all {kind.noun}s of the table, in its order.")
    said.append(f"its rows and columns in the order of {' and '.join(dict.fromkeys(f'{k.noun}s.csv' for k in kinds))}.")
    grid = pd.DataFrame(read.grid, index=list(kinds[0].codes), columns=list(kinds[1].codes))
    return _melted(grid.map(lambda cell: "" if np.isnan(cell) else repr(cell)))


def _melted(grid: pd.DataFrame) -> pd.DataFrame:
    stacked = grid.rename_axis(index="start", columns=None).reset_index()
    return stacked.melt(id_vars="start", var_name="end", value_name="value")


def _of_matrix(read: Read, kinds: Sequence[Kind], table: Table, asked: dict[str, str], said: list[str]) -> pd.DataFrame:
    """Take a matrix: codes in one column, and a column for each of the other kind."""
    frame = read.frame
    by = asked.get(table.key[0]) or asked.get(table.key[1]) or _names_of_rows(frame, kinds)
    across = [name for name in frame.columns if name != by and _is_numbers(frame[name]) and not _is_index(name, frame)]
    if clocks := [str(name) for name in frame.columns if frame[name].str.fullmatch(r"\d+:\d+").any()]:
        words = f"times such as {quoted(next(c for c in frame[clocks[0]] if ':' in c))} could be two things"
        raise read.refusal(f"{words}. Write them as h:mm:ss, or as a number of minutes.")
    united = re.compile(r"\d+(\.\d+)? *[A-Za-z]+\.?")
    if units := [str(name) for name in frame.columns if frame[name].str.fullmatch(united).mean() > 0.5]:
        first = next(cell for cell in frame[units[0]] if united.fullmatch(cell))
        raise read.refusal(f"{quoted(first)} is no number. Leave the unit out of the cells, and say it with --unit.")
    if by is None or len(across) < 2:
        words = f"its columns are {_listed(list(frame.columns))}. Say which is which: --column {table.key[0]}=THEIRS"
        raise read.refusal(f"{words} --column {table.key[1]}=THEIRS --column minutes=THEIRS.")
    _say_left([str(name) for name in frame.columns if name not in (by, *across)], said)
    grid = frame.set_index(by)[across]
    if grid.index.has_duplicates:
        again = str(grid.index[grid.index.duplicated()][0])
        raise read.refusal(f"{quoted(again)} stands in the column {quoted(by)} more than once. Keep one row of each.")
    down = [len(kind.found(grid.index)) for kind in kinds]
    along = [len(kind.found(across)) for kind in kinds]
    turned = kinds[0] is not kinds[1] and along[0] + down[1] > down[0] + along[1]
    said.append(
        f"a matrix with {'a column' if turned else 'a row'} for each of {len(across if turned else grid):,} "
        f"{kinds[0].noun}s and {'a row' if turned else 'a column'} for each of "
        f"{len(grid) if turned else len(across):,} {kinds[1].noun}s, named by {quoted(by)}."
    )
    return _melted(grid.T if turned else grid)


def _names_of_rows(frame: pd.DataFrame, kinds: Sequence[Kind]) -> str | None:
    """Return the column that names the rows: the one with most codes known here, else the first that is no number."""
    texts = [name for name in frame.columns if not _is_numbers(frame[name])]
    scores = {name: max(len(kind.found(frame[name])) for kind in kinds) for name in texts or frame.columns[:1]}
    best = max(scores, key=lambda name: scores[name])
    official = [name for name in texts if OFFICIAL_CODE.fullmatch(name)]
    return str(best) if scores[best] else next(iter([*official, *texts, *frame.columns[:1]]), None)


def _is_numbers(column: pd.Series[str]) -> bool:
    first = column.iloc[:ROWS_JUDGED]
    cells = first[~first.str.lower().isin(NOTHING)]
    return bool(len(cells)) and bool(without_thousands(cells).str.fullmatch(NUMBER).mean() > 0.8)


def without_thousands(cells: pd.Series[str]) -> pd.Series[str]:
    """Return numbers without the commas that part their thousands."""
    return cells.str.replace(r"(?<=\d),(?=\d{3}\b)", "", regex=True)


def _is_index(name: str, frame: pd.DataFrame) -> bool:
    numbered = [str(n) for n in range(len(frame))]
    return name.startswith(("unnamed", "Unnamed")) and frame[name].tolist() == numbered


def _numbers(texts: pd.Series[str], read: Read, what: str) -> pd.Series[float]:
    values = pd.to_numeric(texts, errors="coerce")
    if values.isna().any():
        wrong = texts[values.isna()]
        some = ", ".join(quoted(one) for one in list(dict.fromkeys(wrong))[:4])
        clock = wrong.str.fullmatch(r"\d+:\d+").any()
        remedy = "Write them as h:mm:ss, or as a number of minutes" if clock else "Correct them in the file"
        raise read.refusal(f"{len(wrong):,} cells of {what} are no numbers: {some}. {remedy}.")
    return values.astype(float)


def _unit(read: Read, values: pd.Series[float], column: str, said: list[str]) -> Unit:
    """Return the unit that a column's name says, or minutes where they can be minutes.

    A name is not believed where it says minutes and most are hours long, some above a day.
    """
    named = next((unit for unit in UNITS if unit[:3] in column.lower()), None)
    middle, most = (float(values.median()), float(values.max())) if len(values) else (0.0, 0.0)
    if named and not (named == "minutes" and middle > MOST_BELIEVED and most > A_DAY):
        return named
    if middle > MOST_BELIEVED:
        words = f"half of its times are above {middle:,.0f}, which are no minutes of a health system"
        raise read.refusal(f"{words}. Say what they are: --unit seconds, or --unit minutes if they are.")
    said.append(f"times in minutes, half of them below {middle:g}.")
    return "minutes"


def demand_in(read: Read, known: Known, wishes: Wishes) -> tuple[pd.DataFrame, list[str]]:
    """Return patients a year by area and activity in our form, and what was done."""
    said = list(read.said)
    if read.grid is not None:
        raise read.refusal("these are times, not patients. Bring them in as journeys.")
    frame, names = read.frame, list(read.frame.columns)
    asked = {ours: _asked(read, theirs) for ours, theirs in wishes.columns.items()}
    area = asked.get("area") or _area_column(frame, known)
    activity = asked.get("activity") or next((name for name in names if plain(name) == "activity"), None)
    count = asked.get("patients_per_year") or one_of([name for name in names if name not in (area, activity)], _COUNTS)
    counted = [count] if count else [n for n in names if n not in (area, activity) and _is_numbers(frame[n])]
    counted = [name for name in counted if not _is_index(name, frame)]
    if area is None or not counted:
        words = f"its columns are {_listed(names)}. Say which is which: --column area=THEIRS"
        raise read.refusal(f"{words} --column patients_per_year=THEIRS.")
    said.append(f"{quoted(area)} as area, {_listed(counted)} as patients a year.")
    _say_left([name for name in names if name not in (area, activity, *counted)], said)
    one = wishes.activity or as_code(counted[0], "a").lower()
    long = frame.melt(
        id_vars=[area, *([activity] if activity else [])], value_vars=counted, var_name="of", value_name="value"
    )
    if activity:
        needs = long[activity].map(lambda name: as_code(name, "a"))
    else:
        needs = long["of"].map(lambda name: as_code(name, "a").lower() if len(counted) > 1 else one)
        said.append(f"all of them as {', '.join(dict.fromkeys(needs))}.")
    codes = translated(long[area], known.areas, known, said)
    long = long.assign(area=long[area].map(codes), needs=needs).dropna(subset=["area"])
    texts = _without_suppressed(long["value"], read, wishes, said)
    values = _numbers(texts, read, "patients")
    patients = values.round(COUNT_DECIMALS)
    if rounded := int((patients != values).sum()):
        said.append(f"{number_of(rounded, 'count')} rounded to {COUNT_DECIMALS} decimals.")
    found = pd.DataFrame({"area": long["area"], "activity": long["needs"], "patients_per_year": patients})
    several = found.duplicated(["area", "activity"], keep=False)
    if several.any() and known.lookup:
        said.append(f"{number_of(int(several.sum()), 'count')} of areas that are one here, added up.")
        together = found.groupby(["area", "activity"], sort=False)["patients_per_year"].sum()
        found = together.round(COUNT_DECIMALS).reset_index()
    return found.reset_index(drop=True), said


def _area_column(frame: pd.DataFrame, known: Known) -> str | None:
    texts = [name for name in frame.columns if not _is_numbers(frame[name])]
    scores = {name: len(known.areas.found(frame[name])) for name in texts or frame.columns[:1]}
    best = max(scores, key=lambda name: scores[name])
    official = [*filter(OFFICIAL_CODE.fullmatch, texts), *filter(OFFICIAL_NAME.fullmatch, texts)]
    return str(best) if scores[best] else one_of(texts, ORIGINS) or next(iter([*official, *texts]), None)


def _without_suppressed(texts: pd.Series[str], read: Read, wishes: Wishes, said: list[str]) -> pd.Series[str]:
    thousands = texts.str.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?")
    if thousands.any():
        said.append(f"{number_of(int(thousands.sum()), 'count')} with commas between thousands.")
        texts = texts.where(~thousands, texts.str.replace(",", ""))
    marks = texts.str.fullmatch(SUPPRESSED) & (texts != "")
    blank = texts == ""
    if blank.any():
        words = "of patients left blank. Write 0 where nobody needs it, or the count."
        raise read.refusal(f"{number_of(int(blank.sum()), 'cell')} {words}")
    if not marks.any():
        return texts
    listed = ", ".join(sorted({quoted(one) for one in texts[marks]})[:4])
    number = number_of(int(marks.sum()), "count")
    if wishes.suppressed is None:
        words = f"{number} {NOT_PUBLISHED} ({listed}). Say what stands for each: --suppressed 2.5"
        raise read.refusal(f"{words}, where they are 1 to 4.")
    said.append(f"{number} {NOT_PUBLISHED} ({listed}) as {wishes.suppressed:g} each.")
    return texts.where(~marks, f"{wishes.suppressed!r}")
