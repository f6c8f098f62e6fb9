"""What the README and the docs say is so: numbers, commands, paths, pages made from the code, and the picture."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import combinations
from math import ceil
from pathlib import Path
from types import ModuleType
from typing import Any

import cases
import pandas as pd
import pytest
import shipped
import typer

import optimiser as op
from optimiser.checker import tried
from optimiser.cli.app import app
from optimiser.errors import NoPlan
from optimiser.explanation import clashes, would_change
from optimiser.explanation.best import best_listed, best_option
from optimiser.journeys import shared_out
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.equally_near import equally_near
from optimiser.problem import Figure, Problem, Team
from optimiser.problem.parameters import parameters
from optimiser.report.page import question as question_of_a_page
from optimiser.scenarios import listing
from optimiser.scenarios.turning import turning_values
from optimiser.search import enumeration
from optimiser.search.level import with_standings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
HASU, EMERGENCY, ACUTE = "hyper_acute_stroke", "emergency_department", "acute_stroke"
COMMANDS: Any = typer.main.get_command(app)


def script(name: str) -> ModuleType:
    """Import a script of docs/."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / f"docs/{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def words_of(path: Path) -> str:
    """Return a page with every run of white space as one blank."""
    return " ".join(path.read_text(encoding="utf-8").split())


README = words_of(ROOT / "README.md")


def numbers(pattern: str, page: str = README) -> list[float]:
    """Return the numbers that a sentence of a page states; the sentence must be there once."""
    (found,) = re.findall(pattern, page)
    return [float(number.replace(",", "")) for number in ([found] if isinstance(found, str) else found)]


def question(name: str = "base") -> Problem:
    return shipped.question(name)


def answer(name: str = "base") -> Plan:
    return shipped.answer(name)


@cache
def run_folder(parent: Path) -> Path:
    return op.write_run(answer(), parent / "base")


def number(plan: Plan, name: str, service: str, group: str = "") -> float:
    return measures.number(measures.table(plan), name, service, group)


def with_sites(problem: Problem, service: str, *sites: str) -> Plan:
    """Return the answer with one service at other sites."""
    others = {pair for pair in answer().designated if pair[1] != service}
    return op.evaluate(problem, others | {(site, service) for site in sites})


# Pages made from the code ---------------------------------------------------------------------------------------------


def test_generated_pages_are_current():
    make = script("make")
    assert make.outdated() == []
    assert make.main(["--check"]) == 0


def test_a_setting_without_a_unit_is_named_with_the_file_to_open(monkeypatch: pytest.MonkeyPatch):
    make = script("make")
    monkeypatch.delitem(make.SETTING_UNITS, "standard_minutes")
    with pytest.raises(LookupError, match=r"^standard_minutes: open docs/make\.py and write its unit in SETTING_UNITS"):
        make.outdated()


def test_the_page_of_settings_says_what_holds_where_nothing_is_stated():
    page = (ROOT / "docs/config.md").read_text(encoding="utf-8")
    tables = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    default = {
        (name, cells[0]): cells[3]
        for name, text in tables.items()
        for line in text.splitlines()
        if line.startswith("| `") and len(cells := line.strip("| ").split(" | ")) == 5
    }
    service, whole = "`services.<code>`", "The whole config"
    assert default[service, "`neighbours`"] == "`all`"
    assert default[service, "`patients_go_to`"] == "`nearest`"
    assert default[service, "`at_most_sites`"] == "–"
    assert default[service, "`name`"] == default[whole, "`services`"] == "**must be stated**"
    assert default[whole, "`border`"] == "`nearest`"
    assert default[whole, "`objectives`"] == "`[patient_minutes]`"
    assert default[whole, "`time_limit_minutes`"] == "10"
    assert default["`services.<code>.beds`", "`blocking`"] == "0.01"
    assert default["`teams.<code>`", "`moves_at_most`"] == "0"


def test_the_reviewers_page_states_the_limits():
    page = words_of(ROOT / "docs/for_reviewers.md")
    assert numbers(r"every designation where there are at most ([\d,]+)", page) == [tried.MOST_TRIED]
    assert numbers(r"times areas at most ([\d,]+)", page) == [tried.MOST_SHARED_OUT]
    assert numbers(r"With more than (\d+) candidates there is no such list", page) == [enumeration.MOST_CANDIDATES]
    assert numbers(r"shared out\*\*: at most (\d+) candidates", page) == [shared_out.MOST_CANDIDATES]
    assert numbers(r"at most ([\d,]+) joint designations one by one", page) == [listing.MOST_JOINT]
    assert numbers(r"A page with more than (\d+) candidates", page) == [question_of_a_page.MOST_CANDIDATES_IN_TABLES]
    assert numbers(r"past (\d+), or (\d+) models solved", page) == [clashes.MOST_CLASHES, clashes.MOST_ASKED]


def test_the_reviewers_page_counts_the_cases_of_our_own_in_each_area_of_the_attack():
    rows = list(cases.lines())
    page = (ROOT / "docs/for_reviewers.md").read_text("utf-8")
    start = page.index(rows[0])
    written = page[start:].split("\n\n")[0].splitlines()
    assert written[:2] == rows[:2] and len(written) == len(rows)
    for row, now in zip((one.split("|") for one in written[2:]), (one.split("|") for one in rows[2:]), strict=True):
        theirs, ours, ours_now = (int(cell.replace(",", "")) for cell in (*row[2:4], now[3]))
        # There may be more by now, and never fewer than the attack had.
        assert (row[:3], row[4:]) == (now[:3], now[4:]) and theirs <= ours <= ours_now


def test_the_reviewers_page_says_what_the_main_question_rests_on():
    page = words_of(ROOT / "docs/for_reviewers.md")
    rules_of_it = answer().rules[~answer().rules["verified"].astype(bool)]["rule"]
    assert set(rules_of_it) == {"services_share_a_site", "rota_is_filled", "recruitment_within_limit"}
    (rota,) = question().services[EMERGENCY].rotas
    steps = {step[1]: step[3] for step in rota.steps}
    assert numbers(r"It comes to ([\d.]+) WTE", page) == [round(float(str(steps["WTE that the hours take"])), 2)]


# Commands, paths and words --------------------------------------------------------------------------------------------


def commands_in(page: Path) -> Iterator[list[str]]:
    text = page.read_text(encoding="utf-8")
    for found in re.findall(r"(?:^|`|Example: +)(?:\.venv/bin/)?optimiser ([a-z][^`\n#>]*)", text, re.MULTILINE):
        yield shlex.split(found)


def test_the_version_is_the_same_wherever_it_is_written():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"`optimiser` {version}" in README
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_is_one(page: Path):
    for name, *words in commands_in(page):
        command = COMMANDS.commands[name]
        if words:
            command.make_context(name, words)


def test_the_readme_lists_every_command():
    listed = re.findall(r"^\| `optimiser (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(listed) == set(COMMANDS.commands)
    assert {name for name, *_ in commands_in(ROOT / "docs/cli.md")} == set(COMMANDS.commands)


def test_every_make_target_that_the_readme_shows_is_in_the_makefile():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    shown = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert {"run", "test"} <= shown <= set(targets)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_is_there(page: Path):
    text = re.sub(r"> \S+", "", page.read_text(encoding="utf-8"))
    top = "configs|data|docs|optimiser|tests|benchmarks"
    named = set(re.findall(rf"(?<![\w/.-])(?:{top})/[\w./-]*\w", text)) - {"configs/what_if/my_question.yaml"}
    named |= set(re.findall(r"`((?:README|CHANGELOG|Makefile|LICENSE|pyproject)[\w.]*)`", text))
    links = {link for link in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in link}
    assert {path for path in named if not (ROOT / path).exists()} == set()
    assert {link for link in links if not (page.parent / link).exists()} == set()


def test_every_test_that_a_page_names_is_there():
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = {name for page in PAGES for name in re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))}
    assert {name for name in named if f"def {name}(" not in tests} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_speak_plainly(page: Path):
    text = words_of(page).lower()
    for word in ("constraint", "infeasible", "lower bound", "impedance", "slack", "utilis", "leverage"):
        assert word not in text


