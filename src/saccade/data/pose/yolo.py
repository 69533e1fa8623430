"""YOLO's key points: `class x y w h` and the points of an object a line, in shares of the picture.

    ROOT/data.yaml with names, kpt_shape, train, val and test       as ultralytics and Roboflow lay it out

Pictures and labels lie as those of boxes do. `kpt_shape` says how many points there are, and whether a
visibility follows each x and y; without one, a point at (0, 0) is one that nobody has marked. `flip_idx` says
which points trade places in a mirrored picture, `kpt_names` what they are called. Shares are COCO's pixel
indices divided by width and height: COCO's labels are converted so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from saccade.core import COCO_17, SKELETONS, DatasetError, Skeleton
from saccade.data.detection.folders import choose_split, is_file, unique_names
from saccade.data.detection.records import Corners, Fault, refuse_no_folder
from saccade.data.detection.yolo_layout import (
    Layout,
    PointShape,
    labelled_size,
    labels_of,
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
from saccade.data.pose.contents import AREA_SHARE, PoseContent, is_box, person_of, read_joints
from saccade.data.pose.described import pairs_of, read_skeleton
from saccade.data.pose.people import UNLABELLED, VISIBLE, AnnotatedPerson, PoseDataset, PosedImage

LAYOUT = "ROOT/data.yaml with names, kpt_shape, train and val; lines of class, x y w h and the points"


def fits(root: Path) -> bool:
    """Whether a YAML file says how many points every object has."""
    try:
        file = root if root.is_file() else yaml_of(root)
        is_yaml = file is not None and file.suffix.lower() in (".yaml", ".yml")
        return is_yaml and Layout.of(root).shape is not None
    except DatasetError:
        # it is told when it is opened
        return False


def split_names(root: Path) -> tuple[str, ...]:
    """The parts that the YAML file names."""
    return tuple(Layout.of(root).parts)


def read(root: Path, split: str | None) -> PoseContent:
    """Reads a split; `root` may be the YAML file.

    Raises:
        DatasetError: when there is no such file, or it describes its points in a way that cannot be.
    """
    refuse_no_folder(root, LAYOUT)
    layout = Layout.of(root)
    if layout.shape is None:
        raise DatasetError(
            f"{layout.file or root}: no kpt_shape, as data.yaml has it of key points; expected {LAYOUT}"
        )
    split = choose_split(split, tuple(layout.parts), root)
    skeleton, notes = _skeleton(layout, layout.shape.points)
    faults: list[Fault] = []
    pictures = listed(layout, split, faults)
    shown = unique_names([relative_name(path, layout.home) for path in pictures])
    lines = _Lines(len(layout.names or ()), layout.shape, skeleton)
    images = tuple(
        _image(path, name, place, lines, faults)
        for place, (path, name) in enumerate(zip(pictures, shown, strict=True), start=1)
    )
    faults += without_picture({image.annotation for image in images}, pictures)
    return PoseContent(
        dataset=PoseDataset(
            name="yolo-pose", root=root, split=split, skeleton=skeleton, images=images, notes=notes
        ),
        faults=tuple(faults),
        pictures=tuple(path for path in pictures if path.is_file()),
        word="line",
    )


def _image(path: Path, name: str, place: int, lines: "_Lines", faults: list[Fault]) -> PosedImage:
    labels = labels_of(path)
    people: list[AnnotatedPerson] = []
    size_wh = None
    if is_file(labels):
        size_wh = labelled_size(path, faults)
        for line, (joints, box) in read_labels(
            labels, path, partial(lines.read, size_wh=size_wh or (1, 1)), faults
        ):
            if not is_box(box):
                reason, remedy = "its box has no area", "draw it anew"
                faults.append(
                    Fault(
                        kind="no_area",
                        file=labels,
                        reason=reason,
                        remedy=remedy,
                        number=line,
                        place=f"line {line}",
                        picture=path,
                    )
                )
            if (person := person_of(joints, box, number=line)) is not None:
                people.append(person)
    return PosedImage(
        name=name, file=path, annotation=labels, size_wh=size_wh, people=tuple(people), id=place
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """How a line is read."""

    num_classes: int
    shape: PointShape
    skeleton: Skeleton

    def read(self, text: str, *, size_wh: tuple[int, int]) -> tuple[Float[np.ndarray, "K 3"], Corners]:
        """The points, as of `read_joints`, and the edges of the box, in pixels.

        Raises:
            LineError: when it cannot be used.
        """
        words = text.split()
        count, numbers = self.shape
        if len(words) != 5 + count * numbers:
            raise LineError(
                "keypoints",
                f"has {len(words)} values, not {5 + count * numbers}: class, x y w h, and {numbers} of each "
                f"of {count} points",
                "correct it, or take the line out",
            )
        _, (x, y, w, h, *points) = read_numbers(words, self.num_classes)
        refuse_pixels((x, y, w, h))
        rows = np.array(points, np.float64).reshape(count, numbers)
        if numbers == 2:
            flags = np.where(rows.any(axis=1), VISIBLE, UNLABELLED)
            rows = np.concatenate([rows, flags[:, None]], axis=1)
        try:
            joints = read_joints(rows, self.skeleton.points)
        except ValueError as error:
            raise LineError("keypoints", str(error), "correct it, or take the line out") from None
        refuse_pixels(joints[:, :2].ravel().tolist())
        return joints * (*size_wh, 1), corners_of(x, y, w, h, size_wh)


def _skeleton(layout: Layout, count: int) -> tuple[Skeleton, tuple[str, ...]]:
    """The skeleton that a YAML file describes, and what was inferred, a sentence each."""
    classes, described = layout.names or (), layout.described
    mirror = _mirror(layout.file, described.get("flip_idx"), count)
    points, notes = _points(layout.file, described.get("kpt_names"), count, mirror)
    category: dict[str, Any] = {"keypoints": points, "skeleton": described.get("skeleton")}
    if len(classes) == 1:
        category["name"] = classes[0]
    known = next((each for each in SKELETONS.values() if list(each.points) == points), None)
    if mirror is not None and (known is None or known.mirror != mirror):
        by_names = set(pairs_of(points))
        pairs = [(points[a], points[b]) for a, b in enumerate(mirror) if a < b]
        category["pairs"] = [(b, a) if (b, a) in by_names else (a, b) for a, b in pairs]
    skeleton, inferred = read_skeleton(category, str(layout.file))
    notes += (*inferred, f"no areas in this form: {AREA_SHARE} of their box counts")
    if len(classes) > 1:
        notes += (f"classes {', '.join(classes)} are not told apart: all have the same points",)
    return skeleton, notes


def _mirror(file: Path | None, flips: Any, count: int) -> tuple[int, ...] | None:
    """`flip_idx`: for every point the one that takes its place in a mirrored picture; None where not said."""
    if flips is None:
        return None
    is_list = isinstance(flips, list) and all(type(each) is int for each in flips)
    if not is_list or sorted(flips) != list(range(count)) or any(flips[flips[a]] != a for a in flips):
        raise DatasetError(
            f"{file}: flip_idx is {flips!r}; expected for each of the {count} points, counted from 0, the "
            f"one that takes its place in a mirrored picture: itself, or its partner, whose own it is then"
        )
    return tuple(flips)


def _points(
    file: Path | None, named: Any, count: int, mirror: tuple[int, ...] | None
) -> tuple[list[str], tuple[str, ...]]:
    """What the points are called, and how that is known."""
    if named is None:
        if mirror == COCO_17.mirror:
            return list(COCO_17.points), (
                "points without names that mirror as COCO's 17 are taken for these",
            )
        names = [f"point{number}" for number in range(count)]
        return names, (
            f"points have no names: they are called {names[0]} to {names[-1]}; kpt_names gives some",
        )
    lists = list(named.values()) if isinstance(named, Mapping) else [named]
    if not lists or any(each != lists[0] for each in lists):
        raise DatasetError(
            f"{file}: kpt_names are not the same for all classes; write a data set for each kind of points"
        )
    names = lists[0]
    is_list = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    if not is_list or len(names) != count or len(set(names)) != count:
        raise DatasetError(
            f"{file}: kpt_names are {names!r}; expected {count} names, no two of them the same"
        )
    return list(names), ()
