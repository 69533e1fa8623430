"""Label pictures: PNG files whose pixels are object ids, most with a palette, as in DAVIS and YouTube-VOS."""

from pathlib import Path

import numpy as np
from jaxtyping import Integer, UInt8
from PIL import Image

from saccade.core import DatasetError
from saccade.media.images import picture_size

VOID = 255
"""the label of pixels that are not scored"""

_INDEX_MODES = ("P", "L", "1")


def read_labels(path: Path, frame: Path) -> UInt8[np.ndarray, "H W"]:
    """The object ids in a label picture.

    Args:
        frame: the picture that it labels.

    Raises:
        DatasetError: when it is missing, broken, a picture of colours, or of another size than the frame.
    """
    labels = read_ids(path)
    check_size(path, (labels.shape[1], labels.shape[0]), frame)
    return labels


def read_ids(path: Path) -> UInt8[np.ndarray, "H W"]:
    """The object ids in a label picture: palette indices, or the levels of grey where it has no palette.

    Raises:
        DatasetError: when it is missing, broken, or a picture of colours.
    """
    try:
        with Image.open(path) as picture:
            pixels = np.array(picture if picture.mode in _INDEX_MODES else picture.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise DatasetError(f"{path}: cannot be read as a label picture ({reason})") from None
    if pixels.ndim == 3:
        # some of DAVIS 2016's masks are grey pictures in three channels
        if (pixels != pixels[:, :, :1]).any():
            raise DatasetError(
                f"{path}: is a picture of colours, but object ids are palette indices; save a palette PNG"
            )
        pixels = pixels[:, :, 0]
    return pixels.astype(np.uint8)


def check_size(path: Path, size_wh: tuple[int, int] | None, frame: Path) -> None:
    """Refuses a label picture that is not as large as its frame.

    Raises:
        DatasetError: naming both.
    """
    frame_wh = picture_size(frame)
    if None not in (size_wh, frame_wh) and size_wh != frame_wh:
        raise DatasetError(
            f"{path}: is {_show(size_wh)} pixels large, but its frame {frame} is {_show(frame_wh)}; "
            f"take frames and masks of the same resolution"
        )


def ids_in(labels: UInt8[np.ndarray, "H W"]) -> Integer[np.ndarray, " N"]:
    """The object ids that occur, in ascending order."""
    found = np.flatnonzero(np.bincount(labels.ravel(), minlength=VOID + 1))
    return found[(found > 0) & (found != VOID)]


def _show(size_wh: tuple[int, int] | None) -> str:
    return "x".join(map(str, size_wh or ()))
