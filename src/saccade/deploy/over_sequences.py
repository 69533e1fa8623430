"""Tracking by detection over the sequences of a data set: each at its pace, or with its own detections."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from saccade.association import TrackingByDetection
from saccade.association.by_detection import TrackingByDetectionRun
from saccade.core import ConfigError, DatasetError, Frame, Instances, ModelError
from saccade.core.model import Detect
from saccade.data import Sequence
from saccade.data.sequence import folder_of
from saccade.deploy.given_detections import GivenDetections, read_detections

_PEOPLE = ("person", "pedestrian")
"""what detectors call those whose tracks are annotated"""
_NAMED = 6
"""classes of a detector that are named"""


@dataclass(frozen=True, slots=True, eq=False)
class OverSequences:
    """A `Model` that knows of each sequence before it goes over it.

    Attributes:
        name: of what finds, and of the association.
        config: the frozen configuration; frames per second are each sequence's own.
        detector: what finds; None where `file` says what there is.
        file: see `detection_file`.
    """

    name: str
    config: Any
    detector: Detect | None = field(repr=False)
    file: Path | None
    _make: Callable[..., TrackingByDetection] = field(repr=False)

    @classmethod
    def of(
        cls, detector: Detect | None, associate: str, settings: Mapping[str, Any], file: Path | None = None
    ) -> "OverSequences":
        """People whom a detector finds, or a file says are there, get identities.

        Args:
            associate: one of `ASSOCIATORS`.
            settings: of the association; see `Associator.of`.
            file: see `detection_file`; instead of a detector.

        Raises:
            ConfigError: for an unknown association or setting, or a detector that finds no people.
            MissingExtraError: when the package `trackers` is not installed.
        """
        make = partial(TrackingByDetection.of, associate=associate, classes=_people(detector), **settings)
        made = make(detector=detector or GivenDetections(str(file), (), 0, {}))
        return cls(made.name, made.config, detector, file, make)

    def of_sequence(self, sequence: Sequence) -> TrackingByDetection:
        """The model as it goes over a sequence.

        Raises:
            DatasetError, SourceError: when its detections are missing or wrong.
        """
        finds = self.detector if self.file is None else _OfSequence.of(sequence, self.file)
        return self._make(detector=finds, fps=sequence.fps)

    def start(self, *, seed: int = 0) -> TrackingByDetectionRun:
        """Begins a pass over a video of which nothing is known.

        Raises:
            ModelError: where a file says what there is, which it does of sequences alone.
        """
        if self.detector is None:
            raise ModelError(f"{self.file} says what is in the sequences of a data set, not in other videos")
        return self._make(detector=self.detector).start(seed=seed)


@dataclass(frozen=True, slots=True, eq=False)
class _OfSequence:
    """The detections of a video, for the frames of which a sequence is made.

    Attributes:
        first: which of the video's frames is its first.
    """

    given: GivenDetections
    first: int

    @classmethod
    def of(cls, sequence: Sequence, file: Path) -> "_OfSequence":
        # of half a video, a file speaks of all of it; frames are counted by their pictures
        number = sequence.images[0].stem
        first = int(number) - 1 if number.isdecimal() else 0
        return cls(read_detections(detection_file(sequence, file)), first)

    def __call__(self, frames: list[Frame]) -> list[Instances]:
        found = self.given([replace(frame, index=frame.index + self.first) for frame in frames])
        return [replace(each, frame=frame.index) for each, frame in zip(found, frames, strict=True)]


def detection_file(sequence: Sequence, file: Path) -> Path:
    """The file that says what is in a sequence.

    Args:
        file: as seen from the folder of each sequence, such as `det/det.txt`; or a folder that has a file
            `<sequence>.txt` for each.

    Raises:
        DatasetError: when there is none.
    """
    name = f"{sequence.name}.txt"
    path = file / name if file.is_dir() else folder_of(sequence.images).parent / file
    if not path.is_file():
        raise DatasetError(
            f"{path}: no detections of sequence '{sequence.name}' there; give a path from its folder on, "
            f"such as det/det.txt, or a folder that has {name}"
        )
    return path


def _people(detector: Any) -> tuple[str, ...] | None:
    """The names of people; None for everything, where nothing else is found."""
    known = getattr(getattr(getattr(detector, "config", None), "network", None), "classes", None)
    if known is None or len(known) == 1:
        return None
    people = tuple(name for name in known if name in _PEOPLE)
    if not people:
        raise ConfigError(
            f"'{detector.name}' finds no {' and no '.join(_PEOPLE)}, but {', '.join(known[:_NAMED])}; tracks "
            f"are of people, so train it on them, or take another detector"
        )
    return people
