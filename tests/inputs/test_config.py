"""A config says only what it changes; everything wrong in it is said at once, with file and line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forgotten import nothing_is_forgotten
from made_up_place import CONFIG, TABLES, write_config, write_question
from ruamel.yaml import YAML

from optimiser.errors import InputError, TooLarge
from optimiser.inputs import designations_of, read_problem, read_question
from optimiser.inputs.config import json_schema, read_config, read_option, resolved_yaml
from optimiser.problem import Figure, Objective, RotaNeed


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def faults_of(path: Path) -> list[str]:
    """Return the faults for which a config is refused, without the folder's name."""
    with pytest.raises(InputError) as caught:
        read_config(path)
    return [str(fault).removeprefix("configs/") for fault in caught.value.faults]


def faults_of_change(tmp_path: Path, old: str, new: str) -> list[str]:
    """Return the faults that appear when one thing is replaced in the made-up config."""
    assert old in CONFIG
    return faults_of(write_config(tmp_path, "base.yaml", CONFIG.replace(old, new, 1)))


def what_if(tmp_path: Path, text: str) -> Path:
    """Write the made-up config and one that is based on it; return the second."""
    write_question(tmp_path)
    return write_config(tmp_path, "what_if.yaml", f"based_on: base.yaml\n{text}")


# -- laying one file over another


def test_a_what_if_changes_only_what_it_says(tmp_path: Path) -> None:
    base = read_config(write_question(tmp_path)).settings
    changed = read_config(what_if(tmp_path, "services: {care: {at_most_sites: 1}}\n")).settings
    assert changed.services["care"].at_most_sites is not None
    care = changed.services["care"].model_copy(update={"at_most_sites": None})
    assert changed.model_copy(update={"services": {**changed.services, "care": care}}) == base


def test_every_setting_remembers_the_file_and_line_that_said_it(tmp_path: Path) -> None:
    config = read_config(what_if(tmp_path, "services:\n  care:\n    at_least_sites: 2\n"))
    assert config.where("services", "care", "at_least_sites") == "configs/what_if.yaml, line 4"
    assert config.where("services", "care", "minimum_patients", "value") == "configs/base.yaml, line 10"
    assert config.where("today", "care", 1) == "configs/base.yaml, line 18"


def test_lists_replace_and_null_takes_away(tmp_path: Path) -> None:
    text = "today: {care: [birch]}\nservices: {labs: null, care: {rotas: {doctors: null}, at_least_sites: null}}\n"
    settings = read_config(what_if(tmp_path, text)).settings
    assert settings.today == {"care": ("birch",)}
    assert list(settings.services) == ["care"]
    assert settings.services["care"].rotas == {}
    assert settings.services["care"].at_least_sites is None


def test_what_is_to_be_known_says_first_whose_roads_and_journeys_it_was_said_with(tmp_path: Path) -> None:
    """Roads that are said below it, or that are as they are, it was said with; a run repeats it, and adds nothing."""
    known, shut = "know_before: [{sentence: 'Mind.'}]\n", "roads: {close: [A1]}\ntravel: {factor: 1.5}\n"
    write_question(tmp_path, CONFIG + known)

    def said(name: str, text: str) -> list[str]:
        config = read_config(write_config(tmp_path, name, f"based_on: {text}"))
        again = read_config(write_config(tmp_path, "run.yaml", resolved_yaml(config))).settings.know_before
        assert again == config.settings.know_before
        return [one.sentence for one in again or ()]

    tables, roads = (
        f"Warning, what is to be known of this was said with {usual}: with those of shut.yaml other sites may be best."
        for usual in ("journeys as the place's tables have them", "roads as they are")
    )
    assert said("shut.yaml", f"base.yaml\n{shut}") == [tables, roads, "Mind."]
    assert said("above.yaml", f"shut.yaml\n{known}") == ["Mind."]
    assert said("open.yaml", "base.yaml\nroads: {close: [], untouched: [rail]}\n") == ["Mind."]


@pytest.mark.parametrize("figure", ["7", "{value: 7}"])
def test_a_figure_stated_anew_loses_the_source_of_the_old_one(figure: str, tmp_path: Path) -> None:
    config = read_config(what_if(tmp_path, f"services: {{care: {{minimum_patients: {figure}}}}}\n"))
    stated = config.settings.services["care"].minimum_patients
    assert stated is not None and stated.figure() == Figure(7, "", False)


def test_a_source_may_be_added_to_a_figure_of_the_base(tmp_path: Path) -> None:
    config = read_config(what_if(tmp_path, "services: {care: {minimum_patients: {source: Another book}}}\n"))
    stated = config.settings.services["care"].minimum_patients
    assert stated is not None and stated.figure() == Figure(5, "Another book", True)


