"""Stacked hourglasses from files with the published names."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.errors import WeightsError
from saccade.nets.preprocessing import prepared
from saccade.pose.hourglass import HOURGLASS2, HOURGLASS8, StackedHourglass, make_network
from saccade.weights import Checkpoint, recognise
from tests.unit.pose.functional import Tensors, conv, conv_names, norm, norm_names, saved

SMALL = replace(HOURGLASS2, network=replace(HOURGLASS2.network, order=3, features=12, stem=(8, 12)))
ORDER = SMALL.network.order


def shapes(stacks: int = 2, joints: int = 16) -> dict[str, tuple[int, ...]]:
    """Names and shapes in a published file, from their description; of the small network here."""
    found: dict[str, tuple[int, ...]] = {}

    def add_conv(name: str, inputs: int, outputs: int, size: int = 1) -> None:
        found.update(zip(conv_names(name), ((outputs, inputs, size, size), (outputs,)), strict=True))

    def add_norm(name: str, channels: int) -> None:
        found.update(dict.fromkeys(norm_names(name), (channels,)))
        found[f"{name}.num_batches_tracked"] = ()

    def add_residual(name: str, inputs: int, outputs: int) -> None:
        half = outputs // 2
        for i, (a, b, size) in enumerate(((inputs, half, 1), (half, half, 3), (half, outputs, 1)), 1):
            add_norm(f"{name}.0.bn{i}", a)
            add_conv(f"{name}.0.conv{i}", a, b, size)
        if inputs != outputs:
            add_conv(f"{name}.0.downsample.0", inputs, outputs)

    add_conv("conv1", 3, 4, 7)
    add_norm("bn1", 4)
    for layer, (inputs, outputs) in enumerate(((4, 8), (8, 12), (12, 12)), 1):
        add_residual(f"layer{layer}", inputs, outputs)
    for stack in range(stacks):
        for level in range(ORDER):
            for place in range(4 if level == 0 else 3):
                add_residual(f"hg.{stack}.hg.{level}.{place}", 12, 12)
        add_residual(f"res.{stack}", 12, 12)
        add_conv(f"fc.{stack}.0", 12, 12)
        add_norm(f"fc.{stack}.1", 12)
        add_conv(f"score.{stack}", 12, joints)
        if stack < stacks - 1:
            add_conv(f"fc_.{stack}", 12, 12)
            add_conv(f"score_.{stack}", joints, 12)
    return found


def published(stacks: int = 2, joints: int = 16) -> dict[str, Tensor]:
    """A file's tensors, as after training."""
    generator = torch.Generator().manual_seed(1)
    found = {}
    for name, shape in shapes(stacks, joints).items():
        drawn = torch.rand(shape, generator=generator)
        found[name] = drawn + 0.5 if name.endswith("running_var") else (drawn - 0.5) * 0.6
    return found | {name: torch.tensor(7) for name in found if name.endswith("num_batches_tracked")}


def reference(tensors: Tensors, x: Tensor, stacks: int = 2) -> list[Tensor]:
    """The heat maps of every stack, as the published names are meant."""

    def residual(name: str, x: Tensor) -> Tensor:
        y = x
        for i in (1, 2, 3):
            y = norm(tensors, f"{name}.0.bn{i}", y).relu()
            y = conv(tensors, f"{name}.0.conv{i}", y, padding=1 if i == 2 else 0)
        widens = f"{name}.0.downsample.0.weight" in tensors
        return y + (conv(tensors, f"{name}.0.downsample.0", x) if widens else x)

    def hourglass(stack: int, level: int, x: Tensor) -> Tensor:
        name = f"hg.{stack}.hg.{level}"
        low = residual(f"{name}.1", F.max_pool2d(x, 2))
        low = hourglass(stack, level - 1, low) if level else residual(f"{name}.3", low)
        low = residual(f"{name}.2", low)
        return residual(f"{name}.0", x) + F.interpolate(low, scale_factor=2)

    x = norm(tensors, "bn1", conv(tensors, "conv1", x, stride=2, padding=3)).relu()
    x = F.max_pool2d(residual("layer1", x), 2)
    x = residual("layer3", residual("layer2", x))
    found = []
    for stack in range(stacks):
        y = residual(f"res.{stack}", hourglass(stack, ORDER - 1, x))
        y = norm(tensors, f"fc.{stack}.1", conv(tensors, f"fc.{stack}.0", y)).relu()
        found.append(conv(tensors, f"score.{stack}", y))
        if stack < stacks - 1:
            x = x + conv(tensors, f"fc_.{stack}", y) + conv(tensors, f"score_.{stack}", found[-1])
    return found


@torch.inference_mode()
@pytest.mark.parametrize("wrapping", ["", "module."])
def test_a_published_file_computes_what_its_names_mean(wrapping: str, tmp_path: Path) -> None:
    tensors = published()
    named = {f"{wrapping}{name}": value for name, value in tensors.items()}
    content = {"epoch": 220, "arch": "hg", "best_acc": 0.87, "state_dict": named, "optimizer": {"state": {}}}
    network = make_network(SMALL, saved(tmp_path, content)).eval()
    pictures = torch.rand(2, 3, 64, 64)
    wished = reference(tensors, prepared(pictures, SMALL.network.preprocessing))
    torch.testing.assert_close(network(pictures), torch.stack(wished, dim=1), rtol=1e-4, atol=1e-4)


def test_a_file_of_ours_is_read(tmp_path: Path) -> None:
    ours = StackedHourglass(SMALL.network).state_dict()
    found = make_network(SMALL, saved(tmp_path, ours)).state_dict()
    assert all(value.equal(ours[name]) for name, value in found.items())


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (published(joints=14), "knows 14 key points, where mpii16 has 16; .* --set network.skeleton=lsp14"),
        (published(stacks=3), "holds 3 hourglasses, where 2 are wanted; .* --set network.stacks=3"),
        ({"hg.0.hg.0.0.0.bn1.weight": torch.zeros(1)}, "holds no stacked hourglass"),
        ({"conv1.weight": torch.zeros(1)}, "holds no stacked hourglass; the file looks like no network"),
        (published() | {"fc.1.0.bias": torch.full((12,), torch.nan)}, "features.0.bias' holds values that"),
    ],
    ids=["joints", "stacks", "torn", "another network", "not a number"],
)
def test_what_does_not_fit_is_refused(tensors: dict[str, Tensor], message: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=message):
        make_network(SMALL, saved(tmp_path, tensors))


@pytest.mark.parametrize(("stacks", "name"), [(2, "hg2"), (8, "hg8")])
def test_a_file_tells_what_it_is_and_wants(stacks: int, name: str) -> None:
    known = recognise(Checkpoint(Path("w"), dict.fromkeys(shapes(stacks), torch.zeros(1))))
    assert known is not None and known.constructor == name
    assert known.preprocessing == HOURGLASS8.network.preprocessing
