"""A folder of openly licensed pictures, cut-outs and clips, to make training video of on the fly."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from saccade.core import DatasetError
from saccade.data.datasets.entry import StillsEntry
from saccade.data.formats.labels import read_ids


@dataclass(frozen=True, slots=True)
class PoolStills:
    """The stills of a pool that have masks."""

    pictures: tuple[Path, ...]
    num_pictures: int
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)

    def name(self, index: int) -> str:
        """The name of a picture."""
        return self.pictures[index].stem

    def picture(self, index: int) -> Path:
        """The picture that a target is in."""
        return self.pictures[index]

    def box(self, index: int) -> Float32[np.ndarray, "4"] | None:
        """None: the box is the one around the mask."""

    def mask(self, index: int, size_hw: tuple[int, int]) -> UInt8[np.ndarray, "H W"]:
        """1 on a target and 0 elsewhere."""
        file = _mask_of(self.pictures[index])
        ids = read_ids(file)
        if ids.shape != size_hw:
            raise DatasetError(f"{file}: is of another size than its picture; take both of the same version")
        return (ids > 0).view(np.uint8)


def _mask_of(picture: Path) -> Path:
    return picture.parents[1] / "masks" / f"{picture.stem}.png"


def _find(root: Path, split: str) -> PoolStills:
    pictures = sorted((root / "images").glob("*.jpg"))
    masked = tuple(picture for picture in pictures if _mask_of(picture).is_file())
    if not masked or not any((root / "clips").glob("*/*.jpg")):
        raise DatasetError(f"{root}: expected images/*.jpg with masks/*.png, and clips/NAME/*.jpg")
    return PoolStills(masked, len(pictures))


ENTRIES = (
    StillsEntry(
        name="open_pool",
        summary="openly licensed pictures, cut-outs and clips, from which video is made on the fly",
        task="masks",
        layout="ROOT/images/NAME.jpg, masks/NAME.png, clips/NAME/00000.jpg, masks/NAME/00000.png, BOXES.csv",
        splits={"scenes": None, "stills": None, "clips": None},
        signs=("ATTRIBUTION.csv",),
        obtain="pictures of your own",
        find=_find,
    ),
)
