"""Weights into the store: from a file that the user has, or from where they are published."""

import os
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

from saccade.core.errors import WeightsError
from saccade.weights import KNOWN_NETWORKS, Checkpoint, KnownNetwork, Label, Store, read_checkpoint, recognise
from saccade.weights.fetch import Progress, fetch, fetch_from_drive
from saccade.weights.label import read_label
from saccade.weights.legacy import DAMAGED
from saccade.weights.locking import locked
from saccade.weights.recognition import looks_like
from saccade.weights.store import sha256_of
from saccade.zoo.catalog import CATALOG, entry
from saccade.zoo.entry import Entry
from saccade.zoo.loading import configuration
from saccade.zoo.published import MIRROR, PUBLISHED, PublishedWeights, key_of

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
        replaced: the entry that they took the place of: its file, and since when it was there; None for none.
    """

    path: Path
    network: str
    models: tuple[str, ...]
    sha256: str
    replaced: str | None = None


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
    row = _told_by(checkpoint) if name is None else entry(name)
    sha256 = sha256_of(path)
    is_published = Store().has_come(_weights_of(row).file, sha256)
    return _keep(checkpoint, row, sha256, is_published=is_published)


def _keep(checkpoint: Checkpoint, row: Entry, sha256: str, *, is_published: bool) -> Obtained:
    """Puts weights into the store, if the network of a model that uses them can be made with them."""
    weights, method = _weights_of(row), import_module(row.method)
    # who makes the network with the file finds everything that is wrong with it
    method.make_network(configuration(row, checkpoint), checkpoint)
    known = recognise(checkpoint) or _network_of(weights)
    if weights.title and known.constructor == weights.network:
        known = replace(known, title=weights.title)
    label = Label(
        network=str(known),
        constructor=checkpoint.constructor,
        file=checkpoint.path.name,
        sha256=sha256,
        publisher=weights.origin if is_published else "not known",
        licence=weights.licence if is_published else "not known",
        preprocessing=known.preprocessing,
        trained=checkpoint.trained,
    )
    store = Store()
    replaced = _account(store.find(weights.key))
    path = store.keep(weights.key, checkpoint.tensors, label)
    return Obtained(path, label.network, tuple(user.name for user in _users(weights)), sha256, replaced)


def _account(entry: Path | None) -> str | None:
    """What the store's file was made of, and when."""
    if entry is None:
        return None
    try:
        label = read_label(entry)
    except (WeightsError, *DAMAGED):
        label = None
    file = label.file if label is not None else "an unknown file"
    return f"{file}, kept on {datetime.fromtimestamp(entry.stat().st_mtime):%Y-%m-%d %H:%M}"


def download_weights(name: str, progress: Progress) -> Obtained:
    """Fetches the published weights of a model, and puts them into the store.

    Where their publisher states a SHA-256, it is what they must have. Every file's is recorded when it first
    comes, and verified whenever it comes again.

    Raises:
        ModelError: when there is no model of that name.
        WeightsError: when the model needs none, they cannot be fetched, are not what they were, or another
            process is fetching them.
        MissingExtraError: when they lie on Google Drive, without the package that fetches from there.
        OutputError: when the store cannot be written.
    """
    row, store = entry(name), Store()
    weights = _weights_of(row)
    target = store.folder / "downloads" / weights.file
    with locked(target):
        _fetch(row, target, progress)
        try:
            sha256 = sha256_of(target)
            if not sha256.startswith(weights.sha256):
                raise WeightsError(
                    f"{weights.file}: came with a wrong checksum, and was thrown away; run this again"
                )
            store.verify(weights.file, sha256)
            obtained = _keep(read_checkpoint(target), row, sha256, is_published=True)
        finally:
            target.unlink(missing_ok=True)
    store.record(weights.file, sha256)
    return obtained


def _fetch(row: Entry, target: Path, progress: Progress) -> None:
    weights, mirror = _weights_of(row), os.environ.get(MIRROR)
    if mirror:
        fetch(f"{mirror.rstrip('/')}/{quote(weights.file)}", target, progress)
    elif weights.url is not None:
        fetch(weights.url, target, progress)
    elif weights.drive is not None:
        fetch_from_drive(weights.drive, target, progress)
    else:
        raise WeightsError(f"'{row.name}' needs the weights {weights.file}: {row.remedy}")


def _weights_of(row: Entry) -> PublishedWeights:
    if row.weights is None:
        if row.untrained:
            raise WeightsError(
                f"'{row.name}' has no published weights to keep; {row.remedy}; or give it your own file by "
                f"--weights FILE"
            )
        raise WeightsError(f"'{row.name}' needs no weights; saccade models list shows which models do")
    return row.weights


def _users(weights: PublishedWeights) -> list[Entry]:
    """The models that use published weights."""
    return [row for row in CATALOG.values() if row.weights == weights]


def _network_of(weights: PublishedWeights) -> KnownNetwork:
    return next(row for row in KNOWN_NETWORKS if row.constructor == weights.network)


def _told_by(checkpoint: Checkpoint) -> Entry:
    """The first of the models whose weights a file is taken for."""
    if checkpoint.trained is not None:
        return entry(checkpoint.trained.model)
    known = recognise(checkpoint)
    if known is None:
        raise WeightsError(f"{checkpoint.path}: {looks_like(checkpoint)}; say what it is with --as NAME")
    rows = _used(known.constructor)
    if not rows:
        raise WeightsError(f"{checkpoint.path}: is the network of {known}; {_use(known, checkpoint.path)}")
    rows = [row for row in rows if row.title == known.title] or rows
    rows = [row for row in rows if _agrees(checkpoint, row)] or rows
    rows = [row for row in rows if row.key == key_of(checkpoint.path.name)] or rows
    if len(rows) > 1:
        wishes = " or ".join(_wish(row) for row in rows)
        raise WeightsError(f"{checkpoint.path}: is the network of {known}; say which with {wishes}")
    return _users(rows[0])[0]


def _use(known: KnownNetwork, path: Path) -> str:
    """What to do with a file of a network that the store has no place for."""
    others = " or ".join(_wish(row) for row in _used(known.runs_as))
    if others:
        return f"say what it is to run as with {others}"
    own = [row.name for row in CATALOG.values() if row.network == known.constructor]
    if own:
        return f"nobody has published any that the store could keep; give it to {own[0]} by --weights {path}"
    return "there is no model for it here yet"


def _used(network: str) -> list[PublishedWeights]:
    """The published weights of a network that models here use."""
    return [row for row in PUBLISHED.values() if row.network == network and _users(row)]


def _wish(weights: PublishedWeights) -> str:
    return f"--as {_users(weights)[0].name}"


def _agrees(checkpoint: Checkpoint, weights: PublishedWeights) -> bool:
    """Whether a file's tensors, and the values of its constructor, if it has one, are as published."""
    given = checkpoint.constructor.kwargs if checkpoint.constructor is not None else {}
    has_values = all(
        abs(float(value) - wished) < _SAME
        for name, wished in weights.values.items()
        if isinstance(value := given.get(name), int | float)
    )
    return has_values and all(
        tuple(checkpoint.tensors[name].shape[:1]) == (rows,)
        for name, rows in weights.lengths.items()
        if name in checkpoint.tensors
    )
