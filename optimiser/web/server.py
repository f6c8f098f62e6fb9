"""Run the server on this machine only, until it is stopped or nobody has asked it anything for a while."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from optimiser.errors import needed
from optimiser.web.jobs import Jobs, Limits
from optimiser.web.scenarios import Scenarios

HERE = "127.0.0.1"
TOKEN_BYTES = 32  # 256 bits
IDLE_CHECK_SECONDS = 0.25


@dataclass(frozen=True)
class Sitting:
    """How long and where one sitting of the server is."""

    scenarios: Path
    limits: Limits = field(default_factory=Limits)
    idle_minutes: float = 30.0
    open_browser: bool = True


def serve(run: Path, sitting: Sitting, *, tell: Callable[[str], None] = print) -> None:
    """Serve the page of a run until it is stopped.

    Raises
    ------
    MissingPackage
        When FastAPI or uvicorn is not installed.
    """
    uvicorn = needed("uvicorn", "serve")
    needed("fastapi", "serve")
    from optimiser.web.app import Desk, build
    from optimiser.web.guard import Guard

    scenarios = Scenarios(sitting.scenarios)
    jobs = Jobs(sitting.limits, scenarios)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind((HERE, 0))
        listening.listen()  # from here on whoever comes waits, and is not turned away
        port = listening.getsockname()[1]
        server: Any = None

        def stop() -> None:
            server.should_exit = True

        guard = Guard(build(Desk(run, scenarios, jobs), stop), token_urlsafe(TOKEN_BYTES), port)
        settings = uvicorn.Config(
            guard,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=2,
            ws="none",
            loop="asyncio",
            http="h11",
        )
        server = uvicorn.Server(settings)
        address = f"http://{HERE}:{port}/?token={guard.token}"
        tell(f"Open {address}")
        tell(
            f"Scenarios are kept in {sitting.scenarios}. Stop with Ctrl+C; it stops by itself when not used for "
            f"{sitting.idle_minutes:g} minutes."
        )
        if sitting.open_browser:
            webbrowser.open(address)
        try:
            asyncio.run(_until_idle(server, listening, guard, jobs, sitting.idle_minutes * 60))
        finally:
            jobs.close()


async def _until_idle(server: Any, listening: socket.socket, guard: Any, jobs: Jobs, idle_seconds: float) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not serving.done():
        if jobs.busy:
            guard.used_at = time.monotonic()
        if time.monotonic() - guard.used_at > idle_seconds:
            server.should_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), IDLE_CHECK_SECONDS)
    await serving
