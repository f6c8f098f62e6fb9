"""The page in a real browser, opened from disk with the network refused."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from html import unescape
from html.parser import HTMLParser
from itertools import combinations, cycle, repeat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from browser import LAPTOP, NARROW, WIDE, Browser, Visit, visit
from playwright.sync_api import ViewportSize
from shipped import answer, question
from worlds import as_today, small, three_doctors

import optimiser as op
from optimiser.errors import InputError, NotWritten
from optimiser.plan import measures
from optimiser.plan.proof import Written
from optimiser.plan.runs import files_of, write_files
from optimiser.problem import Figure, Fixed
from optimiser.problem.parameters import parameters
from optimiser.report import glossary
from optimiser.report.cards import _rounded
from optimiser.report.page import build as report
from optimiser.report.page.side_by_side import told_apart
from optimiser.search.level import with_standings

ROOT = Path(__file__).parents[2]
HASU, SOUTHEND = "hyper_acute_stroke", "southend"
MOST_BYTES = 5_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs and their page, the first with all that the command says of it."""
    parent = tmp_path_factory.mktemp("runs")
    base = question("base")
    found = op.answer(base)
    assert isinstance(found, op.Answer)
    write_files(files_of(found.plan, found.set_against, found.would_change.record), parent / "base")
    july = op.read_option(ROOT / "configs/options/dmbc_jul2018.yaml")
    op.write_run(op.evaluate(base, op.designations_of(base, july)), parent / "july_2018")
    op.write_report([parent / "base", parent / "july_2018"], parent / "page.html")
    return parent


@pytest.fixture(scope="module")
def care_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the whole care model: twenty services, decided as today."""
    problem = question("care_model")
    path = tmp_path_factory.mktemp("care_model") / "page.html"
    return op.write_report([op.evaluate(problem, problem.today)], path)


@pytest.fixture(scope="module")
def nearest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the answer if everybody goes to the nearest."""
    path = tmp_path_factory.mktemp("nearest") / "page.html"
    return op.write_report([answer("what_if/border_nearest")], path)


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
        *("answer", "choose", "map", "journeys", "affected", "rotas", "transfers", "ways", "options", "checked")
    ]
    assert "innerHTML" not in html and "eval(" not in html and "document.write" not in html


CODED = re.compile(
    r"\brun-[0-9a-f]{6}|\b[a-z0-9]+_[a-z0-9_]+|\.(?:csv|json|yaml)\b|`|\boptimiser [a-z]+|(?<!\w)--[a-z]|\bconfig\b"
)


def test_no_code_file_or_command_stands_in_what_a_leader_reads(seen: Visit):
    """But for what can be copied, and below: sources and fingerprints name files."""
    texts = seen.page.evaluate(
        """Array.from(document.querySelectorAll('header *, main > :not(#checked) *, main section:not(#checked) *'))
        .filter(one => !one.closest('textarea, #checked') && !one.closest('details:has(textarea)'))
        .flatMap(one => Array.from(one.childNodes)).filter(node => node.nodeType === 3).map(node => node.textContent)"""
    )
    assert len(texts) > 500
    assert [text for text in texts if CODED.search(text)] == []


# Numbers of the README's caveats that the page has not: people an area, areas that send anybody, more areas and who
# comes from them to Broomfield, and what was worked out with patients sent elsewhere or as many as the model has.
IN_THE_README_ALONE = {"8,000", "1,874", "823", "84", "21.67", "80", "33"}


def test_every_number_of_the_readmes_caveats_is_on_the_page_too(folder: Path):
    number = re.compile(r"(?<![\w.,])\d(?:[\d,]*\d)?(?:\.\d+)?(?![\w])")
    caveats = (ROOT / "README.md").read_text(encoding="utf-8").partition("know before repeating it:")[2]
    caveats = re.sub(r"\]\([^)]*\)", "]", caveats.partition("Until November 2026")[0])
    page = (folder / "page.html").read_text(encoding="utf-8")
    told = [page.partition('<section id="answer"')[2].partition("</section>")[0], page.partition('id="references"')[2]]
    on_the_page = number.findall(
        unescape(re.sub(r"<[^>]+>", " ", " ".join([told[0], told[1].partition("</table>")[0]])))
    )
    found = number.findall(re.sub(r"\n\d\. ", "", caveats))
    assert len(found) > 60
    # Under 10 a number may be there by chance.
    assert {one for one in found if len(one) > 1} - {*on_the_page} == IN_THE_README_ALONE


def test_the_same_runs_give_the_same_bytes(folder: Path):
    page = report.page([folder / "base", folder / "july_2018"])
    assert page.encode() == (folder / "page.html").read_bytes()


def test_growth_that_is_enough_is_never_rounded_to_what_is_not():
    """Of 569 patients 31 are short of 600: 5% more would leave it at 597."""
    assert _rounded("Enough for that: 5.45% more patients.") == "Enough for that: about 6% more patients."
    assert _rounded("10% more; if more than 93.78% did.") == "10% more; if more than about 94% did."


def test_what_a_leader_asks_first_is_answered_without_scrolling(seen: Visit):
    for text in (
        "Draft: not a decision",
        "not settled (as counted, two units would be best; R-02 and R-03): hyper-acute stroke unit at Basildon;",
        *("Is it safe?", "Who loses?", "How sure are we?", "What would change it?"),
        "Proved best under these rules by one measure:",
        "that it is safe, or that the rules are right.",
        "Arithmetic checked.",
        "Of the 27 figures that go into it 9 have no checked source.",
        "Sources published",
        # Who asks for each number stands where it is read first.
        "the hyper-acute stroke unit would see at least 600 patients a year (Allen and others 2017; by this model",
        # Counts that say otherwise than the model stand beside it.
        "Basildon alone today; as counted Southend alone in 2018/19 and 2019/20, all 3 in 2021/22; 3 units need 18",
        "and have 6 stroke consultants (Royal College of Physicians staffing table; in 2019 none of 3 had);",
        "would have 10 WTE emergency medicine consultants (College of Emergency Medicine 2010; in 2017 none of 3 had).",
        "877 of 1,863 residents' stroke admissions a year (47%)",
        "628 of these 877.",
        "hyper-acute stroke unit 75% of 1,863 stroke admissions (today 92%: 318 fewer); full emergency department 89%",
        "of 336,706 emergency attendances (today 92%: 8,474 fewer).",
        "journey to the hyper-acute stroke unit (of those who do not leave the system): 69 minutes; today 48.",
        "1 of the stroke consultants and 4 WTE emergency medicine consultants; others could, too.",
        "76,731 of 336,706 emergency attendances a year (23%)",
        "hyper-acute stroke unit at Broomfield and Southend; full emergency department at Southend.",
        "10% treated outside",
        "the area: 187 of 1,863 (today 10%, as who leaves is kept as it was).",
        # What decides is a sentence of its own.
        "at least 600 patients a year at each hyper-acute stroke unit and 10 WTE emergency medicine consultants at",
        # The next best is not taken for the next in minutes.
        "by 600 patients a unit: Broomfield and Southend.",
        # What the model has today is never taken for what was counted.
        "The model's today is not as counted in 2018/19:",
        "Basildon 799 patients, not 557; Broomfield 416, not 555; Southend 487, not 713.",
        # Of those who lose, 877 and 26, the model has fewer than were counted at the sites that close.
        "this model has 903 today (877 residents, 26 from outside); 1,268 were counted in 2018/19, so more may lose.",
        # Why it is these sites that are named: others are quicker still, and further from the rules.
        "Of quicker choices Broomfield and Southend is nearest to the rules (22.26 minutes, not",
        "24.64; 83% within 30, not 75%), but Broomfield would see 518 patients a year, 82",
        # Why the emergency department closes, by how much it would miss, and what is next best.
        "quicker (18.53 minutes, not 21.38), but it takes 30 WTE emergency medicine consultants; there were 25 in",
        "Benefit: not estimated.",
        # What the counts of another year would make of it, and how sure the number is that decides.
        "(not settled, R-02: 492 to 610).",
        "By other counts (R-03):",
        "split about as then, two hyper-acute stroke units would be best: at Basildon and Broomfield or",
        "Were a unit of 518 patients accepted, or enough counted (not settled):",
        "9 more below, under “What would change it”.",
        # Of whom the patients of the unit are.
        "Units of the answer see 1,702 patients a year: 1,676 of 1,863 residents (187 are treated outside) and 26 from",
        "Next best sites for the hyper-acute stroke unit: Southend, +1.6 minutes per admission.",
        "Next best sites for the full emergency department: Basildon and Southend, +42 seconds per attendance.",
        "3 of 7 choices of sites meet every rule",
        # A key to numbers and words that nobody else has.
        "R-01 to R-06: “What to know”, below; R-07 to R-15: “References”; hyper-acute stroke unit: a stroke’s first 72",
        "full emergency department: every emergency, all hours; WTE: whole-time equivalent.",
    ):
        box = seen.page.get_by_text(text).first.bounding_box()
        assert box and box["y"] + box["height"] <= LAPTOP[1], text
    room = "room for 1,702 patients a year at Basildon (today 799 by the model; 557 counted in 2018/19) or in the full"
    assert f"Not looked at: outcomes; {room} emergency department." in plain_text(seen, ".cards")
    # Which rules hold, how many more there are, and on which staff it rests stand below the table.
    below = plain_text(seen, ".rests")
    for text in (
        "at least 600 patients a year, at most 2,000 patients a year, shares its site with acute stroke unit",
        "10 WTE emergency medicine consultants; nobody is recruited; and 15 more",
        "none to spare of consultants at Basildon (stroke, emergency medicine) and Broomfield (emergency medicine).",
    ):
        assert text in below
    # The rule that decides is told once, with the patients that it misses, where the answer is.
    first_screen = plain_text(seen, "p.gained:not(.rests)") + plain_text(seen, ".cards")
    assert first_screen.count("82 short of the 600") == 1 and first_screen.count("600") == 4
    for selector in ("#placements", "#dumbbell"):
        box = seen.page.locator(selector).bounding_box()
        assert box and box["y"] + box["height"] <= LAPTOP[1], selector
    assert rows_of(seen)[0] == [
        "Basildon the answer, july 2018",
        "24.64",
        "75%",
        "10%",
        "1,702",
        "6 of 13",
        "meets every rule",
    ]
    assert seen.page.locator("#placements tr.best").count() == 1


