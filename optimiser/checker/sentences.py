"""What run.json says of the plan beside other questions: is every word and number due, and is what they say true?

Two other questions are asked, each by one setting of the config: nobody crosses the border, or everybody goes to the
nearest. For each there are few wordings, written here as docs/how_it_works.md has them. Which of them is true follows
from what this plan and the best one come to in the other question, which is worked out again; that no other is better
there is tried where designations are few.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from optimiser.checker.claims import OBJECTIVES
from optimiser.checker.measures import mean
from optimiser.checker.question import Question
from optimiser.checker.reading import Breach, Number, brief, dust, nearly, same, size
from optimiser.checker.record import PROVED, Entry
from optimiser.checker.rules import PATIENTS, RULES, Fact, facts_of
from optimiser.checker.run import Run
from optimiser.checker.tried import Designated, Trial

# How the answer to the other question may have ended.
NOT_PROVED, NO_PLAN, NOT_KNOWN = "not proved", "no plan", "not known"
SAME, DIFFERS = "the same plan is best", "another plan is best"
MEAN, BEYOND_PRINTING = "mean_minutes", 10**200
# How many patients a site would see that it should not, by the rule that is broken.
WOULD_SEE = {
    "every_site_has_enough_patients": "{} of the {} patients a year that are asked for",
    "no_site_has_too_many_patients": "{} patients a year where {} are allowed",
}
# Both sides of a rule, which stand in a cell in place of a frame.
SIDES = ("left", "right")


class Other(NamedTuple):
    """Another question: the setting that it has, how it is asked, whether it is another at all, and what is said."""

    setting: Mapping[str, str]
    ask: Callable[[Question], Question]
    is_another: Callable[[Run], bool]
    no_plan: str
    not_known: str


def _nobody_is_shared_out(question: Question) -> Question:
    services = {code: replace(service, managed=False) for code, service in question.services.items()}
    return replace(question, services=services)


def _anybody_may_cross(run: Run) -> bool:
    outside = any(not area.resident for area in run.areas.values())
    return run.question.border_open and (outside or any(run.neighbours(code) for code in run.question.services))


OTHERS: Mapping[str, Other] = {
    "border": Other(
        {"border": "closed"},
        lambda question: replace(question, border="closed"),
        _anybody_may_cross,
        "The border matters: if nobody crossed it, no plan would meet every rule.",
        "What the border decides could not be found out: ",
    ),
    "nearest": Other(
        {"patients_go_to": "nearest"},
        _nobody_is_shared_out,
        lambda run: any(service.managed for service in run.question.services.values()),
        "If nobody were sent past a nearer site, no plan would meet every rule.",
        "What would be best if nobody were sent past a nearer site could not be found out: ",
    ),
}


def _are_keys(said: Any, *keys: str) -> bool:
    return isinstance(said, dict) and said.keys() == set(keys)


def _is_number(said: Any) -> bool:
    return isinstance(said, int | float | Fraction) and not isinstance(said, bool)


def _are_all(said: Any, kind: Callable[[Any], bool]) -> bool:
    return isinstance(said, list) and all(map(kind, said))


def _is_text(said: Any) -> bool:
    return isinstance(said, str)


def _is_pair(said: Any) -> bool:
    return _are_all(said, _is_text) and len(said) == 2


def _is_best(said: Any) -> bool:
    there = _are_keys(said, "designated", "values")
    return there and _are_all(said["designated"], _is_pair) and _are_all(said["values"], _is_number)


def _is_plan_there(said: Any) -> bool:
    there = _are_keys(said, "broken", "values")
    return there and _are_all(said["broken"], _is_text) and _are_all(said["values"], _is_number)


def _is_cell(said: Any) -> bool:
    return _are_keys(said, "frame", "row", "column", "value") and _is_number(said["value"])


ENTRIES: Mapping[str, Entry] = {
    "kind": Entry(lambda said: _is_text(said) and said in OTHERS, " or ".join(OTHERS)),
    "text": Entry(_is_text, "a sentence"),
    "template": Entry(_is_text, "a sentence with places for numbers"),
    "cells": Entry(lambda said: _are_all(said, _is_cell), "numbers, each with its frame, row and column"),
    "asked": Entry(lambda said: isinstance(said, dict), "the setting of the other question"),
    "outcome": Entry(
        lambda said: said in (PROVED, NOT_PROVED, NO_PLAN, NOT_KNOWN),
        ", ".join((PROVED, NOT_PROVED, NO_PLAN)) + f" or {NOT_KNOWN}",
    ),
    "best": Entry(lambda said: said is None or _is_best(said), "designations with their values, or nothing"),
    "this_plan_there": Entry(_is_plan_there, "the rules that are broken, and values"),
}


class Wording(NamedTuple):
    """A way to say something: a template, and of each number in it the frame and the service, or side and rule."""

    template: str
    cells: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Said:
    """A sentence as run.json has it, every part of its kind, and the question that it is about."""

    run: Run
    where: str
    entry: Mapping[str, Any]

    @property
    def other(self) -> Other:
        """The question that it is about."""
        return OTHERS[self.entry["kind"]]

    @cached_property
    def here(self) -> Trial:
        """The run's own question."""
        return Trial.of(self.run)

    @cached_property
    def there(self) -> Trial:
        """The other question."""
        return Trial(self.other.ask(self.run.question), self.run.inputs)

    @property
    def plan(self) -> Designated:
        """What this run designates, as (service, site) pairs."""
        return frozenset((code, site) for code in self.run.question.services for site in self.run.sites_of(code))

    @property
    def best(self) -> Designated | None:
        """What is said to be best in the other question; nothing where no plan is named."""
        stated = self.entry["best"]
        return stated and frozenset((service, site) for site, service in stated["designated"])

    @cached_property
    def wordings(self) -> dict[str, Wording]:
        """Every way to say something about the best plan stated or, without one, about there being none."""
        if self.best is None:
            # Why it is not known may be said in any words.
            why = _literally(self.entry["text"].removeprefix(self.other.not_known))
            return {NO_PLAN: Wording(self.other.no_plan), NOT_KNOWN: Wording(self.other.not_known + why)}
        if self.entry["kind"] == "border":
            return {DIFFERS: self._behind_the_border(self.best)}
        same_plan = Wording("If nobody were sent past a nearer site, the same plan would be best.")
        opening = "If nobody were sent past a nearer site, the best plan would differ: "
        return {SAME: same_plan, DIFFERS: self._swaps(self.best, opening)}

    def _moved(self, best: Designated) -> dict[str, list[str]]:
        """Return where the best plan has each service that it has elsewhere than this one."""
        there = {c: [site for site in self.run.candidates if (c, site) in best] for c in self.run.question.services}
        return {code: sites for code, sites in there.items() if sites != self.run.sites_of(code)}

    def _swaps(self, best: Designated, opening: str) -> Wording:
        """Return what is said of each service that the best plan has elsewhere if everybody goes to the nearest."""
        swaps, cells = [], list[tuple[str, str]]()
        for code, sites in self._moved(best).items():
            names = [self.run.inputs.names[site] for site in sites]
            minutes = ""
            if self._is_counted(code):
                minutes = f", {{{len(cells)}:.2f}} minutes on average"
                cells.append(("best_there", code))
            swaps.append(_literally(f"{self._name(code)} at {_listed(names)}") + minutes)
        return Wording(f"{opening}{'; '.join(swaps)}.", cells)

    def _behind_the_border(self, best: Designated) -> Wording:
        """Return what would be best behind the border, and which rules that breaks here or else how long it takes."""
        cells = list[tuple[str, str]]()
        moved = self._moved(best)
        swaps = [_literally(f"{self._name(code)} at {self._short(sites)}") for code, sites in moved.items()]
        counted = {code: sites for code, sites in moved.items() if self._is_counted(code)}
        here = self._breaks(best, cells) or self._takes(counted, cells)
        border = "As people cross today" if self.run.question.border == "as_today" else "With the border open"
        instead = f" {border}, {'; '.join(here)}." if here else ""
        fitted = any(one.observed is not None for one in self.run.question.services.values())
        if_so = f"If nobody crossed the border{', offsets kept as they are' * fitted}"
        return Wording(f"{if_so}: {'; '.join(swaps)} would be best.{instead}", cells)

    def _breaks(self, best: Designated, cells: list[tuple[str, str]]) -> list[str]:
        """Return the rules that the best plan there breaks here; adds both sides of those on patients to cells."""
        known = dict(self.run.inputs.names) | {code: self._name(code) for code in self.run.question.services}
        found = []
        for instance in sorted(broken_by(self.here.going(best))):
            rule, *names = instance.split(".")
            numbers = [f"{{{len(cells) + side}:,.0f}}" for side in (0, 1)]
            of_patients = self._fact(instance).unit == PATIENTS
            cells += [("left", instance), ("right", instance)] if of_patients else []
            if rule in WOULD_SEE:
                every = [site for site in self.run.candidates if (names[0], site) in best]
                others = [site for site in every if site not in names]
                beside = f", beside {self._short(others)}," if others else ""
                there = _literally(f"{self._name(names[0])} at {self._short(names[1:])}{beside}")
                found.append(f"{there} would see {WOULD_SEE[rule].format(*numbers)}")
                continue
            whose = _literally(", ".join(known.get(name, name.replace("_", " ")) for name in names))
            sides = f"{numbers[0]} against {numbers[1]} {PATIENTS}" if of_patients else ""
            inside = ": ".join(part for part in (whose, sides) if part)
            found.append(f"that breaks the rule that {rule.replace('_', ' ')} ({inside})")
        return found

    def _takes(self, services: Mapping[str, Sequence[str]], cells: list[tuple[str, str]]) -> list[str]:
        """Return what journeys to services come to with the best plan there, and here; adds both to cells."""
        found = []
        for code, sites in services.items():
            means = f"{{{len(cells)}:.2f}} minutes on average, where the plan takes {{{len(cells) + 1}:.2f}}"
            found.append(f"{_literally(f'{self._name(code)} at {self._short(sites)}')} would take {means}")
            cells += [("best_here", code), ("measures", code)]
        return found

    def _name(self, service: str) -> str:
        return self.run.question.services[service].name.lower()

    def _is_counted(self, service: str) -> bool:
        return mean_of(self.run, service) is not None

    def _short(self, sites: Sequence[str]) -> str:
        return _listed([short_name(self.run.inputs.names[site]) for site in sites])

    def _fact(self, instance: str) -> Fact:
        """Return an instance of a rule as the best plan there has it here."""
        rule, _, rest = instance.partition(".")
        facts = facts_of(rule, self.here.going(self.best or frozenset()))
        return next(fact for fact in facts if fact.instance == rest)

    @property
    def claim(self) -> str | None:
        """What the sentence claims, if it is worded as any is."""
        worded = (claim for claim, wording in self.wordings.items() if wording.template == self.entry["template"])
        return next(worded, None)

    def number(self, frame: str, service: str) -> Number | None:
        """Return the mean journey to a service in a frame: measures.csv, or the best plan here or there.

        Of the sides of a rule, ``service`` is its instance.
        """
        if frame in SIDES:
            fact = self._fact(service)
            return fact.left if frame == "left" else fact.right
        if frame == "measures":
            row = self.run.measures.get((MEAN, service, ""))
            return row.cells["value"] if row else None
        trial = self.here if frame == "best_here" else self.there
        return mean_of(trial.going(self.best or frozenset()), service)

    def not_so(self, check: str, part: str, claimed: object, found: object, says: str = "") -> Breach:
        """Return a breach: a part of the sentence that is not what it should be."""
        claimed, found = brief(claimed), brief(found)
        says = says or f"is {claimed or 'nothing'}, but should be {found or 'nothing'}"
        return Breach(check, f"{self.where} {part}", claimed, found, f"{self.where}: {part} {says}.")