def test_how_it_works_names_every_part_of_the_package():
    page = words_of(ROOT / "docs/how_it_works.md")
    parts = [path for path in (ROOT / "optimiser").iterdir() if not path.name.startswith(("__", "py.typed"))]
    missing = [path.name for path in parts if f"`optimiser/{path.name}{'/' * path.is_dir()}`" not in page]
    assert missing == []


def test_decisions_are_numbered_in_order_without_gaps_or_repeats():
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    for number, page in enumerate(pages, 1):
        assert page.read_text(encoding="utf-8").startswith(f"# {number}. ")


def test_every_page_is_linked_from_the_readme_and_every_decision_from_a_page():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in readme] == []
    pages = [*PAGES, ROOT / "data/mid-south-essex/README.md"]
    linked = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert [one.name for one in (ROOT / "docs/decisions").glob("*.md") if f"decisions/{one.name})" not in linked] == []


def test_the_glossary_has_every_word_that_messages_lean_on():
    glossary = words_of(ROOT / "docs/glossary.md")
    words = (
        "place, area, site, service, designated, option, config, plan, rule, measure, team, rota, clash, WTE, border"
    )
    for word in words.split(", "):
        assert f"**{word}**" in glossary


# The README's answer --------------------------------------------------------------------------------------------------


