"""LWL's network: from which weight files it comes, and which of both files it is."""

from pathlib import Path
from typing import Any

import pytest
import torch

from saccade.core import WeightsError
from saccade.segmenters.lwl import LWL, LWL_BOX, LWLNet, make_network
from saccade.segmenters.lwl.weights import read_network
from saccade.weights import Checkpoint, Constructor, read_checkpoint
from saccade.zoo import import_weights
from tests.unit.weights.originals import save_original

MADE_BY = "steepest_descent_resnet50"
RELEASED: dict[str, Any] = {
    "filter_size": 3,
    "num_filters": 16,
    "optim_iter": 5,
    "backbone_pretrained": True,
    "out_feature_dim": 512,
    "frozen_backbone_layers": ("conv1", "bn1", "layer1"),
    "label_encoder_dims": (16, 32, 64),
    "use_bn_in_label_enc": False,
    "clf_feat_blocks": 0,
    "final_conv": True,
    "backbone_type": "mrcnn",
}


@pytest.fixture(scope="module")
def trained() -> LWLNet:
    torch.manual_seed(0)
    return LWLNet().eval()


@pytest.fixture(scope="module")
def trained_with_boxes() -> LWLNet:
    torch.manual_seed(0)
    return LWLNet(takes_boxes=True).eval()


def test_an_original_checkpoint_is_read(tmp_path: Path, trained: LWLNet) -> None:
    path = save_original(tmp_path / "w.pth", trained.state_dict(), MADE_BY, RELEASED)
    found = make_network(LWL, read_checkpoint(path)).state_dict()
    assert list(found) == list(trained.state_dict())
    for name, value in trained.state_dict().items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


def test_a_network_that_takes_boxes_may_be_given_masks(trained_with_boxes: LWLNet) -> None:
    checkpoint = Checkpoint(Path("w.pth"), dict(trained_with_boxes.state_dict()))
    for preset in (LWL, LWL_BOX):
        assert make_network(preset, checkpoint).box_label_encoder is not None


def test_a_network_without_boxes_cannot_be_given_them(trained: LWLNet) -> None:
    checkpoint = Checkpoint(Path("w.pth"), dict(trained.state_dict()), Constructor(MADE_BY, RELEASED))
    with pytest.raises(
        WeightsError, match=r"missing: box_label_encoder\..*looks like LWL \(steepest_descent_resnet50\)"
    ):
        make_network(LWL_BOX, checkpoint)


@pytest.mark.parametrize(
    ("made_by", "kwargs", "message"),
    [
        ("sta_net", {}, f"made by 'sta_net', where {MADE_BY} is wanted"),
        (MADE_BY, {"num_filters": 8}, r"\(num_filters=8\): saccade knows such networks with num_filters=16"),
        (MADE_BY, {"num_filter": 16}, r"\(num_filter=16\): no value that saccade knows; did you mean"),
    ],
)
def test_what_no_network_here_has_is_named(
    trained: LWLNet, made_by: str, kwargs: dict[str, Any], message: str
) -> None:
    checkpoint = Checkpoint(Path("w.pth"), dict(trained.state_dict()), Constructor(made_by, kwargs))
    with pytest.raises(WeightsError, match=rf"w\.pth: .*{message}"):
        read_network(checkpoint, needs_boxes=False)


@pytest.mark.parametrize("takes_boxes", [False, True])
@pytest.mark.parametrize("is_bare", [False, True])
def test_a_file_tells_which_of_both_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trained: LWLNet,
    trained_with_boxes: LWLNet,
    takes_boxes: bool,
    is_bare: bool,
) -> None:
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))
    network, file = trained_with_boxes if takes_boxes else trained, tmp_path / "renamed.pth"
    if is_bare:
        torch.save(network.state_dict(), file)
    else:
        save_original(file, network.state_dict(), MADE_BY, RELEASED)
    obtained = import_weights(file)
    assert obtained.models == (("lwl_box",) if takes_boxes else ("lwl",))
