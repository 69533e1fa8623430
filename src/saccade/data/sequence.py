"""A sequence: the frames of one video, and what is known of the objects in it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from saccade.core import DatasetError, Frame
from saccade.data.formats.text import read_lines
from saccade.data.frames import Frames, ListedFrames, NumberedFrames, found_frames
from saccade.data.truth import (
    Annotation,
    BoxAnnotation,
    GroundTruth,
    LabelAnnotation,
    ObjectId,
    Objects,
)
from saccade.media.images import picture_size, read_frame


def is_file_name(name: str) -> bool:
    """Whether a file can be called so on any system, and lies where it is looked for."""
    return name not in ("", ".", "..") and {"/", "\\", "\0"}.isdisjoint(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a data set says of a sequence beside its truth.

    Attributes:
        fps: frames a second; None where the data set does not say.
        category: what its target is; None where the data set does not say, or there are several.
        attributes: letters of the attributes that it has; the data set knows what they mean.
        stated_wh: width and height of the frames in pixels as the annotation says; None where it does not.
    """

    fps: float | None = None
    category: str | None = None
    attributes: tuple[str, ...] = ()
    stated_wh: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Sequence:
    """One video of a data set and the truth about the objects in it.

    Frames are read when they are asked for, never kept. The truth, and what else is said of it, is read when
    first asked for, and kept.

    Attributes:
        name: unique in its data set; names the result files.
        images: the picture files in order.
        source: the truth about one target, an annotation of one or more, or a function that reads one.
        description: what else is said of it, or a function that reads that.
        aliases: other names under which published results know it.
        language_file: holds a sentence that describes the target; None where there is none.
        expected_frames: how many frames its authors published; None where no list says.

    Raises:
        DatasetError: when pictures and truth differ in number, or no file could be called as it is.
    """

    name: str
    images: Frames
    source: GroundTruth | Annotation | Callable[[], Annotation]
    description: Facts | Callable[[], Facts] = Facts()
    aliases: tuple[str, ...] = ()
    language_file: Path | None = None
    expected_frames: int | None = None

    def __post_init__(self) -> None:
        if not is_file_name(self.name):
            raise DatasetError(
                f"'{self.name}' is no name for a sequence: its result files are called so; correct it"
            )
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

    @cached_property
    def facts(self) -> Facts:
        """What else is said of it.

        Raises:
            DatasetError: when the file that says it cannot be used.
        """
        return self.description() if callable(self.description) else self.description

    @property
    def fps(self) -> float | None:
        """Frames a second; None where the data set does not say."""
        return self.facts.fps

    @property
    def category(self) -> str | None:
        """What its target is; None where the data set does not say, or there are several."""
        return self.facts.category

    @property
    def attributes(self) -> tuple[str, ...]:
        """Letters of the attributes that it has."""
        return self.facts.attributes

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
        """The sentence that describes the target; None where there is none.

        Raises:
            DatasetError: when it is not UTF-8.
        """
        file = self.language_file
        return " ".join(" ".join(read_lines(file)).split()) if file and file.is_file() else None

    @cached_property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the frames in pixels, as the annotation says, else as the first frame is.

        Raises:
            DatasetError: when the first frame cannot be read.
        """
        size = self.facts.stated_wh or (picture_size(self.images[0]) if len(self) else None)
        if size is None:
            raise DatasetError(f"sequence '{self.name}': its first frame cannot be read; take it anew")
        return size

    @property
    def is_missing(self) -> bool:
        """Whether its first frame is not there.

        Raises:
            DatasetError: when the file that says where its frames are cannot be used.
        """
        return not len(self) or not self.images[0].is_file()

    def verify(self) -> None:
        """Makes sure that a tracker can run over the sequence, without reading more of pictures than heads.

        Raises:
            DatasetError: when frames or truth are missing or disagree, the first frame has no truth, or what
                else is said of the sequence cannot be read.
        """
        annotation, _ = self.annotation, self.facts
        for path in (self.images[0], self.images[-1]) if len(self) else (folder_of(self.images),):
            if not path.exists():
                raise DatasetError(f"sequence '{self.name}': {path} is missing; put the frames there")
        self.check_start(annotation)
        if isinstance(annotation, LabelAnnotation):
            annotation.check_sizes()

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

    def check_start(self, annotation: Annotation) -> None:
        """Refuses boxes of which none is in the first frame, from where a tracker starts.

        Raises:
            DatasetError: naming the file.
        """
        if isinstance(annotation, BoxAnnotation) and min(annotation.starts.values(), default=1) > 0:
            raise DatasetError(
                f"{annotation.file}, line 1: a tracker starts from the first box, so it must have area"
            )


def folder_of(images: Frames) -> Path:
    """Where the frames of a sequence lie, or should."""
    images = found_frames(images)
    return images.folder if isinstance(images, NumberedFrames | ListedFrames) else images[0].parent
