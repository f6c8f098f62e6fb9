"""The page in a real browser, opened from disk with the network refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import LAPTOP, NARROW, WIDE, Browser, Visit, visit

import optimiser as op
from optimiser import report

ROOT = Path(__file__).parent.parent
HASU, SOUTHEND = "hyper_acute_stroke", "southend"
MOST_BYTES = 5_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs and their page."""
    parent = tmp_path_factory.mktemp("runs")
    base = op.read_problem(ROOT / "configs/base.yaml")
    op.write_run(op.solve(base), parent / "base")
    july = op.read_option(ROOT / "configs/options/dmbc_jul2018.yaml")
    op.write_run(op.evaluate(base, op.designations_of(base, july)), parent / "july_2018")
    op.write_report([parent / "base", parent / "july_2018"], parent / "page.html")
    return parent


@pytest.fixture
def seen(browser: Browser, folder: Path) -> Iterator[Visit]:
    with visit(browser, (folder / "page.html").as_uri()) as one:
        yield one
        assert one.quiet


def tick(seen: Visit, service: str, site: str) -> None:
    seen.page.locator(f'.ticks input[data-service="{service}"][data-site="{site}"]').click()


def test_the_page_is_small_and_has_every_section_in_order(folder: Path):
    html = (folder / "page.html").read_text(encoding="utf-8")
    assert len(html.encode()) < MOST_BYTES
    assert re.findall(r'<section id="(\w+)"', html) == [
        *("answer", "choose", "map", "journeys", "affected", "rotas", "transfers", "options", "checked")
    ]
    assert "innerHTML" not in html and "eval(" not in html and "document.write" not in html


def test_the_same_runs_give_the_same_bytes(folder: Path):
    page = report.page([folder / "base", folder / "july_2018"])
    assert page.encode() == (folder / "page.html").read_bytes()


def test_the_answer_its_status_and_four_figures_are_seen_without_scrolling(seen: Visit):
    for text in (
        "Draft: not a decision",
        "Hyper-acute stroke unit at Southend",
        "Proved best possible",
        "Checked.",
        "Data of",
    ):
        box = seen.page.get_by_text(text).first.bounding_box()
        assert box and box["y"] + box["height"] <= LAPTOP[1], text
    figures = seen.page.locator(".figures b")
    assert figures.all_text_contents() == ["22", "50", "82%", "298,541"]
    for number in range(4):
        box = figures.nth(number).bounding_box()
        assert box and box["y"] + box["height"] <= LAPTOP[1]


def test_opening_changes_no_number_that_python_wrote(browser: Browser, folder: Path):
    cells = "Array.from(document.querySelectorAll('[data-m]'), one => one.dataset.m + ' ' + one.textContent)"
    address = (folder / "page.html").as_uri()
    with visit(browser, address, java_script_enabled=False) as still, visit(browser, address) as live:
        html = still.page.content()
        written = live.page.evaluate(
            "html => Array.from(new DOMParser().parseFromString(html, 'text/html').querySelectorAll('[data-m]'),"
            " one => one.dataset.m + ' ' + one.textContent)",
            html,
        )
        assert len(written) > 200
        assert live.page.evaluate(cells) == written


def test_a_tick_is_followed_by_tables_words_and_rules(seen: Visit):
    tick(seen, HASU, "basildon")
    said = seen.page.locator("#said").text_content() or ""
    assert said == (
        "Hyper-acute stroke unit at Basildon and Southend (the answer: Southend). "
        "Hyper-acute stroke unit: 19 minutes on average, 22 in the answer. Breaks 1 rule."
    )
    broken = seen.page.locator("#rules-broken li").all_text_contents()
    assert broken[0] == (
        "Hyper-acute stroke unit at Southend University Hospital has at least 600 patients a year: "
        "500.33 against 600 patients a year"
    )
    seen.page.click("#reset-best")
    assert "Breaks no rule." in (seen.page.locator("#said").text_content() or "")


@pytest.mark.parametrize("size", [NARROW, LAPTOP, WIDE], ids=["narrow", "laptop", "wide"])
def test_nothing_is_in_the_way_of_anybody(browser: Browser, folder: Path, size: tuple[int, int]):
    with visit(browser, (folder / "page.html").as_uri(), size) as seen:
        assert seen.violations() == []
        seen.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        tick(seen, HASU, "broomfield")
        assert seen.violations() == []
        width = seen.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size[0]
    assert seen.quiet
