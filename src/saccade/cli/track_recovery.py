"""`saccade track --box --detector`: targets that were lost are looked for among what a detector finds."""

import math
from typing import TYPE_CHECKING, Any

from saccade.cli.detect import labels_of, load_detector
from saccade.cli.options import PrecisionChoice
from saccade.cli.track_found import FoundOptions, check_threshold
from saccade.core import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from saccade.core import Frame, Instances
    from saccade.online.recovery import Recovered, Recovering

LEAST = 0.3
"""score from which on something is a candidate, where --threshold does not say; the tracker says who it is"""
_OF_ALL = ("associate", "associate_set", "line", "zone", "anchor", "batch")
"""options that are for following everything"""


def recovering(
    model: Any,
    found: FoundOptions,
    device: str,
    precision: PrecisionChoice,
    tell: "Callable[[Recovered], None]",
) -> "tuple[Recovering, dict[str, Any]]":
    """The tracker with what finds candidates at its side, and what `run.json` says of that."""
    for name in _OF_ALL:
        if getattr(found, name) not in (None, []):
            raise ConfigError(
                f"--{name.replace('_', '-')} is for following everything; leave it out, or leave --box and "
                "--mask out"
            )
    from saccade.online.recovery import Recovering, Recovery

    detector, about = _detector(found, device, precision)
    recovery = Recovery()
    return Recovering(model, detector, recovery, tell), {**about, "recovery": recovery}


def _detector(
    found: FoundOptions, device: str, precision: PrecisionChoice
) -> "tuple[Callable[[list[Frame]], list[Instances]], dict[str, Any]]":
    """What finds candidates, and what it is called."""
    # scores of others are of any scale
    least = found.threshold if found.threshold is not None else -math.inf if found.detections else LEAST
    find: Any
    about: dict[str, Any]
    if found.detections is not None:
        if found.detector is not None:
            raise ConfigError("--detections takes the place of a detector; leave one of them out")
        from saccade.deploy.given_detections import read_detections

        find = read_detections(found.detections)
        names, about = find.classes, {"detections": found.detections}
        if found.classes is not None and not names:
            raise ConfigError(f"{found.detections} does not say what anything is; leave --classes out")
    else:
        assert found.detector is not None
        check_threshold(found.threshold)
        find, _, weights, _ = load_detector(found.detector, None, least, device, precision, None)
        names, about = find.config.network.classes, {"detector": found.detector, "detector_weights": weights}
    labels = labels_of(found.classes, names)
    wanted = None if labels is None else [names[label] for label in labels]

    def candidates(frames: "list[Frame]") -> "list[Instances]":
        return [_kept(each, least, wanted) for each in find(frames)]

    return candidates, about


def _kept(found: "Instances", least: float, names: list[str] | None) -> "Instances":
    import numpy as np

    keep = found.scores >= least
    if names is not None and found.names is not None:
        keep &= np.isin(found.names, names)
    return found[keep]
