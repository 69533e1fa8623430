"""Random networks whose answers differ from picture to picture, and not by rounding alone."""

from typing import Any

import torch
from torch import nn

import saccade
from saccade.core import Frame
from saccade.data.synthetic import render
from saccade.detectors.torchvision.network import SSDNetwork
from saccade.detectors.yolox.network import YOLOX
from tests.unit.detectors.torchvision.alive import liven


def frames(count: int) -> list[Frame]:
    """Frames of the built-in clip."""
    return [Frame(rgb, index) for index, (rgb, _, _) in enumerate(render(count))]


def alive(name: str, **settings: Any) -> Any:
    """A model with such a network."""
    changes = {key.replace("__", "."): value for key, value in settings.items()}
    model: Any = saccade.load(
        name, weights=None, device="cpu", precision="float32", settings=changes, detector=None
    )
    liven(model.network)
    with torch.no_grad():
        _spread(model.network)
    return model


def _spread(network: nn.Module) -> None:
    """Gives scores that are neither all the same nor all 1, of boxes that are not all of the picture."""
    if isinstance(network, YOLOX):
        _spread_points(network)
    if isinstance(network, SSDNetwork):
        for head, factor in ((network.head.classification_head, 0.1), (network.head.regression_head, 0.2)):
            for layer in head.modules():
                if isinstance(layer, nn.Conv2d):
                    layer.weight.mul_(factor ** (1 if layer.kernel_size == (3, 3) else 0.5))
    heads: Any = getattr(network, "roi_heads", None)
    if heads is not None:  # more, and one digit more of a picture is a difference above the bound
        heads.box_predictor.cls_score.weight.mul_(0.05)
        heads.box_predictor.bbox_pred.weight.mul_(0.05)
    rpn: Any = getattr(network, "rpn", None)
    if rpn is not None:  # scores that are all 1 are told apart by their order alone
        getattr(rpn.head, "cls_logits", getattr(rpn.head, "objectness", None)).weight.mul_(0.05)
        getattr(rpn.head, "bbox_pred", getattr(rpn.head, "deltas", None)).weight.mul_(0.3)


def _spread_points(network: YOLOX) -> None:
    generator = torch.Generator().manual_seed(0)
    head = network.head
    kinds: Any = (head.reg_preds, head.obj_preds, head.cls_preds)
    for layer in (layer for layers in kinds for layer in layers):
        layer.weight.normal_(0, 1, generator=generator)
        layer.bias.zero_()
    seen = frames(1)[0].image.transpose(2, 0, 1) / 255
    raw = network.eval().dense(network.collate([torch.tensor(seen, dtype=torch.float32)]).pictures)
    # of classes that are all sure, rounding would decide
    for layers, columns, spread, middle in zip(
        kinds, raw.split((4, 1, raw.shape[-1] - 5), -1), (0.3, 3, 1.5), (0, -3, -3), strict=True
    ):
        for layer in layers:
            layer.weight.mul_(spread / columns.std())
            layer.bias.fill_(middle)
