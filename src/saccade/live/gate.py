"""The gate before the application: who is let in, and what every answer says to browsers."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from saccade.live.access import COOKIE, Access

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY_VIOLATED = 1008

# the page brings all that it needs; pictures of the camera are blobs
_POLICY = (
    b"default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


class Gate:
    """An ASGI application around another, with pages and WebSockets behind one check."""

    def __init__(self, app: App, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = scope["query_string"].decode("latin-1")
        refusal = self._access.refusal(headers, query)
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": POLICY_VIOLATED, "reason": refusal})
            return
        if refusal is not None:
            await _answer(send, 403, refusal.encode(), ((b"content-type", b"text/plain; charset=utf-8"),))
            return
        if scope["path"] == "/" and self._access.is_invited(query):
            # the token leaves the address, where it could be read over a shoulder or end up in a history
            cookie = f"{COOKIE}={self._access.token}; HttpOnly; SameSite=Strict; Path=/"
            await _answer(send, 303, b"", ((b"location", b"/"), (b"set-cookie", cookie.encode())))
            return

        async def send_on(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._app(scope, receive, send_on)


async def _answer(send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length, *_HEADERS]})
    await send({"type": "http.response.body", "body": body})
