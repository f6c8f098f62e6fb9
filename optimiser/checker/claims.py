"""What a run claims about itself: its files, how it ended, its objectives and its measures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from optimiser.checker.inputs import files_due
from optimiser.checker.measures import measures_are_right
from optimiser.checker.question import Objective, Question
from optimiser.checker.reading import MOST_BYTES, Breach, Number, Reader, nearly, same, shown
from optimiser.checker.run import Run

OUTCOMES = ("proved best", "not proved", "evaluated")
# Reports that are made of a run later on stand beside its files.
REPORTS = (".html", ".xlsx", ".gpkg", ".zip")
MOST_DEPRIVED_DECILES = (1, 2)


def files_are_as_listed(reader: Reader) -> Iterator[Breach]:
    """Every file of the run is listed in run.json, is there, and has the SHA-256 that is listed."""
    check = "files_are_as_listed"
    record = reader.json("run.json")
    listed = record.get("files")
    listed = listed if isinstance(listed, dict) else {}
    theirs = {name for name in reader.names if "/" in name or not _stands_beside(name)}
    no_plan = record.get("outcome") == "no plan"
    needed = theirs | set(files_due(with_plan=not no_plan))
    for name in sorted((needed | listed.keys()) - {"run.json"}):
        claimed = shown(listed.get(name, ""))
        found = hashlib.sha256(reader.files[name]).hexdigest() if name in reader.files else ""
        if name in reader.names and not found:
            why = f"has more than {MOST_BYTES:,} bytes" if name in listed else "is not listed in run.json"
            yield Breach(check, name, claimed, "not read", f"{name} {why}, so it was not read.")
        elif not found:
            yield Breach(check, name, claimed, "no file", f"{name} is missing from the run.")
        elif claimed != found:
            said = "is not listed in run.json" if not claimed else "is not the file that run.json lists"
            yield Breach(check, name, claimed, found, f"{name} {said}: its SHA-256 is {found}.")


def _stands_beside(name: str) -> bool:
    return name.startswith(".") or name.lower().endswith(REPORTS)


def run_says_how_it_ended(run: Run) -> Iterator[Breach]:
    """run.json states format 1, the question that the config asks, and one of the outcomes there are."""
    result = run.result
    for where, claimed, allowed in (
        ("format", result.format, (1,)),
        ("question", result.question, (run.question.title,)),
        ("outcome", result.outcome, OUTCOMES),
    ):
        if claimed not in allowed or isinstance(claimed, bool):
            message = f"run.json: {where} is {shown(claimed)}, but should be {' or '.join(map(shown, allowed))}."
            yield Breach("run_says_how_it_ended", f"run.json {where}", shown(claimed), shown(allowed[0]), message)


class Aim(NamedTuple):
    """What an objective adds up, or takes the largest of: a number for each service it covers, or their teams."""

    unit: str
    of: Literal["service", "team"]
    together: Callable[..., Number]
    part: Callable[..., Number]
    rounded: bool = False

    def parts(self, question: Question, objective: Objective) -> list[tuple[str, ...]]:
        """Return the names of what the objective covers: every service if it lists none."""
        codes = list(objective.services or question.services)
        if self.of == "service":
            return [(code,) for code in codes]
        teams = {team for code in codes for team, _ in question.services[code].rotas}
        return [key for key in question.rota_units() if key[0] in teams]

    def total(self, parts: Iterable[Number]) -> Number:
        """Return what the parts come to."""
        return self.together([Fraction(0), *parts])

    def value(self, run: Run, objective: Objective) -> Number:
        """Return what the objective comes to in a run."""
        return self.total(self.part(run, *names) for names in self.parts(run.question, objective))


OBJECTIVES: dict[str, Aim] = {}
"""Every objective by name."""


def objective(
    unit: str,
    of: Literal["service", "team"] = "service",
    together: Callable[..., Number] = sum,
    *,
    rounded: bool = False,
) -> Callable[[Callable[..., Number]], Callable[..., Number]]:
    """Declare an objective by its part of one service or team.

    Posts and transfers are ``rounded``: added up over sites in thousand-millionths.
    """

    def declared(part: Callable[..., Number]) -> Callable[..., Number]:
        OBJECTIVES[part.__name__] = Aim(unit, of, together, part, rounded)
        return part

    return declared


def _with_patients(run: Run, service: str) -> bool:
    return run.question.services[service].activity is not None


@objective("patient-minutes a year")
def patient_minutes(run: Run, service: str) -> Number:
    """Resident patients' minutes a year, over the services covered."""
    return run.patient_minutes(service, run.residents_of(service)) if _with_patients(run, service) else 0


