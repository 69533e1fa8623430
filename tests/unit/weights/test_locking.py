"""Locks: one at a time, given back by the living and taken from the dead."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from saccade.core import OutputError, WeightsError
from saccade.weights.locking import locked

HOLDER = """
import sys
from pathlib import Path
from saccade.weights.locking import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_only_one_is_inside(tmp_path: Path) -> None:
    target = tmp_path / "new" / "w.pth"
    with locked(target), pytest.raises(WeightsError, match=r"w\.pth: another process is at work on it; run"):
        locked(target).__enter__()
    with locked(target):
        pass
    assert list((tmp_path / "new").iterdir()) == []


def test_others_are_no_hindrance(tmp_path: Path) -> None:
    with locked(tmp_path / "a"), locked(tmp_path / "b"):
        pass


def test_who_has_patience_waits(tmp_path: Path) -> None:
    held = locked(tmp_path / "w.pth")
    held.__enter__()
    release = threading.Timer(0.2, held.__exit__, (None, None, None))
    release.start()
    with locked(tmp_path / "w.pth", patience=10.0):
        pass
    release.join()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    target = tmp_path / "w.pth"
    command = [sys.executable, "-c", HOLDER, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(WeightsError, match="another process"):
            locked(target).__enter__()
        holder.kill()
        holder.wait()
    with locked(target):
        pass


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"w\.pth: cannot be written"):
        locked(tmp_path / "file" / "w.pth").__enter__()
