"""LWL while it runs: what its targets may be, how they share a frame, and where it looks next."""

import io
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
import torch

import saccade
from saccade.core import ConfigError, Frame, Instances, Status, Stopwatch, TargetError, Targets
from saccade.core.config import override
from saccade.online.segmentation import Prompts
from saccade.segmenters.lwl import LWL, LWL_BOX, LWLNet
from saccade.segmenters.lwl.region import NOWHERE, SURE, WideRegion, paste
from saccade.segmenters.lwl.segmenter import LWLSegmenter, LWLState, Sight

WIDTH, HEIGHT = 120, 90
LIGHT = {
    "search.width": 64,
    "search.height": 48,
    "memory.size": 4,
    "learning.first_steps": 2,
    "learning.steps": 1,
}
A, B, C = (10, 10, 40, 30), (60, 40, 30, 24), (30, 20, 40, 40)


@cache
def picture(seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height // 6, width // 6, 3), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def mask(box: tuple[int, int, int, int], width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    x, y, w, h = box
    drawn = np.zeros((height, width), dtype=bool)
    drawn[y : y + h, x : x + w] = True
    return drawn


@cache
def model(name: str = "lwl", **settings: Any) -> Any:
    torch.manual_seed(0)
    return saccade.load(name, weights=None, device="cpu", precision="float32", settings=LIGHT | settings)


def steps(run: Any, wishes: dict[int, Targets], count: int = 4) -> list[Instances]:
    return [run.step(picture(t), wishes.get(t)) for t in range(count)]


def check(found: Instances, ids: list[Any], size: tuple[int, int] = (HEIGHT, WIDTH)) -> None:
    assert list(found.ids) == ids
    assert found.masks.shape == (len(ids), *size)
    assert np.isfinite(found.boxes).all()
    assert (found.xywh[:, 2:] > 0).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert set(found.status) <= set(Status)
    assert found.masks.sum(axis=0).max(initial=0) <= 1


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(mask((50, 40, 1, 1)), id="one pixel"),
        pytest.param(mask((0, 0, 1, 1)), id="one pixel in the corner"),
        pytest.param(mask((0, 0, WIDTH, HEIGHT)), id="the whole frame"),
        pytest.param(mask((0, 40, WIDTH, 1)), id="a line"),
        pytest.param(mask((0, 0, 4, 4)) | mask((110, 80, 4, 4)), id="two parts far apart"),
    ],
)
@pytest.mark.parametrize("name", ["lwl", "lwl_box"])
def test_odd_masks(name, given):
    first, *others = steps(model(name).start(), {0: Targets(masks=[given])})
    check(first, [0])
    if name == "lwl":
        np.testing.assert_array_equal(first.masks[0], given)
    for found in others:
        check(found, [0])


def test_masks_that_cannot_be_used_are_refused_and_change_nothing():
    run, other = model().start(), model().start()
    for each in (run, other):
        each.step(picture(0), Targets(masks=[mask(A)]))
    for wrong, message in (
        (Targets(masks=[mask(A) & False]), "frame 1: the mask of target 0 is empty"),
        (Targets(masks=[np.ones((4, 4), bool)]), r"frame 1: the mask of target 0 has shape \(4, 4\)"),
        (Targets(masks=[mask(A)], boxes=[B]), "frame 1: box and mask of target 0 disagree"),
        (Targets(boxes=[B]), "frame 1: this model learns targets from masks, and was given a box alone"),
    ):
        with pytest.raises(TargetError, match=message):
            run.step(picture(1), wrong)
    found, wanted = run.step(picture(1)), other.step(picture(1))
    np.testing.assert_array_equal(found.masks, wanted.masks)
    np.testing.assert_array_equal(found.boxes, wanted.boxes)


def test_a_target_that_disappears_and_returns():
    run = model().start()
    run.step(picture(0), Targets(masks=[mask(A), mask(B)]))
    blank = np.zeros_like(picture(0))
    for frame in (blank, blank, blank, picture(0), picture(1)):
        check(run.step(frame), [0, 1])


