"""Every way that meets the rules, as the page draws and counts them."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path

import pandas as pd
import pytest
from browser import Browser, visit
from shipped import answer
from worlds import small

import optimiser as op
from optimiser.model.arithmetic import lawful as is_lawful
from optimiser.problem import Figure
from optimiser.report.page.lawful import MOST_DRAWN, Ways, ways
from optimiser.search.options import every_lawful


@pytest.fixture(scope="module")
def found() -> Ways:
    every = ways(op.solve(small(minimum_patients=Figure(20), at_least_sites=Figure(1))))
    assert every is not None
    return every


def test_ways_are_those_that_trying_each_by_itself_leaves(found: Ways):
    problem = found.problem
    pairs = [(site, code) for code in problem.services for site in problem.candidates]
    each = map(frozenset, chain.from_iterable(combinations(pairs, many) for many in range(len(pairs) + 1)))
    right = {one for one in each if is_lawful(problem, one)}
    assert {found.found.ranked.designated(n) for n in range(len(found.found.ranked))} == right
    assert found.found.count == len(right) and found.found.listed == 2 ** len(pairs) > len(right) > 1
    shares = found.found.shares.set_index(["site", "service"])["plans"]
    assert shares.to_dict() == {pair: sum(pair in one for one in right) for pair in pairs}


def test_what_stands_on_the_axis_is_the_average_that_is_published(found: Ways):
    published = [
        op.evaluate(found.problem, found.found.ranked.designated(n)).measures for n in range(found.found.count)
    ]
    means = [float(one.loc[one["measure"] == "mean_minutes", "value"].iloc[0]) for one in published]
    assert found.values == pytest.approx(means) and found.axis == "Average minutes a patient, over clinic"


def test_sites_are_said_to_be_in_every_way_in_some_or_in_none(found: Ways):
    shares = pd.DataFrame(
        [
            ("clinic", "ash", 0, 0.0, "never", False),
            ("clinic", "birch", 5, 1.0, "core", False),
            ("x_ray", "ash", 2, 0.4, "contested", False),
            ("x_ray", "birch", 5, 1.0, "core", True),
        ],
        columns=["service", "site", "plans", "share", "standing", "fixed"],
    )
    some = replace(found, found=replace(found.found, count=5, shares=shares))
    assert [[cell.text for cell in cells] for _, cells in some.rows()] == [
        ["in none", "in every way"],
        ["in 2 of 5", "in every way (fixed)"],
    ]
    assert some.settled == ["In every way that meets the rules: clinic at Birch.", "In none: clinic at Ash."]
    many = replace(found, found=replace(found.found, count=MOST_DRAWN + 1, shares=shares.assign(share=0.999)))
    assert [cell.text for _, cells in many.rows() for cell in cells][2] == "in over 99%"


def test_of_too_many_to_be_drawn_all_are_counted(found: Ways):
    few = every_lawful(found.problem, at_most=found.found.count - 1)
    assert (few.count, len(few.ranked)) == (found.found.count, 0)
    assert few.shares.equals(found.found.shares) and Ways(found.plan, few).strip() is None


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return op.write_report([answer("base")], tmp_path_factory.mktemp("ways") / "page.html")


def test_the_ring_follows_the_choice_and_says_how_it_stands(browser: Browser, page: Path):
    with visit(browser, page.as_uri()) as seen:
        ring, said = seen.page.locator("#way-ring"), seen.page.locator("#ways-said")
        assert seen.page.locator("#ways-title").text_content() == "72 of 512 ways to place all services meet every rule"
        assert seen.page.locator("#strip circle").count() == 72 + 1
        assert (said.text_content() or "").startswith("The answer is ringed: none comes to less.")
        best = float(ring.get_attribute("cx") or 0)
        seen.page.click("#placements button >> text=/^Southend$/")
        other = float(ring.get_attribute("cx") or 0)
        assert other > best and (ring.get_attribute("class"), seen.page.locator("#strip .best").count()) == ("one", 1)
        better = seen.page.evaluate("PAGE.lawful.values.filter(one => one < onTheStrip(PAGE.lawful) - 1e-9).length")
        assert f"Your choice is ringed: {better} of 72 ways come to less" in (said.text_content() or "")
        seen.page.click("#reset-today")
        assert ring.get_attribute("class") == "none" and "so it is none of the dots" in (said.text_content() or "")
        rows = seen.page.evaluate("waysRows()")
        assert len(rows) == 73 and rows[1][2:4] == ["Basildon", "Basildon, Broomfield and Southend"]
        assert [one[1] for one in rows[1:]] == sorted(one[1] for one in rows[1:])
        assert seen.violations() == [] and seen.quiet
