"""The routes: the page, what it may ask for, and how that stands. Each calls one public function or one job."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPBearer

from optimiser.web.asked import (
    Best,
    Evaluate,
    Explain,
    JobTold,
    ParameterTold,
    Refusal,
    ScenarioTold,
    StateTold,
    Sweep,
)
from optimiser.web.jobs import Job, Jobs, QueueIsFull
from optimiser.web.scenarios import Scenario, Scenarios

MOST_ON_THE_PAGE = 6

JobId = Annotated[str, InPath(pattern=r"^[0-9a-f]{16}$")]
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
# The page is HTML; that it is refused is said as everywhere.
IN_JSON: dict[int | str, dict[str, Any]] = {
    code: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}, **words}
    for code, words in ((code, {"description": one["description"]}) for code, one in REFUSALS.items())
}
ABSENT: dict[int | str, dict[str, Any]] = {404: {"model": Refusal, "description": "There is none of this name"}}
TAKEN: dict[int | str, dict[str, Any]] = {
    409: {"model": Refusal, "description": "There is a scenario of this name already"},
    503: {"model": Refusal, "description": "Too many jobs wait"},
}


@dataclass(frozen=True)
class Desk:
    """What one sitting works on: the run that the page is about, its scenarios, and the jobs."""

    run: Path
    scenarios: Scenarios
    jobs: Jobs

    @property
    def base(self) -> str:
        """The config that every scenario is based on."""
        return str((self.run / "config.yaml").resolve())

    def ask(self, kind: str, name: str, asked: dict[str, Any], *, writes: bool = True) -> Job:
        """Queue a job; refuses a name that a scenario, or one under way, has already."""
        folder = self.scenarios.place_for(name).resolve()
        if writes:
            under_way = [job.asked.get("folder") for job in self.jobs.all() if job.state in ("waiting", "running")]
            if folder.exists() or str(folder) in under_way:
                words = (
                    f'There is a scenario "{folder.name}" already, and none is ever overwritten. Choose another name.'
                )
                raise HTTPException(409, words)
        where = {"folder": str(folder)} if writes else {}
        try:
            return self.jobs.add(kind, name, {**asked, **where, "base": self.base})
        except QueueIsFull:
            raise HTTPException(503, "Five jobs wait already. Wait for one to end, or stop one.") from None


def build(desk: Desk, stop: Callable[[], None] = lambda: None) -> FastAPI:
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
    page, may_vary = _page_maker(desk), _parameter_teller(desk)
    app.add_exception_handler(RequestValidationError, _not_what_may_be_asked)

    @app.get("/", response_class=HTMLResponse, responses=IN_JSON)
    def show() -> str:
        """Return the page of the run, with the scenarios beside it."""
        shown = [one.id for one in desk.scenarios.all() if one.has_a_run]
        return page(tuple(shown[-MOST_ON_THE_PAGE:]))

    @app.get("/api/state")
    def state() -> StateTold:
        """Return every job and every scenario."""
        return StateTold(
            jobs=[_told(job) for job in desk.jobs.all()],
            scenarios=[_scenario(one) for one in reversed(desk.scenarios.all())],
        )

    @app.post("/api/evaluate", status_code=202, responses=TAKEN)
    def evaluate(asked: Evaluate) -> JobTold:
        """Work out what a choice comes to, as a new scenario."""
        return _told(desk.ask("evaluate", asked.name, asked.model_dump()))

    @app.post("/api/best", status_code=202, responses=TAKEN)
    def best(asked: Best) -> JobTold:
        """Find the best plan under a changed question, as a new scenario."""
        return _told(desk.ask("best", asked.name, asked.model_dump()))

    @app.post("/api/explain", status_code=202, responses={503: TAKEN[503]})
    def explain(asked: Explain) -> JobTold:
        """Say what it would cost to have a service at a site, or which rules that breaks."""
        name = f"{asked.service} at {asked.site}"
        return _told(desk.ask("explain", name, asked.model_dump(), writes=False))

    @app.post("/api/sweep", status_code=202, responses=TAKEN)
    def sweep(asked: Sweep) -> JobTold:
        """Ask the question many times with what may vary drawn anew, as a new scenario."""
        return _told(desk.ask("sweep", asked.name, asked.model_dump()))

    @app.get("/api/parameters")
    def parameters() -> list[ParameterTold]:
        """Return what may vary in the question."""
        return may_vary()

    @app.get("/api/jobs/{id}", responses=ABSENT)
    def job(id: JobId) -> JobTold:
        """Return how a job stands."""
        return _told(_found(desk.jobs.get(id)))

    @app.post("/api/jobs/{id}/cancel", responses=ABSENT)
    def cancel(id: JobId) -> JobTold:
        """Stop a job, or take it out of the queue."""
        found = _found(desk.jobs.get(id))
        desk.jobs.cancel(found)
        return _told(found)

    @app.post("/api/stop", status_code=202)
    def end() -> dict[str, str]:
        """Stop the server."""
        stop()
        return {"detail": "The server stops. Start it again with: optimiser serve"}

    return app


async def _not_what_may_be_asked(_request: Request, error: Exception) -> JSONResponse:
    """Say where and what, and repeat nothing of what was sent."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    detail = [{"loc": [str(step) for step in one["loc"]], "msg": str(one["msg"])} for one in faults]
    return JSONResponse({"detail": detail}, status_code=422)


def _page_maker(desk: Desk) -> Callable[[tuple[str, ...]], str]:
    script = (package_files("optimiser.web") / "serve.js").read_text(encoding="utf-8")

    @lru_cache(maxsize=2)
    def page(ids: tuple[str, ...]) -> str:
        from optimiser import report

        beside = [one for id in ids if (one := desk.scenarios.get(id))]
        runs = [report.run_of(desk.run), *(report.run_of(one.run, str(one.record["name"])) for one in beside)]
        return report.page(runs, scripts=[script], connect="'self'")

    return page


def _parameter_teller(desk: Desk) -> Callable[[], list[ParameterTold]]:
    @cache
    def told() -> list[ParameterTold]:
        from optimiser.inputs import read_problem
        from optimiser.scenarios.parameters import parameters

        problem = read_problem(desk.base)
        return [
            ParameterTold(
                name=one.name,
                unit=one.unit,
                meaning=one.meaning,
                low=float(one.low),
                high=float(one.high),
                current=float(one.current(problem)),
            )
            for one in parameters(problem).values()
        ]

    return told


def _told(job: Job) -> JobTold:
    return JobTold(
        id=job.id,
        kind=job.kind,
        name=job.name,
        state=job.state,
        told=job.told,
        words=job.words,
        scenario=job.scenario,
    )


def _scenario(one: Scenario) -> ScenarioTold:
    record = one.record
    texts = {name: str(record.get(name, "")) for name in ("name", "reason", "kind", "made", "outcome")}
    return ScenarioTold(id=one.id, **texts, words=[str(line) for line in record.get("words", [])])


def _found(job: Job | None) -> Job:
    if job is None:
        raise HTTPException(404, "There is no such job in this sitting.")
    return job
