"""What may vary in a question, one small function a kind: for what a config changes, for sweeps, and for values at
which an answer would change.

A value is taken as the decimal that it is written as, and what it changes is rounded to six decimals, halves to the
even one, as when a config is read: sums stay exact. ``low`` and ``high`` are working ranges, not evidence. Weights are
nothing that may turn out otherwise, so they are no parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from optimiser.problem import ACROSS_SITES, Figure, Problem, Service
from optimiser.problem.decimals import exactly, table_plus, table_times
from optimiser.problem.growth import FROM_65, FROM_75, UNDER_65, patients_after, with_people_times
from optimiser.problem.words import AGED, amount, listed, of_ages, shown, spoken

# A figure is a value that says where it comes from.
Value = Fraction | float | Figure
PARTS_OF_A_WTE = 1_000_000
# Of more districts it is not said which a corridor is made of.
MOST_DISTRICTS_TOLD = 6
BORDER_PULL, PEOPLE = "border_pull", "people_factor."
TIMES, SHARE, MORE = "times", "share of patients", "minutes more"
# Far beyond whatever can be meant, and well within what adds up exactly.
MOST: Mapping[str, int] = {TIMES: 1_000, SHARE: 1, "years": 100, "minutes": 10_080, MORE: 1_440, "days": 10_000}
MOST_OF_ALL = 1_000_000_000
LEAST_DAYS = Fraction(1, 1000)
# One a day.
A_YEAR = 365
ALL_JOURNEYS = "journey_factor"
TO_ONE_SITE = "journeys.SITE.from_district.DISTRICT"
# What people, settings and tables call what varies, beside the words of its name: by the first part of that.
CALLED: Mapping[str, tuple[str, ...]] = {
    "journey_factor": ("corridor", "road", "travel", "minutes"),
    "demand_factor": ("patient", "activity", "activities"),
    "people_factor": ("population", "age"),
    "staff": ("in_post", "post", "team", "consultant", "wte"),
    "minimum_patients": ("volume",),
    "maximum_patients": ("volume",),
    "dwell_minutes": ("wait", "transfer"),
    "overhead_minutes": ("wait", "transfer"),
    "share_transferred": ("transfer",),
    "stay_days": ("bed", "length_of_stay"),
    "most_transfers_a_year": ("most_transfers_a_day", "transfer"),
}
FROM_EVERYWHERE = "from_everywhere"
ONE_WAY = re.compile(
    rf"journeys\.(?P<site>[^.]+)\.(?:from_(?P<by>area|district)\.(?P<where>.+)|{FROM_EVERYWHERE}(?P<at>\.at\..+)?)"
)


@dataclass(frozen=True)
class Parameter:
    """One thing of a question that may vary.

    Attributes
    ----------
    name, unit, meaning
        Its name, kind first (``staff.stroke_consultants.people``), what its value counts, and what changes with it.
    low, high
        How far it is looked at unless somebody says otherwise.
    current
        Its value in a question. A factor is 1: it multiplies the question as it stands.
    apply
        The question with another value. It has no ``files``, for they tell of the question as it was read.
    whole
        Whether only whole numbers have a meaning.
    least
        The least that it can be.
    idle
        Why it changes nothing in this question; blank where it does.
    """

    name: str
    unit: str
    meaning: str
    low: Fraction
    high: Fraction
    current: Callable[[Problem], Fraction]
    apply: Callable[[Problem, Value], Problem]
    whole: bool = False
    least: Fraction = Fraction(0)
    idle: str = ""

    def once_of(self, problem: Problem) -> Parameter:
        """Return the same, that varies a question only once for each value: what was worked out of that is kept."""
        varied = cache(lambda value: self.apply(problem, value))
        return replace(self, apply=lambda of, value: varied(value) if of is problem else self.apply(of, value))

    def refuses(self, value: Value) -> str:
        """Say why it cannot have a value, as a sentence with its name; nothing where it can."""
        number = number_of(value)
        text, most = f"{float(number):g}", MOST.get(self.unit, MOST_OF_ALL)
        if self.unit == TIMES and number <= 0:
            return f"{self.name} is a factor and must be above 0, not {text}."
        if number < self.least:
            return f"{self.name} must be at least {float(self.least):g}, not {text}."
        if number > most:
            is_share = "is a share and " if self.unit == SHARE else ""
            return f"{self.name} {is_share}must be at most {most:,}, not {text}."
        if self.whole and number.denominator != 1:
            return f"{self.name} must be a whole number, not {text}."
        in_millionths = number * PARTS_OF_A_WTE
        if in_millionths.denominator == 1:
            return ""
        return f"{self.name} is counted to six decimal places at most, not {float(number)!r}."

    def said_with(self, value: Value) -> str:
        """Return its meaning with a value in place of ``so many``."""
        number = float(number_of(value))
        for said, words in (
            ("so many minutes more", f"{amount(abs(number), 'minutes')} {'less' if number < 0 else 'more'}"),
            ("so many", f"{shown(number)} WTE" if self.unit == "WTE" else shown(number)),
            ("so long", amount(number, "minutes")),
            ("such a share of", f"a share of {shown(number)} of"),
        ):
            if found := re.search(said, self.meaning, re.IGNORECASE):
                text = self.meaning[: found.start()] + words + self.meaning[found.end() :]
                return text[:1].upper() + text[1:]
        return f"{self.meaning}: {shown(number)}"


Kind = Callable[[Problem], Iterator[Parameter]]
KINDS: dict[str, Kind] = {}


def number_of(value: Value) -> Fraction:
    """Return a value as the decimal that it was written as."""
    return exactly(value.value if isinstance(value, Figure) else value)


def kind(function: Kind) -> Kind:
    """Register a kind of parameter, under its function's name."""
    KINDS[function.__name__] = function
    return function


