"""What is found out about label pictures is found out once, by whoever comes first."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from saccade.core.caches import cache_folder
from saccade.core.errors import SaccadeWarning
from saccade.data import readers, truth
from saccade.data.keeping import Kept
from saccade.data.samples.extents import FOLDER, mask_extents
from saccade.data.samples.footage import VideoFootage
from saccade.data.samples.opening import open_footage
from saccade.data.truth import LabelAnnotation
from saccade.ops.masks import write_palette_png
from tests.unit.data.layouts import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A sequence of three frames with two objects, nobody having labelled the second."""
    made = Layout(tmp_path / "root")
    made.frames("JPEGImages/bear", "%05d.jpg", range(3))
    paint(made.root, 0, {1: 20, 2: 11})
    paint(made.root, 2, {1: 5})
    return made


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "caches"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return cache_folder()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The label pictures that are read."""
    read: list[Path] = []
    original = truth.read_labels

    def counted(path: Path, frame: Path) -> np.ndarray:
        read.append(path)
        return original(path, frame)

    monkeypatch.setattr(truth, "read_labels", counted)
    return read


def paint(root: Path, frame: int, areas: dict[int, int]) -> None:
    labels = np.zeros((32, 48), np.uint8)
    for label, area in areas.items():
        labels[label * 4 : label * 4 + 1].reshape(-1)[:area] = label
    folder = root / "Annotations" / "bear"
    folder.mkdir(parents=True, exist_ok=True)
    write_palette_png(folder / f"{frame:05d}.png", labels)


def seen(root: Path) -> list[tuple[list[list[float]], list[bool]]]:
    """Boxes and visibility of all targets, as a process finds them that has just begun."""
    footage = open_footage("folder", root)
    assert isinstance(footage, VideoFootage)
    known = [footage.moments(index) for index in range(len(footage))]
    return [(moments.boxes.tolist(), moments.visible.tolist()) for moments in known]


def test_label_pictures_are_read_once(layout: Layout, reads: list[Path]) -> None:
    first = seen(layout.root)
    assert first == [
        ([[0, 4, 20, 1], [0, 0, 0, 0], [0, 4, 5, 1]], [True, False, False]),
        ([[0, 8, 11, 1], [0, 0, 0, 0], [0, 0, 0, 0]], [True, False, False]),
    ]
    assert len(reads) == 2
    assert (layout.root / FOLDER / "folder" / "bear.npz").is_file()
    assert seen(layout.root) == first
    assert len(reads) == 2


def test_a_label_picture_that_changes_is_read_anew(layout: Layout, reads: list[Path]) -> None:
    seen(layout.root)
    paint(layout.root, 2, {1: 30})
    assert seen(layout.root)[0] == ([[0, 4, 20, 1], [0, 0, 0, 0], [0, 4, 30, 1]], [True, False, True])
    assert len(reads) == 4


def test_workers_look_for_no_objects(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    footage = open_footage("folder", layout.root)

    def refuse(path: Path, frame: Path) -> np.ndarray:
        raise AssertionError(path)

    monkeypatch.setattr(readers, "read_labels", refuse)
    twin = pickle.loads(pickle.dumps(footage))
    assert twin.moments(1).visible.tolist() == [True, False, False]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_kept_file_that_is_broken_is_made_anew(content: bytes, layout: Layout, reads: list[Path]) -> None:
    first = seen(layout.root)
    (layout.root / FOLDER / "folder" / "bear.npz").write_bytes(content)
    assert seen(layout.root) == seen(layout.root) == first
    assert len(reads) == 4


def test_what_cannot_lie_beside_the_data_lies_in_the_caches(
    layout: Layout, caches: Path, reads: list[Path]
) -> None:
    # a file where the folder should be: root may write anywhere else
    (layout.root / FOLDER).write_text("")
    first = seen(layout.root)
    assert [file.name for file in caches.rglob("*.npz")] == ["bear.npz"]
    assert seen(layout.root) == first
    assert len(reads) == 2


def test_without_any_place_all_is_read_each_time(layout: Layout, caches: Path, reads: list[Path]) -> None:
    (layout.root / FOLDER).write_text("")
    caches.parent.mkdir(parents=True, exist_ok=True)
    caches.write_text("")
    with pytest.warns(SaccadeWarning, match=r"could not be kept, neither there \(.+\) nor in"):
        first = seen(layout.root)
    with pytest.warns(SaccadeWarning, match="could not be kept"):
        assert seen(layout.root) == first
    assert len(reads) == 4


def test_objects_of_another_split_are_not_mistaken(layout: Layout, tmp_path: Path) -> None:
    footage = open_footage("folder", layout.root)
    assert isinstance(footage, VideoFootage)
    annotation = footage._sequences[0].read()
    assert isinstance(annotation, LabelAnnotation)
    kept = Kept(tmp_path, "one.npz")
    assert list(mask_extents(annotation, kept)) == [1, 2]
    binary = replace(annotation, starts={1: 0}, is_binary=True)
    ((boxes, areas),) = mask_extents(binary, kept).values()
    assert areas.tolist() == [31, 0, 5]
    assert boxes[0].tolist() == [0, 4, 20, 5]
    # no half of a file is left behind
    assert [file.name for file in tmp_path.glob("*.npz")] == ["one.npz"]
