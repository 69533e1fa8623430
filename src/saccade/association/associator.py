"""The associations of the package `trackers` behind one face: what is found, with identities over time."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
import supervision as sv

from saccade.association.snapshot import kept, restored
from saccade.core import ConfigError, Frame, Instances, MissingExtraError
from saccade.core.errors import did_you_mean
from saccade.core.instances import NOBODY
from saccade.core.timing import FPS, VideoClock

ASSOCIATORS: Mapping[str, str] = MappingProxyType(
    {
        "bytetrack": "ByteTrackTracker",
        "ocsort": "OCSORTTracker",
        "sort": "SORTTracker",
        "botsort": "BoTSORTTracker",
    }
)
"""what `Associator.of` takes, and what the package calls it"""
_KINDS = (bool, int, float, str)
"""of settings; what else the package takes are classes of its own"""
_SURE = ("track_activation_threshold", "high_conf_det_threshold")
"""settings that say from which score on something may begin a track"""
_TWO_STAGES = ("bytetrack", "botsort")
"""go on with a track by what is not sure enough to begin one"""
_LEAST = 0.1
"""score from which on they do so in their papers, so that no detector is asked for less"""


class Associator:
    """Follows what is found through one video; for another video, make another one.

    Only boxes, scores and time count: whatever else is known of the rows rides along, classes too.

    - `sort` (arXiv 1602.00763): by overlap with where a track is expected.
    - `bytetrack` (arXiv 2110.06864): as that; first what is sure, then what is not.
    - `ocsort` (arXiv 2203.14360): with the direction of motion, and from where a track was last seen.
    - `botsort` (arXiv 2206.14651): as `bytetrack`, with the motion of the camera taken out of it; without a
      network that tells people apart by their looks.

    Attributes:
        settings: what it works with, those that were left as they are included.
        sure: score from which on something may begin a track.
        least: lowest score that it has a use for; a detector that is asked for less only takes longer.
    """

    def __init__(self, name: str, tracker: Any, settings: Mapping[str, Any], fps: float | int | None) -> None:
        self.settings = settings
        self.sure: float = max(settings[key] for key in _SURE if key in settings)
        self.least: float = min(_LEAST, self.sure) if name in _TWO_STAGES else self.sure
        self._tracker = tracker
        self._clock, self._now = VideoClock(fps), 0.0
        self._sees = getattr(tracker, "enable_cmc", False)

    @classmethod
    def of(
        cls, name: str, *, fps: float | int | None = None, sure: float | None = None, **settings: Any
    ) -> "Associator":
        """The association of that name.

        Args:
            name: one of `ASSOCIATORS`.
            fps: frames per second of the video, on which depends for how many frames a track is remembered.
            sure: score from which on something may begin a track; what the package takes when None, which is
                meant for detectors: 0.6 and 0.7, for `sort` 0.25.
            settings: what the package's class takes, as it is or as text: `minimum_consecutive_frames=3`.

        Raises:
            ConfigError: for an unknown name or setting, or a value of the wrong kind.
            MissingExtraError: when the package is not installed.
        """
        if name not in ASSOCIATORS:
            raise ConfigError(f"no association '{name}'; {did_you_mean(name, ASSOCIATORS)}")
        try:
            make: Callable[..., Any] = getattr(import_module("trackers"), ASSOCIATORS[name])
        except ModuleNotFoundError:
            raise MissingExtraError.of("trackers", "mot") from None
        values = _values(name, make, settings, sure)
        try:
            return cls(name, make(frame_rate=float(fps or FPS), **values), values, fps)
        except ValueError as error:
            raise ConfigError(f"{name}: {error}") from None

    def state_dict(self) -> dict[str, Any]:
        """What it remembers, as tensors and JSON values."""
        last = None if self._clock.last is None else list(self._clock.last)
        return {"tracks": kept(self._tracker), "now": self._now, "last": last}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where another one of the same name and settings stood."""
        restored(state["tracks"], self._tracker)
        self._now = float(state["now"])
        self._clock.last = None if state["last"] is None else (state["last"][0], state["last"][1])

    def update(self, found: Instances, frame: Frame | None = None) -> Instances:
        """The same rows in the same order, with `ids`: numbers from 0, which never change their meaning.

        `NOBODY` is the id of a row that belongs to no track, or to one that has not been seen often enough to
        be trusted: `found[found.ids != NOBODY]` are the others.

        Args:
            found: what is in the next frame; where it has a time, tracks move on by that.
            frame: the picture, in which `botsort` sees how the camera moves; the others have no use for it.
        """
        self._now += self._clock.tick(found.frame, found.time)
        rows = sv.Detections(
            xyxy=found.boxes.astype(np.float64),
            confidence=found.scores.astype(np.float64),
            data={"row": np.arange(len(found))},
        )
        tracked = self._tracker.update(
            rows,
            # OpenCV's order of colours
            frame=frame.image[..., ::-1] if frame is not None and self._sees else None,
            timestamp=None if found.time is None else self._now,
        )
        ids = np.full(len(found), NOBODY)
        if len(tracked):
            ids[tracked.data["row"]] = tracked.tracker_id
        return replace(found, ids=ids)


def _values(
    name: str, make: Callable[..., Any], settings: Mapping[str, Any], sure: float | None
) -> dict[str, Any]:
    """All settings, those that are given as values of the kind that their defaults have.

    Raises:
        ConfigError: for one that there is not, or a value of another kind.
    """
    defaults = {
        key: parameter.default
        for key, parameter in inspect.signature(make).parameters.items()
        if isinstance(parameter.default, _KINDS) and key != "frame_rate"
    }
    values = dict(defaults) if sure is None else defaults | {key: sure for key in _SURE if key in defaults}
    for key, value in settings.items():
        if key not in defaults:
            raise ConfigError(f"{name} has no setting '{key}'; {did_you_mean(key, defaults)}")
        values[key] = _value(f"{name}: {key}", value, type(defaults[key]))
    return values


def _value(what: str, value: Any, kind: type) -> Any:
    words = {"true": True, "false": False}
    try:
        return words[str(value).lower()] if kind is bool else kind(value)
    except (ValueError, TypeError, KeyError):
        raise ConfigError(f"{what} is {value!r}; give a value such as {kind.__name__} has") from None