def test_targets_join_leave_and_come_back():
    wishes = {
        0: Targets(masks=[mask(A)], ids=["a"]),
        1: Targets(masks=[mask(B)], ids=["b"]),
        2: Targets(drop=["a"]),
        3: Targets(masks=[mask(A), mask(C)], ids=["a", "c"], drop=["b"]),
        4: Targets(drop=["a", "c"]),
        5: Targets(masks=[mask(B)], ids=["b"]),
    }
    ids = [["a"], ["a", "b"], ["b"], ["a", "c"], [], ["b"], ["b"]]
    results = steps(model().start(), wishes, count=7)
    for found, expected in zip(results, ids, strict=True):
        check(found, expected)
    # a new target is taken at its word where no other one claims its pixels
    assert (results[1].masks[1] | results[1].masks[0])[mask(B)].all()
    np.testing.assert_allclose(results[1].xywh[1], B)
    again = steps(model().start(), {0: wishes[5]}, count=1)[0]
    np.testing.assert_array_equal(results[5].masks, again.masks)


def test_a_target_learnt_anew_keeps_its_place():
    wishes = {0: Targets(masks=[mask(A), mask(B)]), 2: Targets(masks=[mask(C)], ids=[0])}
    results = steps(model().start(), wishes)
    check(results[2], [0, 1])
    np.testing.assert_allclose(results[2].xywh[0], C)


@pytest.mark.slow
def test_before_they_compete_targets_are_as_they_are_alone():
    masks = [mask(A), mask(B), mask(C)]
    together = steps(model(targets_compete=False).start(), {0: Targets(masks=masks)})
    for row, given in enumerate(masks):
        alone = steps(model(targets_compete=False).start(), {0: Targets(masks=[given])})
        for found, expected in zip(together, alone, strict=True):
            assert (found.masks[row] != expected.masks[0]).sum() <= 2
            np.testing.assert_allclose(found.boxes[row], expected.boxes[0], rtol=0, atol=1e-3)


def test_targets_that_join_later_or_leave_are_as_they_are_alone():
    """Each has its own age, on which depends when its filter is improved and what its samples weigh."""
    joins = {0: A, 2: B, 3: C}
    wishes = {t: Targets(masks=[mask(box)], ids=[t], drop=[0] if t == 3 else ()) for t, box in joins.items()}
    settings = {"targets_compete": False, "learning.interval": 2}
    results = steps(model(**settings).start(), wishes, count=7)
    assert [list(found.ids) for found in results] == [[0], [0], [0, 2], *[[2, 3]] * 4]
    for first, box in joins.items():
        alone = model(**settings).start()
        for t in range(first, 3 if first == 0 else 7):
            expected = alone.step(picture(t), Targets(masks=[mask(box)], ids=[first]) if t == first else None)
            (row,) = np.flatnonzero(results[t].ids == first)
            assert (results[t].masks[row] != expected.masks[0]).sum() <= 2
            np.testing.assert_allclose(results[t].boxes[row], expected.boxes[0], rtol=0, atol=1e-3)


@pytest.mark.slow
def test_a_lone_target_that_competes_has_the_same_mask_and_surer_scores():
    wish = {0: Targets(masks=[mask(A)])}
    free, competing = (steps(model(lone_competes=it).start(), wish, count=2)[1] for it in (False, True))
    np.testing.assert_array_equal(free.masks, competing.masks)
    assert competing.scores[0] > free.scores[0]


def test_a_single_target_does_not_compete():
    runs = [model(targets_compete=wish).start() for wish in (True, False)]
    for found, expected in zip(*(steps(run, {0: Targets(masks=[mask(A)])}) for run in runs), strict=True):
        np.testing.assert_array_equal(found.masks, expected.masks)


def test_competing_targets_share_no_pixel():
    wish = Targets(masks=[mask(A), mask(C)])
    free = steps(model(targets_compete=False).start(), {0: wish})
    assert free[0].masks.sum(axis=0).max() == 2
    for found in steps(model().start(), {0: wish}):
        check(found, [0, 1])


