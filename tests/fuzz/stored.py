"""Weight files: PyTorch's in both formats, the original trackers' checkpoints, safetensors, labels."""

import io
import json
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import save

from saccade.weights.label import FORMAT, METADATA, read_label
from saccade.weights.reading import read_checkpoint
from saccade.weights.store import Store
from saccade.weights.trained import FORMAT as TRAINING
from tests.fuzz.target import Target
from tests.unit.weights.originals import save_original

_KINDS = (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool)
_TRAINED = {"model": "nano", "recipe": "nano", "step": 3, "settings": {"memory.size": 5}}
_LABEL = {
    "format": FORMAT,
    "network": "a network",
    "constructor": {"name": "dimpnet50", "kwargs": {"filter_size": 4, "layers": ["layer3"]}},
    "file": "dimp50.pth",
    "sha256": "0" * 64,
    "publisher": "somebody",
    "licence": "none",
    "preprocessing": {"colours": "rgb", "mean": [0.4, 0.4, 0.4], "scale": [0.2, 0.2, 0.2]},
    "trained": _TRAINED,
}


def _checkpoint(path: Path) -> Any:
    found = read_checkpoint(path)
    for name, tensor in found.tensors.items():
        assert isinstance(name, str) and tensor.device.type == "cpu"
        assert tensor.nelement() * tensor.element_size() <= tensor.untyped_storage().nbytes()
        tensor.clone()
    if found.constructor is not None:
        json.dumps([found.constructor.name, dict(found.constructor.kwargs)])
    return found.tensors


def _tensors(rng: Random) -> dict[str, torch.Tensor]:
    chance = torch.Generator().manual_seed(rng.getrandbits(32))
    found = {}
    for place in range(rng.randrange(1, 4)):
        shape = [rng.randrange(4) for _ in range(rng.randrange(4))]
        values = torch.randint(0, 100, shape, generator=chance)
        found[f"layer{place}.weight"] = values.to(rng.choice(_KINDS))
    return found


def _saved(content: Any, *, is_old: bool = False) -> bytes:
    out = io.BytesIO()
    torch.save(content, out, _use_new_zipfile_serialization=not is_old)
    return out.getvalue()


def _original(*, is_old: bool) -> bytes:
    net = {"conv.weight": torch.arange(6.0).reshape(2, 3)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dimp50.pth")
        save_original(path, net, "dimpnet50", {"filter_size": 4, "layers": ("layer3",)}, is_old=is_old)
        return path.read_bytes()


def _training() -> bytes:
    about = {"trained": {key: value for key, value in _TRAINED.items() if key != "step"}}
    task = {"network.conv.weight": torch.ones(2)}
    return _saved({"format": TRAINING, "about": about, "average": None, "step": 3, "task": task})


def _make_zip(rng: Random) -> tuple[bytes, Any]:
    tensors = _tensors(rng)
    return _saved(rng.choice((tensors, {"net": tensors}, {"model": tensors}))), tensors


def _make_old(rng: Random) -> tuple[bytes, Any]:
    tensors = _tensors(rng)
    return _saved(tensors, is_old=True), tensors


def _make_safe(rng: Random) -> tuple[bytes, Any]:
    tensors = _tensors(rng)
    return save(tensors, {METADATA: json.dumps(_LABEL)}), tensors


def _label(path: Path) -> Any:
    label = read_label(path.with_suffix(".safetensors"))
    return None if label is None else label.to_text()


def _checksums(path: Path) -> Any:
    return Store(path.parent)._checksums()


_PLAIN = {"conv.weight": torch.arange(6.0).reshape(2, 3), "steps": torch.tensor(3)}

TARGETS = (
    Target(
        name="checkpoints",
        read=_checkpoint,
        file="net.pth",
        samples=(_saved(_PLAIN), _original(is_old=False), _training()),
        make=_make_zip,
        form="zip",
    ),
    Target(
        name="checkpoints before PyTorch 1.6",
        read=_checkpoint,
        file="net.pth",
        samples=(_saved(_PLAIN, is_old=True), _original(is_old=True)),
        make=_make_old,
        form="binary",
    ),
    Target(
        name="safetensors",
        read=_checkpoint,
        file="net.safetensors",
        samples=(save(_PLAIN), save(_PLAIN, {METADATA: json.dumps(_LABEL)})),
        make=_make_safe,
        form="binary",
    ),
    Target(
        name="labels of weights",
        read=_label,
        file="net.json",
        around={"net.safetensors": save(_PLAIN)},
        samples=(json.dumps(_LABEL).encode(),),
        form="json",
    ),
    Target(
        name="checksums of weights",
        read=_checksums,
        file="checksums.json",
        samples=(b'{"a.pth": "00ff"}',),
        form="json",
    ),
)
