"""Pictures of KYS and LWL: what is carried from frame to frame, and how a mask's encoding is learned."""

from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from matplotlib.figure import Figure
from torch import Tensor

import saccade
from docs.how.drawing import footage, paper
from docs.how.drawing.footage import ALONE, CROSSING
from saccade.data.synthetic.balloon import outline
from saccade.nets.resnet import normalise_bgr
from saccade.ops.cost_volume import cost_volume
from saccade.ops.crops import CropView
from saccade.ops.labels import gaussian_label
from saccade.ops.soft_masks import spread
from saccade.ops.warps import warp_crops
from saccade.segmenters.lwl.learner import CHANNELS, ENCODING, KERNEL
from saccade.solvers.steepest_descent import DescentState, SteepestDescent
from saccade.trackers.kys import KYS
from saccade.trackers.kys.predictor import propagate
from saccade.trackers.nano.appearance import cues

SIDE, CELL = 144, 8
"""pixels of the region in which KYS' cells are shown, and of a cell: 18 of them a side, as KYS has"""
SHARPNESS = 12.0
"""what matches are multiplied by before the softmax, in place of the trained heads"""


def kys_carried() -> Figure:
    """Where the content of a cell came from, and a label that is carried along with its content."""
    before, now = CROSSING - 6, CROSSING
    view = _view(before)
    pictures = [warp_crops(footage.clip()[number].rgb, view) for number in (before, now)]
    last, features = (_features(picture) for picture in pictures)
    volume = cost_volume(features, last, patch=KYS.network.predictor.patch, reach=KYS.network.predictor.reach)
    origin = (SHARPNESS * volume.flatten(1, 2)).softmax(dim=1)
    cells = SIDE // CELL
    label = gaussian_label((cells, cells), torch.full((1, 2), 1.2), torch.zeros(1, 2))
    carried = propagate(label[:, None], origin)[0, 0]
    x1, y1, x2, y2 = footage.clip()[now].boxes[0]
    middle = view.to_crop(torch.tensor([[(x1 + x2) / 2, (y1 + y2) / 2]]))[0] / CELL
    column, row = (int(value) for value in middle)
    came_from = origin[0, :, row, column].reshape(cells, cells)
    with paper.panels(1, 1, 1, 1, height=2.5) as (figure, (first, second, third, fourth)):
        paper.heat(first, pictures[0][0], label[0], f"frame {before}: known")
        paper.picture(second, pictures[1][0], f"frame {now}: one cell")
        paper.box(second, [CELL * column, CELL * row, CELL * (column + 1), CELL * (row + 1)], paper.ORANGE)
        paper.heat(third, pictures[0][0], came_from, f"frame {before}: its origin")
        paper.heat(fourth, pictures[1][0], carried, f"frame {now}: carried over")
    return figure


def _view(number: int) -> CropView:
    """The region that KYS would look at, had it found the target in that frame."""
    x, y, w, h = footage.target(number)[0].double().tolist()
    scale = KYS.search.area * (w * h) ** 0.5 / SIDE
    return CropView(
        torch.tensor([[x + w / 2, y + h / 2]]).double(), torch.tensor([scale]).double(), (SIDE, SIDE)
    )


@torch.inference_mode()
def _features(picture: UInt8[np.ndarray, "1 H W 3"]) -> Float[Tensor, "1 C h w"]:
    """Those of dimp_nano's network, which ships, each cell's of length one."""
    crop = torch.from_numpy(picture)
    features = saccade.load("dimp_nano").network.features(crop, cues(crop))
    return F.normalize(features.clone(), dim=1)


def lwl_learning() -> Figure:
    """A mask and its box; one channel of its encoding, as wished and as learned; the loss."""
    segmenter: Any = saccade.load("lwl", weights=None, device="cpu", precision="float32").tracker
    picture, mask, box = _masked(segmenter.config)
    wished, learned, losses = _learn_encoding(segmenter, picture, mask)
    channel = int(wished.flatten(1).std(dim=1).argmax())
    shown = picture.permute(1, 2, 0).byte().numpy()
    with paper.panels(1.3, 1.3, 1.3, 1.2, height=2.4) as (figure, (first, second, third, fourth)):
        paper.picture(first, shown, "region, mask, box")
        first.contour(mask, [0.5], colors=[paper.ORANGE], linewidths=1.5)
        paper.box(first, box, paper.GREEN)
        paper.picture(second, wished[channel], "label, one of 16 channels")
        paper.picture(third, learned[channel], "encoding after 20 steps")
        fourth.plot(losses, color=paper.RED)
        paper.chart(fourth, "few-shot learner", "step", "loss", logarithmic=True)
    return figure


def _masked(config: Any) -> tuple[Tensor, Tensor, tuple[float, ...]]:
    """The pixels of the target's region and its mask there; the box that follows from the mask."""
    frame = footage.frame(ALONE)
    x, y, w, h = footage.target(ALONE)[0].tolist()
    points = outline()
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - low) / (high - low) * (w, h) + (x, y)
    filled = np.zeros(frame.image.shape[:2], np.uint8)
    cv2.fillPoly(filled, [cv2.convexHull(points.astype(np.float32)).astype(np.int32)], 1)
    size = torch.tensor([[w, h]])
    look = config.search.look_first(
        frame,
        torch.from_numpy(filled).float()[None],
        torch.tensor([x + w / 2, y + h / 2]),
        config.search.scale(size)[0],
    )
    _, mean, deviation = spread(look[1][None])
    half = config.box.deviations * deviation[0] / 2
    return look[0], look[1], tuple(torch.cat([mean[0] - half, mean[0] + half]).tolist())


@torch.inference_mode()
def _learn_encoding(segmenter: Any, picture: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, list[float]]:
    """The label of a mask, what filters make of the picture after all steps, and the losses."""
    network, steps = segmenter.network, segmenter.config.learning.first_steps
    features = network.target_model.features(network.levels(normalise_bgr(picture[None]))["layer3"])
    label, weight = network.encode_masks(mask[None])[0]
    problem = network.target_model.problem(features[None], label[None, None], weight[None, None])
    filters = features.new_zeros((1, ENCODING, CHANNELS, KERNEL, KERNEL))
    states: list[DescentState] = list(SteepestDescent().iterates(problem, filters, steps=steps))
    losses = [float(problem.value(state.x, state.measured)) for state in states]
    return label, states[-1].measured[0, 0], losses