def rows_of(seen: Visit, html: str = "") -> list[list[str]]:
    """Return the rows of the ways to place a service as they are shown, or as they stand in some HTML."""
    found: list[list[str]] = seen.page.evaluate(
        """html => { const from = html ? new DOMParser().parseFromString(html, 'text/html') : document;
        return Array.from(from.querySelectorAll('#placements tbody tr'), row => Array.from(row.cells,
            cell => cell.textContent.trim())); }""",
        html,
    )
    return found


def test_every_way_to_place_a_service_is_told_with_what_stops_it(seen: Visit, folder: Path):
    rows = rows_of(seen)
    # As Python wrote them, bars and all.
    html = (folder / "page.html").read_text(encoding="utf-8")
    assert rows_of(seen, html) == rows
    bars = re.findall(r'<rect width="(\d+)"', html[: html.index('<section id="choose"')])
    drawn = "Array.from(document.querySelectorAll('#placements rect'), one => one.getAttribute('width'))"
    assert seen.page.evaluate(drawn) == bars
    assert [row[0] for row in rows[:3]] == ["Basildon the answer, july 2018", "Southend", "Broomfield"]
    assert rows[3] == [
        *("all 3 sites today", "18.40", "92%", "10%", "416 to 799", "18 of 13"),
        "too few patients and staff",
    ]
    # Of pairs it is not settled how many they would see, by other counts or other areas, and the verdict says so.
    assert [row[-1] for row in rows[4:]] == [f"too few patients? {cited}" for cited in ("R-03", "R-03", "R-02")]
    # 518 is the smaller unit of Broomfield and Southend.
    assert rows[-1][:1] + rows[-1][4:5] == ["Broomfield and Southend", "518 to 1,184"]
    seen.page.get_by_role("button", name="Full emergency department", exact=True).click()
    assert rows_of(seen)[0][0] == "Basildon and Broomfield the answer"
    assert "7 choices of sites" in plain_text(seen, "#placed-title")


def test_a_choice_that_is_not_the_answer_never_stands_under_proved(seen: Visit):
    seen.page.locator("#placements tbody button", has_text="Broomfield and Southend").last.focus()
    seen.page.keyboard.press("Enter")
    # The row that was pressed keeps the focus, and everything follows.
    assert seen.page.evaluate("document.activeElement.textContent") == "Broomfield and Southend"
    assert seen.page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    for media in ("screen", "print"):
        seen.page.emulate_media(media=media)
        top = seen.page.locator("#answer").inner_text()
        assert top.index("Your choice, not the answer: Hyper-acute stroke unit at Broomfield and Southend") < 200
        assert "Proved best" not in top and "Not proved: your choice" in top and "Breaks 1 rule." in top
        assert "Hyper-acute stroke unit: 22.26 minutes on average, 24.64 in the answer." in top
    seen.page.emulate_media(media="screen")
    assert seen.violations() == []
    seen.page.click("#reset-best")
    assert "Proved best" in seen.page.locator("#answer").inner_text()
    assert "Your choice" not in seen.page.locator("#answer").inner_text()


ASKED_OTHERWISE = [
    (600, 0, 0),
    (519, 0, 0),
    (518, 0, 0),
    (487, 0, 0),
    (486, 4, 0),
    (400, 5, 0),
    (0, 0, 0.9),
    (600, 0, 0.8),
]


@pytest.mark.parametrize(("patients", "staff", "share"), ASKED_OTHERWISE)
def test_what_is_asked_otherwise_turns_the_page_as_it_turns_the_answer(
    seen: Visit, patients: int, staff: int, share: float
):
    base, found = question("base"), answer("base")
    service = replace(base.services[HASU], minimum_patients=Figure(patients), share_within_standard=Figure(share))
    team = replace(base.teams["stroke_consultants"], recruits_at_most=Figure(staff))
    asked = replace(base, services={**base.services, HASU: service}, teams={**base.teams, team.code: team})
    others = {pair for pair in found.designated if pair[1] != HASU}
    ways = [
        op.evaluate(asked, others | {(site, HASU) for site in sites})
        for number in range(1, 4)
        for sites in combinations(base.candidates, number)
    ]
    lawful = [plan for plan in ways if plan.broken.empty]
    best = min(lawful, key=lambda plan: plan.proof.objectives[0].value, default=None)
    for name, value in (("patients", patients), ("staff", staff), ("share", share)):
        seen.page.evaluate(f"moved.{name} = {value}")
    rows = seen.page.evaluate("judgedRows().map(row => [row.way.sites, row.broken.length === 0])")
    assert {tuple(sites): holds for sites, holds in rows} == {plan.sites_of(HASU): plan in lawful for plan in ways}
    turned = seen.page.evaluate("(bestOf(judgedRows()) || {way: {sites: null}}).way.sites")
    assert (turned and tuple(turned)) == (best and best.sites_of(HASU))