def short_name(name: str) -> str:
    """Return the short name of a hospital, as docs/how_it_works.md has it."""
    for kind in (" University", " General", " District", ""):
        name = name.removesuffix(f"{kind} Hospital")
    return name.replace(" Hospital,", ",").replace(" Hospital (", " (")


def _listed(names: Sequence[str]) -> str:
    *first, last = names or ["no site"]
    return f"{', '.join(first)} and {last}" if first else last


class _Told(float):
    """A number of a sentence: whole ones have their halves rounded upwards."""

    def __format__(self, how: str) -> str:
        return f"{math.floor(self + 0.5):,}" if how == ",.0f" and math.isfinite(self) else super().__format__(how)


def _in_binary(value: Number) -> float:
    return _Told(value) if size(value) < BEYOND_PRINTING else math.inf


def _literally(words: str) -> str:
    """Return words as they stand in a template, which takes braces for places of numbers."""
    return words.replace("{", "{{").replace("}", "}}")


def mean_of(run: Run, service: str) -> Number | None:
    """Return the mean journey of residents to a service, in minutes; nothing where nobody needs it."""
    if run.question.services[service].activity is None:
        return None
    patients = run.streams(service)
    return mean({stream: patients[stream] for stream in run.residents_of(service)}, run.minutes_spent(service))


