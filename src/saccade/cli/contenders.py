"""Who takes part in an evaluation: models as options ask for them, and the results of others."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.cli.options import PrecisionChoice, load_model
from saccade.core import ConfigError, ModelError

if TYPE_CHECKING:
    from saccade.core import Model
    from saccade.data import Dataset
    from saccade.evaluation import Contender, Protocol

_ABLE = {"boxes": ("track", "segment"), "masks": ("segment",), "tracks": ()}
_WISHES = {
    "boxes": "follows what it is pointed at",
    "masks": "takes and answers masks",
    "tracks": "finds its targets by itself",
}


def make_contender(
    name: str,
    weights: str | None,
    device: str,
    precision: PrecisionChoice,
    settings: list[str] | None,
    *,
    is_shared: bool,
    is_remote: bool,
    title: str | None = None,
    **more: Any,
) -> "Contender":
    """A model that takes part; whatever is wrong with it is found out here, before anything runs.

    Args:
        more: what else `saccade.load` takes, for one that this process runs.
        is_shared: whether other processes run it, rather than this one.
        is_remote: whether they are on other machines, whose devices nobody here knows.
        title: what its results are called; like the model when not given.
    """
    from saccade.core.cluster import check_device
    from saccade.evaluation import Contender
    from saccade.weights.store import sha256_of
    from saccade.zoo import entry
    from saccade.zoo.loading import find_device

    if not is_remote:
        place = str(find_device(device, name))
    else:
        check_device(device)
        place = "cpu" if device == "auto" and entry(name).cpu_only else device
    # other processes may have another working folder
    chosen = weights if weights in (None, "none") else str(Path(weights).resolve())
    model = load_model(name, chosen, "cpu" if is_shared else place, precision, settings, **more)
    file = _weight_file(name, chosen)
    facts = {
        "weights": None if file is None else sha256_of(file),
        "precision": precision.value,
        "device": place,
    }
    known = replace(
        Contender.of(title or name, model, facts),
        circumstances={} if file is None else {"weights": str(file)},
    )
    if not is_shared:
        return known
    return replace(
        known,
        load=partial(_load, name, chosen, precision, settings),
        devices=_all_gpus() if place == "cuda" and not is_remote else (place,),
    )


def check_ability(names: Iterable[str], protocol: "Protocol", dataset: "Dataset") -> None:
    """Refuses models that cannot answer what a protocol asks for, or not learn from what it gives.

    Raises:
        ModelError: naming those that can.
    """
    from saccade.zoo import CATALOG, entry

    able = [row for row in CATALOG.values() if row.task in _ABLE[protocol.kind]]
    unable = [name for name in names if entry(name) not in able]
    if unable:
        others = ", ".join(row.name for row in able)
        raise ModelError(
            f"protocol {protocol.name} needs a model that {_WISHES[protocol.kind]}, and '{unable[0]}' does "
            f"not; those that do: {others or 'detectors, with --associate bytetrack'}"
        )
    unable = [name for name in names if entry(name).needs_masks]
    without = _without_masks(protocol, dataset) if unable and protocol.kind == "boxes" else None
    if without is not None:
        others = " or ".join(row.name for row in able if row.task == "segment" and not row.needs_masks)
        raise ModelError(
            f"protocol {protocol.name} gives a box alone on sequence '{without}' of {dataset.label}, and "
            f"'{unable[0]}' learns targets from masks; take {others}"
        )


def _without_masks(protocol: "Protocol", dataset: "Dataset") -> str | None:
    """The first sequence in which a model is pointed at a target without its mask."""
    from saccade.evaluation.protocols.following import has_masks

    jobs = (job for sequence in dataset.sequences for job in protocol.jobs(sequence))
    return next((job.sequence.name for job in jobs if not has_masks(job)), None)


def parse_others(texts: list[str] | None) -> dict[str, Path]:
    """Names and folders of other trackers' results, from `NAME=DIR` texts.

    Raises:
        ConfigError: when a text is none, or a name comes twice.
    """
    pairs: dict[str, Path] = {}
    for text in texts or ():
        name, _, folder = text.partition("=")
        if not folder or not name or Path(name).name != name or name in pairs:
            raise ConfigError(
                f"--also {text}: expected NAME=DIR, each name once, e.g. --also MEEM=results/MEEM"
            )
        pairs[name] = Path(folder)
    return pairs


def _weight_file(name: str, chosen: str | None) -> Path | None:
    """The file that a model has its weights from; None where they are random, or there are none."""
    from saccade.weights import Store
    from saccade.zoo import entry

    published = entry(name).weights
    if chosen is None:
        return None if published is None else Store().find(published.key)
    return None if chosen == "none" else Path(chosen)


def _load(
    name: str, weights: str | None, precision: PrecisionChoice, settings: list[str] | None, *, device: str
) -> "Model":
    model: Model = load_model(name, weights, device, precision, settings)
    return model


def _all_gpus() -> tuple[str, ...]:
    import torch

    return tuple(f"cuda:{number}" for number in range(torch.cuda.device_count()))
