"""Detectors as graphs: pictures of one size in, as many detections out each time, and no branch between."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList

from saccade.core import Frame, ModelError
from saccade.core.config import to_json
from saccade.deploy.export.part import Part
from saccade.deploy.export.proposals import TwoStageCandidates
from saccade.deploy.export.selection import Rows, clipped, select
from saccade.deploy.export.sight import Sight, normalised
from saccade.deploy.export.voting import RFCNCandidates
from saccade.detectors.model import Detector
from saccade.detectors.rfcn.network import RFCN
from saccade.detectors.torchvision.network import (
    Face,
    FasterRCNNNetwork,
    FCOSNetwork,
    RetinaNetNetwork,
    SSDNetwork,
)
from saccade.detectors.yolox.network import YOLOX
from saccade.detectors.yolox.points import decode, points_of
from saccade.nets.fitting import Resizing
from saccade.nets.inference import folded, for_inference

INPUTS = ("pictures", "sizes")
OUTPUTS = ("boxes", "scores", "labels")
_GREY = (114 / 255,) * 3
"""of what YOLOX's pictures are filled up with"""


def detector_parts(detector: Detector, frames: Sequence[Frame], device: torch.device) -> list[Part]:
    """A detector as what is exported of it: one graph, for pictures of the shape of the first frame.

    Raises:
        ModelError: for a detector that was made elsewhere.
    """
    network, config = detector.network, detector.config
    if not isinstance(network, YOLOX | Face | RFCN):
        raise ModelError(
            f"'{detector.name}' is a detector of your own, of which saccade does not know what to export; "
            f"export its network with torch.onnx.export"
        )
    width, height = frames[0].size_wh
    sight = sight_of(network, height, width)
    same = [frame for frame in frames if frame.size_wh == frames[0].size_wh]
    seen = [sight.collate([image_of(frame)]) for frame in same]
    plain = folded(network, folds=False).to(device)
    return [
        Part(
            name="detections",
            kind="detections",
            network=FixedDetector(folded(network), sight, config).to(device),
            reference=partial(_rows_of, plain, config.max_detections),
            ready=partial(_rows_of, for_inference(network, device=device), config.max_detections),
            inputs=INPUTS,
            outputs=OUTPUTS,
            examples=[(each.pictures.to(device), each.sizes.to(device)) for each in seen],
            about={
                "classes": list(config.network.classes),
                "limits": {name: getattr(config, name) for name in ("threshold", "nms", "max_detections")},
                "sight": to_json(sight),
                "normalisation": _normalisation(network),
                "input": {
                    "pictures": "(batch, 3, height, width) float32, RGB from 0 to 1, normalised inside",
                    "sizes": "(batch, 2) float32, (height, width) in pixels of the frame in its picture",
                },
                "output": {
                    "boxes": "(batch, detections, 4) float32, corners in pixels of the picture, best first",
                    "scores": "(batch, detections) float32, 0 behind the last detection",
                    "labels": "(batch, detections) int64, index into classes, -1 behind the last detection",
                },
            },
        )
    ]


def sight_of(network: YOLOX | Resizing, height: int, width: int) -> Sight:
    """What the exported network sees, if it is for frames of that size."""
    canvas = network.canvas(height, width)
    if isinstance(network, YOLOX):
        return Sight(size=canvas, inner=canvas, shorter=network.size, longer=network.size, fill=_GREY)
    transform = network.transform
    inner = network.fitted(height, width)
    red, green, blue = transform.image_mean
    is_stretched = transform.fixed_size is not None
    return Sight(
        size=canvas,
        inner=inner,
        shorter=0 if is_stretched else int(transform.min_size[-1]),
        longer=max(inner) if is_stretched else int(transform.max_size),
        fill=(red, green, blue),
    )


def _normalisation(network: Any) -> dict[str, Any]:
    """What the graph does with RGB from 0 to 1 before anything else."""
    if isinstance(network, YOLOX):
        return {"colours": "bgr", "factor": 255}
    return {"colours": "rgb", "mean": network.transform.image_mean, "std": network.transform.image_std}


class FixedDetector(nn.Module):
    """A detector without a branch."""

    def __init__(self, network: YOLOX | Face | RFCN, sight: Sight, config: Any) -> None:
        super().__init__()
        self.candidates, labels = _candidates(network, sight)
        self.register_buffer("labels", labels)
        self._limits: dict[str, Any] = {
            "threshold": config.threshold,
            "nms": config.nms,
            "limit": config.max_detections,
            "min_side": _MIN_SIDES.get(type(network), -1.0),
        }

    def forward(self, pictures: Float[Tensor, "B 3 H W"], sizes: Float[Tensor, "B 2"]) -> Rows:
        """What is found.

        Args:
            pictures: RGB from 0 to 1.
            sizes: (height, width) of what was looked at in each; boxes end there.
        """
        edges = sizes.flip(1).repeat(1, 2)[:, None]
        boxes, scores = self.candidates(pictures, edges)
        return select(boxes, scores, cast(Tensor, self.labels), **self._limits)