def test_a_slider_turns_the_answer_and_the_address_holds_the_state(browser: Browser, folder: Path):
    address = (folder / "page.html").as_uri()
    with visit(browser, address) as seen:
        seen.page.fill("#floor-patients", "500")
        said = plain_text(seen, "#floors-said")
        assert said.startswith(
            "With at least 500 patients a year at every unit: Broomfield and Southend would be best, "
            "22.26 minutes on average and not 24.64, 83% within 30 minutes and not 75%."
        )
        assert "not the answer to what was asked" in seen.page.locator("h1").inner_text()
        assert rows_of(seen)[-1][-1] == "meets every rule"
        assert "(at least 500, at most 2,000)" in plain_text(seen, "#placements thead")
        assert seen.violations() == []
        state = seen.page.url
        seen.page.click("#reset-best")
        assert seen.page.url == address and plain_text(seen, "#floors-said") == ""
        assert seen.page.input_value("#floor-patients") == "600"
    with visit(browser, state) as again:
        assert plain_text(again, "#floors-said") == said and again.page.input_value("#floor-patients") == "500"
        assert again.page.evaluate("chosen.hyper_acute_stroke") == ["broomfield", SOUTHEND]
    assert seen.quiet and again.quiet


JUDGED_AS_PULLED = """judgedRows().map(row => [row.way.sites, row.broken.map(one => one.instance).sort(),
    row.result.objectives.map(one => one.value), row.result.measures.get('mean_minutes|hyper_acute_stroke|'),
    ...row.way.sites.map(site => row.result.measures.get(`site_patients|hyper_acute_stroke|${site}`))])"""


def test_more_who_go_to_the_nearest_of_all_are_counted_anew_as_python_counts_them(seen: Visit):
    base, found = question("base"), answer("base")
    others = {pair for pair in found.designated if pair[1] != HASU}
    for pull in ("0.37", "1"):
        seen.page.fill("#floor-pull", pull)
        asked = parameters(base)["border_pull"].apply(base, Fraction(pull))
        for sites, broken, objectives, *numbers in seen.page.evaluate(JUDGED_AS_PULLED):
            plan = op.evaluate(asked, others | {(site, HASU) for site in sites})
            assert broken == sorted(plan.broken["instance"])
            assert objectives == pytest.approx([one.value for one in plan.proof.objectives], rel=1e-12)
            rows = [("mean_minutes", ""), *(("site_patients", site) for site in sites)]
            assert numbers == pytest.approx([measures.number(plan.measures, name, HASU, at) for name, at in rows])
    assert plain_text(seen, "#floors-said").startswith(
        "With 100% of patients going to the nearest hospital of all: Southend would be best, 22.25 minutes on average "
        "and not 22.36"
    )
    assert "not the answer to what was asked" in seen.page.locator("h1").inner_text()
    # The other services are counted anew too, and the page goes back to what was asked.
    seen.page.get_by_role("button", name="Acute stroke unit", exact=True).click()
    assert seen.page.input_value("#floor-pull") == "0" and "pull" not in seen.page.url
    seen.page.click("#reset-best")
    assert seen.page.evaluate("measure(now, 'mean_minutes', 'hyper_acute_stroke').toFixed(2)") == "24.64"


@pytest.mark.parametrize("state", ["#c=zz", "#c=9.7.3.1.4.2;show=0", "#c=1.7.3.1.4.2;show=99", "#c=1.7.3.7.4.2;show=0"])
def test_an_address_of_another_question_is_passed_over(browser: Browser, folder: Path, state: str):
    with visit(browser, (folder / "page.html").as_uri() + state) as seen:
        assert "Proved best" in seen.page.locator("#answer").inner_text()
    assert seen.quiet


def test_what_a_reviewer_can_cite_leads_to_its_row(seen: Visit):
    numbers = seen.page.locator("#references tbody th").all_text_contents()
    assert numbers == [f"R-{number:02}" for number in range(1, 16)]
    for link in seen.page.locator("a.ref, .cards a").all():
        target = (link.get_attribute("href") or "").removeprefix("#")
        assert target in numbers and target in (link.text_content() or "")
    first = seen.page.locator("#R-01").inner_text()
    assert "Who crosses the border is known of hospital admissions of every kind in 2019" in first
    eighth = seen.page.locator("#references tbody tr").nth(7).inner_text()
    assert "Full emergency department needs 10 WTE" in eighth and "College of Emergency Medicine 2010" in eighth
    box = seen.page.locator("#before").bounding_box()
    assert box and seen.page.locator("#before li").first.is_visible()


@pytest.mark.parametrize("name", ["page", "nearest"])
def test_opening_changes_no_number_that_python_wrote(browser: Browser, folder: Path, nearest: Path, name: str):
    cells = "Array.from(document.querySelectorAll('[data-m]'), one => one.dataset.m + ' ' + one.textContent)"
    areas = "Array.from(document.querySelectorAll('#areas path'), one => one.getAttribute('class')).join(' ')"
    path = folder / "page.html" if name == "page" else nearest
    address = path.as_uri()
    with visit(browser, address, java_script_enabled=False) as still, visit(browser, address) as live:
        html = still.page.content()
        written = live.page.evaluate(
            "html => Array.from(new DOMParser().parseFromString(html, 'text/html').querySelectorAll('[data-m]'),"
            " one => one.dataset.m + ' ' + one.textContent)",
            html,
        )
        assert len(written) > 200
        assert live.page.evaluate(cells) == written
        drawn = re.findall(r'<g id="areas"[^>]*>(.*?)</g>', path.read_text(encoding="utf-8"), re.S)[0]
        assert live.page.evaluate(areas).split() == re.findall(r'class="(\w+)"', drawn)


def test_each_year_of_the_data_is_where_the_header_leads(seen: Visit):
    seen.page.get_by_role("link", name="Sources published 2017 to 2023").click()
    rows = seen.page.locator("#data-used tbody tr")
    assert rows.first.is_visible()
    told = {
        row.split("|")[0]: row.split("|")[1]
        for row in rows.evaluate_all("all => all.map(row => Array.from(row.cells, cell => cell.textContent).join('|'))")
    }
    assert told["Residents"] == "2017" and told["Staff, WTE"] == "2017"
    assert told["Patients: emergency attendance"] == "2017 to 2018" and "Patients: birth" not in told


def test_a_tick_is_followed_by_tables_words_and_rules(seen: Visit):
    tick(seen, HASU, SOUTHEND)
    said = seen.page.locator("#said").text_content() or ""
    assert said == (
        "Hyper-acute stroke unit at Basildon and Southend (the answer: Basildon). "
        "Hyper-acute stroke unit: 21.59 minutes on average, 24.64 in the answer. Breaks 1 rule."
    )
    broken = seen.page.locator("#rules-broken li").all_text_contents()
    assert broken[0] == (
        "Hyper-acute stroke unit at Southend would see 487 patients a year; at least 600 are asked for"
    )
    seen.page.click("#reset-best")
    assert "Breaks no rule." in (seen.page.locator("#said").text_content() or "")


def test_why_not_says_the_rule_that_stops_it_or_what_it_costs_and_whom(seen: Visit):
    seen.page.select_option("#why-service", HASU)
    seen.page.select_option("#why-site", "broomfield")
    seen.page.click("#why button")
    alone, *others = seen.page.locator("#because p").all_text_contents()
    assert alone.startswith("At Broomfield alone: breaks no rule. It costs ")
    assert "more patient-minutes a year. The average journey is " in alone
    assert (
        re.search(r"[\d,]+ of 1,181,125 residents live where the journey is over 10 minutes longer", alone)
        and "Longest for Thurrock +" in alone
    )
    assert len(others) == 3 and all(
        "hyper-acute stroke unit at " in one and "at least 600 are asked for" in one for one in others
    )


@pytest.mark.parametrize("words", ["E01015814", "southend-on-sea 003a"])
def test_a_place_is_looked_up_by_code_or_name(seen: Visit, words: str):
    seen.page.fill("#place", words)
    seen.page.locator("#places button").first.click()
    found = seen.page.locator("#place-found").text_content() or ""
    journeys = question("base").journeys
    here, before = (round(journeys.loc["E01015814", site]) for site in ("basildon", SOUTHEND))
    assert found.startswith("Southend-on-Sea 003A")
    assert f"Hyper-acute stroke unit: your choice Basildon, {here} minutes; today Southend, {before} minutes" in found
    assert seen.page.evaluate("Number(document.getElementById('found').getAttribute('cx')) > 0")


