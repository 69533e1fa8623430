"""The store: weight files that were imported, each with its label, in one folder."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from saccade.core.errors import OutputError, WeightsError
from saccade.weights.label import Label, label_path

CHECKSUMS = "checksums.json"
_REMEDY = "free space there, or name another folder in SACCADE_WEIGHTS"


def default_folder() -> Path:
    """The folder that SACCADE_WEIGHTS names, else one where the system keeps what can be fetched again."""
    if chosen := os.environ.get("SACCADE_WEIGHTS"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches"
    else:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "saccade" / "weights"


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of weight files: KEY.safetensors, beside it its label KEY.json.

    It also remembers the SHA-256 of every file that was downloaded, so that a later download that differs is
    noticed.
    """

    folder: Path = field(default_factory=default_folder)

    def find(self, key: str) -> Path | None:
        """The file of an entry; None when it is not there."""
        path = self._path(key)
        return path if path.is_file() else None

    def keep(self, key: str, tensors: Mapping[str, Tensor], label: Label) -> Path:
        """Adds an entry, in place of the one that was there; returns its file.

        Raises:
            OutputError: when it cannot be written; then the old entry is still there.
        """
        path = self._path(key)
        # safetensors wants each tensor to have its own memory, row after row
        separate = {
            name: value.clone(memory_format=torch.contiguous_format) for name, value in tensors.items()
        }
        try:
            with self._workspace() as workspace:
                weights = workspace / path.name
                save_file(separate, weights)
                _write_json(label_path(weights), label.to_json())
                # safetensors lets nobody else read its files; a store may be shared
                shutil.copymode(label_path(weights), weights)
                # the old tensors go first: at no time do tensors lie beside a label that is not theirs
                path.unlink(missing_ok=True)
                label_path(weights).replace(label_path(path))
                weights.replace(path)
        except (OSError, SafetensorError) as error:
            raise OutputError(f"{path}: cannot be written ({error}); {_REMEDY}") from None
        return path

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
            OutputError: when it cannot be written.
        """
        known = self._checksums() | {file: sha256}
        try:
            with self._workspace() as workspace:
                _write_json(workspace / CHECKSUMS, known)
                (workspace / CHECKSUMS).replace(self.folder / CHECKSUMS)
        except OSError as error:
            raise OutputError(f"{self.folder / CHECKSUMS}: cannot be written ({error}); {_REMEDY}") from None

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
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise WeightsError(f"{path}: cannot be read ({error}); remove it to begin a new list") from None
        if not isinstance(values, dict):
            raise WeightsError(f"{path}: no list of checksums; remove it to begin a new one")
        return {str(file): str(digest) for file, digest in values.items()}


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
