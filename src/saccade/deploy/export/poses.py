"""Pose estimators as graphs: heat maps, fields, and Keypoint R-CNN with as many people each time."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.core import Frame
from saccade.core.config import to_json
from saccade.data.pose.crops import crop_of_box
from saccade.deploy.export.detectors import found_in, image_of, padded, sight_of
from saccade.deploy.export.part import Part, Tensors
from saccade.deploy.export.proposals import BoxStage, PyramidPooling
from saccade.deploy.export.selection import select
from saccade.deploy.export.sight import Sight
from saccade.nets.inference import folded, for_inference
from saccade.pose.bottom_up import BottomUpReader
from saccade.pose.model import PeopleFinder, TopDown
from saccade.pose.torchvision.decode import decode
from saccade.pose.torchvision.network import KeypointRCNNNetwork

GREY = 128 / 255
"""of what OpenPose's pictures are filled up with"""
_PICTURES = "(batch, 3, height, width) float32, RGB from 0 to 1, normalised inside"


class LastHeatmaps(nn.Module):
    """The heat maps of the last stack."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Float[Tensor, "B 3 H W"]) -> Tensors:
        """One for each key point."""
        return (self.network(pictures)[:, -1],)


class LastFields(nn.Module):
    """The part affinity fields and heat maps of the last stage."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Float[Tensor, "B 3 H W"]) -> Tensors:
        """Fields, and heat maps, the last of which is the background's."""
        fields, heatmaps = self.network(pictures)[-1]
        return fields, heatmaps


class FixedPeople(BoxStage):
    """Keypoint R-CNN without a branch: as many boxes each time, each with the heat maps of its key points."""

    def __init__(self, network: KeypointRCNNNetwork, sight: Sight, config: Any) -> None:
        super().__init__(network, sight.size)
        with torch.no_grad():
            features = network.dense(torch.zeros(1, 3, *sight.size))
        self.keypoint_pooling = PyramidPooling(network.roi_heads.keypoint_roi_pool, sight.size, features)
        self._config = config

    def forward(self, pictures: Float[Tensor, "B 3 H W"], sizes: Float[Tensor, "B 2"]) -> Any:
        """Boxes (B, D, 4), scores (B, D), heat maps (B, D, K, h, w)."""
        config, heads = self._config, self.network.roi_heads
        edges = sizes.flip(1).repeat(1, 2)[:, None]
        features, boxes, scores = super().forward(pictures, edges)
        boxes, scores, _ = select(
            boxes,
            scores,
            torch.zeros(1, dtype=torch.int64, device=boxes.device),
            threshold=config.threshold,
            nms=config.nms,
            limit=config.max_detections,
            min_side=1e-2,
        )
        maps = heads.keypoint_predictor(heads.keypoint_head(self.keypoint_pooling(features, boxes)))
        return boxes, scores, maps.unflatten(0, scores.shape)


def pose_parts(model: TopDown | PeopleFinder, frames: Sequence[Frame], device: torch.device) -> list[Part]:
    """A pose estimator as what is exported of it: everything up to its maps, of which people are read."""
    if isinstance(model, TopDown):
        return [_heatmaps(model, frames, device)]
    if isinstance(model.network, KeypointRCNNNetwork):
        return [_people(model, model.network, frames, device)]
    return [_fields(model, frames, device)]


def _heatmaps(model: TopDown, frames: Sequence[Frame], device: torch.device) -> Part:
    config = model.config
    crops = [_middle(frame, config) for frame in frames]
    width, height = config.size
    return _maps_part(
        model,
        LastHeatmaps,
        [(crop.to(device),) for crop in crops],
        ("heatmaps",),
        {
            "size": [height, width],
            "enlargement": config.enlargement,
            "first_cell": config.first_cell,
            "decode": config.decode,
            "input": {"pictures": f"{_PICTURES}; a person's box, widened to that shape and enlarged"},
            "output": {"heatmaps": "(batch, key points, cells, cells) float32, one map a key point"},
        },
    )


