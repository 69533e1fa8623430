"""What every detector of the zoo keeps to. A new row of the catalogue needs no line here."""

import io
import json
import pickle
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torchvision.models.resnet import Bottleneck

import saccade
from saccade.core import Frame, FrameError, Instances, Model, ModelError, Run, TargetError, Targets
from saccade.core.config import override
from saccade.detectors.model import Detector
from saccade.zoo import CATALOG

DETECTORS = [row.name for row in CATALOG.values() if row.task == "detect"]
# one of each kind of network; the others differ from it in numbers alone, and are larger
QUICK = {
    "ssdlite320_mobilenet_v3_large",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "fcos_resnet50_fpn",
    "rfcn_resnet50",
    "yolox_nano",
}
LIGHT: dict[str, dict[str, Any]] = {
    "fasterrcnn": {"size": 96, "max_size": 160},
    "retinanet": {"size": 96, "max_size": 160},
    "fcos": {"size": 96, "max_size": 160},
    "rfcn": {"size": 96, "max_size": 160},
    "yolox": {"size": 96},
    "ssd": {},
}
"""settings by the beginnings of names, under which pictures are small"""
ROUNDING = 2e-3
"""sums over a batch are taken in another order"""
STAGES = ["pre", "network", "post"]


def settings(name: str) -> dict[str, Any]:
    light = next(light for beginning, light in LIGHT.items() if name.startswith(beginning))
    # random networks are sure of nothing
    return {**light, "threshold": 0.0, "max_detections": 20}


def picture(seed: int = 0, size_wh: tuple[int, int] = (128, 96)) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    made = cv2.resize(noise, size_wh, interpolation=cv2.INTER_CUBIC)
    made.flags.writeable = False
    return made


def check(found: Instances, detector: Detector) -> None:
    """Whether a result is one that everything downstream can use."""
    assert np.isfinite(found.boxes).all() and np.isfinite(found.scores).all()
    assert (np.diff(found.scores) <= 0).all()
    assert found.labels is not None and found.names is not None
    classes = detector.config.network.classes
    assert found.names.tolist() == [classes[label] for label in found.labels]
    assert list(found.timings) == STAGES and all(spent >= 0 for spent in found.timings.values())
    json.dumps(found.to_coco())


def same(found: Instances, expected: Instances, tolerance: float = 0.0) -> None:
    """Whether the same is found; which of equally good boxes comes first is a matter of the last digit."""
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.scores, expected.scores, atol=tolerance)
    if not tolerance:
        np.testing.assert_array_equal(found.boxes, expected.boxes)
        np.testing.assert_array_equal(found.labels, expected.labels)


def tempered(detector: Detector) -> Detector:
    """The same of features that stay small: with norms that have learned nothing every block of a ResNet
    doubles them, and what 33 blocks come to proposes boxes without area alone."""
    with torch.no_grad():
        for block in detector.network.modules():
            if isinstance(block, Bottleneck):
                block.bn3.weight.mul_(0.2)
    device = torch.device("cpu")
    return Detector.of(detector.name, detector.config, detector.network, device=device, precision="float32")


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in DETECTORS],
)
def detector(request: pytest.FixtureRequest) -> Iterator[Any]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    name = request.param
    model: Any = saccade.load(name, weights=None, device="cpu", precision="float32", settings=settings(name))
    if name.startswith("rfcn"):
        model = tempered(model)
    yield model
    torch.set_num_threads(threads)


def test_a_detector_is_a_model_and_can_be_called(detector: Any) -> None:
    assert isinstance(detector, Model) and isinstance(detector, Detector)
    assert isinstance(detector.network, torch.nn.Module)
    found = detector(picture())
    check(found, detector)
    assert len(found) > 0
    assert ((found.boxes >= -1) & (found.boxes <= [129, 97, 129, 97])).all()


def test_the_same_frame_gives_the_same(detector: Any) -> None:
    same(detector(picture()), detector(picture()))


def test_a_run_numbers_its_frames(detector: Any) -> None:
    run = detector.start(seed=3)
    assert isinstance(run, Run)
    found = [run.step(picture(seed)) for seed in range(2)]
    assert [each.frame for each in found] == [0, 1]
    same(found[1], detector(picture(1)))
    at = run.step(Frame.of(picture(), index=7, time=0.5))
    assert (at.frame, at.time) == (7, 0.5)
    assert run.step(picture()).frame == 8


