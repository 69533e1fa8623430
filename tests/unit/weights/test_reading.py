"""Weight files: what is read, and what is refused, by name and without running anything in it."""

import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from saccade.core import WeightsError
from saccade.weights import load_weights, read_tensors


def network() -> nn.Module:
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 2, 3), norm=nn.BatchNorm2d(2)))


def weights() -> dict[str, torch.Tensor]:
    return {name: torch.rand_like(v.float()).to(v.dtype) for name, v in network().state_dict().items()}


def legacy(content: Any, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize(
    ("save", "name"),
    [
        pytest.param(torch.save, "w.pth", id="zip"),
        pytest.param(legacy, "w.pth", id="before PyTorch 1.6"),
        pytest.param(save_file, "w.safetensors", id="safetensors"),
    ],
)
def test_a_network_is_filled(tmp_path: Path, save: Callable[..., None], name: str) -> None:
    saved, filled = weights(), network()
    save(saved, tmp_path / name)
    load_weights(filled, tmp_path / name)
    for key, value in filled.state_dict().items():
        torch.testing.assert_close(value, saved[key], rtol=0, atol=0)


def test_counters_of_batch_norms_may_be_missing(tmp_path: Path) -> None:
    saved = {k: v for k, v in weights().items() if not k.endswith("num_batches_tracked")}
    torch.save(saved, tmp_path / "w.pth")
    filled = network()
    load_weights(filled, tmp_path / "w.pth")
    assert torch.equal(filled.state_dict()["conv.bias"], saved["conv.bias"])


class Attack:
    """A pickle of it runs a command when it is read in the ordinary way."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch attacked",)


def half(path: Path, save: Callable[..., None] = torch.save) -> None:
    save(weights(), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda path: None, "there is no such weight file", id="missing"),
        pytest.param(lambda path: path.mkdir(), "there is no such weight file", id="folder"),
        pytest.param(lambda path: path.touch(), "damaged, or no weight file", id="empty"),
        pytest.param(lambda path: path.write_text("hello\n"), "damaged, or no weight file", id="text"),
        pytest.param(lambda path: path.write_text("<html>"), "no file of PyTorch", id="web page"),
        pytest.param(half, "damaged, or no weight file", id="half a zip"),
        pytest.param(lambda path: half(path, legacy), "damaged, or no weight file", id="half a pickle"),
        pytest.param(
            lambda path: torch.save(Attack(), path), r"asks for \w+\.system, which is no tensor", id="code"
        ),
        pytest.param(
            lambda path: path.write_bytes(pickle.dumps(Attack(), 2)),
            r"asks for \w+\.system, which is no tensor",
            id="code in a bare pickle",
        ),
        pytest.param(
            lambda path: torch.save(nn.Linear(1, 1), path),
            "asks for torch.nn.modules.linear.Linear",
            id="module",
        ),
        pytest.param(
            lambda path: torch.save({"net": weights()}, path), "holds more than tensors", id="nested"
        ),
        pytest.param(
            lambda path: torch.save({0: torch.zeros(1)}, path), "holds more than tensors", id="numbered"
        ),
        pytest.param(
            lambda path: torch.save(torch.zeros(1), path), "holds more than tensors", id="bare tensor"
        ),
    ],
)
def test_what_is_no_state_dict_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.pth"
    make(path)
    with pytest.raises(WeightsError, match=message) as caught:
        read_tensors(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "weights_only" not in str(caught.value), "advice to read it without the check is no remedy"
    assert not (tmp_path / "attacked").exists()


def test_damaged_safetensors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    half(path, save_file)
    with pytest.raises(WeightsError, match="damaged, or no weight file"):
        read_tensors(path)


@pytest.mark.parametrize("save", [torch.save, legacy])
def test_no_damage_gets_past_as_another_error(tmp_path: Path, save: Callable[..., None]) -> None:
    path = tmp_path / "w.pth"
    save(weights(), path)
    whole = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    refused = 0
    for _ in range(300):
        at = torch.randint(min(len(whole), 600), (3,), generator=generator).tolist()
        damaged = bytearray(whole)
        for i in at:
            damaged[i] = int(torch.randint(256, (), generator=generator))
        path.write_bytes(bytes(damaged))
        try:
            load_weights(network(), path)
        except WeightsError:
            refused += 1
    assert refused > 30


def replaced(**changes: torch.Tensor | None) -> dict[str, torch.Tensor]:
    """The weights with some names (`__` for a dot) left out, added or changed."""
    changed = weights() | {name.replace("__", "."): value for name, value in changes.items()}
    return {name: value for name, value in changed.items() if value is not None}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            replaced(conv__bias=None, norm__weight=None, head__bias=torch.zeros(2)),
            "belongs to another network than Sequential; missing: conv.bias, norm.weight; unknown: head.bias",
            id="wrong names",
        ),
        pytest.param(
            {f"layer{i}": torch.zeros(1) for i in range(5)},
            r"missing: conv.weight, conv.bias, norm.weight and 3 more; unknown: layer0, .* and 2 more",
            id="another network",
        ),
        pytest.param(
            replaced(conv__weight=torch.zeros(2, 1, 5, 5)),
            r"'conv.weight' has shape \(2, 1, 5, 5\), the network's \(2, 1, 3, 3\)",
            id="wrong shape",
        ),
        pytest.param(
            replaced(norm__bias=torch.tensor([1.0, torch.nan])),
            "'norm.bias' holds values that are not finite",
            id="NaN",
        ),
        pytest.param(
            replaced(norm__bias=torch.tensor([1.0, torch.inf])),
            "'norm.bias' holds values that are not finite",
            id="inf",
        ),
    ],
)
def test_weights_of_another_network_are_refused_and_nothing_is_filled(
    tmp_path: Path, content: dict[str, torch.Tensor], message: str
) -> None:
    torch.save(content, tmp_path / "w.pth")
    filled = network()
    before = {name: value.clone() for name, value in filled.state_dict().items()}
    with pytest.raises(WeightsError, match=message):
        load_weights(filled, tmp_path / "w.pth")
    for name, value in filled.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
