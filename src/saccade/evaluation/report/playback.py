"""What the page plays: a few frames of a sequence in strips of JPEG, and what models answered in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8

from saccade.core import DatasetError
from saccade.data import Sequence as Video
from saccade.data import Tracks
from saccade.data.formats.tracks import read_tracks
from saccade.evaluation.metrics import overlap
from saccade.evaluation.metrics.davis import region_similarity
from saccade.evaluation.protocols import Job, Kind, from_one
from saccade.evaluation.report.parts import Performance
from saccade.evaluation.report.regions import label_pairs

BUDGET = 20_000_000
"""bytes of pictures in a report, about; on the page they take a third more"""
MOST = 1_000_000
"""bytes of pictures of a sequence, about, however few there are"""
FRAMES = 60
"""frames of a sequence that are shown, where there is room"""
FEWEST = 8
SMALLEST_FRAME = 4_500
"""bytes of a picture below which rather fewer are shown"""
SIDES = (176, 480)
"""least and largest width or height of a picture, whichever is longer, in pixels"""
QUALITIES = (70, 55, 40, 28)
BYTES_A_PIXEL = 0.11
"""what a JPEG of the first quality takes, about"""
CELL = 16
"""pictures begin at whole blocks of the JPEG, so that they do not run into each other"""
A_STRIP = 12
"""pictures in a strip"""
POINTS = 240
"""points of a score over time"""

Shape = list[float | int]
"""x, y, w, h of a box in frame pixels, with the id behind it where there are several; or x, y of the corners
of an outline, six numbers or more"""
Shapes = list[list[Shape]]
"""of each frame that is shown, what is in it"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each sequence is shown.

    Attributes:
        frames: how many at most.
        num_bytes: of their pictures, about; 0 for none at all.
    """

    frames: int
    num_bytes: int

    @classmethod
    def of(cls, frames: int | None, sequences: int) -> "Limits":
        """The limits for a report on so many sequences.

        Args:
            frames: how many of each are wanted; 0 for no pictures, None for as many as there is room for.
        """
        num_bytes = min(BUDGET // max(sequences, 1), MOST)
        if frames is None:
            return cls(min(FRAMES, max(FEWEST, num_bytes // SMALLEST_FRAME)), num_bytes)
        return cls(frames, num_bytes) if frames else cls(FRAMES, 0)

    def without_pictures(self) -> "Limits":
        """The same frames, without pictures."""
        return replace(self, num_bytes=0)

    def cell_wh(self, size_wh: tuple[int, int], frames: int) -> tuple[int, int]:
        """Width and height of the pictures of a sequence with frames of a size, in pixels."""
        width, height = size_wh
        pixels = self.num_bytes / frames / BYTES_A_PIXEL
        scale = sqrt(pixels / (width * height))
        longest = min(max(scale * max(size_wh), SIDES[0]), SIDES[1], max(size_wh))
        scale = longest / max(size_wh)
        return _blocks(scale * width), _blocks(scale * height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """The first run over a sequence, as the page shows it.

    Attributes:
        frames: which are shown, counted from 0, in the order in which the model saw them.
        size_wh: width and height of the frames in pixels.
        cell_wh: width and height of their pictures.
        strips: JPEG files, each with up to `A_STRIP` pictures below each other; none when there are none.
        truth: what is true.
        models: what each model answered.
        at: frames of the scores over time.
        scores: overlap over time of each model, in [0, 1], one value for each of these; NaN for none.
    """

    frames: list[int]
    size_wh: tuple[int, int]
    cell_wh: tuple[int, int]
    strips: list[bytes]
    truth: Shapes
    models: dict[str, Shapes]
    at: list[int]
    scores: dict[str, Float64[np.ndarray, " P"]]


def record(performances: Mapping[str, Performance], kind: Kind, limits: Limits) -> Playback:
    """Records the first run over a sequence, by all models that have one.

    Raises:
        SaccadeError: when a frame, or a result, cannot be read.
    """
    job = next(iter(performances.values())).jobs[0]
    places = np.unique(np.round(np.linspace(job.first, len(job.frames) - 1, limits.frames)).astype(int))
    shown = [job.frames[place] for place in places]
    scores: dict[str, Float64[np.ndarray, " F"]] = {}
    models: dict[str, Shapes] = {}
    truth: Shapes = []
    for name, performance in performances.items():
        if kind == "boxes":
            truth, models[name], scores[name] = _boxes(performance, places)
        elif kind == "masks":
            truth, models[name], scores[name] = _masks(performance, shown)
        else:
            truth, models[name] = _tracks(performance, shown)
    at, thinned = _thinned(np.asarray(job.frames)[job.first :], scores)
    size = _size(job, has_pictures=limits.num_bytes > 0)
    cell = limits.cell_wh(size, len(shown)) if limits.num_bytes else size
    return Playback(
        frames=shown,
        size_wh=size,
        cell_wh=cell,
        strips=_strips(job.sequence, shown, cell, limits.num_bytes) if limits.num_bytes else [],
        truth=truth,
        models=models,
        at=at,
        scores=thinned,
    )


def _size(job: Job, *, has_pictures: bool) -> tuple[int, int]:
    """Width and height of the frames; where no frame can be read, and none need be, all boxes are inside."""
    try:
        return job.sequence.size_wh
    except DatasetError:
        if has_pictures:
            raise
        truths = (job.sequence.objects[target] for target in job.starts)
        corners = [t.boxes[t.is_present, :2] + t.boxes[t.is_present, 2:] for t in truths]
        width, height = np.ceil(np.concatenate(corners).max(axis=0, initial=1)).astype(int).tolist()
        return width, height


def _boxes(
    performance: Performance, places: Int64[np.ndarray, " P"]
) -> tuple[Shapes, Shapes, Float64[np.ndarray, " F"]]:
    job, tracks = performance.jobs[0], performance.tracks[0]
    truths = job.sequence.objects
    frames = np.asarray(job.frames)
    true: Shapes = [[] for _ in places]
    found: Shapes = [[] for _ in places]
    overlaps = []
    for number, (target, track) in enumerate(tracks.items()):
        truth = truths[target]
        boxes, is_present = truth.boxes[frames], truth.is_present[frames]
        compared = is_present & np.isfinite(track.boxes).all(axis=1)
        rows = np.full(len(frames), np.nan)
        rows[compared] = overlap(track.boxes[compared], boxes[compared])
        overlaps.append(rows[job.first :])
        for shapes, source, mask in (
            (true, boxes, is_present),
            (found, track.boxes, np.isfinite(track.boxes).all(axis=1)),
        ):
            for row, place in enumerate(places):
                if mask[place]:
                    shapes[row].append(_box(source[place], number if len(tracks) > 1 else None))
    return true, found, _mean(np.array(overlaps))


def _masks(
    performance: Performance, shown: Sequence[int]
) -> tuple[Shapes, Shapes, Float64[np.ndarray, " F"]]:
    job = performance.jobs[0]
    wanted = set(shown)
    true: Shapes = []
    found: Shapes = []
    overlaps = []
    for index, (predicted, truth) in enumerate(label_pairs(performance.results, job), start=job.first):
        overlaps.append(np.nan if truth is None else region_similarity(predicted > 0, truth > 0))
        if index in wanted:
            found.append(_outlines(predicted))
            true.append([] if truth is None else _outlines(truth))
    return true, found, np.array(overlaps)


def _tracks(performance: Performance, shown: Sequence[int]) -> tuple[Shapes, Shapes]:
    job = performance.jobs[0]
    annotation = job.sequence.annotation
    assert isinstance(annotation, Tracks)
    found = read_tracks(performance.results.folder / f"{job.stem}.txt", len(job.frames))
    return _rows(annotation, annotation.counts, shown), _rows(found, np.ones(len(found.ids), bool), shown)


def _rows(tracks: Tracks, counts: Bool[np.ndarray, " R"], shown: Sequence[int]) -> Shapes:
    shapes = []
    for index in shown:
        part = tracks.at(index)
        rows = zip(from_one(tracks.boxes[part]), tracks.ids[part].tolist(), counts[part], strict=True)
        shapes.append([_box(box, target) for box, target, is_shown in rows if is_shown])
    return shapes


def _box(box: Float64[np.ndarray, "4"], number: int | None) -> Shape:
    shape: Shape = [round(value, 1) for value in box.tolist()]
    return shape if number is None else [*shape, number]


def _outlines(labels: UInt8[np.ndarray, "H W"]) -> list[Shape]:
    """The outlines of all objects in a label picture, with as few corners as do."""
    shapes = []
    for label in np.unique(labels[labels > 0]):
        mask = (labels == label).astype(np.uint8)
        for line in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
            corners = cv2.approxPolyDP(line, max(labels.shape) / 400, closed=True).reshape(-1)
            if len(corners) >= 6:
                shapes.append([float(value) for value in corners])
    return shapes


def _mean(rows: Float64[np.ndarray, "N F"]) -> Float64[np.ndarray, " F"]:
    """The mean over targets of what is known; NaN where nothing is."""
    known = ~np.isnan(rows)
    mean = np.full(rows.shape[1], np.nan)
    count = known.sum(axis=0)
    np.divide(np.nansum(rows, axis=0), count, out=mean, where=count > 0)
    return mean


def _thinned(
    frames: Int64[np.ndarray, " F"], scores: Mapping[str, Float64[np.ndarray, " F"]]
) -> tuple[list[int], dict[str, Float64[np.ndarray, " P"]]]:
    """At most `POINTS` of the values, each the mean of the frames around it."""
    if not scores:
        return [], {}
    step = max(ceil(len(frames) / POINTS), 1)
    pad = -len(frames) % step
    thinned = {
        name: _mean(np.pad(values, (0, pad), constant_values=np.nan).reshape(-1, step).T)
        for name, values in scores.items()
    }
    starts = np.arange(0, len(frames), step)
    return frames[np.minimum(starts + step // 2, len(frames) - 1)].tolist(), thinned


def _strips(video: Video, shown: Sequence[int], cell_wh: tuple[int, int], num_bytes: int) -> list[bytes]:
    pictures = [cv2.resize(video[index].image, cell_wh, interpolation=cv2.INTER_AREA) for index in shown]
    strips = [np.concatenate(pictures[i : i + A_STRIP]) for i in range(0, len(pictures), A_STRIP)]
    files: list[bytes] = []
    for quality in QUALITIES:
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
        files = [cv2.imencode(".jpg", strip[..., ::-1], options)[1].tobytes() for strip in strips]
        if sum(map(len, files)) <= num_bytes:
            break
    return files


def _blocks(length: float) -> int:
    return max(round(length / CELL), 1) * CELL
