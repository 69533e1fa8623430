"""Training samples: boxes and masks stay together, labels are where boxes are, and speed changes nothing."""

import hypothesis.strategies as st
import numpy as np
import torch
from hypothesis import given, reject, settings

from saccade.core import DatasetError
from saccade.data.samples.augment import Affine, Changes, Joint
from saccade.data.samples.crop import Crop
from saccade.data.samples.dice import Dice
from saccade.data.samples.footage import Shot
from saccade.data.samples.jitter import Jitter
from saccade.data.samples.processing import Processing, Scene
from saccade.data.samples.proposals import GaussianProposals, PerturbedProposals
from saccade.data.samples.targets import Labels
from saccade.ops.masks import mask_box
from tests.bench.literal import LiteralProcessing

seeds = st.integers(0, 2**32 - 1)
shifting = st.sampled_from(["replicate", "inside", "inside_major"])
any_mode = st.one_of(st.just("centred"), shifting)


@st.composite
def crops(draw, modes=any_mode):
    change = draw(st.sampled_from([None, 1.5]))
    area = draw(st.floats(2.0, 6.0))
    return Crop(size_wh=(64, 64), area=area, mode=draw(modes), max_scale_change=change)


@st.composite
def frames(draw, count=2):
    """Noise with a target in it, well inside, of whole pixels."""
    rng = np.random.default_rng(draw(seeds))
    width, height = draw(st.integers(80, 300)), draw(st.integers(80, 300))
    shots = []
    for _ in range(count):
        w, h = (int(side) for side in rng.integers(8, 40, 2))
        x, y = int(rng.integers(2, width - w - 2)), int(rng.integers(2, height - h - 2))
        mask = np.zeros((height, width), np.uint8)
        mask[y : y + h, x : x + w] = 1
        image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        shots.append(Shot(image, np.array([x, y, w, h], np.float32), mask))
    return shots


@settings(max_examples=60)
@given(frames(), crops(shifting), st.booleans(), st.booleans(), seeds)
def test_box_and_mask_stay_together(shots, crop, is_joint, flips, seed):
    """The mask's box is the box, but for the pixel that a mirrored box is known to be off by."""
    processing = Processing(
        crop=crop,
        joint=Joint(flip=float(is_joint)),
        changes=Changes(flip=float(flips)),
        has_masks=True,
    )
    sample = processing(Scene(shots[:1]), Scene(shots[1:]), Dice.of(seed))
    for part, shot in ((sample.train, shots[0]), (sample.test, shots[1])):
        box, scale = part.boxes[0], (part.boxes[0, 2:] / torch.from_numpy(shot.box[2:])).max()
        assert set(part.masks.unique().tolist()) <= {0.0, 1.0}
        low, high = box[:2].clamp(0, 64), (box[:2] + box[2:]).clamp(0, 64)
        if (high - low).min() <= 2:
            continue
        found = torch.tensor(mask_box(part.masks[0].numpy() > 0))
        # a pixel of the crop for rounding, and for each mirroring one of the picture that is mirrored
        allowed = 1 + is_joint * float(scale) + flips
        assert (found - torch.cat([low, high])).abs().max() <= allowed + 1e-3


@settings(max_examples=40)
@given(frames(1), st.floats(-15, 15), st.floats(-0.2, 0.2), seeds)
def test_an_affine_map_keeps_the_mask_in_the_box(shots, rotation, scale, seed):
    affine = Affine(rotation=abs(rotation), scale=abs(scale))
    processing = Processing(
        crop=Crop(size_wh=(64, 64)), changes=Changes(affine=affine), joint=Joint(flip=0.5), has_masks=True
    )
    part = processing(Scene(shots), Scene(shots), Dice.of(seed)).train
    x1, y1, x2, y2 = mask_box(part.masks[0].numpy() > 0)
    x, y, w, h = part.boxes[0].tolist()
    # the box is that of the turned corners, and holds all of the turned mask but what rounding moves
    if x2 > x1:
        assert x - 2 <= x1 and y - 2 <= y1 and x2 <= x + w + 3 and y2 <= y + h + 3


@given(
    st.floats(20, 250),
    st.floats(20, 250),
    st.floats(1, 60),
    st.floats(1, 60),
    st.sampled_from([1, 3, 4]),
    st.booleans(),
)
def test_labels_peak_at_the_centre_of_the_box(cx, cy, w, h, kernel, pads_end):
    labels = Labels(kernel=kernel, pads_end=pads_end)
    box = torch.tensor([[cx - w / 2, cy - h / 2, w, h]])
    found = labels(box, (288, 288))[0]
    side = 18 + int(pads_end and kernel == 4)
    assert found.shape == (side, side)
    row, column = divmod(int(found.argmax()), side)
    # cells of an even filter lie between those of the features
    shift = 0.0 if kernel % 2 == 0 else 0.5
    for cell, centre in ((column, cx), (row, cy)):
        assert abs(cell + shift - centre * 18 / 288) <= 0.5 + 1e-4
    assert 0 < float(found.max()) <= 1


proposals = st.sampled_from([PerturbedProposals(), GaussianProposals(count=16)])
jitters = st.builds(
    Jitter, centre=st.floats(0, 5).map(lambda range_: (range_, range_)), scale=st.floats(0, 0.5)
)


@settings(max_examples=40)
@given(frames(4), crops(), proposals, jitters, jitters, st.booleans(), seeds)
def test_the_samples_are_those_of_a_literal_pipeline(shots, crop, proposals, train, test, is_gray, seed):
    processing = Processing(
        crop=crop,
        train_jitter=train,
        test_jitter=test,
        joint=Joint(grayscale=0.9 if is_gray else 0.05, flip=0.5),
        changes=Changes(brightness=0.2, flip=0.5),
        proposals=proposals,
        labels=Labels(),
    )
    try:
        sample = processing(Scene(shots[:2]), Scene(shots[2:]), Dice.of(seed))
    except DatasetError:
        # nothing of the frame is in a centred crop that was moved far
        reject()
    items = [
        {"images": [shot.image for shot in part], "boxes": [torch.from_numpy(shot.box) for shot in part]}
        for part in (shots[:2], shots[2:])
    ]
    literal = LiteralProcessing(processing, Dice.of(seed))(*items)
    for name, fields in literal.items():
        for field, wanted in fields.items():
            found = getattr(getattr(sample, name), field)
            # one of the 256 levels: OpenCV need not resize a mirrored picture to the mirrored one
            atol = 1 / 255 / 0.224 + 1e-5 if field == "images" else 1e-3
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=atol, msg=lambda m: f"{field}: {m}")  # noqa: B023


@given(seeds, st.integers(0, 10**9))
def test_dice_depend_on_seed_and_place_alone(seed, place):
    first, second = Dice.at(seed, place), Dice.at(seed, place)
    other = Dice.at(seed, place + 1)
    rolls = [
        (d.random.random(), float(torch.rand(1, generator=d.torch)), d.numpy.uniform())
        for d in (first, second, other)
    ]
    assert rolls[0] == rolls[1]
    assert all(a != b for a, b in zip(rolls[0], rolls[2], strict=True))
