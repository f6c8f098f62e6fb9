"""What run.json says beside other questions is found true where it is, and each of many lies is found out.

The worlds are those of ``worlds.small``, with oak across the border 5 minutes from the east in ``near_oak``:

    clinic at      patient-minutes of residents          behind the border         everybody at the nearest
    ash            100 + 400 + 150 = 650, near oak       100 + 400 + 1200 = 1700   1250, as ``small`` has it
    birch          300 + 400 + 150 = 850, near oak       300 + 400 + 300 = 1000    1000, with 65 patients at birch
    neither                                              nobody is served          2050
    both                                                                           800, with 35 patients at birch
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd
import pytest
from as_files import with_files
from worlds import small

import optimiser as op
from optimiser import checker
from optimiser.checker.inputs import KNOWN_FILES, read_run
from optimiser.checker.reading import Reader, read_files
from optimiser.checker.sentences import short_name
from optimiser.checker.sharing import share_out
from optimiser.plan.runs import files_of
from optimiser.problem import Figure, Problem
from optimiser.problem.words import short
from optimiser.report.answers import Answer, answer

SAY, TRUE = "sentences_say_what_numbers_say", "sentences_are_true"
ONE, BOTH = {"at_most_sites": Figure(1), "at_least_sites": Figure(1)}, {"at_least_sites": Figure(2)}


def near_oak(**rules: object) -> Problem:
    """Return the small world in which oak, across the border, is nearest for the east."""
    problem = small(**rules)
    problem.journeys.loc["east", "oak"] = 5.0
    return problem


def forty_in_the_east() -> Problem:
    """Return a world with at most 35 at a clinic, where behind the border five of the east pass birch for ash.

    With the border open ash is enough for 100 + 400 + 40×5 = 700, and birch is not there today. Behind it both are
    needed, for 100 + 400 + 35×10 + 5×40 = 1050; ash alone has 70, who take 100 + 400 + 1600 = 2100.
    """
    problem = near_oak(managed=True, maximum_patients=Figure(35), at_least_sites=Figure(1))
    problem.demand.loc["east", "visit"] = 40.0
    return replace(problem, today=frozenset({("ash", "clinic")}))


def too_few_at_birch() -> Problem:
    """Return a world in which the best clinic behind the border breaks a rule with it open.

    The middle is 12 minutes from ash and 15 from oak. Ash comes to 100 + 240 + 150 = 490, of 30 patients there; birch
    to 300 + 300 + 150 = 750, of the west's 10 and 5 from outside, where 16 are asked for. Behind the border ash comes
    to 100 + 240 + 1200 = 1540, and birch to 300 + 400 + 300 = 1000, of all 60.
    """
    problem = near_oak(minimum_patients=Figure(16), **ONE)
    problem.journeys.loc["mid", ["ash", "oak"]] = [12.0, 15.0]
    return problem


WORLDS: dict[str, Callable[[], Problem]] = {
    "the border decides": lambda: near_oak(**ONE),
    "the border decides, but for a rule": too_few_at_birch,
    "the border decides nothing": lambda: small(**ONE),
    "the border decides who is shared out": forty_in_the_east,
    # The five patients from across the border make 65 at birch.
    "no plan behind the border": lambda: small(at_most_sites=Figure(1), minimum_patients=Figure(61)),
    # One of the 35 at birch must go elsewhere; if nobody is sent, ash alone is best, and east and far go to oak.
    "the nearest differs": lambda: small(managed=True, maximum_patients=Figure(34)),
    "the nearest is the same": lambda: small(managed=True, maximum_patients=Figure(40)),
    # Thirty-five go to birch.
    "no plan at the nearest": lambda: small(managed=True, maximum_patients=Figure(33), neighbours=(), **BOTH),
}


@cache
def files(world: str) -> dict[str, bytes]:
    """Return the files of a solved world as ``solve`` writes them, with all that is said beside other questions."""
    found = answer(with_files(WORLDS[world]()))
    assert isinstance(found, Answer)
    return files_of(found.plan, said=found.set_against)


def record_of(run: dict[str, bytes]) -> Any:
    """Return run.json."""
    return json.loads(run["run.json"])


def said_in(world: str) -> list[str]:
    """Return the sentences of a world."""
    return [one["text"] for one in record_of(files(world)).get("sentences", [])]


def found_in(world: str, lie: Callable[[list[Any]], object]) -> set[str]:
    """Return the names of the checks that notice a lie told in the sentences of a world."""
    record = record_of(files(world))
    record.setdefault("sentences", [])
    lie(record["sentences"])
    return set(checker.check(files(world) | {"run.json": json.dumps(record).encode()})["check"])


@pytest.mark.parametrize(
    ("world", "sentences"),
    [
        (
            "the border decides",
            [
                "If nobody crossed the border: clinic at Birch would be best. "
                "With the border open, clinic at Birch would take 14.17 minutes on average, where the plan takes 10.83."
            ],
        ),
        (
            "the border decides, but for a rule",
            [
                "If nobody crossed the border: clinic at Birch would be best. With the border open, clinic at Birch "
                "would see 15 of the 16 patients a year that are asked for."
            ],
        ),
        ("the border decides nothing", []),
        (
            "the border decides who is shared out",
            [
                "If nobody were sent past a nearer site, the same plan would be best.",
                "If nobody crossed the border: clinic at Ash and Birch would be best. "
                "With the border open, clinic at Ash and Birch would take 10.00 minutes on average, where the plan "
                "takes 10.00.",
            ],
        ),
        (
            "no plan behind the border",
            ["The border matters: if nobody crossed it, no plan would meet every rule."],
        ),
        (
            "the nearest differs",
            [
                "If nobody were sent past a nearer site, the best plan would differ: clinic at Ash, 20.83 minutes on "
                "average."
            ],
        ),
        ("the nearest is the same", ["If nobody were sent past a nearer site, the same plan would be best."]),
        ("no plan at the nearest", ["If nobody were sent past a nearer site, no plan would meet every rule."]),
    ],
)
def test_every_true_sentence_is_found_true(world: str, sentences: list[str]) -> None:
    assert said_in(world) == sentences
    assert found_in(world, lambda said: None) == set()
    assert checker.check(files(world)).empty


def put(**parts: Any) -> Callable[[list[Any]], object]:
    """Return a lie that puts other parts in the first sentence."""
    return lambda said: said[0].update(parts)


def cell(number: int, **parts: Any) -> Callable[[list[Any]], object]:
    """Return a lie about where a number of the first sentence stands, or what it is."""
    return lambda said: said[0]["cells"][number].update(parts)


def both(*lies: Callable[[list[Any]], object]) -> Callable[[list[Any]], object]:
    """Return a lie that is several lies."""
    return lambda said: [lie(said) for lie in lies]


def words(old: str, new: str) -> Callable[[list[Any]], object]:
    """Return a lie that has other words, in the sentence and in its template."""

    def lie(said: list[Any]) -> None:
        for part in ("text", "template"):
            assert old in said[0][part]
            said[0][part] = said[0][part].replace(old, new)

    return lie


def number(place: int, old: str, new: float) -> Callable[[list[Any]], object]:
    """Return a lie that has another number, in the sentence and in its cell alike."""

    def lie(said: list[Any]) -> None:
        assert old in said[0]["text"]
        said[0]["text"] = said[0]["text"].replace(old, f"{new:.2f}")
        said[0]["cells"][place]["value"] = new

    return lie


def best(site: str | None, *values: float) -> Callable[[list[Any]], object]:
    """Return a lie in which the clinic is best at another site, or none, for some values."""
    return put(best={"designated": [[site, "clinic"]] if site else [], "values": list(values)})


def sentence(kind: str, text: str, **parts: Any) -> dict[str, Any]:
    """Return a sentence without numbers, of a plan that breaks nothing and comes to 1000 where it is asked again."""
    asked = {"border": "closed"} if kind == "border" else {"patients_go_to": "nearest"}
    there = {"broken": [], "values": [1000]}
    said = {"kind": kind, "text": text, "template": text, "cells": [], "asked": asked, "outcome": "no plan"}
    return {**said, "best": None, "this_plan_there": there, **parts}


ROW = {"measure": "mean_minutes", "service": "clinic", "group": ""}


def mean(frame: str, value: float) -> dict[str, Any]:
    """Return a cell with the mean journey to the clinic."""
    return {"frame": frame, "row": ROW, "column": "value", "value": value}


MATTERS = "The border matters: if nobody crossed it, no plan would meet every rule."
UNKNOWN = "What the border decides could not be found out: "
ASH = (
    "If nobody crossed the border: clinic at Ash would be best. With the border open, clinic at Ash would take {}, "
    "where the plan takes {}."
)
ASH_DECIDES = sentence(
    "border",
    ASH.format("20.83 minutes on average", "16.67"),
    template=ASH.format("{0:.2f} minutes on average", "{1:.2f}"),
    cells=[mean("best_here", 20.833333333), mean("measures", 16.666666667)],
    outcome="proved best",
    best={"designated": [["ash", "clinic"]], "values": [1700]},
)
BUT_FOR_A_RULE = "the border decides, but for a rule"
DECIDED, UNDECIDED, NOBODY = "the border decides", "the border decides nothing", "no plan behind the border"
DIFFERS, SAME, SHARED = "the nearest differs", "the nearest is the same", "the border decides who is shared out"
NEAREST_NONE = "If nobody were sent past a nearer site, no plan would meet every rule."
WOULD_DIFFER = (
    "If nobody were sent past a nearer site, the best plan would differ: clinic at Ash, {} minutes on average."
)
NEAREST_SAME = "If nobody were sent past a nearer site, the same plan would be best."

LIES: dict[str, tuple[str, Callable[[list[Any]], object], set[str]]] = {
    # Numbers.
    "another mean of the best, in text and cell alike": (DECIDED, number(0, "14.17", 13.5), {SAY}),
    "another mean of this plan, in text and cell alike": (DECIDED, number(1, "10.83", 11.5), {SAY}),
    "a cell off by a millionth, which no text shows": (DECIDED, cell(0, value=14.166667667), {SAY}),
    "fewer patients, in text and cell alike": (
        BUT_FOR_A_RULE,
        lambda said: (
            said[0].update(text=said[0]["text"].replace("15 of the", "14 of the")),
            said[0]["cells"][0].update(value=14),
        ),
        {SAY},
    ),
    "more patients asked for, which no text shows": (BUT_FOR_A_RULE, cell(1, value=16.4), {SAY}),
    "a rule that is broken kept back": (
        BUT_FOR_A_RULE,
        lambda said: said[0].update(
            text=said[0]["text"].partition(" With")[0],
            template=said[0]["template"].partition(" With")[0],
            cells=[],
        ),
        {SAY},
    ),
    "another rule": (BUT_FOR_A_RULE, words("that are asked for", "that are allowed"), {SAY}),
    "a rule broken elsewhere": (BUT_FOR_A_RULE, cell(0, row={"instance": "every_area_is_served.clinic"}), {SAY}),
    "another mean there": (DIFFERS, number(0, "20.83", 19), {SAY}),
    "a text that its cells do not make": (DECIDED, put(text="If nobody crossed the border: all else."), {SAY}),
    "a number beyond all numbers": (DECIDED, cell(0, value=10**250), {SAY}),
    # Where numbers stand.
    "a cell of another frame": (DECIDED, cell(0, frame="measures"), {SAY}),
    "a cell of another service": (DECIDED, cell(0, row=ROW | {"service": "x_ray"}), {SAY}),
    "a cell of another measure": (DECIDED, cell(1, row=ROW | {"measure": "p95_minutes"}), {SAY}),
    "a cell of another column": (DECIDED, cell(0, column="unit"), {SAY}),
    "a cell that says more": (DECIDED, cell(0, note="sic"), {SAY}),
    "a cell without a number": (DECIDED, cell(0, value="14.17"), {SAY}),
    "cells in another order": (DECIDED, lambda said: said[0]["cells"].reverse(), {SAY}),
    "a template without places": (DECIDED, lambda said: said[0].update(template=said[0]["text"], cells=[]), {SAY}),
    "a template with a trap": (DECIDED, words("Birch", "{0.__class__}"), {SAY}),
    # Words.
    "another site": (DECIDED, words("Birch", "Ash"), {SAY}),
    "another service": (DECIDED, words("clinic", "x-ray room"), {SAY}),
    "stronger words": (DECIDED, words("would be best", "would be best of all"), {SAY}),
    "another kind": (DECIDED, put(kind="nearest"), {SAY, TRUE}),
    "a kind that there is not": (DECIDED, put(kind="weather"), {SAY}),
    "another sentence of a kind that there is not": (
        DECIDED, lambda said: said.append({**said[0], "kind": "weather"}), {SAY},
    ),
    "the same twice": (DECIDED, lambda said: said.append(said[0]), {SAY}),
    "a sentence that is none": (DECIDED, lambda said: said.append("Trust me."), {SAY}),
    "another setting": (DECIDED, put(asked={"border": "nearest"}), {SAY}),
    "another setting beside": (DECIDED, put(asked={"border": "closed", "patients_go_to": "nearest"}), {SAY}),
    "a part too many": (DECIDED, put(note="sic"), {SAY}),
    "a part too few": (DECIDED, lambda said: said[0].pop("asked"), {SAY}),
    "of a question in which nobody is shared out": (
        UNDECIDED,
        lambda said: said.append(
            sentence("nearest", NEAREST_SAME, outcome="proved best",
                     best={"designated": [["birch", "clinic"]], "values": [1000]})
        ),
        {SAY},
    ),
    # What is best there.
    "a best that is not there": (DECIDED, best("oak", 1000), {SAY}),
    "a best twice": (
        DECIDED, put(best={"designated": [["birch", "clinic"], ["birch", "clinic"]], "values": [1000]}), {SAY},
    ),
    "the plan itself as the best": (DECIDED, best("ash", 1700), {SAY, TRUE}),
    "values that the best does not come to": (DECIDED, best("birch", 999), {TRUE}),
    "values that the best comes to if nobody is shared out": (
        SHARED, lambda said: said[1]["best"].update(values=[900]), {TRUE},
    ),
    "values that this plan does not come to where it cannot be shared out": (
        SHARED, lambda said: said[1]["this_plan_there"].update(values=[1050]), {TRUE},
    ),
    "values that the best does not quite come to": (DECIDED, best("birch", 1000.0000001), {TRUE}),
    "more values than objectives": (DECIDED, best("birch", 1000, 0), {SAY}),
    "a best that is lawful and worse": (
        DIFFERS, both(best(None, 2050), words("Ash", "no site"), number(0, "20.83", 34.166666667)), {TRUE},
    ),
    "a best that breaks a rule": (
        DIFFERS, both(best("birch", 1000), words("Ash", "Birch"), number(0, "20.83", 16.666666667)), {TRUE},
    ),
    "no best, where it is proved": (DECIDED, put(best=None), {SAY, TRUE}),
    # What this plan comes to there.
    "values that this plan does not come to": (
        DECIDED, put(this_plan_there={"broken": [], "values": [1701]}), {TRUE},
    ),
    "a broken rule concealed": (DIFFERS, put(this_plan_there={"broken": [], "values": [800]}), {TRUE}),
    "a broken rule made up": (
        DECIDED,
        put(this_plan_there={"broken": ["every_site_has_enough_patients.clinic.ash"], "values": [1700]}),
        {TRUE},
    ),
    "a broken rule with another name": (
        NOBODY,
        put(this_plan_there={"broken": ["every_site_has_enough_patients.clinic.ash"], "values": [1000]}),
        {TRUE},
    ),
    # What the words claim.
    "it decides, where it does not": (UNDECIDED, lambda said: said.append(ASH_DECIDES), {TRUE}),
    "the same plan, where it differs": (
        DIFFERS, put(text=NEAREST_SAME, template=NEAREST_SAME, cells=[]), {TRUE},
    ),
    "it differs, where it is the same": (
        SAME,
        both(
            best("ash", 1250),
            put(
                text=WOULD_DIFFER.format("20.83"),
                template=WOULD_DIFFER.format("{0:.2f}"),
                cells=[mean("best_there", 20.833333333)],
            ),
        ),
        {TRUE},
    ),
    "another outcome": (DECIDED, put(outcome="no plan"), {TRUE}),
    "an outcome that there is not": (DECIDED, put(outcome="probably best"), {SAY}),
    "no plan, where this one would do": (
        DECIDED, put(outcome="no plan", best=None, text=MATTERS, template=MATTERS, cells=[]), {TRUE},
    ),
    "no plan, where another would do": (
        DIFFERS, put(outcome="no plan", best=None, text=NEAREST_NONE, template=NEAREST_NONE, cells=[]), {TRUE},
    ),
    "no plan, where it is not known": (NOBODY, put(outcome="not known"), {TRUE}),
    "not known, where there is no plan": (
        NOBODY, put(text=f"{UNKNOWN}time.", template=f"{UNKNOWN}time."), {TRUE},
    ),
    "not known in other words": (NOBODY, put(outcome="not known", text="Who knows?", template="Who knows?"), {SAY}),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_every_lie_is_found_out(lie: str) -> None:
    world, told, expected = LIES[lie]
    assert found_in(world, told) == expected


def spots(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a sentence: what holds it, and its key or number there."""
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from spots(node[key])


