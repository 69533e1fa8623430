"""Where targets are in each of several videos, as a table says it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from saccade.core import SourceError
from saccade.core.targets import Box, check_box
from saccade.deploy.box_tables import BOX, Line, numbers, read_lines

_COLUMNS = ("video", "x", "y", "w", "h")
_REMEDY = "give a table with the columns video,x,y,w,h, and frame where that is not the first"


@dataclass(slots=True)
class VideoBoxes:
    """The targets of a video.

    Attributes:
        frame: the one that they are meant in; None where nothing is said of it.
        boxes: (x, y, w, h) of each, top-left and size in frame pixels.
    """

    frame: int | None = None
    boxes: list[Box] = field(default_factory=list)


def read_video_boxes(path: Path, videos: Sequence[Path]) -> dict[Path, VideoBoxes]:
    """The boxes of a CSV file with the columns video, x, y, w and h, a line for each target.

    `video` is called as its file is, with as much of the path before it as tells it from the others. In a
    column `frame` may stand the index of the frame that the box is meant in, the same for all of a video.

    Raises:
        SourceError: when the table cannot be read, has other columns, or a line has no numbers, names none of
            the videos or several, or another frame than the lines before it; and when a video has no line.
        TargetError: for a line whose box has no area.
    """
    found: dict[Path, VideoBoxes] = {}
    for where, line in read_lines(path, _COLUMNS, _REMEDY):
        unknown = next((column for column in line if column not in (*_COLUMNS, "frame")), "")
        if unknown != "":
            raise SourceError(f"{where}: has a value in an unknown column '{unknown}'; {_REMEDY}")
        video = _video(line["video"] or "", videos, where)
        frame, box = _pointing(line, where)
        known = found.setdefault(video, VideoBoxes(frame))
        if known.frame != frame:
            raise SourceError(
                f"{where}: other targets of {line['video']} begin in frame {known.frame}; all of a video are "
                "pointed at in one frame"
            )
        known.boxes.append(box)
    missing = [video for video in videos if video not in found]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise SourceError(
            f"{path}: has no line for {missing[0].name}{more}; give each video one, or name only the others, "
            "with a pattern or a list file"
        )
    return found


def _video(name: str, videos: Sequence[Path], where: str) -> Path:
    parts = PurePath(name).parts
    meant = [video for video in videos if parts and video.parts[-len(parts) :] == parts]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise SourceError(
            f"{where}: '{name}' may be {meant[0]} or {meant[1]}; write more of the path before it"
        )

    raise SourceError(
        f"{where}: '{name}' is none of the videos; call it as its file is called, e.g. {videos[0].name}"
    )


def _pointing(line: Line, where: str) -> tuple[int | None, Box]:
    """The frame, if the line says it, and the box."""
    says_frame = bool(line.get("frame"))
    frame, (x, y, w, h) = numbers(line if says_frame else {**line, "frame": "0"}, BOX, where)
    if frame < 0:
        raise SourceError(f"{where}: frame {frame}; frames count from 0")
    check_box((x, y, w, h), where)
    return frame if says_frame else None, (x, y, w, h)
