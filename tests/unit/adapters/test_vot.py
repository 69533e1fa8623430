"""saccade under the VOT toolkit, with stand-ins for the toolkit and for TraX."""

import pickle
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

import saccade
from saccade.adapters.vot import VOTTracker, load_tracker, serve
from saccade.core import ConfigError, Instances, MissingExtraError, ModelError, TargetError
from saccade.core.instances import id_array
from tests.unit.adapters.recorder import IMAGE

HEIGHT, WIDTH = IMAGE.shape[:2]
BOX = (10.0, 12.0, 20.0, 8.0)


class StillMask:
    """A model that answers the masks that it was given, and the boxes of those that came as boxes."""

    name, config = "still-mask", None

    def start(self, *, seed=0):
        return self

    def __init__(self) -> None:
        self.masks: dict[int, np.ndarray] = {}

    def step(self, frame, targets=None, *, color="rgb"):
        if targets is not None:
            boxes = targets.on_frame(frame.size_wh, "here").astype(int)
            for row, target in enumerate(targets.ids):
                mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
                x, y, w, h = boxes[row]
                mask[y : y + h, x : x + w] = True
                self.masks[target] = mask if targets.masks is None else targets.masks[row]
        # not in the order in which they came
        ids = list(self.masks)[::-1]
        return Instances(
            boxes=np.array([[target, 0.0, target + 4.0, 4.0] for target in ids]),
            scores=np.array([0.5 + target / 10 for target in ids]),
            ids=id_array(ids),
            masks=np.array([self.masks[target] for target in ids]),
            frame=frame.index,
        )


@pytest.fixture
def picture(tmp_path: Path) -> str:
    file = tmp_path / "00000001.png"
    cv2.imwrite(str(file), IMAGE)
    return str(file)


def still() -> VOTTracker:
    return VOTTracker(saccade.load("still"))


def test_targets_are_answered_in_the_order_in_which_they_came(picture):
    tracker = still()
    assert tracker.multiobject
    first = tracker.init(picture, [(BOX, {}), ((1.0, 2.0, 3.0, 4.0), {})])
    assert first == [(BOX, {"confidence": 1.0}), ((1.0, 2.0, 3.0, 4.0), {"confidence": 1.0})]
    regions = [region for region, _ in tracker.update(picture, [((5.0, 6.0, 7.0, 8.0), {})])]
    assert regions == [BOX, (1.0, 2.0, 3.0, 4.0), (5.0, 6.0, 7.0, 8.0)]
    assert [type(value) for region in regions for value in region] == [float] * 12
    assert len(tracker.update(picture, [])) == 3


def test_a_sequence_begins_anew(picture):
    tracker = still()
    tracker.init(picture, [(BOX, {}), (BOX, {})])
    assert [region for region, _ in tracker.init(picture, [((1.0, 2.0, 3.0, 4.0), {})])] == [
        (1.0, 2.0, 3.0, 4.0)
    ]


@pytest.mark.parametrize(
    "region",
    [
        BOX,
        [(10.0, 14.0), (18.0, 12.0), (30.0, 20.0), (12.0, 18.0)],
        # cut off behind the object, as the toolkit's masks are
        np.pad(np.ones((8, 20), np.uint8), ((12, 0), (10, 0))),
    ],
    ids=["rectangle", "polygon", "mask"],
)
def test_every_form_of_region_is_understood(picture, region):
    ((box, _),) = still().init(picture, [(region, {})])
    assert box == BOX


def test_a_target_may_come_without_a_list_around_it(picture):
    assert still().init(picture, (BOX, {}))[0][0] == BOX


def test_channels_are_taken_instead_of_a_file():
    frame = {"depth": np.zeros((HEIGHT, WIDTH), np.uint8), "color": IMAGE}
    assert still().init(frame, [(BOX, {})])[0][0] == BOX


def test_masks_are_answered_as_rows_that_can_be_sent(picture):
    tracker = VOTTracker(StillMask())
    answers = tracker.init(picture, [(BOX, {}), ((0.0, 0.0, 2.0, 1.0), {})])
    assert [facts["confidence"] for _, facts in answers] == [0.5, 0.6]
    sent = pickle.loads(pickle.dumps(answers[0][0]))
    # what version 0.9 of the toolkit asks of a mask, and what it then does with it
    assert isinstance(sent, list)
    assert all(isinstance(row, list) for row in sent)
    pixels = sent.astype(np.uint8)
    assert pixels.shape == (HEIGHT, WIDTH)
    assert (pixels.sum(), pixels[12, 10], pixels[11, 10]) == (160, 1, 0)


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ([((3.0, 4.0), {})], "expected a box x,y,w,h, a polygon or a mask"),
        ([(BOX, {}), (np.ones((4, 4), np.uint8), {})], "masks and boxes at once"),
        ([((500.0, 0.0, 5.0, 5.0), {})], "lies outside the frame"),
    ],
)
def test_what_is_no_region_is_refused(picture, new, message):
    with pytest.raises(TargetError, match=message):
        still().init(picture, new)