@pytest.mark.parametrize("world", [DECIDED, DIFFERS, NOBODY])
def test_nothing_in_a_sentence_can_be_anything_else(world: str) -> None:
    record = record_of(files(world))
    for holder, key in list(spots(record["sentences"])):
        kept = holder[key]
        for other in (None, [], {}, "", "Birch", -1, 1e308, True):
            if other != kept:
                holder[key] = other
                found = checker.check(files(world) | {"run.json": json.dumps(record).encode()})
                assert set(found["check"]) <= {SAY, TRUE} and len(found), (key, other)
        holder[key] = kept


def test_why_it_is_not_known_may_be_said_in_any_words() -> None:
    text = f"{UNKNOWN}Time ran out {{before any plan was found}}."
    template = text.replace("{", "{{").replace("}", "}}")
    assert found_in(NOBODY, put(outcome="not known", text=text, template=template)) == set()


def test_what_a_lie_is_about_is_said() -> None:
    record = record_of(files(DECIDED))
    record["sentences"][0]["best"]["values"] = [999]
    (row,) = checker.check(files(DECIDED) | {"run.json": json.dumps(record).encode()}).to_dict("records")
    assert row["message"] == "run.json sentence 1: best values is [999], but should be [1000]."
    assert (row["claimed"], row["found"]) == ("[999]", "[1000]")


