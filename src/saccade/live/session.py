"""A visitor's session: one thread that does what the page asks for, and follows what it was pointed at."""

import logging
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from saccade.core import Frame, Instances, SaccadeError, TargetError
from saccade.core.errors import InputError
from saccade.core.targets import TargetId
from saccade.live import messages
from saccade.live.browser import BrowserReader
from saccade.live.limits import Limits
from saccade.live.menu import Menu
from saccade.live.messages import Command
from saccade.live.meter import Meter
from saccade.live.passing import Pass
from saccade.live.pointing import Box, held, inside
from saccade.live.reel import ClipReel, LiveReel, Reel
from saccade.live.shelf import Shelf
from saccade.media.source import Source, open_source
from saccade.online.insight import Insight

Send = Callable[[Mapping[str, Any], bytes | None], None]
"""tells the page something, from any thread; with a picture, or None"""

CAMERA, UPLOAD = "camera", "upload"
"""sources that are the visitor's own"""
_BEAT = 0.02
"""seconds between two looks at what the page wants, where a live source sends nothing"""
_PATIENCE = 5.0
"""seconds to wait for the picture of a single step"""

log = logging.getLogger("saccade.live")


class Session:
    """What one visitor looks at.

    Args:
        send: tells the page.

    Attributes:
        folder: for the visitor's files; removed in the end.
        heard_at: when something last came from the page, by `time.monotonic`.
        is_busy: whether an upload or a download is under way, of which there is one at a time.
    """

    def __init__(self, shelf: Shelf, menu: Menu, limits: Limits, send: Send) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="saccade-live-"))
        self.heard_at = time.monotonic()
        self.is_busy = False
        self._shelf, self._menu, self._limits, self._send = shelf, menu, limits, send
        self._inbox: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._model_name = shelf.first
        self._reel: Reel | None = None
        self._camera: BrowserReader | None = None
        self._pass: Pass | None = None
        self._shown_frame: Frame | None = None
        self._frontier = -1
        self._next_id = 0
        self._is_playing = self._inspects = False
        self._in_flight = 0
        self._opened = 0
        self._meter = Meter()
        self._output = ThreadPoolExecutor(1, "saccade-output")
        self._thread = threading.Thread(target=self._work, name="saccade-session", daemon=True)
        self._thread.start()

    def hear(self, text: str) -> None:
        """Does what a message of the page asks for, soon.

        Raises:
            InputError: when it cannot be understood, or too many wait already.
        """
        self.heard_at = time.monotonic()
        if self._inbox.qsize() >= self._limits.waiting:
            raise InputError("the page asks for more than can be done; reload it")
        self._inbox.put(messages.parse(text))

    def push(self, data: bytes) -> None:
        """Takes a picture of the page's camera.

        Raises:
            FrameError: when it is none.
        """
        self.heard_at = time.monotonic()
        if self._camera is not None:
            self._camera.push(data)

    @property
    def pictures(self) -> int:
        """How many pictures of the page's camera have come."""
        return 0 if self._camera is None else self._camera.count

    def close(self) -> None:
        """Ends the session and removes its files."""
        self._inbox.put(None)
        if self._camera is not None:
            self._camera.interrupt()
        self._thread.join()
        self._output.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)

    def taken(self) -> tuple[Reel, Pass]:
        """What there is to be downloaded.

        Raises:
            InputError: when there is nothing.
        """
        if self._reel is None or self._pass is None or self._pass.results.last is None:
            raise InputError("nothing has been followed yet; there is nothing to download")
        return self._reel, self._pass

    def _work(self) -> None:
        try:
            self._run_on()
        except Exception:
            log.exception("a session broke")
            self._say(
                {"kind": "error", "message": "something broke on the server; reload the page", "ends": True}
            )
        finally:
            if self._reel is not None:
                self._output.submit(lambda: None).result()
                self._reel.close()

    def _run_on(self) -> None:
        while True:
            try:
                command = self._inbox.get(timeout=self._patience())
                if command is None:
                    return
                act: Callable[[], None] = partial(self._obey, command)
            except queue.Empty:
                act = self._advance_in_time
            try:
                act()
            except SaccadeError as error:
                self._is_playing = False
                self._say({"kind": "error", "message": self.speakable(error)})
                self._tell_state()

    def _patience(self) -> float | None:
        """Seconds until there is something to do but to listen; None for never."""
        if not self._is_playing or self._reel is None or self._in_flight >= self._limits.in_flight:
            return None
        if not self._reel.live:
            return max(self._meter.due - time.monotonic(), 0.0)
        return 0.0

    def _obey(self, command: Command) -> None:
        match command:
            case messages.Shown():
                self._in_flight = max(self._in_flight - 1, 0)
                return
            case messages.Open(source):
                self._open(source)
            case messages.Choose(name):
                self._choose(name)
            case messages.Point(index, boxes):
                self._point(index, boxes)
            case messages.Leave(ids):
                self._leave(list(ids))
            case messages.Play():
                self._is_playing = self._reel is not None
                self._meter.resume()
            case messages.Pause():
                self._is_playing = False
            case messages.Step():
                self._is_playing = False
                self._step()
            case messages.Seek(index):
                self._seek(index)
            case messages.Inspect(on):
                self._inspects = on
            case messages.Record(on):
                if isinstance(self._reel, LiveReel):
                    self._reel.record(on)
            case messages.Again():
                self._tell_again()
        self._tell_state()

    def _open(self, key: str) -> None:
        self._is_playing = False
        if self._reel is not None:
            self._output.submit(lambda: None).result()
            self._reel.close()
            self._reel = self._camera = None
        model = self._shelf.take(self._model_name)
        self._opened += 1
        self._reel = self._reel_of(key)
        needs_targets = self._shelf.choice(self._model_name).needs_targets
        self._pass = Pass(model, needs_targets=needs_targets, limits=self._limits)
        self._shown_frame, self._frontier, self._next_id, self._in_flight = None, -1, 0, 0
        self._meter = Meter()
        self._is_playing = self._reel.live
        self._say({"kind": "opened", "source": self._reel.name, "live": self._reel.live})
        if not self._reel.live:
            self._advance()

    def _reel_of(self, key: str) -> Reel:
        folder = self.folder / f"frames-{self._opened}"
        if key == CAMERA:
            self._camera = BrowserReader(self._limits)
            source = Source(self._camera, start=0, end=None, on_bad_frame="skip")
            return LiveReel(source, self._camera.name, folder, self._limits, self._camera.raw)
        if key == UPLOAD:
            what, name = str(self.folder / UPLOAD), "the uploaded clip"
            if not Path(what).is_file():
                raise InputError("nothing has been uploaded yet; choose a clip")
        else:
            what, name = self._menu.find(key)
        source = open_source(what)
        return LiveReel(source, name, folder, self._limits) if source.live else ClipReel(what, name, source)

    def _choose(self, name: str) -> None:
        """Another model; targets that are followed stay where they are."""
        choice = self._shelf.choice(name)
        self._say({"kind": "loading", "model": name})
        model = self._shelf.take(name)
        self._model_name = name
        before, frame = self._pass, self._shown_frame
        if before is None:
            return
        self._pass = before.succeeded_by(model, needs_targets=choice.needs_targets, limits=self._limits)
        boxes = {} if frame is None else held(before.results.get(frame.index))
        if frame is None or (choice.needs_targets and not boxes):
            return
        if not choice.needs_targets:
            self._pass.results.forget(frame.index)
            self._show(frame, self._pass.step(frame))
        else:
            self._show(frame, self._pass.point(frame, boxes, self._again))
        # what another model has found further on is forgotten
        self._frontier = frame.index

    def _point(self, index: int, boxes: tuple[tuple[TargetId | None, Box], ...]) -> None:
        if self._pass is None or self._reel is None:
            raise InputError("there is nothing to look at yet; open a source")
        if not self._pass.needs_targets:
            raise InputError(f"{self._model_name} finds things by itself; choose a tracker to point at them")
        named: dict[TargetId, Box] = {}
        for target, box in boxes:
            if target is None:
                target, self._next_id = self._next_id, self._next_id + 1
            named[target] = box
        followed = self._followed(index)
        if len(named.keys() | followed) > self._limits.targets:
            raise TargetError(f"at most {self._limits.targets} targets are followed here; drop some")
        frame = self._again(index)
        named = {target: inside(box, frame.size_wh) for target, box in named.items()}
        self._show(frame, self._pass.point(frame, named, self._again))
        self._frontier = frame.index

    def _followed(self, index: int) -> set[TargetId]:
        found = self._pass.results.get(index) if self._pass is not None else Instances.empty()
        return set() if found.ids is None else set(found.ids.tolist())

    def _leave(self, ids: list[TargetId]) -> None:
        if self._pass is None:
            return
        followed = self._followed(self._frontier)
        self._pass.leave([target for target in ids if target in followed])

    def _again(self, index: int) -> Frame:
        """A frame that has been shown."""
        if self._shown_frame is not None and self._shown_frame.index == index:
            return self._shown_frame
        if self._reel is None or not 0 <= index <= self._frontier:
            raise InputError(f"frame {index} has not been shown yet")
        # the output may still be writing it down
        self._output.submit(lambda: None).result()
        return self._reel.frame(index)

    def _seek(self, index: int) -> None:
        self._is_playing = False
        if self._pass is None or self._reel is None:
            return
        index = min(max(index, self._reel.first), max(self._frontier, 0))
        frame = self._again(index)
        self._show(frame, self._pass.results.get(index))

    def _tell_again(self) -> None:
        """The frame that is shown, to a page that may not have seen it."""
        self._in_flight = 0
        self._meter.resume()
        if self._pass is not None and self._shown_frame is not None:
            self._show(self._shown_frame, self._pass.results.get(self._shown_frame.index))

    def _step(self) -> None:
        if self._reel is not None and not self._reel.wait(_PATIENCE):
            raise InputError("no picture has come; see whether the camera is still there")
        self._advance()

    def _advance_in_time(self) -> None:
        """The next frame, as soon as there is one."""
        if self._reel is not None and self._reel.wait(_BEAT):
            self._advance()

    def _advance(self) -> None:
        """The next frame: one that has been run already is shown again, any other is run."""
        reel, passing = self._reel, self._pass
        if reel is None or passing is None:
            return
        position = -1 if self._shown_frame is None else self._shown_frame.index
        if position < self._frontier and not reel.live:
            frame = reel.frame(position + 1)
            self._show(frame, passing.results.get(frame.index))
            return
        next_frame = reel.next(position)
        if next_frame is None:
            self._is_playing = False
            self._tell_state(ended=True)
            return
        insights = passing.inspect(next_frame) if self._inspects else None
        found = passing.step(next_frame)
        if isinstance(reel, LiveReel):
            self._meter.ran(next_frame.index, reel.source.arrived)
        self._frontier = next_frame.index
        self._show(next_frame, found, insights, is_own=self._camera is not None)

    def _show(
        self,
        frame: Frame,
        found: Instances,
        insights: Mapping[TargetId, Insight] | None = None,
        *,
        is_own: bool = False,
    ) -> None:
        """Sends a frame with what was found in it; no picture where the page has just sent it itself."""
        reel = self._reel
        assert reel is not None
        self._shown_frame = frame
        self._in_flight += 1
        self._meter.showed(reel.fps)
        header: dict[str, Any] = {
            "kind": "frame",
            "frame": frame.index,
            "time": frame.time,
            "size": list(frame.size_wh),
            "found": found,
            "ms": round(sum(found.timings.values()), 2),
            **self._meter.told(live=reel.live),
            "insights": insights,
            "own": is_own,
        }
        self._output.submit(self._tell_frame, header, reel, frame)

    def _say(self, header: Mapping[str, Any]) -> None:
        """Tells the page something, behind the frames that are on their way."""
        self._output.submit(self._send, header, None)

    def _tell_frame(self, header: dict[str, Any], reel: Reel, frame: Frame) -> None:
        """In the thread of the output: writes down what was found, and sends it."""
        try:
            found, insights = header.pop("found"), header.pop("insights")
            header |= {"targets": messages.told(found), "edges": messages.edges(found)}
            if insights is not None:
                header["insights"] = messages.seen(insights)
            picture = reel.jpeg(frame)
            header["unrecorded"] = reel.unrecorded if isinstance(reel, LiveReel) else 0
            self._send(header, b"" if header["own"] else picture)
        except Exception:
            log.exception("a frame could not be sent")

    def _tell_state(self, *, ended: bool = False) -> None:
        reel, choice = self._reel, self._shelf.choice(self._model_name)
        self._say(
            {
                "kind": "state",
                "playing": self._is_playing,
                "ended": ended,
                "model": self._model_name,
                "task": choice.task,
                "points": choice.needs_targets,
                "source": None if reel is None else reel.name,
                "live": reel is not None and reel.live,
                "frames": None if reel is None else reel.num_frames,
                "first": 0 if reel is None else reel.first,
                "frontier": self._frontier,
                "records": isinstance(reel, LiveReel) and reel.records,
                "recorded": self._limits.recorded_frames,
                "inspects": self._inspects,
            },
        )

    def speakable(self, error: SaccadeError) -> str:
        """What the visitor is told of an error; the log says more."""
        said = messages.speakable(error, "this source" if self._reel is None else self._reel.name)
        if said != str(error):
            log.warning("%s", error)
        return said
