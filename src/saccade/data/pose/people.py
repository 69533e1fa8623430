"""Pictures and the people in them whose joints somebody has marked, whatever file they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float32, Int8
from numpy import ndarray

from saccade.core.skeleton import Skeleton

UNLABELLED, HIDDEN, VISIBLE = 0, 1, 2
"""what is known of a key point, as in COCO: nothing; where it would be seen; where it is seen"""

Outline = tuple[Float32[ndarray, "_ 2"], ...] | Mapping[str, Any]
"""where something is: polygons of edges in pixels, or run lengths, both as in COCO"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AnnotatedPerson:
    """A person, or whatever else has the data set's skeleton.

    Attributes:
        keypoints: (x, y) in pixels of the picture; the middle of the first pixel is (0, 0). Where `visible`
            is UNLABELLED they mean nothing.
        visible: UNLABELLED, HIDDEN or VISIBLE.
        box: corners (x1, y1, x2, y2), edges in pixels: the first pixel is from 0 to 1.
        area: of the person in square pixels, by which OKS forgives distance.
        is_crowd: a region of many people of whom nobody is marked: neither learned nor scored.
        id: the annotation's number in COCO files; its place in its file elsewhere.
        head_size: length in pixels that PCKh divides distances by, 0.6 times the diagonal of MPII's head box;
            None where the head is not marked.
        center: middle (x, y) of the person as MPII gives it; None for that of the box.
        scale: size of the person as MPII gives it, its height divided by 200 pixels; None for that of the
            box.
        outline: of those who are not learned from, so that nothing is learned from their pixels: crowds, and
            people without any labelled joint; None for their box.
    """

    keypoints: Float32[ndarray, "K 2"]
    visible: Int8[ndarray, " K"]
    box: Float32[ndarray, "4"]
    area: float
    is_crowd: bool = False
    id: int = 0
    head_size: float | None = None
    center: tuple[float, float] | None = None
    scale: float | None = None
    outline: Outline | None = None

    @property
    def num_labelled(self) -> int:
        """How many of the key points are known."""
        return int((self.visible > UNLABELLED).sum())

    @property
    def is_learned(self) -> bool:
        """Whether a network can learn from this person: one alone, with a joint that is known."""
        return not self.is_crowd and self.num_labelled > 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PosedImage:
    """A picture and its people; having none is as good as any other number.

    Attributes:
        name: what it is called in results and complaints; differs from that of every other picture.
        file: the picture.
        annotation: the file that its people come from.
        size_wh: width and height in pixels as the annotation says; None where it does not.
        people: in the order of the file.
        id: the picture's number in COCO files; its place in the data set elsewhere.
    """

    name: str
    file: Path
    annotation: Path
    size_wh: tuple[int, int] | None
    people: tuple[AnnotatedPerson, ...]
    id: int

    def __len__(self) -> int:
        """How many people there are, crowds included."""
        return len(self.people)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PoseDataset:
    """Pictures with people of one skeleton, of one split.

    Attributes:
        name: the form of its annotations: "coco-keypoints", "mpii", "lsp", "yolo-pose" or
            "pose-folder".
        root: the folder it lies in.
        split: which part of it; None where it has no parts.
        skeleton: what its key points are.
        images: in the order of their file.
        notes: what was left out or understood in a certain way, a sentence each.
    """

    name: str
    root: Path
    split: str | None
    skeleton: Skeleton
    images: tuple[PosedImage, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self.images)
