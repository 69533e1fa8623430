"""COCO: Lin et al., ECCV 2014, and LVIS: Gupta, Dollár, Girshick, CVPR 2019, of the same pictures.

Each object that is no crowd, and whose box has area, is a target of its own.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from saccade.data.datasets.entry import StillsEntry
from saccade.data.formats.coco import CocoIndex, read_coco

_COCO_NAME = len("000000000009.jpg")


@dataclass(frozen=True, slots=True)
class CocoStills:
    """The objects of an annotation file.

    Attributes:
        folder: where the pictures lie.
        index: where the objects are in the file.
        has_short_names: whether pictures go by their number alone, though the file says `COCO_train2014_…`.
    """

    folder: Path
    index: CocoIndex
    has_short_names: bool = False

    @property
    def num_pictures(self) -> int:
        """How many pictures the file lists."""
        return len(self.index.names)

    @property
    def notes(self) -> tuple[str, ...]:
        """How many objects are crowds, or have boxes without area."""
        counts = {"crowds": self.index.crowds, "objects whose box has no area": self.index.empty}
        return tuple(f"{count:,} {what} are never drawn" for what, count in counts.items() if count)

    def __len__(self) -> int:
        return len(self.index)

    def name(self, index: int) -> str:
        """Names an object by its picture and its number in the file."""
        return f"{self.picture(index).stem}#{self.index.ids[index]}"

    def picture(self, index: int) -> Path:
        """The picture that an object is in."""
        name = self.index.name(index)
        return self.folder / (name[-_COCO_NAME:] if self.has_short_names else name)

    def box(self, index: int) -> Float32[np.ndarray, "4"]:
        """The box (x, y, w, h) of an object, as it stands in the file."""
        box: Float32[np.ndarray, "4"] = self.index.boxes[index]
        return box

    def mask(self, index: int, size_hw: tuple[int, int]) -> UInt8[np.ndarray, "H W"]:
        """1 on an object and 0 elsewhere."""
        return self.index.mask(index, size_hw)


def _coco(year: str, root: Path, split: str) -> CocoStills:
    index = read_coco(root / "annotations" / f"instances_{split}{year}.json")
    return CocoStills(_pictures(root, f"{split}{year}"), index)


def _lvis(root: Path, split: str) -> CocoStills:
    index = read_coco(root / "annotations" / f"lvis_v0.5_{split}.json")
    return CocoStills(_pictures(root, f"{split}2017"), index, has_short_names=True)


def _pictures(root: Path, name: str) -> Path:
    # the archives unpack to ROOT/train2017; many put them into a folder of their own
    return root / "images" / name if (root / "images" / name).is_dir() else root / name


_SIZES = {"2014": {"train": 82783, "val": 40504}, "2017": {"train": 118287, "val": 5000}}

ENTRIES = (
    *(
        StillsEntry(
            name=f"coco{year}",
            summary=f"COCO {year}: every object in a picture a target of its own",
            task="masks",
            splits=splits,
            layout=f"ROOT/annotations/instances_train{year}.json and ROOT/images/train{year}, images/ or not",
            find=partial(_coco, year),
            signs=(f"annotations/instances_*{year}.json",),
            obtain="https://cocodataset.org",
        )
        for year, splits in _SIZES.items()
    ),
    StillsEntry(
        name="lvis",
        summary="LVIS 0.5: COCO's pictures with objects of 1,230 categories",
        task="masks",
        splits={"train": 57263, "val": 5000},
        layout="ROOT/annotations/lvis_v0.5_train.json and ROOT/images/train2017, images/ or not",
        find=_lvis,
        signs=("annotations/lvis_v0.5_*.json",),
        obtain="https://www.lvisdataset.org",
    ),
)