# What people type, how many places are listed and the first of them, and how what Enter finds begins.
TYPED = [
    ("Canvey", 7, "Canvey Island, town", ""),
    ("Burnham-on-Crouch", 3, "Burnham-on-Crouch, town", "Burnham-on-Crouch, by the area in its middle: Maldon"),
    ("Broomfield", 2, "Broomfield Hospital, hospital", ""),
    ("Billericay", 3, "Billericay, town", "Billericay, by the area in its middle: Basildon 003E"),
    ("Witham", 5, "Witham, town", "Witham, by the area in its middle: Braintree 017B"),
    ("broomfield hospital", 1, "Broomfield Hospital, hospital", "Broomfield HospitalYour choice has there: acute"),
    ("southend on sea", 8, "Southend-on-Sea, district", "Southend-on-Sea, 107 areas, by your choiceHyper-acute stroke"),
    ("maldon", 8, "Maldon, district", "Maldon, 40 areas, by your choiceHyper-acute stroke unit: 38.6 minutes on"),
    ("Harlow", 2, "Harlow, town", "Harlow lies outside the areas that are counted here."),
    ("sothend", 2, "Southend-on-Sea, district", ""),
    ("Chelmsfrod", 2, "Chelmsford, district", ""),
    ("E010158", 8, "Southend-on-Sea 003A, E01015814, Southend-on-Sea", ""),
    ("CM1 7ET", 0, "", ""),
    ("st lukes", 1, "St. Luke's, ward, Southend-on-Sea", "St. Luke's, Southend-on-Sea: ward of"),
    ("Victoria", 2, "Victoria, ward, Castle Point", ""),
    ("Leigh-on-Sea", 1, "Leigh, ward, Southend-on-Sea", ""),
    ("nowhere at all", 0, "", ""),
]


def test_places_are_found_as_people_type_them_and_enter_chooses_only_one_that_is_left(seen: Visit):
    for typed, listed, first, found in TYPED:
        seen.page.evaluate("byId('place-found').replaceChildren()")
        seen.page.fill("#place", typed)
        buttons = seen.page.locator("#places button").all_text_contents()
        assert (len(buttons), [*buttons, ""][0]) == (listed, first), typed
        seen.page.press("#place", "Enter")
        said = seen.page.locator("#place-found").text_content() or ""
        assert said.startswith(found) if found else said == "", typed
    told = seen.page.locator("#places-said")
    none = "No such place. Villages are not known here: try a town, a district, a ward or a hospital."
    assert told.text_content() == none
    seen.page.fill("#place", "SS0")
    assert (told.text_content() or "").startswith("Postcodes are not known here.")
    seen.page.fill("#place", "sothend")
    seen.page.press("#place", "Enter")
    assert told.text_content() == "2 places are like this: choose one."
    seen.page.fill("#place", "chelmsford")
    assert told.text_content() == "8 of 109 places shown: type more to narrow them down."
    assert seen.violations() == []


def test_a_figure_is_saved_with_its_title_its_numbers_and_how_to_cite_it(seen: Visit, tmp_path: Path):
    def saved(button: str) -> bytes:
        with seen.page.expect_download() as download:
            seen.page.locator(f'[aria-label="{button}"]:visible').first.click()
        download.value.save_as(tmp_path / "saved")
        return (tmp_path / "saved").read_bytes()

    for figure in ("map", "districts", "journeys"):
        drawn = ElementTree.fromstring(saved(f"SVG: {figure}"))
        texts = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
        assert "Draft: not a decision. Where" in " ".join(filter(None, texts))
        assert saved(f"PNG: {figure}").startswith(b"\x89PNG")
    rows = list(csv.DictReader(saved("Data (CSV): map").decode().splitlines()))
    (one,) = (row for row in rows if row["area"] == "E01015814")
    assert (one["site"], one["site today"]) == ("Basildon", "Southend")
    assert float(one["minutes"]) == question("base").journeys.loc["E01015814", "basildon"]
    assert len(rows) == len(question("base").areas)
    # A table has no picture, and its numbers as it shows them: the ways to place a service, and options side by side.
    assert seen.page.locator('[aria-label="SVG: options"], [aria-label="PNG: placements"]').count() == 0
    first, *ways = csv.reader(saved("Data (CSV): placements").decode().splitlines())
    assert (first[0], first[-1], len(ways)) == ("at", "verdict", 7)
    assert ways[0][:3] == ["Basildon the answer, july 2018", "24.64", "75%"]
    options = list(csv.DictReader(saved("Data (CSV): options").decode().splitlines()))
    assert list(options[0]) == ["group", "Measure", "base", "july 2018", "Your choice"]
    beyond, mean = (
        next(one for one in options if (one["group"], one["Measure"]) == (group, measure))
        for group, measure in (
            ("Full emergency department", "Residents beyond 30 minutes"),
            ("Hyper-acute stroke unit", "Average minutes"),
        )
    )
    # The best is marked on the page alone, and numbers have no commas.
    assert (beyond["base"], beyond["july 2018"], mean["base"]) == ("89047", "58726", "24.64")
    seen.page.locator('[aria-label="Copy citation: map"]').click()
    cited = seen.page.evaluate("cited(byId('map-title').textContent)")
    assert cited.startswith("75% of all patients are within 30 minutes; with today’s sites 92%. Where should")
    assert cited.endswith("from the run base. As first shown.")


def test_words_are_explained_on_the_page_from_the_same_table_as_in_the_docs(seen: Visit):
    seen.page.get_by_role("link", name="Words", exact=True).click()
    told = dict(
        zip(
            seen.page.locator("#glossary dt").all_text_contents(),
            seen.page.locator("#glossary dd").all_text_contents(),
            strict=True,
        )
    )
    assert told["WTE"] == "Whole-time equivalent: one full-time post." and told == dict(glossary.on_the_page())
    assert {"Best", "Clash", "Fragile", "Deprivation fifth", "Level"} <= set(told)
    assert not any(mark in "".join(told.values()) for mark in "`_*")


def test_yaml_from_the_page_evaluates_to_the_same_whole_numbers(seen: Visit, folder: Path, tmp_path: Path):
    tick(seen, HASU, SOUTHEND)
    tick(seen, "acute_stroke", "broomfield")
    (tmp_path / "my_choice.yaml").write_text(seen.page.input_value("#yaml"), encoding="utf-8")
    problem = question("base")
    plan = op.evaluate(problem, op.designations_of(problem, op.read_option(tmp_path / "my_choice.yaml")))
    on_page = seen.page.evaluate("now.objectives.map(one => one.value)")
    assert on_page == [one.value for one in plan.proof.objectives]
    assert sorted(seen.page.evaluate("now.broken.map(one => one.instance)")) == sorted(plan.broken["instance"])


def test_everything_is_reached_and_ticked_from_the_keyboard(seen: Visit):
    seen.page.locator("h1").click()
    reached, hidden = set(), []
    for _ in range(120):
        seen.page.keyboard.press("Tab")
        one = seen.page.evaluate(
            """() => { const one = document.activeElement, box = one.getBoundingClientRect();
            const seen = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
            const at = document.elementFromPoint(box.x + box.width / 2, seen);
            return [one.id || one.dataset.site && one.dataset.service + ' ' + one.dataset.site || one.tagName,
                    !!at && (one.contains(at) || at.contains(one))]; }"""
        )
        hidden += [] if one[1] or one[0] == "BODY" else [one[0]]
        if one[0] == f"{HASU} {SOUTHEND}" and one[0] not in reached:
            seen.page.keyboard.press("Space")
        reached.add(one[0])
    assert hidden == []
    wanted = {
        "shown",
        f"{HASU} {SOUTHEND}",
        "reset-best",
        "why-service",
        "place",
        "SUMMARY",
        "judge",
        "download",
        "aim1",
        "floor-patients",
    }
    assert wanted <= reached
    assert "Hyper-acute stroke unit at Basildon and Southend" in (seen.page.locator("#said").text_content() or "")


