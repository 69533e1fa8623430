"""YOLO: a text file a picture, `class x y w h` a line, all but the class in shares of the picture.

Where pictures and labels lie: see `yolo_layout`. A picture without a text file has no boxes, and so has one
with an empty file. Lines of more than five numbers are outlines, of which the box around is taken; but in a
set of key points the points follow the box. Shares are of the picture as it is shown, EXIF orientation
applied.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from saccade.core import DatasetError
from saccade.data.detection.folders import choose_split, is_file, unique_names
from saccade.data.detection.records import (
    Corners,
    Fault,
    RawImage,
    RawObject,
    RawSplit,
    refuse_no_folder,
)
from saccade.data.detection.yolo_layout import (
    LAYOUT,
    Layout,
    PointShape,
    has_labels,
    labelled_size,
    labels_of,
    list_of_classes,
    listed,
    relative_name,
    without_picture,
    yaml_of,
)
from saccade.data.detection.yolo_lines import (
    LineError,
    corners_of,
    read_labels,
    read_numbers,
    refuse_pixels,
)


def fits(root: Path) -> bool:
    """Whether there is a YAML file of names, or text files of labels with a list of classes."""
    if root.is_file():
        return root.suffix.lower() in (".yaml", ".yml")
    if not root.is_dir():
        return False
    return (
        yaml_of(root) is not None
        or any((root / name).exists() for name in ("labels", "obj.data"))
        or (list_of_classes(root) is not None and has_labels(root))
    )


def split_names(root: Path) -> tuple[str, ...]:
    """The parts that the YAML file names, or the folders that are there."""
    return tuple(Layout.of(root).parts)


def read_split(
    root: Path, split: str | None, classes: Sequence[str] | None, *, is_whole: bool = False
) -> RawSplit:
    """Reads the labels of a split; `root` may be the YAML file.

    Raises:
        DatasetError: when nothing of YOLO is there, or no class has a name.
    """
    refuse_no_folder(root, LAYOUT)
    layout = Layout.of(root)
    split = choose_split(split, tuple(layout.parts), root)
    names = tuple(classes) if classes is not None else layout.names
    if names is None:
        raise DatasetError(
            f"{root}: no name of any class; write classes.txt with one name a line, or a data.yaml with names"
        )
    faults: list[Fault] = []
    pictures = listed(layout, split, faults)
    shown = unique_names([relative_name(path, layout.home) for path in pictures])
    images = tuple(
        _image(path, name, index, names, layout.shape, faults)
        for index, (path, name) in enumerate(zip(pictures, shown, strict=True))
    )
    faults += without_picture({image.annotation for image in images if image.annotation}, pictures)
    return RawSplit(
        form="yolo",
        root=root,
        split=split,
        classes=names,
        is_declared=True,
        word="line",
        images=images,
        pictures=tuple(path for path in pictures if path.is_file()),
        faults=tuple(faults),
    )


def _image(
    path: Path, name: str, index: int, names: Sequence[str], shape: PointShape | None, faults: list[Fault]
) -> RawImage:
    labels = labels_of(path)
    if not is_file(labels):
        return RawImage(name=name, file=path, annotation=None, size_wh=None, objects=(), id=index)
    size_wh = labelled_size(path, faults)
    read = partial(_box, num_classes=len(names), shape=shape, size_wh=size_wh or (1, 1))
    objects = tuple(
        RawObject(number=line, name=names[label], box=box)
        for line, (label, box) in read_labels(labels, path, read, faults)
    )
    return RawImage(name=name, file=path, annotation=labels, size_wh=size_wh, objects=objects, id=index)


def _box(
    text: str, *, num_classes: int, shape: PointShape | None, size_wh: tuple[int, int]
) -> tuple[int, Corners]:
    """The class and the edges in pixels."""
    words = text.split()
    if shape is not None:
        words = _without_points(words, shape)
    elif len(words) != 5 and (len(words) < 7 or len(words) % 2 == 0):
        reason = f"has {len(words)} values, not class x y w h"
        raise LineError("coordinates", reason, "correct it, or take the line out")
    label, values = read_numbers(words, num_classes)
    refuse_pixels(values)
    if len(values) == 4:
        x, y, w, h = values
        return label, corners_of(x, y, w, h, size_wh)
    (width, height), xs, ys = size_wh, values[::2], values[1::2]
    return label, (min(xs) * width, min(ys) * height, max(xs) * width, max(ys) * height)


def _without_points(words: list[str], shape: PointShape) -> list[str]:
    """The class and the box of a line that may go on with points."""
    whole = 5 + shape.points * shape.numbers
    if len(words) not in (5, whole):
        reason = f"has {len(words)} values, not class x y w h, alone or with the points of kpt_shape: {whole}"
        raise LineError("coordinates", reason, "correct it, or take the line out")
    return words[:5]
