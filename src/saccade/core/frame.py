"""A frame: one picture of a video, checked once at the door."""

from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import UInt8

from saccade.core.errors import FrameError

ColorOrder = Literal["rgb", "bgr"]

_EXPECTED = "expected a uint8 or uint16 array (H, W, 3), (H, W, 4), (H, W, 1) or (H, W)"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video.

    Attributes:
        image: RGB, 0-255, contiguous.
        index: position in the video, counted from 0.
        time: presentation time in seconds from the start of the video; None when the source has no clock.
        is_gray: whether the three channels are known to be equal, as in a grayscale video.
    """

    image: UInt8[np.ndarray, "H W 3"]
    index: int = 0
    time: float | None = None
    is_gray: bool = field(default=False)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]

    @classmethod
    def of(
        cls, picture: Any, *, index: int = 0, time: float | None = None, color: ColorOrder = "rgb"
    ) -> "Frame":
        """Turns whatever picture a caller has into a frame.

        Grayscale is repeated into three channels, an alpha channel is dropped, 16-bit values are scaled by
        their full range, and memory is made contiguous. A `Frame` passes through as it is.

        Args:
            picture: a uint8 or uint16 array (H, W, 3), (H, W, 4), (H, W, 1) or (H, W), or a `Frame`.
            color: channel order of `picture`; "bgr" for pictures read by OpenCV.

        Raises:
            FrameError: for anything else, or another `color`, naming what came and what was expected.
        """
        if isinstance(picture, Frame):
            return picture
        where = f"frame {index}"
        if color not in get_args(ColorOrder):
            raise FrameError(
                f"{where}: got the color order {color!r}; expected 'rgb', or 'bgr' as OpenCV reads"
            )
        if not isinstance(picture, np.ndarray):
            raise FrameError(f"{where}: got {_describe(picture)}; {_EXPECTED}{_reading_hint(picture)}")
        if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] not in (1, 3, 4)):
            raise FrameError(f"{where}: got shape {picture.shape}; {_EXPECTED}{_channel_hint(picture)}")
        if 0 in picture.shape:
            raise FrameError(f"{where}: the picture is empty, shape {picture.shape}; {_EXPECTED}")
        if picture.dtype == np.uint16:
            # 65535 / 255 = 257, so full scale maps to full scale
            picture = ((picture.astype(np.uint32) + 128) // 257).astype(np.uint8)
        elif picture.dtype != np.uint8:
            raise FrameError(f"{where}: got dtype {picture.dtype}; {_EXPECTED}{_range_hint(picture)}")
        if picture.ndim == 2 or picture.shape[2] == 1:
            plane = picture.reshape(picture.shape[:2])
            return cls(np.repeat(plane[:, :, None], 3, axis=2), index, time, is_gray=True)
        order = slice(0, 3) if color == "rgb" else slice(2, None, -1)
        image = np.ascontiguousarray(picture[:, :, :3][:, :, order])
        return cls(image, index, time, is_gray=looks_gray(image))


def looks_gray(image: UInt8[np.ndarray, "H W 3"]) -> bool:
    """Whether the channels of a picture are equal, judged on a sparse grid of pixels to cost nothing."""
    step_y, step_x = max(image.shape[0] // 32, 1), max(image.shape[1] // 32, 1)
    grid = image[::step_y, ::step_x].astype(np.int16)
    # a JPEG of a grayscale scene differs by a level or two between channels
    return bool(np.abs(grid[..., :2] - grid[..., 1:]).max() <= 2)


def _describe(thing: object) -> str:
    shape = getattr(thing, "shape", None)
    name = f"{type(thing).__module__}.{type(thing).__qualname__}".removeprefix("builtins.")
    return name if shape is None else f"{name} of shape {tuple(shape)}"


def _reading_hint(thing: object) -> str:
    if isinstance(thing, str | PathLike):
        return " (saccade.follow opens files; for one picture, cv2.imread(path) and color='bgr')"
    if thing is None:
        return " (OpenCV gives None for a file that it cannot read, and after the last frame of a video)"
    return ""


def _channel_hint(picture: np.ndarray) -> str:
    if picture.ndim == 3 and picture.shape[0] in (1, 3, 4):
        return " (channels come last: transpose it by .transpose(1, 2, 0))"
    if picture.ndim == 4:
        return " (one picture at a time)"
    return ""


def _range_hint(picture: np.ndarray) -> str:
    if np.issubdtype(picture.dtype, np.floating):
        return " (for values in [0, 1]: (255 * picture).round().astype('uint8'))"
    return ""