def _middle(frame: Frame, config: Any) -> Float[Tensor, "1 3 H W"]:
    """The crop of a box in the middle of a frame."""
    width, height = frame.size_wh
    box = np.array([0.25 * width, 0.1 * height, 0.75 * width, 0.9 * height], np.float32)
    cut = crop_of_box(box, config.size, enlargement=config.enlargement).cut(frame.image)
    return torch.from_numpy(cut.copy()).permute(2, 0, 1)[None].float() / 255


def _fields(model: PeopleFinder, frames: Sequence[Frame], device: torch.device) -> Part:
    reader = BottomUpReader(model.network, model.config)
    same = [frame for frame in frames if frame.size_wh == frames[0].size_wh]
    pictures = [reader.collate([image_of(frame)]).pictures for frame in same]
    return _maps_part(
        model,
        LastFields,
        [(picture.to(device),) for picture in pictures],
        ("fields", "heatmaps"),
        {
            "size": list(pictures[0].shape[2:]),
            "fill": GREY,
            "limbs": [list(limb) for limb in model.config.network.skeleton.limb_indices],
            "input": {"pictures": f"{_PICTURES}; the frame in the upper left, grey beside it"},
            "output": {
                "fields": "(batch, 2 x limbs, cells, cells) float32, x and y of each limb's field",
                "heatmaps": "(batch, key points + 1, cells, cells) float32, the last is the background's",
            },
        },
    )


def _maps_part(
    model: TopDown | PeopleFinder,
    make: Callable[[nn.Module], nn.Module],
    examples: Sequence[Tensors],
    outputs: tuple[str, ...],
    about: Mapping[str, Any],
) -> Part:
    device = examples[0][0].device
    fast = make(folded(model.network)).to(device)
    return Part(
        name="heatmaps",
        kind="heatmaps",
        network=fast,
        reference=torch.no_grad()(make(folded(model.network, folds=False)).to(device)),
        ready=torch.inference_mode()(make(for_inference(model.network, device=device))),
        inputs=("pictures",),
        outputs=outputs,
        examples=examples,
        about={
            "skeleton": to_json(model.config.network.skeleton),
            "normalisation": to_json(model.config.network.preprocessing),
            **about,
        },
    )


def _people(
    model: PeopleFinder, network: KeypointRCNNNetwork, frames: Sequence[Frame], device: torch.device
) -> Part:
    width, height = frames[0].size_wh
    sight = sight_of(network, height, width)
    same = [frame for frame in frames if frame.size_wh == frames[0].size_wh]
    seen = [sight.collate([image_of(frame)]) for frame in same]
    limit = model.config.max_detections
    plain, fast = folded(network, folds=False).to(device), for_inference(network, device=device)
    return Part(
        name="people",
        kind="people",
        network=FixedPeople(folded(network), sight, model.config).to(device),
        reference=partial(_rows_of_people, plain, limit),
        ready=partial(_rows_of_people, fast, limit),
        finish=_decoded,
        inputs=("pictures", "sizes"),
        outputs=("boxes", "scores", "heatmaps"),
        examples=[(each.pictures.to(device), each.sizes.to(device)) for each in seen],
        about={
            "skeleton": to_json(model.config.network.skeleton),
            "sight": to_json(sight),
            "input": {
                "pictures": _PICTURES,
                "sizes": "(batch, 2) float32, (height, width) in pixels of the frame in its picture",
            },
            "output": {
                "boxes": "(batch, people, 4) float32, corners in pixels of the picture, best first",
                "scores": "(batch, people) float32, 0 behind the last one",
                "heatmaps": "(batch, people, key points, 56, 56) float32, each over its box",
            },
        },
    )


def _decoded(boxes: Tensor, scores: Tensor, heatmaps: Tensor) -> Tensors:
    """Key points in pixels of the picture, of the maps in boxes."""
    keypoints, _ = decode(heatmaps.flatten(0, 1), boxes.flatten(0, 1))
    return boxes, scores, keypoints.unflatten(0, scores.shape)


@torch.inference_mode()
def _rows_of_people(
    network: KeypointRCNNNetwork,
    limit: int,
    pictures: Float[Tensor, "1 3 H W"],
    sizes: Float[Tensor, "1 2"],
) -> Tensors:
    """Whom the network itself finds in the image in a picture."""
    found = found_in(network, pictures, sizes)
    names = ("boxes", "scores", "keypoints")
    return tuple(padded(found[name], limit)[None] for name in names)
