"""The independent checker: is a plan lawful, and is every claim of its run true?

Written from the plain words of the rules alone. It shares no code with what builds, solves, measures or writes
a plan, so that a mistake there cannot hide here. Everything is worked out again from the run's own inputs and
decisions, in exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from optimiser.checker.added import added_sites_are_those_of_the_config
from optimiser.checker.altered import changes_are_those_of_the_config
from optimiser.checker.branches import tried_by_branches
from optimiser.checker.changes import changes_come_to_what_is_said
from optimiser.checker.claims import CLAIM_CHECKS, files_are_as_listed
from optimiser.checker.clash import CLASH_CHECKS, in_words, no_plan_meets_every_rule, says_no_plan
from optimiser.checker.inputs import KNOWN_FILES, read_run, refuse_newer
from optimiser.checker.patterns import ON_CALL_CHECKS, PATTERN_CHECKS
from optimiser.checker.reading import Breach, Reader, UnreadableError, read_files
from optimiser.checker.record import RECORD_CHECKS
from optimiser.checker.record import said_of_best as said_of_best_of
from optimiser.checker.rotas import ROTA_CHECKS, patterns_are_lawful
from optimiser.checker.rules import RULES, every_rule_is_known, rule_holds
from optimiser.checker.run import Run
from optimiser.checker.sentences import SENTENCE_CHECKS
from optimiser.checker.sharing import SHARING_CHECKS
from optimiser.checker.standings import STANDING_CHECKS
from optimiser.checker.tables import LINK_CHECKS, TABLE_CHECKS

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CHECKS",
    "RULE_CHECKS",
    "Breach",
    "Examined",
    "Run",
    "as_table",
    "check",
    "examined",
    "said_of_best",
    "said_of_no_plan",
]

SAID_CHECKS = (*SENTENCE_CHECKS, *STANDING_CHECKS)
RULE_CHECKS = tuple(RULES)
"""Names of the rules that have a check here, in reading order."""
Check = Callable[[Run], Iterable[Breach]]
CLAIMS_BY_NAME: Mapping[str, Check] = {
    **{one.__name__: one for one in (*TABLE_CHECKS, *SHARING_CHECKS, *LINK_CHECKS)},
    **{name: partial(rule_holds, name) for name in RULES},
    **{
        one.__name__: one
        for one in (
            every_rule_is_known,
            *CLAIM_CHECKS,
            *RECORD_CHECKS,
            *SENTENCE_CHECKS,
            changes_come_to_what_is_said,
            changes_are_those_of_the_config,
            added_sites_are_those_of_the_config,
            *STANDING_CHECKS,
            *ROTA_CHECKS,
        )
    },
}


def _first_lines(functions: Mapping[str, Callable[..., object]]) -> dict[str, str]:
    return {name: (function.__doc__ or "").strip().partition("\n")[0] for name, function in functions.items()}


CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "files_can_be_read": "Every file can be read: UTF-8, the right columns, numbers that are numbers.",
        **_first_lines({"files_are_as_listed": files_are_as_listed}),
        "config_is_understood": "Every setting of config.yaml is one that the checks know, and names what exists.",
        # What is wrong with a pattern is said under the names of the checks of patterns.
        **_first_lines({name: one for name, one in CLAIMS_BY_NAME.items() if one is not patterns_are_lawful}),
        **_first_lines({name: rule.facts for name, rule in RULES.items()}),
        **PATTERN_CHECKS,
        **_first_lines({one.__name__: one for one in (no_plan_meets_every_rule, *CLASH_CHECKS)}),
        **_first_lines({"tried_by_branches": tried_by_branches}),
        **ON_CALL_CHECKS,
    }
)
"""Every check by name, each with a line that says what it makes sure of."""


class Examined(NamedTuple):
    """What is not true of a run, and what was made sure of that its plan is best; nothing where it is not sound.

    ``unread`` names the files of a sound run of which no check looked at more than the hash.
    """

    breaches: tuple[Breach, ...]
    best: Mapping[str, Any] | None
    unread: tuple[str, ...] = ()


NOT_SOUND: Mapping[str, Any] = MappingProxyType(
    {
        "claimed": False,
        "checked": "not sound",
        "tried": 0,
        "words": "Whether it is best was NOT checked: the check failed, so do not use this run.",
    }
)


def said_of_no_plan(run: Path | Mapping[str, bytes]) -> str:
    """Return what was confirmed of a run in which no plan meets every rule; nothing of another run."""
    reader = Reader(read_files(run, KNOWN_FILES))
    return in_words(reader) if says_no_plan(reader) else ""


def said_of_best(run: Path | Mapping[str, bytes]) -> Mapping[str, Any]:
    """Return what was made sure of that a run's plan is best.

    ``claimed``, whether the run says so; ``checked``, one of ``tried``, ``tried by branches``, ``proved by
    certificate``, ``NOT checked``, ``not claimed`` and ``not sound``; ``tried``, how many designations were; and
    ``words``, that can stand alone.
    """
    return examined(run).best or NOT_SOUND


def check(run: Path | Mapping[str, bytes]) -> pd.DataFrame:
    """Find every claim of a run that is not true.

    Parameters
    ----------
    run
        A run folder, or its files in memory: content by relative name.

    Returns
    -------
    pandas.DataFrame
        One row a breach: ``check`` (a name in ``CHECKS``), ``where``, ``claimed``, ``found`` and ``message``, a
        sentence that can stand alone. No row: every claim is true.

    Raises
    ------
    InputError
        There is no such folder, or it cannot be read. Broken files inside it are breaches, not errors.
    """
    return as_table(examined(run).breaches)


def as_table(breaches: Sequence[Breach]) -> pd.DataFrame:
    """Return breaches as ``check`` does."""
    # Most runs have none, and take less time to check than pandas takes to load.
    import pandas as pd

    return pd.DataFrame(breaches, columns=list(Breach._fields), dtype=str)


def examined(run: Path | Mapping[str, bytes]) -> Examined:
    """Find every claim of a run that is not true, and what was made sure of that its plan is best."""
    reader = Reader(read_files(run, KNOWN_FILES))
    best: Mapping[str, Any] | None = None
    try:
        refuse_newer(reader)
        reader.breaches.extend(list(files_are_as_listed(reader)))
        if says_no_plan(reader):
            reader.breaches.extend(no_plan_meets_every_rule(reader))
            if not reader.breaches:
                best = {"claimed": False, "checked": "not claimed", "tried": 0, "words": in_words(reader)}
        else:
            parsed = read_run(reader)
            for function in CLAIMS_BY_NAME.values():
                reader.breaches.extend(function(parsed))
            best = None if reader.breaches else tried_by_branches(parsed, reader, said_of_best_of(parsed))
    except UnreadableError:
        pass  # the reader has noted why
    unread = () if reader.breaches else tuple(sorted(reader.files.keys() - reader.read))
    return Examined(tuple(reader.breaches), best, unread)
