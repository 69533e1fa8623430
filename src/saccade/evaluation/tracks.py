"""Tracks: what a model answered about one target of a sequence, and the text files that keep it.

<stem>.txt          one line x,y,w,h a frame, in frame pixels; in protocols with resets also VOT's codes
<stem>_score.txt    one line score,lost a frame: the model's confidence, and 1 where it says it is lost
<stem>_time.txt     seconds that each frame took
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int8

from saccade.core import DatasetError
from saccade.data.formats import read_numbers
from saccade.data.formats.text import numbered_rows, read_table

A_BOX_A_FRAME = "a result has a box in every frame; where the target was lost, repeat the last one"
"""the remedy for a line of a result that holds no box"""
_LINE = "4 numbers x,y,w,h, or one of VOT's codes 0, 1 and 2"


class Code(IntEnum):
    """What stands in a frame instead of a box, as VOT numbers it."""

    FOLLOWED = -1
    """nothing: there is a box"""
    SKIPPED = 0
    """the model did not see the frame"""
    START = 1
    """the model was given the truth"""
    FAILURE = 2
    """the box had lost the target"""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What a model answered about one target, in the order in which it saw the frames.

    Attributes:
        boxes: (x, y, w, h) in frame pixels; the first is where the target was pointed at. NaN in frames
            before the target joins, and where a code stands instead.
        seconds: what each frame took, reading it not included; NaN where nobody measured.
        scores: how sure the model was, as it defines that; NaN where nobody wrote it down.
        is_lost: in which frames the model said that the target is lost.
        codes: one `Code` a frame in protocols with resets; None in others.
    """

    boxes: Float64[np.ndarray, "F 4"]
    seconds: Float64[np.ndarray, " F"]
    scores: Float64[np.ndarray, " F"]
    is_lost: Bool[np.ndarray, " F"]
    codes: Int8[np.ndarray, " F"] | None = None

    @classmethod
    def blank(cls, frames: int, codes: Int8[np.ndarray, " F"] | None = None) -> "Track":
        """A track of which nothing is known yet."""
        nothing = np.full((6, frames), np.nan)
        return cls(nothing[:4].T.copy(), nothing[4], nothing[5], np.zeros(frames, dtype=bool), codes)


def track_files(stems: Mapping[str, Track], stem: str) -> dict[str, bytes]:
    """The files of one run, by name; those with the boxes, which say that it is finished, come last.

    Args:
        stems: the track of each target, by what its files are called.
        stem: what the file with the seconds is called; they are those of all targets together.
    """
    seconds = next(iter(stems.values())).seconds
    files = {f"{stem}_time.txt": seconds_text(seconds)}
    for name, track in stems.items():
        if track.is_lost.any() or not np.isnan(track.scores).all():
            rows = zip(track.scores.tolist(), track.is_lost.tolist(), strict=True)
            files[f"{name}_score.txt"] = _text(f"{score:.6f},{lost:d}" for score, lost in rows)
    for name, track in stems.items():
        lines = [",".join(f"{value:.4f}" for value in box) for box in track.boxes.tolist()]
        if track.codes is not None:
            lines = [line if code < 0 else f"{code}" for line, code in zip(lines, track.codes, strict=True)]
        files[f"{name}.txt"] = _text(lines)
    return files


def seconds_text(seconds: Float64[np.ndarray, " F"]) -> bytes:
    """The file that says how long each frame took."""
    return _text(f"{value:.6f}" for value in seconds.tolist())


def read_answers(path: Path) -> tuple[Float64[np.ndarray, "F 4"], Int8[np.ndarray, " F"] | None]:
    """Reads boxes (x, y, w, h), and the codes that may stand instead of them; None where there are none.

    Raises:
        DatasetError: naming file and line, for anything else.
    """
    table = read_table(path)
    if table is not None and table.shape[1] in (0, 4):
        return table.reshape(-1, 4), None
    boxes, codes = [], []
    for values, where in numbered_rows(path, _LINE, A_BOX_A_FRAME):
        is_code = len(values) == 1 and values[0] in (0, 1, 2)
        if not is_code and len(values) != 4:
            raise DatasetError(f"{where}: got {len(values)} numbers; expected {_LINE}")
        boxes.append([np.nan] * 4 if is_code else values)
        codes.append(int(values[0]) if is_code else Code.FOLLOWED)
    kinds = np.array(codes, dtype=np.int8)
    return np.array(boxes, dtype=np.float64).reshape(-1, 4), kinds if (kinds >= 0).any() else None


def read_seconds(path: Path, frames: int) -> Float64[np.ndarray, " F"]:
    """Reads how long each frame took; NaN where there is no such file.

    Raises:
        DatasetError: when it is not one number a line.
    """
    return read_numbers(path) if path.is_file() else np.full(frames, np.nan)


def read_scores(path: Path, frames: int) -> tuple[Float64[np.ndarray, " F"], Bool[np.ndarray, " F"]]:
    """Reads how sure the model was, and whether it said that the target was lost; NaN where there is no file.

    Raises:
        DatasetError: when it is not two numbers a line.
    """
    if not path.is_file():
        return np.full(frames, np.nan), np.zeros(frames, dtype=bool)
    table = read_table(path)
    if table is None or table.shape[1] not in (0, 2):
        raise DatasetError(f"{path}: expected two numbers score,lost a line; delete it and evaluate again")
    table = table.reshape(-1, 2)
    return table[:, 0], table[:, 1] != 0


def is_box(boxes: Float64[np.ndarray, "F 4"]) -> Bool[np.ndarray, " F"]:
    """Which rows (x, y, w, h) are boxes: finite, and of no negative size."""
    result: Bool[np.ndarray, " F"] = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] >= 0).all(axis=1)
    return result


def find_misfit(
    boxes: Float64[np.ndarray, "F 4"], codes: Int8[np.ndarray, " F"] | None, joins: int
) -> int | None:
    """The first row that should be a box and is none; None when there is no such row.

    Args:
        codes: which rows should be boxes; where there are none, all from that on in which the target joins.
        joins: that row.
    """
    is_wanted = np.arange(len(boxes)) >= joins if codes is None else codes == Code.FOLLOWED
    bad = np.flatnonzero(is_wanted & ~is_box(boxes))
    return int(bad[0]) if len(bad) else None


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
