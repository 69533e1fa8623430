"""A server of the live page in this process."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from saccade import load
from saccade.live.access import Access
from saccade.live.limits import Limits
from saccade.live.menu import Menu
from saccade.live.server import Server
from saccade.live.shelf import Choice, Shelf
from tests.unit.live.material import Finder


@dataclass(frozen=True)
class Served:
    """Where it listens, and what it is."""

    port: int
    server: Server
    access: Access

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def socket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/session"

    def cut(self) -> None:
        """Cuts the lines to all pages, as a server does that is started anew."""
        for line in self.server._lines.values():
            asyncio.run_coroutine_threadsafe(line.socket.close(1012), line._loop).result(20)


@contextmanager
def serving(
    menu: Menu | None = None, limits: Limits | None = None, host: str = "127.0.0.1"
) -> Iterator[Served]:
    """Serves models of each kind on the loopback, with the access rules of `host`."""
    few = {"threshold": 0.0, "size": 64, "max_detections": 5}
    choices = [
        Choice("eco", "track", "", lambda: load("eco")),
        Choice("still", "track", "", lambda: load("still")),
        Choice("yolox", "detect", "", lambda: load("yolox_nano", weights=None, settings=few)),
        Choice("finder", "pose", "", Finder),
    ]
    shelf = Shelf({choice.name: choice for choice in choices})
    access = Access(host)
    server = Server(shelf, menu or Menu(None), access, limits)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(server.app, log_level="warning", **server.transport)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Served(listening.getsockname()[1], server, access)
    finally:
        running.should_exit = True
        thread.join(20)
        listening.close()
        assert not thread.is_alive()
    assert not server.sessions
