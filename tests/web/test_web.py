"""The local server: who may ask, what is refused, jobs that overrun or are stopped, and what is kept."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
import schemathesis
import shipped
import yaml
from command import optimiser
from hostile import HOSTILE
from hypothesis import HealthCheck, settings

import optimiser as op
from optimiser.problem.parameters import parameters, to_one_site
from optimiser.search.level import with_standings
from optimiser.web import server
from optimiser.web.app import Desk, build
from optimiser.web.asked import Best
from optimiser.web.guard import MOST_BODY_BYTES, TICKET_SECONDS, Guard
from optimiser.web.jobs import MOST_WAITING, Job, Jobs, Limits, QueueIsFull
from optimiser.web.scenarios import Scenarios, slug

ROOT = Path(__file__).parents[2]
TOKEN, PORT = "t" * 43, 51515
HOST = f"127.0.0.1:{PORT}"
BEARING = {"host": HOST, "authorization": f"Bearer {TOKEN}"}
LONG_ENOUGH = 180.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_folder(tmp_path_factory.mktemp("served"))


@cache
def run_folder(parent: Path) -> Path:
    return op.write_run(shipped.answer("tiny"), parent / "tiny")


@contextmanager
def desk(run: Path, folder: Path, **limits: float) -> Iterator[Desk]:
    scenarios = Scenarios(folder / "scenarios")
    jobs = Jobs(Limits(**limits), scenarios)
    yield Desk(run, scenarios, jobs)
    jobs.close()


class Asking:
    """A client that reaches an app without a network, and keeps no cookies."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def request(self, method: str, path: str, **words: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                return await client.request(method, path, **words)

        # In a thread of its own: where a browser test ran before, this one has a loop that runs already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(once())).result()

    def get(self, path: str, **words: Any) -> httpx.Response:
        return self.request("GET", path, **words)

    def post(self, path: str, **words: Any) -> httpx.Response:
        return self.request("POST", path, **words)


@contextmanager
def client(run: Path, folder: Path, **limits: float) -> Iterator[Asking]:
    """Yield a client that reaches the app through its guard."""
    with desk(run, folder, **limits) as one:
        yield Asking(Guard(build(one), TOKEN, PORT))


def ended(asking: Asking, job: dict[str, Any]) -> dict[str, Any]:
    """Return a job once it has ended."""
    until = time.monotonic() + LONG_ENOUGH
    while time.monotonic() < until:
        told = asking.get(f"/api/jobs/{job['id']}", headers=BEARING).json()
        if told["state"] in ("done", "failed", "stopped"):
            return told
        time.sleep(0.1)
    raise AssertionError(f"{job} did not end")


CHOICE = {"name": "Only Ash", "reason": "To see", "designations": {"walk_in": ["ash"], "x_ray": ["ash"]}}
BEST = {"name": "Best", "reason": "To see"}
ROUTES = [
    ("GET", "/"),
    ("GET", "/scenarios/0123456789abcdef"),
    ("GET", "/compare/0123456789abcdef/fedcba9876543210"),
    ("GET", "/api/scenarios/0123456789abcdef/sweep"),
    ("POST", "/api/scenarios/0123456789abcdef/name"),
    ("POST", "/api/scenarios/0123456789abcdef/archive"),
    ("GET", "/api/state"),
    ("POST", "/api/evaluate"),
    ("POST", "/api/best"),
    ("POST", "/api/explain"),
    ("POST", "/api/sweep"),
    ("GET", "/api/parameters"),
    ("GET", "/api/jobs/0123456789abcdef"),
    ("POST", "/api/jobs/0123456789abcdef/cancel"),
    ("POST", "/api/stop"),
]


# -- who may ask ------------------------------------------------------------------------------------


def test_every_route_is_tried_below(run: Path, tmp_path: Path):
    with desk(run, tmp_path) as one:
        paths = build(one).openapi()["paths"]
    known = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    named = {"0123456789abcdef": "{id}", "fedcba9876543210": "{other}"}
    tried = [(method, re.sub("|".join(named), lambda one: named[one[0]], path)) for method, path in ROUTES]
    assert known == set(tried)


