"""From frames to people put together: sizes, pixels and mirror images; maps stand in for a network."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core import COCO_18, ConfigError, Instances, ModelError, Skeleton
from saccade.ops.heat_maps import gaussian_maps, with_background
from saccade.ops.limbs import limb_fields
from saccade.pose.bottom_up import BottomUpReader, bottom_up
from saccade.pose.config import BottomUpConfig
from saccade.pose.model import PeopleFinder
from tests.unit.ops.crowds import SIGMA, figures

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    skeleton: Skeleton = COCO_18


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(BottomUpConfig):
    network: Network = field(default_factory=Network)


class Drawing(nn.Module):
    """Answers with the maps of people who are where they are told to be, in pixels of the frame."""

    def __init__(self, people: Tensor, frame_wh: tuple[int, int], is_known: Tensor | None = None) -> None:
        super().__init__()
        self.people, self.frame_wh = people, frame_wh
        self.is_known = torch.ones(people.shape[:2], dtype=torch.bool) if is_known is None else is_known
        self.seen: list[tuple[int, ...]] = []

    def forward(self, batch: Tensor) -> list[tuple[Tensor, Tensor]]:
        self.seen.append(tuple(batch.shape))
        # the frame is black, and what is beside it is not
        inside = (batch[0, 0] == 0).nonzero().amax(0) + 1
        scales = torch.tensor([inside[1] / self.frame_wh[0], inside[0] / self.frame_wh[1]])
        pixels = (self.people + 0.5) * scales - 0.5
        size_hw = (batch.shape[2] // 8, batch.shape[3] // 8)
        heats = gaussian_maps((pixels - 3.5) / 8, self.is_known, size_hw, sigma=SIGMA)
        fields = limb_fields((pixels - 3.5) / 8, self.is_known, COCO_18.limb_indices, size_hw)
        answer = fields.expand(len(batch), -1, -1, -1), with_background(heats).expand(len(batch), -1, -1, -1)
        return [(torch.zeros_like(answer[0]), torch.zeros_like(answer[1])), answer]


def estimator(network: nn.Module, precision: str = "float32", **settings: Any) -> PeopleFinder:
    return bottom_up("drawn", Config(**settings), network, device=CPU, precision=precision)


def black(size_wh: tuple[int, int]) -> np.ndarray:
    return np.zeros((*size_wh[::-1], 3), np.uint8)


@pytest.mark.parametrize("precision", ["float32", "auto"])
@pytest.mark.parametrize(
    "size_wh", [(368, 368), (640, 480), (1280, 720), (333, 217), (200, 900), (1900, 300), (97, 61)], ids=str
)
def test_joints_come_back_to_the_pixel(size_wh: tuple[int, int], precision: str) -> None:
    height = 0.8 * min(size_wh)
    # two, side by side on wide frames, one above the other on high ones
    free = torch.tensor(size_wh, dtype=torch.float32) - height
    people = figures(torch.stack([0.02 * free, 0.97 * free]), torch.full((2,), height))
    found = estimator(Drawing(people, size_wh), precision)(black(size_wh))
    assert isinstance(found, Instances) and found.skeleton is COCO_18
    apart = float((people[0] - people[1]).norm(dim=1).min())
    if apart < 40:
        people, found = people[:1], found[:1]
    assert len(found) == len(people)
    for truth in people.numpy():
        assert found.keypoints is not None and found.keypoint_scores is not None
        row = np.linalg.norm(found.keypoints - truth, axis=2).mean(1).argmin()
        assert np.abs(found.keypoints[row] - truth).max() < 0.5
        corners = np.concatenate([truth.min(0), truth.max(0)]) + 0.5
        np.testing.assert_allclose(found.boxes[row], corners, atol=0.5)
        assert (found.keypoint_scores[row] > 0.8).all() and found.scores[row] > 0.8


def test_missing_joints_have_no_score_and_no_place() -> None:
    is_known = torch.ones(1, 18, dtype=torch.bool)
    is_known[0, [4, 10, 17]] = False
    people = figures(torch.tensor([[60.0, 20.0]]), torch.tensor([300.0]))
    whole = estimator(Drawing(people, (400, 368)))(black((400, 368)))
    found = estimator(Drawing(people, (400, 368), is_known))(black((400, 368)))
    assert found.keypoints is not None and found.keypoint_scores is not None
    assert (found.keypoint_scores[0] > 0).tolist() == is_known[0].tolist()
    assert not found.keypoints[0][[4, 10, 17]].any()
    assert found.scores[0] < whole.scores[0] <= 1


def test_half_of_a_person_has_half_of_the_score() -> None:
    is_known = torch.zeros(1, 18, dtype=torch.bool)
    is_known[0, [1, 2, 3, 4, 5, 6, 7, 0, 14]] = True
    people = figures(torch.tensor([[60.0, 20.0]]), torch.tensor([300.0]))
    whole = estimator(Drawing(people, (400, 368)))(black((400, 368)))
    half = estimator(Drawing(people, (400, 368), is_known))(black((400, 368)))
    assert half.scores[0] == pytest.approx(whole.scores[0] / 2, abs=0.03)


@pytest.mark.parametrize("few", [0, 2])
def test_nobody_and_too_few_joints_are_no_people(few: int) -> None:
    is_known = torch.zeros(1, 18, dtype=torch.bool)
    is_known[0, 1 : 1 + few] = True
    people = figures(torch.tensor([[60.0, 20.0]]), torch.tensor([300.0]))
    found = estimator(Drawing(people, (400, 368), is_known))(black((400, 368)))
    assert len(found) == 0
    assert found.keypoints is not None and found.keypoints.shape == (0, 18, 2)
    assert found.to_coco() == []
    assert list(found.timings) == ["pre", "network", "post"]


def test_who_is_unlikely_is_left_out() -> None:
    people = figures(torch.tensor([[60.0, 20.0]]), torch.tensor([300.0]))
    assert len(estimator(Drawing(people, (400, 368)), min_mean=1.7)(black((400, 368)))) == 1
    assert len(estimator(Drawing(people, (400, 368)), min_mean=2.0)(black((400, 368)))) == 0


def test_no_score_is_below_the_threshold() -> None:
    people = figures(torch.tensor([[10.0, 20.0], [200.0, 20.0]]), torch.tensor([300.0, 300.0]))
    is_known = torch.ones(2, 18, dtype=torch.bool)
    is_known[1, [3, 4, 6, 7, 9, 10, 12, 13]] = False
    everybody = estimator(Drawing(people, (400, 368), is_known))(black((400, 368)))
    whole, half = everybody.scores.tolist()
    assert half < 0.7 < whole
    found = estimator(Drawing(people, (400, 368), is_known), threshold=0.7)(black((400, 368)))
    assert found.scores.tolist() == [whole]


def test_several_scales_agree_on_where_joints_are() -> None:
    people = figures(torch.tensor([[60.0, 20.0]]), torch.tensor([300.0]))
    model = estimator(Drawing(people, (400, 368)), scales=(0.5, 1.0, 2.0))
    found = model(black((400, 368)))
    seen = model._eye.network._network.seen  # type: ignore[attr-defined]
    assert seen == [(1, 3, 184, 200), (1, 3, 368, 400), (1, 3, 736, 800)]
    assert found.keypoints is not None and len(found) == 1
    assert np.abs(found.keypoints[0] - people[0].numpy()).max() < 0.5


def test_the_mean_is_taken_of_all_scales() -> None:
    batch = torch.rand(2, 3, 64, 96)
    network = Answering()
    reader = BottomUpReader(network, Config(scales=(0.5, 2.0)))
    small = F.interpolate(batch, (16, 24), mode="bilinear", antialias=True)
    for found, *parts in zip(reader.dense(batch), network(small)[-1], network(batch)[-1], strict=True):
        large = F.interpolate(parts[0], (8, 12), mode="bicubic")
        torch.testing.assert_close(found, ((large + parts[1]) / 2)[:, : found.shape[1]])


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="scales is empty; give at least one"):
        Config(scales=())
    with pytest.raises(ConfigError, match=r"settings.scales is \(1.0, 0.0\); each number must be above 0"):
        Config(scales=(1.0, 0.0))


@pytest.mark.parametrize(
    ("size_wh", "fitted", "canvas"),
    [
        ((640, 480), (368, 491), (368, 496)),
        ((480, 640), (368, 276), (368, 280)),
        ((3000, 300), (102, 1024), (104, 1024)),
        ((40_000, 2), (1, 1024), (8, 1024)),
        ((1, 900), (368, 1), (368, 8)),
        ((1, 1), (368, 368), (368, 368)),
    ],
    ids=str,
)
def test_sizes(size_wh: tuple[int, int], fitted: tuple[int, int], canvas: tuple[int, int]) -> None:
    reader = BottomUpReader(nn.Identity(), Config())
    assert reader.fitted(*size_wh[::-1]) == fitted
    assert reader.canvas(*size_wh[::-1]) == canvas
    collated = reader.collate([torch.zeros(3, *size_wh[::-1])])
    assert collated.pictures.shape[2:] == canvas
    grey = collated.pictures[0, :, fitted[0] :], collated.pictures[0, :, :, fitted[1] :]
    assert all((each == 128 / 255).all() for each in grey)


class Answering(nn.Module):
    """Fields and heats of its own for every picture."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 38 + 19, 8, stride=8)

    def forward(self, batch: Tensor) -> list[tuple[Tensor, Tensor]]:
        maps = self.layer(batch)
        return [(maps[:, :38], maps[:, 38:].sigmoid())]


