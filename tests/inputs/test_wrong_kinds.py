"""Whatever is written where a setting belongs, it is taken or refused in words, and nothing falls over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from made_up_place import CONFIG, write_config, write_question
from ruamel.yaml import YAML

from optimiser.errors import InputError
from optimiser.inputs import read_problem, read_question
from optimiser.inputs.config import Settings, draft_config
from optimiser.inputs.config.contradictions import contradictions
from optimiser.inputs.config.faults import settings_of
from optimiser.inputs.config.figures import Strict
from optimiser.inputs.config.settings import Config
from optimiser.inputs.layers import Layers, Origin, Said

WRONG_KINDS = {
    "text": "some words",
    "a number as text": "2025",
    "a financial year": "2024/25",
    "a date": "2025-04-01",
    "true": True,
    "a number": -7.5,
    "a huge number": 10**300,
    "a list": [2024],
    "a list of lists": [[["a"]]],
    "settings": {"value": 2025},
    "settings of settings": {"a": {"b": {"c": 1}}},
    "nothing": None,
}


def spots(
    model: type[Strict], at: tuple[str | int, ...] = (), met: set[type[Strict]] | None = None
) -> Iterator[tuple[str | int, ...]]:
    """Yield where every setting stands, with ``ash`` for every code and the first of every list.

    What may stand in several places is tried in the first.
    """
    met = set() if met is None else met
    for name, field in model.model_fields.items():
        yield (*at, name)
        for keys, inner in inside(field.annotation):
            if inner not in met:
                met.add(inner)
                yield from spots(inner, (*at, name, *keys), met)


def inside(annotation: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], type[Strict]]]:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        yield keys, annotation
    one = {dict: ("ash",), tuple: (0,), list: (0,)}.get(get_origin(annotation), ())
    for part in get_args(annotation):
        yield from inside(part, (*keys, *one))


def said(value: Any, line: int = 1) -> Said:
    """Return plain data as a file would have said it."""
    if isinstance(value, dict):
        value = {key: said(one) for key, one in value.items()}
    elif isinstance(value, list):
        value = [said(one) for one in value]
    return Said(value, Origin(Path("q.yaml"), line))


def with_setting(question: dict[str, Any], spot: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """Return a question with a value at a spot; what the spot lies in is made where it is not there."""
    key, *rest = spot
    if isinstance(key, int):
        return [with_setting({}, tuple(rest), value) if rest else value]  # type: ignore[return-value]
    under = question.get(key) if isinstance(question.get(key), dict) else {}
    return {**question, key: with_setting(under, tuple(rest), value) if rest else value}


def test_every_wrong_kind_in_every_setting_is_taken_or_refused_in_words() -> None:
    question = YAML(typ="safe", pure=True).load(CONFIG)
    everywhere = list(spots(Settings))
    assert ("teams", "ash", "year") in everywhere
    assert ("services", "ash", "rotas", "ash", "cover", 0, "people") in everywhere
    for spot in everywhere:
        for value in WRONG_KINDS.values():
            layers = Layers(said(with_setting(question, spot, value)))
            settings, faults = settings_of(layers, Settings)
            assert all(str(fault) for fault in faults)
            if settings is not None:
                config = Config(settings, Path("q.yaml"), Path("place"), layers.origins())
                assert all(words for _, words in contradictions(config, layers.said.plain()))


@pytest.mark.parametrize(
    "year", ["next", "true", "2025-04-01", "[2024]", "{value: 2025}", "2024/26", '"2025"', "2024/5"]
)
@pytest.mark.parametrize("place", ["team", "demand"])
def test_what_is_no_year_is_refused_with_its_line(place: str, year: str, tmp_path: Path) -> None:
    config = CONFIG.replace("year: 2025", f"year: {year}") if place == "team" else f"{CONFIG}demand:\n  year: {year}\n"
    with pytest.raises(
        InputError, match=rf"line {4 if place == 'team' else 21}: \"year\" must be a whole number such as"
    ):
        draft = draft_config(write_config(tmp_path, "base.yaml", config))
        raise InputError(draft.faults)


@pytest.mark.parametrize("written", ["2025/26", "2025-26", "2025/2026", "FY2025/26"])
def test_a_financial_year_is_the_year_in_which_it_begins_and_that_is_said(written: str, tmp_path: Path) -> None:
    question = read_question(write_question(tmp_path, CONFIG.replace("year: 2025", f"year: {written}")))
    assert question.config.settings.teams["doctors"].year == 2025
    assert [words.partition("line ")[2] for words in question.taken] == [
        f"4: {written} as 2025, the year in which it begins."
    ]
    said = f"base.yaml, line 4: {written} as 2025, the year in which it begins.\n"
    assert question.problem.files["inputs/taken.txt"].decode() == said


def test_a_financial_year_without_staff_says_how_it_was_understood(tmp_path: Path) -> None:
    config = write_question(tmp_path, CONFIG.replace("year: 2025", "year: 2022/23"))
    with pytest.raises(InputError, match=r"line 4: staff\.csv has no 2022 for doctors.*Understood: 2022/23 as 2022"):
        read_problem(config)


PASTED = {
    "a space of no width to speak of, after a colon": (
        CONFIG.replace("name: Care\n", "name:\u202fCare\n"),
        r"line 7: there is a space here that only looks like one \(U\+202F\)",
    ),
    "spaces of a web page at the beginning of a line": (
        CONFIG.replace("    activity: visit", "\u00a0\u00a0  activity: visit"),
        r"line 8: there is a space here that only looks like one \(U\+00A0\)",
    ),
    "quotation marks of a letter": (
        CONFIG.replace("name: Laboratories", "name: \u201cLabs: blood\u201d"),
        "line 14: there are curly quotation marks here. Type straight ones",
    ),
}


@pytest.mark.parametrize("case", PASTED)
def test_what_a_word_processor_pastes_is_named(case: str, tmp_path: Path) -> None:
    config, expected = PASTED[case]
    assert config != CONFIG
    with pytest.raises(InputError, match=expected) as refusal:
        read_problem(write_question(tmp_path, config))
    assert len(refusal.value.faults) == 1
