"""Beds, links across sites and documented exceptions as a config states them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_place import CONFIG, write_config, write_question

import optimiser as op
from optimiser.errors import InputError, NoPlan
from optimiser.inputs import designations_of, read_problem, with_exceptions_of
from optimiser.inputs.config import read_option
from optimiser.plan import evaluate
from optimiser.plan.runs import files_of
from optimiser.problem import Excepted, Figure, Link, Problem, Reach
from optimiser.report import screen, summary
from optimiser.search.planning import solve

BEDS = "    beds: {stay_days: 36.5, blocking: 0.2, at: {ash: 3, birch: 2}, staff_per_bed: {nurses: 2.9}}\n"
IN_REACH = "    in_reach: {labs: {minutes: {value: 20, source: A map, verified: true}}}\n"
BY_TRANSFER = "    by_transfer: {care: {source: Custom}}\n"
EXCEPTION = (
    "exceptions:\n  - {service: care, needs: labs, site: birch, reason: A courier, source: Minutes, by: Board}\n"
)


def question(root: Path, *, care: str = "", labs: str = "", end: str = "", **changed: str | None) -> Path:
    """Write the made-up question with more settings for its services, or at its end."""
    text = CONFIG.replace("    name: Care\n", f"    name: Care\n{care}")
    text = text.replace("    name: Laboratories\n", f"    name: Laboratories\n{labs}") + end
    return write_question(root, text, **changed)


def read(root: Path, **more: str) -> Problem:
    return read_problem(question(root, **more))


def fault(root: Path, **more: str | None) -> str:
    """Return the one fault for which a question is refused."""
    with pytest.raises(InputError) as caught:
        read_problem(question(root, **more))
    (found,) = caught.value.faults
    return str(found)


def test_what_is_stated_is_what_the_problem_has(tmp_path: Path):
    problem = read(tmp_path, care=BEDS + IN_REACH + "    stays_local: A clinic\n", labs=BY_TRANSFER, end=EXCEPTION)
    care = problem.services["care"]
    assert care.beds is not None
    assert care.beds.days == Figure(36.5)
    assert care.beds.at == {"ash": Figure(3), "birch": Figure(2)}
    assert care.in_reach == (Reach("labs", Figure(20, "A map", True)),)
    assert care.stays_local == "A clinic"
    assert problem.services["labs"].by_transfer == (Link("care", "Custom"),)
    assert problem.exceptions == (Excepted("care", "labs", "birch", "A courier", "Minutes", "Board"),)
    assert problem.transfer_minutes("ash", "birch") == 20
    assert problem.transfer_minutes("birch", "ash") == 21
    assert problem.transfer_minutes("ash", "ash") == 0


def test_at_rush_hour_staff_take_longer_too(tmp_path: Path):
    problem = read(tmp_path, care=IN_REACH, end="travel: {factor: 1.5}\n")
    assert problem.transfer_minutes("ash", "birch") == 30
    assert problem.within_reach("birch", 30) == ("ash", "birch")
    assert problem.within_reach("birch", 29.9) == ("birch",)


def test_a_run_with_all_of_it_is_clean_and_can_be_asked_again(tmp_path: Path):
    plan = solve(read(tmp_path, care=BEDS + IN_REACH, labs=BY_TRANSFER, end=EXCEPTION))
    assert op.check(plan).empty
    again = solve(read_problem(op.write_run(plan, tmp_path / "run") / "config.yaml"))
    assert files_of(again).keys() == files_of(plan).keys()
    assert {n: c for n, c in files_of(again).items() if n != "run.json"} == {
        n: c for n, c in files_of(plan).items() if n != "run.json"
    }


def test_a_run_without_any_of_it_says_nothing_of_it(tmp_path: Path):
    files = files_of(solve(read(tmp_path)))
    assert not {"links.csv", "exceptions.csv"} & files.keys()
    for word in (b"beds", b"in_reach", b"by_transfer", b"exceptions", b"stays_local"):
        assert word not in files["config.yaml"]


def test_a_service_provided_nowhere_today_opens_as_a_change(tmp_path: Path):
    problem = read(tmp_path, end="", care="")
    text = CONFIG.replace("  care: [ash, birch]\n", "  care: [ash, birch]\n  labs: []\n")
    problem = read_problem(write_question(tmp_path / "again", text))
    assert problem.services_with_today == {"care", "labs"}
    plan = evaluate(problem, {("ash", "care"), ("ash", "labs"), ("birch", "care")})
    assert op.check(plan).empty
    assert "Changes from today: laboratories opens at Ash Hospital." in summary.lines(plan)


REFUSED = {
    "no stay": ({"care": "    beds: {blocking: 0.1}\n"}, '"stay_days" is missing from "services.care.beds". Add it'),
    "everybody turned away": (
        {"care": "    beds: {stay_days: 1, blocking: 1}\n"},
        '"blocking" must be at most 0.999999, not 1.',
    ),
    "nobody turned away": (
        {"care": "    beds: {stay_days: 1, blocking: 0}\n"},
        '"blocking" must be at least 0.000001, not 0.',
    ),
    "half a bed": ({"care": "    beds: {stay_days: 1, at: {ash: 1.5}}\n"}, '"ash" must be a whole number, not 1.5.'),
    "others without a stay": (
        {"care": "    beds: {stay_days: 1, other_patients_share: 0.3}\n"},
        '"beds" needs both other_patients_share and other_stay_days, or neither. Say both.',
    ),
    "beds of nobody": (
        {"labs": "    beds: {stay_days: 1}\n"},
        "beds needs to know who the patients are. Set activity for labs, or delete this.",
    ),
    "beds at a neighbour": (
        {"care": "    beds: {stay_days: 1, at: {elm: 4}}\n"},
        '"elm" is a neighbour, and neighbours are never decided on. Take it out.',
    ),
    "a reach of no length": ({"care": "    in_reach: {labs: {}}\n"}, '"minutes" is missing from'),
    "in reach of a stranger": (
        {"care": "    in_reach: {lab: {minutes: 9}}\n"},
        'there is no service "lab" in this config. Did you mean "labs"?',
    ),
    "in reach of itself": (
        {"care": "    in_reach: {care: {minutes: 9}}\n"},
        "care cannot be linked to itself. Delete it.",
    ),
    "two kinds at once": (
        {"care": "    same_site: {labs: {}}\n" + IN_REACH},
        "labs is under same_site already. Keep one of the two.",
    ),
    "a transfer from a stranger": (
        {"care": "    by_transfer: {lab: {}}\n"},
        'there is no service "lab" in this config. Did you mean "labs"?',
    ),
    "an exception from nothing": (
        {"end": EXCEPTION},
        'care does not need "labs" on its site or in reach: nothing to except.',
    ),
    "an exception of a stranger": (
        {"care": IN_REACH, "end": EXCEPTION.replace("service: care", "service: core")},
        'there is no service "core" in this config. Did you mean "care"?',
    ),
    "an exception twice": (
        {"care": IN_REACH, "end": EXCEPTION + EXCEPTION.splitlines(keepends=True)[1]},
        "care without labs at birch is listed twice. Keep one.",
    ),
    "an exception nowhere": (
        {"care": IN_REACH, "end": EXCEPTION.replace("birch", "brich")},
        'there is no site "brich" in sites.csv. Did you mean "birch"?',
    ),
    "an exception without a reason": (
        {"care": IN_REACH, "end": EXCEPTION.replace("reason: A courier, ", "")},
        '"reason" is missing from "exceptions.0". Add it (why it need not hold there).',
    ),
    "no transfers": (
        {"care": IN_REACH, "transfers": None},
        "in_reach needs to know how far it is between sites. Add transfers.csv to the place.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_in_plain_words(case: str, tmp_path: Path):
    more, expected = REFUSED[case]
    assert expected in fault(tmp_path, **more)


def option(root: Path, exceptions: str) -> Path:
    text = "option: BOTH\ntitle: Care at both\ndesignations: {care: [ash, birch], labs: [ash]}\n"
    return write_config(root, "options/both.yaml", text + exceptions)


def test_an_option_brings_its_own_exceptions_and_its_run_says_so(tmp_path: Path):
    # Labs are at ash only, 20 minutes from birch: too far for 19.
    problem = read(tmp_path, care=IN_REACH.replace("20", "19"))
    bare, excused = (read_option(option(tmp_path / n, e)) for n, e in (("a", ""), ("b", EXCEPTION)))
    assert with_exceptions_of(problem, bare) is problem
    plan = evaluate(problem, designations_of(problem, bare))
    too_few, too_far = "every_site_has_enough_patients.care.birch", "services_are_within_reach.care.birch.labs"
    assert list(plan.broken["instance"]) == [too_few, too_far]
    with_them = with_exceptions_of(problem, excused)
    plan = evaluate(with_them, designations_of(with_them, excused))
    assert list(plan.broken["instance"]) == [too_few]
    assert plan.exceptions["would_have_broken"].tolist() == [True]
    assert op.check(plan).empty
    told = "\n".join(summary.lines(plan))
    assert "It rests on 1 exception, with its reason and whose it is in exceptions.csv:" in told
    assert "  1. care at Birch would do without laboratories where the rule asks for it. A courier." in told
    in_short = next(line for line in screen.lines(plan) if line.startswith("It rests on 1 exception, "))
    assert in_short.endswith(": (1) care at Birch would do without laboratories where the rule asks for it.")


def test_an_option_cannot_except_what_nobody_asks(tmp_path: Path):
    problem = read(tmp_path)
    with pytest.raises(InputError, match=r"both\.yaml, line 5: care does not need"):
        with_exceptions_of(problem, read_option(option(tmp_path, EXCEPTION)))


def test_a_clash_over_beds_says_how_many_more_would_do(tmp_path: Path):
    # Both sites are asked for. Stays of a tenth of a year: birch has 4.3 patients, whose load is 0.43: 1 bed turns
    # away 0.30, and 2 turn away 0.06.
    beds = "    beds: {stay_days: 36.5, blocking: 0.2, at: {birch: 1}}\n"
    end = "services:\n  care: {minimum_patients: 1, at_least_sites: 2, rotas: null}\n"
    question(tmp_path, care=beds)
    problem = read_problem(write_config(tmp_path, "both.yaml", "based_on: base.yaml\n" + end))
    with pytest.raises(NoPlan):
        solve(problem)
    clash = op.clash(problem)
    assert ("beds_are_enough", ("care", "birch")) in clash.demands
    assert "Care at Birch Hospital makes do with 1 bed, which takes 2.5 patients a year" in str(clash)
    assert "find 1 more bed for Care at Birch Hospital, for 1.84 patients a year beyond what its beds can take" in str(
        clash
    )


def test_a_clash_over_reach_is_said_in_words(tmp_path: Path):
    end = "services:\n  care: {minimum_patients: 1, at_least_sites: 2, rotas: null}\n"
    end += "  labs: {at_most_sites: 1}\n"
    question(tmp_path, care=IN_REACH.replace("20", "19"))
    problem = read_problem(write_config(tmp_path, "both.yaml", "based_on: base.yaml\n" + end))
    with pytest.raises(NoPlan):
        solve(problem)
    clash = op.clash(problem)
    assert clash.demands["services_are_within_reach", ("care", "labs")] == (
        "Care has Laboratories within 19 minutes of its site"
    )


def test_a_plan_says_what_its_beds_come_to(tmp_path: Path):
    plan = solve(read(tmp_path, care=BEDS))
    (line,) = [line for line in summary.lines(plan) if line.startswith("Beds")]
    # 14.3 patients at one site, a tenth of a year each: at a load of 1.43, 2 beds turn away 0.30 and 3 turn away
    # 0.12. Apart, 10 and 4.3 need 2 beds each.
    assert line == "Beds: the patients of Care need 3; on today's sites they would need 4, and 5 are there."


def test_exceptions_alone_call_for_the_tables_of_links(tmp_path: Path):
    problem = read(tmp_path, care="    same_site: {labs: {}}\n")
    excused = with_exceptions_of(problem, read_option(option(tmp_path, EXCEPTION)))
    plan = evaluate(excused, {("birch", "care"), ("ash", "labs")})
    (link,) = plan.links.to_dict("records")
    assert (link["provider"], link["minutes"], link["met"], link["excepted"]) == ("ash", 20, False, True)
    assert op.check(plan).empty
