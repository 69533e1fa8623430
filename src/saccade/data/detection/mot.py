"""Tracks of the MOTChallenge as boxes in pictures: everybody in every frame, whoever it is.

People that count in the evaluation of tracks are learned from and judged by: pedestrians that are not
flagged to be ignored, and all that have no class, as in MOT15. Whom that evaluation takes out, people on
vehicles, who stand still or are mirrored, are crowds here: neither learned from nor counted against a
detector. All other lines are background, as they are there. Boxes are cut off at the border of the frame.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from saccade.core import DatasetError
from saccade.data.datasets.mot_folder import ALL, LAYOUT, mot_sequences, mot_splits
from saccade.data.detection.records import Corners, RawImage, RawObject, RawSplit, refuse_no_folder
from saccade.data.formats.tracks import DISTRACTORS, Tracks
from saccade.data.sequence import Sequence as Video
from saccade.data.sequence import folder_of

PERSON = "person"
"""what COCO calls them, with whose weights most trainings begin"""


def fits(root: Path) -> bool:
    """Whether there is a video with true tracks."""
    return root.is_dir() and bool(mot_splits(root))


def read_split(
    root: Path, split: str | None, classes: Sequence[str] | None, *, is_whole: bool = False
) -> RawSplit:
    """Reads a split; `mot_folder` says what may be one.

    Raises:
        DatasetError: when there is none of that name, no video in it, one without frames or truth, a line
            that is no box of one of its frames, or nobody who counts.
    """
    refuse_no_folder(root, LAYOUT)
    videos = list(mot_sequences(root, split or ALL))
    if not videos:
        raise DatasetError(f"{root}: no video in it; expected {LAYOUT}")
    images = [image for video in videos for image in _images(video)]
    crowds = [each.is_crowd for image in images for each in image.objects]
    if all(crowds):
        raise DatasetError(
            f"{root}: nobody in it counts, by the files gt/gt.txt; a person is of class 1, and of a "
            f"confidence other than 0, which means to be ignored"
        )
    note = f"people who stand still or are mirrored, neither learned from nor counted: {sum(crowds):,} boxes"
    return RawSplit(
        form="mot",
        root=root,
        split=split,
        classes=tuple(classes or (PERSON,)),
        is_declared=True,
        word="id",
        images=tuple(replace(image, id=number) for number, image in enumerate(images)),
        notes=(note,) if any(crowds) else (),
    )


def refuse_to_write(splits: object, root: Path, place: object) -> NoReturn:
    """Refuses to write boxes as tracks.

    Raises:
        DatasetError: always, with what can be written.
    """
    raise DatasetError(
        f"{root}: boxes of which nobody knows whose they are cannot be written as tracks; write them with "
        f"saccade data convert … --to coco"
    )


def _images(video: Video) -> Iterator[RawImage]:
    """The frames of a video with the people in them."""
    if not len(video):
        raise DatasetError(
            f"{folder_of(video.images)}: no frames in it; put them there as 000001.jpg and so on"
        )
    tracks = video.annotation
    assert isinstance(tracks, Tracks)
    size_wh = video.size_wh
    people, others = tracks.is_pedestrian, np.isin(tracks.categories, DISTRACTORS)
    boxes = tracks.corners.clip(0, (*size_wh, *size_wh))
    # what is wholly outside of the frame, or has no area, cannot be seen
    shown = (people | others) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    for index, file in enumerate(video.images):
        rows = range(*tracks.at(index).indices(len(boxes)))
        yield RawImage(
            name=f"{video.name}/{file.stem}",
            file=file,
            annotation=file.parent.parent / "gt" / "gt.txt",
            size_wh=size_wh,
            objects=tuple(
                RawObject(
                    number=int(tracks.ids[row]),
                    name=PERSON,
                    box=_corners(boxes[row]),
                    is_crowd=not people[row],
                )
                for row in rows
                if shown[row]
            ),
            id=index,
        )


def _corners(box: np.ndarray) -> Corners:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2
