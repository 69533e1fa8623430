"""What a browser says to the server, and what a user types: messages, boxes, points, settings."""

import json
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np

from saccade.association import Counting
from saccade.cli.contenders import parse_others
from saccade.cli.options import parse_box, parse_settings
from saccade.cli.report import parse_frames
from saccade.cli.track_found import _points
from saccade.core.config import override, to_json
from saccade.live.browser import BrowserReader, decode_jpeg
from saccade.live.limits import Limits
from saccade.live.messages import Point, parse
from saccade.trackers.dimp.config import DIMP50
from tests.fuzz.target import Target
from tests.fuzz.writing import numeral, picture


def _message(text: str) -> Any:
    command = parse(text)
    if isinstance(command, Point):
        assert all(w > 0 and h > 0 for _, (_, _, w, h) in command.boxes) and command.frame >= 0
    return type(command).__name__, asdict(command)


def _make_point(rng: Random) -> tuple[bytes, Any]:
    frame, targets = rng.randrange(10_000), []
    for _ in range(rng.randrange(4)):
        box = [numeral(rng)[1], numeral(rng)[1], numeral(rng, 1, 500)[1], numeral(rng, 1, 500)[1]]
        targets.append((rng.choice((None, rng.randrange(9))), tuple(box)))
    said = {"do": "point", "frame": frame, "targets": [{"id": who, "box": box} for who, box in targets]}
    return json.dumps(said).encode(), ("Point", {"frame": frame, "boxes": tuple(targets)})


def _camera(path: Path) -> Any:
    data = path.read_bytes()
    BrowserReader(Limits()).push(data)
    return decode_jpeg(data, 0).image


def _make_jpeg(rng: Random) -> tuple[bytes, Any]:
    data = picture("JPEG", seed=rng.getrandbits(20))
    return data, cv2.cvtColor(
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
    )


def _box(text: str) -> Any:
    x, y, w, h = parse_box(text)
    assert float(w) > 0 and float(h) > 0
    return x, y, w, h


def _make_box(rng: Random) -> tuple[bytes, Any]:
    texts, values = zip(*(numeral(rng, 1, 2000) for _ in range(4)), strict=True)
    return rng.choice((",", ", ", " , ")).join(texts).encode(), values


def _gates(text: str) -> Any:
    first, _, second = text.partition(";")
    lines = [_points("--line", first, "1,2,3,4")]
    zones = [_points("--zone", second, "1,2,3,4,5,6")] if second else []
    return [tally.points for tally in Counting(lines, zones).tallies]


def _make_gates(rng: Random) -> tuple[bytes, Any]:
    x, y, w, h = (rng.randrange(5, 500) for _ in range(4))
    line, zone = ((x, y), (x + w, y + h)), ((x, y), (x + w, y), (x + w, y + h))
    text = ";".join(",".join(f"{a},{b}" for a, b in points) for points in (line, zone))
    return text.encode(), [line, zone]


def _settings(text: str) -> Any:
    changed = override(DIMP50, parse_settings(text.split("\n")))
    return json.dumps(to_json(changed))


def _others(text: str) -> Any:
    return {name: str(folder) for name, folder in parse_others(text.split("\n")).items()}


def _said(**message: Any) -> bytes:
    return json.dumps(message).encode()


_TARGETS = [{"id": None, "box": [1, 2, 3, 4]}, {"id": 3, "box": [1.5, 2, 3, 4]}]

TARGETS = (
    Target(
        name="messages of the live page",
        read=_message,
        samples=(
            *(_said(do=kind) for kind in ("play", "pause", "step", "shown")),
            *(_said(do="open", source="camera"), _said(do="choose", model="eco"), _said(do="seek", frame=7)),
            *(_said(do="leave", ids=[1, 2]), _said(do="inspect", on=True), _said(do="record", on=False)),
            _said(do="point", frame=3, targets=_TARGETS),
        ),
        make=_make_point,
        form="json",
        is_text=True,
    ),
    Target(
        name="pictures of the browser's camera",
        read=_camera,
        file="frame.jpg",
        samples=(picture("JPEG"),),
        make=_make_jpeg,
        form="binary",
        names_itself=False,
    ),
    Target(name="--box", read=_box, samples=(b"120,80,60,40", b"1.5,2,3e1,4"), make=_make_box, is_text=True),
    Target(
        name="--line and --zone",
        read=_gates,
        samples=(b"100,300,500,300;100,100,400,100,400,300", b"1,2,3,4"),
        make=_make_gates,
        is_text=True,
    ),
    Target(
        name="--set",
        read=_settings,
        samples=(
            b"memory.size=100",
            b"memory.size=20\nmemory.learning_rate=0.02",
            b"localization.lost_below=0.1",
        ),
        is_text=True,
    ),
    Target(
        name="--frames",
        read=parse_frames,
        samples=(b"30", b"none"),
        is_text=True,
    ),
    Target(name="--also", read=_others, samples=(b"MEEM=results/MEEM\nECO=eco",), is_text=True),
)