def test_init_comes_first(picture):
    with pytest.raises(TargetError, match="must call init before update"):
        still().update(picture, [])


def test_a_model_must_answer_about_every_target(picture):
    class Forgetful(StillMask):
        def step(self, frame, targets=None, *, color="rgb"):
            return super().step(frame, targets)[:1]

    with pytest.raises(ModelError, match="still-mask answered nothing about target 0"):
        VOTTracker(Forgetful()).init(picture, [(BOX, {}), (BOX, {})])


def test_the_toolkit_loads_by_texts(picture):
    tracker = load_tracker("still", seed="3", settings="confidence=0.25", device="cpu", weights="none")
    tracker.init(picture, [(BOX, {})])
    assert tracker.update(picture, []) == [(BOX, {"confidence": 0.25})]


@pytest.mark.parametrize("wrong", [{"seed": "one"}, {"settings": "confidence"}, {"settings": "it's=1"}])
def test_texts_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ConfigError, match=r"trackers\.ini: expected arg_seed = N and arg_settings"):
        load_tracker("still", **wrong)


class FakeRegion:
    """A region of TraX."""

    RECTANGLE, POLYGON, MASK = "rectangle", "polygon", "mask"

    def __init__(self, kind: str, content: Any, offset: tuple[int, int] = (0, 0)) -> None:
        self.type, self.content, self._offset = kind, content, offset

    @classmethod
    def create(cls, *content, x=0, y=0):
        return cls("made", content, (x, y))

    def bounds(self):
        return self.content

    def array(self):
        return self.content

    def offset(self):
        return self._offset

    def __iter__(self):
        return iter(self.content)


@pytest.fixture
def trax(monkeypatch):
    """A TraX whose client asks what stands in `requests`, and keeps what it is answered in `answers`."""
    fake: Any = ModuleType("trax")
    fake.requests, fake.answers = [], []
    fake.TraxStatus = SimpleNamespace(INITIALIZE="initialize", FRAME="frame", QUIT="quit")
    fake.Image = SimpleNamespace(PATH="path")

    class Server:
        def __init__(self, regions, images, channels, tracker_name, multiobject):
            fake.said = (regions, images, channels, tracker_name, multiobject)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return False

        def wait(self):
            return fake.requests.pop(0) if fake.requests else SimpleNamespace(type="quit")

        def status(self, objects):
            fake.answers.append(objects)

    fake.Server = Server
    image, region = ModuleType("trax.image"), ModuleType("trax.region")
    image.ImageChannel = SimpleNamespace(COLOR="color")
    region.Region = region.Mask = region.Rectangle = FakeRegion
    for name, module in {"trax": fake, "trax.image": image, "trax.region": region}.items():
        monkeypatch.setitem(sys.modules, name, module)
    return fake


def request(kind: str, file: str, *regions: FakeRegion) -> SimpleNamespace:
    image = {"color": SimpleNamespace(path=lambda: file)}
    return SimpleNamespace(type=kind, image=image, objects=[(region, {}) for region in regions] or None)


def test_trax_is_answered_boxes(trax, picture):
    trax.requests = [
        request("initialize", picture, FakeRegion("rectangle", BOX)),
        request("frame", picture, FakeRegion("polygon", [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)])),
        request("frame", picture),
        request("initialize", picture, FakeRegion("rectangle", (1.0, 2.0, 3.0, 4.0))),
    ]
    serve(saccade.load("still"))
    assert trax.said == (["rectangle"], ["path"], ["color"], "still", True)
    boxes = [[region.content for region, _ in objects] for objects in trax.answers]
    assert boxes == [[BOX], [BOX, (0, 0, 4, 4)], [BOX, (0, 0, 4, 4)], [(1, 2, 3, 4)]]
    assert trax.answers[0][0][1] == {"confidence": 1.0}


@pytest.mark.parametrize(
    ("offset", "pixels", "corner", "size"),
    [
        ((10, 12), np.ones((8, 20)), (10, 12), (8, 20)),
        ((-2, -3), np.ones((8, 20)), (0, 0), (5, 18)),
        ((50, 40), np.ones((20, 30)), (50, 40), (8, 14)),
    ],
    ids=["inside", "beyond the left upper corner", "beyond the right lower corner"],
)
def test_trax_is_answered_masks(trax, picture, offset, pixels, corner, size):
    trax.requests = [request("initialize", picture, FakeRegion("mask", pixels.astype(np.uint8), offset))]
    serve(StillMask(), regions="mask")
    assert trax.said[0] == ["mask"]
    (((region, _),),) = trax.answers
    assert region.offset() == corner
    assert (region.content[0].shape, region.content[0].min(), region.content[0].dtype) == (size, 1, np.uint8)


def test_trax_asks_no_masks_of_a_model_that_answers_boxes(trax, picture):
    trax.requests = [request("initialize", picture, FakeRegion("mask", np.ones((8, 20), np.uint8)))]
    with pytest.raises(ModelError, match="masks were asked for, but this model answers boxes"):
        serve(saccade.load("still"), regions="mask")


def test_trax_names_its_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "trax", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'saccade\[vot\]'"):
        serve(saccade.load("still"))