def pages(seen: Visit) -> int:
    pdf = seen.page.pdf(prefer_css_page_size=True, print_background=True)
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


SMALLEST = """Array.from(document.querySelectorAll('main *, header *'))
    .filter(one => one.getClientRects().length && !one.closest('svg, .hide'))
    .filter(one => Array.from(one.childNodes).some(node => node.nodeType === 3 && node.textContent.trim()))
    .map(one => [parseFloat(getComputedStyle(one).fontSize), one.textContent.slice(0, 60)])
    .sort((one, other) => one[0] - other[0])[0]"""
NINE_POINTS = 12  # CSS pixels
# What is printed of a sheet, in CSS pixels.
PAPER: ViewportSize = {"width": 718, "height": 1040}


def on_paper(seen: Visit) -> None:
    """Print as it is, and look at what is on paper: nothing is wider than it, too small to be read, or left out."""
    told = seen.page.locator("#affected tbody tr:visible").count()
    assert pages(seen) >= 3
    seen.page.set_viewport_size(PAPER)
    seen.page.emulate_media(media="print")
    seen.page.evaluate("ready(true)")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
    size, words = seen.page.evaluate(SMALLEST)
    assert size >= NINE_POINTS - 0.01, words
    picture = seen.page.locator("#picture").bounding_box()
    assert picture and picture["width"] > 300 and picture["height"] > 150
    # Who is affected is never cut.
    assert seen.page.locator("#affected tbody tr:visible").count() == told > 0


def test_the_first_side_of_paper_is_the_answer_in_brief_with_what_to_know(seen: Visit):
    known = seen.page.locator("#before li").count()
    on_paper(seen)
    ends = seen.page.evaluate("document.querySelector('#placements').getBoundingClientRect().bottom")
    assert ends <= 1040
    # But for the figures, which stand under how sure we are; of the counts paper says where they stand.
    # Paper has the key to words there, too.
    assert (seen.page.locator("#before li:visible").count(), known) == (8, 8)
    before = plain_text(seen, "#before")
    assert "Figures without a checked source: full print." in before and "a stroke’s first 72 hours" in before
    assert "R-03 told above." in seen.page.locator("#before").inner_text()
    # The figure of districts is not there: those that lose most are named.
    lost = "by average of all, Braintree +13.4, Southend-on-Sea +13.3 and Chelmsford +11.0."
    assert lost in seen.page.locator(".cards").inner_text()
    order = "ids => ids.map(id => document.querySelector(id).getBoundingClientRect().top)"
    tops = seen.page.evaluate(order, [".cards", "#before", "#placements", "#beside", "#now", "#choose"])
    assert tops == sorted(tops)
    assert seen.page.locator("#references tbody tr:visible").count() == 15


def test_in_brief_paper_has_the_first_side_alone_and_the_next_print_has_everything(seen: Visit):
    seen.page.evaluate("window.print = () => {}")
    seen.page.click("[data-print=brief]")
    assert (pages(seen), pages(seen) > 3) == (1, True)


def test_a_choice_that_breaks_rules_prints_too(seen: Visit):
    for service in (HASU, "acute_stroke", "emergency_department"):
        for site in ("basildon", "broomfield", SOUTHEND):
            tick(seen, service, site)
    seen.page.click("#judge")
    on_paper(seen)
    # Of the options paper has the measures of the service shown.
    groups = seen.page.locator("#options .sheet:visible .group:visible").all_text_contents()
    assert groups == ["Full emergency department", "All services"]


@pytest.mark.parametrize("service", ["emergency_department", "emergency_orthopaedics"])
def test_the_whole_care_model_prints(browser: Browser, care_model: Path, service: str):
    with visit(browser, care_model.as_uri()) as seen:
        # Where patients are taken on by transfer, who crosses the border cannot be counted anew on the page.
        assert seen.page.locator("#floor-pull").count() == 0
        box = seen.page.locator(".matrix").bounding_box()
        assert box and box["y"] + box["height"] <= LAPTOP[1]
        seen.page.select_option("#shown", service)
        on_paper(seen)
    assert seen.quiet


def test_the_care_models_first_screen_says_its_pathway_its_closures_and_what_would_change_it(
    browser: Browser, tmp_path: Path
):
    found = op.answer(question("care_model"))
    assert isinstance(found, op.Answer)
    run = write_files(files_of(found.plan, found.set_against, found.would_change.record), tmp_path / "care")
    with visit(browser, op.write_report([run], tmp_path / "page.html").as_uri()) as seen:
        for text in (
            "units large enough and no staff lacking, as the rules ask: the hyper-acute stroke unit would see",
            "24.64 minutes on average to the hyper-acute stroke unit, not 50.70 (28.73 of them on the road).",
            # Where thrombolysis closes patients wait: that is a question of safety.
            "390 of 1,863 stroke admissions are seen first at Broomfield, where thrombolysis on arrival closes, and",
            "wait an assumed 105 minutes; care meanwhile is not counted.",
            "68.6 minutes on average (390 by transfer, by 139.8; 487 straight there, by 11.6), assumed waits included",
            "3 of 15 services at Broomfield and 8 of 15 services at Southend. Kept in name only",
            # What stays without what it needs is a question of safety.
            "inpatient paediatrics and consultant-led obstetrics without what they need: emergency general",
            "Of 20 services 8 change sites and 1 keeps one in name only.",
            "by 600 patients a unit: Basildon and Broomfield.",
            "Basildon, +3.5 minutes per attendance.",
            "journeys to 5 more services; 2 more close of which no patients are counted.",
            "this model has 903 today (877 residents, 26 from outside); 1,268 were counted in 2018/19, so more may",
            "two hyper-acute stroke units would be best: at Basildon and Broomfield or, by one year",
            "journey to it (of those who do not leave the system), waits included: 186 minutes; today 48.",
            "Of the 127 figures that go into it 91 have no checked source.",
            "no stroke consultants (with today's sites 5) and no emergency medicine consultants (5 WTE) would be",
            "it takes 30 WTE emergency medicine consultants; there were 25 in 2017.",
            "hyper-acute stroke unit and thrombolysis on arrival at Basildon and Broomfield. Enough for that: about",
            "take at Basildon, Broomfield and Southend; 3 more services change sites.",
            "7 more below, under “What would change it”.",
        ):
            box = seen.page.get_by_text(text).first.bounding_box()
            assert box and box["y"] + box["height"] <= LAPTOP[1], text
        pathway = (
            "emergency orthopaedics are seen first at the nearest full emergency department; only those of the hyper"
        )
        assert pathway in plain_text(seen, ".rests")
        for row in seen.page.locator(".matrix tr:has(.bad)").all():
            box = row.bounding_box()
            assert box and box["y"] + box["height"] <= LAPTOP[1]
        assert seen.page.locator(".matrix tr:has(.bad)").count() == 8
        assert seen.violations() == []
        # Paper has who would provide what on its first side, too, and says where the rest is.
        seen.page.set_viewport_size(PAPER)
        seen.page.emulate_media(media="print")
        seen.page.evaluate("ready(true)")
        box = seen.page.locator(".matrix").first.bounding_box()
        assert box and box["y"] + box["height"] <= 1040
        assert "7 more: full print, “What would change it”." in seen.page.locator(".cards").inner_text()
        # In brief it is one sheet.
        seen.page.evaluate("document.documentElement.classList.add('brief')")
        assert pages(seen) == 1
    assert seen.quiet