def test_the_readmes_table_is_the_answer_of_a_fresh_solve():
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([\d.]+) \| (\d+) \| (\d+)% \|$",
        (ROOT / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    services = {service.name: code for code, service in question().services.items() if service.activity}
    assert [name for name, *_ in rows] == list(services)
    for name, sites, *stated in rows:
        code = services[name]
        assert tuple(sites.lower().split(", ")) == answer().sites_of(code)
        share = number(answer(), "patients_within_30", code) / number(answer(), "patients", code)
        mean, worst = number(answer(), "mean_minutes", code), number(answer(), "worst_minutes", code)
        assert stated == [f"{mean:.2f}", f"{worst:.0f}", f"{share * 100:.0f}"]


def test_the_readme_says_how_the_answer_is_proved_and_for_how_many():
    listing = answer().proof.enumeration
    assert answer().proof.outcome == "proved best" and listing is not None
    assert numbers(r"all (\d+) ways to designate the rest were judged .*?, and (\d+) of them") == [
        listing.listed,
        listing.lawful,
    ]
    residents = question().areas[question().areas["resident"]]
    assert numbers(r"([\d,]+) areas and ([\d,]+) people") == [len(residents), residents["population"].sum()]


def test_the_readme_says_how_far_the_next_best_is_and_how_many_are_treated_outside():
    means = {site: number(with_sites(question(), HASU, site), "mean_minutes", HASU) for site in question().candidates}
    assert answer().sites_of(HASU) == ("basildon",) == (min(means, key=means.__getitem__),)
    assert sorted(means, key=means.__getitem__)[1] == "southend"
    found = numbers(r"a hyper-acute unit at Southend instead takes ([\d.]+) minutes on average, ([\d.]+) more")
    assert found == [round(means["southend"], 2), round(means["southend"] - means["basildon"], 1)]
    pairs = combinations(question().candidates, 2)
    emergency = {pair: number(with_sites(question(), EMERGENCY, *pair), "mean_minutes", EMERGENCY) for pair in pairs}
    assert sorted(emergency, key=emergency.__getitem__)[:2] == [answer().sites_of(EMERGENCY), ("basildon", "southend")]
    more = emergency["basildon", "southend"] - emergency["basildon", "broomfield"]
    assert numbers(r"departments at Basildon and Southend (\d+) seconds more") == [round(60 * more)]
    outside = numbers(r"Of residents' strokes (\d+)% are taken to be treated outside the system, as of all")
    today = with_sites(question(), HASU, *question().candidates)
    for plan in (answer(), today, with_sites(question(), HASU, "southend")):
        assert outside == [round(100 * number(plan, "share_outside", HASU))]
    standings = with_standings(answer()).proof.standings
    assert standings and not any(standing.rivals for standing in standings)


def test_the_readme_says_what_would_change_the_answer():
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M))
    minimum = question().services[HASU].minimum_patients
    assert minimum is not None
    two = with_sites(question(), HASU, "broomfield", "southend")
    lacks = minimum.value - number(two, "site_patients", HASU, "broomfield")
    within = number(two, "patients_within_30", HASU) / number(two, "patients", HASU)
    said = f"Broomfield and Southend: {number(two, 'mean_minutes', HASU):.2f} minutes, {100 * within:.0f}% within 30"
    seen = minimum.value - lacks
    assert rows[
        f"Broomfield, beside Southend, saw {minimum.value:g} stroke patients a year and not {seen:.0f}"
    ].endswith(said)
    closed = answer("what_if/no_neighbours")
    assert closed.sites_of(HASU) == ("broomfield", "southend")
    mean = number(closed, "mean_minutes", HASU)
    assert rows["nobody crossed the border"] == f"the same two units: {mean:.2f} minutes"
    turns = {turning.service: turning for turning in turning_values(answer())}
    for code, words in (
        (HASU, "more than {}% of patients went to the nearest hospital of all"),
        (EMERGENCY, "more than {}% did"),
    ):
        share, there = turns[code].value, turns[code].best
        assert share is not None and there is not None
        # Rounded up, so that it stays so, and beside it by how much at most: as every sentence on it has it.
        (then,) = [rows[row] for row in rows if row.startswith(words.format(ceil(share * 100)))]
        lead = str(turns[code]).partition(", by at most ")[2].partition(" a patient")[0]
        assert f"{' and '.join(site.title() for site in there)}, by at most {lead}" in then and lead
        assert ("(level)" in then) is ("a patient (level)," in str(turns[code]))
    everywhere = with_sites(question(), EMERGENCY, *question().candidates)
    lacking = everywhere.staffing["short"].sum()
    then = rows[f"there were {lacking:.0f} WTE (whole-time equivalents) more emergency consultants"]
    assert then == f"all three emergency departments: {number(everywhere, 'mean_minutes', EMERGENCY):.2f} minutes"
    said = " ".join(str(change) for change in would_change(answer()).changes)
    fewer = "6 WTE fewer emergency medicine consultants in post, which leaves Basildon 6.84, Broomfield 5.32 and"
    assert f"{fewer} Southend 6.84: Full emergency department at Basildon would be best; the plan's own" in said
    assert rows["there were 6 WTE fewer"] == "one emergency department, at Basildon"
    (hasu, emergency) = ("Hyper-acute stroke unit at", "Full emergency department at")
    for row, told, then, best in (
        (
            "Basildon took 2 minutes longer, all others as they are",
            "Basildon 2 minutes longer",
            "a hyper-acute unit at Southend; emergency departments at Broomfield and Southend",
            f"{hasu} Southend and {emergency} Broomfield and Southend",
        ),
        (
            "Southend took 2 minutes less",
            "Southend 2 minutes shorter",
            "a hyper-acute unit at Southend",
            f"{hasu} Southend",
        ),
        (
            "Broomfield took 4 minutes longer",
            "Broomfield 4 minutes longer",
            "emergency departments at Basildon and Southend",
            f"{emergency} Basildon and Southend",
        ),
        (
            "Broomfield took 5 minutes less",
            "Broomfield 5 minutes shorter",
            "a hyper-acute unit at Broomfield and one at Southend",
            f"{hasu} Broomfield and Southend",
        ),
    ):
        turned = re.search(rf"Every journey to {told}: {best} would be best( \(level)?", said)
        assert turned and rows[f"every journey to {row}"] == f"{then}{' (level)' if turned[1] else ''}"
    a12 = parameters(question())["journey_factor.A12"]
    for factor, others in ((0.85, answer().sites_of(EMERGENCY)), (0.8, ("basildon", "southend"))):
        found = best_option(a12.apply(question(), factor))
        assert found and {site for site, code in found.designated if code == EMERGENCY} == {*others}
    assert (
        rows["all journeys from Braintree, Brentwood, Chelmsford and Maldon, which stand for the A12, took 20% less"]
        == "emergency departments at Basildon and Southend (level)"
    )
    sped = a12.apply(question(), 0.8)
    each = (with_sites(sped, EMERGENCY, "basildon", there) for there in ("broomfield", "southend"))
    ours, theirs = (number(plan, "mean_minutes", EMERGENCY) for plan in each)
    assert 0 < ours - theirs <= sped.level_within(ours)


