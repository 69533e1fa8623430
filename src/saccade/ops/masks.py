"""Masks: their boxes, COCO run lengths, and palette pictures in the DAVIS convention."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Integer, UInt8
from PIL import Image

VOID = 255
"""the value of pixels that are not scored, and therefore no id"""

_LARGEST = 1 << 30
"""pixels of a mask; none of a picture has more, and a few letters must not fill the memory"""
_INDEX_MODES = ("P", "L", "1")


def mask_box(mask: Bool[np.ndarray, "H W"]) -> tuple[float, float, float, float]:
    """The tightest box around a mask.

    Returns:
        corners (x1, y1, x2, y2) in frame pixels; x2 and y2 are one past the last pixel, so that x2 - x1 is
        the width. All zeros for an empty mask.
    """
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return 0.0, 0.0, 0.0, 0.0
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def fill_box(box: Any, size_hw: tuple[int, int]) -> Bool[np.ndarray, "H W"]:
    """A mask of the pixels in a box (x, y, w, h) in frame pixels; at least one, for boxes inside of it."""
    x, y, w, h = (float(v) for v in box)
    left, top = int(max(x, 0)), int(max(y, 0))
    mask = np.zeros(size_hw, dtype=bool)
    mask[top : max(int(y + h), top + 1), left : max(int(x + w), left + 1)] = True
    return mask


def encode_rle(mask: Bool[np.ndarray, "H W"]) -> dict[str, Any]:
    """A mask as COCO run lengths.

    Returns:
        `{"size": [height, width], "counts": text}`, as COCO results have it: the lengths of the runs of
        background and mask in turn, down the columns, background first, each written as its difference to the
        one before the last in signed groups of five bits.
    """
    height, width = mask.shape
    return {"size": [height, width], "counts": _pack(_run_lengths(mask.ravel(order="F")))}


def decode_rle(rle: Mapping[str, Any]) -> Bool[np.ndarray, "H W"]:
    """The mask behind COCO run lengths, with counts as compressed text or bytes, or as a list of numbers.

    Raises:
        ValueError: when the runs do not add up to the size.
    """
    height, width = rle["size"]
    counts = rle["counts"]
    if not 0 <= height * width <= _LARGEST:
        raise ValueError(f"run lengths: no picture has {height}x{width} pixels")
    if isinstance(counts, bytes):
        counts = counts.decode("ascii")
    lengths = _unpack(counts) if isinstance(counts, str) else [int(count) for count in counts]
    # as numbers of any size: those that are too large must not wrap around
    if min(lengths, default=0) < 0 or sum(lengths) != height * width:
        raise ValueError(
            f"run lengths: expected {height * width} pixels ({height}x{width}), got {sum(lengths)}"
        )
    runs = np.array(lengths, dtype=np.int64)
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape((height, width), order="F")


def _run_lengths(pixels: Bool[np.ndarray, " P"]) -> Integer[np.ndarray, " R"]:
    changes = np.flatnonzero(np.diff(pixels)) + 1
    bounds = np.concatenate([[0], changes, [len(pixels)]])
    # runs begin with background, of length 0 where the first pixel is in the mask
    return np.diff(np.concatenate([[0], bounds]) if pixels.size and pixels[0] else bounds)


def _pack(runs: Integer[np.ndarray, " R"]) -> str:
    letters: list[str] = []
    for i, run in enumerate(runs.tolist()):
        value = run - int(runs[i - 2]) if i > 2 else run
        while True:
            group, value = value & 0x1F, value >> 5
            # done when what is left is the sign that bit 4 already tells
            is_last = value == (-1 if group & 0x10 else 0)
            letters.append(chr((group if is_last else group | 0x20) + 48))
            if is_last:
                break
    return "".join(letters)


def _unpack(text: str) -> list[int]:
    runs: list[int] = []
    value = shift = 0
    for letter in text:
        group = ord(letter) - 48
        if not 0 <= group < 64:
            raise ValueError(f"run lengths: {letter!r} is no letter of them")
        value |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            continue
        if group & 0x10:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    return runs


def davis_palette() -> UInt8[np.ndarray, "256 3"]:
    """The colours (RGB) of PASCAL VOC and DAVIS: an index's bits, dealt in turn to red, green and blue."""
    index = np.arange(256)
    colors = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        colors[:, bit % 3] |= (((index >> bit) & 1) << (7 - bit // 3)).astype(np.uint8)
    return colors


def write_palette_png(path: Path | str | BytesIO, ids: UInt8[np.ndarray, "H W"]) -> None:
    """Writes a picture whose pixel values are ids, 0 for background, shown in the colours of DAVIS.

    Raises:
        OSError: when the file cannot be written.
    """
    picture = Image.fromarray(ids)
    picture.putpalette(davis_palette().tobytes())
    picture.save(path, format="PNG")


def read_palette_png(path: Path | str) -> UInt8[np.ndarray, "H W"]:
    """The ids in a picture, 0 for background: palette indices, or levels of grey where it has no palette.

    Raises:
        ValueError: when the picture has colours instead of ids, or more than 8 bits a pixel.
        OSError: when it cannot be read.
    """
    try:
        with Image.open(path) as picture:
            mode = picture.mode
            is_deep = mode.startswith(("I", "F"))
            pixels = np.array(picture if is_deep or mode in _INDEX_MODES else picture.convert("RGB"))
    except (MemoryError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise OSError(str(error) or "it does not fit into memory") from error
    if is_deep:
        # to convert them would turn id 256 into another
        raise ValueError(
            f"{path}: has more than 8 bits a pixel; save a palette PNG, which holds ids up to 254"
        )
    if pixels.ndim == 3:
        # some of DAVIS 2016's masks are grey pictures in three channels
        if (pixels != pixels[:, :, :1]).any():
            raise ValueError(
                f"{path}: is a picture of colours ({mode}), but ids are palette indices; save a palette PNG"
            )
        pixels = pixels[:, :, 0]
    return pixels.astype(np.uint8)
