"""Nothing in a test reaches beyond this machine, and a skip in CI is a failure."""

from __future__ import annotations

import os

import pytest
from browser import browser

__all__ = ["browser"]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    outcome = yield
    report = outcome.get_result()
    needs_shared = item.get_closest_marker("needs_instances")
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail") and not needs_shared:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where everything must run: {call.excinfo and call.excinfo.value}"
