"""Fixtures that make small videos and folders of pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.unit.media.clips import encode, picture


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Makes a video in the test's folder by its name."""

    def make(name: str = "clip.mp4", *args: Any, **settings: Any) -> Path:
        if name.endswith(".mp4"):
            settings.setdefault("options", {"movflags": "faststart"})
        return encode(tmp_path / name, *args, **settings)

    return make


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of numbered pictures."""

    def make(name: str = "frames", count: int = 12, pattern: str = "img{}.png") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(folder / pattern.format(number)), picture(number)[..., ::-1])
        return folder

    return make
