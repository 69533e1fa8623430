"""Weights from a file to boxes, through the command line."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import torch

from saccade.data.synthetic import render
from saccade.nets.vggm import ResNet18VGGM

QUICK = ("min_side=96", "max_side=112", "init_steps=1", "init_inner_steps=1", "augmentation.rotations=5")


def saccade(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "saccade", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
def test_a_tracker_finds_the_weights_that_were_imported(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))
    torch.save(ResNet18VGGM().state_dict(), tmp_path / "features.pth")
    for index, (rgb, _, _) in enumerate(render(3, size_wh=(160, 90))):
        cv2.imwrite(str(tmp_path / f"{index}.jpg"), rgb[..., ::-1])
    track = [
        "track",
        tmp_path / "*.jpg",
        "--box",
        "40,30,30,40",
        "--tracker",
        "eco_deep",
        "--out",
        tmp_path / "out",
    ]
    track += [f"--set={setting}" for setting in QUICK]

    imported = saccade("models", "import", tmp_path / "features.pth", "--json")
    assert imported.returncode == 0, imported.stderr
    stored = Path(json.loads(imported.stdout)["path"])
    assert sorted(path.name for path in stored.parent.iterdir()) == [stored.stem + ".json", stored.name]

    (tmp_path / "features.pth").unlink()
    tracked = saccade(*track)
    assert tracked.returncode == 0, tracked.stderr
    with (tmp_path / "out" / "boxes.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 3
