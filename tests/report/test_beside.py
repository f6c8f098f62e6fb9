"""What should be read with an answer stands beside it on the page and in the workbook, as the run folder has it."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from made_up_place import CONFIG, write_question

import optimiser as op
from optimiser.plan import evaluate
from optimiser.plan.finished import Run, sound_runs
from optimiser.plan.proof import Written
from optimiser.plan.runs import files_of, write_files
from optimiser.report.answers import Answer, answer
from optimiser.report.export.contents import tidy_tables
from optimiser.report.export.workbook import workbook_bytes
from optimiser.report.page.build import page
from optimiser.report.summary import beside

KNOWN = """
know_before:
  - sentence: "=Mind the {site_patients of care at ash today}: <b>nobody</b> counted them."
    source: A letter
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run as the command writes it, of a question that says what to know before its answer is repeated."""
    folder = tmp_path_factory.mktemp("told")
    found = answer(op.read_problem(write_question(folder, CONFIG + KNOWN)))
    assert isinstance(found, Answer)
    return sound_runs(
        [write_files(files_of(found.plan, found.set_against, found.would_change.record), folder / "run")]
    )[0]


def notes_of(run: Run) -> list[str]:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes([run], tidy_tables([run]))))["Notes"]
    assert all(cell.data_type == "s" for row in sheet.iter_rows(min_row=5) for cell in row)
    return [str(row[0].value) for row in sheet.iter_rows(min_row=5)]


def test_all_of_it_is_read_from_the_run_folder(run: Run):
    changes = [one["words"] for one in run.record["would_change"]["changes"]]
    (known,) = run.record["know_before"]
    assert changes and run.record["standings"]
    *said, far = beside(run)["What would change it"]
    assert said == changes and far.startswith(
        "Each alone; looked for: journeys in steps of 5% and patients in steps of 1%, from 0.5 to 2 times what they are"
    )
    assert beside(run)["What to know before repeating it"] == [f"{known['sentence']} Source: A letter."]
    assert "{" not in known["sentence"]
    assert "How near others come" in beside(run)


def test_page_and_workbook_say_the_same_in_the_same_order(run: Run):
    said = [line for heading, lines in beside(run).items() for line in (heading, *lines)]
    assert notes_of(run)[-len(said) :] == said
    html = page([run])
    before_the_map = unescape(html[: html.index('<section id="choose"')])
    (known,) = beside(run).pop("What to know before repeating it", [""])
    # It stands in a row that can be cited, and how it begins under the cards.
    assert known.removesuffix(" Source: A letter.") in unescape(html) and "<td>A letter</td>" in unescape(html)
    assert re.search('<a class="ref" href="#R-01">R-01</a> =Mind the', before_the_map)
    for heading, lines in beside(run).items():
        if heading == "What to know before repeating it":
            continue
        opened = f'<details open class="beside-it"><summary>{heading}</summary>'
        shown = before_the_map[before_the_map.index(opened) :].partition("</ul>")[0]
        assert re.findall("<li>(.*?)</li>", re.sub("</?span[^>]*>", "", shown)) == lines
    assert "<b>nobody" not in html


def test_an_option_is_called_what_people_call_it(run: Run, tmp_path: Path):
    plan = evaluate(
        run.problem, {("ash", "care"), ("ash", "labs")}, option=Written("O1", "All at ash", "A book", False)
    )
    found = beside(sound_runs([op.write_run(plan, tmp_path / "option")])[0])
    assert found["The option"] == ["Option O1: All at ash (A book; not verified)."]
    assert '<p class="note">All at ash (A book; not verified).</p>' in page([plan])
    assert "What would change it" not in found
