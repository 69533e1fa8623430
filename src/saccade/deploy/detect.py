"""Runs a detector over a source, and leaves what it finds: tables, and pictures or a video with boxes."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from saccade.core import Frame, Instances, SaccadeError
from saccade.core.config import to_json
from saccade.deploy.interrupts import undisturbed
from saccade.draw import Overlay
from saccade.media import VideoSink
from saccade.media.files import LineFile, make_folder, output_error, replacing

HEADER = ("frame", "label", "name", "score", "x", "y", "w", "h")
"""of `detections.csv`"""
FILES = ("detections.csv", "detections.json", "pictures", "run.json", "video.mp4")
"""what a detector may leave behind"""
_QUALITY = 92
"""of JPEG"""

Picture = UInt8[np.ndarray, "H W 3"]
Detect = Callable[[list[Frame]], Sequence[Instances]]
"""what is found in each of several frames"""
Watch = Callable[[Frame, Instances, Picture], bool]
"""sees each frame, what was found and the annotated picture; False ends the run"""


@dataclass(slots=True)
class Detections:
    """What a detector has left behind.

    Attributes:
        out: folder of the files.
        frames: how many were looked at.
        counts: how many were found of each class.
        seconds: what the detector took, reading, drawing and writing not counted.
        milliseconds: by stage, all frames together.
        skipped: frames that could not be read and were left out, a sentence each.
        files: names of what was written, in `out`.
    """

    out: Path
    frames: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    milliseconds: Counter[str] = field(default_factory=Counter)
    skipped: Sequence[str] = ()
    files: list[str] = field(default_factory=list)

    @property
    def fps(self) -> float:
        """Frames by seconds of the detector."""
        return self.frames / self.seconds if self.seconds else 0.0

    def add(self, found: Instances, seconds: float) -> None:
        """Counts one more frame."""
        self.frames += 1
        self.seconds += seconds
        self.counts.update([] if found.names is None else found.names.tolist())
        self.milliseconds.update(found.timings)

    def outcome(self) -> dict[str, Any]:
        """What `run.json` says of the run's end."""
        return {
            "frames": self.frames,
            "found": sum(self.counts.values()),
            "counts": dict(self.counts.most_common()),
            "fps": round(self.fps, 2),
            "seconds": round(self.seconds, 4),
            "ms_per_frame": {
                stage: round(spent / max(self.frames, 1), 3) for stage, spent in self.milliseconds.items()
            },
            "skipped": list(self.skipped),
        }

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"out": str(self.out), "files": self.files, **self.outcome()}


def detect(
    detector: Detect,
    frames: Iterable[Frame],
    out: Path,
    *,
    category_ids: Sequence[int],
    pictures: Sequence[Path] = (),
    fps: float | None = None,
    batch: int = 1,
    about: Mapping[str, Any] | None = None,
    skipped: Sequence[str] = (),
    watch: Watch = lambda *_: True,
) -> Detections:
    """Runs a detector over frames and writes what it finds into a folder.

    Whatever ends it - the last frame, an error, Ctrl-C - what was found so far is kept in whole files.

    Args:
        detector: what finds.
        frames: in order.
        out: where the files go; the folder is made when the first frame has been looked at.
        category_ids: the number of each class in COCO files, by label.
        pictures: the files that the frames are of, by `Frame.index`; none where they are a video.
        fps: frames per second of the annotated video; the sink's default when None.
        batch: frames that are looked at together.
        about: what belongs into `run.json`, e.g. the command, the model and the device.
        skipped: what the source leaves out; it may still grow.
        watch: sees each frame after it has been looked at; ends the run by returning False.

    Raises:
        SaccadeError: whatever reading, finding and writing raise; a note on it says what was kept.
        KeyboardInterrupt: on Ctrl-C, with the same note.
    """
    done = Detections(out, skipped=skipped)
    overlay, finished = Overlay(), False
    writer = _Writer(out, category_ids, pictures, fps, dict(about or {}))
    try:
        for frame, found, seconds in _found(detector, frames, batch):
            picture = overlay.draw(frame, found)
            with undisturbed():
                writer.write(frame, found, picture)
                done.add(found, seconds)
            if not watch(frame, found, picture):
                break
        finished = True
    except (SaccadeError, KeyboardInterrupt) as error:
        if done.frames:
            error.add_note(f"the {done.frames} frame{'s' * (done.frames != 1)} before that are kept in {out}")
        raise
    finally:
        with undisturbed():
            writer.close(done.outcome(), finished=finished)
    done.files = [name for name in FILES if (out / name).exists()]
    return done


