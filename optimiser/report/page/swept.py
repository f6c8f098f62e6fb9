"""What a sweep found, for the page of a run: only of the same question, and only as the sweep wrote it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from optimiser.errors import Fault, InputError
from optimiser.plan.finished import Run
from optimiser.problem.parameters import parameters, to_one_site
from optimiser.scenarios.finished import for_figures
from optimiser.scenarios.influence import INFLUENCE
from optimiser.scenarios.writing import RESULT_FILES

UNREADABLE = (
    "this is no folder of a sweep that is done, as optimiser sweep writes it. Name one, or run the sweep again."
)
CHANGED = "this is not as the sweep wrote it. Run the sweep again."
ANOTHER = "this sweep is of another question than the run ({}). Sweep the run's config, or solve the sweep's."


def swept(run: Run, folder: Path) -> dict[str, Any]:
    """Return what a sweep found, and what varied in it, as data for figures.

    Raises ``InputError`` where the folder holds no sweep that is done, is not as it was written, or is of another
    question: then what is best in its scenarios says nothing of this run.
    """
    try:
        written = json.loads((folder / "run.json").read_text(encoding="utf-8"))["files"]
        drawn = [*RESULT_FILES, *({INFLUENCE} & written.keys())]
        now = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in drawn}
        faults = [Fault(str(folder / name), CHANGED) for name in drawn if written[name] != now[name]]
        asked = {name: hashlib.sha256(content).hexdigest() for name, content in run.problem.files.items()}
        others = [name for name in asked if written.get(name) != asked[name]]
        faults += [Fault(str(folder), ANOTHER.format(", ".join(others)))] if others else []
        if faults:
            raise InputError(faults)
        found = for_figures(folder)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise InputError([Fault(str(folder), UNREADABLE)]) from why
    every = parameters(run.problem, to_one_site(run.problem))
    told = [
        {"name": one.name, "meaning": one.meaning, "unit": one.unit, "current": float(one.current(run.problem))}
        for one in (every[varied["name"]] for varied in found["varied"] if varied["name"] in every)
    ]
    return {"found": found, "parameters": told}
