"""Label pictures: PNG files whose pixels are object ids, most with a palette, as in DAVIS and YouTube-VOS."""

from pathlib import Path

import numpy as np
from jaxtyping import Integer, UInt8

from saccade.core import DatasetError
from saccade.core.errors import reason_of
from saccade.media.images import picture_size
from saccade.ops.masks import VOID, read_palette_png


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
        DatasetError: when it is missing, broken, a picture of colours, or has more than 8 bits a pixel.
    """
    try:
        return read_palette_png(path)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read as a label picture ({reason_of(error)})") from None
    except ValueError as error:
        raise DatasetError(str(error)) from None


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