def test_today_stands_beside_what_was_counted_and_says_how_far_apart_they_are(seen: Visit):
    said = plain_text(seen, "#counted")
    assert (
        "Basildon 557, Broomfield 555 and Southend 713 stroke admissions in 2018/19, counted by King's College London"
        in said
    )
    assert "Basildon 799, Broomfield 416 and Southend 487 a year by this model." in said
    # 799 is 43% more than 557, 416 is 25% fewer than 555, and 487 is 32% fewer than 713.
    assert "The model is off by +43%, −25% and −32%" in said
    table = seen.page.locator("#transfers table:visible").first
    heads = table.locator("thead th").all_text_contents()
    assert heads[:4] == ["", "Counted in 2018/19", "Today, modelled", "Model against count"]
    rows = [row.locator("td").all_text_contents()[:3] for row in table.locator("tbody tr").all()]
    assert rows[:3] == [["557", "799", "+43%"], ["555", "416", "−25%"], ["713", "487", "−32%"]]
    # Of neighbours nothing is said to be counted.
    assert {(row[0], row[2]) for row in rows[3:]} == {("–", "–")}


def test_proved_says_by_how_much_and_over_which_plan(folder: Path, nearest: Path):
    words = "Next best sites for the hyper-acute stroke unit: Southend, +1.6 minutes per admission"
    assert f"{words} (26.25 minutes on average, not 24.64)." in (folder / "page.html").read_text(encoding="utf-8")
    # Not asked for standings: nothing is said.
    assert "Next best sites for" not in nearest.read_text(encoding="utf-8")


def test_plans_that_are_level_are_named_together_in_the_first_sentence():
    plan = with_standings(answer("what_if/border_nearest"))
    html = report.page([plan])
    first = re.findall(r'<span class="of-answer">(.*?)</span>', html)[0]
    assert first.startswith(
        "Best under these rules: hyper-acute stroke unit at Southend (22.25 minutes on average) or, level with it, at "
        "Basildon (22.36);"
    )
    assert "Next best sites for the hyper-acute stroke unit: Basildon, +6 seconds per admission" in html
    assert "Up to 13 seconds apart is level." in html
    assert "better at Basildon: longest journey in minutes (47.7 against 49.8)" in html


def test_an_option_has_its_code_title_and_source_on_the_page(folder: Path):
    base = question("base")
    july = op.read_option(ROOT / "configs/options/dmbc_jul2018.yaml")
    written = Written(july.code, july.title, july.source, july.settings.verified)
    html = report.page([folder / "base", op.evaluate(base, op.designations_of(base, july), option=written)])
    assert f"{july.title} ({july.source}; not verified)." in unescape(html)
    alone = report.page([op.evaluate(base, op.designations_of(base, july), option=written)])
    assert (
        '<span class="of-answer">Worked out, not recommended: decision of the joint committee of July 2018: '
        "hyper-acute stroke unit at Basildon;" in alone
    )
    assert f"{july.title} ({july.source}; not verified)." in unescape(alone)


def test_shares_and_averages_side_by_side_are_percentages_and_hundredths(folder: Path):
    html = unescape((folder / "page.html").read_text(encoding="utf-8"))
    row = re.findall(r"<tr[^>]*><th[^>]*>([^<]*treated outside the system)</th>(.*?)</tr>", html)
    assert row and all("10%" in cells and ">0<" not in cells for _, cells in row)
    assert "share outside" not in html and "patients at basildon" not in html and "Breaks rota" not in html
    assert (
        told_apart([0.101, 0.104], "share_outside") == "percent1"
        and told_apart([0.1, 0.2], "share_outside") == "percent"
    )


def test_judgements_are_typed_and_weights_rank_the_options(browser: Browser, folder: Path, tmp_path: Path):
    base = question("base")
    other = op.read_option(ROOT / "configs/options/alt_hasu_southend.yaml")
    run = op.write_run(op.evaluate(base, op.designations_of(base, other)), tmp_path / "at_southend")
    path = op.write_report([folder / "base", run], tmp_path / "page.html")
    with visit(browser, path.as_uri()) as seen:
        weigh(seen)
    assert seen.quiet


def weigh(seen: Visit) -> None:
    seen.page.click("#judge")
    seen.page.keyboard.type("Deliverability")
    assert seen.page.locator("#judged input").first.input_value() == "Deliverability"

    def ranked() -> list[list[str]]:
        rows = seen.page.locator("#ranked tbody tr").all()
        return [row.locator("th, td").all_text_contents() for row in rows]

    # Nobody has weighed anything yet, and what breaks a rule wins nothing.
    assert [box.input_value() for box in seen.page.locator("[data-aim]").all()] == ["0", "0", "0"]
    alone = ["base", "–", "no other to rank it with"]
    assert ranked() == [alone, ["at southend (breaks 3 rules)", "–", "not ranked"]]
    assert not seen.page.locator("#mixes").is_visible()
    seen.page.fill("#aim1", "100")
    assert [row[0] for row in ranked()] == ["base", "at southend (breaks 3 rules)"]
    assert ranked()[0][1] != "–"
    # If it broke none it would be ranked: base has the shorter journeys, the other the fewer changes.
    seen.page.evaluate("PAGE.runs[1].broken = 0")
    seen.page.fill("#aim2", "0")
    # Nor is one of another question, whatever it breaks there.
    seen.page.evaluate("PAGE.runs[1].asked_otherwise = true; rank()")
    assert ranked()[1] == ["at southend (answers another question)", "–", "not ranked"]
    seen.page.evaluate("PAGE.runs[1].asked_otherwise = false; rank()")
    assert [row[0] for row in ranked()] == ["base", "at southend"]
    assert sum(int(row[2].rstrip("%")) for row in ranked()) == 100
    # The triangle has a dot for each mix, of whoever wins there, and a ring where the weights are.
    winners = "Array.from(document.querySelectorAll('#mixes circle:not(.mine)'), one => one.getAttribute('class'))"
    dots = seen.page.evaluate(winners)
    assert len(dots) == 51 * 52 // 2 and set(dots) <= {"w0", "w1", "level"}
    shares = [(dots.count(f"w{run}") + dots.count("level") / 2) / len(dots) for run in range(2)]
    assert [f"{100 * share:.0f}%" for share in shares] == [row[2] for row in ranked()]
    ring = seen.page.locator("#mixes .mine")
    assert [float(ring.get_attribute(one) or "nan") for one in ("cx", "cy")] == [130, 24]
    seen.page.fill("#aim1", "0")
    seen.page.fill("#aim3", "100")
    assert [row[0] for row in ranked()] == ["at southend", "base"]
    seen.page.fill("#aim2", "50")
    assert seen.page.locator(".weights output").all_text_contents() == ["0%", "33%", "67%"]
    assert seen.violations() == []


def test_without_javascript_the_tables_and_the_map_are_there(browser: Browser, folder: Path):
    with visit(browser, (folder / "page.html").as_uri(), java_script_enabled=False) as still:
        assert still.page.locator("#areas path").count() == 729
        assert "JavaScript is off" in (still.page.locator("noscript").text_content() or "")
        for caption in ("Who is affected: Full emergency department", "Staff by team and site", "Measured, by option"):
            assert still.page.locator("caption", has_text=caption).is_visible()
    assert still.quiet


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


# States, and names that mean harm -------------------------------------------------------------------------------------

