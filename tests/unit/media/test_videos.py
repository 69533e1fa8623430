"""Which sources name several videos, and what their folders are called."""

from pathlib import Path

import pytest

from saccade.core import SourceError
from saccade.media.videos import find_videos, folder_names


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        *("videos/cam10.mp4", "videos/cam2.MOV", "videos/._cam2.mov", "videos/notes.txt"),
        *("videos/deep/x.mkv", "mixed/a.mp4", "mixed/a.png", "otb/img/0001.jpg", "otb/preview.mp4"),
        *("pictures/1.png", "alone.mp4"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "list.txt").write_text("videos/cam10.mp4\n\nmissing.mp4\nvideos/cam2.MOV\nvideos/cam10.mp4\n")
    (tmp_path / "pictures.txt").write_text("pictures/1.png\n")
    (tmp_path / "mixed.txt").write_text("alone.mp4\npictures/1.png\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("videos", ["videos/cam2.MOV", "videos/cam10.mp4"], id="folder, in natural order"),
        pytest.param("videos/*.mp4", ["videos/cam10.mp4"], id="pattern, even of one"),
        pytest.param("videos/**/*.mkv", ["videos/deep/x.mkv"], id="pattern for folders"),
        pytest.param(
            "list.txt", ["videos/cam10.mp4", "missing.mp4", "videos/cam2.MOV"], id="list, in its order"
        ),
        pytest.param("mixed/*.mp4", ["mixed/a.mp4"], id="pattern that says which"),
        pytest.param("pictures", None, id="pictures"),
        pytest.param("mixed/*.png", None, id="pattern for pictures"),
        pytest.param("pictures.txt", None, id="list of pictures"),
        pytest.param("alone.mp4", None, id="one video"),
        pytest.param("0", None, id="camera"),
        pytest.param("rtsp://cam/*.mp4", None, id="stream"),
        pytest.param("nowhere/*.mp4", None, id="nothing"),
    ],
)
def test_several_videos_are_told_from_other_sources(
    place: Path, source: str, found: list[str] | None
) -> None:
    assert find_videos(source) == (None if found is None else [Path(name) for name in found])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("mixed", r"holds videos \(a.mp4\) and pictures \(a.png\); say which are meant: 'mixed/\*.mp4'"),
        ("mixed/*", "a pattern that ends with .mp4, or the same with .png"),
        ("otb", r"preview.mp4\) and pictures \(0001.jpg\)"),
        ("mixed.txt", "mixed.txt, line 2: pictures/1.png is no video, and other lines are"),
    ],
)
def test_what_holds_both_is_refused(place: Path, source: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        find_videos(source)


@pytest.mark.parametrize(
    ("videos", "names"),
    [
        (["a/x.mp4", "a/y.mp4"], ["x", "y"]),
        (["a/x.mp4", "a/x.avi", "a/y.mp4"], ["x.mp4", "x.avi", "y"]),
        (["a/x.mp4", "b/X.mp4", "b/y.mp4"], ["a-x.mp4", "b-X.mp4", "y"]),
        (["p/a/x.mp4", "q/a/x.mp4"], ["p-a-x.mp4", "q-a-x.mp4"]),
        (["/a-b/x.mp4", "/a/b-x.mp4"], ["x", "b-x"]),
        (
            ["a/b-x.mp4", "a-b/x.mp4", "c/b-x.mp4", "c/x.mp4"],
            ["a-b-x.mp4", "a-b-x.mp4-1", "c-b-x.mp4", "c-x.mp4"],
        ),
    ],
)
def test_no_two_folders_are_called_alike(videos: list[str], names: list[str]) -> None:
    assert folder_names([Path(video) for video in videos]) == names
