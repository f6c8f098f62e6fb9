"""The served page in a real browser: what it adds works, asks only this machine, and can be used by anyone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from browser import NARROW, visit
from playwright.sync_api import Browser, Route, expect
from test_web import base_of, run_folder, served

import optimiser as op
from optimiser.web.scenarios import slug

SLOW = 120_000  # milliseconds: jobs share a busy machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("in_a_browser")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(run_folder(folder), folder) as (_, address):
        yield address


def test_tick_keep_find_the_best_and_show(browser: Browser, address: str, folder: Path):
    with visit(browser, address, allowed=base_of(address)[0]) as seen:
        page = seen.page
        expect(page).to_have_url(f"{base_of(address)[0]}/")  # the token is gone from the address
        page.locator('input[data-service="walk_in"][data-site="birch"]').uncheck()
        page.get_by_label("Name", exact=True).fill("Without Birch")
        page.get_by_label("Reason").fill("<img src=x onerror=alert(1)> to see")
        page.get_by_role("button", name="Keep this choice").click()
        expect(page.locator("#work-said")).to_contain_text("Without Birch: done", timeout=SLOW)
        expect(page.locator("#scenarios tbody tr")).to_have_count(1)
        expect(page.locator("#scenarios tbody")).to_contain_text("<img src=x onerror=alert(1)> to see")

        page.get_by_role("button", name="Keep this choice").click()
        expect(page.locator("#work-said")).to_contain_text("none is ever overwritten")

        page.get_by_label("Name", exact=True).fill("Best of all")
        page.get_by_text("Change the question before finding the best").click()
        page.locator("#minimum_patients-walk_in").fill("50")
        page.get_by_label("So many Doctors are in post at Ash Hospital").fill("4")
        page.get_by_label("Journeys from everywhere to Birch Hospital take").fill("15")
        page.get_by_label("There are so many times as many patients of visit").fill("x1.1")
        page.get_by_role("button", name="Find the best", exact=True).click()
        expect(page.locator("#work-said")).to_contain_text("Best of all: done", timeout=SLOW)
        expect(page.locator("#jobs")).to_contain_text("Proved best at ")
        assert seen.violations() == []

        page.get_by_role("button", name="Show the new scenarios beside the others").click()
        expect(page.locator("button.preset", has_text="Best of all")).to_be_in_viewport(timeout=SLOW)

        # The rail at the head: named, pinned, compared and opened with a click each.
        page.get_by_role("button", name="Rename Without Birch", exact=True).click()
        page.get_by_label("New name of Without Birch", exact=True).fill("Birch shut")
        page.keyboard.press("Enter")
        expect(page.locator("#rail")).to_contain_text("Birch shut")
        expect(page.locator("#work-said")).to_be_focused()
        for name in ("Birch shut", "Best of all"):
            page.get_by_label(f"Pin {name} to compare it").check()
        page.get_by_role("link", name="Compare the two that are pinned").click()
        expect(page.locator("#options thead").first).to_contain_text("Best of all", timeout=SLOW)
        expect(page.locator("#options thead").first).to_contain_text("Birch shut")
        page.locator("#rail").get_by_role("link", name="Best of all").click()
        expect(page.locator("#rail [aria-current]")).to_have_text("Best of all", timeout=SLOW)
        assert seen.violations() == []
        page.locator("#rail").get_by_role("link", name="The question asked").click()
        page.get_by_role("button", name="Archive Birch shut", exact=True).click()
        expect(page.locator("#rail")).not_to_contain_text("Birch shut")
        assert seen.quiet
    assert op.check(folder / "kept/best-of-all/run").empty
    stated = yaml.safe_load((folder / "kept/best-of-all/config.yaml").read_text())["change"]
    assert {name: one["value"] for name, one in stated.items()} == {
        "staff.doctors.people.ash": 4,
        "journeys.birch.from_everywhere": "+15",
        "demand_factor.visit": "x1.1",
    }


def test_what_is_no_change_is_shown_where_it_is_folded_away_and_asks_nothing(browser: Browser, address: str):
    with visit(browser, address, allowed=base_of(address)[0]) as seen:
        page = seen.page
        page.get_by_label("Name", exact=True).fill("A slip of the pen")
        page.get_by_label("Reason").fill("To see")
        summary = page.get_by_text("Change the question before finding the best")
        summary.click()
        figure = page.get_by_label("So many Doctors are in post at Ash Hospital")
        figure.fill("four", timeout=SLOW)
        summary.click()
        expect(figure).not_to_be_visible()
        page.get_by_role("button", name="Find the best", exact=True).click()
        expect(figure).to_be_visible()
        assert "A slip of the pen" not in page.locator("#jobs").inner_text()


EVERY_STATE: dict[str, Any] = {
    "most_seconds": 600,
    "jobs": [
        {
            "id": f"{number:016x}",
            "kind": kind,
            "name": f"Job {number}",
            "state": state,
            "told": told,
            "words": words,
            "seconds": 12,
            **({"so_far": 25, "of": 200} if told.startswith("25 of 200") else {"so_far": 0, "of": 0}),
        }
        for number, (kind, state, told, words) in enumerate(
            [
                ("best", "running", "Building the model", []),
                ("sweep", "running", "25 of 200 scenarios, about 7 seconds left", []),
                ("evaluate", "waiting", "Waiting", []),
                ("explain", "done", "", ["It would cost 3 minutes."]),
                ("sweep", "failed", "", ["This took longer than the 10 minutes that it may take."]),
                ("best", "stopped", "", ["Stopped. Nothing was kept."]),
            ]
        )
    ],
    "scenarios": [
        {
            "id": "one",
            "name": "</script><script>alert(1)</script>",
            "reason": "'\"><img src=x onerror=alert(1)>",
            "kind": "best",
            "made": "2026-11-21 10:00:00",
            "outcome": "proved best",
            "words": [],
            "archived": False,
            "has_a_page": True,
        }
    ],
}


@pytest.mark.parametrize("size", [NARROW, (1366, 768)])
def test_every_state_of_a_job_is_accessible_and_text_stays_text(browser: Browser, address: str, size: tuple[int, int]):
    with visit(browser, address, size, allowed=base_of(address)[0]) as seen:
        page = seen.page
        page.route("**/api/state", lambda route: route.fulfill(json=EVERY_STATE))
        page.reload()
        expect(page.locator("#jobs > li")).to_have_count(6)
        expect(page.get_by_role("progressbar")).to_have_count(3)
        # How much is done where that is known, else how long it has taken and when it is stopped at the latest.
        search, sweep = page.locator("#jobs > li").all()[:2]
        expect(search).to_contain_text("For 12 seconds; it is stopped after 10 minutes at the latest.")
        assert search.get_by_role("progressbar").get_attribute("value") is None
        expect(sweep).to_contain_text("25 of 200 scenarios, about 7 seconds left.")
        assert sweep.get_by_role("progressbar").evaluate("bar => bar.position") == 0.125
        expect(page.locator("#scenarios tbody")).to_contain_text("</script><script>alert(1)</script>")
        for summary in (
            "Change the question",
            "Run a sweep: what if figures turned out",
            "Advanced: choose what may vary",
        ):
            page.get_by_text(summary).click()
        expect(page.locator("#vary fieldset").first).to_be_visible(timeout=SLOW)
        expect(page.locator("#figures-by-site")).to_be_visible(timeout=SLOW)
        assert page.locator("#prepared button").all_text_contents() == [
            *("Longer journeys", "More or fewer patients", "Fewer staff", "Another floor")
        ]
        # In words, not by the codes of what may vary.
        assert "_" not in page.locator("#sweep").inner_text()
        assert seen.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert seen.quiet


@pytest.mark.parametrize("size", [NARROW, (1366, 768)])
def test_what_a_click_changes_is_in_the_viewport(browser: Browser, address: str, size: tuple[int, int]):
    with visit(browser, address, size, allowed=base_of(address)[0]) as seen:
        page = seen.page
        page.route("**/api/state", lambda route: route.fulfill(json=EVERY_STATE))
        page.reload()
        for summary in ("Change the question", "Run a sweep: what if figures", "Advanced: choose what may vary"):
            page.get_by_text(summary).click()
        expect(page.locator("#vary fieldset").first).to_be_visible(timeout=SLOW)
        expect(page.locator("#figures-by-site")).to_be_visible(timeout=SLOW)
        page.get_by_label("Name", exact=True).fill("Whatever")
        page.get_by_label("Reason").fill("To see")
        refused: list[str] = []

        def refuse(route: Route) -> None:
            refused.append(route.request.url)
            route.fulfill(status=409, json={"detail": f"Refused: {len(refused)}"})

        page.route(lambda url: "/api/" in url and "/api/state" not in url, refuse)
        page.locator("#vary input[type=checkbox]").first.check()
        buttons = ["Keep this choice", "Longer journeys", "Run a sweep", "Stop Job 0", "Archive </script>"]
        for number, words in enumerate(["Find the best", *buttons], start=1):
            page.locator("#work button").and_(page.get_by_role("button", name=words)).first.click()
            expect(page.locator("#work-said")).to_have_text(f"Refused: {number}")
            expect(page.locator("#work-said")).to_be_in_viewport(ratio=1)
        assert len(refused) == 6
        # It stands while a job is looked at: once the second look is answered the first has been drawn.
        for _ in range(2):
            with page.expect_response("**/api/state"):
                pass
        expect(page.locator("#work-said")).to_have_text("Refused: 6")
        page.locator("#why-service").select_option("walk_in")
        page.locator("#why-site").select_option("cedar")
        page.get_by_role("button", name="Work out why not").click()
        expect(page.locator("#because")).to_have_text("Refused: 7")
        expect(page.locator("#because")).to_be_in_viewport(ratio=1)
        page.get_by_role("button", name="Find the best: go to the form").click()
        expect(page.locator("#scenario-name")).to_be_in_viewport(ratio=1)


def test_a_job_is_asked_for_and_stopped_from_the_keyboard(browser: Browser, address: str):
    with visit(browser, address, allowed=base_of(address)[0]) as seen:
        page = seen.page
        page.get_by_label("Name", exact=True).focus()
        page.keyboard.type("To be stopped")
        page.keyboard.press("Tab")
        page.keyboard.type("A slip")
        page.get_by_role("button", name="Find the best", exact=True).focus()
        page.keyboard.press("Enter")
        stop = page.get_by_role("button", name="Stop To be stopped")
        expect(stop).to_be_visible(timeout=SLOW)
        stop.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#jobs")).to_contain_text("Stopped. Nothing was kept.", timeout=SLOW)
        assert seen.quiet


@pytest.mark.parametrize("size", [NARROW, (1366, 768)])
def test_a_sweep_is_answered_by_figures_where_it_was_asked(
    browser: Browser, address: str, size: tuple[int, int], folder: Path
):
    name = f"Busier at {size[0]}"
    with visit(browser, address, size, allowed=base_of(address)[0]) as seen:
        page = seen.page
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Reason").fill("To see")
        page.get_by_text("Run a sweep: what if figures").click()
        page.get_by_role("button", name="More or fewer patients").click(timeout=SLOW)
        found = page.locator("#sweep-found")
        expect(found.locator("svg.curve rect").first).to_be_visible(timeout=SLOW)
        expect(found.locator(".finding")).to_be_in_viewport()
        regret = pd.read_csv(folder / f"kept/{slug(name)}/sweep/regret.csv")
        assert f"{regret['won_share'].max():.1%}" in found.locator("table.swept tbody tr").first.inner_text()
        expect(found.locator("details table")).not_to_be_visible()
        found.get_by_text("As a table").click()
        rows = found.locator("details tbody tr")
        assert sum(int(row.locator("td").last.inner_text()) for row in rows.all()) == 200
        assert seen.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        # And again, later, from the table of what is kept.
        page.reload()
        page.get_by_role("button", name=f"Show what {name} found").click(timeout=SLOW)
        expect(found.locator(".finding")).to_be_in_viewport(timeout=SLOW)
        assert seen.quiet


def test_why_not_is_answered_by_the_program(browser: Browser, address: str):
    with visit(browser, address, allowed=base_of(address)[0]) as seen:
        page = seen.page
        page.locator("#why-service").select_option("walk_in")
        page.locator("#why-site").select_option("cedar")
        page.get_by_role("button", name="Work out why not").click()
        expect(page.locator("#work-said")).to_contain_text("Walk-in clinic at Cedar: done", timeout=SLOW)
        expect(page.locator("#jobs")).to_contain_text("Cedar")
        # Where it was asked.
        expect(page.locator("#because")).to_contain_text("Walk-in clinic at Cedar: done")
        assert seen.quiet


def test_without_the_cookie_a_browser_is_told_what_to_do(browser: Browser, address: str):
    with visit(browser, f"{base_of(address)[0]}/", allowed=base_of(address)[0]) as seen:
        assert "holds the token" in seen.page.content()


def test_a_page_of_another_origin_reaches_nothing(browser: Browser, address: str, tmp_path: Path):
    base, token = base_of(address)
    foreign = tmp_path / "foreign.html"
    foreign.write_text("<!doctype html><title>Foreign</title>", encoding="utf-8")
    ask = """([base, token]) => fetch(`${base}/api/state`, {headers: {authorization: `Bearer ${token}`}})
        .then(reply => reply.status, () => "refused")"""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(foreign.as_uri())
        assert page.evaluate(ask, [base, token]) == "refused"
