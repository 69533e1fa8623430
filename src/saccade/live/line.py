"""The line to a page: what a session has to say, through whichever socket the page holds at the moment."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from saccade.live.messages import pack

TRY_LATER = 1013
"""code with which a WebSocket is closed"""
_UNSENT = 64
"""messages that a page that does not read may leave behind before its socket is closed"""


class Line:
    """What a session's threads have to say to a page, in order, sent by the loop.

    Attributes:
        socket: through which the page listens; None while it does not.
    """

    def __init__(self) -> None:
        self.socket: WebSocket | None = None
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self._sending: asyncio.Task[None] | None = None
        self._giving_up: asyncio.TimerHandle | None = None

    def put(self, header: Mapping[str, Any], picture: bytes | None) -> None:
        """Says something, from any thread; with a picture, maybe an empty one, or None."""
        data = pack(header, picture or b"")
        with suppress(RuntimeError):  # the loop has ended, and nobody listens any more
            self._loop.call_soon_threadsafe(self._put, data)

    def _put(self, data: bytes) -> None:
        # whoever comes back is told anew where things stand
        if self.socket is not None:
            self._waiting.put_nowait(data)

    def take(self, socket: WebSocket) -> None:
        """A page listens through a socket; who held the line before does so no longer."""
        self.drop()
        self.socket, self._waiting = socket, asyncio.Queue()

    def speak(self) -> None:
        """Begins to send."""
        assert self.socket is not None
        self._sending = asyncio.create_task(_send(self.socket, self._waiting))

    def hold(self, seconds: float, give_up: Callable[[], object]) -> None:
        """The socket is gone: waits for another one, and gives up when none has come by then."""
        self.drop()
        self._giving_up = self._loop.call_later(seconds, give_up)

    def drop(self) -> None:
        """Nobody listens any more, and nothing waits."""
        self.socket = None
        if self._sending is not None:
            self._sending.cancel()
        if self._giving_up is not None:
            self._giving_up.cancel()


async def _send(socket: WebSocket, waiting: "asyncio.Queue[bytes]") -> None:
    """Sends what comes, until cancelled."""
    with suppress(RuntimeError, WebSocketDisconnect):
        while True:
            data = await waiting.get()
            if waiting.qsize() > _UNSENT:
                await socket.close(TRY_LATER)
                return
            await socket.send_bytes(data)
