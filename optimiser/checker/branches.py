"""That nothing is better, where designations are too many to try one by one: by branches, each with a bound.

It is ``verify.py``, which every pack brings along, that tries them. It was written from the words of the rules and
shares no code with the rest of this room, nor with anything else; here it is only asked whether it is worth its time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optimiser.checker import verify
from optimiser.checker.reading import Reader
from optimiser.checker.record import NOT_CHECKED, PROVED
from optimiser.checker.run import Run
from optimiser.checker.tried import MOST_TRIED, Trial

# Of a question: journeys that are looked at, once for each set of sites that a service may have.
MOST_WORK = 5_000_000
MOST_BRANCHES = 20_000


def tried_by_branches(run: Run, reader: Reader, best: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """No designation is better, where they are too many to try one by one and branches can settle them.

    ``best`` is what else was made sure of, and is returned where branches are not called for or would take too long.
    Nothing is returned where something better was found, which is noted.
    """
    found = _branches(reader) if best["checked"] == NOT_CHECKED and _is_worth_its_time(run) else None
    if found is None:
        return best
    designations, branches, better = found
    if better is not None:
        message = f"run.json says {PROVED}, but a better designation breaks no rule: {better}."
        reader.note("tried_by_branches", "run.json outcome", PROVED, better, message)
        return None
    words = (
        f"That it is best was tried: {branches:,} branches settle all {designations:,} options, by a program of its "
        "own that goes with every pack; none that keeps every rule is better."
    )
    return {"claimed": True, "checked": "tried by branches", "tried": designations, "words": words}


def _branches(reader: Reader) -> tuple[int, int, str | None] | None:
    """Return how many designations were tried, by how many branches, and one that is better, in words, if one is."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in reader.files.items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        try:
            return verify.try_designations(Path(folder), MOST_BRANCHES)  # type: ignore[no-any-return, no-untyped-call]
        except (verify.TooMany, verify.CannotRead):
            return None


def _is_worth_its_time(run: Run) -> bool:
    trial, sites = Trial.of(run), len(run.candidates)
    if 2**sites > MOST_TRIED or not trial.sharings_are_few:
        return False
    sets = sum(2 ** sum(site not in one.fixed for site in run.candidates) for one in run.question.services.values())
    return bool(sets * len(run.inputs.minutes) <= MOST_WORK)
