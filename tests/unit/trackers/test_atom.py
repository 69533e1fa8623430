"""ATOM's target model: where it learns to score, what it remembers, and targets that share a batch."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.core import ConfigError, Targets
from saccade.online.memory import SampleMemory, SampleWeights
from saccade.online.model import OnlineModel
from saccade.ops.windows import hann2d
from saccade.trackers.atom import ATOM, build
from saccade.trackers.atom.config import FilterLearning
from saccade.trackers.atom.tracker import ATOMModelState, ATOMTargetModel

CELLS, CHANNELS = 6, 8
SIDE = 16 * CELLS
CONFIG = FilterLearning(channels=3, inner_steps=4)
MEMORY = SampleMemory(size=6, initial_minimum=0.25)
MODEL = ATOMTargetModel(CONFIG, MEMORY, first_steps=2)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def box_at(x: float, y: float, size: float = 32.0) -> Tensor:
    """A box around a point that lies (x, y) crop pixels from the middle of the crop."""
    first = (SIDE - size) / 2
    return torch.tensor([[first + x, first + y, size, size]])


def features_with_blob(column: int, row: int) -> Tensor:
    """Features of one sample with a blob of 2 x 2 cells, whose upper left cell is given."""
    features = 0.1 * torch.rand(1, CHANNELS, CELLS, CELLS, generator=generator(1))
    features[:, ::2, row : row + 2, column : column + 2] += 2
    return MODEL.extract(features)


def learn(seed: int, samples: int = 2) -> ATOMModelState:
    features = features_with_blob(2, 2).repeat(samples, 1, 1, 1)
    return MODEL.learn(features, box_at(0, 0).repeat(samples, 1), generator(seed))


def test_features_have_a_mean_square_of_one() -> None:
    features = MODEL.extract(5 * torch.rand(2, CHANNELS, CELLS, CELLS).bfloat16())
    assert features.dtype == torch.float32
    torch.testing.assert_close(features.square().mean(dim=(1, 2, 3)), torch.ones(2))


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize(("columns", "rows"), [(0, 0), (1, 0), (0, -1)])
def test_scores_are_highest_where_the_target_is(size: int, columns: int, rows: int) -> None:
    """Learnt in the middle, or off it, and found at another place: both in crop pixels."""
    model = ATOMTargetModel(replace(CONFIG, filter_size=size), MEMORY, first_steps=6)
    state = model.learn(features_with_blob(2, 2), box_at(0, 0), generator())
    maps = model.score(features_with_blob(2 + columns, 2 + rows)[None], state)
    assert maps.values.shape == (1, 1, SIDE, SIDE) and maps.cell == 1.0
    row, column = divmod(int(maps.values[0, 0].argmax()), SIDE)
    assert column - maps.middle[0] == pytest.approx(16 * columns, abs=3)
    assert row - maps.middle[1] == pytest.approx(16 * rows, abs=3)


def test_a_target_off_the_middle_is_learnt_there() -> None:
    state = MODEL.learn(features_with_blob(3, 2), box_at(16, 0), generator())
    # cells from the middle of the map, and half a cell because the filter is even
    torch.testing.assert_close(state.samples.places[0, :2], torch.tensor([[1.5, 0.5], [0.0, 0.0]]))
    assert state.label_sigma.tolist() == [32 / 16 * CONFIG.label_sigma]


def test_the_window_is_highest_at_the_middle() -> None:
    maps = MODEL.score(features_with_blob(2, 2)[None], learn(0))
    row, column = divmod(int(maps.window.argmax()), SIDE)
    assert (column, row) == maps.middle == (SIDE // 2, SIDE // 2)
    at_origin = maps.window.roll((-SIDE // 2, -SIDE // 2), dims=(0, 1))
    assert torch.equal(at_origin, hann2d((SIDE, SIDE), centred=False))


def test_new_samples_take_free_slots_and_then_those_of_least_weight() -> None:
    state = learn(0)
    rows, slots = torch.tensor([0]), []
    for _ in range(6):
        before = state.samples.features.clone()
        MODEL.remember(features_with_blob(1, 1), box_at(-16, -16), torch.tensor([0.1]), state, rows)
        changed = (state.samples.features != before).flatten(2).any(dim=2)[0]
        slots.append(changed.nonzero().flatten().tolist())
        assert float(state.samples.weights.weights.sum()) == pytest.approx(1)
    # a full memory gives up its oldest sample, which is the same here, but never one of the first frame
    assert slots == [[2], [3], [4], [5], [], []]
    assert state.samples.weights.previous.item() == 3
    torch.testing.assert_close(state.samples.places[0, 2], torch.tensor([-0.5, -0.5]))


def test_improving_lowers_the_loss_on_what_is_remembered() -> None:
    state = learn(0)
    MODEL.remember(features_with_blob(0, 3), box_at(-32, 16), torch.tensor([0.5]), state, torch.tensor([0]))

    def loss() -> float:
        _, *stored = next(state.samples.stored(torch.tensor([0])))
        fit = MODEL._fit(*stored, state.label_sigma)
        return float(fit.linearise(state.filter).residual.square().sum())

    before, projection = loss(), state.projection.clone()
    MODEL.improve(state, torch.tensor([0]), steps=5)
    assert loss() < 0.9 * before
    assert torch.equal(state.projection, projection)


def test_free_slots_take_no_part() -> None:
    state, other = learn(0), learn(0)
    other.samples.features[:, 2:] = torch.nan
    for each in (state, other):
        MODEL.improve(each, torch.tensor([0]), steps=2)
    assert torch.equal(state.filter, other.filter)


def test_targets_in_a_batch_learn_what_they_learn_alone() -> None:
    """With histories of their own: the second one is a sample ahead, the third is left alone."""
    seen = torch.cat([features_with_blob(1, 2), features_with_blob(3, 3)])
    boxes = torch.cat([box_at(-16, 0), box_at(16, 16)])
    rates = torch.tensor([0.1, 0.2])

    together = ATOMModelState.cat([learn(seed, samples) for seed, samples in ((0, 2), (1, 3), (2, 2))])
    untouched = together[2:].tensors()
    MODEL.remember(seen, boxes, rates, together, torch.tensor([0, 1]))
    MODEL.improve(together, torch.tensor([1, 0]), steps=3)
    for n, samples in enumerate((2, 3)):
        alone = learn(n, samples)
        MODEL.remember(seen[n : n + 1], boxes[n : n + 1], rates[n : n + 1], alone, torch.tensor([0]))
        MODEL.improve(alone, torch.tensor([0]), steps=3)
        torch.testing.assert_close(together.filter[n], alone.filter[0])
        torch.testing.assert_close(together.samples.features[n], alone.samples.features[0])
        scores = MODEL.score(seen[n][None, None].expand(3, 1, -1, -1, -1), together).values[n]
        torch.testing.assert_close(scores, MODEL.score(seen[n][None, None], alone).values[0])
    assert torch.equal(together.filter[2], untouched["filter"][0])


def test_targets_together_on_a_gpu_learn_what_they_learn_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts that a GPU would be given, computed here."""
    one_by_one = ATOMModelState.cat([learn(seed, samples) for seed, samples in ((0, 2), (1, 3), (2, 2))])
    in_parts = ATOMModelState.from_tensors(one_by_one.tensors())
    rows = torch.arange(3)
    MODEL.improve(one_by_one, rows, steps=3)
    as_on_cpu = SampleWeights.equally_filled
    monkeypatch.setattr(
        SampleWeights, "equally_filled", lambda self, some, _: as_on_cpu(self, some, torch.device("cuda"))
    )
    MODEL.improve(in_parts, rows, steps=3)
    torch.testing.assert_close(in_parts.filter, one_by_one.filter)


