"""The model of every detector: called with a frame, or with several, it says what is in them."""

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import torch
from torch import nn

from saccade.core import Instances
from saccade.core.frame import ColorOrder
from saccade.nets.detection import Found
from saccade.nets.inference import for_inference
from saccade.online.memoryless import MemorylessRun, Resize, WholeFrames, frames_of


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
    _eye: WholeFrames

    @classmethod
    def of(
        cls, name: str, config: Any, network: nn.Module, *, device: torch.device, precision: str
    ) -> "Detector":
        """A detector with this network.

        Args:
            network: a `FrameNetwork`, which finds `Found`.
            precision: "float32" for exactly what the network says; "auto" resizes pictures before they become
                floats, and computes in bfloat16 what is `Reducible`, where the hardware does.
        """
        ready: Any = for_inference(network, device=device, precision=precision)
        return cls(name, config, network, WholeFrames(ready, device, resizes_bytes=precision == "auto"))

    def start(self, *, seed: int = 0) -> MemorylessRun:
        """Begins a pass over a video; nothing is drawn at random, whatever the seed."""
        return MemorylessRun(self)

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
        found = self._eye.look(frames_of(frames, color), self._row)
        return found if isinstance(frames, list | tuple) else found[0]

    def _row(self, found: Found, resize: Resize) -> dict[str, Any]:
        labels = found["labels"].cpu().numpy()
        return {
            "boxes": resize.boxes(found["boxes"].float().cpu().numpy()),
            "scores": found["scores"].float().cpu().numpy(),
            "labels": labels,
            "names": np.array(self.config.network.classes)[labels],
        }
