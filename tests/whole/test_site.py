"""The pages as one site: every link leads somewhere, every page is there, and nothing is loaded from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make site` does."""
    made = tmp_path_factory.mktemp("site")
    build = ["--quiet", "--fail-on-warning", "--builder", "html", "--conf-dir", "docs", ".", str(made)]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *build], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    return made


def test_every_page_is_in_the_site(site: Path):
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "data").glob("*/README.md"), ROOT / "README.md"]
    missing = [page for page in pages if not (site / page.relative_to(ROOT)).with_suffix(".html").exists()]
    assert missing == []


def test_a_page_of_the_site_loads_nothing_from_elsewhere(site: Path):
    loads = re.compile(r"""<(?:script|img|link|iframe)[^>]*\s(?:src|href)=["'](?:https?:)?//""")
    pages = [*site.rglob("*.html")]
    assert len(pages) > 40
    assert [page.name for page in pages if loads.search(page.read_text(encoding="utf-8"))] == []
    styles = [
        one for one in site.rglob("*.css") if re.search(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", one.read_text())
    ]
    assert styles == []
