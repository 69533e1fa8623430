"""The server: the page, what it may choose from, uploads, downloads, and a session for each visitor."""

import asyncio
import logging
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.background import BackgroundTask

from saccade.core import SaccadeError
from saccade.core.errors import InputError
from saccade.live.access import Access
from saccade.live.export import export
from saccade.live.gate import Gate
from saccade.live.limits import Limits
from saccade.live.menu import Menu
from saccade.live.messages import pack
from saccade.live.reel import ClipReel
from saccade.live.session import UPLOAD, Session
from saccade.live.shelf import Shelf

PAGE = Path(str(files("saccade.live") / "page"))
TRY_LATER, TOO_LONG_IDLE = 1013, 4001
"""codes with which WebSockets are closed"""
CONNECTIONS = 200
"""at a time, beyond which everything is answered with 503"""
_UNSENT = 64
"""messages that a page that does not read may leave behind before it is let go"""

log = logging.getLogger("saccade.live")


class Server:
    """The sessions of all visitors, and the application that they talk to.

    Args:
        shelf: what models they may choose.
        menu: what they may look at.
        access: who they may be.
    """

    def __init__(self, shelf: Shelf, menu: Menu, access: Access, limits: Limits | None = None) -> None:
        self.sessions: dict[str, Session] = {}
        self._shelf, self._menu, self._limits = shelf, menu, limits or Limits()
        routes = FastAPI(lifespan=self._lifespan, docs_url=None, redoc_url=None, openapi_url=None)
        routes.get("/menu")(self._tell_menu)
        routes.put("/upload/{name}")(self._upload)
        routes.get("/download/{name}/{kind}")(self._download)
        routes.websocket("/session")(self._serve)
        routes.mount("/", StaticFiles(directory=PAGE, html=True))
        self.app = Gate(routes, access)

    @property
    def transport(self) -> dict[str, Any]:
        """How uvicorn has to be set up: it cuts off what is too long before it is here."""
        return {"ws_max_size": self._limits.frame_bytes, "ws_max_queue": 8, "limit_concurrency": CONNECTIONS}

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        yield
        for name in list(self.sessions):
            await self._end(name)

    async def _end(self, name: str) -> None:
        session = self.sessions.pop(name, None)
        if session is not None:
            await asyncio.to_thread(session.close)

    def _tell_menu(self) -> JSONResponse:
        limits = self._limits
        return JSONResponse(
            {
                "sources": self._menu.to_json(),
                "models": self._shelf.to_json(),
                "limits": {
                    "upload": limits.upload_bytes,
                    "inFlight": limits.in_flight,
                    "side": limits.frame_side,
                },
            }
        )

    async def _serve(self, socket: WebSocket) -> None:
        """A visitor, from the first word to the last."""
        await socket.accept()
        if len(self.sessions) >= self._limits.sessions:
            message = "all places are taken; try again when somebody has left"
            await socket.send_json({"kind": "error", "message": message, "ends": True})
            await socket.close(TRY_LATER)
            return
        name = secrets.token_urlsafe(12)
        outbox = _Outbox()
        session = self.sessions[name] = Session(self._shelf, self._menu, self._limits, outbox.put)
        telling = asyncio.create_task(outbox.send(socket))
        try:
            await socket.send_json({"kind": "welcome", "session": name})
            await self._listen(socket, session)
        except (WebSocketDisconnect, RuntimeError):  # starlette's, where the visitor went while we spoke
            pass
        finally:
            telling.cancel()
            await self._end(name)

    async def _listen(self, socket: WebSocket, session: Session) -> None:
        while True:
            try:
                message = await asyncio.wait_for(socket.receive(), self._limits.idle_seconds)
            except TimeoutError:
                if time.monotonic() - session.heard_at < self._limits.idle_seconds:
                    continue  # an upload is under way
                text = "nothing has come from this page for long; reload it to go on"
                await socket.send_json({"kind": "error", "message": text, "ends": True})
                await socket.close(TOO_LONG_IDLE)
                return
            if message["type"] == "websocket.disconnect":
                return
            try:
                self._take(session, message.get("text"), message.get("bytes"))
            except InputError as error:
                await socket.send_json({"kind": "error", "message": str(error)})

    def _take(self, session: Session, text: str | None, data: bytes | None) -> None:
        if text is not None:
            if len(text) > self._limits.message_bytes:
                raise InputError("the page has said too much at once; reload it")
            session.hear(text)
        elif data is not None:
            if len(data) > self._limits.frame_bytes:
                raise InputError(
                    f"a picture is larger than {self._limits.frame_bytes >> 20} MB; make it smaller"
                )
            session.push(data)

    async def _upload(self, name: str, request: Request) -> Response:
        """Takes a clip, piece by piece; what is too long is cut off as soon as that is known."""
        session = self.sessions.get(name)
        if session is None or session.is_busy:
            return _no_session(session)
        part, length = session.folder / f"{UPLOAD}.part", 0
        session.is_busy = True
        try:
            with part.open("wb") as file:
                async for piece in request.stream():
                    length += len(piece)
                    if length > self._limits.upload_bytes:
                        most = self._limits.upload_bytes >> 20
                        return _refusal(413, f"the clip is larger than {most} MB; cut it, or make it smaller")
                    session.heard_at = time.monotonic()
                    file.write(piece)
            await asyncio.to_thread(_check_clip, part)
            part.replace(session.folder / UPLOAD)
        except InputError as error:
            log.warning("an upload was refused: %s", error)
            return _refusal(415, "this is no video that can be read; choose another file")
        except OSError as error:
            log.warning("an upload could not be kept: %s", error)
            return _refusal(507, "the clip cannot be kept here; try a smaller one")
        finally:
            session.is_busy = False
            part.unlink(missing_ok=True)
        return JSONResponse({"bytes": length})

    async def _download(self, name: str, kind: str) -> Response:
        session = self.sessions.get(name)
        if session is None or session.is_busy:
            return _no_session(session)
        session.is_busy = True
        try:
            reel, passing = session.taken()
            path = await asyncio.to_thread(_export, kind, session, reel, passing)
        except InputError as error:
            return _refusal(404, session.speakable(error))
        except SaccadeError as error:
            return _refusal(500, session.speakable(error))
        except FileNotFoundError:
            return _no_session(None)  # it has ended meanwhile
        finally:
            session.is_busy = False
        forget = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
        return FileResponse(path, filename=kind, background=forget)


