"""Take the pictures of the page that the README and docs/page.md show, as small PNGs in docs/.

    python docs/screenshots.py            asks configs/base.yaml, evaluates July 2018, and takes every picture
    python docs/screenshots.py RUN...     takes them of runs that are there already

It needs a Chromium, found as tests find it (tests/browser.py).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))


def _answer(page: Any) -> None:
    page.screenshot(path=ROOT / "docs/page_answer.png")


def _choose(page: Any) -> None:
    page.locator('.ticks input[data-service="hyper_acute_stroke"][data-site="basildon"]').click()
    page.locator('.ticks input[data-service="hyper_acute_stroke"][data-site="southend"]').click()
    page.click("[name=view][value=difference]")
    page.locator("#now").evaluate("one => { one.style.position = 'static'; }")
    page.locator(".pair").first.screenshot(path=ROOT / "docs/page_choose.png")


PICTURES: tuple[Callable[[Any], None], ...] = (_answer, _choose)


def take(runs: Sequence[Path]) -> None:
    """Take every picture of the page of some runs."""
    from browser import LAPTOP, started, visit

    from optimiser.report.page import build as report

    with tempfile.TemporaryDirectory() as folder, started() as browser:
        path = report.write_report(runs, Path(folder) / "page.html")
        with visit(browser, path.as_uri(), LAPTOP) as seen:
            for picture in PICTURES:
                picture(seen.page)
            assert seen.quiet


def main(words: Sequence[str]) -> None:
    """Take the pictures of the runs named, or of the base question and the decision of July 2018."""
    import optimiser as op
    from optimiser.plan.runs import files_of, write_files

    if words:
        take([Path(word) for word in words])
        return
    problem = op.read_problem(ROOT / "configs/base.yaml")
    july = op.read_option(ROOT / "configs/options/dmbc_jul2018.yaml")
    with tempfile.TemporaryDirectory() as folder:
        found = op.answer(problem)
        assert isinstance(found, op.Answer)
        base = write_files(files_of(found.plan, found.set_against, found.would_change.record), Path(folder) / "base")
        option = op.write_run(op.evaluate(problem, op.designations_of(problem, july)), Path(folder) / "july_2018")
        take([base, option])


if __name__ == "__main__":
    main(sys.argv[1:])
