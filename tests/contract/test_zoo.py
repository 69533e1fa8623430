"""What every model of the zoo that follows keeps to. A new row of the catalogue needs no line here."""

import io
import json
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

import cv2
import numpy as np
import pytest
import torch

import saccade
from saccade.core import Instances, Model, Run, SaccadeWarning, Status, TargetError, Targets
from saccade.core.config import from_json, to_json
from saccade.ops.masks import fill_box
from saccade.zoo import CATALOG

# rows whose loop is another's, with other settings, features or parts, which are tested elsewhere
VARIANTS = {
    "atom_vot", "atom_multiscale", "atom_prob_ml", "atom_gmm", "dimp18_vot18", "dimp50", "dimp50_vot18",
    "dimp50_vot19", "prdimp18", "prdimp50", "prdimp50_vot18", "super_dimp", "super_dimp_simple", "kys",
    "kys_vot", "lwl_box", "eco_deep",
}  # fmt: skip
TRACKERS = [
    pytest.param(row.name, marks=[pytest.mark.slow] if row.name in VARIANTS else [])
    for row in CATALOG.values()
    if row.task in ("track", "segment")
]

# settings under which a slow method is quick enough to be tested this often; all its parts still take part
_DISCRIMINATIVE = {
    "search.side": 64,
    "augmentation.relative_shifts": (),
    "augmentation.rotations": (10,),
    "augmentation.blurs": (),
    "augmentation.dropout_copies": 1,
    "memory.size": 8,
    "learning.first_steps": 2,
    "learning.interval": 3,
    "learning.steps": 1,
    "refinement.random_proposals": 3,
    "refinement.averaged": 4,  # all: which ones a random network finds best is a matter of the last digit
    "refinement.steps": 2,
}
_SEGMENTING = {
    "search.width": 64,
    "search.height": 48,
    "memory.size": 4,
    "learning.first_steps": 2,
    "learning.interval": 1,
    "learning.steps": 1,
    "targets_compete": False,  # or else a target's track depends on the others, as it should
}
LIGHT: dict[str, dict[str, Any]] = (
    {row.name: _SEGMENTING for row in CATALOG.values() if row.task == "segment"}
    | {
        row.name: _DISCRIMINATIVE
        for row in CATALOG.values()
        if row.method in ("saccade.trackers.atom", "saccade.trackers.dimp", "saccade.trackers.kys")
    }
    | {
        "dimp_nano": {
            "search.side": 96,
            "memory.size": 8,
            "learning.first_steps": 3,
            "learning.interval": 3,
            "augmentation.relative_shifts": ((0.6, 0.6),),
            "augmentation.rotations": (12,),
        },
        "eco_deep": {
            "min_side": 96,
            "max_side": 112,
            "memory_slots": 8,
            "init_steps": 2,
            "init_inner_steps": 2,
            "update_interval": 3,
            "update_steps": 2,
            "num_scales": 3,
            "augmentation.shifts": (),
            "augmentation.rotations": (5,),
            "augmentation.blurs": (),
            "augmentation.dropout_copies": 1,
        },
    }
)

# Sums over a batch are added in another order than over one target, so float32 results differ in the last
# digits, and from frame to frame a tracker stands on its own results.
BATCH_TOLERANCE = 1e-3
"""frame pixels"""

WIDTH, HEIGHT = 128, 96
A, B, C = (20, 16, 26, 22), (70, 50, 30, 24), (66, 10, 20, 30)
SPEEDS = ((2.0, 1.5), (-1.5, -1.0), (1.0, 0.5))


