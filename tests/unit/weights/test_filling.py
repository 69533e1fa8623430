"""Tensors into networks: what is filled, and what is refused, with the names that differ."""

import re
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from saccade.core import WeightsError
from saccade.weights import Checkpoint, fill, read_checkpoint


def network() -> nn.Module:
    parts = OrderedDict(conv=nn.Conv2d(1, 2, 3), norm=nn.BatchNorm2d(2), fc=nn.Linear(2, 3))
    return nn.Sequential(parts)


def weights() -> dict[str, Tensor]:
    return {name: torch.rand_like(v.float()).to(v.dtype) for name, v in network().state_dict().items()}


def without(*names: str) -> dict[str, Tensor]:
    return {name: value for name, value in weights().items() if name not in names}


def test_a_network_is_filled(tmp_path: Path) -> None:
    saved, filled = weights(), network()
    torch.save(saved, tmp_path / "w.pth")
    fill(filled, read_checkpoint(tmp_path / "w.pth"))
    for key, value in filled.state_dict().items():
        torch.testing.assert_close(value, saved[key], rtol=0, atol=0)


def test_a_network_without_memory_gets_the_tensors_themselves() -> None:
    saved = without("norm.num_batches_tracked")
    with torch.device("meta"):
        filled = network()
    fill(filled, Checkpoint(Path("w.pth"), saved))
    own = filled.state_dict()
    assert own["conv.weight"].data_ptr() == saved["conv.weight"].data_ptr()
    assert own["norm.num_batches_tracked"] == 0
    assert not any(value.is_meta for value in own.values())
    assert all(parameter.requires_grad for parameter in filled.parameters())


def test_numbers_become_the_networks_kind() -> None:
    with torch.device("meta"):
        filled = network()
    fill(filled, Checkpoint(Path("w.pth"), {k: v.half() for k, v in weights().items()}))
    assert filled.get_parameter("conv.weight").dtype == torch.float32
    assert filled.get_buffer("norm.num_batches_tracked").dtype == torch.int64


@pytest.mark.parametrize(
    "names",
    [("norm.num_batches_tracked",), ("fc.weight", "fc.bias")],
    ids=["counters", "classification layer"],
)
def test_what_is_never_run_may_be_missing(names: tuple[str, ...]) -> None:
    saved, filled = without(*names), network()
    before = {name: filled.state_dict()[name].clone() for name in names}
    fill(filled, Checkpoint(Path("w.pth"), saved))
    assert torch.equal(filled.state_dict()["conv.bias"], saved["conv.bias"])
    for name, value in before.items():
        assert torch.equal(filled.state_dict()[name], value)


REFUSED = [
    pytest.param(
        without("conv.bias", "norm.weight") | {"head.bias": torch.zeros(2)},
        "belongs to another network than Sequential; missing: conv.bias, norm.weight; unknown: head.bias; "
        "the file looks like no network that saccade knows",
        id="wrong names",
    ),
    pytest.param(
        {f"bb_regressor.{i}": torch.zeros(1) for i in range(5)},
        "missing: conv.weight, conv.bias, norm.weight and 3 more; unknown: bb_regressor.0, bb_regressor.1, "
        "bb_regressor.2 and 2 more; the file looks like ATOM (atom_resnet18)",
        id="another network",
    ),
    pytest.param(
        weights() | {"conv.weight": torch.zeros(2, 1, 5, 5)},
        "'conv.weight' has shape (2, 1, 5, 5), the network's (2, 1, 3, 3)",
        id="wrong shape",
    ),
    pytest.param(
        weights() | {"norm.bias": torch.tensor([1.0, torch.nan])},
        "'norm.bias' holds values that are not finite in float32; fetch the file again",
        id="NaN",
    ),
    pytest.param(
        weights() | {"norm.bias": torch.tensor([1.0, torch.inf])},
        "'norm.bias' holds values that are not finite",
        id="inf",
    ),
    pytest.param(
        weights() | {"norm.bias": torch.tensor([1.0, 1e300], dtype=torch.float64)},
        "'norm.bias' holds values that are not finite in float32",
        id="too large for the network's numbers",
    ),
    pytest.param(
        weights() | {"norm.bias": torch.tensor([1.0, 1j])},
        "'norm.bias' holds complex numbers, the network's are real",
        id="complex",
    ),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_weights_of_another_network_are_refused_and_nothing_is_filled(
    tmp_path: Path, content: dict[str, Tensor], message: str
) -> None:
    torch.save(content, tmp_path / "w.pth")
    filled = network()
    before = {name: value.clone() for name, value in filled.state_dict().items()}
    with pytest.raises(WeightsError, match=re.escape(message)):
        fill(filled, read_checkpoint(tmp_path / "w.pth"))
    for name, value in filled.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
