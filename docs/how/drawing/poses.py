"""Pictures of pose estimators: what they learn and how it is read. No published weights are used."""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from docs.how.drawing import footage, paper
from saccade.core import COCO_17, COCO_18, MPII_16, Skeleton
from saccade.data.pose.targets import PersonTargets, SceneTargets
from saccade.ops.heat_maps import decode_dark, decode_quarter, gaussian_maps, peaks
from saccade.ops.joints import find_joints, refined
from saccade.ops.limbs import LimbScores, assemble, limb_fields, score_limbs
from saccade.pose.hourglass.config import HOURGLASS2, HourglassNetworkConfig
from saccade.pose.hourglass.network import StackedHourglass
from saccade.pose.openpose import OPENPOSE
from saccade.pose.simplebaseline import SIMPLEBASELINE_RESNET50
from saccade.training.pose import HeatMapTask, PoseBatch

STEPS = 160
"""of the small hourglass's training"""


def _limbs(axes: Axes, points: Float[np.ndarray, "K 2"], skeleton: Skeleton, color: str) -> None:
    for a, b in skeleton.edge_indices:
        axes.plot(*points[[a, b]].T, color=color, lw=2, solid_capstyle="round")
    axes.plot(*points.T, "o", color="white", ms=3.5)


def _person(
    skeleton: Skeleton, size_wh: tuple[int, int], targets: PersonTargets
) -> tuple[UInt8[np.ndarray, "H W 3"], Float[np.ndarray, "K 2"], Float[Tensor, "K h w"]]:
    """A person, their joints, and the heat maps to be learned."""
    points = footage.joints(skeleton, size_wh)
    maps, _ = targets.encode(points, np.full(len(skeleton), 2), size_wh)
    return footage.person(size_wh), points, maps


def hourglass() -> Figure:
    """The heat maps to be learned, and a small hourglass that learns them by heart, stack by stack."""
    targets = PersonTargets(first_cell=HOURGLASS2.first_cell, sigma=HOURGLASS2.blur)
    picture, points, maps = _person(MPII_16, HOURGLASS2.size, targets)
    losses, before, behind = _learn_by_heart(targets)
    with paper.panels(1, 1, 0.6, 0.6, 1.4) as (figure, (first, second, third, fourth, fifth)):
        paper.picture(first, picture, "key points")
        _limbs(first, points, MPII_16, paper.ORANGE)
        paper.heat(second, picture, maps.amax(0), "what is wished")
        paper.picture(third, before.amax(0), "stack 1")
        paper.picture(fourth, behind.amax(0), "stack 2")
        for number, line in enumerate(losses.T):
            fifth.plot(line, label=f"stack {number + 1}", color=(paper.BLUE, paper.RED)[number])
        fifth.legend()
        paper.chart(fifth, "two small stacks, one picture", "step", "loss", logarithmic=True)
    return figure


def _learn_by_heart(targets: PersonTargets) -> tuple[Tensor, Tensor, Tensor]:
    """The losses (steps, stacks) of a small hourglass on one picture; what its stacks answer then."""
    size = (96, 96)
    picture, _, maps = _person(MPII_16, size, targets)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = StackedHourglass(HourglassNetworkConfig(order=3, features=32, stem=(16, 32)))
    task = HeatMapTask(network, factor=1.0, learns_absence=True).train()
    images = torch.from_numpy(picture).permute(2, 0, 1)[None]
    batch = PoseBatch(images, {"heatmaps": maps[None], "weights": torch.ones(1, len(maps))}, ("line",))
    optimizer = torch.optim.RMSprop(task.parameters(), lr=1e-3)
    losses = []
    for _ in range(STEPS):
        answer = task(batch)
        losses.append([float(answer[f"Loss/heatmaps{number}"]) for number in (1, 2)])
        optimizer.zero_grad()
        answer["loss"].backward()
        optimizer.step()
    with torch.inference_mode():
        first, second = network(images.float() / 255)[0]
    return torch.tensor(losses), first, second


