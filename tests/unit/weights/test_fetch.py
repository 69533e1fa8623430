"""Fetching files from servers in every mood, and from a Google Drive that is played by a stand-in."""

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from saccade.core import MissingExtraError, OutputError, WeightsError
from saccade.weights.fetch import fetch, fetch_from_drive
from tests.unit.weights.servers import Site, serving

CONTENT = random.Random(0).randbytes(1_000_000)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site({"w.pth": CONTENT})) as running:
        yield running


def quietly(done: int, total: int | None) -> None:
    """Nobody watches."""


def test_a_file_is_fetched(site: Site, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    fetch(f"{site.url}/w.pth", tmp_path / "new" / "w.pth", lambda done, total: told.append((done, total)))
    assert (tmp_path / "new" / "w.pth").read_bytes() == CONTENT
    assert told[0] == (0, len(CONTENT)) and told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["w.pth"]


def test_an_interrupted_download_is_continued(site: Site, tmp_path: Path) -> None:
    target = tmp_path / "w.pth"
    site.drops_after = 300_000
    for fetched in (300_000, 600_000, 900_000):
        with pytest.raises(
            WeightsError,
            match=rf"interrupted after {fetched:,} of 1,000,000 bytes; .*the same command continues",
        ):
            fetch(f"{site.url}/w.pth", target, quietly)
        assert not target.exists(), "half a file must not pass for a whole one"
    told: list[int] = []
    fetch(f"{site.url}/w.pth", target, lambda done, _: told.append(done))
    assert target.read_bytes() == CONTENT
    assert told[0] == 900_000
    assert site.asked == ["", "bytes=300000-", "bytes=600000-", "bytes=900000-"]


@pytest.mark.parametrize("mood", ["no ranges", "other ranges", "unknown length"])
def test_a_file_is_whole_whatever_the_server_can(site: Site, tmp_path: Path, mood: str) -> None:
    site.knows_ranges = mood != "no ranges"
    site.shifts_ranges = mood == "other ranges"
    site.says_length = mood != "unknown length"
    (tmp_path / "w.pth.part").write_bytes(CONTENT[:1234])
    fetch(f"{site.url}/w.pth", tmp_path / "w.pth", quietly)
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
    assert site.asked[0] == "bytes=1234-"


@pytest.mark.parametrize(
    ("tags", "later"),
    [
        pytest.param({"ETag": '"1"'}, {"ETag": '"2"'}, id="by its tag"),
        pytest.param(
            {"ETag": 'W/"1"', "Last-Modified": "Wed, 01 Jul 2020 00:00:00 GMT"},
            {"ETag": 'W/"1"', "Last-Modified": "Thu, 02 Jul 2020 00:00:00 GMT"},
            id="by its date, where the tag is a weak one",
        ),
    ],
)
def test_a_part_of_a_file_that_was_replaced_is_not_continued(
    site: Site, tmp_path: Path, tags: dict[str, str], later: dict[str, str]
) -> None:
    site.tags, site.drops_after = tags, 300_000
    with pytest.raises(WeightsError, match="interrupted"):
        fetch(f"{site.url}/w.pth", tmp_path / "w.pth", quietly)
    site.tags, site.drops_after = later, None
    site.files["w.pth"] = CONTENT[::-1]
    fetch(f"{site.url}/w.pth", tmp_path / "w.pth", quietly)
    assert (tmp_path / "w.pth").read_bytes() == CONTENT[::-1]
    assert site.asked == ["", "bytes=300000-"]


def test_a_server_that_names_no_versions_is_trusted(site: Site, tmp_path: Path) -> None:
    site.tags, site.drops_after = {}, 300_000
    with pytest.raises(WeightsError, match="interrupted"):
        fetch(f"{site.url}/w.pth", tmp_path / "w.pth", quietly)
    site.drops_after = None
    fetch(f"{site.url}/w.pth", tmp_path / "w.pth", quietly)
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
    assert site.asked == ["", "bytes=300000-"]


@pytest.mark.parametrize("extra", [0, 10])
def test_a_part_that_is_no_part_is_begun_again(site: Site, tmp_path: Path, extra: int) -> None:
    (tmp_path / "w.pth.part").write_bytes(bytes(len(CONTENT) + extra))
    fetch(f"{site.url}/w.pth", tmp_path / "w.pth", quietly)
    assert (tmp_path / "w.pth").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("address", "message"),
    [
        pytest.param("{url}/v.pth", "the server answers 404 Not Found; check the address", id="404"),
        pytest.param("http://127.0.0.1:9/w.pth", "cannot be reached", id="nobody there"),
        pytest.param("http://127.0.0.1:bad/w.pth", "cannot be reached", id="no port"),
        pytest.param("http://[::1/w.pth", "cannot be reached", id="half an address"),
        pytest.param("file:///etc/hostname", "no web address", id="file"),
        pytest.param("w.pth", "no web address", id="no address"),
    ],
)
def test_what_cannot_be_fetched_is_named(site: Site, tmp_path: Path, address: str, message: str) -> None:
    url = address.format(url=site.url)
    with pytest.raises(WeightsError, match=message) as caught:
        fetch(url, tmp_path / "w.pth", quietly)
    assert str(caught.value).startswith(f"{url}: ")
    assert not (tmp_path / "w.pth").exists()