def test_a_memory_without_room_for_the_first_frame_is_refused() -> None:
    with pytest.raises(ConfigError, match="7 initial samples do not fit into a memory of 6 slots"):
        learn(0, samples=7)


SMALL = replace(
    ATOM,
    search=replace(ATOM.search, side=96),
    augmentation=replace(
        ATOM.augmentation, blurs=(), rotations=(20.0,), relative_shifts=(), dropout_copies=1
    ),
    target_model=replace(ATOM.target_model, inner_steps=3),
    learning=replace(ATOM.learning, first_steps=1, interval=2, steps=2),
    localization=replace(ATOM.localization, lost_below=-1.0),
    memory=replace(ATOM.memory, size=6),
)
FRAMES = list(np.random.default_rng(0).integers(0, 256, (5, 90, 120, 3), dtype=np.uint8))
BOXES = [(50.0, 30.0, 20.0, 24.0), (20.0, 50.0, 16.0, 12.0), (80.0, 10.0, 30.0, 20.0)]


@pytest.fixture(scope="module")
def model() -> OnlineModel:
    torch.manual_seed(0)
    return build("atom", SMALL, weights=None, device=torch.device("cpu"), precision="float32")


def test_a_run_of_several_targets_is_as_many_runs(model: OnlineModel) -> None:
    together = model.start(seed=1)
    found = [together.step(frame, Targets(boxes=BOXES) if not t else None) for t, frame in enumerate(FRAMES)]
    for n, box in enumerate(BOXES):
        alone = model.start(seed=1)
        for t, frame in enumerate(FRAMES):
            one = alone.step(frame, Targets(boxes=[box]) if not t else None)
            np.testing.assert_allclose(found[t].boxes[n], one.boxes[0], atol=1e-3)
    assert all(np.isfinite(each.boxes).all() for each in found)


def test_a_saved_run_goes_on_where_it_stopped(model: OnlineModel) -> None:
    run = model.start(seed=1)
    for t, frame in enumerate(FRAMES[:3]):
        run.step(frame, Targets(boxes=BOXES[:2]) if not t else None)
    file = io.BytesIO()
    torch.save(run.state_dict(), file)
    file.seek(0)
    resumed = model.start()
    resumed.load_state_dict(torch.load(file))
    for frame in FRAMES[3:]:
        np.testing.assert_array_equal(run.step(frame).boxes, resumed.step(frame).boxes)