def test_the_readme_says_what_the_old_question_came_to():
    old = answer("what_if/border_nearest")
    stated = numbers(r"(\d+)% of residents' strokes were treated outside the system")
    assert stated == [round(100 * number(old, "share_outside", HASU))]
    means = [number(with_sites(old.problem, HASU, site), "mean_minutes", HASU) for site in ("southend", "basildon")]
    assert numbers(r"ships still: ([\d.]+) minutes at Southend, ([\d.]+) at Basildon, a tie") == [
        round(mean, 2) for mean in means
    ]
    assert old.sites_of(HASU) == ("southend",) and means[1] < 1.01 * means[0]


def test_the_readme_says_what_the_minimum_of_patients_rests_on():
    minimum = question().services[HASU].minimum_patients
    assert minimum is not None
    assert numbers(r"a minimum of (\d+) patients a year") == [minimum.value]
    plans = {pair: with_sites(question(), HASU, *pair) for pair in combinations(question().candidates, 2)}
    smaller = [min(number(plan, "site_patients", HASU, site) for site in pair) for pair, plan in plans.items()]
    assert numbers(r"Of any two, the smaller would see (\d+) to (\d+)") == [round(min(smaller)), round(max(smaller))]
    assert max(smaller) < minimum.value
    two = plans["broomfield", "southend"]
    seen = number(two, "site_patients", HASU, "broomfield")
    assert numbers(r"Broomfield would see (\d+), (\d+) short") == [round(seen), round(minimum.value - seen)]
    comers = sum(number(two, "site_patients_from_outside", HASU, site) for site in two.sites_of(HASU))
    outside = ~question().areas["resident"].astype(bool)
    assert numbers(r"Those \d+ count (\d+) a year from (\d+) areas outside, of which every activity is known") == [
        round(comers),
        outside.sum(),
    ]
    without = round(seen) - round(number(two, "site_patients_from_outside", HASU, "broomfield"))
    assert numbers(r"without these (\d+) they are (\d+)") == [round(comers), without]
    wide = answer("what_if/incomers_from_everywhere")
    assert wide.sites_of(HASU) == ("broomfield", "southend")
    areas = wide.problem.areas
    more = len(areas) - len(question().areas)
    came = {site: number(two, "site_patients_from_outside", HASU, site) for site in two.sites_of(HASU)}
    come = {site: number(wide, "site_patients_from_outside", HASU, site) - came[site] for site in wide.sites_of(HASU)}
    assert numbers(r"Of (\d+) more areas, .*? only strokes are known: (\d+) a year") == [
        more,
        round(sum(come.values())),
    ]
    seen = number(wide, "site_patients", HASU, "broomfield")
    said = r"Broomfield would see (\d+), as (\d+) of the (\d+) would come there and (\d+) to Southend"
    parts = round(come["broomfield"]), round(sum(come.values())), round(come["southend"])
    assert numbers(said) == [round(seen), *parts]
    assert numbers(r"strokes were counted from (\d+) areas outside, all that send at least 1%, not from (\d+)") == [
        (~areas["resident"].astype(bool)).sum(),
        outside.sum(),
    ]
    quicker = numbers(r"would be quicker, ([\d.]+) minutes against ([\d.]+), with (\d+)% within 30 .*?against (\d+)%")
    means = [number(plan, "mean_minutes", HASU) for plan in (two, answer())]
    within = [number(plan, "patients_within_30", HASU) / number(plan, "patients", HASU) for plan in (two, answer())]
    assert quicker == [*(round(mean, 2) for mean in means), *(round(100 * share) for share in within)]
    unlimited = answer("what_if/no_volume_floor")
    assert unlimited.sites_of(HASU) == ("basildon", "broomfield")
    assert numbers(r"at Basildon and Broomfield: ([\d.]+) minutes") == [
        round(number(unlimited, "mean_minutes", HASU), 2)
    ]


def test_the_readme_sets_nearest_journeys_beside_what_was_counted():
    stated = numbers(
        r"sends (\d+), (\d+) and (\d+) stroke patients.*?, where (\d+), (\d+) and (\d+) were counted in 2018/19"
    )
    nearest = [round(number(answer(), "site_patients", ACUTE, site)) for site in question().candidates]
    counted = pd.read_csv(ROOT / "data/mid-south-essex/activity.csv").query("period == '2018/19'")
    strokes = counted[counted["activity"] == "stroke_admission"].set_index("site")["count"]
    assert stated == [*nearest, *strokes[list(question().candidates)]]


def test_the_readme_says_what_two_emergency_departments_rest_on():
    (rota,) = question().services[EMERGENCY].rotas
    post = sum(question().staff[site, rota.team, rota.unit] for site in question().candidates)
    (asked,), (had,) = (
        numbers(r"asked for (\d+) consultants in every emergency department"),
        numbers(r"three hospitals had (\d+) WTE"),
    )
    two, three, short = numbers(r"need (\d+); three need (\d+), (\d+) more than there were")
    assert [asked, had, two, three] == [rota.needed.value, post, 2 * rota.needed.value, 3 * rota.needed.value]
    everywhere = with_sites(question(), EMERGENCY, *question().candidates)
    assert short == everywhere.staffing["short"].sum() == three - had


