"""The model of every detector: called with a frame, or with several, it says what is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, overload, runtime_checkable

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.core import Frame, Instances, TargetError, Targets
from saccade.core.config import to_json
from saccade.core.frame import ColorOrder
from saccade.core.timing import Stopwatch
from saccade.nets.detection import Found
from saccade.nets.inference import for_inference
from saccade.online.run import check_model


@runtime_checkable
class Collated(Protocol):
    """Images as a network sees them, and what is needed to bring boxes back into the images' pixels."""

    @property
    def pictures(self) -> Float[Tensor, "B 3 H W"]:
        """The batch."""
        ...


@runtime_checkable
class DetectionNetwork(Protocol):
    """A network in evaluation mode, in the three steps that a frame goes through."""

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

    def find(self, dense: Any, collated: Any) -> list[Found]:
        """What was found in each image, best first, in its own pixels."""
        ...


class _Picture(NamedTuple):
    """A frame on its way into the network: resized, and what brings corners back into its pixels."""

    image: Float[Tensor, "3 h w"]
    factors: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """The `Model` of every detector; frames can also be given to it directly, one or a list.

    Attributes:
        name: name in the catalogue.
        config: the frozen configuration; `config.network.classes` are the names of the labels.
        network: what is learned, as it was loaded.
    """

    name: str
    config: Any
    network: nn.Module
    _ready: Any
    _device: torch.device
    _resizes_bytes: bool

    @classmethod
    def of(
        cls, name: str, config: Any, network: nn.Module, *, device: torch.device, precision: str
    ) -> "Detector":
        """A detector with this network.

        Args:
            network: a `DetectionNetwork`.
            precision: "float32" for exactly what the network says; "auto" resizes pictures before they become
                floats, and computes in bfloat16 what is `Reducible`, where the hardware does.
        """
        ready = for_inference(network, device=device, precision=precision)
        return cls(name, config, network, ready, device, precision == "auto")

    def start(self, *, seed: int = 0) -> "DetectionRun":
        """Begins a pass over a video; nothing is drawn at random, whatever the seed."""
        return DetectionRun(self)

    @overload
    def __call__(
        self, frames: list[Any] | tuple[Any, ...], *, color: ColorOrder = ...
    ) -> list[Instances]: ...

    @overload
    def __call__(self, frames: Any, *, color: ColorOrder = ...) -> Instances: ...

    def __call__(self, frames: Any, *, color: ColorOrder = "rgb") -> Instances | list[Instances]:
        """What is in a frame; of a list of frames, which are looked at together, what is in each.

        Boxes are corners in pixels of the frame, best first. Timings are milliseconds of a frame: `pre`,
        until the network can see it; `network`, all that is computed of the whole picture; `post`, from there
        to boxes.

        Args:
            frames: whatever `Frame.of` takes, or a list of such, of any sizes.
            color: channel order of arrays.

        Raises:
            FrameError: for what is no picture.
        """
        if not isinstance(frames, list | tuple):
            return self._look([Frame.of(frames, color=color)])[0]
        return self._look([Frame.of(frame, index=index, color=color) for index, frame in enumerate(frames)])

    def _look(self, frames: Sequence[Frame]) -> list[Instances]:
        """Looks at frames of the same canvas together, so that none is changed by those beside it."""
        groups: dict[tuple[int, int], list[int]] = {}
        for place, frame in enumerate(frames):
            width, height = frame.size_wh
            groups.setdefault(self._ready.canvas(height, width), []).append(place)
        found: dict[int, Instances] = {}
        for places in groups.values():
            found |= zip(places, self._look_together([frames[place] for place in places]), strict=True)
        return [found[place] for place in range(len(frames))]

    @torch.inference_mode()
    def _look_together(self, frames: Sequence[Frame]) -> list[Instances]:
        stopwatch = Stopwatch()
        with stopwatch.stage("pre"):
            pictures = [self._picture(frame) for frame in frames]
            collated = self._ready.collate([picture.image for picture in pictures])
        with stopwatch.stage("network"):
            dense = self._ready.dense(collated.pictures)
        with stopwatch.stage("post"):
            rows = [
                self._row(*pair) for pair in zip(self._ready.find(dense, collated), pictures, strict=True)
            ]
        timings = {stage: spent / len(frames) for stage, spent in stopwatch.take().items()}
        return [
            Instances(**row, frame=frame.index, time=frame.time, timings=timings)
            for row, frame in zip(rows, frames, strict=True)
        ]

    def _picture(self, frame: Frame) -> _Picture:
        image, (width, height) = frame.image, frame.size_wh
        rows, columns = self._ready.fitted(height, width) if self._resizes_bytes else (height, width)
        if (rows, columns) != (height, width):
            # the same as on floats to a rounding, many times faster
            image = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_LINEAR)
        # PyTorch warns of arrays that cannot be written to
        pixels = torch.from_numpy(image if image.flags.writeable else image.copy()).to(self._device)
        across, down = width / columns, height / rows
        return _Picture(pixels.permute(2, 0, 1).float() / 255, (across, down, across, down))

    def _row(self, found: Found, picture: _Picture) -> dict[str, Any]:
        labels = found["labels"].cpu().numpy()
        boxes = found["boxes"].float().cpu().numpy() * np.array(picture.factors, np.float32)
        return {
            "boxes": boxes,
            "scores": found["scores"].float().cpu().numpy(),
            "labels": labels,
            "names": np.array(self.config.network.classes)[labels],
        }


class DetectionRun:
    """One pass of a detector over one video; it remembers how many frames it has seen, and nothing else."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._next_frame = 0

    def step(self, frame: Any, targets: Targets | None = None, *, color: ColorOrder = "rgb") -> Instances:
        """What is in the next frame; see `Detector.__call__`.

        Raises:
            FrameError: when `frame` is no picture.
            TargetError: when targets are given: a detector follows nothing.
        """
        if targets is not None and (len(targets.boxes) or targets.drop):
            raise TargetError(
                f"'{self._detector.name}' finds things by itself and follows none; leave the targets out, or "
                f"take a tracker"
            )
        looked_at = Frame.of(frame, index=self._next_frame, color=color)
        found = self._detector(looked_at)
        self._next_frame = looked_at.index + 1
        return found

    def state_dict(self) -> dict[str, Any]:
        """What the run remembers, ready for `torch.save`."""
        detector = self._detector
        return {"model": detector.name, "config": to_json(detector.config), "next_frame": self._next_frame}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where the run stood whose `state_dict` this is.

        Raises:
            ModelError: when it is a run of another model, or of the same one with other settings.
        """
        check_model(state, self._detector.name, to_json(self._detector.config))
        self._next_frame = int(state["next_frame"])
