"""Pose estimators that look at one person at a time, and the detectors that are found for them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import saccade
from saccade.core import Frame, Instances, ModelError, WeightsError
from saccade.pose.model import PeopleFinder, TopDown
from saccade.zoo import entry
from saccade.zoo.joining import DEFAULT_DETECTORS, joined

FRAME = np.zeros((40, 40, 3), np.uint8)
SMALL = {"size": (64, 64), "network.features": 8, "network.stem": (8, 8), "flip_test": False}
Load = Callable[..., Any]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path))
    return tmp_path


def hourglass(**options: Any) -> Any:
    return saccade.load("hourglass1", weights=None, device="cpu", settings=SMALL, **options)


class Finding:
    """A detector that finds nobody."""

    def __init__(self, name: str, classes: tuple[str, ...] = ("person", "dog")) -> None:
        self.name = name
        self.config = SimpleNamespace(network=SimpleNamespace(classes=classes))

    def __call__(self, frames: list[Frame]) -> list[Instances]:
        return [Instances.empty(frame=frame.index) for frame in frames]


def test_where_no_weights_are_there_is_no_detector(store: Path) -> None:
    for model in (hourglass(), hourglass(detector="auto"), hourglass(detector=None)):
        assert isinstance(model, TopDown) and model.detector is None
    with pytest.raises(ModelError, match=r"load it with detector=NAME, such as fasterrcnn_resnet50_fpn"):
        hourglass()(FRAME)


def test_a_detector_that_is_there_already_is_taken() -> None:
    detector = Finding("mine")
    model = hourglass(detector=detector)
    assert model.detector is detector
    assert len(model(FRAME)) == 0


@pytest.mark.parametrize("kept", [(0, 2), (1, 4), (3,), (4,)], ids=str)
def test_the_first_whose_weights_are_here_is_taken(store: Path, kept: tuple[int, ...]) -> None:
    for index in kept:
        weights = entry(DEFAULT_DETECTORS[index]).weights
        assert weights is not None
        (store / f"{weights.key}.safetensors").touch()
    model: Any = joined(hourglass(detector=None), "auto", Finding)  # type: ignore[arg-type]
    assert model.detector.name == DEFAULT_DETECTORS[kept[0]]
    with pytest.raises(WeightsError):
        hourglass()  # the file is empty


def test_defaults_find_people() -> None:
    assert [entry(name).task for name in DEFAULT_DETECTORS] == ["pose", *["detect"] * 4]


def test_detectors_by_name_need_their_weights(store: Path) -> None:
    with pytest.raises(WeightsError, match="'fasterrcnn_resnet50_fpn' needs the weights"):
        hourglass(detector="fasterrcnn_resnet50_fpn")
    with pytest.raises(ModelError, match="'fasterrcnn_resnet'"):
        hourglass(detector="fasterrcnn_resnet")


@pytest.mark.parametrize("name", ["eco", "still", "lwl"])
def test_what_finds_nobody_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match=f"'{name}' cannot say where people are; name a detector, such as"):
        hourglass(detector=name)


def test_neither_does_another_that_looks_at_one_person_at_a_time() -> None:
    with pytest.raises(ModelError, match="'hourglass1' cannot say where people are"):
        joined(hourglass(), "hourglass1", lambda name: hourglass())


@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(ModelError, match="got 3 as a detector; give a name, such as"):
        hourglass(detector=3)


def test_a_detector_must_know_what_is_looked_at() -> None:
    with pytest.raises(ModelError, match="looks at what is called 'person', which 'cars' does not find"):
        hourglass(detector=Finding("cars", ("car",)))
    horses = saccade.load(
        "hourglass1",
        weights=None,
        device="cpu",
        settings={**SMALL, "subject": "horse"},
        detector=Finding("horses", ("horse",)),
    )
    assert isinstance(horses, TopDown) and horses.detector is not None


def test_models_that_need_no_detector_take_none() -> None:
    small = {"size": 64}
    model = saccade.load("openpose_light", weights=None, device="cpu", settings=small)
    assert isinstance(model, PeopleFinder)
    with pytest.raises(ModelError, match="'openpose_light' needs no detector; leave it out"):
        saccade.load("openpose_light", weights=None, device="cpu", settings=small, detector=Finding("mine"))
    with pytest.raises(ModelError, match="'still' needs no detector"):
        saccade.load("still", detector="fasterrcnn_resnet50_fpn")
