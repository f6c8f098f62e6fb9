"""Who may ask the server anything: this machine's own browser page, with the token, in requests of a sensible size.

Everything is judged here before any route sees it. Nothing here knows what is asked for.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10.0
# So long after the start a browser may yet come with the ticket that it was started with.
TICKET_SECONDS = 120.0
CHANGES = ("POST", "PUT", "PATCH", "DELETE")
TOKEN = "token"

SAFE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@dataclass
class Guard:
    """The door: host, origin, token and size, in this order. ``used_at`` is when somebody was last let in.

    ``ticket`` stands for the token once, and soon: whoever lists the commands of this machine sees the address with
    which a browser was started, but not the one that was printed.
    """

    app: App
    token: str
    port: int
    ticket: str = ""
    began: float = field(default_factory=time.monotonic)
    used_at: float = field(default_factory=time.monotonic)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The only names that this server answers to; any other is a page that points a name of its own at it."""
        return (f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    @property
    def origins(self) -> tuple[str, ...]:
        """The only pages that may ask."""
        return tuple(f"http://{host}" for host in self.hosts)

    @property
    def cookie(self) -> str:
        """Name of the cookie. Cookies do not know ports, so the name does."""
        return f"optimiser_{self.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it in words."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        refusal = self._refusal(headers)
        if refusal:
            await _refuse(send, *refusal)
            return
        if scope["path"] == "/" and TOKEN in parse_qs(scope["query_string"].decode("latin-1")):
            await self._admit(scope, headers, send)
            return
        if not self._knows_the_token(headers):
            await _refuse(send, 401, "Open the address that optimiser serve printed: it holds the token.")
            return
        if scope["method"] in CHANGES and "origin" not in headers and not self._bears(headers):
            await _refuse(send, 403, "A change must come from this server's own page, or bear the token itself.")
            return
        self.used_at = time.monotonic()
        body = await self._body(receive, headers)
        if isinstance(body, str):
            await _refuse(send, 413 if body == "large" else 408, _WHY[body])
            return
        await self.app(scope, _once(body, receive), _with_headers(send))

    def _refusal(self, headers: dict[str, list[str]]) -> tuple[int, str] | None:
        if headers.get("host", []) not in [[host] for host in self.hosts]:
            return 421, "This server answers to its own address on this machine only."
        origins = headers.get("origin", [])
        if any(origin not in self.origins for origin in origins) or len(origins) > 1:
            return 403, "Another page may not ask this server anything."
        if headers.get("sec-fetch-site", ["none"]) not in (["same-origin"], ["none"]):
            return 403, "Another page may not ask this server anything. Type or paste the address that was printed."
        return None

    def _knows_the_token(self, headers: dict[str, list[str]]) -> bool:
        return self._bears(headers) or self._has_cookie(headers)

    def _bears(self, headers: dict[str, list[str]]) -> bool:
        given = headers.get("authorization", [""])
        kind, _, token = given[0].partition(" ")
        return len(given) == 1 and kind.lower() == "bearer" and self._is_token(token)

    def _has_cookie(self, headers: dict[str, list[str]]) -> bool:
        try:
            jar = SimpleCookie("; ".join(headers.get("cookie", [])))
        except CookieError:
            return False
        return self.cookie in jar and self._is_token(jar[self.cookie].value)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def _takes(self, ticket: str) -> bool:
        """Whether this is the ticket, in time and for the first time."""
        is_it = hmac.compare_digest(ticket.encode("utf-8", "replace"), self.ticket.encode())
        if not (self.ticket and is_it and time.monotonic() - self.began < TICKET_SECONDS):
            return False
        self.ticket = ""
        return True

    async def _admit(self, scope: Scope, headers: dict[str, list[str]], send: Send) -> None:
        """Turn the token of the first address into a cookie, and send the browser on to an address without it."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get(TOKEN, [])
        # A browser that has the cookie may go back to the address that it came by.
        if (
            scope["method"] != "GET"
            or len(given) != 1
            or not (self._is_token(given[0]) or self._has_cookie(headers) or self._takes(given[0]))
        ):
            await _refuse(
                send, 401, "That is not the token of this server, or no longer. Open the address that it printed."
            )
            return
        self.used_at = time.monotonic()
        keep = f"{self.cookie}={self.token}; HttpOnly; SameSite=Strict; Path=/"
        await _respond(send, 303, b"", {"location": "/", "set-cookie": keep})

    async def _body(self, receive: Receive, headers: dict[str, list[str]]) -> bytes | str:
        """Return the body, or why it is not taken: too large, or too slow."""
        stated = headers.get("content-length", ["0"])[0]
        if stated.isdigit() and int(stated) > MOST_BODY_BYTES:
            return "large"
        body: bytes = b""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return body
                    body += message.get("body", b"")
                    if len(body) > MOST_BODY_BYTES:
                        return "large"
                    if not message.get("more_body"):
                        return body
        except TimeoutError:
            return "slow"


_WHY = {
    "large": f"That is larger than the {MOST_BODY_BYTES // 1024} kB that are taken.",
    "slow": f"That did not arrive within {BODY_SECONDS:g} seconds.",
}


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _once(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body once, and then whatever comes."""
    given = False

    async def receive_body() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body


def _with_headers(send: Send) -> Send:
    async def send_safely(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.decode("latin-1").lower() for name, _ in message["headers"]}
            added = [(n.encode(), v.encode()) for n, v in SAFE_HEADERS.items() if n not in own]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return send_safely


async def _refuse(send: Send, status: int, words: str) -> None:
    more = {"www-authenticate": "Bearer"} if status == 401 else {}
    body = json.dumps({"detail": words}).encode()
    await _respond(send, status, body, {"content-type": "application/json", "connection": "close", **more})


async def _respond(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    whole = SAFE_HEADERS | headers | {"content-length": str(len(body))}
    sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in whole.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})