HOSTILE = [
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "<svg/onload=alert(1)>",
    ),
    *("javascript:alert(1)", '"><a href=https://example.com>go</a>', "' onmouseover='alert(1)", "<!--", "-->", "]]>"),
    *(
        "{{ 7 * 7 }}",
        "{% raw %}",
        "${alert(1)}",
        "`${alert(1)}`",
        "\\u003cscript\\u003e",
        "&lt;b&gt;",
        "&#60;b&#62;",
        "%3Cscript%3E",
    ),
    *(
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        '=HYPERLINK("https://example.com")',
        "=cmd|' /C calc'!A0",
        "\t=1+1",
        "\r=1+1",
    ),
    *("a\u202eb", "a\u2066b", "a\u200fb", "a\u0000b", "a\u2028b", "\ufeffa", "a\u200bb"),
    *("'", '"', "\\", "a,b;c", "a\nb", "https://example.com/", "<base href=https://example.com>", "😀" * 40, "x" * 300),
]


def named_badly(words: Iterator[str]) -> op.Plan:
    """Return a plan in which every text is the next of some hostile words."""
    problem = small(
        rotas=three_doctors(may_fall_short=True),
        minimum_patients=Figure(20, next(words), False),
        standard_minutes=Figure(15, next(words)),
    )
    fixed = {"ash": Fixed(True, next(words), next(words))}
    services = {
        code: replace(service, name=next(words), stays_local=next(words), fixed=fixed if code == "x_ray" else {})
        for code, service in problem.services.items()
    }
    areas = len(problem.areas)
    problem = replace(
        problem,
        title=next(words),
        sites={code: replace(site, name=next(words)) for code, site in problem.sites.items()},
        services=services,
        teams={code: replace(team, name=next(words)) for code, team in problem.teams.items()},
        areas=problem.areas.assign(
            name=[next(words) for _ in range(areas)], district=[next(words) for _ in range(areas)]
        ),
    )
    return op.evaluate(problem, {("ash", "clinic"), ("ash", "x_ray")})


