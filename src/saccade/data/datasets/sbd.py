"""SBD, the Semantic Boundaries Dataset: Hariharan et al., ICCV 2011. Every instance is a target."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32, UInt8

from saccade.core import DatasetError
from saccade.data.datasets.entry import StillsEntry
from saccade.data.formats.matlab import read_matlab
from saccade.data.formats.text import read_lines
from saccade.data.stills import check_mask_size

_MOST = 255
"""instances that are told apart"""


@dataclass(frozen=True, slots=True, eq=False)
class SbdStills:
    """Instances in pictures.

    Attributes:
        root: holds `img` and `inst`.
        stems: the names of the pictures.
        targets: place in `stems` and number of each instance.
    """

    root: Path
    stems: tuple[str, ...]
    targets: Int32[np.ndarray, "N 2"]
    notes: tuple[str, ...] = ()

    @property
    def num_pictures(self) -> int:
        """How many pictures there are."""
        return len(self.stems)

    def __len__(self) -> int:
        return len(self.targets)

    def name(self, index: int) -> str:
        """Names an instance by its picture and its number."""
        place, instance = self.targets[index]
        return f"{self.stems[place]}#{instance}"

    def picture(self, index: int) -> Path:
        """The picture that an instance is in."""
        return self.root / "img" / f"{self.stems[self.targets[index][0]]}.jpg"

    def box(self, index: int) -> None:
        """None: the box is the one around the mask."""

    def mask(self, index: int, size_hw: tuple[int, int]) -> UInt8[np.ndarray, "H W"]:
        """1 on an instance and 0 elsewhere."""
        place, instance = self.targets[index]
        file = _file(self.root, self.stems[place])
        labels = _labels(file)
        check_mask_size(f"{file}: the mask", labels.shape, size_hw)
        return (labels == instance).view(np.uint8)


def _stills(root: Path, split: str) -> SbdStills:
    stems = tuple(line.strip() for line in read_lines(root / f"{split}.txt") if line.strip())
    # how many instances a picture has stands in its file alone
    counts = [int(_labels(_file(root, stem)).max(initial=0)) for stem in stems]
    places = np.repeat(np.arange(len(stems)), counts)
    firsts = np.repeat(np.cumsum(counts) - counts, counts)
    instances = np.arange(len(places)) - firsts + 1
    return SbdStills(root, stems, np.stack([places, instances], axis=1).astype(np.int32))


def _file(root: Path, stem: str) -> Path:
    return root / "inst" / f"{stem}.mat"


def _labels(file: Path) -> UInt8[np.ndarray, "H W"]:
    """The instance of every pixel, 0 for background."""
    content: Any = read_matlab(file, "GTinst")
    try:
        labels = np.asarray(content["Segmentation"][0, 0])
        if labels.ndim != 2 or not ((labels >= 0) & (labels <= _MOST)).all():
            raise ValueError
    except (IndexError, TypeError, ValueError):
        raise DatasetError(
            f"{file}: cannot be read as instance masks: it has no GTinst.Segmentation of numbers from 0 to "
            f"{_MOST}; take the original file anew"
        ) from None
    return labels.astype(np.uint8)


ENTRIES = (
    StillsEntry(
        name="sbd",
        summary="SBD: 11,355 pictures of PASCAL VOC, every instance a target of its own",
        task="masks",
        splits={"train": 8498, "train_noval": 5623, "val": 2857},
        layout="ROOT/train.txt, ROOT/img/2008_000002.jpg and ROOT/inst/2008_000002.mat",
        find=_stills,
        signs=("inst/*.mat",),
        obtain="http://home.bharathh.info/pubs/codes/SBD",
    ),
)
