"""How long the whole care model takes, as people type it: from reading the config to the checked run folder.

    python benchmarks/care_model.py            three times, after one that is not counted
    python benchmarks/care_model.py --once

The aim is 5 seconds in all on a quiet machine. CPU seconds say more than wall seconds on a busy one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "configs/care_model.yaml"
AIM_SECONDS = 5


def once() -> tuple[float, float, str]:
    """Solve in a process of its own; return wall and CPU seconds and the outcome."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "optimiser", "solve", str(CONFIG), "--json", "--out", f"{folder}/run"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, cpu, json.loads(done.stdout)["outcome"]


def main() -> None:
    """Print a row a run."""
    parser = argparse.ArgumentParser(description="Time the whole care model.")
    parser.add_argument("--once", action="store_true", help="one run only")
    times = 1 if parser.parse_args().once else 4
    print(f"{'run':>4} {'wall s':>8} {'cpu s':>8} {'of the aim':>11}  outcome")
    for number in range(times):
        wall, cpu, outcome = once()
        if number or times == 1:
            print(f"{number:>4} {wall:>8.2f} {cpu:>8.2f} {cpu / AIM_SECONDS:>10.0%}  {outcome}")


if __name__ == "__main__":
    main()
