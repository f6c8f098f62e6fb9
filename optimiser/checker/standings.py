"""What run.json says of plans that are level with this one, and of what to know before it is repeated: is it so?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import chain, combinations
from math import floor, isfinite
from typing import Any

from optimiser.checker.measures import expected_measures
from optimiser.checker.reading import Breach, Number, brief, nearly, same, size
from optimiser.checker.run import Run
from optimiser.checker.sentences import mean_of
from optimiser.checker.tried import Designated, Trial

LEVEL, KNOWN = "standings_are_so", "what_to_know_is_so"
OF_A_STANDING, OF_A_RIVAL = {"service", "within", "margin", "runner_up", "level"}, {"designated", "figures"}
CLOSE = Fraction(1, 10**6)
RIVAL = "a lawful plan with this service at other sites, the others' as here"
# A part, what it is, and what it should be.
NotSo = tuple[str, object, object]
PLACE = re.compile(r"\{([a-z_0-9]+) of ([a-z0-9_]+)(?: at ([a-z0-9_]+))?( today)?\}")


def standings_are_so(run: Run) -> Iterator[Breach]:
    """Plans that run.json calls level break no rule, are as near as it says, and none as near is left out."""
    trial, seen = Trial.of(run), set[str]()
    for number, one in enumerate(_listed(run.result.record.get("standings")), start=1):
        where = f"run.json standing {number}"
        if not _is_standing(run, one) or one["service"] in seen:
            yield Breach(LEVEL, where, brief(one), "", f"{where}: is no standing of a service of this question.")
            continue
        seen.add(one["service"])
        for part, claimed, found in _not_so(run, trial, one):
            message = f"{where}: {part} is {brief(claimed)}, but should be {brief(found)}."
            yield Breach(LEVEL, f"{where} {part}", brief(claimed), brief(found), message)


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []


def _is_number(said: Any) -> bool:
    return isinstance(said, int | float | Fraction) and not isinstance(said, bool)


def _is_standing(run: Run, one: Any) -> bool:
    if not isinstance(one, dict) or set(one) != OF_A_STANDING or one["service"] not in run.services_with_patients:
        return False
    numbers = _is_number(one["within"]) and (one["margin"] is None or _is_number(one["margin"]))
    numbers = numbers and (one["runner_up"] is None or _are_designated(run, one["runner_up"]))
    return numbers and isinstance(one["level"], list) and all(_is_rival(run, rival) for rival in one["level"])


def _is_rival(run: Run, rival: Any) -> bool:
    if not isinstance(rival, dict) or set(rival) != OF_A_RIVAL or not isinstance(rival["figures"], dict):
        return False
    two = all(isinstance(f, list) and len(f) == 2 and all(map(_is_number, f)) for f in rival["figures"].values())
    return two and _are_designated(run, rival["designated"])


def _are_designated(run: Run, said: Any) -> bool:
    known = {(site, code) for site in run.candidates for code in run.question.services}
    pairs = said if isinstance(said, list) else [None]
    texts = all(isinstance(pair, list) and len(pair) == 2 and all(isinstance(p, str) for p in pair) for pair in pairs)
    return texts and known.issuperset(map(tuple, pairs))


def _pairs(designated: list[list[str]]) -> Designated:
    return frozenset((code, site) for site, code in designated)


def _not_so(run: Run, trial: Trial, one: Mapping[str, Any]) -> Iterator[NotSo]:
    """Yield what is wrong with a standing: which part, what it is, and what it should be."""
    service, own = one["service"], mean_of(run, one["service"])
    if own is None or not isfinite(own):
        yield "service", service, "one whose patients all have a journey"
        return
    within = run.question.level_within(own)
    if not nearly(one["within"], within):
        yield "within", one["within"], within
    named = [_pairs(rival["designated"]) for rival in one["level"]]
    here = run.plan
    yield from _runner_up_not_so(run, trial, here, one, own)
    for rival, there in zip(one["level"], named, strict=True):
        if not _is_a_rival(run, trial, here, there, service):
            yield "level", rival["designated"], RIVAL
            continue
        apart = _apart(trial, there, service, own)
        if apart is None or size(apart) > within + CLOSE:
            yield "level", rival["designated"], f"a plan whose average journey is within {float(within):g} minutes"
        yield from _figures_not_so(run, trial.going(there), service, rival["figures"])
    yield from _margin_not_so(trial, here, one, named, within, own)


def _is_a_rival(run: Run, trial: Trial, here: Designated, there: Designated, service: str) -> bool:
    others, moved = {code for code in run.services_with_patients if code != service}, {code for code, _ in here ^ there}
    return service in moved and not moved & others and not trial.breaks_a_rule(there)


def _runner_up_not_so(run: Run, trial: Trial, here: Designated, one: Mapping[str, Any], own: Number) -> Iterator[NotSo]:
    """Yield what is wrong with the plan that the margin is to: it is lawful, and so far away."""
    service, margin, stated = one["service"], one["margin"], one["runner_up"]
    if stated is None or margin is None:
        if stated != margin:
            yield "runner_up", stated, "a plan where there is a margin, and none where there is none"
    elif not _is_a_rival(run, trial, here, _pairs(stated), service):
        yield "runner_up", stated, RIVAL
    else:
        apart = _apart(trial, _pairs(stated), service, own)
        if apart is None or not nearly(margin, apart):
            yield "runner_up", margin, apart


def _apart(trial: Trial, there: Designated, service: str, own: Number) -> Number | None:
    found = mean_of(trial.going(there), service)
    return None if found is None or not isfinite(found) else found - own


def _figures_not_so(run: Run, there: Run, service: str, said: Mapping[str, Any]) -> Iterator[NotSo]:
    both = [_of_service(one, service, set(said)) for one in (run, there)]
    for measure, claimed in said.items():
        for value, found in zip(claimed, both, strict=True):
            if measure not in found or not same(value, found[measure]):
                yield measure, value, found.get(measure, "a measure of the service")


def _of_service(run: Run, service: str, measures: set[str]) -> dict[str, Number]:
    """Return some measures of a service for everybody, worked out again."""
    found: dict[str, Number] = {}
    for (measure, code, group), expected in expected_measures(run, [service]):
        if code == service and not group and measure in measures:
            found[measure] = expected.value
        if len(found) == len(measures):
            break
    return found


def _margin_not_so(
    trial: Trial, here: Designated, one: Mapping[str, Any], named: list[Designated], within: Number, own: Number
) -> Iterator[NotSo]:
    """Try the service at every other set of sites, all else as it is, where those are few."""
    service, margin = one["service"], one["margin"]
    if not trial.sites_are_few:
        return
    sites, kept = trial.candidates, frozenset(pair for pair in here if pair[0] != service)
    every = chain.from_iterable(combinations(sites, many) for many in range(len(sites) + 1))
    least: Number | None = None
    for there in (kept | {(service, site) for site in chosen} for chosen in every):
        if there == here or trial.breaks_a_rule(there):
            continue
        apart = _apart(trial, there, service, own)
        if apart is None:
            continue
        least = apart if least is None or size(apart) < size(least) else least
        is_named = any({p for p in plan if p[0] == service} == {p for p in there if p[0] == service} for plan in named)
        if size(apart) < within - CLOSE and not is_named and len(named) < 8:
            yield "level", len(named), f"also {', '.join(site for _, site in sorted(there - kept))}"
    # A plan in which services without patients move as well may be nearer, and is lawful as said above.
    if least is not None and (margin is None or size(margin) > size(least) + CLOSE):
        yield "margin", margin, least
    nearest = [_apart(trial, there, service, own) for there in named]
    if nearest and nearest[0] is not None and (margin is None or not nearly(size(margin), size(nearest[0]))):
        yield "margin", margin, nearest[0]


def what_to_know_is_so(run: Run) -> Iterator[Breach]:
    """What to know before the answer is repeated is as the config has it, with the run's own numbers in it."""
    said, due = run.result.record.get("know_before"), list(_due(run))
    if due != _listed(said):
        message = f"run.json: know_before is {brief(said)}, but should be {brief(due)}."
        yield Breach(KNOWN, "run.json know_before", brief(said), brief(due), message)


