"""The store: weight files that were imported, each with its label, in one folder."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from saccade.core.caches import cache_folder
from saccade.core.errors import WeightsError, reason_of
from saccade.weights.complaints import unwritable
from saccade.weights.label import METADATA, Label, label_path
from saccade.weights.locking import locked

if TYPE_CHECKING:
    from torch import Tensor

CHECKSUMS = "checksums.json"
_PATIENCE = 10.0
"""seconds to wait for another process that writes the list of checksums"""


def default_folder() -> Path:
    """The folder that SACCADE_WEIGHTS names, else one where the system keeps what can be fetched again."""
    if chosen := os.environ.get("SACCADE_WEIGHTS"):
        return Path(chosen).expanduser()
    return cache_folder() / "weights"


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of weight files: KEY.safetensors with its label in it, and once more in KEY.json, for people.

    It also remembers the SHA-256 of every file that was downloaded, so that a later download that differs is
    noticed.
    """

    folder: Path = field(default_factory=default_folder)

    def find(self, key: str) -> Path | None:
        """The file of an entry; None when it is not there."""
        path = self._path(key)
        return path if path.is_file() else None

    def keep(self, key: str, tensors: "Mapping[str, Tensor]", label: Label) -> Path:
        """Adds an entry, in place of the one that was there; returns its file.

        Whatever ends it, there is a whole entry at any time: the old one until the last rename.

        Raises:
            OutputError: when it cannot be written; then the old entry is still there.
        """
        import torch
        from safetensors.torch import save_file

        path = self._path(key)
        # safetensors wants each tensor to have its own memory, row after row
        separate = {
            name: value.clone(memory_format=torch.contiguous_format) for name, value in tensors.items()
        }
        try:
            with self._workspace() as workspace:
                weights = workspace / path.name
                save_file(separate, weights, metadata={METADATA: label.to_text()})
                label_path(weights).write_text(label.to_text(), encoding="utf-8")
                # safetensors lets nobody else read its files; a store may be shared
                shutil.copymode(label_path(weights), weights)
                label_path(weights).replace(label_path(path))
                weights.replace(path)
        except (OSError, SafetensorError) as error:
            raise unwritable(path, error) from None
        return path

    def has_come(self, file: str, sha256: str) -> bool:
        """Whether a published file was downloaded once, and had this SHA-256.

        Raises:
            WeightsError: when the store's list is damaged.
        """
        return self._checksums().get(file) == sha256

    def verify(self, file: str, sha256: str) -> None:
        """Compares the SHA-256 of a published file with the one that it first came with, if it ever came.

        Raises:
            WeightsError: when they differ, or the store's list is damaged.
        """
        first = self._checksums().get(file, sha256)
        if sha256 != first:
            raise WeightsError(
                f"{file}: wrong checksum: came with SHA-256 {sha256}, but with {first} the first time; fetch "
                f"it again, or, if its publisher replaced it, remove its line from {self.folder / CHECKSUMS}"
            )

    def record(self, file: str, sha256: str) -> None:
        """Remembers with which SHA-256 a published file came.

        Raises:
            WeightsError: when the store's list is damaged, or another process does not let go of it.
            OutputError: when it cannot be written.
        """
        path = self.folder / CHECKSUMS
        with locked(path, _PATIENCE):
            known = self._checksums() | {file: sha256}
            try:
                with self._workspace() as workspace:
                    new = workspace / CHECKSUMS
                    new.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
                    new.replace(path)
            except OSError as error:
                raise unwritable(path, error) from None

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"

    @contextmanager
    def _workspace(self) -> Iterator[Path]:
        """A folder for half-written files; from there to the store is a rename, which is all or nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".writing-") as name:
            yield Path(name)

    def _checksums(self) -> dict[str, str]:
        path = self.folder / CHECKSUMS
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, RecursionError, ValueError) as error:
            raise WeightsError(
                f"{path}: cannot be read ({reason_of(error)}); remove it to begin a new list"
            ) from None
        if not isinstance(values, dict):
            raise WeightsError(f"{path}: no list of checksums; remove it to begin a new one")
        return {str(file): str(digest) for file, digest in values.items()}


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
