"""Run the server on this machine only, until it is stopped or nobody has asked it anything for a while."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from optimiser.errors import needed
from optimiser.web.jobs import Jobs, Limits
from optimiser.web.scenarios import Scenarios

if TYPE_CHECKING:
    from optimiser.problem import Problem
    from optimiser.web.app import Desk
    from optimiser.web.guard import Guard

HERE = "127.0.0.1"
TOKEN_BYTES = 32  # 256 bits
CHECK_SECONDS = 0.25
HEADER_SECONDS = 10.0


@dataclass(frozen=True)
class Sitting:
    """How long and where one sitting of the server is, and in which states of the roads its page can be asked."""

    scenarios: Path
    limits: Limits = field(default_factory=Limits)
    idle_minutes: float = 30.0
    open_browser: bool = True
    roads: Mapping[str, Problem] = field(default_factory=dict)


def serve(run: Path, sitting: Sitting, *, tell: Callable[[str], None] = print) -> None:
    """Serve the page of a run until it is stopped.

    Raises
    ------
    MissingPackage
        When FastAPI or uvicorn is not installed.
    """
    for package in ("uvicorn", "fastapi"):
        needed(package, "serve")
    from optimiser.web.app import Desk, build
    from optimiser.web.guard import Guard

    scenarios = Scenarios(sitting.scenarios)
    desk = Desk(run, scenarios, Jobs(sitting.limits, scenarios), sitting.roads)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind((HERE, 0))
        listening.listen()  # from here on whoever comes waits, and is not turned away
        guard = Guard(build(desk), token_urlsafe(TOKEN_BYTES), listening.getsockname()[1], token_urlsafe(TOKEN_BYTES))
        address = f"http://{HERE}:{guard.port}/?token="
        tell(f"Open {address}{guard.token}")
        tell(
            f"Scenarios are kept in {sitting.scenarios}. Stop with Ctrl+C; it stops by itself when not used for "
            f"{sitting.idle_minutes:g} minutes."
        )
        if sitting.open_browser:
            webbrowser.open(f"{address}{guard.ticket}")
        try:
            asyncio.run(_until_the_end(desk, guard, listening, sitting.idle_minutes * 60))
        finally:
            desk.jobs.close()


async def _until_the_end(desk: Desk, guard: Guard, listening: socket.socket, idle_seconds: float) -> None:
    """Serve until somebody asks to stop, or nobody has asked for anything for so long."""
    import uvicorn

    quiet = {"log_config": None, "access_log": False, "server_header": False, "date_header": False, "ws": "none"}
    soon = {"timeout_keep_alive": 5, "timeout_graceful_shutdown": 2}
    server = uvicorn.Server(uvicorn.Config(guard, loop="asyncio", http=_impatient(), **quiet, **soon))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not serving.done():
        if desk.jobs.busy:
            guard.used_at = time.monotonic()
        if desk.ended.is_set() or time.monotonic() - guard.used_at > idle_seconds:
            server.should_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), CHECK_SECONDS)
    await serving


def _impatient() -> type[asyncio.Protocol]:
    """Return what speaks HTTP and closes a connection on which no request comes soon: silent ones shut others out."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Impatient(H11Protocol):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.loop.call_later(HEADER_SECONDS, self._close_if_silent)

        def _close_if_silent(self) -> None:
            if self.cycle is None:
                self.transport.close()

    return Impatient
