"""Models that remember nothing: each frame is looked at for itself, those of one size together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from saccade.core import Frame, Instances, TargetError, Targets
from saccade.core.config import to_json
from saccade.core.frame import ColorOrder
from saccade.core.timing import Stopwatch
from saccade.online.run import check_model


@runtime_checkable
class Collated(Protocol):
    """Images as a network sees them, and what is needed to bring places back into the images' pixels."""

    @property
    def pictures(self) -> Float[Tensor, "B 3 H W"]:
        """The batch."""
        ...


@runtime_checkable
class FrameNetwork(Protocol):
    """A network in evaluation mode that finds things in whole frames, step by step."""

    def fitted(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that an image of that size is resized to."""
        ...

    def canvas(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the picture that the network sees where such an image comes alone.

        Images that share it can be looked at together, and what is found stays what it was.
        """
        ...

    def collate(self, images: Sequence[Float[Tensor, "3 _ _"]]) -> Collated:
        """RGB images with values from 0 to 1, of any size, as one batch."""
        ...

    def dense(self, batch: Float[Tensor, "B 3 H W"]) -> Any:
        """All that is computed of whole pictures."""
        ...

    def find(self, dense: Any, collated: Any) -> list[Any]:
        """What was found in each image, best first, in its own pixels."""
        ...


class Resize(NamedTuple):
    """What brings places in a resized frame back into the frame itself.

    Attributes:
        across: width of the frame / width of what it was resized to.
        down: the same of heights.
    """

    across: float
    down: float

    def boxes(self, boxes: Float[np.ndarray, "N 4"]) -> Float[np.ndarray, "N 4"]:
        """Corners in pixels of the frame; they are edges, the first pixel being from 0 to 1."""
        return boxes * np.array((*self, *self), np.float32)

    def points(self, points: Float[np.ndarray, "N K 2"]) -> Float[np.ndarray, "N K 2"]:
        """Points in pixels of the frame; the middle of the first pixel is (0, 0)."""
        return (points + 0.5) * np.array(self, np.float32) - np.float32(0.5)


Read = Callable[[Any, Resize], dict[str, Any]]
"""the fields of `Instances`, of what a network has found in a frame"""


@dataclass(frozen=True, slots=True, eq=False)
class WholeFrames:
    """Shows whole frames to a network.

    Attributes:
        network: made ready to be run.
        device: where it is.
        resizes_bytes: whether frames are resized before they become floats: the same to a rounding, and many
            times faster.
    """

    network: FrameNetwork
    device: torch.device
    resizes_bytes: bool

    def look(self, frames: Sequence[Frame], read: Read) -> list[Instances]:
        """What is in each frame; those of the same canvas are one batch, so that none is changed by others.

        Timings are milliseconds of a frame: `pre`, until the network can see it; `network`, all that is
        computed of the whole picture; `post`, from there to what `read` returns.
        """
        groups: dict[tuple[int, int], list[int]] = {}
        for place, frame in enumerate(frames):
            width, height = frame.size_wh
            groups.setdefault(self.network.canvas(height, width), []).append(place)
        found: dict[int, Instances] = {}
        for places in groups.values():
            together = self._look_together([frames[place] for place in places], read)
            found |= zip(places, together, strict=True)
        return [found[place] for place in range(len(frames))]

    @torch.inference_mode()
    def _look_together(self, frames: Sequence[Frame], read: Read) -> list[Instances]:
        stopwatch = Stopwatch()
        with stopwatch.stage("pre"):
            images, resizes = zip(*(self._picture(frame) for frame in frames), strict=True)
            collated = self.network.collate(images)
        with stopwatch.stage("network"):
            dense = self.network.dense(collated.pictures)
        with stopwatch.stage("post"):
            found = self.network.find(dense, collated)
            rows = [read(*each) for each in zip(found, resizes, strict=True)]
        timings = {stage: spent / len(frames) for stage, spent in stopwatch.take().items()}
        return [
            Instances(**row, frame=frame.index, time=frame.time, timings=timings)
            for row, frame in zip(rows, frames, strict=True)
        ]

    def _picture(self, frame: Frame) -> tuple[Float[Tensor, "3 h w"], Resize]:
        image, (width, height) = frame.image, frame.size_wh
        rows, columns = self.network.fitted(height, width) if self.resizes_bytes else (height, width)
        if (rows, columns) != (height, width):
            image = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_LINEAR)
        # PyTorch warns of arrays that cannot be written to
        pixels = torch.from_numpy(image if image.flags.writeable else image.copy()).to(self.device)
        return pixels.permute(2, 0, 1).float() / 255, Resize(width / columns, height / rows)


def frames_of(pictures: Any, color: ColorOrder) -> list[Frame]:
    """Whatever a caller gives, a picture or a list of them, as frames.

    Raises:
        FrameError: for what is no picture.
    """
    if not isinstance(pictures, list | tuple):
        return [Frame.of(pictures, color=color)]
    return [Frame.of(picture, index=index, color=color) for index, picture in enumerate(pictures)]


@runtime_checkable
class Memoryless(Protocol):
    """A model that can be called with a frame."""

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        ...

    @property
    def config(self) -> Any:
        """The frozen configuration."""
        ...

    def __call__(self, frames: Any) -> Any:
        """What is in a frame."""
        ...


class MemorylessRun:
    """A pass over a video that remembers how many frames it has seen, and nothing else."""

    def __init__(self, model: Memoryless) -> None:
        self._model = model
        self._next_frame = 0

    def step(self, frame: Any, targets: Targets | None = None, *, color: ColorOrder = "rgb") -> Instances:
        """What is in the next frame; as the model says when it is called.

        Raises:
            FrameError: when `frame` is no picture.
            TargetError: when targets are given: nothing is followed.
        """
        if targets is not None and (len(targets.boxes) or targets.drop):
            raise TargetError(
                f"'{self._model.name}' finds things by itself and follows none; leave the targets out, or "
                f"take a tracker"
            )
        looked_at = Frame.of(frame, index=self._next_frame, color=color)
        found: Instances = self._model(looked_at)
        self._next_frame = looked_at.index + 1
        return found

    def state_dict(self) -> dict[str, Any]:
        """What the run remembers, ready for `torch.save`."""
        config = to_json(self._model.config)
        return {"model": self._model.name, "config": config, "next_frame": self._next_frame}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where the run stood whose `state_dict` this is.

        Raises:
            ModelError: when it is a run of another model, or of the same one with other settings.
        """
        check_model(state, self._model.name, to_json(self._model.config))
        self._next_frame = int(state["next_frame"])
