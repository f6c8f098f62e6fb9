"""States of the roads in a sweep: what a config of each comes to, in every scenario, and refused as in a config."""

from __future__ import annotations

from pathlib import Path

import pytest
import shipped
from made_up_place import CONFIG, write_config, write_question
from pandas.testing import assert_frame_equal
from road_tables import TABLES

from optimiser import scenarios as sweeps
from optimiser.errors import InputError
from optimiser.inputs import read_problem
from optimiser.search.planning import solve

ROOT = Path(__file__).parents[2]
ACCESS = "end,junction,km\nA1,west,2\nA2,west,2\nA3,west,2\nash,east,1\nbirch,middle,0.5\nelm,middle,0.5\n"
ROADS = ["{}", "{close: [A1 between Middle and East]}", "{slow: {A1: 4}}"]


def asked(root: Path, said: str, **changed: str | None) -> Path:
    write_question(root, CONFIG, **{**TABLES, "road_access": ACCESS, **changed})
    return write_config(root, "sweep.yaml", f"title: What if?\nconfig: base.yaml\nbest_of_base: 1\n{said}")


def test_each_state_is_what_a_config_that_says_so_comes_to_whatever_else_varies(tmp_path: Path):
    said = f"roads: [{', '.join(ROADS)}]\ngrid: {{journey_factor: [1, 1.2]}}\n"
    finding = sweeps.run_sweep(asked(tmp_path, said))
    assert list(finding.scenarios.itertuples(index=False, name=None)) == [
        (0, "as they are", 1.0),
        (1, "A1 between Middle and East closed", 1.0),
        (2, "A1 slowed to 4 times its minutes", 1.0),
        (3, "as they are", 1.2),
        (4, "A1 between Middle and East closed", 1.2),
        (5, "A1 slowed to 4 times its minutes", 1.2),
    ]
    assert finding.work.way == "one by one"
    for number, (factor, roads) in enumerate((factor, roads) for factor in (1, 1.2) for roads in ROADS):
        change = f"change: {{journey_factor: {{value: {factor}, reason: So}}}}"
        config = write_config(tmp_path, f"{number}.yaml", f"{CONFIG}roads: {roads}\n{change}\n")
        plan = solve(read_problem(config))
        results = finding.results
        assert finding.work.listed.designated(int(results.numbers[results.best[number]])) == plan.designated
        assert results.published(results.best_values)[number] == pytest.approx(plan.proof.objectives[0].value)


def test_where_too_many_designations_are_to_be_listed_it_finds_the_same_by_paths(tmp_path: Path):
    sweep = sweeps.read_sweep(asked(tmp_path, f"roads: [{', '.join(ROADS)}]\n"))
    listed, by_paths = sweeps.Work(sweep), sweeps.Work(sweep)
    by_paths.listed.__dict__["is_listed"] = False
    found = [sweeps.Finding(work, sweeps.together(work, [work.work_out(0, work.size)])) for work in (listed, by_paths)]
    assert [one.work.way for one in found] == ["one by one", "as paths of a diagram"]
    assert_frame_equal(found[0].by_scenario, found[1].by_scenario, check_dtype=False)


def test_draws_are_the_same_in_every_state(tmp_path: Path):
    spread = "{journey_factor: {shape: uniform, low: 1, high: 2}}"
    finding = sweeps.run_sweep(asked(tmp_path, f"roads: [{ROADS[0]}, {ROADS[1]}]\ndraws: 3\nvary: {spread}\n"))
    by_state = [rows["journey_factor"].tolist() for _, rows in finding.scenarios.groupby("roads")]
    assert finding.work.size == 6 and by_state[0] == by_state[1] and len({*by_state[0]}) > 1


def test_it_says_which_option_is_best_in_each_state_and_keeps_the_network(tmp_path: Path):
    finding = sweeps.run_sweep(asked(tmp_path, f"roads: [{', '.join(ROADS)}]\n"))
    said = sweeps.lines(finding)
    start = said.index("By the state of the roads:")
    assert [line.split(": ")[0] for line in said[start + 1 : start + 4]] == [
        "  as they are",
        "  A1 between Middle and East closed",
        "  A1 slowed to 4 times its minutes",
    ]
    assert {f"inputs/{name}.csv" for name in TABLES} <= sweeps.files_of(finding).keys()


def test_what_a_network_cannot_do_is_refused_where_the_sweep_says_it_all_at_once(tmp_path: Path):
    with pytest.raises(InputError) as refused:
        sweeps.read_sweep(asked(tmp_path, "roads:\n  - close: [A1 between West and Est]\n  - slow: {A9: 2}\n"))
    found = [line.partition("sweep.yaml, ")[2] for line in str(refused.value).splitlines()]
    assert [line.partition(". ")[0] for line in found] == [
        'line 5: no junction of A1 is called "Est"',
        'line 6: no road of road_links.csv is called "A9"',
    ]
    with pytest.raises(InputError, match=r"sweep.yaml, line 4: the place has no network of roads. Add road_links.csv"):
        sweeps.read_sweep(asked(tmp_path / "bare", "roads: [{slow: {A1: 2}}]\n", road_links=None))


def test_with_the_a127_shut_another_answer_is_best_in_the_sweep_that_ships():
    sweep = sweeps.read_sweep(ROOT / "configs/sweeps/roads.yaml")
    shut = sweep.on_roads[sweep.settings.states.index("A127 closed")]
    assert solve(shut).designated != shipped.answer("base").designated
    corridors = set(sweep.problem.areas["corridor"]) - {""}
    assert {state.split()[0] for state in sweep.settings.states} == {*corridors, "as"}