def test_of_a_mask_the_one_that_guesses_takes_the_box():
    drawn = mask(A)
    drawn[12:30, 15:40] = False  # hollow
    of_mask = steps(model("lwl_box").start(), {0: Targets(masks=[drawn])})
    of_box = steps(model("lwl_box").start(), {0: Targets(boxes=[A])})
    for found, expected in zip(of_mask, of_box, strict=True):
        np.testing.assert_array_equal(found.masks, expected.masks)


def test_the_state_is_saved_and_resumed():
    run = model().start()
    steps(run, {0: Targets(masks=[mask(A)], ids=["a"]), 1: Targets(masks=[mask(B)])}, count=3)
    file = io.BytesIO()
    torch.save(run.state_dict(), file)
    file.seek(0)
    resumed = model().start()
    resumed.load_state_dict(torch.load(file, weights_only=True))
    for t in range(3, 6):
        found, expected = resumed.step(picture(t)), run.step(picture(t))
        np.testing.assert_array_equal(found.masks, expected.masks)
        assert (list(found.ids), found.frame) == (list(expected.ids), expected.frame)


def test_a_frame_of_another_size_midway():
    run = model().start()
    run.step(picture(0), Targets(masks=[mask(A)]))
    run.step(picture(1))
    check(run.step(picture(2, 60, 48)), [0], (48, 60))
    joined = run.step(picture(3, 60, 48), Targets(masks=[mask((5, 5, 20, 20), 60, 48)]))
    check(joined, [0, 1], (48, 60))


# -- what becomes of scores


def begun(count: int = 1, **settings: Any) -> tuple[LWLSegmenter, Frame, LWLState, Sight]:
    segmenter = model(**settings).tracker
    frame = Frame.of(picture())
    prompts = Prompts(torch.tensor([A] * count).float(), [torch.from_numpy(mask(A))] * count)
    with torch.inference_mode():
        state, sight = segmenter.learn(frame, prompts, Stopwatch())
    return segmenter, frame, state, sight


def seen(sight: Sight, *boxes: tuple[int, int, int, int], score: float = SURE) -> Sight:
    """A sight in which nothing but these boxes has any score."""
    drawn = torch.stack([torch.from_numpy(mask(box)) for box in boxes])
    return Sight(torch.where(drawn, score, -SURE), sight.features, sight.encoding)


@pytest.mark.parametrize(
    ("box", "score", "status", "confidence"),
    [
        pytest.param((20, 20, 30, 20), SURE, Status.TRACKED, 1.0, id="seen well"),
        pytest.param((20, 20, 30, 20), 1.0, Status.TRACKED, 0.731, id="seen"),
        pytest.param((20, 20, 5, 5), SURE, Status.UNCERTAIN, 1.0, id="25 pixels"),
        pytest.param((20, 20, 30, 20), -1.0, Status.LOST, 0.0, id="nowhere likely"),
        pytest.param((0, 0, 0, 0), SURE, Status.LOST, 0.0, id="nowhere"),
    ],
)
@torch.inference_mode()
def test_what_is_made_of_scores(box, score, status, confidence):
    segmenter, frame, state, sight = begun()
    before = state[torch.tensor([0])]
    found = segmenter.conclude(frame, state, seen(sight, box, score=score), Stopwatch())
    assert list(Status)[found.estimate.status[0]] == status
    assert found.estimate.scores[0].item() == pytest.approx(confidence, abs=1e-3)
    x, y, w, h = box
    if status == Status.TRACKED:
        assert state.centre[0].tolist() == pytest.approx([x + (w - 1) / 2, y + (h - 1) / 2], abs=1e-3)
        sides = [4 * ((n**2 - 1) / 12) ** 0.5 for n in (w, h)]
        assert found.estimate.boxes[0, 2:].tolist() == pytest.approx(sides, abs=1e-3)
    elif score > 0:
        assert torch.equal(state.centre, before.centre)
        torch.testing.assert_close(state.scale, before.scale)
        assert found.estimate.boxes[0].tolist() == pytest.approx(A, abs=1e-4)