@objective("minutes", together=max)
def worst_journey(run: Run, service: str) -> Number:
    """The longest journey of any resident area to any service covered, in minutes."""
    return run.worst_minutes(service, run.residents_of(service)) if _with_patients(run, service) else 0


@objective("patients a year")
def patients_beyond_standard(run: Run, service: str) -> Number:
    """Resident patients a year beyond the standard of the services covered that state one."""
    stated = _with_patients(run, service) and "standard_minutes" in run.question.services[service].figures
    return run.patients_beyond_standard(service) if stated else 0


@objective("patients a year")
def patients_outside(run: Run, service: str) -> Number:
    """Resident patients a year whom a neighbour treats, over the services covered."""
    return run.treated_outside(service) if _with_patients(run, service) else 0


@objective("patient-minutes a year")
def deprived_patient_minutes(run: Run, service: str) -> Number:
    """Patient minutes a year of resident areas in deprivation deciles 1 and 2."""
    deprived = [one for one in run.residents_of(service) if run.areas[one.area].decile in MOST_DEPRIVED_DECILES]
    return run.patient_minutes(service, deprived) if _with_patients(run, service) else 0


@objective("people or WTE", of="team", rounded=True)
def staff_short(run: Run, team: str, unit: str) -> Number:
    """What the teams that the rotas of the services covered use are short of, all their needs counted."""
    return sum(run.short(team, unit, site) for site in run.pools(team))


@objective("changes")
def changes_from_today(run: Run, service: str) -> Number:
    """Designations that differ from today, over the services covered whose today is known."""
    return run.changes(service)


@objective("sites")
def fewest_sites(run: Run, service: str) -> Number:
    """Candidates that provide each of the services covered, added up."""
    return len(run.sites_of(service))


@objective("transfers a year", rounded=True)
def transfers(run: Run, service: str) -> Number:
    """Transfers a year to the services covered, suspected patients counted."""
    by_transfer = _with_patients(run, service) and run.question.services[service].transfer
    return run.transfers_a_year(service) if by_transfer else 0


def _stated_objectives(run: Run) -> Iterator[tuple[str, Objective, dict[str, Any]]]:
    for n, (objective, stated) in enumerate(zip(run.question.objectives, run.result.objectives, strict=False), 1):
        if isinstance(stated, dict) and stated.get("name") == objective.name:
            yield f"run.json objective {n} ({objective.name})", objective, stated


def objectives_are_as_asked(run: Run) -> Iterator[Breach]:
    """run.json states the config's objectives, in order, for the services that the config lists."""
    check, asked, stated = "objectives_are_as_asked", run.question.objectives, run.result.objectives
    names = [item.get("name") if isinstance(item, dict) else None for item in stated]
    expected = [objective.name for objective in asked]
    if names != expected:
        claimed, found = ", ".join(map(shown, names)), ", ".join(expected)
        yield Breach(check, "run.json", claimed, found, f"run.json: objectives are {claimed}; the config asks {found}.")
    for where, objective, item in _stated_objectives(run):
        allowed = [list(objective.services)] if objective.services else [[], list(run.question.services)]
        if item.get("services") not in allowed:
            claimed, found = shown(item.get("services")), shown(allowed[0])
            yield Breach(check, where, claimed, found, f"{where}: covers {claimed}, but the config says {found}.")
        if objective.name not in OBJECTIVES:
            yield Breach(check, where, objective.name, "", f"{where}: no check exists for it.")
        if objective.name == "deprived_patient_minutes" and "deprivation_decile" not in run.inputs.area_columns:
            yield Breach(check, where, "", "", f"{where}: inputs/areas.csv has no deprivation_decile.")


def _number(value: object) -> Number | None:
    return value if isinstance(value, Fraction | int | float) and not isinstance(value, bool) else None


def objective_values_are_right(run: Run) -> Iterator[Breach]:
    """Every objective's value is what the inputs and the decisions make it."""
    for where, objective, item in _stated_objectives(run):
        if objective.name not in OBJECTIVES:
            continue
        aim = OBJECTIVES[objective.name]
        claimed, found = _number(item.get("value")), aim.value(run, objective)
        if claimed is None or not (nearly if aim.rounded else same)(claimed, found):
            message = f"{where}: value is {shown(item.get('value'))}, but the plan's own is {shown(found)}."
            yield Breach("objective_values_are_right", where, shown(item.get("value")), shown(found), message)


