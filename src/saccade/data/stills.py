"""Stills: targets in single pictures, as in COCO and in sets made for saliency."""

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8

from saccade.core import DatasetError


@runtime_checkable
class Stills(Protocol):
    """Targets in single pictures, each with a mask; to be pickled cheaply, for workers."""

    @property
    def num_pictures(self) -> int:
        """How many pictures there are, those without a target too."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the targets, and why."""
        ...

    def __len__(self) -> int:
        """How many targets there are."""
        ...

    def name(self, index: int) -> str:
        """Names a target, as in `000000000009#42`."""
        ...

    def picture(self, index: int) -> Path:
        """The picture that a target is in."""
        ...

    def box(self, index: int) -> Float32[np.ndarray, "4"] | None:
        """The box (x, y, w, h) of a target in pixels; None where the one around its mask is meant."""
        ...

    def mask(self, index: int, size_hw: tuple[int, int]) -> UInt8[np.ndarray, "H W"]:
        """1 on a target and 0 elsewhere, for a picture of that size.

        Raises:
            DatasetError: when it cannot be read, or is of another size.
        """
        ...


def check_mask_size(named: str, size_hw: tuple[int, ...], picture_hw: tuple[int, int]) -> None:
    """Refuses a mask that is not as large as its picture.

    Args:
        named: what the mask is called in the message.

    Raises:
        DatasetError: with both sizes.
    """
    if size_hw != picture_hw:
        raise DatasetError(
            f"{named} is {size_hw[1]}x{size_hw[0]} large, but its picture {picture_hw[1]}x{picture_hw[0]}; "
            f"take both of the same version"
        )
