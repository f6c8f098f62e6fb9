"""One folder of options for questions of any size: what a question lacks is left out, and a slip is still refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from shipped import question

import optimiser as op
from optimiser.errors import InputError
from optimiser.inputs import left_out, taken_straight, with_exceptions_of
from optimiser.inputs.config import Option
from optimiser.plan.told import written_down
from optimiser.problem import Problem

ROOT = Path(__file__).parents[2]
DECIDED = ROOT / "configs/options/dmbc_jul2018.yaml"


@cache
def base() -> Problem:
    return question("base")


def written(folder: Path, old: str, new: str) -> Path:
    text = DECIDED.read_text().replace("../care_model.yaml", str(ROOT / "configs/care_model.yaml"))
    assert text.count(old) == 1
    path = folder / "option.yaml"
    path.write_text(text.replace(old, new))
    return path


def test_an_option_of_another_pathway_is_said_to_be_one():
    option = op.read_option(DECIDED)
    assert taken_straight(base(), option) == (
        "The option's file was written for the question “Which services should be provided where in Mid and South "
        "Essex?”, where patients of hyper-acute stroke unit who are seen first where there is none are then taken on. "
        "Here all are taken straight there: their minutes are not those of that question."
    )
    # Where every department has a unit beside it nobody is taken on.
    assert taken_straight(base(), op.read_option(DECIDED.with_name("q0_2016.yaml"))) == ""
    assert taken_straight(question("care_model"), option) == ""
    assert taken_straight(base(), replace_written_for(option)) == ""


def replace_written_for(option: Option) -> Option:
    return replace(option, settings=option.settings.model_copy(update={"written_for": None}))


def test_services_and_exceptions_that_a_smaller_question_lacks_are_left_out():
    option = op.read_option(DECIDED)
    assert "vascular_hub" in left_out(base(), option) and "hyper_acute_stroke" not in left_out(base(), option)
    assert with_exceptions_of(base(), option) is base()
    designated = op.designations_of(base(), option)
    assert {code for _, code in designated} == set(base().services)
    assert {site for site, code in designated if code == "hyper_acute_stroke"} == {"basildon"}


def test_what_an_option_does_not_speak_of_is_told_beside_its_note():
    option = op.read_option(DECIDED.with_name("stroke_2013.yaml"))
    found = written_down(question("care_model"), option)
    # Of 20 services it names two, and three are fixed everywhere.
    said = "It says nothing of 15 other services that this question decides: here they stay as today, and what that "
    assert found.scope == f"{said}breaks is today's."
    assert found.to_know == [f"Note of the option: {option.settings.note}", found.scope]
    few = written_down(base(), op.read_option(DECIDED))
    assert few.scope.startswith("What it says of ") and "vascular hub" in few.scope
    assert few.scope.endswith(" is left out: this question does not have them.")


def test_a_slip_of_typing_is_refused_whatever_the_question(tmp_path: Path):
    option = op.read_option(written(tmp_path, "  vascular_hub: [basildon]", "  vascular_hubb: [basildon]"))
    with pytest.raises(InputError, match='there is no service "vascular_hubb" in this question'):
        op.designations_of(base(), option)


def test_an_option_that_names_no_config_may_name_only_what_the_question_has(tmp_path: Path):
    line = f"written_for: {ROOT / 'configs/care_model.yaml'}\n"
    option = op.read_option(written(tmp_path, line, ""))
    with pytest.raises(InputError, match='there is no service "stroke_thrombolysis" in this question'):
        op.designations_of(base(), option)


def test_a_config_that_is_not_there_is_named(tmp_path: Path):
    option = op.read_option(
        written(tmp_path, "/configs/care_model.yaml\ndesignations", "/configs/care_modell.yaml\ndesignations")
    )
    with pytest.raises(InputError, match=r"care_modell\.yaml"):
        op.designations_of(base(), option)
