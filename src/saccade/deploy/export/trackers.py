"""The stages of trackers as graphs: features, and the box head that predicts overlaps."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from saccade.core import Frame
from saccade.deploy.export.part import Part, Tensors
from saccade.nets.inference import folded, for_inference
from saccade.nets.iou_net import IoUNet
from saccade.nets.resnet import normalise_rgb
from saccade.trackers.atom.network import ATOMNet
from saccade.trackers.dimp.network import DiMPNet
from saccade.trackers.kys.network import KYSNet
from saccade.trackers.nano.network import MEAN, STD, NanoNet

Discriminative = ATOMNet | DiMPNet | KYSNet
PROPOSALS = 10
"""boxes of a picture whose overlaps are asked for at once"""
_CROPS = "(batch, 3, side, side) float32, RGB from 0 to 255, normalised inside"
_ABOUT: dict[str, str] = {
    "crops": _CROPS,
    "layer2": "(batch, channels, side / 8, side / 8) float32, the backbone's",
    "layer3": "(batch, channels, side / 16, side / 16) float32, the backbone's",
    "features": "(batch, channels, cells, cells) float32, what the target filter works on",
    "boxes": "(batch, 4) float32, x, y, w, h of the target in pixels of the crop",
    "fine": "(batch, channels) float32, what is characteristic of the target in layer2",
    "coarse": "(batch, channels) float32, what is characteristic of the target in layer3",
    "proposals": f"(batch, {PROPOSALS}, 4) float32, x, y, w, h in pixels of the crop",
    "overlaps": f"(batch, {PROPOSALS}) float32, the predicted overlap of each proposal",
    "gradients": f"(batch, {PROPOSALS}, 4) float32, of each overlap by its x, y, w, h",
}


class TrackerFeatures(nn.Module):
    """The backbone's features of crops, and those that the target filter works on, if a network makes them.

    ATOM's filter works on a projection of layer3 that is learned on the first frame.
    """

    def __init__(self, network: Discriminative) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Float[Tensor, "B 3 H W"]) -> Tensors:
        """Features of layer2, of layer3, and of the classifier."""
        network = self.network
        layer2, layer3 = network.backbone_features(normalise_rgb(crops))
        if isinstance(network, ATOMNet):
            return layer2, layer3
        classifier = network.classifier if isinstance(network, DiMPNet) else network.dimp_classifier
        return layer2, layer3, classifier.features(layer3)


class Modulation(nn.Module):
    """What is characteristic of a target, for the box head."""

    def __init__(self, network: Discriminative) -> None:
        super().__init__()
        self.iou_net: IoUNet = network.bb_regressor

    def forward(self, layer2: Tensor, layer3: Tensor, boxes: Float[Tensor, "B 4"]) -> Tensors:
        """Factors for the channels of both of the box head's maps."""
        return self.iou_net.modulation(layer2, layer3, boxes)


class Overlaps(nn.Module):
    """The box head: the overlap of proposals with a target, and the gradient that refines them."""

    def __init__(self, network: Discriminative) -> None:
        super().__init__()
        self.iou_net: IoUNet = network.bb_regressor

    def forward(
        self,
        layer2: Tensor,
        layer3: Tensor,
        fine: Tensor,
        coarse: Tensor,
        proposals: Float[Tensor, "B P 4"],
    ) -> Tensors:
        """Predicted overlaps, and their gradients by (x, y, w, h)."""
        maps = self.iou_net.maps(layer2, layer3)
        return self.iou_net.predict_with_gradient(maps, (fine, coarse), proposals)


class NanoFeatures(nn.Module):
    """The learned features of the small network; those that are made by hand are no network's."""

    def __init__(self, network: NanoNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Float[Tensor, "B 3 H W"]) -> Tensors:
        """Of unit energy in a cell."""
        return (self.network.learned((crops - MEAN) / STD),)


def tracker_parts(
    network: Discriminative | NanoNet, config: Any, frames: Sequence[Frame], device: torch.device
) -> list[Part]:
    """What of a tracker does not change while it runs."""
    side = int(config.search.side)
    crops = [(_crop(frame, side).to(device),) for frame in frames]
    if isinstance(network, NanoNet):
        return [_part("features", NanoFeatures, network, ("crops",), ("features",), crops)]
    levels = ("layer2", "layer3")
    outputs = levels if isinstance(network, ATOMNet) else (*levels, "features")
    features = _part("features", TrackerFeatures, network, ("crops",), outputs, crops)
    maps = [features.reference(*crop)[:2] for crop in crops]
    proposals = [boxes.to(device) for boxes in _proposals(side, len(crops))]
    targets = [(*each, boxes[:, 0]) for each, boxes in zip(maps, proposals, strict=True)]
    modulation = _part("modulation", Modulation, network, (*levels, "boxes"), ("fine", "coarse"), targets)
    seen = [
        (*each, *modulation.reference(*target), boxes)
        for each, target, boxes in zip(maps, targets, proposals, strict=True)
    ]
    return [
        features,
        modulation,
        _part(
            "overlaps",
            Overlaps,
            network,
            (*levels, "fine", "coarse", "proposals"),
            ("overlaps", "gradients"),
            seen,
        ),
    ]


def _part(
    name: str,
    make: Callable[[Any], nn.Module],
    network: nn.Module,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    examples: Sequence[Tensors],
) -> Part:
    device = examples[0][0].device
    fast = make(folded(network)).to(device)
    return Part(
        name=name,
        kind="tensors",
        network=fast,
        reference=torch.no_grad()(make(folded(network, folds=False)).to(device)),
        ready=torch.inference_mode()(make(for_inference(network, device=device))),
        inputs=inputs,
        outputs=outputs,
        examples=examples,
        about={
            "input": {each: _ABOUT[each] for each in inputs},
            "output": {each: _ABOUT[each] for each in outputs},
        },
    )


def _crop(frame: Frame, side: int) -> Float[Tensor, "1 3 side side"]:
    """The square in the middle of a frame, as a search region shows it."""
    width, height = frame.size_wh
    square = min(width, height)
    left, top = (width - square) // 2, (height - square) // 2
    pixels = torch.from_numpy(frame.image[top : top + square, left : left + square].copy())
    picture = pixels.permute(2, 0, 1)[None].float()
    return F.interpolate(picture, (side, side), mode="bilinear", align_corners=False)


def _proposals(side: int, count: int) -> list[Float[Tensor, "1 P 4"]]:
    """Boxes around the middle of a crop, the same ones each time."""
    generator = torch.Generator().manual_seed(0)
    middle = torch.tensor([0.35, 0.35, 0.3, 0.3]) * side
    return [middle + 0.05 * side * torch.randn(1, PROPOSALS, 4, generator=generator) for _ in range(count)]
