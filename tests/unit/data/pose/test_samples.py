"""Samples of people: what is drawn, which way left and right go, and what a network should answer."""

import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core import COCO_17, COCO_18, MPII_16, ConfigError, DatasetError, Skeleton, TargetError
from saccade.data.pose import AnnotatedPerson, PosedImage
from saccade.data.pose.augment import (
    HOURGLASS,
    OPENPOSE,
    SIMPLEBASELINE_COCO,
    SIMPLEBASELINE_MPII,
    HalfBody,
    PersonAugmentation,
    SceneAugmentation,
)
from saccade.data.pose.augmenting import half_body_crop, person_crop, recolored, scene_crop
from saccade.data.pose.crops import PersonCrop, crop_of_person
from saccade.data.pose.samples import person_sample, scene_sample
from saccade.data.pose.targets import PersonTargets, SceneTargets, joints_in
from saccade.ops.heat_maps import decode_quarter
from saccade.ops.masks import encode_rle

STILL = PersonAugmentation(scale=0.0, rotation=0.0, flip=0.0)
ARMS = Skeleton(
    name="arms",
    points=("left_hand", "neck", "right_hand"),
    edges=(("neck", "left_hand"), ("neck", "right_hand")),
    pairs=(("left_hand", "right_hand"),),
)


def person(points: Any, visible: Any = None, **changes: Any) -> AnnotatedPerson:
    points = np.array(points, np.float32).reshape(-1, 2)
    low, high = points.min(axis=0) - 10, points.max(axis=0) + 10
    plain = {
        "keypoints": points,
        "visible": np.full(len(points), 2, np.int8) if visible is None else np.array(visible, np.int8),
        "box": np.concatenate([low, high]),
        "area": float(np.prod(high - low)),
    }
    return AnnotatedPerson(**{**plain, **changes})


def posed(*people: AnnotatedPerson) -> PosedImage:
    return PosedImage(
        name="a", file=Path("a.jpg"), annotation=Path("a.json"), size_wh=None, people=people, id=1
    )


def standing(skeleton: Skeleton = COCO_17) -> AnnotatedPerson:
    """Somebody with every joint at a place of its own."""
    rng = np.random.default_rng(len(skeleton))
    return person(rng.uniform((60, 40), (140, 200), (len(skeleton), 2)))


def test_nothing_happens_where_nothing_may() -> None:
    rng = random.Random(0)
    before = rng.getstate()
    crop = person_crop(standing(), COCO_17, (192, 256), STILL, rng)
    assert crop == crop_of_person(standing(), (192, 256))
    assert rng.getstate() == before, "what never happens takes no draw"


@pytest.mark.parametrize(
    ("numbers", "least", "most", "rotation", "turned"),
    [
        (SIMPLEBASELINE_COCO, 0.7, 1.3, 80, 0.6),
        (SIMPLEBASELINE_MPII, 0.75, 1.25, 60, 0.6),
        (HOURGLASS, 2**-0.5, 2**0.5, 60, 0.4),
    ],
)
def test_the_originals_numbers(
    numbers: PersonAugmentation, least: float, most: float, rotation: float, turned: float
) -> None:
    rng = random.Random(1)
    plain = crop_of_person(standing(), (256, 256))
    crops = [person_crop(standing(), COCO_17, (256, 256), numbers, rng) for _ in range(1000)]
    factors = np.array([crop.width / plain.width for crop in crops])
    angles = np.array([crop.rotation for crop in crops])
    assert factors.min() == pytest.approx(least) and factors.max() == pytest.approx(most)
    assert angles.min() == pytest.approx(-rotation) and angles.max() == pytest.approx(rotation)
    assert abs((angles != 0).mean() - turned) < 0.05
    assert abs(angles[angles != 0].std() / (rotation / 2) - 0.96) < 0.06, (
        "a normal number, cut at two deviations"
    )
    assert abs(np.mean([crop.is_mirrored for crop in crops]) - 0.5) < 0.05
    assert all(crop.center == plain.center for crop in crops)


