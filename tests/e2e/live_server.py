"""A server of the live page in this process."""

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


@contextmanager
def serving(
    menu: Menu | None = None, limits: Limits | None = None, host: str = "127.0.0.1"
) -> Iterator[Served]:
    """Serves ECO on the loopback, with the access rules of `host`."""
    shelf = Shelf(
        {name: Choice(name, "track", "", lambda name=name: load(name)) for name in ("eco", "still")}
    )
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
