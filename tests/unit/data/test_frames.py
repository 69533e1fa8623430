"""Picture files of a sequence: counted without looking at each, listed in natural order."""

import pickle
from pathlib import Path

import pytest

from saccade.data.frames import LateFrames, ListedFrames, NumberedFrames, is_pattern, picture_names


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 8, 9, 31, 32, 33, 100])
@pytest.mark.parametrize("first", [0, 1, 17])
def test_numbered_frames_are_counted(tmp_path: Path, count: int, first: int) -> None:
    touch(tmp_path, *(f"{number:04d}.jpg" for number in range(first, first + count)))
    frames = NumberedFrames(tmp_path, "%04d.jpg", first=first)
    assert len(frames) == count
    assert [path.name for path in frames] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize("gap", [0, 1, 2, 4, 6, 30, 98])
def test_a_listed_folder_counts_to_the_highest_number(tmp_path: Path, gap: int) -> None:
    touch(tmp_path, *(f"{number:04d}.jpg" for number in range(17, 117) if number != 17 + gap))
    touch(tmp_path, "9.jpg", "500.jpg", "0600.png", "._0700.jpg", "x0800.jpg", "0003.jpg")
    frames = NumberedFrames(tmp_path, "%04d.jpg", first=17, is_listed=True)
    assert len(frames) == 100
    assert not frames[gap].exists()
    assert len(NumberedFrames(tmp_path, "%04d.jpg", first=17).with_gaps()) == 100
    assert len(NumberedFrames(tmp_path, "%04d.jpg", first=17, count=3).with_gaps()) == 3
    assert len(NumberedFrames(tmp_path, "%06d.jpg", is_listed=True)) == 0


def test_late_frames_are_found_when_they_are_asked_for_and_once(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "2.jpg")
    calls = []

    def find() -> NumberedFrames:
        calls.append(1)
        return NumberedFrames(tmp_path, "%d.jpg")

    frames = LateFrames(find)
    assert not calls
    assert (len(frames), frames[1].name, [path.name for path in frames[:1]]) == (2, "2.jpg", ["1.jpg"])
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("%08d.jpg", True), ("img%d.png", True), ("color", False), ("%08d_%02d.jpg", False), ("%s.jpg", False)],
)
def test_a_pattern_has_one_number(name: str, is_one: bool) -> None:
    assert is_pattern(name) == is_one


def test_numbered_frames_are_indexed_and_sliced(tmp_path: Path) -> None:
    frames = NumberedFrames(tmp_path, "img_%03d.png", first=5, count=4)
    assert frames[0] == tmp_path / "img_005.png"
    assert frames[-1].name == "img_008.png"
    assert [path.name for path in frames[1:3]] == ["img_006.png", "img_007.png"]
    assert [path.name for path in frames[::2]] == ["img_005.png", "img_007.png"]
    with pytest.raises(IndexError):
        frames[4]


def test_a_folder_that_is_not_there_has_no_frames(tmp_path: Path) -> None:
    assert len(NumberedFrames(tmp_path / "no", "%d.jpg")) == 0
    assert len(ListedFrames(tmp_path / "no")) == 0
    assert len(ListedFrames(touch(tmp_path, "file") / "file")) == 0


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        pytest.param(["10.jpg", "9.jpg", "1.jpg"], ["1.jpg", "9.jpg", "10.jpg"], id="no leading zeros"),
        pytest.param(["b2.png", "b1.png"], ["b1.png", "b2.png"], id="digits at the same places"),
        pytest.param(["a10.jpg", "b9.jpg"], ["a10.jpg", "b9.jpg"], id="letters before numbers"),
        pytest.param(["1.JPG", "._1.jpg", "2.webp", "Thumbs.db"], ["1.JPG", "2.webp"], id="strangers"),
    ],
)
def test_listed_frames_are_in_natural_order(tmp_path: Path, names: list[str], ordered: list[str]) -> None:
    (tmp_path / "3.jpg").mkdir()
    assert picture_names(touch(tmp_path, *names)) == ordered
    frames = ListedFrames(tmp_path)
    assert [path.name for path in frames] == ordered
    assert frames[-1] == tmp_path / ordered[-1]
    assert [path.name for path in frames[:1]] == ordered[:1]


def test_frames_travel_between_processes(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "2.jpg")
    for frames in (NumberedFrames(tmp_path, "%d.jpg"), ListedFrames(tmp_path)):
        assert list(pickle.loads(pickle.dumps(frames))) == [tmp_path / "1.jpg", tmp_path / "2.jpg"]
        assert str(tmp_path) in repr(frames)