def test_a_designation_fixed_anew_needs_a_reason_anew(tmp_path: Path) -> None:
    path = what_if(tmp_path, "services:\n  labs:\n    fixed: {ash: {provided: false}}\n")
    assert faults_of(path) == [
        'what_if.yaml, line 4: "reason" is missing from "services.labs.fixed.ash". Add it (why this is settled).'
    ]


def test_settings_written_as_one_word_are_told_which_they_must_be(tmp_path: Path) -> None:
    path = what_if(tmp_path, "services:\n  care:\n    fixed: {birch: true}\n")
    must = '"birch" must be settings, one a line below it (provided, reason), not true.'
    assert faults_of(path) == [f"what_if.yaml, line 4: {must}"]


def test_an_entry_that_is_new_and_incomplete_is_asked_whether_it_stands_for_one_below(tmp_path: Path) -> None:
    path = what_if(tmp_path, "services:\n  crae: {minimum_patients: 7}\n")
    missing = '"name" is missing from "services.crae". Add it (what people call the service).'
    assert faults_of(path) == [f'what_if.yaml, line 3: {missing} Did you mean "care"?']
    # What stands beside it in the same file is another service, however alike.
    path = what_if(tmp_path, "services:\n  ward_a: {name: Ward A}\n  ward_b: {minimum_patients: 7}\n")
    missing = '"name" is missing from "services.ward_b". Add it (what people call the service).'
    assert faults_of(path) == [f"what_if.yaml, line 4: {missing}"]


def test_what_is_not_there_cannot_be_taken_away(tmp_path: Path) -> None:
    faults = faults_of(what_if(tmp_path, "services:\n  cair: null\n"))
    assert faults == [
        'what_if.yaml, line 3: "cair" is blank, and there is nothing to take away. Fill it in, or delete the line.'
    ]


def test_the_place_is_looked_for_beside_the_file_that_names_it(tmp_path: Path) -> None:
    write_question(tmp_path)
    path = write_config(tmp_path, "deep/er/what_if.yaml", "based_on: ../../base.yaml\ntitle: Deeper\n")
    assert read_config(path).place.resolve() == tmp_path / "place"


def test_files_based_on_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    one = write_config(tmp_path, "one.yaml", "title: One\nbased_on: two.yaml\n")
    write_config(tmp_path, "two.yaml", "based_on: one.yaml\n")
    assert 'two.yaml, line 1: "one.yaml" is in turn based on this file. Take one of the two lines out.' in faults_of(
        one
    )


def test_a_base_that_is_not_there_is_said_at_its_line(tmp_path: Path) -> None:
    path = write_config(tmp_path, "one.yaml", "title: One\nbased_on: bse.yaml\n")
    assert faults_of(path)[0] == 'one.yaml, line 2: there is no file "bse.yaml" beside this one. Correct the path.'


@pytest.mark.parametrize("name", ["a\\0b.yaml", "a\\u202Eb.yaml", "a" * 5000], ids=["nul", "turned around", "endless"])
def test_a_base_that_no_file_can_be_is_said_at_its_line(name: str, tmp_path: Path) -> None:
    faults = faults_of(write_config(tmp_path, "one.yaml", f'title: One\nbased_on: "{name}"\n'))
    assert faults[0].startswith("one.yaml, line 2: ")
    assert "Correct the path." in faults[0] or "holds a character that cannot be seen. Type it again." in faults[0]


# -- every fault at once


def test_a_config_may_say_of_which_schema_it_is_and_need_not(tmp_path: Path) -> None:
    base = read_config(write_question(tmp_path)).settings
    path = what_if(tmp_path, "schema: 1\n")
    write_config(tmp_path, "base.yaml", f"schema: 1\n{CONFIG}")
    assert read_config(path).settings == base and "schema" not in resolved_yaml(read_config(path))


def test_a_file_of_a_newer_schema_is_told_once_what_to_do(tmp_path: Path) -> None:
    write_question(tmp_path)
    write_config(tmp_path, "base.yaml", f"{CONFIG}\nschema: 2\nsomething_new: 1\n")
    line = CONFIG.count("\n") + 2
    words = (
        "this file is of schema 2, and this optimiser reads schema 1. Install a newer optimiser, or ask whoever wrote"
    )
    assert faults_of(write_config(tmp_path, "what_if.yaml", "based_on: base.yaml\n")) == [
        f"base.yaml, line {line}: {words} the file for one of schema 1."
    ]


@pytest.mark.parametrize("written", ["0", "1.5", "one", "true", "[1]"])
def test_what_is_no_schema_is_refused_at_its_line(written: str, tmp_path: Path) -> None:
    faults = faults_of(what_if(tmp_path, f"title: One\nschema: {written}\n"))
    assert faults == [
        "what_if.yaml, line 3: schema is 1, or a line that can be left out. Correct it, or delete the line."
    ]