_MIN_SIDES: dict[type[nn.Module], float] = {YOLOX: 0.0, FasterRCNNNetwork: 1e-2, RFCN: 0.0}
"""which boxes each leaves out for having no area"""


def _candidates(network: YOLOX | Face | RFCN, sight: Sight) -> tuple[nn.Module, Int64[Tensor, " C"]]:
    """What gives boxes and scores of everything that might be there, and what its outputs mean."""
    if isinstance(network, YOLOX):
        return _YOLOXCandidates(network, sight.size), torch.arange(len(network.config.network.classes))
    if isinstance(network, RFCN):
        return RFCNCandidates(network, sight.size), torch.arange(len(network.config.network.classes))
    first = 0 if isinstance(network, RetinaNetNetwork | FCOSNetwork) else 1  # others know background
    labels = torch.full((network.outputs[-1] + 1,), -1)
    labels[list(network.outputs)] = torch.arange(len(network.outputs))
    if isinstance(network, FasterRCNNNetwork):
        return TwoStageCandidates(network, sight.size), labels[first:]
    score = next(score for kind, score in _SCORES.items() if isinstance(network, kind))
    return _AnchoredCandidates(network, sight.size, score), labels[first:]


class _YOLOXCandidates(nn.Module):
    """A box and a score at each point: that of its best class, and 0 of the others."""

    def __init__(self, network: YOLOX, size: tuple[int, int]) -> None:
        super().__init__()
        self.network, self._size = network, size

    def forward(self, pictures: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        raw = self.network.dense(pictures)
        boxes = clipped(decode(raw[..., :4], points_of(self._size, raw.device)), edges)
        scores = raw[..., 5:].sigmoid() * raw[..., 4:5].sigmoid()
        # of classes that are all certain, the first, as ever
        is_best = torch.arange(scores.shape[2], device=raw.device) == scores.argmax(2, keepdim=True)
        return boxes[:, :, None], torch.where(is_best, scores, 0)


Answers = Mapping[str, Tensor]
_SCORES: dict[type[Face], Callable[[Answers], Tensor]] = {
    SSDNetwork: lambda answers: answers["cls_logits"].softmax(2)[..., 1:],
    RetinaNetNetwork: lambda answers: answers["cls_logits"].sigmoid(),
    FCOSNetwork: lambda answers: (answers["cls_logits"].sigmoid() * answers["bbox_ctrness"].sigmoid()).sqrt(),
}
"""the score of each output at each anchor"""


class _AnchoredCandidates(nn.Module):
    """A box and scores for each anchor of SSD, RetinaNet and FCOS; the anchors are constants."""

    def __init__(self, network: Any, size: tuple[int, int], score: Callable[[Answers], Tensor]) -> None:
        super().__init__()
        self.network, self._score = network, score
        blank = torch.zeros(1, 3, *size)
        with torch.no_grad():
            features, _ = network.dense(blank)
            self.register_buffer("anchors", network.anchor_generator(ImageList(blank, [size]), features)[0])

    def forward(self, pictures: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        _, answers = self.network.dense(normalised(self.network, pictures))
        deltas = answers["bbox_regression"]
        anchors = cast(Tensor, self.anchors).expand(deltas.shape[0], -1, -1).flatten(0, 1)
        coder = self.network.box_coder
        decode_rows = coder.decode if isinstance(self.network, FCOSNetwork) else coder.decode_single
        boxes = decode_rows(deltas.flatten(0, 1), anchors).unflatten(0, (-1, deltas.shape[1]))
        return clipped(boxes, edges)[:, :, None], self._score(answers)


@torch.inference_mode()
def _rows_of(
    network: Any, limit: int, pictures: Float[Tensor, "1 3 H W"], sizes: Float[Tensor, "1 2"]
) -> Rows:
    """What the network itself finds in the image in a picture."""
    found = found_in(network, pictures, sizes)
    labels = padded(found["labels"] + 1, limit) - 1
    return padded(found["boxes"], limit)[None], padded(found["scores"], limit)[None], labels[None]


def found_in(network: Any, pictures: Float[Tensor, "1 3 H W"], sizes: Float[Tensor, "1 2"]) -> Any:
    """What a network finds, in its own way, in the image in a picture."""
    height, width = (int(side) for side in sizes[0])
    seen = network.collate([pictures[0, :, :height, :width]])
    return network.find(network.dense(seen.pictures), seen)[0]


def padded(rows: Shaped[Tensor, "n *_"], count: int) -> Shaped[Tensor, "m *_"]:
    """Rows, and behind them as many of zeros as make up a number."""
    return torch.cat([rows, rows.new_zeros(count - len(rows), *rows.shape[1:])])


def image_of(frame: Frame) -> Float[Tensor, "3 H W"]:
    """A frame as networks want it: values from 0 to 1."""
    return torch.from_numpy(frame.image.copy()).permute(2, 0, 1).float() / 255
