"""A sequence: the frames of one video, and what is known of its target in each."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int8

from saccade.core import DatasetError, Frame, InputError
from saccade.media.images import ImageReader


class Presence(IntEnum):
    """What is known of the target in a frame."""

    PRESENT = 0
    """it is in view, and its box is known"""
    ABSENT = 1
    """it is known to be out of view or wholly hidden"""
    UNKNOWN = 2
    """nobody has annotated this frame"""


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """Where the target of a sequence is, frame by frame.

    Attributes:
        boxes: (x, y, w, h) in frame pixels, as annotated; to be believed only where the target is present.
        presence: one `Presence` a frame.
    """

    boxes: Float64[np.ndarray, "F 4"]
    presence: Int8[np.ndarray, " F"]

    def __post_init__(self) -> None:
        if len(self.boxes) != len(self.presence):
            raise ValueError(
                f"{len(self.boxes)} boxes, but presence of {len(self.presence)} frames; rows must agree"
            )

    @classmethod
    def of_boxes(cls, boxes: Float64[np.ndarray, "F 4"], source: Path) -> "GroundTruth":
        """Reads the presence out of boxes alone, as most tracking benchmarks write them.

        A box with area is present, one without area absent; NaN or four times -1 says that nothing is known.

        Args:
            source: the file that the boxes stand in, one a line.

        Raises:
            DatasetError: for any other negative size, naming file and line.
        """
        unknown = np.isnan(boxes).any(axis=1) | (boxes == -1).all(axis=1)
        negative = np.flatnonzero(~unknown & (boxes[:, 2:] < 0).any(axis=1))
        if len(negative):
            raise DatasetError(
                f"{source}, line {negative[0] + 1}: the box has negative width or height; "
                f"write NaN,NaN,NaN,NaN where nothing is known and 0,0,0,0 where the target is out of view"
            )
        presence = np.full(len(boxes), Presence.PRESENT, dtype=np.int8)
        presence[~unknown & (boxes[:, 2:] == 0).any(axis=1)] = Presence.ABSENT
        presence[unknown] = Presence.UNKNOWN
        return cls(boxes, presence)

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def is_present(self) -> Bool[np.ndarray, " F"]:
        """In which frames the target is in view and its box known."""
        return self.presence == Presence.PRESENT


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """One video of a data set and the truth about its one target.

    Frames are read when they are asked for, never kept.

    Attributes:
        name: unique in its data set; names the result files.
        images: the picture files in order.
        truth: one row a frame.
        fps: frames a second; None where the data set does not say.

    Raises:
        DatasetError: when pictures and truth differ in number.
    """

    name: str
    images: tuple[Path, ...]
    truth: GroundTruth
    fps: float | None = None

    def __post_init__(self) -> None:
        if len(self.images) != len(self.truth):
            raise DatasetError(
                f"sequence '{self.name}': {len(self.images)} frames, but ground truth for {len(self.truth)}; "
                f"give one line a frame"
            )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Frame:
        """Reads one frame, counted from 0.

        Raises:
            SourceError: when its file is missing or broken.
        """
        return next(self._frames(range(len(self))[index]))

    def __iter__(self) -> Iterator[Frame]:
        """Reads the frames one after another, each when it is asked for.

        Raises:
            SourceError: when a file is missing or broken.
        """
        return self._frames(0)

    def _frames(self, start: int) -> Iterator[Frame]:
        for item in ImageReader(self.name, self.images).frames(start, None):
            if isinstance(item, InputError):
                raise item
            yield item