def test_every_fault_of_every_file_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    write_config(tmp_path, "base.yaml", CONFIG.replace("people: 2", "peple: 2"))
    text = "based_on: base.yaml\nbordr: closed\nservices:\n  care:\n    at_least_sites: two\n    at_most_sites: 1.5\n"
    path = write_config(tmp_path, "what_if.yaml", text)
    assert sorted(faults_of(path)) == [
        'base.yaml, line 12: "peple" is not a setting here. Did you mean "people"?',
        'what_if.yaml, line 2: "bordr" is not a setting here. Did you mean "border"?',
        'what_if.yaml, line 5: "at_least_sites" must be a number, not "two".',
        'what_if.yaml, line 6: "at_most_sites" must be a whole number, not 1.5.',
    ]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("teams: {doctors: {in_post: {ash: 7}}}", "ask otherwise with change: {staff.TEAM.people.SITE: …}."),
        ("sites: {oak: {name: Oak, postcode: AB1 2CD}}", "Say where it is by latitude and longitude."),
        ("sites: {oak: {name: Oak, role: candidate}}", "A site that is added is a candidate: take it out."),
        ("travel: {corridors: {A1: 15}}", "Ask with change: {journeys.SITE.from_district.DISTRICT: +15}"),
    ],
)
def test_what_stands_elsewhere_is_told_where(text: str, remedy: str, tmp_path: Path) -> None:
    write_config(tmp_path, "base.yaml", CONFIG)
    (fault,) = (
        one
        for one in faults_of(write_config(tmp_path, "w.yaml", f"based_on: base.yaml\n{text}\n"))
        if "is not a" in one
    )
    assert remedy in fault


