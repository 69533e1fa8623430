"""The server: the page, what it may choose from, uploads, downloads, and a session for each visitor."""

import asyncio
import logging
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
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
from saccade.live.export import Exported, export
from saccade.live.gate import Gate
from saccade.live.limits import Limits
from saccade.live.line import TRY_LATER, Line
from saccade.live.menu import Menu
from saccade.live.passing import Pass
from saccade.live.reel import ClipReel, Reel
from saccade.live.session import UPLOAD, Session
from saccade.live.shelf import Shelf

PAGE = Path(str(files("saccade.live") / "page"))
TOO_LONG_IDLE = 4001
"""code with which a WebSocket is closed"""
_LEFT = frozenset({1000, 1001, TOO_LONG_IDLE})
"""codes with which somebody goes for good; all others say that the line was cut"""
REMARK = "saccade-remark"
"""header of a download that says what there is to know about the file"""
CONNECTIONS = 200
"""at a time, beyond which everything is answered with 503"""

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
        self._lines: dict[str, Line] = {}
        self._ending: set[asyncio.Task[None]] = set()
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
        await asyncio.gather(*self._ending)

    async def _end(self, name: str) -> None:
        session, line = self.sessions.pop(name, None), self._lines.pop(name, None)
        if line is not None:
            line.drop()
        if session is not None:
            await asyncio.to_thread(session.close)

    def _end_soon(self, name: str) -> None:
        task = asyncio.create_task(self._end(name))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

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
        """A visitor, from the first word to the last, or until the line is cut."""
        await socket.accept()
        resumed = socket.query_params.get("resume", "")
        name = resumed if resumed in self.sessions else await self._begin()
        if name is None:
            message = "all places are taken; try again when somebody has left"
            await socket.send_json({"kind": "error", "message": message, "ends": True})
            await socket.close(TRY_LATER)
            return
        session, line = self.sessions[name], self._lines[name]
        line.take(socket)
        code = None
        try:
            told = {"session": name, "resumed": name == resumed, "pictures": session.pictures}
            await socket.send_json({"kind": "welcome", **told})
            line.speak()
            code = await self._listen(socket, session, line)
        except (WebSocketDisconnect, RuntimeError):  # starlette's, where the visitor went while we spoke
            pass
        finally:
            if line.socket is socket:
                if code in _LEFT:
                    await self._end(name)
                else:
                    line.hold(self._limits.cut_seconds, partial(self._end_soon, name))

    async def _begin(self) -> str | None:
        """A new session; its name, or None when there is no place for it.

        Whoever comes has the place of a page whose line has been cut, if there is no other.
        """
        if len(self.sessions) >= self._limits.sessions:
            cut = next((name for name, line in self._lines.items() if line.socket is None), None)
            if cut is not None:
                await self._end(cut)
        if len(self.sessions) >= self._limits.sessions:
            return None
        name, line = secrets.token_urlsafe(12), Line()
        self.sessions[name] = Session(self._shelf, self._menu, self._limits, line.put)
        self._lines[name] = line
        return name

    async def _listen(self, socket: WebSocket, session: Session, line: Line) -> int:
        """Hears what comes through a socket while it is the line's; the code with which it was closed."""
        while True:
            try:
                message = await asyncio.wait_for(socket.receive(), self._limits.idle_seconds)
            except TimeoutError:
                if time.monotonic() - session.heard_at < self._limits.idle_seconds:
                    continue  # an upload is under way
                text = "nothing has come from this page for long; reload it to go on"
                await socket.send_json({"kind": "error", "message": text, "ends": True})
                await socket.close(TOO_LONG_IDLE)
                return TOO_LONG_IDLE
            if message["type"] == "websocket.disconnect" or line.socket is not socket:
                return int(message.get("code", 0))
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
            path, remark = await asyncio.to_thread(_export, kind, session, reel, passing)
        except InputError as error:
            return _refusal(404, session.speakable(error))
        except SaccadeError as error:
            return _refusal(500, session.speakable(error))
        except FileNotFoundError:
            return _no_session(None)  # it has ended meanwhile
        finally:
            session.is_busy = False
        forget = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
        return FileResponse(path, filename=kind, headers={REMARK: remark}, background=forget)


def _export(kind: str, session: Session, reel: Reel, passing: Pass) -> Exported:
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
