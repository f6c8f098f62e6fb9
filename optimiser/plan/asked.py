"""Which question an answer is to: runs of one place can be set side by side, and those of one question ranked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.inputs import OF_ROADS
from optimiser.inputs.config import settings_in_full
from optimiser.inputs.schema import PLACE_TABLES
from optimiser.model.rules import JUDGED
from optimiser.problem.words import amount, listed

Tables = Mapping[str, pd.DataFrame]

COLUMNS = ["setting", "value"]
# What a question may say otherwise and still be the same question; nor does it matter where a figure comes from.
WORDS = ("title", "place", "time_limit_minutes", "know_before", "a_tie_is_within")
TABLES_OF_ROADS = tuple(f"inputs/{name}.csv" for name in OF_ROADS)
OF_A_FIGURE = ("source", "verified", "reason")
NOT_STATED = "not stated"
NONE = "none"
# Here nothing listed is something else than nothing stated: a service is nowhere today, or that is not known.
TODAY = "today."
MOST_NAMED = 4
# What is said of settings that many questions differ in, by how their names end.
ALLOWED = {
    ".pathway": "whether patients of {} are taken on by transfer",
    ".may_fall_short": "whether rotas of {} may fall short",
}
# What is said of what a service needs about it, by where that stands in its settings.
LINKED = {
    "same_site": "what must be at the same site as {}",
    "in_reach": "what must be in reach of {}",
}
OBJECTIVES = "objectives"
# Where names stand, by the tables of an answer; and a value that is made of codes, perhaps several in a list.
NAMED = (("services", "service"), ("sites", "site"))
CODE = re.compile(r"[a-z][a-z0-9_]*")
OF_CODES = re.compile(rf"{CODE.pattern}(?:(?:, | and |: |; ){CODE.pattern})*")
# How a list of groups of entries begins: how many there are is shown, and what they are compared.
EXCEPTIONS, SITES = "exceptions", "sites."
GROUPS = re.compile(r"(\d+ (?:entry|entries)): ")


def designated_in(tables: Tables) -> frozenset[tuple[str, str]]:
    """Return the (site, service) pairs that are designated, out of the tables of an answer."""
    chosen = tables["designations"][is_true(tables["designations"]["designated"])]
    return frozenset(zip(chosen["site"], chosen["service"], strict=True))


def settings_of(files: Mapping[str, bytes]) -> pd.DataFrame:
    """Return everything that makes a question what it is, one row each: settings as ``a.b.c``, tables by their hash.

    ``files`` are the resolved config and the place's tables, by name in a run folder; what else stands there, such as
    the record of an import, asks nothing. No rows for a question that was made in Python, of which nothing is written.
    """
    rows = [*_flat(settings_in_full(files["config.yaml"]))] if "config.yaml" in files else []
    tables = sorted(name for table in PLACE_TABLES if (name := f"inputs/{table.name}.csv") in files)
    rows += [(name, hashlib.sha256(files[name]).hexdigest()) for name in tables]
    return pd.DataFrame(rows, columns=COLUMNS)


def _flat(said: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(said, dict) and said:
        parts = {key: one for key, one in said.items() if key not in OF_A_FIGURE}
        # An entry of which nothing is stated but where it comes from, such as a link, is there all the same.
        if not parts:
            yield name, "yes"
        for key, one in parts.items():
            yield from _flat(one, f"{name}.{key}" if name and key != "value" else name or str(key))
    else:
        words = listed(map(_aloud, said), NONE) if isinstance(said, list | dict) else _aloud(said)
        groups = isinstance(said, list) and bool(said) and all(isinstance(one, dict) for one in said)
        yield name, f"{len(said)} {'entry' if len(said) == 1 else 'entries'}: {words}" if groups else words


def _aloud(said: Any) -> str:
    """Return a value without the marks of a programme: yes and no, and what is said of something after a colon."""
    if isinstance(said, bool):
        return "yes" if said else "no"
    if isinstance(said, dict):
        return "; ".join(f"{key}: {_aloud(one)}" for key, one in said.items())
    return ", ".join(map(_aloud, said)) if isinstance(said, list) else str(said)


def _in_words(setting: str, known: Mapping[str, str]) -> str:
    """Return a setting without dots and underlines: what it is, and of which service."""
    first, *rest = setting.split(".")
    named = [known.get(part, part.replace("_", " ")) for part in rest]
    if first != "services" or len(rest) < 2:
        return ": ".join((first.replace("_", " "), *named))
    if rest[1:] == ["patients_go_to"]:
        return f"how patients go to {named[0]}"
    return f"{': '.join(named[1:])} of {named[0]}"


def who_may_move(answer: Tables) -> set[str]:
    """Return the teams, by code, of whom a question says that some may move between sites."""
    rows = answer["settings"]
    stated = rows[rows["setting"].str.fullmatch(r"teams\..*\.moves_at_most") & ~rows["value"].isin(["0", "0.0"])]
    return {str(setting).split(".")[1] for setting in stated["setting"]}


def lacks_who_may_move(instance: str, moving: set[str]) -> bool:
    """Whether an instance of a rule is about staff of whom some may move, who are lacking at no site in particular."""
    rule, *whose = instance.split(".")
    return JUDGED[rule].from_staff and not moving.isdisjoint(whose)


def differing(base: Tables, other: Tables) -> list[str]:
    """Return the settings in which two questions differ, in words; empty where they are one question."""
    return list(settings_apart(base, other).values())


def settings_apart(base: Tables, other: Tables, names: Sequence[str] = ()) -> dict[str, str]:
    """Return the settings in which two questions differ: what each is in both, in words, by its name in a config.

    Values are in the order of the two, and say whose they are where their ``names`` are given.
    """
    known = _names(base, other)
    whose = [f"{plan}: " for plan in names] or ["", ""]
    stated = [dict(zip(*(one["settings"][name] for name in COLUMNS), strict=True)) for one in (base, other)]
    alone = _sites_of_one(*stated)
    found = {
        f"{SITES}{code}": f"the site {code} that is added ({_of_both(whose, said)})" for code, said in alone.items()
    }
    before, after = _as_much_stated(
        *({name: said for name, said in one.items() if not _is_of(name, alone)} for one in stated)
    )
    # Tables that only one keeps since it alone asks of roads make no difference beside that.
    both_on_roads = all(TABLES_OF_ROADS[0] in one for one in stated)
    left_out = (*WORDS, *(() if both_on_roads else TABLES_OF_ROADS))
    for name in (one for one in dict.fromkeys((*before, *after)) if not one.startswith(left_out)):
        values = [NOT_STATED if one.get(name) is None else one[name] for one in (before, after)]
        if values[0] == values[1] or _says_nothing(name, values):
            continue
        if name == EXCEPTIONS:
            found[name] = f"which rules each is let off ({_of_both(whose, map(_let_off, values))})"
        else:
            table, shown = name.removeprefix("inputs/"), (_named(value, known) for value in _shown(*values))
            words = f"{_in_words(name, known)} ({_of_both(whose, shown)})"
            found[name] = f"the table {table}" if table != name else words
    return found


def _says_nothing(name: str, values: Collection[str]) -> bool:
    """Whether one question lists nothing where the other states nothing, which comes to the same."""
    return {*values} == {NOT_STATED, NONE} and not name.startswith(TODAY)


def _of_both(whose: Iterable[str], values: Iterable[str]) -> str:
    return "; ".join(f"{one}{value}" for one, value in zip(whose, values, strict=True))


def _names(*answers: Tables) -> dict[str, str]:
    """Return what services and sites of answers are called, by code."""
    rows = [one[kind][[key, "name"]].to_numpy() for one in answers for kind, key in NAMED if kind in one]
    return {str(code): str(name) for each in rows for code, name in each}


def _named(value: str, known: Mapping[str, str]) -> str:
    """Return a value that is made of codes with their names; any other as it is."""
    if not OF_CODES.fullmatch(value):
        return value
    return CODE.sub(lambda code: known.get(code[0], code[0].replace("_", " ")), value)


def _as_much_stated(*both: dict[str, str]) -> list[dict[str, str]]:
    """Return the settings of two questions so that where one states none, and the other entries, both say which."""
    found = []
    for one, other in (both, both[::-1]):
        empty = [name for name, value in other.items() if value == NONE]
        told = dict(one)
        for name in empty:
            if below := [setting for setting in one if setting.startswith(f"{name}.")]:
                entries = dict.fromkeys(setting.removeprefix(f"{name}.").split(".")[0] for setting in below)
                told = {setting: value for setting, value in told.items() if setting not in below}
                told[name] = listed(entries)
        found.append(told)
    return found


def _sites_of_one(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the sites that one of two questions adds and the other does not, and what each has of them."""
    each = [{name.split(".")[1] for name in one if name.startswith(SITES)} for one in (before, after)]
    return {
        site: [one.get(f"{SITES}{site}.name", NOT_STATED) for one in (before, after)]
        for site in sorted(each[0] ^ each[1])
    }