@torch.inference_mode()
def test_a_target_is_lost_and_found_elsewhere():
    segmenter, frame, state, sight = begun()
    before = state.centre.clone()
    for box, status in (((0, 0, 0, 0), Status.LOST), ((0, 0, 0, 0), Status.LOST), (B, Status.TRACKED)):
        found = segmenter.conclude(frame, state, seen(sight, box), Stopwatch())
        assert list(Status)[found.estimate.status[0]] == status
        if status == Status.LOST:
            assert torch.equal(state.centre, before)
    assert state.centre[0].tolist() == pytest.approx([B[0] + (B[2] - 1) / 2, B[1] + (B[3] - 1) / 2], abs=1e-3)


@torch.inference_mode()
def test_a_line_is_followed():
    segmenter, frame, state, sight = begun()
    before = state.scale.clone()
    found = segmenter.conclude(frame, state, seen(sight, (5, 30, 111, 1)), Stopwatch())
    assert list(Status)[found.estimate.status[0]] == Status.TRACKED
    assert state.centre[0].tolist() == pytest.approx([60, 30], abs=1e-3)
    torch.testing.assert_close(state.scale, 0.95 * before)
    assert found.estimate.boxes[0, 3] == 1


@torch.inference_mode()
def test_a_mask_that_is_given_wins_against_the_surest_guess():
    segmenter, frame, state, sight = begun()
    guessed = seen(sight, (0, 0, WIDTH, HEIGHT), score=60.0)
    both, scores = LWLState.cat([state, state]), Sight.cat([guessed, sight])
    found = segmenter.conclude(frame, both, scores, Stopwatch())
    assert torch.equal(found.masks[1], torch.from_numpy(mask(A)))
    assert torch.equal(found.masks[0], ~found.masks[1])


@pytest.mark.parametrize(("box", "change"), [((0, 0, WIDTH, HEIGHT), 1.1), ((30, 20, 14, 12), 0.95)])
@torch.inference_mode()
def test_the_region_grows_and_shrinks_slowly(box, change):
    segmenter, frame, state, sight = begun()
    before = state.scale.clone()
    segmenter.conclude(frame, state, seen(sight, box), Stopwatch())
    torch.testing.assert_close(state.scale, change * before)


@pytest.mark.parametrize(
    ("settings", "shares"),
    [
        ({}, [1 / 0.9, 0.1]),
        ({"memory.first_is_sure": False}, [0.5, 0.5]),
        pytest.param(
            {"memory.learning_rate": 0.5, "memory.initial_minimum": 0.0}, [2.0, 0.5], marks=pytest.mark.slow
        ),
        pytest.param({"memory.learning_rate": 1.0}, [1.0, 0.0], marks=pytest.mark.slow),
    ],
)
@torch.inference_mode()
def test_the_second_sample(settings, shares):
    segmenter, frame, state, _ = begun(**settings)
    sight = segmenter.look(frame, state, Stopwatch())
    segmenter.conclude(frame, state, sight, Stopwatch())
    stored = state.samples.weights.weights[0, :3].tolist()
    assert stored == pytest.approx([share / sum(shares) for share in shares] + [0])


@torch.inference_mode()
def test_what_filters_make_of_the_samples_is_kept_up_to_date():
    segmenter, _, state, _ = begun(count=2)
    for t in range(1, 7):  # beyond the memory's four slots
        now = Frame.of(picture(t))
        segmenter.conclude(now, state, segmenter.look(now, state, Stopwatch()), Stopwatch())
    learner = segmenter.network.target_model
    for row in range(2):
        for slot in range(4):
            features = state.samples.features[row : row + 1, slot]
            encoding = learner.encode(features, state.filter[row : row + 1])
            torch.testing.assert_close(state.encodings[row, slot], encoding[0], rtol=1e-3, atol=1e-4)


# -- where it looks