OBSERVED = "    patients_go_to: observed\n    observed:"
FAULTS = {
    "no title": (("title: Where should care be?\n", ""), 'base.yaml, line 1: "title" is missing from the config.'),
    "no value": (("{value: 5, source", "{source"), '"value" is missing from "services.care.minimum_patients". Add it'),
    "text for a figure": (
        ("minimum_patients: {value: 5", "minimum_patients: {value: five"),
        'must be a number, not "five"',
    ),
    "true for a figure": (
        ("at_least_sites: 1", "at_least_sites: true"),
        '"at_least_sites" must be a number, not true.',
    ),
    "list for a figure": (("at_least_sites: 1", "at_least_sites: [1]"), "must be a number, not a list."),
    "below zero": (("at_least_sites: 1", "at_least_sites: -1"), '"at_least_sites" must be at least 0, not -1.'),
    "share above one": (
        ("at_least_sites: 1", "standard_minutes: 30\n    share_within_standard: 80"),
        'line 10: "share_within_standard" must be at most 1, not 80.',
    ),
    "text for true": (
        ("verified: true}", 'verified: "true"}'),
        'line 10: "verified" must be true or false, not "true".',
    ),
    "number for text": (("name: Care", "name: 5"), '"name" must be text, not'),
    "no list": (
        ("care: [ash, birch]", "care: ash"),
        'line 18: "care" must be a list, such as [one, another], not "ash".',
    ),
    "named twice": (("[ash, birch]", "[ash, ash]"), '"care" names "ash" more than once. Name each once.'),
    "a title that runs backwards": (
        ("title: Where should care be?", 'title: "Where \\u202Eshould care be?"'),
        'line 1: "Where <U+202E>should care be?" holds a character that cannot be seen. Type it again.',
    ),
    "a title without end": (
        ("Where should care be?", "x" * 200_000),
        'line 1: "title" has 200,000 characters, and 200 are the most. Shorten it.',
    ),
    "a name of two lines": (
        ("name: Care", 'name: "Care\\nLess"'),
        '"name" must be one line. Take the line breaks out.',
    ),
    "a number for text": (("name: Care", "name: 2.50"), '"name" must be text, not 2.5.'),
    "more than any place has": (
        ("value: 5, source", "value: 1e300, source"),
        'line 10: "minimum_patients" must be at most 1,000,000,000, not 1e+300.',
    ),
    "patients to seven places": (
        ("value: 5, source", "value: 5.1234567, source"),
        'line 10: "minimum_patients" is counted to six decimal places at most, not 5.1234567. Round it.',
    ),
    "a factor without end": (
        ("teams:", "travel: {factor: 1e18}\nteams:"),
        'line 3: "factor" must be at most 10, not 1e+18.',
    ),
    "a factor of next to nothing": (
        ("teams:", "travel: {times: {peak: 5e-324}, time: peak}\nteams:"),
        'line 3: "peak" under travel: times must be at least 0.01, not 4.94065645841247e-324.',
    ),
    "a stay without end": (
        ("activity: visit", "activity: visit\n    beds: {stay_days: 1e7}"),
        'line 9: "stay_days" must be at most 10,000, not 10000000.',
    ),
    "next to nobody turned away": (
        ("activity: visit", "activity: visit\n    beds: {stay_days: 3000, blocking: 1e-200}"),
        'line 9: "blocking" must be at least 0.000001, not 1e-200.',
    ),
    "more beds than any site has": (
        ("activity: visit", "activity: visit\n    beds: {stay_days: 3, at: {ash: 1e9}}"),
        'line 9: "ash" must be at most 100,000, not 1000000000.',
    ),
    "no objective": (
        ("objectives: [patient_minutes, {worst_journey: [care]}]", "objectives: []"),
        'line 19: "objectives" needs at least one entry. Add one.',
    ),
    "only a misspelt objective": (
        ("[patient_minutes, {worst_journey: [care]}]", "[patient_minuts]"),
        'line 19: "patient_minuts" is not known under "objectives". Did you mean "patient_minutes"?',
    ),
    "a number for an objective": (
        ("[patient_minutes, {worst_journey: [care]}]", "[5]"),
        'line 19: "objectives" holds 5. Write the name of something to make small, in its place.',
    ),
    "no days": (
        ("{people: 2}", "{people: 2, cover: [{days: [], start_hour: 8, hours: 8}]}"),
        'line 12: "days" needs at least one entry. Add one.',
    ),
    "only a misspelt day": (
        ("{people: 2}", "{people: 2, cover: [{days: [Mo], start_hour: 8, hours: 8}]}"),
        'line 12: "Mo" is not known under "days". Did you mean "Mon"?',
    ),
    "no reason": (("reason: The machines are there", 'reason: ""'), 'line 16: "reason" is empty. Fill it in.'),
    "a neighbour that is no code": (
        ("activity: visit", "activity: visit\n    neighbours: [el-m]"),
        'line 9: "el-m" is not a code.',
    ),
    "a number of neighbours": (
        ("activity: visit", "activity: visit\n    neighbours: 5"),
        'line 9: "neighbours" is 5. Write all, none, or a list of sites such as [one, another].',
    ),
    "an area alone for a pair": (
        ("teams:", "travel: {allow_missing: [[A1]]}\nteams:"),
        'line 3: "allow_missing" must hold pairs such as [area, site]. Correct it.',
    ),
    "a year without end": (("year: 2025", "year: 1e300"), 'line 4: "year" must be at most 2,200, not 1e+300.'),
    "half a year": (("year: 2025", "year: 2025.5"), 'line 4: "year" must be a whole number, not 2025.5.'),
    "unknown border": (
        ("teams:", "border: opne\nteams:"),
        'line 3: "opne" is not known under "border". Known here: as_today, closed, nearest.',
    ),
    "unknown objective": (
        ("worst_journey", "worst_journy"),
        '"worst_journy" is not known under "objectives". Did you mean "worst_journey"?',
    ),
    "bad code": (("  labs:", "  the-labs:"), '"the-labs" is not a code. Use letters, digits and _ only'),
    "managed patients whom nobody counts": (
        ("    name: Laboratories", "    name: Laboratories\n    patients_go_to: managed"),
        "line 15: managed needs to know who the patients are. Set activity for labs, or delete this.",
    ),
    "managed patients with offsets": (
        ("activity: visit", "activity: visit\n    patients_go_to: managed\n    observed: {period: now}"),
        "line 10: observed means nothing while patients_go_to is managed. Write observed there, or delete this.",
    ),
    "patients who go where they like": (
        ("activity: visit", "activity: visit\n    patients_go_to: anywhere"),
        'line 9: "patients_go_to" is "anywhere". Write nearest, managed or observed.',
    ),
    "a time without a factor": (
        ("teams:", "travel: {times: {peak: 1.5}, time: peek}\nteams:"),
        'line 3: times has no factor for "peek". Did you mean "peak"?',
    ),
    "growth at no rate": (
        ("teams:", "demand: {growth: {years: 3}}\nteams:"),
        'line 3: "growth" needs by_age or by_activity. Say how fast demand grows.',
    ),
    "half a year of growth": (
        ("teams:", "demand: {growth: {years: 2.5, by_activity: {visit: 0.01}}}\nteams:"),
        'line 3: "years" must be a whole number, not 2.5.',
    ),
    "growth in per cent": (
        ("teams:", "demand: {growth: {years: 2, by_activity: {visit: 1.5}}}\nteams:"),
        'line 3: "visit" must be at most 1, not 1.5.',
    ),
    "ages that leave some patients out": (
        ("teams:", "demand: {ages: {visit: {under_65: 0.25, from_65: 0.7}}}\nteams:"),
        'line 3: "visit" under demand: ages has shares that add up to 0.95, not 1. '
        "State the share of each age, so that all patients are counted once.",
    ),
    "ages that count some patients twice": (
        ("teams:", "demand: {ages: {visit: {under_65: 0.1, from_65: 0.7, from_75: 0.200001}}}\nteams:"),
        'line 3: "visit" under demand: ages has shares that add up to 1.000001, not 1. '
        "State the share of each age, so that all patients are counted once.",
    ),
    "a share of an age in per cent": (
        ("teams:", "demand: {ages: {visit: {under_65: 25, from_65: 0.75}}}\nteams:"),
        'line 3: "under_65" must be at most 1, not 25.',
    ),
    "observed by nothing": (
        ("activity: visit", "activity: visit\n    patients_go_to: observed"),
        "line 9: observed needs counts or offsets. Add observed with a period of activity.csv, or with offsets.",
    ),
    "counts for the nearest": (
        ("activity: visit", "activity: visit\n    observed: {period: now}"),
        "line 9: observed means nothing while patients_go_to is nearest. Write observed there, or delete this.",
    ),
    "flows of nobody": (
        ("    fixed:\n      ash", f"{OBSERVED} {{offsets: {{ash: 1}}}}\n    fixed:\n      ash"),
        "line 15: observed needs to know who the patients are. Set activity for labs, or delete this.",
    ),
    "held where nothing is fitted": (
        ("activity: visit", f"activity: visit\n{OBSERVED} {{period: now, held_at_zero: elm}}"),
        "line 10: elm does not provide care today, so nothing is fitted there. Name one that does.",
    ),
    "an offset of two days": (
        ("activity: visit", f"activity: visit\n{OBSERVED} {{offsets: {{ash: 2880, elm: 1}}}}"),
        'line 10: "ash" must be at most 1,440, not 2880.',
    ),
    "one neighbour as a word": (
        ("activity: visit", "activity: visit\n    neighbours: elm"),
        'line 9: "neighbours" is "elm". Write all, none, or a list of sites such as [elm].',
    ),
    "empty rota": (("{people: 2}", "{may_fall_short: true}"), '"doctors" needs people or wte. Say how many'),
    "unknown team": (
        ("doctors: {people", "docters: {people"),
        'line 12: there is no team "docters" in this config. Did you',
    ),
    "unknown service": (
        ("{worst_journey: [care]}", "{worst_journey: [car]}"),
        'there is no service "car" in this config.',
    ),
    "today elsewhere": (
        ("  care: [ash", "  caer: [ash"),
        'line 18: there is no service "caer" in this config. Did you mean "care"?',
    ),
    "minutes of nobody": (("{worst_journey: [care]}", "{worst_journey: [labs]}"), "but labs has no activity. Set it"),
    "rule about nobody": (
        ("    fixed:\n      ash", "    minimum_patients: 3\n    fixed:\n      ash"),
        "line 15: minimum_patients needs to know who the patients are. Set activity for labs, or delete this.",
    ),
}


