"""The harness itself: a page that misbehaves is caught."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import Browser, visit

GOOD = "<!doctype html><html lang='en'><title>Good</title><main><h1>Good</h1></main></html>"
BAD = """<!doctype html><title>Bad</title><img src="https://example.com/dot.png">
<script>alert("hello"); console.error("broken"); fetch("https://example.com/").catch(() => 0)</script>"""


def test_a_quiet_page_passes(browser: Browser, tmp_path: Path):
    (tmp_path / "good.html").write_text(GOOD)
    with visit(browser, (tmp_path / "good.html").as_uri()) as seen:
        assert seen.violations() == []
    assert seen.quiet


def test_requests_errors_dialogs_and_violations_are_noted(browser: Browser, tmp_path: Path):
    (tmp_path / "bad.html").write_text(BAD)
    with visit(browser, (tmp_path / "bad.html").as_uri()) as seen:
        seen.page.wait_for_load_state("load")
        found = seen.violations()
    assert sorted(set(seen.requests)) == ["https://example.com/", "https://example.com/dot.png"]
    assert seen.dialogs == ["hello"]
    assert "broken" in seen.errors
    assert {line.split(":")[0] for line in found} >= {"html-has-lang", "image-alt"}
    with pytest.raises(AssertionError):
        assert seen.quiet