def test_the_state_of_a_run_is_saved_and_resumed(detector: Any) -> None:
    run, file = detector.start(), io.BytesIO()
    run.step(picture())
    torch.save(run.state_dict(), file)
    file.seek(0)
    resumed = detector.start()
    resumed.load_state_dict(torch.load(file, weights_only=True))
    assert resumed.step(picture()).frame == 1
    with pytest.raises(ModelError, match="is of a run of 'other'"):
        resumed.load_state_dict({**run.state_dict(), "model": "other"})


def test_a_batch_gives_what_its_frames_give(detector: Any) -> None:
    frames = [picture(0), picture(1, (60, 90)), picture(2), picture(3, (200, 40))]
    for index, (found, frame) in enumerate(zip(detector(frames), frames, strict=True)):
        check(found, detector)
        assert found.frame == index
        same(found, detector(frame), ROUNDING)
    assert detector([]) == []


def test_colours_may_be_swapped(detector: Any) -> None:
    same(detector(picture()[..., ::-1], color="bgr"), detector(picture()))
    same(detector.start().step(picture()[..., ::-1], color="bgr"), detector(picture()))


@pytest.mark.parametrize("kind", ["gray", "rgba", "16 bits", "strided"])
def test_kinds_of_frames(detector: Any, kind: str) -> None:
    frame = picture()
    made = {
        "gray": frame[..., 1],
        "rgba": np.dstack([frame, frame[..., :1]]),
        "16 bits": frame.astype(np.uint16) * 257,
        "strided": frame[:, ::-1],
    }[kind]
    check(detector(made), detector)


@pytest.mark.parametrize("size_wh", [(1, 1), (3, 200), (640, 2)])
def test_odd_sizes(detector: Any, size_wh: tuple[int, int]) -> None:
    check(detector(picture(0, size_wh)), detector)


@pytest.mark.parametrize(
    "frame", [np.zeros((0, 8, 3), np.uint8), np.random.rand(8, 8, 3), torch.rand(3, 8, 8), None], ids=type
)
def test_what_is_no_picture_is_refused(detector: Any, frame: Any) -> None:
    with pytest.raises(FrameError, match="expected"):
        detector(frame)
    with pytest.raises(FrameError, match="frame 1: "):
        detector([picture(), frame])


def test_floats_up_to_255_are_refused_by_the_network(detector: Any) -> None:
    with pytest.raises(FrameError, match="divide it by 255"):
        detector.network.eval()([255 * torch.rand(3, 64, 64)])
    with pytest.raises(FrameError, match="values from nan to nan"):
        detector.network.eval()([torch.full((3, 64, 64), torch.nan)])


def test_nothing_is_followed(detector: Any) -> None:
    with pytest.raises(TargetError, match="finds things by itself"):
        detector.start().step(picture(), Targets(boxes=[(1, 1, 9, 9)]))


def test_a_higher_threshold_finds_fewer(detector: Any) -> None:
    found = detector(picture())
    middle = float(np.median(found.scores))
    config = override(detector.config, {"threshold": middle})
    torch.manual_seed(0)
    other = saccade.load(
        detector.name,
        weights=None,
        device="cpu",
        precision="float32",
        settings={**settings(detector.name), "threshold": middle},
    )
    assert other.config == config
    assert (other(picture()).scores > middle).all()


def test_a_model_survives_pickling(detector: Any) -> None:
    same(pickle.loads(pickle.dumps(detector))(picture()), detector(picture()))


def test_frames_of_nothing_are_fine(detector: Any) -> None:
    for level in (0, 255):
        check(detector(np.full((96, 128, 3), level, np.uint8)), detector)


@pytest.mark.gpu
@pytest.mark.parametrize("name", DETECTORS)
def test_a_gpu_finds_what_the_cpu_finds(name: str, device: torch.device) -> None:
    if device.type == "cpu":
        pytest.skip("give --device cuda to compare a GPU with the CPU")
    found = []
    for where in (torch.device("cpu"), device):
        torch.manual_seed(0)
        model: Any = saccade.load(
            name, weights=None, device=where, precision="float32", settings=settings(name)
        )
        found.append(model(picture()))
    np.testing.assert_allclose(found[0].scores, found[1].scores, atol=1e-2)