def test_the_readme_says_who_has_to_move():
    assert "One stroke consultant and four WTE of emergency consultants would have to move" in README
    moved = answer().staffing.groupby("team")["moved_in"].sum()
    assert (moved["stroke_consultants"], moved["emergency_consultants"]) == (1, 4)
    nobody = {code: replace(team, moves_at_most=Figure(0)) for code, team in question().teams.items()}
    with pytest.raises(NoPlan):
        op.solve(replace(question(), teams=nobody))


def test_the_readme_counts_the_services_decided_together():
    care = question("care_model")
    decided = {code for code, service in care.services.items() if set(service.fixed) < set(care.candidates)}
    assert {HASU, ACUTE, EMERGENCY} <= decided and len(decided) == 3 + 14
    assert "together with fourteen other services" in README and len(care.services) == 20


def test_the_readmes_what_if_has_the_answer_that_it_says(tmp_path: Path):
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(text.splitlines()) == 3
    (tmp_path / "question.yaml").write_text(text.replace("../base.yaml", str(ROOT / "configs/base.yaml")))
    plan = op.solve(op.read_problem(tmp_path / "question.yaml"))
    assert plan.sites_of(HASU) == ("basildon", "southend")
    with pytest.raises(NoPlan):
        answer("what_if/three_emergency_departments")


def test_the_readmes_python_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    (text,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(text, "README.md", "exec"), {})
    assert "rota_is_filled.emergency_department.basildon" in capsys.readouterr().out


# What the pages on where patients go say ------------------------------------------------------------------------------


def rows_of(name: str, columns: int) -> list[list[str]]:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if len(row) == columns]


def test_the_page_on_pathways_says_what_each_choice_of_units_comes_to():
    asked = question("what_if/treat_and_transfer")
    rows = [row for row in rows_of("pathways.md", 5) if re.fullmatch(r"[\d.]+", row[1]) and row[4][0].isdigit()]
    assert len(rows) == 6
    everything = {(site, code) for code, one in asked.services.items() for site, fixed in one.fixed.items()}
    others = {(site, code) for code in (EMERGENCY, ACUTE) for site in asked.candidates} | everything
    for sites, mean, transfers, pairs, hours in rows:
        plan = op.evaluate(asked, others | {(site.lower(), HASU) for site in sites.split(" and ")})
        assert mean == f"{number(plan, 'mean_minutes', HASU):.2f}"
        assert transfers == f"{number(plan, 'transfers_per_day', HASU):.2f}"
        assert hours == f"{number(plan, 'ambulance_hours_per_year', HASU):,.0f}"
        table = measures.table(plan).query("measure == 'transfers_per_day' and group != ''")
        made = {row.group.split()[0].title(): f"{row.value:.2f}" for row in table.itertuples() if row.value}
        assert dict(pair.split() for pair in pairs.split(", ")) == made


def test_the_page_on_observed_flows_says_what_each_border_comes_to():
    rows = {row[0]: row[1:] for row in rows_of("observed.md", 4)}
    for words, name in (
        ("as in 2019 (the main question)", "base"),
        ("as in 2019, but nobody to the Royal London", "what_if/without_the_royal_london"),
        ("nobody", "what_if/no_neighbours"),
        ("whoever lives nearest to a neighbour", "what_if/border_nearest"),
    ):
        plans = [with_sites(question(name), HASU, site) for site in question().candidates]
        assert rows[words] == [f"{number(plan, 'mean_minutes', HASU):.2f}" for plan in plans]
    border = question().border
    assert border is not None
    shares = pd.read_csv(ROOT / "data/mid-south-essex/border.csv")
    of_2018 = shares.pivot(index="area", columns="goes_to", values="share_2018").reindex_like(border.shares).fillna(0)
    then = replace(question(), border=replace(border, shares=of_2018))
    plans = [with_sites(then, HASU, site) for site in question().candidates]
    assert rows["as in 2018"] == [f"{number(plan, 'mean_minutes', HASU):.2f}" for plan in plans]