def parameters(problem: Problem, names: Iterable[str] = ()) -> dict[str, Parameter]:
    """Return everything that may vary in a question, by name, in the order in which it is changed.

    Journeys from one place to one site are too many to list. Of them those are there that are named, in order of name.
    """
    listed = {one.name: one for function in KINDS.values() for one in function(problem)}
    named = {name: one for name in sorted(set(names)) if (one := journeys(problem, name))}
    first = {name: one for name, one in listed.items() if name.startswith(ALL_JOURNEYS)}
    return first | named | listed


def changed(problem: Problem, values: Mapping[str, Value], known: Mapping[str, Parameter] | None = None) -> Problem:
    """Return the question with some parameters at other values, set in the order of ``parameters``.

    ``known`` spares finding the question's parameters again, for whoever asks often.

    Raises
    ------
    KeyError
        For a name that the question has no parameter of.
    """
    known = parameters(problem, values) if known is None else known
    if unknown := [name for name in values if name not in known]:
        raise KeyError(f"This question has no parameter {', '.join(unknown)}.")
    for name, parameter in known.items():
        if name in values:
            problem = parameter.apply(problem, values[name])
    return problem


# Journeys -------------------------------------------------------------------------------------------------------------


@kind
def journey_factor(_problem: Problem) -> Iterator[Parameter]:
    """Every journey, and every way between sites, takes so many times as long."""

    def apply(problem: Problem, value: Value) -> Problem:
        factor = number_of(value)
        roads = (
            problem.transfers
            if problem.transfers.empty
            else table_times(problem.transfers, factor, problem.minute_places)
        )
        return _otherwise(problem, lambda table: table_times(table, factor, problem.minute_places), transfers=roads)

    yield _factor("journey_factor", "Every journey and every way between sites takes so many times as long", apply)


@kind
def journey_factor_of_a_corridor(problem: Problem) -> Iterator[Parameter]:
    """Journeys from the areas of one corridor take so many times as long; ways between sites do not."""
    for corridor in corridors(problem):

        def apply(problem: Problem, value: Value, corridor: str = corridor) -> Problem:
            here = problem.areas["corridor"] == corridor

            def stretched(table: pd.DataFrame) -> pd.DataFrame:
                found = table.copy()
                found.loc[here] = table_times(table.loc[here], number_of(value), problem.minute_places)
                return found

            return _otherwise(problem, stretched)

        meaning = f"Every journey from {areas_of(problem, corridor)} takes so many times as long"
        yield _factor(f"journey_factor.{corridor}", meaning, apply)


