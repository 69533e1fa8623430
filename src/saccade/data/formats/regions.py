"""VOT's region files: rectangles, polygons, masks, or nothing, one line a frame."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.core import DatasetError
from saccade.data.formats.boxes import polygon_boxes
from saccade.data.formats.text import numbers_of, read_lines, read_table
from saccade.ops.masks import mask_box

_REGION = "a rectangle x,y,w,h, a polygon x1,y1,x2,y2,…, a mask mx,y,w,h,runs…, or a code"


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
        polygons: the corners, where all lines are polygons of as many.
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
    boxes = np.array([row.box() if isinstance(row, RunMask) else row for row in rows], dtype=np.float64)
    masks = tuple(row if isinstance(row, RunMask) else None for row in rows)
    return Regions(boxes.reshape(-1, 4), None, masks if any(masks) else None)


def _region(line: str, where: str) -> RunMask | list[float]:
    text = line.strip()
    values = numbers_of(text.removeprefix("m"), where, _REGION)
    if text.startswith("m"):
        return _mask(values, where)
    if len(values) == 1 or any(np.isnan(values)):
        return [np.nan] * 4
    if len(values) < 4 or len(values) % 2:
        raise DatasetError(f"{where}: got {len(values)} numbers; expected {_REGION}")
    if len(values) == 4:
        return values
    return [float(v) for v in polygon_boxes(np.array(values).reshape(1, -1, 2))[0]]


def _mask(values: list[float], where: str) -> RunMask:
    if len(values) < 4 or any(v != int(v) for v in values) or min(values[2:]) < 0:
        raise DatasetError(f"{where}: a mask is whole numbers mx,y,w,h,runs…; take the original file anew")
    x, y, width, height = (int(v) for v in values[:4])
    runs = np.array(values[4:], dtype=np.int64)
    if runs.sum() > width * height:
        raise DatasetError(
            f"{where}: the runs of the mask add up to {runs.sum()} pixels, but it is only {width}x{height} "
            f"large; take the original file anew"
        )
    return RunMask((x, y, width, height), runs)
