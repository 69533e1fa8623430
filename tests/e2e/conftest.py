"""What tests of whole commands and pages share."""

from pathlib import Path

import cv2
import numpy as np
import pytest

NUM_FRAMES = 20


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of, to work in."""
    ground = np.random.default_rng(0).integers(0, 256, (15, 20, 3), dtype=np.uint8)
    ground = cv2.resize(ground, (160, 120), interpolation=cv2.INTER_CUBIC)
    clip = cv2.VideoWriter(str(tmp_path / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 25, (160, 120))
    images = tmp_path / "sequences" / "toy" / "img"
    images.mkdir(parents=True)
    for t in range(NUM_FRAMES):
        picture = np.roll(ground, t, axis=1)
        clip.write(picture)
        cv2.imwrite(str(images / f"{t + 1:04d}.jpg"), picture)
    clip.release()
    (images.parent / "groundtruth_rect.txt").write_text(
        "".join(f"{41 + t},61,50,40\n" for t in range(NUM_FRAMES))
    )
    (tmp_path / "frames").symlink_to(images)
    monkeypatch.chdir(tmp_path)
    return tmp_path
