"""Keypoint R-CNN: torchvision's numbers behind our face, for any skeleton, from files of any age."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from saccade.core import Skeleton
from saccade.core.config import override
from saccade.core.errors import ConfigError, WeightsError
from saccade.nets.inference import for_inference
from saccade.pose.torchvision import (
    KEYPOINTRCNN_RESNET50_FPN,
    KeypointRCNNConfig,
    KeypointRCNNNetwork,
    make_network,
    plain,
)
from saccade.weights import recognise
from tests.unit.pose.functional import saved

TIPS = Skeleton(name="tips", points=("a", "b", "c"))
SMALL = replace(
    override(KEYPOINTRCNN_RESNET50_FPN, {"network.skeleton": TIPS}),
    size=96,
    max_size=160,
    threshold=0.0,
    max_detections=3,
)


@pytest.fixture(scope="module")
def network() -> Iterator[KeypointRCNNNetwork]:
    torch.manual_seed(3)
    made = make_network(SMALL, None).eval()
    # random heads are sure of background, and all key points would lie on it
    torch.nn.init.normal_(made.roi_heads.box_predictor.cls_score.weight, std=0.05)
    yield hurried(made)


def hurried(network: Any) -> Any:
    """With few proposals, each of which costs as much as a small picture."""
    network.rpn._post_nms_top_n = {"training": 40, "testing": 40}
    return network


def pictures() -> list[Tensor]:
    return [torch.rand(3, 96, 128), torch.rand(3, 150, 60)]


@torch.inference_mode()
def test_it_finds_what_torchvision_finds(network: KeypointRCNNNetwork) -> None:
    given = pictures()
    found, wished = network(given), hurried(plain(SMALL, network))(given)
    for ours, theirs in zip(found, wished, strict=True):
        assert len(ours["boxes"]) > 0
        torch.testing.assert_close(ours["boxes"], theirs["boxes"], rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(ours["scores"], theirs["scores"], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(ours["keypoints"], theirs["keypoints"][..., :2], rtol=1e-4, atol=1e-2)
        torch.testing.assert_close(
            ours["keypoint_scores"], theirs["keypoints_scores"].sigmoid(), rtol=1e-3, atol=1e-4
        )
        assert ours["keypoints"].shape == (len(ours["boxes"]), 3, 2)


@torch.inference_mode()
def test_nobody_is_found_where_nobody_is_likely(network: KeypointRCNNNetwork) -> None:
    network.roi_heads.score_thresh = 1.0
    for found in network(pictures()):
        assert (found["boxes"].shape, found["keypoints"].shape) == ((0, 4), (0, 3, 2))
        assert found["keypoint_scores"].shape == (0, 3)
    network.roi_heads.score_thresh = 0.0


@pytest.mark.slow
@torch.inference_mode()
def test_reduced_it_finds_nearly_the_same(
    network: KeypointRCNNNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    exact, ready = for_inference(network), for_inference(network, precision="auto")
    parts = {
        name.split(".part.")[0] for name, value in ready.named_parameters() if value.dtype != torch.float
    }
    assert parts == set(KeypointRCNNNetwork.reducible)
    batch = exact.collate(pictures()).pictures
    for name, level in ready.dense(batch).items():
        wished = exact.dense(batch)[name]
        assert level.dtype == torch.float32
        assert (level - wished).abs().max() < 0.05 * wished.abs().max()
    assert len(ready(pictures())) == 2


def test_it_learns(network: KeypointRCNNNetwork) -> None:
    targets = [
        {
            "boxes": torch.tensor([[10.0, 20, 60, 90]]),
            "labels": torch.tensor([0]),
            "keypoints": torch.tensor([[[20.0, 30, 1], [40, 50, 1], [0, 0, 0]]]),
        },
        {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0).long(), "keypoints": torch.zeros(0, 3, 3)},
    ]
    losses = network.train()(pictures(), targets)
    network.eval()
    assert "loss_keypoint" in losses
    assert all(torch.isfinite(loss) for loss in losses.values())
    losses["loss_keypoint"].backward()
    predictor = network.roi_heads.keypoint_predictor.kps_score_lowres
    assert predictor.weight.grad.any()


OLD = {
    r"(fpn\.(?:inner|layer)_blocks\.\d+)\.0\.": r"\1.",
    r"rpn\.head\.conv\.0\.0\.": "rpn.head.conv.",
}


@pytest.mark.parametrize("is_old", [pytest.param(False, marks=pytest.mark.slow), True])
def test_files_of_torchvision_are_read(network: KeypointRCNNNetwork, is_old: bool, tmp_path: Path) -> None:
    tensors = network.state_dict()
    written = dict(tensors)
    for pattern, name in OLD.items() if is_old else ():
        written = {re.sub(pattern, name, key): value for key, value in written.items()}
    assert is_old == (written.keys() != tensors.keys())
    checkpoint = saved(tmp_path, written)
    known = recognise(checkpoint)
    assert known is not None and known.constructor == "keypointrcnn_resnet50_fpn"
    found = make_network(SMALL, checkpoint).state_dict()
    assert all(value.equal(tensors[name]) for name, value in found.items())


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (
            {"roi_heads.keypoint_predictor.kps_score_lowres.weight": torch.zeros(1, 14, 4, 4)},
            "knows 14 key points, where tips has 3; .*=lsp14",
        ),
        ({"conv.weight": torch.zeros(1)}, "holds no Keypoint R-CNN; the file looks like no network"),
        (
            {"roi_heads.keypoint_predictor.kps_score_lowres.weight": torch.zeros(1, 3, 4, 4)},
            "belongs to another network than KeypointRCNNNetwork; missing",
        ),
    ],
    ids=["joints", "another network", "torn"],
)
def test_what_does_not_fit_is_refused(tensors: dict[str, Tensor], message: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=message):
        make_network(SMALL, saved(tmp_path, tensors))


def test_it_is_as_large_as_published() -> None:
    network = make_network(KEYPOINTRCNN_RESNET50_FPN, None)
    norms = sum(
        value.numel()
        for name, value in network.backbone.named_parameters()
        if re.search(r"bn\d|downsample\.1", name)
    )
    # torchvision counts the backbone's norms as constants
    assert sum(value.numel() for value in network.parameters()) - norms == 59137258


@pytest.mark.parametrize(
    ("change", "message"),
    [({"max_size": 90}, "max_size is 90, less than size"), ({"nms": 2.0}, r"nms is 2.0; .* \[0, 1\]")],
)
def test_settings_that_cannot_be(change: dict[str, float], message: str) -> None:
    config: KeypointRCNNConfig = SMALL
    with pytest.raises(ConfigError, match=message):
        replace(config, **change)