def _is_of(setting: str, sites: Collection[str]) -> bool:
    """Whether a setting is of one of some sites that a question adds."""
    return setting.startswith(SITES) and setting.split(".")[1] in sites


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
    here, faults = resident_areas(base), []
    for name, other in others:
        there = resident_areas(other)
        if not here & there:
            areas = f"of {len(there):,} resident areas here and {len(here):,} there, none is in both"
            words = f"this is of another place than {first}: {areas}. Compare answers about one place."
            faults.append(Fault(name, words))
    if faults:
        raise InputError(faults)


def resident_areas(answer: Tables) -> set[str]:
    """Return the areas whose people an answer counts as residents."""
    areas = answer["areas"]
    return set(areas["area"][is_true(areas["resident"])])


def is_true(values: pd.Series) -> pd.Series:
    """Return which values are true, however a file spells it."""
    return values.astype(str).str.lower() == "true"


def in_short(base: Tables, other: Tables, names: Sequence[str] = ("the first", "the other")) -> str:
    """Return in which settings two questions differ, in words; nothing where they are one.

    Where they are many, what one of the two (``names``) alone decides or allows comes first, what is to be small and
    which services need which, then some of the others.
    """
    found = settings_apart(base, other, names)
    if len(found) <= MOST_NAMED:
        return listed(found.values())
    both = [dict(zip(one["services"]["service"], one["services"]["name"], strict=True)) for one in (base, other)]
    said = []
    for here, there, name in ((*both, names[1]), (*both[::-1], names[0])):
        more = [code for code in there if code not in here]
        said += [f"{amount(len(more), 'services')} that {name} alone decides"] if more else []
    known, alone = both[0], {code for one in both for code in one} - (both[0].keys() & both[1].keys())
    rest = [name for name in found if not alone & set(name.split(".")) and name.partition(".")[0] != "teams"]
    for ending, words in ALLOWED.items():
        of = {
            name: known[name.split(".")[1]] for name in rest if name.startswith("services.") and name.endswith(ending)
        }
        said += [words.format(listed(dict.fromkeys(of.values())))] if of else []
        rest = [name for name in rest if name not in of]
    said += ["the objectives"] if OBJECTIVES in rest else []
    # A link to a service that one alone decides is a difference in what both have.
    for kind, words in LINKED.items():
        linked = {
            name: known[parts[1]]
            for name in found
            if (parts := name.split("."))[0] == "services" and parts[2:3] == [kind] and parts[1] not in alone
        }
        said += [words.format(listed(dict.fromkeys(linked.values())))] if linked else []
        rest = [name for name in rest if name not in linked and name != OBJECTIVES]
    # Whom a service needs decides more than any number.
    rest.sort(key=lambda name: ".rotas" not in name)
    said += [found[name] for name in rest[: max(0, MOST_NAMED - len(said))]]
    return f"{listed(said)}. {len(found)} settings differ in all: --csv writes each to settings.csv"
