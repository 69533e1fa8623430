"""Pictures and the boxes that people have drawn on them, whatever file they come from."""

from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Bool, Float32, Float64, Int64
from numpy import ndarray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AnnotatedImage:
    """A picture and its boxes; having none is as good as any other number.

    Attributes:
        name: what it is called in results and complaints; differs from that of every other picture.
        file: the picture.
        annotation: the file that its boxes come from; None where it has no file, as in YOLO for no boxes.
        size_wh: width and height in pixels as the annotation says; None where it does not.
        boxes: corners (x1, y1, x2, y2), edges in pixels of the picture: the first pixel is from 0 to 1.
        labels: class index from 0.
        is_crowd: boxes around many at once (COCO `iscrowd`, Open Images `IsGroupOf`): neither learned from
            nor counted against a detector.
        is_difficult: boxes that VOC leaves out of its score.
        id: the picture's number in COCO files; its place in the data set elsewhere.
        areas: of the objects in square pixels, where the annotation says so, as COCO does of their masks;
            None for those of the boxes. By them objects are small, medium or large.
        verified: labels of the classes that people have looked for in the picture, be they there or not, as
            Open Images says; None where nothing is said, and all classes count as looked for.
    """

    name: str
    file: Path
    annotation: Path | None
    size_wh: tuple[int, int] | None
    boxes: Float32[ndarray, "N 4"]
    labels: Int64[ndarray, " N"]
    is_crowd: Bool[ndarray, " N"]
    is_difficult: Bool[ndarray, " N"]
    id: int
    areas: Float64[ndarray, " N"] | None = None
    verified: Int64[ndarray, " V"] | None = None

    def __len__(self) -> int:
        """How many boxes there are."""
        return len(self.boxes)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DetectionDataset:
    """Annotated pictures of one split.

    Attributes:
        name: the form of its annotations: "voc", "coco", "yolo" or "open_images".
        root: the folder it lies in.
        split: which part of it; None where it has no parts.
        classes: names, in the order of the labels; background is none of them.
        images: in the order of their files.
        category_ids: the classes' numbers in COCO files, in the order of the labels; None where they have
            none.
    """

    name: str
    root: Path
    split: str | None
    classes: tuple[str, ...]
    images: tuple[AnnotatedImage, ...]
    notes: tuple[str, ...] = ()
    category_ids: tuple[int, ...] | None = None

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self.images)
