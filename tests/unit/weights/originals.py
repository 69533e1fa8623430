"""Checkpoints as the original trackers write them, of classes that exist only while they are written."""

import io
import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.serialization import MAGIC_NUMBER, PROTOCOL_VERSION

CLASSES = (
    "model_constructor.NetConstructor",
    "stats.AverageMeter",
    "stats.StatValue",
    "settings.Settings",
    "local.EnvironmentSettings",
)


@contextmanager
def foreign_classes(package: str) -> Iterator[dict[str, type]]:
    """The original's classes in a package, by name, importable for as long as the context lasts."""
    before, made = dict(sys.modules), {}
    parts = package.split(".")
    for depth in range(1, len(parts) + 1):
        sys.modules[".".join(parts[:depth])] = ModuleType(".".join(parts[:depth]))
    for path in CLASSES:
        module, name = path.split(".")
        home = sys.modules.setdefault(f"{package}.{module}", ModuleType(f"{package}.{module}"))
        made[name] = type(name, (), {"__module__": home.__name__})
        setattr(home, name, made[name])
    try:
        yield made
    finally:
        for name in sys.modules.keys() - before.keys():
            del sys.modules[name]


def make(kind: type, **attributes: Any) -> Any:
    """An object of a foreign class."""
    made = kind()
    made.__dict__.update(attributes)
    return made


def save_original(
    path: Path,
    net: Mapping[str, Tensor],
    name: str,
    kwargs: Mapping[str, Any],
    *,
    package: str = "ltr.admin",
    is_old: bool = False,
    **more: Any,
) -> Path:
    """Writes what the original's trainer writes: net, constructor, optimiser, statistics, settings.

    Args:
        package: where the original's classes live; they moved over the years.
        is_old: in the format from before PyTorch 1.6.
        more: further entries, or other values of these.
    """
    with foreign_classes(package) as kinds:
        moments = {i: {"step": 7, "exp_avg": torch.zeros(3), "exp_avg_sq": torch.zeros(3)} for i in range(2)}
        losses = OrderedDict(
            train=OrderedDict(
                loss=make(
                    kinds["AverageMeter"], val=np.float64(0.5), avg=torch.tensor(0.5), history=[np.float32(1)]
                ),
                rate=make(kinds["StatValue"], val=1e-4, history=[1e-4]),
            )
        )
        content = {
            "epoch": 50,
            "actor_type": "SomeActor",
            "net_type": "SomeNet",
            "net": OrderedDict(net),
            "net_info": None,
            "constructor": make(
                kinds["NetConstructor"], fun_name=name, fun_module="ltr.models.x", args=(), kwds=dict(kwargs)
            ),
            "optimizer": {
                "state": moments,
                "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999), "params": [0, 1]}],
            },
            "stats": losses,
            "settings": make(
                kinds["Settings"],
                env=make(kinds["EnvironmentSettings"], lasot_dir=""),
                normalize_mean=[0.485, 0.456, 0.406],
                print_stats=None,
                device=torch.device("cpu"),
                crop=slice(1, 2),
            ),
        }
        torch.save(content | more, path, _use_new_zipfile_serialization=not is_old)
    return path


def zip_of(path: Path, pickled: bytes, **records: bytes) -> Path:
    """A zip archive as PyTorch writes it, around any pickle; `__` stands for a slash in names of records."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {
            "data.pkl": pickled,
            "version": b"3\n",
            "byteorder": b"little",
            **records,
        }.items():
            archive.writestr(f"w/{name.replace('__', '/')}", content)
    return path


def old_of(path: Path, *pickles: bytes, storages: bytes = b"") -> Path:
    """A file in the format from before PyTorch 1.6, around any pickles of a content and of storage names."""
    head = (MAGIC_NUMBER, PROTOCOL_VERSION, {"little_endian": True})
    path.write_bytes(b"".join([*(pickle.dumps(part, 2) for part in head), *pickles, storages]))
    return path


@dataclass
class Stored:
    """Pickles as the name of a storage with some elements."""

    num_elements: int


@dataclass
class Claim:
    """Pickles as a tensor of some elements in a storage of some."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    num_stored: int

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (Stored(self.num_stored), 0, self.size, self.stride, False, OrderedDict())
        return torch._utils._rebuild_tensor_v2, arguments


def claiming(content: Any, *, is_old: bool = False, kind: str = "storage") -> bytes:
    """The pickle of a content with such claims in it."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            if isinstance(value, Stored):
                return (kind, torch.FloatStorage, "0", "cpu", value.num_elements, *([None] if is_old else []))
            return None

    file = io.BytesIO()
    Pickler(file, 2).dump(content)
    return file.getvalue()
