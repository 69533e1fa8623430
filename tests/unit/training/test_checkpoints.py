"""Checkpoints: whole at any time, and refused where they are another training's."""

import errno
import sys
from pathlib import Path

import pytest
import torch

from saccade.core import ConfigError, OutputError
from saccade.training.checkpoints import (
    LAST,
    check_same,
    keep_checkpoint,
    read_training,
    save_checkpoint,
)

if sys.platform != "win32":
    import resource

KIB = 1024


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_what_the_disk_refuses_to_take_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / LAST
    save_checkpoint(path, {"step": 1})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200 * KIB, limits[1]))
    try:
        with pytest.raises(
            OutputError, match=r"cannot be written \(File too large, .* MiB are free\).*last good"
        ):
            save_checkpoint(path, {"step": 2, "weights": torch.zeros(KIB * KIB)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert read_training(path)["step"] == 1
    assert [file.name for file in tmp_path.iterdir()] == [LAST]


def test_a_full_disk_is_told_of_however_often_the_writer_stumbles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(*_: object) -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        finally:
            try:
                raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")
            finally:
                raise RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos 64 vs 0")

    monkeypatch.setattr(torch, "save", stumbles)
    with pytest.raises(
        OutputError, match=r"cannot be written \(No space left on device, .*there is none yet"
    ):
        save_checkpoint(tmp_path / LAST, {"step": 1})
    assert not list(tmp_path.iterdir())


def test_a_kept_checkpoint_stays_when_the_last_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / LAST
    save_checkpoint(path, {"step": 1})
    keep_checkpoint(path, "best.ckpt")
    save_checkpoint(path, {"step": 2})
    assert read_training(tmp_path / "best.ckpt")["step"] == 1
    keep_checkpoint(path, "best.ckpt")
    # nor does it matter that both are one file already
    keep_checkpoint(path, "best.ckpt")
    assert read_training(tmp_path / "best.ckpt")["step"] == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["best.ckpt", LAST]


def test_without_links_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    save_checkpoint(tmp_path / LAST, {"step": 1})
    keep_checkpoint(tmp_path / LAST, "best.ckpt")
    assert read_training(tmp_path / "best.ckpt")["step"] == 1


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b was 1, now 2"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, r"a\[0\].b was 1, now 2"),
        ({"a": [1]}, {"a": [1, 2]}, r"a was \[1\], now \[1, 2\]"),
        ({"a": 1}, {}, "a was 1, now none"),
        ({}, {"a": 1}, "a was none, now 1"),
        ({str(n): 0 for n in range(10)}, {str(n): 1 for n in range(10)}, "7 was 0, now 1; and 2 more; give"),
    ],
)
def test_what_differs_is_named(tmp_path: Path, before: dict, now: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_same(tmp_path, before, now)
    check_same(tmp_path, before, before)


def test_a_signal_while_it_is_written_is_no_fault_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("unexpected pos 768 vs 662")

    monkeypatch.setattr(torch, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path / LAST, {"step": 1})
    assert not list(tmp_path.iterdir())
