"""A folder of options: tables that people read, and every lawful option in a compact form."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from optimiser.plan.runs import csv_files, versions, write_files
from optimiser.problem import Problem
from optimiser.search.diagram import places_of
from optimiser.search.enumeration import LARGEST_ENUMERATION, Every
from optimiser.search.options import Front, NearBest, OfServices, Options, Ranked, names_of

FORMAT = 1
HOW_TO_READ = (
    "values.npy has a row for every option that breaks no rule, best first, and a column for each objective. The same "
    "row of places.npy says which option it is: the choice of a service in choices.csv is place // stride % choices."
)


@dataclass(frozen=True)
class Found:
    """What was asked about the options of one question, and what was found."""

    problem: Problem
    options: Options
    near: NearBest | None = None
    front: Front | None = None
    won: pd.DataFrame | None = None


def write(found: Found, folder: Path) -> Path:
    """Write the files of what was found.

    Raises
    ------
    NotWritten
        When the folder exists or cannot be written; nothing half-written is left.
    """
    return write_files(files_of(found), folder)


def files_of(found: Found) -> dict[str, bytes | np.ndarray]:
    """Return tables, every lawful option (where there are at most 50 million), the inputs and ``run.json``."""
    files: dict[str, bytes | np.ndarray] = dict(csv_files(tables(found)))
    files |= found.problem.files
    if 0 < found.options.lawful <= LARGEST_ENUMERATION:
        every = Every.of(found.problem)
        files |= csv_files({"choices": choices(every)})
        files["values.npy"], files["places.npy"] = every.all_in_order()
    hashes = {"files": {name: _sha256(content) for name, content in sorted(files.items())}}
    about = record(found) | {"versions": versions()} | hashes
    if "places.npy" in files:
        about |= {"how_to_read": HOW_TO_READ}
    files["run.json"] = json.dumps(about, indent=2, ensure_ascii=False).encode() + b"\n"
    return files


def tables(found: Found) -> dict[str, pd.DataFrame]:
    """Return everything found as tables, by name."""
    frames = {"struck": found.options.hurdles, "options": found.options.ranked.table.reset_index()}
    if found.near:
        frames |= {
            "near_best": _with_services(found.near.ranked, found.options.ranked).reset_index(),
            "different": found.near.different.table.reset_index(),
            "shares": found.near.shares,
        }
    if found.front:
        table = found.front.ranked.table if found.won is None else found.won.assign(exact=found.won["exact"].map(str))
        many = {} if found.front.options is None else {"options": found.front.options}
        frames["front"] = table.assign(**many).reset_index()
    return frames


def _with_services(ranked: Ranked, first_of: Ranked) -> pd.DataFrame:
    """Return a table of options with each service's own mean minutes and share of patients within its standard.

    ``some_service_worse`` is whether some service's own mean is longer than under the first option by more than a tie.
    """
    found = OfServices.of(ranked.problem, ranked.provided, first_of.provided[0])
    parts = [found.mean_minutes.add_prefix("mean_minutes."), found.within_standard.add_prefix("within_standard.")]
    of_each = pd.concat([*parts, found.worse.any(axis=1).rename("some_service_worse")], axis=1)
    return ranked.table.join(of_each.set_index(ranked.table.index))


def choices(every: Every) -> pd.DataFrame:
    """Return how the place of an option is read: one row a service and choice, with its sites."""
    rows = []
    for (code, chosen), (block, stride) in zip(every.choices.items(), places_of(every.diagram.sizes), strict=True):
        for number, provided in enumerate(chosen.provided):
            sites = [site for site, here in zip(every.problem.candidates, provided, strict=True) if here]
            rows.append((code, block, stride, len(chosen.provided), number, " ".join(sites)))
    return pd.DataFrame(rows, columns=["service", "column", "stride", "choices", "choice", "sites"])


def record(found: Found) -> dict[str, object]:
    """Return everything found as plain data."""
    options, near, front = found.options, found.near, found.front
    about: dict[str, object] = {
        "format": FORMAT,
        "question": found.problem.title,
        "objectives": names_of(options.ranked.aims),
        "listed": options.listed,
        "lawful": options.lawful,
        "hurdles": plain(options.hurdles),
        "equal_best": options.equal_best,
        "equal_to_last": options.equal_to_last,
        "equal_to_last_shown": options.equal_to_last_shown,
        "best": plain(options.ranked.table.reset_index()),
    }
    if near:
        about["near_best"] = {
            "aim": names_of([near.by])[0],
            "best": near.best,
            "limit": near.limit,
            "count": near.count,
            "complete": near.is_complete,
            "plans": plain(_with_services(near.ranked, options.ranked).reset_index()),
            "different": plain(near.different.table.reset_index()),
            "shares": plain(near.shares),
        }
    if front:
        about["front"] = {"aims": names_of(front.ranked.aims), "trade_offs": plain(tables(found)["front"])}
    return about


def plain(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return a table as a list of rows that JSON can hold."""
    return [
        {str(name): value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _sha256(content: bytes | np.ndarray) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    digest = _Digest()
    np.save(digest, content)
    return digest.sha256.hexdigest()


class _Digest(io.RawIOBase):
    """A file that is only hashed, so that a large one is never in memory twice."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        """Say that it may be written to."""
        return True

    def write(self, data: object) -> int:
        """Hash what would be written."""
        seen = memoryview(data).cast("B")  # type: ignore[arg-type]
        self.sha256.update(seen)
        return len(seen)