@cache
def texture(seed: int, width: int, height: int) -> np.ndarray:
    """Smooth coloured noise over the full range."""
    noise = np.random.default_rng(seed).standard_normal((height, width, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 2)
    return cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


@cache
def video(count: int = 8, factor: float = 1.0) -> tuple[np.ndarray, ...]:
    """Three textured targets that move over a texture, each at its own speed; `factor` makes them faster."""
    frames = []
    for t in range(count):
        frame = texture(0, WIDTH, HEIGHT)
        for i, ((x, y, w, h), (u, v)) in enumerate(zip((A, B, C), SPEEDS, strict=True)):
            move = np.float32([[1, 0, x + factor * u * t], [0, 1, y + factor * v * t]])
            cv2.warpAffine(texture(i + 1, w, h), move, (WIDTH, HEIGHT), frame := frame.copy(), borderMode=5)
        frame.flags.writeable = False
        frames.append(frame)
    return tuple(frames)


@pytest.fixture(scope="module", params=TRACKERS)
def model(request: pytest.FixtureRequest) -> Iterator[Model]:
    """Every row, with a random network where it has one, on the CPU in float32 and on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    settings = LIGHT.get(request.param)
    yield saccade.load(request.param, weights=None, device="cpu", precision="float32", settings=settings)
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_variant_follows_a_short_while(name):
    """All else of this file is asked of variants in the slow tests only."""
    torch.manual_seed(0)
    model = saccade.load(name, weights=None, device="cpu", precision="float32", settings=LIGHT[name])
    for found in follow(model.start(), video()[:4], {0: Targets(boxes=[A, B])}):
        check(found, [0, 1])


def follow(run: Run, frames: Any, wishes: dict[int, Targets]) -> list[Instances]:
    """Steps through frames, with what is asked for on some of them."""
    return [run.step(frame, aim(frame, wishes.get(t))) for t, frame in enumerate(frames)]


def aim(frame: np.ndarray, targets: Targets | None) -> Targets | None:
    """The same targets with a mask each, which is their box: segmenters want one, and trackers take it."""
    if targets is None or not len(targets.boxes):
        return targets
    masks = [fill_box(box, frame.shape[:2]) for box in targets.boxes]
    return Targets(boxes=targets.boxes, masks=masks, ids=targets.ids, drop=targets.drop)


def check(found: Instances, ids: list[Any]) -> None:
    """Whether a result is one that everything downstream can use."""
    assert list(found.ids) == ids
    assert np.isfinite(found.boxes).all()
    assert (found.xywh[:, 2:] > 0).all()
    assert np.isfinite(found.scores).all()
    assert set(found.status) <= set(Status)
    assert all(spent >= 0 for spent in found.timings.values())
    json.dumps(found.to_coco())


def tracks(results: list[Instances]) -> np.ndarray:
    return np.stack([found.boxes for found in results])


def test_starts_and_steps(model):
    run = model.start()
    assert isinstance(model, Model)
    assert isinstance(run, Run)
    assert model.name in CATALOG
    results = follow(run, video(), {0: Targets(boxes=[A, B], ids=["a", "b"])})
    for t, found in enumerate(results):
        check(found, ["a", "b"])
        assert found.frame == t
    np.testing.assert_allclose(results[0].xywh, [A, B])
    assert list(results[0].status) == [Status.TRACKED] * 2


def test_a_frame_is_only_read(model):
    frame = video()[0].copy()
    run = model.start()
    run.step(frame, aim(frame, Targets(boxes=[A])))
    run.step(frame)
    np.testing.assert_array_equal(frame, video()[0])


def test_two_runs_share_nothing(model):
    alone = [tracks(follow(model.start(), video(), {0: Targets(boxes=[box])})) for box in (A, B)]
    runs = [model.start(), model.start()]
    for t, frame in enumerate(video()):
        for run, box, track in zip(runs, (A, B), alone, strict=True):
            found = run.step(frame, aim(frame, Targets(boxes=[box])) if t == 0 else None)
            np.testing.assert_array_equal(found.boxes, track[t])


def test_a_model_is_read_only(model):
    config = to_json(model.config)
    network = getattr(model, "network", None)
    before = {} if network is None else {k: v.clone() for k, v in network.state_dict().items()}
    follow(model.start(), video(), {0: Targets(boxes=[A])})
    assert to_json(model.config) == config
    for key, value in before.items():
        assert torch.equal(network.state_dict()[key], value), key


def test_a_seed_makes_a_run_repeatable_bit_for_bit(model):
    runs = [follow(model.start(seed=5), video(), {0: Targets(boxes=[A, B])}) for _ in range(2)]
    np.testing.assert_array_equal(tracks(runs[0]), tracks(runs[1]))
    np.testing.assert_array_equal([f.scores for f in runs[0]], [f.scores for f in runs[1]])


def test_the_state_is_saved_and_resumed(model):
    run = model.start(seed=2)
    follow(run, video()[:4], {0: Targets(boxes=[A], ids=["a"]), 2: Targets(boxes=[B])})
    file = io.BytesIO()
    torch.save(run.state_dict(), file)
    file.seek(0)
    resumed = model.start()
    resumed.load_state_dict(torch.load(file, weights_only=True))
    for frame in video()[4:]:
        found, expected = resumed.step(frame), run.step(frame)
        np.testing.assert_array_equal(found.boxes, expected.boxes)
        np.testing.assert_array_equal(found.scores, expected.scores)
        assert (list(found.ids), found.frame) == (list(expected.ids), expected.frame)


def test_as_many_targets_as_runs(model):
    boxes = (A, B, C)
    together = tracks(follow(model.start(), video(), {0: Targets(boxes=boxes)}))
    for i, box in enumerate(boxes):
        alone = tracks(follow(model.start(), video(), {0: Targets(boxes=[box])}))
        np.testing.assert_allclose(together[:, i], alone[:, 0], rtol=0, atol=BATCH_TOLERANCE)


def test_targets_join_and_leave_on_any_frame(model):
    wishes = {
        0: Targets(boxes=[A], ids=["a"]),
        2: Targets(boxes=[B], ids=["b"]),
        3: Targets(boxes=[C], ids=["c"], drop=["a"]),
        6: Targets(drop=["c"]),
    }
    results = follow(model.start(), video(), wishes)
    ids = [["a"], ["a"], ["a", "b"], ["b", "c"], ["b", "c"], ["b", "c"], ["b"], ["b"]]
    for found, expected in zip(results, ids, strict=True):
        check(found, expected)
    alone = follow(model.start(), video()[2:], {0: Targets(boxes=[B], ids=["b"])})
    for found, expected in zip(results[2:], alone, strict=True):
        of_b = found[list(found.ids).index("b")]
        np.testing.assert_allclose(of_b.boxes, expected.boxes, rtol=0, atol=BATCH_TOLERANCE)


def test_all_targets_may_leave(model):
    run = model.start()
    results = follow(run, video()[:4], {0: Targets(boxes=[A]), 1: Targets(drop=[0]), 3: Targets(boxes=[B])})
    assert [list(found.ids) for found in results] == [[0], [], [], [1]]


def test_a_target_is_corrected(model):
    results = follow(model.start(), video(), {0: Targets(boxes=[A, B]), 3: Targets(boxes=[C], ids=[0])})
    np.testing.assert_allclose(results[3].xywh[0], C)
    alone = follow(model.start(), video()[3:], {0: Targets(boxes=[C])})
    for found, expected in zip(results[3:], alone, strict=True):
        np.testing.assert_allclose(found.boxes[0], expected.boxes[0], rtol=0, atol=BATCH_TOLERANCE)


def test_memory_is_flat(model):
    run = model.start()
    follow(run, video(16)[:6], {0: Targets(boxes=[A, B])})
    early = size_of(run.state_dict())
    follow(run, video(16)[6:], {})
    assert size_of(run.state_dict()) == early


def size_of(state: Any) -> int:
    """Bytes of all tensors in nested containers."""
    if isinstance(state, torch.Tensor):
        return state.element_size() * state.nelement()
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return sum(map(size_of, parts))


@pytest.mark.parametrize("name", CATALOG)
def test_presets_serialise_and_come_back(name):
    preset = getattr(import_module(CATALOG[name].method), CATALOG[name].preset)
    assert from_json(type(preset), json.loads(json.dumps(to_json(preset)))) == preset


def test_a_step_before_any_target_is_refused(model):
    run = model.start()
    with pytest.raises(TargetError, match="nothing to follow yet"):
        run.step(video()[0])
    check(run.step(video()[0], aim(video()[0], Targets(boxes=[A]))), [0])


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((40, 30, 1, 1), id="one pixel"),
        pytest.param((0, 0, 1, 1), id="one pixel in the corner"),
        pytest.param((0, 0, WIDTH, HEIGHT), id="the whole frame"),
        pytest.param((WIDTH - 12, 20, 24, 20), id="half outside"),
        pytest.param((-500, -500, 2000, 2000), id="far larger than the frame"),
        pytest.param((10, 40, 100, 2), id="a thin line"),
        pytest.param((40.3, 30.7, 0.4, 0.2), id="less than a pixel"),
    ],
)
def test_odd_boxes(model, box):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SaccadeWarning)  # that boxes are clipped is tested with `Targets`
        for found in follow(model.start(), video()[:5], {0: Targets(boxes=[box])}):
            check(found, [0])


def bigger(frame: np.ndarray) -> np.ndarray:
    return cv2.resize(frame, None, fx=1.5, fy=1.5)


def smaller(frame: np.ndarray) -> np.ndarray:
    return cv2.resize(frame, (40, 30))


@pytest.mark.parametrize("change", [bigger, smaller])
def test_frames_change_size_midway(model, change):
    run = model.start()
    for t, frame in enumerate(video()):
        wish = aim(frame, Targets(boxes=[A, B])) if t == 0 else None
        found = run.step(frame if t < 3 else change(frame), wish)
        check(found, [0, 1])


KINDS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gray": lambda frame: frame[..., 1].copy(),
    "one channel": lambda frame: frame[..., :1].copy(),
    "rgba": lambda frame: np.dstack([frame, np.full_like(frame[..., 0], 255)]),
    "16 bits": lambda frame: frame.astype(np.uint16) * 257,
    "not contiguous": lambda frame: np.asfortranarray(frame),
    "mirrored view": lambda frame: frame[:, ::-1],
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_frames(model, kind):
    frames = [KINDS[kind](frame) for frame in video()[:5]]
    for found in follow(model.start(), frames, {0: Targets(boxes=[A])}):
        check(found, [0])


def test_16_bits_and_memory_order_make_no_difference(model):
    plain = tracks(follow(model.start(), video()[:5], {0: Targets(boxes=[A])}))
    for kind in ("rgba", "16 bits", "not contiguous"):
        frames = [KINDS[kind](frame) for frame in video()[:5]]
        np.testing.assert_array_equal(tracks(follow(model.start(), frames, {0: Targets(boxes=[A])})), plain)


def test_colour_may_come_and_go(model):
    frames = [frame if t % 2 else frame[..., 1].copy() for t, frame in enumerate(video()[:6])]
    for found in follow(model.start(), frames, {0: Targets(boxes=[A]), 1: Targets(boxes=[B])}):
        check(found, list(found.ids))


@pytest.mark.parametrize(
    ("size", "box"),
    [
        pytest.param((24, 20), (4, 4, 14, 12), id="the search region reaches out on all sides"),
        pytest.param((8, 6), (1, 1, 5, 4), id="a few pixels"),
        pytest.param((1, 1), (0, 0, 1, 1), id="a single pixel"),
        pytest.param((200, 3), (50, 0, 20, 3), id="a strip"),
    ],
)
def test_frames_smaller_than_the_search_region(model, size, box):
    frames = [cv2.resize(frame, size) for frame in video()[:5]]
    for found in follow(model.start(), frames, {0: Targets(boxes=[box])}):
        check(found, [0])


@pytest.mark.parametrize("level", [0, 128, 255])
def test_frames_without_any_texture(model, level):
    frames = [np.full_like(frame, level) for frame in video()[:5]]
    for found in follow(model.start(), frames, {0: Targets(boxes=[A])}):
        check(found, [0])


def test_a_target_that_leaves_for_good(model):
    for found in follow(model.start(), video(24, factor=6.0), {0: Targets(boxes=[A, B])}):
        check(found, [0, 1])


def test_a_target_that_vanishes_and_returns(model):
    black = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    frames = [*video()[:4], *[black] * 12, *video()[4:]]
    for found in follow(model.start(), frames, {0: Targets(boxes=[A, B])}):
        check(found, [0, 1])


def test_two_targets_on_one_spot(model):
    results = follow(model.start(), video()[:5], {0: Targets(boxes=[A, A])})
    np.testing.assert_allclose(tracks(results)[:, 0], tracks(results)[:, 1], rtol=0, atol=BATCH_TOLERANCE)