def _due(run: Run) -> Iterator[dict[str, str]]:
    for one in (one for one in run.question.know_before if one["border"] in ("", run.question.border)):
        yield {"sentence": PLACE.sub(lambda place: _number(run, place), one["sentence"]), "source": one["source"]}


def _number(run: Run, place: re.Match[str]) -> str:
    measure, service, site, today = place.groups()
    if today and service not in run.question.today:
        return "not known"
    there = Trial.of(run).going(_today(run)) if today else run
    key = (measure, service, site or "")
    found = next((expected for name, expected in expected_measures(there) if name == key), None)
    return "not known" if found is None else _in_words(found.value, found.unit)


def _today(run: Run) -> Designated:
    known = run.question.today
    stated = {(code, site) for code, sites in known.items() for site in sites}
    return frozenset(stated | {pair for pair in run.plan if pair[0] not in known})


def _in_words(value: Number, unit: str) -> str:
    if not isfinite(value):
        return "none"
    number = Fraction(f"{float(value):.9f}")
    if unit.startswith("share"):
        return f"{floor(100 * number + Fraction(1, 2))}%"
    if unit == "minutes" or size(number) < 10:
        hundredths = floor(100 * size(number) + Fraction(1, 2))
        text = f"{hundredths // 100:,}.{hundredths % 100:02}".rstrip("0").rstrip(".")
        return f"-{text}" if number < 0 and hundredths else text
    return f"{floor(number + Fraction(1, 2)):,}"


STANDING_CHECKS = (standings_are_so, what_to_know_is_so)
