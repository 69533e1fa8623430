"""From frames to people for networks that find joints and limbs, of which people are put together."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.inference import for_inference
from saccade.ops.heat_maps import unflip
from saccade.ops.joints import Joints, find_joints, refined
from saccade.ops.limbs import People, assemble, score_limbs, unflip_fields
from saccade.pose.config import BottomUpConfig
from saccade.pose.model import FoundPeople, PeopleFinder

STRIDE = 8
"""pixels of the picture, along each axis, that are a cell of the maps"""
_GREY = 128 / 255
"""of what pictures are filled up with"""


class Maps(NamedTuple):
    """What a network says of a batch of pictures.

    Attributes:
        fields: x and y of each limb's field.
        heats: a map for each joint, without that of the background.
    """

    fields: Float[Tensor, "B C h w"]
    heats: Float[Tensor, "B K h w"]


class Padded(NamedTuple):
    """Images as a network sees them.

    Attributes:
        pictures: one batch; sides are multiples of the stride.
        scales: (across, down) that pixels of each image were multiplied by.
    """

    pictures: Float[Tensor, "B 3 H W"]
    scales: list[tuple[float, float]]


class BottomUpReader:
    """A `FrameNetwork` around one that finds joints and limbs: it resizes, fills up, and puts together.

    Args:
        network: from pictures (B, 3, H, W), RGB from 0 to 1, to the (fields, heats) of each stage; heats have
            a background behind the joints.
        config: a `BottomUpConfig` with a `network` that has a `skeleton`.
    """

    def __init__(self, network: nn.Module, config: Any) -> None:
        self._network = network
        self._config: BottomUpConfig = config
        self._largest = max(self._config.scales)
        skeleton = config.network.skeleton
        self._limbs = skeleton.limb_indices
        self._mirror = skeleton.mirror
        edges = skeleton.edge_indices
        self._only_fills = [limb not in edges for limb in self._limbs]

    def fitted(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that an image is resized to: of the configured height, unless it were too wide.

        That is for the largest of the scales; for the others it is made smaller from there.
        """
        scale = self._largest * min(self._config.size / height, self._config.max_size / width)
        rows, columns = (max(round(side * scale), 1) for side in (height, width))
        return rows, columns

    def canvas(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that it is filled up to."""
        rows, columns = (-(-side // STRIDE) * STRIDE for side in self.fitted(height, width))
        return rows, columns

    def collate(self, images: Sequence[Float[Tensor, "3 _ _"]]) -> Padded:
        """Images of any sizes as one batch, each in the upper left of its picture, and grey beside it."""
        sizes = [(image.shape[1], image.shape[2]) for image in images]
        height, width = (max(sides) for sides in zip(*(self.canvas(*size) for size in sizes), strict=True))
        pictures = images[0].new_full((len(images), 3, height, width), _GREY)
        scales = []
        for picture, image, size in zip(pictures, images, sizes, strict=True):
            rows, columns = self.fitted(*size)
            picture[:, :rows, :columns] = _resized(image[None], (rows, columns), mode="bilinear")[0]
            scales.append((columns / size[1], rows / size[0]))
        return Padded(pictures, scales)

    def dense(self, batch: Float[Tensor, "B 3 H W"]) -> Maps:
        """The maps of the last stage; their mean where pictures are looked at at several scales."""
        size_hw = (batch.shape[2] // STRIDE, batch.shape[3] // STRIDE)
        found = [self._at(batch, scale / self._largest) for scale in self._config.scales]
        if len(found) == 1:
            return found[0]
        fields, heats = (
            torch.stack([_resized(maps, size_hw, mode="bicubic") for maps in each]).mean(0)
            for each in zip(*found, strict=True)
        )
        return Maps(fields, heats)

    def _at(self, batch: Float[Tensor, "B 3 H W"], factor: float) -> Maps:
        """The maps of smaller pictures; the mean of both where mirror images are looked at as well."""
        rows, columns = (max(round(side * factor / STRIDE), 1) * STRIDE for side in batch.shape[2:])
        batch = _resized(batch, (rows, columns), mode="bilinear", antialias=True)
        if not self._config.flip_test:
            return self._maps(batch)
        both = self._maps(torch.cat([batch, batch.flip(3)]))
        (fields, its_fields), (heats, its_heats) = (maps.chunk(2) for maps in both)
        its_fields = unflip_fields(its_fields, self._limbs, self._mirror)
        return Maps((fields + its_fields) / 2, (heats + unflip(its_heats, self._mirror)) / 2)

    def _maps(self, batch: Float[Tensor, "B 3 H W"]) -> Maps:
        fields, heats = self._network(batch)[-1]
        return Maps(fields.float(), heats[:, :-1].float())

    def find(self, dense: Maps, collated: Padded) -> list[FoundPeople]:
        """The people in each image, best first, in its own pixels."""
        rows = zip(dense.fields, dense.heats, collated.scales, strict=True)
        return [self._people(*each) for each in rows]

    def _people(
        self, fields: Float[Tensor, "C h w"], heats: Float[Tensor, "K h w"], scale: tuple[float, float]
    ) -> FoundPeople:
        config = self._config
        joints = find_joints(
            heats,
            threshold=config.part_threshold,
            distance=self._largest * config.part_distance / STRIDE,
            limit=config.max_parts,
        )
        joints = refined(joints, heats) if config.refines else joints
        scored = score_limbs(
            fields,
            joints,
            self._limbs,
            threshold=config.field_threshold,
            support=config.support,
            penalises_length=config.penalises_length,
        )
        people = assemble(joints, scored, self._limbs, self._only_fills)
        likely = people.num_joints >= config.min_parts
        likely &= people.totals >= config.min_mean * people.num_joints
        likely_people = People(people.candidates[likely], people.totals[likely])
        return found_people(likely_people, joints, scale, threshold=config.threshold)


def _resized(
    maps: Float[Tensor, "B C _ _"], size_hw: tuple[int, int], **how: Any
) -> Float[Tensor, "B C h w"]:
    """All of it with other cells; the same where these are as many."""
    if tuple(maps.shape[2:]) == size_hw:
        return maps
    return F.interpolate(maps, size_hw, align_corners=False, **how)


def found_people(
    people: People, joints: Joints, scale: tuple[float, float], *, threshold: float = 0.0
) -> FoundPeople:
    """People put together of candidates, in pixels of an image, best first.

    The score is the square root of COCO's for OpenPose, the sum of the scores of joints and limbs times the
    number of joints, as a share of the most that it can be: as high as the mean of joints and limbs for
    somebody who is seen whole, and half of that for half of somebody. The box is just around the joints.

    Args:
        scale: (across, down) that pixels of the image were multiplied by before the network saw it.
        threshold: score under which somebody is left out.
    """
    num_joints = people.candidates.shape[1]
    rows = people.candidates.to(joints.points.device)
    is_found = rows >= 0
    at = torch.arange(num_joints, device=rows.device), rows.clamp(min=0)
    # without any candidate there is no row to take one from, and nobody either
    points = joints.points[at] if len(rows) else joints.points.new_zeros(0, num_joints, 2)
    scores = joints.scores[at] if len(rows) else joints.scores.new_zeros(0, num_joints)
    # the middle of cell 0 is that of its eight pixels; so is a picture's of a resized one's
    pixels = (points + 0.5) * STRIDE / points.new_tensor(scale) - 0.5
    highest = pixels.masked_fill(~is_found[..., None], -math.inf).amax(1)
    lowest = pixels.masked_fill(~is_found[..., None], math.inf).amin(1)
    most = (2 * num_joints - 1) * num_joints
    likeness = (people.totals.clamp(min=0) * people.num_joints / most).sqrt().clamp(max=1)
    order = likeness.argsort(descending=True, stable=True)
    order = order[likeness[order] >= threshold]
    return {
        "boxes": torch.cat([lowest, highest], dim=1)[order] + 0.5,
        "scores": likeness[order],
        "keypoints": torch.where(is_found[..., None], pixels, 0)[order],
        "keypoint_scores": torch.where(is_found, scores, 0).clamp(0, 1)[order],
    }


def bottom_up(
    name: str, config: Any, network: nn.Module, *, device: torch.device, precision: str
) -> PeopleFinder:
    """The model of a network that finds joints and limbs; see `BottomUpReader`.

    Args:
        precision: as `saccade.load` takes it; "auto" also resizes pictures before they become floats.
    """
    reader = BottomUpReader(for_inference(network, device=device, precision=precision), config)
    return PeopleFinder.reading(name, config, network, reader, device=device, precision=precision)
