"""From what a file calls its areas and sites to their codes in the place, or to codes made of what it calls them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from optimiser.errors import Fault, InputError, closest, quoted, shown
from optimiser.inputs.census import of_two_censuses
from optimiser.inputs.files import read_bytes
from optimiser.inputs.importing.reading import MAX_BYTES, plain
from optimiser.inputs.schema import CODE_PATTERN, place_table
from optimiser.inputs.tables.sheets import number_of, read_sheet
from optimiser.problem.words import begun


@dataclass(frozen=True)
class Kind:
    """Areas or sites of a place: their codes, and by each other name that they go by there, the code."""

    noun: str
    codes: tuple[str, ...] = ()
    by_name: Mapping[str, str] = field(default_factory=dict)

    def found(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the code of each id that the place knows, by its code or another of its names."""
        own = set(self.codes)
        return {
            one: one if one in own else self.by_name[plain(one)]
            for one in ids
            if one in own or plain(one) in self.by_name
        }


@dataclass(frozen=True)
class Known:
    """What a place has so far, and which codes of a file stand for which of the place."""

    areas: Kind
    sites: Kind
    lookup: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Areas and sites by the table that has them."""
        return {"areas": self.areas, "sites": self.sites}

    @classmethod
    def of(cls, folder: Path, lookup: Path | None) -> Known:
        """Read the codes and names of a place's areas and sites, and a lookup; a place may have none yet."""
        return cls(
            _kind(folder, "areas", "area", ("name",)),
            _kind(folder, "sites", "site", ("name", "postcode", "source_code")),
            {} if lookup is None else _lookup(lookup),
        )


def _kind(folder: Path, table: str, noun: str, others: tuple[str, ...]) -> Kind:
    if not (folder / f"{table}.csv").is_file():
        return Kind(noun)
    frame = read_sheet(folder, place_table(table)).frame
    if noun not in frame or frame.empty:
        return Kind(noun)
    names: dict[str, set[str]] = {}
    for column in (one for one in others if one in frame):
        for code, name in zip(frame[noun], frame[column], strict=True):
            names.setdefault(plain(str(name)), set()).add(str(code))
    # A name that several share stands for none of them.
    by_name = {name: next(iter(codes)) for name, codes in names.items() if name and len(codes) == 1}
    return Kind(noun, tuple(map(str, frame[noun])), by_name)


def _lookup(path: Path) -> dict[str, str]:
    """Return, by each code of a file, the code of the place, from a table whose first two columns say so."""
    data = read_bytes(path, MAX_BYTES)
    if isinstance(data, str):
        raise InputError([Fault(shown(path), data)])
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig", errors="replace"))))[1:]
    pairs = [(row[0].strip(), row[1].strip()) for row in rows if len(row) > 1 and row[0].strip()]
    found = dict(pairs)
    if len(set(pairs)) > len(found):
        words = "it gives a code of the file two codes of the place, and nothing says how to part what it counts."
        raise InputError([Fault(shown(path), f"{words} Use the lookup the other way round, or one code each.")])
    return found


def translated(ids: Iterable[str], kind: Kind, known: Known, said: list[str]) -> dict[str, str]:
    """Return the code of each id; ids that the place does not know are left out, if it knows any, and said.

    Where the place has no such table yet, a code is made of every id that is none.
    """
    distinct = [one for one in dict.fromkeys(ids) if one]
    after = {one: known.lookup.get(one, one) for one in distinct}
    if changed := sum(1 for one, code in after.items() if one != code):
        said.append(f"{number_of(changed, kind.noun)} by the codes that the lookup gives for theirs.")
    if not kind.codes:
        return _made(after, kind, said)
    found = kind.found(after.values())
    censuses = of_two_censuses(after.values(), kind.codes, f"{kind.noun}s.csv")
    if not found:
        ours, theirs = kind.codes[0], next(iter(after.values()), "")
        words = f"none of its {kind.noun}s is in {kind.noun}s.csv, which has codes such as {quoted(ours)} and names"
        words = f"{words} where the file has {quoted(theirs)}. "
        words += f"{begun(censuses)} (--lookup)." if censuses else "Give a table of theirs and ours with --lookup."
        raise InputError([Fault(f"{kind.noun}s", words)])
    named = sum(1 for one, code in found.items() if one != code)
    if named:
        said.append(f"{number_of(named, kind.noun)} by name, as {kind.noun}s.csv has them.")
    if left := [one for one, code in after.items() if code not in found]:
        some = f"{', '.join(map(quoted, left[:3]))}{' …' * (len(left) > 3)}"
        said.append(f"left out {number_of(len(left), kind.noun)} that {kind.noun}s.csv does not have: {some}")
    if lacking := [code for code in kind.codes if code not in set(found.values())]:
        near = closest(lacking[0], left) if left and not censuses else None
        hint = f"; did {quoted(near)} mean {quoted(lacking[0])}?" if near else "."
        some = f"{', '.join(lacking[:3])}{' …' * (len(lacking) > 3)}"
        said.append(f"the file has nothing of {number_of(len(lacking), kind.noun)} of {kind.noun}s.csv: {some}{hint}")
    if censuses:
        said.append(f"{censuses} (--lookup).")
    return {one: found[code] for one, code in after.items() if code in found}


def _made(after: Mapping[str, str], kind: Kind, said: list[str]) -> dict[str, str]:
    made = {one: as_code(code, kind.noun) for one, code in after.items()}
    if len(set(made.values())) < len(set(after.values())):
        words = f"two of its {kind.noun}s would have the same code. Give a table of theirs and ours with --lookup."
        raise InputError([Fault(f"{kind.noun}s", words)])
    changed = [(after[one], code) for one, code in made.items() if after[one] != code]
    if changed:
        said.append(codes_made(len(changed), kind.noun, *changed[0]))
    return made


def codes_made(number: int, noun: str, name: str, code: str) -> str:
    """Return in words of how many codes were made of what they go by, such as one."""
    return f"codes made of what {number_of(number, noun)} go by, such as {code} of {quoted(name)}."


def as_code(name: str, noun: str) -> str:
    """Return a code made of a name: its letters and digits, with _ for all else, and a letter in front."""
    if re.fullmatch(CODE_PATTERN, name):
        return name
    code = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return code if re.fullmatch(CODE_PATTERN, code) else f"{noun[0]}_{code}"