def test_openposes_numbers() -> None:
    rng = random.Random(1)
    crops = [scene_crop(standing(), 368, OPENPOSE, rng) for _ in range(1000)]
    size = max(standing().box[2:] - standing().box[:2])
    shares = np.array([size / crop.width for crop in crops])
    assert 0.3 <= shares.min() < 0.31 and 0.65 < shares.max() <= 0.66, "0.6 times 0.5 to 1.1 of the crop"
    middle = crop_of_person(standing(), (368, 368)).center
    shifts = np.array([crop.to_crop(np.array(middle)) - 184 for crop in crops])
    upright = np.array([crop.rotation == 0 for crop in crops])
    assert not upright.any() and max(abs(crop.rotation) for crop in crops) <= 40
    assert 50 < np.linalg.norm(shifts, axis=1).max() <= 40 * math.sqrt(2) + 1e-6
    still = SceneAugmentation(rotation=0.0, flip=0.0)
    shifts = np.array(
        [scene_crop(standing(), 368, still, rng).to_crop(np.array(middle)) - 184 for _ in range(200)]
    )
    assert 35 < shifts.max() <= 40 and -40 <= shifts.min() < -35


@pytest.mark.parametrize("wrong", [{"scale": 1.0}, {"flip": 2.0}, {"rotation": math.nan}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="augmentation"):
        PersonAugmentation(**wrong)
    with pytest.raises(ConfigError, match="least is 2, more than most, which is 1"):
        SceneAugmentation(least=2.0, most=1.0)


def test_half_bodies() -> None:
    half, rng = HalfBody(probability=1.0), random.Random(0)
    who, whole = standing(MPII_16), crop_of_person(standing(MPII_16), (256, 256))
    crops = {half_body_crop(who, MPII_16, half, whole, rng) for _ in range(20)}
    assert len(crops) == 2, "the upper and the lower half"
    is_lower = np.isin(MPII_16.points, MPII_16.lower)
    for chosen in (is_lower, ~is_lower):
        middle = who.keypoints[chosen].mean(axis=0)
        (crop,) = [crop for crop in crops if np.allclose(crop.center, middle, atol=1e-3)]
        assert crop.width == pytest.approx(1.5 * np.ptp(who.keypoints[chosen], axis=0).max(), rel=1e-5)
        assert crop.holds(crop.to_crop(who.keypoints[chosen])).all()


@pytest.mark.parametrize(
    ("skeleton", "visible", "why"),
    [
        (ARMS, None, "a skeleton without legs"),
        (MPII_16, [2] * 8 + [0] * 8, "too few joints"),
        (MPII_16, None, "all joints in one place"),
    ],
)
def test_half_of_too_little_is_the_whole(skeleton: Skeleton, visible: Any, why: str) -> None:
    who = standing(skeleton)
    if "one place" in why:
        who = replace(who, keypoints=np.full_like(who.keypoints, 80.0))
    if visible is not None:
        who = replace(who, visible=np.array(visible, np.int8))
    whole = crop_of_person(who, (256, 256))
    assert half_body_crop(who, skeleton, HalfBody(min_joints=9), whole, random.Random(0)) == whole


def test_colours_change_each_by_a_factor() -> None:
    pixels = np.full((4, 5, 3), (100, 200, 50), np.uint8)
    assert recolored(pixels, 0.0, random.Random(0)) is pixels
    changed = recolored(pixels, 0.4, random.Random(0))
    factors = changed[0, 0] / pixels[0, 0]
    assert len(set(factors.round(2))) == 3 and ((factors > 0.58) & (factors < 1.42)).all()
    assert (changed == changed[0, 0]).all()


@pytest.mark.parametrize("skeleton", [COCO_17, MPII_16], ids=lambda skeleton: skeleton.name)
def test_every_joint_is_where_its_colour_is_seen(skeleton: Skeleton) -> None:
    """A picture in which each joint is a patch of its own grey: turned, scaled and mirrored, a joint of the
    sample stands on the patch of that which trades places with it."""
    side = 12
    spots = [(30 + 24 * (place % 5), 30 + 24 * (place // 5)) for place in range(len(skeleton))]
    pixels = np.zeros((160, 180, 3), np.uint8)
    greys = 40 + 10 * np.arange(len(skeleton))
    for (x, y), grey in zip(spots, greys, strict=True):
        pixels[y - side // 2 : y + side // 2 + 1, x - side // 2 : x + side // 2 + 1] = grey
    who = person(spots)
    changes, rng = replace(SIMPLEBASELINE_COCO, scale=0.1), random.Random(5)
    seen = set()
    for _ in range(12):
        sample = person_sample(pixels, posed(who), who, skeleton, (192, 192), PersonTargets(), changes, rng)
        order = list(skeleton.mirror) if sample.crop.is_mirrored else list(range(len(skeleton)))
        for joint, source in enumerate(order):
            x, y = np.rint(sample.joints[joint, :2].numpy()).astype(int)
            if 2 < x < 189 and 2 < y < 189:
                assert abs(int(sample.image[0, y, x]) - int(greys[source])) <= 1, skeleton.points[joint]
        seen.add((sample.crop.is_mirrored, sample.crop.rotation != 0))
    assert len(seen) == 4, "mirrored and not, turned and not"


def test_a_sample_follows_from_its_draws_alone() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (220, 200, 3), np.uint8)
    who, changes = standing(), replace(SIMPLEBASELINE_COCO, color=0.2, half_body=HalfBody(probability=0.5))

    def make(seed: int) -> Any:
        return person_sample(
            pixels, posed(who), who, COCO_17, (192, 256), PersonTargets(), changes, random.Random(seed)
        )

    for a, b in zip(make(7), make(7), strict=True):
        assert torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
    assert make(7).crop != make(8).crop
    sample = make(7)
    assert sample.image.shape == (3, 256, 192) and sample.image.dtype == torch.uint8
    assert sample.heats.shape == (17, 64, 48) and sample.joints.shape == (17, 3)
    assert (sample.picture, sample.person) == ("a", 0)


@pytest.mark.parametrize(
    ("targets", "point", "cell"),
    [
        (PersonTargets(), (40.0, 80.0), (10, 20)),
        (PersonTargets(), (41.9, 81.9), (10, 20)),  # rounded to the nearest cell
        (PersonTargets(), (42.0, 82.0), (11, 21)),
        (PersonTargets(first_cell=1.5, sigma=1.0), (41.5, 81.5), (10, 20)),  # the middle of four pixels
        (PersonTargets(stride=8, first_cell=0.0), (80.0, 160.0), (10, 20)),
    ],
)
def test_where_a_map_has_its_peak(
    targets: PersonTargets, point: tuple[float, float], cell: tuple[int, int]
) -> None:
    maps, weights = targets.encode(np.array([point]), np.array([2]), (192, 256))
    assert weights.tolist() == [1.0]
    assert maps.shape == (1, 256 // targets.stride, 192 // targets.stride)
    assert divmod(int(maps.argmax()), maps.shape[2]) == cell[::-1]
    assert maps.max() == 1
    x, y = cell
    assert maps[0, y, x + 1] == pytest.approx(math.exp(-0.5 / targets.sigma**2))
    assert (maps > 0).sum() == (2 * targets.radius + 1) ** 2, "13 x 13 cells for sigma 2, 7 x 7 for sigma 1"


@pytest.mark.parametrize(
    ("x", "visible", "weight"),
    [
        (0.0, 2, 1.0),
        (0.0, 1, 1.0),  # hidden joints are learned as well
        (0.0, 0, 0.0),
        (-24.0, 2, 1.0),  # six cells outside: the rim of its Gaussian is inside
        (-30.0, 2, 0.0),
        (191.0 + 20.0, 2, 1.0),
        (191.0 + 24.0, 2, 0.0),
    ],
)
def test_what_counts(x: float, visible: int, weight: float) -> None:
    maps, weights = PersonTargets().encode(np.array([[x, 100.0]]), np.array([visible]), (192, 256))
    assert weights.tolist() == [weight]
    assert bool((maps > 0).any()) == bool(weight)


@settings(max_examples=30)
@given(points=st.lists(st.tuples(st.floats(8, 180), st.floats(8, 240)), min_size=3, max_size=3))
def test_what_is_encoded_is_decoded_within_half_a_cell(points: list[tuple[float, float]]) -> None:
    maps, _ = PersonTargets().encode(np.array(points), np.full(3, 2), (192, 256))
    cells, scores = decode_quarter(maps[None])
    assert (scores == 1).all()
    np.testing.assert_allclose(cells[0].numpy() * 4, points, atol=2.01)


def test_a_person_without_area_is_refused() -> None:
    nobody = person([[5, 5]], box=np.array([5, 5, 5, 9], np.float32))
    pixels = np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(TargetError, match="no area"):
        person_sample(
            pixels, posed(nobody), nobody, COCO_17, (192, 256), PersonTargets(), STILL, random.Random(0)
        )


SQUARE = PersonCrop(center=(80.0, 80.0), width=160.0, size_wh=(160, 160))
"""the picture as it is, 20 x 20 cells large"""


def box_of(*corners: float) -> np.ndarray:
    return np.array(corners, np.float32)


def hidden_cells(*people: AnnotatedPerson, crop: PersonCrop = SQUARE) -> set[tuple[int, int]]:
    mask = SceneTargets().encode(people, ARMS, crop).mask[0]
    return {(int(x), int(y)) for y, x in (mask == 0).nonzero()}


def test_the_maps_of_a_scene() -> None:
    who = person([(20, 40), (60, 40), (100, 40)], visible=[2, 1, 0])
    heats, fields, mask = SceneTargets().encode(
        [who, person([(100, 100), (60, 90), (20, 120)])], ARMS, SQUARE
    )
    assert heats.shape == (4, 20, 20) and fields.shape == (4, 20, 20) and mask.shape == (1, 20, 20)
    assert (mask == 1).all(), "everybody is labelled"
    # cell centres lie at 8 i + 3.5: the hand at (20, 40) is nearest to cell (2, 5)
    assert heats[0, 5, 2] == pytest.approx(math.exp(-(0.5**2 + 3.5**2) / (2 * 7**2)), rel=1e-5)
    assert heats[2, 5, 12] == 0, "not labelled"
    assert heats[2, 15, 2] > 0.8 and heats[0, 12, 12] > 0.8, "the other person's"
    assert torch.allclose(heats[3], 1 - heats[:3].amax(dim=0))
    assert fields[:2, 5, 4].tolist() == pytest.approx([-1, 0]), "from the neck to the left hand"
    assert (fields[2:, 5] == 0).all(), "no limb to a joint that nobody knows"


def test_who_is_not_labelled_is_masked() -> None:
    unlabelled = person([(0, 0)] * 3, visible=[0, 0, 0], box=box_of(0, 0, 32, 16))
    eight = {(x, y) for x in range(4) for y in range(2)}
    assert hidden_cells(unlabelled) == eight, "their box, where no outline is known"
    for edge, cells in ((3.8, set()), (4.2, {(0, 0)})):
        # the first cell's middle is between pixels 3 and 4, which is an edge
        assert hidden_cells(replace(unlabelled, box=box_of(0, 0, edge, edge))) == cells
    outlined = replace(unlabelled, outline=(box_of(0, 0, 16, 0, 16, 8, 0, 8).reshape(4, 2),))
    assert hidden_cells(outlined) == {(0, 0), (1, 0)}
    crowd = replace(unlabelled, is_crowd=True)
    assert hidden_cells(crowd) == eight
    mask = np.zeros((160, 160), bool)
    mask[:8, 144:] = True
    assert hidden_cells(replace(crowd, outline=encode_rle(mask))) == {(18, 0), (19, 0)}


def test_what_is_known_of_somebody_is_learned_in_a_crowd_as_well() -> None:
    crowd = person([(0, 0)] * 3, visible=[0] * 3, is_crowd=True, box=box_of(0, 0, 160, 160))
    who = person([(20, 40), (60, 40), (100, 40)])
    heats, fields, mask = SceneTargets().encode([crowd, who], ARMS, SQUARE)
    is_taught = (heats[:-1] > 0).any(dim=0) | (fields != 0).any(dim=0)
    assert torch.equal(mask[0] == 1, is_taught)


def test_masks_are_turned_and_mirrored_with_the_picture() -> None:
    mask = np.zeros((160, 160), bool)
    mask[30:80, 20:70] = True
    by_box = person([(0, 0)] * 3, visible=[0] * 3, box=box_of(20, 30, 70, 80))
    by_pixels = replace(by_box, outline=encode_rle(mask))
    corners = box_of(20, 30, 70, 30, 70, 80, 20, 80).reshape(4, 2)
    by_outline = replace(by_box, outline=(corners,))
    for crop in (replace(SQUARE, is_mirrored=True), replace(SQUARE, rotation=30.0, width=100.0)):
        cells = hidden_cells(by_box, crop=crop)
        assert cells == hidden_cells(by_outline, crop=crop)
        assert len(cells ^ hidden_cells(by_pixels, crop=crop)) <= 3, "but for cells on the rim"
    mirrored = hidden_cells(by_box, crop=replace(SQUARE, is_mirrored=True))
    assert all(11 <= x <= 17 for x, _ in mirrored)


def test_left_and_right_of_a_mirrored_scene() -> None:
    who = person([(20, 40), (60, 40), (100, 40)])
    points, visible = joints_in(replace(SQUARE, is_mirrored=True), who, ARMS)
    np.testing.assert_allclose(points, [[60, 40], [100, 40], [140, 40]])
    assert visible.tolist() == [2, 2, 2]
    heats = SceneTargets().encode([who], ARMS, replace(SQUARE, is_mirrored=True)).heats
    assert heats[0, 5, 7] > 0.8, "the left hand is where the right one was"


def test_nobody_and_sixty() -> None:
    heats, fields, mask = SceneTargets().encode([], COCO_18, SQUARE)
    assert heats.shape == (19, 20, 20) and fields.shape == (38, 20, 20)
    assert (heats[:-1] == 0).all() and (heats[-1] == 1).all() and (mask == 1).all()
    rng = np.random.default_rng(0)
    many = [person(rng.uniform(0, 160, (18, 2))) for _ in range(60)]
    heats, fields, _ = SceneTargets().encode(many, COCO_18, SQUARE)
    assert (heats <= 1).all() and fields.abs().max() <= 1


def test_a_scene_is_what_its_people_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (220, 200, 3), np.uint8)
    people = posed(standing(COCO_18), person([(0, 0)] * 18, visible=[0] * 18, box=box_of(0, 0, 50, 50)))

    def make(seed: int) -> Any:
        around = people.people[0]
        return scene_sample(
            pixels, people, around, COCO_18, 160, SceneTargets(), OPENPOSE, random.Random(seed)
        )

    sample = make(1)
    assert sample.image.shape == (3, 160, 160) and sample.image.dtype == torch.uint8
    assert sample.joints.shape == (1, 18, 3), "of those who are learned from"
    assert torch.equal(sample.image, make(1).image) and sample.crop != make(2).crop
    outside = sample.crop.to_frame(np.array([[0.0, 0.0]]))[0]
    if (outside < -1).any():
        assert sample.image[:, 0, 0].tolist() == [128] * 3


def test_a_broken_outline_is_told() -> None:
    broken = person(
        [(0, 0)] * 3, visible=[0] * 3, is_crowd=True, id=77, outline={"size": [4, 4], "counts": [99, 1]}
    )
    with pytest.raises(DatasetError, match="annotation 77: its segmentation cannot be used"):
        SceneTargets().encode([broken], ARMS, SQUARE)
