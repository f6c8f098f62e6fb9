"""The page of a question without a plan: which rules clash, each way out, and what would then be best."""

from __future__ import annotations

import re
import shutil
import sys
from html import unescape
from pathlib import Path

import pytest
from browser import LAPTOP, NARROW, Browser, visit
from command import optimiser
from made_up_place import CONFIG, write_question
from shipped import question

import optimiser as op
from optimiser.errors import InputError
from optimiser.explanation.then_best import then_best
from optimiser.plan.runs import files_without_plan, write_files

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def none(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the shipped question that has no plan."""
    problem = question("what_if/three_emergency_departments")
    found = op.clash(problem)
    return write_files(
        files_without_plan(problem, found.tables(), found.all_found), tmp_path_factory.mktemp("a") / "no"
    )


def test_a_question_without_a_plan_has_a_page_of_its_own(browser: Browser, none: Path):
    done = optimiser("report", str(none), "--out", "page.html", cwd=none.parent)
    assert done.returncode == 0, done.stderr
    with visit(browser, (none.parent / "page.html").as_uri()) as seen:
        page = seen.page
        assert page.locator("h1").inner_text() == (
            "No plan meets every rule: 3 rules on the full emergency department clash: together they need 30 WTE "
            "emergency medicine consultants; there were 25 in 2017. By this model, whichever way out, the hyper-acute "
            "stroke unit closes at Broomfield and Southend (not settled: as counted, two units would be best; R-02 and "
            "R-03)."
        )
        for text in (
            "Which rules clash?",
            "Full emergency department on at least 3 sites.",
            "What would change it? Any one of these alone would be enough",
            "Nothing is recommended:",
            "No WTE emergency medicine consultants are recruited.",
            "2. Recruit 5 more WTE emergency medicine consultants",
            "Of the 25 figures that go into it 7 have no checked source.",
            # Who loses by the last, and what is gained.
            "76,731 of 336,706 (23%), by 12.5 minutes on average",
            "every full emergency department would have 10 WTE emergency medicine consultants (in 2017 none of 3 had)",
            "Is it safe?",
            "3 rules, by this model.",
            # Ranked by what the question makes small, and by how much the last is longer.
            "By fewest minutes of travel for residents' patients in all, and nothing else, best:",
            "way 1 and way 2 (level); then way 3 (+2.8 minutes per attendance).",
            "of 336,706 emergency attendances a year (today’s)",
            "hyper-acute stroke unit has at least 600 patients a year; Broomfield has 416, Southend 487.",
            # Of every way out: how far a rule gives way, what is gained, on which staff it rests, and who loses.
            "room for 1,702 patients a year at Basildon (today 799 by the model; 557 counted in 2018/19) or in the",
            "hyper-acute stroke unit 75% of 1,863 stroke admissions (today 92%: 318 fewer).",
            "journey to it (of those who do not leave the system): 69 minutes; today 48.",
            "moved; then at Basildon 8, Broomfield 8 and Southend 9",
            # What closes, and why that is which is not in the clash.
            "Whichever way out:",
            "this model has 903 today (877 residents, 26 from outside); 1,268 were counted in 2018/19, so more may",
            "as today's sites break 2 rules outside the clash (not settled: R-02 and R-03).",
            "By way 3, besides:",
            "full emergency department closes at Southend; 76,731 of 336,706 (23%), by 12.5 minutes on average.",
            "By way 1 and way 2:",
            "Gained whichever way out:",
            "600 patients a year (by this model Basildon alone today; as counted Southend alone in 2018/19 and 2019/20",
            "all 3 in 2021/22; 3 units need 18 stroke",
            "at each site that provides it (College of Emergency Medicine 2010); 25 were in post in all in 2017.",
            "5 WTE emergency medicine consultants recruited; 1 of the stroke consultants moved",
            "877 of 1,863 residents' stroke admissions a year (47%), by 13.2 minutes on average,",
            "No plan meets every rule: confirmed independently",
        ):
            box = page.get_by_text(text).first.bounding_box()
            assert box and box["y"] + box["height"] <= LAPTOP[1], text
        # What the clash is about comes before all else that today's sites break.
        breaks = page.locator(".card").nth(1).locator("li").all_text_contents()
        assert breaks[4].startswith("Asked: full emergency department needs 10 WTE")
        # A row a way out: where it would be best, minutes, within, outside, each beside today's.
        rows = [row.locator("td").all_text_contents() for row in page.locator("#ways-out tbody tr").all()]
        assert [row[:4] for row in rows] == [
            *2 * [["Basildon, Broomfield and Southend", "18.53 (18.53)", "92% (92%)", "10% (10%)"]],
            ["Basildon and Broomfield; closes at Southend", "21.38 (18.53)", "89% (92%)", "10% (10%)"],
        ]
        heads = page.locator("#ways-out tbody th").all_text_contents()
        assert [head[: head.index(".")] for head in heads] == ["1", "2", "3"]
        # To let a rota be short is no gain to it, but the one who moves leaves no site with 7; to recruit is.
        gained = [row.locator("td").nth(5).inner_text() for row in page.locator("#ways-out tbody tr").all()]
        ten = "every full emergency department would have 10 WTE emergency medicine consultants (in 2017 none of 3 had)"
        eight = ten.replace("10", "at least 8").replace("in 2017 none of 3 had", "today 2 of 3 have")
        assert gained == [eight, ten, ten]
        # One click a way out.
        ways = page.locator("details.way")
        assert ways.count() == 3 and ways.nth(0).locator("table").is_visible()
        assert "full emergency department at Basildon, Broomfield and Southend" in ways.nth(0).inner_text()
        assert not ways.nth(2).locator("table").is_visible()
        ways.nth(2).locator("summary").click()
        assert "full emergency department at Basildon and Broomfield" in ways.nth(2).inner_text()
        assert page.locator("#clash tbody tr").count() == 3
        assert seen.violations() == []
        # No code, file name or command.
        text = page.locator("#answer").inner_text() + page.locator("#clash").inner_text()
        assert not any(one in text for one in ("_", "`", "optimiser explain"))
        # Every way out stands on the first side of paper.
        page.set_viewport_size({"width": 718, "height": 1040})
        page.emulate_media(media="print")
        box = page.locator("#ways-out").bounding_box()
        assert box and box["y"] + box["height"] <= 1040
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    assert seen.quiet


def who_loses(folder: Path, config: str) -> str:
    """Return the card of who loses, in words, of a made-up question without a plan."""
    problem = op.read_problem(write_question(folder, config))
    found = op.clash(problem)
    run = write_files(files_without_plan(problem, found.tables(), found.all_found), folder / "run")
    html = op.write_report([run], folder / "page.html").read_text()
    card = html.partition("<h2>Who loses?</h2>")[2].partition("</ul>")[0]
    return " ".join(re.sub("<[^>]+>", " ", unescape(card)).split())


def test_who_loses_is_told_of_the_one_way_out_that_is_worked_out_and_of_none(tmp_path: Path):
    """Birch sees 4 visits of the 5 asked for; with ash alone those 4 go 15 minutes, not 12. No site sees 100."""
    both = CONFIG.replace("at_least_sites: 1", "at_least_sites: 2")
    by_ash = "By way 1: care closes at Birch: 4 of 14 residents' visits a year (30%), by 3.0 minutes on average."
    assert who_loses(tmp_path / "both", both) == by_ash
    assert who_loses(tmp_path / "neither", CONFIG.replace("value: 5,", "value: 100,")) == "Not worked out here."


def test_a_run_without_a_plan_is_set_beside_no_other(none: Path, tmp_path: Path):
    with pytest.raises(InputError, match="no plan meets every rule here"):
        op.write_report([none, none], tmp_path / "page.html")


def test_a_way_out_of_which_nothing_more_is_known_is_shown_all_the_same(none: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.modules["optimiser.report.page.no_plan"], "then_best", lambda *_: None)
    html = op.write_report([none], none.parent / "not_worked_out.html").read_text()
    assert html.count("What would then be best was not worked out here.") == 3 and "and nothing else, best" not in html


def test_a_damaged_run_without_a_plan_is_refused_or_said_to_have_failed(none: Path, tmp_path: Path):
    folder = Path(shutil.copytree(none, tmp_path / "run"))
    clash = folder / "clash.csv"
    clash.write_text(clash.read_text().replace("on at least 3 sites", "on at least 9 sites"))
    done = optimiser("report", str(folder), "--out", "page.html", cwd=tmp_path)
    assert done.returncode == 6
    assert "Check failed: do not use this." in (tmp_path / "page.html").read_text()
    (folder / "ways_out.csv").unlink()
    with pytest.raises(InputError):
        op.write_report([folder], tmp_path / "other.html")


def test_what_would_be_best_is_that_of_the_fewest_notches_that_make_room():
    """Of 25 in post and 30 needed five are lacking: recruiting four is not enough, and six are not asked for."""
    problem = question("what_if/three_emergency_departments")
    names = ("emergency_consultants", "WTE")
    then = then_best(problem, "recruitment_within_limit", names)
    assert then is not None and then.asked == "recruit 5 more WTE emergency medicine consultants"
    assert then.plan.sites_of("emergency_department") == ("basildon", "broomfield", "southend")
    assert then.plan.broken.empty
    assert then_best(problem, "every_area_is_served", ("emergency_department",)) is None