@pytest.mark.parametrize("size", [200.0, 90.0])
def test_large_targets_share_a_crop(size):
    region, frame = WideRegion(width=64, height=48), Frame.of(picture())
    centre = torch.tensor([[30.0, 30.0], [80.0, 50.0], [61.0, 47.0]])
    scale = region.scale(torch.full((3, 2), size))
    view, crops, crop_of = region.look(frame, centre, scale)
    assert len(crops) == 1
    assert crop_of.tolist() == [0, 0, 0]
    # where it is reckoned to lie still depends on how its window was pushed inside
    assert (view.centre - view.centre[0]).abs().max() <= 0.5


def test_small_targets_have_crops_of_their_own():
    region, frame = WideRegion(width=64, height=48), Frame.of(picture())
    centre = torch.tensor([[30.0, 30.0], [80.0, 50.0], [30.2, 30.1]])
    view, crops, crop_of = region.look(frame, centre, torch.tensor([0.4, 0.4, 0.4]))
    assert crop_of.tolist() == [0, 1, 0]
    for row in range(3):
        alone, (crop,), _ = region.look(frame, centre[row : row + 1], torch.tensor([0.4]))
        assert torch.equal(crops[crop_of[row]], crop)
        assert torch.equal(view.centre[row], alone.centre[0])


@pytest.mark.parametrize(
    ("settings", "wide"),
    [
        # a region of 400 x 300 pixels, in a frame of 120 x 60
        pytest.param({}, (120, 90), id="one side fits"),
        pytest.param({"border": "inside"}, (80, 60), id="both sides fit"),
        pytest.param({"largest_shrink": 2.0}, (200, 150), id="as far as it may"),
        pytest.param({"border": "inside", "largest_shrink": 4.0}, (100, 75), id="as far as it may, for both"),
    ],
)
def test_regions_shrink_into_the_frame(settings, wide):
    region = WideRegion(width=64, height=48, **settings)
    frame = Frame.of(picture(0, 120, 60))
    centre, scale = torch.tensor([[60.0, 30.0]]), torch.tensor([6.25])
    view, _, _ = region.look(frame, centre, scale)
    assert (view.scale[0] * torch.tensor([64.0, 48.0])).tolist() == pytest.approx(wide, rel=0.02)


@pytest.mark.parametrize(("border", "fits"), [("inside", True), ("inside_major", False)])
def test_of_a_narrow_frame_both_sides_of_a_region_fit_or_one(border, fits):
    region = WideRegion(width=64, height=48, border=border)
    frame = Frame.of(picture(0, 48, 120))
    view, _, _ = region.look(frame, torch.tensor([[20.0, 60.0]]), torch.tensor([6.25]))
    width, height = (view.scale[0] * torch.tensor([64.0, 48.0])).tolist()
    assert (width <= 49) == fits
    assert max(width / 48, height / 120) == pytest.approx(1 if fits else 160 / 48, abs=0.05)


@pytest.mark.parametrize("border", ["inside", "inside_major"])
@pytest.mark.parametrize("at", [(0, 0), (300, 0), (0, 220), (300, 220), (150, 110)])
def test_targets_at_the_border_are_learnt_from_what_is_inside_of_the_frame(border, at):
    """All of the target, and no border pixel more often than a crop of the same place has it later."""
    region = WideRegion(width=64, height=48, border=border)
    box = (*at, 20, 20)
    across, down = np.meshgrid(np.arange(320) % 256, np.arange(240))
    frame = Frame.of(np.stack([across, down, 255 * mask(box, 320, 240)], axis=2).astype(np.uint8))
    size, centre = torch.tensor([20.0, 20.0]), torch.tensor(at) + 9.5
    scale = region.scale(size[None])[0]
    drawn = torch.from_numpy(mask(box, 320, 240))[None].float()
    crop, cut = region.look_first(frame, drawn, centre, scale)
    assert cut.sum() * scale**2 == pytest.approx(400, rel=0.15)
    assert ((crop[2] > 127) != (cut > 0.5)).float().mean() < 0.03
    # rows of the frame follow one another, but for half a pixel of rounding at its end
    assert (crop[1, :, 0].diff() < 0.5 * scale).sum() <= 1


