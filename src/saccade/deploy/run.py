"""The loop of all that runs over a source and leaves files: each frame drawn, written and counted."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from saccade.core import Frame, Instances, SaccadeError
from saccade.deploy.interrupts import undisturbed
from saccade.draw import Overlay
from saccade.media import RunWriter, VideoSink
from saccade.media.files import make_folder, replacing
from saccade.media.realtime import Pace, keeping_up
from saccade.media.results import RunFiles

_DRAWN = ("video.mp4", "pictures/*.jpg")
"""what is drawn: one or the other"""
_QUALITY = 92
"""of JPEG"""

Picture = UInt8[np.ndarray, "H W 3"]
Found = tuple[Frame, Instances, float]
"""a frame, what is in it, and the seconds that finding it took"""
Look = Callable[[list[Frame]], Sequence[Instances]]
"""what is in each of several frames"""
Watch = Callable[[Frame, Instances, Picture], bool]
"""sees each frame, what was found and the annotated picture; False ends the run"""


@dataclass(slots=True)
class Done(ABC):
    """What a run has left behind; every kind of run counts what it is about.

    Attributes:
        out: folder of the files.
        skipped: frames that could not be read and were left out, a sentence each.
        frames: how many were run.
        seconds: what the model took, reading, drawing and writing not counted.
        ms_per_frame: mean milliseconds of a frame by stage.
        files: names of what was written, in `out`.
    """

    out: Path
    skipped: Sequence[str] = ()
    frames: int = 0
    seconds: float = 0.0
    ms_per_frame: Mapping[str, float] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    @property
    def fps(self) -> float:
        """Frames by seconds of the model, the first frame included."""
        return self.frames / self.seconds if self.seconds else 0.0

    @abstractmethod
    def count(self, found: Instances, seconds: float) -> None:
        """Counts what is in one more frame."""

    @abstractmethod
    def counted(self) -> dict[str, Any]:
        """What was counted, as JSON values."""

    def outcome(self) -> dict[str, Any]:
        """What `run.json` says of the run's end, beside what its writer knows."""
        return {
            **self.counted(),
            "fps": round(self.fps, 2),
            "seconds": round(self.seconds, 4),
            "skipped": list(self.skipped),
        }

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        about = {"out": str(self.out), "files": self.files, "frames": self.frames}
        return {**about, **self.outcome(), "ms_per_frame": dict(self.ms_per_frame)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run leaves beside what it finds, whatever it looks for.

    Attributes:
        about: what belongs into `run.json`, e.g. the command, the model and the device.
        pictures: the files that the frames are of, by `Frame.index`; none where they are a video.
        fps: frames per second of the annotated video; the sink's default when None.
        watch: sees each frame after it has been run; ends the run by returning False.
        pace: of a live source, which is kept up with; None for any other.
        draws: whether the frames are pictures that can be drawn on.
    """

    about: Mapping[str, Any] = field(default_factory=dict)
    pictures: Sequence[Path] = ()
    fps: float | None = None
    watch: Watch = lambda *_: True
    pace: Pace | None = None
    draws: bool = True


def run(
    found: Iterable[Found], done: Done, files: Callable[[Path], RunFiles], plan: Plan, overlay: Overlay
) -> None:
    """Draws, writes and counts what is found, frame by frame.

    Whatever ends it - the last frame, an error, Ctrl-C - what was found so far is kept in whole files.

    Args:
        found: frames in order, as they are run.
        done: where the files go, and what is counted; the folder is made when the first frame has been run.
        files: from the folder to the files beside `run.json` and what is drawn.
        overlay: draws.

    Raises:
        SaccadeError: whatever reading, finding and writing raise; a note on it says what was kept.
        KeyboardInterrupt: on Ctrl-C, with the same note.
    """
    folder, finished = _Folder(done.out, files, plan), False
    if plan.pace is not None:
        found = keeping_up(found, plan.pace)
    try:
        for frame, instances, seconds in found:
            picture = overlay.draw(frame, instances) if plan.draws else frame.image
            with undisturbed():
                folder.write(frame, instances, picture)
                done.frames += 1
                done.seconds += seconds
                done.count(instances, seconds)
            if not plan.watch(frame, instances, picture):
                break
        finished = True
    except (SaccadeError, KeyboardInterrupt) as error:
        if done.frames:
            count = f"{done.frames} frame{'s' * (done.frames != 1)}"
            error.add_note(f"the {count} before that are kept in {done.out}")
        raise
    finally:
        with undisturbed():
            folder.close(done, finished=finished)


def picture_stems(files: Sequence[Path]) -> list[str]:
    """What the files that belong to pictures are called, without suffix; no two are the same."""
    stems = [path.stem for path in files]
    if len(set(stems)) == len(stems):
        return stems
    return [f"{index:05d}-{stem}" for index, stem in enumerate(stems)]


def looked_at(look: Look, frames: Iterable[Frame], batch: int) -> Iterator[Found]:
    """Each frame, what is in it, and its share of the seconds that this took.

    Args:
        batch: frames that are looked at together.
    """
    for together in _batches(frames, batch):
        begun = perf_counter()
        answers = look(together)
        each = (perf_counter() - begun) / len(together)
        for frame, found in zip(together, answers, strict=True):
            yield frame, found, each


def _batches(frames: Iterable[Frame], size: int) -> Iterator[list[Frame]]:
    """Several frames at a time; those before one that cannot be read come before the complaint about it."""
    waiting: list[Frame] = []
    rest = iter(frames)
    while True:
        try:
            frame = next(rest, None)
        except SaccadeError:
            if waiting:
                yield waiting
            raise
        if frame is not None:
            waiting.append(frame)
        if waiting and (frame is None or len(waiting) == size):
            yield waiting
            waiting = []
        if frame is None:
            return


class _Folder:
    """The files of a run, begun with its first frame, so that a run that never begins leaves nothing."""

    def __init__(self, out: Path, files: Callable[[Path], RunFiles], plan: Plan) -> None:
        self._out, self._files, self._about, self._pace = out, files, plan.about, plan.pace
        self._drawn = _drawn(out, plan)
        self._writer: RunWriter | None = None

    def write(self, frame: Frame, found: Instances, picture: Picture) -> None:
        if self._writer is None:
            self._writer = RunWriter(self._out, self._about, self._files, _DRAWN)
        self._writer.write(found)
        if self._drawn is not None:
            self._drawn.write(frame, picture)

    def close(self, done: Done, *, finished: bool) -> None:
        if self._writer is None:
            return
        try:
            if self._drawn is not None:
                self._drawn.close()
        finally:
            done.ms_per_frame = self._writer.ms_per_frame
            self._writer.run |= done.outcome()
            if self._pace is not None:
                self._writer.run["live"] = self._pace.to_json()
            self._writer.close(finished=finished)
        done.files = self._writer.names


def _drawn(out: Path, plan: Plan) -> "_Pictures | _Video | None":
    """What is left of drawn frames."""
    if not plan.draws:
        return None
    return _Pictures(out, plan.pictures) if plan.pictures else _Video(out, plan.fps)


class _Video:
    """`video.mp4`."""

    def __init__(self, out: Path, fps: float | None) -> None:
        self._path, self._fps = out / "video.mp4", fps
        self._sink: VideoSink | None = None

    def write(self, frame: Frame, picture: Picture) -> None:
        if self._sink is None:
            self._sink = VideoSink(self._path, self._fps)
        self._sink.write(picture, frame.time)

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()


class _Pictures:
    """`pictures/`: JPEGs with the names of the pictures that were looked at."""

    def __init__(self, out: Path, files: Sequence[Path]) -> None:
        self._folder, self._stems = out / "pictures", picture_stems(files)

    def write(self, frame: Frame, picture: Picture) -> None:
        path = self._folder / f"{self._stems[frame.index]}.jpg"
        make_folder(self._folder)
        _, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        with replacing(path) as part:
            part.write_bytes(encoded.tobytes())

    def close(self) -> None:
        """Each picture is whole when it is written."""