def _export(kind: str, session: Session, reel: Any, passing: Any) -> Path:
    """A clip is read by a reader of its own: the session's is in use."""
    own = reel.copy() if isinstance(reel, ClipReel) else reel
    try:
        return export(kind, own, passing, session.folder)
    finally:
        if own is not reel:
            own.close()


def _check_clip(path: Path) -> None:
    """Raises what is wrong with a clip."""
    reel = ClipReel(str(path), "upload")
    try:
        reel.frame(0)
    finally:
        reel.close()


def _no_session(session: Session | None) -> Response:
    """Why nothing is taken from a session, or given."""
    if session is None:
        return _refusal(404, "this session has ended; reload the page")
    return _refusal(409, "one thing at a time; wait until the other file is through")


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)


class _Outbox:
    """What a session's threads have to say to the page, in order, sent by the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()

    def put(self, header: Mapping[str, Any], picture: bytes | None) -> None:
        """Says something, from any thread; with a picture, maybe an empty one, or None."""
        data = pack(header, picture or b"")
        with suppress(RuntimeError):  # the loop has ended, and nobody listens any more
            self._loop.call_soon_threadsafe(self._waiting.put_nowait, data)

    async def send(self, socket: WebSocket) -> None:
        """Sends what comes, until cancelled."""
        with suppress(RuntimeError, WebSocketDisconnect):
            while True:
                data = await self._waiting.get()
                if self._waiting.qsize() > _UNSENT:
                    await socket.close(TRY_LATER)
                    return
                await socket.send_bytes(data)