def test_what_cannot_be_written_is_named(site: Site, tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    with pytest.raises(OutputError, match=r"w\.pth: cannot be written"):
        fetch(f"{site.url}/w.pth", tmp_path / "folder" / "w.pth", quietly)
    (tmp_path / "w.pth").mkdir()
    with pytest.raises(OutputError, match=r"w\.pth: cannot be written"):
        fetch(f"{site.url}/w.pth", tmp_path / "w.pth", quietly)


PAGE = b"<!DOCTYPE html><title>Quota exceeded</title>"


def test_a_web_page_is_no_file_and_leaves_what_came_before(site: Site, tmp_path: Path) -> None:
    site.drops_after = 300_000
    with pytest.raises(WeightsError, match="interrupted"):
        fetch(f"{site.url}/w.pth", tmp_path / "w.pth", quietly)
    site.drops_after, site.tags, site.files["w.pth"] = None, {"ETag": '"page"'}, PAGE
    with pytest.raises(WeightsError, match=r"w\.pth: the server sent a web page, not a weight file"):
        fetch(f"{site.url}/w.pth", tmp_path / "w.pth", quietly)
    assert not (tmp_path / "w.pth").exists()
    assert (tmp_path / "w.pth.part").read_bytes() == CONTENT[:300_000]


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Puts a stand-in in gdown's place, with its names and arguments; returns what it is called with."""

    def put(error: Exception | None = None, content: bytes = CONTENT) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []
        gdown: Any = ModuleType("gdown")
        gdown.DownloadError = type("DownloadError", (Exception,), {})

        def download(**arguments: Any) -> str:
            calls.append(arguments)
            if error is not None:
                raise error if isinstance(error, OSError) else gdown.DownloadError(*error.args)
            Path(arguments["output"]).write_bytes(content)
            arguments["progress"](len(CONTENT), len(CONTENT))
            return str(arguments["output"])

        gdown.download = download
        monkeypatch.setitem(sys.modules, "gdown", gdown)
        return calls

    return put


def test_drive_is_asked_by_id(drive: Callable[..., list[dict[str, Any]]], tmp_path: Path) -> None:
    calls, told = drive(), []
    fetch_from_drive("some-id", tmp_path / "new" / "w.pth", lambda done, total: told.append((done, total)))
    assert (tmp_path / "new" / "w.pth").read_bytes() == CONTENT
    assert told == [(len(CONTENT), len(CONTENT))]
    assert calls[0]["id"] == "some-id" and calls[0]["resume"] is True and calls[0]["quiet"] is True


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(Exception("too many have\nfetched it. Ask"), "too many have fetched it", id="refused"),
        pytest.param(ConnectionResetError(104, "Connection reset"), "Connection reset", id="broken"),
        pytest.param(
            OSError(f"HTTPSConnectionPool(host='drive.google.com'): {'retries ' * 50}"),
            "the connection failed",
            id="in too many words",
        ),
    ],
)
def test_drive_may_refuse(
    drive: Callable[..., list[dict[str, Any]]], tmp_path: Path, error: Exception, reason: str
) -> None:
    drive(error)
    with pytest.raises(
        WeightsError,
        match=rf"w\.pth: Google Drive .*\({reason}\).*uc\?id=some-id.*saccade models import FILE",
    ):
        fetch_from_drive("some-id", tmp_path / "w.pth", quietly)


def test_a_page_from_drive_is_not_kept(drive: Callable[..., list[dict[str, Any]]], tmp_path: Path) -> None:
    drive(content=PAGE)
    with pytest.raises(WeightsError, match=r"w\.pth: the server sent a web page, not a weight file"):
        fetch_from_drive("some-id", tmp_path / "w.pth", quietly)
    assert list(tmp_path.iterdir()) == []


def test_without_gdown_its_install_line_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "gdown", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'saccade\[download\]'"):
        fetch_from_drive("some-id", tmp_path / "w.pth", quietly)