def _every(run: Run) -> list[Said]:
    """Return every entry of run.json that should be a sentence, whatever it is."""
    said = run.result.record.get("sentences")
    entries = said if isinstance(said, list) else []
    return [Said(run, f"run.json sentence {number}", entry) for number, entry in enumerate(entries, start=1)]


def _readable(run: Run) -> list[Said]:
    """Return the first sentence of each kind of which every part is there and of its kind, and names what there is."""
    sound = [one for one in _every(run) if not any(_faults_of(run, one.entry))]
    return list({one.entry["kind"]: one for one in reversed(sound)}.values())


def _faults_of(run: Run, entry: Any) -> Iterator[tuple[str, object, object]]:
    """Yield what is wrong with the parts of a sentence: which part, what it is, and what it should be."""
    if not _are_keys(entry, *ENTRIES):
        yield "parts", sorted(map(str, entry)) if isinstance(entry, dict) else entry, sorted(ENTRIES)
        return
    for part, (fits, wish) in ENTRIES.items():
        if not fits(entry[part]):
            yield part, entry[part], wish
            return
    best, width = entry["best"], len(run.question.objectives)
    pairs = [tuple(pair) for pair in best["designated"]] if best else []
    known = {(site, code) for site in run.candidates for code in run.question.services}
    if len(set(pairs)) < len(pairs) or not known.issuperset(pairs):
        yield "best designated", best["designated"], "candidates with services, each once"
    for part, values in (("best values", best and best["values"]), ("values", entry["this_plan_there"]["values"])):
        if values is not None and len(values) != width:
            yield part, values, f"one value for each of {width} objectives"