def test_patients_who_are_managed_can_neither_be_transferred_nor_be_seen_first(tmp_path: Path):
    pathway = "pathway: transfer\n    transfer: {first_contact: other, dwell_minutes: 5, overhead_minutes: 5}\n"
    managed = "activity: visit\n    patients_go_to: managed\n"
    other = f"  other:\n    name: Other\n    {managed}  labs:"
    path = write_question(
        tmp_path, CONFIG.replace("activity: visit\n", f"{managed}    {pathway}", 1).replace("  labs:", other)
    )
    with pytest.raises(InputError) as caught:
        read_problem(path)
    assert "line 10: patients are shared out only where they go straight to a service" in str(caught.value)
    assert "line 11: the patients of other are shared out, which is not counted where patients are seen" in str(
        caught.value
    )


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_said_in_plain_words(case: str, tmp_path: Path) -> None:
    (old, new), expected = FAULTS[case]
    faults = faults_of_change(tmp_path, old, new)
    assert len(faults) == 1
    assert expected in faults[0]


CONTRADICTIONS = {
    "more at least than at most": (
        "    at_least_sites: 1\n",
        "    at_least_sites: 2\n    at_most_sites: 1\n",
        "line 9: at_least_sites is 2 but at_most_sites is 1 (configs/base.yaml, line 10). Change one of them.",
    ),
    "minimum above maximum": (
        "    at_least_sites: 1\n",
        "    maximum_patients: 4\n",
        "line 10: minimum_patients is 5 but maximum_patients is 4 (configs/base.yaml, line 9). Change one of them.",
    ),
    "more fixed than allowed": (
        "    fixed:\n",
        "    at_most_sites: 0\n    fixed:\n",
        "line 15: at_most_sites is 0 but 1 site is fixed as provided (configs/base.yaml, line 17). Change one of them.",
    ),
    "a share of no standard": (
        "    at_least_sites: 1\n",
        "    share_within_standard: 0.8\n",
        "line 9: share_within_standard needs standard_minutes. Say how many minutes count as near enough.",
    ),
    "needs beside it what is fixed as not there": (
        "    at_least_sites: 1\n",
        "    fixed: {ash: {provided: false, reason: No room}}\n",
        "line 17: labs is fixed at ash and needs care beside it (configs/base.yaml, line 15), "
        "which is fixed as not there (configs/base.yaml, line 9). Change one of them.",
    ),
    "beside itself": (
        "    at_least_sites: 1\n",
        "    same_site: {care: {}}\n",
        "line 9: care cannot be linked to itself. Delete it.",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_settings_that_contradict_each_other_are_both_named(case: str, tmp_path: Path) -> None:
    old, new, expected = CONTRADICTIONS[case]
    text = CONFIG.replace(old, new)
    if case.startswith("needs"):
        text = text.replace("    name: Laboratories\n", "    name: Laboratories\n    same_site: {care: {}}\n")
    assert faults_of(write_config(tmp_path, "base.yaml", text)) == [f"base.yaml, {expected}"]


def test_services_may_need_each_other(tmp_path: Path) -> None:
    text = CONFIG.replace("    at_least_sites: 1\n", "    same_site: {labs: {}}\n")
    text = text.replace("    name: Laboratories\n", "    name: Laboratories\n    same_site: {care: {}}\n")
    assert len(read_config(write_config(tmp_path, "base.yaml", text)).settings.services) == 2


# -- YAML


def test_yaml_1_2_leaves_no_and_times_of_day_as_text(tmp_path: Path) -> None:
    text = CONFIG.replace("name: Care", "name: NO").replace("title: Where should care be?", "title: 12:30")
    settings = read_config(write_config(tmp_path, "base.yaml", text)).settings
    assert settings.services["care"].name == "NO"
    assert settings.title == "12:30"
    faults = faults_of_change(tmp_path, "at_least_sites: 1", "at_least_sites: 12:30")
    assert faults == ['base.yaml, line 9: "at_least_sites" must be a number, not "12:30".']


def test_a_leading_zero_makes_no_octal_number(tmp_path: Path) -> None:
    path = write_config(tmp_path, "base.yaml", CONFIG.replace("value: 5", "value: 010"))
    stated = read_config(path).settings.services["care"].minimum_patients
    assert stated is not None and stated.value == 10


def test_anchors_may_be_used(tmp_path: Path) -> None:
    text = CONFIG.replace("value: 5, source: A book", "value: 5, source: &book A book")
    path = write_config(tmp_path, "base.yaml", text.replace("reason: The", "source: *book, reason: The"))
    assert read_config(path).settings.services["labs"].fixed["ash"].source == "A book"


def test_a_config_without_services_says_only_that(tmp_path: Path) -> None:
    text = CONFIG[: CONFIG.index("services:")] + "services: {}\n"
    assert faults_of(write_config(tmp_path, "base.yaml", text)) == [
        'base.yaml, line 5: "services" needs at least one entry. Add one.'
    ]


YAML_TRAPS = {
    "equal keys": ("title: One\ntitle: Two\n", 'line 2: "title" is already set in line 1. Keep one of the two.'),
    "tab": ("services:\n\tcare: 1\n", "line 2: there is a tab here. Indent with spaces."),
    "tag": ("title: !!python/object/apply:os.system [ls]\n", "line 1:"),
    "scalar tag": ("title: !secret x\n", "such marks are not read. Delete it."),
    "old version": ("%YAML 1.1\n---\ntitle: x\n", "line 1: a line may not start with %. Delete it."),
    "merge key": ("a: &a {title: x}\n<<: *a\n", "line 2: a name here must be plain text. Write the settings out."),
    "two documents": ("title: x\n---\ntitle: y\n", "there is a second document after ---. Keep one a file."),
    "colon": ("title: Care: where?\n", "line 1: there is a colon too many, or the line is indented wrongly."),
    "unknown name": ("title: *lost\n", "line 1: the name after * is not set with & anywhere above."),
    "no mapping": ("just words\n", "line 1: the file must consist of lines such as title: A title."),
    "empty": ("# nothing\n", "the file is empty. Write the settings into it, or delete it."),
    "hidden character": ("title: a\x07b\n", "it holds a character that cannot be seen"),
    "deep": ("title: " + "[" * 5000, "nested too deeply"),
    "not a number": ("time_limit_minutes: .nan\n", 'line 1: ".nan" is not a number that can be used.'),
    "infinite": ("time_limit_minutes: 1e999\n", 'line 1: "1e999" is not a number that can be used.'),
    "endless digits": (f"time_limit_minutes: {'9' * 5000}\n", "is not a number that can be used."),
    "itself": ("title: &a [*a]\n", "line 1:"),
    "XML": ("<html></html>\n", "this is not YAML but XML or a web page."),
}


@pytest.mark.parametrize("trap", YAML_TRAPS)
def test_a_yaml_trap_is_refused(trap: str, tmp_path: Path) -> None:
    text, expected = YAML_TRAPS[trap]
    path = write_config(tmp_path, "trap.yaml", text)
    assert any(fault.startswith("trap.yaml") and expected in fault for fault in faults_of(path))


def test_names_that_repeat_each_other_without_end_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "it says too much" in faults_of(write_config(tmp_path, "bomb.yaml", "\n".join(lines)))[0]


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write_config(tmp_path, "base.yaml", "")
    path.write_bytes("title: x\nplace: café\n".encode("cp1252"))
    assert faults_of(path) == ["base.yaml, line 2: byte 20 (0xE9) is not UTF-8. Save the file as UTF-8."]


def test_a_very_large_config_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="at most 1,048,576 are read"):
        read_config(write_config(tmp_path, "base.yaml", "#" * 1_100_000))


# -- writing it back


def test_a_config_written_in_full_reads_back_the_same(tmp_path: Path) -> None:
    text = CONFIG.replace("title: Where should care be?", 'title: "NO: 12:30 é"').replace(
        "teams:", "travel: {factor: 1.5, allow_missing: [[A3, ash]]}\ntime_limit_minutes: 0.0000001\nteams:"
    )
    config = read_config(write_question(tmp_path, text))
    written = write_config(tmp_path, "full.yaml", resolved_yaml(config))
    again = read_config(written)
    assert again.settings == config.settings.model_copy(update={"place": "inputs"})
    assert again.place == written.parent / "inputs"
    assert resolved_yaml(again) == resolved_yaml(config)


def test_a_config_written_in_full_states_every_figure_with_its_source(tmp_path: Path) -> None:
    full = YAML(typ="safe", pure=True).load(resolved_yaml(read_config(write_question(tmp_path))))
    assert full["services"]["care"]["at_least_sites"] == {"value": 1, "source": "", "verified": False}
    assert full["services"]["care"]["minimum_patients"] == {"value": 5, "source": "A book", "verified": True}
    assert full["teams"]["doctors"]["moves_at_most"]["value"] == "unlimited"
    assert full["objectives"] == ["patient_minutes", {"worst_journey": ["care"]}]
    assert list(full)[:2] == ["title", "place"] and full["place"] == "inputs"


def settings_in(part: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every setting of a part of a JSON Schema, however deep, with its name."""
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    if isinstance(part, dict):
        yield from part.get("properties", {}).items()
    for one in inside:
        yield from settings_in(one)


def test_the_json_schema_describes_every_setting_and_requires_none() -> None:
    schema = json_schema()
    assert {"based_on", "title", "services", "objectives"} <= set(schema["properties"])
    shapes = {"Settings": {"properties": schema["properties"]}, **schema["$defs"]}
    settings = {f"{name}.{one}": stated for name, shape in shapes.items() for one, stated in settings_in(shape)}
    assert {"Settings.title", "ServiceSettings.beds", "StatedFigure.source", "RotaSettings.wte"} <= set(settings)
    silent = {name for name, stated in settings.items() if not stated.get("description")}
    nothing_is_forgotten(silent, "A rule, step 1, a description", "optimiser/inputs/config/settings.py")
    assert "required" not in str(schema)
    figure = schema["$defs"]["StatedFigure"]
    assert figure["anyOf"][0] == {"type": "number"}
    assert set(figure["anyOf"][1]["properties"]) == {"value", "source", "verified"}


# -- the problem


def test_a_config_and_its_place_become_one_problem(tmp_path: Path) -> None:
    problem = read_problem(write_question(tmp_path))
    assert list(problem.areas.index) == ["A1", "A2", "A3"]
    assert list(problem.journeys) == ["ash", "birch", "elm"]
    assert problem.journeys.loc["A1", "birch"] == 20.5
    assert problem.demand["visit"].tolist() == [10, 4.333333, 0]
    assert problem.services["care"].neighbours == ("elm",)
    assert problem.services["care"].rotas == (RotaNeed("doctors", "people", Figure(2), False),)
    assert problem.teams["doctors"].moves_at_most is None
    assert problem.teams["doctors"].recruits_at_most == Figure(0)
    # birch's WTE is blank: not known, which is not 0.
    assert problem.staff == {
        ("ash", "doctors", "people"): 4,
        ("birch", "doctors", "people"): 2,
        ("ash", "doctors", "WTE"): 3.5,
    }
    assert problem.today == {("ash", "care"), ("birch", "care")}
    assert problem.objectives == (Objective("patient_minutes"), Objective("worst_journey", ("care",)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("option: A\ntitle: An option\ndesignations: {care: [ash]}\n", "this is an option.* --option"),
        ("title: A sweep\nconfig: q.yaml\ngrid: {travel.factor: [1, 2]}\n", "this is a sweep.*optimiser sweep"),
    ],
)
def test_a_file_of_another_kind_is_told_once_with_the_command_that_takes_it(text: str, words: str, tmp_path: Path):
    path = tmp_path / "other.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words) as error:
        read_question(path)
    assert len(error.value.faults) == 1


def test_a_candidate_without_staff_rows_has_nobody(tmp_path: Path) -> None:
    path = write_question(tmp_path, staff="site,team,year,people,wte\nash,doctors,2025,4,\n")
    assert read_problem(path).staff["birch", "doctors", "people"] == 0
    words = "staff.csv: it has no row of doctors at birch in 2025, so nobody is counted there."
    assert words in read_question(path).taken
    assert not [one for one in read_question(write_question(tmp_path / "full")).taken if "nobody" in one]


def test_a_closed_border_leaves_residents_and_candidates_only(tmp_path: Path) -> None:
    problem = read_problem(write_question(tmp_path, CONFIG.replace("teams:", "border: closed\nteams:")))
    assert list(problem.areas.index) == list(problem.demand.index) == list(problem.journeys.index) == ["A1", "A2"]
    assert list(problem.sites) == list(problem.journeys) == ["ash", "birch"]
    assert problem.services["care"].neighbours == ()


def test_journeys_are_multiplied_exactly_and_rounded_to_six_decimals(tmp_path: Path) -> None:
    # 20.5 × 1.0000001 = 20.50000205, which is 20.500002 to six decimals.
    text = CONFIG.replace("teams:", "travel: {factor: 1.0000001}\nteams:")
    assert read_problem(write_question(tmp_path, text)).journeys.loc["A1", "birch"] == 20.500002


def test_a_pair_allowed_to_be_missing_has_no_journey(tmp_path: Path) -> None:
    text = CONFIG.replace("teams:", "travel: {allow_missing: [[A3, ash]]}\nteams:")
    journeys = "\n".join(f"A{a},{s},9" for a in "321" for s in ("elm", "birch", "ash") if (a, s) != ("3", "ash"))
    problem = read_problem(write_question(tmp_path, text, journeys=f"area,site,minutes\n{journeys}\n"))
    assert math.isnan(problem.journeys.loc["A3", "ash"])
    assert problem.journeys.notna().sum().sum() == 8


def test_people_who_leave_for_where_there_is_no_journey_are_named(tmp_path: Path) -> None:
    config = CONFIG.replace(
        "place: ../place\n", "place: ../place\nborder: as_today\ntravel: {allow_missing: [[A1, elm]]}\n"
    )
    border = "area,goes_to,share\nA1,elm,0.5\nA1,candidates,0.5\nA2,elm,0.2\nA2,candidates,0.8\nA3,elm,1\n"
    path = write_question(tmp_path, config, border=border, journeys=TABLES["journeys"].replace("A1,elm,40\n", ""))
    with pytest.raises(InputError) as caught:
        read_problem(path)
    assert [fault.message for fault in caught.value.faults] == [
        "people of A1 go to elm today, and there is no journey. Add it to journeys.csv."
    ]


def test_a_question_keeps_what_a_run_folder_needs(tmp_path: Path) -> None:
    question = read_question(write_question(tmp_path))
    assert question.problem.title == question.config.settings.title
    assert question.place_folder.resolve() == tmp_path / "place"
    assert len(question.place.transfers) == 6


# -- options

OPTION = "option: one_site\ntitle: One site\ndesignations: {care: [birch]}\nsource: A plan\n"


def test_services_that_an_option_does_not_name_stay_as_they_are(tmp_path: Path) -> None:
    problem = read_problem(write_question(tmp_path))
    option = read_option(write_config(tmp_path, "option.yaml", OPTION))
    assert (option.code, option.title, option.settings.source) == ("one_site", "One site", "A plan")
    assert designations_of(problem, option) == {("birch", "care"), ("ash", "labs")}


def test_an_option_about_unknown_services_and_sites_is_refused_at_its_lines(tmp_path: Path) -> None:
    problem = read_problem(write_question(tmp_path))
    text = OPTION.replace("{care: [birch]}", "\n  care: [brich, elm]\n  cair: [ash]")
    option = read_option(write_config(tmp_path, "option.yaml", text))
    with pytest.raises(InputError) as refusal:
        designations_of(problem, option)
    assert [str(fault) for fault in refusal.value.faults] == [
        'configs/option.yaml, line 4: there is no site "brich" here. Did you mean "birch"?',
        'configs/option.yaml, line 4: "elm" is a neighbour, and neighbours are never decided on. Take it out.',
        'configs/option.yaml, line 5: there is no service "cair" in this question. Did you mean "care"?',
    ]


def test_an_option_with_slips_of_typing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r'line 3: "designatoins" is not a setting here. Did you mean "designations"\?'
    ):
        read_option(write_config(tmp_path, "option.yaml", OPTION.replace("designations", "designatoins")))