def journeys(problem: Problem, name: str) -> Parameter | None:
    """Journeys from an area, from a district or from everywhere to one site take so many minutes more.

    ``journeys.SITE.from_district.DISTRICT``, ``journeys.SITE.from_area.AREA`` and ``journeys.SITE.from_everywhere``,
    perhaps with ``.at.TIME``: then they do where the question is asked at that time. None where the question has no
    such journeys. None takes less than 0.
    """
    found = ONE_WAY.fullmatch(name)
    if not found or found["site"] not in problem.journeys:
        return None
    site, where = found["site"], found["where"] or f"everywhere{found['at'] or ''}"
    time = next((one for one in problem.times_of_day if where.endswith(f".at.{one}")), "")
    where = where.removesuffix(f".at.{time}") if time else where
    here = _from_there(problem, found["by"], where)
    minutes = pd.concat([table.loc[here, site] for table in (problem.journeys, *problem.by_mode.values())])
    if minutes.isna().all():
        return None
    counts = not time or problem.times_of_day[time]

    def apply(problem: Problem, value: Value) -> Problem:
        if not counts:
            return _other(problem)

        def longer(table: pd.DataFrame) -> pd.DataFrame:
            found = table.copy()
            found.loc[here, [site]] = table_plus(table.loc[here, [site]], number_of(value), problem.minute_places)
            return found

        return _otherwise(problem, longer)

    meaning = f"Journeys from {where} to {problem.sites[site].name} take so many minutes more"
    least, most = -exactly(float(minutes.min())), Fraction(MOST[MORE])
    idle = "" if counts else f"the question is not asked at {time} (travel.time)"
    meaning = f"{meaning}{f' at {time}' if time else ''}"
    return Parameter(name, MORE, meaning, least, most, lambda _: Fraction(0), apply, least=least, idle=idle)


def to_one_site(problem: Problem) -> list[str]:
    """Return the names of journeys from everywhere to each site by itself, at any time and at each time of day."""
    times = ["", *(f".at.{time}" for time in problem.times_of_day)]
    return [f"journeys.{site}.{FROM_EVERYWHERE}{at}" for site in problem.site_order for at in times]


def _from_there(problem: Problem, by: str | None, where: str) -> np.ndarray:
    """Return which areas are meant: one by its code, those of a district, or all of them."""
    if by is None:
        return np.full(len(problem.areas), where == "everywhere")
    column = problem.areas.index.to_series() if by == "area" else problem.areas.get("district")
    return np.zeros(len(problem.areas), dtype=bool) if column is None else (column == where).to_numpy(dtype=bool)


def like_it(problem: Problem, name: str) -> list[str]:
    """Return names that somebody may have meant by one that the question does not have."""
    listed = [*parameters(problem), *([TO_ONE_SITE] if name.startswith("journeys") else [])]
    found = ONE_WAY.fullmatch(name)
    if not found:
        kind, *whose = name.split(".")
        return _called_so(kind, whose, listed) or listed
    sites = [found["site"]] if found["site"] in problem.journeys else [str(site) for site in problem.journeys]
    if found["by"] is None:
        return [f"journeys.{site}.{FROM_EVERYWHERE}" for site in sites]
    column = problem.areas.index if found["by"] == "area" else problem.areas.get("district", ())
    places = sorted({str(one) for one in column if isinstance(one, str) and one})
    places = [found["where"]] if found["where"] in places else places
    if len(sites) > 1 and len(places) > 1:
        return [f"journeys.{site}.from_{found['by']}.{places[0]}" for site in sites]
    return [f"journeys.{site}.from_{found['by']}.{place}" for site in sites for place in places]


