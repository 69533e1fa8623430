"""Pictures of detectors: what is assigned to what, and what votes say. No detector's weights are used."""

from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torchvision.ops import box_iou

import saccade
from docs.how.drawing import footage, paper
from saccade.detectors.rfcn import RFCN_RESNET101
from saccade.detectors.rfcn.backbone import STRIDE
from saccade.detectors.rfcn.head import vote
from saccade.detectors.yolox import YOLOX_NANO
from saccade.detectors.yolox.assignment import assign
from saccade.detectors.yolox.points import points_of
from saccade.nets.detection import suppress

FRAME = 100
COLORS = (paper.BLUE, paper.GREEN, paper.ORANGE, paper.PURPLE)
"""of the four balloons"""
_WHITE = "#FFFFFF"


def _scene(width: int, height: int) -> tuple[UInt8[np.ndarray, "H W 3"], Float[Tensor, "4 4"]]:
    """The frame at a size, and the boxes of its balloons."""
    rgb, boxes, _ = footage.clip()[FRAME]
    factor = np.array([width / rgb.shape[1], height / rgb.shape[0]] * 2)
    resized = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    return resized, torch.from_numpy(boxes * factor).float()


def anchors() -> Figure:
    """The anchors that learn each balloon in SSD, and those that propose it in Faster R-CNN; and NMS."""
    with paper.panels(1, 1.75, 1.1, 1.1, height=2.6) as (figure, (first, second, third, fourth)):
        _matched(first, "ssd300_vgg16", (300, 300), "SSD300")
        _matched(second, "fasterrcnn_mobilenet_v3_large_320_fpn", (569, 320), "Faster R-CNN's proposals")
        scene, truth = _scene(640, 360)
        boxes, scores = _likely(truth[:2])
        kept = suppress(boxes, torch.zeros(len(boxes), dtype=torch.long), scores, nms=0.5, limit=100)
        for axes, some, title in ((third, boxes, "before NMS"), (fourth, kept["boxes"], "after NMS")):
            paper.picture(axes, scene, f"{title}: {len(some)}")
            for corners in some.tolist():
                paper.box(axes, corners, _WHITE, width=0.8)
            axes.set_xlim(20, 480)
            axes.set_ylim(330, 30)
    return figure


def _matched(axes: Axes, name: str, size_wh: tuple[int, int], title: str) -> None:
    """Draws the anchors that a detector gives each balloon to learn, by its own matcher."""
    scene, truth = _scene(*size_wh)
    network: Any = saccade.load(name, weights=None, device="cpu", precision="float32").network.eval()
    image = torch.from_numpy(scene).permute(2, 0, 1).float() / 255
    resized = network.collate([image])
    with torch.inference_mode():
        dense = network.dense(resized.pictures)
    if isinstance(dense, tuple):
        features, proposer, matcher = dense[0], network, network.proposal_matcher
    else:
        features, proposer, matcher = list(dense.values()), network.rpn, network.rpn.proposal_matcher
    (boxes,) = proposer.anchor_generator(resized.images, features)
    shown = torch.tensor(resized.images.image_sizes[0]).flip(0)
    factor = (torch.tensor(size_wh) / shown).repeat(2)
    matches = matcher(box_iou(truth / factor, boxes))
    paper.picture(axes, scene, f"{title}: {int((matches >= 0).sum())} of {len(boxes):,}")
    for index in (matches >= 0).nonzero()[:, 0].tolist():
        paper.box(axes, (boxes[index] * factor).tolist(), COLORS[int(matches[index])], width=0.9)
    for corners in truth.tolist():
        paper.box(axes, corners, _WHITE, width=1.6, style=":")


def _likely(truth: Float[Tensor, "M 4"]) -> tuple[Tensor, Tensor]:
    """Boxes around true ones, such as a detector finds before NMS, the better the surer."""
    each = 12
    noise = torch.randn(len(truth), each, 4, generator=footage.seeded(1))
    size = (truth[:, 2:] - truth[:, :2]).repeat(1, 2)[:, None]
    boxes = (truth[:, None] + 0.08 * noise * size).flatten(0, 1)
    return boxes, box_iou(boxes, truth).amax(1)


