"""The certificate that nothing is better: both readers accept it where it is so, and refuse it where it is not."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from as_files import with_files
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from test_head_start import best_answers, question
from test_pack import levels

from optimiser import checker
from optimiser.plan import evaluate
from optimiser.plan.proof import PROVED
from optimiser.plan.runs import files_of, write_files
from optimiser.problem import HERE, Border, Figure, Fixed, Problem
from optimiser.search.certificate import certificate_of, certified
from optimiser.search.planning import solve

CHECK = "the_certificate_proves_it"
PMED = Path(os.environ.get("PMED_INSTANCES", Path(__file__).parents[3] / "shared" / "benchmarks" / "pmed"))
Said = dict[str, Any]


def anywhere(seed: int, areas: int, sites: int, neighbours: int = 0, decimals: int = 3) -> tuple[pd.DataFrame, Any]:
    """Minutes that are no distances, so that the bound is seldom enough by itself, and patients."""
    draw = np.random.default_rng(seed)
    codes = [f"s{i:02d}" for i in range(sites)] + [f"n{i}" for i in range(neighbours)]
    minutes = draw.uniform(1, 60, (areas, sites + neighbours)).round(decimals)
    minutes[:, sites:] += 25
    frame = pd.DataFrame(minutes, index=[f"a{i:03d}" for i in range(areas)], columns=codes)
    return frame, draw.integers(0, 9, areas)


@cache
def large() -> tuple[dict[str, bytes], Said]:
    """A run of 16 candidates, five of them to be open, and its certificate: with nodes of every kind."""
    problem = with_files(question(*anywhere(14, 30, 16, 1), 5))
    plan = solve(problem, list_all=False)
    found = certificate_of(plan)
    assert found
    return files_of(plan), json.loads(json.dumps(found))


def beside(files: dict[str, bytes], said: object) -> dict[str, bytes]:
    """Return a run's files with a certificate, listed with its hash."""
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    record = json.loads(files["run.json"])
    record["files"]["certificate.json"] = hashlib.sha256(content).hexdigest()
    return files | {"certificate.json": content, "run.json": json.dumps(record).encode()}


def refused_by_both(files: dict[str, bytes], folder: Path) -> str:
    """Return what both readers say against a certificate, once each has said something."""
    breaches = checker.check(files)
    assert set(breaches["check"]) & {CHECK, "files_can_be_read"}
    found = levels(write_files(files, folder))
    assert found and all(level in ("V4", "--") for level, _ in found)
    assert any("certificate" in words for _, words in found)
    return " ".join([*breaches["message"], *(words for _, words in found)])


def test_a_certificate_has_nodes_of_every_kind_and_is_added_up_by_both(tmp_path: Path):
    files, said = large()
    (service,) = said["services"]
    kinds = {tuple(sorted(node)) for node in service["nodes"]}
    assert kinds == {("open", "shut", "site"), ("open", "shut", "then", "values"), ("tried",), ("values",)}
    files = beside(files, said)
    assert checker.check(files).empty
    best = checker.said_of_best(files)
    assert best["checked"] == "proved by certificate"
    nodes, lists = len(service["nodes"]), len(service["values"])
    assert f"proved by certificate: {nodes} nodes and {lists} lists of values" in best["words"]
    assert levels(write_files(files, tmp_path / "run")) == []


def test_a_certificate_tells_those_who_are_pulled_over_the_border_from_those_who_stay(tmp_path: Path):
    minutes, patients = anywhere(14, 30, 16, 1)
    shares = pd.DataFrame({"n0": 0.25, HERE: 0.75}, index=minutes.index)
    border = Border(shares, Figure(0.5))
    plan = solve(with_files(replace(question(minutes, patients, 5), border=border)), list_all=False)
    said = json.loads(json.dumps(certificate_of(plan)))
    (service,) = said["services"]
    some = [area for area in minutes.index if patients[list(minutes.index).index(area)]]
    assert service["areas"] == [name for area in some for name in (f"{area} pulled", area)]
    files = beside(files_of(plan), said)
    assert checker.check(files).empty and levels(write_files(files, tmp_path / "run")) == []
    service["areas"] = [area.replace(" pulled", " drawn") for area in service["areas"]]
    refused_by_both(beside(files_of(plan), said), tmp_path / "lie")


def test_without_one_it_is_said_that_best_was_not_checked():
    files, _ = large()
    assert checker.check(files).empty
    assert checker.said_of_best(files)["checked"] == "NOT checked"
    assert "NOT checked: 65,536 designations" in checker.said_of_best(files)["words"]


Edit = Callable[[Said], object]


def node_of(said: Said, *keys: str) -> Said:
    found: Said = next(node for node in said["services"][0]["nodes"] if set(node) == set(keys))
    return found


def raise_every_value(said: Said) -> None:
    # Then sites take back as much of each, five at a time.
    said["services"][0]["values"][0] = [2 * one for one in said["services"][0]["values"][0]]


def drop_the_last_node(said: Said) -> None:
    said["services"][0]["nodes"].pop()


