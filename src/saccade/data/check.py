"""Whether a data set on the disk is whole: what is missing, and which truth disagrees with its frames."""

from collections import abc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from saccade.core import DatasetError
from saccade.data.datasets import DATASETS, Dataset, look_of
from saccade.data.formats.labels import check_size, read_ids
from saccade.data.formats.tracks import Tracks
from saccade.data.frames import ListedFrames, NumberedFrames, found_frames, picture_names
from saccade.data.sequence import Sequence, folder_of
from saccade.data.truth import Annotation, BoxAnnotation, LabelAnnotation
from saccade.media.images import picture_size

Kind = Literal["missing", "truth", "number", "size"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a data set.

    Attributes:
        sequence: where; empty for the data set as a whole.
        kind: frames or sequences are missing, the truth or what else is said cannot be used, it is not of as
            many frames as there are, or of another size.
        message: what is wrong, with file and line.
    """

    sequence: str
    kind: Kind
    message: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found on the disk.

    Attributes:
        expected: how many sequences there should be; None where that is not fixed.
        sequences: how many have no fault.
        frames: how many all sequences have that are there.
        objects: how many they have.
        notes: what is no fault, but good to know for training.
    """

    expected: int | None
    sequences: int
    frames: int
    objects: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()


def check_dataset(dataset: Dataset, on_sequence: Callable[[], None] = lambda: None) -> Findings:
    """Looks at every sequence of a data set: its truth, every line and mask, and the names of all frames.

    Args:
        dataset: opened lazily, or what is wrong would have been refused.
        on_sequence: is called after each.
    """
    entry = DATASETS[dataset.name]
    expected = entry.splits[entry.split(dataset.split)]
    faults: list[Fault] = []
    if expected is not None and len(dataset.sequences) != expected:
        faults.append(Fault("", "missing", f"{len(dataset.sequences)} sequences, but {expected} expected"))
    complete = frames = objects = 0
    single: list[str] = []
    for sequence in dataset.sequences:
        look = _Look(sequence.name)
        look.at(sequence)
        faults += look.faults
        complete += not look.faults
        frames += look.frames
        objects += look.objects
        single += [sequence.name] * (look.frames == 1)
        on_sequence()
    likeness = "" if frames else look_of(dataset.root, entry)
    if likeness:
        message = f"{dataset.root}: no frame of {dataset.name} is there{likeness}"
        faults.insert(0, Fault("", "missing", message))
    notes = (_note_on(single),) if single else ()
    return Findings(expected, complete, frames, objects, tuple(faults), notes)


def _note_on(single: abc.Sequence[str]) -> str:
    """What to know of sequences of a single frame."""
    verb = "sequence has" if len(single) == 1 else "sequences have"
    return f"{len(single):,} {verb} a single frame, first {single[0]}: no training sample is drawn from such"


@dataclass(slots=True)
class _Look:
    """What there is of a sequence, as far as it can be read, and what is wrong with it."""

    name: str
    frames: int = 0
    objects: int = 0
    faults: list[Fault] = field(default_factory=list)

    def at(self, sequence: Sequence) -> None:
        """Looks at frames first; where there are none, at nothing else."""
        with self._noting("truth"):
            sequence = _with_gaps(sequence)
            missing = _missing(sequence)
            self.frames = len(sequence) - len(missing)
            if self.frames:
                self._at_frames(sequence, missing)
                self._at_truth(sequence, next(path for path in sequence.images if path not in missing))
            else:
                self._note("missing", f"no frames in {folder_of(sequence.images)}")

    def _at_frames(self, sequence: Sequence, missing: abc.Collection[Path]) -> None:
        if missing:
            first = next(iter(missing))
            self._note("missing", f"{len(missing)} of {len(sequence)} frames are missing, first {first}")
        expected = sequence.expected_frames
        if expected not in (None, len(sequence)):
            place = folder_of(sequence.images)
            self._note("number", f"{place} has {len(sequence)} frames, but {expected} were published")

    def _at_truth(self, sequence: Sequence, first: Path) -> None:
        """Looks at what is said of a sequence.

        Args:
            first: a frame that is there.
        """
        size = picture_size(first)
        if size is None:
            self._note("size", f"{first} cannot be read as a picture")
        with self._noting("truth"):
            stated = sequence.facts.stated_wh
            if None not in (size, stated) and stated != size:
                self._note("size", f"{first} is {_show(size)} large, but the annotation says {_show(stated)}")
        with self._noting("truth"):
            _ = sequence.language
        annotation = sequence.read()
        self.objects = len(annotation.starts)
        with self._noting("number"):
            sequence.check_length(annotation)
        with self._noting("truth"):
            sequence.check_start(annotation)
        if isinstance(annotation, LabelAnnotation):
            self._at_masks(annotation)
            return
        faults = len(self.faults)
        if size is not None:
            self._at_boxes(_boxes(annotation), size)
        if isinstance(annotation, BoxAnnotation) and len(self.faults) == faults:
            self._at_starts(sequence, annotation)

    def _at_masks(self, annotation: LabelAnnotation) -> None:
        for file, frame in zip(annotation.files, annotation.images, strict=True):
            if file is None:
                continue
            with self._noting("truth"):
                height, width = read_ids(file).shape
                with self._noting("size"):
                    check_size(file, (width, height), frame)

    def _at_starts(self, sequence: Sequence, annotation: BoxAnnotation) -> None:
        """Looks whether the boxes at which models are pointed lie in their frames."""
        for name, start in annotation.starts.items():
            frame = sequence.images[start] if start < len(sequence) else None
            size_wh = picture_size(frame) if frame is not None else None
            box = annotation.objects[name].boxes[start]
            if size_wh is not None and _is_outside(box[None], size_wh).any():
                given = ",".join(f"{value:g}" for value in box)
                self._note(
                    "truth",
                    f"{annotation.file}: the first box of target {name}, {given}, lies wholly outside of its "
                    f"frame {frame}, which is {_show(size_wh)} large",
                )

    def _at_boxes(self, boxes: Float64[np.ndarray, "B 4"], size_wh: tuple[int, int]) -> None:
        is_outside = _is_outside(boxes, size_wh)
        # a target may leave the frame for a while, but not for the most part
        if is_outside.sum() > len(boxes) / 2:
            counts = f"{is_outside.sum()} of {len(boxes)} boxes"
            self._note("size", f"{counts} lie outside of the frames, which are {_show(size_wh)} large")

    def _note(self, kind: Kind, message: str) -> None:
        self.faults.append(Fault(self.name, kind, message))

    @contextmanager
    def _noting(self, kind: Kind) -> Iterator[None]:
        """Takes down an error, and goes on after the block."""
        try:
            yield
        except DatasetError as error:
            self._note(kind, str(error))


def _with_gaps(sequence: Sequence) -> Sequence:
    """The sequence with the frames that it should have, also beyond a gap up to which they were counted."""
    images = found_frames(sequence.images)
    return replace(sequence, images=images.with_gaps() if isinstance(images, NumberedFrames) else images)


def _missing(sequence: Sequence) -> dict[Path, None]:
    """The frames that are not there, in order; each folder is listed once."""
    images = sequence.images
    if not isinstance(images, NumberedFrames | ListedFrames):
        return dict.fromkeys(path for path in images if not path.is_file())
    listed: dict[str, set[str]] = {}
    missing: dict[Path, None] = {}
    for name in images.names:
        place, _, file = name.rpartition("/")
        if place not in listed:
            listed[place] = set(picture_names(images.folder / place))
        if file not in listed[place]:
            missing[images.folder / name] = None
    return missing


def _boxes(annotation: Annotation) -> Float64[np.ndarray, "B 4"]:
    """All boxes of all objects, (x, y, w, h)."""
    if isinstance(annotation, Tracks):
        return annotation.boxes
    if isinstance(annotation, BoxAnnotation):
        present = [truth.boxes[truth.is_present] for truth in annotation.objects.values()]
        return np.concatenate([*present, np.zeros((0, 4))])
    return np.zeros((0, 4))


def _is_outside(boxes: Float64[np.ndarray, "B 4"], size_wh: tuple[int, int]) -> Bool[np.ndarray, " B"]:
    """Which boxes (x, y, w, h) have nothing in common with a frame."""
    corners = boxes[:, :2] + boxes[:, 2:]
    result: Bool[np.ndarray, " B"] = (boxes[:, :2] >= size_wh).any(axis=1) | (corners <= 0).any(axis=1)
    return result


def _show(size_wh: tuple[int, int] | None) -> str:
    return "x".join(map(str, size_wh or ())) + " pixels"
