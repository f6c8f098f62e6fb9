"""Is it true that no plan meets every rule? Where designations are few, each is tried, from the words of the rules.

A run that says so has no plan to check. What is checked is that every designation that agrees with what is fixed and
with the numbers of sites breaks some rule, staff shared out as well as they can be.
"""

from __future__ import annotations

from collections.abc import Iterator

from optimiser.checker.clash import clash_is_as_said, confirmed
from optimiser.checker.inputs import read_asked
from optimiser.checker.reading import Breach, Reader
from optimiser.checker.record import WITHOUT_PLAN, entries_fit
from optimiser.checker.tried import Trial

NO_PLAN = "no plan"
CHECK = "no_plan_meets_every_rule"


def says_no_plan(reader: Reader) -> bool:
    """Whether a run says that no plan meets every rule."""
    return "run.json" in reader.files and reader.json("run.json").get("outcome") == NO_PLAN


def no_plan_meets_every_rule(reader: Reader) -> Iterator[Breach]:
    """Where a run says that no plan meets every rule, every designation breaks one, if they are few enough to try."""
    trial = Trial(*read_asked(reader))
    record, title = reader.json("run.json"), trial.question.title
    yield from entries_fit(record, WITHOUT_PLAN)
    if record.get("question") != title:
        yield Breach(
            CHECK, "run.json", str(record.get("question")), title, "run.json does not ask the config's question."
        )
    for designated in trial.lawful(trial.designations() or []):
        found = "; ".join(f"{service} at {site}" for service, site in sorted(designated))
        yield Breach(CHECK, "run.json", NO_PLAN, found, f"These designations break no rule: {found}.")
        break
    yield from clash_is_as_said(reader, trial)


def in_words(reader: Reader) -> str:
    """Return what was confirmed of a run that says that no plan meets every rule, as a sentence."""
    trial = Trial(*read_asked(reader))
    tried = trial.designations()
    if tried is None:
        words = "That no plan meets every rule is the solver's word: there are too many designations, or flows, to try."
        return f"{words} So are the rules that clash and the ways out."
    return (
        f"No plan meets every rule: confirmed independently, by trying {len(tried):,} designations. "
        f"{confirmed(reader, trial)}"
    )