def bounds_are_honest(run: Run) -> Iterator[Breach]:
    """No bound lies above its value, and what is proved best has the bound equal to the value, to the last digit."""
    proved = run.result.outcome == "proved best"
    for where, _, item in _stated_objectives(run):
        value, bound = _number(item.get("value")), _number(item.get("bound"))
        may_be_absent = not proved and item.get("bound") is None
        if value is None or may_be_absent:
            continue
        too_high = bound is not None and bound > value and not same(bound, value)
        # The only float is infinity, and nothing is proved about that.
        unproved = proved and (bound != value or isinstance(value, float))
        if bound is None or too_high or unproved:
            wish = "equal to the value, as it is proved best" if proved else "at most the value"
            message = f"{where}: bound {shown(item.get('bound'))} should be {wish}, {shown(value)}."
            yield Breach("bounds_are_honest", where, shown(item.get("bound")), shown(value), message)


def the_ranking_starts_with_the_plan(run: Run) -> Iterator[Breach]:
    """The options that run.json ranks stand best first, and what is proved best is the first of them."""
    check, stated = "the_ranking_starts_with_the_plan", run.result.enumeration
    if stated is None or (isinstance(stated, dict) and "best" not in stated):
        return
    options = options_of(run)
    if options is None:
        message = "run.json: enumeration does not list options, each with its values and designations."
        yield Breach(check, "run.json enumeration", "", "", message)
        return
    for n, ((better, _), (worse, _)) in enumerate(pairwise(options), start=2):
        if _is_before(worse, better):
            where, claimed, found = f"run.json enumeration {n}", shown(list(worse)), shown(list(better))
            message = f"{where}: {claimed} is better than {found}, which is ranked before it."
            yield Breach(check, where, claimed, found, message)
    if run.result.outcome == "proved best":
        yield from _first_is_the_plan(run, options[:1])


def values_of(run: Run) -> tuple[Number, ...]:
    """Return the value of each objective, or nothing where one is no number."""
    stated = [_number(item.get("value")) if isinstance(item, dict) else None for item in run.result.objectives]
    found = tuple(value for value in stated if value is not None)
    return found if len(found) == len(stated) == len(run.question.objectives) else ()


def options_of(run: Run) -> list[Ranked] | None:
    """Return the options that run.json ranks, or nothing where there are none or one cannot be read."""
    stated = run.result.enumeration
    return _options(stated.get("best") if isinstance(stated, dict) else None, len(run.question.objectives))


Ranked = tuple[tuple[Number, ...], frozenset[tuple[str, str]]]


def _options(best: object, width: int) -> list[Ranked] | None:
    """Return the values and the (site, service) pairs of every option, or nothing where one cannot be read."""
    found: list[Ranked] = []
    for option in best if isinstance(best, list) else [None]:
        stated = option if isinstance(option, dict) else {}
        values, pairs = stated.get("values"), stated.get("designated")
        if not isinstance(values, list) or not isinstance(pairs, list) or len(values) != width:
            return None
        numbers = [number for number in map(_number, values) if number is not None]
        if len(numbers) < width or not all(_is_pair(pair) for pair in pairs):
            return None
        found.append((tuple(numbers), frozenset((site, service) for site, service in pairs)))
    return found


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(code, str) for code in pair)


def _is_before(one: tuple[Number, ...], other: tuple[Number, ...]) -> bool:
    different = (a < b for a, b in zip(one, other, strict=True) if not same(a, b))
    return next(different, False)


def _first_is_the_plan(run: Run, first: list[Ranked]) -> Iterator[Breach]:
    check, where = "the_ranking_starts_with_the_plan", "run.json enumeration 1"
    values, pairs = first[0] if first else ((), frozenset())
    plan = {(site, service) for service in run.question.services for site in run.sites_of(service)}
    if pairs != plan:
        claimed, found = (", ".join(sorted(map(" ".join, these))) for these in (pairs, plan))
        message = f"{where}: the first option designates {claimed or 'nothing'}, but the plan {found or 'nothing'}."
        yield Breach(check, where, claimed, found, message)
    reached = [_number(item.get("value")) if isinstance(item, dict) else None for item in run.result.objectives]
    agree = len(values) == len(reached) and all(
        b is not None and same(a, b) for a, b in zip(values, reached, strict=True)
    )
    if not agree:
        claimed, found = shown(list(values)), shown(reached)
        message = f"{where}: the first option's values are {claimed}, but the plan's are {found}."
        yield Breach(check, f"{where} values", claimed, found, message)


CLAIM_CHECKS: Iterable[Callable[[Run], Iterator[Breach]]] = (
    run_says_how_it_ended,
    objectives_are_as_asked,
    objective_values_are_right,
    bounds_are_honest,
    the_ranking_starts_with_the_plan,
    measures_are_right,
)
