"""The live page's server among visitors who mean no good: it goes on, and others are not disturbed."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the extra live")

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from saccade.live.access import COOKIE
from saccade.live.limits import Limits
from saccade.live.menu import Menu
from tests.e2e.live_server import Served, serving
from tests.unit.live.material import BOX, clip, jpeg


class Visitor:
    """Somebody with a page of their own making."""

    socket: ClientConnection

    def __init__(self, served: Served, resume: str = "", **options: Any) -> None:
        self._connecting = connect(f"{served.socket}?resume={resume}", max_size=None, **options)

    def __enter__(self) -> "Visitor":
        self.socket = self._connecting.__enter__()
        self.welcome = self.until("welcome")
        self.session = self.welcome["session"]
        return self

    def cut(self) -> None:
        """The network is gone: no word of farewell."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)

    def __exit__(self, *error: Any) -> None:
        self._connecting.__exit__(*error)

    def say(self, kind: str, **rest: Any) -> None:
        self.socket.send(json.dumps({"do": kind, **rest}))

    def until(self, kind: str) -> dict[str, Any]:
        while True:
            data = self.socket.recv(30)
            if isinstance(data, bytes):
                data = data[4 : 4 + int.from_bytes(data[:4])].decode()
            news: dict[str, Any] = json.loads(data)
            if news["kind"] == "frame":
                self.say("shown")
            if news["kind"] == kind:
                return news

    def follows(self) -> None:
        """The page can do what it is for: the camera's picture is followed."""
        self.say("open", source="camera")
        self.until("opened")
        self.socket.send(jpeg(0))
        self.until("frame")
        self.say("point", frame=0, targets=[{"id": None, "box": BOX}])
        assert self.until("frame")["targets"][0]["id"] == 0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("allowed")
    clip(folder / "cards.mp4", 10)
    limits = Limits(
        sessions=3, frame_bytes=1 << 20, upload_bytes=1 << 20, message_bytes=5000, idle_seconds=60.0
    )
    with serving(Menu(None, "", [folder]), limits) as server:
        yield server


def get(address: str, method: str = "GET", data: bytes | None = None, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(
        address, data, {k.replace("_", "-"): v for k, v in headers.items()}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode("latin-1")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("latin-1")


@pytest.mark.parametrize(
    "rubbish",
    [
        "rubbish",
        '{"do": "point"}',
        b"no picture",
        b"\xff\xd8" + bytes(999),
        "x" * 100_000,
    ],
)
def test_rubbish_is_answered_and_harms_nobody(served: Served, rubbish: str | bytes) -> None:
    with Visitor(served) as bad, Visitor(served) as good:
        bad.say("open", source="camera")
        bad.until("opened")
        bad.socket.send(rubbish)
        assert "/" not in bad.until("error")["message"]
        good.follows()
        bad.follows()


def test_a_picture_of_100_megabytes_is_cut_off(served: Served) -> None:
    with Visitor(served) as bad, Visitor(served) as good:
        good.follows()
        with pytest.raises(ConnectionClosed) as caught:
            bad.socket.send(bytes(100 << 20))
            bad.until("never")
        # told, where the line did not break before
        assert caught.value.rcvd is None or caught.value.rcvd.code == 1009
        good.socket.send(jpeg(1))
        good.say("play")
        assert good.until("frame")["frame"] == 1


def test_a_line_that_was_cut_is_taken_up_again(served: Served) -> None:
    with Visitor(served) as gone:
        gone.follows()
        gone.cut()
    with Visitor(served, gone.session) as back:
        assert back.session == gone.session and back.welcome["resumed"] and back.welcome["pictures"] == 1
        back.say("again")
        news = back.until("frame")
        assert news["frame"] == 0 and news["targets"][0]["id"] == 0
        back.socket.send(jpeg(1))
        back.say("play")
        assert back.until("frame")["frame"] == 1
    # who has left with a word of farewell has left
    with Visitor(served, gone.session) as other:
        assert other.session != gone.session and not other.welcome["resumed"]


def test_a_session_is_kept_for_a_while_and_as_long_as_there_is_room() -> None:
    with serving(limits=Limits(sessions=1, cut_seconds=0.5)) as served:
        with Visitor(served) as first:
            folder = served.server.sessions[first.session].folder
            first.cut()
        with Visitor(served) as second:  # has its place
            assert not folder.exists()
            second.cut()
        until = time.monotonic() + 20
        while served.server.sessions:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_fifty_connections_are_too_many(served: Served) -> None:
    with Visitor(served) as good, ExitStack() as crowd:
        good.follows()
        lines = [crowd.enter_context(connect(served.socket)) for _ in range(50)]
        answers = [json.loads(line.recv(30)) for line in lines]
        assert [answer["kind"] for answer in answers].count("welcome") == 2
        refused = next(answer for answer in answers if answer["kind"] == "error")
        assert "places are taken" in refused["message"] and refused["ends"]
        good.say("play")
        good.until("state")
    with Visitor(served) as late:  # places are free again
        late.follows()


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/server.py",
        "..%5c..%5cserver.py",
        "download/%2e%2e/passwd",
        "download/nobody/boxes.csv",
    ],
)
def test_no_address_leads_out_of_the_page(served: Served, path: str) -> None:
    status, body = get(served.address + path)
    assert status in (400, 404) and "root:" not in body and "import" not in body


