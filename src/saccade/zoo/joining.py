"""A pose estimator that looks at one person at a time, joined with a detector that says where people are."""

from collections.abc import Callable
from typing import Any

from saccade.core import Model, ModelError
from saccade.core.model import Detect
from saccade.pose.model import TopDown
from saccade.weights import Store
from saccade.zoo.catalog import CATALOG

DEFAULT_DETECTORS = (
    "keypointrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
)
"""which detector is taken where none is named: the first whose weights are in the store"""
Load = Callable[[str], Model]


def joined(model: Model, wish: str | Detect | None, load: Load) -> Model:
    """The model with the detector that is wished for, if it needs one.

    Args:
        wish: see `saccade.load`.
        load: makes a detector, by its name.

    Raises:
        ModelError: for a model that needs no detector, a name of what is none, or a detector that does not
            know what the model looks at.
        WeightsError: when a detector that is named has no weights here.
    """
    if not isinstance(model, TopDown):
        if wish not in ("auto", None):
            raise ModelError(f"'{model.name}' needs no detector; leave it out")
        return model
    if wish == "auto":
        wish = next((name for name in DEFAULT_DETECTORS if _is_stored(name)), None)
    detector: Any = _named(wish, load) if isinstance(wish, str) else wish
    if detector is not None and not callable(detector):
        raise ModelError(f"got {detector!r} as a detector; give a name, such as {DEFAULT_DETECTORS[-1]}")
    _check_classes(model, detector)
    return model.with_detector(detector)


def _is_stored(name: str) -> bool:
    row = CATALOG.get(name)
    return row is not None and row.weights is not None and Store().find(row.weights.key) is not None


def _named(name: str, load: Load) -> Detect:
    if name not in CATALOG or CATALOG[name].task in ("detect", "pose"):
        made: Any = load(name)
        if callable(made) and not isinstance(made, TopDown):
            detect: Detect = made
            return detect
    raise ModelError(
        f"'{name}' cannot say where people are; name a detector, such as {DEFAULT_DETECTORS[-1]}"
    )


def _check_classes(model: TopDown, detector: Any) -> None:
    network = getattr(getattr(detector, "config", None), "network", None)
    classes = getattr(network, "classes", None)
    if classes is not None and model.config.subject not in classes:
        raise ModelError(
            f"'{model.name}' looks at what is called '{model.config.subject}', which '{detector.name}' does "
            f"not find; say what it is called with the setting subject, or take another detector"
        )