def swap_a_reason(said: Said) -> None:
    node = node_of(said, "values")
    node.clear()
    node["tried"] = 20


def swap_trying_for_values(said: Said) -> None:
    node = node_of(said, "tried")
    node.clear()
    node["values"] = 0


def name_the_other_child_twice(said: Said) -> None:
    node = node_of(said, "site", "open", "shut")
    node["shut"] = node["open"]


def open_what_need_not_be(said: Said) -> None:
    node = node_of(said, "values", "open", "shut", "then")
    every = [f"s{number:02d}" for number in range(16)]
    node["open"].append(next(site for site in every if site not in node["open"] + node["shut"]))


def shut_one_twice(said: Said) -> None:
    node = node_of(said, "values", "open", "shut", "then")
    node["shut" if node["shut"] else "open"] *= 2


def go_round_in_circles(said: Said) -> None:
    node_of(said, "values", "open", "shut", "then")["then"] = 0


def raise_the_least(said: Said) -> None:
    said["value"] += 1
    said["services"][0]["least"] += 1


def first_values(value: object) -> Edit:
    return lambda said: said["services"][0]["values"][0].__setitem__(0, value)


FAULTS: dict[str, tuple[Edit, str]] = {
    "every value is raised": (raise_every_value, "fewer than"),
    "a value is far too large": (first_values(10**31), "whole number"),
    "a value is below 0": (first_values(-1), "whole number|below 0"),
    "a value is a decimal": (first_values(1.5), "not a whole number"),
    "a value is true": (first_values(True), "not a whole number"),
    "a value is text": (first_values("12"), "not a whole number"),
    "a value is missing": (lambda said: said["services"][0]["values"][0].pop(), "not one for each area"),
    "a node is dropped": (drop_the_last_node, "not there|not a whole number"),
    "a node is added": (lambda said: said["services"][0]["nodes"].append({"tried": 1}), "no part of the tree"),
    "a leaf is tried and not bounded": (swap_a_reason, "is said to try 20 sets"),
    "a leaf is bounded and not tried": (swap_trying_for_values, "fewer than"),
    "a leaf gives no reason": (lambda said: node_of(said, "values").clear(), "neither parts its plans nor closes them"),
    "a child stands for both": (name_the_other_child_twice, "stands at two places|fewer than"),
    "a node goes back to the first": (go_round_in_circles, "stands at two places"),
    "a site must be open that need not be": (open_what_need_not_be, "fewer than"),
    "a site is narrowed by twice": (shut_one_twice, "twice"),
    "a site is parted by that is none": (
        lambda said: node_of(said, "site", "open", "shut").update(site="s99"),
        "candidate that is left|site that is not left",
    ),
    "a leaf names values that are not there": (
        lambda said: node_of(said, "values").update(values=99),
        "values that are not there",
    ),
    "more sets are said to be tried": (lambda said: node_of(said, "tried").update(tried=3), "is said to try 3 sets"),
    "the least is raised": (raise_the_least, "but the plan has"),
    "the value is not the sum": (lambda said: said.update(value=said["value"] + 1), "not the sum"),
    "the unit is another": (lambda said: said.update(unit="1"), "unit"),
    "the parts are none": (lambda said: said["services"][0].update(parts=0), "parts"),
    "the areas are in another order": (lambda said: said["services"][0]["areas"].reverse(), "areas"),
    "it is of another service": (lambda said: said["services"][0].update(service="ward"), "services"),
    "it claims something else": (lambda said: said.update(claim="it is best in every way"), "claim"),
    "an entry is added": (lambda said: said.update(signed="by somebody"), "group of|other entries"),
    "it has no nodes": (lambda said: said["services"][0].update(nodes=[]), "nodes|certificate"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_certificate_is_refused_by_both(fault: str, tmp_path: Path):
    files, said = large()
    said = copy.deepcopy(said)
    edit, words = FAULTS[fault]
    edit(said)
    found = refused_by_both(beside(files, said), tmp_path / "run")
    assert any(part in found for part in words.split("|")), found


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"format": 1}', b"9" * 5_000, b'{"value": NaN, "value": 1}', b"[" * 9_000]
)
def test_what_is_no_certificate_is_refused_by_both(content: bytes, tmp_path: Path):
    files, _ = large()
    files = beside(files, content)
    assert not checker.check(files).empty
    assert levels(write_files(files, tmp_path / "run"))


def test_a_certificate_that_is_missing_or_of_another_run_is_refused_by_both(tmp_path: Path):
    files, said = large()
    missing = {name: content for name, content in beside(files, said).items() if name != "certificate.json"}
    assert set(checker.check(missing)["check"]) == {"files_are_as_listed"}
    assert [level for level, _ in levels(write_files(missing, tmp_path / "missing"))] == ["V0"]
    other = with_files(question(*anywhere(1, 30, 16, 1), 5))
    plan = solve(other, list_all=False)
    refused_by_both(beside(files_of(plan), said), tmp_path / "other")


