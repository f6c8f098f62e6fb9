"""Working-time rules for people who work shifts: each a number with its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction

import pandas as pd

from optimiser.errors import Fault
from optimiser.problem import Figure
from optimiser.rotas.cover import DAY, Shape, Shift, exact, refuse, shared

_READ = "NHS Employers, questions and answers on working hours under the 2016 contract"
_NOT_READ = "General knowledge of the 2016 contract; the text was not read"

# Saturday and Sunday, in days from Monday.
WEEKEND_DAYS = (5, 6)


@dataclass(frozen=True)
class WorkingTime:
    """The rules that a weekly pattern must not break. Days in a row are those on which shifts start.

    Attributes
    ----------
    mean_hours
        Most hours a week, on average over the cycle.
    hours_in_168
        Most hours in any 168 hours, wherever they start.
    longest_shift_hours
        Most hours from the start of a shift to its end, handover included.
    rest_hours
        Least hours from the end of a shift to the start of the next.
    long_day_over_hours
        A shift of more hours than this is long, by day or by night.
    long_days_in_a_row
        Most days in a row with a long shift.
    nights_in_a_row
        Most days in a row on which a night shift starts.
    rest_after_nights_hours
        Least hours from the end of a night to the start of the next shift, unless a night starts on the very next day.
    weekends_worked, weekends_counted
        Most weekends worked among any so many one after the other. A weekend is worked by any work between Saturday
        00:00 and Sunday 24:00, so also by the Friday night.
    shifts_in_a_row
        Most days in a row with a shift.
    night_from_hour, night_to_hour, night_least_hours
        A shift is a night if at least so many of its hours lie between these two hours.
    prospective_cover
        Whether colleagues' leave is covered inside the rota, so that everybody works the rostered hours of
        ``weeks_a_year`` in ``working_weeks``. The rostered mean is then at most mean_hours × working_weeks /
        weeks_a_year. Other formulae are in use, and give other answers.
    """

    mean_hours: Figure = Figure(48, _READ, True)
    hours_in_168: Figure = Figure(72, _READ, True)
    longest_shift_hours: Figure = Figure(13, _READ, True)
    rest_hours: Figure = Figure(11, _READ, True)
    long_day_over_hours: Figure = Figure(10, _NOT_READ, False)
    long_days_in_a_row: Figure = Figure(4, "Stricter than the source that was read, which says 5", False)
    nights_in_a_row: Figure = Figure(4, _READ, True)
    rest_after_nights_hours: Figure = Figure(46, _NOT_READ, False)
    weekends_worked: Figure = Figure(1, _READ, True)
    weekends_counted: Figure = Figure(2, _READ, True)
    shifts_in_a_row: Figure = Figure(8, _READ, True)
    night_from_hour: Figure = Figure(23, _NOT_READ, False)
    night_to_hour: Figure = Figure(6, _NOT_READ, False)
    night_least_hours: Figure = Figure(3, _NOT_READ, False)
    weeks_a_year: Figure = Figure(52, "Calendar", True)
    working_weeks: Figure = Figure(42, "Common convention for weeks left after leave; not read in a source", False)
    prospective_cover: bool = False

    def __post_init__(self) -> None:
        refuse(Fault("working time", message) for message in self._faults())

    def _faults(self) -> Iterator[str]:
        for name, figure in self.figures.items():
            if figure.value < 0:
                yield f"{name} is {figure.value:g}. It cannot be less than 0."
        for name in ("long_days_in_a_row", "nights_in_a_row", "weekends_worked", "weekends_counted", "shifts_in_a_row"):
            if self.count(name) != self.figures[name].value:
                yield f"{name} is {self.figures[name].value:g}. It is counted in whole numbers."
        if not 0 < self.working_weeks.value <= self.weeks_a_year.value:
            yield "working_weeks lie between 0 and weeks_a_year."
        if self.weekends_counted.value < 1:
            yield "weekends_counted is at least 1."

    @property
    def figures(self) -> dict[str, Figure]:
        """Every number of the law, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "prospective_cover"}

    def minutes(self, name: str) -> Fraction:
        """Return a number of hours in minutes."""
        return 60 * exact(self.figures[name].value)

    def count(self, name: str) -> int:
        """Return a number that counts days, weekends or shifts."""
        return int(self.figures[name].value)

    @property
    def mean_minutes(self) -> Fraction:
        """Most minutes a week that may be rostered, on average over the cycle."""
        share = exact(self.working_weeks.value) / exact(self.weeks_a_year.value)
        return self.minutes("mean_hours") * (share if self.prospective_cover else 1)

    def is_long(self, shift: Shift) -> bool:
        """Whether a shift counts as long."""
        return shift.minutes > self.minutes("long_day_over_hours")

    def is_night(self, shift: Shift) -> bool:
        """Whether a shift counts as a night."""
        start, end = (int(self.minutes(name)) for name in ("night_from_hour", "night_to_hour"))
        lasts = (end - start) % DAY
        worked = (shift.start_minute, shift.end_minute)
        dark = sum(shared(worked, (at + start, at + start + lasts)) for at in (-DAY, 0, DAY))
        return dark > 0 and dark >= self.minutes("night_least_hours")

    def refuse_long_shifts(self, shape: Shape) -> None:
        """Raise ``InputError`` for the shifts of a shape that are longer than any may be."""
        most = self.minutes("longest_shift_hours")
        refuse(
            Fault(
                f"rota {shape.name}, shift {shift.code}",
                f"It lasts {shift.minutes / 60:g} hours with its handover; at most {float(most / 60):g} are allowed.",
            )
            for shift in shape.shifts
            if shift.minutes > most
        )

    def table(self) -> pd.DataFrame:
        """Return every number of the law: rule, value, source, verified."""
        rows = [(name, figure.value, figure.source, figure.verified) for name, figure in self.figures.items()]
        return pd.DataFrame(rows, columns=["rule", "value", "source", "verified"])


def touches_weekend(shift: Shift, day: int) -> bool:
    """Whether a shift that starts on a day of the week (Monday is 0) has any work in the weekend."""
    worked = (DAY * day + shift.start_minute, DAY * day + shift.end_minute)
    return any(shared(worked, (DAY * free, DAY * (free + 1))) for free in WEEKEND_DAYS)