def _found(detector: Detect, frames: Iterable[Frame], batch: int) -> Iterator[tuple[Frame, Instances, float]]:
    """Each frame, what is in it, and its share of the seconds that this took."""
    for together in _batches(frames, batch):
        begun = perf_counter()
        answers = detector(together)
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


class _Writer:
    """The files of a run, begun with its first frame, so that a run that never begins leaves nothing."""

    def __init__(
        self,
        out: Path,
        category_ids: Sequence[int],
        pictures: Sequence[Path],
        fps: float | None,
        facts: Mapping[str, Any],
    ) -> None:
        self._out, self._fps, self._facts = out, fps, facts
        self._category_ids, self._pictures = category_ids, pictures
        stems = Counter(path.stem for path in pictures)
        self._is_unique = all(count == 1 for count in stems.values())
        # 7 and 007 are one number
        self._is_numbered = len({int(stem) for stem in stems if stem.isdecimal()}) == len(pictures)
        self._csv: LineFile | None = None
        self._json: LineFile | None = None
        self._video: VideoSink | None = None
        self._is_first = True

    def write(self, frame: Frame, found: Instances, picture: Picture) -> None:
        """Writes what was found in the next frame."""
        if self._csv is None or self._json is None:
            self._csv, self._json = self._begin()
        self._csv.append(_csv_lines(found))
        rows = [
            row | {"category_id": self._category_ids[row["category_id"]], "image_id": self._image_id(frame)}
            for row in found.to_coco()
        ]
        self._json.append("".join(self._separator() + json.dumps(row) for row in rows))
        if self._pictures:
            self._write_picture(frame, picture)
            return
        if self._video is None:
            self._video = VideoSink(self._out / "video.mp4", self._fps)
        self._video.write(picture, frame.time)

    def _begin(self) -> tuple[LineFile, LineFile]:
        make_folder(self._out)
        self._clear()
        table, rows = (LineFile(self._out / name) for name in ("detections.csv", "detections.json"))
        table.append(",".join(HEADER) + "\n")
        rows.append("[")
        return table, rows

    def _clear(self) -> None:
        """Removes what an earlier run has left that this one may not write anew."""
        # without a run.json the folder is not a run's, and what is in it is not ours to remove
        if not (self._out / "run.json").is_file():
            return
        try:
            for path in (self._out / "video.mp4", *(self._out / "pictures").glob("*.jpg")):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise output_error(self._out, error) from error

    def _separator(self) -> str:
        text = "\n" if self._is_first else ",\n"
        self._is_first = False
        return text

    def _image_id(self, frame: Frame) -> int | str:
        """The frame's number; a picture's own where all are called by one, as COCO's, else its name."""
        if not self._pictures:
            return frame.index
        path = self._pictures[frame.index]
        return int(path.stem) if self._is_numbered else path.name

    def _write_picture(self, frame: Frame, picture: Picture) -> None:
        stem = self._pictures[frame.index].stem
        path = self._out / "pictures" / f"{stem if self._is_unique else f'{frame.index:05d}-{stem}'}.jpg"
        make_folder(path.parent)
        _, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        with replacing(path) as part:
            part.write_bytes(encoded.tobytes())

    def close(self, outcome: Mapping[str, Any], *, finished: bool) -> None:
        """Gives the files their names; each of them, even when another fails."""
        if self._csv is None or self._json is None:
            return
        with ExitStack() as endings:
            endings.callback(self._write_run, {**self._facts, **outcome, "finished": finished})
            if self._video is not None:
                endings.callback(self._video.close)
            endings.callback(self._csv.close)
            endings.callback(self._json.close)
            self._json.append("\n]\n")

    def _write_run(self, record: Mapping[str, Any]) -> None:
        with replacing(self._out / "run.json") as part:
            part.write_text(json.dumps(to_json(record), indent=2, default=str) + "\n")


def _csv_lines(found: Instances) -> str:
    assert found.labels is not None and found.names is not None
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = (found.labels.tolist(), found.names.tolist(), found.scores.tolist(), found.xywh.tolist())
    for label, name, score, box in zip(*columns, strict=True):
        writer.writerow([found.frame, label, name, f"{score:.4f}", *(f"{value:.2f}" for value in box)])
    return text.getvalue()
