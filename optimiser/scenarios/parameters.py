"""What may vary in a question, one small function a kind: for sweeps, and for values at which an answer would change.

A value is taken as the decimal that it is written as, and what it changes is rounded to six decimals, halves to the
even one, as when a config is read: sums stay exact. ``low`` and ``high`` are working ranges, not evidence. Weights are
nothing that may turn out otherwise, so they are no parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from optimiser.problem import ACROSS_SITES, Figure, Problem, Service
from optimiser.problem.decimals import exactly, table_times
from optimiser.problem.growth import FROM_65, FROM_75, UNDER_65, grown, with_people_times
from optimiser.problem.words import AGED, of_ages, spoken

Value = Fraction | float
PARTS_OF_A_WTE = 1_000_000
BORDER_PULL, PEOPLE = "border_pull", "people_factor."


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
    """

    name: str
    unit: str
    meaning: str
    low: Fraction
    high: Fraction
    current: Callable[[Problem], Fraction]
    apply: Callable[[Problem, Value], Problem]
    whole: bool = False


Kind = Callable[[Problem], Iterator[Parameter]]
KINDS: dict[str, Kind] = {}


def kind(function: Kind) -> Kind:
    """Register a kind of parameter, under its function's name."""
    KINDS[function.__name__] = function
    return function


def parameters(problem: Problem) -> dict[str, Parameter]:
    """Return everything that may vary in a question, by name."""
    return {one.name: one for function in KINDS.values() for one in function(problem)}


def changed(problem: Problem, values: Mapping[str, Value], known: Mapping[str, Parameter] | None = None) -> Problem:
    """Return the question with some parameters at other values, set in the order of ``parameters``.

    ``known`` spares finding the question's parameters again, for whoever asks often.

    Raises
    ------
    KeyError
        For a name that the question has no parameter of.
    """
    known = parameters(problem) if known is None else known
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
        factor = exactly(value)
        roads = (
            problem.transfers
            if problem.transfers.empty
            else table_times(problem.transfers, factor, problem.minute_places)
        )
        return _other(problem, journeys=table_times(problem.journeys, factor, problem.minute_places), transfers=roads)

    yield _factor("journey_factor", "Every journey and every way between sites takes so many times as long", apply)


@kind
def journey_factor_of_a_corridor(problem: Problem) -> Iterator[Parameter]:
    """Journeys from the areas of one corridor take so many times as long; ways between sites do not."""
    for corridor in corridors(problem):

        def apply(problem: Problem, value: Value, corridor: str = corridor) -> Problem:
            here = problem.areas["corridor"] == corridor
            journeys = problem.journeys.copy()
            journeys.loc[here] = table_times(journeys.loc[here], exactly(value), problem.minute_places)
            return _other(problem, journeys=journeys)

        meaning = f"Every journey from the areas of {corridor} takes so many times as long"
        yield _factor(f"journey_factor.{corridor}", meaning, apply)


def corridors(problem: Problem) -> tuple[str, ...]:
    """Return the corridors of a question's areas, in order of code; none where its place says of none."""
    named = problem.areas["corridor"].unique() if "corridor" in problem.areas else ()
    return tuple(sorted(name for name in named if isinstance(name, str) and name))


# Patients -------------------------------------------------------------------------------------------------------------


@kind
def growth_years(problem: Problem) -> Iterator[Parameter]:
    """Demand grows for so many years at the rates that the question states. Other factors come on top of that."""

    def current(problem: Problem) -> Fraction:
        return Fraction(problem.growth.years if problem.growth else 0)

    def apply(problem: Problem, value: Value) -> Problem:
        growth, years = problem.growth, int(value)
        if growth is None:
            raise KeyError("This question does not say how demand grows.")
        rates = {"by_age": growth.by_age, "by_activity": growth.by_activity}
        year = None if growth.year is None else growth.year + years - growth.years
        demand = grown(growth.before, problem.areas, years, **rates, ages=problem.ages)
        return _other(problem, demand=demand, growth=replace(growth, years=years, year=year))

    if problem.growth:
        meaning = "Patients grow for so many years at the rates stated"
        yield Parameter("growth_years", "years", meaning, Fraction(0), Fraction(40), current, apply, whole=True)


@kind
def demand_factor(problem: Problem) -> Iterator[Parameter]:
    """There are so many times as many patients of one activity, everywhere alike."""
    counted = {problem.services[code].activity for code in problem.services_with_patients}
    for activity in sorted(str(one) for one in counted):

        def apply(problem: Problem, value: Value, activity: str = activity) -> Problem:
            patients = table_times(problem.demand[[activity]], exactly(value))[activity]
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
            factors = {**same, age: exactly(value)}
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
        yield Parameter(BORDER_PULL, "share of patients", meaning, Fraction(0), Fraction(1), current, apply)


# Staff ----------------------------------------------------------------------------------------------------------------


@kind
def staff(problem: Problem) -> Iterator[Parameter]:
    """So many staff of a team are in post in all, shared between the sites as those in post now are."""
    for team, unit in problem.team_units:

        def current(problem: Problem, team: str = team, unit: Any = unit) -> Fraction:
            return sum(_in_post(problem, team, unit), Fraction(0))

        def apply(problem: Problem, value: Value, team: str = team, unit: Any = unit) -> Problem:
            parts = 1 if unit == "people" else PARTS_OF_A_WTE
            shared = shared_out(int(exactly(value) * parts), _in_post(problem, team, unit))
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
                return _other(problem, staff={**problem.staff, key: float(value)})

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
        yield _leg(code, "share_transferred", "share of patients", share, 1)


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
            yield Parameter(f"stay_days.{code}", "days", meaning, Fraction(1, 10), most, current, apply)


def _factor(name: str, meaning: str, apply: Callable[[Problem, Value], Problem]) -> Parameter:
    return Parameter(name, "times", meaning, Fraction(1, 2), Fraction(2), lambda _problem: Fraction(1), apply)


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
    return Figure(float(value), f"Varied from {figure.value:g}", verified=False)


def _service(problem: Problem, code: str, **fields: Any) -> Problem:
    service: Service = replace(problem.services[code], **fields)
    return _other(problem, services={**problem.services, code: service})


def _other(problem: Problem, **fields: Any) -> Problem:
    return replace(problem, files={}, **fields)
