"""MPII Human Pose: Andriluka et al., CVPR 2014. Its own MATLAB file, or the lists that people train on.

    ROOT/mpii_human_pose_v1_u12_1.mat and ROOT/images                     the original; splits train, test
    ROOT/annot/<split>.json, ROOT/annot/gt_<split>.mat and ROOT/images    SimpleBaseline's, and others'

The lists have the validation split of Tompson et al. (CVPR 2015) as valid.json; their heads are marked in the
MATLAB file beside them alone. Everything in them counts pixels from 1.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from saccade.core import MPII_16, DatasetError
from saccade.core.errors import reason_of
from saccade.core.skeleton import HEAD_BOX_FACTOR
from saccade.data.detection.folders import Pictures, choose_split
from saccade.data.detection.records import Corners, Kind, number, refuse_no_folder
from saccade.data.formats.matlab import read_matlab
from saccade.data.pose.contents import AREA_SHARE, FURTHEST, PoseContent, box_of_joints, person_of
from saccade.data.pose.crops import PIXEL_STD
from saccade.data.pose.gathering import Gathered
from saccade.data.pose.matlab import field, records, scalar
from saccade.data.pose.people import HIDDEN, VISIBLE, AnnotatedPerson

LAYOUT = (
    "ROOT/annot/<split>.json with entries of image, center, scale, joints and joints_vis, or the original "
    "ROOT/mpii_human_pose_v1_u12_1.mat; and ROOT/images"
)
_ORIGINAL = "mpii_human_pose*.mat"
_HEAD = 4096
_FIRST = 1
"""the first pixel in MPII's files"""


def fits(root: Path) -> bool:
    """Whether there is the original file, or lists of its people."""
    return bool(_lists(root)) or _original(root) is not None


def split_names(root: Path) -> tuple[str, ...]:
    """What the lists are called; of the original train and test."""
    return tuple(_lists(root)) or (("train", "test") if _original(root) else ())


def read(root: Path, split: str | None) -> PoseContent:
    """Reads a split; `root` may be the JSON or the MATLAB file.

    Raises:
        DatasetError: when there is none, or a file is broken.
    """
    refuse_no_folder(root, LAYOUT)
    lists, original = _lists(root), _original(root)
    if not lists and original is None:
        raise DatasetError(f"{root}: neither MPII's file nor lists of its people; expected {LAYOUT}")
    chosen = choose_split(split, split_names(root), root)
    assert chosen is not None
    if lists:
        return _read_list(root, lists[chosen], chosen if len(lists) > 1 else None)
    assert original is not None
    return _read_original(root, original, chosen)


def _lists(root: Path) -> dict[str, Path]:
    """The lists, by split."""
    if root.is_file():
        return {root.stem: root} if _is_list(root) else {}
    for place in (root / "annot", root / "annotations", root):
        files = [file for file in sorted(place.glob("*.json")) if _is_list(file)]
        if files:
            return {file.stem.removeprefix("mpii_"): file for file in files}
    return {}


def _is_list(file: Path) -> bool:
    """Whether a file begins as the lists do: with an entry that has a picture, a centre and a scale."""
    if file.suffix.lower() != ".json" or not file.is_file():
        return False
    with file.open("rb") as opened:
        head = opened.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"[") and all(key in head for key in (b'"image"', b'"center"', b'"scale"'))


def _original(root: Path) -> Path | None:
    if root.is_file():
        return root if root.suffix == ".mat" else None
    found = [file for place in (root, root / "annot", root / "annotations") for file in place.glob(_ORIGINAL)]
    return found[0] if found else None


def _pictures(root: Path, file: Path) -> Pictures:
    homes = dict.fromkeys([file.parent if root.is_file() else root, file.parent, file.parent.parent])
    folders = [home / "images" for home in homes if (home / "images").is_dir()]
    return Pictures(folders[:1] or [next(iter(homes))])


