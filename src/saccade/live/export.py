"""Files of what a session has found, made when they are asked for."""

import json
import tempfile
import zipfile
from pathlib import Path

from saccade.core.errors import InputError
from saccade.draw import Overlay
from saccade.live.passing import Pass
from saccade.live.reel import Reel
from saccade.media.results import TargetFiles
from saccade.media.sink import VideoSink

BOXES, MASKS, FOUND, VIDEO = "boxes.csv", "masks.zip", "found.json", "video.mp4"
TRACE = 30
"""frames that a trail in the video goes back"""


def export(kind: str, reel: Reel, passing: Pass, folder: Path) -> Path:
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
    match kind:
        case "boxes.csv" | "masks.zip":
            files = TargetFiles(place)
            for found in passing.results.all():
                files.write(found)
            files.close()
            return place / BOXES if kind == BOXES else _zipped(place / "masks", place / MASKS)
        case "found.json":
            rows = [row for found in passing.results.all() for row in found.to_coco()]
            (place / FOUND).write_text(json.dumps(rows))
            return place / FOUND
        case "video.mp4":
            return _video(place / VIDEO, reel, passing)
    raise InputError("there is no such download")


def _zipped(masks: Path, path: Path) -> Path:
    pictures = sorted(masks.glob("*.png"))
    if not pictures:
        raise InputError("there are no masks; choose a model that segments")
    with zipfile.ZipFile(path, "w") as archive:
        for picture in pictures:
            archive.write(picture, picture.name)
    return path


def _video(path: Path, reel: Reel, passing: Pass) -> Path:
    overlay = Overlay(trace=TRACE)
    with VideoSink(path, reel.fps) as sink:
        for found in passing.results.all():
            try:
                frame = reel.frame(found.frame)
            except InputError:  # too old
                continue
            sink.write(overlay.draw(frame, found), found.time)
    if not path.is_file():
        raise InputError("none of the frames is kept any longer; record before you follow")
    return path
