"""Files of what a session has found, made when they are asked for."""

import json
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from saccade.core.errors import InputError
from saccade.draw import Overlay
from saccade.live.passing import Pass
from saccade.live.reel import Reel
from saccade.media.results import TargetFiles
from saccade.media.sink import VideoSink

BOXES, MASKS, FOUND, VIDEO = "boxes.csv", "masks.zip", "found.json", "video.mp4"
TRACE = 30
"""frames that a trail in the video goes back"""


class Exported(NamedTuple):
    """A file that was written.

    Attributes:
        path: where.
        remark: what it leaves out and why, in one sentence; empty when nothing is left out.
    """

    path: Path
    remark: str


def export(kind: str, reel: Reel, passing: Pass, folder: Path) -> Exported:
    """Writes one of the files; may run while the session goes on.

    - `boxes.csv`: as `saccade track` leaves it.
    - `masks.zip`: palette PNGs `<frame>.png`, as `saccade track` leaves them.
    - `found.json`: COCO results, of whatever was found.
    - `video.mp4`: the frames that can still be seen, with what was found drawn on them.

    Args:
        folder: where it is written, under a name of its own.

    Raises:
        InputError: for another kind, or masks where there are none.
        SaccadeError: when a frame cannot be read again, or the file not be written.
    """
    place = Path(tempfile.mkdtemp(dir=folder))
    left_out = passing.results.outdated
    match kind:
        case "boxes.csv" | "masks.zip":
            files = TargetFiles(place)
            for found in passing.results.all():
                files.write(found)
            files.close()
            path = place / BOXES if kind == BOXES else _zipped(place / "masks", place / MASKS)
        case "found.json":
            path = place / FOUND
            path.write_text(json.dumps([row for found in passing.results.all() for row in found.to_coco()]))
        case "video.mp4":
            path = place / VIDEO
            left_out += _video(path, reel, passing)
        case _:
            raise InputError("there is no such download")
    return Exported(path, _remark(kind, left_out))


def _remark(kind: str, left_out: int) -> str:
    if not left_out:
        return ""
    why = "are kept no longer; a recording keeps more" if kind == VIDEO else "were too many to be remembered"
    return f"{kind} is without the {left_out} oldest frames, which {why}"


def _zipped(masks: Path, path: Path) -> Path:
    pictures = sorted(masks.glob("*.png"))
    if not pictures:
        raise InputError("there are no masks; choose a model that segments")
    with zipfile.ZipFile(path, "w") as archive:
        for picture in pictures:
            archive.write(picture, picture.name)
    return path


def _video(path: Path, reel: Reel, passing: Pass) -> int:
    """How many frames it is without, as they are too old."""
    overlay, left_out = Overlay(trace=TRACE), 0
    with VideoSink(path, reel.fps) as sink:
        for found in passing.results.all():
            try:
                frame = reel.frame(found.frame)
            except InputError:
                left_out += 1
                continue
            sink.write(overlay.draw(frame, found), found.time)
    if not path.is_file():
        raise InputError("none of the frames is kept any longer; record before you follow")
    return left_out