def test_the_page_on_observed_flows_says_who_crosses_the_border():
    page = words_of(ROOT / "docs/observed.md")
    leave, residents, share = numbers(r"leaving in all, (\d+) of ([\d,]+), or (\d+)%", page)
    outside = number(answer(), "patients_outside", HASU)
    assert [leave, residents] == [round(outside), round(number(answer(), "patients", HASU))]
    assert share == round(100 * outside / number(answer(), "patients", HASU))
    assert numbers(r"Who went there today is (\d+) a year", page) == [
        round(number(answer(), "site_patients", HASU, "darent_valley"))
    ]
    old = answer("what_if/border_nearest")
    assert numbers(r"(\d+)% of residents' strokes leave, (\d+) of them for Darent Valley", page) == [
        round(100 * number(old, "share_outside", HASU)),
        round(number(old, "site_patients", HASU, "darent_valley")),
    ]
    shares = pd.read_csv(ROOT / "data/mid-south-essex/border.csv")
    here = shares[shares["area"].isin(question().areas.index[question().areas["resident"]])]
    assert numbers(r"and (\d+)% to the three hospitals", page) == [
        round(100 * here.groupby("area")["share"].sum().mean())
    ]
    two = with_sites(question(), HASU, "broomfield", "southend")
    rows = {row[0]: row[1:] for row in rows_of("observed.md", 4)}
    comers = sum(number(two, "site_patients_from_outside", HASU, site) for site in two.sites_of(HASU))
    areas = (~question().areas["resident"].astype(bool)).sum()
    seen = number(two, "site_patients", HASU, "broomfield")
    assert rows["anything, where known in full (the main question)"] == [f"{areas}", f"{comers:.0f}", f"{seen:.0f}"]
    wide = with_sites(question("what_if/incomers_from_everywhere"), HASU, "broomfield", "southend")
    comers = sum(number(wide, "site_patients_from_outside", HASU, site) for site in wide.sites_of(HASU))
    areas = (~wide.problem.areas["resident"].astype(bool)).sum()
    seen = number(wide, "site_patients", HASU, "broomfield")
    assert rows["at least 1% (the what-if)"] == [f"{areas}", f"{comers:.0f}", f"{seen:.0f}"]


def test_the_page_on_observed_flows_says_what_offsets_come_to():
    rows = {row[0].split()[0]: row[1:] for row in rows_of("observed.md", 6) if row[0]}
    nearest_of = {"stroke": ACUTE, "emergencies": EMERGENCY}
    for word, name, code in (
        ("stroke", "what_if/observed_stroke_flows", ACUTE),
        ("emergencies", "what_if/observed_emergency_flows", EMERGENCY),
    ):
        scaled, nearest, drawn, offsets, error = rows[word]
        plan = with_sites(question(name), code, *question().candidates)
        everywhere = with_sites(question(), nearest_of[word], *question().candidates)

        def three(which: Plan, measure: str, service: str = code) -> list[float]:
            return [number(which, measure, service, site) for site in question().candidates]

        counted, came = three(plan, "observed_patients"), three(everywhere, "site_patients")
        assert scaled == " / ".join(f"{found:,.0f}" for found in counted)
        assert nearest == " / ".join(f"{found:,.0f}" for found in came)
        assert drawn == " / ".join(f"{found:,.0f}" for found in three(plan, "backcast_patients"))
        observed = plan.problem.services[code].observed
        assert observed is not None
        fitted = [observed.offsets[site].value for site in question().candidates]
        assert offsets == " / ".join(f"{minutes:g}".replace("-", "−") for minutes in fitted)
        worst = max(three(plan, "backcast_error"))
        off = max(abs(one / other - 1) for one, other in zip(came, counted, strict=True))
        assert error == f"{100 * worst:.1f}% (nearest: {100 * off:.0f}%)"
    fitted_plan = answer("what_if/observed_stroke_flows")
    assert fitted_plan.sites_of(HASU) == answer().sites_of(HASU)
    page = words_of(ROOT / "docs/observed.md")
    pair = with_sites(fitted_plan.problem, HASU, "basildon", "southend")
    sees = number(pair, "site_patients", HASU, "basildon")
    assert numbers(r"at Basildon and Southend, Basildon would see (\d+), (\d+) short", page) == [
        round(sees),
        round(600 - sees),
    ]


@pytest.mark.parametrize("year", ["2019/20", "2021/22"])
def test_the_page_on_observed_flows_says_what_the_counts_of_later_years_come_to(year: str, tmp_path: Path):
    at = ROOT / "configs/what_if/observed_stroke_flows.yaml"
    period = f'{{observed: {{period: "{year}"}}}}'
    (tmp_path / "question.yaml").write_text(
        f"based_on: {at}\nservices: {{hyper_acute_stroke: {period}, acute_stroke: {period}}}\n"
    )
    plan = op.solve(op.read_problem(tmp_path / "question.yaml"))
    assert plan.sites_of(HASU) == ("basildon", "southend")
    page = words_of(ROOT / "docs/observed.md")
    observed = plan.problem.services[HASU].observed
    assert observed is not None
    offsets = " / ".join(f"{observed.offsets[site].value:g}".replace("-", "−") for site in question().candidates)
    counts = " / ".join(f"{observed.counts[site]:.0f}" for site in question().candidates)
    fitted = f"Fitted to {year} ({counts}) offsets are {offsets},"
    assert fitted in page
    said = page.partition(fitted)[2].partition(" Fitted to ")[0]
    assert numbers(r"Basildon would see (\d+), and .*?would be best, at ([\d.]+) minutes", said) == [
        round(number(plan, "site_patients", HASU, "basildon")),
        round(number(plan, "mean_minutes", HASU), 2),
    ]
    later = "by 2021/22 two units would be best, at Basildon and Southend; by 2019/20 that hangs on 65"
    assert f"{later} patients whom the fit draws to both alike." in " ".join(README.split())
    assert answer("what_if/observed_stroke_flows").sites_of(HASU) == answer().sites_of(HASU) == ("basildon",)
    (told,) = (one.sentence for one in answer("base").problem.know_before if one.sentence.startswith("With as many"))
    two = (
        "by 2021/22 two (of stroke and emergency care alone: Basildon and Southend; care model: Basildon and "
        "Broomfield);"
    )
    undecided = "by 2019/20, of stroke and emergency care alone, undecided, as 65 patients are drawn to both alike."
    assert f"{two} {undecided}" in told
    tied = [one for one in equally_near(plan, HASU) if one.are_needed]
    if year == "2021/22":
        assert not tied
        return
    (at_basildon,) = tied
    figures = [round(at_basildon.patients), round(at_basildon.of_all)]
    without = round(at_basildon.of_all - at_basildon.patients)
    assert (at_basildon.site, at_basildon.others) == ("basildon", ("southend",))
    assert numbers(r"but (\d+) of the (\d+) have, with the offset of each, as few minutes to Southend", page) == figures
    assert numbers(r"Without them Basildon would see (\d+), (\d+) short", page) == [without, 600 - without]


