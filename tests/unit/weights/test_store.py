"""The store: entries with labels, all or nothing, and the checksums of what was downloaded."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from saccade.core import OutputError, WeightsError
from saccade.weights import Constructor, Label, Preprocessing, Store, read_checkpoint
from saccade.weights.label import read_label
from saccade.weights.store import default_folder, sha256_of

LABEL = Label(
    network="DiMP-18 (dimpnet18)",
    constructor=Constructor("dimpnet18", {"filter_size": 4, "layers": ("a", "b"), "reg": None}),
    file="dimp18.pth",
    sha256="00ff",
    publisher="them",
    licence="not stated",
    preprocessing=Preprocessing(),
)


def tensors() -> dict[str, Tensor]:
    shared = torch.rand(4, 6)
    return {"a": shared, "b": shared[1:, ::2], "c": torch.tensor(3), "d": shared.T}


def test_an_entry_comes_back(tmp_path: Path) -> None:
    store, saved = Store(tmp_path / "new" / "folder"), tensors()
    assert store.find("dimp18") is None
    path = store.keep("dimp18", saved, LABEL)
    assert path == store.find("dimp18") == tmp_path / "new" / "folder" / "dimp18.safetensors"
    assert sorted(file.name for file in path.parent.iterdir()) == ["dimp18.json", "dimp18.safetensors"]
    found = read_checkpoint(path)
    assert found.constructor == LABEL.constructor
    assert found.tensors.keys() == saved.keys()
    for name, value in saved.items():
        torch.testing.assert_close(found.tensors[name], value, rtol=0, atol=0)
    assert read_label(path) == LABEL
    path.with_suffix(".json").unlink()
    assert read_label(path) == LABEL, "that file is for people"


def test_whoever_may_read_a_label_may_read_the_weights(tmp_path: Path) -> None:
    path = Store(tmp_path).keep("x", {"a": torch.zeros(1)}, LABEL)
    assert path.stat().st_mode == path.with_suffix(".json").stat().st_mode


def test_a_label_says_what_a_file_is(tmp_path: Path) -> None:
    path = Store(tmp_path).keep("dimp18", tensors(), LABEL)
    assert json.loads(path.with_suffix(".json").read_text()) == {
        "format": "saccade weights 1",
        "network": "DiMP-18 (dimpnet18)",
        "constructor": {
            "name": "dimpnet18",
            "kwargs": {"filter_size": 4, "layers": ["a", "b"], "reg": None},
        },
        "file": "dimp18.pth",
        "sha256": "00ff",
        "publisher": "them",
        "licence": "not stated",
        "preprocessing": {
            "colours": "rgb",
            "mean": [123.675, 116.28, 103.53],
            "scale": [58.395, 57.12, 57.375],
        },
        "trained": None,
    }


def test_an_entry_is_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep("x", {"a": torch.zeros(1)}, LABEL)
    path = store.keep("x", {"a": torch.ones(1)}, LABEL)
    assert read_checkpoint(path).tensors["a"] == 1


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    path = store.keep("x", {"a": torch.zeros(1)}, LABEL)

    def no_space(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(safetensors.torch, "save_file", no_space)
    with pytest.raises(
        OutputError, match=r"x\.safetensors: cannot be written \(No space.*free space there.*SACCADE"
    ):
        store.keep("x", {"a": torch.ones(1)}, LABEL)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["x.json", "x.safetensors"]
    assert read_checkpoint(path).tensors["a"] == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, PermissionError])
@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_there_is_a_whole_entry_whatever_ends_its_replacement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, error: type[BaseException]
) -> None:
    store = Store(tmp_path)
    path = store.keep("x", {"a": torch.zeros(1)}, LABEL)
    rename = Path.replace

    def stopped(self: Path, target: Path) -> Path:
        if target.suffix == suffix:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(OutputError if error is PermissionError else error):
        store.keep("x", {"a": torch.ones(1)}, replace(LABEL, constructor=None))
    assert store.find("x") == path
    found = read_checkpoint(path)
    assert found.tensors["a"] == 0
    assert found.constructor == LABEL.constructor, "tensors have the label that they came with"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["x.json", "x.safetensors"]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        Store(tmp_path / "store").keep("x", {"a": torch.zeros(1)}, LABEL)
    with pytest.raises((OutputError, WeightsError), match=r"checksums\.json"):
        Store(tmp_path / "store").record("x.pth", "00")


def test_checksums_are_remembered(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.verify("a.pth", "1")  # never came before
    store.record("a.pth", "1")
    store.record("b.pth", "2")
    store.verify("a.pth", "1")
    with pytest.raises(
        WeightsError, match=r"a\.pth: wrong checksum: came with SHA-256 3, but with 1 the first"
    ):
        Store(tmp_path).verify("a.pth", "3")
    assert json.loads((tmp_path / "checksums.json").read_text()) == {"a.pth": "1", "b.pth": "2"}


def test_checksums_that_come_at_once_are_all_remembered(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as at_once:
        list(at_once.map(lambda i: Store(tmp_path).record(f"{i}.pth", str(i)), range(16)))
    assert json.loads((tmp_path / "checksums.json").read_text()) == {f"{i}.pth": str(i) for i in range(16)}
    assert [path.name for path in tmp_path.iterdir()] == ["checksums.json"]


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_list_of_checksums_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "checksums.json").write_text(text)
    with pytest.raises(WeightsError, match=r"checksums\.json: .*remove it to begin a new"):
        Store(tmp_path).verify("a.pth", "1")


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert sha256_of(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"SACCADE_WEIGHTS": "~/w", "XDG_CACHE_HOME": "/c"}, "{home}/w"),
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/saccade/weights"),
        ("linux", {}, "{home}/.cache/saccade/weights"),
        ("darwin", {}, "{home}/Library/Caches/saccade/weights"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/saccade/weights"),
        ("win32", {}, "{home}/AppData/Local/saccade/weights"),
    ],
)
def test_where_the_store_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    variables: dict[str, str],
    expected: str,
) -> None:
    for name in ("SACCADE_WEIGHTS", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert default_folder() == Path(expected.format(home=tmp_path))
