"""A folder of openly licensed pictures, cut-outs and clips, as raw material for training scenes.

images/NAME.jpg          stills
masks/NAME.png           what to cut out of a still: 0 for the background; `blocks_*` number several objects
clips/NAME/00000.jpg     consecutive frames
masks/NAME/00000.png     what to cut out of each, for some clips
BOXES.csv                path,x,y,w,h of further targets in stills
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from saccade.core import DatasetError
from saccade.core.numerals import decimal
from saccade.data.samples.pictures import read_picture
from saccade.data.stills import check_mask_size
from saccade.ops.masks import mask_box

NUMBERED = "blocks"
"""group of stills whose masks number their objects"""
FEWEST_PIXELS = 150
"""of an object that is cut out"""
FEWEST_FRAMES = 3
"""of a clip in which an object is followed by its masks"""
KEPT = 512
"""pictures that a process keeps decoded"""
_FURTHEST = 1e7
"""pixels from any picture"""
_HALF = 127
"""level of a mask above which a pixel is the object's"""

Box = Float32[np.ndarray, "4"]
Image = UInt8[np.ndarray, "H W 3"]


@dataclass(frozen=True, slots=True)
class Still:
    """A picture, and the boxes (x, y, w, h) of what is known to be an object in it."""

    path: Path
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """An object in a picture.

    Attributes:
        path: the picture.
        mask: where its mask lies.
        number: which of the mask's objects; None for all that is not background.
        box: (x, y, w, h) around it, whole pixels.
    """

    path: Path
    mask: Path
    number: int | None
    box: Box

    def cut(self) -> UInt8[np.ndarray, "h w 4"]:
        """The object's pixels, with opacity as fourth channel.

        Raises:
            SourceError: when the picture cannot be read.
            DatasetError: when the mask cannot, or is not as large as the picture.
        """
        x, y, w, h = self.box.astype(int).tolist()
        image, shown = picture(self.path), read_mask(self.mask, self.number)
        check_mask_size(f"{self.mask}: the mask", shown.shape, (image.shape[0], image.shape[1]))
        part = np.s_[y : y + h, x : x + w]
        return np.dstack([image[part], shown[part].astype(np.uint8) * 255])


@dataclass(frozen=True, slots=True)
class CutOut:
    """An object to be set into scenes, in one picture or in consecutive frames of a clip.

    Attributes:
        group: what it is one of: those of the same group look alike.
    """

    group: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """A target in consecutive frames.

    Attributes:
        frames: their pictures.
        boxes: (x, y, w, h) in each.
        is_annotated: whether boxes come from masks, rather than from optical flow.
    """

    frames: tuple[Path, ...]
    boxes: Float32[np.ndarray, "F 4"]
    is_annotated: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """What a folder holds; pictures themselves are read when they are drawn."""

    root: Path
    stills: tuple[Still, ...]
    clips: tuple[tuple[Path, ...], ...]
    cut_outs: tuple[CutOut, ...]
    annotated: tuple[Track, ...]

    @classmethod
    def open(cls, root: Path) -> "Pool":
        """Looks through a folder; masks are read, pictures are not.

        Raises:
            DatasetError: when it holds no pictures, or no clips, or nothing to cut out; also when a mask or
                the list of boxes is broken.
        """
        pictures = sorted((root / "images").glob("*.jpg"))
        folders = [folder for folder in sorted((root / "clips").glob("*")) if folder.is_dir()]
        clips = tuple(frames for folder in folders if (frames := tuple(sorted(folder.glob("*.jpg")))))
        listed = _listed(root / "BOXES.csv")
        cut_outs, annotated, stills = [], [], []
        for path in pictures:
            parts = list(_parts_of_still(path, root / "masks" / f"{path.stem}.png"))
            cut_outs += [CutOut(_group(path), (part,)) for part in parts]
            boxes = [*listed.get(f"images/{path.name}", []), *(part.box for part in parts)]
            stills.append(Still(path, tuple(boxes)))
        for frames in clips:
            for run in _runs(frames, root / "masks"):
                cut_outs.append(CutOut(frames[0].parent.name, run))
                frames_of_run = tuple(part.path for part in run)
                annotated.append(Track(frames_of_run, np.stack([part.box for part in run]), True))
        if not stills or not clips or not cut_outs:
            raise DatasetError(
                f"{root}: expected pictures in images/, frames in clips/NAME/, and masks/ of some of both"
            )
        return cls(root, tuple(stills), clips, tuple(cut_outs), tuple(annotated))


@lru_cache(maxsize=KEPT)
def picture(path: Path) -> Image:
    """A picture; to be read only.

    Raises:
        SourceError: when it cannot be read.
    """
    return read_picture(path)


def read_mask(path: Path, number: int | None) -> Bool[np.ndarray, "H W"]:
    """Where an object is.

    Raises:
        DatasetError: when the mask cannot be read.
    """
    mask = _levels(path)
    shown: np.ndarray = mask > _HALF if number is None else mask == number
    return shown


def _levels(path: Path) -> UInt8[np.ndarray, "H W"]:
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise DatasetError(f"{path}: not a readable mask; take it anew")
    return mask


def _listed(path: Path) -> dict[str, list[Box]]:
    """The boxes of BOXES.csv by picture; none where there is no such file.

    Raises:
        DatasetError: for a row that is none, or a box without area.
    """
    boxes: dict[str, list[Box]] = {}
    if not path.is_file():
        return boxes
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); save it as CSV in UTF-8") from None
    for line, row in enumerate(rows, start=2):
        try:
            name, sides = row["path"], [decimal(row[side]) for side in "xywh"]
        except (KeyError, TypeError, ValueError):
            raise DatasetError(f"{path}:{line}: expected path,x,y,w,h; correct the row") from None
        w, h = sides[2:]
        # NaN is not near either
        if not (all(abs(side) < _FURTHEST for side in sides) and w > 0 and h > 0):
            raise DatasetError(f"{path}:{line}: a box of {w:g} x {h:g} pixels has no area; correct it")
        boxes.setdefault(name, []).append(np.array(sides, np.float32))
    return boxes


def _parts_of_still(path: Path, mask: Path) -> Iterator[Part]:
    if not mask.is_file():
        return
    numbers: Sequence[int | None] = [None]
    if _group(path) == NUMBERED:
        numbers = [int(value) for value in np.unique(_levels(mask)) if value]
    for number in numbers:
        shown = read_mask(mask, number)
        if shown.sum() >= FEWEST_PIXELS:
            yield Part(path, mask, number, _box(shown))


def _runs(frames: tuple[Path, ...], masks: Path) -> Iterator[tuple[Part, ...]]:
    """The parts of a clip in which its object is seen without a break."""
    run: list[Part] = []
    for frame in frames:
        mask = masks / frame.parent.name / f"{frame.stem}.png"
        shown = read_mask(mask, None) if mask.is_file() else np.zeros((1, 1), bool)
        if shown.sum() >= FEWEST_PIXELS:
            run.append(Part(frame, mask, None, _box(shown)))
            continue
        if len(run) >= FEWEST_FRAMES:
            yield tuple(run)
        run = []
    if len(run) >= FEWEST_FRAMES:
        yield tuple(run)


def _box(shown: Bool[np.ndarray, "H W"]) -> Box:
    x1, y1, x2, y2 = mask_box(shown)
    return np.array([x1, y1, x2 - x1, y2 - y1], np.float32)


def _group(path: Path) -> str:
    return path.stem.split("_")[0]
