"""Scenarios on disk: a folder each, with a name, a reason, what was asked and the run. Nothing is ever overwritten."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORD = "scenario.json"
MOST_BYTES = 10 * 1024**2
DAMAGED = "damaged"
FORMAT = 1
LONGEST = 60
# What each entry of a record must be.
KINDS = {"format": int, **dict.fromkeys(("name", "reason", "kind", "made", "outcome"), str), "words": list}


@dataclass(frozen=True)
class Scenario:
    """One scenario that is complete on disk."""

    id: str
    folder: Path
    record: Mapping[str, Any]

    @property
    def run(self) -> Path:
        """Its run folder."""
        return self.folder / "run"

    @property
    def name(self) -> str:
        """What people call it now; its folder keeps the name that it was made under."""
        return str(self.record.get("name", self.id))

    @property
    def is_damaged(self) -> bool:
        """Whether its record cannot be read, so that nothing else of it is looked at."""
        return self.record.get("outcome") == DAMAGED

    @property
    def is_archived(self) -> bool:
        """Whether somebody laid it aside."""
        return self.record.get("archived") is True

    @property
    def has_no_plan(self) -> bool:
        """Whether no plan meets every rule there, and its run says why."""
        return (self.run / "clash.csv").is_file() and not self.is_damaged

    @property
    def sweep(self) -> Path:
        """The folder of its sweep."""
        return self.folder / "sweep"

    @property
    def has_a_sweep(self) -> bool:
        """Whether it is a sweep: many answers."""
        return (self.sweep / "run.json").is_file() and not self.is_damaged

    @property
    def has_a_run(self) -> bool:
        """Whether it is one answer, which a page can set beside others; a sweep is many."""
        return (self.run / "run.json").is_file() and not self.has_no_plan and not self.is_damaged


@dataclass(frozen=True)
class Scenarios:
    """A folder of scenarios."""

    folder: Path

    def all(self) -> list[Scenario]:
        """Return the scenarios that are complete, oldest first."""
        if not self.folder.is_dir():
            return []
        found = [one for path in sorted(self.folder.iterdir()) if (one := self._read(path))]
        return sorted(found, key=lambda one: (str(one.record.get("made")), one.id))

    def get(self, id: str) -> Scenario | None:
        """Return the scenario of this id, or None. Only ids that are listed are ever looked for."""
        return next((one for one in self.all() if one.id == id), None)

    def place_for(self, name: str) -> Path:
        """Return the folder that a scenario of this name would have."""
        return self.folder / slug(name)

    def is_taken(self, name: str, *, but: str = "") -> bool:
        """Whether a scenario, other than that of an id, is called so or was made under this name."""
        others = (one for one in self.all() if one.id != but)
        return any(slug(name) in (one.id, slug(one.name)) for one in others)

    def change(self, one: Scenario, **said: object) -> Scenario:
        """Write what is said of a scenario, such as its name, in its record; nothing else of it is ever changed."""
        record = {**one.record, **said}
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        draft = one.folder / f".{RECORD}.unfinished"
        draft.write_text(text, encoding="utf-8")
        draft.replace(one.folder / RECORD)
        return Scenario(one.id, one.folder, record)

    def sweep_up(self, place: str | Path) -> bool:
        """Remove what a stopped job had begun to write; return whether its scenario is there all the same."""
        place = Path(place)
        for path in place.parent.glob(f".{place.name}.unfinished-*"):
            shutil.rmtree(path, ignore_errors=True)
        return (place / RECORD).is_file()

    def _read(self, path: Path) -> Scenario | None:
        """Return a scenario; where its record is damaged, one that says so. What has no record is none."""
        stated = path / RECORD
        if not stated.is_file() or stated.is_symlink():
            return None
        try:
            record = json.loads(stated.read_bytes() if stated.stat().st_size <= MOST_BYTES else "")
        except (OSError, ValueError, RecursionError):
            record = {}
        if not isinstance(record, dict) or any(not isinstance(record.get(n), kind) for n, kind in KINDS.items()):
            record = {"outcome": DAMAGED}
        elif record["format"] != FORMAT:
            return None
        return Scenario(path.name, path, record)


def slug(name: str) -> str:
    """Return a name as a folder's name: small letters, figures and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    # A name without any such letter still needs a folder of its own.
    return found or "scenario-" + "-".join(f"{ord(letter):x}" for letter in name[:8])
