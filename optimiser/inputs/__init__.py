"""Put a config and its place's tables together into one question, listing every fault of both at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from optimiser.errors import Fault, InputError, holds_hidden, quoted
from optimiser.inputs.adding import site_faults, with_sites, with_sites_on_the_grid
from optimiser.inputs.assembling import problem_of, with_offsets_stated
from optimiser.inputs.config import Config, draft_config, resolved_yaml
from optimiser.inputs.config.settings import BY_ROAD
from optimiser.inputs.covers import faults as cover_faults
from optimiser.inputs.disagreements import disagreements, nobody_in_post
from optimiser.inputs.exactness import exact_problem_of
from optimiser.inputs.files import is_there, read_bytes
from optimiser.inputs.options import designations_of, left_out, scope, taken_straight, with_exceptions_of
from optimiser.inputs.schema import PLACE_TABLES
from optimiser.inputs.tables import IMPORTED, Place, boundary_file, look_at_place
from optimiser.problem import Problem
from optimiser.problem.words import OF_INPUTS

__all__ = [
    "Asked",
    "Question",
    "designations_of",
    "left_out",
    "place_asked",
    "problem_asked",
    "read_problem",
    "read_question",
    "scope",
    "taken_straight",
    "with_exceptions_of",
]

# A question, or the path of the config that asks it.
Asked = Problem | str | Path
MOST_SAID = 1_000_000
# Tables that a run keeps only where its question says something of roads. The first, how one gets onto them, it needs.
OF_ROADS = ("road_access", "road_turns", "road_delays", "road_hours", "road_waters")


@dataclass(frozen=True)
class Question:
    """A problem with what it was read from.

    ``taken`` says, a sentence each, what of the config and of the tables was understood otherwise than it is written,
    or is not read at all, and ``doubts`` which figures can hardly be.
    """

    problem: Problem
    config: Config
    place_folder: Path
    place: Place
    taken: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def read_problem(path: str | Path) -> Problem:
    """Read a config and its place's tables. Raises ``InputError`` with every fault of both."""
    return read_question(path).problem


def problem_asked(question: Asked) -> Problem:
    """Return a question as it is, or read the config that asks it. Raises ``InputError`` with every fault."""
    return question if isinstance(question, Problem) else read_problem(question)


def place_asked(path: str | Path) -> tuple[Path, tuple[tuple[str, str], ...]]:
    """Return the folder of the place that a config asks about, and the pairs of area and site that may be missing.

    Raises ``InputError`` where the config does not stand.
    """
    draft = draft_config(path)
    if draft.config is None:
        raise InputError(draft.faults)
    return draft.config.place, draft.config.settings.travel.allow_missing


def read_question(path: str | Path, *, with_roads: bool = False, anew: bool = False) -> Question:
    """Read a config and its place's tables, and keep both. Raises ``InputError`` with every fault of both.

    ``with_roads`` keeps the place's whole network among the question's files, whether the config says of roads or not.
    ``anew`` judges the tables whether they were found sound before or not.
    """
    draft = draft_config(path)
    if draft.config is None:
        raise InputError(draft.faults)
    config = with_sites_on_the_grid(draft.config)
    if not is_there(config.place, folder=True):
        words = f"there is no folder {quoted(config.settings.place)} beside this file. Correct the path."
        raise InputError([*draft.faults, Fault(config.where("place"), words)])
    place, table_faults = look_at_place(config.place, allow_missing=config.settings.travel.allow_missing, anew=anew)
    if place is not None and not table_faults:
        place, table_faults = with_sites(config, place)
    years = dict(words.split(": ", maxsplit=1) for words in draft.taken)
    found = [] if place is None else [_fault(*one, years) for one in disagreements(config, place)]
    if config.settings.roads is not None and place is not None:
        # A graph of roads takes a while to import, and few questions ask for one.
        from optimiser.inputs.roads import road_faults

        where = partial(config.where, "roads")
        found += [Fault(*one) for one in road_faults(config.settings, place, where, table_faults)]
    faulty = {fault.place for fault in draft.faults}
    cover = [Fault(where, words) for where, words in (*site_faults(config, faulty), *cover_faults(config))]
    if draft.faults and place and not (cover or table_faults or found):
        found += _faults_of_changes(config, place)
    faults = dict.fromkeys([*draft.faults, *cover, *table_faults, *found])
    if faults or place is None:
        raise InputError(faults, place.doubts if place else ())
    config, problem, rounded = exact_problem_of(config, place)
    before = (*_taken_before(config.place), *draft.taken, *place.taken, *nobody_in_post(config, place))
    said = (*before, *([rounded] if rounded else []))
    taken = tuple({_by_name(one): one for one in said}.values())
    problem = replace(problem, files=_files(with_offsets_stated(config, problem), place, taken, with_roads))
    return Question(problem, config, config.place, place, (*taken, *place.not_read), place.doubts)


def _faults_of_changes(config: Config, place: Place) -> list[Fault]:
    """Return what cannot be changed, where settings that say nothing of that are faulty."""
    services = config.settings.services.items()
    unfitted = {code: service.model_copy(update={"observed": None}) for code, service in services}
    try:
        problem_of(replace(config, settings=config.settings.model_copy(update={"services": unfitted})), place)
    except InputError as error:
        return list(error.faults)
    return []


def _fault(where: str, words: str, years: Mapping[str, str]) -> Fault:
    """Return a fault, with what year was understood in its line if a financial one was written there."""
    return Fault(where, f"{words} Understood: {years[where]}" if where in years else words)


def _files(config: Config, place: Place, taken: Sequence[str], with_roads: bool) -> dict[str, bytes]:
    """Return the question as a run folder keeps it: the resolved config, and each table as it was read.

    A table of which something was understood otherwise than it is written stands there as it was understood, so that
    anybody who reads it reads the same; ``taken.txt`` says what, and ``doubts.txt`` what can hardly be.
    """
    outlines = boundary_file(config.place)
    added = (config.settings.sites or {}).values()
    on_roads = with_roads or config.settings.roads or any(BY_ROAD in (one.journeys, one.transfers) for one in added)
    tables = [table.name for table in PLACE_TABLES if on_roads or table.name not in OF_ROADS]
    found = [config.place / name for name in (*(f"{name}.csv" for name in tables), IMPORTED)]
    inputs = {path.name: path.read_bytes() for path in [*found, *([outlines] if outlines else [])] if path.is_file()}
    lines = {"taken.txt": taken, "doubts.txt": place.doubts}
    said = {name: "".join(f"{_by_name(one)}\n" for one in words).encode() for name, words in lines.items() if words}
    kept = {f"inputs/{name}": content for name, content in {**inputs, **place.mended, **said}.items()}
    return {"config.yaml": resolved_yaml(config).encode(), **kept}


def _taken_before(folder: Path) -> list[str]:
    """Return what the run whose inputs a folder holds took otherwise than written; of any other folder nothing."""
    found = read_bytes(folder / Path(OF_INPUTS["taken"]).name, MOST_SAID, inside=folder)
    lines = found.decode(errors="replace").splitlines() if isinstance(found, bytes) else []
    return [line for line in lines if line.strip() and not holds_hidden(line)]


def _by_name(said: str) -> str:
    """Return what was said of a file by the file's name alone, so that a run is the same wherever it is made."""
    where, between, words = said.partition(": ")
    return f"{Path(where).name}{between}{words}"