def test_nothing_is_said_beside_a_plan_that_people_chose() -> None:
    solved = answer(with_files(WORLDS[DECIDED]()))
    assert isinstance(solved, Answer)
    chosen = op.evaluate(solved.plan.problem, solved.plan.designated)
    found = checker.check(files_of(chosen, said=solved.set_against))
    assert set(found["check"]) == {SAY} and "only evaluated" in found["message"].iloc[0]


def test_what_is_named_with_braces_is_named_so() -> None:
    problem = near_oak(**ONE)
    sites = {code: replace(site, name=f"{site.name} {{0}}") for code, site in problem.sites.items()}
    found = answer(with_files(replace(problem, sites=sites)))
    assert isinstance(found, Answer) and "Birch {0} would be best" in str(found.set_against[0])
    assert checker.check(files_of(found.plan, said=found.set_against)).empty


def shared_by_checker(plan: op.Plan) -> dict[tuple[str, str], Fraction]:
    """Return the patients by area and site as the checker shares them out, from the files of a run."""
    run = read_run(Reader(read_files(files_of(plan), KNOWN_FILES)))
    return {(stream.area, site): patients for (stream, site), patients in share_out(run, "clinic").items()}


def shared_in_run(plan: op.Plan) -> dict[tuple[str, str], Fraction]:
    """Return the patients by area and site that journeys.csv states."""
    rows = plan.journeys[(plan.journeys["service"] == "clinic") & (plan.journeys["patients_per_year"] > 0)]
    columns = (map(str, rows[name]) for name in ("area", "site", "patients_per_year"))
    return {(area, site): Fraction(patients) for area, site, patients in zip(*columns, strict=True)}