def _called_so(word: str, whose: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the names that people may call so by their first word: those of somebody, if any are."""
    word = word.lower()
    found = []
    for name in names:
        kind, *rest = name.split(".")
        called = {kind, *kind.split("_"), *CALLED.get(kind, ())}
        if {word, word.removesuffix("s")} & called:
            found.append((name, set(rest)))
    return [name for name, rest in found if rest & set(whose)] or [name for name, _ in found]


def corridors(problem: Problem) -> tuple[str, ...]:
    """Return the corridors of a question's areas, in order of code; none where its place says of none."""
    named = problem.areas["corridor"].unique() if "corridor" in problem.areas else ()
    return tuple(sorted(name for name in named if isinstance(name, str) and name))


def areas_of(problem: Problem, corridor: str) -> str:
    """Return which areas are counted to a corridor: by the districts that it is made of, where it is of some."""
    resident = problem.areas[problem.areas["resident"].astype(bool)]
    here = resident["corridor"] == corridor
    district = resident["district"] if "district" in resident else resident["corridor"].map(lambda _: "")
    inside, beyond = ({str(one) for one in district[which].tolist() if one} for which in (here, ~here))
    if 0 < len(inside) <= MOST_DISTRICTS_TOLD and not inside & beyond:
        districts = "district" if len(inside) == 1 else "districts"
        return f"the {districts} of {listed(sorted(inside))} (for the {corridor})"
    return f"the areas that stand for the {corridor}"


# Patients -------------------------------------------------------------------------------------------------------------


@kind
def growth_years(problem: Problem) -> Iterator[Parameter]:
    """Demand grows for so many years at the rates that the question states. Other factors come on top of that."""

    def current(problem: Problem) -> Fraction:
        return Fraction(problem.growth.years if problem.growth else 0)

    def apply(problem: Problem, value: Value) -> Problem:
        growth, years = problem.growth, int(number_of(value))
        if growth is None:
            raise KeyError("This question does not say how demand grows.")
        year = None if growth.year is None else growth.year + years - growth.years
        growth = replace(growth, years=years, year=year)
        grown = _other(problem, demand=patients_after(growth, problem.areas, problem.ages), growth=growth)
        after = {one.name: one for function in (demand_factor, people_factor) for one in function(problem)}
        return changed(grown, {one.name: one.value for one in problem.changed if one.name in after}, after)

    if problem.growth:
        meaning = "Patients grow for so many years at the rates stated"
        yield Parameter("growth_years", "years", meaning, Fraction(0), Fraction(40), current, apply, whole=True)


@kind
def demand_factor(problem: Problem) -> Iterator[Parameter]:
    """There are so many times as many patients of one activity, everywhere alike."""
    counted = {problem.services[code].activity for code in problem.services_with_patients}
    for activity in sorted(str(one) for one in counted):

        def apply(problem: Problem, value: Value, activity: str = activity) -> Problem:
            patients = table_times(problem.demand[[activity]], number_of(value))[activity]
            return _other(problem, demand=problem.demand.assign(**{activity: patients}))

        yield _factor(
            f"demand_factor.{activity}", f"There are so many times as many patients of {spoken(activity)}", apply
        )


@kind
def people_factor(problem: Problem) -> Iterator[Parameter]:
    """There are so many times as many people of one age, and patients come from them as the question says."""
    everybody, from_65, from_75 = (_is_known(problem, f"population{age}") for age in ("", "_65_plus", "_75_plus"))
    for age, is_known in ((UNDER_65, from_65), (FROM_65, from_65), (FROM_75, from_65 and from_75)):

        def apply(problem: Problem, value: Value, age: str = age) -> Problem:
            same = {UNDER_65: Fraction(1), FROM_65: Fraction(1)}
            factors = {**same, age: number_of(value)}
            return _other(problem, demand=with_people_times(problem.demand, problem.areas, factors, problem.ages))

        if everybody and is_known:
            meaning = f"There are so many times as many people {AGED[age]}, and patients of each area in proportion"
            yield _factor(f"{PEOPLE}{age}", " ".join([f"{meaning}.", *of_ages(problem, varied=True)])[:-1], apply)


def ages_told(problem: Problem, varied: Iterable[str]) -> list[str]:
    """Return of which ages patients are taken to be, where that matters when such parameters vary."""
    return of_ages(problem, varied=any(name.startswith(PEOPLE) for name in varied))


def _is_known(problem: Problem, column: str) -> bool:
    return column in problem.areas and not problem.areas[column].isna().any()


@kind
def border_pull(problem: Problem) -> Iterator[Parameter]:
    """Such a share of patients go to the nearest hospital of all, the others as today. Only where some go as today."""

    def current(problem: Problem) -> Fraction:
        return exactly(problem.border.pull.value) if problem.border else Fraction(1)

    def apply(problem: Problem, value: Value) -> Problem:
        border = problem.border
        return _other(problem, border=border and replace(border, pull=_new(border.pull, value)))

    if problem.border:
        meaning = "Such a share of every area's patients go to the nearest hospital of all, the others as today"
        yield Parameter(BORDER_PULL, SHARE, meaning, Fraction(0), Fraction(1), current, apply)


# Staff ----------------------------------------------------------------------------------------------------------------


@kind
def staff(problem: Problem) -> Iterator[Parameter]:
    """So many staff of a team are in post in all, shared between the sites as those in post now are."""
    for team, unit in problem.team_units:

        def current(problem: Problem, team: str = team, unit: Any = unit) -> Fraction:
            return sum(_in_post(problem, team, unit), Fraction(0))

        def apply(problem: Problem, value: Value, team: str = team, unit: Any = unit) -> Problem:
            parts = 1 if unit == "people" else PARTS_OF_A_WTE
            shared = shared_out(int(number_of(value) * parts), _in_post(problem, team, unit))
            found = {
                (site, team, unit): n / parts for site, n in zip(_counted_at(problem, team, unit), shared, strict=True)
            }
            return _other(problem, staff={**problem.staff, **found})

        most = max(2 * current(problem), Fraction(10))
        meaning = f"So many {_called(problem, team)} are in post in all, shared as they are now"
        whole = unit == "people"
        yield Parameter(f"staff.{team}.{unit}", unit, meaning, Fraction(0), most, current, apply, whole)


@kind
def staff_at_a_site(problem: Problem) -> Iterator[Parameter]:
    """So many staff of a team are in post at one site; not where they are counted over all sites alone."""
    for team, unit in problem.team_units:
        for site in problem.candidates if (ACROSS_SITES, team, unit) not in problem.staff else ():

            def current(problem: Problem, key: Any = (site, team, unit)) -> Fraction:
                return exactly(problem.staff.get(key, 0.0))

            def apply(problem: Problem, value: Value, key: Any = (site, team, unit)) -> Problem:
                return _other(problem, staff={**problem.staff, key: float(number_of(value))})

            most = max(2 * current(problem), Fraction(10))
            meaning = f"So many {_called(problem, team)} are in post at {problem.sites[site].name}"
            name, whole = f"staff.{team}.{unit}.{site}", unit == "people"
            yield Parameter(name, unit, meaning, Fraction(0), most, current, apply, whole)


def shared_out(total: int, weights: Sequence[Fraction]) -> list[int]:
    """Share a whole number out in proportion to weights, by largest remainder; the first wins where they are equal."""
    whole = sum(weights, Fraction(0))
    due = [total * weight / whole if whole else Fraction(total, len(weights)) for weight in weights]
    shared = [int(one) for one in due]
    by_remainder = sorted(range(len(due)), key=lambda place: (shared[place] - due[place], place))
    for place in by_remainder[: total - sum(shared)]:
        shared[place] += 1
    return shared


def _in_post(problem: Problem, team: str, unit: Any) -> list[Fraction]:
    return [exactly(problem.staff.get((at, team, unit), 0.0)) for at in _counted_at(problem, team, unit)]


def _counted_at(problem: Problem, team: str, unit: Any) -> tuple[str, ...]:
    """Return where those in post are known: at each candidate, or of one team perhaps only over all sites."""
    return (ACROSS_SITES,) if (ACROSS_SITES, team, unit) in problem.staff else problem.candidates


def _called(problem: Problem, team: str) -> str:
    return problem.teams[team].name


# Rules and pathways ---------------------------------------------------------------------------------------------------


@kind
def volumes(problem: Problem) -> Iterator[Parameter]:
    """A service asks for at least, or at most, so many patients a year at a site. Only where it asks for any."""
    for code, service in problem.services.items():
        for setting, words in (("minimum_patients", "at least"), ("maximum_patients", "at most")):
            figure = getattr(service, setting)
            if figure:
                meaning = f"{service.name} asks for {words} so many patients a year at a site"
                yield _figure(code, setting, "patients a year", meaning, 0, 3 * figure.value)


@kind
def pathway(problem: Problem) -> Iterator[Parameter]:
    """How long patients who are transferred wait, and the share who are taken on."""
    for code in problem.reached_by_transfer:
        name = problem.services[code].name
        waits = f"Patients of {name} who are transferred spend so long"
        yield _leg(code, "dwell_minutes", "minutes", f"{waits} at the first site", 240)
        yield _leg(code, "overhead_minutes", "minutes", f"{waits} on the crew, loading and handing over", 240)
        share = f"Such a share of patients of {name} seen where it is not provided are taken on"
        yield _leg(code, "share_transferred", SHARE, share, 1)


@kind
def stay_days(problem: Problem) -> Iterator[Parameter]:
    """Patients of a service stay so many days."""
    for code, service in problem.services.items():
        if service.beds:

            def current(problem: Problem, code: str = code) -> Fraction:
                beds = problem.services[code].beds
                return exactly(beds.days.value) if beds else Fraction(0)

            def apply(problem: Problem, value: Value, code: str = code) -> Problem:
                beds = problem.services[code].beds
                return _service(problem, code, beds=beds and replace(beds, days=_new(beds.days, value)))

            most = 3 * exactly(service.beds.days.value)
            meaning = f"Patients of {service.name} stay so many days"
            low, name = Fraction(1, 10), f"stay_days.{code}"
            yield Parameter(name, "days", meaning, low, most, current, apply, least=LEAST_DAYS)


@kind
def transfers_in_all(problem: Problem) -> Iterator[Parameter]:
    """So many patients a year are transferred at most, over all services together. Only where that is capped."""

    def current(problem: Problem) -> Fraction:
        return exactly(problem.most_transfers_a_year.value) if problem.most_transfers_a_year else Fraction(0)

    def apply(problem: Problem, value: Value) -> Problem:
        figure = problem.most_transfers_a_year
        return _other(problem, most_transfers_a_year=figure and _new(figure, value))

    if problem.most_transfers_a_year and problem.reached_by_transfer:
        meaning, unit = "So many transfers a year at most to all services together", "transfers a year"
        most = max(3 * current(problem), Fraction(A_YEAR))
        yield Parameter("most_transfers_a_year", unit, meaning, Fraction(0), most, current, apply)


def _factor(name: str, meaning: str, apply: Callable[[Problem, Value], Problem]) -> Parameter:
    return Parameter(name, TIMES, meaning, Fraction(1, 2), Fraction(2), lambda _problem: Fraction(1), apply)


def _figure(code: str, setting: str, unit: str, meaning: str, low: float, high: float) -> Parameter:
    def current(problem: Problem) -> Fraction:
        return exactly(getattr(problem.services[code], setting).value)

    def apply(problem: Problem, value: Value) -> Problem:
        return _service(problem, code, **{setting: _new(getattr(problem.services[code], setting), value)})

    return Parameter(f"{setting}.{code}", unit, meaning, exactly(low), exactly(high), current, apply)


def _leg(code: str, setting: str, unit: str, meaning: str, high: float) -> Parameter:
    def current(problem: Problem) -> Fraction:
        return exactly(getattr(problem.services[code].transfer, setting).value)

    def apply(problem: Problem, value: Value) -> Problem:
        leg = problem.services[code].transfer
        fields: dict[str, Any] = {setting: _new(getattr(leg, setting), value)}
        return _service(problem, code, transfer=leg and replace(leg, **fields))

    return Parameter(f"{setting}.{code}", unit, meaning, Fraction(0), exactly(high), current, apply)


def _new(figure: Figure, value: Value) -> Figure:
    if isinstance(value, Figure):
        return value
    return Figure(float(value), f"Varied from {figure.value:g}", verified=False)


def _service(problem: Problem, code: str, **fields: Any) -> Problem:
    service: Service = replace(problem.services[code], **fields)
    return _other(problem, services={**problem.services, code: service})


def _otherwise(problem: Problem, change: Callable[[pd.DataFrame], pd.DataFrame], **fields: Any) -> Problem:
    """Return the problem with other journeys, those of every mode alike."""
    by_mode = {mode: change(table) for mode, table in problem.by_mode.items()}
    return _other(problem, journeys=change(problem.journeys), by_mode=by_mode, **fields)


def _other(problem: Problem, **fields: Any) -> Problem:
    return problem.varied(files={}, **fields)
