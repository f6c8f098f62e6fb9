"""A question that has no plan leaves a run that says why, and that anybody can check."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from as_files import with_files
from shipped import question
from test_checker import CONFIG as HAND_SOLVED
from test_checker import FILES, RUN_JSON, sealed
from worlds import small, three_doctors

from optimiser import checker
from optimiser.explanation import clash
from optimiser.model.arithmetic import lawful
from optimiser.plan.runs import files_without_plan, write_files
from optimiser.problem import Figure, Problem

CONFIGS = Path(__file__).parents[2] / "configs"


def files_of(problem: Problem) -> dict[str, bytes]:
    found = clash(problem)
    return files_without_plan(problem, found.tables(), found.all_found)


@pytest.mark.parametrize("name", ["three_emergency_departments", "three_hasus"])
def test_that_no_plan_exists_is_confirmed_by_trying_every_designation(name: str, tmp_path: Path):
    problem = question(f"what_if/{name}")
    folder = write_files(files_of(problem), tmp_path / "run")
    assert checker.check(folder).empty
    assert (
        "confirmed independently, by trying 49 ways to place services, all that keep to what is fixed"
        in checker.said_of_no_plan(folder)
    )
    assert json.loads((folder / "run.json").read_text())["outcome"] == "no plan"
    # What is left out of the first set lets designations through that the question as it stands does not.
    rows = pd.read_csv(folder / "clash.csv")
    assert set(rows["rule"]) == {"enough_sites", "rota_is_filled", "recruitment_within_limit"}
    for cell in rows["without_it"]:
        pairs = (pair.split(" at ") for pair in cell.split("; "))
        assert not lawful(problem, {(site, service) for service, site in pairs})
    assert (pd.read_csv(folder / "ways_out.csv")["by"] > 0).all()


def test_a_run_that_says_so_where_a_plan_exists_is_found_out():
    impossible = with_files(small(rotas=three_doctors(), at_least_sites=Figure(2)))
    possible = with_files(small(rotas=three_doctors(), at_least_sites=Figure(1)))
    honest = files_of(impossible)
    assert checker.check(honest).empty
    found = clash(impossible)
    wrong = files_without_plan(replace(impossible, files=possible.files), found.tables(), True)
    # Then the rules do not clash either, and no way out is needed.
    breach, *others = checker.check(wrong).itertuples()
    assert {other.check for other in others} == {"rules_clash_as_said", "ways_out_are_enough"}
    assert breach.check == "no_plan_meets_every_rule"
    assert "These designations break no rule: clinic at birch" in breach.message


def test_what_cannot_be_tried_is_said_not_to_have_been(monkeypatch: pytest.MonkeyPatch):
    files = files_of(with_files(small(rotas=three_doctors(), at_least_sites=Figure(2))))
    monkeypatch.setattr("optimiser.checker.tried.MOST_TRIED", 1)
    assert checker.check(files).empty
    assert "the solver's word" in checker.said_of_no_plan(files)


def altered(files: dict[str, bytes], name: str, old: str, new: str) -> dict[str, bytes]:
    """Return the run with one table altered, and sealed again."""
    content = files[name].decode()
    assert content.count(old) == 1, content
    changed = files | {name: content.replace(old, new).encode()}
    record = json.loads(files["run.json"])
    record["files"][name] = hashlib.sha256(changed[name]).hexdigest()
    return changed | {"run.json": json.dumps(record).encode()}


@pytest.fixture(scope="module")
def two_sites() -> dict[str, bytes]:
    """A clinic on two sites with three doctors at each, of which there are four: a clash of three rules."""
    return files_of(with_files(small(rotas=three_doctors(), at_least_sites=Figure(2))))


@pytest.fixture(scope="module")
def shared_out() -> dict[str, bytes]:
    """Sixty patients are shared out over two sites of at least 31: a clash of three rules, each enough alone."""
    world = small(managed=True, minimum_patients=Figure(31), at_least_sites=Figure(2)).behind_its_border()
    return files_of(with_files(world))


def test_a_clash_of_patients_who_are_shared_out_is_confirmed(shared_out: dict[str, bytes]):
    assert checker.check(shared_out).empty
    said = checker.said_of_no_plan(shared_out)
    assert "confirmed independently, by trying 4 ways to place services" in said
    assert "confirmed as smallest: that set. Ways out, confirmed as least: 3 of 3" in said


@pytest.fixture(scope="module")
def sent_farther() -> dict[str, bytes]:
    """At two sites, birch must have 35 patients, so five of mid go there for 38 minutes: three more than anybody may.

    Of 70 patients ash is the nearest for 40, twenty of west and twenty of mid. To send some of mid to birch takes 18
    minutes more, and of west, whom 30 minutes would be allowed, 20 more. Ash alone is within 33 minutes of all.
    """
    limits = {"minimum_patients": Figure(35), "longest_journey_minutes": Figure(35)}
    world = small(managed=True, at_least_sites=Figure(2), **limits).behind_its_border()
    world.demand.loc["west", "visit"] = 20.0
    world.journeys.loc["mid", "birch"], world.journeys.loc["east", "ash"] = 38.0, 33.0
    return files_of(with_files(world))


def test_journeys_are_those_of_patients_as_they_are_shared_out(sent_farther: dict[str, bytes]):
    assert checker.check(sent_farther).empty
    rules = set(pd.read_csv(io.BytesIO(sent_farther["clash.csv"]))["instance"])
    enough_at_birch = "every_site_has_enough_patients.clinic.birch"
    assert rules == {"enough_sites.clinic", enough_at_birch, "nobody_travels_too_far.clinic"}
    ways = pd.read_csv(io.BytesIO(sent_farther["ways_out.csv"]))
    assert dict(zip(ways["gives_way"], ways["by"], strict=True)) == {
        "enough_sites.clinic": 1,
        enough_at_birch: 5,
        "nobody_travels_too_far.clinic": 3,
    }
    # What the minimum gives is not tried where it bears on journeys.
    said = checker.said_of_no_plan(sent_farther)
    assert "confirmed as smallest: that set. Ways out, confirmed as least: 2 of 3" in said


@pytest.fixture(scope="module")
def too_many_for_both() -> dict[str, bytes]:
    """Seventy patients, and at most 32 at each of two sites: either could have six more than it may."""
    world = small(managed=True, maximum_patients=Figure(32), at_least_sites=Figure(2)).behind_its_border()
    world.demand.loc["west", "visit"] = 20.0
    return files_of(with_files(world))


def test_what_a_maximum_gives_is_tried_with_patients_shared_out_anew(too_many_for_both: dict[str, bytes]):
    assert checker.check(too_many_for_both).empty
    ways = pd.read_csv(io.BytesIO(too_many_for_both["ways_out.csv"]))
    # With everybody at the nearest, ash would have 40, eight too many, and birch 30.
    assert list(ways["by"]) == [6, 6]
    assert "confirmed as least: 2 of 2" in checker.said_of_no_plan(too_many_for_both)
    # Both together need give no more either.
    edit = ("ways_out.csv", "gives_way,words\n", f"gives_way,words\npatients a year,6,{TOO_MANY_AT},{SIX_MORE}\n")
    assert checker.check(altered(too_many_for_both, *edit)).empty


ENOUGH, FARTHER, TOO_MANY_AT = (
    "every_site_has_enough_patients.clinic",
    "nobody_travels_too_far",
    "no_site_has_too_many_patients.clinic",
)
SIX_MORE, EIGHT_MORE = (f"accept {more} patients a year too many at Ash for Clinic" for more in ("6.0", "8.0"))
LIES_ABOUT_SHARING = {
    "a minimum left out of the clash": (
        "shared_out",
        "clash.csv",
        f"1,every_site_has_enough_patients,{ENOUGH}.ash",
        f"2,every_site_has_enough_patients,{ENOUGH}.ash",
        "rules_clash_as_said",
    ),
    "a site that does not meet the other minimum": (
        "shared_out",
        "clash.csv",
        "2 sites,clinic at ash\n",
        "2 sites,clinic at ash; clinic at birch\n",
        "rules_clash_as_said",
    ),
    "a minimum that gives what it lacks with everybody at the nearest": (
        "shared_out",
        "ways_out.csv",
        f"patients a year,2,{ENOUGH}.ash",
        f"patients a year,1,{ENOUGH}.ash",
        "ways_out_are_enough",
    ),
    "a minimum that clashes at the other site": (
        "sent_farther",
        "clash.csv",
        f"{ENOUGH}.birch",
        f"{ENOUGH}.ash",
        "rules_clash_as_said",
    ),
    "journeys that clash without a minimum": (
        "sent_farther",
        "clash.csv",
        "1,every_site_has_enough_patients",
        "2,every_site_has_enough_patients",
        "rules_clash_as_said",
    ),
    "journeys of patients who go to the nearest": (
        "sent_farther",
        "ways_out.csv",
        f"minutes,3,{FARTHER}.clinic",
        f"minutes,1,{FARTHER}.clinic",
        "ways_out_are_enough",
    ),
    "a way out by a rule that is enough as it stands": (
        "sent_farther",
        "ways_out.csv",
        "sites,1,enough_sites",
        "sites,1,not_too_many_sites",
        "ways_out_are_enough",
    ),
    "a maximum that gives what is too many with everybody at the nearest": (
        "too_many_for_both",
        "ways_out.csv",
        f"patients a year,6,{TOO_MANY_AT}.ash",
        f"patients a year,8,{TOO_MANY_AT}.ash",
        "ways_out_are_enough",
    ),
    "both maximums that give what is too many with everybody at the nearest": (
        "too_many_for_both",
        "ways_out.csv",
        "gives_way,words\n",
        f"gives_way,words\npatients a year,8,{TOO_MANY_AT},{EIGHT_MORE}\n",
        "ways_out_are_enough",
    ),
}


@pytest.mark.parametrize("lie", LIES_ABOUT_SHARING)
def test_a_lie_about_patients_who_are_shared_out_is_found(lie: str, request: pytest.FixtureRequest):
    world, *edit, expected = LIES_ABOUT_SHARING[lie]
    assert set(checker.check(altered(request.getfixturevalue(world), *edit))["check"]) == {expected}


@pytest.mark.parametrize("world", ["shared_out", "too_many_for_both"])
@pytest.mark.parametrize("name", ["clash", "ways_out"])
def test_a_row_left_out_about_patients_who_are_shared_out_is_found(
    name: str, world: str, request: pytest.FixtureRequest
):
    files = request.getfixturevalue(world)
    for row in files[f"{name}.csv"].decode().splitlines(keepends=True)[1:]:
        assert not checker.check(altered(files, f"{name}.csv", row, "")).empty


def test_with_too_many_ways_to_share_out_nothing_is_tried(
    shared_out: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
):
    *edit, expected = LIES_ABOUT_SHARING["a site that does not meet the other minimum"][1:]
    lie = altered(shared_out, *edit)
    # Three resident areas; each of two sites is shut, or open with or without its minimum.
    monkeypatch.setattr("optimiser.checker.tried.MOST_SHARED_OUT", 3 * 9)
    assert "confirmed independently" in checker.said_of_no_plan(shared_out)
    assert set(checker.check(lie)["check"]) == {expected}
    monkeypatch.setattr("optimiser.checker.tried.MOST_SHARED_OUT", 3 * 9 - 1)
    assert "the solver's word" in checker.said_of_no_plan(shared_out)
    assert checker.check(lie).empty


LIES = {
    "a rule left out of the clash": ("clash.csv", "1,enough_sites,", "2,enough_sites,", "rules_clash_as_said"),
    "a rule that nobody stated": (
        "clash.csv",
        "enough_sites.clinic",
        "not_too_many_sites.clinic",
        "rules_clash_as_said",
    ),
    "fewer recruits than it takes": ("ways_out.csv", "people,1,rec", "people,0.5,rec", "ways_out_are_enough"),
    "fewer recruits in words": ("ways_out.csv", "recruit 1 more of", "recruit 9 more of", "ways_out_are_enough"),
    "a way out of nothing": (
        "ways_out.csv",
        "sites,1,enough_sites.clinic",
        "sites,1,luck.clinic",
        "ways_out_are_enough",
    ),
    "more sites than it takes": ("ways_out.csv", "sites,1,", "sites,2,", "ways_out_are_enough"),
    **{
        f"other words of a rule that clashes: {new}": ("clash.csv", old, new, "rules_clash_as_said")
        for old, new in (
            ("at most 0 doctors are recruited", "at most 100 doctors are recruited"),
            ("on at least 2 sites", "on at most 2 sites"),
            ("on at least 2 sites", "on at least 1 site"),
            ("Clinic needs 3", "Clinic needs 4"),
            ("are in post in all", "are on leave"),
        )
    },
    **{
        f"other words of a way out: {new}": ("ways_out.csv", old, new, "ways_out_are_enough")
        for old, new in (
            ("ask for 1 site for Clinic", "ask for 1 site for X-ray"),
            ("ask for 1 site for Clinic", "close Birch"),
            ("people,1,rec", "WTE,1,rec"),
            ("recruit 1 more of the", "do without 1 more of the"),
        )
    },
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_the_clash_or_a_way_out_is_found(lie: str, two_sites: dict[str, bytes]):
    *edit, expected = LIES[lie]
    assert checker.check(two_sites).empty
    assert set(checker.check(altered(two_sites, *edit))["check"]) == {expected}


@pytest.mark.parametrize("name", ["clash", "ways_out"])
def test_a_row_left_out_is_found(name: str, two_sites: dict[str, bytes]):
    rows = two_sites[f"{name}.csv"].decode().splitlines(keepends=True)
    for row in rows[1:]:
        found = set(checker.check(altered(two_sites, f"{name}.csv", row, ""))["check"])
        assert {"clash": "rules_clash_as_said", "ways_out": "ways_out_are_enough"}[name] in found


def test_designations_that_do_not_meet_the_other_rules_are_found(two_sites: dict[str, bytes]):
    rows = pd.read_csv(io.BytesIO(two_sites["clash.csv"]))
    content = rows.assign(without_it="").to_csv(index=False)
    found = checker.check(altered(two_sites, "clash.csv", two_sites["clash.csv"].decode(), content))
    assert set(found["check"]) == {"rules_clash_as_said"}
    elsewhere = rows.assign(without_it="clinic at nowhere").to_csv(index=False)
    found = checker.check(altered(two_sites, "clash.csv", two_sites["clash.csv"].decode(), elsewhere))
    assert set(found["check"]) == {"rules_clash_as_said"}


def test_an_entry_of_the_record_that_cannot_be_is_found(two_sites: dict[str, bytes]):
    record = json.loads(two_sites["run.json"])
    for wrong in ({"date": "1999-13-45"}, {"every_clash_is_known": "yes"}, {"versions": {}}, {"seconds": 1}):
        files = two_sites | {"run.json": json.dumps(record | wrong).encode()}
        assert set(checker.check(files)["check"]) == {"the_record_is_sound"}


def test_what_was_not_checked_of_a_clash_is_said(two_sites: dict[str, bytes]):
    said = checker.said_of_no_plan(two_sites)
    assert "Ways out, confirmed as least: 4 of 4" in said
    assert "Not checked: that no other sets clash" in said
    assert "Not tried" not in said


def test_why_a_clash_was_not_tried_is_said(two_sites: dict[str, bytes], monkeypatch: pytest.MonkeyPatch):
    # With a clinic at both sites X-ray can be in 4 ways, which are tried; the clinic's rules rest on its own 4.
    monkeypatch.setattr("optimiser.checker.tried.MOST_TRIED", 4)
    monkeypatch.setattr("optimiser.checker.clash.MOST_TRIED", 3)
    said = checker.said_of_no_plan(two_sites)
    assert "confirmed as smallest: no set. Ways out, confirmed as least: 3 of 4. Not tried: 1 set, whose " in said
    assert "services could be designated in more than 3 ways; 1 way out, without whose rule there are more than" in said


# With one stroke unit, at ashby, all else holds: 150.5 patients come, and south goes to yonder.
WAYS_OUT = """\
unit,by,gives_way,words
sites,1,enough_sites.stroke,ask for 1 site for Stroke unit
services,1,no_site_provides_too_many.brook,allow 3 services at Brook
"""
BOTH = "stroke at ashby; stroke at brook"
FIXED, TOGETHER = "Burns is fixed as provided at Brook", "Stroke unit shares its site with Rehabilitation"
TWO, ELSEWHERE = "Brook provides at most 2 services", "rehab at ashby; rehab at brook"
TOO_MANY = f"""\
set,rule,instance,words,without_it
1,fixed_designations_stand,fixed_designations_stand.burns.brook,{FIXED},{BOTH}; {ELSEWHERE}
1,enough_sites,enough_sites.stroke,Stroke unit on at least 2 sites,stroke at ashby; rehab at ashby; burns at brook
1,no_site_provides_too_many,no_site_provides_too_many.brook,{TWO},{BOTH}; {ELSEWHERE}; burns at brook
1,services_share_a_site,services_share_a_site.stroke.rehab,{TOGETHER},{BOTH}; burns at brook
"""


def clash_of_too_many(clash: str = TOO_MANY, ways: str = WAYS_OUT) -> set[str]:
    """Return what is found where a site may have two services, and burns, stroke and rehab must all be at brook."""
    config = HAND_SOLVED.replace("a_site: {value: 3", "a_site: {value: 2")
    config = config.replace("outside: {value: 0.1", "outside: {value: 1").replace(
        "yonder: {value: 5", "yonder: {value: 80"
    )
    inputs = {name: text for name, text in FILES.items() if "/" in name}
    tables = {"config.yaml": config, "clash.csv": clash, "ways_out.csv": ways}
    record = {name: RUN_JSON[name] for name in ("format", "date", "question", "versions")}
    said = json.dumps(record | {"outcome": "no plan", "every_clash_is_known": True})
    return set(checker.check(sealed({n: t.encode() for n, t in (inputs | tables).items()}, said))["check"])


def test_a_rule_of_the_whole_question_clashes_and_gives_way_like_any_other():
    assert clash_of_too_many() == set()
    assert clash_of_too_many(ways=WAYS_OUT.replace("services,1,", "services,2,")) == {"ways_out_are_enough"}
    assert clash_of_too_many(TOO_MANY.replace("at most 2 services", "at least 2 services")) == {"rules_clash_as_said"}
    assert clash_of_too_many(ways="".join(WAYS_OUT.splitlines(keepends=True)[:2])) == {"ways_out_are_enough"}
    assert clash_of_too_many(TOO_MANY.replace("many.brook", "many.ashby")) == {"rules_clash_as_said"}
    assert clash_of_too_many(TOO_MANY.replace("many.brook", "many.nowhere")) == {"rules_clash_as_said"}


def test_another_question_or_a_missing_table_is_a_breach():
    files = files_of(with_files(small(rotas=three_doctors(), at_least_sites=Figure(2))))
    record = json.loads(files["run.json"])
    files["run.json"] = json.dumps(record | {"question": "Another"}).encode()
    assert set(checker.check(files)["check"]) == {"no_plan_meets_every_rule"}
    del files["clash.csv"]
    assert "files_are_as_listed" in set(checker.check(files)["check"])