def test_no_message_leads_out_of_what_is_allowed(served: Served) -> None:
    with Visitor(served) as visitor:
        for source in ("../../etc/passwd", "0/../../etc/passwd", "0//etc/passwd", "file:///etc/passwd"):
            visitor.say("open", source=source)
            assert visitor.until("error")["message"] == "there is no such clip; choose one of the list"
        assert get(f"{served.address}download/{visitor.session}/..%2f..%2fetc%2fpasswd")[0] == 404
        status, body = get(f"{served.address}download/{visitor.session}/passwd")
        assert status == 404 and "/" not in body
        visitor.follows()


def test_uploads_are_checked_and_limited(served: Served, tmp_path: Path) -> None:
    with Visitor(served) as visitor:
        address = f"{served.address}upload/{visitor.session}"
        assert get(served.address + "upload/nobody", "PUT", b"x")[0] == 404
        status, body = get(address, "PUT", b"no video")
        assert status == 415 and "saccade" not in body and "/" not in body
        status, body = get(address, "PUT", bytes((1 << 20) + 1))
        assert status == 413 and "larger than 1 MB" in body
        assert get(address, "PUT", clip(tmp_path / "a.mp4", 5).read_bytes())[0] == 200
        visitor.say("open", source="upload")
        visitor.until("opened")
        folder = served.server.sessions[visitor.session].folder
        assert [path.name for path in folder.iterdir()] == ["upload"]
    until = time.monotonic() + 10
    while folder.exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_page_of_another_site_is_refused(served: Served) -> None:
    for headers in ({"Origin": "http://evil.com"}, {"Host": "evil.com"}):
        with pytest.raises(InvalidStatus) as caught, connect(served.socket, additional_headers=headers):
            pass
        assert caught.value.response.status_code == 403
        assert get(served.address + "menu", **headers)[0] == 403
    assert get(served.address, "GET", Origin=served.address[:-1])[0] == 200


def test_beyond_the_loopback_the_token_is_needed() -> None:
    with serving(host="0.0.0.0") as served:
        token = served.access.token
        for path in ("", "menu", "page.js", "?token=wrong", "download/x/boxes.csv"):
            status, body = get(served.address + path)
            assert status == 403 and token not in body
        for options in ({}, {"additional_headers": {"Cookie": f"{COOKIE}=wrong"}}):
            with pytest.raises(InvalidStatus) as caught, connect(served.socket, **options):
                pass
            assert caught.value.response.status_code == 403
        with Visitor(served, additional_headers={"Cookie": f"{COOKIE}={token}"}) as visitor:
            visitor.follows()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(f"{served.address}?token={token}", timeout=20) as answer:
            assert answer.url == served.address  # the token has left the address
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        with opener.open(served.address + "menu", timeout=20) as answer:
            assert answer.status == 200


def test_who_says_nothing_is_let_go() -> None:
    with serving(limits=Limits(idle_seconds=0.5)) as served, Visitor(served) as visitor:
        assert visitor.until("error")["ends"]
        with pytest.raises(ConnectionClosed):
            visitor.until("never")