class Structure(HTMLParser):
    """The elements of a page and the names of their attributes, without any text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, *(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


def test_hostile_names_in_every_text_change_nothing_but_text():
    """Each of the words in every text at once: the same elements with the same attributes as with a harmless word."""
    assert len(HOSTILE) >= 40
    harmless = Structure(report.page([named_badly(repeat("North"))]))
    for words in HOSTILE:
        page = Structure(report.page([named_badly(repeat(words))]))
        assert page.found == harmless.found, words
        assert page.links == harmless.links, words


def test_hostile_names_are_only_ever_text_in_a_browser(browser: Browser, tmp_path: Path):
    """Every word in several places, over a few pages: nothing is asked for, nothing opens, nothing leads away."""
    words = cycle(HOSTILE)
    for number in range(7):
        path = tmp_path / f"{number}.html"
        path.write_bytes(report.page([named_badly(words)]).encode("utf-8", "surrogatepass"))
        with visit(browser, path.as_uri()) as seen:
            tick(seen, "clinic", "birch")
            seen.page.click("#why button")
            seen.page.fill("#place", "West")
            links = seen.page.evaluate("Array.from(document.links, one => one.getAttribute('href'))")
            assert all(link.startswith("#") for link in links)
            assert seen.page.evaluate("document.scripts.length") == len(report.SCRIPTS) + 1
            assert seen.page.evaluate("document.querySelectorAll('img, iframe, object, embed, base').length") == 0
            assert not re.search(r'(^|,)"[=+@-]', seen.page.evaluate("csv()"), re.MULTILINE)
        assert seen.quiet


def test_a_page_with_nothing_to_show_says_so(browser: Browser, tmp_path: Path):
    bare = small()
    bare = replace(
        bare, services={"x_ray": bare.services["x_ray"]}, today=frozenset({("ash", "x_ray")}), staff={}, teams={}
    )
    (tmp_path / "bare.html").write_text(report.page([op.evaluate(bare, {("ash", "x_ray")})]), encoding="utf-8")
    with visit(browser, (tmp_path / "bare.html").as_uri()) as seen:
        text = seen.page.locator("main").inner_text()
        assert "No patients are counted for any service here" in text and "No rota is stated" in text
        assert seen.violations() == []
    assert seen.quiet


def test_ties_and_answers_that_are_not_proved_are_said(browser: Browser, tmp_path: Path):
    plan = op.solve(small(at_most_sites=Figure(1)))
    assert plan.proof.enumeration is not None
    tie = replace(plan, proof=replace(plan.proof, enumeration=replace(plan.proof.enumeration, equal_best=3)))
    assert "It is one of 3 equal best." in report.page([tie])
    reached = replace(plan.proof.objectives[0], bound=plan.proof.objectives[0].value * 0.9)
    open_ended = replace(plan.proof, outcome="not proved", objectives=(reached,), enumeration=None)
    (tmp_path / "page.html").write_text(report.page([replace(plan, proof=open_ended)]), encoding="utf-8")
    with visit(browser, (tmp_path / "page.html").as_uri()) as seen:
        text = seen.page.locator("#answer").inner_text()
        assert "Not proved best." in text and "It is at most 10.00% from the best possible (patient minutes)." in text
        assert seen.violations() == []
    assert seen.quiet


def test_patients_who_are_shared_out_are_shown_where_they_go_and_say_so_in_place(browser: Browser, tmp_path: Path):
    plan = op.solve(small(managed=True, maximum_patients=Figure(32), at_least_sites=Figure(2)))
    (tmp_path / "page.html").write_text(report.page([plan]), encoding="utf-8")
    with visit(browser, (tmp_path / "page.html").as_uri()) as seen:
        found = seen.page.evaluate("['ash', 'birch', 'oak'].map(site => measure(now, 'site_patients', 'clinic', site))")
        numbers = measures.table(plan)
        assert found == [measures.number(numbers, "site_patients", "clinic", site) for site in ("ash", "birch", "oak")]
        assert "nobody is sent past a nearer open site" not in (said := plain_text(seen, "#shared"))
        assert said.startswith("Patients are shared out between sites so that all keep to their limits: ")
        assert seen.page.evaluate("question.not_judged") == [] and "Breaks no rule." in plain_text(seen, "#said")
        (split,) = plan.journeys["area"][plan.journeys["area"].duplicated()]
        seen.page.fill("#place", split)
        seen.page.locator("#places button").first.click()
        assert "%)" in plain_text(seen, "#place-found")
        tick(seen, "clinic", "birch")
        assert plain_text(seen, "#shared").startswith("Patients are shared out")
        assert seen.violations() == []
    assert seen.quiet


PULLED = "40% of patients go to the nearest hospital of all; of the others "


@pytest.mark.parametrize(
    ("pull", "goes", "leaves"),
    [
        (0, "Ash, 40 minutes;", "33% leave today, whatever is designated, for Oak (33%)."),
        (
            *(0.4, "Ash (50%), 40 minutes and Oak (50%), 25 minutes;"),
            f"{PULLED}33% leave today, whatever is designated, for Oak (33%).",
        ),
        (1, "Oak, 25 minutes;", ""),
    ],
)
def test_a_place_says_who_leaves_it_today_and_whose_the_journeys_are(
    browser: Browser, tmp_path: Path, pull: float, goes: str, leaves: str
):
    # Of 30 in the east 12 are pulled, to oak; of the other 18 a third leave and 12 stay, who go to ash.
    plan = op.evaluate(as_today(small(), pull), {("ash", "clinic")})
    (tmp_path / "page.html").write_text(report.page([plan]), encoding="utf-8")
    stay = " (of those who do not leave the system)" if leaves else ""
    with visit(browser, (tmp_path / "page.html").as_uri()) as seen:
        assert f"Longest journey to it{stay}:" in plain_text(seen, ".cards")
        journeys = seen.page.locator('#journeys th[scope="row"]').all_text_contents()
        assert f"Longest, from any area{stay}" in journeys and f"95% of patients arrive within{stay}" in journeys
        seen.page.fill("#place", "east")
        seen.page.locator("#places button").first.click()
        found = plain_text(seen, "#place-found")
        assert f"your choice {goes}" in found and leaves in found and ("leave" in found) == bool(leaves)
        seen.page.fill("#place", "mid")
        seen.page.locator("#places button").first.click()
        said = "Nobody is known to leave from here today."
        assert (said in plain_text(seen, "#place-found")) == bool(leaves)
        assert seen.violations() == []
    assert seen.quiet


def test_the_map_shows_those_who_stay_and_the_tables_everybody(browser: Browser, folder: Path):
    with visit(browser, (folder / "page.html").as_uri()) as seen:
        seen.page.check("[name=view][value=catchments]")
        legend = seen.page.locator("#legend").inner_text()
        assert legend.split("\n")[0] == "Where to, and share of patients who stay" and legend.endswith("Basildon\t100%")
        assert "Those who leave whatever is designated are not drawn." in plain_text(seen, "#map-sub")
        went = dict(row.split("\t") for row in seen.page.locator("#where tbody").inner_text().splitlines())
        # 186.9 of 1,863 leave, and 26.0 come from outside.
        assert (went["Basildon"], went["Queen's, Romford"], went["Colchester"]) == ("1,702", "64", "63")
        assert seen.page.evaluate("document.querySelectorAll('#areas .tn').length") == 0
    assert seen.quiet


@pytest.mark.parametrize("first", ["as today", "nearest"])
def test_answers_with_different_borders_stand_side_by_side_and_the_page_says_so(
    browser: Browser, tmp_path: Path, first: str
):
    asked = [replace(as_today(small(), 0.25), title="as today"), replace(small(), title="nearest")]
    plans = [op.solve(problem) for problem in sorted(asked, key=lambda problem: problem.title != first)]
    (tmp_path / "page.html").write_text(report.page(plans), encoding="utf-8")
    with visit(browser, (tmp_path / "page.html").as_uri()) as seen:
        said = plain_text(seen, "#options")
        assert (
            "These runs differ in who crosses the border, so minutes and volumes are not of the same patients" in said
        )
        assert "as today as many leave as do today, but for 25% who go to the nearest of all" in said
        assert "nearest everybody goes to the nearest hospital of all" in said
        assert "Longest journey, minutes (of those who do not leave the system)" in said
        seen.page.click(".preset")
        assert "Breaks no rule." in plain_text(seen, "#said")
    assert seen.quiet


def test_what_is_said_of_a_preset_is_what_stands_in_its_column(browser: Browser, tmp_path: Path):
    """Ash sees 30 patients and Birch 35, of 36 asked for: one rule, broken at one site and at both."""
    problem = small(minimum_patients=Figure(36))
    chosen = [
        op.evaluate(problem, frozenset((site, "clinic") for site in sites)) for sites in (["ash"], ["ash", "birch"])
    ]
    (tmp_path / "page.html").write_text(report.page([op.solve(problem), *chosen]), encoding="utf-8")
    with visit(browser, (tmp_path / "page.html").as_uri()) as seen:
        presets, verdicts = seen.page.locator(".preset"), list[str]()
        for number in range(presets.count()):
            presets.nth(number).click()
            for row in ("Rules broken", "Places where rules are broken"):
                cells = seen.page.locator("#options tr", has=seen.page.get_by_role("rowheader", name=row, exact=True))
                _, *runs, mine = cells.first.locator("td").all_text_contents()
                assert runs[number] == mine, row
            verdicts.append(seen.page.locator("#rules-broken strong").inner_text())
            assert seen.page.locator("#placements tr.now td:last-child").inner_text() == "too few patients"
        assert verdicts == ["Your choice breaks 1 rule", "Your choice breaks 1 rule, in 2 places"]
    assert seen.quiet


def test_a_run_as_today_is_read_beside_one_that_is_not(folder: Path, tmp_path: Path):
    op.write_run(answer("what_if/border_nearest"), tmp_path / "nearest")
    both, of_one_question = (
        report.page([folder / "base", tmp_path / "nearest"]),
        (folder / "page.html").read_text("utf-8"),
    )
    assert "in base as many leave as do today" in both and ">● " in of_one_question
    # Answers to different questions: none is best.
    assert ">● " not in both and "Rank under weights" not in both
    assert "in who crosses the border" not in of_one_question


def test_where_no_neighbour_could_treat_anybody_no_share_outside_is_said_of_any_choice(
    browser: Browser, tmp_path: Path
):
    (tmp_path / "page.html").write_text(report.page([op.solve(small(neighbours=()))]), encoding="utf-8")
    with visit(browser, (tmp_path / "page.html").as_uri()) as seen:
        for _ in range(2):
            outside = seen.page.locator("#placements tbody tr td:nth-child(4)")
            assert set(outside.all_text_contents()) == {"–"}
            assert "treated outside" not in plain_text(seen, ".cards") + plain_text(seen, "#choose")
            tick(seen, "clinic", "ash")
    assert seen.quiet


def test_where_no_sharing_keeps_to_the_limits_the_page_says_so(browser: Browser, tmp_path: Path):
    plan = op.evaluate(small(managed=True, minimum_patients=Figure(40)), {("ash", "clinic"), ("birch", "clinic")})
    (tmp_path / "page.html").write_text(report.page([plan]), encoding="utf-8")
    with visit(browser, (tmp_path / "page.html").as_uri()) as seen:
        assert "no way to share patients out keeps to the limits" in plain_text(seen, "#shared")
        assert "Breaks 1 rule, in 2 places." in plain_text(seen, "#said")
        tick(seen, "clinic", "birch")
        assert plain_text(seen, "#shared").startswith("Patients are shared out")
    assert seen.quiet


def plain_text(seen: Visit, selector: str) -> str:
    return seen.page.locator(selector).text_content() or ""


def test_a_plan_that_could_not_be_checked_does_not_say_that_it_was(folder: Path):
    assert "Not checked." in report.page([op.solve(small())])
    assert "Not checked." not in (folder / "page.html").read_text("utf-8")


def test_where_today_is_not_known_the_page_says_what_it_stands_for():
    words = "Where these services are today is not known"
    unknown = op.solve(replace(small(), today=frozenset()))
    assert words in report.page([unknown]) and words not in report.page([op.solve(small())])


def test_a_run_that_fails_its_check_is_shown_under_a_red_banner(browser: Browser, folder: Path, tmp_path: Path):
    shutil.copytree(folder / "base", tmp_path / "spoilt")
    spoilt = tmp_path / "spoilt/measures.csv"
    spoilt.write_text(
        spoilt.read_text().replace("mean_minutes,hyper_acute_stroke,,24", "mean_minutes,hyper_acute_stroke,,14")
    )
    done = subprocess.run(
        [sys.executable, "-m", "optimiser", "report", str(tmp_path / "spoilt")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6, done.stderr
    with visit(browser, (tmp_path / "spoilt_report.html").as_uri()) as seen:
        assert "Check failed for spoilt: do not use it." in seen.page.locator(".banner").first.inner_text()
        assert seen.violations() == []
    assert seen.quiet


def test_judgements_come_from_a_file_with_name_and_date(folder: Path, tmp_path: Path):
    judged = tmp_path / "judged.csv"
    judged.write_text(
        "criterion,run,judgement,by,date\nDeliverability,base,needs moves,A. Clinician,21 November 2026\n"
    )
    page = report.page([folder / "base"], judged=judged)
    assert "needs moves" in page and "A. Clinician, 21 November 2026" in page
    judged.write_text("criterion,run,judgement,by,date\nDeliverability,bsae,no,A,B\n")
    with pytest.raises(InputError, match=r'judged.csv, row 2: there is no run "bsae"'):
        report.page([folder / "base"], judged=judged)


def test_a_page_is_never_written_over(folder: Path):
    before = (folder / "page.html").read_bytes()
    with pytest.raises(NotWritten, match="exists already"):
        op.write_report([folder / "base"], folder / "page.html")
    assert (folder / "page.html").read_bytes() == before
