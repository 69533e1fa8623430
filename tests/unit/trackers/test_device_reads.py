"""How often a tracker with a network makes its host and its device wait: counted on machines without one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

import saccade
from saccade.core import Frame, Stopwatch

ELSEWHERE = torch.device("cpu", 0)
"""the CPU under a name that says which tensors would be on a device"""
HOST = ("cpu", torch.device("cpu"))
ASKING = {
    *("cpu", "numpy", "tolist", "item", "equal", "is_nonzero", "nonzero", "unique", "masked_select"),
    *("__bool__", "__float__", "__int__", "__index__", "__contains__"),
}


class DeviceReads(TorchFunctionMode):
    """Writes down what the host asks of tensors that would be on the device, and when it sends one there.

    A tensor is there when it was sent there, or made of one that is there. What makes the host wait: copies,
    numbers and truth values, shapes that depend on values, and host tensors that values are written to.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []
        self._there: dict[int, Tensor] = {}  # by their ids; kept, so that no id is given twice

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if function is Tensor.device.__get__ and self.has(args[0]):
            return ELSEWHERE
        leaves = tree_leaves((args, kwargs or {}))
        name = getattr(function, "__name__", "")
        is_asked = any(self.has(leaf) for leaf in leaves) and self._is_asked(name, args, leaves)
        is_there = any(self.has(leaf) or leaf == ELSEWHERE for leaf in leaves if leaf is not None)
        result = function(*args, **kwargs or {})
        if is_asked:
            self.log.append(name)
        if self._is_sent(name, args, leaves):
            self.log.append("sent")
        if is_asked or name == "to":  # both may give back the tensor itself
            result = result.clone() if isinstance(result, Tensor) else result
        if is_there and not is_asked:
            self._there |= {id(leaf): leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)}
        return result

    def has(self, value: Any) -> bool:
        return id(value) in self._there

    def _is_sent(self, name: str, args: tuple[Any, ...], leaves: list[Any]) -> bool:
        if name == "new_tensor":
            return self.has(args[0])
        has_device = any(isinstance(leaf, torch.device) and leaf == ELSEWHERE for leaf in leaves)
        return has_device and (name == "tensor" or (name == "to" and not self.has(args[0])))

    def _is_asked(self, name: str, args: tuple[Any, ...], leaves: list[Any]) -> bool:
        masks = [leaf for leaf in leaves[1:] if self.has(leaf) and leaf.dtype == torch.bool]
        return (
            name in ASKING
            or (name in ("__getitem__", "__setitem__") and bool(masks))
            or (name in ("__setitem__", "copy_") and not self.has(args[0]))
            or (name == "to" and any(leaf in HOST for leaf in leaves if isinstance(leaf, str | torch.device)))
        )


def climb(layer2: Tensor, layer3: Tensor, modulation: tuple[Tensor, Tensor]) -> Any:
    """Stands for the IoU-Net, which on a CPU reads where boxes lie, and on a GPU does not."""
    factor = layer2.mean() + layer3.mean() + modulation[0].mean() + modulation[1].mean()
    return lambda boxes: (boxes.sum(dim=-1) * factor, 1e-3 * boxes * factor)


LIGHT = {
    "search.side": 64,
    "augmentation.blurs": (),
    "augmentation.rotations": (),
    "memory.size": 20,
    "learning.first_steps": 1,
    "learning.interval": 2,
    "localization.lost_below": -1,
    "localization.distractor_ratio": 1e9,
}
FRAME = Frame(np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8))
BOXES = torch.tensor([[60.0, 40.0, 20.0, 16.0], [20.0, 60.0, 16.0, 24.0]], dtype=torch.float64)


@pytest.mark.parametrize("name", ["atom", "dimp18", "prdimp18"])
@torch.inference_mode()
def test_host_and_device_hear_of_each_other_once_a_frame(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    model = saccade.load(name, weights=None, device="cpu", precision="float32", settings=LIGHT)
    tracker = replace(model.tracker, device=ELSEWHERE)
    monkeypatch.setattr(tracker.network.bb_regressor, "overlap_in", climb)
    generators = [torch.Generator().manual_seed(seed) for seed in range(2)]
    with DeviceReads() as device:
        state = tracker.begin(FRAME, BOXES, generators, Stopwatch())
        assert all(map(device.has, (state.model.filter, state.model.samples.features, *state.modulation)))
        assert not any(device.has(getattr(state, name)) for name in state.host)
        stored = int(state.model.samples.weights.count.sum())
        for frame in (1, 2, 3, 4):
            device.log.clear()
            tracker.track(FRAME, state, generators, Stopwatch())
            assert [event for event in device.log if event != "sent"] == ["cpu"], f"frame {frame}"
    # what the last frame needed before it answered; the first one keeps the constants
    assert device.log[:3] == ["sent", "sent", "cpu"]
    assert int(state.model.samples.weights.count.sum()) == stored + 8, "every frame was learnt from"


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda x: float(x.sum()), id="float"),
        pytest.param(lambda x: bool((x > 0).all()), id="bool"),
        pytest.param(lambda x: x.tolist(), id="tolist"),
        pytest.param(lambda x: x.sum().item(), id="item"),
        pytest.param(lambda x: x.nonzero(), id="nonzero"),
        pytest.param(lambda x: x[x > 0], id="a mask"),
        pytest.param(lambda x: x.to("cpu"), id="to the host"),
        pytest.param(lambda x: x.cpu(), id="cpu"),
        pytest.param(lambda x: torch.zeros(3).copy_(x), id="copied to a host tensor"),
    ],
)
def test_what_is_asked_is_counted(ask: Callable[[Tensor], Any]) -> None:
    with DeviceReads() as device:
        host = torch.ones(3)
        ask(host)
        assert not device.log
        there = host.to(ELSEWHERE) * 2
        assert device.has(there) and not device.has(host)
        device.log.clear()
        ask(there)
        assert len(device.log) == 1