def test_a_target_of_one_pixel_keeps_its_scale():
    region = WideRegion()
    assert region.scale(torch.ones(1, 2)) > region.smallest_scale


def test_masks_are_cut_as_pictures_are():
    region = WideRegion(width=64, height=48)
    drawn = mask(C)
    frame = Frame.of(np.repeat(255 * drawn[..., None].astype(np.uint8), 3, axis=2))
    centre, scale = torch.tensor([[50.0, 40.0]]), torch.tensor([0.8])
    _, crops, _ = region.look(frame, centre, scale)
    cut = region.look_at_masks(torch.from_numpy(drawn)[None].float(), centre, scale)
    assert ((crops[0, 0] > 127) != (cut[0] > 0.5)).float().mean() < 0.03


def test_scores_return_to_where_they_were_cut():
    region, frame = WideRegion(width=64, height=48), Frame.of(picture())
    across = torch.arange(WIDTH).float().expand(HEIGHT, WIDTH)[None]
    centre, scale = torch.tensor([[60.0, 40.0]]), torch.tensor([0.7])
    view, _, _ = region.look(frame, centre, scale)
    cut = region.look_at_masks(across, centre, scale)
    pasted = paste(cut, view, frame.size_wh)
    looked_at = pasted > NOWHERE
    rows, columns = looked_at[0].any(dim=1).sum().item(), looked_at[0].any(dim=0).sum().item()
    assert (rows, columns) == pytest.approx((48 * 0.7, 64 * 0.7), abs=2)
    assert (pasted - across)[looked_at].abs().max() < 1.5


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("search.width", 100, "a multiple of 16 from 32"),
        ("search.height", 4096, "a multiple of 16 from 32"),
        ("search.area", 0.0, "above 0"),
        ("memory.size", 1, "2 or more"),
        ("search.largest_shrink", 0.5, "1 or more"),
        ("memory.learning_rate", 1.1, r"in \[0, 1\]"),
        ("memory.initial_minimum", 1.0, r"in \[0, 1\)"),
        ("learning.interval", 0, "1 or more"),
        ("learning.steps", -1, "0 or more"),
        ("box.deviations", 0.0, "above 0"),
        ("box.slowest", 1.2, r"in \[0.1, 1\]"),
        ("box.fastest", 0.5, r"in \[1, 10\]"),
    ],
)
def test_settings_that_cannot_be_are_refused(name, value, words):
    for preset in (LWL, LWL_BOX):
        with pytest.raises(ConfigError, match=f"{name} is {value}; it must be {words}"):
            override(preset, {name: value})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lwl", "lwl_box"])
def test_reduced_precision_is_near(name, tmp_path):
    torch.manual_seed(0)
    network = LWLNet(takes_boxes=name == "lwl_box")
    # what a training starts from decides nothing: this network's masks are not a matter of the last digit
    for head in (network.decoder, network.label_encoder, network.box_label_encoder or torch.nn.Identity()):
        for part in head.modules():
            if isinstance(part, torch.nn.Conv2d):
                part.reset_parameters()
    network.label_encoder.samp_w_pred.weight.data.zero_()
    network.label_encoder.samp_w_pred.bias.data.fill_(1)
    torch.save(network.state_dict(), tmp_path / "lwl.pth")
    wish = {0: Targets(masks=[mask(A), mask(C)])}
    exact, near = (
        steps(
            saccade.load(
                name, weights=tmp_path / "lwl.pth", device="cpu", precision=precision, settings=LIGHT
            ).start(),
            wish,
            count=2,
        )[1]
        for precision in ("float32", "auto")
    )
    check(near, [0, 1])
    # masks of a random network are a matter of the last digit
    np.testing.assert_allclose(near.boxes, exact.boxes, rtol=0, atol=0.5)


def test_without_a_network_for_boxes_none_are_encoded():
    assert LWLNet().box_label_encoder is None
