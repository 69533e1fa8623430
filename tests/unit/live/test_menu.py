"""What visitors may look at, and what they may not."""

from pathlib import Path

import pytest

from saccade.core import SourceError
from saccade.core.errors import InputError
from saccade.live.menu import GIVEN, Menu


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with clips, links that lead out of it, and a secret beside it."""
    allowed = tmp_path / "allowed"
    for name in ("a.mp4", "deep/b.MOV", "shots/1.png", "notes.txt", ".hidden/c.mp4"):
        (allowed / name).parent.mkdir(parents=True, exist_ok=True)
        (allowed / name).touch()
    (tmp_path / "secret.mp4").touch()
    (allowed / "out").symlink_to(tmp_path)
    (allowed / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    return allowed


def test_clips_and_folders_of_pictures_are_offered(folder: Path) -> None:
    offered = Menu("rtsp://me:secret@camera/1", "rtsp://camera/1", [folder]).to_json()
    assert offered[0] == {"key": GIVEN, "name": "rtsp://camera/1"}
    names = [each["name"] for each in offered]
    assert {"a.mp4", "deep/b.MOV", "shots"} <= set(names)
    assert not any("hidden" in name or "notes" in name for name in names)
    assert not any(str(folder) in str(each) or "secret@" in str(each) for each in offered)


def test_what_is_offered_is_found(folder: Path) -> None:
    menu = Menu("0", "camera 0", [folder])
    assert menu.find(GIVEN) == ("0", "camera 0")
    assert menu.find("0/deep/b.MOV") == (str(folder / "deep" / "b.MOV"), "deep/b.MOV")


@pytest.mark.parametrize(
    "key",
    [
        "../../etc/passwd",
        "0/../../etc/passwd",
        "0/../secret.mp4",
        "0//etc/passwd",
        "/etc/passwd",
        "0/out/secret.mp4",  # through a link
        "0/link.mp4",
        "0/deep/../../secret.mp4",
        "0/a.mp4\0",
        "0/" + "a" * 5000,
        "0/none.mp4",
        "0/",
        "0/.",
        "0",
        "1/a.mp4",
        "-1/a.mp4",
        "²/a.mp4",
        "given",  # nothing was
        "http://internal/",
        "file:///etc/passwd",
        "",
    ],
)
def test_nothing_else_is(folder: Path, key: str) -> None:
    with pytest.raises(InputError, match="there is no such clip") as caught:
        Menu(None, "", [folder]).find(key)
    assert str(folder.parent) not in str(caught.value) and "passwd" not in str(caught.value)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"--allow .*no such folder"):
        Menu(None, "", [tmp_path / "gone"])
