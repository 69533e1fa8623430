"""What somebody else has found, from a file: takes the place of a detector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from saccade.core import Frame, Instances, SourceError
from saccade.core.errors import reason_of
from saccade.data.formats.tracks import read_tracks
from saccade.deploy.box_tables import BOX, numbers, read_lines

_REMEDY = "give a det.txt as of the MOTChallenge, or detections.csv of saccade detect"
_FURTHEST = 1e9
"""pixels from any frame; NaN is not nearer either"""
_SCORED = (*BOX, "score")


@dataclass(frozen=True, slots=True, eq=False)
class GivenDetections:
    """Detections by frame; called with frames, as a detector is.

    Attributes:
        name: of the file.
        classes: names of what is in it; none where it does not say.
        num_frames: up to the last frame in which there is anything.
    """

    name: str
    classes: tuple[str, ...]
    num_frames: int
    _by_frame: Mapping[int, Instances] = field(repr=False)

    def __call__(self, frames: list[Frame]) -> list[Instances]:
        """What was found in these frames, by their index."""
        nothing = Instances.empty()
        found = (self._by_frame.get(frame.index, nothing) for frame in frames)
        return [
            replace(each, frame=frame.index, time=frame.time)
            for each, frame in zip(found, frames, strict=True)
        ]


def read_detections(path: Path) -> GivenDetections:
    """Reads detections from a file of one of two formats.

    - That of the MOTChallenge: `frame,id,left,top,width,height,score` and more a line, frames and pixels
      counted from 1. Ids are passed over. A class, where there is one, is called by its number.
    - A CSV file whose first line names the columns: `frame,x,y,w,h,score`, frames counted from 0, and `name`
      if there is one, as `saccade detect` and `saccade track` leave them.

    Raises:
        SourceError, DatasetError: when it cannot be read or holds nothing, or for a line that is no
            detection, which is named.
    """
    by_frame = _of_table(path) if _has_header(path) else _of_tracks(path)
    if not by_frame:
        raise SourceError(f"{path}: holds no detection; {_REMEDY}")
    names = {str(name) for found in by_frame.values() if found.names is not None for name in found.names}
    return GivenDetections(path.name, tuple(sorted(names)), max(by_frame) + 1, by_frame)


def _has_header(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            first = file.readline()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({reason_of(error)}); {_REMEDY}") from error
    if first.startswith((b"[", b"{")):
        raise SourceError(f"{path}: is JSON; {_REMEDY}")
    return b"frame" in first


def _of_tracks(path: Path) -> Mapping[int, Instances]:
    tracks = read_tracks(path, has_ids=False)
    boxes, has_classes = tracks.corners, bool((tracks.categories >= 0).any())
    found: dict[int, Instances] = {}
    for frame in np.unique(tracks.frames).tolist():
        rows = tracks.at(frame)
        labels = np.maximum(tracks.categories[rows], 0)
        found[frame] = Instances(
            boxes=boxes[rows],
            scores=tracks.confidence[rows],
            labels=labels if has_classes else None,
            names=labels.astype(str) if has_classes else None,
        )
    return found


def _of_table(path: Path) -> Mapping[int, Instances]:
    lines = read_lines(path, _SCORED, _REMEDY)
    names = sorted({line["name"] or "" for _, line in lines if "name" in line})
    by_frame: dict[int, list[tuple[tuple[float, ...], str]]] = {}
    for where, line in lines:
        frame, values = numbers(line, _SCORED, where)
        _check(frame, values, where)
        by_frame.setdefault(frame, []).append((values, line.get("name") or ""))
    return {frame: _instances(rows, names) for frame, rows in sorted(by_frame.items())}


def _check(frame: int, values: Sequence[float], where: str) -> None:
    # what is seen at the very edge is rounded to no width
    if frame < 0 or not all(abs(value) < _FURTHEST for value in values) or min(values[2:4]) < 0:
        said = ",".join(f"{value:g}" for value in values)
        raise SourceError(f"{where}: frame {frame} with x,y,w,h,score {said} cannot be; mend it")


def _instances(rows: list[tuple[tuple[float, ...], str]], names: list[str]) -> Instances:
    table = np.array([values for values, _ in rows])
    called = [name for _, name in rows]
    return Instances(
        boxes=np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1),
        scores=table[:, 4],
        labels=np.array([names.index(name) for name in called]) if names else None,
        names=np.array(called) if names else None,
    )
