"""A question answered in full: what the best plan is set against, and what is said where there is none."""

from __future__ import annotations

import json

from as_files import with_files
from worlds import small

import optimiser as op
from optimiser import checker
from optimiser.plan.runs import files_of
from optimiser.problem import Figure


def test_an_answer_says_that_behind_the_border_no_site_would_have_enough_patients():
    # Of the 65 patients at birch, 5 come from outside: 60 are fewer than 63.
    problem = small(at_most_sites=Figure(1), minimum_patients=Figure(63))
    answer = op.answer(problem)
    assert isinstance(answer, op.Answer)
    assert answer.plan.designated == op.solve(problem).designated
    assert ("birch", "clinic") in answer.plan.designated
    (said,) = map(str, answer.set_against)
    assert said == "The border matters: if nobody crossed it, no plan would meet every rule."
    assert str(answer).splitlines()[0] == problem.title
    assert str(answer).endswith(said)


def test_an_answer_with_patients_shared_out_is_set_against_the_nearest():
    # Of 65 patients 35 are nearest to birch and 30 to ash: 31 at each there are only if some are shared out.
    problem = small(managed=True, at_least_sites=Figure(2), minimum_patients=Figure(31))
    answer = op.answer(problem)
    assert isinstance(answer, op.Answer)
    assert str(answer.set_against[0]) == "If everybody went to the nearest, no plan would meet every rule."


def test_where_the_border_changes_nothing_an_answer_is_set_against_nothing():
    answer = op.answer(small())
    assert isinstance(answer, op.Answer)
    assert answer.set_against == ()


def test_where_no_plan_meets_every_rule_the_answer_is_which_rules_clash():
    answer = op.answer(small(at_least_sites=Figure(3)))
    assert isinstance(answer, op.Clash)
    assert answer.names == op.clash(small(at_least_sites=Figure(3))).names == ("enough_sites.clinic",)


def test_what_would_change_an_answer_stands_in_its_run_and_a_spoilt_entry_is_noticed():
    answer = op.answer(with_files(small(at_most_sites=Figure(1))))
    assert isinstance(answer, op.Answer)
    files = files_of(answer.plan, said=answer.set_against, would_change=answer.would_change.record)
    assert checker.check(files).empty
    record = json.loads(files["run.json"])
    (change,) = record["would_change"]["changes"]
    assert change["then"] == {"clinic": ["ash", "birch"]}
    assert (change["kind"], change["what"], change["by"]) == ("rule", "not_too_many_sites.clinic", 1)
    for spoilt in ({**change, "kind": "whim"}, {**change, "more": 1}, {**change, "then": "ash"}):
        said = record | {"would_change": {"changes": [spoilt], "not_worked_out": ""}}
        found = checker.check(files | {"run.json": json.dumps(said).encode()})
        assert set(found["check"]) == {"the_record_is_sound"}
