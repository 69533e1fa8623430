"""VOT's region files: rectangles, polygons, masks, or nothing, one line a frame."""

from collections import abc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.core import DatasetError
from saccade.data.formats.boxes import polygon_boxes
from saccade.data.formats.text import numbers_of, read_lines, read_table
from saccade.ops.masks import mask_box

_REGION = "a rectangle x,y,w,h, a polygon x1,y1,x2,y2,…, a mask mx,y,w,h,runs…, or a code"
_LONGEST, _LARGEST = 65535, 1 << 28
"""pixels of a side, and of a mask: no picture has more, and a few letters must not fill the memory"""


@dataclass(frozen=True, slots=True, eq=False)
class RunMask:
    """A mask as the lengths of its runs, row by row: background and object in turn, background first.

    Attributes:
        xywh: the part of the frame that the runs fill; the rest is background.
        runs: lengths in pixels; what is missing at the end is background.
    """

    xywh: tuple[int, int, int, int]
    runs: Int64[np.ndarray, " R"]

    def decode(self) -> Bool[np.ndarray, "h w"]:
        """The part of the frame that the runs fill."""
        _, _, width, height = self.xywh
        pixels = np.zeros(width * height, dtype=bool)
        values = np.repeat(np.arange(len(self.runs)) % 2 == 1, self.runs)
        pixels[: len(values)] = values
        return pixels.reshape(height, width)

    def on_frame(self, size_wh: tuple[int, int]) -> Bool[np.ndarray, "H W"]:
        """The mask at the size of the frame; what lies outside is cut off."""
        x, y, width, height = self.xywh
        mask = np.zeros((size_wh[1], size_wh[0]), dtype=bool)
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, size_wh[0]), min(y + height, size_wh[1])
        if left < right and top < bottom:
            mask[top:bottom, left:right] = self.decode()[top - y : bottom - y, left - x : right - x]
        return mask

    def box(self) -> tuple[float, float, float, float]:
        """The tight box (x, y, w, h) in frame pixels; all zeros for an empty mask."""
        x1, y1, x2, y2 = mask_box(self.decode())
        return (self.xywh[0] + x1, self.xywh[1] + y1, x2 - x1, y2 - y1) if x2 > x1 else (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The regions in a file, one a frame.

    Attributes:
        boxes: (x, y, w, h) in frame pixels: rectangles as they stand, boxes around polygons and masks; NaN
            where the file says nothing.
        polygons: the corners, where a line is a polygon; a line that is none is NaN, and a polygon of fewer
            corners than others repeats its last.
        masks: where a line is a mask.
    """

    boxes: Float64[np.ndarray, "F 4"]
    polygons: Float64[np.ndarray, "F P 2"] | None
    masks: tuple[RunMask | None, ...] | None


def read_regions(path: Path) -> Regions:
    """Reads regions as the VOT toolkit writes them.

    A lone number is one of its codes, and says that nothing is known, as does NaN.

    Raises:
        DatasetError: naming file and line, for anything else.
    """
    table = read_table(path)
    if table is not None and table.shape[1] >= 4 and table.shape[1] % 2 == 0:
        if table.shape[1] == 4:
            table[np.isnan(table).any(axis=1)] = np.nan
            return Regions(table, None, None)
        corners = table.reshape(len(table), -1, 2)
        return Regions(polygon_boxes(corners), corners, None)
    rows = [_region(line, f"{path}, line {i}") for i, line in enumerate(read_lines(path), start=1)]
    masks = tuple(row if isinstance(row, RunMask) else None for row in rows)
    return Regions(
        np.array([_box(row) for row in rows], dtype=np.float64).reshape(-1, 4),
        _polygons(rows),
        masks if any(masks) else None,
    )


def _region(line: str, where: str) -> RunMask | list[float]:
    """A mask, the numbers of a rectangle or a polygon, or four times NaN where nothing is known."""
    text = line.strip()
    values = numbers_of(text.removeprefix("m"), where, _REGION)
    if text.startswith("m"):
        return _mask(values, where)
    if len(values) == 1 or any(np.isnan(values)):
        return [np.nan] * 4
    if len(values) < 4 or len(values) % 2:
        raise DatasetError(f"{where}: got {len(values)} numbers; expected {_REGION}")
    return values


def _box(region: RunMask | list[float]) -> abc.Sequence[float]:
    if isinstance(region, RunMask):
        return region.box()
    return region if len(region) == 4 else list(polygon_boxes(np.array(region).reshape(1, -1, 2))[0])


def _polygons(regions: list[RunMask | list[float]]) -> Float64[np.ndarray, "F P 2"] | None:
    corners = {
        index: np.array(region).reshape(-1, 2)
        for index, region in enumerate(regions)
        if not isinstance(region, RunMask) and len(region) > 4
    }
    if not corners:
        return None
    most = max(map(len, corners.values()))
    polygons = np.full((len(regions), most, 2), np.nan)
    for index, polygon in corners.items():
        polygons[index] = np.pad(polygon, ((0, most - len(polygon)), (0, 0)), mode="edge")
    return polygons


def _mask(values: list[float], where: str) -> RunMask:
    # NaN is no whole number either
    if len(values) < 4 or not all(map(float.is_integer, values)) or min(values[2:]) < 0:
        raise DatasetError(f"{where}: a mask is whole numbers mx,y,w,h,runs…; take the original file anew")
    x, y, width, height = (int(v) for v in values[:4])
    if max(abs(x), abs(y), width, height) > _LONGEST or width * height > _LARGEST:
        raise DatasetError(
            f"{where}: a mask of {width:g}x{height:g} pixels at {x:g},{y:g} is in no picture; take the "
            f"original file anew"
        )
    # as numbers of any size: those that are too large must not wrap around
    pixels = sum(map(int, values[4:]))
    if pixels > width * height:
        raise DatasetError(
            f"{where}: the runs of the mask add up to {pixels:g} pixels, but it is only {width}x{height} "
            f"large; take the original file anew"
        )
    return RunMask((x, y, width, height), np.array(values[4:], dtype=np.int64))
