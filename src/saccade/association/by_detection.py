"""Tracking by detection: a detector and an association, as one model that finds and follows everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from saccade.association.associator import Associator
from saccade.core import ConfigError, Frame, Instances, Status, Stopwatch, TargetError, Targets
from saccade.core.config import to_json
from saccade.core.errors import did_you_mean, warn
from saccade.core.frame import ColorOrder
from saccade.core.instances import NOBODY
from saccade.core.model import Detect
from saccade.online.run import check_model

_NOT_SETTINGS = frozenset(("name", "sure", "fps", "threshold", "classes", "detector", "associate"))
"""what is said beside settings, and is none"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationConfig:
    """How what is found becomes tracks."""

    name: str
    """who says who is who: one of `ASSOCIATORS`"""
    threshold: float
    """score from which on something may begin a track"""
    classes: tuple[str, ...] | None
    """names of what is followed; None for everything"""
    fps: float | None
    """frames per second where frames have no time; None where nobody knows"""
    settings: Mapping[str, Any]
    """those of the association, the ones that were left as they are included"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingByDetectionConfig:
    """Settings of a detector and of the association of what it finds."""

    detector: Any
    """the detector's own configuration; None where it has none"""
    association: AssociationConfig
    """who is who"""


@dataclass(frozen=True, slots=True, eq=False)
class TrackingByDetection:
    """A `Model` that finds things by itself and tells from frame to frame who is who.

    Attributes:
        name: of the detector and of the association.
        config: the frozen configuration.
        detector: what finds.
    """

    name: str
    config: TrackingByDetectionConfig
    detector: Detect = field(repr=False)

    @classmethod
    def of(
        cls,
        detector: Detect,
        associate: str = "bytetrack",
        *,
        threshold: float | None = None,
        classes: Sequence[str] | None = None,
        fps: float | int | None = None,
        **settings: Any,
    ) -> "TrackingByDetection":
        """A detector whose finds get identities.

        What is hardly seen is often somebody who was seen well a moment ago, so let the detector report
        more than is to be followed: `saccade.load(NAME, settings={"threshold": 0.1})`.

        Args:
            detector: says what is in each of several frames, as every detector of saccade that is called
                with them.
            associate: one of `ASSOCIATORS`.
            threshold: score from which on something may begin a track; the association's own when None.
            classes: names of what is to be followed; everything when None.
            fps: frames per second, where frames have no time.
            settings: further ones of the association, such as `lost_track_buffer=60`; see `Associator.of`.

        Raises:
            ConfigError: for an unknown association, setting or class.
            MissingExtraError: when the package `trackers` is not installed.
        """
        # made once to know that it can be, and with which settings
        associator = associator_of(associate, threshold=threshold, fps=fps, settings=settings)
        theirs = getattr(detector, "config", None)
        _check_classes(classes, getattr(getattr(theirs, "network", None), "classes", None))
        name = getattr(detector, "name", type(detector).__name__)
        if (theirs_from := getattr(theirs, "threshold", 0.0)) > associator.least:
            warn(
                f"{name} leaves out what scores under {theirs_from:g}, and {associate} has a use for "
                f"all from {associator.least:g} on; load it with "
                f"settings={{'threshold': {associator.least:g}}}"
            )
        config = AssociationConfig(
            name=associate,
            threshold=associator.sure,
            classes=None if classes is None else tuple(classes),
            fps=None if fps is None else float(fps),
            settings=associator.settings,
        )
        whole = TrackingByDetectionConfig(detector=theirs, association=config)
        return cls(f"{name}+{associate}", whole, detector)

    def start(self, *, seed: int = 0) -> "TrackingByDetectionRun":
        """Begins a pass over a video; nothing is drawn at random, whatever the seed."""
        return TrackingByDetectionRun(self)


class TrackingByDetectionRun:
    """A pass over a video: what is found in each frame, and who it is.

    Rows are those that belong to a track, whose ids are numbers from 0 and whose status is tracked; and those
    that are sure enough to begin one but have not been seen often enough to be trusted, whose id is `NOBODY`
    and whose status is uncertain.
    """

    def __init__(self, model: TrackingByDetection) -> None:
        config = model.config.association
        self._model = model
        self._associator = Associator.of(config.name, fps=config.fps, **config.settings)
        self._next_frame = 0

    def step(self, frame: Any, targets: Targets | None = None, *, color: ColorOrder = "rgb") -> Instances:
        """What is in the next frame, and who it is.

        Raises:
            FrameError: when `frame` is no picture.
            TargetError: when targets are given: all that is found is followed.
        """
        if targets is not None and (len(targets.boxes) or targets.drop):
            raise TargetError(
                f"'{self._model.name}' finds by itself what it follows; leave the targets out, or take a "
                f"tracker"
            )
        looked_at = Frame.of(frame, index=self._next_frame, color=color)
        (found,) = self._model.detector([looked_at])
        return self.identify(found, looked_at)

    def identify(self, found: Instances, frame: Frame | None = None) -> Instances:
        """The second half of a step: who is who of what a detector has found in the next frame.

        Whoever asks the detector about several frames at once calls this for each of them, in order.

        Args:
            found: all that it has found, however unsure.
            frame: the picture, in which `botsort` sees how the camera moves.
        """
        stopwatch = Stopwatch()
        with stopwatch.stage("associate"):
            rows = self._associator.update(self._wanted(found), frame)
        assert rows.ids is not None
        is_somebody = rows.ids != NOBODY
        status = np.where(is_somebody, Status.TRACKED.value, Status.UNCERTAIN.value)
        timings = {**found.timings, **stopwatch.take()}
        self._next_frame = found.frame + 1
        return replace(rows, status=status, timings=timings)[
            is_somebody | (rows.scores >= self._associator.sure)
        ]

    def _wanted(self, found: Instances) -> Instances:
        """What may be somebody: of the classes that are followed, and with an area."""
        classes = self._model.config.association.classes
        found = found[np.all(found.boxes[:, 2:] > found.boxes[:, :2], axis=1)]
        if classes is None:
            return found
        return found[np.zeros(len(found), bool) if found.names is None else np.isin(found.names, classes)]

    def state_dict(self) -> dict[str, Any]:
        """What the run remembers, ready for `torch.save`."""
        config = to_json(self._model.config)
        state = {"model": self._model.name, "config": config, "next_frame": self._next_frame}
        return {**state, "association": self._associator.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where the run stood whose `state_dict` this is.

        Raises:
            ModelError: when it is a run of another model, or of the same one with other settings.
        """
        check_model(state, self._model.name, to_json(self._model.config))
        self._next_frame = int(state["next_frame"])
        self._associator.load_state_dict(state["association"])


def associator_of(
    name: str,
    *,
    threshold: float | None = None,
    fps: float | int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Associator:
    """The association of that name; see `TrackingByDetection.of`.

    Raises:
        ConfigError: for an unknown association or setting.
        MissingExtraError: when the package `trackers` is not installed.
    """
    changes = dict(settings or {})
    for key in _NOT_SETTINGS & changes.keys():
        raise ConfigError(f"{name} has no setting '{key}'; take its threshold, or another association")
    return Associator.of(name, fps=fps, sure=threshold, **changes)


def _check_classes(wanted: Sequence[str] | None, known: Sequence[str] | None) -> None:
    """Refuses classes that the detector does not know, where it says what it knows."""
    if wanted is None:
        return
    if not wanted:
        raise ConfigError("no class is named that should be followed; leave classes out to follow everything")
    for name in wanted:
        if known is not None and name not in known:
            raise ConfigError(f"the detector knows no class '{name}'; {did_you_mean(name, known)}")
