"""A sweep whose chunks other machines work out: the same result, whoever is lost on the way, and who is refused."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shipped import question as shipped
from test_head_start import question, scattered
from test_sweep import run_all, tiny

from optimiser import scenarios as sweeps
from optimiser.errors import Fault, InputError, MissingPackage, NoPlan
from optimiser.plan.runs import versions
from optimiser.scenarios import cluster
from optimiser.search import batch, by_number
from optimiser.search import machines as machines_of

dask, distributed = (pytest.importorskip(name) for name in ("dask", "distributed"))


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    """Two machines, each a process of this one, and no page that shows what they do."""
    patient = {"distributed.comm.timeouts.connect": "120s", "distributed.scheduler.allowed-failures": 20}
    with (
        dask.config.set(patient),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as found,
    ):
        yield found


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimiser.scenarios.running.CHUNK_OF_TABLES", 25)


def test_machines_of_a_cluster_come_to_the_same_result_as_one_process(
    machines: Any, small_chunks: None, tmp_path: Path
):
    path = tiny(tmp_path)
    assert run_all(path, tmp_path / "a", cluster=machines.scheduler_address) == run_all(path, tmp_path / "b")


def test_what_a_machine_that_is_lost_had_to_do_is_done_by_another(machines: Any, small_chunks: None, tmp_path: Path):
    path, killed = tiny(tmp_path, draws=2_000), list[int]()

    def kill_one(done: int, of: int) -> None:
        if done > of / 3 and not killed:
            with distributed.Client(machines.scheduler_address, set_as_default=False) as client:
                killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    here = run_all(path, tmp_path / "b")
    assert run_all(path, tmp_path / "a", cluster=machines.scheduler_address, count=kill_one) == here
    assert killed


def test_a_sweep_that_was_stopped_goes_on_elsewhere(machines: Any, small_chunks: None, tmp_path: Path):
    path, folder = tiny(tmp_path), tmp_path / "a"

    def stop(done: int, of: int) -> None:
        if done > of / 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweeps.run(sweeps.read_sweep(path), folder, count=stop)
    assert any(sweeps.unfinished(folder).glob("chunk_*"))
    again = run_all(path, folder, cluster=machines.scheduler_address, resume=True)
    assert again == run_all(path, tmp_path / "b")


def test_what_a_machine_refuses_is_refused_here_in_its_words(
    machines: Any, small_chunks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cluster, "_chunk", _refuse)
    with pytest.raises(InputError) as refused:
        sweeps.run(sweeps.read_sweep(tiny(tmp_path)), tmp_path / "a", cluster=machines.scheduler_address)
    assert [str(one) for one in refused.value.faults] == ["here: it is so."]


def _refuse(*_of: object) -> None:
    raise InputError([Fault("here", "it is so.")])


def test_where_nobody_answers_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machines_of, "CONNECT_WITHIN_SECONDS", 1)
    sweep = sweeps.read_sweep(tiny(tmp_path))
    for address in ("tcp://127.0.0.1:9", "nowhere://", "tcp://"):
        with pytest.raises(InputError, match="no scheduler of a cluster answers there"):
            sweeps.run(sweep, tmp_path / "a", cluster=address, resume=True)


def test_a_cluster_without_machines_or_with_other_versions_is_refused():
    with pytest.raises(InputError, match="no machine works for it"):
        machines_of._refuse_others("tcp://a:1", {})
    other = {**versions(), "numpy": "0.1"}
    with pytest.raises(InputError) as refused:
        machines_of._refuse_others("tcp://a:1", {"tcp://b:2": versions(), "tcp://c:3": other})
    said = f"has numpy 0.1, and here it is {versions()['numpy']}. Install the same on each."
    assert [(one.place, one.message) for one in refused.value.faults] == [("--cluster tcp://c:3", said)]


def test_without_its_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackage, match=r"Install it: pip install 'distributed>="):
        sweeps.run(sweeps.read_sweep(tiny(tmp_path)), tmp_path / "a", cluster="tcp://127.0.0.1:9")


def test_what_is_refused_in_another_process_is_the_same_here():
    refused = pickle.loads(pickle.dumps(InputError([Fault("a", "b."), Fault("c", "d.")])))
    assert refused.faults == (Fault("a", "b."), Fault("c", "d."))
    none = pickle.loads(pickle.dumps(NoPlan("No plan.", ("enough_sites",))))
    assert (str(none), none.clash) == ("No plan.", ("enough_sites",))


def test_the_best_with_each_number_of_sites_is_the_same_whoever_finds_it(
    machines: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(by_number, "IN_A_ROW", 3)
    minutes, patients = scattered(7, 60, 18, neighbours=1)
    problem = replace(question(minutes, patients, 1), files={"inputs/journeys.csv": b"large"})
    here, there = (
        by_number.tables("clinic", by_number.with_each_number(problem, "clinic", range(10), cluster=address))
        for address in ("", machines.scheduler_address)
    )
    assert here["by_number"]["outcome"].tolist() == ["proved best"] * 10
    for name, frame in here.items():
        assert frame.to_csv() == there[name].to_csv()


def test_the_options_of_many_questions_are_the_same_whoever_lists_them(machines: Any):
    tiny, (minutes, patients) = shipped("tiny"), scattered(7, 60, 18)
    questions = (tiny, replace(tiny, title="The same, asked again"), question(minutes, patients, 1))
    here, there = (
        batch.of_each(questions, batch.Sought(within=0.1), cluster=address)
        for address in ("", machines.scheduler_address)
    )
    assert [one.outcome == batch.LISTED for one in here] == [True, True, False]
    for mine, other in zip(here, there, strict=True):
        assert mine.outcome == other.outcome
        assert pickle.dumps(dict(sorted(mine.files.items()))) == pickle.dumps(dict(sorted(other.files.items())))
