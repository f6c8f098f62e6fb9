"""What run.json says beside the plan: is every entry of its kind, do the counts add up, can the proof be believed?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple, TypeGuard

from optimiser.checker.certificate import proved, the_certificate_proves_it
from optimiser.checker.claims import OBJECTIVES, options_of, values_of
from optimiser.checker.reading import LONGEST_SHOWN, Breach, Number, brief, nearly, shown, size
from optimiser.checker.rules import RULES, is_lawful
from optimiser.checker.run import Run
from optimiser.checker.tried import Trial

PROVED, EVALUATED = "proved best", "evaluated"
NOT_CHECKED = "NOT checked"
# Versions of HiGHS in which an answer can be believed: from, up to but not including, and those in between that are
# known to give wrong answers to small models.
SOLVER, SINCE, BEFORE, WRONG = "HiGHS", (1, 15, 1), (2,), ((1, 14),)
LIBRARIES = ("python", "optimiser", "highspy", "numpy", "pandas", "pulp")
# Tiny models that some version got wrong, and the best that each has.
TRIAL_MODELS = {
    "whole and continuous share a demand": Fraction("28.2"),
    "continuous is cheaper than whole": Fraction(9),
    "a dear switch stays off": Fraction(20),
    "an equation ties whole to continuous": Fraction(64),
    "rows become parallel": Fraction(1),
}
TRIAL_TOLERANCE = Fraction(1, 10**6)
NO_GAP = ("mip_rel_gap", "mip_abs_gap")
TOLERANCES = ("mip_feasibility_tolerance", "primal_feasibility_tolerance", "dual_feasibility_tolerance")
LARGEST_TOLERANCE = Fraction(1, 10**6)
# What else the solver is told. Any other option, such as one that ends at the first plan, could make it miss the best.
OTHER_OPTIONS = {"output_flag": False, "threads": 1, "random_seed": 0, "presolve_rule_off": 8192}
# No run is older than the program. Where it is already tomorrow somebody may have made one.
FIRST_DAY, ONE_DAY = date(2026, 11, 21), timedelta(days=1)
RANKED = 20
VERSION = re.compile(r"\d+(\.\d+)+([.+-]?[a-z0-9]+)*", re.ASCII)

# What run.json says of another solver that was asked the same.
OF_AN_OPINION = {"solver", "version", "answer", "values", "designated"}
SECOND_SOLVER, AGREES, DISAGREES = "CBC", "agrees", "DISAGREES"
OPINIONS = (AGREES, DISAGREES, "out of time", "failed")
# How far its rounding may leave it short of the best, as a share of that.
ITS_ROUNDING = Fraction(1, 10**6)

# What run.json says of a change that would alter the answer, and the kinds of them.
OF_A_CHANGE = {"kind", "what", "by", "unit", "to", "size", "service", "then", "gained", "words"}
KINDS_OF_CHANGE = ("rule", "parameter", "border")

Test = Callable[[Any], bool]


def _is_date(said: Any) -> bool:
    try:
        found = date.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return False
    return found is not None and found.isoformat() == said and FIRST_DAY <= found <= date.today() + ONE_DAY


def _is_count(said: Any) -> TypeGuard[int]:
    return isinstance(said, int) and not isinstance(said, bool) and said >= 0


def _are_seconds(said: Any) -> bool:
    numbers = list(said.values()) if isinstance(said, dict) else [None]
    return all(isinstance(one, int | Fraction) and not isinstance(one, bool) and one >= 0 for one in numbers)


def are_changes(said: Any) -> bool:
    """Whether an entry is of what would change the answer: which changes, and why others were not worked out."""
    if not (isinstance(said, dict) and said.keys() == {"changes", "not_worked_out"}):
        return False
    changes = said["changes"] if isinstance(said["changes"], list) else [None]
    return isinstance(said["not_worked_out"], str) and all(
        isinstance(one, dict)
        and one.keys() == OF_A_CHANGE
        and one["kind"] in KINDS_OF_CHANGE
        and isinstance(one["words"], str)
        and (one["then"] is None or isinstance(one["then"], dict))
        and isinstance(one["gained"], list)
        for one in changes
    )


def _are_versions(said: Any) -> bool:
    there = isinstance(said, dict) and all(name in said for name in LIBRARIES)
    return there and all(isinstance(one, str) and (one == "unknown" or VERSION.fullmatch(one)) for one in said.values())


def _is_an_option(said: Any) -> bool:
    texts, perhaps = {"code", "title", "source"}, {"note", "pathway", "scope"}
    if not isinstance(said, dict) or set(said) - perhaps != {*texts, "verified"}:
        return False
    return isinstance(said["verified"], bool) and all(isinstance(said.get(one, ""), str) for one in texts | perhaps)


def _is_an_opinion(said: Any) -> bool:
    if not isinstance(said, dict) or said.keys() != OF_AN_OPINION:
        return False
    version, values, pairs = said["version"], said["values"], said["designated"]
    return (
        said["solver"] == SECOND_SOLVER
        and isinstance(version, str)
        and 0 < len(version) <= LONGEST_SHOWN
        and said["answer"] in OPINIONS
        and isinstance(values, list)
        and all(isinstance(one, int | Fraction) and not isinstance(one, bool) for one in values)
        and isinstance(pairs, list)
        and all(isinstance(one, list) and len(one) == 2 and all(isinstance(n, str) for n in one) for one in pairs)
        and (said["answer"] in (AGREES, DISAGREES) or not values + pairs)
    )


class Entry(NamedTuple):
    """What one entry of run.json must be."""

    fits: Test
    wish: str


OF_EVERY_RUN: Mapping[str, Entry] = {
    "format": Entry(lambda said: not isinstance(said, bool) and said == 1, "1"),
    "date": Entry(_is_date, f"a date, such as {FIRST_DAY}, that is not to come"),
    "question": Entry(lambda said: isinstance(said, str), "text"),
    "outcome": Entry(lambda said: isinstance(said, str), "text"),
    "versions": Entry(_are_versions, f"the versions of {', '.join(LIBRARIES)}"),
    "files": Entry(lambda said: isinstance(said, dict), "names of files with their SHA-256"),
}
ENTRIES: Mapping[str, Entry] = {
    **OF_EVERY_RUN,
    "format": Entry(lambda said: said is not None, "1"),  # said elsewhere
    "option": Entry(_is_an_option, "an option's code, title, source and whether that was verified"),
    "objectives": Entry(lambda said: isinstance(said, list), "a list"),
    "ties": Entry(lambda said: said is None or _is_count(said), "a whole number, or nothing where none are listed"),
    "enumeration": Entry(lambda said: said is None or isinstance(said, dict), "a group of entries, or nothing"),
    "changed": Entry(lambda said: isinstance(said, list), "a list"),
    "added_sites": Entry(lambda said: isinstance(said, list), "a list"),
    "standings": Entry(lambda said: isinstance(said, list), "a list"),
    "know_before": Entry(lambda said: isinstance(said, list), "a list"),
    "sentences": Entry(lambda said: isinstance(said, list), "a list"),
    "would_change": Entry(are_changes, "changes that would alter the answer, and why others were not worked out"),
    "solver": Entry(lambda said: isinstance(said, dict), "a group of entries"),
    "second_opinion": Entry(_is_an_opinion, "another solver, its version, answer, values and designations"),
    "seconds": Entry(_are_seconds, "seconds by name, 0 or more"),
}
# Only where people wrote it down, or something is said of the plan beside other questions, or of what would alter it.
PERHAPS = (
    *("option", "changed", "added_sites", "standings", "know_before", "sentences", "would_change"),
    "second_opinion",
)
WITHOUT_PLAN: Mapping[str, Entry] = {
    **OF_EVERY_RUN,
    "every_clash_is_known": Entry(lambda said: isinstance(said, bool), "true or false"),
    "changed": ENTRIES["changed"],
    "added_sites": ENTRIES["added_sites"],
    "second_opinion": Entry(
        lambda said: _is_an_opinion(said) and said["answer"] != DISAGREES and not said["values"] + said["designated"],
        "another solver that knows no plan either, or was not done",
    ),
}
OF_AN_OBJECTIVE = {"name", "services", "value", "bound", "unit"}
OF_A_LIST = {"listed", "struck_out_by", "lawful", "best"}


def entries_fit(record: Mapping[str, Any], entries: Mapping[str, Entry]) -> Iterator[Breach]:
    """Yield each entry of run.json that is missing, not known, or not of its kind."""
    for name in sorted(entries.keys() - record.keys()):
        yield _wrong("the_record_is_sound", name, "", entries[name].wish, "is missing")
    for name in sorted(record.keys() - entries.keys()):
        yield _wrong(
            "the_record_is_sound", name[:LONGEST_SHOWN], "", "no such entry", "is an entry that no check knows"
        )
    for name, entry in entries.items():
        if name in record and not entry.fits(record[name]):
            yield _wrong("the_record_is_sound", name, record[name], entry.wish)


def _wrong(check: str, name: str, claimed: object, found: object, says: str = "") -> Breach:
    claimed, found = brief(claimed), brief(found)
    says = says or f"is {claimed or 'nothing'}, but should be {found}"
    message = f"run.json: {name} {says}."
    return Breach(check, f"run.json {name}", claimed, found, message)


def the_record_is_sound(run: Run) -> Iterator[Breach]:
    """Every entry of run.json is there and of its kind: a date, whole counts, times from 0, versions; and no other."""
    record = run.result.record
    yield from entries_fit(record, {name: ENTRIES[name] for name in ENTRIES if name in record or name not in PERHAPS})
    if "option" in record and run.result.outcome != EVALUATED:
        found = f"said where the outcome is {EVALUATED}"
        yield _wrong("the_record_is_sound", "option", "an option that people wrote down", found)
    for n, item in enumerate(run.result.objectives, start=1):
        there = set(item) if isinstance(item, dict) else set()
        if there != OF_AN_OBJECTIVE:
            found = ", ".join(sorted(OF_AN_OBJECTIVE))
            yield _wrong("the_record_is_sound", f"objective {n}", ", ".join(sorted(there)), found)
    listed = run.result.enumeration
    if isinstance(listed, dict) and set(listed) != OF_A_LIST:
        found = ", ".join(sorted(OF_A_LIST))
        yield _wrong("the_record_is_sound", "enumeration", ", ".join(sorted(listed)), found)


def objectives_have_their_units(run: Run) -> Iterator[Breach]:
    """Each objective of run.json is in its own unit."""
    for n, item in enumerate(run.result.objectives, start=1):
        name = item.get("name") if isinstance(item, dict) else None
        aim = OBJECTIVES.get(name) if isinstance(name, str) else None
        if aim and item.get("unit") != aim.unit:
            yield _wrong("objectives_have_their_units", f"objective {n} ({name}) unit", item.get("unit"), aim.unit)


def the_solver_can_be_believed(run: Run) -> Iterator[Breach]:
    """The solver is HiGHS in no version known to be wrong, allowed no gap, and got its trial models right."""
    check, said = "the_solver_can_be_believed", run.result.record.get("solver")
    if run.result.outcome == "evaluated" or not isinstance(said, dict):
        return
    if said.get("name") != SOLVER:
        yield _wrong(check, "solver name", said.get("name"), SOLVER)
    version = said.get("version")
    if not can_be_believed(version):
        found = f"{_dotted(SINCE)} or later, before {_dotted(BEFORE)}, not {' or '.join(map(_dotted, WRONG))}"
        yield _wrong(check, "solver version", version, found)
    versions = run.result.record.get("versions")
    library = versions.get("highspy") if isinstance(versions, dict) else None
    if library != version:
        yield _wrong(check, "versions highspy", library, f"{shown(version)}, as the solver says")
    yield from _options_are_strict(check, said.get("options"))
    yield from _trials_came_out_right(check, said.get("canaries"))


def can_be_believed(version: object) -> bool:
    """Whether a version of the solver is one in which an answer can be believed."""
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        return False
    numbers = tuple(int(part) for part in re.findall(r"\d{1,9}", version)[:3])
    return SINCE <= numbers < BEFORE and not any(numbers[: len(wrong)] == wrong for wrong in WRONG)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _options_are_strict(check: str, options: object) -> Iterator[Breach]:
    stated = options if isinstance(options, dict) else {}
    for names, most in ((NO_GAP, Fraction(0)), (TOLERANCES, LARGEST_TOLERANCE)):
        for name in names:
            said = stated.get(name)
            if isinstance(said, bool) or not isinstance(said, int | Fraction) or not 0 <= said <= most:
                yield _wrong(check, f"solver option {name}", said, f"at most {float(most):g}" if most else "0")
    for name in sorted(stated.keys() - {*NO_GAP, *TOLERANCES}):
        said, due = stated[name], OTHER_OPTIONS.get(name)
        if due is None or isinstance(said, bool) != isinstance(due, bool) or said != due:
            yield _wrong(check, f"solver option {brief(name)}", said, "left as it is" if due is None else due)


def _trials_came_out_right(check: str, canaries: object) -> Iterator[Breach]:
    items = canaries if isinstance(canaries, list) else []
    found = {item.get("name"): item for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)}
    if found.keys() - TRIAL_MODELS.keys() or len(found) < len(items):
        yield _wrong(check, "solver canaries", len(items), "each trial model once, and no other")
    for name, best in TRIAL_MODELS.items():
        for entry, tolerance in (("best", Fraction(0)), ("found", TRIAL_TOLERANCE)):
            said = found.get(name, {}).get(entry)
            if isinstance(said, bool) or not isinstance(said, int | Fraction) or abs(said - best) > tolerance:
                yield _wrong(check, f"solver trial model '{name}' {entry}", said, best)


def the_list_adds_up(run: Run) -> Iterator[Breach]:
    """The list has every designation left open; those struck out and those lawful add up to it; the best are in it."""
    check, listed = "the_list_adds_up", run.result.enumeration
    if not isinstance(listed, dict):
        return
    if run.result.outcome != PROVED:
        yield _wrong(check, "enumeration", "a list", "nothing", f"is there, but the outcome is {run.result.outcome}")
    services = run.question.services.values()
    open_pairs = sum(site not in service.fixed for service in services for site in run.candidates)
    struck, lawful = listed.get("struck_out_by"), listed.get("lawful")
    if listed.get("listed") != 2**open_pairs or isinstance(listed.get("listed"), bool):
        yield _wrong(check, "enumeration listed", listed.get("listed"), 2**open_pairs)
    counts = struck if isinstance(struck, dict) else {"": None}
    for name, number in counts.items():
        if name not in RULES or not _is_count(number) or (number and RULES[name].kind == "fixed"):
            yield _wrong(check, f"enumeration struck_out_by {brief(name)}", number, "a count, by the name of a rule")
    left = 2**open_pairs - sum(number for number in counts.values() if _is_count(number))
    if not _is_count(lawful) or lawful != left:
        yield _wrong(check, "enumeration lawful", lawful, left)
    else:
        yield from _best_are_options(run, lawful)


def _best_are_options(run: Run, lawful: int) -> Iterator[Breach]:
    check, options = "the_list_adds_up", options_of(run)
    if options is None:
        return  # said elsewhere
    if len(options) != min(RANKED, lawful):
        yield _wrong(check, "enumeration best", len(options), f"{min(RANKED, lawful)} options")
    if len({pairs for _, pairs in options}) < len(options):
        yield _wrong(check, "enumeration best", "", "", "has one option twice")
    for n, (_, pairs) in enumerate(options, start=1):
        known = all(site in run.candidates and code in run.question.services for site, code in pairs)
        fixed = [
            (site, code) for code, service in run.question.services.items() for site in service.fixed
            if ((site, code) in pairs) != service.fixed[site].provided
        ]  # fmt: skip
        if not known or fixed:
            where = f"enumeration best {n}"
            yield _wrong(check, where, "", "", f"{where} names what is not there, or goes against what is fixed")


def equal_plans_are_counted(run: Run) -> Iterator[Breach]:
    """As many options equal the best as run.json says, and equal ones stand by changes from today, then by sites."""
    check, ties = "equal_plans_are_counted", run.result.record.get("ties")
    listed, options = run.result.enumeration, options_of(run)
    if listed is None and ties is not None:
        yield _wrong(check, "ties", ties, "nothing, since no options are listed")
    if not isinstance(listed, dict) or not options or not _is_count(ties):
        if isinstance(listed, dict) and options and ties is None:
            yield _wrong(check, "ties", ties, "a whole number")
        return
    equal = sum(values == options[0][0] for values, _ in options)
    lawful = listed.get("lawful")
    if (_is_count(lawful) and ties > lawful) or (ties < equal if equal == len(options) else ties != equal):
        yield _wrong(check, "ties", ties, f"{equal}, as in the list of the best")
    trial = Trial.of(run)
    ranked = [(values, *trial.changes_and_sites(frozenset((c, s) for s, c in pairs))) for values, pairs in options]
    for n, ((values, *better), (others, *worse)) in enumerate(pairwise(ranked), start=2):
        if values == others and worse < better:
            where, found = f"enumeration best {n}", "fewer changes or sites first"
            yield _wrong(check, where, shown(worse), shown(better), f"{where} should stand higher: {found}")


def few_designations_are_all_tried(run: Run) -> Iterator[Breach]:
    """Where designations are few, each is tried: as many are lawful as are listed, and none is better than the best."""
    check, trial = "few_designations_are_all_tried", Trial.of(run)
    tried = trial.designations() if run.result.outcome == PROVED else None
    if tried is None or any(objective.name not in OBJECTIVES for objective in run.question.objectives):
        return
    found = {one: trial.values(one) for one in trial.lawful(tried)}
    ranked = sorted(found.values())
    plan = run.plan
    if plan not in found:
        if is_lawful(run):  # else it is said under the name of the rule
            yield _wrong(check, "outcome", PROVED, "", "a plan that breaks a rule, by what staff there could be")
        return
    claimed = values_of(run)
    # Values that nothing comes to are said to be wrong elsewhere.
    if claimed and _is_better(ranked[0], claimed):
        who = "it" if _agree(found[plan], ranked[0]) else "another plan"
        better = f"{shown([*ranked[0]])}, which {who} can come to"
        yield _wrong(check, "outcome", f"{PROVED}, {shown([*claimed])}", better)
    listed, options = run.result.enumeration, options_of(run)
    if isinstance(listed, dict) and options is not None:
        if listed.get("lawful") != len(found):
            yield _wrong(check, "enumeration lawful", listed.get("lawful"), len(found))
        if run.result.record.get("ties") != ranked.count(ranked[0]):
            yield _wrong(check, "ties", run.result.record.get("ties"), ranked.count(ranked[0]))
        for n, ((values, pairs), due) in enumerate(zip(options, ranked, strict=False), start=1):
            its_own = found.get(frozenset((code, site) for site, code in pairs))
            if its_own is None or not _agree(values, its_own) or not _agree(values, due):
                said = f"{shown([*values])}{'' if its_own else ', which breaks a rule'}"
                yield _wrong(check, f"enumeration best {n}", said, shown([*due]))


def _agree(one: tuple[Number, ...], other: tuple[Number, ...]) -> bool:
    return len(one) == len(other) and all(nearly(a, b) for a, b in zip(one, other, strict=True))


def _is_better(one: tuple[Number, ...], other: tuple[Number, ...]) -> bool:
    return next((a < b for a, b in zip(one, other, strict=True) if not nearly(a, b)), False)


def listed_options_are_lawful(run: Run) -> Iterator[Breach]:
    """Each option that run.json lists breaks no rule and comes to what is said, however many designations there are."""
    check, trial, options = "listed_options_are_lawful", Trial.of(run), options_of(run)
    unknown = any(objective.name not in OBJECTIVES for objective in run.question.objectives)
    if run.result.outcome != PROVED or not options or unknown or not trial.sites_are_few:
        return
    for n, (values, pairs) in enumerate(options, start=1):
        if not all(site in run.candidates and code in run.question.services for site, code in pairs):
            continue  # said elsewhere
        option = frozenset((code, site) for site, code in pairs)
        if trial.breaks_a_rule(option):
            yield _wrong(check, f"enumeration best {n}", "an option", "", "lists an option that breaks a rule")
        elif not _agree(values, due := trial.values(option)):
            yield _wrong(check, f"enumeration best {n}", shown([*values]), shown([*due]))


def said_of_best(run: Run) -> dict[str, Any]:
    """Return what this checker makes sure of that a sound plan is best: whether that is claimed, and how it was made.

    The plan is taken to be sound: what would say that another is better is a check of its own.
    """
    trial, outcome = Trial.of(run), run.result.outcome
    if outcome != PROVED:
        how = "it was worked out as people wrote it down, not optimised" if outcome == EVALUATED else brief(outcome)
        words = f"That it is best is not claimed: {how}."
        return {"claimed": False, "checked": "not claimed", "tried": 0, "words": words}
    every = 2 ** sum(s not in one.fixed for one in run.question.services.values() for s in run.candidates)
    if (tried := trial.designations()) is not None:
        others = f"{every - len(tried):,} have too few sites or too many; of the other {len(tried):,} "
        which = f"{others if len(tried) < every else ''}none that keeps every rule is better"
        words = f"That it is best was tried on all {_counted(every, 'option')}: {which}."
        return {"claimed": True, "checked": "tried", "tried": len(tried), "words": words}
    if run.certificate is not None:
        return {"claimed": True, "checked": "proved by certificate", "tried": 0, "words": _by_certificate(run)}
    listed = ", and that of a list of them all that is made without it" if run.result.enumeration else ""
    words = (
        f"That it is best was NOT checked: {every:,} designations are too many for this checker to try. It is the "
        f"solver's word{listed}."
    )
    return {"claimed": True, "checked": NOT_CHECKED, "tried": 0, "words": words}


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _by_certificate(run: Run) -> str:
    """Return what a sound certificate proves, in a sentence or two."""
    found = proved(run)
    lists, nodes = f"{_counted(found.lists, 'list')} of values", _counted(found.nodes, "node")
    words = (
        f"That it is best is proved by certificate: {nodes} and {lists}, added up again in whole numbers, show that no "
        f"lawful plan has fewer than {float(found.least):,.2f} patient-minutes a year."
    )
    others = [one.name.replace("_", " ") for one in run.question.objectives[1:]]
    rest = " and ".join(
        [*([f"what comes after ({', '.join(others)})"] if others else []), "which of equal plans it is"]
    )
    return f"{words} {rest[0].upper()}{rest[1:]} {'are' if others else 'is'} the solver's word."


def the_second_opinion_agrees(run: Run) -> Iterator[Breach]:
    """Where another solver was asked, its plan is lawful, comes to what is said, and is as good as the plan."""
    check, said = "the_second_opinion_agrees", run.result.record.get("second_opinion")
    if said is None or not _is_an_opinion(said):
        return  # said elsewhere
    if run.result.outcome != PROVED:
        yield _wrong(check, "second_opinion", said["answer"], "", f"is there, but the outcome is {run.result.outcome}")
    if said["answer"] == DISAGREES:
        yield _wrong(check, "second_opinion", DISAGREES, AGREES, "disagrees: another solver finds another plan better")
    claimed = values_of(run)
    if said["answer"] != AGREES or not claimed:
        return
    values = tuple(said["values"])
    if len(values) != len(claimed) or not all(map(_is_as_good, values, claimed)):
        yield _wrong(check, "second_opinion values", shown([*values]), shown([*claimed]))
    pairs = {(site, code) for site, code in said["designated"]}
    if not all(site in run.candidates and code in run.question.services for site, code in pairs):
        yield _wrong(check, "second_opinion designated", "", "", "names what is not there")
        return
    trial, its_own = Trial.of(run), frozenset((code, site) for site, code in pairs)
    if not trial.sites_are_few or any(one.name not in OBJECTIVES for one in run.question.objectives):
        return
    if trial.breaks_a_rule(its_own):
        yield _wrong(check, "second_opinion designated", "a plan", "", "breaks a rule")
    elif not _agree(values, due := trial.values(its_own)):
        yield _wrong(check, "second_opinion values", shown([*values]), shown([*due]))


def _is_as_good(found: Number, best: Number) -> bool:
    return nearly(found, best) or 0 <= found - best <= ITS_ROUNDING * (size(best) if size(best) > 1 else 1)


RECORD_CHECKS = (
    the_record_is_sound,
    objectives_have_their_units,
    the_solver_can_be_believed,
    the_second_opinion_agrees,
    the_list_adds_up,
    equal_plans_are_counted,
    few_designations_are_all_tried,
    listed_options_are_lawful,
    the_certificate_proves_it,
)