def test_frames_of_one_canvas_are_one_batch_and_stay_what_they_are() -> None:
    people = figures(torch.tensor([[60.0, 20.0]]), torch.tensor([300.0]))
    network = Drawing(people, (400, 368))
    model = estimator(network)
    model([black((400, 368)), black((400, 368)), black((800, 736))])
    seen = model._eye.network._network.seen  # type: ignore[attr-defined]
    assert seen == [(3, 3, 368, 400)]
    random = estimator(Answering(), size=64, part_threshold=0.6)
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (46, 60, 3), dtype=np.uint8) for _ in range(3)]
    for together, frame in zip(random(frames), frames, strict=True):
        alone = random(frame)
        assert len(together) == len(alone)
        np.testing.assert_allclose(together.scores, alone.scores, atol=1e-3)


def test_the_flip_test_is_the_mean_of_both() -> None:
    network = Answering()
    batch = torch.rand(2, 3, 64, 80)
    straight = BottomUpReader(network, Config()).dense(batch)
    both = BottomUpReader(network, Config(flip_test=True)).dense(batch)
    flipped = BottomUpReader(network, Config(flip_test=True)).dense(batch.flip(3))
    # of a mirrored picture it says the mirror image
    order = list(COCO_18.mirror)
    torch.testing.assert_close(flipped.heats.flip(3)[:, order], both.heats, atol=1e-5, rtol=0)
    assert both.heats.shape == straight.heats.shape == (2, 18, 8, 10)
    assert both.fields.shape == (2, 38, 8, 10)
    assert not torch.allclose(both.heats, straight.heats)


def test_boxes_are_refused() -> None:
    with pytest.raises(ModelError, match="'drawn' finds people by itself; leave the boxes out"):
        estimator(Answering())(black((64, 64)), boxes=[(1, 1, 5, 5)])