def sentences_say_what_numbers_say(run: Run) -> Iterator[Breach]:
    """A sentence of run.json is worded as one of those there are, of its plans, sites and numbers, each worked out."""
    check, kinds = "sentences_say_what_numbers_say", set[str]()
    for one in _every(run):
        faults = list(_faults_of(run, one.entry))
        for part, claimed, found in faults:
            yield one.not_so(check, part, claimed, found)
        if not faults and one.entry["kind"] in kinds:
            yield one.not_so(check, "kind", one.entry["kind"], "", "is said a second time")
        kinds |= set() if faults else {one.entry["kind"]}
    for one in _readable(run):
        yield from _worded(check, one)
        if run.result.outcome == "evaluated":
            yield one.not_so(check, "kind", one.entry["kind"], "", "is said of a plan that was only evaluated")


def _place(frame: str, code: str) -> dict[str, Any]:
    """Return where the number of a wording stands."""
    if frame in SIDES:
        return {"frame": "rules_here", "row": {"instance": code}, "column": frame}
    return {"frame": frame, "row": {"measure": MEAN, "service": code, "group": ""}, "column": "value"}


def _worded(check: str, said: Said) -> Iterator[Breach]:
    entry = said.entry
    if not said.other.is_another(said.run):
        yield said.not_so(check, "kind", entry["kind"], "", "is about another question, but it would be the same one")
    if entry["asked"] != said.other.setting:
        yield said.not_so(check, "asked", entry["asked"], " ".join(map(": ".join, said.other.setting.items())))
    if said.claim is None:
        expected = " or ".join(wording.template for wording in said.wordings.values())
        message = f"is worded as no sentence is: {brief(entry['template'])}"
        yield said.not_so(check, "template", entry["template"], expected, message)
        return
    wording, cells = said.wordings[said.claim], entry["cells"]
    due = [_place(frame, code) for frame, code in wording.cells]
    if [{part: cell[part] for part in cell if part != "value"} for cell in cells] != due:
        places = ", ".join(f"{frame} {code}" for frame, code in wording.cells)
        yield said.not_so(check, "cells", "", places, f"are not where its numbers stand: {places or 'nowhere'}")
        return
    for place, (cell, (frame, code)) in enumerate(zip(cells, wording.cells, strict=True), start=1):
        found = said.number(frame, code)
        if found is None or not same(cell["value"], found):
            yield said.not_so(check, f"cell {place} ({frame} {code})", cell["value"], found)
    text = wording.template.format(*(_in_binary(cell["value"]) for cell in cells))
    if entry["text"] != text:
        yield said.not_so(check, "text", entry["text"], text, f"is not its template with its numbers: {brief(text)}")


