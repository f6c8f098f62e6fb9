"""Which question an answer is to: runs of one place can be set side by side, and those of one question ranked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.inputs.config import settings_in_full
from optimiser.problem.words import listed

Tables = Mapping[str, pd.DataFrame]

COLUMNS = ["setting", "value"]
# What a question may say otherwise and still be the same question; nor does it matter where a figure comes from.
WORDS = ("title", "place", "time_limit_minutes", "know_before", "a_tie_is_within")
OF_A_FIGURE = ("source", "verified", "reason")
NOT_STATED = "not stated"
MOST_NAMED = 4
# How a list of groups of entries begins: how many there are is shown, and what they are compared.
EXCEPTIONS, SITES = "exceptions", "sites."
GROUPS = re.compile(r"(\d+ (?:entry|entries)): ")


def settings_of(files: Mapping[str, bytes]) -> pd.DataFrame:
    """Return everything that makes a question what it is, one row each: settings as ``a.b.c``, tables by their hash.

    ``files`` are the resolved config and the place's tables, by name in a run folder. No rows for a question that was
    made in Python, of which nothing is written.
    """
    rows = [*_flat(settings_in_full(files["config.yaml"]))] if "config.yaml" in files else []
    tables = {name: content for name, content in files.items() if name.startswith("inputs/") and name.endswith(".csv")}
    rows += [(name, hashlib.sha256(content).hexdigest()) for name, content in sorted(tables.items())]
    return pd.DataFrame(rows, columns=COLUMNS)


def _flat(said: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(said, dict) and said:
        for key, one in said.items():
            if key not in OF_A_FIGURE:
                yield from _flat(one, f"{name}.{key}" if name and key != "value" else name or str(key))
    else:
        words = listed(map(str, said), "none") if isinstance(said, list | dict) else str(said)
        groups = isinstance(said, list) and bool(said) and all(isinstance(one, dict) for one in said)
        yield name, f"{len(said)} {'entry' if len(said) == 1 else 'entries'}: {words}" if groups else words


def _in_words(setting: str, services: Mapping[str, str]) -> str:
    """Return a setting without dots and underlines: what it is, and of which service."""
    first, *rest = (part.replace("_", " ") for part in setting.split("."))
    if first != "services" or len(rest) < 2:
        return ": ".join((first, *rest))
    code = setting.split(".")[1]
    return f"{': '.join(rest[1:])} of {services.get(code, rest[0])}"


def differing(base: Tables, other: Tables) -> list[str]:
    """Return the settings in which two questions differ, in words; empty where they are one question."""
    services = dict(zip(*(base["services"][column] for column in ("service", "name")), strict=True))
    before, after = (dict(zip(*(one["settings"][name] for name in COLUMNS), strict=True)) for one in (base, other))
    alone = _sites_of_one(before, after)
    found = [f"the site {name} that is added ({'; '.join(said)})" for name, said in alone.items()]
    for name in (one for one in dict.fromkeys((*before, *after)) if not one.startswith(WORDS)):
        if name.startswith(SITES) and name.split(".")[1] in alone:
            continue
        values = [NOT_STATED if one.get(name) is None else one[name] for one in (before, after)]
        if values[0] != values[1] and name == EXCEPTIONS:
            found.append(f"which rules each is let off ({'; '.join(map(_let_off, values))})")
        elif values[0] != values[1]:
            table = name.removeprefix("inputs/")
            found.append(
                f"the table {table}" if table != name else f"{_in_words(name, services)} ({'; '.join(_shown(*values))})"
            )
    return found


def _sites_of_one(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the sites that one of two questions adds and the other does not, and what each has of them."""
    each = [{name.split(".")[1] for name in one if name.startswith(SITES)} for one in (before, after)]
    return {
        site: [one.get(f"{SITES}{site}.name", NOT_STATED) for one in (before, after)]
        for site in sorted(each[0] ^ each[1])
    }


def _let_off(value: str) -> str:
    """Return of how many rules, each at one site, a list of exceptions lets an answer off."""
    groups = GROUPS.match(value)
    return f"at {groups[1].split(' ')[0]} {'place' if groups[1].startswith('1 ') else 'places'}" if groups else "none"


def _shown(before: str, after: str) -> list[str]:
    """Return two values of a setting as they are told: of lists of groups, how many groups there are."""
    counted = [GROUPS.match(value) for value in (before, after)]
    shown = [groups[1] if groups else value for groups, value in zip(counted, (before, after), strict=True)]
    return [shown[0], f"other {shown[1]}"] if shown[0] == shown[1] else shown


def refuse_other_places(answers: Mapping[str, Tables]) -> None:
    """Refuse answers of which one has no resident area in common with the first: they are of different places.

    Raises
    ------
    InputError
        One fault for each such answer.
    """
    (first, base), *others = answers.items()
    here, faults = _residents(base), []
    for name, other in others:
        there = _residents(other)
        if not here & there:
            areas = f"of {len(there):,} resident areas here and {len(here):,} there, none is in both"
            words = f"this is of another place than {first}: {areas}. Compare answers about one place."
            faults.append(Fault(name, words))
    if faults:
        raise InputError(faults)


def _residents(answer: Tables) -> set[str]:
    areas = answer["areas"]
    return set(areas["area"][areas["resident"].astype(str).str.lower() == "true"])


def in_short(base: Tables, other: Tables) -> str:
    """Return in which settings two questions differ, the first few of them named; nothing where they are one."""
    found = differing(base, other)
    more = len(found) - MOST_NAMED
    return listed([*found[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])])
