"""PyTorch's own files, the original trackers' checkpoints among them, read without running anything in them.

Such a file holds a pickle, and a pickle is a program. It can do nothing here: each name that it asks for must
be on a list before any of it is read; foreign classes become stand-ins that keep what they are given and do
nothing; and what reads it is PyTorch's restricted unpickler (`weights_only=True`), which makes tensors and
plain containers only, and checks that storages are as large as the file says.
"""

import pickle
import pickletools
import struct
import threading
import warnings
import zipfile
from collections import deque
from collections.abc import Iterator
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from saccade.core.errors import WeightsError
from saccade.weights.complaints import EXPECTED, ZIP, damaged

# a damaged pickle fails in whatever way its damage leads to
DAMAGED = (
    SafetensorError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)

_NUM_PICKLES = 5
"""in a file from before PyTorch 1.6: magic number, version, machine, content, names of the storages"""


class StandIn:
    """Takes the place of an object of a foreign class: keeps the attributes it is given, and does nothing."""

    __slots__ = ("attributes",)

    def __new__(cls, *_: object) -> "StandIn":
        """Whatever the foreign class would be called with is of no interest."""
        made = super().__new__(cls)
        made.attributes = {}
        return made

    def __setstate__(self, state: Any) -> None:
        self.attributes = state if isinstance(state, dict) else {}

    def get(self, name: str) -> Any:
        """An attribute; None when there is none of that name."""
        return self.attributes.get(name)


class ConstructorStandIn(StandIn):
    """Of the class in which the original remembers how a network is made."""

    __slots__ = ()


def _stand_ins() -> dict[str, type[StandIn]]:
    """The classes of others that checkpoints hold objects of, by dotted name."""
    found: dict[str, type[StandIn]] = {}
    # the package was once called dlframework, and its parts lay elsewhere
    for package in ("ltr.admin", "dlframework.admin", "dlframework.common.utils"):
        found[f"{package}.model_constructor.NetConstructor"] = ConstructorStandIn
        for name in (
            "stats.AverageMeter",
            "stats.StatValue",
            "settings.Settings",
            "local.EnvironmentSettings",
        ):
            found[f"{package}.{name}"] = StandIn
    # training statistics may be NumPy's numbers; nobody here needs them
    for package in ("numpy.core", "numpy._core"):
        for name in ("scalar", "_reconstruct"):
            found[f"{package}.multiarray.{name}"] = StandIn
    for name in ("numpy.dtype", "numpy.ndarray", "builtins.slice", "builtins.frozenset"):
        found[name] = StandIn
    return found


_STAND_INS = _stand_ins()
_PLAIN = frozenset(
    {
        "_codecs.encode",
        "builtins.bytearray",
        "builtins.complex",
        "builtins.set",
        "collections.Counter",
        "collections.OrderedDict",
        "torch.Size",
        "torch.device",
        "torch.nn.parameter.Parameter",
        "torch.storage.UntypedStorage",
        *(f"torch._utils._rebuild_{name}" for name in ("tensor", "tensor_v2", "tensor_v3", "parameter")),
        *(str(value) for value in vars(torch).values() if isinstance(value, torch.dtype)),
        *(f"torch.{name}" for name in dir(torch) if name.endswith("Storage")),
    }
)
"""what tensors and their containers are made of; PyTorch's unpickler knows how"""
_REGISTRY = threading.Lock()
"""of the one list of stand-ins that PyTorch keeps for the whole process"""


def read_pickled(path: Path) -> Any:
    """The content of a file that PyTorch saved, in either of its two formats, on the CPU.

    Raises:
        WeightsError: when it is damaged, no such file, declares more than it has, or asks for anything but
            tensors, plain containers and the few classes for which there are stand-ins.
    """
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # at damaged texts
            is_zip = file.read(len(ZIP)) == ZIP
            file.seek(0)
            names = _names_in_zip(path) if is_zip else _names(file, _NUM_PICKLES)
            refused = next((name for name in names if name not in _PLAIN and name not in _STAND_INS), None)
            if refused is not None and not is_zip:
                file.seek(0)
                # any text may begin as a pickle in text does, and what it says is nobody's concern
                deque(pickletools.genops(file), maxlen=0)
        if refused is not None:
            raise WeightsError(
                f"{path}: asks for {refused}, which is no tensor; nothing in the file was run; {EXPECTED} "
                f"(a whole model was saved? save its state_dict())"
            )
        return _load(path)
    except WeightsError:
        raise
    except DAMAGED as error:
        raise damaged(path, error) from None


def _load(path: Path) -> Any:
    stand_ins: list[Any] = [(kind, name) for name, kind in _STAND_INS.items()]
    with _REGISTRY, torch.serialization.safe_globals(stand_ins), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at pickles that PyTorch did not write; they are refused
        return torch.load(path, map_location="cpu", weights_only=True)


def _names_in_zip(path: Path) -> Iterator[str]:
    """The names that the pickle of a zip archive asks for; the archive must not declare more than it has."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        declared, size = sum(entry.file_size for entry in entries), path.stat().st_size
        # PyTorch never compresses, so its files are larger than what they declare
        if declared > size:
            raise WeightsError(
                f"{path}: declares {declared:,} bytes but has {size:,}, as a zip bomb would; {EXPECTED}"
            )
        pickles = [entry for entry in entries if entry.filename.lower().endswith("/data.pkl")]
        is_program = any(entry.filename.lower().endswith("/constants.pkl") for entry in entries)
        if len(pickles) != 1 or is_program:
            raise WeightsError(f"{path}: a zip archive, but none with a state dict of PyTorch; {EXPECTED}")
        yield from _names(BytesIO(archive.read(pickles[0])), 1)


def _names(file: BytesIO | BufferedReader, num_pickles: int) -> Iterator[str]:
    """The dotted names of all that pickles ask for, found without running them."""
    for _ in range(num_pickles):
        texts = ["", ""]
        for opcode, argument, _position in pickletools.genops(file):
            if opcode.name in ("GLOBAL", "INST"):
                yield _dotted(*str(argument).split(" ", 1))
            elif opcode.name == "STACK_GLOBAL":
                yield _dotted(*texts[-2:])
            elif isinstance(argument, str):
                texts.append(argument)


def _dotted(module: str, name: str) -> str:
    return f"{'builtins' if module == '__builtin__' else module}.{name}"
