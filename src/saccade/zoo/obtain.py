"""Weights into the store: from a file that the user has, or from where they are published."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from saccade.core.errors import WeightsError
from saccade.weights import KNOWN_NETWORKS, Checkpoint, KnownNetwork, Label, Store, read_checkpoint, recognise
from saccade.weights.fetch import Progress, fetch, fetch_from_drive
from saccade.weights.recognition import looks_like
from saccade.weights.store import sha256_of
from saccade.zoo.catalog import CATALOG, entry
from saccade.zoo.load import load
from saccade.zoo.published import PUBLISHED, PublishedWeights, key_of

MIRROR = "SACCADE_WEIGHTS_URL"
"""environment variable with an address under which published files lie; else they come from Google Drive"""
_SAME = 1e-3
"""difference up to which two values of a constructor count as the same"""


@dataclass(frozen=True, slots=True)
class Obtained:
    """Weights that are now in the store.

    Attributes:
        path: the store's file.
        network: what they were recognised as.
        models: the models that use them.
        sha256: of the file that they came from.
    """

    path: Path
    network: str
    models: tuple[str, ...]
    sha256: str


def import_weights(path: Path, name: str | None = None) -> Obtained:
    """Puts the weights of a file into the store, for every model that uses them.

    Args:
        name: a model that they are for; without it, the file's content tells, and then its name.

    Raises:
        ModelError: when there is no model of that name.
        WeightsError: when the file cannot be read, or holds a network that the model, or no model, has.
        OutputError: when the store cannot be written.
    """
    checkpoint = read_checkpoint(path)
    weights = _told_by(checkpoint) if name is None else _weights_of(name)
    models = tuple(row.name for row in CATALOG.values() if row.weights == weights)
    # who makes the model with the file finds everything that is wrong with it
    load(name or models[0], weights=path, device="cpu", precision="float32")
    known = recognise(checkpoint) or _network_of(weights)
    sha256, is_published = sha256_of(path), key_of(path.name) == weights.key
    label = Label(
        network=str(known),
        constructor=checkpoint.constructor,
        file=path.name,
        sha256=sha256,
        publisher=weights.origin if is_published else "not known",
        licence=weights.licence if is_published else "not known",
        preprocessing=known.preprocessing,
    )
    return Obtained(Store().keep(weights.key, checkpoint.tensors, label), label.network, models, sha256)


def download_weights(name: str, progress: Progress) -> Obtained:
    """Fetches the published weights of a model, and puts them into the store.

    The SHA-256 of a file is recorded when it first comes, and verified whenever it comes again.

    Raises:
        ModelError: when there is no model of that name.
        WeightsError: when the model needs none, they cannot be fetched, or are not what they were.
        MissingExtraError: when they lie on Google Drive, without the package that fetches from there.
        OutputError: when the store cannot be written.
    """
    weights, store = _weights_of(name), Store()
    target = store.folder / "downloads" / weights.file
    _fetch(weights, target, progress)
    try:
        sha256 = sha256_of(target)
        store.verify(weights.file, sha256)
        obtained = import_weights(target, name)
    finally:
        target.unlink()
    store.record(weights.file, sha256)
    return obtained


def _fetch(weights: PublishedWeights, target: Path, progress: Progress) -> None:
    mirror = os.environ.get(MIRROR)
    if mirror:
        fetch(f"{mirror.rstrip('/')}/{quote(weights.file)}", target, progress)
    elif weights.drive is not None:
        fetch_from_drive(weights.drive, target, progress)
    else:
        raise WeightsError(
            f"{weights.file}: its address is not known; ask its publisher ({weights.origin}) for it, and: "
            f"saccade models import FILE --as {weights.key}"
        )


def _weights_of(name: str) -> PublishedWeights:
    weights = entry(name).weights
    if weights is None:
        raise WeightsError(f"'{name}' needs no weights; saccade models list shows which models do")
    return weights


def _network_of(weights: PublishedWeights) -> KnownNetwork:
    return next(row for row in KNOWN_NETWORKS if row.constructor == weights.network)


def _told_by(checkpoint: Checkpoint) -> PublishedWeights:
    """The published weights that a file is taken for."""
    known = recognise(checkpoint)
    if known is None:
        raise WeightsError(f"{checkpoint.path}: {looks_like(checkpoint)}; say what it is with --as NAME")
    used = [row.weights.key for row in CATALOG.values() if row.weights is not None]
    rows = [row for key, row in PUBLISHED.items() if row.network == known.constructor and key in used]
    if not rows:
        raise WeightsError(
            f"{checkpoint.path}: is the network of {known}; there is no tracker for it here yet"
        )
    rows = [row for row in rows if _agrees(checkpoint, row)] or rows
    rows = [row for row in rows if row.key == key_of(checkpoint.path.name)] or rows
    if len(rows) > 1:
        names = [f"--as {next(m.name for m in CATALOG.values() if m.weights == row)}" for row in rows]
        raise WeightsError(
            f"{checkpoint.path}: is the network of {known}; say which with {' or '.join(names)}"
        )
    return rows[0]


def _agrees(checkpoint: Checkpoint, weights: PublishedWeights) -> bool:
    """Whether the values of a file's constructor, if it has one, are those of published weights."""
    given = checkpoint.constructor.kwargs if checkpoint.constructor is not None else {}
    return all(
        abs(float(value) - wished) < _SAME
        for name, wished in weights.values.items()
        if isinstance(value := given.get(name), int | float)
    )
