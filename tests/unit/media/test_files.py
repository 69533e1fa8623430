"""Files are written whole or not at all, and the first complaint is the one that is heard."""

import errno
from pathlib import Path

import pytest

from saccade.core import OutputError
from saccade.media.files import replacing


def test_several_who_write_one_file_leave_it_whole(tmp_path: Path) -> None:
    file = tmp_path / "boxes.txt"
    with replacing(file) as first:
        first.write_text("first")
        with replacing(file) as second:
            second.write_text("second")
        assert file.read_text() == "second"
    assert file.read_text() == "first"
    assert list(tmp_path.iterdir()) == [file]


def test_what_fails_leaves_the_older_file(tmp_path: Path) -> None:
    file = tmp_path / "boxes.txt"
    file.write_text("old")
    with (
        pytest.raises(OutputError, match=r"No space left.*free some space"),
        replacing(file) as part,
    ):
        part.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("boxes.txt", "old")]


def test_a_folder_that_is_read_only_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, removing the temporary file fails as well, even where there is none."""

    def refuse(*args: object, **options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    file = tmp_path / "boxes.txt"
    with pytest.raises(OutputError, match=r"boxes\.txt.*choose a folder"), replacing(file) as part:
        part.write_bytes(b"")
