"""Where objects are in label pictures, kept on the disk: to find out, each picture must be read."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int32

from saccade.data.keeping import Kept, stamp_of
from saccade.data.truth import LabelAnnotation, ObjectId

FOLDER = "saccade-masks"
"""in the folder of a data set"""
_VERSION = 1
"""to be raised when other numbers come out, or they are kept in another way"""

Extent = tuple[Float32[np.ndarray, "L 4"], Int32[np.ndarray, " L"]]


def mask_extents(annotation: LabelAnnotation, kept: Kept) -> Mapping[ObjectId, Extent]:
    """The boxes (x, y, w, h) of each object in frame pixels, NaN where nobody has annotated, and its pixels.

    Takes what was kept as long as no label picture has changed since, else reads all of them.

    Raises:
        DatasetError: when one of those cannot be used.
    """
    stamp = stamp_of((_VERSION, annotation.is_binary, *annotation.starts.items(), *_seen(annotation)))
    found = kept.read(stamp)
    if found is None:
        names = list(annotation.starts)
        found = {
            "names": np.array(names),
            "boxes": np.array([annotation.truth(name).boxes for name in names], np.float32),
            "areas": np.array([annotation.areas(name) for name in names], np.int32),
        }
        kept.write(stamp, found)
    return dict(zip(found["names"].tolist(), zip(found["boxes"], found["areas"], strict=True), strict=True))


def _seen(annotation: LabelAnnotation) -> list[tuple[str, int, int] | None]:
    """What tells that a label picture is another than it was: name, size and time."""
    return [None if file is None else _look(file) for file in annotation.files]


def _look(file: Path) -> tuple[str, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        # whoever reads it says so
        return None
    return file.name, status.st_size, status.st_mtime_ns
