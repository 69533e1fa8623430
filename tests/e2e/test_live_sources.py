"""A stream that is cut and comes back: its target is still followed, and the run says how late it was."""

import json
import time
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from saccade.cli import main
from saccade.media import read_boxes_csv
from tests.unit.live.material import jpeg
from tests.unit.media.test_live import serving


class Cut(SimpleHTTPRequestHandler):
    """Sends MJPEG, breaks off after 25 pictures, does not answer for a while, and goes on until 60."""

    silence = 0.0
    sent = 0
    silent_until = 0.0

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        kind = type(self)
        if time.monotonic() < kind.silent_until or kind.sent >= 60:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        while kind.sent < 60:
            data = jpeg(min(kind.sent, 24))  # nothing moves while nobody looks
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            self.wfile.write(head.encode() + data + b"\r\n")
            kind.sent += 1
            if kind.sent == 25:
                kind.silent_until = time.monotonic() + kind.silence
                return
            time.sleep(0.05)


@pytest.mark.parametrize("silence", [0.7, pytest.param(5.0, marks=pytest.mark.slow)])
def test_a_stream_that_is_cut_keeps_its_target(silence: float, tmp_path: Path) -> None:
    handler = type("Handler", (Cut,), {"silence": silence})
    with serving(handler) as address:
        words = [
            "track",
            f"http://{address}/stream",
            "--box",
            "60,50,30,24",
            "--out",
            str(tmp_path),
            "--end",
            "50",
        ]
        assert main(words) == 0
    found = list(read_boxes_csv(tmp_path / "boxes.csv"))
    assert found[-1].frame > 30 and found[-1].status is not None and found[-1].status[0] == "tracked"
    x, y, _, _ = found[-1].xywh[0]
    assert abs(x - 108) < 8 and abs(y - 50) < 8
    live = json.loads((tmp_path / "run.json").read_text())["live"]
    assert live["latency_ms"]["median"] > 0 and live["dropped"] >= 0
    assert len(found) + live["dropped"] >= 40