@pytest.mark.parametrize(("method", "path"), [*ROUTES, ("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/x")])
def test_without_the_token_nothing_answers(method: str, path: str, run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        for headers in ({}, {"authorization": "Bearer x"}, {"authorization": f"Basic {TOKEN}"}, {"cookie": "a=b"}):
            reply = asking.request(method, path, headers={"host": HOST, **headers}, content="{}")
            assert reply.status_code == 401, reply.text
            assert "token" in reply.json()["detail"]
            assert TOKEN not in reply.text


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/static/x", "/../etc/passwd", "/%2e%2e/x"])
def test_there_are_no_docs_pages_no_schema_and_no_files(path: str, run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        assert asking.get(path, headers=BEARING).status_code == 404


@pytest.mark.parametrize(
    "host",
    [
        *("example.invalid", f"example.invalid:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT + 1}", f"0.0.0.0:{PORT}", ""),
        *(
            f"127.0.0.2:{PORT}",
            f"[::1]:{PORT}",
            f"2130706433:{PORT}",
            f"{HOST}.example.invalid",
            f" {HOST}",
            f"{HOST}, x",
        ),
    ],
)
def test_another_host_is_refused(host: str, run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        assert asking.get("/api/state", headers={**BEARING, "host": host}).status_code == 421


@pytest.mark.parametrize(
    "origin",
    [
        "http://example.invalid",
        "null",
        f"https://{HOST}",
        f"http://127.0.0.1:{PORT + 1}",
        f"http://{HOST}.example.invalid",
        f"http://example.invalid#{HOST}",
        f"http://{HOST}/",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/api/state"), ("POST", "/api/stop")])
def test_another_origin_is_refused(method: str, path: str, origin: str, run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        reply = asking.request(method, path, headers={**BEARING, "origin": origin})
        assert reply.status_code == 403
        assert "access-control-allow-origin" not in reply.headers
        assert asking.request("OPTIONS", path, headers={**BEARING, "origin": origin}).status_code == 403


def test_a_request_that_another_site_began_is_refused(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        for site in ("cross-site", "same-site"):
            assert asking.get("/api/state", headers={**BEARING, "sec-fetch-site": site}).status_code == 403


def test_the_first_address_gives_a_cookie_and_sends_the_browser_on(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        wrong = asking.get("/?token=wrong", headers={"host": HOST})
        assert wrong.status_code == 401
        assert "set-cookie" not in wrong.headers
        reply = asking.get(f"/?token={TOKEN}", headers={"host": HOST})
        assert (reply.status_code, reply.headers["location"]) == (303, "/")
        cookie = reply.headers["set-cookie"]
        assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/"))
        kept = {"host": HOST, "cookie": cookie.split(";")[0]}
        assert asking.get("/api/state", headers=kept).status_code == 200
        # A cookie alone changes nothing: a change also says which page asks.
        assert asking.post("/api/stop", headers=kept).status_code == 403
        assert asking.post("/api/stop", headers={**kept, "origin": f"http://{HOST}"}).status_code == 202


def test_the_address_that_a_browser_is_started_with_is_good_once_and_soon(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        asking.app.ticket = "once"
        for wrong in ("/?token=", "/?token=onc", "/?token=once&token=once", f"/?token={TOKEN}x"):
            assert asking.get(wrong, headers={"host": HOST}).status_code == 401
        # It is no token, and nobody else's to give.
        assert asking.get("/api/state", headers={"host": HOST, "authorization": "Bearer once"}).status_code == 401
        assert asking.get("/?token=once", headers={"host": HOST, "origin": "http://evil.example"}).status_code == 403
        reply = asking.get("/?token=once", headers={"host": HOST})
        assert (reply.status_code, reply.headers["location"]) == (303, "/")
        kept = {"host": HOST, "cookie": reply.headers["set-cookie"].split(";")[0]}
        assert asking.get("/api/state", headers=kept).status_code == 200
        assert asking.get("/?token=once", headers={"host": HOST}).status_code == 401
        assert asking.get("/?token=", headers={"host": HOST}).status_code == 401
        # The browser that came by it may go back, and the address that was printed is good for as long as the server.
        assert asking.get("/?token=once", headers=kept).status_code == 303
        assert asking.get(f"/?token={TOKEN}", headers={"host": HOST}).status_code == 303
        asking.app.ticket, asking.app.began = "late", asking.app.began - TICKET_SECONDS
        assert asking.get("/?token=late", headers={"host": HOST}).status_code == 401


def test_a_browser_is_started_with_another_address_than_the_one_that_is_printed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    opened, told = list[str](), list[str]()
    monkeypatch.setattr("webbrowser.open", opened.append)
    server.serve(run, server.Sitting(tmp_path / "scenarios", idle_minutes=0.001), tell=told.append)
    printed, (started,) = told[0].removeprefix("Open "), opened
    assert base_of(printed)[0] == base_of(started)[0] and base_of(printed)[1] != base_of(started)[1]
    assert all(len(base_of(one)[1]) >= 43 for one in (printed, started))


def test_every_answer_forbids_keeping_framing_and_guessing(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        for headers in (BEARING, {"host": HOST}, {**BEARING, "host": "x"}):
            reply = asking.get("/api/state", headers=headers)
            assert reply.headers["cache-control"] == "no-store"
            assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
            assert reply.headers["x-content-type-options"] == "nosniff"
            assert reply.headers["referrer-policy"] == "no-referrer"


def test_a_large_body_is_refused_whether_it_says_so_or_not(run: Path, tmp_path: Path):
    large = b"x" * (MOST_BODY_BYTES + 1)
    with client(run, tmp_path) as asking:
        assert asking.post("/api/best", headers=BEARING, content=large).status_code == 413
        assert asking.post("/api/best", headers=BEARING, content=_in_pieces(large)).status_code == 413


async def _in_pieces(body: bytes) -> Any:
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


# -- what may be asked ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "x"},
        {"name": "x"},
        {**BEST, "name": " "},
        {**BEST, "reason": ""},
        {**BEST, "name": "x" * 81},
        {**BEST, "name": "turned \u202e round"},
        {**BEST, "name": "two\nlines"},
        {**BEST, "place": "/etc"},
        {**BEST, "changes": {"../x": {}}},
        {**BEST, "changes": {"walk_in": {"based_on": "/etc/passwd"}}},
        {**BEST, "changes": {"walk_in": {"at_least_sites": -1}}},
        {**BEST, "changes": {"walk_in": {"at_least_sites": 1.5}}},
        {**BEST, "changes": {"walk_in": {"minimum_patients": "many"}}},
        {**BEST, "changes": {"walk_in": {"open": ["a b"]}}},
        {**BEST, "change": {"demand_factor.visit": 2}},
        {**BEST, "change": {"demand_factor.visit": "1e3"}},
        {**BEST, "change": {"Demand": "2"}},
        {**BEST, "time": "at noon"},
    ],
)
def test_what_may_not_be_asked_is_refused_before_any_job(wrong: dict[str, Any], run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        assert asking.post("/api/best", headers=BEARING, json=wrong).status_code == 422
        state = asking.get("/api/state", headers=BEARING).json()
        assert state["jobs"] == [] and state["scenarios"] == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_no_number_that_is_none(number: str, run: Path, tmp_path: Path):
    body = json.dumps({**BEST, "changes": {"walk_in": {"minimum_patients": 5}}}).replace(": 5", f": {number}")
    with client(run, tmp_path) as asking:
        headers = {**BEARING, "content-type": "application/json"}
        assert asking.post("/api/best", headers=headers, content=body).status_code == 422


# Schemathesis asks for the app while tests are collected; the run that it shows is made when they start.
DESCRIBED = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, DESCRIBED, ignore_errors=True)


@pytest.fixture(scope="module")
def described_run() -> Path:
    return run_folder(DESCRIBED)


class Bearing:
    """How Schemathesis is let in; it also tries without, and with another token."""

    def get(self, case: Any, context: Any) -> str:
        return TOKEN

    def set(self, case: Any, token: str, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {token}"


def described() -> Any:
    """Return the API as it describes itself, behind its guard, with jobs that are noted and not done."""
    scenarios = Scenarios(DESCRIBED / "scenarios")
    jobs = Jobs(Limits(), scenarios)
    jobs.add = lambda kind, name, asked: Job(kind, name, asked)  # type: ignore[method-assign]
    app = build(Desk(DESCRIBED / "tiny", scenarios, jobs))
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = Guard(app, TOKEN, PORT)
    schema.config.update(base_url=f"http://{HOST}")
    schema.auth()(Bearing)
    return schema


# Requests that are drawn of each operation, and of all.
EACH = 37
DRAWN = EACH * len(ROUTES)


@described().parametrize()
@settings(max_examples=EACH, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_schemathesis_finds_nothing(case: Any, described_run: Path):
    case.call_and_validate()


# -- jobs -------------------------------------------------------------------------------------------


def test_a_choice_becomes_a_scenario_with_its_reason_and_a_run_that_checks(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        begun = asking.post("/api/evaluate", headers=BEARING, json=CHOICE)
        assert begun.status_code == 202
        told = ended(asking, begun.json())
        assert told["state"] == "done", told
        (scenario,) = asking.get("/api/state", headers=BEARING).json()["scenarios"]
        assert {k: scenario[k] for k in ("id", "name", "reason", "kind", "outcome")} == {
            "id": "only-ash",
            "name": "Only Ash",
            "reason": "To see",
            "kind": "evaluate",
            "outcome": "evaluated",
        }
        folder = tmp_path / "scenarios/only-ash"
        assert op.check(folder / "run").empty
        option = op.read_option(folder / "option.yaml")
        problem = op.read_problem(run / "config.yaml")
        assert op.designations_of(problem, option) == {("ash", "walk_in"), ("ash", "x_ray")}
        called = json.loads((folder / "run/run.json").read_text())["option"]
        source = "asked in a scenario: To see"
        assert called == {"code": "LOCAL", "title": "Only Ash", "source": source, "verified": False}
        assert "Option LOCAL: Only Ash (asked in a scenario: To see; not verified)." in told["words"]
        again = asking.post("/api/evaluate", headers=BEARING, json=CHOICE)
        assert again.status_code == 409
        assert "none is ever overwritten" in again.json()["detail"]
        assert sorted(path.name for path in (tmp_path / "scenarios").iterdir()) == ["only-ash"]


def test_the_best_of_a_changed_question_is_found_and_can_be_asked_again(run: Path, tmp_path: Path):
    asked = {
        "name": "Two or more",
        "reason": "Ash is full",
        "changes": {"walk_in": {"minimum_patients": 50, "shut": ["ash"]}},
    }
    with client(run, tmp_path) as asking:
        told = ended(asking, asking.post("/api/best", headers=BEARING, json=asked).json())
        assert told["state"] == "done", told
    folder = tmp_path / "scenarios/two-or-more"
    question = op.read_problem(folder / "config.yaml")
    assert question.services["walk_in"].fixed["ash"].reason == "Ash is full"
    answer = op.solve(question)
    kept = json.loads((folder / "run/run.json").read_text())
    assert kept["outcome"] == "proved best"
    assert kept["objectives"][0]["value"] == answer.proof.objectives[0].value
    # As optimiser solve has it: how near other plans come.
    standings = with_standings(answer).proof.standings
    assert standings is not None
    assert [(one["service"], one["margin"]) for one in kept["standings"]] == [(s.service, s.margin) for s in standings]
    assert op.check(folder / "run").empty
    assert "ash" not in answer.sites_of("walk_in")


def test_the_best_with_other_figures_is_a_config_that_anybody_can_ask_again(run: Path, tmp_path: Path):
    change = {"staff.doctors.people.ash": "0", "journeys.birch.from_everywhere": "+15", "demand_factor.visit": "x1.2"}
    asked = {"name": "Nobody at Ash", "reason": "They may leave", "change": change}
    with client(run, tmp_path) as asking:
        known = {one["name"]: one for one in asking.get("/api/parameters", headers=BEARING).json()}
        assert set(change) <= set(known)
        told = ended(asking, asking.post("/api/best", headers=BEARING, json=asked).json())
        assert told["state"] == "done", told
    folder = tmp_path / "scenarios/nobody-at-ash"
    stated = yaml.safe_load((folder / "config.yaml").read_text())["change"]
    assert stated == {
        "staff.doctors.people.ash": {"value": 0, "reason": "They may leave"},
        "journeys.birch.from_everywhere": {"value": "+15", "reason": "They may leave"},
        "demand_factor.visit": {"value": "x1.2", "reason": "They may leave"},
    }
    question, base = op.read_problem(folder / "config.yaml"), op.read_problem(run / "config.yaml")
    assert question.staff["ash", "doctors", "people"] == 0
    assert (question.journeys["birch"] - base.journeys["birch"] == 15).all()
    kept = json.loads((folder / "run/run.json").read_text())
    assert {one["name"] for one in kept["changed"]} == set(change)
    assert kept["objectives"][0]["value"] == op.solve(question).proof.objectives[0].value
    assert "ash" not in {site for site, service in op.solve(question).designated if service == "walk_in"}


def test_what_may_vary_is_asked_by_the_names_of_the_registry(run: Path, tmp_path: Path):
    problem = op.read_problem(run / "config.yaml")
    with client(run, tmp_path) as asking:
        told = [one["name"] for one in asking.get("/api/parameters", headers=BEARING).json()]
        assert told == list(parameters(problem, to_one_site(problem)))
        asked = {**BEST, "change": {"staff.doctor.people": "7"}}
        job = ended(asking, asking.post("/api/best", headers=BEARING, json=asked).json())
        assert job["state"] == "failed" and 'Did you mean "staff.doctors.people"?' in " ".join(job["words"])


def test_a_question_is_asked_at_a_stated_time_of_day_and_says_what_was_changed_before(tmp_path: Path):
    config = tmp_path / "timed.yaml"
    config.write_text(
        f"""based_on: {ROOT}/configs/tiny.yaml
title: By day and at the peak
travel:
  times:
    day: {{value: 1.0, source: Made up, verified: false}}
    peak: {{value: 2.0, source: Made up, verified: false}}
  time: day
change: {{demand_factor.visit: {{value: x1.5, reason: Made up}}}}
"""
    )
    run = op.write_run(op.solve(config), tmp_path / "timed")
    at_peak = "journeys.birch.from_everywhere.at.peak"
    asked = {"name": "Peak", "reason": "To see", "change": {at_peak: "+7"}, "time": "peak"}
    with client(run, tmp_path) as asking:
        known = {one["name"]: one for one in asking.get("/api/parameters", headers=BEARING).json()}
        assert "travel.time" in known[at_peak]["idle"] and not known[at_peak.replace("peak", "day")]["idle"]
        assert "1.5" in known["demand_factor.visit"]["changed"]
        told = ended(asking, asking.post("/api/best", headers=BEARING, json=asked).json())
        assert told["state"] == "done", told
    question, base = op.read_problem(tmp_path / "scenarios/peak/config.yaml"), op.read_problem(config)
    assert question.times_of_day == {"day": False, "peak": True}
    assert (question.journeys["birch"] == 2 * base.journeys["birch"] + 7).all()
    assert [one.name for one in question.changed] == [at_peak, "demand_factor.visit"]


def test_why_not_is_worked_out_and_kept_nowhere(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        told = ended(
            asking, asking.post("/api/explain", headers=BEARING, json={"service": "walk_in", "site": "cedar"}).json()
        )
        assert told["state"] == "done", told
        assert "Cedar" in " ".join(told["words"])
        wrong = asking.post("/api/explain", headers=BEARING, json={"service": "walk_in", "site": "nowhere"}).json()
        assert "nowhere" in " ".join(ended(asking, wrong)["words"])
        assert asking.get("/api/state", headers=BEARING).json()["scenarios"] == []


def test_a_sweep_becomes_a_scenario(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        known = {one["name"]: one for one in asking.get("/api/parameters", headers=BEARING).json()}
        assert known["demand_factor.visit"]["current"] == 1
        asked = {
            "name": "Busier",
            "reason": "It may",
            "draws": 20,
            "vary": {"demand_factor.visit": {"low": 0.9, "high": 1.3}},
        }
        told = ended(asking, asking.post("/api/sweep", headers=BEARING, json=asked).json())
        assert told["state"] == "done", told
        assert any(line.startswith("20 scenarios") for line in told["words"])
        assert [one["kind"] for one in asking.get("/api/state", headers=BEARING).json()["scenarios"]] == ["sweep"]
        (kept,) = asking.get("/api/state", headers=BEARING).json()["scenarios"]
        assert (kept["has_a_sweep"], kept["has_a_page"]) == (True, False)
        found = asking.get("/api/scenarios/busier/sweep", headers=BEARING).json()
        regret = pd.read_csv(tmp_path / "scenarios/busier/sweep/regret.csv").set_index("option")
        assert found["scenarios"] == 20 and found["title"] == "Busier"
        for one in found["options"]:
            assert one["won_share"] == regret.loc[one["option"], "won_share"]
        (varied,) = found["varied"]
        assert varied["name"] == "demand_factor.visit"
        assert sum(sum(step["best"].values()) for step in varied["steps"]) == 20
        (tmp_path / "scenarios/busier/sweep/regret.csv").write_text("nothing\n")
        assert asking.get("/api/scenarios/busier/sweep", headers=BEARING).status_code == 404
        assert asking.get("/api/scenarios/none-such/sweep", headers=BEARING).status_code == 404


def test_a_question_without_a_plan_is_kept_with_a_page_that_says_which_rules_clash(run: Path, tmp_path: Path):
    asked = {**BEST, "changes": {"walk_in": {"at_least_sites": 3}}}
    with client(run, tmp_path) as asking:
        told = ended(asking, asking.post("/api/best", headers=BEARING, json=asked).json())
        assert told["state"] == "done" and told["scenario"] == "best"
        assert "No plan meets every rule." in " ".join(told["words"])
        wrong = {**BEST, "name": "Wrong", "changes": {"no_such_service": {"at_least_sites": 1}}}
        told = ended(asking, asking.post("/api/best", headers=BEARING, json=wrong).json())
        assert told["state"] == "failed" and "no_such_service" in " ".join(told["words"])
        (kept,) = asking.get("/api/state", headers=BEARING).json()["scenarios"]
        assert (kept["outcome"], kept["has_a_page"]) == ("no plan", True)
        page = asking.get("/scenarios/best", headers=BEARING)
        assert page.status_code == 200 and "No plan meets every rule" in page.text
        # It stands beside no answer, neither on the page of the run nor in a comparison.
        assert asking.get("/", headers=BEARING).status_code == 200
        assert asking.get("/compare/best/best", headers=BEARING).status_code == 404
    assert [path.name for path in (tmp_path / "scenarios").iterdir()] == ["best"]
    assert op.check(tmp_path / "scenarios/best/run").empty


def test_scenarios_are_opened_compared_renamed_and_archived(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        for name in ("Only Ash", "Second"):
            job = asking.post("/api/evaluate", headers=BEARING, json={**CHOICE, "name": name}).json()
            assert ended(asking, job)["state"] == "done"
        one = asking.get("/scenarios/only-ash", headers=BEARING).text
        assert "Worked out, not recommended" in one and "<span>Run: Only Ash</span>" in one
        two = asking.get("/compare/second/only-ash", headers=BEARING).text
        assert "<span>Run: Second</span>" in two and ">As in Only Ash</button>" in two
        called = asking.post("/api/scenarios/second/name", headers=BEARING, json={"name": "The other"})
        assert called.json()["name"] == "The other" and called.json()["id"] == "second"
        assert "<span>Run: The other</span>" in asking.get("/scenarios/second", headers=BEARING).text
        for taken in ("only ash", "Only  Ash"):
            wrong = asking.post("/api/scenarios/second/name", headers=BEARING, json={"name": taken})
            assert wrong.status_code == 409
        # Neither the name that it was made under nor the one that it has is free for another.
        for taken in ("Second", "The other"):
            again = asking.post("/api/evaluate", headers=BEARING, json={**CHOICE, "name": taken})
            assert again.status_code == 409
        assert "The other" in asking.get("/", headers=BEARING).text
        for archived in (True, False):
            told = asking.post("/api/scenarios/second/archive", headers=BEARING, json={"archived": archived}).json()
            assert told["archived"] is archived
            assert ("As in The other" in asking.get("/", headers=BEARING).text) is not archived
        for path in ("/scenarios/none-such", "/compare/second/second", "/compare/second/none-such"):
            assert asking.get(path, headers=BEARING).status_code == 404
        assert asking.post("/api/scenarios/none-such/name", headers=BEARING, json={"name": "x"}).status_code == 404
    assert op.check(tmp_path / "scenarios/second/run").empty


def test_a_job_that_takes_too_long_is_stopped_and_the_server_lives(run: Path, tmp_path: Path):
    with client(run, tmp_path, seconds=0.3) as asking:
        told = ended(asking, asking.post("/api/best", headers=BEARING, json=BEST).json())
        assert told["state"] == "failed"
        assert "took longer than the 0.005 minutes" in told["words"][0]
        assert asking.get("/api/state", headers=BEARING).status_code == 200
    assert not list(tmp_path.rglob("*.unfinished-*"))


def test_a_job_that_needs_too_much_memory_is_stopped_and_the_server_lives(run: Path, tmp_path: Path):
    with client(run, tmp_path, memory_gb=0.15) as asking:
        told = ended(asking, asking.post("/api/best", headers=BEARING, json=BEST).json())
        assert told["state"] == "failed"
        assert "0.15 GB" in told["words"][0] and "--memory-gb" in told["words"][0], told
        assert asking.get("/api/state", headers=BEARING).status_code == 200


def test_memory_that_runs_out_in_the_middle_is_said_so(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hungry = tmp_path / "hungry"
    hungry.mkdir()
    (hungry / "sitecustomize.py").write_text(
        "import optimiser.web.work as work\n"
        "def best(asked, tell):\n"
        "    tell('Eating')\n"
        "    return [bytearray(2**28) for _ in range(1000)]\n"
        "work.JOBS['best'] = best\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{hungry}:{ROOT}")
    with client(run, tmp_path, memory_gb=1.0) as asking:
        told = ended(asking, asking.post("/api/best", headers=BEARING, json=BEST).json())
    assert told["state"] == "failed"
    assert told["words"][0].startswith("This needed more than the 1 GB of memory"), told


def test_a_job_can_be_stopped_while_it_runs_and_while_it_waits(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        first, second = (
            asking.post("/api/best", headers=BEARING, json={**BEST, "name": name}).json() for name in ("One", "Two")
        )
        for job in (second, first):
            stopped = asking.post(f"/api/jobs/{job['id']}/cancel", headers=BEARING)
            assert stopped.json()["state"] == "stopped"
        for job in (first, second):
            assert ended(asking, job)["words"] == ["Stopped. Nothing was kept."]
        told = ended(asking, asking.post("/api/evaluate", headers=BEARING, json=CHOICE).json())
        assert told["state"] == "done", told
    assert [path.name for path in (tmp_path / "scenarios").iterdir()] == ["only-ash"]


def test_one_job_runs_at_a_time_and_few_wait(run: Path, tmp_path: Path):
    with desk(run, tmp_path, seconds=30) as one:
        begun = [one.ask("best", f"Job {n}", Best(**BEST).model_dump()) for n in range(MOST_WAITING)]
        time.sleep(0.2)
        assert sum(job.state == "running" for job in begun) <= 1
        with pytest.raises(QueueIsFull):
            for n in range(3):
                one.jobs.add("best", f"More {n}", {})
    assert {job.state for job in begun} <= {"stopped", "done", "failed"}


def test_a_name_under_way_is_taken_already(run: Path, tmp_path: Path):
    with client(run, tmp_path) as asking:
        asking.post("/api/best", headers=BEARING, json=BEST)
        assert asking.post("/api/best", headers=BEARING, json={**BEST, "name": "BEST!"}).status_code == 409


def test_progress_is_told(run: Path, tmp_path: Path):
    heard: set[str] = set()
    with desk(run, tmp_path) as one:
        job, until = one.ask("best", "Best", Best(**BEST).model_dump()), time.monotonic() + LONG_ENOUGH
        while job.state not in ("done", "failed", "stopped") and time.monotonic() < until:
            heard.add(job.told)
            time.sleep(0.005)
    assert job.state == "done", job.words
    assert {"Reading the question", "Building the model"} & heard


def test_a_sweep_says_which_figures_move_the_answer_where_that_is_asked(run: Path, tmp_path: Path):
    vary = {name: {"low": 0.5, "high": 2} for name in ("demand_factor.visit", "journey_factor")}
    asked = {"name": "Moved", "reason": "Which?", "draws": 16, "vary": vary, "sobol": True}
    with client(run, tmp_path, seconds=LONG_ENOUGH) as asking:
        told = ended(asking, asking.post("/api/sweep", headers=BEARING, json=asked).json())
        # Two scenarios a draw, and one more for each figure.
        assert told["state"] == "done" and any(line.startswith("64 scenarios") for line in told["words"]), told
        found = asking.get("/api/scenarios/moved/sweep", headers=BEARING).json()["moves"]
        kept = pd.read_csv(tmp_path / "scenarios/moved/sweep/sobol.csv")
        assert len(found) == len(kept) > 0
        of_value = [one for one in found if one["of"] == "best value"]
        assert [one["total_order"] for one in of_value] == sorted(
            (one["total_order"] for one in of_value), reverse=True
        )
        for wrong in ({**asked, "draws": 20}, {**asked, "vary": dict([*vary.items()][:1])}):
            told = ended(asking, asking.post("/api/sweep", headers=BEARING, json={**wrong, "name": "Not so"}).json())
            assert told["state"] == "failed" and "sobol needs" in told["words"][0]


def test_how_much_of_a_sweep_is_done_and_how_long_it_has_taken_is_told(run: Path, tmp_path: Path):
    asked = {"name": "Busier", "reason": "It may", "draws": 600, "vary": {"demand_factor.visit": {"low": 1, "high": 2}}}
    with client(run, tmp_path, seconds=LONG_ENOUGH) as asking:
        begun = asking.post("/api/sweep", headers=BEARING, json=asked).json()
        assert (begun["so_far"], begun["of"]) == (0, 0)
        told = ended(asking, begun)
        assert (told["state"], told["so_far"], told["of"]) == ("done", 600, 600)
        assert 0 <= told["seconds"] < LONG_ENOUGH
        # Of a search nobody knows how much there is to do; when it is stopped is known.
        best = ended(asking, asking.post("/api/best", headers=BEARING, json=BEST).json())
        assert (best["state"], best["of"]) == ("done", 0)
        assert asking.get("/api/state", headers=BEARING).json()["most_seconds"] == LONG_ENOUGH


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_kept_as_text_or_refused_and_make_a_folder_inside(name: str, run: Path, tmp_path: Path):
    folder = Scenarios(tmp_path / "scenarios").place_for(name)
    assert folder.parent == tmp_path / "scenarios"
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", slug(name))
    with client(run, tmp_path) as asking:
        reply = asking.post("/api/explain", headers=BEARING, json={"service": name, "site": "ash"})
        assert reply.status_code == 422
        reply = asking.post(
            "/api/best", headers=BEARING, json={"name": name, "reason": name, "changes": {"x": {"open": ["/"]}}}
        )
        assert reply.status_code == 422


def test_hostile_text_in_a_scenario_stays_text(run: Path, tmp_path: Path):
    text = "\"}, based_on: /etc/passwd, place: / # <script>alert(1)</script> {{7*7}} &amp; 'x' \\"
    with client(run, tmp_path) as asking:
        asked = {"name": "Text", "reason": text, "changes": {"walk_in": {"minimum_patients": 50, "open": ["birch"]}}}
        told = ended(asking, asking.post("/api/best", headers=BEARING, json=asked).json())
        assert told["state"] == "done", told
        assert asking.get("/api/state", headers=BEARING).json()["scenarios"][0]["reason"] == text
    question = op.read_problem(tmp_path / "scenarios/text/config.yaml")
    assert question.services["walk_in"].fixed["birch"].reason == text


# -- a real server on loopback ----------------------------------------------------------------------


@contextmanager
def served(run: Path, folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield ``optimiser serve`` as people start it, and the address that it prints."""
    command = [
        sys.executable,
        "-m",
        "optimiser",
        "serve",
        str(run),
        "--no-open",
        "--scenarios",
        str(folder / "kept"),
        *words,
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        address = next(line for line in process.stdout if line.startswith("Open "))
        yield process, address.removeprefix("Open ").strip()
    finally:
        process.terminate()
        process.communicate(timeout=LONG_ENOUGH)


def base_of(address: str) -> tuple[str, str]:
    """Return the address without its token, and the token."""
    base, _, token = address.partition("/?token=")
    return base, token


def test_ten_thousand_requests_and_slow_clients_do_not_stop_it(run: Path, tmp_path: Path):
    with served(run, tmp_path) as (process, address):
        base, token = base_of(address)
        host = base.removeprefix("http://")
        assert host.startswith("127.0.0.1:")
        assert len(token) >= 43  # 32 bytes in base 64
        slow = [socket.create_connection(("127.0.0.1", int(host.split(":")[1]))) for _ in range(20)]
        for number, one in enumerate(slow):
            # Half of them never finish their headers, the others never send the body that they promise.
            body = f"Authorization: Bearer {token}\r\nContent-Length: 100\r\n\r\n" if number % 2 else ""
            one.sendall(f"POST /api/best HTTP/1.1\r\nHost: {host}\r\n{body}".encode())

        counts: list[int] = []

        def many() -> None:
            bearing = {"authorization": f"Bearer {token}"}
            with closing(HTTPConnection(host)) as asking:
                for n in range(2500):
                    asking.request("GET", "/x", headers=bearing if n % 10 == 0 else {})
                    with asking.getresponse() as reply:
                        reply.read()
                    counts.append(reply.status)

        threads = [threading.Thread(target=many) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=LONG_ENOUGH)
        assert len(counts) == 10_000
        assert set(counts) == {401, 404}
        assert process.poll() is None
        reply = httpx.get(f"{base}/api/state", headers={"authorization": f"Bearer {token}"}, trust_env=False)
        assert reply.status_code == 200
        for one in slow:
            one.close()


def test_it_listens_on_this_machine_only(run: Path, tmp_path: Path):
    with served(run, tmp_path) as (_, address):
        port = int(base_of(address)[0].rpartition(":")[2])
        outside = [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
        for one in {one for one in outside if not one.startswith("127.")}:
            with pytest.raises(OSError):
                socket.create_connection((one, port), timeout=2)


def test_it_stops_by_itself_when_nobody_asks(run: Path, tmp_path: Path):
    with served(run, tmp_path, "--idle-minutes", "0.02") as (process, _):
        assert process.wait(timeout=LONG_ENOUGH) == 0


def test_it_stops_when_asked_and_takes_its_job_with_it(run: Path, tmp_path: Path):
    with served(run, tmp_path) as (process, address):
        base, token = base_of(address)
        bearing = {"authorization": f"Bearer {token}"}
        httpx.post(f"{base}/api/best", headers=bearing, json=BEST, trust_env=False)
        assert httpx.post(f"{base}/api/stop", headers=bearing, trust_env=False).status_code == 202
        assert process.wait(timeout=LONG_ENOUGH) == 0
    assert not list(tmp_path.rglob("*.unfinished-*"))


def test_ctrl_c_takes_its_job_with_it(run: Path, tmp_path: Path):
    with served(run, tmp_path) as (process, address):
        base, token = base_of(address)
        httpx.post(f"{base}/api/best", headers={"authorization": f"Bearer {token}"}, json=BEST, trust_env=False)
        until = time.monotonic() + LONG_ENOUGH
        while not list(tmp_path.rglob("*.unfinished-*")) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=LONG_ENOUGH) == 130
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_job_ends_when_its_server_is_killed(run: Path, tmp_path: Path):
    with served(run, tmp_path) as (process, address):
        base, token = base_of(address)
        httpx.post(f"{base}/api/best", headers={"authorization": f"Bearer {token}"}, json=BEST, trust_env=False)
        until = time.monotonic() + LONG_ENOUGH
        while not list(tmp_path.rglob("*.unfinished-*")) and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
        process.wait(timeout=LONG_ENOUGH)
    time.sleep(3)
    assert not (tmp_path / "kept/best").exists()


def test_a_config_is_solved_and_served(tmp_path: Path):
    with served(ROOT / "configs/tiny.yaml", tmp_path) as (_, address):
        base, token = base_of(address)
        bearing = {"authorization": f"Bearer {token}"}
        assert httpx.get(f"{base}/api/state", headers=bearing, trust_env=False).status_code == 200
    (made,) = (tmp_path / "runs").iterdir()
    assert op.check(made).empty


def test_serve_without_a_run_says_what_to_give(tmp_path: Path):
    refused = optimiser("serve", "--no-open", cwd=tmp_path)
    assert refused.returncode == 2
    assert "there is no run under runs/ yet" in refused.stderr
    assert optimiser("serve", "nowhere", "--no-open", cwd=tmp_path).returncode == 3
