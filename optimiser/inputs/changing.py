"""What a config changes of a question, applied to it, with every fault of that at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from optimiser.errors import Fault, InputError, did_you_mean, quoted
from optimiser.inputs.config import Config
from optimiser.inputs.config.figures import in_full
from optimiser.inputs.schema import place_table
from optimiser.problem import Changed, Figure, Problem
from optimiser.problem.beds import DAYS_A_YEAR, MOST_BEDS
from optimiser.problem.decimals import PLACES, exactly
from optimiser.problem.parameters import MORE, TIMES, like_it, parameters

MOST_PATIENTS = int(place_table("demand")["patients_per_year"].maximum or 0)
LISTED = 40
SIGNS = ("+", "-")


def with_changes(config: Config, problem: Problem) -> Problem:
    """Return the question with what its config changes, in the order of ``parameters``, each on top of those before.

    Raises
    ------
    InputError
        For every name that the question has no parameter of, and every value that one cannot have.
    """
    stated = config.settings.change or {}
    if not stated:
        return problem
    known = parameters(problem, stated)
    faults = {name: _unknown(name, like_it(problem, name)) for name in stated if name not in known}
    done = []
    for name in (one for one in known if one in stated):
        # How much less a journey may take depends on what was changed before.
        parameter, said = parameters(problem, [name])[name], stated[name]
        if parameter.unit == MORE and not str(said.value).startswith(SIGNS):
            signed = f"+{in_full(said.value)}" if isinstance(said.value, float) else "+15"
            faults[name] = f"{name} says how many minutes more or less. Write {signed}, with its sign."
            continue
        was = parameter.current(problem)
        to = _wanted(said.value, was)
        if words := parameter.refuses(to):
            made = "" if isinstance(said.value, float) else f" ({said.value} to {float(was):g})"
            faults[name] = f"{words[:-1]}{made}. Correct it."
            continue
        problem = parameter.apply(problem, Figure(float(to), said.source or said.reason, said.verified))
        before = "" if parameter.unit in (TIMES, MORE) or to == was else f", in place of {float(was):g}"
        words = f"{parameter.said_with(to)}{before}{f', but {parameter.idle}' if parameter.idle else ''}"
        done.append(Changed(name, float(was), float(to), words, said.reason, said.source, said.verified))
    if faults:
        raise InputError(Fault(config.where("change", name), faults[name]) for name in stated if name in faults)
    if too_much := [*_too_much(problem)]:
        raise InputError(Fault(config.where("change"), words) for words in too_much)
    return replace(problem, changed=tuple(done))


def _unknown(name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known, list_at_most=LISTED, or_else="docs/change.md says which there are.")
    return f"there is nothing called {quoted(name)} to change in this question. {hint}".rstrip()


def _wanted(said: float | str, was: Fraction) -> Fraction:
    """Return the value that is meant, rounded to six decimals, halves to the even one."""
    if isinstance(said, float):
        return exactly(said)
    number = Fraction(said[1:])
    meant = {"x": was * number, "+": was + number, "-": was - number}[said[0]]
    return Fraction(round(meant * 10**PLACES), 10**PLACES)


def _too_much(problem: Problem) -> Iterator[str]:
    """Yield more patients of an area, and more beds, than are counted."""
    for activity, patients in problem.demand.items():
        if patients.max() > MOST_PATIENTS:
            words = f"these come to more than {MOST_PATIENTS:,} patients a year of {activity} in an area, the most"
            yield f"{words} that are counted. Make them smaller."
    for code, service in problem.services.items():
        if service.beds and service.activity:
            share, days = (one.value if one else 0.0 for one in (service.beds.other_share, service.beds.other_days))
            arriving = float(problem.demand[service.activity].sum()) / DAYS_A_YEAR
            needed = arriving * (service.beds.days.value + days * share / (1 - share))
            if needed > MOST_BEDS:
                words = f"with everybody of {code} at one site {needed:,.0f} beds would be taken, and {MOST_BEDS:,} are"
                yield f"{words} the most that are counted. Make them smaller."
