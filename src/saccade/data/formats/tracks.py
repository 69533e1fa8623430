"""MOTChallenge text files: one line a box, of all objects of a video."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.core import DatasetError, Instances
from saccade.core.instances import NOBODY
from saccade.data.formats.text import numbered_rows, read_table
from saccade.data.frames import Frames
from saccade.data.truth import GroundTruth, ObjectId, Presence

PEDESTRIAN = 1
"""the class that MOTChallenge scores"""
DISTRACTORS = (2, 7, 8, 12)
"""classes that it does no harm to find: people on vehicles, standing people, distractors and reflections"""

_ROW = "at least 6 numbers frame,id,left,top,width,height, then confidence, class and visibility"
_FEWEST = 6
_FURTHEST = 1e9
"""pixels from any frame"""
_WORLD = 10
"""lines of so many numbers end in world coordinates instead of class and visibility"""


@dataclass(frozen=True, eq=False)
class Tracks:
    """All boxes of a video, R of them, sorted by frame and id.

    Attributes:
        num_frames: how many frames the video has.
        frames: counted from 0, unlike in the files.
        ids: which object each is; -1 of a detection.
        boxes: (x, y, w, h) as they stand in the file, in pixels counted from 1; they may leave the frame.
        confidence: of a detection; of ground truth 1 where it counts and 0 where it is to be ignored.
        categories: class as MOT16 numbers them, 1 a pedestrian; -1 where the file does not say.
        visibility: share of the object that nothing hides, in [0, 1]; NaN where the file does not say.
    """

    num_frames: int
    frames: Int64[np.ndarray, " R"]
    ids: Int64[np.ndarray, " R"]
    boxes: Float64[np.ndarray, "R 4"]
    confidence: Float64[np.ndarray, " R"]
    categories: Int64[np.ndarray, " R"]
    visibility: Float64[np.ndarray, " R"]

    def at(self, index: int) -> slice:
        """Which rows belong to a frame, counted from 0."""
        start, stop = np.searchsorted(self.frames, [index, index + 1])
        return slice(int(start), int(stop))

    def cut(self, start: int, stop: int) -> "Tracks":
        """The rows of the frames from `start` up to `stop`, which begin at 0 again."""
        rows = (self.frames >= start) & (self.frames < stop)
        columns = (self.ids, self.boxes, self.confidence, self.categories, self.visibility)
        return Tracks(stop - start, self.frames[rows] - start, *(column[rows] for column in columns))

    @property
    def corners(self) -> Float64[np.ndarray, "R 4"]:
        """The boxes (x1, y1, x2, y2) in frame pixels, edges, the first pixel being from 0 to 1."""
        starts = self.boxes[:, :2] - 1
        return np.concatenate([starts, starts + self.boxes[:, 2:]], axis=1)

    @property
    def is_pedestrian(self) -> Bool[np.ndarray, " R"]:
        """Which rows of ground truth are people that are to be found; what has no class is one."""
        return self.counts & ((self.categories == PEDESTRIAN) | (self.categories < 0))

    @property
    def counts(self) -> Bool[np.ndarray, " R"]:
        """Which rows of ground truth are to be found, rather than ignored."""
        return self.confidence != 0

    @cached_property
    def starts(self) -> Mapping[ObjectId, int]:
        """The objects in the order in which they appear, each with the first frame in which it is present."""
        ids, rows = np.unique(self.ids, return_index=True)
        order = np.argsort(rows, kind="stable")
        return {int(ids[i]): int(self.frames[rows[i]]) for i in order if ids[i] >= 0}

    def truth(self, object_id: ObjectId) -> GroundTruth:
        """Where an object is, frame by frame; it is absent where the file has no line of it."""
        rows = np.flatnonzero(self.ids == object_id)
        boxes = np.zeros((self.num_frames, 4))
        presence = np.full(self.num_frames, Presence.ABSENT, dtype=np.int8)
        visibility = np.zeros(self.num_frames)
        boxes[self.frames[rows]] = self.boxes[rows]
        presence[self.frames[rows]] = Presence.PRESENT
        visibility[self.frames[rows]] = self.visibility[rows]
        return GroundTruth(boxes, presence, visibility=visibility)

    def __len__(self) -> int:
        return self.num_frames


def read_tracks(path: Path, num_frames: int | None = None, *, has_ids: bool = True) -> Tracks:
    """Reads boxes of ground truth, detections or results in the format of the MOTChallenge.

    A line is `frame,id,left,top,width,height[,confidence[,class,visibility]]`, frames counted from 1. Lines
    of ten numbers, as in MOT15 and in results, end in world coordinates, which are left out.

    Args:
        num_frames: length of the video; up to the last frame that has a box when not given.
        has_ids: whether ids say who is who; where they do not, as in detections, all are -1.

    Raises:
        DatasetError: naming file and line, for anything else, a box of negative size, a frame beyond the
            video, or an id that occurs twice in a frame.
    """
    table = _table(path)
    if not has_ids:
        table[:, 1] = -1
    _check_numbers(table, path)
    rows, columns = table.shape
    frames = table[:, 0].astype(np.int64) - 1
    ids = table[:, 1].astype(np.int64)
    says_class = _says_class(table)
    tracks = Tracks(
        int(frames.max(initial=-1)) + 1 if num_frames is None else num_frames,
        frames,
        ids,
        table[:, 2:6],
        table[:, 6] if columns > _FEWEST else np.ones(rows),
        table[:, 7].astype(np.int64) if says_class else np.full(rows, -1),
        table[:, 8] if says_class and columns > 8 else np.full(rows, np.nan),
    )
    _check_boxes(tracks, path)
    order = np.lexsort((ids, frames))
    return Tracks(
        tracks.num_frames,
        frames[order],
        ids[order],
        tracks.boxes[order],
        tracks.confidence[order],
        tracks.categories[order],
        tracks.visibility[order],
    )


def track_lines(found: Instances) -> str:
    """The lines of a frame: `frame,id,left,top,width,height,score,-1,-1,-1`, for rows that belong to a track.

    Frames, ids and pixels, which all begin at 0 in `found`, are counted from 1, as the MOTChallenge does.

    Args:
        found: with ids that are whole numbers; `NOBODY` is left out.
    """
    assert found.ids is not None
    rows = zip(found.ids.tolist(), found.xywh.tolist(), found.scores.tolist(), strict=True)
    return "".join(
        f"{found.frame + 1},{who + 1},{x + 1:.4f},{y + 1:.4f},{w:.4f},{h:.4f},{score:.6f},-1,-1,-1\n"
        for who, (x, y, w, h), score in rows
        if who != NOBODY
    )


def empty_tracks(num_frames: int) -> Tracks:
    """The tracks of a video of which nothing is known, such as one of a test split."""
    none, boxes = np.zeros(0, dtype=np.int64), np.zeros((0, 4))
    return Tracks(num_frames, none, none, boxes, np.zeros(0), none, np.zeros(0))


@dataclass(frozen=True, slots=True)
class TrackReader:
    """Reads the tracks of a sequence when it is called.

    Attributes:
        file: None where the truth is not published.
        images: its frames.
    """

    file: Path | None
    images: Frames

    def __call__(self) -> Tracks:
        if self.file is None:
            return empty_tracks(len(self.images))
        return read_tracks(self.file, len(self.images))


def _table(path: Path) -> Float64[np.ndarray, "R K"]:
    table = read_table(path)
    if table is not None and not len(table):
        return np.zeros((0, _FEWEST))
    if table is None or table.shape[1] < _FEWEST:
        rows = list(numbered_rows(path, _ROW))
        if not rows:
            return np.zeros((0, _FEWEST))
        width = len(rows[0][0])
        for values, where in rows:
            if len(values) < _FEWEST or len(values) != width:
                raise DatasetError(
                    f"{where}: got {len(values)} numbers; expected {_ROW}, as many in each line"
                )
        table = np.array([values for values, _ in rows])
    return table


def _check_numbers(table: Float64[np.ndarray, "R K"], path: Path) -> None:
    """Refuses rows whose numbers cannot be what they should be."""
    frames, ids, boxes = table[:, 0], table[:, 1], table[:, 2:_FEWEST]
    faults = {
        "frame and id must be whole numbers, frames counted from 1, ids from 0, or -1 for none": ~(
            _is_count(frames) & _is_count(ids) & (frames >= 1) & (ids >= -1)
        ),
        "the box has negative width or height, or NaN": (boxes[:, 2:] < 0).any(axis=1)
        | np.isnan(boxes).any(axis=1),
        "the box is in no frame": (np.abs(boxes) > _FURTHEST).any(axis=1),
        "the confidence is NaN": np.isnan(table[:, _FEWEST : _FEWEST + 1]).any(axis=1),
    }
    if _says_class(table):
        faults["the class must be a whole number"] = ~_is_count(table[:, _FEWEST + 1])
    _refuse(faults, path)


def _is_count(numbers: Float64[np.ndarray, " R"]) -> Bool[np.ndarray, " R"]:
    """Which are whole and small enough that two make one 64-bit key."""
    return (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**31)


def _says_class(table: Float64[np.ndarray, "R K"]) -> bool:
    return _FEWEST + 2 <= table.shape[1] < _WORLD


def _check_boxes(tracks: Tracks, path: Path) -> None:
    """Refuses rows that are no box of a frame of the video."""
    faults = {
        f"the video has only {tracks.num_frames} frames": tracks.frames >= tracks.num_frames,
        "the id occurs twice in this frame": _repeated(tracks),
    }
    _refuse(faults, path)


def _refuse(faults: Mapping[str, Bool[np.ndarray, " R"]], path: Path) -> None:
    for fault, rows in faults.items():
        if rows.any():
            raise DatasetError(f"{path}, line {np.flatnonzero(rows)[0] + 1}: {fault}; correct the line")


def _repeated(tracks: Tracks) -> Bool[np.ndarray, " R"]:
    """Which rows repeat the frame and id of an earlier one."""
    repeated = np.ones(len(tracks.ids), dtype=bool)
    key = tracks.frames * (tracks.ids.max(initial=0) + 2) + tracks.ids
    repeated[np.unique(key, return_index=True)[1]] = False
    return repeated & (tracks.ids >= 0)
