"""From a name to a model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import torch

from saccade.core import ConfigError, Model, ModelError, WeightsError
from saccade.core.config import override
from saccade.core.model import Detect
from saccade.weights import Checkpoint, Store, read_checkpoint
from saccade.zoo.catalog import CATALOG, entry
from saccade.zoo.entry import Entry

Precision = Literal["auto", "float32"]
DEVICES = ("cpu", "cuda", "mps", "xpu")
"""kinds of devices that models run on"""
_ENDINGS = (".ckpt", ".safetensors", ".pth", ".pt")
"""of weight files; no model's name has one"""


def load(
    name: str,
    *,
    weights: str | Path | None = "auto",
    device: str | torch.device = "auto",
    precision: Precision = "auto",
    settings: Mapping[str, Any] | None = None,
    detector: str | Detect | None = "auto",
) -> Model:
    """Makes a model ready to run.

    Args:
        name: a name of the catalogue; `saccade models list` shows them. Or a file that `saccade train` has
            left, such as runs/mine/last.ckpt: the model that it is for, with the weights in it.
        weights: a file; "auto" for the store's that belongs to the name; None for random weights,
            the same ones each time.
        device: "auto" takes CUDA, then MPS, then the CPU, of those on which the model runs; else a device as
            PyTorch names it.
        precision: "float32" reproduces published numbers exactly; "auto" may compute networks in bfloat16
            where the hardware has it.
        settings: dotted field names of the configuration and their values, e.g. `{"memory.size": 100}`.
        detector: for pose estimators that look at one person at a time, what says where people are: a name of
            the catalogue, a detector that is loaded already, or a function from a list of frames to their
            `Instances`; "auto" for Keypoint or Faster R-CNN, whichever has its weights in the store; None
            where boxes are always given.

    Raises:
        ModelError: for an unknown name, device or precision, or a detector that is none, or not needed.
        ConfigError: for an unknown setting, a value of the wrong kind, or one other than the weights' own.
        WeightsError: when the model needs weights and they are missing, broken, or another network's.
    """
    if (file := trained_file(name)) is not None:
        if weights not in ("auto", file.path):
            raise WeightsError(
                f"{name} brings its own weights; leave {weights} out, or name a model with them"
            )
        name, weights = file.model, file.path
    row = entry(name)
    if precision not in ("auto", "float32"):
        raise ModelError(f"precision '{precision}' is unknown; choose auto or float32")
    if not (row.weights or row.shipped or row.untrained) and weights not in ("auto", None):
        raise WeightsError(f"'{name}' has no network, so it takes no weights; leave {weights} out")
    path = _stored(row) if weights == "auto" else None if weights is None else Path(weights)
    method = import_module(row.method)
    place = find_device(device, name)
    checkpoint = None if path is None else read_checkpoint(path)
    config = override(configuration(row, checkpoint), settings or {})
    with torch.random.fork_rng(devices=[]):
        # random weights are the same ones each time
        torch.manual_seed(0)
        model: Model = method.build(name, config, weights=checkpoint, device=place, precision=precision)
    if model.config != config:
        _check_effect(settings or {}, model.config, path)
    if row.task != "pose" and detector in ("auto", None):
        return model
    from saccade.zoo.joining import joined

    return joined(model, detector, partial(load, device=device, precision=precision, detector=None))


def configuration(row: Entry, checkpoint: Checkpoint | None) -> Any:
    """The preset of a model, with the network that was trained where the weights say that it was another."""
    preset = getattr(import_module(row.method), row.preset)
    trained = None if checkpoint is None else checkpoint.trained
    return preset if trained is None else override(preset, trained.settings)


@dataclass(frozen=True, slots=True)
class TrainedFile:
    """A file that a training of ours has left, in the place of a model's name.

    Attributes:
        path: the file.
        model: the model that its weights are for.
    """

    path: Path
    model: str

    @property
    def title(self) -> str:
        """What its results are called: its folder and itself, as in mine-last."""
        return f"{self.path.resolve().parent.name}-{self.path.stem}".replace("@", "-")


def trained_file(name: str) -> TrainedFile | None:
    """The file that is named where a model might be; None for what is a name.

    Raises:
        WeightsError: for a file that says of no model that it is for it, or is damaged.
        ModelError: for what looks like a file but is none.
    """
    path = Path(name)
    if name not in CATALOG and (left := path / "last.ckpt").is_file():
        raise ModelError(f"{name}: is the folder of a training; name a file of it, such as {left}")
    if name in CATALOG or not (path.suffix in _ENDINGS or path.is_file()):
        return None
    if not path.is_file():
        raise ModelError(f"{name}: there is no such file; name one that saccade train has left, or a model")
    trained = read_checkpoint(path).trained
    if trained is None:
        raise WeightsError(
            f"{name}: does not say which model it is for, as files of saccade train do; name the model, and "
            f"give it --weights {name}"
        )
    return TrainedFile(path, trained.model)


def _check_effect(settings: Mapping[str, Any], config: Any, path: Path | None) -> None:
    """Refuses settings of a network whose weight file says otherwise."""
    for name, value in settings.items():
        try:
            has_effect = override(config, {name: value}) == config
        except ConfigError:  # e.g. a field of another loss than the network was made with
            has_effect = False
        if not has_effect:
            raise ConfigError(
                f"'{name}' cannot be {value}: the network in {path} was made otherwise; leave the setting out"
            )


def _stored(row: Entry) -> Path | None:
    """The file of the weights that belong to a name; None for models that need none."""
    if row.shipped:
        return Path(__file__).parent / "shipped" / row.shipped
    if row.untrained:
        raise WeightsError(f"'{row.name}' needs weights: {row.remedy}, or give a file with --weights FILE")
    if row.weights is None:
        return None
    path = Store().find(row.weights.key)
    if path is None:
        raise WeightsError(
            f"'{row.name}' needs the weights {row.weights.file}, which are not here: {row.remedy}, or give a "
            f"file with --weights FILE"
        )
    return path


def find_device(wish: str | torch.device, name: str | None = None) -> torch.device:
    """The device that is meant: "auto" takes CUDA, then MPS, then the CPU.

    Args:
        name: the model that is to run there; "auto" is the CPU for those that run nowhere else.

    Raises:
        ModelError: for a device that does not exist, cannot be used here, or computes nothing.
    """
    if wish == "auto" and name is not None and entry(name).cpu_only:
        return torch.device("cpu")
    if wish == "auto":
        accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        return accelerator if accelerator and accelerator.type in DEVICES else torch.device("cpu")
    try:
        device = torch.device(wish)
    except (RuntimeError, TypeError):  # lists twenty kinds of devices, most of which nobody has
        device = None
    if device is None or device.type not in DEVICES:
        raise ModelError(
            f"device '{wish}' is none that models run on; choose auto, cpu, cuda, cuda:N, mps or xpu"
        )
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        # of kinds of devices that PyTorch was built without, it says in a page which functions they lack
        is_unknown = isinstance(error, NotImplementedError)
        reason = "PyTorch was built without it" if is_unknown else re.split(r"\n|\. ", str(error))[0]
        raise ModelError(f"device '{wish}' cannot be used here ({reason}); choose auto or cpu") from None
    return device
