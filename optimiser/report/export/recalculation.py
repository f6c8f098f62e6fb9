"""The headline numbers worked out again by a spreadsheet's own formulas, from the sheets of data beside them.

Each headline is one function that returns a formula and, for readers that do not recalculate, its value worked out here
from the same frames. Neither looks at the published number that it is compared with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from optimiser.journeys.by_transfer import DAYS_A_YEAR
from optimiser.plan.measures import BANDS, who_stay
from optimiser.problem import LEAVES, beds
from optimiser.report.export.contents import Tidy

# Published numbers are rounded to nine decimals; they are compared to a millionth.
DECIMALS = 6
# Beyond half of these the Poisson probabilities of a spreadsheet are too small to divide.
MOST_BEDS = 1000

Worked = tuple[str, float]


@dataclass(frozen=True)
class Place:
    """Where a table stands in the workbook: its sheet, and the numbers of its first and last rows of data."""

    tidy: Tidy
    sheet: str
    first_row: int

    def column(self, name: str) -> str:
        """Return the cells of a column, such as ``Journeys!$F$5:$F$733``."""
        letter = self.letter(name)
        last = self.first_row + max(len(self.tidy.frame), 1) - 1
        return f"'{self.sheet}'!${letter}${self.first_row}:${letter}${last}"

    def cell(self, name: str, position: int) -> str:
        """Return one cell of a column, by the position of its row from 0."""
        return f"'{self.sheet}'!${self.letter(name)}${self.first_row + position}"

    def rows(self, **such: str) -> pd.DataFrame:
        """Return the rows of the table that have these texts in these columns."""
        if not such:
            return self.tidy.frame
        key = tuple(such.items())
        if key not in self._rows:
            *others, (name, text) = key
            frame = self.rows(**dict(others))
            self._rows[key] = frame[frame[name] == text]
        return self._rows[key]

    @cached_property
    def _rows(self) -> dict[tuple[tuple[str, str], ...], pd.DataFrame]:
        return {}

    def letter(self, name: str) -> str:
        """Return the letters of a column."""
        number, letters = list(self.tidy.frame.columns).index(name) + 1, ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(ord("A") + rest) + letters
        return letters


@dataclass(frozen=True)
class Line:
    """One line of the sheet: what is compared, the cell that publishes it, and how it is worked out again."""

    run: str
    service: str
    measure: str
    group: str
    unit: str
    published: str
    published_value: float
    formula: str
    value: float

    @property
    def difference(self) -> float:
        """Worked out again less published, to a millionth."""
        return round(self.value - self.published_value, DECIMALS) + 0.0


@dataclass(frozen=True)
class Asked:
    """One published number, and the tables that it must follow from."""

    places: Mapping[str, Place]
    run: str
    service: str
    group: str

    def journeys(self, **such: str) -> pd.DataFrame:
        """Return the rows of journeys of this run and service, and of those only such as are asked for."""
        return self.rows("journeys", service=self.service, **such)

    def staffing(self) -> pd.DataFrame:
        """Return the rows of staffing of this run, team and unit."""
        team, unit = self.team
        return self.rows("staffing", team=team, unit=unit)

    @property
    def team(self) -> tuple[str, str]:
        """Team and unit of a group such as ``doctors (people)``."""
        staffing = self.rows("staffing")
        pairs = zip(staffing["team"], staffing["unit"], strict=True)
        return next((team, unit) for team, unit in pairs if f"{team} ({unit})" == self.group)

    def figure(self, name: str) -> tuple[str, float]:
        """Return the cell and the value of a figure of this service; the value is NaN where it has none."""
        services = self.places["services"]
        frame = services.tidy.frame
        position = int(((frame["run"] == self.run) & (frame["service"] == self.service)).to_numpy().argmax())
        return services.cell(name, position), float(frame[name].iloc[position])

    def where(self, table: str, **such: str) -> str:
        """Return criteria for SUMIFS: this run, and columns that must equal a text."""
        place = self.places[table]
        pairs = {"run": self.run, **such}
        return ",".join(f'{place.column(name)},"{text}"' for name, text in pairs.items())

    def flags(self, table: str, **such: str) -> str:
        """Return the same for SUMPRODUCT: a product that is 1 in the rows that count."""
        place = self.places[table]
        pairs = {"run": self.run, **such}
        return "*".join(f'({place.column(name)}="{text}")' for name, text in pairs.items())

    def rows(self, table: str, **such: str) -> pd.DataFrame:
        """Return the rows of a table of this run, and of those only such as have these texts."""
        return self.places[table].rows(run=self.run, **such)


def lines(places: Mapping[str, Place]) -> Iterator[Line]:
    """Yield a line for every headline number that the measures publish, in their order."""
    measures = places["measures"]
    frame = measures.tidy.frame
    texts = [frame[name].tolist() for name in ("run", "service", "measure", "group", "unit")]
    values: list[float] = frame["value"].tolist()
    for position, (run, service, measure, group, unit) in enumerate(zip(*texts, strict=True)):
        headline, value, by_group = HEADLINES.get(measure), values[position], measure in BY_GROUP
        too_many = measure == "beds_needed" and value > MOST_BEDS / 2
        if headline and math.isfinite(value) and by_group == bool(group) and not too_many:
            worked = headline(Asked(places, run, service, group))
            published = measures.cell("value", position)
            yield Line(run, service, measure, group, unit, published, value, *worked)


# -- how each headline is worked out ----------------------------------------------------------------


def _patients(asked: Asked) -> Worked:
    journeys = asked.places["journeys"]
    formula = f"SUMIFS({journeys.column('patients_per_year')},{_residents(asked)})"
    return formula, float(asked.journeys(resident="true")["patients_per_year"].sum())


def _mean_minutes(asked: Asked) -> Worked:
    formula, minutes = _patient_minutes(asked)
    patients, number = _patients(asked)
    return f"{formula}/{patients}", minutes / number


def _patient_minutes(asked: Asked) -> Worked:
    journeys = asked.places["journeys"]
    counted = asked.flags("journeys", service=asked.service, resident="yes")
    minutes, patients = journeys.column("minutes"), journeys.column("patients_per_year")
    rows = asked.journeys(resident="true")
    spent = rows["minutes"].fillna(0)
    cell, share = asked.figure("share_transferred")
    if not math.isnan(share):
        first, moved = journeys.column("first_minutes"), _moved(asked)
        minutes = f"({minutes}-{moved}*(1-{cell})*({minutes}-{first}))"
        taken_on = rows["site"] != rows["first_site"]
        spent = spent.where(~taken_on, rows["first_minutes"] + share * (spent - rows["first_minutes"]))
    return f"SUMPRODUCT({counted}*{patients}*{minutes})", float((rows["patients_per_year"] * spent).sum())


def _within(limit: int) -> Callable[[Asked], Worked]:
    def patients_within(asked: Asked) -> Worked:
        journeys = asked.places["journeys"]
        near = f'{journeys.column("minutes")},"<={limit}"'
        formula = f"SUMIFS({journeys.column('patients_per_year')},{_residents(asked)},{near})"
        rows = asked.journeys(resident="true")
        return formula, float(rows["patients_per_year"][rows["minutes"] <= limit].sum())

    return patients_within


def _beyond_standard(asked: Asked) -> Worked:
    journeys = asked.places["journeys"]
    cell, standard = asked.figure("standard_minutes")
    everybody, number = _patients(asked)
    near = f'{journeys.column("minutes")},"<="&{cell}'
    rows = asked.journeys(resident="true")
    reached = float(rows["patients_per_year"][rows["minutes"] <= standard].sum())
    formula = f"{everybody}-SUMIFS({journeys.column('patients_per_year')},{_residents(asked)},{near})"
    return formula, number - reached


def _worst_minutes(asked: Asked) -> Worked:
    journeys, rows = asked.places["journeys"], asked.journeys(resident="true")
    counted = asked.flags("journeys", service=asked.service, resident="yes")
    if "how" in rows:
        counted += f'*({journeys.column("how")}<>"{LEAVES}")'
        rows = who_stay(rows)
    return f"SUMPRODUCT(MAX({counted}*{journeys.column('minutes')}))", float(rows["minutes"].max())


def _site_patients(asked: Asked) -> Worked:
    journeys = asked.places["journeys"]
    rows = asked.journeys(site=asked.group)
    patients = rows["patients_per_year"]
    cell, share = asked.figure("share_transferred")
    if math.isnan(share):
        where = asked.where("journeys", service=asked.service, site=asked.group)
        return f"SUMIFS({journeys.column('patients_per_year')},{where})", float(patients.sum())
    counted = asked.flags("journeys", service=asked.service, site=asked.group)
    arriving = f"{journeys.column('patients_per_year')}*(1-{_moved(asked)}*(1-{cell}))"
    taken_on = rows["site"] != rows["first_site"]
    return f"SUMPRODUCT({counted}*{arriving})", float(patients.where(~taken_on, share * patients).sum())


def _transfers_per_day(asked: Asked) -> Worked:
    journeys = asked.places["journeys"]
    (share_cell, share), (each_cell, each) = asked.figure("share_transferred"), asked.figure("suspected_per_confirmed")
    counted = f'{asked.flags("journeys", service=asked.service)}*({journeys.column("site")}<>"")*{_moved(asked)}'
    rows = asked.journeys()
    moved = rows[(rows["site"] != rows["first_site"]) & (rows["site"] != "")]
    formula = f"SUMPRODUCT({counted}*{journeys.column('patients_per_year')})*{share_cell}*{each_cell}/{DAYS_A_YEAR}"
    return formula, float(moved["patients_per_year"].sum()) * share * each / DAYS_A_YEAR


def _beds_needed(asked: Asked) -> Worked:
    """Count the numbers of beds that would turn too many away: the share is a ratio of two Poisson probabilities."""
    (days, stay), (blocking, most) = asked.figure("stay_days"), asked.figure("blocking")
    (other, share), (other_days, other_stay) = asked.figure("other_patients_share"), asked.figure("other_stay_days")
    patients, number = _site_patients(asked)
    load = f"({patients})*({days}+{other}/(1-{other})*{other_days})/{DAYS_A_YEAR}"
    share, other_stay = (0.0 if math.isnan(one) else one for one in (share, other_stay))
    value = number * (stay + share / (1 - share) * other_stay) / DAYS_A_YEAR
    upto = f"(ROW($1:${MOST_BEDS})-1)"
    lost = f"POISSON({upto},{load},FALSE)/POISSON({upto},{load},TRUE)"
    return f"IF({load}=0,0,SUMPRODUCT(--({lost}>{blocking})))", float(_fewest(value, most))


def _fewest(load: float, most: float) -> int:
    return next(number for number in range(MOST_BEDS) if load == 0 or beds.erlang_loss(number, load) <= most)


def _staff(column: str) -> Callable[[Asked], Worked]:
    def staff(asked: Asked) -> Worked:
        team, unit = asked.team
        where = asked.where("staffing", team=team, unit=unit)
        formula = f"SUMIFS({asked.places['staffing'].column(column)},{where})"
        return formula, float(asked.staffing()[column].sum())

    return staff


def _changes(asked: Asked) -> Worked:
    such = {"service": asked.service} if asked.service else {}
    rows, place = asked.rows("designations", **such), asked.places["designations"]
    today, planned = place.column("today"), place.column("designated")
    changed = (rows["today"] != "") & (rows["today"] != rows["designated"])
    return f'SUMPRODUCT({asked.flags("designations", **such)}*({today}<>"")*({today}<>{planned}))', float(changed.sum())


def _residents(asked: Asked) -> str:
    return asked.where("journeys", service=asked.service, resident="yes")


def _moved(asked: Asked) -> str:
    journeys = asked.places["journeys"]
    return f"({journeys.column('site')}<>{journeys.column('first_site')})"


HEADLINES: Mapping[str, Callable[[Asked], Worked]] = {
    "mean_minutes": _mean_minutes,
    "patient_minutes": _patient_minutes,
    "worst_minutes": _worst_minutes,
    "patients": _patients,
    **{f"patients_within_{limit}": _within(limit) for limit in BANDS},
    "patients_beyond_standard": _beyond_standard,
    "site_patients": _site_patients,
    "beds_needed": _beds_needed,
    "transfers_per_day": _transfers_per_day,
    "staff_needed": _staff("needed"),
    "staff_in_post": _staff("in_post"),
    "staff_short": _staff("short"),
    "staff_moved": _staff("moved_in"),
    "staff_recruited": _staff("recruited"),
    "changes_from_today": _changes,
}
# Headlines of a site or a team; of the others the number for everybody is worked out again.
BY_GROUP = ("site_patients", "beds_needed", *(name for name in HEADLINES if name.startswith("staff_")))
