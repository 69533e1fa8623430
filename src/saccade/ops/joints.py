"""Candidates for joints: the peaks of heat maps on which there may be any number of people."""

from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

FINE = 8
"""maps are looked at as if they had so many times the cells along each axis"""
_SHARPNESS = -0.75
"""the parameter of bicubic interpolation, as in OpenCV and PyTorch"""
_LOWEST = 0.5
"""share of the threshold that a cell is above where one of its fine cells is a peak above the threshold"""
_NOTHING = 1e-3
"""height under which cells of a map are all alike, and bend of its logarithm under which it is a line"""


class Joints(NamedTuple):
    """The candidates for each joint of a picture, best first; rows are filled up to the longest.

    Attributes:
        points: (x, y) in cells: the middle of a map's first cell is (0, 0).
        scores: heights of the peaks; 0 where a row is filled up.
    """

    points: Float[Tensor, "K P 2"]
    scores: Float[Tensor, "K P"]


def find_joints(
    maps: Float[Tensor, "K h w"], *, threshold: float, distance: float = 0.0, limit: int = 128
) -> Joints:
    """The peaks of heat maps as they are when seen eight times as fine, by bicubic interpolation.

    They are the fine cells that are higher than the four beside them; of equals, the last along each axis.
    Beyond its rim, a map goes on as it is there: if there were nothing, the ripples that the interpolation
    makes at the rim would be peaks.
    Of the fine maps, only what lies in cells that are high enough to hold a peak is computed.

    Args:
        threshold: value above which a peak is a joint; above 0.
        distance: cells, nearer than which to a higher peak of its map a peak is left out.
        limit: peaks of a map, at most: the highest.
    """
    joint, points, scores = _fine_peaks(maps, threshold)
    order = scores.argsort(descending=True, stable=True)
    order = order[joint[order].argsort(stable=True)]
    joint, points, scores = joint[order], points[order], scores[order]
    is_kept = _ranks(joint, len(maps)) < limit
    joints = _rows(joint[is_kept], points[is_kept], scores[is_kept], len(maps))
    return _apart(joints, distance) if distance > 0 else joints


def refined(joints: Joints, maps: Float[Tensor, "K h w"]) -> Joints:
    """Joints at the middles of the Gaussians that their peaks should be.

    Through the logarithms of the cell nearest to a peak and of its two neighbours goes one parabola on each
    axis, which is highest at the mean of a Gaussian. A peak stays where there is no such parabola, as at the
    rim, or it were moved by more than three quarters of a cell: then it is none of one Gaussian alone.
    """
    height, width = maps.shape[1:]
    if min(height, width) < 3:
        return joints
    # at the rim, the parabola goes through the three cells there
    column, row = joints.points.round().long().unbind(2)
    column, row = column.clamp(1, width - 2), row.clamp(1, height - 2)
    logs = maps.clamp(min=_NOTHING).log().flatten(1)
    steps = torch.arange(-1, 2, device=maps.device)
    moved = []
    for stride in (1, width):
        places = (row * width + column)[..., None] + stride * steps
        before, middle, behind = logs.gather(1, places.flatten(1)).view(places.shape).unbind(2)
        bend = before - 2 * middle + behind
        moved.append(torch.where(bend < 0, 0.5 * (before - behind) / bend.clamp(max=-_NOTHING), torch.inf))
    points = torch.stack([column, row], dim=2) + torch.stack(moved, dim=2)
    is_near = ((points - joints.points).abs() <= 0.75).all(2, keepdim=True)
    return Joints(torch.where(is_near, points, joints.points), joints.scores)


def _fine_peaks(
    maps: Float[Tensor, "K h w"], threshold: float
) -> tuple[Int64[Tensor, " P"], Float[Tensor, "P 2"], Float[Tensor, " P"]]:
    """The joint, place and height of each fine cell that is a peak."""
    joint, row, column = (maps > _LOWEST * threshold).nonzero(as_tuple=True)
    around = F.pad(maps[None], (2, 2, 2, 2), mode="replicate")[0].unfold(1, 5, 1).unfold(2, 5, 1)
    # the axes of the fine cells come first, so that those beside one another are compared many at a time
    fine = (_weights().to(maps) @ around[joint, row, column].flatten(1).T).unflatten(0, (FINE + 2, FINE + 2))
    middle = fine[1:-1, 1:-1]
    before = torch.maximum(fine[:-2, 1:-1], fine[1:-1, :-2])
    behind = torch.maximum(fine[2:, 1:-1], fine[1:-1, 2:])
    is_peak = (middle >= before) & (middle > behind) & (middle > threshold)
    y, x, cell = is_peak.nonzero(as_tuple=True)
    at = torch.stack([column[cell] * FINE + x, row[cell] * FINE + y], dim=1)
    return joint[cell], (at.to(maps) + 0.5) / FINE - 0.5, middle[y, x, cell]


@lru_cache
def _weights() -> Float[Tensor, "100 25"]:
    """What each fine cell of the middle one of 5 x 5 cells, and those beside them, has of these."""
    at = (torch.arange(-1, FINE + 1, dtype=torch.float64) + 0.5) / FINE - 0.5
    taps = torch.arange(-2, 3)
    distances, a = (at - taps[:, None]).abs(), _SHARPNESS
    near = ((a + 2) * distances - (a + 3)) * distances**2 + 1
    far = ((a * distances - 5 * a) * distances + 8 * a) * distances - 4 * a
    along = torch.where(distances <= 1, near, torch.where(distances < 2, far, 0))
    return torch.kron(along, along).T.float()


def _ranks(joint: Int64[Tensor, " P"], num_joints: int) -> Int64[Tensor, " P"]:
    """The place of each candidate among those of its joint, which follow one another."""
    counts = torch.bincount(joint, minlength=num_joints)
    begins = counts.cumsum(0) - counts
    return torch.arange(len(joint), device=joint.device) - begins[joint]


def _rows(
    joint: Int64[Tensor, " P"], points: Float[Tensor, "P 2"], scores: Float[Tensor, " P"], num_joints: int
) -> Joints:
    """Candidates that follow one another by joint, as a row a joint."""
    ranks = _ranks(joint, num_joints)
    longest = int(ranks.max()) + 1 if len(ranks) else 0
    rows = points.new_zeros(num_joints, longest, 3)
    rows[joint, ranks] = torch.cat([points, scores[:, None]], dim=1)
    return Joints(rows[..., :2], rows[..., 2])


def _apart(joints: Joints, distance: float) -> Joints:
    """Without the candidates that are nearer than `distance` to a better one of their joint."""
    is_there = joints.scores > 0
    is_near = (joints.points[:, :, None] - joints.points[:, None]).norm(dim=3) < distance
    is_near = (is_near & is_there[:, :, None] & is_there[:, None]).triu(1)
    left_out: set[tuple[int, int]] = set()
    # those that are left out leave nobody else out; the best come first
    for joint, better, worse in is_near.nonzero().tolist():
        if (joint, better) not in left_out:
            left_out.add((joint, worse))
    if not left_out:
        return joints
    is_there[tuple(torch.tensor(sorted(left_out), device=is_there.device).T)] = False
    row, rank = is_there.nonzero(as_tuple=True)
    return _rows(row, joints.points[row, rank], joints.scores[row, rank], len(joints.scores))
