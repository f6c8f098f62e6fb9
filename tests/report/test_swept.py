"""What a sweep found, drawn on the page of a run of the same question."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from browser import LAPTOP, NARROW, Browser, visit
from command import optimiser

import optimiser as op
from optimiser.errors import InputError

ROOT = Path(__file__).parents[2]
SWEEP = "title: {title}\nconfig: {config}\ngrid:\n  demand_factor.visit: [0.5, 1.0, 2.0]\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the tiny question and of a sweep of it."""
    parent = tmp_path_factory.mktemp("swept")
    config = ROOT / "configs/tiny.yaml"
    (parent / "sweep.yaml").write_text(SWEEP.format(title="What if more came?", config=config))
    op.write_run(op.solve(op.read_problem(config)), parent / "run")
    done = optimiser("sweep", "sweep.yaml", "--out", "sweep", cwd=parent)
    assert done.returncode == 0, done.stderr
    return parent


def test_a_sweep_of_the_same_question_is_drawn_on_the_page(browser: Browser, folder: Path):
    done = optimiser("report", "run", "--sweep", "sweep", "--out", "page.html", cwd=folder)
    assert done.returncode == 0, done.stderr
    regret = pd.read_csv(folder / "sweep/regret.csv")
    for size in (LAPTOP, NARROW):
        with visit(browser, (folder / "page.html").as_uri(), size) as seen:
            told = seen.page.locator("#swept-found")
            assert "of 3 scenarios." in told.locator(".finding").inner_text()
            assert "What if more came? Some plan" in told.locator(".note").first.inner_text()
            assert f"{regret['won_share'].max():.1%}" in told.locator("table.swept tbody tr").first.inner_text()
            assert told.locator("svg.curve rect").count() >= 3
            told.get_by_text("As a table").click()
            rows = told.locator("details tbody tr")
            assert sum(int(row.locator("td").last.inner_text()) for row in rows.all()) == 3
            assert seen.page.get_by_role("link", name="What a sweep found").count() == 1
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= size[0]
            assert seen.violations() == []
            assert seen.quiet


VARIED = "  {name}: {{low: 0.5, high: 2.0, shape: uniform, source: a guess}}\n"
SOBOL = "title: What moves it\nconfig: {config}\ndraws: 16\nsobol: true\nvary:\n"


@pytest.fixture(scope="module")
def moved(folder: Path) -> Path:
    """The folder of a sweep that says which of two figures moves the answer."""
    text = SOBOL.format(config=ROOT / "configs/tiny.yaml")
    text += "".join(VARIED.format(name=name) for name in ("demand_factor.visit", "journey_factor"))
    (folder / "sobol.yaml").write_text(text)
    done = optimiser("sweep", "sobol.yaml", "--out", "moved", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "moved"


def test_which_figures_move_the_answer_is_drawn_where_the_sweep_asked(browser: Browser, folder: Path, moved: Path):
    page = op.write_report([folder / "run"], folder / "moved.html", sweep=moved)
    found = pd.read_csv(moved / "sobol.csv")
    of_value = found[found["of"] == "best value"].sort_values("total_order", ascending=False)
    with visit(browser, page.as_uri(), LAPTOP) as seen:
        told = seen.page.locator("#swept-found")
        assert told.get_by_role("heading", name="What moves the answer").count() == 1
        table = told.locator("table", has_text="What moves the best value")
        first = table.locator("tbody tr").first
        share = round(100 * of_value["total_order"].iloc[0])
        assert first.locator("td").last.inner_text().startswith(f"{share}% (")
        assert table.locator("tbody tr").count() == 2
        assert seen.violations() == [] and seen.quiet


def test_shares_that_the_sweep_did_not_write_are_refused(folder: Path, moved: Path, tmp_path: Path):
    changed = Path(shutil.copytree(moved, tmp_path / "changed"))
    (changed / "sobol.csv").write_text((changed / "sobol.csv").read_text().replace("0.", "0.1", 1))
    with pytest.raises(InputError, match=r"sobol\.csv: this is not as the sweep wrote it"):
        op.write_report([folder / "run"], tmp_path / "page.html", sweep=changed)


def test_without_a_sweep_the_page_has_no_such_section(folder: Path):
    assert 'id="swept"' not in op.write_report([folder / "run"], folder / "without.html").read_text()


def test_a_sweep_that_is_no_sweep_or_was_changed_or_is_of_another_question_is_refused(folder: Path, tmp_path: Path):
    run = [folder / "run"]
    with pytest.raises(InputError, match="no folder of a sweep that is done"):
        op.write_report(run, tmp_path / "page.html", sweep=folder / "run")
    changed = Path(shutil.copytree(folder / "sweep", tmp_path / "changed"))
    (changed / "regret.csv").write_text((changed / "regret.csv").read_text() + "\n")
    with pytest.raises(InputError, match=r"regret\.csv: this is not as the sweep wrote it"):
        op.write_report(run, tmp_path / "page.html", sweep=changed)
    (tmp_path / "other.yaml").write_text(f"based_on: {ROOT / 'configs/tiny.yaml'}\ntitle: Another question?\n")
    op.write_run(op.solve(op.read_problem(tmp_path / "other.yaml")), tmp_path / "other")
    with pytest.raises(InputError, match=r"of another question than the run \(config\.yaml\)"):
        op.write_report([tmp_path / "other"], tmp_path / "page.html", sweep=folder / "sweep")
    assert not (tmp_path / "page.html").exists()