def simplebaseline() -> Figure:
    """A person's heat maps, and how far off the ways to read them are."""
    config = SIMPLEBASELINE_RESNET50
    targets = PersonTargets(first_cell=config.first_cell, sigma=config.blur)
    picture, points, maps = _person(COCO_17, config.size, targets)
    offsets = torch.linspace(-0.5, 0.5, 101)
    at = torch.stack([16 + offsets, torch.full_like(offsets, 16.0)], dim=1)
    known = torch.ones(1, len(at), dtype=torch.bool)
    drawn = gaussian_maps(at[None], known, (33, 33), sigma=config.blur, cut=20.0)[None]
    ways = {
        "highest cell": peaks(drawn)[0],
        "quarter": decode_quarter(drawn)[0],
        "dark": decode_dark(drawn, sigma=config.blur)[0],
    }
    with paper.panels(0.8, 0.8, 1.0, 1.6) as (figure, (first, second, third, fourth)):
        paper.picture(first, picture, "key points")
        _limbs(first, points, COCO_17, paper.ORANGE)
        paper.heat(second, picture, maps.amax(0), "all heat maps")
        wrist = COCO_17.points.index("left_wrist")
        paper.picture(third, maps[wrist], "that of the left wrist")
        for name, found in ways.items():
            fourth.plot(offsets, targets.stride * (found[0, :, 0] - at[:, 0]).abs(), label=name)
        fourth.legend(loc="upper center", ncols=3, columnspacing=1.0, handlelength=1.2)
        fourth.set_ylim(-0.05, 2.6)
        paper.chart(
            fourth, "error of reading a Gaussian", "true place, from a cell's middle [cells]", "pixels"
        )
    return figure


def openpose() -> Figure:
    """Two people, the heat map and the field of one kind of joint and limb, and who has which joint."""
    scene, people = _two_people()
    targets, size_hw = SceneTargets(), (scene.shape[0] // 8, scene.shape[1] // 8)
    cells = torch.from_numpy((people - targets.first_cell) / targets.stride).float()
    known = torch.ones(cells.shape[:2], dtype=torch.bool)
    limbs = COCO_18.limb_indices
    heats = gaussian_maps(cells, known, size_hw, sigma=targets.sigma / targets.stride)
    fields = limb_fields(cells, known, limbs, size_hw, half_width=targets.half_width)
    limb = limbs.index((COCO_18.points.index("right_hip"), COCO_18.points.index("right_knee")))
    joints = find_joints(
        heats, threshold=OPENPOSE.part_threshold, distance=OPENPOSE.part_distance / targets.stride
    )
    joints = refined(joints, heats)
    scored = score_limbs(fields, joints, limbs)
    with paper.panels(1.2, 1.2, 1, 1.2, height=2.7) as (figure, (first, second, third, fourth)):
        paper.heat(first, scene, heats[COCO_18.points.index("right_knee")], "heat map: right knee")
        _arrows(second, scene, fields[2 * limb : 2 * limb + 2], targets)
        _matrix(third, scored, limb)
        paper.picture(fourth, scene, "put together")
        found = assemble(joints, scored, limbs)
        for row, color in zip(found.candidates, (paper.ORANGE, paper.BLUE), strict=True):
            points = joints.points[torch.arange(len(row)), row.long()].numpy()
            _limbs(fourth, points * targets.stride + targets.first_cell, COCO_18, color)
    return figure


def _two_people() -> tuple[UInt8[np.ndarray, "H W 3"], Float[np.ndarray, "2 K 2"]]:
    """Two people side by side, one of them smaller."""
    scene = np.full((256, 320, 3), 205, np.uint8)
    people = []
    for (left, top), size in (((8, 0), (192, 256)), ((176, 64), (144, 192))):
        figure = footage.person(size)
        body = np.abs(figure.astype(int) - figure[:, :1]).sum(2) > 30
        scene[top : top + size[1], left : left + size[0]][body] = figure[body]
        people.append(footage.joints(COCO_18, size) + np.array((left, top)))
    return scene, np.stack(people)


def _arrows(axes: Axes, scene: np.ndarray, field: Float[Tensor, "2 h w"], targets: SceneTargets) -> None:
    paper.picture(axes, scene, "field: right hip to knee")
    rows, columns = (field.norm(dim=0) > 0).nonzero(as_tuple=True)
    x, y = field[:, rows, columns]
    axes.quiver(
        columns * targets.stride + targets.first_cell,
        rows * targets.stride + targets.first_cell,
        x,
        y,
        color=paper.RED,
        angles="xy",
        scale=14,
        width=0.008,
    )


def _matrix(axes: Axes, scored: LimbScores, limb: int) -> None:
    scores = scored.scores[limb, :2, :2]
    axes.imshow(scores, vmin=-1, vmax=1, cmap="RdBu")
    for (row, column), value in np.ndenumerate(scores.numpy()):
        axes.text(
            column, row, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.5 else "black"
        )
    paper.bare(axes, "score of each pair")
    axes.set_xticks([0, 1], ["knee 1", "knee 2"])
    axes.set_yticks([0, 1], ["hip 1", "hip 2"])
