"""What a network should answer: heat maps of a person's joints; maps and fields of all people in a picture.

Points are in pixels of the crop; cell 0 of a map lies at its pixel `first_cell`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Integer
from torch import Tensor

from saccade.core import DatasetError, Skeleton
from saccade.core.ranges import above, at_least, check_ranges
from saccade.data.formats.coco import fill_polygon
from saccade.data.pose.crops import PersonCrop
from saccade.data.pose.people import UNLABELLED, AnnotatedPerson
from saccade.ops.heat_maps import gaussian_maps, gaussian_patches, nearest_cells, with_background
from saccade.ops.limbs import limb_fields
from saccade.ops.masks import decode_rle


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTargets:
    """Heat maps of one person: a Gaussian a joint, as in SimpleBaseline and Hourglass."""

    stride: int = 4
    """pixels of the crop a cell"""
    first_cell: float = 0.0
    """pixel of the crop at which the first cell lies: 0 (SimpleBaseline), or the middle of its 4 pixels, 1.5
    (Hourglass)"""
    sigma: float = 2.0
    """standard deviation in cells; 2 for maps 64 cells high, 3 for 96; 1 in Hourglass"""

    def __post_init__(self) -> None:
        check_ranges("targets", self, stride=at_least(1), first_cell=at_least(0), sigma=above(0))

    @property
    def radius(self) -> int:
        """Cells to either side of its middle that a Gaussian is drawn to: three deviations."""
        return int(3 * self.sigma)

    def encode(
        self,
        points: Float[np.ndarray, "K 2"],
        visible: Integer[np.ndarray, " K"],
        size_wh: tuple[int, int],
    ) -> tuple[Float32[Tensor, "K h w"], Float32[Tensor, " K"]]:
        """Heat maps, and how much each counts: 0 where the joint is not labelled, or too far outside.

        Args:
            points: in pixels of the crop.
            size_wh: of the crop.
        """
        size_hw = (size_wh[1] // self.stride, size_wh[0] // self.stride)
        cells = torch.from_numpy((np.asarray(points) - self.first_cell) / self.stride).float()
        centers = nearest_cells(cells)
        last = torch.tensor([size_hw[1] - 1.0, size_hw[0] - 1.0])
        # of a joint just outside, some of the Gaussian is inside
        is_near = ((centers >= -self.radius) & (centers <= last + self.radius)).all(dim=1)
        weights = (torch.from_numpy(np.asarray(visible) > UNLABELLED) & is_near).float()
        maps = gaussian_patches(centers, size_hw, sigma=self.sigma, radius=self.radius)
        return maps * weights[:, None, None], weights


class SceneMaps(NamedTuple):
    """What a network should answer of a picture with any number of people.

    Attributes:
        heats: a map a joint, and behind them that of no joint.
        fields: x and y of the field of each limb.
        mask: 1 where this counts, 0 where somebody is who is not labelled.
    """

    heats: Float32[Tensor, "K+1 h w"]
    fields: Float32[Tensor, "2L h w"]
    mask: Float32[Tensor, "1 h w"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneTargets:
    """Heat maps and part affinity fields of everybody in a picture, as in OpenPose."""

    stride: int = 8
    """pixels of the crop a cell"""
    first_cell: float = 3.5
    """pixel of the crop at which the first cell lies: the middle of its 8 pixels"""
    sigma: float = 7.0
    """standard deviation of a joint's Gaussian in pixels of the crop"""
    half_width: float = 1.0
    """cells to either side of a limb that its field reaches"""

    def __post_init__(self) -> None:
        check_ranges(
            "targets",
            self,
            stride=at_least(1),
            first_cell=at_least(0),
            sigma=above(0),
            half_width=above(0),
        )

    def encode(self, people: Sequence[AnnotatedPerson], skeleton: Skeleton, crop: PersonCrop) -> SceneMaps:
        """The targets of all people in a crop.

        Args:
            people: with points of the skeleton, in pixels of the frame.

        Raises:
            DatasetError: when the run lengths of somebody's outline are broken.
        """
        learned = [person for person in people if person.is_learned]
        size_hw = (crop.size_wh[1] // self.stride, crop.size_wh[0] // self.stride)
        seen = [joints_in(crop, person, skeleton) for person in learned]
        points = np.array([points for points, _ in seen]).reshape(-1, len(skeleton), 2)
        visible = np.array([visible for _, visible in seen]).reshape(-1, len(skeleton))
        cells = torch.from_numpy((points - self.first_cell) / self.stride).float()
        is_known = torch.from_numpy(visible > UNLABELLED)
        heats = gaussian_maps(cells, is_known, size_hw, sigma=self.sigma / self.stride)
        fields = limb_fields(cells, is_known, skeleton.limb_indices, size_hw, half_width=self.half_width)
        hidden = np.zeros(size_hw, bool)
        for person in people:
            if not person.is_learned:
                hidden |= self._covered(person, crop, size_hw)
        # what is known of somebody labelled is learned, whoever stands before or behind
        is_taught = (heats > 0).any(dim=0) | (fields != 0).any(dim=0)
        mask = (~torch.from_numpy(hidden) | is_taught).float()
        return SceneMaps(with_background(heats), fields, mask[None])

    def _covered(
        self, person: AnnotatedPerson, crop: PersonCrop, size_hw: tuple[int, int]
    ) -> Bool[np.ndarray, "h w"]:
        """The cells whose middle lies on a person: on their outline where it is known, else on their box."""
        if isinstance(person.outline, Mapping):
            return self._on_mask(decoded(person), crop, size_hw)
        x1, y1, x2, y2 = person.box.tolist()
        box = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
        covered = np.zeros(size_hw, bool)
        for polygon in (box,) if person.outline is None else person.outline:
            # from edges of pixels to their indices, and to edges of cells
            corners = (crop.to_crop(polygon - 0.5) - self.first_cell) / self.stride + 0.5
            covered |= fill_polygon(corners, size_hw).astype(bool)
        return covered

    def _on_mask(
        self, mask: Bool[np.ndarray, "H W"], crop: PersonCrop, size_hw: tuple[int, int]
    ) -> Bool[np.ndarray, "h w"]:
        columns, rows = np.meshgrid(np.arange(size_hw[1]), np.arange(size_hw[0]))
        cells = np.stack([columns, rows], axis=-1) * self.stride + self.first_cell
        x, y = np.rint(crop.to_frame(cells)).astype(int).transpose(2, 0, 1)
        is_inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
        is_covered = mask[y.clip(0, mask.shape[0] - 1), x.clip(0, mask.shape[1] - 1)]
        return np.asarray(is_inside & is_covered)


def joints_in(
    crop: PersonCrop, person: AnnotatedPerson, skeleton: Skeleton
) -> tuple[Float[np.ndarray, "K 2"], Integer[np.ndarray, " K"]]:
    """A person's joints in pixels of a crop, and their visibility: left and right as they are seen there."""
    points, visible = crop.to_crop(person.keypoints), person.visible
    if not crop.is_mirrored:
        return points, visible
    mirror = list(skeleton.mirror)
    return points[mirror], visible[mirror]


def decoded(person: AnnotatedPerson) -> Bool[np.ndarray, "H W"]:
    """The pixels of an outline in run lengths.

    Raises:
        DatasetError: when they are broken.
    """
    assert isinstance(person.outline, Mapping)
    try:
        return decode_rle(person.outline)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"annotation {person.id}: its segmentation cannot be used ({error}); correct it, or take it out"
        ) from None