@pytest.mark.parametrize("limits", [(0, 20), (0, 33.333333), (0, 34), (31, 100), (32, 33), (33, 40), (33, 30), (0, 65)])
@pytest.mark.parametrize("border", ["nearest", "closed"])
def test_patients_are_shared_out_again_as_the_run_has_it(limits: tuple[float, float], border: str) -> None:
    problem = small(managed=True, minimum_patients=Figure(limits[0]), maximum_patients=Figure(limits[1]))
    problem = problem if border == "nearest" else problem.behind_its_border()
    for sites in (["ash"], ["birch"], ["ash", "birch"]):
        plan = op.evaluate(with_files(problem), {(site, "clinic") for site in sites})
        assert shared_by_checker(plan) == shared_in_run(plan)


def test_patients_of_random_worlds_are_shared_out_again_as_the_run_has_it() -> None:
    """Many equal minutes, so that ties are settled too."""
    rng = random.Random(7)
    shared = 0
    for _ in range(25):
        problem = small(
            managed=True, minimum_patients=Figure(rng.randint(0, 30)), maximum_patients=Figure(rng.randint(20, 60))
        )
        journeys = pd.DataFrame(
            {site: [float(rng.randint(1, 4)) for _ in problem.areas.index] for site in problem.sites},
            index=problem.areas.index,
        )
        demand = pd.DataFrame(
            {"visit": [float(rng.randint(0, 40)) for _ in problem.areas.index]}, index=problem.areas.index
        )
        problem = replace(problem, journeys=journeys, demand=demand)
        plan = op.evaluate(with_files(problem), {("ash", "clinic"), ("birch", "clinic")})
        assert shared_by_checker(plan) == shared_in_run(plan)
        shared += shared_in_run(plan) != shared_in_run(plan.at_the_nearest)
    assert shared > 5


def test_product_and_checker_shorten_the_name_of_a_hospital_alike():
    said = {
        "Ash University Hospital": "Ash",
        "Ash Hospital, Town": "Ash, Town",
        "Ash General Hospital (Town)": "Ash General (Town)",
        "Ash Hospital (estimated)": "Ash (estimated)",
        "The Hospital of Ash": "The Hospital of Ash",
    }
    assert {name: short(name) for name in said} == {name: short_name(name) for name in said} == said
