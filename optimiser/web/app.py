"""The routes: the page, what it may ask for, and how that stands. Each calls one public function or one job."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files as package_files
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPBearer

from optimiser.errors import OptimiserError
from optimiser.web.asked import (
    Archive,
    Best,
    Evaluate,
    Explain,
    JobTold,
    ParameterTold,
    Refusal,
    Rename,
    ScenarioTold,
    StateTold,
    Sweep,
    SweepTold,
)
from optimiser.web.jobs import Job, Jobs, QueueIsFull
from optimiser.web.scenarios import DAMAGED, Scenario, Scenarios

if TYPE_CHECKING:
    from optimiser.problem import Problem

MOST_ON_THE_PAGE = 6
# The run that the page is about, among scenarios that each have an id and a name.
OWN = ("", "")
DAMAGED_RUN = "This run is damaged or gone: it cannot be read, or its check fails."

JobId = Annotated[str, InPath(pattern=r"^[0-9a-f]{16}$")]
ScenarioId = Annotated[str, InPath(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Refusal, "description": words}
    for code, words in {
        400: "Not readable",
        401: "No token, or not this one",
        403: "Asked by another page",
        408: "The body came too slowly",
        413: "The body is too large",
        421: "Asked under another name",
        422: "Not what may be asked",
    }.items()
}
ABSENT: dict[int | str, dict[str, Any]] = {404: {"model": Refusal, "description": "There is none of this name"}}
# The page is HTML; that it is refused is said as everywhere.
IN_JSON: dict[int | str, dict[str, Any]] = {
    code: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}, **words}
    for code, words in ((code, {"description": one["description"]}) for code, one in (REFUSALS | ABSENT).items())
}
TAKEN: dict[int | str, dict[str, Any]] = {
    409: {"model": Refusal, "description": "There is a scenario of this name already"},
    503: {"model": Refusal, "description": "Too many jobs wait"},
}


@dataclass(frozen=True)
class Desk:
    """What one sitting works on, with all that may be asked: the run that the page is about, its scenarios, the jobs.

    ``roads`` is the run's question in other states of the roads, by the state in words: its page can be asked in each.
    ``ended`` is set once somebody asks the server to stop. ``damaged`` are ids of scenarios of which a page was asked
    for and whose run could not be read, or failed its check: they are left out of pages, and said to be damaged.
    """

    run: Path
    scenarios: Scenarios
    jobs: Jobs
    roads: Mapping[str, Problem] = field(default_factory=dict)
    ended: Event = field(default_factory=Event)
    damaged: set[str] = field(default_factory=set)

    @property
    def base(self) -> str:
        """The config that every scenario is based on."""
        return str((self.run / "config.yaml").resolve())

    def show(self) -> str:
        """Return the page of the run, with the scenarios beside it that nobody laid aside."""
        shown = [one for one in self.scenarios.all() if one.has_a_run and not one.is_archived]
        return self._page(OWN, *((one.id, one.name) for one in shown[-MOST_ON_THE_PAGE:]))

    def scenario(self, id: ScenarioId) -> str:
        """Return the page of a scenario, with the run beside it; where it has no plan, of which rules clash."""
        one = self._with_a_page(id)
        return self._page((one.id, one.name)) if one.has_no_plan else self._page((one.id, one.name), OWN)

    def compare(self, id: ScenarioId, other: ScenarioId) -> str:
        """Return the page of a scenario with another beside it."""
        two = [self._with_a_page(one) for one in (id, other)]
        if any(one.has_no_plan for one in two) or id == other:
            raise HTTPException(404, "Two different scenarios with a plan can be set side by side.")
        return self._page(*((one.id, one.name) for one in two))

    def swept(self, id: ScenarioId) -> SweepTold:
        """Return what a sweep found, for figures."""
        from optimiser.scenarios.finished import for_figures

        one = self._scenario(id)
        if not one.has_a_sweep:
            raise HTTPException(404, "This scenario is one answer, and no sweep.")
        try:
            return SweepTold.model_validate(for_figures(one.sweep))
        except (OSError, ValueError, KeyError):
            raise HTTPException(404, "The tables of this sweep cannot be read.") from None

    def rename(self, id: ScenarioId, asked: Rename) -> ScenarioTold:
        """Call a scenario otherwise. Its folder keeps its name."""
        one = self._scenario(id)
        if self.scenarios.is_taken(asked.name, but=one.id):
            raise HTTPException(409, f'There is a scenario "{asked.name}" already. Choose another name.')
        return _scenario(self.scenarios.change(one, name=asked.name))

    def archive(self, id: ScenarioId, asked: Archive) -> ScenarioTold:
        """Lay a scenario aside, or take it back."""
        return _scenario(self.scenarios.change(self._scenario(id), archived=asked.archived))

    def state(self) -> StateTold:
        """Return every job and every scenario."""
        return StateTold(
            most_seconds=self.jobs.limits.seconds,
            jobs=[_told(job) for job in self.jobs.all()],
            scenarios=[_scenario(one, one.id in self.damaged) for one in reversed(self.scenarios.all())],
        )

    def evaluate(self, asked: Evaluate) -> JobTold:
        """Work out what a choice comes to, as a new scenario."""
        return _told(self.ask("evaluate", asked.name, asked.model_dump()))

    def best(self, asked: Best) -> JobTold:
        """Find the best plan under a changed question, as a new scenario."""
        return _told(self.ask("best", asked.name, asked.model_dump()))

    def explain(self, asked: Explain) -> JobTold:
        """Say what it would cost to have a service at a site, or which rules that breaks."""
        return _told(self.ask("explain", f"{asked.service} at {asked.site}", asked.model_dump(), writes=False))

    def sweep(self, asked: Sweep) -> JobTold:
        """Ask the question many times with what may vary drawn anew, as a new scenario."""
        return _told(self.ask("sweep", asked.name, asked.model_dump()))

    def parameters(self) -> list[ParameterTold]:
        """Return what may vary in the question."""
        return self._may_vary

    def job(self, id: JobId) -> JobTold:
        """Return how a job stands."""
        return _told(self._found(id))

    def cancel(self, id: JobId) -> JobTold:
        """Stop a job, or take it out of the queue."""
        found = self._found(id)
        self.jobs.cancel(found)
        return _told(found)

    def end(self) -> dict[str, str]:
        """Stop the server."""
        self.ended.set()
        return {"detail": "The server stops. Start it again with: optimiser serve"}

    def ask(self, kind: str, name: str, asked: dict[str, Any], *, writes: bool = True) -> Job:
        """Queue a job; refuses a name that a scenario, or one under way, has already."""
        folder = self.scenarios.place_for(name).resolve()
        if writes:
            under_way = [job.asked.get("folder") for job in self.jobs.all() if job.state in ("waiting", "running")]
            if folder.exists() or str(folder) in under_way or self.scenarios.is_taken(name):
                words = f'There is a scenario "{folder.name}" already, and none is ever overwritten.'
                raise HTTPException(409, f"{words} Choose another name.")
        where = {"folder": str(folder)} if writes else {}
        try:
            return self.jobs.add(kind, name, {**asked, **where, "base": self.base})
        except QueueIsFull:
            raise HTTPException(503, "Five jobs wait already. Wait for one to end, or stop one.") from None

    def _scenario(self, id: str) -> Scenario:
        one = self.scenarios.get(id)
        if one is None:
            raise HTTPException(404, "There is no such scenario.")
        if one.is_damaged:
            raise HTTPException(404, DAMAGED_RUN)
        return one

    def _with_a_page(self, id: str) -> Scenario:
        one = self._scenario(id)
        if not (one.has_a_run or one.has_no_plan):
            raise HTTPException(404, "This scenario is a sweep, which has no page of its own.")
        return one

    def _found(self, id: str) -> Job:
        job = self.jobs.get(id)
        if job is None:
            raise HTTPException(404, "There is no such job in this sitting.")
        return job

    @cached_property
    def _page(self) -> Callable[..., str]:
        """The page of runs and scenarios, each an id and a name; what may be asked for is on that of the run alone."""
        rail, own = ((package_files("optimiser.web") / name).read_text("utf-8") for name in ("rail.js", "serve.js"))

        @lru_cache(maxsize=4)
        def page(*ids: tuple[str, str]) -> str:
            from optimiser.plan.finished import run_of, without_plan_of
            from optimiser.report.page.build import page as page_of

            allowed: dict[str, Any] = {"scripts": [own, rail] if ids[0] == OWN else [rail], "connect": "'self'"}
            runs = list[Any]()
            for id, name in ids:
                one = self.scenarios.get(id)
                try:
                    if one and one.has_no_plan:
                        runs.append(without_plan_of(one.run, name))
                    else:
                        runs.append(run_of(one.run if one else self.run, name, only_if_sound=one is not None))
                except (OptimiserError, OSError, RecursionError) as error:
                    if one is None or ids[0] != OWN:
                        raise HTTPException(404, DAMAGED_RUN) from error
                    self.damaged.add(id)
            return page_of(runs, roads=self.roads if ids[0] == OWN else None, **allowed)

        return page

    @cached_property
    def _may_vary(self) -> list[ParameterTold]:
        from optimiser.inputs import read_problem
        from optimiser.problem.parameters import parameters, to_one_site

        problem = read_problem(self.base)
        changed = {one.name: one.words for one in problem.changed}
        return [
            ParameterTold(
                name=one.name,
                unit=one.unit,
                meaning=one.meaning,
                low=float(one.low),
                high=float(one.high),
                current=float(one.current(problem)),
                idle=one.idle,
                changed=changed.get(one.name, ""),
            )
            for one in parameters(problem, to_one_site(problem)).values()
        ]


def build(desk: Desk) -> FastAPI:
    """Return the app, without its guard: no docs pages, no schema to fetch, no files to fetch."""

    @asynccontextmanager
    async def until_the_end(_app: FastAPI) -> AsyncIterator[None]:
        """Stop what runs when the server stops, also by Ctrl+C, after which nothing of ours runs any more."""
        yield
        desk.jobs.close()

    app = FastAPI(
        lifespan=until_the_end,
        title="optimiser serve",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # The guard has judged the token before any route is reached; this says in the schema that one is needed.
        dependencies=[Depends(HTTPBearer(auto_error=False))],
        responses=REFUSALS,
    )
    app.add_exception_handler(RequestValidationError, _not_what_may_be_asked)
    app.get("/", response_class=HTMLResponse, responses=IN_JSON)(desk.show)
    app.get("/api/state")(desk.state)
    for queues in (desk.evaluate, desk.best, desk.sweep):
        app.post(f"/api/{queues.__name__}", status_code=202, responses=TAKEN)(queues)
    app.get("/scenarios/{id}", response_class=HTMLResponse, responses=IN_JSON)(desk.scenario)
    app.get("/compare/{id}/{other}", response_class=HTMLResponse, responses=IN_JSON)(desk.compare)
    app.get("/api/scenarios/{id}/sweep", responses=ABSENT)(desk.swept)
    app.post("/api/scenarios/{id}/name", responses=ABSENT | {409: TAKEN[409]})(desk.rename)
    app.post("/api/scenarios/{id}/archive", responses=ABSENT)(desk.archive)
    app.post("/api/explain", status_code=202, responses={503: TAKEN[503]})(desk.explain)
    app.get("/api/parameters")(desk.parameters)
    app.get("/api/jobs/{id}", responses=ABSENT)(desk.job)
    app.post("/api/jobs/{id}/cancel", responses=ABSENT)(desk.cancel)
    app.post("/api/stop", status_code=202)(desk.end)
    return app


async def _not_what_may_be_asked(_request: Request, error: Exception) -> JSONResponse:
    """Say where and what, and repeat nothing of what was sent."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    detail = [{"loc": [str(step) for step in one["loc"]], "msg": str(one["msg"])} for one in faults]
    return JSONResponse({"detail": detail}, status_code=422)


def _told(job: Job) -> JobTold:
    return JobTold.model_validate(job, from_attributes=True)


def _scenario(one: Scenario, damaged: bool = False) -> ScenarioTold:
    record = {**one.record, "outcome": DAMAGED} if damaged else one.record
    texts = {"name": one.name} | {name: str(record.get(name, "")) for name in ("reason", "kind", "made", "outcome")}
    words = [str(line) for line in record.get("words", [])]
    has_a_page = (one.has_a_run or one.has_no_plan) and not damaged
    return ScenarioTold(
        id=one.id, **texts, words=words, archived=one.is_archived, has_a_page=has_a_page, has_a_sweep=one.has_a_sweep
    )