def _read_list(root: Path, file: Path, split: str | None) -> PoseContent:
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(
            f"{file}: not JSON ({reason_of(error)}); the file is cut off or damaged, take it anew"
        ) from None
    file_of_heads = _file_of_heads(file)
    heads = [None] * len(entries) if file_of_heads is None else _head_sizes(file_of_heads, file, len(entries))
    gathered = Gathered(file, "entry", _pictures(root, file))
    for place, (entry, head_size) in enumerate(zip(entries, heads, strict=True), start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("image"), str) or not entry["image"]:
            gathered.note("unreadable", place, "has no image", "correct it")
            continue
        try:
            joints = _joints(entry.get("joints"), entry.get("joints_vis"))
            center, scale = _place(entry.get("center"), entry.get("scale"))
        except _EntryError as error:
            gathered.note(error.kind, place, str(error), "correct it, or take the entry out")
            continue
        gathered.add(entry["image"], _person(joints, center, scale, head_size, place), place)
    why = "has no head box" if file_of_heads else f"is not beside {file.name}"
    source = file_of_heads or file.with_name(f"gt_{file.stem}.mat")
    return _with_note_on_heads(gathered.content("mpii", root, split, MPII_16), f"{source.name} {why}")


def _with_note_on_heads(content: PoseContent, why: str) -> PoseContent:
    """The same; said, if so, that nobody has a head."""
    heads = [person.head_size for _, person in content.people()]
    if not heads or any(size is not None for size in heads):
        return content
    return content.with_notes(
        (f"{why}: no head size is known, so that PCKh is not scored, and OKS alone is",)
    )


class _EntryError(ValueError):
    """An entry that nothing can be made of."""

    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.kind: Kind = kind


def _joints(points: Any, visible: Any) -> Float[np.ndarray, "16 3"]:
    """Joints as 0-based pixels; those that are not marked, or at -1 or 0, are not there."""
    if points is None and visible is None:
        return np.zeros((16, 3))
    try:
        rows = np.asarray(points, np.float64), np.asarray(visible, np.float64)
    except (OverflowError, TypeError, ValueError):
        raise _EntryError("keypoints", "its joints are not all numbers") from None
    if rows[0].shape != (16, 2) or rows[1].size != 16:
        shape = "x".join(map(str, rows[0].shape))
        raise _EntryError("keypoints", f"{shape} joints and {rows[1].size} joints_vis; expected 16x2 and 16")
    xy, is_marked = rows[0], rows[1].reshape(16) > 0
    is_there = is_marked | (xy > 0).all(axis=1)
    is_lost = is_there & ~(np.abs(xy) < FURTHEST).all(axis=1)
    if is_lost.any():
        at = int(is_lost.argmax())
        x, y = xy[at]
        raise _EntryError("keypoints", f"'{MPII_16.points[at]}' is at ({x:g}, {y:g}), which is in no picture")
    flags = np.where(is_marked, VISIBLE, HIDDEN)
    return np.where(is_there[:, None], np.column_stack([xy - _FIRST, flags]), 0.0)


def _place(center: Any, scale: Any) -> tuple[tuple[float, float] | None, float | None]:
    """Where a person is, 0-based, and how large; None and None where MPII writes -1 for unknown."""
    try:
        x, y, size = (number(value) for value in (*center, scale))
    except (TypeError, ValueError):
        raise _EntryError("coordinates", f"center {center!r} and scale {scale!r} are no place") from None
    return ((x - _FIRST, y - _FIRST), size) if x > 0 and size > 0 else (None, None)


def _person(
    joints: Float[np.ndarray, "16 3"],
    center: tuple[float, float] | None,
    scale: float | None,
    head_size: float | None,
    count: int,
) -> AnnotatedPerson | None:
    """A person; MPII has no boxes: theirs is the square of their height around their centre."""
    around = box_of_joints(joints[:, :2], joints[:, 2].astype(np.int8))
    box: Corners | None = None
    if center is not None and scale is not None:
        # middles of pixels become edges
        x, y, half = center[0] + 0.5, center[1] + 0.5, PIXEL_STD * scale / 2
        box = (x - half, y - half, x + half, y + half)
    tight = around or box
    area = None if tight is None else AREA_SHARE * (tight[2] - tight[0]) * (tight[3] - tight[1])
    return person_of(joints, box, number=count, area=area, head_size=head_size, center=center, scale=scale)


