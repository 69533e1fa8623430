"""What the page says to the server, and how it is told what was found."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from saccade.core import FrameError, Instances, SaccadeError, SourceError, TargetError
from saccade.core.errors import InputError, ModelError
from saccade.core.targets import TargetId, check_box
from saccade.live.pointing import Box
from saccade.online.insight import Insight

_SPEAKABLE = {TargetError, FrameError, ModelError, InputError}
"""errors that name no file of the server's; not those derived of them"""
_LARGEST_MAP = 96
"""cells along a side of a score map that is sent"""


@dataclass(frozen=True, slots=True)
class Open:
    """Look at another source: `camera`, `upload`, or a key of the menu."""

    source: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Go on with another model."""

    model: str


@dataclass(frozen=True, slots=True)
class Point:
    """Follow targets from a frame on, anew those that are followed already; (x, y, w, h) in its pixels."""

    frame: int
    boxes: tuple[tuple[TargetId | None, Box], ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """Follow some targets no longer."""

    ids: tuple[TargetId, ...]


@dataclass(frozen=True, slots=True)
class Play:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Stay at the frame that is shown."""


@dataclass(frozen=True, slots=True)
class Step:
    """Go on by one frame, and stay there."""


@dataclass(frozen=True, slots=True)
class Seek:
    """Stay at a frame that has been shown."""

    frame: int


@dataclass(frozen=True, slots=True)
class Inspect:
    """Tell what the tracker sees, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class Record:
    """Keep all frames of a live source, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame is on the screen."""


@dataclass(frozen=True, slots=True)
class Again:
    """Tell anew where things stand: the line was cut, and what was on its way is lost."""


Command = Open | Choose | Point | Leave | Play | Pause | Step | Seek | Inspect | Record | Shown | Again

_PLAIN: Mapping[str, Command] = {
    "play": Play(),
    "pause": Pause(),
    "step": Step(),
    "shown": Shown(),
    "again": Again(),
}


def parse(text: str) -> Command:
    """The command in a message.

    Raises:
        InputError: when it is none.
    """
    try:
        message = json.loads(text)
        kind = message["do"]
        if kind in _PLAIN:
            return _PLAIN[kind]
        match kind:
            case "open":
                return Open(_text(message["source"]))
            case "choose":
                return Choose(_text(message["model"]))
            case "point":
                boxes = tuple((_id(target["id"]), box_of(target["box"])) for target in message["targets"])
                return Point(_number(message["frame"]), boxes)
            case "leave":
                return Leave(tuple(_number(target) for target in message["ids"]))
            case "seek":
                return Seek(_number(message["frame"]))
            case "inspect":
                return Inspect(message["on"] is True)
            case "record":
                return Record(message["on"] is True)
    except InputError:
        raise
    # whatever JSON can be, deeply nested lists among it
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise InputError("the page has said something that cannot be understood; reload it")


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 500:
        raise TypeError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise TypeError
    return value


def _id(value: object) -> int | None:
    return None if value is None else _number(value)


def box_of(value: Any) -> Box:
    """The box (x, y, w, h) in a part of a message.

    Raises:
        TargetError: when it is none.
    """
    # letters, too, would be taken for numbers
    check_box(value if isinstance(value, list) else None, "the box")
    x, y, w, h = (float(number) for number in value)
    return x, y, w, h


def pack(header: Mapping[str, Any], picture: bytes = b"") -> bytes:
    """A message with a picture: the length of its header in four bytes, the header as JSON, the picture."""
    head = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return len(head).to_bytes(4) + head + picture


def speakable(error: SaccadeError, source: str) -> str:
    """What a visitor is told of an error: nothing of the server's files.

    Args:
        source: how visitors see what is looked at.
    """
    if type(error) in _SPEAKABLE:
        return str(error)
    if isinstance(error, SourceError):
        return f"{source} cannot be read, or no further; choose another one"
    return "this cannot be done here; whoever runs the server finds the reason in its log"


def told(found: Instances) -> list[dict[str, Any]]:
    """What was found, row by row, in as few numbers as the page needs to draw it."""
    rows: list[dict[str, Any]] = []
    for row, box in enumerate(found.xywh.round(2).tolist()):
        one: dict[str, Any] = {"box": box, "score": _short(float(found.scores[row]))}
        if found.ids is not None:
            one["id"] = found.ids[row]
        if found.status is not None:
            one["status"] = str(found.status[row])
        if found.names is not None:
            one["name"] = str(found.names[row])
        if found.masks is not None:
            one["outline"] = _outline(found.masks[row])
        if found.keypoints is not None:
            seen = (
                np.ones(found.keypoints.shape[1])
                if found.keypoint_scores is None
                else found.keypoint_scores[row]
            )
            one["points"] = np.column_stack([found.keypoints[row], seen]).round(2).tolist()
        rows.append(one)
    return rows


def edges(found: Instances) -> list[list[int]] | None:
    """Which key points belong together; None where there are none."""
    if found.skeleton is None:
        return None
    place = {name: index for index, name in enumerate(found.skeleton.points)}
    return [[place[a], place[b]] for a, b in found.skeleton.edges]


def _outline(mask: Any) -> list[list[list[int]]]:
    """The borders of a mask, as polygons."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1)
    return [contour[:, 0].tolist() for contour in contours if len(contour) > 2]


def seen(insights: Mapping[TargetId, Insight]) -> list[dict[str, Any]]:
    """What a tracker sees of its targets; score maps as bytes, from their lowest value to their highest."""
    rows = []
    for target, insight in insights.items():
        scores = insight.scores
        low, high = float(scores.min()), float(scores.max())
        shades = _shades(scores, low, high)
        rows.append(
            {
                "id": target,
                "region": [round(value, 1) for value in insight.region],
                "map": b64encode(shades.tobytes()).decode(),
                "size": [shades.shape[1], shades.shape[0]],
                "range": [_short(low), _short(high)],
                "loss": _short(insight.loss),
                "weights": [round(float(weight), 5) for weight in insight.weights],
                "newest": insight.newest,
                "stored": insight.stored,
            }
        )
    return rows


def _shades(scores: Any, low: float, high: float) -> Any:
    """A score map as bytes, made smaller where it is large."""
    shades = ((scores - low) * (255 / (high - low)) if high > low else 0 * scores).astype(np.uint8)
    if max(shades.shape) > _LARGEST_MAP:
        shades = cv2.resize(shades, (_LARGEST_MAP, _LARGEST_MAP), interpolation=cv2.INTER_AREA)
    return shades


def _short(value: float) -> float | None:
    """A number of a few digits; None for what JSON does not know."""
    return float(f"{value:.5g}") if np.isfinite(value) else None