def position_sensitive() -> Figure:
    """Ideal position-sensitive maps of one balloon, and how the vote falls for shifted proposals."""
    scene, truth = _scene(1067, 600)
    corners, cells = truth[0], 3
    maps = _ideal_maps(corners, cells, (600 // STRIDE + 1, 1067 // STRIDE + 1))
    width = float(corners[2] - corners[0])
    shifts = torch.linspace(-width, width, 81)
    proposals = corners + shifts[:, None] * torch.tensor([1.0, 0.0, 1.0, 0.0])
    voted = vote(maps, [proposals], cells=cells, pooling=RFCN_RESNET101.pooling, samples=2)[:, 0]
    with paper.panels(1.1, 1.5, 1.5) as (figure, (first, second, third)):
        x1, y1, x2, y2 = (corners / STRIDE).long().tolist()
        near = maps[0, :, y1 - 2 : y2 + 3, x1 - 2 : x2 + 3]
        height, columns = near.shape[-2:]
        rows = near.unflatten(0, (cells, cells)).permute(0, 2, 1, 3)
        paper.picture(first, rows.reshape(cells * height, cells * columns), f"{cells} x {cells} maps")
        for line in range(1, cells):
            first.axhline(line * height - 0.5, color=_WHITE, lw=1)
            first.axvline(line * columns - 0.5, color=_WHITE, lw=1)
        paper.picture(second, scene, "votes of three proposals")
        for line, (index, color) in enumerate(((40, paper.GREEN), (48, paper.ORANGE), (64, paper.BLUE))):
            paper.box(second, proposals[index].tolist(), color, width=2.2)
            told = f"{voted[index]:.2f}"
            second.text(0.1 + 0.3 * line, -0.14, told, transform=second.transAxes, color=color)
        third.plot(shifts / width, voted, color=paper.RED, label="vote")
        third.plot(
            shifts / width, box_iou(proposals, corners[None])[:, 0], "--", color=paper.BLUE, label="IoU"
        )
        third.legend(loc="upper left")
        paper.chart(third, "as a proposal moves sideways", "shift [widths]", "")
    return figure


def _ideal_maps(
    corners: Float[Tensor, "4"], cells: int, size_hw: tuple[int, int]
) -> Float[Tensor, "1 c h w"]:
    """Map i * cells + j is 1 in row i and column j of the box, and 0 elsewhere."""
    (x1, y1, x2, y2), (height, width) = (corners / STRIDE).tolist(), size_hw
    rows = ((torch.arange(height) + 0.5 - y1) / (y2 - y1) * cells).floor()
    columns = ((torch.arange(width) + 0.5 - x1) / (x2 - x1) * cells).floor()
    index = torch.arange(cells)
    is_row, is_column = rows == index[:, None], columns == index[:, None]
    return (is_row[:, None, :, None] & is_column[None, :, None, :]).float().flatten(0, 1)[None]


def simota() -> Figure:
    """Which points learn which balloon, for predictions that are off by some share of a box."""
    size = YOLOX_NANO.size
    height = size * 9 // 16
    scene, truth = _scene(size, height)
    canvas = np.full((size, size, 3), 114, np.uint8)
    canvas[:height] = scene
    points = points_of((size, size), torch.device("cpu"))
    centres = (truth[:, :2] + truth[:, 2:]) / 2
    nearest = torch.cdist(points.centres, centres).argmin(dim=1)
    sizes = (truth[:, 2:] - truth[:, :2]).repeat(1, 2)
    # the worse, the less the box fits the points' level
    fit = (8 * points.strides / sizes[nearest]).log2().abs()
    noise = 0.04 * (1 + fit) * torch.randn(len(nearest), 4, generator=footage.seeded())
    predicted = truth[nearest] + noise * sizes[nearest]
    nothing = torch.zeros(len(nearest))
    labels = torch.zeros(len(truth), dtype=torch.long)
    found = assign(predicted, nothing, nothing[:, None], truth, labels, points, YOLOX_NANO.assignment)
    radius = YOLOX_NANO.assignment.radius * points.strides[:, 0]
    near = (points.centres - centres[:, None]).abs().amax(-1) < radius
    with paper.panels(1.25, 1) as (figure, (first, second)):
        paper.picture(first, canvas[: height + 32], "candidates (white), and who learns")
        for corners, color in zip(truth.tolist(), COLORS, strict=True):
            paper.box(first, corners, color)
        x, y = points.centres.T
        area = points.strides[:, 0] * 0.9
        some = near.any(0) & ~found.is_positive
        first.scatter(x[some], y[some], s=area[some], c=_WHITE, lw=0)
        for index, color in enumerate(COLORS):
            own = found.is_positive & (found.truth == index)
            first.scatter(x[own], y[own], s=area[own] * 1.6, c=color, edgecolors=_WHITE, lw=0.6)
        first.set_xlim(0, size)
        first.set_ylim(height, 0)
        _counts(second, found, near, len(truth))
    return figure


def _counts(axes: Axes, found: Any, near: Tensor, number: int) -> None:
    """How many points each balloon could have, and has."""
    has = [int((found.is_positive & (found.truth == index)).sum()) for index in range(number)]
    axes.barh(range(number), near.sum(1), color=paper.FAINT, label="candidates")
    axes.barh(range(number), has, color=COLORS, height=0.5)
    axes.set_yticks(range(number), [f"balloon {index + 1}" for index in range(number)])
    axes.invert_yaxis()
    axes.legend(loc="lower right")
    axes.set_xlim(right=40)
    paper.chart(axes, "points of each", "points", "")