def _file_of_heads(file: Path) -> Path | None:
    """The MATLAB file beside a list."""
    names = (f"gt_{file.stem}.mat", f"mpii_gt_{file.stem.removeprefix('mpii_')}.mat")
    return next((file.with_name(name) for name in names if file.with_name(name).is_file()), None)


def _head_sizes(heads: Path, file: Path, count: int) -> list[float | None]:
    """Sizes of the heads of a list's people; None where it is not known.

    Raises:
        DatasetError: when there are not as many as people.
    """
    boxes = np.asarray(read_matlab(heads, "headboxes_src"), np.float64)
    if boxes.shape != (2, 2, count):
        raise DatasetError(
            f"{heads} has {boxes.shape[-1]} heads, but {file} {count} people; take both of one version"
        )
    sizes = HEAD_BOX_FACTOR * np.linalg.norm(boxes[1] - boxes[0], axis=0)
    return [size if 0 < size < np.inf else None for size in sizes.tolist()]


def _read_original(root: Path, file: Path, split: str) -> PoseContent:
    releases = records(np.asarray(read_matlab(file, "RELEASE")))
    listed = records(field(releases[0], "annolist")) if releases else []
    trains = field(releases[0], "img_train") if releases else None
    if not listed or trains is None or trains.size != len(listed):
        raise DatasetError(
            f"{file}: no RELEASE with annolist and img_train of the same length; take the original file anew"
        )
    gathered = Gathered(file, "picture", _pictures(root, file))
    count = 0
    for place, (picture, is_train) in enumerate(zip(listed, trains.reshape(-1), strict=True), start=1):
        if bool(is_train) != (split == "train"):
            continue
        names = [field(image, "name") for image in records(field(picture, "image"))]
        if not names or names[0] is None:
            gathered.note("unreadable", place, "has no name", "take the original file anew")
            continue
        name = str(names[0].reshape(-1)[0])
        gathered.add_picture(name)
        for person in records(field(picture, "annorect")):
            count += 1
            try:
                gathered.add(name, _person_of_record(person, count), place)
            except _EntryError as error:
                gathered.note(error.kind, place, str(error), "take the original file anew")
    content = gathered.content("mpii", root, split, MPII_16)
    return _with_note_on_heads(content, f"{file.name} has no head box in this split")


def _person_of_record(record: np.void, count: int) -> AnnotatedPerson | None:
    """A person of the original file: annorect, with the fields that are known of them."""
    points, visible = np.full((16, 2), -1.0), np.zeros(16)
    for annotated in records(field(record, "annopoints")):
        for point in records(field(annotated, "point")):
            joint, x, y = (scalar(point, name) for name in ("id", "x", "y"))
            if joint is None or x is None or y is None or joint not in range(16):
                raise _EntryError("keypoints", f"a point with id {joint} at ({x}, {y}); expected id 0 to 15")
            points[int(joint)] = x, y
            # nothing is said of the head's points, which follow from its box
            is_visible = scalar(point, "is_visible")
            visible[int(joint)] = VISIBLE if is_visible is None else is_visible
    joints = _joints(points, visible)
    places = records(field(record, "objpos"))
    spot = [scalar(places[0], name) for name in ("x", "y")] if places else [None]
    size = scalar(record, "scale")
    if None in spot or size is None:
        return _person(joints, None, None, _head_size(record), count)
    center, scale = _place(spot, size)
    return _person(joints, center, scale, _head_size(record), count)


def _head_size(record: np.void) -> float | None:
    corners = [scalar(record, name) for name in ("x1", "y1", "x2", "y2")]
    x1, y1, x2, y2 = (math.nan if value is None else value for value in corners)
    size = HEAD_BOX_FACTOR * math.hypot(x2 - x1, y2 - y1)
    return size if size > 0 else None
