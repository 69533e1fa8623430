"""What pose files say, good or not, before anybody relies on it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from saccade.data.detection.records import Corners, Fault
from saccade.data.pose.people import (
    UNLABELLED,
    AnnotatedPerson,
    Outline,
    PoseDataset,
    PosedImage,
)

AREA_SHARE = 0.53
"""share of their box that people cover, where no file says their area; as AI Challenger's metric has it"""
MARGIN = 0.1
"""of the longer side of the box around joints by which it is made larger on every side: hands and feet reach
beyond wrists and ankles"""
FURTHEST = 1e7
"""pixels from any picture: what is further away is a mistake"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PoseContent:
    """What a reader has found.

    Attributes:
        dataset: all that can be understood.
        faults: what is wrong, with what was left out because of it.
        pictures: every picture file that lies where the pictures do.
        word: what a person is in the file: "annotation", "entry" or "picture".
    """

    dataset: PoseDataset
    faults: tuple[Fault, ...]
    pictures: tuple[Path, ...]
    word: str

    @property
    def split(self) -> str | None:
        """See `PicturedSplit`."""
        return self.dataset.split

    @property
    def images(self) -> tuple[PosedImage, ...]:
        """See `PicturedSplit`."""
        return self.dataset.images

    def with_notes(self, notes: tuple[str, ...]) -> "PoseContent":
        """The same, with more to know."""
        return replace(self, dataset=replace(self.dataset, notes=(*self.dataset.notes, *notes)))

    def people(self) -> Iterator[tuple[PosedImage, AnnotatedPerson]]:
        """Everybody, with their picture."""
        for image in self.dataset.images:
            for person in image.people:
                yield image, person


def read_joints(rows: Any, names: tuple[str, ...]) -> Float[np.ndarray, "K 3"]:
    """Rows of x, y and visibility, as float64; where nothing is known all three are 0.

    Raises:
        ValueError: when they are no numbers, not as many as there are points, or a known one is not finite.
    """
    try:
        values = np.asarray(rows, np.float64)
    except (OverflowError, TypeError, ValueError):
        raise ValueError("its key points are not all numbers") from None
    if values.size != 3 * len(names):
        raise ValueError(
            f"{values.size} numbers for {len(names)} key points; expected {3 * len(names)}: x, y and "
            f"visibility of each"
        )
    joints = values.reshape(-1, 3)
    visible = joints[:, 2]
    is_flag = (visible == 0) | (visible == 1) | (visible == 2)
    if not is_flag.all():
        at = int(is_flag.argmin())
        raise ValueError(
            f"visibility {visible[at]:g} of '{names[at]}'; expected 0 for unlabelled, 1 for hidden or 2"
        )
    joints = np.where(visible[:, None] > 0, joints, 0.0)
    # NaN is not near either
    is_near = (np.abs(joints) < FURTHEST).all(axis=1)
    if not is_near.all():
        at = int(is_near.argmin())
        x, y = joints[at, :2]
        raise ValueError(f"'{names[at]}' is at ({x:g}, {y:g}), which is in no picture")
    return joints


def is_box(box: Corners | None) -> bool:
    """Whether there is a box, and it has area; also where it is rounded to float32."""
    if box is None:
        return False
    x1, y1, x2, y2 = map(np.float32, box)
    return bool(x2 > x1 and y2 > y1)


def person_of(
    joints: Float[np.ndarray, "K 3"],
    box: Corners | None,
    *,
    number: int,
    area: float | None = None,
    is_crowd: bool = False,
    head_size: float | None = None,
    center: tuple[float, float] | None = None,
    scale: float | None = None,
    outline: Outline | None = None,
) -> AnnotatedPerson | None:
    """A person; None where nothing says where they are: neither a box with area, nor a joint.

    Args:
        joints: x and y in pixels, and visibility, of `read_joints`.
        box: edges; where it is missing or has no area, the one around the joints counts.
    """
    visible = joints[:, 2].astype(np.int8)
    if not is_box(box):
        box = box_of_joints(joints[:, :2], visible)
    if box is None:
        return None
    x1, y1, x2, y2 = box
    is_learned = not is_crowd and bool((visible > UNLABELLED).any())
    return AnnotatedPerson(
        keypoints=joints[:, :2].astype(np.float32),
        visible=visible,
        box=np.array(box, np.float32),
        area=AREA_SHARE * (x2 - x1) * (y2 - y1) if area is None else area,
        is_crowd=is_crowd,
        id=number,
        head_size=head_size,
        center=center,
        scale=scale,
        outline=None if is_learned else outline,
    )


def box_of_joints(points: Float[np.ndarray, "K 2"], visible: Integer[np.ndarray, " K"]) -> Corners | None:
    """The box around the labelled joints, edges, made larger by `MARGIN`; None without any."""
    known = points[visible > UNLABELLED]
    if not len(known):
        return None
    low, high = known.min(axis=0), known.max(axis=0) + 1
    margin = MARGIN * float((high - low).max())
    x1, y1 = (low - margin).tolist()
    x2, y2 = (high + margin).tolist()
    return x1, y1, x2, y2
