"""Pictures with a mask of what strikes the eye: MSRA10K (Cheng et al., 2015), ECSSD (Shi et al., 2016),
HKU-IS (Li, Yu, 2015)."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from saccade.core import DatasetError
from saccade.data.datasets.entry import StillsEntry
from saccade.data.formats.labels import read_ids
from saccade.data.frames import picture_names
from saccade.data.stills import check_mask_size

_WHITE = 255


@dataclass(frozen=True, slots=True)
class MaskedStills:
    """Pictures, each with a picture of the same name that is white on the target.

    Attributes:
        pictures: folder and suffix of the pictures.
        masks: the same of the masks.
        stems: the names of both.
    """

    pictures: tuple[Path, str]
    masks: tuple[Path, str]
    stems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def num_pictures(self) -> int:
        """How many pictures there are."""
        return len(self.stems)

    def __len__(self) -> int:
        return len(self.stems)

    def name(self, index: int) -> str:
        """The name of a picture."""
        return self.stems[index]

    def picture(self, index: int) -> Path:
        """The picture that a target is in."""
        folder, suffix = self.pictures
        return folder / (self.stems[index] + suffix)

    def box(self, index: int) -> None:
        """None: the box is the one around the mask."""

    def mask(self, index: int, size_hw: tuple[int, int]) -> UInt8[np.ndarray, "H W"]:
        """1 on a target and 0 elsewhere."""
        folder, suffix = self.masks
        file = folder / (self.stems[index] + suffix)
        levels = read_ids(file)
        check_mask_size(f"{file}: the mask", levels.shape, size_hw)
        # white is 1 in a picture of one bit
        return (levels == (_WHITE if levels.max() > 1 else 1)).view(np.uint8)


def _side_by_side(pictures: tuple[str, str], masks: tuple[str, str], root: Path, split: str) -> MaskedStills:
    """Pictures and masks that go by their names, whichever there are."""
    (folder, suffix), (mask_folder, mask_suffix) = pictures, masks
    names = picture_names(root / folder)
    stems = tuple(name.removesuffix(suffix) for name in names if name.endswith(suffix))
    if not stems:
        raise DatasetError(f"{root / folder}: no pictures *{suffix} in it; put them there")
    return MaskedStills((root / folder, suffix), (root / mask_folder, mask_suffix), stems)


def _ecssd(root: Path, split: str) -> MaskedStills:
    if not (root / "images").is_dir():
        raise DatasetError(f"{root / 'images'}: no such folder; put the pictures 0001.jpg to 1000.jpg there")
    stems = tuple(f"{number:04d}" for number in range(1, 1001))
    return MaskedStills((root / "images", ".jpg"), (root / "ground_truth_mask", ".png"), stems)


ENTRIES = (
    StillsEntry(
        name="msra10k",
        summary="MSRA10K: 10,000 pictures with a mask of the most salient object",
        task="masks",
        splits={"all": 10000},
        layout="ROOT/Imgs/<name>.jpg and ROOT/Imgs/<name>.png",
        find=partial(_side_by_side, ("Imgs", ".jpg"), ("Imgs", ".png")),
        signs=("Imgs/*.jpg",),
        obtain="https://mmcheng.net/msra10k",
    ),
    StillsEntry(
        name="ecssd",
        summary="ECSSD: 1,000 pictures with a mask of the salient object",
        task="masks",
        splits={"all": 1000},
        layout="ROOT/images/0001.jpg and ROOT/ground_truth_mask/0001.png",
        find=_ecssd,
        signs=("ground_truth_mask/*.png",),
        obtain="https://www.cse.cuhk.edu.hk/leojia/projects/hsaliency/dataset.html",
    ),
    StillsEntry(
        name="hkuis",
        summary="HKU-IS: 4,447 pictures with a mask of salient objects",
        task="masks",
        splits={"all": 4447},
        layout="ROOT/imgs/0004.png and ROOT/gt/0004.png",
        find=partial(_side_by_side, ("imgs", ".png"), ("gt", ".png")),
        signs=("imgs/*.png",),
        obtain="https://i.cs.hku.hk/~gbli/deep_saliency.html",
    ),
)
