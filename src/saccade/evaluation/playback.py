"""Playback: the frames of a run with what each model answered, the truth, and a legend with the overlaps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol as Interface
from typing import runtime_checkable

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Int32, UInt8

from saccade.core import DatasetError
from saccade.data import LabelAnnotation, Sequence, Tracks
from saccade.data.formats.labels import ids_in
from saccade.data.formats.tracks import read_tracks
from saccade.data.truth import GroundTruth, ObjectId
from saccade.evaluation.metrics.regions import mask_overlap
from saccade.evaluation.protocols import Job, Protocol, answered_labels, from_one, region_overlap, true_labels
from saccade.evaluation.results import ModelResults
from saccade.evaluation.tracks import Code, Track
from saccade.ops.masks import VOID

Picture = UInt8[np.ndarray, "H W 3"]
Canvas = UInt8[np.ndarray, "h w 3"]
"""a frame that was enlarged, with or without its legend"""
Color = tuple[int, int, int]

WIDTH = 480
"""pixels; narrower frames are enlarged to at least that much, so that lines stay fine and letters legible"""
_INK, _PAPER, _TRUTH = (225, 228, 232), (16, 20, 24), (255, 255, 255)
_ROW, _MARGIN, _SWATCH, _GAP = 26, 10, 12, 6
_LONGEST = "0.00 lost"
_FILL = 0.4


@runtime_checkable
class Answers(Interface):
    """What a model answered in a run."""

    def draw(self, canvas: Canvas, place: int, pen: "Pen") -> None:
        """Draws its answer in a frame, by its place in the run."""
        ...

    def remark(self, place: int) -> str:
        """What the legend says of it: the overlap with the truth in [0, 1], or why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws in one colour on frames that were enlarged.

    Attributes:
        scale: pixels of the canvas by pixels of the frame.
        line: width of lines in pixels of the canvas.
    """

    color: Color
    scale: int
    line: int = 2

    def box(self, canvas: Canvas, xywh: Float64[np.ndarray, "4"]) -> None:
        """A box (x, y, w, h) in frame pixels."""
        x, y, w, h = xywh
        self.outline(canvas, np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)]))

    def outline(self, canvas: Canvas, points: Float64[np.ndarray, "P 2"]) -> None:
        """A closed line through points (x, y) in frame pixels."""
        corners = np.rint(points * self.scale).astype(np.int32)
        if self.color == _TRUTH:
            # white is seen on white as well
            cv2.polylines(canvas, [corners], True, _PAPER, self.line + 2, cv2.LINE_AA)
        cv2.polylines(canvas, [corners], True, self.color, self.line, cv2.LINE_AA)

    def mask(self, canvas: Canvas, mask: Bool[np.ndarray, "H W"], *, fills: bool) -> None:
        """A mask at the size of the frame: its outline, and the colour over it."""
        large = cv2.resize(mask.astype(np.uint8), canvas.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        if fills:
            inside = large > 0
            mixed = (1 - _FILL) * canvas[inside] + _FILL * np.array(self.color)
            canvas[inside] = mixed.astype(np.uint8)
        contours: list[Int32[np.ndarray, "P 1 2"]] = list(
            cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        )
        if self.color == _TRUTH:
            cv2.drawContours(canvas, contours, -1, _PAPER, self.line + 2, cv2.LINE_AA)
        cv2.drawContours(canvas, contours, -1, self.color, self.line, cv2.LINE_AA)

    def text(self, canvas: Canvas, text: str, corner_xy: tuple[int, int]) -> None:
        """Letters, whose left lower corner is given in pixels of the canvas."""
        for color, width in ((_PAPER, 3), (self.color, 1)):
            cv2.putText(canvas, text, corner_xy, cv2.FONT_HERSHEY_SIMPLEX, 0.45, color, width, cv2.LINE_AA)


class Playback:
    """The frames of a run, in the order in which models saw them; iterating over it makes the pictures.

    Args:
        models: their results, by name.
        colors: `#RRGGBB` of each.

    Raises:
        DatasetError: when a result is missing or does not fit the run.
    """

    def __init__(
        self,
        job: Job,
        protocol: Protocol,
        models: Mapping[str, ModelResults],
        colors: Mapping[str, str],
    ) -> None:
        self.job = job
        self._colors = {name: _rgb(colors[name]) for name in models}
        self._answers: dict[str, Answers] = {
            name: _answers(job, protocol, results) for name, results in models.items()
        }

    def __len__(self) -> int:
        return len(self.job.frames)

    def __iter__(self) -> Iterator[Canvas]:
        """Reads and draws the frames one after another.

        Raises:
            SourceError: when the file of a frame is missing or broken.
            DatasetError: when a label picture is.
        """
        for place, index in enumerate(self.job.frames):
            yield self._draw(self.job.sequence[index].image, place, index)

    def _draw(self, image: Picture, place: int, index: int) -> Canvas:
        scale = -(-WIDTH // image.shape[1])
        size_wh = (image.shape[1] * scale, image.shape[0] * scale)
        canvas = cv2.resize(image, size_wh, interpolation=cv2.INTER_CUBIC) if scale > 1 else image.copy()
        _draw_truth(canvas, self.job.sequence, index, Pen(_TRUTH, scale))
        legend = [("truth", "", _TRUTH)]
        for name, answers in self._answers.items():
            color = self._colors[name]
            answers.draw(canvas, place, Pen(color, scale))
            legend.append((name, answers.remark(place), color))
        legend.append(("frame", f"{index}", _PAPER))
        return np.concatenate([canvas, _legend(legend, size_wh[0])])


@dataclass(frozen=True, slots=True)
class _Boxes:
    """Boxes of one or more targets."""

    job: Job
    tracks: Mapping[ObjectId, Track]
    truths: Mapping[ObjectId, GroundTruth]

    def draw(self, canvas: Canvas, place: int, pen: Pen) -> None:
        for track in self.tracks.values():
            if not np.isnan(track.boxes[place]).any():
                Pen(pen.color, pen.scale, 1 if track.is_lost[place] else pen.line).box(
                    canvas, track.boxes[place]
                )

    def remark(self, place: int) -> str:
        tracks = self.tracks.values()
        codes = {None if track.codes is None else int(track.codes[place]) for track in tracks}
        if Code.FAILURE in codes:
            return "failed"
        index, size = self.job.frames[place], self.job.sequence.size_wh
        overlaps = [
            region_overlap(track.boxes[place], self.truths[target], index, size)
            for target, track in self.tracks.items()
            if not np.isnan(track.boxes[place]).any()
        ]
        lost = " lost" if all(track.is_lost[place] for track in tracks) else ""
        return _mean(overlaps) + lost


@dataclass(frozen=True, slots=True)
class _Masks:
    """Label pictures of one or more objects."""

    job: Job
    results: ModelResults
    files: list[str]

    def draw(self, canvas: Canvas, place: int, pen: Pen) -> None:
        labels = self._labels(place)
        for label in () if labels is None else ids_in(labels):
            pen.mask(canvas, labels == label, fills=True)

    def remark(self, place: int) -> str:
        labels, truth = self._labels(place), true_labels(self.job, self.job.frames[place])
        if labels is None or truth is None:
            return ""
        return _mean([mask_overlap(labels == label, truth == label) for label in ids_in(truth)])

    def _labels(self, place: int) -> UInt8[np.ndarray, "H W"] | None:
        if place < self.job.first:
            return None
        file = self.results.folder / self.files[place - self.job.first]
        return answered_labels(file, self.job, self.job.frames[place])


@dataclass(frozen=True, slots=True)
class _Found:
    """Boxes of all that a model has found, with their ids."""

    tracks: Tracks

    def draw(self, canvas: Canvas, place: int, pen: Pen) -> None:
        rows = self.tracks.at(place)
        for box, target in zip(from_one(self.tracks.boxes[rows]), self.tracks.ids[rows], strict=True):
            pen.box(canvas, box)
            x, y = np.rint(box[:2] * pen.scale).astype(int).tolist()
            pen.text(canvas, f"{target}", (x, y - 4))

    def remark(self, place: int) -> str:
        rows = self.tracks.at(place)
        return f"{rows.stop - rows.start} found"


def _answers(job: Job, protocol: Protocol, results: ModelResults) -> Answers:
    if protocol.kind == "boxes":
        tracks = results.read_job(job)
        return _Boxes(job, tracks, {target: job.sequence.objects[target] for target in tracks})
    if not results.has(protocol.files(job)):
        raise DatasetError(f"{results.folder}: no result of '{job.stem}' yet; saccade eval makes it")
    if protocol.kind == "masks":
        return _Masks(job, results, protocol.files(job))
    (file,) = protocol.files(job)
    return _Found(read_tracks(results.folder / file, len(job.frames)))


def _draw_truth(canvas: Canvas, sequence: Sequence, index: int, pen: Pen) -> None:
    annotation = sequence.annotation
    if isinstance(annotation, LabelAnnotation):
        labels = annotation.labels(index)
        for label in () if labels is None else ids_in(labels):
            pen.mask(canvas, (labels == label) & (labels != VOID), fills=False)
    elif isinstance(annotation, Tracks):
        rows = np.arange(len(annotation.ids))[annotation.at(index)]
        for box in from_one(annotation.boxes[rows[annotation.counts[rows]]]):
            pen.box(canvas, box)
    else:
        for target in annotation.starts:
            _draw_target(canvas, annotation.truth(target), index, pen)


def _draw_target(canvas: Canvas, truth: GroundTruth, index: int, pen: Pen) -> None:
    if not truth.is_present[index]:
        return
    mask = None if truth.masks is None else truth.masks[index]
    polygon = truth.polygon(index)
    if mask is not None:
        pen.mask(canvas, mask, fills=False)
    elif polygon is not None:
        pen.outline(canvas, polygon)
    else:
        pen.box(canvas, truth.boxes[index])


def _legend(entries: list[tuple[str, str, Color]], width: int) -> Canvas:
    """A strip as wide as the picture, in as many rows as it takes: names, remarks on them, and colours."""
    ink = Pen(_INK, 1)
    rows: list[list[tuple[int, str, Color]]] = [[]]
    x = _MARGIN
    for name, remark, color in entries:
        # as wide as its longest remark, so that nothing moves from frame to frame
        room = _SWATCH + _GAP + _width(f"{name} {_LONGEST if color != _TRUTH else ''}") + 2 * _MARGIN
        if rows[-1] and x + room > width:
            rows.append([])
            x = _MARGIN
        rows[-1].append((x, f"{name} {remark}", color))
        x += room
    strip = np.full((_ROW * len(rows), width, 3), _PAPER, dtype=np.uint8)
    for line, row in enumerate(rows):
        middle = line * _ROW + _ROW // 2
        for x, text, color in row:
            cv2.rectangle(strip, (x, middle - 6), (x + _SWATCH, middle + 6), color, cv2.FILLED)
            ink.text(strip, text, (x + _SWATCH + _GAP, middle + 5))
    return strip


def _width(text: str) -> int:
    size_wh, _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
    return int(size_wh[0])


def _mean(overlaps: list[float]) -> str:
    known = [overlap for overlap in overlaps if not np.isnan(overlap)]
    return f"{np.mean(known):.2f}" if known else ""


def _rgb(code: str) -> Color:
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return red, green, blue
