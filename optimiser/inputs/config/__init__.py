"""Read a question (a config) or somebody's option, listing every fault at once with its file and line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from optimiser.errors import Fault, InputError, shown
from optimiser.inputs.config.contradictions import contradictions, exception_faults
from optimiser.inputs.config.faults import meaning_of, settings_of
from optimiser.inputs.config.settings import OBJECTIVES, Config, Draft, Option, OptionSettings, Settings
from optimiser.inputs.config.writing import (
    json_schema,
    pull_of,
    resolved_yaml,
    services_of,
    settings_in_full,
    sites_of,
    with_exceptions,
)
from optimiser.inputs.layers import Layers, Said, read_layers
from optimiser.inputs.schema import financial_year

# Settings that say how long journeys take, by group, and without which of them what is to be known was said.
LONGER = {
    "roads": (("close", "slow", "hour"), "roads as they are"),
    "travel": (("factor", "time"), "journeys as the place's tables have them"),
}
OF_OTHERS = "Warning, what is to be known of this was said with {}: with those of {} other sites may be best."

__all__ = [
    "OBJECTIVES",
    "Config",
    "Option",
    "OptionSettings",
    "Settings",
    "draft_config",
    "exception_faults",
    "json_schema",
    "meaning_of",
    "pull_of",
    "read_config",
    "read_option",
    "resolved_yaml",
    "services_of",
    "settings_in_full",
    "sites_of",
    "with_exceptions",
]


def read_config(path: str | Path) -> Config:
    """Read a config and all that it is based on. Raises ``InputError`` with every fault of every file."""
    draft = draft_config(path)
    if draft.faults or draft.config is None:
        raise InputError(draft.faults)
    return draft.config


def draft_config(path: str | Path) -> Draft:
    """Read a config and all that it is based on; return its faults beside what can be used all the same."""
    path = Path(path)
    layers = read_layers(path)
    if words := _is_another_kind(layers, path):
        return Draft(None, (Fault(shown(path), words),))
    _tell_of_others(layers)
    settings, faults = settings_of(layers, Settings)
    if settings is None:
        return Draft(None, tuple(faults))
    origins = layers.origins()
    place = origins["place",].path.parent / settings.place
    config = Config(settings, path, place, origins)
    named = layers.said.plain() if layers.said else {}
    faults += [Fault(where, words) for where, words in contradictions(config, named)]
    return Draft(config, tuple(dict.fromkeys(faults)), tuple(_years_taken(layers)))


def _tell_of_others(layers: Layers) -> None:
    """Say before what is to be known of a question which of its journeys a file laid over it has otherwise, if any.

    It is one of these sentences itself, so that every reader of a run has it.
    """
    said = layers.said.value if layers.said else {}
    known = said.get("know_before")
    if known is None or not isinstance(known.value, list) or known.origin.path not in layers.files:
        return
    later = layers.files[layers.files.index(known.origin.path) + 1 :]
    for group, (names, usual) in LONGER.items():
        stated = said[group].value if group in said else None
        each = [stated[name] for name in names if name in stated] if isinstance(stated, dict) else []
        parts = [part for one in each for _, part in one.walk() if part.value not in (None, [], {})]
        if over := next((part.origin for part in parts if part.origin.path in later), None):
            file = over.path.name
            words = {"sentence": OF_OTHERS.format(usual, file), "source": f"{group} in {file}"}
            known.value.insert(0, Said({key: Said(one, over) for key, one in words.items()}, over))


def _is_another_kind(layers: Layers, path: Path) -> str | None:
    """Return what a file is where it is an option or a sweep and no question, and the command that takes it."""
    said = layers.said.plain() if layers.said else {}
    named = set(said) if isinstance(said, dict) else set()
    if "services" in named or "place" in named:
        return None
    if {"option", "designations"} <= named:
        config = said.get("written_for")
        asked = shown(path.parent / config) if isinstance(config, str) else "CONFIG"
        return f"this is an option, not a question. Run: optimiser evaluate {asked} --option {shown(path)}"
    if {"title", "config"} <= named:
        return f"this is a sweep, not a question. Run: optimiser sweep {shown(path)}"
    return None


def _years_taken(layers: Layers) -> Iterator[str]:
    """Yield, for each financial year where a year is asked, the year that it was taken for."""
    for spot, said in layers.said.walk() if layers.said else ():
        if spot and spot[-1] == "year" and isinstance(said.value, str) and (year := financial_year(said.value)):
            yield f"{said.origin}: {said.value} as {year}, the year in which it begins."


def read_option(path: str | Path) -> Option:
    """Read an option. Raises ``InputError`` with every fault."""
    path = Path(path)
    layers = read_layers(path)
    settings, faults = settings_of(layers, OptionSettings)
    if faults or settings is None:
        raise InputError(faults)
    return Option(settings, path, layers.origins())
