"""A pose set with another skeleton, or in another form."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from saccade.core import DatasetError, Skeleton
from saccade.core.skeleton import SkeletonMap
from saccade.data.detection.copying import Copier, check_out
from saccade.data.pose.forms import PoseForm
from saccade.data.pose.opening import open_pose
from saccade.data.pose.people import AnnotatedPerson, PoseDataset
from saccade.data.pose.writing import write_pose


def with_skeleton(dataset: PoseDataset, skeleton: Skeleton) -> PoseDataset:
    """The same people with the points of another skeleton; what it has no place for is gone.

    Raises:
        DatasetError: when the two have no point in common.
    """
    if dataset.skeleton == skeleton:
        return dataset
    mapping = dataset.skeleton.mapping(skeleton)
    if len(mapping.missing) == len(skeleton):
        raise DatasetError(
            f"{dataset.root} has no point of {skeleton.name}; its own: {', '.join(dataset.skeleton.points)}"
        )
    images = tuple(
        replace(image, people=tuple(_mapped(person, mapping) for person in image.people))
        for image in dataset.images
    )
    notes = tuple(
        f"{what}: {', '.join(points)}"
        for what, points in (
            (f"points of {skeleton.name} that nothing is known of", mapping.missing),
            (f"points that {skeleton.name} has no place for", mapping.lost),
        )
        if points
    )
    return replace(dataset, skeleton=skeleton, images=images, notes=(*dataset.notes, *notes))


def convert_pose(
    source: PoseForm,
    root: Path,
    target: str,
    out: Path,
    *,
    skeleton: Skeleton | None = None,
    is_linked: bool = False,
    progress: Callable[[int], Callable[[], None]] = lambda total: lambda: None,
) -> list[str]:
    """Writes a pose set in another form, with its pictures.

    Args:
        target: a form that can be written, see `write_pose`.
        skeleton: whose points are written; those of the set when not given.
        is_linked: whether pictures are linked to, instead of copied.
        progress: is told how many pictures there are, and gives what is called after each.

    Returns:
        what was left out, or understood in a certain way.

    Raises:
        DatasetError: when something in it could only be guessed at, or `out` is in use.
        OutputError: when it cannot be written.
    """
    check_out(out, root)
    splits = open_all(source, root)
    if skeleton is not None:
        splits = [with_skeleton(split, skeleton) for split in splits]
    advance = progress(sum(len(split) for split in splits))
    lost = write_pose(target, splits, out, Copier(is_linked, advance))
    return list(dict.fromkeys([*(note for split in splits for note in split.notes), *lost]))


def open_all(form: PoseForm, root: Path) -> list[PoseDataset]:
    """All splits of a set, which have one skeleton.

    Raises:
        DatasetError: when something in them could only be guessed at, or their skeletons differ.
    """
    splits = [open_pose(form.name, root, name) for name in form.splits(root) or (None,)]
    other = next((each for each in splits if each.skeleton != splits[0].skeleton), None)
    if other is not None:
        raise DatasetError(
            f"{root}: splits {splits[0].split} and {other.split} have different points; describe the same "
            f"category in both"
        )
    return splits


def _mapped(person: AnnotatedPerson, mapping: SkeletonMap) -> AnnotatedPerson:
    points, visible = mapping.convert(person.keypoints, person.visible)
    return replace(person, keypoints=points, visible=np.asarray(visible, np.int8))
