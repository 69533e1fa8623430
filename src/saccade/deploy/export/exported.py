"""A detector that is a file: what `saccade export` has written, computed by onnxruntime."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from saccade.core import ConfigError, ModelError
from saccade.deploy.export.formats import OnnxGraph
from saccade.deploy.export.part import Tensors
from saccade.deploy.export.run import SAYS
from saccade.deploy.export.sight import Seen, Sight
from saccade.detectors.model import Detector
from saccade.nets.detection import Found
from saccade.online.memoryless import WholeFrames


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedNetworkConfig:
    """What the file tells apart."""

    classes: tuple[str, ...]
    """names, by label"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedConfig:
    """Settings of a detector in a file; all were chosen when it was exported, but for the threshold."""

    file: str
    """its path"""
    model: str
    """the model that it was exported from"""
    network: ExportedNetworkConfig
    """what it tells apart"""
    threshold: float
    """score under which a box is left out, in [0, 1]; not below that of the file"""


class Shown(NamedTuple):
    """Images as the file sees them.

    Attributes:
        pictures: the batch, which is all that goes into its graph.
        seen: of which images it is.
    """

    pictures: Tensors
    seen: Seen


class ExportedNetwork(nn.Module):
    """A `FrameNetwork` whose graph is a file: `pictures` are all of its inputs."""

    def __init__(self, graph: OnnxGraph, sight: Sight, threshold: float) -> None:
        super().__init__()
        self._graph, self._sight, self._threshold = graph, sight, threshold

    def fitted(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that an image is resized to."""
        return self._sight.fitted(height, width)

    def canvas(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of every picture."""
        return self._sight.size

    def collate(self, images: Sequence[Float[Tensor, "3 _ _"]]) -> Shown:
        """Images of any size as one batch."""
        seen = self._sight.collate(images)
        return Shown((seen.pictures, seen.sizes), seen)

    def dense(self, batch: Tensors) -> Tensors:
        """Boxes, scores and labels."""
        return self._graph(*batch)

    def find(self, dense: Tensors, shown: Shown) -> list[Found]:
        """What was found in each image, in its own pixels."""
        rows = zip(*dense, shown.seen.sizes, shown.seen.before, strict=True)
        return [self._found(*of_image) for of_image in rows]

    def _found(
        self,
        boxes: Float[Tensor, "D 4"],
        scores: Float[Tensor, " D"],
        labels: Int64[Tensor, " D"],
        size: Float[Tensor, "2"],
        before: tuple[int, int],
    ) -> Found:
        is_found = (labels >= 0) & (scores > self._threshold)
        factors = boxes.new_tensor(before) / size
        return {
            "boxes": boxes[is_found] * factors.flip(0).repeat(2),
            "labels": labels[is_found],
            "scores": scores[is_found],
        }


def exported_detector(path: Path, device: torch.device, threshold: float | None = None) -> Detector:
    """The detector in an ONNX file.

    Args:
        threshold: score under which a box is left out; that of the file when not given.

    Raises:
        MissingExtraError: when onnxruntime is not installed.
        ModelError: when the file is none, holds no detector, or cannot be run.
        ConfigError: for a threshold below the one that the file was exported with.
    """
    graph = OnnxGraph(path, device)
    about = graph.about
    if about.get("format") != SAYS or about.get("part") != "detections":
        what = f"the part '{about['part']}' of a model" if about.get("format") == SAYS else "something else"
        raise ModelError(f"{path}: holds {what}, not a detector that saccade export has written; name one")
    own = float(about["limits"]["threshold"])
    if threshold is not None and threshold < own:
        raise ConfigError(
            f"{path}: was exported with a threshold of {own:g}, so that it finds nothing below; export it "
            f"again with --set threshold={threshold:g}"
        )
    wanted = own if threshold is None else threshold
    config = ExportedConfig(
        file=str(path),
        model=about["model"],
        network=ExportedNetworkConfig(classes=tuple(about["classes"])),
        threshold=wanted,
    )
    network: Any = ExportedNetwork(graph, Sight.of(about["sight"]), wanted)
    return Detector(path.stem, config, network, WholeFrames(network, device, resizes_bytes=True))
