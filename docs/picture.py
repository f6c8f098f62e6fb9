"""Draw the answer: minutes to the hyper-acute stroke unit on a map of Mid and South Essex, as ``docs/answer.svg``.

    python docs/picture.py            asks configs/base.yaml and draws the answer
    python docs/picture.py RUN        draws a run folder that is there already
    python docs/picture.py --check    says whether docs/answer.svg is still what this makes

It is the map that ``optimiser export`` makes of the same run, under a title that names the next best too.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs/answer.svg"
SERVICE, UNIT = "hyper_acute_stroke", "hyper-acute stroke unit"


def draw(run: Path) -> str:
    """Return the picture of a run folder as SVG."""
    from optimiser.plan.finished import run_of
    from optimiser.report.export.figures import View, map_of

    found = run_of(run, only_if_sound=True)
    view = View(found, SERVICE)
    units = f"{UNIT.capitalize()}s, at" if view.sites["designated"].sum() > 1 else f"One {UNIT}, at"
    title = f"{units} {view.where}, averages {view.mean:.2f} minutes"
    best, second = found.record["enumeration"]["best"][:2]
    changed = {tuple(pair) for pair in best["designated"]} ^ {tuple(pair) for pair in second["designated"]}
    moved = [site for site, service in changed if not view.sites["designated"][site]]
    # Only where the next best plan moves this service and nothing else is its mean known from its objective.
    if {service for _, service in changed} == {SERVICE} and len(moved) == 1:
        mean = view.mean + (second["values"][0] - best["values"][0]) / view.patients
        title += f"; at {view.site_name(moved[0])}, {mean:.2f}"
    return map_of(found, SERVICE, "answer", title).svg


def draw_base() -> str:
    """Ask the base question and draw its answer."""
    import optimiser as op

    plan = op.solve(op.read_problem(ROOT / "configs/base.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        return draw(op.write_run(plan, Path(folder) / "base"))


def main(words: Sequence[str]) -> int:
    """Write or check the picture; return the exit code."""
    runs = [Path(word) for word in words if word != "--check"]
    picture = (draw(runs[0]) if runs else draw_base()).encode()
    if "--check" in words:
        same = PICTURE.exists() and PICTURE.read_bytes() == picture
        print(f"{PICTURE.name} is {'current' if same else 'out of date. Run: python docs/picture.py'}")
        return 0 if same else 1
    PICTURE.write_bytes(picture)
    print(f"Wrote {PICTURE.relative_to(ROOT)} ({len(picture):,} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
