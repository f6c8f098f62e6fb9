"""Areas, sites and every other table: columns by the names that others give them, with what is missing filled in."""

from __future__ import annotations

import re

import pandas as pd

from optimiser.errors import quoted
from optimiser.inputs.importing.codes import Known, as_code, codes_made, translated
from optimiser.inputs.importing.pairs import _asked, _listed, _say_left, without_thousands
from optimiser.inputs.importing.reading import Read, plain
from optimiser.inputs.importing.wishes import Wishes
from optimiser.inputs.schema import CODE_PATTERN, Table
from optimiser.inputs.shapes import OFFICIAL_CODE, OFFICIAL_NAME

# What others call our columns: patterns for the whole name, in small letters without anything between.
_ALSO = {
    "areas": {
        "area": r"(lsoa|msoa|oa|dz|sdz|datazone|geo)(\d{2}|\d{4})?(cd|code)|areacode|geographycode|code|id|lsoa",
        "name": r"(lsoa|msoa|oa|dz|sdz|datazone)(\d{2}|\d{4})?(nm|name)|areaname|geographyname|lsoa|msoa",
        "district": r"(lad|lt?la|la)(\d{2}|\d{4})?(nm|name)|localauthority(name|district)?|district(name)?",
        "commissioner": r"(icb|sicbl|ccg)(\d{2}|\d{4})?(nm|name)|icb",
        "population": r"pop(ulation)?(total)?(mid)?(20\d\d)?|allages|total(population)?|persons|people|residents",
        "population_65_plus": r"(pop(ulation)?|(people)?aged?)?65(plus|andover|over)",
        "population_75_plus": r"(pop(ulation)?|(people)?aged?)?75(plus|andover|over)",
        "deprivation_decile": r"imd(20\d\d)?decile|(index)?ofmultipledeprivation.*decile.*|imddecile|decile",
        "easting_m": r"easting|eastings|x|bng_?e",
        "northing_m": r"northing|northings|y|bng_?n",
    },
    "sites": {
        "site": r"(site|hospital|org(anisation)?|ods|provider|unit)(code|id)|code|id|site",
        "name": r"(site|hospital|org(anisation)?|provider|stroketeam|unit)(name)?|name",
        "postcode": r"(hospital)?postcode",
        "easting_m": r"easting|eastings|x",
        "northing_m": r"northing|northings|y",
    },
}
_DEFAULTS = {("areas", "resident"): "true", ("sites", "role"): "candidate"}


def rows_in(table: Table, read: Read, known: Known, wishes: Wishes) -> tuple[pd.DataFrame, list[str]]:
    """Return a table in our form, and what was done."""
    said = list(read.said)
    if read.grid is not None:
        raise read.refusal("these are times. Bring them in as journeys or transfers.")
    frame = read.frame
    theirs = _columns(table, read, wishes)
    if renamed := [f"{quoted(name)} as {ours}" for ours, name in theirs.items() if ours != name]:
        said.append(f"{', '.join(renamed)}.")
    _say_left([str(name) for name in frame.columns if name not in theirs.values()], said)
    found = pd.DataFrame({ours: frame[name] for ours, name in theirs.items()})
    key = table.key[0]
    stand_ins = [name for name in ("postcode", "name") if name in found and found[name].is_unique]
    if table.name in ("areas", "sites") and key not in found and stand_ins:
        found.insert(0, key, found[stand_ins[0]])
        said.append(f"{quoted(theirs[stand_ins[0]])} as {key} too, since nothing else names one {key} each.")
    own = known.kinds.get(table.name)
    if own and key in found and own.found(known.lookup.get(one, one) for one in found[key]):
        # Of those that the place has, and of nobody else: what they already have is not made up again.
        found[key] = found[key].map(translated(found[key], own, known, said))
        found = found.dropna(subset=[key])
        if found[key].duplicated().any():
            again = quoted(str(found[key][found[key].duplicated()].iloc[0]))
            raise read.refusal(f"{again} stands there more than once. Keep one row of each.")
        return _in_order(table, found), said
    if own and key in found:
        found = _with_own_codes(table, found, known, said)
    else:
        for column, kind in (("area", known.areas), ("site", known.sites)):
            if column in found and kind.codes:
                found[column] = found[column].map(translated(found[column], kind, known, said))
        found = found.dropna()
        for column in (one.name for one in table.columns if one.kind == "code" and one.name in found):
            codes = found[column].map(lambda one, noun=column: as_code(one, noun).lower() if one else one)
            made = found[column][(codes != found[column]) & ~found[column].str.fullmatch(CODE_PATTERN)]
            if len(made):
                found[column] = codes
                said.append(codes_made(made.nunique(), column, str(made.iloc[0]), codes[made.index[0]]))
    for column in table.required_names:
        if column not in found and (table.name, column) in _DEFAULTS:
            found[column] = _DEFAULTS[table.name, column]
            said.append(f"{column}, which the file does not have, as {_DEFAULTS[table.name, column]} in every row.")
    if lacking := [name for name in table.required_names if name not in found]:
        words = f"nothing in it is {', '.join(lacking)}; its columns are {_listed(list(frame.columns))}"
        raise read.refusal(f"{words}. Say which is: --column {lacking[0]}=THEIRS.")
    return _in_order(table, found), said


def _in_order(table: Table, found: pd.DataFrame) -> pd.DataFrame:
    """Return the columns as they are declared, without commas between thousands."""
    for column in (one.name for one in table.columns if one.numeric and one.name in found):
        found[column] = without_thousands(found[column])
    return found[[name for name in table.column_names if name in found]].reset_index(drop=True)


def _columns(table: Table, read: Read, wishes: Wishes) -> dict[str, str]:
    """Return the file's column for each of ours that it has."""
    names = list(read.frame.columns)
    found = {ours: _asked(read, name) for ours, name in wishes.columns.items()}
    for column in table.column_names:
        if column in found:
            continue
        taken = set(found.values())
        same = next((name for name in names if plain(name) == plain(column) and name not in taken), None)
        pattern = _ALSO.get(table.name, {}).get(column)
        if elsewhere := _ALSO.get(f"{column}s") if pattern is None else None:
            pattern = f"{elsewhere[column]}|{elsewhere['name']}"
        also = [
            name
            for name in names
            if pattern and re.fullmatch(pattern, plain(name.replace("+", "plus"))) and name not in taken
        ]
        also.sort(key=lambda name: column in table.key and not re.search(r"(cd|code|id)$", plain(name)))
        official = {"area": OFFICIAL_CODE, "name": OFFICIAL_NAME}.get(column) if table.name == "areas" else None
        first = next((name for name in also if official and official.fullmatch(name)), next(iter(also), None))
        if one := same or first:
            found[column] = one
    return found


def _with_own_codes(table: Table, found: pd.DataFrame, known: Known, said: list[str]) -> pd.DataFrame:
    """Return rows with a code each, made of what stands there where that is none, and a name."""
    key = table.key[0]
    written = found[key].map(lambda one: known.lookup.get(one, one))
    codes = written.map(lambda one: as_code(one, key))
    if (made := codes != found[key]).any():
        said.append(codes_made(int(made.sum()), key, found[key][made].iloc[0], codes[made].iloc[0]))
    if "name" not in found:
        found["name"] = found[key]
        said.append(f"the codes as names of the {key}s.")
    found[key] = codes
    return found