def sentences_are_true(run: Run) -> Iterator[Breach]:
    """What a sentence of run.json says of this plan and the best in another question is so; few are all tried there."""
    if all(objective.name in OBJECTIVES for objective in run.question.objectives):
        for said in _readable(run):
            yield from _true("sentences_are_true", said)


def _true(check: str, said: Said) -> Iterator[Breach]:
    there, stated, outcome = said.there, said.entry["this_plan_there"], said.entry["outcome"]
    values, broken = there.values(said.plan), broken_by(there.going(said.plan))
    if sorted(stated["broken"]) != sorted(broken):
        yield said.not_so(check, "this_plan_there broken", ", ".join(stated["broken"]), ", ".join(broken))
    if not _agree(there.question, stated["values"], values):
        yield said.not_so(check, "this_plan_there values", stated["values"], values)
    if said.best is None:
        if outcome not in (NO_PLAN, NOT_KNOWN):
            yield said.not_so(check, "outcome", outcome, f"{NO_PLAN} or {NOT_KNOWN}, since no best plan is stated")
        due = outcome
        if outcome == NO_PLAN and _is_any_lawful(said, known=not broken):
            yield said.not_so(check, "outcome", NO_PLAN, "a plan that breaks no rule")
    else:
        if outcome not in (PROVED, NOT_PROVED):
            yield said.not_so(check, "outcome", outcome, f"{PROVED}, as a best plan is stated")
        if there.breaks_a_rule(said.best):
            yield said.not_so(check, "best", "", "", "breaks a rule of the other question")
        best = there.values(said.best)
        if not _agree(there.question, said.entry["best"]["values"], best):
            yield said.not_so(check, "best values", said.entry["best"]["values"], best)
        if not broken and is_better(there.question, values, best):
            yield said.not_so(check, "best values", best, values, "are worse than what this plan comes to there")
        elif outcome == PROVED and (better := _a_better_one(said, best)):
            yield said.not_so(check, "best values", best, better, f"are worse than {brief(better)}, as another's are")
        due = DIFFERS if broken or is_better(there.question, best, values) else SAME
    if said.claim not in (None, due):
        yield said.not_so(check, "text", said.claim, due, f'says "{said.claim}", but should say "{due}"')


def broken_by(run: Run) -> list[str]:
    """Return the instances of rules that designations break, but for rules about staff: a lawful plan has its staff."""
    return [
        f"{name}.{fact.instance}"
        for name, rule in RULES.items()
        if rule.kind != "staff"
        for fact in facts_of(name, run)
        if rule.spare(fact) < -dust(fact.right)
    ]


def _is_any_lawful(said: Said, *, known: bool) -> bool:
    """Whether some plan breaks no rule of the other question: one that is known, or one of few that are tried."""
    return known or any(not said.there.breaks_a_rule(one) for one in said.there.designations() or ())


def _a_better_one(said: Said, best: tuple[Number, ...]) -> tuple[Number, ...]:
    """Return the values of a lawful plan that is better than the best stated, if designations are few enough to try."""
    there = said.there
    for one in there.designations() or ():
        values = there.values(one)
        if is_better(there.question, values, best) and not there.breaks_a_rule(one):
            return values
    return ()


def _alike(question: Question) -> list[Callable[[Number, Number], bool]]:
    """Return what tells of each objective whether two values are one: sums of rounded numbers may be a little apart."""
    return [nearly if OBJECTIVES[objective.name].rounded else same for objective in question.objectives]


def _agree(question: Question, some: Sequence[Number], others: Sequence[Number]) -> bool:
    return all(alike(a, b) for alike, a, b in zip(_alike(question), some, others, strict=True))


def is_better(question: Question, some: Sequence[Number], others: Sequence[Number]) -> bool:
    """Whether values are better than others: less in the first objective in which they are not alike."""
    apart = (a < b for alike, a, b in zip(_alike(question), some, others, strict=True) if not alike(a, b))
    return next(apart, False)


SENTENCE_CHECKS = (sentences_say_what_numbers_say, sentences_are_true)