def test_a_certificate_for_another_number_of_sites_is_refused_by_both(tmp_path: Path):
    _, said = large()
    plan = solve(with_files(question(*anywhere(14, 30, 16, 1), 6)), list_all=False)
    refused_by_both(beside(files_of(plan), said), tmp_path / "as_it_is")
    own = certificate_of(plan)
    assert own
    # As if it were of as many patient-minutes.
    said = copy.deepcopy(said) | {"value": own["value"]}
    said["services"][0]["least"] = own["value"]
    found = refused_by_both(beside(files_of(plan), said), tmp_path / "with_its_value")
    assert "fewer than" in found or "is said to try" in found


def claimed_best(problem: Problem, sites: frozenset[str]) -> dict[str, bytes]:
    """Return a run that claims that some sites are proved best."""
    plan = evaluate(problem, {(site, "clinic") for site in sites})
    true = solve(problem, list_all=False).proof
    ((reached),) = plan.proof.objectives
    return files_of(replace(plan, proof=replace(true, objectives=(replace(reached, bound=reached.value),))))


@draws(25)
@given(
    st.integers(0, 10**6),
    st.integers(3, 14),
    st.integers(3, 7),
    st.integers(1, 4),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from([0, 3]),
)
def test_a_certificate_is_accepted_just_where_no_plan_is_better(
    seed: int, areas: int, candidates: int, sites: int, neighbours: int, fix_some: bool, decimals: int
):
    minutes, patients = anywhere(seed, areas, candidates, neighbours, decimals)
    sites = min(sites, candidates)
    fixed = {"s00": Fixed(provided=True, reason="built"), "s01": Fixed(provided=False, reason="sold")}
    patients[0] = 1
    problem = with_files(question(minutes, patients, sites, fixed=fixed if fix_some and sites < candidates else {}))
    best, answers = best_answers(problem, sites)
    plan = solve(problem, list_all=False)
    said = certificate_of(plan)
    assert plan.proof.outcome == PROVED
    assert said
    files = beside(files_of(plan), said)
    assert CHECK not in set(checker.check(files)["check"])
    # Of a worse plan neither its own certificate is to be had nor does this one, whatever value it is given.
    others = {frozenset(problem.candidates[:sites]), frozenset(problem.candidates[-sites:])}
    for chosen in others - {*answers}:
        wrong = {site for site in chosen if site in fixed and fix_some and not fixed[site].provided}
        if wrong or (fix_some and sites < candidates and "s00" not in chosen):
            continue
        worse = claimed_best(problem, chosen)
        value = json.loads(worse["run.json"])["objectives"][0]["value"]
        if value == best:
            continue
        lie = copy.deepcopy(said)
        assert CHECK in set(checker.check(beside(worse, lie))["check"])
        lie["value"] = lie["services"][0]["least"] = round(value / best * lie["value"])
        assert CHECK in set(checker.check(beside(worse, lie))["check"])


def test_there_is_none_where_other_rules_make_the_best_plan_worse():
    minutes, patients = anywhere(0, 30, 16)
    free = solve(question(minutes, patients, 5), list_all=False)
    assert certificate_of(free)
    busiest = max(float(patients.sum()) / 4, 1)
    asked = question(minutes, patients, 5, minimum_patients=Figure(busiest * 0.7))
    bound = solve(asked, list_all=False)
    assert bound.proof.objectives[0].value > free.proof.objectives[0].value
    assert certificate_of(bound) is None


def test_it_holds_for_patients_who_are_shared_out_where_no_limit_bites():
    minutes, patients = anywhere(3, 12, 6)
    problem = with_files(question(minutes, patients, 3, managed=True, maximum_patients=Figure(10_000)))
    plan = solve(problem)
    said = certificate_of(plan)
    assert said
    assert CHECK not in set(checker.check(beside(files_of(plan), said))["check"])


def test_few_designations_get_none_and_what_is_only_evaluated_has_none():
    small = solve(question(*anywhere(0, 10, 5), 2))
    assert certified(small).proof.certificate is None
    assert certificate_of(evaluate(small.problem, small.designated)) is None
    many = solve(question(*anywhere(14, 30, 16, 1), 5))
    assert certified(many).proof.certificate


@pytest.mark.needs_instances
@pytest.mark.parametrize("name", ["pmed1", "pmed6", "pmed12"])
def test_a_known_instance_is_certified_with_no_gap(name: str, monkeypatch: pytest.MonkeyPatch):
    if not PMED.is_dir():
        pytest.skip("the OR-Library instances are not here: they are not shipped")
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    pmed_problem = import_module("p_median").pmed_problem
    plan = solve(with_files(pmed_problem(PMED / f"{name}.txt")))
    files = files_of(certified(plan))
    optima = dict(line.split(",")[:2] for line in (PMED / "optima.csv").read_text().splitlines())
    assert json.loads(files["certificate.json"])["value"] == int(optima[name])
    assert checker.check(files).empty
    assert checker.said_of_best(files)["checked"] == "proved by certificate"
