"""Crops, jitter and transforms give the numbers of the original trainings."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from saccade.data.samples.augment import MASK_RCNN_COLORS, Affine, Changes, Colors, Joint, Roll, flip_box
from saccade.data.samples.crop import Crop
from saccade.data.samples.dice import Dice
from saccade.data.samples.jitter import Jitter

NAMES = re.compile(
    r"(?P<mode>sq|ad)_(?P<box>\d)_a(?P<area>[\d.]+)_"
    r"((?P<border>replicate|inside|inside_major)_m(?P<change>None|[\d.]+)_(?P<w>\d+)x(?P<h>\d+)_)?"
    r"(?P<what>image|mask|box|factor|cropbox)"
)

# bit by bit with the OpenCV that the numbers were made with; resizing and warping differ between its versions
PIXELS = 1


@pytest.fixture(scope="module")
def crops(training_golden: Path) -> dict[str, np.ndarray]:
    return dict(np.load(training_golden / "crops.npz"))


@pytest.fixture(scope="module")
def transforms(training_golden: Path) -> dict[str, np.ndarray]:
    return dict(np.load(training_golden / "transforms.npz"))


TOLERANCE = {"image": PIXELS, "box": 1e-3, "mask": 1e-5, "factor": 1e-12, "cropbox": 0}


@pytest.mark.parametrize(
    ("mode", "what"),
    [
        *(("sq", what) for what in ("image", "mask", "box", "factor")),
        *(("ad", what) for what in ("image", "mask", "box", "cropbox")),
    ],
)
def test_crops(crops, mode, what):
    rows = [(found, crops[name]) for name in crops if (found := NAMES.fullmatch(name))]
    rows = [(found, wanted) for found, wanted in rows if (found["mode"], found["what"]) == (mode, what)]
    assert len(rows) >= 12
    for found, wanted in rows:
        answer = _answer(found, crops)
        np.testing.assert_allclose(answer, wanted, rtol=0, atol=TOLERANCE[what], err_msg=found[0])


def _answer(found: re.Match[str], crops: dict[str, np.ndarray]) -> np.ndarray:
    height, width = crops["image"].shape[:2]
    around, target = (crops[f"{name}_boxes"][int(found["box"])] for name in ("extract", "gt"))
    crop = _crop(found)
    region = crop.region(around, (width, height))
    extent = np.array([region.x2 - region.x1, region.y2 - region.y1])
    if found["what"] == "image":
        return crop.cut(crops["image"], region).astype(int)
    if found["what"] == "mask":
        return crop.cut_mask(crops["mask"], region)
    if found["what"] == "box":
        return crop.to_crop(target, around, region)
    return crop.size_wh[0] / extent[0] if found["what"] == "factor" else np.array([*region[:2], *extent])


def _crop(found: re.Match[str]) -> Crop:
    if found["mode"] == "sq":
        return Crop(size_wh=(40, 40), area=float(found["area"]), mode="centred")
    change = None if found["change"] == "None" else float(found["change"])
    size_wh = int(found["w"]), int(found["h"])
    return Crop(size_wh=size_wh, area=float(found["area"]), mode=found["border"], max_scale_change=change)


STANDARD = {
    "std_train": (11, Jitter(centre=(3.0, 3.0), scale=0.25)),
    "std_test": (11, Jitter(centre=(4.5, 4.5), scale=0.5)),
    "lwl_gauss_train": (12, Jitter(centre=(3.0, 3.0), scale=0.25)),
    "lwl_gauss_test": (12, Jitter(centre=(5.5, 4.5), scale=0.5)),
    "lwl_uniform_train": (12, Jitter(centre=(3.0, 3.0), scale=0.25, scale_law="uniform")),
    "lwl_uniform_test": (12, Jitter(centre=(5.5, 4.5), scale=0.5, scale_law="uniform")),
}


@pytest.mark.parametrize("name", STANDARD)
def test_jitter(training_golden, name):
    values = np.load(training_golden / "jitter.npz")
    seed, jitter = STANDARD[name]
    boxes = np.repeat(values["box"][None], 5, axis=0)
    found = jitter(boxes, [(640, 480)] * 5, 5.0, Dice.of(seed).torch)
    np.testing.assert_allclose(found, values[name], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "jitter"),
    [
        ("kys_train", Jitter(centre=(3.0, 3.0), scale=0.25, min_inside=0.1)),
        ("kys_test", Jitter(centre=(4.5, 4.5), scale=0.3, min_inside=0.1, max_motion=2.5)),
    ],
)
def test_synthetic_motion(training_golden, name, jitter):
    values = np.load(training_golden / "jitter.npz")
    height, width = values["kys_image_hw"].tolist()
    boxes = values["kys_seq"]
    found = jitter(boxes, [(width, height)] * len(boxes), 5.0, Dice.of(13).torch)
    np.testing.assert_allclose(found, values[name], atol=1e-4)


AFFINE = {
    "lwl": Affine(rotation=15.0, scale=0.2),
    "full": Affine(flip=1.0, rotation=30.0, shear=0.2, scale=0.3, aspect=0.2, shift=0.5),
    "tamos": Affine(flip=0.5, rotation=1.0, scale=math.log(1.5), shift=0.5),
}


@pytest.mark.parametrize("name", AFFINE)
def test_affine_maps(transforms, name):
    matrix = AFFINE[name].matrix((80, 60), Dice.of(7).random)
    roll = Roll(matrix, 1.0, False)
    np.testing.assert_allclose(matrix, transforms[f"affine_{name}_matrix"], atol=1e-12)
    image = roll.on_pixels(transforms["image"]).astype(int)
    np.testing.assert_allclose(image, transforms[f"affine_{name}_image"], atol=PIXELS)
    np.testing.assert_array_equal(roll.on_mask(transforms["mask"]), transforms[f"affine_{name}_mask"])
    box = roll.on_box(transforms["box"], (80, 60))
    np.testing.assert_allclose(box, transforms[f"affine_{name}_box"], atol=1e-3)


def test_a_flip_moves_image_box_and_mask(transforms):
    roll = Roll(None, 1.0, True)
    np.testing.assert_array_equal(roll.on_pixels(transforms["image"]), transforms["flip_image"])
    np.testing.assert_array_equal(roll.on_mask(transforms["mask"]), transforms["flip_mask"])
    np.testing.assert_array_equal(flip_box(transforms["box"], 80), transforms["flip_box"])


# the whole frame as a crop but for its last row and column, which crops never read
WHOLE = Crop(size_wh=(79, 59))


@pytest.mark.parametrize(("name", "colors"), [("gray", Colors()), ("bgr_gray", Colors(order="bgr"))])
def test_gray(transforms, name, colors):
    patch = np.ascontiguousarray(transforms["image"][:59, :79])
    region = WHOLE.region(np.array([32.5, 22.5, 14, 14], np.float32), (80, 60))._replace(
        x1=0, y1=0, x2=79, y2=59
    )
    found = WHOLE.cut(transforms["image"], region, gray=colors.gray)
    assert found.shape == patch.shape[:2]
    for channel in range(3):
        np.testing.assert_array_equal(found, transforms[f"{name}_image"][:59, :79, channel])


@pytest.mark.parametrize(
    ("name", "seed", "colors"),
    [("jit", 2, Colors()), ("jit255", 3, MASK_RCNN_COLORS)],
)
def test_brightness_and_normalisation(transforms, name, seed, colors):
    roll = Changes(brightness=0.2).roll((80, 60), Dice.of(seed))
    planes = np.empty((3, 60, 80), np.float32)
    image = transforms["image"] if colors.order == "rgb" else transforms["image"][..., ::-1].copy()
    colors.write(image, roll.brightness, planes)
    np.testing.assert_allclose(planes, transforms[f"{name}_image"], rtol=1e-5, atol=1e-4)


def test_rolls_that_are_shared(transforms):
    for seed, (gray, flips, *again) in enumerate(transforms["joint_rolls"]):
        roll = Joint(grayscale=0.5, flip=0.5).roll(Dice.of(seed).random)
        assert roll == (gray, flips) == tuple(again)


def test_rolls_of_each_frame(transforms):
    for seed, wanted in enumerate(transforms["perframe_flip_x"]):
        dice, changes = Dice.of(seed), Changes(flip=0.5)
        boxes = [changes.roll((80, 60), dice).on_box(transforms["box"], (80, 60)) for _ in wanted]
        assert [box[0] for box in boxes] == wanted.tolist()
