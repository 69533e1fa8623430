"""A sequence: the frames of one video, and what is known of the objects in it."""

from collections import abc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from saccade.core import DatasetError, Frame
from saccade.data.frames import ListedFrames, NumberedFrames
from saccade.data.truth import Annotation, BoxAnnotation, GroundTruth, ObjectId, Objects
from saccade.media.images import picture_size, read_frame


@dataclass(frozen=True, eq=False)
class Sequence:
    """One video of a data set and the truth about the objects in it.

    Frames are read when they are asked for, never kept. The truth is read when first asked for, and kept.

    Attributes:
        name: unique in its data set; names the result files.
        images: the picture files in order.
        source: the truth about one target, an annotation of one or more, or a function that reads one.
        fps: frames a second; None where the data set does not say.
        category: what its target is; None where the data set does not say, or there are several.
        attributes: letters of the attributes that it has; the data set knows what they mean.
        aliases: other names under which published results know it.
        stated_wh: width and height of the frames in pixels as the annotation says; None where it does not.
        language_file: holds a sentence that describes the target; None where there is none.

    Raises:
        DatasetError: when pictures and truth differ in number.
    """

    name: str
    images: abc.Sequence[Path]
    source: GroundTruth | Annotation | Callable[[], Annotation]
    fps: float | None = None
    category: str | None = None
    attributes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    stated_wh: tuple[int, int] | None = None
    language_file: Path | None = None

    def __post_init__(self) -> None:
        if not callable(self.source):
            self.check_length(self.read())

    @cached_property
    def annotation(self) -> Annotation:
        """What is known of its objects, in the shape that suits the data set.

        Raises:
            DatasetError: when it is missing or wrong, or does not speak of as many frames as there are.
        """
        annotation = self.read()
        self.check_length(annotation)
        return annotation

    @property
    def starts(self) -> Mapping[ObjectId, int]:
        """The objects in the order in which they appear, each with the first frame in which it is present."""
        return self.annotation.starts

    @property
    def objects(self) -> Mapping[ObjectId, GroundTruth]:
        """The truth about each object by its id, made when it is asked for."""
        return Objects(self.annotation)

    @property
    def truth(self) -> GroundTruth:
        """The truth about the one target of a sequence that has one.

        Raises:
            DatasetError: when it has none, or several.
        """
        starts = self.starts
        if len(starts) != 1:
            raise DatasetError(
                f"sequence '{self.name}' has {len(starts)} objects ({', '.join(map(str, starts))}); "
                f"this needs a data set with one target a sequence"
            )
        return self.annotation.truth(next(iter(starts)))

    @property
    def language(self) -> str | None:
        """The sentence that describes the target; None where there is none."""
        file = self.language_file
        return " ".join(file.read_text(encoding="utf-8-sig").split()) if file and file.is_file() else None

    @cached_property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the frames in pixels, as the annotation says, else as the first frame is.

        Raises:
            DatasetError: when the first frame cannot be read.
        """
        size = self.stated_wh or (picture_size(self.images[0]) if len(self) else None)
        if size is None:
            raise DatasetError(f"sequence '{self.name}': its first frame cannot be read; take it anew")
        return size

    @property
    def is_missing(self) -> bool:
        """Whether its first frame is not there."""
        return not len(self) or not self.images[0].is_file()

    def verify(self) -> None:
        """Makes sure that a tracker can run over the sequence, without reading pictures.

        Raises:
            DatasetError: when frames or truth are missing or disagree, or the first frame has no truth.
        """
        annotation = self.annotation
        for path in (self.images[0], self.images[-1]) if len(self) else (folder_of(self.images),):
            if not path.exists():
                raise DatasetError(f"sequence '{self.name}': {path} is missing; put the frames there")
        if isinstance(annotation, BoxAnnotation) and min(annotation.starts.values(), default=1) > 0:
            raise DatasetError(
                f"{annotation.file}, line 1: a tracker starts from the first box, so it must have area"
            )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Frame:
        """Reads one frame, counted from 0.

        Raises:
            SourceError: when its file is missing or broken.
        """
        place = range(len(self))[index]
        return read_frame(self.images[place], place)

    def __iter__(self) -> Iterator[Frame]:
        """Reads the frames one after another, each when it is asked for.

        Raises:
            SourceError: when a file is missing or broken.
        """
        return (read_frame(path, index) for index, path in enumerate(self.images))

    def read(self) -> Annotation:
        """Reads the truth anew, whether or not it agrees with the frames.

        Raises:
            DatasetError: when it is missing or wrong.
        """
        source = self.source
        if isinstance(source, GroundTruth):
            return BoxAnnotation({0: source})
        return source() if callable(source) else source

    def check_length(self, annotation: Annotation) -> None:
        """Refuses an annotation of more or fewer frames than there are.

        Raises:
            DatasetError: naming both.
        """
        frames, lines, file = len(self), len(annotation), getattr(annotation, "file", None)
        if frames == lines:
            return
        if file is None:
            raise DatasetError(
                f"sequence '{self.name}': {frames} frames, but ground truth for {lines}; give one a frame"
            )
        raise DatasetError(
            f"{folder_of(self.images)} has {frames} frames, but {file} has {lines} lines; "
            f"give one line a frame, NaN,NaN,NaN,NaN where nothing is known"
        )


def folder_of(images: abc.Sequence[Path]) -> Path:
    """Where the frames of a sequence lie, or should."""
    return images.folder if isinstance(images, NumberedFrames | ListedFrames) else images[0].parent