YEARS = {
    "2018/19": ("basildon", "broomfield"),
    "2019/20": ("basildon", "broomfield"),
    "2021/22": ("basildon", "southend"),
}


def as_many_as_counted(problem: Problem, year: str) -> Problem:
    """Return a question with as many stroke patients, in every area alike, as the three hospitals counted in a year."""
    counts = pd.read_csv(ROOT / "data/mid-south-essex/activity.csv").query("activity == 'stroke_admission'")
    counted = int(counts[counts["period"] == year]["count"].sum())
    today = evaluate(problem, problem.today)
    modelled = sum(number(today, "site_patients", HASU, site) for site in problem.candidates)
    factor = Fraction(counted) / Fraction(round(modelled, 6))
    return parameters(problem)["demand_factor.stroke_admission"].apply(problem, factor.limit_denominator(10_000))


@pytest.mark.parametrize("year", YEARS)
def test_with_as_many_patients_as_were_counted_two_units_are_best_by_each_year(year: str, tmp_path: Path):
    at = ROOT / "configs/what_if/observed_stroke_flows.yaml"
    period = f'{{observed: {{period: "{year}"}}}}'
    (tmp_path / "question.yaml").write_text(
        f"based_on: {at}\nservices: {{hyper_acute_stroke: {period}, acute_stroke: {period}}}\n"
    )
    problem = as_many_as_counted(op.read_problem(tmp_path / "question.yaml"), year)
    best = best_listed(problem)
    assert best is not None
    plan = evaluate(problem, best.designated)
    assert plan.sites_of(HASU) == YEARS[year]
    minutes = f"{number(plan, 'mean_minutes', HASU):.2f}"
    fewest = round(min(number(plan, "site_patients", HASU, site) for site in plan.sites_of(HASU)))
    page = words_of(ROOT / "docs/observed.md")
    (said,) = re.findall(r"two units are lawful and best: (.*?) In the care model", page)
    of_year = said.partition(f"by {year} at ")[2].partition(")")[0]
    assert minutes in of_year and str(fewest) in of_year
    (told,) = (one.sentence for one in answer("base").problem.know_before if one.sentence.startswith("With as many"))
    assert told.startswith(
        "With as many strokes as counted in each of 3 years (1,825 to 1,958; model: 1,702), split about as then, "
        "two hyper-acute stroke units would be best:"
    )
    two = "at Basildon and Broomfield or, by one year save in the care model, Basildon and Southend."
    assert f"{two} The one year is 2021/22;" in told
    counted = sum(plan.problem.services[HASU].observed.counts.values())
    assert f"{counted:,.0f} in {year}" in told
    amiss = [number(plan.today, "backcast_error", HASU, site) for site in plan.problem.candidates]
    (at_most,) = numbers(r"with at most ([\d.]+)% of the patients of a hospital amiss", told)
    assert max(map(abs, amiss)) * 100 < at_most + 0.05
    if year == "2021/22":
        other = with_sites(problem, HASU, "basildon", "broomfield")
        means = [number(one, "mean_minutes", HASU) for one in (other, plan)]
        within = [number(one, "patients_within_30", HASU) / number(one, "patients", HASU) for one in (other, plan)]
        told_of_it = (
            r"are (\d+) seconds a patient apart, and Basildon and Broomfield would have more within 30 minutes,"
        )
        assert numbers(rf"{told_of_it} (\d+)% and not (\d+)%", told) == [
            round(60 * (means[0] - means[1])),
            *(round(100 * one) for one in within),
        ]


def test_to_the_nearest_as_many_patients_as_were_counted_are_not_enough_for_two_units():
    problem = as_many_as_counted(question(), "2018/19")
    best = best_listed(problem)
    assert best is not None and evaluate(problem, best.designated).sites_of(HASU) == ("basildon",)
    pair = with_sites(problem, HASU, "broomfield", "southend")
    (seen,) = numbers(r"as Broomfield would then see (\d+) beside Southend", words_of(ROOT / "docs/observed.md"))
    assert seen == round(number(pair, "site_patients", HASU, "broomfield"))


