"""Put a config and its place's tables together into one question, listing every fault of both at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from optimiser.errors import Fault, InputError, quoted
from optimiser.inputs.assembling import problem_of, with_offsets_stated
from optimiser.inputs.config import Config, draft_config, resolved_yaml
from optimiser.inputs.covers import faults as cover_faults
from optimiser.inputs.disagreements import disagreements
from optimiser.inputs.files import is_there
from optimiser.inputs.options import designations_of, left_out, with_exceptions_of
from optimiser.inputs.schema import PLACE_TABLES
from optimiser.inputs.tables import Place, look_at_place
from optimiser.problem import Problem

__all__ = [
    "Asked",
    "Question",
    "designations_of",
    "left_out",
    "problem_asked",
    "read_problem",
    "read_question",
    "with_exceptions_of",
]

# A question, or the path of the config that asks it.
Asked = Problem | str | Path

BOUNDARY_FILES = ("boundaries.geojson", "boundaries.gpkg")


@dataclass(frozen=True)
class Question:
    """A problem with what it was read from."""

    problem: Problem
    config: Config
    place_folder: Path
    place: Place


def read_problem(path: str | Path) -> Problem:
    """Read a config and its place's tables. Raises ``InputError`` with every fault of both."""
    return read_question(path).problem


def problem_asked(question: Asked) -> Problem:
    """Return a question as it is, or read the config that asks it. Raises ``InputError`` with every fault."""
    return question if isinstance(question, Problem) else read_problem(question)


def read_question(path: str | Path) -> Question:
    """Read a config and its place's tables, and keep both. Raises ``InputError`` with every fault of both."""
    draft = draft_config(path)
    if draft.config is None:
        raise InputError(draft.faults)
    config = draft.config
    if not is_there(config.place, folder=True):
        words = f"there is no folder {quoted(config.settings.place)} beside this file. Correct the path."
        raise InputError([*draft.faults, Fault(config.where("place"), words)])
    place, table_faults = look_at_place(config.place, allow_missing=config.settings.travel.allow_missing)
    found = [] if place is None else [Fault(where, words) for where, words in disagreements(config, place)]
    cover = [Fault(where, words) for where, words in cover_faults(config)]
    faults = dict.fromkeys([*draft.faults, *cover, *table_faults, *found])
    if faults or place is None:
        raise InputError(faults)
    problem = problem_of(config, place)
    problem = replace(problem, files=_files(with_offsets_stated(config, problem)))
    return Question(problem, config, config.place, place)


def _files(config: Config) -> dict[str, bytes]:
    """Return the question as a run folder keeps it: the resolved config, and each table as it was read."""
    names = [*(f"{table.name}.csv" for table in PLACE_TABLES), *BOUNDARY_FILES]
    found = (config.place / name for name in names)
    inputs = {f"inputs/{path.name}": path.read_bytes() for path in found if path.is_file()}
    return {"config.yaml": resolved_yaml(config).encode(), **inputs}