@pytest.mark.deep
@pytest.mark.parametrize(("year", "sites"), [("2018/19", 1), ("2019/20", 1), ("2021/22", 2)])
def test_what_the_counts_of_each_year_make_of_the_care_model_is_as_told(year: str, sites: int, tmp_path: Path):
    at, fitted = ROOT / "configs/care_model.yaml", f'{{patients_go_to: observed, observed: {{period: "{year}"}}}}'
    (tmp_path / "question.yaml").write_text(
        f"based_on: {at}\nservices: {{hyper_acute_stroke: {fitted}, acute_stroke: {fitted}}}\n"
    )
    plan = op.solve(op.read_problem(tmp_path / "question.yaml"))
    assert plan.sites_of(HASU) == ("basildon", "broomfield")[:sites]
    assert (plan.designated == answer("care_model").designated) is (sites == 1)
    if year == "2018/19":
        told = f"the hyper-acute journey is then {number(plan, 'mean_minutes', HASU):.1f} minutes and not"
        assert f"{told} {number(answer('care_model'), 'mean_minutes', HASU):.1f}" in words_of(ROOT / "docs/observed.md")
    (told,) = (one.sentence for one in answer("base").problem.know_before if one.sentence.startswith("With as many"))
    assert "care model: Basildon and Broomfield); by 2019/20, of stroke and emergency care alone, undecided" in told
    grown = op.solve(as_many_as_counted(plan.problem, year))
    assert grown.sites_of(HASU) == ("basildon", "broomfield")
    assert "; the care model has Basildon and Broomfield by each." in told


def test_the_page_on_observed_flows_sets_shares_beside_what_was_counted():
    rows = {row[0]: [float(cell) for cell in row[1:]] for row in rows_of("observed.md", 4) if row[1].startswith("0.")}
    fitted = answer("what_if/observed_stroke_flows")
    for words, plan, measure in (
        ("counted in 2018/19", fitted, "observed_patients"),
        ("by offsets", fitted, "backcast_patients"),
        ("by nearest", answer(), "site_patients"),
    ):
        found = [number(plan, measure, ACUTE, site) for site in question().candidates]
        assert rows[words] == [round(one / sum(found), 2) for one in found]


# The worked example ---------------------------------------------------------------------------------------------------


def test_the_worked_examples_answer_is_the_optimisers():
    plan, page = answer("tiny"), words_of(ROOT / "docs/worked_example.md")
    assert "| walk-in clinic | ash, birch | | X-ray room | ash, birch |" in page
    assert plan.sites_of("walk_in") == plan.sites_of("x_ray") == ("ash", "birch")
    assert numbers(r"patient-minutes \| ([\d,]+) a year; mean ([\d]+) minutes", page) == [
        number(plan, "patient_minutes", "walk_in"),
        number(plan, "mean_minutes", "walk_in"),
    ]
    assert numbers(r"longest journey \| (\d+) minutes", page) == [number(plan, "worst_minutes", "walk_in")]
    assert numbers(r"visits \| Ash (\d+), Birch (\d+), and (\d+) go to Dale", page) == [
        number(plan, "site_patients", "walk_in", site) for site in ("ash", "birch", "dale")
    ]
    assert numbers(r"changes from today \| (\d+):", page) == [number(plan, "changes_from_today", "")]
    listing = plan.proof.enumeration
    assert "only best plan. Seven plans obey every rule" in page
    assert listing is not None and (listing.equal_best, listing.lawful) == (1, 7)


def test_the_worked_examples_what_ifs_come_out_as_it_says():
    tiny = question("tiny")
    clinic, doctors = tiny.services["walk_in"], tiny.teams["doctors"]
    (rota,) = clinic.rotas

    def best(**rules_of_clinic: Any) -> tuple[str, ...]:
        problem = replace(tiny, services=tiny.services | {"walk_in": replace(clinic, **rules_of_clinic)})
        return op.solve(problem).sites_of("walk_in")

    two_may_move: Team = replace(doctors, moves_at_most=Figure(2))
    moved = op.solve(replace(tiny, teams={"doctors": two_may_move}))
    assert moved.sites_of("walk_in") == ("ash", "cedar")
    assert number(moved, "patient_minutes", "walk_in") == 3200 - 600
    assert best(rotas=(replace(rota, needed=Figure(2)),)) == ("ash", "cedar")
    assert best(minimum_patients=Figure(60)) == ("ash", "birch")
    closed = tiny.behind_its_border()
    assert op.solve(closed).sites_of("walk_in") == ("ash", "birch")
    alone = op.evaluate(closed, {("ash", "walk_in"), ("ash", "x_ray")})
    assert number(alone, "mean_minutes", "walk_in") == 26


# The picture ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(script("picture").draw(run_folder(tmp_path_factory.mktemp("run"))))


def test_the_picture_is_what_its_script_makes_of_a_fresh_solve(picture: str):
    assert (ROOT / "docs/answer.svg").read_bytes() == picture.encode()


def test_the_picture_is_small_has_words_and_asks_for_nothing(picture: str):
    assert len(picture) < 400_000
    root = ET.fromstring(picture)
    parts = {child.tag.split("}")[1] for child in root.iter()}
    assert parts <= {"svg", "title", "desc", "rect", "path", "text", "circle", "g", "clipPath"}
    assert root.get("role") == "img" and root.get("aria-labelledby") == "answer-title answer-desc"
    assert "href" not in picture and "style" not in picture
    assert all(asked.startswith("#") for asked in re.findall(r"url\((.*?)\)", picture))


def test_the_pictures_title_states_the_finding_in_fifteen_words(picture: str):
    (title,) = re.findall(r'<title id="answer-title">(.*)</title>', picture)
    assert len(title.split()) <= 15
    basildon, southend = numbers(r"at Basildon, averages ([\d.]+) minutes; at Southend, ([\d.]+)", title)
    assert [southend] == numbers(r"a hyper-acute unit at Southend instead takes ([\d.]+) minutes on average")
    assert [basildon] == numbers(r"\| Hyper-acute stroke unit \| Basildon \| ([\d.]+)")
